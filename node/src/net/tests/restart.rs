//! The swarm falls over: everything that was wished for stands again, and nobody waits for what will never come.

use super::*;

/// Two nodes in one topic with requests under way both ways; the second one's network falls, and all goes on.
async fn falls(seeds: (u8, u8), fall: NetCommand) {
    let (mut a, mut b, address) = pair(seeds.0, seeds.1).await;
    for node in [&a, &b] {
        node.members(&[a.device, b.device]).await;
        node.subscribe().await;
    }
    a.topic_peer(b.device).await;
    b.topic_peer(a.device).await;
    b.ask(1, a.device, Channel::Sync, vec![1]).await;
    a.ask(2, b.device, Channel::Direct, vec![2]).await;
    a.asked().await;
    let (ticket, ..) = b.asked().await;
    a.seen.clear();
    b.seen.clear();

    b.tell(fall).await;
    b.tell(NetCommand::Subscribe { topic: "wished for in between".into() }).await;
    b.ask(3, a.device, Channel::Sync, vec![3]).await;
    assert!(b.failed(1).await.contains("anew"));
    assert!(!b.failed(3).await.is_empty());
    b.see(NetEvent::Unlistened { address: address.clone() }).await;
    b.see(NetEvent::Disconnected { device: a.device }).await;
    assert!(!a.failed(2).await.is_empty());
    b.see(NetEvent::Listening { address: address.clone() }).await;
    // Too late, and for a connection that is no more.
    b.answer(ticket, vec![4]).await;
    b.connected(a.device).await;
    a.connected(b.device).await;
    a.topic_peer(b.device).await;
    b.topic_peer(a.device).await;
    a.publish(b"still with us?").await;
    assert_eq!(b.hear(GossipVerdict::Accept).await, (a.device, b"still with us?".to_vec()));
    a.tell(NetCommand::Subscribe { topic: "wished for in between".into() }).await;
    a.see(NetEvent::TopicPeer { topic: "wished for in between".into(), device: b.device }).await;
    a.still_talks_to(&mut b, 5).await;
    b.still_talks_to(&mut a, 6).await;
    a.stop().await;
    b.stop().await;
}

#[tokio::test]
async fn a_panic_in_the_swarm() {
    falls((90, 91), NetCommand::Panic).await;
}

#[tokio::test]
async fn a_panic_in_one_connection() {
    falls((92, 93), NetCommand::PanicInTask).await;
}

#[tokio::test]
async fn who_dialled_dials_again() {
    let (mut a, mut b, _) = pair(94, 95).await;
    for id in 0..3 {
        a.tell(NetCommand::Panic).await;
        a.see(NetEvent::Disconnected { device: b.device }).await;
        a.connected(b.device).await;
        b.see(NetEvent::Disconnected { device: a.device }).await;
        b.connected(a.device).await;
        a.still_talks_to(&mut b, id).await;
    }
}

#[tokio::test]
async fn told_to_stop_while_it_is_down() {
    let (a, _) = Node::start(96).await;
    a.tell(NetCommand::Panic).await;
    a.stop().await;
    let (b, _) = Node::start(97).await;
    b.tell(NetCommand::Panic).await;
    drop(b.commands);
    tokio::time::timeout(PATIENCE, b.task).await.expect("ends without commands").unwrap();
}
