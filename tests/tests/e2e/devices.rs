//! People with two devices: an order that was begun with one is ended with the other.

use std::path::Path;

use haat_node::home::Home;
use haat_node::home::keyfile::Secrets;
use haat_node::intake;
use haat_node::myself::{Key, Myself};
use haat_node::store::disk::DiskStore;
use haat_node::store::{Store as _, Tx};
use haat_node::view::{Cx, known};
use haat_protocol::crypto::Keypair;
use haat_protocol::identity::{Change, Identity, consent};
use haat_tests::daemon::node::told;
use haat_tests::daemon::story::{assert_log_whole, circle_of, invite, offer, tea_shop, until_listed, until_may, until_order};
use haat_tests::daemon::{Node, Town, until_so};

/// No passphrase, as in all homes of these tests.
const OPEN: &str = "";

/// Writes down in a stopped node's home who its person is now.
fn learns(home: &Home, secrets: &Secrets, identity: &Identity) {
    let me = Myself {
        identity: identity.clone(),
        root: None,
        pair: Keypair::from_seed(&secrets.device_seed),
        storage: Key(secrets.storage_key),
        prekeys: Vec::new(),
        name: secrets.name.clone(),
    };
    let mut store = DiskStore::open(&home.store_path()).expect("a store");
    let snapshot = store.snapshot().expect("readable");
    let mut tx = Tx::new(&*snapshot);
    intake::identity(&mut Cx { tx: &mut tx, me: &me, at: secrets.created }, identity);
    let batch = tx.finish().expect("sound");
    drop(snapshot);
    store.commit(batch).expect("written");
}

/// A second home of the person of a stopped node: a device of its own, which the root added to the person's chain.
fn second_device(first: &Node, second: &Path) {
    let home = Home::open(first.home()).expect("a home");
    let mut secrets = Secrets::load(&home.identity_path(), OPEN).expect("opens");
    let root = Keypair::from_seed(&secrets.root_seed());
    let device = Keypair::from_seed(&[42; 32]);
    let store = DiskStore::open(&home.store_path()).expect("a store");
    let snapshot = store.snapshot().expect("readable");
    let next = Keypair::from_seed(&secrets.next_root_seed()).public();
    let begun = haat_protocol::identity::Chain::begin(&root, &next, &Keypair::from_seed(&secrets.device_seed), secrets.created);
    let mut chain = known::chain(&Tx::new(&*snapshot), &begun.inception.id()).expect("the person's chain");
    drop(snapshot);
    drop(store);
    let consent = consent(&device, chain.inception.id());
    chain.append(&root, Change::AddDevice { device: device.public(), consent }, secrets.created);
    let both = chain.verify().expect("a chain that was added to");
    learns(&home, &secrets, &both);
    let other = Home::open_or_create(second).expect("a home");
    (secrets.device_seed, secrets.storage_key) = ([42; 32], [43; 32]);
    secrets.save(&other.identity_path(), OPEN).expect("written");
    learns(&other, &secrets, &both);
}

#[test]
fn an_order_goes_on_with_the_other_device() {
    let town = Town::new();
    let [seller, mut phone] = circle_of(&town, ["chen", "wang"], "Lane 12", &[]);
    let tea = tea_shop(&seller, "Lane 12");
    until_listed(&phone, &tea);
    phone.stop();
    let mut laptop = town.node("laptop");
    second_device(&phone, laptop.home());
    phone.up(&[]);
    laptop.up(&[]);
    assert_eq!(laptop.identity(), phone.identity(), "one person");
    assert_ne!(laptop.ready()["peer"], phone.ready()["peer"], "two devices");
    let device = told(&laptop.ok(&["id"])["device"]);
    for other in [&seller, &phone] {
        laptop.ok(&["peer", "add", &other.address()]);
    }

    let order = offer(&phone, &seller, &tea, &["--delivery", "pickup", "--address-file", &town.file("address", "Gate 7, 555-0199")]);
    assert_eq!(phone.no_in_words(&["order", "handover", &order, "--to", "ffff"], &[3]).code, "not-your-device");
    let seller_device = told(&seller.ok(&["id"])["device"]);
    assert_eq!(phone.no(&["order", "handover", &order, "--to", &seller_device], &[3]).code, "not-your-device");
    phone.ok(&["order", "handover", &order, "--to", &device]);
    assert_eq!(phone.no_in_words(&["order", "withdraw", &order], &[3]).code, "handed_over");
    until_may(&laptop, &order, "withdraw");
    assert_eq!(phone.see(&["order", "show", &order])["next"], serde_json::json!([]), "reading is all that is left there");
    // The old device is switched off for good; the new one starts anew in between.
    phone.stop();
    seller.ok(&["order", "accept", &order]);
    until_order(&laptop, &order, "agreed");
    until_so("the seller is told the address", || seller.see(&["order", "address", &order])["address"] == "Gate 7, 555-0199");
    laptop.kill9();
    laptop.up(&[]);
    seller.ok(&["order", "start", &order]);
    let code = told(&seller.ok(&["order", "ready", &order])["handover_code"]);
    until_may(&laptop, &order, "receive");
    laptop.ok(&["order", "receive", &order, "--code", &code]);
    until_may(&seller, &order, "confirm-payment");
    seller.ok(&["order", "confirm-payment", &order]);
    until_order(&laptop, &order, "completed");
    phone.up(&[]);
    until_order(&phone, &order, "completed");

    let file = town.path("evidence.haat").display().to_string();
    for node in [&seller, &laptop] {
        node.ok(&["order", "export", &order, &file]);
        let verdict = node.ok(&["order", "verify", &file]);
        assert_eq!((verdict["valid"].clone(), verdict["state"].clone()), (true.into(), "completed".into()));
        std::fs::remove_file(&file).expect("it was written");
    }
    for node in [&seller, &phone, &laptop] {
        assert_log_whole(node);
    }
}

#[test]
fn the_desk_of_a_shop_moves_to_the_other_device() {
    let town = Town::new();
    let [mut first, buyer] = circle_of(&town, ["chen", "wang"], "Lane 12", &[]);
    let tea = tea_shop(&first, "Lane 12");
    until_listed(&buyer, &tea);
    first.stop();
    let mut laptop = town.node("laptop");
    second_device(&first, laptop.home());
    first.up(&[]);
    laptop.up(&[]);
    let device = told(&laptop.ok(&["id"])["device"]);
    laptop.ok(&["circle", "join", &invite(&first, "Lane 12", 1)]);
    for other in [&first, &buyer] {
        laptop.ok(&["peer", "add", &other.address()]);
    }
    until_listed(&laptop, &tea);
    let before = offer(&buyer, &first, &tea, &["--delivery", "pickup"]);
    first.ok(&["order", "accept", &before]);
    until_order(&buyer, &before, "agreed");
    assert_eq!(laptop.no_in_words(&["listing", "stock", &tea, "9"], &[3]).code, "not-the-desk");

    first.ok(&["shop", "desk", "Hill", "--to", &device[..10]]);
    assert_eq!(first.no_in_words(&["listing", "stock", &tea, "9"], &[3]).code, "not-the-desk");
    until_so("everybody has heard of it", || [&buyer, &laptop].iter().all(|node| desk_of(node) == device));
    assert_eq!(laptop.see(&["shop", "show", "Hill"])["here"], true);
    assert_eq!(laptop.see(&["listing", "show", &tea])["variants"][0]["stock"], 49, "without what the first order holds");
    let after = offer(&buyer, &laptop, &tea, &["--delivery", "pickup"]);
    laptop.ok(&["order", "accept", &after]);
    until_order(&buyer, &after, "agreed");

    // The order of before ends where it began.
    first.ok(&["order", "start", &before]);
    let code = told(&first.ok(&["order", "ready", &before])["handover_code"]);
    until_may(&buyer, &before, "receive");
    buyer.ok(&["order", "receive", &before, "--code", &code]);
    until_may(&first, &before, "confirm-payment");
    first.ok(&["order", "confirm-payment", &before]);
    until_order(&buyer, &before, "completed");
    for node in [&first, &buyer, &laptop] {
        assert_log_whole(node);
    }
}

fn desk_of(node: &Node) -> String {
    told(&node.see(&["shop", "show", "Hill"])["desk"])
}
