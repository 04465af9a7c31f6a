//! Deadlines: when each falls, and which of them somebody waits for. A deadline does nothing by itself; it opens or ends a right.

use serde::{Deserialize, Serialize};

use crate::limits::CLOCK_SKEW_MS;
use crate::listing::Timing;
use crate::order::{Order, State};
use crate::time::Millis;

/// An instant that opens a right of one party, or ends one, [`CLOCK_SKEW_MS`] later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deadline {
    /// The last offer runs out.
    ValidUntil,
    /// The payment is late.
    PayBy,
    /// The goods are late.
    FulfilBy,
    /// What was done counts as confirmed.
    ConfirmBy,
    /// The time to complain is over.
    DisputeBy,
    /// The time to send something back is over.
    ReturnBy,
}

impl Deadline {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::ValidUntil, Self::PayBy, Self::FulfilBy, Self::ConfirmBy, Self::DisputeBy, Self::ReturnBy];

    /// The name, in snake case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ValidUntil => "valid_until",
            Self::PayBy => "pay_by",
            Self::FulfilBy => "fulfil_by",
            Self::ConfirmBy => "confirm_by",
            Self::DisputeBy => "dispute_by",
            Self::ReturnBy => "return_by",
        }
    }
}

/// Whether payment comes before the goods.
pub(crate) fn is_paid_first(order: &Order) -> bool {
    order.terms.payment.timing == Timing::Before && order.terms.total.minor > 0
}

/// When a deadline falls, as far as it has begun to run.
#[must_use]
pub fn due(order: &Order, deadline: Deadline) -> Option<Millis> {
    let terms = &order.terms;
    match deadline {
        Deadline::ValidUntil => Some(terms.valid_until),
        Deadline::PayBy => order.agreed_at.map(|at| at.plus(terms.pay_within)),
        Deadline::FulfilBy => order.agreed_at.map(|at| at.plus(terms.fulfil_within)),
        Deadline::ConfirmBy => Some(order.since.plus(terms.confirm_within)),
        // Complaints about goods end some time after they came; about everything else they do not.
        Deadline::DisputeBy => (order.state == State::Delivered).then(|| order.since.plus(terms.dispute_within)),
        Deadline::ReturnBy => order.delivered_at.map(|at| at.plus(terms.return_within)),
    }
}

/// Whether a deadline and the allowed clock skew are past at an instant.
pub(crate) fn is_over(order: &Order, deadline: Deadline, at: Millis) -> bool {
    due(order, deadline).is_some_and(|due| at > due.plus(CLOCK_SKEW_MS))
}

/// Whether a deadline and the allowed clock skew are not past at an instant. Who takes nothing back has no time for it.
pub(crate) fn is_before(order: &Order, deadline: Deadline, at: Millis) -> bool {
    !(is_over(order, deadline, at) || deadline == Deadline::ReturnBy && order.terms.return_within == 0)
}

/// The deadlines that some row waits for in the present state.
pub(crate) fn running(order: &Order) -> Vec<(Deadline, Millis)> {
    let names: &[Deadline] = match order.state {
        State::Negotiating => &[Deadline::ValidUntil],
        State::Agreed if is_paid_first(order) => &[Deadline::PayBy],
        State::Agreed | State::PaymentClaimed | State::Fulfilling | State::PartlyShipped => &[Deadline::FulfilBy],
        State::Ready => &[Deadline::FulfilBy, Deadline::ConfirmBy],
        State::Shipped | State::Returning | State::RefundDue | State::RefundClaimed | State::Disputed | State::Decided => {
            &[Deadline::ConfirmBy]
        }
        State::Delivered if order.remainder() == 0 => &[Deadline::DisputeBy],
        State::Delivered => &[Deadline::ConfirmBy],
        _ => &[],
    };
    names.iter().filter_map(|name| due(order, *name).map(|at| (*name, at))).collect()
}
