//! A store in memory, for the simulator and for checking what is derived.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use super::{Batch, Pair, Range, Snapshot, Store, StoreError, Table};

type Rows = BTreeMap<(Table, Vec<u8>), Vec<u8>>;

/// Tables in memory. Cloning copies nothing; a commit copies what snapshots still hold.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    rows: Arc<Rows>,
}

impl MemoryStore {
    /// The rows of one table, in order.
    #[must_use]
    pub fn snapshot_rows(&self, table: Table) -> Vec<Pair> {
        self.rows.iter().filter(|((t, _), _)| *t == table).map(|((_, key), value)| (key.clone(), value.clone())).collect()
    }
}

impl Snapshot for Arc<Rows> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(BTreeMap::get(self, &(table, key.to_vec())).cloned())
    }

    fn scan(&self, table: Table, range: Range<'_>) -> Result<Vec<Pair>, StoreError> {
        if range.to.is_some_and(|to| to < range.from) {
            return Ok(Vec::new());
        }
        // Without an end, the range stops where the next table begins.
        let to = match (range.to, Table::ALL.iter().find(|other| **other > table)) {
            (Some(to), _) => Bound::Excluded((table, to.to_vec())),
            (None, Some(next)) => Bound::Excluded((*next, Vec::new())),
            (None, None) => Bound::Unbounded,
        };
        let rows = self.range((Bound::Included((table, range.from.to_vec())), to));
        let pair = |((_, key), value): (&(Table, Vec<u8>), &Vec<u8>)| (key.clone(), value.clone());
        Ok(if range.reverse { rows.rev().take(range.limit).map(pair).collect() } else { rows.take(range.limit).map(pair).collect() })
    }
}

impl Store for MemoryStore {
    fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        Ok(Box::new(Arc::clone(&self.rows)))
    }

    fn commit(&mut self, batch: Batch) -> Result<(), StoreError> {
        let rows = Arc::make_mut(&mut self.rows);
        for (key, value) in batch {
            match value {
                Some(value) => rows.insert(key, value),
                None => rows.remove(&key),
            };
        }
        Ok(())
    }
}
