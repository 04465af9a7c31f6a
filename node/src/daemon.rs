//! The node as a process: the only file that knows all parts. Builds them, says when it is ready, stops them in order.

mod ports;
pub mod seed;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use haat_protocol::crypto::Keypair;
use haat_protocol::identity::Chain;
use haat_protocol::limits::{NET_EVENTS_MAX, PREKEY_KEEP_MS, PREKEY_ROTATE_MS, START_WAIT_MS};
use haat_protocol::local::{Command, Problem, ProblemKind};
use serde::Serialize;
use serde_json::Value;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use crate::api::{self, ApiConfig};
use crate::engine::runner::{self, Node, clock};
use crate::engine::{Conduct, Engine, sound_value, store_problem, unsound_problem};
use crate::entropy::{Entropy as _, System};
use crate::home::keyfile::{KeyError, Secrets};
use crate::home::{Home, HomeLock, Remembered};
use crate::ledger::audit;
use crate::myself::{Key, Myself};
use crate::net::{self, NetCommand, NetConfig};
use crate::service::Service;
use crate::store::disk::DiskStore;
use crate::store::{Store as _, Tx};
use crate::view::known;
use crate::witness::file::FileWitness;

/// How to run a node.
#[derive(Debug, Clone)]
pub struct UpOptions {
    /// Where it lives.
    pub home: PathBuf,
    /// Name to go by.
    pub name: Option<String>,
    /// Multiaddrs to listen on.
    pub listen: Vec<String>,
    /// `ADDR:PORT` of the local API.
    pub api: Option<String>,
    /// Multiaddrs of seed peers.
    pub seed_peers: Vec<String>,
    /// Whether to find peers on the home network.
    pub mdns: bool,
    /// Whether to gossip.
    pub gossip: bool,
    /// Opens the sealed keys.
    pub passphrase: String,
    /// By how much the clock is ahead of the system's, in milliseconds: for tests.
    pub clock_ahead_ms: u64,
}

/// What the node says once it is up.
#[derive(Debug, Clone, Serialize)]
pub struct Ready {
    /// Always true.
    pub ready: bool,
    /// My identity.
    pub identity: String,
    /// My libp2p name.
    pub peer: String,
    /// Address of the local API.
    pub api: String,
    /// Address of the pages; none until there are pages.
    pub ui: Option<String>,
    /// Addresses listened on.
    pub listen: Vec<String>,
}

/// Runs the node until it is told to stop: by a signal, or through the API. Tells once when it is ready.
///
/// # Errors
/// [`Problem`] when the home, the keys, the store or an address cannot be used.
pub async fn run(options: UpOptions, announce: Box<dyn FnOnce(Ready) + Send>) -> Result<(), Problem> {
    runner::set_clock_ahead(options.clock_ahead_ms);
    let home = Home::open_or_create(&options.home)?;
    let lock = home.lock()?;
    let remembered = persons(&home)?;
    let secrets = open_secrets(&home, options.name.as_deref(), &options.passphrase)?;
    let store = DiskStore::open(&home.store_path()).map_err(|fault| store_problem(&fault))?;
    let me = myself(&secrets, &store)?;

    let (events, events_out) = mpsc::channel(NET_EVENTS_MAX);
    let listen = ports::choose(&options.listen, &remembered.listen, &ports::Machine);
    let config = NetConfig { device_seed: me.pair.seed(), listen: listen.clone(), mdns: options.mdns, gossip: options.gossip };
    let (commands, net_task) = net::check_addresses(&options.listen).and_then(|()| net::start(config, events)).map_err(|fault| {
        Problem::usage("bad-listen", "the node cannot listen there", fault.to_string()).hint("see `haat up --help` for --listen")
    })?;
    let witness = FileWitness::open(&home.witness()).map_err(|fault| store_problem(&fault))?;
    let engine = Engine::new(store, me.clone(), Box::new(System), Conduct { gossip: options.gossip }).with_witness(Box::new(witness));
    let (node, thread) = runner::start(engine, home.store_path(), commands.clone(), events_out)
        .map_err(|fault| Problem::new(ProblemKind::Internal, "no-thread", "the node cannot start", fault.to_string()))?;

    let listening = await_listening(&node, &listen).await?;
    let (api_task, api_url) = open_node_api(&home, &options, &node, &remembered)?;
    remember(&home, &listening, &api_url)?;
    lock.announce(&api_url)?;
    for address in &options.seed_peers {
        node.call(Command::PeerAdd { address: address.clone() }).await?;
    }
    let signals = signals()?;
    announce(Ready {
        ready: true,
        identity: me.id().to_string(),
        peer: net::peer_text(&me.device()),
        api: api_url,
        ui: None,
        listen: listening,
    });

    let ended = until_stopped(signals, node.stopped(), net_task).await;
    node.stop();
    // The door closes first, so that nobody is told "done" by a node that goes down.
    let _ = api_task.await;
    let _ = commands.send(NetCommand::Stop).await;
    node.finish().await;
    finish(thread, lock).await;
    ended
}

/// Ctrl-C and the request to terminate. Listened for before anybody is told "ready": whoever stops us at once is heard too.
fn signals() -> Result<[Signal; 2], Problem> {
    let fault = |fault: std::io::Error| Problem::new(ProblemKind::Internal, "no-signals", "signals cannot be handled", fault.to_string());
    Ok([signal(SignalKind::interrupt()).map_err(fault)?, signal(SignalKind::terminate()).map_err(fault)?])
}

/// Waits for a signal, a request to stop, or the unexpected end of the network.
async fn until_stopped(
    [mut interrupt, mut terminate]: [Signal; 2],
    told: impl Future<Output = ()>,
    net_task: tokio::task::JoinHandle<()>,
) -> Result<(), Problem> {
    tokio::select! {
        () = told => Ok(()),
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
        ended = net_task => {
            let why = ended.err().map_or_else(|| "it ended by itself".to_owned(), |fault| fault.to_string());
            Err(Problem::new(ProblemKind::Internal, "network-ended", "the network part has failed", why).hint("nothing is lost: start the node again"))
        }
    }
}

/// Lets the engine finish what it has begun, then gives the home free.
async fn finish(thread: std::thread::JoinHandle<()>, lock: HomeLock) {
    let joined = tokio::task::spawn_blocking(move || thread.join());
    if tokio::time::timeout(Duration::from_millis(START_WAIT_MS), joined).await.is_err() {
        tracing::warn!("the engine did not finish in time");
    }
    drop(lock);
}

fn open_secrets(home: &Home, name: Option<&str>, passphrase: &str) -> Result<Secrets, Problem> {
    let path = home.identity_path();
    let (mut secrets, mut changed) = match Secrets::load(&path, passphrase) {
        Ok(secrets) => (secrets, false),
        Err(KeyError::NoFile) => (Secrets::generate(clock(), name.unwrap_or(&default_name()))?, true),
        Err(fault) => return Err(fault.into()),
    };
    if let Some(name) = name.filter(|name| *name != secrets.name) {
        haat_protocol::body::name(name).map_err(|fault| Problem::usage("bad-name", "nobody can go by that name", fault.to_string()))?;
        secrets.name = name.to_owned();
        changed = true;
    }
    let now = clock();
    if secrets.prekeys.iter().all(|(made, _)| now.since(*made) > PREKEY_ROTATE_MS) {
        secrets.prekeys.retain(|(made, _)| now.since(*made) < PREKEY_KEEP_MS);
        secrets.prekeys.insert(0, (now, System.fresh()));
        changed = true;
    }
    if changed {
        secrets.save(&path, passphrase)?;
    }
    Ok(secrets)
}

/// What earlier runs left here, unless they were a seed's: a person's device is no seed.
fn persons(home: &Home) -> Result<Remembered, Problem> {
    let remembered = home.remembered()?;
    if remembered.seed {
        return Err(Problem::refused("a-seed", "this home cannot be a person's", "a seed lives in it")
            .hint("give your node a home of its own: haat --home DIR up"));
    }
    Ok(remembered)
}

fn default_name() -> String {
    let user = std::env::var("USER").unwrap_or_default();
    if haat_protocol::body::name(&user).is_ok() { user } else { "me".to_owned() }
}

fn myself(secrets: &Secrets, store: &DiskStore) -> Result<Myself, Problem> {
    let root = Keypair::from_seed(&secrets.root_seed());
    let next_root = Keypair::from_seed(&secrets.next_root_seed()).public();
    let pair = Keypair::from_seed(&secrets.device_seed);
    let begun = Chain::begin(&root, &next_root, &pair, secrets.created);
    let snapshot = store.snapshot().map_err(|fault| store_problem(&fault))?;
    let held = known::chain(&Tx::new(&*snapshot), &begun.inception.id());
    let identity = held.unwrap_or(begun).verify().map_err(|fault| {
        Problem::new(ProblemKind::Store, "bad-identity", "the own identity does not hold", fault.to_string()).hint("see `haat log verify`")
    })?;
    let prekeys = secrets.prekeys.iter().map(|(_, key)| Key(*key)).collect();
    Ok(Myself { identity, root: Some(root), pair, storage: Key(secrets.storage_key), prekeys, name: secrets.name.clone() })
}

async fn await_listening(node: &Node, asked: &[String]) -> Result<Vec<String>, Problem> {
    let mut presence = node.presence();
    let enough = presence.wait_for(|presence| ports::all_stand(asked, &presence.listen));
    let nowhere = || {
        Problem::new(ProblemKind::Refused, "cannot-listen", "the node cannot listen", "an address is in use or not of this machine")
            .hint("choose another with --listen, or let it pick one: /ip4/0.0.0.0/tcp/0")
    };
    match tokio::time::timeout(Duration::from_millis(START_WAIT_MS), enough).await {
        Ok(Ok(presence)) => Ok(presence.listen.iter().cloned().collect()),
        _ => Err(nowhere()),
    }
}

type ApiTask = tokio::task::JoinHandle<Result<(), Problem>>;

fn open_node_api(home: &Home, options: &UpOptions, node: &Node, remembered: &Remembered) -> Result<(ApiTask, String), Problem> {
    let watched = node.clone();
    open_api(home, options.api.as_deref(), node.clone(), async move { watched.stopped().await }, remembered)
}

fn open_api<S: Service, F: Future<Output = ()> + Send + 'static>(
    home: &Home,
    asked: Option<&str>,
    service: S,
    stop: F,
    remembered: &Remembered,
) -> Result<(ApiTask, String), Problem> {
    let asked: SocketAddr = asked.unwrap_or("127.0.0.1:0").parse().map_err(|_| {
        Problem::usage("bad-api-address", "the local API cannot be opened", "--api is an address and a port")
            .hint("for example --api 127.0.0.1:7300")
    })?;
    let first = remembered.api.filter(|_| asked.port() == 0).map(|port| SocketAddr::new(asked.ip(), port));
    let listener = match first.map(api::bind) {
        Some(Ok(listener)) => listener,
        _ => api::bind(asked)?,
    };
    let address = listener
        .local_addr()
        .map_err(|fault| Problem::new(ProblemKind::Internal, "no-api", "the local API has no address", fault.to_string()))?;
    let token = home.make_api_token()?;
    let task = tokio::spawn(api::serve(service, ApiConfig { listener, token, stop }));
    Ok((task, format!("http://{address}")))
}

fn remember(home: &Home, listening: &[String], api_url: &str) -> Result<(), Problem> {
    let mut remembered = home.remembered()?;
    remembered.listen = listening.to_vec();
    remembered.api = api_url.rsplit(':').next().and_then(|port| port.parse().ok());
    home.remember(&remembered)
}

/// Checks the trust log of a stopped node.
///
/// # Errors
/// [`Problem`] names what is not sound, or why the home cannot be opened.
pub fn verify_stopped(home: &Path, passphrase: &str) -> Result<Value, Problem> {
    let (store, me, _lock) = open_stopped(home, passphrase)?;
    let snapshot = store.snapshot().map_err(|fault| store_problem(&fault))?;
    audit::verify(&*snapshot, &me).map(|sound| sound_value(&sound)).map_err(|unsound| unsound_problem(&unsound))
}

/// Derives the views of a stopped node again.
///
/// # Errors
/// [`Problem`] names what is not sound, or why the home cannot be opened.
pub fn rebuild_stopped(home: &Path, passphrase: &str) -> Result<Value, Problem> {
    let (mut store, me, _lock) = open_stopped(home, passphrase)?;
    let snapshot = store.snapshot().map_err(|fault| store_problem(&fault))?;
    let (sound, batch) = audit::rebuild(&*snapshot, &me).map_err(|unsound| unsound_problem(&unsound))?;
    drop(snapshot);
    store.commit(batch).map_err(|fault| store_problem(&fault))?;
    Ok(sound_value(&sound))
}

fn open_stopped(path: &Path, passphrase: &str) -> Result<(DiskStore, Myself, HomeLock), Problem> {
    let home = Home::open(path)?;
    let lock = home.lock()?;
    let secrets = Secrets::load(&home.identity_path(), passphrase)?;
    let store = DiskStore::open(&home.store_path()).map_err(|fault| store_problem(&fault))?;
    let me = myself(&secrets, &store)?;
    Ok((store, me, lock))
}
