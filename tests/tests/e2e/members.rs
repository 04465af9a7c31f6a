//! Members come and go: leaving, roles, invites taken back, and two who remove each other.

use haat_tests::daemon::node::told;
use haat_tests::daemon::story::{assert_log_whole, circle_of, in_feed, invite, member_names, post, state_in, until_in_feed};
use haat_tests::daemon::{Node, Town, until_so};

fn role_of(node: &Node, circle: &str, name: &str) -> String {
    let shown = node.see(&["circle", "show", circle]);
    let member = shown["members"].as_array().and_then(|members| members.iter().find(|member| member["name"] == name));
    member.map_or_else(String::new, |member| told(&member["role"]))
}

#[test]
fn who_leaves_hears_nothing_more() {
    let town = Town::new();
    let [owner, friend, mut leaver] = circle_of(&town, ["chen", "lin", "wang"], "Lane 12", &[]);
    let before = post(&leaver, "Lane 12", "Before");
    until_in_feed(&owner, &before);
    until_in_feed(&friend, &before);
    let answer = leaver.ok(&["circle", "leave", "Lane 12"]);
    assert_eq!(answer["state"], "left");
    assert_eq!(state_in(&leaver, "Lane 12"), "left");
    for node in [&owner, &friend] {
        until_so("the others see who is gone", || member_names(node, "Lane 12").iter().all(|name| name != "wang"));
        assert!(in_feed(node, &before).is_some(), "what was said stays");
    }
    assert!(in_feed(&leaver, &before).is_some(), "who left keeps what there was");
    leaver.no(&["post", "Lane 12", "Still here"], &[3]);
    leaver.no(&["circle", "leave", "Lane 12"], &[3]);
    let after = post(&owner, "Lane 12", "Among us");
    until_in_feed(&friend, &after);
    assert!(in_feed(&leaver, &after).is_none());
    // The owner goes too: who has been in longest owns the circle now.
    owner.ok(&["circle", "leave", "Lane 12"]);
    until_so("the friend owns it", || role_of(&friend, "Lane 12", "lin") == "owner");
    friend.ok(&["circle", "leave", "Lane 12"]);
    assert_eq!(state_in(&friend, "Lane 12"), "left", "the last one ends it");
    for node in [&owner, &friend, &leaver] {
        assert_log_whole(node);
    }
}

#[test]
fn roles_and_invites_taken_back() {
    let town = Town::new();
    let [mut owner, mut steward, mut member] = circle_of(&town, ["chen", "lin", "wang"], "Lane 12", &[]);
    assert_eq!(owner.no(&["circle", "role", "Lane 12", "chen", "member"], &[3]).code, "last-owner");
    assert_eq!(member.no(&["circle", "role", "Lane 12", "wang", "owner"], &[3]).code, "may-not-set-role");
    owner.no(&["circle", "role", "Lane 12", "lin", "king"], &[2]);
    owner.ok(&["circle", "role", "Lane 12", "lin", "steward"]);
    for node in [&owner, &steward, &member] {
        until_so("everybody knows the steward", || role_of(node, "Lane 12", "lin") == "steward");
    }
    let code = invite(&member, "Lane 12", 1);
    until_so("the steward has the invite", || {
        let invites = steward.ok(&["circle", "invites", "Lane 12"]);
        invites["items"].as_array().is_some_and(|rows| rows.iter().any(|row| row["by"]["name"] == "wang" && row["state"] == "open"))
    });
    steward.ok(&["circle", "revoke-invite", &code]);
    assert_eq!(steward.no(&["circle", "revoke-invite", &code], &[3]).code, "invite-revoked");
    until_so("its maker knows", || member.ok(&["circle", "invites", "Lane 12"]).to_string().contains("revoked"));
    let mut guest = town.node("mei");
    guest.up(&[]);
    let problem = guest.no(&["circle", "join", &code], &[3]);
    assert_eq!(problem.code, "invite-revoked", "{}", problem.words());

    assert_eq!(steward.no(&["circle", "remove", "Lane 12", "chen"], &[3]).code, "may-not-remove");
    steward.ok(&["circle", "remove", "Lane 12", "wang"]);
    until_so("the removed learns it", || state_in(&member, "Lane 12") == "removed");
    until_so("the owner knows", || member_names(&owner, "Lane 12").len() == 2);
}

#[test]
fn two_who_remove_each_other() {
    let town = Town::new();
    let [mut one, mut other, mut first, mut second] = circle_of(&town, ["chen", "lin", "wang", "mei"], "Lane 12", &[]);
    one.ok(&["circle", "role", "Lane 12", "lin", "owner"]);
    for node in [&other, &first, &second] {
        until_so("everybody knows the second owner", || role_of(node, "Lane 12", "lin") == "owner");
    }
    // Each acts while the other side is away, and is heard by one member.
    other.stop();
    second.stop();
    one.ok(&["circle", "remove", "Lane 12", "lin"]);
    until_so("one side knows one removal", || member_names(&first, "Lane 12").iter().all(|name| name != "lin"));
    one.stop();
    first.stop();
    other.up(&[]);
    second.up(&[]);
    other.ok(&["circle", "remove", "Lane 12", "chen"]);
    until_so("the other side knows the other", || member_names(&second, "Lane 12").iter().all(|name| name != "chen"));
    one.up(&[]);
    first.up(&[]);
    for node in [&first, &second] {
        until_so("both are gone", || member_names(node, "Lane 12").len() == 2);
        until_so("who has been in longest owns the circle", || role_of(node, "Lane 12", "wang") == "owner");
    }
    until_so("both learn it", || state_in(&one, "Lane 12") == "removed" && state_in(&other, "Lane 12") == "removed");
    let after = post(&first, "Lane 12", "Peace");
    until_in_feed(&second, &after);
    for node in [&one, &other, &first, &second] {
        assert_log_whole(node);
    }
}
