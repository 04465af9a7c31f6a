//! Standard output and standard error. Only the answer goes to the one; hints go to the other.
//!
//! Colours are decided once, in `main`; everything here may style freely and relies on the streams to strip.

pub(crate) mod file;
pub(crate) mod wait;

use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};

use crate::error::Failure;

fn painted(style: Style, words: &str) -> String {
    format!("{style}{words}{style:#}")
}

/// Something that deserves the eye first.
pub(crate) fn bold(words: &str) -> String {
    painted(Style::new().bold(), words)
}

/// Something that may be overlooked.
pub(crate) fn dim(words: &str) -> String {
    painted(Style::new().dimmed(), words)
}

/// Something that went wrong.
pub(crate) fn red(words: &str) -> String {
    painted(AnsiColor::Red.on_default().bold(), words)
}

/// Whether a person looks at the answer.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Columns of the terminal that shows the answer, if one does.
pub(crate) fn columns() -> Option<usize> {
    let size = is_terminal().then(|| rustix::termios::tcgetwinsize(io::stdout()).ok()).flatten()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// Prints one line, or several, of the answer and makes sure that it is out.
pub(crate) fn line(words: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    writeln!(out, "{words}").and_then(|()| out.flush()).map_err(|e| Failure::from_output(&e))
}

/// Prints bytes as they are.
pub(crate) fn raw(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|e| Failure::from_output(&e))
}

/// Tells something on standard error. If nobody reads it, nothing is lost.
pub(crate) fn aside(words: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{words}");
}
