//! Tokens of other programs, as such a program meets them: what each opens, that they hold over a restart, and their end.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use haat_tests::daemon::node::told;
use haat_tests::daemon::raw::{Reply, http};
use haat_tests::daemon::story::{assert_log_whole, circle_of, offer, tea_shop, until_listed, until_may, until_order};
use haat_tests::daemon::{Node, PATIENCE, Town, items};
use serde_json::Value;

fn token(node: &Node, name: &str, scope: &str, more: &[&str]) -> String {
    let made = node.ok(&[&["token", "create", name, "--scope", scope][..], more].concat());
    assert_eq!((made["name"].as_str(), made["scope"].as_str()), (Some(name), Some(scope)), "{made}");
    told(&made["token"])
}

fn get(node: &Node, token: &str, path: &str) -> Reply {
    http(&node.api(), "GET", &format!("/api/v1{path}"), &[("Authorization", &format!("Bearer {token}"))], b"")
}

fn post(node: &Node, token: &str, path: &str, body: &Value) -> Reply {
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    http(&node.api(), "POST", &format!("/api/v1{path}"), &headers, body.to_string().as_bytes())
}

fn assert_beyond(reply: &Reply, needed: &str) {
    assert_eq!(reply.status, 403, "{}", reply.text);
    assert!(reply.text.contains("\"token-scope\"") && reply.text.contains(&format!("--scope {needed}")), "{}", reply.text);
}

#[test]
fn tokens_open_what_they_are_for() {
    let town = Town::new();
    let [mut chen, wang] = circle_of(&town, ["chen", "wang"], "Lane 12", &[]);
    let (reads, sells, all) = (token(&chen, "screen", "read", &[]), token(&chen, "shelf", "sell", &[]), token(&chen, "all", "admin", &[]));
    let list = chen.ok(&["token", "list"]);
    assert_eq!(items(&list).iter().map(|row| told(&row["name"])).collect::<Vec<_>>(), ["all", "screen", "shelf"]);
    assert!([&reads, &sells, &all].iter().all(|secret| !list.to_string().contains(secret.as_str())), "the list tells a token");

    let tea = tea_shop(&chen, "Lane 12");
    let coffee = told(&wang.ok(&["shop", "create", "Beans", "--currency", "CNY", "--returns", "none", "--pickup", "Door"])["shop"]);
    wang.ok(&["shop", "share", &coffee, "--circle", "Lane 12"]);
    let beans = told(&wang.ok(&["listing", "add", "--shop", "Beans", "--title", "Beans", "--price", "9.00"])["listing"]);
    until_listed(&wang, &tea);
    until_listed(&chen, &beans);
    let (sold, bought) = (offer(&wang, &chen, &tea, &[]), offer(&chen, &wang, &beans, &[]));

    assert_eq!(get(&chen, &reads, "/orders").status, 200);
    let act = |order: &str, verb: &str| serde_json::json!({ "order": order, "verb": verb });
    assert_beyond(&post(&chen, &reads, "/orders/act", &act(&sold, "accept")), "sell");
    assert_beyond(&get(&chen, &sells, "/tokens"), "admin");
    assert_beyond(&post(&chen, &sells, "/circles", &serde_json::json!({"name": "Mine"})), "admin");
    assert_beyond(&post(&chen, &sells, "/orders", &serde_json::json!({ "listing": beans })), "admin");
    assert_beyond(&post(&chen, &sells, "/orders/act", &act(&bought, "withdraw")), "admin");
    assert_eq!(post(&chen, &sells, "/orders/act", &act("ffff", "accept")).status, 404);
    assert_eq!(post(&chen, &sells, "/orders/act", &act(&sold[..12], "accept")).status, 200);
    until_order(&wang, &sold, "agreed");
    assert_eq!(post(&chen, &all, "/orders/act", &act(&bought, "withdraw")).status, 200);

    chen.stop();
    chen.up(&[]);
    assert_eq!(get(&chen, &reads, "/status").status, 200, "tokens hold over a start");
    assert_eq!(chen.ok(&["token", "revoke", "all"])["revoked"], true);
    assert_eq!(get(&chen, &all, "/status").status, 401);
    until_may(&chen, &sold, "start");
    assert_eq!(chen.no(&["token", "create", "shelf", "--scope", "read"], &[3]).code, "name-taken");
    assert_eq!(chen.no(&["token", "revoke", "all"], &[4]).code, "not-found");
    chen.no_in_words(&["token", "create", "x", "--scope", "root"], &[2]);
    assert_log_whole(&chen);
}

#[test]
fn who_listens_hears_no_more_once_the_token_is_revoked_or_over() {
    let town = Town::new();
    let mut node = town.node("chen");
    node.up(&[]);
    let (revoked, over) = (token(&node, "screen", "read", &[]), token(&node, "day", "read", &["--expires", "1d"]));
    let mut stream = TcpStream::connect(node.api()).expect("somebody listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
    let head = format!("GET /api/v1/events HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {revoked}\r\n\r\n", node.api());
    stream.write_all(head.as_bytes()).expect("a request can be sent");
    let mut lines = BufReader::new(stream).lines().map(|line| line.expect("within the usual patience"));
    assert!(lines.next().is_some_and(|line| line.contains("200")));
    node.ok(&["circle", "create", "Lane 12"]);
    assert!(lines.any(|line| line == "event: entry"), "it listens");
    node.ok(&["token", "revoke", "screen"]);
    assert!(lines.any(|line| line == "0"), "the stream is closed in good order");

    assert_eq!(get(&node, &over, "/status").status, 200);
    node.stop();
    node.up(&["--clock-ahead", "25h"]);
    assert_eq!(get(&node, &over, "/status").status, 401);
    assert_eq!(told(&items(&node.ok(&["token", "list"]))[0]["state"]), "expired");
}
