//! What the other holds more of, and the pulls that bring it: in waves, each of a few pulls under way at once.
//!
//! The first wave asks for the newest days, so that a node is of use before it has caught up; later ones fill in from below. A wave
//! that brings nothing is the last one, whatever the other claims.

use std::collections::BTreeMap;

use super::compare::{Claim, Range, by_name, ranges};
use super::tag::mark;
use super::{Holdings, Runs, Stream, Want};
use crate::id::SpaceId;
use crate::limits::{PARKED_PER_LOG_MAX, SYNC_PROBE_ENTRIES, SYNC_PULL_ENTRIES, SYNC_RANGES_MAX, SYNC_WANTS_MAX};
use crate::wire::{Heights, Mark, Scope, StreamKey, SyncRequest, Tag, Wants};

/// A stream of which the other claims more.
#[derive(Debug)]
struct Behind {
    index: usize,
    key: Option<StreamKey>,
    claim: Claim,
    /// Height and number of waiting entries when it was last asked for.
    last: Option<(u64, u64)>,
    /// It ends otherwise at the other: it is asked for from here on once more, so that a fork is met.
    probe: Option<u64>,
}

impl Behind {
    /// Nothing of it could be taken: perhaps it goes on from another branch, which is looked for once.
    fn turns_into_probe(&mut self, scope: Scope) -> bool {
        let height = self.last.take().map_or(0, |(height, _)| height);
        let is_new = is_log(scope) && height > 0 && self.probe.is_none();
        self.probe = self.probe.or(Some(below(height)));
        is_new
    }
}

#[derive(Debug)]
struct Part {
    scope: Scope,
    names: Mark,
    behind: Vec<Behind>,
}

/// One row of a wave before it is spread over pulls.
struct Row {
    part: usize,
    range: Range,
    weight: u64,
    newest: bool,
}

/// What one comparison found.
#[derive(Debug, Default)]
pub(super) struct Plan {
    parts: Vec<Part>,
    /// Pulls that wait for their answer.
    pub(super) under_way: u32,
    waves: u32,
    /// Whether the other counts its streams otherwise by now: nothing more can be asked for by their order.
    pub(super) is_stale: bool,
    /// The other hands over no more for so many milliseconds.
    pub(super) put_off_ms: Option<u64>,
    /// Whether something arrived.
    pub(super) moved: bool,
    /// Whether something that was claimed did not come, or came otherwise.
    pub(super) is_short: bool,
    offers: Vec<Want>,
    offered: u64,
}

/// What the plan asks about.
pub(super) struct Place<'a> {
    pub(super) circle: SpaceId,
    pub(super) tag: Tag,
    pub(super) joint: &'a [u8; 32],
}

impl Plan {
    /// Compares the claims about one scope with what is held.
    pub(super) fn add(&mut self, theirs: &Heights, claims: &[Claim], mine: &[Stream], joint: &[u8; 32]) {
        let known = by_name(mine.iter().map(|stream| &stream.key), joint);
        let held: BTreeMap<StreamKey, &Stream> = mine.iter().map(|stream| (stream.key, stream)).collect();
        let mut unseen = held.clone();
        let mut part = Part { scope: theirs.scope, names: theirs.names, behind: Vec::new() };
        for (index, claim) in claims.iter().enumerate() {
            let key = claim.name.map_or_else(|| mine.get(index).map(|stream| stream.key), |name| known.get(&name).copied());
            let stream = key.and_then(|key| unseen.remove(&key));
            let height = stream.map_or(0, |stream| stream.height);
            if claim.height > height {
                part.behind.push(Behind { index, key, claim: *claim, last: None, probe: None });
            } else if let Some(stream) = stream {
                let is_other = mark(&stream.head.0, joint) != claim.head;
                if claim.height < height {
                    self.offer(stream.key, claim.height, height);
                } else if is_other && matches!(stream.key, StreamKey::Record(..)) {
                    // Equal heights with another end: records issued in the same millisecond. Both are offered, the rule decides.
                    self.offer(stream.key, 0, 1);
                } else if is_other && matches!(stream.key, StreamKey::Log(_)) {
                    part.behind.push(Behind { index, key, claim: *claim, last: None, probe: Some(below(height)) });
                }
            }
        }
        for stream in unseen.into_values() {
            self.offer(stream.key, 0, stream.height);
        }
        self.parts.push(part);
    }

    fn offer(&mut self, key: StreamKey, from: u64, to: u64) {
        self.offers.push(Want { key, from, count: None });
        self.offered = self.offered.saturating_add(weight(&key, to - from));
    }

    /// What the other lacks, and how many things that are.
    pub(super) fn offers(&mut self) -> (Vec<Want>, u64) {
        (std::mem::take(&mut self.offers), self.offered)
    }

    /// How many entries the other claims to hold more.
    pub(super) fn missing(&self, holdings: &impl Holdings, place: &Place<'_>) -> u64 {
        let rows = self.parts.iter().flat_map(|part| {
            let held = heights(holdings, place, part.scope);
            part.behind.iter().map(move |behind| {
                let height = behind.key.and_then(|key| held.get(&key).copied()).unwrap_or(0);
                if is_log(part.scope) { behind.claim.height.saturating_sub(height) } else { 0 }
            })
        });
        rows.fold(0, u64::saturating_add)
    }

    /// The next wave, `width` pulls at most; none when nothing is left to ask for.
    pub(super) fn wave(&mut self, holdings: &impl Holdings, place: &Place<'_>, width: u32) -> Vec<SyncRequest> {
        let moved = self.look(holdings, place);
        self.moved |= moved;
        if self.waves > 0 && !moved {
            self.give_up();
        }
        let rows = if self.is_stale { Vec::new() } else { self.rows(holdings, place) };
        self.waves += 1;
        let pulls = self.spread(rows, place.tag, width);
        self.under_way = u32::try_from(pulls.len()).unwrap_or(u32::MAX);
        pulls
    }

    /// Looks at what arrived: drops what is complete, says whether anything moved.
    fn look(&mut self, holdings: &impl Holdings, place: &Place<'_>) -> bool {
        let mut moved = false;
        for part in &mut self.parts {
            if part.behind.is_empty() {
                continue;
            }
            let streams = holdings.streams(&place.circle, &part.scope);
            let waiting = holdings.waiting(&place.circle, &part.scope);
            let held: BTreeMap<StreamKey, Stream> = streams.iter().map(|stream| (stream.key, *stream)).collect();
            if part.behind.iter().any(|behind| behind.key.is_none()) {
                let logs: Vec<StreamKey> = waiting.keys().map(|log| StreamKey::Log(*log)).collect();
                let names = by_name(held.keys().chain(&logs), place.joint);
                for behind in part.behind.iter_mut().filter(|behind| behind.key.is_none()) {
                    behind.key = behind.claim.name.and_then(|name| names.get(&name).copied());
                }
            }
            let is_short = &mut self.is_short;
            part.behind.retain_mut(|behind| {
                let stream = behind.key.and_then(|key| held.get(&key));
                let now = (stream.map_or(0, |stream| stream.height), waits(behind.key, &waiting));
                let has_moved = behind.last.is_some_and(|last| last != now);
                moved |= has_moved;
                if behind.probe.is_some() {
                    // A log grows shorter when a fork is met, and then is compared anew.
                    *is_short |= has_moved;
                    return behind.last.is_none();
                }
                if let Some(last) = &mut behind.last {
                    *last = now;
                }
                let is_there = now.0 >= behind.claim.height;
                if let Some(stream) = stream.filter(|stream| stream.height == behind.claim.height) {
                    *is_short |= mark(&stream.head.0, place.joint) != behind.claim.head;
                }
                !is_there
            });
        }
        moved
    }

    /// Nothing came of what was asked for: it is not asked for again in this round.
    fn give_up(&mut self) {
        for part in &mut self.parts {
            let before = part.behind.len();
            let scope = part.scope;
            part.behind.retain_mut(|behind| behind.last.is_none() || behind.turns_into_probe(scope));
            self.is_short |= part.behind.len() < before;
        }
    }

    fn rows(&mut self, holdings: &impl Holdings, place: &Place<'_>) -> Vec<Row> {
        let mut rows = Vec::new();
        let is_first = self.waves == 0;
        for (index, part) in self.parts.iter_mut().enumerate().filter(|(_, part)| !part.behind.is_empty()) {
            let held = heights(holdings, place, part.scope);
            let waiting = holdings.waiting(&place.circle, &part.scope);
            for behind in &mut part.behind {
                let height = behind.key.and_then(|key| held.get(&key).copied()).unwrap_or(0);
                behind.last = Some((height, waits(behind.key, &waiting)));
                if let Some(from) = behind.probe {
                    let range = (behind.index, from, 0);
                    rows.push(Row { part: index, range, weight: behind.claim.height.saturating_sub(from).max(1), newest: false });
                    continue;
                }
                let runs = behind.key.and_then(|key| runs(&key, &waiting)).unwrap_or_default();
                let weight = if is_log(part.scope) { behind.claim.height - height } else { 1 };
                let newest = is_first && part.scope == Scope::Circle && weight <= PARKED_PER_LOG_MAX as u64;
                let gaps = gaps(height, behind.claim.height, &runs).into_iter().take(SYNC_RANGES_MAX);
                rows.extend(gaps.map(|(from, count)| Row {
                    part: index,
                    range: (behind.index, if is_log(part.scope) { from } else { 0 }, count),
                    weight: if count == 0 { weight } else { count },
                    newest,
                }));
            }
        }
        rows
    }

    /// Spreads rows over pulls. What may come newest first is asked for apart from what must not, and before it: who is a member and
    /// who has which device is best heard after the entries that admit them.
    fn spread(&self, rows: Vec<Row>, tag: Tag, width: u32) -> Vec<SyncRequest> {
        let total = total(&rows);
        if total <= SYNC_PULL_ENTRIES && rows.len() <= SYNC_WANTS_MAX {
            let newest = rows.iter().any(|row| row.newest);
            return if rows.is_empty() { Vec::new() } else { vec![self.pull(&rows, tag, newest)] };
        }
        let (newest, others): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| row.newest);
        let mut pulls = Vec::new();
        let first = if others.is_empty() { width } else { (width - 1).max(1) };
        self.cut(&newest, tag, first, &mut pulls);
        self.cut(&others, tag, width, &mut pulls);
        pulls
    }

    fn cut(&self, rows: &[Row], tag: Tag, width: u32, pulls: &mut Vec<SyncRequest>) {
        let left = u64::from(width).saturating_sub(pulls.len() as u64).max(1);
        let share = total(rows).div_ceil(left.min(total(rows).div_ceil(SYNC_PULL_ENTRIES)).max(1));
        let mut from = 0;
        let mut sum = 0u64;
        for (at, row) in rows.iter().enumerate() {
            sum = sum.saturating_add(row.weight.min(PARKED_PER_LOG_MAX as u64));
            let is_full = sum >= share || at + 1 - from >= SYNC_WANTS_MAX;
            if is_full || at + 1 == rows.len() {
                pulls.push(self.pull(&rows[from..=at], tag, row.newest));
                (from, sum) = (at + 1, 0);
            }
            if pulls.len() >= width as usize {
                break;
            }
        }
    }

    fn pull(&self, rows: &[Row], tag: Tag, newest: bool) -> SyncRequest {
        let mut wants: Vec<Wants> = Vec::new();
        for (index, part) in self.parts.iter().enumerate() {
            let wanted: Vec<Range> = rows.iter().filter(|row| row.part == index).map(|row| row.range).collect();
            if !wanted.is_empty() {
                wants.push(Wants { scope: part.scope, names: part.names, rows: ranges(&wanted) });
            }
        }
        SyncRequest::Pull { tag, newest, wants }
    }
}

fn total(rows: &[Row]) -> u64 {
    // A claim is only a claim: no stream counts for more than may wait here.
    rows.iter().map(|row| row.weight.min(PARKED_PER_LOG_MAX as u64)).sum()
}

const fn is_log(scope: Scope) -> bool {
    matches!(scope, Scope::Circle | Scope::Shop(_))
}

const fn weight(key: &StreamKey, entries: u64) -> u64 {
    if matches!(key, StreamKey::Log(_)) { entries } else { 1 }
}

fn heights(holdings: &impl Holdings, place: &Place<'_>, scope: Scope) -> BTreeMap<StreamKey, u64> {
    holdings.streams(&place.circle, &scope).iter().map(|stream| (stream.key, stream.height)).collect()
}

fn runs(key: &StreamKey, waiting: &BTreeMap<crate::entry::LogId, Runs>) -> Option<Runs> {
    if let StreamKey::Log(log) = key { waiting.get(log).cloned() } else { None }
}

fn waits(key: Option<StreamKey>, waiting: &BTreeMap<crate::entry::LogId, Runs>) -> u64 {
    key.and_then(|key| runs(&key, waiting)).unwrap_or_default().iter().map(|(_, count)| count).sum()
}

/// From where a log is asked for that ends otherwise elsewhere.
const fn below(height: u64) -> u64 {
    height.saturating_sub(SYNC_PROBE_ENTRIES)
}

/// What is missing between what is held and what is claimed, beside what waits here: (from, how many; 0 = all).
fn gaps(height: u64, claimed: u64, runs: &Runs) -> Vec<(u64, u64)> {
    let mut gaps = Vec::new();
    let mut from = height;
    for (start, count) in runs.iter().filter(|(start, count)| start + count > height && *start < claimed) {
        if *start > from {
            gaps.push((from, start - from));
        }
        from = start + count;
    }
    if from < claimed {
        // All up to the end, also what came there meanwhile; but not what waits here beyond the claim.
        let beyond = runs.iter().map(|(start, _)| *start).find(|start| *start >= claimed);
        gaps.push((from, beyond.map_or(0, |start| start - from)));
    }
    gaps
}
