//! Choices that look free and are the same for the same seed. Never for keys or anything else that must be unguessable.

use std::cell::Cell;

/// A stream of numbers from a seed (SplitMix64).
#[derive(Debug)]
pub(super) struct Chance {
    state: Cell<u64>,
}

impl Chance {
    /// Begins at a seed.
    pub(super) const fn new(seed: u64) -> Self {
        Self { state: Cell::new(seed) }
    }

    fn next(&self) -> u64 {
        let state = self.state.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.state.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of several.
    pub(super) fn pick<T: Copy>(&self, of: &[T]) -> T {
        let count = u64::try_from(of.len()).unwrap_or(u64::MAX);
        let at = self.next().checked_rem(count).expect("a choice has something to choose from");
        of[usize::try_from(at).unwrap_or_default()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_chooses_the_same_and_another_differs() {
        let chosen = |seed| {
            let chance = Chance::new(seed);
            (0..32).map(|_| chance.pick(&[1, 2, 3, 4, 5])).collect::<Vec<_>>()
        };
        assert_eq!(chosen(7), chosen(7));
        assert_ne!(chosen(7), chosen(8));
        assert!((1..=5).all(|n| chosen(7).contains(&n)), "everything comes up");
    }
}
