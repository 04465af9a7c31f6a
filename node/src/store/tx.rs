//! A snapshot with changes on top: what every reader and writer above the store holds.
//!
//! Reads do not fail one by one. The first fault is remembered, reads after it find nothing, and [`Tx::finish`] reports it, so
//! that nothing is ever committed or answered on half-read data.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::ops::Bound;
use std::sync::Arc;

use haat_protocol::codec::{decode_own, encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::memo::{Memos, Sort};
use super::{Batch, Pair, Range, Snapshot, StoreError, Table};

/// Reads a snapshot and gathers changes.
pub struct Tx<'a> {
    base: &'a dyn Snapshot,
    memos: Option<&'a Memos>,
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
        Self { base, memos: None, changes: Batch::new(), fault: RefCell::new(None) }
    }

    /// A transaction over the newest snapshot of a store, with what is remembered of that store.
    #[must_use]
    pub fn with_memos(base: &'a dyn Snapshot, memos: &'a Memos) -> Self {
        Self { memos: Some(memos), ..Self::new(base) }
    }

    /// What follows from rows alone: remembered, or derived now and remembered.
    #[must_use]
    pub fn memo<T: PartialEq + Send + Sync + 'static>(&self, sort: Sort, key: &[u8], derive: impl FnOnce() -> T) -> Arc<T> {
        self.memo_while(sort, key, |_| true, derive)
    }

    /// What follows from rows and says itself whether it still holds, such as at another time: no other memo may be made of it.
    #[must_use]
    pub fn memo_while<T: PartialEq + Send + Sync + 'static>(
        &self,
        sort: Sort,
        key: &[u8],
        holds: impl FnOnce(&T) -> bool,
        derive: impl FnOnce() -> T,
    ) -> Arc<T> {
        let Some(memos) = self.memos else { return Arc::new(derive()) };
        if let Some(value) = memos.recall(sort, key).filter(|value: &Arc<T>| holds(value)) {
            if memos.is_doubted() {
                assert!(derive() == *value, "a memo of {sort:?} is not what deriving anew gives");
            }
            return value;
        }
        memos.begin();
        let value = Arc::new(derive());
        memos.end(sort, key, &value, self.fault.borrow().is_none());
        value
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, table: Table, key: &[u8]) -> Option<Vec<u8>> {
        if let Some(memos) = self.memos {
            memos.looked_at(table, key);
        }
        if !self.changes.is_empty()
            && let Some(change) = self.changes.get(&(table, key.to_vec()))
        {
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
        self.change(table, key, Some(value));
    }

    fn change(&mut self, table: Table, key: &[u8], value: Option<Vec<u8>>) {
        if let Some(memos) = self.memos {
            memos.changed(table, key);
        }
        self.changes.insert((table, key.to_vec()), value);
    }

    /// Sets a key to the encoding of a row.
    pub fn save<T: Serialize + ?Sized>(&mut self, table: Table, key: &[u8], row: &T) {
        self.put(table, key, encode(row));
    }

    /// Takes a key away.
    pub fn remove(&mut self, table: Table, key: &[u8]) {
        self.change(table, key, None);
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
        let undone = std::mem::replace(&mut self.changes, savepoint);
        if let Some(memos) = self.memos {
            undone.keys().for_each(|(table, key)| memos.changed(*table, key));
        }
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
        if let Some(memos) = self.memos {
            memos.looked_through(table, &range);
        }
        if self.changes.is_empty() {
            return self.sound(self.base.scan(table, range)).unwrap_or_default();
        }
        // Of the snapshot no more is read than may be needed: twice as much, when changes took away what was read.
        let mut limit = range.limit;
        loop {
            let rows = self.sound(self.base.scan(table, Range { limit, ..range })).unwrap_or_default();
            let is_all = rows.len() < limit;
            if let Some(merged) = self.merged(table, range, (rows, is_all)) {
                return merged;
            }
            limit = limit.saturating_mul(2);
        }
    }

    /// The first rows of a range of the snapshot with the changes on top; none when more rows have to be read to say so.
    fn merged(&self, table: Table, range: Range<'_>, (rows, is_all): (Vec<Pair>, bool)) -> Option<Vec<Pair>> {
        let end = || Table::ALL.get(table as usize + 1).map_or(Bound::Unbounded, |next| Bound::Excluded((*next, Vec::new())));
        let to = range.to.map_or_else(end, |to| Bound::Excluded((table, to.to_vec())));
        let mut changes = self.changes.range((Bound::Included((table, range.from.to_vec())), to)).map(|((_, key), value)| (key, value));
        let mut next = move || if range.reverse { changes.next_back() } else { changes.next() };
        let (mut rows, mut change) = (rows.into_iter().peekable(), next());
        let mut merged = Vec::new();
        while merged.len() < range.limit {
            let order = match (rows.peek(), change) {
                (None, _) if !is_all => return None,
                (None, None) => break,
                (None, Some(_)) => Ordering::Greater,
                (Some(_), None) => Ordering::Less,
                (Some((key, _)), Some((changed, _))) if range.reverse => changed.cmp(key),
                (Some((key, _)), Some((changed, _))) => key.cmp(changed),
            };
            let row = if order == Ordering::Greater { None } else { rows.next() };
            if order == Ordering::Less {
                merged.extend(row);
            } else {
                merged.extend(change.and_then(|(key, value)| Some((key.clone(), value.clone()?))));
                change = next();
            }
        }
        Some(merged)
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
