//! A direct way beside a circuit: the circuit is given back to its seed, which has few of them and ends each after a while.

use std::time::Instant;

use haat_protocol::id::DeviceId;
use libp2p::PeerId;
use libp2p::core::ConnectedPoint;
use libp2p::swarm::ConnectionId;

use super::super::address::{device_of_peer, peer_of};
use super::Driver;

impl Driver<'_> {
    /// Closes the circuits to a peer once it is reached directly. What was under way on them fails and is asked for again.
    pub(super) fn prefer_direct(&mut self, peer: PeerId, connection: ConnectionId, endpoint: &ConnectedPoint) {
        if endpoint.is_relayed() {
            self.circuits.insert(connection, peer);
            return;
        }
        if let Some(device) = device_of_peer(&peer) {
            self.detours.over(&device);
        }
        let spare: Vec<ConnectionId> = self.circuits.iter().filter(|(_, other)| **other == peer).map(|(id, _)| *id).collect();
        for circuit in spare {
            tracing::debug!(%peer, "reached directly: the circuit is given back");
            self.swarm.close_connection(circuit);
        }
    }

    /// No direct way to a peer was found over its circuit. The library tries no more until a new circuit stands.
    pub(super) fn no_direct_way(&mut self, peer: PeerId) {
        let Some(device) = device_of_peer(&peer).filter(|device| self.kept.members.contains(device)) else { return };
        self.detours.failed(device, Instant::now());
    }

    /// Meets those anew whom only a circuit reaches and for whom it is time to look for a direct way again.
    pub(super) fn look_again(&mut self) {
        let members = &self.kept.members;
        self.detours.keep(|device| members.contains(device));
        let due: Vec<DeviceId> = self.detours.take_due(Instant::now());
        for device in due {
            let peer = peer_of(&device);
            if self.circuits.values().any(|other| *other == peer) {
                tracing::debug!(device = %device.short(), "only a circuit: the connection is made anew");
                self.renew(device);
            }
        }
    }
}
