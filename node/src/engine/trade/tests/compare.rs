//! Comparing orders again: an answer that is lost, that has no room for everything, or that is not taken is asked for once more.

use haat_protocol::limits::CLOCK_SKEW_MS;
use haat_protocol::wire::DirectRequest;

use super::*;
use crate::engine::work::Work;
use crate::net::NetCommand;

/// How many comparisons are asked for by what is done.
fn asks(node: &mut Node, act: impl FnOnce(&mut Work<'_, '_>)) -> usize {
    node.work(|work| {
        act(work);
        let is_asked = |effect: &&Effect| match effect {
            Effect::Net(NetCommand::Request { data, .. }) => {
                matches!(DirectRequest::from_bytes(data), Ok(DirectRequest::OrderHeads { .. }))
            }
            _ => false,
        };
        work.out.iter().filter(is_asked).count()
    })
}

/// What ana answers when bob compares.
fn answered(ana: &mut Node, bob: &mut Node) -> Vec<OrderMessage> {
    let (a, b) = (ana.device(), bob.device());
    let heads = bob.work(|work| work.order_heads(&a)).expect("there is an order");
    let DirectResponse::Orders(messages) = ana.work(|work| work.answer_order_heads(&b, &heads)) else { panic!("orders") };
    messages
}

#[test]
fn a_comparison_without_an_answer_is_asked_for_again_while_the_device_is_there() {
    let (mut ana, mut bob, listing) = neighbours(None);
    let order = bob.offer(&wanted(listing)).expect("offers").order;
    carry(&mut bob, &mut ana);
    ana.act(order, "accept", &words()).expect("accepts");
    let device = ana.device();
    assert_eq!(asks(&mut bob, |work| work.compare_orders_with(device)), 1);
    assert_eq!(asks(&mut bob, |work| work.compare_orders()), 0, "one at a time");
    bob.work(|work| work.orders_not_compared(&device));
    assert_eq!(asks(&mut bob, |work| work.compare_orders()), 0, "not at once");
    bob.now = bob.now.plus(RESEND_MIN_MS);
    assert_eq!(asks(&mut bob, |work| work.compare_orders()), 1);
    let messages = answered(&mut ana, &mut bob);
    assert_eq!(asks(&mut bob, |work| work.take_orders(device, &BTreeSet::from([order]), messages)), 1, "there may be more");
    assert_eq!(bob.order(order).state, State::Agreed);
    bob.work(|work| work.take_orders(device, &BTreeSet::from([order]), vec![]));
    bob.now = bob.now.plus(RESEND_MAX_MS);
    assert_eq!(asks(&mut bob, |work| work.compare_orders()), 0, "nothing is lacking");
}

#[test]
fn what_is_ahead_of_ones_clock_is_asked_for_again_and_sent_again() {
    let (mut ana, mut bob, listing) = neighbours(None);
    let order = bob.offer(&wanted(listing)).expect("offers").order;
    carry(&mut bob, &mut ana);
    ana.now = ana.now.plus(2 * CLOCK_SKEW_MS);
    ana.act(order, "accept", &words()).expect("accepts");
    let early = ana.outgoing().pop().expect("sent at once");
    let device = ana.device();
    bob.work(|work| work.compare_orders_with(device));
    let messages = answered(&mut ana, &mut bob);
    bob.work(|work| work.take_orders(device, &BTreeSet::from([order]), messages));
    assert_eq!(bob.order(order).state, State::Negotiating);
    let answer = bob.give(ana.device(), &early);
    assert_eq!(refused(&answer), "ahead");
    ana.work(|work| work.order_stored(order, answer));
    (ana.now, bob.now) = (ana.now.plus(RESEND_MIN_MS), bob.now.plus(2 * CLOCK_SKEW_MS));
    assert_eq!(asks(&mut bob, |work| work.compare_orders()), 1, "the clock may be right by now");
    ana.work(|work| work.send_orders());
    carry(&mut ana, &mut bob);
    assert_eq!(ana.outgoing(), [], "it was sent again soon, and taken");
    assert_eq!(bob.order(order).state, State::Agreed);
}
