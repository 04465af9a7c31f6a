//! What an event does: the steps, their kinds, and what makes a step well-formed by itself.
//!
//! Fields that may be added later get kinds of their own: a step has exactly these. Whether one is legal where it stands is not
//! decided here.

use serde::{Deserialize, Serialize};

use crate::crypto::Sig;
use crate::id::{DeviceId, Digest, EventId};
use crate::identity::Inception;
use crate::limits::{CONTENT_MAX_BYTES, FIELD_MAX_CHARS, MONEY_MAX_MINOR, ORDER_LINES_MAX, TEXT_MAX_CHARS, TITLE_MAX_CHARS};
use crate::money::Money;
use crate::order::decision::SignedDecision;
use crate::order::refusal::Refusal;
use crate::order::right::Right;
use crate::order::terms::Terms;

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

/// What an event does.
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
    /// Goods are on their way. No lines = all that is left; pairs are line number and quantity.
    Ship { lines: Vec<(u64, u64)>, carrier: String, tracking: String },
    /// The goods are a file that was handed over: its name, its size in bytes, and what it is committed to.
    DeliverDigital { name: String, bytes: u64, content: Digest },
    /// The goods can be collected; with what the code is committed to that is told at the hand-over.
    Ready { code: Option<Digest> },
    /// The buyer has the goods; with the code that was told at the hand-over, when there was one.
    Received { code: Option<String> },
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
    /// Where the goods go: what the data are committed to that stay outside the chain.
    Address { personal: Digest },
    /// Asks to call it off although something was paid or begun.
    CancelRequest { reason: String },
    /// Yes to that; or the asker's own right once the goods are late and the other side was silent.
    CancelAgree {},
    /// No to that.
    CancelRefuse { reason: String },
    /// Wants to send the goods back.
    ReturnRequest { reason: String },
    /// They may come back.
    ReturnOk {},
    /// They may not.
    ReturnNo { reason: String },
    /// They are back; and whether they can be sold again.
    ReturnReceived { restock: bool },
    /// The two disagree.
    Dispute { claim: String },
    /// So much back, and it is settled.
    SettleOffer { refund: Money },
    /// Yes to the settlement of the event named.
    SettleAccept { offer: EventId },
    /// No to the settlement of the event named.
    SettleRefuse { offer: EventId, reason: String },
    /// The word of the resolver whom the terms name.
    Decide { decision: SignedDecision },
    /// What was decided is done; with the reference of the payment, if there was one.
    Performed { reference: String },
    /// Another device of the same person goes on with this chain.
    Handover { to: DeviceId },
    /// The author, another device of the same person, goes on with this chain by the word of the person's root over order, device and
    /// the chain's last event.
    Takeover { inception: Inception, sig: Sig },
    /// Words between the two.
    Say { text: String },
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
    DeliverDigital "deliver_digital" Address "address" CancelRequest "cancel_request" CancelAgree "cancel_agree" CancelRefuse "cancel_refuse"
    ReturnRequest "return_request" ReturnOk "return_ok" ReturnNo "return_no" ReturnReceived "return_received"
    Dispute "dispute" SettleOffer "settle_offer" SettleAccept "settle_accept" SettleRefuse "settle_refuse"
    Decide "decide" Performed "performed" Handover "handover" Takeover "takeover" Say "say"
}

impl Step {
    /// Checks what the step can break by itself.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        let fits = match self {
            Self::Offer { terms, note } => {
                terms.check().map_err(|_| Refusal::BadTerms)?;
                note.as_ref().is_none_or(|text| is_within(text, TEXT_MAX_CHARS))
            }
            Self::Counter { terms, .. } => return terms.check().map_err(|_| Refusal::BadTerms),
            Self::PayProof { reference, amount } | Self::RefundSent { reference, amount } => {
                is_short(reference) && amount.is_none_or(is_positive)
            }
            Self::PayConfirm { amount } => amount.is_none_or(is_positive),
            Self::PayDeny { reason: text }
            | Self::CancelRequest { reason: text }
            | Self::CancelRefuse { reason: text }
            | Self::ReturnRequest { reason: text }
            | Self::ReturnNo { reason: text }
            | Self::SettleRefuse { reason: text, .. }
            | Self::Performed { reference: text } => is_short(text),
            Self::Dispute { claim: text } | Self::Say { text } => !text.trim().is_empty() && is_within(text, TEXT_MAX_CHARS),
            Self::SettleOffer { refund } => (0..=MONEY_MAX_MINOR).contains(&refund.minor),
            Self::Ship { lines, carrier, tracking } => {
                let is_some_of_each = lines.iter().all(|(_, qty)| *qty > 0);
                let is_sorted = lines.windows(2).all(|pair| pair[0].0 < pair[1].0);
                if lines.len() > ORDER_LINES_MAX || !is_some_of_each || !is_sorted {
                    return Err(Refusal::BadLines);
                }
                is_short(carrier) && is_short(tracking)
            }
            Self::DeliverDigital { name, bytes, .. } => {
                !name.trim().is_empty() && is_within(name, TITLE_MAX_CHARS) && *bytes <= CONTENT_MAX_BYTES as u64
            }
            Self::Received { code } => code.as_ref().is_none_or(|code| is_short(code)),
            Self::Decide { decision } => return decision.read().and_then(|decision| decision.check()),
            _ => true,
        };
        if fits { Ok(()) } else { Err(Refusal::OutOfRange) }
    }
}

fn is_within(text: &str, chars: usize) -> bool {
    text.chars().count() <= chars
}

fn is_short(text: &str) -> bool {
    is_within(text, FIELD_MAX_CHARS)
}

fn is_positive(money: Money) -> bool {
    (1..=MONEY_MAX_MINOR).contains(&money.minor)
}
