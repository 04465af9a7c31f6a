//! The node as a process. Placeholder of the public shape only.


use std::path::{Path, PathBuf};

use haat_protocol::local::{Problem, ProblemKind};
use serde::Serialize;
use serde_json::Value;

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
    /// Address of the pages.
    pub ui: Option<String>,
    /// Addresses listened on.
    pub listen: Vec<String>,
}

fn absent() -> Problem {
    Problem::new(ProblemKind::Internal, "absent", "the node is not part of this build", "only its shape is here")
}

/// Runs the node until it is stopped.
///
/// # Errors
/// Always, in this placeholder.
#[allow(clippy::unused_async)]
pub async fn run(_options: UpOptions, _announce: Box<dyn FnOnce(Ready) + Send>) -> Result<(), Problem> {
    Err(absent())
}

/// Checks the trust log of a stopped node.
///
/// # Errors
/// Always, in this placeholder.
pub fn verify_stopped(_home: &Path, _passphrase: &str) -> Result<Value, Problem> {
    Err(absent())
}

/// Derives the views of a stopped node again.
///
/// # Errors
/// Always, in this placeholder.
pub fn rebuild_stopped(_home: &Path, _passphrase: &str) -> Result<Value, Problem> {
    Err(absent())
}
