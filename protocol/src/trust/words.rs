//! Reasons as English sentences. Names are the caller's: this file knows nobody and decides nothing.

use super::{Counts, Kind, Reason, Side, Weight};
use crate::id::IdentityId;
use crate::time::Millis;

/// Days in 400 years of the Gregorian calendar, after which it repeats.
const DAYS_IN_CYCLE: u64 = 146_097;

impl Reason {
    /// The reason as one English sentence without a full stop. `name` gives the viewer's name for a person.
    #[must_use]
    pub fn text(&self, subject: &IdentityId, name: &dyn Fn(&IdentityId) -> String) -> String {
        match (self.kind, self.via.as_slice()) {
            (Kind::Own, _) => format!("You {}", self.deals(subject, name)),
            (Kind::Others(1), _) => format!("1 other {}", self.deals(subject, name)),
            (Kind::Others(people), _) => format!("{people} others {}", self.deals(subject, name)),
            (Kind::Dealt, via) => format!("{} {}", self.witness(via, name), self.deals(subject, name)),
            (Kind::Vouched, []) => format!("You vouch for {}{}", name(subject), self.closeness()),
            (Kind::Vouched, [friend, between @ ..]) => {
                let mut text = format!("{}{}, whom you vouch for, vouches for ", name(friend), self.closeness());
                for person in between {
                    text += &format!("{}, who vouches for ", name(person));
                }
                text + &name(subject)
            }
        }
    }

    /// Who dealt with the subject, and how the viewer comes to know them.
    fn witness(&self, via: &[IdentityId], name: &dyn Fn(&IdentityId) -> String) -> String {
        match via {
            [] => "Somebody".to_owned(),
            [friend] => format!("{}{}", name(friend), self.closeness()),
            [friend, person] => format!("{}, whom {} knows,", name(person), name(friend)),
            [friend, .., between, person] => format!("{}, known to {}, whom {} knows,", name(person), name(between), name(friend)),
        }
    }

    /// What was done, how often, when and how it went.
    fn deals(&self, subject: &IdentityId, name: &dyn Fn(&IdentityId) -> String) -> String {
        let what = match self.counts.side() {
            Some(Side::Bought) => "bought here".to_owned(),
            Some(Side::Sold) => format!("sold to {}", name(subject)),
            None => format!("traded with {}", name(subject)),
        };
        let month = self.last.map(month).unwrap_or_default();
        match self.counts.all() {
            1 => format!("{what} once, in {month}, {}", how(self.counts)),
            times => format!("{what} {times} times, last in {month}, {}", how(self.counts)),
        }
    }

    fn closeness(&self) -> &'static str {
        match self.weight {
            Some(Weight::Close) => " (close friend)",
            Some(Weight::Friend) => " (friend)",
            Some(Weight::Acquaintance) => " (acquaintance)",
            None => "",
        }
    }
}

fn how(counts: Counts) -> String {
    match (counts.good, counts.bad, counts.neutral) {
        (1, 0, 0) => "went well".to_owned(),
        (0, 1, 0) => "went badly".to_owned(),
        (0, 0, 1) => "neither well nor badly".to_owned(),
        (_, 0, 0) => "all fine".to_owned(),
        (0, _, 0) => "all went badly".to_owned(),
        (0, 0, _) => "neither well nor badly".to_owned(),
        (good, bad, neutral) => {
            let parts = [(good, "fine"), (bad, "badly"), (neutral, "neither")];
            let said: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
            said.join(", ")
        }
    }
}

/// The UTC month, such as `2026-05`.
fn month(at: Millis) -> String {
    let mut year = 1970 + at.day() / DAYS_IN_CYCLE * 400;
    let mut day = at.day() % DAYS_IN_CYCLE;
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    while day >= 365 + u64::from(leap(year)) {
        day -= 365 + u64::from(leap(year));
        year += 1;
    }
    let lengths = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in lengths {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    format!("{year}-{month:02}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::DAY_MS;

    #[test]
    fn months_by_the_calendar() {
        let at = |day: u64| month(Millis(day * DAY_MS));
        assert_eq!(at(0), "1970-01");
        assert_eq!(at(30), "1970-01");
        assert_eq!(at(31), "1970-02");
        assert_eq!(at(11_015), "2000-02"); // the 28th
        assert_eq!(at(11_016), "2000-02"); // the 29th
        assert_eq!(at(11_017), "2000-03");
        assert_eq!(at(20_573), "2026-04"); // the 30th
        assert_eq!(at(20_574), "2026-05");
        assert_eq!(at(20_818), "2026-12"); // the 31st
        assert_eq!(at(20_819), "2027-01");
        assert_eq!(at(DAYS_IN_CYCLE), "2370-01");
    }

    #[test]
    fn outcomes_in_words() {
        let said = |good, bad, neutral| how(Counts { good, bad, neutral, sold: 0 });
        assert_eq!(said(1, 0, 0), "went well");
        assert_eq!(said(3, 0, 0), "all fine");
        assert_eq!(said(0, 2, 0), "all went badly");
        assert_eq!(said(2, 1, 1), "2 fine, 1 badly, 1 neither");
    }
}
