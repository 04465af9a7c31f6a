//! The roster is a function of the set of membership entries.

mod concurrent;

use super::*;
use crate::body::{CircleCreate, Invite, InviteRevoke, JoinDecline, MemberLeave, MemberRemove, NormsChange, Profile, RoleChange};
use crate::crypto::Keypair;
use crate::invite;
use crate::space::{Inception, Sort};

fn person(n: u8) -> IdentityId {
    IdentityId([n; 32])
}

fn device(n: u8) -> DeviceId {
    DeviceId([n; 32])
}

fn inception() -> Inception {
    Inception { sort: Sort::Circle, creator: person(1), device: device(1), salt: [0; 16], created: Millis(0) }
}

/// Entry `id` of person `who` at lamport time `lamport`, the `seq`-th of its log.
fn op(id: u8, who: u8, lamport: u64, seq: u64, body: Body) -> Operation {
    Operation { id: EntryId([id; 32]), lamport, at: Millis(lamport), log: (device(who), 0), seq, author: person(who), body }
}

fn create() -> Operation {
    let body = CircleCreate { inception: inception(), name: "Lane".into(), norms: Norms::default(), creator_name: "one".into() };
    op(1, 1, 1, 0, Body::CircleCreate(body))
}

fn key(n: u8) -> Keypair {
    Keypair::from_seed(&[n; 32])
}

fn invite(id: u8, who: u8, lamport: u64, seq: u64, uses: u64) -> Operation {
    op(id, who, lamport, seq, Body::Invite(Invite { key: key(id).public(), uses, expires: Millis(1000) }))
}

/// Entry, person, lamport time, sequence.
type Place = (u8, u8, u64, u64);

fn add((id, who, lamport, seq): Place, newcomer: u8, by: u8) -> Operation {
    let proof = invite::prove(&key(by), inception().id(), person(newcomer), device(newcomer));
    let body =
        MemberAdd { identity: person(newcomer), device: device(newcomer), name: format!("n{newcomer}"), invite: EntryId([by; 32]), proof };
    op(id, who, lamport, seq, Body::MemberAdd(body))
}

fn remove((id, who, lamport, seq): Place, whom: u8, last: Option<u64>) -> Operation {
    let cuts = last.map(|seq| Cut { device: device(whom), log: 0, seq, id: EntryId([0; 32]) }).into_iter().collect();
    op(id, who, lamport, seq, Body::MemberRemove(MemberRemove { identity: person(whom), cuts }))
}

fn leave((id, who, lamport, seq): Place) -> Operation {
    op(id, who, lamport, seq, Body::MemberLeave(MemberLeave { cuts: Vec::new() }))
}

fn role((id, who, lamport, seq): Place, whom: u8, role: Role) -> Operation {
    op(id, who, lamport, seq, Body::Role(RoleChange { identity: person(whom), role }))
}

fn revoke((id, who, lamport, seq): Place, invite: u8) -> Operation {
    op(id, who, lamport, seq, Body::InviteRevoke(InviteRevoke { invite: EntryId([invite; 32]) }))
}

/// Person 1 begins the circle and lets in so many more, one after the other, by one invite.
fn circle_of(size: u8) -> Vec<Operation> {
    let adds = (2..=size).map(|n| add((10 + n, 1, u64::from(n) + 1, u64::from(n)), n, 2));
    [create(), invite(2, 1, 2, 1, 9)].into_iter().chain(adds).collect()
}

fn with(base: &[Operation], more: &[Operation]) -> Vec<Operation> {
    [base, more].concat()
}

fn owners(operations: &[Operation]) -> Vec<u8> {
    let roster = fold(inception().id(), operations).expect("begins");
    roster.members.iter().filter(|(_, member)| member.role == Role::Owner).map(|(id, _)| id.0[0]).collect()
}

fn names(operations: &[Operation]) -> Vec<u8> {
    fold(inception().id(), operations).map(|r| r.members.keys().map(|id| id.0[0]).collect()).unwrap_or_default()
}

#[test]
fn one_invite_admits_as_many_as_it_says() {
    assert_eq!(names(&[create(), invite(2, 1, 2, 1, 1), add((3, 1, 3, 2), 2, 2)]), [1, 2]);
    assert_eq!(names(&[create(), invite(2, 1, 2, 1, 1), add((3, 1, 3, 2), 2, 2), add((4, 1, 4, 3), 3, 2)]), [1, 2], "spent");
    let race = [create(), invite(2, 1, 2, 1, 1), add((9, 1, 3, 2), 2, 2), add((4, 1, 3, 3), 3, 2)];
    assert_eq!(names(&race), [1, 3], "of two adds at the same time the lowest entry id stays");
    let later = [create(), invite(2, 1, 2, 1, 1), add((9, 1, 3, 2), 2, 2), add((4, 1, 4, 3), 3, 2)];
    assert_eq!(names(&later), [1, 2], "what knew of the other does not take its place");
    assert_eq!(names(&[create(), invite(2, 1, 2, 1, 2), add((3, 1, 3, 2), 2, 2), add((4, 1, 4, 3), 3, 2)]), [1, 2, 3]);
}

#[test]
fn who_is_not_a_member_changes_nothing() {
    assert_eq!(names(&[create(), invite(2, 7, 2, 1, 1), add((3, 7, 3, 2), 7, 2)]), [1]);
    assert_eq!(names(&[create(), add((3, 1, 3, 2), 7, 2)]), [1], "no such invite");
    let mut expired = add((3, 1, 3, 2), 7, 2);
    expired.at = Millis(5000);
    assert_eq!(names(&[create(), invite(2, 1, 2, 1, 1), expired]), [1]);
    let mut forged = add((3, 1, 3, 2), 7, 2);
    if let Body::MemberAdd(add) = &mut forged.body {
        add.identity = person(8);
    }
    assert_eq!(names(&[create(), invite(2, 1, 2, 1, 1), forged]), [1], "the proof is for another");
}

#[test]
fn a_removal_beats_what_the_removed_did_concurrently() {
    let base = [create(), invite(2, 1, 2, 1, 2), add((3, 1, 3, 2), 2, 2)];
    let theirs = [invite(5, 2, 5, 1, 1), add((6, 2, 6, 2), 4, 5)];
    let removal = remove((7, 1, 5, 3), 2, Some(0));
    let all: Vec<_> = base.iter().chain(&theirs).cloned().chain([removal]).collect();
    assert_eq!(names(&all), [1], "invite and add lie beyond the cut");
    assert_eq!(names(&[base.as_slice(), &theirs].concat()), [1, 2, 4]);
}

#[test]
fn members_do_not_remove_and_owners_stay() {
    let base = [create(), invite(2, 1, 2, 1, 2), add((3, 1, 3, 2), 2, 2), add((4, 1, 4, 3), 3, 2)];
    let with = |op: Operation| names(&[base.as_slice(), &[op]].concat());
    assert_eq!(with(remove((7, 2, 9, 1), 3, None)), [1, 2, 3]);
    assert_eq!(with(remove((7, 2, 9, 1), 1, None)), [1, 2, 3]);
    assert_eq!(with(remove((7, 1, 9, 4), 1, None)), [1, 2, 3], "not oneself: that is leaving");
    assert_eq!(with(remove((7, 1, 9, 4), 3, None)), [1, 2]);
}

#[test]
fn the_order_of_arrival_does_not_matter() {
    let all = [
        create(),
        invite(2, 1, 2, 1, 2),
        add((3, 1, 3, 2), 2, 2),
        add((4, 1, 4, 3), 3, 2),
        remove((5, 1, 5, 4), 2, None),
        op(6, 3, 6, 0, Body::Profile(Profile { name: "three".into() })),
    ];
    let expected = fold(inception().id(), &all).expect("begins");
    assert_eq!(expected.members[&person(3)].name, "three");
    in_all_orders(&all, |shuffled| assert_eq!(fold(inception().id(), shuffled).as_ref(), Some(&expected)));
}

/// Every order of these, by Heap's algorithm.
fn in_all_orders(all: &[Operation], mut check: impl FnMut(&[Operation])) {
    let mut order = all.to_vec();
    let mut stack = vec![0; all.len()];
    let mut at = 0;
    check(&order);
    while at < all.len() {
        if stack[at] < at {
            order.swap(if at % 2 == 0 { 0 } else { stack[at] }, at);
            check(&order);
            stack[at] += 1;
            at = 0;
        } else {
            stack[at] = 0;
            at += 1;
        }
    }
}

#[test]
fn standing_of_logs() {
    let all = [
        create(),
        invite(2, 1, 2, 1, 3),
        add((3, 1, 3, 2), 2, 2),
        remove((5, 1, 5, 3), 2, Some(4)),
        invite(8, 1, 6, 4, 1),
        add((6, 1, 7, 5), 2, 8),
    ];
    let roster = fold(inception().id(), &all).expect("begins");
    assert_eq!(roster.standing(&person(1), &device(1), 0), Standing::Open);
    assert_eq!(roster.standing(&person(9), &device(9), 0), Standing::Closed);
    assert_eq!(roster.standing(&person(2), &device(2), 0), Standing::Until(4), "the old log stays cut");
    assert_eq!(roster.standing(&person(2), &device(2), 1), Standing::Open, "admitted again, in a new log");
}

#[test]
fn who_was_removed_lets_nobody_in() {
    let begun = [create(), invite(2, 1, 2, 1, 5), add((3, 1, 3, 2), 2, 2), invite(4, 2, 4, 0, 5)];
    let gone = remove((5, 1, 5, 3), 2, Some(0));
    let later = |op: Operation| names(&[begun.as_slice(), &[gone.clone(), op]].concat());
    assert_eq!(later(add((6, 1, 6, 4), 3, 4)), [1], "by an invite of the removed");
    assert_eq!(later(add((6, 1, 6, 4), 3, 2)), [1, 3], "somebody else");
}
