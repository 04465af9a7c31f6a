//! The orders of the seven actions, each by a number, and which of them are asked for. Nothing is done here.
//!
//! Orders are counted from 1, as words of a dictionary whose letters are the actions. `HAAT_ORDERS` is how many are drawn, `all`, or a
//! slice such as `1-720`; `HAAT_ORDER=3-cut-1234` is a single one: people at the beginning, regime, number.

use std::ops::Range;

use super::PEOPLE;
use super::scene::Regime;

/// The seven actions whose orders are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Add,
    Remove,
    Leave,
    Rotate,
    Post,
    Share,
    Unshare,
}

impl Act {
    pub(super) const ALL: [Self; 7] = [Self::Add, Self::Remove, Self::Leave, Self::Rotate, Self::Post, Self::Share, Self::Unshare];
}

/// In how many orders so many actions can be done.
pub(super) fn orders(acts: usize) -> usize {
    (1..=acts).product()
}

/// Orders that are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wish {
    /// Drawn ones, by their seeds.
    Drawn(Range<u64>),
    /// By their numbers, here counted from 0.
    Numbered(Range<usize>),
}

/// The name of one order, as it is asked for again.
pub(super) fn name(people: usize, regime: Regime, number: usize) -> String {
    format!("{people}-{}-{}", regime.text(), number + 1)
}

/// What is asked for of orders of these people in this regime; `usual` are drawn when nothing is said.
///
/// # Panics
/// When it is asked for in other words.
pub(super) fn wish(people: usize, regime: Regime, usual: u64) -> Wish {
    let said = |name: &str| std::env::var(name).ok();
    read([said("HAAT_ORDER").as_deref(), said("HAAT_ORDERS").as_deref(), said("HAAT_SEED").as_deref()], (people, regime), usual)
        .expect("HAAT_ORDER=3-cut-1234, HAAT_ORDERS=100, =all or =1-720, HAAT_SEED=7")
}

fn read([order, orders_of, seed]: [Option<&str>; 3], of: (usize, Regime), usual: u64) -> Option<Wish> {
    let count = orders(Act::ALL.len());
    let place = |text: &str| text.parse::<usize>().ok().filter(|number| (1..=count).contains(number));
    if let Some(order) = order {
        let (rest, number) = order.rsplit_once('-')?;
        let (people, regime) = rest.split_once('-')?;
        let number = place(number)?;
        let people = people.parse().ok().filter(|people| (2..=PEOPLE).contains(people))?;
        let is_of = (people, Regime::parse(regime)?) == of;
        return Some(Wish::Numbered(if is_of { number - 1..number } else { 0..0 }));
    }
    if let Some(seed) = seed {
        let seed = seed.parse().ok()?;
        return Some(Wish::Drawn(seed..seed + 1));
    }
    match orders_of {
        None => Some(Wish::Drawn(1..usual + 1)),
        Some("all") => Some(Wish::Numbered(0..count)),
        Some(text) => match text.split_once('-') {
            Some((first, last)) => Some(Wish::Numbered(place(first)? - 1..place(last)?)),
            None => Some(Wish::Drawn(1..text.parse::<u64>().ok()? + 1)),
        },
    }
}

#[test]
fn orders_are_asked_for_by_number() {
    let of = (3, Regime::Cut);
    assert_eq!(read([None, None, None], of, 30), Some(Wish::Drawn(1..31)));
    assert_eq!(read([None, Some("all"), None], of, 30), Some(Wish::Numbered(0..5_040)));
    assert_eq!(read([None, Some("721-1440"), None], of, 30), Some(Wish::Numbered(720..1_440)));
    assert_eq!(read([None, Some("7"), None], of, 30), Some(Wish::Drawn(1..8)));
    assert_eq!(read([None, Some("7"), Some("5")], of, 30), Some(Wish::Drawn(5..6)));
    assert_eq!(read([Some(&name(3, Regime::Cut, 1_233)), Some("all"), None], of, 30), Some(Wish::Numbered(1_233..1_234)));
    assert_eq!(read([Some("3-cut-1234"), None, None], (2, Regime::Cut), 30), Some(Wish::Numbered(0..0)));
    for wrong in ["0-7", "1-5041", "all of them", "7-"] {
        assert_eq!(read([None, Some(wrong), None], of, 30), None);
    }
    for wrong in ["3-cut", "9-cut-7", "3-whole-7", "3-cut-0"] {
        assert_eq!(read([Some(wrong), None, None], of, 30), None);
    }
}
