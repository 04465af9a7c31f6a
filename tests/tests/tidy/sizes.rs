//! Sizes, names and openings of files. The sizes of functions are clippy's to measure; here only its fences are checked.

use super::tree::Tree;

/// Lines of code in one file, without comments, blank lines and its own unit tests.
const FILE_MAX_LINES: usize = 400;
/// Lines of code in a file that is all unit tests; it is read in pieces.
const TEST_SET_MAX_LINES: usize = 800;
/// Names that say nothing.
const EMPTY_NAMES: &[&str] = &["common", "helper", "helpers", "manager", "misc", "util", "utils"];
/// Roots of what ships.
const ROOTS: &[&str] = &["protocol/src/lib.rs", "node/src/lib.rs", "cli/src/main.rs"];
/// Clippy's sheets and what each must say.
const SHEETS: &[&str] = &[".clippy.toml", "protocol/clippy.toml"];
const SHEET_LINES: &[&str] = &["too-many-lines-threshold = 70", "too-many-arguments-threshold = 5"];
/// Manifests that must take the workspace's lints over.
const MANIFESTS: &[&str] = &["protocol/Cargo.toml", "node/Cargo.toml", "cli/Cargo.toml", "tests/Cargo.toml"];

/// Files that have grown too long.
pub(super) fn lines(tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    for source in &tree.sources {
        let (size, max) = (source.size(), if source.is_test_set() { TEST_SET_MAX_LINES } else { FILE_MAX_LINES });
        if size > max {
            faults
                .push(format!("{}:1: {size} lines of code, at most {max} - split it by what it does, into name.rs and name/", source.path));
        }
    }
    faults
}

/// Missing fences for functions.
pub(super) fn fences(tree: &Tree) -> Vec<String> {
    let missing = |path: &str, wanted: &str| {
        let there = tree.text(path).is_some_and(|text| text.replace("]\n", "]; ").lines().any(|line| line.trim() == wanted));
        (!there).then(|| format!("{path}:1: `{wanted}` is missing - put it back"))
    };
    let sheets = SHEETS.iter().flat_map(|path| SHEET_LINES.iter().filter_map(move |wanted| missing(path, wanted)));
    let manifests = MANIFESTS.iter().filter_map(|path| missing(path, "[lints]; workspace = true"));
    let lints = ["too_many_lines = \"warn\"", "unwrap_used = \"warn\""].iter().filter_map(|wanted| missing("Cargo.toml", wanted));
    sheets.chain(manifests).chain(lints).collect()
}

/// Files and folders whose name says nothing, and `mod.rs`.
pub(super) fn names(tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    for source in &tree.sources {
        if source.path.ends_with("/mod.rs") {
            faults.push(format!("{}:1: mod.rs - call it name.rs, beside the folder name/", source.path));
        }
        let parts = source.path.trim_end_matches(".rs").split('/');
        for part in parts.filter(|part| EMPTY_NAMES.contains(part)) {
            faults.push(format!("{}:1: `{part}` - name it after what is inside", source.path));
        }
    }
    faults
}

/// Files without an opening, crate roots that allow unsafe code.
pub(super) fn openings(tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    for source in &tree.sources {
        if !source.raw.starts_with("//! ") {
            faults.push(format!("{}:1: no opening - start with `//! ` and say what it is and what it must never do", source.path));
        }
        if ROOTS.contains(&source.path.as_str()) && !source.code.contains("#![forbid(unsafe_code)]") {
            faults.push(format!("{}:1: unsafe code is not forbidden - add `#![forbid(unsafe_code)]` below the opening", source.path));
        }
    }
    faults
}

#[test]
fn a_long_file_is_found() {
    let long = "//! Long.\n".to_owned() + &"let x = 1;\n// why\n\n".repeat(FILE_MAX_LINES + 1);
    let tested = "//! Short.\nfn f() {}\n#[cfg(test)]\nmod tests {\n".to_owned() + &"let x = 1;\n".repeat(FILE_MAX_LINES + 1) + "}\n";
    assert_eq!(lines(&Tree::of(&[("node/src/a.rs", &long), ("node/src/b.rs", &tested)])).len(), 1);
    assert!(lines(&Tree::of(&[("node/src/a/tests.rs", &long)])).is_empty());
}

#[test]
fn an_empty_name_is_found() {
    let tree = Tree::of(&[("node/src/util.rs", ""), ("node/src/net/mod.rs", ""), ("cli/src/common/x.rs", ""), ("cli/src/utility.rs", "")]);
    assert_eq!(names(&tree).len(), 3, "{:?}", names(&tree));
}

#[test]
fn a_missing_opening_is_found() {
    let good = "//! Root.\n#![forbid(unsafe_code)]\n";
    assert!(openings(&Tree::of(&[("node/src/lib.rs", good)])).is_empty());
    assert_eq!(openings(&Tree::of(&[("node/src/lib.rs", "//! Root.\n// #![forbid(unsafe_code)]\n")])).len(), 1);
    assert_eq!(openings(&Tree::of(&[("node/src/net.rs", "use a::b;\n//! Late.\n")])).len(), 1);
}

#[test]
fn a_missing_fence_is_found() {
    let wanted = SHEETS.len() * SHEET_LINES.len() + MANIFESTS.len() + 2;
    assert_eq!(fences(&Tree::of(&[])).len(), wanted);
}
