//! Bytes on a socket, as an ill-behaved client sends them. Nothing here knows what a good request is.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Instant;

use super::PATIENCE;

/// Bytes of an answer that are read; more is nobody's answer.
const ANSWER_MAX_BYTES: u64 = 1024 * 1024;

/// An answer over HTTP.
#[derive(Debug)]
pub struct Reply {
    /// The status; 0 when the connection was closed without any.
    pub status: u16,
    /// Head and body.
    pub text: String,
}

/// Sends one request with exactly these headers, and a `Host` unless one is given, and reads the answer to the end.
///
/// # Panics
/// When there is nobody to talk to.
#[must_use]
pub fn http(address: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
    let has = |name: &str| headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
    if !has("host") {
        head.push_str(&format!("Host: {address}\r\n"));
    }
    if !has("content-length") && !body.is_empty() {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let bytes = send(address, &[head.as_bytes(), body].concat(), false);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = text.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    Reply { status, text }
}

/// Listens to the event stream from its first event on, with the token of a home, until a line holds all of these words.
///
/// # Panics
/// As [`events`] and [`Events::until`].
#[must_use]
pub fn streamed(address: &str, token: &str, words: &[&str]) -> String {
    events(address, token).until(words)
}

/// An event stream, line by line.
#[derive(Debug)]
pub struct Events(BufReader<TcpStream>);

/// Opens the event stream from its first event on, with the token of a home.
///
/// # Panics
/// When there is nobody to talk to, or no stream is opened.
#[must_use]
pub fn events(address: &str, token: &str) -> Events {
    let mut stream = TcpStream::connect(address).expect("somebody listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
    let head = format!("GET /api/v1/events HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nLast-Event-ID: 0\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("a request can be sent");
    let mut events = Events(BufReader::new(stream));
    events.until(&["text/event-stream"]);
    events
}

impl Events {
    /// The next line that holds all of these words.
    ///
    /// # Panics
    /// When none comes within the usual patience.
    pub fn until(&mut self, words: &[&str]) -> String {
        let (begun, mut heard) = (Instant::now(), Vec::new());
        for line in self.0.by_ref().lines() {
            let Ok(line) = line else { break };
            // The stream says now and then that it is alive.
            if begun.elapsed() > PATIENCE {
                break;
            }
            if words.iter().all(|word| line.contains(word)) {
                return line;
            }
            heard.push(line);
        }
        panic!("no event with {words:?} came; there were {heard:#?}");
    }
}

/// Sends bytes and reads what comes until the other side closes; `done` says that no more will be sent.
///
/// # Panics
/// When there is nobody to talk to.
#[must_use]
pub fn send(address: &str, bytes: &[u8], done: bool) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("somebody listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
    // The other side may have had enough before all is sent.
    let _ = stream.write_all(bytes);
    if done {
        let _ = stream.shutdown(Shutdown::Write);
    }
    let mut answer = Vec::new();
    let _ = stream.take(ANSWER_MAX_BYTES).read_to_end(&mut answer);
    answer
}
