//! Who was let in in vain: admitted by somebody who did not know yet of what undoes it, such as the removal of who made the invite.
//! Nobody else takes such a person for a member, and the person alone cannot know it: it is shown what undoes the admission, and
//! nothing later.

use std::collections::{BTreeMap, BTreeSet};

use haat_protocol::body::{Body, MemberAdd};
use haat_protocol::circle::{Removal, Roster};
use haat_protocol::entry::{Entry, Header, LogId};
use haat_protocol::id::{DeviceId, EntryId, IdentityId, KeyId, SpaceId};
use haat_protocol::identity::Identity;
use haat_protocol::invite;
use haat_protocol::limits::{REMOVALS_HANDED_OVER_MAX, SYNC_BATCH_BYTES};
use haat_protocol::wire::Item;

use super::Held;
use crate::engine::anew;
use crate::keyring::Keyring;
use crate::store::memo::Sort;
use crate::view::{body, circle, fork, known};

/// What undoes an admission.
#[derive(Debug, Default)]
pub(super) struct Undone {
    /// Removals and leaves of who made the invite or let in.
    removals: BTreeSet<EntryId>,
    /// Other entries: what took the invite back, and who else came by it.
    entries: BTreeSet<EntryId>,
    /// Whose chain or forked log sets an entry aside.
    aside: Vec<(IdentityId, Entry)>,
}

impl Undone {
    fn is_empty(&self) -> bool {
        self.removals.is_empty() && self.entries.is_empty() && self.aside.is_empty()
    }
}

/// An add whose proof holds, with its invite.
struct Admission {
    entry: Entry,
    add: MemberAdd,
    invite: Entry,
}

impl Held<'_, '_> {
    /// What undoes the admission of this device, if it was let in here and nothing of that holds; none for strangers.
    pub(super) fn undone(&self, roster: &Roster, device: &DeviceId) -> Option<Undone> {
        let outside = self.tx.memo(Sort::Vain, &roster.space.0, || self.outside(roster));
        let person = *outside.get(device)?;
        let all = self.admissions(&roster.space);
        let mut undone = Undone::default();
        let mut people: Vec<IdentityId> = vec![person];
        // Who let somebody in may be in in vain too.
        let mut at = 0;
        while let Some(person) = people.get(at).copied().filter(|_| at < REMOVALS_HANDED_OVER_MAX) {
            at += 1;
            for admission in all.iter().filter(|admission| admission.add.identity == person) {
                self.undoes(roster, admission, &all, &mut undone);
                let by = [&admission.entry, &admission.invite].into_iter().filter_map(|entry| known::author(self.tx, entry.header()));
                let by: Vec<IdentityId> = by.filter(|by| !roster.has(by) && !people.contains(by)).collect();
                people.extend(by);
            }
        }
        Some(undone).filter(|undone| !undone.is_empty())
    }

    /// Devices that an add names whose people are not in the circle and never went out of it.
    fn outside(&self, roster: &Roster) -> BTreeMap<DeviceId, IdentityId> {
        let mut outside = BTreeMap::new();
        for id in circle::membership(self.tx, &roster.space) {
            if let Some(Body::MemberAdd(add)) = body(self.tx, &id)
                && !roster.has(&add.identity)
                && !roster.removed.contains_key(&add.identity)
            {
                outside.insert(add.device, add.identity);
            }
        }
        outside
    }

    /// Adds of a circle whose proof holds, whether they have an effect or not.
    fn admissions(&self, space: &SpaceId) -> Vec<Admission> {
        let mut all = Vec::new();
        for id in circle::membership(self.tx, space) {
            let Some(Body::MemberAdd(add)) = body(self.tx, &id) else { continue };
            let Some(Body::Invite(key)) = body(self.tx, &add.invite) else { continue };
            let (Some(entry), Some(invite)) = (known::entry(self.tx, &id), known::entry(self.tx, &add.invite)) else { continue };
            if invite::check(&key.key, *space, add.identity, add.device, &add.proof).is_ok() {
                all.push(Admission { entry, add, invite });
            }
        }
        all
    }

    fn undoes(&self, roster: &Roster, admission: &Admission, all: &[Admission], undone: &mut Undone) {
        let is_gone = !roster.invites.contains_key(&admission.invite.id());
        for entry in [&admission.entry, &admission.invite] {
            let header = entry.header();
            let Some(author) = known::author(self.tx, header) else { continue };
            // Who is in again lets in and invites anew: what was done before the removal does not hold again with that.
            let undoes =
                |removal: &&Removal| !roster.has(&author) || header.lamport <= removal.lamport && (is_gone || lies_beyond(removal, header));
            undone.removals.extend(roster.removed.get(&author).filter(undoes).map(|removal| removal.by));
            if !fork::standing(self.tx, &author, &header.log_id()).counts(header.seq) {
                undone.aside.push((author, entry.clone()));
            }
        }
        let invite = admission.invite.id();
        let Some(state) = roster.invites.get(&invite) else { return };
        if state.admitted.len() as u64 >= state.uses {
            let rivals = all.iter().filter(|other| other.add.invite == invite && state.admitted.contains(&other.add.identity));
            undone.entries.extend(rivals.map(|other| other.entry.id()));
        }
        // Approval that was asked for meanwhile, or another role that invites.
        undone.entries.extend(roster.norms.iter().filter(|(version, _)| **version > 0).map(|(_, norms)| norms.entry));
        if state.revoked {
            let revokes = |id: &EntryId| matches!(body(self.tx, id), Some(Body::InviteRevoke(revoked)) if revoked.invite == invite);
            undone.entries.extend(circle::membership(self.tx, &roster.space).into_iter().filter(revokes));
        }
    }

    /// What shows a device that it was let in in vain.
    pub(super) fn shows_undone(&self, roster: &Roster, device: &DeviceId) -> Vec<Item> {
        let undone = self.undone(roster, device).unwrap_or_default();
        let removals: Vec<EntryId> = undone.removals.iter().map(|by| anew::shown_removal(self.tx, &roster.space, *by, self.now)).collect();
        let room = SYNC_BATCH_BYTES / (removals.len() + undone.entries.len() + 1);
        let mut items: Vec<Item> = Vec::new();
        for (person, entry) in &undone.aside {
            items.extend(known::chain(self.tx, person).map(Item::Identity));
            items.extend(self.fork(&entry.header().log_id()));
        }
        items.extend(removals.iter().flat_map(|by| self.removal(&roster.space, by, room)));
        items.extend(undone.entries.iter().flat_map(|id| self.leading_to(id, room)));
        items
    }

    /// What sets aside the entries with which a stranger introduces itself: chains of who wrote them, its own when that revokes it, and
    /// proofs of forks. The entries need not be readable here. Nothing is shown that the stranger did not speak of itself, signed.
    pub(super) fn sets_aside(&self, roster: &Roster, device: &DeviceId, introduction: &[Item]) -> Vec<Item> {
        let is_known = |person: &IdentityId| roster.has(person) || roster.removed.contains_key(person);
        let revoked = known::person_of(self.tx, device).filter(|_| known::speaks_for(self.tx, device).is_none());
        let mut people: BTreeSet<IdentityId> = revoked.into_iter().filter(is_known).collect();
        let mut logs: BTreeSet<LogId> = BTreeSet::new();
        for item in introduction {
            let Item::Entry(raw) = item else { continue };
            let Some(entry) = raw.clone().verify().ok().filter(|entry| entry.header().space == roster.space) else { continue };
            let (header, log) = (entry.header(), entry.header().log_id());
            let Some(author) = known::author(self.tx, header).filter(is_known) else { continue };
            if !fork::standing(self.tx, &author, &log).counts(header.seq) {
                people.insert(author);
                logs.insert(log);
            }
        }
        let is_news = |person: &IdentityId| {
            let held = known::identity(self.tx, person);
            held.is_some_and(|held| introduction.iter().filter_map(|item| told_chain(item, person)).all(|told| held.beats(&told)))
        };
        let chains = people.iter().filter(|person| is_news(person)).filter_map(|person| known::chain(self.tx, person));
        let chains = chains.take(REMOVALS_HANDED_OVER_MAX).map(Item::Identity);
        chains.chain(logs.iter().filter_map(|log| self.fork(log)).take(REMOVALS_HANDED_OVER_MAX)).collect()
    }

    /// The epochs whose control keys a device needs to read what undoes its admission. One that covers a removal of who let it in is for
    /// those who stayed: it is never among them, else whoever was removed could read on through somebody let in in vain.
    pub(in crate::engine) fn undoing(&self, roster: &Roster, device: &DeviceId) -> BTreeSet<KeyId> {
        let undone = self.undone(roster, device).unwrap_or_default();
        let keyring = Keyring::of(self.tx, self.me, roster);
        let is_handed = |key: &KeyId| !keyring.covers_any(key, &undone.removals);
        let said = undone.removals.iter().chain(&undone.entries);
        said.filter_map(|id| known::entry(self.tx, id)?.header().key).filter(is_handed).collect()
    }
}

/// Whether a removal lets an entry of the removed person's not stand.
fn lies_beyond(removal: &Removal, header: &Header) -> bool {
    let cut = removal.cuts.iter().find(|cut| (cut.device, cut.log) == (header.device, header.log));
    cut.is_none_or(|cut| header.seq > cut.seq)
}

/// The chain of a person, if this is one and holds.
fn told_chain(item: &Item, person: &IdentityId) -> Option<Identity> {
    match item {
        Item::Identity(chain) if chain.inception.id() == *person => chain.clone().verify().ok(),
        _ => None,
    }
}
