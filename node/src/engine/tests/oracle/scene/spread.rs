//! What is handed to whom between two actions and in the end, and what everybody must know after it. Who does what
//! in between is told elsewhere.

use haat_protocol::record::Slot;

use super::super::super::*;
use super::super::model::Person;
use super::{Regime, Scene, draw};

impl Scene {
    /// What is delivered before the next action.
    pub(in super::super) fn deliver(&mut self) -> Result<(), String> {
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
    pub(in super::super) fn end(&mut self) -> Result<(), String> {
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
    pub(in super::super) fn hands_every_key_to_who_is_out(&mut self) {
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

    /// Everybody of a group is handed every entry that another of them holds, those who are out like everybody else: as if they
    /// listened on the wire. Then keys that are missing are asked for, by those who are out as well.
    pub(in super::super) fn spread(&mut self, group: &[Person]) {
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
