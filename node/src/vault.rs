//! What is enclosed with orders: addresses, phone numbers, files that are the goods. Each order has a key of its own, so that destroying
//! the key destroys all of it. Never in the trust log, never in views.

use haat_protocol::codec::{decode_own, encode};
use haat_protocol::crypto::{Context, hash, seal};
use haat_protocol::epoch::ByteKey;
use haat_protocol::id::{Digest, OrderId};
use haat_protocol::order::handover::code_commitment;
use haat_protocol::order::{Enclosure, Order};

use crate::myself::Myself;
use crate::store::{Table, Tx};

/// Keeps what is enclosed with an order; `fresh` is chance for the order's key, used if it has none yet.
pub fn keep(tx: &mut Tx<'_>, me: &Myself, order: &OrderId, enclosure: &Enclosure, fresh: [u8; 32]) {
    if is_purged(tx, order) {
        return;
    }
    let key = key(tx, me, order).unwrap_or_else(|| {
        let nonce = hash(Context::Stream, &[&me.storage.0, &order.0, &fresh]);
        tx.put(Table::OrderKey, &order.0, seal::encrypt(&me.storage.0, &order.0, &encode(&ByteKey(fresh)), &nonce));
        fresh
    });
    let place = [order.0, enclosure.commitment().0].concat();
    let plain = encode(enclosure);
    // The nonce follows from what is sealed: the same thing is the same bytes, and no two things share a nonce.
    let nonce = hash(Context::Stream, &[&key, &place, &plain]);
    tx.put(Table::Enclosed, &place, seal::encrypt(&key, &place, &plain, &nonce));
}

/// What a commitment of an order stands for, if it is here and not destroyed.
#[must_use]
pub fn open(tx: &Tx<'_>, me: &Myself, order: &OrderId, commitment: &Digest) -> Option<Enclosure> {
    let place = [order.0, commitment.0].concat();
    let plain = seal::decrypt(&key(tx, me, order)?, &place, &tx.get(Table::Enclosed, &place)?).ok()?;
    decode_own(&plain).ok()
}

/// Everything that is enclosed with an order.
#[must_use]
pub fn all(tx: &Tx<'_>, me: &Myself, order: &OrderId) -> Vec<Enclosure> {
    let rows = tx.prefix(Table::Enclosed, &order.0);
    rows.iter().filter_map(|(place, _)| open(tx, me, order, &Digest(*place.last_chunk()?))).collect()
}

/// The code that is told at the hand-over of the goods: this device's own, or that of the device which had the chain when they were
/// made ready.
#[must_use]
pub fn code(tx: &Tx<'_>, me: &Myself, order: &Order) -> Option<String> {
    let kept = || all(tx, me, &order.id).into_iter().filter_map(|enclosure| String::from_utf8(enclosure.data).ok());
    let fits = |code: &String| order.code == Some(code_commitment(&order.id, code));
    Some(me.handover_code(&order.id)).filter(fits).or_else(|| kept().find(fits))
}

/// Destroys the key of an order and all that is enclosed with it; says whether there was anything.
pub fn destroy(tx: &mut Tx<'_>, order: &OrderId) -> bool {
    for (place, _) in tx.prefix(Table::Enclosed, &order.0) {
        tx.remove(Table::Enclosed, &place);
    }
    let had = tx.has(Table::OrderKey, &order.0);
    tx.remove(Table::OrderKey, &order.0);
    had
}

/// Destroys the key of an order and all that is enclosed with it, for good: what comes again is not kept. Says whether there was anything.
pub fn purge(tx: &mut Tx<'_>, order: &OrderId) -> bool {
    let had = !is_purged(tx, order) && destroy(tx, order);
    tx.put(Table::OrderKey, &order.0, Vec::new());
    had
}

/// In place of a key stands nothing.
fn is_purged(tx: &Tx<'_>, order: &OrderId) -> bool {
    tx.get(Table::OrderKey, &order.0).is_some_and(|key| key.is_empty())
}

/// The orders with which something is enclosed.
#[must_use]
pub fn orders(tx: &Tx<'_>) -> Vec<OrderId> {
    tx.prefix(Table::OrderKey, &[]).iter().filter_map(|(key, _)| OrderId::from_slice(key)).collect()
}

fn key(tx: &Tx<'_>, me: &Myself, order: &OrderId) -> Option<[u8; 32]> {
    let sealed = tx.get(Table::OrderKey, &order.0)?;
    let plain = seal::decrypt(&me.storage.0, &order.0, &sealed).ok()?;
    decode_own::<ByteKey>(&plain).ok().map(|key| key.0)
}
