//! Histories of circles and the rosters that they give (9), each in two orders of arrival at least.

mod norms;

use haat_protocol::body::{Body, CircleCreate, Invite, MemberLeave, Profile};
use haat_protocol::crypto::Sig;
use haat_protocol::entry::Unverified;
use haat_protocol::id::EntryId;
use haat_protocol::norms::{Norms, Role};
use haat_protocol::space::Sort;

use crate::kit::{START, inception, pair, person};
use crate::sheet::{Sheet, Vector};
use crate::story::Story;

/// What the name of the same history in another order ends with.
const OTHER: &str = ", otherwise";

pub(crate) fn sheet() -> Sheet {
    let mut sheet = Sheet::new("rosters", "Who is in a circle (9): entries in the order in which they came, and the roster they give.");
    admissions(&mut sheet);
    invites(&mut sheet);
    removals(&mut sheet);
    mutual(&mut sheet);
    fallen(&mut sheet);
    leaving(&mut sheet);
    roles(&mut sheet);
    norms::all(&mut sheet);
    refused(&mut sheet);
    sheet
}

/// The history as it was written, and from its end, with one entry twice.
fn tell(sheet: &mut Sheet, name: &str, what: &'static str, story: &Story) {
    let all = story.entries.len();
    sheet.good(name, what, story.come(0..all));
    sheet.good(&format!("{name}{OTHER}"), what, story.come((0..all).rev().chain([all / 2])));
}

/// Newcomers whom two let in, until the later add has the lower id.
const PAIRS: [(u8, u8); 6] = [(3, 4), (3, 5), (3, 6), (4, 3), (5, 3), (6, 3)];

fn admissions(sheet: &mut Sheet) {
    tell(sheet, "begun", "a circle of one", &Story::begin(Norms::default()));
    let mut story = Story::of(3);
    story.name(3, &[story.last()], "Third");
    tell(sheet, "let in", "two are let in by one invite, and one takes another name", &story);
    let race = |(one, newcomer), is_known: bool| {
        let mut story = Story::of(2);
        let met = story.last();
        let invite = story.invite(1, &[], 1);
        let first = story.add(1, &[], one, invite);
        let second = story.add(2, &if is_known { vec![first] } else { vec![invite, met] }, newcomer, invite);
        (story, second < first)
    };
    let (story, _) = PAIRS.map(|pair| race(pair, true)).into_iter().find(|(_, is_lower)| *is_lower).expect("ids differ");
    tell(sheet, "spent", "an add that knew of the one before, by an invite of one use: it comes too late, whatever its id", &story);
    let (story, _) = PAIRS.map(|pair| race(pair, false)).into_iter().find(|(_, is_lower)| *is_lower).expect("ids differ");
    tell(sheet, "spent at once", "two adds at the same time by an invite of one use: the lower id counts", &story);
    let mut story = Story::of(2);
    let met = story.last();
    let invite = story.invite(1, &[], 1);
    story.add(1, &[], 4, invite);
    story.add(2, &[invite, met], 4, invite);
    tell(sheet, "twice by two", "two members let one person in by an invite of one use", &story);
    let mut story = Story::of(2);
    let invite = story.invite(1, &[story.last()], 2);
    story.add(1, &[], 2, invite);
    story.add(1, &[], 3, invite);
    story.add(1, &[], 4, invite);
    tell(sheet, "in already", "who is in stays as is, and spends a use", &story);
    let mut story = Story::begin(Norms::default());
    let far = story.invite(3, &[], 5);
    story.add(3, &[], 3, far);
    tell(sheet, "by a stranger", "who is no member invites nobody", &story);
    let mut story = Story::begin(Norms::default());
    let invite = story.invite(1, &[], 5);
    let mut forged = story.admission(2, invite);
    forged.proof = Sig([7; 64]);
    story.say(1, &[], Body::MemberAdd(forged));
    let mut swapped = story.admission(3, invite);
    swapped.identity = person(4);
    story.say(1, &[], Body::MemberAdd(swapped));
    tell(sheet, "forged", "proofs that do not hold, and one for another person", &story);
    let mut story = Story::begin(Norms::default());
    let invite = story.invite(1, &[], 5);
    story.wait(995_000);
    story.add(1, &[], 2, invite);
    story.add(1, &[], 3, invite);
    story.wait(5_000);
    story.add(1, &[], 4, invite);
    tell(sheet, "expired", "adds before the invite ends, and after it", &story);
}

fn invites(sheet: &mut Sheet) {
    let mut story = Story::of(3);
    let met = story.last();
    let invite = story.invite(2, &[met], 5);
    story.add(2, &[], 4, invite);
    story.revoke(3, &[story.last()], invite);
    let before = story.last();
    story.revoke(2, &[before], invite);
    story.add(1, &[story.last()], 5, invite);
    tell(sheet, "revoked", "a member revokes another's invite in vain, its maker revokes it", &story);
    let mut story = Story::of(2);
    let invite = story.invite(2, &[story.last()], 5);
    let known = story.last();
    story.revoke(1, &[known], invite);
    story.add(2, &[], 3, invite);
    story.add(2, &[], 4, invite);
    tell(sheet, "revoked meanwhile", "adds beside the revocation: what sorts before it stands", &story);
    let mut story = Story::of(2);
    let invite = story.invite(2, &[story.last()], 5);
    story.remove(1, &[story.last()], 2, &[invite]);
    story.add(1, &[], 3, invite);
    tell(sheet, "invite of the removed", "it goes with who made it", &story);
}

fn removals(sheet: &mut Sheet) {
    let mut story = Story::of(2);
    let met = story.last();
    let named = story.name(2, &[met], "Known");
    story.remove(1, &[named], 2, &[named]);
    let invite = story.invite(2, &[], 5);
    story.add(2, &[], 3, invite);
    tell(sheet, "removed", "what the removed wrote at the same time lies beyond the cut", &story);
    let mut story = Story::of(2);
    let met = story.last();
    story.name(2, &[met], "Known");
    story.remove(1, &[], 2, &[]);
    story.say_in((2, 1), &[story.last()], Body::Invite(Invite { key: pair(250).public(), uses: 1, expires: START.plus(9_000_000) }));
    tell(sheet, "removed without cuts", "of no log anything counts", &story);
    let mut story = Story::of(4);
    let met = story.last();
    story.remove(2, &[met], 3, &[]);
    story.remove(2, &[met], 1, &[]);
    story.remove(1, &[], 1, &[]);
    tell(sheet, "no right", "members remove nobody, and nobody oneself: that is leaving", &story);
    let mut story = Story::of(2);
    let met = story.last();
    let named = story.name(2, &[met], "Known");
    let gone = story.remove(1, &[named], 2, &[named]);
    let again = story.invite(1, &[gone], 5);
    story.add(1, &[], 2, again);
    let back = story.last();
    story.name(2, &[back], "In the old log");
    story.say_in((2, 7), &[back], Body::Profile(Profile { name: "In a new log".into() }));
    tell(sheet, "let in again", "by another invite, in a new log: the old one stays cut", &story);
    let mut story = Story::of(2);
    let (met, first) = (story.last(), story.entries[1].id());
    story.remove(1, &[met], 2, &[]);
    story.add(1, &[], 2, first);
    tell(sheet, "by the same invite", "an invite lets each person in once", &story);
    let mut story = Story::of(3);
    let met = story.last();
    story.role(1, &[], 3, Role::Steward);
    let one = story.name(2, &[met], "First");
    let two = story.name(2, &[], "Second");
    let later = story.last();
    story.remove(1, &[two], 2, &[two]);
    story.remove(3, &[later, story.entries[4].id()], 2, &[one]);
    tell(sheet, "removed by two", "the lower cut of each log, and the earlier entry", &story);
}

/// A circle in which all these are owners, and the last entry that made them so.
fn owners(size: u8) -> Story {
    let mut story = Story::of(size);
    (2..=size).for_each(|n| {
        story.role(1, &[], n, Role::Owner);
    });
    story
}

fn mutual(sheet: &mut Sheet) {
    let mut story = owners(2);
    let met = story.last();
    let two = story.name(2, &[met], "Second");
    story.remove(1, &[two], 2, &[two]);
    story.remove(2, &[], 1, &[met]);
    tell(sheet, "each other", "two owners remove each other: both go, and nobody is left", &story);
    let mut story = owners(2);
    let invite = story.entries[1].id();
    for n in [3, 4, 5] {
        story.add(1, &[], n, invite);
    }
    story.role(1, &[], 5, Role::Steward);
    story.role(1, &[], 4, Role::Steward);
    let met = story.last();
    let two = story.name(2, &[met], "Second");
    story.remove(1, &[two], 2, &[two]);
    story.remove(2, &[], 1, &[met]);
    tell(sheet, "each other, with heirs", "the steward who was let in first becomes owner", &story);
    let mut story = owners(3);
    let met = story.last();
    let names: Vec<EntryId> = [2, 3].map(|n| story.name(n, &[met], "Known")).into();
    story.remove(1, &names, 2, &[names[0]]);
    story.remove(2, &[], 3, &[names[1]]);
    story.remove(3, &[], 1, &[met]);
    tell(sheet, "in a ring", "three owners, each removes the next: all go", &story);
    let mut story = owners(3);
    let met = story.last();
    let two = story.name(2, &[met], "Second");
    let three = story.name(3, &[met], "Third");
    story.remove(2, &[three], 3, &[three]);
    story.remove(3, &[], 1, &[met]);
    story.remove(1, &[two], 2, &[two]);
    story.name(1, &[], "First");
    tell(sheet, "in the other ring", "each is beaten by another: all stand, and cuts are raised to them", &story);
    let mut story = owners(3);
    let met = story.last();
    story.name(2, &[met], "Second");
    let gone = story.remove(2, &[], 3, &[]);
    story.remove(1, &[gone], 2, &[gone]);
    tell(sheet, "before the cut", "what the removed did before stands", &story);
    let mut story = owners(3);
    let met = story.last();
    let two = story.name(2, &[met], "Second");
    story.remove(2, &[], 3, &[]);
    story.remove(1, &[two], 2, &[two]);
    tell(sheet, "beyond the cut", "what the removed did at the same time falls", &story);
}

fn fallen(sheet: &mut Sheet) {
    let mut story = owners(4);
    let met = story.last();
    let two = story.name(2, &[met], "Second");
    let three = story.name(3, &[met], "Third");
    story.remove(1, &[two], 2, &[two]);
    story.remove(2, &[three], 3, &[three]);
    story.remove(3, &[], 4, &[]);
    tell(sheet, "beaten by what falls", "one removal falls with the cut of its author, so what it would beat stands", &story);
    let mut story = Story::of(4);
    let met = story.last();
    story.role(1, &[], 2, Role::Owner);
    let raised = story.last();
    let two = story.name(2, &[raised], "Second");
    story.role(2, &[], 3, Role::Owner);
    let made = story.last();
    story.remove(3, &[made, met], 4, &[]);
    story.remove(1, &[two], 2, &[two]);
    tell(sheet, "owed to what is void", "a removal falls whose author owes the right to a role that lies beyond a cut", &story);
    let mut story = Story::of(5);
    story.role(1, &[], 2, Role::Owner);
    let raised = story.last();
    let two = story.name(2, &[raised], "Second");
    story.role(2, &[], 3, Role::Owner);
    let made = story.last();
    let three = story.name(3, &[made], "Third");
    story.remove(3, &[], 4, &[]);
    story.remove(3, &[], 1, &[raised]);
    story.remove(1, &[two, three], 2, &[two]);
    tell(sheet, "against who gave the right", "a new owner removes the first one, whose own removal lies beyond that cut", &story);
}

fn leaving(sheet: &mut Sheet) {
    let mut story = Story::of(3);
    let met = story.last();
    let more = story.say_in((2, 4), &[met], Body::Profile(Profile { name: "Second".into() }));
    story.leave(2, &[met, more], &[more]);
    story.name(2, &[], "Back");
    tell(sheet, "left", "with the end of another log; what is written after it does not count", &story);
    let mut story = Story::of(4);
    let met = story.last();
    story.role(1, &[], 3, Role::Steward);
    story.leave(1, &[met], &[]);
    tell(sheet, "owner left", "a steward comes before who was let in earlier", &story);
    let mut story = Story::of(4);
    story.leave(1, &[], &[]);
    tell(sheet, "owner left members", "the member who was let in first becomes owner", &story);
    let mut story = Story::of(2);
    let met = story.last();
    let named = story.name(2, &[met], "Second");
    story.leave(2, &[], &[]);
    story.remove(1, &[named], 2, &[named]);
    tell(sheet, "left and removed", "at the same time: the removal is shown, and its cut is the lower one", &story);
    let mut story = Story::of(2);
    story.leave(2, &[story.last()], &[]);
    let gone = story.last();
    let invite = story.invite(1, &[gone], 1);
    story.add(1, &[], 2, invite);
    let back = story.last();
    let mut other = story.clone();
    let named = vec![story.cut_at(gone)];
    story.say_in((2, 1), &[back], Body::MemberLeave(MemberLeave { cuts: named }));
    tell(sheet, "left twice", "the later leave is shown, and both logs are cut", &story);
    other.say_in((2, 1), &[back], Body::MemberLeave(MemberLeave { cuts: vec![] }));
    tell(sheet, "left twice, unnamed", "the earlier leave lies beyond the later one, which does not name its log", &other);
    let mut story = Story::begin(Norms::default());
    story.leave(1, &[], &[]);
    tell(sheet, "all left", "a circle of nobody", &story);
}

fn roles(sheet: &mut Sheet) {
    let mut story = Story::of(3);
    let met = story.last();
    story.role(1, &[], 2, Role::Steward);
    let raised = story.last();
    story.role(2, &[raised], 3, Role::Steward);
    story.role(3, &[met], 3, Role::Owner);
    story.remove(2, &[], 3, &[]);
    tell(sheet, "steward", "a steward gives no role and removes a member", &story);
    let mut story = owners(3);
    let met = story.last();
    story.role(2, &[met], 1, Role::Member);
    story.role(3, &[met], 2, Role::Steward);
    story.role(1, &[], 3, Role::Steward);
    tell(sheet, "roles at once", "three owners take each other's role: the order decides", &story);
    let mut story = Story::of(2);
    story.role(1, &[], 1, Role::Member);
    tell(sheet, "last owner", "stays one", &story);
    let mut story = owners(2);
    story.role(1, &[], 1, Role::Member);
    story.role(2, &[story.last()], 2, Role::Member);
    tell(sheet, "one of two owners", "gives up the role, the other cannot", &story);
    let mut story = Story::of(2);
    story.role(1, &[], 5, Role::Owner);
    tell(sheet, "role of nobody", "only members have roles", &story);
    let mut story = Story::of(3);
    story.role(1, &[], 2, Role::Steward);
    let raised = story.last();
    let gone = story.remove(1, &[raised], 2, &[]);
    let again = story.invite(1, &[gone], 5);
    story.add(1, &[], 2, again);
    story.leave(1, &[], &[]);
    tell(sheet, "steward let in again", "as a member, who then becomes owner after who was in longer: all of it is remembered", &story);
}

fn refused(sheet: &mut Sheet) {
    let story = Story::of(2);
    let all = story.entries.len();
    sheet.bad("without a beginning", "the entry that begins the circle is missing", story.come(1..all), "no_roster");
    let raw = || -> Vec<Unverified> { story.entries.iter().map(|entry| entry.raw().clone()).collect() };
    let mut forged = raw();
    forged[1].sig = Sig([7; 64]);
    sheet.bad("forged entry", "an entry that does not hold", story.raw(forged), "signature");
    let mut hollow = raw();
    hollow[1].payload = None;
    sheet.bad("hollow entry", "an entry without its payload", story.raw(hollow), "unopened");
    let mut other = Story::default();
    let body = CircleCreate { inception: inception(Sort::Circle), name: "Tea".into(), norms: Norms::default(), creator_name: "Two".into() };
    other.say(2, &[], Body::CircleCreate(body.clone()));
    sheet.bad("begun by another", "only the creator begins it", other.come([0]), "no_roster");
    let mut other = Story::default();
    other.say_in((1, 1), &[], Body::CircleCreate(body));
    sheet.bad("begun in another log", "it begins in log 0", other.come([0]), "no_roster");
}

/// Orders of arrival must not matter: what differs is told.
pub(crate) fn differing(vectors: &[Vector]) -> Vec<String> {
    let first = |name: &str| vectors.iter().find(|vector| vector.name() == name);
    let others = vectors.iter().filter_map(|vector| Some((vector, first(vector.name().split_once(OTHER)?.0)?)));
    others.filter(|(other, one)| other.expected() != one.expected()).map(|(other, _)| other.name().to_owned()).collect()
}
