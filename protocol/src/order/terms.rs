//! What the two agree on: every fact that a later edit of a listing or a shop must not be able to change.
//!
//! Terms are hashed whole; nobody fills in a gap later. Nothing here looks at what a shop offers now.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::codec::encode;
use crate::crypto::{Context, hash};
use crate::id::{DeviceId, Digest, EntryId, IdentityId, SpaceId};
use crate::limits::{CHOICES_MAX, FIELD_MAX_CHARS, INTEGER_MAX, MONEY_MAX_MINOR, ORDER_LINES_MAX, TITLE_MAX_CHARS};
use crate::listing::{Delivery, ListingError, Payment, check_terms};
use crate::money::{Currency, Money};
use crate::order::Role;
use crate::time::Millis;

/// One side: a person, and the device that speaks for the person in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Party {
    /// Who.
    pub identity: IdentityId,
    /// The device whose chain this side of the order is.
    pub device: DeviceId,
}

/// So many of one variant of one version of one listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The listing: the entry of its first version.
    pub listing: EntryId,
    /// The version that was seen.
    pub version: EntryId,
    /// Its title.
    pub title: String,
    /// The variant's code; may be empty.
    pub sku: String,
    /// The variant's options.
    pub options: Vec<(String, String)>,
    /// How many, at least one.
    pub qty: u64,
    /// The price of one, as the listing says.
    pub unit_price: Money,
}

/// A change of the price of the goods as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Adjustment {
    /// What for: `bargain`, the name of a coupon.
    pub name: String,
    /// Added; a discount is negative.
    pub amount: Money,
}

/// The name of the adjustment that a proposed price makes.
pub const BARGAIN: &str = "bargain";

/// The terms of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Who buys.
    pub buyer: Party,
    /// Who sells.
    pub seller: Party,
    /// What; at least one line.
    pub lines: Vec<Line>,
    /// Differences between the lines' sum and the goods' total.
    pub adjustments: Vec<Adjustment>,
    /// The total of the goods: lines and adjustments.
    pub goods: Money,
    /// How the goods change hands; its price is added.
    pub delivery: Delivery,
    /// Goods and delivery.
    pub total: Money,
    /// How and when the money changes hands.
    pub payment: Payment,
    /// The recommendation or post that led here.
    pub via: Option<EntryId>,
    /// The circle in which the two met.
    pub circle: Option<SpaceId>,
    /// Commitment to personal data (address, phone) that stays outside the chain.
    pub personal: Option<Digest>,
    /// Until when the offer stands.
    pub valid_until: Millis,
    /// Milliseconds from agreement in which a payment in advance is due.
    pub pay_within: u64,
    /// Milliseconds from agreement in which the goods are due.
    pub fulfil_within: u64,
    /// Milliseconds for the other side to confirm what was done.
    pub confirm_within: u64,
    /// Milliseconds from delivery in which the buyer may complain.
    pub dispute_within: u64,
    /// Who decides when the two disagree and ask for it.
    pub resolver: Option<Party>,
    /// What happens when the buyer sends something back.
    pub returns: String,
    /// Milliseconds from delivery in which the buyer may ask for that; 0 = never.
    pub return_within: u64,
    /// Chance from the buyer's node, so that a review right tells nothing about others. Counter-offers keep it.
    pub salt: Digest,
}

/// Why terms are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TermsError {
    /// Buyer and seller are the same person or device.
    #[error("nobody buys from oneself")]
    OwnListing,
    /// One of the two would decide.
    #[error("resolver: neither buyer nor seller decides their own dispute")]
    OwnResolver,
    /// No line, or too many.
    #[error("lines: 1 to {ORDER_LINES_MAX} are allowed")]
    Lines,
    /// A quantity of zero, or beyond counting.
    #[error("quantity: at least one")]
    Quantity,
    /// An amount in another currency than the total.
    #[error("currency: one currency holds for the whole order")]
    Currency,
    /// Sums beyond what Haat counts, or a negative price.
    #[error("price: not below zero, and within what Haat counts")]
    Price,
    /// The stated total is not the sum.
    #[error("total: it is not the sum of its parts")]
    Total,
    /// A time or a span beyond counting.
    #[error("deadlines: a time is out of range")]
    Deadline,
    /// Too many adjustments or options, or a text too long or empty.
    #[error("{0}: too long, too many, or missing")]
    Field(&'static str),
    /// Delivery or payment is not well said.
    #[error(transparent)]
    Way(#[from] ListingError),
}

impl Terms {
    /// The hash that an acceptance signs.
    #[must_use]
    pub fn hash(&self) -> Digest {
        Digest(hash(Context::Terms, &[&encode(self)]))
    }

    /// One of the two sides.
    #[must_use]
    pub const fn party(&self, role: Role) -> &Party {
        match role {
            Role::Buyer => &self.buyer,
            Role::Seller => &self.seller,
        }
    }

    /// Which side a device speaks for.
    #[must_use]
    pub fn role(&self, device: &DeviceId) -> Option<Role> {
        [Role::Buyer, Role::Seller].into_iter().find(|role| self.party(*role).device == *device)
    }

    /// The currency of the whole order.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.total.currency
    }

    /// The price of the delivery.
    #[must_use]
    pub const fn delivery_price(&self) -> Money {
        match &self.delivery {
            Delivery::Ship { price, .. } => *price,
            Delivery::Pickup { .. } | Delivery::Digital {} => Money { minor: 0, currency: self.currency() },
        }
    }

    /// The sum of the lines at the listings' prices.
    ///
    /// # Errors
    /// Another currency, or a sum beyond what Haat counts.
    pub fn listed(&self) -> Result<Money, TermsError> {
        let mut sum = Money { minor: 0, currency: self.currency() };
        for line in &self.lines {
            if line.unit_price.currency != sum.currency {
                return Err(TermsError::Currency);
            }
            sum = line.unit_price.times(line.qty).and_then(|price| sum.plus(price)).ok_or(TermsError::Price)?;
        }
        Ok(sum)
    }

    /// The same terms with these differences of the price, and `goods` as the total of the goods: what they leave open is made up by
    /// one more. Without `goods` the total is what lines and differences come to. The delivery is added.
    ///
    /// # Errors
    /// Another currency, or sums beyond what Haat counts.
    pub fn priced(mut self, adjustments: Vec<Adjustment>, goods: Option<Money>) -> Result<Self, TermsError> {
        let mut sum = self.listed()?;
        for adjustment in &adjustments {
            if adjustment.amount.currency != self.currency() {
                return Err(TermsError::Currency);
            }
            sum = sum.plus(adjustment.amount).ok_or(TermsError::Price)?;
        }
        self.adjustments = adjustments;
        let goods = goods.unwrap_or(sum);
        if goods.currency != self.currency() || self.delivery_price().currency != self.currency() {
            return Err(TermsError::Currency);
        }
        let amount = goods.minus(sum).ok_or(TermsError::Price)?;
        if amount.minor != 0 {
            self.adjustments.push(Adjustment { name: BARGAIN.to_owned(), amount });
        }
        self.goods = goods;
        self.total = goods.plus(self.delivery_price()).ok_or(TermsError::Price)?;
        Ok(self)
    }

    /// The same terms with `goods` as the total of the goods.
    ///
    /// # Errors
    /// As [`Self::priced`].
    pub fn with_goods(self, goods: Money) -> Result<Self, TermsError> {
        self.priced(Vec::new(), Some(goods))
    }

    /// Checks every rule that terms alone can break, sums included.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn check(&self) -> Result<(), TermsError> {
        if self.buyer.identity == self.seller.identity || self.buyer.device == self.seller.device {
            return Err(TermsError::OwnListing);
        }
        if self.lines.is_empty() || self.lines.len() > ORDER_LINES_MAX {
            return Err(TermsError::Lines);
        }
        let is_party =
            |resolver: &Party| [self.buyer, self.seller].iter().any(|p| p.identity == resolver.identity || p.device == resolver.device);
        if self.resolver.as_ref().is_some_and(is_party) {
            return Err(TermsError::OwnResolver);
        }
        self.lines.iter().try_for_each(|line| line.check(self.currency()))?;
        check_terms(std::slice::from_ref(&self.delivery), std::slice::from_ref(&self.payment), self.currency())?;
        self.check_sums()?;
        if self.returns.chars().count() > FIELD_MAX_CHARS {
            return Err(TermsError::Field("returns"));
        }
        let spans = [self.pay_within, self.fulfil_within, self.confirm_within, self.dispute_within, self.return_within];
        if spans.into_iter().chain([self.valid_until.0]).any(|ms| ms >= INTEGER_MAX) { Err(TermsError::Deadline) } else { Ok(()) }
    }

    fn check_sums(&self) -> Result<(), TermsError> {
        if self.adjustments.len() > CHOICES_MAX || self.adjustments.iter().any(|a| !is_short(&a.name)) {
            return Err(TermsError::Field("adjustments"));
        }
        let delivery = self.delivery_price();
        let currencies = self.adjustments.iter().map(|a| a.amount.currency).chain([self.goods.currency, delivery.currency]);
        if currencies.into_iter().any(|currency| currency != self.currency()) {
            return Err(TermsError::Currency);
        }
        let mut goods = self.listed()?;
        for adjustment in &self.adjustments {
            if adjustment.amount.minor == 0 || !in_range(adjustment.amount.minor) {
                return Err(TermsError::Price);
            }
            goods = goods.plus(adjustment.amount).ok_or(TermsError::Price)?;
        }
        if goods.minor < 0 || !in_range(delivery.minor) {
            return Err(TermsError::Price);
        }
        let total = goods.plus(delivery).ok_or(TermsError::Price)?;
        if self.goods == goods && self.total == total { Ok(()) } else { Err(TermsError::Total) }
    }
}

impl Line {
    fn check(&self, currency: Currency) -> Result<(), TermsError> {
        if self.qty == 0 || self.qty >= INTEGER_MAX {
            return Err(TermsError::Quantity);
        }
        if self.unit_price.currency != currency {
            return Err(TermsError::Currency);
        }
        if self.unit_price.minor < 0 || !in_range(self.unit_price.minor) {
            return Err(TermsError::Price);
        }
        let title_chars = self.title.chars().count();
        if title_chars == 0 || title_chars > TITLE_MAX_CHARS {
            return Err(TermsError::Field("title"));
        }
        let options_fit = self.options.len() <= CHOICES_MAX && self.options.iter().all(|(name, value)| is_short(name) && is_short(value));
        if !options_fit || self.sku.chars().count() > FIELD_MAX_CHARS {
            return Err(TermsError::Field("variant"));
        }
        Ok(())
    }
}

fn in_range(minor: i64) -> bool {
    minor.unsigned_abs() <= MONEY_MAX_MINOR.unsigned_abs()
}

fn is_short(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= FIELD_MAX_CHARS
}
