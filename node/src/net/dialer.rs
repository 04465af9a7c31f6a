//! Who is to be dialled, and when: a table of wishes that is told what happened and answers what is due.
//!
//! It has no clock, no socket and no randomness of its own: `now` and `luck` are arguments. It must never give up on a
//! standing wish; only the pauses grow.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use haat_protocol::id::DeviceId;
use haat_protocol::limits::{ADDRESSES_MAX, DIAL_WISHES_MAX, REDIAL_MAX_MS, REDIAL_MIN_MS};

/// Whom a wish is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    /// A device we know by its key.
    Device(DeviceId),
    /// Whoever answers at an address.
    Address(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting { until: Instant },
    Dialling,
    Connected,
}

#[derive(Debug)]
struct Wish {
    addresses: Vec<String>,
    /// False: dialled once, to make a connection anew, and then forgotten.
    standing: bool,
    pause_ms: u64,
    state: State,
}

/// The table.
#[derive(Debug, Default)]
pub(super) struct Dialer {
    wishes: BTreeMap<Target, Wish>,
}

impl Dialer {
    /// Adds a standing wish, due at once, or gives a standing one other addresses. False: the table is full.
    pub(super) fn want(&mut self, target: Target, mut addresses: Vec<String>, connected: bool, now: Instant) -> bool {
        addresses.truncate(ADDRESSES_MAX);
        if let Some(wish) = self.wishes.get_mut(&target) {
            let news = wish.addresses != addresses;
            wish.addresses = addresses;
            wish.standing = true;
            if news && matches!(wish.state, State::Waiting { .. }) {
                wish.pause_ms = REDIAL_MIN_MS;
                wish.state = State::Waiting { until: now };
            }
            return true;
        }
        if self.wishes.len() >= DIAL_WISHES_MAX {
            return false;
        }
        let state = if connected { State::Connected } else { State::Waiting { until: now } };
        self.wishes.insert(target, Wish { addresses, standing: true, pause_ms: REDIAL_MIN_MS, state });
        true
    }

    /// Makes a device due at once: the connection was closed in order to be made anew. Without a wish, `addresses` are
    /// tried one time.
    pub(super) fn urge(&mut self, device: DeviceId, mut addresses: Vec<String>, now: Instant) {
        let state = State::Waiting { until: now };
        if let Some(wish) = self.wishes.get_mut(&Target::Device(device)) {
            wish.state = state;
        } else if !addresses.is_empty() && self.wishes.len() < DIAL_WISHES_MAX {
            addresses.truncate(ADDRESSES_MAX);
            self.wishes.insert(Target::Device(device), Wish { addresses, standing: false, pause_ms: REDIAL_MIN_MS, state });
        }
    }

    /// Drops a wish.
    pub(super) fn forget(&mut self, target: &Target) {
        self.wishes.remove(target);
    }

    /// When the next dial is due, if any waits.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.wishes.values().filter_map(|wish| if let State::Waiting { until } = wish.state { Some(until) } else { None }).min()
    }

    /// What is to be dialled now, the longest waiting first, `room` at most; from here on each counts as being dialled.
    pub(super) fn take_due(&mut self, now: Instant, room: usize) -> Vec<(Target, Vec<String>)> {
        let mut due: Vec<_> = self
            .wishes
            .iter_mut()
            .filter_map(|(target, wish)| match wish.state {
                State::Waiting { until } if until <= now => Some((until, target, wish)),
                _ => None,
            })
            .collect();
        due.sort_by_key(|(until, ..)| *until);
        let begin = |(_, target, wish): (Instant, &Target, &mut Wish)| {
            wish.state = State::Dialling;
            (target.clone(), wish.addresses.clone())
        };
        due.into_iter().take(room).map(begin).collect()
    }

    /// A dial failed: wait, longer each time.
    pub(super) fn failed(&mut self, target: &Target, now: Instant, luck: u64) {
        let Some(wish) = self.wishes.get_mut(target) else { return };
        if !wish.standing {
            self.wishes.remove(target);
        } else if wish.state == State::Dialling {
            wish.state = State::Waiting { until: now + jittered(wish.pause_ms, luck) };
            wish.pause_ms = wish.pause_ms.saturating_mul(2).min(REDIAL_MAX_MS);
        }
    }

    /// A dial reached `device`. A wish for an address becomes one for the device that answered there.
    pub(super) fn reached(&mut self, target: &Target, device: DeviceId, now: Instant) {
        if let Target::Address(address) = target
            && self.wishes.remove(target).is_some()
            && !self.wishes.contains_key(&Target::Device(device))
        {
            self.want(Target::Device(device), vec![address.clone()], true, now);
        }
    }

    /// A connection with `device` stands, whoever made it.
    pub(super) fn connected(&mut self, device: DeviceId) {
        let target = Target::Device(device);
        let Some(wish) = self.wishes.get_mut(&target) else { return };
        if wish.standing {
            wish.pause_ms = REDIAL_MIN_MS;
            wish.state = State::Connected;
        } else {
            self.wishes.remove(&target);
        }
    }

    /// Every connection and every dial is gone at once: what stands is due, what was to be tried one time is over.
    pub(super) fn begin_anew(&mut self, now: Instant) {
        self.wishes.retain(|_, wish| wish.standing);
        for wish in self.wishes.values_mut().filter(|wish| !matches!(wish.state, State::Waiting { .. })) {
            wish.state = State::Waiting { until: now };
        }
    }

    /// The last connection with `device` is gone.
    pub(super) fn lost(&mut self, device: DeviceId, now: Instant, luck: u64) {
        if let Some(wish) = self.wishes.get_mut(&Target::Device(device))
            && wish.state == State::Connected
        {
            wish.state = State::Waiting { until: now + jittered(REDIAL_MIN_MS, luck) };
            wish.pause_ms = REDIAL_MIN_MS * 2;
        }
    }
}

/// Between half of the pause and the whole of it, so that two who lost each other do not dial in step.
fn jittered(pause_ms: u64, luck: u64) -> Duration {
    let half = pause_ms / 2;
    Duration::from_millis(pause_ms - half + luck % (half + 1))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const ANA: DeviceId = DeviceId([1; 32]);

    fn at(address: &str) -> Vec<String> {
        vec![address.to_owned()]
    }

    #[test]
    fn pauses_grow_to_the_longest_and_start_over() {
        let (mut dialer, mut now) = (Dialer::default(), Instant::now());
        let target = Target::Device(ANA);
        assert!(dialer.want(target.clone(), at("a"), false, now));
        let mut pauses = Vec::new();
        for _ in 0..12 {
            assert_eq!(dialer.take_due(now, 8), vec![(target.clone(), at("a"))]);
            assert!(dialer.next_due().is_none(), "nothing is due while it is being dialled");
            dialer.failed(&target, now, u64::MAX);
            let due = dialer.next_due().unwrap();
            assert!(dialer.take_due(now, 8).is_empty(), "not before its time");
            pauses.push(u64::try_from((due - now).as_millis()).unwrap());
            now = due;
        }
        assert!(pauses[0] >= REDIAL_MIN_MS / 2 && pauses[0] <= REDIAL_MIN_MS);
        assert!(pauses.iter().all(|pause| *pause <= REDIAL_MAX_MS) && *pauses.last().unwrap() >= REDIAL_MAX_MS / 2);
        dialer.connected(ANA);
        assert!(dialer.next_due().is_none());
        dialer.lost(ANA, now, 0);
        assert_eq!(dialer.next_due(), Some(now + Duration::from_millis(REDIAL_MIN_MS / 2)));
    }

    #[test]
    fn news_about_addresses_is_tried_at_once_and_old_news_is_not() {
        let (mut dialer, now) = (Dialer::default(), Instant::now());
        let target = Target::Device(ANA);
        dialer.want(target.clone(), at("a"), false, now);
        dialer.take_due(now, 8);
        dialer.failed(&target, now, 0);
        dialer.want(target.clone(), at("a"), false, now);
        assert!(dialer.take_due(now, 8).is_empty());
        dialer.want(target.clone(), at("b"), false, now);
        assert_eq!(dialer.take_due(now, 8), vec![(target, at("b"))]);
    }

    #[test]
    fn an_address_becomes_the_device_that_answered() {
        let (mut dialer, now) = (Dialer::default(), Instant::now());
        let target = Target::Address("a".into());
        dialer.want(target.clone(), at("a"), false, now);
        dialer.take_due(now, 8);
        dialer.reached(&target, ANA, now);
        dialer.lost(ANA, now, 0);
        let later = dialer.next_due().unwrap();
        assert_eq!(dialer.take_due(later, 8), vec![(Target::Device(ANA), at("a"))]);
        dialer.forget(&Target::Device(ANA));
        dialer.failed(&Target::Device(ANA), later, 0);
        assert!(dialer.next_due().is_none());
    }

    #[test]
    fn urged_without_a_wish_is_tried_once() {
        let (mut dialer, now) = (Dialer::default(), Instant::now());
        dialer.urge(ANA, vec![], now);
        assert!(dialer.next_due().is_none(), "nowhere to dial");
        dialer.urge(ANA, at("a"), now);
        assert_eq!(dialer.take_due(now, 8).len(), 1);
        dialer.failed(&Target::Device(ANA), now, 0);
        assert!(dialer.next_due().is_none());
    }

    #[test]
    fn room_and_table_are_bounded() {
        let (mut dialer, now) = (Dialer::default(), Instant::now());
        for number in 0..DIAL_WISHES_MAX {
            assert!(dialer.want(Target::Address(number.to_string()), at("a"), false, now));
        }
        assert!(!dialer.want(Target::Device(ANA), at("a"), false, now));
        assert_eq!(dialer.take_due(now, 3).len(), 3);
        assert_eq!(dialer.take_due(now, usize::MAX).len(), DIAL_WISHES_MAX - 3);
    }
}
