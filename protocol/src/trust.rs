//! Trust in a person or a seller, as one viewer may see it: the computation "kin-1" over vouches and reviews.
//!
//! It uses only + - x / and a constant table on f64, and every sum runs in the order of ids, so that all machines get the same bits.
//! It must never be a global score, count a recommendation or what the subject says about itself, or answer without reasons.

mod appleseed;
mod evidence;
mod explain;
mod graph;
mod words;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::id::{EntryId, IdentityId, OrderId};
use crate::time::Millis;

pub use explain::{Counts, Kind, Reason};
pub use graph::{Edge, Graph};

/// The least mean of a subject that is known.
const KNOWN_MEAN: f64 = 0.7;
/// The least good evidence about a subject that is known.
const KNOWN_GOOD: f64 = 0.5;
/// The least bad evidence about a subject that is mixed.
const MIXED_BAD: f64 = 0.25;
/// One branch counts for at most 60 % of the good evidence: for all other branches' sum times 0.6 / 0.4.
const BRANCH_OVER_REST: f64 = 1.5;

/// How close somebody says another person is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// One knows the other.
    Acquaintance,
    /// One likes and relies on the other.
    Friend,
    /// One would lend the other money.
    Close,
}

impl Weight {
    /// What the vouch weighs in the graph.
    #[must_use]
    pub const fn value(self) -> f64 {
        match self {
            Self::Acquaintance => 0.25,
            Self::Friend => 0.5,
            Self::Close => 0.8,
        }
    }
}

/// One live vouch: published, not withdrawn, not void.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Vouch {
    /// Who vouches.
    pub from: IdentityId,
    /// For whom.
    pub to: IdentityId,
    /// How strongly.
    pub weight: Weight,
    /// The entry that says so.
    pub entry: EntryId,
}

/// How a deal went, as its reviewer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Well.
    Good,
    /// Badly.
    Bad,
    /// Neither.
    Neutral,
}

/// What the reviewer did in the deal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The reviewer bought from the subject.
    Bought,
    /// The reviewer sold to the subject.
    Sold,
}

/// A review that embeds both halves of its order's review right. Nothing less is evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Evidence {
    /// Who reviews.
    pub by: IdentityId,
    /// The other party of the order.
    pub about: IdentityId,
    /// What the reviewer did.
    pub side: Side,
    /// How it went.
    pub outcome: Outcome,
    /// The later of the times both parties claim.
    pub at: Millis,
    /// The review.
    pub entry: EntryId,
    /// The order that was agreed.
    pub order: OrderId,
}

/// A deal of the viewer's own, reviewed or not. It is known first hand and needs nobody's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Purchase {
    /// The other party.
    pub with: IdentityId,
    /// What the viewer did.
    pub side: Side,
    /// How it went.
    pub outcome: Outcome,
    /// When it was closed or reviewed.
    pub at: Millis,
    /// The viewer's review, if there is one.
    pub entry: Option<EntryId>,
    /// The order.
    pub order: OrderId,
}

/// Everything an answer follows from.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Who asks.
    pub viewer: IdentityId,
    /// About whom: a person, or the identity that sells.
    pub subject: IdentityId,
    /// All live vouches that the viewer may read, in any order.
    pub vouches: &'a [Vouch],
    /// All reviews with review rights that the viewer may read, in any order; the viewer's own among them count as own deals.
    pub reviews: &'a [Evidence],
    /// The viewer's own deals, in any order.
    pub own: &'a [Purchase],
    /// People the viewer blocked.
    pub blocked: &'a BTreeSet<IdentityId>,
    /// The time of asking.
    pub now: Millis,
}

/// The word that is shown. Unknown is neutral, not bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Word {
    /// Too little is known through people the viewer knows.
    Unknown,
    /// There is bad evidence that good evidence does not outweigh.
    Mixed,
    /// Known through friends on two sides, or first hand, and good.
    Known,
}

/// The answer with everything it follows from. The numbers are for tests and for drawing, never a score to publish.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// About whom.
    pub subject: IdentityId,
    /// What is shown.
    pub word: Word,
    /// First own deals, then other people's by share, then vouches, then the sum of whatever is not shown; shares add up to
    /// exactly 1 in this order, unless `g` + `b` is 0 (then all are 0).
    pub reasons: Vec<Reason>,
    /// Own deals with the subject in which the viewer bought.
    pub own_purchases: u32,
    /// All good evidence, weighed and decayed, own deals included.
    pub g: f64,
    /// All bad evidence, likewise.
    pub b: f64,
    /// Good evidence that the word was decided by: own deals alone where they decide, else what is left under the limit per branch.
    pub counted: f64,
    /// Mean of the evidence that the word was decided by; 0.5 without any.
    pub mean: f64,
    /// The viewer's direct friends through whom good evidence comes.
    pub branches: usize,
    /// The subject's own part of the energy that the viewer's vouches spread, 0 to 1; it is not evidence.
    pub rank: f64,
}

/// Good and bad evidence, weighed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Tally {
    good: f64,
    bad: f64,
}

impl Tally {
    fn mean(self) -> f64 {
        (1.0 + 4.0 * self.good) / (2.0 + 4.0 * self.good + 4.0 * self.bad)
    }

    fn word(self) -> Word {
        if self.mean() >= KNOWN_MEAN && self.good >= KNOWN_GOOD {
            Word::Known
        } else if self.bad >= MIXED_BAD {
            Word::Mixed
        } else {
            Word::Unknown
        }
    }
}

impl Question<'_> {
    /// Computes the answer. The same inputs, in whatever order, give the same bits on every machine.
    #[must_use]
    pub fn answer(&self) -> Answer {
        let own = evidence::own(self);
        let own_purchases = own.as_ref().map_or(0, |own| own.counts.bought());
        let mut answer = Answer {
            subject: self.subject,
            word: Word::Unknown,
            reasons: Vec::new(),
            own_purchases,
            g: 0.0,
            b: 0.0,
            counted: 0.0,
            mean: Tally::default().mean(),
            branches: 0,
            rank: 0.0,
        };
        if self.blocked.contains(&self.subject) {
            return answer;
        }
        let graph = Graph::scoring(self);
        let flow = appleseed::Flow::new(&graph, Weight::value);
        let heard = evidence::heard(self, &graph);
        let scale = flow.friends_max(&graph, &self.subject);
        let parts: Vec<explain::Part<'_>> = heard
            .iter()
            .map(|(by, record)| {
                let weight = flow.inflow(by) / scale;
                explain::Part { by: *by, record, good: weight * record.good, bad: weight * record.bad }
            })
            .collect();

        let mine = own.as_ref().map(|own| Tally { good: own.good, bad: own.bad });
        let mut all = mine.unwrap_or_default();
        for part in &parts {
            all.good += part.good;
            all.bad += part.bad;
        }
        let branches = flow.branches(&graph, &heard, scale);
        let counted = decisive(mine, all, &branches);
        answer.word = counted.word();
        answer.reasons = explain::reasons(&graph, &self.subject, own.as_ref(), &parts);
        answer.g = all.good;
        answer.b = all.bad;
        answer.counted = counted.good;
        answer.mean = counted.mean();
        answer.branches = branches.iter().filter(|good| **good > 0.0).count();
        answer.rank = flow.rank(&self.subject) / appleseed::ENERGY;
        answer
    }
}

/// What the word is decided by: own deals if they say anything; with some that do not, everything; without any, everything
/// under the limit per branch, which leaves nothing of a branch that stands alone.
fn decisive(mine: Option<Tally>, all: Tally, branches: &[f64]) -> Tally {
    match mine {
        Some(mine) if mine.word() != Word::Unknown => mine,
        Some(_) => all,
        None => Tally { good: limited(branches), bad: all.bad },
    }
}

/// The sum of all branches, the largest cut to 60 % of what remains.
fn limited(branches: &[f64]) -> f64 {
    let mut largest = 0.0;
    let mut rest = 0.0;
    for &branch in branches {
        if branch > largest {
            rest += largest;
            largest = branch;
        } else {
            rest += branch;
        }
    }
    let most = BRANCH_OVER_REST * rest;
    rest + if largest > most { most } else { largest }
}

#[cfg(test)]
mod tests;
