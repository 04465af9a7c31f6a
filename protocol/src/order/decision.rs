//! The word of a resolver: how much of what was paid goes back. It is signed over one party's evidence, and either party puts it into
//! its chain.
//!
//! That the signer is the resolver whom the terms name, and that the order is disputed, is for the table to judge.

use serde::{Deserialize, Serialize};

use crate::codec::{decode, encode};
use crate::crypto::{Keypair, Label, Sig, verify};
use crate::id::{DeviceId, EventId, OrderId};
use crate::limits::{FIELD_MAX_CHARS, HEADER_MAX_BYTES, MONEY_MAX_MINOR, NETWORK, WIRE_VERSION};
use crate::money::Money;
use crate::order::event::refuse_form;
use crate::order::receipt::signed;
use crate::order::refusal::Refusal;

/// What a resolver says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Decision {
    /// Wire version.
    pub version: u64,
    /// The network the signature is bound to.
    pub network: String,
    /// The order.
    pub order: OrderId,
    /// The last events of buyer and seller in the evidence that was looked at.
    pub heads: [Option<EventId>; 2],
    /// How much goes back to the buyer; zero = nothing.
    pub refund: Money,
    /// Why.
    pub reason: String,
    /// Who signs: the resolver's device.
    pub device: DeviceId,
}

signed! {
    /// A decision as it travels.
    SignedDecision Decision Label::Decision
}

impl Decision {
    /// A decision of `device` about an order.
    #[must_use]
    pub fn new(order: OrderId, heads: [Option<EventId>; 2], refund: Money, reason: String, device: DeviceId) -> Self {
        Self { version: WIRE_VERSION, network: NETWORK.to_owned(), order, heads, refund, reason, device }
    }

    /// Checks what a decision can break by itself.
    ///
    /// # Errors
    /// An amount below zero or beyond counting, or a reason that is too long.
    pub fn check(&self) -> Result<(), Refusal> {
        let fits = (0..=MONEY_MAX_MINOR).contains(&self.refund.minor) && self.reason.chars().count() <= FIELD_MAX_CHARS;
        if fits { Ok(()) } else { Err(Refusal::OutOfRange) }
    }
}
