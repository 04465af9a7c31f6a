//! `haat vouch`: says in a circle that one knows a person.

use clap::{Args, ValueEnum};
use haat_protocol::local::Command;
use serde_json::Value;

use crate::context::{Context, field};
use crate::error::Failure;
use crate::say::say;
use crate::text;

/// Vouch for a person in a circle
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  haat vouch lin --circle 'Lane 12' --weight friend --text 'neighbours for ten years'")]
pub(crate) struct Vouch {
    /// Name or id of the person
    person: String,
    /// Where it is said
    #[arg(long)]
    circle: String,
    /// How well you know them
    #[arg(long)]
    weight: Weight,
    /// Why
    #[arg(long)]
    text: Option<String>,
}

/// How well one knows a person.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Weight {
    Acquaintance,
    Friend,
    Close,
}

impl Vouch {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        let weight = match self.weight {
            Weight::Acquaintance => "acquaintance",
            Weight::Friend => "friend",
            Weight::Close => "close",
        };
        let command = Command::Vouch { person: self.person, circle: self.circle, weight: weight.to_owned(), text: self.text };
        cx.answer(cx.call(&command)?, |v: Value| say!("vouched", id = text::short(field(&v, "entry"))))
    }
}
