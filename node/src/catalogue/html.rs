//! A description with markup to plain text. It must never keep a tag, follow an address, or run anything; a text without markup
//! passes untouched. Work is bounded before it is begun: size, number of tags, depth.

use haat_protocol::limits::{DESCRIPTION_MAX_CHARS, MARKUP_DEPTH_MAX, MARKUP_MAX_BYTES, MARKUP_TAGS_MAX};
use html2text::config;
use html2text::render::TrivialDecorator;

use super::text;

/// Columns of the page that text is laid out on: no line that could be kept is broken, wide letters being two columns.
const WIDTH: usize = 2 * DESCRIPTION_MAX_CHARS + 64;

/// Why markup is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum MarkupError {
    #[error("more than {MARKUP_MAX_BYTES} bytes of markup: shorten the description")]
    Size,
    #[error("more than {MARKUP_TAGS_MAX} tags: simplify the description")]
    Tags,
    #[error("more than {MARKUP_DEPTH_MAX} elements inside each other: simplify the description")]
    Depth,
    #[error("the markup could not be read: write the description as plain text")]
    Unreadable,
}

/// The text of a cell that may hold HTML.
pub(super) fn plain(cell: &str) -> Result<String, MarkupError> {
    let tags = tags(cell);
    if tags == 0 && !has_entity(cell) {
        return Ok(text::lines(cell));
    }
    if cell.len() > MARKUP_MAX_BYTES {
        return Err(MarkupError::Size);
    }
    if tags > MARKUP_TAGS_MAX {
        return Err(MarkupError::Tags);
    }
    // Without tags the line breaks are the writer's own (a leading one would be eaten), and `<` is a letter.
    let preformatted = (tags == 0).then(|| format!("<pre>\n{}</pre>", cell.replace('<', "&lt;")));
    let rendered = render(preformatted.as_deref().unwrap_or(cell))?;
    let ruled = rendered.lines().map(|line| if is_rule(line) { "" } else { line.trim() });
    Ok(text::lines(&ruled.collect::<Vec<_>>().join("\n")))
}

/// A plain text as a cell that may hold HTML: as it is when it reads so, else with its marks written out.
pub(super) fn markup(text: &str) -> String {
    if plain(text).as_deref() == Ok(text) {
        return text.to_owned();
    }
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let broken = format!("<p>{}</p>", escaped.replace('\n', "<br>"));
    if plain(&broken).as_deref() == Ok(text) { broken } else { escaped }
}

fn render(markup: &str) -> Result<String, MarkupError> {
    let page = || config::with_decorator(TrivialDecorator::new()).raw_mode(true).unicode_strikeout(false).allow_width_overflow();
    let tree = page().parse_html(markup.as_bytes()).map_err(|_| MarkupError::Unreadable)?;
    let mut level = vec![tree.document.clone()];
    // The parser adds html, head and body.
    for _ in 0..MARKUP_DEPTH_MAX + 3 {
        level = level.iter().flat_map(|node| node.children.borrow().clone()).collect();
        if level.is_empty() {
            break;
        }
    }
    if !level.is_empty() {
        return Err(MarkupError::Depth);
    }
    let laid_out = page().dom_to_render_tree(&tree).and_then(|tree| page().render_to_string(tree, WIDTH));
    laid_out.map_err(|_| MarkupError::Unreadable)
}

/// How many tags, comments or declarations a text seems to have.
fn tags(text: &str) -> usize {
    let bytes = text.as_bytes();
    let opens = |pair: &&[u8]| pair[0] == b'<' && (pair[1].is_ascii_alphabetic() || matches!(pair[1], b'/' | b'!' | b'?'));
    if bytes.contains(&b'>') { bytes.windows(2).filter(opens).count() } else { 0 }
}

/// Whether there is a character reference such as `&amp;` or `&#8217;`.
fn has_entity(text: &str) -> bool {
    text.split('&').skip(1).any(|rest| {
        let name = rest.as_bytes().iter().take(33).take_while(|b| b.is_ascii_alphanumeric() || **b == b'#').count();
        name > 1 && rest.as_bytes().get(name) == Some(&b';')
    })
}

/// Whether a line is a horizontal rule as the renderer draws it.
fn is_rule(line: &str) -> bool {
    line.chars().count() >= 3 && line.chars().all(|c| c == '─')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_becomes_text() {
        let cases = [
            ("<p>Spring picking.</p>", "Spring picking."),
            ("<p>One &amp; two</p>\n<p>Three<br>four</p>", "One & two\n\nThree\nfour"),
            ("<script>alert('x')</script><style>p{}</style><p onclick='x()'>Kept</p>", "Kept"),
            ("<a href=\"javascript:alert(1)\">shop</a>", "shop"),
            ("<ul><li>thin</li><li>light</li></ul>", "thin\nlight"),
            ("<p>茶叶<b>很香</b></p>", "茶叶很香"),
            ("<hr><p>a</p><hr><p>b</p>", "a\n\nb"),
            ("R&amp;D\nsecond line", "R&D\nsecond line"),
            ("x <y &amp; z", "x <y & z"),
            ("<!-- hidden --><p>seen</p>", "seen"),
            ("<p>x&#0;&#x202e;y&#7;</p>", "x\u{fffd}y"),
            ("<title>head</title><img src=x onerror='x()'>ok", "ok"),
        ];
        for (markup, expected) in cases {
            assert_eq!(plain(markup).as_deref(), Ok(expected), "{markup}");
        }
    }

    #[test]
    fn text_without_markup_stays() {
        for text in ["a < b and c > d", "I <3 tea", "Tom & Jerry; both", "Fired twice,\nglazed once", "5 > 3", "x <y"] {
            assert_eq!(plain(text).as_deref(), Ok(text));
        }
    }

    #[test]
    fn long_lines_are_not_broken() {
        let long = "茶 ".repeat(DESCRIPTION_MAX_CHARS / 2);
        assert_eq!(plain(&format!("<p>{long}</p>")).as_deref(), Ok(long.trim()));
    }

    #[test]
    fn work_is_bounded() {
        assert_eq!(plain(&"<div>".repeat(100)), Err(MarkupError::Depth));
        assert_eq!(plain(&"<div title='</div>'>".repeat(100)), Err(MarkupError::Depth));
        assert_eq!(plain(&"<b>".repeat(MARKUP_TAGS_MAX + 1)), Err(MarkupError::Tags));
        assert_eq!(plain(&format!("<p>{}", "x".repeat(MARKUP_MAX_BYTES))), Err(MarkupError::Size));
        assert!(plain(&"<p>x</p>".repeat(500)).is_ok());
        assert!(plain(&format!("{}x", "<div>".repeat(MARKUP_DEPTH_MAX - 1))).is_ok(), "the deepest allowed fits the stack");
    }
}
