//! The event stream: numbers, resuming, gaps, seats, the end.

use haat_protocol::limits::API_STREAMS_MAX;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpStream;

use super::kit::{Ask, Server, is_closed, read_head, within};

pub(super) fn events() -> Ask {
    Ask::get("/api/v1/events")
}

pub(super) async fn open(server: &Server, ask: &Ask) -> BufReader<TcpStream> {
    let mut stream = server.connect(ask).await;
    let head = read_head(&mut stream).await;
    assert_eq!((head.status, head.header("content-type")), (200, Some("text/event-stream")));
    assert_eq!(head.header("cache-control"), Some("no-store"));
    stream
}

/// Reads one event: its id, name and data. Sizes of chunks are skipped.
pub(super) async fn next(stream: &mut BufReader<TcpStream>) -> (String, String, String) {
    let mut event = (String::new(), String::new(), String::new());
    loop {
        let mut line = String::new();
        assert_ne!(within(stream.read_line(&mut line)).await.expect("readable"), 0, "the stream ended");
        match line.trim_end().split_once(": ") {
            Some(("id", id)) => id.clone_into(&mut event.0),
            Some(("event", name)) => name.clone_into(&mut event.1),
            Some(("data", data)) => data.clone_into(&mut event.2),
            _ if line == "\n" => return event,
            _ => {}
        }
    }
}

#[tokio::test]
async fn news_arrive_with_their_numbers() {
    let server = Server::start().await;
    server.fake.happen("before");
    let mut stream = open(&server, &events()).await;
    server.fake.happen("entry");
    server.fake.happen("bad\nkind");
    let (id, name, data) = next(&mut stream).await;
    assert_eq!((id.as_str(), name.as_str()), ("2", "entry"), "news from here on only");
    assert_eq!(data, r#"{"kind":"entry","more":{"n":"a\nb"},"subject":"s2"}"#);
    assert_eq!(next(&mut stream).await.1, "unknown", "a kind cannot break the framing");
}

/// How far something is has no number: who comes back is not told of it, and news go on as they were numbered.
#[tokio::test]
async fn progress_is_told_in_passing() {
    let server = Server::start().await;
    let mut stream = open(&server, &events()).await;
    server.fake.progress(Some("100"));
    let (id, name, data) = next(&mut stream).await;
    assert_eq!((id.as_str(), name.as_str()), ("", "progress"));
    assert_eq!(data, r#"{"kind":"progress","more":{"done":"100"},"subject":"shop"}"#);
    server.fake.progress(None);
    server.fake.happen("entry");
    assert_eq!(next(&mut stream).await.0, "1");
    server.fake.progress(Some("200"));
    assert!(next(&mut stream).await.2.contains("200"));
    let mut late = open(&server, &events().with("last-event-id", "0")).await;
    let both = [next(&mut late).await.1, next(&mut late).await.1];
    assert!(both.contains(&"entry".to_owned()) && both.contains(&"progress".to_owned()), "{both:?}");
}

#[tokio::test]
async fn a_stream_is_resumed_without_loss_or_repeat() {
    let server = Server::start().await;
    for _ in 0..9 {
        server.fake.happen("entry");
    }
    let mut stream = open(&server, &events().with("last-event-id", "6")).await;
    server.fake.happen("order");
    for number in 7..=10 {
        assert_eq!(next(&mut stream).await.0, number.to_string());
    }
    let mut stream = open(&server, &events().with("last-event-id", "10")).await;
    server.fake.happen("order");
    assert_eq!(next(&mut stream).await.0, "11");
}

#[tokio::test]
async fn too_long_ago_is_a_gap() {
    let server = Server::start().await;
    for _ in 0..5 {
        server.fake.happen("entry");
    }
    server.fake.forget(4);
    let mut stream = open(&server, &events().with("last-event-id", "2")).await;
    assert_eq!(next(&mut stream).await, (String::new(), "gap".into(), r#"{"after":2}"#.into()));
    server.fake.happen("entry");
    for number in ["5", "6"] {
        assert_eq!(next(&mut stream).await.0, number, "and goes on with what is remembered");
    }
}

#[tokio::test]
async fn who_falls_behind_catches_up_or_learns_of_the_gap() {
    let server = Server::start().await;
    let mut known = open(&server, &events().with("last-event-id", "0")).await;
    server.fake.happen("entry");
    assert_eq!(next(&mut known).await.0, "1");
    // The broadcast holds four: ten at once, without a pause in between, overrun the stream.
    for _ in 0..10 {
        server.fake.happen("entry");
    }
    for number in 2..=11 {
        assert_eq!(next(&mut known).await.0, number.to_string(), "caught up from the service's memory");
    }
    server.fake.forget(100);
    for _ in 0..10 {
        server.fake.happen("entry");
    }
    assert_eq!(next(&mut known).await.1, "gap");
    assert_eq!(next(&mut known).await.0, "18", "the news that are still held");
}

#[tokio::test]
async fn bad_numbers_are_refused() {
    let server = Server::start().await;
    for bad in ["", "x", "-1", "1.5", "18446744073709551616"] {
        assert_eq!(server.ask(&events().with("last-event-id", bad)).await.status, 400, "{bad:?}");
    }
    assert_eq!(server.ask(&events().also("last-event-id", "1").also("last-event-id", "2")).await.status, 400);
}

#[tokio::test]
async fn streams_are_few_and_end_with_the_server() {
    let server = Server::start().await;
    let mut streams = Vec::new();
    for _ in 0..API_STREAMS_MAX {
        streams.push(open(&server, &events().keep_alive()).await);
    }
    assert_eq!(server.fake.watchers(), API_STREAMS_MAX);
    let reply = server.ask(&events()).await;
    assert_eq!((reply.status, reply.json()["code"].as_str()), (503, Some("streams")));
    assert_eq!(server.ask(&Ask::get("/api/v1/status")).await.status, 200, "questions are still answered");
    server.ended().await;
    for stream in &mut streams {
        let mut rest = String::new();
        within(stream.read_line(&mut rest)).await.expect("readable");
        assert_eq!(rest.trim_end(), "0", "the stream is closed in good order");
        within(stream.read_line(&mut rest)).await.expect("readable");
        assert!(is_closed(stream).await);
    }
}
