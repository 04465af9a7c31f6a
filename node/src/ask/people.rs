//! People with whom I share a circle.

use haat_protocol::id::{IdentityId, SpaceId};
use haat_protocol::local::PersonRow;

use super::Ask;

impl Ask<'_, '_> {
    /// Everyone in my circles but me; only those of one circle, if given.
    pub(super) fn neighbours(&self, circle: Option<SpaceId>) -> Vec<PersonRow> {
        let people = self.people.neighbours().filter(|person| circle.is_none_or(|circle| self.people.shared(person).contains(&circle)));
        let row = |person: &IdentityId| PersonRow {
            identity: *person,
            name: self.people.claimed(person),
            petname: self.people.petname(person),
            circles: self.people.shared(person).to_vec(),
            warning: self.people.warning(person),
        };
        people.map(row).collect()
    }
}
