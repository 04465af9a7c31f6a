//! Keys of circles and shops, sealed in the store under the storage key. Beside the trust log, never in it.

use haat_protocol::body::Manifest;
use haat_protocol::codec::{decode_own, encode};
use haat_protocol::crypto::{Context, hash, seal};
use haat_protocol::entry::Header;
use haat_protocol::epoch::{ByteKey, EpochKeys};
use haat_protocol::id::{KeyId, SpaceId};
use haat_protocol::kind::{Secrecy, secrecy_of};
use serde::{Deserialize, Serialize};

use crate::myself::Myself;
use crate::store::{Table, Tx};

#[derive(Serialize, Deserialize)]
enum Row {
    Epoch(EpochKeys),
    Shop { generation: u64, secret: ByteKey },
}

fn save(tx: &mut Tx<'_>, me: &Myself, space: &SpaceId, key: &KeyId, row: &Row) {
    let place = [space.0, key.0].concat();
    let plain = encode(row);
    // The nonce follows from what is sealed: the same row is the same bytes, and no two rows share a nonce.
    let fresh = hash(Context::Stream, &[&me.storage.0, &place, &plain]);
    tx.put(Table::Secret, &place, seal::encrypt(&me.storage.0, &place, &plain, &fresh));
}

fn load(me: &Myself, place: &[u8], sealed: &[u8]) -> Option<Row> {
    decode_own(&seal::decrypt(&me.storage.0, place, sealed).ok()?).ok()
}

/// Keeps the keys of an epoch; what is known already is not forgotten for less.
pub fn save_epoch(tx: &mut Tx<'_>, me: &Myself, space: &SpaceId, key: &KeyId, keys: EpochKeys) {
    let held = epoch(tx, me, space, key);
    let richer = held.is_none_or(|held| held.content.is_none() && keys.content.is_some() || held.topic.is_none() && keys.topic.is_some());
    if richer {
        save(tx, me, space, key, &Row::Epoch(keys));
    }
}

/// The keys of an epoch, if held.
#[must_use]
pub fn epoch(tx: &Tx<'_>, me: &Myself, space: &SpaceId, key: &KeyId) -> Option<EpochKeys> {
    let place = [space.0, key.0].concat();
    match load(me, &place, &tx.get(Table::Secret, &place)?)? {
        Row::Epoch(keys) => Some(keys),
        Row::Shop { .. } => None,
    }
}

/// All epochs of a circle whose keys are held, by id.
#[must_use]
pub fn epochs(tx: &Tx<'_>, me: &Myself, space: &SpaceId) -> Vec<(KeyId, EpochKeys)> {
    let rows = tx.prefix(Table::Secret, &space.0);
    let epoch = |(place, sealed): &(Vec<u8>, Vec<u8>)| match load(me, place, sealed)? {
        Row::Epoch(keys) => Some((KeyId::from_slice(&place[32..])?, keys)),
        Row::Shop { .. } => None,
    };
    rows.iter().filter_map(epoch).collect()
}

/// The entry of an epoch is here: of the keys that were handed over for it, only what it commits to stays.
pub fn confirm_epoch(tx: &mut Tx<'_>, me: &Myself, space: &SpaceId, key: &KeyId, manifest: &Manifest) {
    let Some(held) = epoch(tx, me, space, key) else { return };
    match held.true_to(manifest) {
        Some(keys) if keys == held => {}
        Some(keys) => save(tx, me, space, key, &Row::Epoch(keys)),
        None => tx.remove(Table::Secret, &[space.0, key.0].concat()),
    }
}

/// Keeps a shop's read key.
pub fn save_shop(tx: &mut Tx<'_>, me: &Myself, shop: &SpaceId, generation: u64, secret: [u8; 32]) {
    save(tx, me, shop, &shop_key_id(shop, &secret), &Row::Shop { generation, secret: ByteKey(secret) });
}

/// All read keys of a shop that are held: the greatest generation first, of equals the smallest id.
#[must_use]
pub fn shop_keys(tx: &Tx<'_>, me: &Myself, shop: &SpaceId) -> Vec<(KeyId, u64, [u8; 32])> {
    let rows = tx.prefix(Table::Secret, &shop.0);
    let keys = rows.iter().filter_map(|(place, sealed)| match load(me, place, sealed)? {
        Row::Shop { generation, secret } => Some((KeyId::from_slice(&place[32..])?, generation, secret.0)),
        Row::Epoch(_) => None,
    });
    let mut keys: Vec<_> = keys.collect();
    keys.sort_by_key(|(id, generation, _)| (std::cmp::Reverse(*generation), *id));
    keys
}

/// The newest read key of a shop: what is listed is written under it.
#[must_use]
pub fn shop(tx: &Tx<'_>, me: &Myself, shop: &SpaceId) -> Option<(KeyId, u64, [u8; 32])> {
    shop_keys(tx, me, shop).into_iter().next()
}

/// Id of a shop's read key.
#[must_use]
pub fn shop_key_id(shop: &SpaceId, secret: &[u8; 32]) -> KeyId {
    KeyId(hash(Context::ShopKey, &[&shop.0, secret]))
}

/// The key that opens the payload under this header, if held.
#[must_use]
pub fn for_header(tx: &Tx<'_>, me: &Myself, header: &Header) -> Option<[u8; 32]> {
    let place = [header.space.0, header.key?.0].concat();
    match load(me, &place, &tx.get(Table::Secret, &place)?)? {
        Row::Epoch(keys) => keys.key(secrecy_of(header.kind)).copied(),
        Row::Shop { secret, .. } => (secrecy_of(header.kind) == Secrecy::Shop).then_some(secret.0),
    }
}
