//! Words made fit for a terminal: what others wrote loses its control characters, ids become short, instants local.

use std::borrow::Cow;

use haat_protocol::time::Millis;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::say::say;

/// Hexadecimal digits of a short id.
const SHORT_CHARS: usize = 8;

/// Whether a character could steer a terminal or turn the direction of the text around it.
fn is_steering(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

/// The text without anything that steers a terminal; line ends stay.
pub(crate) fn clean(words: &str) -> String {
    words.replace("\r\n", "\n").chars().map(|c| if c != '\n' && is_steering(c) { ' ' } else { c }).collect()
}

/// The text on one line.
pub(crate) fn one_line(words: &str) -> String {
    clean(words).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Cleans every text of a document, so that no command can forget to.
pub(crate) fn clean_all(value: &mut Value) {
    match value {
        Value::String(words) => *words = clean(words),
        Value::Array(items) => items.iter_mut().for_each(clean_all),
        Value::Object(fields) => fields.values_mut().for_each(clean_all),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// At most `max` characters, the last one an ellipsis if something is missing.
pub(crate) fn shortened(words: &str, max: usize) -> String {
    if words.chars().count() <= max {
        return words.to_owned();
    }
    words.chars().take(max.saturating_sub(1)).chain(['…']).collect()
}

/// The short form of an id, for people. Anything that is not an id stays as it is.
pub(crate) fn short(id: &str) -> &str {
    let is_id = id.len() == 64 && id.bytes().all(|b| b.is_ascii_hexdigit());
    if is_id { &id[..SHORT_CHARS] } else { id }
}

/// The short form of anything that displays as an id.
pub(crate) fn short_id(id: impl ToString) -> String {
    short(&id.to_string()).to_owned()
}

/// An instant in the user's own zone: `2026-05-03 14:20`.
pub(crate) fn instant(at: Millis) -> String {
    instant_in(at, TimeZone::system())
}

fn instant_in(at: Millis, zone: TimeZone) -> String {
    i64::try_from(at.0)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .map_or_else(|| say!("no-known-time"), |t| t.to_zoned(zone).strftime("%Y-%m-%d %H:%M").to_string())
}

/// A number of bytes for people.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if count < 1024 {
        return format!("{count} B");
    }
    let mut tenths = count.saturating_mul(10) / 1024;
    let mut unit = 0;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

/// A span of time for people, in its two largest units.
pub(crate) fn span(ms: u64) -> String {
    let seconds = ms / 1000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, m) => format!("{m} min {} s", seconds % 60),
        (0, h, m) => format!("{h} h {m} min"),
        (d, h, _) => format!("{d} d {h} h"),
    }
}

/// A word as a shell would want it back.
pub(crate) fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | '@' | '+' | '=' | ',');
    if !word.is_empty() && word.chars().all(is_plain) { word.into() } else { format!("'{}'", word.replace('\'', r"'\''")).into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_cannot_steer_the_terminal() {
        let mut page = serde_json::json!({"items": [{"text": "a\u{1b}[2Jb\u{7}\r\nc\u{202e}d\u{9b}31m"}]});
        clean_all(&mut page);
        assert_eq!(page["items"][0]["text"], "a [2Jb \nc d 31m");
        assert_eq!(one_line(" a\n\tb "), "a b");
        assert_eq!(one_line("茶 叶"), "茶 叶");
    }

    #[test]
    fn ids_are_short_and_other_words_whole() {
        assert_eq!(short(&"ab".repeat(32)), "abababab");
        assert_eq!(short("Hill"), "Hill");
        assert_eq!(shortened("茶叶好喝", 3), "茶叶…");
        assert_eq!(shortened("茶叶", 2), "茶叶");
    }

    #[test]
    fn instants_are_local() {
        let zone = TimeZone::fixed(jiff::tz::offset(8));
        assert_eq!(instant_in(Millis(1_777_789_200_000), zone.clone()), "2026-05-03 14:20");
        assert_eq!(instant_in(Millis(u64::MAX), zone), "at no known time");
    }

    #[test]
    fn sizes_and_spans() {
        assert_eq!((bytes(1023), bytes(1536), bytes(64 << 20)), ("1023 B".into(), "1.5 KiB".into(), "64.0 MiB".into()));
        assert_eq!((span(59_999), span(3_661_000), span(90_000_000)), ("59 s".into(), "1 h 1 min".into(), "1 d 1 h".into()));
    }

    #[test]
    fn hints_can_be_pasted() {
        assert_eq!(quoted("Hill"), "Hill");
        assert_eq!(quoted("茶"), "茶");
        assert_eq!(quoted("Lane 12"), "'Lane 12'");
        assert_eq!(quoted("Ana's"), r"'Ana'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
