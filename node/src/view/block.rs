//! Whom this person blocked or muted. Facts of this node alone: nothing is told to anybody, and nothing is dropped for them.

use std::collections::BTreeSet;

use haat_protocol::id::IdentityId;

use super::Cx;
use crate::store::{Table, Tx};

/// A word about a person was noted; the last one holds.
pub(super) fn note(cx: &mut Cx<'_, '_, '_>, table: Table, person: &IdentityId, is_on: bool) {
    if is_on {
        cx.tx.put(table, &person.0, Vec::new());
    } else {
        cx.tx.remove(table, &person.0);
    }
}

/// Whether nothing of a person is shown and no new order of theirs is taken.
#[must_use]
pub fn is_blocked(tx: &Tx<'_>, person: &IdentityId) -> bool {
    tx.has(Table::Blocked, &person.0)
}

/// Whether the keeper of a shop is blocked.
#[must_use]
pub fn is_shop_blocked(tx: &Tx<'_>, shop: &haat_protocol::id::SpaceId) -> bool {
    super::known::inception(tx, shop).is_some_and(|begun| is_blocked(tx, &begun.creator))
}

/// Everyone who is blocked.
#[must_use]
pub fn blocked(tx: &Tx<'_>) -> BTreeSet<IdentityId> {
    people(tx, Table::Blocked)
}

/// Everyone who is muted: hidden from the feed, and from nowhere else.
#[must_use]
pub fn muted(tx: &Tx<'_>) -> BTreeSet<IdentityId> {
    people(tx, Table::Muted)
}

fn people(tx: &Tx<'_>, table: Table) -> BTreeSet<IdentityId> {
    tx.prefix(table, &[]).iter().filter_map(|(key, _)| IdentityId::from_slice(key)).collect()
}
