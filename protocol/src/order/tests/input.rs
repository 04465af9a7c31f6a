//! Bad input from outside: each is refused for its own reason before it can do anything.

use super::*;
use crate::codec::encode;
use crate::crypto::{Label, Sig};
use crate::id::DeviceId;
use crate::limits::{HEADER_MAX_BYTES, INTEGER_MAX, ORDER_EVENT_MAX_BYTES, ORDER_ROUNDS_MAX};

/// A body signed as it is, whatever it says; with a right half when the step wants one.
fn raw(body: &EventBody, role: Role) -> SignedEvent {
    let bytes = encode(body);
    let right = match &body.step {
        Step::Offer { terms, .. } => Right::of(event::event_id(&bytes).into(), terms),
        Step::Counter { terms, .. } => Right::of(body.order.expect("in an order"), terms),
        Step::Accept { right, .. } => Some(*right),
        _ => None,
    };
    SignedEvent { sig: keys(role).sign(Label::OrderEvent, &bytes), right: right.map(|right| right.sign(&keys(role))), bytes }
}

fn refuse(change: impl Fn(&mut EventBody)) -> Option<Refusal> {
    let mut body = agreed(pickup()).draft(Role::Buyer, pay(None)).expect("may").body().clone();
    change(&mut body);
    Event::read(raw(&body, Role::Buyer)).err()
}

#[test]
fn a_good_event_reads_back() {
    assert_eq!(refuse(|_| ()), None);
    let event = agreed(pickup()).draft(Role::Buyer, pay(None)).expect("may");
    assert_eq!(Event::read(event.signed().clone()), Ok(event.clone()));
    assert!(event.is_ahead(Millis(event.body().at.0 - CLOCK_SKEW_MS - 1)) && !event.is_ahead(event.body().at));
}

#[test]
fn an_event_that_is_wrong_by_itself_is_refused() {
    let note = "x".repeat(300);
    assert_eq!(refuse(|b| b.version = 1), Some(Refusal::WrongVersion));
    assert_eq!(refuse(|b| b.network = "other".into()), Some(Refusal::WrongNetwork));
    assert_eq!(refuse(|b| b.author = keys(Role::Seller).public()), Some(Refusal::BadSignature));
    assert_eq!(refuse(|b| b.order = None), Some(Refusal::BrokenLink));
    assert_eq!(refuse(|b| b.prev = None), Some(Refusal::BrokenLink));
    assert_eq!(refuse(|b| b.seq = 0), Some(Refusal::BrokenLink));
    assert_eq!(refuse(|b| b.seq = 100_000), Some(Refusal::TooMany));
    assert_eq!(refuse(|b| b.at = Millis(INTEGER_MAX)), Some(Refusal::OutOfRange));
    assert_eq!(refuse(|b| b.step = Step::PayProof { reference: note.clone(), amount: None }), Some(Refusal::OutOfRange));
    assert_eq!(refuse(|b| b.step = Step::PayProof { reference: String::new(), amount: Some(cny(0)) }), Some(Refusal::OutOfRange));
    assert_eq!(refuse(|b| b.step = Step::PayConfirm { amount: Some(cny(-5)) }), Some(Refusal::OutOfRange));
    for lines in [vec![(0, 0)], vec![(1, 1), (0, 1)], vec![(0, 1), (0, 1)]] {
        let part = |b: &mut EventBody| b.step = Step::Ship { lines: lines.clone(), carrier: String::new(), tracking: String::new() };
        assert_eq!(refuse(part), Some(Refusal::BadLines));
    }
    assert_eq!(refuse(|b| b.step = Step::Say { text: " ".into() }), Some(Refusal::OutOfRange));
    assert_eq!(refuse(|b| b.step = Step::Dispute { claim: "x".repeat(4_001) }), Some(Refusal::OutOfRange));
    assert_eq!(refuse(|b| b.step = Step::SettleOffer { refund: cny(-1) }), Some(Refusal::OutOfRange));
    let big = |b: &mut EventBody| b.step = Step::DeliverDigital { name: "x".into(), bytes: 1 << 30, content: Digest([0; 32]) };
    assert_eq!(refuse(big), Some(Refusal::OutOfRange));
    let offer_inside = |b: &mut EventBody| b.step = Step::Offer { terms: Box::new(pickup()), note: None };
    assert_eq!(refuse(offer_inside), Some(Refusal::BrokenLink));
}

#[test]
fn bytes_that_are_not_the_one_form_are_refused() {
    let event = agreed(pickup()).draft(Role::Buyer, pay(None)).expect("may");
    let read = |bytes: Vec<u8>| {
        let sig = keys(Role::Buyer).sign(Label::OrderEvent, &bytes);
        Event::read(SignedEvent { bytes, sig, right: None }).err()
    };
    assert_eq!(read(vec![0; ORDER_EVENT_MAX_BYTES + 1]), Some(Refusal::Oversize));
    assert_eq!(read(Vec::new()), Some(Refusal::Malformed));
    let mut trailing = event.signed().bytes.clone();
    trailing.push(0);
    assert_eq!(read(trailing), Some(Refusal::Malformed));
    let mut longer = event.signed().bytes.clone();
    let at = longer.windows(5).position(|w| w == b"cseq\x01").or_else(|| longer.windows(5).position(|w| w == b"\x63seq\x01"));
    let at = at.expect("seq is 1") + 4;
    longer.splice(at..=at, [0x18, 1]);
    assert!(matches!(read(longer), Some(Refusal::NotCanonical | Refusal::Malformed)), "a longer form of 1");
    assert_eq!(read(event.signed().bytes[..40].to_vec()), Some(Refusal::Malformed));
    let mut other = event.signed().clone();
    other.sig = Sig([0; 64]);
    assert_eq!(Event::read(other).err(), Some(Refusal::BadSignature));
    for i in 0..event.signed().bytes.len() {
        let mut bent = event.signed().clone();
        bent.bytes[i] ^= 1;
        assert!(Event::read(bent).is_err(), "byte {i}");
    }
}

#[test]
fn no_offer_counts_without_its_half_of_the_review_right() {
    let deal = Deal::open(pickup());
    let accept = deal.draft(Role::Seller, Act::Accept).expect("turn");
    let counter = deal.draft(Role::Seller, counter(1500, START.plus(DAY_MS))).expect("turn");
    let first = deal.set.events().next().expect("offer").clone();
    let pay = agreed(pickup()).draft(Role::Buyer, pay(None)).expect("may");
    for event in [&first, &accept, &counter] {
        let signed = event.signed();
        assert_eq!(Event::read(SignedEvent { right: None, ..signed.clone() }), Err(Refusal::BadRight));
        assert_eq!(Event::read(SignedEvent { right: Some(signed.sig), ..signed.clone() }), Err(Refusal::BadRight));
        let stray = SignedEvent { right: signed.right, ..pay.signed().clone() };
        assert_eq!(Event::read(stray), Err(Refusal::BadRight));
    }
    let mut body = accept.body().clone();
    if let Step::Accept { right, .. } = &mut body.step {
        right.order = OrderId([1; 32]);
    }
    assert_eq!(Event::read(raw(&body, Role::Seller)).err(), Some(Refusal::BadRight));
    let full = agreed(pickup());
    let mut right = full.set.review_right(&full.order()).expect("both");
    std::mem::swap(&mut right.buyer_sig, &mut right.seller_sig);
    assert!(right.verify().is_err());
    assert_eq!(deal.set.review_right(&deal.order()), None, "an offer alone is no right");
}

#[test]
fn terms_in_an_event_are_checked() {
    let mut terms = pickup();
    terms.total = cny(1);
    assert_eq!(offer(terms.clone(), keys(Role::Buyer).public(), None, START), Err(TermsError::Total));
    let good = offer(pickup(), keys(Role::Buyer).public(), None, START).expect("good");
    let bad = EventBody { step: Step::Offer { terms: Box::new(terms), note: None }, ..good.clone() };
    assert_eq!(Event::read(raw(&bad, Role::Buyer)).err(), Some(Refusal::BadTerms));
    let long = Step::Offer { terms: Box::new(pickup()), note: Some("x".repeat(4_001)) };
    assert_eq!(Event::read(raw(&EventBody { step: long, ..good.clone() }, Role::Buyer)).err(), Some(Refusal::OutOfRange));

    let late = EventBody { at: START.plus(3 * DAY_MS), ..good };
    let event = Event::read(raw(&late, Role::Buyer)).expect("well-formed");
    let mut set = OrderSet::new(event.order());
    set.insert(event).expect("fits");
    assert_eq!(fold(&set).err(), Some(Refusal::OfferOver));
}

#[test]
fn answers_fit_the_last_offer() {
    let deal = Deal::open(pickup());
    let order = deal.order();
    let put = |step: Step| {
        let mut then = deal.clone();
        then.set.insert(deal.forge(Role::Seller, step, deal.now)).expect("kept");
        then.refused().first().map(|(_, why)| *why)
    };
    let right = Right::of(order.id, &order.terms).expect("a line");
    let offer = order.last_offer;
    assert_eq!(put(Step::Accept { offer, terms: Digest([0; 32]), right }), Some(Refusal::OtherTerms));
    assert_eq!(put(Step::Accept { offer: EventId([0; 32]), terms: order.terms.hash(), right }), Some(Refusal::NotLastOffer));
    let other = Right { salt: Digest([1; 32]), ..right };
    assert_eq!(put(Step::Accept { offer, terms: order.terms.hash(), right: other }), Some(Refusal::OtherTerms));
    let counter = |change: fn(&mut Terms)| {
        let mut terms = order.terms.clone();
        change(&mut terms);
        Step::Counter { replaces: offer, terms: Box::new(terms) }
    };
    assert_eq!(put(counter(|t| t.salt = Digest([1; 32]))), Some(Refusal::OtherTerms));
    assert_eq!(put(counter(|t| t.buyer.device = DeviceId([1; 32]))), Some(Refusal::OtherTerms));
    assert_eq!(put(counter(|t| t.valid_until = START)), Some(Refusal::OfferOver));
    assert_eq!(put(counter(|_| ())), None);
    let late = START.plus(2 * DAY_MS + CLOCK_SKEW_MS + 1);
    let mut then = deal.clone();
    then.set.insert(deal.forge(Role::Seller, Step::Accept { offer, terms: order.terms.hash(), right }, late)).expect("kept");
    assert_eq!(then.refused(), [(Kind::Accept, Refusal::OfferOver)]);
}

#[test]
fn rounds_are_bounded() {
    let mut deal = Deal::open(pickup());
    for round in 0..ORDER_ROUNDS_MAX {
        let role = if round % 2 == 0 { Role::Seller } else { Role::Buyer };
        deal.act(role, counter(1000 + i64::try_from(round).expect("small"), START.plus(DAY_MS)));
    }
    assert_eq!(deal.order().rounds, ORDER_ROUNDS_MAX);
    assert_eq!(deal.draft(Role::Seller, counter(5, START.plus(DAY_MS))), Err(Refusal::TooManyRounds));
    assert_eq!(deal.verbs(Role::Seller), [Verb::Accept, Verb::Reject]);
}

#[test]
fn links_that_do_not_fit_count_for_nothing() {
    let deal = agreed(pickup());
    let put = |change: &dyn Fn(&mut EventBody)| {
        let mut body = deal.draft(Role::Seller, Act::Start).expect("may").body().clone();
        change(&mut body);
        let event = Event::read(raw(&body, Role::Seller)).expect("well-formed");
        let mut then = deal.clone();
        then.set.insert(event.clone()).expect("kept");
        let order = then.order();
        assert_eq!(order.state, State::Agreed);
        (order.refused.first().map(|(_, why)| *why), order.pending.contains(&event.id()))
    };
    let own = deal.order().head(Role::Seller);
    let other = deal.order().head(Role::Buyer);
    assert_eq!(put(&|b| b.seq = 2), (None, true), "a gap waits");
    assert_eq!(put(&|b| b.prev = Some(EventId([5; 32]))), (None, true), "so does an unknown predecessor");
    assert_eq!(put(&|b| b.seen = Some(EventId([5; 32]))), (None, true));
    assert_eq!(put(&|b| b.prev = other), (Some(Refusal::BrokenLink), false));
    assert_eq!(put(&|b| b.seen = own), (Some(Refusal::BrokenLink), false));
    assert_eq!(put(&|b| b.at = START), (Some(Refusal::TimeBackwards), false));
    let mut set = OrderSet::new(OrderId([3; 32]));
    assert_eq!(set.insert(deal.draft(Role::Seller, Act::Start).expect("may")), Err(Refusal::OtherOrder));
}

#[test]
fn time_never_runs_back_along_a_chain_that_is_drafted() {
    let mut deal = agreed(pickup());
    let at = deal.now;
    deal.now = START;
    let start = deal.draft(Role::Seller, Act::Start).expect("may");
    assert_eq!(start.body().at, at);

    let mut offered = Deal::open(pickup());
    offered.now = Millis(1);
    let accept = offered.draft(Role::Seller, Act::Accept).expect("may");
    assert_eq!(accept.body().at, Millis(START.0 - CLOCK_SKEW_MS), "nor far behind what was seen");
    let early = offered.forge(Role::Seller, accept.body().step.clone(), Millis(START.0 - CLOCK_SKEW_MS - 1));
    offered.set.insert(early).expect("kept");
    assert_eq!(offered.refused(), [(Kind::Accept, Refusal::TimeBackwards)]);
}

#[test]
fn receipts_and_refusals_hold_for_what_they_say_only() {
    let deal = agreed(pickup());
    let event = deal.order().last_offer;
    let device = keys(Role::Seller);
    let receipt = Receipt::new(deal.set.order(), event, None, device.public()).sign(&device);
    assert_eq!(receipt.read().map(|r| r.event), Ok(event));
    let nack = Nack::new(deal.set.order(), event, Refusal::OutOfTurn, device.public()).sign(&device);
    assert_eq!(nack.read().map(|n| n.reason), Ok(Refusal::OutOfTurn));
    let crossed = SignedReceipt { bytes: receipt.bytes.clone(), sig: nack.sig };
    assert_eq!(crossed.read(), Err(Refusal::BadSignature));
    assert_eq!(SignedReceipt { bytes: nack.bytes.clone(), sig: nack.sig }.read(), Err(Refusal::NotCanonical));
    let big = SignedReceipt { bytes: vec![0; HEADER_MAX_BYTES + 1], sig: nack.sig };
    assert_eq!(big.read(), Err(Refusal::Oversize));
    let mut set = OrderSet::new(OrderId([3; 32]));
    assert_eq!(set.receive(receipt), Err(Refusal::OtherOrder));
}
