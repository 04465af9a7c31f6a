//! Disks that go back: after a fall a node's store is what it was some commits ago, although those were acknowledged, as with a disk
//! that lies about what it has written, or a copy that was put back. What the node wrote down beside its store survives.
//!
//! What nobody else held is lost then, and only that: it is expected of nobody any more. All the rest has to come back.

use std::collections::BTreeSet;

use haat_node::engine::Engine;
use haat_node::store::{Snapshot, Store, Table, Tx};
use haat_node::view::{circle, known};
use haat_protocol::id::{DeviceId, EntryId, EventId, SpaceId};

use super::World;
use super::store::SimStore;

/// What went back so far.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// The node whose disk forgets, and what it will be again.
    marked: Option<(usize, SimStore)>,
    /// Entries that their authors' nodes have lost at some time.
    lost: BTreeSet<EntryId>,
    /// Those of them that nobody else held.
    gone: BTreeSet<EntryId>,
    /// Events of orders that were lost when nobody else held them.
    gone_events: BTreeSet<EventId>,
}

impl World {
    /// From here on what a node commits is not written, although it is told so; until another one is marked.
    pub fn mark(&mut self, who: usize) {
        let node = &self.nodes[who];
        self.past.marked = Some((who, node.engine.as_ref().map_or(&node.store, Engine::store).copy()));
    }

    /// The marked node falls, and starts again from what its store was then. Not when a circle would be lost that others take it for
    /// a member of: nobody would tell it of that one.
    pub fn set_back(&mut self) {
        let Some((who, store)) = self.past.marked.take() else { return };
        let before = store.snapshot().expect("the simulator lets commits fail, never reads");
        let known = circles_of(&*before);
        let is_exempt = self.is_revoked(who) || self.hostile() == Some(who);
        if is_exempt || !circles_of(&*self.kept(who)).is_subset(&known) || !self.is_taken_for_member(who).is_subset(&known) {
            return;
        }
        let own = own_entries(&*self.kept(who), &self.nodes[who].device());
        let events = events_of(&*self.kept(who));
        self.crash(who);
        self.nodes[who].store = store;
        let kept = own_entries(&*self.kept(who), &self.nodes[who].device());
        self.past.lost.extend(own.difference(&kept));
        let held: BTreeSet<EntryId> = self.past.lost.iter().filter(|id| self.is_held(id)).copied().collect();
        self.past.gone = self.past.lost.difference(&held).copied().collect();
        let others: BTreeSet<EventId> = (0..self.size()).flat_map(|other| events_of(&*self.kept(other))).collect();
        self.past.gone_events.extend(events.difference(&others));
        let (lost, gone) = (own.difference(&kept).count(), self.past.gone.len());
        self.note(&format!("{who} is set back and has lost {lost} own entries; {gone} are gone in all"), &[]);
        let snapshot = self.kept(who);
        self.guard.set_back(who, &Tx::new(&*snapshot), &self.past.lost);
    }

    /// Whether the author's node lost an entry at some time: where it came back, it came from others.
    #[must_use]
    pub fn was_lost(&self, id: &EntryId) -> bool {
        self.past.lost.contains(id)
    }

    /// Whether an entry was lost that nobody else held.
    #[must_use]
    pub fn is_gone(&self, id: &EntryId) -> bool {
        self.past.gone.contains(id)
    }

    /// Whether an event of an order was lost when nobody else held it.
    #[must_use]
    pub fn is_gone_event(&self, id: &EventId) -> bool {
        self.past.gone_events.contains(id)
    }

    /// Whether anybody holds an entry who may hand it on.
    fn is_held(&self, id: &EntryId) -> bool {
        let mut holders = (0..self.size()).filter(|who| !self.is_revoked(*who) && self.hostile() != Some(*who));
        holders.any(|who| Tx::new(&*self.kept(who)).has(Table::Entry, &id.0))
    }

    /// Circles of which somebody takes this node's person for a member.
    fn is_taken_for_member(&self, who: usize) -> BTreeSet<SpaceId> {
        let me = self.me(who).id();
        let of = |other: usize| {
            let snapshot = self.kept(other);
            let tx = Tx::new(&*snapshot);
            let has = |space: &SpaceId| circle::roster(&tx, space).is_some_and(|roster| roster.has(&me));
            circle::all(&tx).into_iter().filter(has).collect::<Vec<_>>()
        };
        (0..self.size()).filter(|other| *other != who).flat_map(of).collect()
    }
}

/// Circles that a store knows.
fn circles_of(snapshot: &dyn Snapshot) -> BTreeSet<SpaceId> {
    circle::all(&Tx::new(snapshot)).into_iter().collect()
}

/// Events of orders that a store holds.
fn events_of(snapshot: &dyn Snapshot) -> BTreeSet<EventId> {
    Tx::new(snapshot).prefix(Table::OrderEvent, &[]).into_iter().filter_map(|(id, _)| EventId::from_slice(&id)).collect()
}

/// Entries of a device that a store holds.
fn own_entries(snapshot: &dyn Snapshot, device: &DeviceId) -> BTreeSet<EntryId> {
    let tx = Tx::new(snapshot);
    let ids = tx.prefix(Table::At, &[]).into_iter().filter(|(place, _)| place[32..64] == device.0);
    ids.filter_map(|(_, id)| EntryId::from_slice(&id)).filter(|id| known::raw(&tx, id).is_some()).collect()
}
