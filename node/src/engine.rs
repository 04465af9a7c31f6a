//! The engine: the one owner of the store. Facts come in, one transaction makes them durable, wishes go out.
//!
//! It needs no runtime: the daemon drives it from a thread, the simulator from a loop. Whatever is queued is worked through over one
//! snapshot and committed at once; only then is anything sent, answered or shown.

mod anew;
mod block;
mod circle;
mod epoch;
mod fork;
mod guard;
mod handed;
mod held;
mod join;
mod keys;
mod leave;
pub mod load;
mod norms;
mod partner;
mod peer;
mod progress;
mod reach;
pub mod runner;
mod shop;
mod taken;
mod talk;
mod tick;
mod token;
mod trade;
mod work;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use haat_protocol::entry::Entry;
use haat_protocol::id::{DeviceId, OrderId, SpaceId};
use haat_protocol::limits::START_WORD_MS;
use haat_protocol::local::done::LogSound;
use haat_protocol::local::{Command, Happening, Problem, ProblemKind};
use haat_protocol::order::Role;
use haat_protocol::sync::{Session, Turn};
use haat_protocol::time::Millis;
use serde_json::Value;

use crate::entropy::Entropy;
use crate::ledger::{self, audit};
use crate::myself::Myself;
use crate::net::{NetCommand, NetEvent};
use crate::presence::Presence;
use crate::store::memo::Memos;
use crate::store::{Store, StoreError, Tx};
use crate::witness::{Recalled, Witness};
use work::Work;

pub use progress::Telling;

/// How far a clock may go back, in milliseconds, before everything that waits for a time begins anew.
const CLOCK_BACK_MS: u64 = 5_000;

/// Names a command that waits for its answer.
pub type Ticket = u64;

/// A fact.
#[derive(Debug)]
pub enum Input {
    /// The user wants something changed.
    Command(Ticket, Command),
    /// The network tells.
    Net(NetEvent),
    /// The network tells, and these of its entries were checked already.
    Heard(NetEvent, Vec<Entry>),
    /// The user wants all views derived again.
    Rebuild(Ticket),
    /// Time has passed.
    Tick,
}

/// A wish.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// For the network.
    Net(NetCommand),
    /// The answer to a command.
    Answer(Ticket, Result<Value, Problem>),
    /// News for whoever listens.
    Happened(Happening),
}

/// What lives no longer than the process.
#[derive(Debug, Default)]
struct Passing {
    presence: Presence,
    sessions: BTreeMap<DeviceId, Session>,
    requests: BTreeMap<u64, Asked>,
    next_request: u64,
    joins: BTreeMap<SpaceId, join::Joining>,
    topics: BTreeMap<SpaceId, String>,
    /// Circles that this node left and whose members may not know it yet; filled anew at every start.
    leaving: BTreeSet<SpaceId>,
    members: BTreeSet<DeviceId>,
    /// When own records are looked at again.
    next_records: Millis,
    /// When keys that are missing may be asked for again.
    next_keys: Millis,
    /// Circles without an epoch that covers what is known, and since when.
    uncovered: BTreeMap<SpaceId, Millis>,
    /// When the network is told of new members, if it has not been.
    gates_at: Option<Millis>,
    /// Circles to compare with connected members, and from when on.
    due: BTreeMap<SpaceId, partner::Due>,
    /// Connected members with whom a circle is still to be compared.
    rounds: BTreeMap<SpaceId, partner::Round>,
    reach: reach::Reach,
    /// Connected devices with which a circle is to be compared, and from when on: they hold more than they hand over unasked, or the
    /// last comparison did not end.
    wanted: BTreeMap<(DeviceId, SpaceId), Millis>,
    outbox: BTreeMap<OrderId, trade::Attempt>,
    /// Orders that are given to another device of this person.
    giving: BTreeMap<(OrderId, DeviceId), trade::Giving>,
    reminders: trade::Reminders,
    /// Connected devices with which orders are still to be compared.
    comparing: BTreeMap<DeviceId, trade::Retry>,
    cases: trade::Cases,
    dialled: BTreeMap<DeviceId, Vec<String>>,
    /// Where connected devices were reached by dialling, without the peer at the end.
    reached: BTreeMap<DeviceId, String>,
    next_sync: Millis,
    /// What the clock showed when the last group of inputs began.
    clock: Millis,
    /// The public part of the newest prekey, once it was needed: deriving it takes longer than most of a tick.
    prekey: Option<Option<[u8; 32]>>,
    /// Whether this node's own identity is in its trust log.
    is_rooted: bool,
    /// Membership, keys or records changed: topics, gates and dials have to follow.
    is_stale: bool,
    /// What is known of own logs.
    guard: guard::Guard,
    /// What was handed to whom lately.
    handed: handed::Handed,
    /// Who hears how far a long command has come.
    teller: progress::Teller,
}

impl Passing {
    /// Time is now this. A clock that was set back leaves appointments behind that would come much too late.
    fn look_at_clock(&mut self, now: Millis) {
        if now.plus(CLOCK_BACK_MS) < self.clock {
            self.start_over();
            self.guard.wait_no_longer_than(now.plus(START_WORD_MS));
        }
        self.clock = now;
    }

    /// What was wished for was never sent: whatever waits for an answer to it begins again.
    fn start_over(&mut self) {
        self.sessions.clear();
        self.requests.clear();
        self.reach = reach::Reach::default();
        self.wanted.clear();
        self.outbox.clear();
        self.giving.clear();
        self.reminders = trade::Reminders::default();
        self.comparing.clear();
        self.cases = trade::Cases::default();
        self.dialled.clear();
        self.topics.clear();
        self.members.clear();
        self.gates_at = None;
        self.next_records = Millis(0);
        self.next_keys = Millis(0);
        self.due.clear();
        self.rounds.clear();
        self.next_sync = Millis(0);
        self.is_rooted = false;
        self.is_stale = true;
        self.handed = handed::Handed::default();
    }
}

/// A request that is under way.
#[derive(Debug, Clone)]
struct Asked {
    device: DeviceId,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Sync(Turn),
    Join(SpaceId),
    Keys(SpaceId),
    Order(OrderId),
    /// An order that goes over to the device.
    Given(OrderId),
    /// A dispute that was laid before its resolver, with the heads it had.
    Case(OrderId, trade::Heads),
    /// A resolver's word, and to which side.
    Decision(OrderId, Role),
    /// Orders that were compared.
    OrderHeads(BTreeSet<OrderId>),
    Meet,
}

/// How the engine behaves.
#[derive(Debug, Clone, Copy)]
pub struct Conduct {
    /// Whether gossip is used at all.
    pub gossip: bool,
}

/// The engine over a store.
#[derive(Debug)]
pub struct Engine<S: Store> {
    store: S,
    me: Myself,
    entropy: Box<dyn Entropy>,
    witness: Box<dyn Witness>,
    /// Whether the guard knows what was signed before.
    is_recovered: bool,
    conduct: Conduct,
    passing: Passing,
    /// What was derived from the store, which nobody else changes.
    memos: Memos,
}

impl<S: Store> Engine<S> {
    /// An engine that owns a store. The first tick makes its records and dials its peers.
    pub fn new(store: S, me: Myself, entropy: Box<dyn Entropy>, conduct: Conduct) -> Self {
        let witness = Box::new(Recalled::default());
        let passing = Passing { is_stale: true, ..Passing::default() };
        Self { store, me, entropy, witness, conduct, is_recovered: false, passing, memos: Memos::default() }
    }

    /// Who this node is.
    #[must_use]
    pub const fn me(&self) -> &Myself {
        &self.me
    }

    /// The store, for reading.
    #[must_use]
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// The same engine with this witness; without one it remembers nothing of what it signed before, and begins new logs.
    #[must_use]
    pub fn with_witness(mut self, witness: Box<dyn Witness>) -> Self {
        self.witness = witness;
        self
    }

    /// The same engine, which derives anew whatever it remembers and panics when that is not the same: for tests.
    #[must_use]
    pub fn doubting(mut self) -> Self {
        self.memos.doubt();
        self
    }

    /// What may be looked at of the passing state.
    #[must_use]
    pub const fn presence(&self) -> &Presence {
        &self.passing.presence
    }

    /// Works through a group of inputs, makes what follows durable, and returns what is to be sent, answered and shown.
    pub fn step(&mut self, now: Millis, inputs: Vec<Input>) -> Vec<Effect> {
        let tickets: Vec<Ticket> = inputs.iter().filter_map(ticket).collect();
        let rebuild = inputs.iter().any(|input| matches!(input, Input::Rebuild(_)));
        let recovered = self.recover(now);
        let before = self.passing.guard.clone();
        match recovered.and_then(|()| self.work(now, inputs)) {
            Ok(mut effects) => {
                if rebuild {
                    effects.extend(self.rebuild(&tickets));
                }
                effects
            }
            Err(fault) => {
                self.passing.start_over();
                self.passing.guard.undo(before);
                self.memos.clear();
                tickets.into_iter().map(|ticket| Effect::Answer(ticket, Err(store_problem(&fault)))).collect()
            }
        }
    }

    /// Before anything else: what was signed before, and what of it the store was not told.
    fn recover(&mut self, now: Millis) -> Result<(), StoreError> {
        if !self.is_recovered {
            self.passing.guard = guard::recover(&mut self.store, &*self.witness, &self.me, now)?;
            self.is_recovered = true;
        }
        Ok(())
    }

    fn work(&mut self, now: Millis, inputs: Vec<Input>) -> Result<Vec<Effect>, StoreError> {
        self.passing.guard.begin();
        let ends = self.passing.guard.chain_ends();
        let snapshot = self.store.snapshot()?;
        let tx = Tx::with_memos(&*snapshot, &self.memos);
        let base = ledger::end(&tx);
        let log_from = base.0;
        let mut work = Work {
            tx,
            log_from,
            me: &self.me,
            entropy: &mut *self.entropy,
            now,
            conduct: self.conduct,
            passing: &mut self.passing,
            checked: BTreeMap::new(),
            out: Vec::new(),
        };
        work.passing.look_at_clock(now);
        work.take_root();
        for input in inputs {
            match input {
                Input::Command(ticket, command) => work.command(ticket, command),
                Input::Net(event) => work.net(event),
                Input::Heard(event, entries) => {
                    work.checked = entries.into_iter().map(|entry| (entry.id(), entry)).collect();
                    work.net(event);
                    work.checked.clear();
                }
                Input::Tick => work.tick(),
                Input::Rebuild(_) => {}
            }
        }
        work.settle();
        let Work { tx, out, .. } = work;
        let signed = self.passing.guard.note(&tx, base, tx.changes());
        let batch = tx.finish()?;
        // A store in memory would copy all of itself for whoever still looks at the state of before.
        drop(snapshot);
        if let Some(note) = &signed {
            self.witness.note(note.clone())?;
        }
        let committed = if batch.is_empty() { Ok(()) } else { self.store.commit(batch) };
        if let (Err(_), Some(note)) = (&committed, &signed) {
            // Nothing of it was sent, so it was never signed. If that cannot be written down either, a new log follows.
            let back = guard::taken_back(&Tx::new(&*self.store.snapshot()?), note, &ends);
            drop(self.witness.note(back));
        }
        committed.map(|()| out)
    }

    fn rebuild(&mut self, tickets: &[Ticket]) -> Vec<Effect> {
        self.memos.clear();
        let done = self.store.snapshot().map_err(audit::Unsound::from).and_then(|base| audit::rebuild(&*base, &self.me));
        let answer = match done {
            Ok((sound, batch)) => match self.store.commit(batch) {
                Ok(()) => Ok(sound_value(&sound)),
                Err(fault) => Err(store_problem(&fault)),
            },
            Err(unsound) => Err(unsound_problem(&unsound)),
        };
        tickets.iter().map(|ticket| Effect::Answer(*ticket, answer.clone())).collect()
    }
}

const fn ticket(input: &Input) -> Option<Ticket> {
    match input {
        Input::Command(ticket, _) | Input::Rebuild(ticket) => Some(*ticket),
        Input::Net(_) | Input::Heard(..) | Input::Tick => None,
    }
}

/// A fault of the store, as people and programs get it.
#[must_use]
pub fn store_problem(fault: &StoreError) -> Problem {
    let code = match fault {
        StoreError::InUse => "store-in-use",
        StoreError::Io(_) => "store-unreachable",
        StoreError::Damaged(_) => "store-damaged",
    };
    Problem::new(ProblemKind::Store, code, "the store failed", fault.to_string())
        .hint("see `haat log verify`, and whether the disk is full")
}

/// A trust log that is not sound.
#[must_use]
pub fn unsound_problem(unsound: &audit::Unsound) -> Problem {
    Problem::new(ProblemKind::Store, "log-unsound", "the trust log is not sound", unsound.to_string())
        .hint("views can be derived again with `haat log rebuild`; a damaged item comes back from peers into a fresh home")
}

/// What a check or a rebuild answers.
#[must_use]
pub fn sound_value(sound: &audit::Sound) -> Value {
    serde_json::json!(LogSound { ok: true, entries: sound.entries, head: sound.head.to_string(), holes: sound.holes })
}
