//! One node of the simulated world: who it is, its engine while it runs, and what the network knows of its wishes.

use std::collections::{BTreeMap, BTreeSet};

use haat_node::engine::{Conduct, Engine, Ticket};
use haat_node::entropy::{Entropy, Seeded};
use haat_node::myself::{Key, Myself};
use haat_node::net::GossipId;
use haat_node::store::{Snapshot, Store};
use haat_node::witness::Recalled;
use haat_protocol::crypto::Keypair;
use haat_protocol::id::DeviceId;
use haat_protocol::identity::Chain;
use haat_protocol::local::Problem;
use haat_protocol::time::Millis;
use serde_json::Value;

use super::store::{Fate, SimStore};

/// Nodes of one life never draw the bytes of another life: lives of a node are this far apart.
const LIVES_MAX: u64 = 1_000;

/// In one of so many worlds the engines doubt what they remember.
const DOUBTING: u64 = 8;
/// So many of its nodes at most: all in a story, few in a crowd, where it would take hours.
const DOUBTERS: usize = 6;

/// A crash that will come at a step that sends something.
#[derive(Debug, Clone, Copy)]
pub(super) struct CrashPlan {
    /// Steps with effects that are still carried out in full.
    pub(super) spare: u64,
    /// Effects of the last step that are carried out, counted in thousandths of them.
    pub(super) part: u64,
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) me: Myself,
    /// Rises with every start.
    pub(super) life: u64,
    pub(super) engine: Option<Engine<SimStore>>,
    /// The store while the engine is down; a view of it while it is up.
    pub(super) store: SimStore,
    /// What the node wrote down before it committed: it outlives every fall.
    pub(super) witness: Recalled,
    pub(super) wishes: BTreeMap<DeviceId, Vec<String>>,
    pub(super) attempts: BTreeSet<DeviceId>,
    pub(super) topics: BTreeSet<String>,
    pub(super) members: BTreeSet<DeviceId>,
    pub(super) seen: BTreeSet<GossipId>,
    pub(super) heard: BTreeMap<GossipId, (String, Vec<u8>)>,
    pub(super) answers: BTreeMap<Ticket, Result<Value, Problem>>,
    pub(super) plan: Option<CrashPlan>,
    /// How far the node's clock is ahead, in milliseconds.
    pub(super) ahead_ms: i64,
}

impl Node {
    pub(super) fn new(seed: u64, number: usize, name: &str, store: SimStore) -> Self {
        Self {
            name: name.to_owned(),
            me: myself(seed, number as u64, name),
            life: 0,
            engine: None,
            store,
            witness: Recalled::default(),
            wishes: BTreeMap::new(),
            attempts: BTreeSet::new(),
            topics: BTreeSet::new(),
            members: BTreeSet::new(),
            seen: BTreeSet::new(),
            heard: BTreeMap::new(),
            answers: BTreeMap::new(),
            plan: None,
            ahead_ms: 0,
        }
    }

    /// Starts the engine over what was kept, with nothing else remembered.
    pub(super) fn start(&mut self, seed: u64, number: usize, conduct: Conduct) {
        self.life += 1;
        let entropy = Box::new(Seeded::new(seed, (number as u64 + 1) * LIVES_MAX + self.life));
        let engine = Engine::new(self.store.clone(), self.me.clone(), entropy, conduct).with_witness(Box::new(self.witness.clone()));
        // What engines remember is derived anew all the time in some of the worlds, and has to be the same.
        let doubts = seed.is_multiple_of(DOUBTING) && number < DOUBTERS;
        self.engine = Some(if doubts { engine.doubting() } else { engine });
        self.wishes.clear();
        self.attempts.clear();
        self.topics.clear();
        self.members.clear();
        self.seen.clear();
        self.heard.clear();
        self.plan = None;
    }

    /// Stops the engine; what was committed stays.
    pub(super) fn stop(&mut self) {
        if let Some(engine) = self.engine.take() {
            self.store = engine.store().clone();
            self.plan = None;
            // A failure that was still to come belonged to this life.
            self.store.fate(Fate::Holds);
        }
    }

    /// What is durable now.
    pub(super) fn now_kept(&self) -> Box<dyn Snapshot> {
        self.engine.as_ref().map_or(&self.store, Engine::store).snapshot().expect("the simulator lets commits fail, never reads")
    }

    pub(super) fn device(&self) -> DeviceId {
        self.me.device()
    }
}

fn myself(seed: u64, number: u64, name: &str) -> Myself {
    let mut fresh = Seeded::new(seed, number * LIVES_MAX + LIVES_MAX);
    let (root, next, pair) = (Keypair::from_seed(&fresh.fresh()), Keypair::from_seed(&fresh.fresh()), Keypair::from_seed(&fresh.fresh()));
    let identity = Chain::begin(&root, &next.public(), &pair, Millis(super::DAWN.0 - 1)).verify().expect("a chain just begun holds");
    Myself { identity, root: Some(root), pair, storage: Key(fresh.fresh()), prekeys: vec![Key(fresh.fresh())], name: name.to_owned() }
}
