//! Getting events and receipts to the other side's device: again and again, ever more seldom, until it says that it has them.
//!
//! What waits is in the store; what is forgotten here with the process is only when to try again.

use std::collections::BTreeSet;

use haat_protocol::codec::encode;
use haat_protocol::id::{DeviceId, EventId, OrderId};
use haat_protocol::limits::{ORDER_HEADS_MAX, ORDER_MESSAGE_MAX_BYTES, REQUEST_MAX_BYTES, RESEND_MAX_MS, SYNC_BATCH_BYTES};
use haat_protocol::local::Happening;
use haat_protocol::order::{Event, OrderSet, SignedReceipt};
use haat_protocol::time::{DAY_MS, Millis};
use haat_protocol::wire::{DirectRequest, DirectResponse, OrderHead, OrderMessage};
use serde_bytes::ByteBuf;

use super::super::work::Work;
use super::super::{Effect, What};
use crate::net::Channel;
use crate::store::Table;
use crate::view::{self, known};

/// Age up to which an order that is over is still compared.
const COMPARE_WITHIN_MS: u64 = 90 * DAY_MS;

impl Work<'_, '_> {
    /// Sends what waits and is due. Called on every tick.
    pub(in crate::engine) fn send_orders(&mut self) {
        let waiting = self.tx.prefix(Table::Outbox, &[]);
        let mut orders: BTreeSet<OrderId> = waiting.iter().filter_map(|(key, _)| OrderId::from_slice(key.get(..32)?)).collect();
        orders.extend(self.passing.outbox.iter().filter(|(_, attempt)| !attempt.owed.is_empty()).map(|(id, _)| *id));
        self.passing.outbox.retain(|id, attempt| attempt.under_way || orders.contains(id));
        for id in orders {
            self.send_order(id);
        }
    }

    /// Sends what waits of one order, when it is due and the other side is there.
    pub(in crate::engine) fn send_order(&mut self, id: OrderId) {
        let Some(device) = self.other_side(&id) else { return };
        let (now, connected) = (self.now, self.passing.presence.connected.contains_key(&device));
        if !self.passing.outbox.entry(id).or_default().is_due(now) {
            return;
        }
        let Some(message) = self.waiting_message(&id) else {
            self.passing.outbox.remove(&id);
            return;
        };
        if !connected {
            self.dial(device);
            return;
        }
        let mut data = DirectRequest::Order(message.clone()).to_bytes();
        if data.len() > REQUEST_MAX_BYTES {
            data = DirectRequest::Order(OrderMessage { chain: None, ..message.clone() }).to_bytes();
        }
        if let Some(attempt) = self.passing.outbox.get_mut(&id) {
            attempt.under_way = true;
            attempt.carried = receipted(&message.receipts);
        }
        self.request(device, Channel::Direct, What::Order(id), data);
    }

    /// What the other side is not known to have; none when it has everything.
    fn waiting_message(&self, id: &OrderId) -> Option<OrderMessage> {
        let queued: BTreeSet<EventId> =
            self.tx.prefix(Table::Outbox, &id.0).iter().filter_map(|(key, _)| EventId::from_slice(&key[32..])).collect();
        let owed = self.passing.outbox.get(id).map(|attempt| attempt.owed.clone()).unwrap_or_default();
        if queued.is_empty() && owed.is_empty() {
            return None;
        }
        let set = view::order::set(&self.tx, id);
        let events = chain_of(&set, self.me.device()).into_iter().filter(|event| queued.contains(&event.id()));
        let message = self.packed(*id, events, own_receipts(&set, self.me.device(), &owed));
        (!message.events.is_empty() || !message.receipts.is_empty()).then_some(message)
    }

    /// As many events, then receipts, as one message may hold; the rest goes with the next.
    fn packed<'a>(
        &self,
        order: OrderId,
        events: impl Iterator<Item = &'a Event>,
        receipts: impl Iterator<Item = &'a SignedReceipt>,
    ) -> OrderMessage {
        let mut room = ORDER_MESSAGE_MAX_BYTES;
        let mut fits = |bytes: &Vec<u8>| {
            let left = room.checked_sub(bytes.len());
            room = left.unwrap_or(0);
            left.is_some()
        };
        let events = events.map(|event| encode(event.signed())).take_while(&mut fits).map(ByteBuf::from).collect();
        let receipts = receipts.map(encode).take_while(&mut fits).map(ByteBuf::from).collect();
        OrderMessage { order, events, receipts, chain: Some(known::own_chain(&self.tx, self.me)) }
    }

    /// The answer to a message of ours.
    pub(in crate::engine) fn order_stored(&mut self, id: OrderId, answer: DirectResponse) {
        let now = self.now;
        match answer {
            DirectResponse::Stored { receipts } => {
                let news = self.other_side(&id).is_some_and(|device| self.take_receipts(&device, &id, &receipts));
                let attempt = self.passing.outbox.entry(id).or_default();
                let carried = std::mem::take(&mut attempt.carried);
                attempt.under_way = false;
                attempt.owed.retain(|event| !carried.contains(event));
                if news || !carried.is_empty() {
                    attempt.reset();
                    self.send_order(id);
                } else {
                    attempt.fail(now);
                }
                if news {
                    self.happened("order", id);
                }
            }
            DirectResponse::Refused { code } => {
                self.order_failed(id);
                let attempt = self.passing.outbox.entry(id).or_default();
                (attempt.pause_ms, attempt.next) = (RESEND_MAX_MS, now.plus(RESEND_MAX_MS));
                let more = [("code".to_owned(), code)].into();
                self.out.push(Effect::Happened(Happening { kind: "order_refused".to_owned(), subject: id.to_string(), more }));
            }
            _ => self.order_failed(id),
        }
    }

    /// A message of ours got no answer.
    pub(in crate::engine) fn order_failed(&mut self, id: OrderId) {
        let now = self.now;
        let attempt = self.passing.outbox.entry(id).or_default();
        attempt.carried.clear();
        attempt.fail(now);
    }

    /// A device is there (again): what waits for it is due.
    pub(in crate::engine) fn order_reset(&mut self, device: &DeviceId) {
        let theirs: Vec<OrderId> = self.passing.outbox.keys().copied().filter(|id| self.other_side(id) == Some(*device)).collect();
        for id in theirs {
            if let Some(attempt) = self.passing.outbox.get_mut(&id) {
                attempt.reset();
            }
        }
    }

    /// Asks a device to compare orders, when there are any.
    pub(in crate::engine) fn ask_order_heads(&mut self, device: DeviceId) {
        if let Some(heads) = self.order_heads(&device) {
            let asked = heads.iter().map(|head| head.order).collect();
            self.request(device, Channel::Direct, What::OrderHeads(asked), DirectRequest::OrderHeads { heads }.to_bytes());
        }
    }

    /// What this node holds of its orders with a device; none when there are none to compare.
    pub(in crate::engine) fn order_heads(&self, device: &DeviceId) -> Option<Vec<OrderHead>> {
        let heads = self.orders_with(device).filter_map(|(id, since)| {
            let (mine, (_, order)) = (view::order::row(&self.tx, &id)?.mine, view::order::folded(&self.tx, &id)?);
            let counts = !order.state.is_terminal() || self.now.since(since) < COMPARE_WITHIN_MS;
            counts.then(|| OrderHead { order: id, own: order.head(mine), other: order.head(mine.other()) })
        });
        let heads: Vec<OrderHead> = heads.take(ORDER_HEADS_MAX).collect();
        (!heads.is_empty()).then_some(heads)
    }

    /// Orders with a device, newest first, and since when.
    fn orders_with(&self, device: &DeviceId) -> impl Iterator<Item = (OrderId, Millis)> {
        let rows = view::order::all(&self.tx).into_iter().filter_map(|id| Some((id, view::order::row(&self.tx, &id)?)));
        rows.filter(move |(_, row)| row.other == *device).map(|(id, row)| (id, row.at))
    }

    /// Messages with what a device lacks of its orders with this node. What it lacks of its own chains goes first: it signs in none
    /// of them before it knows.
    pub(in crate::engine) fn answer_order_heads(&mut self, device: &DeviceId, heads: &[OrderHead]) -> DirectResponse {
        let mut found = Vec::new();
        let (mut looked_up, mut told) = (BTreeSet::new(), BTreeSet::new());
        for head in heads.iter().take(ORDER_HEADS_MAX).filter(|head| self.other_side(&head.order) == Some(*device)) {
            if !looked_up.insert(head.order) {
                continue;
            }
            if head.other.is_none_or(|last| self.tx.has(Table::OrderEvent, &last.0)) {
                told.insert(head.order);
            }
            found.extend(self.lacking(device, head));
        }
        self.chains_told(&told);
        found.sort_by_key(|(gives_back, _)| !gives_back);
        let mut bytes = 0;
        let fits = |message: &OrderMessage| {
            bytes += encode(message).len();
            bytes <= SYNC_BATCH_BYTES
        };
        DirectResponse::Orders(found.into_iter().map(|(_, message)| message).take_while(fits).collect())
    }

    /// What the asker lacks of both chains, and the receipt of its last event; with whether some of it is the asker's own.
    fn lacking(&self, device: &DeviceId, head: &OrderHead) -> Option<(bool, OrderMessage)> {
        let set = view::order::set(&self.tx, &head.order);
        let chain = |author: DeviceId, last: Option<EventId>| {
            let events = chain_of(&set, author);
            // An end that this node does not know of is not behind: nothing can be added to it.
            let from = last.map_or(Some(0), |last| events.iter().position(|event| event.id() == last).map(|at| at + 1));
            events[from.unwrap_or(events.len())..].to_vec()
        };
        let (theirs, own) = (chain(*device, head.own), chain(self.me.device(), head.other));
        let last = head.own.into_iter().collect();
        let gives_back = !theirs.is_empty();
        let message = self.packed(head.order, theirs.into_iter().chain(own), own_receipts(&set, self.me.device(), &last));
        (!message.events.is_empty()).then_some((gives_back, message))
    }
}

/// The events of one device, oldest first.
fn chain_of(set: &OrderSet, author: DeviceId) -> Vec<&Event> {
    let mut events: Vec<&Event> = set.events().filter(|event| event.body().author == author).collect();
    events.sort_by_key(|event| (event.body().seq, event.id()));
    events
}

/// One's own receipts for these events.
fn own_receipts<'a>(set: &'a OrderSet, device: DeviceId, events: &BTreeSet<EventId>) -> impl Iterator<Item = &'a SignedReceipt> {
    set.receipts().filter(move |(_, receipt)| receipt.device == device && events.contains(&receipt.event)).map(|(signed, _)| signed)
}

/// The events that these receipts are for. They are this node's own.
fn receipted(receipts: &[ByteBuf]) -> BTreeSet<EventId> {
    let signed = receipts.iter().filter_map(|bytes| haat_protocol::codec::decode_own::<SignedReceipt>(bytes).ok());
    signed.filter_map(|signed| signed.read().ok()).map(|receipt| receipt.event).collect()
}
