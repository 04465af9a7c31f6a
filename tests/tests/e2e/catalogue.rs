//! A catalogue of sixty things, and its second version while a friend is away: rows refused and mended, a difference looked at,
//! prices that change, things that come and go. Nobody ever sees half a version of a thing, and what was ordered stays ordered.

use std::collections::{BTreeMap, BTreeSet};

use haat_tests::daemon::node::told;
use haat_tests::daemon::raw::http;
use haat_tests::daemon::story::{assert_log_whole, circle_of, offer, until_may, until_order};
use haat_tests::daemon::{Node, Town, items, until_so};
use serde_json::{Value, json};

const HEAD: &str = "handle,title,price,currency,stock,delivery,returns\n";
/// Things in the first version.
const THINGS: u64 = 60;
/// What is not in the second version any more.
const GONE: &str = "Jar 7";
/// Things dearer in the second version: every third.
const DEARER_EACH: u64 = 3;

/// The rows of a file: each thing with its price in whole yuan, but for rows that are written otherwise.
fn file(price: impl Fn(u64) -> String, more: &str) -> String {
    let rows = (1..=THINGS).map(|n| format!("jar-{n},Jar {n},{},CNY,{n},,\n", price(n)));
    format!("{HEAD}{}{more}", rows.collect::<String>())
}

fn first(n: u64) -> String {
    format!("{}.00", 10 + n)
}

fn second(n: u64) -> String {
    format!("{}.00", if n.is_multiple_of(DEARER_EACH) { 110 + n } else { 10 + n })
}

/// What a node says, over its local API: nothing else is quick enough to catch a half.
fn ask(node: &Node, path: &str) -> Value {
    let token = std::fs::read_to_string(node.home().join("api-token")).expect("the owner may read it");
    let bearer = format!("Bearer {}", token.trim());
    let reply = http(&node.api(), "GET", &format!("/api/v1{path}"), &[("Authorization", &bearer)], b"");
    let (_, body) = reply.text.split_once("\r\n\r\n").expect("an answer has a body");
    serde_json::from_str(body).unwrap_or_else(|fault| panic!("{path}: {fault}: {}", reply.text))
}

/// Every thing that a node has on its shelf, by id.
fn shelf(node: &Node) -> BTreeMap<String, Value> {
    items(&ask(node, "/listings")).iter().map(|row| (told(&row["listing"]), row.clone())).collect()
}

fn counts(report: &Value) -> [usize; 4] {
    ["created", "updated", "unchanged", "refused"].map(|key| report[key].as_array().map_or(0, Vec::len))
}

fn id_of(shelf: &BTreeMap<String, Value>, title: &str) -> String {
    shelf.iter().find(|(_, row)| row["title"] == title).map(|(id, _)| id.clone()).unwrap_or_else(|| panic!("no {title}"))
}

/// Asks again and again until a node has the new shelf. Whatever it says meanwhile of a thing is the old or the new, all of it, and
/// never the old again after the new.
fn watch(node: &Node, old: &BTreeMap<String, Value>, new: &BTreeMap<String, Value>) {
    let mut renewed = BTreeSet::new();
    until_so(&format!("{} has the second version", node.name()), || {
        let seen = shelf(node);
        for (id, row) in &seen {
            let shown = ask(node, &format!("/listing?listing={id}"));
            for told in [row, &shown] {
                let is_old = old.get(id) == Some(told) && !renewed.contains(id);
                let is_new = new.get(id) == Some(told) || !new.contains_key(id) && told["state"] == "withdrawn";
                assert!(is_old || is_new, "half a version, or the old after the new: {told}");
                if !is_old {
                    renewed.insert(id.clone());
                }
            }
        }
        let missing = old.keys().find(|id| !seen.contains_key(*id) && new.contains_key(*id));
        assert_eq!(missing, None, "a thing that stands in both versions is never gone");
        seen == *new
    });
}

/// Imports the file with two wrong rows, mends them, and shares all.
fn publish_first(town: &Town, seller: &mut Node) {
    seller.ok(&["shop", "create", "Hill", "--currency", "CNY", "--returns", "7 days", "--pickup", "North gate"]);
    let wrong = |n: u64| match n {
        20 => "30,00".to_owned(),
        41 => "many".to_owned(),
        n => first(n),
    };
    let path = town.file("first.csv", file(wrong, "").replace(",30,00,", ",\"30,00\","));
    let import = ["listing", "import", &path, "--shop", "Hill"];
    let problem = seller.no_in_words(&import, &[3]).document;
    let named: Vec<_> = problem["refused"].as_array().expect("the rows").iter().map(|row| (&row["row"], &row["column"])).collect();
    assert_eq!(named, [(&json!(21), &json!("price")), (&json!(42), &json!("price"))], "{problem}");
    assert!(shelf(seller).is_empty(), "nothing was taken");
    assert_eq!(counts(&seller.ok(&[&import[..], &["--partial"]].concat())), [58, 0, 0, 2]);
    let mended = town.file("mended.csv", file(first, ""));
    assert_eq!(counts(&seller.ok(&["listing", "import", &mended, "--shop", "Hill"])), [2, 0, 58, 0]);
    seller.ok(&["shop", "share", "Hill", "--circle", "Lane 12"]);
}

/// Looks at the second version, publishes it, and takes off the shelf what is not in it.
fn publish_second(town: &Town, seller: &Node) {
    let old = shelf(seller);
    let path = town.file("second.csv", file(second, "lid,Lid,3.00,CNY,9,,\n"));
    let import = ["listing", "import", &path, "--shop", "Hill"];
    let dry = seller.ok(&[&import[..], &["--dry-run"]].concat());
    assert_eq!(counts(&dry), [1, 20, 40, 0], "{dry}");
    let changes = dry["changes"].as_array().expect("the difference");
    let of = |title: &str| changes.iter().filter(|change| change["title"] == title).collect::<Vec<_>>();
    assert_eq!(of("Jar 3"), [&json!({"title": "Jar 3", "field": "price", "before": "13.00 CNY", "after": "113.00 CNY"})]);
    assert!(of("Jar 4").is_empty() && of("Lid").iter().all(|change| change["before"] == ""), "{changes:?}");
    assert_eq!(changes.len(), 20 + of("Lid").len(), "prices and the new thing, nothing else");
    assert_eq!(shelf(seller), old, "whoever only looks changes nothing");
    assert_eq!(counts(&seller.ok(&import)), [1, 20, 40, 0]);
    seller.ok(&["listing", "withdraw", GONE]);
}

/// Whether a shelf is the second version, all of it.
fn is_second(shelf: &BTreeMap<String, Value>) -> bool {
    let dearer = shelf.values().filter(|row| row["versions"].as_array().is_some_and(|all| all.len() == 2)).count();
    let titles: BTreeSet<&str> = shelf.values().filter_map(|row| row["title"].as_str()).collect();
    dearer == 20 && titles.len() == 60 && titles.contains("Lid") && !titles.contains(GONE)
}

/// The version that an order is for, and what one costs by it.
fn line(node: &Node, order: &str) -> (Value, Value) {
    let line = &node.see(&["order", "show", order])["lines"][0];
    (line["version"].clone(), line["price"]["minor"].clone())
}

/// Orders from before the second version keep the version and the price that they were made with, on both sides. What is agreed is carried
/// out; what is only proposed binds nobody: the seller answers with the price of today, or says no.
fn orders_hold(seller: &Node, buyer: &Node, [agreed, waiting, alone]: [&str; 3], old: &Value) {
    until_order(seller, alone, "negotiating");
    for node in [seller, buyer] {
        for order in [agreed, waiting, alone] {
            assert_eq!(line(node, order), (old["version"].clone(), json!(1_300)), "{}: {order}", node.name());
        }
        let states = [agreed, waiting, alone].map(|order| told(&node.see(&["order", "show", order])["state"]));
        assert_eq!(states, ["agreed", "negotiating", "negotiating"], "{}", node.name());
    }
    for (node, verb) in [(seller, "start"), (seller, "ready"), (buyer, "receive"), (seller, "confirm-payment")] {
        until_may(node, agreed, verb);
        node.ok(&["order", verb, agreed]);
    }
    assert_eq!(until_order(buyer, agreed, "completed")["total"]["minor"], 2_600);
    seller.ok(&["order", "counter", waiting, "--price", "113.00"]);
    until_may(buyer, waiting, "accept");
    assert_eq!(buyer.ok(&["order", "accept", waiting])["total"]["minor"], 11_300);
    seller.ok(&["order", "reject", alone, "--reason", "It costs 113 now"]);
    until_order(buyer, alone, "rejected");
    until_order(seller, waiting, "agreed");
}

/// J2: a seller publishes a catalogue and its second version while a member is away.
#[test]
fn a_second_version_while_a_friend_is_away() {
    let town = Town::new();
    let [mut seller, mut friend, mut away] = circle_of(&town, ["kofi", "lin", "mei"], "Lane 12", &[]);
    publish_first(&town, &mut seller);
    until_so("both friends see all", || [&friend, &away].iter().all(|node| shelf(node).len() == 60));
    let old = shelf(&away);
    let [dearer, gone] = ["Jar 3", GONE].map(|title| id_of(&old, title));
    // One order is agreed, two wait for an answer, of which one is for what will be gone.
    let agreed = offer(&away, &seller, &dearer, &["--qty", "2"]);
    seller.ok(&["order", "accept", &agreed]);
    until_order(&away, &agreed, "agreed");
    let waiting = offer(&away, &seller, &dearer, &[]);
    let late = offer(&away, &seller, &gone, &[]);

    away.stop();
    publish_second(&town, &seller);
    until_so("who is there sees all of it", || is_second(&shelf(&friend)));
    let new = shelf(&friend);
    // She comes back where nobody reaches her: all is as she left it, and she offers what the thing cost then.
    seller.stop();
    friend.stop();
    away.up(&[]);
    assert_eq!(shelf(&away), old);
    let alone = told(&away.ok(&["order", "offer", &dearer])["order"]);
    away.stop();
    for node in [&mut seller, &mut friend, &mut away] {
        node.up(&[]);
    }
    watch(&away, &old, &new);
    orders_hold(&seller, &away, [&agreed, &waiting, &alone], &old[&dearer]);

    // Who offers now offers for the new version, and nothing for what is gone.
    let fresh = offer(&away, &seller, &dearer, &[]);
    assert_eq!(line(&away, &fresh), (new[&dearer]["version"].clone(), json!(11_300)));
    assert_eq!(away.no(&["order", "offer", &gone], &[3]).code, "not-for-sale");
    // What was offered for it before is a proposal like any other, and refused.
    seller.ok(&["order", "reject", &late, "--reason", "There are no more"]);
    until_order(&away, &late, "rejected");
    for node in [&seller, &friend, &away] {
        assert_log_whole(node);
    }
}
