//! Entries: headers that hold and headers that break one rule each; payloads in the clear and hidden.

use serde_bytes::ByteBuf;
use serde_json::{Value, json};

use haat_protocol::body::{Body, Profile};
use haat_protocol::codec::encode;
use haat_protocol::crypto::{Context, Label, hash, seal};
use haat_protocol::entry::{Entry, FLAG_CRITICAL, Header, Unverified};
use haat_protocol::id::{Digest, EntryId};
use haat_protocol::limits::{INTEGER_MAX, PAYLOAD_MAX_BYTES};
use haat_protocol::time::Millis;

use crate::kit::{SPACE_KEY, bytes, header, hex, hidden, pair, sign, told};
use crate::sheet::{Case, Sheet};

fn body() -> Vec<u8> {
    Body::Profile(Profile { name: "Ana".into() }).encode()
}

/// The sixteen as they stand on the wire, to be spoiled one at a time.
fn fields(header: &Header, payload: &[u8]) -> Vec<Vec<u8>> {
    let hash = Digest(hash(Context::Payload, &[payload]));
    vec![
        encode(&0u64),
        encode("haat"),
        encode(&header.device),
        encode(&header.space),
        encode(&header.log),
        encode(&header.seq),
        encode(&header.prev),
        encode(&header.kind),
        encode(&header.flags),
        encode(&header.lamport),
        encode(&header.at),
        encode(&header.refs),
        encode(&header.key),
        encode(&(payload.len() as u64)),
        encode(&Some(hash)),
        encode(&header.extensions),
    ]
}

/// A header of these parts, signed as it is.
fn forged(fields: &[Vec<u8>], payload: Option<Vec<u8>>) -> Case {
    let head = u8::try_from(fields.len()).expect("few") | 0x80;
    let header = [vec![head], fields.concat()].concat();
    let sig = pair(1).sign(Label::Entry, &header);
    Case::new("entry", encode(&Unverified { header, sig, payload: payload.map(ByteBuf::from) }))
}

/// A good header with one field spelled so.
fn spoiled(place: usize, spelled: Vec<u8>) -> Case {
    let mut all = fields(&header(7), &body());
    all[place] = spelled;
    forged(&all, Some(body()))
}

pub(crate) fn sheet() -> Sheet {
    let mut sheet = Sheet::new("entries", "Entries (6): headers, signatures and payloads.");
    good(&mut sheet);
    wrong_headers(&mut sheet);
    wrong_parts(&mut sheet);
    payloads(&mut sheet);
    sheet
}

fn good(sheet: &mut Sheet) {
    let first = sign(header(7), body());
    let entry = |header: Header| Case::new("entry", bytes(&sign(header, body())));
    sheet.good("first", "the first entry of a log, in the clear", entry(header(7)));
    let next = Header { seq: 1, prev: Some(first.id()), lamport: 2, ..header(7) };
    sheet.good("next", "its successor", entry(next));
    let refs: Vec<EntryId> = (1..=8).map(|n| EntryId([n; 32])).collect();
    sheet.good("refs", "as many references as there may be", entry(Header { refs, ..header(7) }));
    sheet.good("hidden", "under a key", entry(hidden(32)));
    let extensions = (0u8..8).map(|n| (format!("x{n}"), ByteBuf::from([n]))).collect();
    sheet.good("extensions", "extensions that nobody knows", entry(Header { extensions, ..header(7) }));
    let extensions = [("!x".to_owned(), ByteBuf::from([1]))].into();
    sheet.good(
        "critical extension",
        "it must be understood, and the entry is kept all the same",
        entry(Header { extensions, ..header(7) }),
    );
    sheet.good("unknown kind", "of a newer version: it is kept", entry(hidden(31)));
    sheet.good("critical kind", "flag bit 0", entry(Header { flags: FLAG_CRITICAL, ..hidden(1_000) }));
    sheet.good("unknown flags", "bits that mean nothing yet are kept", entry(Header { flags: 6, ..header(7) }));
    let top = INTEGER_MAX - 1;
    let greatest = Header { log: 63, seq: top, prev: Some(first.id()), kind: top, flags: top, lamport: top, at: Millis(top), ..header(7) };
    sheet.good("greatest numbers", "each number as great as it may be", entry(greatest));
    let gone = Unverified { payload: None, ..first.raw().clone() };
    sheet.good("payload gone", "a header whose payload was dropped", Case::new("entry", encode(&gone)));
    sheet.good("empty payload", "no bytes are a payload too", Case::new("entry", bytes(&sign(header(7), Vec::new()))));
}

fn wrong_headers(sheet: &mut Sheet) {
    let big = INTEGER_MAX;
    sheet.bad("version", "another wire version", spoiled(0, encode(&1u64)), "version");
    sheet.bad("network", "another network", spoiled(1, encode("taah")), "network");
    sheet.bad("short device", "a key of 31 bytes", spoiled(2, encode(&ByteBuf::from([1; 31]))), "form");
    sheet.bad("text space", "a text where an id belongs", spoiled(3, encode(&"s".repeat(32))), "form");
    sheet.bad("log 4294967296", "a log number beyond the last", spoiled(4, encode(&(1u64 << 32))), "log_number");
    sheet.bad("long log", "0 in two bytes", spoiled(4, vec![0x18, 0]), "form");
    sheet.bad("no prev", "a later entry without predecessor", spoiled(5, encode(&1u64)), "prev");
    sheet.bad("prev at 0", "a first entry with a predecessor", spoiled(6, encode(&EntryId([1; 32]))), "prev");
    sheet.bad("negative kind", "a number below zero", spoiled(7, encode(&-1i64)), "form");
    for (place, name) in [(7, "kind"), (8, "flags"), (9, "lamport"), (10, "at")] {
        sheet.bad(&format!("{name} 2^53"), "a number of 2^53 or more", spoiled(place, encode(&big)), "integer");
    }
    let mut far = fields(&header(7), &body());
    (far[5], far[6]) = (encode(&big), encode(&EntryId([1; 32])));
    sheet.bad("seq 2^53", "a number of 2^53 or more", forged(&far, Some(body())), "integer");
    let refs = |all: &[u8]| encode(&all.iter().map(|n| EntryId([*n; 32])).collect::<Vec<_>>());
    sheet.bad("refs unsorted", "references in another order", spoiled(11, refs(&[2, 1])), "refs");
    sheet.bad("refs double", "one reference twice", spoiled(11, refs(&[1, 1])), "refs");
    sheet.bad("refs nine", "more references than there may be", spoiled(11, refs(&[1, 2, 3, 4, 5, 6, 7, 8, 9])), "refs");
    sheet.bad("payload too large", "a size beyond the limit", spoiled(13, encode(&(PAYLOAD_MAX_BYTES as u64 + 1))), "payload_size");
    sheet.bad("no payload hash", "a signed header without the hash", spoiled(14, encode(&None::<Digest>)), "payload_size");
    let many: std::collections::BTreeMap<String, ByteBuf> = (0..9).map(|n| (format!("x{n}"), ByteBuf::new())).collect();
    sheet.bad("nine extensions", "more extensions than there may be", spoiled(15, encode(&many)), "extensions");
    sheet.bad("extensions unsorted", "keys in another order", spoiled(15, [&[0xa2][..], b"\x61b\x40\x61a\x40"].concat()), "form");
    sheet.bad("extension text", "an extension that is no byte string", spoiled(15, [&[0xa1][..], b"\x61a\x61b"].concat()), "form");
    let long = std::collections::BTreeMap::from([("x".to_owned(), ByteBuf::from(vec![0; 1024]))]);
    sheet.bad("header too large", "more than 1,024 bytes", spoiled(15, encode(&long)), "oversize");
    let mut all = fields(&header(7), &body());
    all.pop();
    sheet.bad("fifteen fields", "a field is missing", forged(&all, Some(body())), "form");
    all.extend([encode(&header(7).extensions), encode(&0u64)]);
    sheet.bad("seventeen fields", "a field too many", forged(&all, Some(body())), "form");
}

fn wrong_parts(sheet: &mut Sheet) {
    let entry = sign(header(7), body());
    let raw = entry.raw().clone();
    let case = |raw: &Unverified| Case::new("entry", encode(raw));
    let mut other = raw.clone();
    other.sig.0[0] ^= 1;
    sheet.bad("changed signature", "a flipped bit", case(&other), "signature");
    let mut other = raw.clone();
    other.sig = pair(2).sign(Label::Entry, &raw.header);
    sheet.bad("other device", "signed by a device that the header does not name", case(&other), "signature");
    let mut other = raw.clone();
    other.sig = pair(1).sign(Label::Record, &raw.header);
    sheet.bad("other label", "the signature of a record", case(&other), "signature");
    let longer = Unverified { payload: Some(ByteBuf::from([body(), vec![0]].concat())), ..raw.clone() };
    sheet.bad("payload longer", "another size than the header says", case(&longer), "payload");
    let mut changed = body();
    changed[3] ^= 1;
    sheet.bad(
        "payload changed",
        "another hash than the header says",
        case(&Unverified { payload: Some(ByteBuf::from(changed)), ..raw.clone() }),
        "payload",
    );
    let mut more = encode(&raw);
    more[0] += 1;
    more.splice(1..1, [0x61, b'a', 0x00]);
    sheet.bad("unknown field", "a field that no entry has", Case::new("entry", more), "form");
    let whole = encode(&raw);
    sheet.bad("cut", "it ends too early", Case::new("entry", whole[..whole.len() - 1].to_vec()), "form");
}

fn payloads(sheet: &mut Sheet) {
    let key = || told("key", hex(&SPACE_KEY));
    let case = |entry: &Entry, key: Value| Case::new("payload", bytes(entry)).with(key);
    let clear = sign(header(7), body());
    sheet.good("payload clear", "in the clear the payload is the body", case(&clear, json!({"key": null})));
    for length in [0, 1, 196, 197, 452, 453] {
        let entry = sign(hidden(32), vec![b'x'; length]);
        let case = case(&entry, key());
        sheet.good(&format!("payload of {length}"), "padded to the next power of two", case);
    }
    let entry = sign(hidden(32), body());
    sheet.bad("payload no key", "nobody opens it without the key", case(&entry, json!({"key": null})), "unopened");
    sheet.bad("payload other key", "the key of another epoch", case(&entry, told("key", hex(&[1; 32]))), "unopened");
    let gone = Unverified { payload: None, ..entry.raw().clone() };
    sheet.bad("payload gone, opened", "what is gone does not open", Case::new("payload", encode(&gone)).with(key()), "unopened");
    let plain = |length: u32, padding: u8| [vec![9; 16], length.to_be_bytes().to_vec(), vec![b'x'; 10], vec![padding; 186]].concat();
    sheet.good("payload by hand", "what the next two would be, if they were right", hand_sealed(&plain(10, 0), &hidden(32)));
    sheet.bad("payload length", "a length that runs over the end", hand_sealed(&plain(197, 0), &hidden(32)), "unopened");
    sheet.bad("payload padding", "padding that is not zero", hand_sealed(&plain(10, 1), &hidden(32)), "unopened");
    sheet.bad("payload short", "too short for salt and length", hand_sealed(&[9; 19], &hidden(32)), "unopened");
}

/// An entry whose payload is this plain text, sealed without regard to what stands in it.
fn hand_sealed(plain: &[u8], header: &Header) -> Case {
    let mut all = fields(header, &vec![0; plain.len() + 40]);
    all[14] = encode(&None::<Digest>);
    let bound = [vec![0x90], all.concat()].concat();
    let place = [header.log.to_be_bytes(), header.seq.to_be_bytes()].concat();
    let own = hash(Context::EntryKey, &[&SPACE_KEY, &header.space.0, &header.device.0, &place]);
    let payload = seal::encrypt(&own, &bound, plain, &[3; 32]);
    all[14] = encode(&Some(Digest(hash(Context::Payload, &[&payload]))));
    let bytes = forged(&all, Some(payload)).bytes();
    Case::new("payload", bytes).with(told("key", hex(&SPACE_KEY)))
}
