//! A snapshot with changes on top: what every reader and writer above the store holds.
//!
//! Reads do not fail one by one. The first fault is remembered, reads after it find nothing, and [`Tx::finish`] reports it, so
//! that nothing is ever committed or answered on half-read data.

use std::cell::RefCell;
use std::ops::Bound;

use haat_protocol::codec::{decode_own, encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Batch, Pair, Range, Snapshot, StoreError, Table};

/// Reads a snapshot and gathers changes.
pub struct Tx<'a> {
    base: &'a dyn Snapshot,
    changes: Batch,
    fault: RefCell<Option<StoreError>>,
}

impl std::fmt::Debug for Tx<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tx({} changes)", self.changes.len())
    }
}

impl<'a> Tx<'a> {
    /// A transaction over a snapshot.
    #[must_use]
    pub fn new(base: &'a dyn Snapshot) -> Self {
        Self { base, changes: Batch::new(), fault: RefCell::new(None) }
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, table: Table, key: &[u8]) -> Option<Vec<u8>> {
        if let Some(change) = self.changes.get(&(table, key.to_vec())) {
            return change.clone();
        }
        self.sound(self.base.get(table, key)).flatten()
    }

    /// Whether the key is there.
    #[must_use]
    pub fn has(&self, table: Table, key: &[u8]) -> bool {
        self.get(table, key).is_some()
    }

    /// The decoded value of a key.
    #[must_use]
    pub fn load<T: DeserializeOwned>(&self, table: Table, key: &[u8]) -> Option<T> {
        let bytes = self.get(table, key)?;
        self.decoded(table, &bytes)
    }

    /// Decodes a row of a table; a damaged one is a fault.
    #[must_use]
    pub fn decoded<T: DeserializeOwned>(&self, table: Table, bytes: &[u8]) -> Option<T> {
        self.sound(decode_own(bytes).map_err(|fault| StoreError::Damaged(format!("table {}: {fault}", table.text()))))
    }

    /// Sets a key.
    pub fn put(&mut self, table: Table, key: &[u8], value: Vec<u8>) {
        self.changes.insert((table, key.to_vec()), Some(value));
    }

    /// Sets a key to the encoding of a row.
    pub fn save<T: Serialize + ?Sized>(&mut self, table: Table, key: &[u8], row: &T) {
        self.put(table, key, encode(row));
    }

    /// Takes a key away.
    pub fn remove(&mut self, table: Table, key: &[u8]) {
        self.changes.insert((table, key.to_vec()), None);
    }

    /// The changes so far, to come back to.
    #[must_use]
    pub fn savepoint(&self) -> Batch {
        self.changes.clone()
    }

    /// The changes so far.
    #[must_use]
    pub const fn changes(&self) -> &Batch {
        &self.changes
    }

    /// Comes back to a savepoint: what was changed since is not.
    pub fn roll_back(&mut self, savepoint: Batch) {
        self.changes = savepoint;
    }

    /// All pairs whose key begins so, in order.
    #[must_use]
    pub fn prefix(&self, table: Table, prefix: &[u8]) -> Vec<Pair> {
        let to = after_prefix(prefix);
        self.scan(table, Range { from: prefix, to: to.as_deref(), reverse: false, limit: usize::MAX })
    }

    /// The last pair whose key begins so.
    #[must_use]
    pub fn last(&self, table: Table, prefix: &[u8]) -> Option<Pair> {
        let to = after_prefix(prefix);
        self.scan(table, Range { from: prefix, to: to.as_deref(), reverse: true, limit: 1 }).pop()
    }

    /// The pairs of a range, in the order asked for.
    #[must_use]
    pub fn scan(&self, table: Table, range: Range<'_>) -> Vec<Pair> {
        let to = range.to.map_or(Bound::Unbounded, |to| Bound::Excluded((table, to.to_vec())));
        let changed = self.changes.range((Bound::Included((table, range.from.to_vec())), to));
        let changed: std::collections::BTreeMap<&Vec<u8>, &Option<Vec<u8>>> =
            changed.take_while(|((t, _), _)| *t == table).map(|((_, key), value)| (key, value)).collect();
        let wanted = Range { limit: range.limit.saturating_add(changed.len()), ..range };
        let mut rows = self.sound(self.base.scan(table, wanted)).unwrap_or_default();
        if !changed.is_empty() {
            rows.retain(|(key, _)| !changed.contains_key(key));
            rows.extend(changed.iter().filter_map(|(key, value)| Some(((*key).clone(), (*value).clone()?))));
            rows.sort();
            if range.reverse {
                rows.reverse();
            }
        }
        rows.truncate(range.limit);
        rows
    }

    /// The changes, to be committed.
    ///
    /// # Errors
    /// The first fault of any read: then nothing must be committed.
    pub fn finish(self) -> Result<Batch, StoreError> {
        match self.fault.into_inner() {
            Some(fault) => Err(fault),
            None => Ok(self.changes),
        }
    }

    /// The first fault of any read so far.
    #[must_use]
    pub fn fault(&self) -> Option<StoreError> {
        self.fault.borrow().clone()
    }

    fn sound<T>(&self, read: Result<T, StoreError>) -> Option<T> {
        read.map_err(|fault| {
            self.fault.borrow_mut().get_or_insert(fault);
        })
        .ok()
    }
}

/// The first key that does not begin so; none when there is no such key.
fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return Some(end);
        }
    }
    None
}
