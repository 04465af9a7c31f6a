//! A node without a network: a store in memory, one work at a time, and messages carried by hand.

use std::collections::BTreeMap;

use haat_protocol::circle::{Member, NormsState, Role, Roster};
use haat_protocol::crypto::Keypair;
use haat_protocol::epoch::{ByteKey, EpochKeys};
use haat_protocol::id::{DeviceId, EntryId, KeyId, OrderId, SpaceId};
use haat_protocol::identity::{Chain, Change, consent};
use haat_protocol::listing::Stock;
use haat_protocol::local::{NewListing, NewOffer, NewShop, OrderRow, OrderWords, Problem};
use haat_protocol::norms::Norms;
use haat_protocol::order::Order;
use haat_protocol::space::{Inception, Sort};
use haat_protocol::time::Millis;
use haat_protocol::wire::{DirectRequest, DirectResponse, OrderHead, OrderMessage};
use serde_json::Value;

use crate::engine::held::Held;
use crate::engine::work::Work;
use crate::engine::{Conduct, Effect, Passing};
use crate::entropy::Seeded;
use crate::fact::Fact;
use crate::myself::{Key, Myself};
use crate::net::NetCommand;
use crate::store::memo::Memos;
use crate::store::memory::MemoryStore;
use crate::store::{Store, Table, Tx};
use crate::view::circle::{EpochRow, telling_key};
use crate::view::{self, known};
use crate::{intake, ledger};

/// When every story begins.
pub(in crate::engine) const START: Millis = Millis(1_800_000_000_000);

/// A node.
pub(in crate::engine) struct Node {
    pub(in crate::engine) me: Myself,
    pub(in crate::engine) store: MemoryStore,
    memos: Memos,
    pub(in crate::engine) passing: Passing,
    pub(in crate::engine) now: Millis,
    entropy: Seeded,
    sent: Vec<(DeviceId, OrderMessage)>,
    /// Disputes and words about them, to be carried by hand.
    pub(in crate::engine) pleas: Vec<(DeviceId, DirectRequest)>,
    /// What orders it asked about; who compares orders does so by hand.
    asked: Vec<Vec<OrderHead>>,
}

impl Node {
    pub(in crate::engine) fn new(seed: u8) -> Self {
        let key = |n: u8| Keypair::from_seed(&[seed.wrapping_mul(10).wrapping_add(n); 32]);
        let chain = Chain::begin(&key(1), &key(2).public(), &key(3), Millis(1_000));
        let identity = chain.verify().expect("a fresh chain");
        let me =
            Myself { identity, root: Some(key(1)), pair: key(3), storage: Key([seed; 32]), prekeys: Vec::new(), name: format!("N{seed}") };
        let entropy = Seeded::new(7, u64::from(seed));
        let mut node = Self {
            me,
            store: MemoryStore::default(),
            memos: Memos::default(),
            passing: Passing::default(),
            now: START,
            entropy,
            sent: Vec::new(),
            pleas: Vec::new(),
            asked: Vec::new(),
        };
        let own = node.me.identity.clone();
        node.work(|work| intake::identity(&mut work.cx(), &own));
        node
    }

    /// Another device joins this person, who has the root at hand.
    pub(in crate::engine) fn adds(&mut self, other: &mut Self) {
        let consent = consent(&other.me.pair, self.me.id());
        let mut chain = self.me.identity.chain().clone();
        chain.append(self.me.root.as_ref().expect("at hand"), Change::AddDevice { device: other.device(), consent }, self.now);
        let both = chain.verify().expect("a chain that was added to");
        other.me.root = None;
        for node in [self, other] {
            node.me.identity = both.clone();
            node.work(|work| intake::identity(&mut work.cx(), &both));
        }
    }

    /// Another device of this person that keeps nothing but who the person is.
    pub(in crate::engine) fn beside(&mut self, seed: u8) -> Self {
        let mut other = Self::new(seed);
        other.store = MemoryStore::default();
        other.now = self.now;
        self.adds(&mut other);
        other
    }

    /// The same person over a copy of what was kept, with other chance: what both do from now on differs.
    pub(in crate::engine) fn again(&self, seed: u64) -> Self {
        Self {
            me: self.me.clone(),
            store: self.store.clone(),
            passing: Passing::default(),
            now: self.now,
            entropy: Seeded::new(seed, u64::from(self.me.storage.0[0])),
            memos: Memos::default(),
            sent: Vec::new(),
            pleas: Vec::new(),
            asked: Vec::new(),
        }
    }

    /// Starts anew over this store: nothing else is remembered.
    pub(in crate::engine) fn wakes(&mut self, store: MemoryStore) {
        (self.store, self.memos, self.passing) = (store, Memos::default(), Passing::default());
    }

    /// Does something in a transaction of its own, and keeps what is to be sent.
    pub(in crate::engine) fn work<T>(&mut self, act: impl FnOnce(&mut Work<'_, '_>) -> T) -> T {
        self.now = self.now.plus(1);
        let snapshot = self.store.snapshot().expect("memory");
        let tx = Tx::with_memos(&*snapshot, &self.memos);
        let mut work = Work {
            log_from: ledger::end(&tx).0,
            tx,
            me: &self.me,
            entropy: &mut self.entropy,
            now: self.now,
            conduct: Conduct { gossip: false },
            passing: &mut self.passing,
            checked: BTreeMap::new(),
            out: Vec::new(),
        };
        let done = act(&mut work);
        let Work { tx, out, .. } = work;
        self.store.commit(tx.finish().expect("sound")).expect("memory");
        for effect in out {
            if let Effect::Net(NetCommand::Request { device, data, .. }) = effect {
                match DirectRequest::from_bytes(&data) {
                    Ok(DirectRequest::Order(message)) => self.sent.push((device, message)),
                    Ok(plea @ (DirectRequest::Case { .. } | DirectRequest::Decision { .. })) => self.pleas.push((device, plea)),
                    Ok(DirectRequest::OrderHeads { heads }) => self.asked.push(heads),
                    other => panic!("not an order message: {other:?}"),
                }
            }
        }
        done
    }

    pub(in crate::engine) fn read<T>(&self, look: impl FnOnce(&Tx<'_>) -> T) -> T {
        let snapshot = self.store.snapshot().expect("memory");
        look(&Tx::new(&*snapshot))
    }

    pub(in crate::engine) fn work_less<T>(&self, look: impl FnOnce(&Held<'_, '_>) -> T) -> T {
        self.read(|tx| look(&Held { tx, me: &self.me, now: self.now, leaving: &self.passing.leaving, handed: &self.passing.handed }))
    }

    pub(in crate::engine) fn device(&self) -> DeviceId {
        self.me.device()
    }

    /// Everything that is stored, to compare with later.
    pub(in crate::engine) fn everything(&self) -> Vec<Vec<(Vec<u8>, Vec<u8>)>> {
        Table::ALL.iter().map(|table| self.store.snapshot_rows(*table)).collect()
    }

    /// What waits to be carried.
    pub(in crate::engine) fn outgoing(&mut self) -> Vec<OrderMessage> {
        std::mem::take(&mut self.sent).into_iter().map(|(_, message)| message).collect()
    }

    /// What it asked about orders so far.
    pub(in crate::engine) fn asked_about(&mut self) -> Vec<Vec<OrderHead>> {
        std::mem::take(&mut self.asked)
    }

    /// What waits to be carried to one device.
    pub(in crate::engine) fn outgoing_to(&mut self, device: DeviceId) -> Vec<OrderMessage> {
        let (theirs, others) = std::mem::take(&mut self.sent).into_iter().partition(|(to, _)| *to == device);
        self.sent = others;
        theirs.into_iter().map(|(_, message)| message).collect()
    }

    pub(in crate::engine) fn shop(&mut self) -> SpaceId {
        let new = NewShop {
            name: "Hill".into(),
            currency: "CNY".into(),
            returns: "within 14 days".into(),
            pickup: vec!["Gate 2".into()],
            ship: vec!["CN=6.00".into()],
            digital: false,
            pay: vec!["cash:on-delivery".into(), "transfer:before:account 7".into()],
        };
        id(&self.work(|work| work.shop_create(&new)).expect("opens"), "shop").parse().expect("an id")
    }

    pub(in crate::engine) fn list(&mut self, shop: SpaceId, stock: impl Into<Stock>) -> EntryId {
        let new = NewListing {
            shop: shop.to_string(),
            title: "Green tea".into(),
            price: "39.00".into(),
            stock: stock.into(),
            ..NewListing::default()
        };
        id(&self.work(|work| work.listing_add(&new)).expect("lists"), "listing").parse().expect("an id")
    }

    pub(in crate::engine) fn offer(&mut self, new: &NewOffer) -> Result<OrderRow, Problem> {
        self.work(|work| work.order_offer(new)).map(|row| serde_json::from_value(row).expect("an order"))
    }

    pub(in crate::engine) fn act(&mut self, order: OrderId, verb: &str, words: &OrderWords) -> Result<OrderRow, Problem> {
        self.work(|work| work.order_act(&order.to_string(), verb, words)).map(|row| serde_json::from_value(row).expect("an order"))
    }

    pub(in crate::engine) fn give(&mut self, from: DeviceId, message: &OrderMessage) -> DirectResponse {
        self.work(|work| work.order_message(from, message.clone()))
    }

    /// The answer to a message: of an own device that is given an order, or of the other side.
    pub(in crate::engine) fn hears(&mut self, from: DeviceId, order: OrderId, answer: DirectResponse) {
        self.work(|work| if work.is_kin(&from) { work.order_given(order, from, Some(answer)) } else { work.order_stored(order, answer) });
    }

    pub(in crate::engine) fn order(&self, id: OrderId) -> Order {
        self.read(|tx| view::order::folded(tx, &id)).expect("held").1
    }

    pub(in crate::engine) fn has(&self, id: OrderId) -> bool {
        self.read(|tx| view::order::row(tx, &id)).is_some()
    }

    pub(in crate::engine) fn queued(&self) -> usize {
        self.store.snapshot_rows(Table::Outbox).len()
    }

    /// Takes in all entries that another node has.
    pub(in crate::engine) fn follow(&mut self, other: &Self) {
        let ids: Vec<EntryId> = other.store.snapshot_rows(Table::Entry).iter().filter_map(|(key, _)| EntryId::from_slice(key)).collect();
        let entries: Vec<_> = other.read(|tx| ids.iter().filter_map(|id| known::entry(tx, id)).collect());
        for entry in entries {
            self.work(|work| intake::entry(&mut work.cx(), &entry));
        }
    }
}

/// A text of an answer.
pub(in crate::engine) fn id(answer: &Value, field: &str) -> String {
    answer[field].as_str().expect("a text").to_owned()
}

/// An offer for a listing, the rest left open.
pub(in crate::engine) fn wanted(listing: EntryId) -> NewOffer {
    NewOffer { listing: listing.to_string(), ..NewOffer::default() }
}

/// Puts these nodes into one circle, each knowing all of them, with one key.
pub(in crate::engine) fn circle(nodes: &mut [&mut Node]) -> SpaceId {
    let first = &nodes[0].me;
    let inception = Inception { sort: Sort::Circle, creator: first.id(), device: first.device(), salt: [5; 16], created: START };
    let space = inception.id();
    let member = |name: &str| Member { role: Role::Member, name: name.into(), by: EntryId([1; 32]), since: START, lamport: 1 };
    let members: BTreeMap<_, _> = nodes.iter().map(|node| (node.me.id(), member(&node.me.name))).collect();
    let (removed, invites) = (BTreeMap::new(), BTreeMap::new());
    let norms = [(0, NormsState { entry: EntryId([1; 32]), at: START, norms: Norms::default() })].into();
    let (requests, declined, roles) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let roster = Roster { space, name: "Street".into(), norms, requests, declined, roles, members, removed, invites };
    let people: Vec<_> = nodes.iter().map(|node| node.me.identity.clone()).collect();
    for node in nodes {
        node.work(|work| {
            people.iter().for_each(|person| {
                intake::identity(&mut work.cx(), person);
            });
            intake::fact(&mut work.cx(), &Fact::Space { inception: inception.clone() });
            work.tx.save(Table::Roster, &space.0, &roster);
            let keys = EpochKeys { control: ByteKey([3; 32]), content: Some(ByteKey([4; 32])), topic: None };
            intake::learn_epoch(&mut work.cx(), space, KeyId([9; 32]), keys);
            let epoch = EpochRow {
                lamport: 1,
                entry: EntryId([1; 32]),
                at: START,
                log: (inception.device, 0),
                seq: 0,
                generation: 0,
                parents: Vec::new(),
                covers: Vec::new(),
            };
            work.tx.save(Table::Epoch, &telling_key(&space, &KeyId([9; 32]), (1, &epoch.entry)), &epoch);
        });
    }
    space
}

/// Lets two nodes know that the other is there.
pub(in crate::engine) fn connect(a: &mut Node, b: &mut Node) {
    a.passing.presence.connected.insert(b.device(), "here".into());
    b.passing.presence.connected.insert(a.device(), "there".into());
}

/// Carries messages and answers between two nodes until nothing moves.
pub(in crate::engine) fn carry(a: &mut Node, b: &mut Node) {
    for _ in 0..32 {
        let moved = carry_one_way(a, b) + carry_one_way(b, a);
        if moved == 0 {
            return;
        }
    }
    panic!("they never stop talking");
}

fn carry_one_way(from: &mut Node, to: &mut Node) -> usize {
    let messages = from.outgoing_to(to.device());
    for message in &messages {
        let answer = to.give(from.device(), message);
        from.hears(to.device(), message.order, answer);
    }
    messages.len()
}
