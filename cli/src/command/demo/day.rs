//! What a step of the story has at hand: the neighbours' nodes through their public API, a memory, and the teller.
//!
//! Nothing here looks into a home or a store: what a neighbour knows is what its node answers.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::{Duration, Instant};

use haat_protocol::id::EntryId;
use haat_protocol::local::{Command, FeedItem, OrderRow, OrderWords, Page, Problem, ProblemKind, Question};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::calm;
use super::cast::Who;
use super::chance::Chance;
use super::neighbour::Neighbour;
use super::teller::Teller;
use super::town::Town;
use crate::context::field;
use crate::interrupt::{INTERRUPTED, Interrupt};
use crate::text;

/// Pause between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long something may take to arrive.
const LOOK_FOR: Duration = Duration::from_secs(15);
/// Items of a feed that are looked through.
const FEED_ITEMS: usize = 200;

/// One day in the lane.
#[derive(Debug)]
pub(super) struct Day<'a> {
    pub(super) town: &'a Town,
    pub(super) teller: &'a Teller,
    chance: Chance,
    interrupt: &'a Interrupt,
    memory: RefCell<BTreeMap<&'static str, String>>,
}

impl<'a> Day<'a> {
    pub(super) fn new(town: &'a Town, teller: &'a Teller, seed: u64, interrupt: &'a Interrupt) -> Self {
        Self { town, teller, chance: Chance::new(seed), interrupt, memory: RefCell::default() }
    }

    /// One way to say it.
    pub(super) fn pick(&self, of: &[&'static str]) -> &'static str {
        self.chance.pick(of)
    }

    /// Remembers an id for later steps.
    pub(super) fn remember(&self, what: &'static str, id: impl Into<String>) -> String {
        let id = id.into();
        self.memory.borrow_mut().insert(what, id.clone());
        id
    }

    /// An id from an earlier step.
    ///
    /// # Errors
    /// When no earlier step remembered it.
    pub(super) fn recall(&self, what: &'static str) -> Result<String, Problem> {
        self.memory
            .borrow()
            .get(what)
            .cloned()
            .ok_or_else(|| failed(&format!("nobody remembers the {what}"), "an earlier step left it out"))
    }

    /// Whether somebody lives here.
    pub(super) fn has(&self, who: Who) -> bool {
        self.town.neighbour(who).is_some()
    }

    /// The first of these who lives here.
    pub(super) fn first(&self, of: &[Who]) -> Who {
        of.iter().copied().find(|who| self.has(*who)).unwrap_or(Who::Mei)
    }

    /// Everybody but these.
    pub(super) fn all_but(&self, out: &[Who]) -> Vec<Who> {
        self.town.neighbours().iter().map(|n| n.who).filter(|who| !out.contains(who)).collect()
    }

    fn neighbour(&self, who: Who) -> Result<&Neighbour, Problem> {
        self.town.neighbour(who).ok_or_else(|| failed(&format!("{} does not live here", who.name()), "the town is too small"))
    }

    /// The identity of a neighbour.
    pub(super) fn identity(&self, who: Who) -> Result<String, Problem> {
        Ok(self.neighbour(who)?.ready.identity.clone())
    }

    /// Has a neighbour's node do something.
    ///
    /// # Errors
    /// The node's problem.
    pub(super) fn does(&self, who: Who, command: &Command) -> Result<Value, Problem> {
        self.calm()?;
        self.neighbour(who)?.client()?.call(command)
    }

    /// Asks a neighbour's node once.
    ///
    /// # Errors
    /// The node's problem.
    pub(super) fn asks<T: DeserializeOwned>(&self, who: Who, question: &Question) -> Result<T, Problem> {
        self.calm()?;
        let mut value = self.neighbour(who)?.client()?.ask(question)?;
        text::clean_all(&mut value);
        serde_json::from_value(value).map_err(|e| failed("a node's answer makes no sense", &e.to_string()))
    }

    /// Asks a neighbour's node until the answer is as wanted. `what` is what the reader should see, for the failure.
    ///
    /// # Errors
    /// When it does not become so in time.
    pub(super) fn until<T: DeserializeOwned>(
        &self,
        reader: Who,
        what: &str,
        question: &Question,
        wanted: impl Fn(&T) -> bool,
    ) -> Result<T, Problem> {
        let end = Instant::now() + LOOK_FOR;
        loop {
            let last = match self.asks::<T>(reader, question) {
                Ok(answer) if wanted(&answer) => return Ok(answer),
                Ok(_) => "the answer is another".to_owned(),
                Err(problem) if problem.code == INTERRUPTED => return Err(problem),
                Err(problem) => problem.title,
            };
            if Instant::now() >= end {
                let why = format!("not within {} s; at last: {last}", LOOK_FOR.as_secs());
                return Err(failed(&format!("{} does not see {what}", reader.name()), &why));
            }
            sleep(LOOK_EVERY);
        }
    }

    /// Waits, but not longer than somebody wants the town to live.
    ///
    /// # Errors
    /// When the town is to end.
    pub(super) fn rests(&self, pause: Duration) -> Result<(), Problem> {
        let end = Instant::now() + pause;
        while Instant::now() < end {
            self.calm()?;
            sleep(LOOK_EVERY.min(end.saturating_duration_since(Instant::now())));
        }
        Ok(())
    }

    /// Fails once the town is to end.
    pub(super) fn calm(&self) -> Result<(), Problem> {
        calm(self.interrupt)
    }

    /// The feed of a neighbour.
    pub(super) fn feed(&self, who: Who) -> Result<Vec<FeedItem>, Problem> {
        let page: Page<FeedItem> = self.asks(who, &feed())?;
        Ok(page.items)
    }

    /// Waits until a neighbour's feed has an entry, as it was written.
    pub(super) fn reads(&self, reader: Who, entry: &str, words: &str) -> Result<FeedItem, Problem> {
        self.finds(reader, &format!("“{words}”"), |item| item.entry.to_string() == entry && item.text == words)
    }

    /// Waits until a neighbour's feed has an item like this.
    pub(super) fn finds(&self, reader: Who, what: &str, like: impl Fn(&FeedItem) -> bool) -> Result<FeedItem, Problem> {
        let page: Page<FeedItem> = self.until(reader, what, &feed(), |page: &Page<FeedItem>| page.items.iter().any(&like))?;
        page.items.into_iter().find(like).ok_or_else(|| failed("a feed has changed", what))
    }

    /// Somebody says something in the lane; answers the entry.
    pub(super) fn posts(&self, who: Who, words: &str) -> Result<String, Problem> {
        let post = Command::Post { circle: self.recall(CIRCLE)?, text: words.to_owned(), listings: Vec::new(), reply_to: None };
        let entry = field(&self.does(who, &post)?, "entry").to_owned();
        self.teller.says(who.name(), words);
        Ok(entry)
    }

    /// Takes a step of an order as soon as it is allowed, and waits until the other side's node stands where it leads.
    pub(super) fn steps(&self, who: Who, verb: &str, words: OrderWords, other: (Who, &str)) -> Result<OrderRow, Problem> {
        let order = self.recall(ORDER)?;
        let (other, state) = other;
        let ask = Question::Order { order: order.clone() };
        let may = |row: &OrderRow| row.next.iter().any(|next| next == verb);
        self.until(who, &format!("that {verb} is possible"), &ask, may)?;
        self.does(who, &Command::OrderAct { order, verb: verb.to_owned(), words: Box::new(words) })?;
        self.until(other, &format!("the order {state} after {verb}"), &ask, |row: &OrderRow| {
            row.state == state && row.events.iter().any(|e| e.refused.is_none() && is_of(&e.kind, verb))
        })
    }
}

/// Name of the circle in the memory.
pub(super) const CIRCLE: &str = "circle";
/// Name of the current order in the memory.
pub(super) const ORDER: &str = "order";

fn feed() -> Question {
    Question::Feed { circle: None, limit: Some(FEED_ITEMS), after: None }
}

/// Whether an event came from a verb. Their names differ where an event is a noun and a verb is not.
fn is_of(kind: &str, verb: &str) -> bool {
    let event = match verb {
        "pay" => "pay_proof",
        "confirm-payment" => "pay_confirm",
        "receive" => "received",
        same => same,
    };
    kind == event
}

/// A step that did not come true.
pub(super) fn failed(title: &str, why: &str) -> Problem {
    Problem::new(ProblemKind::Internal, "demo-step", title, why)
}

/// The entry of an item as text.
pub(super) fn id(entry: &EntryId) -> String {
    entry.to_string()
}
