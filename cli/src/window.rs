//! The part of a list that a command shows.

use clap::Args;
use haat_protocol::local::Window;

/// Which part of a list.
#[derive(Debug, Default, Args)]
pub(crate) struct Part {
    /// How many at most (1000 unless given)
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Where the page before ended
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
}

impl From<Part> for Window {
    fn from(part: Part) -> Self {
        Self { limit: part.limit, after: part.after }
    }
}
