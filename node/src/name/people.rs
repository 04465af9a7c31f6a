//! Everyone who is known by a circle, with the names they go by and the one I gave them.
//!
//! A name is a claim: it must never stand for a person where an id can.

use std::collections::BTreeMap;

use haat_protocol::body::Body;
use haat_protocol::circle::Roster;
use haat_protocol::id::{EntryId, IdentityId, SpaceId};
use haat_protocol::local::Author;

use super::choose::Candidate;
use crate::myself::Myself;
use crate::store::{Table, Tx};
use crate::view::{self, circle, known};

/// What is known of a person's names.
#[derive(Debug, Clone, Default)]
struct Names {
    petname: Option<String>,
    /// Of each circle that the person is in now.
    present: Vec<(SpaceId, String)>,
    /// Of each circle that the person was removed from.
    past: Vec<String>,
    /// The circles among them that I am in, too.
    shared: Vec<SpaceId>,
}

/// Everyone.
#[derive(Debug)]
pub(crate) struct People {
    me: IdentityId,
    all: BTreeMap<IdentityId, Names>,
}

impl People {
    /// Reads them all.
    pub(crate) fn read(tx: &Tx<'_>, me: &Myself) -> Self {
        let mut people = Self { me: me.id(), all: BTreeMap::new() };
        for space in circle::all(tx) {
            if let Some(roster) = circle::roster(tx, &space) {
                people.add(tx, &roster);
            }
        }
        for (key, row) in tx.prefix(Table::Petname, &[]) {
            if let Some(person) = IdentityId::from_slice(&key) {
                people.all.entry(person).or_default().petname = tx.decoded(Table::Petname, &row);
            }
        }
        let mine = people.all.entry(me.id()).or_default();
        mine.present.insert(0, (SpaceId([0; 32]), me.name.clone()));
        people
    }

    fn add(&mut self, tx: &Tx<'_>, roster: &Roster) {
        let joined = roster.has(&self.me);
        for (person, member) in &roster.members {
            let names = self.all.entry(*person).or_default();
            names.present.push((roster.space, member.name.clone()));
            if joined {
                names.shared.push(roster.space);
            }
        }
        for person in roster.removed.keys().filter(|person| !roster.has(person)) {
            self.all.entry(*person).or_default().past.extend(former_name(tx, &roster.space, person));
        }
    }

    /// What I call a person: the petname, else the name the person goes by, else a short id.
    pub(crate) fn call(&self, person: &IdentityId) -> String {
        let petname = self.all.get(person).filter(|_| *person != self.me).and_then(|names| names.petname.clone());
        petname.unwrap_or_else(|| self.claimed(person))
    }

    /// The name a person goes by, or a short id.
    pub(crate) fn claimed(&self, person: &IdentityId) -> String {
        self.all.get(person).and_then(Names::claimed).map_or_else(|| person.short(), str::to_owned)
    }

    /// The name I gave a person.
    pub(crate) fn petname(&self, person: &IdentityId) -> Option<String> {
        self.all.get(person)?.petname.clone()
    }

    /// The circles that we are both in.
    pub(crate) fn shared(&self, person: &IdentityId) -> &[SpaceId] {
        self.all.get(person).map_or(&[], |names| &names.shared)
    }

    /// A person as author or seller.
    pub(crate) fn author(&self, person: &IdentityId) -> Author {
        Author { identity: *person, name: self.call(person) }
    }

    /// Everyone with whom I share a circle.
    pub(crate) fn neighbours(&self) -> impl Iterator<Item = &IdentityId> {
        self.all.iter().filter(|(person, names)| **person != self.me && !names.shared.is_empty()).map(|(person, _)| person)
    }

    /// What to beware of: another person's name looks the same.
    pub(crate) fn warning(&self, person: &IdentityId) -> Option<String> {
        let names = self.all.get(person)?;
        let own: Vec<String> = names.claims().map(look).collect();
        let twin = self.all.iter().find(|(other, names)| {
            let taken = |name: &str| own.contains(&look(name));
            *other != person && (names.claims().any(taken) || names.petname.as_deref().is_some_and(taken))
        });
        twin.map(|(other, _)| match *other == self.me {
            true => "this name looks the same as yours".to_owned(),
            false => format!("this name looks the same as that of {} ({})", self.call(other), other.short()),
        })
    }

    pub(super) fn candidates(&self) -> Vec<Candidate> {
        let candidate = |(person, names): (&IdentityId, &Names)| Candidate {
            id: person.0,
            means: None,
            petname: names.petname.clone(),
            names: names.claims().map(str::to_owned).collect(),
            is_past: names.present.is_empty(),
        };
        self.all.iter().map(candidate).collect()
    }
}

impl Names {
    fn claimed(&self) -> Option<&str> {
        self.claims().next()
    }

    fn claims(&self) -> impl Iterator<Item = &str> {
        self.present.iter().map(|(_, name)| name).chain(&self.past).map(String::as_str)
    }
}

/// A name as it looks at a glance.
fn look(name: &str) -> String {
    name.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// The name under which a person was last in a circle.
fn former_name(tx: &Tx<'_>, circle: &SpaceId, person: &IdentityId) -> Option<String> {
    let rows = tx.prefix(Table::Membership, &circle.0);
    let entries = rows.iter().rev().filter_map(|(key, _)| EntryId::from_slice(&key[40..]));
    let mut names = entries.filter_map(|id| match view::body(tx, &id)? {
        Body::MemberAdd(add) if add.identity == *person => Some(add.name),
        Body::Profile(profile) if known::author(tx, known::entry(tx, &id)?.header()) == Some(*person) => Some(profile.name),
        Body::CircleCreate(body) if body.inception.creator == *person => Some(body.creator_name),
        _ => None,
    });
    names.next()
}
