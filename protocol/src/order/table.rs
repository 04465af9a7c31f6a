//! The legal moves of an order, one row each: the same table as in `docs/orders.md`, and tested to be.
//!
//! Whatever fits no row is refused. Nothing outside this file decides who may do what in which state; what the named
//! guards look at is worked out in `guard`, what targets and kinds change in `apply`.

use crate::order::State::{
    Agreed, Cancelled, Completed, Decided, Delivered, Disputed, Expired, Fulfilling, Negotiating, PartlyShipped, PaymentClaimed, Ready,
    RefundClaimed, RefundDue, Refunded, Rejected, Resolved, Returning, Shipped, Withdrawn,
};
use crate::order::deadline::Deadline;
use crate::order::deadline::Deadline::{ConfirmBy, DisputeBy, FulfilBy, PayBy, ReturnBy, ValidUntil};
use crate::order::step::Kind;
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
    /// Who asked the question that is open.
    Asker,
    /// Who is to answer it.
    Asked,
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
            Self::Asker => "who asked",
            Self::Asked => "who was asked",
            Self::Either => "either",
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
        /// The offer's own end lies ahead.
        OfferAhead "valid_until ahead"
        /// It replaces the last offer in time, within the rounds allowed, for the same people and listing.
        CounterFits "replaces the last offer, in time; at most 16 rounds"
        /// It names the last offer and its terms, in time.
        LastTerms "exactly the last terms, in time"
        /// The buyer accepted and the seller's node has not answered about the stock.
        StockAsked "stock is asked for"
        /// The stock is set aside.
        StockHeld "stock held"
        /// Neither a claim nor a confirmation of a payment stands.
        NothingPaid "nothing paid"
        /// Something was paid, as far as either said.
        SomethingPaid "something paid"
        /// Payment in advance is due.
        PayFirst "payment is due before"
        /// Payment comes with or after delivery.
        PayLater "payment is due later"
        /// Something is left to pay.
        Remainder "a remainder is left"
        /// The claim of a payment can be counted.
        Claim "a claim that counts"
        /// An acceptance exists, even one that came too late.
        WasAccepted "an acceptance exists"
        /// The amount is not more than what is left to pay.
        WithinRemainder "not more than the remainder"
        /// The goods are sent, by whatever way: a file by mail as well.
        ToSend "delivery by sending or digital"
        /// The goods are collected.
        ToCollect "delivery by pickup"
        /// The goods are a file.
        ToDownload "digital delivery"
        /// The lines exist and so many of each are left to send.
        LinesLeft "so many are left of each line"
        /// It tells the code that was committed to when the goods were ready, or none.
        CodeFits "the code is right, or none is told"
        /// Nothing is left to pay.
        Settled "total confirmed or waived"
        /// The amount is not more than what is to be paid back.
        WithinRefund "not more than what was paid"
        /// All is said to be paid back.
        Refunded "refunded in full"
        /// Not all is said to be paid back.
        RefundShort "not refunded in full"
        /// The buyer claims less than the total.
        NotClaimed "total not claimed"
        /// The buyer claims the total.
        Claimed "total claimed"
        /// Nothing was sent yet.
        NothingShipped "nothing shipped"
        /// A shipment is on its way that the author did not know of.
        ShipmentUnseen "the author did not know of the shipment"
        /// The author knew of every shipment.
        ShipmentSeen "the author knew of every shipment"
        /// No question is open.
        NothingAsked "nothing is asked"
        /// A cancellation is asked for.
        CancelAsked "a cancellation is asked for"
        /// A return is asked for and not answered.
        ReturnAsked "a return is asked for"
        /// The seller said that the goods may come back.
        ReturnAgreed "the return was agreed to"
        /// The signer made no claim in the dispute.
        NotClaiming "the signer has made no claim"
        /// The signer said something in the dispute.
        HasSpoken "the signer has spoken"
        /// It names the settlement that the other side offers.
        SettlementStands "names the other side's last settlement"
        /// The settlement is not more than what was paid.
        SettlementFits "not more than what was paid and not refunded"
        /// The resolver whom the terms name signed it, for this order, within what was paid.
        Resolver "signed by the resolver of the terms for this order; not more than what was paid and not refunded"
        /// The decision gives money back.
        RefundDecided "a refund was decided"
        /// The decision gives nothing back.
        NoRefundDecided "no refund was decided"
        /// The chain has room for words.
        Room "less than half of the chain is used"
        /// The new device is another one than any of the order.
        OtherDevice "a device that has no part in the order"
        /// The root of the signer's person gave the chain to the author.
        RootSigned "signed by the root of the signer's person"
    }
}

/// A condition of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// A named guard.
    If(Guard),
    /// A deadline and the allowed skew are past.
    After(Deadline),
    /// A deadline and the allowed skew are not past.
    Until(Deadline),
}

impl Condition {
    /// What it says in the table.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::If(guard) => guard.text().to_owned(),
            Self::After(deadline) => format!("after {}", deadline.name()),
            Self::Until(deadline) => format!("until {}", deadline.name()),
        }
    }
}

/// Where a row leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A state.
    To(State),
    /// The state it was.
    Same,
    /// The state before the goods were to come back.
    Back,
    /// Refund due when anything was paid, else cancelled.
    RefundOrCancelled,
    /// Fulfilling once the total is confirmed, else the same.
    FulfillingOncePaid,
    /// Completed once the total is confirmed, else the same.
    CompletedOncePaid,
    /// Shipped once all lines are sent, else partly shipped.
    ShippedOnceAll,
    /// Completed when payment is due on delivery and settled, else delivered.
    HandedOver,
    /// Completed when settled, else delivered.
    DeliveredOrCompleted,
}

impl Target {
    /// What it says in the table.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::To(state) => state.name(),
            Self::Same => "same",
            Self::Back => "back to what it was",
            Self::RefundOrCancelled => "refund_due, or cancelled when nothing was paid",
            Self::FulfillingOncePaid => "fulfilling once the total is confirmed, else same",
            Self::CompletedOncePaid => "completed once the total is confirmed, else same",
            Self::ShippedOnceAll => "shipped once all is sent, else partly_shipped",
            Self::HandedOver => "completed when paid on delivery and settled, else delivered",
            Self::DeliveredOrCompleted => "completed when settled, else delivered",
        }
    }

    /// The states to which it may lead from `from`: what a drawing of the table shows.
    #[must_use]
    pub fn states(self, from: State) -> Vec<State> {
        match self {
            Self::To(state) => vec![state],
            Self::Same => vec![from],
            Self::Back => vec![PartlyShipped, Shipped, Delivered],
            Self::RefundOrCancelled => vec![RefundDue, Cancelled],
            Self::FulfillingOncePaid => vec![Fulfilling, from],
            Self::CompletedOncePaid => vec![Completed, from],
            Self::ShippedOnceAll => vec![Shipped, PartlyShipped],
            Self::HandedOver | Self::DeliveredOrCompleted => vec![Delivered, Completed],
        }
    }
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
    /// What else has to hold, tried in this order.
    pub when: &'static [Condition],
    /// Where it leads.
    pub to: Target,
}

impl Row {
    /// Whether it asks for this guard.
    #[must_use]
    pub fn has(&self, guard: Guard) -> bool {
        self.when.contains(&Condition::If(guard))
    }

    /// Whether it is a right that a deadline opens.
    #[must_use]
    pub fn is_deadline_right(&self) -> bool {
        self.when.iter().any(|condition| matches!(condition, Condition::After(_)))
    }
}

const fn row(from: &'static [State], kind: Kind, who: Who, when: &'static [Condition], to: Target) -> Row {
    Row { from, kind, who, when, to }
}

const fn to(state: State) -> Target {
    Target::To(state)
}

const fn on(guard: Guard) -> Condition {
    Condition::If(guard)
}

const fn after(deadline: Deadline) -> Condition {
    Condition::After(deadline)
}

/// States in which something may be called off by asking.
const ASKABLE: &[State] = &[PaymentClaimed, Fulfilling, PartlyShipped, Shipped, Ready, Delivered];
/// States in which either may say that they disagree.
const DISPUTABLE: &[State] = &[PaymentClaimed, Fulfilling, PartlyShipped, Shipped, Ready, Delivered, Returning, RefundDue, RefundClaimed];
/// States in which an order goes on.
const OPEN: &[State] = &[
    Negotiating,
    Agreed,
    PaymentClaimed,
    Fulfilling,
    PartlyShipped,
    Shipped,
    Ready,
    Delivered,
    Returning,
    RefundDue,
    RefundClaimed,
    Disputed,
    Decided,
];

/// The table.
#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    row(&[], Kind::Offer, Who::Either, &[on(Guard::OfferAhead)], to(Negotiating)),
    row(&[Negotiating], Kind::Counter, Who::Turn, &[on(Guard::CounterFits)], to(Negotiating)),
    row(&[Negotiating], Kind::Accept, Who::Turn, &[on(Guard::LastTerms)], to(Agreed)),
    row(&[Negotiating], Kind::Reject, Who::Turn, &[], to(Rejected)),
    row(&[Negotiating], Kind::Withdraw, Who::Offerer, &[], to(Withdrawn)),
    row(&[Negotiating], Kind::Expire, Who::Either, &[after(ValidUntil)], to(Expired)),
    row(&[Agreed, PaymentClaimed], Kind::StockConfirm, Who::Seller, &[on(Guard::StockAsked)], Target::Same),
    row(&[Agreed, PaymentClaimed], Kind::StockFail, Who::Seller, &[on(Guard::StockAsked)], Target::RefundOrCancelled),
    row(&[Agreed], Kind::Cancel, Who::Either, &[on(Guard::NothingPaid)], to(Cancelled)),
    row(&[Agreed, PaymentClaimed, Fulfilling], Kind::Address, Who::Buyer, &[], Target::Same),
    row(&[Agreed, PaymentClaimed], Kind::PayProof, Who::Buyer, &[on(Guard::PayFirst), on(Guard::Claim)], to(PaymentClaimed)),
    row(&[Agreed, Fulfilling, PartlyShipped, Shipped, Ready, Delivered], Kind::PayProof, Who::Buyer, &[on(Guard::PayLater), on(Guard::Remainder), on(Guard::Claim)], Target::Same),
    row(&[Withdrawn, Expired, Cancelled, RefundDue, Refunded], Kind::PayProof, Who::Buyer, &[on(Guard::WasAccepted), on(Guard::Claim)], to(RefundDue)),
    row(&[PaymentClaimed], Kind::PayConfirm, Who::Seller, &[on(Guard::StockHeld), on(Guard::WithinRemainder)], Target::FulfillingOncePaid),
    row(&[Agreed, Fulfilling, PartlyShipped, Shipped, Ready], Kind::PayConfirm, Who::Seller, &[on(Guard::PayLater), on(Guard::WithinRemainder)], Target::Same),
    row(&[Delivered], Kind::PayConfirm, Who::Seller, &[on(Guard::PayLater), on(Guard::WithinRemainder)], Target::CompletedOncePaid),
    row(&[PaymentClaimed], Kind::PayDeny, Who::Seller, &[], Target::Same),
    row(&[Agreed], Kind::Start, Who::Seller, &[on(Guard::PayLater), on(Guard::StockHeld)], to(Fulfilling)),
    row(&[Agreed], Kind::ExpireUnpaid, Who::Seller, &[on(Guard::PayFirst), after(PayBy)], to(Cancelled)),
    row(&[Fulfilling, PartlyShipped], Kind::Ship, Who::Seller, &[on(Guard::ToSend), on(Guard::LinesLeft)], Target::ShippedOnceAll),
    row(&[Fulfilling], Kind::DeliverDigital, Who::Seller, &[on(Guard::ToDownload)], to(Shipped)),
    row(&[Fulfilling], Kind::Ready, Who::Seller, &[on(Guard::ToCollect)], to(Ready)),
    row(&[Shipped], Kind::Received, Who::Buyer, &[on(Guard::CodeFits)], to(Delivered)),
    row(&[Ready], Kind::Received, Who::Buyer, &[on(Guard::CodeFits)], Target::HandedOver),
    row(&[Shipped], Kind::AutoReceived, Who::Seller, &[after(ConfirmBy)], Target::DeliveredOrCompleted),
    row(&[Ready], Kind::AutoReceived, Who::Seller, &[on(Guard::Settled), after(ConfirmBy)], Target::DeliveredOrCompleted),
    row(&[Ready], Kind::ExpireUncollected, Who::Seller, &[on(Guard::Remainder), after(ConfirmBy)], Target::RefundOrCancelled),
    row(&[Agreed], Kind::ExpireUnfulfilled, Who::Buyer, &[on(Guard::PayLater), after(FulfilBy)], Target::RefundOrCancelled),
    row(&[PaymentClaimed, Fulfilling, PartlyShipped, Ready], Kind::ExpireUnfulfilled, Who::Buyer, &[after(FulfilBy)], Target::RefundOrCancelled),
    row(&[Delivered], Kind::Waive, Who::Seller, &[on(Guard::Remainder)], to(Completed)),
    row(&[Delivered], Kind::Complete, Who::Buyer, &[on(Guard::Settled)], to(Completed)),
    row(&[Delivered], Kind::Complete, Who::Seller, &[on(Guard::Settled), after(DisputeBy)], to(Completed)),
    row(&[Agreed], Kind::CancelRequest, Who::Either, &[on(Guard::SomethingPaid), on(Guard::NothingAsked)], Target::Same),
    row(&[PartlyShipped, Shipped], Kind::CancelRequest, Who::Buyer, &[on(Guard::ShipmentUnseen), on(Guard::NothingAsked)], to(Returning)),
    row(ASKABLE, Kind::CancelRequest, Who::Either, &[on(Guard::ShipmentSeen), on(Guard::NothingAsked)], Target::Same),
    row(&[Agreed, PaymentClaimed, Fulfilling, PartlyShipped, Shipped, Ready, Delivered], Kind::CancelAgree, Who::Asked, &[on(Guard::CancelAsked)], Target::RefundOrCancelled),
    row(&[Agreed, PaymentClaimed, Fulfilling, Ready], Kind::CancelAgree, Who::Asker, &[on(Guard::CancelAsked), on(Guard::NothingShipped), after(FulfilBy)], Target::RefundOrCancelled),
    row(&[Agreed, PaymentClaimed, Fulfilling, PartlyShipped, Shipped, Ready, Delivered], Kind::CancelRefuse, Who::Asked, &[on(Guard::CancelAsked)], Target::Same),
    row(&[Delivered, Completed], Kind::ReturnRequest, Who::Buyer, &[Condition::Until(ReturnBy)], to(Returning)),
    row(&[Returning], Kind::ReturnOk, Who::Seller, &[on(Guard::ReturnAsked)], Target::Same),
    row(&[Returning], Kind::ReturnNo, Who::Seller, &[on(Guard::ReturnAsked)], Target::Back),
    row(&[Returning], Kind::ReturnReceived, Who::Seller, &[], Target::RefundOrCancelled),
    row(&[RefundDue, RefundClaimed], Kind::RefundSent, Who::Seller, &[on(Guard::WithinRefund)], to(RefundClaimed)),
    row(&[RefundClaimed], Kind::RefundConfirm, Who::Buyer, &[], to(Refunded)),
    row(&[RefundClaimed], Kind::RefundConfirm, Who::Seller, &[on(Guard::Refunded), after(ConfirmBy)], to(Refunded)),
    row(&[Agreed], Kind::Dispute, Who::Either, &[on(Guard::SomethingPaid)], to(Disputed)),
    row(DISPUTABLE, Kind::Dispute, Who::Either, &[Condition::Until(DisputeBy)], to(Disputed)),
    row(&[Disputed], Kind::Dispute, Who::Either, &[on(Guard::NotClaiming)], Target::Same),
    row(&[Disputed], Kind::SettleOffer, Who::Either, &[on(Guard::SettlementFits)], Target::Same),
    row(&[Disputed], Kind::SettleAccept, Who::Either, &[on(Guard::SettlementStands)], to(Resolved)),
    row(&[Disputed], Kind::SettleRefuse, Who::Either, &[on(Guard::SettlementStands)], Target::Same),
    row(&[Disputed], Kind::Decide, Who::Either, &[on(Guard::Resolver)], to(Decided)),
    row(&[Decided], Kind::Performed, Who::Seller, &[on(Guard::RefundDecided)], to(Resolved)),
    row(&[Decided], Kind::Performed, Who::Either, &[on(Guard::NoRefundDecided)], to(Resolved)),
    row(&[RefundDue, RefundClaimed], Kind::CloseDefaulted, Who::Buyer, &[on(Guard::RefundShort), after(ConfirmBy)], to(Resolved)),
    row(&[Delivered], Kind::CloseDefaulted, Who::Seller, &[on(Guard::Remainder), on(Guard::NotClaimed), after(ConfirmBy)], to(Resolved)),
    row(&[Delivered], Kind::CloseDefaulted, Who::Buyer, &[on(Guard::Remainder), on(Guard::Claimed), after(ConfirmBy)], to(Resolved)),
    row(&[Returning], Kind::CloseDefaulted, Who::Buyer, &[on(Guard::ReturnAsked), after(ConfirmBy)], to(Resolved)),
    row(&[Returning], Kind::CloseDefaulted, Who::Seller, &[on(Guard::ReturnAgreed), after(ConfirmBy)], to(Resolved)),
    row(&[Disputed], Kind::CloseDefaulted, Who::Either, &[on(Guard::HasSpoken), after(ConfirmBy)], to(Resolved)),
    row(&[Decided], Kind::CloseDefaulted, Who::Buyer, &[on(Guard::RefundDecided), after(ConfirmBy)], to(Resolved)),
    row(OPEN, Kind::Handover, Who::Either, &[on(Guard::OtherDevice)], Target::Same),
    row(State::ALL, Kind::Takeover, Who::Either, &[on(Guard::RootSigned)], Target::Same),
    row(State::ALL, Kind::Say, Who::Either, &[on(Guard::Room)], Target::Same),
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
    Kind::DeliverDigital,
    Kind::Ready,
    Kind::Dispute,
    Kind::SettleAccept,
    Kind::Decide,
    Kind::Received,
    Kind::AutoReceived,
    Kind::PayConfirm,
    Kind::CancelAgree,
    Kind::CancelRefuse,
    Kind::CancelRequest,
    Kind::ReturnReceived,
    Kind::ReturnOk,
    Kind::ReturnNo,
    Kind::ReturnRequest,
    Kind::Waive,
    Kind::Complete,
    Kind::RefundSent,
    Kind::RefundConfirm,
    Kind::SettleOffer,
    Kind::SettleRefuse,
    Kind::Performed,
    Kind::ExpireUnfulfilled,
    Kind::CloseDefaulted,
    Kind::Address,
    Kind::Handover,
    Kind::Takeover,
    Kind::Say,
];

/// Whether, of two concurrent events, the first counts before the second.
pub(crate) fn counts_first(one: (Kind, Role), two: (Kind, Role)) -> bool {
    let rank = |(kind, role): (Kind, Role)| (RACES.iter().position(|k| *k == kind), role);
    rank(one) < rank(two)
}
