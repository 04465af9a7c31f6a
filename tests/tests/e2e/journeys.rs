//! Journeys of people through a sale: a friend's word that leads to it, and a seller who is away while others act.

use haat_tests::daemon::node::told;
use haat_tests::daemon::raw::streamed;
use haat_tests::daemon::story::{assert_log_whole, circle_of, may, offer, tea_shop, until_in_feed, until_listed, until_may, until_order};
use haat_tests::daemon::{Node, Town, items, until, until_so};
use serde_json::{Value, json};

/// What a node is told of an order.
fn notice(node: &Node, order: &str) -> Option<Value> {
    items(&node.see(&["notices"])).iter().find(|row| row["ref"] == order).cloned()
}

fn until_notice(node: &Node, order: &str, kind: &str) -> Value {
    until(&format!("{} is told {kind}", node.name()), || notice(node, order).filter(|row| row["kind"] == kind))
}

/// A friend recommends and says what she gains; a neighbour buys by her word and reviews; all three see the same of it.
#[test]
fn recommended_bought_and_settled() {
    let town = Town::new();
    let [seller, friend, buyer] = circle_of(&town, ["chen", "sana", "wang"], "Courtyard", &[]);
    let tea = tea_shop(&seller, "Courtyard");
    until_listed(&friend, &tea);
    let words = ["--circle", "Courtyard", "--text", "Drank it all winter", "--interest", "gift"];
    let card = told(&friend.ok(&[&["recommend", &tea][..], &words].concat())["entry"]);
    let seen = until_in_feed(&buyer, &card);
    assert_eq!((&seen["interest"], &seen["listing"], &seen["author"]["name"]), (&json!("gift"), &json!(tea), &json!("sana")), "{seen}");
    let plain = buyer.run_plain(&["feed"]);
    assert!(plain.contains("gains: gift"), "people read what she gains: {plain}");
    until_listed(&buyer, &tea);

    let order = offer(&buyer, &seller, &card, &["--qty", "2", "--delivery", "ship", "--pay", "before", "--method", "transfer"]);
    assert_eq!(until_notice(&seller, &order, "offer")["text"], "wang proposes 28.00 CNY for 2 x Green tea: accept, counter or reject");
    seller.ok(&["order", "counter", &order, "--price", "18.00"]);
    until_notice(&buyer, &order, "offer");
    assert_eq!(notice(&seller, &order), None, "it is the buyer's turn");
    buyer.ok(&["order", "accept", &order]);
    let due = until_notice(&buyer, &order, "pay");
    assert_eq!((&due["text"], due["deadline"].is_u64()), (&json!("pay 26.00 CNY to chen for 2 x Green tea, and say so"), true));
    buyer.ok(&["order", "pay", &order, "--reference", "R 17"]);
    until_notice(&seller, &order, "payment");
    seller.ok(&["order", "confirm-payment", &order]);
    until_notice(&seller, &order, "goods");
    seller.ok(&["order", "ship", &order, "--carrier", "SF", "--tracking", "1"]);
    until_notice(&buyer, &order, "receive");
    buyer.ok(&["order", "receive", &order]);
    until_notice(&buyer, &order, "complete");
    buyer.ok(&["order", "complete", &order]);
    let [own, theirs] = [&buyer, &seller].map(|node| until_order(node, &order, "completed"));
    for key in ["state", "total", "via", "lines", "waits_for", "deadline"] {
        assert_eq!(own[key], theirs[key], "{key}");
    }
    assert_eq!((&own["via"], &own["waits_for"]), (&json!(card), &Value::Null));
    for node in [&buyer, &seller] {
        assert_eq!(notice(node, &order), None, "nothing is left to do");
    }
    assert!(items(&friend.ok(&["order", "list"])).is_empty(), "an order is nobody else's business");

    let review = told(&buyer.ok(&["review", &order, "--rating", "5", "--text", "As she said"])["entry"]);
    for node in [&friend, &seller] {
        let shown = until_in_feed(node, &review);
        let said = ["kind", "listing", "title", "rating", "circle"].map(|key| &shown[key]);
        assert_eq!(
            said,
            [&json!("review"), &json!(tea), &json!("Green tea"), &json!(5), &seen["circle"]],
            "it stands with the recommendation: {shown}"
        );
    }
    assert_eq!(seller.see(&["listing", "show", &tea])["variants"][0]["stock"], 48);
    for node in [&seller, &friend, &buyer] {
        assert_log_whole(node);
    }
}

/// The seller sleeps for two days. What was offered meanwhile finds them; what ran out is told as that and nothing more; and
/// who is to act next, and until when, is the same on both sides.
#[test]
fn a_seller_away_for_two_days() {
    let town = Town::new();
    let [mut seller, mut buyer] = circle_of(&town, ["kofi", "priya"], "Market", &[]);
    let tea = tea_shop(&seller, "Market");
    until_listed(&buyer, &tea);
    seller.stop();

    let terms = ["--delivery", "ship", "--pay", "before", "--method", "transfer"];
    let offered = |node: &Node, more: &[&str]| told(&node.ok(&[&["order", "offer", &tea][..], more, &terms].concat())["order"]);
    let lasting = offered(&buyer, &["--qty", "2", "--valid", "3d"]);
    let brief = offered(&buyer, &["--valid", "1d"]);
    let row = buyer.ok(&["order", "show", &lasting]);
    assert_eq!((&row["events"][0]["delivery"], &row["waits_for"]), (&json!("queued"), &json!("other")));
    buyer.stop();

    for node in [&mut buyer, &mut seller] {
        node.up(&["--clock-ahead", "2d"]);
    }
    let told_of = until_notice(&seller, &lasting, "offer");
    let left_ms = told_of["deadline"].as_u64().zip(told_of["at"].as_u64()).map(|(by, at)| by - at);
    assert_eq!((left_ms, &told_of["urgent"]), (Some(3 * 86_400_000), &json!(false)), "{told_of}");
    assert!(seller.run_plain(&["notices"]).contains("priya proposes"));
    // The brief one ran out: whoever waited ends it, and the seller learns only that.
    assert_eq!(until_notice(&buyer, &brief, "right")["deadline"], Value::Null);
    buyer.ok(&["order", "expire", &brief]);
    until_order(&seller, &brief, "expired");
    until_so("nothing is asked of the seller for it", || notice(&seller, &brief).is_none());
    let list = items(&seller.ok(&["order", "list"])).to_vec();
    let order: Vec<_> = list.iter().map(|row| (told(&row["order"]), row["waits_for"].clone())).collect();
    assert_eq!(order, [(lasting.clone(), json!("me")), (brief, Value::Null)]);

    // Another of the buyer's offers is agreed to and never paid: its tea is set aside until then.
    let unpaid = offered(&buyer, &["--qty", "5"]);
    until_may(&seller, &unpaid, "accept");
    seller.ok(&["order", "accept", &unpaid]);
    until_notice(&buyer, &unpaid, "pay");
    let free = |node: &Node| node.see(&["listing", "show", &tea])["variants"][0]["stock"].clone();
    assert_eq!(free(&seller), 45);
    // The seller counters, and the buyer lets it lapse.
    seller.ok(&["order", "counter", &lasting, "--price", "19.00", "--valid", "1d"]);
    until_notice(&buyer, &lasting, "offer");
    for node in [&mut buyer, &mut seller] {
        node.stop();
        node.up(&["--clock-ahead", "6d"]);
    }
    assert_eq!(free(&seller), 50, "the time to pay is over, though nobody said so yet");
    for order in [&lasting, &unpaid] {
        until_notice(&seller, order, "right");
    }
    let waits = until("it may be ended", || Some(seller.see(&["order", "show", &unpaid])).filter(|row| may(row, "expire")));
    assert_eq!(waits["waits_for"], "me");
    until_so("the other side told what it holds", || seller.run(&["order", "expire", &unpaid], None).status.success());
    until_so("the other side told what it holds", || seller.run(&["order", "expire", &lasting], None).status.success());
    until_order(&buyer, &unpaid, "cancelled");
    until_order(&buyer, &lasting, "expired");
    for node in [&buyer, &seller] {
        assert!(items(&node.ok(&["notices"])).is_empty(), "{}: nothing is left to do", node.name());
        assert_log_whole(node);
    }
    // Counted anew, and the buyer sees it.
    seller.ok(&["listing", "stock", &tea, "7"]);
    until_so("the buyer sees the new count", || free(&buyer) == 7);
    assert_eq!(seller.no(&["listing", "stock", &tea, "--sku", "X", "7"], &[2]).code, "no-such-sku");
    seller.ok(&["listing", "stock", &tea, "uncounted"]);
    until_so("the buyer sees that it is not counted", || free(&buyer).is_null());
}

/// Who owes and was away is reminded once, as soon as the deadline is near, to whoever listens.
#[test]
fn a_deadline_that_comes_near_is_told_once() {
    let town = Town::new();
    let [seller, mut buyer] = circle_of(&town, ["kofi", "priya"], "Market", &[]);
    let tea = tea_shop(&seller, "Market");
    until_listed(&buyer, &tea);
    let order = offer(&buyer, &seller, &tea, &["--delivery", "ship", "--pay", "before", "--method", "transfer"]);
    seller.ok(&["order", "accept", &order]);
    let deadline = until_notice(&buyer, &order, "pay")["deadline"].clone();
    buyer.stop();
    // Three days to pay; the last quarter of them is near.
    buyer.up(&["--clock-ahead", "60h"]);
    let token = std::fs::read_to_string(buyer.home().join("api-token")).expect("the owner may read it");
    let reminder = || streamed(&buyer.api(), token.trim(), &["reminder", &order, "pay", &deadline.to_string()]);
    assert_eq!(reminder(), reminder(), "one event, told again to whoever asks from the beginning");
    assert_eq!(until_notice(&buyer, &order, "pay")["urgent"], true);
    assert!(buyer.run_plain(&["notices"]).contains("soon"));
}
