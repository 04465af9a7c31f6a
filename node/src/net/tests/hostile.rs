//! A peer that speaks the request protocol by its name and then writes whatever it likes.

use std::io;

use futures::StreamExt;
use futures::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use haat_protocol::limits;
use libp2p::request_response::{self, Event, Message, ProtocolSupport};
use libp2p::swarm::SwarmEvent;
use libp2p::{Multiaddr, StreamProtocol, Swarm, SwarmBuilder, noise, tcp, yamux};

use super::*;

/// Bytes as they are, without a frame.
#[derive(Clone, Default)]
struct Raw;

impl request_response::Codec for Raw {
    type Protocol = StreamProtocol;
    type Request = Vec<u8>;
    type Response = Vec<u8>;

    async fn read_request<T: AsyncRead + Unpin + Send>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Vec<u8>> {
        let mut data = Vec::new();
        io.read_to_end(&mut data).await?;
        Ok(data)
    }

    async fn read_response<T: AsyncRead + Unpin + Send>(&mut self, protocol: &StreamProtocol, io: &mut T) -> io::Result<Vec<u8>> {
        self.read_request(protocol, io).await
    }

    async fn write_request<T: AsyncWrite + Unpin + Send>(&mut self, _: &StreamProtocol, io: &mut T, data: Vec<u8>) -> io::Result<()> {
        io.write_all(&data).await
    }

    async fn write_response<T: AsyncWrite + Unpin + Send>(&mut self, _: &StreamProtocol, io: &mut T, data: Vec<u8>) -> io::Result<()> {
        io.write_all(&data).await
    }
}

fn peer() -> Swarm<request_response::Behaviour<Raw>> {
    SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_| {
            let protocols = [(StreamProtocol::new("/haat/direct/0"), ProtocolSupport::Full)];
            request_response::Behaviour::<Raw>::new(protocols, request_response::Config::default())
        })
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(PATIENCE))
        .build()
}

/// Sends raw bytes and returns all that comes back; nothing when the stream is cut.
async fn send(swarm: &mut Swarm<request_response::Behaviour<Raw>>, to: DeviceId, bytes: Vec<u8>) -> Vec<u8> {
    let wanted = swarm.behaviour_mut().send_request(&address::peer_of(&to), bytes);
    let end = async {
        loop {
            match swarm.select_next_some().await {
                SwarmEvent::Behaviour(Event::Message { message: Message::Response { request_id, response }, .. })
                    if request_id == wanted =>
                {
                    return response;
                }
                SwarmEvent::Behaviour(Event::OutboundFailure { request_id, .. }) if request_id == wanted => return Vec::new(),
                _ => {}
            }
        }
    };
    tokio::time::timeout(PATIENCE, end).await.expect("every request comes to an end")
}

#[tokio::test]
async fn frames_that_lie_are_cut_off_and_nobody_else_notices() {
    let (mut a, mut b, address) = pair(40, 41).await;
    let mut hostile = peer();
    hostile.dial(address.parse::<Multiaddr>().unwrap()).unwrap();
    while !matches!(hostile.select_next_some().await, SwarmEvent::ConnectionEstablished { .. }) {}

    let promise = |size: u32, data: &[u8]| [&size.to_be_bytes(), data].concat();
    let over = u32::try_from(limits::REQUEST_MAX_BYTES + 1).unwrap();
    for bytes in [
        vec![],
        vec![0],
        promise(5, b"four"),
        promise(u32::MAX, b"a very long message"),
        promise(over, &vec![7; limits::REQUEST_MAX_BYTES + 1]),
    ] {
        assert_eq!(send(&mut hostile, b.device, bytes).await, b"", "no answer to that");
    }
    a.still_talks_to(&mut b, 1).await;
    b.still_talks_to(&mut a, 2).await;
    assert!(!b.seen.iter().any(|event| matches!(event, NetEvent::Request { .. })), "none of it was passed on");

    let answered = async {
        let (ticket, _, channel, data) = b.asked().await;
        assert_eq!((channel, data.as_slice()), (Channel::Direct, b"fine".as_slice()));
        b.answer(ticket, b"ok".to_vec()).await;
    };
    let (said, ()) = tokio::join!(send(&mut hostile, device(41), promise(4, b"fine")), answered);
    assert_eq!(said, promise(2, b"ok"), "an honest frame is answered on the same connection");
}

#[tokio::test]
async fn an_answer_that_lies_fails_the_request_and_nothing_else() {
    let (mut a, mut b, _) = pair(42, 43).await;
    let mut hostile = peer();
    hostile.listen_on("/ip4/127.0.0.1/tcp/0".parse().unwrap()).unwrap();
    let address = loop {
        if let SwarmEvent::NewListenAddr { address, .. } = hostile.select_next_some().await {
            break address.to_string();
        }
    };
    let liar = address::device_of_peer(hostile.local_peer_id()).unwrap();
    a.dial(Some(liar), &address).await;
    let lies = [vec![], vec![0, 0], vec![0xff; 4096], vec![0, 0, 0, 9, 1]];
    let count = lies.len() as u64;
    let lying = tokio::spawn(async move {
        let mut lies = lies.into_iter();
        loop {
            if let SwarmEvent::Behaviour(Event::Message { message: Message::Request { channel, .. }, .. }) =
                hostile.select_next_some().await
            {
                hostile.behaviour_mut().send_response(channel, lies.next().unwrap()).unwrap();
            }
        }
    });
    a.connected(liar).await;
    for id in 0..count {
        a.ask(id, liar, Channel::Direct, b"truth?".to_vec()).await;
        assert!(a.failed(id).await.contains("stream broke"));
    }
    a.ask(count, liar, Channel::Sync, vec![]).await;
    assert!(a.failed(count).await.contains("does not speak"));
    a.still_talks_to(&mut b, count + 1).await;
    assert!(!a.seen.iter().any(|event| matches!(event, NetEvent::Disconnected { .. })));
    lying.abort();
}
