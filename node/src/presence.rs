//! What of the engine's passing state others may look at: who is connected, where this node listens, what was compared when.
//!
//! It must never hold what has to outlive the process.

use std::collections::{BTreeMap, BTreeSet};

use haat_protocol::id::{DeviceId, SpaceId};
use haat_protocol::time::Millis;

/// What of the engine's passing state others may look at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Presence {
    /// Connected devices and where they are.
    pub connected: BTreeMap<DeviceId, String>,
    /// Where this node listens.
    pub listen: BTreeSet<String>,
    /// When each circle was last compared with another node.
    pub synced: BTreeMap<SpaceId, Millis>,
}
