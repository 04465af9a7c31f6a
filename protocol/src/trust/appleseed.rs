//! Appleseed: energy that the viewer's vouches spread, and what each person keeps of it.
//!
//! In a layered graph whose people all send energy back to the viewer the limit of the iteration is found in one pass: how
//! much flows through a person for each unit that leaves the viewer follows from the layer before, and the sum that is kept equals
//! what was put in. There is no threshold and no rounding by early stopping. Sums run in the order of ids, always.

use std::collections::BTreeMap;

use super::Weight;
use super::evidence::Record;
use super::graph::Graph;
use crate::id::IdentityId;

/// The energy put in, all of which is kept by somebody.
pub(super) const ENERGY: f64 = 200.0;
/// The part of the energy flowing through a person that is passed on.
const SPREADING: f64 = 0.85;
/// Weight of the edge by which each person sends energy back to the viewer.
const BACK: f64 = 1.0;

/// How much energy flows through each person for each unit that leaves the viewer.
#[derive(Debug)]
pub(super) struct Flow {
    inflow: BTreeMap<IdentityId, f64>,
    total: f64,
    weigh: fn(Weight) -> f64,
}

impl Flow {
    /// Spreads the viewer's energy; `weigh` says what a vouch weighs.
    pub(super) fn new(graph: &Graph, weigh: fn(Weight) -> f64) -> Self {
        let mut inflow = BTreeMap::from([(graph.viewer(), 1.0)]);
        for person in graph.layers().iter().flatten() {
            let passed = inflow.get(person).copied().unwrap_or(0.0) * spreading(graph, person);
            for (to, part) in parts(graph, person, weigh) {
                *inflow.entry(to).or_insert(0.0) += passed * part;
            }
        }
        inflow.remove(&graph.viewer());
        let mut total = 0.0;
        for flow in inflow.values() {
            total += flow;
        }
        Self { inflow, total, weigh }
    }

    /// Energy flowing through a person, 0 for whoever is not reached.
    pub(super) fn inflow(&self, person: &IdentityId) -> f64 {
        self.inflow.get(person).copied().unwrap_or(0.0)
    }

    /// Energy a person keeps; all ranks add up to the energy put in.
    pub(super) fn rank(&self, person: &IdentityId) -> f64 {
        if self.total > 0.0 { ENERGY * (self.inflow(person) / self.total) } else { 0.0 }
    }

    /// The largest flow through a friend of the viewer's, against which all weights are taken. The subject does not count, or a vouch
    /// for it would make what others say about it lighter. 1 if there is no friend.
    pub(super) fn friends_max(&self, graph: &Graph, subject: &IdentityId) -> f64 {
        let mut max = 0.0;
        for friend in graph.friends().iter().filter(|friend| *friend != subject) {
            let flow = self.inflow(friend);
            if flow > max {
                max = flow;
            }
        }
        if max > 0.0 { max } else { 1.0 }
    }

    /// Good evidence by the friend of the viewer's through whom it comes, in the order of ids.
    pub(super) fn branches(&self, graph: &Graph, heard: &BTreeMap<IdentityId, Record>, scale: f64) -> Vec<f64> {
        let mut behind: BTreeMap<IdentityId, f64> = BTreeMap::new();
        for person in graph.layers().iter().skip(1).rev().flatten() {
            let mut good = heard.get(person).map_or(0.0, |record| record.good);
            for (to, part) in parts(graph, person, self.weigh) {
                good += SPREADING * part * behind.get(&to).copied().unwrap_or(0.0);
            }
            behind.insert(*person, good);
        }
        graph.friends().iter().map(|friend| self.inflow(friend) / scale * behind.get(friend).copied().unwrap_or(0.0)).collect()
    }
}

/// The viewer keeps nothing.
fn spreading(graph: &Graph, person: &IdentityId) -> f64 {
    if *person == graph.viewer() { 1.0 } else { SPREADING }
}

/// The parts in which a person passes energy on; what is missing to 1 goes back to the viewer.
fn parts(graph: &Graph, person: &IdentityId, weigh: fn(Weight) -> f64) -> impl Iterator<Item = (IdentityId, f64)> {
    let edges = graph.out(person);
    let mut total = if *person == graph.viewer() { 0.0 } else { BACK };
    for edge in edges {
        total += weigh(edge.weight);
    }
    edges.iter().map(move |edge| (edge.to, weigh(edge.weight) / total))
}
