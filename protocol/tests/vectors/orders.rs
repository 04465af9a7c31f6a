//! Orders: events, receipts and refusals by themselves, and where sets of them leave an order.

use serde::Serialize;

use haat_protocol::codec::encode;
use haat_protocol::crypto::{Keypair, Label, Sig};
use haat_protocol::id::{DeviceId, Digest, EntryId, EventId, OrderId};
use haat_protocol::limits::{CLOCK_SKEW_MS, MONEY_MAX_MINOR};
use haat_protocol::listing::Delivery;
use haat_protocol::money::Money;
use haat_protocol::order::{
    Act, Adjustment, Event, EventBody, Nack, Reason, Receipt, Refusal, Right, Role, SignedEvent, SignedReceipt, Step, Terms, sign,
};
use haat_protocol::time::{DAY_MS, Millis};

use crate::deals::{Deal, confirm, counter, keys, pay, pickup, refund, seed, sent_paid_first, sent_paid_later, ship, wander};
use crate::kit::{START, cny, currency, device};
use crate::sheet::{Case, Sheet};

const WANDERED: u64 = 16;

#[derive(Serialize)]
struct Pile {
    order: OrderId,
    events: Vec<SignedEvent>,
    receipts: Vec<SignedReceipt>,
}

/// The set of a deal, to be folded.
fn pile(deal: &Deal) -> Case {
    let events = deal.set.events().map(|event| event.signed().clone()).collect();
    let receipts = deal.set.receipts().map(|(receipt, _)| receipt.clone()).collect();
    Case::new("order", encode(&Pile { order: deal.set.order(), events, receipts }))
}

/// The event of this body as its author signs it, whatever it says.
fn raw(body: &EventBody, by: &Keypair) -> SignedEvent {
    let bytes = encode(body);
    let id = OrderId(haat_protocol::crypto::hash(haat_protocol::crypto::Context::OrderEvent, &[&bytes]));
    let order = body.order.unwrap_or(id);
    let right = match &body.step {
        Step::Offer { terms, .. } | Step::Counter { terms, .. } => Right::of(order, terms),
        Step::Accept { right, .. } => Some(*right),
        _ => None,
    };
    SignedEvent { sig: by.sign(Label::OrderEvent, &bytes), right: right.map(|right| right.sign(by)), bytes }
}

fn event(signed: &SignedEvent) -> Case {
    Case::new("order_event", encode(signed))
}

pub(crate) fn sheet() -> Sheet {
    let mut sheet = Sheet::new("orders", "Order events, receipts and refusals (14.1 to 14.3).");
    good_events(&mut sheet);
    wrong_events(&mut sheet);
    wrong_terms(&mut sheet);
    receipts(&mut sheet);
    sheet
}

pub(crate) fn folds() -> Sheet {
    let mut sheet = Sheet::new("folds", "Where sets of events and receipts leave an order (docs/orders.md).");
    lives(&mut sheet);
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

fn good_events(sheet: &mut Sheet) {
    let deal = Deal::agreed(pickup());
    let other = EventId([6; 32]);
    let mut steps = vec![
        Step::Reject { reason: Reason::Price },
        Step::Withdraw {},
        Step::Expire {},
        Step::StockConfirm {},
        Step::StockFail { reason: Reason::OutOfStock },
        Step::Cancel {},
        Step::PayProof { reference: String::new(), amount: None },
        Step::PayConfirm { amount: Some(cny(1)) },
        Step::PayDeny { reason: "r".repeat(200) },
        Step::Start {},
        Step::ExpireUnpaid {},
        Step::Ship { lines: vec![], carrier: "SF".into(), tracking: "1".into() },
        Step::Ready {},
        Step::Received {},
        Step::AutoReceived {},
        Step::ExpireUncollected {},
        Step::ExpireUnfulfilled {},
        Step::Waive {},
        Step::Complete {},
        Step::RefundSent { reference: "RX".into(), amount: Some(cny(MONEY_MAX_MINOR)) },
        Step::RefundConfirm {},
        Step::CloseDefaulted {},
        Step::Counter { replaces: other, terms: Box::new(sent_paid_later()) },
    ];
    let right = Right::of(deal.set.order(), &pickup()).expect("a line");
    steps.push(Step::Accept { offer: other, terms: pickup().hash(), right });
    for step in steps {
        let name = format!("event {}", step.kind().name());
        sheet.good(&name, "an event of this kind", event(&raw(&deal.body(Role::Seller, step), &keys(Role::Seller))));
    }
    let first = deal.set.event(&EventId(deal.set.order().0)).expect("the offer").signed().clone();
    sheet.good("event offer", "the first event", event(&first));
    let mut full = sent_paid_first();
    full.via = Some(EntryId([1; 32]));
    full.circle = Some(crate::kit::circle());
    full.personal = Some(Digest([2; 32]));
    full.adjustments =
        vec![Adjustment { name: "coupon".into(), amount: cny(-40) }, Adjustment { name: "gift box".into(), amount: cny(100) }];
    (full.goods, full.total) = (cny(1_700), cny(2_300));
    full.delivery = Delivery::Ship { zone: "CN".into(), price: cny(600) };
    let body = EventBody { step: Step::Offer { terms: Box::new(full), note: None }, ..first_body(&deal) };
    sheet.good("event full offer", "an offer with all that it may have", event(&raw(&body, &keys(Role::Buyer))));
}

fn first_body(deal: &Deal) -> EventBody {
    deal.set.event(&EventId(deal.set.order().0)).expect("the offer").body().clone()
}

fn wrong_events(sheet: &mut Sheet) {
    let deal = Deal::agreed(pickup());
    let good = deal.body(Role::Seller, Step::Start {});
    let mut bad = |name: &str, what, code, change: &dyn Fn(&mut EventBody)| {
        let mut body = good.clone();
        change(&mut body);
        sheet.bad(name, what, event(&raw(&body, &keys(Role::Seller))), code);
    };
    bad("event version", "another wire version", "wrong_version", &|b| b.version = 1);
    bad("event network", "another network", "wrong_network", &|b| b.network = "taah".into());
    bad("event by another", "signed by another device than its author", "bad_signature", &|b| b.author = device(1));
    bad("event without order", "only an offer names no order", "broken_link", &|b| b.order = None);
    bad("event without prev", "a later event without predecessor", "broken_link", &|b| b.prev = None);
    bad("event with prev at 0", "a first event with a predecessor", "broken_link", &|b| b.seq = 0);
    bad("event unseen", "the other side's first event has seen the offer", "broken_link", &|b| (b.seq, b.prev, b.seen) = (0, None, None));
    bad("event 512", "more events than a chain may have", "too_many", &|b| b.seq = 512);
    bad("event at 2^53", "a time out of range", "out_of_range", &|b| b.at = Millis(1 << 53));
    bad("long reason", "a text out of range", "out_of_range", &|b| b.step = Step::PayDeny { reason: "r".repeat(201) });
    let zero = |amount| Step::PayProof { reference: String::new(), amount: Some(cny(amount)) };
    bad("amount of zero", "amounts are above zero", "out_of_range", &|b| b.step = zero(0));
    bad("amount too high", "more than Haat counts", "out_of_range", &|b| b.step = zero(MONEY_MAX_MINOR + 1));
    let part = Step::Ship { lines: vec![(0, 1)], carrier: String::new(), tracking: String::new() };
    bad("part shipment", "shipments are whole for now", "partial_shipment", &|b| b.step = part.clone());

    let offer = first_body(&deal);
    let mut bad = |name: &str, what, code, change: &dyn Fn(&mut EventBody)| {
        let mut body = offer.clone();
        change(&mut body);
        sheet.bad(name, what, event(&raw(&body, &keys(Role::Buyer))), code);
    };
    bad("offer with order", "an offer is the first event", "broken_link", &|b| b.order = Some(OrderId([1; 32])));
    bad("offer at 1", "an offer is the first event", "broken_link", &|b| (b.seq, b.prev) = (1, Some(EventId([1; 32]))));
    bad("offer that saw", "an offer has seen nothing", "broken_link", &|b| b.seen = Some(EventId([1; 32])));
    let noted = |terms: Terms| Step::Offer { terms: Box::new(terms), note: Some("n".repeat(4001)) };
    bad("long note", "a note out of range", "out_of_range", &|b| b.step = noted(pickup()));
    wrong_halves(sheet, &raw(&offer, &keys(Role::Buyer)), &raw(&good, &keys(Role::Seller)));
}

fn wrong_halves(sheet: &mut Sheet, offer: &SignedEvent, start: &SignedEvent) {
    let half = Sig([1; 64]);
    sheet.bad("no half", "an offer without its half of the right", event(&SignedEvent { right: None, ..offer.clone() }), "bad_right");
    sheet.bad("wrong half", "a half that does not hold", event(&SignedEvent { right: Some(half), ..offer.clone() }), "bad_right");
    sheet.bad("needless half", "a half where none belongs", event(&SignedEvent { right: Some(half), ..start.clone() }), "bad_right");
    let crossed = SignedEvent { sig: keys(Role::Seller).sign(Label::Receipt, &start.bytes), ..start.clone() };
    sheet.bad("event signed as receipt", "another label", event(&crossed), "bad_signature");
    let right = Right { order: OrderId([3; 32]), ..Right::of(OrderId([1; 32]), &pickup()).expect("a line") };
    let deal = Deal::open(pickup());
    let accept = Step::Accept { offer: EventId(deal.set.order().0), terms: pickup().hash(), right };
    let foreign = raw(&deal.body(Role::Seller, accept), &keys(Role::Seller));
    sheet.bad("right of another order", "an acceptance with the right of another order", event(&foreign), "bad_right");
    let mut longer = start.clone();
    longer.bytes.push(0);
    sheet.bad("event left over", "a byte after the event", event(&longer), "form");
    let large = SignedEvent { bytes: vec![0; 16_385], ..start.clone() };
    sheet.bad("event too large", "more than 16,384 bytes", event(&large), "oversize");
}

fn wrong_terms(sheet: &mut Sheet) {
    let offer = first_body(&Deal::open(sent_paid_first()));
    let mut bad = |name: &str, change: &dyn Fn(&mut Terms)| {
        let mut terms = sent_paid_first();
        change(&mut terms);
        let right = Right::of(OrderId([0; 32]), &terms);
        let body = EventBody { step: Step::Offer { terms: Box::new(terms), note: None }, ..offer.clone() };
        let mut signed = raw(&body, &keys(Role::Buyer));
        signed.right = signed.right.or(right.map(|_| Sig([0; 64])));
        sheet.bad(&format!("terms, {name}"), "terms that break a rule", event(&signed), "bad_terms");
    };
    let euro = || Money { minor: 1, currency: currency("EUR") };
    bad("same person", &|t| t.seller.identity = t.buyer.identity);
    bad("same device", &|t| t.seller.device = t.buyer.device);
    bad("no line", &|t| t.lines.clear());
    bad("quantity 0", &|t| t.lines[0].qty = 0);
    bad("line in euro", &|t| t.lines[0].unit_price = euro());
    bad("line below zero", &|t| t.lines[0].unit_price = cny(-1));
    bad("line too dear", &|t| t.lines[0].unit_price = cny(MONEY_MAX_MINOR));
    bad("no title", &|t| t.lines[0].title.clear());
    bad("title of 141", &|t| t.lines[0].title = "t".repeat(141));
    bad("blank option", &|t| t.lines[0].options[0].0 = " ".into());
    bad("33 options", &|t| t.lines[0].options = vec![("a".into(), "b".into()); 33]);
    bad("long sku", &|t| t.lines[0].sku = "s".repeat(201));
    bad("goods in euro", &|t| t.goods = euro());
    bad("goods off by one", &|t| t.goods = cny(1641));
    bad("total off by one", &|t| t.total = cny(2241));
    bad("adjustment of nothing", &|t| t.adjustments = vec![Adjustment { name: "x".into(), amount: cny(0) }]);
    bad("adjustment unnamed", &|t| (t.adjustments, t.goods, t.total) = (vec![adjustment("", 1)], cny(1641), cny(2241)));
    bad("33 adjustments", &|t| (t.adjustments, t.goods, t.total) = (vec![adjustment("x", 1); 33], cny(1673), cny(2273)));
    bad("goods below zero", &|t| (t.adjustments, t.goods, t.total) = (vec![adjustment("x", -1641)], cny(-1), cny(599)));
    bad("sums beyond counting", &|t| {
        t.adjustments = vec![adjustment("x", MONEY_MAX_MINOR), adjustment("y", -MONEY_MAX_MINOR)];
    });
    bad("zone blank", &|t| t.delivery = Delivery::Ship { zone: " ".into(), price: cny(600) });
    bad("sending below zero", &|t| (t.delivery, t.total) = (Delivery::Ship { zone: "CN".into(), price: cny(-1) }, cny(1639)));
    bad("method blank", &|t| t.payment.method.clear());
    bad("long returns", &|t| t.returns = "r".repeat(201));
    bad("time of 2^53", &|t| t.valid_until = Millis(1 << 53));
    bad("span of 2^53", &|t| t.dispute_within = 1 << 53);
}

fn adjustment(name: &str, minor: i64) -> Adjustment {
    Adjustment { name: name.into(), amount: cny(minor) }
}

fn receipts(sheet: &mut Sheet) {
    let me = keys(Role::Seller);
    let receipt = Receipt::new(OrderId([1; 32]), EventId([2; 32]), Some(EventId([3; 32])), me.public());
    let case = |bytes: Vec<u8>, sig: Sig| Case::new("receipt", encode(&SignedReceipt { bytes, sig }));
    let by = |receipt: &Receipt, by: &Keypair| case(encode(receipt), by.sign(Label::Receipt, &encode(receipt)));
    sheet.good("receipt", "it says: stored", by(&receipt, &me));
    sheet.good("receipt without head", "by somebody who signed nothing yet", by(&Receipt { own_head: None, ..receipt.clone() }, &me));
    sheet.bad("receipt version", "another wire version", by(&Receipt { version: 1, ..receipt.clone() }, &me), "wrong_version");
    sheet.bad("receipt network", "another network", by(&Receipt { network: "taah".into(), ..receipt.clone() }, &me), "wrong_network");
    sheet.bad("receipt by another", "signed by another device", by(&receipt, &keys(Role::Buyer)), "bad_signature");
    sheet.bad("receipt too large", "more than 1,024 bytes", case(vec![0; 1025], Sig([0; 64])), "oversize");
    sheet.bad("receipt cut", "no receipt", case(encode(&receipt)[..40].to_vec(), Sig([0; 64])), "form");
    for reason in Refusal::ALL {
        let nack = Nack::new(OrderId([1; 32]), EventId([2; 32]), *reason, me.public()).sign(&me);
        sheet.good(&format!("nack {}", reason.code()), "a refusal with this reason", Case::new("nack", encode(&nack)));
    }
    let nack = Nack::new(OrderId([1; 32]), EventId([2; 32]), Refusal::Oversize, me.public()).sign(&me);
    sheet.bad("nack as receipt", "a refusal where a receipt belongs", case(nack.bytes.clone(), nack.sig), "form");
    let sig = me.sign(Label::Receipt, &nack.bytes);
    sheet.bad(
        "nack by receipt's label",
        "another label",
        Case::new("nack", encode(&SignedReceipt { bytes: nack.bytes, sig })),
        "bad_signature",
    );
}

fn lives(sheet: &mut Sheet) {
    let (b, s) = (Role::Buyer, Role::Seller);
    let paid = [(b, pay(None)), (s, confirm(None)), (s, ship()), (b, Act::Receive), (b, Act::Complete)];
    let cash = [(s, Act::Start), (s, Act::Ready), (b, Act::Receive), (s, confirm(Some(40))), (b, pay(None))];
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
        ("uncollected", Deal::agreed(pickup()).seller(Act::Start).seller(Act::Ready).wait(14 * DAY_MS).seller(Act::Expire)),
        ("waived", sent().buyer(Act::Receive).seller(Act::Waive)),
        ("completed late", sent().seller(confirm(None)).buyer(Act::Receive).wait(30 * DAY_MS).seller(Act::Complete)),
        ("defaulted", sent().buyer(Act::Receive).wait(14 * DAY_MS).seller(Act::CloseDefaulted)),
        ("confirmed never", sent().buyer(Act::Receive).buyer(pay(None)).wait(14 * DAY_MS).buyer(Act::CloseDefaulted)),
    ];
    for (name, deal) in ends {
        sheet.good(name, "a state and the way to it", pile(&deal));
    }
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
    good(sheet, "doubled later", twice, &agreed.clone().seller(Act::Start).seller(Act::Ready).put(cancel));
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
    good(
        sheet,
        "by a stranger",
        "by nobody's device",
        &agreed.clone().put(Event::read(raw(&stranger, &crate::kit::pair(9))).expect("well-formed")),
    );
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
    let delivered = || Deal::agreed(sent_paid_later()).seller(Act::Start).seller(ship()).buyer(Act::Receive);
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
        Deal::agreed(pickup()).seller(Act::Start).seller(Act::Ready).seller(confirm(None)).wait(14 * DAY_MS),
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
    sheet.bad("offer by the seller", "only the buyer begins", pile(&begin(raw(&body, &keys(Role::Seller)))), "wrong_signer");
    let late = EventBody { at: START.plus(2 * DAY_MS), ..first_body(&agreed) };
    sheet.bad("offer that is over", "it ran out before it was made", pile(&begin(raw(&late, &keys(Role::Buyer)))), "offer_over");
    let elsewhere = Deal::open(sent_paid_first());
    let events = vec![elsewhere.set.events().next().expect("an offer").signed().clone()];
    let foreign = Pile { order: agreed.set.order(), events, receipts: vec![] };
    sheet.bad("event of another order", "it belongs elsewhere", Case::new("order", encode(&foreign)), "other_order");
}
