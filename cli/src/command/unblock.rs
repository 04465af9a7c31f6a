//! `haat unblock`: a word about a person that never leaves this node.

use clap::Args;
use haat_protocol::local::Command;
use serde_json::Value;

use crate::context::Context;
use crate::error::Failure;
use crate::say::say;

/// Show a blocked person again
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  haat unblock lin")]
pub(crate) struct Unblock {
    /// Name or id of the person
    person: String,
}

impl Unblock {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        cx.answer(cx.call(&Command::Unblock { person: self.person })?, |_: Value| say!("person-unblocked"))
    }
}
