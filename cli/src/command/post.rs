//! `haat post`: says something in a circle.

use clap::Args;
use haat_protocol::local::Command;
use serde_json::Value;

use crate::context::{Context, field};
use crate::error::Failure;
use crate::say::say;
use crate::text;

/// Say something in a circle
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  haat post 'Lane 12' 'The first plums are ripe' --listing Plums\n  haat post 'Lane 12' 'Keep me a kilo' --reply-to 3fa9"
)]
pub(crate) struct Post {
    /// Where
    circle: String,
    /// What
    text: String,
    /// A listing it points at; may be given several times
    #[arg(long)]
    listing: Vec<String>,
    /// The entry it answers
    #[arg(long, value_name = "ENTRY")]
    reply_to: Option<String>,
}

impl Post {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        let command = Command::Post { circle: self.circle, text: self.text, listings: self.listing, reply_to: self.reply_to };
        cx.answer(cx.call(&command)?, |v: Value| {
            let id = text::short(field(&v, "entry"));
            match field(&v, "state") {
                "stored" => say!("posted-stored", id = id),
                "sent" => say!("posted-sent", id = id),
                _ => say!("posted-local", id = id),
            }
        })
    }
}
