//! Getting events and receipts to the other side's device: again and again, ever more seldom, until it says that it has them.
//!
//! What waits is in the store; what is forgotten here with the process is only when to try again.

use std::collections::BTreeSet;

use haat_protocol::codec::encode;
use haat_protocol::id::{DeviceId, EventId, OrderId};
use haat_protocol::limits::{ORDER_MESSAGE_MAX_BYTES, REQUEST_MAX_BYTES};
use haat_protocol::local::Happening;
use haat_protocol::order::{Event, OrderSet, SignedReceipt};
use haat_protocol::wire::{DirectRequest, DirectResponse, OrderMessage};
use serde_bytes::ByteBuf;

use super::super::work::Work;
use super::super::{Effect, What};
use super::{AHEAD, MOVED, UNKNOWN_ORDER};
use crate::net::Channel;
use crate::store::Table;
use crate::view::{self, known};

impl Work<'_, '_> {
    /// Sends what waits and is due. Called on every tick.
    pub(in crate::engine) fn send_orders(&mut self) {
        let waiting = self.tx.prefix(Table::Outbox, &[]);
        let mut orders: BTreeSet<OrderId> = waiting.iter().filter_map(|(key, _)| OrderId::from_slice(key.get(..32)?)).collect();
        orders.extend(self.passing.outbox.iter().filter(|(_, attempt)| !attempt.owed.is_empty()).map(|(id, _)| *id));
        self.passing.outbox.retain(|id, attempt| attempt.retry.under_way || orders.contains(id));
        for id in orders {
            self.send_order(id);
        }
    }

    /// Sends what waits of one order, when it is due and the other side is there.
    pub(in crate::engine) fn send_order(&mut self, id: OrderId) {
        let Some(device) = self.other_side(&id) else { return };
        let (now, connected) = (self.now, self.passing.presence.connected.contains_key(&device));
        if !self.passing.outbox.entry(id).or_default().retry.is_due(now) {
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
            attempt.retry.under_way = true;
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
        // Whichever own device signed them: one that went on with the chain says what the one before could not say any more.
        let mut events: Vec<&Event> = queued.iter().filter_map(|event| set.event(event)).collect();
        events.sort_by_key(|event| (event.body().seq, event.id()));
        let message = self.packed(*id, events.into_iter(), own_receipts(&set, self.me.device(), &owed));
        (!message.events.is_empty() || !message.receipts.is_empty()).then_some(message)
    }

    /// As many events, then receipts, as one message may hold; the rest goes with the next.
    pub(super) fn packed<'a>(
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
        let events: Vec<(&Event, Vec<u8>)> =
            events.map(|event| (event, encode(event.signed()))).take_while(|(_, bytes)| fits(bytes)).collect();
        let receipts = receipts.map(encode).take_while(|bytes| fits(bytes)).map(ByteBuf::from).collect();
        let enclosed = self.enclosed_with(&order, events.iter().map(|(event, _)| *event));
        let events = events.into_iter().map(|(_, bytes)| ByteBuf::from(bytes)).collect();
        OrderMessage { order, events, receipts, enclosed, chain: Some(known::own_chain(&self.tx, self.me)) }
    }

    /// The answer to a message of ours.
    pub(in crate::engine) fn order_stored(&mut self, id: OrderId, answer: DirectResponse) {
        let now = self.now;
        match answer {
            DirectResponse::Stored { receipts } => {
                self.passing.presence.refused.remove(&id);
                let news = self.other_side(&id).is_some_and(|device| self.take_receipts(&device, &id, &receipts));
                let attempt = self.passing.outbox.entry(id).or_default();
                let carried = std::mem::take(&mut attempt.carried);
                attempt.retry.under_way = false;
                attempt.owed.retain(|event| !carried.contains(event));
                if news || !carried.is_empty() {
                    attempt.retry.reset();
                    self.send_order(id);
                } else {
                    attempt.retry.fail(now);
                }
                if news {
                    self.happened("order", id);
                }
            }
            DirectResponse::Refused { code } => {
                self.order_failed(id);
                let is_moving = || view::order::row(&self.tx, &id).is_some_and(|row| row.moved);
                if code == MOVED || code == UNKNOWN_ORDER && is_moving() {
                    // Until both have heard of the device that goes on.
                    return;
                }
                // A clock that shows too early a time is set right some day, and nobody says when.
                if code != AHEAD {
                    self.passing.outbox.entry(id).or_default().retry.refuse(now);
                }
                self.passing.presence.refused.entry(id).or_insert((now, String::new())).1.clone_from(&code);
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
        attempt.retry.fail(now);
    }

    /// A device is there (again): what waits for it is due.
    pub(in crate::engine) fn order_reset(&mut self, device: &DeviceId) {
        let theirs: Vec<OrderId> = self.passing.outbox.keys().copied().filter(|id| self.other_side(id) == Some(*device)).collect();
        for id in theirs {
            if let Some(attempt) = self.passing.outbox.get_mut(&id) {
                attempt.retry.reset();
            }
        }
        for ((_, heir), giving) in &mut self.passing.giving {
            if heir == device {
                giving.retry.reset();
            }
        }
    }
}

/// One's own receipts for these events.
pub(super) fn own_receipts<'a>(set: &'a OrderSet, device: DeviceId, events: &BTreeSet<EventId>) -> impl Iterator<Item = &'a SignedReceipt> {
    set.receipts().filter(move |(_, receipt)| receipt.device == device && events.contains(&receipt.event)).map(|(signed, _)| signed)
}

/// The events that these receipts are for. They are this node's own.
fn receipted(receipts: &[ByteBuf]) -> BTreeSet<EventId> {
    let signed = receipts.iter().filter_map(|bytes| haat_protocol::codec::decode_own::<SignedReceipt>(bytes).ok());
    signed.filter_map(|signed| signed.read().ok()).map(|receipt| receipt.event).collect()
}
