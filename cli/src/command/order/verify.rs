//! `haat order verify`: checks an evidence file. Needs no home, no node and no network.

use std::path::Path;

use haat_protocol::limits::EVIDENCE_MAX_BYTES;
use haat_protocol::local::Problem;
use serde::Serialize;
use serde_json::Value;

use crate::context::Context;
use crate::error::Failure;
use crate::input;

/// What a file shows.
#[derive(Debug, Clone, Serialize)]
struct Shown {
    valid: bool,
    /// Where its events leave the order.
    state: Option<String>,
    /// What both signed.
    agreed_terms: Value,
    /// The first thing that is wrong, and where.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_fault: Option<String>,
}

/// WIRE HERE: the only place that knows the protocol's evidence. Until it is wired no file is valid.
fn check(_bytes: &[u8]) -> Shown {
    let first_fault = Some("file: this is no evidence file".to_owned());
    Shown { valid: false, state: None, agreed_terms: Value::Null, first_fault }
}

/// Tells what a file shows; one that does not hold is refused.
///
/// # Errors
/// The file cannot be read, or does not hold.
pub(super) fn run(cx: &Context, file: &Path) -> Result<(), Failure> {
    let shown = check(&input::read(file, EVIDENCE_MAX_BYTES)?);
    let state = shown.state.as_deref().unwrap_or("unknown").replace('_', " ");
    let told = if shown.valid { format!("Valid: the order is {state}.") } else { "Not valid.".to_owned() };
    cx.own(&shown, &told)?;
    match shown.first_fault {
        _ if shown.valid => Ok(()),
        fault => Err(Problem::refused("evidence-invalid", "the evidence does not hold", fault.unwrap_or_default())
            .hint("ask the other party for their copy")
            .into()),
    }
}
