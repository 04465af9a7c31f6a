//! Two neighbours with stores in memory: what a seller and a buyer do, and what the other side makes of it.

mod cases;
mod chains;
mod compare;
mod devices;
mod duty;
mod enclose;
pub(in crate::engine) mod kit;
mod stock;

use std::collections::BTreeSet;

use haat_protocol::id::{EntryId, OrderId};
use haat_protocol::limits::{OPEN_OFFERS_PER_PERSON_MAX, RESEND_MAX_MS, RESEND_MIN_MS};
use haat_protocol::listing::{Delivery, Timing};
use haat_protocol::local::{NewOffer, OrderWords};
use haat_protocol::order::{self, State, Step, StockMark};
use haat_protocol::wire::{DirectResponse, OrderMessage};
use kit::{Node, carry, circle, connect, wanted};
use serde_bytes::ByteBuf;

use crate::engine::Effect;
use crate::store::Table;
use crate::view;

/// A seller and a buyer in one circle, a shop shared into it, and a listing with so many in stock.
fn neighbours(stock: Option<u64>) -> (Node, Node, EntryId) {
    let (mut ana, mut bob) = (Node::new(1), Node::new(2));
    let space = circle(&mut [&mut ana, &mut bob]);
    let shop = ana.shop();
    ana.work(|work| work.shop_share(&shop.to_string(), &space.to_string())).expect("shares");
    let listing = ana.list(shop, stock);
    bob.follow(&ana);
    connect(&mut ana, &mut bob);
    (ana, bob, listing)
}

fn words() -> OrderWords {
    OrderWords::default()
}

fn refused(answer: &DirectResponse) -> &str {
    match answer {
        DirectResponse::Refused { code } => code,
        other => panic!("not refused: {other:?}"),
    }
}

fn offered(bob: &mut Node, listing: EntryId) -> (OrderId, OrderMessage) {
    let order = bob.offer(&wanted(listing)).expect("offers").order;
    let message = bob.outgoing().pop().expect("sent at once");
    (order, message)
}

#[test]
fn a_deal_from_offer_to_completion() {
    let (mut ana, mut bob, listing) = neighbours(Some(3));
    let row = bob.offer(&NewOffer { qty: Some(2), price: Some("70.00".into()), ..wanted(listing) }).expect("offers");
    assert_eq!((row.state.as_str(), row.total.minor, row.events[0].delivery.as_str()), ("negotiating", 7000, "queued"));
    carry(&mut bob, &mut ana);
    assert_eq!((ana.order(row.order).state, bob.queued()), (State::Negotiating, 0));
    let steps = [("accept", true), ("start", true), ("ready", true), ("receive", false), ("confirm-payment", true)];
    for (verb, by_ana) in steps {
        let actor = if by_ana { &mut ana } else { &mut bob };
        actor.act(row.order, verb, &words()).unwrap_or_else(|problem| panic!("{verb}: {problem:?}"));
        carry(&mut ana, &mut bob);
        assert_eq!(ana.order(row.order), bob.order(row.order), "after {verb}");
    }
    assert_eq!((ana.order(row.order).state, ana.order(row.order).stock), (State::Completed, StockMark::Sold));
    assert_eq!((ana.queued(), bob.queued()), (0, 0));
}

#[test]
fn a_duplicate_gives_the_same_receipt_and_no_second_event() {
    let (mut ana, mut bob, listing) = neighbours(None);
    let (order, message) = offered(&mut bob, listing);
    let first = ana.give(bob.device(), &message);
    let rows = ana.store.snapshot_rows(Table::OrderEvent);
    assert_eq!(ana.give(bob.device(), &message), first);
    assert!(matches!(&first, DirectResponse::Stored { receipts } if receipts.len() == 1));
    assert_eq!(ana.store.snapshot_rows(Table::OrderEvent), rows);
    assert_eq!(ana.order(order).history.len(), 1);
}

#[test]
fn only_the_author_hands_an_event_over() {
    let (mut ana, mut bob, listing) = neighbours(None);
    let (order, message) = offered(&mut bob, listing);
    let carl = Node::new(3);
    let other = OrderMessage { chain: Some(carl.me.identity.chain().clone()), ..message.clone() };
    assert_eq!(refused(&ana.give(carl.device(), &other)), "wrong_signer");
    assert_eq!(refused(&ana.give(carl.device(), &message)), "wrong-chain", "the chain is bob's");
    assert!(!ana.has(order));
    let mut broken = message;
    broken.events[0][40] ^= 1;
    assert!(["malformed", "bad_signature", "not_canonical"].contains(&refused(&ana.give(bob.device(), &broken))));
    assert!(!ana.has(order));
}

#[test]
fn a_stranger_is_refused_and_nothing_is_kept() {
    let (mut ana, mut bob, listing) = neighbours(None);
    let (order, message) = offered(&mut bob, listing);
    ana.work(|work| {
        for (key, row) in work.tx.prefix(Table::Roster, &[]) {
            let mut roster: haat_protocol::circle::Roster = work.tx.decoded(Table::Roster, &row).expect("a roster");
            roster.members.remove(&bob.me.id());
            work.tx.save(Table::Roster, &key, &roster);
        }
    });
    let before = ana.everything();
    assert_eq!(refused(&ana.give(bob.device(), &message)), "stranger");
    assert!(!ana.has(order));
    assert_eq!(ana.everything(), before);
}

#[test]
fn a_blocked_persons_first_offer_is_refused_and_what_is_under_way_goes_on() {
    let (mut ana, mut bob, listing) = neighbours(None);
    let (first, message) = offered(&mut bob, listing);
    ana.give(bob.device(), &message);
    let bobs = bob.me.id().to_string();
    ana.work(|work| work.block(&bobs, true)).expect("blocks");
    let before = ana.everything();
    ana.work(|work| work.block(&bobs, true)).expect("again");
    assert_eq!(ana.everything(), before, "nothing is noted twice");
    let (second, message) = offered(&mut bob, listing);
    assert_eq!(refused(&ana.give(bob.device(), &message)), "blocked");
    assert!(!ana.has(second));
    assert_eq!(ana.act(first, "accept", &words()).expect("accepts").state, "agreed");
    let own = ana.me.id().to_string();
    assert_eq!(ana.work(|work| work.block(&own, true)).expect_err("myself").code, "yourself");
    bob.work(|work| work.block(&own, true)).expect("blocks");
    assert_eq!(bob.offer(&wanted(listing)).expect_err("blocked").code, "blocked");
    ana.work(|work| work.block(&bobs, false)).expect("unblocks");
    assert!(matches!(ana.give(bob.device(), &message), DirectResponse::Stored { .. }));
}

#[test]
fn an_offer_that_misquotes_the_listing_is_refused() {
    let (mut ana, mut bob, listing) = neighbours(None);
    let (order, _) = offered(&mut bob, listing);
    let mut terms = bob.order(order).terms;
    terms.lines[0].unit_price.minor = 1;
    let terms = terms.with_goods("1.00".parse_cny()).expect("adds up");
    let body = order::offer(terms, bob.device(), None, bob.now).expect("an offer");
    let event = order::sign(&body, &bob.me.pair).expect("signed");
    let events = vec![ByteBuf::from(haat_protocol::codec::encode(event.signed()))];
    let message = OrderMessage { order: event.order(), events, receipts: vec![], enclosed: vec![], chain: None };
    assert_eq!(refused(&ana.give(bob.device(), &message)), "stale-listing");
    assert!(!ana.has(event.order()));
}

#[test]
fn an_offer_with_ways_of_its_own_is_refused() {
    let (mut ana, mut bob, listing) = neighbours(None);
    let (order, _) = offered(&mut bob, listing);
    let changes: [fn(&mut order::Terms); 4] = [
        |terms| terms.payment.instructions = Some("my own account".into()),
        |terms| terms.payment.timing = Timing::After,
        |terms| terms.delivery = Delivery::Ship { zone: "CN".into(), price: "0".parse_cny() },
        |terms| terms.returns = "whenever I like".into(),
    ];
    for change in changes {
        let mut terms = bob.order(order).terms;
        change(&mut terms);
        let goods = terms.goods;
        let body = order::offer(terms.with_goods(goods).expect("adds up"), bob.device(), None, bob.now).expect("an offer");
        let event = order::sign(&body, &bob.me.pair).expect("signed");
        let events = vec![ByteBuf::from(haat_protocol::codec::encode(event.signed()))];
        let message = OrderMessage { order: event.order(), events, receipts: vec![], enclosed: vec![], chain: None };
        assert_eq!(refused(&ana.give(bob.device(), &message)), "not-offered");
        assert!(!ana.has(event.order()));
    }
}

/// The buyer answers a counter-offer with an account of its own: it is kept, and never agreed to, by hand or through a counter-offer.
#[test]
fn an_account_that_slips_in_later_is_never_agreed_to() {
    let (mut ana, mut bob, listing) = neighbours(Some(3));
    let order = bob.offer(&wanted(listing)).expect("offers").order;
    carry(&mut bob, &mut ana);
    ana.act(order, "counter", &OrderWords { price: Some("41.00".into()), ..words() }).expect("counters");
    carry(&mut ana, &mut bob);
    let mut terms = bob.order(order).terms;
    terms.payment.instructions = Some("my own account".into());
    let set = bob.read(|tx| view::order::set(tx, &order));
    let body = order::draft(&set, order::Role::Buyer, order::Act::CounterTerms(Box::new(terms)), bob.now).expect("allowed");
    bob.work(|work| work.take_own(&body).map(|_| work.send_order(order))).expect("taken");
    carry(&mut bob, &mut ana);
    assert_eq!(ana.act(order, "accept", &words()).expect_err("another account").code, "not-offered");
    ana.act(order, "counter", &OrderWords { price: Some("42.00".into()), ..words() }).expect("counters");
    carry(&mut ana, &mut bob);
    bob.act(order, "accept", &words()).expect("accepts");
    carry(&mut bob, &mut ana);
    assert_eq!(ana.order(order).state, State::Cancelled, "the seller's node lets it fall");
    let is_failed = |event: &order::Event| matches!(event.body().step, Step::StockFail { reason: order::Reason::InvalidTerms });
    assert!(bob.read(|tx| view::order::set(tx, &order)).events().any(is_failed), "and the buyer is told why");
}

trait Cny {
    fn parse_cny(&self) -> haat_protocol::money::Money;
}

impl Cny for str {
    fn parse_cny(&self) -> haat_protocol::money::Money {
        haat_protocol::money::Money::parse(self, "CNY".parse().expect("known")).expect("an amount")
    }
}

#[test]
fn the_last_one_is_sold_once() {
    let (mut ana, mut bob, listing) = neighbours(Some(1));
    let orders: Vec<OrderId> = (0..3).map(|_| bob.offer(&wanted(listing)).expect("offers").order).collect();
    carry(&mut bob, &mut ana);
    let price = OrderWords { price: Some("38.00".into()), ..words() };
    for order in &orders[..2] {
        ana.act(*order, "counter", &price).expect("counters");
    }
    carry(&mut ana, &mut bob);
    for order in &orders[..2] {
        bob.act(*order, "accept", &words()).expect("accepts");
    }
    carry(&mut bob, &mut ana);
    let mut ends: Vec<(State, StockMark)> = orders[..2].iter().map(|order| (bob.order(*order).state, bob.order(*order).stock)).collect();
    ends.sort_by_key(|(state, _)| *state);
    assert_eq!(ends, [(State::Agreed, StockMark::Held), (State::Cancelled, StockMark::Failed)]);
    let problem = ana.act(orders[2], "accept", &words()).expect_err("none is left");
    assert_eq!(problem.code, "out-of-stock");
    assert_eq!(ana.order(orders[2]).state, State::Negotiating);
}

#[test]
fn words_of_an_offer() {
    let (mut ana, mut bob, listing) = neighbours(Some(2));
    let code = |node: &mut Node, new: NewOffer| node.offer(&new).expect_err("cannot be").code;
    assert_eq!(code(&mut ana, wanted(listing)), "own-listing");
    assert_eq!(code(&mut bob, NewOffer { qty: Some(3), ..wanted(listing) }), "out-of-stock");
    assert_eq!(code(&mut bob, NewOffer { qty: Some(0), ..wanted(listing) }), "bad-terms");
    assert_eq!(code(&mut bob, NewOffer { sku: Some("X".into()), ..wanted(listing) }), "no-such-sku");
    assert_eq!(code(&mut bob, NewOffer { delivery: Some("digital".into()), ..wanted(listing) }), "no-such-delivery");
    assert_eq!(code(&mut bob, NewOffer { pay: Some("after".into()), ..wanted(listing) }), "no-such-payment");
    assert_eq!(code(&mut bob, NewOffer { pay: Some("soon".into()), ..wanted(listing) }), "bad-value");
    assert_eq!(bob.queued(), 0);
    let sent = NewOffer { delivery: Some("ship".into()), method: Some("transfer".into()), ..wanted(listing) };
    let row = bob.offer(&sent).expect("offers");
    assert_eq!((row.total.minor, row.payment.timing), (4500, Timing::Before));
    let terms = bob.order(row.order).terms;
    assert!(matches!(&terms.delivery, Delivery::Ship { zone, .. } if zone == "CN"));
    assert!(terms.circle.is_some() && terms.returns == "within 14 days" && terms.payment.instructions.as_deref() == Some("account 7"));
    ana.work(|work| work.listing_withdraw(&listing.to_string())).expect("withdraws");
    bob.follow(&ana);
    assert_eq!(code(&mut bob, wanted(listing)), "not-for-sale");
}

#[test]
fn words_of_a_verb() {
    let (mut ana, mut bob, listing) = neighbours(None);
    let order = bob.offer(&wanted(listing)).expect("offers").order;
    carry(&mut bob, &mut ana);
    let code = |node: &mut Node, verb: &str| node.act(order, verb, &words()).expect_err("cannot be").code;
    assert_eq!(code(&mut ana, "haggle"), "unknown-verb");
    assert_eq!(code(&mut ana, "review"), "unknown-verb");
    assert_eq!(code(&mut ana, "counter"), "word-needed");
    let problem = bob.act(order, "accept", &words()).expect_err("not the buyer's turn");
    assert_eq!(problem.code, "out_of_turn");
    assert!(problem.hint.expect("says what is open").contains("withdraw"));
    let gone = ana.act(OrderId([8; 32]), "accept", &words()).expect_err("not here");
    assert_eq!(gone.code, "not-found");
    let row = ana.act(order, "reject", &OrderWords { reason: Some("price".into()), ..words() }).expect("rejects");
    assert_eq!(row.state, "rejected");
}

#[test]
fn what_got_no_answer_is_sent_again_later() {
    let (mut ana, mut bob, listing) = neighbours(None);
    let (order, lost) = offered(&mut bob, listing);
    bob.work(|work| work.send_orders());
    assert!(bob.outgoing().is_empty(), "one at a time");
    bob.work(|work| work.order_failed(order));
    bob.work(|work| work.send_orders());
    assert!(bob.outgoing().is_empty(), "not at once");
    bob.now = bob.now.plus(RESEND_MIN_MS);
    bob.work(|work| work.send_orders());
    assert_eq!(bob.outgoing(), std::slice::from_ref(&lost));
    bob.work(|work| work.order_failed(order));
    bob.now = bob.now.plus(RESEND_MIN_MS);
    bob.work(|work| work.send_orders());
    assert!(bob.outgoing().is_empty(), "twice as late");
    let device = ana.device();
    bob.work(|work| work.order_reset(&device));
    bob.work(|work| work.send_orders());
    assert_eq!(bob.outgoing(), std::slice::from_ref(&lost), "the other side has come");
    let answer = ana.give(bob.device(), &lost);
    bob.work(|work| work.order_stored(order, answer));
    assert!(bob.queued() == 0 && bob.passing.outbox.is_empty());
}

#[test]
fn heads_bring_what_was_lost_and_the_receipts_follow() {
    let (mut ana, mut bob, listing) = neighbours(None);
    let order = bob.offer(&wanted(listing)).expect("offers").order;
    carry(&mut bob, &mut ana);
    ana.act(order, "accept", &words()).expect("accepts");
    assert_eq!(ana.outgoing().len(), 1, "and this one is lost");
    let device = ana.device();
    let heads = bob.work(|work| work.order_heads(&device)).expect("there is an order");
    let device = bob.device();
    let DirectResponse::Orders(messages) = ana.work(|work| work.answer_order_heads(&device, &heads)) else { panic!("orders") };
    let device = ana.device();
    bob.work(|work| work.take_orders(device, &BTreeSet::from([order]), messages));
    assert_eq!(bob.order(order).state, State::Agreed);
    assert_eq!(ana.queued(), 1);
    carry(&mut bob, &mut ana);
    assert_eq!(ana.queued(), 0, "the receipt went with a message of its own");
    let stranger = Node::new(4).device();
    assert_eq!(ana.work(|work| work.answer_order_heads(&stranger, &heads)), DirectResponse::Orders(vec![]));
}

#[test]
fn later_events_wait_for_those_before_them() {
    let (mut ana, mut bob, listing) = neighbours(None);
    let order = bob.offer(&wanted(listing)).expect("offers").order;
    carry(&mut bob, &mut ana);
    ana.act(order, "counter", &OrderWords { price: Some("41.00".into()), ..words() }).expect("counters");
    carry(&mut ana, &mut bob);
    bob.act(order, "accept", &words()).expect("accepts");
    bob.work(|work| work.order_failed(order));
    bob.act(order, "cancel", &words()).expect("cancels");
    let both = bob.outgoing().pop().expect("sent");
    assert_eq!(both.events.len(), 2);
    let alone = |n: usize| OrderMessage { events: vec![both.events[n].clone()], ..both.clone() };
    assert!(matches!(ana.give(bob.device(), &alone(1)), DirectResponse::Stored { .. }));
    assert_eq!((ana.order(order).state, ana.order(order).pending.len()), (State::Negotiating, 1));
    ana.give(bob.device(), &alone(0));
    assert_eq!(ana.order(order).state, State::Cancelled);
    let unknown = OrderMessage { order: OrderId([8; 32]), events: vec![], ..both.clone() };
    assert_eq!(refused(&ana.give(bob.device(), &unknown)), "unknown-order");
    let is_offer =
        |id| matches!(ana.read(|tx| view::order::set(tx, &order)).event(id).map(|e| e.body().step.clone()), Some(Step::Offer { .. }));
    assert!(is_offer(&ana.order(order).history[0]));
}

#[test]
fn a_counter_offer_that_misquotes_is_kept_and_not_accepted() {
    let (mut ana, mut bob, listing) = neighbours(None);
    let order = bob.offer(&wanted(listing)).expect("offers").order;
    carry(&mut bob, &mut ana);
    ana.act(order, "counter", &OrderWords { price: Some("41.00".into()), ..words() }).expect("counters");
    carry(&mut ana, &mut bob);
    let mut terms = bob.order(order).terms;
    terms.lines[0].title = "Gold".into();
    let set = bob.read(|tx| view::order::set(tx, &order));
    let body = order::draft(&set, order::Role::Buyer, order::Act::CounterTerms(Box::new(terms)), bob.now).expect("allowed");
    let event = order::sign(&body, &bob.me.pair).expect("signed");
    let events = vec![ByteBuf::from(haat_protocol::codec::encode(event.signed()))];
    let answer = ana.give(bob.device(), &OrderMessage { order, events, receipts: vec![], enclosed: vec![], chain: None });
    assert!(matches!(answer, DirectResponse::Stored { .. }));
    assert_eq!(ana.order(order).terms.lines[0].title, "Gold");
    assert_eq!(ana.act(order, "accept", &words()).expect_err("not for gold").code, "stale-listing");
    assert_eq!(ana.order(order).state, State::Negotiating);
}

#[test]
fn open_offers_of_one_person_are_bounded() {
    let (mut ana, mut bob, listing) = neighbours(None);
    let offers: Vec<OrderMessage> = (0..=OPEN_OFFERS_PER_PERSON_MAX).map(|_| offered(&mut bob, listing).1).collect();
    let (last, first) = offers.split_last().expect("some");
    for message in first {
        assert!(matches!(ana.give(bob.device(), message), DirectResponse::Stored { .. }));
    }
    assert_eq!(refused(&ana.give(bob.device(), last)), "too-many-offers");
    let reason = OrderWords { reason: Some("price".into()), ..words() };
    ana.act(first[0].order, "reject", &reason).expect("rejects");
    assert!(matches!(ana.give(bob.device(), last), DirectResponse::Stored { .. }));
}

#[test]
fn a_refused_message_is_told_and_tried_seldom() {
    let (_, mut bob, listing) = neighbours(None);
    let (order, _) = offered(&mut bob, listing);
    let refusal = DirectResponse::Refused { code: "stranger".into() };
    let told = bob.work(|work| {
        work.order_stored(order, refusal);
        work.out.clone()
    });
    assert!(matches!(&told[..], [Effect::Happened(news)] if news.kind == "order_refused" && news.more["code"] == "stranger"));
    bob.now = bob.now.plus(RESEND_MAX_MS - 10);
    bob.work(|work| work.send_orders());
    assert!(bob.outgoing().is_empty() && bob.queued() == 1);
    bob.now = bob.now.plus(10);
    bob.work(|work| work.send_orders());
    assert_eq!(bob.outgoing().len(), 1);
}
