//! What one person experienced with the subject: reviews, decayed with age and capped.
//!
//! A deal counts once, whoever tells it how often. What the subject says about itself never counts.

use std::collections::BTreeMap;

use super::graph::Graph;
use super::{Counts, Outcome, Purchase, Question, Side};
use crate::id::{EntryId, IdentityId, OrderId};
use crate::time::{DAY_MS, Millis};

/// The most that good deals of one person count.
const GOOD_MAX: f64 = 3.0;
/// The most that bad deals of one person count.
const BAD_MAX: f64 = 4.5;
/// Days in which evidence loses half of its weight.
const HALF_LIFE_DAYS: usize = 365;
/// 2^(-1/365), the weight that is left after a day.
const DAY: f64 = 0.998_102_768_651_594_6;
/// Half-lives after which nothing is left.
const HALF_LIVES_MAX: u64 = 64;
/// What is left after 0 to 364 days, multiplied up by the compiler.
const LEFT: [f64; HALF_LIFE_DAYS] = left_by_day();

const fn left_by_day() -> [f64; HALF_LIFE_DAYS] {
    let mut left = [1.0; HALF_LIFE_DAYS];
    let mut day = 1;
    while day < HALF_LIFE_DAYS {
        left[day] = left[day - 1] * DAY;
        day += 1;
    }
    left
}

/// One person's experience.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Record {
    /// Good deals, decayed and capped.
    pub(super) good: f64,
    /// Bad deals, likewise.
    pub(super) bad: f64,
    /// How many deals went how.
    pub(super) counts: Counts,
    /// When the last one was.
    pub(super) last: Millis,
    /// The reviews, latest first.
    pub(super) proofs: Vec<EntryId>,
}

/// The viewer's own deals with the subject; none if there was none.
pub(super) fn own(question: &Question<'_>) -> Option<Record> {
    let told = question.reviews.iter().filter(|review| review.by == question.viewer).map(|review| (review.about, deal(review)));
    let kept = question.own.iter().map(|own| (own.with, *own));
    let about = |(with, _): &(IdentityId, Purchase)| *with == question.subject && *with != question.viewer;
    let deals = once(told.chain(kept).filter(about).map(|(_, deal)| ((), deal)));
    deals.get(&()).map(|deals| record(deals.values(), question.now))
}

/// What people the viewer's vouches reach experienced with the subject.
pub(super) fn heard(question: &Question<'_>, graph: &Graph) -> BTreeMap<IdentityId, Record> {
    let counts = |by: &IdentityId| *by != question.subject && *by != question.viewer && graph.reaches(by);
    let reviews = question.reviews.iter().filter(|review| review.about == question.subject && counts(&review.by));
    let deals = once(reviews.map(|review| (review.by, deal(review))));
    deals.into_iter().map(|(by, deals)| (by, record(deals.values(), question.now))).collect()
}

fn deal(review: &super::Evidence) -> Purchase {
    Purchase {
        with: review.about,
        side: review.side,
        outcome: review.outcome,
        at: review.at,
        entry: Some(review.entry),
        order: review.order,
    }
}

/// One deal for each order: one with a review before one without, then the latest, then the lowest.
fn once<K: Ord>(deals: impl Iterator<Item = (K, Purchase)>) -> BTreeMap<K, BTreeMap<OrderId, Purchase>> {
    let mut all: BTreeMap<K, BTreeMap<OrderId, Purchase>> = BTreeMap::new();
    for (by, deal) in deals {
        let kept = all.entry(by).or_default().entry(deal.order).or_insert(deal);
        let rank = |deal: &Purchase| (deal.entry.is_none(), std::cmp::Reverse(deal.at), *deal);
        if rank(&deal) < rank(kept) {
            *kept = deal;
        }
    }
    all
}

/// Adds deals up, in the order of their orders' ids.
fn record<'a>(deals: impl Iterator<Item = &'a Purchase>, now: Millis) -> Record {
    let mut sum = Record::default();
    let mut proofs = Vec::new();
    for deal in deals {
        let left = left(now.since(deal.at));
        match deal.outcome {
            Outcome::Good => {
                sum.good += left;
                sum.counts.good += 1;
            }
            Outcome::Bad => {
                sum.bad += left;
                sum.counts.bad += 1;
            }
            Outcome::Neutral => sum.counts.neutral += 1,
        }
        sum.counts.sold += u32::from(deal.side == Side::Sold);
        sum.last = sum.last.max(deal.at);
        proofs.extend(deal.entry.map(|entry| (std::cmp::Reverse(deal.at), entry)));
    }
    proofs.sort_unstable();
    sum.proofs = proofs.into_iter().map(|(_, entry)| entry).collect();
    sum.good = sum.good.min(GOOD_MAX);
    sum.bad = sum.bad.min(BAD_MAX);
    sum
}

/// The weight left at an age: half for each year of 365 days, by whole days.
fn left(age_ms: u64) -> f64 {
    let age_days = age_ms / DAY_MS;
    let halvings = age_days / HALF_LIFE_DAYS as u64;
    if halvings >= HALF_LIVES_MAX {
        return 0.0;
    }
    let mut left = LEFT[(age_days % HALF_LIFE_DAYS as u64) as usize];
    for _ in 0..halvings {
        left *= 0.5;
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weight_halves_in_a_year_day_by_day() {
        for days in 0..2_000_u64 {
            let exact = 2_f64.powf(-(days as f64) / 365.0);
            assert!((left(days * DAY_MS) - exact).abs() < 1e-13, "day {days}");
            assert!(left((days + 1) * DAY_MS) < left(days * DAY_MS), "day {days}");
        }
        assert_eq!(left(DAY_MS - 1), 1.0);
        assert_eq!(left(365 * DAY_MS), 0.5);
        assert_eq!(left(u64::MAX), 0.0);
    }

    #[test]
    fn the_table_has_these_bits_everywhere() {
        let bytes: Vec<u8> = LEFT.iter().flat_map(|left| left.to_bits().to_le_bytes()).collect();
        let hash = blake3::hash(&bytes).to_hex();
        assert_eq!(&hash[..16], "2c2652266d2c5698");
    }
}
