//! Blocking and muting: words of this person about another, for this node alone. It must never send anything.

use haat_protocol::local::Problem;
use haat_protocol::local::done::{BlockSet, MuteSet};
use serde_json::{Value, json};

use super::work::Work;
use crate::fact::Fact;
use crate::intake;
use crate::name;
use crate::store::Table;

impl Work<'_, '_> {
    /// Hides everything of a person and takes no new order of theirs, or ends that.
    pub(super) fn block(&mut self, person: &str, blocked: bool) -> Result<Value, Problem> {
        let person = self.somebody_else(person)?;
        if self.tx.has(Table::Blocked, &person.0) != blocked {
            intake::fact(&mut self.cx(), &Fact::Blocked { person, blocked });
        }
        Ok(json!(BlockSet { identity: person, blocked }))
    }

    /// Hides what a person says from the feed, or ends that.
    pub(super) fn mute(&mut self, person: &str, muted: bool) -> Result<Value, Problem> {
        let person = self.somebody_else(person)?;
        if self.tx.has(Table::Muted, &person.0) != muted {
            intake::fact(&mut self.cx(), &Fact::Muted { person, muted });
        }
        Ok(json!(MuteSet { identity: person, muted }))
    }

    fn somebody_else(&self, named: &str) -> Result<haat_protocol::id::IdentityId, Problem> {
        let person = name::person(&self.tx, self.me, named)?;
        if person == self.me.id() {
            return Err(Problem::refused("yourself", "nothing has changed", "nobody blocks or mutes themselves"));
        }
        Ok(person)
    }
}
