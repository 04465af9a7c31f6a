//! `haat recommend`: recommends a listing. Whoever earns by it says so; there is no default.

use clap::{Args, ValueEnum};
use haat_protocol::local::Command;
use serde_json::Value;

use crate::context::{Context, field};
use crate::error::Failure;
use crate::say::say;
use crate::text;

/// Recommend a listing in a circle, and say what you gain by it
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  haat recommend 'Green tea' --circle 'Lane 12' --text 'Bought it twice' --interest none")]
pub(crate) struct Recommend {
    /// What
    listing: String,
    /// Where
    #[arg(long)]
    circle: String,
    /// Why
    #[arg(long)]
    text: String,
    /// What you gain by it
    #[arg(long)]
    interest: Interest,
}

/// What a recommender gains.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Interest {
    None,
    Gift,
    Commission,
    Seller,
    Employee,
}

impl Recommend {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        let interest = match self.interest {
            Interest::None => "none",
            Interest::Gift => "gift",
            Interest::Commission => "commission",
            Interest::Seller => "seller",
            Interest::Employee => "employee",
        };
        let command = Command::Recommend { listing: self.listing, circle: self.circle, text: self.text, interest: interest.to_owned() };
        cx.answer(cx.call(&command)?, |v: Value| say!("recommended", id = text::short(field(&v, "entry"))))
    }
}
