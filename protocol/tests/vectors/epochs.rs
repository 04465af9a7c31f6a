//! Epochs of a circle among each other: which stand, under which is written, what the next one follows and covers (10.2, 10.3).

use haat_protocol::codec::encode;
use haat_protocol::entry::{Draft, Header};
use haat_protocol::id::{Digest, OperationId};
use haat_protocol::identity::{Chain, Change, SignedOperation, consent};
use haat_protocol::time::DAY_MS;
use serde_json::json;

use crate::kit::{START, chain, device, pair};
use crate::reader::Pile;
use crate::rings::{Told, before, covers};
use crate::sheet::{Case, Sheet};
use crate::story::Story;

pub(crate) fn sheet() -> Sheet {
    let mut sheet = Sheet::new("epochs", "Epochs of a circle (10.2, 10.3): which stand and serve, what the next one follows and covers.");
    concurrent(&mut sheet);
    standing(&mut sheet);
    removals(&mut sheet);
    unknown(&mut sheet);
    revocations(&mut sheet);
    tellings(&mut sheet);
    keys(&mut sheet);
    sheet
}

fn concurrent(sheet: &mut Sheet) {
    let mut told = Told::of(3);
    sheet.good("one epoch", "it is written under, and the next one follows it", told.case());
    let met = told.story.last();
    let (left, right) = (told.epoch(1, &[], &[0], &[]), told.epoch(2, &[met], &[0], &[]));
    sheet.good("two at once", "under that of the smaller id; the next one follows both", told.case());
    let mut lone = told.clone();
    lone.epoch(3, &[met], &[right], &[]);
    sheet.good("two at once, one followed", "the greater generation serves; the next one follows it and the other", lone.case());
    told.epoch(3, &[], &[left, right], &[]);
    sheet.good("merged", "one that follows both", told.case());
    let mut wide = Told::of(2);
    (0..10).for_each(|_| {
        wide.epoch(1, &[], &[0], &[]);
    });
    sheet.good("ten at once", "the next one follows the first eight", wide.case());
}

fn standing(sheet: &mut Sheet) {
    let of = |told: &Told, without: &[usize]| {
        let mut told = told.clone();
        // The last entries are the epochs.
        let first = told.story.entries.len() - told.made.len();
        without.iter().rev().for_each(|at| {
            told.story.entries.remove(first + at);
        });
        told.case()
    };
    let mut told = Told::of(2);
    let next = told.epoch(2, &[told.story.last()], &[0], &[]);
    let last = told.epoch(1, &[], &[next], &[]);
    sheet.good("a parent is missing", "who follows it does not stand", of(&told, &[next]));
    sheet.good("the first is missing", "nothing stands, and the next one begins anew", of(&told, &[0]));
    let mut claims = told.clone();
    let mut made = claims.make(&[0], &[]);
    made.epoch.manifest.generation = 7;
    made.key = haat_protocol::epoch::key_id(claims.story.inception().id(), &made.epoch.manifest);
    let far = claims.tell(2, &[], made);
    claims.epoch(2, &[], &[far], &[]);
    sheet.good("a generation that is claimed", "it does not stand, nor what follows it", claims.case());
    let mut claims = told.clone();
    let mut made = claims.make(&[0, last], &[]);
    made.epoch.manifest.generation = 1;
    made.key = haat_protocol::epoch::key_id(claims.story.inception().id(), &made.epoch.manifest);
    claims.tell(2, &[], made);
    sheet.good("a generation too low", "one more than that of a parent, and not of the greatest", claims.case());
    let mut uneven = told;
    uneven.epoch(2, &[], &[0, last], &[]);
    sheet.good("parents of two generations", "one more than the greatest", uneven.case());
    let mut second = Told::of(2);
    second.epoch(2, &[second.story.last()], &[], &[]);
    sheet.good("two without parents", "both stand", second.case());
    let nothing = Pile { inception: second.story.inception(), chains: vec![chain(1)], entries: vec![] };
    let context = json!({"keys": [before()], "now": START.plus(DAY_MS)});
    sheet.bad("no circle", "nothing begins it", Case::new("epochs", encode(&nothing)).with(context), "no_roster");
}

fn removals(sheet: &mut Sheet) {
    let mut told = Told::of(4);
    let met = told.story.last();
    let gone = told.story.remove(1, &[], 4, &[]);
    sheet.good("a removal", "none covers it: the next one does", told.case());
    let mut twice = told.clone();
    told.epoch(1, &[], &[0], &[covers(gone)]);
    sheet.good("a removal that is covered", "by the epoch that followed it", told.case());
    let next = told.epoch(2, &[told.story.last()], &[1], &[]);
    sheet.good("covered by a parent", "what it follows covers it", told.case());
    told.epoch(3, &[met], &[0], &[]);
    told.epoch(3, &[], &[3], &[]);
    told.epoch(3, &[], &[4], &[]);
    sheet.good("a greater generation that covers less", "is not written under, and is followed all the same", told.case());
    let mut merged = told.clone();
    merged.epoch(3, &[], &[next, 5], &[]);
    sheet.good("covered by one of two parents", "that is enough", merged.case());
    twice.epoch(1, &[], &[0], &[covers(gone)]);
    let other = twice.story.remove(1, &[], 3, &[]);
    let mut apart = twice.clone();
    apart.epoch(2, &[other, met], &[0], &[covers(other)]);
    sheet.good("two removals apart", "neither covers both: the next one follows both and covers nothing more", apart.case());
    twice.epoch(1, &[], &[1], &[]);
    sheet.good("one of two removals", "the next one covers the other", twice.case());
    let mut left = Told::of(3);
    let met = left.story.last();
    let named = left.story.name(3, &[met], "Third");
    let leaves = left.story.leave(3, &[], &[]);
    left.epoch(1, &[leaves], &[0], &[covers(leaves)]);
    sheet.good("left", "a leave is covered like a removal", left.case());
    left.story.remove(2, &[named], 3, &[named]);
    left.story.remove(1, &[named], 3, &[named]);
    sheet.good("left and removed", "the entry that the roster names has to be covered", left.case());
    let mut back = Told::of(2);
    let gone = back.story.remove(1, &[], 2, &[]);
    back.epoch(1, &[], &[0], &[covers(gone)]);
    let invite = back.story.invite(1, &[], 1);
    back.story.add(1, &[], 2, invite);
    back.epoch(1, &[], &[0], &[]);
    sheet.good("let in again", "the removal is still to be covered", back.case());
}

fn unknown(sheet: &mut Sheet) {
    let mut told = Told::of(3);
    let stranger = told.epoch(2, &[told.story.last()], &[0], &[Digest([9; 32])]);
    sheet.good("covers what is unknown", "it stands, and is neither written under nor followed", told.case());
    told.epoch(2, &[], &[stranger], &[]);
    sheet.good("a parent covers what is unknown", "and so does who follows it", told.case());
    let mut sealed = Told::of(3);
    let other = sealed.make(&[0], &[]);
    sealed.story.under(other.key, &other.keys);
    let said = sealed.story.name(2, &[sealed.story.last()], "Second");
    sealed.epoch(1, &[said], &[0], &[covers(said)]);
    sheet.good("covers what is sealed", "an entry that is held and not opened is not known", sealed.case());
    let mut any = Told::of(3);
    let said = any.story.name(2, &[any.story.last()], "Second");
    any.epoch(1, &[said], &[0], &[covers(said)]);
    sheet.good("covers no removal", "any entry that was opened is known", any.case());
    let mut void = Told::of(3);
    let removal = void.story.remove(3, &[], 1, &[]);
    void.epoch(1, &[], &[0], &[covers(removal)]);
    sheet.good("covers a removal without effect", "it was opened, and need not be covered", void.case());
}

/// The chain of a person with a device more that is revoked; and the operation that revokes it.
fn revoked(n: u8) -> (Chain, OperationId) {
    let mut chain = chain(n);
    let added = Change::AddDevice { device: device(40 + n), consent: consent(&pair(40 + n), chain.inception.id()) };
    chain.append(&pair(100 + n), added, START.plus(1));
    chain.append(&pair(100 + n), Change::RevokeDevice { device: device(40 + n), cuts: vec![] }, START.plus(2));
    let by = chain.operations.last().map(SignedOperation::id).expect("it was appended");
    (chain, by)
}

fn revocations(sheet: &mut Sheet) {
    let mut told = Told::of(3);
    let (chain, by) = revoked(2);
    told.chains[1] = chain;
    sheet.good("a revoked device", "no epoch covers it yet", told.case());
    told.epoch(1, &[], &[0], &[Digest(by.0)]);
    sheet.good("a revoked device that is covered", "the operation is named", told.case());
    let mut gone = told.clone();
    let removal = gone.story.remove(1, &[], 2, &[]);
    gone.epoch(1, &[], &[1], &[covers(removal)]);
    sheet.good("revoked by who is out since", "it is known, and need not be covered", gone.case());
    let mut stranger = Told::of(3);
    let (chain, by) = revoked(5);
    stranger.chains[4] = chain;
    stranger.epoch(1, &[], &[0], &[Digest(by.0)]);
    sheet.good("revoked by a stranger", "nobody who is or was a member: it is not known", stranger.case());
    let mut more = Told::of(2);
    let device_more = Change::AddDevice { device: device(31), consent: consent(&pair(31), more.chains[0].inception.id()) };
    more.chains[0].append(&pair(101), device_more, START.plus(1));
    sheet.good("three devices", "each has its turn", more.case());
}

fn tellings(sheet: &mut Sheet) {
    let mut told = Told::of(3);
    let met = told.story.last();
    let named = told.story.name(2, &[met], "Second");
    told.epoch(2, &[], &[0], &[]);
    told.story.remove(1, &[named], 2, &[named]);
    sheet.good("told beyond a cut", "it stands no more", told.case());
    let again = told.made[1].clone();
    told.story.wait(60_000);
    told.tell(3, &[met], again);
    told.made.pop();
    sheet.good("told again", "it stands by the telling that counts, and is as old as that", told.case());
    let mut late = Told::of(2);
    let first = late.made[0].clone();
    late.story.wait(600_000);
    late.tell(2, &[late.story.last()], first.clone());
    late.made.pop();
    sheet.good("told twice", "as old as the later telling", late.case());
    let mut forked = Told::of(2);
    forked.epoch(2, &[forked.story.last()], &[0], &[]);
    let one = forked.story.entries.last().expect("told").clone();
    let header = Header { at: one.header().at.plus(1), ..one.header().clone() };
    let body = one.open(None).expect("it is in the clear").to_vec();
    let other = Draft { header, body }.sign(&pair(2), None, &[7; 32]).expect("a good entry");
    forked.story.entries.push(other);
    sheet.good("told in a forked log", "it stands no more", forked.case());
    let mut wrong = Told::of(2);
    wrong.epoch(2, &[wrong.story.last()], &[0], &[]);
    let one = wrong.story.entries.pop().expect("told");
    let header = Header { lamport: one.header().lamport + 5, ..one.header().clone() };
    let body = one.open(None).expect("it is in the clear").to_vec();
    wrong.story.entries.push(Draft { header, body }.sign(&pair(2), None, &[7; 32]).expect("a good entry"));
    sheet.good("told without effect", "an entry that is void tells nothing", wrong.case());
}

fn keys(sheet: &mut Sheet) {
    let mut told = Told::of(2);
    let next = told.epoch(2, &[told.story.last()], &[0], &[]);
    told.lacks.1 = vec![next];
    sheet.good("without its content key", "it is followed, and the one before it written under", told.case());
    told.lacks = (vec![next], vec![]);
    sheet.good("without its keys", "neither", told.case());
    told.lacks.0 = vec![0, next];
    sheet.good("without any key", "none can be begun", told.case());
    let mut far = Told::of(2);
    far.epoch(2, &[far.story.last()], &[0], &[]);
    far.epoch(1, &[], &[1], &[]);
    far.lacks.0 = vec![1];
    sheet.good("without the keys between", "the first one is followed by the last, though not directly", far.case());
    let mut story = Story::of(3);
    story.remove(1, &[], 3, &[]);
    let mut anew = Told::begun(story);
    anew.story.entries.pop();
    anew.made.clear();
    sheet.good("no epoch at all", "the first one covers what is known", anew.case());
}
