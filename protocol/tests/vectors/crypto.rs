//! Hashes, signatures and boxes.

use serde_json::json;

use haat_protocol::codec::encode;
use haat_protocol::crypto::{Context, Label, seal};
use haat_protocol::wire::StreamKey;

use crate::kit::{circle, device, hex, pair, person, told};
use crate::sheet::{Case, Sheet};

const CONTEXTS: [Context; 30] = [
    Context::Identity,
    Context::Operation,
    Context::BlindLog,
    Context::Space,
    Context::Entry,
    Context::Payload,
    Context::Epoch,
    Context::EpochKey,
    Context::EpochBoxes,
    Context::BoxTag,
    Context::Duty,
    Context::ControlKey,
    Context::ContentKey,
    Context::ShopKey,
    Context::EntryKey,
    Context::Topic,
    Context::SpaceTag,
    Context::ForkProof,
    Context::SyncDigest,
    Context::HeadTag,
    Context::NextRoot,
    Context::RootSeed,
    Context::Terms,
    Context::OrderEvent,
    Context::Personal,
    Context::Link,
    Context::Fact,
    Context::InviteCheck,
    Context::Stream,
    Context::Place,
];

const LABELS: [(Label, &str); 10] = [
    (Label::Entry, "entry"),
    (Label::Operation, "operation"),
    (Label::Device, "device"),
    (Label::Record, "record"),
    (Label::Invite, "invite"),
    (Label::OrderEvent, "order-event"),
    (Label::Receipt, "receipt"),
    (Label::Nack, "nack"),
    (Label::ReviewRight, "review-right"),
    (Label::Evidence, "evidence"),
];

/// The points of small order, in their canonical and in other spellings.
const WEAK: [(&str, &str); 12] = [
    ("neutral", "0100000000000000000000000000000000000000000000000000000000000000"),
    ("order 2", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    ("order 4", "0000000000000000000000000000000000000000000000000000000000000000"),
    ("order 4, other", "0000000000000000000000000000000000000000000000000000000000000080"),
    ("order 8, first", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    ("order 8, second", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"),
    ("order 8, third", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    ("order 8, fourth", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"),
    ("neutral, minus zero", "0100000000000000000000000000000000000000000000000000000000000080"),
    ("neutral, not reduced", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    ("order 4, not reduced", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    ("no point", "0200000000000000000000000000000000000000000000000000000000000000"),
];

/// Key 7 with a point of order eight added to it, and what it signed.
const MIXED: &str = "1f4f580e73ac208f06760190e9edc6f5916775dabd9c1cdca393175c2d6d1083";
const MIXED_HOLDS: &str =
    "25768855e2d811912e7515b7a5804d4c12de65b7233d3a9373474eef5dad8b5917e9126c09d51105872726fbb02a6571133dc7a6cf07696f3c0f620f3d981d02";
const MIXED_FAILS: &str =
    "5c1268deb3f8917af9837a1dae63761a37766f785d5bb9d249a57525ada263d6f6b05c3d91ce1987cbfbcbe756deed1d61ee80ef5c83a0b6016e1c2d25e74009";
/// Signatures of key 7 that no signer makes.
const SMALL_R: &str =
    "01000000000000000000000000000000000000000000000000000000000000004dd0c2cd5e46c2631af796cb5905edb5347c74e07936ca60d24ec71d44e6b30d";
const BIG_SCALAR: &str =
    "422312f5b2cba2d99cd11c5c034774e1b776f8d44f637e2b263f876e96a9196cb2477b74271775443fa9914c95fb5e7dd13bd2eac9703a7533d1e6bce86e181d";
const MIXED_R: &str =
    "c322786ca5936865e6ec91dacb196120437f849b2d4f728bf2520582780c3cd75485fb021e1bc586072e7dc1b35c6a3e91d7ecf25f88a8c2a6816752498bc10e";

pub(crate) fn sheet() -> Sheet {
    let mut sheet = Sheet::new("crypto", "Hashes, signatures and boxes (2, 6.1, 10, 11.2, 11.3).");
    hashes(&mut sheet);
    signatures(&mut sheet);
    boxes(&mut sheet);
    tags(&mut sheet);
    sheet
}

fn hashes(sheet: &mut Sheet) {
    for context in CONTEXTS {
        let name = context.text().strip_prefix("haat 0 ").expect("all begin so");
        let case = Case::new("hash", b"message".to_vec()).with(told("context", name));
        sheet.good(&format!("hash {name}"), "a hash under this context", case);
    }
    for length in [0, 1, 63, 64, 65, 1023, 1024, 1025, 2048, 2049, 5120] {
        let input: Vec<u8> = (0u8..251).cycle().take(length).collect();
        let case = Case::new("hash", input).with(told("context", "payload"));
        sheet.good(&format!("hash of {length}"), "blocks, chunks and trees of the hash", case);
    }
}

fn signature(key: &str, message: &str, sig: &str) -> Case {
    Case::new("signature", message.as_bytes().to_vec()).with(json!({"label": "entry", "key": key, "sig": sig}))
}

fn signatures(sheet: &mut Sheet) {
    let (me, key) = (pair(7), hex(&device(7).0));
    for (label, name) in LABELS {
        let sig = hex(&me.sign(label, b"message").0);
        let case = Case::new("signature", b"message".to_vec()).with(json!({"label": name, "key": key, "sig": sig}));
        sheet.good(&format!("sig {name}"), "a signature with this label", case);
    }
    let sig = hex(&me.sign(Label::Receipt, b"message").0);
    sheet.bad("sig other label", "a receipt's signature under an entry", signature(&key, "message", &sig), "signature");
    let sig = hex(&me.sign(Label::Entry, b"message").0);
    sheet.bad("sig other message", "the signature of another message", signature(&key, "Message", &sig), "signature");
    sheet.bad("sig other key", "another device's signature", signature(&hex(&device(8).0), "message", &sig), "signature");
    sheet.bad("sig big scalar", "the scalar is not reduced", signature(&key, "plain", BIG_SCALAR), "signature");
    sheet.bad("sig small R", "R is a point of small order, and the equation holds", signature(&key, "small R", SMALL_R), "signature");
    sheet.bad("sig mixed R", "the equation holds only with the cofactor", signature(&key, "plain", MIXED_R), "signature");
    sheet.good("sig mixed key", "a key of mixed order, where the equation holds as it stands", signature(MIXED, "mixed 2", MIXED_HOLDS));
    sheet.bad(
        "sig mixed key, cofactor",
        "the equation holds only with the cofactor",
        signature(MIXED, "mixed 0", MIXED_FAILS),
        "signature",
    );
    let null = format!("{}{}", WEAK[0].1, "00".repeat(32));
    for (name, key) in WEAK {
        sheet.bad(
            &format!("sig key {name}"),
            "a key of small order, another spelling of one, or no key",
            signature(key, "message", &null),
            "signature",
        );
    }
}

fn boxes(sheet: &mut Sheet) {
    let (secret, info) = ([3; 32], b"haat 0 welcome".to_vec());
    let sealed = seal::seal(&seal::prekey_public(&secret), &info, b"hello", &[9; 32]).expect("a good key");
    let context = |secret: [u8; 32], info: &[u8]| json!({"secret": hex(&secret), "info": hex(info)});
    sheet.good("sealed", "HPKE to a prekey", Case::new("sealed", sealed.clone()).with(context(secret, &info)));
    sheet.bad(
        "sealed other key",
        "sealed to another prekey",
        Case::new("sealed", sealed.clone()).with(context([4; 32], &info)),
        "unopened",
    );
    sheet.bad(
        "sealed other info",
        "sealed for something else",
        Case::new("sealed", sealed.clone()).with(context(secret, b"other")),
        "unopened",
    );
    sheet.bad(
        "sealed cut",
        "too short for a key and a tag",
        Case::new("sealed", sealed[..40].to_vec()).with(context(secret, &info)),
        "unopened",
    );
    let zero = [vec![0; 32], sealed[32..].to_vec()].concat();
    sheet.bad(
        "sealed zero point",
        "the encapsulated key is a point of small order",
        Case::new("sealed", zero).with(context(secret, &info)),
        "unopened",
    );

    let context = |key: [u8; 32], bound: &[u8]| json!({"key": hex(&key), "bound": hex(bound)});
    for length in [0, 1, 16, 63, 64, 65, 200] {
        let plain: Vec<u8> = (0u8..251).cycle().take(length).collect();
        let case = Case::new("encrypted", seal::encrypt(&[1; 32], b"header", &plain, &[2; 32])).with(context([1; 32], b"header"));
        sheet.good(&format!("encrypted {length}"), "XChaCha20-Poly1305, nonce first", case);
    }
    let text = seal::encrypt(&[1; 32], b"header", b"text", &[2; 32]);
    let mut changed = text.clone();
    changed[30] ^= 1;
    let wrong = [
        ("encrypted other key", text.clone(), context([2; 32], b"header")),
        ("encrypted other bound", text.clone(), context([1; 32], b"headeR")),
        ("encrypted changed", changed, context([1; 32], b"header")),
        ("encrypted cut", text[..39].to_vec(), context([1; 32], b"header")),
    ];
    for (name, input, context) in wrong {
        sheet.bad(name, "it does not open", Case::new("encrypted", input).with(context), "unopened");
    }
}

fn tags(sheet: &mut Sheet) {
    let context = json!({
        "asker": hex(&device(1).0), "answerer": hex(&device(2).0), "asked": hex(&[1; 16]), "answered": hex(&[2; 16]), "head": hex(&[3; 32]),
    });
    sheet.good("tags", "joint nonce, tags, head tag and topic of a topic secret", Case::new("tags", [0x77; 32]).with(context));
    let log = |number| haat_protocol::entry::LogId { space: circle(), device: device(1), number };
    let streams = [
        (StreamKey::Record(device(1), haat_protocol::record::Slot::Addresses), 5, [1; 32]),
        (StreamKey::Identity(person(1)), 1, [2; 32]),
        (StreamKey::Log(log(1)), 300, [3; 32]),
        (StreamKey::Record(device(1), haat_protocol::record::Slot::Prekey), 6, [4; 32]),
        (StreamKey::Log(log(0)), 70_000, [5; 32]),
    ];
    let streams = streams.map(|(key, height, head)| (key, height, haat_protocol::id::Digest(head)));
    sheet.good("digest", "streams in any order; they are sorted before they are hashed", Case::new("digest", encode(&streams.to_vec())));
    sheet.good("digest of nothing", "no streams", Case::new("digest", [0x80]));
}
