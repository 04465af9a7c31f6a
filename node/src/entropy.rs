//! Chance, handed in from outside: the operating system's in a node, a seed's in the simulator.

use haat_protocol::crypto::{Context, hash};

/// A source of random bytes.
pub trait Entropy: Send {
    /// Thirty-two fresh bytes.
    fn fresh(&mut self) -> [u8; 32];
}

impl std::fmt::Debug for dyn Entropy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Entropy")
    }
}

/// The operating system's source.
#[derive(Debug, Default)]
pub struct System;

impl Entropy for System {
    fn fresh(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
        bytes
    }
}

/// Bytes that follow from a seed: the same run again and again.
#[derive(Debug)]
pub struct Seeded {
    seed: [u8; 32],
    drawn: u64,
}

impl Seeded {
    /// A source for one node of one run.
    #[must_use]
    pub fn new(seed: u64, node: u64) -> Self {
        Self { seed: hash(Context::Stream, &[&seed.to_be_bytes(), &node.to_be_bytes()]), drawn: 0 }
    }
}

impl Entropy for Seeded {
    fn fresh(&mut self) -> [u8; 32] {
        self.drawn += 1;
        hash(Context::Stream, &[&self.seed, &self.drawn.to_be_bytes()])
    }
}
