//! Shops that are taken back, and keys of shops that follow who is in a circle.

use haat_protocol::codec::encode;
use haat_protocol::local::NewListing;
use haat_protocol::sync::Session;
use haat_protocol::wire::{Item, SyncResponse};

use super::*;
use crate::net::{Channel, GossipId};
use crate::view::{known, shelf};

const OTHER: &str = "Hill";

struct Market {
    ana: Node,
    bob: Node,
    eve: Node,
    lane: SpaceId,
    shop: SpaceId,
}

/// Ana keeps a shop that is shared into the lane, where bob is; eve is with her in another circle.
fn market() -> (Market, EntryId) {
    let (mut ana, lane) = founded();
    let (mut bob, mut eve) = (node(2), node(3));
    join(&mut ana, &mut bob, lane);
    let hill = ana.work(|work| work.circle_create(OTHER, None)).expect("begins");
    let hill: SpaceId = hill["circle"].as_str().expect("an id").parse().expect("an id");
    let code = ana.work(|work| work.circle_invite(OTHER, None, None)).expect("invites");
    let asked = request(&eve, &Code::parse(code["code"].as_str().expect("a code")).expect("a code"));
    let (device, inviter) = (eve.device(), ana.device());
    let answer = ana.work(|work| work.join_request(device, asked));
    eve.work(|work| work.join_answered(hill, inviter, answer));
    let shop = ana.shop();
    let mut market = Market { ana, bob, eve, lane, shop };
    let tea = market.lists("tea");
    market.ana.work(|work| work.shop_share(&shop.to_string(), CIRCLE)).expect("shares");
    market.told();
    (market, tea)
}

impl Market {
    fn lists(&mut self, title: &str) -> EntryId {
        let new = NewListing { shop: self.shop.to_string(), title: title.into(), price: "39.00".into(), ..NewListing::default() };
        let listed = self.ana.work(|work| work.listing_add(&new)).expect("lists");
        listed["listing"].as_str().expect("an id").parse().expect("an id")
    }

    /// Everybody gets every entry, as whoever listens on the wire would.
    fn told(&mut self) {
        for node in [&mut self.bob, &mut self.eve] {
            node.now = self.ana.now;
            meet(node, &self.ana);
            node.follow(&self.ana);
        }
    }

    fn generations(&self) -> usize {
        self.ana.read(|tx| secret::shop_keys(tx, &self.ana.me, &self.shop)).len()
    }
}

fn is_shared(node: &Node, market: &Market) -> bool {
    node.read(|tx| shelf::circles(tx, &market.shop)).contains(&market.lane)
}

#[test]
fn a_shop_that_is_taken_back_shows_nothing_new() {
    let (mut market, tea) = market();
    let shop = market.shop.to_string();
    assert!(has(&market.bob, Table::Body, tea) && is_shared(&market.bob, &market));
    market.ana.work(|work| work.shop_unshare(&shop, CIRCLE)).expect("takes back");
    let again = market.ana.work(|work| work.shop_unshare(&shop, CIRCLE)).expect_err("it is not shared");
    assert_eq!(again.code, "not-shared");
    let cup = market.lists("cup");
    market.told();
    assert!(!is_shared(&market.bob, &market) && !is_shared(&market.ana, &market));
    assert!(has(&market.bob, Table::Body, tea), "what was seen stays seen");
    assert!(has(&market.bob, Table::Entry, cup) && !has(&market.bob, Table::Body, cup), "even with every byte in hand");
    is_sound(&market.bob);
    // A circle that gets the shop newly reads what is on the shelf, whatever it was listed under.
    market.ana.work(|work| work.shop_share(&shop, OTHER)).expect("shares");
    market.told();
    assert!(has(&market.eve, Table::Body, tea) && has(&market.eve, Table::Body, cup));
    assert!(!has(&market.bob, Table::Body, cup));
    market.ana.work(|work| work.shop_share(&shop, CIRCLE)).expect("shares again");
    market.told();
    assert!(is_shared(&market.bob, &market) && has(&market.bob, Table::Body, cup));
    for node in [&market.ana, &market.bob, &market.eve] {
        is_sound(node);
    }
}

#[test]
fn who_is_removed_from_a_circle_reads_nothing_new_in_its_shops() {
    let (mut market, tea) = market();
    let shop = market.shop.to_string();
    market.ana.work(|work| work.shop_share(&shop, OTHER)).expect("shares");
    market.told();
    assert_eq!(market.generations(), 1);
    let whom = market.bob.me.id().to_string();
    market.ana.work(|work| work.circle_remove(CIRCLE, &whom)).expect("removes");
    let cup = market.lists("cup");
    assert_eq!(market.generations(), 2, "one more, however many circles it is in");
    market.lists("jar");
    assert_eq!(market.generations(), 2, "and no more than needed");
    market.told();
    assert!(has(&market.bob, Table::Body, tea) && !has(&market.bob, Table::Body, cup));
    assert!(has(&market.eve, Table::Body, tea) && has(&market.eve, Table::Body, cup), "another circle reads on");
    assert!(is_shared(&market.ana, &market), "the circle keeps the shop");
    let mut newcomer = node(4);
    join(&mut market.ana, &mut newcomer, market.lane);
    newcomer.follow(&market.ana);
    assert!(has(&newcomer, Table::Body, tea) && has(&newcomer, Table::Body, cup), "a newcomer reads the whole shelf");
}

#[test]
fn the_desk_renews_its_keys_although_nothing_is_listed() {
    let (mut market, _) = market();
    let whom = market.bob.me.id().to_string();
    market.ana.work(|work| work.circle_remove(CIRCLE, &whom)).expect("removes");
    market.ana.work(|work| {
        work.tend_shops();
    });
    assert_eq!(market.generations(), 2);
    market.ana.work(|work| {
        work.tend_shops();
    });
    assert_eq!(market.generations(), 2);
}

#[test]
fn only_its_keeper_takes_a_shop_back() {
    let (mut market, _) = market();
    let body = Body::Unshare(haat_protocol::body::Unshare { shop: market.shop });
    let theft = crafted(&market.bob, market.lane, (Kind::Unshare.code(), body.encode()), None, |_| {});
    assert_eq!(take(&mut market.ana, &theft), Taken::Kept);
    assert!(has(&market.ana, Table::Void, theft.id()) && is_shared(&market.ana, &market));
}

#[test]
fn who_hears_of_a_shop_by_gossip_asks_for_what_is_in_it() {
    let (mut ana, lane) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, lane);
    bob.follow(&ana);
    let shop = ana.shop();
    ana.work(|work| work.shop_share(&shop.to_string(), CIRCLE)).expect("shares");
    let share = ana.read(|tx| known::entry(tx, &shelf::words(tx, &lane, &shop)[0].0)).expect("the share").raw().clone();
    let from = ana.device();
    bob.work(|work| {
        let mut session = Session::new(work.me.device(), from);
        session.begin([7; 16]);
        session.answered(&work.held(), 1, SyncResponse::Greeting { nonce: [8; 16], tags: Vec::new() });
        session.failed(&work.held(), 2);
        work.passing.sessions.insert(from, session);
        work.net(NetEvent::Gossip { id: GossipId([1; 20]), topic: String::new(), device: from, data: encode(&Item::Entry(share)) });
        assert!(!shelf::shared_into(&work.tx, &lane).is_empty(), "the entry was taken in");
        let asks = std::mem::take(&mut work.out)
            .iter()
            .any(|effect| matches!(effect, Effect::Net(NetCommand::Request { device, channel: Channel::Sync, .. }) if *device == from));
        assert!(asks, "whoever told of the shop holds what is in it");
    });
}
