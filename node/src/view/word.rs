//! What people say about people: vouches, reviews, and answers to reviews.

use haat_protocol::body::{self, Body};
use haat_protocol::id::{EntryId, IdentityId, OrderId, SpaceId};
use haat_protocol::time::Millis;
use haat_protocol::trust::Weight;
use serde::{Deserialize, Serialize};

use super::{Cx, Said, feed, fork, known};
use crate::store::Table;

/// The last word of one person about another in one circle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VouchRow {
    /// Its entry.
    pub entry: EntryId,
    /// Its lamport time: the later word counts.
    pub lamport: u64,
    /// How close; none = taken back.
    pub weight: Option<Weight>,
}

/// A review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewRow {
    /// Who wrote it.
    pub by: IdentityId,
    /// Whether the author bought (or sold).
    pub bought: bool,
    /// Of which order.
    pub order: OrderId,
    /// 1 to 5.
    pub rating: u64,
    /// Claimed time.
    pub at: Millis,
    /// Lamport time: of two reviews of one order the later counts.
    pub lamport: u64,
    /// Where it was said.
    pub circle: SpaceId,
}

pub(super) fn vouch(cx: &mut Cx<'_, '_, '_>, said: &Said<'_>, body: &body::Vouch) {
    // It may have been taken back before it came.
    let weight = (!feed::is_taken_back(cx.tx, said.entry)).then_some(body.weight);
    word(cx, said, &body.identity, weight);
}

pub(super) fn unvouch(cx: &mut Cx<'_, '_, '_>, said: &Said<'_>, body: &body::Unvouch) {
    word(cx, said, &body.identity, None);
}

fn word(cx: &mut Cx<'_, '_, '_>, said: &Said<'_>, about: &IdentityId, weight: Option<Weight>) {
    let header = said.entry.header();
    if !fork::weighs(cx.tx, header) {
        return;
    }
    let key = [header.space.0, said.author.0, about.0].concat();
    let row = VouchRow { entry: said.entry.id(), lamport: header.lamport, weight };
    let held: Option<VouchRow> = cx.tx.load(Table::Vouch, &key);
    if held.is_none_or(|held| (held.lamport, held.entry) < (row.lamport, row.entry)) {
        cx.tx.save(Table::Vouch, &key, &row);
    }
}

/// A removal cuts off what a person said last, taking back included: what counts is weighed again from the beginning.
pub(super) fn weigh_again(cx: &mut Cx<'_, '_, '_>, space: &SpaceId, person: &IdentityId) {
    let rows = cx.tx.prefix(Table::Vouch, &[space.0, person.0].concat());
    let counts = |cx: &Cx<'_, '_, '_>, id: &EntryId| known::entry(cx.tx, id).filter(|entry| known::counts(cx.tx, entry.header()));
    for (key, _) in rows {
        cx.tx.remove(Table::Vouch, &key);
    }
    let devices = known::identity(cx.tx, person).map(|identity| identity.ever().collect::<Vec<_>>()).unwrap_or_default();
    for device in devices {
        for (_, id) in cx.tx.prefix(Table::At, &[space.0, device.0].concat()) {
            let Some(entry) = EntryId::from_slice(&id).and_then(|id| counts(cx, &id)) else { continue };
            let said = Said { entry: &entry, author: *person };
            if let Some(body) = super::body(cx.tx, &entry.id()).filter(|body| !super::is_membership(body)) {
                super::take_effect(cx, &said, &body);
            }
        }
    }
}

/// A vouch was taken back by a retraction: it counts no more, and nothing older does instead.
pub(super) fn silence(cx: &mut Cx<'_, '_, '_>, target: &EntryId) {
    let Some(Body::Vouch(body)) = super::body(cx.tx, target) else { return };
    let Some(entry) = known::entry(cx.tx, target) else { return };
    let Some(author) = known::author(cx.tx, entry.header()) else { return };
    let key = [entry.header().space.0, author.0, body.identity.0].concat();
    if let Some(row) = cx.tx.load::<VouchRow>(Table::Vouch, &key).filter(|row| row.entry == *target) {
        cx.tx.save(Table::Vouch, &key, &VouchRow { weight: None, ..row });
    }
}

pub(super) fn review(cx: &mut Cx<'_, '_, '_>, said: &Said<'_>, body: &body::Review) {
    let right = &body.right.right;
    let bought = right.buyer == said.author;
    let about = if bought { right.seller } else { right.buyer };
    let header = said.entry.header();
    let row = ReviewRow {
        by: said.author,
        bought,
        order: right.order,
        rating: body.rating,
        at: header.at,
        lamport: header.lamport,
        circle: header.space,
    };
    cx.tx.save(Table::Review, &[about.0, said.entry.id().0].concat(), &row);
}

pub(super) fn reply(cx: &mut Cx<'_, '_, '_>, said: &Said<'_>, body: &body::ReviewReply) {
    cx.tx.put(Table::ReviewReply, &[body.review.0, said.entry.id().0].concat(), Vec::new());
}

/// What a review or an answer left behind goes with it.
pub(super) fn forget(cx: &mut Cx<'_, '_, '_>, target: &EntryId, body: &Body) {
    match body {
        Body::Review(body) => {
            for about in [body.right.right.seller, body.right.right.buyer] {
                cx.tx.remove(Table::Review, &[about.0, target.0].concat());
            }
        }
        Body::ReviewReply(body) => cx.tx.remove(Table::ReviewReply, &[body.review.0, target.0].concat()),
        _ => {}
    }
}
