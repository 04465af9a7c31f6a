//! A node's store in the simulator: the node's own, in memory or on disk, with commits that can be made to fail. It must never
//! change what is stored.

use std::sync::{Arc, Mutex, PoisonError};

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

/// What becomes of the next commit. A transaction is whole or absent, never torn: that is the database's promise, and the tests
/// of kill -9 hold it to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fate {
    /// It holds.
    #[default]
    Holds,
    /// It fails, and the node is told so.
    Fails,
    /// The node falls before it is durable.
    FallsBefore,
    /// The node falls when it is durable, before anybody is told.
    FallsAfter,
    /// The node has fallen in a commit.
    Fell,
}

/// A store whose next commit can be made to fail. A clone taken after a crash is the same store.
#[derive(Debug, Clone)]
pub struct SimStore {
    keeping: Keeping,
    fate: Arc<Mutex<Fate>>,
    commits: u64,
}

impl SimStore {
    /// A store over a keeping.
    #[must_use]
    pub fn new(keeping: Keeping) -> Self {
        Self { keeping, fate: Arc::default(), commits: 0 }
    }

    /// The same rows in a store of its own, when they are in memory.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self::new(self.keeping.clone())
    }

    /// Decides what becomes of the next commit.
    pub fn fate(&self, fate: Fate) {
        self.exchange(fate);
    }

    /// Whether the node fell in a commit; asked once.
    #[must_use]
    pub fn fell(&self) -> bool {
        let fate = self.exchange(Fate::Holds);
        if fate != Fate::Fell {
            self.exchange(fate);
        }
        fate == Fate::Fell
    }

    /// How many commits were kept: while it is the same, so are the rows.
    #[must_use]
    pub const fn commits(&self) -> u64 {
        self.commits
    }

    fn exchange(&self, fate: Fate) -> Fate {
        std::mem::replace(&mut *self.fate.lock().unwrap_or_else(PoisonError::into_inner), fate)
    }

    fn keep(&mut self, batch: Batch) -> Result<(), StoreError> {
        self.commits += 1;
        match &mut self.keeping {
            Keeping::Memory(store) => store.commit(batch),
            Keeping::Disk(store) => store.commit(batch),
        }
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
        let lost = || StoreError::Io("the simulator let this commit fail".into());
        match self.exchange(Fate::Holds) {
            Fate::Holds => self.keep(batch),
            Fate::Fails => Err(lost()),
            Fate::FallsBefore | Fate::Fell => {
                self.exchange(Fate::Fell);
                Err(lost())
            }
            Fate::FallsAfter => {
                self.keep(batch)?;
                self.exchange(Fate::Fell);
                Ok(())
            }
        }
    }
}
