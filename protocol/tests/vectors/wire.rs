//! What two nodes say to each other, and the boxes of an epoch.

use serde_bytes::ByteBuf;
use serde_json::json;

use haat_protocol::body::{Epoch, boxes_digest};
use haat_protocol::codec::encode;
use haat_protocol::crypto::{Context, hash, seal};
use haat_protocol::epoch::{ByteKey, EpochKeys, Rotation, place_of, rotate};
use haat_protocol::id::{DeviceId, Digest, EventId, KeyId, OrderId, SpaceId};
use haat_protocol::invite;
use haat_protocol::meet::{Found, MeetRequest, MeetResponse, Place};
use haat_protocol::money::Money;
use haat_protocol::order::Decision;
use haat_protocol::record::{Claim, Record};
use haat_protocol::space::Sort;
use haat_protocol::wire::{
    DirectRequest, DirectResponse, Heights, Item, JoinRequest, Mark, OrderHead, OrderMessage, Scope, Summary, SyncRequest, SyncResponse,
    Tag, Wants, Welcome,
};

use crate::bodies;
use crate::kit::{START, chain, circle, currency, device, entry, hex, inception, pair, person};
use crate::people::{forked, prekey};
use crate::sheet::{Case, Sheet};

pub(crate) fn sheet() -> Sheet {
    let mut sheet = Sheet::new("wire", "Requests, answers and items (11, 12, 13), welcomes, and the boxes of an epoch (10).");
    sync(&mut sheet);
    direct(&mut sheet);
    wrong(&mut sheet);
    epochs(&mut sheet);
    seeds(&mut sheet);
    sheet
}

fn items() -> Vec<Item> {
    let body = bodies::every_kind().remove(0);
    vec![Item::Entry(entry(&body).raw().clone()), Item::Identity(chain(1)), Item::Record(prekey(1)), Item::Fork(forked())]
}

fn sync(sheet: &mut Sheet) {
    let (tag, shop) = (Tag([4; 16]), Scope::Shop(inception(Sort::Shop).id()));
    let scopes = [Scope::Circle, shop, Scope::People, Scope::Records];
    let (state, names) = (Mark([2; 8]), Mark([3; 8]));
    // Two parts: the third stream from 300 on, then five entries of the next one.
    let rows = ByteBuf::from([&[2, 0xac, 2, 0][..], &[1, 7, 5]].concat());
    let wants = vec![Wants { scope: Scope::Circle, names, rows }];
    let requests = [
        ("greet", SyncRequest::Greet { nonce: [1; 16] }),
        ("compare", SyncRequest::Compare { tag, scopes: scopes.map(|scope| Summary { scope, state, names }).to_vec() }),
        ("pull", SyncRequest::Pull { tag, newest: true, wants }),
        ("push", SyncRequest::Push { tag, items: items() }),
    ];
    for (name, request) in requests {
        sheet.good(name, "a request to compare and hand over", Case::new("sync_request", request.to_bytes()));
    }
    let height = [&[0xac, 2][..], &[5; 8]].concat();
    let counted = Heights { scope: Scope::Circle, names, named: false, rows: ByteBuf::from(height.repeat(2)) };
    let named = Heights { scope: shop, names, named: true, rows: ByteBuf::from([&[6; 8][..], &height].concat()) };
    let answers = [
        ("greeting", SyncResponse::Greeting { nonce: [1; 16], tags: (0..16).map(|n| Tag([n; 16])).collect() }),
        ("heights", SyncResponse::Heights(vec![counted, named])),
        ("in step", SyncResponse::Heights(vec![])),
        ("items", SyncResponse::Items { items: items() }),
        ("stale", SyncResponse::Stale {}),
        ("later", SyncResponse::Later { after_ms: 5_000 }),
        ("stored", SyncResponse::Stored {}),
        ("stranger", SyncResponse::Stranger {}),
        ("removed", SyncResponse::Removed { items: vec![] }),
    ];
    for (name, answer) in answers {
        sheet.good(name, "an answer to it", Case::new("sync_response", answer.to_bytes()));
    }
    for (name, item) in ["entry", "identity", "record", "fork"].into_iter().zip(items()) {
        sheet.good(&format!("item {name}"), "what gossip carries", Case::new("item", encode(&item)));
    }
}

fn message() -> OrderMessage {
    let pieces = vec![ByteBuf::from([1, 2]), ByteBuf::new()];
    OrderMessage { order: OrderId([1; 32]), events: pieces.clone(), receipts: pieces, enclosed: vec![], chain: Some(chain(1)) }
}

fn join() -> JoinRequest {
    let proof = invite::prove(&pair(30), circle(), person(2), device(2));
    JoinRequest { space: circle(), invite: device(30), proof, chain: chain(2), prekey: prekey(2), name: "Mei".into() }
}

fn direct(sheet: &mut Sheet) {
    let heads = vec![
        OrderHead { order: OrderId([1; 32]), own: None, other: Some(EventId([2; 32])) },
        OrderHead { order: OrderId([3; 32]), own: Some(EventId([4; 32])), other: None },
    ];
    let nothing = Money { minor: 0, currency: currency("EUR") };
    let decision = Decision::new(OrderId([1; 32]), [Some(EventId([2; 32])), None], nothing, "as agreed".into(), device(3)).sign(&pair(3));
    let requests = [
        ("join", DirectRequest::Join(Box::new(join()))),
        ("keys", DirectRequest::Keys { space: circle(), prekey: prekey(1) }),
        ("order", DirectRequest::Order(message())),
        ("order_heads", DirectRequest::OrderHeads { heads }),
        ("case", DirectRequest::Case { order: OrderId([1; 32]), evidence: ByteBuf::from([1, 2]) }),
        ("decision", DirectRequest::Decision { order: OrderId([1; 32]), decision }),
    ];
    for (name, request) in requests {
        sheet.good(name, "a direct request", Case::new("direct_request", request.to_bytes()));
    }
    let answers = [
        ("welcome", DirectResponse::Welcome { sealed: ByteBuf::from([1; 48]) }),
        ("declined", DirectResponse::Declined { code: "expired".into(), reason: "the invite has run out".into() }),
        ("kept", DirectResponse::Stored { receipts: vec![ByteBuf::from([3])] }),
        ("refused", DirectResponse::Refused { code: "stranger".into() }),
        ("orders", DirectResponse::Orders(vec![OrderMessage { chain: None, ..message() }])),
    ];
    for (name, answer) in answers {
        sheet.good(name, "an answer to one", Case::new("direct_response", answer.to_bytes()));
    }
    let keys = |whole: bool| EpochKeys {
        control: ByteKey([1; 32]),
        content: whole.then_some(ByteKey([2; 32])),
        topic: whole.then_some(ByteKey([3; 32])),
    };
    let epochs = vec![(KeyId([1; 32]), keys(false)), (KeyId([2; 32]), keys(true))];
    let welcome = Welcome { inception: inception(Sort::Circle), name: "Tea".into(), epochs, items: vec![Item::Identity(chain(1))] };
    sheet.good("welcome inside", "what a newcomer is handed", Case::new("welcome", welcome.to_bytes()));
}

fn wrong(sheet: &mut Sheet) {
    let unknown = encode(&std::collections::BTreeMap::from([("gossip", std::collections::BTreeMap::<String, u64>::new())]));
    for check in ["sync_request", "sync_response", "direct_request", "direct_response", "item"] {
        sheet.bad(&format!("{check} unknown"), "a message that a newer program may know", Case::new(check, unknown.clone()), "form");
        sheet.bad(&format!("{check} nothing"), "no bytes", Case::new(check, []), "form");
    }
    let greet = SyncRequest::Greet { nonce: [1; 16] }.to_bytes();
    sheet.bad("greet left over", "a byte after it", Case::new("sync_request", [greet.clone(), vec![0]].concat()), "form");
    let mut two = greet;
    two[0] = 0xa2;
    sheet.bad("two messages", "two names in one", Case::new("sync_request", [two, b"\x66stored\xa0".to_vec()].concat()), "form");
    sheet.bad("bare stored", "an answer with fields, written as a name", Case::new("sync_response", encode("stored")), "form");
    let compare = encode(&std::collections::BTreeMap::from([("stored", 0u64)]));
    sheet.bad("stored number", "a value of another type", Case::new("sync_response", compare), "form");
    for (check, max) in
        [("sync_request", 131_072), ("direct_request", 131_072), ("sync_response", 524_288), ("direct_response", 524_288), ("item", 65_536)]
    {
        sheet.bad(&format!("{check} too large"), "one byte more than allowed", Case::new(check, [0xa1]).and_zeros(max), "oversize");
    }
    let mut short = DirectRequest::Keys { space: SpaceId([0xee; 32]), prekey: prekey(1) }.to_bytes();
    let at = short.windows(3).position(|part| part == [0x58, 0x20, 0xee]).expect("the space");
    short[at + 1] = 0x1f;
    short.remove(at + 2);
    sheet.bad("short id", "an id of 31 bytes", Case::new("direct_request", short), "form");
}

fn epochs(sheet: &mut Sheet) {
    let devices = [1, 2].map(|n| (device(n), seal::prekey_public(&[n; 32])));
    let made = |parents: &[(KeyId, u64, ByteKey)], devices: &[_], fresh: u8| {
        let covers = vec![Digest([fresh; 32])];
        rotate(&Rotation { space: circle(), parents, covers, devices, topic: None }, &[fresh; 32])
    };
    let first = made(&[], &devices, 5);
    let next = made(&[(first.key, 0, first.keys.control.clone())], &devices, 6);
    let context = |n: u8, secret: u8| json!({"space": hex(&circle().0), "device": hex(&device(n).0), "secret": hex(&[secret; 32])});
    let case = |epoch: &Epoch, context| Case::new("epoch", encode(epoch)).with(context);
    sheet.good("first epoch", "the box of a device", case(&first.epoch, context(1, 1)));
    sheet.good("next epoch", "the box of another, and the link back", case(&next.epoch, context(2, 2)));
    sheet.bad("epoch, no box", "no box for this device", case(&first.epoch, context(3, 3)), "unopened");
    sheet.bad("epoch, other prekey", "a prekey that was replaced", case(&first.epoch, context(1, 9)), "unopened");
    for (name, what, change) in [
        ("epoch, other control key", "a box whose keys are not those that are named", 0),
        ("epoch, other content key", "a box whose keys are not those that are named", 1),
        ("epoch, other topic", "a box whose keys are not those that are named", 2),
    ] {
        let mut other = first.epoch.clone();
        let part = [&mut other.manifest.control, &mut other.manifest.content, &mut other.manifest.topic];
        *part.into_iter().nth(change).expect("three parts") = Digest([1; 32]);
        sheet.bad(name, what, case(&other, context(1, 1)), "unopened");
    }
    let mut elsewhere = context(1, 1);
    elsewhere["space"] = hex(&[1; 32]).into();
    sheet.bad("epoch, other circle", "sealed for another circle", case(&first.epoch, elsewhere), "unopened");
    let mut forged = next.epoch.clone();
    let foreign = [hash(Context::BoxTag, &[&forged.manifest.control.0, &device(1).0])[..8].to_vec(), foreign_box(&forged, &devices[0].1)];
    forged.boxes = ByteBuf::from(foreign.concat());
    forged.manifest.chunks[0].1 = boxes_digest(&forged.boxes);
    sheet.bad("epoch, other secrets", "a box that opens to the secrets of another epoch", case(&forged, context(1, 1)), "unopened");
    let mut unlinked = next.epoch;
    unlinked.manifest.parents[0].1 = ByteBuf::from([0; 72]);
    sheet.good("epoch, broken link", "the box holds although a link back does not open", case(&unlinked, context(1, 1)));
    chunks(sheet, &devices);
}

fn foreign_box(epoch: &Epoch, prekey: &[u8; 32]) -> Vec<u8> {
    let m = &epoch.manifest;
    let info = [b"haat 0 epoch box".as_slice(), &circle().0, &m.control.0, &m.content.0, &m.topic.0].concat();
    seal::seal(prekey, &info, &[1; 64], &[8; 32]).expect("a good prekey")
}

/// A large circle: the box of the device stands in the second chunk.
fn chunks(sheet: &mut Sheet, devices: &[(DeviceId, [u8; 32])]) {
    let others = (0u64..240).map(|n| (DeviceId(hash(Context::Stream, &[&n.to_be_bytes()])), devices[1].1));
    let devices: Vec<_> = devices.iter().copied().chain(others).collect();
    // Where the box stands follows from the keys: they are drawn until it is the second chunk.
    let large = (20..60)
        .map(|fresh| rotate(&Rotation { space: circle(), parents: &[], covers: vec![], devices: &devices, topic: None }, &[fresh; 32]));
    let large = large.into_iter().find(|made| place_of(&made.epoch.manifest, &device(1)) == Some(1)).expect("some in forty");
    let context =
        |boxes: &[u8]| json!({"space": hex(&circle().0), "device": hex(&device(1).0), "secret": hex(&[1; 32]), "boxes": hex(boxes)});
    let case = |boxes: &[u8]| Case::new("epoch", encode(&large.epoch)).with(context(boxes));
    sheet.good("epoch in chunks", "the box stands in the second chunk", case(&large.more[0].boxes));
    let mut changed = large.more[0].boxes.clone();
    changed[0] ^= 1;
    sheet.bad("epoch, other chunk", "boxes that do not hash to what the epoch names", case(&changed), "unopened");
}

fn seeds(sheet: &mut Sheet) {
    let claim = Claim::Addresses(vec!["/ip4/192.0.2.1/tcp/1".into()]);
    let record = Record { device: device(1), claim, issued: START, expires: START.plus(1_000) }.sign(&pair(1));
    let seed = device(40);
    let mut places = vec![Place::of_circle(&[0x77; 32], &seed), Place::of_invite(&device(30), &seed)];
    places.sort();
    let context = |sort: &str, secret: &[u8]| json!({"sort": sort, "secret": hex(secret)});
    sheet.good("place of a circle", "where its members meet", Case::new("place", seed.0).with(context("c", &[0x77; 32])));
    sheet.good("place of an invite", "where its holder meets them", Case::new("place", seed.0).with(context("i", &device(30).0)));
    let post = |places: &[Place]| MeetRequest::Post { places: places.to_vec(), record: record.clone() };
    let look = |places: Vec<Place>| MeetRequest::Look { places };
    let mut good = |name: &str, request: MeetRequest| {
        sheet.good(name, "a request to a seed", Case::new("meet_request", request.to_bytes()));
    };
    good("post", post(&places));
    good("post nothing", post(&[]));
    good("look", look(places.clone()));
    let many = |count: u128| (0..count).map(|n| Place(n.to_be_bytes())).collect::<Vec<_>>();
    good("look at 640", look(many(640)));
    let backwards: Vec<Place> = places.iter().rev().copied().collect();
    let mut bad = |name: &str, request: MeetRequest| {
        sheet.bad(name, "places that no request may have", Case::new("meet_request", request.to_bytes()), "form");
    };
    bad("places backwards", post(&backwards));
    bad("place twice", look(vec![places[0]; 2]));
    bad("look at 641", look(many(641)));
    let found = vec![Found { place: places[0], records: vec![record.clone()] }];
    let answers = [
        ("posted", MeetResponse::Posted { life_ms: 1_800_000 }),
        ("found", MeetResponse::Found(found)),
        ("meet refused", MeetResponse::Refused { code: "busy".into() }),
    ];
    for (name, answer) in answers {
        sheet.good(name, "an answer of a seed", Case::new("meet_response", answer.to_bytes()));
    }
    for check in ["meet_request", "meet_response"] {
        sheet.bad(&format!("{check} nothing"), "no bytes", Case::new(check, []), "form");
    }
}
