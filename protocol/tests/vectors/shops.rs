//! Keys of a shop: where it is shared, which is its newest key, and when the next one is drawn (10.4).

use haat_protocol::body::{Body, Share, Unshare};
use haat_protocol::codec::encode;
use haat_protocol::id::EntryId;
use haat_protocol::norms::Role;
use haat_protocol::space::Sort;
use haat_protocol::time::DAY_MS;
use serde_bytes::{ByteArray, ByteBuf};
use serde_json::json;

use crate::keyring::Shared;
use crate::kit::{START, inception};
use crate::rings::{Told, before, covers};
use crate::sheet::{Case, Sheet};
use crate::story::Story;

pub(crate) fn sheet() -> Sheet {
    let mut sheet = Sheet::new("shops", "Keys of a shop (10.4): where it is shared, which key is the newest, when the next one is drawn.");
    shared(&mut sheet);
    generations(&mut sheet);
    removals(&mut sheet);
    taken_back(&mut sheet);
    keepers(&mut sheet);
    sheet
}

/// A circle of this many in which everything is said under its first epoch.
fn circle(story: Story) -> Told {
    let mut told = Told::begun(story);
    under(&mut told, 0);
    told
}

/// From here on everything is said under this epoch.
fn under(told: &mut Told, epoch: usize) {
    let made = told.made[epoch].clone();
    told.story.under(made.key, &made.keys);
}

/// The creator shares the shop with the key of a generation.
fn share(told: &mut Told, generation: u64, earlier: &[u64]) -> EntryId {
    let secret = |generation: u64| [u8::try_from(generation).expect("small") + 60; 32];
    let earlier = earlier.iter().map(|generation| (*generation, ByteArray::new(secret(*generation)))).collect();
    told.story.say(1, &[], Body::Share(Share { inception: inception(Sort::Shop), generation, secret: secret(generation), earlier }))
}

fn unshare(told: &mut Told) -> EntryId {
    told.story.say(1, &[], Body::Unshare(Unshare { shop: inception(Sort::Shop).id() }))
}

/// The creator removes somebody, and says more under an epoch that covers it.
fn remove(told: &mut Told, whom: u8) {
    let gone = told.story.remove(1, &[], whom, &[]);
    let next = told.epoch(1, &[], &[0], &[covers(gone)]);
    under(told, next);
}

fn case(circles: &[&Told]) -> Case {
    let keys: Vec<_> = circles.iter().flat_map(|told| told.keys()).chain([before()]).collect();
    let piles = circles.iter().map(|told| ByteBuf::from(told.pile())).collect();
    let data = encode(&Shared { shop: inception(Sort::Shop), circles: piles });
    Case::new("renewal", data).with(json!({"keys": keys, "now": START.plus(DAY_MS)}))
}

fn shared(sheet: &mut Sheet) {
    let mut told = circle(Story::of(3));
    sheet.good("not shared", "no key is held", case(&[&told]));
    share(&mut told, 0, &[]);
    sheet.good("shared", "under an epoch that covers what is known", case(&[&told]));
    let mut other = circle(Story::of_another(2));
    share(&mut other, 0, &[]);
    sheet.good("shared into two", "one key in both", case(&[&told, &other]));
    told.epoch(2, &[told.story.last()], &[0], &[]);
    sheet.good("a younger epoch", "does not matter as long as nothing is to be covered", case(&[&told]));
}

fn generations(sheet: &mut Sheet) {
    let mut told = circle(Story::of(2));
    share(&mut told, 0, &[]);
    share(&mut told, 3, &[1, 0]);
    sheet.good("a greater generation", "is the newest", case(&[&told]));
    let mut other = circle(Story::of_another(2));
    share(&mut other, 2, &[]);
    sheet.good("an older key elsewhere", "the newest is that of any circle", case(&[&told, &other]));
    let mut twins = circle(Story::of(2));
    share(&mut twins, 1, &[]);
    let secret = [99; 32];
    twins.story.say(1, &[], Body::Share(Share { inception: inception(Sort::Shop), generation: 1, secret, earlier: vec![] }));
    sheet.good("two of one generation", "the smaller key id is the newest", case(&[&twins]));
    let mut equal = circle(Story::of(3));
    let body = Share { inception: inception(Sort::Shop), generation: 1, secret: [61; 32], earlier: vec![(1, ByteArray::new([99; 32]))] };
    equal.story.say(1, &[], Body::Share(body));
    remove(&mut equal, 3);
    sheet.good("the newest told as an earlier one", "the smaller key id of two, whichever was told as earlier", case(&[&equal]));
}

fn removals(sheet: &mut Sheet) {
    let mut told = circle(Story::of(4));
    share(&mut told, 0, &[]);
    let mut late = told.clone();
    late.story.remove(1, &[], 4, &[]);
    sheet.good("a member is removed", "the key was said under an epoch that does not cover it", case(&[&late]));
    remove(&mut told, 4);
    sheet.good("a removal that is covered since", "the key was said before", case(&[&told]));
    share(&mut told, 1, &[0]);
    sheet.good("shared anew", "the new key under an epoch that covers the removal", case(&[&told]));
    let mut again = told.clone();
    again.story.remove(1, &[], 3, &[]);
    sheet.good("another removal", "the next key is due", case(&[&again]));
    let mut two = told.clone();
    under(&mut two, 0);
    share(&mut two, 1, &[]);
    sheet.good("said twice", "once under an epoch that does not cover the removal", case(&[&two]));
    let mut other = circle(Story::of_another(3));
    share(&mut other, 1, &[]);
    sheet.good("a removal in one of two circles", "each circle is looked at by what is known there", case(&[&told, &other]));
    other.story.leave(3, &[other.story.last()], &[]);
    sheet.good("somebody left one of two circles", "the key is renewed for both", case(&[&told, &other]));
    let mut elsewhere = circle(Story::of(3));
    share(&mut elsewhere, 0, &[]);
    let removed = elsewhere.story.remove(2, &[elsewhere.story.last()], 3, &[]);
    elsewhere.story.name(1, &[removed], "First");
    sheet.good("a removal without effect", "nobody is out: the key stays", case(&[&elsewhere]));
}

fn taken_back(sheet: &mut Sheet) {
    let mut told = circle(Story::of(2));
    share(&mut told, 0, &[]);
    unshare(&mut told);
    sheet.good("taken back", "the circle holds the newest key", case(&[&told]));
    let mut other = circle(Story::of_another(2));
    share(&mut other, 0, &[]);
    sheet.good("taken back from one of two", "those who remain get the next key", case(&[&told, &other]));
    share(&mut other, 1, &[0]);
    sheet.good("taken back, and renewed", "the circle that lost it holds an older key alone", case(&[&told, &other]));
    share(&mut told, 1, &[0]);
    sheet.good("shared again", "the last word counts", case(&[&told, &other]));
}

fn keepers(sheet: &mut Sheet) {
    let mut told = circle(Story::of(3));
    share(&mut told, 0, &[]);
    let met = told.story.last();
    let mut foreign = told.clone();
    foreign.story.say(2, &[met], Body::Unshare(Unshare { shop: inception(Sort::Shop).id() }));
    sheet.good("taken back by another", "only the creator's word counts", case(&[&foreign]));
    let theirs = Share { inception: inception(Sort::Shop), generation: 9, secret: [77; 32], earlier: vec![] };
    foreign.story.say(2, &[], Body::Share(theirs));
    sheet.good("shared by another", "it is no key of the shop", case(&[&foreign]));
    let mut out = told.clone();
    out.story.leave(1, &[], &[]);
    sheet.good("the creator left", "the shop is not shared there any more", case(&[&out]));
    let raised = told.story.role(1, &[], 2, Role::Owner);
    told.story.remove(2, &[raised], 1, &[raised]);
    sheet.good("the creator was removed", "nor then", case(&[&told]));
}
