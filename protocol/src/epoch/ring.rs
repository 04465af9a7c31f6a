//! What one reader of a circle makes of its epochs: under which it writes, what the next one follows and covers, whose turn that is.
//!
//! Nothing here holds a key or an entry: what is opened and which keys are held is asked for.

use std::collections::BTreeSet;

use super::graph::Graph;
use crate::crypto::{Context, hash};
use crate::id::{DeviceId, Digest, KeyId, SpaceId};
use crate::limits::EPOCH_COVERS_MAX;

/// The epochs of a circle and what has to be covered.
#[derive(Debug, Clone)]
pub struct Ring {
    /// Epochs whose entries count, as far as they stand.
    pub graph: Graph,
    /// What every epoch that is written under covers: removals and leaves that are known here, and revocations of members' devices.
    pub required: BTreeSet<Digest>,
    /// Revocations that are known of whoever is or was in the circle.
    pub revoked: BTreeSet<Digest>,
}

/// What an epoch that is begun now follows and covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// The epochs it follows, the newest first; none in a circle where none stands.
    pub parents: Vec<KeyId>,
    /// What it covers beyond them; more than one epoch may name is covered by the one after it.
    pub covers: Vec<Digest>,
}

impl Ring {
    /// The epoch to write under, of those whose content key is held. Without one, whoever wants to write begins one.
    #[must_use]
    pub fn current(&self, is_opened: impl Fn(&Digest) -> bool, is_held: impl Fn(&KeyId) -> bool) -> Option<KeyId> {
        self.graph.choose(&self.required, |digest| is_opened(digest) || self.revoked.contains(digest), is_held)
    }

    /// The epoch that is shown and listened for, and by which lots fall: the one to write under, else the newest whose topic secret is
    /// held.
    #[must_use]
    pub fn leading(&self, current: Option<KeyId>, is_heard: impl Fn(&KeyId) -> bool) -> Option<KeyId> {
        current.or_else(|| self.graph.newest_first().into_iter().find(is_heard))
    }

    /// What the next epoch follows, of those whose control key is held, and covers. Not what covers something unknown here: nothing
    /// that follows it could be written under. None when epochs stand and nothing may follow one.
    #[must_use]
    pub fn next(&self, is_opened: impl Fn(&Digest) -> bool, is_held: impl Fn(&KeyId) -> bool) -> Option<Next> {
        let parents = self.graph.heads(|key| is_held(key) && self.knows(key, &is_opened));
        if parents.is_empty() && !self.graph.is_empty() {
            return None;
        }
        let covered: BTreeSet<Digest> = parents.iter().flat_map(|key| self.graph.covered(key)).collect();
        let covers = self.required.difference(&covered).take(EPOCH_COVERS_MAX).copied().collect();
        Some(Next { parents, covers })
    }

    /// Whether nothing that an epoch covers is unknown here.
    fn knows(&self, key: &KeyId, is_opened: &impl Fn(&Digest) -> bool) -> bool {
        self.graph.covered(key).iter().all(|digest| is_opened(digest) || self.revoked.contains(digest))
    }
}

/// Whether somebody of a circle may hold a shop's read key who should not: a share that handed it over was said `under` an epoch that
/// does not cover all that is known there, or the shop is not shared there any more.
#[must_use]
pub fn is_exposed(is_shared: bool, under: impl IntoIterator<Item = Option<KeyId>>, covers_all: impl Fn(&KeyId) -> bool) -> bool {
    under.into_iter().any(|epoch| !is_shared || !epoch.is_some_and(|epoch| covers_all(&epoch)))
}

/// The lot of a device: who has the lowest of all begins the next epoch first. It falls anew with each epoch that leads; in a circle
/// where none can be read it falls by the circle.
#[must_use]
pub fn lot(space: &SpaceId, leading: Option<&KeyId>, device: &DeviceId) -> Digest {
    Digest(hash(Context::Duty, &[leading.map_or(&space.0, |key| &key.0), &device.0]))
}
