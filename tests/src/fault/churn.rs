//! Churn: nodes go and come, for a moment or for minutes.

use haat_protocol::time::{MINUTE_MS, SECOND_MS};

use crate::world::World;
use crate::world::chance::Chance;

/// How nodes come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// All stay.
    Steady,
    /// Now and then one falls and is back within seconds.
    Falls,
    /// Often one is gone for minutes, as laptops are.
    Restless,
}

impl Style {
    pub(super) fn draw(chance: &mut Chance) -> Self {
        [Self::Steady, Self::Falls, Self::Falls, Self::Restless][chance.index(4)]
    }
}

pub(super) fn turn(style: Style, world: &mut World, chance: &mut Chance) {
    let (often, down) = match style {
        Style::Steady => return,
        Style::Falls => (40, (300, 4 * SECOND_MS)),
        Style::Restless => (80, (5 * SECOND_MS, 2 * MINUTE_MS)),
    };
    if chance.permille(often) {
        let who = chance.index(world.size());
        let down_ms = chance.between(down.0, down.1);
        world.crash_for(who, down_ms);
    }
}
