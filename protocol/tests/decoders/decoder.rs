//! Every decoder of this crate that a stranger can reach, as one list: bytes in, taken or refused. The mutations of the ordinary tests and
//! the targets under `tests/fuzz` run these very functions.
//!
//! A decoder here panics only when its law is broken: what was taken encodes back to the bytes that came.

use haat_protocol::body::Body;
use haat_protocol::codec::{decode, encode};
use haat_protocol::crypto::{Keypair, Label, Sig, seal};
use haat_protocol::entry::{LogId, Unverified};
use haat_protocol::epoch;
use haat_protocol::fork::ForkProof;
use haat_protocol::id::{DeviceId, Digest, OrderId, SpaceId};
use haat_protocol::identity::{Chain, Operation, SignedOperation};
use haat_protocol::invite::Code;
use haat_protocol::kind::Kind;
use haat_protocol::limits::{GOSSIP_MAX_BYTES, OPERATION_MAX_BYTES, ORDER_EVENT_MAX_BYTES, ORDER_MESSAGE_MAX_BYTES, RECORD_MAX_BYTES};
use haat_protocol::meet::{MeetRequest, MeetResponse};
use haat_protocol::order::{
    Event, EventBody, OrderSet, Receipt, ReviewRight, Right, SignedEvent, SignedNack, SignedReceipt, Step, evidence, fold,
};
use haat_protocol::record::{Record, SignedRecord};
use haat_protocol::space::Inception;
use haat_protocol::sync::{Stream, claims, wanted};
use haat_protocol::time::Millis;
use haat_protocol::wire::{DirectRequest, DirectResponse, Heights, Item, Mark, Scope, StreamKey, SyncRequest, SyncResponse, Welcome};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_bytes::ByteBuf;

/// A decoder: its name, and what it makes of bytes.
pub(crate) type Decoder = (String, Run);

/// What a decoder of this name makes of bytes: whether it takes them.
type Run = fn(&str, &[u8]) -> bool;

/// Seeds of the keys with which the golden vectors are signed: what is signed anew reaches what lies behind the signature.
const SEEDS: [u8; 5] = [1, 2, 9, 30, 101];

/// When the people of the vectors began.
const BEGUN: Millis = Millis(1_800_000_000_000);

/// All decoders.
#[must_use]
pub(crate) fn all() -> Vec<Decoder> {
    let plain: [(&str, Run); 27] = [
        ("header", header),
        ("entry", entry),
        ("payload", payload),
        ("chain", chain),
        ("operation", operation),
        ("record", record),
        ("record_signed", record_signed),
        ("invite_code", invite_code),
        ("fork", fork),
        ("space", |_, data| canonical::<Inception>(data, RECORD_MAX_BYTES).is_some()),
        ("sync_request", |_, data| message(SyncRequest::from_bytes(data).ok(), data)),
        ("sync_response", |_, data| message(SyncResponse::from_bytes(data).ok(), data)),
        ("direct_request", |_, data| message(DirectRequest::from_bytes(data).ok(), data)),
        ("direct_response", |_, data| message(DirectResponse::from_bytes(data).ok(), data)),
        ("meet_request", |_, data| message(MeetRequest::from_bytes(data).ok(), data)),
        ("meet_response", |_, data| message(MeetResponse::from_bytes(data).ok(), data)),
        ("welcome", |_, data| message(Welcome::from_bytes(data).ok(), data)),
        ("heights_rows", heights_rows),
        ("wants_rows", wants_rows),
        ("item", |_, data| canonical::<Item>(data, GOSSIP_MAX_BYTES).is_some()),
        ("sealed", sealed),
        ("order_event", order_event),
        ("order_event_signed", order_event_signed),
        ("receipt", |_, data| canonical::<SignedReceipt>(data, ORDER_MESSAGE_MAX_BYTES).is_some_and(|signed| signed.read().is_ok())),
        ("nack", |_, data| canonical::<SignedNack>(data, ORDER_MESSAGE_MAX_BYTES).is_some_and(|signed| signed.read().is_ok())),
        ("review_right", |_, data| canonical::<ReviewRight>(data, RECORD_MAX_BYTES).is_some_and(|right| right.verify().is_ok())),
        ("evidence", |_, data| evidence::verify(data).valid),
    ];
    let bodies = Kind::ALL.iter().map(|kind| (format!("body/{}", kind.text()), body as Run));
    plain.into_iter().map(|(name, run)| (name.to_owned(), run)).chain(bodies).collect()
}

/// Runs one decoder by its name: whether it took the bytes.
///
/// # Panics
/// The law is broken, or there is no such decoder.
pub(crate) fn run(name: &str, data: &[u8]) -> bool {
    let (name, run) = all().into_iter().find(|(other, _)| other == name).expect("a decoder of this name");
    run(&name, data)
}

fn canonical<T: Serialize + DeserializeOwned>(data: &[u8], max: usize) -> Option<T> {
    let value: T = decode(data, max).ok()?;
    message(Some(&value), data);
    Some(value)
}

fn message<T: Serialize>(value: Option<T>, data: &[u8]) -> bool {
    value.is_some_and(|value| {
        assert!(encode(&value) == data, "what was taken encodes to other bytes");
        true
    })
}

fn key_of(device: &DeviceId) -> Option<Keypair> {
    SEEDS.iter().map(|seed| Keypair::from_seed(&[*seed; 32])).find(|pair| pair.public() == *device)
}

fn header(_: &str, data: &[u8]) -> bool {
    Unverified { header: data.to_vec(), sig: Sig([0; 64]), payload: None }.trusted().is_ok()
}

fn entry(_: &str, data: &[u8]) -> bool {
    canonical::<Unverified>(data, GOSSIP_MAX_BYTES).is_some_and(|raw| raw.verify().is_ok())
}

fn payload(_: &str, data: &[u8]) -> bool {
    let entry = canonical::<Unverified>(data, GOSSIP_MAX_BYTES).and_then(|raw| raw.trusted().ok());
    entry.is_some_and(|entry| entry.open(Some(&[0x5c; 32])).is_ok())
}

fn body(name: &str, data: &[u8]) -> bool {
    let kind = Kind::ALL.iter().find(|kind| name.strip_prefix("body/") == Some(kind.text())).expect("named after a kind");
    let Ok(body) = Body::decode(*kind, data) else { return false };
    assert!(body.encode() == data, "what was taken encodes to other bytes");
    if let Body::Epoch(epoch) = &body {
        let device = Keypair::from_seed(&[1; 32]).public();
        let manifest = &epoch.manifest;
        let _ = epoch::open(SpaceId([1; 32]), manifest, (0, &epoch.boxes), &device, &[[1; 32]]).map(|keys| epoch::linked(manifest, &keys));
    }
    body.check().is_ok()
}

fn chain(_: &str, data: &[u8]) -> bool {
    canonical::<Chain>(data, GOSSIP_MAX_BYTES).is_some_and(|chain| chain.verify().is_ok())
}

fn fork(_: &str, data: &[u8]) -> bool {
    let Some(fork) = canonical::<ForkProof>(data, GOSSIP_MAX_BYTES).and_then(|proof| proof.verify().ok()) else { return false };
    assert!(encode(fork.proof()) == data, "one fork has one proof");
    true
}

/// The rows of heights, with names and without.
fn heights_rows(_: &str, data: &[u8]) -> bool {
    let read = |named| claims(&Heights { scope: Scope::Circle, names: Mark([0; 8]), named, rows: ByteBuf::from(data) });
    let (with, without) = (read(true), read(false));
    assert!(with.iter().chain(&without).all(|rows| rows.len() <= data.len() / 9), "more rows than there are bytes for");
    with.is_some() || without.is_some()
}

fn wants_rows(_: &str, data: &[u8]) -> bool {
    let stream = |number| StreamKey::Log(LogId { space: SpaceId([1; 32]), device: DeviceId([1; 32]), number });
    let streams: Vec<Stream> = (0..4).map(|number| Stream { key: stream(number), height: 1, head: Digest([0; 32]) }).collect();
    let wants = wanted(data, &streams);
    assert!(wants.len() <= data.len() / 3, "more rows than there are bytes for");
    !wants.is_empty()
}

/// An operation that is signed anew and stands in the chain of the vectors' first person.
fn operation(_: &str, data: &[u8]) -> bool {
    let Some(operation) = canonical::<Operation>(data, OPERATION_MAX_BYTES) else { return false };
    let [root, spare, device] = [101, 151, 1].map(|seed| Keypair::from_seed(&[seed; 32]));
    let mut chain = Chain::begin(&root, &spare.public(), &device, BEGUN);
    if operation.seq == 0 {
        chain.operations.clear();
    }
    let signer = key_of(&operation.signer).unwrap_or(root);
    chain.operations.push(SignedOperation { bytes: data.to_vec(), sig: signer.sign(Label::Operation, data) });
    chain.verify().is_ok()
}

fn record(_: &str, data: &[u8]) -> bool {
    canonical::<SignedRecord>(data, GOSSIP_MAX_BYTES).is_some_and(|signed| signed.verify().is_ok())
}

fn record_signed(_: &str, data: &[u8]) -> bool {
    let Some(record) = canonical::<Record>(data, RECORD_MAX_BYTES) else { return false };
    key_of(&record.device).is_some_and(|pair| record.sign(&pair).verify().is_ok())
}

fn invite_code(_: &str, data: &[u8]) -> bool {
    let Some(code) = std::str::from_utf8(data).ok().and_then(|text| Code::parse(text).ok()) else { return false };
    assert!(Code::parse(&code.to_text()).as_ref() == Ok(&code), "a code that is written otherwise than it is read");
    true
}

fn sealed(_: &str, data: &[u8]) -> bool {
    seal::decrypt(&[1; 32], b"header", data).is_ok() || seal::open(&[3; 32], b"haat 0 welcome", data).is_ok()
}

fn order_event(_: &str, data: &[u8]) -> bool {
    canonical::<SignedEvent>(data, ORDER_MESSAGE_MAX_BYTES).is_some_and(take)
}

/// Reads an event and folds the order that it alone makes.
fn take(signed: SignedEvent) -> bool {
    let Ok(event) = Event::read(signed) else { return false };
    let mut set = OrderSet::new(event.order());
    set.insert(event.clone()).expect("it is of this order");
    let device = Keypair::from_seed(&[2; 32]);
    let receipt = Receipt::new(event.order(), event.id(), None, device.public()).sign(&device);
    set.receive(receipt).expect("it is for this order");
    let _ = fold(&set);
    true
}

/// An event's bytes, signed anew by whom they name as author.
fn order_event_signed(_: &str, data: &[u8]) -> bool {
    let Some(body) = canonical::<EventBody>(data, ORDER_EVENT_MAX_BYTES) else { return false };
    let Some(pair) = key_of(&body.author) else { return false };
    let id = OrderId(haat_protocol::crypto::hash(haat_protocol::crypto::Context::OrderEvent, &[data]));
    let right = match &body.step {
        Step::Offer { terms, .. } | Step::Counter { terms, .. } => Right::of(body.order.unwrap_or(id), terms),
        Step::Accept { right, .. } => Some(*right),
        _ => None,
    };
    let sig = pair.sign(Label::OrderEvent, data);
    take(SignedEvent { bytes: data.to_vec(), sig, right: right.map(|right| right.sign(&pair)) })
}
