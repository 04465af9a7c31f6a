//! What is said in a drawn trade: sensible words for a verb that is possible, and senseless ones.

use haat_node::ask::{self, NodeFacts};
use haat_node::presence::Presence;
use haat_node::store::Tx;
use haat_protocol::id::OrderId;
use haat_protocol::local::{NewOffer, OrderWords, Question};
use haat_protocol::order::{Order, State, Verb};
use haat_protocol::time::{DAY_MS, HOUR_MS, MINUTE_MS};
use haat_tests::world::World;
use haat_tests::world::chance::Chance;

use super::SHELF;

/// Every verb, whoever may use it.
pub(super) const VERBS: [Verb; 32] = [
    Verb::Counter,
    Verb::Accept,
    Verb::Reject,
    Verb::Withdraw,
    Verb::Pay,
    Verb::ConfirmPayment,
    Verb::DenyPayment,
    Verb::Waive,
    Verb::Start,
    Verb::Ship,
    Verb::DeliverDigital,
    Verb::Ready,
    Verb::Receive,
    Verb::Complete,
    Verb::Address,
    Verb::Cancel,
    Verb::RequestCancel,
    Verb::Return,
    Verb::ReturnReceived,
    Verb::Agree,
    Verb::Refuse,
    Verb::Refund,
    Verb::ConfirmRefund,
    Verb::Dispute,
    Verb::Settle,
    Verb::Decide,
    Verb::Perform,
    Verb::Expire,
    Verb::CloseDefaulted,
    Verb::Say,
    Verb::Handover,
    Verb::Review,
];
/// Words that are rarely right.
const ODD: [&str; 12] = ["", "0", "-1", "abc", "1.234", "99999999999999999999", "1.00", "0.01", "1=1", "9=1", "1=0", "x=-0.50"];

/// Minor units as text.
pub(super) fn digits(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

/// A part of a sum, or all of it.
pub(super) fn part(chance: &mut Chance, of: i64) -> i64 {
    let most = u64::try_from(of).unwrap_or(0);
    i64::try_from(if chance.permille(400) { chance.between(0, most + 1) } else { most }).unwrap_or(0)
}

/// A part of a sum, at least the least; none when it is left open.
fn some_of(chance: &mut Chance, of: i64) -> Option<String> {
    (of > 0 && chance.permille(500)).then(|| digits(part(chance, of).max(1)))
}

/// An offer for something on the shelf, with other things from it now and then.
pub(super) fn offer(chance: &mut Chance, listings: &[String], at: usize) -> NewOffer {
    let (_, _, is_file) = SHELF[at];
    let ways = ["pickup", "ship"];
    let others: Vec<usize> = (0..SHELF.len()).filter(|other| *other != at && SHELF[*other].2 == is_file).collect();
    let other = others[chance.index(others.len())];
    NewOffer {
        listing: listings[at].clone(),
        qty: Some(chance.between(1, 4)),
        price: chance.permille(300).then(|| digits(i64::try_from(chance.between(100, 2_000)).unwrap_or(100))),
        valid_ms: chance.permille(250).then(|| span(chance)),
        delivery: (!is_file).then(|| ways[chance.index(2)].to_owned()),
        pay: Some(["before", "before", "on-delivery", "after"][chance.index(4)].to_owned()),
        note: chance.permille(200).then(|| "please".to_owned()),
        lines: if chance.permille(300) { vec![format!("{}={}", listings[other], chance.between(1, 3))] } else { Vec::new() },
        adjust: adjustments(chance),
        address: chance.permille(200).then(|| "TGFuZSAx".to_owned()),
        ..NewOffer::default()
    }
}

fn span(chance: &mut Chance) -> u64 {
    let unit = [MINUTE_MS, HOUR_MS, DAY_MS][chance.index(3)];
    chance.between(1, 20) * unit
}

/// Now and then a coupon, a tax.
fn adjustments(chance: &mut Chance) -> Vec<String> {
    let all = ["coupon=-0.50".to_owned(), "VAT 7 %=0.42".to_owned()];
    if chance.permille(300) { all[..1 + chance.index(2)].to_vec() } else { Vec::new() }
}

/// A verb out of those that are possible, trouble seldom when the two mean well; none when one waits instead.
pub(super) fn verb(chance: &mut Chance, next: &[Verb], is_smooth: bool) -> Option<Verb> {
    let weight = |verb: &Verb| match verb {
        // A review is said in a circle; nobody here has another device.
        Verb::Review | Verb::Handover => 0,
        Verb::Say => 1,
        Verb::Address | Verb::DenyPayment => 2,
        Verb::Cancel | Verb::Withdraw | Verb::Reject | Verb::Dispute | Verb::RequestCancel if is_smooth => 1,
        Verb::Cancel | Verb::Withdraw | Verb::Reject | Verb::Counter | Verb::Dispute => 4,
        Verb::Expire | Verb::CloseDefaulted => 6,
        Verb::Accept => 60,
        _ => 20,
    };
    let waits = if is_smooth { 15 } else { 5 };
    let mut drawn = chance.between(0, next.iter().map(weight).sum::<u64>() + waits);
    next.iter().copied().find(|verb| {
        let is_it = drawn < weight(verb);
        drawn = drawn.saturating_sub(weight(verb));
        is_it
    })
}

/// Any verb of the table, or none at all.
pub(super) fn any_verb(chance: &mut Chance) -> Option<Verb> {
    VERBS.get(chance.index(VERBS.len() + 1)).copied()
}

/// Words with which a possible verb must be taken. `code` is the one of the hand-over.
pub(super) fn sensible(chance: &mut Chance, verb: Verb, order: &Order, code: &str) -> OrderWords {
    let said = |text: &str| Some(text.to_owned());
    let mut words = OrderWords::default();
    match verb {
        Verb::Counter => {
            words.price = said(&digits(i64::try_from(chance.between(100, 2_000)).unwrap_or(100)));
            words.qty = (order.terms.lines.len() == 1 && chance.permille(300)).then(|| chance.between(1, 4));
            words.adjust = adjustments(chance);
            words.valid_ms = chance.permille(250).then(|| span(chance));
        }
        Verb::Reject => words.reason = said(["price", "out of stock", "I do not like it"][chance.index(3)]),
        Verb::DenyPayment | Verb::RequestCancel | Verb::Return | Verb::Refuse => words.reason = said("no"),
        Verb::Pay => {
            words.reference = said("R1");
            // What is left may be nothing after a claim was denied; then the whole is claimed again.
            words.amount = some_of(chance, order.terms.total.minor - order.paid_claimed);
        }
        Verb::ConfirmPayment => words.amount = some_of(chance, order.remainder()),
        Verb::Refund => {
            words.reference = said("R2");
            words.amount = some_of(chance, order.refund_left());
        }
        Verb::Ship => {
            (words.carrier, words.tracking) = (said("post"), said("1Z"));
            if chance.permille(500) {
                words.lines = shipped(chance, order);
            }
        }
        Verb::DeliverDigital => (words.file_name, words.data) = (said("songs.txt"), said("bGEgbGEgbGE=")),
        Verb::Address => words.data = said("TGFuZSAy"),
        Verb::Receive if order.code.is_some() && chance.permille(500) => words.code = said(code),
        Verb::ReturnReceived => words.spoilt = chance.permille(400),
        Verb::Dispute | Verb::Say => words.text = said("I see it otherwise"),
        Verb::Settle => words.refund = Some(digits(part(chance, order.refund_left()))),
        Verb::Perform => words.reference = said("R3"),
        _ => {}
    }
    words
}

/// Some of one of the lines that are not sent.
fn shipped(chance: &mut Chance, order: &Order) -> Vec<String> {
    let left: Vec<(usize, u64)> = (0..order.terms.lines.len()).filter_map(|at| Some((at, order.left_of(at)?))).collect();
    let left: Vec<(usize, u64)> = left.into_iter().filter(|(_, qty)| *qty > 0).collect();
    if left.is_empty() {
        return Vec::new();
    }
    let (at, most) = left[chance.index(left.len())];
    vec![format!("{}={}", at + 1, chance.between(1, most + 1))]
}

/// Words without sense.
pub(super) fn senseless(chance: &mut Chance) -> OrderWords {
    let mut odd = |often: u64| chance.permille(often).then(|| ODD[chance.index(ODD.len())].to_owned());
    let mut words = OrderWords {
        price: odd(400),
        amount: odd(400),
        reference: odd(500),
        reason: odd(500),
        carrier: odd(500),
        tracking: odd(500),
        lines: odd(300).into_iter().collect(),
        adjust: odd(200).into_iter().collect(),
        code: odd(300),
        text: odd(500),
        refund: odd(500),
        device: odd(200),
        file_name: odd(400),
        data: odd(400),
        ..OrderWords::default()
    };
    words.qty = chance.permille(200).then(|| [0, 1, u64::MAX][chance.index(3)]);
    words.valid_ms = chance.permille(200).then(|| [0, 1, u64::MAX][chance.index(3)]);
    words
}

/// Whether the resolver is asked now.
pub(super) fn may_be_decided(chance: &mut Chance, order: &Order) -> bool {
    order.state == State::Disputed && order.terms.resolver.is_some() && chance.permille(300)
}

/// The evidence of an order that a node gives.
pub(super) fn evidence(world: &World, who: usize, id: &OrderId) -> Result<String, String> {
    let snapshot = world.kept(who);
    let now = world.clock(who);
    let facts = NodeFacts { presence: &Presence::default(), store_bytes: 0, started: now, now };
    let question = Question::Evidence { order: id.to_string(), with: None };
    let answer = ask::answer(&Tx::new(&*snapshot), world.me(who), &facts, &question);
    let answer = answer.map_err(|problem| format!("evidence of a dispute was refused: {problem:?}"))?;
    answer["data"].as_str().map(ToOwned::to_owned).ok_or_else(|| format!("evidence without data: {answer}"))
}
