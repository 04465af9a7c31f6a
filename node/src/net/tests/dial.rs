//! Dialling and listening: who is met where, and what addresses cannot be used.

use super::*;

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
