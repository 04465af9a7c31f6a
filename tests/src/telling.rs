//! What each node of a world holds, in words: for whoever looks for the cause of a fault. It reads the stores alone.

use std::fmt::Write as _;

use haat_node::keyring::Keyring;
use haat_node::store::Tx;
use haat_node::store::table::Table;
use haat_node::view::fork::log_of;
use haat_node::view::word::VouchRow;
use haat_node::view::{body, circle, known};
use haat_protocol::admit::Head;
use haat_protocol::body::Body;
use haat_protocol::entry::Entry;
use haat_protocol::id::{DeviceId, EntryId, IdentityId, SpaceId};
use haat_protocol::kind::Kind;

use crate::invariant;
use crate::world::{DAWN, World};

/// All nodes, all circles.
#[must_use]
pub fn everything(world: &World) -> String {
    let mut text = String::new();
    for space in invariant::circles(world) {
        for who in 0..world.size() {
            let _ = writeln!(text, "== circle {} at {who} {}, device {}", space.short(), world.name(who), world.me(who).device().short());
            one(&mut text, world, who, &space);
        }
    }
    text
}

fn one(text: &mut String, world: &World, who: usize, space: &SpaceId) {
    let snapshot = world.kept(who);
    let tx = Tx::new(&*snapshot);
    if let Some(roster) = circle::roster(&tx, space) {
        let members: Vec<String> =
            roster.members.iter().map(|(id, member)| format!("{} ({:?}, {})", person(world, id), member.role, member.by.short())).collect();
        let _ = writeln!(text, "  members {}", members.join(", "));
        for (id, removal) in &roster.removed {
            let cuts: Vec<String> =
                removal.cuts.iter().map(|cut| format!("{}/{}#{}", device(world, &cut.device), cut.log, cut.seq)).collect();
            let _ = writeln!(
                text,
                "  out {} by {} left={} lamport={} cuts {}",
                person(world, id),
                removal.by.short(),
                removal.left,
                removal.lamport,
                cuts.join(" ")
            );
        }
        let ring = Keyring::of(&tx, world.me(who), &roster);
        let _ = writeln!(
            text,
            "  current {:?}, leading {:?}",
            ring.current().map(|(key, _)| key.short()),
            ring.leading().map(|(key, _)| key.short())
        );
        let _ = writeln!(
            text,
            "  required {:?}",
            ring.required.iter().map(|what| data_encoding::HEXLOWER.encode(&what.0[..4])).collect::<Vec<_>>()
        );
    }
    epochs(text, world, (&tx, who), space);
    for (key, row) in tx.prefix(Table::Head, &space.0) {
        let (Some(log), Some(head)) = (log_of(&key), tx.decoded::<Head>(Table::Head, &row)) else { continue };
        let forked = if tx.has(Table::Forked, &key) { " FORKED" } else { "" };
        let _ = writeln!(text, "  log {}/{} to #{}{forked}", device(world, &log.device), log.number, head.seq);
    }
    let mut entries: Vec<Entry> = Vec::new();
    for (_, id) in tx.prefix(Table::At, &space.0) {
        entries.extend(EntryId::from_slice(&id).and_then(|id| known::entry(&tx, &id)));
    }
    entries.sort_by_key(|entry| (entry.header().lamport, entry.id()));
    for entry in &entries {
        line(text, world, &tx, entry, "");
    }
    let feed = tx.prefix(Table::FeedCircle, &space.0);
    let feed: Vec<String> = feed.iter().filter_map(|(key, _)| Some(EntryId::from_slice(&key[48..])?.short())).collect();
    let _ = writeln!(text, "  feed {}", feed.join(" "));
    for (key, row) in tx.prefix(Table::Vouch, &space.0) {
        let people = [32..64, 64..96].map(|part| IdentityId::from_slice(&key[part]).map_or_else(String::new, |id| person(world, &id)));
        let said = tx.decoded::<VouchRow>(Table::Vouch, &row).map(|row| (row.entry.short(), row.weight));
        let _ = writeln!(text, "  vouch {} for {}: {said:?}", people[0], people[1]);
    }
    for (_, row) in tx.prefix(Table::Parked, &space.0) {
        if let Some(entry) = tx.decoded::<haat_protocol::entry::Unverified>(Table::Parked, &row).and_then(|raw| raw.trusted().ok()) {
            line(text, world, &tx, &entry, "WAITS ");
        }
    }
}

fn epochs(text: &mut String, world: &World, (tx, who): (&Tx<'_>, usize), space: &SpaceId) {
    for (key, row) in circle::epochs(tx, space) {
        let secret = haat_node::secret::epoch(tx, world.me(who), space, &key);
        let has = secret
            .map_or_else(|| "no keys".to_owned(), |keys| format!("content {} topic {}", keys.content.is_some(), keys.topic.is_some()));
        let parents: Vec<String> = row.parents.iter().map(|key| key.short()).collect();
        let covers: Vec<String> = row.covers.iter().map(|what| data_encoding::HEXLOWER.encode(&what.0[..4])).collect();
        let _ = writeln!(
            text,
            "  epoch {} generation {} entry {} parents {parents:?} covers {covers:?}: {has}",
            key.short(),
            row.generation,
            row.entry.short()
        );
    }
}

fn line(text: &mut String, world: &World, tx: &Tx<'_>, entry: &Entry, mark: &str) {
    let header = entry.header();
    let id = entry.id();
    let kind = Kind::from_code(header.kind).map_or_else(|| "?".to_owned(), |kind| format!("{kind:?}"));
    let what = match body(tx, &id) {
        Some(Body::MemberAdd(add)) => format!("{} by {}", person(world, &add.identity), add.invite.short()),
        Some(Body::MemberRemove(removal)) => person(world, &removal.identity),
        Some(_) => String::new(),
        None => "not open".into(),
    };
    let void = tx.get(Table::Void, &id.0).map(|why| format!(" VOID {}", String::from_utf8_lossy(&why))).unwrap_or_default();
    let counts = if known::counts(tx, header) { "" } else { " counts not" };
    let _ = writeln!(
        text,
        "    {mark}{:>4} {} {}/{}#{} {kind} {what} at {}{} key {}{void}{counts}",
        header.lamport,
        id.short(),
        device(world, &header.device),
        header.log,
        header.seq,
        if header.at < DAWN { "-" } else { "" },
        if header.at < DAWN { DAWN.since(header.at) } else { header.at.since(DAWN) },
        header.key.map_or_else(|| "-".to_owned(), |key| key.short()),
    );
}

fn person(world: &World, id: &IdentityId) -> String {
    (0..world.size()).find(|who| world.me(*who).id() == *id).map_or_else(|| id.short(), |who| world.name(who).to_owned())
}

fn device(world: &World, id: &DeviceId) -> String {
    (0..world.size()).find(|who| world.me(*who).device() == *id).map_or_else(|| id.short(), |who| world.name(who).to_owned())
}
