//! Who may ask for more, and what becomes of those who offend. It carries out what the tables of reputation and quota say.

use std::time::{Duration, Instant};

use haat_protocol::id::DeviceId;
use haat_protocol::limits;

use super::super::address::peer_of;
use super::super::quota::{Kind, kinds};
use super::super::reputation::Consequence;
use super::super::vocabulary::{Channel, Severity};
use super::Driver;

impl Driver<'_> {
    /// Whether a request of somebody is passed on to be read.
    pub(super) fn may_ask(&mut self, device: DeviceId, channel: Channel, data: &[u8]) -> bool {
        self.within_quota(device, &kinds(channel, data), data.len())
    }

    /// Whether a gossip message of somebody is passed on to be read.
    pub(super) fn may_gossip(&mut self, device: DeviceId, bytes: usize) -> bool {
        self.within_quota(device, &[Kind::Gossip], bytes)
    }

    fn within_quota(&mut self, device: DeviceId, kinds: &[Kind], bytes: usize) -> bool {
        let now = Instant::now();
        if self.kept.quotas.take(device, kinds, bytes, now) {
            return true;
        }
        tracing::debug!(device = %device.short(), ?kinds, "not read: over the quota");
        // Counted once in a while and not for each message: a friend who passes on a flood did not make it.
        let pause = Duration::from_millis(limits::OVERRUN_COUNTED_EVERY_MS);
        self.kept.overrun.retain(|_, at| now.saturating_duration_since(*at) < pause);
        if self.kept.overrun.insert(device, now).is_none() {
            self.offended(device, Severity::Overrun);
        }
        false
    }

    /// Somebody offended.
    pub(super) fn offended(&mut self, device: DeviceId, severity: Severity) {
        let is_member = self.kept.members.contains(&device);
        let peer = peer_of(&device);
        match self.kept.reputation.offended(device, severity, is_member, Instant::now()) {
            Consequence::Noted => tracing::debug!(device = %device.short(), ?severity, "offence"),
            Consequence::Disconnect => {
                tracing::info!(device = %device.short(), ?severity, "disconnected: too many offences");
                self.part(peer);
            }
            Consequence::Ban(_) => {
                tracing::warn!(device = %device.short(), ?severity, "barred for a while: too many offences");
                self.swarm.behaviour_mut().barred.block_peer(peer);
            }
        }
    }

    /// Lets those in again whose ban is over.
    pub(super) fn release(&mut self) {
        for device in self.kept.reputation.released(Instant::now()) {
            self.swarm.behaviour_mut().barred.unblock_peer(peer_of(&device));
        }
    }
}
