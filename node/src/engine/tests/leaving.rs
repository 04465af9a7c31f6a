//! Who goes out: what becomes of own shops, of used invites, and of removals that only somebody holds who is out.

use super::*;
use crate::view::circle;

#[test]
fn an_invite_that_was_used_up_cannot_be_taken_back() {
    let (mut ana, space) = founded();
    let answer = ana.work(|work| work.circle_invite(CIRCLE, None, None)).expect("invites");
    let code = answer["code"].as_str().expect("a code").to_owned();
    let mut bob = node(2);
    bob.now = ana.now;
    let (asked, device, inviter) = (request(&bob, &Code::parse(&code).expect("a code")), bob.device(), ana.device());
    let answer = ana.work(|work| work.join_request(device, asked));
    bob.work(|work| work.join_answered(space, inviter, answer));
    let before = rows(&ana, Table::Entry);
    let problem = ana.work(|work| work.revoke_invite(&code)).expect_err("nothing is left of it");
    assert_eq!((problem.code.as_str(), rows(&ana, Table::Entry)), ("invite-used", before));
}

#[test]
fn who_leaves_takes_the_own_shops_back() {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    meet(&mut bob, &ana);
    let shop = bob.shop();
    bob.work(|work| work.shop_share(&shop.to_string(), CIRCLE)).expect("shares");
    ana.follow(&bob);
    let is_shared = |node: &Node| node.read(|tx| crate::view::shelf::circles(tx, &shop)).contains(&space);
    assert!(is_shared(&ana));
    bob.work(|work| work.circle_leave(CIRCLE)).expect("leaves");
    ana.follow(&bob);
    assert!(!is_shared(&ana) && !is_shared(&bob));
    let keys = bob.read(|tx| secret::shop_keys(tx, &bob.me, &shop)).len();
    assert_eq!(keys, 2, "what is listed from now on is not for the circle");
    join(&mut ana, &mut bob, space);
    ana.follow(&bob);
    assert!(ana.read(|tx| circle::roster(tx, &space)).expect("a roster").has(&bob.me.id()));
    assert!(!is_shared(&ana) && !is_shared(&bob), "who comes again does not bring it unasked");
}

#[test]
fn a_removal_that_only_the_removed_hold_reaches_a_witness() {
    let (mut ana, space) = founded();
    let (mut bob, mut eve) = (node(2), node(3));
    join(&mut ana, &mut bob, space);
    join(&mut ana, &mut eve, space);
    for person in [&bob, &eve] {
        let whom = person.me.id().to_string();
        ana.work(|work| work.circle_role(CIRCLE, &whom, "owner")).expect("an owner");
    }
    meet(&mut bob, &ana);
    meet(&mut eve, &ana);
    // Ana and bob remove each other; eve hears of the one at once, and of the other from bob alone, who is out for her.
    let (first, second) = (bob.me.id().to_string(), ana.me.id().to_string());
    ana.work(|work| work.circle_remove(CIRCLE, &first)).expect("removes");
    bob.work(|work| work.circle_remove(CIRCLE, &second)).expect("removes");
    eve.follow(&ana);
    let has = |node: &Node, other: &Node| node.read(|tx| circle::roster(tx, &space)).expect("a roster").has(&other.me.id());
    assert!(has(&eve, &ana) && !has(&eve, &bob));
    let bequest = bob.work_less(|held| held.bequest(&space));
    let from = bob.device();
    eve.work(|work| work.take_items(space, bequest, Some(from)));
    assert!(!has(&eve, &ana) && !has(&eve, &bob), "both are out");
}
