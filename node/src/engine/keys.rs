//! Keys that were not handed over: whoever holds entries of its circle that it cannot open asks the members it is connected with.
//!
//! An epoch is sealed to those its maker knows. Who joined meanwhile, or took the maker's epoch for beyond a removal's cut, is handed
//! the key by whoever has it, as far back as the window went when its person became a member.

use std::collections::BTreeSet;

use haat_protocol::body::Body;
use haat_protocol::circle::Roster;
use haat_protocol::crypto::seal;
use haat_protocol::epoch::EpochKeys;
use haat_protocol::id::{DeviceId, EntryId, KeyId, SpaceId};
use haat_protocol::kind::secrecy_of;
use haat_protocol::record::{Claim, SignedRecord, Slot};
use haat_protocol::sync::{Holdings as _, Relation};
use haat_protocol::wire::{DirectRequest, DirectResponse, Welcome};

use super::What;
use super::join::welcome_info;
use super::work::Work;
use crate::intake;
use crate::keyring::Keyring;
use crate::net::Channel;
use crate::secret;
use crate::store::Table;
use crate::view::{body, circle, known};

/// Pause between two requests for missing keys, in milliseconds.
const KEYS_AGAIN_MS: u64 = 5_000;

impl Work<'_, '_> {
    /// Asks connected members for keys that are missing here.
    pub(super) fn tend_keys(&mut self) {
        if self.passing.next_keys > self.now {
            return;
        }
        self.passing.next_keys = self.now.plus(KEYS_AGAIN_MS);
        let key = [self.me.device().0.as_slice(), &[Slot::Prekey as u8]].concat();
        let Some(prekey) = self.tx.load::<SignedRecord>(Table::Record, &key) else { return };
        for space in circle::all(&self.tx).into_iter().filter(|space| self.lacks_keys(space)).collect::<Vec<_>>() {
            let connected: Vec<DeviceId> = self.passing.presence.connected.keys().copied().collect();
            for device in connected {
                if self.held().relation(&space, &device) == Relation::Member {
                    let request = DirectRequest::Keys { space, prekey: prekey.clone() };
                    self.request(device, Channel::Direct, What::Keys(space), request.to_bytes());
                }
            }
        }
    }

    /// Whether entries of a circle wait for a key that is not here. Of an epoch that ended before this person's window only the control
    /// key is handed over, and nobody is asked for more.
    pub(super) fn lacks_keys(&self, space: &SpaceId) -> bool {
        let Some(roster) = circle::roster(&self.tx, space) else { return false };
        let rows = self.tx.prefix(Table::Sealed, &space.0);
        let Some(me) = roster.members.get(&self.me.id()) else { return self.is_handed_more(&roster, &rows) };
        let keys: BTreeSet<KeyId> = rows.iter().filter_map(|(place, _)| KeyId::from_slice(&place[32..64])).collect();
        let held = |key: &KeyId| secret::epoch(&self.tx, self.me, space, key);
        if keys.iter().any(|key| held(key).is_none()) {
            return true;
        }
        // A link to an earlier epoch gives its control key alone.
        let narrow: Vec<&KeyId> = keys.iter().filter(|key| held(key).is_some_and(|keys| keys.content.is_none())).collect();
        let from = me.since.min(self.now).0.saturating_sub(roster.norms_now().history_window_ms);
        let ring = (!narrow.is_empty()).then(|| Keyring::of(&self.tx, self.me, &roster));
        ring.is_some_and(|ring| narrow.iter().any(|key| ring.followed_at(key).is_none_or(|end| end.0 >= from)))
    }

    /// Whether somebody hands over, to a device whose person is out or was let in in vain, what was said after that: the person was
    /// let in again, by an add that this device cannot read.
    fn is_handed_more(&self, roster: &Roster, sealed: &[(Vec<u8>, Vec<u8>)]) -> bool {
        let out = roster.removed.get(&self.me.id()).map(|removal| removal.lamport).or_else(|| self.let_in_in_vain(&roster.space));
        let Some(out) = out else { return false };
        let mut entries = sealed.iter().filter_map(|(place, _)| known::header(&self.tx, &EntryId::from_slice(&place[64..])?));
        entries.any(|header| header.lamport > out)
    }

    /// The lamport time of the first add that names this device's person, who is not in all the same.
    fn let_in_in_vain(&self, space: &SpaceId) -> Option<u64> {
        let names_me = |id: &EntryId| matches!(body(&self.tx, id), Some(Body::MemberAdd(add)) if add.identity == self.me.id());
        let first = circle::membership(&self.tx, space).into_iter().find(names_me)?;
        known::header(&self.tx, &first).map(|header| header.lamport)
    }

    /// A member asks for keys. Whoever was removed is handed what opens its own removal, and nothing else.
    pub(super) fn keys_request(&mut self, device: DeviceId, space: SpaceId, prekey: &SignedRecord) -> DirectResponse {
        let declined = |reason: &str| DirectResponse::Declined { code: "not-now".into(), reason: reason.into() };
        let key = match prekey.verify().map(|record| (record.device, record.claim)) {
            Ok((owner, Claim::Prekey(key))) if owner == device => key,
            _ => return declined("the prekey does not hold"),
        };
        let sealed = match self.held().relation(&space, &device) {
            Relation::Member => known::person_of(&self.tx, &device).and_then(|person| self.welcome(space, &person, &key)),
            Relation::Removed => self.removal_key(space, &device, &key),
            Relation::Unknown => None,
        };
        sealed
            .map_or_else(|| declined("there are no keys for this device here"), |sealed| DirectResponse::Welcome { sealed: sealed.into() })
    }

    /// The control key of the epoch under which a device's removal is said, or what else undoes its admission, sealed to it.
    fn removal_key(&mut self, space: SpaceId, device: &DeviceId, prekey: &[u8; 32]) -> Option<Vec<u8>> {
        let roster = circle::roster(&self.tx, &space)?;
        let removal = known::person_of(&self.tx, device).and_then(|person| roster.removed.get(&person));
        let of = |by: &EntryId| known::entry(&self.tx, by).and_then(|entry| entry.header().key).into_iter().collect();
        let under: BTreeSet<KeyId> = removal.map_or_else(|| self.held().undoing(&roster, device), |removal| of(&removal.by));
        let control = |key: KeyId| Some((key, secret::epoch(&self.tx, self.me, &space, &key)?.control_alone()));
        let epochs: Vec<(KeyId, EpochKeys)> = under.into_iter().filter_map(control).collect();
        if epochs.is_empty() {
            return None;
        }
        let inception = known::inception(&self.tx, &space)?;
        let welcome = Welcome { inception, name: roster.name.clone(), epochs, items: Vec::new() };
        let fresh = self.entropy.fresh();
        seal::seal(prekey, &welcome_info(space), &welcome.to_bytes(), &fresh).ok()
    }

    /// The answer to a request for keys. Nobody is believed: a key is kept once it opens an entry that waits for it.
    pub(super) fn keys_answered(&mut self, space: SpaceId, response: &DirectResponse) {
        let DirectResponse::Welcome { sealed } = response else { return };
        let mut opened = self.me.prekeys.iter().filter_map(|key| seal::open(&key.0, &welcome_info(space), sealed).ok());
        let Some(welcome) = opened.next().and_then(|plain| Welcome::from_bytes(&plain).ok()) else { return };
        for (key, mut keys) in welcome.epochs {
            // An epoch commits to its keys. Of one whose entry is not held, they are kept once they open what waits, for reading alone.
            if intake::manifest(&self.tx, &space, &key).is_none() {
                keys.topic = None;
                if self.tx.has(Table::Secret, &[space.0, key.0].concat()) || !self.opens_what_waits(space, key, &keys) {
                    continue;
                }
            }
            intake::learn_epoch(&mut self.cx(), space, key, keys);
        }
        self.passing.is_stale = true;
    }

    /// Whether an entry that waits for this key opens with it.
    fn opens_what_waits(&self, space: SpaceId, key: KeyId, keys: &EpochKeys) -> bool {
        let waiting = self.tx.prefix(Table::Sealed, &[space.0, key.0].concat());
        let mut entries = waiting.iter().filter_map(|(place, _)| known::entry(&self.tx, &EntryId::from_slice(&place[64..])?));
        entries.any(|entry| keys.key(secrecy_of(entry.header().kind)).is_some_and(|key| entry.open(Some(key)).is_ok()))
    }
}
