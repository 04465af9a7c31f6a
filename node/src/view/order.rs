//! Orders: which events and receipts belong together, and what still has to reach the other side.

use haat_protocol::id::{DeviceId, Digest, EventId, OrderId};
use haat_protocol::order::{self, Event, Order, OrderSet, Receipt, Role, SignedEvent, SignedReceipt, Step, Terms, Verb};
use haat_protocol::time::Millis;
use serde::{Deserialize, Serialize};

use super::{Cx, stock};
use crate::myself::Myself;
use crate::store::{Table, Tx};

/// What is known of an order without folding it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRow {
    /// The side this node is.
    pub mine: Role,
    /// The other side's device.
    pub other: DeviceId,
    /// When the first event was accepted here.
    pub at: Millis,
}

/// An event that was accepted.
pub fn event(cx: &mut Cx<'_, '_, '_>, event: &Event) {
    let order = event.order();
    cx.tx.put(Table::OrderSet, &[order.0, event.id().0].concat(), Vec::new());
    if let Step::Offer { terms, .. } = &event.body().step
        && let Some(mine) = terms.role(&cx.me.device())
    {
        let row = OrderRow { mine, other: terms.party(mine.other()).device, at: cx.at };
        cx.tx.save(Table::Order, &order.0, &row);
        cx.tx.put(Table::OrderTime, &[cx.at.0.to_be_bytes().as_slice(), &order.0].concat(), Vec::new());
    }
    if event.body().author == cx.me.device() {
        cx.tx.put(Table::Outbox, &[order.0, event.id().0].concat(), Vec::new());
    }
    stock::hold(cx, order);
}

/// A receipt that was accepted.
pub fn receipt(cx: &mut Cx<'_, '_, '_>, id: &Digest, receipt: &Receipt) {
    cx.tx.put(Table::OrderReceipt, &[receipt.order.0, id.0].concat(), Vec::new());
    let counterpart = row(cx.tx, &receipt.order).is_some_and(|row| row.other == receipt.device);
    if counterpart {
        cx.tx.remove(Table::Outbox, &[receipt.order.0, receipt.event.0].concat());
    }
    stock::hold(cx, receipt.order);
}

/// Index of an order.
#[must_use]
pub fn row(tx: &Tx<'_>, order: &OrderId) -> Option<OrderRow> {
    tx.load(Table::Order, &order.0)
}

/// Everything that is held of an order.
#[must_use]
pub fn set(tx: &Tx<'_>, id: &OrderId) -> OrderSet {
    let mut set = OrderSet::new(*id);
    for (key, _) in tx.prefix(Table::OrderSet, &id.0) {
        if let Some(event) = EventId::from_slice(&key[32..]).and_then(|id| signed(tx, &id)).and_then(|signed| Event::read(signed).ok()) {
            // What was accepted once fits its order, so the set takes it.
            let _ = set.insert(event);
        }
    }
    for (key, _) in tx.prefix(Table::OrderReceipt, &id.0) {
        if let Some(receipt) = tx.load::<SignedReceipt>(Table::Receipt, &key[32..]) {
            let _ = set.receive(receipt);
        }
    }
    set
}

/// An event as it travels.
#[must_use]
pub fn signed(tx: &Tx<'_>, id: &EventId) -> Option<SignedEvent> {
    tx.load(Table::OrderEvent, &id.0)
}

/// An order as its events say it stands.
#[must_use]
pub fn folded(tx: &Tx<'_>, id: &OrderId) -> Option<(OrderSet, Order)> {
    let set = set(tx, id);
    let order = order::fold(&set).ok()?;
    Some((set, order))
}

/// The orders of this node, newest first.
#[must_use]
pub fn all(tx: &Tx<'_>) -> Vec<OrderId> {
    tx.prefix(Table::OrderTime, &[]).iter().rev().filter_map(|(key, _)| OrderId::from_slice(&key[8..])).collect()
}

/// What the terms of an order say of one's own side and the other's.
#[must_use]
pub fn sides(terms: &Terms, mine: Role) -> (order::Party, order::Party) {
    (*terms.party(mine), *terms.party(mine.other()))
}

/// The verbs that this node may use in an order now. Only who has another device can let one go on.
#[must_use]
pub fn verbs(me: &Myself, order: &Order, mine: Role, now: Millis) -> Vec<Verb> {
    if order.device(mine) != me.device() {
        return Vec::new();
    }
    let mut verbs = order::next(order, mine, now);
    verbs.retain(|verb| *verb != Verb::Handover || me.identity.devices().len() > 1);
    verbs
}
