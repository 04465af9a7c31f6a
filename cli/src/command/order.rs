//! `haat order`: buying and selling, step by step. Which step is allowed now is the node's to say, never decided here.

mod counter;
mod decide;
mod enclosed;
mod export;
mod offer;
mod pay;
mod trouble;
mod verify;
mod view;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use haat_protocol::local::{Command, OrderRow, OrderWords, Question};
use serde_json::Value;

use crate::context::Context;
use crate::error::Failure;
use crate::window::Part;

/// Buy and sell, step by step
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  haat order offer 'Green tea' --qty 2 --price 15.00 --delivery pickup
  haat order accept 3fa9
  haat order pay 3fa9
  haat order list --role seller --state negotiating
  haat order export 3fa9 proof.haat && haat order verify proof.haat")]
pub(crate) enum Order {
    Offer(offer::Offer),
    Counter(counter::Counter),
    /// Agree to what the other side proposed
    Accept(Which),
    /// Say no to what the other side proposed
    #[command(after_help = "Example:\n  haat order reject 3fa9 --reason 'Sold out'")]
    Reject {
        #[command(flatten)]
        order: Which,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Take your own proposal back
    #[command(after_help = "Example:\n  haat order withdraw 3fa9")]
    Withdraw(Which),
    /// Use the deadline right that is open
    #[command(after_help = "Example:\n  haat order expire 3fa9")]
    Expire(Which),
    Pay(pay::Pay),
    /// Say that the money is here
    #[command(after_help = "Example:\n  haat order confirm-payment 3fa9")]
    ConfirmPayment {
        #[command(flatten)]
        order: Which,
        /// How much; what is left unless given
        #[arg(long)]
        amount: Option<String>,
    },
    /// Say that the money is not here
    #[command(after_help = "Example:\n  haat order deny-payment 3fa9 --reason 'Nothing on the account'")]
    DenyPayment {
        #[command(flatten)]
        order: Which,
        /// Why you think so
        #[arg(long)]
        reason: String,
    },
    /// Do without the payment
    #[command(after_help = "Example:\n  haat order waive 3fa9")]
    Waive(Which),
    /// Begin to prepare the goods
    #[command(after_help = "Example:\n  haat order start 3fa9")]
    Start(Which),
    /// Say that the goods are on their way
    #[command(after_help = "Example:\n  haat order ship 3fa9 --carrier DHL --tracking 00340434")]
    Ship {
        #[command(flatten)]
        order: Which,
        /// Who carries them
        #[arg(long)]
        carrier: String,
        /// Tracking code
        #[arg(long)]
        tracking: String,
        /// Only so many of a line, lines counted from 1; all that is left unless given
        #[arg(long = "line", value_name = "N=QTY")]
        lines: Vec<String>,
    },
    /// Say that the goods can be collected
    #[command(after_help = "Example:\n  haat order ready 3fa9")]
    Ready(Which),
    /// Say that you have the goods
    #[command(after_help = "Example:\n  haat order receive 3fa9")]
    Receive {
        #[command(flatten)]
        order: Which,
        /// The code that the seller told you at the hand-over
        #[arg(long)]
        code: Option<String>,
    },
    /// Say that all is well
    #[command(after_help = "Example:\n  haat order complete 3fa9")]
    Complete(Which),
    /// Call the order off
    #[command(after_help = "Example:\n  haat order cancel 3fa9")]
    Cancel(Which),
    /// Say that you sent the money back
    #[command(after_help = "Example:\n  haat order refund 3fa9 --reference 'R 17'")]
    Refund {
        #[command(flatten)]
        order: Which,
        /// Reference of the payment
        #[arg(long)]
        reference: String,
        /// How much; what is left unless given
        #[arg(long)]
        amount: Option<String>,
    },
    /// Say that the money came back
    #[command(after_help = "Example:\n  haat order confirm-refund 3fa9")]
    ConfirmRefund(Which),
    /// Close what the other side left open
    #[command(after_help = "Example:\n  haat order close-defaulted 3fa9")]
    CloseDefaulted(Which),
    #[command(flatten)]
    Trouble(trouble::Trouble),
    #[command(flatten)]
    Enclosed(enclosed::Enclosed),
    /// Say something to the other side
    #[command(after_help = "Example:\n  haat order say 3fa9 'The gate is open until six'")]
    Say {
        #[command(flatten)]
        order: Which,
        /// The words
        text: String,
    },
    /// Your orders: first those in which you have to act
    #[command(visible_alias = "ls")]
    List {
        /// Only in this state
        #[arg(long)]
        state: Option<String>,
        /// Only as this party
        #[arg(long)]
        role: Option<Role>,
        #[command(flatten)]
        part: Part,
    },
    /// One order: terms, events, what you may do now
    #[command(after_help = "Example:\n  haat order show 3fa9")]
    Show(Which),
    /// Write the evidence of an order into a file
    Export {
        #[command(flatten)]
        order: Which,
        /// The file; - for standard output
        file: PathBuf,
        /// With the address, if it is here
        #[arg(long)]
        personal: bool,
    },
    /// Check an evidence file; needs no node and no network
    Verify {
        /// The file; - for standard input
        file: PathBuf,
    },
}

/// Which order is meant.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// The order, by any unique beginning of its id
    order: String,
}

/// A party of an order.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Role {
    Buyer,
    Seller,
}

impl Order {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        let none = OrderWords::default();
        match self {
            Self::Offer(offer) => offer.run(cx),
            Self::Counter(counter) => counter.run(cx),
            Self::Accept(order) => act(cx, order, "accept", none),
            Self::Reject { order, reason } => act(cx, order, "reject", OrderWords { reason: Some(reason), ..none }),
            Self::Withdraw(order) => act(cx, order, "withdraw", none),
            Self::Expire(order) => act(cx, order, "expire", none),
            Self::Pay(pay) => pay.run(cx),
            Self::ConfirmPayment { order, amount } => act(cx, order, "confirm-payment", OrderWords { amount, ..none }),
            Self::DenyPayment { order, reason } => act(cx, order, "deny-payment", OrderWords { reason: Some(reason), ..none }),
            Self::Waive(order) => act(cx, order, "waive", none),
            Self::Start(order) => act(cx, order, "start", none),
            Self::Ship { order, carrier, tracking, lines } => {
                act(cx, order, "ship", OrderWords { carrier: Some(carrier), tracking: Some(tracking), lines, ..none })
            }
            Self::Ready(order) => act(cx, order, "ready", none),
            Self::Receive { order, code } => act(cx, order, "receive", OrderWords { code, ..none }),
            Self::Complete(order) => act(cx, order, "complete", none),
            Self::Cancel(order) => act(cx, order, "cancel", none),
            Self::Refund { order, reference, amount } => {
                act(cx, order, "refund", OrderWords { reference: Some(reference), amount, ..none })
            }
            Self::ConfirmRefund(order) => act(cx, order, "confirm-refund", none),
            Self::CloseDefaulted(order) => act(cx, order, "close-defaulted", none),
            Self::Trouble(trouble) => trouble.run(cx),
            Self::Say { order, text } => act(cx, order, "say", OrderWords { text: Some(text), ..none }),
            Self::List { state, role, part } => {
                let role = role.map(|r| if matches!(r, Role::Buyer) { "buyer" } else { "seller" }.to_owned());
                cx.page(cx.ask(&Question::Orders { state, role, window: part.into() })?, view::listed)
            }
            Self::Show(Which { order }) => answer(cx, cx.ask(&Question::Order { order })?),
            Self::Export { order: Which { order }, file, personal } => export::run(cx, order, &file, personal),
            Self::Enclosed(enclosed) => enclosed.run(cx),
            Self::Verify { file } => verify::run(cx, &file),
        }
    }
}

fn act(cx: &Context, Which { order }: Which, verb: &str, words: OrderWords) -> Result<(), Failure> {
    answer(cx, cx.call(&Command::OrderAct { order, verb: verb.to_owned(), words: Box::new(words) })?)
}

/// Prints an order and, for people, what they may do with it now.
fn answer(cx: &Context, value: Value) -> Result<(), Failure> {
    let mut next = None;
    cx.answer(value, |row: OrderRow| {
        next = view::next(&row);
        view::shown(&row)
    })?;
    if let Some(hint) = next {
        cx.next(&hint);
    }
    Ok(())
}
