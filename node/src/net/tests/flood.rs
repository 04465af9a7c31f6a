//! Peers that speak every lower layer rightly and then take what they can: junk where streams are kept apart, requests that
//! never end, more connections than anybody needs. And our own node, which does none of that to others.

use std::io;
use std::pin::Pin;

use futures::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use futures::{FutureExt as _, StreamExt as _};
use libp2p::core::upgrade::{InboundConnectionUpgrade, OutboundConnectionUpgrade, UpgradeInfo};
use libp2p::request_response::{self, Event, ProtocolSupport};
use libp2p::swarm::SwarmEvent;
use libp2p::{Multiaddr, StreamProtocol, Swarm, SwarmBuilder, noise, tcp, yamux};

use super::hostile::{meet, parted, speaker};
use super::*;

/// Says that it keeps streams apart like everybody, then writes this and waits until the other side hangs up.
#[derive(Clone)]
struct Junk(Vec<u8>);

impl UpgradeInfo for Junk {
    type Info = &'static str;
    type InfoIter = std::iter::Once<&'static str>;

    fn protocol_info(&self) -> Self::InfoIter {
        std::iter::once("/yamux/1.0.0")
    }
}

type Talk<C> = Pin<Box<dyn Future<Output = io::Result<yamux::Muxer<C>>> + Send>>;

impl<C: AsyncRead + AsyncWrite + Unpin + Send + 'static> OutboundConnectionUpgrade<C> for Junk {
    type Output = yamux::Muxer<C>;
    type Error = io::Error;
    type Future = Talk<C>;

    fn upgrade_outbound(self, mut socket: C, _: &'static str) -> Talk<C> {
        async move {
            // The node may hang up in the middle of it; then the rest cannot be written.
            let _written = socket.write_all(&self.0).await;
            let _flushed = socket.flush().await;
            let mut said = Vec::new();
            let _reset = socket.read_to_end(&mut said).await;
            Err(io::Error::other("the other side hung up"))
        }
        .boxed()
    }
}

impl<C: AsyncRead + AsyncWrite + Unpin + Send + 'static> InboundConnectionUpgrade<C> for Junk {
    type Output = yamux::Muxer<C>;
    type Error = io::Error;
    type Future = Talk<C>;

    fn upgrade_inbound(self, socket: C, protocol: &'static str) -> Talk<C> {
        self.upgrade_outbound(socket, protocol)
    }
}

/// A frame of the layer that keeps streams apart: version, kind, flags, stream, length.
fn frame(kind: u8, flags: u16, stream: u32, length: u32) -> Vec<u8> {
    [&[0, kind][..], &flags.to_be_bytes(), &stream.to_be_bytes(), &length.to_be_bytes()].concat()
}

/// Shakes hands and speaks junk until the other side hangs up.
async fn speak_junk(junk: Vec<u8>, address: &str) {
    let mut hostile = SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, move || Junk(junk.clone()))
        .unwrap()
        .with_behaviour(|_| libp2p::ping::Behaviour::default())
        .unwrap()
        .with_swarm_config(|config| config)
        .with_connection_timeout(PATIENCE * 4)
        .build();
    hostile.dial(address.parse::<Multiaddr>().unwrap()).unwrap();
    let hung_up = async {
        loop {
            if let SwarmEvent::OutgoingConnectionError { error, .. } = hostile.select_next_some().await {
                return error.to_string();
            }
        }
    };
    let reason = tokio::time::timeout(PATIENCE * 4, hung_up).await.expect("the node hangs up");
    assert!(reason.contains("hung up"), "{reason}");
}

#[tokio::test]
async fn junk_between_the_streams_ends_that_connection_alone() {
    let (mut a, mut b, address) = pair(70, 71).await;
    let open_all = |count: u32| (0..count).flat_map(|stream| frame(1, 1, 2 * stream + 1, 0)).collect::<Vec<u8>>();
    let all = [
        vec![0xff; 4096],
        // A frame longer than any window, data for a stream that was never opened, a window grown past its bound.
        frame(0, 1, 1, u32::MAX),
        [frame(0, 0, 7, 4), b"data".to_vec()].concat(),
        [frame(1, 1, 1, u32::MAX), frame(1, 0, 1, u32::MAX)].concat(),
        // One stream twice, an even number that is not the dialler's, many streams more than are allowed.
        [frame(1, 1, 1, 0), frame(1, 1, 1, 0)].concat(),
        frame(1, 1, 2, 0),
        open_all(u32::try_from(limits::STREAMS_MAX).unwrap() + 1),
        frame(9, 0, 0, 0),
    ];
    // What breaks no rule of that layer ends as well: who answers no ping is gone.
    futures::future::join_all(all.map(|junk| speak_junk(junk, &address))).await;
    a.still_talks_to(&mut b, 1).await;
    b.still_talks_to(&mut a, 2).await;
    let (mut c, _) = Node::start(72).await;
    c.dial(None, &address).await;
    c.connected(b.device).await;
}

/// Sends the first half of a request and never the rest.
#[derive(Clone, Default)]
struct Half;

impl request_response::Codec for Half {
    type Protocol = StreamProtocol;
    type Request = ();
    type Response = Vec<u8>;

    async fn read_request<T: AsyncRead + Unpin + Send>(&mut self, _: &StreamProtocol, _: &mut T) -> io::Result<()> {
        Ok(())
    }

    async fn read_response<T: AsyncRead + Unpin + Send>(&mut self, _: &StreamProtocol, _: &mut T) -> io::Result<Vec<u8>> {
        Ok(Vec::new())
    }

    async fn write_request<T: AsyncWrite + Unpin + Send>(&mut self, _: &StreamProtocol, io: &mut T, (): ()) -> io::Result<()> {
        let promised = u32::try_from(limits::REQUEST_MAX_BYTES).unwrap();
        io.write_all(&promised.to_be_bytes()).await?;
        io.write_all(&vec![0; limits::REQUEST_MAX_BYTES / 2]).await?;
        io.flush().await?;
        std::future::pending().await
    }

    async fn write_response<T: AsyncWrite + Unpin + Send>(&mut self, _: &StreamProtocol, _: &mut T, _: Vec<u8>) -> io::Result<()> {
        Ok(())
    }
}

fn slow_peer() -> Swarm<request_response::Behaviour<Half>> {
    SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_| {
            let protocols = [(StreamProtocol::new("/haat/direct/0"), ProtocolSupport::Outbound)];
            let config = request_response::Config::default().with_request_timeout(PATIENCE * 4).with_max_concurrent_streams(1_000);
            request_response::Behaviour::<Half>::new(protocols, config)
        })
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(PATIENCE * 20))
        .build()
}

#[tokio::test]
async fn requests_that_never_end_are_cut_off_and_honest_ones_pass_meanwhile() {
    let (mut a, mut b, address) = pair(73, 74).await;
    let mut slow: Vec<_> = (0..4).map(|_| slow_peer()).collect();
    for peer in &mut slow {
        peer.dial(address.parse::<Multiaddr>().unwrap()).unwrap();
        for _ in 0..2 * limits::REQUEST_STREAMS_MAX {
            peer.behaviour_mut().send_request(&address::peer_of(&b.device), ());
        }
    }
    let done = std::cell::Cell::new(false);
    // Every half request is an offence, and who offends so often is disconnected.
    let hostile = async {
        let cut_off = |mut peer: Swarm<request_response::Behaviour<Half>>| async move {
            loop {
                match peer.select_next_some().await {
                    SwarmEvent::ConnectionClosed { .. } => return,
                    SwarmEvent::Behaviour(Event::OutboundFailure { peer: node, .. }) => {
                        peer.behaviour_mut().send_request(&node, ());
                    }
                    _ => {}
                }
            }
        };
        let all = futures::future::join_all(slow.into_iter().map(cut_off));
        tokio::time::timeout(PATIENCE * 2, all).await.expect("all of them are cut off");
        done.set(true);
    };
    let honest = async {
        for passed in 0..limits::QUOTA_SYNC.peer_burst / 2 {
            a.still_talks_to(&mut b, passed).await;
            assert!(!done.get(), "they passed while the others held what they could");
        }
    };
    tokio::join!(hostile, honest);
}

#[tokio::test]
async fn strangers_share_a_few_places_and_never_take_a_members() {
    let (mut a, mut b, address) = pair(75, 76).await;
    b.members(&[device(75), device(77)]).await;
    // The pair was made before they were members of anything.
    tokio::join!(a.connected(b.device), b.connected(device(75)));
    b.still_talks_to(&mut a, 1).await;
    let mut strangers = Vec::new();
    for _ in 0..limits::STRANGERS_IN_MAX {
        let mut stranger = speaker("/haat/direct/0");
        assert!(meet(&mut stranger, &address).await);
        b.connected(address::device_of_peer(stranger.local_peer_id()).unwrap()).await;
        strangers.push(stranger);
    }
    let mut late = speaker("/haat/direct/0");
    // The dialler's handshake may end before it hears that there is no room.
    meet(&mut late, &address).await;
    parted(&mut late).await;
    let (mut member, _) = Node::start(77).await;
    member.dial(None, &address).await;
    member.connected(b.device).await;
    member.still_talks_to(&mut b, 1).await;
    let gone = address::device_of_peer(strangers.pop().expect("there are some").local_peer_id()).unwrap();
    b.see(NetEvent::Disconnected { device: gone }).await;
    assert!(meet(&mut late, &address).await);
    b.connected(address::device_of_peer(late.local_peer_id()).unwrap()).await;
}

#[tokio::test]
async fn many_requests_to_one_peer_wait_their_turn() {
    let (mut a, mut b, _) = pair(78, 79).await;
    let many = 50;
    for id in 0..many {
        a.ask(id, b.device, Channel::Sync, id.to_be_bytes().to_vec()).await;
    }
    let mut open = std::collections::VecDeque::new();
    for answered in 0..many {
        while open.len() < limits::REQUESTS_TO_ONE_MAX.min(usize::try_from(many - answered).unwrap()) {
            let (ticket, _, _, data) = b.asked().await;
            open.push_back((ticket, data));
        }
        assert!(!b.seen.iter().any(|event| matches!(event, NetEvent::Request { .. })), "one more than allowed came at once");
        let (ticket, data) = open.pop_front().unwrap();
        b.answer(ticket, data.clone()).await;
        let id = u64::from_be_bytes(data.clone().try_into().unwrap());
        a.see(NetEvent::Response { id, device: b.device, data }).await;
    }
    // Those that still wait when the other side leaves fail like those under way.
    for id in 0..many {
        a.ask(id, b.device, Channel::Sync, vec![]).await;
    }
    b.asked().await;
    b.stop().await;
    for id in 0..many {
        a.failed(id).await;
    }
}
