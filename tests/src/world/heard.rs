//! Signatures of entries that arrive, checked before the engine as the daemon does (`node/src/hear.rs`), and once for all nodes of the
//! world: what was checked is named by all of its bytes. What does not hold is left to the engine. It must never vouch for anything
//! that it did not check.

use std::collections::BTreeMap;

use haat_node::net::{Channel, GossipId, NetEvent};
use haat_protocol::codec::decode;
use haat_protocol::entry::{Entry, Unverified, entry_id};
use haat_protocol::id::EntryId;
use haat_protocol::limits::GOSSIP_MAX_BYTES;
use haat_protocol::wire::{Item, SyncRequest, SyncResponse};

/// Most messages carry none: its device, its space and its signature alone make an entry longer.
const ENTRY_MIN_BYTES: usize = 32 + 32 + 64;

/// What was checked so far.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Entries whose signatures hold.
    sound: BTreeMap<EntryId, Entry>,
    /// What was said by gossip, by the digest of it, and the sound entry in it.
    gossip: BTreeMap<GossipId, Option<EntryId>>,
}

impl Heard {
    /// The entries of an event whose signatures hold.
    pub(super) fn entries(&mut self, event: &NetEvent) -> Vec<Entry> {
        let items = match event {
            NetEvent::Gossip { id, data, .. } => {
                let said = match self.gossip.get(id) {
                    Some(said) => *said,
                    None => {
                        let said = match decode::<Item>(data, GOSSIP_MAX_BYTES) {
                            Ok(Item::Entry(raw)) => self.check(&raw).map(|entry| entry.id()),
                            _ => None,
                        };
                        self.gossip.insert(*id, said);
                        said
                    }
                };
                return said.and_then(|id| self.sound.get(&id)).cloned().into_iter().collect();
            }
            NetEvent::Request { channel: Channel::Sync, data, .. } if data.len() >= ENTRY_MIN_BYTES => {
                match SyncRequest::from_bytes(data) {
                    Ok(SyncRequest::Push { items, .. }) => items,
                    _ => return Vec::new(),
                }
            }
            NetEvent::Response { data, .. } if data.len() >= ENTRY_MIN_BYTES => match SyncResponse::from_bytes(data) {
                Ok(SyncResponse::Items { items, .. } | SyncResponse::Removed { items }) => items,
                _ => return Vec::new(),
            },
            _ => return Vec::new(),
        };
        let raw = |item| if let Item::Entry(raw) = item { Some(raw) } else { None };
        items.into_iter().filter_map(raw).filter_map(|raw| self.check(&raw)).collect()
    }

    fn check(&mut self, raw: &Unverified) -> Option<Entry> {
        let id = entry_id(&raw.header);
        // An entry may travel without its payload, or with another signature.
        if let Some(entry) = self.sound.get(&id).filter(|entry| entry.raw() == raw) {
            return Some(entry.clone());
        }
        let entry = raw.clone().verify().ok()?;
        self.sound.insert(id, entry.clone());
        Some(entry)
    }
}
