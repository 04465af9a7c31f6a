//! How many strangers may be connected at once. A key costs nothing, and each connection may make a node keep what nobody has
//! read yet; so those who are no members share a few places, and never take a member's.
//!
//! It must never close a connection, only refuse a new one.

use std::collections::{BTreeSet, HashMap};
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::{
    ConnectionClosed, ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent, ToSwarm,
    dummy,
};
use libp2p::{Multiaddr, PeerId};

/// Why a connection was refused.
#[derive(Debug, thiserror::Error)]
#[error("too many strangers are connected")]
struct Crowded;

/// The places for strangers.
pub(super) struct Doorway {
    max: usize,
    members: BTreeSet<PeerId>,
    /// Every connection that others made.
    incoming: HashMap<ConnectionId, PeerId>,
}

impl Doorway {
    /// A doorway with room for `max` connections of strangers.
    pub(super) fn new(max: usize) -> Self {
        Self { max, members: BTreeSet::new(), incoming: HashMap::new() }
    }

    /// Replaces those who are no strangers.
    pub(super) fn set_members(&mut self, members: BTreeSet<PeerId>) {
        self.members = members;
    }

    fn admits(&self, peer: &PeerId) -> bool {
        let strangers = || self.incoming.values().filter(|peer| !self.members.contains(*peer)).count();
        self.members.contains(peer) || strangers() < self.max
    }
}

impl NetworkBehaviour for Doorway {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = std::convert::Infallible;

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        if !self.admits(&peer) {
            return Err(ConnectionDenied::new(Crowded));
        }
        // A behaviour behind this one may still refuse it; then it is told as a failure to listen.
        self.incoming.insert(connection, peer);
        Ok(dummy::ConnectionHandler)
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(dummy::ConnectionHandler)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionClosed(ConnectionClosed { connection_id, .. }) => {
                self.incoming.remove(&connection_id);
            }
            FromSwarm::ListenFailure(failure) => {
                self.incoming.remove(&failure.connection_id);
            }
            _ => {}
        }
    }

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}
