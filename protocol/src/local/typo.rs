//! What was meant by a mistyped word: for hints only, nothing may be done on the strength of it.

/// Letters that may be wrong.
const TYPOS_MAX: usize = 2;

/// The name that a mistyped one comes nearest to, if any is near.
#[must_use]
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = wanted.to_lowercase();
    let near = names.into_iter().map(|name| (distance(&wanted, &name.to_lowercase()), name));
    near.filter(|(far, name)| *far <= TYPOS_MAX && *far < name.chars().count()).min().map(|(_, name)| name)
}

/// Letters to add, drop or change from one text to the other.
fn distance(one: &str, two: &str) -> usize {
    let two: Vec<char> = two.chars().collect();
    let mut row: Vec<usize> = (0..=two.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, b) in two.iter().enumerate() {
            let changed = before + usize::from(a != *b);
            before = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(before + 1);
        }
    }
    row[two.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_near() {
        assert_eq!(nearest("seed-peer", ["name", "seed_peer"]), Some("seed_peer"));
        assert_eq!(nearest("LISTN", ["listen", "name"]), Some("listen"));
        assert_eq!(nearest("x", ["ab", "c"]), None);
    }
}
