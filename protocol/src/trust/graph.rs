//! Who is reached from the viewer by vouches, in at most three steps that all lead away.
//!
//! The graph is layered: a vouch counts only from one layer to the next. Nothing here may depend on the order of the inputs.

use std::collections::{BTreeMap, BTreeSet};

use super::{Question, Vouch, Weight};
use crate::id::{EntryId, IdentityId};
use crate::limits::TRUST_HOPS_MAX;

/// A vouch that leads one layer further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// Who vouches.
    pub from: IdentityId,
    /// For whom.
    pub to: IdentityId,
    /// How strongly.
    pub weight: Weight,
    /// The entry that says so.
    pub entry: EntryId,
}

/// The strongest way to somebody: its product of weights and its last step.
#[derive(Debug, Clone, Copy)]
struct Way {
    product: f64,
    last: Edge,
}

/// The viewer's forward graph.
#[derive(Debug, Clone)]
pub struct Graph {
    viewer: IdentityId,
    /// People by distance, each layer in the order of ids; the first holds the viewer alone.
    layers: Vec<Vec<IdentityId>>,
    /// Edges by who vouches, in the order of whom for.
    out: BTreeMap<IdentityId, Vec<Edge>>,
    ways: BTreeMap<IdentityId, Way>,
}

type Strongest = BTreeMap<IdentityId, BTreeMap<IdentityId, (Weight, EntryId)>>;

impl Graph {
    /// The graph as the viewer sees it, without the blocked.
    #[must_use]
    pub fn new(viewer: IdentityId, vouches: &[Vouch], blocked: &BTreeSet<IdentityId>) -> Self {
        Self::layered(viewer, &strongest(vouches, |vouch| !blocked.contains(&vouch.from) && !blocked.contains(&vouch.to)))
    }

    /// The graph in which the subject of a question is judged: whom it vouches for plays no part.
    pub(super) fn scoring(question: &Question<'_>) -> Self {
        let counts = |vouch: &Vouch| {
            vouch.from != question.subject && !question.blocked.contains(&vouch.from) && !question.blocked.contains(&vouch.to)
        };
        Self::layered(question.viewer, &strongest(question.vouches, counts))
    }

    fn layered(viewer: IdentityId, strongest: &Strongest) -> Self {
        let mut graph = Self { viewer, layers: vec![vec![viewer]], out: BTreeMap::new(), ways: BTreeMap::new() };
        let mut seen = BTreeSet::from([viewer]);
        for hop in 0..usize::from(TRUST_HOPS_MAX) {
            let mut next = BTreeSet::new();
            for &from in &graph.layers[hop] {
                let product = graph.ways.get(&from).map_or(1.0, |way| way.product);
                let mut edges = Vec::new();
                for (&to, &(weight, entry)) in strongest.get(&from).into_iter().flatten().filter(|(to, _)| !seen.contains(to)) {
                    let way = Way { product: product * weight.value(), last: Edge { from, to, weight, entry } };
                    edges.push(way.last);
                    next.insert(to);
                    // Of equals the first stays, and `from` rises: the lowest id.
                    if graph.ways.get(&to).is_none_or(|best| way.product > best.product) {
                        graph.ways.insert(to, way);
                    }
                }
                graph.out.insert(from, edges);
            }
            if next.is_empty() {
                break;
            }
            seen.extend(&next);
            graph.layers.push(next.into_iter().collect());
        }
        graph
    }

    /// Whose graph it is.
    #[must_use]
    pub fn viewer(&self) -> IdentityId {
        self.viewer
    }

    /// True if somebody other than the viewer is within three steps.
    #[must_use]
    pub fn reaches(&self, person: &IdentityId) -> bool {
        self.ways.contains_key(person)
    }

    /// The strongest way from the viewer to a person, step by step; empty if there is none.
    #[must_use]
    pub fn path(&self, person: &IdentityId) -> Vec<Edge> {
        let mut steps = Vec::new();
        let mut at = *person;
        while let Some(way) = self.ways.get(&at) {
            steps.push(way.last);
            at = way.last.from;
        }
        steps.reverse();
        steps
    }

    /// People by distance, nearest first; the first layer is the viewer.
    pub(super) fn layers(&self) -> &[Vec<IdentityId>] {
        &self.layers
    }

    /// People for whom the viewer vouches.
    pub(super) fn friends(&self) -> &[IdentityId] {
        self.layers.get(1).map_or(&[], Vec::as_slice)
    }

    /// Forward edges of a person.
    pub(super) fn out(&self, person: &IdentityId) -> &[Edge] {
        self.out.get(person).map_or(&[], Vec::as_slice)
    }
}

/// Of several vouches between two people the strongest, then the lowest entry; none for oneself.
fn strongest(vouches: &[Vouch], counts: impl Fn(&Vouch) -> bool) -> Strongest {
    let mut all = Strongest::new();
    for vouch in vouches.iter().filter(|vouch| vouch.from != vouch.to && counts(vouch)) {
        let offered = (vouch.weight, vouch.entry);
        let kept = all.entry(vouch.from).or_default().entry(vouch.to).or_insert(offered);
        if offered.0 > kept.0 || (offered.0 == kept.0 && offered.1 < kept.1) {
            *kept = offered;
        }
    }
    all
}
