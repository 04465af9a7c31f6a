//! The feed: what people said, in the order of a circle and in the order of claimed time; and what was taken back.

use haat_protocol::body::Body;
use haat_protocol::entry::Entry;
use haat_protocol::id::EntryId;
use haat_protocol::kind::Kind;
use serde_bytes::ByteBuf;

use super::{BodyRow, Cx, Said, again, known, word};
use crate::store::{Table, Tx};

/// Something said is listed.
pub(super) fn list(cx: &mut Cx<'_, '_, '_>, said: &Said<'_>) {
    cx.tx.put(Table::FeedCircle, &circle_key(said.entry), Vec::new());
    cx.tx.put(Table::FeedAll, &all_key(said.entry), said.entry.header().space.0.to_vec());
}

/// Where an entry stands in the feed of its circle.
#[must_use]
pub fn circle_key(entry: &Entry) -> Vec<u8> {
    let header = entry.header();
    [header.space.0.as_slice(), &header.lamport.to_be_bytes(), &header.at.0.to_be_bytes(), &entry.id().0].concat()
}

/// Where an entry stands in the feed of all circles.
#[must_use]
pub fn all_key(entry: &Entry) -> Vec<u8> {
    [entry.header().at.0.to_be_bytes().as_slice(), &entry.id().0].concat()
}

/// What was said is not listed any more.
pub(super) fn unlist(cx: &mut Cx<'_, '_, '_>, entry: &Entry) {
    cx.tx.remove(Table::FeedCircle, &circle_key(entry));
    cx.tx.remove(Table::FeedAll, &all_key(entry));
}

/// The author takes an entry back: everything derived from it goes, and so does its payload. The header stays, so that the
/// chain stays whole.
pub(super) fn retract(cx: &mut Cx<'_, '_, '_>, said: &Said<'_>, target: &EntryId) {
    let mark = [target.0, said.entry.id().0].concat();
    let Some(entry) = known::entry(cx.tx, target) else { return cx.tx.put(Table::Retracted, &mark, Vec::new()) };
    let header = entry.header();
    if known::author(cx.tx, header) != Some(said.author) || header.space != said.entry.header().space {
        return;
    }
    cx.tx.put(Table::Retracted, &mark, Vec::new());
    if header.kind == Kind::Vouch.code() {
        return word::silence(cx, target);
    }
    if !goes(header.kind) {
        return;
    }
    let body = said_in(cx.tx, target);
    if let Some(body) = &body {
        word::forget(cx, target, body);
    }
    again::gone(cx, &entry, body.as_ref());
    unlist(cx, &entry);
    cx.tx.remove(Table::Body, &target.0);
    cx.tx.remove(Table::Void, &target.0);
    drop_payload(cx, target);
}

/// The body of an entry, of one without effect too.
fn said_in(tx: &Tx<'_>, id: &EntryId) -> Option<Body> {
    let row: BodyRow = tx.load(Table::Body, &id.0)?;
    Body::decode(Kind::from_code(row.kind)?, &row.bytes).ok()
}

/// Whether entries of this kind are shown while they wait for earlier ones of their log.
#[must_use]
pub const fn is_said(kind: u64) -> bool {
    matches!(Kind::from_code(kind), Some(Kind::Post | Kind::Reply | Kind::Recommend))
}

/// Whether what is said in an entry of this kind goes when its author takes it back, whichever of the two comes first.
pub(super) const fn goes(kind: u64) -> bool {
    matches!(Kind::from_code(kind), Some(Kind::Post | Kind::Reply | Kind::Recommend | Kind::Review | Kind::ReviewReply))
}

/// Whether the author took an entry back, in words that count.
pub(super) fn is_taken_back(tx: &Tx<'_>, entry: &Entry) -> bool {
    let wishes = tx.prefix(Table::Retracted, &entry.id().0);
    let mut by = wishes.iter().filter_map(|(mark, _)| known::entry(tx, &EntryId::from_slice(&mark[32..])?));
    let author = known::author(tx, entry.header());
    by.any(|by| {
        let (header, space) = (by.header(), entry.header().space);
        header.space == space && known::author(tx, header) == author && known::counts(tx, header)
    })
}

/// Whether the author took an entry back that may not be held. Anybody may name it; only its author's word counts.
#[must_use]
pub fn is_retracted(tx: &Tx<'_>, entry: &Entry) -> bool {
    let author = known::author(tx, entry.header());
    tx.prefix(Table::Retracted, &entry.id().0).iter().any(|(mark, _)| {
        let by = EntryId::from_slice(&mark[32..]).and_then(|by| known::entry(tx, &by));
        by.is_some_and(|by| by.header().space == entry.header().space && known::author(tx, by.header()) == author)
    })
}

/// Whether the author took this entry back before it came here. A stranger's retraction that came first is forgotten.
pub(super) fn was_retracted(cx: &mut Cx<'_, '_, '_>, entry: &Entry) -> bool {
    let author = known::author(cx.tx, entry.header());
    let mut theirs = false;
    for (mark, _) in cx.tx.prefix(Table::Retracted, &entry.id().0) {
        let by = EntryId::from_slice(&mark[32..]).and_then(|by| known::entry(cx.tx, &by));
        if by.is_some_and(|by| by.header().space == entry.header().space && known::author(cx.tx, by.header()) == author) {
            theirs = true;
        } else {
            cx.tx.remove(Table::Retracted, &mark);
        }
    }
    theirs
}

/// The payload goes.
pub(super) fn drop_payload(cx: &mut Cx<'_, '_, '_>, id: &EntryId) {
    if let Some(mut raw) = known::raw(cx.tx, id)
        && raw.payload.take().is_some_and(|payload: ByteBuf| !payload.is_empty())
    {
        cx.tx.save(Table::Entry, &id.0, &raw);
    }
}
