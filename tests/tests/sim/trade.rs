//! Trade and nothing else: a seller, a buyer and who decides between them, each a whole node, with many orders at a time, under faults
//! of all families. Who acts, with which verb and which words, and how much time passes in between, is drawn.
//!
//! What `next` names must be taken, what it does not name must be refused, and no refusal may be a fault. How it has to end is in `end`.

mod end;
mod tally;
mod words;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use haat_node::engine::{Conduct, Ticket};
use haat_node::store::Tx;
use haat_node::store::memory::MemoryStore;
use haat_node::view::order as orders;
use haat_protocol::id::{EventId, OrderId};
use haat_protocol::listing::Stock;
use haat_protocol::local::{Command, NewListing, NewShop, Problem, ProblemKind};
use haat_protocol::order::{Order, Verb};
use haat_protocol::time::{DAY_MS, HOUR_MS, MINUTE_MS, Millis, SECOND_MS};
use haat_tests::actor::{Actor, Stage, cast};
use haat_tests::fault::{Options, Weather, device, past, witness};
use haat_tests::telling;
use haat_tests::world::World;
use haat_tests::world::chance::Chance;
use haat_tests::world::store::{Keeping, SimStore};
use serde_json::Value;

use super::{THREADS, number};
use tally::Tally;

/// Worlds of the ordinary run.
const WORLDS: u64 = 8;
/// Worlds from which on every verb, event and state has to be reached.
const MANY_WORLDS: usize = 200;
/// How many of those fewer worlds may miss.
const GAPS: usize = 3;
/// Orders in each.
const ORDERS: usize = 40;
/// Orders that are worked on at a time.
const AT_A_TIME: usize = 8;
/// Whose part each node is.
const SELLER: usize = 0;
const BUYER: usize = 1;
const RESOLVER: usize = 2;
const NAMES: [&str; 3] = ["sara", "bela", "rosa"];
/// The seed whose people trade: they get together once, not once per seed.
const BORN: u64 = u64::MAX - 1;
/// What lies on the shelf: title, how many, whether it is a file.
const SHELF: [(&str, Stock, bool); 5] = [
    ("Bread", Stock::Counted(60), false),
    ("Lamp", Stock::Counted(4), false),
    ("Songs", Stock::Uncounted, true),
    ("Tea", Stock::Uncounted, false),
    ("Ticket", Stock::Counted(9), true),
];
/// How long a command may wait inside a node that has just started.
const ANSWERED_WITHIN_MS: u64 = 2 * MINUTE_MS;
/// Codes with which a verb of `next` may be refused in spite of sensible words: about stock, about what a shop offers, about a chain
/// whose end is in doubt. `next` speaks of the order alone.
const MAY_BE: [&str; 4] = ["out-of-stock", "not-offered", "order-in-doubt", "busy"];

/// Whether a verb that `next` names may be refused so.
fn may_be(verb: Verb, problem: &Problem) -> bool {
    // A decision is the resolver's, and `next` never names it.
    verb == Verb::Decide || problem.kind == ProblemKind::Store || MAY_BE.contains(&problem.code.as_str())
}

/// A circle with a shop in it, to begin worlds with.
#[derive(Debug)]
struct Founded {
    stores: Vec<SimStore>,
    listings: Vec<String>,
}

/// An order, as far as the story knows it.
#[derive(Debug)]
struct Deal {
    id: OrderId,
    /// Acts that are still tried in it.
    left: u64,
    /// Whether the two mean well, mostly.
    is_smooth: bool,
    /// Own events that an answer has told of.
    told: BTreeSet<EventId>,
}

/// A command that was not answered at once.
#[derive(Debug)]
struct Waiting {
    who: usize,
    ticket: Ticket,
    verb: Option<Verb>,
    since: Millis,
}

/// One world while its story is told.
struct Room<'a> {
    founded: &'a Founded,
    stage: Stage,
    people: Vec<Actor>,
    chance: Chance,
    weather: Weather,
    deals: Vec<Deal>,
    waiting: Vec<Waiting>,
    /// The latest time that any clock has shown.
    latest: Millis,
    tally: Tally,
}

fn in_memory() -> SimStore {
    SimStore::new(Keeping::Memory(MemoryStore::default()))
}

/// The faults of a world: those of every story, but for hostile members and further devices.
fn options(seed: u64) -> Options {
    let mut drawn = Options::draw(seed);
    (drawn.people, drawn.late, drawn.hostile, drawn.device, drawn.trade) = (NAMES.len(), 0, None, device::Style::One, true);
    // Who has lost the notes may not go on in an order before the other side has told: there silence holds the other one up.
    (drawn.witness, drawn.past) = (witness::Style::Kept, past::Style::Kept);
    drawn
}

/// The three get together, and the seller fills a shop.
fn found() -> Founded {
    let stage: Stage = Rc::new(RefCell::new(World::new(BORN, Conduct { gossip: true }, &NAMES, |_| in_memory())));
    let people = cast(&stage);
    let circle = people[SELLER].creates_circle("Market");
    for newcomer in [BUYER, RESOLVER] {
        people[newcomer].joins(&people[SELLER].invites(&circle));
    }
    let shop = NewShop {
        name: "Corner".into(),
        currency: "EUR".into(),
        returns: "within 14 days".into(),
        pickup: vec!["Lane 1".into()],
        ship: vec!["EU=4.00".into()],
        pay: vec!["cash:on-delivery".into(), "transfer:before:to DE89".into(), "invoice:after".into()],
        ..NewShop::default()
    };
    let text = |answer: Value, name: &str| answer[name].as_str().expect("the answer names it").to_owned();
    let shop = text(people[SELLER].does(Command::ShopCreate(shop)), "shop");
    let listed = |(title, stock, digital): &(&str, Stock, bool)| {
        let new = NewListing {
            shop: shop.clone(),
            title: (*title).to_owned(),
            price: "6.00".into(),
            stock: *stock,
            digital: *digital,
            ..NewListing::default()
        };
        text(people[SELLER].does(Command::ListingAdd(new)), "listing")
    };
    let listings = SHELF.iter().map(listed).collect();
    people[SELLER].shares(&shop, &circle);
    stage.borrow_mut().run_for(30 * SECOND_MS);
    let stores = (0..NAMES.len()).map(|who| stage.borrow().copy_of_store(who)).collect();
    Founded { stores, listings }
}

/// What a node holds of an order.
fn held(world: &World, who: usize, id: &OrderId) -> Option<Order> {
    let snapshot = world.kept(who);
    Some(orders::folded(&Tx::new(&*snapshot), id)?.1)
}

/// The verbs that a node may use in an order now.
fn next(world: &World, who: usize, order: &Order) -> Vec<Verb> {
    let snapshot = world.kept(who);
    orders::verbs(&Tx::new(&*snapshot), world.me(who), order, world.clock(who))
}

impl<'a> Room<'a> {
    fn new(seed: u64, founded: &'a Founded) -> Self {
        let world = World::of(seed, Conduct { gossip: true }, BORN, &NAMES, |who| founded.stores[who].copy());
        let stage = Rc::new(RefCell::new(world));
        stage.borrow_mut().run_for(10 * SECOND_MS);
        Self {
            founded,
            people: cast(&stage),
            stage,
            chance: Chance::new(seed, 21),
            weather: Weather::new(seed, options(seed)),
            deals: Vec::new(),
            waiting: Vec::new(),
            latest: Millis(0),
            tally: Tally::default(),
        }
    }

    fn live(&mut self, many: usize) -> Result<(), String> {
        self.weather.begin(&mut self.stage.borrow_mut());
        while self.deals.len() < many || self.deals.iter().any(|deal| deal.left > 0) {
            if self.chance.permille(150) {
                self.weather.turn(&mut self.stage.borrow_mut());
            }
            let open: Vec<usize> = (0..self.deals.len()).filter(|at| self.deals[*at].left > 0).collect();
            let is_room = open.len() < AT_A_TIME && self.deals.len() < many;
            if is_room && (open.is_empty() || self.chance.permille(250)) {
                self.offers()?;
            } else if !self.deals.is_empty() {
                let any = open.is_empty() || self.chance.permille(100);
                let at = if any { self.chance.index(self.deals.len()) } else { open[self.chance.index(open.len())] };
                self.acts(at)?;
            }
            self.passes();
            self.hears()?;
            self.stage.borrow().checked()?;
        }
        Ok(())
    }

    /// Time passes: mostly so little that the other side may not have heard, sometimes so much that deadlines do.
    fn passes(&mut self) {
        let (awake_ms, asleep_ms) = match self.chance.between(0, 1_000) {
            0..150 => (self.chance.between(0, 30), 0),
            150..720 => (self.chance.between(50, 900), 0),
            720..860 => (self.chance.between(SECOND_MS, 4 * SECOND_MS), 0),
            860..950 => (200, self.chance.between(MINUTE_MS, 40 * MINUTE_MS)),
            950..986 => (200, self.chance.between(HOUR_MS, 30 * HOUR_MS)),
            _ => (200, self.chance.between(DAY_MS, 17 * DAY_MS)),
        };
        let mut world = self.stage.borrow_mut();
        world.sleep(asleep_ms);
        world.run_for(awake_ms);
        self.latest = (0..world.size()).map(|who| world.clock(who)).max().unwrap_or_default().max(self.latest);
    }

    /// The buyer makes an offer, or the seller makes one to the buyer.
    fn offers(&mut self) -> Result<(), String> {
        let is_private = self.chance.permille(200);
        let who = if is_private { SELLER } else { BUYER };
        let at = self.chance.index(SHELF.len());
        let mut new = words::offer(&mut self.chance, &self.founded.listings, at);
        new.to = is_private.then(|| self.people[BUYER].id());
        new.resolver = self.chance.permille(500).then(|| self.people[RESOLVER].id());
        self.gives(who, None, Command::OrderOffer(new)).map(drop)
    }

    /// One of the two does something in an order: mostly what it may, sometimes whatever comes to mind.
    fn acts(&mut self, at: usize) -> Result<(), String> {
        let first = if self.chance.permille(500) { SELLER } else { BUYER };
        let id = self.deals[at].id;
        self.deals[at].left = self.deals[at].left.saturating_sub(1);
        for who in [first, SELLER + BUYER - first] {
            if self.stage.borrow().is_up(who) && self.act(at, who, &id)? {
                break;
            }
        }
        Ok(())
    }

    /// Says whether this one did anything.
    fn act(&mut self, at: usize, who: usize, id: &OrderId) -> Result<bool, String> {
        let found = held(&self.stage.borrow(), who, id);
        let Some(order) = found else { return self.senseless(who, id, &[]).map(|()| false) };
        self.tally.saw(*id, order.state);
        let next = next(&self.stage.borrow(), who, &order);
        if self.chance.permille(200) {
            return self.senseless(who, id, &next).map(|()| true);
        }
        let code = self.stage.borrow().me(SELLER).handover_code(id);
        let word = if words::may_be_decided(&mut self.chance, &order) { self.decision(who, id, &order)? } else { None };
        let (verb, words) = match word {
            Some(words) => (Verb::Decide, words),
            None => match words::verb(&mut self.chance, &next, self.deals[at].is_smooth) {
                Some(verb) => (verb, words::sensible(&mut self.chance, verb, &order, &code)),
                None => return Ok(false),
            },
        };
        let command = Command::OrderAct { order: id.to_string(), verb: verb.name().to_owned(), words: Box::new(words) };
        match self.gives(who, Some(verb), command)? {
            Some(Err(problem)) if !may_be(verb, &problem) => {
                Err(format!("{} was told that {} is possible in {:?}, and refused it: {problem:?}", NAMES[who], verb.name(), order.state))
            }
            _ => Ok(true),
        }
    }

    /// Any verb with any words: refused as a person's fault, unless it happens to be possible.
    fn senseless(&mut self, who: usize, id: &OrderId, next: &[Verb]) -> Result<(), String> {
        let verb = words::any_verb(&mut self.chance);
        let words = words::senseless(&mut self.chance);
        let name = verb.map_or("fly", Verb::name).to_owned();
        let answer = self.gives(who, None, Command::OrderAct { order: id.to_string(), verb: name.clone(), words: Box::new(words) })?;
        match answer {
            Some(Ok(_)) if verb.is_none_or(|verb| !next.contains(&verb)) => {
                Err(format!("{} did {name}, which is not among {next:?}", NAMES[who]))
            }
            Some(Ok(_)) => {
                self.tally.verbs.entry(name).or_default().0 += 1;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The resolver's word about a dispute, on this side's evidence.
    fn decision(&mut self, who: usize, id: &OrderId, order: &Order) -> Result<Option<haat_protocol::local::OrderWords>, String> {
        if !self.stage.borrow().is_up(RESOLVER) {
            return Ok(None);
        }
        let refund = words::digits(words::part(&mut self.chance, order.refund_left()));
        let decided = |order, data| Command::OrderDecide { order, data, refund, reason: "so it is fair".into() };
        if self.chance.permille(500) {
            // What was laid before the resolver by then is decided by its name; the word comes back by itself.
            return self.gives(RESOLVER, None, decided(Some(id.to_string()), None)).map(|_| None);
        }
        let data = words::evidence(&self.stage.borrow(), who, id)?;
        let answer = self.gives(RESOLVER, None, decided(None, Some(data)))?;
        let word = match answer {
            Some(Ok(answer)) => answer["word"].as_str().map(ToOwned::to_owned),
            // Evidence may tell of a chain that is not whole here.
            Some(Err(_)) | None => None,
        };
        Ok(word.map(|word| haat_protocol::local::OrderWords { data: Some(word), ..Default::default() }))
    }

    /// Gives a command; a refusal is a refusal, a fault of the node is not.
    fn gives(&mut self, who: usize, verb: Option<Verb>, command: Command) -> Result<Option<Result<Value, Problem>>, String> {
        let (ticket, reply) = self.stage.borrow_mut().command(who, command.clone());
        match reply {
            Some(reply) => {
                self.answered(verb, &reply).map_err(|fault| format!("{command:?}: {fault}"))?;
                Ok(Some(reply))
            }
            None => {
                let since = self.stage.borrow().now();
                self.waiting.push(Waiting { who, ticket, verb, since });
                Ok(None)
            }
        }
    }

    /// Commands that waited may be answered now.
    fn hears(&mut self) -> Result<(), String> {
        let now = self.stage.borrow().now();
        for waiting in std::mem::take(&mut self.waiting) {
            let reply = self.stage.borrow_mut().answer(waiting.who, waiting.ticket);
            match reply {
                Some(reply) => self.answered(waiting.verb, &reply)?,
                None if now.since(waiting.since) < ANSWERED_WITHIN_MS => self.waiting.push(waiting),
                None => {}
            }
        }
        Ok(())
    }

    fn answered(&mut self, verb: Option<Verb>, reply: &Result<Value, Problem>) -> Result<(), String> {
        let counted = verb.map(|verb| self.tally.verbs.entry(verb.name().to_owned()).or_default());
        match reply {
            Err(problem) if problem.kind == ProblemKind::Internal => return Err(format!("met a fault: {problem:?}")),
            Err(problem) => {
                if let Some(counted) = counted {
                    counted.1 += 1;
                }
                *self.tally.refusals.entry(problem.code.clone()).or_default() += 1;
            }
            Ok(row) => {
                if let Some(counted) = counted {
                    counted.0 += 1;
                }
                self.tells(row);
            }
        }
        Ok(())
    }

    /// An answer tells of events: they are there from now on.
    fn tells(&mut self, row: &Value) {
        let Some(id) = row["order"].as_str().and_then(|id| id.parse::<OrderId>().ok()) else { return };
        let Some(events) = row["events"].as_array() else { return };
        let told = events.iter().filter_map(|event| event["id"].as_str()?.parse::<EventId>().ok());
        if let Some(deal) = self.deals.iter_mut().find(|deal| deal.id == id) {
            deal.told.extend(told);
            return;
        }
        let (left, is_smooth) = (self.chance.between(12, 28), self.chance.permille(650));
        self.deals.push(Deal { id, left, is_smooth, told: told.collect() });
    }
}

/// What came of a world.
#[derive(Debug)]
struct Told {
    trace: [u8; 32],
    tally: Tally,
}

/// Tells the story of a seed with so many orders, lets the world heal, and checks everything.
fn tell(seed: u64, many: usize, founded: &Founded) -> Result<Told, String> {
    let mut room = Room::new(seed, founded);
    let ended = room.live(many).and_then(|()| room.ends());
    if let (Err(_), Some(_)) = (&ended, std::env::var_os("HAAT_TRACE")) {
        println!("{}", telling::everything(&room.stage.borrow()));
    }
    ended?;
    let trace = room.stage.borrow().trace();
    Ok(Told { trace, tally: room.tally })
}

fn run(seed: u64, founded: &Founded) -> Result<Told, String> {
    let told = catch_unwind(AssertUnwindSafe(|| tell(seed, ORDERS, founded))).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        Err(said.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_else(|| "a panic".into()))
    });
    told.map_err(|fault| {
        let again = format!("HAAT_SEED={seed} cargo test -p haat-tests --test all sim::trade::orders_end_well -- --nocapture");
        format!("seed {seed} ({}) failed: {fault}; replay with {again}", options(seed))
    })
}

/// Worlds that are wanted: `HAAT_SEED=n` is one, `HAAT_TRADE_SEEDS=n` all up to `n`, from `HAAT_FIRST_SEED` on.
fn wanted() -> Vec<u64> {
    let (first, last) = (number("HAAT_FIRST_SEED").unwrap_or(1), number("HAAT_TRADE_SEEDS").unwrap_or(WORLDS));
    number("HAAT_SEED").map_or_else(|| (first..=last).collect(), |seed| vec![seed])
}

#[test]
fn orders_end_well() {
    let (seeds, founded) = (wanted(), found());
    let part = |first: u64| {
        let (mut sum, mut failed) = (Tally::default(), Vec::new());
        for seed in seeds.iter().filter(|seed| **seed % THREADS == first) {
            match run(*seed, &founded) {
                Ok(told) => sum.add(told.tally),
                Err(line) => {
                    println!("{line}");
                    failed.push(line);
                }
            }
        }
        (sum, failed)
    };
    let parts = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|first| scope.spawn(move || part(first))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a run catches its own panics")).collect::<Vec<_>>()
    });
    let (mut sum, mut failed) = (Tally::default(), Vec::new());
    for (tally, lines) in parts {
        sum.add(tally);
        failed.extend(lines);
    }
    println!("{sum}");
    assert!(failed.is_empty(), "{} of {} worlds failed:\n{}", failed.len(), seeds.len(), failed.join("\n"));
    let (missing, may_miss) = (sum.missing(), if seeds.len() < MANY_WORLDS { GAPS } else { 0 });
    println!("never reached: {missing:?}");
    assert!(seeds.len() < usize::try_from(WORLDS).unwrap_or(0) || missing.len() <= may_miss, "more was to be reached: {missing:?}");
}

#[test]
fn a_seed_replays_identically() {
    let founded = found();
    let told = |seed| tell(seed, 2, &founded).map(|told| told.trace);
    let one = told(3);
    assert_eq!(one, told(3), "the same seed went another way");
    assert_ne!(one, told(4), "seeds do not matter");
}
