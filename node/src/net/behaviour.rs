//! Which protocols the node speaks and with what settings. Settings that both ends must share are protocol parameters:
//! changing one of them splits the network. Nothing here may act on an event.

use std::pin::Pin;
use std::time::Duration;

use haat_protocol::limits;
use libp2p::allow_block_list::{self, BlockedPeers};
use libp2p::connection_limits::{self, ConnectionLimits};
use libp2p::gossipsub::{self, MessageAuthenticity, MessageId, ValidationMode};
use libp2p::identity::{Keypair, PublicKey};
use libp2p::request_response::{self, ProtocolSupport};
use libp2p::swarm::NetworkBehaviour;
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::{PeerId, StreamProtocol, Swarm, SwarmBuilder, dcutr, identify, mdns, noise, ping, quic, relay, tcp, yamux};

use super::NetError;
use super::codec::{Frames, Room};
use super::doorway::Doorway;
use super::gate::{Gate, Gossip};
use super::supervisor::Alarm;

const SYNC_PROTOCOL: StreamProtocol = StreamProtocol::new("/haat/sync/0");
const DIRECT_PROTOCOL: StreamProtocol = StreamProtocol::new("/haat/direct/0");
pub(super) const MEET_PROTOCOL: StreamProtocol = StreamProtocol::new("/haat/meet/0");
/// Names the network, not the build: a version would tell strangers which faults to try.
const NETWORK_PROTOCOL: &str = "/haat/0";
const AGENT: &str = "haat";
/// Heartbeats that a message may wait for its verdict.
const HISTORY_BEATS: usize = 12;
/// First heartbeat, so that a mesh forms soon after the start.
const FIRST_BEAT: Duration = Duration::from_millis(200);

/// Everything the node speaks. The limits come first: what they refuse, nobody after them has seen. Nobody after the gate
/// may refuse a connection, because gossip would keep a record of it.
#[derive(NetworkBehaviour)]
pub(super) struct Behaviour {
    limits: connection_limits::Behaviour,
    /// Who is barred for a while.
    pub(super) barred: allow_block_list::Behaviour<BlockedPeers>,
    /// How many who are no members.
    pub(super) doorway: Doorway,
    /// Does nothing until a `/p2p-circuit` address is listened on or dialled.
    relay: relay::client::Behaviour,
    pub(super) gossip: Gate,
    pub(super) sync: request_response::Behaviour<Frames>,
    pub(super) direct: request_response::Behaviour<Frames>,
    pub(super) meet: request_response::Behaviour<Frames>,
    identify: identify::Behaviour,
    ping: ping::Behaviour,
    mdns: Toggle<mdns::tokio::Behaviour>,
    /// Does nothing until a connection through a relay stands.
    direct_upgrade: dcutr::Behaviour,
}

/// Makes the swarm: TCP with Noise and Yamux, QUIC, connections through relays, and the protocols on top. Of the addresses
/// of one peer QUIC is tried first, TCP a moment later, a relay last; whichever stands first is taken.
pub(super) fn swarm(keys: Keypair, with_mdns: bool, with_gossip: bool, alarm: Alarm) -> Result<Swarm<Behaviour>, NetError> {
    let gate = Gate::new(gossip()?, with_gossip);
    let me = keys.public().to_peer_id();
    let mdns = neighbours(me, with_mdns);
    let identity = identity(keys.public());
    let room = Room::default();
    let behaviour = |relay| Behaviour {
        limits: connection_limits::Behaviour::new(connection_limits()),
        barred: allow_block_list::Behaviour::default(),
        doorway: Doorway::new(limits::STRANGERS_IN_MAX),
        relay,
        gossip: gate,
        sync: requests(SYNC_PROTOCOL, ProtocolSupport::Full, &room),
        direct: requests(DIRECT_PROTOCOL, ProtocolSupport::Full, &room),
        meet: requests(MEET_PROTOCOL, ProtocolSupport::Outbound, &room),
        identify: identify::Behaviour::new(identity),
        ping: ping::Behaviour::default(),
        mdns,
        direct_upgrade: dcutr::Behaviour::new(me),
    };
    let builder = SwarmBuilder::with_existing_identity(keys)
        .with_tokio()
        .with_tcp(tcp::Config::new().nodelay(true), noise::Config::new, streams)
        .map_err(|fault| NetError::Transport(fault.to_string()))?
        .with_quic_config(quic_windows)
        .with_relay_client(noise::Config::new, streams)
        .map_err(|fault| NetError::Transport(fault.to_string()))?
        .with_behaviour(|_, relay| behaviour(relay))
        .map_err(|fault| NetError::Protocol(fault.to_string()))?;
    let idle = Duration::from_millis(limits::CONNECTION_IDLE_MS);
    let watched = move |task: Pin<Box<dyn Future<Output = ()> + Send>>| alarm.watch(task);
    let config = libp2p::swarm::Config::with_executor(watched);
    Ok(builder
        .with_swarm_config(|_| {
            config
                .with_idle_connection_timeout(idle)
                .with_max_negotiating_inbound_streams(limits::STREAMS_NEGOTIATING_MAX)
                .with_smart_dial()
        })
        .build())
}

/// How many streams a peer may have open on one connection over TCP.
pub(super) fn streams() -> yamux::Config {
    let mut config = yamux::Config::default();
    config.set_max_num_streams(limits::STREAMS_MAX);
    config
}

/// What a peer may have under way on one QUIC connection: one full answer per stream, a few streams full at once.
fn quic_windows(mut config: quic::Config) -> quic::Config {
    config.max_stream_data = limits::QUIC_STREAM_MAX_BYTES;
    config.max_connection_data = limits::QUIC_CONNECTION_MAX_BYTES;
    config.max_concurrent_stream_limit = u32::try_from(limits::STREAMS_MAX).expect("a small number");
    config
}

fn connection_limits() -> ConnectionLimits {
    ConnectionLimits::default()
        .with_max_pending_incoming(Some(limits::HANDSHAKES_MAX))
        .with_max_pending_outgoing(Some(limits::DIALS_UNDERWAY_MAX))
        .with_max_established_incoming(Some(limits::CONNECTIONS_IN_MAX))
        .with_max_established_outgoing(Some(limits::CONNECTIONS_OUT_MAX))
        .with_max_established_per_peer(Some(limits::CONNECTIONS_PER_PEER_MAX))
}

/// Gossip without authors: our own signatures are inside, and forwarders learn nothing more.
pub(super) fn gossip() -> Result<Gossip, NetError> {
    let refused = |fault: &dyn std::fmt::Display| NetError::Protocol(format!("gossip: {fault}"));
    let config = gossipsub::ConfigBuilder::default()
        .validation_mode(ValidationMode::Anonymous)
        .validate_messages()
        .history_length(HISTORY_BEATS)
        .message_id_fn(|message| MessageId::new(&message_id(message.topic.as_str(), &message.data)))
        .max_control_message_size(limits::GOSSIP_CONTROL_MAX_BYTES)
        .max_transmit_size(limits::GOSSIP_PACKET_MAX_BYTES)
        .duplicate_cache_time(Duration::from_millis(limits::GOSSIP_MEMORY_MS))
        .heartbeat_initial_delay(FIRST_BEAT)
        .mesh_n(6)
        .mesh_n_low(4)
        .mesh_n_high(12)
        .mesh_outbound_min(2)
        .flood_publish(true)
        .build()
        .map_err(|fault| refused(&fault))?;
    let filter = gossipsub::MaxCountSubscriptionFilter {
        filter: gossipsub::AllowAllSubscriptionFilter {},
        max_subscribed_topics: limits::TOPICS_PER_PEER_MAX,
        max_subscriptions_per_request: limits::TOPICS_PER_PEER_MAX,
    };
    Gossip::new_with_subscription_filter(MessageAuthenticity::Anonymous, config, filter).map_err(|fault| refused(&fault))
}

/// The first 20 bytes of BLAKE3 over topic and data; the topic's length goes first, so that no two pairs read the same.
pub(super) fn message_id(topic: &str, data: &[u8]) -> [u8; 20] {
    let mut hash = blake3::Hasher::new();
    hash.update(&(topic.len() as u64).to_be_bytes()).update(topic.as_bytes()).update(data);
    let mut id = [0; 20];
    hash.finalize_xof().fill(&mut id);
    id
}

pub(super) fn requests(protocol: StreamProtocol, support: ProtocolSupport, room: &Room) -> request_response::Behaviour<Frames> {
    let config = request_response::Config::default()
        .with_request_timeout(Duration::from_millis(limits::REQUEST_TIMEOUT_MS))
        .with_max_concurrent_streams(limits::REQUEST_STREAMS_MAX);
    request_response::Behaviour::with_codec(Frames::new(room.clone()), [(protocol, support)], config)
}

/// Says as little as the protocol allows: no listen addresses, no version, and no cache of what others say.
pub(super) fn identity(key: PublicKey) -> identify::Config {
    identify::Config::new(NETWORK_PROTOCOL.to_owned(), key)
        .with_agent_version(AGENT.to_owned())
        .with_hide_listen_addrs(true)
        .with_cache_size(0)
}

/// Looks for neighbours if asked to. A machine without multicast is no fault: the node then runs without.
fn neighbours(me: PeerId, wanted: bool) -> Toggle<mdns::tokio::Behaviour> {
    let found = wanted.then(|| mdns::tokio::Behaviour::new(mdns::Config::default(), me));
    match found.transpose() {
        Ok(mdns) => mdns.into(),
        Err(fault) => {
            tracing::warn!(reason = %fault, "no discovery on the local network");
            None.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_ids_do_not_run_together() {
        assert_eq!(message_id("ab", b"c"), message_id("ab", b"c"));
        assert_ne!(message_id("ab", b"c"), message_id("a", b"bc"));
        assert_ne!(message_id("", b"abc"), message_id("abc", b""));
        assert_ne!(message_id("t", b"x"), message_id("t", b"y"));
    }

    #[test]
    fn gossip_settings_hold_together() {
        assert!(gossip().is_ok());
        const {
            let greeting = limits::TOPICS_PER_PEER_MAX * 32;
            assert!(greeting < limits::GOSSIP_CONTROL_MAX_BYTES);
            assert!(limits::GOSSIP_CONTROL_MAX_BYTES < limits::GOSSIP_PACKET_MAX_BYTES);
            // Twice: while keys change, a node stays on the topic of before for a while.
            assert!(limits::CIRCLES_MAX * 2 <= limits::TOPICS_PER_PEER_MAX);
            assert!(limits::GOSSIP_MAX_BYTES * 3 / 2 < limits::GOSSIP_PACKET_MAX_BYTES);
        }
    }
}
