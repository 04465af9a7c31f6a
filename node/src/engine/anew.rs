//! What a wrong clock dated ahead is told anew. Others take an entry when its time comes, which may be in years; so whoever decided
//! something about a circle while its clock was ahead decides it again once the clock is right, in its next log.
//!
//! Only decisions are told anew, never what was said: that is kept, and waits.

use std::collections::BTreeMap;

use haat_protocol::admit::{Head, View as _};
use haat_protocol::body::{Body, Invite, MemberAdd};
use haat_protocol::entry::Entry;
use haat_protocol::id::{DeviceId, EntryId, SpaceId};
use haat_protocol::kind::Kind;
use haat_protocol::limits::{CLOCK_SKEW_MS, TOLD_ANEW_MAX};
use haat_protocol::time::Millis;

use super::guard::own_logs;
use super::work::Work;
use crate::secret;
use crate::store::{Table, Tx};
use crate::view::fork::log_of;
use crate::view::known::{self, Known};
use crate::view::{body, circle, shelf};

/// Whether an entry lies further ahead of a clock than others take it.
pub(super) fn is_ahead(entry: &Entry, now: Millis) -> bool {
    entry.header().at > now.plus(CLOCK_SKEW_MS)
}

/// The removal that is shown to whom it removes: of one that lies ahead, the entry that tells it anew.
pub(super) fn shown_removal(tx: &Tx<'_>, space: &SpaceId, by: EntryId, now: Millis) -> EntryId {
    let Some((removal, Some(Body::MemberRemove(what)))) = known::entry(tx, &by).map(|entry| (entry, body(tx, &by))) else { return by };
    if !is_ahead(&removal, now) {
        return by;
    }
    let same = |id: &EntryId| matches!(body(tx, id), Some(Body::MemberRemove(other)) if other == what);
    let taken = |id: &EntryId| known::entry(tx, id).is_some_and(|entry| !is_ahead(&entry, now) && known::counts(tx, entry.header()));
    circle::membership(tx, space).into_iter().find(|id| same(id) && taken(id)).unwrap_or(by)
}

/// Whether it is a decision, which holds again when it is told again. Invites are told with those who came by them; new ones can be
/// made. Names are told by whoever bears them. Who left can say nothing more.
const fn is_decision(kind: Kind) -> bool {
    match kind {
        Kind::Epoch
        | Kind::EpochBoxes
        | Kind::MemberAdd
        | Kind::MemberRemove
        | Kind::Role
        | Kind::Norms
        | Kind::InviteRevoke
        | Kind::Share
        | Kind::Unshare => true,
        Kind::CircleCreate
        | Kind::Invite
        | Kind::Profile
        | Kind::JoinRequest
        | Kind::JoinDecline
        | Kind::MemberLeave
        | Kind::Vouch
        | Kind::Unvouch
        | Kind::Post
        | Kind::Reply
        | Kind::Recommend
        | Kind::Review
        | Kind::ReviewReply
        | Kind::Retract
        | Kind::ShopCreate
        | Kind::Listing
        | Kind::ListingWithdraw => false,
    }
}

impl Work<'_, '_> {
    /// Tells anew what this device decided about a circle while its clock was ahead; each thing once, under the keys it was said
    /// under, so that everybody can read it who could before, whoever is removed by it included.
    pub(super) fn tell_anew(&mut self, space: SpaceId) {
        let logs = own_logs(&self.tx, &space, &self.me.device());
        let last = logs.last().and_then(|(_, head)| known::entry(&self.tx, &head.id));
        if last.is_none_or(|last| !is_ahead(&last, self.now)) || self.is_behind(&space) {
            return;
        }
        let mut invites: BTreeMap<EntryId, EntryId> = BTreeMap::new();
        for entry in self.decided_ahead(space) {
            let Some(mut decided) = body(&self.tx, &entry.id()).filter(|decided| self.holds(&entry, decided)) else { continue };
            if let Body::MemberAdd(add) = &mut decided
                && let Some(invite) = self.invite_told(space, add, &mut invites)
            {
                add.invite = invite;
            }
            let secret = secret::for_header(&self.tx, self.me, entry.header());
            // What a rule has no place for any more is not told.
            if let Ok(told) = self.write_under(space, &decided, (entry.header().key, secret)) {
                self.announce(&told);
            }
        }
    }

    /// Whether the clock is behind rather than that it was ahead: then the circle was begun ahead of it, or most of the others have
    /// spoken ahead of it.
    fn is_behind(&self, space: &SpaceId) -> bool {
        let begun = known::inception(&self.tx, space).is_none_or(|begun| begun.created > self.now.plus(CLOCK_SKEW_MS));
        let own = self.me.device();
        let rows = self.tx.prefix(Table::Head, &space.0);
        let heads = rows.iter().filter_map(|(key, row)| Some((log_of(key)?.device, self.tx.decoded::<Head>(Table::Head, row)?)));
        let mut newest: BTreeMap<DeviceId, bool> = BTreeMap::new();
        for (device, head) in heads.filter(|(device, _)| *device != own) {
            let ahead = known::entry(&self.tx, &head.id).is_some_and(|entry| is_ahead(&entry, self.now));
            // Who has said anything in time has a clock that agrees with this one.
            newest.entry(device).and_modify(|all| *all &= ahead).or_insert(ahead);
        }
        begun || newest.values().filter(|ahead| **ahead).count() * 2 > newest.len()
    }

    /// Whether a decision still holds: what was undone since is not done again.
    fn holds(&self, entry: &Entry, decided: &Body) -> bool {
        let space = entry.header().space;
        let Some(roster) = circle::roster(&self.tx, &space) else { return false };
        let is_shared = |shop: &SpaceId| shelf::circles(&self.tx, shop).contains(&space);
        match decided {
            Body::MemberAdd(add) => roster.members.get(&add.identity).is_some_and(|member| member.by == entry.id()),
            Body::MemberRemove(removal) => !roster.has(&removal.identity),
            Body::Role(role) => roster.members.get(&role.identity).is_some_and(|member| member.role == role.role),
            Body::Norms(norms) => roster.norms.get(&norms.norms.version).is_some_and(|state| state.entry == entry.id()),
            Body::InviteRevoke(revoked) => roster.invites.get(&revoked.invite).is_some_and(|invite| invite.revoked),
            Body::Share(share) => is_shared(&share.inception.id()),
            Body::Unshare(unshare) => !is_shared(&unshare.shop),
            _ => true,
        }
    }

    /// Own decisions that lie ahead and were not told anew before, in their order.
    fn decided_ahead(&self, space: SpaceId) -> Vec<Entry> {
        let (mut ahead, mut told_before) = (Vec::new(), 0);
        for (log, head) in own_logs(&self.tx, &space, &self.me.device()) {
            for seq in (0..=head.seq).rev() {
                let Some(entry) = Known(&self.tx).at(&log, seq).and_then(|id| known::entry(&self.tx, &id)) else { break };
                if !is_ahead(&entry, self.now) {
                    // Whatever this device said with a right clock followed all it had said before: it began by telling that anew.
                    told_before = told_before.max(entry.header().lamport);
                    break;
                }
                ahead.push(entry);
            }
        }
        let is_new = |entry: &Entry| entry.header().lamport > told_before && Kind::from_code(entry.header().kind).is_some_and(is_decision);
        ahead.retain(is_new);
        ahead.sort_by_key(|entry| (entry.header().lamport, entry.id()));
        ahead.truncate(TOLD_ANEW_MAX);
        ahead
    }

    /// The invite by which somebody was admitted, when it lies ahead too: told anew for those who came by it, and nobody else.
    fn invite_told(&mut self, space: SpaceId, add: &MemberAdd, told: &mut BTreeMap<EntryId, EntryId>) -> Option<EntryId> {
        if let Some(invite) = told.get(&add.invite) {
            return Some(*invite);
        }
        let first = known::entry(&self.tx, &add.invite).filter(|first| is_ahead(first, self.now))?;
        let Some(Body::Invite(invite)) = body(&self.tx, &first.id()) else { return None };
        let uses = circle::roster(&self.tx, &space)?.invites.get(&add.invite)?.admitted.len() as u64;
        let secret = secret::for_header(&self.tx, self.me, first.header());
        let again = self.write_under(space, &Body::Invite(Invite { uses, ..invite }), (first.header().key, secret)).ok()?;
        self.announce(&again);
        told.insert(add.invite, again.id());
        Some(again.id())
    }
}
