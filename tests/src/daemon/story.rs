//! Pieces of stories that many tests begin with. A piece ends when everybody in it knows what happened.

use serde_json::Value;

use super::node::told;
use super::{Node, Town, until, until_so};

/// Starts the named neighbours; the first begins a circle, the others join, and all know each other.
#[must_use]
pub fn circle_of<const N: usize>(town: &Town, names: [&str; N], circle: &str, more: &[&str]) -> [Node; N] {
    let nodes = names.map(|name| {
        let mut node = town.node(name);
        node.up(more);
        node
    });
    nodes[0].ok(&["circle", "create", circle]);
    let code = invite(&nodes[0], circle, N.max(2) - 1);
    for guest in &nodes[1..] {
        guest.ok(&["circle", "join", &code]);
    }
    for node in &nodes {
        until_so(&format!("{} knows all members", node.name()), || {
            let members = member_names(node, circle);
            names.iter().all(|name| members.iter().any(|member| member == name))
        });
    }
    nodes
}

/// A code for so many.
#[must_use]
pub fn invite(host: &Node, circle: &str, uses: usize) -> String {
    told(&host.ok(&["circle", "invite", circle, "--uses", &uses.to_string()])["code"])
}

/// Who is in a circle, as a node sees it.
#[must_use]
pub fn member_names(node: &Node, circle: &str) -> Vec<String> {
    let shown = node.see(&["circle", "show", circle]);
    shown["members"].as_array().map_or_else(Vec::new, |members| members.iter().map(|member| told(&member["name"])).collect())
}

/// How a node stands to a circle; empty when it does not know it.
#[must_use]
pub fn state_in(node: &Node, circle: &str) -> String {
    let list = node.see(&["circle", "list"]);
    let row = list["items"].as_array().and_then(|rows| rows.iter().find(|row| row["name"] == circle));
    row.map_or_else(String::new, |row| told(&row["state"]))
}

/// Opens a shop with cash on collection or a transfer before shipping, puts tea into it and shares it.
#[must_use]
pub fn tea_shop(seller: &Node, circle: &str) -> String {
    let pay = ["--pay", "cash:on-delivery", "--pay", "transfer:before:Account 7"];
    let ways = ["--pickup", "North gate", "--ship", "CN=8.00"];
    let create = [&["shop", "create", "Hill", "--currency", "CNY", "--returns", "7 days"][..], &ways, &pay].concat();
    seller.ok(&create);
    let tea = seller.ok(&["listing", "add", "--shop", "Hill", "--title", "Green tea", "--price", "10.00", "--stock", "50"]);
    seller.ok(&["shop", "share", "Hill", "--circle", circle]);
    told(&tea["listing"])
}

/// Waits until a node sees a listing.
pub fn until_listed(node: &Node, listing: &str) -> Value {
    until(&format!("{} sees the listing", node.name()), || {
        Some(node.see(&["listing", "show", listing])).filter(|shown| shown["listing"] == listing)
    })
}

/// Waits until a node sees an order in a state.
pub fn until_order(node: &Node, order: &str, state: &str) -> Value {
    let mut last = Value::Null;
    until(&format!("{} sees the order {state}", node.name()), || {
        last = node.see(&["order", "show", order]);
        (last["state"] == state).then(|| last.clone())
    })
}

/// Waits until a node may do something in an order.
pub fn until_may(node: &Node, order: &str, verb: &str) -> Value {
    until(&format!("{} may {verb}", node.name()), || Some(node.see(&["order", "show", order])).filter(|row| may(row, verb)))
}

/// Whether an order offers a verb.
#[must_use]
pub fn may(order: &Value, verb: &str) -> bool {
    order["next"].as_array().is_some_and(|next| next.iter().any(|word| word == verb))
}

/// Waits until a node's feed has an entry.
pub fn until_in_feed(node: &Node, entry: &str) -> Value {
    until(&format!("{} has the entry in the feed", node.name()), || in_feed(node, entry))
}

/// An entry of a node's feed.
#[must_use]
pub fn in_feed(node: &Node, entry: &str) -> Option<Value> {
    let feed = node.see(&["feed", "--limit", "100"]);
    feed["items"].as_array()?.iter().find(|item| item["entry"] == entry).cloned()
}

/// Posts, and says which entry it is.
#[must_use]
pub fn post(node: &Node, circle: &str, text: &str) -> String {
    told(&node.ok(&["post", circle, text])["entry"])
}

/// An offer for a listing, which the seller then has.
#[must_use]
pub fn offer(buyer: &Node, seller: &Node, listing: &str, more: &[&str]) -> String {
    let order = told(&buyer.ok(&[&["order", "offer", listing], more].concat())["order"]);
    until_order(seller, &order, "negotiating");
    order
}

/// The trust log of a node, running or stopped, is whole.
///
/// # Panics
/// When it is not.
pub fn assert_log_whole(node: &Node) -> Value {
    let verified = node.see(&["log", "verify"]);
    assert_eq!(verified["ok"], true, "{}: the log does not verify: {verified}", node.name());
    assert!(told(&verified["head"]).len() == 64 && verified["entries"].as_u64() > Some(0), "{verified}");
    verified
}
