//! Hostile and late input against real engines in memory: what strangers, members and the removed can hand over. Never the network.

mod again;
mod anew;
mod budget;
mod catchup;
mod codes;
mod desk;
mod epochs;
mod fork;
mod golden;
mod guard;
mod leaving;
mod newer;
mod norms;
mod oracle;
mod reached;
mod retract;
mod room;
mod shops;
mod strangers;
mod telling;
mod token;
mod vain;
mod waiting;

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
    let batch = ana.work_less(|held| held.batch(&space, &wants, false, 100_000));
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
    let items = |circle: &SpaceId| ana.work_less(|held| held.batch(circle, &wants, false, 100_000)).items.len();
    assert_eq!((items(&other), items(&space)), (0, 1));
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
