//! How much a session remembers, for whoever watches that nothing grows without bound.

use super::Session;

/// What a session remembers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Circles that wait to be compared.
    pub queue: usize,
    /// Tags that the peer named.
    pub tags: usize,
    /// Payloads that the peer was asked for.
    pub holes: usize,
}

impl Load {
    /// The greater of each.
    #[must_use]
    pub fn most(self, other: Self) -> Self {
        Self { queue: self.queue.max(other.queue), tags: self.tags.max(other.tags), holes: self.holes.max(other.holes) }
    }
}

impl Session {
    /// How much it remembers right now.
    #[must_use]
    pub fn load(&self) -> Load {
        Load { queue: self.queue.len(), tags: self.theirs.len(), holes: self.holes.len() }
    }
}
