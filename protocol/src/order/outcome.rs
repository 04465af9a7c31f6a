//! How an order went, in one word: what a review says of it beside its stars. It is its author's word and proves nothing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::order::{Closing, Order, Role, State};

/// How an order stands, coarsely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It goes on.
    Open,
    /// It goes on, and not well: a return, a refund that is due, a dispute or a decision.
    Trouble,
    /// The goods came and were paid.
    Completed,
    /// It was called off or ran out before anything was paid.
    CalledOff,
    /// What was paid went back.
    Refunded,
    /// The two settled a dispute.
    Settled,
    /// What a resolver decided was done.
    Performed,
    /// The buyer did not do their part.
    BuyerDefaulted,
    /// The seller did not do theirs.
    SellerDefaulted,
    /// Both spoke and found no end.
    Unresolved,
}

impl Outcome {
    /// How an order stands.
    #[must_use]
    pub fn of(order: &Order) -> Self {
        match (order.state, order.closing) {
            (State::Resolved, Some(Closing::Settled)) => Self::Settled,
            (State::Resolved, Some(Closing::Performed)) => Self::Performed,
            (State::Resolved, Some(Closing::Defaulted(Role::Buyer))) => Self::BuyerDefaulted,
            (State::Resolved, Some(Closing::Defaulted(Role::Seller))) => Self::SellerDefaulted,
            (State::Resolved, _) => Self::Unresolved,
            (State::Completed, _) => Self::Completed,
            (State::Refunded, _) => Self::Refunded,
            (State::Returning | State::RefundDue | State::RefundClaimed | State::Disputed | State::Decided, _) => Self::Trouble,
            (state, _) if state.is_terminal() => Self::CalledOff,
            _ => Self::Open,
        }
    }

    /// For people.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Open => "the order goes on",
            Self::Trouble => "the order is in trouble",
            Self::Completed => "completed",
            Self::CalledOff => "called off",
            Self::Refunded => "refunded",
            Self::Settled => "settled",
            Self::Performed => "decided and done",
            Self::BuyerDefaulted => "the buyer defaulted",
            Self::SellerDefaulted => "the seller defaulted",
            Self::Unresolved => "unresolved",
        }
    }
}
