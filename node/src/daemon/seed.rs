//! A seed as a process: keys, lock and local API like a node's, and no store, because it keeps nothing.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use haat_protocol::crypto::Keypair;
use haat_protocol::identity::Chain;
use haat_protocol::limits::START_WAIT_MS;
use haat_protocol::local::{Command, Happening, Me, PeerRow, Problem, ProblemKind, Question, SeedStatus, Status};
use haat_protocol::time::Millis;
use serde_json::{Value, json};
use tokio::sync::{broadcast, watch};

use super::ports;
use super::{Ready, open_api, open_secrets, remember, signals, until_stopped};
use crate::engine::runner::clock;
use crate::home::keyfile::Secrets;
use crate::home::{Home, Remembered};
use crate::net::{self, Scope, SeedConfig, SeedView};
use crate::service::{Missed, Service};
use crate::token::{Pass, TokenHash};

/// How to run a seed.
#[derive(Debug, Clone)]
pub struct SeedOptions {
    /// Where it lives.
    pub home: PathBuf,
    /// Multiaddrs to listen on.
    pub listen: Vec<String>,
    /// Multiaddrs under which others reach it.
    pub external: Vec<String>,
    /// `ADDR:PORT` of the local API.
    pub api: Option<String>,
    /// Opens the sealed keys.
    pub passphrase: String,
    /// File that every byte is written to that the seed can read. For tests.
    pub tape: Option<PathBuf>,
}

/// What a seed says once it is up.
#[derive(Debug, Clone)]
pub struct SeedReady {
    /// As a node would.
    pub ready: Ready,
    /// Addresses to hand out, the most useful first.
    pub hand_out: Vec<String>,
    /// What the owner should know about them.
    pub warning: Option<String>,
}

/// Runs a seed until it is told to stop: by a signal, or through the API. Tells once when it is ready.
///
/// # Errors
/// [`Problem`] when the home, the keys or an address cannot be used.
pub async fn run(options: SeedOptions, announce: Box<dyn FnOnce(SeedReady) + Send>) -> Result<(), Problem> {
    let home = Home::open_or_create(&options.home)?;
    let lock = home.lock()?;
    let mut remembered = home.remembered()?;
    if home.store_path().exists() {
        return Err(Problem::refused("not-a-seed", "this home cannot be a seed's", "a person's node lives in it")
            .hint("give the seed a home of its own: haat --home DIR seed"));
    }
    let secrets = open_secrets(&home, Some("seed"), &options.passphrase)?;
    remembered.seed = true;
    home.remember(&remembered)?;
    let tape = options
        .tape
        .as_ref()
        .map(File::create)
        .transpose()
        .map_err(|fault| Problem::usage("bad-tape", "the tape cannot be written", fault.to_string()))?;

    let listen = ports::choose(&options.listen, &remembered.listen, &ports::Machine);
    let config = SeedConfig {
        device_seed: Keypair::from_seed(&secrets.device_seed).seed(),
        listen: listen.clone(),
        external: options.external.clone(),
        tape: tape.map(|file| Box::new(file) as Box<dyn Write + Send>),
    };
    let seed = net::check_addresses(&options.listen).and_then(|()| net::start_seed(config)).map_err(|fault| {
        Problem::usage("bad-listen", "the seed cannot start", fault.to_string())
            .hint("see `haat seed --help` for --listen and --external-addr")
    })?;
    let view = await_listening(seed.view.clone(), &listen).await?;
    let me = me(&secrets);
    let (stop, _) = watch::channel(false);
    let (news, _) = broadcast::channel(1);
    let service = SeedService { me: Arc::new(me.clone()), view: seed.view.clone(), started: clock(), stop, news };
    let (api_task, api_url) = open_seed_api(&home, &options, &service, &remembered)?;
    let listening: Vec<String> = view.listen.iter().cloned().collect();
    remember(&home, &listening, &api_url)?;
    lock.announce(&api_url)?;
    let signals = signals()?;
    announce(SeedReady {
        ready: Ready { ready: true, identity: me.identity.to_string(), peer: me.peer, api: api_url, ui: None, listen: listening },
        hand_out: hand_out(&view),
        warning: warning(&view, &options),
    });

    let ended = until_stopped(signals, service.stopped(), seed.task).await;
    service.stop();
    let _ = api_task.await;
    drop((seed.stop, lock));
    ended
}

fn me(secrets: &Secrets) -> Me {
    let root = Keypair::from_seed(&secrets.root_seed());
    let next_root = Keypair::from_seed(&secrets.next_root_seed()).public();
    let pair = Keypair::from_seed(&secrets.device_seed);
    let identity = Chain::begin(&root, &next_root, &pair, secrets.created).inception.id();
    let device = pair.public();
    Me { identity, device, peer: net::peer_text(&device), name: secrets.name.clone() }
}

/// Waits until every listen address has an answer; one that is in use ends the start.
async fn await_listening(mut view: watch::Receiver<SeedView>, asked: &[String]) -> Result<SeedView, Problem> {
    let enough = view.wait_for(|view| ports::all_stand(asked, &view.listen) || !view.failed.is_empty());
    let nowhere = |why: String| {
        Problem::refused("cannot-listen", "the seed cannot listen", why)
            .hint("choose another address with --listen, or let it pick a port: /ip4/0.0.0.0/tcp/0")
    };
    match tokio::time::timeout(Duration::from_millis(START_WAIT_MS), enough).await {
        Ok(Ok(view)) if view.failed.is_empty() => Ok(view.clone()),
        Ok(Ok(view)) => Err(nowhere(view.failed.join("; "))),
        _ => Err(nowhere("no address was opened in time".to_owned())),
    }
}

/// Addresses to hand out: those that reach furthest first.
fn hand_out(view: &SeedView) -> Vec<String> {
    let mut all: Vec<String> = view.external.iter().cloned().collect();
    all.sort_by_key(|address| std::cmp::Reverse(net::scope_of(address)));
    all
}

/// What keeps others from using this seed, as far as can be seen from here.
fn warning(view: &SeedView, options: &SeedOptions) -> Option<String> {
    let is_public = view.external.iter().any(|address| net::scope_of(address) == Scope::Public);
    (options.external.is_empty() && !is_public).then(|| {
        "None of its addresses is public: only machines on the same network can use this seed.\nSay how others reach it: --external-addr /ip4/…/tcp/…"
            .to_owned()
    })
}

fn open_seed_api(
    home: &Home,
    options: &SeedOptions,
    service: &SeedService,
    remembered: &Remembered,
) -> Result<(super::ApiTask, String), Problem> {
    let watched = service.clone();
    open_api(home, options.api.as_deref(), service.clone(), async move { watched.stopped().await }, remembered)
}

/// A running seed, for whoever asks how it is. Clones are the same seed.
#[derive(Debug, Clone)]
struct SeedService {
    me: Arc<Me>,
    view: watch::Receiver<SeedView>,
    started: Millis,
    stop: watch::Sender<bool>,
    news: broadcast::Sender<(u64, Happening)>,
}

impl SeedService {
    async fn stopped(&self) {
        let mut stop = self.stop.subscribe();
        // The sender lives in this very service, so the channel cannot close before.
        let _ = stop.wait_for(|stop| *stop).await;
    }

    fn status(&self) -> Status {
        let view = self.view.borrow().clone();
        Status {
            identity: self.me.identity,
            name: self.me.name.clone(),
            peers_connected: view.peers,
            reachability: crate::ask::reach(view.external.iter()).to_owned(),
            listen: view.listen.iter().cloned().collect(),
            seeds: Vec::new(),
            circles: Vec::new(),
            outbox: 0,
            store_bytes: 0,
            log_entries: 0,
            uptime_ms: clock().since(self.started),
            seed: Some(SeedStatus {
                hand_out: hand_out(&view),
                registrations: view.board.devices,
                places: view.board.places,
                reservations: view.reservations,
                circuits: view.circuits,
            }),
        }
    }
}

fn no_circle() -> Problem {
    Problem::new(ProblemKind::Refused, "a-seed", "a seed does nothing of that kind", "it belongs to nobody's circle and keeps nothing")
        .hint("ask your own node: --home DIR names its home")
}

impl Service for SeedService {
    async fn call(&self, _: Command) -> Result<Value, Problem> {
        Err(no_circle())
    }

    async fn ask(&self, question: Question) -> Result<Value, Problem> {
        match question {
            Question::Status => Ok(json!(self.status())),
            Question::Me => Ok(json!(*self.me)),
            Question::Peers(_) => Ok(json!({"items": Vec::<PeerRow>::new(), "next": null})),
            _ => Err(no_circle()),
        }
    }

    async fn rebuild(&self) -> Result<Value, Problem> {
        Err(no_circle())
    }

    fn watch(&self) -> broadcast::Receiver<(u64, Happening)> {
        self.news.subscribe()
    }

    /// Nothing that a seed does is long.
    fn progress(&self) -> watch::Receiver<Option<Happening>> {
        watch::channel(None).1
    }

    fn since(&self, _: u64) -> Missed {
        Missed { is_whole: true, news: Vec::new() }
    }

    /// A seed keeps nothing, tokens included: the one of its home is the only one.
    fn pass(&self, _: &TokenHash) -> Result<Option<Pass>, Problem> {
        Ok(None)
    }

    fn stop(&self) {
        self.stop.send_replace(true);
    }

    fn is_ready(&self) -> bool {
        !*self.stop.borrow() && !self.view.borrow().listen.is_empty()
    }
}
