//! With whom a circle is compared, and when: soon after there is news, and now and then without.
//!
//! News is told a few members at a time until enough of them in succession lack nothing, so that its cost does not grow with the circle.
//! Gossip is quicker and promises nothing; now and then every connected member gets its turn, so that nobody is left out.

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, VecDeque};

use haat_protocol::id::{DeviceId, SpaceId};
use haat_protocol::limits::{SYNC_PARTNERS, SYNC_SETTLED, SYNC_TURN_MS};
use haat_protocol::time::Millis;

use super::work::Work;
use crate::view::circle;

/// A circle is to be compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Due {
    /// When it begins.
    pub(super) at: Millis,
    /// Who knows already.
    pub(super) except: Option<DeviceId>,
    /// Whether all are asked, whatever the first of them hold.
    pub(super) all: bool,
}

/// The members with whom a circle is still to be compared.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// Whose turn it is, in this order.
    waiting: VecDeque<DeviceId>,
    /// When the next of them have their turn.
    next: Millis,
    /// Who had a turn since there was news last, and is not known yet to lack nothing.
    asked: BTreeSet<DeviceId>,
    /// How many of those lacked nothing, in succession.
    settled: usize,
    /// Whether all get their turn.
    all: bool,
}

impl Work<'_, '_> {
    /// Compares what is due with whose turn it is.
    pub(super) fn compare_due(&mut self) {
        let wanted = self.passing.wanted.iter().filter(|(_, at)| **at <= self.now).map(|(what, _)| *what);
        for (device, circle) in wanted.collect::<Vec<_>>() {
            self.passing.wanted.remove(&(device, circle));
            if self.is_partner(&circle, &device) {
                self.compare_now(device, circle);
            }
        }
        let due: Vec<(SpaceId, Due)> = self.passing.due.iter().filter(|(_, due)| due.at <= self.now).map(|(c, d)| (*c, *d)).collect();
        for (circle, due) in due {
            self.passing.due.remove(&circle);
            self.line_up(circle, due);
        }
        let now = self.now;
        let mut turns = Vec::new();
        for (circle, round) in self.passing.rounds.iter_mut().filter(|(_, round)| round.next <= now) {
            let partners = round.waiting.len().min(SYNC_PARTNERS);
            let turn: Vec<DeviceId> = round.waiting.drain(..partners).collect();
            round.asked.extend(&turn);
            turns.extend(turn.into_iter().map(|device| (device, *circle)));
            round.next = now.plus(SYNC_TURN_MS);
        }
        for (device, circle) in turns {
            self.compare_now(device, circle);
        }
        self.passing.rounds.retain(|_, round| !round.waiting.is_empty() || round.next > now);
    }

    /// Whoever is connected and does not wait already gets a turn. Everybody begins with those who come after it by their ids, so that
    /// not all ask the same ones first.
    fn line_up(&mut self, circle: SpaceId, due: Due) {
        let connected = self.passing.presence.connected.keys().filter(|device| due.except != Some(**device));
        let members: Vec<DeviceId> = connected.filter(|device| self.is_partner(&circle, device)).copied().collect();
        let (before, after) = members.split_at(members.partition_point(|device| *device < self.me.device()));
        let round = self.passing.rounds.entry(circle).or_default();
        round.all |= due.all;
        round.settled = 0;
        round.asked.clear();
        for device in after.iter().chain(before) {
            if !round.waiting.contains(device) {
                round.waiting.push_back(*device);
            }
        }
    }

    /// Whether a circle is compared with a device: one of a member, or any while nobody is known to be in it.
    fn is_partner(&self, circle: &SpaceId, device: &DeviceId) -> bool {
        circle::roster(&self.tx, circle).is_none() || self.is_member_device(circle, device)
    }

    /// A member was found to lack nothing. Enough of them in succession end a round of news.
    pub(super) fn lacks_nothing(&mut self, device: &DeviceId, circle: &SpaceId) {
        let Some(round) = self.passing.rounds.get_mut(circle) else { return };
        round.settled += usize::from(round.asked.remove(device));
        if round.settled >= SYNC_SETTLED && !round.all {
            round.waiting.clear();
        }
    }

    /// Something has to be handed over to a member: others may lack it too.
    pub(super) fn lacks(&mut self, device: &DeviceId, circle: &SpaceId) {
        if let Some(round) = self.passing.rounds.get_mut(circle) {
            round.asked.remove(device);
            round.settled = 0;
        }
    }
}
