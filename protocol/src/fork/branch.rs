//! The branch of a forked log that its person has named: which entries wait for the rest of it, and when all of it is there.
//!
//! Nothing here keeps an entry. Which of two branches somebody holds shows only at the named end, so from the fork on all of it waits.

use crate::entry::Entry;
use crate::id::EntryId;
use crate::identity::Ending;
use crate::limits::PARKED_PER_LOG_MAX;

/// A branch that was named and is not whole here: from the fork to the named end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Branch {
    /// The first place that waits.
    pub from: u64,
    /// The last.
    pub to: u64,
    /// The entry that stands there.
    pub id: EntryId,
}

/// What an entry is to a branch at one of whose places it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// With it all of the branch is there, in order.
    Whole(Vec<Entry>),
    /// It is of the branch, or may be: it waits, and takes the place of what waited there.
    Waits,
    /// Another entry is known to stand there.
    Other,
    /// Nothing of a branch so long waits there.
    TooFar,
}

impl Branch {
    /// The branch that an end names, if the log is forked there or before and another entry, or none, is held at its place.
    #[must_use]
    pub fn named(ending: Ending, fork: Option<u64>, held: impl FnOnce(u64) -> Option<EntryId>) -> Option<Self> {
        let (Ending::At(to, id), Some(from)) = (ending, fork) else { return None };
        (from <= to && held(to) != Some(id)).then_some(Self { from, to, id })
    }

    /// Whether it has this place.
    #[must_use]
    pub const fn has(&self, seq: u64) -> bool {
        self.from <= seq && seq <= self.to
    }

    /// What an entry at one of its places is to it, beside those that wait. Of the branch are the named end and whatever one of the branch
    /// names as its predecessor.
    #[must_use]
    pub fn fit(&self, entry: &Entry, waiting: impl Fn(u64) -> Option<Entry>) -> Fit {
        let (mut wanted, mut last) = (Some(self.id), Vec::new());
        for seq in (self.from..=self.to).rev() {
            let is_here = |other: &Entry| Some(other.id()) == wanted;
            let here = if seq == entry.header().seq { Some(entry.clone()) } else { waiting(seq) };
            let Some(here) = here.filter(is_here) else { break };
            wanted = here.header().prev;
            last.push(here);
        }
        let known = last.len() as u64;
        if known > self.to - self.from {
            last.reverse();
            return Fit::Whole(last);
        }
        let seq = entry.header().seq;
        if self.to - seq == known {
            return Fit::Other;
        }
        if seq - self.from < PARKED_PER_LOG_MAX as u64 { Fit::Waits } else { Fit::TooFar }
    }
}
