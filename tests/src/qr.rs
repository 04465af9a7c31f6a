//! Reads QR codes off a terminal, as a telephone does: from what is drawn, never from what was to be drawn.

/// Pixels of a picture that one module of a code is wide.
const PIXELS: usize = 4;
/// What a screen shows where nothing is drawn, and where something is.
const SCREEN: (u8, u8) = (0, 255);

/// The text of the QR code on a page; none when there is none that can be read.
#[must_use]
pub fn read(page: &str) -> Option<String> {
    let is_drawn = |line: &&str| !line.is_empty() && line.chars().all(|c| matches!(c, ' ' | '\u{2580}' | '\u{2584}' | '\u{2588}'));
    let lines: Vec<Vec<char>> = page.lines().filter(is_drawn).map(|line| line.chars().collect()).collect();
    let width = lines.iter().map(Vec::len).max()?;
    let lit = |x: usize, y: usize| {
        let shown = lines[y / 2].get(x).copied().unwrap_or(' ');
        matches!((shown, y % 2), ('\u{2588}', _) | ('\u{2580}', 0) | ('\u{2584}', 1))
    };
    let pixel = |x: usize, y: usize| if lit(x / PIXELS, y / PIXELS) { SCREEN.1 } else { SCREEN.0 };
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(width * PIXELS, lines.len() * 2 * PIXELS, pixel);
    let (_, text) = picture.detect_grids().first()?.decode().ok()?;
    Some(text)
}
