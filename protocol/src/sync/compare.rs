//! What differs between two holders of one circle: digests, heights, and the parts that each lacks.

use std::collections::BTreeMap;

use super::{Holdings, Stream};
use crate::codec::encode;
use crate::crypto::{Context, hash};
use crate::id::{Digest, SpaceId};
use crate::limits::SYNC_WANTS_MAX;
use crate::wire::{Height, Scope, StreamKey, Want};

/// Digest over what is held of a scope.
#[must_use]
pub fn digest(streams: &[Stream]) -> Digest {
    let parts: Vec<(StreamKey, u64, Digest)> = streams.iter().map(|s| (s.key, s.height, s.head)).collect();
    Digest(hash(Context::SyncDigest, &[&encode(&parts)]))
}

/// Heights of a scope, each with its tag under the connection's joint nonce.
#[must_use]
pub fn heights(streams: &[Stream], joint: &[u8; 32]) -> Vec<Height> {
    streams.iter().map(|s| Height { key: s.key, height: s.height, tag: head_tag(&s.head, joint) }).collect()
}

fn head_tag(head: &Digest, joint: &[u8; 32]) -> [u8; 8] {
    let mut tag = [0; 8];
    tag.copy_from_slice(&hash(Context::HeadTag, &[joint, &head.0])[..8]);
    tag
}

/// What one comparison found.
#[derive(Debug)]
pub(super) struct Differences {
    /// Per scope: streams where the other is ahead, with the height it claims.
    behind: Vec<(Scope, BTreeMap<StreamKey, u64>)>,
    /// Heights asked from last time, to notice that nothing moves.
    last: BTreeMap<StreamKey, u64>,
    /// Streams where the other lacks something.
    ahead: Vec<Want>,
}

impl Differences {
    pub(super) fn new(holdings: &impl Holdings, circle: &SpaceId, theirs: Vec<(Scope, Vec<Height>)>, joint: &[u8; 32]) -> Self {
        let mut found = Self { behind: Vec::new(), last: BTreeMap::new(), ahead: Vec::new() };
        for (scope, heights) in theirs {
            let mut mine: BTreeMap<StreamKey, Stream> = holdings.streams(circle, &scope).into_iter().map(|s| (s.key, s)).collect();
            let mut behind = BTreeMap::new();
            for theirs in heights {
                let held = mine.remove(&theirs.key);
                let height = held.map_or(0, |s| s.height);
                let other_head = held.is_some_and(|s| head_tag(&s.head, joint) != theirs.tag);
                if theirs.height > height {
                    behind.insert(theirs.key, theirs.height);
                    found.last.insert(theirs.key, height);
                } else if theirs.height < height {
                    found.ahead.push(Want { key: theirs.key, from: theirs.height });
                } else if other_head && matches!(theirs.key, StreamKey::Record(..)) {
                    // Equal heights with another end: records issued in the same millisecond. Both are offered, the rule decides.
                    found.ahead.push(Want { key: theirs.key, from: 0 });
                }
            }
            found.ahead.extend(mine.into_keys().map(|key| Want { key, from: 0 }));
            found.behind.push((scope, behind));
        }
        found
    }

    /// The next parts to ask for.
    pub(super) fn next_pull(&mut self) -> Option<(Scope, Vec<Want>)> {
        self.behind.retain(|(_, behind)| !behind.is_empty());
        let (scope, behind) = self.behind.first()?;
        let want = |key: &StreamKey| Want { key: *key, from: self.last.get(key).copied().unwrap_or(0) };
        Some((*scope, behind.keys().take(SYNC_WANTS_MAX).map(want).collect()))
    }

    /// What the other lacks.
    pub(super) fn offers(&mut self) -> Vec<Want> {
        std::mem::take(&mut self.ahead)
    }

    /// Drops what has arrived and what does not move; says whether anything moved.
    pub(super) fn update(&mut self, holdings: &impl Holdings, circle: &SpaceId) -> bool {
        let Some((scope, behind)) = self.behind.first_mut() else { return false };
        let held: BTreeMap<StreamKey, u64> = holdings.streams(circle, scope).into_iter().map(|s| (s.key, s.height)).collect();
        let mut moved = false;
        let asked: Vec<StreamKey> = behind.keys().take(SYNC_WANTS_MAX).copied().collect();
        for key in &asked {
            let height = held.get(key).copied().unwrap_or(0);
            if height > self.last.get(key).copied().unwrap_or(0) {
                moved = true;
                self.last.insert(*key, height);
            }
            if behind.get(key).is_some_and(|wanted| height >= *wanted) {
                behind.remove(key);
            }
        }
        if !moved {
            for key in &asked {
                behind.remove(key);
            }
        }
        moved
    }
}
