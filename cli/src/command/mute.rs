//! `haat mute`: a word about a person that never leaves this node.

use clap::Args;
use haat_protocol::local::Command;
use serde_json::Value;

use crate::context::Context;
use crate::error::Failure;
use crate::say::say;

/// Hide what a person says from your feed; they are not told
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  haat mute lin")]
pub(crate) struct Mute {
    /// Name or id of the person
    person: String,
}

impl Mute {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        cx.answer(cx.call(&Command::Mute { person: self.person })?, |_: Value| say!("person-muted"))
    }
}
