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
pub(super) struct Raw;

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
    speaker("/haat/direct/0")
}

/// A peer that speaks one protocol by its name and nothing else.
pub(super) fn speaker(protocol: &'static str) -> Swarm<request_response::Behaviour<Raw>> {
    SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(move |_| {
            let protocols = [(StreamProtocol::new(protocol), ProtocolSupport::Full)];
            request_response::Behaviour::<Raw>::new(protocols, request_response::Config::default())
        })
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(PATIENCE * 20))
        .build()
}

/// Dials, and says whether a connection came of it.
pub(super) async fn meet(swarm: &mut Swarm<request_response::Behaviour<Raw>>, address: &str) -> bool {
    swarm.dial(address.parse::<Multiaddr>().unwrap()).unwrap();
    let end = async {
        loop {
            match swarm.select_next_some().await {
                SwarmEvent::ConnectionEstablished { .. } => return true,
                SwarmEvent::OutgoingConnectionError { .. } => return false,
                _ => {}
            }
        }
    };
    tokio::time::timeout(PATIENCE, end).await.expect("every dial comes to an end")
}

/// Sends raw bytes and returns all that comes back; nothing when the stream is cut.
pub(super) async fn send(swarm: &mut Swarm<request_response::Behaviour<Raw>>, to: DeviceId, bytes: Vec<u8>) -> Vec<u8> {
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
    meet(&mut hostile, &address).await;

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

#[tokio::test]
async fn garbage_on_the_port_does_no_harm() {
    let (mut a, mut b, address) = pair(28, 29).await;
    let port = address.split('/').nth(4).unwrap();
    let slow = tokio::net::TcpStream::connect(format!("127.0.0.1:{port}")).await.unwrap();
    for garbage in [&[0xff; 4096][..], b"GET / HTTP/1.1\r\n\r\n", &[0; 64], b"\x13/multistream/1.0.0\n\x07/noise\n\xff\xff\xff\xff"] {
        let mut raw = tokio::net::TcpStream::connect(format!("127.0.0.1:{port}")).await.unwrap();
        // The node may hang up in the middle of it; then the rest cannot be written.
        let _written = tokio::io::AsyncWriteExt::write_all(&mut raw, garbage).await;
        let _closed = tokio::io::AsyncWriteExt::shutdown(&mut raw).await;
        let mut said = Vec::new();
        let _reset =
            tokio::time::timeout(PATIENCE, tokio::io::AsyncReadExt::read_to_end(&mut raw, &mut said)).await.expect("the node hangs up");
    }
    a.still_talks_to(&mut b, 1).await;
    b.still_talks_to(&mut a, 2).await;
    drop(slow);
    let (mut c, _) = Node::start(30).await;
    c.dial(None, &address).await;
    c.connected(b.device).await;
}

pub(super) fn framed(data: &[u8]) -> Vec<u8> {
    [&u32::try_from(data.len()).unwrap().to_be_bytes(), data].concat()
}

#[tokio::test]
async fn a_stranger_who_offends_again_and_again_is_disconnected() {
    let (mut a, mut b, address) = pair(44, 45).await;
    let mut hostile = peer();
    let liar = address::device_of_peer(hostile.local_peer_id()).unwrap();
    assert!(meet(&mut hostile, &address).await);
    b.connected(liar).await;
    let oversize = u32::MAX.to_be_bytes().to_vec();
    for offence in 1..=3 {
        assert_eq!(send(&mut hostile, b.device, oversize.clone()).await, b"");
        assert!(hostile.is_connected(&address::peer_of(&b.device)), "offence {offence} is forgiven");
    }
    for _ in 0..2 {
        b.tell(NetCommand::Misbehaved { device: liar, severity: Severity::Oversize }).await;
    }
    b.still_talks_to(&mut a, 3).await;
    tokio::join!(b.see(NetEvent::Disconnected { device: liar }), parted(&mut hostile));
    assert!(meet(&mut hostile, &address).await, "who was only disconnected may come again");
    b.connected(liar).await;
    a.still_talks_to(&mut b, 1).await;
}

#[tokio::test]
async fn who_is_barred_is_nowhere_connected_and_others_are() {
    let (mut a, mut b, address) = pair(48, 49).await;
    let mut hostile = peer();
    let liar = address::device_of_peer(hostile.local_peer_id()).unwrap();
    assert!(meet(&mut hostile, &address).await);
    b.connected(liar).await;
    for _ in 0..3 {
        b.tell(NetCommand::Misbehaved { device: liar, severity: Severity::Forged }).await;
    }
    tokio::join!(b.see(NetEvent::Disconnected { device: liar }), parted(&mut hostile));
    for id in 1..=3 {
        // The dialler's handshake may end before it hears that it is not wanted.
        meet(&mut hostile, &address).await;
        parted(&mut hostile).await;
        a.still_talks_to(&mut b, id).await;
    }
    let is_of_liar = |event: &NetEvent| matches!(event, NetEvent::Connected { device, .. } if *device == liar);
    assert!(!b.seen.iter().any(is_of_liar), "no connection of a barred device is told");
}

/// Waits until no connection is left.
pub(super) async fn parted(swarm: &mut Swarm<request_response::Behaviour<Raw>>) {
    while swarm.network_info().num_peers() > 0 {
        tokio::time::timeout(PATIENCE, swarm.select_next_some()).await.expect("the other side hangs up");
    }
}

#[tokio::test]
async fn what_is_over_the_quota_is_not_read() {
    let (mut a, mut b, address) = pair(46, 47).await;
    let mut hostile = peer();
    assert!(meet(&mut hostile, &address).await);
    let (to, quota) = (b.device, limits::QUOTA_JOIN.peer_burst);
    let begun = std::time::Instant::now();
    let (mut read, mut answered) = (0, 0);
    let flood = async {
        for _ in 0..quota * 3 {
            answered += u64::from(!send(&mut hostile, to, framed(b"\xa1\x64join and so on")).await.is_empty());
        }
    };
    let answer = async {
        loop {
            let (ticket, ..) = b.asked().await;
            read += 1;
            b.answer(ticket, b"no".to_vec()).await;
        }
    };
    tokio::select! {
        () = flood => {}
        () = answer => {}
    }
    let refilled = begun.elapsed().as_secs() * limits::QUOTA_JOIN.peer_per_minute / 60 + 1;
    assert!((quota..=quota + refilled).contains(&read), "{read} requests were read");
    assert_eq!(answered, read);
    assert_eq!(send_other(&mut hostile, &mut b).await, framed(b"ok"), "what is no join has a quota of its own");
    a.still_talks_to(&mut b, 1).await;
}

async fn send_other(hostile: &mut Swarm<request_response::Behaviour<Raw>>, b: &mut Node) -> Vec<u8> {
    let to = b.device;
    let answer = async {
        let (ticket, ..) = b.asked().await;
        b.answer(ticket, b"ok".to_vec()).await;
    };
    tokio::join!(send(hostile, to, framed(b"something")), answer).0
}
