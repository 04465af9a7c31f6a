//! What the named conditions of the table look at.

use crate::id::{DeviceId, OrderId};
use crate::limits::{CLOCK_SKEW_MS, MONEY_MAX_MINOR, ORDER_EVENTS_MAX, ORDER_ROUNDS_MAX};
use crate::listing::Delivery;
use crate::money::Money;
use crate::order::deadline::{is_before, is_over, is_paid_first};
use crate::order::event::EventBody;
use crate::order::handover;
use crate::order::judge::Case;
use crate::order::refusal::Refusal;
use crate::order::right::Right;
use crate::order::step::Step;
use crate::order::table::{Condition, Guard};
use crate::order::trouble::Question;
use crate::order::{Order, Role, StockMark};

/// Whether a condition holds.
///
/// # Errors
/// The reason for which it does not.
pub(crate) fn holds(order: &Order, condition: Condition, case: Case<'_>) -> Result<(), Refusal> {
    match condition {
        Condition::If(guard) => check(order, guard, case),
        Condition::After(deadline) => need(is_over(order, deadline, case.body.at), Refusal::TooEarly),
        Condition::Until(deadline) => need(is_before(order, deadline, case.body.at), Refusal::TooLate),
    }
}

fn need(claim: bool, refusal: Refusal) -> Result<(), Refusal> {
    if claim { Ok(()) } else { Err(refusal) }
}

fn check(order: &Order, guard: Guard, case: Case<'_>) -> Result<(), Refusal> {
    let Case { role, body, .. } = case;
    match guard {
        Guard::OfferAhead => need(body.at < order.terms.valid_until, Refusal::OfferOver),
        Guard::CounterFits | Guard::LastTerms => answers(order, body),
        Guard::StockAsked => need(order.stock == StockMark::Asked, Refusal::StockNotAsked),
        Guard::StockHeld => need(order.stock == StockMark::Held, Refusal::StockNotHeld),
        Guard::ToSend => need(!matches!(order.terms.delivery, Delivery::Pickup { .. }), Refusal::WrongDelivery),
        Guard::ToCollect => need(matches!(order.terms.delivery, Delivery::Pickup { .. }), Refusal::WrongDelivery),
        Guard::ToDownload => need(matches!(order.terms.delivery, Delivery::Digital {}), Refusal::WrongDelivery),
        Guard::LinesLeft => lines_left(order, body),
        Guard::CodeFits => code_fits(order, body),
        Guard::NothingShipped => need(order.shipped.iter().all(|sent| *sent == 0), Refusal::AlreadyShipped),
        Guard::ShipmentUnseen => need(is_shipment_unseen(order, case), Refusal::WrongState),
        Guard::ShipmentSeen => need(!is_shipment_unseen(order, case), Refusal::WrongState),
        Guard::NothingAsked => need(order.asked.is_none(), Refusal::AlreadyAsked),
        Guard::CancelAsked => need(order.asked.is_some_and(|asked| asked.what == Question::Cancel), Refusal::NothingAsked),
        Guard::ReturnAsked => need(order.returning.is_some_and(|returning| !returning.agreed), Refusal::NothingAsked),
        Guard::ReturnAgreed => need(order.returning.is_some_and(|returning| returning.agreed), Refusal::OutOfTurn),
        Guard::NotClaiming => need(!order.dispute.has_claimed(role), Refusal::AlreadyAsked),
        Guard::HasSpoken => need(order.dispute.has_spoken(role), Refusal::NotSpoken),
        Guard::SettlementStands => need(names_settlement(order, role, body), Refusal::NoSettlement),
        Guard::SettlementFits | Guard::Resolver | Guard::RefundDecided | Guard::NoRefundDecided => settles(order, guard, body),
        Guard::Room => need(body.seq < ORDER_EVENTS_MAX as u64 / 2, Refusal::TooMany),
        Guard::OtherDevice => need(is_other_device(order, body), Refusal::OtherDevice),
        Guard::RootSigned => need(handover::is_root_signed(order, role, body), Refusal::OtherDevice),
        _ => check_money(order, guard, body),
    }
}

fn check_money(order: &Order, guard: Guard, body: &EventBody) -> Result<(), Refusal> {
    match guard {
        Guard::NothingPaid => need(order.paid() == 0, Refusal::AlreadyPaid),
        Guard::SomethingPaid => need(order.paid() > 0, Refusal::NotPaid),
        Guard::PayFirst => need(is_paid_first(order), Refusal::WrongTiming),
        Guard::PayLater => need(!is_paid_first(order), Refusal::WrongTiming),
        Guard::Remainder => need(order.remainder() > 0, Refusal::NothingDue),
        Guard::Claim => claims(order, body),
        Guard::WasAccepted => need(order.accepted, Refusal::NeverAccepted),
        Guard::WithinRemainder => amount_fits(order, body, order.remainder()),
        Guard::WithinRefund => amount_fits(order, body, order.refund_left()),
        Guard::Settled => need(order.remainder() == 0, Refusal::NotSettled),
        Guard::Refunded => need(order.refund_left() == 0, Refusal::NotSettled),
        Guard::RefundShort => need(order.refund_left() > 0, Refusal::NothingDue),
        Guard::NotClaimed => need(order.paid() < order.terms.total.minor, Refusal::AlreadyPaid),
        Guard::Claimed => need(order.paid() >= order.terms.total.minor, Refusal::NotSettled),
        _ => Err(Refusal::WrongState),
    }
}

/// A counter-offer or an acceptance answers the last offer, about the same people and the same listing, before it ran out.
fn answers(order: &Order, body: &EventBody) -> Result<(), Refusal> {
    let mine = Right::of(order.id, &order.terms);
    match &body.step {
        Step::Counter { replaces, terms } => {
            need(*replaces == order.last_offer, Refusal::NotLastOffer)?;
            let people = |terms: &crate::order::Terms| (terms.buyer, terms.seller, terms.resolver);
            let same = people(terms) == people(&order.terms) && Right::of(order.id, terms) == mine;
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

/// The lines of a shipment; none named = all that is left.
fn lines_left(order: &Order, body: &EventBody) -> Result<(), Refusal> {
    let Step::Ship { lines, .. } = &body.step else { return Err(Refusal::WrongState) };
    let is_left = |(line, qty): &(u64, u64)| usize::try_from(*line).is_ok_and(|line| order.left_of(line).is_some_and(|left| left >= *qty));
    need(lines.iter().all(is_left), Refusal::BadLines)
}

fn code_fits(order: &Order, body: &EventBody) -> Result<(), Refusal> {
    let Step::Received { code } = &body.step else { return Err(Refusal::WrongState) };
    let Some(code) = code else { return Ok(()) };
    need(order.code.is_some_and(|kept| handover::code_commitment(&order.id, code) == kept), Refusal::WrongCode)
}

fn is_shipment_unseen(order: &Order, case: Case<'_>) -> bool {
    case.role == Role::Buyer && order.last_ship.is_some_and(|place| case.seen <= place)
}

fn names_settlement(order: &Order, role: Role, body: &EventBody) -> bool {
    let (Step::SettleAccept { offer: named } | Step::SettleRefuse { offer: named, .. }) = &body.step else { return false };
    order.dispute.offer(role.other()).is_some_and(|offer| offer.event == *named)
}

fn settles(order: &Order, guard: Guard, body: &EventBody) -> Result<(), Refusal> {
    let fits = |refund: Money| {
        need(refund.currency == order.terms.currency(), Refusal::OutOfRange)?;
        need(refund.minor <= order.refund_left(), Refusal::TooMuch)
    };
    match (&body.step, guard) {
        (Step::SettleOffer { refund }, Guard::SettlementFits) => fits(*refund),
        (Step::Decide { decision }, Guard::Resolver) => {
            let decision = decision.read()?;
            let resolver: Option<DeviceId> = order.terms.resolver.map(|party| party.device);
            let named: OrderId = decision.order;
            need(Some(decision.device) == resolver && named == order.id, Refusal::OtherResolver)?;
            fits(decision.refund)
        }
        (_, Guard::RefundDecided) => need(order.dispute.decided.is_some_and(|minor| minor > 0), Refusal::NothingDue),
        (_, Guard::NoRefundDecided) => need(order.dispute.decided == Some(0), Refusal::WrongSigner),
        _ => Err(Refusal::WrongState),
    }
}

fn is_other_device(order: &Order, body: &EventBody) -> bool {
    matches!(&body.step, Step::Handover { to } if order.is_free(to))
}

fn amount_of(body: &EventBody) -> Option<Money> {
    match &body.step {
        Step::PayProof { amount, .. } | Step::RefundSent { amount, .. } | Step::PayConfirm { amount } => *amount,
        _ => None,
    }
}

/// The amount an event speaks of, where none means all that is left.
pub(crate) fn amount(body: &EventBody, left: i64) -> i64 {
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
pub(crate) fn claim_left(order: &Order) -> i64 {
    (order.terms.total.minor - order.paid_claimed).max(0)
}
