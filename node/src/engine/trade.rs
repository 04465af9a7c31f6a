//! Orders at work: offers and verbs become signed events, events reach the other side's device, stock is answered for.
//!
//! Where an order stands is the protocol's to say. Nothing is sent before it is durable, and nothing is signed twice at one place.

mod act;
mod case;
mod choice;
mod compare;
mod counter;
mod decide;
mod deliver;
mod devices;
mod enclose;
mod offer;
mod receive;
mod remind;
mod stock;
mod words;

#[cfg(test)]
pub(in crate::engine) mod tests;

use std::collections::BTreeSet;

use haat_protocol::id::{DeviceId, EventId, OrderId};
use haat_protocol::limits::{RESEND_MAX_MS, RESEND_MIN_MS};
use haat_protocol::local::Problem;
use haat_protocol::order::{self, Act, Event, EventBody, Refusal, Role};
use haat_protocol::time::Millis;
use serde_json::{Value, json};

use super::work::Work;
use crate::{ask, intake, view};
pub(super) use case::{Cases, Heads};
pub(super) use devices::Giving;
pub(super) use remind::Reminders;

/// The code of an event that is later than the receiver's clock.
const AHEAD: &str = "ahead";

/// The code of an order that another device of the receiver's person has now: that device or this one tells so.
const MOVED: &str = "moved";
/// The code of an order that the receiver does not have.
const UNKNOWN_ORDER: &str = "unknown-order";

/// When something that needs an answer is tried again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Retry {
    /// When to try again.
    next: Millis,
    /// How long the last pause was; 0 = none yet.
    pause_ms: u64,
    /// Whether an answer is waited for.
    under_way: bool,
}

impl Retry {
    const fn is_due(&self, now: Millis) -> bool {
        !self.under_way && self.next.0 <= now.0
    }

    /// It did not work: later again, each time twice as late.
    fn fail(&mut self, now: Millis) {
        self.under_way = false;
        self.pause_ms = (self.pause_ms * 2).clamp(RESEND_MIN_MS, RESEND_MAX_MS);
        self.next = now.plus(self.pause_ms);
    }

    /// It is not wanted: as late as can be.
    fn refuse(&mut self, now: Millis) {
        (self.pause_ms, self.next, self.under_way) = (RESEND_MAX_MS, now.plus(RESEND_MAX_MS), false);
    }

    /// There is a reason to try at once.
    const fn reset(&mut self) {
        self.pause_ms = 0;
        self.next = Millis(0);
    }
}

/// How the delivery of one order's messages goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Attempt {
    retry: Retry,
    /// The other side's events whose receipts no answer of ours carried.
    owed: BTreeSet<EventId>,
    /// Those of them that the message under way carries.
    carried: BTreeSet<EventId>,
}

impl Work<'_, '_> {
    /// Signs the next event of this node's chain in an order, and takes it in.
    fn sign_act(&mut self, id: &OrderId, mine: Role, act: Act) -> Result<(), Problem> {
        let body = order::draft(&view::order::set(&self.tx, id), mine, act, self.now).map_err(refused)?;
        if body.author != self.me.device() {
            return Err(refused(Refusal::HandedOver));
        }
        self.chain_goes_on(&body)?;
        self.take_own(&body).map(|_| ()).map_err(refused)
    }

    /// Signs a body and takes the event in; it is queued for the other side by that.
    fn take_own(&mut self, body: &EventBody) -> Result<Event, Refusal> {
        let event = order::sign(body, &self.me.pair)?;
        intake::order::event(&mut self.cx(), &event)?;
        self.passing.guard.event_signed(&event);
        self.passing.outbox.entry(event.order()).or_default().retry.reset();
        Ok(event)
    }

    /// What a verb answers, once its event is in.
    fn told(&mut self, id: OrderId) -> Result<Value, Problem> {
        self.happened("order", id);
        self.send_order(id);
        self.look_at_dispute(id);
        ask::order_row(&self.tx, self.me, self.now, &id).map(|row| json!(row))
    }

    /// The device that the other side's chain belongs to.
    fn other_side(&self, id: &OrderId) -> Option<DeviceId> {
        view::order::row(&self.tx, id).map(|row| row.other)
    }
}

/// What the table says no to.
fn refused(refusal: Refusal) -> Problem {
    Problem::refused(refusal.code(), "the order does not allow that now", refusal.to_string())
}
