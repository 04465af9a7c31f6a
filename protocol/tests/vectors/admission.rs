//! Admission: every reason for which an entry is not kept, waits, or is kept without effect.

use serde_bytes::ByteBuf;
use serde_json::{Value, json};

mod norms;

use haat_protocol::body::{
    Body, CircleCreate, Interest, ListingRef, NormsChange, Post, Profile, Recommend, Retract, Review, ReviewReply, Unshare, Unvouch, Vouch,
};
use haat_protocol::codec::encode;
use haat_protocol::entry::{Draft, Entry, FLAG_CRITICAL, Header, NORMS_EXTENSION, Unverified};
use haat_protocol::id::{EntryId, IdentityId, SpaceId};
use haat_protocol::kind::Kind;
use haat_protocol::limits::INTEGER_MAX;
use haat_protocol::norms::Norms;
use haat_protocol::order::Outcome;
use haat_protocol::space::{Inception, Sort};
use haat_protocol::time::{DAY_MS, MINUTE_MS, Millis};
use haat_protocol::trust::Weight;

use crate::bodies::{epoch, listing, review_right, share, shop};
use crate::kit::{SPACE_KEY, START, bytes, circle, currency, device, header, hex, hidden, inception, pair, person, sign};
use crate::sheet::{Case, Sheet};

/// The last entry of the log, when there is one.
const LAST: EntryId = EntryId([4; 32]);

pub(crate) fn sheet() -> Sheet {
    let mut sheet = Sheet::new("admission", "Admission (8): whether an entry is kept, and whether it has an effect.");
    kept(&mut sheet);
    counted(&mut sheet);
    numbers(&mut sheet);
    waiting(&mut sheet);
    not_kept(&mut sheet);
    effects(&mut sheet);
    newer(&mut sheet);
    orders(&mut sheet);
    quotas(&mut sheet);
    norms::all(&mut sheet);
    authors(&mut sheet);
    creations(&mut sheet);
    sheet
}

/// What a reader holds: a circle of the people 1 and 2, nothing else.
fn nothing() -> Value {
    let mut writers = json!({});
    for n in [1, 2] {
        writers[device(n).to_string()] = json!(person(n));
    }
    json!({
        "now": START, "sort": "circle", "created": START, "writers": writers, "counts": "all", "log": null, "there": null, "held": [], "shops": {},
        "norms": [of_norms(START, &Norms::default())], "role": "member", "key": null,
    })
}

/// The same, with this instead.
fn but(name: &str, value: impl Into<Value>) -> Value {
    and(nothing(), name, value)
}

fn and(mut context: Value, name: &str, value: impl Into<Value>) -> Value {
    context[name] = value.into();
    context
}

fn of_norms(at: Millis, norms: &Norms) -> Value {
    json!({"at": at, "norms": hex(&encode(norms))})
}

/// A log of five entries, all posts of the day on which the story begins.
fn log() -> Value {
    json!({"id": LAST, "seq": 4, "lamport": 9, "day": START.day(), "entries": 5, "kinds": {"32": 5}, "norms": 0, "stopped": null})
}

/// The same, with this instead.
fn log_with(name: &str, value: impl Into<Value>) -> Value {
    and(log(), name, value)
}

/// The log with so many entries of these kinds in its day.
fn log_of(kinds: &[(Kind, u64)]) -> Value {
    let counts: serde_json::Map<String, Value> = kinds.iter().map(|(kind, count)| (kind.code().to_string(), (*count).into())).collect();
    log_with("kinds", counts)
}

fn post(text: &str) -> Body {
    Body::Post(Post { text: text.into(), listings: vec![], reply_to: None })
}

/// The header of the entry that follows the log.
fn next(kind: u64) -> Header {
    Header { seq: 5, prev: Some(LAST), lamport: 10, ..header(kind) }
}

fn at(header: Header, at: Millis) -> Header {
    Header { at, ..header }
}

/// An entry that says this body.
fn says(header: Header, body: &Body) -> Entry {
    sign(Header { kind: body.kind().code(), ..header }, body.encode())
}

/// A post under this header; of other kinds the body does not matter to whether it is kept.
fn case(header: Header, context: Value) -> Case {
    Case::new("kept", bytes(&sign(header, post("Tea").encode()))).with(context)
}

fn kept(sheet: &mut Sheet) {
    let held = || but("log", log());
    sheet.good("kept: first", "the first entry of a log", case(header(32), nothing()));
    sheet.good("kept: next", "one more in the same day", case(next(32), held()));
    let tomorrow = START.plus(DAY_MS);
    sheet.good("kept: next day", "a day begins, and counts anew", case(at(next(32), tomorrow), and(held(), "now", tomorrow.0)));
    sheet.good("kept: earlier", "a day never runs back", case(at(next(32), Millis(0)), held()));
    sheet.good("kept: ahead", "ten minutes ahead of the clock", case(at(next(32), START.plus(10 * MINUTE_MS)), held()));
    let second = || Header { seq: 2, prev: Some(LAST), ..header(32) };
    let known = and(held(), "there", json!(sign(second(), post("Tea").encode()).id()));
    sheet.good("kept: known", "it is held already: nothing changes", case(second(), known));
    sheet.good("kept: unknown kind", "it is kept", case(next(1_000), held()));
    sheet.good(
        "kept: critical unknown kind",
        "from here on the log is not understood",
        case(Header { flags: FLAG_CRITICAL, ..next(31) }, held()),
    );
    sheet.good("kept: critical known kind", "which is understood", case(Header { flags: FLAG_CRITICAL, ..next(32) }, held()));
    let strange = || Header { extensions: [("!x".to_owned(), ByteBuf::from([1]))].into(), ..next(32) };
    sheet.good("kept: critical extension", "from here on the log is not understood", case(strange(), held()));
    sheet.good("kept: not understood before", "the first such place stays", case(strange(), but("log", log_with("stopped", 2))));
    sheet.good("kept: cites norms", "the greatest version that was cited", case(citing(next(32), 3), held()));
    sheet.good("kept: cites lower norms", "which has no effect, and is kept", case(citing(next(32), 3), but("log", log_with("norms", 7))));
    let wrong = Header { extensions: [(NORMS_EXTENSION.to_owned(), ByteBuf::from([9]))].into(), ..next(32) };
    sheet.good("kept: cites nothing", "another form than eight bytes", case(wrong, held()));
    sheet.good("kept: 64 beyond", "a little beyond a cut is kept", case(at_seq(68), beyond(json!({"until": 4}), 67)));
    sheet.good("kept: 64 of a closed log", "and the first of a closed log", case(at_seq(63), beyond(json!("none"), 62)));
}

/// A post at this place of its log.
fn at_seq(seq: u64) -> Header {
    Header { seq, ..next(32) }
}

/// The log that ends here, of which so much counts.
fn beyond(counts: Value, last: u64) -> Value {
    and(but("log", log_with("seq", last)), "counts", counts)
}

fn citing(header: Header, version: u64) -> Header {
    let extension = (NORMS_EXTENSION.to_owned(), ByteBuf::from(version.to_be_bytes()));
    Header { extensions: [extension].into(), ..header }
}

fn counted(sheet: &mut Sheet) {
    let full = |entries: u64| but("log", log_with("entries", entries));
    let shop = |entries: u64| and(full(entries), "sort", "shop");
    sheet.good("kept: 2000 that day", "as many as there may be", case(next(32), full(1_999)));
    sheet.bad("2001 that day", "one too many", case(next(32), full(2_000)), "day");
    sheet.bad("2001 by an earlier time", "the day does not run back", case(at(next(32), Millis(0)), full(2_000)), "day");
    sheet.good("kept: 50000 that day", "as many as there may be in a shop", case(next(65), shop(49_999)));
    sheet.bad("50001 that day", "one too many in a shop", case(next(65), shop(50_000)), "day");
    let tomorrow = START.plus(DAY_MS);
    sheet.good("kept: 2001 in two days", "the next day has room", case(at(next(32), tomorrow), and(full(2_000), "now", tomorrow.0)));
}

fn numbers(sheet: &mut Sheet) {
    let first = |log: u64| Header { log, ..header(32) };
    let tomorrow = START.plus(DAY_MS);
    let later = || but("now", tomorrow.0);
    sheet.good("kept: log 4095", "the last number that is free on the first day", case(first(4_095), nothing()));
    sheet.bad("log 4096 on the first day", "it comes free on the next", case(first(4_096), nothing()), "number");
    sheet.good("kept: log 4096 on the second day", "it is free now", case(at(first(4_096), tomorrow), later()));
    sheet.bad("log 4096 of the first day", "the day is that of the entry, not of the clock", case(first(4_096), later()), "number");
    sheet.bad("log 4096 before the space", "never less than one day", case(at(first(4_096), Millis(0)), nothing()), "number");
    let on = Header { log: 9_000, ..next(32) };
    sheet.good("kept: later in log 9000", "only how a log begins is judged", case(on, but("log", log())));
}

fn waiting(sheet: &mut Sheet) {
    let held = || but("log", log());
    sheet.bad("too early", "a millisecond more than ten minutes ahead", case(at(next(32), START.plus(10 * MINUTE_MS + 1)), held()), "time");
    sheet.bad("by nobody known", "no person is known for its device", case(next(32), and(held(), "writers", json!({}))), "writer");
    sheet.bad("nowhere known", "the space is not known", case(next(32), and(held(), "sort", Value::Null)), "writer");
    sheet.bad("too far", "an entry is missing before it", case(at_seq(6), held()), "predecessor");
    sheet.bad("second alone", "the first entry is missing", case(at_seq(1), nothing()), "predecessor");
}

fn not_kept(sheet: &mut Sheet) {
    let held = || but("log", log());
    let other = json!(EntryId([5; 32]));
    sheet.bad("fork", "another entry stands at its place", case(at_seq(4), and(held(), "there", other.clone())), "fork");
    let both = and(and(held(), "there", other), "counts", json!({"until": 2}));
    sheet.bad("fork beyond", "a fork is told also where nothing counts", case(at_seq(4), both), "fork");
    sheet.bad("65 beyond", "more than a little beyond a cut", case(at_seq(69), beyond(json!({"until": 4}), 68)), "beyond");
    sheet.bad("65 of a closed log", "more than the first of a closed log", case(at_seq(64), beyond(json!("none"), 63)), "beyond");
    let unlinked = Header { prev: Some(EntryId([5; 32])), ..next(32) };
    sheet.bad("unlinked", "it names another entry before it", case(unlinked, held()), "unlinked");
    for (name, kind, sort) in [("a listing in a circle", 65, "circle"), ("a post in a shop", 32, "shop"), ("95 in a circle", 95, "circle")]
    {
        let (case, what) = (case(next(kind), and(held(), "sort", sort)), "a kind that this sort of space does not have");
        sheet.bad(name, what, case, "kind");
    }
    sheet.good("kept: 96 in a circle", "kinds 64 to 95 are those of shops", case(next(96), held()));
    let without = |header: Header| {
        let raw = Unverified { payload: None, ..sign(header, post("Tea").encode()).raw().clone() };
        Case::new("kept", encode(&raw)).with(held())
    };
    sheet.good("kept: without payload", "what is said may be taken back", without(next(32)));
    sheet.good("kept: unknown without payload", "nobody knows whether it may", without(next(31)));
    for kind in [1, 7, 17] {
        let name = format!("{kind} without payload");
        sheet.bad(&name, "another holder has it whole", without(next(kind)), "hollow");
    }
}

fn effect(entry: &Entry, context: Value) -> Case {
    Case::new("effect", bytes(entry)).with(context)
}

fn effects(sheet: &mut Sheet) {
    sheet.good("effect: post", "in the clear", effect(&says(header(0), &post("Tea")), nothing()));
    let hidden = says(hidden(0), &post("Tea"));
    sheet.good("effect: hidden post", "under a key", effect(&hidden, but("key", hex(&SPACE_KEY))));
    sheet.bad("sealed", "the key is not here", effect(&hidden, nothing()), "unopened");
    sheet.bad("wrong key", "it opens under another", effect(&hidden, but("key", hex(&[1; 32]))), "unopened");
    let named = Body::Profile(Profile { name: "Ana".into() });
    sheet.bad("other body", "the body of another kind", effect(&sign(header(32), named.encode()), nothing()), "form");
    sheet.bad("no body", "no bytes", effect(&sign(header(32), vec![]), nothing()), "form");
    sheet.bad("blank post", "a rule of its body", effect(&says(header(0), &post(" ")), nothing()), "text");
    let extended = Header { flags: 6, extensions: [("x".to_owned(), ByteBuf::from([1]))].into(), ..header(0) };
    sheet.good("effect: unknown extension", "and flags: as if they were not there", effect(&says(extended, &post("Tea")), nothing()));
    let critical = Header { flags: FLAG_CRITICAL, ..header(0) };
    sheet.good("effect: critical", "a kind that is understood", effect(&says(critical, &post("Tea")), nothing()));
}

fn newer(sheet: &mut Sheet) {
    let unknown = |kind: u64, flags: u64| effect(&sign(Header { flags, ..header(kind) }, vec![0xf6]), nothing());
    sheet.bad("newer kind", "nobody knows what it says", unknown(38, 0), "newer");
    sheet.bad("newer kind to be understood", "flag bit 0", unknown(38, FLAG_CRITICAL), "stopped");
    let extended = Header { extensions: [("!x".to_owned(), ByteBuf::from([1]))].into(), ..header(0) };
    sheet.bad("newer extension to be understood", "its key begins with !", effect(&says(extended, &post("Tea")), nothing()), "stopped");
    let stopped = but("log", log_with("stopped", 4));
    sheet.bad(
        "after what is not understood",
        "nothing later has an effect",
        effect(&says(next(0), &post("Tea")), stopped.clone()),
        "stopped",
    );
    sheet.bad("newer kind after it", "nor this", effect(&sign(next(38), vec![0xf6]), stopped), "stopped");
}

/// An entry of person 2 in a log of its own.
fn theirs(lamport: u64, space: SpaceId) -> Entry {
    let header = Header { device: device(2), space, lamport, ..header(32) };
    Draft { header, body: post("Tea").encode() }.sign(&pair(2), None, &[0xf5; 32]).expect("a good entry")
}

fn holding(context: Value, entries: &[&Entry]) -> Value {
    let entries: Vec<String> = entries.iter().map(|entry| hex(&bytes(entry))).collect();
    and(context, "held", entries)
}

fn orders(sheet: &mut Sheet) {
    let (early, late) = (theirs(3, circle()), theirs(8, circle()));
    let mut refs = vec![early.id(), late.id()];
    refs.sort();
    let after = |lamport: u64| says(Header { refs: refs.clone(), lamport, ..header(0) }, &post("Tea"));
    let both = || holding(nothing(), &[&early, &late]);
    let one = || holding(nothing(), &[&early]);
    sheet.good("effect: after two", "one more than the greatest", effect(&after(9), both()));
    sheet.bad("lamport too great", "two more than the greatest", effect(&after(10), both()), "lamport");
    sheet.bad("lamport too small", "not more than the greatest", effect(&after(8), both()), "lamport");
    sheet.good("effect: after one unknown", "greater than what is held", effect(&after(4), one()));
    sheet.good("effect: long after one unknown", "greater than what is held", effect(&after(1_000), one()));
    sheet.bad("lamport below what is held", "although another is not", effect(&after(3), one()), "lamport");
    sheet.bad(
        "lamport of a first",
        "it follows nothing, so it is 1",
        effect(&says(Header { lamport: 2, ..header(0) }, &post("Tea")), nothing()),
        "lamport",
    );
    sheet.bad("lamport 0", "it begins with 1", effect(&says(Header { lamport: 0, ..header(0) }, &post("Tea")), nothing()), "lamport");
}

fn vouch(n: u8) -> Body {
    Body::Vouch(Vouch { identity: person(n), weight: Weight::Friend, text: String::new() })
}

fn unvouch(n: u8) -> Body {
    Body::Unvouch(Unvouch { identity: person(n) })
}

fn reference(version: EntryId) -> ListingRef {
    ListingRef { shop: inception(Sort::Shop).id(), listing: EntryId([3; 32]), version }
}

fn recommend(version: EntryId, interest: Interest) -> Body {
    Body::Recommend(Recommend { listing: reference(version), text: "Try it".into(), interest })
}

fn review() -> Body {
    Body::Review(Review { right: review_right(), rating: 5, outcome: Outcome::Completed, text: "All fine".into() })
}

fn answer() -> Body {
    Body::ReviewReply(ReviewReply { review: EntryId([8; 32]), text: "Thanks".into() })
}

fn change() -> Body {
    Body::Norms(NormsChange { norms: Norms { version: 1, ..Norms::default() } })
}

/// What is counted, one more of it, what the day has already, and the code when there is too much.
type Over<'a> = (&'a str, Body, &'a [(Kind, u64)], &'a str);

fn quotas(sheet: &mut Sheet) {
    let plain = || recommend(EntryId([6; 32]), Interest::None);
    let epoch = || Body::Epoch(epoch());
    let rows: [Over<'_>; 7] = [
        ("posts", post("Tea"), &[(Kind::Post, 120), (Kind::Reply, 79)], "quota"),
        ("vouches", vouch(2), &[(Kind::Vouch, 60), (Kind::Unvouch, 39)], "quota"),
        ("unvouches", unvouch(2), &[(Kind::Vouch, 60), (Kind::Unvouch, 39)], "quota"),
        ("recommendations", plain(), &[(Kind::Recommend, 19)], "quota"),
        ("reviews", answer(), &[(Kind::Review, 40), (Kind::ReviewReply, 9)], "quota"),
        ("norms", change(), &[(Kind::Norms, 15)], "quota"),
        ("epochs", epoch(), &[(Kind::Epoch, 99)], "epochs"),
    ];
    for (name, body, before, code) in rows {
        let entry = says(next(0), &body);
        sheet.good(&format!("effect: last of the {name}"), "as many as a day may have", effect(&entry, but("log", log_of(before))));
        let more: Vec<(Kind, u64)> =
            before.iter().rev().enumerate().map(|(at, (kind, count))| (*kind, count + u64::from(at == 0))).collect();
        sheet.bad(&format!("{name} over"), "one too many", effect(&entry, but("log", log_of(&more))), code);
        let tomorrow = says(at(next(0), START.plus(DAY_MS)), &body);
        sheet.good(&format!("effect: {name} the next day"), "a day begins anew", effect(&tomorrow, but("log", log_of(&more))));
    }
    let few = Norms { posts_per_day: 5, ..Norms::default() };
    let context = and(but("log", log()), "norms", json!([of_norms(START, &few)]));
    sheet.bad("sixth post", "where the norms allow five", effect(&says(next(0), &post("Tea")), context), "quota");
    let none = Norms { posts_per_day: 0, ..Norms::default() };
    let context = but("norms", json!([of_norms(START, &none)]));
    sheet.bad("first post", "where the norms allow none", effect(&says(header(0), &post("Tea")), context), "quota");
}

fn kept_by(n: u8) -> Value {
    let mut shops = json!({});
    shops[inception(Sort::Shop).id().to_string()] = json!(person(n));
    but("shops", shops)
}

fn authors(sheet: &mut Sheet) {
    let first = |body: &Body| says(header(0), body);
    sheet.good("effect: vouch", "for another", effect(&first(&vouch(2)), nothing()));
    sheet.bad("vouch for oneself", "nobody does", effect(&first(&vouch(1)), nothing()), "not_theirs");
    let retract = |entry: &Entry| first(&Body::Retract(Retract { entry: entry.id() }));
    let (own, other) = (says(Header { log: 1, ..header(0) }, &post("Tea")), theirs(1, circle()));
    let elsewhere = says(Header { log: 1, space: SpaceId([9; 32]), ..header(0) }, &post("Tea"));
    sheet.good("effect: retract", "an entry of another log of one's own", effect(&retract(&own), holding(nothing(), &[&own])));
    sheet.good("effect: retract unknown", "it is judged again when its target comes", effect(&retract(&other), nothing()));
    sheet.bad("retract another's", "only the author does", effect(&retract(&other), holding(nothing(), &[&other])), "not_theirs");
    let far = effect(&retract(&elsewhere), holding(nothing(), &[&elsewhere]));
    sheet.bad("retract elsewhere", "an entry of another space", far, "not_theirs");
    sheet.good("effect: review", "by the buyer", effect(&first(&review()), nothing()));
    let writers = crate::door::writer(&device(1), &person(3));
    sheet.bad("review by a third", "neither buyer nor seller", effect(&first(&review()), but("writers", writers)), "not_theirs");
    sheet.good("effect: answer", "to a review that is not here", effect(&first(&answer()), nothing()));
    let gift = first(&recommend(EntryId([6; 32]), Interest::Gift));
    sheet.good("effect: recommend", "a listing of another's shop", effect(&gift, kept_by(2)));
    sheet.good("effect: recommend unknown", "of a shop that is not known", effect(&gift, nothing()));
    sheet.bad("recommend one's own", "without saying so", effect(&gift, kept_by(1)), "undisclosed");
    let seller = first(&recommend(EntryId([6; 32]), Interest::Seller));
    sheet.good("effect: recommend one's own", "and say so", effect(&seller, kept_by(1)));
    let shared = first(&share(Sort::Shop, 0, vec![]));
    sheet.good("effect: share", "one's own shop", effect(&shared, nothing()));
    let writers = crate::door::writer(&device(1), &person(2));
    sheet.bad("share another's", "only who keeps it shares a shop", effect(&shared, but("writers", writers)), "not_theirs");
    let taken = first(&Body::Unshare(Unshare { shop: inception(Sort::Shop).id() }));
    sheet.good("effect: unshare", "one's own shop", effect(&taken, kept_by(1)));
    sheet.good("effect: unshare unknown", "a shop that is not known", effect(&taken, nothing()));
    sheet.bad("unshare another's", "only who keeps it", effect(&taken, kept_by(2)), "not_theirs");
}

fn creations(sheet: &mut Sheet) {
    let create = |inception: Inception| {
        Body::CircleCreate(CircleCreate { inception, name: "Tea".into(), norms: Norms::default(), creator_name: "Ana".into() })
    };
    let first = |body: &Body| says(header(0), body);
    sheet.good("effect: begins a circle", "its own", effect(&first(&create(inception(Sort::Circle))), nothing()));
    let salted = Inception { salt: [1; 16], ..inception(Sort::Circle) };
    sheet.bad("begins another circle", "the inception has another hash", effect(&first(&create(salted)), nothing()), "not_theirs");
    let strange = Inception { creator: IdentityId([1; 32]), ..inception(Sort::Circle) };
    let entry = says(Header { space: strange.id(), ..header(0) }, &create(strange));
    sheet.bad("begins a stranger's circle", "its creator is somebody else", effect(&entry, nothing()), "not_theirs");
    let in_shop = || and(but("sort", "shop"), "norms", Value::Null);
    let own = says(Header { space: inception(Sort::Shop).id(), ..header(0) }, &Body::ShopCreate(shop()));
    sheet.good("effect: begins a shop", "its own", effect(&own, in_shop()));
    sheet.bad("begins another shop", "the inception has another hash", effect(&first(&Body::ShopCreate(shop())), in_shop()), "not_theirs");
}
