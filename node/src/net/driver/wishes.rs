//! What each command does. No command may block, and none that fails may stop the task.

use std::collections::BTreeSet;
use std::time::Instant;

use haat_protocol::id::DeviceId;
use haat_protocol::limits;
use libp2p::gossipsub::{IdentTopic, MessageAcceptance, MessageId};
use libp2p::request_response::OutboundRequestId;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::{Multiaddr, PeerId};

use super::super::address::{device_of_peer, peer_of};
use super::super::codec::Asked;
use super::super::dialer::Target;
use super::super::vocabulary::{Channel, GossipId, GossipVerdict, NetCommand, NetEvent, ResponseId, Severity};
use super::{Driver, Next};

impl Driver<'_> {
    pub(super) fn obey(&mut self, command: NetCommand) -> Next {
        match command {
            NetCommand::Dial { device, addresses } => self.kept.want(device, &addresses),
            NetCommand::Forget { device } => self.kept.dialer.forget(&Target::Device(device)),
            NetCommand::Disconnect { device } => self.part(peer_of(&device)),
            NetCommand::Members { devices } => self.admit(devices),
            NetCommand::Subscribe { topic } => self.subscribe(topic),
            NetCommand::Unsubscribe { topic } => {
                self.kept.topics.remove(&topic);
                self.swarm.behaviour_mut().gossip.gossip().unsubscribe(&IdentTopic::new(topic));
            }
            NetCommand::Publish { topic, data } => self.publish(topic, data),
            NetCommand::Verdict { id, device, verdict } => {
                self.judge(id, &device, verdict);
                match verdict {
                    GossipVerdict::Accept => self.kept.reputation.pleased(device, Instant::now()),
                    GossipVerdict::Ignore => {}
                    GossipVerdict::Reject => self.offended(device, Severity::Malformed),
                }
            }
            NetCommand::Misbehaved { device, severity } => self.offended(device, severity),
            #[cfg(test)]
            NetCommand::Panic => panic!("told to"),
            #[cfg(test)]
            NetCommand::PanicInTask => self.alarm.watch(Box::pin(async { panic!("told to") })),
            NetCommand::Request { id, device, channel, data } => self.ask(id, device, channel, data),
            NetCommand::Respond { id, data } => self.respond(id, data),
            NetCommand::Listen { address } => {
                self.kept.circuits.insert(address.clone());
                self.listen(address);
            }
            NetCommand::Stop => return Next::Stop,
        }
        Next::Go
    }

    pub(super) fn admit(&mut self, devices: BTreeSet<DeviceId>) {
        let members: BTreeSet<PeerId> = devices.iter().map(peer_of).collect();
        self.kept.members = devices;
        let behaviour = self.swarm.behaviour_mut();
        behaviour.doorway.set_members(members.clone());
        let wrong: Vec<PeerId> = behaviour.gossip.set_members(members);
        for peer in wrong {
            let Some(device) = device_of_peer(&peer) else { continue };
            tracing::debug!(device = %device.short(), "membership changed: the connection is made anew");
            self.renew(device);
        }
    }

    /// Disconnects a device in order to meet it anew, where it was dialled before.
    pub(super) fn renew(&mut self, device: DeviceId) {
        let known = self.outgoing.values().filter(|(other, _)| *other == device).map(|(_, address)| address.clone()).collect();
        self.renewals.insert(device, known);
        self.part(peer_of(&device));
    }

    pub(super) fn subscribe(&mut self, topic: String) {
        if self.kept.topics.len() >= limits::TOPICS_PER_PEER_MAX && !self.kept.topics.contains(&topic) {
            tracing::warn!(max = limits::TOPICS_PER_PEER_MAX, "not subscribed: too many topics");
            return;
        }
        let gossip = self.swarm.behaviour_mut().gossip.gossip();
        match gossip.subscribe(&IdentTopic::new(topic.clone())) {
            Err(fault) => tracing::warn!(reason = %fault, "not subscribed"),
            Ok(false) => {}
            Ok(true) => {
                let takes_part = |(peer, topics): (&PeerId, Vec<_>)| {
                    let there = topics.iter().any(|other: &&libp2p::gossipsub::TopicHash| other.as_str() == topic);
                    there.then(|| device_of_peer(peer)).flatten()
                };
                let there: Vec<DeviceId> = gossip.all_peers().filter_map(takes_part).collect();
                self.kept.backlog.extend(there.into_iter().map(|device| NetEvent::TopicPeer { topic: topic.clone(), device }));
                self.kept.topics.insert(topic);
            }
        }
    }

    /// A publish that fails is only logged: gossip is a hint, and sync delivers.
    fn publish(&mut self, topic: String, data: Vec<u8>) {
        if data.len() > limits::GOSSIP_MAX_BYTES {
            tracing::warn!(bytes = data.len(), max = limits::GOSSIP_MAX_BYTES, "not gossiped: too long");
            return;
        }
        let gate = &mut self.swarm.behaviour_mut().gossip;
        if !gate.is_open() {
            return;
        }
        if let Err(fault) = gate.gossip().publish(IdentTopic::new(topic), data) {
            tracing::debug!(reason = %fault, "not gossiped");
        }
    }

    pub(super) fn judge(&mut self, id: GossipId, device: &DeviceId, verdict: GossipVerdict) {
        let acceptance = match verdict {
            GossipVerdict::Accept => MessageAcceptance::Accept,
            GossipVerdict::Ignore => MessageAcceptance::Ignore,
            GossipVerdict::Reject => MessageAcceptance::Reject,
        };
        let gossip = self.swarm.behaviour_mut().gossip.gossip();
        if !gossip.report_message_validation_result(&MessageId::new(&id.0), &peer_of(device), acceptance) {
            tracing::debug!(device = %device.short(), "the verdict came too late for the message to be passed on");
        }
    }

    /// Sends a request, or lets it wait for its turn: so many at once leave from here that what the other side asks finds a stream too.
    fn ask(&mut self, id: u64, device: DeviceId, channel: Channel, data: Vec<u8>) {
        let peer = peer_of(&device);
        let refusal = if data.len() > limits::REQUEST_MAX_BYTES {
            Some(format!("a request of {} bytes where at most {} are allowed", data.len(), limits::REQUEST_MAX_BYTES))
        } else if !self.swarm.is_connected(&peer) {
            Some("not connected".to_owned())
        } else if !self.kept.requests.has_room() {
            Some("too many requests are under way".to_owned())
        } else {
            None
        };
        if let Some(reason) = refusal {
            self.kept.backlog.push_back(NetEvent::Failed { id, device, reason });
            return;
        }
        if self.kept.requests.must_wait(channel, &device) {
            self.kept.requests.queued(channel, device, id, data);
            return;
        }
        let behaviour = self.swarm.behaviour_mut();
        let wire = match channel {
            Channel::Sync => behaviour.sync.send_request(&peer, Asked::Whole(data)),
            Channel::Direct => behaviour.direct.send_request(&peer, Asked::Whole(data)),
            Channel::Meet => behaviour.meet.send_request(&peer, Asked::Whole(data)),
        };
        self.kept.requests.sent(channel, wire, (id, device));
    }

    /// A request of ours ended: the next one in its line takes its place. Which one ended.
    pub(super) fn ended(&mut self, channel: Channel, wire: OutboundRequestId, peer: &PeerId) -> Option<(u64, DeviceId)> {
        let id = self.kept.requests.ended(channel, wire)?;
        let device = device_of_peer(peer)?;
        // One that is refused at once leaves its place to the one behind it.
        while !self.kept.requests.must_wait(channel, &device)
            && let Some((id, data)) = self.kept.requests.next(channel, device)
        {
            self.ask(id, device, channel, data);
        }
        Some((id, device))
    }

    fn respond(&mut self, id: ResponseId, data: Vec<u8>) {
        let Some((channel, reply)) = self.kept.requests.take(id) else {
            tracing::debug!("the answer came too late");
            return;
        };
        if data.len() > limits::RESPONSE_MAX_BYTES {
            tracing::warn!(bytes = data.len(), max = limits::RESPONSE_MAX_BYTES, "not answered: the answer is too long");
            return;
        }
        let behaviour = self.swarm.behaviour_mut();
        let sent = match channel {
            Channel::Sync => behaviour.sync.send_response(reply, data),
            Channel::Direct => behaviour.direct.send_response(reply, data),
            Channel::Meet => behaviour.meet.send_response(reply, data),
        };
        if sent.is_err() {
            tracing::debug!("the asker did not wait for the answer");
        }
    }
}

/// How to dial a target. Every dial leaves from a port of its own: dialling from the listening port would make a lost
/// connection wait for the old one to be forgotten by the kernel.
pub(super) fn dial_options(target: &Target, addresses: &[String]) -> DialOpts {
    let wire = |text: &String| text.parse::<Multiaddr>().expect("only addresses that were read become wishes");
    match target {
        Target::Device(device) => DialOpts::peer_id(peer_of(device))
            .condition(PeerCondition::DisconnectedAndNotDialing)
            .allocate_new_port()
            .addresses(addresses.iter().map(wire).collect())
            .build(),
        Target::Address(address) => DialOpts::unknown_peer_id().address(wire(address)).allocate_new_port().build(),
    }
}
