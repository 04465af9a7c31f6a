//! What people do to each other at the same time: removals, leaving, roles, succession, invites taken back.

use proptest::prelude::*;

use super::*;

#[test]
fn who_leaves_is_gone_and_comes_back_in_a_new_log() {
    let left = with(&circle_of(3), &[leave((40, 3, 9, 1))]);
    assert_eq!(names(&left), [1, 2]);
    let roster = fold(inception().id(), &left).expect("begins");
    assert!(roster.removed[&person(3)].left);
    assert_eq!(roster.standing(&person(3), &device(3), 0), Standing::Until(1), "the log ends with the leave");
    assert_eq!(names(&with(&left, &[add((41, 1, 10, 9), 3, 2)])), [1, 2], "not by the invite of before");
    let again = with(&left, &[invite(42, 1, 10, 9, 1), add((43, 1, 11, 10), 3, 42)]);
    assert_eq!(names(&again), [1, 2, 3]);
    let roster = fold(inception().id(), &again).expect("begins");
    assert_eq!(roster.standing(&person(3), &device(3), 0), Standing::Until(1));
    assert_eq!(roster.standing(&person(3), &device(3), 1), Standing::Open);
    let said_after = with(&left, &[invite(44, 3, 10, 2, 5)]);
    assert!(!fold(inception().id(), &said_after).expect("begins").invites.contains_key(&EntryId([44; 32])));
}

#[test]
fn a_removal_beats_a_leave_that_it_did_not_know() {
    let both = with(&circle_of(3), &[leave((40, 3, 9, 4)), remove((41, 1, 9, 9), 3, Some(2))]);
    let roster = fold(inception().id(), &both).expect("begins");
    assert!(!roster.removed[&person(3)].left);
    assert_eq!(roster.standing(&person(3), &device(3), 0), Standing::Until(2));
}

#[test]
fn roles_are_the_owners_to_give() {
    let base = circle_of(4);
    assert_eq!(owners(&with(&base, &[role((40, 2, 9, 0), 2, Role::Owner)])), [1], "not to oneself");
    let steward = with(&base, &[role((40, 1, 9, 9), 2, Role::Steward)]);
    assert_eq!(names(&with(&steward, &[remove((41, 2, 10, 0), 3, None)])), [1, 2, 4]);
    assert_eq!(names(&with(&steward, &[remove((41, 2, 10, 0), 1, None)])), [1, 2, 3, 4], "stewards remove members only");
    let two = with(&base, &[role((40, 1, 9, 9), 2, Role::Owner)]);
    assert_eq!(owners(&two), [1, 2]);
    assert_eq!(owners(&with(&two, &[role((41, 1, 10, 10), 1, Role::Member)])), [2], "an owner steps down");
    assert_eq!(owners(&with(&base, &[role((41, 1, 10, 10), 1, Role::Member)])), [1], "the last one does not");
    let both = [role((41, 1, 10, 10), 1, Role::Member), role((42, 2, 10, 0), 2, Role::Member)];
    assert_eq!(owners(&with(&two, &both)), [2], "of two who step down at once one stays");
    let last = with(&base, &[role((43, 1, 9, 9), 3, Role::Steward), role((44, 1, 9, 10), 3, Role::Member)]);
    assert_eq!(fold(inception().id(), &last).expect("begins").members[&person(3)].role, Role::Member, "the later counts");
}

#[test]
fn a_circle_without_owner_has_an_heir() {
    let base = circle_of(4);
    assert_eq!(owners(&with(&base, &[leave((40, 1, 9, 9))])), [2], "who has been in longest");
    let steward = with(&base, &[role((40, 1, 9, 9), 4, Role::Steward), leave((41, 1, 10, 10))]);
    assert_eq!(owners(&steward), [4], "a steward before members");
    assert_eq!(names(&with(&base, &[leave((40, 1, 9, 9)), remove((41, 2, 10, 0), 3, None)])), [2, 4], "the heir may remove");
}

#[test]
fn two_who_remove_each_other_both_go() {
    let two = with(&circle_of(4), &[role((40, 1, 9, 9), 2, Role::Owner)]);
    let (first, second) = (remove((50, 1, 10, 10), 2, Some(0)), remove((51, 2, 11, 3), 1, Some(9)));
    let both = with(&two, &[first.clone(), second.clone()]);
    assert_eq!(names(&both), [3, 4]);
    assert_eq!(owners(&both), [3]);
    let roster = fold(inception().id(), &both).expect("begins");
    assert_eq!(roster.standing(&person(1), &device(1), 0), Standing::Until(10), "the log stands up to the removal");
    assert_eq!(roster.standing(&person(2), &device(2), 0), Standing::Until(3));
    // Who had seen the removal may not answer it: the cut of the first names what the second wrote.
    let known = with(&two, &[remove((50, 1, 12, 10), 2, Some(3)), second]);
    assert_eq!(names(&known), [2, 3, 4], "a removal that was seen stands, and what follows it is not the removed one's to do");
    let three = with(&two, &[role((41, 1, 9, 10), 3, Role::Owner), remove((50, 1, 12, 11), 2, Some(0))]);
    let ring = with(&three, &[remove((51, 2, 12, 1), 3, None), remove((52, 3, 12, 0), 1, Some(10))]);
    assert_eq!(names(&ring), [4], "three in a ring");
    let outside = with(&three, &[remove((51, 2, 12, 1), 1, Some(10)), remove((52, 3, 13, 0), 2, Some(0))]);
    assert_eq!(names(&outside), [1, 3, 4], "what a third one beats takes nobody along");
}

#[test]
fn a_log_that_nobody_named_wins_nothing() {
    // The removed one's own removal comes in a log that the first did not know, with a high lamport time.
    let two = with(&circle_of(3), &[role((40, 1, 9, 9), 2, Role::Owner)]);
    let mut late = remove((51, 2, 90, 0), 1, Some(9));
    late.log.1 = 1;
    assert_eq!(names(&with(&two, &[remove((50, 1, 10, 10), 2, Some(0)), late])), [3], "at most both go");
}

#[test]
fn dependents_fall_with_what_is_void() {
    // 1 makes 2 an owner, who removes 3; but 4, an owner too, removes 1 with a cut before that.
    let base = with(&circle_of(5), &[role((40, 1, 9, 9), 4, Role::Owner), role((41, 1, 10, 10), 2, Role::Owner)]);
    let all = with(&base, &[remove((50, 2, 11, 0), 3, None), remove((51, 4, 12, 0), 1, Some(9))]);
    assert_eq!(names(&all), [2, 3, 4, 5]);
    // Nobody cuts off what the own right follows from.
    let own = with(&base, &[remove((50, 2, 11, 0), 1, Some(9))]);
    assert_eq!(names(&own), [1, 2, 3, 4, 5]);
    // A removal of the one who began it without any cut leaves the circle itself.
    assert!(fold(inception().id(), &with(&base, &[remove((50, 4, 11, 0), 1, None)])).is_some());
}

#[test]
fn removals_of_one_person_take_the_lowest_cut() {
    let base = with(&circle_of(4), &[role((40, 1, 9, 9), 2, Role::Owner)]);
    let both = with(&base, &[remove((50, 1, 10, 10), 3, Some(7)), remove((51, 2, 10, 0), 3, Some(4))]);
    let roster = fold(inception().id(), &both).expect("begins");
    assert_eq!(roster.standing(&person(3), &device(3), 0), Standing::Until(4));
}

#[test]
fn an_invite_taken_back_admits_nobody_later() {
    let base = circle_of(3);
    assert_eq!(names(&with(&base, &[revoke((40, 1, 9, 9), 2), add((41, 1, 10, 10), 4, 2)])), [1, 2, 3]);
    assert_eq!(
        names(&with(&base, &[revoke((40, 1, 9, 9), 2), add((41, 2, 8, 0), 4, 2)])),
        [1, 2, 3, 4],
        "an add before it in the order stands"
    );
    assert_eq!(names(&with(&base, &[revoke((40, 1, 9, 9), 2), add((41, 2, 9, 0), 4, 2)])), [1, 2, 3], "concurrent, and later in the order");
    assert_eq!(names(&with(&base, &[revoke((40, 3, 9, 0), 2), add((41, 1, 10, 9), 4, 2)])), [1, 2, 3, 4], "it is not theirs");
}

#[test]
fn one_person_spends_an_invite_once() {
    let base = [create(), invite(2, 1, 2, 1, 2), add((3, 1, 3, 2), 2, 2)];
    let twice = with(&base, &[add((4, 2, 4, 0), 3, 2), add((5, 1, 4, 3), 3, 2)]);
    assert_eq!(names(&twice), [1, 2, 3]);
    let third = with(&[create(), invite(2, 1, 2, 1, 2)], &[add((4, 1, 4, 2), 3, 2), add((3, 1, 3, 3), 3, 2), add((5, 1, 5, 4), 2, 2)]);
    assert_eq!(names(&third), [1, 2, 3], "two members who let one newcomer in spend one use");
}

#[test]
fn an_add_that_does_not_count_takes_no_place() {
    let strict = norms((3, 1, 2, 1), Norms { version: 1, approval: true, ..Norms::default() });
    let base = [create(), invite(2, 1, 2, 2, 2), add((9, 1, 3, 3), 2, 2), Operation { lamport: 4, ..strict }];
    // Person 2 is no steward: what it lets in counts for nothing, also with the lowest id.
    let all = with(&base, &[add((4, 2, 5, 0), 3, 2), add((50, 1, 6, 5), 4, 2)]);
    assert_eq!(names(&all), [1, 2, 4]);
    let own = fold(inception().id(), &all).expect("begins");
    assert_eq!(own.invites[&EntryId([2; 32])].admitted, [person(2), person(4)]);
}

#[test]
fn mixed_sets_in_all_orders() {
    let two = [role((40, 1, 9, 9), 2, Role::Owner), role((41, 1, 9, 10), 3, Role::Steward)];
    let base = with(&circle_of(5), &two);
    let mixed = [
        remove((50, 1, 11, 11), 2, Some(0)),
        remove((51, 2, 11, 1), 1, Some(10)),
        remove((52, 3, 11, 0), 4, None),
        leave((53, 5, 12, 0)),
        invite(54, 4, 11, 0, 1),
        role((55, 2, 12, 2), 5, Role::Owner),
    ];
    let expected = fold(inception().id(), &with(&base, &mixed)).expect("begins");
    assert_eq!(expected.members.keys().map(|id| id.0[0]).collect::<Vec<_>>(), [3]);
    in_all_orders(&mixed, |mixed| assert_eq!(fold(inception().id(), &with(mixed, &base)).as_ref(), Some(&expected)));
}

/// One thing that somebody does, drawn.
fn drawn(at: usize, (who, whom, sort, cut, lamport): (u8, u8, u8, u64, u64)) -> Operation {
    let place = (100 + u8::try_from(at).unwrap_or(0), who, 8 + lamport, 10 + at as u64);
    let cut = (cut > 0).then_some(cut + 7);
    match sort {
        0..3 => remove(place, whom, cut),
        3 => leave(place),
        4 => role(place, whom, Role::Owner),
        5 => role(place, whom, Role::Steward),
        6 => role(place, whom, Role::Member),
        7 => invite(place.0, who, place.2, place.3, 2),
        8 => add(place, whom, 2),
        _ => revoke(place, 2),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_set_folds_alike_in_any_order(
        drawn_of in prop::collection::vec((1u8..=5, 1u8..=5, 0u8..10, 0u64..12, 0u64..6), 0..14),
        seed in any::<u64>(),
    ) {
        let base = circle_of(5);
        let all: Vec<_> = base.into_iter().chain(drawn_of.into_iter().enumerate().map(|(at, one)| drawn(at, one))).collect();
        let expected = fold(inception().id(), &all).expect("begins");
        let mut shuffled = all.clone();
        shuffled.sort_by_key(|op| crate::crypto::hash(crate::crypto::Context::Stream, &[&op.id.0, &seed.to_be_bytes()]));
        prop_assert_eq!(fold(inception().id(), &shuffled), Some(expected.clone()));
        shuffled.extend(all);
        prop_assert_eq!(fold(inception().id(), &shuffled), Some(expected.clone()), "what comes twice counts once");
        let has_owner = expected.members.values().any(|member| member.role == Role::Owner);
        prop_assert!(has_owner || expected.members.is_empty(), "somebody owns it");
        let counts = |person: &IdentityId, removal: &Removal| {
            (removal.device, removal.log) != (device(person.0[0]), 0) || removal.left
        };
        prop_assert!(expected.removed.iter().all(|(person, removal)| counts(person, removal)), "nobody removes themselves");
    }
}

fn norms((id, who, lamport, seq): Place, norms: Norms) -> Operation {
    op(id, who, lamport, seq, Body::Norms(NormsChange { norms }))
}

#[test]
fn norms_follow_each_other() {
    let base = circle_of(3);
    let version = |version, posts_per_day| Norms { version, posts_per_day, ..Norms::default() };
    let now = |more: &[Operation]| fold(inception().id(), &with(&base, more)).expect("begins").norms_now();
    assert_eq!(now(&[norms((40, 1, 9, 9), version(1, 7))]).posts_per_day, 7);
    assert_eq!(now(&[norms((40, 2, 9, 0), version(1, 7))]).version, 0, "members say no norms");
    assert_eq!(now(&[norms((40, 1, 9, 9), version(2, 7))]).version, 0, "one after the other");
    let both = [norms((41, 1, 9, 9), version(1, 7)), norms((40, 1, 10, 10), version(1, 8))];
    assert_eq!(now(&both).posts_per_day, 8, "of one version the lowest entry id");
    let roster = fold(inception().id(), &with(&base, &[norms((40, 1, 9, 9), version(1, 7))])).expect("begins");
    assert_eq!(roster.norms.keys().copied().collect::<Vec<_>>(), [0, 1], "those before are kept");
}

#[test]
fn norms_say_who_invites_and_who_approves() {
    let rule = |approval, invite| norms((40, 1, 9, 9), Norms { version: 1, approval, invite, ..Norms::default() });
    let base = with(&circle_of(3), &[rule(false, Role::Steward)]);
    assert_eq!(names(&with(&base, &[invite(50, 2, 10, 0, 1), add((51, 1, 11, 10), 4, 50)])), [1, 2, 3]);
    let base = with(&circle_of(3), &[rule(true, Role::Member)]);
    let invited = with(&base, &[invite(50, 2, 10, 0, 1)]);
    assert_eq!(names(&with(&invited, &[add((51, 2, 11, 1), 4, 50)])), [1, 2, 3], "a member does not approve");
    assert_eq!(names(&with(&invited, &[add((51, 1, 11, 10), 4, 50)])), [1, 2, 3, 4]);
    let mut asked = add((51, 2, 11, 1), 4, 50);
    if let Body::MemberAdd(add) = asked.body {
        asked.body = Body::JoinRequest(add);
    }
    let asked = with(&invited, &[asked]);
    let requests = |set: &[Operation]| fold(inception().id(), set).expect("begins").requests.len();
    assert_eq!((names(&asked), requests(&asked)), (vec![1, 2, 3], 1));
    let approved = with(&asked, &[add((52, 1, 12, 10), 4, 50)]);
    assert_eq!((names(&approved), requests(&approved)), (vec![1, 2, 3, 4], 0));
    let decline = |who, seq| op(53, who, 12, seq, Body::JoinDecline(JoinDecline { identity: person(4), reason: None }));
    assert_eq!(requests(&with(&asked, &[decline(2, 2)])), 1, "nor does a member decline");
    let declined = fold(inception().id(), &with(&asked, &[decline(1, 10)])).expect("begins");
    assert!(declined.requests.is_empty() && declined.declined.contains_key(&(person(4), EntryId([50; 32]))));
}
