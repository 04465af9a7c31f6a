//! Taking things in: the one way by which anything, own or foreign, gets into the trust log.
//!
//! Signatures are checked before; here the protocol's door decides, the ledger appends, the views follow, all in the same
//! transaction. What waits for something is parked, within bounds, and tried again when that something comes.

pub mod fork;
pub mod order;

use std::collections::VecDeque;

use haat_protocol::admit::{self, Head, Missing, Refusal, Verdict, View};
use haat_protocol::body::{Body, Manifest};
use haat_protocol::entry::{Entry, Unverified};
use haat_protocol::epoch::{self, EpochKeys};
use haat_protocol::fork::Fork;
use haat_protocol::id::{Digest, EntryId, KeyId, SpaceId};
use haat_protocol::identity::Identity;
use haat_protocol::kind::Kind;
use haat_protocol::limits::{PARKED_MAX, PARKED_PER_LOG_MAX};
use haat_protocol::record::{Record, SignedRecord};

use crate::fact::Fact;
use crate::ledger::{self, Sort};
use crate::secret;
use crate::store::{Table, Tx};
use crate::view::{self, Cx, circle, known};

/// How many entries wait, in [`Table::Meta`].
const PARKED_COUNT: &[u8] = b"parked";

/// What became of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// In the log now.
    Kept,
    /// Was in the log before.
    Known,
    /// Waits for this.
    Parked(Missing),
    /// Not kept.
    Refused(Refusal),
    /// Not kept: it proves that its log is forked, which was not known.
    Forked(Box<Fork>),
}

/// Takes an entry in, and whatever waited for it.
pub fn entry(cx: &mut Cx<'_, '_, '_>, entry: &Entry) -> Taken {
    let taken = one(cx, entry);
    if taken == Taken::Kept {
        let waiting = waiting_for(cx, entry);
        try_parked(cx, waiting);
    }
    taken
}

fn one(cx: &mut Cx<'_, '_, '_>, entry: &Entry) -> Taken {
    let pending = view::fork::pending(cx.tx, &entry.header().log_id());
    if let Some(pending) = pending.filter(|pending| (pending.from..=pending.to).contains(&entry.header().seq)) {
        return fork::branch(cx, entry, &pending);
    }
    let verdict = admit::header(&known::Known(cx.tx), entry, cx.at);
    match verdict {
        Verdict::Known => {
            fill_hole(cx, entry);
            Taken::Known
        }
        Verdict::Refused(Refusal::Fork(held)) => {
            fork::met(cx, &held, entry).map_or(Taken::Refused(Refusal::Fork(held)), |fork| Taken::Forked(Box::new(fork)))
        }
        Verdict::Refused(refusal) => Taken::Refused(refusal),
        Verdict::Waiting(missing) => {
            park(cx, entry);
            Taken::Parked(missing)
        }
        Verdict::Admitted(head) => {
            admitted(cx, entry, &head);
            unpark(cx, &parked_key(entry));
            Taken::Kept
        }
    }
}

fn admitted(cx: &mut Cx<'_, '_, '_>, entry: &Entry, head: &Head) {
    cx.tx.save(Table::Entry, &entry.id().0, entry.raw());
    if entry.raw().payload.is_none() {
        cx.tx.put(Table::Hole, &view::place_key(&entry.header().log_id(), head.seq), Vec::new());
    }
    let key = secret::for_header(cx.tx, cx.me, entry.header());
    let opened = entry.open(key.as_ref()).ok();
    let sort = if opened.is_some() { Sort::Entry } else { Sort::Sealed };
    ledger::append(cx.tx, cx.at, sort, Digest(entry.id().0));
    view::keep(cx, entry, head);
    match opened {
        Some(bytes) => {
            view::open(cx, entry, head, &bytes);
            learn(cx, entry);
        }
        None => view::seal(cx, entry, head),
    }
}

/// The payload of a known entry whose payload was missing here.
fn fill_hole(cx: &mut Cx<'_, '_, '_>, entry: &Entry) {
    let hole = known::raw(cx.tx, &entry.id()).is_some_and(|raw| raw.payload.is_none());
    if hole && entry.raw().payload.is_some() && !view::feed::is_retracted(cx.tx, entry) {
        cx.tx.save(Table::Entry, &entry.id().0, entry.raw());
        cx.tx.remove(Table::Hole, &parked_key(entry));
        let place = view::sealed_key(entry);
        if let Some(head) = cx.tx.load(Table::Sealed, &place) {
            reveal(cx, entry, &head);
        }
    }
}

/// Keys that an entry hands over, and what they open.
fn learn(cx: &mut Cx<'_, '_, '_>, entry: &Entry) {
    let (kind, space) = (Kind::from_code(entry.header().kind), entry.header().space);
    if matches!(kind, Some(Kind::CircleCreate | Kind::Norms | Kind::Role | Kind::MemberAdd | Kind::MemberRemove | Kind::MemberLeave)) {
        return learn_shops(cx, &space);
    }
    if !matches!(kind, Some(Kind::Epoch | Kind::EpochBoxes | Kind::Share)) || !known::counts(cx.tx, entry.header()) {
        return;
    }
    match view::body(cx.tx, &entry.id()) {
        Some(Body::Epoch(body)) => {
            secret::confirm_epoch(cx.tx, cx.me, &space, &epoch::key_id(space, &body.manifest), &body.manifest);
            unseal(cx, space, &body.manifest, (0, &body.boxes));
        }
        Some(Body::EpochBoxes(more)) => {
            if let Some(manifest) = manifest(cx.tx, &space, &more.key) {
                unseal(cx, space, &manifest, (more.index, &more.boxes));
            }
        }
        Some(Body::Share(body)) => {
            let shop = body.inception.id();
            let earlier = body.earlier.iter().map(|(generation, secret)| (*generation, **secret));
            for (generation, secret) in std::iter::once((body.generation, body.secret)).chain(earlier) {
                secret::save_shop(cx.tx, cx.me, &shop, generation, secret);
                reopen(cx, shop, Some(secret::shop_key_id(&shop, &secret)));
            }
            retry(cx, &shop);
        }
        _ => {}
    }
}

/// Keys of shops whose sharing takes effect only now: who shares was not known to have the right to it when it came.
fn learn_shops(cx: &mut Cx<'_, '_, '_>, space: &SpaceId) {
    for (shop, key, id) in view::shelf::told_in(cx.tx, space) {
        if !cx.tx.has(Table::Secret, &[shop.0, key.0].concat())
            && let Some(entry) = known::entry(cx.tx, &id)
        {
            learn(cx, &entry);
        }
    }
}

/// Opens the box of this device if it is among these, and follows the links one step back.
fn unseal(cx: &mut Cx<'_, '_, '_>, space: SpaceId, manifest: &Manifest, (index, boxes): (u64, &[u8])) {
    if epoch::place_of(manifest, &cx.me.device()) != Some(index) {
        return;
    }
    let prekeys: Vec<[u8; 32]> = cx.me.prekeys.iter().map(|key| key.0).collect();
    if let Ok(keys) = epoch::open(space, manifest, (index, boxes), &cx.me.device(), &prekeys) {
        let linked = epoch::linked(manifest, &keys);
        learn_epoch(cx, space, epoch::key_id(space, manifest), keys);
        for (parent, keys) in linked {
            learn_epoch(cx, space, parent, keys);
        }
    }
}

/// What is fixed of an epoch whose entry is held.
#[must_use]
pub fn manifest(tx: &Tx<'_>, space: &SpaceId, key: &KeyId) -> Option<Manifest> {
    match view::body(tx, &circle::epoch(tx, space, key)?.entry)? {
        Body::Epoch(body) => Some(body.manifest),
        _ => None,
    }
}

/// Keeps the keys of an epoch, as far as they are what its entry commits to if that is held, and opens what waited for them.
pub fn learn_epoch(cx: &mut Cx<'_, '_, '_>, space: SpaceId, key: KeyId, keys: EpochKeys) {
    let keys = match manifest(cx.tx, &space, &key) {
        Some(manifest) => keys.true_to(&manifest),
        None => Some(keys),
    };
    if let Some(keys) = keys {
        secret::save_epoch(cx.tx, cx.me, &space, &key, keys);
        reopen(cx, space, Some(key));
    }
}

/// Opens sealed entries whose key has come.
fn reopen(cx: &mut Cx<'_, '_, '_>, space: SpaceId, key: Option<KeyId>) {
    let key = key.unwrap_or(KeyId([0; 32]));
    for (place, row) in cx.tx.prefix(Table::Sealed, &[space.0, key.0].concat()) {
        let Some(entry) = EntryId::from_slice(&place[64..]).and_then(|id| known::entry(cx.tx, &id)) else { continue };
        let Some(head) = cx.tx.decoded::<Head>(Table::Sealed, &row) else { continue };
        reveal(cx, &entry, &head);
    }
}

/// Opens a sealed entry, if its key and its payload are here.
fn reveal(cx: &mut Cx<'_, '_, '_>, entry: &Entry, head: &Head) {
    let secret = secret::for_header(cx.tx, cx.me, entry.header());
    if let Ok(bytes) = entry.open(secret.as_ref()) {
        ledger::append(cx.tx, cx.at, Sort::Opened, Digest(entry.id().0));
        view::open(cx, entry, head, &bytes);
        learn(cx, entry);
    }
}

fn parked_key(entry: &Entry) -> Vec<u8> {
    view::place_key(&entry.header().log_id(), entry.header().seq)
}

/// Keeps what waits, when there is room: so near the end of its log that no log takes much, so few in all that nobody fills the
/// disk with entries of made-up writers. What is dropped comes again by sync.
fn park(cx: &mut Cx<'_, '_, '_>, entry: &Entry) {
    let header = entry.header();
    let next = known::Known(cx.tx).head(&header.log_id()).map_or(0, |head| head.seq + 1);
    let key = parked_key(entry);
    let is_near = header.seq < next + PARKED_PER_LOG_MAX as u64;
    let count = parked(cx);
    let waiting: Option<Unverified> = cx.tx.load(Table::Parked, &key);
    if waiting.as_ref().is_some_and(|waiting| waiting.payload.is_none() && waiting.header == entry.raw().header) {
        // It came without its payload before.
        cx.tx.save(Table::Parked, &key, entry.raw());
    } else if is_near && count < PARKED_MAX && waiting.is_none() {
        cx.tx.save(Table::Parked, &key, entry.raw());
        cx.tx.save(Table::Meta, PARKED_COUNT, &(count + 1));
    }
}

fn parked(cx: &Cx<'_, '_, '_>) -> u64 {
    cx.tx.load(Table::Meta, PARKED_COUNT).unwrap_or(0)
}

fn unpark(cx: &mut Cx<'_, '_, '_>, key: &[u8]) {
    if cx.tx.has(Table::Parked, key) {
        cx.tx.remove(Table::Parked, key);
        let count = parked(cx).saturating_sub(1);
        cx.tx.save(Table::Meta, PARKED_COUNT, &count);
    }
}

/// What waited for this entry: the next of its log, and after a change of members everything of its space.
fn waiting_for(cx: &Cx<'_, '_, '_>, entry: &Entry) -> Vec<Vec<u8>> {
    let header = entry.header();
    if matches!(Kind::from_code(header.kind), Some(Kind::CircleCreate | Kind::MemberAdd)) {
        return keys(cx, &header.space);
    }
    vec![view::place_key(&header.log_id(), header.seq + 1)]
}

fn keys(cx: &Cx<'_, '_, '_>, space: &SpaceId) -> Vec<Vec<u8>> {
    cx.tx.prefix(Table::Parked, &space.0).into_iter().map(|(key, _)| key).collect()
}

/// Tries everything of a space that waits.
pub fn retry(cx: &mut Cx<'_, '_, '_>, space: &SpaceId) {
    let keys = keys(cx, space);
    try_parked(cx, keys);
}

/// Tries everything that waits: its time may have come. When there is no more room, what still waits is let go.
pub fn retry_all(cx: &mut Cx<'_, '_, '_>) {
    if parked(cx) == 0 {
        return;
    }
    let keys = cx.tx.prefix(Table::Parked, &[]).into_iter().map(|(key, _)| key).collect();
    try_parked(cx, keys);
    if parked(cx) >= PARKED_MAX {
        for (key, _) in cx.tx.prefix(Table::Parked, &[]) {
            unpark(cx, &key);
        }
    }
}

/// Tries these, and what waits for them, one after the other: a chain of thousands must not become a stack of calls.
fn try_parked(cx: &mut Cx<'_, '_, '_>, keys: Vec<Vec<u8>>) {
    let mut queue: VecDeque<Vec<u8>> = keys.into();
    while let Some(key) = queue.pop_front() {
        let Some(raw) = cx.tx.load::<Unverified>(Table::Parked, &key) else { continue };
        // It was verified before it was parked.
        let taken = raw.trusted().ok().map(|waiting| (one(cx, &waiting), waiting));
        match taken {
            Some((Taken::Parked(_), _)) => {}
            Some((Taken::Kept, waiting)) => queue.extend(waiting_for(cx, &waiting)),
            _ => unpark(cx, &key),
        }
    }
}

/// Takes an identity chain in when it stands against the one held; says whether it was news.
pub fn identity(cx: &mut Cx<'_, '_, '_>, identity: &Identity) -> bool {
    let held = known::identity(cx.tx, &identity.id());
    let news = held.is_none_or(|held| identity.beats(&held));
    if news {
        let (_, last) = identity.head();
        cx.tx.save(Table::Chain, &last.0, identity.chain());
        ledger::append(cx.tx, cx.at, Sort::Chain, last);
        view::identity(cx, identity);
    }
    news
}

/// Keeps a record when it is newer than the one held; says whether it was news.
pub fn record(cx: &mut Cx<'_, '_, '_>, record: &Record, signed: &SignedRecord) -> bool {
    if record.expires <= cx.at || record.issued > cx.at.plus(haat_protocol::limits::CLOCK_SKEW_MS) {
        return false;
    }
    let key = record_key(record);
    let held: Option<SignedRecord> = cx.tx.load(Table::Record, &key);
    let older = |held: &SignedRecord| held.trusted().is_ok_and(|h| (h.issued, &held.bytes) >= (record.issued, &signed.bytes));
    let news = held.as_ref().is_none_or(|held| !older(held));
    if news {
        cx.tx.save(Table::Record, &key, signed);
    }
    news
}

/// Key of a record: device, then slot.
#[must_use]
pub fn record_key(record: &Record) -> Vec<u8> {
    [record.device.0.as_slice(), &[record.slot() as u8]].concat()
}

/// Notes a local fact.
pub fn fact(cx: &mut Cx<'_, '_, '_>, fact: &Fact) {
    cx.tx.save(Table::Fact, &fact.id().0, fact);
    ledger::append(cx.tx, cx.at, Sort::Fact, fact.id());
    view::fact(cx, fact);
}
