//! The desk of a shop: moving it, whose offers go where, who counts, and what becomes of orders of before.

use haat_protocol::body::ShopDesk;
use haat_protocol::listing::Stock;
use haat_protocol::local::{ListingEdit, NewListing, NewOffer, OrderWords, ShopEdit};
use haat_protocol::order::State;

use super::again::other_device;
use super::*;
use crate::engine::trade::tests::kit::{carry, connect, wanted};
use crate::view::{shelf, stock};

/// Ana with two devices, and bob, in one circle that has her shop; its desk is the first device.
struct Street {
    ana: Node,
    other: Node,
    bob: Node,
    shop: SpaceId,
    tea: EntryId,
}

fn street(in_stock: Stock) -> Street {
    let (mut ana, lane) = founded();
    let mut other = other_device(&mut ana, 6);
    let mut bob = node(2);
    join(&mut ana, &mut bob, lane);
    join(&mut ana, &mut other, lane);
    let shop = ana.shop();
    let tea = ana.list(shop, in_stock);
    ana.work(|work| work.shop_share(&shop.to_string(), CIRCLE)).expect("shares");
    let mut street = Street { ana, other, bob, shop, tea };
    connect(&mut street.ana, &mut street.bob);
    connect(&mut street.other, &mut street.bob);
    street.tell();
    street
}

/// Hands over everything that one holds.
fn hears(one: &mut Node, of: &Node) {
    one.now = one.now.max(of.now);
    meet(one, of);
    one.follow(of);
}

impl Street {
    /// Everybody hears of everything that ana's devices say.
    fn tell(&mut self) {
        for _ in 0..2 {
            hears(&mut self.other, &self.ana);
            hears(&mut self.ana, &self.other);
        }
        hears(&mut self.bob, &self.ana);
    }

    fn moves(&mut self) -> serde_json::Value {
        let to = self.other.device().to_string();
        self.ana.work(|work| work.shop_desk(&self.shop.to_string(), Some(&to[..12]))).expect("moves")
    }

    fn desks(&self) -> [Option<DeviceId>; 3] {
        [&self.ana, &self.other, &self.bob].map(|node| desk(node, &self.shop))
    }
}

fn desk(node: &Node, shop: &SpaceId) -> Option<DeviceId> {
    node.read(|tx| shelf::desk(tx, shop))
}

fn free(node: &Node, tea: &EntryId) -> Stock {
    node.read(|tx| stock::free(tx, tea, "", node.now))
}

fn count(node: &mut Node, tea: &EntryId) -> Result<serde_json::Value, haat_protocol::local::Problem> {
    node.work(|work| work.listing_stock(&tea.to_string(), None, Stock::Counted(9)))
}

fn of(qty: u64, tea: EntryId) -> NewOffer {
    NewOffer { qty: Some(qty), ..wanted(tea) }
}

fn words() -> OrderWords {
    OrderWords::default()
}

#[test]
fn offers_go_to_the_new_desk_and_the_old_one_finishes_its_orders() {
    let mut street = street(Stock::Counted(5));
    let first = street.bob.offer(&of(2, street.tea)).expect("offers").order;
    carry(&mut street.bob, &mut street.ana);
    street.ana.act(first, "accept", &words()).expect("accepts");
    carry(&mut street.ana, &mut street.bob);

    assert_eq!(street.moves()["counted"], true);
    // Bob has not heard of it: the device that was the desk says one clear word, and keeps nothing.
    let early = street.bob.offer(&of(1, street.tea)).expect("offers").order;
    let message = street.bob.outgoing().pop().expect("sent at once");
    let answer = street.ana.give(street.bob.device(), &message);
    assert!(matches!(&answer, DirectResponse::Refused { code } if code == "not-the-desk"), "{answer:?}");
    assert!(!street.ana.has(early));

    street.tell();
    assert_eq!(street.desks(), [Some(street.other.device()); 3]);
    assert_eq!(free(&street.other, &street.tea), Stock::Counted(3), "what the first order holds is taken off");
    let second = street.bob.offer(&of(3, street.tea)).expect("offers").order;
    assert_eq!(street.bob.order(second).terms.seller.device, street.other.device());
    carry(&mut street.bob, &mut street.other);
    street.other.act(second, "accept", &words()).expect("accepts");
    carry(&mut street.other, &mut street.bob);
    assert_eq!(street.bob.order(second).state, State::Agreed);
    assert_eq!(free(&street.other, &street.tea), Stock::Counted(0));

    for verb in ["start", "ready"] {
        street.ana.act(first, verb, &words()).unwrap_or_else(|problem| panic!("{verb}: {problem:?}"));
    }
    carry(&mut street.ana, &mut street.bob);
    street.bob.act(first, "receive", &words()).expect("receives");
    carry(&mut street.bob, &mut street.ana);
    assert_eq!(street.ana.order(first).state, street.bob.order(first).state);
    assert_eq!(free(&street.other, &street.tea), Stock::Counted(0), "that is the first desk's");
    for node in [&street.ana, &street.other, &street.bob] {
        is_sound(node);
    }
}

#[test]
fn what_is_counted_is_promised_at_the_new_desk_alone() {
    let mut street = street(Stock::Counted(2));
    let order = street.bob.offer(&of(1, street.tea)).expect("offers").order;
    carry(&mut street.bob, &mut street.ana);
    street.moves();
    let problem = street.ana.act(order, "accept", &words()).expect_err("nothing is left here");
    assert_eq!(problem.code, "out-of-stock");
    assert_eq!(street.ana.order(order).state, State::Negotiating, "it may still be rejected");

    // What is not counted is promised by whoever was asked.
    let mut street = self::street(Stock::Uncounted);
    let order = street.bob.offer(&of(1, street.tea)).expect("offers").order;
    carry(&mut street.bob, &mut street.ana);
    street.moves();
    street.ana.act(order, "accept", &words()).expect("accepts");
    assert_eq!(street.ana.order(order).state, State::Agreed);
}

#[test]
fn only_the_desk_counts() {
    let mut street = street(Stock::Counted(5));
    let (shop, tea) = (street.shop.to_string(), street.tea);
    assert_eq!(count(&mut street.other, &tea).expect_err("not there").code, "not-the-desk");
    let new = |stock| NewListing { shop: shop.clone(), title: "Cups".into(), price: "9.00".into(), stock, ..NewListing::default() };
    let adds = |node: &mut Node, stock| node.work(|work| work.listing_add(&new(stock)));
    assert_eq!(adds(&mut street.other, Stock::Counted(3)).expect_err("not there").code, "not-the-desk");
    adds(&mut street.other, Stock::Uncounted).expect("what is not counted is listed anywhere");

    // The other device takes the desk over without the first one.
    let taken = street.other.work(|work| work.shop_desk(&shop, None)).expect("takes it over");
    assert_eq!(taken["counted"], false, "what the first one sold is not known");
    assert_eq!(free(&street.other, &tea), Stock::Counted(5));
    count(&mut street.other, &tea).expect("counts");
    street.tell();
    assert_eq!(count(&mut street.ana, &tea).expect_err("not here any more").code, "not-the-desk");
    assert_eq!(street.desks(), [Some(street.other.device()); 3]);
    is_sound(&street.ana);
}

#[test]
fn of_two_moves_at_once_one_counts_for_everybody() {
    let mut street = street(Stock::Counted(5));
    let mut third = other_device(&mut street.ana, 7);
    street.tell();
    let lane = street.ana.read(|tx| shelf::circles(tx, &street.shop))[0];
    join(&mut street.ana, &mut third, lane);
    hears(&mut third, &street.ana);
    street.moves();
    third.work(|work| work.shop_desk(&street.shop.to_string(), None)).expect("takes it over");
    let (mut carl, mut dan) = (street.bob.again(1), street.bob.again(2));
    for (node, ways) in [(&mut carl, [&street.ana, &third]), (&mut dan, [&third, &street.ana])] {
        ways.into_iter().for_each(|way| hears(node, way));
    }
    hears(&mut street.ana, &third);
    hears(&mut third, &street.ana);
    let chosen = desk(&carl, &street.shop).expect("one");
    assert!([street.other.device(), third.device()].contains(&chosen));
    assert_eq!([&dan, &street.ana, &third].map(|node| desk(node, &street.shop)), [Some(chosen); 3]);

    // The chosen device is revoked: who was named before has the desk back.
    let mut chain = street.ana.read(|tx| known::own_chain(tx, &street.ana.me));
    let root = street.ana.me.root.as_ref().expect("at hand");
    for device in [street.other.device(), third.device()] {
        chain.append(root, Change::RevokeDevice { device, cuts: vec![] }, carl.now);
    }
    let identity = chain.verify().expect("holds");
    carl.work(|work| intake::identity(&mut work.cx(), &identity));
    assert_eq!(desk(&carl, &street.shop), Some(street.ana.device()), "the one that opened the shop");
    is_sound(&carl);
}

#[test]
fn a_seller_offers_from_the_new_desk_once_the_buyer_has_heard_of_it() {
    let mut street = street(Stock::Uncounted);
    street.moves();
    hears(&mut street.other, &street.ana);
    let bob = street.bob.me.id().to_string();
    let offer = NewOffer { to: Some(bob.clone()), ..wanted(street.tea) };
    assert_eq!(street.ana.offer(&offer).expect_err("not the desk").code, "not-yours");
    let order = street.other.offer(&offer).expect("offers").order;
    let message = street.other.outgoing().pop().expect("sent at once");
    let early = street.bob.give(street.other.device(), &message);
    assert!(matches!(&early, DirectResponse::Refused { code } if code == "not-the-desk"), "{early:?}");
    hears(&mut street.bob, &street.ana);
    let later = street.bob.give(street.other.device(), &message);
    assert!(matches!(later, DirectResponse::Stored { .. }), "{later:?}");
    assert!(street.bob.has(order));
}

#[test]
fn a_desk_moves_to_a_device_of_its_keeper_that_sees_the_shop() {
    let mut street = street(Stock::Uncounted);
    let shop = street.shop.to_string();
    let code = |node: &mut Node, shop: &str, to: Option<&str>| node.work(|work| work.shop_desk(shop, to)).expect_err("refused").code;
    let (own, bobs) = (street.ana.device().to_string(), street.bob.device().to_string());
    assert_eq!(code(&mut street.ana, &shop, None), "already-there");
    assert_eq!(code(&mut street.ana, &shop, Some(&own)), "already-there");
    assert_eq!(code(&mut street.ana, &shop, Some(&bobs)), "not-found");
    assert_eq!(code(&mut street.ana, &shop, Some("")), "ambiguous");
    assert_eq!(code(&mut street.bob, &shop, None), "not-yours");
    street.ana.work(|work| work.shop_unshare(&shop, CIRCLE)).expect("takes back");
    let to = street.other.device().to_string();
    assert_eq!(code(&mut street.ana, &shop, Some(&to)), "not-shared");
    // What a modified program says of another's device moves nothing.
    let device = street.bob.device();
    street.ana.work(|work| work.author(street.shop, &Body::ShopDesk(ShopDesk { device }))).expect("says");
    assert_eq!(desk(&street.ana, &street.shop), Some(street.ana.device()));
}

#[test]
fn terms_said_on_two_devices_at_once_are_the_same_for_everybody() {
    let mut street = street(Stock::Uncounted);
    let terms = |returns: &str| ShopEdit { shop: "Hill".into(), returns: Some(returns.into()), ..ShopEdit::default() };
    street.other.work(|work| work.shop_edit(&terms("said elsewhere"))).expect("said");
    street.ana.work(|work| work.shop_edit(&terms("said at the desk"))).expect("said");
    // One reader hears of the one first, the other of the other.
    hears(&mut street.bob, &street.other);
    street.tell();
    hears(&mut street.bob, &street.other);
    let said = [&street.ana, &street.other, &street.bob].map(|node| node.read(|tx| shelf::shop(tx, &street.shop)).expect("open"));
    assert!(said[0].entry == said[1].entry && said[1].entry == said[2].entry, "{said:?}");
    assert_eq!(said[0].body.name, "Hill");
    let later = if said[0].body.returns == "said elsewhere" { "said later here" } else { "said later" };
    street.ana.work(|work| work.shop_edit(&terms(later))).expect("said");
    street.tell();
    assert_eq!(street.bob.read(|tx| shelf::shop(tx, &street.shop)).expect("open").body.returns, later, "what is said later holds");
}

#[test]
fn a_device_that_is_not_the_desk_edits_words_and_takes_back_what_it_did() {
    let mut street = street(Stock::Counted(5));
    let (tea, shop) = (street.tea.to_string(), street.shop.to_string());
    let edit = |price: Option<&str>, stock: Option<&str>| ListingEdit {
        listing: Some(tea.clone()),
        price: price.map(str::to_owned),
        stock: stock.map(str::to_owned),
        ..ListingEdit::default()
    };
    let code = |done: Result<serde_json::Value, haat_protocol::local::Problem>| done.expect_err("refused").code;
    assert_eq!(code(street.other.work(|work| work.listing_edit(&edit(None, Some("9"))))), "not-the-desk");
    street.other.work(|work| work.listing_edit(&edit(Some("41"), None))).expect("edits");
    street.tell();
    assert_eq!(code(street.ana.work(|work| work.shop_undo(&shop))), "nothing-to-undo");
    assert_eq!(free(&street.ana, &street.tea), Stock::Counted(5), "an edit of the price counts nothing");
    let done = street.other.work(|work| work.shop_undo(&shop)).expect("takes it back");
    assert_eq!(done["changes"][0]["after"], "39.00 CNY", "{done}");
    street.tell();
    assert_eq!(free(&street.ana, &street.tea), Stock::Counted(5));
}
