//! Gossip: who hears what, and what is passed on.

use super::*;

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
