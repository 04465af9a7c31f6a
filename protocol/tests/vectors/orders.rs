//! Orders: events, receipts and refusals by themselves.

use haat_protocol::codec::encode;
use haat_protocol::crypto::{Keypair, Label, Sig};
use haat_protocol::id::{Digest, EntryId, EventId, OrderId};
use haat_protocol::identity::Inception;
use haat_protocol::limits::MONEY_MAX_MINOR;
use haat_protocol::listing::Delivery;
use haat_protocol::money::Money;
use haat_protocol::order::handover::{code_commitment, takeover};
use haat_protocol::order::{
    Adjustment, Decision, EventBody, Nack, Reason, Receipt, Refusal, Right, Role, SignedEvent, SignedReceipt, Step, Terms,
};
use haat_protocol::time::Millis;

use crate::deals::{Deal, decision, keys, pickup, sent_paid_first, sent_paid_later};
use crate::kit::{cny, currency, device, pair};
use crate::sheet::{Case, Sheet};

/// The event of this body as its author signs it, whatever it says.
pub(crate) fn raw(body: &EventBody, by: &Keypair) -> SignedEvent {
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
        Step::Ship { lines: vec![(0, 1), (1, 2)], carrier: "SF".into(), tracking: "1".into() },
        Step::DeliverDigital { name: "recipe.txt".into(), bytes: 49_152, content: Digest([5; 32]) },
        Step::Ready { code: None },
        Step::Ready { code: Some(code_commitment(&deal.set.order(), "K7Q2M9XR")) },
        Step::Received { code: None },
        Step::Received { code: Some("K7Q2M9XR".into()) },
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
    steps.extend(trouble(&deal, other));
    let mut names: Vec<String> = Vec::new();
    for step in steps {
        let mut name = format!("event {}", step.kind().name());
        while names.contains(&name) {
            name.push_str(", another");
        }
        names.push(name.clone());
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

/// The steps of orders that do not simply go well.
fn trouble(deal: &Deal, other: EventId) -> Vec<Step> {
    let reason = || "r".to_owned();
    let inception = Inception { root: device(50), next_root: Digest([7; 32]), created: Millis(5) };
    let sig = takeover(&pair(50), &deal.set.order(), &device(2), &other);
    vec![
        Step::Address { personal: Digest([4; 32]) },
        Step::CancelRequest { reason: String::new() },
        Step::CancelAgree {},
        Step::CancelRefuse { reason: reason() },
        Step::ReturnRequest { reason: reason() },
        Step::ReturnOk {},
        Step::ReturnNo { reason: reason() },
        Step::ReturnReceived { restock: true },
        Step::Dispute { claim: "c".repeat(4_000) },
        Step::SettleOffer { refund: cny(0) },
        Step::SettleAccept { offer: other },
        Step::SettleRefuse { offer: other, reason: reason() },
        Step::Decide { decision: decision(deal.set.order(), 700) },
        Step::Performed { reference: "RX-2".into() },
        Step::Handover { to: device(9) },
        Step::Takeover { inception, sig },
        Step::Say { text: "is it on its way?".into() },
    ]
}

pub(crate) fn first_body(deal: &Deal) -> EventBody {
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
    let part = |lines| Step::Ship { lines, carrier: String::new(), tracking: String::new() };
    bad("none of a line", "at least one of each line that is named", "bad_lines", &|b| b.step = part(vec![(0, 0)]));
    bad("a line twice", "lines rise", "bad_lines", &|b| b.step = part(vec![(0, 1), (0, 1)]));
    bad("no words", "who says something says something", "out_of_range", &|b| b.step = Step::Say { text: " ".into() });
    bad("long claim", "a text out of range", "out_of_range", &|b| b.step = Step::Dispute { claim: "c".repeat(4_001) });
    bad("settlement below zero", "nothing is the least", "out_of_range", &|b| b.step = Step::SettleOffer { refund: cny(-1) });
    let huge = Step::DeliverDigital { name: "f".into(), bytes: 49_153, content: Digest([0; 32]) };
    bad("large file", "more bytes than a file may have", "out_of_range", &|b| b.step = huge.clone());
    let mut forged = decision(deal.set.order(), 700);
    forged.bytes[20] ^= 1;
    bad("forged decision", "the resolver's signature does not hold", "bad_signature", &|b| {
        b.step = Step::Decide { decision: forged.clone() }
    });
    let long = Decision::new(deal.set.order(), [None, None], cny(1), "r".repeat(201), device(3)).sign(&pair(3));
    bad("long decision", "a text out of range", "out_of_range", &|b| b.step = Step::Decide { decision: long.clone() });

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
