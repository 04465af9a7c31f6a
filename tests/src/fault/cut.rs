//! Cuts: the network falls in two, lets messages through one way only, or comes and goes.

use crate::world::World;
use crate::world::chance::Chance;

/// How the network is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Not at all.
    Whole,
    /// In two, for some turns.
    Split,
    /// Some ways between two nodes carry nothing.
    OneWay,
    /// In two and whole again, every other turn.
    Flapping,
}

impl Style {
    pub(super) fn draw(chance: &mut Chance) -> Self {
        [Self::Whole, Self::Split, Self::Split, Self::OneWay, Self::Flapping][chance.index(5)]
    }
}

/// The cut that stands now.
#[derive(Debug, Default)]
pub struct Cut {
    /// Turns until it ends; none while there is none.
    left: Option<u64>,
}

pub(super) fn turn(style: Style, cut: &mut Cut, world: &mut World, chance: &mut Chance) {
    cut.left = match cut.left {
        Some(0) => {
            world.heal();
            None
        }
        Some(left) => Some(left - 1),
        None if chance.permille(60) || style == Style::Flapping && chance.permille(500) => begin(style, world, chance),
        None => None,
    };
}

fn begin(style: Style, world: &mut World, chance: &mut Chance) -> Option<u64> {
    let some = |chance: &mut Chance| (0..world.size()).filter(|_| chance.permille(500)).collect::<Vec<usize>>();
    match style {
        Style::Whole => None,
        Style::Split => {
            let apart = some(chance);
            world.partition(&apart);
            Some(chance.between(4, 15))
        }
        Style::Flapping => {
            let apart = some(chance);
            world.partition(&apart);
            Some(chance.between(0, 3))
        }
        Style::OneWay => {
            for _ in 0..world.size() {
                let (from, to) = (chance.index(world.size()), chance.index(world.size()));
                world.block(from, to);
            }
            Some(chance.between(4, 25))
        }
    }
}
