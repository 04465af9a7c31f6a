//! Mixed versions: what a program that is newer than this one writes is stored, passed on and shown as such, and what must be understood
//! lets nothing later take effect. Nobody falls out of step over it.

use haat_protocol::codec::encode;
use haat_protocol::crypto::Label;
use haat_protocol::identity::SignedOperation;
use haat_protocol::limits::{GOSSIP_MAX_BYTES, SYNC_BATCH_BYTES};
use haat_protocol::wire::Scope;

use super::*;
use crate::net::{GossipId, GossipVerdict};
use crate::view::{circle, feed};

/// Ana and Bob in one circle.
fn two() -> (Node, Node, SpaceId) {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    (ana, bob, space)
}

fn passes_on(node: &Node, space: SpaceId, entry: &Entry) -> bool {
    let log = entry.header().log_id();
    let wants = [Want { key: StreamKey::Log(log), from: entry.header().seq, count: Some(1) }];
    let batch = node.work_less(|held| held.batch(&space, &wants, false, SYNC_BATCH_BYTES));
    batch.items.first() == Some(&Item::Entry(entry.raw().clone()))
}

fn is_shown(node: &Node, entry: &Entry) -> bool {
    node.read(|tx| tx.has(Table::FeedAll, &feed::all_key(entry)))
}

#[test]
fn unknown_kinds_of_every_range_are_kept_and_passed_on() {
    let (mut ana, bob, space) = two();
    let before = ana.read(|tx| circle::roster(tx, &space));
    let mut last = None;
    for kind in [31, 63, 96, 1_000_000] {
        let entry = crafted(&bob, space, (kind, vec![0xff; 40]), last.as_ref(), |_| {});
        assert_eq!(take(&mut ana, &entry), Taken::Kept, "kind {kind}");
        assert!(passes_on(&ana, space, &entry) && !has(&ana, Table::Void, entry.id()), "kind {kind}");
        last = Some(entry);
    }
    assert_eq!(ana.read(|tx| circle::roster(tx, &space)), before, "what is not understood changes nothing");
    let after = crafted(&bob, space, post("after"), last.as_ref(), |_| {});
    assert_eq!(take(&mut ana, &after), Taken::Kept);
    assert!(is_shown(&ana, &after), "who need not be understood stops nothing");
    is_sound(&ana);
}

#[test]
fn kinds_stay_in_their_sort_of_space() {
    let (mut ana, bob, space) = two();
    let lost = crafted(&bob, space, (95, vec![1]), None, |header| header.key = None);
    assert!(matches!(take(&mut ana, &lost), Taken::Refused(_)), "a shop's kind in a circle, also one of a newer version");
}

#[test]
fn extensions_and_bits_that_nobody_knows_change_nothing() {
    let (mut ana, bob, space) = two();
    let extended = crafted(&bob, space, post("more"), None, |header| {
        header.extensions = [("sub-thread".to_owned(), ByteBuf::from(vec![7; 40]))].into();
        header.flags = 0b110;
    });
    assert_eq!(take(&mut ana, &extended), Taken::Kept);
    assert!(is_shown(&ana, &extended) && passes_on(&ana, space, &extended), "the very bytes, extension and bits included");
    let known = crafted(&bob, space, post("must"), Some(&extended), |header| header.flags = FLAG_CRITICAL);
    assert_eq!(take(&mut ana, &known), Taken::Kept);
    assert!(is_shown(&ana, &known), "a kind that is known is understood");
    is_sound(&ana);
}

#[test]
fn a_critical_extension_stops_its_log_and_no_other() {
    let (mut ana, mut bob, space) = two();
    let stop = crafted(&bob, space, post("priced"), None, |header| {
        header.extensions = [("!price".to_owned(), ByteBuf::from(vec![1]))].into();
    });
    let after = crafted(&bob, space, post("after"), Some(&stop), |_| {});
    for entry in [&stop, &after] {
        assert_eq!(take(&mut ana, entry), Taken::Kept);
        assert!(has(&ana, Table::Void, entry.id()) && !is_shown(&ana, entry), "kept, without effect");
        assert!(passes_on(&ana, space, entry));
        assert_eq!(take(&mut bob, entry), Taken::Kept, "the writer's own node of today agrees");
    }
    let mine = crafted(&ana, space, post("mine"), None, |header| header.refs = vec![after.id()]);
    assert_eq!(take(&mut ana, &mine), Taken::Kept);
    assert!(is_shown(&ana, &mine), "other logs go on, also those that follow it");
    is_sound(&ana);
}

#[test]
fn nodes_of_today_agree_whatever_came_first() {
    let (mut ana, mut bob, space) = two();
    let mut carol = node(3);
    join(&mut ana, &mut carol, space);
    meet(&mut carol, &ana);
    meet(&mut bob, &ana);
    let first = crafted(&bob, space, (40, vec![1, 2]), None, |_| {});
    let stop = crafted(&bob, space, (41, vec![3]), Some(&first), |header| header.flags = FLAG_CRITICAL);
    let after = crafted(&bob, space, post("after"), Some(&stop), |_| {});
    let all = [&first, &stop, &after];
    all.iter().for_each(|entry| assert_eq!(take(&mut ana, entry), Taken::Kept));
    let backwards: Vec<Taken> = all.iter().rev().map(|entry| take(&mut carol, entry)).collect();
    assert!(matches!(backwards[..], [Taken::Parked(_), Taken::Parked(_), Taken::Kept]), "{backwards:?}");
    let log = first.header().log_id();
    let view = |node: &Node| {
        let head = node.read(|tx| Known(tx).head(&log));
        (head, all.map(|entry| has(node, Table::Void, entry.id())))
    };
    assert_eq!(view(&ana), view(&carol));
    // What is of an unknown kind has no effect to lose; what follows it has.
    assert_eq!(view(&ana).1, [false, false, true]);
    let streams = |node: &Node| {
        let all = node.work_less(|held| held.streams(&space, &Scope::Circle));
        all.iter().copied().filter(|stream| matches!(stream.key, StreamKey::Log(_))).collect::<Vec<_>>()
    };
    assert_eq!(streams(&ana).iter().find(|s| s.key == StreamKey::Log(log)), streams(&carol).iter().find(|s| s.key == StreamKey::Log(log)));
}

#[test]
fn a_message_of_a_newer_version_is_not_held_against_its_sender() {
    let (mut ana, bob, _) = two();
    let newer = encode(&BTreeMap::from([("poll", BTreeMap::from([("answers", 3u64)]))]));
    let before = ana.everything();
    assert_eq!(verdict(&mut ana, &bob, newer.clone()), Some(GossipVerdict::Ignore), "an item of a newer version");
    assert_eq!(verdict(&mut ana, &bob, vec![0xff]), Some(GossipVerdict::Reject), "no item at all");
    let mut longer = newer.clone();
    longer.push(0);
    assert_eq!(verdict(&mut ana, &bob, longer), Some(GossipVerdict::Reject), "not canonical");
    for channel in [Channel::Sync, Channel::Direct] {
        let (device, data) = (bob.device(), newer.clone());
        let out = ana.work(|work| {
            work.net(NetEvent::Request { id: ResponseId(1), device, channel, data });
            work.out.clone()
        });
        assert!(matches!(&out[..], [Effect::Net(NetCommand::Respond { .. })]), "it is answered, though with nothing");
    }
    assert_eq!(ana.everything(), before);
}

fn verdict(node: &mut Node, from: &Node, data: Vec<u8>) -> Option<GossipVerdict> {
    let out = node.work(|work| {
        work.net(NetEvent::Gossip { id: GossipId([1; 20]), topic: String::new(), device: from.device(), data });
        work.out.clone()
    });
    out.into_iter().find_map(|effect| match effect {
        Effect::Net(NetCommand::Verdict { verdict, .. }) => Some(verdict),
        _ => None,
    })
}

#[test]
fn a_chain_with_an_unknown_change_leaves_the_known_part_standing() {
    let (mut ana, bob, _) = two();
    let held = |ana: &Node| ana.read(|tx| known::chain(tx, &bob.me.id())).expect("held").operations.len();
    let before = held(&ana);
    let mut chain = bob.me.identity.chain().clone();
    let change = BTreeMap::from([("bless_device", BTreeMap::from([("device", ByteBuf::from(vec![4; 32]))]))]);
    let root = chain.inception.root;
    let bytes = encode(&(change, root));
    chain.operations.push(SignedOperation { sig: bob.me.pair.sign(Label::Operation, &bytes), bytes });
    assert!(chain.clone().verify().is_err(), "it is refused whole");
    let data = encode(&Item::Identity(chain));
    assert!(data.len() <= GOSSIP_MAX_BYTES);
    verdict(&mut ana, &bob, data);
    assert_eq!(held(&ana), before);
}
