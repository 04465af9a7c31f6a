//! What a session asks of whoever holds the entries. Nothing here changes anything.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::sync::Arc;

use crate::codec::encode;
use crate::crypto::{Context, hash};
use crate::entry::LogId;
use crate::id::{DeviceId, Digest, SpaceId};
use crate::wire::{Item, Scope, StreamKey};

/// How a peer's device stands in a circle, as far as is known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// In it.
    Member,
    /// Was removed from it.
    Removed,
    /// Neither.
    Unknown,
}

/// A stream as it is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stream {
    /// Which.
    pub key: StreamKey,
    /// How much of it is held.
    pub height: u64,
    /// What stands at its end.
    pub head: Digest,
}

/// What is held of a scope, in order of keys, with what two holders compare of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frontier {
    streams: Vec<Stream>,
    /// Digest over keys, heights and ends.
    pub state: Digest,
    /// Digest over the keys alone.
    pub names: Digest,
}

impl Frontier {
    /// Of these streams, in any order.
    #[must_use]
    pub fn new(mut streams: Vec<Stream>) -> Self {
        streams.sort();
        streams.dedup();
        let parts: Vec<(StreamKey, u64, Digest)> = streams.iter().map(|s| (s.key, s.height, s.head)).collect();
        let keys: Vec<StreamKey> = streams.iter().map(|stream| stream.key).collect();
        let digest = |bytes: &[u8]| Digest(hash(Context::SyncDigest, &[bytes]));
        Self { state: digest(&encode(&parts)), names: digest(&encode(&keys)), streams }
    }
}

impl Deref for Frontier {
    type Target = [Stream];

    fn deref(&self) -> &[Stream] {
        &self.streams
    }
}

/// A part of a stream: from a height on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Want {
    /// Which stream.
    pub key: StreamKey,
    /// The first height that is missing.
    pub from: u64,
    /// How many from there; none = all.
    pub count: Option<u64>,
}

/// Sequences that follow each other without a gap: (first, how many), ascending.
pub type Runs = Vec<(u64, u64)>;

/// Places of entries whose payload is missing here.
pub type Places = BTreeSet<(LogId, u64)>;

/// Things to hand over, and what did not fit.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// In an order in which they can be taken in.
    pub items: Vec<Item>,
    /// Where to go on.
    pub rest: Vec<Want>,
}

/// What a session asks of whoever holds the entries.
pub trait Holdings {
    /// Circles this node is in, or was.
    fn circles(&self) -> Vec<SpaceId>;
    /// Retained topic secrets of a circle, newest first.
    fn topics(&self, circle: &SpaceId) -> Vec<[u8; 32]>;
    /// The circle itself and the shops shared into it.
    fn scopes(&self, circle: &SpaceId) -> Vec<Scope>;
    /// What is held of a scope.
    fn streams(&self, circle: &SpaceId, scope: &Scope) -> Arc<Frontier>;
    /// Entries that wait here for earlier ones of their log, by log.
    fn waiting(&self, circle: &SpaceId, scope: &Scope) -> BTreeMap<LogId, Runs>;
    /// Entries that are held without their payload although nobody took them back: some of those that were not `asked` for yet.
    fn holes(&self, circle: &SpaceId, scope: &Scope, asked: &Places) -> Places;
    /// Things that are wanted, as many as fit. When not all do: those of the newest days if `newest`, else the earliest.
    fn batch(&self, circle: &SpaceId, wants: &[Want], newest: bool, max_bytes: usize) -> Batch;
    /// How many milliseconds a device has to wait before it is handed more; none when it need not.
    fn pause(&self, device: &DeviceId) -> Option<u64>;
    /// How a device stands in a circle.
    fn relation(&self, circle: &SpaceId, device: &DeviceId) -> Relation;
    /// Whether this node knows that it is out of a circle, or its device revoked.
    fn is_out(&self, circle: &SpaceId) -> bool;
    /// What shows to another member that this node was admitted; nothing when it is out.
    fn introduction(&self, circle: &SpaceId) -> Vec<Item>;
    /// What shows to a removed device that it was removed, and nothing later; nothing when it was handed its share of that.
    fn farewell(&self, circle: &SpaceId, device: &DeviceId) -> Vec<Item>;
    /// What shows to a device that is in no roster here that what it introduces itself with does not count; nothing when it may count.
    fn overturns(&self, circle: &SpaceId, device: &DeviceId, introduction: &[Item]) -> Vec<Item>;
    /// What a node that is out knows of removals and leaves: a member may have heard of them from nobody else.
    fn bequest(&self, circle: &SpaceId) -> Vec<Item>;
}
