//! Host x page x token x method x route: who gets in, and which no comes first.

use super::kit::{Ask, Server, TOKEN};

const STATUS: &str = "/api/v1/status";
const CIRCLES: &str = "/api/v1/circles";

/// Hosts, and whether they are ours.
const HOSTS: &[(&str, bool)] = &[
    ("127.0.0.1:PORT", true),
    ("localhost:PORT", true),
    ("LocalHost:PORT", true),
    ("[::1]:PORT", true),
    ("mei.localhost:PORT", true),
    ("mei-7.localhost:PORT", true),
    ("127.0.0.1", false),
    ("localhost", false),
    ("127.0.0.1:1", false),
    ("127.0.0.1:PORT0", false),
    ("127.0.0.1:0PORT", false),
    ("", false),
    (":PORT", false),
    ("evil.example:PORT", false),
    ("evil.example", false),
    ("localhost.evil.example:PORT", false),
    ("evil.localhost.example:PORT", false),
    ("a.b.localhost:PORT", false),
    (".localhost:PORT", false),
    ("-a.localhost:PORT", false),
    ("a_b.localhost:PORT", false),
    ("xlocalhost:PORT", false),
    ("localhost.:PORT", false),
    ("0.0.0.0:PORT", false),
    ("127.0.0.2:PORT", false),
    ("127.1:PORT", false),
    ("2130706433:PORT", false),
    ("[::]:PORT", false),
    ("[::ffff:127.0.0.1]:PORT", false),
    ("::1:PORT", false),
    ("user@localhost:PORT", false),
    ("192.168.1.7:PORT", false),
    ("localhost:PORT, evil.example", false),
];

/// Values of `Origin`, and whether they are ours.
const ORIGINS: &[(&str, bool)] = &[
    ("http://127.0.0.1:PORT", true),
    ("http://localhost:PORT", true),
    ("http://mei.localhost:PORT", true),
    ("https://127.0.0.1:PORT", false),
    ("http://127.0.0.1", false),
    ("http://127.0.0.1:1", false),
    ("http://evil.example", false),
    ("http://evil.example:PORT", false),
    ("http://127.0.0.1:PORT/", false),
    ("http://127.0.0.1:PORT.evil.example", false),
    ("null", false),
    ("", false),
    ("file://", false),
    ("chrome-extension://abc", false),
];

/// Values of `Sec-Fetch-Site`, and whether they let through.
const SITES: &[(&str, bool)] =
    &[("same-origin", true), ("none", true), ("same-site", false), ("cross-site", false), ("", false), ("SAME-ORIGIN", false)];

/// Values of `Authorization`, and whether they are good.
fn tokens() -> Vec<(Option<String>, bool)> {
    let good = format!("Bearer {TOKEN}");
    vec![
        (Some(good.clone()), true),
        (Some(format!("bearer {TOKEN}")), true),
        (None, false),
        (Some(String::new()), false),
        (Some("Bearer".into()), false),
        (Some("Bearer ".into()), false),
        (Some(TOKEN.into()), false),
        (Some(format!("Basic {TOKEN}")), false),
        (Some(good[..good.len() - 1].into()), false),
        (Some(format!("{good}x")), false),
        (Some(format!("Bearer {}", TOKEN.to_uppercase())), false),
    ]
}

/// Methods and routes with the status they end in once everything else is good.
const ROUTES: &[(&str, &str, u16)] = &[
    ("GET", STATUS, 200),
    ("POST", STATUS, 405),
    ("HEAD", STATUS, 405),
    ("OPTIONS", STATUS, 405),
    ("PUT", CIRCLES, 405),
    ("DELETE", CIRCLES, 405),
    ("PATCH", CIRCLES, 405),
    ("TRACE", CIRCLES, 405),
    ("BREW", CIRCLES, 405),
    ("GET", CIRCLES, 200),
    ("POST", CIRCLES, 415),
    ("GET", "/api/v1/circles/invite", 405),
    ("GET", "/api/v1/node/stop", 405),
    ("GET", "/api/v1/log/rebuild", 405),
    ("POST", "/api/v1/events", 405),
    ("GET", "/api/v1/circles/", 404),
    ("GET", "/api/v1//circles", 404),
    ("GET", "/api/v1/%63ircles", 404),
    ("GET", "/api/v1", 404),
    ("GET", "/api/v2/status", 404),
    ("GET", "/", 404),
    ("GET", "/api/v1/../healthz", 404),
    ("POST", "/unknown", 404),
    ("DELETE", "/unknown", 404),
];

#[tokio::test]
async fn hosts() {
    let server = Server::start().await;
    for (host, ours) in HOSTS {
        let host = &host.replace("PORT0", &format!("{}0", server.addr.port()));
        for (path, good) in [(STATUS, 200), ("/healthz", 200), ("/unknown", 404)] {
            let reply = server.ask(&Ask::get(path).host(host)).await;
            assert_eq!(reply.status, if *ours { good } else { 421 }, "{host:?} {path}");
        }
    }
    assert_eq!(server.ask(&Ask::get(STATUS).no_host()).await.status, 421, "no host");
    assert_eq!(server.ask(&Ask::get(STATUS).also("host", "evil.example")).await.status, 421, "two hosts");
    assert_eq!(server.ask(&Ask::get("http://evil.example/api/v1/status")).await.status, 421, "a foreign target");
    let target = format!("http://{}{STATUS}", server.addr);
    assert_eq!(server.ask(&Ask::get(&target)).await.status, 200, "our own target");
}

#[tokio::test]
async fn pages() {
    let server = Server::start().await;
    for path in [STATUS, "/healthz"] {
        for (origin, ours) in ORIGINS {
            let reply = server.ask(&Ask::get(path).with("origin", origin)).await;
            assert_eq!(reply.status, if *ours { 200 } else { 403 }, "{origin:?} {path}");
        }
        for (site, ours) in SITES {
            let reply = server.ask(&Ask::get(path).with("sec-fetch-site", site)).await;
            assert_eq!(reply.status, if *ours { 200 } else { 403 }, "{site:?} {path}");
        }
    }
    let own = "http://127.0.0.1:PORT";
    assert_eq!(server.ask(&Ask::get(STATUS).also("origin", own).also("origin", own)).await.status, 403, "two origins");
    let form = Ask::post(CIRCLES, "name=x").with("content-type", "application/x-www-form-urlencoded").token(None);
    assert_eq!(server.ask(&form.with("origin", "http://evil.example")).await.status, 403, "a form of another site");
}

#[tokio::test]
async fn tokens_on_every_route() {
    let server = Server::start().await;
    for (header, good) in tokens() {
        for (method, path, status) in ROUTES {
            let ask = Ask::get(path).method(method).with("content-length", "0").token(header.as_deref());
            let ask = if *status == 415 { ask.with("content-type", "text/plain") } else { ask };
            assert_eq!(server.ask(&ask).await.status, if good { *status } else { 401 }, "{method} {path} {header:?}");
        }
    }
    let twice = Ask::get(STATUS).also("authorization", &format!("Bearer {TOKEN}"));
    assert_eq!(server.ask(&twice).await.status, 401, "two tokens");
    assert_eq!(server.ask(&Ask::get(&format!("{STATUS}?token={TOKEN}")).token(None)).await.status, 401, "not in the address");
    assert!(server.fake.calls().is_empty());
}

#[tokio::test]
async fn media_types() {
    let server = Server::start().await;
    for (media, status) in [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("APPLICATION/JSON", 200),
        ("text/plain", 415),
        ("text/json", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/jsonp", 415),
        ("text/plain; application/json", 415),
        ("application/problem+json", 415),
        ("", 415),
    ] {
        let reply = server.ask(&Ask::post(CIRCLES, r#"{"name":"x"}"#).with("content-type", media)).await;
        assert_eq!(reply.status, status, "{media:?}");
    }
    for (coding, status) in [("gzip", 415), ("br", 415), ("", 415)] {
        let reply = server.ask(&Ask::post(CIRCLES, r#"{"name":"x"}"#).with("content-encoding", coding)).await;
        assert_eq!(reply.status, status, "packed as {coding:?}");
    }
    let bare = Ask::post(CIRCLES, r#"{"name":"x"}"#).without("content-type");
    assert_eq!(server.ask(&bare).await.status, 415, "words without a type");
    let rebuild = Ask::post("/api/v1/log/rebuild", "");
    assert_eq!(server.ask(&rebuild).await.status, 200, "nothing needs no type");
    assert_eq!(server.ask(&rebuild.clone().with("content-type", "application/json")).await.status, 200);
    assert_eq!(server.ask(&rebuild.with("content-type", "text/plain")).await.status, 415);
    assert_eq!(server.ask(&Ask::post("/api/v1/log/rebuild", "{}")).await.status, 200);
    assert_eq!(server.fake.calls().len(), 3);
}

/// The whole product of good and bad: the first fault in the order of judgement names the answer.
#[tokio::test]
async fn the_first_fault_answers() {
    let server = Server::start().await;
    let mut combinations = 0;
    for host in [true, false] {
        for page in [None, Some(("origin", true)), Some(("origin", false)), Some(("sec-fetch-site", true)), Some(("sec-fetch-site", false))]
        {
            for token in [true, false] {
                for (path, method, media, expected) in [
                    ("/unknown", "POST", "text/plain", 404),
                    (STATUS, "POST", "text/plain", 405),
                    (CIRCLES, "POST", "text/plain", 415),
                    (CIRCLES, "POST", "application/json", 400),
                    ("/healthz", "POST", "text/plain", 405),
                ] {
                    let mut ask = Ask::post(path, "{").method(method).with("content-type", media);
                    if !host {
                        ask = ask.host("evil.example:PORT");
                    }
                    if let Some((name, good)) = page {
                        let value = match (name, good) {
                            ("origin", true) => "http://localhost:PORT",
                            ("origin", false) => "http://evil.example",
                            (_, true) => "same-origin",
                            _ => "cross-site",
                        };
                        ask = ask.with(name, value);
                    }
                    if !token {
                        ask = ask.token(None);
                    }
                    let status = match (host, page, token || path == "/healthz") {
                        (false, _, _) => 421,
                        (true, Some((_, false)), _) => 403,
                        (true, _, false) => 401,
                        _ => expected,
                    };
                    assert_eq!(server.ask(&ask).await.status, status, "{ask:?}");
                    combinations += 1;
                }
            }
        }
    }
    assert_eq!(combinations, 100);
    assert!(server.fake.calls().is_empty());
}
