//! The task that owns the swarm: carries wishes in and facts out.
//!
//! It must never touch a disk, decode a message or wait for anything but the network, its two channels and the dial clock.

mod account;
mod direct;
mod kept;
mod listen;
mod wishes;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures::StreamExt;
use haat_protocol::id::DeviceId;
use haat_protocol::limits;
use libp2p::core::ConnectedPoint;
use libp2p::core::transport::ListenerId;
use libp2p::gossipsub::{self, MessageAcceptance};
use libp2p::request_response::{self, Message};
use libp2p::swarm::{ConnectionId, DialError, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm, mdns, ping};
use tokio::time::{Interval, MissedTickBehavior};

use super::address::{self, peer_of};
use super::behaviour::{Behaviour, BehaviourEvent};
use super::codec::Asked;
use super::detours::Detours;
use super::dialer::Target;
use super::request;
use super::supervisor::Alarm;
use super::vocabulary::{Channel, GossipId, GossipVerdict, NetEvent, Severity};

pub(super) use self::kept::Kept;
pub(super) use self::listen::{free, transport_reason};

/// State of the network task during one life of the swarm.
pub(super) struct Driver<'k> {
    swarm: Swarm<Behaviour>,
    alarm: Alarm,
    kept: &'k mut Kept,
    /// Wakes the task, see [`limits::NET_TICK_MS`].
    tick: Interval,
    /// Dials under way.
    dials: HashMap<ConnectionId, Target>,
    /// Connections we made, and where they lead.
    outgoing: HashMap<ConnectionId, (DeviceId, String)>,
    /// Connections that lead through a seed.
    circuits: HashMap<ConnectionId, PeerId>,
    /// Peers whom only a circuit reaches.
    detours: Detours,
    /// Peers disconnected in order to be met anew, and where we had dialled them.
    renewals: HashMap<DeviceId, Vec<String>>,
    /// Listeners by the address they were asked for.
    listeners: HashMap<ListenerId, String>,
    /// Addresses of the swarm before this one that are not free yet.
    listen_again: Vec<String>,
}

/// Whether the task goes on.
enum Next {
    Go,
    Stop,
    /// A task of the swarm panicked: only a new swarm is sound.
    Fall,
}

impl<'k> Driver<'k> {
    pub(super) fn new(swarm: Swarm<Behaviour>, alarm: Alarm, kept: &'k mut Kept) -> Self {
        let mut tick = tokio::time::interval(Duration::from_millis(limits::NET_TICK_MS));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            swarm,
            alarm,
            kept,
            tick,
            dials: HashMap::new(),
            outgoing: HashMap::new(),
            circuits: HashMap::new(),
            detours: Detours::default(),
            renewals: HashMap::new(),
            listeners: HashMap::new(),
            listen_again: Vec::new(),
        }
    }

    /// Runs until told to stop or until nobody is left to talk to. False: a task of the swarm panicked.
    pub(super) async fn run(mut self) -> bool {
        self.begin();
        loop {
            match self.turn().await {
                Next::Go => {}
                Next::Stop => break,
                Next::Fall => return false,
            }
        }
        self.close().await;
        true
    }

    /// Takes over what a swarm before this one was told.
    fn begin(&mut self) {
        for device in self.kept.reputation.banned(Instant::now()) {
            self.swarm.behaviour_mut().barred.block_peer(peer_of(&device));
        }
        let members = self.kept.members.clone();
        self.admit(members);
        for topic in std::mem::take(&mut self.kept.topics) {
            self.subscribe(topic);
        }
        for address in self.kept.listen.clone() {
            self.listen(address);
        }
    }

    /// Waits for one thing and deals with it.
    async fn turn(&mut self) -> Next {
        if !self.kept.backlog.is_empty() {
            return self.deliver().await;
        }
        let due = self.next_dial();
        tokio::select! {
            command = self.kept.commands.recv() => match command {
                None => return Next::Stop,
                Some(command) => return self.obey(command),
            },
            event = self.swarm.select_next_some() => self.happened(event),
            () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now).into()), if due.is_some() => self.dial_due(),
            _ = self.tick.tick() => self.ticked(),
            () = self.alarm.rung() => return Next::Fall,
            () = self.kept.events.closed() => return Next::Stop,
        }
        Next::Go
    }

    /// Gossip sets the clock of its next heartbeat without asking to be woken for it: where nothing else happens, only being
    /// polled again after this tick lets it look after its meshes.
    fn ticked(&mut self) {
        self.release();
        self.look_again();
        for address in std::mem::take(&mut self.listen_again) {
            self.listen(address);
        }
    }

    /// Hands out the oldest fact, or takes a command while there is no room for it.
    async fn deliver(&mut self) -> Next {
        let takes_commands = self.kept.backlog.len() < limits::NET_BACKLOG_MAX;
        let command = tokio::select! {
            room = self.kept.events.reserve() => {
                let (Ok(room), Some(event)) = (room, self.kept.backlog.pop_front()) else { return Next::Stop };
                room.send(event);
                return Next::Go;
            }
            command = self.kept.commands.recv(), if takes_commands => command,
            () = self.alarm.rung() => return Next::Fall,
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

    /// When the next dial is to be made; none while enough are under way.
    fn next_dial(&self) -> Option<Instant> {
        if self.dial_room() == 0 { None } else { self.kept.dialer.next_due() }
    }

    fn dial_room(&self) -> usize {
        (limits::DIALS_UNDERWAY_MAX as usize).saturating_sub(self.dials.len())
    }

    fn dial_due(&mut self) {
        for (target, addresses) in self.kept.dialer.take_due(Instant::now(), self.dial_room()) {
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
            self.kept.dialer.forget(target);
        } else {
            tracing::debug!(?target, reason = %fault, "dial failed");
            self.kept.dialer.failed(target, Instant::now(), luck());
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
            SwarmEvent::NewListenAddr { address, listener_id } => self.listened(listener_id, address),
            SwarmEvent::ExpiredListenAddr { address, .. } => self.unlistened(address),
            SwarmEvent::ListenerClosed { listener_id, reason, addresses } => {
                addresses.into_iter().for_each(|address| self.unlistened(address));
                let reason = reason.err().map_or_else(|| "the listener ended".to_owned(), |fault| fault.to_string());
                if let Some(address) = self.listeners.remove(&listener_id) {
                    self.kept.circuits.remove(&address);
                    self.kept.backlog.push_back(NetEvent::ListenFailed { address, reason });
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
        // Whoever was barred while the handshake was under way.
        if self.kept.reputation.is_banned(&device, Instant::now()) {
            self.part(peer);
        }
        self.prefer_direct(peer, connection, endpoint);
        let address = address::bare(endpoint.get_remote_address());
        let outgoing = endpoint.is_dialer();
        if outgoing {
            self.outgoing.insert(connection, (device, address.clone()));
        }
        if let Some(target) = target {
            self.kept.dialer.reached(&target, device, Instant::now());
        }
        self.kept.dialer.connected(device);
        self.renewals.remove(&device);
        if first {
            self.kept.connected.insert(device);
            self.kept.backlog.push_back(NetEvent::Connected { device, address, outgoing });
        }
    }

    fn closed(&mut self, peer: PeerId, connection: ConnectionId, last: bool) {
        self.outgoing.remove(&connection);
        self.circuits.remove(&connection);
        self.kept.requests.sweep();
        if !last {
            return;
        }
        let Some(device) = address::device_of_peer(&peer) else { return };
        self.kept.connected.remove(&device);
        self.kept.dialer.lost(device, Instant::now(), luck());
        if let Some(addresses) = self.renewals.remove(&device) {
            self.kept.dialer.urge(device, addresses, Instant::now());
        }
        self.kept.backlog.push_back(NetEvent::Disconnected { device });
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
            BehaviourEvent::DirectUpgrade(event) => {
                tracing::debug!(?event, "direct connection");
                if event.result.is_err() {
                    self.no_direct_way(event.remote_peer_id);
                }
            }
            BehaviourEvent::Mdns(mdns::Event::Expired(_)) | BehaviourEvent::Identify(_) | BehaviourEvent::Ping(_) => {}
            BehaviourEvent::Limits(never) | BehaviourEvent::Barred(never) | BehaviourEvent::Doorway(never) => match never {},
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
                    self.offended(device, Severity::Oversize);
                    return;
                }
                if !self.may_gossip(device, message.data.len()) {
                    self.judge(id, &device, GossipVerdict::Ignore);
                    return;
                }
                self.kept.backlog.push_back(NetEvent::Gossip { id, device, topic: message.topic.into_string(), data: message.data });
            }
            gossipsub::Event::Subscribed { peer_id, topic } => {
                if let Some(device) = address::device_of_peer(&peer_id)
                    && self.kept.topics.contains(topic.as_str())
                {
                    self.kept.backlog.push_back(NetEvent::TopicPeer { topic: topic.into_string(), device });
                }
            }
            gossipsub::Event::SlowPeer { peer_id, .. } => tracing::debug!(peer = %peer_id, "slow; gossip for it was dropped"),
            gossipsub::Event::Unsubscribed { .. } | gossipsub::Event::GossipsubNotSupported { .. } => {}
        }
    }

    fn requested(&mut self, channel: Channel, event: request_response::Event<Asked, Vec<u8>>) {
        match event {
            request_response::Event::Message { peer, message: Message::Request { request, channel: reply, .. }, .. } => {
                let Some(device) = address::device_of_peer(&peer) else { return };
                let data = match request {
                    Asked::Whole(data) => data,
                    Asked::Broken(severity) => return self.offended(device, severity),
                };
                if !self.may_ask(device, channel, &data) {
                    return;
                }
                match self.kept.requests.received(channel, reply, data.len()) {
                    Some(id) => self.kept.backlog.push_back(NetEvent::Request { id, device, channel, data }),
                    None => tracing::debug!(device = %device.short(), ?channel, "request dropped: too many wait"),
                }
            }
            request_response::Event::Message { peer, message: Message::Response { request_id, response: data }, .. } => {
                if let Some((id, device)) = self.ended(channel, request_id, &peer) {
                    self.kept.backlog.push_back(NetEvent::Response { id, device, data });
                }
            }
            request_response::Event::OutboundFailure { peer, request_id, error, .. } => {
                if let Some((id, device)) = self.ended(channel, request_id, &peer) {
                    self.kept.backlog.push_back(NetEvent::Failed { id, device, reason: request::reason(&error) });
                }
            }
            request_response::Event::InboundFailure { peer, error, .. } => {
                tracing::debug!(%peer, ?channel, reason = %error, "an incoming request came to nothing");
                self.kept.requests.sweep();
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
        self.kept.backlog.extend(neighbours.into_iter().map(|(device, addresses)| NetEvent::Found { device, addresses }));
    }
}

/// Chance for the pauses between dials; without any they are merely less spread out.
fn luck() -> u64 {
    getrandom::u64().unwrap_or_default()
}
