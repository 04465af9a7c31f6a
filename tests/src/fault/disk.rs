//! Disks: commits that fail, commits lost in a fall, falls between a commit and what was to follow it.

use crate::world::World;
use crate::world::chance::Chance;

/// How disks fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// They do not.
    Sound,
    /// Now and then a commit fails, and the node is told.
    Fails,
    /// The node falls in a commit, which is whole or absent afterwards.
    Falls,
    /// The node falls between a commit and some of its effects.
    Between,
    /// All of it.
    All,
}

impl Style {
    pub(super) fn draw(chance: &mut Chance) -> Self {
        [Self::Sound, Self::Fails, Self::Falls, Self::Between, Self::All][chance.index(5)]
    }
}

pub(super) fn turn(style: Style, world: &mut World, chance: &mut Chance) {
    if !chance.permille(70) {
        return;
    }
    let who = chance.index(world.size());
    let style = if style == Style::All { [Style::Fails, Style::Falls, Style::Between][chance.index(3)] } else { style };
    match style {
        Style::Sound | Style::All => {}
        Style::Fails => world.fail_commit(who),
        Style::Falls => world.fall_in_commit(who, chance.permille(500)),
        Style::Between => world.crash_between_effects(who, chance.between(0, 6)),
    }
}
