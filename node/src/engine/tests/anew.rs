//! Decisions under a clock that was ahead: told anew once it is right, so that nobody waits for years for what was decided.

use haat_protocol::limits::CLOCK_SKEW_MS;

use super::*;

fn members(node: &Node, space: SpaceId) -> BTreeSet<IdentityId> {
    node.read(|tx| circle::roster(tx, &space)).expect("a roster").members.keys().copied().collect()
}

fn says(node: &mut Node, space: SpaceId, text: &str) -> EntryId {
    node.work(|work| work.author(space, &Body::Post(Post { text: text.into(), listings: vec![], reply_to: None }))).expect("says")
}

fn decisions(node: &Node, space: SpaceId, kind: Kind) -> Vec<Header> {
    let own = node.device();
    let headers = |tx: &crate::store::Tx<'_>| {
        let ids: Vec<EntryId> = tx.prefix(Table::Entry, &[]).iter().filter_map(|(key, _)| EntryId::from_slice(key)).collect();
        ids.iter().filter_map(|id| Known(tx).header(id)).collect::<Vec<_>>()
    };
    let all = node.read(headers);
    all.into_iter().filter(|header| header.space == space && header.device == own && header.kind == kind.code()).collect()
}

#[test]
fn a_removal_from_ahead_is_told_anew_and_what_is_said_then_is_read() {
    let (mut ana, space) = founded();
    let (mut bob, mut eve) = (node(2), node(3));
    join(&mut ana, &mut bob, space);
    join(&mut ana, &mut eve, space);
    bob.follow(&ana);
    let right = ana.now;
    ana.now = right.plus(DAY_MS);
    ana.work(|work| work.circle_remove(CIRCLE, &bob.me.id().to_string())).expect("removes");
    says(&mut ana, space, "said ahead");
    ana.now = right.plus(1_000);
    ana.work(|work| work.tick());
    let word = says(&mut ana, space, "said in time");
    eve.follow(&ana);
    bob.follow(&ana);
    assert_eq!(members(&eve, space), [ana.me.id(), eve.me.id()].into(), "the removal is known before its first telling");
    assert_eq!(members(&bob, space), members(&eve, space), "also to whom it removes");
    assert!(has(&eve, Table::Body, word), "the keys were told anew too");
    assert!(!has(&bob, Table::Body, word));
    // Told once, and not for every word.
    says(&mut ana, space, "another");
    assert_eq!(decisions(&ana, space, Kind::MemberRemove).len(), 2);
    // When the first telling comes true, all agree as before.
    for node in [&mut ana, &mut eve] {
        node.now = right.plus(DAY_MS);
        node.work(|work| work.tick());
    }
    assert_eq!(members(&ana, space), members(&eve, space));
    assert_eq!(rows(&eve, Table::Parked), 0);
    is_sound(&ana);
    is_sound(&eve);
}

#[test]
fn whoever_is_removed_is_shown_the_telling_that_can_be_taken() {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    let right = ana.now;
    ana.now = right.plus(DAY_MS);
    ana.work(|work| work.circle_remove(CIRCLE, &bob.me.id().to_string())).expect("removes");
    ana.now = right;
    ana.work(|work| work.tick());
    let leaving = BTreeSet::new();
    let items =
        ana.read(|tx| Held { tx, me: &ana.me, now: right, leaving: &leaving, handed: &ana.passing.handed }.farewell(&space, &bob.device()));
    bob.now = right;
    let from = ana.device();
    bob.work(|work| work.take_items(space, items, Some(from)));
    assert_eq!(members(&bob, space), [ana.me.id()].into());
}

#[test]
fn who_was_admitted_ahead_is_a_member_for_everybody_and_the_invite_is_used_up() {
    let (mut ana, space) = founded();
    let (mut bob, mut eve) = (node(2), node(3));
    join(&mut ana, &mut bob, space);
    let right = ana.now;
    ana.now = right.plus(DAY_MS);
    join(&mut ana, &mut eve, space);
    ana.now = right;
    ana.work(|work| work.tick());
    bob.now = right;
    bob.follow(&ana);
    assert_eq!(members(&bob, space), [ana.me.id(), bob.me.id(), eve.me.id()].into());
    let told =
        bob.read(|tx| circle::roster(tx, &space)).expect("a roster").invites.clone().into_values().max_by_key(|invite| invite.expires);
    let told = told.expect("the invite was told with it");
    assert_eq!(told.uses, told.admitted.len() as u64, "nobody else comes in by it");
    assert!(decisions(&ana, space, Kind::Invite).iter().any(|header| header.at > right.plus(CLOCK_SKEW_MS)));
}

#[test]
fn a_clock_that_is_behind_tells_nothing_anew() {
    let (mut ana, space) = founded();
    let (mut bob, mut eve) = (node(2), node(3));
    join(&mut ana, &mut bob, space);
    join(&mut ana, &mut eve, space);
    ana.work(|work| work.circle_remove(CIRCLE, &bob.me.id().to_string())).expect("removes");
    let right = ana.now;
    // Behind the beginning of the circle.
    ana.now = Millis(60_000);
    says(&mut ana, space, "in 1970");
    assert_eq!(decisions(&ana, space, Kind::MemberRemove).len(), 1);
    // Behind what the others say.
    for node in [&mut ana, &mut eve] {
        node.now = right.plus(9 * DAY_MS);
    }
    eve.follow(&ana);
    says(&mut eve, space, "good morning");
    ana.follow(&eve);
    ana.work(|work| work.circle_invite(CIRCLE, None, None)).expect("invites");
    ana.work(|work| work.rotate(space, None)).expect("new keys");
    let epochs = decisions(&ana, space, Kind::Epoch).len();
    ana.now = right.plus(7 * DAY_MS);
    says(&mut ana, space, "two days behind");
    assert_eq!(decisions(&ana, space, Kind::Epoch).len(), epochs);
}

#[test]
fn what_a_clock_behind_kept_from_being_told_is_told_once_it_is_right() {
    let (mut ana, space) = founded();
    let (mut bob, mut eve) = (node(2), node(3));
    join(&mut ana, &mut bob, space);
    join(&mut ana, &mut eve, space);
    let right = ana.now.plus(9 * DAY_MS);
    for node in [&mut bob, &mut eve] {
        node.follow(&ana);
        node.now = right;
        says(node, space, "good morning");
        ana.now = right;
        ana.follow(node);
    }
    ana.now = right.plus(DAY_MS);
    ana.work(|work| work.circle_remove(CIRCLE, &bob.me.id().to_string())).expect("removes");
    // Two days behind the others, in the next log.
    ana.now = Millis(right.0 - 2 * DAY_MS);
    says(&mut ana, space, "the day before yesterday");
    assert_eq!(decisions(&ana, space, Kind::MemberRemove).len(), 1, "the clock is behind");
    ana.now = right.plus(1_000);
    ana.work(|work| work.tell_anew(space));
    ana.work(|work| work.tell_anew(space));
    assert_eq!(decisions(&ana, space, Kind::MemberRemove).len(), 2, "told anew, and once");
    let word = says(&mut ana, space, "said in time");
    eve.now = ana.now;
    eve.follow(&ana);
    assert_eq!(members(&eve, space), [ana.me.id(), eve.me.id()].into());
    assert!(has(&eve, Table::Body, word));
}

#[test]
fn what_was_undone_since_is_not_told_anew() {
    let (mut ana, space) = founded();
    let (mut bob, mut eve) = (node(2), node(3));
    join(&mut ana, &mut bob, space);
    let right = ana.now;
    ana.now = right.plus(DAY_MS);
    join(&mut ana, &mut eve, space);
    ana.work(|work| work.circle_remove(CIRCLE, &eve.me.id().to_string())).expect("removes");
    ana.now = right;
    ana.work(|work| work.tick());
    assert_eq!(decisions(&ana, space, Kind::MemberAdd).len(), 2, "nobody is let in again who was removed");
    assert_eq!(decisions(&ana, space, Kind::MemberRemove).len(), 2);
    assert_eq!(members(&ana, space), [ana.me.id(), bob.me.id()].into());
}
