//! Circles: the roster of each, folded anew whenever a membership entry takes effect.

use std::collections::BTreeSet;
use std::sync::Arc;

use haat_protocol::body::{Manifest, MemberAdd};
use haat_protocol::circle::{Operation, Roster, fold_knowing, is_proven};
use haat_protocol::entry::{Entry, Header, LogId};
use haat_protocol::epoch::{Node, key_id};
use haat_protocol::id::{DeviceId, Digest, EntryId, IdentityId, KeyId, SpaceId};
use haat_protocol::invite::Code;
use haat_protocol::kind::Kind;
use haat_protocol::norms::Norms;
use haat_protocol::space::{self, Inception};
use haat_protocol::time::Millis;
use serde::{Deserialize, Serialize};

use super::{Cx, again, body, fork, known, word};
use crate::store::memo::Sort;
use crate::store::{Table, Tx};

/// An epoch as one entry tells it: where that stands and what it says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochRow {
    /// Lamport time of its entry.
    pub lamport: u64,
    /// The entry that tells it.
    pub entry: EntryId,
    /// Claimed time of its entry.
    pub at: Millis,
    /// Device and log of its entry.
    pub log: (DeviceId, u64),
    /// Its place there.
    pub seq: u64,
    /// Its generation.
    pub generation: u64,
    /// The epochs it follows.
    pub parents: Vec<KeyId>,
    /// What it covers beyond them.
    pub covers: Vec<Digest>,
}

impl EpochRow {
    /// What the graph of epochs needs.
    #[must_use]
    pub fn node(&self) -> Node {
        Node { generation: self.generation, parents: self.parents.clone(), covers: self.covers.clone() }
    }

    /// Whether its entry counts, given the removals, revocations and forks known now.
    #[must_use]
    pub fn counts(&self, tx: &Tx<'_>, roster: &Roster) -> bool {
        let log = LogId { space: roster.space, device: self.log.0, number: self.log.1 };
        known::person_of(tx, &log.device).is_some_and(|person| fork::in_circle(tx, roster, &person, &log).counts(self.seq))
    }
}

/// A join that came to nothing: what its code called the circle, and why. Whoever asked sees it until asking again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declined {
    /// Name of the circle, as the code told it.
    pub name: String,
    /// Why, in words.
    pub reason: String,
}

/// A join is over: the circle is here, or somebody said why not.
pub(super) fn join_ended(cx: &mut Cx<'_, '_, '_>, space: &SpaceId, declined: Option<&str>) {
    let code = cx.tx.load::<String>(Table::Join, &space.0).and_then(|text| Code::parse(&text).ok());
    cx.tx.remove(Table::Join, &space.0);
    match declined.zip(code) {
        Some((reason, code)) => cx.tx.save(Table::Declined, &space.0, &Declined { name: code.name, reason: reason.to_owned() }),
        None => cx.tx.remove(Table::Declined, &space.0),
    }
}

/// Why a join came to nothing, if it did and nobody asked again.
#[must_use]
pub fn declined(tx: &Tx<'_>, space: &SpaceId) -> Option<Declined> {
    tx.load(Table::Declined, &space.0)
}

/// A membership entry took effect.
pub(super) fn note(cx: &mut Cx<'_, '_, '_>, entry: &Entry) {
    cx.tx.put(Table::Membership, &membership_key(entry.header(), &entry.id()), Vec::new());
    fold_again(cx, &entry.header().space);
}

/// A membership entry lost its effect.
pub(super) fn unnote(cx: &mut Cx<'_, '_, '_>, entry: &Entry) {
    cx.tx.remove(Table::Membership, &membership_key(entry.header(), &entry.id()));
    fold_again(cx, &entry.header().space);
}

/// Key of an entry in [`Table::Membership`].
pub(super) fn membership_key(header: &Header, id: &EntryId) -> Vec<u8> {
    [header.space.0.as_slice(), &header.lamport.to_be_bytes(), &id.0].concat()
}

/// Folds the roster of a circle anew: its entries are others, or count otherwise.
pub(super) fn fold_again(cx: &mut Cx<'_, '_, '_>, space: &SpaceId) {
    let tx = &*cx.tx;
    let holds = |space: SpaceId, key: &DeviceId, add: &MemberAdd| {
        let all = [key.0.as_slice(), &space.0, &add.identity.0, &add.device.0, &add.proof.0].concat();
        *tx.memo(Sort::Proof, &all, || is_proven(space, key, add))
    };
    let Some(roster) = fold_knowing(*space, &operations(tx, space), &holds) else { return };
    let before = self::roster(cx.tx, space);
    cx.tx.save(Table::Roster, &space.0, &roster);
    let before = before.as_deref();
    // Whoever was let in again may have spoken before that came here, and who is in no more without a removal was let in in vain.
    let stands = |roster: &Roster, person: &IdentityId| (roster.has(person), roster.removed.get(person).cloned());
    let known = [Some(&roster), before].into_iter().flatten();
    let people: BTreeSet<IdentityId> = known.flat_map(|roster| roster.members.keys().chain(roster.removed.keys())).copied().collect();
    for person in people.iter().filter(|person| before.is_some_and(|before| stands(before, person) != stands(&roster, person))) {
        word::weigh_again(cx, space, person);
    }
    if before.as_ref().is_some_and(|before| before.norms != roster.norms) {
        again::rules_changed(cx, space, Norms::judge);
    } else if roster.limits_sellers() && before.is_some_and(|before| before.roles != roster.roles) {
        again::rules_changed(cx, space, |kind| kind == Kind::Share);
    }
}

fn operations(tx: &Tx<'_>, space: &SpaceId) -> Vec<Operation> {
    membership(tx, space).iter().filter_map(|id| operation(tx, id)).collect()
}

/// The membership entries of a circle that took effect, by lamport time.
#[must_use]
pub fn membership(tx: &Tx<'_>, space: &SpaceId) -> Vec<EntryId> {
    let rows = tx.prefix(Table::Membership, &space.0);
    rows.iter().filter_map(|(key, _)| EntryId::from_slice(&key[40..])).collect()
}

fn operation(tx: &Tx<'_>, id: &EntryId) -> Option<Operation> {
    let entry = known::entry(tx, id)?;
    let header = entry.header();
    // What a fork, a close or a revocation sets aside; removals are found by the fold itself.
    let author = known::author(tx, header)?;
    if !fork::standing(tx, &author, &header.log_id()).counts(header.seq) {
        return None;
    }
    Some(Operation {
        id: *id,
        lamport: header.lamport,
        at: header.at,
        log: (header.device, header.log),
        seq: header.seq,
        author,
        body: body(tx, id)?,
    })
}

/// The roster of a circle, as far as it is known here.
#[must_use]
pub fn roster(tx: &Tx<'_>, space: &SpaceId) -> Option<Arc<Roster>> {
    let roster = tx.memo(Sort::Roster, &space.0, || tx.load(Table::Roster, &space.0).map(Arc::new));
    Option::clone(&*roster)
}

/// Whether a person went out of a circle without being removed.
#[must_use]
pub fn has_left(tx: &Tx<'_>, space: &SpaceId, person: &IdentityId) -> bool {
    let is_left = |roster: &Roster| !roster.has(person) && roster.removed.get(person).is_some_and(|removal| removal.left);
    roster(tx, space).is_some_and(|roster| is_left(&roster))
}

/// An epoch is told. Each telling is kept: whoever tells one again, and what becomes of that, takes nothing from the others.
pub(super) fn begin_epoch(cx: &mut Cx<'_, '_, '_>, entry: &Entry, manifest: &Manifest) {
    let header = entry.header();
    let row = EpochRow {
        lamport: header.lamport,
        entry: entry.id(),
        at: header.at,
        log: (header.device, header.log),
        seq: header.seq,
        generation: manifest.generation,
        parents: manifest.parents.iter().map(|(parent, _)| *parent).collect(),
        covers: manifest.covers.clone(),
    };
    cx.tx.save(Table::Epoch, &telling_key(&header.space, &key_id(header.space, manifest), (header.lamport, &row.entry)), &row);
}

/// An entry that told an epoch has lost its place.
pub(super) fn forget_epoch(tx: &mut Tx<'_>, entry: &Entry, manifest: &Manifest) {
    let header = entry.header();
    tx.remove(Table::Epoch, &telling_key(&header.space, &key_id(header.space, manifest), (header.lamport, &entry.id())));
}

/// Key of a telling in [`Table::Epoch`].
pub(crate) fn telling_key(space: &SpaceId, key: &KeyId, (lamport, entry): (u64, &EntryId)) -> Vec<u8> {
    [space.0.as_slice(), &key.0, &lamport.to_be_bytes(), &entry.0].concat()
}

/// All tellings of the epochs of a circle, each epoch's by lamport time and entry.
#[must_use]
pub fn epochs(tx: &Tx<'_>, space: &SpaceId) -> Vec<(KeyId, EpochRow)> {
    let rows = tx.prefix(Table::Epoch, &space.0);
    rows.iter().filter_map(|(key, row)| Some((KeyId::from_slice(&key[32..64])?, tx.decoded(Table::Epoch, row)?))).collect()
}

/// The tellings of one epoch, by lamport time and entry.
#[must_use]
pub fn tellings(tx: &Tx<'_>, space: &SpaceId, key: &KeyId) -> Vec<EpochRow> {
    let rows = tx.prefix(Table::Epoch, &[space.0, key.0].concat());
    rows.iter().filter_map(|(_, row)| tx.decoded(Table::Epoch, row)).collect()
}

/// An epoch of a circle, as its first telling that counts says it; without one that counts its first telling.
#[must_use]
pub fn epoch(tx: &Tx<'_>, space: &SpaceId, key: &KeyId) -> Option<EpochRow> {
    let mut tellings = tellings(tx, space, key);
    let counting = (tellings.len() > 1).then(|| roster(tx, space)).flatten();
    let first = counting.and_then(|roster| tellings.iter().position(|row| row.counts(tx, &roster))).unwrap_or(0);
    (first < tellings.len()).then(|| tellings.swap_remove(first))
}

/// When an epoch began: the latest that its tellings claim that count. Who tells it again cannot make it old.
#[must_use]
pub fn began_at(tx: &Tx<'_>, roster: &Roster, key: &KeyId) -> Option<Millis> {
    tellings(tx, &roster.space, key).iter().filter(|row| row.counts(tx, roster)).map(|row| row.at).max()
}

/// All circles known here, the ones this node was removed from included.
#[must_use]
pub fn all(tx: &Tx<'_>) -> Vec<SpaceId> {
    let circles = tx.memo(Sort::Circles, &[], || {
        let rows = tx.prefix(Table::Space, &[]);
        let is_circle = |row: &[u8]| tx.decoded::<Inception>(Table::Space, row).is_some_and(|begun| begun.sort == space::Sort::Circle);
        rows.iter().filter(|(_, row)| is_circle(row)).filter_map(|(key, _)| SpaceId::from_slice(key)).collect::<Vec<_>>()
    });
    circles.to_vec()
}

/// Operations by which these people took devices out of their chains: whoever makes new keys has to cover those of members.
pub fn revocations<'p>(tx: &Tx<'_>, people: impl Iterator<Item = &'p IdentityId>) -> BTreeSet<Digest> {
    // A chain of one operation revokes nothing, and most are such.
    let long = people.filter(|person| tx.load::<(u64, Digest)>(Table::Identity, &person.0).is_some_and(|(count, _)| count > 1));
    let identities: Vec<_> = long.filter_map(|person| known::identity(tx, person)).collect();
    identities.iter().flat_map(|identity| identity.revocations()).map(|revocation| Digest(revocation.by.0)).collect()
}

/// Devices of everyone who is in a circle now.
#[must_use]
pub fn devices(tx: &Tx<'_>, roster: &Roster) -> Vec<DeviceId> {
    roster.members.keys().filter_map(|person| known::identity(tx, person)).flat_map(|person| person.devices().to_vec()).collect()
}
