//! The people of a scenario, so that it reads as a story: `alice.creates_circle("Lane")`. Everything goes through the commands of
//! the local API; an actor must never reach into a node.

use std::cell::RefCell;
use std::rc::Rc;

use haat_protocol::id::{EntryId, OrderId, SpaceId};
use haat_protocol::listing::Stock;
use haat_protocol::local::{Command, NewListing, NewOffer, NewShop, Problem};
use serde_json::Value;

use crate::world::{Reply, World};

/// How long a newcomer waits for the circle.
const JOIN_MS: u64 = 90_000;
/// How long a command may wait inside a node that has just started.
const ANSWER_MS: u64 = 40_000;

/// A world that several actors act in.
pub type Stage = Rc<RefCell<World>>;

/// A person with a node.
#[derive(Debug, Clone)]
pub struct Actor {
    stage: Stage,
    who: usize,
}

/// All people of a world.
#[must_use]
pub fn cast(stage: &Stage) -> Vec<Actor> {
    (0..stage.borrow().size()).map(|who| Actor { stage: Rc::clone(stage), who }).collect()
}

impl Actor {
    /// Number of the node.
    #[must_use]
    pub const fn number(&self) -> usize {
        self.who
    }

    /// The name others know the person by.
    #[must_use]
    pub fn name(&self) -> String {
        self.stage.borrow().name(self.who).to_owned()
    }

    /// The person's id, as text.
    #[must_use]
    pub fn id(&self) -> String {
        self.stage.borrow().me(self.who).id().to_string()
    }

    /// From here on the node's disk forgets what it is told to keep.
    pub fn forgets_from_here(&self) {
        self.stage.borrow_mut().mark(self.who);
    }

    /// The node falls, and what was to be kept since is not there.
    pub fn is_set_back(&self) {
        self.stage.borrow_mut().set_back();
    }

    /// Lets time pass.
    pub fn waits(&self, span_ms: u64) {
        self.stage.borrow_mut().run_for(span_ms);
    }

    /// Gives the node a command; the answer, if it came at once.
    pub fn tries(&self, command: Command) -> Reply {
        self.stage.borrow_mut().command(self.who, command).1
    }

    /// Gives the node a command that has to be carried out.
    ///
    /// # Panics
    /// When it is not answered, or refused.
    pub fn does(&self, command: Command) -> Value {
        let (ticket, mut reply) = self.stage.borrow_mut().command(self.who, command.clone());
        // A node that has just started may wait for a member's word first.
        for _ in 0..ANSWER_MS / 250 {
            if reply.is_some() {
                break;
            }
            self.stage.borrow_mut().run_for(250);
            reply = self.stage.borrow_mut().answer(self.who, ticket);
        }
        let reply = reply.unwrap_or_else(|| panic!("{} did not answer {command:?}", self.name()));
        reply.unwrap_or_else(|problem: Problem| panic!("{} refused {command:?}: {problem:?}", self.name()))
    }

    /// Begins a circle.
    pub fn creates_circle(&self, name: &str) -> SpaceId {
        read(&self.does(Command::CircleCreate { name: name.to_owned(), norms: None }), "circle")
    }

    /// Makes a code for one person.
    pub fn invites(&self, circle: &SpaceId) -> String {
        let answer = self.does(Command::CircleInvite { circle: circle.to_string(), uses: None, expires_ms: None });
        answer["code"].as_str().expect("an invite answers with its code").to_owned()
    }

    /// Asks to join and waits until the circle is there.
    ///
    /// # Panics
    /// When the circle does not come.
    pub fn joins(&self, code: &str) {
        let begun = self.tries(Command::CircleJoin { code: code.to_owned() });
        for _ in 0..JOIN_MS / 250 {
            if begun.as_ref().is_some_and(|answer| answer.as_ref().is_ok_and(|value| value["state"] == "joined")) || self.is_in(code) {
                return;
            }
            self.stage.borrow_mut().run_for(250);
        }
        panic!("{} did not get into the circle: {begun:?}", self.name());
    }

    fn is_in(&self, code: &str) -> bool {
        let Ok(code) = haat_protocol::invite::Code::parse(code) else { return false };
        let stage = self.stage.borrow();
        crate::invariant::is_member(&stage, self.who, &code.space)
    }

    /// Says something.
    pub fn posts(&self, circle: &SpaceId, text: &str) -> EntryId {
        read(&self.does(post(circle, text, None)), "entry")
    }

    /// Answers an entry.
    pub fn replies(&self, circle: &SpaceId, to: &EntryId, text: &str) -> EntryId {
        read(&self.does(post(circle, text, Some(to))), "entry")
    }

    /// Vouches for somebody.
    pub fn vouches(&self, circle: &SpaceId, whom: &Self) -> EntryId {
        read(&self.does(vouch(circle, whom)), "entry")
    }

    /// Takes something back.
    pub fn retracts(&self, entry: &EntryId) -> EntryId {
        read(&self.does(Command::Retract { entry: entry.to_string() }), "entry")
    }

    /// Removes somebody.
    pub fn removes(&self, circle: &SpaceId, whom: &Self) -> EntryId {
        read(&self.does(Command::CircleRemove { circle: circle.to_string(), person: whom.id() }), "entry")
    }

    /// Opens a shop where things are collected and paid in cash.
    pub fn opens_shop(&self, name: &str) -> String {
        let shop = NewShop {
            name: name.to_owned(),
            currency: "EUR".into(),
            returns: "within 14 days".into(),
            pickup: vec!["Lane 1".into()],
            pay: vec!["cash:on-delivery".into()],
            ..NewShop::default()
        };
        text(&self.does(Command::ShopCreate(shop)), "shop")
    }

    /// Puts a thing on the shelf.
    pub fn lists(&self, shop: &str, title: &str, price: &str) -> String {
        let listing = NewListing {
            shop: shop.to_owned(),
            title: title.to_owned(),
            price: price.to_owned(),
            stock: Stock::Counted(5),
            ..NewListing::default()
        };
        text(&self.does(Command::ListingAdd(listing)), "listing")
    }

    /// Shares a shop.
    pub fn shares(&self, shop: &str, circle: &SpaceId) {
        self.does(Command::ShopShare { shop: shop.to_owned(), circle: circle.to_string() });
    }

    /// Takes a shop back.
    pub fn unshares(&self, shop: &str, circle: &SpaceId) {
        self.does(Command::ShopUnshare { shop: shop.to_owned(), circle: circle.to_string() });
    }

    /// Offers to buy one of a listing.
    pub fn offers(&self, listing: &str) -> OrderId {
        read(&self.does(Command::OrderOffer(NewOffer { listing: listing.to_owned(), ..NewOffer::default() })), "order")
    }

    /// Does something in an order.
    pub fn acts(&self, order: &OrderId, verb: &str) -> Value {
        self.does(Command::OrderAct { order: order.to_string(), verb: verb.to_owned(), words: Box::default() })
    }
}

/// The command that says something.
#[must_use]
pub fn post(circle: &SpaceId, text: &str, reply_to: Option<&EntryId>) -> Command {
    let reply_to = reply_to.map(ToString::to_string);
    Command::Post { circle: circle.to_string(), text: text.to_owned(), listings: Vec::new(), reply_to }
}

/// The command that vouches.
#[must_use]
pub fn vouch(circle: &SpaceId, whom: &Actor) -> Command {
    Command::Vouch { person: whom.id(), circle: circle.to_string(), weight: "friend".into(), text: None }
}

fn text(answer: &Value, name: &str) -> String {
    answer[name].as_str().unwrap_or_else(|| panic!("the answer names a {name}: {answer}")).to_owned()
}

fn read<T: std::str::FromStr>(answer: &Value, name: &str) -> T {
    text(answer, name).parse().unwrap_or_else(|_| panic!("the answer's {name} is an id: {answer}"))
}
