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

/// What a node asked a device to tell of orders since it was looked at last.
fn asked_for(node: &mut Node) -> BTreeSet<OrderId> {
    let asked = std::mem::take(&mut node.passing.requests).into_values();
    let orders = asked.filter_map(|asked| if let crate::engine::What::OrderHeads(orders) = asked.what { Some(orders) } else { None });
    orders.flatten().collect()
}

/// A node compares with one whose store went back to before their order; says what the other took of it.
fn compare_with_who_forgot(knows: &mut Node, forgot: &mut Node, order: OrderId) {
    let (k, f) = (knows.device(), forgot.device());
    connect(knows, forgot);
    let heads = knows.work(|work| work.order_heads(&f)).expect("it has one");
    asked_for(forgot);
    assert_eq!(forgot.work(|work| work.answer_order_heads(&k, &heads)), DirectResponse::Orders(vec![]));
    assert_eq!(asked_for(forgot), BTreeSet::from([order]), "it asks back");
    let nothing = [haat_protocol::wire::OrderHead { order, own: None, other: None }];
    let DirectResponse::Orders(messages) = knows.work(|work| work.answer_order_heads(&f, &nothing)) else { panic!("orders") };
    forgot.work(|work| work.take_orders(k, &BTreeSet::from([order]), messages));
}

#[test]
fn an_order_that_a_store_lost_whole_comes_back_from_the_other_side() {
    let (mut ana, mut bob, listing) = neighbours(Some(3));
    let (before_ana, before_bob) = (ana.store.clone(), bob.store.clone());
    let order = bob.offer(&wanted(listing)).expect("offers").order;
    carry(&mut bob, &mut ana);
    // Bob made it: his own offer comes back.
    let now_bob = bob.store.clone();
    bob.wakes(before_bob);
    assert!(!bob.has(order));
    compare_with_who_forgot(&mut ana, &mut bob, order);
    assert_eq!(bob.order(order), ana.order(order));
    bob.wakes(now_bob);
    // Ana agreed to it: her own word comes back with the offer, although the goods are no longer on her shelf.
    ana.act(order, "accept", &words()).expect("accepts");
    carry(&mut ana, &mut bob);
    ana.wakes(before_ana);
    ana.work(|work| work.listing_withdraw(&listing.to_string())).expect("sells it no more");
    assert!(!ana.has(order));
    compare_with_who_forgot(&mut bob, &mut ana, order);
    assert_eq!((ana.order(order).state, ana.order(order)), (State::Agreed, bob.order(order)));
}

#[test]
fn what_is_given_back_is_from_the_other_party_and_by_ones_own_hand() {
    let (mut ana, mut bob, listing) = neighbours(Some(3));
    let before = ana.store.clone();
    let (order, offer) = offered(&mut bob, listing);
    ana.give(bob.device(), &offer);
    ana.act(order, "accept", &words()).expect("accepts");
    carry(&mut ana, &mut bob);
    let heads = [haat_protocol::wire::OrderHead { order, own: None, other: None }];
    let device = ana.device();
    let DirectResponse::Orders(messages) = bob.work(|work| work.answer_order_heads(&device, &heads)) else { panic!("orders") };
    ana.wakes(before);
    let (carl, empty) = (Node::new(9), ana.everything());
    for message in &messages {
        let bare = OrderMessage { chain: None, ..message.clone() };
        assert_eq!(refused(&ana.give(carl.device(), &bare)), "wrong_signer", "not by somebody else");
    }
    assert_eq!(ana.everything(), empty);
    // Whom this node does not know is not asked back.
    asked_for(&mut ana);
    ana.work(|work| work.answer_order_heads(&carl.device(), &heads));
    assert!(asked_for(&mut ana).is_empty());
}
