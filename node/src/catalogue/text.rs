//! The words in a cell: what is taken out of them before anybody reads them. It must never change a letter.

use std::borrow::Cow;

use haat_protocol::limits::REPORTED_VALUE_MAX_CHARS;

/// Controls that turn the direction of what follows them: a name could be made to read as another.
fn is_override(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Marks that no reader sees and no writer means.
fn is_invisible(c: char) -> bool {
    is_override(c) || matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}')
}

/// One line: breaks and tabs become spaces, other controls go, and the ends are trimmed.
pub(super) fn line(text: &str) -> String {
    let kept = text.chars().filter_map(|c| match c {
        '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => Some(' '),
        c if c.is_control() || is_invisible(c) => None,
        c => Some(c),
    });
    kept.collect::<String>().trim().to_owned()
}

/// Several lines: controls go, line ends are `\n` without spaces before them, at most one blank line follows another.
pub(super) fn lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n");
    let mut out = String::with_capacity(text.len());
    let mut blank = 0;
    for line in text.split('\n') {
        let kept: String = line.chars().map(|c| if c == '\t' { ' ' } else { c }).filter(|c| !c.is_control() && !is_invisible(*c)).collect();
        let kept = kept.trim_end();
        blank = if kept.is_empty() { blank + 1 } else { 0 };
        if blank <= 1 {
            out.push_str(kept);
            out.push('\n');
        }
    }
    out.trim().to_owned()
}

/// How a spreadsheet's formula begins, after any number of quotes that keep it from being one.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// A cell that no spreadsheet takes for a formula: a quote precedes what would be one.
pub(super) fn guard(text: &str) -> Cow<'_, str> {
    if is_formula(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// What [`guard`] was given.
pub(super) fn unguard(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|text| is_formula(text)).unwrap_or(cell)
}

/// A name for a list with commas between: commas and backslashes of its own are written with a backslash.
pub(super) fn comma_free(name: &str) -> String {
    name.replace('\\', "\\\\").replace(',', "\\,")
}

/// The names of a list that was so written.
pub(super) fn comma_separated(cell: &str) -> Vec<String> {
    let (mut names, mut escape) = (vec![String::new()], false);
    for c in cell.chars() {
        match c {
            '\\' if !escape => escape = true,
            ',' if !escape => names.push(String::new()),
            c => {
                names.last_mut().expect("there is always one").push(c);
                escape = false;
            }
        }
    }
    names
}

/// A value as a report repeats it: one line of at most 80 characters, the last an ellipsis when more followed.
pub(super) fn cut(text: &str) -> String {
    let start: String = text.chars().take(4 * REPORTED_VALUE_MAX_CHARS).collect();
    let whole = start.len() == text.len();
    let shown = line(&start);
    if whole && shown.chars().count() <= REPORTED_VALUE_MAX_CHARS {
        return shown;
    }
    let mut shown: String = shown.chars().take(REPORTED_VALUE_MAX_CHARS - 1).collect();
    shown.push('…');
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_and_overrides_go_and_letters_stay() {
        assert_eq!(line("  Tea\u{7}\n\u{202e}茶 \u{feff}"), "Tea 茶");
        assert_eq!(line("👩\u{200d}🍳 nan"), "👩\u{200d}🍳 nan", "a joiner is part of a letter");
        assert_eq!(lines("a \r\nb\r\r\r\rc\td\u{0}\n"), "a\nb\n\nc d");
    }

    #[test]
    fn formulas_are_guarded_and_come_back() {
        for text in ["=1+1", "-5", "'-5", "''=x", "+49 30", "@home", "\tx", "tea", "'tea'", "", "'"] {
            assert_eq!(unguard(&guard(text)), text, "{text:?}");
        }
        assert_eq!((guard("=SUM(A1)").as_ref(), guard("tea - green").as_ref()), ("'=SUM(A1)", "tea - green"));
        assert_eq!(unguard("-5"), "-5", "what nobody guarded stays");
    }

    #[test]
    fn lists_keep_their_commas() {
        let names = ["tea", "a,b", "c\\", "\\,"];
        let cell = names.map(comma_free).join(",");
        assert_eq!(comma_separated(&cell), names);
    }

    #[test]
    fn a_long_value_is_cut_at_a_character() {
        assert_eq!(cut("short"), "short");
        assert_eq!(cut(&"茶".repeat(80)), "茶".repeat(80));
        let long = cut(&"茶".repeat(81));
        assert_eq!((long.chars().count(), long.ends_with('…')), (80, true));
        assert_eq!(cut(&"x".repeat(100_000)).chars().count(), 80);
    }
}
