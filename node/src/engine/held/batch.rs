//! What is handed over at once: as much of what is wanted as fits, in an order in which it can be taken in.
//!
//! Entries come merged by lamport time, so that what is needed comes before what needs it. When not all fits and the newest days are
//! wanted first, what admits members and brings keys comes whole up to half of the room, and the ends of the logs take the rest.

use std::collections::{BTreeMap, BTreeSet};

use haat_protocol::admit::View as _;
use haat_protocol::codec::encode;
use haat_protocol::entry::{LogId, Unverified};
use haat_protocol::id::{EntryId, IdentityId, SpaceId};
use haat_protocol::sync::{Batch, Want};
use haat_protocol::time::Millis;
use haat_protocol::wire::{Item, StreamKey};

use super::Held;
use crate::store::{Table, Tx};
use crate::view::circle::{self, EpochRow};
use crate::view::known::{self, Known};
use crate::view::shelf;

/// Bytes around the header and the payload of an entry as it travels, the signature included.
const AROUND_BYTES: usize = 96;
/// Kinds below this number steer: who is a member, which keys and norms hold.
const STEERING_BELOW: u64 = 32;

/// A part of a log that is wanted: from one sequence to before another.
#[derive(Clone, Copy)]
struct Span {
    log: LogId,
    from: u64,
    to: u64,
}

/// An entry as it is held.
struct Piece {
    id: EntryId,
    lamport: u64,
    at: Millis,
    steers: bool,
    raw: Unverified,
}

/// Bytes that an entry takes on its way.
pub(super) fn size(raw: &Unverified) -> usize {
    raw.header.len() + raw.payload.as_ref().map_or(0, |payload| payload.len()) + AROUND_BYTES
}

/// As much of what is wanted as fits.
pub(super) fn gather(held: &Held<'_, '_>, circle: &SpaceId, wants: &[Want], newest: bool, max_bytes: usize) -> Batch {
    let mut batch = Batch::default();
    let roster = circle::roster(held.tx, circle);
    let is_here = |person: &IdentityId| roster.as_ref().is_some_and(|roster| roster.has(person) || roster.removed.contains_key(person));
    let mut left = max_bytes;
    let (mut spans, mut records) = (Vec::new(), Vec::new());
    for want in wants {
        let item = match want.key {
            StreamKey::Log(log) => {
                if is_under(held.tx, circle, &log) {
                    let end = Known(held.tx).head(&log).map_or(0, |head| head.seq + 1);
                    let to = want.count.map_or(end, |count| want.from.saturating_add(count).min(end));
                    spans.push(Span { log, from: want.from, to });
                }
                None
            }
            StreamKey::Identity(person) if is_here(&person) => known::chain(held.tx, &person).map(Item::Identity),
            StreamKey::Record(device, slot) if known::person_of(held.tx, &device).is_some_and(|person| is_here(&person)) => {
                held.record(&device, slot).map(Item::Record)
            }
            StreamKey::Fork(log) => held.fork(&log).filter(|_| is_under(held.tx, circle, &log)),
            // Who is in another circle is nobody's business in this one.
            StreamKey::Identity(_) | StreamKey::Record(..) => None,
        };
        if let Some(item) = item {
            let size = encode(&item).len();
            if size > left {
                batch.rest.push(*want);
            } else {
                left -= size;
                let list = if matches!(item, Item::Record(_) | Item::Fork(_)) { &mut records } else { &mut batch.items };
                list.push(item);
            }
        }
    }
    let (pieces, rest) = entries(held.tx, circle, &spans, newest, left);
    batch.items.extend(pieces.into_iter().map(|piece| Item::Entry(piece.raw)));
    batch.rest.extend(rest);
    // Records and proofs come last: they are kept for members only, and the entries before them tell who is one.
    batch.items.extend(records);
    batch
}

/// Whether a log travels under a circle.
fn is_under(tx: &Tx<'_>, circle: &SpaceId, log: &LogId) -> bool {
    log.space == *circle || shelf::circles(tx, &log.space).contains(circle)
}

fn entries(tx: &Tx<'_>, circle: &SpaceId, spans: &[Span], newest: bool, max_bytes: usize) -> (Vec<Piece>, Vec<Want>) {
    let (pieces, rest) = earliest(tx, spans, max_bytes);
    if !newest || rest.is_empty() {
        return (pieces, rest);
    }
    let ends = steering(tx, circle, spans);
    let first: Vec<Span> = spans.iter().filter_map(|span| Some(Span { to: *ends.get(&(span.log, span.from))?, ..*span })).collect();
    let (mut pieces, _) = earliest(tx, &first, max_bytes / 2);
    let taken: BTreeSet<EntryId> = pieces.iter().map(|piece| piece.id).collect();
    let left = max_bytes.saturating_sub(pieces.iter().map(|piece| size(&piece.raw)).sum());
    let mut last = latest(tx, spans, &taken, left);
    last.sort_by_key(|piece| (piece.lamport, piece.id));
    pieces.extend(last);
    (pieces, rest)
}

/// The earliest entries of the spans by lamport time, and what did not fit.
fn earliest(tx: &Tx<'_>, spans: &[Span], mut left: usize) -> (Vec<Piece>, Vec<Want>) {
    let mut next: BTreeMap<(u64, EntryId), (Span, Piece)> = BTreeMap::new();
    let step = |span: Span, next: &mut BTreeMap<_, _>| {
        if span.from < span.to
            && let Some(piece) = piece(tx, &span.log, span.from)
        {
            next.insert((piece.lamport, piece.id), (span, piece));
        }
    };
    spans.iter().for_each(|span| step(*span, &mut next));
    let (mut pieces, mut rest) = (Vec::new(), Vec::new());
    while let Some((_, (span, piece))) = next.pop_first() {
        if size(&piece.raw) > left {
            left = 0;
            rest.push(Want { key: StreamKey::Log(span.log), from: span.from, count: Some(span.to - span.from) });
            continue;
        }
        left -= size(&piece.raw);
        pieces.push(piece);
        step(Span { from: span.from + 1, ..span }, &mut next);
    }
    (pieces, rest)
}

/// The latest entries of the spans by claimed time, each log from its end without a gap.
fn latest(tx: &Tx<'_>, spans: &[Span], taken: &BTreeSet<EntryId>, mut left: usize) -> Vec<Piece> {
    let mut next: BTreeMap<(Millis, EntryId), (Span, Piece)> = BTreeMap::new();
    // An end that claims to be old must not be jumped over: what is before it counts as no newer.
    let step = |span: Span, at: Millis, next: &mut BTreeMap<_, _>| {
        if span.from < span.to
            && let Some(piece) = piece(tx, &span.log, span.to - 1).filter(|piece| !taken.contains(&piece.id))
        {
            next.insert((piece.at.min(at), piece.id), (span, piece));
        }
    };
    spans.iter().for_each(|span| step(*span, Millis(u64::MAX), &mut next));
    let mut pieces = Vec::new();
    while let Some(((at, _), (span, piece))) = next.pop_last() {
        if size(&piece.raw) > left {
            break;
        }
        left -= size(&piece.raw);
        pieces.push(piece);
        step(Span { to: span.to - 1, ..span }, at, &mut next);
    }
    pieces
}

/// Where the last entry of each span ends that admits members or brings keys, by log and begin of the span.
fn steering(tx: &Tx<'_>, circle: &SpaceId, spans: &[Span]) -> BTreeMap<(LogId, u64), u64> {
    let members = tx.prefix(Table::Membership, &circle.0).into_iter().filter_map(|(key, _)| EntryId::from_slice(&key[40..]));
    let epochs = tx.prefix(Table::Epoch, &circle.0).into_iter().filter_map(|(_, row)| tx.decoded::<EpochRow>(Table::Epoch, &row));
    let shares = tx.prefix(Table::CircleShop, &circle.0).into_iter().filter_map(|(_, row)| EntryId::from_slice(&row));
    let mut ends = BTreeMap::new();
    for entry in members.chain(epochs.map(|row| row.entry)).chain(shares).filter_map(|id| known::entry(tx, &id)) {
        let (log, seq) = (entry.header().log_id(), entry.header().seq);
        for span in spans.iter().filter(|span| span.log == log && (span.from..span.to).contains(&seq)) {
            let end = ends.entry((log, span.from)).or_insert(0);
            *end = seq.saturating_add(1).max(*end);
        }
    }
    for ((log, _), end) in &mut ends {
        // Boxes of an epoch and the like follow it at once.
        while piece(tx, log, *end).is_some_and(|piece| piece.steers) {
            *end += 1;
        }
    }
    ends
}

fn piece(tx: &Tx<'_>, log: &LogId, seq: u64) -> Option<Piece> {
    let entry = Known(tx).at(log, seq).and_then(|id| known::entry(tx, &id))?;
    let header = entry.header();
    known::counts(tx, header).then(|| Piece {
        id: entry.id(),
        lamport: header.lamport,
        at: header.at,
        steers: header.kind < STEERING_BELOW,
        raw: entry.raw().clone(),
    })
}
