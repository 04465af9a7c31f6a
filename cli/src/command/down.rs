//! `haat down`: stops the node gracefully and waits until it is gone.

use clap::Args;
use haat_protocol::local::routes::STOP;
use haat_protocol::local::{Problem, ProblemKind};
use serde_json::json;

use crate::context::Context;
use crate::error::Failure;
use crate::home;
use crate::say::say;

/// Stop the node gracefully
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  haat down")]
pub(crate) struct Down {}

impl Down {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        let client = cx.client()?;
        // A node may be gone before its answer is out; the lock tells.
        match client.tell(STOP) {
            Ok(_) => {}
            Err(problem) if problem.kind == ProblemKind::Unknown => {}
            Err(problem) => return Err(problem.into()),
        }
        if home::wait_until_free(&cx.home()?)? {
            return cx.own(&json!({"stopped": true}), &say!("node-stopped"));
        }
        Err(Problem::new(ProblemKind::Unknown, "still-running", "the node has not stopped yet", "it was asked to and still holds its home")
            .hint("wait, or haat down again")
            .into())
    }
}
