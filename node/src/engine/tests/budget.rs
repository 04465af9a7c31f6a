//! What a comparison of a circle costs, counted in the very bytes that real engines send: all scopes in one question and its answer.

use std::collections::VecDeque;

use haat_protocol::sync::{Effect as Step, Session};
use haat_protocol::wire::SyncResponse;

use super::*;

/// Bytes that a comparison of equal holders may take, for each space that it is about.
const EQUAL_MAX_BYTES: usize = 200;

/// The questions and answers of one whole run, the greeting first, in bytes.
fn compared(asker: &mut Node, answerer: &mut Node) -> Vec<(SyncRequest, usize, usize)> {
    let (mut asking, mut answering) = (Session::new(asker.device(), answerer.device()), Session::new(answerer.device(), asker.device()));
    let mut steps: VecDeque<Step> = asking.begin([3; 16]).into();
    let mut said = Vec::new();
    while let Some(step) = steps.pop_front() {
        match step {
            Step::Ask(turn, request) => {
                let sent = request.to_bytes();
                let mut answer = None;
                for step in answerer.work_less(|held| answering.asked(held, request.clone(), &[7; 32])) {
                    match step {
                        Step::Answer(response) => answer = Some(response.to_bytes()),
                        Step::Accept { circle, items } => answerer.work(|work| work.take_items(circle, items, None)),
                        _ => {}
                    }
                }
                let got = answer.expect("answered");
                said.push((request, sent.len(), got.len()));
                let response = SyncResponse::from_bytes(&got).expect("an answer");
                steps.extend(asker.work_less(|held| asking.answered(held, turn, response)));
            }
            Step::Accept { circle, items } => {
                asker.work(|work| work.take_items(circle, items, None));
                steps.extend(asker.work_less(|held| asking.proceed(held)));
            }
            _ => {}
        }
    }
    said
}

/// Ana and bob in one circle with some talk in it, in step after a comparison each way.
fn in_step(shops: usize) -> (Node, Node) {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    for _ in 0..shops {
        let shop = ana.shop();
        ana.list(shop, Some(3));
        ana.work(|work| work.shop_share(&shop.to_string(), CIRCLE)).expect("shares");
    }
    for text in ["one", "two", "three"] {
        ana.work(|work| work.author(space, &Body::Post(Post { text: text.into(), listings: vec![], reply_to: None }))).expect("says");
    }
    bob.now = ana.now;
    compared(&mut bob, &mut ana);
    compared(&mut ana, &mut bob);
    (ana, bob)
}

/// Bytes of the comparison of two who hold the same.
fn equal_bytes(shops: usize) -> (usize, usize) {
    let (mut ana, mut bob) = in_step(shops);
    let said = compared(&mut bob, &mut ana);
    let [(_, _, _), (SyncRequest::Compare { scopes, .. }, sent, got)] = &said[..] else { panic!("one round trip: {said:?}") };
    assert_eq!(scopes.len(), 3 + shops, "the circle, its shops, people and records are compared at once");
    (*sent, *got)
}

#[test]
fn an_equal_circle_costs_one_round_trip_and_few_bytes() {
    for (shops, spaces) in [(0, 1), (1, 2)] {
        let (sent, got) = equal_bytes(shops);
        println!("equal circle with {shops} shops: question {sent} bytes, answer {got} bytes");
        assert!(sent + got <= spaces * EQUAL_MAX_BYTES, "{sent} and {got} bytes for {spaces} spaces");
    }
}
