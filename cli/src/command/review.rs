//! `haat review`: reviews the other party of an order.

use clap::Args;
use haat_protocol::local::Command;
use serde_json::Value;

use crate::context::{Context, field};
use crate::error::Failure;
use crate::say::say;
use crate::text;

/// Review the other party of an order; again to revise it
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  haat review 3fa9 --rating 5 --text 'Good leaf'")]
pub(crate) struct Review {
    /// The order
    order: String,
    /// 1 to 5
    #[arg(long, value_name = "1..5", value_parser = clap::value_parser!(u8).range(1..=5))]
    rating: u8,
    /// What you have to say
    #[arg(long)]
    text: String,
    /// Where; the circle of the recommendation that led to the order unless given
    #[arg(long)]
    circle: Option<String>,
}

impl Review {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        let command = Command::Review { order: self.order, rating: self.rating, text: self.text, circle: self.circle };
        cx.answer(cx.call(&command)?, |v: Value| say!("reviewed", id = text::short(field(&v, "entry"))))
    }
}
