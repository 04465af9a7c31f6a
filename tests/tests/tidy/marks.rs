//! Leftovers: work that was begun and not finished, tests switched off, and addresses that belong into nobody's clone.

use super::source::tokens;
use super::tree::Tree;

/// Macros that stand for missing code.
const MACROS: &[&str] = &["todo", "unimplemented", "dbg"];
/// Words in comments that stand for missing work; written in two halves, so that this file is clean.
const WORDS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
/// Hosts of package registries and their mirrors, in two halves as well.
const HOSTS: &[&str] = &[
    concat!("crates", ".io"),
    concat!("npm", "js.org"),
    concat!("npm", "js.com"),
    concat!("py", "pi.org"),
    concat!("rs", "proxy.cn"),
    concat!("proxy.go", "lang.org"),
    concat!("replace", "-with"),
];

/// Unfinished work in Rust files, and tests ignored without a reason.
pub(super) fn unfinished(tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    for source in &tree.sources {
        for pair in tokens(&source.all_code).windows(2) {
            if let [(line, word), (_, "!")] = pair
                && MACROS.contains(word)
            {
                faults.push(format!("{}:{line}: `{word}!` - finish it, or return an error that says what is missing", source.path));
            }
        }
        for (at, line) in source.comments.lines().enumerate() {
            for word in line.split(|c: char| !c.is_alphanumeric()).filter(|word| WORDS.contains(word)) {
                faults.push(format!("{}:{}: `{word}` - do it, or write a decision in docs/decisions", source.path, at + 1));
            }
        }
        for (at, line) in source.all_code.lines().enumerate() {
            let raw = source.raw.lines().nth(at).unwrap_or_default();
            if line.contains("#[ignore]") || line.contains("#[ignore ") && raw.contains("= \"\"") {
                faults.push(format!("{}:{}: a test ignored in silence - #[ignore = \"why, and how to run it\"]", source.path, at + 1));
            }
        }
    }
    faults
}

/// Registry hosts in any tracked text but Cargo.lock.
pub(super) fn registries(tree: &Tree) -> Vec<String> {
    let paths = tree.tracked.iter().filter(|path| *path != "Cargo.lock");
    paths.flat_map(|path| hosts_in(path, &tree.text(path).unwrap_or_default())).collect()
}

fn hosts_in(path: &str, text: &str) -> Vec<String> {
    let hit = |(at, line): (usize, &str)| {
        let host = HOSTS.iter().find(|host| line.contains(**host))?;
        Some(format!("{path}:{}: `{host}` - leave the choice of registry to whoever builds", at + 1))
    };
    text.lines().enumerate().filter_map(hit).collect()
}

#[test]
fn leftovers_are_found() {
    let word = WORDS[0];
    let text = format!(
        "//! Says todo politely.\nfn f() {{ todo!() }}\n// {word}: later\nlet currency = \"{}\";\n#[ignore]\nfn a() {{}}\n\
        #[ignore = \"takes an hour; run with --ignored\"]\nfn b() {{}}\n#[ignore = \"\"]\nfn c() {{}}\n#[cfg(test)]\nmod tests {{ fn g() {{ dbg!(1); }} }}\n",
        WORDS[2]
    );
    let faults = unfinished(&Tree::of(&[("node/src/a.rs", &text)]));
    let lines: Vec<&str> = faults.iter().filter_map(|fault| fault.split(": ").next()?.rsplit(':').next()).collect();
    assert_eq!(lines, ["2", "12", "3", "5", "9"], "{faults:?}");
}

#[test]
fn a_registry_is_found() {
    let text = format!("# fine\nregistry = \"https://index.{}/\"\n", HOSTS[0]);
    assert_eq!(hosts_in("x.toml", &text).len(), 1);
    assert!(hosts_in("x.toml", "crates and io").is_empty());
}
