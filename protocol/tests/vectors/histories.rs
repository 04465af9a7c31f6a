//! Whole histories of spaces, told to a reader entry by entry: where logs end, who writes, what counts and what takes effect (8).

use serde_json::json;

use haat_protocol::body::{Body, Post};
use haat_protocol::codec::encode;
use haat_protocol::crypto::Sig;
use haat_protocol::entry::{Draft, Entry, FLAG_CRITICAL, Header, NORMS_EXTENSION, Unverified};
use haat_protocol::id::EntryId;
use haat_protocol::identity::{Chain, Change, LogEnd, blind_log};
use haat_protocol::norms::{Norms, Role};
use haat_protocol::space::Sort;
use haat_protocol::time::{DAY_MS, MINUTE_MS};
use serde_bytes::ByteBuf;

use crate::bodies::{listing, share, shop};
use crate::kit::{SPACE_KEY, START, chain, circle, device, header, hex, hidden, inception, pair};
use crate::reader::Pile;
use crate::sheet::{Case, Sheet};
use crate::story::Story;

/// People who may take part.
const PEOPLE: u8 = 6;

pub(crate) fn sheet() -> Sheet {
    let mut sheet = Sheet::new("histories", "A reader is handed entries one by one (8): ends of logs, writers, what counts.");
    writers(&mut sheet);
    removed(&mut sheet);
    ends(&mut sheet);
    forks(&mut sheet);
    quotas(&mut sheet);
    shops(&mut sheet);
    refused(&mut sheet);
    sheet
}

fn told(sort: Sort, chains: Vec<Chain>, entries: Vec<Unverified>) -> Case {
    let now = START.plus(DAY_MS);
    Case::new("history", encode(&Pile { inception: inception(sort), chains, entries })).with(json!({"key": hex(&SPACE_KEY), "now": now}))
}

fn raws(entries: &[Entry]) -> Vec<Unverified> {
    entries.iter().map(|entry| entry.raw().clone()).collect()
}

/// These entries of a circle, to a reader who holds everybody's first chain.
fn come(entries: &[Entry]) -> Case {
    told(Sort::Circle, (1..=PEOPLE).map(chain).collect(), raws(entries))
}

fn post(text: &str) -> Body {
    Body::Post(Post { text: text.into(), listings: vec![], reply_to: None })
}

/// An entry after another of the same device's first log.
fn next(after: &Entry, n: u8, tweak: impl FnOnce(&mut Header)) -> Entry {
    let last = after.header();
    let form = hidden(32);
    let mut header =
        Header { device: device(n), seq: last.seq + 1, prev: Some(after.id()), lamport: last.lamport + 1, at: last.at.plus(1_000), ..form };
    tweak(&mut header);
    let key = header.key.map(|_| SPACE_KEY);
    Draft { header, body: post("Tea").encode() }.sign(&pair(n), key.as_ref(), &[0x77; 32]).expect("a good entry")
}

fn writers(sheet: &mut Sheet) {
    let mut story = Story::of(3);
    let (met, by) = (story.last(), story.say(2, &[], post("Tea")));
    story.say(2, &[met], post("And cake"));
    story.say(3, &[by], post("Where?"));
    story.say_in((2, 7), &[], post("From another log"));
    sheet.good("in order", "everybody is known when they speak", come(&story.entries));
    let backwards: Vec<Entry> = story.entries.iter().rev().cloned().collect();
    sheet.good("backwards", "only what begins the circle can be kept", come(&backwards));
    let twice: Vec<Entry> = [&story.entries[..], &story.entries[..]].concat();
    sheet.good("twice", "what is known changes nothing", come(&twice));
    let again: Vec<Entry> = [&backwards[..], &story.entries[..]].concat();
    sheet.good("backwards, then in order", "the same state", come(&again));
    let stranger = next(story.entries.last().expect("told"), 5, |header| (header.seq, header.prev, header.lamport) = (0, None, 1));
    sheet.good("a stranger", "no member, though the chain is known", come(&[story.entries[0].clone(), stranger]));
    let early = next(&story.entries[0], 1, |header| header.at = START.plus(DAY_MS + 10 * MINUTE_MS + 1));
    sheet.good("too early", "it waits for its time", come(&[story.entries[0].clone(), early]));
    let first = |n: u8| next(&story.entries[0], n, |header| (header.seq, header.prev, header.lamport, header.log) = (0, None, 1, 3));
    sheet.good(
        "before the circle",
        "the creator's device writes, and nobody else's",
        come(&[first(1), first(2), story.entries[0].clone()]),
    );
}

fn removed(sheet: &mut Sheet) {
    let mut story = Story::of(3);
    let (met, last) = (story.last(), story.say(2, &[], post("One")));
    let beyond = story.say(2, &[met], post("Two"));
    story.remove(1, &[last], 2, &[last]);
    story.say(2, &[beyond], post("Three"));
    sheet.good("removed at a cut", "what lies beyond is kept, and does not count", come(&story.entries));
    let mut open = Story::of(3);
    open.say(2, &[open.last()], post("One"));
    open.remove(1, &[open.last()], 2, &[]);
    open.say_in((2, 1), &[], post("Elsewhere"));
    sheet.good("removed without a cut", "all logs of the person are closed", come(&open.entries));
    let invite = story.invite(1, &[story.last()], 1);
    let back = story.add(1, &[], 2, invite);
    story.say_in((2, 1), &[back], post("Back again"));
    sheet.good("let in again", "another log is open, the old one stays cut", come(&story.entries));
    let mut far = Story::of(2);
    let cut = far.say(2, &[far.last()], post("One"));
    far.remove(1, &[cut], 2, &[cut]);
    let mut all = far.entries.clone();
    let mut end = all.iter().find(|entry| entry.id() == cut).expect("told").clone();
    for _ in 0..66 {
        end = next(&end, 2, |header| header.kind = 38);
        all.push(end.clone());
    }
    sheet.good("66 beyond", "64 of them are kept", come(&all));
    let mut left = Story::of(2);
    left.say(2, &[left.last()], post("Bye"));
    left.leave(2, &[], &[]);
    left.say(2, &[], post("Still here"));
    sheet.good("left", "the log ends where its person left", come(&left.entries));
}

fn log_end(n: u8, number: u64, seq: u64, id: EntryId) -> LogEnd {
    LogEnd { log: blind_log(&circle(), &device(n), number), seq, id }
}

/// The chains of all, with more in that of one person, said by the root.
fn chains_with(n: u8, changes: Vec<Change>) -> Vec<Chain> {
    let mut all: Vec<Chain> = (1..=PEOPLE).map(chain).collect();
    for (at, change) in (1u64..).zip(changes) {
        all[usize::from(n) - 1].append(&pair(100 + n), change, START.plus(at));
    }
    all
}

fn ends(sheet: &mut Sheet) {
    let mut story = Story::of(3);
    let (met, last) = (story.last(), story.say(2, &[], post("One")));
    story.say(2, &[met], post("Two"));
    story.say_in((2, 4), &[last], post("In another log"));
    let tell = |changes| told(Sort::Circle, chains_with(2, changes), raws(&story.entries));
    let close = Change::CloseLog { end: log_end(2, 0, 0, last) };
    sheet.good("closed log", "its person's root named the end", tell(vec![close]));
    let revoke = |cuts| Change::RevokeDevice { device: device(2), cuts };
    sheet.good("revoked device", "one log is cut, the other has no effect", tell(vec![revoke(vec![log_end(2, 0, 0, last)])]));
    sheet.good("revoked device, no cuts", "no log of it has any effect", tell(vec![revoke(vec![])]));
    let mut owner = Story::of(2);
    let begun = owner.entries[0].id();
    owner.say(1, &[owner.last()], post("After"));
    let cut = vec![Change::RevokeDevice { device: device(1), cuts: vec![log_end(1, 0, 0, begun)] }];
    let case = told(Sort::Circle, chains_with(1, cut), raws(&owner.entries));
    sheet.good("revoked owner", "who was let in beyond the end is in no roster", case);
}

fn forks(sheet: &mut Sheet) {
    let mut story = Story::of(3);
    story.say(2, &[story.last()], post("One"));
    let one = story.entries.last().expect("told").clone();
    let left = next(&one, 2, |_| {});
    let right = next(&one, 2, |header| header.at = header.at.plus(1));
    let on = next(&left, 2, |_| {});
    let all = [&story.entries[..], &[left.clone(), right.clone(), on.clone()]].concat();
    sheet.good("forked", "from there on nothing counts", come(&all));
    let other = [&story.entries[..], &[right.clone(), left.clone(), on.clone()]].concat();
    sheet.good("forked, otherwise", "whichever came first", come(&other));
    let close = vec![Change::CloseLog { end: log_end(2, 0, left.header().seq, left.id()) }];
    sheet.good("forked and closed", "the named branch counts as far as it is named", told(Sort::Circle, chains_with(2, close), raws(&all)));
    let mut low = Story::of(3);
    low.say(2, &[low.last()], post("One"));
    let second = next(low.entries.last().expect("told"), 2, |header| (header.seq, header.prev) = (0, None));
    low.entries.push(second);
    sheet.good("forked at its beginning", "nothing of the log counts", come(&low.entries));
    let mut adds = Story::of(2);
    let invite = adds.invite(1, &[], 2);
    let before = adds.clone();
    adds.add(1, &[], 3, invite);
    let mut twin = before;
    twin.add(1, &[], 4, invite);
    let fork = [&adds.entries[..], &twin.entries[twin.entries.len() - 1..]].concat();
    sheet.good("forked admission", "who was let in on a branch is in no roster", come(&fork));
}

fn quotas(sheet: &mut Sheet) {
    let few = Norms { posts_per_day: 2, ..Norms::default() };
    let mut story = Story::begin(few);
    (0..4).for_each(|_| {
        story.say(1, &[], post("Tea"));
    });
    sheet.good("third post of a day", "it is kept without effect", come(&story.entries));
    let mut day = story.entries.clone();
    let tomorrow = next(day.last().expect("told"), 1, |header| header.at = header.at.plus(DAY_MS - MINUTE_MS));
    let back = next(&tomorrow, 1, |header| header.at = START);
    day.extend([tomorrow, back]);
    sheet.good("a day that runs back", "it does not", come(&day));
    let cites = |version: u64| {
        move |header: &mut Header| {
            header.extensions = [(NORMS_EXTENSION.to_owned(), ByteBuf::from(version.to_be_bytes()))].into();
        }
    };
    let mut norms = Story::of(2);
    norms.norms(1, &[], Norms { version: 1, denied: vec![32], ..Norms::default() });
    let last = norms.entries.last().expect("told").clone();
    let denied = next(&last, 1, cites(1));
    let lower = next(&denied, 1, |_| {});
    let missing = next(&lower, 1, cites(2));
    norms.entries.extend([denied, lower, missing]);
    sheet.good("norms that are cited", "denied, lower than before, and not held", come(&norms.entries));
    let mut stop = Story::of(2);
    let met = stop.last();
    stop.say(2, &[met], post("One"));
    let stopping = next(stop.entries.last().expect("told"), 2, |header| (header.kind, header.flags) = (40, FLAG_CRITICAL));
    let after = next(&stopping, 2, |_| {});
    stop.entries.extend([stopping, after]);
    sheet.good("not understood", "nothing later in this log has an effect", come(&stop.entries));
    let mut sellers = Story::begin(Norms { sell: Role::Steward, ..Norms::default() });
    let invite = sellers.invite(1, &[], 1);
    sellers.add(1, &[], 2, invite);
    sellers.say(1, &[], share(Sort::Shop, 0, vec![]));
    let heir = sellers.role(1, &[], 2, Role::Owner);
    sellers.role(1, &[heir], 1, Role::Member);
    sellers.say(1, &[], share(Sort::Shop, 0, vec![]));
    sheet.good("who may sell", "the role at the share's place in the order", come(&sellers.entries));
    let lie = next(&Story::of(2).entries[0], 1, |header| header.lamport = 99);
    sheet.good("a wrong lamport", "it is kept without effect", come(&[Story::of(2).entries[0].clone(), lie]));
}

fn shops(sheet: &mut Sheet) {
    let at = |n: u8, log: u64, body: &Body| {
        let form = header(body.kind().code());
        let header = Header { device: device(n), space: inception(Sort::Shop).id(), log, ..form };
        Draft { header, body: body.encode() }.sign(&pair(n), None, &[0x77; 32]).expect("a good entry")
    };
    let (begins, lists) = (at(1, 0, &Body::ShopCreate(shop())), at(1, 1, &Body::Listing(listing())));
    let theirs = at(2, 0, &Body::Listing(listing()));
    let all = [lists, begins, theirs];
    sheet.good("a shop", "its keeper writes in any log, and nobody else", told(Sort::Shop, (1..=2).map(chain).collect(), raws(&all)));
}

fn refused(sheet: &mut Sheet) {
    let mut story = Story::of(2);
    story.say(2, &[story.last()], post("Tea"));
    let mut forged = raws(&story.entries);
    forged.last_mut().expect("told").sig = Sig([7; 64]);
    let everybody = || (1..=PEOPLE).map(chain).collect::<Vec<_>>();
    sheet.bad("forged entry", "no reader looks further", told(Sort::Circle, everybody(), forged), "signature");
    let mut chains = chains_with(2, vec![Change::RevokeDevice { device: device(2), cuts: vec![] }]);
    chains[1].operations[1].sig = Sig([7; 64]);
    sheet.bad("forged chain", "a revocation by nobody", told(Sort::Circle, chains, raws(&story.entries)), "signer");
    let mut older = raws(&story.entries);
    older[1].payload = Some(ByteBuf::from([1]));
    sheet.bad("another payload", "not the one that was signed", told(Sort::Circle, everybody(), older), "payload");
}
