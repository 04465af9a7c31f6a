//! How the node is, who I am, and which peers are known.

use std::collections::{BTreeMap, BTreeSet};

use haat_protocol::id::DeviceId;
use haat_protocol::local::{CircleStatus, Me, PeerRow, Problem, Status, Window};
use haat_protocol::record::{Claim, SignedRecord};
use serde_json::Value;

use super::{Ask, window};
use crate::ledger;
use crate::net::{Scope, parse_remote, peer_text, scope_of};
use crate::store::Table;
use crate::view::known;

impl Ask<'_, '_> {
    pub(super) fn me(&self) -> Me {
        let device = self.me.device();
        Me { identity: self.me.id(), device, peer: peer_text(&device), name: self.me.name.clone() }
    }

    pub(super) fn status(&self) -> Status {
        let presence = self.facts.presence;
        let circles = self.joined().map(|roster| CircleStatus {
            circle: roster.space,
            last_sync: presence.synced.get(&roster.space).copied(),
            behind: presence.behind.get(&roster.space).copied(),
            name: roster.name.clone(),
        });
        Status {
            identity: self.me.id(),
            name: self.me.name.clone(),
            peers_connected: presence.connected.len(),
            reachability: reach(presence.listen.iter()).to_owned(),
            listen: presence.listen.iter().cloned().collect(),
            seeds: presence.seeds.iter().cloned().collect(),
            circles: circles.collect(),
            outbox: self.tx.prefix(Table::Outbox, &[]).len(),
            store_bytes: self.facts.store_bytes,
            log_entries: ledger::end(self.tx).0,
            uptime_ms: self.facts.now.since(self.facts.started),
            seed: None,
        }
    }

    pub(super) fn peers(&self, window: &Window) -> Result<Value, Problem> {
        let mut known: BTreeMap<DeviceId, BTreeSet<String>> = BTreeMap::new();
        for (device, address) in &self.facts.presence.connected {
            known.entry(*device).or_default().insert(address.clone());
        }
        for (_, row) in self.tx.prefix(Table::Record, &[]) {
            let signed = self.tx.decoded::<SignedRecord>(Table::Record, &row);
            // It was verified before it was kept; here it is only read.
            let Some(record) = signed.and_then(|signed| signed.trusted().ok()).filter(|record| record.expires > self.facts.now) else {
                continue;
            };
            if let Claim::Addresses(addresses) = record.claim {
                known.entry(record.device).or_default().extend(addresses);
            }
        }
        for (key, _) in self.tx.prefix(Table::Peer, &[]) {
            let text = String::from_utf8_lossy(&key);
            if let Ok((address, Some(device))) = parse_remote(&text) {
                known.entry(device).or_default().insert(address);
            }
        }
        known.remove(&self.me.device());
        let keyed = known.into_iter().map(|peer| (peer.0.0.to_vec(), peer)).collect();
        window::page("peers", window, keyed, |(device, addresses)| Some(self.peer(device, addresses)))
    }

    fn peer(&self, device: DeviceId, addresses: BTreeSet<String>) -> PeerRow {
        let identity = known::person_of(self.tx, &device);
        PeerRow {
            peer: peer_text(&device),
            device,
            identity,
            name: identity.map(|person| self.people.call(&person)),
            connected: self.facts.presence.connected.contains_key(&device),
            addresses: addresses.into_iter().filter(|address| !address.is_empty()).collect(),
        }
    }
}

/// How far addresses are known to reach.
pub fn reach<'a>(addresses: impl Iterator<Item = &'a String>) -> &'static str {
    match addresses.map(|address| scope_of(address)).max() {
        Some(Scope::Circuit) => "relayed",
        Some(Scope::Public) => "public",
        Some(Scope::Lan) => "lan",
        Some(Scope::Local) | None => "local",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_tell_how_far_they_reach() {
        let reach = |all: &[&str]| reach(all.iter().map(|a| (*a).to_owned()).collect::<Vec<_>>().iter());
        assert_eq!(reach(&[]), "local");
        assert_eq!(reach(&["/ip4/127.0.0.1/tcp/1", "/ip6/::1/tcp/1"]), "local");
        assert_eq!(reach(&["/ip4/127.0.0.1/tcp/1", "/ip4/192.168.1.4/tcp/1"]), "lan");
        assert_eq!(reach(&["/ip4/10.0.0.1/tcp/1", "/ip6/2001:41d0::1/tcp/1"]), "public");
    }
}
