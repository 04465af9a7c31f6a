//! What a node shows of itself at one moment, to see that nothing was changed. Nothing here may look but through its doors.

use std::path::Path;

use super::Node;
use super::raw::http;

/// Everything that can be asked for without naming anything.
const QUESTIONS: [&str; 13] = [
    "me",
    "circles",
    "people",
    "shops",
    "listings",
    "feed",
    "orders",
    "notices",
    "peers",
    "tokens",
    "log/verify",
    "circle?circle=Lane%2012",
    "circle/invites?circle=Lane%2012",
];

/// All that a node shows, by the name of what was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Still(Vec<(String, String)>);

impl Still {
    /// Looks at a node that runs: its answers, its settings, and which files lie in its home.
    ///
    /// # Panics
    /// When it does not answer, or its home cannot be read.
    #[must_use]
    pub fn of(node: &Node) -> Self {
        let token = std::fs::read_to_string(node.home().join("api-token")).expect("the owner may read it");
        let bearer = format!("Bearer {}", token.trim());
        let asked = QUESTIONS.map(|question| {
            let reply = http(&node.api(), "GET", &format!("/api/v1/{question}"), &[("Authorization", &bearer)], b"");
            let (_, body) = reply.text.split_once("\r\n\r\n").unwrap_or_default();
            assert!(matches!(reply.status, 200 | 404), "{question}: {}", reply.text);
            (question.to_owned(), body.to_owned())
        });
        let settings = std::fs::read_to_string(node.home().join("config.toml")).unwrap_or_default();
        let files = [("config.toml".to_owned(), settings), ("home".to_owned(), names_in(node.home()).join("\n"))];
        Self(asked.into_iter().chain(files).collect())
    }

    /// Nothing is other than it was here.
    ///
    /// # Panics
    /// When something is.
    pub fn assert_same(&self, node: &Node, after: &str) {
        let now = Self::of(node);
        for ((what, before), (_, now)) in self.0.iter().zip(&now.0) {
            assert_eq!(before, now, "{after}: it changed {what}");
        }
    }
}

/// The names of what lies in a directory, in order.
#[must_use]
pub fn names_in(dir: &Path) -> Vec<String> {
    let there = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut names: Vec<String> = there.map(|file| file.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
