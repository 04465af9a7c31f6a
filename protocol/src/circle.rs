//! Who is in a circle: a pure fold over the membership entries of its members' logs.
//!
//! The result depends on the set of entries alone, not on the order they came in. A removal beats whatever the removed person did
//! concurrently: what lies beyond its cuts is void, membership entries included.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::body::{Body, Cut, Invite, MemberAdd};
use crate::codec::pairs;
use crate::id::{DeviceId, EntryId, IdentityId, SpaceId};
use crate::invite;
use crate::limits::CIRCLE_MEMBERS_MAX;
use crate::norms::Norms;
use crate::time::Millis;

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Posts, invites.
    Member,
    /// Removes members too.
    Steward,
    /// Began the circle.
    Owner,
}

impl Role {
    /// Its name in JSON.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Steward => "steward",
            Self::Owner => "owner",
        }
    }
}

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
}

/// A removal that stands.
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
    /// Lamport time of that entry.
    pub lamport: u64,
    /// The last of each log that counts.
    pub cuts: Vec<Cut>,
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
}

/// The state of a circle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roster {
    /// Which circle.
    pub space: SpaceId,
    /// Its name.
    pub name: String,
    /// Its rules.
    pub norms: Norms,
    /// Who is in it.
    #[serde(with = "pairs")]
    pub members: BTreeMap<IdentityId, Member>,
    /// Who was removed; also of those who were admitted again.
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
    /// Whether the entry at this sequence counts.
    #[must_use]
    pub const fn counts(self, seq: u64) -> bool {
        match self {
            Self::Open => true,
            Self::Until(last) => seq <= last,
            Self::Closed => false,
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

/// Folds the membership entries of one circle; none while the entry that begins it is missing.
#[must_use]
pub fn fold(space: SpaceId, operations: &[Operation]) -> Option<Roster> {
    let mut sorted: Vec<&Operation> = operations.iter().collect();
    sorted.sort_by_key(|op| (op.lamport, op.id));
    sorted.dedup_by_key(|op| op.id);
    let mut removals = BTreeMap::new();
    // Each pass may find removals that void what an earlier pass counted; the set of rounds is bounded by the number of removals.
    for _ in 0..=sorted.len() {
        let roster = pass(space, &sorted, &removals)?;
        if roster.removed == removals {
            return Some(roster);
        }
        removals = roster.removed;
    }
    pass(space, &sorted, &removals)
}

/// One pass in causal order, with what an earlier pass found removed.
fn pass(space: SpaceId, sorted: &[&Operation], removals: &BTreeMap<IdentityId, Removal>) -> Option<Roster> {
    let mut operations = sorted.iter().filter(|op| !is_beyond(op, removals));
    let mut roster = operations.find_map(|op| begin(space, op))?;
    let surplus = surplus_adds(space, sorted);
    for op in sorted.iter().filter(|op| !is_beyond(op, removals) && !surplus.contains(&op.id)) {
        if roster.has(&op.author) {
            apply(&mut roster, op);
        }
    }
    Some(roster)
}

fn begin(space: SpaceId, op: &Operation) -> Option<Roster> {
    let Body::CircleCreate(body) = &op.body else { return None };
    if body.inception.id() != space
        || body.inception.creator != op.author
        || body.inception.device != op.log.0
        || op.seq != 0
        || op.log.1 != 0
    {
        return None;
    }
    let owner = Member { role: Role::Owner, name: body.creator_name.clone(), by: op.id, since: op.at };
    Some(Roster {
        space,
        name: body.name.clone(),
        norms: body.norms.clone(),
        members: [(op.author, owner)].into(),
        removed: BTreeMap::new(),
        invites: BTreeMap::new(),
    })
}

/// Whether an entry lies beyond a cut, or in a log that a removal left without one before the person came again.
fn is_beyond(op: &Operation, removals: &BTreeMap<IdentityId, Removal>) -> bool {
    removals.get(&op.author).is_some_and(|removal| match removal.cuts.iter().find(|c| (c.device, c.log) == op.log) {
        Some(cut) => op.seq > cut.seq,
        None => op.lamport <= removal.lamport,
    })
}

/// Of concurrent adds by one invite the lowest entry ids stay, as many as it admits. Adds without the invite's proof, or after it
/// expired, take nobody's place.
fn surplus_adds(space: SpaceId, sorted: &[&Operation]) -> BTreeSet<EntryId> {
    let invite = |op: &&Operation| if let Body::Invite(invite) = &op.body { Some((op.id, invite.clone())) } else { None };
    let invites: BTreeMap<EntryId, Invite> = sorted.iter().filter_map(invite).collect();
    let mut adds: BTreeMap<EntryId, Vec<EntryId>> = BTreeMap::new();
    for op in sorted {
        if let Body::MemberAdd(add) = &op.body
            && invites.get(&add.invite).is_some_and(|invite| op.at <= invite.expires && is_proven(space, &invite.key, add))
        {
            adds.entry(add.invite).or_default().push(op.id);
        }
    }
    let mut surplus = BTreeSet::new();
    for (invite, mut ids) in adds {
        ids.sort();
        let kept = invites.get(&invite).and_then(|invite| usize::try_from(invite.uses).ok()).unwrap_or(0);
        surplus.extend(ids.into_iter().skip(kept));
    }
    surplus
}

fn is_proven(space: SpaceId, key: &DeviceId, add: &MemberAdd) -> bool {
    invite::check(key, space, add.identity, add.device, &add.proof).is_ok()
}

fn apply(roster: &mut Roster, op: &Operation) {
    match &op.body {
        Body::Invite(body) => {
            let state = InviteState { key: body.key, uses: body.uses, expires: body.expires, by: op.author, admitted: Vec::new() };
            roster.invites.insert(op.id, state);
        }
        Body::MemberAdd(add) => admit(roster, op, add),
        Body::MemberRemove(body) if may_remove(roster, &op.author, &body.identity) => {
            let removal = Removal { by: op.id, device: op.log.0, log: op.log.1, seq: op.seq, lamport: op.lamport, cuts: body.cuts.clone() };
            roster.members.remove(&body.identity);
            // Who was removed lets nobody in any more, themselves under another name least of all.
            roster.invites.retain(|_, invite| invite.by != body.identity);
            roster.removed.insert(body.identity, removal);
        }
        Body::Profile(body) => {
            if let Some(member) = roster.members.get_mut(&op.author) {
                member.name.clone_from(&body.name);
            }
        }
        _ => {}
    }
}

fn admit(roster: &mut Roster, op: &Operation, add: &MemberAdd) {
    let full = roster.members.len() >= CIRCLE_MEMBERS_MAX;
    let Some(invite) = roster.invites.get_mut(&add.invite) else { return };
    if !is_proven(roster.space, &invite.key, add) || full || op.at > invite.expires || invite.admitted.len() as u64 >= invite.uses {
        return;
    }
    invite.admitted.push(add.identity);
    let member = Member { role: Role::Member, name: add.name.clone(), by: op.id, since: op.at };
    roster.members.entry(add.identity).or_insert(member);
}

/// Owners remove anyone but themselves, stewards remove members.
#[must_use]
pub fn may_remove(roster: &Roster, by: &IdentityId, whom: &IdentityId) -> bool {
    let role = |id| roster.members.get(id).map(|m| m.role);
    match (role(by), role(whom)) {
        (Some(Role::Owner), Some(other)) => by != whom && other <= Role::Owner,
        (Some(Role::Steward), Some(Role::Member)) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
