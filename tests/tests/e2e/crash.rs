//! kill -9 after every acknowledged step: what was acknowledged stays, and the story goes on.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::scope;

use haat_tests::daemon::node::told;
use haat_tests::daemon::story::{
    assert_log_whole, circle_of, in_feed, invite, state_in, until_in_feed, until_listed, until_may, until_order,
};
use haat_tests::daemon::{Node, PATIENCE, Town, binary, items, until, until_so};
use serde_json::Value;

/// Gives a command, kills the node once it is acknowledged, checks what is left, and starts the node again.
fn struck(node: &mut Node, words: &[&str]) -> Value {
    let answer = node.ok(words);
    node.kill9();
    assert_log_whole(node);
    node.up(&[]);
    answer
}

/// Posts until the node is gone, and tells of every post that was acknowledged.
fn keeps_posting(home: &Path, tell: &SyncSender<String>) {
    for n in 0.. {
        let mut post = Command::new(binary());
        post.arg("--home").arg(home).args(["--json", "post", "Lane 12", &format!("word {n}")]);
        let output = post.env_remove("HAAT_HOME").output().expect("haat can be run");
        let Some(entry) = output.status.success().then(|| serde_json::from_slice::<Value>(&output.stdout).expect("one document")) else {
            break;
        };
        tell.send(told(&entry["entry"])).expect("somebody counts");
    }
}

#[test]
fn kill_9_in_the_middle_of_commands() {
    let town = Town::new();
    let mut node = town.node("chen");
    node.up(&[]);
    node.ok(&["circle", "create", "Lane 12"]);
    let mut acknowledged = Vec::new();
    for round in 1..=6 {
        let (tell, heard) = sync_channel(256);
        let home = node.home().to_owned();
        scope(|threads| {
            for _ in 0..3 {
                let (home, tell) = (home.clone(), tell.clone());
                threads.spawn(move || keeps_posting(&home, &tell));
            }
            acknowledged.extend((0..round).map(|_| heard.recv_timeout(PATIENCE).expect("posts are acknowledged")));
            node.kill9();
        });
        acknowledged.extend(heard.try_iter());
        assert_log_whole(&node);
        node.up(&[]);
    }
    assert!(acknowledged.len() >= 21, "{}", acknowledged.len());
    let kept: BTreeSet<String> = items(&node.ok(&["feed", "--limit", "200"])).iter().map(|item| told(&item["entry"])).collect();
    let lost: Vec<&String> = acknowledged.iter().filter(|entry| !kept.contains(*entry)).collect();
    assert!(lost.is_empty(), "acknowledged and gone: {lost:?}");
}

#[test]
fn kill_9_at_every_point() {
    let town = Town::new();
    let [mut seller, mut buyer] = [town.node("chen"), town.node("wang")];
    seller.up(&[]);
    buyer.up(&[]);
    let who = buyer.identity();

    let circle = told(&struck(&mut seller, &["circle", "create", "Lane 12"])["circle"]);
    assert_eq!(seller.ok(&["circle", "show", "Lane 12"])["circle"], circle.as_str());
    let code = invite(&seller, "Lane 12", 1);
    seller.kill9();
    seller.up(&[]);
    struck(&mut buyer, &["circle", "join", &code]);
    until_so("the buyer joins after all", || state_in(&buyer, "Lane 12") == "joined");
    assert_eq!(buyer.identity(), who);

    struck(&mut seller, &["shop", "create", "Hill", "--currency", "CNY", "--returns", "none", "--pickup", "North gate"]);
    let add = ["listing", "add", "--shop", "Hill", "--title", "Green tea", "--price", "10.00", "--stock", "5"];
    let tea = told(&struck(&mut seller, &add)["listing"]);
    struck(&mut seller, &["shop", "share", "Hill", "--circle", "Lane 12"]);
    until_listed(&buyer, &tea);
    let post = told(&struck(&mut buyer, &["post", "Lane 12", "Is it fresh?"])["entry"]);
    assert!(in_feed(&buyer, &post).is_some(), "an acknowledged post is gone");
    until_in_feed(&seller, &post);

    let order = told(&struck(&mut buyer, &["order", "offer", &tea, "--qty", "2"])["order"]);
    assert_eq!(buyer.ok(&["order", "show", &order])["state"], "negotiating");
    until_order(&seller, &order, "negotiating");
    struck(&mut seller, &["order", "accept", &order]);
    let steps = [(true, "start"), (true, "ready"), (false, "receive"), (true, "confirm-payment")];
    for (is_seller, verb) in steps {
        let node = if is_seller { &mut seller } else { &mut buyer };
        until_may(node, &order, verb);
        let state = struck(node, &["order", verb, &order])["state"].clone();
        assert_eq!(node.ok(&["order", "show", &order])["state"], state, "{verb} was acknowledged");
    }
    for node in [&mut seller, &mut buyer] {
        until_order(node, &order, "completed");
        node.kill9();
        node.up(&[]);
        assert_eq!(node.ok(&["order", "show", &order])["state"], "completed");
    }
    let review = told(&struck(&mut buyer, &["review", &order, "--rating", "4", "--text", "Fresh"])["entry"]);
    until_in_feed(&seller, &review);
    let stock = until("the seller counts what is left", || seller.see(&["listing", "show", &tea])["variants"][0]["stock"].as_u64());
    assert_eq!(stock, 3);
    for node in [&seller, &buyer] {
        assert_log_whole(node);
    }
}

#[test]
fn without_gossip() {
    let town = Town::new();
    let [seller, mut friend, buyer] = circle_of(&town, ["chen", "lin", "wang"], "Lane 12", &["--no-gossip"]);
    let said: Vec<String> = [&seller, &friend, &buyer]
        .into_iter()
        .map(|node| told(&node.ok(&["post", "Lane 12", &format!("Hello from {}", node.name())])["entry"]))
        .collect();
    for node in [&seller, &friend, &buyer] {
        said.iter().for_each(|entry| drop(until_in_feed(node, entry)));
    }

    seller.ok(&["shop", "create", "Hill", "--currency", "CNY", "--returns", "none", "--pickup", "North gate"]);
    let rows = (1..=30).map(|n| format!("tea-{n},Tea number {n},{n}.50,7\n")).collect::<String>();
    let file = town.file("many.csv", format!("Handle,Title,Variant Price,Variant Inventory Qty\n{rows}"));
    seller.ok(&["listing", "import", &file, "--shop", "Hill"]);
    seller.ok(&["shop", "share", "Hill", "--circle", "Lane 12"]);
    for node in [&friend, &buyer] {
        until_so("the whole catalogue is there", || {
            node.see(&["listing", "list", "--circle", "Lane 12"])["items"].as_array().map(Vec::len) == Some(30)
        });
    }

    let order = told(&buyer.ok(&["order", "offer", "Tea number 9", "--qty", "2"])["order"]);
    until_order(&seller, &order, "negotiating");
    seller.ok(&["order", "accept", &order]);
    until_order(&buyer, &order, "agreed");

    seller.ok(&["circle", "remove", "Lane 12", "lin"]);
    // Who is removed is told when they connect the next time.
    friend.stop();
    friend.up(&["--no-gossip"]);
    until_so("the removed learns it", || state_in(&friend, "Lane 12") == "removed");
    until_so("the others learn it", || buyer.see(&["circle", "show", "Lane 12"])["members"].as_array().map(Vec::len) == Some(2));
    let after = told(&seller.ok(&["post", "Lane 12", "Now we are two"])["entry"]);
    until_in_feed(&buyer, &after);
    for node in [&seller, &friend, &buyer] {
        assert_log_whole(node);
    }
}
