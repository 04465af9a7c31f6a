//! What a command said: one JSON document on standard output, or one problem on standard error and an exit code.

use std::process::Output;

use serde_json::Value;

/// Lines of an error: more is not read.
const ERROR_LINES_MAX: usize = 8;

/// A refusal.
#[derive(Debug, Clone)]
pub struct Problem {
    /// The exit code.
    pub exit: i32,
    /// The stable name of the cause.
    pub code: String,
    /// The whole document.
    pub document: Value,
}

impl Problem {
    /// Everything it says, for a look at the words.
    #[must_use]
    pub fn words(&self) -> String {
        self.document.to_string()
    }
}

/// The one document of a command that went well.
///
/// # Panics
/// When it did not go well, or said anything else.
#[must_use]
pub fn document(what: &str, output: &Output) -> Value {
    assert!(output.status.success(), "{what}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    let told = serde_json::from_slice(&output.stdout);
    told.unwrap_or_else(|e| panic!("{what}: not one JSON document ({e}): {}", String::from_utf8_lossy(&output.stdout)))
}

/// The problem of a command that was refused with one of these exit codes.
///
/// # Panics
/// When it was not, or did not say so as it should.
#[must_use]
pub fn problem(what: &str, output: &Output, exits: &[i32]) -> Problem {
    let told = String::from_utf8_lossy(&output.stderr);
    let exit = plainly_refused(what, output, exits);
    assert_eq!(told.trim_end().lines().count(), 1, "{what}: a problem is one line: {told}");
    let document: Value = serde_json::from_str(&told).unwrap_or_else(|e| panic!("{what}: no problem ({e}): {told}"));
    for key in ["code", "title", "detail"] {
        assert!(document[key].as_str().is_some_and(|text| !text.is_empty()), "{what}: the problem has no {key}: {told}");
    }
    Problem { exit, code: document["code"].as_str().unwrap_or_default().to_owned(), document }
}

/// What holds for a refusal in words as well: the exit code, a short message, no panic.
///
/// # Panics
/// When it does not.
pub fn plainly_refused(what: &str, output: &Output, exits: &[i32]) -> i32 {
    let told = String::from_utf8_lossy(&output.stderr);
    let exit = output.status.code().unwrap_or(-1);
    assert!(exits.contains(&exit), "{what}: wanted exit {exits:?}, got {exit}: {told}{}", String::from_utf8_lossy(&output.stdout));
    assert!(!told.contains("panicked") && !told.contains("RUST_BACKTRACE"), "{what}: {told}");
    assert!(!told.trim().is_empty(), "{what}: says nothing");
    assert!(told.lines().count() <= ERROR_LINES_MAX, "{what}: more than {ERROR_LINES_MAX} lines:\n{told}");
    exit
}

/// The rows of a list.
///
/// # Panics
/// When it is no list.
#[must_use]
pub fn items(list: &Value) -> &[Value] {
    assert!(list.get("next").is_some(), "a list says where the next page begins: {list}");
    list["items"].as_array().unwrap_or_else(|| panic!("no list: {list}"))
}
