//! Hostile members: in some runs one of those who are not the owner is one.

use crate::world::World;
use crate::world::chance::Chance;
pub use crate::world::hostile::Malice;

/// What the hostile member does, when there is one.
pub type Style = Option<Malice>;

pub(super) fn draw(chance: &mut Chance, later: &mut Chance) -> Style {
    let all = [Malice::Junk, Malice::Replays, Malice::Lies, Malice::WrongSigners, Malice::Forks];
    let drawn = chance.permille(400).then(|| all[chance.index(all.len())]);
    let makes_up = later.permille(500);
    drawn.map(|malice| if malice == Malice::Lies && makes_up { Malice::Heights } else { malice })
}

pub(super) fn begin(style: Style, world: &mut World, chance: &mut Chance) {
    if let Some(malice) = style {
        let who = 1 + chance.index(world.size() - 1);
        world.set_hostile(who, malice);
    }
}
