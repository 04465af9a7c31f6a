//! Stories of a circle: who wrote what, after what, as entries with fixed keys. What is said here is meant for the roster's fold.

use std::collections::BTreeMap;

use haat_protocol::body::{
    Body, CircleCreate, Cut, Invite, InviteRevoke, JoinDecline, MemberAdd, MemberLeave, MemberRemove, NormsChange, Profile, RoleChange,
};
use haat_protocol::codec::encode;
use haat_protocol::crypto::Keypair;
use haat_protocol::entry::{Draft, Entry, Header, Unverified};
use haat_protocol::epoch::EpochKeys;
use haat_protocol::id::{EntryId, KeyId};
use haat_protocol::invite;
use haat_protocol::kind::Secrecy;
use haat_protocol::norms::{Norms, Role};
use haat_protocol::space::{Inception, Sort};
use serde_json::json;

use crate::house::Pile;
use crate::kit::{SPACE_KEY, START, chain, circle, device, header, hex, hidden, inception, pair, person};
use crate::sheet::Case;

/// People who may take part.
const PEOPLE: u8 = 6;
/// Invites stand this long.
const LIFE_MS: u64 = 1_000_000;

/// The entries of a circle, each after its author's last one and whatever else it is said to follow.
#[derive(Clone, Default)]
pub(crate) struct Story {
    pub(crate) entries: Vec<Entry>,
    ends: BTreeMap<(u8, u64), EntryId>,
    late: u64,
    under: Option<(KeyId, EpochKeys)>,
    is_other: bool,
}

impl Story {
    /// Person 1 begins a circle with these norms.
    pub(crate) fn begin(norms: Norms) -> Self {
        Self::default().begun(norms)
    }

    /// The same of another circle of person 1, with this many people.
    pub(crate) fn of_another(size: u8) -> Self {
        Self { is_other: true, ..Self::default() }.begun(Norms::default()).joined(size)
    }

    /// What the circle begins with.
    pub(crate) fn inception(&self) -> Inception {
        let first = inception(Sort::Circle);
        if self.is_other { Inception { salt: [0xb6; 16], ..first } } else { first }
    }

    fn begun(mut self, norms: Norms) -> Self {
        let story = &mut self;
        let body = CircleCreate { inception: story.inception(), name: "Tea".into(), norms, creator_name: "One".into() };
        story.say(1, &[], Body::CircleCreate(body));
        self
    }

    /// A circle of this many people, whom person 1 lets in one after the other by one invite.
    pub(crate) fn of(size: u8) -> Self {
        Self::begin(Norms::default()).joined(size)
    }

    fn joined(mut self, size: u8) -> Self {
        let by = self.invite(1, &[], 9);
        (2..=size).for_each(|n| {
            self.add(1, &[], n, by);
        });
        self
    }

    /// What is said from here on is said under the keys of an epoch.
    pub(crate) fn under(&mut self, key: KeyId, keys: &EpochKeys) {
        self.under = Some((key, keys.clone()));
    }

    /// The entry that was written last.
    pub(crate) fn last(&self) -> EntryId {
        self.entries.last().expect("it was begun").id()
    }

    fn lamport(&self, id: &EntryId) -> u64 {
        self.entries.iter().find(|entry| entry.id() == *id).map_or(0, |entry| entry.header().lamport)
    }

    /// From here on entries are claimed to be written so much later.
    pub(crate) fn wait(&mut self, ms: u64) {
        self.late += ms;
    }

    /// Writes in the first log of a person.
    pub(crate) fn say(&mut self, who: u8, after: &[EntryId], body: Body) -> EntryId {
        self.say_in((who, 0), after, body)
    }

    /// Writes in a log of a person.
    pub(crate) fn say_in(&mut self, (who, log): (u8, u64), after: &[EntryId], body: Body) -> EntryId {
        let prev = self.ends.get(&(who, log)).copied();
        let seq = self.entries.iter().filter(|e| (e.header().device, e.header().log) == (device(who), log)).count() as u64;
        let mut refs: Vec<EntryId> = after.iter().copied().filter(|id| Some(*id) != prev).collect();
        refs.sort();
        refs.dedup();
        let lamport = 1 + prev.iter().chain(&refs).map(|id| self.lamport(id)).max().unwrap_or(0);
        let code = body.kind().code();
        let secrecy = body.kind().secrecy();
        let form = if secrecy == Secrecy::Clear { header(code) } else { hidden(code) };
        let under = self.under.as_ref().filter(|_| secrecy != Secrecy::Clear);
        let form = Header { key: under.map_or(form.key, |(key, _)| Some(*key)), space: self.inception().id(), ..form };
        let at = START.plus(lamport * 1_000 + self.late);
        let header = Header { device: device(who), log, seq, prev, refs, lamport, at, ..form };
        let fresh = [u8::try_from(self.entries.len()).expect("few"); 32];
        let key = under.map_or(header.key.map(|_| SPACE_KEY), |(_, keys)| keys.key(secrecy).copied());
        let entry = Draft { header, body: body.encode() }.sign(&pair(who), key.as_ref(), &fresh).expect("a good entry");
        let id = entry.id();
        self.ends.insert((who, log), id);
        self.entries.push(entry);
        id
    }

    /// Its key follows from who makes it, and how many were made.
    pub(crate) fn invite(&mut self, who: u8, after: &[EntryId], uses: u64) -> EntryId {
        let key = invite_key(self.entries.len()).public();
        self.say(who, after, Body::Invite(Invite { key, uses, expires: START.plus(LIFE_MS) }))
    }

    /// What lets a person in by an invite.
    pub(crate) fn admission(&self, newcomer: u8, by: EntryId) -> MemberAdd {
        let place = self.entries.iter().position(|entry| entry.id() == by).expect("an invite");
        let proof = invite::prove(&invite_key(place), self.inception().id(), person(newcomer), device(newcomer));
        MemberAdd { identity: person(newcomer), device: device(newcomer), name: format!("Person {newcomer}"), invite: by, proof }
    }

    pub(crate) fn add(&mut self, who: u8, after: &[EntryId], newcomer: u8, by: EntryId) -> EntryId {
        let add = self.admission(newcomer, by);
        self.say(who, after, Body::MemberAdd(add))
    }

    pub(crate) fn request(&mut self, who: u8, after: &[EntryId], newcomer: u8, by: EntryId) -> EntryId {
        let add = self.admission(newcomer, by);
        self.say(who, after, Body::JoinRequest(add))
    }

    pub(crate) fn decline(&mut self, who: u8, whom: u8, reason: Option<&str>) -> EntryId {
        let body = JoinDecline { identity: person(whom), reason: reason.map(Into::into) };
        self.say(who, &[self.last()], Body::JoinDecline(body))
    }

    /// The cut of a log at an entry that stands in it.
    pub(crate) fn cut_at(&self, id: EntryId) -> Cut {
        let header = self.entries.iter().find(|entry| entry.id() == id).expect("an entry").header();
        Cut { device: header.device, log: header.log, seq: header.seq, id }
    }

    /// Removes somebody, each log at one of its entries.
    pub(crate) fn remove(&mut self, who: u8, after: &[EntryId], whom: u8, at: &[EntryId]) -> EntryId {
        let cuts = at.iter().map(|id| self.cut_at(*id)).collect();
        self.say(who, after, Body::MemberRemove(MemberRemove { identity: person(whom), cuts }))
    }

    pub(crate) fn leave(&mut self, who: u8, after: &[EntryId], at: &[EntryId]) -> EntryId {
        let cuts = at.iter().map(|id| self.cut_at(*id)).collect();
        self.say(who, after, Body::MemberLeave(MemberLeave { cuts }))
    }

    pub(crate) fn role(&mut self, who: u8, after: &[EntryId], whom: u8, role: Role) -> EntryId {
        self.say(who, after, Body::Role(RoleChange { identity: person(whom), role }))
    }

    pub(crate) fn name(&mut self, who: u8, after: &[EntryId], name: &str) -> EntryId {
        self.say(who, after, Body::Profile(Profile { name: name.into() }))
    }

    pub(crate) fn norms(&mut self, who: u8, after: &[EntryId], norms: Norms) -> EntryId {
        self.say(who, after, Body::Norms(NormsChange { norms }))
    }

    pub(crate) fn revoke(&mut self, who: u8, after: &[EntryId], invite: EntryId) -> EntryId {
        self.say(who, after, Body::InviteRevoke(InviteRevoke { invite }))
    }

    /// The entries in this order of arrival, with the chains of those who write.
    pub(crate) fn come(&self, order: impl IntoIterator<Item = usize>) -> Case {
        self.raw(order.into_iter().map(|at| self.entries[at].raw().clone()).collect())
    }

    /// The same for entries as they travel.
    pub(crate) fn raw(&self, entries: Vec<Unverified>) -> Case {
        let writes = |n: &u8| self.entries.iter().any(|entry| entry.header().device == device(*n));
        let pile = Pile { space: circle(), chains: (1..=PEOPLE).filter(writes).map(chain).collect(), entries };
        Case::new("roster", encode(&pile)).with(json!({"key": hex(&SPACE_KEY)}))
    }
}

fn invite_key(place: usize) -> Keypair {
    pair(200 + u8::try_from(place).expect("few"))
}
