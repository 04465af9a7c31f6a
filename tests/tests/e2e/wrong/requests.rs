//! Requests as a careless program sends them: heads, words, bodies, numbers and names that are none.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use haat_tests::daemon::raw::{http, send};
use haat_tests::daemon::still::Still;
use haat_tests::daemon::{Node, Town, answer};
use serde_json::Value;

use super::keeper;

/// More than a command may have.
const TOO_LONG: usize = 2 * 1024 * 1024;

/// What is tried, the status it gets, the code, method, path, further headers and body.
type Case<'a> = (&'a str, u16, &'a str, &'a str, &'a str, Vec<(&'a str, &'a str)>, Vec<u8>);

fn bearer(node: &Node) -> String {
    format!("Bearer {}", std::fs::read_to_string(node.home().join("api-token")).expect("the owner may read it").trim())
}

/// Tries every case; each gets one problem of the right form, and nothing changes.
fn try_all(node: &mut Node, cases: &[Case<'_>]) {
    let (mut before, bearer, api) = (Still::of(node), bearer(node), node.api());
    let mut otherwise = Vec::new();
    for (what, status, code, method, path, more, body) in cases {
        let has = |name: &str| more.iter().any(|(given, _)| *given == name);
        let mut headers = more.clone();
        headers.extend((!has("Authorization")).then_some(("Authorization", bearer.as_str())));
        headers.extend((*method == "POST" && !has("Content-Type")).then_some(("Content-Type", "application/json")));
        headers.retain(|(_, value)| *value != "-");
        let reply = http(&api, method, path, &headers, body);
        if (200..300).contains(&reply.status) {
            otherwise.push(format!("{what}: is not refused: {}", reply.text));
            before = Still::of(node);
            continue;
        }
        let (head, told) = reply.text.split_once("\r\n\r\n").unwrap_or_default();
        let problem: Value = serde_json::from_str(told).unwrap_or_default();
        if (reply.status, problem["code"].as_str()) != (*status, Some(*code)) {
            otherwise.push(format!("{what}: {}", reply.text.replace("\r\n", " ")));
        } else {
            assert!(head.to_lowercase().contains("content-type: application/problem+json"), "{what}: {head}");
            for key in ["type", "title", "detail", "kind"] {
                if !problem[key].as_str().is_some_and(|text| !text.is_empty() && text.len() < 2_000) {
                    otherwise.push(format!("{what}: its {key} is none, or too long: {:.300}", problem.to_string()));
                }
            }
            assert_eq!(problem["status"], *status, "{what}");
        }
        node.assert_unharmed(what);
        before.assert_same(node, what);
    }
    assert!(otherwise.is_empty(), "{} requests came out otherwise:\n{}", otherwise.len(), otherwise.join("\n"));
}

fn post<'a>(what: &'a str, status: u16, code: &'a str, path: &'a str, body: impl AsRef<[u8]>) -> Case<'a> {
    (what, status, code, "POST", path, vec![], body.as_ref().to_vec())
}

fn get<'a>(what: &'a str, status: u16, code: &'a str, path: &'a str) -> Case<'a> {
    (what, status, code, "GET", path, vec![], Vec::new())
}

#[test]
fn bodies_that_say_nothing_good() {
    let town = Town::new();
    let mut node = keeper(&town);
    let (circles, listings, stock) = ("/api/v1/circles", "/api/v1/listings", "/api/v1/listings/stock");
    let deep = |open: &str| open.repeat(100_000);
    let add = |price: &str| format!(r#"{{"shop":"Hill","title":"Tea","price":{price},"stock":null}}"#);
    let count = |stock: &str| format!(r#"{{"listing":"Cup","stock":{stock}}}"#);
    let fields: String = (0..100).map(|n| format!(r#""f{n}":1,"#)).collect();
    let cases = [
        post("nothing", 400, "json", circles, ""),
        post("half an object", 400, "json", circles, r#"{"name":"#),
        post("a list", 400, "json", circles, "[]"),
        post("a number", 400, "json", circles, "7"),
        post("nothing at all", 400, "json", circles, "null"),
        post("two objects", 400, "json", circles, r#"{"name":"A"}{"name":"B"}"#),
        post("a comma too many", 400, "json", circles, r#"{"name":"A",}"#),
        post("single quotes", 400, "json", circles, "{'name':'A'}"),
        post("no text", 400, "json", circles, b"{\"name\":\"\xff\"}"),
        post("a byte order mark", 400, "json", circles, "\u{feff}{\"name\":\"A\"}"),
        post("another encoding", 400, "json", circles, b"\xff\xfe{\0}\0"),
        post("half a pair", 400, "json", circles, r#"{"name":"\ud800"}"#),
        post("a deep list", 400, "json", circles, deep("[")),
        post("a deep object", 400, "json", circles, deep(r#"{"a":"#)),
        post("a deep value", 400, "json", circles, format!(r#"{{"name":{}"#, deep("["))),
        post("a field twice", 400, "json", circles, r#"{"name":"A","name":"B"}"#),
        post("a field that nobody knows", 400, "unknown-field", circles, r#"{"name":"A","colour":"red"}"#),
        post("a tag of its own", 400, "field", circles, r#"{"name":"A","command":"post"}"#),
        post("very many fields", 400, "json", circles, format!(r#"{{{fields}"name":"A"}}"#)),
        post("a field too few", 400, "fields", circles, "{}"),
        post("a number for a name", 400, "field", circles, r#"{"name":7}"#),
        post("nothing for a name", 400, "field", circles, r#"{"name":null}"#),
        post("an object for a name", 400, "field", circles, r#"{"name":{"name":"A"}}"#),
        post("an empty name", 409, "bad-name", circles, r#"{"name":""}"#),
        post("a name of two lines", 409, "bad-name", circles, r#"{"name":"a\nb"}"#),
        post("a name with a zero byte", 409, "bad-name", circles, r#"{"name":"a\u0000b"}"#),
        post("a name that turns around", 409, "bad-name", circles, "{\"name\":\"a\u{202e}b\"}"),
        post("a price that is a number", 400, "field", listings, add("4.5")),
        post("a price that is none", 400, "bad-value", listings, add(r#""four""#)),
        post("a stock below nothing", 400, "field", stock, count("-1")),
        post("a stock of a half", 400, "field", stock, count("0.5")),
        post("a stock beyond all machines", 400, "field", stock, count("18446744073709551616")),
        post("a stock without end", 400, "json", stock, count("1e999")),
        post(
            "a file that is no base64",
            400,
            "bad-value",
            "/api/v1/listings/import",
            r#"{"shop":"Hill","data":"~~~","dry_run":true,"partial":false}"#,
        ),
        post("something for nothing", 400, "unknown-field", "/api/v1/log/rebuild", r#"{"now":true}"#),
    ];
    try_all(&mut node, &cases);
}

#[test]
fn heads_that_say_nothing_good() {
    let town = Town::new();
    let mut node = keeper(&town);
    let long = "x".repeat(200);
    let named = || br#"{"name":"A"}"#.to_vec();
    let to = |what, status, code, more| (what, status, code, "POST", "/api/v1/circles", more, named());
    let see = |what, status, code, more| (what, status, code, "GET", "/api/v1/status", more, Vec::new());
    let cases: Vec<Case<'_>> = vec![
        to("a form", 415, "media-type", vec![("Content-Type", "application/x-www-form-urlencoded")]),
        to("parts of a form", 415, "media-type", vec![("Content-Type", "multipart/form-data; boundary=x")]),
        to("plain text", 415, "media-type", vec![("Content-Type", "text/plain")]),
        to("something like JSON", 415, "media-type", vec![("Content-Type", "application/jsonp")]),
        to("JSON and more", 415, "media-type", vec![("Content-Type", "application/json, text/plain")]),
        to("no type", 415, "media-type", vec![("Content-Type", "-")]),
        to("two types", 415, "media-type", vec![("Content-Type", "application/json"), ("content-type", "text/plain")]),
        to("something packed", 415, "media-type", vec![("Content-Encoding", "gzip")]),
        to("a key of nothing", 400, "idempotency-key", vec![("Idempotency-Key", "")]),
        to("a key without end", 400, "idempotency-key", vec![("Idempotency-Key", &long)]),
        to("two keys", 400, "idempotency-key", vec![("Idempotency-Key", "a"), ("idempotency-key", "b")]),
        see("no token", 401, "token", vec![("Authorization", "-")]),
        see("another token", 401, "token", vec![("Authorization", "Bearer 1234")]),
        see("a token of nothing", 401, "token", vec![("Authorization", "Bearer ")]),
        see("a token without end", 401, "token", vec![("Authorization", &long)]),
        see("a name and a password", 401, "token", vec![("Authorization", "Basic Y2hlbjp0ZWE=")]),
        see("two tokens", 401, "token", vec![("Authorization", "Bearer a"), ("authorization", "Bearer b")]),
        see("another host", 421, "host", vec![("Host", "haat.example")]),
        see("another page", 403, "cross-site", vec![("Origin", "https://evil.example")]),
        ("a number of nothing", 400, "last-event-id", "GET", "/api/v1/events", vec![("Last-Event-ID", "first")], Vec::new()),
        ("a number below nothing", 400, "last-event-id", "GET", "/api/v1/events", vec![("Last-Event-ID", "-1")], Vec::new()),
    ];
    try_all(&mut node, &cases);
}

#[test]
fn paths_and_names_that_lead_nowhere() {
    let town = Town::new();
    let mut node = keeper(&town);
    let long = format!("/api/v1/listing?listing={}", "x".repeat(20_000));
    let cases = [
        get("no path", 404, "no-route", "/"),
        get("an unknown path", 404, "no-route", "/api/v1/secrets"),
        get("another version", 404, "no-route", "/api/v2/status"),
        get("a way up", 404, "no-route", "/api/v1/../v1/status"),
        get("a way up in signs", 404, "no-route", "/api/v1/%2e%2e/%2e%2e/etc/passwd"),
        get("a way twice", 404, "no-route", "/api/v1//status"),
        get("a way with an end", 404, "no-route", "/api/v1/status/"),
        get("other letters", 404, "no-route", "/API/V1/STATUS"),
        get("a zero byte", 404, "no-route", "/api/v1/status%00"),
        ("another method", 405, "method", "DELETE", "/api/v1/circles", vec![], vec![]),
        ("no method at all", 405, "method", "BREW", "/api/v1/circles", vec![], vec![]),
        get("a word that nobody knows", 400, "unknown-field", "/api/v1/status?colour=red"),
        get("a word twice", 400, "field", "/api/v1/people?limit=1&limit=2"),
        get("a number below nothing", 400, "field", "/api/v1/people?limit=-1"),
        get("a number beyond all machines", 400, "field", "/api/v1/people?limit=99999999999999999999"),
        get("a number of letters", 400, "field", "/api/v1/people?limit=ten"),
        get("a cursor of nothing", 400, "bad-cursor", "/api/v1/people?after="),
        get("a cursor of another list", 400, "bad-cursor", "/api/v1/notices?after=AAAA"),
        get("a cursor with signs", 400, "bad-cursor", "/api/v1/feed?after=%00%ff%0a"),
        get("an id of nothing", 404, "not-found", "/api/v1/listing?listing="),
        get("an id of nobody", 404, "not-found", "/api/v1/listing?listing=0123456789abcdef"),
        get("an id without end", 404, "not-found", &long),
        get("an order that is none", 404, "not-found", "/api/v1/order?order=tea"),
        get("a person that is none", 404, "not-found", "/api/v1/trust?subject=tea"),
        get("a field too few", 400, "fields", "/api/v1/listing"),
        get("a layout that is none", 400, "bad-format", "/api/v1/shop/catalogue?shop=Hill&format=floppy"),
    ];
    try_all(&mut node, &cases);
}

/// What is no request, or none that ends: the connection ends or gets an answer, and the node goes on.
#[test]
fn bytes_that_are_no_request() {
    let town = Town::new();
    let mut node = keeper(&town);
    let (before, bearer, api) = (Still::of(&node), bearer(&node), node.api());
    let head = |more: &str| {
        format!(
            "POST /api/v1/circles HTTP/1.1\r\nHost: {api}\r\nAuthorization: {bearer}\r\nContent-Type: application/json\r\nConnection: close\r\n{more}\r\n"
        )
    };
    let many: String = (0..200).map(|n| format!("X-{n}: 1\r\n")).collect();
    let chunks = |size: &str| [head("Transfer-Encoding: chunked\r\n").into_bytes(), size.as_bytes().to_vec()].concat();
    let long = "x".repeat(TOO_LONG);
    let endless: String = (0..40).map(|_| format!("10000\r\n{}\r\n", &long[..0x10000])).collect();
    let cases: Vec<(&str, Vec<u8>, &[u16])> = vec![
        ("nothing", vec![], &[0]),
        ("another protocol", b"\x16\x03\x01\x02\x00\x01".to_vec(), &[0, 400]),
        ("half a head", b"GET /api/v1/status HTTP/1.1\r\nHost: ".to_vec(), &[0, 400]),
        ("a version of the future", b"GET / HTTP/9.9\r\n\r\n".to_vec(), &[0, 400]),
        ("a line of nothing", b"\r\n\r\n\r\n".to_vec(), &[0, 400]),
        ("a header without a name", head(": 1\r\n").into_bytes(), &[400]),
        ("a header of two lines", head("X: 1\r\n 2\r\n").into_bytes(), &[400]),
        ("very many headers", head(&many).into_bytes(), &[431]),
        ("a header without end", head(&format!("X: {long}\r\n")).into_bytes(), &[0, 431]),
        ("a path without end", format!("GET /{long} HTTP/1.1\r\n\r\n").into_bytes(), &[0, 414, 431]),
        ("two lengths", head("Content-Length: 2\r\nContent-Length: 12\r\n").into_bytes(), &[400]),
        ("a length below nothing", head("Content-Length: -1\r\n").into_bytes(), &[400]),
        ("a length beyond all machines", head("Content-Length: 99999999999999999999\r\n").into_bytes(), &[400]),
        ("a length that is too much", head("Content-Length: 2097152\r\n").into_bytes(), &[413]),
        ("a length and pieces", head("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n").into_bytes(), &[0, 400]),
        ("pieces of no size", chunks("tea\r\n"), &[400, 0]),
        ("a piece beyond all machines", chunks("ffffffffffffffffff\r\n"), &[400, 0]),
        ("pieces without end", chunks(&endless), &[413]),
        ("pieces that stop", chunks("5\r\n{\"n"), &[400, 0]),
        ("a body that stops", [head("Content-Length: 12\r\n").into_bytes(), b"{\"name\"".to_vec()].concat(), &[400, 0]),
        ("another request behind", head("Transfer-Encoding: gzip\r\n").into_bytes(), &[400, 0]),
    ];
    for (what, bytes, wanted) in cases {
        let told = String::from_utf8_lossy(&send(&api, &bytes, true)).into_owned();
        let status = told.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        assert!(wanted.contains(&status), "{what}: {told:?}");
        node.assert_unharmed(what);
        before.assert_same(&node, what);
    }
}

/// Clients that say half a word and wait do not keep others from being answered.
#[test]
fn clients_that_wait_are_in_nobodys_way() {
    let town = Town::new();
    let mut node = keeper(&town);
    let (before, api) = (Still::of(&node), node.api());
    let mut slow: Vec<TcpStream> = (0..60).map(|_| TcpStream::connect(&api).expect("somebody listens")).collect();
    for (at, stream) in slow.iter_mut().enumerate() {
        let half = ["GET /api/v1/status HTTP/1.1\r\nHost:", "POST /api/v1/circles HTTP/1.1\r\n", "G"][at % 3];
        stream.write_all(half.as_bytes()).expect("it is taken");
    }
    node.assert_unharmed("sixty that wait");
    before.assert_same(&node, "sixty that wait");
    let _ = answer::document("status", &node.run(&["status"], None));
    // Each is let go in the end.
    for stream in &mut slow {
        stream.set_read_timeout(Some(haat_tests::daemon::PATIENCE)).expect("a timeout can be set");
        let told = stream.read_to_end(&mut Vec::new());
        assert!(told.is_ok() || told.is_err_and(|fault| fault.kind() == std::io::ErrorKind::ConnectionReset), "it is not let go");
    }
    before.assert_same(&node, "sixty that were let go");
}
