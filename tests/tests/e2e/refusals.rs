//! Wrong words and forbidden wishes: each is refused with a reason and the right code, and nothing changes.

use std::time::{Duration, Instant};

use haat_tests::daemon::node::told;
use haat_tests::daemon::story::{assert_log_whole, circle_of, offer, post, tea_shop, until_listed, until_may};
use haat_tests::daemon::{Town, items, until_so};

#[test]
fn wrong_words() {
    let town = Town::new();
    let mut node = town.node("chen");
    node.up(&[]);
    node.ok(&["circle", "create", "Lane 12"]);
    let before = node.ok(&["log", "verify"]);
    let long = "x".repeat(200_000);
    let cases: [(&[&str], &[i32]); 30] = [
        (&[], &[2]),
        (&["sell"], &[2]),
        (&["circle"], &[2]),
        (&["circle", "sing"], &[2]),
        (&["circle", "create"], &[2]),
        (&["circle", "create", ""], &[2, 3]),
        (&["circle", "create", "a\nb"], &[2, 3]),
        (&["circle", "create", &long[..5000]], &[2, 3]),
        (&["circle", "show", "Nowhere"], &[4]),
        (&["circle", "invite", "Lane 12", "--uses", "-1"], &[2]),
        (&["circle", "invite", "Lane 12", "--uses", "1000000"], &[2, 3]),
        (&["circle", "remove", "Lane 12", "nobody"], &[4]),
        (&["post", "Lane 12"], &[2]),
        (&["post", "Lane 12", ""], &[2, 3]),
        (&["post", "Lane 12", &long[..120_000]], &[2, 3]),
        (&["post", "Nowhere", "Hello"], &[4]),
        (&["post", "Lane 12", "Hello", "--reply-to", "0000"], &[4]),
        (&["post", "Lane 12", "Hello", "--listing", "tea"], &[4]),
        (&["feed", "--limit", "none"], &[2]),
        (&["feed", "--after", "here"], &[2]),
        (&["retract", "ffff"], &[4]),
        (&["vouch", "nobody", "--circle", "Lane 12", "--weight", "close"], &[4]),
        (&["vouch", "chen", "--circle", "Lane 12", "--weight", "much"], &[2]),
        (&["vouch", "chen", "--circle", "Lane 12", "--weight", "close"], &[3]),
        (&["unvouch", "nobody", "--circle", "Lane 12"], &[4]),
        (&["trust", "nobody"], &[4]),
        (&["petname", "nobody", "Someone"], &[4]),
        (&["shop", "create", "Hill", "--currency", "XQQ", "--returns", "none"], &[2, 3]),
        (&["shop", "show", "Hill"], &[4]),
        (&["up", "--api", "here"], &[2]),
    ];
    for (words, exits) in cases {
        node.no_in_words(words, exits);
    }
    let after = node.ok(&["log", "verify"]);
    assert_eq!(after["entries"], before["entries"], "a refused command left something");
    assert_eq!(items(&node.ok(&["circle", "list"])).len(), 1);
}

#[test]
fn wrong_goods() {
    let town = Town::new();
    let mut node = town.node("chen");
    node.up(&[]);
    node.ok(&["shop", "create", "Hill", "--currency", "JPY", "--returns", "none", "--pickup", "Gate"]);
    let add = ["listing", "add", "--shop", "Hill"];
    let cases: [(&[&str], &[i32]); 14] = [
        (&["--title", "Tea", "--price", "cheap"], &[2, 3]),
        (&["--title", "Tea", "--price", "-5"], &[2, 3]),
        (&["--title", "Tea", "--price", "1.50"], &[2, 3]),
        (&["--title", "Tea", "--price", "5EUR"], &[2, 3]),
        (&["--title", "Tea", "--price", "99999999999999999999"], &[2, 3]),
        (&["--title", "Tea", "--price", ""], &[2, 3]),
        (&["--title", "", "--price", "5"], &[2, 3]),
        (&["--title", "  ", "--price", "5"], &[2, 3]),
        (&["--title", &"t".repeat(141), "--price", "5"], &[2, 3]),
        (&["--title", "Tea", "--price", "5", "--stock", "-1"], &[2]),
        (&["--title", "Tea", "--price", "5", "--stock", "many"], &[2]),
        (&["--title", "Tea", "--price", "5", "--ship", "CN"], &[2, 3]),
        (&["--title", "Tea", "--price", "5", "--expires", "someday"], &[2, 3]),
        (&["--title", "Tea"], &[2]),
    ];
    for (words, exits) in cases {
        node.no_in_words(&[&add[..], words].concat(), exits);
    }
    node.no(&["shop", "create", "Hill", "--currency", "JPY", "--returns", "none"], &[3]);
    node.no(&["shop", "create", "Lake", "--currency", "JPY", "--returns", ""], &[2, 3]);
    node.no(&["shop", "create", "Lake", "--currency", "JPY", "--returns", "no", "--pay", "cash:never"], &[2, 3]);
    node.no(&["shop", "share", "Hill", "--circle", "Nowhere"], &[4]);
    assert!(items(&node.ok(&["listing", "list"])).is_empty());
    assert_eq!(items(&node.ok(&["shop", "list"])).len(), 1);
}

#[test]
fn wrong_offers() {
    let town = Town::new();
    let [mut seller, mut buyer] = circle_of(&town, ["chen", "wang"], "Lane 12", &[]);
    let tea = tea_shop(&seller, "Lane 12");
    let add = |title: &str, more: &[&str]| {
        told(&seller.ok(&[&["listing", "add", "--shop", "Hill", "--title", title, "--price", "5.00"][..], more].concat())["listing"])
    };
    let (gone, short) = (add("Gone", &[]), add("Short-lived", &["--expires", "1s"]));
    let made = Instant::now();
    for listing in [&tea, &gone, &short] {
        until_listed(&buyer, listing);
    }
    seller.ok(&["listing", "withdraw", &gone]);
    seller.no(&["listing", "withdraw", &gone], &[3]);
    until_so("the buyer sees it withdrawn", || buyer.see(&["listing", "show", &gone])["state"] == "withdrawn");
    until_so("the short-lived has run out", || made.elapsed() > Duration::from_millis(1500));

    let mut stranger = town.node("mo");
    stranger.up(&[]);
    stranger.no(&["order", "offer", &tea], &[3, 4]);
    stranger.ok(&["peer", "add", &seller.address()]);
    stranger.no(&["order", "offer", &tea], &[3, 4]);
    assert_eq!(seller.no(&["order", "offer", &tea], &[3]).code, "own-listing");
    assert_eq!(buyer.no(&["order", "offer", &tea, "--qty", "51"], &[3]).code, "out-of-stock");
    let hello = post(&buyer, "Lane 12", "Hello");
    let cases: [(&[&str], &[i32]); 16] = [
        (&[&gone], &[3]),
        (&[&short], &[3]),
        (&["0123456789"], &[4]),
        (&["Black tea"], &[4]),
        (&[&hello], &[2, 3, 4]),
        (&[&tea, "--qty", "0"], &[2]),
        (&[&tea, "--qty", "some"], &[2]),
        (&[&tea, "--price", "cheap"], &[2]),
        (&[&tea, "--price", "-1"], &[2]),
        (&[&tea, "--price", "5.00EUR"], &[2, 3]),
        (&[&tea, "--price", "1.234"], &[2]),
        (&[&tea, "--sku", "NONE"], &[2, 4]),
        (&[&tea, "--delivery", "digital"], &[3]),
        (&[&tea, "--delivery", "drone"], &[2]),
        (&[&tea, "--method", "shells"], &[3]),
        (&[&tea, "--valid", "0s"], &[2]),
    ];
    for (words, exits) in cases {
        buyer.no_in_words(&[&["order", "offer"][..], words].concat(), exits);
    }
    for node in [&seller, &buyer, &stranger] {
        assert!(items(&node.ok(&["order", "list"])).is_empty(), "{} has an order", node.name());
        assert_log_whole(node);
    }
}

#[test]
fn wrong_steps() {
    let town = Town::new();
    let [mut seller, mut buyer, mut other] = circle_of(&town, ["chen", "wang", "lin"], "Lane 12", &[]);
    let tea = tea_shop(&seller, "Lane 12");
    until_listed(&buyer, &tea);
    let order = offer(&buyer, &seller, &tea, &["--qty", "2"]);

    // Not their turn.
    buyer.no(&["order", "accept", &order], &[3]);
    buyer.no(&["order", "counter", &order, "--price", "5.00"], &[3]);
    buyer.no(&["order", "reject", &order, "--reason", "x"], &[3]);
    seller.no(&["order", "withdraw", &order], &[3]);
    // Not yet, not theirs, or not at all.
    for verb in ["start", "ready", "receive", "complete", "confirm-payment", "waive", "expire", "cancel", "close-defaulted"] {
        seller.no(&["order", verb, &order], &[3]);
        buyer.no(&["order", verb, &order], &[3]);
    }
    buyer.no(&["review", &order, "--rating", "5", "--text", "Too early"], &[3]);
    for words in [&["order", "dance", &order][..], &["order", "accept"], &["order", "counter", &order]] {
        seller.no_in_words(words, &[2]);
    }
    assert_eq!(seller.no_in_words(&["order", "pay", &order], &[3]).document["code"], "not-the-buyer");
    for price in ["", "x", "-3", "1.001", "3.00USD"] {
        seller.no(&["order", "counter", &order, "--price", price], &[2, 3]);
    }
    seller.no(&["order", "accept", "ffffffffffff"], &[4]);
    seller.no(&["order", "show", "zz"], &[2, 4]);
    // A third person knows of nothing.
    other.no(&["order", "show", &order], &[4]);
    other.no(&["order", "accept", &order], &[4]);
    other.no(&["order", "export", &order, "-"], &[4]);

    seller.ok(&["order", "accept", &order]);
    until_may(&seller, &order, "start");
    until_may(&buyer, &order, "cancel");
    for rating in ["0", "6", "-1", "five"] {
        buyer.no(&["review", &order, "--rating", rating, "--text", "x"], &[2]);
    }
    buyer.no(&["review-reply", &order, "--text", "x"], &[3, 4]);
    let review = told(&buyer.ok(&["review", &order, "--rating", "2", "--text", "Late"])["entry"]);
    buyer.no(&["review-reply", &review, "--text", "To myself"], &[3]);
    buyer.no(&["order", "start", &order], &[3]);
    let row = seller.ok(&["order", "show", &order]);
    assert_eq!((row["state"].as_str(), row["events"].as_array().map(Vec::len)), (Some("agreed"), Some(2)), "{row}");
    for node in [&seller, &buyer, &other] {
        assert_log_whole(node);
    }
}
