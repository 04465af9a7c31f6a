//! Versions that meet over real connections: a member whose program is newer says things that the others do not know.

use haat_protocol::body::{Body, Post};
use haat_protocol::entry::FLAG_CRITICAL;
use haat_protocol::kind::Kind;
use haat_tests::daemon::story::{
    assert_log_whole, circle_of, in_feed, offer, post, tea_shop, until_in_feed, until_listed, until_may, until_order,
};
use haat_tests::daemon::{Node, Town};
use haat_tests::forge::NewerHome;
use serde_json::Value;

const LANE: &str = "Lane 12";

fn said(text: &str) -> Vec<u8> {
    Body::Post(Post { text: text.into(), listings: vec![], reply_to: None }).encode()
}

fn kind_of(node: &Node, entry: &str) -> Value {
    until_in_feed(node, entry)["kind"].clone()
}

#[test]
fn what_a_newer_program_says_is_kept_passed_on_and_stops_nobody() {
    let town = Town::new();
    let [chen, mut lin, mut mei] = circle_of(&town, ["chen", "lin", "mei"], LANE, &[]);
    for node in [&lin, &mei] {
        until_in_feed(node, &post(&chen, LANE, "Before"));
    }
    lin.stop();
    mei.stop();
    // Lin's program is newer for a while: it writes a kind that nobody here knows, and a post with something more about it.
    let home = NewerHome::open(lin.home());
    let poll = home.says(96, &[7; 300], |_| {});
    let tagged = home.says(Kind::Post.code(), &said("With a mood"), |header| {
        header.extensions.insert("mood".into(), vec![1, 2, 3].into());
    });
    drop(home);
    lin.up(&[]);
    assert_eq!(until_in_feed(&chen, &tagged)["text"], "With a mood", "an extension that nobody knows changes nothing");
    let shown = kind_of(&chen, &poll);
    assert!(shown != "post" && !shown.is_null(), "{shown}");
    lin.stop();
    mei.up(&[]);
    for entry in [&poll, &tagged] {
        assert_eq!(kind_of(&mei, entry), kind_of(&chen, entry), "chen passes on what it does not understand");
    }
    // What must be understood and is not has no effect, nor has anything later in that log; everybody else goes on.
    let home = NewerHome::open(lin.home());
    let stop = home.says(97, &[1], |header| header.flags = FLAG_CRITICAL);
    let after = home.says(Kind::Post.code(), &said("After it"), |_| {});
    drop(home);
    lin.up(&[]);
    let beside = post(&lin, LANE, "In another log");
    for node in [&chen, &mei] {
        until_in_feed(node, &beside);
        assert_eq!(kind_of(node, &stop), shown, "shown as a newer program's");
        assert!(in_feed(node, &after).is_none(), "{}", node.name());
    }
    let tea = tea_shop(&chen, LANE);
    until_listed(&mei, &tea);
    let order = offer(&mei, &chen, &tea, &["--delivery", "pickup", "--pay", "on-delivery", "--method", "cash"]);
    until_may(&chen, &order, "accept");
    chen.ok(&["order", "accept", &order]);
    until_order(&mei, &order, "agreed");
    for node in [&chen, &lin, &mei] {
        assert_log_whole(node);
    }
}
