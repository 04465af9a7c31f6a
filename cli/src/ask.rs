//! Asking at a terminal whether to go on. Who is not at a terminal is never asked.

use std::io::{self, BufRead, IsTerminal};

use haat_protocol::local::{Problem, ProblemKind};

use crate::error::Failure;
use crate::output;
use crate::say::say;

/// Bytes of an answer that are read: a word fits many times.
const ANSWER_MAX_BYTES: u64 = 256;

/// Whether somebody is there to answer.
pub(crate) fn is_possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks, and reads one line; only y or yes is a yes.
///
/// # Errors
/// When nothing can be read.
pub(crate) fn yes(question: &str) -> Result<bool, Failure> {
    output::aside(&say!("ask-choice", question = question));
    let mut line = String::new();
    let mut input = io::Read::take(io::stdin().lock(), ANSWER_MAX_BYTES);
    input.read_line(&mut line).map_err(|e| Problem::new(ProblemKind::Internal, "input", "no answer can be read", e.to_string()))?;
    Ok(is_yes(&line))
}

/// Whether a line is a yes.
pub(crate) fn is_yes(line: &str) -> bool {
    matches!(line.trim().to_lowercase().as_str(), "y" | "yes")
}
