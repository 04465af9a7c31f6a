//! Who was let in in vain: by an invite of somebody whose removal the one who let in did not know.

use haat_protocol::identity::{LogEnd, blind_log};
use haat_protocol::sync::Relation;

use super::again::other_device;
use super::fork::compare;
use super::*;

/// The code of an invite.
fn invites(node: &mut Node) -> Code {
    let answer = node.work(|work| work.circle_invite(CIRCLE, None, None)).expect("invites");
    Code::parse(answer["code"].as_str().expect("a code")).expect("a code")
}

/// One member lets a newcomer in by this code.
fn lets_in(host: &mut Node, newcomer: &mut Node, code: &Code) {
    newcomer.now = host.now;
    let (asked, device, inviter) = (request(newcomer, code), newcomer.device(), host.device());
    let answer = host.work(|work| work.join_request(device, asked));
    newcomer.work(|work| work.join_answered(code.space, inviter, answer));
    newcomer.follow(host);
    newcomer.work(|work| intake::retry_all(&mut work.cx()));
}

fn is_in(at: &Node, space: SpaceId, whom: &Node) -> bool {
    at.read(|tx| circle::roster(tx, &space)).is_some_and(|roster| roster.has(&whom.me.id()))
}

/// What a member answers somebody who asks about the circle, taken in there.
fn is_shown(at: &mut Node, by: &mut Node, space: SpaceId) -> Relation {
    let device = at.device();
    let relation = by.work_less(|held| held.relation(&space, &device));
    let items = by.work_less(|held| held.farewell(&space, &device));
    let from = by.device();
    at.work(|work| work.take_items(space, items, Some(from)));
    relation
}

/// Ana's circle with bob and eve, whose invite bob holds.
fn with_an_invite_of_eve() -> (Node, Node, Node, SpaceId, Code) {
    let (mut ana, space) = founded();
    let (mut bob, mut eve) = (node(2), node(3));
    join(&mut ana, &mut bob, space);
    join(&mut ana, &mut eve, space);
    let code = invites(&mut eve);
    meet(&mut bob, &ana);
    meet(&mut bob, &eve);
    (ana, bob, eve, space, code)
}

#[test]
fn who_came_by_an_invite_of_somebody_removed_learns_it() {
    let (mut ana, mut bob, eve, space, code) = with_an_invite_of_eve();
    // Ana has new keys, which eve's guest is never handed, and removes eve under them.
    ana.work(|work| work.rotate(space, None)).expect("new keys");
    let whom = eve.me.id().to_string();
    let removal = ana.work(|work| work.circle_remove(CIRCLE, &whom)).expect("removes");
    let later = ana.work(|work| work.author(space, &Body::Post(Post { text: "alone".into(), listings: vec![], reply_to: None })));
    let mut dan = node(4);
    lets_in(&mut bob, &mut dan, &code);
    assert!(is_in(&bob, space, &dan) && is_in(&dan, space, &dan), "bob did not know of the removal");
    meet(&mut ana, &eve);
    meet(&mut ana, &bob);
    assert!(!is_in(&ana, space, &dan));

    assert_eq!(is_shown(&mut dan, &mut ana, space), Relation::Removed);
    let removal: EntryId = removal["entry"].as_str().expect("an id").parse().expect("an id");
    assert!(has(&dan, Table::Entry, removal), "handed over");
    let (device, prekey) = (dan.device(), request(&dan, &code).prekey);
    let keys = ana.work(|work| work.keys_request(device, space, &prekey));
    dan.work(|work| work.keys_answered(space, &keys));
    assert!(!is_in(&dan, space, &dan), "it is a member for nobody, itself included");
    assert!(!has(&dan, Table::Entry, later.expect("said")), "and nothing later");
    is_sound(&dan);
}

#[test]
fn who_was_let_in_by_somebody_in_vain_learns_it_too() {
    let (mut ana, mut bob, eve, space, code) = with_an_invite_of_eve();
    let whom = eve.me.id().to_string();
    ana.work(|work| work.circle_remove(CIRCLE, &whom)).expect("removes");
    let (mut dan, mut fay) = (node(4), node(5));
    lets_in(&mut bob, &mut dan, &code);
    let code = invites(&mut dan);
    lets_in(&mut dan, &mut fay, &code);
    for other in [&eve, &bob, &dan] {
        meet(&mut ana, other);
    }
    assert!(is_in(&dan, space, &fay), "dan let fay in");
    assert!(is_in(&fay, space, &fay) && !is_in(&ana, space, &fay));
    // For ana, who never took dan for a member, fay is a stranger; dan, who is told, tells fay.
    assert_eq!(is_shown(&mut dan, &mut ana, space), Relation::Removed);
    assert_eq!(is_shown(&mut fay, &mut dan, space), Relation::Removed);
    assert!(!is_in(&fay, space, &fay) && !is_in(&fay, space, &dan));
}

#[test]
fn who_was_let_in_by_somebody_who_was_removed_and_is_in_again_learns_it() {
    let (mut ana, space) = founded();
    let mut eve = node(3);
    join(&mut ana, &mut eve, space);
    let code = invites(&mut eve);
    // Unseen by ana, who removes eve, eve lets dan in; then eve is let in again, and still nothing that eve did before holds.
    let mut dan = node(4);
    lets_in(&mut eve, &mut dan, &code);
    ana.work(|work| work.rotate(space, None)).expect("new keys, which dan is never handed");
    let whom = eve.me.id().to_string();
    let removal = ana.work(|work| work.circle_remove(CIRCLE, &whom)).expect("removes");
    join(&mut ana, &mut eve, space);
    meet(&mut ana, &eve);
    meet(&mut ana, &dan);
    assert!(is_in(&ana, space, &eve) && !is_in(&ana, space, &dan) && is_in(&dan, space, &dan));

    assert_eq!(is_shown(&mut dan, &mut ana, space), Relation::Removed);
    let removal: EntryId = removal["entry"].as_str().expect("an id").parse().expect("an id");
    assert!(has(&dan, Table::Entry, removal), "handed over");
    let (device, prekey) = (dan.device(), request(&dan, &code).prekey);
    let keys = ana.work(|work| work.keys_request(device, space, &prekey));
    dan.work(|work| work.keys_answered(space, &keys));
    assert!(!is_in(&dan, space, &dan), "it is a member for nobody, itself included");
    is_sound(&dan);
}

#[test]
fn who_came_by_an_invite_that_was_used_up_elsewhere_learns_it() {
    let (mut ana, mut bob, mut eve, space, code) = with_an_invite_of_eve();
    let (mut dan, mut fay) = (node(4), node(5));
    lets_in(&mut bob, &mut dan, &code);
    lets_in(&mut eve, &mut fay, &code);
    for other in [&bob, &eve] {
        meet(&mut ana, other);
    }
    let (mut out, stays) = if is_in(&ana, space, &dan) { (fay, dan) } else { (dan, fay) };
    assert!(is_in(&ana, space, &stays) && !is_in(&ana, space, &out) && is_in(&out, space, &out));
    assert_eq!(is_shown(&mut out, &mut ana, space), Relation::Removed);
    assert!(!is_in(&out, space, &out));
}

#[test]
fn who_was_let_in_twice_and_once_in_vain_asks_for_the_keys() {
    let (mut ana, mut bob, eve, space, code) = with_an_invite_of_eve();
    let whom = eve.me.id().to_string();
    let mut dan = node(4);
    lets_in(&mut bob, &mut dan, &code);
    let removal = ana.work(|work| work.circle_remove(CIRCLE, &whom)).expect("removes");
    let removal: EntryId = removal["entry"].as_str().expect("an id").parse().expect("an id");
    // Ana, whose removal dan has seen but not the keys since, lets dan in as well.
    dan.follow(&ana);
    assert!(!is_in(&dan, space, &dan) && has(&dan, Table::Entry, removal));
    assert!(!dan.work(|work| work.lacks_keys(&space)), "nobody would hand anything over");
    let own = invites(&mut ana);
    dan.now = ana.now;
    let (asked, device) = (request(&dan, &own), dan.device());
    ana.work(|work| work.join_request(device, asked));
    meet(&mut dan, &ana);
    assert!(is_in(&ana, space, &dan) && !is_in(&dan, space, &dan), "the welcome was lost, and what came is closed");
    assert!(dan.work(|work| work.lacks_keys(&space)));
    let prekey = request(&dan, &own).prekey;
    let keys = ana.work(|work| work.keys_request(device, space, &prekey));
    dan.work(|work| work.keys_answered(space, &keys));
    assert!(is_in(&dan, space, &dan));
    is_sound(&dan);
}

/// Ana's circle with bob and his other device, which bob took back: ana knows it, the device does not. It has begun new keys, on the
/// topic of before, and lets dan in under them: to ana dan's add says nothing.
fn with_a_guest_of_a_revoked_device() -> (Node, Node, Node, Node, SpaceId) {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    let mut other = other_device(&mut bob, 6);
    join(&mut ana, &mut other, space);
    let said = other.work(|work| work.author(space, &Body::Post(Post { text: "me too".into(), listings: vec![], reply_to: None })));
    meet(&mut ana, &other);
    let mut chain = bob.me.identity.chain().clone();
    let end = LogEnd { log: blind_log(&space, &other.device(), 0), seq: 0, id: said.expect("said") };
    let change = Change::RevokeDevice { device: other.device(), cuts: vec![end] };
    chain.append(bob.me.root.as_ref().expect("at hand"), change, bob.now);
    ana.work(|work| work.take_items(space, vec![Item::Identity(chain)], None));
    other.work(|work| {
        let (_, keys) = keyring::current(&work.tx, work.me, &space).expect("keys");
        work.rotate(space, keys.topic.map(|topic| topic.0)).expect("new keys");
    });
    let mut dan = node(4);
    let code = invites(&mut other);
    lets_in(&mut other, &mut dan, &code);
    assert!(is_in(&dan, space, &dan) && is_in(&other, space, &dan) && !is_in(&ana, space, &dan));
    (ana, bob, other, dan, space)
}

#[test]
fn who_was_let_in_by_a_revoked_device_learns_it_from_who_cannot_read_that() {
    let (mut ana, bob, _, mut dan, space) = with_a_guest_of_a_revoked_device();
    let before = rows(&ana, Table::Membership);
    compare(&mut dan, &mut ana);
    assert_eq!(rows(&ana, Table::Membership), before, "what ana cannot read says nothing to her");
    assert!(!is_in(&dan, space, &dan), "bob's chain revokes who let dan in");
    assert!(is_in(&dan, space, &bob), "but not bob");
    let newest = ana.read(|tx| known::chain(tx, &bob.me.id()));
    assert_eq!(dan.read(|tx| known::chain(tx, &bob.me.id())), newest);
    is_sound(&dan);
    is_sound(&ana);
    let told = dan.everything();
    compare(&mut dan, &mut ana);
    assert_eq!(dan.everything(), told, "it is out, and shows itself no more");
}

#[test]
fn a_revoked_device_learns_it_and_tells_whom_it_let_in() {
    let (mut ana, bob, mut other, mut dan, space) = with_a_guest_of_a_revoked_device();
    compare(&mut other, &mut ana);
    assert_eq!(other.read(|tx| known::speaks_for(tx, &other.device())), None);
    assert!(is_in(&other, space, &bob) && !is_in(&other, space, &dan));
    let post = Body::Post(Post { text: "still here".into(), listings: vec![], reply_to: None });
    assert!(other.work(|work| work.author(space, &post)).is_err(), "nothing of it would count");
    compare(&mut dan, &mut other);
    assert!(!is_in(&dan, space, &dan));
    is_sound(&other);
    is_sound(&dan);
}

#[test]
fn a_chain_is_shown_to_nobody_who_does_not_hold_an_entry_that_it_sets_aside() {
    let (mut ana, bob, other, dan, space) = with_a_guest_of_a_revoked_device();
    let shown = |introduction: &[Item]| ana.work_less(|held| held.overturns(&space, &dan.device(), introduction));
    let introduction = dan.work_less(|held| held.introduction(&space));
    let [Item::Identity(_), rest @ ..] = introduction.as_slice() else { panic!("who it is: {introduction:?}") };
    assert_eq!(shown(rest).len(), 1, "bob's chain: {:?}", shown(rest));
    assert_eq!(shown(&[]), []);
    // The chain alone, as it was, shows nothing; nor does an entry that counts, or one that nobody signed.
    let chain = Item::Identity(bob.me.identity.chain().clone());
    assert_eq!(shown(&[chain]), []);
    let counting = crafted(&bob, space, post("counts"), None, |_| {});
    assert_eq!(shown(&[Item::Entry(counting.raw().clone())]), []);
    let mut forged = crafted(&other, space, post("forged"), None, |_| {}).raw().clone();
    assert_eq!(shown(&[Item::Entry(forged.clone())]).len(), 1);
    forged.sig.0[0] ^= 1;
    assert_eq!(shown(&[Item::Entry(forged)]), []);
    let elsewhere = crafted(&other, space, post("elsewhere"), None, |header| header.space = SpaceId([3; 32]));
    assert_eq!(shown(&[Item::Entry(elsewhere.raw().clone())]), []);
    // Who knows the chain is not told again.
    let newest = ana.read(|tx| known::chain(tx, &bob.me.id())).expect("held");
    assert_eq!(shown(&[rest, &[Item::Identity(newest)]].concat()), []);
    ana.passing.handed.note(dan.device(), usize::MAX, usize::MAX, ana.now);
    assert_eq!(ana.work_less(|held| held.overturns(&space, &dan.device(), rest)), [], "nor without end");
}

#[test]
fn strangers_are_shown_nothing() {
    let (mut ana, _, _, space, code) = with_an_invite_of_eve();
    let mut dan = node(4);
    assert_eq!(is_shown(&mut dan, &mut ana, space), Relation::Unknown);
    let (device, prekey) = (dan.device(), request(&dan, &code).prekey);
    let keys = ana.work(|work| work.keys_request(device, space, &prekey));
    assert!(matches!(keys, DirectResponse::Declined { .. }));
    assert_eq!(rows(&dan, Table::Entry), 0);
}
