//! A service that does what its test says, a server before it, and HTTP by hand.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use haat_protocol::local::{Command, Happening, ImportReport, ImportRow, Problem, ProblemKind, Question, Scope};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::sync::{Notify, Semaphore, broadcast, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::api::server::{Pace, serve_at};
use crate::api::{ApiConfig, bind};
use crate::service::{Missed, Service};
use crate::token::{self, Pass, TokenHash};

/// The token of all tests.
pub(super) const TOKEN: &str = "0123456789012345678901234567890123456789abc";
/// Patience with a test's own server.
const PATIENCE: Duration = Duration::from_secs(20);
/// News that the broadcast holds.
const NEWS: usize = 4;

#[derive(Clone)]
pub(super) struct Fake(Arc<State>);

struct State {
    calls: Mutex<Vec<Command>>,
    entered: Semaphore,
    go: Semaphore,
    ready: AtomicBool,
    past: Mutex<Vec<(u64, Happening)>>,
    forgotten: Mutex<u64>,
    news: broadcast::Sender<(u64, Happening)>,
    progress: watch::Sender<Option<Happening>>,
    /// Tokens by their hashes: how far each reaches, and until when it is good.
    tokens: Mutex<BTreeMap<TokenHash, (Scope, Option<Instant>)>>,
    stop: Notify,
}

impl Fake {
    pub(super) fn new() -> Self {
        Self(Arc::new(State {
            calls: Mutex::default(),
            entered: Semaphore::new(0),
            go: Semaphore::new(0),
            ready: AtomicBool::new(true),
            past: Mutex::default(),
            forgotten: Mutex::default(),
            news: broadcast::channel(NEWS).0,
            progress: watch::channel(None).0,
            tokens: Mutex::default(),
            stop: Notify::new(),
        }))
    }

    pub(super) fn calls(&self) -> Vec<Command> {
        self.0.calls.lock().expect("no panic holds it").clone()
    }

    pub(super) fn set_ready(&self, ready: bool) {
        self.0.ready.store(ready, Ordering::SeqCst);
    }

    /// Waits until a slow call is under way.
    pub(super) async fn entered(&self) {
        self.0.entered.acquire().await.expect("open").forget();
    }

    pub(super) fn let_go(&self) {
        self.0.go.add_permits(1);
    }

    /// Something happens; gives its number.
    pub(super) fn happen(&self, kind: &str) -> u64 {
        let mut past = self.0.past.lock().expect("no panic holds it");
        let number = past.len() as u64 + 1;
        let happening =
            Happening { kind: kind.to_owned(), subject: format!("s{number}"), more: [("n".to_owned(), "a\nb".to_owned())].into() };
        past.push((number, happening.clone()));
        drop(self.0.news.send((number, happening)));
        number
    }

    /// Something long has come so far, or is over.
    pub(super) fn progress(&self, done: Option<&str>) {
        let told = |done: &str| Happening {
            kind: "progress".to_owned(),
            subject: "shop".to_owned(),
            more: [("done".to_owned(), done.to_owned())].into(),
        };
        self.0.progress.send_replace(done.map(told));
    }

    /// Takes a token of another program from now on, for so long.
    pub(super) fn lend(&self, token: &str, scope: Scope, life: Option<Duration>) {
        let until = life.map(|life| Instant::now() + life);
        self.0.tokens.lock().expect("no panic holds it").insert(token::hash(token), (scope, until));
    }

    /// Takes it back, and says so.
    pub(super) fn revoke(&self, token: &str) {
        self.0.tokens.lock().expect("no panic holds it").remove(&token::hash(token));
        self.happen("token");
    }

    /// Forgets all news up to a number.
    pub(super) fn forget(&self, number: u64) {
        *self.0.forgotten.lock().expect("no panic holds it") = number;
    }

    pub(super) fn watchers(&self) -> usize {
        self.0.news.receiver_count()
    }
}

impl Service for Fake {
    async fn call(&self, command: Command) -> Result<Value, Problem> {
        let number = {
            let mut calls = self.0.calls.lock().expect("no panic holds it");
            calls.push(command.clone());
            calls.len()
        };
        let Command::CircleCreate { name, .. } = command else { return Ok(json!({ "call": number })) };
        match name.as_str() {
            "lost" => Err(Problem::new(ProblemKind::Store, "disk-full", "the disk is full", "no bytes left")),
            "panic" => panic!("a fault on purpose"),
            "refused" => {
                let row = ImportRow { row: 2, column: "Price".into(), value: "x".into(), reason: "no number".into() };
                let mut problem = Problem::refused("no-circle", "not today", "the market is closed").hint("come back tomorrow");
                problem.import = Some(Box::new(ImportReport { refused: vec![row], ..ImportReport::default() }));
                Err(problem)
            }
            "slow" => {
                self.0.entered.add_permits(1);
                self.0.go.acquire().await.expect("open").forget();
                Ok(json!({ "call": number }))
            }
            _ => Ok(json!({ "call": number })),
        }
    }

    async fn ask(&self, question: Question) -> Result<Value, Problem> {
        Ok(json!({ "asked": question }))
    }

    async fn rebuild(&self) -> Result<Value, Problem> {
        Ok(json!({ "rebuilt": true }))
    }

    fn watch(&self) -> broadcast::Receiver<(u64, Happening)> {
        self.0.news.subscribe()
    }

    fn progress(&self) -> watch::Receiver<Option<Happening>> {
        let mut progress = self.0.progress.subscribe();
        progress.mark_changed();
        progress
    }

    fn since(&self, after: u64) -> Missed {
        let forgotten = *self.0.forgotten.lock().expect("no panic holds it");
        let past = self.0.past.lock().expect("no panic holds it");
        let news = past.iter().filter(|(number, _)| *number > after.max(forgotten)).cloned().collect();
        Missed { is_whole: after >= forgotten, news }
    }

    fn pass(&self, token: &TokenHash) -> Result<Option<Pass>, Problem> {
        let held = self.0.tokens.lock().expect("no panic holds it").get(token).copied();
        let left = |until: Instant| until.checked_duration_since(Instant::now());
        Ok(match held {
            Some((scope, None)) => Some(Pass { scope, lives_ms: None }),
            Some((scope, Some(until))) => {
                left(until).map(|left| Pass { scope, lives_ms: Some(u64::try_from(left.as_millis()).expect("a short time")) })
            }
            None => None,
        })
    }

    fn stop(&self) {
        self.0.stop.notify_one();
    }

    fn is_ready(&self) -> bool {
        self.0.ready.load(Ordering::SeqCst)
    }
}

pub(super) struct Server {
    pub(super) fake: Fake,
    pub(super) addr: SocketAddr,
    task: JoinHandle<Result<(), Problem>>,
}

impl Server {
    pub(super) async fn start() -> Self {
        Self::start_at(Pace::default()).await
    }

    pub(super) async fn start_at(pace: Pace) -> Self {
        let fake = Fake::new();
        let listener = bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
        let addr = listener.local_addr().expect("bound");
        let waiting = fake.clone();
        let stop = async move { waiting.0.stop.notified().await };
        let task = tokio::spawn(serve_at(pace, fake.clone(), ApiConfig { listener, token: TOKEN.to_owned(), stop }));
        let server = Self { fake, addr, task };
        assert_eq!(server.ask(&Ask::get("/healthz")).await.status, 200);
        server
    }

    /// Sends a request, on a connection of its own.
    pub(super) async fn connect(&self, ask: &Ask) -> BufReader<TcpStream> {
        self.send(&ask.text(self.addr.port())).await
    }

    /// Sends a request and reads its answer.
    pub(super) async fn ask(&self, ask: &Ask) -> Reply {
        read_reply(&mut self.connect(ask).await).await
    }

    /// Announces a body of this length and sends none.
    pub(super) async fn announce(&self, path: &str, length: usize) -> Reply {
        let ask = Ask::post(path, "").with("content-type", "application/json").chunked().also("x-length", "");
        let text = ask.text(self.addr.port()).replace("transfer-encoding: chunked", &format!("content-length: {length}"));
        read_reply(&mut self.send(&text).await).await
    }

    pub(super) async fn send(&self, text: &str) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(self.addr).await.expect("it listens");
        // A server that refuses early may close before all is written; its answer is still there to read.
        drop(stream.write_all(text.as_bytes()).await);
        BufReader::new(stream)
    }

    /// Waits until the server has ended.
    pub(super) async fn ended(self) {
        self.fake.stop();
        within(self.task).await.expect("no panic").expect("it ended well");
    }
}

pub(super) async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("in time")
}

/// A request to be written by hand.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    method: String,
    path: String,
    host: Option<String>,
    headers: Vec<(String, String)>,
    body: String,
    chunked: bool,
}

impl Ask {
    pub(super) fn get(path: &str) -> Self {
        let headers = vec![("connection".to_owned(), "close".to_owned()), ("authorization".to_owned(), format!("Bearer {TOKEN}"))];
        Self { method: "GET".into(), path: path.into(), host: Some("127.0.0.1:PORT".into()), headers, body: String::new(), chunked: false }
    }

    /// A POST, as JSON unless the body is empty.
    pub(super) fn post(path: &str, body: &str) -> Self {
        let ask = Self { body: body.into(), ..Self::get(path) }.method("POST");
        if body.is_empty() { ask } else { ask.with("content-type", "application/json") }
    }

    pub(super) fn method(mut self, method: &str) -> Self {
        method.clone_into(&mut self.method);
        self
    }

    /// `PORT` in it becomes the server's port.
    pub(super) fn host(mut self, host: &str) -> Self {
        self.host = Some(host.into());
        self
    }

    pub(super) fn no_host(mut self) -> Self {
        self.host = None;
        self
    }

    pub(super) fn token(self, header: Option<&str>) -> Self {
        let bare = self.without("authorization");
        match header {
            Some(header) => bare.also("authorization", header),
            None => bare,
        }
    }

    pub(super) fn with(self, name: &str, value: &str) -> Self {
        self.without(name).also(name, value)
    }

    pub(super) fn also(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self
    }

    pub(super) fn keep_alive(self) -> Self {
        self.without("connection")
    }

    /// The body is written as it is, and said to be in chunks.
    pub(super) fn chunked(mut self) -> Self {
        self.chunked = true;
        self
    }

    fn text(&self, port: u16) -> String {
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        if let Some(host) = &self.host {
            write!(text, "host: {host}\r\n").expect("memory");
        }
        for (name, value) in &self.headers {
            write!(text, "{name}: {value}\r\n").expect("memory");
        }
        if self.chunked {
            text += "transfer-encoding: chunked\r\n";
        } else if !self.body.is_empty() {
            write!(text, "content-length: {}\r\n", self.body.len()).expect("memory");
        }
        let head = text.replace("PORT", &port.to_string());
        format!("{head}\r\n{}", self.body)
    }
}

#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    /// Header lines in lower case.
    pub(super) head: String,
    pub(super) body: String,
}

impl Reply {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }
}

/// Reads status and header lines.
pub(super) async fn read_head(stream: &mut BufReader<TcpStream>) -> Reply {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(within(stream.read_line(&mut head)).await.expect("readable"), 0, "the head broke off: {head:?}");
    }
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).expect("a status");
    let lines = head.lines().map(|line| match line.split_once(": ") {
        Some((name, value)) => format!("{}: {value}\n", name.to_ascii_lowercase()),
        None => String::new(),
    });
    Reply { status, head: lines.collect(), body: String::new() }
}

/// Reads a whole answer.
pub(super) async fn read_reply(stream: &mut BufReader<TcpStream>) -> Reply {
    let mut reply = read_head(stream).await;
    let mut body = Vec::new();
    match reply.header("content-length").map(|length| length.parse().expect("a length")) {
        Some(length) => {
            body.resize(length, 0);
            if within(stream.read_exact(&mut body)).await.is_err() {
                body.clear();
            }
        }
        None => drop(within(stream.read_to_end(&mut body)).await),
    }
    reply.body = String::from_utf8(body).expect("text");
    reply
}

/// Whether the other end closes the connection without another word.
pub(super) async fn is_closed(stream: &mut BufReader<TcpStream>) -> bool {
    within(stream.read_u8()).await.is_err()
}
