//! Requests and answers between two nodes.

use super::*;

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
