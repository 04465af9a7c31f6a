//! A direct way beside a circuit: the circuit is given back to its seed, which has few of them and ends each after a while.

use libp2p::PeerId;
use libp2p::core::ConnectedPoint;
use libp2p::swarm::ConnectionId;

use super::Driver;

impl Driver<'_> {
    /// Closes the circuits to a peer once it is reached directly. What was under way on them fails and is asked for again.
    pub(super) fn prefer_direct(&mut self, peer: PeerId, connection: ConnectionId, endpoint: &ConnectedPoint) {
        if endpoint.is_relayed() {
            self.circuits.insert(connection, peer);
            return;
        }
        let spare: Vec<ConnectionId> = self.circuits.iter().filter(|(_, other)| **other == peer).map(|(id, _)| *id).collect();
        for circuit in spare {
            tracing::debug!(%peer, "reached directly: the circuit is given back");
            self.swarm.close_connection(circuit);
        }
    }
}
