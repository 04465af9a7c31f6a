//! Judges one event against the table, and works its effect on the order. Who, where and when is in `table`; here is what the
//! named guards look at and what is counted.
//!
//! An event that is refused changes nothing.

use crate::id::EventId;
use crate::limits::{CLOCK_SKEW_MS, MONEY_MAX_MINOR, ORDER_ROUNDS_MAX};
use crate::listing::{Delivery, Timing};
use crate::money::Money;
use crate::order::event::{EventBody, Kind, Step};
use crate::order::refusal::Refusal;
use crate::order::right::Right;
use crate::order::table::{Guard, ROWS, Row, Target, Who};
use crate::order::{Deadline, Order, Role, State, StockMark};
use crate::time::Millis;

/// The row by which `role` may sign `body` now.
///
/// # Errors
/// Why no row fits: the nearest miss.
pub(crate) fn judge(order: &Order, role: Role, body: &EventBody) -> Result<&'static Row, Refusal> {
    let mut miss = Refusal::WrongState;
    for row in ROWS.iter().filter(|row| row.kind == body.step.kind() && row.from.contains(&order.state)) {
        if !is_signer(order, row.who, role) {
            if miss == Refusal::WrongState {
                miss = if matches!(row.who, Who::Turn) { Refusal::OutOfTurn } else { Refusal::WrongSigner };
            }
            continue;
        }
        match holds(order, row.guard, body) {
            Ok(()) => return Ok(row),
            Err(refusal) => miss = refusal,
        }
    }
    Err(miss)
}

/// Whether `role` is the signer a row asks for.
pub(crate) fn is_signer(order: &Order, who: Who, role: Role) -> bool {
    match who {
        Who::Buyer => role == Role::Buyer,
        Who::Seller => role == Role::Seller,
        Who::Turn => order.turn == Some(role),
        Who::Offerer => order.turn == Some(role.other()),
        Who::Either => true,
    }
}

/// Whether payment comes before the goods.
pub(crate) fn is_paid_first(order: &Order) -> bool {
    order.terms.payment.timing == Timing::Before && order.terms.total.minor > 0
}

fn holds(order: &Order, guard: Guard, body: &EventBody) -> Result<(), Refusal> {
    let at = body.at;
    match guard {
        Guard::Always => Ok(()),
        Guard::OfferAhead => need(at < order.terms.valid_until, Refusal::OfferOver),
        Guard::CounterFits | Guard::LastTerms => answers(order, body),
        Guard::OfferOver => over(order, Deadline::ValidUntil, at),
        Guard::StockAsked => need(order.stock == StockMark::Asked, Refusal::StockNotAsked),
        Guard::NothingPaid => need(order.paid() == 0, Refusal::AlreadyPaid),
        Guard::PayFirst => need(is_paid_first(order), Refusal::WrongTiming).and_then(|()| claims(order, body)),
        Guard::PayLaterLeft => {
            need(!is_paid_first(order), Refusal::WrongTiming)?;
            need(order.remainder() > 0, Refusal::NothingDue)?;
            claims(order, body)
        }
        Guard::WasAccepted => need(order.accepted, Refusal::NeverAccepted).and_then(|()| claims(order, body)),
        Guard::ConfirmFirst => held(order).and_then(|()| amount_fits(order, body, order.remainder())),
        Guard::ConfirmLater => {
            need(!is_paid_first(order), Refusal::WrongTiming)?;
            amount_fits(order, body, order.remainder())
        }
        Guard::StartLater => need(!is_paid_first(order), Refusal::WrongTiming).and_then(|()| held(order)),
        Guard::PayOver => need(is_paid_first(order), Refusal::WrongTiming).and_then(|()| over(order, Deadline::PayBy, at)),
        Guard::ToSend => need(!is_collected(order), Refusal::WrongDelivery),
        Guard::ToCollect => need(is_collected(order), Refusal::WrongDelivery),
        Guard::ConfirmOver => over(order, Deadline::ConfirmBy, at),
        Guard::ConfirmOverPaid => settled(order).and_then(|()| over(order, Deadline::ConfirmBy, at)),
        Guard::ConfirmOverUnpaid => unsettled(order).and_then(|()| over(order, Deadline::ConfirmBy, at)),
        Guard::FulfilOver => over(order, Deadline::FulfilBy, at),
        Guard::FulfilOverLater => need(!is_paid_first(order), Refusal::WrongTiming).and_then(|()| over(order, Deadline::FulfilBy, at)),
        Guard::Unsettled => unsettled(order),
        Guard::Settled => settled(order),
        Guard::DisputeOver => settled(order).and_then(|()| over(order, Deadline::DisputeBy, at)),
        Guard::RefundFits => amount_fits(order, body, order.refund_left()),
        Guard::RefundOver => need(order.refund_left() == 0, Refusal::NotSettled).and_then(|()| over(order, Deadline::ConfirmBy, at)),
        Guard::RefundShort => need(order.refund_left() > 0, Refusal::NothingDue).and_then(|()| over(order, Deadline::ConfirmBy, at)),
        Guard::Unpaid | Guard::Unconfirmed => {
            unsettled(order)?;
            let claimed = order.paid() >= order.terms.total.minor;
            need(claimed == (guard == Guard::Unconfirmed), if claimed { Refusal::AlreadyPaid } else { Refusal::NotSettled })?;
            over(order, Deadline::ConfirmBy, at)
        }
    }
}

fn need(claim: bool, refusal: Refusal) -> Result<(), Refusal> {
    if claim { Ok(()) } else { Err(refusal) }
}

fn held(order: &Order) -> Result<(), Refusal> {
    need(order.stock == StockMark::Held, Refusal::StockNotHeld)
}

fn settled(order: &Order) -> Result<(), Refusal> {
    need(order.remainder() == 0, Refusal::NotSettled)
}

fn unsettled(order: &Order) -> Result<(), Refusal> {
    need(order.remainder() > 0, Refusal::NothingDue)
}

fn is_collected(order: &Order) -> bool {
    matches!(order.terms.delivery, Delivery::Pickup { .. })
}

/// A deadline right opens when the deadline and the allowed clock skew are past.
fn over(order: &Order, deadline: Deadline, at: Millis) -> Result<(), Refusal> {
    need(due(order, deadline).is_some_and(|due| at > due.plus(CLOCK_SKEW_MS)), Refusal::TooEarly)
}

/// When a deadline falls, as far as it has begun to run.
pub(crate) fn due(order: &Order, deadline: Deadline) -> Option<Millis> {
    let terms = &order.terms;
    match deadline {
        Deadline::ValidUntil => Some(terms.valid_until),
        Deadline::PayBy => order.agreed_at.map(|at| at.plus(terms.pay_within)),
        Deadline::FulfilBy => order.agreed_at.map(|at| at.plus(terms.fulfil_within)),
        Deadline::ConfirmBy => Some(order.since.plus(terms.confirm_within)),
        Deadline::DisputeBy => Some(order.since.plus(terms.dispute_within)),
    }
}

/// The deadlines that some row waits for in the present state.
pub(crate) fn deadlines(order: &Order) -> Vec<(Deadline, Millis)> {
    let names: &[Deadline] = match order.state {
        State::Negotiating => &[Deadline::ValidUntil],
        State::Agreed if is_paid_first(order) => &[Deadline::PayBy],
        State::Agreed | State::PaymentClaimed | State::Fulfilling | State::PartlyShipped => &[Deadline::FulfilBy],
        State::Ready => &[Deadline::FulfilBy, Deadline::ConfirmBy],
        State::Shipped | State::RefundDue | State::RefundClaimed => &[Deadline::ConfirmBy],
        State::Delivered if order.remainder() == 0 => &[Deadline::DisputeBy],
        State::Delivered => &[Deadline::ConfirmBy],
        _ => &[],
    };
    names.iter().filter_map(|name| due(order, *name).map(|at| (*name, at))).collect()
}

/// A counter-offer or an acceptance answers the last offer, about the same people and the same listing, before it ran out.
fn answers(order: &Order, body: &EventBody) -> Result<(), Refusal> {
    let mine = Right::of(order.id, &order.terms);
    match &body.step {
        Step::Counter { replaces, terms } => {
            need(*replaces == order.last_offer, Refusal::NotLastOffer)?;
            let same = (terms.buyer, terms.seller) == (order.terms.buyer, order.terms.seller) && Right::of(order.id, terms) == mine;
            need(same && terms.currency() == order.terms.currency(), Refusal::OtherTerms)?;
            need(order.rounds < ORDER_ROUNDS_MAX, Refusal::TooManyRounds)?;
            need(body.at < terms.valid_until, Refusal::OfferOver)?;
        }
        Step::Accept { offer, terms, right } => {
            need(*offer == order.last_offer, Refusal::NotLastOffer)?;
            need(*terms == order.terms.hash() && Some(*right) == mine, Refusal::OtherTerms)?;
        }
        _ => return Err(Refusal::WrongState),
    }
    need(body.at <= order.terms.valid_until.plus(CLOCK_SKEW_MS), Refusal::OfferOver)
}

fn amount_of(body: &EventBody) -> Option<Money> {
    match &body.step {
        Step::PayProof { amount, .. } | Step::RefundSent { amount, .. } | Step::PayConfirm { amount } => *amount,
        _ => None,
    }
}

/// The amount an event speaks of, where none means all that is left.
fn amount(body: &EventBody, left: i64) -> i64 {
    amount_of(body).map_or(left, |money| money.minor)
}

fn currency_fits(order: &Order, body: &EventBody) -> Result<(), Refusal> {
    need(amount_of(body).is_none_or(|money| money.currency == order.terms.currency()), Refusal::OutOfRange)
}

fn amount_fits(order: &Order, body: &EventBody, left: i64) -> Result<(), Refusal> {
    currency_fits(order, body)?;
    need(left > 0, Refusal::NothingDue)?;
    need(amount(body, left) <= left, Refusal::TooMuch)
}

/// A claim of a payment may be more than what is due: money that was sent is never left out. After a denial the same claim
/// may be made again.
fn claims(order: &Order, body: &EventBody) -> Result<(), Refusal> {
    currency_fits(order, body)?;
    let claimed = amount(body, claim_left(order));
    need(claimed > 0 || order.payment_denied, Refusal::NothingDue)?;
    need(order.paid_claimed.saturating_add(claimed) <= MONEY_MAX_MINOR, Refusal::TooMuch)
}

/// What a claim without an amount adds: all that the buyer has not claimed yet.
fn claim_left(order: &Order) -> i64 {
    (order.terms.total.minor - order.paid_claimed).max(0)
}

/// Takes an event in: the row's target and what the kind counts.
pub(crate) fn apply(order: &mut Order, role: Role, id: EventId, body: &EventBody, row: &Row) {
    let before = order.state;
    match &body.step {
        Step::Offer { .. } => {}
        Step::Counter { terms, .. } => {
            order.terms = (**terms).clone();
            order.last_offer = id;
            order.rounds += 1;
            order.turn = Some(role.other());
        }
        Step::Accept { terms, .. } => {
            order.agreed = Some(*terms);
            order.agreed_at = Some(body.at);
            order.accepted = true;
            order.stock = if role == Role::Seller { StockMark::Held } else { StockMark::Asked };
        }
        Step::StockConfirm {} => order.stock = StockMark::Held,
        Step::StockFail { .. } => order.stock = StockMark::Failed,
        Step::PayProof { .. } => {
            order.paid_claimed += amount(body, claim_left(order));
            order.payment_denied = false;
        }
        Step::PayConfirm { .. } => order.paid_confirmed += amount(body, order.remainder()),
        Step::PayDeny { .. } => order.payment_denied = true,
        Step::Waive {} => order.waived = true,
        Step::RefundSent { .. } => order.refunds += amount(body, order.refund_left()),
        Step::Ship { .. } | Step::Received {} | Step::AutoReceived {} => order.stock = StockMark::Sold,
        _ => {}
    }
    order.state = target(order, row.to);
    // A claim of everything that is due makes the other side's time to confirm begin; a part must not, or small parts could delay for ever.
    let opens_wait = match body.step.kind() {
        Kind::PayProof => order.state == State::Delivered && order.paid() >= order.terms.total.minor,
        Kind::RefundSent => order.refund_left() == 0,
        _ => false,
    };
    if order.state != before || opens_wait {
        order.since = body.at;
    }
    if order.state != State::Negotiating {
        order.turn = None;
    }
    let called_off = matches!(order.state, State::Cancelled | State::RefundDue);
    if called_off && matches!(order.stock, StockMark::Asked | StockMark::Held) {
        order.stock = StockMark::Released;
    }
    order.deadlines = deadlines(order);
}

fn target(order: &Order, to: Target) -> State {
    let paid = order.remainder() == 0;
    match to {
        Target::To(state) => state,
        Target::Same => order.state,
        Target::RefundOrCancelled if order.paid() > 0 => State::RefundDue,
        Target::RefundOrCancelled => State::Cancelled,
        Target::FulfillingOncePaid if paid => State::Fulfilling,
        Target::CompletedOncePaid if paid => State::Completed,
        Target::FulfillingOncePaid | Target::CompletedOncePaid => order.state,
        Target::HandedOver if paid && order.terms.payment.timing == Timing::OnDelivery => State::Completed,
        Target::DeliveredOrCompleted if paid => State::Completed,
        Target::HandedOver | Target::DeliveredOrCompleted => State::Delivered,
    }
}
