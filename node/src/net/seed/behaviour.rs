//! Which protocols a seed speaks and with what settings: the board, circuits, a word about reachability. Nothing here may act on
//! an event.

use std::num::NonZeroU32;
use std::time::Duration;

use haat_protocol::limits;
use libp2p::connection_limits::{self, ConnectionLimits};
use libp2p::identity::Keypair;
use libp2p::request_response::{self, ProtocolSupport};
use libp2p::swarm::NetworkBehaviour;
use libp2p::{Swarm, SwarmBuilder, autonat, identify, noise, ping, relay, tcp, yamux};

use super::tape::{Tape, Taped};
use crate::net::NetError;
use crate::net::behaviour::{MEET_PROTOCOL, identity, requests};
use crate::net::codec::{Frames, Room};

/// Everything a seed speaks. The limits come first: what they refuse, nobody after them has seen.
#[derive(NetworkBehaviour)]
pub(super) struct Behaviour {
    limits: connection_limits::Behaviour,
    pub(super) meet: request_response::Behaviour<Frames>,
    relay: relay::Behaviour,
    reachability: autonat::v2::server::Behaviour,
    identify: identify::Behaviour,
    ping: ping::Behaviour,
}

/// Makes the swarm: TCP, Noise, Yamux, QUIC unless everything is written down, and the protocols on top.
pub(super) fn swarm(keys: Keypair, tape: Option<Tape>) -> Result<Swarm<Behaviour>, NetError> {
    let me = keys.public().to_peer_id();
    let behaviour = Behaviour {
        limits: connection_limits::Behaviour::new(connection_limits()),
        meet: requests(MEET_PROTOCOL, ProtocolSupport::Inbound, &Room::default()),
        relay: relay::Behaviour::new(me, circuits()),
        reachability: autonat::v2::server::Behaviour::default(),
        identify: identify::Behaviour::new(identity(keys.public())),
        ping: ping::Behaviour::default(),
    };
    let idle = Duration::from_millis(limits::CONNECTION_IDLE_MS);
    let tcp = tcp::Config::new().nodelay(true);
    let transport = |fault: noise::Error| NetError::Transport(fault.to_string());
    let builder = SwarmBuilder::with_existing_identity(keys).with_tokio();
    let swarm = match tape {
        Some(tape) => builder
            .with_tcp(tcp, |keys: &Keypair| Taped::new(keys, tape), yamux::Config::default)
            .map_err(transport)?
            .with_behaviour(|_| behaviour)
            .map_err(|never| match never {})?
            .with_swarm_config(|config| config.with_idle_connection_timeout(idle))
            .build(),
        None => builder
            .with_tcp(tcp, noise::Config::new, yamux::Config::default)
            .map_err(transport)?
            .with_quic()
            .with_behaviour(|_| behaviour)
            .map_err(|never| match never {})?
            .with_swarm_config(|config| config.with_idle_connection_timeout(idle))
            .build(),
    };
    Ok(swarm)
}

fn connection_limits() -> ConnectionLimits {
    ConnectionLimits::default()
        .with_max_pending_incoming(Some(limits::HANDSHAKES_MAX))
        .with_max_pending_outgoing(Some(limits::DIALS_UNDERWAY_MAX))
        .with_max_established(Some(limits::SEED_CONNECTIONS_MAX))
        .with_max_established_per_peer(Some(limits::CONNECTIONS_PER_PEER_MAX))
}

/// What a circuit may carry, and how often one may be made.
fn circuits() -> relay::Config {
    let refill = Duration::from_millis(limits::SEED_REFILL_MS);
    let per_peer = NonZeroU32::new(limits::SEED_BURST_PER_PEER).expect("a burst is more than nothing");
    let per_ip = NonZeroU32::new(limits::SEED_BURST_PER_IP).expect("a burst is more than nothing");
    let config = relay::Config {
        max_reservations: limits::SEED_RESERVATIONS_MAX,
        reservation_duration: Duration::from_millis(limits::SEED_RESERVATION_MS),
        reservation_rate_limiters: Vec::new(),
        max_circuits: limits::SEED_CIRCUITS_MAX,
        // The library lets one more than this through.
        max_circuits_per_peer: limits::SEED_CIRCUITS_PER_PEER_MAX - 1,
        max_circuit_duration: Duration::from_millis(limits::SEED_CIRCUIT_MS),
        max_circuit_bytes: limits::SEED_CIRCUIT_BYTES,
        circuit_src_rate_limiters: Vec::new(),
        ..relay::Config::default()
    };
    config
        .reservation_rate_per_peer(per_peer, refill)
        .reservation_rate_per_ip(per_ip, refill)
        .circuit_src_per_peer(per_peer, refill)
        .circuit_src_per_ip(per_ip, refill)
}
