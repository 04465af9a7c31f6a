//! Runs of sync, message by message: what is asked and answered, where a run is cut and goes on, what becomes of a lie (11.5).

use std::convert::Infallible;

use serde::{Deserialize, Serialize};
use serde_bytes::{ByteArray, ByteBuf};
use serde_json::{Value, json};

use haat_protocol::body::{Body, Post};
use haat_protocol::codec::{decode_own, encode};
use haat_protocol::entry::{Draft, Entry, Header};
use haat_protocol::id::SpaceId;
use haat_protocol::record::{Claim, Record, SignedRecord};
use haat_protocol::wire::{Item, Scope, SyncRequest, SyncResponse, Wants};

use crate::holder::{Exchange, Holder, Side, Talk};
use crate::judge::Found;
use crate::kit::{START, chain, circle, device, hex, pair};
use crate::sheet::{Case, Sheet};
use crate::story::Story;

/// What a vector tells: both sides as they begin, and the messages of one connection after the other.
#[derive(Serialize, Deserialize)]
struct Told {
    space: SpaceId,
    asker: Side,
    answerer: Side,
    connections: Vec<Vec<Exchange>>,
}

/// The check of this name; none when it is not one of these.
pub(crate) fn judge(check: &str, input: &[u8]) -> Option<Found> {
    (check == "run").then(|| run(input))
}

/// Follows the messages: each question must be the one that is asked here, each answer is told apart from the one that is held.
fn run(input: &[u8]) -> Found {
    let told: Told = decode_own(input).map_err(|_| "form".to_owned())?;
    let (mut asker, mut answerer) = (Holder::of(told.space, &told.asker), Holder::of(told.space, &told.answerer));
    let mut connections = Vec::new();
    for (number, exchanges) in (0u8..).zip(&told.connections) {
        let (mut left, mut said) = (exchanges.iter(), Vec::new());
        let mut talk = Talk::new(&mut asker, &mut answerer, number);
        talk.go(number + 1, |request, truth| -> Result<Option<SyncResponse>, String> {
            let Some(exchange) = left.next() else { return Ok(None) };
            if *exchange.request != request.to_bytes() {
                return Err("run".to_owned());
            }
            let answer = exchange.answer.as_ref().map(|bytes| SyncResponse::from_bytes(bytes).expect("an answer"));
            let (name, is_held) = answer.as_ref().map_or(("none", false), |answer| (name_of(answer), *answer == truth));
            said.push(json!({"asks": asked(request), "answer": name, "held": is_held}));
            Ok(answer)
        })?;
        let end = talk.end;
        if left.next().is_some() {
            return Err("run".to_owned());
        }
        connections.push(json!({"said": said, "end": end}));
    }
    let ends = |holder: &Holder| holder.ends().iter().map(|(key, height)| json!([hex(&encode(key)), height])).collect::<Vec<_>>();
    Ok(json!({"connections": connections, "asker": ends(&asker), "answerer": ends(&answerer)}))
}

const fn name_of(answer: &SyncResponse) -> &'static str {
    match answer {
        SyncResponse::Greeting { .. } => "greeting",
        SyncResponse::Heights(_) => "heights",
        SyncResponse::Items { .. } => "items",
        SyncResponse::Stale {} => "stale",
        SyncResponse::Later { .. } => "later",
        SyncResponse::Stored {} => "stored",
        SyncResponse::Stranger {} => "stranger",
        SyncResponse::Removed { .. } => "removed",
    }
}

fn asked(request: &SyncRequest) -> Value {
    match request {
        SyncRequest::Greet { .. } => "greet".into(),
        SyncRequest::Compare { .. } => "compare".into(),
        SyncRequest::Push { items, .. } => json!({"push": items.len()}),
        SyncRequest::Pull { newest, wants, .. } => {
            let rows: Vec<Value> = wants.iter().flat_map(rows).collect();
            json!({"pull": rows, "newest": newest})
        }
    }
}

/// The rows of a pull in numbers: scope, stream, first, how many.
fn rows(wants: &Wants) -> Vec<Value> {
    let scope = match wants.scope {
        Scope::Circle => "circle",
        Scope::People => "people",
        Scope::Records => "records",
        Scope::Shop(_) => "shop",
    };
    let mut numbers = Vec::new();
    let (mut number, mut shift) = (0u64, 0);
    for byte in wants.rows.iter() {
        number |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            numbers.push(std::mem::take(&mut number));
            shift = 0;
        }
    }
    let mut stream = 0;
    let row = |three: &[u64]| {
        stream += three[0];
        json!([scope, stream, three[1], three[2]])
    };
    numbers.chunks(3).map(row).collect()
}

pub(crate) fn sheet() -> Sheet {
    let mut sheet = Sheet::new("runs", "Runs of sync between two who hold a circle, message by message (11.5).");
    whole(&mut sheet);
    large(&mut sheet);
    cut(&mut sheet);
    lies(&mut sheet);
    branches(&mut sheet);
    wrong(&mut sheet);
    sheet
}

fn side(n: u8, entries: &[Entry], people: &[u8], records: Vec<SignedRecord>) -> Side {
    let entries = entries.iter().map(|entry| entry.raw().clone()).collect();
    let topics = vec![ByteArray::new([0x70; 32])];
    Side { device: device(n), topics, entries, chains: people.iter().map(|n| chain(*n)).collect(), records }
}

/// What comes back to each question: by its number on the connection, the question, and what is held.
type Bend<'a> = dyn FnMut(usize, &SyncRequest, SyncResponse) -> Option<SyncResponse> + 'a;

/// A run on so many connections in which somebody bends what comes back.
fn told(asker: Side, answerer: Side, count: u8, bend: &mut Bend<'_>) -> Told {
    let space = circle();
    let (mut one, mut other) = (Holder::of(space, &asker), Holder::of(space, &answerer));
    let mut connections = Vec::new();
    for number in 0..count {
        let mut exchanges = Vec::new();
        let mut place = 0;
        let told = Talk::new(&mut one, &mut other, number).go(number + 1, |request, truth| -> Result<_, Infallible> {
            let answer = bend(usize::from(number) * 100 + place, request, truth);
            place += 1;
            let answered = answer.as_ref().map(|answer| ByteBuf::from(answer.to_bytes()));
            exchanges.push(Exchange { request: ByteBuf::from(request.to_bytes()), answer: answered });
            Ok(answer)
        });
        let Ok(()) = told;
        connections.push(exchanges);
    }
    Told { space, asker, answerer, connections }
}

fn case(told: &Told) -> Case {
    Case::new("run", encode(told))
}

fn honest(asker: Side, answerer: Side) -> Case {
    case(&told(asker, answerer, 1, &mut |_, _, truth| Some(truth)))
}

fn post(text: &str) -> Body {
    Body::Post(Post { text: text.into(), listings: vec![], reply_to: None })
}

/// Two people who each said something that the other has not heard, and their entries of before.
fn story() -> (Story, Story) {
    let mut one = Story::of(2);
    let met = one.last();
    one.say(2, &[met], post("Tea?"));
    let mut other = one.clone();
    one.say(1, &[], post("Tea"));
    one.say(1, &[], post("Cake"));
    other.say(2, &[], post("Still here"));
    (one, other)
}

fn prekey(n: u8, fresh: u8, late: u64) -> SignedRecord {
    Record { device: device(n), claim: Claim::Prekey([fresh; 32]), issued: START.plus(late), expires: START.plus(1_000_000) }.sign(&pair(n))
}

fn whole(sheet: &mut Sheet) {
    let (one, other) = story();
    let both = |entries: &[Entry]| (side(1, entries, &[1, 2], vec![prekey(1, 1, 0)]), side(2, entries, &[1, 2], vec![prekey(1, 1, 0)]));
    let (asker, answerer) = both(&one.entries);
    sheet.good("in step", "one comparison", honest(asker, answerer));
    let (asker, answerer) = (side(1, &one.entries, &[1, 2], vec![]), side(2, &other.entries, &[1, 2], vec![]));
    sheet.good("both know more", "a pull, then a push", honest(asker, answerer));
    let all = vec![prekey(1, 1, 0), prekey(2, 2, 0)];
    let nothing = side(1, &[], &[1], vec![]);
    sheet.good(
        "all is new",
        "names of streams that the asker never met",
        honest(nothing.clone(), side(2, &other.entries, &[1, 2], all.clone())),
    );
    sheet.good("all is told", "the answerer holds nothing", honest(side(2, &other.entries, &[1, 2], all), nothing));
    let (young, old) = (vec![prekey(1, 7, 60)], vec![prekey(1, 1, 0)]);
    let records = |records: Vec<SignedRecord>| side(1, &one.entries, &[1, 2], records);
    sheet.good("a younger record", "is pulled", honest(records(old.clone()), records(young.clone())));
    sheet.good("an older record", "the younger one is pushed", honest(records(young), records(old.clone())));
    sheet.good("records of one time", "are pushed, and the rule decides", honest(records(vec![prekey(1, 9, 0)]), records(old)));
    let gap: Vec<Entry> = [&one.entries[..4], &one.entries[5..]].concat();
    sheet.good("a gap", "what waits here is not asked for", honest(side(1, &gap, &[1, 2], vec![]), side(2, &one.entries, &[1, 2], vec![])));
    let mut hollow = side(1, &other.entries, &[1, 2], vec![]);
    hollow.entries.iter_mut().skip(3).for_each(|raw| raw.payload = None);
    sheet.good(
        "payloads that are missing",
        "they are asked for at the end",
        honest(hollow.clone(), side(2, &one.entries, &[1, 2], vec![])),
    );
    sheet.good("payloads that both miss", "they are asked for once", honest(hollow.clone(), hollow));
    let mut secret = side(2, &one.entries, &[1, 2], vec![]);
    secret.topics.insert(0, ByteArray::new([0x71; 32]));
    sheet.good("a newer secret", "any that both keep serves", honest(side(1, &other.entries, &[1, 2], vec![]), secret));
    let mut stranger = side(2, &one.entries, &[1, 2], vec![]);
    stranger.topics = vec![ByteArray::new([0x72; 32])];
    sheet.good("no such circle", "the asker introduces itself once", honest(side(1, &other.entries, &[1, 2], vec![]), stranger));
}

/// So many posts more of a person, each after the one before.
fn posts(story: &Story, n: u8, count: u64) -> Vec<Entry> {
    let mut all = story.entries.clone();
    let mut last = all.iter().rev().find(|entry| entry.header().device == device(n)).expect("told").clone();
    for _ in 0..count {
        let before = last.header();
        let header = Header {
            seq: before.seq + 1,
            prev: Some(last.id()),
            lamport: before.lamport + 1,
            at: before.at.plus(1),
            refs: vec![],
            ..before.clone()
        };
        let header = Header { key: None, kind: 38, ..header };
        last = Draft { header, body: vec![1] }.sign(&pair(n), None, &[0; 32]).expect("a good entry");
        all.push(last.clone());
    }
    all
}

fn large(sheet: &mut Sheet) {
    let (one, _) = story();
    let few = side(1, &one.entries, &[1, 2], vec![]);
    let many = |n: u8, count: u64| side(2, &posts(&one, n, count), &[1, 2], vec![]);
    sheet.good("64 to tell", "they are pushed", honest(many(2, 64), few.clone()));
    sheet.good("65 to tell", "an empty push says that there is something", honest(many(2, 65), few.clone()));
    let two = [posts(&one, 1, 160), posts(&one, 2, 160).split_off(one.entries.len())].concat();
    let two = side(2, &two, &[1, 2, 3], vec![prekey(2, 2, 0)]);
    sheet.good("320 to ask for", "two pulls are under way at once, and people come last", honest(few, two));
}

fn cut(sheet: &mut Sheet) {
    let (one, other) = story();
    let sides = || (side(1, &one.entries, &[1, 2], vec![]), side(2, &other.entries, &[1, 2], vec![prekey(2, 2, 0)]));
    for (name, what, place) in [
        ("cut at the greeting", "nothing was compared", 0),
        ("cut at the comparison", "the next run begins with it", 1),
        ("cut at a pull", "the next run asks for it again", 2),
        ("cut at a push", "what was stored is not told again", 3),
    ] {
        let (asker, answerer) = sides();
        sheet.good(name, what, case(&told(asker, answerer, 2, &mut |at, _, truth| (at != place).then_some(truth))));
    }
    let long = side(2, &posts(&one, 1, 300), &[1, 2], vec![]);
    let few = side(1, &other.entries[..3], &[1], vec![]);
    let told = told(few, long, 2, &mut |at, _, truth| (at != 3).then_some(truth));
    sheet.good("cut between two pulls", "what the first one brought is kept", case(&told));
}

fn lies(sheet: &mut Sheet) {
    let (one, other) = story();
    let bent = |bend: &mut Bend<'_>| {
        let (asker, answerer) = (side(1, &other.entries[..4], &[1, 2], vec![]), side(2, &one.entries, &[1, 2], vec![]));
        case(&told(asker, answerer, 1, bend))
    };
    let only = |lie: SyncResponse| move |at: usize, _: &SyncRequest, truth: SyncResponse| Some(if at == 2 { lie.clone() } else { truth });
    let nothing = || SyncResponse::Items { items: vec![] };
    sheet.good(
        "nothing comes",
        "it is asked for once more, from below",
        bent(&mut |_, _, truth| Some(if let SyncResponse::Items { .. } = truth { nothing() } else { truth })),
    );
    sheet.good("nothing comes at first", "the second question brings it", bent(&mut only(nothing())));
    sheet.good("stale", "the round begins anew", bent(&mut only(SyncResponse::Stale {})));
    sheet.good(
        "always stale",
        "not more than eight times",
        bent(&mut |_, _, truth| Some(if let SyncResponse::Items { .. } = truth { SyncResponse::Stale {} } else { truth })),
    );
    sheet.good("later", "the run is put off", bent(&mut only(SyncResponse::Later { after_ms: 60_000 })));
    let compared =
        |lie: SyncResponse| move |at: usize, _: &SyncRequest, truth: SyncResponse| Some(if at == 1 { lie.clone() } else { truth });
    sheet.good("later at once", "the run is put off", bent(&mut compared(SyncResponse::Later { after_ms: 60_000 })));
    sheet.good("another answer", "an answer to another question ends the run", bent(&mut only(SyncResponse::Stored {})));
    sheet.good("heights without heights", "is in step, for all the asker knows", bent(&mut compared(SyncResponse::Heights(vec![]))));
    let heights = |change: fn(&mut Vec<u8>)| {
        move |at: usize, _: &SyncRequest, mut truth: SyncResponse| {
            if let (1, SyncResponse::Heights(all)) = (at, &mut truth) {
                all.iter_mut().filter(|heights| heights.scope == Scope::Circle).for_each(|heights| change(&mut heights.rows));
            }
            Some(truth)
        }
    };
    sheet.good("a damaged row", "heights with one are no answer", bent(&mut heights(|rows| rows.truncate(rows.len() - 1))));
    sheet.good("a height that is made up", "more is claimed than comes", bent(&mut heights(|rows| rows[0] = 99)));
    sheet.good("a row too few", "the heights are not about the asker's streams", bent(&mut heights(|rows| rows.truncate(9))));
    let beyond = post("Not asked for");
    let mut more = one.clone();
    more.say(2, &[], beyond);
    let unasked = Item::Entry(more.entries.last().expect("told").raw().clone());
    sheet.good(
        "more than was asked for",
        "it is taken in",
        bent(&mut |_, _, truth| {
            Some(if let SyncResponse::Items { mut items } = truth {
                items.push(unasked.clone());
                SyncResponse::Items { items }
            } else {
                truth
            })
        }),
    );
}

fn branches(sheet: &mut Sheet) {
    let (_, other) = story();
    let mut left = other.clone();
    left.say(2, &[], post("Left"));
    let mut right = other.clone();
    right.wait(1);
    right.say(2, &[], post("Right"));
    let mut longer = right.clone();
    longer.say(2, &[], post("On"));
    let of = |n: u8, story: &Story| side(n, &story.entries, &[1, 2], vec![]);
    sheet.good("two branches", "what ends otherwise is asked for from below once", honest(of(1, &left), of(2, &right)));
    sheet.good("a longer branch", "nothing of it can be taken: it is asked for from below once", honest(of(1, &left), of(2, &longer)));
    sheet.good("a shorter branch", "is told what follows", honest(of(1, &longer), of(2, &left)));
}

fn wrong(sheet: &mut Sheet) {
    let (one, other) = story();
    let sides = || (side(1, &one.entries, &[1, 2], vec![]), side(2, &other.entries, &[1, 2], vec![]));
    let honest = || {
        let (asker, answerer) = sides();
        told(asker, answerer, 1, &mut |_, _, truth| Some(truth))
    };
    let mut early = honest();
    early.connections[0].swap(1, 2);
    sheet.bad("pulled before compared", "nothing can be asked for yet", case(&early), "run");
    let mut twice = honest();
    let last = twice.connections[0].last().expect("told").clone();
    twice.connections[0].push(last);
    sheet.bad("said twice", "after the end of the run", case(&twice), "run");
    let mut foreign = honest();
    foreign.asker.topics = vec![ByteArray::new([0x73; 32])];
    sheet.bad("another secret", "the tag is another circle's", case(&foreign), "run");
}
