//! Chains that go over to another device, and reasons that only orders in trouble give: more sets for the sheet of folds.

use haat_protocol::crypto::Keypair;
use haat_protocol::id::{Digest, EventId};
use haat_protocol::limits::ORDER_EVENTS_MAX;
use haat_protocol::order::handover::takeover;
use haat_protocol::order::{Act, Event, EventBody, Receipt, Role, Step, sign};
use haat_protocol::time::DAY_MS;

use crate::deals::{Deal, confirm, keys, pay, pickup, sent_paid_first, ship};
use crate::folds::pile;
use crate::kit::{chain, cny, device, pair};
use crate::orders::raw;
use crate::sheet::Sheet;

/// The buyer's other device.
const SPARE: u8 = 60;

fn paid() -> Deal {
    Deal::agreed(sent_paid_first()).buyer(pay(None)).seller(confirm(None))
}

/// The next event of a side, by this key, at the end of the chain that is here or at another place.
fn event(deal: &Deal, role: Role, key: &Keypair, step: Step, change: impl Fn(&mut EventBody)) -> Event {
    let head = deal.order().head(role);
    let seq = head.and_then(|id| deal.set.event(&id)).map_or(0, |event| event.body().seq + 1);
    let mut body = EventBody { author: key.public(), seq, prev: head, ..deal.body(role, step) };
    change(&mut body);
    Event::read(raw(&body, key)).expect("well-formed")
}

/// The word of a root that the buyer's other device goes on after what is here.
fn taken(deal: &Deal, root: u8, later_ms: u64) -> Event {
    let order = deal.order();
    let last = order.head(Role::Buyer).expect("the buyer began");
    let sig = takeover(&pair(root), &order.id, &device(SPARE), &last);
    let step = Step::Takeover { inception: chain(1).inception, sig };
    event(deal, Role::Buyer, &pair(SPARE), step, |body| body.at = body.at.plus(later_ms))
}

pub(crate) fn sheet(sheet: &mut Sheet) {
    handed_over(sheet);
    taken_over(sheet);
    reasons(sheet);
    rights(sheet);
}

fn handed_over(sheet: &mut Sheet) {
    let good = |sheet: &mut Sheet, name: &str, deal: &Deal| sheet.good(name, "a chain that goes over to another device", pile(deal));
    let agreed = || Deal::agreed(sent_paid_first());
    let handed = || agreed().buyer(Act::Handover { to: device(SPARE) });
    good(sheet, "handed over", &handed());
    let goes_on = event(&handed(), Role::Buyer, &pair(SPARE), Step::PayProof { reference: "T".into(), amount: None }, |_| ());
    good(sheet, "handed over, and on", &handed().put(goes_on));
    let old = event(&handed(), Role::Buyer, &keys(Role::Buyer), Step::Cancel {}, |_| ());
    good(sheet, "handed over, and the old one", &handed().put(old));
    good(sheet, "handed to the other side", &agreed().forge(Role::Buyer, Step::Handover { to: device(2) }));
    good(sheet, "handed to the resolver", &agreed().forge(Role::Buyer, Step::Handover { to: device(3) }));
    let file = Step::DeliverDigital { name: "f".into(), bytes: 1, content: Digest([1; 32]) };
    good(sheet, "a file where none was agreed", &paid().forge(Role::Seller, file));
}

fn taken_over(sheet: &mut Sheet) {
    let good = |sheet: &mut Sheet, name: &str, deal: &Deal| sheet.good(name, "a chain that its root gives to another device", pile(deal));
    let agreed = || Deal::agreed(sent_paid_first());
    let word = || taken(&agreed(), 101, 0);
    good(sheet, "taken over", &agreed().put(word()));
    let after = agreed().put(word());
    let goes_on = event(&after, Role::Buyer, &pair(SPARE), Step::PayProof { reference: "T".into(), amount: None }, |_| ());
    good(sheet, "taken over, and on", &after.put(goes_on));
    let lost = || agreed().buyer(Act::Cancel);
    good(sheet, "taken over, the lost one spoke", &lost().put(word()));
    good(sheet, "taken over, the other side knew", &agreed().buyer(pay(None)).seller(confirm(None)).put(word()));
    let cancelled = lost().order().head(Role::Buyer).expect("cancelled");
    let mut receipted = lost().put(word());
    receipted.set.receive(receipted.receipt(Role::Seller, cancelled, None)).expect("it holds");
    good(sheet, "taken over, the other side had it", &receipted);
    let mut forged = lost().put(word());
    let stranger = pair(66);
    let content = Receipt::new(forged.set.order(), cancelled, None, stranger.public());
    forged.set.receive(content.sign(&stranger)).expect("it holds");
    let seller_head = agreed().order().head(Role::Seller);
    let cites = event(&agreed(), Role::Seller, &stranger, Step::Start {}, |body| (body.prev, body.seen) = (seller_head, Some(cancelled)));
    good(sheet, "taken over, a stranger says the other side knew", &forged.put(cites));
    good(sheet, "taken over twice", &agreed().put(word()).put(taken(&agreed(), 101, 5)));
    good(sheet, "taken over by another root", &agreed().put(taken(&agreed(), 102, 0)));
    let doubled = event(&agreed(), Role::Buyer, &keys(Role::Buyer), Step::Say { text: "x".into() }, |_| ());
    good(sheet, "taken over from two tongues", &lost().put(doubled).put(word()));
}

fn reasons(sheet: &mut Sheet) {
    let good = |sheet: &mut Sheet, name: &str, deal: Deal, role: Role, step: Step| {
        sheet.good(&format!("refused, {name}"), "an event without effect, and why", pile(&deal.forge(role, step)));
    };
    let (b, s) = (Role::Buyer, Role::Seller);
    let reason = || "r".to_owned();
    let ask = || Act::RequestCancel { reason: reason() };
    let part = |lines| Step::Ship { lines, carrier: String::new(), tracking: String::new() };
    good(sheet, "bad_lines", paid(), s, part(vec![(0, 3)]));
    good(sheet, "no such line", paid(), s, part(vec![(1, 1)]));
    let ready = || Deal::agreed(pickup()).seller(Act::Start).seller(Act::Ready { code: None });
    let agrees = |deal: Deal| deal.buyer(ask()).wait(14 * DAY_MS);
    good(sheet, "agreed by the asker early", ready().buyer(ask()), b, Step::CancelAgree {});
    good(sheet, "agreed by the asker", agrees(ready()), b, Step::CancelAgree {});
    good(sheet, "not_paid", Deal::agreed(pickup()), b, Step::CancelRequest { reason: reason() });
    good(sheet, "nothing_asked", paid(), s, Step::CancelAgree {});
    good(sheet, "already_asked", paid().buyer(ask()), s, Step::CancelRequest { reason: reason() });
    let had = || paid().seller(ship()).buyer(Act::Receive { code: None });
    good(sheet, "too_late", had().wait(14 * DAY_MS), b, Step::ReturnRequest { reason: reason() });
    good(sheet, "complaint too late", had().wait(30 * DAY_MS), b, Step::Dispute { claim: reason() });
    let claim = || Act::Dispute { claim: reason() };
    good(sheet, "claimed twice", paid().buyer(claim()), b, Step::Dispute { claim: reason() });
    good(sheet, "not_spoken", paid().buyer(claim()).wait(14 * DAY_MS), s, Step::CloseDefaulted {});
    good(sheet, "settlement too much", paid().buyer(claim()), s, Step::SettleOffer { refund: cny(2_241) });
    let seq = ORDER_EVENTS_MAX as u64 / 2;
    let many = event(&paid(), b, &keys(b), Step::Say { text: reason() }, |body| body.seq = seq);
    sheet.good("words beyond half of the chain", "they wait for what is missing", pile(&paid().put(many)));
}

/// Rows that nothing else in the sheet takes.
fn rights(sheet: &mut Sheet) {
    let good = |sheet: &mut Sheet, name: &str, deal: &Deal| sheet.good(name, "a right that a deadline opens", pile(deal));
    let ready = || Deal::agreed(pickup()).seller(Act::Start).seller(Act::Ready { code: None });
    good(sheet, "collected by silence", &ready().seller(confirm(None)).wait(14 * DAY_MS).seller(Act::Expire));
    let owed = || Deal::agreed(pickup()).buyer(Act::Cancel).buyer(pay(None));
    let refund = |minor: i64| Act::Refund { reference: "R".into(), amount: Some(cny(minor)) };
    good(sheet, "refunded by silence", &owed().seller(refund(1640)).wait(14 * DAY_MS).seller(Act::Expire));
    good(sheet, "refund that never came", &owed().seller(refund(1)).wait(14 * DAY_MS).buyer(Act::CloseDefaulted));
    let nobody = EventBody { prev: None, seq: 0, ..ready().body(Role::Seller, Step::Start {}) };
    let nobody = EventBody { author: device(66), seen: Some(EventId(ready().set.order().0)), ..nobody };
    sheet.good("nobody's event", "a first event by a stranger", pile(&ready().put(sign(&nobody, &pair(66)).expect("well-formed"))));
}
