//! Real nodes over TCP on 127.0.0.1: every wait is for an event and bounded, nothing sleeps, no port is fixed.

use std::collections::BTreeSet;
use std::time::Duration;

use haat_protocol::id::DeviceId;
use haat_protocol::limits;
use libp2p::identity::Keypair;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use super::*;

mod hostile;
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
async fn two_nodes_ask_each_other_on_both_channels() {
    let (mut a, _) = Node::start(1).await;
    let (mut b, address) = Node::start(2).await;
    assert_eq!(parse_address(&address).unwrap().1, Some(b.device), "the address says whose it is");
    a.dial(None, &address).await;
    let (seen, outgoing) = a.connected(b.device).await;
    assert_eq!((seen, outgoing), (parse_address(&address).unwrap().0, true));
    assert!(!b.connected(a.device).await.1);

    a.ask(7, b.device, Channel::Sync, vec![1; limits::REQUEST_MAX_BYTES]).await;
    let (ticket, from, channel, data) = b.asked().await;
    assert_eq!((from, channel, data), (a.device, Channel::Sync, vec![1; limits::REQUEST_MAX_BYTES]));
    b.answer(ticket, vec![2; limits::RESPONSE_MAX_BYTES]).await;
    a.see(NetEvent::Response { id: 7, device: b.device, data: vec![2; limits::RESPONSE_MAX_BYTES] }).await;

    b.ask(7, a.device, Channel::Direct, vec![]).await;
    let (ticket, from, channel, data) = a.asked().await;
    assert_eq!((from, channel, data), (b.device, Channel::Direct, vec![]));
    a.answer(ticket, vec![]).await;
    b.see(NetEvent::Response { id: 7, device: a.device, data: vec![] }).await;
    a.stop().await;
    b.stop().await;
}

#[tokio::test]
async fn what_cannot_be_sent_fails_and_nothing_else_does() {
    let (mut a, mut b, _) = pair(3, 4).await;
    a.ask(1, b.device, Channel::Direct, vec![0; limits::REQUEST_MAX_BYTES + 1]).await;
    assert!(a.failed(1).await.contains("131073 bytes"));
    a.still_talks_to(&mut b, 2).await;

    a.ask(3, b.device, Channel::Direct, vec![9]).await;
    let (ticket, ..) = b.asked().await;
    b.answer(ticket, vec![0; limits::RESPONSE_MAX_BYTES + 1]).await;
    assert!(a.failed(3).await.contains("stream"), "an answer that is too long is no answer");
    b.answer(ticket, vec![1]).await;
    a.still_talks_to(&mut b, 4).await;
    b.still_talks_to(&mut a, 5).await;

    a.ask(6, device(99), Channel::Sync, vec![]).await;
    assert_eq!(a.failed(6).await, "not connected");
}

#[tokio::test]
async fn gossip_goes_on_only_when_accepted() {
    let (mut a, _) = Node::start(10).await;
    let (mut b, b_address) = Node::start(11).await;
    let (mut c, _) = Node::start(12).await;
    for node in [&a, &b, &c] {
        node.members(&[a.device, b.device, c.device]).await;
        node.subscribe().await;
    }
    a.dial(Some(b.device), &b_address).await;
    c.dial(Some(b.device), &b_address).await;
    a.topic_peer(b.device).await;
    b.topic_peer(a.device).await;
    b.topic_peer(c.device).await;
    c.topic_peer(b.device).await;

    a.publish(b"one").await;
    assert_eq!(b.hear(GossipVerdict::Accept).await, (a.device, b"one".to_vec()));
    assert_eq!(c.hear(GossipVerdict::Accept).await, (b.device, b"one".to_vec()), "passed on by the one in the middle");

    a.publish(b"two").await;
    assert_eq!(b.hear(GossipVerdict::Ignore).await.1, b"two");
    a.publish(b"three").await;
    assert_eq!(b.hear(GossipVerdict::Reject).await.1, b"three");
    a.publish(&vec![0; limits::GOSSIP_MAX_BYTES + 1]).await;
    let longest = vec![4; limits::GOSSIP_MAX_BYTES];
    a.publish(&longest).await;
    assert_eq!(b.hear(GossipVerdict::Accept).await.1, longest);
    assert_eq!(c.hear(GossipVerdict::Accept).await.1, longest, "neither the ignored nor the rejected one came before it");
}

#[tokio::test]
async fn strangers_hear_nothing_until_they_are_members() {
    let (mut a, mut b, _) = pair(13, 14).await;
    a.subscribe().await;
    b.subscribe().await;
    a.members(&[]).await;
    a.still_talks_to(&mut b, 1).await;
    b.still_talks_to(&mut a, 2).await;
    let met = |event: &NetEvent| matches!(event, NetEvent::TopicPeer { .. } | NetEvent::Disconnected { .. });
    assert!(!a.seen.iter().any(met) && !b.seen.iter().any(met), "no topic was announced and nothing was reconnected");

    a.members(&[b.device]).await;
    b.members(&[a.device]).await;
    a.topic_peer(b.device).await;
    b.topic_peer(a.device).await;
    a.publish(b"welcome").await;
    assert_eq!(b.hear(GossipVerdict::Accept).await.1, b"welcome");

    a.seen.clear();
    b.seen.clear();
    b.members(&[]).await;
    b.see(NetEvent::Disconnected { device: a.device }).await;
    b.connected(a.device).await;
    a.see(NetEvent::Disconnected { device: b.device }).await;
    a.connected(b.device).await;
    a.publish(b"still there?").await;
    a.still_talks_to(&mut b, 3).await;
    assert!(!b.seen.iter().any(|event| matches!(event, NetEvent::Gossip { .. })), "who is no member any more is not heard");
}

#[tokio::test]
async fn the_one_who_was_dialled_can_ask_for_a_new_meeting() {
    let (mut a, mut b, _) = pair(15, 16).await;
    a.subscribe().await;
    b.subscribe().await;
    a.members(&[b.device]).await;
    a.see(NetEvent::Disconnected { device: b.device }).await;
    b.connected(a.device).await;
    b.members(&[a.device]).await;
    a.topic_peer(b.device).await;
    b.topic_peer(a.device).await;
}

#[tokio::test]
async fn two_who_dial_each_other_at_once_meet_once() {
    let (mut a, a_address) = Node::start(38).await;
    let (mut b, b_address) = Node::start(39).await;
    for node in [&a, &b] {
        node.members(&[a.device, b.device]).await;
        node.subscribe().await;
    }
    a.dial(Some(b.device), &b_address).await;
    b.dial(Some(a.device), &a_address).await;
    a.connected(b.device).await;
    b.connected(a.device).await;
    a.topic_peer(b.device).await;
    b.topic_peer(a.device).await;
    a.publish(b"hello").await;
    assert_eq!(b.hear(GossipVerdict::Accept).await.1, b"hello");
    a.still_talks_to(&mut b, 1).await;
    b.still_talks_to(&mut a, 2).await;
    let again = |event: &NetEvent| matches!(event, NetEvent::Connected { .. } | NetEvent::Disconnected { .. } | NetEvent::Gossip { .. });
    assert!(!a.seen.iter().any(again) && !b.seen.iter().any(again));
}

#[tokio::test]
async fn without_gossip_everything_else_works() {
    let mut a = Node::start_at(17, "/ip4/127.0.0.1/tcp/0", false);
    let (mut b, address) = Node::start(18).await;
    for node in [&a, &b] {
        node.members(&[a.device, b.device]).await;
        node.subscribe().await;
        node.publish(b"nobody hears").await;
    }
    a.dial(Some(b.device), &address).await;
    a.connected(b.device).await;
    b.publish(b"nobody hears this either").await;
    a.still_talks_to(&mut b, 1).await;
    b.still_talks_to(&mut a, 2).await;
    let gossip = |event: &NetEvent| matches!(event, NetEvent::TopicPeer { .. } | NetEvent::Gossip { .. });
    assert!(!a.seen.iter().any(gossip) && !b.seen.iter().any(gossip));
}

#[tokio::test]
async fn a_node_that_is_not_up_yet_is_dialled_until_it_is() {
    let (mut a, _) = Node::start(20).await;
    let b = device(21);
    let address = format!("/ip4/127.0.0.1/tcp/{}", free_port());
    a.dial(Some(b), &address).await;
    a.ask(1, b, Channel::Sync, vec![]).await;
    assert_eq!(a.failed(1).await, "not connected");
    let first = Node::start_at(21, &address, true);
    assert_eq!(a.connected(b).await, (address.clone(), true));
    first.stop().await;
    a.see(NetEvent::Disconnected { device: b }).await;
    let second = Node::start_at(21, &address, true);
    a.connected(b).await;

    a.tell(NetCommand::Forget { device: b }).await;
    a.tell(NetCommand::Disconnect { device: b }).await;
    a.see(NetEvent::Disconnected { device: b }).await;
    second.stop().await;
}

#[tokio::test]
async fn an_address_whose_owner_changed_does_not_pass_for_the_old_one() {
    let (mut a, _) = Node::start(22).await;
    let (mut b, address) = Node::start(23).await;
    let (bare, _) = parse_address(&address).unwrap();
    a.dial(Some(device(24)), &bare).await;
    a.dial(Some(device(24)), &address).await;
    a.dial(Some(a.device), &bare).await;
    a.dial(None, &bare).await;
    a.connected(b.device).await;
    b.connected(a.device).await;
    a.still_talks_to(&mut b, 1).await;
    assert!(!a.seen.iter().any(|event| matches!(event, NetEvent::Connected { .. })), "nobody else was met");
}

#[tokio::test]
async fn addresses_that_cannot_be_used_are_told_and_survived() {
    let (mut a, address) = Node::start(25).await;
    let taken = parse_address(&address).unwrap().0;
    for bad in [
        taken.as_str(),
        "nonsense",
        "/dns4/example.org/tcp/1",
        "/ip4/127.0.0.1/udp/1",
        "/ip4/192.0.2.1/tcp/1",
        "/ip4/192.0.2.1/udp/1/quic-v1",
    ] {
        let mut node = Node::start_at(26, bad, true);
        let reason = node
            .until(|event| match event {
                NetEvent::ListenFailed { address, reason } if address == bad => Some(reason.clone()),
                _ => None,
            })
            .await;
        assert!(reason.len() > 10 && (bad != taken || reason.ends_with("is in use")), "{reason}");
        node.stop().await;
    }
    let (mut b, address) = Node::start(27).await;
    for bad in ["", "nonsense", "/ip4/0.0.0.0/tcp/1", "/ip4/127.0.0.1/tcp/0", "/dns4/example.org/tcp/1", "/ip4/1.2.3.4/tcp/1/p2p/x"] {
        a.dial(None, bad).await;
        a.dial(Some(b.device), bad).await;
    }
    a.dial(None, &address).await;
    a.connected(b.device).await;
    a.still_talks_to(&mut b, 1).await;
}

#[tokio::test]
async fn garbage_on_the_port_does_no_harm() {
    let (mut a, mut b, address) = pair(28, 29).await;
    let port = address.split('/').nth(4).unwrap();
    let slow = tokio::net::TcpStream::connect(format!("127.0.0.1:{port}")).await.unwrap();
    for garbage in [&[0xff; 4096][..], b"GET / HTTP/1.1\r\n\r\n", &[0; 64], b"\x13/multistream/1.0.0\n\x07/noise\n\xff\xff\xff\xff"] {
        let mut raw = tokio::net::TcpStream::connect(format!("127.0.0.1:{port}")).await.unwrap();
        // The node may hang up in the middle of it; then the rest cannot be written.
        let _written = raw.write_all(garbage).await;
        let _closed = raw.shutdown().await;
        let mut said = Vec::new();
        let _reset = tokio::time::timeout(PATIENCE, raw.read_to_end(&mut said)).await.expect("the node hangs up");
    }
    a.still_talks_to(&mut b, 1).await;
    b.still_talks_to(&mut a, 2).await;
    drop(slow);
    let (mut c, _) = Node::start(30).await;
    c.dial(None, &address).await;
    c.connected(b.device).await;
}

#[tokio::test]
async fn both_kinds_of_loopback_share_one_port() {
    let text = format!("/tcp/{}", free_port());
    let listen = vec![format!("/ip4/127.0.0.1{text}"), format!("/ip6/::1{text}")];
    let config = NetConfig { device_seed: Zeroizing::new([37; 32]), listen: listen.clone(), mdns: false, gossip: true };
    let (sender, mut events) = mpsc::channel(16);
    let (_commands, _task) = start(config, sender).unwrap();
    // A machine without IPv6 says so; what must not happen is that the one is taken for the other.
    for _ in listen {
        match tokio::time::timeout(PATIENCE, events.recv()).await.unwrap() {
            Some(NetEvent::Listening { .. }) => {}
            Some(NetEvent::ListenFailed { reason, .. }) => assert!(!reason.contains("in use"), "{reason}"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_request_to_somebody_who_leaves_fails() {
    let (mut a, mut b, _) = pair(31, 32).await;
    a.ask(1, b.device, Channel::Direct, vec![1]).await;
    let (..) = b.asked().await;
    b.stop().await;
    assert!(!a.failed(1).await.is_empty());
    a.see(NetEvent::Disconnected { device: device(32) }).await;
}

#[tokio::test]
async fn a_slow_reader_loses_nothing_and_blocks_no_commands() {
    let (mut a, mut b, _) = pair(33, 34).await;
    // More than both channels hold together.
    let unread = 1_000;
    for id in 0..unread {
        a.ask(id, device(99), Channel::Sync, vec![]).await;
    }
    for id in 0..unread {
        assert_eq!(a.failed(id).await, "not connected");
    }
    a.still_talks_to(&mut b, unread).await;
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
