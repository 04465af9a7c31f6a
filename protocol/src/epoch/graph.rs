//! The epochs of a circle among each other: which stand, which are newest, which one serves to write under.
//!
//! A pure function of the set of epochs: the order in which they came does not matter. Nothing here holds a key.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::id::{Digest, KeyId};
use crate::limits::EPOCH_PARENTS_MAX;

/// What the graph needs of one epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// As it says itself.
    pub generation: u64,
    /// The epochs it follows.
    pub parents: Vec<KeyId>,
    /// What it covers beyond them.
    pub covers: Vec<Digest>,
}

/// The epochs of a circle that stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    nodes: BTreeMap<KeyId, Node>,
}

impl Graph {
    /// Keeps those that stand: an epoch without parents of generation 0, and one whose parents all stand and whose generation is one
    /// more than the greatest of theirs. So nobody gets ahead of others by claiming a number.
    #[must_use]
    pub fn new(epochs: impl IntoIterator<Item = (KeyId, Node)>) -> Self {
        let mut rest: Vec<(KeyId, Node)> = epochs.into_iter().collect();
        rest.sort_by_key(|(id, node)| (node.generation, *id));
        let mut nodes: BTreeMap<KeyId, Node> = BTreeMap::new();
        for (id, node) in rest {
            let above: Option<Vec<u64>> = node.parents.iter().map(|parent| Some(nodes.get(parent)?.generation.saturating_add(1))).collect();
            if above.is_some_and(|above| above.into_iter().max().unwrap_or(0) == node.generation) {
                nodes.insert(id, node);
            }
        }
        Self { nodes }
    }

    /// An epoch that stands.
    #[must_use]
    pub fn node(&self, key: &KeyId) -> Option<&Node> {
        self.nodes.get(key)
    }

    /// Whether no epoch stands.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// All that stand, the greatest generation first, of equals the smallest id.
    #[must_use]
    pub fn newest_first(&self) -> Vec<KeyId> {
        let mut all: Vec<KeyId> = self.nodes.keys().copied().collect();
        all.sort_by_key(|id| (Reverse(self.nodes.get(id).map(|node| node.generation)), *id));
        all
    }

    /// Epochs among `held` that no other of them follows, in the order of [`Graph::newest_first`]: what the next epoch has as
    /// parents, no more than it may name.
    #[must_use]
    pub fn heads(&self, held: impl Fn(&KeyId) -> bool) -> Vec<KeyId> {
        let mut behind: BTreeSet<KeyId> = BTreeSet::new();
        let mut heads = Vec::new();
        for key in self.newest_first() {
            if held(&key) && !behind.contains(&key) {
                heads.push(key);
                self.walk(key, &mut behind);
            }
        }
        heads.truncate(EPOCH_PARENTS_MAX);
        heads
    }

    /// The removals, leaves and revocations that an epoch covers: its own and those of all before it.
    #[must_use]
    pub fn covered(&self, key: &KeyId) -> BTreeSet<Digest> {
        let mut seen = BTreeSet::new();
        self.walk(*key, &mut seen);
        seen.iter().filter_map(|id| self.nodes.get(id)).flat_map(|node| node.covers.iter().copied()).collect()
    }

    /// The epoch to write under: of those that can be used and cover all that is required, and nothing that is not known, the one of
    /// the greatest generation, of equals with the smallest id.
    #[must_use]
    pub fn choose(
        &self,
        required: &BTreeSet<Digest>,
        is_known: impl Fn(&Digest) -> bool,
        is_usable: impl Fn(&KeyId) -> bool,
    ) -> Option<KeyId> {
        // What comes before an epoch that covers too little covers no more.
        let mut too_little: BTreeSet<KeyId> = BTreeSet::new();
        for key in self.newest_first() {
            if too_little.contains(&key) {
                continue;
            }
            let covered = self.covered(&key);
            if !required.is_subset(&covered) {
                self.walk(key, &mut too_little);
            } else if is_usable(&key) && covered.iter().all(&is_known) {
                return Some(key);
            }
        }
        None
    }

    /// Adds an epoch and all before it.
    fn walk(&self, key: KeyId, seen: &mut BTreeSet<KeyId>) {
        let mut next = vec![key];
        while let Some(key) = next.pop() {
            if let Some(node) = self.nodes.get(&key).filter(|_| seen.insert(key)) {
                next.extend(&node.parents);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> KeyId {
        KeyId([n; 32])
    }

    fn removal(n: u8) -> Digest {
        Digest([n; 32])
    }

    fn epoch(n: u8, generation: u64, parents: &[u8], covers: &[u8]) -> (KeyId, Node) {
        let (parents, covers) = (parents.iter().copied().map(id).collect(), covers.iter().copied().map(removal).collect());
        (id(n), Node { generation, parents, covers })
    }

    fn required(removals: &[u8]) -> BTreeSet<Digest> {
        removals.iter().copied().map(removal).collect()
    }

    /// Two removals at once, each with its epoch, and the epoch that merges both.
    fn forked() -> Vec<(KeyId, Node)> {
        vec![epoch(9, 0, &[], &[]), epoch(5, 1, &[9], &[1]), epoch(4, 1, &[9], &[2]), epoch(7, 2, &[4, 5], &[])]
    }

    #[test]
    fn the_epoch_to_write_under_covers_every_removal_that_is_known() {
        let graph = Graph::new(forked().into_iter().take(3));
        let choose = |removals: &[u8]| graph.choose(&required(removals), |_| true, |_| true);
        assert_eq!(choose(&[]), Some(id(4)), "of equals the smallest id");
        assert_eq!(choose(&[1]), Some(id(5)));
        assert_eq!(choose(&[1, 2]), None, "somebody has to merge first");
        assert_eq!(graph.heads(|_| true), [id(4), id(5)]);
        let merged = Graph::new(forked());
        assert_eq!(merged.heads(|_| true), [id(7)]);
        assert_eq!(merged.choose(&required(&[1, 2]), |_| true, |_| true), Some(id(7)));
        assert_eq!(merged.choose(&required(&[1]), |known| *known != removal(2), |_| true), Some(id(5)), "what is not known waits");
        assert_eq!(merged.choose(&required(&[]), |_| true, |key| *key == id(9)), Some(id(9)), "without its key none serves");
        assert_eq!(merged.heads(|key| *key != id(7)), [id(4), id(5)], "heads among what is held");
    }

    #[test]
    fn a_claimed_generation_or_an_unknown_parent_does_not_stand() {
        let odd = [epoch(1, 3, &[9], &[]), epoch(2, 1, &[8], &[]), epoch(3, 5, &[], &[]), epoch(6, 4, &[1], &[])];
        let graph = Graph::new(forked().into_iter().chain(odd));
        for stray in [1, 2, 3, 6] {
            assert_eq!(graph.node(&id(stray)), None);
        }
        assert_eq!(graph.newest_first(), [id(7), id(4), id(5), id(9)]);
    }

    #[test]
    fn the_order_in_which_epochs_come_does_not_matter() {
        let all = forked();
        let expected = Graph::new(all.clone());
        for first in 0..all.len() {
            for second in 0..all.len() {
                let mut turned = all.clone();
                turned.swap(first, second);
                turned.reverse();
                assert_eq!(Graph::new(turned), expected);
            }
        }
    }

    #[test]
    fn no_more_parents_are_merged_than_an_epoch_may_name() {
        let many = (10..60).map(|n| epoch(n, 1, &[9], &[]));
        let graph = Graph::new(std::iter::once(epoch(9, 0, &[], &[])).chain(many));
        assert_eq!(graph.heads(|_| true), (10..18).map(id).collect::<Vec<_>>());
    }
}
