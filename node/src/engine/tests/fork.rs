//! Forked logs: how they are met, what they set aside, and how a close heals them.

use std::collections::VecDeque;

use haat_protocol::body::Vouch;
use haat_protocol::codec::{decode, encode};
use haat_protocol::crypto::hash;
use haat_protocol::fork::Fork;
use haat_protocol::identity::{Change, LogEnd, blind_log};
use haat_protocol::limits::{GOSSIP_MAX_BYTES, PARKED_PER_LOG_MAX};
use haat_protocol::sync::{Effect as Step, Relation, Session, Stream};
use haat_protocol::trust::Weight;
use haat_protocol::wire::Scope;

use super::*;
use crate::engine::Conduct;
use crate::keyring::Keyring;
use crate::net::{GossipId, GossipVerdict};
use crate::view::fork;

/// Ana, bob and eve in one circle, all knowing all.
fn three() -> (Node, Node, Node, SpaceId) {
    let (mut ana, space) = founded();
    let (mut bob, mut eve) = (node(2), node(3));
    join(&mut ana, &mut bob, space);
    join(&mut ana, &mut eve, space);
    meet(&mut bob, &ana);
    meet(&mut eve, &ana);
    (ana, bob, eve, space)
}

fn vouch(for_whom: &Node) -> (u64, Vec<u8>) {
    let body = Vouch { identity: for_whom.me.id(), weight: Weight::Close, text: String::new() };
    (Kind::Vouch.code(), Body::Vouch(body).encode())
}

/// What two nodes compare of the logs of a circle, and of its forks.
fn streams(node: &Node, space: SpaceId) -> Vec<Stream> {
    let all = node.work_less(|held| [Scope::Circle, Scope::Records].map(|scope| held.streams(&space, &scope)));
    all.iter().flat_map(|held| held.iter().copied()).filter(|stream| matches!(stream.key, StreamKey::Log(_) | StreamKey::Fork(_))).collect()
}

fn log_of(node: &Node, space: SpaceId) -> LogId {
    LogId { space, device: node.device(), number: 0 }
}

fn head(node: &Node, log: &LogId) -> Option<u64> {
    node.read(|tx| Known(tx).head(log)).map(|head| head.seq)
}

/// Bob says one thing to ana and another to eve.
fn forked() -> (Node, Node, Node, SpaceId, [Vec<Entry>; 2]) {
    let (mut ana, bob, mut eve, space) = three();
    let left = crafted(&bob, space, post("to the left"), None, |_| {});
    let more = crafted(&bob, space, vouch(&eve), Some(&left), |_| {});
    let right = crafted(&bob, space, post("to the right"), None, |_| {});
    for entry in [&left, &more] {
        assert_eq!(take(&mut ana, entry), Taken::Kept);
    }
    assert_eq!(take(&mut eve, &right), Taken::Kept);
    assert_eq!(rows(&ana, Table::Vouch), 1);
    (ana, bob, eve, space, [vec![left, more], vec![right]])
}

#[test]
fn a_fork_is_met_told_and_set_aside_alike() {
    let (mut ana, bob, mut eve, space, [left, right]) = forked();
    let Taken::Forked(found) = take(&mut ana, &right[0]) else { panic!("ana holds another entry at this place") };
    assert_eq!(take(&mut ana, &right[0]), Taken::Refused(haat_protocol::admit::Refusal::Fork(left[0].id())), "told once");
    assert_eq!(rows(&ana, Table::Vouch), 0, "what is contested weighs nothing");
    assert!(!ana.read(|tx| known::counts(tx, left[0].header())));
    let device = ana.device();
    eve.work(|work| work.take_items(space, vec![Item::Fork(found.proof().clone())], Some(device)));
    assert_eq!(streams(&ana, space), streams(&eve, space), "whichever branch they hold");
    assert!(ana.read(|tx| fork::of_person(tx, &space, &bob.me.id())) == [true]);
    let beyond = crafted(&bob, space, post("and on"), Some(&left[1]), |_| {});
    take(&mut ana, &beyond);
    assert!(!ana.read(|tx| known::counts(tx, beyond.header())));
    assert_eq!(streams(&ana, space), streams(&eve, space));
    is_sound(&ana);
    is_sound(&eve);
}

#[test]
fn a_proof_of_a_lower_fork_says_more_and_of_the_same_nothing() {
    let (mut ana, bob, _, space, [left, right]) = forked();
    let low = Fork::between(&left[0], &right[0]).expect("a fork");
    let high = Fork::between(&left[1], &crafted(&bob, space, post("another"), Some(&left[0]), |_| {})).expect("a fork");
    let same = Fork::between(&left[0], &crafted(&bob, space, post("third"), None, |_| {})).expect("a fork");
    let take = |ana: &mut Node, fork: &Fork| ana.work(|work| intake::fork::take(&mut work.cx(), fork));
    assert_eq!([&high, &low, &same, &high].map(|fork| take(&mut ana, fork)), [true, true, false, false]);
    assert_eq!(ana.read(|tx| fork::forked(tx, low.log())).map(|row| row.seq), Some(low.seq()));
    let stranger = Node::new(9);
    let foreign = |text: &str| {
        let (kind, body) = post(text);
        let header = Header { device: stranger.device(), kind, key: None, payload_hash: None, ..left[0].header().clone() };
        Draft { header, body }
            .sign(&stranger.me.pair, None, &hash(haat_protocol::crypto::Context::Stream, &[text.as_bytes()]))
            .expect("signs")
    };
    let of_nobody = Fork::between(&foreign("a"), &foreign("b")).expect("a fork");
    assert!(!take(&mut ana, &of_nobody), "nobody fills the log with forks of made-up devices");
    is_sound(&ana);
}

#[test]
fn a_close_names_the_branch_that_stands_and_the_others_take_it() {
    let (mut ana, bob, mut eve, space, [left, right]) = forked();
    let Taken::Forked(found) = take(&mut ana, &right[0]) else { panic!("a fork") };
    eve.work(|work| intake::fork::take(&mut work.cx(), &found));
    let mut chain = bob.me.identity.chain().clone();
    let log = log_of(&bob, space);
    let end = LogEnd { log: blind_log(&space, &log.device, 0), seq: left[1].header().seq, id: left[1].id() };
    chain.append(bob.me.root.as_ref().expect("at hand"), Change::CloseLog { end }, Millis(5));
    let closed = chain.verify().expect("holds");
    for node in [&mut ana, &mut eve] {
        assert!(node.work(|work| intake::identity(&mut work.cx(), &closed)));
    }
    assert_eq!(head(&ana, &log), Some(end.seq), "ana holds the named branch");
    assert_eq!(head(&eve, &log), found.seq().checked_sub(1), "eve lets the other one go");
    assert!(!has(&eve, Table::Body, right[0].id()));
    assert!(matches!(take(&mut eve, &right[0]), Taken::Parked(_)), "nothing stands before the named end is here");
    assert!(matches!(take(&mut eve, &left[0]), Taken::Parked(_)));
    assert_eq!(take(&mut eve, &left[1]), Taken::Kept);
    assert_eq!(streams(&ana, space), streams(&eve, space));
    assert!(has(&eve, Table::Body, left[0].id()), "what was said stands again");
    assert_eq!((rows(&ana, Table::Vouch), rows(&eve, Table::Vouch)), (0, 0), "a vouch above a fork never weighs");
    assert!(ana.read(|tx| fork::of_person(tx, &space, &bob.me.id())) == [false]);
    is_sound(&ana);
    is_sound(&eve);
}

#[test]
fn an_end_far_away_neither_keeps_a_node_busy_nor_fills_it() {
    let (_, bob, mut eve, space, [left, right]) = forked();
    let found = Fork::between(&left[0], &right[0]).expect("a fork");
    eve.work(|work| intake::fork::take(&mut work.cx(), &found));
    let mut chain = bob.me.identity.chain().clone();
    let (log, far) = (log_of(&bob, space), 1 << 50);
    let end = LogEnd { log: blind_log(&space, &log.device, 0), seq: far, id: EntryId([7; 32]) };
    chain.append(bob.me.root.as_ref().expect("at hand"), Change::CloseLog { end }, Millis(5));
    let closed = chain.verify().expect("holds");
    assert!(eve.work(|work| intake::identity(&mut work.cx(), &closed)));
    let at = |seq: u64| crafted(&bob, space, post("far away"), Some(&left[0]), |header| header.seq = seq);
    assert!(matches!(take(&mut eve, &at(far)), Taken::Refused(_)), "another entry is named for that place");
    let near = found.seq() + PARKED_PER_LOG_MAX as u64;
    for seq in [near, far - 1] {
        assert!(matches!(take(&mut eve, &at(seq)), Taken::Parked(_)));
    }
    assert_eq!(rows(&eve, Table::Parked), 0, "what is so far away is not kept");
    assert!(matches!(take(&mut eve, &at(near - 1)), Taken::Parked(_)));
    assert_eq!(rows(&eve, Table::Parked), 1);
    is_sound(&eve);
}

#[test]
fn who_finds_an_own_fork_closes_it_and_goes_on() {
    let (mut ana, mut bob, _, space, [left, right]) = forked();
    assert_eq!(take(&mut bob, &left[0]), Taken::Kept);
    let found = Fork::between(&left[0], &right[0]).expect("a fork");
    bob.work(|work| work.take_fork(found.proof().clone()));
    let chain = bob.read(|tx| known::own_chain(tx, &bob.me));
    assert_eq!(chain.operations.len(), 2, "closed by the root");
    let entry = bob.work(|work| work.author(space, &Body::Post(Post { text: "on".into(), listings: vec![], reply_to: None })));
    let entry = entry.expect("never locked out");
    let log = bob.read(|tx| known::entry(tx, &entry)).expect("held").header().log_id();
    assert!(log.number > 0, "in a new log");
    ana.work(|work| work.take_items(space, vec![Item::Identity(chain)], None));
    ana.follow(&bob);
    assert!(ana.read(|tx| known::entry(tx, &entry)).is_some());
    is_sound(&ana);
    is_sound(&bob);
}

#[test]
fn of_a_revoked_device_stands_what_its_cuts_name() {
    let (mut ana, bob, _, space) = three();
    let first = crafted(&bob, space, vouch(&ana), None, |_| {});
    let second = crafted(&bob, space, post("stolen"), Some(&first), |_| {});
    for entry in [&first, &second] {
        assert_eq!(take(&mut ana, entry), Taken::Kept);
    }
    let mut chain = bob.me.identity.chain().clone();
    let cut = LogEnd { log: blind_log(&space, &bob.device(), 0), seq: first.header().seq, id: first.id() };
    let root = bob.me.root.as_ref().expect("at hand");
    chain.append(root, Change::RevokeDevice { device: bob.device(), cuts: vec![cut] }, Millis(5));
    ana.work(|work| work.take_items(space, vec![Item::Identity(chain)], None));
    assert!(ana.read(|tx| known::counts(tx, first.header()) && !known::counts(tx, second.header())));
    let roster = ana.read(|tx| circle::roster(tx, &space)).expect("a circle");
    assert!(!ana.read(|tx| circle::devices(tx, &roster)).contains(&bob.device()));
    assert_eq!(ana.work_less(|held| held.relation(&space, &bob.device())), Relation::Unknown, "it is handed no keys");
    let covers = |ana: &Node| {
        ana.read(|tx| {
            let ring = Keyring::of(tx, &ana.me, &roster);
            (ring.required.len(), ring.current().is_some_and(|(key, _)| ring.covers_all(&key)))
        })
    };
    assert_eq!(covers(&ana), (1, false), "it holds the keys in use");
    ana.work(|work| work.renew_keys(space)).expect("new keys");
    assert_eq!(covers(&ana), (1, true));
    ana.work(|work| work.circle_remove(CIRCLE, &bob.me.id().to_string())).expect("removes");
    let relation = ana.work_less(|held| held.relation(&space, &bob.device()));
    assert_eq!(relation, Relation::Unknown, "nor the key of the person's removal");
    is_sound(&ana);
}

/// One comparison over sync, from greeting to end, as two connected nodes hold it.
pub(super) fn compare(asker: &mut Node, answerer: &mut Node) {
    let (a, b) = (asker.device(), answerer.device());
    let (mut asking, mut answering) = (Session::new(a, b), Session::new(b, a));
    let mut steps: VecDeque<Step> = asking.begin([3; 16]).into();
    while let Some(step) = steps.pop_front() {
        match step {
            Step::Ask(turn, request) => {
                let mut response = None;
                for step in answerer.work_less(|held| answering.asked(held, request, &[5; 32])) {
                    match step {
                        Step::Answer(answer) => response = Some(answer),
                        Step::Accept { circle, items } => answerer.work(|work| work.take_items(circle, items, Some(a))),
                        _ => {}
                    }
                }
                let response = response.expect("everything is answered");
                steps.extend(asker.work_less(|held| asking.answered(held, turn, response)));
            }
            Step::Accept { circle, items } => {
                asker.work(|work| work.take_items(circle, items, Some(b)));
                steps.extend(asker.work_less(|held| asking.proceed(held)));
            }
            _ => {}
        }
    }
}

fn proofs(node: &Node) -> Vec<Vec<u8>> {
    node.store.snapshot_rows(Table::Fork).into_iter().map(|(_, proof)| proof).collect()
}

/// Ana holds so many entries of the left branch, eve so many of the right one.
fn branches(lefts: usize, rights: usize) -> (Node, Node, Node, SpaceId) {
    let (mut ana, bob, mut eve, space) = three();
    for (node, text, count) in [(&mut ana, "left", lefts), (&mut eve, "right", rights)] {
        let mut last: Option<Entry> = None;
        for n in 0..count {
            let next = crafted(&bob, space, post(&format!("{text} {n}")), last.as_ref(), |_| {});
            assert_eq!(take(node, &next), Taken::Kept);
            last = Some(next);
        }
    }
    (ana, bob, eve, space)
}

#[test]
fn sync_meets_a_fork_whichever_branch_is_longer_and_whoever_asks() {
    for (lefts, rights) in [(1, 1), (2, 1), (1, 2), (40, 3), (3, 40), (40, 40)] {
        for ana_asks in [true, false] {
            let (mut ana, bob, mut eve, space) = branches(lefts, rights);
            // Each asks the other once: two rounds.
            let (one, other) = if ana_asks { (&mut ana, &mut eve) } else { (&mut eve, &mut ana) };
            compare(one, other);
            compare(other, one);
            let what = format!("{lefts} against {rights}, ana asks: {ana_asks}");
            assert_eq!((proofs(&ana).len(), proofs(&ana)), (1, proofs(&eve)), "{what}");
            for node in [&ana, &eve] {
                assert_eq!(node.read(|tx| fork::of_person(tx, &space, &bob.me.id())), [true], "{what}");
                is_sound(node);
            }
            assert_eq!(streams(&ana, space), streams(&eve, space), "{what}");
        }
    }
}

/// What a node publishes when a message comes by gossip, and what it says of the message.
fn gossiped(node: &mut Node, space: SpaceId, from: DeviceId, item: &Item) -> (Vec<Item>, Option<GossipVerdict>) {
    node.work(|work| {
        work.conduct = Conduct { gossip: true };
        work.passing.topics.insert(space, "lane".into());
        let (id, data) = (GossipId([1; 20]), encode(item));
        work.net(NetEvent::Gossip { id, device: from, topic: "lane".into(), data });
        let (mut told, mut verdict) = (Vec::new(), None);
        for effect in std::mem::take(&mut work.out) {
            match effect {
                Effect::Net(NetCommand::Publish { data, .. }) => told.push(decode::<Item>(&data, GOSSIP_MAX_BYTES).expect("an item")),
                Effect::Net(NetCommand::Verdict { verdict: said, .. }) => verdict = Some(said),
                _ => {}
            }
        }
        (told, verdict)
    })
}

#[test]
fn gossip_meets_a_fork_and_its_proof_spreads_once() {
    let (mut ana, bob, mut eve, space, [left, right]) = forked();
    let (told, _) = gossiped(&mut ana, space, bob.device(), &Item::Entry(right[0].raw().clone()));
    let [proof] = told.as_slice() else { panic!("one proof is told: {told:?}") };
    assert!(matches!(proof, Item::Fork(_)));
    assert_eq!(gossiped(&mut ana, space, bob.device(), &Item::Entry(right[0].raw().clone())).0, [], "told once");
    let (told, verdict) = gossiped(&mut eve, space, ana.device(), proof);
    assert_eq!((told.len(), verdict), (0, Some(GossipVerdict::Accept)), "the network passes it on");
    let (_, verdict) = gossiped(&mut eve, space, ana.device(), proof);
    assert_eq!(verdict, Some(GossipVerdict::Ignore), "and not again");
    assert_eq!((proofs(&ana).len(), proofs(&ana)), (1, proofs(&eve)));
    assert!(!ana.read(|tx| known::counts(tx, left[0].header())) && !eve.read(|tx| known::counts(tx, right[0].header())));
    let Item::Fork(proof) = proof else { return };
    let mut bent = proof.clone();
    bent.one.header[40] ^= 1;
    assert_eq!(gossiped(&mut eve, space, ana.device(), &Item::Fork(bent)).1, Some(GossipVerdict::Reject));
}
