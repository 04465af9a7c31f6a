//! The top level of the repository and the links of its documents.

use super::tree::Tree;

/// What may lie at the top, beside names that start with a dot.
const TOP: &[&str] =
    &["Cargo.lock", "Cargo.toml", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "cli", "docs", "node", "protocol", "tests"];

/// Files and folders at the top that do not belong there.
pub(super) fn top_level(tree: &Tree) -> Vec<String> {
    let mut tops: Vec<&str> = tree.tracked.iter().map(|path| path.split('/').next().unwrap_or(path)).collect();
    tops.dedup();
    let strays = tops.iter().filter(|top| !top.starts_with('.') && !TOP.contains(top));
    let strays = strays.map(|top| format!("{top}:1: not part of the top level - move it below docs/ or tests/"));
    let missing = TOP.iter().filter(|top| !tops.contains(top) && **top != "README.md");
    strays.chain(missing.map(|top| format!("{top}:1: missing at the top level - put it back"))).collect()
}

/// Relative links in README.md and docs/ that lead nowhere.
pub(super) fn links(tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    for path in tree.tracked.iter().filter(|path| path.ends_with(".md") && (*path == "README.md" || path.starts_with("docs/"))) {
        for (line, target) in targets(&tree.text(path).unwrap_or_default()) {
            if !resolve(path, &target).is_some_and(|file| tree.exists(&file)) {
                faults.push(format!("{path}:{line}: `{target}` leads nowhere - correct it, relative to this file"));
            }
        }
    }
    faults
}

/// Relative link targets outside code, without their anchors, with lines.
fn targets(text: &str) -> Vec<(usize, String)> {
    let (mut found, mut fenced) = (Vec::new(), false);
    for (at, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("``");
        let inline = prose.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        let reference = prose.strip_prefix('[').and_then(|rest| rest.split_once("]: ")).map(|(_, target)| target);
        for target in inline.chain(reference) {
            let target = target.split_whitespace().next().unwrap_or_default().trim_matches(['<', '>']);
            let file = target.split('#').next().unwrap_or_default();
            if !file.is_empty() && !target.contains("://") && !target.starts_with("mailto:") {
                found.push((at + 1, file.to_owned()));
            }
        }
    }
    found
}

/// A link target as a path from the root; none when it leaves the repository.
fn resolve(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()?),
            _ => parts.push(part),
        }
    }
    (!target.starts_with('/')).then(|| parts.join("/"))
}

#[test]
fn strays_are_found() {
    let mut files: Vec<(&str, &str)> = TOP.iter().map(|top| (*top, "")).collect();
    assert!(top_level(&Tree::of(&files)).is_empty());
    files.push(("notes.txt", ""));
    files.push((".gitignore", ""));
    assert_eq!(top_level(&Tree::of(&files)).len(), 1);
    assert_eq!(top_level(&Tree::of(&files[1..])).len(), 2, "one too many, one missing");
}

#[test]
fn links_are_read_and_resolved() {
    let text = "See [a](one.md#part), [b](https://example.org/x) and `[c](two.md)`.\n```\n[d](three.md)\n```\n![e](../four.png \"title\")\n[f]: five.md\n[g](#here)";
    let found: Vec<(usize, String)> = targets(text);
    assert_eq!(found, [(1, "one.md".to_owned()), (5, "../four.png".to_owned()), (6, "five.md".to_owned())]);
    assert_eq!(resolve("docs/guide/start.md", "../protocol.md"), Some("docs/protocol.md".to_owned()));
    assert_eq!(resolve("README.md", "../elsewhere.md"), None);
    assert_eq!(resolve("README.md", "/docs/protocol.md"), None);
}
