//! Nodes as processes: the ready line, one node per home, ports that stay, and the ways to stop.

use haat_tests::daemon::answer::problem;
use haat_tests::daemon::node::{finish, told};
use haat_tests::daemon::story::{circle_of, post, state_in, until_in_feed};
use haat_tests::daemon::{Town, items, until, until_so};
use serde_json::Value;

#[test]
fn the_ready_line() {
    let town = Town::new();
    let mut node = town.node("chen");
    node.up(&[]);
    let ready = node.ready().clone();
    let keys: Vec<&String> = ready.as_object().expect("an object").keys().collect();
    for key in ["ready", "identity", "peer", "api", "ui", "listen"] {
        assert!(keys.iter().any(|k| *k == key), "no {key}: {ready}");
    }
    assert_eq!(told(&ready["identity"]).len(), 64);
    let (peer, listen) = (told(&ready["peer"]), told(&ready["listen"][0]));
    assert!(listen.starts_with("/ip4/127.0.0.1/tcp/") && listen.ends_with(&format!("/p2p/{peer}")), "{listen}");
    assert!(!listen.contains("/tcp/0/"), "{listen}");
    assert!(told(&ready["api"]).starts_with("http://127.0.0.1:"), "{ready}");
    let me = node.ok(&["id"]);
    assert_eq!((&me["identity"], &me["peer"], &me["name"]), (&ready["identity"], &ready["peer"], &Value::from("chen")));
    let status = node.ok(&["status"]);
    assert_eq!((&status["identity"], status["peers_connected"].as_u64(), &status["listen"]), (&me["identity"], Some(0), &ready["listen"]));
    node.stop();
}

#[test]
fn one_node_in_one_home() {
    let town = Town::new();
    let mut node = town.node("chen");
    for noun in ["status", "id", "feed"] {
        let refusal = node.no(&[noun], &[8]);
        assert_eq!(refusal.code, "not-running");
    }
    node.up(&[]);
    node.ok(&["circle", "create", "Lane 12"]);
    let second = finish(&mut node.up_command(&[]), None);
    let refusal = problem("a second up", &second, &[3]);
    assert!(refusal.words().contains("in use"), "{}", refusal.words());
    assert!(second.stdout.is_empty(), "a node that does not start is not ready");
    node.assert_unharmed("a second up");
    assert_eq!(state_in(&node, "Lane 12"), "joined");
    node.ok(&["post", "Lane 12", "Still here"]);
}

#[test]
fn who_is_told_to_stop_right_after_the_ready_line_ends_well() {
    let town = Town::new();
    let mut node = town.node("chen");
    // Whoever listens for signals only later dies of some of them.
    for _ in 0..8 {
        node.up(&[]);
        node.stop();
    }
    let mut seed = town.node("seed");
    for _ in 0..2 {
        seed.seed(&["--listen", "/ip4/127.0.0.1/tcp/0"]);
        seed.stop();
    }
}

#[test]
fn a_restart_keeps_ports_and_friends() {
    let town = Town::new();
    let [mut host, mut guest] = circle_of(&town, ["chen", "wang"], "Lane 12", &[]);
    let before = (host.ready().clone(), guest.ready().clone());
    let connected = |peers: &Value, peer: &Value| items(peers).iter().any(|row| row["peer"] == *peer && row["connected"] == true);
    host.stop();
    until_so("the guest is alone", || !connected(&guest.ok(&["peer", "list"]), &before.0["peer"]));
    let waiting = post(&guest, "Lane 12", "Said while you slept");
    host.up(&[]);
    for key in ["identity", "peer", "api", "listen"] {
        assert_eq!(host.ready()[key], before.0[key], "{key} after a restart");
    }
    until_in_feed(&host, &waiting);
    guest.ok(&["down"]);
    guest.gone();
    guest.up(&[]);
    assert_eq!(guest.ready(), &before.1);
    until_so("they meet again", || connected(&guest.ok(&["peer", "list"]), &before.0["peer"]));
    until_in_feed(&guest, &post(&host, "Lane 12", "Good morning"));
}

#[test]
fn a_peer_that_was_added_is_remembered() {
    let town = Town::new();
    let [mut one, mut other] = ["chen", "wang"].map(|name| town.node(name));
    one.up(&[]);
    other.up(&[]);
    for wrong in ["", "127.0.0.1:4001", "/ip4/300.0.0.1/tcp/1", "/ip4/127.0.0.1/tcp/99999", "hello"] {
        one.no(&["peer", "add", wrong], &[2, 3]);
    }
    one.ok(&["peer", "add", &other.address()]);
    let peer = other.ready()["peer"].clone();
    let meets = |node: &haat_tests::daemon::Node| {
        until("they meet", || {
            let list = node.see(&["peer", "list"]);
            list["items"].as_array()?.iter().find(|row| row["peer"] == peer && row["connected"] == true).cloned()
        })
    };
    let row = meets(&one);
    assert!(row["addresses"].as_array().is_some_and(|addresses| !addresses.is_empty()), "{row}");
    one.kill9();
    one.up(&[]);
    meets(&one);
}

#[test]
fn every_way_to_stop() {
    let town = Town::new();
    let mut node = town.node("chen");
    node.up(&[]);
    let circle = node.ok(&["circle", "create", "Lane 12"]);
    node.stop();
    assert_eq!(node.see(&["log", "verify"])["ok"], true, "a stopped node's log can be checked");
    assert_eq!(node.see(&["log", "rebuild"])["ok"], true);
    node.up(&[]);
    assert_eq!(node.ok(&["log", "rebuild"])["ok"], true);
    let down = node.ok(&["down"]);
    assert!(down.is_object(), "{down}");
    node.gone();
    assert_eq!(node.no(&["down"], &[8]).code, "not-running");
    node.up(&[]);
    assert_eq!(node.ok(&["circle", "show", "Lane 12"])["circle"], circle["circle"]);
}

#[test]
fn every_answer_is_one_document() {
    let town = Town::new();
    let [seller, buyer] = circle_of(&town, ["chen", "wang"], "Lane 12", &[]);
    seller.ok(&["shop", "create", "Hill", "--currency", "EUR", "--returns", "none", "--pickup", "Gate"]);
    for words in [
        &["status"][..],
        &["id"],
        &["peer", "list"],
        &["log", "verify"],
        &["circle", "list"],
        &["circle", "show", "Lane 12"],
        &["people"],
        &["people", "--circle", "Lane 12"],
        &["petname", "wang", "Wang from 5"],
        &["trust", "wang"],
        &["shop", "list"],
        &["shop", "show", "Hill"],
        &["listing", "list"],
        &["feed"],
        &["feed", "--circle", "Lane 12", "--limit", "1"],
        &["order", "list"],
    ] {
        let answer = seller.ok(words);
        assert!(answer.is_object(), "{words:?}: {answer}");
    }
    assert!(items(&seller.ok(&["people"])).iter().any(|row| row["petname"] == "Wang from 5"));
    assert!(items(&buyer.ok(&["people"])).iter().all(|row| row["petname"].is_null()), "petnames stay at home");
}
