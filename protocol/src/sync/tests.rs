//! Two holders and the requests between them, without any network.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::crypto::Keypair;
use crate::entry::{Draft, Entry, Header, LogId};
use crate::id::EntryId;
use crate::time::Millis;

const CIRCLE: SpaceId = SpaceId([1; 32]);

/// A node that holds logs of one circle, as plain lists.
#[derive(Clone)]
struct Node {
    topics: Vec<[u8; 32]>,
    logs: BTreeMap<LogId, Vec<Entry>>,
    relation: Relation,
    refuses: BTreeSet<EntryId>,
}

impl Node {
    fn new(lengths: &[(u8, u64)]) -> Self {
        let mut node = Self { topics: vec![[9; 32]], logs: BTreeMap::new(), relation: Relation::Member, refuses: BTreeSet::new() };
        for (device, length) in lengths {
            (0..*length).for_each(|seq| node.take(entry(*device, seq)));
        }
        node
    }

    fn take(&mut self, entry: Entry) {
        let log = self.logs.entry(entry.header().log_id()).or_default();
        if entry.header().seq == log.len() as u64 && !self.refuses.contains(&entry.id()) {
            log.push(entry);
        }
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

    fn streams(&self, _: &SpaceId, _: &Scope) -> Vec<Stream> {
        let stream = |(id, log): (&LogId, &Vec<Entry>)| {
            let head = Digest(log.last()?.id().0);
            Some(Stream { key: StreamKey::Log(*id), height: log.len() as u64, head })
        };
        self.logs.iter().filter_map(stream).collect()
    }

    fn batch(&self, _: &SpaceId, wants: &[Want], max_bytes: usize) -> Batch {
        let mut batch = Batch::default();
        let mut left = max_bytes / 1000;
        for want in wants {
            let StreamKey::Log(id) = want.key else { continue };
            for entry in self.logs.get(&id).into_iter().flatten().skip(usize::try_from(want.from).unwrap()) {
                if left == 0 {
                    batch.rest.push(Want { key: want.key, from: entry.header().seq });
                    break;
                }
                left -= 1;
                batch.items.push(Item::Entry(entry.raw().clone()));
            }
        }
        batch
    }

    fn relation(&self, _: &SpaceId, _: &DeviceId) -> Relation {
        self.relation
    }

    fn introduction(&self, _: &SpaceId) -> Vec<Item> {
        vec![Item::Entry(entry(77, 0).raw().clone())]
    }

    fn farewell(&self, _: &SpaceId, _: &DeviceId) -> Vec<Item> {
        vec![Item::Entry(entry(88, 0).raw().clone())]
    }
}

fn entry(device: u8, seq: u64) -> Entry {
    let prev = (seq > 0).then(|| entry_id(device, seq - 1));
    let header = Header {
        device: Keypair::from_seed(&[device; 32]).public(),
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
    Draft { header, body: vec![device] }.sign(&Keypair::from_seed(&[device; 32]), None, &[0; 32]).unwrap()
}

/// The chain is made up: ids of predecessors need not be real for sync.
fn entry_id(device: u8, seq: u64) -> EntryId {
    EntryId([device ^ (seq.to_le_bytes()[0]); 32])
}

/// Drives the asker's session against the answerer until nothing is left to do; returns requests and bytes both ways.
fn run(asker: &mut Node, answerer: &mut Node) -> (usize, usize, bool) {
    let (a, b) = (DeviceId([10; 32]), DeviceId([11; 32]));
    let (mut asking, mut answering) = (Session::new(a, b), Session::new(b, a));
    let mut effects: VecDeque<Effect> = asking.begin([3; 16]).into();
    let (mut requests, mut bytes, mut synced) = (0, 0, false);
    while let Some(effect) = effects.pop_front() {
        match effect {
            Effect::Ask(request) => {
                requests += 1;
                assert!(requests < 500, "a run ends");
                let request_bytes = request.to_bytes();
                let mut response = None;
                for effect in answering.asked(answerer, SyncRequest::from_bytes(&request_bytes).unwrap(), &[7; 32]) {
                    match effect {
                        Effect::Answer(answer) => response = Some(answer),
                        Effect::Accept { items, .. } => take(answerer, items),
                        other => panic!("an answerer does not wish for {other:?}"),
                    }
                }
                let response_bytes = response.unwrap().to_bytes();
                if !matches!(request, SyncRequest::Greet { .. }) {
                    bytes += request_bytes.len() + response_bytes.len();
                }
                effects.extend(asking.answered(asker, SyncResponse::from_bytes(&response_bytes).unwrap()));
            }
            Effect::Accept { items, .. } => {
                take(asker, items);
                effects.extend(asking.proceed(asker));
            }
            Effect::Synced(_) => synced = true,
            Effect::Unfinished(_) => {}
            Effect::Answer(_) => panic!("an asker does not answer"),
        }
    }
    (requests, bytes, synced)
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
    let (requests, bytes, synced) = run(&mut a, &mut b);
    assert_eq!(requests, 2, "the greeting and one comparison");
    assert!(bytes <= 200, "{bytes} bytes");
    assert!(synced);
}

#[test]
fn both_sides_end_with_the_union() {
    let (mut a, mut b) = (Node::new(&[(1, 700), (2, 3), (4, 1)]), Node::new(&[(1, 5), (2, 90), (3, 2)]));
    run(&mut a, &mut b);
    assert_eq!(a.heights(), b.heights());
    assert_eq!(a.heights().iter().map(|(_, n)| n).sum::<usize>(), 700 + 90 + 1 + 2);
}

#[test]
fn a_peer_who_claims_what_it_does_not_give_ends_the_run() {
    let mut a = Node::new(&[(1, 2)]);
    let mut b = Node::new(&[(1, 50)]);
    a.refuses.insert(entry(1, 2).id());
    let (requests, _, _) = run(&mut a, &mut b);
    assert!(requests < 10, "{requests} requests for what never fits");
    assert_eq!(a.heights()[0].1, 2);
}

#[test]
fn a_stranger_is_told_nothing_and_may_introduce_itself_once() {
    let (mut a, mut b) = (Node::new(&[(1, 2)]), Node::new(&[(1, 9)]));
    b.relation = Relation::Unknown;
    let (requests, _, synced) = run(&mut a, &mut b);
    assert_eq!((requests, synced), (4, false), "greeting, comparison, introduction, comparison");
    assert_eq!(a.heights()[0].1, 2, "nothing was handed over");
    assert!(b.logs.keys().any(|log| log.device == entry(77, 0).header().device), "the introduction was looked at");
}

#[test]
fn a_removed_peer_gets_its_removal_and_nothing_later() {
    let (mut a, mut b) = (Node::new(&[(1, 2)]), Node::new(&[(1, 9)]));
    b.relation = Relation::Removed;
    run(&mut a, &mut b);
    assert_eq!(a.logs.values().map(Vec::len).sum::<usize>(), 3, "its own two and the removal");
}

#[test]
fn who_shares_no_secret_shares_no_circle() {
    let (mut a, mut b) = (Node::new(&[(1, 2)]), Node::new(&[(1, 9)]));
    b.topics = vec![[8; 32]];
    a.relation = Relation::Unknown;
    let (requests, _, _) = run(&mut a, &mut b);
    assert_eq!(requests, 1, "only the greeting");
    b.topics = vec![[8; 32], [9; 32]];
    let (requests, _, synced) = run(&mut a, &mut b);
    assert!(requests > 1 && synced, "an older retained secret is enough");
}

#[test]
fn tags_tell_nothing_across_connections() {
    let joint_one = joint(&DeviceId([1; 32]), &DeviceId([2; 32]), &[3; 16], &[4; 16]);
    let joint_two = joint(&DeviceId([1; 32]), &DeviceId([2; 32]), &[3; 16], &[5; 16]);
    assert_ne!(tag(&[9; 32], &joint_one, Side::Asker), tag(&[9; 32], &joint_two, Side::Asker));
    assert_ne!(tag(&[9; 32], &joint_one, Side::Asker), tag(&[9; 32], &joint_one, Side::Answerer));
}

#[test]
fn a_comparison_asked_for_during_a_run_waits_for_its_end() {
    let (a, b) = (Node::new(&[(1, 2)]), Node::new(&[(1, 9)]));
    let (mut asking, mut answering) =
        (Session::new(DeviceId([10; 32]), DeviceId([11; 32])), Session::new(DeviceId([11; 32]), DeviceId([10; 32])));
    let Effect::Ask(greeting) = asking.begin([3; 16]).remove(0) else { panic!("it greets") };
    let Effect::Answer(answer) = answering.asked(&b, greeting, &[7; 32]).remove(0) else { panic!("it answers") };
    assert_eq!(asking.answered(&a, answer).len(), 1, "the first comparison");
    assert_eq!(asking.compare(&a, CIRCLE), [], "one request at a time");
}

#[test]
fn what_could_not_be_compared_is_wanted_again() {
    let (a, b) = (Node::new(&[(1, 2)]), Node::new(&[(1, 9)]));
    let (mut asking, mut answering) =
        (Session::new(DeviceId([10; 32]), DeviceId([11; 32])), Session::new(DeviceId([11; 32]), DeviceId([10; 32])));
    let Effect::Ask(greeting) = asking.begin([3; 16]).remove(0) else { panic!("it greets") };
    assert_eq!(asking.failed(&a), [Effect::Unfinished(CIRCLE)], "a lost greeting");
    let Effect::Answer(answer) = answering.asked(&b, greeting, &[7; 32]).remove(0) else { panic!("it answers") };
    assert_eq!(asking.answered(&a, answer).len(), 1);
    assert_eq!(asking.failed(&a), [Effect::Unfinished(CIRCLE)], "a lost comparison");
    assert_eq!(asking.compare(&a, CIRCLE).len(), 1);
    assert_eq!(asking.answered(&a, SyncResponse::Stored {}), [Effect::Unfinished(CIRCLE)], "an answer to another question");
}
