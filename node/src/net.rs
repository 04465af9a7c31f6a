//! The network, seen from the rest of the node: wishes go in, facts come out, both over bounded channels.
//!
//! This module is the only one that may name libp2p, and nothing of it may leave: a device is its `DeviceId`, an address is
//! text. It must never touch the store or decide what a message means.
//!
//! One task owns the swarm and never blocks. When the reader of the events is slow the task stops reading from the network
//! (peers feel it as back-pressure) but goes on taking commands until [`limits::NET_BACKLOG_MAX`] events wait; so a reader
//! that itself waits for room among the commands comes free again. The task ends on [`NetCommand::Stop`] or when either
//! channel is dropped. A panic in it or in one of its connections brings forth a new swarm: connections are told as lost,
//! requests as failed, and all wishes still stand.

mod address;
mod behaviour;
mod codec;
mod detours;
mod dialer;
mod doorway;
mod driver;
mod gate;
mod quota;
mod reputation;
mod request;
mod scope;
mod seed;
mod supervisor;
mod vocabulary;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use haat_protocol::limits;
use libp2p::identity::Keypair;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use self::driver::Kept;
use self::supervisor::Plan;

pub use self::address::{AddressError, check_addresses, device_of, handed_out, parse_address, parse_remote, peer_text, without_peer};
pub use self::scope::{Scope, scope_of};
pub use self::seed::{Seed, SeedConfig, SeedView, start_seed};
pub use self::vocabulary::{Channel, GossipId, GossipVerdict, NetCommand, NetConfig, NetEvent, ResponseId, Severity};

/// Why the network could not be started.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// Not called from inside a tokio runtime.
    #[error("the network needs a running tokio runtime")]
    NoRuntime,
    /// The device key was refused.
    #[error("the device key cannot be used on the network: {0}")]
    Key(String),
    /// The encrypted transport could not be made.
    #[error("the encrypted transport could not be set up: {0}")]
    Transport(String),
    /// One of the protocols refused its settings.
    #[error("the network protocols could not be set up: {0}")]
    Protocol(String),
    /// An address that was given cannot be used.
    #[error("{0}")]
    Address(String),
}

/// Starts the network task on the current tokio runtime.
///
/// A listen address that cannot be used is reported as [`NetEvent::ListenFailed`]; the network runs without it.
///
/// # Errors
/// [`NetError`] says what could not be set up. Nothing has been opened then.
pub fn start(config: NetConfig, events: mpsc::Sender<NetEvent>) -> Result<(mpsc::Sender<NetCommand>, JoinHandle<()>), NetError> {
    let runtime = tokio::runtime::Handle::try_current().map_err(|_| NetError::NoRuntime)?;
    let mut seed = Zeroizing::new(*config.device_seed);
    let keys = Keypair::ed25519_from_bytes(seed.as_mut_slice()).map_err(|fault| NetError::Key(fault.to_string()))?;
    let me = address::device_of_peer(&keys.public().to_peer_id()).expect("the key was made an Ed25519 key above");
    let plan = Plan { keys, mdns: config.mdns, gossip: config.gossip };
    let first = plan.swarm()?;
    let (commands, inbox) = mpsc::channel(limits::NET_COMMANDS_MAX);
    let kept = Kept::new(me, config.listen.clone(), inbox, events);
    let task = runtime.spawn(supervisor::run(plan, first, kept));
    Ok((commands, task))
}
