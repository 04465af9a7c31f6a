//! What sync asks of the store: which circles, which streams, which things.

mod batch;
mod vain;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use haat_protocol::admit::{Head, View, Writer};
use haat_protocol::circle::{Roster, Standing};
use haat_protocol::codec::encode;
use haat_protocol::crypto::{Context, hash};
use haat_protocol::entry::LogId;
use haat_protocol::id::{DeviceId, Digest, EntryId, IdentityId, SpaceId};
use haat_protocol::limits::{REMOVALS_HANDED_OVER_MAX, SYNC_BATCH_BYTES, SYNC_HOLES_MAX, SYNC_PUSH_BYTES};
use haat_protocol::record::{Record, SignedRecord, Slot};
use haat_protocol::sync::{Batch, Frontier, Holdings, Places, Relation, Runs, Stream, Want};
use haat_protocol::time::Millis;
use haat_protocol::wire::{Item, Scope, StreamKey};

use super::anew;
use super::handed::Handed;
use crate::keyring;
use crate::myself::Myself;
use crate::store::memo::Sort;
use crate::store::{Table, Tx};
use crate::view::fork::{self, log_of};
use crate::view::known::{self, Known};
use crate::view::{circle, feed, place_key, shelf};

/// The store, as sync sees it.
#[derive(Debug)]
pub(super) struct Held<'a, 's> {
    pub(super) tx: &'a Tx<'s>,
    pub(super) me: &'a Myself,
    pub(super) now: Millis,
    /// Circles that this node left and whose members may not know it yet.
    pub(super) leaving: &'a BTreeSet<SpaceId>,
    /// What was handed to whom lately.
    pub(super) handed: &'a Handed,
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
        let people = [Scope::People, Scope::Records];
        std::iter::once(Scope::Circle).chain(shops.into_iter().map(Scope::Shop)).chain(people).collect()
    }

    fn streams(&self, circle: &SpaceId, scope: &Scope) -> Arc<Frontier> {
        let key = encode(&(circle, scope));
        let lasts = |held: &Lasting| held.span.contains(&self.now);
        Arc::clone(&self.tx.memo_while(Sort::Streams, &key, lasts, || self.frontier(circle, scope)).frontier)
    }

    fn waiting(&self, circle: &SpaceId, scope: &Scope) -> BTreeMap<LogId, Runs> {
        let space = match scope {
            Scope::Circle => circle,
            Scope::Shop(shop) => shop,
            Scope::People | Scope::Records => return BTreeMap::new(),
        };
        let mut waiting: BTreeMap<LogId, Runs> = BTreeMap::new();
        for (key, _) in self.tx.prefix(Table::Parked, &space.0) {
            let Some((log, seq)) = place_of(&key) else { continue };
            let runs = waiting.entry(log).or_default();
            match runs.last_mut() {
                Some((from, count)) if *from + *count == seq => *count += 1,
                _ => runs.push((seq, 1)),
            }
        }
        waiting
    }

    fn holes(&self, circle: &SpaceId, scope: &Scope, asked: &Places) -> Places {
        let space = match scope {
            Scope::Circle => circle,
            Scope::Shop(shop) => shop,
            Scope::People | Scope::Records => return Places::new(),
        };
        let rows = self.tx.prefix(Table::Hole, &space.0);
        let places = rows.iter().filter_map(|(key, _)| place_of(key)).filter(|place| !asked.contains(place));
        let is_open = |(log, seq): &(LogId, u64)| {
            let entry = Known(self.tx).at(log, *seq).and_then(|id| known::entry(self.tx, &id));
            entry.is_some_and(|entry| known::counts(self.tx, entry.header()) && !feed::is_retracted(self.tx, &entry))
        };
        places.filter(is_open).take(SYNC_HOLES_MAX).collect()
    }

    fn batch(&self, circle: &SpaceId, wants: &[Want], newest: bool, max_bytes: usize) -> Batch {
        batch::gather(self, circle, wants, newest, max_bytes)
    }

    fn pause(&self, device: &DeviceId) -> Option<u64> {
        self.handed.pause(device, self.now)
    }

    fn relation(&self, circle: &SpaceId, device: &DeviceId) -> Relation {
        let Some(roster) = circle::roster(self.tx, circle) else { return Relation::Unknown };
        match known::person_of(self.tx, device) {
            // A revoked device is nobody's, whatever became of the person.
            Some(_) if known::speaks_for(self.tx, device).is_none() => Relation::Unknown,
            Some(person) if roster.has(&person) => Relation::Member,
            Some(person) if roster.removed.contains_key(&person) => Relation::Removed,
            _ if self.undone(&roster, device).is_some() => Relation::Removed,
            _ => Relation::Unknown,
        }
    }

    fn is_out(&self, circle: &SpaceId) -> bool {
        let speaks = known::speaks_for(self.tx, &self.me.device()).is_some();
        circle::roster(self.tx, circle).is_some_and(|roster| !speaks || !roster.has(&self.me.id()))
    }

    fn introduction(&self, circle: &SpaceId) -> Vec<Item> {
        let Some(roster) = circle::roster(self.tx, circle).filter(|_| !self.is_out(circle)) else { return Vec::new() };
        let Some(member) = roster.members.get(&self.me.id()) else { return Vec::new() };
        let mut items: Vec<Item> = vec![Item::Identity(known::own_chain(self.tx, self.me))];
        items.extend(self.record(&self.me.device(), Slot::Prekey).map(Item::Record));
        items.extend(self.leading_to(&member.by, SYNC_BATCH_BYTES / 4));
        items
    }

    fn farewell(&self, circle: &SpaceId, device: &DeviceId) -> Vec<Item> {
        if self.pause(device).is_some() {
            return Vec::new();
        }
        let Some(roster) = circle::roster(self.tx, circle) else { return Vec::new() };
        let removal = known::person_of(self.tx, device).and_then(|person| roster.removed.get(&person));
        let Some(by) = removal.map(|removal| removal.by) else { return self.shows_undone(&roster, device) };
        self.removal(circle, &anew::shown_removal(self.tx, circle, by, self.now), SYNC_BATCH_BYTES)
    }

    fn overturns(&self, circle: &SpaceId, device: &DeviceId, introduction: &[Item]) -> Vec<Item> {
        if self.pause(device).is_some() {
            return Vec::new();
        }
        circle::roster(self.tx, circle).map(|roster| self.sets_aside(&roster, device, introduction)).unwrap_or_default()
    }

    fn bequest(&self, circle: &SpaceId) -> Vec<Item> {
        let Some(roster) = circle::roster(self.tx, circle) else { return Vec::new() };
        // The latest first: earlier ones have had more time to be heard of.
        let mut removals: Vec<(u64, EntryId)> = roster.removed.values().map(|removal| (removal.lamport, removal.by)).collect();
        removals.sort_by(|a, b| b.cmp(a));
        removals.truncate(REMOVALS_HANDED_OVER_MAX);
        let room = SYNC_PUSH_BYTES / removals.len().max(1);
        removals.into_iter().rev().flat_map(|(_, by)| self.removal(circle, &by, room)).collect()
    }
}

/// A frontier, and the time in which it holds: records expire.
#[derive(PartialEq)]
struct Lasting {
    frontier: Arc<Frontier>,
    span: Range<Millis>,
}

impl Held<'_, '_> {
    fn frontier(&self, circle: &SpaceId, scope: &Scope) -> Lasting {
        let mut span = Millis(0)..Millis(u64::MAX);
        let streams = match scope {
            Scope::Circle => self.logs(circle),
            Scope::Shop(shop) if !shelf::circles(self.tx, shop).contains(circle) => Vec::new(),
            Scope::Shop(shop) => self.logs(shop),
            Scope::People => self.people(circle),
            Scope::Records => self.records(circle, &mut span),
        };
        Lasting { frontier: Arc::new(Frontier::new(streams)), span }
    }

    /// Identity chains of a circle's people.
    fn people(&self, circle: &SpaceId) -> Vec<Stream> {
        let Some(roster) = circle::roster(self.tx, circle) else { return Vec::new() };
        let people = roster.members.keys().chain(roster.removed.keys());
        let stream = |person: &IdentityId| {
            let (height, head) = self.tx.load::<(u64, Digest)>(Table::Identity, &person.0)?;
            Some(Stream { key: StreamKey::Identity(*person), height, head })
        };
        people.filter_map(stream).collect()
    }

    /// Records of a circle's devices that have not expired, and proofs of forks of the logs that travel under it; and the time
    /// around now in which no other record expires.
    fn records(&self, circle: &SpaceId, span: &mut Range<Millis>) -> Vec<Stream> {
        let Some(roster) = circle::roster(self.tx, circle) else { return Vec::new() };
        let mut streams = Vec::new();
        for device in circle::devices(self.tx, &roster) {
            for slot in [Slot::Prekey, Slot::Addresses] {
                let Some((signed, record)) = self.any_record(&device, slot) else { continue };
                if record.expires <= self.now {
                    span.start = span.start.max(record.expires);
                } else {
                    span.end = span.end.min(record.expires);
                    let head = Digest(hash(Context::SyncDigest, &[&signed.bytes]));
                    streams.push(Stream { key: StreamKey::Record(device, slot), height: record.issued.0, head });
                }
            }
        }
        let spaces = std::iter::once(*circle).chain(shelf::shared_into(self.tx, circle));
        for (log, fork) in spaces.flat_map(|space| fork::all(self.tx, &space)) {
            let head = Digest(hash(Context::SyncDigest, &[&encode(&(log, fork.seq))]));
            streams.push(Stream { key: StreamKey::Fork(log), height: StreamKey::fork_height(fork.seq), head });
        }
        streams
    }

    fn fork(&self, log: &LogId) -> Option<Item> {
        let proof = fork::forked(self.tx, log)?.proof;
        self.tx.load(Table::Fork, &proof.0).map(Item::Fork)
    }

    fn record(&self, device: &DeviceId, slot: Slot) -> Option<SignedRecord> {
        self.any_record(device, slot).filter(|(_, record)| record.expires > self.now).map(|(signed, _)| signed)
    }

    /// A record, expired or not.
    fn any_record(&self, device: &DeviceId, slot: Slot) -> Option<(SignedRecord, Record)> {
        let signed: SignedRecord = self.tx.load(Table::Record, &[device.0.as_slice(), &[slot as u8]].concat())?;
        let record = signed.trusted().ok()?;
        Some((signed, record))
    }

    /// The logs of a space, each as far as it counts.
    fn logs(&self, space: &SpaceId) -> Vec<Stream> {
        let rows = self.tx.prefix(Table::Head, &space.0);
        let log = |(key, _): &(Vec<u8>, Vec<u8>)| *self.tx.memo(Sort::Log, key, || self.log(&log_of(key)?));
        rows.iter().filter_map(log).collect()
    }

    fn log(&self, log: &LogId) -> Option<Stream> {
        let head = Known(self.tx).head(log)?;
        let Writer::Person(_, standing) = Known(self.tx).writer(log) else { return None };
        let last = match standing {
            Standing::Open => head.seq,
            Standing::Until(cut) => cut.min(head.seq),
            Standing::Closed => return None,
        };
        let id = if last == head.seq { head.id } else { Known(self.tx).at(log, last)? };
        Some(Stream { key: StreamKey::Log(*log), height: last + 1, head: Digest(id.0) })
    }

    /// A removal or a leave, and the epoch under which it is said: who is to learn of it may have met neither.
    fn removal(&self, circle: &SpaceId, by: &EntryId, max_bytes: usize) -> Vec<Item> {
        let Some(removal) = known::entry(self.tx, by) else { return Vec::new() };
        let epoch = removal.header().key.and_then(|key| circle::epoch(self.tx, circle, &key));
        let mut items = epoch.map(|row| self.leading_to(&row.entry, max_bytes / 2)).unwrap_or_default();
        items.extend(self.leading_to(&removal.id(), max_bytes / 2));
        items
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
            let size = batch::size(&raw);
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

fn place_of(key: &[u8]) -> Option<(LogId, u64)> {
    Some((log_of(key)?, u64::from_be_bytes(key.get(72..80)?.try_into().ok()?)))
}

/// The log, sequence and id at a removed person's ends: what the removal lets stand.
pub(super) fn cuts(tx: &Tx<'_>, roster: &Roster, person: &IdentityId) -> Vec<haat_protocol::body::Cut> {
    let Some(identity) = known::identity(tx, person) else { return Vec::new() };
    let mut cuts = Vec::new();
    for device in identity.ever() {
        for (key, row) in tx.prefix(Table::Head, &[roster.space.0, device.0].concat()) {
            let (Some(log), Some(head)) = (log_of(&key), tx.decoded::<Head>(Table::Head, &row)) else { continue };
            let seq = match roster.standing(person, &device, log.number) {
                Standing::Until(cut) => cut.min(head.seq),
                _ => head.seq,
            };
            let id = tx.get(Table::At, &place_key(&log, seq)).and_then(|id| EntryId::from_slice(&id));
            if let Some(id) = id {
                cuts.push(haat_protocol::body::Cut { device, log: log.number, seq, id });
            }
        }
    }
    cuts
}
