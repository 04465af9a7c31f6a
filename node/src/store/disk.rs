//! The store on disk: one redb file. The only file that names the database.
//!
//! Every commit is durable when it returns (two-phase, with quick repair after a crash). No read transaction outlives its reader.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::ops::Bound;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

use redb::{AccessGuard, Database, DatabaseError, ReadOnlyTable, ReadTransaction, ReadableDatabase, TableDefinition};

use super::{Batch, Pair, Range, Snapshot, Store, StoreError, Table};

/// A key and its value, as the database lends them.
type Row<'a> = (AccessGuard<'a, &'static [u8]>, AccessGuard<'a, &'static [u8]>);
type Rows = ReadOnlyTable<&'static [u8], &'static [u8]>;

const fn definition(table: Table) -> TableDefinition<'static, &'static [u8], &'static [u8]> {
    TableDefinition::new(table.text())
}

/// A redb file. Clones share it.
#[derive(Clone)]
pub struct DiskStore {
    database: Arc<Database>,
}

impl std::fmt::Debug for DiskStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DiskStore")
    }
}

impl DiskStore {
    /// Opens the file, or creates it with all tables.
    ///
    /// # Errors
    /// [`StoreError`] when it is in use, damaged, or cannot be reached.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        // The database would create it readable for others.
        let owner_only = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path);
        owner_only.map_err(|fault| StoreError::Io(fault.to_string()))?;
        let database = Database::create(path).map_err(|fault| match fault {
            DatabaseError::DatabaseAlreadyOpen => StoreError::InUse,
            DatabaseError::Storage(redb::StorageError::Io(io)) if io.kind() != std::io::ErrorKind::InvalidData => {
                StoreError::Io(io.to_string())
            }
            other => StoreError::Damaged(other.to_string()),
        })?;
        let mut store = Self { database: Arc::new(database) };
        store.commit(Batch::new())?;
        Ok(store)
    }

    /// A snapshot that other threads may take.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn read(&self) -> Result<DiskSnapshot, StoreError> {
        let transaction = self.database.begin_read().map_err(fault)?;
        Ok(DiskSnapshot { transaction, open: RefCell::default() })
    }
}

impl Store for DiskStore {
    fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        Ok(Box::new(self.read()?))
    }

    fn commit(&mut self, batch: Batch) -> Result<(), StoreError> {
        let mut transaction = self.database.begin_write().map_err(fault)?;
        transaction.set_quick_repair(true);
        let create = batch.is_empty();
        let mut changes = batch.into_iter().peekable();
        for table in Table::ALL.iter().filter(|_| create) {
            transaction.open_table(definition(*table)).map_err(fault)?;
        }
        while let Some(((table, _), _)) = changes.peek() {
            let table = *table;
            let mut rows = transaction.open_table(definition(table)).map_err(fault)?;
            while let Some(((_, key), value)) = changes.next_if(|((t, _), _)| *t == table) {
                match value {
                    Some(value) => rows.insert(key.as_slice(), value.as_slice()).map_err(fault)?,
                    None => rows.remove(key.as_slice()).map_err(fault)?,
                };
            }
        }
        transaction.commit().map_err(fault)
    }
}

/// A state of the file. Opened tables are kept, so that a reader pays for each once.
pub struct DiskSnapshot {
    transaction: ReadTransaction,
    open: RefCell<BTreeMap<Table, Arc<Rows>>>,
}

impl std::fmt::Debug for DiskSnapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DiskSnapshot")
    }
}

impl DiskSnapshot {
    fn rows(&self, table: Table) -> Result<Arc<Rows>, StoreError> {
        if let Some(rows) = self.open.borrow().get(&table) {
            return Ok(Arc::clone(rows));
        }
        let rows = Arc::new(self.transaction.open_table(definition(table)).map_err(fault)?);
        self.open.borrow_mut().insert(table, Arc::clone(&rows));
        Ok(rows)
    }
}

impl Snapshot for DiskSnapshot {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let value = self.rows(table)?.get(key).map_err(fault)?;
        Ok(value.map(|value| value.value().to_vec()))
    }

    fn scan(&self, table: Table, range: Range<'_>) -> Result<Vec<Pair>, StoreError> {
        if range.to.is_some_and(|to| to < range.from) {
            return Ok(Vec::new());
        }
        let to = range.to.map_or(Bound::Unbounded, Bound::Excluded);
        let rows = self.rows(table)?;
        let found = rows.range::<&[u8]>((Bound::Included(range.from), to)).map_err(fault)?;
        let pair = |row: Result<Row<'_>, redb::StorageError>| {
            row.map(|(key, value)| (key.value().to_vec(), value.value().to_vec())).map_err(fault)
        };
        if range.reverse { found.rev().take(range.limit).map(pair).collect() } else { found.take(range.limit).map(pair).collect() }
    }
}

fn fault(error: impl Into<redb::Error>) -> StoreError {
    match error.into() {
        redb::Error::Io(io) => StoreError::Io(io.to_string()),
        redb::Error::Corrupted(what) => StoreError::Damaged(what),
        other => StoreError::Io(other.to_string()),
    }
}
