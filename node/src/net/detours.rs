//! Peers whom only a circuit reaches, since no direct way was found: when to meet them anew, for a new try at one.
//!
//! It has no clock and no socket of its own. The pauses grow: between some homes there is no direct way, and every try costs what is under
//! way on the circuit.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use haat_protocol::id::DeviceId;
use haat_protocol::limits::{DETOURS_MAX, DIRECT_AGAIN_MAX_MS, DIRECT_AGAIN_MIN_MS};

/// How much longer each pause is than the one before.
const GROWTH: u64 = 4;

#[derive(Debug)]
struct Detour {
    /// When to try again; none while a try is under way.
    due: Option<Instant>,
    pause_ms: u64,
}

/// The table.
#[derive(Debug, Default)]
pub(super) struct Detours(BTreeMap<DeviceId, Detour>);

impl Detours {
    /// All tries at a direct way failed: there is another after a while, after a longer one each time.
    pub(super) fn failed(&mut self, device: DeviceId, now: Instant) {
        if self.0.len() >= DETOURS_MAX && !self.0.contains_key(&device) {
            return;
        }
        let detour = self.0.entry(device).or_insert(Detour { due: None, pause_ms: DIRECT_AGAIN_MIN_MS });
        if detour.due.is_none() {
            detour.due = Some(now + Duration::from_millis(detour.pause_ms));
            detour.pause_ms = detour.pause_ms.saturating_mul(GROWTH).min(DIRECT_AGAIN_MAX_MS);
        }
    }

    /// A direct way was found.
    pub(super) fn over(&mut self, device: &DeviceId) {
        self.0.remove(device);
    }

    /// Who is to be met anew now; each is tried once until it fails again.
    pub(super) fn take_due(&mut self, now: Instant) -> Vec<DeviceId> {
        let due = self.0.iter_mut().filter(|(_, detour)| detour.due.is_some_and(|due| due <= now));
        due.map(|(device, detour)| {
            detour.due = None;
            *device
        })
        .collect()
    }

    /// Forgets whom it is not worth the trouble to meet.
    pub(super) fn keep(&mut self, is_worth: impl Fn(&DeviceId) -> bool) {
        self.0.retain(|device, _| is_worth(device));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: DeviceId = DeviceId([1; 32]);
    const BEN: DeviceId = DeviceId([2; 32]);

    #[test]
    fn tries_come_again_later_each_time_until_a_way_is_found() {
        let (mut detours, start) = (Detours::default(), Instant::now());
        let after = |ms| start + Duration::from_millis(ms);
        let mut begun = 0;
        for pause in [DIRECT_AGAIN_MIN_MS, DIRECT_AGAIN_MIN_MS * 4, DIRECT_AGAIN_MIN_MS * 16] {
            detours.failed(ANA, after(begun));
            detours.failed(ANA, after(begun + pause / 2));
            assert!(detours.take_due(after(begun + pause - 1)).is_empty(), "{pause}: not yet, and a second word changes nothing");
            assert_eq!(detours.take_due(after(begun + pause)), [ANA]);
            assert!(detours.take_due(after(begun + pause * 9)).is_empty(), "once");
            begun += pause;
        }
        detours.over(&ANA);
        detours.failed(ANA, start);
        assert_eq!(detours.take_due(after(DIRECT_AGAIN_MIN_MS)), [ANA], "what is over begins anew");
        (0..20).for_each(|_| {
            detours.failed(ANA, start);
            let _ = detours.take_due(after(DIRECT_AGAIN_MAX_MS));
        });
        detours.failed(ANA, start);
        assert_eq!(detours.take_due(after(DIRECT_AGAIN_MAX_MS)), [ANA], "no pause is longer than the longest");
    }

    #[test]
    fn the_table_has_a_bound_and_forgets() {
        let (mut detours, start) = (Detours::default(), Instant::now());
        let late = start + Duration::from_millis(DIRECT_AGAIN_MAX_MS);
        for number in 0..=DETOURS_MAX {
            let mut id = [0; 32];
            id[..8].copy_from_slice(&(number as u64).to_be_bytes());
            detours.failed(DeviceId(id), start);
        }
        assert_eq!(detours.take_due(late).len(), DETOURS_MAX);
        detours.keep(|device| *device == BEN);
        detours.failed(ANA, start);
        detours.failed(BEN, start);
        detours.keep(|device| *device == BEN);
        assert_eq!(detours.take_due(late), [BEN]);
    }
}
