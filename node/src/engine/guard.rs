//! The guard against signing two entries for one place: a log is gone on with only when its end is what this node signed last.
//!
//! After a start the witness says what that was, and a peer whether the circle knows more. Until one has said so, what is to be
//! signed waits; it is never refused for that, and after a while it goes into a new log.

pub(super) mod chains;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use haat_protocol::admit::{self, Head, View};
use haat_protocol::entry::LogId;
use haat_protocol::id::{Digest, EntryId, OrderId, SpaceId};
use haat_protocol::limits::{COMMANDS_WAITING_MAX, LOG_NUMBERS_MAX, LOG_STEP_MAX, REDO_MAX_BYTES, START_WORD_MS};
use haat_protocol::local::{Command, Problem, ProblemKind};
use haat_protocol::time::Millis;

use chains::Chains;

use super::work::Work;
use super::{Ticket, anew};
use crate::store::{Batch, Store, StoreError, Table, Tx};
use crate::view::fork::log_of;
use crate::view::known::{self, Known};
use crate::view::{circle, shelf};
use crate::witness::{Note, OrderLast, Redo, Witness};

/// Code of the problem with which a command waits inside the engine.
pub(super) const WAITS: &str = "waits-for-word";

/// What is known of own logs.
#[derive(Debug, Clone, Default)]
pub(super) struct Guard {
    /// The ends that this node signed.
    own: BTreeMap<LogId, EntryId>,
    /// The greatest number of a log by space, of those that the store does not know too.
    numbers: BTreeMap<SpaceId, u64>,
    /// Spaces in which a peer's word is waited for, and how long.
    unsure: BTreeMap<SpaceId, Millis>,
    /// Spaces whose logs another home may write as well.
    shared: BTreeSet<SpaceId>,
    /// Logs in which this group signed.
    signed: BTreeSet<LogId>,
    /// Own chains of orders.
    chains: Chains,
    /// Commands that wait.
    waiting: Vec<(Ticket, Command)>,
}

/// What a command that fails comes back to.
#[derive(Debug)]
pub(super) struct Savepoint {
    own: BTreeMap<LogId, EntryId>,
    chains: Chains,
}

/// What the guard knows when the engine starts. Changes that were written down and not made are made first.
pub(super) fn recover<S: Store>(
    store: &mut S,
    witness: &dyn Witness,
    me: &crate::myself::Myself,
    now: Millis,
) -> Result<Guard, StoreError> {
    if let Some(redo) = witness.redo() {
        let base = crate::ledger::end(&Tx::new(&*store.snapshot()?));
        if let Some(batch) = redo.batch().filter(|_| redo.base == base) {
            store.commit(batch)?;
        }
    }
    let snapshot = store.snapshot()?;
    let tx = Tx::new(&*snapshot);
    let (mut guard, lasts) = (Guard::default(), witness.lasts());
    guard.chains = Chains::recovered(&tx, witness, now);
    for log in lasts.keys() {
        guard.know(log);
    }
    for (key, _) in tx.prefix(Table::Space, &[]) {
        let Some(space) = SpaceId::from_slice(&key) else { continue };
        if witness.is_copy() {
            guard.shared.insert(space);
        }
        for (log, head) in own_logs(&tx, &space, &me.device()) {
            if lasts.get(&log) == Some(&(head.seq, head.id)) && !witness.is_copy() {
                guard.own.insert(log, head.id);
            }
        }
        if has_others(&tx, me, &space) {
            guard.unsure.insert(space, now.plus(START_WORD_MS));
        }
    }
    match tx.fault() {
        Some(fault) => Err(fault),
        None => Ok(guard),
    }
}

/// Whether somebody else may hold entries of a space that this node has lost.
fn has_others(tx: &Tx<'_>, me: &crate::myself::Myself, space: &SpaceId) -> bool {
    let circles = if circle::roster(tx, space).is_some() { vec![*space] } else { shelf::circles(tx, space) };
    let devices = known::identity(tx, &me.id()).map_or(1, |identity| identity.ever().count());
    let mut rosters = circles.iter().filter_map(|circle| circle::roster(tx, circle));
    rosters.any(|roster| roster.has(&me.id()) && (roster.members.len() > 1 || devices > 1))
}

/// The logs of this device in a space, by number, with their ends.
pub(super) fn own_logs(tx: &Tx<'_>, space: &SpaceId, device: &haat_protocol::id::DeviceId) -> Vec<(LogId, Head)> {
    let rows = tx.prefix(Table::Head, &[space.0, device.0].concat());
    rows.iter().filter_map(|(key, row)| Some((log_of(key)?, tx.decoded(Table::Head, row)?))).collect()
}

impl Guard {
    fn know(&mut self, log: &LogId) {
        let number = self.numbers.entry(log.space).or_insert(log.number);
        *number = log.number.max(*number);
    }

    /// The clock was set back: nothing waits longer than this.
    pub(super) fn wait_no_longer_than(&mut self, latest: Millis) {
        for until in self.unsure.values_mut() {
            *until = latest.min(*until);
        }
        self.chains.wait_no_longer_than(latest);
    }

    /// How many commands wait.
    pub(super) const fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// A group begins.
    pub(super) fn begin(&mut self) {
        self.signed.clear();
        self.chains.begin();
    }

    /// The store did not take what was signed: nothing of it was sent. Commands that waited still wait.
    pub(super) fn undo(&mut self, before: Self) {
        *self = before;
    }

    /// The ends of own chains of orders.
    pub(super) fn chain_ends(&self) -> Arc<BTreeMap<OrderId, OrderLast>> {
        self.chains.ends()
    }

    /// Where a command begins, to come back to.
    pub(super) fn savepoint(&self) -> Savepoint {
        Savepoint { own: self.own.clone(), chains: self.chains.clone() }
    }

    /// Comes back to a savepoint.
    pub(super) fn roll_back(&mut self, savepoint: Savepoint) {
        (self.own, self.chains) = (savepoint.own, savepoint.chains);
    }

    /// This node signed an entry, and it was kept.
    pub(super) fn signed(&mut self, log: LogId, id: EntryId) {
        self.know(&log);
        self.own.insert(log, id);
        self.signed.insert(log);
    }

    /// What the witness is to write down before this batch is committed; none when nothing was signed.
    pub(super) fn note(&self, tx: &Tx<'_>, base: (u64, Digest), batch: &Batch) -> Option<Note> {
        let last = |log: &LogId| tx.load::<Head>(Table::Head, &crate::view::log_key(log)).map(|head| (head.seq, head.id));
        let lasts: Vec<_> = self.signed.iter().map(|log| (*log, last(log))).collect();
        let bytes: usize = batch.iter().map(|((_, key), value)| key.len() + value.as_ref().map_or(0, Vec::len)).sum();
        let redo = (bytes <= REDO_MAX_BYTES).then(|| Redo::of(base, batch));
        let orders = self.chains.note();
        (!lasts.is_empty() || !orders.is_empty()).then_some(Note { lasts, orders, redo })
    }
}

/// The note that takes another back, after a commit that failed. `ends` are those of own chains of orders before.
pub(super) fn taken_back(tx: &Tx<'_>, note: &Note, ends: &BTreeMap<OrderId, OrderLast>) -> Note {
    let last = |log: &LogId| tx.load::<Head>(Table::Head, &crate::view::log_key(log)).map(|head| (head.seq, head.id));
    let orders = note.orders.iter().map(|(order, _)| (*order, ends.get(order).copied())).collect();
    Note { lasts: note.lasts.iter().map(|(log, _)| (*log, last(log))).collect(), orders, redo: None }
}

impl Work<'_, '_> {
    /// The log of this device that is written now: the last one when it may be gone on with, else a new one.
    ///
    /// # Errors
    /// A problem that waits, while no peer has told its own end of these logs; or a refusal when nothing can be said there.
    pub(super) fn own_log(&mut self, space: SpaceId) -> Result<LogId, Problem> {
        let refused = || Problem::refused("not-a-member", "nothing can be said there", "this node is not a member any more");
        if let Some(until) = self.passing.guard.unsure.get(&space).copied() {
            if self.now < until {
                let detail = "after a start this node waits for a member's word about its own entries";
                return Err(
                    Problem::new(ProblemKind::Refused, WAITS, "nothing can be said there yet", detail).hint("try again in half a minute")
                );
            }
            // Nobody was there to tell: what was signed before may go on elsewhere.
            self.passing.guard.unsure.remove(&space);
            self.passing.guard.own.retain(|log, _| log.space != space);
            self.passing.guard.shared.insert(space);
        }
        let logs = own_logs(&self.tx, &space, &self.me.device());
        if let Some((log, head)) = logs.last()
            && self.passing.guard.own.get(log) == Some(&head.id)
            && !self.is_ahead(&head.id)
            && self.takes(log, head.seq + 1)
        {
            return Ok(*log);
        }
        let held = logs.last().map(|(log, _)| log.number);
        let last = held.max(self.passing.guard.numbers.get(&space).copied());
        let free = Known(&self.tx).created(&space).map_or(1, |created| admit::free_numbers(created, self.now)).min(LOG_NUMBERS_MAX);
        let number = match last {
            Some(last) => last + 1 + self.step_from(last, free),
            None if self.passing.guard.shared.contains(&space) => 1 + self.step_from(0, free),
            None => 0,
        };
        let log = LogId { space, device: self.me.device(), number };
        if !self.takes(&log, 0) {
            return Err(refused());
        }
        if number >= free {
            let detail = "this node has begun so many logs there that none is free before the next day";
            return Err(Problem::refused("too-many-logs", "nothing can be said there today", detail).hint("try again tomorrow"));
        }
        Ok(log)
    }

    /// Whatever follows an entry that a wrong clock dated ahead would wait with it.
    fn is_ahead(&self, last: &EntryId) -> bool {
        known::entry(&self.tx, last).is_some_and(|last| anew::is_ahead(&last, self.now))
    }

    /// By how much more than one the number of a new log rises.
    fn step_from(&mut self, last: u64, free: u64) -> u64 {
        let room = free.saturating_sub(last) / LOG_STEP_MAX;
        u64::from(self.entropy.fresh()[0]) % room.clamp(1, LOG_STEP_MAX)
    }

    /// A comparison with a member has ended: what it holds of my logs is here now.
    pub(super) fn heard_of_own(&mut self, circle: SpaceId) {
        let spaces: Vec<SpaceId> = shelf::shared_into(&self.tx, &circle).into_iter().chain([circle]).collect();
        let mut news = false;
        for space in spaces {
            news |= self.passing.guard.unsure.remove(&space).is_some();
        }
        if news {
            self.tend_epoch(circle);
            self.tend_name(circle);
            self.try_waiting();
        }
    }

    /// Keeps a command that has to wait; says whether it was kept.
    pub(super) fn keeps_waiting(&mut self, ticket: Ticket, command: Option<Command>, problem: &Problem) -> bool {
        let Some(command) = command.filter(|_| problem.code == WAITS && self.passing.guard.waiting.len() < COMMANDS_WAITING_MAX) else {
            return false;
        };
        self.passing.guard.waiting.push((ticket, command));
        true
    }

    /// Whether a command may have to wait.
    pub(super) fn may_wait(&self) -> bool {
        self.passing.guard.unsure.values().any(|until| self.now < *until) || self.passing.guard.chains.waits(self.now)
    }

    /// Tries commands that wait, in their order.
    pub(super) fn try_waiting(&mut self) {
        for (ticket, command) in std::mem::take(&mut self.passing.guard.waiting) {
            self.command(ticket, command);
        }
    }

    /// Commands that waited long enough.
    pub(super) fn tend_waiting(&mut self) {
        let now = self.now;
        self.tend_chains();
        if !self.passing.guard.waiting.is_empty() && self.passing.guard.unsure.values().any(|until| *until <= now) {
            self.try_waiting();
        }
    }
}
