//! Several devices: in some runs one person, who is not the owner, gets a second one after a while and takes it back before the end.

use crate::world::chance::Chance;

/// Whether somebody has two devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Everybody has one.
    One,
    /// This person gets a second one before this turn, and takes it back before that one, when it is reached.
    Two {
        /// Whose.
        person: usize,
        /// When it comes.
        from: u64,
        /// When it goes.
        to: u64,
    },
}

impl Style {
    pub(super) fn draw(chance: &mut Chance, people: usize, commands: u64) -> Self {
        let drawn = Self::Two {
            person: 1 + chance.index(people - 1),
            from: chance.between(1, commands / 3),
            to: chance.between(commands / 2, commands + commands / 4),
        };
        if chance.permille(300) { drawn } else { Self::One }
    }
}
