//! The witness: what this device signed last in each log and in its chain of each order, written down outside the store before
//! anything is committed or sent.
//!
//! A store can be older than what was signed: the power went between the two, or an old copy was put back. Then the witness knows
//! more, and the log is not gone on with: a device that signs two entries for one place has forked its log. What it holds is
//! never a reason not to write: it leads into a new log. An order has no second chain; there the other side's word is needed.

pub mod file;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use haat_protocol::entry::LogId;
use haat_protocol::id::{Digest, EntryId, EventId, OrderId};
use serde::{Deserialize, Serialize};

use crate::store::{Batch, StoreError, Table};

/// The last entry that was signed in a log.
pub type Last = (u64, EntryId);

/// The last event that was signed in an order, or the one by which another device gave its chain to this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLast {
    /// The event.
    pub id: EventId,
    /// Whether another home may go on with this chain as well: it was not begun in this one.
    pub shared: bool,
}

/// Changes of the store that belong to what was signed: after a crash between witness and commit they are made then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redo {
    /// The end of the trust log before: they fit no other store.
    pub base: (u64, Digest),
    /// Table, key and value; no value = taken away.
    changes: Vec<(String, serde_bytes::ByteBuf, Option<serde_bytes::ByteBuf>)>,
}

impl Redo {
    /// The changes of a batch.
    #[must_use]
    pub fn of(base: (u64, Digest), batch: &Batch) -> Self {
        let bytes = |bytes: &Vec<u8>| serde_bytes::ByteBuf::from(bytes.clone());
        let change =
            |((table, key), value): (&(Table, Vec<u8>), &Option<Vec<u8>>)| (table.text().to_owned(), bytes(key), value.as_ref().map(bytes));
        Self { base, changes: batch.iter().map(change).collect() }
    }

    /// The batch; none when a newer program wrote it.
    #[must_use]
    pub fn batch(&self) -> Option<Batch> {
        let change = |(text, key, value): &(String, serde_bytes::ByteBuf, Option<serde_bytes::ByteBuf>)| {
            let table = Table::ALL.iter().find(|table| table.text() == text)?;
            Some(((*table, key.to_vec()), value.as_ref().map(|value| value.to_vec())))
        };
        self.changes.iter().map(change).collect()
    }
}

/// What is written down at once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The last entries of logs that were signed in; none = nothing of it was ever sent.
    pub lasts: Vec<(LogId, Option<Last>)>,
    /// The last events of orders that were signed in; none = what was signed last is in doubt.
    pub orders: Vec<(OrderId, Option<OrderLast>)>,
    /// What the store is about to be told.
    pub redo: Option<Redo>,
}

/// Whoever writes it down.
pub trait Witness: Send {
    /// What was signed last, by log.
    fn lasts(&self) -> BTreeMap<LogId, Last>;
    /// What was signed last, by order.
    fn orders(&self) -> BTreeMap<OrderId, OrderLast>;
    /// What the store was about to be told last.
    fn redo(&self) -> Option<Redo>;
    /// Whether the home is a copy of another one: where that goes on writing, this one must not.
    fn is_copy(&self) -> bool;
    /// Writes a note down; it is durable when this returns.
    ///
    /// # Errors
    /// [`StoreError`]: then nothing may be committed or sent.
    fn note(&mut self, note: Note) -> Result<(), StoreError>;
}

impl std::fmt::Debug for dyn Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Witness")
    }
}

/// What the notes so far come to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    pub(crate) lasts: BTreeMap<LogId, Last>,
    pub(crate) orders: BTreeMap<OrderId, OrderLast>,
    pub(crate) redo: Option<Redo>,
}

impl Known {
    pub(crate) fn add(&mut self, note: Note) {
        for (log, last) in note.lasts {
            match last {
                Some(last) => self.lasts.insert(log, last),
                None => self.lasts.remove(&log),
            };
        }
        for (order, last) in note.orders {
            match last {
                Some(last) => self.orders.insert(order, last),
                None => self.orders.remove(&order),
            };
        }
        self.redo = note.redo;
    }

    /// The home is a copy: what was begun before it may go on in the other one.
    fn share(&mut self) {
        self.orders.values_mut().for_each(|last| last.shared = true);
    }
}

/// A witness in memory, for tests and the simulator. A clone is the same one: it outlives the engine.
#[derive(Debug, Clone, Default)]
pub struct Recalled(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    known: Known,
    is_copy: bool,
    fails: bool,
}

impl Recalled {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A copy of what was written down, as a copied home has one.
    #[must_use]
    pub fn copy(&self) -> Self {
        let mut known = self.state().known.clone();
        known.share();
        Self(Arc::new(Mutex::new(State { known, is_copy: true, fails: false })))
    }

    /// The next note fails.
    pub fn fail_once(&self) {
        self.state().fails = true;
    }
}

impl Witness for Recalled {
    fn lasts(&self) -> BTreeMap<LogId, Last> {
        self.state().known.lasts.clone()
    }

    fn orders(&self) -> BTreeMap<OrderId, OrderLast> {
        self.state().known.orders.clone()
    }

    fn redo(&self) -> Option<Redo> {
        self.state().known.redo.clone()
    }

    fn is_copy(&self) -> bool {
        self.state().is_copy
    }

    fn note(&mut self, note: Note) -> Result<(), StoreError> {
        let mut state = self.state();
        if std::mem::take(&mut state.fails) {
            return Err(StoreError::Io("the witness was made to fail".into()));
        }
        state.known.add(note);
        Ok(())
    }
}
