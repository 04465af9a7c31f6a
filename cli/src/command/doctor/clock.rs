//! What to make of the clock: others' claims, the own past, and what other nodes refuse. Claims only; who lies is not known.

use haat_protocol::limits::CLOCK_SKEW_MS;
use haat_protocol::local::ClockView;
use haat_protocol::time::{MINUTE_MS, Millis};

use super::Row;
use crate::say::say;
use crate::text;

/// A difference that is no reason to speak, in milliseconds.
const SLACK_MS: u64 = MINUTE_MS;
const CHECK: &str = "clock";

fn advice() -> String {
    say!("doctor-clock-do")
}

/// What a running node knows of it.
pub(super) fn row(view: &ClockView) -> Row {
    let mut newest = view.newest.clone();
    newest.sort_unstable();
    if view.ahead > 0 {
        let finding = say!("doctor-clock-ahead", count = view.ahead);
        return Row::bad(CHECK, finding, advice());
    }
    let median = newest.get(newest.len() / 2).copied();
    let behind = median.map_or(0, |median| median.since(view.now));
    if let Some(median) = median.filter(|_| behind > SLACK_MS) {
        let (now, theirs) = (text::instant(view.now), text::instant(median));
        let finding = say!("doctor-clock-behind", now = now, theirs = theirs, span = text::span(behind));
        return if behind > CLOCK_SKEW_MS { Row::bad(CHECK, finding, advice()) } else { Row::warn(CHECK, finding, advice()) };
    }
    set_back(view.now, view.accepted).unwrap_or_else(|| {
        let now = text::instant(view.now);
        let finding = match newest.len() {
            0 => say!("doctor-clock-fits-nobody", now = now),
            count => say!("doctor-clock-fits", now = now, count = count),
        };
        Row::ok(CHECK, finding)
    })
}

/// What can be told while the node is stopped: the store was not written in the future.
pub(super) fn stopped(now: Millis, written: Option<Millis>) -> Row {
    set_back(now, written).unwrap_or_else(|| Row::ok(CHECK, say!("doctor-clock-alone", now = text::instant(now))))
}

/// Whether this node wrote something later than now.
fn set_back(now: Millis, last: Option<Millis>) -> Option<Row> {
    let last = last.filter(|last| last.since(now) > SLACK_MS)?;
    let finding = say!("doctor-clock-back", now = text::instant(now), last = text::instant(last));
    Some(Row::warn(CHECK, finding, advice()))
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    const NOW: u64 = 1_800_000_000_000;

    fn state(newest: &[u64], accepted: Option<u64>, ahead: usize) -> State {
        let newest = newest.iter().map(|at| Millis(*at)).collect();
        row(&ClockView { now: Millis(NOW), accepted: accepted.map(Millis), newest, ahead }).state
    }

    #[test]
    fn one_clock_that_is_wrong_is_not_the_median() {
        assert_eq!(state(&[], None, 0), State::Ok);
        assert_eq!(state(&[NOW - 5_000, NOW - 60 * MINUTE_MS, NOW + 900 * MINUTE_MS], Some(NOW), 0), State::Ok);
        assert_eq!(state(&[NOW + 3 * MINUTE_MS, NOW + 2 * MINUTE_MS, NOW], None, 0), State::Warn);
        assert_eq!(state(&[NOW + 30 * MINUTE_MS], None, 0), State::Bad);
        assert_eq!(state(&[NOW], Some(NOW + 2 * MINUTE_MS), 0), State::Warn, "set back");
        assert_eq!(state(&[NOW], None, 1), State::Bad, "another node says so");
        assert_eq!(stopped(Millis(NOW), Some(Millis(NOW + 5 * MINUTE_MS))).state, State::Warn);
        assert_eq!(stopped(Millis(NOW), None).state, State::Ok);
    }
}
