//! Which keys of a circle serve: to write under, to hand on, to be recognised by.
//!
//! Whoever knows of a removal writes under an epoch that covers it, and hands no keys on that cover something unknown here: the asker
//! could be the very one who was removed. Nothing here makes keys or keeps them.

use std::collections::BTreeSet;
use std::ops::Deref;

use haat_protocol::circle::Roster;
use haat_protocol::epoch::{ByteKey, EpochKeys, Graph, Next, Ring};
use haat_protocol::id::{Digest, EntryId, KeyId, SpaceId};
use haat_protocol::limits::TOPIC_SECRETS_KEPT;

use crate::myself::Myself;
use crate::secret;
use crate::store::memo::Sort;
use crate::store::{Table, Tx};
use crate::view::circle::{self, EpochRow};

/// The epochs of a circle and what has to be covered.
#[derive(Debug)]
pub struct Keyring<'a, 's> {
    tx: &'a Tx<'s>,
    me: &'a Myself,
    space: SpaceId,
    /// Each as often as it was told.
    rows: Vec<(KeyId, EpochRow)>,
    ring: Ring,
}

impl Deref for Keyring<'_, '_> {
    type Target = Ring;

    fn deref(&self) -> &Ring {
        &self.ring
    }
}

impl<'a, 's> Keyring<'a, 's> {
    /// The keyring of a circle whose roster is known.
    #[must_use]
    pub fn of(tx: &'a Tx<'s>, me: &'a Myself, roster: &Roster) -> Self {
        let rows = circle::epochs(tx, &roster.space);
        let counting = rows.iter().filter(|(_, row)| row.counts(tx, roster));
        let graph = Graph::new(counting.map(|(key, row)| (*key, row.node())));
        let required = circle::revocations(tx, roster.members.keys()).union(&removals(roster)).copied().collect();
        let revoked = circle::revocations(tx, roster.members.keys().chain(roster.removed.keys()));
        Self { tx, me, space: roster.space, ring: Ring { graph, required, revoked }, rows }
    }

    /// The epoch to write under. Without one, whoever wants to write begins one.
    #[must_use]
    pub fn current(&self) -> Option<(KeyId, EpochKeys)> {
        let held = |key: &KeyId| secret::epoch(self.tx, self.me, &self.space, key).filter(|keys| keys.content.is_some());
        let key = self.ring.current(|digest| self.is_opened(digest), |key| held(key).is_some())?;
        Some((key, held(&key)?))
    }

    /// The epoch that is shown and listened for: the one to write under, else the newest that can be read.
    #[must_use]
    pub fn leading(&self) -> Option<(KeyId, EpochKeys)> {
        let held = |key: &KeyId| secret::epoch(self.tx, self.me, &self.space, key);
        let current = self.current().map(|(key, _)| key);
        let key = self.ring.leading(current, |key| held(key).is_some_and(|keys| keys.topic.is_some()))?;
        Some((key, held(&key)?))
    }

    /// What an epoch that is begun now follows and covers.
    #[must_use]
    pub fn following(&self) -> Option<Next> {
        self.ring.next(|digest| self.is_opened(digest), |key| secret::epoch(self.tx, self.me, &self.space, key).is_some())
    }

    /// These parents of an epoch, with generation and control key.
    #[must_use]
    pub fn parents(&self, next: &Next) -> Vec<(KeyId, u64, ByteKey)> {
        let held = |key: &KeyId| secret::epoch(self.tx, self.me, &self.space, key);
        next.parents.iter().filter_map(|key| Some((*key, self.graph.node(key)?.generation, held(key)?.control.clone()))).collect()
    }

    /// Whether an epoch covers everything that it has to; it need not stand.
    #[must_use]
    pub fn covers_all(&self, key: &KeyId) -> bool {
        let met = self.met();
        met.node(key).is_some() && self.required.is_subset(&met.covered(key))
    }

    /// Whether an epoch is for those who stayed after one of these removals or leaves; one that was not met may be.
    #[must_use]
    pub fn covers_any(&self, key: &KeyId, removals: &BTreeSet<EntryId>) -> bool {
        let met = self.met();
        met.node(key).is_none() || met.covered(key).iter().any(|covered| removals.contains(&EntryId(covered.0)))
    }

    /// All epochs that were met, also of makers whose entries do not count any more.
    fn met(&self) -> Graph {
        Graph::new(self.rows.iter().map(|(key, row)| (*key, row.node())))
    }

    /// Epochs whose keys may be handed to a member: held here, and nothing that they cover is unknown here. Also such as were made
    /// by somebody who was removed since: what others said under them is still to be read.
    #[must_use]
    pub fn to_hand_on(&self) -> Vec<(KeyId, EpochKeys)> {
        let met = self.met();
        let is_known = |key: &KeyId| {
            met.node(key).is_some() && met.covered(key).iter().all(|digest| self.is_opened(digest) || self.revoked.contains(digest))
        };
        secret::epochs(self.tx, self.me, &self.space).into_iter().filter(|(key, _)| is_known(key)).collect()
    }

    /// When something followed an epoch, the latest that is claimed: who tells an epoch again cannot end the one before it earlier. None
    /// while nothing follows.
    #[must_use]
    pub fn followed_at(&self, key: &KeyId) -> Option<haat_protocol::time::Millis> {
        self.rows.iter().filter(|(_, row)| row.parents.contains(key)).map(|(_, row)| row.at).max()
    }

    /// Whether an entry of this id is held here and was opened.
    fn is_opened(&self, digest: &Digest) -> bool {
        self.tx.has(Table::Body, &digest.0)
    }
}

/// Removals and leaves that are known.
fn removals(roster: &Roster) -> BTreeSet<Digest> {
    roster.removed.values().map(|removal| Digest(removal.by.0)).collect()
}

/// The epoch to write under in a circle.
#[must_use]
pub fn current(tx: &Tx<'_>, me: &Myself, space: &SpaceId) -> Option<(KeyId, EpochKeys)> {
    let roster = circle::roster(tx, space)?;
    Keyring::of(tx, me, &roster).current()
}

/// Generation of the epoch that leads in a circle; 0 while there is none.
#[must_use]
pub fn generation(tx: &Tx<'_>, me: &Myself, roster: &Roster) -> u64 {
    let ring = Keyring::of(tx, me, roster);
    ring.leading().and_then(|(key, _)| ring.graph.node(&key).map(|node| node.generation)).unwrap_or(0)
}

/// Retained topic secrets of a circle: of the epoch that leads, then of such as nothing is known of yet (a newcomer's), then the
/// newest first.
#[must_use]
pub fn topics(tx: &Tx<'_>, me: &Myself, space: &SpaceId) -> Vec<[u8; 32]> {
    tx.memo(Sort::Topics, &space.0, || retained(tx, me, space)).to_vec()
}

fn retained(tx: &Tx<'_>, me: &Myself, space: &SpaceId) -> Vec<[u8; 32]> {
    let ring = circle::roster(tx, space).map(|roster| Keyring::of(tx, me, &roster));
    let mut held: Vec<(u64, KeyId, EpochKeys)> = secret::epochs(tx, me, space)
        .into_iter()
        .map(|(key, keys)| (circle::epoch(tx, space, &key).map_or(u64::MAX, |row| row.generation), key, keys))
        .collect();
    held.sort_by_key(|(generation, key, _)| (std::cmp::Reverse(*generation), *key));
    let leading = ring.and_then(|ring| ring.leading());
    let mut topics: Vec<[u8; 32]> = Vec::new();
    for keys in leading.iter().map(|(_, keys)| keys).chain(held.iter().map(|(.., keys)| keys)) {
        if let Some(topic) = keys.topic.as_ref().filter(|topic| !topics.contains(&topic.0) && topics.len() < TOPIC_SECRETS_KEPT) {
            topics.push(topic.0);
        }
    }
    topics
}
