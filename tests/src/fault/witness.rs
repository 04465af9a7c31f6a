//! Lost notes: the file beside the database in which a node writes down what it signs is gone when the node starts again.

use crate::world::World;
use crate::world::chance::Chance;

/// Whether notes are lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// They are kept.
    Kept,
    /// Now and then a node falls and finds none when it starts.
    Lost,
}

impl Style {
    pub(super) fn draw(chance: &mut Chance) -> Self {
        [Self::Kept, Self::Kept, Self::Lost][chance.index(3)]
    }
}

pub(super) fn turn(style: Style, world: &mut World, chance: &mut Chance) {
    if style == Style::Lost && chance.permille(40) {
        let who = chance.index(world.size());
        world.lose_witness(who);
    }
}
