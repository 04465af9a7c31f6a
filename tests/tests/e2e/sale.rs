//! Sales from the first word to the last, in cash at the gate and paid before shipping.

use haat_tests::daemon::node::told;
use haat_tests::daemon::story::{
    assert_log_whole, circle_of, in_feed, may, offer, tea_shop, until_in_feed, until_listed, until_may, until_order,
};
use haat_tests::daemon::{Node, Town, items, text, until, until_so};
use serde_json::{Value, json};

/// Commands that a sale between three people may take, beginning with no circle at all.
const COMMANDS_MAX: u32 = 20;

const CATALOGUE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/teahouse.csv");

fn cny(minor: u64) -> Value {
    json!({"minor": minor, "currency": "CNY"})
}

/// Import, share, vouches and a recommendation: what the buyer then sees.
fn recommended(seller: &Node, friend: &Node, buyer: &Node) -> Value {
    seller.ok(&["shop", "create", "Hill", "--currency", "CNY", "--returns", "7 days", "--pickup", "North gate"]);
    let report = seller.ok(&["listing", "import", CATALOGUE, "--shop", "Hill"]);
    assert_eq!(report["created"].as_array().map(Vec::len), Some(2), "{report}");
    seller.ok(&["shop", "share", "Hill", "--circle", "Courtyard"]);
    let tea = until("the friend sees the tea", || {
        let list = friend.see(&["listing", "list", "--circle", "Courtyard"]);
        list["items"].as_array()?.iter().find(|listing| listing["title"] == "Longjing tea 龙井茶").cloned()
    });
    let prices: Vec<_> = tea["variants"].as_array().expect("variants").iter().map(|v| (told(&v["sku"]), v["price"].clone())).collect();
    assert_eq!(prices, [("LJ-50".to_owned(), cny(4500)), ("LJ-100".to_owned(), cny(8200))]);
    assert_eq!(tea["images"].as_array().map(Vec::len), Some(2), "the row with nothing but a picture counts: {tea}");
    let description = told(&tea["description"]);
    assert!(description.contains("雨前采摘") && description.contains("keeps a year") && !description.contains('<'), "{description}");
    friend.ok(&["vouch", "chen", "--circle", "Courtyard", "--weight", "close"]);
    buyer.ok(&["vouch", "lin", "--circle", "Courtyard", "--weight", "close"]);
    let say = ["--text", "Bought it twice", "--interest", "none"];
    let words = ["recommend", &told(&tea["listing"]), "--circle", "Courtyard"];
    let recommendation = told(&friend.ok(&[&words[..], &say].concat())["entry"]);
    // The recommendation may overtake what it points at.
    until_listed(buyer, &told(&tea["listing"]));
    until("the buyer is told why to believe it", || in_feed(buyer, &recommendation).filter(|item| item["why"] != json!([])))
}

/// From the lower price to the money in hand.
fn haggled(seller: &Node, buyer: &Node, card: &str) -> String {
    let terms = ["--delivery", "pickup", "--pay", "on-delivery", "--method", "cash"];
    let order = offer(buyer, seller, card, &[&["--sku", "LJ-100", "--qty", "2", "--price", "150.00"][..], &terms].concat());
    let seen = seller.see(&["order", "show", &order]);
    assert_eq!((&seen["total"], &seen["turn"]), (&cny(15000), &json!("seller")), "{seen}");
    seller.ok(&["order", "counter", &order, "--price", "156.00"]);
    until_so("the counter-offer arrives", || buyer.see(&["order", "show", &order])["total"] == cny(15600));
    buyer.ok(&["order", "accept", &order]);
    until_may(seller, &order, "start");
    seller.ok(&["order", "start", &order]);
    seller.ok(&["order", "ready", &order]);
    until_may(buyer, &order, "receive");
    buyer.ok(&["order", "receive", &order]);
    until_order(seller, &order, "delivered");
    seller.ok(&["order", "confirm-payment", &order]);
    for node in [buyer, seller] {
        until_order(node, &order, "completed");
    }
    order
}

#[test]
fn the_first_sale() {
    let town = Town::new();
    let [seller, friend, buyer] = circle_of(&town, ["chen", "lin", "wang"], "Courtyard", &[]);
    let card = recommended(&seller, &friend, &buyer);
    let why = card["why"].as_array().expect("reasons");
    assert!(why.iter().all(|reason| reason["proofs"].as_array().is_some_and(|proofs| !proofs.is_empty())), "{card}");
    assert!(why.iter().any(|reason| reason["text"].as_str().is_some_and(|text| text.contains("lin"))), "{card}");
    let trust = until("there is a reason to trust the seller", || {
        Some(buyer.see(&["trust", "chen"])).filter(|trust| trust["reasons"].as_array().is_some_and(|reasons| !reasons.is_empty()))
    });
    assert!(trust["reasons"][0]["proofs"].as_array().is_some_and(|proofs| !proofs.is_empty()), "{trust}");

    let order = haggled(&seller, &buyer, &told(&card["entry"]));
    assert_eq!(buyer.see(&["order", "show", &order])["via"], card["entry"]);
    let left = seller.see(&["listing", "show", &told(&card["listing"])]);
    assert_eq!(left["variants"][1]["stock"], 6, "two of eight are sold: {left}");

    let review = told(&buyer.ok(&["review", &order, "--rating", "5", "--text", "Good leaf 好茶"])["entry"]);
    until_in_feed(&seller, &review);
    let answer = told(&seller.ok(&["review-reply", &review, "--text", "Come again"])["entry"]);
    let seen = until_in_feed(&friend, &review);
    assert_eq!((&seen["kind"], &seen["rating"], &seen["author"]["name"]), (&json!("review"), &json!(5), &json!("wang")), "{seen}");
    assert_eq!(until_in_feed(&friend, &answer)["kind"], "review_reply");
    assert_eq!(buyer.see(&["trust", "chen"])["own_purchases"], 1);

    let proof = text(&town.path("order.proof"));
    buyer.ok(&["order", "export", &order, &proof]);
    let given: u32 = [&seller, &friend, &buyer].iter().map(|node| node.given()).sum();
    assert!(given <= COMMANDS_MAX, "{given} commands were needed, at most {COMMANDS_MAX} are wanted");

    let nobody = town.node("nobody");
    let verdict = nobody.ok(&["order", "verify", &proof]);
    assert_eq!((&verdict["valid"], &verdict["state"]), (&json!(true), &json!("completed")), "{verdict}");
    assert!(!nobody.home().exists(), "who only looks at evidence has no home");
    for node in [&seller, &friend, &buyer] {
        assert_log_whole(node);
    }
}

#[test]
fn paid_before_it_is_shipped() {
    let town = Town::new();
    let [mut seller, mut buyer] = circle_of(&town, ["chen", "wang"], "Lane 12", &[]);
    let tea = tea_shop(&seller, "Lane 12");
    until_listed(&buyer, &tea);
    let order = offer(&buyer, &seller, &tea, &["--qty", "3", "--delivery", "ship", "--pay", "before", "--method", "transfer"]);
    assert_eq!(buyer.see(&["order", "show", &order])["total"], cny(3800), "delivery is added to the goods");
    seller.ok(&["order", "accept", &order]);
    until_may(&buyer, &order, "pay");
    for early in ["start", "ready", "waive"] {
        seller.no(&["order", early, &order], &[3]);
    }
    seller.no(&["order", "ship", &order, "--carrier", "SF", "--tracking", "1"], &[3]);
    for early in ["receive", "complete", "confirm-refund"] {
        buyer.no(&["order", early, &order], &[3]);
    }
    buyer.ok(&["order", "pay", &order, "--reference", "T-1"]);
    until_may(&seller, &order, "confirm-payment");
    buyer.no(&["order", "cancel", &order], &[3]);
    seller.no(&["order", "confirm-payment", &order, "--amount", "38.01"], &[2, 3]);
    seller.ok(&["order", "confirm-payment", &order]);
    until_order(&buyer, &order, "fulfilling");
    seller.no(&["order", "ready", &order], &[3]);
    seller.ok(&["order", "ship", &order, "--carrier", "SF", "--tracking", "SF 100"]);
    until_may(&buyer, &order, "receive");
    buyer.ok(&["order", "receive", &order]);
    if may(&buyer.see(&["order", "show", &order]), "complete") {
        buyer.ok(&["order", "complete", &order]);
    }
    for node in [&seller, &buyer] {
        let row = until_order(node, &order, "completed");
        let refused: Vec<_> = row["events"].as_array().expect("events").iter().filter(|event| event.get("refused").is_some()).collect();
        assert!(refused.is_empty(), "{refused:?}");
        assert_log_whole(node);
    }
    until_so("all is stored on the other side", || {
        let row = buyer.see(&["order", "show", &order]);
        row["events"].as_array().is_some_and(|events| events.iter().all(|event| event["delivery"] == "stored"))
    });
}

#[test]
fn orders_that_end_early() {
    let town = Town::new();
    let [mut seller, mut buyer] = circle_of(&town, ["chen", "wang"], "Lane 12", &[]);
    let tea = tea_shop(&seller, "Lane 12");
    until_listed(&buyer, &tea);

    let cancelled = offer(&buyer, &seller, &tea, &["--qty", "2"]);
    seller.ok(&["order", "accept", &cancelled]);
    until_may(&buyer, &cancelled, "cancel");
    buyer.ok(&["order", "cancel", &cancelled]);
    until_order(&seller, &cancelled, "cancelled");
    seller.no(&["order", "start", &cancelled], &[3]);
    buyer.no(&["order", "accept", &cancelled], &[3]);

    let rejected = offer(&buyer, &seller, &tea, &["--price", "1.00"]);
    seller.ok(&["order", "reject", &rejected, "--reason", "price"]);
    until_order(&buyer, &rejected, "rejected");
    buyer.no(&["order", "withdraw", &rejected], &[3]);

    let withdrawn = offer(&buyer, &seller, &tea, &[]);
    buyer.ok(&["order", "withdraw", &withdrawn]);
    until_order(&seller, &withdrawn, "withdrawn");
    seller.no(&["order", "accept", &withdrawn], &[3]);

    let mine = buyer.ok(&["order", "list", "--role", "buyer"]);
    assert_eq!(items(&mine).len(), 3, "{mine}");
    assert_eq!(items(&seller.ok(&["order", "list", "--state", "cancelled"])).len(), 1);
    assert_eq!(items(&seller.ok(&["order", "list", "--role", "buyer"])).len(), 0);
    assert_eq!(seller.see(&["listing", "show", &tea])["variants"][0]["stock"], 50, "nothing was sold");
}
