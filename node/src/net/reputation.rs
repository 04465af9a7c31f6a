//! What peers have done lately, in points: who offends is disconnected, then barred for a while.
//!
//! A device costs nothing, so this only spares work; connection limits and quotas bound what many devices can do. It has no
//! clock and no socket: `now` is an argument. It must never count what depends on this node's own view, and never bar a
//! member of an own circle for long: a friend's node may merely have a fault.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use haat_protocol::id::DeviceId;
use haat_protocol::limits;

use super::vocabulary::Severity;

/// Hundredths of a point for each offence. The lightest one outweighs all credit a peer can gather.
const COSTS: [(Severity, i64); 6] = [
    (Severity::Forged, 2_000),
    (Severity::Malformed, 1_000),
    (Severity::Oversize, 500),
    (Severity::Misuse, 500),
    (Severity::Overrun, 100),
    (Severity::Slow, 100),
];
/// Hundredths of a point one good deed takes off.
const CREDIT: i64 = 10;
/// Hundredths of a point a peer may have to its credit.
const CREDIT_MAX: i64 = 50;
const DISCONNECT_AT: i64 = limits::REPUTATION_DISCONNECT_POINTS * 100;
const BAN_AT: i64 = limits::REPUTATION_BAN_POINTS * 100;

/// What is to be done with somebody who offended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Consequence {
    /// Nothing yet.
    Noted,
    /// Close the connections; a new one is allowed.
    Disconnect,
    /// Close the connections and allow none until then.
    Ban(Instant),
}

#[derive(Debug, Clone, Copy)]
struct Record {
    /// Hundredths of a point, bad ones above zero, as of `at`.
    points: i64,
    at: Instant,
    banned_until: Option<Instant>,
    bans: u32,
}

/// The table.
#[derive(Debug, Default)]
pub(super) struct Reputation {
    records: BTreeMap<DeviceId, Record>,
}

impl Reputation {
    /// Somebody offended.
    pub(super) fn offended(&mut self, device: DeviceId, severity: Severity, is_member: bool, now: Instant) -> Consequence {
        let record = self.record(device, now);
        record.points += COSTS.iter().find(|(other, _)| *other == severity).map_or(0, |(_, cost)| *cost);
        if record.banned_until.is_some_and(|until| now < until) {
            return Consequence::Noted;
        }
        if record.points < DISCONNECT_AT {
            return Consequence::Noted;
        }
        if record.points < BAN_AT {
            return Consequence::Disconnect;
        }
        let pause_ms = if is_member {
            // Back with a clean slate: nothing can be mended between friends who cannot talk.
            record.points = 0;
            limits::MEMBER_BAN_MS
        } else {
            record.points = BAN_AT;
            limits::BAN_MIN_MS.saturating_mul(1 << record.bans.min(16)).min(limits::BAN_MAX_MS)
        };
        record.bans += 1;
        let pause = Duration::from_millis(pause_ms);
        // Nothing is forgotten in the first half of the ban.
        record.at = now + pause / 2;
        record.banned_until = Some(now + pause);
        Consequence::Ban(now + pause)
    }

    /// Somebody did what peers are for. Worth little: good deeds must not pay for bad ones.
    pub(super) fn pleased(&mut self, device: DeviceId, now: Instant) {
        let record = self.record(device, now);
        record.points = (record.points - CREDIT).max(-CREDIT_MAX);
    }

    /// Whether no connection with somebody is allowed.
    pub(super) fn is_banned(&self, device: &DeviceId, now: Instant) -> bool {
        self.records.get(device).and_then(|record| record.banned_until).is_some_and(|until| now < until)
    }

    /// With whom no connection is allowed.
    pub(super) fn banned(&self, now: Instant) -> Vec<DeviceId> {
        self.records.keys().filter(|device| self.is_banned(device, now)).copied().collect()
    }

    /// Whose ban ended since the last time this was asked.
    pub(super) fn released(&mut self, now: Instant) -> Vec<DeviceId> {
        let mut free = Vec::new();
        for (device, record) in &mut self.records {
            if record.banned_until.is_some_and(|until| until <= now) {
                record.banned_until = None;
                free.push(*device);
            }
        }
        free
    }

    /// Points right now, rounded towards zero.
    #[cfg(test)]
    fn points(&self, device: &DeviceId, now: Instant) -> i64 {
        self.records.get(device).map_or(0, |record| faded(record, now) / 100)
    }

    fn record(&mut self, device: DeviceId, now: Instant) -> &mut Record {
        if !self.records.contains_key(&device) && self.records.len() >= limits::PEERS_REMEMBERED_MAX {
            // Whoever did least is forgotten; a ban is forgotten last.
            let least = self.records.iter().min_by_key(|(_, record)| (record.banned_until, record.bans, faded(record, now).abs()));
            if let Some(device) = least.map(|(device, _)| *device) {
                self.records.remove(&device);
            }
        }
        let record = self.records.entry(device).or_insert(Record { points: 0, at: now, banned_until: None, bans: 0 });
        record.points = faded(record, now);
        record.at = record.at.max(now);
        record
    }
}

/// Points after the time that passed: half after each half-life, in between along a straight line.
fn faded(record: &Record, now: Instant) -> i64 {
    let passed = u64::try_from(now.saturating_duration_since(record.at).as_millis()).unwrap_or(u64::MAX);
    let (halvings, rest) = (passed / limits::REPUTATION_HALF_LIFE_MS, passed % limits::REPUTATION_HALF_LIFE_MS);
    if halvings >= 32 {
        return 0;
    }
    let points = record.points / (1 << halvings);
    let span = i64::try_from(limits::REPUTATION_HALF_LIFE_MS * 2).expect("a half-life is far below 2^62 ms");
    points - points * i64::try_from(rest).expect("less than a half-life") / span
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: DeviceId = DeviceId([1; 32]);
    const HALF_LIFE: Duration = Duration::from_millis(limits::REPUTATION_HALF_LIFE_MS);

    #[test]
    fn every_severity_has_its_price_and_no_credit_pays_for_any() {
        let now = Instant::now();
        for (severity, cost) in COSTS {
            let mut reputation = Reputation::default();
            for _ in 0..10_000 {
                reputation.pleased(ANA, now);
            }
            reputation.offended(ANA, severity, false, now);
            assert_eq!(reputation.points(&ANA, now), (cost - CREDIT_MAX) / 100);
            assert!(CREDIT_MAX < cost, "{severity:?}");
        }
    }

    #[test]
    fn points_fade_by_half() {
        let (mut reputation, now) = (Reputation::default(), Instant::now());
        reputation.offended(ANA, Severity::Malformed, false, now);
        for (passed, expected) in [(0, 10), (1, 5), (2, 2), (3, 1), (4, 0), (1_000, 0)] {
            assert_eq!(reputation.points(&ANA, now + HALF_LIFE * passed), expected, "after {passed} half-lives");
        }
        assert_eq!(reputation.points(&ANA, now + HALF_LIFE / 2), 7);
    }

    #[test]
    fn a_stranger_is_disconnected_then_banned_longer_each_time() {
        let (mut reputation, mut now) = (Reputation::default(), Instant::now());
        assert_eq!(reputation.offended(ANA, Severity::Malformed, false, now), Consequence::Noted);
        assert_eq!(reputation.offended(ANA, Severity::Malformed, false, now), Consequence::Disconnect);
        let mut pauses = Vec::new();
        for _ in 0..9 {
            let until = loop {
                if let Consequence::Ban(until) = reputation.offended(ANA, Severity::Forged, false, now) {
                    break until;
                }
            };
            assert!(reputation.is_banned(&ANA, now));
            assert_eq!(reputation.offended(ANA, Severity::Forged, false, now), Consequence::Noted, "a ban is not made longer");
            pauses.push(u64::try_from((until - now).as_millis()).unwrap_or(0));
            assert!(reputation.released(now).is_empty());
            now = until;
            assert!(!reputation.is_banned(&ANA, now));
            assert_eq!(reputation.released(now), vec![ANA]);
        }
        assert_eq!(pauses[..3], [limits::BAN_MIN_MS, limits::BAN_MIN_MS * 2, limits::BAN_MIN_MS * 4]);
        assert_eq!(pauses.last(), Some(&limits::BAN_MAX_MS));
    }

    #[test]
    fn nothing_fades_in_the_first_half_of_a_ban() {
        let (mut reputation, now) = (Reputation::default(), Instant::now());
        while !matches!(reputation.offended(ANA, Severity::Forged, false, now), Consequence::Ban(_)) {}
        let half = Duration::from_millis(limits::BAN_MIN_MS / 2);
        assert_eq!(reputation.points(&ANA, now + half), limits::REPUTATION_BAN_POINTS);
        assert!(reputation.points(&ANA, now + half * 2) < limits::REPUTATION_BAN_POINTS);
    }

    #[test]
    fn a_friend_is_never_away_for_long() {
        let (mut reputation, mut now) = (Reputation::default(), Instant::now());
        for round in 0..50 {
            let until = loop {
                if let Consequence::Ban(until) = reputation.offended(ANA, Severity::Forged, true, now) {
                    break until;
                }
            };
            assert_eq!(until - now, Duration::from_millis(limits::MEMBER_BAN_MS), "round {round}");
            now = until;
            assert_eq!(reputation.offended(ANA, Severity::Slow, true, now), Consequence::Noted, "back and welcome");
        }
    }

    #[test]
    fn the_table_is_bounded_and_keeps_the_worst() {
        let (mut reputation, now) = (Reputation::default(), Instant::now());
        while !matches!(reputation.offended(ANA, Severity::Forged, false, now), Consequence::Ban(_)) {}
        for number in 0..limits::PEERS_REMEMBERED_MAX as u64 + 10 {
            let mut device = [2; 32];
            device[..8].copy_from_slice(&number.to_be_bytes());
            reputation.offended(DeviceId(device), Severity::Slow, false, now);
        }
        assert_eq!(reputation.records.len(), limits::PEERS_REMEMBERED_MAX);
        assert!(reputation.is_banned(&ANA, now));
    }
}
