//! What a removed person must not have: entries made by somebody who knew of the removal, and anything that opens a later epoch.

use std::collections::BTreeSet;

use haat_node::intake::manifest;
use haat_node::ledger::{Link, Sort};
use haat_node::secret;
use haat_node::store::{Table, Tx};
use haat_node::view::{body, circle, known};
use haat_protocol::body::Body;
use haat_protocol::codec::decode_own;
use haat_protocol::entry::Entry;
use haat_protocol::epoch;
use haat_protocol::id::{EntryId, KeyId, SpaceId};
use haat_protocol::identity::{Chain, Ending, blind_log};
use haat_protocol::kind::Kind;

use super::{Fault, honest, is_member, node_of};
use crate::world::World;

/// The entries of a circle whose authors knew of this removal when they made them, and the epochs among them.
fn later(world: &World, space: &SpaceId, removal: &EntryId) -> (Vec<(usize, Entry)>, BTreeSet<KeyId>) {
    let (mut entries, mut epochs) = (Vec::new(), BTreeSet::new());
    for who in 0..world.size() {
        let snapshot = world.kept(who);
        let tx = Tx::new(&*snapshot);
        let own = world.me(who).device();
        let links = links(&tx);
        let since = links.iter().skip_while(|link| !tells(link, removal)).skip(1).filter(|link| is_kept(link));
        for id in since.map(|link| EntryId(link.item.0)) {
            let Some(entry) = known::entry(&tx, &id).filter(|entry| entry.header().space == *space && entry.header().device == own) else {
                continue;
            };
            // What came back to a store that had gone back was made before.
            if world.was_lost(&id) {
                continue;
            }
            if let Some(Body::Epoch(made)) = body(&tx, &id) {
                let key = epoch::key_id(*space, &made.manifest);
                // One that is told anew is as old as its first telling that counts.
                epochs.extend(circle::epoch(&tx, space, &key).filter(|row| row.entry == id).map(|_| key));
            }
            entries.push((who, entry));
        }
    }
    (entries, epochs)
}

/// Checks every person who was removed from a circle and is not in it again.
pub(super) fn removed_know_nothing_later(world: &World, space: &SpaceId) -> Result<(), Fault> {
    let Some(witness) = (0..world.size()).find(|who| is_member(world, *who, space)) else { return Ok(()) };
    let snapshot = world.kept(witness);
    let Some(roster) = circle::roster(&Tx::new(&*snapshot), space) else { return Ok(()) };
    for (person, removal) in roster.removed.iter().filter(|(person, _)| !roster.has(person)) {
        let Some(removed) = node_of(world, person) else { continue };
        let (entries, epochs) = later(world, space, &removal.by);
        let theirs = world.kept(removed);
        let tx = Tx::new(&*theirs);
        for (author, entry) in entries.iter().filter(|(author, _)| *author != removed) {
            let place = format!("entry {} (kind {}) of {}", entry.id().short(), entry.header().kind, world.name(*author));
            // A decision from ahead is told anew to all who could read it first, whoever is removed by it included.
            if is_told_anew(world, *author, entry) {
                continue;
            }
            // The epoch that follows a removal is told on the old topic, so that members change keys at once; it tells a
            // removed person who overhears it nothing but that keys changed.
            let is_epoch = Kind::from_code(entry.header().kind) == Some(Kind::Epoch);
            if !is_epoch && known::raw(&tx, &entry.id()).is_some() {
                if !is_passed_on(world, removed, &removal.by, &entry.id()) {
                    return Err(format!("{} holds {place}, made by one who knew of the removal", world.name(removed)));
                }
                if opens(world, removed, entry) {
                    return Err(format!("{} was passed {place} and could open it", world.name(removed)));
                }
            }
            let is_sealed_later = entry.header().key.is_some_and(|key| epochs.contains(&key));
            if is_sealed_later && opens(world, removed, entry) {
                return Err(format!("{} could open {place}, which is under a later epoch", world.name(removed)));
            }
        }
    }
    Ok(())
}

/// Whether a member came to hold an entry before it knew of a removal, because its clock was behind or the removal was closed to it, say:
/// it hands over what it has to whom it takes for a member; or whether a hostile one said it again to whoever listened. What was made by
/// who knew must then be closed, under whatever key.
fn is_passed_on(world: &World, removed: usize, removal: &EntryId, entry: &EntryId) -> bool {
    if world.is_passed_by_hostile(entry) {
        return true;
    }
    let mut others = (0..world.size()).filter(|who| *who != removed && !world.is_revoked(*who));
    others.any(|who| {
        let links = links(&Tx::new(&*world.kept(who)));
        let came = links.iter().position(|link| is_kept(link) && link.item.0 == entry.0);
        came.is_some_and(|came| links.iter().position(|link| tells(link, removal)).is_none_or(|known| came < known))
    })
}

/// What a node accepted, in that order.
fn links(tx: &Tx<'_>) -> Vec<Link> {
    tx.prefix(Table::Log, &[]).iter().filter_map(|(_, row)| decode_own(row).ok()).collect()
}

/// Whether it is an entry that came, open or closed.
const fn is_kept(link: &Link) -> bool {
    matches!(link.sort, Sort::Entry | Sort::Sealed)
}

/// Whether a removal is known from here on. One that is closed is not.
fn tells(link: &Link, removal: &EntryId) -> bool {
    matches!(link.sort, Sort::Entry | Sort::Opened) && link.item.0 == removal.0
}

/// Checks every device that its person has taken back: nothing opens there that was said by somebody who knew of it, and nothing that
/// it wrote itself beyond its cuts counts for anybody who knows of it, whenever it came.
pub(super) fn revoked_know_nothing_later(world: &World, space: &SpaceId) -> Result<(), Fault> {
    for revoked in (0..world.size()).filter(|who| world.is_revoked(*who)) {
        let device = world.me(revoked).device();
        for who in honest(world) {
            let snapshot = world.kept(who);
            let tx = Tx::new(&*snapshot);
            let links = links(&tx);
            counts_up_to_its_cuts(world, who, (revoked, space))?;
            let tells = |link: &Link| {
                let chain = (link.sort == Sort::Chain).then(|| tx.load::<Chain>(Table::Chain, &link.item.0)).flatten();
                chain
                    .and_then(|chain| chain.trusted().ok())
                    .is_some_and(|person| person.revocations().iter().any(|gone| gone.device == device))
            };
            let since = links.iter().skip_while(|link| !tells(link)).skip(1);
            let entries = since.filter(|link| is_kept(link));
            for entry in entries.filter_map(|link| known::entry(&tx, &EntryId(link.item.0))) {
                let header = entry.header();
                let place = format!("entry {} (kind {})", entry.id().short(), header.kind);
                let is_own = header.device == world.me(who).device()
                    && header.space == *space
                    && header.key.is_some()
                    && !world.was_lost(&entry.id());
                if is_own && !is_told_anew(world, who, &entry) && opens(world, revoked, &entry) {
                    return Err(format!("{} could open {place} of {}, who knew it was revoked", world.name(revoked), world.name(who)));
                }
            }
        }
    }
    Ok(())
}

/// Of a revoked device's logs in a circle counts for this node what the revocation's cuts name, or a close of a log without one, and
/// nothing more, if it knows of the revocation.
fn counts_up_to_its_cuts(world: &World, who: usize, (revoked, space): (usize, &SpaceId)) -> Result<(), Fault> {
    let device = world.me(revoked).device();
    let snapshot = world.kept(who);
    let tx = Tx::new(&*snapshot);
    let Some(person) = known::identity(&tx, &world.me(revoked).id()) else { return Ok(()) };
    let Some(gone) = person.revocations().iter().find(|gone| gone.device == device) else { return Ok(()) };
    for (_, id) in tx.prefix(Table::At, &[space.0, device.0].concat()) {
        let Some(entry) = EntryId::from_slice(&id).and_then(|id| known::entry(&tx, &id)) else { continue };
        let header = entry.header();
        let log = blind_log(space, &device, header.log);
        let end = match (gone.cuts.iter().find(|cut| cut.log == log), person.ending(space, &device, header.log)) {
            (Some(cut), _) => Some(cut.seq),
            (None, Ending::At(seq, _)) => Some(seq),
            (None, Ending::None | Ending::Nothing) => None,
        };
        if end.is_none_or(|end| header.seq > end) && known::counts(&tx, header) {
            let place = format!("entry {} (kind {})", entry.id().short(), header.kind);
            return Err(format!("{place} of a revoked device lies beyond its cuts and counts for {}", world.name(who)));
        }
    }
    Ok(())
}

/// Whether an entry says, under the same key, what its author said before in another log.
fn is_told_anew(world: &World, author: usize, entry: &Entry) -> bool {
    let snapshot = world.kept(author);
    let tx = Tx::new(&*snapshot);
    let Some(told) = body(&tx, &entry.id()) else { return false };
    let own = tx.prefix(Table::At, &[entry.header().space.0, entry.header().device.0].concat());
    let mut earlier = own.iter().filter_map(|(_, id)| known::entry(&tx, &EntryId::from_slice(id)?));
    earlier.any(|first| {
        let is_other_log = first.header().log < entry.header().log && first.header().at > entry.header().at;
        is_other_log && first.header().key == entry.header().key && body(&tx, &first.id()).is_some_and(|first| is_same(&first, &told))
    })
}

/// Whether two bodies say the same; an invite is told anew with fewer uses, and who came by it comes by that.
fn is_same(first: &Body, told: &Body) -> bool {
    match (first, told) {
        (Body::Invite(first), Body::Invite(told)) => first.key == told.key,
        (Body::MemberAdd(first), Body::MemberAdd(told)) => first.proof == told.proof,
        _ => first == told,
    }
}

/// Whether any key of a node, or any that follows from its prekeys, opens an entry.
fn opens(world: &World, who: usize, entry: &Entry) -> bool {
    let snapshot = world.kept(who);
    let (tx, me) = (Tx::new(&*snapshot), world.me(who));
    let mut keys: Vec<[u8; 32]> = Vec::new();
    for (_, held) in circle::all(&tx).iter().flat_map(|space| secret::epochs(&tx, me, space)) {
        keys.push(held.control.0);
        keys.extend(held.content.as_ref().map(|key| key.0));
        keys.extend(held.topic.as_ref().map(|key| key.0));
    }
    let prekeys: Vec<[u8; 32]> = me.prekeys.iter().map(|key| key.0).collect();
    keys.extend(&prekeys);
    // Epoch entries of all nodes are tried too: what is sealed to the removed device counts as held.
    for other in 0..world.size() {
        let theirs = world.kept(other);
        let theirs = Tx::new(&*theirs);
        for (id, _) in theirs.prefix(Table::Body, &[]) {
            let Some(id) = EntryId::from_slice(&id) else { continue };
            let space = entry.header().space;
            let sealed = match body(&theirs, &id) {
                Some(Body::Epoch(made)) => Some((made.manifest, 0, made.boxes)),
                Some(Body::EpochBoxes(more)) => manifest(&theirs, &space, &more.key).map(|manifest| (manifest, more.index, more.boxes)),
                _ => None,
            };
            let Some((manifest, index, boxes)) = sealed else { continue };
            if let Ok(opened) = epoch::open(space, &manifest, (index, &boxes), &me.device(), &prekeys) {
                keys.extend(epoch::linked(&manifest, &opened).into_iter().map(|(_, keys)| keys.control.0));
                keys.push(opened.control.0);
                keys.extend(opened.content.as_ref().map(|key| key.0));
            }
        }
    }
    keys.iter().any(|key| entry.open(Some(key)).is_ok())
}
