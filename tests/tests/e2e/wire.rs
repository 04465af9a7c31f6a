//! Strangers on the peer port: whatever they send, the node goes on.

use std::net::TcpStream;

use haat_tests::daemon::story::{assert_log_whole, circle_of, post, until_in_feed};
use haat_tests::daemon::{Town, raw};

/// `/ip4/A/tcp/P/p2p/…` as a socket address.
fn socket(multiaddr: &str) -> String {
    let parts: Vec<&str> = multiaddr.split('/').collect();
    format!("{}:{}", parts[2], parts[4])
}

/// A message of the handshake's first protocol: its length, the words, a line end.
fn line(words: &str) -> Vec<u8> {
    let mut bytes = vec![u8::try_from(words.len() + 1).expect("short")];
    bytes.extend(words.as_bytes());
    bytes.push(b'\n');
    bytes
}

#[test]
fn garbage_on_the_peer_port_does_no_harm() {
    let town = Town::new();
    let [mut host, guest] = circle_of(&town, ["chen", "wang"], "Lane 12", &[]);
    let port = socket(&host.address());
    let begun = [line("/multistream/1.0.0"), line("/noise")].concat();
    let attempts: [Vec<u8>; 9] = [
        Vec::new(),
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
        vec![0; 100_000],
        vec![0xff; 100_000],
        (0..=255).cycle().take(100_000).collect(),
        [&begun[..], &[0xff, 0xff], &vec![7; 65_535]].concat(),
        [&begun[..], &[0, 0]].concat(),
        [line("/multistream/1.0.0"), line("/haat/everything/9")].concat(),
        [&begun[..], &[0, 32], &[9; 32], &[0xff; 4096]].concat(),
    ];
    for attempt in &attempts {
        // What it answers is its own affair; that it closes, and goes on, is not.
        let answer = raw::send(&port, attempt, true);
        assert!(answer.len() < 64 * 1024, "a stranger is told {} bytes", answer.len());
        host.assert_unharmed("garbage");
    }
    let crowd: Vec<TcpStream> = (0..64).filter_map(|_| TcpStream::connect(&port).ok()).collect();
    until_in_feed(&guest, &post(&host, "Lane 12", "We are still talking"));
    until_in_feed(&host, &post(&guest, "Lane 12", "So we are"));
    drop(crowd);
    host.assert_unharmed("a crowd");
    assert_log_whole(&host);
}
