//! Local facts: what this node decided or learnt by itself. They stand in the trust log like everything else, and go nowhere.

use haat_protocol::codec::encode;
use haat_protocol::crypto::{Context, hash};
use haat_protocol::id::{Digest, EntryId, IdentityId, SpaceId};
use haat_protocol::space::Inception;
use serde::{Deserialize, Serialize};

/// A local fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fact {
    /// A space is known from here on: begun here, or named by a welcome.
    Space {
        /// What it began with.
        inception: Inception,
    },
    /// My name for a person; empty = none any more.
    Petname {
        /// Whom.
        person: IdentityId,
        /// The name.
        name: String,
    },
    /// A join was asked for with this code.
    JoinAsked {
        /// The circle.
        space: SpaceId,
        /// The code's text.
        code: String,
    },
    /// A join ended: granted, or declined for good.
    JoinEnded {
        /// The circle.
        space: SpaceId,
        /// Why not; none = joined.
        declined: Option<String>,
    },
    /// The stock of a variant was counted anew, and this version of its listing says how many there are.
    Counted {
        /// The version.
        version: EntryId,
        /// The variant.
        sku: String,
    },
    /// A peer was added by hand.
    Peer {
        /// Its address.
        address: String,
    },
    /// A person was blocked, or is not any more.
    Blocked {
        /// Whom.
        person: IdentityId,
        /// Whether from here on.
        blocked: bool,
    },
    /// A person was muted, or is not any more.
    Muted {
        /// Whom.
        person: IdentityId,
        /// Whether from here on.
        muted: bool,
    },
}

impl Fact {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> Digest {
        Digest(hash(Context::Fact, &[&encode(self)]))
    }
}
