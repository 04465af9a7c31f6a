//! No dead ends: every state can be entered, and from each either party alone gets to an end in time.

use std::collections::BTreeSet;

use super::*;

/// The acts behind the verbs that `role` may use now, with nothing said beyond the least.
pub(super) fn acts(order: &Order, role: Role, now: Millis) -> Vec<Act> {
    let act = |verb: &Verb| {
        Some(match verb {
            Verb::Counter => counter(order.terms.goods.minor, now.plus(DAY_MS)),
            Verb::Accept => Act::Accept,
            Verb::Reject => Act::Reject { reason: Reason::Other },
            Verb::Withdraw => Act::Withdraw,
            Verb::Pay => pay(None),
            Verb::ConfirmPayment => confirm(None),
            Verb::DenyPayment => Act::DenyPayment { reason: "no".into() },
            Verb::Waive => Act::Waive,
            Verb::Start => Act::Start,
            Verb::Ship => ship(),
            Verb::DeliverDigital => file(),
            Verb::Ready => Act::Ready { code: None },
            Verb::Receive => Act::Receive { code: None },
            Verb::Complete => Act::Complete,
            Verb::Cancel => Act::Cancel,
            Verb::RequestCancel => Act::RequestCancel { reason: why("x") },
            Verb::Return => Act::Return { reason: why("x") },
            Verb::ReturnReceived => Act::ReturnReceived { restock: true },
            Verb::Agree => Act::Agree,
            Verb::Refuse => Act::Refuse { reason: why("x") },
            Verb::Dispute => Act::Dispute { claim: why("x") },
            Verb::Settle => settle(0),
            Verb::Perform => Act::Perform { reference: why("x") },
            Verb::Refund => refund(None),
            Verb::ConfirmRefund => Act::ConfirmRefund,
            Verb::Expire => Act::Expire,
            Verb::CloseDefaulted => Act::CloseDefaulted,
            // What moves nothing, and what is not a party's alone.
            Verb::Review | Verb::Say | Verb::Address | Verb::Handover | Verb::Decide => return None,
        })
    };
    next(order, role, now).iter().filter_map(act).collect()
}

/// Milliseconds in which `role` alone gets from here to an end; none when it cannot in so many moves.
fn alone(deal: &Deal, role: Role, moves: u32) -> Option<u64> {
    let order = deal.order();
    if order.state.is_terminal() {
        return Some(0);
    }
    if moves == 0 {
        return None;
    }
    let mut best: Option<u64> = None;
    let mut instants = vec![deal.now.plus(1)];
    instants.extend(verb::opens(&order, role, deal.now.plus(1)));
    for at in instants {
        for act in acts(&order, role, at).into_iter().filter(|act| !matches!(act, Act::DenyPayment { .. } | Act::Counter { .. })) {
            let mut then = Deal { set: deal.set.clone(), now: at };
            let event = then.draft(role, act).expect("next said so");
            then.set.insert(event).expect("fits");
            let took = alone(&then, role, moves - 1).map(|rest| rest + at.since(deal.now));
            best = best.into_iter().chain(took).min();
        }
    }
    best
}

#[test]
fn either_party_alone_reaches_an_end_within_the_deadlines() {
    for deal in examples() {
        let order = deal.order();
        let terms = &order.terms;
        let spans = [terms.pay_within, terms.fulfil_within, terms.confirm_within, terms.dispute_within];
        let limit = terms.valid_until.since(START) + spans.iter().sum::<u64>() + 5 * (CLOCK_SKEW_MS + 1_000);
        for role in [Role::Buyer, Role::Seller] {
            let took = alone(&deal, role, 4);
            assert!(took.is_some_and(|ms| ms <= limit), "{role:?} alone in {:?}: {took:?}", order.state);
        }
    }
}

#[test]
fn every_state_that_rows_lead_to_is_entered() {
    let entered: BTreeSet<State> = examples().iter().map(Deal::state).collect();
    let missing: Vec<State> = State::ALL.iter().copied().filter(|state| !entered.contains(state)).collect();
    assert_eq!(missing, []);
}

#[test]
fn names_of_states_are_those_of_the_interface() {
    let names: Vec<&str> = State::ALL.iter().map(|state| state.name()).collect();
    assert_eq!(
        names.join(" "),
        "negotiating agreed payment_claimed fulfilling partly_shipped shipped ready delivered completed rejected withdrawn expired \
         cancelled returning refund_due refund_claimed refunded disputed decided resolved"
    );
}
