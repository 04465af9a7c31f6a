//! The store: ordered tables of bytes, read through snapshots and changed by one batch at a time.
//!
//! Only `store/disk.rs` names the database. Whoever reads or writes uses [`Tx`]: a snapshot with the changes of the
//! group on top, so that the inputs of one group see each other and become durable together.

pub mod disk;
pub mod memo;
pub mod memory;
pub mod table;
pub mod tx;

use std::fmt::Debug;

pub use table::Table;
pub use tx::Tx;

/// A key and its value.
pub type Pair = (Vec<u8>, Vec<u8>);
/// Changes to be made together: none as value deletes.
pub type Batch = std::collections::BTreeMap<(Table, Vec<u8>), Option<Vec<u8>>>;

/// The store cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another process holds it.
    #[error("the store is in use by another process")]
    InUse,
    /// The disk is full, or a call failed.
    #[error("the store cannot be reached: {0}")]
    Io(String),
    /// What is stored is not what was written.
    #[error("the store is damaged: {0}")]
    Damaged(String),
}

/// A range of keys of one table.
#[derive(Debug, Clone, Copy)]
pub struct Range<'a> {
    /// The first key.
    pub from: &'a [u8],
    /// The first key beyond; none = to the end.
    pub to: Option<&'a [u8]>,
    /// From the end.
    pub reverse: bool,
    /// Pairs at most.
    pub limit: usize,
}

/// A state of the store that does not change.
pub trait Snapshot {
    /// The value of a key.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// The pairs of a range, in the order asked for.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read.
    fn scan(&self, table: Table, range: Range<'_>) -> Result<Vec<Pair>, StoreError>;
}

/// Something that keeps batches.
pub trait Store: Debug + Send {
    /// The state of now.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError>;

    /// Makes all changes durable, or none.
    ///
    /// # Errors
    /// [`StoreError`] when they could not be made; then nothing has changed.
    fn commit(&mut self, batch: Batch) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests;
