//! What must never happen, looked at after each step of each node: two entries or two events at one place, an entry taken in from more than ten
//! minutes ahead, an answer about an entry that is not kept, an answered entry that is gone after a restart, more held than bounds
//! allow.
//!
//! It reads what is new in the trust log, and rows only after they changed; it must never change anything.

use std::collections::{BTreeMap, BTreeSet};

use haat_node::ledger::{self, Link, Sort};
use haat_node::store::{Range, Table, Tx};
use haat_node::view::{known, order};
use haat_protocol::entry::Header;
use haat_protocol::id::{DeviceId, EntryId, EventId, OrderId, SpaceId};
use haat_protocol::limits::CLOCK_SKEW_MS;
use haat_protocol::local::Problem;
use haat_protocol::order::Event;
use haat_protocol::time::Millis;
use serde_json::Value;

use super::bounds::{self, Room};
use super::node::Node;

/// A place in a log.
type Place = (DeviceId, SpaceId, u64, u64);

/// How far a node was looked at.
#[derive(Debug, Clone, Default)]
struct Looked {
    /// The commits of its store that were looked at; none before the first.
    commits: Option<u64>,
    /// Up to which position of its trust log.
    position: u64,
    /// What there was to hold.
    room: Room,
    /// The latest time that its clock showed at a step.
    latest: Millis,
    /// Whether it has started and made no step yet.
    begins: bool,
}

/// What was seen so far.
#[derive(Debug)]
pub(super) struct Guard {
    /// Per node.
    looked: Vec<Looked>,
    /// Which entry stands where, whoever holds it.
    places: BTreeMap<Place, EntryId>,
    /// Which event stands where in the chains of orders.
    events: BTreeMap<(OrderId, DeviceId, u64), EventId>,
    /// Per node, the entries its commands were answered with.
    answered: Vec<BTreeSet<EntryId>>,
    /// The device that may do what it likes.
    mistrusted: Option<DeviceId>,
    fault: Option<String>,
}

impl Guard {
    pub(super) fn new(nodes: usize) -> Self {
        Self {
            looked: vec![Looked::default(); nodes],
            places: BTreeMap::new(),
            events: BTreeMap::new(),
            answered: vec![BTreeSet::new(); nodes],
            mistrusted: None,
            fault: None,
        }
    }

    /// One node more.
    pub(super) fn grow(&mut self) {
        self.looked.push(Looked::default());
        self.answered.push(BTreeSet::new());
    }

    /// The first thing that must never happen and did.
    pub(super) const fn fault(&self) -> Option<&String> {
        self.fault.as_ref()
    }

    /// From now on two entries at one place of this device's logs are no fault of an honest node.
    pub(super) const fn mistrust(&mut self, device: DeviceId) {
        self.mistrusted = Some(device);
    }

    fn wrong(&mut self, node: &Node, what: &str) {
        self.fault.get_or_insert_with(|| format!("{}: {what}", node.name));
    }

    /// A node has made a step while its clock showed this.
    pub(super) fn stepped(&mut self, who: usize, clock: Millis, node: &Node, others: usize) {
        let Some(engine) = node.engine.as_ref() else { return };
        let looked = &mut self.looked[who];
        looked.latest = clock.max(looked.latest);
        // What it had written down before it fell is kept with the first step of its next life: it was taken in under a clock of before.
        let clock = if std::mem::take(&mut looked.begins) { looked.latest } else { clock };
        let commits = Some(engine.store().commits());
        if commits != self.looked[who].commits {
            self.looked[who].commits = commits;
            self.kept(who, clock, node);
        }
        if let Some(what) = bounds::exceeded(&engine.load(), self.looked[who].room, others) {
            self.wrong(node, &what);
        }
    }

    /// A node has kept something.
    fn kept(&mut self, who: usize, clock: Millis, node: &Node) {
        let snapshot = node.now_kept();
        let tx = Tx::new(&*snapshot);
        self.looked[who].room = Room::of(&tx);
        if let Some(what) = bounds::parked(&tx) {
            self.wrong(node, &what);
        }
        let (end, _) = ledger::end(&tx);
        if end <= self.looked[who].position {
            return;
        }
        let from = self.looked[who].position.to_be_bytes();
        let rows = tx.scan(Table::Log, Range { from: &from, to: None, reverse: false, limit: usize::MAX });
        self.looked[who].position = end;
        for link in rows.iter().filter_map(|(_, row)| tx.decoded::<Link>(Table::Log, row)) {
            if link.sort == Sort::OrderEvent {
                self.heard_of(node, &tx, &EventId(link.item.0));
            }
            if !matches!(link.sort, Sort::Entry | Sort::Sealed) {
                continue;
            }
            // It may have lost its place in the same step, to the branch of a fork that was named.
            let Some(entry) = known::raw(&tx, &EntryId(link.item.0)).and_then(|raw| raw.trusted().ok()) else {
                self.wrong(node, "an entry of its trust log is not there");
                continue;
            };
            self.taken(node, clock, entry.header(), entry.id());
        }
    }

    fn taken(&mut self, node: &Node, clock: Millis, header: &Header, id: EntryId) {
        let place = (header.device, header.space, header.log, header.seq);
        let is_honest = self.mistrusted != Some(header.device);
        if is_honest && *self.places.entry(place).or_insert(id) != id {
            self.wrong(node, &format!("holds another entry at {} of a log than others hold", header.seq));
        }
        if header.at > clock.plus(CLOCK_SKEW_MS) {
            self.wrong(node, &format!("took in an entry from {} ms ahead", header.at.since(clock)));
        }
    }

    fn heard_of(&mut self, node: &Node, tx: &Tx<'_>, id: &EventId) {
        let Some(event) = order::signed(tx, id).and_then(|signed| Event::read(signed).ok()) else {
            return self.wrong(node, "an event of its trust log is not there");
        };
        let place = (event.order(), event.body().author, event.body().seq);
        let is_honest = self.mistrusted != Some(event.body().author);
        if is_honest && *self.events.entry(place).or_insert(*id) != *id {
            self.wrong(node, &format!("holds another event at {} of a chain than others hold", event.body().seq));
        }
    }

    /// A command is about to be answered.
    pub(super) fn answered(&mut self, who: usize, node: &Node, answer: &Result<Value, Problem>) {
        let id: Option<EntryId> = answer.as_ref().ok().and_then(|value| value["entry"].as_str()?.parse().ok());
        if let Some(id) = id {
            self.answered[who].insert(id);
            self.holds_answered(node, &[id]);
        }
    }

    /// A node's store is an earlier one again: what it lost is not asked for until the end.
    pub(super) fn set_back(&mut self, who: usize, tx: &Tx<'_>, lost: &BTreeSet<EntryId>) {
        let looked = &mut self.looked[who];
        looked.commits = None;
        looked.position = looked.position.min(ledger::end(tx).0);
        self.answered[who].retain(|id| !lost.contains(id));
    }

    /// A node has started again.
    pub(super) fn started(&mut self, who: usize, node: &Node) {
        self.looked[who].begins = true;
        let ids: Vec<EntryId> = self.answered[who].iter().copied().collect();
        self.holds_answered(node, &ids);
    }

    fn holds_answered(&mut self, node: &Node, ids: &[EntryId]) {
        let snapshot = node.now_kept();
        let tx = Tx::new(&*snapshot);
        if let Some(lost) = ids.iter().find(|id| !tx.has(Table::Entry, &id.0)) {
            self.wrong(node, &format!("entry {}, with which a command was answered, is not kept", lost.short()));
        }
    }
}
