//! What is taken back, in whatever order it comes: the log stays sound, and views derived again are the same.

use super::*;

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
