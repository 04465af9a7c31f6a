//! Sentences folded to the terminal: at spaces and between letters that take two columns. A word is never cut, so that codes and ids can
//! be copied whole; tables fold themselves.

use unicode_width::UnicodeWidthChar;

use crate::output;

/// Signs that no line begins with.
const CLOSING: &str = "，。、；：？！）》〉」』】”’…";

/// The words as they fit the terminal; as they are where there is none.
pub(crate) fn fitted(words: &str) -> String {
    output::columns().map_or_else(|| words.to_owned(), |columns| folded(words, columns))
}

fn folded(words: &str, columns: usize) -> String {
    words.split('\n').map(|line| fold_line(line, columns)).collect::<Vec<_>>().join("\n")
}

/// One line as several, each under the beginning of the first.
fn fold_line(line: &str, columns: usize) -> String {
    let indent: String = line.chars().take_while(|c| *c == ' ').collect();
    let (mut done, mut now, mut taken) = (Vec::new(), String::new(), 0);
    // Where the line may be broken, and the sign before the one at hand.
    let (mut gap, mut before): (Option<usize>, Option<char>) = (None, None);
    let mut signs = line.chars();
    while let Some(sign) = signs.next() {
        now.push(sign);
        if sign == '\u{1b}' {
            // A sequence that styles takes no column.
            signs.by_ref().find(|c| {
                now.push(*c);
                c.is_ascii_alphabetic()
            });
            continue;
        }
        let width = sign.width().unwrap_or(0);
        let is_wide = width == 2 || before.and_then(char::width) == Some(2);
        if sign != ' ' && now.len() > indent.len() + sign.len_utf8() && (before == Some(' ') || (is_wide && !CLOSING.contains(sign))) {
            gap = Some(now.len() - sign.len_utf8());
        }
        taken += width;
        before = Some(sign);
        if taken > columns
            && sign != ' '
            && let Some(at) = gap.take()
        {
            let rest = now.split_off(at);
            done.push(now.trim_end().to_owned());
            now = format!("{indent}{rest}");
            taken = width_of(&now);
        }
    }
    done.push(now);
    done.join("\n")
}

fn width_of(words: &str) -> usize {
    anstream::adapter::strip_str(words).to_string().chars().map(|c| c.width().unwrap_or(0)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_folded_where_they_may_be() {
        assert_eq!(folded("one two three", 13), "one two three");
        assert_eq!(folded("one two three", 9), "one two\nthree");
        assert_eq!(folded("  one two three\n  x", 9), "  one two\n  three\n  x");
        assert_eq!(folded("今年的新茶到了，欢迎", 14), "今年的新茶到\n了，欢迎");
        assert_eq!(folded("今年的新茶，到了", 10), "今年的新\n茶，到了", "no line begins with a comma");
        assert_eq!(folded("tea 今年", 5), "tea\n今年");
    }

    #[test]
    fn words_stay_whole_and_styles_take_no_room() {
        assert_eq!(folded("0123456789abcdef", 8), "0123456789abcdef");
        assert_eq!(folded("see 0123456789abcdef now", 8), "see\n0123456789abcdef\nnow");
        assert_eq!(folded("\u{1b}[1mone\u{1b}[0m two three", 7), "\u{1b}[1mone\u{1b}[0m two\nthree");
        assert_eq!(folded("", 8), "");
    }
}
