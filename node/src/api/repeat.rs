//! Repeated requests: an `Idempotency-Key` has one effect, however often it comes; repeats get the first answer.
//!
//! In memory, bounded in number, bytes and age. Answers that say "nothing happened, try again" are not kept.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use haat_protocol::limits::{API_REPLIES_MAX, API_REPLIES_MAX_BYTES, API_REPLY_LIFE_MS};
use tokio::sync::watch;

use super::problem::Answer;

/// Hash of what was asked for.
pub(super) type Print = [u8; 32];
/// Where an answer will be.
pub(super) type Pending = watch::Receiver<Option<Answer>>;

/// Whose turn it is with a key.
pub(super) enum Turn {
    /// The key was used for something else.
    Clash,
    /// Too many requests with keys are under way.
    Full,
    /// This request is the first: it acts, then tells.
    First(Teller),
    /// Another request acts or acted: its answer is the answer.
    Repeat(Pending),
}

/// All keys that are remembered.
#[derive(Clone, Default)]
pub(super) struct Repeats(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    replies: BTreeMap<String, Reply>,
    /// Keys, oldest first.
    ages: VecDeque<String>,
    bytes: usize,
}

struct Reply {
    print: Print,
    since: Instant,
    bytes: usize,
    answer: Pending,
}

/// The duty to tell the answer of a key. Dropped untold, the repeats learn that there will be none: nobody knows what was
/// done, so the key does not act again.
pub(super) struct Teller {
    repeats: Repeats,
    key: String,
    answer: watch::Sender<Option<Answer>>,
}

impl Repeats {
    /// Asks whose turn it is with `key` for a request with this print.
    pub(super) fn turn(&self, key: &str, print: Print) -> Turn {
        let mut kept = self.lock();
        kept.expire(Instant::now());
        if let Some(reply) = kept.replies.get(key) {
            return if reply.print == print { Turn::Repeat(reply.answer.clone()) } else { Turn::Clash };
        }
        if kept.replies.len() >= API_REPLIES_MAX && !kept.drop_oldest() {
            return Turn::Full;
        }
        let (sender, answer) = watch::channel(None);
        kept.ages.push_back(key.to_owned());
        kept.replies.insert(key.to_owned(), Reply { print, since: Instant::now(), bytes: 0, answer });
        Turn::First(Teller { repeats: self.clone(), key: key.to_owned(), answer: sender })
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn expire(&mut self, now: Instant) {
        let life = Duration::from_millis(API_REPLY_LIFE_MS);
        let old = |kept: &Self| {
            let key = kept.ages.front()?;
            let reply = kept.replies.get(key)?;
            (now.duration_since(reply.since) > life && reply.is_done()).then(|| key.clone())
        };
        while let Some(key) = old(self) {
            self.forget(&key);
        }
    }

    /// Drops the oldest reply that is no longer under way.
    fn drop_oldest(&mut self) -> bool {
        let oldest = self.ages.iter().find(|key| self.replies.get(*key).is_none_or(Reply::is_done)).cloned();
        oldest.inspect(|key| self.forget(key)).is_some()
    }

    fn forget(&mut self, key: &str) {
        if let Some(reply) = self.replies.remove(key) {
            self.bytes -= reply.bytes;
        }
        self.ages.retain(|other| other != key);
    }

    fn weigh(&mut self, key: &str, bytes: usize) {
        if let Some(reply) = self.replies.get_mut(key) {
            self.bytes = self.bytes - reply.bytes + bytes;
            reply.bytes = bytes;
        }
        while self.bytes > API_REPLIES_MAX_BYTES && self.drop_oldest() {}
    }
}

impl Reply {
    fn is_done(&self) -> bool {
        self.answer.borrow().is_some() || self.answer.has_changed().is_err()
    }
}

impl Teller {
    /// Tells the answer to all who wait, and keeps it unless nothing happened.
    pub(super) fn tell(self, answer: &Answer) {
        self.answer.send_replace(Some(answer.clone()));
        let mut kept = self.repeats.lock();
        if is_decisive(answer.status) {
            kept.weigh(&self.key, answer.body.len());
        } else {
            kept.forget(&self.key);
        }
    }
}

/// Whether a repeat of the request must not act again. What the service calls safe to try again may.
const fn is_decisive(status: u16) -> bool {
    !matches!(status, 503 | 504 | 507)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, size: usize) -> Answer {
        Answer { status, body: vec![b'x'; size].into() }
    }

    fn first(repeats: &Repeats, key: &str) -> Teller {
        match repeats.turn(key, [0; 32]) {
            Turn::First(teller) => teller,
            _ => panic!("{key} is not the first"),
        }
    }

    #[test]
    fn the_oldest_goes_first_and_those_under_way_stay() {
        let repeats = Repeats::default();
        let under_way = first(&repeats, "under way");
        for number in 0..API_REPLIES_MAX {
            first(&repeats, &number.to_string()).tell(&answer(200, 1));
        }
        assert_eq!(repeats.lock().replies.len(), API_REPLIES_MAX);
        assert!(matches!(repeats.turn("0", [0; 32]), Turn::First(_)), "the oldest was forgotten");
        assert!(matches!(repeats.turn("under way", [0; 32]), Turn::Repeat(_)));
        assert!(matches!(repeats.turn("under way", [1; 32]), Turn::Clash));
        drop(under_way);
        assert!(matches!(repeats.turn("under way", [0; 32]), Turn::Repeat(_)), "an untold key does not act again");
    }

    #[test]
    fn no_room_when_all_are_under_way() {
        let repeats = Repeats::default();
        let tellers: Vec<Teller> = (0..API_REPLIES_MAX).map(|number| first(&repeats, &number.to_string())).collect();
        assert!(matches!(repeats.turn("one more", [0; 32]), Turn::Full));
        drop(tellers);
        assert!(matches!(repeats.turn("one more", [0; 32]), Turn::First(_)), "untold keys make room");
    }

    #[test]
    fn bytes_are_bounded() {
        let repeats = Repeats::default();
        for key in ["a", "b", "c"] {
            first(&repeats, key).tell(&answer(200, API_REPLIES_MAX_BYTES / 2));
        }
        assert!(repeats.lock().bytes <= API_REPLIES_MAX_BYTES);
        assert!(matches!(repeats.turn("a", [0; 32]), Turn::First(_)));
        assert!(matches!(repeats.turn("c", [0; 32]), Turn::Repeat(_)));
    }

    #[test]
    fn a_day_is_enough_and_what_may_be_tried_again_is_not_kept() {
        let repeats = Repeats::default();
        first(&repeats, "store").tell(&answer(507, 1));
        assert!(matches!(repeats.turn("store", [0; 32]), Turn::First(_)));
        first(&repeats, "rule").tell(&answer(409, 1));
        assert!(matches!(repeats.turn("rule", [0; 32]), Turn::Repeat(_)));
        let tomorrow = Instant::now() + Duration::from_millis(API_REPLY_LIFE_MS + 1);
        repeats.lock().expire(tomorrow);
        assert!(matches!(repeats.turn("rule", [0; 32]), Turn::First(_)));
    }
}
