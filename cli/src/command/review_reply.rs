//! `haat review-reply`: answers a review about oneself.

use clap::Args;
use haat_protocol::local::Command;
use serde_json::Value;

use crate::context::{Context, field};
use crate::error::Failure;
use crate::say::say;
use crate::text;

/// Answer a review about you
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  haat review-reply 3fa9 --text 'Thank you'")]
pub(crate) struct ReviewReply {
    /// The review
    entry: String,
    /// The answer
    #[arg(long)]
    text: String,
}

impl ReviewReply {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        let value = cx.call(&Command::ReviewReply { entry: self.entry, text: self.text })?;
        cx.answer(value, |v: Value| say!("answered", id = text::short(field(&v, "entry"))))
    }
}
