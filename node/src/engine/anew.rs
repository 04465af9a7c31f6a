//! What a wrong clock dated ahead is told anew. Others take an entry when its time comes, which may be in years; so whoever decided
//! something about a circle while its clock was ahead decides it again once the clock is right, in its next log.
//!
//! Only decisions are told anew, never what was said: that is kept, and waits.

use std::collections::BTreeMap;

use haat_protocol::admit::{Head, View as _};
use haat_protocol::body::{Body, Invite, MemberAdd};
use haat_protocol::circle::Roster;
use haat_protocol::entry::Entry;
use haat_protocol::epoch;
use haat_protocol::id::{DeviceId, EntryId, IdentityId, SpaceId};
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
        | Kind::ListingWithdraw
        | Kind::ShopDesk => false,
    }
}

/// Whether a decision is said by another body: boxes come with their epoch, and who was let in by an invite from ahead by one like it.
fn is_same(space: SpaceId, decided: &Body, again: &Body) -> bool {
    match (decided, again) {
        (Body::MemberAdd(first), Body::MemberAdd(told)) => first.proof == told.proof,
        (Body::EpochBoxes(boxes), Body::Epoch(told)) => boxes.key == epoch::key_id(space, &told.manifest),
        _ => decided == again,
    }
}

impl Work<'_, '_> {
    /// Before anything is said in the log that follows one from ahead: what was decided there is told anew first.
    pub(super) fn begin_anew(&mut self, space: SpaceId) {
        let logs = own_logs(&self.tx, &space, &self.me.device());
        if logs.last().is_some_and(|(_, head)| self.lies_ahead(head)) {
            self.tell_anew(space);
        }
    }

    /// Tells anew what this device decided about a circle while its clock was ahead; each thing once, under the keys it was said
    /// under, so that everybody can read it who could before, whoever is removed by it included. What was said meanwhile under a
    /// clock that was behind does not keep it from that.
    pub(super) fn tell_anew(&mut self, space: SpaceId) {
        let logs = own_logs(&self.tx, &space, &self.me.device());
        if !logs.iter().any(|(_, head)| self.lies_ahead(head)) || self.is_behind(&space) {
            return;
        }
        let mut invites: BTreeMap<EntryId, EntryId> = BTreeMap::new();
        let told = self.decided_in_time(space);
        for entry in self.decided_ahead(space) {
            let is_new = |decided: &Body| !told.iter().any(|(at, again)| *at > entry.header().lamport && is_same(space, decided, again));
            let Some(mut decided) = body(&self.tx, &entry.id()).filter(|decided| is_new(decided) && self.holds(&entry, decided)) else {
                continue;
            };
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

    fn lies_ahead(&self, head: &Head) -> bool {
        known::entry(&self.tx, &head.id).is_some_and(|entry| is_ahead(&entry, self.now))
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
            let ahead = self.lies_ahead(&head);
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
            // One that was overtaken by coming back and another removal is over.
            Body::MemberRemove(removal) => !roster.has(&removal.identity) && self.is_named(&roster, entry, &removal.identity),
            Body::Role(role) => roster.members.get(&role.identity).is_some_and(|member| member.role == role.role),
            Body::Norms(norms) => roster.norms.get(&norms.norms.version).is_some_and(|state| state.entry == entry.id()),
            Body::InviteRevoke(revoked) => roster.invites.get(&revoked.invite).is_some_and(|invite| invite.revoked),
            Body::Share(share) => is_shared(&share.inception.id()),
            Body::Unshare(unshare) => !is_shared(&unshare.shop),
            _ => true,
        }
    }

    /// Whether the roster names this removal, or an earlier one of a person who did not come back in between.
    fn is_named(&self, roster: &Roster, entry: &Entry, person: &IdentityId) -> bool {
        let named = roster.removed.get(person).and_then(|removal| known::header(&self.tx, &removal.by));
        named.is_some_and(|named| named.lamport <= entry.header().lamport)
    }

    /// Own decisions that lie ahead, in their order.
    fn decided_ahead(&self, space: SpaceId) -> Vec<Entry> {
        let mut ahead = Vec::new();
        for (log, head) in own_logs(&self.tx, &space, &self.me.device()) {
            let entries = (0..=head.seq).rev().map_while(|seq| known::entry(&self.tx, &Known(&self.tx).at(&log, seq)?));
            ahead.extend(entries.take_while(|entry| is_ahead(entry, self.now)));
        }
        ahead.retain(|entry| Kind::from_code(entry.header().kind).is_some_and(is_decision));
        ahead.sort_by_key(|entry| (entry.header().lamport, entry.id()));
        ahead.truncate(TOLD_ANEW_MAX);
        ahead
    }

    /// Own decisions that do not lie ahead, with their lamport times: by them earlier ones were told anew.
    fn decided_in_time(&self, space: SpaceId) -> Vec<(u64, Body)> {
        let rows = [Table::Membership, Table::Epoch, Table::ShopWord].into_iter().flat_map(|table| self.tx.prefix(table, &space.0));
        let ids = rows.filter_map(|(key, _)| EntryId::from_slice(key.last_chunk::<32>()?));
        let own = ids.filter_map(|id| known::entry(&self.tx, &id).filter(|entry| entry.header().device == self.me.device()));
        let in_time = own.filter(|entry| !is_ahead(entry, self.now));
        in_time.filter_map(|entry| Some((entry.header().lamport, body(&self.tx, &entry.id())?))).collect()
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
