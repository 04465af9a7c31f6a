//! `haat order counter`: the same order on other terms.

use std::path::PathBuf;

use clap::Args;
use haat_protocol::local::OrderWords;

use super::offer::{Way, address};
use super::{Which, act};
use crate::context::Context;
use crate::error::Failure;
use crate::span::parse_span;

/// Answer with other terms
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  haat order counter 3fa9 --price 36.00
  haat order counter 3fa9 --qty 3
  haat order counter 3fa9 --delivery ship --address-file address.txt
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
    /// Another way to get it, of those the seller offers
    #[arg(long)]
    delivery: Option<Way>,
    /// Where the goods go instead: a file with address and telephone. The seller alone is told, after the agreement
    #[arg(long, value_name = "FILE")]
    address_file: Option<PathBuf>,
    /// How long it stands (2d unless given)
    #[arg(long, value_name = "SPAN", value_parser = parse_span)]
    valid: Option<u64>,
}

impl Counter {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        let Self { order, price, qty, lines, adjust, delivery, address_file, valid } = self;
        let (delivery, data) = (delivery.map(|way| way.name().to_owned()), address(address_file)?);
        act(cx, order, "counter", OrderWords { price, qty, lines, adjust, delivery, data, valid_ms: valid, ..OrderWords::default() })
    }
}
