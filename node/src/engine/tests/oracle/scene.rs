//! People with engines who do things in some order, and what is delivered to whom meanwhile. Every choice follows from the seed and
//! from what was done before, so that orders with the same beginning share it.

mod deed;
mod spread;

use std::cell::RefCell;
use std::rc::Rc;

use haat_protocol::circle::Role;
use haat_protocol::crypto::{Context, hash};
use haat_protocol::record::SignedRecord;

use super::super::*;
use super::model::{Deed, Model, Person, Set, bit};
use super::order::Act;
use crate::entropy::{Entropy as _, Seeded};

/// What is delivered between two actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Regime {
    /// Everything, to everybody.
    Sequential,
    /// What chance lets through, mostly within two halves.
    Cut,
}

impl Regime {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Sequential => "sequential",
            Self::Cut => "cut",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        [Self::Sequential, Self::Cut].into_iter().find(|regime| regime.text() == text)
    }
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

    /// All that was done.
    pub(super) fn everything(&self) -> Set {
        bit(self.model.events.len()) - 1
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
