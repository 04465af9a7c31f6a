//! A shop is taken back from one circle and goes on in another.

use haat_tests::daemon::node::told;
use haat_tests::daemon::story::{
    assert_log_whole, circle_of, invite, offer, post, state_in, tea_shop, until_in_feed, until_listed, until_may, until_order,
};
use haat_tests::daemon::{Node, Town, until_so};

fn shops_of(node: &Node, circle: &str) -> usize {
    node.see(&["circle", "show", circle])["shops"].as_array().map_or(usize::MAX, Vec::len)
}

#[test]
fn a_shop_is_taken_back() {
    let town = Town::new();
    let [mut seller, mut reader] = circle_of(&town, ["chen", "lin"], "Courtyard", &[]);
    let mut other = town.node("wang");
    other.up(&[]);
    seller.ok(&["circle", "create", "Chess"]);
    other.ok(&["circle", "join", &invite(&seller, "Chess", 1)]);
    until_so("the other circle is there", || state_in(&other, "Chess") == "joined");
    let tea = tea_shop(&seller, "Courtyard");
    seller.ok(&["shop", "share", "Hill", "--circle", "Chess"]);
    for node in [&reader, &other] {
        until_listed(node, &tea);
    }
    // A person with one device has nowhere to move the desk to.
    assert_eq!(seller.see(&["shop", "show", "Hill"])["here"], true);
    assert_eq!(reader.see(&["shop", "show", "Hill"])["here"], false);
    seller.no(&["shop", "desk", "Hill"], &[3]);
    seller.no(&["shop", "desk", "Hill", "--to", "zz"], &[4]);
    reader.no(&["shop", "desk", "Hill"], &[3]);
    let order = offer(&reader, &seller, &tea, &["--delivery", "pickup"]);

    let answer = seller.ok(&["shop", "unshare", "Hill", "--circle", "Courtyard"]);
    assert_eq!(told(&answer["entry"]).len(), 64, "{answer}");
    seller.no(&["shop", "unshare", "Hill", "--circle", "Courtyard"], &[3]);
    until_so("the circle sees that the shop is gone", || shops_of(&reader, "Courtyard") == 0);
    let cup = told(&seller.ok(&["listing", "add", "--shop", "Hill", "--title", "Cup", "--price", "5.00"])["listing"]);
    until_listed(&other, &cup);
    assert_eq!(shops_of(&other, "Chess"), 1);
    // What is said later in the circle proves that time has passed there.
    let sign = post(&seller, "Courtyard", "No more tea here");
    until_in_feed(&reader, &sign);
    reader.no(&["listing", "show", &cup], &[4]);
    assert_eq!(reader.see(&["listing", "list", "--circle", "Courtyard"])["items"], serde_json::json!([]));
    assert_eq!(reader.see(&["listing", "show", &tea])["listing"], tea.as_str(), "what was seen stays seen");
    reader.no(&["recommend", &tea, "--circle", "Courtyard", "--text", "Good", "--interest", "none"], &[3]);

    // An order that was begun goes on.
    until_may(&seller, &order, "accept");
    seller.ok(&["order", "accept", &order]);
    until_order(&reader, &order, "agreed");

    seller.ok(&["shop", "share", "Hill", "--circle", "Courtyard"]);
    until_listed(&reader, &cup);
    for node in [&seller, &reader, &other] {
        assert_log_whole(node);
    }
}
