//! Two moves at the same time: what stands afterwards, the same on both nodes.

use super::*;

#[test]
fn withdrawal_beats_acceptance_and_payment_upon_it_comes_back() {
    let mut deal = Deal::open(pickup());
    deal.race(Act::Withdraw, Act::Accept);
    assert_eq!(deal.state(), State::Withdrawn);
    assert_eq!(deal.refused(), [(Kind::Accept, Refusal::Overtaken)]);

    let mut deal = Deal::open(sent_paid_first());
    deal.seller(counter(1500, START.plus(DAY_MS)));
    let withdraw = deal.draft(Role::Seller, Act::Withdraw).expect("own offer");
    deal.buyer(Act::Accept).buyer(pay(None));
    deal.set.insert(withdraw).expect("fits");
    assert_eq!(deal.state(), State::RefundDue, "money that was sent is never left out");
    assert_eq!(deal.order().paid_claimed, 2100);
}

#[test]
fn expiry_beats_acceptance() {
    let mut deal = Deal::open(pickup());
    let mut late = deal.clone();
    late.now = START.plus(2 * DAY_MS + CLOCK_SKEW_MS - 1);
    let accept = late.draft(Role::Seller, Act::Accept).expect("inside the skew");
    deal.wait(2 * DAY_MS).buyer(Act::Expire);
    deal.set.insert(accept).expect("fits");
    assert_eq!(deal.state(), State::Expired);
    assert_eq!(deal.refused(), [(Kind::Accept, Refusal::Overtaken)]);
}

#[test]
fn out_of_turn_is_no_race() {
    let mut deal = Deal::open(pickup());
    let order = deal.order();
    let mut terms = order.terms.clone();
    terms.valid_until = START.plus(DAY_MS);
    let forged = deal.forge(Role::Buyer, Step::Counter { replaces: order.last_offer, terms: Box::new(terms) }, deal.now);
    deal.seller(Act::Accept);
    deal.set.insert(forged).expect("kept");
    assert_eq!(deal.state(), State::Agreed);
    assert_eq!(deal.refused().len(), 1);
}

#[test]
fn cancel_and_payment_make_a_refund_due() {
    for timing in [Timing::Before, Timing::After] {
        let mut deal = agreed(terms(Delivery::Pickup { place: "Gate".into() }, timing));
        deal.race(pay(None), Act::Cancel);
        assert_eq!((deal.state(), deal.order().paid_claimed), (State::RefundDue, 1640));
        assert_eq!(deal.refused(), []);
    }
    let mut late = agreed(sent_paid_first());
    late.wait(3 * DAY_MS).race(pay(None), Act::Expire);
    assert_eq!(late.state(), State::RefundDue);
    let mut later = agreed(pickup());
    later.seller(Act::Cancel).wait(DAY_MS).buyer(pay(Some(100)));
    assert_eq!((later.state(), later.order().refund_left()), (State::RefundDue, 100));
}

#[test]
fn too_little_stock_and_payment_make_a_refund_due() {
    let mut deal = Deal::open(sent_paid_first());
    deal.seller(counter(1500, START.plus(DAY_MS))).buyer(Act::Accept);
    let short = deal.draft(Role::Seller, Act::StockFail { reason: Reason::OutOfStock }).expect("asked");
    let mut alone = deal.clone();
    alone.set.insert(short.clone()).expect("fits");
    assert_eq!((alone.state(), alone.order().stock), (State::Cancelled, StockMark::Failed));
    deal.buyer(pay(None));
    let mut seen = deal.clone();
    deal.set.insert(short).expect("fits");
    assert_eq!(deal.state(), State::RefundDue);
    seen.seller(Act::StockFail { reason: Reason::OutOfStock });
    assert_eq!(seen.state(), State::RefundDue, "the same when the payment was seen");
}

#[test]
fn a_refund_that_was_sent_beats_receipt_of_the_goods() {
    let mut deal = agreed(pickup());
    deal.seller(Act::Start).seller(Act::Ready { code: None }).buyer(pay(Some(500))).wait(14 * DAY_MS);
    let received = deal.draft(Role::Buyer, Act::Receive { code: None }).expect("ready");
    deal.seller(Act::Expire).seller(refund(None));
    deal.set.insert(received).expect("fits");
    assert_eq!((deal.state(), deal.order().refunds), (State::RefundClaimed, 500));
}

#[test]
fn goods_on_their_way_beat_the_buyers_deadline() {
    let mut deal = agreed(sent_paid_first());
    deal.buyer(pay(None)).seller(confirm(None)).wait(14 * DAY_MS).race(Act::Expire, ship());
    assert_eq!(deal.state(), State::Shipped);
}

#[test]
fn what_was_seen_once_cannot_be_unseen() {
    let mut deal = agreed(sent_paid_first());
    let first = deal.order().last_offer;
    deal.buyer(pay(None)).seller(Act::DenyPayment { reason: "no".into() });
    let mut body = deal.forge(Role::Seller, Step::Cancel {}, deal.now).body().clone();
    body.seen = Some(first);
    deal.set.insert(sign(&body, &keys(Role::Seller)).expect("well-formed")).expect("kept");
    assert_eq!(deal.refused(), [(Kind::Cancel, Refusal::WrongState)], "not overtaken: the payment was seen before");
}

#[test]
fn what_is_done_once_counts_once() {
    let mut deal = agreed(pickup());
    let again = deal.forge(Role::Seller, Step::Start {}, deal.now.plus(5_000));
    deal.seller(Act::Start);
    let order = deal.order();
    let second = deal.forge(Role::Seller, Step::Start {}, deal.now.plus(5_000));
    deal.set.insert(second).expect("kept");
    assert_eq!(deal.state(), State::Fulfilling);
    assert_eq!(deal.refused(), [(Kind::Start, Refusal::WrongState)]);
    assert_eq!(order.history.len(), deal.order().history.len());
    assert_eq!(again.body().seq, 1, "made at the place of the first: the next test's matter");
}

#[test]
fn two_events_at_one_place_count_for_nothing() {
    let mut deal = Deal::open(sent_paid_first());
    let reject = deal.draft(Role::Seller, Act::Reject { reason: Reason::Other }).expect("turn");
    let alone = deal.clone();
    deal.seller(Act::Accept).buyer(pay(None));
    assert_eq!(deal.state(), State::PaymentClaimed);
    deal.set.insert(reject.clone()).expect("fits");
    let order = deal.order();
    assert_eq!((order.contested, order.state), (Some(Role::Seller), State::RefundDue), "paid upon a doubled acceptance");
    assert!(order.refused.iter().all(|(_, why)| *why == Refusal::Equivocation) && order.refused.len() == 2);
    assert_eq!(deal.draft(Role::Seller, refund(None)), Err(Refusal::ChainUnknown));
    deal.wait(14 * DAY_MS).buyer(Act::CloseDefaulted);
    assert_eq!(deal.state(), State::Resolved);

    let mut unpaid = alone;
    let accept = unpaid.draft(Role::Seller, Act::Accept).expect("turn");
    unpaid.set.insert(accept).expect("fits");
    unpaid.set.insert(reject).expect("fits");
    assert_eq!((unpaid.state(), unpaid.order().contested), (State::Expired, Some(Role::Seller)));

    let mut later = agreed(pickup());
    let cancel = later.draft(Role::Seller, Act::Cancel).expect("nothing paid");
    later.seller(Act::Start).seller(Act::Ready { code: None }).set.insert(cancel).expect("fits");
    assert_eq!((later.state(), later.order().contested), (State::Agreed, Some(Role::Seller)), "what was agreed before stands");
    later.buyer(Act::Cancel);
    assert_eq!(later.state(), State::Cancelled);
}

#[test]
fn a_receipt_makes_a_move_seen() {
    let mut deal = agreed(sent_paid_first());
    let head = deal.order().head(Role::Seller);
    let cancel = deal.draft(Role::Seller, Act::Cancel).expect("nothing paid yet");
    deal.buyer(pay(None));
    let paid = deal.order().head(Role::Buyer).expect("paid");
    deal.set.insert(cancel.clone()).expect("fits");
    assert_eq!(deal.state(), State::RefundDue, "without a receipt the two are concurrent");
    let receipt = Receipt::new(deal.set.order(), paid, head, keys(Role::Seller).public()).sign(&keys(Role::Seller));
    assert_eq!(deal.set.receive(receipt.clone()), Ok(true));
    assert_eq!(deal.set.receive(receipt), Ok(false));
    assert_eq!(deal.state(), State::PaymentClaimed, "the seller had stored the payment before it cancelled");
    assert_eq!(deal.refused(), [(Kind::Cancel, Refusal::WrongState)]);

    let mut after = agreed(sent_paid_first());
    let own_cancel = after.draft(Role::Seller, Act::Cancel).expect("nothing paid yet");
    after.buyer(pay(None));
    let receipt = Receipt::new(after.set.order(), paid, Some(own_cancel.id()), keys(Role::Seller).public());
    after.set.insert(own_cancel).expect("fits");
    after.set.receive(receipt.sign(&keys(Role::Seller))).expect("holds");
    assert_eq!(after.state(), State::RefundDue, "a receipt given after the move says nothing about the move");
}

#[test]
fn receipts_that_contradict_each_other_stop_nothing() {
    let mut deal = agreed(sent_paid_first());
    let (buyer_head, seller_head) = (deal.order().head(Role::Buyer), deal.order().head(Role::Seller));
    deal.race(pay(None), Act::Cancel);
    let plain = deal.order();
    let ids: Vec<EventId> = plain.history.iter().rev().take(2).copied().collect();
    for (role, head) in [(Role::Buyer, buyer_head), (Role::Seller, seller_head)] {
        let device = keys(role).public();
        let foreign: Vec<&EventId> =
            ids.iter().filter(|id| deal.set.event(id).is_some_and(|event| event.body().author != device)).collect();
        for id in foreign {
            deal.set.receive(Receipt::new(deal.set.order(), *id, head, device).sign(&keys(role))).expect("holds");
        }
    }
    let order = deal.order();
    assert_eq!((order.state, order.history, order.refused), (plain.state, plain.history, plain.refused));
}
