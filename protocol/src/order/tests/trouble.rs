//! Orders that do not simply go well: parts, cancellations that are asked for, returns, disputes, and how each ends.

use super::*;

/// Paid in advance and confirmed.
fn paid() -> Deal {
    let mut deal = agreed(sent_paid_first());
    deal.buyer(pay(None)).seller(confirm(None));
    deal
}

fn delivered() -> Deal {
    let mut deal = paid();
    deal.seller(ship()).buyer(Act::Receive { code: None });
    deal
}

fn ask() -> Act {
    Act::RequestCancel { reason: why("changed my mind") }
}

fn back() -> Act {
    Act::Return { reason: why("too bitter") }
}

fn claim() -> Act {
    Act::Dispute { claim: why("it is not green") }
}

fn no() -> Act {
    Act::Refuse { reason: why("no") }
}

fn disputed() -> Deal {
    let mut deal = paid();
    deal.buyer(claim());
    deal
}

#[test]
fn goods_go_in_parts() {
    let mut deal = paid();
    deal.seller(some_of_it());
    assert_eq!((deal.state(), deal.order().left_of(0), deal.order().goods_of(0)), (State::PartlyShipped, Some(1), (1, 1)));
    let too_many = Act::Ship { lines: vec![(0, 2)], carrier: why("SF"), tracking: why("1") };
    assert_eq!(deal.draft(Role::Seller, too_many), Err(Refusal::BadLines));
    let no_line = Act::Ship { lines: vec![(1, 1)], carrier: why("SF"), tracking: why("1") };
    assert_eq!(deal.draft(Role::Seller, no_line), Err(Refusal::BadLines));
    assert_eq!(deal.draft(Role::Buyer, Act::Receive { code: None }), Err(Refusal::WrongState), "not before all of it is on its way");
    let mut late = deal.clone();
    deal.seller(ship());
    assert_eq!((deal.state(), deal.order().stock, deal.order().goods_of(0)), (State::Shipped, StockMark::Sold, (0, 2)));
    late.wait(14 * DAY_MS).buyer(Act::Expire);
    assert_eq!((late.state(), late.order().stock), (State::RefundDue, StockMark::Released));
    assert_eq!(late.order().goods_of(0), (0, 1), "what was sent is gone, the rest is free");
}

#[test]
fn a_file_is_handed_over_once_and_only_where_that_was_agreed() {
    let mut deal = agreed(terms(Delivery::Digital {}, Timing::Before));
    deal.buyer(pay(None)).seller(confirm(None));
    let mut by_mail = deal.clone();
    by_mail.seller(ship());
    assert_eq!(by_mail.state(), State::Shipped, "a file may go by any way");
    deal.seller(file());
    assert_eq!((deal.state(), deal.order().stock), (State::Shipped, StockMark::Sold));
    assert_eq!(paid().draft(Role::Seller, file()), Err(Refusal::WrongDelivery));
}

#[test]
fn to_call_off_is_asked_for_and_answered() {
    let mut deal = paid();
    deal.buyer(ask());
    assert_eq!(deal.state(), State::Fulfilling);
    assert_eq!(deal.draft(Role::Buyer, ask()), Err(Refusal::AlreadyAsked));
    assert_eq!(deal.draft(Role::Seller, ask()), Err(Refusal::AlreadyAsked), "who was asked says yes instead");
    assert_eq!(deal.draft(Role::Buyer, Act::Agree), Err(Refusal::TooEarly), "who asked may not answer yet");
    let mut refused = deal.clone();
    refused.seller(no());
    assert_eq!((refused.state(), refused.order().asked), (State::Fulfilling, None));
    assert_eq!(refused.draft(Role::Seller, no()), Err(Refusal::NothingAsked));
    refused.buyer(ask());
    let mut silent = deal.clone();
    deal.seller(Act::Agree);
    assert_eq!((deal.state(), deal.order().stock, deal.order().refund_left()), (State::RefundDue, StockMark::Released, 2240));
    silent.wait(14 * DAY_MS);
    assert!(silent.verbs(Role::Buyer).contains(&Verb::Expire));
    silent.buyer(Act::Expire);
    assert_eq!(silent.state(), State::RefundDue, "silence until the goods are late is a yes");
    let mut nothing_paid = agreed(pickup());
    assert_eq!(nothing_paid.draft(Role::Buyer, ask()), Err(Refusal::NotPaid), "cancel is enough");
    nothing_paid.seller(Act::Start).seller(ask()).buyer(Act::Agree);
    assert_eq!(nothing_paid.state(), State::Cancelled, "nothing was paid");
}

#[test]
fn a_shipment_beats_the_wish_to_call_off_which_becomes_a_return() {
    let mut deal = paid();
    deal.race(ask(), ship());
    assert_eq!((deal.state(), deal.refused()), (State::Returning, vec![]));
    assert_eq!(deal.order().asked, Some(Asked { what: Question::Return, by: Role::Buyer }));
    let mut kept = deal.clone();
    kept.seller(no());
    assert_eq!(kept.state(), State::Shipped, "back to what it was");
    deal.seller(Act::Agree).seller(Act::ReturnReceived { restock: true });
    assert_eq!((deal.state(), deal.order().stock, deal.order().goods_of(0)), (State::RefundDue, StockMark::Released, (0, 0)));

    let mut seen = paid();
    seen.seller(ship()).buyer(ask());
    assert_eq!(seen.state(), State::Shipped, "who knew of the shipment asks the other side");
    seen.seller(Act::Agree);
    assert_eq!(seen.state(), State::RefundDue);
}

#[test]
fn goods_come_back_within_the_time_of_the_terms() {
    let mut deal = delivered();
    deal.buyer(Act::Complete);
    let late = deal.clone();
    deal.buyer(back());
    assert_eq!(deal.state(), State::Returning);
    let silent = deal.clone();
    let mut refused = deal.clone();
    refused.seller(no());
    assert_eq!(refused.state(), State::Delivered, "the buyer may complain, so it is not complete");
    assert!(refused.verbs(Role::Buyer).contains(&Verb::Dispute));
    deal.seller(Act::Agree);
    let mut kept = deal.clone();
    deal.seller(Act::ReturnReceived { restock: false });
    assert_eq!((deal.state(), deal.order().stock), (State::RefundDue, StockMark::Sold), "not to be sold again");
    deal.seller(refund(None)).buyer(Act::ConfirmRefund);
    assert_eq!(deal.state(), State::Refunded);

    kept.wait(14 * DAY_MS);
    assert_eq!(kept.draft(Role::Buyer, Act::CloseDefaulted), Err(Refusal::NothingAsked));
    kept.seller(Act::CloseDefaulted);
    assert_eq!((kept.state(), kept.order().closing), (State::Resolved, Some(Closing::Defaulted(Role::Buyer))), "they never came back");
    let mut silent = silent;
    silent.wait(14 * DAY_MS).buyer(Act::CloseDefaulted);
    assert_eq!(silent.order().closing, Some(Closing::Defaulted(Role::Seller)), "no answer");

    let mut late = late;
    late.wait(14 * DAY_MS);
    assert_eq!(late.draft(Role::Buyer, back()), Err(Refusal::TooLate));
    let mut never = sent_paid_first();
    never.return_within = 0;
    let mut never = agreed(never);
    never.buyer(pay(None)).seller(confirm(None)).seller(ship()).buyer(Act::Receive { code: None });
    assert_eq!(never.draft(Role::Buyer, back()), Err(Refusal::TooLate));
    let mut free = agreed(pickup());
    free.seller(Act::Start).seller(Act::Ready { code: None }).buyer(Act::Receive { code: None }).buyer(back());
    free.seller(Act::ReturnReceived { restock: true });
    assert_eq!(free.state(), State::Cancelled, "nothing was paid");
}

#[test]
fn a_dispute_is_settled_by_the_two() {
    let mut deal = disputed();
    assert_eq!(deal.draft(Role::Buyer, claim()), Err(Refusal::AlreadyAsked));
    assert_eq!(deal.draft(Role::Seller, settle(2241)), Err(Refusal::TooMuch));
    deal.seller(settle(700));
    assert_eq!(deal.draft(Role::Seller, Act::Agree), Err(Refusal::NoSettlement), "nobody agrees with oneself");
    let mut refused = deal.clone();
    refused.buyer(no());
    assert_eq!(refused.draft(Role::Buyer, Act::Agree), Err(Refusal::NoSettlement));
    refused.buyer(settle(1000)).seller(settle(900)).seller(Act::Agree);
    assert_eq!(refused.order().settled, Some(1000), "each side's last offer stands by itself");
    deal.buyer(Act::Agree);
    let order = deal.order();
    assert_eq!((order.state, order.settled, order.closing), (State::Resolved, Some(700), Some(Closing::Settled)));
    assert_eq!(order.stock, StockMark::Released);
}

#[test]
fn a_settlement_that_was_replaced_is_not_agreed_to_by_accident() {
    let mut deal = disputed();
    deal.seller(settle(700));
    deal.race(Act::Agree, settle(10));
    assert_eq!(deal.order().settled, Some(700), "the buyer said yes to the one it knew");
    let mut other = disputed();
    other.seller(settle(700)).seller(settle(10));
    let order = other.order();
    let first = order.history[order.history.len() - 2];
    let stale = other.forge(Role::Buyer, Step::SettleAccept { offer: first }, other.now);
    other.set.insert(stale).expect("kept");
    assert_eq!(other.refused(), [(Kind::SettleAccept, Refusal::NoSettlement)]);
}

#[test]
fn a_dispute_is_decided_by_the_resolver_alone() {
    let mut deal = disputed();
    let order = deal.order();
    let word = decision(&order, 700);
    let mine = Decision::new(order.id, [None, None], cny(700), why("mine"), keys(Role::Buyer).public()).sign(&keys(Role::Buyer));
    assert_eq!(deal.draft(Role::Buyer, Act::Decide { decision: mine }), Err(Refusal::OtherResolver));
    let elsewhere = Decision::new(OrderId([1; 32]), [None, None], cny(7), why("x"), resolver_keys().public()).sign(&resolver_keys());
    assert_eq!(deal.draft(Role::Buyer, Act::Decide { decision: elsewhere }), Err(Refusal::OtherResolver));
    assert_eq!(deal.draft(Role::Buyer, Act::Decide { decision: decision(&order, 2241) }), Err(Refusal::TooMuch));
    let mut nothing = deal.clone();
    deal.buyer(Act::Decide { decision: word });
    assert_eq!((deal.state(), deal.order().dispute.decided), (State::Decided, Some(700)));
    assert!(!deal.verbs(Role::Buyer).contains(&Verb::Perform), "the seller pays");
    let mut silent = deal.clone();
    deal.seller(Act::Perform { reference: why("RX-2") });
    assert_eq!((deal.state(), deal.order().closing, deal.order().refunds), (State::Resolved, Some(Closing::Performed), 700));
    silent.wait(14 * DAY_MS).buyer(Act::CloseDefaulted);
    assert_eq!(silent.order().closing, Some(Closing::Defaulted(Role::Seller)));
    let word = decision(&nothing.order(), 0);
    nothing.seller(Act::Decide { decision: word }).buyer(Act::Perform { reference: why("-") });
    assert_eq!((nothing.state(), nothing.order().refunds), (State::Resolved, 0));
    let mut without = sent_paid_first();
    without.resolver = None;
    let mut without = agreed(without);
    without.buyer(pay(None)).buyer(claim());
    let word = decision(&without.order(), 1);
    assert_eq!(without.draft(Role::Buyer, Act::Decide { decision: word }), Err(Refusal::OtherResolver));
}

#[test]
fn a_dispute_that_nobody_ends_is_closed_by_who_spoke() {
    let mut deal = disputed();
    deal.wait(14 * DAY_MS);
    assert_eq!(deal.draft(Role::Seller, Act::CloseDefaulted), Err(Refusal::NotSpoken));
    let mut spoke_late = deal.clone();
    deal.buyer(Act::CloseDefaulted);
    assert_eq!(deal.order().closing, Some(Closing::Defaulted(Role::Seller)));
    spoke_late.seller(claim());
    assert_eq!(spoke_late.draft(Role::Buyer, Act::CloseDefaulted), Err(Refusal::TooEarly), "the first word begins the time anew");
    spoke_late.seller(settle(1)).wait(7 * DAY_MS).seller(settle(2)).seller(settle(3)).wait(7 * DAY_MS);
    spoke_late.buyer(Act::CloseDefaulted);
    assert_eq!(spoke_late.order().closing, Some(Closing::Unresolved), "further offers do not put it off");
}

#[test]
fn complaints_about_goods_end_and_others_do_not() {
    let mut deal = delivered();
    deal.wait(30 * DAY_MS);
    assert_eq!(deal.draft(Role::Buyer, claim()), Err(Refusal::TooLate));
    let mut race = delivered();
    race.wait(30 * DAY_MS);
    let complete = race.draft(Role::Seller, Act::Expire).expect("the time is over");
    race.now = Millis(race.now.0 - 2);
    let dispute = race.draft(Role::Buyer, claim()).expect("inside the skew");
    race.set.insert(complete).expect("fits");
    race.set.insert(dispute).expect("fits");
    assert_eq!((race.state(), race.refused()), (State::Disputed, vec![(Kind::Complete, Refusal::Overtaken)]));
    let mut refund_never_came = paid();
    refund_never_came.buyer(ask()).seller(Act::Agree).seller(refund(None)).wait(60 * DAY_MS).buyer(claim());
    assert_eq!(refund_never_came.state(), State::Disputed);
}

#[test]
fn complaints_at_the_same_time_are_one_dispute() {
    let mut deal = paid();
    deal.race(claim(), claim());
    assert_eq!((deal.state(), deal.refused()), (State::Disputed, vec![]));
    assert!(deal.order().dispute.has_claimed(Role::Buyer) && deal.order().dispute.has_claimed(Role::Seller));
    let mut received = paid();
    received.seller(ship());
    let dispute = received.draft(Role::Seller, claim()).expect("may");
    received.buyer(Act::Receive { code: None });
    received.set.insert(dispute).expect("fits");
    assert_eq!((received.state(), received.refused()), (State::Disputed, vec![(Kind::Received, Refusal::Overtaken)]));
}

#[test]
fn nobody_is_trapped_by_a_payment_that_never_came() {
    let mut deal = agreed(sent_paid_first());
    deal.buyer(pay(None)).seller(Act::DenyPayment { reason: why("not here") }).seller(claim());
    deal.wait(14 * DAY_MS).seller(Act::CloseDefaulted);
    assert_eq!((deal.state(), deal.order().closing), (State::Resolved, Some(Closing::Defaulted(Role::Buyer))));
    assert_eq!(deal.order().stock, StockMark::Released);
}

#[test]
fn words_and_addresses_move_nothing_and_leave_room() {
    let mut deal = paid();
    let before = deal.order();
    deal.buyer(Act::Say { text: why("is it on its way?") }).seller(Act::Say { text: why("tomorrow") });
    deal.buyer(Act::Address { personal: Digest([4; 32]) });
    let order = deal.order();
    assert_eq!((order.state, order.since, order.personal), (before.state, before.since, Some(Digest([4; 32]))));
    deal.seller(ship());
    assert_eq!(deal.draft(Role::Buyer, Act::Address { personal: Digest([4; 32]) }), Err(Refusal::WrongState));
    let body = deal.draft(Role::Buyer, Act::Say { text: why("x") }).expect("always").body().clone();
    let late = EventBody { seq: 256, ..body };
    let case = judge::Case { role: Role::Buyer, body: &late, seen: 0 };
    assert_eq!(judge::judge(&deal.order(), case).map(drop), Err(Refusal::TooMany), "half of the chain is for deeds");
}
