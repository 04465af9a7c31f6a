//! Circles: the roster of each, folded anew whenever a membership entry takes effect.

use std::collections::BTreeSet;

use haat_protocol::body::Manifest;
use haat_protocol::circle::{Operation, Roster, fold};
use haat_protocol::entry::Entry;
use haat_protocol::epoch::{Node, key_id};
use haat_protocol::id::{DeviceId, Digest, EntryId, IdentityId, KeyId, SpaceId};
use haat_protocol::space::{Inception, Sort};
use haat_protocol::time::Millis;
use serde::{Deserialize, Serialize};

use super::{Cx, body, known, word};
use crate::store::{Table, Tx};

/// An epoch: where it stands and what it says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochRow {
    /// Lamport time of its entry.
    pub lamport: u64,
    /// The entry that begins it.
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

    /// Whether its entry counts, given the removals known now.
    #[must_use]
    pub fn counts(&self, tx: &Tx<'_>, roster: &Roster) -> bool {
        let (device, log) = &self.log;
        known::person_of(tx, device).is_some_and(|person| roster.standing(&person, device, *log).counts(self.seq))
    }
}

/// A membership entry took effect.
pub(super) fn note(cx: &mut Cx<'_, '_, '_>, entry: &Entry) {
    let header = entry.header();
    let key = [header.space.0.as_slice(), &header.lamport.to_be_bytes(), &entry.id().0].concat();
    cx.tx.put(Table::Membership, &key, Vec::new());
    let Some(roster) = fold(header.space, &operations(cx.tx, &header.space)) else { return };
    let before = self::roster(cx.tx, &header.space).map(|roster| roster.removed).unwrap_or_default();
    cx.tx.save(Table::Roster, &header.space.0, &roster);
    let people: BTreeSet<IdentityId> = before.keys().chain(roster.removed.keys()).copied().collect();
    for person in people.iter().filter(|person| before.get(*person) != roster.removed.get(*person)) {
        word::weigh_again(cx, &header.space, person);
    }
}

fn operations(tx: &Tx<'_>, space: &SpaceId) -> Vec<Operation> {
    let rows = tx.prefix(Table::Membership, &space.0);
    rows.iter().filter_map(|(key, _)| operation(tx, &EntryId::from_slice(&key[40..])?)).collect()
}

fn operation(tx: &Tx<'_>, id: &EntryId) -> Option<Operation> {
    let entry = known::entry(tx, id)?;
    let header = entry.header();
    Some(Operation {
        id: *id,
        lamport: header.lamport,
        at: header.at,
        log: (header.device, header.log),
        seq: header.seq,
        author: known::author(tx, header)?,
        body: body(tx, id)?,
    })
}

/// The roster of a circle, as far as it is known here.
#[must_use]
pub fn roster(tx: &Tx<'_>, space: &SpaceId) -> Option<Roster> {
    tx.load(Table::Roster, &space.0)
}

/// Whether a person went out of a circle without being removed.
#[must_use]
pub fn has_left(tx: &Tx<'_>, space: &SpaceId, person: &IdentityId) -> bool {
    let is_left = |roster: &Roster| !roster.has(person) && roster.removed.get(person).is_some_and(|removal| removal.left);
    roster(tx, space).is_some_and(|roster| is_left(&roster))
}

/// An epoch began. The same one may be told twice: its first entry is the one that is meant.
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
    let key = key_id(header.space, manifest);
    if epoch(cx.tx, &header.space, &key).is_none_or(|held| (row.lamport, row.entry) < (held.lamport, held.entry)) {
        cx.tx.save(Table::Epoch, &[header.space.0, key.0].concat(), &row);
    }
}

/// All epochs of a circle that were met.
#[must_use]
pub fn epochs(tx: &Tx<'_>, space: &SpaceId) -> Vec<(KeyId, EpochRow)> {
    let rows = tx.prefix(Table::Epoch, &space.0);
    rows.iter().filter_map(|(key, row)| Some((KeyId::from_slice(&key[32..])?, tx.decoded(Table::Epoch, row)?))).collect()
}

/// An epoch of a circle.
#[must_use]
pub fn epoch(tx: &Tx<'_>, space: &SpaceId, key: &KeyId) -> Option<EpochRow> {
    tx.load(Table::Epoch, &[space.0, key.0].concat())
}

/// All circles known here, the ones this node was removed from included.
#[must_use]
pub fn all(tx: &Tx<'_>) -> Vec<SpaceId> {
    let rows = tx.prefix(Table::Space, &[]);
    let circles = rows.iter().filter(|(_, row)| tx.decoded::<Inception>(Table::Space, row).is_some_and(|begun| begun.sort == Sort::Circle));
    circles.filter_map(|(key, _)| SpaceId::from_slice(key)).collect()
}

/// Devices of everyone who is in a circle now.
#[must_use]
pub fn devices(tx: &Tx<'_>, roster: &Roster) -> Vec<DeviceId> {
    roster.members.keys().filter_map(|person| known::identity(tx, person)).flat_map(|person| person.devices().to_vec()).collect()
}
