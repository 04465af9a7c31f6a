//! Hostile and late input against real engines in memory: what strangers, members and the removed can hand over. Never the network.

mod anew;
mod catchup;
mod epochs;
mod fork;
mod guard;
mod leaving;
mod newer;
mod norms;
mod oracle;
mod room;
mod shops;

use std::collections::{BTreeMap, BTreeSet};

use haat_protocol::admit::View;
use haat_protocol::body::{Body, Epoch, Manifest, MemberRemove, Post, Retract, Vouch};
use haat_protocol::crypto::{Keypair, seal};
use haat_protocol::entry::{Draft, Entry, FLAG_CRITICAL, Header, LogId};
use haat_protocol::epoch::ByteKey;
use haat_protocol::id::{DeviceId, Digest, EntryId, IdentityId, KeyId, SpaceId};
use haat_protocol::identity::{self, Chain, Change};
use haat_protocol::invite::{self, Code};
use haat_protocol::kind::{Kind, secrecy_of};
use haat_protocol::limits::{CIRCLES_MAX, INTEGER_MAX, PARKED_MAX};
use haat_protocol::record::{Claim, Record};
use haat_protocol::sync::{Holdings, Want};
use haat_protocol::time::{DAY_MS, Millis};
use haat_protocol::trust::Weight;
use haat_protocol::wire::{DirectRequest, DirectResponse, Item, JoinRequest, OrderMessage, StreamKey, SyncRequest, Tag, Welcome};
use serde_bytes::ByteBuf;

use super::trade::tests::kit::Node;
use super::{Effect, held::Held};
use crate::intake::{self, Taken};
use crate::keyring;
use crate::ledger::audit;
use crate::myself::Key;
use crate::net::{Channel, NetCommand, NetEvent, ResponseId};
use crate::secret;
use crate::store::{Store, Table};
use crate::view::word::VouchRow;
use crate::view::{circle, known, known::Known};

const CIRCLE: &str = "Lane";

fn node(seed: u8) -> Node {
    let mut node = Node::new(seed);
    node.me.prekeys = vec![Key([seed.wrapping_add(100); 32])];
    node
}

fn founded() -> (Node, SpaceId) {
    let mut ana = node(1);
    let answer = ana.work(|work| work.circle_create(CIRCLE, None)).expect("begins");
    let space = answer["circle"].as_str().expect("an id").parse().expect("an id");
    (ana, space)
}

fn asks(ana: &mut Node, newcomer: &Node) -> JoinRequest {
    let answer = ana.work(|work| work.circle_invite(CIRCLE, None, None)).expect("invites");
    request(newcomer, &Code::parse(answer["code"].as_str().expect("a code")).expect("a code"))
}

fn request(newcomer: &Node, code: &Code) -> JoinRequest {
    let (me, now) = (&newcomer.me, newcomer.now);
    let claim = Claim::Prekey(seal::prekey_public(&me.prekeys[0].0));
    JoinRequest {
        space: code.space,
        invite: code.pair().public(),
        proof: invite::prove(&code.pair(), code.space, me.id(), me.device()),
        chain: me.identity.chain().clone(),
        prekey: Record { device: me.device(), claim, issued: now, expires: now.plus(DAY_MS) }.sign(&me.pair),
        name: me.name.clone(),
    }
}

fn join(ana: &mut Node, newcomer: &mut Node, space: SpaceId) {
    newcomer.now = ana.now;
    let request = asks(ana, newcomer);
    let device = newcomer.device();
    let answer = ana.work(|work| work.join_request(device, request));
    let inviter = ana.device();
    newcomer.work(|work| work.join_answered(space, inviter, answer));
    newcomer.follow(ana);
}

/// Makes the newcomer known to a third member, as sync does.
fn meet(one: &mut Node, other: &Node) {
    one.follow(other);
    let people: Vec<Chain> = other.read(|tx| {
        let rows = tx.prefix(Table::Identity, &[]);
        rows.iter().filter_map(|(key, _)| known::chain(tx, &IdentityId::from_slice(key)?)).collect()
    });
    for chain in people {
        let identity = chain.verify().expect("sound");
        one.work(|work| intake::identity(&mut work.cx(), &identity));
    }
}

/// An entry that a modified program makes, after another or after what the node holds.
fn crafted(node: &Node, space: SpaceId, (kind, body): (u64, Vec<u8>), after: Option<&Entry>, tweak: impl Fn(&mut Header)) -> Entry {
    node.read(|tx| {
        let log = LogId { space, device: node.device(), number: 0 };
        let held = Known(tx).head(&log).map(|head| (head.id, head.seq, head.lamport));
        let last = after.map(|e| (e.id(), e.header().seq, e.header().lamport)).or(held);
        let (key, keys) = keyring::current(tx, &node.me, &space).expect("keys");
        let secret = keys.key(secrecy_of(kind)).copied();
        let mut header = Header {
            device: node.device(),
            space,
            log: 0,
            seq: last.map_or(0, |(_, seq, _)| seq + 1),
            prev: last.map(|(id, _, _)| id),
            kind,
            flags: 0,
            lamport: last.map_or(0, |(_, _, lamport)| lamport) + 1,
            at: node.now,
            refs: Vec::new(),
            key: secret.map(|_| key),
            payload_bytes: 0,
            payload_hash: None,
            extensions: BTreeMap::new(),
        };
        tweak(&mut header);
        Draft { header, body }.sign(&node.me.pair, secret.as_ref(), &[9; 32]).expect("signs")
    })
}

fn post(text: &str) -> (u64, Vec<u8>) {
    (Kind::Post.code(), Body::Post(Post { text: text.into(), listings: vec![], reply_to: None }).encode())
}

fn take(node: &mut Node, entry: &Entry) -> Taken {
    node.work(|work| intake::entry(&mut work.cx(), entry))
}

fn is_sound(node: &Node) -> audit::Sound {
    let snapshot = node.store.snapshot().expect("memory");
    let sound = audit::verify(&*snapshot, &node.me);
    sound.expect("an honest node's log is sound")
}

fn rows(node: &Node, table: Table) -> usize {
    node.store.snapshot_rows(table).len()
}

fn has(node: &Node, table: Table, id: EntryId) -> bool {
    node.read(|tx| tx.has(table, &id.0))
}

#[test]
fn a_long_log_that_comes_backwards_is_taken_whole() {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    let mut log: Vec<Entry> = Vec::new();
    for _ in 0..1_900 {
        let next = crafted(&bob, space, post("again"), log.last(), |_| {});
        log.push(next);
    }
    ana.work(|work| {
        for entry in log.iter().skip(1) {
            assert!(matches!(intake::entry(&mut work.cx(), entry), Taken::Parked(_)));
        }
        assert_eq!(intake::entry(&mut work.cx(), &log[0]), Taken::Kept);
    });
    let id = LogId { space, device: bob.device(), number: 0 };
    assert_eq!(ana.read(|tx| Known(tx).head(&id)).expect("held").seq, 1_899);
    assert_eq!(rows(&ana, Table::Parked), 0);
    let quota = usize::try_from(haat_protocol::norms::Norms::default().posts_per_day).expect("small");
    assert_eq!(rows(&ana, Table::Void), 1_900 - quota, "every receiver counts");
    assert!(has(&ana, Table::Void, log[quota].id()) && !has(&ana, Table::Void, log[quota - 1].id()));
    is_sound(&ana);
}

#[test]
fn nobody_fills_the_disk_with_what_waits() {
    let (mut ana, space) = founded();
    let mallory = Node::new(9);
    let far = crafted(&ana, space, post("far"), None, |header| header.seq = 1 << 40);
    assert!(matches!(take(&mut ana, &far), Taken::Parked(_)));
    assert_eq!(rows(&ana, Table::Parked), 0, "so far beyond its log's end that sync has to bring the rest first");
    let made_up = |n: u64| {
        let mut id = [7; 32];
        id[..8].copy_from_slice(&n.to_be_bytes());
        let header = crafted(&ana, space, post("x"), None, |_| {}).header().clone();
        let header =
            Header { device: mallory.device(), space: SpaceId(id), key: None, seq: 0, prev: None, log: 0, payload_hash: None, ..header };
        Draft { header, body: vec![1] }.sign(&mallory.me.pair, None, &[1; 32]).expect("signs")
    };
    let (first, second) = (made_up(1), made_up(2));
    ana.work(|work| {
        work.tx.save(Table::Meta, b"parked", &(PARKED_MAX - 1));
        intake::entry(&mut work.cx(), &first);
        intake::entry(&mut work.cx(), &second);
    });
    assert_eq!(rows(&ana, Table::Parked), 1);
    ana.work(|work| intake::retry_all(&mut work.cx()));
    assert_eq!(rows(&ana, Table::Parked), 0, "a full store of waiting things is let go");
}

#[test]
fn what_came_from_the_future_is_taken_when_its_time_has_come() {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    let later = ana.now.plus(DAY_MS);
    let early = crafted(&bob, space, post("tomorrow"), None, |header| header.at = later);
    assert!(matches!(take(&mut ana, &early), Taken::Parked(_)));
    ana.now = later;
    ana.work(|work| work.tick());
    assert!(has(&ana, Table::Body, early.id()));
    assert_eq!(rows(&ana, Table::Parked), 0);
}

#[test]
fn nobody_takes_a_device_over_by_naming_it() {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    let (root, own) = (Keypair::from_seed(&[77; 32]), Keypair::from_seed(&[78; 32]));
    let mut chain = Chain::begin(&root, &root.public(), &own, Millis(1));
    let consent = identity::consent(&own, chain.inception.id());
    chain.append(&root, Change::AddDevice { device: bob.device(), consent }, Millis(2));
    let thief = chain.inception.id();
    ana.work(|work| work.take_items(space, vec![Item::Identity(chain)], None));
    assert_eq!(ana.read(|tx| known::identity(tx, &thief)), None, "bob's device did not agree");
    assert_eq!(ana.read(|tx| known::person_of(tx, &bob.device())), Some(bob.me.id()));
    assert_eq!(take(&mut ana, &crafted(&bob, space, post("still here"), None, |_| {})), Taken::Kept);
    is_sound(&ana);
}

#[test]
fn chains_of_people_whom_nothing_concerns_are_not_kept() {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    let before = ana.everything();
    let (stranger, device) = (Node::new(9), bob.device());
    let chain = Item::Identity(stranger.me.identity.chain().clone());
    ana.work(|work| work.take_items(space, vec![chain], Some(device)));
    assert_eq!(ana.everything(), before);
}

#[test]
fn a_lie_about_the_order_of_things_does_not_silence_the_circle() {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    let liar = crafted(&bob, space, post("last"), None, |header| header.lamport = INTEGER_MAX - 1);
    assert_eq!(take(&mut ana, &liar), Taken::Kept);
    assert!(has(&ana, Table::Void, liar.id()));
    ana.work(|work| work.author(space, &Body::Post(Post { text: "hello".into(), listings: vec![], reply_to: None }))).expect("says");
    let manifest = Manifest {
        control: Digest([0; 32]),
        content: Digest([0; 32]),
        topic: Digest([0; 32]),
        generation: u64::MAX,
        parents: vec![(KeyId([2; 32]), ByteBuf::new())],
        covers: vec![],
        chunks: vec![],
    };
    let huge = Epoch { manifest, boxes: ByteBuf::new() };
    let epoch = crafted(&ana, space, (Kind::Epoch.code(), Body::Epoch(huge).encode()), None, |header| header.key = None);
    take(&mut ana, &epoch);
    assert!(has(&ana, Table::Void, epoch.id()));
    ana.work(|work| work.rotate(space, None)).expect("new keys");
    is_sound(&ana);
}

#[test]
fn a_strangers_tombstone_that_comes_first_leaves_a_sound_log() {
    let (mut ana, space) = founded();
    let (mut bob, mut eve) = (node(2), node(3));
    join(&mut ana, &mut bob, space);
    join(&mut ana, &mut eve, space);
    meet(&mut bob, &ana);
    ana.work(|work| work.rotate(space, None)).expect("new keys");
    meet(&mut bob, &ana);
    let said = crafted(&bob, space, post("secret canary"), None, |_| {});
    let back = crafted(&bob, space, (Kind::Retract.code(), Body::Retract(Retract { entry: said.id() }).encode()), Some(&said), |_| {});
    let foreign = crafted(&ana, space, (Kind::Retract.code(), Body::Retract(Retract { entry: said.id() }).encode()), None, |_| {});
    eve.follow(&ana);
    assert_eq!(take(&mut ana, &said), Taken::Kept);
    assert_eq!(take(&mut eve, &foreign), Taken::Kept);
    assert_eq!(take(&mut eve, &said), Taken::Kept);
    assert!(has(&eve, Table::Body, said.id()), "only the author takes back");
    is_sound(&eve);
    for node in [&mut ana, &mut eve] {
        assert_eq!(take(node, &back), Taken::Kept);
        let raw = node.read(|tx| known::raw(tx, &said.id())).expect("the header stays");
        assert!(raw.payload.is_none() && !has(node, Table::Body, said.id()));
        assert_eq!(is_sound(node).holes, 1);
        assert_eq!(take(node, &said), Taken::Known);
        assert!(node.read(|tx| known::raw(tx, &said.id())).expect("held").payload.is_none(), "it does not come back");
    }
}

#[test]
fn a_vouch_or_a_removal_that_comes_after_it_was_taken_back_stays_whole() {
    let (mut ana, space) = founded();
    let (mut bob, mut eve) = (node(2), node(3));
    join(&mut ana, &mut bob, space);
    join(&mut ana, &mut eve, space);
    bob.follow(&ana);
    let vouch = Body::Vouch(Vouch { identity: eve.me.id(), weight: Weight::Friend, text: String::new() });
    let vouch = crafted(&ana, space, (Kind::Vouch.code(), vouch.encode()), None, |_| {});
    let removal = Body::MemberRemove(MemberRemove { identity: eve.me.id(), cuts: Vec::new() });
    let removal = crafted(&ana, space, (Kind::MemberRemove.code(), removal.encode()), Some(&vouch), |_| {});
    // In another log of the same device, which comes first.
    let mut last: Option<Entry> = None;
    for entry in [&vouch, &removal] {
        let back = Body::Retract(Retract { entry: entry.id() });
        let (seq, prev) = last.as_ref().map_or((0, None), |last| (1, Some(last.id())));
        let back = crafted(&ana, space, (Kind::Retract.code(), back.encode()), last.as_ref(), |header| {
            (header.log, header.seq, header.prev, header.lamport) = (1, seq, prev, 100 + seq);
            header.refs = if seq == 0 { vec![removal.id()] } else { Vec::new() };
        });
        assert_eq!(take(&mut bob, &back), Taken::Kept);
        last = Some(back);
    }
    for entry in [&vouch, &removal] {
        assert_eq!(take(&mut bob, entry), Taken::Kept);
        assert!(bob.read(|tx| known::raw(tx, &entry.id())).expect("held").payload.is_some(), "nobody does without its payload");
    }
    let said: Vec<VouchRow> =
        bob.read(|tx| tx.prefix(Table::Vouch, &[]).iter().filter_map(|(_, row)| tx.decoded(Table::Vouch, row)).collect());
    assert_eq!(said.iter().map(|row| row.weight).collect::<Vec<_>>(), [None], "a vouch that was taken back does not count");
    assert!(bob.read(|tx| circle::roster(tx, &space)).is_some_and(|roster| !roster.has(&eve.me.id())), "a removal is not taken back so");
    is_sound(&bob);
}

#[test]
fn what_is_taken_back_before_what_it_names_comes_is_awaited_no_more() {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    let said = crafted(&bob, space, post("on top"), None, |header| (header.refs, header.lamport) = (vec![EntryId([3; 32])], 1_000));
    let back = crafted(&bob, space, (Kind::Retract.code(), Body::Retract(Retract { entry: said.id() }).encode()), Some(&said), |_| {});
    take(&mut ana, &said);
    assert_eq!(rows(&ana, Table::Awaited), 1);
    take(&mut ana, &back);
    assert_eq!(rows(&ana, Table::Awaited), 0);
    is_sound(&ana);
}

#[test]
fn what_is_not_held_yet_is_not_seen_when_views_are_derived_again() {
    let (mut ana, space) = founded();
    let (mut bob, mut eve) = (node(2), node(3));
    join(&mut ana, &mut bob, space);
    join(&mut ana, &mut eve, space);
    let first = crafted(&bob, space, post("first"), None, |_| {});
    let liar = crafted(&eve, space, post("out of order"), None, |header| (header.refs, header.lamport) = (vec![first.id()], 1_000));
    assert_eq!((take(&mut ana, &liar), take(&mut ana, &first)), (Taken::Kept, Taken::Kept));
    is_sound(&ana);
}

#[test]
fn an_entry_opened_late_and_taken_back_leaves_a_sound_log() {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    let mut eve = node(3);
    join(&mut ana, &mut eve, space);
    ana.work(|work| work.rotate(space, None)).expect("new keys");
    meet(&mut bob, &ana);
    let said = crafted(&bob, space, post("canary"), None, |_| {});
    let back = crafted(&bob, space, (Kind::Retract.code(), Body::Retract(Retract { entry: said.id() }).encode()), Some(&said), |_| {});
    assert_eq!(take(&mut eve, &said), Taken::Kept);
    assert_eq!(rows(&eve, Table::Sealed), 1, "its key has not come");
    eve.follow(&ana);
    assert_eq!(rows(&eve, Table::Sealed), 0);
    assert_eq!(take(&mut eve, &back), Taken::Kept);
    assert_eq!(is_sound(&eve).holes, 1);
}

#[test]
fn a_payload_that_nobody_can_take_back_is_not_done_without() {
    let (ana, space) = founded();
    let mut bob = node(2);
    let mut ana = ana;
    join(&mut ana, &mut bob, space);
    ana.work(|work| work.rotate(space, None)).expect("new keys");
    let id = LogId { space, device: ana.device(), number: 0 };
    let whole = ana.read(|tx| known::entry(tx, &Known(tx).head(&id).expect("held").id)).expect("held");
    let mut raw = whole.raw().clone();
    raw.payload = None;
    let hollow = raw.verify().expect("the header holds");
    assert!(matches!(take(&mut bob, &hollow), Taken::Refused(_)));
    assert_eq!(take(&mut bob, &whole), Taken::Kept);
}

#[test]
fn a_newcomer_reads_the_window_and_no_more() {
    let (mut ana, space) = founded();
    let say = |work: &mut super::work::Work<'_, '_>, text: &str| {
        work.author(space, &Body::Post(Post { text: text.into(), listings: vec![], reply_to: None })).expect("says")
    };
    let old = ana.work(|work| say(work, "old"));
    ana.now = ana.now.plus(DAY_MS);
    ana.work(|work| work.rotate(space, None)).expect("new keys");
    ana.now = ana.now.plus(40 * DAY_MS);
    let new = ana.work(|work| say(work, "new"));
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    assert!(has(&bob, Table::Entry, old) && !has(&bob, Table::Body, old), "kept, and closed");
    assert!(has(&bob, Table::Body, new));
    is_sound(&bob);
}

#[test]
fn no_key_of_a_removed_member_opens_what_is_said_later() {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    let whom = bob.me.id().to_string();
    ana.work(|work| work.circle_remove(CIRCLE, &whom)).expect("removes");
    let later = crafted(&ana, space, post("without bob"), None, |_| {});
    assert_eq!(take(&mut ana, &later), Taken::Kept);
    bob.follow(&ana);
    let keys = bob.read(|tx| secret::epochs(tx, &bob.me, &space));
    assert!(!keys.is_empty());
    for (_, keys) in keys {
        for key in
            [Some(keys.control.0), keys.content.as_ref().map(|key| key.0), keys.topic.as_ref().map(|key| key.0)].into_iter().flatten()
        {
            assert!(later.open(Some(&key)).is_err());
        }
    }
    assert!(!has(&bob, Table::Body, later.id()));
    let device = bob.device();
    let again = asks(&mut ana, &bob);
    assert!(matches!(ana.work(|work| work.join_request(device, again)), DirectResponse::Welcome { .. }), "a new invite lets in");
}

#[test]
fn an_invite_lets_in_whom_it_names_once() {
    let (mut ana, _) = founded();
    let (bob, eve) = (node(2), node(3));
    let answer = ana.work(|work| work.circle_invite(CIRCLE, Some(5), None)).expect("invites");
    let code = Code::parse(answer["code"].as_str().expect("a code")).expect("a code");
    let stolen = JoinRequest { proof: request(&bob, &code).proof, ..request(&eve, &code) };
    let declined = |answer: DirectResponse| matches!(answer, DirectResponse::Declined { .. });
    let device = eve.device();
    assert!(declined(ana.work(|work| work.join_request(device, stolen))), "another's proof");
    let device = bob.device();
    let bobs = request(&bob, &code);
    assert!(!declined(ana.work(|work| work.join_request(device, bobs.clone()))));
    assert!(!declined(ana.work(|work| work.join_request(device, bobs.clone()))), "the answer was lost");
    let whom = bob.me.id().to_string();
    ana.work(|work| work.circle_remove(CIRCLE, &whom)).expect("removes");
    assert!(declined(ana.work(|work| work.join_request(device, bobs))), "removed, and the invite has uses left");
}

#[test]
fn kinds_of_a_newer_version_are_kept_shown_and_passed_on() {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    let newer = crafted(&bob, space, (99, vec![1, 2, 3]), None, |_| {});
    assert_eq!(take(&mut ana, &newer), Taken::Kept);
    let wants = [Want { key: StreamKey::Log(newer.header().log_id()), from: 0, count: None }];
    let batch = ana.read(|tx| Held { tx, me: &ana.me, now: ana.now, leaving: &BTreeSet::new() }.batch(&space, &wants, false, 100_000));
    assert_eq!(batch.items, [Item::Entry(newer.raw().clone())], "the very bytes");
    assert!(ana.store.snapshot_rows(Table::FeedAll).iter().any(|(key, _)| key.ends_with(&newer.id().0)));
    let stop = crafted(&bob, space, (99, vec![1]), Some(&newer), |header| header.flags = FLAG_CRITICAL);
    let after = crafted(&bob, space, post("after"), Some(&stop), |_| {});
    assert_eq!((take(&mut ana, &stop), take(&mut ana, &after)), (Taken::Kept, Taken::Kept));
    assert!(has(&ana, Table::Void, after.id()));
    is_sound(&ana);
}

#[test]
fn people_of_another_circle_are_not_told_of() {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    let other = ana.work(|work| work.circle_create("Other", None)).expect("begins");
    let other: SpaceId = other["circle"].as_str().expect("an id").parse().expect("an id");
    let wants = [Want { key: StreamKey::Identity(bob.me.id()), from: 0, count: None }];
    let items = |circle: &SpaceId| {
        ana.read(|tx| Held { tx, me: &ana.me, now: ana.now, leaving: &BTreeSet::new() }.batch(circle, &wants, false, 100_000)).items.len()
    };
    assert_eq!((items(&other), items(&space)), (0, 1));
}

fn bad_inputs(stranger: &Node) -> Vec<(Channel, Vec<u8>)> {
    let tag = Tag([3; 16]);
    let greet = SyncRequest::Greet { nonce: [1; 16] }.to_bytes();
    let chain = stranger.me.identity.chain().clone();
    let push = SyncRequest::Push { tag, items: vec![Item::Identity(chain.clone())] }.to_bytes();
    let pull = SyncRequest::Pull { tag, newest: true, wants: vec![] }.to_bytes();
    let compare = SyncRequest::Compare { tag, scopes: vec![] }.to_bytes();
    let order = |events| OrderMessage { order: haat_protocol::id::OrderId([1; 32]), events, receipts: vec![], chain: Some(chain.clone()) };
    let junk = DirectRequest::Order(order(vec![ByteBuf::from(vec![0xff; 64])])).to_bytes();
    let large = DirectRequest::Order(order(vec![ByteBuf::from(vec![0; 70_000])])).to_bytes();
    let heads = DirectRequest::OrderHeads { heads: vec![] }.to_bytes();
    let mut inputs = Vec::new();
    for channel in [Channel::Sync, Channel::Direct] {
        let mut all =
            vec![vec![], vec![0xff], vec![0; 9], vec![0x9f, 0xff], vec![0x81; 100_000], vec![0xa1; 140_000], b"GET / HTTP/1.1".to_vec()];
        all.push(greet[..greet.len() - 1].to_vec());
        all.push([greet.as_slice(), &[0]].concat());
        all.push(vec![0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        all.push(vec![0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        all.extend([push.clone(), pull.clone(), compare.clone(), junk.clone(), large.clone(), heads.clone()]);
        all.push(DirectRequest::Order(order(vec![])).to_bytes());
        inputs.extend(all.into_iter().map(|data| (channel, data)));
    }
    inputs
}

#[test]
fn what_strangers_ask_is_answered_and_leaves_nothing_behind() {
    let (mut ana, _) = founded();
    let stranger = Node::new(9);
    let before = ana.everything();
    let device: DeviceId = stranger.device();
    for (channel, data) in bad_inputs(&stranger) {
        let out = ana.work(|work| {
            work.net(NetEvent::Request { id: ResponseId(1), device, channel, data });
            work.out.clone()
        });
        let answers = out.iter().filter(|effect| matches!(effect, Effect::Net(NetCommand::Respond { .. }))).count();
        let held_against = out.iter().filter(|effect| matches!(effect, Effect::Net(NetCommand::Misbehaved { .. }))).count();
        assert_eq!((answers, out.len()), (1, 1 + held_against), "each gets an answer, also an empty one");
        assert_eq!(ana.everything(), before);
    }
    assert!(ana.passing.sessions.is_empty() && ana.passing.requests.is_empty());
}

#[test]
fn only_what_is_no_request_is_held_against_the_asker() {
    let (mut ana, _) = founded();
    let device: DeviceId = Node::new(9).device();
    for channel in [Channel::Sync, Channel::Direct] {
        for (data, is_offence) in [(&b"\xa1\x64poll\x01"[..], false), (b"\xff", true), (b"\xa1\x64push\x01\x00", true)] {
            let out = ana.work(|work| {
                work.net(NetEvent::Request { id: ResponseId(1), device, channel, data: data.to_vec() });
                work.out.clone()
            });
            let held = out.iter().any(|effect| matches!(effect, Effect::Net(NetCommand::Misbehaved { .. })));
            assert_eq!(held, is_offence, "{channel:?} {data:x?}");
        }
    }
}

#[test]
fn who_goes_by_another_name_says_so_once() {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    bob.me.name = "Robert".into();
    bob.work(|work| work.tend_name(space));
    let said = bob.read(crate::ledger::end);
    bob.work(|work| work.tend_name(space));
    assert_eq!(bob.read(crate::ledger::end), said, "once is enough");
    meet(&mut ana, &bob);
    let name = ana.read(|tx| circle::roster(tx, &space).map(|roster| roster.members[&bob.me.id()].name.clone()));
    assert_eq!(name.as_deref(), Some("Robert"));
}

#[test]
fn keys_that_a_member_hands_over_are_kept_when_they_open_what_waits() {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    let prekey = asks(&mut ana, &bob).prekey;
    let forgotten = bob.read(|tx| tx.prefix(Table::Secret, &space.0));
    bob.store.commit(forgotten.iter().map(|(key, _)| ((Table::Secret, key.clone()), None)).collect()).expect("memory");
    let said =
        ana.work(|work| work.author(space, &Body::Post(Post { text: "hello".into(), listings: vec![], reply_to: None }))).expect("says");
    bob.follow(&ana);
    assert!(!has(&bob, Table::Body, said), "it waits for its key");

    let (key, keys) = ana.work(|work| keyring::current(&work.tx, work.me, &space)).expect("a key");
    let inception = ana.read(|tx| known::inception(tx, &space)).expect("begun");
    let bobs = seal::prekey_public(&bob.me.prekeys[0].0);
    let answer = |epochs| {
        let welcome = Welcome { inception: inception.clone(), name: "Lane".into(), epochs, items: vec![] };
        let sealed = seal::seal(&bobs, &super::join::welcome_info(space), &welcome.to_bytes(), &[5; 32]);
        DirectResponse::Welcome { sealed: sealed.expect("a point").into() }
    };
    let mut lies = keys.clone();
    (lies.control, lies.content) = (ByteKey([1; 32]), Some(ByteKey([2; 32])));
    let bogus = answer(vec![(key, lies), (KeyId([9; 32]), keys.clone())]);
    bob.work(|work| work.keys_answered(space, &bogus));
    assert_eq!(rows(&bob, Table::Secret), 0, "what is not what the epoch commits to is not kept, nor what opens nothing");
    let mut boasting = keys.clone();
    boasting.topic = Some(ByteKey([3; 32]));
    let boasting = answer(vec![(key, boasting)]);
    bob.work(|work| work.keys_answered(space, &boasting));
    assert!(has(&bob, Table::Body, said), "the real key opens it");
    let kept = bob.work(|work| secret::epoch(&work.tx, work.me, &space, &key)).expect("kept");
    assert_eq!((kept.content, kept.topic), (keys.content, None), "each part is checked against the epoch");

    let device = bob.device();
    let honest = ana.work(|work| work.keys_request(device, space, &prekey));
    assert!(matches!(honest, DirectResponse::Welcome { .. }), "a member is answered");
    let stranger = node(7);
    let refused = ana.work(|work| work.keys_request(stranger.device(), space, &prekey));
    assert!(matches!(refused, DirectResponse::Declined { .. }), "with another's prekey nobody is");
}
