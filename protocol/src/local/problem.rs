//! Problems: a no, its sort, and what it says to people and programs. Which codes there are is explained in `explain`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ImportReport;
use crate::limits::{PROBLEM_TEXT_MAX_CHARS, REPORTED_VALUE_MAX_CHARS};

/// What sort of no it is. Decides the exit code and the HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// A fault of ours.
    Internal,
    /// The words were wrong.
    Usage,
    /// A rule said no; nothing changed.
    Refused,
    /// What was named is not here.
    NotFound,
    /// The outcome is unknown; trying again is safe.
    Unknown,
    /// The store cannot be read or written.
    Store,
    /// Not allowed to do that here.
    Permission,
    /// No node is running.
    NotRunning,
}

impl ProblemKind {
    /// Exit code of the command line and HTTP status of the API.
    #[must_use]
    pub const fn codes(self) -> (u8, u16) {
        match self {
            Self::Internal => (1, 500),
            Self::Usage => (2, 400),
            Self::Refused => (3, 409),
            Self::NotFound => (4, 404),
            Self::Unknown => (5, 504),
            Self::Store => (6, 507),
            Self::Permission => (7, 403),
            Self::NotRunning => (8, 503),
        }
    }
}

/// One error as people and programs get it (RFC 9457 in the API): what happened, why, what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// What sort of no.
    pub kind: ProblemKind,
    /// Stable name of the cause, such as `own-listing`.
    pub code: String,
    /// What happened.
    pub title: String,
    /// Why.
    pub detail: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The refused rows of an import; its keys stand beside the others.
    #[serde(flatten)]
    pub import: Option<Box<ImportReport>>,
}

impl Problem {
    /// A problem with its stable code, what happened and why.
    #[must_use]
    pub fn new(kind: ProblemKind, code: &str, title: &str, detail: impl Into<String>) -> Self {
        let (title, detail) = (cut(title, PROBLEM_TEXT_MAX_CHARS), cut(&detail.into(), PROBLEM_TEXT_MAX_CHARS));
        Self { kind, code: code.to_owned(), title, detail, hint: None, import: None }
    }

    /// A rule said no.
    #[must_use]
    pub fn refused(code: &str, title: &str, detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Refused, code, title, detail)
    }

    /// The words were wrong.
    #[must_use]
    pub fn usage(code: &str, title: &str, detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Usage, code, title, detail)
    }

    /// What was named is not here.
    #[must_use]
    pub fn not_found(what: &str, named: &str) -> Self {
        let named = cut(named, REPORTED_VALUE_MAX_CHARS);
        Self::new(ProblemKind::NotFound, "not-found", &format!("no such {what}"), format!("nothing here is called {named:?}"))
    }

    /// The same problem with what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// The words themselves, or their beginning and an ellipsis.
fn cut(words: &str, max_chars: usize) -> String {
    match words.char_indices().nth(max_chars) {
        None => words.to_owned(),
        Some(_) => words.chars().take(max_chars - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_repeated_has_an_end() {
        let long = "茶".repeat(100_000);
        assert_eq!(
            Problem::not_found("shop", &long).detail.chars().count(),
            REPORTED_VALUE_MAX_CHARS + "nothing here is called \"\"".len()
        );
        let problem = Problem::usage("bad-value", &long, &*long);
        assert_eq!([problem.title, problem.detail].map(|text| text.chars().count()), [PROBLEM_TEXT_MAX_CHARS; 2]);
        assert_eq!(Problem::not_found("shop", "Hill").detail, "nothing here is called \"Hill\"");
    }
}
