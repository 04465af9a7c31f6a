//! A node's store in the simulator: the node's own, in memory or on disk, with commits that can be made to fail. It must never
//! change what is stored.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use haat_node::store::disk::DiskStore;
use haat_node::store::memory::MemoryStore;
use haat_node::store::{Batch, Snapshot, Store, StoreError};

/// Where rows are kept.
#[derive(Debug, Clone)]
pub enum Keeping {
    /// In memory.
    Memory(MemoryStore),
    /// In a redb file.
    Disk(DiskStore),
}

/// A store whose next commit can be made to fail. A clone taken after a crash is the same store.
#[derive(Debug, Clone)]
pub struct SimStore {
    keeping: Keeping,
    fails: Arc<AtomicBool>,
}

impl SimStore {
    /// A store over a keeping.
    #[must_use]
    pub fn new(keeping: Keeping) -> Self {
        Self { keeping, fails: Arc::default() }
    }

    /// Lets the next commit fail.
    pub fn fail_once(&self) {
        self.fails.store(true, Ordering::Relaxed);
    }

    /// Takes back what [`Self::fail_once`] asked for; says whether it was still to come.
    #[must_use]
    pub fn spare(&self) -> bool {
        self.fails.swap(false, Ordering::Relaxed)
    }
}

impl Store for SimStore {
    fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        match &self.keeping {
            Keeping::Memory(store) => store.snapshot(),
            Keeping::Disk(store) => store.snapshot(),
        }
    }

    fn commit(&mut self, batch: Batch) -> Result<(), StoreError> {
        if self.spare() {
            return Err(StoreError::Io("the simulator let this commit fail".into()));
        }
        match &mut self.keeping {
            Keeping::Memory(store) => store.commit(batch),
            Keeping::Disk(store) => store.commit(batch),
        }
    }
}
