//! Codes of problems: each is met by a test that names it.

use haat_protocol::local::explain;
use haat_protocol::order::Refusal;

use super::source::Source;
use super::tree::Tree;

/// Codes of what no test brings about, and why.
const UNMET: &[(&str, &str)] = &[
    ("bad-api-address", "the command line refuses the word before the node reads it"),
    ("bad-identity", "an identity of one's own that does not hold is found by the audit first"),
    ("bad-words", "no command takes recovery words yet; `KeyError::BadWords` is met"),
    ("demo-start", "a neighbour of the demo whose program cannot be run"),
    ("demo-step", "a step of the demo that does not come true"),
    ("home-forbidden", "tests may run as a user who may write everywhere"),
    ("home-permission", "tests may run as a user who may read everything"),
    ("network-ended", "a fault of the network part"),
    ("no-api", "a socket without an address"),
    ("no-keys", "keys that are not there are made"),
    ("no-randomness", "a system without randomness"),
    ("no-signals", "a system without signals"),
    ("no-thread", "a system without threads"),
    ("runtime", "a system without threads"),
];

/// What a file says in tests.
fn in_tests(source: &Source) -> String {
    if source.is_test_set() || source.path.starts_with("tests/") && !source.path.starts_with("tests/tests/tidy/") {
        return source.raw.clone();
    }
    let lines = source.raw.lines().zip(source.code.lines()).zip(source.all_code.lines());
    let hidden = lines.filter(|((_, code), all)| code.trim().is_empty() && !all.trim().is_empty());
    hidden.map(|((raw, _), _)| raw).collect::<Vec<_>>().join("\n")
}

/// Codes that no test names, and exceptions that are none any more.
pub(super) fn unmet(tree: &Tree) -> Vec<String> {
    let vectors = tree.tracked.iter().filter(|path| path.starts_with("tests/vectors/") && path.ends_with(".json"));
    let vectors = vectors.filter_map(|path| tree.text(path));
    let said = tree.sources.iter().map(in_tests).chain(vectors).collect::<Vec<_>>().join("\n");
    let named = |code: &str| {
        let refusal = Refusal::ALL.iter().find(|refusal| refusal.code() == code);
        said.contains(&format!("\"{code}\"")) || refusal.is_some_and(|refusal| said.contains(&format!("Refusal::{refusal:?}")))
    };
    let exempt = |code: &str| UNMET.iter().any(|(name, _)| *name == code);
    let all = explain::all();
    let missing = all.iter().map(|row| row.code).filter(|code| !named(code) && !exempt(code));
    let missing = missing.map(|code| format!("{code}: no test meets it - write one, or say in UNMET why none can"));
    let stale = UNMET.iter().map(|(code, _)| *code).filter(|code| named(code) || all.iter().all(|row| row.code != *code));
    missing.chain(stale.map(|code| format!("{code}: stands in UNMET and is met, or is no code any more - take it out"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_in_tests_is_told_from_one_in_code() {
        let text = "fn f() { no(\"made\") }\n#[cfg(test)]\nmod tests {\n    fn g() { met(\"seen\") }\n}\n";
        let said = in_tests(&Source::new("node/src/door.rs", text));
        assert!(said.contains("\"seen\"") && !said.contains("\"made\""), "{said}");
        let tree = Tree::of(&[("node/src/door.rs", text)]);
        assert!(unmet(&tree).iter().any(|fault| fault.starts_with("out-of-stock: no test meets it")));
    }
}
