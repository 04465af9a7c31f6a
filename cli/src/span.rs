//! Spans of time as people type them: `30m`, `12h`, `2d`, `4w`, `1d12h`. Nothing is guessed: a number needs its unit.

use haat_protocol::limits::SPAN_MAX_MS;
use haat_protocol::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS};

/// Reads a span; answers milliseconds.
///
/// # Errors
/// A sentence about what is wrong with the text.
pub(crate) fn parse_span(text: &str) -> Result<u64, String> {
    let wrong = || "a span is a number and a unit: 30m, 12h, 2d or 4w".to_owned();
    let mut total_ms: u64 = 0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let unit = rest[end..].chars().next().ok_or_else(wrong)?;
        let unit_ms = match unit {
            's' => SECOND_MS,
            'm' => MINUTE_MS,
            'h' => HOUR_MS,
            'd' => DAY_MS,
            'w' => 7 * DAY_MS,
            _ => return Err(wrong()),
        };
        if end == 0 {
            return Err(wrong());
        }
        let long = || "a span is at most ten years".to_owned();
        let count: u64 = rest[..end].parse().map_err(|_| long())?;
        total_ms = count.checked_mul(unit_ms).and_then(|ms| ms.checked_add(total_ms)).filter(|ms| *ms <= SPAN_MAX_MS).ok_or_else(long)?;
        rest = &rest[end + 1..];
    }
    if total_ms == 0 { Err("a span of nothing ends at once".to_owned()) } else { Ok(total_ms) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type() {
        for (text, ms) in
            [("90s", 90_000), ("30m", 1_800_000), ("12h", 43_200_000), ("2d", 2 * DAY_MS), ("4w", 28 * DAY_MS), ("1d12h", 36 * HOUR_MS)]
        {
            assert_eq!(parse_span(text), Ok(ms), "{text}");
        }
    }

    #[test]
    fn nothing_is_guessed() {
        for text in ["", "7", "d", "-2d", "1.5h", "2 d", "7days", "2D", "0d", "二d", "2天", "99999999999999999999d", "600w", "2d3"] {
            assert!(parse_span(text).is_err(), "{text:?}");
        }
    }
}
