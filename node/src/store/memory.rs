//! A store in memory, for the simulator and for checking what is derived.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use super::{Batch, Pair, Range, Snapshot, Store, StoreError, Table};

/// Rows by table: a key is compared with keys of its own table only.
#[derive(Debug, Clone)]
struct Rows([BTreeMap<Vec<u8>, Vec<u8>>; Table::ALL.len()]);

impl Rows {
    fn of(&self, table: Table) -> &BTreeMap<Vec<u8>, Vec<u8>> {
        &self.0[table as usize]
    }
}

/// Tables in memory. Cloning copies nothing; a commit copies what snapshots still hold.
#[derive(Debug, Clone)]
pub struct MemoryStore {
    rows: Arc<Rows>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self { rows: Arc::new(Rows(std::array::from_fn(|_| BTreeMap::new()))) }
    }
}

impl MemoryStore {
    /// The rows of one table, in order.
    #[must_use]
    pub fn snapshot_rows(&self, table: Table) -> Vec<Pair> {
        self.rows.of(table).iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }
}

impl Snapshot for Arc<Rows> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.of(table).get(key).cloned())
    }

    fn scan(&self, table: Table, range: Range<'_>) -> Result<Vec<Pair>, StoreError> {
        if range.to.is_some_and(|to| to < range.from) {
            return Ok(Vec::new());
        }
        let to = range.to.map_or(Bound::Unbounded, Bound::Excluded);
        let rows = self.of(table).range::<[u8], _>((Bound::Included(range.from), to));
        let pair = |(key, value): (&Vec<u8>, &Vec<u8>)| (key.clone(), value.clone());
        Ok(if range.reverse { rows.rev().take(range.limit).map(pair).collect() } else { rows.take(range.limit).map(pair).collect() })
    }
}

impl Store for MemoryStore {
    fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        Ok(Box::new(Arc::clone(&self.rows)))
    }

    fn commit(&mut self, batch: Batch) -> Result<(), StoreError> {
        let rows = Arc::make_mut(&mut self.rows);
        for ((table, key), value) in batch {
            let rows = &mut rows.0[table as usize];
            match value {
                Some(value) => rows.insert(key, value),
                None => rows.remove(&key),
            };
        }
        Ok(())
    }
}
