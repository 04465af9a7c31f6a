//! Orders: which events and receipts belong together, which devices speak for the two sides, and what still has to reach the other.

use std::collections::BTreeSet;

use haat_protocol::id::{DeviceId, Digest, EventId, OrderId};
use haat_protocol::order::{
    self, Event, Order, OrderSet, Receipt, Refusal, Role, SignedEvent, SignedReceipt, State, Step, StockMark, Terms, Verb,
};
use haat_protocol::time::Millis;
use serde::{Deserialize, Serialize};

use super::{Cx, known, stock};
use crate::myself::Myself;
use crate::store::{Table, Tx};

/// What is known of an order without folding it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRow {
    /// The side this person is.
    pub mine: Role,
    /// The device that the own side's chain belongs to.
    pub own: DeviceId,
    /// The device that the other side's chain belongs to.
    pub other: DeviceId,
    /// Whether anything says that a chain went over to another device: who speaks for a side is asked of the fold then.
    pub moved: bool,
    /// When the first event was accepted here.
    pub at: Millis,
}

/// An event that was accepted.
pub fn event(cx: &mut Cx<'_, '_, '_>, event: &Event) {
    let order = event.order();
    cx.tx.put(Table::OrderSet, &[order.0, event.id().0].concat(), Vec::new());
    if let Step::Offer { terms, .. } = &event.body().step
        && let Some(mine) = side_of(terms, cx.me)
    {
        let (own, other) = sides(terms, mine);
        let row = OrderRow { mine, own: own.device, other: other.device, moved: false, at: cx.at };
        cx.tx.save(Table::Order, &order.0, &row);
        cx.tx.put(Table::OrderTime, &[cx.at.0.to_be_bytes().as_slice(), &order.0].concat(), Vec::new());
    }
    if event.body().author == cx.me.device() {
        cx.tx.put(Table::Outbox, &[order.0, event.id().0].concat(), Vec::new());
    }
    follow_devices(cx, &order, is_hand_over(event));
    stock::hold(cx, order);
}

/// A receipt that was accepted.
pub fn receipt(cx: &mut Cx<'_, '_, '_>, id: &Digest, receipt: &Receipt) {
    cx.tx.put(Table::OrderReceipt, &[receipt.order.0, id.0].concat(), Vec::new());
    follow_devices(cx, &receipt.order, false);
    let counterpart = row(cx.tx, &receipt.order).is_some_and(|row| row.other == receipt.device);
    if counterpart {
        cx.tx.remove(Table::Outbox, &[receipt.order.0, receipt.event.0].concat());
    }
    stock::hold(cx, receipt.order);
}

/// Whether a device signed an event of a chain that had gone over to another one.
#[must_use]
pub fn is_late(order: &Order, event: &Event) -> bool {
    order.refused.contains(&(event.id(), Refusal::HandedOver))
}

/// Whether an event speaks of another device for a chain.
#[must_use]
pub fn is_hand_over(event: &Event) -> bool {
    matches!(event.body().step, Step::Handover { .. } | Step::Takeover { .. })
}

/// The side that this person is by terms, through whichever device.
#[must_use]
pub fn side_of(terms: &Terms, me: &Myself) -> Option<Role> {
    [Role::Buyer, Role::Seller].into_iter().find(|role| terms.party(*role).identity == me.id())
}

/// Who speaks for the two sides after something came in. What a new device of the other side did not receipt itself waits for it, and
/// what this device goes on with waits for the other side.
fn follow_devices(cx: &mut Cx<'_, '_, '_>, id: &OrderId, moves: bool) {
    let Some(before) = row(cx.tx, id).filter(|row| moves || row.moved) else { return };
    let Some((set, order)) = folded(cx.tx, id) else { return };
    let now = OrderRow { own: order.device(before.mine), other: order.device(before.mine.other()), moved: true, ..before.clone() };
    if now == before {
        return;
    }
    cx.tx.save(Table::Order, &id.0, &now);
    for late in set.events().filter(|event| is_late(&order, event)) {
        cx.tx.remove(Table::Outbox, &[id.0, late.id().0].concat());
    }
    let is_mine_now = now.own == cx.me.device() && (now.own != before.own || now.other != before.other);
    if !is_mine_now {
        return;
    }
    let stored: BTreeSet<EventId> =
        set.receipts().filter(|(_, receipt)| receipt.device == now.other).map(|(_, receipt)| receipt.event).collect();
    for event in chain(&set, &order, now.mine).into_iter().filter(|event| !stored.contains(&event.id())) {
        cx.tx.put(Table::Outbox, &[id.0, event.id().0].concat(), Vec::new());
    }
}

/// The events of one side, whichever of its devices signed them, oldest first; without those of a device that had no say any more.
#[must_use]
pub fn chain<'a>(set: &'a OrderSet, order: &Order, role: Role) -> Vec<&'a Event> {
    let mut events: Vec<&Event> =
        set.events().filter(|event| order.role(&event.body().author) == Some(role) && !is_late(order, event)).collect();
    events.sort_by_key(|event| (event.body().seq, event.id()));
    events
}

/// Index of an order.
#[must_use]
pub fn row(tx: &Tx<'_>, order: &OrderId) -> Option<OrderRow> {
    tx.load(Table::Order, &order.0)
}

/// Everything that is held of an order. It was verified when it was taken in; to do that again with each look would cost more than
/// all the rest.
#[must_use]
pub fn set(tx: &Tx<'_>, id: &OrderId) -> OrderSet {
    let mut set = OrderSet::new(*id);
    for (key, _) in tx.prefix(Table::OrderSet, &id.0) {
        if let Some(event) = EventId::from_slice(&key[32..]).and_then(|id| signed(tx, &id)).and_then(|signed| Event::trusted(signed).ok()) {
            // What was accepted once fits its order, so the set takes it.
            let _ = set.insert(event);
        }
    }
    for (key, _) in tx.prefix(Table::OrderReceipt, &id.0) {
        if let Some(receipt) = tx.load::<SignedReceipt>(Table::Receipt, &key[32..]) {
            let _ = set.recall(receipt);
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

/// The verbs that this node may use in an order now: none while another device has the chain.
#[must_use]
pub fn verbs(tx: &Tx<'_>, me: &Myself, order: &Order, now: Millis) -> Vec<Verb> {
    let Some(mine) = side_of(&order.terms, me).filter(|mine| order.device(*mine) == me.device()) else { return Vec::new() };
    let mut verbs = order::next(order, mine, now);
    verbs.retain(|verb| *verb != Verb::Handover || may_hand_over(order, mine) && !heirs(tx, me, order).is_empty());
    verbs
}

/// The own devices to which this device may hand an order over.
#[must_use]
pub fn heirs(tx: &Tx<'_>, me: &Myself, order: &Order) -> Vec<DeviceId> {
    let person = known::person(tx, me);
    person.devices().iter().copied().filter(|device| *device != me.device() && order.is_free(device)).collect()
}

/// Whether a side may hand its chain over as far as this node is concerned: only the desk of the shop can answer for the stock.
#[must_use]
pub fn may_hand_over(order: &Order, mine: Role) -> bool {
    mine == Role::Buyer || order.state != State::Negotiating && order.stock != StockMark::Asked
}
