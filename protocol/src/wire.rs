//! What two nodes say to each other besides gossip: requests and their answers, in bounded canonical bytes.
//!
//! Everything a stranger can send is decoded here and nowhere else.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::codec::{self, CodecError, decode, encode};
use crate::crypto::Sig;
use crate::entry::{LogId, Unverified};
use crate::epoch::EpochKeys;
use crate::fork::ForkProof;
use crate::id::{DeviceId, EventId, IdentityId, KeyId, OrderId, SpaceId};
use crate::identity::Chain;
use crate::limits::{GOSSIP_MAX_BYTES, INTEGER_MAX, REQUEST_MAX_BYTES, RESPONSE_MAX_BYTES};
use crate::order::{Enclosure, SignedDecision};
use crate::record::{SignedRecord, Slot};
use crate::space::Inception;

/// What can be compared by height: a log, an identity's chain, a device's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamKey {
    /// A log; its height is the number of entries.
    Log(LogId),
    /// An identity chain; its height is the number of operations.
    Identity(IdentityId),
    /// A record; its height is when it was issued.
    Record(DeviceId, Slot),
    /// The proof that a log is forked; its height is the greater the lower the fork. See [`StreamKey::fork_height`].
    Fork(LogId),
}

impl StreamKey {
    /// Height of the proof of a fork at this sequence: who knows of the lower fork is ahead.
    #[must_use]
    pub const fn fork_height(seq: u64) -> u64 {
        INTEGER_MAX - 1 - seq
    }
}

/// Eight bytes of a hash that is keyed with the connection's joint nonce: they mean nothing on any other connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mark(#[serde(with = "serde_bytes")] pub [u8; 8]);

/// What the asker holds of one scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Of what.
    pub scope: Scope,
    /// Over names, heights and heads of all streams.
    pub state: Mark,
    /// Over the names only.
    pub names: Mark,
}

/// The heights of one scope, in the order of its streams at the answerer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heights {
    /// Of what.
    pub scope: Scope,
    /// Over the answerer's names: a pull that counts streams in their order cites it.
    pub names: Mark,
    /// Whether each row begins with the name of its stream; without, both hold the same names.
    pub named: bool,
    /// The rows, one after the other: the name's eight bytes if named, the height as a varint, the head's eight bytes.
    pub rows: ByteBuf,
}

/// Parts of one scope that are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wants {
    /// Of what.
    pub scope: Scope,
    /// Over the answerer's names, as the answerer said.
    pub names: Mark,
    /// The rows, one after the other, three varints each: steps from the stream of the row before, first height that is missing,
    /// how many from there; 0 = all.
    pub rows: ByteBuf,
}

/// One thing that is handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// An entry.
    Entry(Unverified),
    /// An identity's whole chain.
    Identity(Chain),
    /// A record.
    Record(SignedRecord),
    /// The proof of a fork.
    Fork(ForkProof),
}

/// Names of the sorts of items that are known here.
const ITEM_NAMES: &[&str] = &["entry", "identity", "record", "fork"];

/// Whether these bytes are an item of a sort that a newer version made. It is no fault of who passes it on.
#[must_use]
pub fn is_newer_item(bytes: &[u8]) -> bool {
    codec::name_of(bytes, GOSSIP_MAX_BYTES).is_some_and(|name| !ITEM_NAMES.contains(&name.as_str()))
}

/// Whether these bytes are a request of a sort that a newer version made, beside the `known` ones. It is no fault of the asker.
#[must_use]
pub fn is_newer_request(known: &[&str], bytes: &[u8]) -> bool {
    codec::name_of(bytes, REQUEST_MAX_BYTES).is_some_and(|name| !known.contains(&name.as_str()))
}

/// The tag of a circle on one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tag(#[serde(with = "serde_bytes")] pub [u8; 16]);

/// What is compared under a circle, each by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The logs of the circle.
    Circle,
    /// The logs of a shop that is shared into it.
    Shop(SpaceId),
    /// Identity chains of those who are or were in it.
    People,
    /// Records of the devices in it.
    Records,
}

/// What is asked on the sync protocol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncRequest {
    /// Opens: a fresh nonce.
    Greet {
        /// Sixteen random bytes.
        #[serde(with = "serde_bytes")]
        nonce: [u8; 16],
    },
    /// Compares one circle, scope by scope.
    Compare {
        /// The circle.
        tag: Tag,
        /// What the asker holds of each.
        scopes: Vec<Summary>,
    },
    /// Asks for parts. Several may be under way at once.
    Pull {
        /// The circle.
        tag: Tag,
        /// Whether the newest days shall come first when not all fits.
        newest: bool,
        /// Which parts.
        wants: Vec<Wants>,
    },
    /// Hands over what the other lacks; nothing at all says that it is too much, and worth a comparison by the other.
    Push {
        /// The circle.
        tag: Tag,
        /// The things.
        items: Vec<Item>,
    },
}

/// What is answered on the sync protocol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncResponse {
    /// To a greeting: a nonce, and the tags of the answerer's circles among random ones.
    Greeting {
        /// Sixteen random bytes.
        #[serde(with = "serde_bytes")]
        nonce: [u8; 16],
        /// Sorted, padded.
        tags: Vec<Tag>,
    },
    /// To a comparison: the heights of every scope that differs; none = equal.
    Heights(Vec<Heights>),
    /// To a pull: as much as fits, in an order in which it can be taken in.
    Items {
        /// The things.
        items: Vec<Item>,
    },
    /// To a pull that cites names which changed since: compare again.
    Stale {},
    /// To a comparison or a pull: the asker was handed its share and waits this long.
    Later {
        /// Milliseconds after which more is handed over.
        after_ms: u64,
    },
    /// To a push: kept, as far as they can be.
    Stored {},
    /// The asker is not in this circle as far as is known here; the entry that adds the asker would help.
    Stranger {},
    /// The asker was removed: the removal, with what leads to it, and nothing later.
    Removed {
        /// The things.
        items: Vec<Item>,
    },
}

/// What is asked on the direct protocol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DirectRequest {
    /// Asks to be let into a circle.
    Join(Box<JoinRequest>),
    /// A member asks for keys of its circle that it was not handed: an epoch that was made before its maker knew of the member.
    Keys {
        /// The circle.
        space: SpaceId,
        /// The asker's prekey.
        prekey: SignedRecord,
    },
    /// Hands over events and receipts of one order.
    Order(OrderMessage),
    /// Compares orders.
    OrderHeads {
        /// Orders with the asker's counterpart: what the asker holds.
        heads: Vec<OrderHead>,
    },
    /// A party of a dispute tells the resolver of the terms what it has.
    Case {
        /// Which order.
        order: OrderId,
        /// The party's evidence file.
        evidence: ByteBuf,
    },
    /// The resolver tells a party of a dispute its word.
    Decision {
        /// Which order.
        order: OrderId,
        /// The word.
        decision: SignedDecision,
    },
}

/// A newcomer's request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinRequest {
    /// The circle.
    pub space: SpaceId,
    /// Public key of the invite.
    pub invite: DeviceId,
    /// By the invite's key, over circle, identity and device.
    pub proof: Sig,
    /// Who the newcomer is.
    pub chain: Chain,
    /// The newcomer's prekey.
    pub prekey: SignedRecord,
    /// The name the newcomer goes by.
    pub name: String,
}

/// Events and receipts of one order. Each travels as the order module encodes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderMessage {
    /// Which order.
    pub order: OrderId,
    /// Events, oldest first.
    pub events: Vec<ByteBuf>,
    /// Receipts.
    pub receipts: Vec<ByteBuf>,
    /// What the events commit to, as far as the sender has it.
    pub enclosed: Vec<Enclosure>,
    /// Who the sender is, so that a seller who never met the buyer can check the device.
    pub chain: Option<Chain>,
}

/// What one node holds of one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderHead {
    /// Which order.
    pub order: OrderId,
    /// The last event of the sender's own chain.
    pub own: Option<EventId>,
    /// The last event of the other's chain that the sender holds.
    pub other: Option<EventId>,
}

/// What is answered on the direct protocol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DirectResponse {
    /// To a join request, or to a member's request for keys: a [`Welcome`], sealed to the asker's prekey.
    Welcome {
        /// The sealed bytes.
        sealed: ByteBuf,
    },
    /// To a join request: no, with a stable code and a sentence.
    Declined {
        /// `expired`, `used`, `unknown-invite`, …
        code: String,
        /// Why.
        reason: String,
    },
    /// To an order message, a case or a decision: kept. Receipts for the events of a message.
    Stored {
        /// Receipts for each event of the message.
        receipts: Vec<ByteBuf>,
    },
    /// To an order message, a case or a decision: refused, with a stable code.
    Refused {
        /// `stranger`, `malformed`, …
        code: String,
    },
    /// To order heads: messages with what the asker lacks.
    Orders(Vec<OrderMessage>),
}

/// What a newcomer is handed: the keys of the circle, as far back as the window goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// What the circle began with.
    pub inception: Inception,
    /// Name of the circle.
    pub name: String,
    /// Keys by epoch.
    pub epochs: Vec<(KeyId, EpochKeys)>,
    /// Identity chains of the members.
    pub items: Vec<Item>,
}

impl SyncRequest {
    /// Names of the sorts of requests that are known here.
    pub const NAMES: &[&str] = &["greet", "compare", "pull", "push"];
}

impl DirectRequest {
    /// Names of the sorts of requests that are known here.
    pub const NAMES: &[&str] = &["join", "keys", "order", "order_heads", "case", "decision"];
}

macro_rules! wire {
    ($($type:ty, $max:ident;)*) => {$(
        impl $type {
            /// Its bytes.
            #[must_use]
            pub fn to_bytes(&self) -> Vec<u8> { encode(self) }

            /// Reads one, under its size cap.
            ///
            /// # Errors
            /// [`CodecError`] when the bytes are too many, malformed or not canonical.
            pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> { decode(bytes, $max) }
        }
    )*};
}

wire! {
    SyncRequest, REQUEST_MAX_BYTES;
    SyncResponse, RESPONSE_MAX_BYTES;
    DirectRequest, REQUEST_MAX_BYTES;
    DirectResponse, RESPONSE_MAX_BYTES;
    Welcome, RESPONSE_MAX_BYTES;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_of_a_newer_version_is_told_from_none() {
        let named = |name: &str| encode(&std::collections::BTreeMap::from([(name, 1u64)]));
        assert!(is_newer_item(&named("poll")));
        for name in ITEM_NAMES {
            assert!(!is_newer_item(&named(name)), "{name} is known here, and this is none");
        }
        assert!(!is_newer_item(&[0xff]) && !is_newer_item(&[]));
        for (known, own) in [
            (SyncRequest::NAMES, SyncRequest::Greet { nonce: [0; 16] }.to_bytes()),
            (DirectRequest::NAMES, DirectRequest::OrderHeads { heads: vec![] }.to_bytes()),
        ] {
            assert!(is_newer_request(known, &named("poll")));
            assert!(!is_newer_request(known, &own) && !is_newer_request(known, &[0xff]) && !is_newer_request(known, &[]));
            assert!(known.iter().all(|name| !is_newer_request(known, &named(name))), "known here, and this is none");
        }
        let item = Item::Record(SignedRecord { bytes: vec![], sig: Sig([0; 64]) });
        assert!(!is_newer_item(&encode(&item)));
    }
}
