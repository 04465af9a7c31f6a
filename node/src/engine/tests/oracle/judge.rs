//! The verdict on a run that is over: what each can open, against what the oracle says. Whoever is not to open a thing is given
//! every key that follows from what it holds and from every box that was ever made.

use std::collections::BTreeSet;

use haat_protocol::epoch;

use super::super::*;
use super::model::{Person, Reading};
use super::scene::Scene;
use crate::view;

/// How many readings there were of each sort.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) must: u64,
    pub(super) must_not: u64,
    pub(super) either: u64,
}

impl Tally {
    pub(super) fn add(&mut self, other: Self) {
        self.must += other.must;
        self.must_not += other.must_not;
        self.either += other.either;
    }
}

/// Compares every reading of a run that is over with the oracle.
pub(super) fn judge(scene: &Scene) -> Result<Tally, String> {
    let end = scene.everything();
    let entries = everything(scene);
    let mut tally = Tally::default();
    for reader in 0..scene.nodes.len() {
        let mut keys: Option<BTreeSet<[u8; 32]>> = None;
        for (number, id) in scene.entries.iter().enumerate().filter_map(|(number, id)| Some((number, (*id)?))) {
            let entry = entries.get(&id).ok_or("an entry is nowhere")?;
            let told = || format!("{reader} and deed {number} ({:?})", scene.model.events[number]);
            match scene.model.reading(number, reader, end) {
                Reading::Must if !reads(&scene.nodes[reader], entry) => return Err(format!("cannot be read: {}", told())),
                Reading::MustNot => {
                    let keys = keys.get_or_insert_with(|| keys_of(scene, reader, &entries));
                    if has(&scene.nodes[reader], Table::Body, id) || keys.iter().any(|key| entry.open(Some(key)).is_ok()) {
                        return Err(format!("can be read: {}", told()));
                    }
                    tally.must_not += 1;
                }
                Reading::Must => tally.must += 1,
                Reading::Either => tally.either += 1,
            }
        }
    }
    one_view(scene)?;
    Ok(tally)
}

fn reads(node: &Node, entry: &Entry) -> bool {
    let counts = node.read(|tx| known::counts(tx, entry.header()));
    counts && has(node, Table::Body, entry.id()) && !has(node, Table::Void, entry.id())
}

/// All members hold the same roster, and the entries that count for the oracle count for them.
fn one_view(scene: &Scene) -> Result<(), String> {
    let end = scene.everything();
    let members = scene.model.members(end);
    let roster = |person: &Person| scene.nodes[*person].read(|tx| tx.get(Table::Roster, &scene.space.0));
    if members.windows(2).any(|pair| roster(&pair[0]) != roster(&pair[1])) {
        return Err("members hold different rosters".into());
    }
    for (number, id) in scene.entries.iter().enumerate().filter_map(|(number, id)| Some((number, (*id)?))) {
        for person in &members {
            let Some(entry) = scene.nodes[*person].read(|tx| known::entry(tx, &id)) else { continue };
            let counts = scene.nodes[*person].read(|tx| known::counts(tx, entry.header()));
            if entry.header().space == scene.space && counts != scene.model.counts(number, end) {
                return Err(format!("whether deed {number} counts is seen otherwise by {person}: {counts}"));
            }
        }
    }
    Ok(())
}

/// Every entry that anybody holds.
fn everything(scene: &Scene) -> BTreeMap<EntryId, Entry> {
    let mut all = BTreeMap::new();
    for node in &scene.nodes {
        node.read(|tx| {
            let ids = tx.prefix(Table::Entry, &[]).into_iter().filter_map(|(key, _)| EntryId::from_slice(&key));
            all.extend(ids.filter_map(|id| known::entry(tx, &id)).map(|entry| (entry.id(), entry)));
        });
    }
    all
}

/// Every key that a device holds or can come by.
fn keys_of(scene: &Scene, reader: Person, entries: &BTreeMap<EntryId, Entry>) -> BTreeSet<[u8; 32]> {
    let (node, space) = (&scene.nodes[reader], scene.space);
    let prekeys: Vec<[u8; 32]> = node.me.prekeys.iter().map(|key| key.0).collect();
    let mut held: Vec<_> = node.read(|tx| secret::epochs(tx, &node.me, &space)).into_iter().map(|(_, keys)| keys).collect();
    let opened = |id: &EntryId| scene.nodes.iter().find_map(|node| node.read(|tx| view::body(tx, id)));
    let of = |kind: Kind| entries.values().filter(move |entry| entry.header().kind == kind.code());
    let epoch = |entry: &Entry| opened(&entry.id()).and_then(|body| if let Body::Epoch(epoch) = body { Some(epoch) } else { None });
    let epochs: Vec<Epoch> = of(Kind::Epoch).filter_map(epoch).collect();
    held.extend(epochs.iter().filter_map(|made| epoch::open(space, &made.manifest, (0, &made.boxes), &node.device(), &prekeys).ok()));
    let mut keys: BTreeSet<[u8; 32]> = BTreeSet::new();
    while let Some(next) = held.pop() {
        let is_new = keys.insert(next.control.0) | next.content.as_ref().is_some_and(|key| keys.insert(key.0));
        if is_new {
            held.extend(epochs.iter().flat_map(|made| epoch::linked(&made.manifest, &next)).map(|(_, keys)| keys));
        }
    }
    for entry in of(Kind::Share) {
        let plain = keys.iter().find_map(|key| entry.open(Some(key)).ok());
        if let (Some(_), Some(Body::Share(share))) = (plain, opened(&entry.id())) {
            keys.insert(share.secret);
            keys.extend(share.earlier.iter().map(|(_, secret)| **secret));
        }
    }
    keys
}
