//! Two holders and the requests between them, without any network.

mod liar;
mod mixed;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::*;
use crate::codec::encode;
use crate::crypto::Keypair;
use crate::entry::{Draft, Entry, Header, LogId};
use crate::id::Digest;
use crate::id::EntryId;
use crate::time::Millis;
use crate::wire::StreamKey;

const CIRCLE: SpaceId = SpaceId([1; 32]);

/// A node that holds logs of one circle, as plain lists.
#[derive(Clone)]
struct Node {
    topics: Vec<[u8; 32]>,
    logs: BTreeMap<LogId, Vec<Entry>>,
    relation: Relation,
    refuses: BTreeSet<EntryId>,
    parked: BTreeMap<(LogId, u64), Entry>,
    pause: Option<u64>,
    is_out: bool,
    overturns: bool,
}

impl Node {
    fn new(lengths: &[(u16, u64)]) -> Self {
        let (logs, refuses, parked) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        let mut node =
            Self { topics: vec![[9; 32]], logs, relation: Relation::Member, refuses, parked, pause: None, is_out: false, overturns: false };
        for (device, length) in lengths {
            (0..*length).for_each(|seq| node.take(entry(*device, seq)));
        }
        node
    }

    fn take(&mut self, entry: Entry) {
        if self.refuses.contains(&entry.id()) {
            return;
        }
        let id = entry.header().log_id();
        let log = self.logs.entry(id).or_default();
        if let Some(held) = log.get_mut(usize::try_from(entry.header().seq).unwrap()) {
            if held.raw().payload.is_none() {
                *held = entry;
            }
            return;
        }
        if entry.header().seq > log.len() as u64 {
            self.parked.insert((id, entry.header().seq), entry);
        } else if entry.header().seq == log.len() as u64 {
            log.push(entry);
            while let Some(next) = self.parked.remove(&(id, log.len() as u64)) {
                log.push(next);
            }
        }
    }

    /// How many entries are here, those that wait included.
    fn held(&self) -> usize {
        self.logs.values().map(Vec::len).sum::<usize>() + self.parked.len()
    }

    fn heights(&self) -> Vec<(DeviceId, usize)> {
        self.logs.iter().filter(|(_, log)| !log.is_empty()).map(|(id, log)| (id.device, log.len())).collect()
    }
}

impl Holdings for Node {
    fn circles(&self) -> Vec<SpaceId> {
        vec![CIRCLE]
    }

    fn topics(&self, _: &SpaceId) -> Vec<[u8; 32]> {
        self.topics.clone()
    }

    fn scopes(&self, _: &SpaceId) -> Vec<Scope> {
        vec![Scope::Circle]
    }

    fn streams(&self, _: &SpaceId, _: &Scope) -> Arc<Frontier> {
        let stream = |(id, log): (&LogId, &Vec<Entry>)| {
            let head = Digest(log.last()?.id().0);
            Some(Stream { key: StreamKey::Log(*id), height: log.len() as u64, head })
        };
        Arc::new(Frontier::new(self.logs.iter().filter_map(stream).collect()))
    }

    fn waiting(&self, _: &SpaceId, _: &Scope) -> BTreeMap<LogId, Runs> {
        let mut waiting: BTreeMap<LogId, Runs> = BTreeMap::new();
        for (log, seq) in self.parked.keys() {
            let runs = waiting.entry(*log).or_default();
            match runs.last_mut() {
                Some((from, count)) if *from + *count == *seq => *count += 1,
                _ => runs.push((*seq, 1)),
            }
        }
        waiting
    }

    fn holes(&self, _: &SpaceId, _: &Scope, asked: &Places) -> Places {
        let entries = self.logs.values().flatten().filter(|entry| entry.raw().payload.is_none());
        entries.map(|entry| (entry.header().log_id(), entry.header().seq)).filter(|place| !asked.contains(place)).collect()
    }

    fn batch(&self, _: &SpaceId, wants: &[Want], newest: bool, max_bytes: usize) -> Batch {
        let mut entries: Vec<&Entry> = Vec::new();
        for want in wants {
            let StreamKey::Log(id) = want.key else { continue };
            let log = self.logs.get(&id).into_iter().flatten().skip(usize::try_from(want.from).unwrap());
            entries.extend(log.take(want.count.map_or(usize::MAX, |count| usize::try_from(count).unwrap())));
        }
        entries.sort_by_key(|entry| if newest { u64::MAX - entry.header().seq } else { entry.header().seq });
        let mut batch = Batch::default();
        let mut left = max_bytes;
        for entry in entries {
            let size = encode(entry.raw()).len();
            let header = entry.header();
            if size > left {
                left = 0;
                let key = StreamKey::Log(header.log_id());
                if !batch.rest.iter().any(|want| want.key == key) {
                    batch.rest.push(Want { key, from: header.seq, count: None });
                }
                continue;
            }
            left -= size;
            batch.items.push(Item::Entry(entry.raw().clone()));
        }
        batch
    }

    fn pause(&self, _: &DeviceId) -> Option<u64> {
        self.pause
    }

    fn relation(&self, _: &SpaceId, _: &DeviceId) -> Relation {
        self.relation
    }

    fn introduction(&self, _: &SpaceId) -> Vec<Item> {
        vec![Item::Entry(entry(77, 0).raw().clone())]
    }

    fn is_out(&self, _: &SpaceId) -> bool {
        self.is_out
    }

    fn overturns(&self, _: &SpaceId, _: &DeviceId, introduction: &[Item]) -> Vec<Item> {
        if self.overturns { introduction.to_vec() } else { Vec::new() }
    }

    fn farewell(&self, _: &SpaceId, _: &DeviceId) -> Vec<Item> {
        vec![Item::Entry(entry(88, 0).raw().clone())]
    }

    fn bequest(&self, _: &SpaceId) -> Vec<Item> {
        self.logs.get(&entry(77, 0).header().log_id()).into_iter().flatten().map(|entry| Item::Entry(entry.raw().clone())).collect()
    }
}

fn entry(device: u16, seq: u64) -> Entry {
    let mut seed = [0; 32];
    seed[..2].copy_from_slice(&device.to_be_bytes());
    let pair = Keypair::from_seed(&seed);
    let prev = (seq > 0).then(|| entry_id(device, seq - 1));
    let header = Header {
        device: pair.public(),
        space: CIRCLE,
        log: 0,
        seq,
        prev,
        kind: 32,
        flags: 0,
        lamport: seq + 1,
        at: Millis(seq),
        refs: vec![],
        key: None,
        payload_bytes: 0,
        payload_hash: None,
        extensions: BTreeMap::new(),
    };
    // As many bytes as a short post has, padding and tag included.
    Draft { header, body: vec![7; 256] }.sign(&pair, None, &[0; 32]).unwrap()
}

/// The chain is made up: ids of predecessors need not be real for sync.
fn entry_id(device: u16, seq: u64) -> EntryId {
    EntryId([device.to_le_bytes()[0] ^ seq.to_le_bytes()[0]; 32])
}

/// What one run took.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Took {
    requests: usize,
    /// Requests that each had to wait for the answer before.
    round_trips: usize,
    /// Bytes both ways beside the greeting and what items take.
    compare_bytes: usize,
    /// Bytes of items, both ways.
    item_bytes: usize,
    items: usize,
    behind: u64,
    synced: bool,
}

/// A message on its way that a test may change or lose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Arrives,
    /// The connection ends here.
    Cut,
}

/// Drives the asker's session against the answerer until nothing is left to do.
fn run(asker: &mut Node, answerer: &mut Node) -> Took {
    run_until(asker, answerer, |_| Fate::Arrives)
}

/// The same, with a say in what becomes of each message.
fn run_until(asker: &mut Node, answerer: &mut Node, fate: impl FnMut(usize) -> Fate) -> Took {
    drive(asker, answerer, fate, |_, truth| truth)
}

/// The same, with answers that somebody bends.
fn drive(
    asker: &mut Node,
    answerer: &mut Node,
    mut fate: impl FnMut(usize) -> Fate,
    bend: impl Fn(&SyncRequest, SyncResponse) -> SyncResponse,
) -> Took {
    let (a, b) = (DeviceId([10; 32]), DeviceId([11; 32]));
    let (mut asking, mut answering) = (Session::new(a, b), Session::new(b, a));
    let mut effects: VecDeque<(usize, Effect)> = asking.begin([3; 16]).into_iter().map(|effect| (1, effect)).collect();
    let (mut took, mut messages) = (Took::default(), 0);
    let mut message = || {
        messages += 1;
        fate(messages - 1)
    };
    while let Some((depth, effect)) = effects.pop_front() {
        let next = match effect {
            Effect::Ask(turn, request) => {
                took.requests += 1;
                assert!(took.requests < 500, "a run ends");
                let sent = request.to_bytes();
                if message() == Fate::Cut {
                    return took;
                }
                let response = bend(&request, answer(&mut answering, answerer, SyncRequest::from_bytes(&sent).unwrap()));
                let got = response.to_bytes();
                if message() == Fate::Cut {
                    return took;
                }
                took.note(depth, &request, &response, sent.len() + got.len());
                asking.answered(asker, turn, SyncResponse::from_bytes(&got).unwrap())
            }
            Effect::Accept { items, .. } => {
                take(asker, items);
                asking.proceed(asker)
            }
            Effect::Synced(_) => {
                took.synced = true;
                Vec::new()
            }
            Effect::Behind(_, entries) => {
                took.behind = entries;
                Vec::new()
            }
            Effect::Unfinished(_) | Effect::PutOff(..) => Vec::new(),
            Effect::Answer(_) | Effect::Wanted(_) => panic!("an asker does not answer"),
        };
        // What came is taken in before anything else is sent.
        let (first, later): (Vec<Effect>, Vec<Effect>) = next.into_iter().partition(|effect| matches!(effect, Effect::Accept { .. }));
        first.into_iter().for_each(|effect| effects.push_front((depth + 1, effect)));
        effects.extend(later.into_iter().map(|effect| (depth + 1, effect)));
    }
    took
}

impl Took {
    fn note(&mut self, depth: usize, request: &SyncRequest, response: &SyncResponse, both: usize) {
        let (items, bytes) = match (request, response) {
            (SyncRequest::Greet { .. }, _) => return,
            (SyncRequest::Push { items, .. }, _) | (_, SyncResponse::Items { items } | SyncResponse::Removed { items }) => {
                (items.len(), items.iter().map(|item| encode(item).len()).sum())
            }
            _ => (0, 0),
        };
        // The greeting is no part of it. A wish for items to be taken in stands between an answer and the next request.
        self.round_trips = self.round_trips.max(depth.div_ceil(2));
        self.items += items;
        self.item_bytes += bytes;
        self.compare_bytes += both - bytes;
    }
}

fn answer(session: &mut Session, node: &mut Node, request: SyncRequest) -> SyncResponse {
    let mut response = None;
    for effect in session.asked(node, request, &[7; 32]) {
        match effect {
            Effect::Answer(answer) => response = Some(answer),
            Effect::Accept { items, .. } => take(node, items),
            Effect::Wanted(_) => {}
            other => panic!("an answerer does not wish for {other:?}"),
        }
    }
    response.unwrap()
}

fn take(node: &mut Node, items: Vec<Item>) {
    for item in items {
        if let Item::Entry(raw) = item {
            node.take(raw.verify().unwrap());
        }
    }
}

#[test]
fn equal_holders_need_one_round_trip_and_few_bytes() {
    let (mut a, mut b) = (Node::new(&[(1, 5), (2, 3)]), Node::new(&[(1, 5), (2, 3)]));
    let took = run(&mut a, &mut b);
    assert_eq!((took.requests, took.synced), (2, true), "the greeting and one comparison");
    assert_eq!(took.compare_bytes, 93, "bytes of one space, both ways: 200 at most");
}

#[test]
fn a_thousand_new_entries_of_five_hundred_logs_come_in_two_round_trips() {
    let logs = |length| (0..500).map(|device| (device, length)).collect::<Vec<_>>();
    let (mut a, mut b) = (Node::new(&logs(3)), Node::new(&logs(5)));
    let took = run(&mut a, &mut b);
    assert_eq!((took.items, took.behind, took.synced), (1_000, 1_000, true), "each once");
    assert_eq!(a.heights(), b.heights());
    assert_eq!(took.round_trips, 2, "the comparison, then all pulls at once");
    assert!(took.compare_bytes <= 7_500, "{} bytes for heights and pulls: 1.5 times 5 KB", took.compare_bytes);
    println!("heights and pulls {} bytes, entries {} bytes, {} requests", took.compare_bytes, took.item_bytes, took.requests);
}

#[test]
fn logs_that_the_asker_never_heard_of_come_as_soon() {
    let logs = |from, to| (from..to).map(|device| (device, 2)).collect::<Vec<_>>();
    let (mut a, mut b) = (Node::new(&logs(0, 250)), Node::new(&logs(0, 500)));
    let took = run(&mut a, &mut b);
    assert_eq!((took.items, took.round_trips, took.synced), (500, 2, true));
    assert!(took.compare_bytes <= 11_000, "{} bytes with names", took.compare_bytes);
}

#[test]
fn both_sides_end_with_the_union() {
    let (mut a, mut b) = (Node::new(&[(1, 60), (2, 3), (4, 1)]), Node::new(&[(1, 5), (2, 900), (3, 2)]));
    run(&mut a, &mut b);
    assert_eq!(a.heights(), b.heights());
    assert_eq!(a.heights().iter().map(|(_, n)| n).sum::<usize>(), 60 + 900 + 1 + 2);
}

#[test]
fn more_than_a_few_entries_are_offered_and_not_pushed() {
    let (mut a, mut b) = (Node::new(&[(1, 700)]), Node::new(&[(1, 5)]));
    let took = run(&mut a, &mut b);
    assert_eq!((took.items, took.synced), (0, true), "the other is told to look");
    let took = run(&mut b, &mut a);
    assert_eq!((took.items, took.synced), (695, true));
    let (mut asking, mut answering) =
        (Session::new(DeviceId([1; 32]), DeviceId([2; 32])), Session::new(DeviceId([2; 32]), DeviceId([1; 32])));
    let Effect::Ask(turn, greeting) = asking.begin([3; 16]).remove(0) else { panic!("it greets") };
    let greeted = answer(&mut answering, &mut b, greeting);
    let Effect::Ask(_, SyncRequest::Compare { tag, .. }) = asking.answered(&a, turn, greeted).remove(0) else { panic!("it compares") };
    let effects = answering.asked(&b, SyncRequest::Push { tag, items: vec![] }, &[7; 32]);
    assert_eq!(effects, [Effect::Wanted(CIRCLE), Effect::Answer(SyncResponse::Stored {})]);
}

#[test]
fn the_newest_come_first_and_nothing_comes_twice() {
    let (mut a, mut b) = (Node::new(&[(1, 10), (2, 10)]), Node::new(&[(1, 1_500), (2, 900)]));
    let mut seen = 0;
    let took = run_until(&mut a, &mut b, |message| {
        seen = seen.max(message);
        if message > 5 { Fate::Cut } else { Fate::Arrives }
    });
    assert!(took.items > 0 && !a.parked.is_empty(), "after the first answer the ends of the logs wait here");
    assert!(a.parked.keys().any(|(_, seq)| [1_499, 899].contains(seq)), "the newest among them");
    let rest = run(&mut a, &mut b);
    assert_eq!(a.heights(), b.heights());
    assert_eq!(took.items + rest.items, 1_490 + 890, "what waited was not fetched again");
}

#[test]
fn a_peer_who_claims_what_it_does_not_give_ends_the_run() {
    let mut a = Node::new(&[(1, 2)]);
    let mut b = Node::new(&[(1, 50)]);
    (2..50).for_each(|seq| assert!(a.refuses.insert(entry(1, seq).id())));
    let took = run(&mut a, &mut b);
    assert!(took.requests < 10, "{} requests for what never fits", took.requests);
    assert_eq!(a.heights()[0].1, 2);
}

#[test]
fn missing_payloads_are_asked_for_once_of_each_peer() {
    let (mut a, mut b, mut c) = (Node::new(&[(1, 9), (2, 4)]), Node::new(&[(1, 9), (2, 4)]), Node::new(&[(1, 9), (2, 4)]));
    for node in [&mut a, &mut b] {
        for log in node.logs.values_mut() {
            let mut hollow = log[3].raw().clone();
            hollow.payload = None;
            log[3] = hollow.verify().unwrap();
        }
    }
    let hollow = |node: &Node| node.logs.values().flatten().filter(|entry| entry.raw().payload.is_none()).count();
    let took = run(&mut a, &mut b);
    assert_eq!((took.requests, took.synced, hollow(&a)), (3, true, 2), "one pull, and who lacks them too is asked no further");
    let took = run(&mut a, &mut c);
    assert_eq!((took.requests, took.synced, hollow(&a)), (3, true, 0), "another one has them");
    assert_eq!(run(&mut a, &mut c).requests, 2, "without holes nothing is asked");
    let (mut asking, mut answering, turn) = greeted(&b, &mut a);
    let effects = asking.answered(&b, turn, SyncResponse::Heights(vec![]));
    let [Effect::Ask(turn, pull)] = &effects[..] else { panic!("asks: {effects:?}") };
    let items = SyncResponse::Items { items: vec![] };
    assert!(matches!(pull, SyncRequest::Pull { .. }) && answer(&mut answering, &mut a, pull.clone()) != items);
    asking.answered(&b, *turn, items);
    assert_eq!(asking.proceed(&b), [Effect::Synced(CIRCLE)], "it did not give them");
    let [Effect::Ask(turn, _)] = asking.compare(&b, CIRCLE)[..] else { panic!("compares") };
    assert_eq!(asking.answered(&b, turn, SyncResponse::Heights(vec![])), [Effect::Synced(CIRCLE)], "and is not asked again");
}

#[test]
fn a_stranger_is_told_nothing_and_may_introduce_itself_once() {
    let (mut a, mut b) = (Node::new(&[(1, 2)]), Node::new(&[(1, 9)]));
    b.relation = Relation::Unknown;
    let took = run(&mut a, &mut b);
    assert_eq!((took.requests, took.synced), (4, false), "greeting, comparison, introduction, comparison");
    assert_eq!(a.heights()[0].1, 2, "nothing was handed over");
    assert!(b.logs.keys().any(|log| log.device == entry(77, 0).header().device), "the introduction was looked at");
}

#[test]
fn who_introduces_itself_with_what_does_not_count_is_shown_why() {
    let (mut a, mut b) = (Node::new(&[(1, 2)]), Node::new(&[(1, 9)]));
    (b.relation, b.overturns) = (Relation::Unknown, true);
    let took = run(&mut a, &mut b);
    assert_eq!((took.requests, took.synced), (3, false), "greeting, comparison, introduction");
    assert!(a.logs.keys().any(|log| log.device == entry(77, 0).header().device), "what it is shown is taken in");
    a.is_out = true;
    b.overturns = false;
    let (mut asking, mut answering, turn) = greeted(&a, &mut b);
    let refusal = SyncResponse::Removed { items: Vec::new() };
    let Some(Effect::Ask(turn, push)) = asking.answered(&a, turn, refusal).pop() else { panic!("it hands over what it knows") };
    assert_eq!(asking.answered(&a, turn, answer(&mut answering, &mut b, push)), [], "and the run ends");
    assert_eq!(run(&mut a, &mut b).requests, 2, "who knows that it is out does not introduce itself");
}

#[test]
fn nothing_is_handed_to_who_is_no_member_here() {
    let (mut a, mut b) = (Node::new(&[(1, 9)]), Node::new(&[(1, 2)]));
    a.relation = Relation::Unknown;
    let took = run(&mut a, &mut b);
    assert_eq!((took.items, took.synced, b.heights()[0].1), (0, true, 2), "a secret alone is not enough");
}

#[test]
fn a_removed_peer_gets_its_removal_and_nothing_later() {
    let (mut a, mut b) = (Node::new(&[(1, 2)]), Node::new(&[(1, 9)]));
    b.relation = Relation::Removed;
    run(&mut a, &mut b);
    assert_eq!(a.logs.values().map(Vec::len).sum::<usize>(), 3, "its own two and the removal");
}

#[test]
fn who_is_out_hands_over_once_what_it_knows() {
    let (mut a, mut b) = (Node::new(&[(1, 2), (77, 3)]), Node::new(&[(1, 9)]));
    b.relation = Relation::Removed;
    run(&mut a, &mut b);
    assert!(b.heights().iter().any(|(_, height)| *height == 3), "nobody else may hold it");
    let (mut asking, mut answering, turn) = greeted(&a, &mut b);
    let mut effects = asking.answered(&a, turn, SyncResponse::Removed { items: Vec::new() });
    assert_eq!(effects.remove(0), Effect::Accept { circle: CIRCLE, items: Vec::new() });
    let Effect::Ask(turn, push) = effects.remove(0) else { panic!("it hands over") };
    let again = asking.answered(&a, turn, answer(&mut answering, &mut b, push));
    assert!(again.iter().all(|effect| matches!(effect, Effect::Accept { .. })), "the run ends");
    let Effect::Ask(turn, _) = asking.compare(&a, CIRCLE).remove(0) else { panic!("it compares again") };
    assert_eq!(asking.answered(&a, turn, SyncResponse::Removed { items: Vec::new() }).len(), 1, "and hands over nothing more");
}

#[test]
fn who_shares_no_secret_shares_no_circle() {
    let (mut a, mut b) = (Node::new(&[(1, 2)]), Node::new(&[(1, 9)]));
    b.topics = vec![[8; 32]];
    a.relation = Relation::Unknown;
    assert_eq!(run(&mut a, &mut b).requests, 1, "only the greeting");
    b.topics = vec![[8; 32], [9; 32]];
    let took = run(&mut a, &mut b);
    assert!(took.requests > 1 && took.synced, "an older retained secret is enough");
}

#[test]
fn tags_tell_nothing_across_connections() {
    let joint_one = joint(&DeviceId([1; 32]), &DeviceId([2; 32]), &[3; 16], &[4; 16]);
    let joint_two = joint(&DeviceId([1; 32]), &DeviceId([2; 32]), &[3; 16], &[5; 16]);
    assert_ne!(tag(&[9; 32], &joint_one, Side::Asker), tag(&[9; 32], &joint_two, Side::Asker));
    assert_ne!(tag(&[9; 32], &joint_one, Side::Asker), tag(&[9; 32], &joint_one, Side::Answerer));
    let streams = Node::new(&[(1, 2)]).streams(&CIRCLE, &Scope::Circle);
    let (one, two) = (summary(Scope::Circle, &streams, &joint_one), summary(Scope::Circle, &streams, &joint_two));
    assert!(one.state != two.state && one.names != two.names, "what is held is not told to who listens elsewhere");
}

/// Two sessions after their greeting, and the first comparison that is asked.
fn greeted(a: &Node, b: &mut Node) -> (Session, Session, Turn) {
    let (me, other) = (DeviceId([10; 32]), DeviceId([11; 32]));
    let (mut asking, mut answering) = (Session::new(me, other), Session::new(other, me));
    let Effect::Ask(turn, greeting) = asking.begin([3; 16]).remove(0) else { panic!("it greets") };
    let greeted = answer(&mut answering, b, greeting);
    let Effect::Ask(turn, SyncRequest::Compare { .. }) = asking.answered(a, turn, greeted).remove(0) else { panic!("it compares") };
    (asking, answering, turn)
}

#[test]
fn a_comparison_asked_for_during_a_run_waits_for_its_end() {
    let (a, mut b) = (Node::new(&[(1, 2)]), Node::new(&[(1, 9)]));
    let (mut asking, _, _) = greeted(&a, &mut b);
    assert_eq!(asking.compare(&a, CIRCLE), [], "one run at a time");
}

#[test]
fn who_had_its_share_is_put_off_and_keeps_what_came() {
    let logs: Vec<(u16, u64)> = (1..9).map(|device| (device, 150)).collect();
    let (mut a, mut b) = (Node::new(&[(1, 2)]), Node::new(&logs));
    let (mut asking, mut answering, turn) = greeted(&a, &mut b);
    let heights = |answering: &mut Session, b: &mut Node, a: &Node| {
        let scopes = vec![summary(Scope::Circle, &a.streams(&CIRCLE, &Scope::Circle), &answering.answering.unwrap())];
        answer(answering, b, SyncRequest::Compare { tag: tag(&[9; 32], &answering.answering.unwrap(), Side::Asker), scopes })
    };
    let pulls = asking.answered(&a, turn, heights(&mut answering, &mut b, &a));
    let asked: Vec<(Turn, SyncRequest)> =
        pulls.into_iter().filter_map(|effect| if let Effect::Ask(turn, pull) = effect { Some((turn, pull)) } else { None }).collect();
    assert!(asked.len() > 1, "several pulls at once");
    let (first, others) = asked.split_first().unwrap();
    let [Effect::Accept { items, .. }] = &asking.answered(&a, first.0, answer(&mut answering, &mut b, first.1.clone()))[..] else {
        panic!("the first is answered")
    };
    take(&mut a, items.clone());
    assert_eq!(asking.proceed(&a), [], "the others are under way");
    b.pause = Some(7_000);
    let mut last = Vec::new();
    for (turn, pull) in others {
        let later = answer(&mut answering, &mut b, pull.clone());
        assert_eq!(later, SyncResponse::Later { after_ms: 7_000 });
        last = asking.answered(&a, *turn, later);
    }
    assert_eq!(last, [Effect::PutOff(CIRCLE, 7_000)], "the run ends, and is wanted later");
    assert!(a.held() > 2 && asking.circle().is_none(), "what came stays");
    assert_eq!(heights(&mut answering, &mut b, &a), SyncResponse::Later { after_ms: 7_000 }, "comparing is no way around it");
    let tag = tag(&[9; 32], &answering.answering.unwrap(), Side::Asker);
    let effects = answering.asked(&b, SyncRequest::Push { tag, items: vec![] }, &[7; 32]);
    assert_eq!(effects, [Effect::Answer(SyncResponse::Stored {})], "nor is asking to be asked");
    b.relation = Relation::Removed;
    let farewell = answer(&mut answering, &mut b, SyncRequest::Compare { tag, scopes: vec![] });
    assert!(matches!(farewell, SyncResponse::Removed { .. }), "who was removed is told so");
}

#[test]
fn what_could_not_be_compared_is_wanted_again() {
    let (a, mut b) = (Node::new(&[(1, 2)]), Node::new(&[(1, 9)]));
    let mut asking = Session::new(DeviceId([10; 32]), DeviceId([11; 32]));
    let Effect::Ask(turn, _) = asking.begin([3; 16]).remove(0) else { panic!("it greets") };
    assert_eq!(asking.failed(&a, turn), [Effect::Unfinished(CIRCLE)], "a lost greeting");
    let (mut asking, _, turn) = greeted(&a, &mut b);
    assert_eq!(asking.failed(&a, turn), [Effect::Unfinished(CIRCLE)], "a lost comparison");
    assert_eq!(asking.compare(&a, CIRCLE).len(), 1);
    assert_eq!(asking.answered(&a, turn, SyncResponse::Heights(vec![])), [], "an answer to the comparison before");
    assert_eq!(asking.answered(&a, turn + 2, SyncResponse::Stored {}), [Effect::Unfinished(CIRCLE)], "an answer to another question");
}
