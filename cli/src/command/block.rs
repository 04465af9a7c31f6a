//! `haat block`: a word about a person that never leaves this node.

use clap::Args;
use haat_protocol::local::Command;
use serde_json::Value;

use crate::context::Context;
use crate::error::Failure;
use crate::say::say;

/// Hide everything of a person and take no new order of theirs; they are not told
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  haat block lin\n  haat people      shows whom you blocked")]
pub(crate) struct Block {
    /// Name or id of the person
    person: String,
}

impl Block {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        cx.answer(cx.call(&Command::Block { person: self.person })?, |_: Value| say!("person-blocked"))
    }
}
