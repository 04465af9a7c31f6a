//! People with several devices: an order goes on with another one, whatever is lost or starts anew on the way.

use data_encoding::BASE64;
use haat_protocol::id::DeviceId;
use haat_protocol::limits::{CONTENT_MAX_BYTES, ENCLOSED_KEEP_MS, START_WORD_MS};
use haat_protocol::order::{Enclosure, EventBody, Role, handover};

use super::chains::{code, compare, starts, witness};
use super::*;
use crate::ledger::audit;
use crate::store::Store as _;
use crate::vault;
use crate::witness::Recalled;

/// Everybody is there and talks until nobody has anything to say.
fn meet(nodes: &mut [&mut Node]) {
    for _ in 0..4 {
        for at in 0..nodes.len() {
            let (one, rest) = nodes[at..].split_first_mut().expect("one is left");
            for other in rest {
                connect(one, other);
                let devices = (one.device(), other.device());
                one.work(|work| work.order_reset(&devices.1));
                other.work(|work| work.order_reset(&devices.0));
                for node in [&mut **one, &mut **other] {
                    node.work(|work| {
                        work.send_orders();
                        work.give_orders();
                    });
                }
                carry(one, other);
            }
        }
    }
}

/// Nobody is there any more.
fn part(nodes: &mut [&mut Node]) {
    for node in nodes {
        node.passing.presence.connected.clear();
    }
}

/// An order that both sides agreed on, paid for at the gate.
fn agreed(ana: &mut Node, bob: &mut Node, offer: &NewOffer) -> OrderId {
    let order = bob.offer(offer).expect("offers").order;
    carry(bob, ana);
    ana.act(order, "accept", &words()).expect("accepts");
    carry(ana, bob);
    order
}

fn to(node: &Node) -> OrderWords {
    OrderWords { device: Some(node.device().to_string()), ..words() }
}

fn next(node: &Node, order: OrderId) -> Vec<&'static str> {
    node.read(|tx| view::order::verbs(tx, &node.me, &node.order(order), node.now)).iter().map(|verb| verb.name()).collect()
}

/// Whether two nodes say the same of an order.
fn is_same(one: &Node, other: &Node, order: OrderId) {
    assert_eq!(one.order(order), other.order(order));
}

fn is_sound(node: &Node) {
    let snapshot = node.store.snapshot().expect("memory");
    audit::verify(&*snapshot, &node.me).expect("views are what the log says");
}

fn owner(node: &Node, order: OrderId, role: Role) -> DeviceId {
    node.order(order).device(role)
}

#[test]
fn the_buyer_goes_on_with_another_device_and_so_does_the_seller() {
    let (mut ana, mut bob, listing) = neighbours(Some(3));
    let (mut lap, mut till) = (bob.beside(4), ana.beside(5));
    let order = agreed(&mut ana, &mut bob, &wanted(listing));
    assert!(next(&bob, order).contains(&"handover"));
    let row = bob.act(order, "handover", &words()).expect("the only other one goes on");
    assert_eq!((row.next.as_slice(), row.waits_for.as_deref()), ([].as_slice(), Some("other")), "this device only reads now");
    meet(&mut [&mut ana, &mut bob, &mut lap]);
    for node in [&ana, &bob, &lap] {
        assert_eq!(owner(node, order, Role::Buyer), lap.device());
        is_same(node, &ana, order);
    }
    assert_eq!((ana.queued(), bob.queued(), lap.queued()), (0, 0, 0));
    assert!(next(&bob, order).is_empty() && next(&lap, order).contains(&"cancel"));
    assert_eq!(code(bob.act(order, "cancel", &words())), "handed_over");
    assert_eq!(code(bob.act(order, "say", &OrderWords { text: Some("hello".into()), ..words() })), "handed_over");

    ana.act(order, "start", &words()).expect("starts");
    let row = ana.act(order, "ready", &words()).expect("is ready");
    ana.act(order, "handover", &words()).expect("the seller's till goes on");
    meet(&mut [&mut ana, &mut till, &mut lap]);
    is_same(&till, &lap, order);
    let told = till.read(|tx| vault::code(tx, &till.me, &till.order(order)));
    assert_eq!((told.clone(), told.is_some()), (row.handover_code.or(Some(ana.me.handover_code(&order))), true), "the code went along");
    lap.act(order, "receive", &OrderWords { code: told, ..words() }).expect("has the goods");
    meet(&mut [&mut till, &mut lap]);
    till.act(order, "confirm-payment", &words()).expect("has the money");
    meet(&mut [&mut till, &mut lap]);
    assert_eq!((lap.order(order).state, till.queued(), lap.queued()), (State::Completed, 0, 0));
    is_same(&till, &lap, order);
    // Who had the chains before hear of the end from their own people's devices, and the shop's stock is right.
    compare(&mut bob, &mut lap);
    compare(&mut ana, &mut till);
    assert_eq!(
        (bob.order(order).state, ana.order(order).state, ana.order(order).stock),
        (State::Completed, State::Completed, StockMark::Sold)
    );
    for node in [&lap, &till] {
        is_sound(node);
    }
}

#[test]
fn what_waits_goes_to_the_device_that_has_the_chain() {
    let (mut ana, mut bob, listing) = neighbours(Some(3));
    let mut lap = bob.beside(4);
    let order = agreed(&mut ana, &mut bob, &wanted(listing));
    part(&mut [&mut ana, &mut bob]);
    ana.act(order, "start", &words()).expect("starts, and bob does not hear of it");
    bob.act(order, "say", &OrderWords { text: Some("when?".into()), ..words() }).expect("says, and ana does not hear of it");
    bob.act(order, "handover", &words()).expect("hands over");
    assert_eq!((ana.queued(), bob.queued()), (1, 2));
    meet(&mut [&mut bob, &mut lap]);
    assert_eq!((owner(&lap, order, Role::Buyer), lap.queued()), (lap.device(), 2), "what bob could not say is lap's to say");
    part(&mut [&mut bob]);
    lap.act(order, "say", &OrderWords { text: Some("it is me, elsewhere".into()), ..words() }).expect("needs nobody's word to go on");
    meet(&mut [&mut ana, &mut lap]);
    is_same(&ana, &lap, order);
    assert_eq!((lap.order(order).state, ana.queued(), lap.queued()), (State::Fulfilling, 0, 0));
    meet(&mut [&mut ana, &mut bob]);
    assert_eq!(bob.queued(), 0, "what bob still sends is held and receipted");
    is_same(&ana, &lap, order);
    is_sound(&lap);
}

#[test]
fn lost_messages_and_restarts_lose_no_order() {
    let (mut ana, mut bob, listing) = neighbours(Some(3));
    let mut lap = bob.beside(4);
    let address = NewOffer { address: Some(BASE64.encode(b"Gate 7")), ..wanted(listing) };
    let order = bob.offer(&address).expect("offers").order;
    carry(&mut bob, &mut ana);
    let (old, kept) = (bob.store.clone(), witness(&bob, order));
    connect(&mut bob, &mut lap);
    bob.act(order, "handover", &words()).expect("hands over");
    assert_eq!(bob.outgoing_to(lap.device()).len(), 1, "sent, and lost");
    let store = bob.store.clone();
    let last = witness(&bob, order);
    starts(&mut bob, store, &last);
    meet(&mut [&mut bob, &mut lap]);
    assert_eq!(owner(&lap, order, Role::Buyer), lap.device(), "given again after the start");
    let before = lap.everything();
    bob.work(|work| work.hand_over(order, lap.device()));
    meet(&mut [&mut bob, &mut lap]);
    assert_eq!(lap.everything(), before, "given twice is given once");
    let (store, mine) = (lap.store.clone(), Recalled::default());
    starts(&mut lap, store, &mine);
    meet(&mut [&mut ana, &mut lap]);
    ana.act(order, "accept", &words()).expect("accepts");
    compare(&mut lap, &mut ana);
    lap.work(|work| work.tend_vault());
    meet(&mut [&mut ana, &mut lap]);
    let personal = ana.order(order).personal.expect("told by the device that went on");
    let told = ana.read(|tx| vault::open(tx, &ana.me, &order, &personal)).expect("told");
    assert_eq!(told.data, b"Gate 7");

    // The old device comes back as it was before: it learns that it has the chain no more.
    bob.now = bob.now.plus(START_WORD_MS);
    starts(&mut bob, old, &kept);
    assert!(next(&bob, order).contains(&"withdraw"));
    compare(&mut bob, &mut ana);
    assert!(next(&bob, order).is_empty());
    compare(&mut bob, &mut lap);
    is_same(&bob, &lap, order);
    bob.work(|work| work.tend_vault());
    assert!(bob.read(|tx| vault::open(tx, &bob.me, &order, &personal)).is_some());
    bob.now = bob.now.plus(ENCLOSED_KEEP_MS + 1_000_000);
    bob.work(|work| work.tend_vault());
    assert!(bob.read(|tx| vault::open(tx, &bob.me, &order, &personal)).is_none(), "kept no longer where it is of no use");
}

/// More than one message holds, with a file that is the goods; the parts come one after the other, and some twice.
#[test]
fn a_large_order_is_given_in_parts() {
    let (mut ana, mut bob, listing) = neighbours(Some(3));
    let mut lap = bob.beside(4);
    let address = NewOffer { address: Some(BASE64.encode(b"Gate 7")), ..wanted(listing) };
    let order = agreed(&mut ana, &mut bob, &address);
    for at in 0..40 {
        let node = if at % 2 == 0 { &mut ana } else { &mut bob };
        node.act(order, "say", &OrderWords { text: Some(format!("{at:04000}")), ..words() }).expect("says");
        carry(&mut ana, &mut bob);
    }
    let mut file = vec![7; CONTENT_MAX_BYTES];
    file[0] = 8;
    let enclosed = Enclosure { salt: haat_protocol::id::Digest([1; 32]), data: file };
    let stray = enclosed.commitment();
    bob.work(|work| vault::keep(&mut work.tx, work.me, &order, &enclosed, [5; 32]));
    connect(&mut bob, &mut lap);
    bob.act(order, "handover", &words()).expect("hands over");
    let (mut parts, mut is_last) = (0, false);
    while let Some(part) = bob.outgoing_to(lap.device()).pop() {
        assert!(part.enclosed.len() <= 1);
        assert!(!is_last, "the handover comes last");
        if parts % 2 == 0 {
            lap.give(bob.device(), &part);
        }
        is_last |= lap.has(order) && owner(&lap, order, Role::Buyer) == lap.device();
        let answer = lap.give(bob.device(), &part);
        bob.hears(lap.device(), order, answer);
        parts += 1;
    }
    assert!(parts > 4, "{parts} parts");
    assert!(bob.store.snapshot_rows(Table::Heir).is_empty(), "and nothing is to be given any more");
    is_same(&lap, &bob, order);
    let personal = lap.order(order).personal.expect("told");
    assert!(lap.read(|tx| vault::open(tx, &lap.me, &order, &personal)).is_some());
    assert!(lap.read(|tx| vault::open(tx, &lap.me, &order, &stray)).is_none(), "what nothing commits to is not taken");
    is_sound(&lap);
}

/// The device that went on has a home from before, and what it signed since is elsewhere.
#[test]
fn a_home_from_before_the_handover_gets_the_order_again() {
    let (mut ana, mut bob, listing) = neighbours(Some(3));
    let mut lap = bob.beside(4);
    let before = lap.store.clone();
    let order = agreed(&mut ana, &mut bob, &wanted(listing));
    bob.act(order, "handover", &words()).expect("hands over");
    meet(&mut [&mut ana, &mut bob, &mut lap]);
    lap.act(order, "say", &OrderWords { text: Some("here".into()), ..words() }).expect("says");
    meet(&mut [&mut ana, &mut lap]);
    starts(&mut lap, before, &Recalled::default());
    assert!(!lap.has(order));
    let (l, b) = (lap.device(), bob.device());
    let heads = bob.work(|work| work.order_heads(&l)).expect("bob asks about it");
    lap.work(|work| work.answer_order_heads(&b, &heads));
    let heads = lap.asked_about().pop().expect("and lap about what it does not know");
    let DirectResponse::Orders(messages) = bob.work(|work| work.answer_order_heads(&l, &heads)) else { panic!("orders") };
    lap.work(|work| work.take_orders(b, &heads.iter().map(|head| head.order).collect(), messages));
    assert_eq!(owner(&lap, order, Role::Buyer), lap.device());
    assert_eq!(code(lap.act(order, "cancel", &words())), "order-in-doubt", "it may have said more than bob knows");
    compare(&mut lap, &mut ana);
    is_same(&lap, &ana, order);
    lap.act(order, "cancel", &words()).expect("now it knows");
    meet(&mut [&mut ana, &mut lap]);
    assert_eq!(ana.order(order).state, State::Cancelled);
    is_same(&lap, &ana, order);
}

#[test]
fn what_the_old_device_says_late_is_refused() {
    let (mut ana, mut bob, listing) = neighbours(Some(3));
    let mut lap = bob.beside(4);
    let order = agreed(&mut ana, &mut bob, &wanted(listing));
    bob.act(order, "handover", &words()).expect("hands over");
    let messages = bob.outgoing_to(ana.device());
    meet(&mut [&mut ana, &mut bob, &mut lap]);
    let stored = ana.give(bob.device(), &messages[0]);
    assert!(matches!(&stored, DirectResponse::Stored { receipts } if receipts.len() == 1), "{stored:?}");

    let set = lap.read(|tx| view::order::set(tx, &order));
    let body = order::draft(&set, Role::Buyer, order::Act::Cancel, lap.now).expect("lap may");
    let late = order::sign(&EventBody { author: bob.device(), ..body }, &bob.me.pair).expect("well-formed");
    let events = vec![ByteBuf::from(haat_protocol::codec::encode(late.signed()))];
    let message = OrderMessage { order, events, receipts: vec![], enclosed: vec![], chain: None };
    let before = ana.everything();
    for from in [bob.device(), lap.device()] {
        assert_eq!(refused(&ana.give(from, &message)), "handed_over");
    }
    assert_eq!(ana.everything(), before, "nothing of it is kept");
    assert_eq!(refused(&ana.give(Node::new(9).device(), &message)), "wrong_signer");
    // Nor does the old device take anything from the other side, which would count as heard.
    ana.act(order, "start", &words()).expect("starts");
    let started = ana.outgoing_to(lap.device()).pop().expect("goes to lap");
    assert_eq!(refused(&bob.give(ana.device(), &started)), "moved");
    assert_eq!(bob.order(order).state, State::Agreed);
}

#[test]
fn an_order_goes_to_own_devices_alone() {
    let (mut ana, mut bob, listing) = neighbours(Some(3));
    let order = agreed(&mut ana, &mut bob, &wanted(listing));
    assert_eq!(code(bob.act(order, "handover", &words())), "no-other-device");
    assert!(!next(&bob, order).contains(&"handover"));
    let mut lap = bob.beside(4);
    assert_eq!(code(bob.act(order, "handover", &to(&ana))), "not-your-device");
    let tab = bob.beside(6);
    assert_eq!(code(bob.act(order, "handover", &words())), "ambiguous");

    // A seller's node takes no word for a device that is not the buyer's.
    let set = bob.read(|tx| view::order::set(tx, &order));
    let act = order::Act::Handover { to: Node::new(9).device() };
    let body = order::draft(&set, Role::Buyer, act, bob.now).expect("the fold does not know whose it is");
    let event = order::sign(&body, &bob.me.pair).expect("signed");
    let events = vec![ByteBuf::from(haat_protocol::codec::encode(event.signed()))];
    let message = OrderMessage { order, events, receipts: vec![], enclosed: vec![], chain: None };
    assert_eq!(refused(&ana.give(bob.device(), &message)), "other_device");

    bob.act(order, "handover", &to(&lap)).expect("hands over");
    connect(&mut bob, &mut lap);
    bob.work(|work| work.give_orders());
    let given = bob.outgoing_to(lap.device()).pop().expect("given");
    let unclaimed = OrderMessage { chain: None, ..given.clone() };
    assert_eq!(refused(&lap.give(ana.device(), &unclaimed)), "wrong_signer", "ana does not speak for bob's other devices");
    assert!(!lap.has(order));
    assert!(matches!(lap.give(bob.device(), &given), DirectResponse::Stored { .. }));
    assert!(lap.has(order) && !tab.has(order));
    let stranger = Node::new(9);
    let claims = OrderMessage { chain: Some(stranger.me.identity.chain().clone()), ..given };
    let mut other = Node::new(8);
    assert_eq!(refused(&other.give(stranger.device(), &claims)), "wrong_signer");
    assert!(!other.has(order));
}

#[test]
fn the_shops_device_answers_an_offer_itself() {
    let (mut ana, mut bob, listing) = neighbours(Some(3));
    let _till = ana.beside(5);
    let order = bob.offer(&wanted(listing)).expect("offers").order;
    carry(&mut bob, &mut ana);
    assert!(!next(&ana, order).contains(&"handover"));
    assert_eq!(code(ana.act(order, "handover", &words())), "desk-answers");
    ana.act(order, "accept", &words()).expect("accepts");
    assert!(next(&ana, order).contains(&"handover"));
}

/// The word of the root that another device goes on, as a person says it who has lost the one that had the chain.
#[test]
fn the_root_gives_a_lost_devices_chain_to_another() {
    let (mut ana, mut bob, listing) = neighbours(Some(3));
    let mut lap = bob.beside(4);
    let order = agreed(&mut ana, &mut bob, &wanted(listing));
    bob.act(order, "handover", &words()).expect("hands over");
    meet(&mut [&mut ana, &mut bob, &mut lap]);
    let set = bob.read(|tx| view::order::set(tx, &order));
    let last = bob.order(order).head(Role::Buyer).expect("began");
    let sig = handover::takeover(bob.me.root.as_ref().expect("at hand"), &order, &bob.device(), &last);
    let inception = bob.me.identity.chain().inception.clone();
    let body = order::draft::take_over(&set, Role::Buyer, bob.device(), (inception, sig), bob.now).expect("by the root");
    bob.work(|work| work.take_own(&body).map(|_| work.send_order(order))).expect("signed");
    ana.act(order, "start", &words()).expect("starts, and lap is gone");
    meet(&mut [&mut ana, &mut bob]);
    assert_eq!(owner(&ana, order, Role::Buyer), bob.device());
    is_same(&ana, &bob, order);
    assert_eq!((bob.order(order).state, ana.queued(), bob.queued()), (State::Fulfilling, 0, 0), "what waited for lap went to bob");
    lap.act(order, "cancel", &words()).expect("has not heard of it");
    let late = lap.outgoing_to(ana.device()).pop().expect("sent");
    assert_eq!(refused(&ana.give(lap.device(), &late)), "handed_over");
    assert_eq!(ana.order(order).state, State::Fulfilling);
}
