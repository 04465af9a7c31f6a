//! `haat unvouch`: takes a vouch back.

use clap::Args;
use haat_protocol::local::Command;
use serde_json::Value;

use crate::context::{Context, field};
use crate::error::Failure;
use crate::say::say;
use crate::text;

/// Take a vouch back
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  haat unvouch lin --circle 'Lane 12'")]
pub(crate) struct Unvouch {
    /// Name or id of the person
    person: String,
    /// Where it was said
    #[arg(long)]
    circle: String,
}

impl Unvouch {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        let value = cx.call(&Command::Unvouch { person: self.person, circle: self.circle })?;
        cx.answer(value, |v: Value| say!("taken-back", id = text::short(field(&v, "entry"))))
    }
}
