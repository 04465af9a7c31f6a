//! The event stream: news as server-sent events, numbered, resumable. Must never hold the node up: who reads too slowly
//! gets a `gap`, and asks its questions again.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::HeaderName;
use axum::http::request::Parts;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::{Stream, stream};
use haat_protocol::limits::API_KEEP_ALIVE_MS;
use haat_protocol::local::Happening;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, broadcast, watch};

use super::gate::only;
use super::problem::No;
use crate::service::Service;

/// What a browser says when it comes back.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Opens a stream that ends when `stop` does; `seat` is given back with it.
///
/// # Errors
/// 400 for a `Last-Event-ID` that is no number of ours.
pub(super) fn open<S: Service>(service: S, head: &Parts, stop: watch::Receiver<bool>, seat: OwnedSemaphorePermit) -> Result<Response, No> {
    let last = match only(head, &LAST_EVENT_ID) {
        Ok(None) => None,
        Ok(Some(text)) => Some(text.parse::<u64>().map_err(|_| bad_id())?),
        Err(_) => return Err(bad_id()),
    };
    let mut stream = Events { news: service.watch(), service, seen: None, ready: Vec::new(), stop, _seat: seat };
    if let Some(last) = last {
        stream.catch_up(last);
    }
    let keep_alive = KeepAlive::new().interval(Duration::from_millis(API_KEEP_ALIVE_MS)).text("alive");
    Ok(Sse::new(stream.run()).keep_alive(keep_alive).into_response())
}

fn bad_id() -> No {
    No::words("last-event-id", "the last event's number cannot be read", "Last-Event-ID is the id of an event of this stream")
}

struct Events<S> {
    service: S,
    news: broadcast::Receiver<(u64, Happening)>,
    /// Number of the last event told on this stream.
    seen: Option<u64>,
    /// What is to be told before further news, newest first.
    ready: Vec<Event>,
    stop: watch::Receiver<bool>,
    _seat: OwnedSemaphorePermit,
}

impl<S: Service> Events<S> {
    fn run(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut events| async move {
            let event = events.next().await?;
            Some((Ok(event), events))
        })
    }

    async fn next(&mut self) -> Option<Event> {
        loop {
            if *self.stop.borrow() {
                return None;
            }
            if let Some(event) = self.ready.pop() {
                return Some(event);
            }
            let news = tokio::select! {
                _ = self.stop.changed() => return None,
                news = self.news.recv() => news,
            };
            match news {
                Ok((number, happening)) if self.seen.is_none_or(|seen| number > seen) => {
                    self.seen = Some(number);
                    return Some(event(number, &happening));
                }
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => self.lagged(),
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// Readies what happened after number `last`, after the news that something before it is forgotten, if so.
    fn catch_up(&mut self, last: u64) {
        let missed = self.service.since(last);
        self.seen = missed.news.last().map(|(number, _)| *number).or(self.seen);
        self.ready = missed.news.iter().rev().map(|(number, happening)| event(*number, happening)).collect();
        if !missed.is_whole {
            self.ready.push(gap(Some(last)));
        }
    }

    fn lagged(&mut self) {
        match self.seen {
            Some(seen) => self.catch_up(seen),
            None => self.ready.push(gap(None)),
        }
    }
}

fn event(number: u64, happening: &Happening) -> Event {
    let name = if happening.kind.contains(char::is_control) { "unknown" } else { &happening.kind };
    Event::default().id(number.to_string()).event(name).data(serde_json::json!(happening).to_string())
}

/// Tells that events are missing: whatever was derived from the stream is to be asked for again.
fn gap(after: Option<u64>) -> Event {
    Event::default().event("gap").data(serde_json::json!({ "after": after }).to_string())
}
