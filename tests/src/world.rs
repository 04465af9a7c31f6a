//! The simulated world: real engines, no sockets, no clock, no threads. Everything that happens stands in one queue ordered by
//! virtual time and sequence, and every choice follows from the seed; so a run is its seed, and a failing one is run again.
//!
//! It must never look at a real clock or at anything whose order differs from run to run.

mod bounds;
pub mod chance;
mod clock;
mod device;
mod guard;
mod heard;
pub mod hostile;
mod link;
mod node;
mod past;
pub mod store;
mod traffic;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use haat_node::engine::{Conduct, Effect, Engine, Input, Ticket};
use haat_node::myself::Myself;
use haat_node::net::{Channel, NetCommand, NetEvent};
use haat_node::store::Snapshot;
use haat_node::witness::Recalled;
use haat_protocol::id::DeviceId;
use haat_protocol::local::{Command, Problem};
use haat_protocol::time::Millis;
use serde_json::Value;

use chance::Chance;
use guard::Guard;
use heard::Heard;
use hostile::Hostile;
use link::Link;
use node::{CrashPlan, Node};
use past::Past;
use store::{Fate, SimStore};
use traffic::Ask;

/// When the world begins.
pub const DAWN: Millis = Millis(1_760_000_000_000);
/// How often each node hears that time has passed.
const TICK_MS: u64 = 500;

/// How badly the world treats its messages, each in thousandths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// Gossip that does not arrive, per hop.
    pub gossip_loss: u64,
    /// Gossip that arrives twice, per hop.
    pub duplicates: u64,
    /// Requests without an answer: half of them lost on the way there, half on the way back.
    pub request_loss: u64,
    /// Messages that take seconds.
    pub clogged: u64,
}

#[derive(Debug)]
enum Due {
    Start(usize),
    Tick { who: usize, life: u64 },
    Told { who: usize, life: u64, event: NetEvent },
    Attempt { from: usize, life: u64, device: DeviceId },
    Gossip { from: usize, to: usize, link: u64, again: bool, topic: String, data: Vec<u8> },
    Asked { ask: Ask, channel: Channel, data: Vec<u8> },
    Answered { ask: Ask, data: Vec<u8> },
    Impatient(Ask),
    Starved { a: usize, b: usize, link: u64 },
}

/// What a command was answered; none when the node was down or fell before it could say so.
pub type Reply = Option<Result<Value, Problem>>;

/// A world of nodes.
#[derive(Debug)]
pub struct World {
    seed: u64,
    conduct: Conduct,
    now: Millis,
    sequence: u64,
    queue: BTreeMap<(Millis, u64), Due>,
    chance: Chance,
    faults: Faults,
    nodes: Vec<Node>,
    /// Ways, from one node to another, on which nothing arrives.
    blocked: BTreeSet<(usize, usize)>,
    /// How far all clocks were moved on together.
    leapt_ms: u64,
    links: BTreeMap<(usize, usize), Link>,
    link_number: u64,
    asks: BTreeMap<(usize, u64, u64), usize>,
    responses: BTreeMap<u64, Ask>,
    /// By node and topic, in which order it has others in its mesh.
    preferred: BTreeMap<(usize, String), Rc<[usize]>>,
    next_response: u64,
    next_ticket: Ticket,
    guard: Guard,
    past: Past,
    heard: Heard,
    hostile: Option<Hostile>,
    /// Nodes whose person has taken their device back.
    revoked: BTreeSet<usize>,
    trace: blake3::Hasher,
    is_told: bool,
    events: u64,
    crashes: u64,
    rejected: u64,
}

impl World {
    /// A world of these people, each with a store from `keep` (called with the number of the node). All nodes start at once.
    pub fn new(seed: u64, conduct: Conduct, names: &[&str], keep: impl FnMut(usize) -> SimStore) -> Self {
        Self::of(seed, conduct, seed, names, keep)
    }

    /// A world of people who are those of another seed, with the stores they had there: what takes long is done once.
    pub fn of(seed: u64, conduct: Conduct, born: u64, names: &[&str], mut keep: impl FnMut(usize) -> SimStore) -> Self {
        let nodes: Vec<Node> = names.iter().enumerate().map(|(number, name)| Node::new(born, number, name, keep(number))).collect();
        let mut world = Self {
            seed,
            conduct,
            now: DAWN,
            sequence: 0,
            queue: BTreeMap::new(),
            chance: Chance::new(seed, 1),
            faults: Faults::default(),
            blocked: BTreeSet::new(),
            leapt_ms: 0,
            guard: Guard::new(nodes.len()),
            past: Past::default(),
            heard: Heard::default(),
            hostile: None,
            revoked: BTreeSet::new(),
            nodes,
            links: BTreeMap::new(),
            link_number: 0,
            asks: BTreeMap::new(),
            responses: BTreeMap::new(),
            preferred: BTreeMap::new(),
            next_response: 0,
            next_ticket: 0,
            trace: blake3::Hasher::new(),
            is_told: std::env::var_os("HAAT_TRACE").is_some(),
            events: 0,
            crashes: 0,
            rejected: 0,
        };
        for who in 0..world.nodes.len() {
            world.later(who as u64, Due::Start(who));
        }
        world.run_for(50);
        world
    }

    /// From now on messages are treated like this.
    pub const fn set_faults(&mut self, faults: Faults) {
        self.faults = faults;
    }

    /// Virtual time.
    #[must_use]
    pub const fn now(&self) -> Millis {
        self.now
    }

    /// How many nodes there are.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.nodes.len()
    }

    /// Name of a node's person.
    #[must_use]
    pub fn name(&self, who: usize) -> &str {
        &self.nodes[who].name
    }

    /// A node's identity and keys.
    #[must_use]
    pub fn me(&self, who: usize) -> &Myself {
        &self.nodes[who].me
    }

    /// Whether the node runs.
    #[must_use]
    pub fn is_up(&self, who: usize) -> bool {
        self.nodes[who].engine.is_some()
    }

    /// A copy of a node's store, to begin another world with.
    #[must_use]
    pub fn copy_of_store(&self, who: usize) -> SimStore {
        let node = &self.nodes[who];
        node.engine.as_ref().map_or(&node.store, Engine::store).copy()
    }

    /// What a node has kept.
    #[must_use]
    pub fn kept(&self, who: usize) -> Box<dyn Snapshot> {
        self.nodes[who].now_kept()
    }

    /// A digest of everything that has happened so far, in its order.
    #[must_use]
    pub fn trace(&self) -> [u8; 32] {
        *self.trace.finalize().as_bytes()
    }

    /// Things that have happened, crashes, and gossip that a node found provably wrong (never right among honest nodes).
    #[must_use]
    pub const fn counts(&self) -> (u64, u64, u64) {
        (self.events, self.crashes, self.rejected)
    }

    /// Gives a node a command and carries out what follows at once.
    pub fn command(&mut self, who: usize, command: Command) -> (Ticket, Reply) {
        self.next_ticket += 1;
        let ticket = self.next_ticket;
        self.step(who, vec![Input::Command(ticket, command)]);
        (ticket, self.nodes[who].answers.remove(&ticket))
    }

    /// Lets a node derive all its views again.
    pub fn rebuild(&mut self, who: usize) -> Reply {
        self.next_ticket += 1;
        let ticket = self.next_ticket;
        self.step(who, vec![Input::Rebuild(ticket)]);
        self.nodes[who].answers.remove(&ticket)
    }

    /// The answer to an earlier command that was not answered at once.
    pub fn answer(&mut self, who: usize, ticket: Ticket) -> Reply {
        self.nodes[who].answers.remove(&ticket)
    }

    /// Lets time pass.
    pub fn run_for(&mut self, span_ms: u64) {
        let until = self.now.plus(span_ms);
        while self.guard.fault().is_none()
            && let Some(entry) = self.queue.first_entry().filter(|entry| entry.key().0 <= until)
        {
            let ((at, _), due) = entry.remove_entry();
            self.now = at;
            self.happen(due);
        }
        self.now = until;
    }

    /// Lets time pass until nobody is down any more.
    pub fn run_until_all_are_up(&mut self) {
        let start = |world: &Self| world.queue.iter().find(|(_, due)| matches!(due, Due::Start(_))).map(|((at, _), _)| *at);
        while let Some(at) = start(self).filter(|_| self.guard.fault().is_none()) {
            self.run_for(at.since(self.now));
        }
    }

    /// The node's next commit fails: the command is refused, nothing is sent.
    pub fn fail_commit(&mut self, who: usize) {
        if let Some(engine) = &self.nodes[who].engine {
            engine.store().fate(Fate::Fails);
        }
    }

    /// The node falls at a step that sends something, `spare` such steps from now, after the first effects of that step.
    pub fn crash_between_effects(&mut self, who: usize, spare: u64) {
        let part = self.chance.between(0, 1_000);
        self.nodes[who].plan = Some(CrashPlan { spare, part });
    }

    /// The node falls in its next commit: the transaction is whole afterwards, or absent, and nothing of the step is sent.
    pub fn fall_in_commit(&mut self, who: usize, whole: bool) {
        if let Some(engine) = &self.nodes[who].engine {
            engine.store().fate(if whole { Fate::FallsAfter } else { Fate::FallsBefore });
        }
    }

    /// The node falls now and starts again some seconds later from what it had committed.
    pub fn crash(&mut self, who: usize) {
        let down_ms = self.chance.between(300, 4_000);
        self.crash_for(who, down_ms);
    }

    /// The node falls now and starts again after a while.
    pub fn crash_for(&mut self, who: usize, down_ms: u64) {
        if self.nodes[who].engine.is_none() {
            return;
        }
        self.crashes += 1;
        self.note(&format!("{who} falls"), &[]);
        self.nodes[who].stop();
        for other in self.neighbours(who) {
            self.separate(who, other);
        }
        self.asks.retain(|(from, ..), _| *from != who);
        self.later(down_ms, Due::Start(who));
    }

    /// The node falls, and when it starts again what it had written down beside its store is gone.
    pub fn lose_witness(&mut self, who: usize) {
        self.nodes[who].witness = Recalled::default();
        self.crash(who);
    }

    /// The first thing that must never happen and did, if any; the world stands still since.
    ///
    /// # Errors
    /// What happened.
    pub fn checked(&self) -> Result<(), String> {
        self.guard.fault().map_or(Ok(()), |fault| Err(fault.clone()))
    }

    /// No fault any more: messages arrive, partitions end, clocks are right, nothing fails or falls that has not yet.
    pub fn calm(&mut self) {
        self.faults = Faults::default();
        self.heal();
        self.set_clocks_right();
        for node in &mut self.nodes {
            node.plan = None;
            // Whether it was still to come does not matter any more.
            node.engine.as_ref().map_or(&node.store, Engine::store).fate(Fate::Holds);
        }
    }

    fn happen(&mut self, due: Due) {
        self.events += 1;
        match due {
            Due::Start(who) => {
                self.note(&format!("{who} starts"), &[]);
                self.nodes[who].start(self.seed, who, self.conduct);
                self.guard.started(who, &self.nodes[who]);
                let listening = self.listening(who);
                self.tell(who, 0, listening);
                let life = self.nodes[who].life;
                self.later(1, Due::Tick { who, life });
            }
            Due::Tick { who, life } if life == self.nodes[who].life => {
                self.step(who, vec![Input::Tick]);
                self.later(TICK_MS, Due::Tick { who, life });
            }
            Due::Told { who, life, event } if life == self.nodes[who].life => self.told(who, event),
            Due::Attempt { from, life, device } if life == self.nodes[from].life => self.attempt(from, device),
            Due::Gossip { from, to, link, again, topic, data } if self.arrives(from, to, link) => {
                self.gossip((from, to), again, topic, data);
            }
            Due::Asked { ask, channel, data } if self.arrives(ask.from, ask.to, ask.link) => self.asked(ask, channel, data),
            Due::Answered { ask, data } if self.arrives(ask.to, ask.from, ask.link) => self.answered(&ask, data),
            Due::Impatient(ask) => self.impatient(&ask),
            Due::Starved { a, b, link } => self.starve(a, b, link),
            // It was meant for an earlier life, or for a link that is gone.
            Due::Tick { .. } | Due::Told { .. } | Due::Attempt { .. } | Due::Gossip { .. } | Due::Asked { .. } | Due::Answered { .. } => {}
        }
    }

    fn told(&mut self, who: usize, event: NetEvent) {
        match &event {
            NetEvent::Gossip { topic, data, .. } => self.note(&format!("{who} hears in {topic}"), data),
            NetEvent::Request { id, channel, data, .. } => self.note(&format!("{who} is asked {id:?} {channel:?}"), data),
            NetEvent::Response { id, data, .. } => self.note(&format!("{who} is answered {id}"), data),
            other => self.note(&format!("{who} is told {other:?}"), &[]),
        }
        let entries = self.heard.entries(&event);
        self.step(who, vec![Input::Heard(event, entries)]);
    }

    /// One step of an engine, and as many of its effects as the node lives to see.
    fn step(&mut self, who: usize, inputs: Vec<Input>) {
        let (clock, others) = (self.clock(who), self.nodes.len() - 1);
        let node = &mut self.nodes[who];
        let Some(engine) = node.engine.as_mut() else { return };
        let mut effects = engine.step(clock, inputs);
        if engine.store().fell() {
            // What was kept is looked at now: by the next step the clock may be another.
            self.guard.stepped(who, clock, node, others);
            return self.crash(who);
        }
        let sends = effects.iter().any(|effect| !matches!(effect, Effect::Happened(_)));
        let falls = match &mut node.plan {
            Some(plan) if sends && plan.spare == 0 => {
                let part = usize::try_from(plan.part).unwrap_or_default();
                effects.truncate((effects.len() + 1) * part / 1_000);
                true
            }
            Some(plan) if sends => {
                plan.spare -= 1;
                false
            }
            _ => false,
        };
        self.guard.stepped(who, clock, node, others);
        for effect in effects {
            self.perform(who, effect);
        }
        if falls {
            self.crash(who);
        }
    }

    fn perform(&mut self, who: usize, effect: Effect) {
        match effect {
            Effect::Answer(ticket, answer) => {
                self.note(&format!("{who} answers {ticket} {answer:?}"), &[]);
                self.guard.answered(who, &self.nodes[who], &answer);
                self.nodes[who].answers.insert(ticket, answer);
            }
            Effect::Happened(news) => self.note(&format!("{who} shows {} {}", news.kind, news.subject), &[]),
            Effect::Net(command) => {
                match &command {
                    NetCommand::Publish { data, .. } => self.note(&format!("{who} publishes"), data),
                    NetCommand::Request { id, data, .. } => self.note(&format!("{who} asks {id}"), data),
                    NetCommand::Respond { id, data } => self.note(&format!("{who} responds {id:?}"), data),
                    other => self.note(&format!("{who} wishes {other:?}"), &[]),
                }
                for said in self.bent(who, command) {
                    self.carry(who, said);
                }
            }
        }
    }

    fn note(&mut self, words: &str, data: &[u8]) {
        self.trace.update(&self.now.0.to_be_bytes());
        self.trace.update(words.as_bytes());
        self.trace.update(data);
        if self.is_told {
            println!("{:>7} {words} [{}]", self.now.since(DAWN), data.len());
        }
    }

    fn tell(&mut self, who: usize, wait_ms: u64, event: NetEvent) {
        if self.nodes[who].engine.is_some() {
            let life = self.nodes[who].life;
            self.later(wait_ms, Due::Told { who, life, event });
        }
    }

    fn later(&mut self, wait_ms: u64, due: Due) {
        self.sequence += 1;
        self.queue.insert((self.now.plus(wait_ms), self.sequence), due);
    }

    /// How long a message takes: mostly little, sometimes so long that later ones overtake it.
    const fn latency(&mut self) -> u64 {
        if self.chance.permille(self.faults.clogged) {
            return self.chance.between(1_000, 5_000);
        }
        if self.chance.permille(50) { self.chance.between(200, 900) } else { self.chance.between(5, 60) }
    }
}
