//! Further devices of a person: a node of its own with a key of its own, under the same identity. What the person decides about them
//! is signed by the root, at the person's first node.

use haat_node::store::{Table, Tx};
use haat_node::view::fork::log_of;
use haat_node::view::known;
use haat_protocol::admit::Head;
use haat_protocol::codec::decode_own;
use haat_protocol::identity::{Chain, Change, LogEnd, blind_log, consent};
use haat_protocol::time::SECOND_MS;

use super::node::Node;
use super::store::SimStore;
use super::{Due, World};

impl World {
    /// A person gets a further device, which agrees; it starts at once and is in no circle yet. Says which node it is.
    pub fn add_device(&mut self, of: usize, store: SimStore) -> usize {
        let number = self.nodes.len();
        let mut node = Node::new(self.seed, number, &format!("{}'s other", self.nodes[of].name), store);
        let agreed = consent(&node.me.pair, self.nodes[of].me.id());
        let change = Change::AddDevice { device: node.me.device(), consent: agreed };
        let person = &mut self.nodes[of].me;
        let mut chain = person.identity.chain().clone();
        chain.append(person.root.as_ref().expect("a first device has the root"), change, self.now);
        person.identity = chain.verify().expect("a chain that was added to holds");
        node.me.identity = person.identity.clone();
        node.me.root = None;
        node.me.name.clone_from(&person.name);
        self.nodes.push(node);
        self.guard.grow();
        self.later(1, Due::Start(number));
        number
    }

    /// The person takes the device back: what of its logs is held at the first node stands. That node tells it when it starts again.
    pub fn revoke_device(&mut self, of: usize, device: usize) {
        let change = Change::RevokeDevice { device: self.nodes[device].device(), cuts: self.ends(of, device) };
        let held = {
            let snapshot = self.kept(of);
            known::own_chain(&Tx::new(&*snapshot), &self.nodes[of].me)
        };
        let person = &mut self.nodes[of].me;
        let mut chain: Chain =
            if held.operations.len() > person.identity.chain().operations.len() { held } else { person.identity.chain().clone() };
        chain.append(person.root.as_ref().expect("a first device has the root"), change, self.now);
        person.identity = chain.verify().expect("a chain that was added to holds");
        self.revoked.insert(device);
        self.crash_for(of, SECOND_MS);
    }

    /// Whether a node's device was taken back by its person.
    #[must_use]
    pub fn is_revoked(&self, who: usize) -> bool {
        self.revoked.contains(&who)
    }

    /// The ends of a device's logs, as far as a node holds them.
    fn ends(&self, of: usize, device: usize) -> Vec<LogEnd> {
        let snapshot = self.kept(of);
        let rows = Tx::new(&*snapshot).prefix(Table::Head, &[]);
        let heads = rows.iter().filter_map(|(key, row)| Some((log_of(key)?, decode_own::<Head>(row).ok()?)));
        let own = heads.filter(|(log, _)| log.device == self.nodes[device].device());
        own.map(|(log, head)| LogEnd { log: blind_log(&log.space, &log.device, log.number), seq: head.seq, id: head.id }).collect()
    }
}
