//! The catalogue of messages against the sources: every language says the same things, all that is said is in it, and nothing
//! else is said by the command line.

use std::collections::{BTreeMap, BTreeSet};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use fluent_syntax::parser;

use super::source::Source;
use super::tree::Tree;

/// The files that stand in every language.
const SHARED: [&str; 2] = ["messages.ftl", "words.ftl"];
/// The languages; the first is the one in which all is written.
const LANGUAGES: [&str; 2] = ["en", "zh-Hans"];
/// Parts of the command line that tell a story of their own, in English so far.
const STORIES: [&str; 1] = ["cli/src/command/demo"];

/// Parts whose sentences are details of problems: those are told in English below what their code means in the reader's language.
const DETAILS: [&str; 5] = ["cli/src/client", "cli/src/config", "cli/src/error", "cli/src/input", "cli/src/span"];

/// Names of messages, each with the names of its blanks.
type Messages = BTreeMap<String, BTreeSet<String>>;

/// The messages of a file, and what in it is none.
pub(super) fn messages(text: &str) -> (Messages, Vec<String>) {
    let (resource, faults) = match parser::parse(text) {
        Ok(resource) => (resource, Vec::new()),
        Err((resource, faults)) => (resource, faults),
    };
    let mut faults: Vec<String> = faults.iter().map(|fault| format!("{fault}")).collect();
    let mut messages = Messages::new();
    for entry in &resource.body {
        let Entry::Message(message) = entry else { continue };
        let parts = message.attributes.iter().map(|part| (format!("{}.{}", message.id.name, part.id.name), Some(&part.value)));
        for (name, pattern) in std::iter::once((message.id.name.to_owned(), message.value.as_ref())).chain(parts) {
            let mut blanks = BTreeSet::new();
            if let Some(pattern) = pattern {
                collect(pattern, &mut blanks);
            }
            if messages.insert(name.clone(), blanks).is_some() {
                faults.push(format!("`{name}` is there twice"));
            }
        }
    }
    (messages, faults)
}

fn collect(pattern: &Pattern<&str>, blanks: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        let PatternElement::Placeable { expression } = element else { continue };
        let (inline, variants) = match expression {
            Expression::Inline(inline) => (inline, [].as_slice()),
            Expression::Select { selector, variants } => (selector, variants.as_slice()),
        };
        if let InlineExpression::VariableReference { id } = inline {
            blanks.insert(id.name.to_owned());
        }
        variants.iter().for_each(|variant| collect(&variant.value, blanks));
    }
}

fn read(tree: &Tree, language: &str, file: &str) -> (Messages, Vec<String>) {
    let path = format!("node/languages/{language}/{file}");
    let (messages, faults) = messages(&tree.text(&path).unwrap_or_default());
    (messages, faults.into_iter().map(|fault| format!("{path}: {fault}")).collect())
}

/// Messages that one language has and another has not, or has with other blanks.
pub(super) fn parity(tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    for file in SHARED {
        let (first, found) = read(tree, LANGUAGES[0], file);
        faults.extend(found);
        for language in &LANGUAGES[1..] {
            let (other, found) = read(tree, language, file);
            faults.extend(found);
            faults.extend(differences(&first, &other).into_iter().map(|fault| format!("node/languages/{language}/{file}: {fault}")));
        }
    }
    faults
}

fn differences(first: &Messages, other: &Messages) -> Vec<String> {
    let names: BTreeSet<&String> = first.keys().chain(other.keys()).collect();
    let fault = |name: &String| match (first.get(name), other.get(name)) {
        (Some(_), None) => Some(format!("`{name}` is missing")),
        (None, Some(_)) => Some(format!("`{name}` stands in no other language")),
        // A language need not tell a number by which another only chooses a form.
        (Some(first), Some(other)) => (first != other).then(|| format!("`{name}` has the blanks {other:?}, not {first:?}")),
        (None, None) => None,
    };
    names.into_iter().filter_map(fault).collect()
}

/// Whether a file is the command line's, and tells no story of its own.
fn speaks(source: &Source) -> bool {
    source.path.starts_with("cli/src/") && !source.is_test_set() && !STORIES.iter().any(|story| source.path.starts_with(story))
}

/// Uses of the catalogue that it does not know, and messages that nobody uses.
pub(super) fn uses(tree: &Tree) -> Vec<String> {
    let (known, _) = read(tree, LANGUAGES[0], SHARED[0]);
    let (words, _) = read(tree, LANGUAGES[0], SHARED[1]);
    let mut faults = Vec::new();
    let mut used = BTreeSet::new();
    for source in tree.sources.iter().filter(|source| speaks(source)) {
        for (line, key, blanks) in said(&source.body) {
            match known.get(&key) {
                None => faults.push(format!("{}:{line}: `{key}` is in no catalogue - add it in every language", source.path)),
                Some(wanted) if *wanted != blanks => {
                    faults.push(format!("{}:{line}: `{key}` takes the blanks {wanted:?}, not {blanks:?}", source.path));
                }
                Some(_) => {}
            }
            used.insert(key);
        }
        for (line, word) in named(&source.body) {
            if !words.contains_key(&format!("word-{}", word.replace([' ', '_'], "-"))) {
                faults.push(format!("{}:{line}: the word {word:?} is in no catalogue - add it in every language", source.path));
            }
        }
    }
    faults.extend(known.keys().filter(|key| !used.contains(*key)).map(|key| format!("`{key}` is said by nobody - take it away")));
    faults
}

/// Calls of `say!`: the line, the message, the blanks that are filled.
fn said(body: &str) -> Vec<(usize, String, BTreeSet<String>)> {
    let calls = body.match_indices("say!(").map(|(at, call)| (at, &body[at + call.len()..]));
    let read = |(at, rest): (usize, &str)| {
        let (key, rest) = rest.trim_start().strip_prefix('"')?.split_once('"')?;
        let (mut depth, mut quoted, mut before) = (0_i32, false, String::new());
        let mut blanks = BTreeSet::new();
        for c in rest.chars() {
            match c {
                '"' => quoted = !quoted,
                _ if quoted => {}
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' if depth == 0 => break,
                ')' | ']' | '}' => depth -= 1,
                ',' if depth == 0 => before.clear(),
                '=' if depth == 0 && is_name(before.trim()) => {
                    blanks.insert(before.trim().to_owned());
                }
                _ if depth == 0 => before.push(c),
                _ => {}
            }
        }
        Some((body[..at].lines().count().max(1), key.to_owned(), blanks))
    };
    calls.filter_map(read).collect()
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}

/// Words that are headings or are looked up: the line and the word.
fn named(body: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (opening, closing) in [("word(\"", '"'), ("table::table(", ']')] {
        for (at, _) in body.match_indices(opening) {
            let rest = &body[at + opening.len()..];
            let Some((inner, _)) = rest.split_once(closing) else { continue };
            let line = body[..at].lines().count().max(1);
            if closing == '"' {
                found.push((line, inner.to_owned()));
            } else if inner.trim_start().starts_with('[') {
                found.extend(inner.split('"').skip(1).step_by(2).filter(|word| !word.is_empty()).map(|word| (line, word.to_owned())));
            }
        }
    }
    found
}

/// Sentences of the command line that are in no catalogue. Problems are told in English first and by their code in other languages.
pub(super) fn strays(tree: &Tree) -> Vec<String> {
    /// What a statement holds whose text is no answer for people: a problem, a grammar, a programmer's word.
    const NOT_TOLD: [&str; 13] = [
        "Problem::",
        "Err(",
        "#[",
        ".hint(",
        ".expect(",
        "unreachable!",
        "tracing::",
        "about:",
        "ok_or",
        "map_err",
        "Some(format!(\"",
        "table::table(",
        "io::Error",
    ];
    let mut faults = Vec::new();
    let tells = |source: &&Source| speaks(source) && !DETAILS.iter().any(|part| source.path.starts_with(part));
    for source in tree.sources.iter().filter(tells) {
        for (line, statement, text) in quotes(&source.body) {
            let words = text
                .split_whitespace()
                .filter(|word| word.len() > 1 && word.chars().all(|c| c.is_ascii_alphabetic() || ",.:;'".contains(c)));
            let is_sentence = words.count() > 2 && !text.starts_with("haat ");
            if is_sentence && !NOT_TOLD.iter().any(|sign| statement.contains(sign)) {
                faults.push(format!("{}:{line}: {text:?} - say it from the catalogue", source.path));
            }
        }
    }
    faults
}

/// Quoted texts: the line, the statement before each, the text.
fn quotes(body: &str) -> Vec<(usize, &str, &str)> {
    let mut found = Vec::new();
    let (mut opened, mut escaped): (Option<usize>, bool) = (None, false);
    for (at, c) in body.char_indices() {
        match (opened, c) {
            (_, _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(from), '"') => {
                let before = &body[..from];
                let statement = before.rfind([';', '}']).map_or(before, |end| &before[end..]);
                found.push((before.lines().count().max(1), statement, &body[from + 1..at]));
                opened = None;
            }
            (None, '"') => opened = Some(at),
            _ => {}
        }
    }
    found
}

#[test]
fn a_difference_between_languages_is_found() {
    let (first, faults) = messages("joined = { $name } is in.\ncount = { $n ->\n    [one] one\n   *[other] { $n }\n}\n    .more = x\n");
    assert_eq!(faults, [""; 0]);
    assert_eq!(first["count"], ["n".to_owned()].into());
    assert!(first.contains_key("count.more"), "{first:?}");
    let (other, _) = messages("joined = { $whom }\nnew = x\n");
    let faults = differences(&first, &other);
    assert_eq!(faults.len(), 4, "{faults:?}");
    assert!(!messages("a = { $x\n").1.is_empty() && !messages("a = 1\na = 2\n").1.is_empty());
}

#[test]
fn what_is_said_is_read_from_the_sources() {
    let body = r#"let a = say!("joined", name = f(&x, "a = b"), count = n); word("on sale"); table::table(["title", ""], rows, "")"#;
    assert_eq!(said(body), [(1, "joined".to_owned(), ["name".to_owned(), "count".to_owned()].into())]);
    let words: Vec<String> = named(body).into_iter().map(|(_, word)| word).collect();
    assert_eq!(words, ["on sale", "title"]);
    let stray = "fn f() {\n    line(\"You are in no circle.\");\n    Problem::usage(\"x\", \"all of this is told by code\");\n}\n";
    let faults = strays(&Tree::of(&[("cli/src/a.rs", stray)]));
    assert!(faults.len() == 1 && faults[0].starts_with("cli/src/a.rs:2: \"You are"), "{faults:?}");
}
