//! The oracle: who may read what, from who did what and what they knew then. Sets of people and of deeds, nothing else: it must
//! never look at an engine, an entry or a key.

use haat_protocol::circle::Role;

/// A person, by number: the founders first, the newcomer last.
pub(super) type Person = usize;
/// Deeds, one bit each, by their number.
pub(super) type Set = u64;

/// What somebody did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// Let the newcomer in.
    Add,
    Remove(Person),
    Leave,
    /// Shared the shop into the circle.
    Share,
    /// Took the shop back.
    Unshare,
    /// Said something in the circle.
    Post,
    /// Put something on the shelf of the shop.
    List,
}

/// Something that was done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Event {
    pub(super) by: Person,
    pub(super) deed: Deed,
    /// All that its author knew of.
    pub(super) knew: Set,
}

/// What may become of one entry with one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// The person opens it.
    Must,
    /// The person has no key that opens it.
    MustNot,
    /// Unknown: who wrote it did not know yet that the reader is out, or it has lost its place, or the shop is not shared any more.
    Either,
}

/// All that was done, and by whom.
#[derive(Debug, Clone)]
pub(super) struct Model {
    /// Roles of those who began.
    pub(super) founders: Vec<Role>,
    pub(super) keeper: Person,
    pub(super) events: Vec<Event>,
}

impl Model {
    pub(super) fn newcomer(&self) -> Person {
        self.founders.len()
    }

    /// Notes a deed; its number.
    pub(super) fn note(&mut self, by: Person, deed: Deed, knew: Set) -> usize {
        self.events.push(Event { by, deed, knew });
        self.events.len() - 1
    }

    fn of(&self, set: Set) -> impl DoubleEndedIterator<Item = (usize, &Event)> {
        self.events.iter().enumerate().filter(move |(number, _)| set & bit(*number) != 0)
    }

    /// Removals that stand. What the removed did that the remover did not know of is void, but two who remove each other both go.
    fn removals(&self, set: Set) -> impl Iterator<Item = (&Event, Person)> {
        let whom = |event: &Event| if let Deed::Remove(whom) = event.deed { Some(whom) } else { None };
        let all = move || self.of(set).filter_map(move |(number, event)| Some((number, event, whom(event)?)));
        let stands = move |number: usize, event: &Event, whom: Person| {
            !all().any(|(other, by, target)| {
                let is_beaten = target == event.by && by.knew & bit(number) == 0;
                is_beaten && !(whom == by.by && event.knew & bit(other) == 0)
            })
        };
        all().filter(move |(number, event, whom)| stands(*number, event, *whom)).map(|(_, event, whom)| (event, whom))
    }

    fn is_cut(&self, number: usize, set: Set) -> bool {
        let by = self.events[number].by;
        self.removals(set).any(|(removal, whom)| whom == by && removal.knew & bit(number) == 0)
    }

    fn add(&self) -> Option<usize> {
        self.events.iter().position(|event| event.deed == Deed::Add)
    }

    /// Whether, by all of this, somebody is out who may have been in.
    pub(super) fn is_out(&self, person: Person, set: Set) -> bool {
        let removed = self.removals(set).any(|(_, whom)| whom == person);
        let left = self.of(set).any(|(_, event)| event.by == person && event.deed == Deed::Leave);
        let was_let_in_by_one_cut = person == self.newcomer() && self.add().is_some_and(|add| self.is_cut(add, set));
        removed || left || was_let_in_by_one_cut
    }

    pub(super) fn is_member(&self, person: Person, set: Set) -> bool {
        let came = person < self.newcomer() || self.add().is_some_and(|add| set & bit(add) != 0);
        came && !self.is_out(person, set)
    }

    pub(super) fn members(&self, set: Set) -> Vec<Person> {
        (0..=self.newcomer()).filter(|person| self.is_member(*person, set)).collect()
    }

    /// The role of a member. Without an owner the longest-standing of those with the highest role is one.
    fn role(&self, person: Person, set: Set) -> Role {
        let role = |person: Person| self.founders.get(person).copied().unwrap_or(Role::Member);
        let members = self.members(set);
        let heir = members.iter().copied().max_by_key(|person| (role(*person), std::cmp::Reverse(*person)));
        if heir == Some(person) { Role::Owner } else { role(person) }
    }

    pub(super) fn may_remove(&self, by: Person, whom: Person, set: Set) -> bool {
        by != whom && self.is_member(by, set) && self.is_member(whom, set) && self.role(by, set).removes(self.role(whom, set))
    }

    /// Whether something that was said keeps its place.
    pub(super) fn counts(&self, number: usize, set: Set) -> bool {
        let by = self.events[number].by;
        let was_let_in = by != self.newcomer() || self.add().is_some_and(|add| !self.is_cut(add, set));
        was_let_in && !self.is_cut(number, set)
    }

    /// Whether the circle has the shop.
    pub(super) fn is_shared(&self, set: Set) -> bool {
        let mut words = self.of(set).filter(|(_, event)| matches!(event.deed, Deed::Share | Deed::Unshare));
        let last = words.rfind(|(number, _)| self.counts(*number, set));
        last.is_some_and(|(_, event)| event.deed == Deed::Share) && self.is_member(self.keeper, set)
    }

    /// What may become of a deed's entry with a person, when in the end all of `end` is known to all.
    pub(super) fn reading(&self, number: usize, reader: Person, end: Set) -> Reading {
        let event = &self.events[number];
        let is_in = self.is_member(reader, end);
        let never_came = reader == self.newcomer() && self.add().is_none();
        if reader == event.by {
            return Reading::Either;
        }
        match event.deed {
            Deed::Post if never_came || self.is_out(reader, event.knew) => Reading::MustNot,
            Deed::Post if is_in && self.counts(number, end) => Reading::Must,
            Deed::List if is_in && self.is_shared(end) => Reading::Must,
            Deed::List if never_came || !self.is_handed(number, reader, end) => Reading::MustNot,
            _ => Reading::Either,
        }
    }

    /// Whether the keeper ever handed the circle the key of what is listed, then or later, not knowing that the reader is out.
    fn is_handed(&self, number: usize, reader: Person, end: Set) -> bool {
        let told = |set: Set| self.is_shared(set) && !self.is_out(reader, set);
        let later = self.events.iter().enumerate().skip(number).filter(|(_, event)| matches!(event.deed, Deed::Share | Deed::List));
        told(end) || later.into_iter().any(|(number, event)| told(event.knew | bit(number)))
    }
}

/// A set of one deed.
pub(super) const fn bit(number: usize) -> Set {
    1 << number
}
