//! Circles: the roster of each, folded anew whenever a membership entry takes effect.

use std::collections::BTreeSet;

use haat_protocol::circle::{Operation, Roster, fold};
use haat_protocol::entry::Entry;
use haat_protocol::id::{DeviceId, EntryId, IdentityId, KeyId, SpaceId};
use haat_protocol::space::{Inception, Sort};
use haat_protocol::time::Millis;
use serde::{Deserialize, Serialize};

use super::{Cx, body, known, word};
use crate::store::{Table, Tx};

/// When an epoch began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochRow {
    /// The entry that begins it.
    pub entry: EntryId,
    /// Claimed time of its entry.
    pub at: Millis,
    /// Lamport time of its entry.
    pub lamport: u64,
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

/// When an epoch of a circle began.
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
