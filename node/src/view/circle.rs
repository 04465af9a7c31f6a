//! Circles: the roster of each, folded anew whenever a membership entry takes effect.

use haat_protocol::circle::{Operation, Roster, fold};
use haat_protocol::entry::Entry;
use haat_protocol::id::{DeviceId, EntryId, SpaceId};
use haat_protocol::space::{Inception, Sort};

use super::{Cx, body, known, word};
use crate::store::{Table, Tx};

/// A membership entry took effect.
pub(super) fn note(cx: &mut Cx<'_, '_, '_>, entry: &Entry) {
    let header = entry.header();
    let key = [header.space.0.as_slice(), &header.lamport.to_be_bytes(), &entry.id().0].concat();
    cx.tx.put(Table::Membership, &key, Vec::new());
    if let Some(roster) = fold(header.space, &operations(cx.tx, &header.space)) {
        cx.tx.save(Table::Roster, &header.space.0, &roster);
        for person in roster.removed.keys() {
            word::weigh_again(cx, &header.space, person);
        }
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
