//! Gossip beside comparisons: entries that arrive by chance while nodes compare, connections that end anywhere, and one who lies.
//!
//! What is promised: between honest ones nothing is handed over that was held when it was asked for; a run has at most
//! [`SYNC_ROUNDS_MAX`] comparisons and [`RUN_QUESTIONS_MAX`] questions; when faults end, one comparison of each with each other makes
//! them equal, with one more for each entry that waited (who holds the pieces of a log that another lacks cannot tell of them before
//! they join); and the next ones cost one question each.

use proptest::prelude::*;

use super::liar::lie;
use super::*;

/// Questions of one run over some hundred entries, whatever comes by gossip meanwhile and whoever lies.
const RUN_QUESTIONS_MAX: u32 = 80;
/// Bytes of the questions of one run, beside what is handed over.
const RUN_BYTES_MAX: usize = 256 * 1024;
/// Whoever lies in a story with a liar.
const LIAR: usize = 2;

#[derive(Debug, Clone)]
enum Said {
    Question(SyncRequest),
    Answer(SyncRequest, SyncResponse),
}

/// A message under way, and what the asker held when it asked.
#[derive(Debug, Clone)]
struct Message {
    asker: usize,
    answerer: usize,
    turn: Turn,
    said: Said,
    held: BTreeSet<EntryId>,
}

/// What one run has cost so far.
#[derive(Debug, Clone, Copy, Default)]
struct Spent {
    rounds: u32,
    questions: u32,
    bytes: usize,
}

/// Nodes, their sessions, and what is under way between them.
struct Net {
    nodes: Vec<Node>,
    sessions: BTreeMap<(usize, usize), Session>,
    under_way: Vec<Message>,
    /// What an answerer told of when it was last compared with, by asker and answerer.
    compared: BTreeMap<(usize, usize), BTreeSet<EntryId>>,
    runs: BTreeMap<(usize, usize), Spent>,
    lie: Option<(u8, u64)>,
}

fn device(who: usize) -> DeviceId {
    DeviceId([10 + u8::try_from(who).unwrap(); 32])
}

fn held(node: &Node) -> BTreeSet<EntryId> {
    node.logs.values().flatten().chain(node.parked.values()).map(Entry::id).collect()
}

fn ids(items: &[Item]) -> BTreeSet<EntryId> {
    let entries = items.iter().filter_map(|item| if let Item::Entry(raw) = item { raw.clone().verify().ok() } else { None });
    entries.map(|entry| entry.id()).collect()
}

impl Net {
    fn new(lengths: &[Vec<u64>], lie: Option<(u8, u64)>) -> Self {
        let logs = |lengths: &Vec<u64>| (1u16..).zip(lengths.iter().copied()).collect::<Vec<_>>();
        let nodes = lengths.iter().map(|lengths| Node::new(&logs(lengths))).collect();
        let (sessions, under_way) = (BTreeMap::new(), Vec::new());
        Self { nodes, sessions, under_way, compared: BTreeMap::new(), runs: BTreeMap::new(), lie }
    }

    fn is_honest(&self, who: usize) -> bool {
        self.lie.is_none() || who != LIAR
    }

    fn session(&mut self, who: usize, peer: usize) -> &mut Session {
        self.sessions.entry((who, peer)).or_insert_with(|| Session::new(device(who), device(peer)))
    }

    /// Compares with a peer, after a greeting when there was none.
    fn compare(&mut self, who: usize, peer: usize) {
        let node = self.nodes[who].clone();
        let asks = self.under_way.iter().any(|message| (message.asker, message.answerer) == (who, peer));
        let session = self.session(who, peer);
        let effects = if session.is_greeted() || asks { session.compare(&node, CIRCLE) } else { session.begin([3; 16]) };
        self.perform(who, peer, effects);
    }

    fn perform(&mut self, who: usize, peer: usize, effects: Vec<Effect>) {
        let mut effects: VecDeque<Effect> = effects.into();
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Ask(turn, request) => self.ask(who, peer, turn, request),
                Effect::Accept { items, .. } => {
                    take(&mut self.nodes[who], items);
                    let node = self.nodes[who].clone();
                    effects.extend(self.session(who, peer).proceed(&node));
                }
                Effect::Synced(_) => {
                    self.runs.remove(&(who, peer));
                }
                Effect::Unfinished(_) | Effect::PutOff(..) => {
                    self.runs.remove(&(who, peer));
                    self.session(who, peer).forget_greeting();
                }
                Effect::Behind(..) => {}
                Effect::Answer(_) | Effect::Wanted(_) => panic!("an asker does not answer"),
            }
        }
    }

    fn ask(&mut self, asker: usize, answerer: usize, turn: Turn, request: SyncRequest) {
        let spent = self.runs.entry((asker, answerer)).or_default();
        spent.questions += 1;
        spent.rounds += u32::from(matches!(request, SyncRequest::Compare { .. }));
        spent.bytes += if matches!(request, SyncRequest::Push { .. }) { 0 } else { request.to_bytes().len() };
        assert!(spent.rounds <= SYNC_ROUNDS_MAX, "{spent:?}: {asker} asks {answerer} round and round");
        assert!(spent.questions <= RUN_QUESTIONS_MAX && spent.bytes <= RUN_BYTES_MAX, "{spent:?}: {asker} asks {answerer} too much");
        let held = held(&self.nodes[asker]);
        self.under_way.push(Message { asker, answerer, turn, said: Said::Question(request), held });
    }

    /// One of the messages under way arrives.
    fn deliver(&mut self, pick: usize) {
        if self.under_way.is_empty() {
            return;
        }
        let at = pick % self.under_way.len();
        let Message { asker, answerer, turn, said, held } = self.under_way.swap_remove(at);
        let both_honest = self.is_honest(asker) && self.is_honest(answerer);
        match said {
            Said::Question(request) => {
                if both_honest {
                    self.look_at_push(asker, answerer, &request);
                }
                let response = self.answer(asker, answerer, &request);
                let said = Said::Answer(request, response);
                self.under_way.push(Message { asker, answerer, turn, said, held });
            }
            Said::Answer(request, response) => {
                if let (true, SyncResponse::Items { items }) = (both_honest, &response) {
                    let twice = ids(items).intersection(&held).count();
                    assert_eq!(twice, 0, "{asker} fetched of {answerer} what it held when it asked {request:?}");
                }
                let node = self.nodes[asker].clone();
                let effects = self.session(asker, answerer).answered(&node, turn, response);
                self.perform(asker, answerer, effects);
            }
        }
    }

    fn look_at_push(&mut self, asker: usize, answerer: usize, request: &SyncRequest) {
        match request {
            SyncRequest::Compare { .. } => {
                // Heights say nothing of what waits for earlier entries: that may be pushed although it is there.
                let told = self.nodes[answerer].logs.values().flatten().map(Entry::id).collect();
                self.compared.insert((asker, answerer), told);
            }
            SyncRequest::Push { items, .. } => {
                let known = self.compared.get(&(asker, answerer)).expect("compared before");
                assert!(ids(items).is_disjoint(known), "{asker} handed {answerer} what that had told of");
            }
            _ => {}
        }
    }

    fn answer(&mut self, asker: usize, answerer: usize, request: &SyncRequest) -> SyncResponse {
        let node = self.nodes[answerer].clone();
        let mut response = None;
        for effect in self.session(answerer, asker).asked(&node, request.clone(), &[7; 32]) {
            match effect {
                Effect::Answer(answer) => response = Some(answer),
                Effect::Accept { items, .. } => take(&mut self.nodes[answerer], items),
                Effect::Wanted(_) => {}
                other => panic!("an answerer does not wish for {other:?}"),
            }
        }
        let truth = response.expect("answered");
        match self.lie.filter(|_| !self.is_honest(answerer)) {
            Some((how, salt)) => lie(how, salt, request, truth),
            None => truth,
        }
    }

    /// Some entries of one node come to another by gossip, with gaps between them.
    fn gossip(&mut self, from: usize, to: usize, salt: usize) {
        let all: Vec<Entry> = self.nodes[from].logs.values().flatten().cloned().collect();
        let some = all.into_iter().skip(salt % 7).step_by(1 + salt % 11).skip(salt % 40).take(1 + salt % 13);
        some.for_each(|entry| self.nodes[to].take(entry));
    }

    /// Somebody writes in a log of its own.
    fn write(&mut self, who: usize) {
        let own = u16::try_from(100 + who).unwrap();
        let log = entry(own, 0).header().log_id();
        let next = self.nodes[who].logs.get(&log).map_or(0, Vec::len);
        self.nodes[who].take(entry(own, next as u64));
    }

    /// The connection of two ends, with all that is under way on it.
    fn cut(&mut self, a: usize, b: usize) {
        for pair in [(a, b), (b, a)] {
            self.sessions.remove(&pair);
            self.runs.remove(&pair);
            self.under_way.retain(|message| (message.asker, message.answerer) != pair);
        }
    }

    /// A message is lost; its asker is told in the end.
    fn lose(&mut self, pick: usize) {
        if self.under_way.is_empty() {
            return;
        }
        let at = pick % self.under_way.len();
        let lost = self.under_way.swap_remove(at);
        let node = self.nodes[lost.asker].clone();
        let effects = self.session(lost.asker, lost.answerer).failed(&node, lost.turn);
        self.perform(lost.asker, lost.answerer, effects);
    }

    fn happen(&mut self, (what, a, b): (u8, u16, u16)) {
        let count = self.nodes.len();
        let (one, salt) = (usize::from(a) % count, usize::from(b));
        let other = (one + 1 + salt % (count - 1)) % count;
        match what {
            0..=9 => self.deliver(usize::from(a)),
            10 | 11 => self.gossip(one, other, salt),
            12 => self.cut(one, other),
            13 => self.lose(usize::from(a)),
            14 => self.write(one),
            _ => self.compare(one, other),
        }
    }

    fn drain(&mut self) {
        for _ in 0..20 * RUN_QUESTIONS_MAX {
            self.deliver(0);
        }
        assert!(self.under_way.is_empty(), "they never stop talking");
    }

    /// Each of these compares with each other, one run after the other; how many questions that took.
    fn sweep(&mut self, who: &[usize]) -> u32 {
        let mut questions = 0;
        for (a, b) in who.iter().flat_map(|a| who.iter().map(move |b| (*a, *b))).filter(|(a, b)| a != b) {
            self.compare(a, b);
            questions += u32::try_from(self.under_way.len()).unwrap();
            while !self.under_way.is_empty() {
                let before = self.questions(a, b);
                self.deliver(0);
                questions += self.questions(a, b).saturating_sub(before);
            }
        }
        questions
    }

    /// Compares all of these with each other until they hold the same; within the bound.
    fn settle(&mut self, who: &[usize]) {
        let waiting: usize = who.iter().map(|who| self.nodes[*who].parked.len()).sum();
        for _ in 0..=waiting {
            self.sweep(who);
            if self.is_equal(who) {
                return;
            }
        }
        panic!("not equal after {} comparisons of each with each other", waiting + 1);
    }

    fn is_equal(&self, who: &[usize]) -> bool {
        who.iter().all(|one| self.nodes[*one].heights() == self.nodes[who[0]].heights())
    }

    fn questions(&self, a: usize, b: usize) -> u32 {
        self.runs.get(&(a, b)).map_or(0, |spent| spent.questions)
    }
}

fn story() -> impl Strategy<Value = Vec<(u8, u16, u16)>> {
    proptest::collection::vec((0u8..17, any::<u16>(), any::<u16>()), 20..160)
}

fn holdings(nodes: usize) -> impl Strategy<Value = Vec<Vec<u64>>> {
    proptest::collection::vec(proptest::collection::vec(0u64..70, 5), nodes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_comes_by_gossip_meanwhile_nothing_is_fetched_twice(nodes in 2usize..4, lengths in holdings(3), story in story()) {
        let mut net = Net::new(&lengths[..nodes], None);
        story.into_iter().for_each(|event| net.happen(event));
        net.drain();
        let all: Vec<usize> = (0..nodes).collect();
        net.settle(&all);
        prop_assert!(all.iter().all(|who| net.nodes[*who].parked.is_empty()), "nothing waits any more");
        let pairs = u32::try_from(nodes * (nodes - 1)).unwrap();
        prop_assert_eq!(net.sweep(&all), pairs, "one question for each that is in step");
    }

    #[test]
    fn one_who_lies_keeps_two_others_not_apart(how in 0u8..10, salt in any::<u64>(), lengths in holdings(3), story in story()) {
        let mut net = Net::new(&lengths, Some((how, salt)));
        story.into_iter().for_each(|event| net.happen(event));
        net.drain();
        net.settle(&[0, 1]);
        prop_assert_eq!(net.sweep(&[0, 1]), 2, "the two are in step, whatever the third said");
    }
}
