//! New keys of a circle: who begins an epoch and when. After a removal whoever speaks first does; otherwise, and for keys that grew
//! old, a duty goes round by lot, so that neither nobody nor everybody does.
//!
//! Keys that exist already are handed on in `keys`.

use haat_protocol::body::Body;
use haat_protocol::circle::Roster;
use haat_protocol::epoch::{self, Rotated, Rotation};
use haat_protocol::id::{DeviceId, SpaceId};
use haat_protocol::limits::{EPOCH_BACKUP_MS, EPOCH_LIFE_MS, RENEWAL_BACKUP_MS};
use haat_protocol::local::Problem;
use haat_protocol::record::{Claim, SignedRecord, Slot};

use super::work::{Work, internal, no_key};
use crate::intake;
use crate::keyring::Keyring;
use crate::store::Table;
use crate::view::circle;

impl Work<'_, '_> {
    /// New keys for a circle, sealed to every member's devices: they follow all epochs that nothing follows yet, and cover what is
    /// known of removals. `topic` keeps the gossip topic; none changes it.
    pub(super) fn rotate(&mut self, space: SpaceId, topic: Option<[u8; 32]>) -> Result<(), Problem> {
        let roster = circle::roster(&self.tx, &space).ok_or_else(|| internal("a circle without roster"))?;
        let ring = Keyring::of(&self.tx, self.me, &roster);
        let next = ring.following().ok_or_else(no_key)?;
        let parents = ring.parents(&next);
        let devices = self.sealable(&roster);
        let fresh = self.entropy.fresh();
        let Rotated { key, epoch, more, keys } =
            epoch::rotate(&Rotation { space, parents: &parents, covers: next.covers, devices: &devices, topic }, &fresh);
        self.author(space, &Body::Epoch(epoch))?;
        for boxes in more {
            self.author(space, &Body::EpochBoxes(boxes))?;
        }
        intake::learn_epoch(&mut self.cx(), space, key, keys);
        self.passing.is_stale = true;
        // What is said next goes where nobody listens any more who was removed.
        self.follow_topics();
        Ok(())
    }

    /// Nothing is said under keys that somebody holds who was removed since: without an epoch that covers what is known, whoever
    /// speaks first begins one.
    pub(super) fn renew_keys(&mut self, space: SpaceId) -> Result<(), Problem> {
        let Some(roster) = circle::roster(&self.tx, &space).filter(|roster| roster.has(&self.me.id())) else { return Ok(()) };
        for _ in 0..=Keyring::of(&self.tx, self.me, &roster).required.len() {
            if Keyring::of(&self.tx, self.me, &roster).current().is_some() {
                return Ok(());
            }
            self.rotate(space, None)?;
        }
        Ok(())
    }

    /// Keys that do not cover a removal, or are a week old, are replaced by whose turn it is. The lot falls by key id and device, the
    /// same for all who see the same epoch; who comes later waits longer, and finds it done.
    pub(super) fn tend_epoch(&mut self, space: SpaceId) {
        let Some(roster) = circle::roster(&self.tx, &space).filter(|roster| roster.has(&self.me.id())) else { return };
        let ring = Keyring::of(&self.tx, self.me, &roster);
        let (current, leading) = (ring.current(), ring.leading().map(|(key, _)| key));
        let lot = |device: &DeviceId| epoch::lot(&space, leading.as_ref(), device);
        let mine = lot(&self.me.device());
        let before = circle::devices(&self.tx, &roster).iter().filter(|device| lot(device) < mine).count() as u64;
        let Some((key, keys)) = current else {
            let since = *self.passing.uncovered.entry(space).or_insert(self.now);
            if self.now.since(since) >= before.saturating_mul(RENEWAL_BACKUP_MS) {
                // Without the keys of any epoch nothing can follow; another member does it.
                let _ = self.renew_keys(space);
            }
            return;
        };
        self.passing.uncovered.remove(&space);
        let life = EPOCH_LIFE_MS.saturating_add(before.saturating_mul(EPOCH_BACKUP_MS));
        if circle::began_at(&self.tx, &roster, &key).is_some_and(|at| self.now.since(at) > life) {
            // The log's quota of epochs may be used up; the next turn tries again.
            let _ = self.rotate(space, keys.topic.as_ref().map(|topic| topic.0));
        }
    }

    /// Devices of the members whose prekey is here. Whoever is missing asks for the keys when connected.
    fn sealable(&self, roster: &Roster) -> Vec<(DeviceId, [u8; 32])> {
        let devices = circle::devices(&self.tx, roster);
        devices.into_iter().filter_map(|device| Some((device, self.prekey(&device)?))).collect()
    }

    fn prekey(&self, device: &DeviceId) -> Option<[u8; 32]> {
        let key = [device.0.as_slice(), &[Slot::Prekey as u8]].concat();
        match self.tx.load::<SignedRecord>(Table::Record, &key)?.trusted().ok()?.claim {
            Claim::Prekey(key) => Some(key),
            Claim::Addresses(_) => None,
        }
    }
}
