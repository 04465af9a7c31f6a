//! The table in the code is the table in the docs, and whatever fits no row has no effect.

use std::collections::BTreeSet;

use super::*;
use crate::order::table::Who;
use crate::order::table::{RACES, ROWS, Row};

const DOCS: &str = include_str!("../../../../docs/orders.md");

fn cells(line: &str) -> Vec<String> {
    line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
}

fn documented(row: &Row) -> Vec<String> {
    let from: Vec<&str> = row.from.iter().map(|state| state.name()).collect();
    let from = if from.is_empty() { "-".to_owned() } else { from.join(", ") };
    let texts = [row.who.text(), row.guard.text(), row.to.text()];
    [from, row.kind.name().to_uppercase()].into_iter().chain(texts.into_iter().map(str::to_owned)).collect()
}

#[test]
fn docs_and_code_have_the_same_rows() {
    let rows: Vec<Vec<String>> = DOCS
        .lines()
        .skip_while(|line| !line.starts_with("| from | event |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(cells)
        .collect();
    assert_eq!(rows.len(), ROWS.len());
    for (written, row) in rows.iter().zip(ROWS) {
        assert_eq!(*written, documented(row));
    }
}

#[test]
fn docs_and_code_have_the_same_races() {
    let ranks: Vec<String> = RACES.iter().map(|kind| kind.name().to_uppercase()).collect();
    let written = DOCS.lines().find(|line| line.starts_with("WITHDRAW, ")).expect("the line of ranks");
    assert_eq!(written, ranks.join(", "));
    assert_eq!(RACES.iter().collect::<BTreeSet<_>>().len(), Kind::ALL.len(), "each kind once");
}

#[test]
fn docs_name_every_state_and_reason() {
    for name in State::ALL.iter().map(|state| state.name()).chain(Refusal::ALL.iter().map(|refusal| refusal.code())) {
        assert!(DOCS.contains(&format!("`{name}`")), "{name} is not told");
    }
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
        Kind::Ready => Step::Ready {},
        Kind::Received => Step::Received {},
        Kind::AutoReceived => Step::AutoReceived {},
        Kind::ExpireUncollected => Step::ExpireUncollected {},
        Kind::ExpireUnfulfilled => Step::ExpireUnfulfilled {},
        Kind::Waive => Step::Waive {},
        Kind::Complete => Step::Complete {},
        Kind::RefundSent => Step::RefundSent { reference, amount: None },
        Kind::RefundConfirm => Step::RefundConfirm {},
        Kind::CloseDefaulted => Step::CloseDefaulted {},
    }
}

fn names(order: &Order, row: &Row, kind: Kind, role: Role) -> bool {
    let turn = order.turn;
    let signs = match row.who {
        Who::Buyer => role == Role::Buyer,
        Who::Seller => role == Role::Seller,
        Who::Turn => turn == Some(role),
        Who::Offerer => turn.is_some() && turn != Some(role),
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
        for kind in Kind::ALL.iter().copied().filter(|kind| *kind != Kind::Offer) {
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
    let unused: Vec<usize> = (1..ROWS.len()).filter(|i| !used.contains(i)).collect();
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
