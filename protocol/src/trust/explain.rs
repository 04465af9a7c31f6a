//! Why an answer is what it is: a few reasons, each with its part of the evidence and the entries that prove it.
//!
//! A reason must never be shown that the evidence does not hold, and no evidence may be missing from the sum.

use super::evidence::Record;
use super::graph::{Edge, Graph};
use super::{Side, Weight};
use crate::id::{EntryId, IdentityId};
use crate::limits::TRUST_REASONS_MAX;
use crate::time::Millis;

/// How many deals went how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Deals that went well.
    pub good: u32,
    /// Deals that went badly.
    pub bad: u32,
    /// Deals that went neither well nor badly.
    pub neutral: u32,
    /// Of all these, deals in which the subject was the buyer.
    pub sold: u32,
}

impl Counts {
    /// All deals.
    #[must_use]
    pub const fn all(self) -> u32 {
        self.good + self.bad + self.neutral
    }

    /// Deals in which the subject was the seller.
    #[must_use]
    pub const fn bought(self) -> u32 {
        self.all() - self.sold
    }

    /// What was done in all of these deals; none if some were bought and some sold.
    #[must_use]
    pub const fn side(self) -> Option<Side> {
        match (self.bought(), self.sold) {
            (_, 0) => Some(Side::Bought),
            (0, _) => Some(Side::Sold),
            _ => None,
        }
    }

    fn add(&mut self, other: Self) {
        self.good += other.good;
        self.bad += other.bad;
        self.neutral += other.neutral;
        self.sold += other.sold;
    }
}

/// What sort of reason it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The viewer's own deals.
    Own,
    /// Deals of the last person in `via`.
    Dealt,
    /// The viewer or the last person in `via` vouches for the subject. Not evidence: its share is 0.
    Vouched,
    /// Deals of so many people who are not shown one by one.
    Others(usize),
}

/// One reason.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// What sort it is.
    pub kind: Kind,
    /// The people between viewer and subject on the strongest way, nearest to the viewer first.
    pub via: Vec<IdentityId>,
    /// How the viewer vouches for the first step of that way.
    pub weight: Option<Weight>,
    /// Part of all evidence, good and bad, 0 to 1.
    pub share: f64,
    /// The entries it rests on: reviews, latest first, then the vouches of the way, nearest first.
    pub proofs: Vec<EntryId>,
    /// How many deals went how.
    pub counts: Counts,
    /// When the last deal was.
    pub last: Option<Millis>,
}

/// What one person adds to an answer.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub(super) by: IdentityId,
    pub(super) record: &'a Record,
    pub(super) good: f64,
    pub(super) bad: f64,
}

impl Part<'_> {
    fn size(&self) -> f64 {
        self.good + self.bad
    }
}

impl Graph {
    /// How the viewer comes to know a person, as a reason: for a feed that says why something is in it. None without a way.
    #[must_use]
    pub fn introduction(&self, person: &IdentityId) -> Option<Reason> {
        let steps = self.path(person);
        let (_, between) = steps.split_last()?;
        let via = between.iter().map(|edge| edge.to).collect();
        let record = Record::default();
        Some(Reason { last: None, ..reason(Kind::Vouched, via, &steps, &record) })
    }
}

/// The reasons in the order they are shown.
pub(super) fn reasons(graph: &Graph, subject: &IdentityId, own: Option<&Record>, parts: &[Part<'_>]) -> Vec<Reason> {
    let vouched = graph.introduction(subject);
    let room = TRUST_REASONS_MAX - usize::from(own.is_some()) - usize::from(vouched.is_some());
    let (shown, others) = chosen(parts, room);

    let mut reasons = Vec::new();
    let mut sizes = Vec::new();
    if let Some(own) = own {
        reasons.push(reason(Kind::Own, Vec::new(), &[], own));
        sizes.push(own.good + own.bad);
    }
    for part in shown {
        let steps = graph.path(&part.by);
        let via = steps.iter().map(|edge| edge.to).collect();
        reasons.push(reason(Kind::Dealt, via, &steps, part.record));
        sizes.push(part.size());
    }
    if let Some(vouched) = vouched {
        reasons.push(vouched);
        sizes.push(0.0);
    }
    if !others.is_empty() {
        let mut rest = 0.0;
        let mut sum = Record::default();
        for part in &others {
            rest += part.size();
            sum.counts.add(part.record.counts);
            sum.last = sum.last.max(part.record.last);
            sum.proofs.extend(&part.record.proofs);
        }
        reasons.push(reason(Kind::Others(others.len()), Vec::new(), &[], &sum));
        sizes.push(rest);
    }
    for (reason, share) in reasons.iter_mut().zip(shares(&sizes)) {
        reason.share = share;
    }
    reasons
}

/// The largest parts, and the others in the order of ids. If anything went badly for somebody, the worst of it is among the first.
fn chosen<'a, 'b>(parts: &'b [Part<'a>], room: usize) -> (Vec<&'b Part<'a>>, Vec<&'b Part<'a>>) {
    let mut order: Vec<&Part<'_>> = parts.iter().collect();
    order.sort_by(|a, b| b.size().total_cmp(&a.size()).then(a.by.cmp(&b.by)));
    let worst = order.iter().enumerate().filter(|(_, part)| part.bad > 0.0);
    let worst = worst.max_by(|(i, a), (j, b)| a.bad.total_cmp(&b.bad).then(j.cmp(i))).map(|(i, _)| i);
    if let Some(worst) = worst.filter(|worst| room > 0 && *worst >= room && order[..room].iter().all(|part| part.bad == 0.0)) {
        let part = order.remove(worst);
        order.insert(room - 1, part);
    }
    let mut others = order.split_off(room.min(order.len()));
    others.sort_by_key(|part| part.by);
    (order, others)
}

fn reason(kind: Kind, via: Vec<IdentityId>, steps: &[Edge], record: &Record) -> Reason {
    let mut proofs = record.proofs.clone();
    proofs.extend(steps.iter().map(|edge| edge.entry));
    let weight = steps.first().map(|edge| edge.weight);
    Reason { kind, via, weight, share: 0.0, proofs, counts: record.counts, last: Some(record.last) }
}

/// Parts of the whole that add up, from the first to the last, to exactly 1: the last one that is not nothing is what the others leave.
fn shares(sizes: &[f64]) -> Vec<f64> {
    let mut total = 0.0;
    for size in sizes {
        total += size;
    }
    let Some(last) = sizes.iter().rposition(|size| *size > 0.0) else { return vec![0.0; sizes.len()] };
    let mut given = 0.0;
    let mut shares = Vec::with_capacity(sizes.len());
    for (i, size) in sizes.iter().enumerate() {
        let left = 1.0 - given;
        let share = if i == last { left } else { (size / total).min(left) };
        given += share;
        shares.push(share);
    }
    shares
}
