//! What one run asks the next to remember: ports that were picked once, and peers. Must never hold a secret.

use std::path::Path;

use haat_protocol::limits::HOME_FILE_MAX_BYTES;
use haat_protocol::local::Problem;
use serde::{Deserialize, Serialize};

use super::{damaged, file, io_problem};

/// Ports and peers of earlier runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Remembered {
    /// Multiaddrs listened on, with the ports that port 0 became.
    pub listen: Vec<String>,
    /// Port of the local API.
    pub api: Option<u16>,
    /// Whether a seed lives here, and no person's node.
    pub seed: bool,
    /// Multiaddrs of peers that the user named.
    pub peers: Vec<String>,
}

impl Remembered {
    pub(super) fn load(path: &Path) -> Result<Self, Problem> {
        let Some(bytes) = file::read(path, HOME_FILE_MAX_BYTES)? else { return Ok(Self::default()) };
        serde_json::from_slice(&bytes).map_err(|fault| {
            damaged(path, &fault.to_string()).hint(format!("mend it, or delete it and name peers again: rm {}", path.display()))
        })
    }

    pub(super) fn save(&self, path: &Path) -> Result<(), Problem> {
        file::write(path, serde_json::json!(self).to_string().as_bytes()).map_err(|fault| io_problem(path, &fault))
    }
}
