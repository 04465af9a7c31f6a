//! Private offers, codes at the gate, and chains that go over to another device.

use super::*;
use crate::id::DeviceId;

fn spare() -> Keypair {
    Keypair::from_seed(&[77; 32])
}

fn root(role: Role) -> Keypair {
    Keypair::from_seed(&[if role == Role::Buyer { 11 } else { 12 }; 32])
}

/// An event by another key than the party's first one.
fn by(deal: &Deal, role: Role, act: Act, device: &Keypair) -> Event {
    let body = draft(&deal.set, role, act, deal.now).expect("may");
    sign(&body, device).expect("the chain is this device's")
}

#[test]
fn a_seller_offers_to_one_person() {
    let body = offer(pickup(), keys(Role::Seller).public(), Some("for you".into()), START).expect("good");
    let event = sign(&body, &keys(Role::Seller)).expect("own key");
    let mut set = OrderSet::new(event.order());
    set.insert(event).expect("first");
    let mut deal = Deal { set, now: START };
    assert_eq!(deal.order().turn, Some(Role::Buyer));
    assert_eq!(next(&deal.order(), Role::Seller, deal.now), [Verb::Withdraw, Verb::Handover, Verb::Say]);
    deal.buyer(Act::Accept);
    assert_eq!(deal.order().stock, StockMark::Asked, "what the buyer accepts, the seller's node confirms");
    deal.seller(Act::StockConfirm);
    let right = deal.set.review_right(&deal.order()).expect("both halves");
    assert_eq!(right.verify(), Ok(()));
    assert_eq!(right.buyer_device, keys(Role::Buyer).public());
}

#[test]
fn the_code_at_the_gate_is_the_sellers() {
    let mut deal = agreed(pickup());
    deal.seller(Act::Start);
    let code = handover::code_commitment(&deal.order().id, "K7Q2M9XR");
    deal.seller(Act::Ready { code: Some(code) });
    assert_eq!(deal.draft(Role::Buyer, Act::Receive { code: Some(why("K7Q2M9XS")) }), Err(Refusal::WrongCode));
    let mut without = deal.clone();
    deal.buyer(Act::Receive { code: Some(why("K7Q2M9XR")) });
    assert_eq!(deal.state(), State::Delivered);
    without.buyer(Act::Receive { code: None });
    assert_eq!(without.state(), State::Delivered, "it proves more, and is not asked for");
    let mut none = agreed(pickup());
    none.seller(Act::Start).seller(Act::Ready { code: None });
    assert_eq!(none.draft(Role::Buyer, Act::Receive { code: Some(why("K7Q2M9XR")) }), Err(Refusal::WrongCode));
}

#[test]
fn a_chain_goes_over_to_another_device() {
    let mut deal = agreed(sent_paid_first());
    assert_eq!(deal.draft(Role::Buyer, Act::Handover { to: keys(Role::Seller).public() }), Err(Refusal::OtherDevice));
    deal.buyer(Act::Handover { to: spare().public() });
    let order = deal.order();
    assert_eq!((order.device(Role::Buyer), order.role(&spare().public())), (spare().public(), Some(Role::Buyer)));
    let old = {
        let mut body = deal.forge(Role::Buyer, Step::Cancel {}, deal.now).body().clone();
        body.author = keys(Role::Buyer).public();
        sign(&body, &keys(Role::Buyer)).expect("well-formed")
    };
    deal.now = deal.now.plus(1_000);
    let paid = by(&deal, Role::Buyer, pay(None), &spare());
    deal.set.insert(paid).expect("fits");
    deal.set.insert(old).expect("kept");
    assert_eq!((deal.state(), deal.refused()), (State::PaymentClaimed, vec![(Kind::Cancel, Refusal::HandedOver)]));
    assert_eq!(deal.order().contested, None);
    deal.seller(confirm(None)).seller(ship());
    let received = by(&deal, Role::Buyer, Act::Receive { code: None }, &spare());
    deal.set.insert(received).expect("fits");
    assert_eq!(deal.state(), State::Delivered);
}

/// The word of the buyer's root that the spare device goes on.
fn taken_over(deal: &Deal) -> Event {
    let order = deal.order();
    let last = order.head(Role::Buyer).expect("began");
    let inception = chain(Role::Buyer).inception;
    let sig = handover::takeover(&root(Role::Buyer), &order.id, &spare().public(), &last);
    let body = draft::take_over(&deal.set, Role::Buyer, spare().public(), (inception, sig), deal.now).expect("by the root");
    sign(&body, &spare()).expect("the new device signs")
}

#[test]
fn the_root_gives_the_chain_of_a_lost_device_to_another() {
    let mut deal = agreed(sent_paid_first());
    let before = deal.clone();
    let word = taken_over(&deal);
    // The lost device goes on all the same: what it says at that place does not count, and kills nothing.
    deal.buyer(Act::Cancel);
    deal.set.insert(word).expect("fits");
    let order = deal.order();
    assert_eq!((order.state, order.contested, order.device(Role::Buyer)), (State::Agreed, None, spare().public()));
    assert_eq!(deal.refused(), [(Kind::Cancel, Refusal::HandedOver)]);
    deal.now = deal.now.plus(1_000);
    let paid = by(&deal, Role::Buyer, pay(None), &spare());
    deal.set.insert(paid).expect("fits");
    deal.seller(confirm(None));
    assert_eq!(deal.state(), State::Fulfilling);

    let last = before.order().head(Role::Buyer).expect("began");
    let forged = |root: &Keypair, last: &EventId, whose: Role| {
        let sig = handover::takeover(root, &before.order().id, &spare().public(), last);
        draft::take_over(&before.set, Role::Buyer, spare().public(), (chain(whose).inception, sig), before.now).map(drop)
    };
    assert_eq!(forged(&root(Role::Seller), &last, Role::Seller), Err(Refusal::OtherDevice), "another person's root");
    assert_eq!(forged(&keys(Role::Buyer), &last, Role::Buyer), Err(Refusal::OtherDevice), "not the root");
    assert_eq!(forged(&root(Role::Buyer), &EventId([1; 32]), Role::Buyer), Err(Refusal::OtherDevice), "another place");
    assert_eq!(forged(&root(Role::Buyer), &last, Role::Buyer), Ok(()));
}

#[test]
fn what_the_other_side_acted_upon_is_not_taken_back() {
    let mut deal = agreed(sent_paid_first());
    let word = taken_over(&deal);
    let mut receipted = deal.clone();
    deal.buyer(pay(None)).seller(confirm(None));
    deal.set.insert(word.clone()).expect("fits");
    assert_eq!((deal.state(), deal.refused()), (State::Fulfilling, vec![(Kind::Takeover, Refusal::Overtaken)]));
    let again = taken_over(&deal);
    deal.set.insert(again).expect("fits");
    assert_eq!((deal.state(), deal.order().device(Role::Buyer)), (State::Fulfilling, spare().public()));

    receipted.buyer(pay(None));
    let paid = receipted.order().head(Role::Buyer).expect("paid");
    receipted.set.insert(word).expect("fits");
    assert_eq!(receipted.state(), State::Agreed, "nobody else knew of it");
    let head = receipted.order().head(Role::Seller);
    let receipt = Receipt::new(receipted.set.order(), paid, head, keys(Role::Seller).public()).sign(&keys(Role::Seller));
    receipted.set.receive(receipt).expect("holds");
    assert_eq!(receipted.state(), State::PaymentClaimed);
}

#[test]
fn nobody_else_speaks_for_the_side_that_knew() {
    let mut deal = agreed(sent_paid_first());
    let word = taken_over(&deal);
    deal.buyer(pay(None));
    let paid = deal.order().head(Role::Buyer).expect("paid");
    let seller_head = deal.order().head(Role::Seller);
    deal.set.insert(word).expect("fits");
    let thief = Keypair::from_seed(&[66; 32]);
    let cites = EventBody {
        author: thief.public(),
        seq: 1,
        prev: seller_head,
        seen: Some(paid),
        ..deal.forge(Role::Seller, Step::Cancel {}, deal.now).body().clone()
    };
    deal.set.insert(sign(&cites, &thief).expect("well-formed")).expect("kept");
    let receipt = Receipt::new(deal.set.order(), paid, seller_head, thief.public()).sign(&thief);
    deal.set.receive(receipt).expect("holds");
    assert_eq!(deal.order().device(Role::Buyer), spare().public(), "the thief of a device cannot witness for it");
    assert!(deal.refused().contains(&(Kind::PayProof, Refusal::HandedOver)));
}

#[test]
fn two_words_of_one_root_end_the_chain() {
    let mut deal = agreed(sent_paid_first());
    let one = taken_over(&deal);
    deal.now = deal.now.plus(5);
    let two = taken_over(&deal);
    assert_ne!(one.id(), two.id());
    deal.set.insert(one).expect("fits");
    deal.set.insert(two).expect("fits");
    assert_eq!(deal.order().contested, Some(Role::Buyer));
    let stranger = Keypair::from_seed(&[55; 32]);
    let body = EventBody { author: stranger.public(), ..deal.forge(Role::Seller, Step::Cancel {}, deal.now).body().clone() };
    deal.set.insert(sign(&body, &stranger).expect("well-formed")).expect("kept");
    assert!(deal.refused().contains(&(Kind::Cancel, Refusal::WrongSigner)));
    let unknown = DeviceId([3; 32]);
    assert_eq!(deal.order().role(&unknown), None);
}
