//! Who is in a circle: a pure fold over the membership entries of its members' logs.
//!
//! The result depends on the set of entries alone, not on the order they came in. A removal beats whatever the removed person did
//! concurrently: what lies beyond its cuts is void, membership entries included.

mod fold;
mod removal;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::body::{Body, Cut, MemberAdd};
use crate::codec::pairs;
use crate::id::{DeviceId, EntryId, IdentityId, SpaceId};
use crate::identity::Ending;
use crate::limits::BEYOND_CUT_MAX;
use crate::norms::Norms;
pub use crate::norms::Role;
use crate::time::Millis;

pub use fold::{Holds, fold, fold_knowing, is_proven};

/// One membership entry, with what the fold needs of its header.
#[derive(Debug, Clone)]
pub struct Operation {
    /// The entry.
    pub id: EntryId,
    /// Its lamport time.
    pub lamport: u64,
    /// Its claimed time.
    pub at: Millis,
    /// The log it stands in: device and number.
    pub log: (DeviceId, u64),
    /// Its place in that log.
    pub seq: u64,
    /// Whose device that is.
    pub author: IdentityId,
    /// What it says.
    pub body: Body,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// What the member may do.
    pub role: Role,
    /// The name the member goes by.
    pub name: String,
    /// The entry that admitted the member.
    pub by: EntryId,
    /// When, as claimed by who admitted.
    pub since: Millis,
    /// Lamport time of the admission: who has been in longest succeeds the last owner.
    pub lamport: u64,
}

/// A removal or a leave that stands; of several of one person what they say together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// The entry that removes.
    pub by: EntryId,
    /// The device whose log it stands in.
    pub device: DeviceId,
    /// Number of that log.
    pub log: u64,
    /// Its place there.
    pub seq: u64,
    /// Greatest lamport time of the entries that remove this person.
    pub lamport: u64,
    /// The last of each log that counts; the lowest that any of those entries names.
    pub cuts: Vec<Cut>,
    /// Whether the person went without being removed.
    pub left: bool,
}

/// An invite and who came by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteState {
    /// Its public key.
    pub key: DeviceId,
    /// How many it admits.
    pub uses: u64,
    /// Until when.
    pub expires: Millis,
    /// Who made it.
    pub by: IdentityId,
    /// Who came by it.
    pub admitted: Vec<IdentityId>,
    /// Whether it was revoked: it admits nobody any more.
    pub revoked: bool,
}

/// Norms of one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NormsState {
    /// The entry that says them.
    pub entry: EntryId,
    /// Since when, as claimed; never before those of the version before.
    pub at: Millis,
    /// What they say.
    pub norms: Norms,
}

/// Somebody who asks to be let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The entry that says so.
    pub entry: EntryId,
    /// When, as claimed by who was asked.
    pub at: Millis,
    /// What admits the person.
    pub add: MemberAdd,
}

/// The state of a circle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roster {
    /// Which circle.
    pub space: SpaceId,
    /// Its name.
    pub name: String,
    /// Its rules, by version; the last ones hold.
    #[serde(with = "pairs")]
    pub norms: BTreeMap<u64, NormsState>,
    /// Who waits for approval.
    #[serde(with = "pairs")]
    pub requests: BTreeMap<IdentityId, Request>,
    /// Requests that were declined: person and invite, and why.
    #[serde(with = "pairs")]
    pub declined: BTreeMap<(IdentityId, EntryId), Option<String>>,
    /// Roles of those who ever had a higher one than member: since which place in the order, by lamport time and entry, which.
    #[serde(with = "pairs")]
    pub roles: BTreeMap<IdentityId, Vec<(u64, EntryId, Role)>>,
    /// Who is in it.
    #[serde(with = "pairs")]
    pub members: BTreeMap<IdentityId, Member>,
    /// Who was removed or left; also of those who were admitted again.
    #[serde(with = "pairs")]
    pub removed: BTreeMap<IdentityId, Removal>,
    /// Invites by entry.
    #[serde(with = "pairs")]
    pub invites: BTreeMap<EntryId, InviteState>,
}

/// How a log stands in a circle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Entries count.
    Open,
    /// Entries up to this sequence count, later ones are void.
    Until(u64),
    /// Nothing of it counts.
    Closed,
}

impl Standing {
    /// How a log stands by its person's chain and by the lowest fork that is known of it: a named end counts on either side of a fork.
    #[must_use]
    pub fn of(ending: Ending, fork: Option<u64>) -> Self {
        match ending {
            Ending::At(seq, _) => Self::Until(seq),
            Ending::Nothing => Self::Closed,
            Ending::None => fork.map_or(Self::Open, Self::before),
        }
    }

    /// How a log stands that two say something about: as far as both let it.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Closed, _) | (_, Self::Closed) => Self::Closed,
            (Self::Until(a), Self::Until(b)) => Self::Until(a.min(b)),
            (Self::Open, other) | (other, Self::Open) => other,
        }
    }

    /// Everything before this sequence, and nothing from it on.
    #[must_use]
    pub const fn before(seq: u64) -> Self {
        match seq.checked_sub(1) {
            Some(last) => Self::Until(last),
            None => Self::Closed,
        }
    }

    /// Whether the entry at this sequence counts.
    #[must_use]
    pub const fn counts(self, seq: u64) -> bool {
        match self {
            Self::Open => true,
            Self::Until(last) => seq <= last,
            Self::Closed => false,
        }
    }

    /// Whether the entry at this sequence is kept. A little beyond a cut is: two who remove each other at the same time both go,
    /// and either removal lies beyond the other's cut.
    #[must_use]
    pub const fn keeps(self, seq: u64) -> bool {
        match self {
            Self::Open => true,
            Self::Until(last) => seq <= last.saturating_add(BEYOND_CUT_MAX),
            Self::Closed => seq < BEYOND_CUT_MAX,
        }
    }
}

impl Roster {
    /// How a log of this person's device stands.
    #[must_use]
    pub fn standing(&self, identity: &IdentityId, device: &DeviceId, log: u64) -> Standing {
        let cut = self.removed.get(identity).map(|r| r.cuts.iter().find(|c| c.device == *device && c.log == log));
        match (cut, self.members.contains_key(identity)) {
            (Some(Some(cut)), _) => Standing::Until(cut.seq),
            (Some(None), false) | (None, false) => Standing::Closed,
            (Some(None) | None, true) => Standing::Open,
        }
    }

    /// The role that a person had at this place in the order of (lamport, id); member also for who was not in.
    #[must_use]
    pub fn role_at(&self, person: &IdentityId, place: (u64, EntryId)) -> Role {
        let given = self.roles.get(person).and_then(|roles| roles.iter().rfind(|(lamport, id, _)| (*lamport, *id) < place));
        given.map_or(Role::Member, |(_, _, role)| *role)
    }

    /// Whether any norms of this circle ask for a role of who sells.
    #[must_use]
    pub fn limits_sellers(&self) -> bool {
        self.norms.values().any(|state| state.norms.sell > Role::Member)
    }

    /// The rules that hold now.
    #[must_use]
    pub fn norms_now(&self) -> Norms {
        self.norms.values().next_back().map(|state| state.norms.clone()).unwrap_or_default()
    }

    /// Whether this person is in the circle now.
    #[must_use]
    pub fn has(&self, identity: &IdentityId) -> bool {
        self.members.contains_key(identity)
    }

    /// The invite with this public key.
    #[must_use]
    pub fn invite_by_key(&self, key: &DeviceId) -> Option<(&EntryId, &InviteState)> {
        self.invites.iter().find(|(_, invite)| invite.key == *key)
    }
}

/// Owners remove anyone but themselves, stewards remove members.
#[must_use]
pub fn may_remove(roster: &Roster, by: &IdentityId, whom: &IdentityId) -> bool {
    let role = |id| roster.members.get(id).map(|m| m.role);
    by != whom && role(by).zip(role(whom)).is_some_and(|(by, whom)| by.removes(whom))
}

/// Whether a member may give somebody a role: owners only, and the last owner stays one.
#[must_use]
pub fn may_set_role(roster: &Roster, by: &IdentityId, whom: &IdentityId) -> bool {
    let is_owner = |id| roster.members.get(id).is_some_and(|m| m.role == Role::Owner);
    let others = roster.members.iter().any(|(id, m)| id != by && m.role == Role::Owner);
    is_owner(by) && roster.has(whom) && (by != whom || others)
}

/// Whether a member may revoke an invite: who made it, stewards and owners.
#[must_use]
pub fn may_revoke(roster: &Roster, by: &IdentityId, invite: &InviteState) -> bool {
    roster.members.get(by).is_some_and(|member| invite.by == *by || member.role >= Role::Steward)
}

#[cfg(test)]
mod tests;
