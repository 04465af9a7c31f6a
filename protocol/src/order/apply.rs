//! Works the effect of an event that fits a row: what its kind counts, and where the row leads.

use crate::id::EventId;
use crate::listing::Timing;
use crate::order::deadline::running;
use crate::order::guard::{amount, claim_left};
use crate::order::judge::Case;
use crate::order::step::{Kind, Step};
use crate::order::table::{Row, Target};
use crate::order::trouble::{Asked, Closing, Question, Returning};
use crate::order::{Order, Role, State, StockMark};

/// Takes an event in: the row's target and what the kind counts.
pub(crate) fn apply(order: &mut Order, id: EventId, case: Case<'_>, row: &Row) {
    let before = order.state;
    let is_first_word = count_trouble(order, id, case, row);
    count_money(order, case);
    count_goods(order, case);
    count_terms(order, id, case);
    order.state = target(order, row.to);
    if order.state != before || is_first_word || opens_wait(order, row.kind) {
        order.since = case.body.at;
    }
    after_move(order, before);
    order.deadlines = running(order);
}

fn count_terms(order: &mut Order, id: EventId, Case { role, body, .. }: Case<'_>) {
    match &body.step {
        Step::Counter { terms, .. } => {
            order.terms = (**terms).clone();
            order.shipped = vec![0; order.terms.lines.len()];
            order.personal = order.terms.personal;
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
        Step::Address { personal } => order.personal = Some(*personal),
        _ => {}
    }
}

fn count_money(order: &mut Order, Case { body, .. }: Case<'_>) {
    match &body.step {
        Step::PayProof { .. } => {
            order.paid_claimed += amount(body, claim_left(order));
            order.payment_denied = false;
        }
        Step::PayConfirm { .. } => order.paid_confirmed += amount(body, order.remainder()),
        Step::PayDeny { .. } => order.payment_denied = true,
        Step::Waive {} => order.waived = true,
        Step::RefundSent { .. } => order.refunds += amount(body, order.refund_left()),
        Step::Performed { .. } => order.refunds += order.dispute.decided.unwrap_or(0),
        _ => {}
    }
}

fn count_goods(order: &mut Order, Case { body, .. }: Case<'_>) {
    match &body.step {
        Step::StockConfirm {} => order.stock = StockMark::Held,
        Step::StockFail { .. } => order.stock = StockMark::Failed,
        Step::Ship { lines, .. } => {
            order.last_ship = Some(body.seq);
            send(order, lines);
        }
        Step::DeliverDigital { .. } => {
            order.last_ship = Some(body.seq);
            send(order, &[]);
        }
        Step::Ready { code } => order.code = *code,
        Step::Received { .. } | Step::AutoReceived {} => {
            send(order, &[]);
            order.delivered_at = Some(body.at);
        }
        Step::ReturnReceived { restock: true } => {
            order.shipped.iter_mut().for_each(|sent| *sent = 0);
            order.stock = StockMark::Released;
        }
        _ => {}
    }
}

/// Counts what went to the buyer: these lines, or all that is left.
fn send(order: &mut Order, lines: &[(u64, u64)]) {
    for (line, qty) in lines {
        if let Some(sent) = usize::try_from(*line).ok().and_then(|line| order.shipped.get_mut(line)) {
            *sent += qty;
        }
    }
    if lines.is_empty() {
        order.shipped = order.terms.lines.iter().map(|line| line.qty).collect();
    }
    if order.is_all_sent() {
        order.stock = StockMark::Sold;
    }
}

/// Questions, returns and disputes. Says whether it is a word for which the other side's time begins anew.
fn count_trouble(order: &mut Order, id: EventId, case: Case<'_>, row: &Row) -> bool {
    let Case { role, body, .. } = case;
    match &body.step {
        Step::CancelRequest { .. } if row.to == Target::To(State::Returning) => begin_return(order),
        Step::CancelRequest { .. } => order.asked = Some(Asked { what: Question::Cancel, by: role }),
        Step::CancelAgree {} | Step::CancelRefuse { .. } => order.asked = None,
        Step::ReturnRequest { .. } => begin_return(order),
        Step::ReturnOk {} => {
            order.asked = None;
            order.returning = order.returning.map(|returning| Returning { agreed: true, ..returning });
            return true;
        }
        Step::Dispute { .. } => return order.dispute.claim(role),
        Step::SettleOffer { refund } => return order.dispute.settle(role, id, refund.minor),
        Step::SettleAccept { .. } => {
            order.settled = order.dispute.offer(role.other()).map(|offer| offer.minor);
            order.closing = Some(Closing::Settled);
        }
        Step::SettleRefuse { .. } => order.dispute.refuse(role.other()),
        // Whoever signed it was judged by the row.
        Step::Decide { decision } => order.dispute.decided = decision.read().ok().map(|decision| decision.refund.minor),
        Step::Performed { .. } => order.closing = Some(Closing::Performed),
        Step::CloseDefaulted {} if order.state == State::Disputed => order.closing = Some(order.dispute.closing()),
        Step::CloseDefaulted {} => order.closing = Some(Closing::Defaulted(role.other())),
        _ => {}
    }
    false
}

fn begin_return(order: &mut Order) {
    // Whoever wants to return what was complete may complain afterwards, so it is not complete any more.
    let back = if order.state == State::Completed { State::Delivered } else { order.state };
    order.asked = Some(Asked { what: Question::Return, by: Role::Buyer });
    order.returning = Some(Returning { back, agreed: false });
}

/// A claim of everything that is due makes the other side's time to confirm begin; a part must not, or small parts could delay
/// for ever.
fn opens_wait(order: &Order, kind: Kind) -> bool {
    match kind {
        Kind::PayProof => order.state == State::Delivered && order.paid() >= order.terms.total.minor,
        Kind::RefundSent => order.refund_left() == 0,
        _ => false,
    }
}

fn after_move(order: &mut Order, before: State) {
    if order.state != State::Negotiating {
        order.turn = None;
    }
    if before == State::Returning && order.state != State::Returning {
        order.returning = None;
        order.asked = None;
    }
    let is_cancel_open = matches!(
        order.state,
        State::Agreed | State::PaymentClaimed | State::Fulfilling | State::PartlyShipped | State::Shipped | State::Ready | State::Delivered
    );
    if !is_cancel_open && order.asked.is_some_and(|asked| asked.what == Question::Cancel) {
        order.asked = None;
    }
    let is_called_off = matches!(order.state, State::Cancelled | State::RefundDue | State::Resolved);
    if is_called_off && matches!(order.stock, StockMark::Asked | StockMark::Held) {
        order.stock = StockMark::Released;
    }
}

fn target(order: &Order, to: Target) -> State {
    let is_settled = order.remainder() == 0;
    match to {
        Target::To(state) => state,
        Target::Same => order.state,
        Target::Back => order.returning.map_or(order.state, |returning| returning.back),
        Target::RefundOrCancelled if order.paid() > 0 => State::RefundDue,
        Target::RefundOrCancelled => State::Cancelled,
        Target::FulfillingOncePaid if is_settled => State::Fulfilling,
        Target::CompletedOncePaid if is_settled => State::Completed,
        Target::FulfillingOncePaid | Target::CompletedOncePaid => order.state,
        Target::ShippedOnceAll if order.is_all_sent() => State::Shipped,
        Target::ShippedOnceAll => State::PartlyShipped,
        Target::HandedOver if is_settled && order.terms.payment.timing == Timing::OnDelivery => State::Completed,
        Target::DeliveredOrCompleted if is_settled => State::Completed,
        Target::HandedOver | Target::DeliveredOrCompleted => State::Delivered,
    }
}
