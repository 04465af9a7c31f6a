//! `haat order export`: the evidence of an order as a file.

use std::path::Path;

use data_encoding::BASE64;
use haat_protocol::local::{Problem, ProblemKind, Question};
use serde_json::json;

use crate::context::{Context, field};
use crate::error::Failure;
use crate::say::say;
use crate::{output, text};

/// Writes the evidence of an order.
///
/// # Errors
/// The node's problem, or why the file cannot be written.
pub(super) fn run(cx: &Context, order: String, file: &Path, personal: bool) -> Result<(), Failure> {
    let value = cx.ask(&Question::Evidence { order: order.clone(), with: personal.then(|| "personal".to_owned()) })?;
    let bytes = BASE64
        .decode(field(&value, "data").as_bytes())
        .map_err(|e| Problem::new(ProblemKind::Internal, "strange-answer", "the node's answer makes no sense", e.to_string()))?;
    if file.as_os_str() == "-" {
        return output::raw(&bytes);
    }
    output::file::write(file, &bytes)?;
    let told = say!("wrote-bytes", file = file.display().to_string(), size = text::bytes(bytes.len() as u64));
    cx.own(&json!({"order": order, "file": file.display().to_string(), "bytes": bytes.len()}), &told)?;
    cx.next(&format!("haat order verify {}", text::quoted(&file.display().to_string())));
    Ok(())
}
