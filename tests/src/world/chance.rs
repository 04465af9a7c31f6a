//! Seeded chance: the same seed draws the same numbers for ever. It must never be used for keys.

use haat_protocol::crypto::stream;

/// A source of numbers that follow from a seed.
#[derive(Debug, Clone)]
pub struct Chance {
    state: u64,
}

impl Chance {
    /// The source of a seed, for one purpose.
    #[must_use]
    pub fn new(seed: u64, purpose: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_be_bytes());
        key[8..16].copy_from_slice(&purpose.to_be_bytes());
        let mut first = [0; 8];
        stream(&key, &mut first);
        Self { state: u64::from_be_bytes(first) | 1 }
    }

    /// The next number (xorshift64*).
    pub const fn next(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11
    }

    /// A number from `from` up to, but without, `to`.
    pub const fn between(&mut self, from: u64, to: u64) -> u64 {
        if to <= from { from } else { from + self.next() % (to - from) }
    }

    /// A place in something of this length; 0 when it is empty.
    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.between(0, length as u64)).unwrap_or_default()
    }

    /// True this often in a thousand.
    pub const fn permille(&mut self, often: u64) -> bool {
        self.between(0, 1_000) < often
    }
}
