//! How far a long command has come, told while the engine is still at it. A hint for whoever watches: nothing of it is durable before
//! the command is answered, and nothing may follow from it.

use std::fmt;

use haat_protocol::id::SpaceId;
use haat_protocol::local::Happening;

use super::Engine;
use crate::store::Store;

/// Kind of what is told.
const KIND: &str = "progress";
/// How often a long command tells: once for each hundredth of it.
const PARTS: usize = 100;
/// Steps that are not worth a word.
const STEPS_MIN: usize = 64;

/// Hears how far a command has come. It must not keep the engine waiting.
pub trait Telling: fmt::Debug + Send {
    /// Takes what is told now; what was told before is out of date.
    fn tell(&mut self, progress: Happening);
}

/// Tells whoever listens, if anybody does.
#[derive(Debug, Default)]
pub(super) struct Teller(Option<Box<dyn Telling>>);

impl Teller {
    /// So many listings of a shop, of so many, are written.
    pub(super) fn tell(&mut self, shop: &SpaceId, done: usize, of: usize) {
        let Some(telling) = &mut self.0 else { return };
        if done == of || done.is_multiple_of((of / PARTS).max(STEPS_MIN)) {
            let more = [("done", done), ("of", of)].map(|(name, count)| (name.to_owned(), count.to_string()));
            telling.tell(Happening { kind: KIND.to_owned(), subject: shop.to_string(), more: more.into() });
        }
    }
}

impl<S: Store> Engine<S> {
    /// The same engine, which tells how far its long commands have come.
    #[must_use]
    pub fn with_telling(mut self, telling: Box<dyn Telling>) -> Self {
        self.passing.teller = Teller(Some(telling));
        self
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Debug, Default, Clone)]
    struct Heard(Arc<Mutex<Vec<Happening>>>);

    impl Telling for Heard {
        fn tell(&mut self, progress: Happening) {
            self.0.lock().expect("nobody fell").push(progress);
        }
    }

    #[test]
    fn a_hundred_words_at_most_and_the_last_is_the_whole() {
        let told = |of: usize| {
            let heard = Heard::default();
            let mut teller = Teller(Some(Box::new(heard.clone())));
            (1..=of).for_each(|done| teller.tell(&SpaceId([7; 32]), done, of));
            let words = heard.0.lock().expect("nobody fell").clone();
            assert!(words.iter().all(|word| word.more["of"] == of.to_string()), "{words:?}");
            (words.len(), words.last().map(|word| word.more["done"].clone()))
        };
        assert_eq!(told(10), (1, Some("10".to_owned())));
        assert_eq!(told(1_000), (16, Some("1000".to_owned())));
        assert_eq!(told(10_000), (100, Some("10000".to_owned())));
        assert_eq!(told(10_050), (101, Some("10050".to_owned())));
    }
}
