//! `haat retract`: asks everyone to drop an entry of one's own. What others have read they have read.

use clap::Args;
use haat_protocol::local::Command;
use serde_json::Value;

use crate::context::{Context, field};
use crate::error::Failure;
use crate::say::say;
use crate::text;

/// Ask everyone to drop something you said
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  haat retract 3fa9")]
pub(crate) struct Retract {
    /// The entry
    entry: String,
}

impl Retract {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        cx.answer(cx.call(&Command::Retract { entry: self.entry })?, |v: Value| say!("retracted", id = text::short(field(&v, "entry"))))
    }
}
