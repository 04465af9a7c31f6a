//! Epochs between real engines: boxes in chunks, generations that are only claimed, keys that are not handed on.

use std::collections::BTreeSet;

use haat_protocol::body::EpochBoxes;
use haat_protocol::crypto::{Context, hash};
use haat_protocol::epoch::{EpochKeys, Rotated, Rotation, rotate};
use haat_protocol::limits::EPOCHS_PER_DAY_MAX;

use super::*;
use crate::keyring::Keyring;

fn ring<T>(node: &Node, space: SpaceId, look: impl Fn(&Keyring<'_, '_>) -> T) -> T {
    node.read(|tx| look(&Keyring::of(tx, &node.me, &circle::roster(tx, &space).expect("a roster"))))
}

fn current(node: &Node, space: SpaceId) -> Option<(KeyId, EpochKeys)> {
    node.read(|tx| keyring::current(tx, &node.me, &space))
}

/// An epoch as a modified program makes it: to these nodes, covering what it likes.
fn made(by: &Node, space: SpaceId, to: &[&Node], strangers: u64, covers: Vec<Digest>) -> Rotated {
    let mut devices: Vec<_> = to.iter().map(|node| (node.device(), seal::prekey_public(&node.me.prekeys[0].0))).collect();
    let anybody = seal::prekey_public(&[9; 32]);
    devices.extend((0..strangers).map(|n| (DeviceId(hash(Context::Stream, &[&n.to_be_bytes()])), anybody)));
    let parents = ring(by, space, |ring| ring.parents(&ring.following().expect("a key is held")));
    rotate(&Rotation { space, parents: &parents, covers, devices: &devices, topic: None }, &[42; 32])
}

fn more(rotated: &Rotated, by: &Node, space: SpaceId, after: &Entry) -> Vec<Entry> {
    let mut last = after.clone();
    let bodies = rotated.more.iter().map(|boxes: &EpochBoxes| (Kind::EpochBoxes.code(), Body::EpochBoxes(boxes.clone()).encode()));
    bodies
        .map(|body| {
            last = crafted(by, space, body, Some(&last), |_| {});
            last.clone()
        })
        .collect()
}

fn epoch_entry(rotated: &Rotated, by: &Node, space: SpaceId) -> Entry {
    crafted(by, space, (Kind::Epoch.code(), Body::Epoch(rotated.epoch.clone()).encode()), None, |_| {})
}

#[test]
fn an_epoch_whose_boxes_have_not_come_keeps_its_entries_sealed() {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    // Among hundreds of devices bob's box stands in some chunk or other; both cases are met.
    let mut waited = BTreeSet::new();
    for strangers in [500, 700, 900] {
        let rotated = made(&ana, space, &[&ana, &bob], strangers, vec![]);
        let entry = epoch_entry(&rotated, &ana, space);
        let boxes = more(&rotated, &ana, space, &entry);
        assert!(boxes.len() >= 2);
        assert_eq!((take(&mut ana, &entry), take(&mut bob, &entry)), (Taken::Kept, Taken::Kept));
        for boxes in &boxes {
            assert_eq!(take(&mut ana, boxes), Taken::Kept);
        }
        assert_eq!(current(&ana, space).map(|(key, _)| key), Some(rotated.key), "the newest leads");
        let said = ana.work(|work| work.author(space, &Body::Post(Post { text: "hello".into(), listings: vec![], reply_to: None })));
        let said = said.expect("says");
        let place = haat_protocol::epoch::place_of(&rotated.epoch.manifest, &bob.device()).expect("a box");
        for (index, boxes) in (1..).zip(&boxes) {
            assert_eq!(bob.read(|tx| secret::epoch(tx, &bob.me, &space, &rotated.key)).is_some(), place < index);
            take(&mut bob, boxes);
        }
        waited.insert(place > 0);
        bob.follow(&ana);
        assert!(has(&bob, Table::Body, said), "opened once the boxes are here");
        is_sound(&bob);
    }
    assert!(waited.contains(&true), "never in a later chunk");
}

#[test]
fn a_generation_that_is_only_claimed_leads_nobody() {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    let (before, _) = current(&ana, space).expect("an epoch");
    let mut rotated = made(&bob, space, &[&ana, &bob], 0, vec![]);
    rotated.epoch.manifest.generation = 1 << 40;
    let boasting = epoch_entry(&rotated, &bob, space);
    assert_eq!(take(&mut ana, &boasting), Taken::Kept);
    assert!(!has(&ana, Table::Void, boasting.id()), "it may stand once its parents are known");
    assert_eq!(current(&ana, space).map(|(key, _)| key), Some(before));
    assert_eq!(ring(&ana, space, |ring| ring.graph.newest_first()), [before]);
}

#[test]
fn keys_that_cover_something_unknown_are_not_handed_on_and_not_written_under() {
    let (mut ana, space) = founded();
    let (mut bob, mut eve) = (node(2), node(3));
    join(&mut ana, &mut bob, space);
    join(&mut ana, &mut eve, space);
    meet(&mut bob, &ana);
    // Eve's removal is known to who makes this epoch, and not yet to bob, who gets a box.
    let removal = crafted(&ana, space, post("stands for a removal"), None, |_| {});
    let rotated = made(&ana, space, &[&ana, &bob], 0, vec![Digest(removal.id().0)]);
    let entry = crafted(&ana, space, (Kind::Epoch.code(), Body::Epoch(rotated.epoch.clone()).encode()), Some(&removal), |_| {});
    let handed = |bob: &Node| ring(bob, space, |ring| ring.to_hand_on().iter().any(|(key, _)| *key == rotated.key));
    // The boxes come before the removal, as over a bad line.
    let (hidden, visible) = (removal.clone(), entry.clone());
    assert_eq!(take(&mut bob, &hidden), Taken::Kept);
    bob.store.commit([((Table::Body, hidden.id().0.to_vec()), None)].into_iter().collect()).expect("memory");
    assert_eq!(take(&mut bob, &visible), Taken::Kept);
    assert!(bob.read(|tx| secret::epoch(tx, &bob.me, &space, &rotated.key)).is_some(), "bob has a box");
    assert!(!handed(&bob), "eve could be asking");
    assert_ne!(current(&bob, space).map(|(key, _)| key), Some(rotated.key));
    take(&mut ana, &removal);
    let row = ana.read(|tx| tx.get(Table::Body, &removal.id().0)).expect("opened");
    bob.store.commit([((Table::Body, removal.id().0.to_vec()), Some(row))].into_iter().collect()).expect("memory");
    assert!(handed(&bob));
    assert_eq!(current(&bob, space).map(|(key, _)| key), Some(rotated.key));
}

#[test]
fn a_removal_is_covered_before_anything_is_said_and_the_next_one_is_said_under_it() {
    let (mut ana, space) = founded();
    let (mut bob, mut eve) = (node(2), node(3));
    join(&mut ana, &mut bob, space);
    join(&mut ana, &mut eve, space);
    let (first, second) = (bob.me.id().to_string(), eve.me.id().to_string());
    ana.work(|work| work.circle_remove(CIRCLE, &first)).expect("removes");
    let (covering, _) = current(&ana, space).expect("an epoch");
    ana.work(|work| work.circle_remove(CIRCLE, &second)).expect("removes");
    let roster = ana.read(|tx| circle::roster(tx, &space)).expect("a roster");
    let by = roster.removed[&eve.me.id()].by;
    assert_eq!(ana.read(|tx| known::entry(tx, &by)).expect("held").header().key, Some(covering), "bob cannot read whom they remove next");
    bob.follow(&ana);
    assert!(!has(&bob, Table::Body, by));
    eve.follow(&ana);
    assert!(has(&eve, Table::Body, by), "eve learns of her own removal");
    let (last, _) = current(&ana, space).expect("an epoch");
    assert_eq!(ring(&ana, space, |ring| ring.graph.covered(&last)), ring(&ana, space, |ring| ring.required.clone()));
    assert_eq!(eve.read(|tx| secret::epoch(tx, &eve.me, &space, &last)), None);
}

#[test]
fn a_log_begins_so_many_epochs_in_a_day() {
    let (mut ana, space) = founded();
    for _ in 1..EPOCHS_PER_DAY_MAX {
        ana.work(|work| work.rotate(space, None)).expect("new keys");
    }
    let (leads, _) = current(&ana, space).expect("an epoch");
    let problem = ana.work(|work| work.rotate(space, None)).expect_err("too many");
    assert_eq!(problem.code, "rule");
    let rotated = made(&ana, space, &[&ana], 0, vec![]);
    let more = epoch_entry(&rotated, &ana, space);
    assert_eq!(take(&mut ana, &more), Taken::Kept);
    assert!(has(&ana, Table::Void, more.id()));
    assert_eq!(current(&ana, space).map(|(key, _)| key), Some(leads));
    ana.now = ana.now.plus(DAY_MS);
    ana.work(|work| work.rotate(space, None)).expect("tomorrow");
}

#[test]
fn old_keys_are_replaced_by_whose_turn_it_is() {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    meet(&mut bob, &ana);
    let records = [&ana, &bob].map(|node| {
        let claim = Claim::Prekey(seal::prekey_public(&node.me.prekeys[0].0));
        let record = Record { device: node.device(), claim, issued: node.now, expires: node.now.plus(40 * DAY_MS) };
        (record.sign(&node.me.pair), record)
    });
    for node in [&mut ana, &mut bob] {
        for (signed, record) in &records {
            node.work(|work| intake::record(&mut work.cx(), record, signed));
        }
    }
    let generation = |node: &Node| ring(node, space, |ring| ring.leading().and_then(|(key, _)| Some(ring.graph.node(&key)?.generation)));
    let mut rotations = 0;
    for hours in [24, 7 * 24 - 30, 8, 8] {
        for node in [&mut ana, &mut bob] {
            node.now = node.now.plus(hours * haat_protocol::time::HOUR_MS);
            let before = generation(node);
            node.work(|work| work.tend_epoch(space));
            rotations += u64::from(generation(node) != before);
        }
        if hours < 100 && rotations == 0 {
            assert_eq!(generation(&ana), Some(0), "not before a week is over");
        }
        ana.follow(&bob);
        bob.follow(&ana);
    }
    assert_eq!(rotations, 1, "one of them did it, the other found it done");
    assert_eq!(generation(&ana), Some(1));
    let topic = |node: &Node| ring(node, space, |ring| ring.leading().and_then(|(_, keys)| keys.topic));
    assert_eq!(topic(&ana), topic(&bob), "and the topic stayed");
}

#[test]
fn a_member_is_handed_old_keys_however_late_it_asks() {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    // An epoch that was not sealed to bob, and what was said under it; then the next one.
    let rotated = made(&ana, space, &[&ana], 0, vec![]);
    let epoch = epoch_entry(&rotated, &ana, space);
    take(&mut ana, &epoch);
    ana.work(|work| intake::learn_epoch(&mut work.cx(), space, rotated.key, rotated.keys.clone()));
    let said =
        ana.work(|work| work.author(space, &Body::Post(Post { text: "hello".into(), listings: vec![], reply_to: None }))).expect("says");
    ana.now = ana.now.plus(1_000);
    ana.work(|work| work.rotate(space, None)).expect("new keys");
    let years = ana.now.plus(700 * DAY_MS);
    (ana.now, bob.now) = (years, years);
    bob.follow(&ana);
    assert!(!has(&bob, Table::Body, said), "nobody handed the keys over yet");
    let device = bob.device();
    let claim = Claim::Prekey(seal::prekey_public(&bob.me.prekeys[0].0));
    let prekey = Record { device, claim, issued: years, expires: years.plus(DAY_MS) }.sign(&bob.me.pair);
    let answer = ana.work(|work| work.keys_request(device, space, &prekey));
    bob.work(|work| work.keys_answered(space, &answer));
    assert!(has(&bob, Table::Body, said), "the window is that of the day bob came, not of the day of asking");
    // Who comes now is not handed them.
    let mut newcomer = node(4);
    join(&mut ana, &mut newcomer, space);
    assert!(!has(&newcomer, Table::Body, said));
}

#[test]
fn what_is_said_first_after_a_removal_is_not_said_where_the_removed_listens() {
    let (mut ana, space) = founded();
    let (mut bob, mut eve) = (node(2), node(3));
    join(&mut ana, &mut bob, space);
    join(&mut ana, &mut eve, space);
    meet(&mut bob, &ana);
    let before = bob.work(|work| {
        (work.conduct.gossip, work.passing.is_stale) = (true, true);
        work.settle();
        work.passing.topics[&space].clone()
    });
    let answer = ana.work(|work| work.circle_remove(CIRCLE, &eve.me.id().to_string())).expect("removes");
    let removal: EntryId = answer["entry"].as_str().expect("an id").parse().expect("an id");
    let removal = ana.read(|tx| known::entry(tx, &removal)).expect("held");
    // The removal came, the new keys did not: bob speaks, and makes some.
    for seq in 0..=removal.header().seq {
        let entry = ana.read(|tx| Known(tx).at(&removal.header().log_id(), seq).and_then(|id| known::entry(tx, &id))).expect("held");
        take(&mut bob, &entry);
    }
    let wishes = bob.work(|work| {
        work.conduct.gossip = true;
        work.author(space, &Body::Post(Post { text: "hello".into(), listings: vec![], reply_to: None })).expect("says");
        std::mem::take(&mut work.out)
    });
    let topics =
        wishes.iter().filter_map(|wish| if let Effect::Net(NetCommand::Publish { topic, .. }) = wish { Some(topic) } else { None });
    let topics: Vec<&String> = topics.collect();
    assert!(!topics.is_empty() && topics.iter().all(|topic| **topic != before), "said on {topics:?}");
}

/// Eve tells ana's newest epoch once more, in a log of her own that begins before everything else.
fn told_again(ana: &Node, eve: &Node, space: SpaceId, at: Millis) -> Entry {
    let (key, _) = current(ana, space).expect("an epoch");
    let entry = ana.read(|tx| circle::epoch(tx, &space, &key)).expect("told").entry;
    let Some(Body::Epoch(epoch)) = ana.read(|tx| crate::view::body(tx, &entry)) else { panic!("an epoch") };
    crafted(eve, space, (Kind::Epoch.code(), Body::Epoch(epoch).encode()), None, |header| {
        (header.log, header.seq, header.prev, header.lamport, header.at) = (1, 0, None, 1, at);
    })
}

#[test]
fn an_epoch_stays_whoever_tells_it_again_and_goes() {
    let (mut ana, space) = founded();
    let (mut bob, mut eve) = (node(2), node(3));
    join(&mut ana, &mut bob, space);
    join(&mut ana, &mut eve, space);
    meet(&mut bob, &ana);
    ana.work(|work| work.rotate(space, None)).expect("new keys");
    let (key, _) = current(&ana, space).expect("an epoch");
    let again = told_again(&ana, &eve, space, ana.now);
    // Bob hears of the repeat after the epoch, dan before it; ana never does, and removes eve.
    bob.follow(&ana);
    assert_eq!(take(&mut bob, &again), Taken::Kept);
    assert!(!has(&bob, Table::Void, again.id()));
    let mut dan = bob.again(4);
    let word =
        ana.work(|work| work.author(space, &Body::Post(Post { text: "hello".into(), listings: vec![], reply_to: None }))).expect("says");
    ana.work(|work| work.circle_remove(CIRCLE, &eve.me.id().to_string())).expect("removes");
    for node in [&mut bob, &mut dan] {
        node.follow(&ana);
        assert!(ring(node, space, |ring| ring.graph.node(&key).is_some()), "it stands by its first telling");
        assert_eq!(current(node, space).map(|(key, _)| key), current(&ana, space).map(|(key, _)| key));
        assert!(has(node, Table::Body, word));
        node.work(|work| work.author(space, &Body::Post(Post { text: "still here".into(), listings: vec![], reply_to: None })))
            .expect("says");
        is_sound(node);
    }
}

#[test]
fn an_epoch_told_again_first_and_of_long_ago_is_as_young_as_its_maker_says() {
    let (mut ana, space) = founded();
    let (mut bob, mut eve) = (node(2), node(3));
    join(&mut ana, &mut bob, space);
    join(&mut ana, &mut eve, space);
    meet(&mut bob, &ana);
    let (before, _) = current(&ana, space).expect("an epoch");
    let said =
        ana.work(|work| work.author(space, &Body::Post(Post { text: "hello".into(), listings: vec![], reply_to: None }))).expect("says");
    ana.work(|work| work.rotate(space, None)).expect("new keys");
    let (key, _) = current(&ana, space).expect("an epoch");
    let again = told_again(&ana, &eve, space, Millis(60_000));
    // Bob hears of the repeat first.
    assert_eq!(take(&mut bob, &again), Taken::Kept);
    bob.follow(&ana);
    take(&mut ana, &again);
    for node in [&mut ana, &mut bob] {
        node.work(|work| work.tend_epoch(space));
        assert_eq!(current(node, space).map(|(key, _)| key), Some(key), "it is not taken for old");
        assert!(ring(node, space, |ring| ring.followed_at(&before)) > Some(Millis(60_000)), "nor the one before for over since long");
    }
    let mut newcomer = node(4);
    join(&mut ana, &mut newcomer, space);
    assert!(has(&newcomer, Table::Body, said), "it is in the window");
}
