//! `haat explain`: what the code of a problem means, without a node and without a network.

use clap::Args;
use haat_protocol::local::explain::{all, explain};
use haat_protocol::local::{Problem, typo};

use crate::context::Context;
use crate::error::Failure;
use crate::{output, table};

/// What the code of an error means and what to do about it
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  haat explain out-of-stock\n  haat explain             lists all codes\n\n--json shows the code of an error."
)]
pub(crate) struct Explain {
    /// The code, as `code` in an error under --json; all are listed without it
    code: Option<String>,
}

impl Explain {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        let Some(code) = self.code else { return list(cx) };
        let Some(row) = explain(code.trim()) else { return Err(unknown(&code).into()) };
        let told = format!("{}: {}\n{}\n{} {}", output::bold(row.code), row.title, row.why, output::bold("what to do:"), row.advice);
        cx.own(&row, &told)
    }
}

fn list(cx: &Context) -> Result<(), Failure> {
    let rows = all();
    let told = table::table(["code", "what happened"], rows.iter().map(|row| [row.code.to_owned(), row.title.to_owned()]).collect(), "");
    cx.own(&serde_json::json!({"items": rows, "next": null}), &told)
}

fn unknown(code: &str) -> Problem {
    let all = all();
    let problem = Problem::not_found("code", code);
    match typo::nearest(code, all.iter().map(|row| row.code)) {
        Some(near) => problem.hint(format!("did you mean {near:?}?")),
        None => problem.hint("haat explain lists all codes"),
    }
}
