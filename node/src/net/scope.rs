//! How far an address reaches, as far as its text tells. Nothing here may resolve or dial anything.

use std::net::IpAddr;

use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;

/// How far an address reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// This machine.
    Local,
    /// The networks it is plugged into.
    Lan,
    /// Everywhere, with a seed in between.
    Circuit,
    /// Everywhere, unless a wall stands in between.
    Public,
}

/// How far an address reaches; [`Scope::Local`] if it is none.
#[must_use]
pub fn scope_of(text: &str) -> Scope {
    text.parse().map_or(Scope::Local, |address| scope(&address))
}

/// How far an address reaches.
pub(super) fn scope(address: &Multiaddr) -> Scope {
    let ip = address.iter().find_map(|part| match part {
        Protocol::Ip4(ip) => Some(IpAddr::V4(ip)),
        Protocol::Ip6(ip) => Some(IpAddr::V6(ip)),
        _ => None,
    });
    if address.iter().any(|part| part == Protocol::P2pCircuit) {
        return Scope::Circuit;
    }
    match ip {
        Some(ip) if is_public(&ip) => Scope::Public,
        Some(ip) if !ip.is_loopback() && !ip.is_unspecified() => Scope::Lan,
        _ => Scope::Local,
    }
}

fn is_public(ip: &IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let is_shared = ip.octets()[0] == 100 && ip.octets()[1] & 0xc0 == 64;
            !(ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified() || is_shared)
        }
        IpAddr::V6(ip) => !(ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_tell_how_far_they_reach() {
        for (address, far) in [
            ("", Scope::Local),
            ("/ip4/127.0.0.1/tcp/1", Scope::Local),
            ("/ip6/::1/udp/1/quic-v1", Scope::Local),
            ("/ip4/192.168.1.4/tcp/1", Scope::Lan),
            ("/ip4/100.64.0.9/tcp/1", Scope::Lan),
            ("/ip6/fe80::1/tcp/1", Scope::Lan),
            ("/ip6/2001:41d0::1/tcp/1", Scope::Public),
            ("/ip4/127.0.0.1/tcp/1/p2p/12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5/p2p-circuit", Scope::Circuit),
        ] {
            assert_eq!(scope_of(address), far, "{address}");
        }
    }
}
