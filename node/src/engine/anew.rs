//! What a wrong clock dated ahead is told anew. Others take an entry when its time comes, which may be in years; so whoever decided
//! something about a circle while its clock was ahead decides it again once the clock is right, in its next log.
//!
//! Only decisions are told anew, never what was said: that is kept, and waits.

use std::collections::BTreeMap;

use haat_protocol::admit::View as _;
use haat_protocol::body::{Body, Invite, MemberAdd};
use haat_protocol::entry::Entry;
use haat_protocol::id::{EntryId, SpaceId};
use haat_protocol::kind::Kind;
use haat_protocol::limits::{CLOCK_SKEW_MS, TOLD_ANEW_MAX};
use haat_protocol::time::Millis;

use super::guard::own_logs;
use super::work::Work;
use crate::secret;
use crate::store::Tx;
use crate::view::known::{self, Known};
use crate::view::{body, circle};

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
/// made. Who left can say nothing more.
const fn is_decision(kind: Kind) -> bool {
    match kind {
        Kind::Epoch
        | Kind::EpochBoxes
        | Kind::MemberAdd
        | Kind::MemberRemove
        | Kind::Role
        | Kind::Norms
        | Kind::InviteRevoke
        | Kind::Profile
        | Kind::Share
        | Kind::Unshare => true,
        Kind::CircleCreate
        | Kind::Invite
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
        if last.is_none_or(|last| !is_ahead(&last, self.now)) || circle::roster(&self.tx, &space).is_none() {
            return;
        }
        let mut invites: BTreeMap<EntryId, EntryId> = BTreeMap::new();
        for entry in self.decided_ahead(space) {
            let Some(mut decided) = body(&self.tx, &entry.id()) else { continue };
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
