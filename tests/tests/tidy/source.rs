//! One Rust file as text, in views: the code without comments, strings and unit tests, and the comments alone.
//!
//! It knows just enough of Rust's lexis to tell these apart; it must never grow into a parser.

/// A Rust file. All views have the same lines; what a view leaves out is blank in it.
pub(super) struct Source {
    /// Path from the root of the repository, with `/`.
    pub(super) path: String,
    /// As it is.
    pub(super) raw: String,
    /// Without comments, without what stands in quotes, without `#[cfg(test)] mod … { … }`.
    pub(super) code: String,
    /// Like `code`, with quoted text kept: what counts as a line of code.
    pub(super) body: String,
    /// Comments alone, those of unit tests too.
    pub(super) comments: String,
    /// Like `code`, unit tests included.
    pub(super) all_code: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code,
    Quoted,
    Comment,
}

impl Source {
    pub(super) fn new(path: &str, raw: &str) -> Self {
        let chars: Vec<char> = raw.chars().collect();
        let kinds = classify(&chars);
        let view = |keep: &[Kind]| -> String {
            chars.iter().zip(&kinds).map(|(c, kind)| if *c == '\n' || keep.contains(kind) { *c } else { ' ' }).collect()
        };
        let all_code = view(&[Kind::Code]);
        let hidden = test_lines(&all_code);
        let without_tests = |text: &str| -> String {
            let shown = |(at, line)| if hidden.iter().any(|span| span.contains(&at)) { "" } else { line };
            text.split('\n').enumerate().map(shown).collect::<Vec<_>>().join("\n")
        };
        Self {
            path: path.to_owned(),
            raw: raw.to_owned(),
            code: without_tests(&all_code),
            body: without_tests(&view(&[Kind::Code, Kind::Quoted])),
            comments: view(&[Kind::Comment]),
            all_code,
        }
    }

    /// Lines that hold code.
    pub(super) fn size(&self) -> usize {
        self.body.lines().filter(|line| !line.trim().is_empty()).count()
    }

    /// Whether the whole file is unit tests (`name/tests.rs`, `name/tests/…`).
    pub(super) fn is_test_set(&self) -> bool {
        self.path.split_once("/src/").is_some_and(|(_, inner)| inner.ends_with("tests.rs") || inner.contains("/tests/"))
    }

    /// Path without `.rs`, below `src` of the given crate: `order/terms`.
    pub(super) fn module(&self, package: &str) -> Option<&str> {
        self.path.strip_prefix(package)?.strip_prefix("/src/")?.strip_suffix(".rs")
    }
}

/// Words and single signs of a code view, each with its line from 1.
pub(super) fn tokens(code: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (at, line) in code.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            let (token, tail) = rest.split_at(word.max(if word == 0 { first.len_utf8() } else { 0 }));
            found.push((at + 1, token));
            rest = tail.trim_start();
        }
    }
    found
}

/// What is named directly below `root`: `fs` and `net` in `use std::{fs, net::TcpStream}`, with lines.
pub(super) fn below<'a>(tokens: &[(usize, &'a str)], root: &str) -> Vec<(usize, &'a str)> {
    let mut found = Vec::new();
    for start in 0..tokens.len() {
        let [(_, word), (_, ":"), (_, ":"), rest @ ..] = &tokens[start..] else { continue };
        if *word != root {
            continue;
        }
        match rest {
            [(_, "{"), group @ ..] => found.extend(group_heads(group)),
            [first, ..] => found.push(*first),
            [] => {}
        }
    }
    found
}

/// The first word of each item of a group whose brace is already open.
fn group_heads<'a>(group: &[(usize, &'a str)]) -> Vec<(usize, &'a str)> {
    let (mut depth, mut head, mut found) = (1, true, Vec::new());
    for &(line, token) in group {
        match token {
            "{" => depth += 1,
            "}" => depth -= 1,
            "," if depth == 1 => head = true,
            _ if head && depth == 1 => {
                found.push((line, token));
                head = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    found
}

fn classify(chars: &[char]) -> Vec<Kind> {
    let mut kinds = Vec::with_capacity(chars.len());
    while kinds.len() < chars.len() {
        let at = kinds.len();
        let (kind, length) = piece(&chars[at..], at.checked_sub(1).map(|before| chars[before]));
        kinds.resize((at + length).min(chars.len()), kind);
    }
    kinds
}

/// Kind and length of what starts here; `before` is the character in front of it.
fn piece(rest: &[char], before: Option<char>) -> (Kind, usize) {
    match rest {
        ['/', '/', ..] => (Kind::Comment, rest.iter().position(|c| *c == '\n').unwrap_or(rest.len())),
        ['/', '*', ..] => (Kind::Comment, block_comment(rest)),
        ['"', ..] => (Kind::Quoted, until_quote(rest, '"')),
        ['\'', '\\', ..] => (Kind::Quoted, until_quote(rest, '\'')),
        ['\'', _, '\'', ..] => (Kind::Quoted, 3),
        ['r', '"' | '#', ..] if !before.is_some_and(|c| c.is_alphanumeric() && c != 'b' && c != 'c' || c == '_') => raw_string(rest),
        _ => (Kind::Code, 1),
    }
}

fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match &rest[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn until_quote(rest: &[char], quote: char) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != quote {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// A raw string, or else (a raw identifier) one sign of code.
fn raw_string(rest: &[char]) -> (Kind, usize) {
    let hashes = rest[1..].iter().take_while(|c| **c == '#').count();
    if rest.get(1 + hashes) != Some(&'"') {
        return (Kind::Code, 1);
    }
    let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let open = hashes + 2;
    let length = rest[open..].windows(end.len()).position(|window| window == end).map_or(rest.len(), |at| open + at + end.len());
    (Kind::Quoted, length)
}

/// Lines (from 0) of unit test modules in a code view.
fn test_lines(code: &str) -> Vec<std::ops::RangeInclusive<usize>> {
    let tokens = tokens(code);
    let mut found = Vec::new();
    for start in 0..tokens.len() {
        let [(first, "#"), (_, "["), (_, "cfg"), (_, "("), (_, "test"), (_, ")"), (_, "]"), rest @ ..] = &tokens[start..] else { continue };
        let Some(module) = rest.iter().position(|(_, token)| *token == "mod") else { continue };
        let [_, _, (_, "{"), inside @ ..] = &rest[module..] else { continue };
        if rest[..module].iter().any(|(_, token)| matches!(*token, ";" | "{" | "}")) {
            continue;
        }
        let mut depth = 1;
        let end = inside.iter().find(|(_, token)| {
            depth += i32::from(*token == "{") - i32::from(*token == "}");
            depth == 0
        });
        found.push(first - 1..=end.map_or(usize::MAX, |(line, _)| line - 1));
    }
    found
}

#[test]
fn views_tell_code_from_comments_quotes_and_tests() {
    let text = "//! mentions tokio\nuse a::b; /* c /* d */ e */ let x = \"// redb \\\" \"; let y = 'q'; fn f<'a>() {}\n\
        let z = r#\"axum \" \"#; g();\n\n#[cfg(test)]\n#[rustfmt::skip]\nmod tests {\n    fn t() { libp2p(\"}\") }\n}\nfn last() {}\n";
    let source = Source::new("node/src/x.rs", text);
    let words: Vec<&str> = tokens(&source.code).into_iter().map(|(_, token)| token).filter(|token| token.len() > 1).collect();
    assert_eq!(words, ["use", "let", "let", "fn", "let", "fn", "last"]);
    assert!(source.comments.contains("tokio") && !source.comments.contains("redb"));
    assert!(source.all_code.contains("libp2p"));
    assert_eq!(source.size(), 3, "two lines of code and the last");
    assert_eq!(tokens(&source.code).last(), Some(&(10, "}")), "lines keep their numbers");
}

#[test]
fn groups_and_paths_are_read() {
    let code = "use crate::{id::EntryId, money::{Currency, Money},\n  time};\nfn f() -> crate::order::State { }\nuse std::fs;";
    assert_eq!(below(&tokens(code), "crate"), [(1, "id"), (1, "money"), (2, "time"), (3, "order")]);
    assert_eq!(below(&tokens(code), "std"), [(4, "fs")]);
}
