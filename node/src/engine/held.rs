//! What sync asks of the store: which circles, which streams, which things.

use std::collections::{BTreeMap, BTreeSet};

use haat_protocol::admit::{Head, View, Writer};
use haat_protocol::circle::{Roster, Standing};
use haat_protocol::codec::encode;
use haat_protocol::crypto::{Context, hash};
use haat_protocol::entry::{LogId, Unverified};
use haat_protocol::id::{DeviceId, Digest, EntryId, IdentityId, SpaceId};
use haat_protocol::limits::SYNC_BATCH_BYTES;
use haat_protocol::record::{SignedRecord, Slot};
use haat_protocol::sync::{Batch, Holdings, Relation, Stream};
use haat_protocol::time::Millis;
use haat_protocol::wire::{Item, Scope, StreamKey, Want};

use crate::keyring;
use crate::myself::Myself;
use crate::store::{Table, Tx};
use crate::view::known::{self, Known};
use crate::view::{circle, place_key, shelf};

/// The store, as sync sees it.
#[derive(Debug)]
pub(super) struct Held<'a, 's> {
    pub(super) tx: &'a Tx<'s>,
    pub(super) me: &'a Myself,
    pub(super) now: Millis,
    /// Circles that this node left and whose members may not know it yet.
    pub(super) leaving: &'a BTreeSet<SpaceId>,
}

impl Holdings for Held<'_, '_> {
    fn circles(&self) -> Vec<SpaceId> {
        let is_over = |space: &SpaceId| circle::has_left(self.tx, space, &self.me.id()) && !self.leaving.contains(space);
        circle::all(self.tx).into_iter().filter(|space| !is_over(space)).collect()
    }

    fn topics(&self, circle: &SpaceId) -> Vec<[u8; 32]> {
        keyring::topics(self.tx, self.me, circle)
    }

    fn scopes(&self, circle: &SpaceId) -> Vec<Scope> {
        let shops = shelf::shared_into(self.tx, circle);
        std::iter::once(Scope::Circle).chain(shops.into_iter().map(Scope::Shop)).collect()
    }

    fn streams(&self, circle: &SpaceId, scope: &Scope) -> Vec<Stream> {
        let mut streams = match scope {
            Scope::Circle => self.people(circle),
            Scope::Shop(shop) if !shelf::circles(self.tx, shop).contains(circle) => return Vec::new(),
            Scope::Shop(_) => Vec::new(),
        };
        let space = if let Scope::Shop(shop) = scope { shop } else { circle };
        streams.extend(self.logs(space));
        streams.sort();
        streams
    }

    fn batch(&self, circle: &SpaceId, wants: &[Want], max_bytes: usize) -> Batch {
        let mut batch = Batch::default();
        let roster = circle::roster(self.tx, circle);
        let is_here = |person: &IdentityId| roster.as_ref().is_some_and(|roster| roster.has(person) || roster.removed.contains_key(person));
        let mut left = max_bytes;
        let (mut logs, mut records) = (Vec::new(), Vec::new());
        for want in wants {
            let item = match want.key {
                StreamKey::Log(log) => {
                    if log.space == *circle || shelf::circles(self.tx, &log.space).contains(circle) {
                        logs.push((log, want.from));
                    }
                    None
                }
                StreamKey::Identity(person) if is_here(&person) => known::chain(self.tx, &person).map(Item::Identity),
                StreamKey::Record(device, slot) if known::person_of(self.tx, &device).is_some_and(|person| is_here(&person)) => {
                    self.record(&device, slot).map(|(signed, _)| Item::Record(signed))
                }
                // Who is in another circle is nobody's business in this one.
                StreamKey::Identity(_) | StreamKey::Record(..) => None,
            };
            if let Some(item) = item {
                let size = encode(&item).len();
                if size > left {
                    batch.rest.push(*want);
                } else {
                    left -= size;
                    let list = if matches!(item, Item::Record(_)) { &mut records } else { &mut batch.items };
                    list.push(item);
                }
            }
        }
        self.entries(logs, left, &mut batch);
        // Records come last: they are kept for members only, and the entries before them tell who is one.
        batch.items.extend(records);
        batch
    }

    fn relation(&self, circle: &SpaceId, device: &DeviceId) -> Relation {
        let Some(roster) = circle::roster(self.tx, circle) else { return Relation::Unknown };
        let Some(person) = known::person_of(self.tx, device) else { return Relation::Unknown };
        if roster.has(&person) {
            Relation::Member
        } else if roster.removed.contains_key(&person) {
            Relation::Removed
        } else {
            Relation::Unknown
        }
    }

    fn introduction(&self, circle: &SpaceId) -> Vec<Item> {
        let Some(roster) = circle::roster(self.tx, circle) else { return Vec::new() };
        let Some(member) = roster.members.get(&self.me.id()) else { return Vec::new() };
        let mut items: Vec<Item> = vec![Item::Identity(self.me.identity.chain().clone())];
        items.extend(self.record(&self.me.device(), Slot::Prekey).map(|(signed, _)| Item::Record(signed)));
        items.extend(self.leading_to(&member.by, SYNC_BATCH_BYTES / 4));
        items
    }

    fn farewell(&self, circle: &SpaceId, device: &DeviceId) -> Vec<Item> {
        let roster = circle::roster(self.tx, circle);
        let removal = known::person_of(self.tx, device).and_then(|person| roster?.removed.get(&person).map(|removal| removal.by));
        let Some(removal) = removal.and_then(|by| known::entry(self.tx, &by)) else { return Vec::new() };
        // The removal is said under an epoch that the removed device had a box of, but may not have met.
        let epoch = removal.header().key.and_then(|key| circle::epoch(self.tx, circle, &key));
        let mut items = epoch.map(|row| self.leading_to(&row.entry, SYNC_BATCH_BYTES / 2)).unwrap_or_default();
        items.extend(self.leading_to(&removal.id(), SYNC_BATCH_BYTES / 2));
        items
    }
}

impl Held<'_, '_> {
    /// Identity chains and records of a circle's people.
    fn people(&self, circle: &SpaceId) -> Vec<Stream> {
        let Some(roster) = circle::roster(self.tx, circle) else { return Vec::new() };
        let mut streams = Vec::new();
        for person in roster.members.keys().chain(roster.removed.keys()) {
            let Some((height, head)) = self.tx.load::<(u64, Digest)>(Table::Identity, &person.0) else { continue };
            streams.push(Stream { key: StreamKey::Identity(*person), height, head });
        }
        for device in circle::devices(self.tx, &roster) {
            for slot in [Slot::Prekey, Slot::Addresses] {
                if let Some((signed, issued)) = self.record(&device, slot) {
                    let head = Digest(hash(Context::SyncDigest, &[&signed.bytes]));
                    streams.push(Stream { key: StreamKey::Record(device, slot), height: issued.0, head });
                }
            }
        }
        streams.sort();
        streams.dedup();
        streams
    }

    fn record(&self, device: &DeviceId, slot: Slot) -> Option<(SignedRecord, Millis)> {
        let signed: SignedRecord = self.tx.load(Table::Record, &[device.0.as_slice(), &[slot as u8]].concat())?;
        let record = signed.trusted().ok().filter(|record| record.expires > self.now)?;
        Some((signed, record.issued))
    }

    /// The logs of a space, each as far as it counts.
    fn logs(&self, space: &SpaceId) -> Vec<Stream> {
        let rows = self.tx.prefix(Table::Head, &space.0);
        rows.iter().filter_map(|(key, row)| self.log(&log_of(key)?, &self.tx.decoded(Table::Head, row)?)).collect()
    }

    fn log(&self, log: &LogId, head: &Head) -> Option<Stream> {
        let Writer::Person(_, standing) = Known(self.tx).writer(log) else { return None };
        let last = match standing {
            Standing::Open => head.seq,
            Standing::Until(cut) => cut.min(head.seq),
            Standing::Closed => return None,
        };
        let id = if last == head.seq { head.id } else { Known(self.tx).at(log, last)? };
        Some(Stream { key: StreamKey::Log(*log), height: last + 1, head: Digest(id.0) })
    }

    /// Entries of several logs merged by lamport time, so that what is needed comes before what needs it.
    fn entries(&self, logs: Vec<(LogId, u64)>, mut left: usize, batch: &mut Batch) {
        let mut next: BTreeMap<(u64, EntryId), (LogId, u64, Unverified)> = BTreeMap::new();
        let step = |log: LogId, seq: u64, next: &mut BTreeMap<_, _>| {
            let entry = Known(self.tx).at(&log, seq).and_then(|id| known::entry(self.tx, &id));
            if let Some(entry) = entry.filter(|entry| known::counts(self.tx, entry.header())) {
                next.insert((entry.header().lamport, entry.id()), (log, seq, entry.raw().clone()));
            }
        };
        for (log, seq) in logs {
            step(log, seq, &mut next);
        }
        while let Some((_, (log, seq, raw))) = next.pop_first() {
            let size = raw.header.len() + raw.payload.as_ref().map_or(0, |payload| payload.len()) + 96;
            if size > left {
                left = 0;
                batch.rest.push(Want { key: StreamKey::Log(log), from: seq });
                continue;
            }
            left -= size;
            batch.items.push(Item::Entry(raw));
            step(log, seq + 1, &mut next);
        }
    }

    /// The entry, with as much of its log before it as fits, and the chain of who wrote it; nothing later.
    fn leading_to(&self, id: &EntryId, max_bytes: usize) -> Vec<Item> {
        let Some(entry) = known::entry(self.tx, id) else { return Vec::new() };
        let log = entry.header().log_id();
        let author: Option<IdentityId> = known::author(self.tx, entry.header());
        let mut items: Vec<Item> = author.and_then(|person| known::chain(self.tx, &person)).map(Item::Identity).into_iter().collect();
        let mut tail = Vec::new();
        let mut left = max_bytes;
        for seq in (0..=entry.header().seq).rev() {
            let Some(raw) = Known(self.tx).at(&log, seq).and_then(|id| known::raw(self.tx, &id)) else { break };
            let size = raw.header.len() + raw.payload.as_ref().map_or(0, |payload| payload.len()) + 96;
            if size > left {
                break;
            }
            left -= size;
            tail.push(Item::Entry(raw));
        }
        items.extend(tail.into_iter().rev());
        items
    }
}

pub(super) fn log_of(key: &[u8]) -> Option<LogId> {
    let number = u64::from_be_bytes(key.get(64..72)?.try_into().ok()?);
    Some(LogId { space: SpaceId::from_slice(&key[..32])?, device: DeviceId::from_slice(&key[32..64])?, number })
}

/// The log, sequence and id at a removed person's ends: what the removal lets stand.
pub(super) fn cuts(tx: &Tx<'_>, roster: &Roster, person: &IdentityId) -> Vec<haat_protocol::body::Cut> {
    let Some(identity) = known::identity(tx, person) else { return Vec::new() };
    let mut cuts = Vec::new();
    for device in identity.devices() {
        for (key, row) in tx.prefix(Table::Head, &[roster.space.0, device.0].concat()) {
            let (Some(log), Some(head)) = (log_of(&key), tx.decoded::<Head>(Table::Head, &row)) else { continue };
            let seq = match roster.standing(person, device, log.number) {
                Standing::Until(cut) => cut.min(head.seq),
                _ => head.seq,
            };
            let id = tx.get(Table::At, &place_key(&log, seq)).and_then(|id| EntryId::from_slice(&id));
            if let Some(id) = id {
                cuts.push(haat_protocol::body::Cut { device: *device, log: log.number, seq, id });
            }
        }
    }
    cuts
}
