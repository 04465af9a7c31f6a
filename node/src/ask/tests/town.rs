//! The town: Ana, whose node this is, Ben, Mei who sells tea, and Zed; one circle, and everything said in it.

use haat_protocol::admit::Head;
use haat_protocol::body::{self, Body, ListingRef};
use haat_protocol::crypto::{Keypair, seal};
use haat_protocol::entry::{Draft, Header, LogId};
use haat_protocol::epoch::{Rotation, rotate};
use haat_protocol::id::{Digest, EntryId, KeyId, OrderId, SpaceId};
use haat_protocol::identity::Chain;
use haat_protocol::invite::prove;
use haat_protocol::kind::{Secrecy, secrecy_of};
use haat_protocol::listing::{Delivery, Listing, Payment, Timing, Variant};
use haat_protocol::local::{Problem, Question};
use haat_protocol::money::Money;
use haat_protocol::norms::Norms;
use haat_protocol::order::{self, Act, Event, OrderSet, Party, Role, Terms};
use haat_protocol::space::{Inception, Sort};
use haat_protocol::time::{DAY_MS, HOUR_MS, Millis};
use haat_protocol::trust::Weight;
use serde::de::DeserializeOwned;

use crate::ask::{NodeFacts, answer};
use crate::fact::Fact;
use crate::intake::{self, Taken};
use crate::keyring;
use crate::myself::{Key, Myself};
use crate::presence::Presence;
use crate::secret;
use crate::store::memory::MemoryStore;
use crate::store::{Store, Table, Tx};
use crate::view::{self, Cx};

pub(super) const ANA: usize = 0;
pub(super) const BEN: usize = 1;
pub(super) const MEI: usize = 2;
pub(super) const ZED: usize = 3;
const NAMES: [&str; 4] = ["Ana", "Ben", "Mei", "B en"];

pub(super) fn cny(minor: i64) -> Money {
    Money { minor, currency: "CNY".parse().expect("known") }
}

/// Ana's store, everybody's keys, and a clock.
#[derive(Debug)]
pub(super) struct Town {
    pub(super) store: MemoryStore,
    pub(super) people: Vec<Myself>,
    pub(super) circle: SpaceId,
    pub(super) shop: SpaceId,
    pub(super) presence: Presence,
    pub(super) now: Millis,
    drawn: u8,
}

fn person(n: usize) -> Myself {
    let seed = 10 * (n as u8 + 1);
    let key = |more: u8| Keypair::from_seed(&[seed + more; 32]);
    let pair = key(2);
    let identity = Chain::begin(&key(0), &key(1).public(), &pair, Millis(1_000)).verify().expect("good chain");
    Myself {
        identity,
        root: Some(key(0)),
        pair,
        storage: Key([seed + 3; 32]),
        prekeys: vec![Key([seed + 4; 32])],
        name: NAMES[n].to_owned(),
    }
}

pub(super) fn tea(title: &str, stock: Option<u64>) -> Listing {
    let variant = Variant { sku: "T".into(), options: vec![], price: cny(3900), stock: stock.into() };
    Listing {
        lineage: None,
        handle: None,
        title: title.into(),
        description: String::new(),
        currency: cny(0).currency,
        variants: vec![variant],
        delivery: vec![],
        payment: vec![],
        returns: None,
        images: vec![],
        tags: vec![],
        expires: None,
    }
}

impl Town {
    /// A circle with four members and Mei's shop in it.
    pub(super) fn new() -> Self {
        let people: Vec<Myself> = (0..4).map(person).collect();
        let (now, none) = (Millis(1_800_000_000_000), SpaceId([0; 32]));
        let (store, presence) = (MemoryStore::default(), Presence::default());
        let mut town = Self { store, people, circle: none, shop: none, presence, now, drawn: 0 };
        for n in 0..4 {
            let identity = town.people[n].identity.clone();
            town.change(|cx| intake::identity(cx, &identity));
        }
        town.begin();
        town.admit();
        town.open_shop();
        town
    }

    fn fresh(&mut self) -> [u8; 32] {
        self.drawn += 1;
        [self.drawn; 32]
    }

    fn inception(&mut self, sort: Sort, who: usize) -> Inception {
        let salt = [self.fresh()[0]; 16];
        Inception { sort, creator: self.people[who].id(), device: self.people[who].device(), salt, created: self.now }
    }

    fn begin(&mut self) {
        let inception = self.inception(Sort::Circle, ANA);
        self.circle = inception.id();
        self.change(|cx| intake::fact(cx, &Fact::Space { inception: inception.clone() }));
        let create = body::CircleCreate { inception, name: "Lane 12".into(), norms: Norms::default(), creator_name: "Ana".into() };
        self.say(ANA, self.circle, &Body::CircleCreate(create));
        let devices: Vec<_> = self.people.iter().map(|p| (p.device(), seal::prekey_public(&p.prekeys[0].0))).collect();
        let rotation = Rotation { space: self.circle, parents: &[], covers: Vec::new(), devices: &devices, topic: None };
        self.say(ANA, self.circle, &Body::Epoch(rotate(&rotation, &[77; 32]).epoch));
    }

    fn admit(&mut self) {
        let pair = Keypair::from_seed(&[99; 32]);
        let invite = body::Invite { key: pair.public(), uses: 9, expires: self.now.plus(DAY_MS) };
        let invite = self.say(ANA, self.circle, &Body::Invite(invite));
        for n in [BEN, MEI, ZED] {
            let (identity, device) = (self.people[n].id(), self.people[n].device());
            let proof = prove(&pair, self.circle, identity, device);
            self.say(ANA, self.circle, &Body::MemberAdd(body::MemberAdd { identity, device, name: NAMES[n].into(), invite, proof }));
        }
    }

    fn open_shop(&mut self) {
        let inception = self.inception(Sort::Shop, MEI);
        self.shop = inception.id();
        self.say(
            MEI,
            self.circle,
            &Body::Share(body::Share { inception: inception.clone(), generation: 0, secret: [55; 32], earlier: Vec::new() }),
        );
        let create = body::ShopCreate {
            inception,
            name: "Mei's teas".into(),
            currency: cny(0).currency,
            returns: "within 14 days".into(),
            delivery: vec![Delivery::Pickup { place: "Gate 2".into() }],
            payment: vec![],
        };
        self.say(MEI, self.shop, &Body::ShopCreate(create));
    }

    /// One change of Ana's store.
    pub(super) fn change<T>(&mut self, change: impl FnOnce(&mut Cx<'_, '_, '_>) -> T) -> T {
        let base = self.store.snapshot().expect("memory");
        let mut tx = Tx::new(&*base);
        let done = change(&mut Cx { tx: &mut tx, me: &self.people[ANA], at: self.now });
        let batch = tx.finish().expect("sound");
        drop(base);
        self.store.commit(batch).expect("memory");
        done
    }

    /// Somebody says something, and Ana's node takes it in.
    pub(super) fn say(&mut self, who: usize, space: SpaceId, body: &Body) -> EntryId {
        self.say_raw(who, space, (body.kind().code(), body.encode()))
    }

    pub(super) fn say_raw(&mut self, who: usize, space: SpaceId, (kind, bytes): (u64, Vec<u8>)) -> EntryId {
        self.now = self.now.plus(1_000);
        let fresh = self.fresh();
        let (header, key) =
            self.read(|tx, town| (town.header(tx, &town.people[who], (space, kind)), town.key(tx, space, secrecy_of(kind))));
        let header = Header { key: key.map(|(id, _)| id), ..header };
        let draft = Draft { header, body: bytes };
        let entry = draft.sign(&self.people[who].pair, key.map(|(_, key)| key).as_ref(), &fresh).expect("small");
        assert_eq!(self.change(|cx| intake::entry(cx, &entry)), Taken::Kept);
        entry.id()
    }

    fn header(&self, tx: &Tx<'_>, author: &Myself, (space, kind): (SpaceId, u64)) -> Header {
        let log = LogId { space, device: author.device(), number: 0 };
        let own: Option<Head> = tx.load(Table::Head, &view::log_key(&log));
        let rows = tx.prefix(Table::Head, &space.0);
        let others = rows.iter().filter(|(key, _)| *key != view::log_key(&log)).filter_map(|(_, row)| tx.decoded::<Head>(Table::Head, row));
        let others: Vec<Head> = others.collect();
        let lamport = others.iter().chain(&own).map(|head| head.lamport).max().unwrap_or(0) + 1;
        let mut refs: Vec<EntryId> = others.iter().map(|head| head.id).collect();
        refs.sort();
        Header {
            device: author.device(),
            space,
            log: 0,
            seq: own.as_ref().map_or(0, |head| head.seq + 1),
            prev: own.map(|head| head.id),
            kind,
            flags: 0,
            lamport,
            at: self.now,
            refs,
            key: None,
            payload_bytes: 0,
            payload_hash: None,
            extensions: std::collections::BTreeMap::new(),
        }
    }

    fn key(&self, tx: &Tx<'_>, space: SpaceId, secrecy: Secrecy) -> Option<(KeyId, [u8; 32])> {
        let me = &self.people[ANA];
        match secrecy {
            Secrecy::Clear => None,
            Secrecy::Shop => secret::shop(tx, me, &space).map(|(id, _, key)| (id, key)),
            _ => keyring::current(tx, me, &space).map(|(id, keys)| (id, *keys.key(secrecy).expect("held"))),
        }
    }

    /// Reads Ana's store.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Tx<'_>, &Self) -> T) -> T {
        let base = self.store.snapshot().expect("memory");
        let tx = Tx::new(&*base);
        let found = read(&tx, self);
        assert_eq!(tx.fault(), None);
        found
    }

    /// Asks Ana's node.
    pub(super) fn try_ask<T: DeserializeOwned>(&self, question: &Question) -> Result<T, Problem> {
        let facts = NodeFacts { presence: &self.presence, store_bytes: 7, started: Millis(self.now.0 - 5), now: self.now };
        let value = self.read(|tx, town| answer(tx, &town.people[ANA], &facts, question))?;
        Ok(serde_json::from_value(value).expect("the rows of the contract"))
    }

    pub(super) fn ask<T: DeserializeOwned>(&self, question: &Question) -> T {
        self.try_ask(question).expect("an answer")
    }

    pub(super) fn post(&mut self, who: usize, text: &str) -> EntryId {
        self.say(who, self.circle, &Body::Post(body::Post { text: text.into(), listings: vec![], reply_to: None }))
    }

    pub(super) fn vouch(&mut self, from: usize, to: usize) -> EntryId {
        let identity = self.people[to].id();
        self.say(from, self.circle, &Body::Vouch(body::Vouch { identity, weight: Weight::Friend, text: String::new() }))
    }

    pub(super) fn list(&mut self, listing: &Listing) -> EntryId {
        self.say(MEI, self.shop, &Body::Listing(listing.clone()))
    }

    pub(super) fn recommend(&mut self, who: usize, (listing, version): (EntryId, EntryId), text: &str) -> EntryId {
        let listing = ListingRef { shop: self.shop, listing, version };
        let interest = if who == MEI { body::Interest::Seller } else { body::Interest::None };
        self.say(who, self.circle, &Body::Recommend(body::Recommend { listing, text: text.into(), interest }))
    }

    /// A deal with Mei up to its end: cash at the gate. Kept in Ana's store when she is the buyer.
    pub(super) fn deal(&mut self, buyer: usize, lineage: EntryId) -> OrderSet {
        let party = |n: usize| Party { identity: self.people[n].id(), device: self.people[n].device() };
        let line = order::Line {
            listing: lineage,
            version: lineage,
            title: "Green tea".into(),
            sku: "T".into(),
            options: vec![],
            qty: 1,
            unit_price: cny(3900),
        };
        let terms = Terms {
            buyer: party(buyer),
            seller: party(MEI),
            lines: vec![line],
            adjustments: vec![],
            goods: cny(0),
            delivery: Delivery::Pickup { place: "Gate 2".into() },
            total: cny(0),
            payment: Payment { method: "cash".into(), timing: Timing::OnDelivery, instructions: None },
            via: None,
            circle: Some(self.circle),
            personal: None,
            valid_until: self.now.plus(DAY_MS),
            pay_within: DAY_MS,
            fulfil_within: DAY_MS,
            confirm_within: DAY_MS,
            dispute_within: DAY_MS,
            resolver: None,
            returns: "within 14 days".into(),
            return_within: 14 * DAY_MS,
            salt: Digest(self.fresh()),
        };
        let terms = terms.with_goods(cny(3900)).expect("adds up");
        let offer = order::offer(terms, self.people[buyer].device(), None, self.now).expect("good terms");
        let offer = order::sign(&offer, &self.people[buyer].pair).expect("own key");
        let mut set = OrderSet::new(offer.order());
        self.keep(&mut set, buyer, offer);
        let seller = [Act::Accept, Act::StockConfirm, Act::Start, Act::Ready { code: None }].map(|act| (Role::Seller, act));
        let rest = [(Role::Buyer, Act::Receive { code: None }), (Role::Seller, Act::ConfirmPayment { amount: None })];
        for (role, act) in seller.into_iter().chain(rest) {
            self.now = self.now.plus(1_000);
            if matches!(act, Act::StockConfirm) && !order::draft::is_stock_asked(&order::fold(&set).expect("offered")) {
                continue;
            }
            let signer = if role == Role::Buyer { buyer } else { MEI };
            let body = order::draft(&set, role, act, self.now).expect("the table allows it");
            let event = order::sign(&body, &self.people[signer].pair).expect("own key");
            self.keep(&mut set, buyer, event);
        }
        set
    }

    fn keep(&mut self, set: &mut OrderSet, buyer: usize, event: Event) {
        if buyer == ANA {
            self.change(|cx| intake::order::event(cx, &event)).expect("fits");
        }
        set.insert(event).expect("fits");
    }

    /// The buyer's review of a deal.
    pub(super) fn review(&mut self, who: usize, set: &OrderSet, rating: u64) -> EntryId {
        let order = order::fold(set).expect("offered");
        let (right, outcome) = (set.review_right(&order).expect("agreed"), order::Outcome::of(&order));
        self.say(who, self.circle, &Body::Review(body::Review { right, rating, outcome, text: "as told".into() }))
    }

    pub(super) fn order_of(set: &OrderSet) -> OrderId {
        set.order()
    }

    pub(super) fn wait(&mut self) {
        self.now = self.now.plus(HOUR_MS);
    }
}
