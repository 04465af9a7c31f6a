//! Homes that are older than what they signed: no order gets two events at one place of a chain, and orders go on.

use haat_protocol::limits::START_WORD_MS;
use haat_protocol::order::Refusal;

use super::*;
use crate::engine::guard;
use crate::store::memory::MemoryStore;
use crate::witness::{Note, OrderLast, Recalled, Witness};

/// The witness of a node that signed what it holds of its chain in an order.
pub(super) fn witness(node: &Node, order: OrderId) -> Recalled {
    let last = node
        .read(|tx| view::order::set(tx, &order))
        .events()
        .filter(|event| event.body().author == node.device())
        .max_by_key(|event| event.body().seq)
        .map(|event| OrderLast { id: event.id(), shared: false });
    let mut witness = Recalled::default();
    witness.note(Note { orders: vec![(order, last)], ..Note::default() }).expect("memory");
    witness
}

/// The node starts anew, with this store.
pub(super) fn starts(node: &mut Node, store: MemoryStore, witness: &Recalled) {
    node.wakes(store);
    node.passing.guard = guard::recover(&mut node.store, witness, &node.me, node.now).expect("memory");
}

/// Two connected nodes compare their orders, as often as the asker wants.
pub(super) fn compare(asker: &mut Node, answerer: &mut Node) {
    let (a, b) = (asker.device(), answerer.device());
    connect(asker, answerer);
    for _ in 0..4 {
        let Some(heads) = asker.work(|work| work.order_heads(&b)) else { return };
        let asked: BTreeSet<OrderId> = heads.iter().map(|head| head.order).collect();
        let DirectResponse::Orders(messages) = answerer.work(|work| work.answer_order_heads(&a, &heads)) else { panic!("orders") };
        asker.work(|work| work.take_orders(b, &asked, messages));
    }
}

/// An offer of bob's that ana has.
fn begun(ana: &mut Node, bob: &mut Node, listing: EntryId) -> OrderId {
    let order = bob.offer(&wanted(listing)).expect("offers").order;
    carry(bob, ana);
    order
}

pub(super) fn code(result: Result<haat_protocol::local::OrderRow, haat_protocol::local::Problem>) -> String {
    result.expect_err("nothing is signed").code
}

fn is_alive(node: &Node, order: OrderId) {
    let refused = node.order(order).refused;
    assert!(refused.iter().all(|(_, why)| *why != Refusal::Equivocation), "{refused:?}");
}

#[test]
fn an_old_store_signs_nothing_in_an_order_before_the_other_side_has_told() {
    let (mut ana, mut bob, listing) = neighbours(Some(3));
    let order = begun(&mut ana, &mut bob, listing);
    let old = bob.store.clone();
    // Since then bob took his offer back, and ana knows.
    bob.act(order, "withdraw", &words()).expect("takes it back");
    carry(&mut bob, &mut ana);
    let witness = witness(&bob, order);
    starts(&mut bob, old, &witness);
    assert_eq!(code(bob.act(order, "withdraw", &words())), "waits-for-word");
    bob.now = bob.now.plus(START_WORD_MS);
    bob.work(|work| work.tend_waiting());
    assert_eq!(code(bob.act(order, "withdraw", &words())), "order-in-doubt", "the witness knows of more");
    compare(&mut bob, &mut ana);
    assert_eq!(bob.order(order), ana.order(order), "his own event came back");
    assert_eq!(bob.order(order).state, State::Withdrawn);
    is_alive(&ana, order);
}

#[test]
fn a_machine_set_back_asks_first_and_goes_on() {
    let (mut ana, mut bob, listing) = neighbours(Some(3));
    let order = begun(&mut ana, &mut bob, listing);
    ana.act(order, "counter", &OrderWords { price: Some("38.00".into()), ..words() }).expect("counters");
    carry(&mut ana, &mut bob);
    let (old, witness) = (bob.store.clone(), witness(&bob, order));
    bob.act(order, "counter", &OrderWords { price: Some("36.00".into()), ..words() }).expect("counters");
    carry(&mut bob, &mut ana);
    ana.act(order, "counter", &OrderWords { price: Some("37.00".into()), ..words() }).expect("counters");
    bob.outgoing();
    starts(&mut bob, old, &witness);
    assert_eq!(code(bob.act(order, "accept", &words())), "waits-for-word", "the witness was set back too");
    compare(&mut bob, &mut ana);
    carry(&mut ana, &mut bob);
    assert_eq!(bob.order(order).terms.total.minor, ana.order(order).terms.total.minor);
    bob.act(order, "accept", &words()).expect("knows now what it signed");
    carry(&mut bob, &mut ana);
    assert_eq!((ana.order(order), ana.order(order).stock), (bob.order(order), StockMark::Held));
    is_alive(&ana, order);
}

#[test]
fn a_start_without_the_other_side_waits_once_and_a_copy_asks_before_every_event() {
    let (mut ana, mut bob, listing) = neighbours(Some(3));
    let order = begun(&mut ana, &mut bob, listing);
    ana.act(order, "counter", &OrderWords { price: Some("38.00".into()), ..words() }).expect("counters");
    carry(&mut ana, &mut bob);
    let (before, kept) = (bob.store.clone(), witness(&bob, order));
    starts(&mut bob, before.clone(), &kept);
    bob.now = bob.now.plus(START_WORD_MS);
    bob.work(|work| work.tend_waiting());
    bob.act(order, "counter", &OrderWords { price: Some("36.00".into()), ..words() }).expect("it is the node's own, and no copy");
    bob.outgoing();

    starts(&mut bob, before, &kept.copy());
    bob.now = bob.now.plus(START_WORD_MS);
    bob.work(|work| work.tend_waiting());
    assert_eq!(code(bob.act(order, "accept", &words())), "order-in-doubt", "the original may have signed");
    compare(&mut bob, &mut ana);
    bob.act(order, "counter", &OrderWords { price: Some("35.00".into()), ..words() }).expect("ana holds nothing more");
    let message = bob.outgoing().pop().expect("sent at once");
    assert_eq!(code(bob.act(order, "withdraw", &words())), "order-in-doubt", "until ana has it");
    let answer = ana.give(bob.device(), &message);
    bob.work(|work| work.order_stored(order, answer));
    bob.act(order, "withdraw", &words()).expect("ana has it");
}

#[test]
fn stock_that_is_in_doubt_is_answered_for_later() {
    let (mut ana, mut bob, listing) = neighbours(Some(3));
    let order = begun(&mut ana, &mut bob, listing);
    ana.act(order, "counter", &OrderWords { price: Some("38.00".into()), ..words() }).expect("counters");
    carry(&mut ana, &mut bob);
    let (store, kept) = (ana.store.clone(), witness(&ana, order));
    starts(&mut ana, store, &kept);
    connect(&mut ana, &mut bob);
    bob.act(order, "accept", &words()).expect("accepts");
    carry(&mut bob, &mut ana);
    assert_eq!(ana.order(order).stock, StockMark::Asked, "a word is waited for");
    compare(&mut bob, &mut ana);
    assert_eq!(ana.order(order).stock, StockMark::Held);
    carry(&mut ana, &mut bob);
    assert_eq!(ana.order(order), bob.order(order));
}
