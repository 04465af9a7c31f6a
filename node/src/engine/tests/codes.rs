//! Codes of refusals that nothing else meets: each comes out of the command that a person would give.

use haat_protocol::circle::Member;
use haat_protocol::limits::{CIRCLE_MEMBERS_MAX, ENTRIES_PER_DAY_MAX, SHOP_ENTRIES_PER_DAY_MAX};
use haat_protocol::local::{Command, NewListing, NewOffer, NewShop, OrderWords, Problem, Question};
use serde_json::Value;

use super::super::trade::tests::kit::{carry, connect, wanted};
use super::*;
use crate::ask::{self, NodeFacts};

/// Gives a command as the API does.
fn give(node: &mut Node, command: Command) -> Result<Value, Problem> {
    node.work(|work| {
        work.command(1, command);
        match work.out.pop() {
            Some(Effect::Answer(1, answer)) => answer,
            other => panic!("no answer: {other:?}"),
        }
    })
}

fn code(node: &mut Node, command: Command) -> String {
    let told = format!("{command:?}");
    give(node, command).expect_err(&told).code
}

fn asked(node: &Node, question: &Question) -> Result<Value, Problem> {
    let facts = NodeFacts { presence: &node.passing.presence, store_bytes: 0, started: node.now, now: node.now };
    node.read(|tx| ask::answer(tx, &node.me, &facts, question))
}

fn said(text: &str) -> String {
    text.to_owned()
}

fn post_in(circle: &str, reply_to: Option<String>) -> Command {
    Command::Post { circle: said(circle), text: said("hello"), listings: Vec::new(), reply_to }
}

fn entry(answer: &Value) -> String {
    answer["entry"].as_str().expect("an id").to_owned()
}

/// Ana keeps a shop in her circle, in which bob is.
fn street() -> (Node, Node, SpaceId, SpaceId, EntryId) {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    meet(&mut bob, &ana);
    let shop = ana.shop();
    ana.work(|work| work.shop_share(&shop.to_string(), CIRCLE)).expect("shares");
    let listing = ana.list(shop, Some(9));
    meet(&mut bob, &ana);
    connect(&mut ana, &mut bob);
    (ana, bob, space, shop, listing)
}

#[test]
fn words_that_mean_nothing() {
    let (mut ana, bob, space, shop, listing) = street();
    let (shop, listing, bobs) = (shop.to_string(), listing.to_string(), bob.me.id().to_string());
    let invite = |uses, expires_ms| Command::CircleInvite { circle: said(CIRCLE), uses, expires_ms };
    let vouch =
        |person: &str, weight: &str| Command::Vouch { person: said(person), circle: said(CIRCLE), weight: said(weight), text: None };
    let import = Command::ListingImport {
        shop: shop.clone(),
        data: String::new(),
        format: Some(said("xml")),
        encoding: None,
        currency: None,
        dry_run: false,
        partial: false,
    };
    let recommend = Command::Recommend { listing: listing.clone(), circle: said(CIRCLE), text: said("good"), interest: said("money") };
    let hidden = Command::Recommend { listing: listing.clone(), circle: said(CIRCLE), text: said("good"), interest: said("none") };
    let own = ana.me.id().to_string();
    for (command, wanted) in [
        (Command::PeerAdd { address: said("next door") }, "bad-address"),
        (vouch(&bobs, "pal"), "bad-weight"),
        (vouch(&own, "friend"), "own-vouch"),
        (recommend, "bad-interest"),
        (hidden, "undisclosed"),
        (Command::Review { order: said("x"), rating: 6, text: said("x"), circle: None }, "bad-rating"),
        (invite(Some(0), None), "bad-uses"),
        (invite(None, Some(0)), "bad-expiry"),
        (import, "bad-format"),
        (Command::CircleRole { circle: said(CIRCLE), person: bobs, role: said("member") }, "same-role"),
        (Command::CircleNorms { circle: said(CIRCLE), norms: said("{}") }, "same-norms"),
        (Command::CircleNorms { circle: said(CIRCLE), norms: said("{\"version\": 7}") }, "norms-changed"),
        (Command::OrderOffer(NewOffer { adjust: vec![said("cheaper")], ..wanted(listing.parse().expect("an id")) }), "bad-adjustment"),
    ] {
        let mut node = if wanted == "bad-adjustment" { bob.again(1) } else { ana.again(1) };
        assert_eq!(code(&mut node, command), wanted);
    }
    let export = Question::Catalogue { shop, format: said("xml") };
    assert_eq!(asked(&ana, &export).expect_err("no layout").code, "bad-format");
    assert_eq!(asked(&ana, &Question::LogVerify).expect_err("no view says so").code, "not-a-question");
    // Something that this version does not know, said by this person's node when it was a newer one.
    let newer = crafted(&ana, space, (50, vec![0xa0]), None, |_| {});
    ana.work(|work| intake::entry(&mut work.cx(), &newer));
    assert_eq!(code(&mut ana, Command::Retract { entry: newer.id().to_string() }), "not-retractable");
    give(&mut ana, Command::ListingWithdraw { listing: listing.clone() }).expect("withdraws");
    assert_eq!(code(&mut ana, Command::ListingWithdraw { listing }), "already-withdrawn");
}

#[test]
fn answers_stand_where_they_belong() {
    let (mut ana, ..) = street();
    give(&mut ana, Command::CircleCreate { name: said("Far"), norms: None }).expect("begins");
    let first = entry(&give(&mut ana, post_in(CIRCLE, None)).expect("says"));
    assert_eq!(code(&mut ana, post_in("Far", Some(first.clone()))), "other-circle");
    assert_eq!(code(&mut ana, Command::ReviewReply { entry: first, text: said("thanks") }), "no-review");
}

#[test]
fn invites_are_for_whom_the_norms_say() {
    let (mut ana, mut bob, ..) = street();
    let own = give(&mut ana, Command::CircleInvite { circle: said(CIRCLE), uses: None, expires_ms: None }).expect("invites");
    let own = own["code"].as_str().expect("a code").to_owned();
    give(&mut ana, Command::CircleNorms { circle: said(CIRCLE), norms: said("{\"invite\": \"owner\"}") }).expect("changes");
    meet(&mut bob, &ana);
    assert_eq!(code(&mut bob, Command::CircleRevokeInvite { code: own }), "may-not-revoke");
    assert_eq!(code(&mut bob, Command::CircleInvite { circle: said(CIRCLE), uses: None, expires_ms: None }), "may-not-invite");
}

/// What becomes of a join that the member answers so.
fn turned_away(ana: &mut Node, spoil: impl FnOnce(&mut Node, &mut JoinRequest)) -> String {
    let answer = ana.work(|work| work.circle_invite(CIRCLE, None, None)).expect("invites");
    let text = answer["code"].as_str().expect("a code").to_owned();
    let invite = Code::parse(&text).expect("a code");
    let mut cy = node(3);
    cy.now = ana.now;
    let mut asks = request(&cy, &invite);
    spoil(ana, &mut asks);
    let (device, inviter) = (cy.device(), ana.device());
    cy.work(|work| work.circle_join(1, &text)).expect("asks");
    let answer = ana.work(|work| work.join_request(device, asks));
    cy.work(|work| {
        work.join_answered(invite.space, inviter, answer);
        match work.out.pop() {
            Some(Effect::Answer(1, Err(problem))) => problem.code,
            other => panic!("not turned away: {other:?}"),
        }
    })
}

#[test]
fn who_is_turned_away_learns_why() {
    let (mut ana, space) = founded();
    assert_eq!(turned_away(&mut ana, |_, asks| asks.name = said("a\nb")), "invite-malformed");
    let fill = |ana: &mut Node| {
        ana.work(|work| {
            let mut roster = (*circle::roster(&work.tx, &space).expect("a roster")).clone();
            let one: Member = roster.members.values().next().expect("ana").clone();
            let person = |n: usize| (IdentityId(*blake3::hash(&n.to_be_bytes()).as_bytes()), one.clone());
            roster.members.extend((0..CIRCLE_MEMBERS_MAX).map(person));
            work.tx.save(Table::Roster, &space.0, &roster);
        });
    };
    assert_eq!(turned_away(&mut ana, |ana, _| fill(ana)), "invite-full");
}

/// The log of this node in a space looks as if so many entries had been made in it today.
fn busy(node: &mut Node, space: SpaceId, entries: u64) {
    let (log, day) = (LogId { space, device: node.device(), number: 0 }, node.now.day());
    node.work(|work| {
        let mut head = Known(&work.tx).head(&log).expect("a log");
        (head.day, head.day_entries) = (day, entries);
        work.tx.save(Table::Head, &crate::view::log_key(&log), &head);
    });
}

#[test]
fn a_day_holds_so_much() {
    let (mut ana, _, space, shop, _) = street();
    let list = || {
        let file = data_encoding::BASE64.encode(b"Handle,Title,Variant Price\ncup,Cup,1.00\n");
        let (shop, format) = (shop.to_string(), Some(said("shopify")));
        Command::ListingImport { shop, data: file, format, encoding: None, currency: None, dry_run: false, partial: false }
    };
    busy(&mut ana, shop, SHOP_ENTRIES_PER_DAY_MAX);
    assert_eq!(code(&mut ana, list()), "day-quota");
    busy(&mut ana, space, ENTRIES_PER_DAY_MAX);
    assert_eq!(code(&mut ana, post_in(CIRCLE, None)), "not-admitted");
    ana.work(|work| work.tx.prefix(Table::Secret, &shop.0).iter().for_each(|(key, _)| work.tx.remove(Table::Secret, key)));
    assert_eq!(code(&mut ana, list()), "no-key");
}

#[test]
fn offers_that_cannot_be_made() {
    let (mut ana, mut bob, space, _, listing) = street();
    let vale =
        NewShop { name: said("Vale"), currency: said("CNY"), returns: said("none"), pickup: vec![said("Gate")], ..NewShop::default() };
    let vale = give(&mut ana, Command::ShopCreate(vale)).expect("opens")["shop"].as_str().expect("an id").to_owned();
    give(&mut ana, Command::ShopShare { shop: vale.clone(), circle: said(CIRCLE) }).expect("shares");
    let cup = NewListing { shop: vale, title: said("Cup"), price: said("1.00"), ..NewListing::default() };
    give(&mut ana, Command::ListingAdd(cup)).expect("lists");
    meet(&mut bob, &ana);
    let mixed = NewOffer { lines: vec![said("Cup=1")], ..wanted(listing) };
    assert_eq!(code(&mut bob, Command::OrderOffer(mixed)), "other-shop");

    // Bob has no device any more.
    let device = bob.device();
    let mut chain = bob.me.identity.chain().clone();
    let revoke = Change::RevokeDevice { device, cuts: Vec::new() };
    chain.append(bob.me.root.as_ref().expect("at hand"), revoke, bob.now);
    let gone = chain.verify().expect("a chain that was added to");
    let mut late = ana.again(3);
    late.work(|work| intake::identity(&mut work.cx(), &gone));
    let to = NewOffer { to: Some(bob.me.id().to_string()), ..wanted(listing) };
    assert_eq!(code(&mut late, Command::OrderOffer(to)), "no-device");

    give(&mut bob, Command::CircleLeave { circle: space.to_string() }).expect("leaves");
    assert_eq!(code(&mut bob, Command::OrderOffer(wanted(listing))), "no-shared-circle");
}

#[test]
fn reviews_need_a_deal_and_a_place() {
    let (mut ana, mut bob, _, _, listing) = street();
    let pot = ana.work(|work| {
        let shop = crate::view::shelf::row(&work.tx, &listing).expect("a row").shop;
        work.listing_add(&NewListing { shop: shop.to_string(), title: said("Pot"), price: said("2.00"), ..NewListing::default() })
    });
    let pot: EntryId = pot.expect("lists")["listing"].as_str().expect("an id").parse().expect("an id");
    meet(&mut bob, &ana);
    let order = bob.offer(&NewOffer { lines: vec![format!("{pot}=1")], ..wanted(listing) }).expect("offers").order;
    carry(&mut bob, &mut ana);
    let review =
        |circle: Option<&str>| Command::Review { order: order.to_string(), rating: 4, text: said("good"), circle: circle.map(said) };
    assert_eq!(code(&mut bob, review(None)), "not-agreed");
    let more = OrderWords { qty: Some(2), ..OrderWords::default() };
    assert_eq!(ana.act(order, "counter", &more).expect_err("of which line").code, "line-needed");
    ana.act(order, "accept", &OrderWords::default()).expect("accepts");
    carry(&mut ana, &mut bob);
    bob.passing.presence.connected.clear();
    ana.passing.presence.connected.clear();

    // They are in two circles together.
    let far = ana.work(|work| work.circle_create("Far", None)).expect("begins")["circle"].as_str().expect("an id").parse().expect("an id");
    let answer = ana.work(|work| work.circle_invite("Far", None, None)).expect("invites");
    let asks = request(&bob, &Code::parse(answer["code"].as_str().expect("a code")).expect("a code"));
    let (device, inviter) = (bob.device(), ana.device());
    let answer = ana.work(|work| work.join_request(device, asks));
    bob.work(|work| work.join_answered(far, inviter, answer));
    meet(&mut bob, &ana);
    assert_eq!(code(&mut bob, review(None)), "circle-needed");
    let said_so = entry(&give(&mut bob, review(Some(CIRCLE))).expect("reviews"));
    assert_eq!(code(&mut bob, Command::ReviewReply { entry: said_so, text: said("so I say") }), "not-about-you");

    bob.work(|work| work.tx.remove(Table::Identity, &ana.me.id().0));
    let evidence = Question::Evidence { order: order.to_string(), with: None };
    assert_eq!(asked(&bob, &evidence).expect_err("whose signature is that").code, "no-chain");
}

#[test]
fn what_the_store_and_the_log_say_has_a_code() {
    use crate::engine::{store_problem, unsound_problem};
    use crate::store::{StoreError, disk::DiskStore};
    let dir = tempfile::TempDir::new().expect("a directory");
    let fault = |path: &str| store_problem(&DiskStore::open(&dir.path().join(path)).expect_err(path)).code;
    std::fs::write(dir.path().join("text"), "no database at all, whatever it may be called").expect("written");
    assert_eq!((fault("text"), fault("nowhere/store")), (said("store-damaged"), said("store-unreachable")));
    let _held = DiskStore::open(&dir.path().join("held")).expect("a store");
    assert_eq!(fault("held"), "store-in-use");
    assert_eq!(store_problem(&StoreError::InUse).kind.codes().0, 6);

    let (mut ana, _) = founded();
    ana.work(|work| {
        let (key, _) = work.tx.last(Table::Log, &[]).expect("a log");
        work.tx.remove(Table::Log, &key);
    });
    ana.work(|work| {
        let (key, _) = work.tx.prefix(Table::Log, &[])[1].clone();
        work.tx.remove(Table::Log, &key);
    });
    let unsound = audit::verify(&*ana.store.snapshot().expect("memory"), &ana.me).expect_err("a link is missing");
    assert_eq!(unsound_problem(&unsound).code, "log-unsound");
}
