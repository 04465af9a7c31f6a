//! `haat unmute`: a word about a person that never leaves this node.

use clap::Args;
use haat_protocol::local::Command;
use serde_json::Value;

use crate::context::Context;
use crate::error::Failure;
use crate::say::say;

/// Show what a muted person says again
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  haat unmute lin")]
pub(crate) struct Unmute {
    /// Name or id of the person
    person: String,
}

impl Unmute {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        cx.answer(cx.call(&Command::Unmute { person: self.person })?, |_: Value| say!("person-unmuted"))
    }
}
