//! How much of each kind one peer, and all peers together, may ask for: buckets that fill with time.
//!
//! Checked before anything is decoded. The kind of a request is read off its first bytes, which name it; that is all this
//! file knows of a message, and it must never look further. It has no clock: `now` is an argument.

use std::collections::BTreeMap;
use std::time::Instant;

use haat_protocol::id::DeviceId;
use haat_protocol::limits::{self, Quota};

use super::vocabulary::Channel;

/// What is counted. One message may count as several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Sync,
    Greet,
    Direct,
    Join,
    Order,
    Gossip,
    Bytes,
}

/// The table: everything that is counted, and how much of it is allowed.
const QUOTAS: [(Kind, Quota); 7] = [
    (Kind::Sync, limits::QUOTA_SYNC),
    (Kind::Greet, limits::QUOTA_GREET),
    (Kind::Direct, limits::QUOTA_DIRECT),
    (Kind::Join, limits::QUOTA_JOIN),
    (Kind::Order, limits::QUOTA_ORDER),
    (Kind::Gossip, limits::QUOTA_GOSSIP),
    (Kind::Bytes, limits::QUOTA_BYTES),
];

/// How the bytes of a request begin: a map with one key, the name of the request.
const NAMES: [(Channel, &[u8], Kind); 4] = [
    (Channel::Sync, b"\xa1\x65greet", Kind::Greet),
    (Channel::Direct, b"\xa1\x64join", Kind::Join),
    (Channel::Direct, b"\xa1\x64keys", Kind::Join),
    (Channel::Direct, b"\xa1\x65order", Kind::Order),
];

/// What a request counts as, beside its bytes.
pub(super) fn kinds(channel: Channel, data: &[u8]) -> Vec<Kind> {
    let protocol = match channel {
        Channel::Sync => Kind::Sync,
        Channel::Direct | Channel::Meet => Kind::Direct,
    };
    let named = NAMES.iter().find(|(on, name, _)| *on == channel && data.starts_with(name));
    [Some(protocol), named.map(|(.., kind)| *kind)].into_iter().flatten().collect()
}

/// One bucket, in sixty-thousandths of a piece, so that a rate per minute is a rate per millisecond.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    level: u64,
    at: Instant,
}

const PIECE: u64 = 60_000;

impl Bucket {
    const fn full(burst: u64, now: Instant) -> Self {
        Self { level: burst * PIECE, at: now }
    }

    fn fill(&mut self, burst: u64, per_minute: u64, now: Instant) {
        let passed = u64::try_from(now.saturating_duration_since(self.at).as_millis()).unwrap_or(u64::MAX);
        self.level = self.level.saturating_add(per_minute.saturating_mul(passed)).min(burst * PIECE);
        self.at = self.at.max(now);
    }
}

/// Buckets of one peer, or of all together.
type Buckets = [Bucket; QUOTAS.len()];

/// All buckets.
#[derive(Debug)]
pub(super) struct Quotas {
    all: Buckets,
    peers: BTreeMap<DeviceId, Buckets>,
}

impl Quotas {
    pub(super) fn new(now: Instant) -> Self {
        Self { all: QUOTAS.map(|(_, quota)| Bucket::full(quota.all_burst, now)), peers: BTreeMap::new() }
    }

    /// Takes what a message counts as, or nothing at all when any of it is used up.
    pub(super) fn take(&mut self, device: DeviceId, kinds: &[Kind], bytes: usize, now: Instant) -> bool {
        if !self.peers.contains_key(&device) && self.peers.len() >= limits::PEERS_REMEMBERED_MAX {
            self.make_room();
        }
        let fresh = || QUOTAS.map(|(_, quota)| Bucket::full(quota.peer_burst, now));
        let own = self.peers.entry(device).or_insert_with(fresh);
        let counts = QUOTAS.map(|(kind, _)| match kind {
            Kind::Bytes => bytes as u64 * PIECE,
            kind => kinds.iter().filter(|other| **other == kind).count() as u64 * PIECE,
        });
        let mut enough = true;
        for (at, (_, quota)) in QUOTAS.iter().enumerate() {
            own[at].fill(quota.peer_burst, quota.peer_per_minute, now);
            self.all[at].fill(quota.all_burst, quota.all_per_minute, now);
            enough &= own[at].level >= counts[at] && self.all[at].level >= counts[at];
        }
        if enough {
            for (at, count) in counts.into_iter().enumerate() {
                own[at].level -= count;
                self.all[at].level -= count;
            }
        }
        enough
    }

    /// Forgets whoever was silent longest: their buckets are the fullest by now.
    fn make_room(&mut self) {
        let silent = self.peers.iter().min_by_key(|(_, buckets)| buckets[0].at).map(|(device, _)| *device);
        if let Some(device) = silent {
            self.peers.remove(&device);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use haat_protocol::codec::encode;
    use haat_protocol::wire::{DirectRequest, SyncRequest};

    use super::*;

    const ANA: DeviceId = DeviceId([1; 32]);

    fn numbered(number: u64) -> DeviceId {
        let mut device = [2; 32];
        device[..8].copy_from_slice(&number.to_be_bytes());
        DeviceId(device)
    }

    #[test]
    fn the_names_are_those_on_the_wire() {
        assert_eq!(kinds(Channel::Sync, &encode(&SyncRequest::Greet { nonce: [7; 16] })), [Kind::Sync, Kind::Greet]);
        assert_eq!(kinds(Channel::Direct, &encode(&DirectRequest::OrderHeads { heads: vec![] })), [Kind::Direct]);
        assert_eq!(kinds(Channel::Direct, b"\xa1\x64join\xa0"), [Kind::Direct, Kind::Join]);
        assert_eq!(kinds(Channel::Direct, b"\xa1\x65order\xa0"), [Kind::Direct, Kind::Order]);
        assert_eq!(kinds(Channel::Sync, b"\xa1\x64join\xa0"), [Kind::Sync]);
        assert_eq!(kinds(Channel::Direct, &[]), [Kind::Direct]);
    }

    #[test]
    fn every_kind_has_a_burst_and_comes_back_with_time() {
        for (kind, quota) in QUOTAS.into_iter().filter(|(kind, _)| *kind != Kind::Bytes) {
            let now = Instant::now();
            let mut quotas = Quotas::new(now);
            for _ in 0..quota.peer_burst {
                assert!(quotas.take(ANA, &[kind], 1, now), "{kind:?} within its burst");
            }
            assert!(!quotas.take(ANA, &[kind], 1, now), "{kind:?} beyond it");
            assert!(quotas.take(DeviceId([9; 32]), &[kind], 1, now), "somebody else is not touched");
            let later = now + Duration::from_millis(60_000 / quota.peer_per_minute + 1);
            assert!(quotas.take(ANA, &[kind], 1, later) && !quotas.take(ANA, &[kind], 1, later), "{kind:?}: one came back");
        }
    }

    #[test]
    fn bytes_are_counted_and_a_refusal_takes_nothing() {
        let (now, quota) = (Instant::now(), limits::QUOTA_BYTES);
        let mut quotas = Quotas::new(now);
        let half = usize::try_from(quota.peer_burst / 2).unwrap_or(usize::MAX);
        assert!(quotas.take(ANA, &[Kind::Sync], half, now));
        assert!(!quotas.take(ANA, &[Kind::Sync], half + 1, now));
        assert!(quotas.take(ANA, &[Kind::Sync], half, now), "what was refused was not counted");
    }

    #[test]
    fn many_peers_together_are_bounded_and_so_is_the_table() {
        let now = Instant::now();
        let mut quotas = Quotas::new(now);
        let passed = (0..limits::QUOTA_JOIN.all_burst + 50).filter(|n| quotas.take(numbered(*n), &[Kind::Join], 1, now)).count();
        assert_eq!(passed as u64, limits::QUOTA_JOIN.all_burst);
        for number in 0..limits::PEERS_REMEMBERED_MAX as u64 + 10 {
            quotas.take(numbered(number), &[Kind::Sync], 1, now);
        }
        assert_eq!(quotas.peers.len(), limits::PEERS_REMEMBERED_MAX);
    }

    #[test]
    fn the_quotas_hold_together() {
        for (kind, quota) in QUOTAS {
            assert!(quota.peer_burst <= quota.all_burst && quota.peer_per_minute <= quota.all_per_minute, "{kind:?}");
        }
        const {
            // A meeting of two who share every circle compares each of them at once, more than once.
            assert!(limits::QUOTA_SYNC.peer_burst >= 3 * limits::CIRCLES_MAX as u64);
            assert!(limits::QUOTA_BYTES.peer_burst >= 64 * limits::REQUEST_MAX_BYTES as u64);
        }
    }
}
