//! What is free: two who want the last one, what is set aside, what was sold, and what a new count means.

use haat_protocol::id::{EntryId, OrderId};
use haat_protocol::limits::{CLOCK_SKEW_MS, PAY_WITHIN_MS};
use haat_protocol::listing::Stock;
use haat_protocol::local::{NewOffer, OrderWords};
use haat_protocol::order::{OrderSet, Reason, Role, State, Step, StockMark};
use haat_protocol::time::{HOUR_MS, Millis};

use super::kit::{Node, carry, circle, connect, wanted};
use super::words;
use crate::view::{order as orders, stock};
use proptest::prelude::*;

/// A seller, two buyers who know the shop, and a listing with so many in stock.
fn street(in_stock: u64) -> (Node, [Node; 2], EntryId) {
    let (mut ana, mut bob, mut carl) = (Node::new(1), Node::new(2), Node::new(3));
    let space = circle(&mut [&mut ana, &mut bob, &mut carl]);
    let shop = ana.shop();
    ana.work(|work| work.shop_share(&shop.to_string(), &space.to_string())).expect("shares");
    let listing = ana.list(shop, Stock::Counted(in_stock));
    for buyer in [&mut bob, &mut carl] {
        buyer.follow(&ana);
        connect(&mut ana, buyer);
    }
    (ana, [bob, carl], listing)
}

fn free(ana: &Node, listing: &EntryId) -> Stock {
    ana.read(|tx| stock::free(tx, listing, "", ana.now))
}

fn counted(ana: &mut Node, listing: &EntryId, number: u64) {
    ana.work(|work| work.listing_stock(&listing.to_string(), None, Stock::Counted(number))).expect("counts");
}

fn failure(set: &OrderSet, history: &[haat_protocol::id::EventId]) -> Option<Reason> {
    history.iter().find_map(|id| match set.event(id)?.body().step {
        Step::StockFail { reason } => Some(reason),
        _ => None,
    })
}

#[test]
fn two_acceptances_of_the_last_one_end_in_one_failure_with_its_reason() {
    let (mut ana, mut buyers, listing) = street(1);
    let orders: Vec<_> = buyers
        .iter_mut()
        .map(|buyer| {
            let order = buyer.offer(&wanted(listing)).expect("offers").order;
            carry(buyer, &mut ana);
            ana.act(order, "counter", &OrderWords { price: Some("38.00".into()), ..words() }).expect("counters");
            carry(&mut ana, buyer);
            order
        })
        .collect();
    // Both accept before the seller hears of either.
    for (buyer, order) in buyers.iter_mut().zip(&orders) {
        buyer.act(*order, "accept", &words()).expect("accepts");
    }
    for buyer in &mut buyers {
        carry(buyer, &mut ana);
    }
    let marks: Vec<_> = orders.iter().map(|order| (ana.order(*order).state, ana.order(*order).stock)).collect();
    assert_eq!(marks, [(State::Agreed, StockMark::Held), (State::Cancelled, StockMark::Failed)]);
    let reasons: Vec<_> = orders
        .iter()
        .zip(&buyers)
        .map(|(order, buyer)| {
            assert_eq!(buyer.order(*order), ana.order(*order));
            failure(&buyer.read(|tx| orders::set(tx, order)), &buyer.order(*order).history)
        })
        .collect();
    assert_eq!(reasons, [None, Some(Reason::OutOfStock)], "the buyer reads why");
    assert_eq!(free(&ana, &listing), Stock::Counted(0));
}

#[test]
fn what_is_sold_stays_sold_until_the_seller_counts() {
    let (mut ana, [mut bob, _], listing) = street(8);
    let order = bob.offer(&NewOffer { qty: Some(2), ..wanted(listing) }).expect("offers").order;
    carry(&mut bob, &mut ana);
    ana.act(order, "accept", &words()).expect("accepts");
    assert_eq!(free(&ana, &listing), Stock::Counted(6));
    counted(&mut ana, &listing, 8);
    assert_eq!(free(&ana, &listing), Stock::Counted(6), "what is set aside lies among what was counted");
    for verb in ["start", "ready"] {
        ana.act(order, verb, &words()).expect(verb);
    }
    carry(&mut ana, &mut bob);
    bob.act(order, "receive", &words()).expect("receives");
    carry(&mut bob, &mut ana);
    assert_eq!((ana.order(order).stock, free(&ana, &listing)), (StockMark::Sold, Stock::Counted(6)), "gone after that count");

    let edited = |ana: &mut Node| {
        let version = ana.read(|tx| crate::view::shelf::row(tx, &listing).and_then(|row| row.current())).expect("listed");
        let Some(haat_protocol::body::Body::Listing(mut body)) = ana.read(|tx| crate::view::body(tx, &version)) else {
            panic!("a listing")
        };
        body.description.push_str("fresh ");
        body.lineage = Some(listing);
        let shop = ana.read(|tx| crate::view::shelf::row(tx, &listing)).expect("listed").shop;
        ana.work(|work| work.author(shop, &haat_protocol::body::Body::Listing(body))).expect("edits");
    };
    edited(&mut ana);
    assert_eq!(free(&ana, &listing), Stock::Counted(6), "an edit of the words counts nothing");
    counted(&mut ana, &listing, 8);
    assert_eq!(free(&ana, &listing), Stock::Counted(8), "the same number, counted anew");
    edited(&mut ana);
    assert_eq!(free(&ana, &listing), Stock::Counted(8));
    counted(&mut ana, &listing, 3);
    assert_eq!(free(&ana, &listing), Stock::Counted(3));
    ana.work(|work| work.listing_stock(&listing.to_string(), None, Stock::Uncounted)).expect("counts no more");
    assert_eq!(free(&ana, &listing), Stock::Uncounted);
}

#[test]
fn what_was_counted_with_a_wrong_clock_is_sold_once() {
    const YEAR_MS: u64 = 365 * 24 * HOUR_MS;
    let (mut ana, [mut bob, _], listing) = street(1);
    ana.now = ana.now.plus(YEAR_MS);
    counted(&mut ana, &listing, 3);
    ana.now = Millis(ana.now.0 - YEAR_MS);
    bob.follow(&ana);
    let order = bob.offer(&wanted(listing)).expect("offers").order;
    carry(&mut bob, &mut ana);
    ana.act(order, "accept", &words()).expect("accepts");
    for verb in ["start", "ready"] {
        ana.act(order, verb, &words()).expect("goes on");
    }
    carry(&mut ana, &mut bob);
    bob.act(order, "receive", &words()).expect("has it");
    carry(&mut bob, &mut ana);
    assert_eq!(free(&ana, &listing), Stock::Counted(2), "it is gone, whatever the clock showed");
    counted(&mut ana, &listing, 7);
    assert_eq!(free(&ana, &listing), Stock::Counted(7), "a count holds, whatever the clock showed before");
}

/// An offer that is paid before it is sent, agreed to by the seller.
fn agreed(ana: &mut Node, buyer: &mut Node, listing: EntryId) -> OrderId {
    let sent = NewOffer { delivery: Some("ship".into()), method: Some("transfer".into()), ..wanted(listing) };
    let order = buyer.offer(&sent).expect("offers").order;
    carry(buyer, ana);
    ana.act(order, "accept", &words()).expect("accepts");
    carry(ana, buyer);
    order
}

fn paid(order: OrderId, buyer: &mut Node) {
    buyer.act(order, "pay", &OrderWords { reference: Some("R1".into()), ..words() }).expect("pays");
}

fn later(nodes: [&mut Node; 3], ms: u64) {
    let latest = nodes.iter().map(|node| node.now).max().expect("three");
    nodes.into_iter().for_each(|node| node.now = latest.plus(ms));
}

#[test]
fn who_lets_the_time_to_pay_pass_holds_nothing_any_more() {
    let (mut ana, [mut bob, mut carl], listing) = street(1);
    let first = agreed(&mut ana, &mut bob, listing);
    later([&mut ana, &mut bob, &mut carl], PAY_WITHIN_MS + CLOCK_SKEW_MS - 1_000);
    assert_eq!(free(&ana, &listing), Stock::Counted(0), "kept while the payment may still be in time");
    later([&mut ana, &mut bob, &mut carl], 2_000);
    assert_eq!(free(&ana, &listing), Stock::Counted(1), "and free, though nobody signed that it is late");
    assert_eq!((ana.order(first).state, ana.order(first).stock), (State::Agreed, StockMark::Held));

    let second = agreed(&mut ana, &mut carl, listing);
    assert_eq!((ana.order(second).stock, ana.order(first).state), (StockMark::Held, State::Cancelled), "one is promised to one");
    assert_eq!(free(&ana, &listing), Stock::Counted(0));
    // The first pays after all, not knowing that it came too late: the money goes back.
    paid(first, &mut bob);
    carry(&mut bob, &mut ana);
    carry(&mut ana, &mut bob);
    assert_eq!((ana.order(first), ana.order(first).state), (bob.order(first), State::RefundDue));
    assert_eq!((ana.order(second).stock, free(&ana, &listing)), (StockMark::Held, Stock::Counted(0)));
}

#[test]
fn a_payment_in_time_keeps_the_goods_and_a_late_one_while_they_are_there() {
    let (mut ana, [mut bob, mut carl], listing) = street(2);
    let (early, late) = (agreed(&mut ana, &mut bob, listing), agreed(&mut ana, &mut carl, listing));
    paid(early, &mut bob);
    carry(&mut bob, &mut ana);
    later([&mut ana, &mut bob, &mut carl], PAY_WITHIN_MS + CLOCK_SKEW_MS + 1_000);
    assert_eq!(free(&ana, &listing), Stock::Counted(1), "only what nobody paid for is free");
    paid(late, &mut carl);
    carry(&mut carl, &mut ana);
    assert_eq!((ana.order(late).state, ana.order(late).stock), (State::PaymentClaimed, StockMark::Held));
    assert_eq!(free(&ana, &listing), Stock::Counted(0));
    let sent = NewOffer { delivery: Some("ship".into()), ..wanted(listing) };
    let third = bob.offer(&sent).expect("offers").order;
    carry(&mut bob, &mut ana);
    assert_eq!(ana.act(third, "accept", &words()).expect_err("both are promised").code, "out-of-stock");
}

#[test]
fn a_buyers_acceptance_takes_what_another_let_go() {
    let (mut ana, [mut bob, mut carl], listing) = street(1);
    let first = agreed(&mut ana, &mut bob, listing);
    later([&mut ana, &mut bob, &mut carl], PAY_WITHIN_MS + CLOCK_SKEW_MS + 1_000);
    let second = carl.offer(&wanted(listing)).expect("offers").order;
    carry(&mut carl, &mut ana);
    ana.act(second, "counter", &OrderWords { price: Some("38.00".into()), ..words() }).expect("counters");
    carry(&mut ana, &mut carl);
    carl.act(second, "accept", &words()).expect("accepts");
    carry(&mut carl, &mut ana);
    assert_eq!((ana.order(second).stock, ana.order(first).state), (StockMark::Held, State::Cancelled));
    carry(&mut ana, &mut bob);
    assert_eq!(bob.order(first).state, State::Cancelled, "and is told so");
}

/// What a street may do with its tea, as numbers that a test draws.
#[derive(Debug, Clone, Copy)]
enum Move {
    /// A buyer offers for so many and the seller accepts at once.
    Deal(usize, u64),
    /// The seller counters, and the buyer accepts before the seller knows of anything else.
    Bargain(usize, u64),
    /// One of the orders goes on by one of the verbs that are open.
    Step(usize, usize),
    /// Hours pass.
    Wait(u64),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        (0..2_usize, 1..4_u64).prop_map(|(who, qty)| Move::Deal(who, qty)),
        (0..2_usize, 1..4_u64).prop_map(|(who, qty)| Move::Bargain(who, qty)),
        (0..16_usize, 0..16_usize).prop_map(|(which, verb)| Move::Step(which, verb)),
        (0..16_usize, 0..16_usize).prop_map(|(which, verb)| Move::Step(which, verb)),
        (1..60_u64).prop_map(Move::Wait),
    ];
    proptest::collection::vec(one, 1..24)
}

/// What words any verb may need.
fn any_words() -> OrderWords {
    let word = || Some("7".to_owned());
    let said = OrderWords { text: word(), refund: Some("1.00".into()), ..words() };
    OrderWords { price: Some("30.00".into()), reference: word(), reason: word(), carrier: word(), tracking: word(), ..said }
}

fn play(ana: &mut Node, buyers: &mut [Node; 2], (listing, orders): (EntryId, &mut Vec<(usize, OrderId)>), moved: Move) {
    let sent = |qty| NewOffer { qty: Some(qty), delivery: Some("ship".into()), method: Some("transfer".into()), ..wanted(listing) };
    match moved {
        Move::Deal(who, qty) | Move::Bargain(who, qty) => {
            let Ok(row) = buyers[who].offer(&sent(qty)) else { return };
            orders.push((who, row.order));
            carry(&mut buyers[who], ana);
            if matches!(moved, Move::Deal(..)) {
                // What is refused for want of stock stays an offer.
                let _ = ana.act(row.order, "accept", &words());
            } else {
                let _ = ana.act(row.order, "counter", &any_words());
                carry(ana, &mut buyers[who]);
                let _ = buyers[who].act(row.order, "accept", &words());
            }
        }
        Move::Step(which, verb) if !orders.is_empty() => {
            let (who, order) = orders[which % orders.len()];
            let node = if verb % 2 == 0 { &mut *ana } else { &mut buyers[who] };
            let open = haat_protocol::order::next(&node.order(order), if verb % 2 == 0 { Role::Seller } else { Role::Buyer }, node.now);
            if let Some(verb) = open.get(verb / 2 % open.len().max(1)) {
                let _ = node.act(order, verb.name(), &any_words());
            }
        }
        Move::Step(..) => {}
        Move::Wait(hours) => {
            let [bob, carl] = buyers;
            later([ana, bob, carl], hours * HOUR_MS);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Of what was counted every piece is free, held by one order or sold to one; and never more is promised than there is.
    #[test]
    fn held_and_free_and_sold_are_what_was_counted(moves in moves()) {
        const COUNTED: u64 = 5;
        let (mut ana, mut buyers, listing) = street(COUNTED);
        let mut orders = Vec::new();
        for moved in moves {
            play(&mut ana, &mut buyers, (listing, &mut orders), moved);
            let holds = ana.read(|tx| stock::holds(tx, &listing, ""));
            let sum = |part: &dyn Fn(&stock::HoldRow) -> u64| holds.iter().map(|(_, hold)| part(hold)).sum::<u64>();
            let all_gone = stock::HoldRow::all_gone;
            let (sold, firm) = (sum(&all_gone), sum(&|hold| if hold.is_lapsed(ana.now) { 0 } else { hold.held }));
            let promised = sum(&|hold| hold.held + all_gone(hold));
            prop_assert!(promised <= COUNTED, "{promised} of {COUNTED} are promised after {moved:?}");
            let Stock::Counted(free) = free(&ana, &listing) else { panic!("counted") };
            prop_assert_eq!(free + firm + sold, COUNTED);
            // What the rows say is what the orders say.
            for (_, order) in &orders {
                let order = ana.order(*order);
                let row = holds.iter().find(|(id, _)| *id == order.id).map_or((0, 0), |(_, hold)| (hold.held, all_gone(hold)));
                prop_assert_eq!(row, order.goods_of(0), "{:?}", order.state);
            }
            for (at, buyer) in buyers.iter_mut().enumerate() {
                if orders.iter().any(|(who, _)| *who == at) {
                    carry(buyer, &mut ana);
                }
            }
        }
    }
}
