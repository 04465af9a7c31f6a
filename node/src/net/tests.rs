//! Real nodes over TCP on 127.0.0.1: every wait is for an event and bounded, nothing sleeps, no port is fixed.

use std::collections::BTreeSet;
use std::time::Duration;

use haat_protocol::id::DeviceId;
use haat_protocol::limits;
use libp2p::identity::Keypair;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use super::*;

mod circles;
mod dial;
mod flood;
mod gossip;
mod hostile;
mod meshsub;
mod request;
mod restart;
mod transport;

/// Patience with one event: far more than it takes, so that a loaded machine does not fail a test.
const PATIENCE: Duration = Duration::from_secs(30);
const TOPIC: &str = "AAAAAAAAAAAAAAAAAAAAAA";

struct Node {
    device: DeviceId,
    commands: mpsc::Sender<NetCommand>,
    events: mpsc::Receiver<NetEvent>,
    task: JoinHandle<()>,
    /// Events that somebody waited past.
    seen: Vec<NetEvent>,
}

impl Node {
    async fn start(seed: u8) -> (Self, String) {
        let mut node = Self::start_at(seed, "/ip4/127.0.0.1/tcp/0", true);
        let address = node.until(|event| if let NetEvent::Listening { address } = event { Some(address.clone()) } else { None }).await;
        (node, address)
    }

    fn start_at(seed: u8, listen: &str, gossip: bool) -> Self {
        let config = NetConfig { device_seed: Zeroizing::new([seed; 32]), listen: vec![listen.into()], mdns: false, gossip };
        assert!(!format!("{config:?}").contains("seed"), "secrets are not printed");
        let (sender, events) = mpsc::channel(16);
        let (commands, task) = start(config, sender).unwrap();
        Self { device: device(seed), commands, events, task, seen: Vec::new() }
    }

    async fn tell(&self, command: NetCommand) {
        self.commands.send(command).await.expect("the network task runs");
    }

    /// The first event that `pick` takes, past or to come.
    async fn until<T>(&mut self, mut pick: impl FnMut(&NetEvent) -> Option<T>) -> T {
        if let Some(at) = self.seen.iter().position(|event| pick(event).is_some()) {
            return pick(&self.seen.remove(at)).unwrap();
        }
        loop {
            let event = tokio::time::timeout(PATIENCE, self.events.recv()).await;
            let event = event.unwrap_or_else(|_| panic!("waited in vain; saw {:?}", self.seen)).expect("the network task runs");
            match pick(&event) {
                Some(found) => return found,
                None => self.seen.push(event),
            }
        }
    }

    async fn see(&mut self, expected: NetEvent) {
        self.until(|event| (*event == expected).then_some(())).await;
    }

    async fn dial(&self, device: Option<DeviceId>, address: &str) {
        self.tell(NetCommand::Dial { device, addresses: vec![address.into()] }).await;
    }

    /// Address and direction of the connection with `other`.
    async fn connected(&mut self, other: DeviceId) -> (String, bool) {
        self.until(|event| match event {
            NetEvent::Connected { device, address, outgoing } if *device == other => Some((address.clone(), *outgoing)),
            _ => None,
        })
        .await
    }

    async fn members(&self, others: &[DeviceId]) {
        self.tell(NetCommand::Members { devices: others.iter().copied().collect::<BTreeSet<_>>() }).await;
    }

    async fn subscribe(&self) {
        self.tell(NetCommand::Subscribe { topic: TOPIC.into() }).await;
    }

    async fn publish(&self, data: &[u8]) {
        self.tell(NetCommand::Publish { topic: TOPIC.into(), data: data.into() }).await;
    }

    async fn topic_peer(&mut self, other: DeviceId) {
        self.see(NetEvent::TopicPeer { topic: TOPIC.into(), device: other }).await;
    }

    /// The next gossip message, judged.
    async fn hear(&mut self, verdict: GossipVerdict) -> (DeviceId, Vec<u8>) {
        let (id, device, topic, data) = self
            .until(|event| match event {
                NetEvent::Gossip { id, device, topic, data } => Some((*id, *device, topic.clone(), data.clone())),
                _ => None,
            })
            .await;
        assert_eq!(topic, TOPIC);
        self.tell(NetCommand::Verdict { id, device, verdict }).await;
        (device, data)
    }

    async fn ask(&self, id: u64, device: DeviceId, channel: Channel, data: Vec<u8>) {
        self.tell(NetCommand::Request { id, device, channel, data }).await;
    }

    async fn asked(&mut self) -> (ResponseId, DeviceId, Channel, Vec<u8>) {
        self.until(|event| match event {
            NetEvent::Request { id, device, channel, data } => Some((*id, *device, *channel, data.clone())),
            _ => None,
        })
        .await
    }

    async fn answer(&self, id: ResponseId, data: Vec<u8>) {
        self.tell(NetCommand::Respond { id, data }).await;
    }

    async fn failed(&mut self, expected: u64) -> String {
        self.until(|event| match event {
            NetEvent::Failed { id, reason, .. } if *id == expected => Some(reason.clone()),
            _ => None,
        })
        .await
    }

    /// Proves that requests still pass from here to `other`.
    async fn still_talks_to(&mut self, other: &mut Self, id: u64) {
        self.ask(id, other.device, Channel::Sync, b"well?".to_vec()).await;
        let (ticket, from, channel, data) = other.asked().await;
        assert_eq!((from, channel, data.as_slice()), (self.device, Channel::Sync, b"well?".as_slice()));
        other.answer(ticket, b"well.".to_vec()).await;
        self.see(NetEvent::Response { id, device: other.device, data: b"well.".to_vec() }).await;
    }

    async fn stop(self) {
        let Self { commands, task, mut events, .. } = self;
        commands.send(NetCommand::Stop).await.unwrap();
        tokio::time::timeout(PATIENCE, task).await.expect("the task ends in time").expect("the task did not panic");
        while events.recv().await.is_some() {}
    }
}

fn device(seed: u8) -> DeviceId {
    DeviceId(Keypair::ed25519_from_bytes([seed; 32]).unwrap().public().try_into_ed25519().unwrap().to_bytes())
}

async fn pair(first: u8, second: u8) -> (Node, Node, String) {
    let (mut a, _) = Node::start(first).await;
    let (mut b, address) = Node::start(second).await;
    a.dial(Some(b.device), &address).await;
    a.connected(b.device).await;
    b.connected(a.device).await;
    (a, b, address)
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn the_task_ends_when_nobody_is_left_to_talk_to() {
    let (a, _) = Node::start(35).await;
    drop(a.commands);
    tokio::time::timeout(PATIENCE, a.task).await.expect("ends without commands").unwrap();
    let (b, _) = Node::start(36).await;
    drop(b.events);
    tokio::time::timeout(PATIENCE, b.task).await.expect("ends without a reader").unwrap();
}

#[test]
fn a_runtime_is_needed() {
    let config = NetConfig { device_seed: Zeroizing::new([1; 32]), listen: vec![], mdns: false, gossip: true };
    assert!(matches!(start(config, mpsc::channel(1).0), Err(NetError::NoRuntime)));
}
