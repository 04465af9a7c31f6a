//! A seed on the network: a board where those who share a secret find each other, and circuits for those who cannot be
//! reached. It speaks no gossip and no sync, belongs to no circle, and keeps nothing on disk.
//!
//! One task owns the swarm. It must never look inside a circuit nor say more than it was asked.

mod behaviour;
mod tape;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::StreamExt as _;
use haat_protocol::limits;
use haat_protocol::meet::{Board, Tally};
use haat_protocol::time::Millis;
use libp2p::core::transport::ListenerId;
use libp2p::identity::Keypair;
use libp2p::multiaddr::Protocol;
use libp2p::request_response::{self, Message};
use libp2p::swarm::SwarmEvent;
use libp2p::{Multiaddr, PeerId, Swarm, relay};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use super::codec::Asked;
use super::scope::{Scope, scope};
use super::{NetError, address};
use behaviour::{Behaviour, BehaviourEvent};
use tape::Tape;

/// What a seed needs to know to start.
pub struct SeedConfig {
    /// Secret seed of its Ed25519 key.
    pub device_seed: Zeroizing<[u8; 32]>,
    /// Multiaddresses to listen on; port 0 asks for any free one.
    pub listen: Vec<String>,
    /// Addresses under which others reach it. None: those it listens on, the public ones if there are any.
    pub external: Vec<String>,
    /// Writes down every byte that it can read, for tests of what it can read.
    pub tape: Option<Box<dyn Write + Send>>,
}

impl std::fmt::Debug for SeedConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SeedConfig").field("listen", &self.listen).field("external", &self.external).finish_non_exhaustive()
    }
}

/// How a seed is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeedView {
    /// Addresses listened on, with `/p2p/…`.
    pub listen: BTreeSet<String>,
    /// Listen addresses that could not be used, and why.
    pub failed: Vec<String>,
    /// Addresses that it hands out, with `/p2p/…`.
    pub external: BTreeSet<String>,
    /// Peers connected now.
    pub peers: usize,
    /// What stands on its board.
    pub board: Tally,
    /// Peers that may be reached through it.
    pub reservations: usize,
    /// Circuits that stand now.
    pub circuits: usize,
}

/// A seed that runs.
#[derive(Debug)]
pub struct Seed {
    /// How it is, as it changes.
    pub view: watch::Receiver<SeedView>,
    /// Tells it to stop; dropping it does too.
    pub stop: oneshot::Sender<()>,
    /// Ends with the network.
    pub task: JoinHandle<()>,
}

/// Starts a seed on the current tokio runtime.
///
/// # Errors
/// [`NetError`] says what could not be set up, an unusable external address included. Nothing has been opened then.
pub fn start_seed(config: SeedConfig) -> Result<Seed, NetError> {
    let runtime = tokio::runtime::Handle::try_current().map_err(|_| NetError::NoRuntime)?;
    let mut seed = Zeroizing::new(*config.device_seed);
    let keys = Keypair::ed25519_from_bytes(seed.as_mut_slice()).map_err(|fault| NetError::Key(fault.to_string()))?;
    let mut given = Vec::new();
    for text in config.external.iter().take(limits::SEED_ADDRESSES_MAX) {
        address::parse_remote(text).map_err(|fault| NetError::Address(fault.to_string()))?;
        given.push(address::read(text).map_err(|fault| NetError::Address(fault.to_string()))?.0);
    }
    let swarm = behaviour::swarm(keys, config.tape.map(Tape::new))?;
    let (tell, view) = watch::channel(SeedView::default());
    let (stop, stopped) = oneshot::channel();
    let mut task = Task {
        swarm,
        tell,
        board: Board::default(),
        listeners: HashMap::new(),
        listened: BTreeSet::new(),
        reserved: HashSet::new(),
        circuits: 0,
        has_given: !given.is_empty(),
        failed: Vec::new(),
    };
    given.into_iter().for_each(|address| task.swarm.add_external_address(address));
    let task = runtime.spawn(task.run(config.listen, stopped));
    Ok(Seed { view, stop, task })
}

/// State of the task.
struct Task {
    swarm: Swarm<Behaviour>,
    tell: watch::Sender<SeedView>,
    board: Board,
    /// Listeners by the address they were asked for.
    listeners: HashMap<ListenerId, String>,
    listened: BTreeSet<Multiaddr>,
    reserved: HashSet<PeerId>,
    circuits: usize,
    /// External addresses were given, so none is guessed.
    has_given: bool,
    failed: Vec<String>,
}

impl Task {
    async fn run(mut self, listen: Vec<String>, mut stopped: oneshot::Receiver<()>) {
        for text in listen {
            self.listen(text);
        }
        self.show();
        let mut beat = tokio::time::interval(Duration::from_millis(limits::SYNC_EVERY_MS));
        loop {
            tokio::select! {
                _ = &mut stopped => break,
                event = self.swarm.select_next_some() => self.happened(event),
                _ = beat.tick() => {}
            }
            self.show();
        }
    }

    fn listen(&mut self, text: String) {
        let opened = address::read(&text).map_err(|fault| fault.to_string()).and_then(|(wire, _)| {
            super::driver::free(&wire)?;
            self.swarm.listen_on(wire).map_err(|fault| super::driver::transport_reason(&fault))
        });
        match opened {
            Ok(listener) => {
                self.listeners.insert(listener, text);
            }
            Err(reason) => self.failed.push(format!("{text}: {reason}")),
        }
    }

    fn happened(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(BehaviourEvent::Meet(event)) => self.met(event),
            SwarmEvent::Behaviour(BehaviourEvent::Relay(event)) => self.relayed(event),
            SwarmEvent::NewListenAddr { address, .. } => {
                self.listened.insert(address);
                self.guess_external();
            }
            SwarmEvent::ExpiredListenAddr { address, .. } => {
                self.listened.remove(&address);
                self.guess_external();
            }
            SwarmEvent::ListenerClosed { listener_id, reason, .. } => {
                let reason = reason.err().map_or_else(|| "the listener ended".to_owned(), |fault| fault.to_string());
                if let Some(text) = self.listeners.remove(&listener_id) {
                    self.failed.push(format!("{text}: {reason}"));
                }
            }
            SwarmEvent::IncomingConnectionError { error, .. } => tracing::debug!(reason = %error, "incoming connection refused"),
            SwarmEvent::ListenerError { error, .. } => tracing::warn!(reason = %error, "listener"),
            _ => {}
        }
    }

    /// Answers what is asked on the board.
    fn met(&mut self, event: request_response::Event<Asked, Vec<u8>>) {
        if let request_response::Event::Message { peer, message: Message::Request { request, channel, .. }, .. } = event
            && let Some(device) = address::device_of_peer(&peer)
        {
            let Asked::Whole(request) = request else {
                tracing::debug!(device = %device.short(), "hung up: a request that is too long or too slow");
                // It may be gone already.
                let _gone = self.swarm.disconnect_peer_id(peer);
                return;
            };
            let answer = self.board.asked(device, &request, now()).to_bytes();
            if self.swarm.behaviour_mut().meet.send_response(channel, answer).is_err() {
                tracing::debug!(device = %device.short(), "the asker is gone");
            }
        }
    }

    fn relayed(&mut self, event: relay::Event) {
        match event {
            relay::Event::ReservationReqAccepted { src_peer_id, .. } => {
                self.reserved.insert(src_peer_id);
            }
            relay::Event::ReservationClosed { src_peer_id } | relay::Event::ReservationTimedOut { src_peer_id } => {
                self.reserved.remove(&src_peer_id);
            }
            relay::Event::CircuitReqAccepted { .. } => self.circuits += 1,
            relay::Event::CircuitClosed { .. } => self.circuits = self.circuits.saturating_sub(1),
            relay::Event::ReservationReqDenied { src_peer_id, status } => {
                tracing::debug!(peer = %src_peer_id, ?status, "reservation refused");
            }
            relay::Event::CircuitReqDenied { src_peer_id, status, .. } => tracing::debug!(peer = %src_peer_id, ?status, "circuit refused"),
            _ => {}
        }
    }

    /// Without a given address it hands out those it listens on: the public ones, or if there are none, all.
    fn guess_external(&mut self) {
        if self.has_given {
            return;
        }
        let is_public = |address: &&Multiaddr| scope(address) == Scope::Public;
        let public: Vec<Multiaddr> = self.listened.iter().filter(is_public).cloned().collect();
        let wanted = if public.is_empty() { self.listened.iter().cloned().collect() } else { public };
        let held: Vec<Multiaddr> = self.swarm.external_addresses().cloned().collect();
        held.iter().filter(|address| !wanted.contains(address)).for_each(|address| self.swarm.remove_external_address(address));
        let fresh = wanted.into_iter().filter(|address| !held.contains(address));
        fresh.take(limits::SEED_ADDRESSES_MAX).for_each(|address| self.swarm.add_external_address(address));
    }

    /// Tells how it is, if that changed.
    fn show(&mut self) {
        let me = *self.swarm.local_peer_id();
        let whole = |address: &Multiaddr| address.clone().with(Protocol::P2p(me)).to_string();
        let view = SeedView {
            listen: self.listened.iter().map(whole).collect(),
            failed: self.failed.clone(),
            external: self.swarm.external_addresses().map(whole).collect(),
            peers: self.swarm.network_info().num_peers(),
            board: self.board.tally(now()),
            reservations: self.reserved.len(),
            circuits: self.circuits,
        };
        self.tell.send_if_modified(|held| {
            let is_news = *held != view;
            *held = view;
            is_news
        });
    }
}

fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(u64::try_from(since.as_millis()).unwrap_or(0))
}
