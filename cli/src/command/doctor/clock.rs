//! What to make of the clock: others' claims, the own past, and what other nodes refuse. Claims only; who lies is not known.

use haat_protocol::limits::CLOCK_SKEW_MS;
use haat_protocol::local::ClockView;
use haat_protocol::time::{MINUTE_MS, Millis};

use super::Row;
use crate::text;

/// A difference that is no reason to speak, in milliseconds.
const SLACK_MS: u64 = MINUTE_MS;
const CHECK: &str = "clock";
const ADVICE: &str = "set the clock of this machine by the network's time";

/// What a running node knows of it.
pub(super) fn row(view: &ClockView) -> Row {
    let mut newest = view.newest.clone();
    newest.sort_unstable();
    if view.ahead > 0 {
        let finding = format!("{} orders are refused elsewhere because your clock is ahead of theirs", view.ahead);
        return Row::bad(CHECK, finding, ADVICE);
    }
    let median = newest.get(newest.len() / 2).copied();
    let behind = median.map_or(0, |median| median.since(view.now));
    if let Some(median) = median.filter(|_| behind > SLACK_MS) {
        let finding = format!(
            "it shows {}, and what friends who are connected wrote last is of {}: {} later",
            text::instant(view.now),
            text::instant(median),
            text::span(behind)
        );
        return if behind > CLOCK_SKEW_MS { Row::bad(CHECK, finding, ADVICE) } else { Row::warn(CHECK, finding, ADVICE) };
    }
    set_back(view.now, view.accepted).unwrap_or_else(|| {
        let others = match newest.len() {
            0 => "nobody is connected to compare with".to_owned(),
            n => format!("it fits what {n} connected devices wrote last"),
        };
        Row::ok(CHECK, format!("it shows {}; {others}", text::instant(view.now)))
    })
}

/// What can be told while the node is stopped: the store was not written in the future.
pub(super) fn stopped(now: Millis, written: Option<Millis>) -> Row {
    set_back(now, written)
        .unwrap_or_else(|| Row::ok(CHECK, format!("it shows {}; others' clocks need a running node to compare with", text::instant(now))))
}

/// Whether this node wrote something later than now.
fn set_back(now: Millis, last: Option<Millis>) -> Option<Row> {
    let last = last.filter(|last| last.since(now) > SLACK_MS)?;
    let finding = format!("it shows {}, and your node wrote something at {} already", text::instant(now), text::instant(last));
    Some(Row::warn(CHECK, finding, ADVICE))
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
