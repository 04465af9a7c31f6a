//! Evidence files: what one party has of an order, and each fault that a reader names.

use serde::{Deserialize, Serialize};

use haat_protocol::codec::{decode, encode};
use haat_protocol::crypto::{Label, Sig};
use haat_protocol::id::{DeviceId, Digest, EventId, OrderId};
use haat_protocol::identity::Chain;
use haat_protocol::order::Enclosure;
use haat_protocol::order::evidence::{MAGIC, export};
use haat_protocol::order::{Act, EventBody, Receipt, Right, Role, SignedEvent, SignedReceipt, Step, Terms};
use haat_protocol::time::Millis;

use crate::deals::{Deal, confirm, counter, keys, pay, pickup, seed, sent_paid_first};
use crate::kit::{chain, device};
use crate::sheet::{Case, Sheet};

#[derive(Serialize, Deserialize)]
struct Bundle {
    version: u64,
    network: String,
    order: OrderId,
    events: Vec<SignedEvent>,
    receipts: Vec<SignedReceipt>,
    buyer: Chain,
    seller: Chain,
    personal: Option<Enclosure>,
    at: Millis,
    exporter: DeviceId,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    #[serde(with = "serde_bytes")]
    bundle: Vec<u8>,
    sig: Sig,
}

fn traded() -> Deal {
    let deal = Deal::open(pickup()).seller(counter(1600)).buyer(Act::Accept).seller(Act::StockConfirm);
    let mut deal = deal.seller(Act::Start).seller(Act::Ready { code: None }).buyer(Act::Receive { code: None }).seller(confirm(None));
    let receipt = deal.receipt(Role::Seller, EventId(deal.set.order().0), None);
    deal.set.receive(receipt).expect("it holds");
    deal
}

fn file(deal: &Deal, role: Role, personal: Option<Enclosure>) -> Vec<u8> {
    export(&deal.set, [&chain(1), &chain(2)], personal, &keys(role), deal.now).expect("a party exports")
}

fn case(file: Vec<u8>) -> Case {
    Case::new("evidence", file)
}

fn seal(bundle: &Bundle, role: Role) -> Vec<u8> {
    let bundle = encode(bundle);
    let sig = keys(role).sign(Label::Evidence, &bundle);
    [MAGIC.to_vec(), encode(&Sealed { bundle, sig })].concat()
}

/// The file of a deal after a change, which the buyer sealed anew.
fn changed(deal: &Deal, change: impl Fn(&mut Bundle)) -> Case {
    let whole = file(deal, Role::Buyer, None);
    let sealed: Sealed = decode(&whole[MAGIC.len()..], 1 << 24).expect("it was just made");
    let mut bundle: Bundle = decode(&sealed.bundle, 1 << 24).expect("it was just made");
    change(&mut bundle);
    case(seal(&bundle, Role::Buyer))
}

fn step(signed: &SignedEvent) -> EventBody {
    decode(&signed.bytes, 1 << 16).expect("it was just made")
}

fn find(bundle: &Bundle, name: &str) -> usize {
    bundle.events.iter().position(|signed| step(signed).step.kind().name() == name).expect("it is there")
}

/// The place of an event of this deal in its file, as a fault is named.
fn at(deal: &Deal, name: &str, code: &str) -> String {
    let place = deal.set.events().position(|event| event.kind().name() == name).expect("it is there");
    format!("event {place}: {code}")
}

pub(crate) fn sheet() -> Sheet {
    let mut sheet = Sheet::new("evidence", "Evidence files (14.5).");
    good(&mut sheet);
    wrong_files(&mut sheet);
    wrong_events(&mut sheet);
    wrong_moves(&mut sheet);
    wrong_receipts(&mut sheet);
    wrong_people(&mut sheet);
    sheet
}

fn good(sheet: &mut Sheet) {
    sheet.good("traded", "a whole trade, by the buyer", case(file(&traded(), Role::Buyer, None)));
    sheet.good("by the seller", "the same, by the seller", case(file(&traded(), Role::Seller, None)));
    sheet.good("offered", "an offer alone", case(file(&Deal::open(pickup()), Role::Buyer, None)));
    sheet.good("paid", "an order on its way", case(file(&Deal::agreed(sent_paid_first()).buyer(pay(None)), Role::Buyer, None)));
    let race = Deal::open(pickup()).race(Act::Withdraw, Act::Accept);
    sheet.good("race", "to lose a race is no fault", case(file(&race, Role::Buyer, None)));
    let bad = Deal::agreed(pickup()).forge(Role::Seller, Step::Complete {});
    sheet.good(
        "bad move of the other",
        "once there was an acceptance it is listed and spoils nothing",
        case(file(&bad, Role::Buyer, None)),
    );
    let open = Deal::open(sent_paid_first());
    let again = open.draft(Role::Seller, counter(1)).expect("its turn");
    let doubled = open.seller(Act::Accept).buyer(pay(None)).put(again);
    sheet.good("two tongues", "the other party signed two events at one place", case(file(&doubled, Role::Buyer, None)));
    let personal = Enclosure { salt: Digest([5; 32]), data: b"Gate 2, Mei".to_vec() };
    let deal = Deal::agreed(Terms { personal: Some(personal.commitment()), ..pickup() });
    sheet.good("personal", "personal data that the terms commit to", case(file(&deal, Role::Buyer, Some(personal.clone()))));
    let other = Enclosure { data: b"Gate 3, Mei".to_vec(), ..personal };
    sheet.bad("other personal", "other data than those", case(file(&deal, Role::Buyer, Some(other))), "personal data: other_personal");
}

fn wrong_files(sheet: &mut Sheet) {
    let deal = traded();
    let whole = file(&deal, Role::Buyer, None);
    sheet.bad("no evidence", "another file", case(b"PK\x03\x04".to_vec()), "file: not_evidence");
    sheet.bad("nothing", "no bytes", case(Vec::new()), "file: not_evidence");
    sheet.bad("cut", "it ends too early", case(whole[..whole.len() - 1].to_vec()), "file: form");
    sheet.bad("left over", "a byte after it", case([whole.clone(), vec![0]].concat()), "file: form");
    let mut flipped = whole.clone();
    // The signature stands first: a map of two, its name, its length.
    flipped[MAGIC.len() + 7] ^= 1;
    sheet.bad("seal changed", "a changed signature", case(flipped), "file: seal");
    sheet.bad("too large", "more than 16 MiB", case(MAGIC.to_vec()).and_zeros(16 * 1024 * 1024 + 1), "file: oversize");
    sheet.bad("version", "another wire version", changed(&deal, |bundle| bundle.version = 1), "file: other_protocol");
    sheet.bad("network", "another network", changed(&deal, |bundle| bundle.network = "taah".into()), "file: other_protocol");
    sheet.bad("exported by a stranger", "by nobody's device", changed(&deal, |bundle| bundle.exporter = device(9)), "file: seal");
    sheet.bad("sealed by the other", "not signed by who exported", changed(&deal, |bundle| bundle.exporter = device(2)), "file: seal");
}

fn wrong_events(sheet: &mut Sheet) {
    let deal = traded();
    let edited = changed(&deal, |bundle| {
        let place = find(bundle, "counter");
        let mut body = step(&bundle.events[place]);
        body.at = body.at.plus(1);
        let bytes = encode(&body);
        let sig = keys(Role::Buyer).sign(Label::OrderEvent, &bytes);
        bundle.events[place] = SignedEvent { bytes, sig, right: bundle.events[place].right };
    });
    sheet.bad("edited", "the exporter changed an event of the other party", edited, &at(&deal, "counter", "bad_signature"));
    let twice = changed(&deal, |bundle| bundle.events.insert(1, bundle.events[0].clone()));
    sheet.bad("twice", "an event stands twice", twice, "event 1: unsorted");
    let swapped = changed(&deal, |bundle| bundle.events.swap(0, 1));
    sheet.bad("out of place", "events in another order", swapped, "event 1: unsorted");
    let dropped = changed(&deal, |bundle| {
        let place = find(bundle, "offer");
        bundle.events.remove(place);
        bundle.receipts.clear();
    });
    sheet.bad("no offer", "the first event is left out", dropped, "file: no_offer");
    let foreign = Deal::open(sent_paid_first()).set.events().next().expect("an offer").signed().clone();
    let mixed = changed(&deal, |bundle| bundle.events = vec![foreign.clone()]);
    sheet.bad("foreign event", "an event of another order", mixed, "event 0: other_order");
    let halved = changed(&deal, |bundle| {
        let place = find(bundle, "offer");
        bundle.events[place].right = None;
    });
    sheet.bad("no half", "an offer without its half of the right", halved, &at(&deal, "offer", "bad_right"));
}

fn wrong_moves(sheet: &mut Sheet) {
    let deal = traded();
    for name in ["counter", "accept", "stock_confirm", "start", "ready", "received"] {
        let mut kept = deal.clone();
        kept.set = haat_protocol::order::OrderSet::new(deal.set.order());
        for event in deal.set.events().filter(|event| event.kind().name() != name) {
            kept.set.insert(event.clone()).expect("it belongs here");
        }
        let pending = kept.order().pending;
        let first = kept.set.events().position(|event| pending.contains(&event.id())).expect("something waits");
        let dropped = changed(&deal, |bundle| {
            let place = find(bundle, name);
            bundle.events.remove(place);
            bundle.receipts.clear();
        });
        sheet.bad(&format!("without {name}"), "an event is left out, and others wait for it", dropped, &format!("event {first}: missing"));
    }
    let own = Deal::agreed(pickup()).forge(Role::Seller, Step::Complete {});
    let code = at(&own, "complete", "wrong_state");
    sheet.bad("own bad move", "one's own event without effect", case(file(&own, Role::Seller, None)), &code);
    let open = Deal::open(pickup());
    let order = open.order();
    let right = Right::of(order.id, &order.terms).expect("a line");
    let accept = |terms| Step::Accept { offer: order.last_offer, terms, right };
    let mine = open.clone().forge(Role::Buyer, accept(order.terms.hash()));
    sheet.bad(
        "own offer accepted",
        "nobody accepts an own offer",
        case(file(&mine, Role::Buyer, None)),
        &at(&mine, "accept", "out_of_turn"),
    );
    let other = open.forge(Role::Seller, accept(Digest([4; 32])));
    sheet.bad("other terms accepted", "no agreement", case(file(&other, Role::Buyer, None)), &at(&other, "accept", "other_terms"));
}

fn wrong_receipts(sheet: &mut Sheet) {
    let deal = traded();
    let order = deal.set.order();
    let stray = deal.receipt(Role::Seller, EventId([1; 32]), None);
    let with = |receipts: Vec<SignedReceipt>| changed(&deal, move |bundle| bundle.receipts.clone_from(&receipts));
    sheet.bad("stray receipt", "for an event that is not in the file", with(vec![stray]), "receipt 0: stray_receipt");
    let own = deal.receipt(Role::Buyer, EventId(order.0), None);
    sheet.bad("own receipt", "for one's own event", with(vec![own]), "receipt 0: stray_receipt");
    let by = Receipt::new(order, EventId(order.0), None, device(9)).sign(&crate::kit::pair(9));
    sheet.bad("receipt by a stranger", "by nobody's device", with(vec![by]), "receipt 0: stray_receipt");
    let good = deal.receipt(Role::Seller, EventId(order.0), None);
    sheet.bad("receipt twice", "one receipt twice", with(vec![good.clone(), good.clone()]), "receipt 1: unsorted");
    let broken = SignedReceipt { sig: Sig([0; 64]), ..good };
    sheet.bad("receipt broken", "its signature does not hold", with(vec![broken]), "receipt 0: bad_signature");
    let elsewhere = Receipt::new(OrderId([1; 32]), EventId(order.0), None, device(seed(Role::Seller))).sign(&keys(Role::Seller));
    sheet.bad("receipt of another order", "it names another order", with(vec![elsewhere]), "receipt 0: other_order");
}

fn wrong_people(sheet: &mut Sheet) {
    let deal = traded();
    let swapped = changed(&deal, |bundle| std::mem::swap(&mut bundle.buyer, &mut bundle.seller));
    sheet.bad("people swapped", "each under the other's name", swapped, "buyer's identity: foreign_device");
    let headless = changed(&deal, |bundle| bundle.seller.operations.clear());
    sheet.bad("no device", "a chain that never had the device", headless, "seller's identity: foreign_device");
    let forged = changed(&deal, |bundle| bundle.seller.operations[0].sig = Sig([1; 64]));
    sheet.bad("forged identity", "a chain that does not hold", forged, "seller's identity: signer");
}
