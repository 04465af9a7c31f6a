//! The board of a seed: who wants to be found where, for how long. Bounded in every direction; it has no clock and keeps nothing
//! of who looks.

use std::collections::{BTreeMap, BTreeSet};

use super::{Found, MeetRequest, MeetResponse, Place};
use crate::id::DeviceId;
use crate::limits::{
    MEET_ASKS_PER_MINUTE, MEET_DEVICES_MAX, MEET_FOUND_MAX, MEET_LIFE_MS, MEET_POSTS_MAX, MEET_RECORD_MAX_BYTES, SYNC_BATCH_BYTES,
};
use crate::record::{Claim, SignedRecord};
use crate::time::{MINUTE_MS, Millis};

/// What a device posted.
#[derive(Debug, Clone)]
struct Post {
    places: Vec<Place>,
    record: SignedRecord,
    until: Millis,
}

/// How much stands on a board.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Devices that want to be found.
    pub devices: usize,
    /// Places at which somebody is.
    pub places: usize,
}

/// The board.
#[derive(Debug, Default)]
pub struct Board {
    posts: BTreeMap<DeviceId, Post>,
    /// Who is where; what is here is in `posts` too.
    places: BTreeMap<Place, BTreeSet<DeviceId>>,
    /// Pairs of device and place.
    pairs: usize,
    /// Questions in the minute that began at `.0`.
    asks: (Millis, BTreeMap<DeviceId, u32>),
}

impl Board {
    /// Answers one request of a device whose key the connection has proven.
    pub fn asked(&mut self, device: DeviceId, bytes: &[u8], now: Millis) -> MeetResponse {
        let refused = |code: &str| MeetResponse::Refused { code: code.to_owned() };
        self.sweep(now);
        if !self.may_ask(device, now) {
            return refused("busy");
        }
        match MeetRequest::from_bytes(bytes) {
            Ok(MeetRequest::Post { places, record }) => match self.post(device, places, record, now) {
                Ok(()) => MeetResponse::Posted { life_ms: MEET_LIFE_MS },
                Err(code) => refused(code),
            },
            Ok(MeetRequest::Look { places }) => MeetResponse::Found(self.look(device, &places)),
            Err(_) => refused("malformed"),
        }
    }

    /// How much stands on it.
    pub fn tally(&mut self, now: Millis) -> Tally {
        self.sweep(now);
        Tally { devices: self.posts.len(), places: self.places.len() }
    }

    fn post(&mut self, device: DeviceId, places: Vec<Place>, record: SignedRecord, now: Millis) -> Result<(), &'static str> {
        let is_own = |record: &crate::record::Record| record.device == device && matches!(record.claim, Claim::Addresses(_));
        if record.bytes.len() > MEET_RECORD_MAX_BYTES || !record.verify().is_ok_and(|record| is_own(&record)) {
            return Err("malformed");
        }
        let held = self.posts.get(&device).map_or(0, |post| post.places.len());
        let is_new = !self.posts.contains_key(&device);
        if !places.is_empty() && (self.pairs - held + places.len() > MEET_POSTS_MAX || is_new && self.posts.len() >= MEET_DEVICES_MAX) {
            return Err("full");
        }
        self.remove(&device);
        if places.is_empty() {
            return Ok(());
        }
        for place in &places {
            self.places.entry(*place).or_default().insert(device);
        }
        self.pairs += places.len();
        self.posts.insert(device, Post { places, record, until: now.plus(MEET_LIFE_MS) });
        Ok(())
    }

    /// Others at these places, the latest first, within the size of one answer.
    fn look(&self, device: DeviceId, places: &[Place]) -> Vec<Found> {
        let mut room = SYNC_BATCH_BYTES;
        let mut all = Vec::new();
        for place in places {
            let there = self.places.get(place).into_iter().flatten().filter(|other| **other != device);
            let mut posts: Vec<&Post> = there.filter_map(|other| self.posts.get(other)).collect();
            posts.sort_by_key(|post| std::cmp::Reverse(post.until));
            let mut records = Vec::new();
            for post in posts.into_iter().take(MEET_FOUND_MAX) {
                let Some(left) = room.checked_sub(post.record.bytes.len() + 128) else { break };
                room = left;
                records.push(post.record.clone());
            }
            if !records.is_empty() {
                all.push(Found { place: *place, records });
            }
        }
        all
    }

    fn may_ask(&mut self, device: DeviceId, now: Millis) -> bool {
        if now.since(self.asks.0) >= MINUTE_MS || now < self.asks.0 {
            self.asks = (now, BTreeMap::new());
        }
        let asked = self.asks.1.entry(device).or_default();
        *asked += 1;
        *asked <= MEET_ASKS_PER_MINUTE
    }

    fn sweep(&mut self, now: Millis) {
        let gone: Vec<DeviceId> = self.posts.iter().filter(|(_, post)| post.until <= now).map(|(device, _)| *device).collect();
        for device in gone {
            self.remove(&device);
        }
    }

    fn remove(&mut self, device: &DeviceId) {
        let Some(post) = self.posts.remove(device) else { return };
        self.pairs -= post.places.len();
        for place in post.places {
            if let Some(there) = self.places.get_mut(&place) {
                there.remove(device);
                if there.is_empty() {
                    self.places.remove(&place);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Keypair;
    use crate::limits::MEET_PLACES_MAX;
    use crate::record::Record;

    const NOON: Millis = Millis(1_000_000_000);

    fn pair(n: u8) -> Keypair {
        Keypair::from_seed(&[n; 32])
    }

    fn record(n: u8) -> SignedRecord {
        let claim = Claim::Addresses(vec![format!("/ip4/192.0.2.{n}/tcp/1")]);
        Record { device: pair(n).public(), claim, issued: NOON, expires: NOON.plus(1) }.sign(&pair(n))
    }

    fn place(n: u8) -> Place {
        Place([n; 16])
    }

    fn post(board: &mut Board, n: u8, places: &[u8], now: Millis) -> MeetResponse {
        let request = MeetRequest::Post { places: places.iter().copied().map(place).collect(), record: record(n) };
        board.asked(pair(n).public(), &request.to_bytes(), now)
    }

    fn look(board: &mut Board, n: u8, places: &[u8], now: Millis) -> Vec<(Place, Vec<SignedRecord>)> {
        let request = MeetRequest::Look { places: places.iter().copied().map(place).collect() };
        match board.asked(pair(n).public(), &request.to_bytes(), now) {
            MeetResponse::Found(found) => found.into_iter().map(|found| (found.place, found.records)).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn who_names_the_place_finds_the_others_there() {
        let mut board = Board::default();
        assert_eq!(post(&mut board, 1, &[1, 2], NOON), MeetResponse::Posted { life_ms: MEET_LIFE_MS });
        post(&mut board, 2, &[2, 3], NOON.plus(5));
        assert_eq!(look(&mut board, 1, &[1], NOON), vec![], "nobody finds themselves");
        assert_eq!(look(&mut board, 1, &[1, 2, 3], NOON), vec![(place(2), vec![record(2)]), (place(3), vec![record(2)])]);
        assert_eq!(look(&mut board, 3, &[2], NOON), vec![(place(2), vec![record(2), record(1)])], "the latest first");
        assert_eq!(look(&mut board, 3, &[], NOON), vec![], "nothing is told that was not named");
        assert_eq!(board.tally(NOON), Tally { devices: 2, places: 3 });
    }

    #[test]
    fn a_post_replaces_the_one_before_and_ends() {
        let mut board = Board::default();
        post(&mut board, 1, &[1, 2], NOON);
        post(&mut board, 1, &[3], NOON);
        assert_eq!(look(&mut board, 2, &[1, 2], NOON), vec![]);
        assert_eq!(look(&mut board, 2, &[3], NOON.plus(MEET_LIFE_MS - 1)).len(), 1);
        assert_eq!(look(&mut board, 2, &[3], NOON.plus(MEET_LIFE_MS)), vec![]);
        post(&mut board, 1, &[3], NOON.plus(MEET_LIFE_MS));
        post(&mut board, 1, &[], NOON.plus(MEET_LIFE_MS));
        assert_eq!((board.tally(NOON), board.pairs), (Tally::default(), 0));
    }

    #[test]
    fn nobody_posts_for_another() {
        let mut board = Board::default();
        let request = MeetRequest::Post { places: vec![place(1)], record: record(2) };
        let refused = MeetResponse::Refused { code: "malformed".into() };
        assert_eq!(board.asked(pair(1).public(), &request.to_bytes(), NOON), refused);
        let prekey = Record { device: pair(1).public(), claim: Claim::Prekey([1; 32]), issued: NOON, expires: NOON }.sign(&pair(1));
        let request = MeetRequest::Post { places: vec![place(1)], record: prekey };
        assert_eq!(board.asked(pair(1).public(), &request.to_bytes(), NOON), refused);
        assert_eq!(board.asked(pair(1).public(), b"haat", NOON), refused);
        assert_eq!(board.tally(NOON), Tally::default());
    }

    #[test]
    fn it_is_bounded() {
        let mut board = Board::default();
        for _ in 0..MEET_ASKS_PER_MINUTE {
            look(&mut board, 1, &[1], NOON);
        }
        assert_eq!(post(&mut board, 1, &[1], NOON), MeetResponse::Refused { code: "busy".into() });
        post(&mut board, 2, &[1], NOON);
        assert_eq!(look(&mut board, 1, &[1], NOON.plus(MINUTE_MS)).len(), 1, "a minute later it may ask again");
        board.pairs = MEET_POSTS_MAX - 1;
        assert_eq!(post(&mut board, 3, &[1, 2], NOON.plus(MINUTE_MS)), MeetResponse::Refused { code: "full".into() });
        assert!(matches!(post(&mut board, 3, &[1], NOON.plus(MINUTE_MS)), MeetResponse::Posted { .. }));
        const { assert!(MEET_PLACES_MAX < MEET_POSTS_MAX) };
    }
}
