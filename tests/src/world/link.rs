//! Connections: wishes to dial, links that stand or fall, partitions, and who may gossip over a link.

use haat_node::net::{NetEvent, peer_text};
use haat_protocol::id::DeviceId;

use super::{Due, World};

/// First port of the nodes: node `n` listens on this plus `n`.
const PORT: usize = 4_000;
/// Ports that incoming connections are seen from.
const FAR_PORT: usize = 40_000;
/// Pause before a dial that failed is tried again.
const REDIAL_MS: u64 = 1_500;
/// Longest time until both ends notice that a connection is dead one way.
const HALF_DEAD_MS: u64 = 20_000;

/// A connection between two nodes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    /// Whether the lower, and the higher, let the other one into gossip when the link was made.
    pub(super) admitted: [bool; 2],
    /// Which of all links this is: what was under way on an earlier one does not arrive on a later one.
    pub(super) number: u64,
}

pub(super) fn pair(a: usize, b: usize) -> (usize, usize) {
    (a.min(b), a.max(b))
}

fn address(port: usize) -> String {
    format!("/ip4/127.0.0.1/tcp/{port}")
}

impl World {
    /// What the node tells itself about where it listens.
    pub(super) fn listening(&self, who: usize) -> NetEvent {
        NetEvent::Listening { address: format!("{}/p2p/{}", address(PORT + who), peer_text(&self.nodes[who].device())) }
    }

    fn node_at(&self, address: &str) -> Option<usize> {
        let port: usize = address.split('/').nth(4)?.parse().ok()?;
        port.checked_sub(PORT).filter(|number| *number < self.nodes.len())
    }

    pub(super) fn node_of(&self, device: &DeviceId) -> Option<usize> {
        self.nodes.iter().position(|node| node.device() == *device)
    }

    pub(super) fn dial(&mut self, who: usize, device: Option<DeviceId>, addresses: Vec<String>) {
        let there = addresses.iter().find_map(|address| self.node_at(address)).map(|number| self.nodes[number].device());
        let Some(device) = device.or(there) else { return };
        self.nodes[who].wishes.insert(device, addresses);
        self.attempt_in(who, device, 1);
    }

    fn attempt_in(&mut self, who: usize, device: DeviceId, least_ms: u64) {
        if self.nodes[who].wishes.contains_key(&device) && self.nodes[who].attempts.insert(device) {
            let wait = least_ms + self.latency();
            self.later(wait, Due::Attempt { from: who, life: self.nodes[who].life, device });
        }
    }

    pub(super) fn attempt(&mut self, who: usize, device: DeviceId) {
        self.nodes[who].attempts.remove(&device);
        let Some(addresses) = self.nodes[who].wishes.get(&device) else { return };
        let named = addresses.iter().find_map(|address| self.node_at(address));
        let found = if addresses.is_empty() { self.node_of(&device) } else { named };
        match found.filter(|other| self.nodes[*other].device() == device && self.reaches(who, *other)) {
            Some(other) if self.links.contains_key(&pair(who, other)) => {}
            Some(other) => self.connect(who, other),
            None => self.attempt_in(who, device, REDIAL_MS),
        }
    }

    fn reaches(&self, a: usize, b: usize) -> bool {
        a != b
            && self.nodes[a].engine.is_some()
            && self.nodes[b].engine.is_some()
            && !self.blocked.contains(&(a, b))
            && !self.blocked.contains(&(b, a))
    }

    /// Whether what was sent over this link arrives.
    pub(super) fn arrives(&self, from: usize, to: usize, number: u64) -> bool {
        !self.blocked.contains(&(from, to)) && self.links.get(&pair(from, to)).is_some_and(|link| link.number == number)
    }

    fn connect(&mut self, from: usize, to: usize) {
        let (low, high) = pair(from, to);
        let admits = |one: usize, other: usize| self.nodes[one].members.contains(&self.nodes[other].device());
        self.link_number += 1;
        let link = Link { admitted: [admits(low, high), admits(high, low)], number: self.link_number };
        self.links.insert((low, high), link);
        for (one, other, port, outgoing) in [(from, to, PORT + to, true), (to, from, FAR_PORT + from, false)] {
            let device = self.nodes[other].device();
            self.tell(one, 0, NetEvent::Connected { device, address: address(port), outgoing });
        }
        let topics: Vec<String> = self.nodes[low].topics.iter().cloned().collect();
        for topic in topics {
            self.meet_in(&topic, low, high);
        }
    }

    /// Ends a link; wishes to be connected outlive it.
    pub(super) fn separate(&mut self, a: usize, b: usize) {
        if self.links.remove(&pair(a, b)).is_none() {
            return;
        }
        for (one, other) in [(a, b), (b, a)] {
            let device = self.nodes[other].device();
            self.tell(one, 0, NetEvent::Disconnected { device });
            self.fail_asks(one, other);
            if self.nodes[one].engine.is_some() {
                self.attempt_in(one, device, REDIAL_MS);
            }
        }
    }

    pub(super) fn neighbours(&self, who: usize) -> Vec<usize> {
        (0..self.nodes.len()).filter(|other| *other != who && self.links.contains_key(&pair(who, *other))).collect()
    }

    /// Whether gossip flows over the link of these two.
    pub(super) fn gossips(&self, a: usize, b: usize) -> bool {
        self.conduct.gossip && self.links.get(&pair(a, b)).is_some_and(|link| link.admitted == [true, true])
    }

    /// Links made under another answer about who may gossip are made anew.
    pub(super) fn follow_members(&mut self, who: usize) {
        for other in self.neighbours(who) {
            let admits = self.nodes[who].members.contains(&self.nodes[other].device());
            let side = usize::from(who > other);
            if self.links.get(&pair(who, other)).is_some_and(|link| link.admitted[side] != admits) {
                self.separate(who, other);
            }
        }
    }

    /// Cuts the world in two: these nodes, and all others. Connections between the two break at once.
    pub fn partition(&mut self, apart: &[usize]) {
        self.heal();
        for a in 0..self.nodes.len() {
            for b in (0..self.nodes.len()).filter(|b| apart.contains(&a) != apart.contains(b)) {
                self.blocked.insert((a, b));
                self.separate(a, b);
            }
        }
    }

    /// Nothing arrives on the way from one node to another any more, while the other way works. What is connected stays so until
    /// somebody notices; new connections are not made.
    pub fn block(&mut self, from: usize, to: usize) {
        if from != to && self.blocked.insert((from, to)) {
            let (wait, link) = (self.chance.between(1_000, HALF_DEAD_MS), self.links.get(&pair(from, to)).map(|link| link.number));
            if let Some(link) = link {
                self.later(wait, Due::Starved { a: from, b: to, link });
            }
        }
    }

    /// A connection that is dead one way is noticed to be.
    pub(super) fn starve(&mut self, a: usize, b: usize, number: u64) {
        let is_blocked = [(a, b), (b, a)].iter().any(|way| self.blocked.contains(way));
        if is_blocked && self.links.get(&pair(a, b)).is_some_and(|link| link.number == number) {
            self.separate(a, b);
        }
    }

    /// Opens every way again.
    pub fn heal(&mut self) {
        self.blocked.clear();
    }
}
