//! The part of a list that a question is about. Lists that can grow without bound are answered page by page.

use serde::{Deserialize, Serialize};

/// Which part of a list is wanted: what is not given is the beginning, and as much as a page may hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Rows at most; 1000 unless given, and never more.
    #[serde(default)]
    pub limit: Option<usize>,
    /// The `next` of the page before.
    #[serde(default)]
    pub after: Option<String>,
}
