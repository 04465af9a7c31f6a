//! The gate before gossip: only members meet it, everybody else meets a wall.
//!
//! On connecting, gossipsub tells the other side every topic we take part in. So a peer that shares no circle with us gets a
//! handler that speaks no gossip at all, and gossipsub never hears of that connection. The choice is made once per connection
//! and must never change during it; whoever changes the members makes the connections anew.

use std::collections::{BTreeSet, HashMap};
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::gossipsub;
use libp2p::swarm::derive_prelude::Either;
use libp2p::swarm::{
    ConnectionClosed, ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent, ToSwarm,
    behaviour::ConnectionEstablished, dummy,
};
use libp2p::{Multiaddr, PeerId};

/// Gossipsub as we use it: plain data, a bounded number of topics per peer.
pub(super) type Gossip =
    gossipsub::Behaviour<gossipsub::IdentityTransform, gossipsub::MaxCountSubscriptionFilter<gossipsub::AllowAllSubscriptionFilter>>;

/// Gossip for members only.
pub(super) struct Gate {
    gossip: Gossip,
    /// False: nobody passes (`--no-gossip`).
    open: bool,
    members: BTreeSet<PeerId>,
    /// Every connection, and whether it was let through.
    connections: HashMap<PeerId, HashMap<ConnectionId, bool>>,
}

impl Gate {
    pub(super) fn new(gossip: Gossip, open: bool) -> Self {
        Self { gossip, open, members: BTreeSet::new(), connections: HashMap::new() }
    }

    /// Whether anybody passes at all.
    pub(super) const fn is_open(&self) -> bool {
        self.open
    }

    /// Gossip itself, for subscribing and publishing.
    pub(super) const fn gossip(&mut self) -> &mut Gossip {
        &mut self.gossip
    }

    /// Replaces the members; returns the connected peers whose connections were made under another answer.
    pub(super) fn set_members(&mut self, members: BTreeSet<PeerId>) -> Vec<PeerId> {
        self.members = members;
        let wrong = |(peer, connections): &(&PeerId, &HashMap<ConnectionId, bool>)| {
            let admitted = self.admits(peer);
            connections.values().any(|passed| *passed != admitted)
        };
        self.connections.iter().filter(wrong).map(|(peer, _)| *peer).collect()
    }

    fn admits(&self, peer: &PeerId) -> bool {
        self.open && self.members.contains(peer)
    }

    /// How many connections of this peer gossip knows about.
    fn passed(&self, peer: &PeerId) -> usize {
        self.connections.get(peer).map_or(0, |connections| connections.values().filter(|passed| **passed).count())
    }

    fn note(&mut self, peer: PeerId, connection: ConnectionId, passed: bool) {
        self.connections.entry(peer).or_default().insert(connection, passed);
    }

    /// Removes a connection; says whether it had been let through.
    fn strike(&mut self, peer: &PeerId, connection: ConnectionId) -> bool {
        let Some(connections) = self.connections.get_mut(peer) else {
            return false;
        };
        let passed = connections.remove(&connection).unwrap_or(false);
        if connections.is_empty() {
            self.connections.remove(peer);
        }
        passed
    }
}

impl NetworkBehaviour for Gate {
    type ConnectionHandler = Either<THandler<Gossip>, dummy::ConnectionHandler>;
    type ToSwarm = gossipsub::Event;

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        let admitted = self.admits(&peer);
        let handler = if admitted {
            Either::Left(self.gossip.handle_established_inbound_connection(connection, peer, local, remote)?)
        } else {
            Either::Right(dummy::ConnectionHandler)
        };
        self.note(peer, connection, admitted);
        Ok(handler)
    }

    fn handle_established_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        role: Endpoint,
        port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        let admitted = self.admits(&peer);
        let handler = if admitted {
            Either::Left(self.gossip.handle_established_outbound_connection(connection, peer, address, role, port)?)
        } else {
            Either::Right(dummy::ConnectionHandler)
        };
        self.note(peer, connection, admitted);
        Ok(handler)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionEstablished(fact) => {
                let passed = self.connections.get(&fact.peer_id).and_then(|all| all.get(&fact.connection_id)).copied();
                if passed == Some(true) {
                    // Gossip must count only the connections it knows, else it would not greet on its first one.
                    let other_established = self.passed(&fact.peer_id).saturating_sub(1);
                    self.gossip.on_swarm_event(FromSwarm::ConnectionEstablished(ConnectionEstablished { other_established, ..fact }));
                }
            }
            FromSwarm::ConnectionClosed(fact) => {
                if self.strike(&fact.peer_id, fact.connection_id) {
                    let remaining_established = self.passed(&fact.peer_id);
                    self.gossip.on_swarm_event(FromSwarm::ConnectionClosed(ConnectionClosed { remaining_established, ..fact }));
                }
            }
            FromSwarm::AddressChange(fact) => {
                if self.connections.get(&fact.peer_id).and_then(|all| all.get(&fact.connection_id)) == Some(&true) {
                    self.gossip.on_swarm_event(event);
                }
            }
            _ => self.gossip.on_swarm_event(event),
        }
    }

    fn on_connection_handler_event(&mut self, peer: PeerId, connection: ConnectionId, event: THandlerOutEvent<Self>) {
        match event {
            Either::Left(event) => self.gossip.on_connection_handler_event(peer, connection, event),
            Either::Right(never) => match never {},
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        self.gossip.poll(cx).map(|wish| wish.map_in(Either::Left))
    }
}

#[cfg(test)]
mod tests {
    use libp2p::core::ConnectedPoint;

    use super::*;
    use crate::net::behaviour::gossip;

    /// A peer and its gate, driven as the swarm would.
    struct Scene {
        gate: Gate,
        peer: PeerId,
        endpoint: ConnectedPoint,
        standing: usize,
    }

    impl Scene {
        fn new() -> Self {
            let address: Multiaddr = "/ip4/192.0.2.7/tcp/1".parse().expect("an address");
            let endpoint = ConnectedPoint::Listener { local_addr: address.clone(), send_back_addr: address };
            Self { gate: Gate::new(gossip().expect("settings"), true), peer: PeerId::random(), endpoint, standing: 0 }
        }

        fn open(&mut self, number: usize) -> bool {
            let (connection, address) = (ConnectionId::new_unchecked(number), self.endpoint.get_remote_address().clone());
            let handler = self.gate.handle_established_inbound_connection(connection, self.peer, &address, &address);
            self.gate.on_swarm_event(FromSwarm::ConnectionEstablished(ConnectionEstablished {
                peer_id: self.peer,
                connection_id: connection,
                endpoint: &self.endpoint,
                failed_addresses: &[],
                other_established: self.standing,
            }));
            self.standing += 1;
            matches!(handler.expect("the gate refuses no connection"), Either::Left(_))
        }

        fn close(&mut self, number: usize) {
            self.standing -= 1;
            self.gate.on_swarm_event(FromSwarm::ConnectionClosed(ConnectionClosed {
                peer_id: self.peer,
                connection_id: ConnectionId::new_unchecked(number),
                endpoint: &self.endpoint,
                cause: None,
                remaining_established: self.standing,
            }));
        }

        /// Whether gossip believes that the peer is there.
        fn known(&self) -> bool {
            self.gate.gossip.peer_protocol().count() == 1
        }
    }

    #[test]
    fn gossip_counts_only_what_was_let_through() {
        let mut scene = Scene::new();
        assert!(!scene.open(1) && !scene.known(), "a stranger meets the wall");
        assert_eq!(scene.gate.set_members(BTreeSet::from([scene.peer])), vec![scene.peer]);
        assert!(scene.open(2) && scene.known());
        assert_eq!(scene.gate.passed(&scene.peer), 1);
        scene.close(2);
        assert!(!scene.known(), "the wall that still stands is not a way to reach the peer");
        assert!(scene.open(3) && scene.known());
        scene.close(1);
        assert!(scene.known(), "a fallen wall takes nothing with it");
        assert!(scene.gate.set_members(BTreeSet::from([scene.peer])).is_empty(), "every connection is as it should be");
        assert_eq!(scene.gate.set_members(BTreeSet::new()), vec![scene.peer]);
        scene.close(3);
        assert!(!scene.known() && scene.gate.connections.is_empty());
    }

    #[test]
    fn a_closed_gate_admits_nobody() {
        let mut scene = Scene::new();
        scene.gate.open = false;
        assert!(scene.gate.set_members(BTreeSet::from([scene.peer])).is_empty());
        assert!(!scene.open(1) && !scene.known());
        assert!(scene.gate.set_members(BTreeSet::from([scene.peer])).is_empty(), "no use in meeting anew");
    }
}
