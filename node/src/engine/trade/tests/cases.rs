//! Disputes laid before the resolver whom the terms name: one party's evidence is enough, the word finds its way back, and nobody else
//! can lay anything before anybody.

use data_encoding::BASE64;
use haat_protocol::limits::{CASE_KEEP_MS, CASES_PER_PERSON_MAX};
use haat_protocol::wire::DirectRequest;

use super::chains::{starts, witness};
use super::*;
use crate::ask;
use crate::docket::{self, Case};
use crate::engine::What;
use crate::intake;

/// A seller, a buyer who has paid and disputes, and a friend of both who is to decide.
struct Lane {
    ana: Node,
    bob: Node,
    lin: Node,
    listing: EntryId,
    order: OrderId,
}

impl Lane {
    fn new() -> Self {
        let (mut ana, mut bob, mut lin) = (Node::new(1), Node::new(2), Node::new(3));
        let space = circle(&mut [&mut ana, &mut bob, &mut lin]);
        let shop = ana.shop();
        ana.work(|work| work.shop_share(&shop.to_string(), &space.to_string())).expect("shares");
        let listing = ana.list(shop, None);
        bob.follow(&ana);
        connect(&mut ana, &mut bob);
        let order = Self::paid(&mut ana, &mut bob, &lin, listing);
        let mut lane = Self { ana, bob, lin, listing, order };
        lane.bob.act(order, "dispute", &OrderWords { text: Some("it is not green".into()), ..words() }).expect("disputes");
        carry(&mut lane.bob, &mut lane.ana);
        lane
    }

    fn paid(ana: &mut Node, bob: &mut Node, lin: &Node, listing: EntryId) -> OrderId {
        let resolver = Some(lin.me.id().to_string());
        let (method, pay) = (Some("transfer".into()), Some("before".into()));
        let order = bob.offer(&NewOffer { resolver, method, pay, ..wanted(listing) }).expect("offers").order;
        carry(bob, ana);
        ana.act(order, "accept", &words()).expect("accepts");
        carry(ana, bob);
        bob.act(order, "pay", &OrderWords { reference: Some("T-1".into()), ..words() }).expect("pays");
        carry(bob, ana);
        order
    }

    fn case(&self) -> Option<Case> {
        self.lin.read(|tx| docket::case(tx, &self.order))
    }

    fn decide(&mut self, refund: &str) -> Result<serde_json::Value, haat_protocol::local::Problem> {
        let order = self.order.to_string();
        self.lin.work(|work| work.order_decide(Some(&order), None, refund, "half was green".into()))
    }

    fn states(&self) -> [State; 2] {
        [&self.ana, &self.bob].map(|node| node.order(self.order).state)
    }
}

/// Carries what one node has for the other about disputes, with the answers; says what was answered.
fn plead(from: &mut Node, to: &mut Node) -> Vec<DirectResponse> {
    let (sender, receiver) = (from.device(), to.device());
    let (theirs, others) = std::mem::take(&mut from.pleas).into_iter().partition(|(device, _)| *device == receiver);
    from.pleas = others;
    let theirs: Vec<(_, DirectRequest)> = theirs;
    let asked = std::mem::take(&mut from.passing.requests);
    let whats: Vec<What> = asked.into_values().filter(|asked| asked.device == receiver).map(|asked| asked.what).collect();
    let mut answers = Vec::new();
    for (_, plea) in theirs {
        let answer = match plea {
            DirectRequest::Case { order, evidence } => {
                let answer = to.work(|work| work.case_laid(&sender, order, evidence.into_vec()));
                let heads =
                    whats.iter().find_map(|what| if let What::Case(id, heads) = what { (*id == order).then_some(*heads) } else { None });
                from.work(|work| work.case_answered(order, heads.expect("it was asked"), Some(&answer)));
                answer
            }
            DirectRequest::Decision { order, decision } => {
                let answer = to.work(|work| work.decision_told(order, decision));
                let side =
                    whats.iter().find_map(|what| if let What::Decision(id, side) = what { (*id == order).then_some(*side) } else { None });
                from.work(|work| work.decision_answered(order, side.expect("it was told"), Some(&answer)));
                answer
            }
            other => panic!("no plea: {other:?}"),
        };
        answers.push(answer);
    }
    answers
}

fn tend(node: &mut Node) {
    node.work(|work| work.tend_cases());
}

#[test]
fn one_party_lays_it_before_the_resolver_and_both_hear_the_word() {
    let mut lane = Lane::new();
    assert!(lane.bob.pleas.is_empty(), "the resolver is not there yet");
    connect(&mut lane.bob, &mut lane.lin);
    tend(&mut lane.bob);
    assert_eq!(plead(&mut lane.bob, &mut lane.lin), [DirectResponse::Stored { receipts: vec![] }]);
    tend(&mut lane.bob);
    assert!(lane.bob.pleas.is_empty(), "once is enough");
    let shown = lane.lin.read(|tx| ask::order_row(tx, &lane.lin.me, lane.lin.now, &lane.order)).expect("is shown");
    assert_eq!((shown.state.as_str(), shown.next), ("disputed", vec!["decide".to_owned()]));
    assert!(lane.lin.store.snapshot_rows(Table::OrderEvent).is_empty(), "nothing of it is the resolver's own");
    assert_eq!(lane.decide("45.01").expect_err("more than was paid").code, "too-much");
    let told = lane.decide("3.00").expect("decides");
    assert!(told["word"].is_string() && told["next"] == serde_json::json!([]));
    assert_eq!(lane.decide("3.00").expect_err("once").code, "wrong-state");
    assert_eq!(plead(&mut lane.lin, &mut lane.bob), [DirectResponse::Stored { receipts: vec![] }]);
    carry(&mut lane.bob, &mut lane.ana);
    assert_eq!(lane.states(), [State::Decided, State::Decided]);
    // The seller comes later, and has it by the buyer's chain already.
    connect(&mut lane.ana, &mut lane.lin);
    tend(&mut lane.lin);
    assert!(lane.lin.pleas.is_empty(), "the seller may have it from the buyer");
    lane.lin.now = lane.lin.now.plus(10_000);
    tend(&mut lane.lin);
    assert_eq!(refused(&plead(&mut lane.lin, &mut lane.ana)[0]), "wrong_state");
    tend(&mut lane.lin);
    assert!(lane.lin.pleas.is_empty() && lane.case().expect("is kept").told == [true, true]);
    lane.lin.now = lane.lin.now.plus(CASE_KEEP_MS + 1);
    let now = lane.lin.now;
    lane.lin.work(|work| docket::forget_old(&mut work.tx, now));
    assert_eq!(lane.case(), None);
}

#[test]
fn lost_answers_and_restarts_lose_no_case_and_no_word() {
    let mut lane = Lane::new();
    connect(&mut lane.bob, &mut lane.lin);
    tend(&mut lane.bob);
    assert_eq!(lane.bob.pleas.len(), 1);
    // The request is lost with the process.
    lane.bob = lane.bob.again(9);
    connect(&mut lane.bob, &mut lane.lin);
    tend(&mut lane.bob);
    plead(&mut lane.bob, &mut lane.lin);
    lane.decide("3.00").expect("decides");
    lane.lin = lane.lin.again(10);
    connect(&mut lane.bob, &mut lane.lin);
    // The party's node was started just now: it signs nothing yet, and is told again.
    let (store, witness) = (lane.bob.store.clone(), witness(&lane.bob, lane.order));
    starts(&mut lane.bob, store, &witness);
    tend(&mut lane.lin);
    assert_eq!(refused(&plead(&mut lane.lin, &mut lane.bob)[0]), "waits-for-word");
    assert_eq!(lane.case().expect("kept").told, [false, false]);
    let (order, bob) = (lane.order, lane.bob.device());
    lane.bob.work(|work| work.chains_told(&[order].into()));
    lane.lin.now = lane.lin.now.plus(RESEND_MAX_MS);
    tend(&mut lane.lin);
    assert_eq!(plead(&mut lane.lin, &mut lane.bob), [DirectResponse::Stored { receipts: vec![] }]);
    assert_eq!((lane.states()[1], lane.case().expect("kept").told), (State::Decided, [true, false]));
    // A store that went back asks again, and has the word again.
    let evidence = lane.case().expect("kept").evidence;
    lane.lin.work(|work| work.case_laid(&bob, order, evidence));
    assert_eq!(lane.case().expect("kept").told, [false, false]);
}

#[test]
fn what_is_added_is_laid_before_the_resolver_too_and_a_word_that_came_too_late_opens_the_case_again() {
    let mut lane = Lane::new();
    connect(&mut lane.bob, &mut lane.lin);
    tend(&mut lane.bob);
    plead(&mut lane.bob, &mut lane.lin);
    let before = lane.case().expect("is kept").evidence;
    lane.bob.act(lane.order, "settle", &OrderWords { refund: Some("10.00".into()), ..words() }).expect("offers to settle");
    assert_eq!(plead(&mut lane.bob, &mut lane.lin).len(), 1);
    let after = lane.case().expect("is kept").evidence;
    assert_ne!(before, after);
    // Less is no news.
    let (order, device) = (lane.order, lane.bob.device());
    lane.lin.work(|work| work.case_laid(&device, order, before));
    assert_eq!(lane.case().expect("is kept").evidence, after);
    lane.decide("5.00").expect("decides");
    let too_much = DirectResponse::Refused { code: "too_much".into() };
    lane.lin.work(|work| work.decision_answered(order, order::Role::Buyer, Some(&too_much)));
    assert_eq!(lane.case().expect("is open").word, None);
    lane.decide("4.00").expect("decides anew");
}

#[test]
fn nobody_is_made_a_judge_by_strangers() {
    let mut lane = Lane::new();
    let (order, bob, ana) = (lane.order, lane.bob.device(), lane.ana.device());
    let evidence = |node: &Node| node.read(|tx| ask::evidence(tx, &node.me, node.now, &order)).expect("exports");
    let (by_bob, mut broken) = (evidence(&lane.bob), evidence(&lane.bob));
    let last = broken.len() - 1;
    broken[last] ^= 1;
    let mut lay = |device, id, file: &[u8]| {
        let before = lane.lin.everything();
        let answer = lane.lin.work(|work| work.case_laid(&device, id, file.to_vec()));
        assert_eq!(lane.lin.everything(), before, "nothing is kept");
        refused(&answer).to_owned()
    };
    assert_eq!(lay(bob, order, &broken), "bad-evidence");
    assert_eq!(lay(bob, order, b"no evidence"), "bad-evidence");
    assert_eq!(lay(bob, OrderId([1; 32]), &by_bob), "bad-evidence");
    assert_eq!(lay(ana, order, &by_bob), "wrong_signer", "each speaks for itself");
    let answer = lane.ana.work(|work| work.case_laid(&bob, order, by_bob.clone()));
    assert_eq!(refused(&answer), "other-resolver");
    let file = BASE64.encode(&by_bob);
    let problem = lane.ana.work(|work| work.order_decide(None, Some(&file), "1.00", String::new())).expect_err("not the seller's");
    assert_eq!(problem.code, "other-resolver");
    let id = order.to_string();
    let problem = lane.bob.work(|work| work.order_decide(Some(&id), None, "1.00", String::new())).expect_err("not a party's");
    assert_eq!(problem.code, "other-resolver");
    // Who shares no circle lays nothing before anybody.
    let mut far = Node::new(3);
    let people = [lane.ana.me.identity.clone(), lane.bob.me.identity.clone()];
    people.iter().for_each(|person| {
        far.work(|work| intake::identity(&mut work.cx(), person));
    });
    let answer = far.work(|work| work.case_laid(&bob, order, by_bob.clone()));
    assert_eq!(refused(&answer), "stranger");
}

#[test]
fn one_person_lays_so_many_before_another_and_no_more() {
    let mut lane = Lane::new();
    connect(&mut lane.bob, &mut lane.lin);
    let listing = lane.listing;
    for _ in 0..CASES_PER_PERSON_MAX {
        let order = Lane::paid(&mut lane.ana, &mut lane.bob, &lane.lin, listing);
        lane.bob.act(order, "dispute", &OrderWords { text: Some("again".into()), ..words() }).expect("disputes");
        carry(&mut lane.bob, &mut lane.ana);
    }
    tend(&mut lane.bob);
    let answers = plead(&mut lane.bob, &mut lane.lin);
    assert_eq!(answers.len(), CASES_PER_PERSON_MAX + 1);
    assert_eq!(answers.iter().filter(|answer| matches!(answer, DirectResponse::Refused { code } if code == "too-many-cases")).count(), 1);
    assert_eq!(lane.lin.read(docket::all).len(), CASES_PER_PERSON_MAX);
}
