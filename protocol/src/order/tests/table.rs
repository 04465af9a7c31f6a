//! Whatever fits no row has no effect, and every row is used.

use std::collections::BTreeSet;

use super::*;
use crate::id::DeviceId;
use crate::order::table::{RACES, ROWS, Row, Who};

const DOCS: &str = include_str!("../../../../docs/orders.md");

#[test]
fn every_kind_has_its_place_in_the_line_of_races() {
    assert_eq!(RACES.iter().collect::<BTreeSet<_>>().len(), Kind::ALL.len(), "each kind once");
    assert_eq!(RACES.len(), Kind::ALL.len());
}

#[test]
fn docs_name_every_state_and_reason() {
    for name in State::ALL.iter().map(|state| state.name()).chain(Refusal::ALL.iter().map(|refusal| refusal.code())) {
        assert!(DOCS.contains(&format!("`{name}`")), "{name} is not told");
    }
}

/// A settlement that is offered, if there is one.
fn offered(order: &Order) -> EventId {
    let offers = [Role::Buyer, Role::Seller].map(|role| order.dispute.offer(role));
    offers.into_iter().flatten().next().map_or(EventId([0; 32]), |offer| offer.event)
}

/// A step of this kind that is as well made as the order allows.
fn made(order: &Order, kind: Kind, at: Millis) -> Step {
    let reference = String::from("x");
    match kind {
        Kind::Offer => unreachable!("an offer begins another order"),
        Kind::Counter => {
            let mut terms = order.terms.clone();
            terms.valid_until = at.plus(DAY_MS);
            Step::Counter { replaces: order.last_offer, terms: Box::new(terms) }
        }
        Kind::Accept => {
            let right = Right::of(order.id, &order.terms).expect("a line");
            Step::Accept { offer: order.last_offer, terms: order.terms.hash(), right }
        }
        Kind::Reject => Step::Reject { reason: Reason::Other },
        Kind::Withdraw => Step::Withdraw {},
        Kind::Expire => Step::Expire {},
        Kind::StockConfirm => Step::StockConfirm {},
        Kind::StockFail => Step::StockFail { reason: Reason::OutOfStock },
        Kind::Cancel => Step::Cancel {},
        Kind::PayProof => Step::PayProof { reference, amount: Some(cny(1)) },
        Kind::PayConfirm => Step::PayConfirm { amount: None },
        Kind::PayDeny => Step::PayDeny { reason: reference },
        Kind::Start => Step::Start {},
        Kind::ExpireUnpaid => Step::ExpireUnpaid {},
        Kind::Ship => Step::Ship { lines: vec![], carrier: reference.clone(), tracking: reference },
        Kind::Ready => Step::Ready { code: None },
        Kind::Received => Step::Received { code: None },
        Kind::AutoReceived => Step::AutoReceived {},
        Kind::ExpireUncollected => Step::ExpireUncollected {},
        Kind::ExpireUnfulfilled => Step::ExpireUnfulfilled {},
        Kind::Waive => Step::Waive {},
        Kind::Complete => Step::Complete {},
        Kind::RefundSent => Step::RefundSent { reference, amount: None },
        Kind::RefundConfirm => Step::RefundConfirm {},
        Kind::CloseDefaulted => Step::CloseDefaulted {},
        Kind::DeliverDigital => Step::DeliverDigital { name: reference, bytes: 1, content: Digest([1; 32]) },
        Kind::Address => Step::Address { personal: Digest([1; 32]) },
        Kind::CancelRequest => Step::CancelRequest { reason: reference },
        Kind::CancelAgree => Step::CancelAgree {},
        Kind::CancelRefuse => Step::CancelRefuse { reason: reference },
        Kind::ReturnRequest => Step::ReturnRequest { reason: reference },
        Kind::ReturnOk => Step::ReturnOk {},
        Kind::ReturnNo => Step::ReturnNo { reason: reference },
        Kind::ReturnReceived => Step::ReturnReceived { restock: false },
        Kind::Dispute => Step::Dispute { claim: reference },
        Kind::SettleOffer => Step::SettleOffer { refund: cny(1) },
        Kind::SettleAccept => Step::SettleAccept { offer: offered(order) },
        Kind::SettleRefuse => Step::SettleRefuse { offer: offered(order), reason: reference },
        Kind::Decide => Step::Decide { decision: decision(order, 1) },
        Kind::Performed => Step::Performed { reference },
        Kind::Handover => Step::Handover { to: DeviceId([9; 32]) },
        Kind::Takeover => unreachable!("told by a device of its own; see the tests of hands"),
        Kind::Say => Step::Say { text: reference },
    }
}

fn names(order: &Order, row: &Row, kind: Kind, role: Role) -> bool {
    let turn = order.turn;
    let signs = match row.who {
        Who::Buyer => role == Role::Buyer,
        Who::Seller => role == Role::Seller,
        Who::Turn => turn == Some(role),
        Who::Offerer => turn.is_some() && turn != Some(role),
        Who::Asker => order.asked.is_some_and(|asked| asked.by == role),
        Who::Asked => order.asked.is_some_and(|asked| asked.by != role),
        Who::Either => true,
    };
    row.kind == kind && signs && row.from.contains(&order.state)
}

#[test]
fn every_state_kind_and_signer_without_a_row_is_refused() {
    let mut tried = 0;
    let mut used: BTreeSet<usize> = BTreeSet::new();
    for deal in examples() {
        let order = deal.order();
        for kind in Kind::ALL.iter().copied().filter(|kind| ![Kind::Offer, Kind::Takeover].contains(kind)) {
            for (role, at) in [(Role::Buyer, 1), (Role::Seller, 1), (Role::Buyer, 60 * DAY_MS), (Role::Seller, 60 * DAY_MS)] {
                let at = deal.now.plus(at);
                let event = deal.forge(role, made(&order, kind, at), at);
                let mut then = deal.clone();
                then.set.insert(event.clone()).expect("kept");
                let after = then.order();
                let counts = after.history.contains(&event.id());
                tried += 1;
                if !ROWS.iter().any(|row| names(&order, row, kind, role)) {
                    assert!(!counts, "{role:?} {kind:?} in {:?}", order.state);
                }
                if counts {
                    used.extend(ROWS.iter().position(|row| names(&order, row, kind, role)));
                    continue;
                }
                let same = Order { refused: vec![], buyer: order.buyer.clone(), seller: order.seller.clone(), ..after.clone() };
                assert_eq!(same, Order { refused: vec![], ..order.clone() }, "a refused event changes nothing");
                assert_eq!(after.refused.len(), order.refused.len() + 1);
            }
        }
    }
    let unused: Vec<usize> = (1..ROWS.len()).filter(|i| !used.contains(i) && ROWS[*i].kind != Kind::Takeover).collect();
    assert!(tried > 2_000 && unused.is_empty(), "{tried} tried, rows never used: {unused:?}");
}

#[test]
fn a_stranger_has_no_say_in_any_state() {
    let stranger = Keypair::from_seed(&[66; 32]);
    for deal in examples() {
        let order = deal.order();
        let mut body = deal.forge(Role::Buyer, Step::Cancel {}, deal.now).body().clone();
        body.author = stranger.public();
        let event = sign(&body, &stranger).expect("well-formed");
        let mut then = deal.clone();
        then.set.insert(event.clone()).expect("kept");
        assert_eq!(then.order().refused.last(), Some(&(event.id(), Refusal::WrongSigner)));
        assert_eq!(then.state(), order.state);
    }
}

#[test]
fn names_in_signed_bytes_are_the_names_people_read() {
    let text = |name: &str| crate::codec::encode(name);
    State::ALL.iter().for_each(|state| assert_eq!(crate::codec::encode(state), text(state.name())));
    Kind::ALL.iter().for_each(|kind| assert_eq!(crate::codec::encode(kind), text(kind.name())));
    Refusal::ALL.iter().for_each(|refusal| assert_eq!(crate::codec::encode(refusal), text(refusal.code())));
    let mut verbs: BTreeSet<Verb> = BTreeSet::new();
    for deal in examples() {
        for (role, ms) in [(Role::Buyer, 1), (Role::Seller, 1), (Role::Buyer, 60 * DAY_MS), (Role::Seller, 60 * DAY_MS)] {
            verbs.extend(next(&deal.order(), role, deal.now.plus(ms)));
        }
    }
    verbs.iter().for_each(|verb| assert_eq!(crate::codec::encode(verb), text(verb.name())));
    assert_eq!(verbs.len(), 31, "every verb but the resolver's is open somewhere: {verbs:?}");
}
