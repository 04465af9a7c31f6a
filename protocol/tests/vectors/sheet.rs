//! One file of vectors: made, judged by this program, written or compared. Nobody edits the files by hand.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Value, json};

use crate::judge::judge;

/// Set to write the files anew; otherwise they are compared, byte for byte.
pub(crate) const BLESS: &str = "HAAT_BLESS";

/// What is read, by which check, and what the reader knows besides.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    check: &'static str,
    input: Vec<u8>,
    zeros: usize,
    context: Value,
}

impl Case {
    /// Bytes for a check.
    pub(crate) fn new(check: &'static str, input: impl Into<Vec<u8>>) -> Self {
        Self { check, input: input.into(), zeros: 0, context: json!({}) }
    }

    /// What the reader knows besides the bytes.
    pub(crate) fn with(self, context: Value) -> Self {
        Self { context, ..self }
    }

    /// So many zero bytes more, which the file tells as a number.
    pub(crate) fn and_zeros(self, zeros: usize) -> Self {
        Self { zeros, ..self }
    }

    /// The bytes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.input.clone();
        bytes.resize(self.input.len() + self.zeros, 0);
        bytes
    }
}

/// One vector as it stands in a file.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Vector {
    name: String,
    what: &'static str,
    check: &'static str,
    input: Value,
    context: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    expect: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refuse: Option<String>,
}

impl Vector {
    /// Its name, with that of its sheet.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What it must give; none when it is refused.
    pub(crate) const fn expected(&self) -> Option<&Value> {
        self.expect.as_ref()
    }

    /// The code of the refusal; none for a valid one.
    pub(crate) fn refusal(&self) -> Option<&str> {
        self.refuse.as_deref()
    }
}

/// The vectors of one file.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Sheet {
    #[serde(skip)]
    name: &'static str,
    about: &'static str,
    vectors: Vec<Vector>,
    #[serde(skip)]
    faults: Vec<String>,
}

impl Sheet {
    /// An empty sheet.
    pub(crate) const fn new(name: &'static str, about: &'static str) -> Self {
        Self { name, about, vectors: Vec::new(), faults: Vec::new() }
    }

    /// Adds bytes that hold.
    pub(crate) fn good(&mut self, name: &str, what: &'static str, case: Case) {
        match judge(case.check, &case.bytes(), &case.context) {
            Ok(value) => self.push(name, what, case, Ok(value)),
            Err(code) => self.faults.push(format!("{}/{name}: this program refuses it: {code}", self.name)),
        }
    }

    /// Adds bytes that are refused for this reason.
    pub(crate) fn bad(&mut self, name: &str, what: &'static str, case: Case, code: &str) {
        match judge(case.check, &case.bytes(), &case.context) {
            Err(found) if found == code => self.push(name, what, case, Err(code)),
            found => self.faults.push(format!("{}/{name}: this program says {found:?}, not {code}", self.name)),
        }
    }

    fn push(&mut self, name: &str, what: &'static str, case: Case, outcome: Result<Value, &str>) {
        let name = format!("{}/{name}", self.name);
        if self.vectors.iter().any(|other| other.name == name) {
            self.faults.push(format!("{name} stands twice"));
        }
        let hex = data_encoding::HEXLOWER.encode(&case.input);
        let input = if case.zeros == 0 { Value::from(hex) } else { json!({"hex": hex, "zeros": case.zeros}) };
        let (expect, refuse) = match outcome {
            Ok(value) => (Some(sorted(value)), None),
            Err(code) => (None, Some(code.to_owned())),
        };
        self.vectors.push(Vector { name, what, check: case.check, input, context: sorted(case.context), expect, refuse });
    }

    /// The name of its file, without the ending.
    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    /// The vectors.
    pub(crate) fn vectors(&self) -> &[Vector] {
        &self.vectors
    }

    /// Compares the sheet with its file, or writes it.
    pub(crate) fn settle(&self) -> Result<(), String> {
        if !self.faults.is_empty() {
            return Err(self.faults.join("\n"));
        }
        let path = folder().join(format!("{}.json", self.name));
        let text = serde_json::to_string_pretty(self).expect("plain data is written") + "\n";
        if std::env::var_os(BLESS).is_some() {
            std::fs::write(&path, text).expect("the file can be written");
            return Ok(());
        }
        let held = std::fs::read_to_string(&path).unwrap_or_default();
        if held == text {
            return Ok(());
        }
        let line = held.lines().zip(text.lines()).take_while(|(held, made)| held == made).count() + 1;
        Err(format!(
            "{}.json:{line}: other bytes than are made now. If the wire was meant to change, change docs/protocol.md and \
             run {BLESS}=1 cargo test -p haat-protocol --test vectors",
            self.name
        ))
    }
}

/// Where the files are.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors")
}

/// The same value with the keys of all maps in order, whatever keeps them.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut pairs: Vec<(String, Value)> = map.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            pairs.sort_by(|one, other| one.0.cmp(&other.0));
            Value::Object(pairs.into_iter().collect())
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        plain => plain,
    }
}
