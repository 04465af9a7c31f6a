//! What this program makes of the vectors about whole histories: a reader that holds a space and the chains of its people, and is
//! handed entries one after the other. Nothing is told to it that it can work out: ends of logs, writers, what counts, norms.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use haat_protocol::admit::{self, Head, Opened, Refusal, Verdict, View, Writer};
use haat_protocol::body::Body;
use haat_protocol::circle::{Operation, Roster, Standing, fold};
use haat_protocol::codec::decode_own;
use haat_protocol::entry::{Entry, Header, LogId, Unverified};
use haat_protocol::epoch::EpochKeys;
use haat_protocol::id::{DeviceId, EntryId, IdentityId, KeyId, SpaceId};
use haat_protocol::identity::{Chain, Identity};
use haat_protocol::kind::{Kind, secrecy_of};
use haat_protocol::money::Money;
use haat_protocol::norms::Role;
use haat_protocol::space::{Inception, Sort};
use haat_protocol::time::Millis;

use crate::codes::Coded;
use crate::door::{end_shown, of_void, refused, waiting};
use crate::house::{counted, verified};
use crate::judge::{Found, array};

/// The check of this name; none when it is not one of these.
pub(crate) fn judge(check: &str, input: &[u8], context: &Value) -> Option<Found> {
    (check == "history").then(|| history(input, context))
}

/// What comes to a reader: the space, the chains, then entries.
#[derive(Serialize, Deserialize)]
pub(crate) struct Pile {
    pub(crate) inception: Inception,
    pub(crate) chains: Vec<Chain>,
    pub(crate) entries: Vec<Unverified>,
}

/// The keys that a reader holds.
pub(crate) enum Keys {
    /// One for all that is said.
    One([u8; 32]),
    /// Those of epochs.
    Epochs(BTreeMap<KeyId, EpochKeys>),
}

impl Keys {
    fn of(&self, header: &Header) -> Option<[u8; 32]> {
        match self {
            Self::One(key) => Some(*key),
            Self::Epochs(held) => held.get(&header.key?)?.key(secrecy_of(header.kind)).copied(),
        }
    }
}

/// An entry that is kept, and the end of its log with it.
pub(crate) struct Kept {
    pub(crate) entry: Entry,
    head: Head,
}

pub(crate) struct Reader {
    inception: Inception,
    keys: Keys,
    pub(crate) people: BTreeMap<DeviceId, Identity>,
    pub(crate) kept: BTreeMap<EntryId, Kept>,
    pub(crate) places: BTreeMap<(LogId, u64), EntryId>,
    heads: BTreeMap<LogId, Head>,
    pub(crate) forks: BTreeMap<LogId, u64>,
    pub(crate) roster: Option<Roster>,
}

impl View for Reader {
    fn head(&self, log: &LogId) -> Option<Head> {
        self.heads.get(log).cloned()
    }

    fn at(&self, log: &LogId, seq: u64) -> Option<EntryId> {
        self.places.get(&(*log, seq)).copied()
    }

    fn header(&self, id: &EntryId) -> Option<Header> {
        self.kept.get(id).map(|kept| kept.entry.header().clone())
    }

    fn writer(&self, log: &LogId) -> Writer {
        let Some(identity) = self.people.get(&log.device) else { return Writer::Unknown };
        let person = identity.id();
        let own = self.ended(log);
        if let Some(roster) = &self.roster {
            let standing = roster.standing(&person, &log.device, log.number);
            let never_in = standing == Standing::Closed && !roster.removed.contains_key(&person);
            return if never_in { Writer::Unknown } else { Writer::Person(person, standing.and(own)) };
        }
        let begins = self.inception.sort == Sort::Shop || self.inception.device == log.device;
        if self.inception.creator == person && begins { Writer::Person(person, own) } else { Writer::Unknown }
    }

    fn sort(&self, space: &SpaceId) -> Option<Sort> {
        (*space == self.inception.id()).then_some(self.inception.sort)
    }

    fn shopkeeper(&self, shop: &SpaceId) -> Option<IdentityId> {
        (*shop == self.inception.id() && self.inception.sort == Sort::Shop).then_some(self.inception.creator)
    }

    fn created(&self, space: &SpaceId) -> Option<Millis> {
        (*space == self.inception.id()).then_some(self.inception.created)
    }

    fn prices(&self, _: &EntryId) -> Option<Vec<Money>> {
        None
    }
}

impl Reader {
    /// Who holds nothing yet but people's chains.
    pub(crate) fn new(inception: Inception, chains: Vec<Chain>, keys: Keys) -> Result<Self, String> {
        let mut people = BTreeMap::new();
        for chain in chains {
            let identity = verified(chain)?;
            people.extend(identity.ever().map(|device| (device, identity.clone())));
        }
        let (kept, places, heads, forks) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Ok(Self { inception, keys, people, kept, places, heads, forks, roster: None })
    }

    /// Takes these in, one after the other: what becomes of each.
    pub(crate) fn hear(&mut self, entries: Vec<Unverified>, now: Millis) -> Result<Vec<&'static str>, String> {
        entries.into_iter().map(|raw| Ok(self.take(raw.verify().map_err(|fault| fault.code())?, now))).collect()
    }

    /// What counts of a log; none when nobody is known to write it.
    pub(crate) fn standing(&self, log: &LogId) -> Option<Standing> {
        if let Writer::Person(_, standing) = self.writer(log) { Some(standing) } else { None }
    }

    /// Lets go what is kept of a log from a place on.
    pub(crate) fn forget(&mut self, log: &LogId, from: u64) {
        let gone: Vec<(LogId, u64)> = self.places.range((*log, from)..=(*log, u64::MAX)).map(|(place, _)| *place).collect();
        for place in &gone {
            let id = self.places.remove(place).expect("it was listed");
            self.kept.remove(&id);
        }
        if gone.is_empty() {
            return;
        }
        match from.checked_sub(1).and_then(|seq| self.places.get(&(*log, seq))) {
            Some(last) => self.heads.insert(*log, self.kept[last].head.clone()),
            None => self.heads.remove(log),
        };
    }

    /// The roster follows anew from what stands.
    pub(crate) fn fold_again(&mut self) {
        self.roster = self.folded();
    }

    /// Whether an entry counts that is kept.
    pub(crate) fn counts(&self, header: &Header) -> bool {
        self.standing(&header.log_id()).is_some_and(|standing| standing.counts(header.seq))
    }

    /// What an entry says that is kept, if it can be read.
    pub(crate) fn opened(&self, id: &EntryId) -> Option<Vec<u8>> {
        let entry = &self.kept.get(id)?.entry;
        entry.open(self.keys.of(entry.header()).as_ref()).ok().map(|plain| plain.to_vec())
    }

    /// What the chain of a log's person and its lowest known fork let stand.
    fn ended(&self, log: &LogId) -> Standing {
        let fork = self.forks.get(log).copied();
        self.people
            .get(&log.device)
            .map_or(Standing::Closed, |person| Standing::of(person.ending(&log.space, &log.device, log.number), fork))
    }

    /// One entry comes: what becomes of it.
    pub(crate) fn take(&mut self, entry: Entry, now: Millis) -> &'static str {
        let (header, id) = (entry.header().clone(), entry.id());
        match admit::header(self, &entry, now) {
            Verdict::Known => "known",
            Verdict::Waiting(missing) => waiting(&missing),
            Verdict::Refused(refusal) => {
                if let Refusal::Fork(_) = refusal {
                    let lowest = self.forks.entry(header.log_id()).or_insert(header.seq);
                    *lowest = header.seq.min(*lowest);
                    self.roster = self.folded();
                }
                refused(&refusal)
            }
            Verdict::Admitted(head) => {
                self.places.insert((header.log_id(), header.seq), id);
                self.heads.insert(header.log_id(), head.clone());
                self.kept.insert(id, Kept { entry, head });
                self.roster = self.folded();
                "kept"
            }
        }
    }

    /// The body of a kept entry that takes effect, whatever the circle says of its log.
    pub(crate) fn effect(&self, kept: &Kept, with_norms: bool) -> Result<Body, String> {
        let header = kept.entry.header();
        let Some(kind) = Kind::from_code(header.kind) else {
            return Err(if kept.head.stopped.is_some() { "stopped" } else { "newer" }.to_owned());
        };
        let plain = kept.entry.open(self.keys.of(header).as_ref()).map_err(|fault| fault.code())?;
        let body = Body::decode(kind, &plain).map_err(|fault| fault.code())?;
        let norms = self.roster.as_ref().filter(|_| with_norms).map(|roster| &roster.norms);
        let author = self.people[&header.device].id();
        let place = (header.lamport, kept.entry.id());
        let role = self.roster.as_ref().map_or(Role::Member, |roster| roster.role_at(&author, place));
        admit::body(self, &Opened { header, author, role, head: &kept.head, norms }, &body).map_err(|void| of_void(&void))?;
        Ok(body)
    }

    fn folded(&self) -> Option<Roster> {
        let counts = |kept: &&Kept| self.ended(&kept.entry.header().log_id()).counts(kept.entry.header().seq);
        let operations: Vec<Operation> = self
            .kept
            .values()
            .filter(counts)
            .filter_map(|kept| {
                let (header, author) = (kept.entry.header(), self.people[&kept.entry.header().device].id());
                let body = self.effect(kept, false).ok()?;
                let log = (header.device, header.log);
                Some(Operation { id: kept.entry.id(), lamport: header.lamport, at: header.at, log, seq: header.seq, author, body })
            })
            .collect();
        fold(self.inception.id(), &operations)
    }

    /// What stands in the end.
    fn shown(&self, came: &[&str]) -> Value {
        let logs = self.heads.iter().map(|(log, head)| {
            let counts = match self.writer(log) {
                Writer::Person(_, standing) => counted(standing),
                Writer::Unknown => Value::Null,
            };
            json!({"device": log.device, "number": log.number, "end": end_shown(head), "counts": counts})
        });
        let effects = self.kept.iter().map(|(id, kept)| json!({"entry": id, "void": self.effect(kept, true).err()}));
        json!({"came": came, "logs": logs.collect::<Vec<_>>(), "effects": effects.collect::<Vec<_>>()})
    }
}

fn history(input: &[u8], context: &Value) -> Found {
    let pile: Pile = decode_own(input).map_err(|fault| fault.code())?;
    let mut reader = Reader::new(pile.inception, pile.chains, Keys::One(array(context, "key")))?;
    let came = reader.hear(pile.entries, Millis(context["now"].as_u64().expect("a time")))?;
    Ok(reader.shown(&came))
}
