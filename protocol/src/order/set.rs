//! Everything that is known of one order: its events and receipts, each once, up to a bound.

use std::collections::BTreeMap;

use crate::codec::decode_own;
use crate::id::{EventId, OrderId};
use crate::limits::{ORDER_EVENTS_MAX, ORDER_PARKED_MAX};
use crate::order::event::{Event, refuse_form};
use crate::order::receipt::{Receipt, SignedReceipt};
use crate::order::refusal::Refusal;
use crate::order::right::ReviewRight;
use crate::order::{Order, Role};

/// Everything that is known of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderSet {
    pub(super) order: OrderId,
    pub(super) events: BTreeMap<EventId, Event>,
    pub(super) receipts: BTreeMap<SignedReceipt, Receipt>,
}

impl OrderSet {
    /// An empty set for one order.
    #[must_use]
    pub const fn new(order: OrderId) -> Self {
        Self { order, events: BTreeMap::new(), receipts: BTreeMap::new() }
    }

    /// The order.
    #[must_use]
    pub const fn order(&self) -> OrderId {
        self.order
    }

    /// Takes an event in; false when it was here already.
    ///
    /// # Errors
    /// It belongs to another order, or the order has all the events that one may have.
    pub fn insert(&mut self, event: Event) -> Result<bool, Refusal> {
        if event.order() != self.order {
            return Err(Refusal::OtherOrder);
        }
        if self.events.contains_key(&event.id()) {
            return Ok(false);
        }
        if self.events.len() >= 2 * ORDER_EVENTS_MAX + ORDER_PARKED_MAX {
            return Err(Refusal::TooMany);
        }
        self.events.insert(event.id(), event);
        Ok(true)
    }

    /// Takes a receipt in; false when it was here already.
    ///
    /// # Errors
    /// It does not hold, belongs to another order, or there are as many as one order may have.
    pub fn receive(&mut self, receipt: SignedReceipt) -> Result<bool, Refusal> {
        let content = receipt.read()?;
        self.hold(receipt, content)
    }

    /// Takes in a receipt that this node received before and has kept since: nothing is checked again. Never for anything that comes
    /// from outside.
    ///
    /// # Errors
    /// The kept bytes were changed, or it does not fit.
    pub fn recall(&mut self, receipt: SignedReceipt) -> Result<bool, Refusal> {
        let content = decode_own(&receipt.bytes).map_err(|fault| refuse_form(&fault))?;
        self.hold(receipt, content)
    }

    fn hold(&mut self, receipt: SignedReceipt, content: Receipt) -> Result<bool, Refusal> {
        if content.order != self.order {
            return Err(Refusal::OtherOrder);
        }
        if self.receipts.contains_key(&receipt) {
            return Ok(false);
        }
        if self.receipts.len() >= 4 * ORDER_EVENTS_MAX {
            return Err(Refusal::TooMany);
        }
        self.receipts.insert(receipt, content);
        Ok(true)
    }

    /// One event.
    #[must_use]
    pub fn event(&self, id: &EventId) -> Option<&Event> {
        self.events.get(id)
    }

    /// All events, by id.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.events.values()
    }

    /// All receipts with their content.
    pub fn receipts(&self) -> impl Iterator<Item = (&SignedReceipt, &Receipt)> {
        self.receipts.iter()
    }

    /// Both halves of the review right, once there is an agreement.
    #[must_use]
    pub fn review_right(&self, order: &Order) -> Option<ReviewRight> {
        order.agreed?;
        let last_by = |role: Role| {
            let mut events = order.history.iter().rev().filter_map(|id| self.events.get(id));
            events.find(|event| event.signed().right.is_some() && order.role(&event.body().author) == Some(role))
        };
        let (buyer, seller) = (last_by(Role::Buyer)?, last_by(Role::Seller)?);
        let full = ReviewRight {
            right: buyer.right()?,
            buyer_device: buyer.body().author,
            seller_device: seller.body().author,
            buyer_sig: buyer.signed().right?,
            seller_sig: seller.signed().right?,
        };
        full.verify().is_ok().then_some(full)
    }
}
