//! Where the node listens. It must never take a port that somebody else has.

use std::net::{IpAddr, Ipv6Addr, TcpListener, UdpSocket};

use libp2p::Multiaddr;
use libp2p::core::transport::{ListenerId, TransportError};
use libp2p::multiaddr::Protocol;

use super::super::address;
use super::super::vocabulary::NetEvent;
use super::Driver;

impl Driver<'_> {
    pub(super) fn listened(&mut self, listener: ListenerId, address: Multiaddr) {
        self.settle(listener, &address);
        let whole = address.with_p2p(*self.swarm.local_peer_id()).unwrap_or_else(|other| other);
        self.kept.listened(whole.to_string());
    }

    pub(super) fn unlistened(&mut self, address: Multiaddr) {
        let whole = address.with_p2p(*self.swarm.local_peer_id()).unwrap_or_else(|other| other);
        self.kept.unlistened(whole.to_string());
    }

    pub(super) fn listen(&mut self, text: String) {
        if self.listeners.values().any(|other| *other == text) || self.listen_again.contains(&text) {
            return;
        }
        let opened = address::read(&text).map_err(|fault| fault.to_string()).and_then(|(wire, _)| {
            free(&wire)?;
            self.swarm.listen_on(wire).map_err(|fault| transport_reason(&fault))
        });
        match opened {
            Ok(listener) => {
                self.listeners.insert(listener, text);
            }
            Err(reason) if self.kept.is_heir => {
                tracing::debug!(address = %text, %reason, "not free yet");
                self.listen_again.push(text);
            }
            Err(reason) => self.kept.backlog.push_back(NetEvent::ListenFailed { address: text, reason }),
        }
    }

    /// A port that was given for 0 is asked for again by a swarm after this one.
    fn settle(&mut self, listener: ListenerId, address: &Multiaddr) {
        let port = address.iter().find_map(|part| if let Protocol::Tcp(port) | Protocol::Udp(port) = part { Some(port) } else { None });
        if let (Some(port), Some(text)) = (port, self.listeners.get_mut(&listener))
            && let Some(kept) = self.kept.listen.iter_mut().find(|kept| *kept == text)
        {
            for transport in ["tcp", "udp"] {
                *kept = kept.replace(&format!("/{transport}/0"), &format!("/{transport}/{port}"));
            }
            text.clone_from(kept);
        }
    }
}

/// Checks that nobody listens on a definite port. The TCP transport shares ports for the sake of dialling from them, so without
/// this two nodes would both listen and each get some of the connections. Any other trouble is left to the transport to tell.
pub(in crate::net) fn free(address: &Multiaddr) -> Result<(), String> {
    let (mut host, mut tcp, mut udp): (Option<IpAddr>, u16, u16) = (None, 0, 0);
    for part in address {
        match part {
            Protocol::Ip4(ip) => host = Some(ip.into()),
            // A socket on `::` would take the IPv4 port too; whoever listens on `::` is found on the loopback address as well.
            Protocol::Ip6(ip) if ip.is_unspecified() => host = Some(Ipv6Addr::LOCALHOST.into()),
            Protocol::Ip6(ip) => host = Some(ip.into()),
            Protocol::Tcp(port) => tcp = port,
            Protocol::Udp(port) => udp = port,
            // The host and port are the relay's.
            Protocol::P2pCircuit => return Ok(()),
            _ => {}
        }
    }
    let opened = match (host, tcp, udp) {
        (Some(host), 1.., _) => TcpListener::bind((host, tcp)).err(),
        (Some(host), _, 1..) => UdpSocket::bind((host, udp)).err(),
        _ => None,
    };
    match opened {
        Some(fault) if fault.kind() == std::io::ErrorKind::AddrInUse => Err(format!("port {} is in use", tcp.max(udp))),
        _ => Ok(()),
    }
}

/// Why the transport does not listen, without the words around it.
pub(in crate::net) fn transport_reason(fault: &TransportError<std::io::Error>) -> String {
    match fault {
        TransportError::Other(fault) => fault.to_string(),
        TransportError::MultiaddrNotSupported(address) => format!("nothing here speaks {address}"),
    }
}
