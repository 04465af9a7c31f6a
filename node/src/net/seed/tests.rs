//! A seed met by plain libp2p clients.

use std::time::Duration;

use futures::StreamExt as _;
use haat_protocol::meet::{MeetRequest, MeetResponse};
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm, SwarmBuilder, identify, noise, ping, relay, request_response, tcp, yamux};

use super::*;
use crate::net::behaviour::{MEET_PROTOCOL, identity, requests};
use crate::net::codec::{Asked, Frames, Room};

const PATIENCE: Duration = Duration::from_secs(30);

#[derive(NetworkBehaviour)]
struct Client {
    relay: relay::client::Behaviour,
    meet: request_response::Behaviour<Frames>,
    identify: identify::Behaviour,
    ping: ping::Behaviour,
}

fn client(seed: u8) -> Swarm<Client> {
    let keys = Keypair::ed25519_from_bytes([seed; 32]).unwrap();
    let builder = SwarmBuilder::with_existing_identity(keys.clone()).with_tokio();
    let builder = builder.with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default).unwrap();
    let builder = builder.with_relay_client(noise::Config::new, yamux::Config::default).unwrap();
    let ends = request_response::ProtocolSupport::Full;
    let meet = || requests(MEET_PROTOCOL, ends, &Room::default());
    builder
        .with_behaviour(|_, relay| Client {
            relay,
            meet: meet(),
            identify: identify::Behaviour::new(identity(keys.public())),
            ping: ping::Behaviour::new(ping::Config::new()),
        })
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(PATIENCE))
        .build()
}

async fn until<T>(swarm: &mut Swarm<Client>, mut found: impl FnMut(SwarmEvent<ClientEvent>) -> Option<T>) -> T {
    let search = async {
        loop {
            if let Some(what) = found(swarm.select_next_some().await) {
                return what;
            }
        }
    };
    tokio::time::timeout(PATIENCE, search).await.expect("it happens in time")
}

async fn seed(external: &[&str]) -> (Seed, Multiaddr) {
    let config = SeedConfig {
        device_seed: Zeroizing::new([1; 32]),
        listen: vec!["/ip4/127.0.0.1/tcp/0".into()],
        external: external.iter().map(|text| (*text).to_owned()).collect(),
        tape: None,
    };
    let mut seed = start_seed(config).unwrap();
    let view = tokio::time::timeout(PATIENCE, seed.view.wait_for(|view| !view.listen.is_empty())).await.unwrap().unwrap().clone();
    let address = view.listen.first().unwrap().parse().unwrap();
    (seed, address)
}

#[tokio::test]
async fn two_who_listen_nowhere_meet_through_it() {
    let (mut seed, address) = seed(&[]).await;
    let (mut ana, mut ben) = (client(2), client(3));
    ana.listen_on(address.clone().with(Protocol::P2pCircuit)).unwrap();
    let there = until(&mut ana, |event| match event {
        SwarmEvent::NewListenAddr { address, .. } => Some(address),
        _ => None,
    })
    .await;
    tokio::time::timeout(PATIENCE, seed.view.wait_for(|view| view.reservations == 1)).await.unwrap().unwrap();
    let ana_peer: PeerId = *ana.local_peer_id();
    tokio::spawn(async move { while ana.next().await.is_some() {} });
    ben.dial(there).unwrap();
    let met = |event| match event {
        SwarmEvent::ConnectionEstablished { peer_id, endpoint, .. } if peer_id == ana_peer => Some(endpoint.is_relayed()),
        _ => None,
    };
    assert!(until(&mut ben, met).await);
    tokio::time::timeout(PATIENCE, seed.view.wait_for(|view| view.circuits == 1)).await.unwrap().unwrap();
    seed.stop.send(()).unwrap();
    tokio::time::timeout(PATIENCE, seed.task).await.expect("it ends").unwrap();
}

/// A client that can be reached through the seed at the returned address, and answers whatever it is asked.
async fn behind(seed: &Multiaddr, number: u8) -> Multiaddr {
    let mut swarm = client(number);
    swarm.listen_on(seed.clone().with(Protocol::P2pCircuit)).unwrap();
    let there = until(&mut swarm, |event| match event {
        SwarmEvent::NewListenAddr { address, .. } => Some(address),
        _ => None,
    })
    .await;
    tokio::spawn(async move {
        loop {
            if let SwarmEvent::Behaviour(ClientEvent::Meet(request_response::Event::Message {
                message: Message::Request { channel, .. },
                ..
            })) = swarm.select_next_some().await
            {
                // The circuit may have ended meanwhile.
                let _gone = swarm.behaviour_mut().meet.send_response(channel, vec![]);
            }
        }
    });
    there
}

/// Dials, and says whether a circuit came of it.
async fn reaches(swarm: &mut Swarm<Client>, there: &Multiaddr) -> bool {
    swarm.dial(there.clone()).unwrap();
    let is_met = |event| match event {
        SwarmEvent::ConnectionEstablished { endpoint, .. } if endpoint.is_relayed() => Some(true),
        SwarmEvent::OutgoingConnectionError { .. } => Some(false),
        _ => None,
    };
    until(swarm, is_met).await
}

fn peer_at(there: &Multiaddr) -> PeerId {
    let Some(Protocol::P2p(peer)) = there.iter().last() else { panic!("{there} names nobody") };
    peer
}

#[tokio::test]
async fn a_circuit_ends_after_its_bytes_and_the_next_one_begins() {
    let (_seed, address) = seed(&[]).await;
    let there = behind(&address, 2).await;
    let (ana, mut ben) = (peer_at(&there), client(3));
    for _ in 0..2 {
        assert!(reaches(&mut ben, &there).await);
        let (mut passed, piece) = (0, limits::REQUEST_MAX_BYTES);
        loop {
            ben.behaviour_mut().meet.send_request(&ana, Asked::Whole(vec![7; piece]));
            let is_answered = until(&mut ben, |event| match event {
                SwarmEvent::Behaviour(ClientEvent::Meet(request_response::Event::Message { .. })) => Some(true),
                SwarmEvent::ConnectionClosed { peer_id, .. } if peer_id == ana => Some(false),
                _ => None,
            })
            .await;
            if !is_answered {
                break;
            }
            passed += piece as u64;
        }
        let bound = limits::SEED_CIRCUIT_BYTES;
        assert!((bound * 9 / 10..=bound).contains(&passed), "{passed} bytes passed");
    }
}

#[tokio::test]
async fn nobody_makes_more_circuits_than_allowed() {
    let (mut seed, address) = seed(&[]).await;
    let mut ben = client(3);
    let most = limits::SEED_CIRCUITS_PER_PEER_MAX;
    for number in 0..=most {
        let there = behind(&address, 100 + u8::try_from(number).unwrap()).await;
        assert_eq!(reaches(&mut ben, &there).await, number < most, "circuit {number}");
    }
    let mut cay = client(4);
    let there = behind(&address, 99).await;
    assert!(reaches(&mut cay, &there).await, "others still make theirs");
    tokio::time::timeout(PATIENCE, seed.view.wait_for(|view| view.circuits == most + 1)).await.unwrap().unwrap();
}

#[tokio::test]
async fn it_speaks_of_nothing_but_places_and_circuits() {
    let (seed, address) = seed(&["/ip4/203.0.113.9/tcp/4001"]).await;
    assert_eq!(seed.view.borrow().external.len(), 1, "a given address is the only one it hands out");
    let mut ana = client(2);
    ana.dial(address).unwrap();
    let info = until(&mut ana, |event| match event {
        SwarmEvent::Behaviour(ClientEvent::Identify(identify::Event::Received { info, .. })) => Some(info),
        _ => None,
    })
    .await;
    let mut spoken: Vec<String> = info.protocols.iter().map(ToString::to_string).collect();
    spoken.sort();
    let wanted = [
        "/haat/meet/0",
        "/ipfs/id/1.0.0",
        "/ipfs/id/push/1.0.0",
        "/ipfs/ping/1.0.0",
        "/libp2p/autonat/2/dial-request",
        "/libp2p/circuit/relay/0.2.0/hop",
    ];
    assert_eq!(spoken, wanted, "no gossip, no sync, no orders");
    let peer = info.public_key.to_peer_id();
    ana.behaviour_mut().meet.send_request(&peer, Asked::Whole(MeetRequest::Look { places: vec![] }.to_bytes()));
    let answer = until(&mut ana, |event| match event {
        SwarmEvent::Behaviour(ClientEvent::Meet(request_response::Event::Message {
            message: Message::Response { response, .. }, ..
        })) => Some(response),
        _ => None,
    })
    .await;
    assert_eq!(MeetResponse::from_bytes(&answer), Ok(MeetResponse::Found(vec![])));
}

#[tokio::test]
async fn what_cannot_be_used_is_told() {
    let config = |external: &str| SeedConfig {
        device_seed: Zeroizing::new([1; 32]),
        listen: vec!["nonsense".into()],
        external: vec![external.into()],
        tape: None,
    };
    assert!(matches!(start_seed(config("/ip4/0.0.0.0/tcp/1")), Err(NetError::Address(_))));
    let mut seed = start_seed(config("/ip4/192.0.2.1/tcp/1")).unwrap();
    let view = tokio::time::timeout(PATIENCE, seed.view.wait_for(|view| !view.failed.is_empty())).await.unwrap().unwrap().clone();
    assert!(view.failed[0].starts_with("nonsense: "), "{view:?}");
}
