//! Removals against each other: which stand, when those who remove are removed themselves.
//!
//! One beats another when it removes its author and the other lies beyond its cuts. What nothing beats stands; those that beat each
//! other in a circle all stand, so that two who remove each other both go.

use std::collections::{BTreeMap, BTreeSet};

use super::Operation;
use super::fold::Set;
use crate::body::{Body, Cut};
use crate::id::{DeviceId, IdentityId};
use crate::limits::FOLD_RIVALS_MAX;

/// An entry that takes somebody out.
pub(super) struct Removing<'a> {
    op: &'a Operation,
    /// Whom.
    pub(super) whom: IdentityId,
    /// Whether the author takes themselves out.
    pub(super) is_leave: bool,
    cuts: BTreeMap<(DeviceId, u64), &'a Cut>,
}

impl<'a> Removing<'a> {
    pub(super) fn read(op: &'a Operation) -> Option<Self> {
        let (whom, cuts, is_leave) = match &op.body {
            Body::MemberRemove(body) => (body.identity, &body.cuts, false),
            Body::MemberLeave(body) => (op.author, &body.cuts, true),
            _ => return None,
        };
        let mut lowest: BTreeMap<(DeviceId, u64), &Cut> = BTreeMap::new();
        for cut in cuts.iter().filter(|cut| !is_leave || (cut.device, cut.log) != op.log) {
            let held = lowest.entry((cut.device, cut.log)).or_insert(cut);
            if (cut.seq, cut.id) < (held.seq, held.id) {
                *held = cut;
            }
        }
        Some(Self { op, whom, is_leave, cuts: lowest })
    }

    /// What counts of each log. The log in which somebody leaves counts up to that entry.
    pub(super) fn cuts(&self) -> Vec<Cut> {
        let own = Cut { device: self.op.log.0, log: self.op.log.1, seq: self.op.seq, id: self.op.id };
        self.cuts.values().map(|cut| (*cut).clone()).chain(self.is_leave.then_some(own)).collect()
    }

    fn last(&self, log: &(DeviceId, u64)) -> Option<u64> {
        let own = (self.is_leave && *log == self.op.log).then_some(self.op.seq);
        own.or_else(|| self.cuts.get(log).map(|cut| cut.seq))
    }

    /// Whether this takes out who wrote the other, and the other lies beyond it. A log that is not named lies beyond it whatever
    /// its lamport times say, unless its author was admitted anew between the two.
    fn beats(&self, other: &Self, set: &Set<'_>) -> bool {
        if self.whom != other.op.author || self.op.id == other.op.id {
            return false;
        }
        match self.last(&other.op.log) {
            Some(last) => other.op.seq > last,
            None => {
                let (from, to) = (self.op.lamport.saturating_add(1), other.op.lamport);
                from > to || set.admitted.get(&self.whom).is_none_or(|times| times.range(from..to).next().is_none())
            }
        }
    }
}

/// What the removals of one person that stand leave of what the person did.
pub(super) struct Fallen {
    cuts: BTreeMap<(DeviceId, u64), u64>,
    lamport: u64,
}

impl Fallen {
    /// Of everybody who is taken out by these.
    pub(super) fn all(set: &Set<'_>, standing: &BTreeSet<usize>) -> BTreeMap<IdentityId, Self> {
        let mut all: BTreeMap<IdentityId, Self> = BTreeMap::new();
        for removing in standing.iter().filter_map(|at| set.removing.get(at)) {
            let fallen = all.entry(removing.whom).or_insert_with(|| Self { cuts: BTreeMap::new(), lamport: 0 });
            fallen.lamport = fallen.lamport.max(removing.op.lamport);
            for cut in removing.cuts() {
                let last = fallen.cuts.entry((cut.device, cut.log)).or_insert(cut.seq);
                *last = cut.seq.min(*last);
            }
        }
        all
    }

    /// Whether an entry lies beyond a cut, or in a log that no removal names before the person came again.
    pub(super) fn is_beyond(&self, op: &Operation) -> bool {
        self.cuts.get(&op.log).map_or(op.lamport <= self.lamport, |last| op.seq > *last)
    }
}

/// Of removals whose authors have the right to them, those that stand now, beside those that stand already.
pub(super) fn settle(set: &Set<'_>, standing: &BTreeSet<usize>, fresh: &[usize]) -> Vec<usize> {
    let read = |at: &usize| set.removing.get(at);
    let mut by_victim: BTreeMap<IdentityId, Vec<(usize, &Removing<'_>)>> = BTreeMap::new();
    for (at, removing) in standing.iter().chain(fresh).filter_map(|at| Some((*at, read(at)?))) {
        by_victim.entry(removing.whom).or_default().push((at, removing));
    }
    let beaten_by = |at: &usize| -> Vec<usize> {
        let Some(other) = read(at) else { return Vec::new() };
        let rivals = by_victim.get(&other.op.author).into_iter().flatten();
        rivals.filter(|(_, rival)| rival.beats(other, set)).map(|(at, _)| *at).collect()
    };
    let rivals: BTreeMap<usize, Vec<usize>> = fresh.iter().map(|at| (*at, beaten_by(at))).collect();
    // What a removal that stands beats is void, and beats nothing.
    let is_void = |at: &usize| rivals.get(at).is_some_and(|by| by.iter().any(|at| standing.contains(at)));
    let open = rivals.iter().filter(|(at, _)| !is_void(at));
    let open: BTreeMap<usize, Vec<usize>> = open.map(|(at, by)| (*at, by.iter().filter(|by| !is_void(by)).copied().collect())).collect();
    let unbeaten: Vec<usize> = open.iter().filter(|(_, by)| by.is_empty()).map(|(at, _)| *at).collect();
    if !unbeaten.is_empty() {
        return unbeaten;
    }
    circle_of(&open.into_iter().take(FOLD_RIVALS_MAX).collect())
}

/// Of removals that are all beaten by others of them: the ones that beat each other in a circle and are beaten by nothing outside it.
fn circle_of(open: &BTreeMap<usize, Vec<usize>>) -> Vec<usize> {
    let upward = |from: usize| {
        let (mut seen, mut queue) = (BTreeSet::from([from]), vec![from]);
        while let Some(at) = queue.pop() {
            let by = open.get(&at).into_iter().flatten();
            queue.extend(by.filter(|by| open.contains_key(by)).copied().filter(|by| seen.insert(*by)));
        }
        seen
    };
    let Some(first) = open.keys().next() else { return Vec::new() };
    let circles = upward(*first).into_iter().map(upward);
    circles.min_by_key(BTreeSet::len).into_iter().flatten().collect()
}
