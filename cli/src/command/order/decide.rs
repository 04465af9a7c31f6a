//! `haat order decide`: the resolver's word on one party's evidence, and bringing it into the order.

use std::path::Path;

use clap::Args;
use haat_protocol::limits::EVIDENCE_MAX_BYTES;
use haat_protocol::local::{Command, OrderWords};
use serde::Deserialize;

use super::{Which, act};
use crate::context::Context;
use crate::error::Failure;
use crate::input;
use crate::say::say;

/// Decide a dispute in which the terms name you, or bring the resolver's word in
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  haat order decide 3fa9 --refund 4.00 --reason 'half was green'        (the resolver, whose node was laid the dispute before)
  haat order decide proof.haat --refund 4.00 --reason 'half was green'  (the resolver, on a file of `haat order export`)
  haat order decide 3fa9 --word WORD                                    (either party, when no node brought it)")]
pub(crate) struct Decide {
    /// The order, or the evidence file that a party gave you
    what: String,
    /// How much goes back to the buyer; 0 for nothing
    #[arg(long, required_unless_present = "word", conflicts_with = "word")]
    refund: Option<String>,
    /// Why
    #[arg(long, required_unless_present = "word", conflicts_with = "word")]
    reason: Option<String>,
    /// The word that the resolver signed
    #[arg(long)]
    word: Option<String>,
}

/// What a resolver is told.
#[derive(Debug, Deserialize)]
struct Decided {
    word: String,
}

impl Decide {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        if let Some(word) = self.word {
            let words = OrderWords { data: Some(word), ..OrderWords::default() };
            return act(cx, Which { order: self.what }, "decide", words);
        }
        let (refund, reason) = (self.refund.unwrap_or_default(), self.reason.unwrap_or_default());
        let file = Path::new(&self.what);
        let (order, data) = if file.is_file() {
            (None, Some(data_encoding::BASE64.encode(&input::read(file, EVIDENCE_MAX_BYTES)?)))
        } else {
            (Some(self.what), None)
        };
        let answer = cx.call(&Command::OrderDecide { order, data, refund, reason })?;
        cx.answer(answer, |decided: Decided| format!("{}\n\n{}", say!("order-decided"), decided.word))
    }
}
