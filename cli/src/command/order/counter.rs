//! `haat order counter`: the same order on other terms.

use clap::Args;
use haat_protocol::local::OrderWords;

use super::{Which, act};
use crate::context::Context;
use crate::error::Failure;
use crate::span::parse_span;

/// Answer with other terms
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  haat order counter 3fa9 --price 36.00
  haat order counter 3fa9 --qty 3
  haat order counter 3fa9 --adjust 'spring coupon=-5.00' --adjust 'VAT 7 %=2.60'")]
pub(crate) struct Counter {
    #[command(flatten)]
    order: Which,
    /// Proposed total of the goods
    #[arg(long)]
    price: Option<String>,
    /// Another quantity
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    qty: Option<u64>,
    /// Another quantity of one of several lines, counted from 1
    #[arg(long = "line", value_name = "N=QTY")]
    lines: Vec<String>,
    /// A difference of the price: a coupon, a tax
    #[arg(long, value_name = "NAME=AMOUNT", allow_hyphen_values = true)]
    adjust: Vec<String>,
    /// How long it stands (2d unless given)
    #[arg(long, value_name = "SPAN", value_parser = parse_span)]
    valid: Option<u64>,
}

impl Counter {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        let Self { order, price, qty, lines, adjust, valid } = self;
        act(cx, order, "counter", OrderWords { price, qty, lines, adjust, valid_ms: valid, ..OrderWords::default() })
    }
}
