//! What of the engine's passing state others may look at: who is connected, where this node listens, what was compared when.

use std::collections::{BTreeMap, BTreeSet};

use haat_protocol::id::{DeviceId, OrderId, SpaceId};
use haat_protocol::time::Millis;

/// The node's surroundings right now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Presence {
    /// Connected devices and where they are.
    pub connected: BTreeMap<DeviceId, String>,
    /// Where this node listens.
    pub listen: BTreeSet<String>,
    /// Seeds that are connected, as they are named to others.
    pub seeds: BTreeSet<String>,
    /// When each circle was last compared with another node.
    pub synced: BTreeMap<SpaceId, Millis>,
    /// Orders of which the other side's node takes nothing now: since when, and the code of its reason.
    pub refused: BTreeMap<OrderId, (Millis, String)>,
    /// Entries of a circle that are missing here, as the node it is being compared with claims.
    pub behind: BTreeMap<SpaceId, u64>,
}
