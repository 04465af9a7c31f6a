//! People, devices, spaces and entries with fixed keys, from which the sheets are made.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use haat_protocol::body::Body;
use haat_protocol::codec::encode;
use haat_protocol::crypto::Keypair;
use haat_protocol::entry::{Draft, Entry, Header};
use haat_protocol::id::{DeviceId, IdentityId, KeyId, SpaceId};
use haat_protocol::identity::Chain;
use haat_protocol::money::{Currency, Money};
use haat_protocol::space::{Inception, Sort};
use haat_protocol::time::Millis;

/// When every story begins.
pub(crate) const START: Millis = Millis(1_800_000_000_000);
/// The key of the space in which encrypted entries stand.
pub(crate) const SPACE_KEY: [u8; 32] = [0x5c; 32];

pub(crate) fn pair(seed: u8) -> Keypair {
    Keypair::from_seed(&[seed; 32])
}

pub(crate) fn device(seed: u8) -> DeviceId {
    pair(seed).public()
}

/// A person by number: root 100 + n, device n.
pub(crate) fn chain(n: u8) -> Chain {
    Chain::begin(&pair(100 + n), &device(150 + n), &pair(n), START)
}

pub(crate) fn person(n: u8) -> IdentityId {
    chain(n).inception.id()
}

pub(crate) fn inception(sort: Sort) -> Inception {
    Inception { sort, creator: person(1), device: device(1), salt: [0xa5; 16], created: START }
}

pub(crate) fn circle() -> SpaceId {
    inception(Sort::Circle).id()
}

pub(crate) fn cny(minor: i64) -> Money {
    Money { minor, currency: currency("CNY") }
}

pub(crate) fn currency(code: &str) -> Currency {
    code.parse().expect("a currency")
}

/// The header of a first entry in the clear.
pub(crate) fn header(kind: u64) -> Header {
    Header {
        device: device(1),
        space: circle(),
        log: 0,
        seq: 0,
        prev: None,
        kind,
        flags: 0,
        lamport: 1,
        at: START,
        refs: Vec::new(),
        key: None,
        payload_bytes: 0,
        payload_hash: None,
        extensions: BTreeMap::new(),
    }
}

/// The same under the space's key.
pub(crate) fn hidden(kind: u64) -> Header {
    Header { key: Some(KeyId([0x1d; 32])), ..header(kind) }
}

pub(crate) fn sign(header: Header, body: Vec<u8>) -> Entry {
    let key = header.key.map(|_| SPACE_KEY);
    Draft { header, body }.sign(&pair(1), key.as_ref(), &[0xf5; 32]).expect("a good entry")
}

pub(crate) fn entry(body: &Body) -> Entry {
    sign(header(body.kind().code()), body.encode())
}

pub(crate) fn bytes(entry: &Entry) -> Vec<u8> {
    encode(entry.raw())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

/// A context of one pair.
pub(crate) fn told(name: &str, value: impl Into<Value>) -> Value {
    let mut all = json!({});
    all[name] = value.into();
    all
}
