//! Disks that go back: a node falls and finds what its store was a while ago, although later commits were acknowledged.

use crate::world::World;
use crate::world::chance::Chance;

/// Whether disks go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// They keep what they acknowledged.
    Kept,
    /// Now and then one forgets all of some turns. The notes beside it survive.
    Forgotten,
}

/// Turns until the disk that forgets goes back; none while there is none.
pub(super) type Left = Option<u64>;

impl Style {
    pub(super) fn draw(chance: &mut Chance) -> Self {
        [Self::Kept, Self::Kept, Self::Kept, Self::Forgotten][chance.index(4)]
    }
}

pub(super) fn turn(style: Style, left: &mut Left, world: &mut World, chance: &mut Chance) {
    *left = match *left {
        _ if style == Style::Kept => None,
        Some(0) => {
            world.set_back();
            None
        }
        Some(left) => Some(left - 1),
        None if chance.permille(100) => {
            world.mark(chance.index(world.size()));
            Some(chance.between(0, 8))
        }
        None => None,
    };
}
