//! Orders.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Author;
use crate::id::{EntryId, EventId, OrderId};
use crate::listing::{Delivery, Payment};
use crate::money::Money;
use crate::order::Adjustment;
use crate::time::Millis;
/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderRow {
    /// Which.
    pub order: OrderId,
    /// Its state.
    pub state: String,
    /// `buyer` or `seller` while they negotiate.
    pub turn: Option<String>,
    /// Goods and delivery.
    pub total: Money,
    /// Who buys.
    pub buyer: Author,
    /// Who sells.
    pub seller: Author,
    /// What is bought.
    pub lines: Vec<OrderLineRow>,
    /// Differences of the price: a bargain, a coupon, a tax.
    #[serde(default)]
    pub adjustments: Vec<Adjustment>,
    /// How it is delivered.
    pub delivery: Delivery,
    /// How it is paid.
    pub payment: Payment,
    /// The post or recommendation that led here.
    pub via: Option<EntryId>,
    /// Who has to act: `me`, `other`, or none when it is over.
    #[serde(default)]
    pub waits_for: Option<String>,
    /// Until when that is to be done; none when no deadline runs for it.
    #[serde(default)]
    pub deadline: Option<Millis>,
    /// `cancel` or `return`, while one side asked for that and was not answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
    /// How it was resolved: `settled`, `performed`, `unresolved`, `buyer defaulted` or `seller defaulted`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closing: Option<String>,
    /// The seller's, while goods wait to be collected: the code to tell the buyer at the hand-over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handover_code: Option<String>,
    /// What happened, oldest first.
    pub events: Vec<OrderEventRow>,
    /// What this node may do now.
    pub next: Vec<String>,
    /// Set while it goes on, when a device of one of the two signed two entries for one place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderLineRow {
    /// Which listing.
    pub listing: EntryId,
    /// The version that was seen.
    pub version: EntryId,
    /// Title.
    pub title: String,
    /// Which variant.
    pub sku: String,
    /// How many.
    pub qty: u64,
    /// List price of one.
    pub price: Money,
    /// How many were sent or handed over.
    #[serde(default)]
    pub shipped: u64,
}

/// An event of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderEventRow {
    /// Which.
    pub id: EventId,
    /// `offer`, `counter`, `accept`, …
    pub kind: String,
    /// `buyer` or `seller`.
    pub author: String,
    /// When, as claimed.
    pub at: Millis,
    /// `queued`, `mailbox` or `stored`.
    pub delivery: String,
    /// What its author said with it.
    #[serde(default)]
    pub words: EventWords,
    /// Why it has no effect, if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// What the author of an event said with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventWords {
    /// A word beside an offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The reference of a payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// How much, when it was not all that was left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// Who carries the goods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// The carrier's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking: Option<String>,
    /// What somebody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What somebody claims in a dispute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
    /// How much is to go back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund: Option<Money>,
    /// The name of a file that is the goods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}
