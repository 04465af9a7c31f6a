//! The HTTP server of the local API: connections, the order in which a request is judged, and its way to the service.
//!
//! Order: host, page, token, route and method, scope of the token, media type, size, words, and the side of an order that they are for.
//! Nothing of a body is read before all that can be judged without it.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use axum::http::request::Parts;
use axum::http::{Method, Request};
use axum::response::Response;
use futures::StreamExt as _;
use haat_protocol::limits::{
    API_ACCEPT_PAUSE_MS, API_BODY_WITHIN_MS, API_COMMANDS_AT_ONCE, API_CONNECTIONS_MAX, API_HEAD_MAX_BYTES, API_HEAD_WITHIN_MS,
    API_HEADERS_MAX, API_IMPORTS_AT_ONCE, API_KEY_MAX_CHARS, API_STOP_WITHIN_MS, API_STREAMS_MAX,
};
use haat_protocol::local::done::Stopping;
use haat_protocol::local::{Command, Problem, ProblemKind};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::gate::{Gate, Guest, only};
use super::openapi;
use super::problem::{Answer, No, harden, plain};
use super::repeat::{Pending, Print, Repeats, Turn};
use super::route::{self, Route};
use super::{ApiConfig, event, side, words};
use crate::service::Service;

/// The key under which a request has one effect.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Serves the API until `config.stop` ends; then open requests get a little time to end too.
///
/// # Errors
/// An internal problem when the listener is no loopback one or cannot be used, or the token is empty.
pub async fn serve<S: Service, F: Future<Output = ()>>(service: S, config: ApiConfig<F>) -> Result<(), Problem> {
    serve_at(Pace::default(), service, config).await
}

/// How long clients may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// To send the head of the next request.
    pub(super) head: Duration,
    /// To send its body.
    pub(super) body: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { head: Duration::from_millis(API_HEAD_WITHIN_MS), body: Duration::from_millis(API_BODY_WITHIN_MS) }
    }
}

/// Serves at another pace than the usual one.
pub(super) async fn serve_at<S: Service, F: Future<Output = ()>>(pace: Pace, service: S, config: ApiConfig<F>) -> Result<(), Problem> {
    let unusable =
        |fault: std::io::Error| Problem::new(ProblemKind::Internal, "no-listener", "the local API cannot listen", fault.to_string());
    let addr = config.listener.local_addr().map_err(unusable)?;
    if !addr.ip().is_loopback() {
        return Err(unusable(std::io::Error::other("the listener can be reached by other machines")));
    }
    config.listener.set_nonblocking(true).map_err(unusable)?;
    let listener = TcpListener::from_std(config.listener).map_err(unusable)?;
    let (stopping, stop) = watch::channel(false);
    let door = Arc::new(Door::new(service, Gate::new(addr, config.token)?, pace, stop));
    let mut connections = JoinSet::new();
    tokio::select! {
        () = accept(&listener, &door, &mut connections) => {}
        () = config.stop => {}
    }
    drop(listener);
    stopping.send_replace(true);
    let ended = timeout(Duration::from_millis(API_STOP_WITHIN_MS), async { while connections.join_next().await.is_some() {} }).await;
    if ended.is_err() {
        tracing::warn!(open = connections.len(), "requests were cut off by the stop");
    }
    Ok(())
}

/// Takes connections, so many at once, for ever.
async fn accept<S: Service>(listener: &TcpListener, door: &Arc<Door<S>>, connections: &mut JoinSet<()>) {
    let seats = Arc::new(Semaphore::new(API_CONNECTIONS_MAX));
    loop {
        let seat = seats.clone().acquire_owned().await.expect("nobody closes the seats");
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(converse(stream, door.clone(), seat));
            }
            Err(fault) => {
                tracing::warn!(%fault, "a connection to the local API was not accepted");
                sleep(Duration::from_millis(API_ACCEPT_PAUSE_MS)).await;
            }
        }
    }
}

/// Serves one connection to its end; after the stop, to the end of its current request.
async fn converse<S: Service>(stream: TcpStream, door: Arc<Door<S>>, _seat: OwnedSemaphorePermit) {
    let mut stop = door.stop.clone();
    let stopping = async move { stop.wait_for(|stopping| *stopping).await.map(drop) };
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new());
    server.header_read_timeout(door.pace.head);
    server.max_headers(API_HEADERS_MAX);
    server.max_buf_size(API_HEAD_MAX_BYTES);
    let answer = service_fn(move |request: Request<Incoming>| {
        let door = door.clone();
        async move { Ok::<_, Infallible>(door.answer(request.map(Body::new)).await) }
    });
    let mut connection = std::pin::pin!(server.serve_connection(TokioIo::new(stream), answer));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = stopping => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(fault) = ended {
        tracing::debug!(%fault, "a connection to the local API ended early");
    }
}

/// Everything a request is judged and answered with.
struct Door<S> {
    service: S,
    gate: Gate,
    pace: Pace,
    repeats: Repeats,
    commands: Arc<Semaphore>,
    imports: Semaphore,
    streams: Arc<Semaphore>,
    stop: watch::Receiver<bool>,
}

impl<S: Service> Door<S> {
    fn new(service: S, gate: Gate, pace: Pace, stop: watch::Receiver<bool>) -> Self {
        Self {
            service,
            gate,
            pace,
            repeats: Repeats::default(),
            commands: Arc::new(Semaphore::new(API_COMMANDS_AT_ONCE)),
            imports: Semaphore::new(API_IMPORTS_AT_ONCE),
            streams: Arc::new(Semaphore::new(API_STREAMS_MAX)),
            stop,
        }
    }

    /// Answers one request, whatever it is.
    async fn answer(&self, request: Request<Body>) -> Response {
        let (head, body) = request.into_parts();
        let mut response = match self.judge(&head, body).await {
            Ok(response) => response,
            Err(no) => no.respond(),
        };
        harden(response.headers_mut());
        response
    }

    async fn judge(&self, head: &Parts, body: Body) -> Result<Response, No> {
        let path = head.uri.path();
        self.gate.admit(head)?;
        let guest = if route::is_open(path) { None } else { Some(self.gate.known(head, &self.service)?) };
        let route = route::find(&head.method, path)?;
        let Some(guest) = guest else { return self.health(route, head) };
        if let Some(scope) = route.scope() {
            guest.needs(scope, path)?;
        }
        if head.method == Method::POST {
            return self.act(route, guest, head, body).await;
        }
        match route {
            Route::Question(tag) => {
                let question = words::question(tag, &head.uri)?;
                return Ok(Answer::of(self.service.ask(question).await).respond());
            }
            _ => words::no_parameters(&head.uri)?,
        }
        match route {
            Route::Events => {
                let seat = self.streams.clone().try_acquire_owned().map_err(|_| {
                    No::new(503, "streams", "too many event streams are open", format!("there may be {API_STREAMS_MAX} at once"))
                        .hint("close one, then try again")
                })?;
                event::open(self.service.clone(), guest, head, event::Seat { stop: self.stop.clone(), _place: seat })
            }
            _ => Ok(Answer::of(Ok(openapi::document())).respond()),
        }
    }

    /// Says whether the process lives or the node is ready, to whoever asks.
    fn health(&self, route: Route, head: &Parts) -> Result<Response, No> {
        words::no_parameters(&head.uri)?;
        let (status, word): (_, &'static [u8]) =
            if route == Route::Ready && !self.service.is_ready() { (503, b"not ready") } else { (200, b"ok") };
        Ok(plain(status, "text/plain", Bytes::from_static(word)))
    }

    /// Carries out what a POST asks for.
    async fn act(&self, route: Route, guest: Guest, head: &Parts, body: Body) -> Result<Response, No> {
        check_media(head, &body)?;
        check_length(head, route.body_max())?;
        let _large = if route.is_import() { Some(self.imports.acquire().await.expect("nobody closes the imports")) } else { None };
        let body = read(body, route.body_max(), self.pace.body).await?;
        words::no_parameters(&head.uri)?;
        let deed = match route {
            Route::Command(tag) => Deed::Call(Box::new(side::judge(&self.service, guest, words::command(tag, &body)?).await?)),
            Route::Rebuild => words::nothing(&body).map(|()| Deed::Rebuild)?,
            _ => words::nothing(&body).map(|()| Deed::Stop)?,
        };
        let key = key(head)?;
        let print = print(head.uri.path(), &body);
        drop(body);
        let mut pending = self.begin(deed, key, print).await?;
        let answer = pending.wait_for(Option::is_some).await.ok().and_then(|answer| answer.clone());
        answer.map(Answer::respond).ok_or_else(|| No::new(500, "no-answer", "the node gave no answer", "a fault ended the request midway"))
    }

    /// Begins a deed that goes on even if its client goes away, or finds the one that its key already began.
    async fn begin(&self, deed: Deed, key: Option<&str>, print: Print) -> Result<Pending, No> {
        let seat = self.commands.clone().acquire_owned().await.expect("nobody closes the commands");
        let turn = key.map(|key| self.repeats.turn(key, print));
        let teller = match turn {
            None => None,
            Some(Turn::First(teller)) => Some(teller),
            Some(Turn::Repeat(pending)) => return Ok(pending),
            Some(Turn::Clash) => {
                return Err(No::new(422, "key-reused", "this Idempotency-Key was used for something else", "path or body differ")
                    .hint("take a fresh key for each thing to be done"));
            }
            Some(Turn::Full) => return Err(No::new(503, "busy", "too many requests are under way", "none of their answers is there yet")),
        };
        let (sender, pending) = watch::channel(None);
        let service = self.service.clone();
        tokio::spawn(async move {
            let answer = Answer::of(deed.perform(&service).await);
            if let Some(teller) = teller {
                teller.tell(&answer);
            }
            sender.send_replace(Some(answer));
            drop(seat);
        });
        Ok(pending)
    }
}

/// Something that changes the node.
enum Deed {
    Call(Box<Command>),
    Rebuild,
    Stop,
}

impl Deed {
    async fn perform<S: Service>(self, service: &S) -> Result<Value, Problem> {
        match self {
            Self::Call(command) => service.call(*command).await,
            Self::Rebuild => service.rebuild().await,
            Self::Stop => {
                service.stop();
                Ok(json!(Stopping { stopping: true }))
            }
        }
    }
}

/// JSON, or nothing at all. A form of another site can send neither.
fn check_media(head: &Parts, body: &Body) -> Result<(), No> {
    let media = match only(head, &CONTENT_TYPE) {
        Ok(None) if body.is_end_stream() => return Ok(()),
        Ok(Some(media)) => media.split(';').next().unwrap_or_default().trim(),
        _ => "",
    };
    if head.headers.get_all(CONTENT_ENCODING).iter().any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(No::new(415, "media-type", "the body must not be packed", "Content-Encoding is not identity").hint("send it as it is"));
    }
    if media.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(No::new(415, "media-type", "the body must be JSON", "Content-Type is not application/json")
        .hint("send `Content-Type: application/json`"))
}

/// The length a client announces, so that it is told before it sends.
fn check_length(head: &Parts, max: usize) -> Result<(), No> {
    match only(head, &CONTENT_LENGTH).ok().flatten().map(str::parse::<usize>) {
        Some(Ok(length)) if length > max => Err(too_large(max)),
        _ => Ok(()),
    }
}

fn too_large(max: usize) -> No {
    No::new(413, "too-large", "the body is too large", format!("at most {max} bytes are taken here"))
}

/// Reads a body of `max` bytes at most, in a bounded time.
async fn read(body: Body, max: usize, within: Duration) -> Result<Bytes, No> {
    let whole = async {
        let mut stream = body.into_data_stream();
        let mut whole = Vec::new();
        while let Some(piece) = stream.next().await {
            let piece = piece.map_err(|fault| No::words("body", "the body broke off", fault.to_string()))?;
            if whole.len() + piece.len() > max {
                return Err(too_large(max));
            }
            whole.extend_from_slice(&piece);
        }
        Ok(Bytes::from(whole))
    };
    match timeout(within, whole).await {
        Ok(read) => read,
        Err(_) => Err(No::new(408, "slow-body", "the body took too long", format!("it must be here within {} ms", within.as_millis()))),
    }
}

/// The request's idempotency key, if it has one.
fn key(head: &Parts) -> Result<Option<&str>, No> {
    let key = match only(head, &IDEMPOTENCY_KEY) {
        Ok(None) => return Ok(None),
        Ok(Some(key)) => key,
        Err(_) => "",
    };
    if (1..=API_KEY_MAX_CHARS).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(Some(key));
    }
    Err(No::words("idempotency-key", "the Idempotency-Key cannot be used", format!("1 to {API_KEY_MAX_CHARS} visible characters, once")))
}

/// What a repeat must be equal in.
fn print(path: &str, body: &[u8]) -> Print {
    let mut hasher = blake3::Hasher::new();
    hasher.update(path.as_bytes());
    hasher.update(&[0]);
    hasher.update(body);
    *hasher.finalize().as_bytes()
}
