//! What both sides are told at each step of a deal: who has to act, until when, and what nobody answers.

use haat_protocol::id::{EntryId, OrderId};
use haat_protocol::limits::{CLOCK_SKEW_MS, CONFIRM_WITHIN_MS, DISPUTE_WITHIN_MS, FULFIL_WITHIN_MS, OFFER_LIFE_MS, PAY_WITHIN_MS};
use haat_protocol::local::{NewOffer, NoticeRow, OrderRow, OrderWords, Page, Question, Window};
use haat_protocol::time::DAY_MS;
use haat_protocol::wire::DirectResponse;

use super::kit::{Node, carry, wanted};
use super::{neighbours, words};
use crate::ask::{self, NodeFacts};
use crate::engine::Effect;
use crate::fact::Fact;
use crate::intake;
use crate::store::Table;

fn asked<T: serde::de::DeserializeOwned>(node: &Node, question: &Question) -> T {
    let facts = NodeFacts { presence: &node.passing.presence, store_bytes: 0, started: node.now, now: node.now };
    let answer = node.read(|tx| ask::answer(tx, &node.me, &facts, question)).expect("an answer");
    serde_json::from_value(answer).expect("as documented")
}

/// A list as it is told whole; row by row it is the same.
fn list<T: serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(node: &Node, question: impl Fn(Window) -> Question) -> Vec<T> {
    let whole = asked::<Page<T>>(node, &question(Window::default()));
    assert_eq!(whole.next, None);
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let page = asked::<Page<T>>(node, &question(Window { limit: Some(1), after }));
        rows.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(rows, whole.items);
    rows
}

fn notices(node: &Node) -> Vec<NoticeRow> {
    list(node, Question::Notices)
}

fn kinds(node: &Node) -> Vec<String> {
    notices(node).into_iter().map(|row| row.kind).collect()
}

fn listed(node: &Node) -> Vec<OrderRow> {
    list(node, |window| Question::Orders { state: None, role: None, window })
}

/// Who has to act as both sides see it.
fn waits(ana: &Node, bob: &Node, order: OrderId) -> [Option<String>; 2] {
    [ana, bob].map(|node| asked::<OrderRow>(node, &Question::Order { order: order.to_string() }).waits_for)
}

fn sent(listing: EntryId) -> NewOffer {
    NewOffer { delivery: Some("ship".into()), method: Some("transfer".into()), ..wanted(listing) }
}

#[test]
fn at_each_step_one_side_is_told_and_the_other_waits() {
    let (mut ana, mut bob, listing) = neighbours(Some(3));
    let order = bob.offer(&sent(listing)).expect("offers").order;
    carry(&mut bob, &mut ana);
    let said = |text: &str| OrderWords { reference: Some(text.into()), reason: Some(text.into()), ..words() };
    let ship = OrderWords { carrier: Some("bike".into()), tracking: Some("7".into()), ..words() };
    // Whose duty it was, of which kind, how long it had, and what the one who had it did.
    let steps = [
        ("offer", true, OFFER_LIFE_MS, "accept", words()),
        ("pay", false, PAY_WITHIN_MS, "pay", said("R1")),
        ("payment", true, FULFIL_WITHIN_MS, "deny-payment", said("nothing came")),
        ("pay", false, FULFIL_WITHIN_MS, "pay", said("R1 again")),
        ("payment", true, FULFIL_WITHIN_MS, "confirm-payment", words()),
        ("goods", true, FULFIL_WITHIN_MS, "ship", ship),
        ("receive", false, CONFIRM_WITHIN_MS, "receive", words()),
        ("complete", false, DISPUTE_WITHIN_MS, "complete", words()),
    ];
    let mut agreed = ana.now;
    for (kind, is_anas, within, verb, words) in steps {
        let (actor, other) = if is_anas { (&mut ana, &mut bob) } else { (&mut bob, &mut ana) };
        let [told] = &notices(actor)[..] else { panic!("{kind}: one notice, not {:?}", notices(actor)) };
        assert_eq!((told.kind.as_str(), &told.about), (kind, &order.to_string()));
        let begin = if within == FULFIL_WITHIN_MS || within == PAY_WITHIN_MS { agreed } else { told.at };
        let late = told.deadline.expect("a deadline runs").since(begin.plus(within));
        assert!(late < 1_000, "{kind}: {late} ms off");
        assert_eq!(notices(other), [], "{kind}: the other has nothing to do");
        let row = |node: &Node| listed(node).remove(0);
        assert_eq!((row(actor).waits_for.as_deref(), row(other).waits_for.as_deref()), (Some("me"), Some("other")), "{kind}");
        assert_eq!((row(actor).deadline, row(other).deadline), (told.deadline, told.deadline));
        actor.act(order, verb, &words).expect(verb);
        if verb == "accept" {
            agreed = actor.now;
        }
        carry(&mut ana, &mut bob);
    }
    assert_eq!((ana.order(order).state.name(), notices(&ana), notices(&bob)), ("completed", vec![], vec![]));
    assert_eq!(waits(&ana, &bob, order), [None, None]);
}

#[test]
fn a_notice_speaks_in_words_that_nobody_else_can_fill_in() {
    let (mut ana, mut bob, listing) = neighbours(None);
    bob.offer(&NewOffer { qty: Some(2), price: Some("70.00".into()), ..wanted(listing) }).expect("offers");
    carry(&mut bob, &mut ana);
    assert_eq!(notices(&ana)[0].text, "N2 proposes 70.00 CNY for 2 x Green tea: accept, counter or reject");
    let fact = Fact::Petname { person: bob.me.id(), name: "{total}".into() };
    ana.work(|work| intake::fact(&mut work.cx(), &fact));
    assert!(notices(&ana)[0].text.starts_with("{total} proposes 70.00 CNY"), "{}", notices(&ana)[0].text);
}

#[test]
fn a_deadline_is_near_then_passed_and_the_other_side_may_end_the_wait() {
    let (mut ana, mut bob, listing) = neighbours(Some(3));
    let order = bob.offer(&sent(listing)).expect("offers").order;
    carry(&mut bob, &mut ana);
    ana.act(order, "accept", &words()).expect("accepts");
    carry(&mut ana, &mut bob);
    let begun = bob.now;
    assert!(!notices(&bob)[0].urgent);
    // Of three days a quarter is left.
    bob.now = begun.plus(PAY_WITHIN_MS - PAY_WITHIN_MS / 4 + 1);
    assert!(notices(&bob)[0].urgent);
    ana.now = begun.plus(PAY_WITHIN_MS + CLOCK_SKEW_MS + 10);
    bob.now = ana.now;
    assert_eq!(kinds(&ana), ["right"]);
    assert!(notices(&ana)[0].text.contains("let a deadline pass"), "{}", notices(&ana)[0].text);
    ana.act(order, "expire", &words()).expect("its deadline passed");
    carry(&mut ana, &mut bob);
    assert_eq!((kinds(&ana), kinds(&bob)), (vec![], vec![]));
}

#[test]
fn a_refund_is_owed_by_one_and_confirmed_by_the_other() {
    let (mut ana, mut bob, listing) = neighbours(Some(3));
    let order = bob.offer(&sent(listing)).expect("offers").order;
    carry(&mut bob, &mut ana);
    ana.act(order, "accept", &words()).expect("accepts");
    carry(&mut ana, &mut bob);
    let reference = OrderWords { reference: Some("R1".into()), ..words() };
    bob.act(order, "pay", &reference).expect("pays");
    for node in [&mut ana, &mut bob] {
        node.now = node.now.plus(FULFIL_WITHIN_MS + CLOCK_SKEW_MS + 10);
    }
    carry(&mut bob, &mut ana);
    assert_eq!(kinds(&bob), ["right"]);
    bob.act(order, "expire", &words()).expect("the goods are late");
    carry(&mut bob, &mut ana);
    assert_eq!((kinds(&ana), kinds(&bob)), (vec!["refund".to_owned()], vec![]));
    ana.act(order, "refund", &OrderWords { amount: Some("5.00".into()), ..reference.clone() }).expect("pays a part back");
    carry(&mut ana, &mut bob);
    assert_eq!((kinds(&ana), kinds(&bob)), (vec!["refund".to_owned()], vec!["refund".to_owned()]), "the rest is owed still");
    ana.act(order, "refund", &reference).expect("pays the rest back");
    carry(&mut ana, &mut bob);
    assert_eq!((kinds(&ana), kinds(&bob)), (vec![], vec!["refund".to_owned()]));
    bob.act(order, "confirm-refund", &words()).expect("it came");
    assert_eq!(kinds(&bob), [""; 0]);
}

#[test]
fn orders_are_listed_by_who_has_to_act() {
    let (mut ana, mut bob, listing) = neighbours(Some(9));
    let offer = |bob: &mut Node, ana: &mut Node, valid: u64| {
        let order = bob.offer(&NewOffer { valid_ms: Some(valid), ..wanted(listing) }).expect("offers").order;
        carry(bob, ana);
        order
    };
    let late = offer(&mut bob, &mut ana, 3 * DAY_MS);
    let soon = offer(&mut bob, &mut ana, DAY_MS);
    let [old, over, theirs] = [(); 3].map(|()| offer(&mut bob, &mut ana, 2 * DAY_MS));
    let reason = OrderWords { reason: Some("price".into()), ..words() };
    ana.act(old, "reject", &reason).expect("rejects");
    ana.act(over, "reject", &reason).expect("rejects");
    ana.act(theirs, "counter", &OrderWords { price: Some("41.00".into()), ..words() }).expect("counters");
    let rows = listed(&ana);
    let ids: Vec<OrderId> = rows.iter().map(|row| row.order).collect();
    assert_eq!(ids, [soon, late, theirs, over, old]);
    let whom: Vec<_> = rows.iter().map(|row| row.waits_for.as_deref()).collect();
    assert_eq!(whom, [Some("me"), Some("me"), Some("other"), None, None]);
    let about: Vec<String> = notices(&ana).into_iter().map(|row| row.about).collect();
    assert_eq!(about, [soon.to_string(), late.to_string()]);
}

#[test]
fn an_order_that_the_other_side_refuses_is_told_until_it_is_taken() {
    let (_, mut bob, listing) = neighbours(None);
    let order = bob.offer(&wanted(listing)).expect("offers").order;
    bob.outgoing();
    bob.work(|work| work.order_stored(order, DirectResponse::Refused { code: "too-many-offers".into() }));
    assert_eq!(kinds(&bob), ["refused"]);
    assert_eq!(notices(&bob)[0].text, "N1's node takes nothing of this order: too many of your offers wait for an answer there");
    bob.work(|work| work.order_stored(order, DirectResponse::Stored { receipts: vec![] }));
    assert_eq!(kinds(&bob), [""; 0]);
}

/// What listeners are told when time has passed: orders of which they are reminded, and the kind of what is to be done.
fn reminded(node: &mut Node) -> Vec<(String, String)> {
    node.work(|work| {
        work.remind();
        let told = work.out.iter().filter_map(|effect| match effect {
            Effect::Happened(news) if news.kind == "reminder" => Some((news.subject.clone(), news.more["kind"].clone())),
            _ => None,
        });
        told.collect()
    })
}

#[test]
fn a_reminder_comes_once_shortly_before_the_deadline_also_across_restarts() {
    let (mut ana, mut bob, listing) = neighbours(Some(3));
    let order = bob.offer(&sent(listing)).expect("offers").order;
    carry(&mut bob, &mut ana);
    assert_eq!(reminded(&mut ana), []);
    // The offer stands for two days: the seller is reminded half a day before.
    ana.now = ana.now.plus(OFFER_LIFE_MS - OFFER_LIFE_MS / 4 - 1_000);
    assert_eq!(reminded(&mut ana), []);
    ana.now = ana.now.plus(2_000);
    let told = vec![(order.to_string(), "offer".to_owned())];
    assert_eq!(reminded(&mut ana), told);
    assert_eq!((reminded(&mut ana), reminded(&mut bob)), (vec![], vec![]), "once, and only who has to act");
    ana.passing.start_over();
    assert_eq!(reminded(&mut ana), [], "not again after a start");

    bob.now = ana.now;
    ana.act(order, "accept", &words()).expect("accepts");
    carry(&mut ana, &mut bob);
    assert_eq!(reminded(&mut bob), []);
    bob.now = bob.now.plus(PAY_WITHIN_MS - PAY_WITHIN_MS / 4 + 1_000);
    bob.passing.start_over();
    assert_eq!(reminded(&mut bob), [(order.to_string(), "pay".to_owned())], "the next deadline, after a start");
    let rows = |node: &Node| node.store.snapshot_rows(Table::Reminded).len();
    assert_eq!(rows(&bob), 1);
    bob.act(order, "pay", &OrderWords { reference: Some("R1".into()), ..words() }).expect("pays");
    bob.work(|work| work.settle());
    bob.passing.start_over();
    assert_eq!((reminded(&mut bob), rows(&bob)), (vec![], 0), "what is done is forgotten");
    ana.now = bob.now;
    carry(&mut bob, &mut ana);
    // Whoever was away beyond the deadline is told by the notices alone.
    ana.now = ana.now.plus(FULFIL_WITHIN_MS + 1_000);
    ana.passing.start_over();
    assert_eq!((reminded(&mut ana), kinds(&ana)), (vec![], vec!["payment".to_owned()]));
}

#[test]
fn what_changes_in_an_order_moves_its_reminder() {
    let (mut ana, mut bob, listing) = neighbours(None);
    assert_eq!(reminded(&mut ana), []);
    let order = bob.offer(&NewOffer { valid_ms: Some(DAY_MS), ..wanted(listing) }).expect("offers").order;
    let message = bob.outgoing().pop().expect("sent");
    let device = bob.device();
    ana.work(|work| {
        work.order_message(device, message);
        work.plan_reminders();
    });
    ana.now = ana.now.plus(DAY_MS - DAY_MS / 4 + 1_000);
    assert_eq!(reminded(&mut ana), [(order.to_string(), "offer".to_owned())]);
}

#[test]
fn words_are_told_until_they_are_answered() {
    let (mut ana, mut bob, listing) = neighbours(None);
    let order = bob.offer(&wanted(listing)).expect("offers").order;
    carry(&mut bob, &mut ana);
    let say = |text: &str| OrderWords { text: Some(text.into()), ..words() };
    bob.act(order, "say", &say("Is it this year's?")).expect("asks");
    carry(&mut bob, &mut ana);
    let texts = |node: &Node| notices(node).into_iter().filter(|row| row.kind == "message").map(|row| row.text).collect::<Vec<_>>();
    assert_eq!((texts(&ana), texts(&bob)), (vec!["N2 wrote: Is it this year's?".to_owned()], vec![]));
    assert_eq!(notices(&ana)[0].kind, "offer", "what has a deadline stands first");
    ana.act(order, "say", &say("Picked in April")).expect("answers");
    carry(&mut ana, &mut bob);
    assert_eq!((texts(&ana), texts(&bob)), (vec![], vec!["N1 wrote: Picked in April".to_owned()]));
    let row: OrderRow = asked(&bob, &Question::Order { order: order.to_string() });
    assert_eq!(row.events.last().and_then(|event| event.words.text.as_deref()), Some("Picked in April"));
}

#[test]
fn a_dispute_asks_both_and_a_settlement_one() {
    let (mut ana, mut bob, listing) = neighbours(Some(3));
    let order = bob.offer(&sent(listing)).expect("offers").order;
    carry(&mut bob, &mut ana);
    ana.act(order, "accept", &words()).expect("accepts");
    carry(&mut ana, &mut bob);
    bob.act(order, "pay", &OrderWords { reference: Some("R1".into()), ..words() }).expect("pays");
    carry(&mut bob, &mut ana);
    bob.act(order, "request-cancel", &OrderWords { reason: Some("too late".into()), ..words() }).expect("asks");
    carry(&mut bob, &mut ana);
    assert_eq!((kinds(&ana), kinds(&bob)), (vec!["question".to_owned()], vec![]));
    ana.act(order, "refuse", &OrderWords { reason: Some("it is packed".into()), ..words() }).expect("refuses");
    ana.act(order, "dispute", &OrderWords { text: Some("nothing came".into()), ..words() }).expect("disputes");
    carry(&mut ana, &mut bob);
    let dispute = vec!["dispute".to_owned()];
    assert_eq!((kinds(&ana), kinds(&bob)), (dispute.clone(), dispute.clone()));
    ana.act(order, "settle", &OrderWords { refund: Some("5.00".into()), ..words() }).expect("offers to settle");
    carry(&mut ana, &mut bob);
    assert!(notices(&bob)[0].text.contains("offers to settle"), "{}", notices(&bob)[0].text);
    bob.act(order, "agree", &words()).expect("agrees");
    carry(&mut bob, &mut ana);
    assert_eq!((kinds(&ana), kinds(&bob)), (vec![], vec![]));
}
