//! What others claim about the time: whoever's clock is wrong shall learn it. Claims only; nothing is decided by them.

use std::collections::BTreeMap;

use haat_protocol::admit::Head;
use haat_protocol::entry::Unverified;
use haat_protocol::id::DeviceId;
use haat_protocol::local::ClockView;
use haat_protocol::record::SignedRecord;
use haat_protocol::time::Millis;

use super::Ask;
use crate::ledger::Link;
use crate::store::Table;
use crate::view::known;

impl Ask<'_, '_> {
    pub(super) fn clock(&self) -> ClockView {
        let connected = &self.facts.presence.connected;
        let mut newest: BTreeMap<DeviceId, Millis> = BTreeMap::new();
        let mut claim = |device: DeviceId, at: Millis| {
            if connected.contains_key(&device) {
                let held = newest.entry(device).or_insert(at);
                *held = at.max(*held);
            }
        };
        for (_, row) in self.tx.prefix(Table::Record, &[]) {
            let signed = self.tx.decoded::<SignedRecord>(Table::Record, &row);
            if let Some(record) = signed.and_then(|signed| signed.trusted().ok()) {
                claim(record.device, record.issued);
            }
        }
        for (_, row) in self.tx.prefix(Table::Head, &[]) {
            let header = self.tx.decoded::<Head>(Table::Head, &row).and_then(|head| known::header(self.tx, &head.id));
            if let Some(header) = header {
                claim(header.device, header.at);
            }
        }
        for (_, row) in self.tx.prefix(Table::Parked, &[]) {
            if let Some(entry) = self.tx.decoded::<Unverified>(Table::Parked, &row).and_then(|entry| entry.trusted().ok()) {
                claim(entry.header().device, entry.header().at);
            }
        }
        let last = self.tx.last(Table::Log, &[]).and_then(|(_, row)| self.tx.decoded::<Link>(Table::Log, &row));
        ClockView {
            now: self.facts.now,
            accepted: last.map(|link| link.at),
            newest: newest.into_values().collect(),
            ahead: self.facts.presence.refused.values().filter(|(_, code)| code == "ahead").count(),
        }
    }
}
