//! Clocks: a little wrong, a day wrong, set while the node runs, or lost altogether.

use haat_protocol::time::{DAY_MS, HOUR_MS, MINUTE_MS, Millis};

use crate::world::World;
use crate::world::chance::Chance;

/// The first day of 2100.
const YEAR_2100: Millis = Millis(4_102_444_800_000);
/// Minutes after the beginning of 1970, where a machine without a battery begins.
const YEAR_1970: Millis = Millis(5 * MINUTE_MS);

/// How clocks go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// They do not.
    Right,
    /// Each is some minutes off, within what is borne with.
    Off,
    /// One or two are up to a day off.
    DayOff,
    /// They are set forward and back by up to an hour.
    Steps,
    /// One shows 1970 for a while.
    Lost1970,
    /// One shows 2100 for a while.
    Lost2100,
}

impl Style {
    pub(super) fn draw(chance: &mut Chance) -> Self {
        let styles = [Self::Right, Self::Right, Self::Off, Self::Off, Self::DayOff, Self::Steps, Self::Lost1970, Self::Lost2100];
        styles[chance.index(styles.len())]
    }
}

/// Up to so many milliseconds ahead or behind.
fn around(chance: &mut Chance, most_ms: u64) -> i64 {
    let signed = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    signed(chance.between(0, 2 * most_ms + 1)) - signed(most_ms)
}

pub(super) fn begin(style: Style, world: &mut World, chance: &mut Chance) {
    match style {
        Style::Off => {
            for who in 0..world.size() {
                world.set_clock_ahead(who, around(chance, 4 * MINUTE_MS));
            }
        }
        Style::DayOff => {
            for _ in 0..2 {
                world.set_clock_ahead(chance.index(world.size()), around(chance, DAY_MS));
            }
        }
        Style::Right | Style::Steps | Style::Lost1970 | Style::Lost2100 => {}
    }
}

pub(super) fn turn(style: Style, world: &mut World, chance: &mut Chance) {
    if !chance.permille(60) {
        return;
    }
    let who = chance.index(world.size());
    match style {
        Style::Right | Style::Off | Style::DayOff => {}
        Style::Steps => world.set_clock_ahead(who, around(chance, HOUR_MS)),
        // Every other time a lost clock is set right again.
        Style::Lost1970 if chance.permille(500) => world.set_clock(who, YEAR_1970),
        Style::Lost2100 if chance.permille(500) => world.set_clock(who, YEAR_2100),
        Style::Lost1970 | Style::Lost2100 => (0..world.size()).for_each(|who| world.set_clock_ahead(who, 0)),
    }
}
