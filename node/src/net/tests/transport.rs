//! QUIC beside TCP: which of them is taken, and what happens when one of them is not there.

use super::*;

const QUIC: &str = "/ip4/127.0.0.1/udp/0/quic-v1";

impl Node {
    /// A node that listens on all of these, and where it can be reached.
    async fn start_on(seed: u8, listen: &[&str]) -> (Self, Vec<String>) {
        let listen: Vec<String> = listen.iter().map(|text| (*text).to_owned()).collect();
        let config = NetConfig { device_seed: Zeroizing::new([seed; 32]), listen: listen.clone(), mdns: false, gossip: true };
        let (sender, events) = mpsc::channel(16);
        let (commands, task) = start(config, sender).unwrap();
        let mut node = Self { device: device(seed), commands, events, task, seen: Vec::new() };
        let mut addresses = Vec::new();
        for _ in listen {
            addresses
                .push(node.until(|event| if let NetEvent::Listening { address } = event { Some(address.clone()) } else { None }).await);
        }
        (node, addresses)
    }
}

#[tokio::test]
async fn everything_passes_over_quic() {
    let (mut a, _) = Node::start_on(60, &[QUIC]).await;
    let (mut b, addresses) = Node::start_on(61, &[QUIC]).await;
    for node in [&a, &b] {
        node.members(&[a.device, b.device]).await;
        node.subscribe().await;
    }
    a.dial(None, &addresses[0]).await;
    let (address, outgoing) = a.connected(b.device).await;
    assert!(outgoing && address.ends_with("/quic-v1"), "{address}");
    a.topic_peer(b.device).await;
    a.publish(b"over quic").await;
    assert_eq!(b.hear(GossipVerdict::Accept).await, (a.device, b"over quic".to_vec()));

    a.ask(1, b.device, Channel::Sync, vec![1; limits::REQUEST_MAX_BYTES]).await;
    let (ticket, .., data) = b.asked().await;
    assert_eq!(data.len(), limits::REQUEST_MAX_BYTES);
    b.answer(ticket, vec![2; limits::RESPONSE_MAX_BYTES]).await;
    a.see(NetEvent::Response { id: 1, device: b.device, data: vec![2; limits::RESPONSE_MAX_BYTES] }).await;
    a.stop().await;
    b.see(NetEvent::Disconnected { device: device(60) }).await;
}

#[tokio::test]
async fn quic_is_taken_when_both_answer() {
    let (mut a, _) = Node::start_on(62, &[]).await;
    let (b, addresses) = Node::start_on(63, &["/ip4/127.0.0.1/tcp/0", QUIC]).await;
    a.tell(NetCommand::Dial { device: Some(b.device), addresses }).await;
    let (address, _) = a.connected(b.device).await;
    assert!(address.ends_with("/quic-v1"), "{address}");
}

#[tokio::test]
async fn tcp_serves_when_quic_is_not_answered() {
    let (mut a, _) = Node::start_on(64, &[]).await;
    let (mut b, mut addresses) = Node::start_on(65, &["/ip4/127.0.0.1/tcp/0"]).await;
    // A socket that swallows everything, as a network that blocks UDP does.
    let wall = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    addresses.push(format!("/ip4/127.0.0.1/udp/{}/quic-v1", wall.local_addr().unwrap().port()));
    a.tell(NetCommand::Dial { device: Some(b.device), addresses }).await;
    let (address, _) = a.connected(b.device).await;
    assert!(address.contains("/tcp/"), "{address}");
    a.still_talks_to(&mut b, 1).await;
}

#[tokio::test]
async fn both_kinds_share_one_number_and_a_taken_one_is_told() {
    let port = free_port();
    let (tcp, quic) = (format!("/ip4/127.0.0.1/tcp/{port}"), format!("/ip4/127.0.0.1/udp/{port}/quic-v1"));
    let (_a, addresses) = Node::start_on(66, &[&tcp, &quic]).await;
    assert!(addresses.iter().all(|address| address.contains(&format!("/{port}/"))), "{addresses:?}");
    let mut late = Node::start_at(67, &quic, true);
    late.see(NetEvent::ListenFailed { address: quic, reason: format!("port {port} is in use") }).await;
}

#[tokio::test]
async fn garbage_on_the_udp_port_does_no_harm() {
    let (mut a, _) = Node::start_on(68, &[]).await;
    let (mut b, addresses) = Node::start_on(69, &[QUIC]).await;
    let port = addresses[0].split('/').nth(4).unwrap();
    let raw = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    for garbage in [&[][..], &[0xff; 1200], &[0xc0; 1200], &[0; 1], &[0x40; 64], b"GET / HTTP/1.1"] {
        for _ in 0..50 {
            // A full buffer drops the packet, which is as good.
            let _sent = raw.send_to(garbage, format!("127.0.0.1:{port}"));
        }
    }
    a.dial(Some(b.device), &addresses[0]).await;
    a.connected(b.device).await;
    a.still_talks_to(&mut b, 1).await;
}
