//! Which ports to listen on: a port of 0 becomes the one remembered, TCP and QUIC on the same one when it is free for both.
//!
//! It only chooses; listening is the network's. It must never hold a port.

use std::collections::BTreeSet;
use std::net::{IpAddr, TcpListener, UdpSocket};

/// Where a node listens unless told otherwise.
const EVERYWHERE: [&str; 2] = ["/ip4/0.0.0.0/tcp/0", "/ip4/0.0.0.0/udp/0/quic-v1"];
/// How often the machine is asked for a port that is free both ways.
const ATTEMPTS: usize = 8;

/// The two ways to be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Tcp,
    Quic,
}

impl Kind {
    const fn other(self) -> Self {
        match self {
            Self::Tcp => Self::Quic,
            Self::Quic => Self::Tcp,
        }
    }
}

/// What the machine says about its ports.
pub(super) trait Ports {
    /// Whether nobody listens there.
    fn is_free(&self, kind: Kind, host: IpAddr, port: u16) -> bool;
    /// A port the machine would hand out for TCP; none when it has none.
    fn any(&self, host: IpAddr) -> Option<u16>;
}

/// The real one.
#[derive(Debug)]
pub(super) struct Machine;

impl Ports for Machine {
    fn is_free(&self, kind: Kind, host: IpAddr, port: u16) -> bool {
        match kind {
            Kind::Tcp => TcpListener::bind((host, port)).is_ok(),
            Kind::Quic => UdpSocket::bind((host, port)).is_ok(),
        }
    }

    fn any(&self, host: IpAddr) -> Option<u16> {
        Some(TcpListener::bind((host, 0)).ok()?.local_addr().ok()?.port())
    }
}

/// The addresses to listen on; `remembered` are those listened on before.
pub(super) fn choose(asked: &[String], remembered: &[String], machine: &impl Ports) -> Vec<String> {
    let everywhere = EVERYWHERE.map(str::to_owned);
    let asked = if asked.is_empty() { &everywhere[..] } else { asked };
    let mut before: Vec<u16> = remembered.iter().filter_map(|text| Some(place(text)?.port)).collect();
    before.sort_unstable();
    before.dedup();
    let open: Vec<Place> = asked.iter().filter_map(|text| place(text)).filter(|place| place.port == 0).collect();
    let mut taken: Vec<Place> = Vec::new();
    let choose_one = |text: &String| match place(text) {
        Some(wanted) if wanted.port == 0 => {
            let is_paired = open.contains(&Place { kind: wanted.kind.other(), ..wanted });
            let port = port_for(wanted, is_paired, &before, &taken, machine);
            let chosen = Place { port, ..wanted };
            taken.push(chosen);
            chosen.text()
        }
        _ => text.clone(),
    };
    asked.iter().map(choose_one).collect()
}

/// A port for one place: the one its pair has; else a remembered one, best if it is free for both; else any for both.
fn port_for(wanted: Place, is_paired: bool, before: &[u16], taken: &[Place], machine: &impl Ports) -> u16 {
    let Place { kind, host, .. } = wanted;
    let free = |kind: Kind, port: u16| port != 0 && !taken.contains(&Place { kind, host, port }) && machine.is_free(kind, host, port);
    let free_for_both = |port: &u16| free(kind, *port) && (!is_paired || free(kind.other(), *port));
    let pair = taken.iter().filter(|place| (place.kind, place.host) == (kind.other(), host)).map(|place| place.port);
    pair.into_iter()
        .find(|port| free(kind, *port))
        .or_else(|| before.iter().copied().find(free_for_both))
        .or_else(|| before.iter().copied().find(|port| free(kind, *port)))
        .or_else(|| (0..ATTEMPTS).filter(|_| is_paired).filter_map(|_| machine.any(host)).find(free_for_both))
        .unwrap_or(0)
}

/// Whether as many of each kind stand as were asked for.
pub(super) fn all_stand(asked: &[String], listening: &BTreeSet<String>) -> bool {
    let places =
        |texts: &mut dyn Iterator<Item = &String>, kind| texts.filter_map(|text| place(text)).filter(|place| place.kind == kind).count();
    let stands = |kind| places(&mut listening.iter(), kind) >= places(&mut asked.iter(), kind);
    listening.len() >= asked.len() && stands(Kind::Tcp) && stands(Kind::Quic)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    kind: Kind,
    host: IpAddr,
    port: u16,
}

impl Place {
    fn text(self) -> String {
        let Self { kind, host, port } = self;
        let family = if host.is_ipv4() { "ip4" } else { "ip6" };
        match kind {
            Kind::Tcp => format!("/{family}/{host}/tcp/{port}"),
            Kind::Quic => format!("/{family}/{host}/udp/{port}/quic-v1"),
        }
    }
}

/// Reads an address of this machine; none for any other kind, which the network refuses or understands itself.
fn place(text: &str) -> Option<Place> {
    let mut parts = text.trim().split('/').skip(1);
    let (family, host) = (parts.next()?, parts.next()?.parse::<IpAddr>().ok()?);
    if family != if host.is_ipv4() { "ip4" } else { "ip6" } || text.contains("/p2p-circuit") {
        return None;
    }
    let (transport, port) = (parts.next()?, parts.next()?.parse().ok()?);
    let kind = match (transport, parts.next()) {
        ("tcp", None | Some("p2p")) => Kind::Tcp,
        ("udp", Some("quic-v1")) => Kind::Quic,
        _ => return None,
    };
    Some(Place { kind, host, port })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine on which these are taken.
    struct Fake(Vec<(Kind, u16)>);

    impl Ports for Fake {
        fn is_free(&self, kind: Kind, _: IpAddr, port: u16) -> bool {
            !self.0.contains(&(kind, port))
        }

        fn any(&self, _: IpAddr) -> Option<u16> {
            Some(5000)
        }
    }

    fn chosen(asked: &[&str], remembered: &[&str], taken: &[(Kind, u16)]) -> Vec<String> {
        let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        choose(&own(asked), &own(remembered), &Fake(taken.to_vec()))
    }

    const TCP: &str = "/ip4/0.0.0.0/tcp/0";
    const QUIC: &str = "/ip4/0.0.0.0/udp/0/quic-v1";

    #[test]
    fn both_kinds_share_a_port_when_it_is_free() {
        let both = |port| vec![format!("/ip4/0.0.0.0/tcp/{port}"), format!("/ip4/0.0.0.0/udp/{port}/quic-v1")];
        assert_eq!(chosen(&[], &[], &[]), both(5000), "nothing asked, nothing remembered");
        let known = ["/ip4/10.0.0.9/tcp/4001/p2p/x", "/ip4/10.0.0.9/udp/4001/quic-v1/p2p/x"];
        assert_eq!(chosen(&[], &known, &[]), both(4001));
        assert_eq!(chosen(&[QUIC, TCP], &known, &[]), both(4001).into_iter().rev().collect::<Vec<_>>());
        let apart = vec!["/ip4/0.0.0.0/tcp/4001".to_owned(), "/ip4/0.0.0.0/udp/0/quic-v1".to_owned()];
        assert_eq!(chosen(&[], &known, &[(Kind::Quic, 4001), (Kind::Quic, 5000)]), apart, "what friends know stays where it was");
    }

    #[test]
    fn what_was_asked_for_is_kept() {
        let asked = ["/ip4/127.0.0.1/tcp/7000", "/ip4/127.0.0.1/tcp/0", "nonsense", "/ip6/::1/udp/0/quic-v1"];
        let known = ["/ip4/127.0.0.1/tcp/4001/p2p/x", "/ip4/127.0.0.1/tcp/4002/p2p/x"];
        let expected = ["/ip4/127.0.0.1/tcp/7000", "/ip4/127.0.0.1/tcp/4001", "nonsense", "/ip6/::1/udp/4001/quic-v1"];
        assert_eq!(chosen(&asked, &known, &[]), expected);
        assert_eq!(chosen(&["/ip4/127.0.0.1/tcp/0"; 2], &known, &[]), ["/ip4/127.0.0.1/tcp/4001", "/ip4/127.0.0.1/tcp/4002"]);
        assert_eq!(chosen(&["/ip4/127.0.0.1/tcp/0"], &known[..1], &[(Kind::Tcp, 4001)]), ["/ip4/127.0.0.1/tcp/0"]);
    }

    #[test]
    fn every_kind_that_was_asked_for_must_stand() {
        let set = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<BTreeSet<_>>();
        let asked = [TCP.to_owned(), QUIC.to_owned()];
        assert!(!all_stand(&asked, &set(&["/ip4/10.0.0.1/tcp/1/p2p/x", "/ip4/127.0.0.1/tcp/1/p2p/x"])));
        assert!(all_stand(&asked, &set(&["/ip4/10.0.0.1/tcp/1/p2p/x", "/ip4/10.0.0.1/udp/1/quic-v1/p2p/x"])));
        assert!(!all_stand(&["nonsense".to_owned()], &set(&[])));
    }
}
