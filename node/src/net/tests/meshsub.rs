//! Peers that speak gossip by hand: one that only records, and one that sends packets known to have felled other nodes.

use futures::StreamExt;
use libp2p::swarm::SwarmEvent;
use libp2p::{Multiaddr, Swarm, SwarmBuilder, gossipsub, noise, tcp, yamux};

use super::hostile::{meet, send, speaker};
use super::*;

/// A gossip peer without our gate, which says what it is told.
fn recorder() -> Swarm<gossipsub::Behaviour> {
    swarm_of(gossipsub::ConfigBuilder::default().validation_mode(gossipsub::ValidationMode::Anonymous).build().unwrap())
}

fn swarm_of(config: gossipsub::Config) -> Swarm<gossipsub::Behaviour> {
    SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_| gossipsub::Behaviour::new(gossipsub::MessageAuthenticity::Anonymous, config).unwrap())
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(PATIENCE))
        .build()
}

/// Dials and waits until it is clear whether gossip is spoken; the topic that was told, if any.
async fn told(recorder: &mut Swarm<gossipsub::Behaviour>, address: &str) -> Option<String> {
    recorder.dial(address.parse::<Multiaddr>().unwrap()).unwrap();
    let end = async {
        loop {
            match recorder.select_next_some().await {
                SwarmEvent::Behaviour(gossipsub::Event::Subscribed { topic, .. }) => return Some(topic.into_string()),
                SwarmEvent::Behaviour(gossipsub::Event::GossipsubNotSupported { .. }) => return None,
                _ => {}
            }
        }
    };
    tokio::time::timeout(PATIENCE, end).await.expect("it becomes clear")
}

#[tokio::test]
async fn a_recorder_hears_of_no_topic_unless_it_is_a_member() {
    let (mut a, address) = Node::start(50).await;
    a.subscribe().await;
    let mut stranger = recorder();
    stranger.behaviour_mut().subscribe(&gossipsub::IdentTopic::new(TOPIC)).unwrap();
    assert_eq!(told(&mut stranger, &address).await, None);

    let mut fellow = recorder();
    fellow.behaviour_mut().subscribe(&gossipsub::IdentTopic::new(TOPIC)).unwrap();
    let known = address::device_of_peer(fellow.local_peer_id()).unwrap();
    a.members(&[known]).await;
    assert_eq!(told(&mut fellow, &address).await.as_deref(), Some(TOPIC), "the recorder does record");
    let end = async {
        loop {
            fellow.select_next_some().await;
        }
    };
    tokio::select! {
        () = a.topic_peer(known) => {}
        () = end => {}
    }
    assert!(!a.seen.iter().any(|event| matches!(event, NetEvent::TopicPeer { .. })), "and the stranger's topic was not heard");
}

/// A gossip peer that grafts nobody, and prunes whoever grafts it, for a second each time.
fn passive() -> Swarm<gossipsub::Behaviour> {
    swarm_of(
        gossipsub::ConfigBuilder::default()
            .validation_mode(gossipsub::ValidationMode::Anonymous)
            .mesh_n(0)
            .mesh_n_low(0)
            .mesh_n_high(0)
            .mesh_outbound_min(0)
            .prune_backoff(Duration::from_secs(1))
            .build()
            .unwrap(),
    )
}

/// Waits until this peer is or is not in the mesh of the other one, as far as it was told.
async fn grafted(peer: &mut Swarm<gossipsub::Behaviour>, expected: bool) {
    let hash = gossipsub::IdentTopic::new(TOPIC).hash();
    while (peer.behaviour().mesh_peers(&hash).count() > 0) != expected {
        // What changes a mesh is no event: look again soon.
        let _event = tokio::time::timeout(Duration::from_millis(20), peer.select_next_some()).await;
    }
}

#[tokio::test]
async fn a_silent_mesh_is_looked_after() {
    let (a, address) = Node::start(53).await;
    let mut other = passive();
    let topic = gossipsub::IdentTopic::new(TOPIC);
    other.behaviour_mut().subscribe(&topic).unwrap();
    a.members(&[address::device_of_peer(other.local_peer_id()).unwrap()]).await;
    a.subscribe().await;
    assert_eq!(told(&mut other, &address).await.as_deref(), Some(TOPIC));
    tokio::time::timeout(PATIENCE, grafted(&mut other, true)).await.expect("grafted as they meet");

    tokio::time::timeout(PATIENCE, grafted(&mut other, false)).await.expect("pruned again");
    // The other side says nothing any more, and two heartbeats must pass before it may be grafted again.
    // Less than the pause between two pings, which would wake the node too.
    tokio::time::timeout(Duration::from_secs(10), grafted(&mut other, true)).await.expect("grafted again although nothing happened");
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    bytes.push(value.to_le_bytes()[0]);
    bytes
}

/// A protobuf field that holds bytes.
fn field(number: u8, data: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2], varint(data.len() as u64).as_slice(), data].concat()
}

/// A gossip packet as it goes over the wire.
fn packet(fields: &[u8]) -> Vec<u8> {
    [varint(fields.len() as u64).as_slice(), fields].concat()
}

fn many(count: usize, one: impl Fn(&str) -> Vec<u8>) -> Vec<u8> {
    (0..count).flat_map(|number| one(&format!("{number:022}"))).collect()
}

fn packets() -> Vec<(&'static str, Vec<u8>)> {
    let prune = |topic: &str| field(4, &[field(1, topic.as_bytes()), vec![3 << 3], varint(u64::MAX)].concat());
    let graft = |topic: &str| field(3, &field(1, topic.as_bytes()));
    let ihave = |topic: &str| field(1, &[field(1, topic.as_bytes()), field(2, &[7; 20])].concat());
    let iwant = |_: &str| field(2, &field(1, &[9; 20]));
    let subscribe = |topic: &str| field(1, &[&[8, 1], field(2, topic.as_bytes()).as_slice()].concat());
    let control = |fields: &[u8]| packet(&field(3, fields));
    vec![
        ("a prune that lasts for ever", control(&prune(TOPIC))),
        ("prunes of topics nobody knows", control(&many(1_000, prune))),
        ("grafts of topics nobody knows", control(&many(2_000, graft))),
        ("ten thousand grafts", control(&many(10_000, graft))),
        ("ten thousand topics", packet(&many(10_000, subscribe))),
        ("as many topics as fit", packet(&many(2_000, subscribe))),
        ("news nobody has", control(&many(1_000, ihave))),
        ("wishes nobody can fulfil", control(&many(2_000, iwant))),
        ("a packet of 2^63 bytes", [varint(u64::MAX >> 1), vec![0; 64]].concat()),
        ("a length without end", vec![0xff; 4096]),
        ("no protobuf", packet(&[0xff; 1024])),
        ("a message without a topic", packet(&field(2, &field(2, b"data")))),
        (
            "a message longer than any",
            packet(&field(2, &[field(2, &vec![0; limits::GOSSIP_PACKET_MAX_BYTES * 2]), field(4, TOPIC.as_bytes())].concat())),
        ),
    ]
}

#[tokio::test]
async fn packets_that_felled_others_do_not_fell_us() {
    let (mut a, mut b, address) = pair(51, 52).await;
    for node in [&a, &b] {
        node.subscribe().await;
    }
    for (what, bytes) in packets() {
        // A peer of its own for each, since a connection that lies is closed.
        let mut hostile = speaker("/meshsub/1.1.0");
        let device = address::device_of_peer(hostile.local_peer_id()).unwrap();
        b.members(&[a.device, device]).await;
        assert!(meet(&mut hostile, &address).await, "{what}");
        b.connected(device).await;
        for _ in 0..3 {
            send(&mut hostile, b.device, bytes.clone()).await;
        }
        drop(hostile);
        b.see(NetEvent::Disconnected { device }).await;
    }
    b.members(&[a.device]).await;
    a.members(&[b.device]).await;
    a.topic_peer(b.device).await;
    b.topic_peer(a.device).await;
    a.still_talks_to(&mut b, 1).await;
    b.still_talks_to(&mut a, 2).await;
    a.publish(b"after all that").await;
    assert_eq!(b.hear(GossipVerdict::Accept).await.1, b"after all that");
}
