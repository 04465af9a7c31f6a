//! What is free: two who want the last one, what is set aside, what was sold, and what a new count means.

use haat_protocol::id::EntryId;
use haat_protocol::listing::Stock;
use haat_protocol::local::{NewOffer, OrderWords};
use haat_protocol::order::{OrderSet, Reason, State, Step, StockMark};

use super::kit::{Node, carry, circle, connect, wanted};
use super::words;
use crate::view::{order as orders, stock};

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
    ana.read(|tx| stock::free(tx, listing, ""))
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
