//! Trade in drawn stories: somebody keeps a shop, others buy there, and both do whatever they like with their orders. What a node
//! refuses is refused; what it answers has to hold.

use haat_protocol::id::SpaceId;
use haat_protocol::listing::Stock;
use haat_protocol::local::{Command, NewListing, NewOffer, NewShop, ProblemKind};
use haat_tests::actor::Actor;
use haat_tests::world::chance::Chance;
use serde_json::Value;

/// What the parties of an order try, sensible or not.
const VERBS: [&str; 8] = ["accept", "accept", "reject", "withdraw", "start", "ready", "receive", "cancel"];

/// What is traded.
#[derive(Debug)]
pub(super) struct Market {
    is_held: bool,
    chance: Chance,
    shops: Vec<(usize, String)>,
    listings: Vec<(usize, String)>,
    orders: Vec<([usize; 2], String)>,
}

impl Market {
    pub(super) fn new(seed: u64, is_held: bool) -> Self {
        Self { is_held, chance: Chance::new(seed, 10), shops: Vec::new(), listings: Vec::new(), orders: Vec::new() }
    }

    /// Somebody may do something.
    pub(super) fn turn(&mut self, people: &[Actor], circle: &SpaceId) -> Result<(), String> {
        if !self.is_held || self.chance.permille(250) {
            return Ok(());
        }
        let who = self.chance.index(people.len());
        match self.chance.between(0, 100) {
            0..4 => self.opens(&people[who], circle),
            _ if self.shops.is_empty() => self.opens(&people[who], circle),
            4..12 => self.shares(people, circle),
            12..20 => self.lists(people),
            _ if self.listings.is_empty() => self.lists(people),
            20..60 => self.offers(&people[who]),
            _ => self.acts(people),
        }
    }

    fn opens(&mut self, keeper: &Actor, circle: &SpaceId) -> Result<(), String> {
        let shop = NewShop {
            name: format!("Shop {}", self.shops.len()),
            currency: "EUR".into(),
            returns: "within 14 days".into(),
            pickup: vec!["Lane 1".into()],
            pay: vec!["cash:on-delivery".into()],
            ..NewShop::default()
        };
        let answer = tries(keeper, Command::ShopCreate(shop))?;
        let Some(shop) = answer.and_then(|answer| Some(answer["shop"].as_str()?.to_owned())) else { return Ok(()) };
        self.shops.push((keeper.number(), shop.clone()));
        tries(keeper, Command::ShopShare { shop: shop.clone(), circle: circle.to_string() })?;
        self.puts_out(keeper, shop)
    }

    fn shares(&mut self, people: &[Actor], circle: &SpaceId) -> Result<(), String> {
        let (keeper, shop) = self.shops[self.chance.index(self.shops.len())].clone();
        let circle = circle.to_string();
        let takes_back = self.chance.permille(200);
        let command = if takes_back { Command::ShopUnshare { shop, circle } } else { Command::ShopShare { shop, circle } };
        tries(&people[keeper], command).map(drop)
    }

    fn lists(&mut self, people: &[Actor]) -> Result<(), String> {
        let (keeper, shop) = self.shops[self.chance.index(self.shops.len())].clone();
        self.puts_out(&people[keeper], shop)
    }

    fn puts_out(&mut self, keeper: &Actor, shop: String) -> Result<(), String> {
        let title = format!("Thing {}", self.chance.next());
        let listing =
            NewListing { shop, title, price: "4.50".into(), stock: Stock::Counted(self.chance.between(1, 4)), ..NewListing::default() };
        let answer = tries(keeper, Command::ListingAdd(listing))?;
        self.listings.extend(answer.and_then(|answer| Some((keeper.number(), answer["listing"].as_str()?.to_owned()))));
        Ok(())
    }

    fn offers(&mut self, buyer: &Actor) -> Result<(), String> {
        let (seller, listing) = self.listings[self.chance.index(self.listings.len())].clone();
        let answer = tries(buyer, Command::OrderOffer(NewOffer { listing, ..NewOffer::default() }))?;
        self.orders.extend(answer.and_then(|answer| Some(([seller, buyer.number()], answer["order"].as_str()?.to_owned()))));
        Ok(())
    }

    fn acts(&mut self, people: &[Actor]) -> Result<(), String> {
        if self.orders.is_empty() {
            return Ok(());
        }
        let (parties, order) = self.orders[self.chance.index(self.orders.len())].clone();
        let verb = VERBS[self.chance.index(VERBS.len())].to_owned();
        let who = parties[self.chance.index(2)];
        tries(&people[who], Command::OrderAct { order, verb, words: Box::default() }).map(drop)
    }
}

/// The answer, if there is one at once; a refusal is a refusal, a fault of the node is not.
fn tries(who: &Actor, command: Command) -> Result<Option<Value>, String> {
    match who.tries(command.clone()) {
        Some(Err(problem)) if problem.kind == ProblemKind::Internal => Err(format!("{command:?} met a fault: {problem:?}")),
        Some(answer) => Ok(answer.ok()),
        None => Ok(None),
    }
}
