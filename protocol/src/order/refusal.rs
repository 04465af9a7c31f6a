//! The closed list of reasons for which an event, a receipt or a verb is refused.
//!
//! A reason travels in signed refusals, so its codes are frozen: add, never rename.

use serde::{Deserialize, Serialize};

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident $code:literal $text:literal)*) => {
        /// Why something was refused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, thiserror::Error)]
        #[serde(rename_all = "snake_case")]
        pub enum Refusal { $($(#[$doc])* #[error($text)] $name,)* }

        impl Refusal {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }
        }
    };
}

refusals! {
    /// More bytes than allowed.
    Oversize "oversize" "it is larger than an order event may be"
    /// Not of the expected shape.
    Malformed "malformed" "it is not well-formed"
    /// Another encoding of a value that has exactly one.
    NotCanonical "not_canonical" "it is not in canonical form"
    /// Another wire version.
    WrongVersion "wrong_version" "it was made for another version of the protocol"
    /// Another network.
    WrongNetwork "wrong_network" "it was made for another network"
    /// The signature does not hold.
    BadSignature "bad_signature" "the signature does not hold"
    /// The review-right half does not hold, is missing, or stands where none belongs.
    BadRight "bad_right" "the half of the review right is missing or does not hold"
    /// The terms break a rule of their own.
    BadTerms "bad_terms" "the terms do not add up"
    /// A text or an amount of the event is out of range.
    OutOfRange "out_of_range" "a text, a time or an amount is out of range"
    /// It belongs to another order.
    OtherOrder "other_order" "it belongs to another order"
    /// The first event is not here, or is no offer.
    NoOffer "no_offer" "the first offer is missing"
    /// Its author is neither buyer nor seller, or is not the side that may do this.
    WrongSigner "wrong_signer" "it is not signed by the side that may do this"
    /// The other side has to answer first.
    OutOfTurn "out_of_turn" "it is the other side's turn"
    /// It does not follow its predecessor, or cites what it cannot have seen.
    BrokenLink "broken_link" "it does not follow the event before"
    /// One author signed two events at one place.
    Equivocation "equivocation" "its author signed two different events at one place"
    /// A predecessor is not here.
    Missing "missing" "an event before it is missing"
    /// The claimed time is before that of the author's event before, or well before that of what the author had seen.
    TimeBackwards "time_backwards" "its time is before that of an event it follows"
    /// The other side moved at the same time, and that counts.
    Overtaken "overtaken" "the other side moved at the same time, and that move counts"
    /// The order does not stand where this is possible.
    WrongState "wrong_state" "the order is not in a state in which this is possible"
    /// The offer named is not the last one.
    NotLastOffer "not_last_offer" "it does not answer the last offer"
    /// The terms hash is not that of the last offer.
    OtherTerms "other_terms" "it is not about the terms that are on the table"
    /// The offer ran out.
    OfferOver "offer_over" "the offer has run out"
    /// Too many counter-offers.
    TooManyRounds "too_many_rounds" "there were too many counter-offers"
    /// The time for this right has not come.
    TooEarly "too_early" "the deadline has not passed yet"
    /// Something was paid already.
    AlreadyPaid "already_paid" "a payment was claimed already"
    /// Nothing is left to be paid.
    NothingDue "nothing_due" "there is nothing left to pay"
    /// Something is left to be paid.
    NotSettled "not_settled" "the payment is not settled yet"
    /// More than is due.
    TooMuch "too_much" "the amount is more than what is due"
    /// The terms say that payment comes at another time.
    WrongTiming "wrong_timing" "the terms say that payment is due at another time"
    /// The terms say that the goods change hands in another way.
    WrongDelivery "wrong_delivery" "the terms say that the goods change hands in another way"
    /// The seller's node has not confirmed the stock.
    StockNotHeld "stock_not_held" "the seller's stock is not confirmed yet"
    /// Nobody asks for stock.
    StockNotAsked "stock_not_asked" "no acceptance waits for the seller's stock"
    /// A line that the order does not have, or more of it than is left to send.
    BadLines "bad_lines" "so many are not left to be sent of these lines"
    /// Something was sent already.
    AlreadyShipped "already_shipped" "something was sent already"
    /// Another code than the one that was committed to.
    WrongCode "wrong_code" "the hand-over code is not the seller's"
    /// Neither side said that something was paid.
    NotPaid "not_paid" "nothing was paid yet"
    /// The time for this right is over.
    TooLate "too_late" "the time for this is over"
    /// Nobody asked for anything that could be answered so.
    NothingAsked "nothing_asked" "nothing was asked for"
    /// A question is open, or the claim was made.
    AlreadyAsked "already_asked" "that was asked for already"
    /// The signer has said nothing in the dispute.
    NotSpoken "not_spoken" "one who closes a dispute must have spoken in it"
    /// It names no settlement that the other side offers now.
    NoSettlement "no_settlement" "it does not answer the other side's last offer to settle"
    /// The decision is not by the resolver whom the terms name, or about another order.
    OtherResolver "other_resolver" "it is not decided by the resolver of the terms"
    /// The new device has a part in the order already, or the root did not sign.
    OtherDevice "other_device" "the chain cannot go over to this device"
    /// The chain has gone over to another device.
    HandedOver "handed_over" "another device goes on with this chain"
    /// It was never agreed.
    NeverAccepted "never_accepted" "the offer was never accepted"
    /// Too many events.
    TooMany "too_many" "the order has too many events"
    /// One's own chain here has a gap or two ends.
    ChainUnknown "chain_unknown" "one's own part of this order is not complete here"
}
