//! Who was let in in vain: by an invite of somebody whose removal the one who let in did not know.

use haat_protocol::sync::Relation;

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
