//! Reach: being found and finding others through seeds.
//!
//! A seed is a peer that somebody named and that answers on the board. It is told places, which are keyed hashes, and the
//! addresses of this node that reach beyond its home; never a circle. What is found is a hint: whom to dial is decided by who is
//! a member, and everything goes on without any seed.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use haat_protocol::id::{DeviceId, SpaceId};
use haat_protocol::invite::Contact;
use haat_protocol::limits::{
    ADDRESSES_MAX, CIRCLES_MAX, INVITE_SEEDS_MAX, MEET_EVERY_MS, MEET_FOUND_MAX, MEET_INVITES_MAX, MEET_LIFE_MS, REDIAL_MAX_MS, SEEDS_MAX,
};
use haat_protocol::meet::{Found, MeetRequest, MeetResponse, Place, circuit};
use haat_protocol::record::{Claim, Record};
use haat_protocol::time::{Millis, SECOND_MS};

use super::What;
use super::work::Work;
use crate::fact::Fact;
use crate::intake;
use crate::keyring;
use crate::net::{Channel, NetCommand, Scope, handed_out, parse_remote, peer_text, scope_of};
use crate::store::Table;
use crate::view::circle;

/// Pause before a seed is asked again who is there while somebody is missing, in milliseconds; doubled up to `MEET_EVERY_MS`.
const LOOK_AGAIN_MS: u64 = 5 * SECOND_MS;
/// Pause before a reservation that ended is asked for again, in milliseconds; doubled up to `REDIAL_MAX_MS`.
const RESERVE_AGAIN_MS: u64 = 2 * SECOND_MS;

/// What lives no longer than the process.
#[derive(Debug, Default)]
pub(super) struct Reach {
    seeds: BTreeMap<DeviceId, SeedState>,
    /// Where devices that were found can be reached.
    found: BTreeMap<DeviceId, Vec<String>>,
    /// Members found where an invite's holders meet.
    hosts: BTreeMap<SpaceId, BTreeSet<DeviceId>>,
}

/// A peer that may be a seed, while it is connected.
#[derive(Debug)]
struct SeedState {
    /// Its address, with `/p2p/…`.
    address: String,
    /// It answered on the board.
    is_seed: bool,
    /// What stands on its board: places and addresses.
    posted: (Vec<Place>, Vec<String>),
    post_at: Millis,
    look_at: Millis,
    look_pause_ms: u64,
    /// What the places mean that were asked about last.
    looked: BTreeMap<Place, Meeting>,
    /// A reservation stands or was asked for.
    reserved: bool,
    reserve_at: Millis,
    reserve_pause_ms: u64,
}

impl SeedState {
    fn new(address: String, now: Millis) -> Self {
        Self {
            address,
            is_seed: false,
            posted: (Vec::new(), Vec::new()),
            post_at: now,
            look_at: now,
            look_pause_ms: LOOK_AGAIN_MS,
            looked: BTreeMap::new(),
            reserved: false,
            reserve_at: now,
            reserve_pause_ms: RESERVE_AGAIN_MS,
        }
    }
}

/// Who meets at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meeting {
    Circle(SpaceId),
    Invite(SpaceId),
}

impl Work<'_, '_> {
    /// A device is connected: if somebody named it, it may be a seed.
    pub(super) fn seed_connected(&mut self, device: DeviceId) {
        if let Some(address) = self.named_peers().remove(&device)
            && self.passing.reach.seeds.len() < SEEDS_MAX
        {
            let now = self.now;
            self.passing.reach.seeds.entry(device).or_insert_with(|| SeedState::new(address, now));
        }
    }

    /// A device is gone. A seed takes its places and reservations with it; a member is looked for.
    pub(super) fn seed_disconnected(&mut self, device: &DeviceId) {
        if self.passing.reach.seeds.remove(device).is_some() {
            self.follow_seeds();
        } else if self.is_fellow(device) {
            let soon = self.now.plus(LOOK_AGAIN_MS);
            for seed in self.passing.reach.seeds.values_mut() {
                seed.look_pause_ms = LOOK_AGAIN_MS;
                seed.look_at = seed.look_at.min(soon);
            }
        }
    }

    /// Members, keys, invites or addresses changed: what stands on the boards follows.
    pub(super) fn follow_seeds(&mut self) {
        let connected: Vec<DeviceId> = self.passing.presence.connected.keys().copied().collect();
        for device in connected.into_iter().filter(|device| !self.passing.reach.seeds.contains_key(device)).collect::<Vec<_>>() {
            self.seed_connected(device);
        }
        self.show_seeds();
        let seeds: Vec<DeviceId> = self.passing.reach.seeds.iter().filter(|(_, seed)| seed.is_seed).map(|(device, _)| *device).collect();
        for device in seeds {
            let wanted = (self.own_places(&device), self.own_addresses());
            let now = self.now;
            if let Some(seed) = self.passing.reach.seeds.get_mut(&device)
                && seed.posted != wanted
            {
                seed.post_at = now;
            }
        }
    }

    /// Asks the seeds what is due, and for reservations that are missing.
    pub(super) fn tend_seeds(&mut self) {
        let now = self.now;
        let is_due = |seed: &SeedState| seed.look_at <= now || seed.is_seed && seed.post_at <= now;
        let due: Vec<DeviceId> = self.passing.reach.seeds.iter().filter(|(_, seed)| is_due(seed)).map(|(device, _)| *device).collect();
        for device in due {
            let is_asked = |asked: &super::Asked| asked.device == device && matches!(asked.what, What::Meet);
            if !self.passing.requests.values().any(is_asked) {
                self.ask_seed(device);
            }
        }
        let reserve = |seed: &&mut SeedState| seed.is_seed && !seed.reserved && seed.reserve_at <= now;
        let mut wishes = Vec::new();
        for seed in self.passing.reach.seeds.values_mut().filter(reserve) {
            seed.reserved = true;
            wishes.extend(circuit(&seed.address));
        }
        for address in wishes {
            self.send(NetCommand::Listen { address });
        }
    }

    fn ask_seed(&mut self, device: DeviceId) {
        let now = self.now;
        let Some(seed) = self.passing.reach.seeds.get(&device) else { return };
        if seed.is_seed && seed.post_at <= now {
            return self.post_places(device);
        }
        let (is_known, wanted) = (seed.is_seed, self.places_to_look(&device));
        let is_joining = wanted.values().any(|meeting| matches!(meeting, Meeting::Invite(_)));
        let Some(seed) = self.passing.reach.seeds.get_mut(&device) else { return };
        seed.look_at = now.plus(seed.look_pause_ms);
        seed.look_pause_ms = if is_joining { LOOK_AGAIN_MS } else { seed.look_pause_ms.saturating_mul(2).min(MEET_EVERY_MS) };
        if wanted.is_empty() && is_known {
            return;
        }
        let places = wanted.keys().copied().collect();
        seed.looked = wanted;
        self.request(device, Channel::Meet, What::Meet, MeetRequest::Look { places }.to_bytes());
    }

    fn post_places(&mut self, device: DeviceId) {
        let (places, addresses) = (self.own_places(&device), self.own_addresses());
        let (now, me) = (self.now, self.me);
        let Some(seed) = self.passing.reach.seeds.get_mut(&device) else { return };
        seed.post_at = now.plus(MEET_EVERY_MS);
        if places.is_empty() && seed.posted.0.is_empty() {
            return;
        }
        seed.posted = (places.clone(), addresses.clone());
        let record = Record { device: me.device(), claim: Claim::Addresses(addresses), issued: now, expires: now.plus(MEET_LIFE_MS) };
        let request = MeetRequest::Post { places, record: record.sign(&me.pair) };
        self.request(device, Channel::Meet, What::Meet, request.to_bytes());
    }

    /// What a seed answered; none = nothing, or nothing that can be read.
    pub(super) fn met(&mut self, device: DeviceId, answer: Option<MeetResponse>) {
        let Some(seed) = self.passing.reach.seeds.get_mut(&device) else { return };
        let is_news = answer.is_some() && !seed.is_seed;
        seed.is_seed |= is_news;
        match answer {
            Some(MeetResponse::Found(found)) => self.take_found(device, found),
            Some(MeetResponse::Posted { .. }) => {}
            Some(MeetResponse::Refused { code }) => {
                tracing::debug!(seed = %device.short(), code, "the seed refused");
                self.post_again(&device);
            }
            None => self.post_again(&device),
        }
        if is_news {
            self.follow_seeds();
        }
    }

    /// What was to be posted may not stand there; it is said again after a while.
    fn post_again(&mut self, device: &DeviceId) {
        let now = self.now;
        if let Some(seed) = self.passing.reach.seeds.get_mut(device) {
            seed.posted = (Vec::new(), Vec::new());
            seed.post_at = now.plus(seed.look_pause_ms);
        }
    }

    fn take_found(&mut self, seed: DeviceId, found: Vec<Found>) {
        let Some(state) = self.passing.reach.seeds.get(&seed) else { return };
        let (through, looked) = (circuit(&state.address), state.looked.clone());
        for Found { place, records } in found {
            let Some(meeting) = looked.get(&place) else { continue };
            for record in records.iter().take(MEET_FOUND_MAX).filter_map(|signed| signed.verify().ok()) {
                let device = record.device;
                let Claim::Addresses(addresses) = record.claim else { continue };
                let is_wanted = match meeting {
                    Meeting::Circle(space) => self.is_member_device(space, &device),
                    Meeting::Invite(_) => true,
                };
                if !is_wanted || device == self.me.device() || record.expires <= self.now {
                    continue;
                }
                let mut ways: Vec<String> = through.iter().cloned().collect();
                ways.extend(addresses.into_iter().filter(|address| parse_remote(address).is_ok()));
                self.passing.reach.found.insert(device, ways);
                match meeting {
                    Meeting::Circle(_) => self.dial(device),
                    Meeting::Invite(space) => {
                        self.passing.reach.hosts.entry(*space).or_default().insert(device);
                        self.dial_host(device);
                    }
                }
            }
        }
    }

    fn dial_host(&mut self, device: DeviceId) {
        if !self.passing.presence.connected.contains_key(&device) {
            let addresses = self.passing.reach.found.get(&device).cloned().unwrap_or_default();
            self.send(NetCommand::Dial { device: Some(device), addresses });
        }
    }

    /// Where a device can be reached: where it was found, and what it says itself.
    pub(super) fn ways_to(&self, device: &DeviceId, said: Vec<String>) -> Vec<String> {
        let mut ways = self.passing.reach.found.get(device).cloned().unwrap_or_default();
        let plain = |address: &String| parse_remote(address).ok().map(|(address, _)| address);
        ways.extend(said);
        let mut seen = BTreeSet::new();
        ways.retain(|way| seen.insert(plain(way).unwrap_or_else(|| way.clone())));
        ways.truncate(ADDRESSES_MAX);
        ways
    }

    /// Whom a code's holder may ask, besides those whom the code names: members found at the seeds, and everybody named with a
    /// seed in between.
    pub(super) fn with_seeds(&self, space: &SpaceId, seeds: &[String], contacts: Vec<Contact>) -> Vec<Contact> {
        let circuits: Vec<String> = seeds.iter().filter_map(|seed| circuit(seed)).collect();
        let named: BTreeSet<DeviceId> = contacts.iter().map(|contact| contact.device).collect();
        let found = self.passing.reach.hosts.get(space).into_iter().flatten().filter(|device| !named.contains(device));
        let found = found.map(|device| Contact { device: *device, addresses: self.ways_to(device, Vec::new()) }).collect::<Vec<_>>();
        let mut all: Vec<Contact> = contacts;
        all.iter_mut().for_each(|contact| contact.addresses.extend(circuits.iter().cloned()));
        all.extend(found);
        all
    }

    /// Whether a device was found where this invite's holders meet.
    pub(super) fn is_host(&self, space: &SpaceId, device: &DeviceId) -> bool {
        self.passing.reach.hosts.get(space).is_some_and(|hosts| hosts.contains(device))
    }

    /// Seeds that a code names are remembered and dialled.
    pub(super) fn remember_seeds(&mut self, seeds: &[String]) {
        for address in seeds.iter().take(INVITE_SEEDS_MAX) {
            let is_whole = matches!(parse_remote(address), Ok((_, Some(device))) if device != self.me.device());
            if is_whole && scope_of(address) != Scope::Circuit && !self.tx.has(Table::Peer, address.as_bytes()) {
                intake::fact(&mut self.cx(), &Fact::Peer { address: address.clone() });
                self.passing.is_stale = true;
            }
        }
        let now = self.now;
        for seed in self.passing.reach.seeds.values_mut() {
            seed.look_at = now;
        }
    }

    /// The seeds that an invite names.
    pub(super) fn seeds_to_name(&self) -> Vec<String> {
        self.passing.reach.seeds.values().filter(|seed| seed.is_seed).take(INVITE_SEEDS_MAX).map(|seed| seed.address.clone()).collect()
    }

    /// A way to be reached ended: if it led through a seed, it is asked for again after a pause.
    pub(super) fn listening_ended(&mut self, address: &str) {
        let now = self.now;
        for seed in self.passing.reach.seeds.values_mut() {
            if circuit(&seed.address).as_deref() == Some(address) {
                seed.reserved = false;
                seed.reserve_at = now.plus(seed.reserve_pause_ms);
                seed.reserve_pause_ms = seed.reserve_pause_ms.saturating_mul(2).min(REDIAL_MAX_MS);
            }
        }
    }

    /// Peers that somebody named, and where.
    fn named_peers(&self) -> BTreeMap<DeviceId, String> {
        let rows = self.tx.prefix(Table::Peer, &[]);
        let named = rows.iter().filter_map(|(key, _)| {
            let (plain, device) = parse_remote(std::str::from_utf8(key).ok()?).ok()?;
            let device = device.filter(|_| scope_of(&plain) != Scope::Circuit)?;
            Some((device, format!("{plain}/p2p/{}", peer_text(&device))))
        });
        named.collect()
    }

    /// The places where this node wants to be found: its circles, and its circles' open invites.
    fn own_places(&self, seed: &DeviceId) -> Vec<Place> {
        let mut places = BTreeSet::new();
        let mut open = Vec::new();
        for roster in circle::all(&self.tx).iter().filter_map(|space| circle::roster(&self.tx, space)) {
            if roster.has(&self.me.id()) {
                places.extend(self.circle_place(&roster.space, seed));
                let usable = roster.invites.values().filter(|i| !i.revoked && i.expires > self.now && (i.admitted.len() as u64) < i.uses);
                open.extend(usable.map(|invite| (invite.expires, invite.key)));
            }
        }
        open.sort_by_key(|(expires, _)| std::cmp::Reverse(*expires));
        places.extend(open.into_iter().take(MEET_INVITES_MAX).map(|(_, key)| Place::of_invite(&key, seed)));
        places.into_iter().collect()
    }

    fn circle_place(&self, space: &SpaceId, seed: &DeviceId) -> Option<Place> {
        keyring::topics(&self.tx, self.me, space).first().map(|topic| Place::of_circle(topic, seed))
    }

    /// Where somebody is missing: circles with a member who is not connected, and joins that wait.
    fn places_to_look(&self, seed: &DeviceId) -> BTreeMap<Place, Meeting> {
        let mut places = BTreeMap::new();
        for roster in circle::all(&self.tx).iter().take(CIRCLES_MAX).filter_map(|space| circle::roster(&self.tx, space)) {
            let mut devices = circle::devices(&self.tx, &roster).into_iter().filter(|device| *device != self.me.device());
            let is_missing = |device: DeviceId| !self.passing.presence.connected.contains_key(&device);
            if roster.has(&self.me.id())
                && devices.any(is_missing)
                && let Some(place) = self.circle_place(&roster.space, seed)
            {
                places.insert(place, Meeting::Circle(roster.space));
            }
        }
        let joins = self.codes().into_iter().map(|code| (Place::of_invite(&code.pair().public(), seed), Meeting::Invite(code.space)));
        places.extend(joins);
        places
    }

    /// The addresses a seed is told: those that reach beyond the home network.
    fn own_addresses(&self) -> Vec<String> {
        let mut addresses = handed_out(&self.passing.presence.listen, usize::MAX);
        addresses.retain(|address| scope_of(address) >= Scope::Circuit);
        addresses.truncate(ADDRESSES_MAX);
        addresses
    }

    fn show_seeds(&mut self) {
        let seeds = self.passing.reach.seeds.values().filter(|seed| seed.is_seed).map(|seed| seed.address.clone());
        self.passing.presence.seeds = seeds.collect();
    }
}
