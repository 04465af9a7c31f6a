//! The task that owns the swarm: carries wishes in and facts out.
//!
//! It must never touch a disk, decode a message or wait for anything but the network, its two channels and the dial clock.

mod wishes;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr, TcpListener, UdpSocket};
use std::time::{Duration, Instant};

use futures::StreamExt;
use haat_protocol::id::DeviceId;
use haat_protocol::limits;
use libp2p::core::ConnectedPoint;
use libp2p::core::transport::{ListenerId, TransportError};
use libp2p::gossipsub::{self, MessageAcceptance};
use libp2p::multiaddr::Protocol;
use libp2p::request_response::{self, Message};
use libp2p::swarm::{ConnectionId, DialError, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm, mdns, ping};
use tokio::sync::mpsc;

use super::address;
use super::behaviour::{Behaviour, BehaviourEvent};
use super::dialer::{Dialer, Target};
use super::request::{self, Requests};
use super::vocabulary::{Channel, GossipId, NetCommand, NetEvent};

/// State of the network task.
pub(super) struct Driver {
    swarm: Swarm<Behaviour>,
    commands: mpsc::Receiver<NetCommand>,
    events: mpsc::Sender<NetEvent>,
    /// Facts that wait for room in `events`; while there are any, the network is not read.
    backlog: VecDeque<NetEvent>,
    requests: Requests,
    dialer: Dialer,
    /// Dials under way.
    dials: HashMap<ConnectionId, Target>,
    /// Connections we made, and where they lead.
    outgoing: HashMap<ConnectionId, (DeviceId, String)>,
    /// Peers disconnected in order to be met anew, and where we had dialled them.
    renewals: HashMap<DeviceId, Vec<String>>,
    /// Topics we take part in.
    topics: BTreeSet<String>,
    /// Listeners by the address they were asked for.
    listeners: HashMap<ListenerId, String>,
}

/// Whether the task goes on.
enum Next {
    Go,
    Stop,
}

impl Driver {
    pub(super) fn new(swarm: Swarm<Behaviour>, commands: mpsc::Receiver<NetCommand>, events: mpsc::Sender<NetEvent>) -> Self {
        Self {
            swarm,
            commands,
            events,
            backlog: VecDeque::new(),
            requests: Requests::default(),
            dialer: Dialer::default(),
            dials: HashMap::new(),
            outgoing: HashMap::new(),
            renewals: HashMap::new(),
            topics: BTreeSet::new(),
            listeners: HashMap::new(),
        }
    }

    /// Runs until told to stop or until nobody is left to talk to.
    pub(super) async fn run(mut self, listen: Vec<String>) {
        for address in listen {
            self.listen(address);
        }
        while matches!(self.turn().await, Next::Go) {}
        self.close().await;
    }

    /// Waits for one thing and deals with it.
    async fn turn(&mut self) -> Next {
        if !self.backlog.is_empty() {
            return self.deliver().await;
        }
        let due = self.next_dial();
        tokio::select! {
            command = self.commands.recv() => match command {
                None => return Next::Stop,
                Some(command) => return self.obey(command),
            },
            event = self.swarm.select_next_some() => self.happened(event),
            () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now).into()), if due.is_some() => self.dial_due(),
            () = self.events.closed() => return Next::Stop,
        }
        Next::Go
    }

    /// Hands out the oldest fact, or takes a command while there is no room for it.
    async fn deliver(&mut self) -> Next {
        let takes_commands = self.backlog.len() < limits::NET_BACKLOG_MAX;
        let command = tokio::select! {
            room = self.events.reserve() => {
                let (Ok(room), Some(event)) = (room, self.backlog.pop_front()) else { return Next::Stop };
                room.send(event);
                return Next::Go;
            }
            command = self.commands.recv(), if takes_commands => command,
        };
        command.map_or(Next::Stop, |command| self.obey(command))
    }

    /// Says goodbye to everybody, for a moment at most. The reader of the events is not needed any more.
    async fn close(mut self) {
        let peers: Vec<PeerId> = self.swarm.connected_peers().copied().collect();
        for peer in peers {
            self.part(peer);
        }
        let farewell = async {
            while self.swarm.network_info().num_peers() > 0 {
                self.swarm.select_next_some().await;
            }
        };
        if tokio::time::timeout(Duration::from_millis(limits::NET_STOP_MS), farewell).await.is_err() {
            tracing::debug!("some connections were cut when the network stopped");
        }
    }

    fn unlistened(&mut self, address: Multiaddr) {
        let whole = address.with_p2p(*self.swarm.local_peer_id()).unwrap_or_else(|other| other);
        self.backlog.push_back(NetEvent::Unlistened { address: whole.to_string() });
    }

    fn listen(&mut self, text: String) {
        if self.listeners.values().any(|other| *other == text) {
            return;
        }
        let opened = address::read(&text).map_err(|fault| fault.to_string()).and_then(|(wire, _)| {
            free(&wire)?;
            self.swarm.listen_on(wire).map_err(|fault| transport_reason(&fault))
        });
        match opened {
            Ok(listener) => {
                self.listeners.insert(listener, text);
            }
            Err(reason) => self.backlog.push_back(NetEvent::ListenFailed { address: text, reason }),
        }
    }

    /// When the next dial is to be made; none while enough are under way.
    fn next_dial(&self) -> Option<Instant> {
        if self.dial_room() == 0 { None } else { self.dialer.next_due() }
    }

    fn dial_room(&self) -> usize {
        (limits::DIALS_UNDERWAY_MAX as usize).saturating_sub(self.dials.len())
    }

    fn dial_due(&mut self) {
        for (target, addresses) in self.dialer.take_due(Instant::now(), self.dial_room()) {
            let options = wishes::dial_options(&target, &addresses);
            let connection = options.connection_id();
            match self.swarm.dial(options) {
                Ok(()) => {
                    self.dials.insert(connection, target);
                }
                Err(fault) => self.dial_failed(&target, &fault),
            }
        }
    }

    fn dial_failed(&mut self, target: &Target, fault: &DialError) {
        if matches!(fault, DialError::LocalPeerId { .. }) {
            tracing::debug!(?target, "that is our own address; not dialled again");
            self.dialer.forget(target);
        } else {
            tracing::debug!(?target, reason = %fault, "dial failed");
            self.dialer.failed(target, Instant::now(), luck());
        }
    }

    fn part(&mut self, peer: PeerId) {
        if self.swarm.disconnect_peer_id(peer).is_err() {
            tracing::debug!(%peer, "was not connected");
        }
    }

    fn happened(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(event) => self.said(event),
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, endpoint, num_established, .. } => {
                self.established(peer_id, connection_id, &endpoint, num_established.get() == 1);
            }
            SwarmEvent::ConnectionClosed { peer_id, connection_id, num_established, cause, .. } => {
                tracing::debug!(peer = %peer_id, left = num_established, cause = ?cause.map(|cause| cause.to_string()), "connection closed");
                self.closed(peer_id, connection_id, num_established == 0);
            }
            SwarmEvent::OutgoingConnectionError { connection_id, error, .. } => {
                if let Some(target) = self.dials.remove(&connection_id) {
                    self.dial_failed(&target, &error);
                }
            }
            SwarmEvent::IncomingConnectionError { error, .. } => tracing::debug!(reason = %error, "incoming connection refused"),
            SwarmEvent::NewListenAddr { address, .. } => {
                let whole = address.with_p2p(*self.swarm.local_peer_id()).unwrap_or_else(|other| other);
                self.backlog.push_back(NetEvent::Listening { address: whole.to_string() });
            }
            SwarmEvent::ExpiredListenAddr { address, .. } => self.unlistened(address),
            SwarmEvent::ListenerClosed { listener_id, reason, addresses } => {
                addresses.into_iter().for_each(|address| self.unlistened(address));
                let reason = reason.err().map_or_else(|| "the listener ended".to_owned(), |fault| fault.to_string());
                if let Some(address) = self.listeners.remove(&listener_id) {
                    self.backlog.push_back(NetEvent::ListenFailed { address, reason });
                }
            }
            SwarmEvent::ListenerError { error, .. } => tracing::warn!(reason = %error, "listener"),
            _ => {}
        }
    }

    fn established(&mut self, peer: PeerId, connection: ConnectionId, endpoint: &ConnectedPoint, first: bool) {
        let target = self.dials.remove(&connection);
        let Some(device) = address::device_of_peer(&peer) else {
            tracing::debug!(%peer, "not a Haat device");
            self.part(peer);
            return;
        };
        let address = address::bare(endpoint.get_remote_address());
        let outgoing = endpoint.is_dialer();
        if outgoing {
            self.outgoing.insert(connection, (device, address.clone()));
        }
        if let Some(target) = target {
            self.dialer.reached(&target, device, Instant::now());
        }
        self.dialer.connected(device);
        self.renewals.remove(&device);
        if first {
            self.backlog.push_back(NetEvent::Connected { device, address, outgoing });
        }
    }

    fn closed(&mut self, peer: PeerId, connection: ConnectionId, last: bool) {
        self.outgoing.remove(&connection);
        self.requests.sweep();
        if !last {
            return;
        }
        let Some(device) = address::device_of_peer(&peer) else { return };
        self.dialer.lost(device, Instant::now(), luck());
        if let Some(addresses) = self.renewals.remove(&device) {
            self.dialer.urge(device, addresses, Instant::now());
        }
        self.backlog.push_back(NetEvent::Disconnected { device });
    }

    fn said(&mut self, event: BehaviourEvent) {
        match event {
            BehaviourEvent::Gossip(event) => self.gossiped(event),
            BehaviourEvent::Sync(event) => self.requested(Channel::Sync, event),
            BehaviourEvent::Direct(event) => self.requested(Channel::Direct, event),
            BehaviourEvent::Meet(event) => self.requested(Channel::Meet, event),
            BehaviourEvent::Mdns(mdns::Event::Discovered(found)) => self.found(found),
            BehaviourEvent::Ping(ping::Event { peer, connection, result: Err(fault) }) if !matches!(fault, ping::Failure::Unsupported) => {
                tracing::debug!(%peer, reason = %fault, "the peer does not answer any more");
                self.swarm.close_connection(connection);
            }
            BehaviourEvent::Relay(event) => tracing::debug!(?event, "relay"),
            BehaviourEvent::DirectUpgrade(event) => tracing::debug!(?event, "direct connection"),
            BehaviourEvent::Mdns(mdns::Event::Expired(_)) | BehaviourEvent::Identify(_) | BehaviourEvent::Ping(_) => {}
            BehaviourEvent::Limits(never) => match never {},
        }
    }

    fn gossiped(&mut self, event: gossipsub::Event) {
        match event {
            gossipsub::Event::Message { propagation_source: peer, message_id, message } => {
                let id = <[u8; 20]>::try_from(message_id.0.as_slice()).map(GossipId);
                let (Ok(id), Some(device)) = (id, address::device_of_peer(&peer)) else { return };
                if message.data.len() > limits::GOSSIP_MAX_BYTES {
                    tracing::debug!(device = %device.short(), bytes = message.data.len(), "gossip refused: too long");
                    self.swarm.behaviour_mut().gossip.gossip().report_message_validation_result(
                        &message_id,
                        &peer,
                        MessageAcceptance::Reject,
                    );
                    return;
                }
                self.backlog.push_back(NetEvent::Gossip { id, device, topic: message.topic.into_string(), data: message.data });
            }
            gossipsub::Event::Subscribed { peer_id, topic } => {
                if let Some(device) = address::device_of_peer(&peer_id)
                    && self.topics.contains(topic.as_str())
                {
                    self.backlog.push_back(NetEvent::TopicPeer { topic: topic.into_string(), device });
                }
            }
            gossipsub::Event::SlowPeer { peer_id, .. } => tracing::debug!(peer = %peer_id, "slow; gossip for it was dropped"),
            gossipsub::Event::Unsubscribed { .. } | gossipsub::Event::GossipsubNotSupported { .. } => {}
        }
    }

    fn requested(&mut self, channel: Channel, event: request_response::Event<Vec<u8>, Vec<u8>>) {
        match event {
            request_response::Event::Message { peer, message: Message::Request { request: data, channel: reply, .. }, .. } => {
                let Some(device) = address::device_of_peer(&peer) else { return };
                match self.requests.received(channel, reply) {
                    Some(id) => self.backlog.push_back(NetEvent::Request { id, device, channel, data }),
                    None => tracing::debug!(device = %device.short(), ?channel, "request dropped: too many wait"),
                }
            }
            request_response::Event::Message { peer, message: Message::Response { request_id, response: data }, .. } => {
                let id = self.requests.ended(channel, request_id);
                if let (Some(id), Some(device)) = (id, address::device_of_peer(&peer)) {
                    self.backlog.push_back(NetEvent::Response { id, device, data });
                }
            }
            request_response::Event::OutboundFailure { peer, request_id, error, .. } => {
                let id = self.requests.ended(channel, request_id);
                if let (Some(id), Some(device)) = (id, address::device_of_peer(&peer)) {
                    self.backlog.push_back(NetEvent::Failed { id, device, reason: request::reason(&error) });
                }
            }
            request_response::Event::InboundFailure { peer, error, .. } => {
                tracing::debug!(%peer, ?channel, reason = %error, "an incoming request came to nothing");
                self.requests.sweep();
            }
            request_response::Event::ResponseSent { .. } => {}
        }
    }

    fn found(&mut self, found: Vec<(PeerId, Multiaddr)>) {
        let mut neighbours: HashMap<DeviceId, Vec<String>> = HashMap::new();
        for (peer, address) in found {
            if let Some(device) = address::device_of_peer(&peer)
                && let Ok((address, _)) = address::parse_remote(&address::bare(&address))
            {
                let addresses = neighbours.entry(device).or_default();
                if addresses.len() < limits::ADDRESSES_MAX && !addresses.contains(&address) {
                    addresses.push(address);
                }
            }
        }
        self.backlog.extend(neighbours.into_iter().map(|(device, addresses)| NetEvent::Found { device, addresses }));
    }
}

/// Checks that nobody listens on a definite port. The TCP transport shares ports for the sake of dialling from them, so without
/// this two nodes would both listen and each get some of the connections. Any other trouble is left to the transport to tell.
pub(super) fn free(address: &Multiaddr) -> Result<(), String> {
    let (mut host, mut tcp, mut udp): (Option<IpAddr>, u16, u16) = (None, 0, 0);
    for part in address {
        match part {
            Protocol::Ip4(ip) => host = Some(ip.into()),
            // A socket on `::` would take the IPv4 port too; whoever listens on `::` is found on the loopback address as well.
            Protocol::Ip6(ip) if ip.is_unspecified() => host = Some(Ipv6Addr::LOCALHOST.into()),
            Protocol::Ip6(ip) => host = Some(ip.into()),
            Protocol::Tcp(port) => tcp = port,
            Protocol::Udp(port) => udp = port,
            // The host and port are the relay's.
            Protocol::P2pCircuit => return Ok(()),
            _ => {}
        }
    }
    let opened = match (host, tcp, udp) {
        (Some(host), 1.., _) => TcpListener::bind((host, tcp)).err(),
        (Some(host), _, 1..) => UdpSocket::bind((host, udp)).err(),
        _ => None,
    };
    match opened {
        Some(fault) if fault.kind() == std::io::ErrorKind::AddrInUse => Err(format!("port {} is in use", tcp.max(udp))),
        _ => Ok(()),
    }
}

/// Why the transport does not listen, without the words around it.
pub(super) fn transport_reason(fault: &TransportError<std::io::Error>) -> String {
    match fault {
        TransportError::Other(fault) => fault.to_string(),
        TransportError::MultiaddrNotSupported(address) => format!("nothing here speaks {address}"),
    }
}

/// Chance for the pauses between dials; without any they are merely less spread out.
fn luck() -> u64 {
    getrandom::u64().unwrap_or_default()
}
