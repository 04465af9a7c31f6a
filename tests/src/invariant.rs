//! What must hold in every run, whatever was lost, doubled, cut or crashed. Each check reads the stores alone and says what is
//! wrong; none may change anything or trust what an engine says of itself.

mod secrecy;

use std::collections::{BTreeMap, BTreeSet};

use haat_node::ledger::audit;
use haat_node::ledger::{Link, Sort};
use haat_node::store::memo::Memos;
use haat_node::store::table::Sort as TableSort;
use haat_node::store::{Range, Snapshot, Table, Tx};
use haat_node::view::{circle, known, shelf};
use haat_protocol::admit::{View as _, Writer};
use haat_protocol::circle::Standing;
use haat_protocol::codec::decode_own;
use haat_protocol::id::{DeviceId, EntryId, IdentityId, SpaceId};

use crate::world::World;

/// What is wrong, and where.
pub type Fault = String;

/// Length of a key of the feed of a circle: circle, lamport and claimed time, entry.
const FEED_KEY_BYTES: usize = 32 + 8 + 8 + 32;

/// Length of the key of a log: space, device, number.
const LOG_KEY_BYTES: usize = 32 + 32 + 8;

/// What one node holds of one circle: everything that members must agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// The roster row, byte for byte.
    pub roster: Vec<u8>,
    /// Per place of a log that counts: the entry.
    pub entries: BTreeMap<Vec<u8>, EntryId>,
    /// The bodies that can be read.
    pub bodies: BTreeMap<EntryId, Vec<u8>>,
    /// Entries without effect, and why.
    pub void: BTreeMap<EntryId, Vec<u8>>,
    /// Entries taken back.
    pub retracted: BTreeSet<EntryId>,
    /// Entries whose payload went by the wish of a person who was removed already.
    pub gone: BTreeSet<EntryId>,
    /// Feed and vouches, key by key.
    pub said: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Holding {
    /// Leaves out the logs of a hostile device: of two entries at one place each may hold another.
    fn without(&mut self, device: DeviceId, person: &IdentityId) {
        let is_theirs = |place: &[u8]| place.get(32..64) == Some(device.0.as_slice());
        let gone = self.entries.iter().filter(|(place, _)| is_theirs(place)).map(|(_, id)| *id).collect();
        self.entries.retain(|place, _| !is_theirs(place));
        self.retracted.retain(|id| !BTreeSet::contains(&gone, id));
        self.forget(&gone);
        // A vouch is kept by circle, from whom, about whom.
        self.said.retain(|(key, _)| key.len() == FEED_KEY_BYTES || key.get(32..64) != Some(person.0.as_slice()));
    }

    fn forget(&mut self, gone: &BTreeSet<EntryId>) {
        self.bodies.retain(|id, _| !gone.contains(id));
        self.void.retain(|id, _| !gone.contains(id));
        self.said.retain(|(key, _)| key.len() != FEED_KEY_BYTES || EntryId::from_slice(&key[48..]).is_none_or(|id| !gone.contains(&id)));
    }
}

/// Whether a node believes itself to be in a circle.
#[must_use]
pub fn is_member(world: &World, who: usize, space: &SpaceId) -> bool {
    let snapshot = world.kept(who);
    circle::roster(&Tx::new(&*snapshot), space).is_some_and(|roster| roster.has(&world.me(who).id()))
}

/// Circles that any node knows.
#[must_use]
pub fn circles(world: &World) -> BTreeSet<SpaceId> {
    (0..world.size()).flat_map(|who| circle::all(&Tx::new(&*world.kept(who)))).collect()
}

/// What a node holds of a circle.
#[must_use]
pub fn holding(snapshot: &dyn Snapshot, space: &SpaceId) -> Holding {
    let memos = Memos::default();
    let tx = Tx::with_memos(snapshot, &memos);
    let mut held = Holding {
        roster: tx.get(Table::Roster, &space.0).unwrap_or_default(),
        entries: BTreeMap::new(),
        bodies: BTreeMap::new(),
        void: BTreeMap::new(),
        retracted: BTreeSet::new(),
        gone: BTreeSet::new(),
        said: Vec::new(),
    };
    for (place, id) in tx.prefix(Table::At, &space.0) {
        let Some(id) = EntryId::from_slice(&id) else { continue };
        if known::entry(&tx, &id).is_none_or(|entry| !known::counts(&tx, entry.header())) {
            continue;
        }
        held.entries.insert(place, id);
        held.bodies.extend(tx.get(Table::Body, &id.0).map(|body| (id, body)));
        held.void.extend(tx.get(Table::Void, &id.0).map(|why| (id, why)));
        // What an author took back before anybody here knew of the author's removal is gone, although the wish came too late
        // to count.
        let author = |id: &EntryId| known::entry(&tx, id).and_then(|entry| known::author(&tx, entry.header()));
        let wishes = tx.prefix(Table::Retracted, &id.0).into_iter().filter_map(|(key, _)| EntryId::from_slice(&key[32..]));
        let theirs: Vec<EntryId> = wishes.filter(|by| author(by).is_some() && author(by) == author(&id)).collect();
        let counts = |by: &EntryId| known::entry(&tx, by).is_some_and(|by| known::counts(&tx, by.header()));
        match theirs.first() {
            Some(_) if theirs.iter().any(counts) => held.retracted.extend([id]),
            Some(_) => held.gone.extend([id]),
            None => {}
        }
    }
    let counted: BTreeSet<&EntryId> = held.entries.values().collect();
    let feed = tx.prefix(Table::FeedCircle, &space.0);
    let feed = feed.into_iter().filter(|(key, _)| EntryId::from_slice(&key[48..]).is_some_and(|id| counted.contains(&id)));
    held.said = feed.chain(tx.prefix(Table::Vouch, &space.0)).collect();
    held
}

/// What a node holds of a circle in one word: which entries stand where, and which of them are open.
#[must_use]
pub fn digest(world: &World, who: usize, space: &SpaceId) -> [u8; 32] {
    let snapshot = world.kept(who);
    let tx = Tx::new(&*snapshot);
    let mut digest = blake3::Hasher::new();
    for (place, id) in tx.prefix(Table::At, &space.0) {
        digest.update(&place);
        digest.update(&id);
        digest.update(&[u8::from(tx.has(Table::Body, &id))]);
    }
    *digest.finalize().as_bytes()
}

/// All that must hold once the world is healed and quiet. `acknowledged` are the entries that commands were answered with, by author.
///
/// # Errors
/// The first fault.
pub fn all(world: &World, acknowledged: &[(usize, EntryId)]) -> Result<(), Fault> {
    for who in 0..world.size() {
        sound(world, who)?;
    }
    equal(world, acknowledged)
}

/// All of that but that each trust log verifies, which of a crowd takes longest.
///
/// # Errors
/// The first fault.
pub fn equal(world: &World, acknowledged: &[(usize, EntryId)]) -> Result<(), Fault> {
    one_entry_per_place(world)?;
    for space in circles(world) {
        equal_views(world, &space)?;
        equal_shelves(world, &space)?;
        secrecy::removed_know_nothing_later(world, &space)?;
        secrecy::revoked_know_nothing_later(world, &space)?;
    }
    equal_orders(world)?;
    nothing_lost(world, acknowledged)?;
    match world.counts().2 {
        0 => Ok(()),
        wrong => Err(format!("{wrong} gossip messages among honest nodes were held to be provably wrong")),
    }
}

/// The trust log of a node verifies.
///
/// # Errors
/// What is not sound.
pub fn sound(world: &World, who: usize) -> Result<(), Fault> {
    let sound = audit::verify(&*world.kept(who), world.me(who));
    sound.map(drop).map_err(|fault| format!("{}: the log is not sound: {fault}", world.name(who)))
}

/// Deriving all views again gives the same rows, byte for byte.
///
/// # Errors
/// Whose views changed.
pub fn rebuilds(world: &mut World, who: usize) -> Result<(), Fault> {
    let before = views(&*world.kept(who));
    let answer = world.rebuild(who);
    if !answer.as_ref().is_some_and(Result::is_ok) {
        return Err(format!("{}: rebuilding was answered {answer:?}", world.name(who)));
    }
    if before == views(&*world.kept(who)) { Ok(()) } else { Err(format!("{}: rebuilding changed the views", world.name(who))) }
}

/// All rows of all views.
#[must_use]
pub fn views(snapshot: &dyn Snapshot) -> Vec<(Table, Vec<u8>, Vec<u8>)> {
    let all = Range { from: &[], to: None, reverse: false, limit: usize::MAX };
    let tables = Table::ALL.iter().filter(|table| table.sort() == TableSort::View);
    tables
        .flat_map(|table| {
            let rows = snapshot.scan(*table, all).expect("the simulator never lets reads fail");
            rows.into_iter().map(|(key, row)| (*table, key, row))
        })
        .collect()
}

/// Everybody who is in a circle, by the roster of any of its members, agrees on all of it.
fn equal_views(world: &World, space: &SpaceId) -> Result<(), Fault> {
    let members: Vec<usize> = honest(world).filter(|who| is_member(world, *who, space)).collect();
    let Some((first, others)) = members.split_first() else { return Ok(()) };
    let expected = |who: usize| {
        let mut held = holding(&*world.kept(who), space);
        if let Some(hostile) = world.hostile() {
            let hostile = world.me(hostile);
            held.without(hostile.device(), &hostile.id());
        }
        held
    };
    let first_holds = expected(*first);
    for other in others {
        let (mut reference, mut held) = (first_holds.clone(), expected(*other));
        let gone: BTreeSet<EntryId> = reference.gone.union(&held.gone).copied().collect();
        reference.forget(&gone);
        held.forget(&gone);
        if let Some(what) = difference(&reference, &held) {
            return Err(format!("circle {}: {} and {} differ: {what}", space.short(), world.name(*first), world.name(*other)));
        }
    }
    let mut believed: BTreeSet<IdentityId> = members.iter().map(|who| world.me(*who).id()).collect();
    let roster = circle::roster(&Tx::new(&*world.kept(*first)), space);
    let listed: BTreeSet<IdentityId> = roster.map(|roster| roster.members.keys().copied().collect()).unwrap_or_default();
    // Whether a hostile node sees what was decided about it is its own affair.
    let hostile = world.hostile().map(|who| world.me(who).id());
    believed.extend(hostile.filter(|id| listed.contains(id)));
    // A circle comes to a device by a welcome alone. Whoever took back the only device that had one is in, and has none to see it with.
    believed.extend(listed.iter().filter(|id| is_blind(world, space, id)));
    if believed == listed {
        Ok(())
    } else {
        let named =
            |id: &IdentityId| (0..world.size()).find(|who| world.me(*who).id() == *id).map_or("?", |who| world.name(who)).to_owned();
        let wrong: Vec<String> = believed.symmetric_difference(&listed).map(named).collect();
        Err(format!("circle {}: whether {wrong:?} are in it is seen differently", space.short()))
    }
}

/// Whether a person took back the device that came into a circle, and no other one has heard of it.
fn is_blind(world: &World, space: &SpaceId, person: &IdentityId) -> bool {
    let mut knowing = (0..world.size()).filter(|who| world.me(*who).id() == *person && knows(world, *who, space)).peekable();
    knowing.peek().is_some() && knowing.all(|who| world.is_revoked(who))
}

/// Whether a node has heard of a circle.
fn knows(world: &World, who: usize, space: &SpaceId) -> bool {
    circle::roster(&Tx::new(&*world.kept(who)), space).is_some()
}

fn difference(one: &Holding, other: &Holding) -> Option<String> {
    if one.entries != other.entries {
        let lacking = one.entries.values().collect::<BTreeSet<_>>().symmetric_difference(&other.entries.values().collect()).count();
        return Some(format!("{} and {} entries count, {lacking} only in one", one.entries.len(), other.entries.len()));
    }
    if one.roster != other.roster {
        return Some("the rosters".into());
    }
    if one.bodies != other.bodies {
        let (a, b): (BTreeSet<_>, BTreeSet<_>) = (one.bodies.keys().collect(), other.bodies.keys().collect());
        return Some(format!("{} and {} bodies, {:?} only in one", a.len(), b.len(), a.symmetric_difference(&b).collect::<Vec<_>>()));
    }
    if one.void != other.void || one.retracted != other.retracted {
        return Some(format!("void {:?} and {:?}, or what was taken back", one.void.keys(), other.void.keys()));
    }
    (one.said != other.said).then(|| format!("{} and {} rows of feed and vouches", one.said.len(), other.said.len()))
}

/// Members hold the same of every shop that is shared into a circle, and read it.
fn equal_shelves(world: &World, space: &SpaceId) -> Result<(), Fault> {
    let mut seen: BTreeMap<SpaceId, (Holding, usize)> = BTreeMap::new();
    for who in honest(world).filter(|who| is_member(world, *who, space)) {
        let snapshot = world.kept(who);
        for shop in shelf::shared_into(&Tx::new(&*snapshot), space) {
            let mut held = holding(&*snapshot, &shop);
            if let Some(hostile) = world.hostile() {
                held.without(world.me(hostile).device(), &world.me(hostile).id());
            }
            let (first, by) = seen.entry(shop).or_insert_with(|| (held.clone(), who));
            if let Some(what) = difference(first, &held) {
                return Err(format!("shop {}: {} and {} differ: {what}", shop.short(), world.name(*by), world.name(who)));
            }
        }
    }
    Ok(())
}

/// Parties of an order who are in a circle together hold the same events of it. Others do not meet any more.
fn equal_orders(world: &World) -> Result<(), Fault> {
    let mut seen: BTreeMap<Vec<u8>, (BTreeSet<Vec<u8>>, usize)> = BTreeMap::new();
    for who in honest(world) {
        let snapshot = world.kept(who);
        let tx = Tx::new(&*snapshot);
        for (order, _) in tx.prefix(Table::Order, &[]) {
            let events: BTreeSet<Vec<u8>> = tx.prefix(Table::OrderSet, &order).into_iter().map(|(key, _)| key).collect();
            let (first, by) = seen.entry(order).or_insert_with(|| (events.clone(), who));
            if *first != events && meet(world, *by, who) {
                let counts = (first.len(), events.len());
                return Err(format!("{} and {} hold different events of one order: {counts:?}", world.name(*by), world.name(who)));
            }
        }
    }
    Ok(())
}

/// Whether two nodes' people are in a circle together as far as both know.
fn meet(world: &World, one: usize, other: usize) -> bool {
    let both = |space: &SpaceId| {
        let has = |at: usize, whom: usize| {
            let snapshot = world.kept(at);
            circle::roster(&Tx::new(&*snapshot), space).is_some_and(|roster| roster.has(&world.me(whom).id()))
        };
        is_member(world, one, space) && is_member(world, other, space) && has(one, other) && has(other, one)
    };
    circles(world).iter().any(both)
}

/// The nodes that are not hostile, and whose device nobody has taken back.
fn honest(world: &World) -> impl Iterator<Item = usize> {
    let hostile = world.hostile();
    (0..world.size()).filter(move |who| Some(*who) != hostile && !world.is_revoked(*who))
}

/// Nobody holds two entries at one place, and no two nodes hold different ones.
fn one_entry_per_place(world: &World) -> Result<(), Fault> {
    let mut seen: BTreeMap<Vec<u8>, (Vec<u8>, usize)> = BTreeMap::new();
    for who in 0..world.size() {
        let snapshot = world.kept(who);
        let tx = Tx::new(&*snapshot);
        // Of a log that is known to be forked each holds what came first, and says so; what counts of it is compared with the views.
        for (place, id) in tx.prefix(Table::At, &[]).into_iter().filter(|(place, _)| !tx.has(Table::Forked, &place[..72])) {
            if world.hostile().is_some_and(|hostile| place.get(32..64) == Some(world.me(hostile).device().0.as_slice())) {
                continue;
            }
            let (first, by) = seen.entry(place).or_insert_with(|| (id.clone(), who));
            if *first != id {
                return Err(format!("{} and {} hold different entries at one place", world.name(*by), world.name(who)));
            }
        }
    }
    Ok(())
}

/// A fork that could be noticed is known to everybody whom it concerns: every log of which two members hold different entries at one
/// place that is told to others, or that one of them knows to be forked. Whom a member has out already is handed nothing by that one,
/// and is not among them.
///
/// # Errors
/// Who does not know it.
pub fn forks_are_flagged(world: &World) -> Result<(), Fault> {
    for space in circles(world) {
        let mut members: Vec<usize> = honest(world).filter(|who| is_member(world, *who, &space)).collect();
        let rosters: Vec<_> = members.iter().filter_map(|who| circle::roster(&Tx::new(&*world.kept(*who)), &space)).collect();
        members.retain(|who| {
            let id = world.me(*who).id();
            rosters.iter().all(|roster| roster.has(&id) || !roster.removed.contains_key(&id))
        });
        let mut seen: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        let mut forked: BTreeSet<Vec<u8>> = BTreeSet::new();
        for who in &members {
            let snapshot = world.kept(*who);
            let tx = Tx::new(&*snapshot);
            forked.extend(tx.prefix(Table::Forked, &space.0).into_iter().map(|(log, _)| log));
            for (place, id) in tx.prefix(Table::At, &space.0).into_iter().filter(|(_, id)| is_told(&tx, id)) {
                if *seen.entry(place.clone()).or_insert_with(|| id.clone()) != id {
                    forked.insert(place[..LOG_KEY_BYTES].to_vec());
                }
            }
        }
        for who in &members {
            let snapshot = world.kept(*who);
            let tx = Tx::new(&*snapshot);
            if let Some(log) = forked.iter().find(|log| !tx.has(Table::Forked, log)) {
                let log = data_encoding::HEXLOWER.encode(&log[32..36]);
                return Err(format!("{} does not know that a log of device {log}… is forked", world.name(*who)));
            }
        }
    }
    Ok(())
}

/// Whether a node tells others of this entry: not of a closed log of somebody who is out, nor of what lies beyond a cut.
fn is_told(tx: &Tx<'_>, id: &[u8]) -> bool {
    let Some(entry) = EntryId::from_slice(id).and_then(|id| known::entry(tx, &id)) else { return false };
    let (log, seq) = (entry.header().log_id(), entry.header().seq);
    matches!(known::Known(tx).writer(&log), Writer::Person(_, standing) if standing != Standing::Closed && standing.counts(seq))
}

/// Whoever is in the circle holds this entry and reads it.
///
/// # Errors
/// Who does not.
pub fn can_be_read(world: &World, author: usize, word: &EntryId, circle: &SpaceId) -> Result<(), Fault> {
    for who in honest(world).filter(|who| is_member(world, *who, circle)) {
        let snapshot = world.kept(who);
        let tx = Tx::new(&*snapshot);
        if !tx.has(Table::Body, &word.0) {
            let how = if known::raw(&tx, word).is_some() { "cannot open" } else { "lacks" };
            return Err(format!("{} {how} entry {}, which {} said in a healed world", world.name(who), word.short(), world.name(author)));
        }
    }
    Ok(())
}

/// Every entry that a command was answered with is at its author, and at every member when it counts.
fn nothing_lost(world: &World, acknowledged: &[(usize, EntryId)]) -> Result<(), Fault> {
    let mut said = Vec::new();
    for (author, id) in acknowledged.iter().filter(|(author, id)| Some(*author) != world.hostile() && !world.is_gone(id)) {
        let snapshot = world.kept(*author);
        let Some(entry) = known::entry(&Tx::new(&*snapshot), id) else {
            if world.was_lost(id) && !is_owed(world, *author, id) {
                continue;
            }
            return Err(format!("{} answered with entry {} and lost it", world.name(*author), id.short()));
        };
        said.push((*author, entry));
    }
    for who in honest(world) {
        let (theirs, memos) = (world.kept(who), Memos::default());
        let theirs = Tx::with_memos(&*theirs, &memos);
        let is_in = |space: &SpaceId| circle::roster(&theirs, space).is_some_and(|roster| roster.has(&world.me(who).id()));
        for (author, entry) in said.iter().filter(|(_, entry)| is_in(&entry.header().space)) {
            if known::counts(&theirs, entry.header()) && known::raw(&theirs, &entry.id()).is_none() {
                return Err(format!("{} lacks entry {} of {}", world.name(who), entry.id().short(), world.name(*author)));
            }
        }
    }
    Ok(())
}

/// Whether an author whose store went back gets an entry back: it is a member where that was said, and the entry counts for members.
fn is_owed(world: &World, author: usize, id: &EntryId) -> bool {
    honest(world).any(|who| {
        let snapshot = world.kept(who);
        let tx = Tx::new(&*snapshot);
        let said = known::entry(&tx, id).filter(|entry| known::counts(&tx, entry.header()));
        said.is_some_and(|entry| [who, author].iter().all(|who| is_member(world, *who, &entry.header().space)))
    })
}

/// The entries of a node in the order in which it accepted them.
#[must_use]
pub fn accepted(snapshot: &dyn Snapshot) -> Vec<EntryId> {
    let rows = Tx::new(snapshot).prefix(Table::Log, &[]);
    let links = rows.iter().filter_map(|(_, row)| decode_own::<Link>(row).ok());
    links.filter(|link| matches!(link.sort, Sort::Entry | Sort::Sealed)).map(|link| EntryId(link.item.0)).collect()
}

/// Index of the node that is this person.
fn node_of(world: &World, person: &IdentityId) -> Option<usize> {
    (0..world.size()).find(|who| world.me(*who).id() == *person)
}

/// The node of the person who began a circle.
#[must_use]
pub fn owner_of(world: &World, space: &SpaceId) -> Option<usize> {
    let begun = (0..world.size()).find_map(|who| known::inception(&Tx::new(&*world.kept(who)), space))?;
    node_of(world, &begun.creator)
}

/// Whether any node knows of a removal of this node's person from a circle.
#[must_use]
pub fn was_removed(world: &World, space: &SpaceId, person: usize) -> bool {
    let id = world.me(person).id();
    (0..world.size()).any(|who| circle::roster(&Tx::new(&*world.kept(who)), space).is_some_and(|roster| roster.removed.contains_key(&id)))
}
