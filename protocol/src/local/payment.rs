//! What `order pay` answers before anything is claimed. Field names are the contract of the JSON that people script against.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::OrderId;
use crate::listing::Timing;
use crate::local::rows::Author;
use crate::money::Money;
use crate::time::Millis;

/// What the buyer of an order has to pay now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentView {
    /// Which order.
    pub order: OrderId,
    /// Its state.
    pub state: String,
    /// Who is paid.
    pub seller: Author,
    /// The total less what was claimed or confirmed.
    pub due: Money,
    /// The method in the terms.
    pub method: String,
    /// When it is due: before delivery, on delivery or after.
    pub timing: Timing,
    /// What the seller wants the payer to know.
    pub instructions: Option<String>,
    /// What the payer tells bank or wallet, so that the seller finds the order.
    pub reference: String,
    /// Until when, if the order can be ended for want of it.
    pub pay_by: Option<Millis>,
    /// What a bank's or a wallet's program reads; none when the method has no such code.
    pub qr: Option<PaymentCode>,
}

/// The content of a payment QR code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentCode {
    /// `epc`, `upi` or `bip21`.
    pub kind: String,
    /// What is drawn.
    pub text: String,
}
