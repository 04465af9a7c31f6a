//! Copied homes: no entry is signed twice for one place, and both go on.

use std::process::Command;

use haat_tests::daemon::story::{assert_log_whole, circle_of, post, until_in_feed};
use haat_tests::daemon::{Node, Town, text};

/// What a node says about a fork of this person's log; nothing when it knows of none.
fn warning(node: &Node, name: &str) -> String {
    let people = node.see(&["people"]);
    let rows = people["items"].as_array().cloned().unwrap_or_default();
    let row = rows.iter().find(|row| row["name"] == name);
    row.and_then(|row| row["warning"].as_str()).unwrap_or_default().to_owned()
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
