//! What goes with an order beside its chain: told in time to the right one, kept under a key of the order, destroyed in time.

use data_encoding::BASE64;
use haat_protocol::limits::{CONTENT_MAX_BYTES, ENCLOSED_KEEP_CANCELLED_MS, ENCLOSED_KEEP_MS, PERSONAL_MAX_BYTES, START_WORD_MS};
use haat_protocol::order::Enclosure;

use super::chains::{starts, witness};
use super::*;
use crate::vault;

const CANARY: &[u8] = b"Canary Lane 7, 555-0199";

fn given(data: &[u8]) -> OrderWords {
    OrderWords { data: Some(BASE64.encode(data)), file_name: Some("tea.txt".into()), ..words() }
}

/// What a node can read of an order's address.
fn address(node: &Node, order: OrderId) -> Option<Enclosure> {
    let personal = node.order(order).personal?;
    node.read(|tx| vault::open(tx, &node.me, &order, &personal))
}

/// Whether some bytes stand anywhere in the store.
fn holds(node: &Node, needle: &[u8]) -> bool {
    let text = BASE64.encode(needle);
    let has = |bytes: &[u8]| [needle, text.as_bytes()].iter().any(|sought| bytes.windows(sought.len()).any(|window| window == *sought));
    node.everything().iter().flatten().any(|(key, row)| has(key) || has(row))
}

#[test]
fn the_seller_alone_learns_the_address_and_not_before_the_agreement() {
    let (mut ana, mut bob, listing) = neighbours(None);
    let offer = NewOffer { address: Some(BASE64.encode(CANARY)), ..wanted(listing) };
    let order = bob.offer(&offer).expect("offers").order;
    carry(&mut bob, &mut ana);
    assert!(address(&bob, order).is_some() && address(&ana, order).is_none(), "the offer commits to it and does not tell it");
    ana.act(order, "accept", &words()).expect("accepts");
    carry(&mut ana, &mut bob);
    assert_eq!(address(&ana, order).expect("told once agreed").data, CANARY);
    assert!(!holds(&ana, CANARY) && !holds(&bob, CANARY), "at rest it is under the order's key");
    bob.act(order, "address", &given(b"Gate 2")).expect("another one");
    carry(&mut bob, &mut ana);
    assert_eq!(address(&ana, order).expect("the last counts").data, b"Gate 2");
    ana.act(order, "start", &words()).expect("starts");
    ana.act(order, "ready", &words()).expect("is ready");
    carry(&mut ana, &mut bob);
    assert_eq!(bob.act(order, "address", &given(b"late")).expect_err("the goods are there").code, "wrong_state");
}

#[test]
fn a_counter_offer_changes_delivery_and_address() {
    let (mut ana, mut bob, listing) = neighbours(None);
    let order = bob.offer(&NewOffer { address: Some(BASE64.encode(b"Gate 2")), ..wanted(listing) }).expect("offers").order;
    let collected = bob.order(order).terms;
    carry(&mut bob, &mut ana);
    let sent = |data| OrderWords { delivery: Some("ship".into()), data, ..words() };
    let early = bob.act(order, "counter", &sent(Some(BASE64.encode(CANARY)))).expect_err("it is the seller's turn");
    assert_eq!(early.code, "out_of_turn");
    let theirs = OrderWords { data: Some(BASE64.encode(CANARY)), ..words() };
    assert_eq!(ana.act(order, "counter", &theirs).expect_err("not the seller's to say").code, "wrong_signer");
    ana.act(order, "counter", &OrderWords { price: Some("30.00".into()), ..words() }).expect("proposes");
    carry(&mut ana, &mut bob);
    let none = OrderWords { delivery: Some("digital".into()), ..words() };
    assert_eq!(bob.act(order, "counter", &none).expect_err("no such way").code, "no-such-delivery");
    bob.act(order, "counter", &sent(Some(BASE64.encode(CANARY)))).expect("answers");
    let terms = bob.order(order).terms;
    assert_eq!((terms.goods.minor, terms.total.minor), (3000, 3600), "the price stays, the delivery is added");
    assert!(terms.delivery != collected.delivery && terms.payment == collected.payment && terms.personal != collected.personal);
    carry(&mut bob, &mut ana);
    assert!(address(&ana, order).is_none(), "not before the agreement");
    ana.act(order, "accept", &words()).expect("it is what the shop offers");
    carry(&mut ana, &mut bob);
    assert_eq!(address(&ana, order).expect("told once agreed").data, CANARY);
}

#[test]
fn what_no_event_commits_to_is_dropped() {
    let (mut ana, mut bob, listing) = neighbours(None);
    let order = bob.offer(&wanted(listing)).expect("offers").order;
    carry(&mut bob, &mut ana);
    ana.act(order, "accept", &words()).expect("accepts");
    carry(&mut ana, &mut bob);
    let before = ana.everything();
    let stray = Enclosure { salt: haat_protocol::id::Digest([1; 32]), data: CANARY.to_vec() };
    let message = OrderMessage { order, events: vec![], receipts: vec![], enclosed: vec![stray], chain: None };
    ana.give(bob.device(), &message);
    assert_eq!(ana.everything(), before);
    bob.act(order, "address", &given(CANARY)).expect("says it");
    let mut message = bob.outgoing().pop().expect("sent at once");
    message.enclosed[0].data.push(b'!');
    ana.give(bob.device(), &message);
    assert!(address(&ana, order).is_none(), "the event counts, and nothing that it does not commit to");
    assert_eq!(bob.act(order, "address", &given(&vec![b'x'; PERSONAL_MAX_BYTES + 1])).expect_err("too long").code, "oversize");
    assert_eq!(bob.act(order, "address", &given(b"")).expect_err("nothing").code, "word-needed");
}

#[test]
fn a_lost_address_comes_with_the_next_comparison() {
    let (mut ana, mut bob, listing) = neighbours(None);
    let order = bob.offer(&wanted(listing)).expect("offers").order;
    carry(&mut bob, &mut ana);
    ana.act(order, "accept", &words()).expect("accepts");
    carry(&mut ana, &mut bob);
    bob.act(order, "address", &given(CANARY)).expect("says it");
    bob.outgoing();
    let (a, b) = (ana.device(), bob.device());
    let heads = ana.work(|work| work.order_heads(&b)).expect("there is an order");
    let DirectResponse::Orders(messages) = bob.work(|work| work.answer_order_heads(&a, &heads)) else { panic!("orders") };
    ana.work(|work| work.take_orders(b, &BTreeSet::from([order]), messages));
    assert_eq!(address(&ana, order).expect("it came").data, CANARY);
}

#[test]
fn who_was_just_started_tells_the_address_a_little_later() {
    let (mut ana, mut bob, listing) = neighbours(None);
    let offer = NewOffer { address: Some(BASE64.encode(CANARY)), ..wanted(listing) };
    let order = bob.offer(&offer).expect("offers").order;
    carry(&mut bob, &mut ana);
    let (store, kept) = (bob.store.clone(), witness(&bob, order));
    starts(&mut bob, store, &kept);
    ana.act(order, "accept", &words()).expect("accepts");
    carry(&mut ana, &mut bob);
    assert_eq!((bob.order(order).state, bob.order(order).personal.is_some()), (State::Agreed, true));
    assert!(address(&ana, order).is_none(), "nothing is signed right after a start");
    bob.now = bob.now.plus(START_WORD_MS);
    bob.work(|work| work.tend_waiting());
    connect(&mut bob, &mut ana);
    bob.work(|work| {
        work.tend_vault();
        work.send_orders();
    });
    carry(&mut bob, &mut ana);
    assert_eq!(address(&ana, order).expect("told by now").data, CANARY);
}

#[test]
fn a_file_of_another_size_and_words_after_the_end_change_nothing() {
    let (mut ana, mut bob, listing) = neighbours(None);
    let order = bob.offer(&wanted(listing)).expect("offers").order;
    carry(&mut bob, &mut ana);
    ana.act(order, "accept", &words()).expect("accepts");
    carry(&mut ana, &mut bob);
    // A program of somebody else's makes: as long as a file may be, and told as an address.
    let long = Enclosure { salt: haat_protocol::id::Digest([1; 32]), data: vec![b'x'; PERSONAL_MAX_BYTES + 1] };
    let personal = long.commitment();
    let set = bob.read(|tx| view::order::set(tx, &order));
    let body = order::draft(&set, order::Role::Buyer, order::Act::Address { personal }, bob.now).expect("allowed");
    let event = order::sign(&body, &bob.me.pair).expect("signed");
    let events = vec![ByteBuf::from(haat_protocol::codec::encode(event.signed()))];
    ana.give(bob.device(), &OrderMessage { order, events, receipts: vec![], enclosed: vec![long], chain: None });
    assert_eq!(ana.order(order).personal, Some(personal));
    assert!(address(&ana, order).is_none() && ana.read(|tx| vault::orders(tx).is_empty()));

    let (mut ana, mut bob, listing) = neighbours(None);
    let offer = NewOffer { address: Some(BASE64.encode(CANARY)), ..wanted(listing) };
    let order = bob.offer(&offer).expect("offers").order;
    bob.act(order, "withdraw", &words()).expect("takes it back");
    carry(&mut bob, &mut ana);
    bob.now = bob.now.plus(ENCLOSED_KEEP_CANCELLED_MS);
    bob.act(order, "say", &OrderWords { text: Some("sorry".into()), ..words() }).expect("always");
    bob.now = bob.now.plus(1);
    bob.work(|work| work.tend_vault());
    assert!(address(&bob, order).is_none(), "a word later does not keep it");
}

#[test]
fn what_is_enclosed_is_destroyed_in_time() {
    let (mut ana, mut bob, listing) = neighbours(None);
    let offer = NewOffer { address: Some(BASE64.encode(CANARY)), ..wanted(listing) };
    let [kept, off] = [(); 2].map(|()| bob.offer(&offer).expect("offers").order);
    carry(&mut bob, &mut ana);
    for order in [kept, off] {
        ana.act(order, "accept", &words()).expect("accepts");
        carry(&mut ana, &mut bob);
    }
    bob.act(off, "cancel", &words()).expect("nothing is paid");
    ana.act(kept, "start", &words()).expect("starts");
    ana.act(kept, "ready", &words()).expect("is ready");
    carry(&mut ana, &mut bob);
    bob.act(kept, "receive", &words()).expect("has it");
    carry(&mut bob, &mut ana);
    ana.act(kept, "confirm-payment", &words()).expect("has it");
    carry(&mut ana, &mut bob);
    let is_open = |node: &Node| [kept, off].map(|order| address(node, order).is_some());
    for (ms, open) in [(1, [true, true]), (ENCLOSED_KEEP_CANCELLED_MS, [true, false]), (ENCLOSED_KEEP_MS, [false, false])] {
        for node in [&mut ana, &mut bob] {
            node.now = node.now.plus(ms);
            node.work(|work| work.tend_vault());
            assert_eq!(is_open(node), open, "after {ms}");
        }
    }
    for node in [&ana, &bob] {
        assert!(node.read(|tx| vault::orders(tx).is_empty()) && node.read(|tx| tx.prefix(Table::Enclosed, &[]).is_empty()));
    }
}

#[test]
fn files_have_a_size() {
    let (_, bob, _) = neighbours(None);
    let order = OrderId([1; 32]);
    let mut bob = bob;
    let file = bob.work(|work| work.file_given(&order, &given(&vec![b'x'; CONTENT_MAX_BYTES])));
    assert!(file.is_ok());
    let large = bob.work(|work| work.file_given(&order, &given(&vec![b'x'; CONTENT_MAX_BYTES + 1])));
    assert_eq!(large.expect_err("larger than a message").code, "oversize");
}

#[test]
fn what_is_purged_is_gone_and_does_not_come_again() {
    let (mut ana, mut bob, listing) = neighbours(None);
    let offer = NewOffer { address: Some(BASE64.encode(CANARY)), ..wanted(listing) };
    let order = bob.offer(&offer).expect("offers").order;
    let purge = |node: &mut Node| node.work(|work| work.order_purge(&order.to_string()));
    carry(&mut bob, &mut ana);
    ana.act(order, "accept", &words()).expect("accepts");
    carry(&mut ana, &mut bob);
    assert_eq!(purge(&mut ana).expect_err("it goes on").code, "wrong_state");
    assert!(address(&ana, order).is_some());
    bob.act(order, "cancel", &words()).expect("calls it off");
    carry(&mut bob, &mut ana);
    let told = ana.read(|tx| vault::open(tx, &ana.me, &order, &ana.order(order).personal.expect("told"))).expect("still here");
    assert_eq!(purge(&mut ana).expect("destroys")["purged"], true);
    assert_eq!(purge(&mut ana).expect("nothing is left")["purged"], false);
    let again = OrderMessage { order, events: vec![], receipts: vec![], enclosed: vec![told], chain: None };
    ana.give(bob.device(), &again);
    assert!(address(&ana, order).is_none() && ana.store.snapshot_rows(Table::Enclosed).is_empty());
    assert!(address(&bob, order).is_some(), "each destroys its own");
    ana.now = ana.now.plus(ENCLOSED_KEEP_CANCELLED_MS + 1);
    ana.work(|work| work.tend_vault());
    assert!(ana.store.snapshot_rows(Table::OrderKey).is_empty(), "its time is over anyway");
}
