//! Copied and restored homes: no entry is signed twice where it can be known; where it cannot, everybody says so and trade goes on.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use haat_protocol::limits::SYNC_EVERY_MS;
use haat_tests::daemon::node::told;
use haat_tests::daemon::story::{
    assert_log_whole, circle_of, in_feed, offer, post, tea_shop, until_in_feed, until_listed, until_may, until_order,
};
use haat_tests::daemon::{Node, Town, items, text, until_so};
use serde_json::Value;

const FORKED: &str = "two different entries";

/// What a node says about a fork of this person's log; nothing when it knows of none.
fn warning(node: &Node, name: &str) -> String {
    warned(&node.see(&["people"])["items"], name)
}

fn warned(rows: &Value, name: &str) -> String {
    let rows = rows.as_array().cloned().unwrap_or_default();
    let row = rows.iter().find(|row| row["name"] == name);
    row.and_then(|row| row["warning"].as_str()).unwrap_or_default().to_owned()
}

/// What a snapshot of a whole machine keeps of a stopped node: the store's bytes, and the very file that is the witness.
struct Kept {
    store: Vec<u8>,
    witness: PathBuf,
}

impl Kept {
    fn of(node: &Node, town: &Town) -> Self {
        let kept = town.path("witness-before");
        std::fs::hard_link(node.home().join("witness"), &kept).expect("linked");
        Self { store: std::fs::read(node.home().join("haat.redb")).expect("read"), witness: kept }
    }

    fn put_store_back(&self, node: &Node) {
        std::fs::write(node.home().join("haat.redb"), &self.store).expect("written");
    }

    /// Nothing on the machine can tell afterwards.
    fn put_all_back(&self, node: &Node) {
        self.put_store_back(node);
        std::fs::rename(&self.witness, node.home().join("witness")).expect("renamed");
    }
}

#[test]
fn a_copied_home_and_its_original_both_go_on() {
    let town = Town::new();
    let [chen, mut lin] = circle_of(&town, ["chen", "lin"], "Lane 12", &[]);
    until_in_feed(&chen, &post(&lin, "Lane 12", "Before"));
    lin.stop();
    let mut twin = town.node("twin");
    let copied = Command::new("cp").args(["-a", &text(lin.home()), &text(twin.home())]).status().expect("cp is there");
    assert!(copied.success());
    lin.up(&[]);
    until_in_feed(&chen, &post(&lin, "Lane 12", "Here"));
    twin.up(&[]);
    let there = post(&twin, "Lane 12", "There");
    let here = post(&lin, "Lane 12", "Here again");
    for entry in [&there, &here] {
        until_in_feed(&chen, entry);
    }
    for node in [&chen, &lin, &twin] {
        assert_eq!(warning(node, "lin") + &warning(node, "twin"), "", "{}: a fork", node.name());
        assert_log_whole(node);
    }
}

#[test]
fn an_old_store_forks_nothing_where_the_witness_or_a_member_knows_more() {
    let town = Town::new();
    let [mut chen, mut lin] = circle_of(&town, ["chen", "lin"], "Lane 12", &[]);
    until_in_feed(&chen, &post(&lin, "Lane 12", "Before"));
    lin.stop();
    let kept = Kept::of(&lin, &town);
    lin.up(&[]);
    let once = post(&lin, "Lane 12", "Once");
    until_in_feed(&chen, &once);
    lin.stop();
    // Nobody is there to ask, but the witness knows that more was signed.
    chen.stop();
    kept.put_store_back(&lin);
    lin.up(&[]);
    let alone = post(&lin, "Lane 12", "Alone");
    chen.up(&[]);
    until_in_feed(&chen, &alone);
    until_in_feed(&lin, &once);
    lin.stop();
    // The witness is as old as the store, but chen holds what was signed since.
    kept.put_all_back(&lin);
    lin.up(&[]);
    let asked = post(&lin, "Lane 12", "Asked");
    for node in [&chen, &lin] {
        for entry in [&once, &alone, &asked] {
            until_in_feed(node, entry);
        }
        assert_eq!(warning(node, "lin"), "", "{}: a fork", node.name());
        assert_log_whole(node);
    }
}

#[test]
fn an_order_goes_on_once_the_other_side_has_told_what_it_holds() {
    let town = Town::new();
    let [mut chen, mut lin] = circle_of(&town, ["chen", "lin"], "Lane 12", &[]);
    let tea = tea_shop(&chen, "Lane 12");
    until_listed(&lin, &tea);
    let order = offer(&lin, &chen, &tea, &["--delivery", "pickup", "--pay", "on-delivery", "--method", "cash"]);
    chen.ok(&["order", "counter", &order, "--price", "9.00"]);
    until_may(&lin, &order, "accept");
    lin.stop();
    let kept = Kept::of(&lin, &town);
    lin.up(&[]);
    // More than one event: the last one alone would come back from the witness.
    lin.ok(&["order", "counter", &order, "--price", "8.00"]);
    until_may(&chen, &order, "accept");
    chen.ok(&["order", "counter", &order, "--price", "8.50"]);
    until_may(&lin, &order, "accept");
    lin.ok(&["order", "accept", &order]);
    until_order(&chen, &order, "agreed");
    lin.stop();
    chen.stop();
    kept.put_store_back(&lin);
    lin.up(&[]);
    let refusal = lin.no(&["order", "counter", &order, "--price", "7.00"], &[3]);
    assert_eq!(refusal.code, "order-in-doubt", "{}", refusal.words());
    chen.up(&[]);
    until_order(&lin, &order, "agreed");
    until_may(&chen, &order, "start");
    chen.ok(&["order", "start", &order]);
    chen.ok(&["order", "ready", &order]);
    until_may(&lin, &order, "receive");
    lin.ok(&["order", "receive", &order]);
    let shown = until_order(&chen, &order, "delivered");
    assert!(shown["events"].as_array().is_some_and(|events| events.iter().all(|event| event.get("refused").is_none())), "{shown}");
    for node in [&chen, &lin] {
        assert_log_whole(node);
    }
}

/// What lin says on the left branch: a vouch, a recommendation and a review beside a post.
fn says_much(lin: &Node, tea: &str, sold: &str) -> Vec<String> {
    let vouch = lin.ok(&["vouch", "wang", "--circle", "Lane 12", "--weight", "close"]);
    let recommend = lin.ok(&["recommend", tea, "--circle", "Lane 12", "--text", "Bitter", "--interest", "none"]);
    let review = lin.ok(&["review", sold, "--rating", "1", "--text", "Never again"]);
    [vouch, recommend, review].iter().map(|said| told(&said["entry"])).chain([post(lin, "Lane 12", "To the left")]).collect()
}

/// Whether a node's words about a person rest on one of these entries.
fn rests_on(node: &Node, person: &str, entries: &[String]) -> bool {
    let trust = node.see(&["trust", person]).to_string();
    entries.iter().any(|entry| trust.contains(entry.as_str()))
}

/// A sale from the offer to the money, in cash at the gate.
fn sold(buyer: &Node, seller: &Node, tea: &str) -> String {
    let order = offer(buyer, seller, tea, &["--delivery", "pickup", "--pay", "on-delivery", "--method", "cash"]);
    seller.ok(&["order", "accept", &order]);
    until_may(seller, &order, "start");
    seller.ok(&["order", "start", &order]);
    seller.ok(&["order", "ready", &order]);
    until_may(buyer, &order, "receive");
    buyer.ok(&["order", "receive", &order]);
    until_may(seller, &order, "confirm-payment");
    seller.ok(&["order", "confirm-payment", &order]);
    until_order(buyer, &order, "completed");
    order
}

#[test]
fn a_machine_set_back_forks_its_log_and_everybody_goes_on() {
    let town = Town::new();
    let [mut chen, mut lin, mut wang] = circle_of(&town, ["chen", "lin", "wang"], "Lane 12", &[]);
    let tea = tea_shop(&chen, "Lane 12");
    until_listed(&lin, &tea);
    let bought = sold(&lin, &chen, &tea);
    let open = offer(&lin, &chen, &tea, &[]);
    let common = post(&lin, "Lane 12", "One");
    chen.ok(&["vouch", "lin", "--circle", "Lane 12", "--weight", "close"]);
    for node in [&chen, &wang] {
        until_in_feed(node, &common);
    }
    wang.stop();
    lin.stop();
    let kept = Kept::of(&lin, &town);
    lin.up(&[]);
    let left = says_much(&lin, &tea, &bought);
    until_in_feed(&chen, &left[3]);
    until_so("what is said on the left weighs", || rests_on(&chen, "wang", &left));
    lin.stop();
    chen.stop();
    // The machine is set back, and who is asked first knows nothing of what was said in between.
    kept.put_all_back(&lin);
    wang.up(&[]);
    lin.up(&[]);
    let right = post(&lin, "Lane 12", "To the right");
    until_in_feed(&wang, &right);
    chen.up(&[]);
    let met = Instant::now();
    until_flagged(&[&chen, &wang], &[&chen, &lin], &open);
    // So nobody waited for the next round: the one on connecting and the one that passes on what came were enough.
    assert!(met.elapsed() < Duration::from_millis(SYNC_EVERY_MS), "it took more than two rounds");
    // Lin's root named the branch that lin holds, and lin goes on in a new log.
    let on = post(&lin, "Lane 12", "And on");
    for node in [&chen, &wang] {
        let item = until_in_feed(node, &on);
        assert!(item["why"].to_string().contains(FORKED), "{item}");
        until_in_feed(node, &right);
        until_in_feed(node, &common);
        until_so("the other branch is gone", || left.iter().all(|entry| in_feed(node, entry).is_none()));
        assert!(!rests_on(node, "wang", &left) && !rests_on(node, "chen", &left), "{}: it weighs still", node.name());
    }
    // The order that was open when it happened goes on.
    until_may(&chen, &open, "accept");
    chen.ok(&["order", "accept", &open]);
    until_order(&lin, &open, "agreed");
    for node in [&chen, &lin, &wang] {
        assert_log_whole(node);
    }
}

/// Waits until the others say everywhere that lin's log is forked, and both parties of the open order beside it.
fn until_flagged(others: &[&Node], parties: &[&Node], open: &str) {
    for node in others {
        until_so(&format!("{} says that the log is forked", node.name()), || warning(node, "lin").contains(FORKED));
        let shown = node.see(&["circle", "show", "Lane 12"]);
        assert!(warned(&shown["members"], "lin").contains(FORKED), "{shown}");
        assert_eq!(warned(&shown["members"], "chen") + &warned(&shown["members"], "wang"), "", "only lin");
        let words = node.run_plain(&["circle", "show", "Lane 12"]);
        assert!(words.contains(FORKED), "{words}");
    }
    for node in parties {
        until_so(&format!("{} is told beside the order", node.name()), || {
            let list = node.see(&["order", "list"]);
            let told: Vec<(String, bool)> = items(&list)
                .iter()
                .map(|row| (told(&row["order"]), row["warning"].as_str().is_some_and(|text| text.contains(FORKED))))
                .collect();
            told.iter().all(|(order, is_told)| *is_told == (order == open))
        });
    }
}
