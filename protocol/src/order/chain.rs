//! One party's chain: which events are its, in which order, and from where on they do not count.
//!
//! A chain belongs to one device at a time. Its device hands it over to another one, or the root of the person gives it to another.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::{DeviceId, EventId};
use crate::order::event::Event;
use crate::order::handover::is_takeover_of;
use crate::order::refusal::Refusal;
use crate::order::set::OrderSet;
use crate::order::step::{Kind, Step};
use crate::order::{Order, Role};
use crate::time::Millis;

/// One party's chain, as far as it is whole.
#[derive(Default)]
pub(super) struct Chain<'a> {
    events: Vec<&'a Event>,
    /// From this place on the author's events do not count: there are two at it, or the link is broken.
    pub(super) dead: Option<u64>,
    /// Places in the chain of all events of the party.
    places: BTreeMap<EventId, u64>,
    /// What this party had receipted before its event at a place: place to number of the other's events.
    receipted: BTreeMap<u64, u64>,
    /// The devices that the chain belonged to, the present one last.
    pub(super) devices: Vec<DeviceId>,
    /// Events that the other side cites or receipted.
    known: BTreeSet<EventId>,
}

/// Which side each event is of: that of the device of the terms, or that of the event it follows. None for those of nobody, and for
/// those that follow one that is not here.
pub(super) fn sides(set: &OrderSet, order: &Order) -> BTreeMap<EventId, Role> {
    let mut sides = BTreeMap::new();
    let mut events: Vec<&Event> = set.events().collect();
    events.sort_by_key(|event| event.body().seq);
    for event in events {
        let inherited = event.body().prev.and_then(|prev| sides.get(&prev).copied());
        if let Some(role) = order.terms.role(&event.body().author).or(inherited) {
            sides.insert(event.id(), role);
        }
    }
    sides
}

/// The devices that a side's chain belongs or belonged to, by what its own devices and its root say. Nobody else speaks for it.
fn devices_of(set: &OrderSet, order: &Order, sides: &BTreeMap<EventId, Role>, side: Role) -> BTreeSet<DeviceId> {
    let party = *order.terms.party(side);
    let mut devices = BTreeSet::from([party.device]);
    let mut own: Vec<&Event> = set.events().filter(|event| sides.get(&event.id()) == Some(&side)).collect();
    own.sort_by_key(|event| (event.body().seq, event.id()));
    for event in own {
        match &event.body().step {
            Step::Handover { to } if devices.contains(&event.body().author) && order.is_free(to) => devices.insert(*to),
            Step::Takeover { .. } if is_takeover_of(&party, &order.id, event.body()) => devices.insert(event.body().author),
            _ => continue,
        };
    }
    devices
}

/// What a side cites or receipted: all that it can have acted upon.
fn known_to(set: &OrderSet, order: &Order, sides: &BTreeMap<EventId, Role>, side: Role) -> BTreeSet<EventId> {
    let devices = devices_of(set, order, sides, side);
    let cited = set.events().filter(|event| devices.contains(&event.body().author)).filter_map(|event| event.body().seen);
    let receipted = set.receipts().filter(|(_, receipt)| devices.contains(&receipt.device)).map(|(_, receipt)| receipt.event);
    cited.chain(receipted).collect()
}

/// All events of one party, by place.
type Places<'a> = BTreeMap<u64, Vec<&'a Event>>;

/// Follows one party's events from 0 as long as there is exactly one at each place, linked to the one before.
pub(super) fn chain<'a>(set: &'a OrderSet, order: &mut Order, sides: &BTreeMap<EventId, Role>, role: Role) -> Chain<'a> {
    let known = known_to(set, order, sides, role.other());
    let mut chain = Chain { devices: vec![order.terms.party(role).device], known, ..Chain::default() };
    let mut at_place: Places<'a> = BTreeMap::new();
    for event in set.events().filter(|event| sides.get(&event.id()) == Some(&role)) {
        at_place.entry(event.body().seq).or_default().push(event);
        chain.places.insert(event.id(), event.body().seq);
    }
    loop {
        let place = chain.events.len() as u64;
        let here = at_place.get(&place).cloned().unwrap_or_default();
        match chain.choose(order, role, &here) {
            Choice::None => {
                chain.bury_doubled(order, role, &at_place, place);
                break;
            }
            Choice::Doubled => {
                order.contested.get_or_insert(role);
                chain.bury(order, &at_place, (place, None), Refusal::Equivocation);
                break;
            }
            Choice::One(event) => {
                if chain.is_linked(event, sides, role) {
                    chain.take(order, event);
                    continue;
                }
                let prev_is_missing = event.body().prev.is_some_and(|id| set.event(&id).is_none());
                chain.bury_doubled(order, role, &at_place, place);
                if !(prev_is_missing && chain.cites_other(event, sides, role)) {
                    let until = chain.dead;
                    chain.bury(order, &at_place, (place, until), Refusal::BrokenLink);
                }
                break;
            }
        }
    }
    chain
}

/// What stands at the next place of a chain.
enum Choice<'a> {
    None,
    One(&'a Event),
    Doubled,
}

impl<'a> Chain<'a> {
    fn owner(&self) -> Option<DeviceId> {
        self.devices.last().copied()
    }

    /// Which of the events at a place goes on with the chain. One that the root signed goes before those of the device that had the
    /// chain until then, unless the other side knew of these: nobody takes back what another may have acted upon. Those of others
    /// are refused.
    fn choose(&self, order: &mut Order, role: Role, here: &[&'a Event]) -> Choice<'a> {
        let last = self.events.last().map(|event| event.id());
        let party = *order.terms.party(role);
        let is_takeover = |event: &&&Event| event.body().prev == last && is_takeover_of(&party, &order.id, event.body());
        let takeovers: Vec<&Event> = here.iter().filter(is_takeover).copied().collect();
        let own: Vec<&Event> = here.iter().filter(|event| Some(event.body().author) == self.owner()).copied().collect();
        let is_known = own.iter().any(|event| self.known.contains(&event.id()));
        let chosen = if takeovers.is_empty() || is_known { own } else { takeovers.clone() };
        for event in here.iter().filter(|event| !chosen.iter().any(|one| one.id() == event.id())) {
            let why = if self.devices.contains(&event.body().author) {
                Refusal::HandedOver
            } else if takeovers.iter().any(|one| one.id() == event.id()) {
                Refusal::Overtaken
            } else {
                Refusal::WrongSigner
            };
            order.refused.push((event.id(), why));
        }
        match chosen.as_slice() {
            [] => Choice::None,
            [event] => Choice::One(event),
            _ => Choice::Doubled,
        }
    }

    fn cites_other(&self, event: &Event, sides: &BTreeMap<EventId, Role>, role: Role) -> bool {
        event.body().seen.is_none_or(|id| sides.get(&id) != Some(&role))
    }

    fn is_linked(&self, event: &Event, sides: &BTreeMap<EventId, Role>, role: Role) -> bool {
        let prev = self.events.last().map(|before| before.id());
        event.body().prev == prev && self.cites_other(event, sides, role)
    }

    fn take(&mut self, order: &Order, event: &'a Event) {
        self.events.push(event);
        match &event.body().step {
            Step::Handover { to } if order.is_free(to) => self.devices.push(*to),
            Step::Takeover { .. } => self.devices.push(event.body().author),
            _ => {}
        }
    }

    /// Marks the lowest place beyond a gap at which the chain's device signed two events.
    fn bury_doubled(&mut self, order: &mut Order, role: Role, events: &Places<'a>, from: u64) {
        let owner = self.owner();
        let is_doubled = |events: &[&Event]| events.iter().filter(|event| Some(event.body().author) == owner).count() > 1;
        if let Some((place, _)) = events.range(from..).find(|(_, here)| is_doubled(here)) {
            let place = *place;
            order.contested.get_or_insert(role);
            self.bury(order, events, (place, None), Refusal::Equivocation);
        }
    }

    /// Marks a place from which on the party's events do not count; those before `until` are refused for this reason.
    fn bury(&mut self, order: &mut Order, events: &Places<'a>, (place, until): (u64, Option<u64>), why: Refusal) {
        self.dead = Some(place);
        for event in events.range(place..until.unwrap_or(u64::MAX)).flat_map(|(_, events)| events) {
            if !order.refused.iter().any(|(id, _)| *id == event.id()) {
                order.refused.push((event.id(), why));
            }
            // Whoever signed an acceptance twice still has to give money back that came in upon it.
            order.accepted |= event.kind() == Kind::Accept;
        }
    }

    /// Notes how many of the other's events this party had receipted before each of its own.
    pub(super) fn note_receipts(&mut self, set: &OrderSet, other: &Self) {
        for (_, receipt) in set.receipts().filter(|(_, receipt)| self.devices.contains(&receipt.device)) {
            let head = receipt.own_head.map_or(Some(0), |id| self.places.get(&id).map(|place| place + 1));
            let (Some(next), Some(known)) = (head, other.up_to(&receipt.event)) else {
                continue;
            };
            let count: &mut u64 = self.receipted.entry(next).or_default();
            *count = (*count).max(known);
        }
    }

    /// The number of events up to one of this chain. One that does not count stands for those before it.
    fn up_to(&self, id: &EventId) -> Option<u64> {
        let place = *self.places.get(id)?;
        let counts = usize::try_from(place).ok().and_then(|at| self.events.get(at)).is_none_or(|event| event.id() == *id);
        Some(if counts { place + 1 } else { place })
    }

    /// How many of the other chain's events the author of the event at `place` had seen; none when what it cites is not here.
    /// The flag says whether receipts count.
    pub(super) fn needs(&self, place: u64, other: &Chain<'_>, by_receipt: bool) -> Option<u64> {
        let event = self.events.get(usize::try_from(place).ok()?)?;
        let cited = match event.body().seen {
            None => 0,
            Some(id) => other.up_to(&id)?,
        };
        let stored = if by_receipt { self.receipted.range(..=place).map(|(_, count)| *count).max().unwrap_or(0) } else { 0 };
        Some(cited.max(stored).min(other.dead.unwrap_or(u64::MAX)))
    }

    pub(super) fn time_of(&self, cited: Option<EventId>) -> Option<Millis> {
        let place = self.places.get(&cited?)?;
        self.events.get(usize::try_from(*place).ok()?).map(|event| event.body().at)
    }

    pub(super) fn is_dead_at(&self, cited: Option<EventId>) -> bool {
        let place = cited.and_then(|id| self.places.get(&id));
        place.is_some_and(|place| self.dead.is_some_and(|dead| *place >= dead))
    }

    /// The event after `done` of this chain, if its author had seen no more than `other_done` of the other.
    pub(super) fn next(&self, done: u64, other: &Chain<'_>, other_done: u64, by_receipt: bool) -> Option<&'a Event> {
        let needs = self.needs(done, other, by_receipt)?;
        if needs <= other_done { self.events.get(usize::try_from(done).ok()?).copied() } else { None }
    }
}
