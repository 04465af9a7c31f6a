//! Who lives in the lane. Only names: what they do stands in the story.

/// Fewest neighbours that a market needs: one sells, one buys, one must go.
pub(super) const NEIGHBOURS_MIN: usize = 3;
/// Most neighbours that a town has.
pub(super) const NEIGHBOURS_MAX: usize = 12;

/// A neighbour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    /// Sells tea, and begins the circle.
    Chen,
    /// Recommends and buys.
    Mei,
    /// Bakes.
    Rosa,
    /// Bargains.
    Wang,
    /// Floods the lane and is removed.
    Cheap,
    /// Joins, says hello and reads.
    More(usize),
}

/// Name and directory of those who only join, say hello and read.
const MORE: [(&str, &str); NEIGHBOURS_MAX - 5] = [
    ("Aunt Zhao 赵姨", "zhao"),
    ("Tomás the Tailor", "tomas"),
    ("Dr. Gao 高医生", "gao"),
    ("Grandma Su 苏奶奶", "su"),
    ("Inês from No. 9", "ines"),
    ("Little Hu 小胡", "hu"),
    ("Teacher Luo 罗老师", "luo"),
];

impl Who {
    /// The name they go by.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Chen => "陈伯 Uncle Chen",
            Self::Mei => "Lin Mei 林梅",
            Self::Rosa => "Baker Rosa",
            Self::Wang => "Old Wang 老王",
            Self::Cheap => "Cheap Deals 88",
            Self::More(n) => MORE[n].0,
        }
    }

    /// The directory of their home.
    pub(super) fn directory(self) -> &'static str {
        match self {
            Self::Chen => "chen",
            Self::Mei => "mei",
            Self::Rosa => "rosa",
            Self::Wang => "wang",
            Self::Cheap => "cheap",
            Self::More(n) => MORE[n].1,
        }
    }
}

/// The neighbours of a town of this size, in the order in which they are told.
pub(super) fn cast(count: usize) -> Vec<Who> {
    let count = count.clamp(NEIGHBOURS_MIN, NEIGHBOURS_MAX);
    let mut all = vec![Who::Chen, Who::Mei];
    all.extend((count >= 4).then_some(Who::Wang));
    all.extend((count >= 5).then_some(Who::Rosa));
    all.push(Who::Cheap);
    all.extend((0..count.saturating_sub(5)).map(Who::More));
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_town_has_as_many_as_asked_and_nobody_twice() {
        for count in NEIGHBOURS_MIN..=NEIGHBOURS_MAX {
            let all = cast(count);
            assert_eq!(all.len(), count);
            assert_eq!(all.iter().map(|who| who.name()).collect::<BTreeSet<_>>().len(), count);
            assert_eq!(all.iter().map(|who| who.directory()).collect::<BTreeSet<_>>().len(), count);
            assert!(all.iter().all(|who| who.name().chars().count() <= haat_protocol::limits::NAME_MAX_CHARS));
        }
    }
}
