//! Judging entries once more: what was judged while something it names was missing, and whatever new norms change.
//!
//! So every node that holds the same entries comes to the same verdicts, in whatever order they came.

use haat_protocol::admit::{self, Head, Opened, View, Void};
use haat_protocol::body::Body;
use haat_protocol::entry::{Entry, LogId};
use haat_protocol::id::{EntryId, SpaceId};
use haat_protocol::kind::Kind;

use super::known::{self, Known};
use super::{BodyRow, Cx, Said, circle, feed, is_membership, log_key, shelf, take_effect, word};
use crate::store::Table;

/// The verdict over an opened body, as far as it can be told now; what it names and is not held is noted.
pub(super) fn judge(cx: &mut Cx<'_, '_, '_>, said: &Said<'_>, head: &Head, kind: Kind, bytes: &[u8]) -> Result<Body, Void> {
    let body = Body::decode(kind, bytes)?;
    let header = said.entry.header();
    let mut missing: Vec<[u8; 32]> = header.refs.iter().filter(|id| known::header(cx.tx, id).is_none()).map(|id| id.0).collect();
    match &body {
        Body::Retract(body) if known::header(cx.tx, &body.entry).is_none() => missing.push(body.entry.0),
        Body::Recommend(body) => {
            missing.extend(known::inception(cx.tx, &body.listing.shop).is_none().then_some(body.listing.shop.0));
            missing.extend(Known(cx.tx).prices(&body.listing.version).is_none().then_some(body.listing.version.0));
        }
        _ => {}
    }
    for what in missing {
        cx.tx.save(Table::Awaited, &[what, said.entry.id().0].concat(), head);
    }
    let roster = circle::roster(cx.tx, &header.space);
    let role = known::role_of(roster.as_deref(), &said.author, header, &said.entry.id());
    let opened = Opened { header, author: said.author, role, head, norms: roster.as_deref().map(|roster| &roster.norms) };
    admit::body(&Known(cx.tx), &opened, &body)?;
    Ok(body)
}

/// What an entry said has gone: nothing is awaited for it any more.
pub(super) fn gone(cx: &mut Cx<'_, '_, '_>, entry: &Entry, body: Option<&Body>) {
    let mut named: Vec<[u8; 32]> = entry.header().refs.iter().map(|id| id.0).collect();
    if let Some(Body::Recommend(body)) = body {
        named.extend([body.listing.shop.0, body.listing.version.0]);
    }
    for what in named {
        cx.tx.remove(Table::Awaited, &[what, entry.id().0].concat());
    }
}

/// Something came that entries may have named before.
pub(super) fn came(cx: &mut Cx<'_, '_, '_>, what: &[u8; 32]) {
    for (key, row) in cx.tx.prefix(Table::Awaited, what) {
        cx.tx.remove(Table::Awaited, &key);
        let head = cx.tx.decoded::<Head>(Table::Awaited, &row);
        if let (Some(id), Some(head)) = (EntryId::from_slice(&key[32..]), head) {
            judge_again(cx, &id, &head);
        }
    }
}

/// The norms of a circle changed, or the roles that they look at: what they judge there is judged again, log by log.
pub(super) fn rules_changed(cx: &mut Cx<'_, '_, '_>, space: &SpaceId, is_judged: impl Fn(Kind) -> bool) {
    for (key, _) in cx.tx.prefix(Table::Head, &space.0) {
        let Some(log) = log_of(&key) else { continue };
        let mut head: Option<Head> = None;
        for (_, id) in cx.tx.prefix(Table::At, &log_key(&log)) {
            let Some(entry) = EntryId::from_slice(&id).and_then(|id| known::entry(cx.tx, &id)) else { continue };
            let next = admit::follow(head.as_ref(), &entry);
            if Kind::from_code(entry.header().kind).is_some_and(&is_judged) {
                judge_again(cx, &entry.id(), &next);
            }
            head = Some(next);
        }
    }
}

fn log_of(key: &[u8]) -> Option<LogId> {
    let number = u64::from_be_bytes(key.get(64..72)?.try_into().ok()?);
    let device = haat_protocol::id::DeviceId::from_slice(&key[32..64])?;
    Some(LogId { space: SpaceId::from_slice(&key[..32])?, device, number })
}

/// Judges an opened entry again; what changes takes effect, or loses it.
fn judge_again(cx: &mut Cx<'_, '_, '_>, id: &EntryId, head: &Head) {
    let row: Option<BodyRow> = cx.tx.load(Table::Body, &id.0);
    let (Some(row), Some(entry)) = (row, known::entry(cx.tx, id)) else { return };
    let (Some(kind), Some(author)) = (Kind::from_code(row.kind), known::author(cx.tx, entry.header())) else { return };
    let said = Said { entry: &entry, author };
    let was_void = cx.tx.has(Table::Void, &id.0);
    match judge(cx, &said, head, kind, &row.bytes) {
        Ok(body) if was_void => {
            cx.tx.remove(Table::Void, &id.0);
            take_effect(cx, &said, &body);
        }
        Ok(_) => {}
        Err(void) => {
            cx.tx.save(Table::Void, &id.0, &void.to_string());
            if !was_void && let Ok(body) = Body::decode(kind, &row.bytes) {
                lose_effect(cx, &said, &body);
            }
        }
    }
}

/// Takes away what an entry brought about that turned out void. A payload that was taken back stays away.
fn lose_effect(cx: &mut Cx<'_, '_, '_>, said: &Said<'_>, body: &Body) {
    let header = said.entry.header();
    let (space, id) = (header.space, said.entry.id());
    if is_membership(body) {
        return circle::unnote(cx, said.entry);
    }
    match body {
        Body::Post(_) | Body::Reply(_) | Body::Recommend(_) => feed::unlist(cx, said.entry),
        Body::Review(_) | Body::ReviewReply(_) => {
            feed::unlist(cx, said.entry);
            word::forget(cx, &id, body);
        }
        Body::Vouch(_) | Body::Unvouch(_) => word::weigh_again(cx, &space, &said.author),
        Body::Epoch(body) => circle::forget_epoch(cx.tx, said.entry, &body.manifest),
        Body::Share(body) => shelf::forget(cx, said.entry.header(), &said.entry.id(), &body.inception.id()),
        Body::Unshare(body) => shelf::forget(cx, said.entry.header(), &said.entry.id(), &body.shop),
        _ => {}
    }
}
