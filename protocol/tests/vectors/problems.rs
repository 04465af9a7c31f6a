//! Codes of problems: the sources and the table that explains them name the same ones, and the reference page shows the table.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use haat_protocol::local::explain::all;
use haat_protocol::order::Refusal;

use crate::sheet::{BLESS, folder};

/// What a code is handed to: as the first text among the arguments.
const CALLS: [&str; 9] =
    ["Problem::new", "Problem::refused", "Problem::usage", "No::new", "No::words", "Self::new", "Self::usage", "refused", "no"];
/// Files in which a plain `Err("…")` is a code that goes to another node.
const ANSWERS: &str = "node/src/engine/trade/";
/// Codes that are put together from a beginning and a word of another node's.
const MADE: [(&str, &[&str]); 2] = [
    ("invite-{code}", &["invite-declined", "invite-expired", "invite-full", "invite-malformed", "invite-revoked", "invite-used"]),
    ("http-{status}", &["http"]),
];

/// Sources of the product without their tests and without the table itself, by path.
fn sources() -> BTreeMap<String, String> {
    let top = folder().join("../..");
    let mut found = BTreeMap::new();
    for part in ["cli/src", "node/src", "protocol/src"] {
        read(&top.join(part), &top, &mut found);
    }
    found
}

fn read(dir: &Path, top: &Path, found: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(dir).expect("a folder of sources") {
        let path: PathBuf = entry.expect("an entry").path();
        if path.is_dir() {
            read(&path, top, found);
            continue;
        }
        let name = path.strip_prefix(top).expect("below the top").to_string_lossy().into_owned();
        if name.ends_with(".rs") && !name.contains("/tests") && !name.contains("local/explain") {
            let text = std::fs::read_to_string(&path).expect("text");
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
            found.insert(name, code);
        }
    }
}

/// The text literal at the beginning, if it reads as a code.
fn literal(text: &str) -> Option<&str> {
    let (word, _) = text.strip_prefix('"')?.split_once('"')?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    (word.len() > 2 && word.chars().all(plain)).then_some(word)
}

/// Codes that a source answers with.
fn codes(path: &str, text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices('(') {
        let callee = text[..at].rsplit(|c: char| !(c.is_alphanumeric() || "_:".contains(c))).next().unwrap_or_default();
        let is_answer = path.starts_with(ANSWERS) && ["Err", "ok_or"].contains(&callee);
        if !CALLS.contains(&callee) && !is_answer {
            continue;
        }
        // Before the code there may stand what sort of no it is, or an HTTP status.
        let words = text[at + 1..].trim_start();
        let first = words.split_once(',').map_or("", |(first, _)| first);
        let skipped = first.contains("::") || first == "kind" || first.parse::<u16>().is_ok();
        let code = if skipped && !first.contains('"') { words[first.len() + 1..].trim_start() } else { words };
        found.extend(literal(code).map(str::to_owned));
    }
    let constants = text.lines().filter(|line| {
        line.contains("const ")
            && [
                ": Code = ",
                "_ORDER: &str = ",
                "MOVED: &str = ",
                "AHEAD: &str = ",
                "WAITS: &str = ",
                "IN_DOUBT: &str = ",
                "INTERRUPTED: &str = ",
            ]
            .iter()
            .any(|kind| line.contains(kind))
    });
    found.extend(constants.filter_map(|line| literal(line.split_once(" = ")?.1)).map(str::to_owned));
    found
}

#[test]
fn every_code_of_the_sources_is_explained_and_every_explanation_is_of_use() {
    let sources = sources();
    assert!(sources.len() > 100, "the sources are read");
    let explained: BTreeSet<&str> = all().iter().map(|row| row.code).collect();
    let mut used: BTreeSet<String> = Refusal::ALL.iter().map(|refusal| refusal.code().to_owned()).collect();
    for (path, text) in &sources {
        for code in codes(path, text) {
            assert!(explained.contains(code.as_str()), "{path} answers {code:?}: explain it in protocol/src/local/explain/");
            used.insert(code);
        }
        for (made, codes) in MADE {
            if text.contains(made) {
                used.extend(codes.iter().map(|code| (*code).to_owned()));
            }
        }
    }
    let is_named = |code: &str| sources.values().any(|text| text.contains(&format!("\"{code}\"")));
    let idle: Vec<&str> = explained.into_iter().filter(|code| !used.contains(*code) && !is_named(code)).collect();
    assert!(idle.is_empty(), "nothing answers {idle:?}: take them out of protocol/src/local/explain/");
}

#[test]
fn codes_are_found_in_sources() {
    let text = "Problem::refused(\"one-code\", \"t\", d); Problem::new(\n  ProblemKind::Store,\n  \"two-code\", t); No::new(409, \"three\", t); \
        happened(\"four\"); Err(\"five\")";
    assert_eq!(codes("node/src/x.rs", text), ["one-code", "three", "two-code"].map(str::to_owned).into());
    assert!(codes("node/src/engine/trade/x.rs", text).contains("five"));
}

fn page() -> String {
    let mut page = "# Codes of problems\n\nEvery problem has a stable code: `code` under `--json` and in the local API, where its type is \
        `urn:haat:problem:CODE`.\n`haat explain CODE` prints the row without a node. Codes with an underscore are reasons of the order machine \
        ([orders](../orders.md)).\n\nThis page is written by `HAAT_BLESS=1 cargo test -p haat-protocol --test vectors`; its words are in \
        [`explain.rs`](../../protocol/src/local/explain.rs).\n\n| code | what happened | why | what to do |\n|---|---|---|---|\n"
        .to_owned();
    for row in all() {
        writeln!(page, "| `{}` | {} | {} | {} |", row.code, row.title, row.why, row.advice).expect("a string");
    }
    page
}

#[test]
fn the_reference_shows_the_table() {
    let path = folder().join("../../docs/reference/errors.md");
    let page = page();
    if std::env::var_os(BLESS).is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        std::fs::write(&path, &page).expect("it can be written");
    }
    let held = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(held == page, "docs/reference/errors.md shows another table: run {BLESS}=1 cargo test -p haat-protocol --test vectors");
}
