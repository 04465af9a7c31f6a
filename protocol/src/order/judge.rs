//! Judges one event against the table: which row it fits, or the nearest miss.
//!
//! An event that is refused changes nothing.

use crate::order::event::EventBody;
use crate::order::guard::holds;
use crate::order::refusal::Refusal;
use crate::order::table::{ROWS, Row, Who};
use crate::order::{Order, Role};

/// What is judged: an event, whose it is, and how much of the other chain its author had seen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case<'a> {
    /// The author's side.
    pub(crate) role: Role,
    /// The event.
    pub(crate) body: &'a EventBody,
    /// How many of the other side's events the author had seen.
    pub(crate) seen: u64,
}

/// The row by which an event counts now.
///
/// # Errors
/// Why no row fits: the nearest miss.
pub(crate) fn judge(order: &Order, case: Case<'_>) -> Result<&'static Row, Refusal> {
    let mut miss = Refusal::WrongState;
    for row in ROWS.iter().filter(|row| row.kind == case.body.step.kind() && row.from.contains(&order.state)) {
        if !is_signer(order, row.who, case.role) {
            if miss == Refusal::WrongState {
                miss = nearest(order, row.who);
            }
            continue;
        }
        match row.when.iter().try_for_each(|condition| holds(order, *condition, case)) {
            Ok(()) => return Ok(row),
            Err(refusal) => miss = refusal,
        }
    }
    Err(miss)
}

/// Whether `role` is the signer a row asks for.
fn is_signer(order: &Order, who: Who, role: Role) -> bool {
    match who {
        Who::Buyer => role == Role::Buyer,
        Who::Seller => role == Role::Seller,
        Who::Turn => order.turn == Some(role),
        Who::Offerer => order.turn == Some(role.other()),
        Who::Asker => order.asked.is_some_and(|asked| asked.by == role),
        Who::Asked => order.asked.is_some_and(|asked| asked.by != role),
        Who::Either => true,
    }
}

/// Why the other signer is none.
fn nearest(order: &Order, who: Who) -> Refusal {
    match who {
        Who::Turn => Refusal::OutOfTurn,
        Who::Asker | Who::Asked if order.asked.is_none() => Refusal::NothingAsked,
        Who::Asker | Who::Asked => Refusal::OutOfTurn,
        _ => Refusal::WrongSigner,
    }
}
