//! What the event stream tells of entries that waited: when they are shown marked, and when they come to stand.

use haat_protocol::entry::NORMS_EXTENSION;

use super::*;
use crate::engine::work::Work;

/// Ana and Bob in one circle.
fn two() -> (Node, Node, SpaceId) {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    (ana, bob, space)
}

/// The entries of which listeners are told when one group of inputs does this.
fn told(node: &mut Node, act: impl FnOnce(&mut Work<'_, '_>)) -> Vec<EntryId> {
    let out = node.work(|work| {
        act(work);
        work.notice_news();
        work.out.clone()
    });
    let news = out.into_iter().filter_map(|effect| match effect {
        Effect::Happened(news) if news.kind == "entry" => Some(news.subject.parse().expect("an entry")),
        _ => None,
    });
    news.collect()
}

fn takes(node: &mut Node, entry: &Entry) -> Vec<EntryId> {
    told(node, |work| {
        intake::entry(&mut work.cx(), entry);
    })
}

#[test]
fn what_waits_for_an_earlier_entry_is_told_twice() {
    let (mut ana, bob, space) = two();
    let first = crafted(&bob, space, post("first"), None, |_| {});
    let second = crafted(&bob, space, post("second"), Some(&first), |_| {});
    let vouch = Body::Vouch(Vouch { identity: ana.me.id(), weight: Weight::Close, text: String::new() });
    let silent = crafted(&bob, space, (Kind::Vouch.code(), vouch.encode()), Some(&second), |_| {});
    assert_eq!(takes(&mut ana, &second), [second.id()], "it is shown, marked");
    assert_eq!(takes(&mut ana, &second), [], "once");
    assert_eq!(takes(&mut ana, &silent), [], "what is not shown before its time is not told");
    assert_eq!(takes(&mut ana, &first), [first.id(), second.id(), silent.id()], "all stand now");
    let stranger = node(9);
    let header = second.header().clone();
    let foreign = Header { device: stranger.device(), seq: 5, prev: Some(first.id()), key: None, payload_hash: None, ..header };
    let foreign = Draft { header: foreign, body: vec![1] }.sign(&stranger.me.pair, None, &[1; 32]).expect("signs");
    assert_eq!(takes(&mut ana, &foreign), [], "a made-up writer is no news");
}

#[test]
fn what_waits_for_its_key_is_told_when_it_opens() {
    let (mut ana, mut bob, space) = two();
    let said = crafted(&ana, space, post("hello"), None, |_| {});
    let (key, keys) = ana.work(|work| keyring::current(&work.tx, work.me, &space)).expect("a key");
    let forgotten = bob.read(|tx| tx.prefix(Table::Secret, &space.0));
    bob.store.commit(forgotten.iter().map(|(key, _)| ((Table::Secret, key.clone()), None)).collect()).expect("memory");
    assert_eq!(takes(&mut bob, &said), [said.id()]);
    assert!(!has(&bob, Table::Body, said.id()), "sealed");
    assert_eq!(told(&mut bob, |work| intake::learn_epoch(&mut work.cx(), space, key, keys)), [said.id()], "it can be read");
    assert_eq!(take(&mut ana, &said), Taken::Kept);
}

#[test]
fn what_takes_effect_later_is_told_then() {
    let (mut ana, bob, space) = two();
    let ahead = crafted(&bob, space, post("by tomorrow's rules"), None, |header| {
        header.extensions.insert(NORMS_EXTENSION.into(), ByteBuf::from(1u64.to_be_bytes()));
    });
    assert_eq!(takes(&mut ana, &ahead), [ahead.id()]);
    assert!(has(&ana, Table::Void, ahead.id()), "nobody knows these norms");
    let news = told(&mut ana, |work| {
        work.circle_norms(CIRCLE, r#"{"posts_per_day": 3}"#).expect("changes");
    });
    assert!(!has(&ana, Table::Void, ahead.id()) && news.contains(&ahead.id()), "it is shown now: {news:?}");
}

#[test]
fn what_waits_for_its_time_is_told_when_that_comes() {
    let (mut ana, bob, space) = two();
    let later = ana.now.plus(DAY_MS);
    let early = crafted(&bob, space, post("tomorrow"), None, |header| header.at = later);
    takes(&mut ana, &early);
    ana.now = later;
    assert!(told(&mut ana, |work| work.tick()).contains(&early.id()));
}
