//! The local API as a stranger's page or a careless program meets it.

use haat_tests::daemon::node::told;
use haat_tests::daemon::raw::http;
use haat_tests::daemon::{Town, items};

/// More than a command may have.
const TOO_LONG: usize = 2 * 1024 * 1024;

#[test]
fn requests_that_are_turned_away() {
    let town = Town::new();
    let mut node = town.node("chen");
    node.up(&[]);
    let api = node.api();
    let token = std::fs::read_to_string(node.home().join("api-token")).expect("the owner may read it");
    let bearer = format!("Bearer {}", token.trim());
    let (key, json) = (("Authorization", bearer.as_str()), ("Content-Type", "application/json"));
    let named = br#"{"name":"By hand"}"#.as_slice();
    let deep = "[".repeat(100_000).into_bytes();
    let long = format!(r#"{{"name":"{}"}}"#, "x".repeat(TOO_LONG)).into_bytes();
    let circles = "/api/v1/circles";
    let cases: [(&str, u16, &str, &str, Vec<(&str, &str)>, &[u8]); 18] = [
        ("no token", 401, "GET", "/api/v1/status", vec![], b""),
        ("another token", 401, "GET", "/api/v1/status", vec![("Authorization", "Bearer 1234")], b""),
        ("the token as a password", 401, "GET", "/api/v1/status", vec![("Authorization", token.trim())], b""),
        ("no token, unknown route", 401, "GET", "/api/v1/secrets", vec![], b""),
        ("another host", 421, "GET", "/api/v1/status", vec![key, ("Host", "haat.example")], b""),
        ("another host, no token", 421, "GET", "/healthz", vec![("Host", "haat.example:80")], b""),
        ("another page", 403, "POST", circles, vec![key, json, ("Origin", "https://evil.example")], named),
        ("no page", 403, "POST", circles, vec![key, json, ("Origin", "null")], named),
        ("another site", 403, "POST", circles, vec![key, json, ("Sec-Fetch-Site", "cross-site")], named),
        ("unknown route", 404, "GET", "/api/v1/secrets", vec![key], b""),
        ("wrong method", 405, "DELETE", circles, vec![key], b""),
        ("a form", 415, "POST", circles, vec![key, ("Content-Type", "application/x-www-form-urlencoded")], b"name=x"),
        ("no type", 415, "POST", circles, vec![key], named),
        ("half a document", 400, "POST", circles, vec![key, json], br#"{"name":"#),
        ("another document", 400, "POST", circles, vec![key, json], br#"{"title":"x"}"#),
        ("no text", 400, "POST", circles, vec![key, json], b"\xff\xfe"),
        ("very deep", 400, "POST", circles, vec![key, json], &deep),
        ("very long", 413, "POST", circles, vec![key, json], &long),
    ];
    for (what, status, method, path, headers, body) in cases {
        let reply = http(&api, method, path, &headers, body);
        assert_eq!(reply.status, status, "{what}: {}", reply.text);
        assert!(!reply.text.contains(token.trim()), "{what}: the token is told");
        assert!(reply.text.contains("application/problem+json"), "{what}: no problem document: {}", reply.text);
        node.assert_unharmed(what);
    }
    assert!(items(&node.ok(&["circle", "list"])).is_empty(), "a request that was turned away did something");

    let reply = http(&api, "POST", circles, &[key, json], named);
    assert!((200..300).contains(&reply.status), "{}", reply.text);
    assert_eq!(told(&items(&node.ok(&["circle", "list"]))[0]["name"]), "By hand");
    for garbage in [&b"\x16\x03\x01\x02\x00\x01"[..], b"GET\r\n\r\n", b"POST / HTTP/9.9\r\n\r\n", &[0xff; 70_000]] {
        let _ = haat_tests::daemon::raw::send(&api, garbage, true);
        node.assert_unharmed("garbage on the API's port");
    }
}
