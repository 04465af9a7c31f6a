//! Ends of logs and forks that are told late: one of two branches is let go, and the named one waits until it is whole (8.3).

use haat_protocol::body::{Body, Post};
use haat_protocol::codec::encode;
use haat_protocol::crypto::Sig;
use haat_protocol::entry::Entry;
use haat_protocol::fork::Fork;
use haat_protocol::id::EntryId;
use haat_protocol::identity::{Chain, Change, LogEnd, blind_log};
use haat_protocol::space::Sort;
use haat_protocol::time::DAY_MS;
use haat_protocol::wire::Item;
use serde_json::json;

use crate::kit::{SPACE_KEY, START, chain, circle, device, hex, inception, pair};
use crate::late::Pile;
use crate::sheet::{Case, Sheet};
use crate::story::Story;

pub(crate) fn sheet() -> Sheet {
    let mut sheet =
        Sheet::new("branches", "Ends of logs and forks that are told late (8.3): which branch is let go, and when the named one is taken.");
    named(&mut sheet);
    waiting(&mut sheet);
    wrong(&mut sheet);
    lower(&mut sheet);
    revoked(&mut sheet);
    effects(&mut sheet);
    refused(&mut sheet);
    sheet
}

fn post(text: &str) -> Body {
    Body::Post(Post { text: text.into(), listings: vec![], reply_to: None })
}

/// A circle of three, and what person 2 said there twice over: the entries of all before, and two branches from one place.
struct Forked {
    before: Vec<Entry>,
    left: Vec<Entry>,
    right: Vec<Entry>,
}

fn forked(left: usize, right: usize) -> Forked {
    let mut story = Story::of(3);
    let met = story.last();
    story.say(2, &[met], post("Before"));
    let before = story.entries.clone();
    let branch = |late: u64, count: usize| {
        let mut one = story.clone();
        one.wait(late);
        (0..count).for_each(|n| {
            one.say(2, &[], post(&format!("{n}")));
        });
        one.entries.split_off(before.len())
    };
    let (left, right) = (branch(0, left), branch(1, right));
    Forked { before, left, right }
}

impl Forked {
    fn proof(&self) -> Item {
        Item::Fork(Fork::between(&self.left[0], &self.right[0]).expect("a fork").proof().clone())
    }

    /// The entries of before, and the chains of all.
    fn begun(&self) -> Vec<Item> {
        (1..=3).map(|n| Item::Identity(chain(n))).chain(entries(&self.before)).collect()
    }
}

fn entries(all: &[Entry]) -> impl Iterator<Item = Item> + '_ {
    all.iter().map(|entry| Item::Entry(entry.raw().clone()))
}

/// The chain of person 2 that names this entry as the end of its first log.
fn closed(at: &Entry) -> Item {
    Item::Identity(ended(2, Change::CloseLog { end: end(at.header().seq, at.id()) }))
}

fn end(seq: u64, id: EntryId) -> LogEnd {
    LogEnd { log: blind_log(&circle(), &device(2), 0), seq, id }
}

fn ended(n: u8, change: Change) -> Chain {
    let mut chain = chain(n);
    chain.append(&pair(100 + n), change, START.plus(1));
    chain
}

fn case(items: Vec<Item>) -> Case {
    let pile = Pile { inception: inception(Sort::Circle), items };
    Case::new("branches", encode(&pile)).with(json!({"key": hex(&SPACE_KEY), "now": START.plus(DAY_MS)}))
}

fn come(parts: Vec<Vec<Item>>) -> Case {
    case(parts.concat())
}

fn all(part: &[Entry]) -> Vec<Item> {
    entries(part).collect()
}

fn named(sheet: &mut Sheet) {
    let f = forked(3, 2);
    let last = |branch: &[Entry]| closed(branch.last().expect("told"));
    sheet.good("the held branch is named", "it stays", come(vec![f.begun(), all(&f.left), all(&f.right[..1]), vec![last(&f.left)]]));
    let other = vec![f.begun(), all(&f.left), all(&f.right[..1]), vec![last(&f.right)]];
    sheet.good("the other branch is named", "what is held from the fork on is let go", come(other.clone()));
    let healed = [other, vec![all(&f.right)]].concat();
    sheet.good("the named branch comes", "it is taken when its end is there", come(healed.clone()));
    sheet.good("the branch that was let go comes again", "it has no place", come([healed, vec![all(&f.left)]].concat()));
    let early = vec![f.begun(), vec![last(&f.right)], all(&f.left), all(&f.right), all(&f.right)];
    sheet.good("named before the fork is known", "the fork is met first, then the branch comes again", come(early));
    let proven = vec![f.begun(), all(&f.left), vec![last(&f.right)], vec![f.proof()], all(&f.right)];
    sheet.good("the proof comes last", "nothing is let go before it", come(proven));
    let short = vec![f.begun(), all(&f.left[..1]), vec![f.proof()], vec![last(&f.left)], all(&f.left)];
    sheet.good("held but for its end", "it is let go as well, and taken whole", come(short));
    let inside = vec![f.begun(), all(&f.left), vec![f.proof()], vec![closed(&f.left[1])]];
    sheet.good("named inside of what is held", "what follows the end is held and does not count", come(inside));
    let before = vec![f.begun(), all(&f.left), vec![f.proof()], vec![closed(f.before.last().expect("told"))]];
    sheet.good("named before the fork", "nothing is let go, and nothing after the end counts", come(before));
    let unforked = vec![f.begun(), all(&f.left), vec![last(&f.right)]];
    sheet.good("another end without a fork", "nothing is let go as long as none is known", come(unforked));
}

fn waiting(sheet: &mut Sheet) {
    let f = forked(2, 4);
    let told = || vec![f.begun(), all(&f.left), vec![f.proof(), closed(&f.right[3])]];
    let with = |more: Vec<Item>| come([told(), vec![more]].concat());
    sheet.good("a part of the branch", "it waits, and nothing counts from the fork on", with(all(&f.right[1..3])));
    let backwards: Vec<Entry> = f.right.iter().rev().cloned().collect();
    sheet.good("backwards", "it is taken with its first entry", with(all(&backwards)));
    let mixed = [1, 3, 0, 2].map(|at| f.right[at].clone());
    sheet.good("in any order", "it is taken with what was missing", with(all(&mixed)));
    let beyond = {
        let mut more = forked(2, 5);
        more.right.split_off(4)
    };
    sheet.good("what follows the end waits for it", "and is kept then, without counting", with([all(&beyond), all(&f.right)].concat()));
    let held = vec![f.begun(), all(&f.right[1..]), all(&f.left), vec![f.proof(), closed(&f.right[3])], all(&f.right[..1])];
    sheet.good("a part waited before", "it is of the branch all the same", come(held));
}

fn wrong(sheet: &mut Sheet) {
    let f = forked(4, 4);
    let told = || vec![f.begun(), all(&f.left), vec![f.proof(), closed(&f.right[3])]];
    let with = |more: Vec<Item>| come([told(), vec![more]].concat());
    sheet.good("another at the end", "is not waited with", with(all(&f.left[3..])));
    sheet.good(
        "another beside what is known",
        "what the end names as its predecessor is known",
        with([all(&f.right[2..]), all(&f.left[2..3])].concat()),
    );
    let other = [all(&f.right[..1]), all(&f.left[..1]), all(&f.right[1..])].concat();
    sheet.good("another in a place that is open", "the later one waits there, and the branch is not whole", with(other.clone()));
    sheet.good("the right one comes again", "the rest of the branch has waited", with([other, all(&f.right[..1])].concat()));
    sheet.good("another first", "the later one takes its place", with([all(&f.left[..3]), all(&f.right)].concat()));
    let far = Change::CloseLog { end: end(1 << 50, f.right[3].id()) };
    let named = vec![f.begun(), all(&f.left), vec![f.proof(), Item::Identity(ended(2, far))], all(&f.right)];
    sheet.good("an end that is made up", "it is waited for, and nothing counts from the fork on", come(named));
}

fn lower(sheet: &mut Sheet) {
    let f = forked(3, 3);
    let mut story = Story::of(3);
    let met = story.last();
    story.wait(5);
    story.say(2, &[met], post("Otherwise"));
    let low = story.entries.last().expect("told").clone();
    let at = f.before.last().expect("told");
    let proof = || Item::Fork(Fork::between(at, &low).expect("a fork").proof().clone());
    let told = vec![f.begun(), all(&f.left), vec![f.proof(), proof(), f.proof()]];
    sheet.good("a lower fork", "from there on nothing counts", come(told.clone()));
    let ends = vec![f.begun(), all(&f.left), vec![f.proof(), proof(), closed(&f.right[2])], all(&f.right)];
    sheet.good("a lower fork, and a branch above it", "the branch is waited for from the lower fork on", come(ends.clone()));
    sheet.good("the branch from the lower fork on", "all of it is taken", come([ends, vec![vec![Item::Entry(at.raw().clone())]]].concat()));
    let other = vec![f.begun(), all(&f.left), vec![f.proof(), closed(&low)], vec![proof()], vec![Item::Entry(low.raw().clone())]];
    sheet.good("the lower branch is named", "when that fork is known", come(other));
    let loose = Item::Fork(Fork::between(&low, at).expect("a fork").proof().clone());
    sheet.good("a proof about nobody known", "is not kept", case(vec![loose]));
}

fn revoked(sheet: &mut Sheet) {
    let f = forked(2, 2);
    let revoke = |cuts: Vec<LogEnd>| Item::Identity(ended(2, Change::RevokeDevice { device: device(2), cuts }));
    let last = f.right.last().expect("told");
    let cut = revoke(vec![end(last.header().seq, last.id())]);
    let told = vec![f.begun(), all(&f.left), vec![f.proof(), cut]];
    sheet.good("revoked with an end", "a cut names a branch as a close does", come([told, vec![all(&f.right)]].concat()));
    let nothing = vec![f.begun(), all(&f.left), vec![f.proof(), revoke(vec![])], all(&f.right)];
    sheet.good("revoked without an end", "nothing is let go, and nothing counts", come(nothing));
}

fn effects(sheet: &mut Sheet) {
    let mut story = Story::of(2);
    let before = story.clone();
    let by = story.invite(1, &[], 3);
    story.add(1, &[], 3, by);
    let mut other = before.clone();
    other.wait(7);
    let by = other.invite(1, &[], 2);
    other.add(1, &[], 4, by);
    let at = before.entries.len();
    let (left, right) = (story.entries.split_off(at), other.entries.split_off(at));
    let last = right.last().expect("told");
    let named = LogEnd { log: blind_log(&circle(), &device(1), 0), seq: last.header().seq, id: last.id() };
    let close = Item::Identity(ended(1, Change::CloseLog { end: named }));
    let proof = Item::Fork(Fork::between(&left[0], &right[0]).expect("a fork").proof().clone());
    let begun: Vec<Item> = (1..=4).map(|n| Item::Identity(chain(n))).chain(entries(&before.entries)).collect();
    let mut third = before;
    third.entries = [&third.entries[..], &left[..]].concat();
    third.say(3, &[left[1].id()], post("Let in on the left"));
    let said = third.entries.last().expect("told").clone();
    let told = vec![begun, all(&left), all(&[said]), vec![proof, close], all(&right)];
    sheet.good("who was let in on a branch", "is no member when the other one is named", come(told));
}

fn refused(sheet: &mut Sheet) {
    let f = forked(1, 1);
    let mut items = [f.begun(), all(&f.left)].concat();
    if let Some(Item::Entry(raw)) = items.last_mut() {
        raw.sig = Sig([7; 64]);
    }
    sheet.bad("forged entry", "no reader looks further", case(items), "signature");
    let mut proof = f.proof();
    if let Item::Fork(proof) = &mut proof {
        std::mem::swap(&mut proof.one, &mut proof.other);
    }
    sheet.bad("turned proof", "the greater id first", come(vec![f.begun(), vec![proof]]), "no_fork");
}
