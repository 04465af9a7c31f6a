//! The code of every no of this layer, and that it comes out where it should.

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use haat_protocol::limits::{API_BODY_MAX_BYTES, API_KEY_MAX_CHARS};
use haat_protocol::local::Scope;

use super::kit::{Ask, Fake, Server, TOKEN, read_reply};
use crate::api::server::{Pace, serve_at};
use crate::api::{ApiConfig, serve, unbound};

const CIRCLES: &str = "/api/v1/circles";

async fn code(server: &Server, ask: &Ask) -> (u16, String) {
    let reply = server.ask(ask).await;
    (reply.status, reply.json()["code"].as_str().expect("a code").to_owned())
}

#[tokio::test]
async fn every_no_has_its_code() {
    let server = Server::start().await;
    server.fake.lend("reader", Scope::Read, None);
    let named = Ask::post(CIRCLES, r#"{"name":"lane"}"#);
    let keyed = |body: &str| Ask::post(CIRCLES, body).with("idempotency-key", "k");
    assert_eq!(server.ask(&keyed(r#"{"name":"lane"}"#)).await.status, 200);
    let long = "x".repeat(API_BODY_MAX_BYTES);
    for (ask, status, wanted) in [
        (Ask::get("/api/v1/me").host("evil.example"), 421, "host"),
        (Ask::get("/api/v1/me").with("origin", "http://evil.example"), 403, "cross-site"),
        (Ask::get("/api/v1/me").token(None), 401, "token"),
        (Ask::get("/api/v1/nothing"), 404, "no-route"),
        (Ask::get(CIRCLES).method("PUT"), 405, "method"),
        (named.clone().token(Some("Bearer reader")), 403, "token-scope"),
        (named.clone().with("content-type", "text/plain"), 415, "media-type"),
        (Ask::post(CIRCLES, "{"), 400, "json"),
        (Ask::post(CIRCLES, "{}"), 400, "fields"),
        (Ask::post(CIRCLES, r#"{"name":5}"#), 400, "field"),
        (Ask::post(CIRCLES, r#"{"name":"a","nmae":"b"}"#), 400, "unknown-field"),
        (Ask::get("/api/v1/feed?limit=many"), 400, "field"),
        (Ask::get("/api/v1/events").with("last-event-id", "x"), 400, "last-event-id"),
        (named.clone().with("idempotency-key", &"k".repeat(API_KEY_MAX_CHARS + 1)), 400, "idempotency-key"),
        (keyed(r#"{"name":"other"}"#), 422, "key-reused"),
        (Ask::post(CIRCLES, &format!(r#"{{"name":"{long}"}}"#)), 413, "too-large"),
        (Ask::post(CIRCLES, "5\r\n{\"na\r\nwrong\r\n").with("content-type", "application/json").chunked(), 400, "body"),
        (Ask::post("/api/v1/orders/act", r#"{"order":"o","verb":"ship"}"#).token(Some("Bearer seller")), 500, "internal"),
    ] {
        server.fake.lend("seller", Scope::Sell, None);
        assert_eq!(code(&server, &ask).await, (status, wanted.to_owned()), "{ask:?}");
    }
    // No query is none: what is not text becomes text.
    assert_eq!(code(&server, &Ask::get("/api/v1/feed?%ff%00=%zz&&=")).await.1, "unknown-field");
}

#[tokio::test]
async fn a_body_that_does_not_come_has_its_code() {
    let brief = Pace { body: Duration::from_millis(30), ..Pace::default() };
    let server = Server::start_at(brief).await;
    let reply = server.announce(CIRCLES, 10).await;
    assert_eq!((reply.status, reply.json()["code"].as_str()), (408, Some("slow-body")));
    let mut stream = server.send("GET / HTTP/1.1\r\n\r\n").await;
    assert_eq!(read_reply(&mut stream).await.json()["code"], "host");
}

fn config(listener: TcpListener, token: &str) -> ApiConfig<std::future::Pending<()>> {
    ApiConfig { listener, token: token.to_owned(), stop: std::future::pending() }
}

#[tokio::test]
async fn a_door_that_others_could_open_stays_shut() {
    let wide = TcpListener::bind("0.0.0.0:0").expect("a free port");
    assert_eq!(serve(Fake::new(), config(wide, TOKEN)).await.expect_err("for all machines").code, "no-listener");
    let own = TcpListener::bind("127.0.0.1:0").expect("a free port");
    assert_eq!(serve_at(Pace::default(), Fake::new(), config(own, "")).await.expect_err("for everyone").code, "no-token");
}

#[test]
fn what_the_system_says_of_a_port_has_a_code() {
    let addr = "127.0.0.1:1".parse().expect("an address");
    for (kind, wanted) in [
        (io::ErrorKind::AddrInUse, "port-taken"),
        (io::ErrorKind::PermissionDenied, "port-forbidden"),
        (io::ErrorKind::OutOfMemory, "no-listener"),
    ] {
        assert_eq!(unbound(addr, &io::Error::from(kind)).code, wanted);
    }
}
