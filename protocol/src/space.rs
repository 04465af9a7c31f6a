//! Spaces: circles, where members write and nobody else reads, and shops, where one identity's devices write.

use serde::{Deserialize, Serialize};

use crate::codec::encode;
use crate::crypto::{Context, hash};
use crate::id::{DeviceId, IdentityId, SpaceId};
use crate::time::Millis;

/// The two sorts of space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Invite-only, confidential, members write.
    Circle,
    /// One identity's devices write, holders of the read key read.
    Shop,
}

/// What a space begins with. Its hash is the space's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inception {
    /// Circle or shop.
    pub sort: Sort,
    /// Who begins it.
    pub creator: IdentityId,
    /// The device that writes its first entry; of a shop: its desk.
    pub device: DeviceId,
    /// Sixteen random bytes.
    #[serde(with = "serde_bytes")]
    pub salt: [u8; 16],
    /// When, as claimed.
    pub created: Millis,
}

impl Inception {
    /// The space's id.
    #[must_use]
    pub fn id(&self) -> SpaceId {
        SpaceId(hash(Context::Space, &[&encode(self)]))
    }
}
