//! `haat log`: checks the trust log, or derives the views again, on a running node or a stopped one.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use haat_node::daemon;
use haat_protocol::local::routes::REBUILD;
use haat_protocol::local::{Problem, ProblemKind, Question};
use serde_json::Value;

use crate::context::{Context, field};
use crate::error::Failure;
use crate::say::say;
use crate::{home, input, text};

/// Your node's own append-only record
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  haat log verify\n  haat --home /backup/haat log rebuild\n\nBoth work on a running or a stopped node.")]
pub(crate) enum Log {
    /// Check chain, signatures and views again
    Verify(Sealed),
    /// Derive all views again
    Rebuild(Sealed),
}

/// What opens the keys of a stopped node.
#[derive(Debug, Args)]
pub(crate) struct Sealed {
    /// File whose first line opens the keys of a stopped node; - for standard input
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl Log {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        let home = cx.home()?;
        let is_running = home::running(&home)?.is_some();
        let value = match self {
            Self::Verify(_) if is_running => cx.ask(&Question::LogVerify)?,
            Self::Rebuild(_) if is_running => cx.client()?.tell(REBUILD)?,
            Self::Verify(sealed) => daemon::verify_stopped(existing(&home)?, &input::passphrase(sealed.passphrase_file.as_deref())?)?,
            Self::Rebuild(sealed) => daemon::rebuild_stopped(existing(&home)?, &input::passphrase(sealed.passphrase_file.as_deref())?)?,
        };
        cx.answer(value, |v: Value| say!("log-whole", entries = v["entries"].to_string(), head = text::short(field(&v, "head"))))
    }
}

fn existing(home: &Path) -> Result<&Path, Problem> {
    if home.is_dir() {
        return Ok(home);
    }
    Err(Problem::new(ProblemKind::NotFound, "no-home", "there is no node here", format!("{} is not there", home.display()))
        .hint("name the home with --home DIR"))
}
