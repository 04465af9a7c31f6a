//! A member is removed: they learn it, nothing later reaches them, and nothing of theirs reaches the others.

use haat_tests::daemon::node::told;
use haat_tests::daemon::story::{assert_log_whole, circle_of, in_feed, invite, member_names, post, state_in, until_in_feed};
use haat_tests::daemon::{Node, Town, until_so};
use serde_json::json;

#[test]
fn a_removed_member() {
    let town = Town::new();
    let [owner, friend, mut removed] = circle_of(&town, ["chen", "lin", "wang"], "Lane 12", &[]);
    // A second circle goes on between the owner and the removed: what is said there later proves that time has passed.
    removed.ok(&["circle", "create", "Chess"]);
    owner.ok(&["circle", "join", &invite(&removed, "Chess", 1)]);
    until_so("the owner joins the second circle", || state_in(&owner, "Chess") == "joined");
    let before = post(&removed, "Lane 12", "Before");
    until_in_feed(&friend, &before);
    until_in_feed(&owner, &before);

    owner.ok(&["circle", "remove", "Lane 12", "wang"]);
    until_so("the removed learns it", || state_in(&removed, "Lane 12") == "removed");
    let notices = removed.see(&["notices"]);
    assert_eq!((&notices["items"][0]["kind"], &notices["items"][0]["text"]), (&json!("removed"), &json!("you were removed from Lane 12")));
    for node in [&owner, &friend] {
        until_so("the others do not count them any more", || member_names(node, "Lane 12").iter().all(|name| name != "wang"));
    }
    let refusal = removed.no(&["post", "Lane 12", "I am still here"], &[3]);
    assert!(!refusal.code.is_empty());
    removed.no(&["vouch", "lin", "--circle", "Lane 12", "--weight", "friend"], &[3]);
    removed.no(&["circle", "invite", "Lane 12"], &[3]);
    removed.no(&["circle", "remove", "Lane 12", "chen"], &[3]);

    let secret = post(&owner, "Lane 12", "Among us");
    until_in_feed(&friend, &secret);
    let sign = post(&owner, "Chess", "Your move");
    until_in_feed(&removed, &sign);
    assert!(in_feed(&removed, &secret).is_none(), "the removed reads on");
    assert!(in_feed(&friend, &before).is_some(), "what was said before stays");
    let circle = removed.ok(&["circle", "list"]).to_string();
    assert!(circle.contains("removed") && circle.contains("joined"), "{circle}");

    // A code they kept does not let them in again by itself, and a restart changes nothing.
    removed.kill9();
    removed.up(&[]);
    assert_eq!(state_in(&removed, "Lane 12"), "removed");
    let again = told(&owner.ok(&["post", "Chess", "Check"])["entry"]);
    until_in_feed(&removed, &again);
    assert!(in_feed(&removed, &secret).is_none(), "the removed reads on after a restart");
    for node in [&owner, &friend, &removed] {
        assert_log_whole(node);
    }
}

/// Two owners remove each other while neither hears of the other; a third hears of the one at once, and of the other only from who is
/// removed for it.
#[test]
fn a_removal_that_only_the_removed_knows_is_handed_over() {
    let town = Town::new();
    let [mut owner, mut other, mut witness] = circle_of(&town, ["chen", "lin", "wang"], "Lane 12", &[]);
    owner.ok(&["circle", "role", "Lane 12", "lin", "owner"]);
    let owners = |node: &Node| {
        let shown = node.see(&["circle", "show", "Lane 12"]);
        shown["members"].as_array().map_or(0, |members| members.iter().filter(|member| member["role"] == "owner").count())
    };
    for node in [&owner, &other, &witness] {
        until_so("both are owners", || owners(node) == 2);
    }
    owner.stop();
    witness.stop();
    other.ok(&["circle", "remove", "Lane 12", "chen"]);
    other.stop();
    for node in [&mut witness, &mut owner] {
        node.up(&[]);
    }
    owner.ok(&["circle", "remove", "Lane 12", "lin"]);
    owner.ok(&["peer", "add", &witness.address()]);
    until_so("the witness knows one removal", || {
        let names = member_names(&witness, "Lane 12");
        names.len() == 2 && !names.contains(&"lin".to_owned())
    });
    owner.stop();
    other.up(&[]);
    other.ok(&["peer", "add", &witness.address()]);
    until_so("the removed learns it", || state_in(&other, "Lane 12") == "removed");
    until_so("both are out for the witness", || member_names(&witness, "Lane 12") == ["wang"]);
    owner.up(&[]);
    owner.ok(&["peer", "add", &witness.address()]);
    until_so("the owner learns it from the witness", || state_in(&owner, "Lane 12") == "removed");
    for node in [&owner, &other, &witness] {
        assert_log_whole(node);
    }
}
