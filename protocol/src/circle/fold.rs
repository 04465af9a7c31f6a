//! The fold: from the set of membership entries to the roster.
//!
//! Which removals stand is found first, in rounds: a walk in the order of (lamport, id) finds who may remove whom, given the
//! removals that stand already; those that nothing beats are added, and the walk is done again. Rounds are bounded, and proofs are
//! checked once, so that no set of entries costs more than that.

use std::collections::{BTreeMap, BTreeSet};

use super::removal::{Fallen, Removing, settle};
use super::{InviteState, Member, NormsState, Operation, Removal, Request, Role, Roster, may_revoke, may_set_role};
use crate::body::{Body, Cut, Invite, MemberAdd};
use crate::id::{DeviceId, EntryId, IdentityId, SpaceId};
use crate::invite;
use crate::limits::{CIRCLE_MEMBERS_MAX, FOLD_PASSES_MAX, JOIN_REQUESTS_MAX};
use crate::norms::Norms;

/// The entries in order, with what does not change from walk to walk.
pub(super) struct Set<'a> {
    space: SpaceId,
    pub(super) sorted: Vec<&'a Operation>,
    /// Removals and leaves by their place in the order.
    pub(super) removing: BTreeMap<usize, Removing<'a>>,
    /// Adds whose proof holds and that came in time, by their place in the order.
    proven: BTreeSet<usize>,
    /// Lamport times of those adds, by whom they admit.
    pub(super) admitted: BTreeMap<IdentityId, BTreeSet<u64>>,
}

/// Whether a newcomer's proof holds under an invite's key in a circle.
pub type Holds<'a> = &'a dyn Fn(SpaceId, &DeviceId, &MemberAdd) -> bool;

/// What one walk finds.
struct Walk {
    roster: Roster,
    /// Roles at the time of the removal of those who are out.
    fallen: BTreeMap<IdentityId, Role>,
    /// Removals and leaves whose authors had the right to them.
    rightful: BTreeSet<usize>,
}

/// Folds the membership entries of one circle; none while the entry that begins it is missing.
#[must_use]
pub fn fold(space: SpaceId, operations: &[Operation]) -> Option<Roster> {
    fold_knowing(space, operations, &is_proven)
}

/// The same, where somebody else tells whether proofs hold: whoever folds a growing set again and again remembers what
/// [`is_proven`] said, which never changes.
#[must_use]
pub fn fold_knowing(space: SpaceId, operations: &[Operation], holds: Holds<'_>) -> Option<Roster> {
    let set = Set::new(space, operations, holds);
    let mut barred: BTreeSet<usize> = BTreeSet::new();
    let mut standing: BTreeSet<usize> = BTreeSet::new();
    let mut walk = Walk::go(&set, &standing)?;
    for _ in 0..FOLD_PASSES_MAX {
        let fresh: Vec<usize> = walk.rightful.iter().filter(|at| !standing.contains(at) && !barred.contains(at)).copied().collect();
        let fresh = settle(&set, &standing, &fresh);
        if fresh.is_empty() {
            // A removal whose author owes the right to it to something that is void now falls too, the latest first.
            let Some(lost) = standing.iter().rev().find(|at| !walk.rightful.contains(at)).copied() else { break };
            barred.insert(lost);
            standing.clear();
        }
        standing.extend(fresh);
        walk = Walk::go(&set, &standing)?;
    }
    raise_cuts(&mut walk.roster, &set, &standing);
    Some(walk.roster)
}

impl<'a> Set<'a> {
    fn new(space: SpaceId, operations: &'a [Operation], holds: Holds<'_>) -> Self {
        let mut sorted: Vec<&Operation> = operations.iter().collect();
        sorted.sort_by_key(|op| (op.lamport, op.id));
        sorted.dedup_by_key(|op| op.id);
        let invite = |op: &&Operation| if let Body::Invite(invite) = &op.body { Some((op.id, invite.clone())) } else { None };
        let invites: BTreeMap<EntryId, Invite> = sorted.iter().filter_map(invite).collect();
        let mut set = Self { space, removing: BTreeMap::new(), proven: BTreeSet::new(), admitted: BTreeMap::new(), sorted };
        for (at, op) in set.sorted.iter().enumerate() {
            if let Some(removing) = Removing::read(op) {
                set.removing.insert(at, removing);
            }
            if let Body::MemberAdd(add) | Body::JoinRequest(add) = &op.body
                && invites.get(&add.invite).is_some_and(|invite| op.at <= invite.expires && holds(space, &invite.key, add))
            {
                set.proven.insert(at);
            }
            if let Body::MemberAdd(add) = &op.body
                && set.proven.contains(&at)
            {
                set.admitted.entry(add.identity).or_default().insert(op.lamport);
            }
        }
        set
    }
}

impl Walk {
    /// One walk in order, with the removals that stand.
    fn go(set: &Set<'_>, standing: &BTreeSet<usize>) -> Option<Self> {
        let roster = set.sorted.iter().find_map(|op| begin(set.space, op))?;
        let mut walk = Self { roster, fallen: BTreeMap::new(), rightful: BTreeSet::new() };
        let out = Fallen::all(set, standing);
        for (at, op) in set.sorted.iter().enumerate() {
            if let Some(removing) = set.removing.get(&at) {
                if walk.may_remove(&op.author, removing) {
                    walk.rightful.insert(at);
                }
                if standing.contains(&at) {
                    walk.fall(op, removing);
                }
            } else if walk.roster.has(&op.author) && !is_beyond(op, &out) {
                walk.apply(op, set.proven.contains(&at));
            }
        }
        Some(walk)
    }

    /// The role of a member, or the one somebody had who is out: what two do to each other is judged for both alike.
    fn role(&self, person: &IdentityId) -> Option<Role> {
        self.roster.members.get(person).map(|member| member.role).or_else(|| self.fallen.get(person).copied())
    }

    fn may_remove(&self, by: &IdentityId, removing: &Removing<'_>) -> bool {
        let roles = self.role(by).zip(self.role(&removing.whom));
        roles.is_some_and(|(role, whom)| if removing.is_leave { *by == removing.whom } else { *by != removing.whom && role.removes(whom) })
    }

    fn fall(&mut self, op: &Operation, removing: &Removing<'_>) {
        let whom = removing.whom;
        let gone = self.roster.members.remove(&whom);
        // Who is out lets nobody in any more, themselves under another name least of all.
        self.roster.invites.retain(|_, invite| invite.by != whom);
        let place = Removal {
            by: op.id,
            device: op.log.0,
            log: op.log.1,
            seq: op.seq,
            lamport: op.lamport,
            cuts: removing.cuts(),
            left: removing.is_leave,
        };
        let removal = match self.roster.removed.remove(&whom) {
            Some(earlier) => together(earlier, place, gone.is_some()),
            None => place,
        };
        self.roster.removed.insert(whom, removal);
        if let Some(member) = gone {
            self.fallen.insert(whom, member.role);
        }
        succeed(&mut self.roster, op);
    }

    fn apply(&mut self, op: &Operation, is_proven: bool) {
        let roster = &mut self.roster;
        let role = roster.members.get(&op.author).map_or(Role::Member, |member| member.role);
        let norms = roster.norms.values().next_back();
        let (inviting, needs_approval) = norms.map_or((Role::Member, false), |state| (state.norms.invite, state.norms.approval));
        match &op.body {
            Body::Invite(body) if role >= inviting => {
                let state = InviteState {
                    key: body.key,
                    uses: body.uses,
                    expires: body.expires,
                    by: op.author,
                    admitted: Vec::new(),
                    revoked: false,
                };
                roster.invites.insert(op.id, state);
            }
            Body::InviteRevoke(body) => {
                let may = roster.invites.get(&body.invite).is_some_and(|invite| may_revoke(roster, &op.author, invite));
                if let Some(invite) = roster.invites.get_mut(&body.invite).filter(|_| may) {
                    invite.revoked = true;
                }
            }
            Body::MemberAdd(add) if is_proven && (!needs_approval || role >= Role::Steward) && admit(roster, op, add) => {
                self.fallen.remove(&add.identity);
                roster.requests.remove(&add.identity);
            }
            Body::JoinRequest(add) if is_proven => ask(roster, op, add),
            Body::JoinDecline(body) if role >= Role::Steward => {
                if let Some(request) = roster.requests.remove(&body.identity) {
                    roster.declined.insert((body.identity, request.add.invite), body.reason.clone());
                }
            }
            Body::Norms(body) if role >= Role::Steward => change_norms(roster, op, &body.norms),
            Body::Role(body) if may_set_role(roster, &op.author, &body.identity) => {
                if let Some(member) = roster.members.get_mut(&body.identity) {
                    member.role = body.role;
                    note_role(roster, body.identity, op, body.role);
                }
            }
            Body::Profile(body) => {
                if let Some(member) = roster.members.get_mut(&op.author) {
                    member.name.clone_from(&body.name);
                }
            }
            _ => {}
        }
    }
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
    let owner = Member { role: Role::Owner, name: body.creator_name.clone(), by: op.id, since: op.at, lamport: op.lamport };
    Some(Roster {
        space,
        name: body.name.clone(),
        norms: [(0, NormsState { entry: op.id, at: op.at, norms: body.norms.clone() })].into(),
        requests: BTreeMap::new(),
        declined: BTreeMap::new(),
        roles: [(op.author, vec![(op.lamport, op.id, Role::Owner)])].into(),
        members: [(op.author, owner)].into(),
        removed: BTreeMap::new(),
        invites: BTreeMap::new(),
    })
}

fn is_beyond(op: &Operation, out: &BTreeMap<IdentityId, Fallen>) -> bool {
    out.get(&op.author).is_some_and(|fallen| fallen.is_beyond(op))
}

/// Checks a newcomer's proof: it depends on nothing but these three.
#[must_use]
pub fn is_proven(space: SpaceId, key: &DeviceId, add: &MemberAdd) -> bool {
    invite::check(key, space, add.identity, add.device, &add.proof).is_ok()
}

/// An invite admits each person once: who was removed needs another one to come back. The first adds in the order have its places:
/// what follows another add and knew of it stands behind it, and what does not count takes no place.
fn admit(roster: &mut Roster, op: &Operation, add: &MemberAdd) -> bool {
    let full = roster.members.len() >= CIRCLE_MEMBERS_MAX;
    let Some(invite) = roster.invites.get_mut(&add.invite) else { return false };
    let is_spent = invite.revoked || invite.admitted.len() as u64 >= invite.uses || invite.admitted.contains(&add.identity);
    if full || is_spent {
        return false;
    }
    invite.admitted.push(add.identity);
    if !roster.has(&add.identity) && roster.roles.contains_key(&add.identity) {
        note_role(roster, add.identity, op, Role::Member);
    }
    let member = Member { role: Role::Member, name: add.name.clone(), by: op.id, since: op.at, lamport: op.lamport };
    roster.members.entry(add.identity).or_insert(member);
    true
}

/// A request is noted while the invite would admit the person.
fn ask(roster: &mut Roster, op: &Operation, add: &MemberAdd) {
    let is_declined = roster.declined.contains_key(&(add.identity, add.invite));
    let is_usable =
        |invite: &InviteState| !invite.revoked && !invite.admitted.contains(&add.identity) && (invite.admitted.len() as u64) < invite.uses;
    let may_ask = !roster.has(&add.identity) && !is_declined && roster.invites.get(&add.invite).is_some_and(is_usable);
    if may_ask && roster.requests.len() < JOIN_REQUESTS_MAX {
        roster.requests.entry(add.identity).or_insert_with(|| Request { entry: op.id, at: op.at, add: add.clone() });
    }
}

/// New norms hold when their version is the next one; of several of the last version those of the lowest entry id.
fn change_norms(roster: &mut Roster, op: &Operation, norms: &Norms) {
    let Some((last, held)) = roster.norms.last_key_value().map(|(version, state)| (*version, state.entry)) else { return };
    let is_next = norms.version == last + 1;
    let is_other = norms.version == last && last > 0 && op.id < held;
    if is_next || is_other {
        let before = norms.version.checked_sub(1).and_then(|version| roster.norms.get(&version)).map_or(op.at, |state| state.at);
        roster.norms.insert(norms.version, NormsState { entry: op.id, at: op.at.max(before), norms: norms.clone() });
    }
}

/// Of two removals of one person: the entry of the later one if the person had come back between them, of a leave and a removal
/// that of the removal; and the lowest cut of each log.
fn together(earlier: Removal, later: Removal, came_back: bool) -> Removal {
    let mut cuts: BTreeMap<_, Cut> = BTreeMap::new();
    for cut in earlier.cuts.iter().chain(&later.cuts) {
        let lowest = cuts.entry((cut.device, cut.log)).or_insert_with(|| cut.clone());
        if (cut.seq, cut.id) < (lowest.seq, lowest.id) {
            *lowest = cut.clone();
        }
    }
    let lamport = earlier.lamport.max(later.lamport);
    let left = later.left && (came_back || earlier.left);
    // Who left and was removed as well is shown the removal.
    let first = if came_back || earlier.left && !later.left { later } else { earlier };
    Removal { lamport, cuts: cuts.into_values().collect(), left, ..first }
}

/// Without an owner the longest-standing steward becomes one, without stewards the longest-standing member.
fn succeed(roster: &mut Roster, op: &Operation) {
    if roster.members.values().any(|member| member.role == Role::Owner) {
        return;
    }
    let heir = roster.members.iter_mut().min_by_key(|(_, member)| (std::cmp::Reverse(member.role), member.lamport, member.by));
    if let Some((heir, member)) = heir {
        member.role = Role::Owner;
        let heir = *heir;
        note_role(roster, heir, op, Role::Owner);
    }
}

/// From this place in the order on somebody has this role.
fn note_role(roster: &mut Roster, person: IdentityId, op: &Operation, role: Role) {
    roster.roles.entry(person).or_default().push((op.lamport, op.id, role));
}

/// A removal that stands although it lies beyond its author's cut keeps its log up to there: everybody must come to hold it.
fn raise_cuts(roster: &mut Roster, set: &Set<'_>, standing: &BTreeSet<usize>) {
    for op in standing.iter().filter_map(|at| set.sorted.get(*at)) {
        let is_in = roster.has(&op.author);
        let Some(removal) = roster.removed.get_mut(&op.author) else { continue };
        let here = Cut { device: op.log.0, log: op.log.1, seq: op.seq, id: op.id };
        match removal.cuts.iter_mut().find(|cut| (cut.device, cut.log) == op.log) {
            Some(cut) if cut.seq < op.seq => *cut = here,
            None if !is_in => removal.cuts.push(here),
            _ => {}
        }
    }
}
