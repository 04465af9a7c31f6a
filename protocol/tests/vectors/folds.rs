//! Orders: where sets of events and receipts leave them.

use serde::Serialize;

use haat_protocol::codec::encode;
use haat_protocol::id::{DeviceId, Digest, EventId, OrderId};
use haat_protocol::limits::{CLOCK_SKEW_MS, MONEY_MAX_MINOR};
use haat_protocol::money::Money;
use haat_protocol::order::handover::code_commitment;
use haat_protocol::order::{Act, Decision, Event, EventBody, Reason, Right, Role, SignedEvent, SignedReceipt, Step, Terms, sign};
use haat_protocol::time::{DAY_MS, Millis};

use crate::deals::{Deal, confirm, counter, decision, keys, pay, pickup, refund, seed, sent_paid_first, sent_paid_later, ship, wander};
use crate::kit::{START, cny, currency, device, pair};
use crate::orders::{first_body, raw};
use crate::sheet::{Case, Sheet};

const WANDERED: u64 = 16;

#[derive(Serialize)]
struct Pile {
    order: OrderId,
    events: Vec<SignedEvent>,
    receipts: Vec<SignedReceipt>,
}

/// The set of a deal, to be folded.
pub(crate) fn pile(deal: &Deal) -> Case {
    let events = deal.set.events().map(|event| event.signed().clone()).collect();
    let receipts = deal.set.receipts().map(|(receipt, _)| receipt.clone()).collect();
    Case::new("order", encode(&Pile { order: deal.set.order(), events, receipts }))
}

pub(crate) fn sheet() -> Sheet {
    let mut sheet = Sheet::new("folds", "Where sets of events and receipts leave an order (docs/orders.md).");
    lives(&mut sheet);
    troubles(&mut sheet);
    crate::hands::sheet(&mut sheet);
    races(&mut sheet);
    contested(&mut sheet);
    refused(&mut sheet);
    refused_money(&mut sheet);
    no_order(&mut sheet);
    for number in 0..WANDERED {
        sheet.good(
            &format!("by chance {number}"),
            "two nodes that acted by chance and heard of each other by chance",
            pile(&wander(number)),
        );
    }
    sheet
}

fn lives(sheet: &mut Sheet) {
    let (b, s) = (Role::Buyer, Role::Seller);
    let paid = [(b, pay(None)), (s, confirm(None)), (s, ship()), (b, Act::Receive { code: None }), (b, Act::Complete)];
    let cash = [(s, Act::Start), (s, Act::Ready { code: None }), (b, Act::Receive { code: None }), (s, confirm(Some(40))), (b, pay(None))];
    let back = [(b, Act::Cancel), (b, pay(None)), (s, refund(Some(100))), (s, refund(None)), (b, Act::ConfirmRefund)];
    for (name, terms, script) in [("paid first", sent_paid_first(), paid), ("cash", pickup(), cash), ("refund", pickup(), back)] {
        let mut deal = Deal::agreed(terms);
        sheet.good(&format!("{name}, agreed"), "an order on its way", pile(&deal));
        for (place, (role, act)) in script.into_iter().enumerate() {
            deal = deal.act(role, act);
            sheet.good(&format!("{name}, step {place}"), "an order on its way", pile(&deal));
        }
    }
    let open = || Deal::open(pickup());
    let late = || Deal::agreed(sent_paid_first()).wait(3 * DAY_MS);
    let sent = || Deal::agreed(sent_paid_later()).seller(Act::Start).seller(ship());
    let bargained = open().seller(counter(1600)).buyer(Act::Accept);
    let ends = [
        ("offered", open()),
        ("countered", open().seller(counter(1600))),
        ("countered twice", open().seller(counter(1600)).buyer(counter(1500))),
        ("accepted by the buyer", bargained.clone()),
        ("stock confirmed", bargained.clone().seller(Act::StockConfirm)),
        ("stock failed", bargained.clone().seller(Act::StockFail { reason: Reason::OutOfStock })),
        ("rejected", open().seller(Act::Reject { reason: Reason::Price })),
        ("withdrawn", open().buyer(Act::Withdraw)),
        ("expired", open().wait(2 * DAY_MS).seller(Act::Expire)),
        ("unpaid", late().seller(Act::Expire)),
        ("denied", Deal::agreed(sent_paid_first()).buyer(pay(None)).seller(Act::DenyPayment { reason: "no".into() })),
        ("unfulfilled", Deal::agreed(sent_paid_later()).wait(14 * DAY_MS).buyer(Act::Expire)),
        ("auto received", sent().wait(14 * DAY_MS).seller(Act::Expire)),
        ("uncollected", Deal::agreed(pickup()).seller(Act::Start).seller(Act::Ready { code: None }).wait(14 * DAY_MS).seller(Act::Expire)),
        ("waived", sent().buyer(Act::Receive { code: None }).seller(Act::Waive)),
        ("completed late", sent().seller(confirm(None)).buyer(Act::Receive { code: None }).wait(30 * DAY_MS).seller(Act::Expire)),
        ("defaulted", sent().buyer(Act::Receive { code: None }).wait(14 * DAY_MS).seller(Act::CloseDefaulted)),
        ("confirmed never", sent().buyer(Act::Receive { code: None }).buyer(pay(None)).wait(14 * DAY_MS).buyer(Act::CloseDefaulted)),
    ];
    for (name, deal) in ends {
        sheet.good(name, "a state and the way to it", pile(&deal));
    }
}

/// Orders that do not simply go well.
fn troubles(sheet: &mut Sheet) {
    let (b, s) = (Role::Buyer, Role::Seller);
    let paid = || Deal::agreed(sent_paid_first()).buyer(pay(None)).seller(confirm(None));
    let part = || Act::Ship { lines: vec![(0, 1)], carrier: "SF".into(), tracking: "1".into() };
    let ask = || Act::RequestCancel { reason: "changed my mind".into() };
    let back = || Act::Return { reason: "too bitter".into() };
    let claim = || Act::Dispute { claim: "it is not green".into() };
    let settle = |minor| Act::Settle { refund: cny(minor) };
    let no = || Act::Refuse { reason: "no".into() };
    let here = || Act::Receive { code: None };
    let had = || paid().seller(ship()).buyer(here());
    let decided = |minor| {
        let deal = paid().buyer(claim());
        let decision = decision(deal.set.order(), minor);
        deal.seller(Act::Decide { decision })
    };
    let late = |deal: Deal| deal.wait(14 * DAY_MS);
    let said = || Act::Say { text: "is it on its way?".into() };
    let ends = [
        ("part of it", paid().seller(part())),
        ("part and the rest", paid().seller(part()).seller(ship())),
        ("part and too late", late(paid().seller(part())).buyer(Act::Expire)),
        ("cancel asked", paid().buyer(ask())),
        ("cancel agreed", paid().buyer(ask()).seller(Act::Agree)),
        ("cancel refused", paid().seller(ask()).buyer(no())),
        ("cancel by silence", late(paid().buyer(ask())).buyer(Act::Expire)),
        ("cancel against ship", paid().race(ask(), ship())),
        ("cancel against ship, refused", paid().race(ask(), ship()).seller(no())),
        ("return asked", had().buyer(back())),
        ("return of what was complete", had().buyer(Act::Complete).buyer(back()).seller(no())),
        ("return agreed", had().buyer(back()).seller(Act::Agree)),
        ("returned", had().buyer(back()).seller(Act::Agree).seller(Act::ReturnReceived { restock: true })),
        ("returned spoilt", had().buyer(back()).seller(Act::ReturnReceived { restock: false })),
        ("return unanswered", late(had().buyer(back())).buyer(Act::CloseDefaulted)),
        ("never returned", late(had().buyer(back()).seller(Act::Agree)).seller(Act::CloseDefaulted)),
        ("disputed", paid().buyer(claim())),
        ("disputed twice", paid().race(claim(), claim())),
        ("settlement offered", paid().buyer(claim()).seller(settle(700))),
        ("settlement refused", paid().buyer(claim()).seller(settle(700)).buyer(no())),
        ("settled", paid().buyer(claim()).seller(settle(700)).buyer(Act::Agree)),
        ("settled by the one it knew", paid().buyer(claim()).seller(settle(700)).race(Act::Agree, settle(1))),
        ("closed on the silent", late(paid().buyer(claim())).buyer(Act::CloseDefaulted)),
        ("closed unresolved", late(paid().buyer(claim()).seller(settle(7))).seller(Act::CloseDefaulted)),
        ("decided", decided(700)),
        ("decided for nothing", decided(0).buyer(Act::Perform { reference: String::new() })),
        ("decided and done", decided(700).seller(Act::Perform { reference: "RX-2".into() })),
        ("decided and not done", late(decided(700)).buyer(Act::CloseDefaulted)),
        ("words and address", paid().buyer(said()).buyer(Act::Address { personal: Digest([4; 32]) }).seller(said())),
    ];
    for (name, deal) in ends {
        sheet.good(name, "an order in trouble", pile(&deal));
    }
    let ready = || Deal::agreed(pickup()).seller(Act::Start);
    let code = code_commitment(&ready().set.order(), "K7Q2M9XR");
    let ready = ready().seller(Act::Ready { code: Some(code) });
    sheet.good("the right code", "goods handed over", pile(&ready.clone().buyer(Act::Receive { code: Some("K7Q2M9XR".into()) })));
    let wrong = ready.forge(b, Step::Received { code: Some("K7Q2M9XS".into()) });
    sheet.good("a wrong code", "goods handed over", pile(&wrong));
    let stale = paid().buyer(claim()).forge(s, Step::SettleAccept { offer: EventId([1; 32]) });
    sheet.good("no such settlement", "an order in trouble", pile(&stale));
    let other = Decision::new(stale.set.order(), [None, None], cny(1), "mine".into(), device(2)).sign(&pair(2));
    sheet.good("decided by another", "an order in trouble", pile(&paid().buyer(claim()).forge(s, Step::Decide { decision: other })));
}

fn races(sheet: &mut Sheet) {
    let good = |sheet: &mut Sheet, name: &str, deal: &Deal| sheet.good(name, "two moves at the same time", pile(deal));
    good(sheet, "withdraw against accept", &Deal::open(pickup()).race(Act::Withdraw, Act::Accept));
    good(sheet, "pay against cancel", &Deal::agreed(sent_paid_first()).race(pay(None), Act::Cancel));
    good(sheet, "cancel against start", &Deal::agreed(pickup()).race(Act::Cancel, Act::Start));
    let late = Deal::agreed(sent_paid_first()).buyer(pay(None)).seller(confirm(None)).wait(14 * DAY_MS);
    good(sheet, "deadline against ship", &late.race(Act::Expire, ship()));
    let bargain = Deal::open(sent_paid_first()).seller(counter(1500));
    let withdraw = bargain.draft(Role::Seller, Act::Withdraw).expect("an own offer");
    good(sheet, "paid upon a lost acceptance", &bargain.buyer(Act::Accept).buyer(pay(None)).put(withdraw));

    let deal = Deal::agreed(sent_paid_first());
    let head = deal.order().head(Role::Seller);
    let cancel = deal.draft(Role::Seller, Act::Cancel).expect("nothing is paid");
    let deal = deal.buyer(pay(None));
    let paid = deal.order().head(Role::Buyer).expect("paid");
    let mut seen = deal.clone().put(cancel.clone());
    seen.set.receive(seen.receipt(Role::Seller, paid, head)).expect("it holds");
    good(sheet, "a receipt makes a move seen", &seen);
    let mut after = deal.put(cancel.clone());
    after.set.receive(after.receipt(Role::Seller, paid, Some(cancel.id()))).expect("it holds");
    good(sheet, "a receipt after the move", &after);
    let mut both = Deal::agreed(sent_paid_first());
    let heads = [Role::Buyer, Role::Seller].map(|role| both.order().head(role));
    both = both.race(pay(None), Act::Cancel);
    let last: Vec<EventId> = both.order().history.iter().rev().take(2).copied().collect();
    for (role, head) in [Role::Buyer, Role::Seller].into_iter().zip(heads) {
        for id in &last {
            if both.set.event(id).is_some_and(|event| event.body().author != device(seed(role))) {
                both.set.receive(both.receipt(role, *id, head)).expect("it holds");
            }
        }
    }
    good(sheet, "receipts that contradict each other", &both);
}

fn contested(sheet: &mut Sheet) {
    let good = |sheet: &mut Sheet, name: &str, what, deal: &Deal| sheet.good(name, what, pile(deal));
    let open = Deal::open(sent_paid_first());
    let reject = open.draft(Role::Seller, Act::Reject { reason: Reason::Other }).expect("its turn");
    let twice = "two events of one author at one place";
    good(sheet, "doubled answer", twice, &open.clone().seller(Act::Accept).put(reject.clone()));
    good(sheet, "paid upon a doubled acceptance", twice, &open.seller(Act::Accept).buyer(pay(None)).put(reject));
    let agreed = Deal::agreed(pickup());
    let cancel = agreed.draft(Role::Seller, Act::Cancel).expect("nothing is paid");
    good(sheet, "doubled later", twice, &agreed.clone().seller(Act::Start).seller(Act::Ready { code: None }).put(cancel));
    let start = agreed.body(Role::Seller, Step::Start {});
    let put = |change: &dyn Fn(&mut EventBody)| {
        let mut body = start.clone();
        change(&mut body);
        agreed.clone().put(sign(&body, &keys(Role::Seller)).expect("well-formed"))
    };
    let (own, other) = (agreed.order().head(Role::Seller), agreed.order().head(Role::Buyer));
    good(sheet, "a gap waits", "its predecessor is not here", &put(&|b| b.seq = 2));
    good(sheet, "an unknown predecessor waits", "its predecessor is not here", &put(&|b| b.prev = Some(EventId([5; 32]))));
    good(sheet, "an unknown citation waits", "what it had seen is not here", &put(&|b| b.seen = Some(EventId([5; 32]))));
    good(sheet, "a wrong predecessor", "it does not follow the event before", &put(&|b| b.prev = other));
    good(sheet, "a citation of oneself", "it does not cite the other side", &put(&|b| b.seen = own));
    good(sheet, "time backwards", "before the author's event before", &put(&|b| b.at = START));
    let stranger = EventBody { author: DeviceId(device(9).0), ..start.clone() };
    good(sheet, "by a stranger", "by nobody's device", &agreed.clone().put(Event::read(raw(&stranger, &pair(9))).expect("well-formed")));
    let open = Deal::open(pickup());
    let mut early = open.draft(Role::Seller, Act::Accept).expect("its turn").body().clone();
    early.at = Millis(START.0 - CLOCK_SKEW_MS - 1);
    good(
        sheet,
        "before what it saw",
        "more than ten minutes before what it had seen",
        &open.put(sign(&early, &keys(Role::Seller)).expect("well-formed")),
    );
}

fn refused(sheet: &mut Sheet) {
    let good = |sheet: &mut Sheet, name: &str, deal: Deal, role: Role, step: Step| {
        sheet.good(&format!("refused, {name}"), "an event without effect, and why", pile(&deal.forge(role, step)));
    };
    let (b, s) = (Role::Buyer, Role::Seller);
    let open = || Deal::open(pickup());
    let order = open().order();
    let right = Right::of(order.id, &order.terms).expect("a line");
    let accept = |offer, terms, right| Step::Accept { offer, terms, right };
    good(sheet, "wrong_state", open(), s, Step::Complete {});
    good(sheet, "out_of_turn", open(), b, accept(order.last_offer, order.terms.hash(), right));
    good(sheet, "wrong_signer", Deal::agreed(pickup()), b, Step::Start {});
    good(sheet, "not_last_offer", open(), s, accept(EventId([0; 32]), order.terms.hash(), right));
    good(sheet, "other_terms", open(), s, accept(order.last_offer, Digest([0; 32]), right));
    good(sheet, "other right", open(), s, accept(order.last_offer, order.terms.hash(), Right { salt: Digest([1; 32]), ..right }));
    good(sheet, "offer_over", open().wait(2 * DAY_MS), s, accept(order.last_offer, order.terms.hash(), right));
    let counter_terms = |change: &dyn Fn(&mut Terms)| {
        let mut terms = order.terms.clone();
        change(&mut terms);
        Step::Counter { replaces: order.last_offer, terms: Box::new(terms) }
    };
    good(sheet, "counter for others", open(), s, counter_terms(&|t| t.salt = Digest([1; 32])));
    good(sheet, "counter too short", open(), s, counter_terms(&|t| t.valid_until = START));
    let mut rounds = open();
    for round in 0..16 {
        rounds = rounds.act([s, b][round % 2], counter(1_000 + i64::try_from(round).expect("small")));
    }
    let last = rounds.order();
    let again = Step::Counter { replaces: last.last_offer, terms: Box::new(last.terms) };
    good(sheet, "too_many_rounds", rounds, s, again);
    good(sheet, "too_early", open(), s, Step::Expire {});
    good(sheet, "wrong_timing", Deal::agreed(sent_paid_first()), s, Step::Start {});
    good(
        sheet,
        "wrong_delivery",
        Deal::agreed(pickup()).seller(Act::Start),
        s,
        Step::Ship { lines: vec![], carrier: String::new(), tracking: String::new() },
    );
    let bargained = || Deal::open(pickup()).seller(counter(1600)).buyer(Act::Accept);
    good(sheet, "stock_not_held", bargained(), s, Step::Start {});
    good(sheet, "stock_not_asked", Deal::agreed(pickup()), s, Step::StockConfirm {});
    good(sheet, "never_accepted", open().buyer(Act::Withdraw), b, Step::PayProof { reference: String::new(), amount: None });
}

fn refused_money(sheet: &mut Sheet) {
    let good = |sheet: &mut Sheet, name: &str, deal: Deal, role: Role, step: Step| {
        sheet.good(&format!("refused, {name}"), "an event without effect, and why", pile(&deal.forge(role, step)));
    };
    let (b, s) = (Role::Buyer, Role::Seller);
    let (proof, confirmed) =
        (|amount: Option<Money>| Step::PayProof { reference: String::new(), amount }, |amount: Option<Money>| Step::PayConfirm { amount });
    let delivered = || Deal::agreed(sent_paid_later()).seller(Act::Start).seller(ship()).buyer(Act::Receive { code: None });
    good(sheet, "already_paid", Deal::agreed(pickup()).buyer(pay(Some(1))), b, Step::Cancel {});
    good(sheet, "nothing_due", Deal::agreed(sent_paid_first()).buyer(pay(None)), b, proof(None));
    good(sheet, "nothing left to confirm", Deal::agreed(pickup()).seller(confirm(None)), s, confirmed(None));
    good(sheet, "not_settled", delivered(), b, Step::Complete {});
    good(sheet, "too_much", Deal::agreed(pickup()), s, confirmed(Some(cny(1641))));
    good(sheet, "claim beyond counting", Deal::agreed(pickup()).buyer(pay(Some(1))), b, proof(Some(cny(MONEY_MAX_MINOR))));
    good(sheet, "another currency", Deal::agreed(pickup()), b, proof(Some(Money { minor: 1, currency: currency("EUR") })));
    let owed = || Deal::agreed(pickup()).buyer(Act::Cancel).buyer(pay(None));
    good(sheet, "refund too much", owed(), s, Step::RefundSent { reference: String::new(), amount: Some(cny(1641)) });
    good(sheet, "refund confirmed early", owed().seller(refund(Some(1))), s, Step::RefundConfirm {});
    good(sheet, "close when refunded", owed().seller(refund(None)).wait(14 * DAY_MS), b, Step::CloseDefaulted {});
    good(sheet, "close when claimed", delivered().buyer(pay(None)).wait(14 * DAY_MS), s, Step::CloseDefaulted {});
    good(sheet, "close when not claimed", delivered().wait(14 * DAY_MS), b, Step::CloseDefaulted {});
    good(
        sheet,
        "uncollected but paid",
        Deal::agreed(pickup()).seller(Act::Start).seller(Act::Ready { code: None }).seller(confirm(None)).wait(14 * DAY_MS),
        s,
        Step::ExpireUncollected {},
    );
}

fn no_order(sheet: &mut Sheet) {
    let agreed = Deal::agreed(pickup());
    let mut headless = agreed.clone();
    headless.set = haat_protocol::order::OrderSet::new(agreed.set.order());
    let later = agreed.set.events().find(|event| event.id().0 != agreed.set.order().0).expect("accepted").clone();
    let headless = headless.put(later);
    sheet.bad("no offer", "the first event is not here", pile(&headless), "no_offer");
    let body = EventBody { author: device(2), ..first_body(&agreed) };
    let begin = |signed: SignedEvent| {
        let event = Event::read(signed).expect("well-formed");
        let set = haat_protocol::order::OrderSet::new(event.order());
        Deal { set, now: START }.put(event)
    };
    sheet.good("offer by the seller", "either side begins", pile(&begin(raw(&body, &keys(Role::Seller)))));
    let body = EventBody { author: device(9), ..first_body(&agreed) };
    sheet.bad("offer by a stranger", "a party begins", pile(&begin(raw(&body, &pair(9)))), "wrong_signer");
    let late = EventBody { at: START.plus(2 * DAY_MS), ..first_body(&agreed) };
    sheet.bad("offer that is over", "it ran out before it was made", pile(&begin(raw(&late, &keys(Role::Buyer)))), "offer_over");
    let elsewhere = Deal::open(sent_paid_first());
    let events = vec![elsewhere.set.events().next().expect("an offer").signed().clone()];
    let foreign = Pile { order: agreed.set.order(), events, receipts: vec![] };
    sheet.bad("event of another order", "it belongs elsewhere", Case::new("order", encode(&foreign)), "other_order");
}
