//! Orders that go well, told from the first offer to the last word.

use super::*;

#[test]
fn cash_at_the_gate_in_either_order() {
    let mut deal = Deal::open(pickup());
    deal.seller(counter(1600, START.plus(DAY_MS)));
    assert_eq!(deal.order().turn, Some(Role::Buyer));
    assert_eq!(deal.order().terms.total, cny(1600));
    deal.buyer(Act::Accept);
    assert_eq!((deal.state(), deal.order().stock), (State::Agreed, StockMark::Asked));
    assert!(draft::is_stock_asked(&deal.order()));
    assert_eq!(deal.draft(Role::Seller, Act::Start), Err(Refusal::StockNotHeld));
    deal.seller(Act::StockConfirm).seller(Act::Start).seller(Act::Ready { code: None });
    let ready = deal.clone();
    deal.buyer(Act::Receive { code: None });
    assert_eq!((deal.state(), deal.order().stock), (State::Delivered, StockMark::Sold));
    deal.seller(confirm(None));
    assert_eq!(deal.state(), State::Completed);

    let mut other_way = ready;
    other_way.seller(confirm(None));
    assert_eq!(other_way.state(), State::Ready);
    other_way.buyer(Act::Receive { code: None });
    assert_eq!(other_way.state(), State::Completed);
    assert_eq!(other_way.refused(), []);
}

#[test]
fn paid_first_shipped_received_completed() {
    let mut deal = agreed(sent_paid_first());
    assert_eq!(deal.order().stock, StockMark::Held, "whose acceptance it is holds the stock in the same breath");
    assert_eq!(deal.order().terms.total, cny(2240), "delivery is added to the goods");
    deal.buyer(pay(Some(2000)));
    assert_eq!(deal.state(), State::PaymentClaimed);
    deal.seller(Act::DenyPayment { reason: "not here".into() });
    assert!(deal.order().payment_denied);
    deal.buyer(pay(None)).seller(Act::DenyPayment { reason: "still not".into() });
    assert!(deal.verbs(Role::Buyer).contains(&Verb::Pay), "a denied claim may be made again");
    deal.buyer(pay(None)).seller(confirm(Some(2000)));
    assert_eq!((deal.state(), deal.order().remainder()), (State::PaymentClaimed, 240));
    deal.seller(confirm(None));
    assert_eq!((deal.state(), deal.order().paid_claimed), (State::Fulfilling, 2240));
    deal.seller(ship()).buyer(Act::Receive { code: None });
    assert_eq!(deal.state(), State::Delivered);
    deal.buyer(Act::Complete);
    assert_eq!((deal.state(), deal.order().outcome()), (State::Completed, Some(State::Completed)));
}

#[test]
fn a_bargain_goes_back_and_forth() {
    let mut deal = Deal::open(pickup());
    let end = START.plus(DAY_MS);
    deal.seller(counter(1500, end)).buyer(counter(1400, end)).seller(counter(1450, end)).buyer(Act::Accept);
    let order = deal.order();
    assert_eq!((order.rounds, order.terms.goods, order.terms.total), (3, cny(1450), cny(1450)));
    assert_eq!(order.terms.adjustments, [Adjustment { name: "bargain".into(), amount: cny(-190) }]);
    assert_eq!(order.agreed, Some(order.terms.hash()));
    let right = deal.set.review_right(&order).expect("both signed");
    assert_eq!(right.verify(), Ok(()));
    assert_eq!((right.right.order, right.right.listing), (order.id, line().listing));
}

#[test]
fn verbs_say_what_is_possible_now() {
    let mut deal = Deal::open(pickup());
    assert_eq!(deal.verbs(Role::Buyer), [Verb::Withdraw]);
    assert_eq!(deal.verbs(Role::Seller), [Verb::Counter, Verb::Accept, Verb::Reject]);
    let expires = verb::opens(&deal.order(), Role::Buyer, deal.now);
    assert_eq!(expires, Some(START.plus(2 * DAY_MS + CLOCK_SKEW_MS + 1)));
    deal.seller(Act::Accept);
    assert_eq!(deal.verbs(Role::Buyer), [Verb::Cancel, Verb::Address, Verb::Pay, Verb::Review]);
    assert_eq!(deal.verbs(Role::Seller), [Verb::Cancel, Verb::ConfirmPayment, Verb::Start, Verb::Review]);
    deal.seller(Act::Start).seller(Act::Ready { code: None });
    assert_eq!(deal.verbs(Role::Buyer), [Verb::Pay, Verb::Receive, Verb::RequestCancel, Verb::Dispute, Verb::Review]);
    deal.wait(14 * DAY_MS);
    assert!(deal.verbs(Role::Seller).contains(&Verb::Expire));
    deal.seller(Act::Expire);
    assert_eq!((deal.state(), deal.order().stock), (State::Cancelled, StockMark::Released));
    assert_eq!(deal.verbs(Role::Buyer), [Verb::Pay, Verb::Review], "a payment that was under way is never left out");
}

#[test]
fn deadline_rights_open_after_the_skew_and_not_before() {
    let mut deal = agreed(sent_paid_first());
    let due = deal.order().agreed_at.expect("agreed").plus(3 * DAY_MS);
    assert_eq!(deal.order().deadlines, [(Deadline::PayBy, due)]);
    deal.now = due.plus(CLOCK_SKEW_MS);
    assert_eq!(deal.draft(Role::Seller, Act::Expire), Err(Refusal::TooEarly));
    deal.now = due.plus(CLOCK_SKEW_MS + 1);
    assert_eq!(deal.draft(Role::Seller, Act::Expire).expect("open").kind(), Kind::ExpireUnpaid);
    assert_eq!(deal.draft(Role::Buyer, Act::Expire), Err(Refusal::TooEarly), "the right is the seller's");

    let mut sent = agreed(sent_paid_first());
    sent.buyer(pay(None)).seller(confirm(None)).seller(ship()).wait(14 * DAY_MS).seller(Act::Expire);
    assert_eq!(sent.state(), State::Completed, "received by silence, and paid");
    let mut received = agreed(sent_paid_first());
    received.buyer(pay(None)).seller(confirm(None)).seller(ship()).buyer(Act::Receive { code: None });
    assert!(!received.verbs(Role::Seller).contains(&Verb::Expire));
    received.wait(30 * DAY_MS).seller(Act::Expire);
    assert_eq!(received.state(), State::Completed);
}

#[test]
fn more_than_all_is_not_claimed_where_pay_is_not_named() {
    let mut deal = agreed(sent_paid_first());
    deal.buyer(pay(None)).buyer(Act::RequestCancel { reason: "no".into() }).seller(Act::Agree);
    assert_eq!(deal.state(), State::RefundDue);
    assert!(!deal.verbs(Role::Buyer).contains(&Verb::Pay));
    assert_eq!(deal.draft(Role::Buyer, pay(Some(1))), Err(Refusal::AlreadyPaid));
    let mut denied = agreed(sent_paid_first());
    denied.buyer(pay(None)).seller(Act::DenyPayment { reason: "nothing came".into() });
    assert!(denied.verbs(Role::Buyer).contains(&Verb::Pay) && denied.draft(Role::Buyer, pay(Some(1))).is_ok(), "proved anew");
}

#[test]
fn what_expire_signs_no_other_verb_does() {
    let paid = || {
        let mut deal = agreed(sent_paid_first());
        deal.buyer(pay(None)).seller(confirm(None));
        deal
    };
    let mut received = paid();
    received.seller(ship()).buyer(Act::Receive { code: None }).wait(30 * DAY_MS);
    let mut refunded = paid();
    refunded.buyer(Act::RequestCancel { reason: "no".into() }).seller(Act::Agree).seller(refund(None)).wait(14 * DAY_MS);
    let mut asked = paid();
    asked.seller(Act::RequestCancel { reason: "no".into() }).wait(14 * DAY_MS);
    for (deal, act, verb) in
        [(received, Act::Complete, Verb::Complete), (refunded, Act::ConfirmRefund, Verb::ConfirmRefund), (asked, Act::Agree, Verb::Agree)]
    {
        let verbs = deal.verbs(Role::Seller);
        assert!(verbs.contains(&Verb::Expire) && !verbs.contains(&verb), "{verbs:?}");
        assert_eq!(deal.draft(Role::Seller, act), Err(Refusal::WrongSigner), "{verb:?}");
        assert!(deal.draft(Role::Seller, Act::Expire).is_ok());
    }
}

#[test]
fn money_comes_back() {
    let mut deal = agreed(sent_paid_first());
    deal.buyer(pay(None)).wait(14 * DAY_MS).buyer(Act::Expire);
    assert_eq!((deal.state(), deal.order().stock), (State::RefundDue, StockMark::Released));
    assert_eq!(deal.draft(Role::Seller, refund(Some(2241))), Err(Refusal::TooMuch));
    deal.seller(refund(Some(240)));
    assert_eq!((deal.state(), deal.order().refund_left()), (State::RefundClaimed, 2000));
    deal.seller(refund(None));
    let silent = deal.clone();
    deal.buyer(Act::ConfirmRefund);
    assert_eq!(deal.state(), State::Refunded);
    let mut silent = silent;
    silent.wait(14 * DAY_MS).seller(Act::Expire);
    assert_eq!(silent.state(), State::Refunded);
}
