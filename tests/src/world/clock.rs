//! Clocks: each node has its own, which may be wrong. The world's time, by which messages travel, always goes on evenly.

use haat_protocol::time::Millis;

use super::World;

impl World {
    /// What a node believes the time to be.
    #[must_use]
    pub fn clock(&self, who: usize) -> Millis {
        Millis(self.right_clock().0.saturating_add_signed(self.nodes[who].ahead_ms))
    }

    /// What a right clock shows.
    #[must_use]
    pub const fn right_clock(&self) -> Millis {
        self.now.plus(self.leapt_ms)
    }

    /// Sets a node's clock so far ahead, or behind.
    pub fn set_clock_ahead(&mut self, who: usize, ahead_ms: i64) {
        self.note(&format!("{who}'s clock is {ahead_ms} ms ahead"), &[]);
        self.nodes[who].ahead_ms = ahead_ms;
    }

    /// Sets a node's clock to show a time.
    pub fn set_clock(&mut self, who: usize, shown: Millis) {
        let signed = |time: Millis| i64::try_from(time.0).unwrap_or(i64::MAX);
        self.set_clock_ahead(who, signed(shown) - signed(self.right_clock()));
    }

    /// All clocks are right.
    pub(super) fn set_clocks_right(&mut self) {
        for node in &mut self.nodes {
            node.ahead_ms = 0;
        }
    }

    /// All nodes sleep through a span, as machines do whose lids are closed: nothing happens, and clocks have moved on.
    pub fn sleep(&mut self, span_ms: u64) {
        self.leapt_ms += span_ms;
    }
}
