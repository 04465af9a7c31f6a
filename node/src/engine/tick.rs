//! What time brings: records kept fresh, keys kept young, peers kept near, comparisons when they are due. And what every group
//! of inputs ends with: topics, gates and dials that follow the members.

use std::collections::BTreeSet;

use haat_protocol::body::{Body, Profile};
use haat_protocol::codec::encode;
use haat_protocol::crypto::seal;
use haat_protocol::epoch::topic_name;
use haat_protocol::id::{DeviceId, SpaceId};
use haat_protocol::limits::{ADDRESS_LIFE_MS, ADDRESS_REFRESH_MS, ADDRESSES_MAX, CLOCK_SKEW_MS, PREKEY_KEEP_MS, SYNC_EVERY_MS};
use haat_protocol::record::{Claim, Record, SignedRecord};
use haat_protocol::wire::Item;

use super::partner::Due;
use super::work::Work;
use crate::docket;
use crate::intake;
use crate::keyring;
use crate::net::{NetCommand, handed_out, parse_remote};
use crate::store::Table;
use crate::view::circle;

/// Pause between two looks at how old own records are, in milliseconds: much shorter than they may grow. A change is seen at once.
const RECORDS_EVERY_MS: u64 = 10_000;
/// How long a connected newcomer is left to talk before the network meets it anew, in milliseconds.
const GATES_GRACE_MS: u64 = 400;

impl Work<'_, '_> {
    /// Time has passed.
    pub(super) fn tick(&mut self) {
        self.passing.is_stale |= self.passing.gates_at.is_some_and(|at| at <= self.now);
        self.greet_forgotten();
        if self.passing.next_records <= self.now {
            self.tend_records();
        }
        self.tend_joins();
        self.tend_seeds();
        self.tend_waiting();
        self.send_orders();
        self.give_orders();
        self.compare_orders();
        self.tend_cases();
        self.remind();
        self.tend_keys();
        self.compare_due();
        if self.passing.next_sync <= self.now {
            self.passing.next_sync = self.now.plus(SYNC_EVERY_MS);
            intake::retry_all(&mut self.cx());
            self.close_own_forks();
            self.tend_vault();
            docket::forget_old(&mut self.tx, self.now);
            let circles = circle::all(&self.tx);
            for circle in circles {
                self.passing.due.insert(circle, Due { at: self.now, except: None, all: true });
                self.tell_anew(circle);
                self.tend_epoch(circle);
                self.tend_name(circle);
            }
            self.tend_shops();
        }
    }

    /// This node's own identity is the first thing in its trust log.
    pub(super) fn take_root(&mut self) {
        if !std::mem::replace(&mut self.passing.is_rooted, true) {
            let identity = self.me.identity.clone();
            intake::identity(&mut self.cx(), &identity);
            self.remember_leaving();
            self.close_own_forks();
        }
    }

    /// The end of a group of inputs: whatever changed, topics, gates and dials follow.
    pub(super) fn settle(&mut self) {
        self.notice_news();
        self.plan_reminders();
        if !std::mem::take(&mut self.passing.is_stale) {
            return self.answer_joins();
        }
        self.tend_records();
        self.follow_topics();
        self.follow_members();
        self.follow_seeds();
        self.answer_joins();
    }

    /// Own prekey and addresses, published anew when they changed or grow old.
    fn tend_records(&mut self) {
        self.passing.next_records = self.now.plus(RECORDS_EVERY_MS);
        let own = || self.me.prekeys.first().map(|key| seal::prekey_public(&key.0));
        if let Some(prekey) = *self.passing.prekey.get_or_insert_with(own) {
            self.publish_record(Claim::Prekey(prekey), PREKEY_KEEP_MS);
        }
        let addresses = handed_out(&self.passing.presence.listen, ADDRESSES_MAX);
        if !addresses.is_empty() {
            self.publish_record(Claim::Addresses(addresses), ADDRESS_LIFE_MS);
        }
    }

    fn publish_record(&mut self, claim: Claim, life_ms: u64) {
        let device = self.me.device();
        let record = Record { device, claim, issued: self.now, expires: self.now.plus(life_ms) };
        let key = intake::record_key(&record);
        let held = self.tx.load::<SignedRecord>(Table::Record, &key).and_then(|signed| signed.trusted().ok());
        // A clock that was ahead issued it for later: nobody else would take it now, and it must not outlast the right one.
        let is_ahead = held.as_ref().is_some_and(|held| held.issued > self.now.plus(CLOCK_SKEW_MS));
        let is_fresh = held.is_some_and(|held| held.claim == record.claim && self.now.since(held.issued) < ADDRESS_REFRESH_MS);
        if is_fresh && !is_ahead {
            return;
        }
        if is_ahead {
            self.tx.remove(Table::Record, &key);
        }
        let signed = record.sign(&self.me.pair);
        intake::record(&mut self.cx(), &record, &signed);
        let data = encode(&Item::Record(signed));
        let topics: Vec<String> = self.passing.topics.values().filter(|_| self.conduct.gossip).cloned().collect();
        for topic in topics {
            self.send(NetCommand::Publish { topic, data: data.clone() });
        }
        for circle in circle::all(&self.tx) {
            self.compare_soon(circle, None);
        }
    }

    /// Who goes by another name than before says so in every circle.
    pub(super) fn tend_name(&mut self, space: SpaceId) {
        let known = circle::roster(&self.tx, &space).and_then(|roster| roster.members.get(&self.me.id()).map(|me| me.name.clone()));
        if known.is_some_and(|known| known != self.me.name) {
            // Without the circle's keys it waits for the next occasion.
            let _ = self.author(space, &Body::Profile(Profile { name: self.me.name.clone() }));
        }
    }

    /// Whether a member of the circle is connected, to whom what is said goes out at once.
    pub(super) fn is_heard(&self, circle: &SpaceId) -> bool {
        self.passing.presence.connected.keys().any(|device| self.is_member_device(circle, device))
    }

    pub(super) fn is_member_device(&self, circle: &SpaceId, device: &DeviceId) -> bool {
        let person = crate::view::known::speaks_for(&self.tx, device);
        person.is_some_and(|person| circle::roster(&self.tx, circle).is_some_and(|roster| roster.has(&person)))
    }

    /// Gossip goes by the topic of the epoch that leads.
    pub(super) fn follow_topics(&mut self) {
        let mut wanted = std::collections::BTreeMap::new();
        for space in circle::all(&self.tx) {
            let is_in = circle::roster(&self.tx, &space).is_some_and(|roster| roster.has(&self.me.id()));
            if let Some(topic) = keyring::topics(&self.tx, self.me, &space).first().filter(|_| is_in && self.conduct.gossip) {
                wanted.insert(space, topic_name(topic));
            }
        }
        let left: Vec<String> = self.passing.topics.values().filter(|topic| !wanted.values().any(|w| w == *topic)).cloned().collect();
        let new: Vec<String> = wanted.values().filter(|topic| !self.passing.topics.values().any(|t| t == *topic)).cloned().collect();
        for topic in left {
            self.send(NetCommand::Unsubscribe { topic });
        }
        for topic in new {
            self.send(NetCommand::Subscribe { topic });
        }
        self.passing.topics = wanted;
    }

    /// Members of my circles speak gossip with me and are kept near; nobody else is.
    fn follow_members(&mut self) {
        let mut members = BTreeSet::new();
        for roster in circle::all(&self.tx).iter().filter_map(|space| circle::roster(&self.tx, space)) {
            if roster.has(&self.me.id()) || self.passing.leaving.contains(&roster.space) {
                members.extend(circle::devices(&self.tx, &roster));
            }
        }
        members.remove(&self.me.device());
        let gone: Vec<DeviceId> = self.passing.members.difference(&members).copied().collect();
        for device in gone {
            // Whoever was removed learns it when it connects again.
            self.passing.dialled.remove(&device);
            self.send(NetCommand::Forget { device });
            self.send(NetCommand::Disconnect { device });
        }
        for device in &members {
            self.dial(*device);
        }
        self.open_gates(members);
        self.dial_peers();
    }

    /// Tells the network who speaks gossip. It meets a connected newcomer anew for that, so what is being said to the newcomer, a
    /// welcome and the first comparison, gets a moment to end; whoever was removed gets none.
    fn open_gates(&mut self, members: BTreeSet<DeviceId>) {
        if members == self.passing.members {
            self.passing.gates_at = None;
            return;
        }
        let is_connected = |device: &DeviceId| self.passing.presence.connected.contains_key(device);
        let is_talking = members.is_superset(&self.passing.members) && members.difference(&self.passing.members).any(is_connected);
        let now = self.now;
        let at = *self.passing.gates_at.get_or_insert(if is_talking { now.plus(GATES_GRACE_MS) } else { now });
        if at <= now || !is_talking {
            self.passing.gates_at = None;
            self.send(NetCommand::Members { devices: members.clone() });
            self.passing.members = members;
        }
    }

    /// Peers added by hand: dialled once per process, then for ever by the network.
    fn dial_peers(&mut self) {
        for (address, _) in self.tx.prefix(Table::Peer, &[]) {
            let parsed = std::str::from_utf8(&address).ok().and_then(|text| parse_remote(text).ok());
            if let Some((plain, Some(device))) = parsed
                && !self.passing.dialled.contains_key(&device)
            {
                self.passing.dialled.insert(device, vec![plain.clone()]);
                self.send(NetCommand::Dial { device: Some(device), addresses: vec![plain] });
            }
        }
    }
}
