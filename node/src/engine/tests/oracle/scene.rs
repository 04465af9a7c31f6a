//! People with engines who do things in some order, and what is delivered to whom meanwhile. Every choice follows from the seed and
//! from what was done before, so that orders with the same beginning share it.

use std::cell::RefCell;
use std::rc::Rc;

use haat_protocol::circle::Role;
use haat_protocol::crypto::{Context, hash};
use haat_protocol::local::NewListing;
use haat_protocol::record::{SignedRecord, Slot};

use super::super::*;
use super::model::{Deed, Model, Person, Set, bit};
use crate::entropy::{Entropy as _, Seeded};
use crate::view::circle;

/// The seven actions whose orders are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Add,
    Remove,
    Leave,
    Rotate,
    Post,
    Share,
    Unshare,
}

impl Act {
    pub(super) const ALL: [Self; 7] = [Self::Add, Self::Remove, Self::Leave, Self::Rotate, Self::Post, Self::Share, Self::Unshare];
}

/// What is delivered between two actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Regime {
    /// Everything, to everybody.
    Sequential,
    /// What chance lets through, mostly within two halves.
    Cut,
}

/// How a run begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) founders: usize,
    pub(super) regime: Regime,
    pub(super) seed: u64,
    /// Whether the circle has the shop from the beginning: it is taken back before it is shared.
    pub(super) shared: bool,
}

/// A run as far as it has come.
pub(super) struct Scene {
    pub(super) plan: Plan,
    pub(super) nodes: Vec<Node>,
    pub(super) model: Model,
    /// What each knows of.
    pub(super) knows: Vec<Set>,
    /// Entry of each deed.
    pub(super) entries: Vec<Option<EntryId>>,
    pub(super) space: SpaceId,
    shop: SpaceId,
    prekeys: Vec<SignedRecord>,
    /// Entries as they were read once: the same ones are handed over again and again.
    read: Rc<RefCell<BTreeMap<EntryId, Entry>>>,
    /// Those who are cut off and were told: they are handed everything and hand on nothing.
    told: Vec<bool>,
    /// Which half each is in.
    halves: Vec<bool>,
    /// What was done so far, in one number: all chance follows from it.
    way: [u8; 32],
    chance: Seeded,
    /// What was done and delivered, in words.
    pub(super) tale: Vec<String>,
}

impl Scene {
    /// A circle, a shop, and somebody who is not in yet.
    pub(super) fn begin(plan: Plan) -> Self {
        let words = [plan.seed, plan.founders as u64, u64::from(plan.shared), u64::from(plan.regime == Regime::Cut)];
        let way = hash(Context::Stream, &[&words.map(u64::to_be_bytes).concat()]);
        let mut chance = chance_of(&way);
        let (mut ana, space) = founded();
        let mut nodes: Vec<Node> = (2..=plan.founders).map(|seed| node(u8::try_from(seed).expect("few"))).collect();
        for newcomer in &mut nodes {
            join(&mut ana, newcomer, space);
        }
        let are_all_owners = draw(&mut chance, 2) == 0;
        let role = |person: Person| {
            if person == 0 || are_all_owners {
                Role::Owner
            } else if person == 1 {
                Role::Steward
            } else {
                Role::Member
            }
        };
        for person in 1..plan.founders {
            let whom = nodes[person - 1].me.id().to_string();
            let answer = ana.work(|work| work.circle_role(CIRCLE, &whom, role(person).text()));
            assert!(answer.is_ok() || role(person) == Role::Member, "{answer:?}");
        }
        nodes.insert(0, ana);
        nodes.push(node(u8::try_from(plan.founders + 1).expect("few")));
        let keeper = draw(&mut chance, plan.founders);
        let shop = nodes[keeper].shop();
        let prekeys = nodes.iter().map(|node| {
            let claim = Claim::Prekey(seal::prekey_public(&node.me.prekeys[0].0));
            Record { device: node.device(), claim, issued: node.now, expires: node.now.plus(40 * DAY_MS) }.sign(&node.me.pair)
        });
        let model = Model { founders: (0..plan.founders).map(role).collect(), keeper, events: Vec::new() };
        let people = plan.founders + 1;
        let halves = (0..people).map(|_| draw(&mut chance, 2) == 0).collect();
        let mut scene = Self {
            plan,
            prekeys: prekeys.collect(),
            nodes,
            model,
            knows: vec![0; people],
            entries: Vec::new(),
            space,
            shop,
            read: Rc::default(),
            told: vec![false; people],
            halves,
            way,
            chance,
            tale: vec![format!("{plan:?}, {} keeps the shop, all are owners: {are_all_owners}", keeper)],
        };
        let founders: Vec<Person> = (0..plan.founders).collect();
        scene.spread(&founders);
        scene.spread(&founders);
        if plan.shared {
            scene.shares().expect("nothing speaks against it");
            scene.spread(&founders);
        }
        scene
    }

    /// A copy that goes on by itself, one way or another.
    pub(super) fn branch(&self, turn: u64) -> Self {
        let way = hash(Context::Stream, &[&self.way, &turn.to_be_bytes()]);
        Self {
            plan: self.plan,
            nodes: self.nodes.iter().map(|node| node.again(number(&way))).collect(),
            model: self.model.clone(),
            knows: self.knows.clone(),
            entries: self.entries.clone(),
            space: self.space,
            shop: self.shop,
            prekeys: self.prekeys.clone(),
            read: Rc::clone(&self.read),
            told: self.told.clone(),
            halves: self.halves.clone(),
            way,
            chance: chance_of(&way),
            tale: self.tale.clone(),
        }
    }

    /// Whether it is this action's turn: a shop is shared before it is taken back, unless the circle had it.
    pub(super) fn is_due(&self, act: Act, left: &[Act]) -> bool {
        let first = if self.plan.shared { Act::Unshare } else { Act::Share };
        !matches!(act, Act::Share | Act::Unshare) || act == first || !left.contains(&first)
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        if from.is_empty() { None } else { Some(from[draw(&mut self.chance, from.len())]) }
    }

    /// Those who believe that they are in.
    fn believing(&self) -> Vec<Person> {
        (0..self.nodes.len()).filter(|person| self.model.is_member(*person, self.knows[*person])).collect()
    }

    fn note(&mut self, by: Person, deed: Deed, entry: Option<EntryId>) {
        let number = self.model.note(by, deed, self.knows[by]);
        self.knows[by] |= bit(number);
        self.entries.push(entry);
        self.tale.push(format!("{number}: {by} does {deed:?}"));
    }

    /// One action, by somebody who may.
    pub(super) fn act(&mut self, act: Act) -> Result<(), String> {
        let people = self.believing();
        match act {
            Act::Add => {
                let founders: Vec<Person> = people.into_iter().filter(|person| *person != self.model.newcomer()).collect();
                let Some(by) = self.pick(&founders) else { return Ok(()) };
                self.adds(by)?;
                self.says(by)
            }
            Act::Remove => {
                let pairs = |by: &Person| (0..self.nodes.len()).map(|whom| (*by, whom)).collect::<Vec<_>>();
                let mut pairs: Vec<(Person, Person)> = people.iter().flat_map(pairs).collect();
                pairs.retain(|(by, whom)| self.model.may_remove(*by, *whom, self.knows[*by]));
                let Some((by, whom)) = self.pick(&pairs) else { return Ok(()) };
                let (circle, person) = (self.space.to_string(), self.nodes[whom].me.id().to_string());
                let done = self.nodes[by].work(|work| work.circle_remove(&circle, &person));
                done.map_err(|problem| format!("{by} cannot remove {whom}: {problem:?}"))?;
                self.note(by, Deed::Remove(whom), None);
                self.says(by)
            }
            Act::Leave => {
                let Some(by) = self.pick(&people) else { return Ok(()) };
                let circle = self.space.to_string();
                let done = self.nodes[by].work(|work| work.circle_leave(&circle));
                done.map_err(|problem| format!("{by} cannot leave: {problem:?}"))?;
                self.note(by, Deed::Leave, None);
                Ok(())
            }
            Act::Rotate => {
                let Some(by) = self.pick(&people) else { return Ok(()) };
                let topic = (draw(&mut self.chance, 2) == 0).then_some([7; 32]);
                let space = self.space;
                self.nodes[by].work(|work| work.rotate(space, topic)).map_err(|problem| format!("{by} cannot rotate: {problem:?}"))?;
                self.tale.push(format!("{by} makes new keys"));
                self.says(by)
            }
            Act::Post => self.pick(&people).map_or(Ok(()), |by| self.says(by)),
            Act::Share => self.shares(),
            Act::Unshare => self.takes_back(),
        }
    }

    fn adds(&mut self, by: Person) -> Result<(), String> {
        let (circle, newcomer) = (self.space.to_string(), self.model.newcomer());
        let code = self.nodes[by].work(|work| work.circle_invite(&circle, None, None));
        let code = code.map_err(|problem| format!("{by} cannot invite: {problem:?}"))?;
        let asked = request(&self.nodes[newcomer], &Code::parse(code["code"].as_str().expect("a code")).expect("a code"));
        let (device, inviter, space) = (self.nodes[newcomer].device(), self.nodes[by].device(), self.space);
        let answer = self.nodes[by].work(|work| work.join_request(device, asked));
        if !matches!(answer, DirectResponse::Welcome { .. }) {
            return Err(format!("{by} did not let the newcomer in: {answer:?}"));
        }
        self.nodes[newcomer].work(|work| work.join_answered(space, inviter, answer));
        self.note(by, Deed::Add, None);
        self.halves[newcomer] = self.halves[by];
        self.spread(&[by, newcomer]);
        Ok(())
    }

    /// A member says something; nobody ever has to wait for anybody.
    pub(super) fn says(&mut self, by: Person) -> Result<(), String> {
        let (space, body) = (self.space, Body::Post(Post { text: "a word".into(), listings: vec![], reply_to: None }));
        let entry = self.nodes[by].work(|work| work.author(space, &body)).map_err(|problem| format!("{by} cannot speak: {problem:?}"))?;
        self.note(by, Deed::Post, Some(entry));
        Ok(())
    }

    /// The keeper shares the shop, if nothing speaks against it, and puts something on the shelf.
    fn shares(&mut self) -> Result<(), String> {
        let (shop, circle, keeper) = (self.shop.to_string(), self.space.to_string(), self.model.keeper);
        let may = self.model.is_member(keeper, self.knows[keeper]);
        match self.nodes[keeper].work(|work| work.shop_share(&shop, &circle)) {
            Ok(_) if may => self.note(keeper, Deed::Share, None),
            Err(problem) if !may && problem.code == "not-a-member" => {}
            other => return Err(format!("sharing was answered {other:?}, although may share: {may}")),
        }
        self.lists()
    }

    fn takes_back(&mut self) -> Result<(), String> {
        let (shop, circle, keeper) = (self.shop.to_string(), self.space.to_string(), self.model.keeper);
        let may = self.model.is_shared(self.knows[keeper]);
        match self.nodes[keeper].work(|work| work.shop_unshare(&shop, &circle)) {
            Ok(_) if may => self.note(keeper, Deed::Unshare, None),
            Err(problem) if !may && problem.code == "not-shared" => {}
            other => return Err(format!("taking back was answered {other:?}, although it is shared: {may}")),
        }
        self.lists()
    }

    /// The keeper puts something on the shelf.
    pub(super) fn lists(&mut self) -> Result<(), String> {
        let title = format!("thing {}", self.entries.len());
        let new = NewListing { shop: self.shop.to_string(), title, price: "39.00".into(), ..NewListing::default() };
        let keeper = self.model.keeper;
        let listed =
            self.nodes[keeper].work(|work| work.listing_add(&new)).map_err(|problem| format!("{keeper} cannot list: {problem:?}"))?;
        self.note(keeper, Deed::List, Some(listed["listing"].as_str().expect("an id").parse().expect("an id")));
        Ok(())
    }

    /// What is delivered before the next action.
    pub(super) fn deliver(&mut self) -> Result<(), String> {
        let here: Vec<Person> = (0..self.nodes.len()).filter(|person| self.has_come(*person)).collect();
        if self.plan.regime == Regime::Sequential {
            self.spread(&here);
            return self.all_know_who_is_in(&here);
        }
        let half = draw(&mut self.chance, 2) == 0;
        let among: Vec<Person> = here.iter().copied().filter(|person| self.halves[*person] == half).collect();
        let group: Vec<Person> = match draw(&mut self.chance, 8) {
            0..=2 => return Ok(()),
            3..=5 => among,
            6 => self.pair(&among),
            _ => self.pair(&here),
        };
        if group.len() < 2 {
            return Ok(());
        }
        self.spread(&group);
        self.all_know_who_is_in(&group)
    }

    fn pair(&mut self, among: &[Person]) -> Vec<Person> {
        let pair: Option<(Person, Person)> = self.pick(among).zip(self.pick(among));
        pair.filter(|(one, other)| one != other).map(|(one, other)| vec![one, other]).unwrap_or_default()
    }

    fn has_come(&self, person: Person) -> bool {
        person < self.model.newcomer() || self.knows[person] != 0
    }

    /// In the end everything is delivered, keys that are missing are asked for, and all speak once more.
    pub(super) fn end(&mut self) -> Result<(), String> {
        let here: Vec<Person> = (0..self.nodes.len()).filter(|person| self.has_come(*person)).collect();
        self.told.fill(false);
        for _ in 0..2 {
            self.spread(&here);
        }
        self.all_know_who_is_in(&here)?;
        self.nodes[self.model.keeper].work(|work| {
            work.tend_shops();
        });
        let members = self.model.members(self.everything());
        for by in members {
            self.says(by)?;
        }
        self.lists()?;
        self.spread(&here);
        self.told.fill(false);
        self.spread(&here);
        self.all_know_who_is_in(&here)
    }

    /// What must never happen: somebody who is out comes by the keys of those who are in.
    pub(super) fn hands_every_key_to_who_is_out(&mut self) {
        let (end, space) = (self.everything(), self.space);
        let from = &self.nodes[self.model.members(end)[0]];
        let keys = from.read(|tx| secret::epochs(tx, &from.me, &space));
        for person in (0..self.nodes.len()).filter(|person| self.model.is_out(*person, end)) {
            let node = &mut self.nodes[person];
            for (key, keys) in keys.clone() {
                node.work(|work| intake::learn_epoch(&mut work.cx(), space, key, keys));
            }
        }
    }

    /// All that was done.
    pub(super) fn everything(&self) -> Set {
        bit(self.model.events.len()) - 1
    }

    /// Everybody of a group is handed every entry that another of them holds, those who are out like everybody else: as if they
    /// listened on the wire. Then keys that are missing are asked for, by those who are out as well.
    pub(super) fn spread(&mut self, group: &[Person]) {
        let giving: Vec<Person> = group.iter().copied().filter(|person| !self.told[*person]).collect();
        let known = giving.iter().fold(0, |known, person| known | self.knows[*person]);
        let held: Vec<BTreeSet<EntryId>> = group.iter().map(|person| self.holds(*person)).collect();
        let mut all: BTreeMap<EntryId, Entry> = BTreeMap::new();
        for (person, ids) in group.iter().zip(&held).filter(|(person, _)| giving.contains(person)) {
            let wanted = ids.iter().filter(|id| held.iter().any(|held| !held.contains(*id)));
            all.extend(wanted.filter_map(|id| Some((*id, self.entry(*person, id)?))));
        }
        let now = self.nodes.iter().map(|node| node.now).max().expect("somebody");
        for (person, held) in group.iter().zip(held) {
            let mut missing: Vec<&Entry> = all.values().filter(|entry| !held.contains(&entry.id())).collect();
            missing.sort_by_key(|entry| (entry.header().lamport, entry.id()));
            let items: Vec<Item> = missing.iter().map(|entry| Item::Entry(entry.raw().clone())).collect();
            let checked = missing.into_iter().map(|entry| (entry.id(), entry.clone())).collect();
            let (space, people) = (self.space, self.unmet(*person));
            self.nodes[*person].now = now;
            self.nodes[*person].work(|work| {
                work.checked = checked;
                work.take_items(space, people.iter().cloned().chain(items).collect(), None);
                // Who was let in by these entries is known now.
                work.take_items(space, people, None);
            });
            self.knows[*person] |= known;
        }
        self.tale.push(format!("{group:?} are handed what {giving:?} have"));
        for _ in 0..2 {
            group.iter().for_each(|asker| self.asks_for_keys(*asker, group));
        }
        for person in group {
            self.told[*person] |= !self.model.is_member(*person, self.knows[*person]);
        }
    }

    fn holds(&self, person: Person) -> BTreeSet<EntryId> {
        let rows = self.nodes[person].read(|tx| tx.prefix(Table::Entry, &[]));
        rows.iter().filter_map(|(key, _)| EntryId::from_slice(key)).collect()
    }

    fn entry(&self, person: Person, id: &EntryId) -> Option<Entry> {
        if let Some(entry) = self.read.borrow().get(id) {
            return Some(entry.clone());
        }
        let entry = self.nodes[person].read(|tx| known::entry(tx, id))?;
        self.read.borrow_mut().insert(*id, entry.clone());
        Some(entry)
    }

    /// Chains and prekeys of those whom somebody has not met.
    fn unmet(&self, person: Person) -> Vec<Item> {
        let known = |other: &Person| {
            let key = [self.nodes[*other].device().0.as_slice(), &[Slot::Prekey as u8]].concat();
            self.nodes[person].read(|tx| tx.has(Table::Record, &key) && tx.has(Table::Identity, &self.nodes[*other].me.id().0))
        };
        let unmet = (0..self.nodes.len()).filter(|other| self.has_come(*other) && !known(other));
        let items =
            |other: Person| [Item::Identity(self.nodes[other].me.identity.chain().clone()), Item::Record(self.prekeys[other].clone())];
        unmet.flat_map(items).collect()
    }

    fn asks_for_keys(&mut self, asker: Person, group: &[Person]) {
        let (space, device, prekey) = (self.space, self.nodes[asker].device(), self.prekeys[asker].clone());
        let is_out = !self.model.is_member(asker, self.knows[asker]);
        for asked in group.iter().copied().filter(|asked| *asked != asker) {
            if self.told[asker] || !(is_out || self.nodes[asker].work(|work| work.lacks_keys(&space))) {
                return;
            }
            let answer = self.nodes[asked].work(|work| work.keys_request(device, space, &prekey));
            self.nodes[asker].work(|work| work.keys_answered(space, &answer));
        }
    }

    /// Members of a group that has just talked know who is in, and who is out and was told knows that.
    fn all_know_who_is_in(&self, group: &[Person]) -> Result<(), String> {
        for person in group {
            let known = self.knows[*person];
            let node = &self.nodes[*person];
            let roster = node.read(|tx| circle::roster(tx, &self.space)).ok_or("no roster")?;
            let believed: Vec<Person> = (0..self.nodes.len()).filter(|other| roster.has(&self.nodes[*other].me.id())).collect();
            let members = self.model.members(known);
            if members.contains(person) && believed != members {
                return Err(format!("{person} takes {believed:?} for the members, not {members:?}"));
            }
            let was_void = *person == self.model.newcomer();
            if !members.contains(person) && !was_void && believed.contains(person) {
                return Err(format!("{person} was not told to be out"));
            }
        }
        Ok(())
    }
}

fn number(way: &[u8; 32]) -> u64 {
    way.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

fn chance_of(way: &[u8; 32]) -> Seeded {
    Seeded::new(number(way), 0)
}

fn draw(chance: &mut Seeded, below: usize) -> usize {
    let fresh = chance.fresh();
    usize::from(fresh[0]) % below
}
