//! The local API over real sockets, with hand-written HTTP, so that every header can be forged.

mod codes;
mod kit;
mod matrix;
mod scope;
mod stream;

use std::net::SocketAddr;
use std::time::Duration;

use haat_protocol::limits::{API_BODY_MAX_BYTES, API_CONNECTIONS_MAX, API_HEAD_MAX_BYTES, API_HEADERS_MAX, API_IMPORT_MAX_BYTES};
use haat_protocol::local::routes::{BASE, COMMANDS, QUESTIONS};
use haat_protocol::local::{Command, ProblemKind, Question};
use serde_json::json;

use tokio::time::timeout;

use super::bind;
use super::server::Pace;
use kit::{Ask, Server};

#[test]
fn only_the_loopback_is_bound() {
    for bad in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[::ffff:127.0.0.1]:0", "8.8.8.8:80"] {
        let problem = bind(bad.parse::<SocketAddr>().expect("an address")).expect_err(bad);
        assert_eq!((problem.kind, problem.code.as_str()), (ProblemKind::Usage, "not-loopback"), "{bad}");
    }
    let first = bind("127.0.0.1:0".parse().expect("an address")).expect("free");
    let taken = bind(first.local_addr().expect("bound")).expect_err("taken");
    assert_eq!((taken.kind.codes().0, taken.code.as_str()), (3, "port-taken"));
}

#[tokio::test]
async fn every_response_carries_the_headers() {
    let server = Server::start().await;
    for ask in [
        Ask::get("/healthz"),
        Ask::get("/api/v1/status"),
        Ask::get("/nowhere"),
        Ask::get("/api/v1/status").host("evil.example"),
        Ask::get("/api/v1/status").token(None),
        Ask::post("/api/v1/circles", "{"),
        Ask::post("/api/v1/circles", "{}").with("content-type", "text/plain"),
        Ask::get("/api/v1/status").method("HEAD"),
        Ask::get("/api/v1/status").method("OPTIONS").with("access-control-request-method", "POST"),
    ] {
        let reply = server.ask(&ask).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(reply.header(name), Some(value), "{name} of {ask:?}");
        }
        assert!(!reply.head.contains("access-control-"), "no CORS: {ask:?}");
    }
}

#[tokio::test]
async fn problems_have_one_shape() {
    let server = Server::start().await;
    let reply = server.ask(&Ask::post("/api/v1/circles", r#"{"name":"refused"}"#)).await;
    assert_eq!(reply.header("content-type"), Some("application/problem+json"));
    let problem = reply.json();
    assert_eq!(reply.status, 409);
    assert_eq!(problem["type"], "urn:haat:problem:no-circle");
    assert_eq!(problem["status"], 409);
    assert_eq!((&problem["title"], &problem["detail"]), (&json!("not today"), &json!("the market is closed")));
    assert_eq!((&problem["code"], &problem["hint"]), (&json!("no-circle"), &json!("come back tomorrow")));
    assert_eq!(problem["refused"][0]["column"], "Price", "the keys of an import stand beside the others");
    let read: haat_protocol::local::Problem = serde_json::from_value(problem).expect("the command line reads it back");
    assert_eq!(read.kind, ProblemKind::Refused);

    for (ask, status) in [(Ask::get("/nowhere"), 404), (Ask::get("/api/v1/me").token(None), 401), (Ask::get("/healthz").host("x"), 421)] {
        let reply = server.ask(&ask).await;
        let problem = reply.json();
        assert_eq!((reply.status, &problem["status"]), (status, &json!(status)));
        for key in ["type", "title", "detail", "code"] {
            assert!(problem[key].as_str().is_some_and(|text| !text.is_empty()), "{key} of {status}");
        }
    }
    let reply = server.ask(&Ask::get("/api/v1/me").token(None)).await;
    assert_eq!(reply.header("www-authenticate"), Some("Bearer realm=\"haat\""));
    let reply = server.ask(&Ask::get("/api/v1/circles").method("DELETE")).await;
    assert_eq!((reply.status, reply.header("allow")), (405, Some("GET, POST")));
}

#[tokio::test]
async fn health_reveals_nothing() {
    let server = Server::start().await;
    let health = server.ask(&Ask::get("/healthz").token(None)).await;
    assert_eq!((health.status, health.body.as_str()), (200, "ok"));
    let ready = server.ask(&Ask::get("/readyz").token(None)).await;
    assert_eq!((ready.status, ready.body.as_str()), (200, "ok"));
    server.fake.set_ready(false);
    let ready = server.ask(&Ask::get("/readyz").token(None)).await;
    assert_eq!((ready.status, ready.body.as_str()), (503, "not ready"));
    assert_eq!(server.ask(&Ask::get("/healthz").token(None)).await.status, 200);
}

#[tokio::test]
async fn every_route_of_the_table_is_served() {
    let server = Server::start().await;
    for (tag, path, _) in QUESTIONS {
        let query = match *tag {
            "circle" | "shop" | "listing" | "order" => format!("?{tag}=x"),
            "invites" | "norms" | "requests" => "?circle=x".to_owned(),
            "trust" => "?subject=x".to_owned(),
            "evidence" | "payment" => "?order=x".to_owned(),
            "enclosed" => "?order=x&what=file".to_owned(),
            "catalogue" => "?shop=x&format=haat".to_owned(),
            _ => String::new(),
        };
        let reply = server.ask(&Ask::get(&format!("{BASE}{path}{query}"))).await;
        assert_eq!(reply.status, 200, "{tag}: {}", reply.body);
        assert_eq!(reply.json()["asked"]["question"], *tag);
    }
    for (tag, path, _) in COMMANDS {
        let reply = server.ask(&Ask::post(&format!("{BASE}{path}"), "{}")).await;
        assert_eq!(reply.status, 400, "{tag} needs words: {}", reply.body);
        assert!(reply.json()["detail"].as_str().is_some_and(|detail| detail.contains("missing field")), "{tag}: {}", reply.body);
    }
    assert_eq!(server.ask(&Ask::post("/api/v1/log/rebuild", "")).await.json()["rebuilt"], true);
    assert!(server.fake.calls().is_empty(), "nothing was called");
}

#[tokio::test]
async fn the_description_is_served_and_committed_as_it_is() {
    let server = Server::start().await;
    let served = server.ask(&Ask::get("/api/v1/openapi.json")).await;
    assert_eq!(served.status, 200);
    let document = served.json();
    let has = |path: &str, method: &str| document["paths"][format!("{BASE}{path}")][method].is_object();
    assert!(QUESTIONS.iter().all(|(_, path, _)| has(path, "get")) && COMMANDS.iter().all(|(_, path, _)| has(path, "post")));
    let invite = &document["paths"]["/api/v1/circles/invite"]["post"]["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!((&invite["required"], &invite["properties"]["uses"]["type"]), (&json!(["circle"]), &json!(["integer", "null"])));
    let feed = &document["paths"]["/api/v1/feed"]["get"]["parameters"];
    let limit = feed.as_array().expect("parameters").iter().find(|one| one["name"] == "limit").expect("a limit");
    assert_eq!((&limit["required"], &limit["schema"]["type"]), (&json!(false), &json!("integer")));
    for operation in document["paths"].as_object().expect("paths").values().flat_map(|path| path.as_object().expect("methods").values()) {
        let body = &operation["requestBody"]["content"]["application/json"]["schema"]["properties"];
        for (name, field) in body.as_object().into_iter().flatten() {
            assert_ne!(field["type"], json!([]), "{}: nothing is taken as {name}", operation["operationId"]);
        }
    }
    let text = format!("{}\n", serde_json::to_string_pretty(&document).expect("json"));
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/openapi.json");
    if std::env::var_os("HAAT_BLESS").is_some() {
        std::fs::write(&path, &text).expect("written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "the API is another: HAAT_BLESS=1 cargo test --workspace --lib api:: writes docs/reference/openapi.json");
}

#[tokio::test]
async fn words_reach_the_service_as_they_were_meant() {
    let server = Server::start().await;
    let body = r#"{"order":"o1","verb":"ship","carrier":"bike","tracking":null}"#;
    assert_eq!(server.ask(&Ask::post("/api/v1/orders/act", body)).await.status, 200);
    let body = r#"{"circle":"lane","uses":3}"#;
    assert_eq!(
        server.ask(&Ask::post("/api/v1/circles/invite", body).with("content-type", "Application/JSON; charset=utf-8")).await.status,
        200
    );
    let calls = server.fake.calls();
    assert!(matches!(&calls[0], Command::OrderAct { words, .. } if words.carrier.as_deref() == Some("bike") && words.tracking.is_none()));
    assert_eq!(calls[1], Command::CircleInvite { circle: "lane".into(), uses: Some(3), expires_ms: None });

    let reply = server.ask(&Ask::get("/api/v1/feed?circle=old%20lane&limit=7")).await;
    let asked: Question = serde_json::from_value(reply.json()["asked"].clone()).expect("a question");
    assert_eq!(asked, Question::Feed { circle: Some("old lane".into()), limit: Some(7), after: None });
    assert_eq!(server.fake.calls().len(), 2, "a GET changes nothing");
}

#[tokio::test]
async fn bad_words_are_refused_by_name() {
    let server = Server::start().await;
    let circles = "/api/v1/circles";
    for (path, body, named) in [
        (circles, "", "empty"),
        (circles, "{", "EOF"),
        (circles, "[]", "an object"),
        (circles, "\"name\"", "an object"),
        (circles, "null", "an object"),
        (circles, "{} {}", "trailing"),
        (circles, "{'name':'x'}", "key must be a string"),
        (circles, "{\"name\":\"\u{1}\"}", "control character"),
        (circles, "{}", "`name`"),
        (circles, r#"{"name":5}"#, "`name`"),
        (circles, r#"{"name":null}"#, "`name`"),
        (circles, r#"{"name":"a","name":"b"}"#, "`name`"),
        (circles, r#"{"name":"a","nmae":"b"}"#, "`nmae`"),
        (circles, r#"{"name":"a","command":"retract"}"#, "`command`"),
        ("/api/v1/circles/invite", r#"{"circle":"c","uses":-1}"#, "`uses`"),
        ("/api/v1/circles/invite", r#"{"circle":"c","uses":"2","expires_ms":5}"#, "`uses`"),
        ("/api/v1/reviews", r#"{"order":"o","rating":300,"text":"t"}"#, "`rating`"),
        ("/api/v1/reviews", r#"{"order":"o","rating":4.5,"text":"t"}"#, "`rating`"),
        ("/api/v1/posts", r#"{"circle":"c","text":"t","listings":"l"}"#, "`listings`"),
        ("/api/v1/posts", r#"{"circle":"c","text":"t","listings":[1]}"#, "`listings`"),
        ("/api/v1/orders/act", r#"{"order":"o","verb":"ship","carier":"x"}"#, "`carier`"),
        ("/api/v1/orders/act", r#"{"order":"o","verb":"ship","carier":null}"#, "`carier`"),
        ("/api/v1/orders/act", r#"{"order":"o","verb":"counter","price":5}"#, "`price`"),
        ("/api/v1/orders/act", r#"{"order":"o","verb":"counter","words":{}}"#, "`words`"),
        ("/api/v1/node/stop", r#"{"now":true}"#, "`now`"),
        ("/api/v1/log/rebuild", "5", "an object"),
        ("/api/v1/circles?name=x", r#"{"name":"x"}"#, "`name`"),
    ] {
        let reply = server.ask(&Ask::post(path, body).with("content-type", "application/json")).await;
        assert_eq!(reply.status, 400, "{body}: {}", reply.body);
        assert!(reply.json()["detail"].as_str().is_some_and(|detail| detail.contains(named)), "{body}: {}", reply.body);
    }
    assert!(server.fake.calls().is_empty());
}

#[tokio::test]
async fn endless_words_are_refused_in_brief() {
    let server = Server::start().await;
    let deep = format!(r#"{{"name":{}"#, "[".repeat(500));
    let many: String = (0..65).map(|number| format!("\"f{number}\":1,")).collect();
    let long = format!("{{\"name\":\"a\",\"{}\":1}}", "\u{202e}".repeat(9_000));
    for (body, named) in [(deep, "recursion"), (format!("{{{many}\"name\":5}}"), "too many"), (long, r"`\u{202e}\u{202e}")] {
        let reply = server.ask(&Ask::post("/api/v1/circles", &body)).await;
        assert_eq!(reply.status, 400, "{}", reply.body);
        assert!(reply.body.len() < 2_000 && reply.json()["detail"].as_str().is_some_and(|detail| detail.contains(named)), "{}", reply.body);
    }
}

#[tokio::test]
async fn bad_parameters_are_refused_by_name() {
    let server = Server::start().await;
    for (path, named) in [
        ("/api/v1/status?x=1", "`x`"),
        ("/api/v1/feed?limit=many", "`limit`"),
        ("/api/v1/feed?limit=-1", "`limit`"),
        ("/api/v1/feed?limit=", "`limit`"),
        ("/api/v1/feed?circle=a&circle=b", "`circle`"),
        ("/api/v1/feed?question=me", "`question`"),
        ("/api/v1/circle", "`circle`"),
        ("/api/v1/circles?circle=a", "`circle`"),
        ("/api/v1/events?after=1", "`after`"),
    ] {
        let reply = server.ask(&Ask::get(path)).await;
        assert_eq!(reply.status, 400, "{path}: {}", reply.body);
        assert!(reply.json()["detail"].as_str().is_some_and(|detail| detail.contains(named)), "{path}: {}", reply.body);
    }
    assert!(server.fake.calls().is_empty());
}

#[tokio::test]
async fn bodies_are_bounded() {
    let server = Server::start().await;
    let name = "x".repeat(API_BODY_MAX_BYTES);
    let reply = server.announce("/api/v1/circles", API_BODY_MAX_BYTES + 1).await;
    assert_eq!(reply.status, 413, "told before it is sent");
    assert_eq!(server.announce("/api/v1/listings/import", API_IMPORT_MAX_BYTES + 1).await.status, 413);
    let chunked = format!("{:x}\r\n{{\"name\":\"{name}\"}}\r\n0\r\n\r\n", name.len() + 11);
    let ask = Ask::post("/api/v1/circles", &chunked).with("content-type", "application/json").chunked();
    assert_eq!(server.ask(&ask).await.status, 413, "whatever it announced");
    let fits = json!({ "name": "x".repeat(API_BODY_MAX_BYTES - 11) }).to_string();
    assert_eq!(fits.len(), API_BODY_MAX_BYTES);
    assert_eq!(server.ask(&Ask::post("/api/v1/circles", &fits)).await.status, 200);
    let large = json!({ "shop": "s", "data": "x".repeat(3 * API_BODY_MAX_BYTES), "dry_run": true, "partial": false }).to_string();
    let reply = server.ask(&Ask::post("/api/v1/listings/import", &large)).await;
    assert_eq!(reply.status, 200, "an import may be larger: {}", reply.body);
    assert!(matches!(&server.fake.calls()[1], Command::ListingImport { data, .. } if data.len() == 3 * API_BODY_MAX_BYTES));
}

#[tokio::test]
async fn a_key_has_one_effect() {
    let server = Server::start().await;
    let keyed = |body: &str| Ask::post("/api/v1/circles", body).with("idempotency-key", "k-1");
    let first = server.ask(&keyed(r#"{"name":"lane"}"#)).await;
    let again = server.ask(&keyed(r#"{"name":"lane"}"#)).await;
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    assert_eq!(server.fake.calls().len(), 1);
    assert_eq!(server.ask(&keyed(r#"{"name":"other"}"#)).await.status, 422);
    let elsewhere = Ask::post("/api/v1/shops/share", r#"{"shop":"s","circle":"c"}"#).with("idempotency-key", "k-1");
    assert_eq!(server.ask(&elsewhere).await.status, 422);
    let unkeyed = Ask::post("/api/v1/circles", r#"{"name":"lane"}"#);
    assert_ne!(server.ask(&unkeyed).await.body, first.body, "without a key each request acts");
    let refused = Ask::post("/api/v1/circles", r#"{"name":"refused"}"#).with("idempotency-key", "k-2");
    assert_eq!(server.ask(&refused).await.body, server.ask(&refused).await.body);
    assert_eq!(server.fake.calls().len(), 3, "a rule's no is an answer too");
    let lost = Ask::post("/api/v1/circles", r#"{"name":"lost"}"#).with("idempotency-key", "k-3");
    assert_eq!((server.ask(&lost).await.status, server.ask(&lost).await.status), (507, 507));
    assert_eq!(server.fake.calls().len(), 5, "what never happened may be tried again");
    let long = "k".repeat(129);
    for bad in ["", "with space", long.as_str()] {
        let ask = Ask::post("/api/v1/circles", r#"{"name":"lane"}"#).with("idempotency-key", bad);
        assert_eq!(server.ask(&ask).await.status, 400, "{bad:?}");
    }
    let twice = Ask::post("/api/v1/circles", r#"{"name":"lane"}"#).with("idempotency-key", "a").also("idempotency-key", "b");
    assert_eq!(server.ask(&twice).await.status, 400);
    assert_eq!(server.fake.calls().len(), 5);
}

#[tokio::test]
async fn a_repeat_waits_for_the_first() {
    let server = Server::start().await;
    let ask = Ask::post("/api/v1/circles", r#"{"name":"slow"}"#).with("idempotency-key", "k");
    let gone = server.connect(&ask).await;
    server.fake.entered().await;
    drop(gone);
    let (one, two, ()) = tokio::join!(server.ask(&ask), server.ask(&ask), async {
        let other = Ask::post("/api/v1/circles", r#"{"name":"slower"}"#).with("idempotency-key", "k");
        assert_eq!(server.ask(&other).await.status, 422, "also while the first is under way");
        server.fake.let_go();
    });
    assert_eq!((one.status, &one.body), (200, &two.body));
    assert_eq!(server.fake.calls().len(), 1, "even though the first client went away");
}

#[tokio::test]
async fn a_fault_midway_is_a_problem_and_does_not_act_again() {
    let server = Server::start().await;
    let ask = Ask::post("/api/v1/circles", r#"{"name":"panic"}"#).with("idempotency-key", "k");
    for _ in 0..2 {
        let reply = server.ask(&ask).await;
        assert_eq!((reply.status, &reply.json()["code"]), (500, &json!("no-answer")));
    }
    assert_eq!(server.fake.calls().len(), 1);
    assert_eq!(server.ask(&Ask::get("/api/v1/status")).await.status, 200, "the server lives on");
}

#[tokio::test]
async fn stop_is_answered_and_ends_the_server() {
    let server = Server::start().await;
    let mut idle = server.connect(&Ask::get("/api/v1/status").keep_alive()).await;
    let first = kit::read_reply(&mut idle).await;
    assert_eq!(first.status, 200);
    let reply = server.ask(&Ask::post("/api/v1/node/stop", "").keep_alive().with("connection", "close")).await;
    assert_eq!((reply.status, &reply.json()["stopping"]), (200, &json!(true)));
    server.ended().await;
    assert!(kit::is_closed(&mut idle).await, "idle connections are closed");
}

#[tokio::test]
async fn slow_clients_are_let_go() {
    let brief = Pace { head: Duration::from_millis(50), body: Duration::from_millis(50) };
    let server = Server::start_at(brief).await;
    for begun in ["", "GET /healthz HTTP/1.1\r\nhost: 127"] {
        let mut stream = server.send(begun).await;
        assert!(kit::is_closed(&mut stream).await, "a head that does not come: {begun:?}");
    }
    let mut idle = server.connect(&Ask::get("/api/v1/status").keep_alive()).await;
    assert_eq!(kit::read_reply(&mut idle).await.status, 200);
    assert!(kit::is_closed(&mut idle).await, "a next head that does not come");
    assert_eq!(server.announce("/api/v1/circles", 10).await.status, 408, "a body that does not come");
}

#[tokio::test]
async fn heads_and_connections_are_bounded() {
    let server = Server::start().await;
    let long = Ask::get("/api/v1/status").with("x-long", &"x".repeat(4 * API_HEAD_MAX_BYTES));
    assert_eq!(server.ask(&long).await.status, 431);
    let many = (0..API_HEADERS_MAX).fold(Ask::get("/api/v1/status"), |ask, number| ask.also(&format!("x-{number}"), ""));
    assert_eq!(server.ask(&many).await.status, 431);
    let mut open = Vec::new();
    for _ in 0..API_CONNECTIONS_MAX {
        let mut stream = server.connect(&Ask::get("/healthz").keep_alive()).await;
        assert_eq!(kit::read_reply(&mut stream).await.status, 200);
        open.push(stream);
    }
    let mut next = server.connect(&Ask::get("/healthz")).await;
    let early = timeout(Duration::from_millis(100), kit::read_head(&mut next)).await;
    assert!(early.is_err(), "no seat yet");
    drop(open.pop());
    assert_eq!(kit::read_reply(&mut next).await.status, 200, "served once another has left");
}
