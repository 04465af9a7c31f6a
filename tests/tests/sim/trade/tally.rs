//! What came about in drawn trades: which verbs, events and states, how orders ended, what was refused. A run that never comes to
//! some of it shows nothing about that.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use haat_protocol::id::OrderId;
use haat_protocol::order::{Kind, State, Verb};

use super::words::VERBS;

/// Verbs that are no steps of these people: a review is an entry, and nobody has a second device.
const ELSEWHERE: [Verb; 2] = [Verb::Review, Verb::Handover];
/// Events that need a second device.
const OTHER_DEVICE: [Kind; 2] = [Kind::Handover, Kind::Takeover];

/// Counts over worlds.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) worlds: u64,
    pub(super) orders: u64,
    pub(super) crashes: u64,
    /// By verb: how often it was done, and how often a verb of `next` was refused.
    pub(super) verbs: BTreeMap<String, (u64, u64)>,
    /// By code: refusals.
    pub(super) refusals: BTreeMap<String, u64>,
    /// Events that took effect.
    pub(super) kinds: BTreeMap<&'static str, u64>,
    /// Events without effect, by reason.
    pub(super) vain: BTreeMap<&'static str, u64>,
    /// Orders that were in a state at some time.
    pub(super) states: BTreeMap<&'static str, u64>,
    /// How orders stood when the faults were over, and in the end.
    pub(super) healed: BTreeMap<&'static str, u64>,
    pub(super) ended: BTreeMap<&'static str, u64>,
    /// What somebody did alone, while the other side was silent.
    pub(super) alone: BTreeMap<&'static str, u64>,
    /// Worlds in which some order had come together only after the longest pause between two attempts.
    pub(super) late: u64,
    seen: BTreeSet<(OrderId, State)>,
}

impl Tally {
    /// An order was seen in a state.
    pub(super) fn saw(&mut self, id: OrderId, state: State) {
        if self.seen.insert((id, state)) {
            *self.states.entry(state.name()).or_default() += 1;
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.worlds += other.worlds;
        self.orders += other.orders;
        self.crashes += other.crashes;
        self.late += other.late;
        for (verb, (done, refused)) in other.verbs {
            let sum = self.verbs.entry(verb).or_default();
            *sum = (sum.0 + done, sum.1 + refused);
        }
        for (code, count) in other.refusals {
            *self.refusals.entry(code).or_default() += count;
        }
        let tables = [
            (&mut self.kinds, other.kinds),
            (&mut self.vain, other.vain),
            (&mut self.states, other.states),
            (&mut self.healed, other.healed),
            (&mut self.ended, other.ended),
            (&mut self.alone, other.alone),
        ];
        for (sum, table) in tables {
            for (name, count) in table {
                *sum.entry(name).or_default() += count;
            }
        }
    }

    /// Verbs, events and states that never came.
    pub(super) fn missing(&self) -> Vec<&'static str> {
        let verbs = VERBS.iter().filter(|verb| !ELSEWHERE.contains(verb)).map(|verb| verb.name());
        let verbs = verbs.filter(|name| self.verbs.get(*name).is_none_or(|(done, _)| *done == 0));
        let kinds = Kind::ALL.iter().filter(|kind| !OTHER_DEVICE.contains(kind)).map(|kind| kind.name());
        let kinds = kinds.filter(|name| !self.kinds.contains_key(name));
        let states = State::ALL.iter().map(|state| state.name()).filter(|name| !self.states.contains_key(name));
        verbs.chain(kinds).chain(states).collect()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} orders in {} worlds, {} crashes, {} worlds came together late", self.orders, self.worlds, self.crashes, self.late)?;
        let verbs: Vec<String> = self.verbs.iter().map(|(name, (done, refused))| format!("{name} {done}/{refused}")).collect();
        writeln!(f, "verbs, done/refused: {}", verbs.join(", "))?;
        let refusals: Vec<String> = self.refusals.iter().map(|(code, count)| format!("{code} {count}")).collect();
        writeln!(f, "refusals: {}", refusals.join(", "))?;
        let tables = [
            ("events that count", &self.kinds),
            ("events without effect", &self.vain),
            ("orders that were once", &self.states),
            ("healed", &self.healed),
            ("done alone", &self.alone),
            ("ended", &self.ended),
        ];
        for (name, table) in tables {
            let counts: Vec<String> = table.iter().map(|(name, count)| format!("{name} {count}")).collect();
            writeln!(f, "{name}: {}", counts.join(", "))?;
        }
        Ok(())
    }
}
