//! Addresses: whom they are told, and where they are not found.

use std::path::Path;

use haat_tests::daemon::node::told;
use haat_tests::daemon::story::{circle_of, offer, until_listed, until_may, until_order};
use haat_tests::daemon::{Node, Town, until};

const CANARY: &str = "Canary Lane 7, 555-0199";

/// Whether some text stands in any file below a folder, as it is or as base64.
fn found(folder: &Path, text: &str) -> Vec<String> {
    let coded = data_encoding::BASE64.encode(text.as_bytes());
    let has = |bytes: &[u8]| [text, &coded].iter().any(|text| bytes.windows(text.len()).any(|window| window == text.as_bytes()));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(self::found(&path, text));
        } else if std::fs::read(&path).is_ok_and(|bytes| has(&bytes)) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn an_address_is_told_to_the_seller_and_found_nowhere() {
    let town = Town::new();
    let [mut seller, buyer, mut other] = circle_of(&town, ["chen", "wang", "lin"], "Lane 12", &[]);
    seller.ok(&["shop", "create", "Hill", "--currency", "EUR", "--returns", "14 days", "--ship", "home=2.00"]);
    let tea = told(&seller.ok(&["listing", "add", "--shop", "Hill", "--title", "Tea", "--price", "5.00"])["listing"]);
    seller.ok(&["shop", "share", "Hill", "--circle", "Lane 12"]);
    until_listed(&buyer, &tea);
    let file = town.file("address.txt", CANARY);
    let order = offer(&buyer, &seller, &tea, &["--pay", "before", "--method", "transfer", "--address-file", &file]);
    std::fs::remove_file(&file).expect("it was read");
    assert_eq!(seller.no(&["order", "address", &order], &[4]).code, "not-enclosed", "not before the agreement");
    seller.ok(&["order", "accept", &order]);
    until("the seller is told", || {
        let row = seller.see(&["order", "show", &order]);
        row["events"].as_array()?.iter().find(|event| event["kind"] == "address").map(|_| ())
    });
    assert_eq!(seller.ok(&["order", "address", &order])["address"], CANARY);
    assert_eq!(buyer.ok(&["order", "address", &order])["address"], CANARY);
    assert_eq!(other.no(&["order", "address", &order], &[4]).code, "not-found");

    let (bare, whole) = (town.path("bare.haat").display().to_string(), town.path("whole.haat").display().to_string());
    seller.ok(&["order", "export", &order, &bare]);
    seller.ok(&["order", "export", &order, &whole, "--personal"]);
    for file in [&bare, &whole] {
        assert_eq!(seller.ok(&["order", "verify", file])["valid"], true, "{file}");
    }
    assert_eq!(found(&town.path(""), CANARY), std::slice::from_ref(&whole), "only in the file that was asked for");
    std::fs::remove_file(&whole).expect("it was written");

    until_may(&buyer, &order, "address");
    buyer.ok(&["order", "address", &order, "--file", &town.file("new.txt", "Gate 2")]);
    until("the new one counts", || (seller.see(&["order", "address", &order])["address"] == "Gate 2").then_some(()));
    buyer.ok(&["order", "cancel", &order]);
    until_order(&seller, &order, "cancelled");
    assert_eq!(seller.no(&["order", "purge", "feed"], &[4]).code, "not-found");
    assert_eq!(seller.ok(&["order", "purge", &order])["purged"], true);
    assert_eq!(seller.no(&["order", "address", &order], &[4]).code, "not-enclosed");
    assert_eq!(buyer.ok(&["order", "address", &order])["address"], "Gate 2", "each destroys its own");
    for node in [&mut seller, &mut other] {
        node.stop();
    }
    assert!(found(&town.path(""), CANARY).is_empty());
}

#[test]
fn an_address_is_kept_for_its_time_and_no_longer() {
    let town = Town::new();
    let [mut seller, mut buyer] = circle_of(&town, ["chen", "wang"], "Lane 12", &[]);
    seller.ok(&["shop", "create", "Hill", "--currency", "EUR", "--returns", "14 days", "--ship", "home=2.00"]);
    let tea = told(&seller.ok(&["listing", "add", "--shop", "Hill", "--title", "Tea", "--price", "5.00"])["listing"]);
    seller.ok(&["shop", "share", "Hill", "--circle", "Lane 12"]);
    until_listed(&buyer, &tea);
    let file = town.file("address.txt", CANARY);
    let begin = || offer(&buyer, &seller, &tea, &["--pay", "before", "--method", "transfer", "--address-file", &file]);
    let (off, done) = (begin(), begin());
    for order in [&off, &done] {
        seller.ok(&["order", "accept", order]);
        until("the address is here", || seller.see(&["order", "address", order])["address"].as_str().map(drop));
    }
    buyer.ok(&["order", "cancel", &off]);
    until_order(&seller, &off, "cancelled");
    buyer.ok(&["order", "pay", &done, "--reference", "T-1"]);
    until_may(&seller, &done, "confirm-payment");
    seller.ok(&["order", "confirm-payment", &done]);
    seller.ok(&["order", "ship", &done, "--carrier", "bike", "--tracking", "B-1"]);
    until_may(&buyer, &done, "receive");
    buyer.ok(&["order", "receive", &done]);
    buyer.ok(&["order", "complete", &done]);
    until_order(&seller, &done, "completed");
    let gone = |node: &Node, order: &str| until("it is destroyed", || node.see(&["order", "address", order]).is_null().then_some(()));
    for (ahead, kept) in [("2d", true), ("31d", false)] {
        for node in [&mut seller, &mut buyer] {
            node.stop();
            node.up(&["--clock-ahead", ahead]);
        }
        for node in [&seller, &buyer] {
            gone(node, &off);
            if kept {
                assert_eq!(node.ok(&["order", "address", &done])["address"], CANARY, "30 days after completion");
            } else {
                gone(node, &done);
            }
        }
    }
}

#[test]
fn a_file_is_handed_over_to_the_buyer() {
    let town = Town::new();
    let [mut seller, mut buyer] = circle_of(&town, ["chen", "wang"], "Lane 12", &[]);
    seller.ok(&["shop", "create", "Press", "--currency", "EUR", "--returns", "none", "--digital"]);
    let book = told(&seller.ok(&["listing", "add", "--shop", "Press", "--title", "Tea book", "--price", "5.00"])["listing"]);
    seller.ok(&["shop", "share", "Press", "--circle", "Lane 12"]);
    until_listed(&buyer, &book);
    let order = offer(&buyer, &seller, &book, &[]);
    seller.ok(&["order", "accept", &order]);
    until_may(&buyer, &order, "pay");
    buyer.ok(&["order", "pay", &order, "--reference", "T-1"]);
    until_may(&seller, &order, "confirm-payment");
    let file = town.file("book.txt", CANARY);
    assert_eq!(seller.no(&["order", "deliver-digital", &order, "--file", &file], &[3]).code, "wrong_state", "not before it is paid");
    seller.ok(&["order", "confirm-payment", &order]);
    let large = town.file("large", vec![0; 48 * 1024 + 1]);
    seller.no(&["order", "deliver-digital", &order, "--file", &large], &[2]);
    let saved = town.path("saved.txt").display().to_string();
    assert_eq!(buyer.no(&["order", "save", &order, &saved], &[4]).code, "not-enclosed");
    seller.ok(&["order", "deliver-digital", &order, "--file", &file]);
    until_order(&buyer, &order, "shipped");
    assert_eq!(buyer.ok(&["order", "save", &order, &saved])["name"], "book.txt");
    assert_eq!(std::fs::read(&saved).expect("written"), CANARY.as_bytes());
    buyer.ok(&["order", "receive", &order]);
    until_order(&seller, &order, "delivered");
}
