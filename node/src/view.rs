//! Views: everything that is derived from the trust log, in the transaction that appends to it.
//!
//! What is derived follows from the items alone, in their order; deriving again gives the same rows, byte for byte. Nothing here
//! asks the clock, and nothing here is the only place where something is written down.

mod again;
pub mod block;
pub mod circle;
pub mod feed;
pub mod fork;
pub mod known;
pub mod order;
pub mod shelf;
pub mod stock;
pub mod word;

use haat_protocol::admit::Head;
use haat_protocol::body::Body;
use haat_protocol::entry::{Entry, LogId};
use haat_protocol::id::{EntryId, IdentityId};
use haat_protocol::identity::Identity;
use haat_protocol::kind::{Kind, Secrecy, secrecy_of};
use haat_protocol::time::Millis;
use serde::{Deserialize, Serialize};

use crate::fact::Fact;
use crate::myself::Myself;
use crate::store::{Table, Tx};

/// What deriving works with.
#[derive(Debug)]
pub struct Cx<'t, 's, 'm> {
    /// Reads and writes.
    pub tx: &'t mut Tx<'s>,
    /// Who this node is.
    pub me: &'m Myself,
    /// When the item was accepted.
    pub at: Millis,
}

/// An opened body as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BodyRow {
    /// Number of the kind.
    pub kind: u64,
    /// The body's bytes.
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
}

/// An entry that takes effect.
#[derive(Debug)]
pub(crate) struct Said<'a> {
    pub(crate) entry: &'a Entry,
    pub(crate) author: IdentityId,
}

/// Key of a log in [`Table::Head`].
#[must_use]
pub fn log_key(log: &LogId) -> Vec<u8> {
    [log.space.0.as_slice(), &log.device.0, &log.number.to_be_bytes()].concat()
}

/// Key of a place of a log in [`Table::At`].
#[must_use]
pub fn place_key(log: &LogId, seq: u64) -> Vec<u8> {
    [log_key(log).as_slice(), &seq.to_be_bytes()].concat()
}

/// The chain part of an entry that was admitted.
pub fn keep(cx: &mut Cx<'_, '_, '_>, entry: &Entry, head: &Head) {
    let log = entry.header().log_id();
    cx.tx.save(Table::Head, &log_key(&log), head);
    cx.tx.put(Table::At, &place_key(&log, head.seq), entry.id().0.to_vec());
    again::came(cx, &entry.id().0);
}

/// An admitted entry that cannot be opened yet.
pub fn seal(cx: &mut Cx<'_, '_, '_>, entry: &Entry, head: &Head) {
    cx.tx.save(Table::Sealed, &sealed_key(entry), head);
}

/// Key of a sealed entry in [`Table::Sealed`].
#[must_use]
pub fn sealed_key(entry: &Entry) -> Vec<u8> {
    let header = entry.header();
    [header.space.0, header.key.map_or([0; 32], |key| key.0), entry.id().0].concat()
}

/// An admitted entry whose payload its author took back: nothing is left to open.
pub fn hollow(cx: &mut Cx<'_, '_, '_>, entry: &Entry) {
    cx.tx.remove(Table::Sealed, &sealed_key(entry));
    feed::was_retracted(cx, entry);
}

/// The effects of an entry whose body was opened: the second stage of the door, then what follows from it.
pub fn open(cx: &mut Cx<'_, '_, '_>, entry: &Entry, head: &Head, bytes: &[u8]) {
    cx.tx.remove(Table::Sealed, &sealed_key(entry));
    let id = entry.id();
    let header = entry.header();
    if feed::was_retracted(cx, entry) && feed::goes(header.kind) {
        return feed::drop_payload(cx, &id);
    }
    cx.tx.save(Table::Body, &id.0, &BodyRow { kind: header.kind, bytes: bytes.to_vec() });
    let Some(author) = known::author(cx.tx, header) else { return };
    let said = Said { entry, author };
    let Some(kind) = Kind::from_code(header.kind) else {
        if secrecy_of(header.kind) == Secrecy::Content {
            feed::list(cx, &said);
        }
        return;
    };
    match again::judge(cx, &said, head, kind, bytes) {
        Ok(body) => take_effect(cx, &said, &body),
        Err(void) => cx.tx.save(Table::Void, &id.0, &void.to_string()),
    }
}

/// Whether a body is for the fold over a circle's members.
const fn is_membership(body: &Body) -> bool {
    matches!(
        body,
        Body::CircleCreate(_)
            | Body::Invite(_)
            | Body::InviteRevoke(_)
            | Body::MemberAdd(_)
            | Body::MemberRemove(_)
            | Body::MemberLeave(_)
            | Body::Role(_)
            | Body::Norms(_)
            | Body::JoinRequest(_)
            | Body::JoinDecline(_)
            | Body::Profile(_)
    )
}

fn take_effect(cx: &mut Cx<'_, '_, '_>, said: &Said<'_>, body: &Body) {
    if is_membership(body) {
        return circle::note(cx, said.entry);
    }
    // Tellings of epochs are kept whether they count or not: what was said under one that counts no more is still to be read.
    if let Body::Epoch(body) = body {
        return circle::begin_epoch(cx, said.entry, &body.manifest);
    }
    // What lies beyond a removal's cut is kept without effect; should the removal fall, it is looked at again.
    if !known::counts(cx.tx, said.entry.header()) {
        return;
    }
    match body {
        // Boxes are opened where they are taken in; nothing is derived from them.
        Body::EpochBoxes(_) => {}
        Body::Share(body) => shelf::share(cx, said, body),
        Body::Unshare(body) => shelf::note(cx, said, &body.shop, None),
        Body::Vouch(body) => word::vouch(cx, said, body),
        Body::Unvouch(body) => word::unvouch(cx, said, body),
        Body::Post(_) | Body::Reply(_) | Body::Recommend(_) => feed::list(cx, said),
        Body::Review(body) => {
            feed::list(cx, said);
            word::review(cx, said, body);
        }
        Body::ReviewReply(body) => {
            feed::list(cx, said);
            word::reply(cx, said, body);
        }
        Body::Retract(body) => feed::retract(cx, said, &body.entry),
        Body::ShopCreate(body) => shelf::open(cx, said, body),
        Body::Listing(body) => shelf::list(cx, said, body),
        Body::ListingWithdraw(body) => shelf::withdraw(cx, said, &body.listing),
        Body::ShopDesk(body) => shelf::move_desk(cx, said, &body.device),
        _ => {}
    }
}

/// Nothing that was derived from an entry stays: its place is another's.
fn forget(cx: &mut Cx<'_, '_, '_>, entry: &Entry) {
    let (header, id) = (entry.header(), entry.id());
    if let Some(body) = body(cx.tx, &id) {
        word::forget(cx, &id, &body);
        match body {
            Body::Retract(body) => cx.tx.remove(Table::Retracted, &[body.entry.0, id.0].concat()),
            Body::Epoch(body) => circle::forget_epoch(cx.tx, entry, &body.manifest),
            Body::Share(body) => shelf::forget(cx, header, &id, &body.inception.id()),
            Body::Unshare(body) => shelf::forget(cx, header, &id, &body.shop),
            _ => {}
        }
    }
    feed::unlist(cx, entry);
    cx.tx.remove(Table::Membership, &circle::membership_key(header, &id));
    cx.tx.remove(Table::Body, &id.0);
    cx.tx.remove(Table::Void, &id.0);
    cx.tx.remove(Table::Sealed, &sealed_key(entry));
}

/// An identity chain that was accepted: whose devices are whose.
pub fn identity(cx: &mut Cx<'_, '_, '_>, identity: &Identity) {
    let before = known::identity(cx.tx, &identity.id()).map(|held| held.ever().collect::<Vec<_>>()).unwrap_or_default();
    cx.tx.save(Table::Identity, &identity.id().0, &identity.head());
    for device in before.into_iter().filter(|device| !identity.ever().any(|known| known == *device)) {
        if known::person_of(cx.tx, &device) == Some(identity.id()) {
            cx.tx.remove(Table::Device, &device.0);
        }
    }
    for device in identity.ever() {
        // A device may agree to be two people's; all nodes hold it to be one's, whose chain they met first does not matter.
        if known::person_of(cx.tx, &device).is_none_or(|other| identity.id() < other) {
            cx.tx.put(Table::Device, &device.0, identity.id().0.to_vec());
        }
    }
    fork::settle_person(cx, &identity.id());
}

/// A local fact that was noted.
pub fn fact(cx: &mut Cx<'_, '_, '_>, fact: &Fact) {
    match fact {
        Fact::Space { inception } => {
            cx.tx.save(Table::Space, &inception.id().0, inception);
            again::came(cx, &inception.id().0);
        }
        Fact::Petname { person, name } if name.is_empty() => cx.tx.remove(Table::Petname, &person.0),
        Fact::Petname { person, name } => cx.tx.save(Table::Petname, &person.0, name),
        Fact::JoinAsked { space, code } => {
            cx.tx.save(Table::Join, &space.0, code);
            cx.tx.remove(Table::Declined, &space.0);
        }
        Fact::JoinEnded { space, declined } => circle::join_ended(cx, space, declined.as_deref()),
        Fact::Counted { version, sku } => stock::counted(cx, version, sku),
        Fact::Blocked { person, blocked } => block::note(cx, Table::Blocked, person, *blocked),
        Fact::Muted { person, muted } => block::note(cx, Table::Muted, person, *muted),
        Fact::Peer { address } => cx.tx.put(Table::Peer, address.as_bytes(), Vec::new()),
    }
}

/// The opened body of an entry that takes effect; none when it is void, taken back, sealed or not held.
#[must_use]
pub fn body(tx: &Tx<'_>, id: &EntryId) -> Option<Body> {
    if tx.has(Table::Void, &id.0) {
        return None;
    }
    let row: BodyRow = tx.load(Table::Body, &id.0)?;
    Body::decode(Kind::from_code(row.kind)?, &row.bytes).ok()
}
