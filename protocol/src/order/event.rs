//! One event of one party's chain: what is signed, how it is read from outside, and what makes it well-formed by itself.
//!
//! An [`Event`] is a proof: only [`Event::read`] makes one, after form, signature and the half of the review right were
//! checked. Whether it is legal where it stands is not decided here.

use serde::{Deserialize, Serialize};

use crate::codec::{CodecError, decode, decode_own};
use crate::crypto::{Context, Label, Sig, hash, verify};
use crate::id::{DeviceId, EventId, OrderId};
use crate::limits::{CLOCK_SKEW_MS, INTEGER_MAX, NETWORK, ORDER_EVENT_MAX_BYTES, ORDER_EVENTS_MAX, WIRE_VERSION};
use crate::order::refusal::Refusal;
use crate::order::right::Right;
use crate::order::step::{Kind, Step};
use crate::time::Millis;

/// An event before signing. Its canonical bytes are what is hashed and signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventBody {
    /// Wire version.
    pub version: u64,
    /// The network the signature is bound to.
    pub network: String,
    /// The order; none in the first event, whose id it is.
    pub order: Option<OrderId>,
    /// The device whose chain this continues.
    pub author: DeviceId,
    /// From 0, without gaps.
    pub seq: u64,
    /// The author's event before; none at 0.
    pub prev: Option<EventId>,
    /// The other side's last event that the author had processed.
    pub seen: Option<EventId>,
    /// When, as claimed.
    pub at: Millis,
    /// What it does.
    pub step: Step,
}

/// An event as it travels: the exact bytes, their signature, and with offers and acceptances a half of the review right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedEvent {
    /// Canonical bytes of an [`EventBody`].
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
    /// The author's signature over the bytes.
    pub sig: Sig,
    /// The author's signature over the [`Right`]; beside the bytes, because the right contains the order's id.
    pub right: Option<Sig>,
}

/// An event whose form, signature and review-right half were checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    id: EventId,
    body: EventBody,
    signed: SignedEvent,
}

impl Event {
    /// Reads an event that came from outside, or was just signed here.
    ///
    /// # Errors
    /// The first rule that the event breaks by itself.
    pub fn read(signed: SignedEvent) -> Result<Self, Refusal> {
        let body: EventBody = decode(&signed.bytes, ORDER_EVENT_MAX_BYTES).map_err(|fault| refuse_form(&fault))?;
        if body.version != WIRE_VERSION {
            return Err(Refusal::WrongVersion);
        }
        if body.network != NETWORK {
            return Err(Refusal::WrongNetwork);
        }
        verify(&body.author, Label::OrderEvent, &signed.bytes, &signed.sig).map_err(|_| Refusal::BadSignature)?;
        let event = Self { id: event_id(&signed.bytes), body, signed };
        event.body.check()?;
        event.check_right()?;
        Ok(event)
    }

    /// The event that these bytes are, for bytes that this node read before and has kept since: nothing is checked again. Never
    /// for anything that comes from outside.
    ///
    /// # Errors
    /// The fault, when the kept bytes were changed.
    pub fn trusted(signed: SignedEvent) -> Result<Self, Refusal> {
        let body = decode_own(&signed.bytes).map_err(|fault| refuse_form(&fault))?;
        Ok(Self { id: event_id(&signed.bytes), body, signed })
    }

    /// The event's id.
    #[must_use]
    pub const fn id(&self) -> EventId {
        self.id
    }

    /// What was signed.
    #[must_use]
    pub const fn body(&self) -> &EventBody {
        &self.body
    }

    /// What it does, without fields.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.body.step.kind()
    }

    /// The form that is stored and sent.
    #[must_use]
    pub const fn signed(&self) -> &SignedEvent {
        &self.signed
    }

    /// The order it belongs to; a first event's is its own.
    #[must_use]
    pub fn order(&self) -> OrderId {
        self.body.order.unwrap_or_else(|| self.id.into())
    }

    /// Whether the claimed time is so far ahead of `now` that the event has to wait.
    #[must_use]
    pub const fn is_ahead(&self, now: Millis) -> bool {
        self.body.at.since(now) > CLOCK_SKEW_MS
    }

    /// What this event's half of the review right covers.
    #[must_use]
    pub fn right(&self) -> Option<Right> {
        match &self.body.step {
            Step::Offer { terms, .. } | Step::Counter { terms, .. } => Right::of(self.order(), terms),
            Step::Accept { right, .. } => Some(*right),
            _ => None,
        }
    }

    fn check_right(&self) -> Result<(), Refusal> {
        match (self.right(), &self.signed.right) {
            (None, None) => Ok(()),
            (Some(right), Some(sig)) if right.order == self.order() => right.check(&self.body.author, sig).map_err(|_| Refusal::BadRight),
            _ => Err(Refusal::BadRight),
        }
    }
}

impl EventBody {
    /// Checks the rules that the event can break by itself.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        let first = matches!(self.step, Step::Offer { .. });
        if first != self.order.is_none() || (first && (self.seq != 0 || self.seen.is_some())) {
            return Err(Refusal::BrokenLink);
        }
        if (self.seq == 0) != self.prev.is_none() || (!first && self.seq == 0 && self.seen.is_none()) {
            return Err(Refusal::BrokenLink);
        }
        if self.seq >= ORDER_EVENTS_MAX as u64 {
            return Err(Refusal::TooMany);
        }
        if self.at.0 >= INTEGER_MAX {
            return Err(Refusal::OutOfRange);
        }
        self.step.check()
    }
}

/// The id of the event with these bytes.
pub(crate) fn event_id(bytes: &[u8]) -> EventId {
    EventId(hash(Context::OrderEvent, &[bytes]))
}

/// The reason that answers a fault of form.
pub(crate) const fn refuse_form(fault: &CodecError) -> Refusal {
    match fault {
        CodecError::Oversize { .. } => Refusal::Oversize,
        CodecError::Malformed(_) => Refusal::Malformed,
        CodecError::NotCanonical => Refusal::NotCanonical,
    }
}
