//! One event of one party's chain: what is signed, how it is read from outside, and what makes it well-formed by itself.
//!
//! An [`Event`] is a proof: only [`Event::read`] makes one, after form, signature and the half of the review right were
//! checked. Whether it is legal where it stands is not decided here.

use serde::{Deserialize, Serialize};

use crate::codec::{CodecError, decode};
use crate::crypto::{Context, Label, Sig, hash, verify};
use crate::id::{DeviceId, Digest, EventId, OrderId};
use crate::limits::{
    CLOCK_SKEW_MS, FIELD_MAX_CHARS, INTEGER_MAX, MONEY_MAX_MINOR, NETWORK, ORDER_EVENT_MAX_BYTES, ORDER_EVENTS_MAX, TEXT_MAX_CHARS,
    WIRE_VERSION,
};
use crate::money::Money;
use crate::order::refusal::Refusal;
use crate::order::right::Right;
use crate::order::terms::Terms;
use crate::time::Millis;

/// Why an offer is declined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// There is not enough of it.
    OutOfStock,
    /// The price does not suit.
    Price,
    /// Nothing is sent there.
    NoShippingThere,
    /// The terms do not fit the listing or the shop.
    InvalidTerms,
    /// The listing has changed since.
    StaleListing,
    /// The shop is closed.
    Closed,
    /// The seller does not deal with this person.
    Blocked,
    /// The two share no circle and were not introduced.
    Stranger,
    /// Anything else.
    Other,
}

/// What an event does. Fields that may be added later get kinds of their own: an event has exactly these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are told once, in the comment of each kind")]
pub enum Step {
    /// The first event: terms, and a word beside them.
    Offer { terms: Box<Terms>, note: Option<String> },
    /// Other terms instead of those of the event named.
    Counter { replaces: EventId, terms: Box<Terms> },
    /// Yes to the terms with this hash, in the offer named; with what its half of the review right covers.
    Accept { offer: EventId, terms: Digest, right: Right },
    /// No.
    Reject { reason: Reason },
    /// Takes back the last offer.
    Withdraw {},
    /// The last offer has run out.
    Expire {},
    /// The goods are set aside.
    StockConfirm {},
    /// There is not enough after all.
    StockFail { reason: Reason },
    /// Calls it off while nothing is paid.
    Cancel {},
    /// A payment is on its way: its reference, and how much when not all that is left.
    PayProof { reference: String, amount: Option<Money> },
    /// A payment has come: how much when not all that is left.
    PayConfirm { amount: Option<Money> },
    /// The claimed payment has not come.
    PayDeny { reason: String },
    /// The seller starts, payment comes later.
    Start {},
    /// The payment did not come in time.
    ExpireUnpaid {},
    /// The goods are on their way. No lines = all of them; pairs are line number and quantity.
    Ship { lines: Vec<(u64, u64)>, carrier: String, tracking: String },
    /// The goods can be collected.
    Ready {},
    /// The buyer has the goods.
    Received {},
    /// The buyer did not say so in time, and counts as having the goods.
    AutoReceived {},
    /// Nobody came to collect in time.
    ExpireUncollected {},
    /// The goods did not come in time.
    ExpireUnfulfilled {},
    /// The seller asks for no more money.
    Waive {},
    /// All is well.
    Complete {},
    /// Money is on its way back: its reference, and how much when not all that is left.
    RefundSent { reference: String, amount: Option<Money> },
    /// The refund has come.
    RefundConfirm {},
    /// The other side never did its part.
    CloseDefaulted {},
}

macro_rules! kinds {
    ($($name:ident $text:literal)*) => {
        /// The kind of an event, without its fields.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[expect(missing_docs, reason = "each is told at the Step of the same name")]
        pub enum Kind { $($name,)* }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name, in snake case.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }

        impl Step {
            /// The kind.
            #[must_use]
            pub const fn kind(&self) -> Kind {
                match self { $(Self::$name { .. } => Kind::$name,)* }
            }
        }
    };
}

kinds! {
    Offer "offer" Counter "counter" Accept "accept" Reject "reject" Withdraw "withdraw" Expire "expire"
    StockConfirm "stock_confirm" StockFail "stock_fail" Cancel "cancel"
    PayProof "pay_proof" PayConfirm "pay_confirm" PayDeny "pay_deny" Start "start" ExpireUnpaid "expire_unpaid"
    Ship "ship" Ready "ready" Received "received" AutoReceived "auto_received"
    ExpireUncollected "expire_uncollected" ExpireUnfulfilled "expire_unfulfilled" Waive "waive" Complete "complete"
    RefundSent "refund_sent" RefundConfirm "refund_confirm" CloseDefaulted "close_defaulted"
}

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

impl Step {
    fn check(&self) -> Result<(), Refusal> {
        let fits = match self {
            Self::Offer { terms, note } => {
                terms.check().map_err(|_| Refusal::BadTerms)?;
                note.as_ref().is_none_or(|text| text.chars().count() <= TEXT_MAX_CHARS)
            }
            Self::Counter { terms, .. } => return terms.check().map_err(|_| Refusal::BadTerms),
            Self::PayProof { reference, amount } | Self::RefundSent { reference, amount } => is_short(reference) && is_positive(*amount),
            Self::PayConfirm { amount } => is_positive(*amount),
            Self::PayDeny { reason } => is_short(reason),
            Self::Ship { lines, carrier, tracking } => {
                if !lines.is_empty() {
                    return Err(Refusal::PartialShipment);
                }
                is_short(carrier) && is_short(tracking)
            }
            _ => true,
        };
        if fits { Ok(()) } else { Err(Refusal::OutOfRange) }
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

fn is_short(text: &str) -> bool {
    text.chars().count() <= FIELD_MAX_CHARS
}

fn is_positive(amount: Option<Money>) -> bool {
    amount.is_none_or(|money| (1..=MONEY_MAX_MINOR).contains(&money.minor))
}
