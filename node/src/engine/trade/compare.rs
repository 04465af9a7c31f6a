//! Comparing orders with the other side's device: what each lacks of both chains is handed over. It is asked for whenever the
//! device comes, and again until there is an answer: after a store that went back nothing else would bring it.

use std::collections::BTreeSet;

use haat_protocol::codec::encode;
use haat_protocol::id::{DeviceId, EventId, OrderId};
use haat_protocol::limits::{ORDER_HEADS_MAX, SYNC_BATCH_BYTES};
use haat_protocol::order::Role;
use haat_protocol::time::{DAY_MS, Millis};
use haat_protocol::wire::{DirectRequest, DirectResponse, OrderHead, OrderMessage};

use super::super::What;
use super::super::work::Work;
use super::deliver::own_receipts;
use super::{AHEAD, Retry};
use crate::net::Channel;
use crate::store::Table;
use crate::view::{self, known, order::OrderRow};

/// Age up to which an order that is over is still compared.
const COMPARE_WITHIN_MS: u64 = 90 * DAY_MS;

impl Work<'_, '_> {
    /// Whoever is there (again) is asked to compare orders.
    pub(in crate::engine) fn compare_orders_with(&mut self, device: DeviceId) {
        self.passing.comparing.insert(device, Retry::default());
        self.ask_order_heads(device);
    }

    /// Asks again whom an answer is due from. Called on every tick.
    pub(in crate::engine) fn compare_orders(&mut self) {
        let now = self.now;
        let due: Vec<DeviceId> = self.passing.comparing.iter().filter(|(_, retry)| retry.is_due(now)).map(|(device, _)| *device).collect();
        for device in due {
            self.ask_order_heads(device);
        }
    }

    /// Asks a device to compare orders, when there are any.
    fn ask_order_heads(&mut self, device: DeviceId) {
        let Some(heads) = self.order_heads(&device) else {
            self.passing.comparing.remove(&device);
            return;
        };
        let asked = heads.iter().map(|head| head.order).collect();
        if let Some(retry) = self.passing.comparing.get_mut(&device) {
            retry.under_way = true;
        }
        self.request(device, Channel::Direct, What::OrderHeads(asked), DirectRequest::OrderHeads { heads }.to_bytes());
    }

    /// A comparison got no answer: another follows for as long as the device is there.
    pub(in crate::engine) fn orders_not_compared(&mut self, device: &DeviceId) {
        let now = self.now;
        if let Some(retry) = self.passing.comparing.get_mut(device) {
            retry.fail(now);
        }
    }

    /// Takes in what a device answered when these orders were compared. Nobody waits for the receipts: they go with the next message.
    /// It hands back first what this node lacks of its own chains; when there is nothing of that left, these chains may go on.
    pub(in crate::engine) fn take_orders(&mut self, device: DeviceId, asked: &BTreeSet<OrderId>, messages: Vec<OrderMessage>) {
        let (mut is_new, mut is_given_back, mut is_ahead) = (false, false, false);
        let mut told = asked.clone();
        for message in messages {
            let id = message.order;
            match self.take_message(device, message) {
                Ok(took) => {
                    is_new |= took.is_new;
                    is_given_back |= took.is_given_back;
                    if !took.held.is_empty() {
                        let attempt = self.passing.outbox.entry(id).or_default();
                        attempt.owed.extend(took.held);
                        attempt.retry.reset();
                        self.send_order(id);
                    }
                }
                Err(code) => {
                    is_ahead |= code == AHEAD;
                    told.remove(&id);
                    tracing::debug!(order = %id, code, "an answer about an order was not taken");
                }
            }
        }
        // Only the other side knows what of these chains has gone out.
        if !is_given_back && !self.is_kin(&device) {
            self.chains_told(&told);
        }
        if is_new {
            // An answer has an end, and there may be more.
            self.ask_order_heads(device);
        } else if is_ahead {
            self.orders_not_compared(&device);
        } else {
            self.passing.comparing.remove(&device);
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

    /// Orders with a device, newest first, and since when: with the other side's, or with an own one that has or had the chain.
    fn orders_with(&self, device: &DeviceId) -> impl Iterator<Item = (OrderId, Millis)> {
        let rows = view::order::all(&self.tx).into_iter().filter_map(|id| Some((id, view::order::row(&self.tx, &id)?)));
        let is_kin = self.is_kin(device);
        rows.filter(move |(id, row)| row.other == *device || is_kin && self.has_part(device, id, row)).map(|(id, row)| (id, row.at))
    }

    /// Whether a device has or had a chain of an order.
    fn has_part(&self, device: &DeviceId, id: &OrderId, row: &OrderRow) -> bool {
        row.other == *device
            || (row.moved || self.is_kin(device))
                && view::order::folded(&self.tx, id).is_some_and(|(_, order)| order.role(device).is_some())
    }

    /// Messages with what a device lacks of its orders with this node. What it lacks of its own chains goes first: it signs in none
    /// of them before it knows.
    pub(in crate::engine) fn answer_order_heads(&mut self, device: &DeviceId, heads: &[OrderHead]) -> DirectResponse {
        let mut found = Vec::new();
        let (mut looked_up, mut told) = (BTreeSet::new(), BTreeSet::new());
        let (is_kin, is_known) = (self.is_kin(device), known::person_of(&self.tx, device).is_some());
        let mut unknown = Vec::new();
        for head in heads.iter().take(ORDER_HEADS_MAX) {
            let row = view::order::row(&self.tx, &head.order);
            if is_known && row.is_none() {
                unknown.push(OrderHead { order: head.order, own: None, other: None });
            }
            if row.is_none_or(|row| !self.has_part(device, &head.order, &row)) || !looked_up.insert(head.order) {
                continue;
            }
            if !is_kin && head.other.is_none_or(|last| self.tx.has(Table::OrderEvent, &last.0)) {
                told.insert(head.order);
            }
            found.extend(self.lacking(device, head));
        }
        self.chains_told(&told);
        if !unknown.is_empty() {
            // By their word these are this node's: its home is older than they are.
            let asked = unknown.iter().map(|head| head.order).collect();
            self.request(*device, Channel::Direct, What::OrderHeads(asked), DirectRequest::OrderHeads { heads: unknown }.to_bytes());
        }
        found.sort_by_key(|(gives_back, _)| !gives_back);
        let mut bytes = 0;
        let fits = |message: &OrderMessage| {
            bytes += encode(message).len();
            bytes <= SYNC_BATCH_BYTES
        };
        DirectResponse::Orders(found.into_iter().map(|(_, message)| message).take_while(fits).collect())
    }

    /// What the asker lacks of both chains, and the receipt of its last event; with whether some of it is the asker's own. A device that
    /// had the chain before gets back what it signed itself, so that it learns that it has the chain no more, and nothing else; another
    /// one of this person gets the receipts too.
    fn lacking(&self, device: &DeviceId, head: &OrderHead) -> Option<(bool, OrderMessage)> {
        let (set, order) = view::order::folded(&self.tx, &head.order)?;
        let (role, is_kin) = (order.role(device)?, self.is_kin(device));
        let chain = |role: Role, last: Option<EventId>| {
            let events = view::order::chain(&set, &order, role);
            // An end that this node does not know of is not behind: nothing can be added to it.
            let from = last.map_or(Some(0), |last| events.iter().position(|event| event.id() == last).map(|at| at + 1));
            events[from.unwrap_or(events.len())..].to_vec()
        };
        let (mut theirs, mut own) = (chain(role, head.own), chain(role.other(), head.other));
        if order.device(role) != *device && !is_kin {
            theirs.retain(|event| event.body().author == *device);
            own.clear();
        }
        let last = head.own.into_iter().collect();
        let gives_back = theirs.iter().any(|event| event.body().author == *device);
        let told: BTreeSet<EventId> = theirs.iter().chain(&own).map(|event| event.id()).filter(|_| is_kin).collect();
        let all = set.receipts().filter(|(_, receipt)| told.contains(&receipt.event)).map(|(signed, _)| signed);
        let receipts = own_receipts(&set, self.me.device(), &last).chain(all);
        let message = self.packed(head.order, theirs.into_iter().chain(own), receipts);
        (!message.events.is_empty()).then_some((gives_back, message))
    }
}
