//! Orders: a negotiation and its settlement between two people, as signed events and a pure fold over the set of them.
//!
//! How it is used. The buyer makes [`Terms`], drafts the first event with [`offer`] and signs it with [`sign`]. What comes
//! from outside passes [`Event::read`] and then [`OrderSet::insert`]; receipts pass [`SignedReceipt::read`] and
//! [`OrderSet::receive`]. [`fold()`] says where the order stands, the same in whatever order things arrived; [`next`] says
//! which verbs a party may use now; [`draft()`] builds the next event of one's own chain. [`evidence`] packs all of it into
//! a file that anybody can check, and [`ReviewRight`] is what a review embeds.
//!
//! Legal moves stand in one table, [`table::ROWS`], which equals the table in `docs/orders.md`. Nothing here sends, stores,
//! holds stock or moves money, and nothing here knows what time it is.

mod apply;
mod chain;
pub mod deadline;
pub mod decision;
pub mod draft;
pub mod enclosure;
pub mod event;
pub mod evidence;
pub mod fold;
mod guard;
pub mod handover;
mod judge;
pub mod outcome;
pub mod receipt;
pub mod refusal;
pub mod right;
pub mod set;
pub mod step;
pub mod table;
pub mod terms;
pub mod trouble;
pub mod verb;

use serde::{Deserialize, Serialize};

pub use deadline::Deadline;
pub use decision::{Decision, SignedDecision};
pub use draft::{Act, draft, offer, sign};
pub use enclosure::Enclosure;
pub use event::{Event, EventBody, SignedEvent};
pub use fold::fold;
pub use outcome::Outcome;
pub use receipt::{Nack, Receipt, SignedNack, SignedReceipt};
pub use refusal::Refusal;
pub use right::{ReviewRight, Right};
pub use set::OrderSet;
pub use step::{Kind, Reason, Step};
pub use terms::{Adjustment, BARGAIN, Line, Party, Terms, TermsError};
pub use trouble::{Asked, Closing, Dispute, Question, Returning};
pub use verb::{Verb, next};

use crate::id::{DeviceId, Digest, EventId, OrderId};
use crate::money::Money;
use crate::time::Millis;

#[cfg(test)]
mod tests;

/// One of the two sides of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Who gets the goods.
    Buyer,
    /// Who gets the money.
    Seller,
}

impl Role {
    /// The other side.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Buyer => Self::Seller,
            Self::Seller => Self::Buyer,
        }
    }
}

macro_rules! states {
    ($($(#[$doc:meta])* $name:ident $text:literal)*) => {
        /// Where an order stands.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum State { $($(#[$doc])* $name,)* }

        impl State {
            /// All of them, in the order of a life.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name, in snake case.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

states! {
    /// Offers go back and forth.
    Negotiating "negotiating"
    /// Both signed the same terms.
    Agreed "agreed"
    /// The buyer says that the payment is on its way.
    PaymentClaimed "payment_claimed"
    /// The seller prepares the goods.
    Fulfilling "fulfilling"
    /// Some of the goods are on their way.
    PartlyShipped "partly_shipped"
    /// The goods are on their way.
    Shipped "shipped"
    /// The goods wait to be collected.
    Ready "ready"
    /// The buyer has the goods.
    Delivered "delivered"
    /// Goods received and money settled.
    Completed "completed"
    /// An offer was declined.
    Rejected "rejected"
    /// An offer was taken back.
    Withdrawn "withdrawn"
    /// An offer ran out.
    Expired "expired"
    /// Called off with nothing paid.
    Cancelled "cancelled"
    /// Goods are to come back.
    Returning "returning"
    /// The seller owes money back.
    RefundDue "refund_due"
    /// The seller says that the refund is on its way.
    RefundClaimed "refund_claimed"
    /// Money is back.
    Refunded "refunded"
    /// The two disagree.
    Disputed "disputed"
    /// A resolver spoke.
    Decided "decided"
    /// Closed without everybody having done their part.
    Resolved "resolved"
}

impl State {
    /// Whether the order is over. A late proof of payment may still open a cancelled one, and a return a completed one.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::Completed | Self::Rejected | Self::Withdrawn | Self::Expired | Self::Cancelled | Self::Refunded | Self::Resolved
        )
    }
}

/// What the seller's desk knows about the goods of this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StockMark {
    /// Not agreed yet.
    None,
    /// The buyer accepted; the seller's node has to confirm or fail.
    Asked,
    /// Set aside for this order.
    Held,
    /// There was not enough.
    Failed,
    /// Free again.
    Released,
    /// Gone to the buyer.
    Sold,
}

/// An order as its events say it stands. Only [`fold()`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The id: that of the first event.
    pub id: OrderId,
    /// Where it stands.
    pub state: State,
    /// While negotiating: whose turn it is.
    pub turn: Option<Role>,
    /// The terms last on the table; once agreed, the agreed ones.
    pub terms: Terms,
    /// The offer or counter-offer that carries them.
    pub last_offer: EventId,
    /// Hash of the terms both signed.
    pub agreed: Option<Digest>,
    /// When the acceptance was signed.
    pub agreed_at: Option<Millis>,
    /// Counter-offers so far.
    pub rounds: u64,
    /// Minor units the buyer says were paid.
    pub paid_claimed: i64,
    /// Minor units the seller confirmed.
    pub paid_confirmed: i64,
    /// Whether the seller waived the rest.
    pub waived: bool,
    /// Whether the seller denied the last claim of a payment.
    pub payment_denied: bool,
    /// Minor units the seller says were paid back.
    pub refunds: i64,
    /// The goods.
    pub stock: StockMark,
    /// How many of each line were sent or handed over.
    pub shipped: Vec<u64>,
    /// When the buyer had the goods.
    pub delivered_at: Option<Millis>,
    /// What the code of the hand-over is committed to.
    pub code: Option<Digest>,
    /// What the personal data are committed to that belong to it now.
    pub personal: Option<Digest>,
    /// The question that waits for an answer.
    pub asked: Option<Asked>,
    /// Goods that are to come back.
    pub returning: Option<Returning>,
    /// The dispute, as far as it has gone.
    pub dispute: Dispute,
    /// Minor units that go back by settlement.
    pub settled: Option<i64>,
    /// How it was closed, when it did not simply go well.
    pub closing: Option<Closing>,
    /// When the present wait began: the last event that changed the state or claimed money.
    pub since: Millis,
    /// An author signed two events at one place: those and later ones of that author do not count.
    pub contested: Option<Role>,
    /// Whether an acceptance exists, even one that lost its race.
    pub accepted: bool,
    /// Events without effect, and why.
    pub refused: Vec<(EventId, Refusal)>,
    /// Events that wait for a predecessor that is not here.
    pub pending: Vec<EventId>,
    /// Events that took effect, in the order in which they count.
    pub history: Vec<EventId>,
    /// Open deadlines.
    pub deadlines: Vec<(Deadline, Millis)>,
    /// Place of the last shipment in the seller's chain.
    pub(crate) last_ship: Option<u64>,
    pub(crate) buyer: Head,
    pub(crate) seller: Head,
}

/// The end of one party's chain as far as it was processed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Head {
    /// The last event and its claimed time.
    pub(crate) last: Option<(EventId, Millis)>,
    /// Events processed: the next sequence number.
    pub(crate) len: u64,
    /// How many of the other's events the author had seen at its last.
    pub(crate) saw: u64,
    /// Whether events of this party wait for one before them.
    pub(crate) has_gap: bool,
    /// The devices the chain belonged to, the present one last.
    pub(crate) devices: Vec<DeviceId>,
}

impl Order {
    /// The last processed event of a party's chain.
    #[must_use]
    pub fn head(&self, role: Role) -> Option<EventId> {
        self.chain(role).last.map(|(id, _)| id)
    }

    /// The device a party's chain belongs to now.
    #[must_use]
    pub fn device(&self, role: Role) -> DeviceId {
        self.chain(role).devices.last().copied().unwrap_or(self.terms.party(role).device)
    }

    /// Whether a chain may go over to this device: one that the terms do not name. Whose it is, is not in the order.
    #[must_use]
    pub fn is_free(&self, device: &DeviceId) -> bool {
        let terms = &self.terms;
        ![Some(terms.buyer.device), Some(terms.seller.device), terms.resolver.map(|party| party.device)].contains(&Some(*device))
    }

    /// Which side a device speaks or spoke for.
    #[must_use]
    pub fn role(&self, device: &DeviceId) -> Option<Role> {
        [Role::Buyer, Role::Seller].into_iter().find(|role| self.chain(*role).devices.contains(device))
    }

    /// How many of a line are left to be sent; none when there is no such line.
    #[must_use]
    pub fn left_of(&self, line: usize) -> Option<u64> {
        let (line, sent) = (self.terms.lines.get(line)?, self.shipped.get(line)?);
        Some(line.qty.saturating_sub(*sent))
    }

    /// Whether nothing is left to be sent.
    #[must_use]
    pub fn is_all_sent(&self) -> bool {
        (0..self.terms.lines.len()).all(|line| self.left_of(line) == Some(0))
    }

    /// How many of a line are set aside for the buyer, and how many have gone.
    #[must_use]
    pub fn goods_of(&self, line: usize) -> (u64, u64) {
        let sent = self.shipped.get(line).copied().unwrap_or(0);
        let held = if self.stock == StockMark::Held { self.left_of(line).unwrap_or(0) } else { 0 };
        (held, sent)
    }

    /// How much is still to be confirmed, in minor units; zero once waived.
    #[must_use]
    pub fn remainder(&self) -> i64 {
        if self.waived { 0 } else { (self.terms.total.minor - self.paid_confirmed).max(0) }
    }

    /// What went from buyer to seller as far as either said, in minor units: the larger of the two words.
    #[must_use]
    pub fn paid(&self) -> i64 {
        self.paid_claimed.max(self.paid_confirmed)
    }

    /// What the seller still has to pay back in a refund, in minor units.
    #[must_use]
    pub fn refund_left(&self) -> i64 {
        (self.paid() - self.refunds).max(0)
    }

    /// A number of minor units in the order's currency.
    #[must_use]
    pub fn money(&self, minor: i64) -> Money {
        Money { minor, currency: self.terms.total.currency }
    }

    /// Whether a party's chain is all here with one end, so that the party may go on signing.
    #[must_use]
    pub fn is_whole(&self, role: Role) -> bool {
        self.contested != Some(role) && !self.chain(role).has_gap
    }

    /// How an ended order ended.
    #[must_use]
    pub fn outcome(&self) -> Option<State> {
        self.state.is_terminal().then_some(self.state)
    }

    pub(crate) const fn chain(&self, role: Role) -> &Head {
        match role {
            Role::Buyer => &self.buyer,
            Role::Seller => &self.seller,
        }
    }

    pub(crate) const fn chain_mut(&mut self, role: Role) -> &mut Head {
        match role {
            Role::Buyer => &mut self.buyer,
            Role::Seller => &mut self.seller,
        }
    }
}
