//! Traffic: gossip that is lost, doubled and overtaken; requests that are lost, or whose answer is. Nothing arrives over a link
//! that is not the one it was sent on.

use std::rc::Rc;

use haat_node::net::{Channel, GossipId, GossipVerdict, NetCommand, NetEvent, ResponseId};
use haat_protocol::crypto::{Context, hash};

use super::link::pair;
use super::{Due, World};

/// To how many of its neighbours in a topic a node passes a message on: gossip is a mesh, not a flood.
const MESH: usize = 8;
/// How long an asker waits for an answer.
const PATIENCE_MS: u64 = 4_000;

/// A request as it travels.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) from: usize,
    pub(super) life: u64,
    pub(super) id: u64,
    pub(super) to: usize,
    pub(super) link: u64,
}

fn gossip_id(topic: &str, data: &[u8]) -> GossipId {
    let mut id = [0; 20];
    id.copy_from_slice(&hash(Context::Stream, &[topic.as_bytes(), data])[..20]);
    GossipId(id)
}

impl World {
    /// Does what a node wishes of the network.
    pub(super) fn carry(&mut self, who: usize, command: NetCommand) {
        match command {
            NetCommand::Dial { device, addresses } => self.dial(who, device, addresses),
            NetCommand::Forget { device } => {
                self.nodes[who].wishes.remove(&device);
            }
            NetCommand::Disconnect { device } => {
                if let Some(other) = self.node_of(&device) {
                    self.separate(who, other);
                }
            }
            NetCommand::Members { devices } => {
                self.nodes[who].members = devices;
                self.follow_members(who);
            }
            NetCommand::Subscribe { topic } => {
                self.nodes[who].topics.insert(topic.clone());
                for other in self.neighbours(who) {
                    self.meet_in(&topic, who, other);
                }
            }
            NetCommand::Unsubscribe { topic } => {
                self.nodes[who].topics.remove(&topic);
            }
            NetCommand::Publish { topic, data } => {
                self.nodes[who].seen.insert(gossip_id(&topic, &data));
                self.spread(who, None, &topic, &data);
            }
            NetCommand::Verdict { id, device, verdict } => {
                let heard = self.nodes[who].heard.remove(&id);
                if let (GossipVerdict::Accept, Some((topic, data))) = (verdict, heard) {
                    let source = self.node_of(&device);
                    self.spread(who, source, &topic, &data);
                }
                if verdict == GossipVerdict::Reject && self.node_of(&device) != self.hostile() {
                    self.rejected += 1;
                }
            }
            NetCommand::Request { id, device, channel, data } => self.ask(who, id, &device, (channel, data)),
            NetCommand::Respond { id, data } => self.respond(id, data),
            // There are no seeds in this world, so nobody listens through one.
            NetCommand::Listen { .. } => {}
            // Nobody misbehaves here but on purpose; bans are the network's own matter.
            NetCommand::Misbehaved { .. } => {}
            NetCommand::Stop => self.crash(who),
        }
    }

    /// Two linked nodes that take part in one topic hear of each other.
    pub(super) fn meet_in(&mut self, topic: &str, a: usize, b: usize) {
        let both = [a, b].iter().all(|who| self.nodes[*who].topics.contains(topic));
        if both && self.gossips(a, b) {
            for (one, other) in [(a, b), (b, a)] {
                let (wait, device) = (self.latency(), self.nodes[other].device());
                self.tell(one, wait, NetEvent::TopicPeer { topic: topic.to_owned(), device });
            }
        }
    }

    /// All others, those first that a node would have in its mesh of a topic. Which those are is settled by the topic and the two, the
    /// same from both sides.
    fn preferred(&mut self, who: usize, topic: &str) -> Rc<[usize]> {
        let many = self.nodes.len();
        let known = self.preferred.get(&(who, topic.to_owned())).filter(|others| others.len() + 1 == many);
        if let Some(others) = known {
            return Rc::clone(others);
        }
        let mut others: Vec<usize> = (0..many).filter(|other| *other != who).collect();
        others.sort_by_cached_key(|other| {
            let (low, high) = pair(who, *other);
            hash(Context::Stream, &[topic.as_bytes(), &low.to_be_bytes(), &high.to_be_bytes()])
        });
        let others: Rc<[usize]> = others.into();
        self.preferred.insert((who, topic.to_owned()), Rc::clone(&others));
        others
    }

    fn spread(&mut self, who: usize, source: Option<usize>, topic: &str, data: &[u8]) {
        let preferred = self.preferred(who, topic);
        let takes_part =
            |other: &usize| self.gossips(who, *other) && [who, *other].iter().all(|node| self.nodes[*node].topics.contains(topic));
        let mesh: Vec<usize> = preferred.iter().copied().filter(takes_part).take(MESH).collect();
        for other in mesh {
            if Some(other) == source || self.chance.permille(self.faults.gossip_loss) {
                continue;
            }
            let copies = 1 + u64::from(self.chance.permille(self.faults.duplicates));
            let link = self.links[&pair(who, other)].number;
            for copy in 0..copies {
                let wait = self.latency();
                let gossip = Due::Gossip { from: who, to: other, link, again: copy > 0, topic: topic.to_owned(), data: data.to_vec() };
                self.later(wait, gossip);
            }
        }
    }

    pub(super) fn gossip(&mut self, (from, to): (usize, usize), again: bool, topic: String, data: Vec<u8>) {
        let id = gossip_id(&topic, &data);
        let is_new = self.nodes[to].seen.insert(id);
        if self.nodes[to].topics.contains(&topic) && (is_new || again) {
            self.nodes[to].heard.insert(id, (topic.clone(), data.clone()));
            let device = self.nodes[from].device();
            self.tell(to, 0, NetEvent::Gossip { id, device, topic, data });
        }
    }

    fn ask(&mut self, who: usize, id: u64, device: &haat_protocol::id::DeviceId, (channel, data): (Channel, Vec<u8>)) {
        let linked = self.node_of(device).and_then(|to| Some((to, self.links.get(&pair(who, to))?.number)));
        let life = self.nodes[who].life;
        let Some((to, link)) = linked else {
            self.tell(who, 1, NetEvent::Failed { id, device: *device, reason: "not connected".into() });
            return;
        };
        let ask = Ask { from: who, life, id, to, link };
        self.asks.insert((who, life, id), to);
        self.later(PATIENCE_MS, Due::Impatient(ask.clone()));
        if !self.chance.permille(self.faults.request_loss / 2) {
            let wait = self.latency();
            self.later(wait, Due::Asked { ask, channel, data });
        }
    }

    pub(super) fn asked(&mut self, ask: Ask, channel: Channel, data: Vec<u8>) {
        self.next_response += 1;
        let id = ResponseId(self.next_response);
        let device = self.nodes[ask.from].device();
        let to = ask.to;
        self.responses.insert(self.next_response, ask);
        self.tell(to, 0, NetEvent::Request { id, device, channel, data });
    }

    fn respond(&mut self, id: ResponseId, data: Vec<u8>) {
        let Some(ask) = self.responses.remove(&id.0) else { return };
        if !self.chance.permille(self.faults.request_loss.div_ceil(2)) {
            let wait = self.latency();
            self.later(wait, Due::Answered { ask, data });
        }
    }

    pub(super) fn answered(&mut self, ask: &Ask, data: Vec<u8>) {
        if self.asks.remove(&(ask.from, ask.life, ask.id)).is_some() {
            let device = self.nodes[ask.to].device();
            self.tell(ask.from, 0, NetEvent::Response { id: ask.id, device, data });
        }
    }

    pub(super) fn impatient(&mut self, ask: &Ask) {
        if self.asks.remove(&(ask.from, ask.life, ask.id)).is_some() {
            let device = self.nodes[ask.to].device();
            self.tell(ask.from, 0, NetEvent::Failed { id: ask.id, device, reason: "no answer in time".into() });
        }
    }

    /// Everything that one node has asked another one fails.
    pub(super) fn fail_asks(&mut self, from: usize, to: usize) {
        let gone: Vec<(usize, u64, u64)> = self.asks.iter().filter(|((f, ..), t)| *f == from && **t == to).map(|(key, _)| *key).collect();
        for (from, life, id) in gone {
            self.asks.remove(&(from, life, id));
            if self.nodes[from].life == life {
                let device = self.nodes[to].device();
                self.tell(from, 0, NetEvent::Failed { id, device, reason: "the connection was lost".into() });
            }
        }
    }
}
