//! Who holds a circle and takes part in a run of sync, and a run between two such: made, or followed as it is told.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_bytes::{ByteArray, ByteBuf};

use haat_protocol::crypto::{Context, hash};
use haat_protocol::entry::{Entry, LogId, Unverified};
use haat_protocol::id::{DeviceId, Digest, IdentityId, SpaceId};
use haat_protocol::identity::{Chain, Identity};
use haat_protocol::record::{Record, SignedRecord, Slot};
use haat_protocol::sync::{Batch, Effect, Frontier, Holdings, Places, Relation, Runs, Session, Stream, Want};
use haat_protocol::wire::{Item, Scope, StreamKey, SyncRequest, SyncResponse};

/// One of the two, as a vector tells it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Side {
    pub(crate) device: DeviceId,
    pub(crate) topics: Vec<ByteArray<32>>,
    pub(crate) entries: Vec<Unverified>,
    pub(crate) chains: Vec<Chain>,
    pub(crate) records: Vec<SignedRecord>,
}

/// What a side holds.
pub(crate) struct Holder {
    space: SpaceId,
    pub(crate) device: DeviceId,
    topics: Vec<[u8; 32]>,
    logs: BTreeMap<LogId, Vec<Entry>>,
    waits: BTreeMap<(LogId, u64), Entry>,
    chains: BTreeMap<IdentityId, Identity>,
    records: BTreeMap<(DeviceId, Slot), (Record, SignedRecord)>,
}

impl Holder {
    pub(crate) fn of(space: SpaceId, side: &Side) -> Self {
        let topics = side.topics.iter().map(|topic| **topic).collect();
        let (logs, waits, chains, records) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut holder = Self { space, device: side.device, topics, logs, waits, chains, records };
        holder.take(side.chains.iter().cloned().map(Item::Identity).collect());
        holder.take(side.entries.iter().cloned().map(Item::Entry).collect());
        holder.take(side.records.iter().cloned().map(Item::Record).collect());
        holder
    }

    pub(crate) fn take(&mut self, items: Vec<Item>) {
        for item in items {
            match item {
                Item::Entry(raw) => self.entry(raw.verify().expect("a good entry")),
                Item::Identity(chain) => {
                    let next = chain.verify().expect("a good chain");
                    if self.chains.get(&next.id()).is_none_or(|held| next.beats(held)) {
                        self.chains.insert(next.id(), next);
                    }
                }
                Item::Record(signed) => {
                    let record = signed.verify().expect("a good record");
                    let held = self.records.get(&(record.device, record.slot()));
                    if held.is_none_or(|(held, bytes)| (held.issued, &bytes.bytes) < (record.issued, &signed.bytes)) {
                        self.records.insert((record.device, record.slot()), (record, signed));
                    }
                }
                Item::Fork(_) => {}
            }
        }
    }

    fn entry(&mut self, entry: Entry) {
        let (id, seq) = (entry.header().log_id(), entry.header().seq);
        let log = self.logs.entry(id).or_default();
        if let Some(held) = usize::try_from(seq).ok().and_then(|seq| log.get_mut(seq)) {
            if held.id() == entry.id() && held.raw().payload.is_none() {
                *held = entry;
            }
            return;
        }
        self.waits.entry((id, seq)).or_insert(entry);
        while let Some(next) = self.waits.remove(&(id, log.len() as u64)) {
            if log.last().is_some_and(|last| next.header().prev != Some(last.id())) {
                break;
            }
            log.push(next);
        }
    }

    fn all(&self, scope: &Scope) -> Vec<Stream> {
        let digest = |bytes: &[u8]| Digest(hash(Context::SyncDigest, &[bytes]));
        match scope {
            Scope::Circle => {
                let ends = self.logs.iter().filter_map(|(log, entries)| Some((log, entries.len() as u64, entries.last()?.id())));
                ends.map(|(log, height, id)| Stream { key: StreamKey::Log(*log), height, head: Digest(id.0) }).collect()
            }
            Scope::People => {
                let heads = self.chains.iter().map(|(id, identity)| (id, identity.head()));
                heads.map(|(id, (height, head))| Stream { key: StreamKey::Identity(*id), height, head }).collect()
            }
            _ => {
                let said = self.records.iter();
                said.map(|((device, slot), (record, signed))| Stream {
                    key: StreamKey::Record(*device, *slot),
                    height: record.issued.0,
                    head: digest(&signed.bytes),
                })
                .collect()
            }
        }
    }

    /// Every stream with its height, in order.
    pub(crate) fn ends(&self) -> Vec<(StreamKey, u64)> {
        let scopes = self.scopes(&self.space);
        scopes.iter().flat_map(|scope| self.streams(&self.space, scope).iter().map(|s| (s.key, s.height)).collect::<Vec<_>>()).collect()
    }
}

impl Holdings for Holder {
    fn circles(&self) -> Vec<SpaceId> {
        vec![self.space]
    }

    fn topics(&self, _: &SpaceId) -> Vec<[u8; 32]> {
        self.topics.clone()
    }

    fn scopes(&self, _: &SpaceId) -> Vec<Scope> {
        vec![Scope::Circle, Scope::People, Scope::Records]
    }

    fn streams(&self, _: &SpaceId, scope: &Scope) -> Arc<Frontier> {
        Arc::new(Frontier::new(self.all(scope)))
    }

    fn waiting(&self, _: &SpaceId, scope: &Scope) -> BTreeMap<LogId, Runs> {
        let mut waiting: BTreeMap<LogId, Runs> = BTreeMap::new();
        for (log, seq) in self.waits.keys().filter(|_| *scope == Scope::Circle) {
            let runs = waiting.entry(*log).or_default();
            match runs.last_mut() {
                Some((from, count)) if *from + *count == *seq => *count += 1,
                _ => runs.push((*seq, 1)),
            }
        }
        waiting
    }

    fn holes(&self, _: &SpaceId, scope: &Scope, asked: &Places) -> Places {
        let hollow = self.logs.values().flatten().filter(|entry| *scope == Scope::Circle && entry.raw().payload.is_none());
        hollow.map(|entry| (entry.header().log_id(), entry.header().seq)).filter(|place| !asked.contains(place)).collect()
    }

    /// All that is wanted: the vectors hold no more than fits.
    fn batch(&self, _: &SpaceId, wants: &[Want], _: bool, max_bytes: usize) -> Batch {
        let (mut people, mut entries, mut records) = (Vec::new(), BTreeMap::new(), Vec::new());
        for want in wants {
            match want.key {
                StreamKey::Log(log) => {
                    let all = self.logs.get(&log).into_iter().flatten().skip(usize::try_from(want.from).expect("small"));
                    let some = all.take(want.count.map_or(usize::MAX, |count| usize::try_from(count).expect("small")));
                    entries.extend(some.map(|entry| ((entry.header().lamport, entry.id()), Item::Entry(entry.raw().clone()))));
                }
                StreamKey::Identity(person) => people.push(Item::Identity(self.chains[&person].chain().clone())),
                StreamKey::Record(device, slot) => records.push(Item::Record(self.records[&(device, slot)].1.clone())),
                StreamKey::Fork(_) => {}
            }
        }
        let items: Vec<Item> = people.into_iter().chain(entries.into_values()).chain(records).collect();
        assert!(haat_protocol::codec::encode(&items).len() < max_bytes, "it fits");
        Batch { items, rest: Vec::new() }
    }

    fn pause(&self, _: &DeviceId) -> Option<u64> {
        None
    }

    fn relation(&self, _: &SpaceId, _: &DeviceId) -> Relation {
        Relation::Member
    }

    fn is_out(&self, _: &SpaceId) -> bool {
        false
    }

    fn introduction(&self, _: &SpaceId) -> Vec<Item> {
        let own = self.chains.values().filter(|identity| identity.devices().contains(&self.device));
        own.map(|identity| Item::Identity(identity.chain().clone())).collect()
    }

    fn farewell(&self, _: &SpaceId, _: &DeviceId) -> Vec<Item> {
        Vec::new()
    }

    fn overturns(&self, _: &SpaceId, _: &DeviceId, _: &[Item]) -> Vec<Item> {
        Vec::new()
    }

    fn bequest(&self, _: &SpaceId) -> Vec<Item> {
        Vec::new()
    }
}

/// A question and what came back; nothing when the connection was gone by then.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Exchange {
    pub(crate) request: ByteBuf,
    pub(crate) answer: Option<ByteBuf>,
}

/// One connection: who asks and who answers, and how it ended.
pub(crate) struct Talk<'a> {
    asker: &'a mut Holder,
    answerer: &'a mut Holder,
    sessions: (Session, Session),
    fresh: [u8; 32],
    pub(crate) end: &'static str,
}

impl<'a> Talk<'a> {
    pub(crate) fn new(asker: &'a mut Holder, answerer: &'a mut Holder, number: u8) -> Self {
        let sessions = (Session::new(asker.device, answerer.device), Session::new(answerer.device, asker.device));
        Self { asker, answerer, sessions, fresh: [number + 40; 32], end: "cut" }
    }

    /// Drives the asker. `say` is told each question and the answer that the answerer's holdings give, and says what comes back.
    pub(crate) fn go<E>(
        &mut self,
        nonce: u8,
        mut say: impl FnMut(&SyncRequest, SyncResponse) -> Result<Option<SyncResponse>, E>,
    ) -> Result<(), E> {
        let mut effects: VecDeque<Effect> = self.sessions.0.begin([nonce; 16]).into();
        while let Some(effect) = effects.pop_front() {
            let next = match effect {
                Effect::Ask(turn, request) => {
                    let truth = self.answer(request.clone());
                    let Some(said) = say(&request, truth)? else { return Ok(()) };
                    self.sessions.0.answered(self.asker, turn, said)
                }
                Effect::Accept { items, .. } => {
                    self.asker.take(items);
                    self.sessions.0.proceed(self.asker)
                }
                Effect::Synced(_) => self.ended("in step"),
                Effect::Unfinished(_) => self.ended("unfinished"),
                Effect::PutOff(..) => self.ended("put off"),
                Effect::Behind(..) | Effect::Answer(_) | Effect::Wanted(_) => Vec::new(),
            };
            // What came is taken in before anything else is sent.
            let (first, later): (Vec<Effect>, Vec<Effect>) = next.into_iter().partition(|effect| matches!(effect, Effect::Accept { .. }));
            first.into_iter().for_each(|effect| effects.push_front(effect));
            effects.extend(later);
        }
        Ok(())
    }

    fn ended(&mut self, how: &'static str) -> Vec<Effect> {
        self.end = how;
        Vec::new()
    }

    fn answer(&mut self, request: SyncRequest) -> SyncResponse {
        let mut answer = None;
        for effect in self.sessions.1.asked(self.answerer, request, &self.fresh) {
            match effect {
                Effect::Answer(said) => answer = Some(said),
                Effect::Accept { items, .. } => self.answerer.take(items),
                _ => {}
            }
        }
        answer.expect("every question has an answer")
    }
}
