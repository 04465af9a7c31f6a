//! The repository as the rules see it: paths and texts, read once. Nothing is written.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::source::Source;

/// Folders that hold Rust.
const CRATES: [&str; 4] = ["protocol", "node", "cli", "tests"];

/// Paths and texts of the repository.
pub(super) struct Tree {
    root: PathBuf,
    /// What is committed or staged; all that lies there, outside a git repository. With `/`, sorted.
    pub(super) tracked: Vec<String>,
    /// Every Rust file of the crates, tracked or new.
    pub(super) sources: Vec<Source>,
}

impl Tree {
    pub(super) fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests crate lies in the workspace").to_owned();
        let all = walk(&root);
        let known = git(&root, &["ls-files", "--cached"]);
        let fresh = git(&root, &["ls-files", "--others", "--exclude-standard"]).unwrap_or_default();
        let tracked: Vec<String> = match known {
            Some(mut known) if !known.is_empty() => {
                known.retain(|path| root.join(path).is_file());
                known
            }
            _ => all,
        };
        let mut rust: Vec<&String> = tracked.iter().chain(&fresh).filter(|path| is_rust(path)).collect();
        rust.sort();
        rust.dedup();
        let sources = rust.into_iter().filter_map(|path| Some(Source::new(path, &fs::read_to_string(root.join(path)).ok()?))).collect();
        Self { root, tracked, sources }
    }

    /// The text of a file; none when it is missing or no text.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.root.join(path)).ok()
    }

    /// Whether a file or folder of this path is there.
    pub(super) fn exists(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }

    /// A tree of given files, for trying the rules out.
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let sources = files.iter().filter(|(path, _)| is_rust(path)).map(|(path, text)| Source::new(path, text)).collect();
        Self { root: PathBuf::from("/nowhere"), tracked: files.iter().map(|(path, _)| (*path).to_owned()).collect(), sources }
    }
}

fn is_rust(path: &str) -> bool {
    path.strip_suffix(".rs").and_then(|stem| stem.split_once('/')).is_some_and(|(top, _)| CRATES.contains(&top))
}

fn git(root: &Path, arguments: &[&str]) -> Option<Vec<String>> {
    let answer = Command::new("git").arg("-C").arg(root).args(["-c", "core.quotePath=false"]).args(arguments).output().ok()?;
    answer.status.success().then(|| String::from_utf8_lossy(&answer.stdout).lines().map(str::to_owned).collect())
}

/// All files below, but for build output and git's own.
fn walk(root: &Path) -> Vec<String> {
    let (mut folders, mut found) = (vec![root.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for item in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = item.path();
            if path.is_dir() && !["target", ".git"].iter().any(|name| path.ends_with(name)) {
                folders.push(path);
            } else if path.is_file() && !path.ends_with(".git") {
                found.extend(path.strip_prefix(root).ok().map(|inner| inner.to_string_lossy().replace('\\', "/")));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn the_tree_is_found() {
    let tree = Tree::read();
    assert!(tree.tracked.iter().any(|path| path == "Cargo.lock"));
    assert!(tree.sources.iter().any(|source| source.path == "tests/tests/tidy/tree.rs"), "new files count too");
    assert!(walk(&tree.root).iter().any(|path| path == "protocol/src/lib.rs"), "without git as well");
    assert!(tree.text("Cargo.toml").is_some_and(|text| text.contains("[workspace]")));
}
