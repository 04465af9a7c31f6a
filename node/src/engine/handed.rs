//! How much of its circles this node handed to whom lately: nobody drains it by fetching everything over and over.
//!
//! What is handed over is owed, and forgotten at a steady rate; who owes more than a share waits until it does not. It counts
//! entries and bytes, never looks at them, and has no clock: `now` is an argument.

use std::collections::BTreeMap;

use haat_protocol::id::DeviceId;
use haat_protocol::limits::{HANDED_ALWAYS_PART, HANDED_BYTES, HANDED_ENTRIES, PEERS_REMEMBERED_MAX, Quota};
use haat_protocol::time::{MINUTE_MS, Millis};

/// What is counted: entries and other things, then bytes.
const SHARES: [Quota; 2] = [HANDED_ENTRIES, HANDED_BYTES];

/// What somebody owes, in sixty-thousandths of a piece, so that a rate per minute is a rate per millisecond.
#[derive(Debug, Clone, Copy, Default)]
struct Owed {
    pieces: [u64; SHARES.len()],
    at: Millis,
}

impl Owed {
    /// What is left of it by now.
    fn left(&self, now: Millis, per_minute: [u64; SHARES.len()]) -> [u64; SHARES.len()] {
        let passed = now.0.saturating_sub(self.at.0);
        let mut left = self.pieces;
        left.iter_mut().zip(per_minute).for_each(|(owed, rate)| *owed = owed.saturating_sub(rate.saturating_mul(passed)));
        left
    }

    fn add(&mut self, counts: [u64; SHARES.len()], now: Millis, per_minute: [u64; SHARES.len()]) {
        self.pieces = self.left(now, per_minute);
        self.pieces.iter_mut().zip(counts).for_each(|(owed, count)| *owed = owed.saturating_add(count.saturating_mul(MINUTE_MS)));
        self.at = now;
    }
}

/// How long it takes until no more than these bursts is owed, in milliseconds; 0 when no more is owed now.
fn pause(left: [u64; SHARES.len()], burst: [u64; SHARES.len()], per_minute: [u64; SHARES.len()]) -> u64 {
    let over = |at: usize| left[at].saturating_sub(burst[at] * MINUTE_MS).div_ceil(per_minute[at]);
    (0..SHARES.len()).map(over).max().unwrap_or(0)
}

/// What was handed over.
#[derive(Debug, Default)]
pub(super) struct Handed {
    all: Owed,
    peers: BTreeMap<DeviceId, Owed>,
}

impl Handed {
    /// How many milliseconds a peer waits until it is handed more; none when it need not wait.
    pub(super) fn pause(&self, device: &DeviceId, now: Millis) -> Option<u64> {
        let (rate, burst) = (SHARES.map(|share| share.peer_per_minute), SHARES.map(|share| share.peer_burst));
        let own = self.peers.get(device).map_or([0; SHARES.len()], |owed| owed.left(now, rate));
        // Who was handed little has no part in what all together were handed.
        let had_little = pause(own, burst.map(|burst| burst / HANDED_ALWAYS_PART), rate) == 0;
        let all_rate = SHARES.map(|share| share.all_per_minute);
        let all = if had_little { 0 } else { pause(self.all.left(now, all_rate), SHARES.map(|share| share.all_burst), all_rate) };
        Some(pause(own, burst, rate).max(all)).filter(|pause| *pause > 0)
    }

    /// So many things in so many bytes were handed to a peer.
    pub(super) fn note(&mut self, device: DeviceId, things: usize, bytes: usize, now: Millis) {
        let (counts, rate) = ([things as u64, bytes as u64], SHARES.map(|share| share.peer_per_minute));
        if !self.peers.contains_key(&device) && self.peers.len() >= PEERS_REMEMBERED_MAX {
            // Whose debt is forgotten first is forgotten now.
            let least = self.peers.iter().min_by_key(|(_, owed)| pause(owed.left(now, rate), [0; SHARES.len()], rate));
            let least = least.map(|(device, _)| *device);
            least.map(|device| self.peers.remove(&device));
        }
        self.peers.entry(device).or_default().add(counts, now, rate);
        self.all.add(counts, now, SHARES.map(|share| share.all_per_minute));
    }

    /// How many peers are remembered.
    pub(super) fn len(&self) -> usize {
        self.peers.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: DeviceId = DeviceId([1; 32]);
    const NOW: Millis = Millis(1_800_000_000_000);

    fn numbered(number: u64) -> DeviceId {
        let mut device = [2; 32];
        device[..8].copy_from_slice(&number.to_be_bytes());
        DeviceId(device)
    }

    fn burst(quota: Quota) -> usize {
        usize::try_from(quota.peer_burst).expect("small")
    }

    #[test]
    fn who_was_handed_its_share_waits_and_nobody_else() {
        for (things, bytes) in [(burst(HANDED_ENTRIES), 0), (0, burst(HANDED_BYTES))] {
            let mut handed = Handed::default();
            handed.note(ANA, things, bytes, NOW);
            assert_eq!(handed.pause(&ANA, NOW), None, "its whole share");
            handed.note(ANA, things / 100, bytes / 100, NOW);
            let pause = handed.pause(&ANA, NOW).expect("more than its share");
            assert_eq!(handed.pause(&numbered(1), NOW), None, "somebody else");
            assert!(handed.pause(&ANA, NOW.plus(pause - 1)).is_some());
            assert_eq!(handed.pause(&ANA, NOW.plus(pause)), None, "as long as it was told");
            assert!(pause < 60 * MINUTE_MS, "{pause} ms");
        }
    }

    #[test]
    fn what_is_owed_is_forgotten_at_the_rate_of_the_sheet() {
        let mut handed = Handed::default();
        handed.note(ANA, 0, 2 * burst(HANDED_BYTES), NOW);
        let minutes = HANDED_BYTES.peer_burst.div_ceil(HANDED_BYTES.peer_per_minute);
        assert_eq!(handed.pause(&ANA, NOW), Some(minutes * MINUTE_MS));
    }

    #[test]
    fn many_together_wait_but_who_had_little_does_not() {
        let mut handed = Handed::default();
        let peers = HANDED_BYTES.all_burst / HANDED_BYTES.peer_burst + 1;
        (0..peers).for_each(|n| handed.note(numbered(n), 0, burst(HANDED_BYTES), NOW));
        assert!((0..peers).all(|n| handed.pause(&numbered(n), NOW).is_some()), "all together had too much");
        handed.note(ANA, 100, 100_000, NOW);
        assert_eq!(handed.pause(&ANA, NOW), None, "a day's news are told whatever others fetch");
    }

    #[test]
    fn the_table_is_bounded_and_keeps_who_owes_most() {
        let mut handed = Handed::default();
        handed.note(ANA, 0, 2 * burst(HANDED_BYTES), NOW);
        (0..PEERS_REMEMBERED_MAX as u64 + 10).for_each(|n| handed.note(numbered(n), 1, 1, NOW));
        assert_eq!(handed.len(), PEERS_REMEMBERED_MAX);
        assert!(handed.pause(&ANA, NOW).is_some());
    }

    #[test]
    fn the_shares_hold_together() {
        const {
            // A newcomer to a circle of 100,000 entries of a kilobyte gets it from one partner in one go.
            assert!(HANDED_ENTRIES.peer_burst >= 100_000 && HANDED_BYTES.peer_burst >= 100_000 * 1_024);
            assert!(HANDED_ENTRIES.all_burst >= 4 * HANDED_ENTRIES.peer_burst && HANDED_BYTES.all_burst >= 4 * HANDED_BYTES.peer_burst);
        }
    }
}
