//! What this program makes of a vector: one function per check, from bytes and context to values or the code of a refusal.
//!
//! The context is read back from its JSON, so that a file holds all that a reader needs.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use haat_protocol::body::Body;
use haat_protocol::codec::{self, encode};
use haat_protocol::crypto::{self, Context, Label, Sig, seal};
use haat_protocol::entry::{Entry, Header, Unverified};
use haat_protocol::epoch;
use haat_protocol::fork::ForkProof;
use haat_protocol::id::{DeviceId, Digest, SpaceId};
use haat_protocol::identity::Chain;
use haat_protocol::invite::Code;
use haat_protocol::kind::Kind;
use haat_protocol::limits::GOSSIP_MAX_BYTES;
use haat_protocol::meet::{MeetRequest, MeetResponse, Place};
use haat_protocol::record::SignedRecord;
use haat_protocol::space::Inception;
use haat_protocol::sync::{self, Stream};
use haat_protocol::wire::{DirectRequest, DirectResponse, Item, StreamKey, SyncRequest, SyncResponse, Welcome};

use crate::codes::Coded;
use crate::shown::shown;
use crate::trade;
use crate::{compared, door, house, keyring, late, reader, runs, terms};

pub(crate) type Found = Result<Value, String>;

/// No cap: the check has none of its own.
const ANY: usize = usize::MAX;

/// What a vector says, or the code for which it is refused.
pub(crate) fn judge(check: &str, input: &[u8], context: &Value) -> Found {
    match check {
        "form" => form(input, context),
        "hash" => Ok(json!({"hash": hex(&crypto::hash(context_of(text(context, "context")), &[input]))})),
        "signature" => signature(input, context),
        "sealed" => opened(seal::open(&array(context, "secret"), &bytes(context, "info"), input).as_deref().map(Vec::as_slice)),
        "encrypted" => opened(seal::decrypt(&array(context, "key"), &bytes(context, "bound"), input).as_deref().map(Vec::as_slice)),
        "entry" => entry(input).map(|entry| json!({"id": entry.id(), "header": header(entry.header())})),
        "payload" => payload(input, context),
        "body" => body(input, context),
        "space" => read::<Inception>(input, ANY).map(|inception| json!({"id": inception.id(), "value": shown(input)})),
        "identity" => identity(input),
        "fork" => {
            let fork = read::<ForkProof>(input, ANY)?.verify().map_err(|fault| fault.code())?;
            Ok(json!({"log": fork.log(), "seq": fork.seq(), "ids": fork.ids()}))
        }
        "record" => {
            let record = read::<SignedRecord>(input, ANY)?.verify().map_err(|fault| fault.code())?;
            Ok(json!({"value": shown(&encode(&record))}))
        }
        "invite_code" => {
            let code = Code::parse(std::str::from_utf8(input).expect("codes are text")).map_err(|fault| fault.code())?;
            Ok(json!({"value": shown(&encode(&code))}))
        }
        "epoch" => epoch_keys(input, context),
        "tags" => Ok(tags(input, context)),
        "place" => Ok(place(input, context)),
        "digest" => Ok(digest(input)),
        other => {
            let known = house::judge(other, input, context)
                .or_else(|| door::judge(other, input, context))
                .or_else(|| reader::judge(other, input, context))
                .or_else(|| keyring::judge(other, input, context))
                .or_else(|| terms::judge(other, input, context))
                .or_else(|| runs::judge(other, input))
                .or_else(|| late::judge(other, input, context))
                .or_else(|| compared::judge(other, input, context))
                .or_else(|| trade::judge(other, input));
            known.unwrap_or_else(|| message(other, input))
        }
    }
}

fn message(check: &str, input: &[u8]) -> Found {
    let read = match check {
        "sync_request" => SyncRequest::from_bytes(input).map(|_| ()),
        "sync_response" => SyncResponse::from_bytes(input).map(|_| ()),
        "direct_request" => DirectRequest::from_bytes(input).map(|_| ()),
        "direct_response" => DirectResponse::from_bytes(input).map(|_| ()),
        "welcome" => Welcome::from_bytes(input).map(|_| ()),
        "meet_request" => MeetRequest::from_bytes(input).map(|_| ()),
        "meet_response" => MeetResponse::from_bytes(input).map(|_| ()),
        "item" => codec::decode::<Item>(input, GOSSIP_MAX_BYTES).map(|_| ()),
        other => panic!("no check is called {other}"),
    };
    read.map(|()| json!({"value": shown(input)})).map_err(|fault| fault.code())
}

fn read<T: Serialize + DeserializeOwned>(input: &[u8], max: usize) -> Result<T, String> {
    codec::decode(input, max).map_err(|fault| fault.code())
}

fn form(input: &[u8], context: &Value) -> Found {
    let max = usize::try_from(context["most"].as_u64().expect("a size")).expect("a small one");
    match text(context, "type") {
        "int" => read::<u64>(input, max).map(|_| ()),
        "text" => read::<String>(input, max).map(|_| ()),
        "bytes" => read::<serde_bytes::ByteBuf>(input, max).map(|_| ()),
        "ints" => read::<Vec<u64>>(input, max).map(|_| ()),
        "int?" => read::<Option<u64>>(input, max).map(|_| ()),
        "map" => read::<std::collections::BTreeMap<String, serde_bytes::ByteBuf>>(input, max).map(|_| ()),
        "bool" => read::<bool>(input, max).map(|_| ()),
        other => panic!("no type is called {other}"),
    }?;
    Ok(json!({"value": shown(input)}))
}

fn signature(input: &[u8], context: &Value) -> Found {
    let (key, sig) = (DeviceId(array(context, "key")), Sig(array(context, "sig")));
    crypto::verify(&key, label_of(text(context, "label")), input, &sig).map(|()| json!({})).map_err(|fault| fault.code())
}

fn opened(plain: Result<&[u8], &seal::SealError>) -> Found {
    plain.map(|plain| json!({"plain": hex(plain)})).map_err(Coded::code)
}

pub(crate) fn entry(input: &[u8]) -> Result<Entry, String> {
    read::<Unverified>(input, ANY)?.verify().map_err(|fault| fault.code())
}

fn header(header: &Header) -> Value {
    let extensions: serde_json::Map<String, Value> =
        header.extensions.iter().map(|(key, value)| (key.clone(), hex(value).into())).collect();
    json!({
        "version": 0, "network": "haat", "device": header.device, "space": header.space, "log": header.log, "seq": header.seq,
        "prev": header.prev, "kind": header.kind, "flags": header.flags, "lamport": header.lamport, "at": header.at,
        "refs": header.refs, "key": header.key, "payload_bytes": header.payload_bytes, "payload_hash": header.payload_hash,
        "extensions": extensions,
    })
}

fn payload(input: &[u8], context: &Value) -> Found {
    let key = context["key"].is_string().then(|| array(context, "key"));
    entry(input)?.open(key.as_ref()).map(|body| json!({"body": hex(&body)})).map_err(|fault| fault.code())
}

fn body(input: &[u8], context: &Value) -> Found {
    let kind = Kind::from_code(context["kind"].as_u64().expect("a number")).expect("a kind");
    let body = Body::decode(kind, input).map_err(|fault| fault.code())?;
    body.check().map_err(|fault| fault.code())?;
    Ok(json!({"value": shown(input)}))
}

fn identity(input: &[u8]) -> Found {
    let identity = read::<Chain>(input, ANY)?.verify().map_err(|fault| fault.code())?;
    let (height, head) = identity.head();
    let revoked: Vec<_> = identity.revocations().iter().map(|revocation| revocation.device).collect();
    Ok(json!({"id": identity.id(), "devices": identity.devices(), "revoked": revoked, "height": height, "head": head}))
}

fn epoch_keys(input: &[u8], context: &Value) -> Found {
    let Body::Epoch(body) = Body::decode(Kind::Epoch, input).map_err(|fault| fault.code())? else { panic!("an epoch was asked for") };
    let (space, device) = (SpaceId(array(context, "space")), DeviceId(array(context, "device")));
    let chunk = match context["boxes"].as_str() {
        Some(_) => (1, bytes(context, "boxes")),
        None => (0, body.boxes.to_vec()),
    };
    let manifest = &body.manifest;
    let keys = epoch::open(space, manifest, (chunk.0, &chunk.1), &device, &[array(context, "secret")]).map_err(|fault| fault.code())?;
    let links: serde_json::Map<String, Value> =
        epoch::linked(manifest, &keys).into_iter().map(|(parent, keys)| (parent.to_string(), hex(&keys.control.0).into())).collect();
    let topic = keys.topic.as_ref().map(|topic| topic.0).expect("a box holds it");
    let content = keys.content.as_ref().map(|key| hex(&key.0));
    Ok(json!({
        "key": epoch::key_id(space, manifest), "control": hex(&keys.control.0), "content": content, "topic": hex(&topic),
        "topic_name": epoch::topic_name(&topic), "links": links,
    }))
}

fn tags(input: &[u8], context: &Value) -> Value {
    let [asker, answerer]: [[u8; 32]; 2] = ["asker", "answerer"].map(|name| array(context, name));
    let [asked, answered]: [[u8; 16]; 2] = ["asked", "answered"].map(|name| array(context, name));
    let joint = crypto::hash(Context::SpaceTag, &[&asker, &answerer, &asked, &answered]);
    let tag = |side: &[u8]| hex(&crypto::hash(Context::SpaceTag, &[input, &joint, side])[..16]);
    let secret: [u8; 32] = input.try_into().expect("a topic secret");
    let head = sync::mark(&array(context, "head"), &joint).0;
    json!({
        "joint": hex(&joint), "asker_tag": tag(b"a"), "answerer_tag": tag(b"b"), "head_tag": hex(&head),
        "topic": epoch::topic_name(&secret),
    })
}

fn place(input: &[u8], context: &Value) -> Value {
    let (seed, secret) = (DeviceId(input.try_into().expect("a device")), array(context, "secret"));
    let circle = text(context, "sort") == "c";
    let place = if circle { Place::of_circle(&secret, &seed) } else { Place::of_invite(&DeviceId(secret), &seed) };
    json!({"place": hex(&place.0)})
}

fn digest(input: &[u8]) -> Value {
    let mut streams: Vec<(StreamKey, u64, Digest)> = read(input, ANY).expect("streams");
    streams.sort();
    let streams: Vec<Stream> = streams.into_iter().map(|(key, height, head)| Stream { key, height, head }).collect();
    json!({"digest": sync::Frontier::new(streams).state})
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

pub(crate) fn text<'a>(context: &'a Value, name: &str) -> &'a str {
    context[name].as_str().unwrap_or_else(|| panic!("the context lacks {name}"))
}

pub(crate) fn bytes(context: &Value, name: &str) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(text(context, name).as_bytes()).expect("hexadecimal text")
}

pub(crate) fn array<const N: usize>(context: &Value, name: &str) -> [u8; N] {
    bytes(context, name).try_into().expect("bytes of the right number")
}

fn context_of(name: &str) -> Context {
    use Context as C;
    let all = [
        C::Identity,
        C::Operation,
        C::Space,
        C::Entry,
        C::Payload,
        C::Epoch,
        C::EpochKey,
        C::EpochBoxes,
        C::BoxTag,
        C::Duty,
        C::ControlKey,
        C::ContentKey,
        C::ShopKey,
        C::EntryKey,
        C::Topic,
        C::SpaceTag,
        C::BlindLog,
        C::ForkProof,
        C::SyncDigest,
        C::HeadTag,
        C::NextRoot,
        C::RootSeed,
        C::Terms,
        C::OrderEvent,
        C::Personal,
        C::Link,
        C::Fact,
        C::InviteCheck,
        C::Stream,
        C::Place,
    ];
    all.into_iter().find(|context| context.text().strip_prefix("haat 0 ") == Some(name)).expect("a context")
}

fn label_of(name: &str) -> Label {
    match name {
        "entry" => Label::Entry,
        "operation" => Label::Operation,
        "device" => Label::Device,
        "record" => Label::Record,
        "invite" => Label::Invite,
        "order-event" => Label::OrderEvent,
        "receipt" => Label::Receipt,
        "nack" => Label::Nack,
        "review-right" => Label::ReviewRight,
        "evidence" => Label::Evidence,
        other => panic!("no label is called {other}"),
    }
}
