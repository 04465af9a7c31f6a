//! The verbs of an order that does not simply go well: calling it off, sending it back, disagreeing, and going on elsewhere.

use clap::{Args, Subcommand};
use haat_protocol::local::OrderWords;

use super::{Which, act, decide};
use crate::context::Context;
use crate::error::Failure;

/// Steps of an order in trouble.
#[derive(Debug, Subcommand)]
pub(crate) enum Trouble {
    /// Ask the other side to call the order off
    #[command(after_help = "Example:\n  haat order request-cancel 3fa9 --reason 'Bought twice'")]
    RequestCancel {
        #[command(flatten)]
        order: Which,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// Ask to send the goods back
    #[command(after_help = "Example:\n  haat order return 3fa9 --reason 'Broken in the parcel'")]
    Return(Why),
    /// Say that the goods are back
    #[command(after_help = "Example:\n  haat order return-received 3fa9")]
    ReturnReceived {
        #[command(flatten)]
        order: Which,
        /// They cannot be sold again
        #[arg(long)]
        spoilt: bool,
    },
    /// Say yes to what the other side asked last: cancel, return, settlement
    #[command(after_help = "Example:\n  haat order agree 3fa9")]
    Agree(Which),
    /// Say no to what the other side asked last
    #[command(after_help = "Example:\n  haat order refuse 3fa9 --reason 'It was opened'")]
    Refuse(Why),
    /// Say that you do not agree with what happened
    #[command(after_help = "Example:\n  haat order dispute 3fa9 --claim 'The cup is cracked'")]
    Dispute {
        #[command(flatten)]
        order: Which,
        /// What you claim
        #[arg(long)]
        claim: String,
    },
    /// Offer to settle a dispute
    #[command(after_help = "Example:\n  haat order settle 3fa9 --refund 5.00")]
    Settle {
        #[command(flatten)]
        order: Which,
        /// How much goes back to the buyer; 0 for nothing
        #[arg(long)]
        refund: String,
    },
    Decide(decide::Decide),
    /// Say that you did what was decided
    #[command(after_help = "Example:\n  haat order perform 3fa9 --reference 'R 18'")]
    Perform {
        #[command(flatten)]
        order: Which,
        /// Reference of the payment
        #[arg(long)]
        reference: Option<String>,
    },
    /// Let another of your devices go on with the order
    #[command(after_help = "Example:\n  haat order handover 3fa9")]
    Handover {
        #[command(flatten)]
        order: Which,
        /// Which, when you have several others
        #[arg(long, value_name = "DEVICE")]
        to: Option<String>,
    },
}

/// An order, and a reason.
#[derive(Debug, Args)]
pub(crate) struct Why {
    #[command(flatten)]
    order: Which,
    /// Why
    #[arg(long)]
    reason: String,
}

impl Trouble {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        let none = OrderWords::default();
        match self {
            Self::RequestCancel { order, reason } => act(cx, order, "request-cancel", OrderWords { reason, ..none }),
            Self::Return(Why { order, reason }) => act(cx, order, "return", OrderWords { reason: Some(reason), ..none }),
            Self::ReturnReceived { order, spoilt } => act(cx, order, "return-received", OrderWords { spoilt, ..none }),
            Self::Agree(order) => act(cx, order, "agree", none),
            Self::Refuse(Why { order, reason }) => act(cx, order, "refuse", OrderWords { reason: Some(reason), ..none }),
            Self::Dispute { order, claim } => act(cx, order, "dispute", OrderWords { text: Some(claim), ..none }),
            Self::Settle { order, refund } => act(cx, order, "settle", OrderWords { refund: Some(refund), ..none }),
            Self::Decide(decide) => decide.run(cx),
            Self::Perform { order, reference } => act(cx, order, "perform", OrderWords { reference, ..none }),
            Self::Handover { order, to } => act(cx, order, "handover", OrderWords { device: to, ..none }),
        }
    }
}
