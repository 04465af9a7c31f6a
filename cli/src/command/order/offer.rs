//! `haat order offer`: the first word of an order.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use haat_protocol::limits::PERSONAL_MAX_BYTES;
use haat_protocol::local::{Command, NewOffer};

use crate::context::Context;
use crate::error::Failure;
use crate::input;
use crate::span::parse_span;

/// Offer to buy something, or offer your own to somebody
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  haat order offer 'Green tea' --qty 2
  haat order offer 3fa9 --sku GT-100 --qty 2 --price 15.00 --delivery pickup --pay on-delivery --method cash

A post or recommendation in place of the listing is remembered as what led you there.")]
pub(crate) struct Offer {
    /// A listing, or a post or recommendation that points at one
    listing: String,
    /// Which variant; needed when there are several
    #[arg(long)]
    sku: Option<String>,
    /// How many (1 unless given)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    qty: Option<u64>,
    /// Proposed total of the goods; the list price unless given
    #[arg(long)]
    price: Option<String>,
    /// How long the offer stands (2d unless given)
    #[arg(long, value_name = "SPAN", value_parser = parse_span)]
    valid: Option<u64>,
    /// How you get it; the seller's first way unless given
    #[arg(long)]
    delivery: Option<Way>,
    /// When you pay
    #[arg(long, value_name = "TIMING")]
    pay: Option<When>,
    /// How you pay, such as cash or transfer
    #[arg(long)]
    method: Option<String>,
    /// A word to the other side
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// One more line of the same shop
    #[arg(long = "line", value_name = "LISTING[@SKU]=QTY")]
    lines: Vec<String>,
    /// A difference of the price: a coupon, a tax
    #[arg(long, value_name = "NAME=AMOUNT", allow_hyphen_values = true)]
    adjust: Vec<String>,
    /// To whom you offer what is in your own shop
    #[arg(long, value_name = "PERSON")]
    to: Option<String>,
    /// Where the goods go: a file with address and telephone. The seller alone is told, after the agreement
    #[arg(long, value_name = "FILE")]
    address_file: Option<PathBuf>,
    /// Who decides should the two of you disagree
    #[arg(long, value_name = "PERSON")]
    resolver: Option<String>,
}

/// How goods come to the buyer.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Way {
    Pickup,
    Ship,
    Digital,
}

impl Way {
    /// What the node calls it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Pickup => "pickup",
            Self::Ship => "ship",
            Self::Digital => "digital",
        }
    }
}

/// What stands in a file with an address, as it goes to the node.
pub(super) fn address(file: Option<PathBuf>) -> Result<Option<String>, Failure> {
    let data = file.map(|file| input::read(&file, PERSONAL_MAX_BYTES)).transpose()?;
    Ok(data.map(|data| data_encoding::BASE64.encode(&data)))
}

/// When the buyer pays.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum When {
    Before,
    OnDelivery,
    After,
}

impl Offer {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        let pay = self.pay.map(|when| match when {
            When::Before => "before",
            When::OnDelivery => "on-delivery",
            When::After => "after",
        });
        let address = address(self.address_file)?;
        let offer = NewOffer {
            listing: self.listing,
            sku: self.sku,
            qty: self.qty,
            price: self.price,
            valid_ms: self.valid,
            delivery: self.delivery.map(|way| way.name().to_owned()),
            pay: pay.map(str::to_owned),
            method: self.method,
            note: self.note,
            lines: self.lines,
            adjust: self.adjust,
            to: self.to,
            resolver: self.resolver,
            address,
        };
        super::answer(cx, cx.call(&Command::OrderOffer(offer))?)
    }
}
