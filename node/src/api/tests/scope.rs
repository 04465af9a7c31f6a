//! How far tokens reach: every route for every scope, from one table; and tokens that are not good any more.

use std::collections::BTreeSet;
use std::time::Duration;

use haat_protocol::limits::API_BODY_MAX_BYTES;
use haat_protocol::local::routes::{BASE, COMMANDS, QUESTIONS};
use haat_protocol::local::{Command, Question, Scope};
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::io::AsyncBufReadExt as _;

use super::kit::{Ask, Server, is_closed, within};
use super::stream::{events, next, open};

const READ: &str = "a-token-that-reads";
const SELL: &str = "a-token-that-sells";
const ALL: &str = "a-token-for-everything";

async fn lent() -> Server {
    let server = Server::start().await;
    for (token, scope) in [(READ, Scope::Read), (SELL, Scope::Sell), (ALL, Scope::Admin)] {
        server.fake.lend(token, scope, None);
    }
    server
}

fn bearer(ask: &Ask, token: &str) -> Ask {
    ask.clone().token(Some(&format!("Bearer {token}")))
}

/// The tags that a type is read by, as its own refusal lists them.
fn tags<T: DeserializeOwned>(kind: &str) -> BTreeSet<String> {
    let fault = serde_json::from_value::<T>(json!({ kind: "?" })).err().expect("no such tag").to_string();
    fault.split('`').skip(3).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_table_has_every_command_and_every_question_once() {
    let of = |rows: &[(&str, &str, Scope)]| rows.iter().map(|(tag, ..)| (*tag).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(of(COMMANDS), tags::<Command>("command"));
    assert_eq!(of(QUESTIONS), tags::<Question>("question"));
    for rows in [COMMANDS, QUESTIONS] {
        let paths: BTreeSet<&str> = rows.iter().map(|(_, path, _)| *path).collect();
        assert_eq!((of(rows).len(), paths.len()), (rows.len(), rows.len()), "each has a row and a path of its own");
    }
}

/// Written out once more, so that nobody widens a scope without noticing.
#[test]
fn who_reads_changes_nothing_and_who_sells_keeps_shops() {
    assert!(COMMANDS.iter().all(|(.., scope)| *scope > Scope::Read));
    let closed: Vec<&str> = QUESTIONS.iter().filter(|(.., scope)| *scope > Scope::Read).map(|(tag, ..)| *tag).collect();
    assert_eq!(closed, ["tokens"]);
    let mut sold: Vec<&str> = COMMANDS.iter().filter(|(.., scope)| *scope == Scope::Sell).map(|(tag, ..)| *tag).collect();
    sold.sort_unstable();
    let selling = "listing_add listing_edit listing_import listing_stock listing_withdraw order_act order_offer post recommend \
        review_reply shop_create shop_edit shop_share shop_undo shop_unshare";
    assert_eq!(sold, selling.split_whitespace().collect::<Vec<_>>());
}

#[tokio::test]
async fn every_route_asks_for_its_scope() {
    let server = lent().await;
    let (read, sell, all) = ((READ, Scope::Read), (SELL, Scope::Sell), (ALL, Scope::Admin));
    let posts = COMMANDS.iter().map(|(_, path, needed)| ("POST", *path, *needed));
    let gets = QUESTIONS.iter().map(|(_, path, needed)| ("GET", *path, *needed));
    let more = [("POST", "/log/rebuild", Scope::Admin), ("GET", "/openapi.json", Scope::Read)];
    for (method, path, needed) in posts.chain(gets).chain(more) {
        for (token, scope) in [read, sell, all] {
            let ask = if method == "POST" { Ask::post(&format!("{BASE}{path}"), "{}") } else { Ask::get(&format!("{BASE}{path}")) };
            let reply = server.ask(&bearer(&ask, token)).await;
            if scope >= needed {
                assert!([200, 400].contains(&reply.status), "{method} {path} with {token}: {}", reply.body);
                continue;
            }
            assert_eq!(reply.status, 403, "{method} {path} with {token}");
            let problem = reply.json();
            assert_eq!(problem["code"], "token-scope");
            assert!(problem["detail"].as_str().is_some_and(|why| why.contains(needed.text()) && why.contains(scope.text())), "{problem}");
        }
    }
    assert_eq!(server.ask(&bearer(&Ask::post("/api/v1/node/stop", "{}"), SELL)).await.status, 403);
    assert!(server.fake.calls().is_empty(), "nothing was called");
}

/// Host and page come before the token, the token before the route, the route before the scope, and that before anything of a body.
#[tokio::test]
async fn the_scope_is_judged_between_route_and_body() {
    let server = lent().await;
    let circles = "/api/v1/circles";
    let post = Ask::post(circles, "{");
    for (ask, status) in [
        (post.clone().host("evil.example:PORT"), 421),
        (post.clone().with("origin", "http://evil.example"), 403),
        (Ask::post("/api/v1/nowhere", "{"), 404),
        (post.clone().method("DELETE"), 405),
        (post.clone().with("content-type", "text/plain"), 403),
        (post.clone(), 403),
    ] {
        assert_eq!(server.ask(&bearer(&ask, READ)).await.status, status, "{ask:?}");
    }
    let announced = format!(
        "POST {circles} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\nauthorization: Bearer {READ}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        server.addr.port(),
        API_BODY_MAX_BYTES + 1
    );
    assert_eq!(super::kit::read_reply(&mut server.send(&announced).await).await.status, 403, "not 413: the body is not looked at");
}

#[tokio::test]
async fn who_sells_does_not_buy() {
    let server = lent().await;
    let buy = Ask::post("/api/v1/orders", r#"{"listing":"tea"}"#);
    let reply = server.ask(&bearer(&buy, SELL)).await;
    assert_eq!((reply.status, reply.json()["code"].as_str()), (403, Some("token-scope")));
    assert_eq!(server.ask(&bearer(&buy, ALL)).await.status, 200);
    let offer = Ask::post("/api/v1/orders", r#"{"listing":"tea","to":"lin"}"#);
    assert_eq!(server.ask(&bearer(&offer, SELL)).await.status, 200, "an offer of one's own goods");
    let reply = server.ask(&bearer(&Ask::post("/api/v1/orders/act", r#"{"order":"o","verb":"ship"}"#), SELL)).await;
    assert_eq!(reply.status, 500, "the fake tells of no order, and without one nothing is done: {}", reply.body);
    assert_eq!(server.fake.calls().len(), 2);
}

#[tokio::test]
async fn a_token_that_is_revoked_or_over_opens_nothing() {
    let server = lent().await;
    let status = Ask::get("/api/v1/status");
    assert_eq!(server.ask(&bearer(&status, READ)).await.status, 200);
    server.fake.revoke(READ);
    let reply = server.ask(&bearer(&status, READ)).await;
    assert_eq!((reply.status, reply.json()["code"].as_str()), (401, Some("token")));
    server.fake.lend(READ, Scope::Read, Some(Duration::ZERO));
    assert_eq!(server.ask(&bearer(&status, READ)).await.status, 401, "its time is over");
    for near in [SELL.to_uppercase(), format!("{SELL}x"), SELL[1..].to_owned(), String::new()] {
        assert_eq!(server.ask(&bearer(&status, &near)).await.status, 401, "{near:?}");
    }
    assert_eq!(server.ask(&bearer(&Ask::post("/api/v1/nowhere", "{"), READ)).await.status, 401, "before the route");
}

#[tokio::test]
async fn a_stream_ends_with_its_token() {
    let server = lent().await;
    let mut revoked = open(&server, &bearer(&events().keep_alive(), READ)).await;
    let mut owners = open(&server, &events()).await;
    server.fake.happen("entry");
    assert_eq!(next(&mut revoked).await.1, "entry");
    server.fake.revoke(SELL);
    server.fake.happen("order");
    assert_eq!(next(&mut revoked).await.1, "order", "which tokens there are is not for everyone");
    server.fake.revoke(READ);
    let mut rest = String::new();
    while within(revoked.read_line(&mut rest)).await.is_ok_and(|read| read > 0) && !rest.ends_with("0\r\n") {}
    assert!(rest.trim() == "0", "nothing more is told: {rest:?}");
    for name in ["entry", "token", "order", "token"] {
        assert_eq!(next(&mut owners).await.1, name, "the owner goes on");
    }

    server.fake.lend(READ, Scope::Read, Some(Duration::from_millis(40)));
    let mut over = open(&server, &bearer(&events(), READ)).await;
    let mut rest = String::new();
    while within(over.read_line(&mut rest)).await.expect("readable") > 0 {}
    assert!(is_closed(&mut over).await, "it ends by itself");
}
