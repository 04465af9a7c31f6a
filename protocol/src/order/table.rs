//! The legal moves of an order, one row each: the same table as in `docs/orders.md`, and tested to be.
//!
//! Whatever fits no row is refused. Nothing outside this file decides who may do what in which state; what the named
//! guards, targets and ranks mean is told here and worked out in `judge`.

use crate::order::State::{
    Agreed, Cancelled, Delivered, Expired, Fulfilling, Negotiating, PartlyShipped, PaymentClaimed, Ready, RefundClaimed, RefundDue,
    Shipped, Withdrawn,
};
use crate::order::event::Kind;
use crate::order::{Role, State};

/// Who may sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The buyer.
    Buyer,
    /// The seller.
    Seller,
    /// Whose turn it is.
    Turn,
    /// Who made the last offer: the one whose turn it is not.
    Offerer,
    /// Either side.
    Either,
}

impl Who {
    /// What it says in the table.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Buyer => "buyer",
            Self::Seller => "seller",
            Self::Turn => "whose turn it is",
            Self::Offerer => "author of the last offer",
            Self::Either => "either",
        }
    }
}

impl Target {
    /// What it says in the table.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::To(state) => state.name(),
            Self::Same => "same",
            Self::RefundOrCancelled => "refund_due, or cancelled when nothing was paid",
            Self::FulfillingOncePaid => "fulfilling once the total is confirmed, else same",
            Self::CompletedOncePaid => "completed once the total is confirmed, else same",
            Self::HandedOver => "completed when paid on delivery and settled, else delivered",
            Self::DeliveredOrCompleted => "completed when settled, else delivered",
        }
    }
}

macro_rules! named {
    ($(#[$doc:meta])* $set:ident { $($(#[$each:meta])* $name:ident $text:literal)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $set { $($(#[$each])* $name,)* }

        impl $set {
            /// What it says in the table.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

named! {
    /// What has to hold besides state and signer.
    Guard {
        /// Nothing.
        Always "-"
        /// The offer's own end lies ahead.
        OfferAhead "valid_until ahead"
        /// It replaces the last offer in time, within the rounds allowed, for the same people and listing.
        CounterFits "replaces the last offer, in time; at most 16 rounds"
        /// It names the last offer and its terms, in time.
        LastTerms "exactly the last terms, in time"
        /// The last offer has run out.
        OfferOver "after valid_until"
        /// The buyer accepted and the seller's node has not answered about the stock.
        StockAsked "stock is asked for"
        /// Neither a claim nor a confirmation of a payment stands.
        NothingPaid "nothing paid"
        /// Payment in advance is due.
        PayFirst "payment is due before"
        /// Payment comes with or after delivery, and something is left.
        PayLaterLeft "payment is due later, a remainder is left"
        /// An acceptance exists, even one that came too late.
        WasAccepted "an acceptance exists"
        /// The stock is set aside and the amount is not more than what is left.
        ConfirmFirst "stock held; not more than the remainder"
        /// Payment comes later, and the amount is not more than what is left.
        ConfirmLater "payment is due later; not more than the remainder"
        /// Payment comes later and the stock is set aside.
        StartLater "payment is due later; stock held"
        /// Payment in advance is late.
        PayOver "payment is due before; after pay_by"
        /// The goods are sent.
        ToSend "delivery by sending"
        /// The goods are collected.
        ToCollect "delivery by pickup"
        /// The buyer had time to confirm.
        ConfirmOver "after confirm_by"
        /// The same, and all is paid.
        ConfirmOverPaid "after confirm_by; total confirmed"
        /// The same, and not all is paid.
        ConfirmOverUnpaid "after confirm_by; total not confirmed"
        /// The goods are late.
        FulfilOver "after fulfil_by"
        /// The goods are late, and payment was not in advance.
        FulfilOverLater "payment is due later; after fulfil_by"
        /// Something is left to pay.
        Unsettled "a remainder is left"
        /// Nothing is left to pay.
        Settled "total confirmed or waived"
        /// Nothing is left to pay, and the time to complain is over.
        DisputeOver "total confirmed or waived; after dispute_by"
        /// The amount is not more than what is to be paid back.
        RefundFits "not more than what was paid"
        /// All is said to be paid back, and the buyer had time to confirm.
        RefundOver "refunded in full; after confirm_by"
        /// Not all is said to be paid back, and the seller had time.
        RefundShort "not refunded in full; after confirm_by"
        /// The buyer claims less than the total, and had time.
        Unpaid "total not claimed; after confirm_by"
        /// The buyer claims the total, and the seller had time to confirm.
        Unconfirmed "total claimed, not confirmed; after confirm_by"
    }
}

/// Where a row leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A state.
    To(State),
    /// The state it was.
    Same,
    /// Refund due when anything was paid, else cancelled.
    RefundOrCancelled,
    /// Fulfilling once the total is confirmed, else the same.
    FulfillingOncePaid,
    /// Completed once the total is confirmed, else the same.
    CompletedOncePaid,
    /// Completed when payment is due on delivery and settled, else delivered.
    HandedOver,
    /// Completed when settled, else delivered.
    DeliveredOrCompleted,
}

/// One legal move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The states it starts from; none for the first event.
    pub from: &'static [State],
    /// The event.
    pub kind: Kind,
    /// Who signs.
    pub who: Who,
    /// What else has to hold.
    pub guard: Guard,
    /// Where it leads.
    pub to: Target,
}

const fn row(from: &'static [State], kind: Kind, who: Who, guard: Guard, to: Target) -> Row {
    Row { from, kind, who, guard, to }
}

/// The table.
#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    row(&[], Kind::Offer, Who::Buyer, Guard::OfferAhead, Target::To(Negotiating)),
    row(&[Negotiating], Kind::Counter, Who::Turn, Guard::CounterFits, Target::To(Negotiating)),
    row(&[Negotiating], Kind::Accept, Who::Turn, Guard::LastTerms, Target::To(Agreed)),
    row(&[Negotiating], Kind::Reject, Who::Turn, Guard::Always, Target::To(State::Rejected)),
    row(&[Negotiating], Kind::Withdraw, Who::Offerer, Guard::Always, Target::To(Withdrawn)),
    row(&[Negotiating], Kind::Expire, Who::Either, Guard::OfferOver, Target::To(Expired)),
    row(&[Agreed, PaymentClaimed], Kind::StockConfirm, Who::Seller, Guard::StockAsked, Target::Same),
    row(&[Agreed, PaymentClaimed], Kind::StockFail, Who::Seller, Guard::StockAsked, Target::RefundOrCancelled),
    row(&[Agreed], Kind::Cancel, Who::Either, Guard::NothingPaid, Target::To(Cancelled)),
    row(&[Agreed, PaymentClaimed], Kind::PayProof, Who::Buyer, Guard::PayFirst, Target::To(PaymentClaimed)),
    row(&[Agreed, Fulfilling, PartlyShipped, Shipped, Ready, Delivered], Kind::PayProof, Who::Buyer, Guard::PayLaterLeft, Target::Same),
    row(&[Withdrawn, Expired, Cancelled, RefundDue], Kind::PayProof, Who::Buyer, Guard::WasAccepted, Target::To(RefundDue)),
    row(&[PaymentClaimed], Kind::PayConfirm, Who::Seller, Guard::ConfirmFirst, Target::FulfillingOncePaid),
    row(&[Agreed, Fulfilling, PartlyShipped, Shipped, Ready], Kind::PayConfirm, Who::Seller, Guard::ConfirmLater, Target::Same),
    row(&[Delivered], Kind::PayConfirm, Who::Seller, Guard::ConfirmLater, Target::CompletedOncePaid),
    row(&[PaymentClaimed], Kind::PayDeny, Who::Seller, Guard::Always, Target::Same),
    row(&[Agreed], Kind::Start, Who::Seller, Guard::StartLater, Target::To(Fulfilling)),
    row(&[Agreed], Kind::ExpireUnpaid, Who::Seller, Guard::PayOver, Target::To(Cancelled)),
    row(&[Fulfilling, PartlyShipped], Kind::Ship, Who::Seller, Guard::ToSend, Target::To(Shipped)),
    row(&[Fulfilling, PartlyShipped], Kind::Ready, Who::Seller, Guard::ToCollect, Target::To(Ready)),
    row(&[Shipped], Kind::Received, Who::Buyer, Guard::Always, Target::To(Delivered)),
    row(&[Ready], Kind::Received, Who::Buyer, Guard::Always, Target::HandedOver),
    row(&[Shipped], Kind::AutoReceived, Who::Seller, Guard::ConfirmOver, Target::DeliveredOrCompleted),
    row(&[Ready], Kind::AutoReceived, Who::Seller, Guard::ConfirmOverPaid, Target::DeliveredOrCompleted),
    row(&[Ready], Kind::ExpireUncollected, Who::Seller, Guard::ConfirmOverUnpaid, Target::RefundOrCancelled),
    row(&[Agreed], Kind::ExpireUnfulfilled, Who::Buyer, Guard::FulfilOverLater, Target::RefundOrCancelled),
    row(&[PaymentClaimed, Fulfilling, PartlyShipped, Ready], Kind::ExpireUnfulfilled, Who::Buyer, Guard::FulfilOver, Target::RefundOrCancelled),
    row(&[Delivered], Kind::Waive, Who::Seller, Guard::Unsettled, Target::To(State::Completed)),
    row(&[Delivered], Kind::Complete, Who::Buyer, Guard::Settled, Target::To(State::Completed)),
    row(&[Delivered], Kind::Complete, Who::Seller, Guard::DisputeOver, Target::To(State::Completed)),
    row(&[RefundDue, RefundClaimed], Kind::RefundSent, Who::Seller, Guard::RefundFits, Target::To(RefundClaimed)),
    row(&[RefundClaimed], Kind::RefundConfirm, Who::Buyer, Guard::Always, Target::To(State::Refunded)),
    row(&[RefundClaimed], Kind::RefundConfirm, Who::Seller, Guard::RefundOver, Target::To(State::Refunded)),
    row(&[RefundDue, RefundClaimed], Kind::CloseDefaulted, Who::Buyer, Guard::RefundShort, Target::To(State::Resolved)),
    row(&[Delivered], Kind::CloseDefaulted, Who::Seller, Guard::Unpaid, Target::To(State::Resolved)),
    row(&[Delivered], Kind::CloseDefaulted, Who::Buyer, Guard::Unconfirmed, Target::To(State::Resolved)),
];

/// Of two events that do not know of each other, the one whose kind stands first here counts first; the other then fits a
/// row of what has become, or is overtaken. Of one kind the buyer's counts first.
pub const RACES: &[Kind] = &[
    Kind::Withdraw,
    Kind::Expire,
    Kind::StockFail,
    Kind::Cancel,
    Kind::ExpireUnpaid,
    Kind::ExpireUncollected,
    Kind::Offer,
    Kind::Accept,
    Kind::Counter,
    Kind::Reject,
    Kind::PayDeny,
    Kind::PayProof,
    Kind::StockConfirm,
    Kind::Start,
    Kind::Ship,
    Kind::Ready,
    Kind::Received,
    Kind::AutoReceived,
    Kind::PayConfirm,
    Kind::Waive,
    Kind::Complete,
    Kind::RefundSent,
    Kind::RefundConfirm,
    Kind::ExpireUnfulfilled,
    Kind::CloseDefaulted,
];

/// Whether, of two concurrent events, the first counts before the second.
pub(crate) fn counts_first(one: (Kind, Role), two: (Kind, Role)) -> bool {
    let rank = |(kind, role): (Kind, Role)| (RACES.iter().position(|k| *k == kind), role);
    rank(one) < rank(two)
}
