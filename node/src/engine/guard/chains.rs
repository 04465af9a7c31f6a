//! The guard against two events for one place of an order. An order has one chain of this device and no second one, so where its
//! end is in doubt it goes on only after the other side has told what it holds of it.
//!
//! What this home signed last by its own witness is not in doubt; the other side's word is waited for a while after a start all the
//! same, since a machine that was set back has an old witness too. What may go on in another home is in doubt before every event.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use haat_protocol::id::{EventId, OrderId};
use haat_protocol::limits::START_WORD_MS;
use haat_protocol::local::{Problem, ProblemKind};
use haat_protocol::order::{Event, EventBody};
use haat_protocol::time::Millis;

use super::super::work::Work;
use super::{Guard, WAITS};
use crate::store::{Range, Table, Tx};
use crate::witness::{OrderLast, Witness};

/// The code of an order in which this home may be older than what was signed.
pub(in crate::engine) const IN_DOUBT: &str = "order-in-doubt";

/// What is known of own chains of orders.
#[derive(Debug, Clone, Default)]
pub(super) struct Chains {
    /// The ends that this node signed.
    own: Arc<BTreeMap<OrderId, OrderLast>>,
    /// Orders of which the other side told since the start that it holds no more than is here.
    told: BTreeSet<OrderId>,
    /// How long its word is waited for; none once that is over.
    until: Option<Millis>,
    /// Orders in which this group signed.
    signed: BTreeSet<OrderId>,
    /// Orders whose stock is to be answered for.
    stock: BTreeSet<OrderId>,
    /// Whether this home is a copy of another one.
    is_copy: bool,
}

impl Chains {
    pub(super) fn recovered(tx: &Tx<'_>, witness: &dyn Witness, now: Millis) -> Self {
        let has_orders = !tx.scan(Table::OrderTime, Range { from: &[], to: None, reverse: false, limit: 1 }).is_empty();
        let until = has_orders.then(|| now.plus(START_WORD_MS));
        Self { own: Arc::new(witness.orders()), until, is_copy: witness.is_copy(), ..Self::default() }
    }

    pub(super) fn wait_no_longer_than(&mut self, latest: Millis) {
        self.until = self.until.map(|until| until.min(latest));
    }

    pub(super) fn ends(&self) -> Arc<BTreeMap<OrderId, OrderLast>> {
        Arc::clone(&self.own)
    }

    pub(super) fn begin(&mut self) {
        self.signed.clear();
    }

    pub(super) fn note(&self) -> Vec<(OrderId, Option<OrderLast>)> {
        self.signed.iter().map(|order| (*order, self.own.get(order).copied())).collect()
    }

    pub(super) fn waits(&self, now: Millis) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    fn signed(&mut self, event: &Event) {
        let order = event.order();
        let shared = event.body().prev.is_some() && self.own.get(&order).is_none_or(|last| last.shared);
        Arc::make_mut(&mut self.own).insert(order, OrderLast { id: event.id(), shared });
        self.signed.insert(order);
        if shared {
            self.told.remove(&order)
        } else {
            self.told.insert(order)
        };
    }

    /// Another device gave a chain to this one by this event. When nothing was signed there before, it is as good as begun here.
    fn came(&mut self, last: &Event) {
        let (order, shared) = (last.order(), self.is_copy);
        if !self.own.contains_key(&order) {
            Arc::make_mut(&mut self.own).insert(order, OrderLast { id: last.id(), shared });
            self.signed.insert(order);
        }
    }

    /// Whether a chain may go on after this event.
    fn judge(&self, order: &OrderId, last: &EventId, now: Millis) -> Result<(), Problem> {
        let (what, why) = ("nothing is signed in this order now", "the other side has not told yet what it holds of your part of it");
        if self.told.contains(order) {
            Ok(())
        } else if self.waits(now) {
            Err(Problem::new(ProblemKind::Refused, WAITS, what, why).hint("try again in half a minute"))
        } else if self.own.get(order).is_some_and(|own| own.id == *last && !own.shared) {
            Ok(())
        } else {
            let why = format!("this home may be older than what you signed, and {why}");
            Err(Problem::refused(IN_DOUBT, what, why).hint("wait until the other side is online, then try again"))
        }
    }
}

impl Guard {
    /// This node signed an event, and it was kept.
    pub(in crate::engine) fn event_signed(&mut self, event: &Event) {
        self.chains.signed(event);
    }

    /// A chain that another device had goes on here after this event.
    pub(in crate::engine) fn chain_came(&mut self, last: &Event) {
        self.chains.came(last);
    }

    /// The stock of an order is answered for once its chain may go on.
    pub(in crate::engine) fn stock_waits(&mut self, order: OrderId) {
        self.chains.stock.insert(order);
    }
}

impl Work<'_, '_> {
    /// Whether this node may sign this event.
    ///
    /// # Errors
    /// A problem that waits while the other side's word may still come; a refusal when the end of the chain is in doubt.
    pub(in crate::engine) fn chain_goes_on(&self, body: &EventBody) -> Result<(), Problem> {
        // A first event begins a chain that nobody can have begun before: the order is named by it.
        let (Some(order), Some(last)) = (body.order, body.prev) else { return Ok(()) };
        self.passing.guard.chains.judge(&order, &last, self.now)
    }

    /// The other side told that it holds no more of these chains than is here.
    pub(in crate::engine) fn chains_told(&mut self, orders: &BTreeSet<OrderId>) {
        let chains = &mut self.passing.guard.chains;
        let before = chains.told.len();
        chains.told.extend(orders);
        if chains.told.len() > before {
            self.go_on_with_chains();
        }
    }

    /// The other side has an event of this node: when it is the last one signed, there are no others.
    pub(in crate::engine) fn chain_receipted(&mut self, order: &OrderId, event: &EventId) {
        if self.passing.guard.chains.own.get(order).is_some_and(|last| last.id == *event) {
            self.chains_told(&BTreeSet::from([*order]));
        }
    }

    /// Nobody told within the time that is waited: what is not in doubt goes on.
    pub(super) fn tend_chains(&mut self) {
        let (now, chains) = (self.now, &mut self.passing.guard.chains);
        if chains.until.is_some_and(|until| until <= now) {
            chains.until = None;
            self.go_on_with_chains();
        }
    }

    fn go_on_with_chains(&mut self) {
        // Stock may wait for the chain of another order, whose time to pay is over: all are looked at again.
        for order in std::mem::take(&mut self.passing.guard.chains.stock) {
            self.answer_for_stock(&order);
            self.send_order(order);
        }
        if !self.passing.guard.waiting.is_empty() {
            self.try_waiting();
        }
    }
}
