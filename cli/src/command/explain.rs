//! `haat explain`: what the code of a problem means, without a node and without a network.

use clap::Args;
use haat_protocol::local::explain::{all, explain};
use haat_protocol::local::{Problem, typo};

use crate::context::Context;
use crate::error::Failure;
use crate::say::{language, say};
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
        let part = |part: &str, english: &str| told(row.code, part).unwrap_or_else(|| english.to_owned());
        let (title, why, advice) = (part("", row.title), part(".why", &row.why), part(".advice", row.advice));
        let told = format!("{}: {title}\n{why}\n{} {advice}", output::bold(row.code), output::bold(&say!("what-to-do")));
        cx.own(&row, &told)
    }
}

/// A part of what is told of a code, if the language of this command has its own words for it.
fn told(code: &str, part: &str) -> Option<String> {
    language().message(&format!("problem-{code}{part}"), &[])
}

fn list(cx: &Context) -> Result<(), Failure> {
    let rows = all();
    let shown = table::table(
        ["code", "what happened"],
        rows.iter().map(|row| [row.code.to_owned(), told(row.code, "").unwrap_or_else(|| row.title.to_owned())]).collect(),
        "",
    );
    cx.own(&serde_json::json!({"items": rows, "next": null}), &shown)
}

fn unknown(code: &str) -> Problem {
    let all = all();
    let problem = Problem::not_found("code", code);
    match typo::nearest(code, all.iter().map(|row| row.code)) {
        Some(near) => problem.hint(format!("did you mean {near:?}?")),
        None => problem.hint("haat explain lists all codes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::say::Language;

    #[test]
    fn every_code_is_explained_in_chinese() {
        let parts = |code: &str| ["", ".why", ".advice"].map(|part| format!("problem-{code}{part}"));
        let names: Vec<String> = all().iter().flat_map(|row| parts(row.code)).collect();
        let missing: Vec<&String> = names.iter().filter(|name| Language::Chinese.message(name, &[]).is_none()).collect();
        assert!(missing.is_empty(), "{missing:#?}");
    }
}
