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
use haat_protocol::local::{Happening, Scope};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, broadcast, watch};

use super::gate::{Guest, only};
use super::problem::No;
use crate::service::Service;

/// What a browser says when it comes back.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// A place at the stream; it is given back when the stream ends.
pub(super) struct Seat {
    /// Ends the stream.
    pub(super) stop: watch::Receiver<bool>,
    /// One of the few that there are.
    pub(super) _place: OwnedSemaphorePermit,
}

/// Opens a stream that ends when its seat does, or when the guest's token is not good any more.
///
/// # Errors
/// 400 for a `Last-Event-ID` that is no number of ours.
pub(super) fn open<S: Service>(service: S, guest: Guest, head: &Parts, seat: Seat) -> Result<Response, No> {
    let last = match only(head, &LAST_EVENT_ID) {
        Ok(None) => None,
        Ok(Some(text)) => Some(text.parse::<u64>().map_err(|_| bad_id())?),
        Err(_) => return Err(bad_id()),
    };
    let mut stream = Events { news: service.watch(), progress: service.progress(), service, guest, seen: None, ready: Vec::new(), seat };
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
    guest: Guest,
    news: broadcast::Receiver<(u64, Happening)>,
    /// Passing words, without numbers: whoever missed one missed nothing.
    progress: watch::Receiver<Option<Happening>>,
    /// Number of the last event told on this stream.
    seen: Option<u64>,
    /// What is to be told before further news, newest first.
    ready: Vec<Event>,
    seat: Seat,
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
            if *self.seat.stop.borrow() {
                return None;
            }
            let life = self.life()?;
            if let Some(event) = self.ready.pop() {
                return Some(event);
            }
            let news = tokio::select! {
                _ = self.seat.stop.changed() => return None,
                () = over(life) => continue,
                Ok(()) = self.progress.changed() => match &*self.progress.borrow_and_update() {
                    Some(progress) => return Some(unnumbered(progress)),
                    None => continue,
                },
                news = self.news.recv() => news,
            };
            match news {
                Ok((number, happening)) if self.seen.is_none_or(|seen| number > seen) => {
                    self.seen = Some(number);
                    self.ready.extend(self.is_told(&happening).then(|| event(number, &happening)));
                }
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => self.lagged(),
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// How long the guest's token is still good; none when it is no more, and then nothing is told any more.
    fn life(&self) -> Option<Option<Duration>> {
        let Some(token) = &self.guest.lent else { return Some(None) };
        let pass = self.service.pass(token).ok().flatten()?;
        Some(pass.lives_ms.map(Duration::from_millis))
    }

    /// Whether the guest may know: which tokens there are is for those who may make them.
    fn is_told(&self, happening: &Happening) -> bool {
        happening.kind != "token" || self.guest.scope == Scope::Admin
    }

    /// Readies what happened after number `last`, after the news that something before it is forgotten, if so.
    fn catch_up(&mut self, last: u64) {
        let missed = self.service.since(last);
        self.seen = missed.news.last().map(|(number, _)| *number).or(self.seen);
        self.ready = missed
            .news
            .iter()
            .rev()
            .filter(|(_, happening)| self.is_told(happening))
            .map(|(number, happening)| event(*number, happening))
            .collect();
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

/// Ends with a life that ends.
async fn over(life: Option<Duration>) {
    match life {
        Some(life) => tokio::time::sleep(life).await,
        None => std::future::pending().await,
    }
}

fn event(number: u64, happening: &Happening) -> Event {
    unnumbered(happening).id(number.to_string())
}

fn unnumbered(happening: &Happening) -> Event {
    let name = if happening.kind.contains(char::is_control) { "unknown" } else { &happening.kind };
    Event::default().event(name).data(serde_json::json!(happening).to_string())
}

/// Tells that events are missing: whatever was derived from the stream is to be asked for again.
fn gap(after: Option<u64>) -> Event {
    Event::default().event("gap").data(serde_json::json!({ "after": after }).to_string())
}
