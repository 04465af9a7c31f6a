//! People with whom I share a circle.

use haat_protocol::id::{IdentityId, SpaceId};
use haat_protocol::local::{PersonRow, Problem, Window};
use serde_json::Value;

use super::{Ask, window};
use crate::view::{fork, shelf};

impl Ask<'_, '_> {
    /// Everyone in my circles but me; only those of one circle, if given.
    pub(super) fn neighbours(&self, circle: Option<SpaceId>, window: &Window) -> Result<Value, Problem> {
        let people = self.people.neighbours().filter(|person| circle.is_none_or(|circle| self.people.shared(person).contains(&circle)));
        let row = |person: &IdentityId| PersonRow {
            identity: *person,
            name: self.people.claimed(person),
            petname: self.people.petname(person),
            circles: self.people.shared(person).to_vec(),
            blocked: self.blocked.contains(person),
            muted: self.muted.contains(person),
            warning: self.people.warning(person).or_else(|| self.fork_warning(person)),
        };
        let keyed = people.map(|person| (person.0.to_vec(), person)).collect();
        window::page(&format!("people {circle:?}"), window, keyed, |person| Some(row(person)))
    }

    /// What a fork of a person's log means, in a sentence.
    pub(super) fn fork_warning(&self, person: &IdentityId) -> Option<String> {
        let name = self.people.call(person);
        let spaces = self.joined().map(|roster| roster.space);
        let spaces: Vec<SpaceId> = spaces.flat_map(|space| shelf::shared_into(self.tx, &space).into_iter().chain([space])).collect();
        let states: Vec<bool> = spaces.iter().flat_map(|space| fork::of_person(self.tx, space, person)).collect();
        match states.iter().any(|is_open| *is_open) {
            true => Some(format!("two different entries by a device of {name}; what came after is set aside")),
            false if states.is_empty() => None,
            false => Some(format!("two different entries by a device of {name}; one was named, and a new log was begun")),
        }
    }
}
