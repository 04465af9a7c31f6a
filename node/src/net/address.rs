//! Addresses and peers as text: what people type and what invites carry, read strictly and said back plainly.
//!
//! A device id is an Ed25519 public key and a libp2p peer id is a wrapping of the same 32 bytes, so the two map both ways
//! without a table. This file must never resolve or dial anything.

use std::collections::BTreeSet;

use haat_protocol::id::DeviceId;
use haat_protocol::limits::ADDRESS_MAX_BYTES;
use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};

/// What stands before the 32 key bytes in the peer id of an Ed25519 key: identity hash of 36 bytes; key type 1; 32 bytes.
const PEER_PREFIX: [u8; 6] = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20];

/// Why a text is not an address or a peer we can use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing there.
    #[error("the address is empty; it looks like /ip4/192.0.2.7/tcp/4001/p2p/12D3…")]
    Empty,
    /// Longer than any address.
    #[error("the address has {size} bytes where at most {max} are allowed")]
    Oversize {
        /// Bytes that came.
        size: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// Not a multiaddress.
    #[error("`{text}` is not a multiaddress ({reason}); it looks like /ip4/192.0.2.7/tcp/4001/p2p/12D3…")]
    Unreadable {
        /// What came.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A host name.
    #[error("`{0}` names a host; write its IP address, as in /ip4/192.0.2.7/tcp/4001")]
    HostName(String),
    /// A multiaddress of a kind we do not speak.
    #[error("`{0}` is not /ip4 or /ip6, then /tcp/PORT or /udp/PORT/quic-v1, then at most /p2p with a peer id")]
    NotSpoken(String),
    /// A peer id that is no Ed25519 key.
    #[error("`{0}` is not the peer id of a Haat device, which is an Ed25519 key and begins with 12D3Koo")]
    NotDevice(String),
    /// Good for listening only.
    #[error("`{0}` can be listened on but not dialled: it has no definite host and port")]
    NotDialable(String),
}

/// Reads a multiaddress, to listen on or to dial: the address without its peer, and the device if one is named.
///
/// # Errors
/// [`AddressError`] says what is wrong with the text.
pub fn parse_address(text: &str) -> Result<(String, Option<DeviceId>), AddressError> {
    read(text).map(|(address, device)| (address.to_string(), device))
}

/// Reads a multiaddress that can be dialled: like [`parse_address`], with a definite host and port.
///
/// # Errors
/// [`AddressError`] says what is wrong with the text.
pub fn parse_remote(text: &str) -> Result<(String, Option<DeviceId>), AddressError> {
    let (address, device) = read(text)?;
    let dialable = address.iter().all(|part| match part {
        Protocol::Ip4(ip) => !ip.is_unspecified() && !ip.is_multicast() && !ip.is_broadcast(),
        Protocol::Ip6(ip) => !ip.is_unspecified() && !ip.is_multicast(),
        Protocol::Tcp(port) | Protocol::Udp(port) => port != 0,
        _ => true,
    });
    if dialable { Ok((address.to_string(), device)) } else { Err(AddressError::NotDialable(text.trim().to_owned())) }
}

/// The libp2p peer id of a device, as text.
#[must_use]
pub fn peer_text(device: &DeviceId) -> String {
    peer_of(device).to_base58()
}

/// Reads a libp2p peer id.
///
/// # Errors
/// [`AddressError::NotDevice`] unless it is one of an Ed25519 key.
pub fn device_of(peer: &str) -> Result<DeviceId, AddressError> {
    let refused = || AddressError::NotDevice(shorten(peer.trim()));
    if peer.len() > ADDRESS_MAX_BYTES {
        return Err(refused());
    }
    let peer: PeerId = peer.trim().parse().map_err(|_| refused())?;
    device_of_peer(&peer).ok_or_else(refused)
}

/// An address without the peer at its end; what cannot be read stays as it is.
#[must_use]
pub fn without_peer(text: &str) -> String {
    read(text).map_or_else(|_| text.to_owned(), |(address, _)| address.to_string())
}

/// The addresses worth telling others, without the peer at their end, `max` at most: the host that reaches furthest by QUIC
/// and TCP, then relays, then the other hosts. Loopback comes last: it serves two nodes on one machine.
#[must_use]
pub fn handed_out(listening: &BTreeSet<String>, max: usize) -> Vec<String> {
    let (relayed, direct): (Vec<_>, Vec<_>) =
        listening.iter().filter_map(|text| read(text).ok()).map(|(address, _)| address).partition(is_relayed);
    let order = |address: &Multiaddr| {
        let host = address.iter().next().map(|part| part.to_string());
        (distance(address), host, !address.iter().any(|part| part == Protocol::QuicV1))
    };
    let mut direct = direct;
    direct.sort_by_key(order);
    let furthest = direct.first().map(|address| order(address).1);
    let first = direct.iter().take_while(|address| Some(order(address).1) == furthest).count();
    let rest = direct.split_off(first);
    direct.into_iter().chain(relayed).chain(rest).take(max).map(|address| address.to_string()).collect()
}

/// How far an address reaches: 0 the whole net, 1 a home network, 2 this machine.
fn distance(address: &Multiaddr) -> u8 {
    match address.iter().next() {
        Some(Protocol::Ip4(ip)) if !ip.is_loopback() => u8::from(ip.is_private() || ip.is_link_local()),
        Some(Protocol::Ip6(ip)) if !ip.is_loopback() => u8::from(ip.is_unique_local() || ip.is_unicast_link_local()),
        _ => 2,
    }
}

/// Whether an address leads through a relay.
fn is_relayed(address: &Multiaddr) -> bool {
    address.iter().any(|part| part == Protocol::P2pCircuit)
}

/// Sees that all of these addresses can be read, before anybody listens.
///
/// # Errors
/// The first that cannot.
pub fn check_addresses(addresses: &[String]) -> Result<(), super::NetError> {
    addresses.iter().try_for_each(|text| read(text).map(drop).map_err(|fault| super::NetError::Address(fault.to_string())))
}

/// Reads a multiaddress into its dialable part and its peer.
pub(super) fn read(text: &str) -> Result<(Multiaddr, Option<DeviceId>), AddressError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(AddressError::Empty);
    }
    if text.len() > ADDRESS_MAX_BYTES {
        return Err(AddressError::Oversize { size: text.len(), max: ADDRESS_MAX_BYTES });
    }
    let unreadable = |reason: String| AddressError::Unreadable { text: text.to_owned(), reason };
    let whole: Multiaddr = text.parse().map_err(|fault: libp2p::multiaddr::Error| unreadable(fault.to_string()))?;
    let mut parts = whole.iter();
    let host = match parts.next() {
        Some(host @ (Protocol::Ip4(_) | Protocol::Ip6(_))) => host,
        Some(Protocol::Dns(_) | Protocol::Dns4(_) | Protocol::Dns6(_) | Protocol::Dnsaddr(_)) => {
            return Err(AddressError::HostName(text.to_owned()));
        }
        _ => return Err(AddressError::NotSpoken(text.to_owned())),
    };
    let not_spoken = || AddressError::NotSpoken(text.to_owned());
    let named = |peer: PeerId| device_of_peer(&peer).ok_or_else(|| AddressError::NotDevice(peer.to_base58()));
    let mut address = Multiaddr::empty().with(host);
    match parts.next() {
        Some(port @ Protocol::Tcp(_)) => address.push(port),
        Some(port @ Protocol::Udp(_)) if parts.next() == Some(Protocol::QuicV1) => address = address.with(port).with(Protocol::QuicV1),
        _ => return Err(not_spoken()),
    }
    let mut device = None;
    if let Some(part) = parts.next() {
        let Protocol::P2p(peer) = part else { return Err(not_spoken()) };
        device = Some(named(peer)?);
        if let Some(part) = parts.next() {
            // That peer is a relay; who is meant stands behind it.
            let Protocol::P2pCircuit = part else { return Err(not_spoken()) };
            address = address.with(Protocol::P2p(peer)).with(part);
            device = match parts.next() {
                None => None,
                Some(Protocol::P2p(peer)) => Some(named(peer)?),
                Some(_) => return Err(not_spoken()),
            };
        }
    }
    if parts.next().is_some() {
        return Err(not_spoken());
    }
    Ok((address, device))
}

/// An address as text, without the peer at its end.
pub(super) fn bare(address: &Multiaddr) -> String {
    let mut address = address.clone();
    if matches!(address.iter().last(), Some(Protocol::P2p(_))) {
        address.pop();
    }
    address.to_string()
}

/// The peer id of a device.
pub(super) fn peer_of(device: &DeviceId) -> PeerId {
    let bytes = [PEER_PREFIX.as_slice(), device.as_bytes()].concat();
    PeerId::from_bytes(&bytes).expect("an identity hash of 36 bytes is a peer id")
}

/// The device behind a peer id, if it is an Ed25519 key.
pub(super) fn device_of_peer(peer: &PeerId) -> Option<DeviceId> {
    DeviceId::from_slice(peer.to_bytes().strip_prefix(&PEER_PREFIX)?)
}

/// Keeps foreign text in messages short.
fn shorten(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use libp2p::identity::Keypair;

    use super::*;

    const PEER: &str = "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5";

    #[test]
    fn device_and_peer_are_the_same_key() {
        let keys = Keypair::ed25519_from_bytes([7; 32]).unwrap();
        let device = DeviceId(keys.public().try_into_ed25519().unwrap().to_bytes());
        let peer = keys.public().to_peer_id();
        assert_eq!(peer_of(&device), peer);
        assert_eq!(device_of_peer(&peer), Some(device));
        assert_eq!(device_of(&peer_text(&device)), Ok(device));
        assert!(peer_text(&device).starts_with("12D3Koo"));
    }

    #[test]
    fn good_addresses() {
        let device = device_of(PEER).unwrap();
        assert_eq!(parse_address("/ip4/192.0.2.7/tcp/4001"), Ok(("/ip4/192.0.2.7/tcp/4001".into(), None)));
        assert_eq!(parse_address(&format!(" /ip4/192.0.2.7/tcp/4001/p2p/{PEER}\n")), Ok(("/ip4/192.0.2.7/tcp/4001".into(), Some(device))));
        assert_eq!(parse_address("/ip6/2001:db8::1/tcp/1"), Ok(("/ip6/2001:db8::1/tcp/1".into(), None)));
        assert_eq!(parse_address("/ip4/192.0.2.7/udp/4001/quic-v1"), Ok(("/ip4/192.0.2.7/udp/4001/quic-v1".into(), None)));
        let quic = format!("/ip6/2001:db8::1/udp/1/quic-v1/p2p/{PEER}");
        assert_eq!(parse_address(&quic), Ok(("/ip6/2001:db8::1/udp/1/quic-v1".into(), Some(device))));
        let other = Keypair::ed25519_from_bytes([7; 32]).unwrap().public().to_peer_id();
        let circuit = format!("/ip4/192.0.2.7/tcp/1/p2p/{PEER}/p2p-circuit");
        assert_eq!(parse_address(&circuit), Ok((circuit.clone(), None)), "the relay is not the one that is meant");
        assert_eq!(parse_address(&format!("{circuit}/p2p/{other}")), Ok((circuit.clone(), device_of_peer(&other))));
        assert_eq!(bare(&format!("{circuit}/p2p/{other}").parse().unwrap()), circuit);
        assert_eq!(bare(&quic.parse().unwrap()), "/ip6/2001:db8::1/udp/1/quic-v1");
        assert_eq!(parse_address("/ip4/0.0.0.0/tcp/0"), Ok(("/ip4/0.0.0.0/tcp/0".into(), None)));
    }

    #[test]
    fn what_reaches_furthest_is_handed_out_first() {
        let set = |texts: &[String]| texts.iter().map(|text| format!("{text}/p2p/{PEER}")).collect::<BTreeSet<_>>();
        let at = |host: &str| [format!("/ip4/{host}/udp/4001/quic-v1"), format!("/ip4/{host}/tcp/4001")];
        let (far, home, here) = (at("203.0.113.9"), at("192.168.1.2"), at("127.0.0.1"));
        let relay = format!("/ip4/198.51.100.1/tcp/1/p2p/{PEER}/p2p-circuit");
        assert_eq!(handed_out(&set(&here), 3), here, "a machine without a net");
        let (all, three) = ([home.clone(), here.clone()].concat(), [&home[0], &home[1], &here[0]].map(Clone::clone));
        assert_eq!(handed_out(&set(&all), 3), three);
        let all = [far.clone(), home.clone(), here.clone(), [relay.clone(), String::new()]].concat();
        let mut listening = set(&all[..7]);
        listening.insert("nonsense".into());
        assert_eq!(handed_out(&listening, 3), [far[0].clone(), far[1].clone(), relay.clone()]);
        assert_eq!(handed_out(&listening, 8), [&far[..], &[relay], &home, &here].concat());
    }

    #[test]
    fn bad_addresses_are_told_apart() {
        let long = format!("/ip4/1.2.3.4/tcp/1/{}", "x".repeat(300));
        assert_eq!(parse_address("  "), Err(AddressError::Empty));
        assert_eq!(parse_address(&long), Err(AddressError::Oversize { size: long.len(), max: ADDRESS_MAX_BYTES }));
        for text in [
            "127.0.0.1:4001",
            "http://example.org",
            "/ip4/300.0.0.1/tcp/4001",
            "/ip4/192.0.2.7/tcp/70000",
            "/ip4/192.0.2.7/tcp",
            "/ip4/192.0.2.7/tcp/4001/p2p/nonsense",
            "/ip4/192.0.2.7/tcp/4001/",
            "ip4/192.0.2.7/tcp/4001",
            "/ip6/fe80::/zzz/1",
            "\u{0}\u{1}",
        ] {
            assert!(matches!(parse_address(text), Err(AddressError::Unreadable { .. })), "{text:?} -> {:?}", parse_address(text));
        }
        for text in ["/dns4/example.org/tcp/4001", "/dnsaddr/example.org"] {
            assert_eq!(parse_address(text), Err(AddressError::HostName(text.into())));
        }
        for text in [
            "/ip4/192.0.2.7".to_owned(),
            "/ip4/192.0.2.7/udp/4001".to_owned(),
            "/ip4/192.0.2.7/udp/4001/quic".to_owned(),
            "/ip4/192.0.2.7/tcp/4001/quic-v1".to_owned(),
            "/ip4/192.0.2.7/tcp/4001/p2p-circuit".to_owned(),
            "/ip4/192.0.2.7/tcp/4001/ws".to_owned(),
            "/memory/1".to_owned(),
            format!("/p2p/{PEER}"),
            format!("/ip4/192.0.2.7/tcp/1/p2p/{PEER}/p2p/{PEER}"),
            format!("/ip4/192.0.2.7/tcp/1/p2p/{PEER}/p2p-circuit/p2p/{PEER}/p2p-circuit"),
        ] {
            assert_eq!(parse_address(&text), Err(AddressError::NotSpoken(text.clone())));
        }
        let rsa = "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N";
        assert_eq!(parse_address(&format!("/ip4/192.0.2.7/tcp/1/p2p/{rsa}")), Err(AddressError::NotDevice(rsa.into())));
        assert_eq!(device_of(rsa), Err(AddressError::NotDevice(rsa.into())));
        assert!(device_of("").is_err() && device_of(&"1".repeat(1_000)).is_err());
    }

    #[test]
    fn only_definite_addresses_are_dialled() {
        for text in [
            "/ip4/0.0.0.0/tcp/4001",
            "/ip4/192.0.2.7/tcp/0",
            "/ip4/192.0.2.7/udp/0/quic-v1",
            "/ip6/::/tcp/4001",
            "/ip4/224.0.0.1/tcp/1",
            "/ip4/255.255.255.255/tcp/1",
        ] {
            assert_eq!(parse_remote(text), Err(AddressError::NotDialable(text.into())));
        }
        assert!(parse_remote("/ip4/127.0.0.1/tcp/4001").is_ok());
        assert_eq!(parse_remote(""), Err(AddressError::Empty));
    }
}
