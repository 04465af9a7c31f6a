//! With whom a circle is compared, and when: soon after there is news, and now and then without.
//!
//! Every connected member gets its turn, a few at a time, so that the cost of news grows with the circle and not with its square. Gossip
//! is quicker and promises nothing; here nobody is left out.

use std::collections::VecDeque;

use haat_protocol::id::{DeviceId, SpaceId};
use haat_protocol::limits::{SYNC_PARTNERS, SYNC_TURN_MS};
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
}

/// The members with whom a circle is still to be compared.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// Whose turn it is, in this order.
    waiting: VecDeque<DeviceId>,
    /// When the next of them have their turn.
    next: Millis,
}

impl Work<'_, '_> {
    /// Compares what is due with whose turn it is.
    pub(super) fn compare_due(&mut self) {
        for (device, circle) in std::mem::take(&mut self.passing.wanted) {
            self.compare_now(device, circle);
        }
        let due: Vec<(SpaceId, Due)> = self.passing.due.iter().filter(|(_, due)| due.at <= self.now).map(|(c, d)| (*c, *d)).collect();
        for (circle, due) in due {
            self.passing.due.remove(&circle);
            self.line_up(circle, due.except);
        }
        let now = self.now;
        let mut turns = Vec::new();
        for (circle, round) in self.passing.rounds.iter_mut().filter(|(_, round)| round.next <= now) {
            let partners = round.waiting.len().min(SYNC_PARTNERS);
            turns.extend(round.waiting.drain(..partners).map(|device| (device, *circle)));
            round.next = now.plus(SYNC_TURN_MS);
        }
        for (device, circle) in turns {
            self.compare_now(device, circle);
        }
        self.passing.rounds.retain(|_, round| !round.waiting.is_empty() || round.next > now);
    }

    /// Whoever is connected and does not wait already gets a turn. Everybody begins with those who come after it by their ids, so that
    /// not all ask the same ones first.
    fn line_up(&mut self, circle: SpaceId, except: Option<DeviceId>) {
        let is_known = circle::roster(&self.tx, &circle).is_some();
        let connected = self.passing.presence.connected.keys().filter(|device| except != Some(**device));
        let members: Vec<DeviceId> = connected.filter(|device| !is_known || self.is_member_device(&circle, device)).copied().collect();
        let (before, after) = members.split_at(members.partition_point(|device| *device < self.me.device()));
        let round = self.passing.rounds.entry(circle).or_default();
        for device in after.iter().chain(before) {
            if !round.waiting.contains(device) {
                round.waiting.push_back(*device);
            }
        }
    }
}
