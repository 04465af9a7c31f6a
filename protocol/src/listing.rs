//! What is for sale: the body of a listing, and the terms of delivery and payment that a shop or a listing sets.
//!
//! An edit is a new entry with the same lineage; the id of a version is the id of its entry.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::EntryId;
use crate::limits::{CHOICES_MAX, DESCRIPTION_MAX_CHARS, FIELD_MAX_CHARS, INTEGER_MAX, TITLE_MAX_CHARS, VARIANTS_MAX};
use crate::money::{Currency, Money};
use crate::time::Millis;

/// One version of one listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// The first version's entry; none in the first version itself. Names the listing for ever.
    pub lineage: Option<EntryId>,
    /// The key of the row in the seller's own file (a Shopify handle), so that importing again finds it.
    pub handle: Option<String>,
    /// 1 to 140 characters, trimmed.
    pub title: String,
    /// Plain text.
    pub description: String,
    /// One currency for all variants.
    pub currency: Currency,
    /// At least one.
    pub variants: Vec<Variant>,
    /// Ways to get it; empty = those of the shop.
    pub delivery: Vec<Delivery>,
    /// Ways to pay; empty = those of the shop.
    pub payment: Vec<Payment>,
    /// Return terms; none = those of the shop, which has them always.
    pub returns: Option<String>,
    /// Addresses of pictures, kept as text and never fetched.
    pub images: Vec<String>,
    /// Tags as the seller wrote them.
    pub tags: Vec<String>,
    /// After this instant nobody may order it.
    pub expires: Option<Millis>,
}

/// One thing that can be bought: a size, a colour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// The seller's own code; unique within the listing. Empty when the seller has none and there is one variant.
    pub sku: String,
    /// Option name and value, in the seller's order: `[["Size", "50 g"]]`.
    pub options: Vec<(String, String)>,
    /// Price of one.
    pub price: Money,
    /// How many there are.
    pub stock: Stock,
}

/// How many there are of something, as its seller counts. Not to be counted is neither zero nor unknown: there is enough for everybody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(from = "Option<u64>", into = "Option<u64>")]
pub enum Stock {
    /// It is not counted; null on the wire and in JSON.
    #[default]
    Uncounted,
    /// So many.
    Counted(u64),
}

impl Stock {
    /// The number, when it is counted.
    #[must_use]
    pub const fn number(self) -> Option<u64> {
        match self {
            Self::Uncounted => None,
            Self::Counted(number) => Some(number),
        }
    }

    /// Whether so many can be had.
    #[must_use]
    pub const fn covers(self, wanted: u64) -> bool {
        match self {
            Self::Uncounted => true,
            Self::Counted(number) => wanted <= number,
        }
    }

    /// What is left once so many are gone; never less than none.
    #[must_use]
    pub const fn less(self, gone: u64) -> Self {
        match self {
            Self::Uncounted => Self::Uncounted,
            Self::Counted(number) => Self::Counted(number.saturating_sub(gone)),
        }
    }
}

impl From<Option<u64>> for Stock {
    fn from(number: Option<u64>) -> Self {
        number.map_or(Self::Uncounted, Self::Counted)
    }
}

impl From<Stock> for Option<u64> {
    fn from(stock: Stock) -> Self {
        stock.number()
    }
}

impl fmt::Display for Stock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uncounted => f.write_str("not counted"),
            Self::Counted(number) => number.fmt(f),
        }
    }
}

/// A text that says no stock.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("stock: a number from 0 to {most}, or the word uncounted", most = INTEGER_MAX - 1)]
pub struct BadStock;

impl FromStr for Stock {
    type Err = BadStock;

    fn from_str(text: &str) -> Result<Self, BadStock> {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match text {
            "uncounted" | "not counted" => Ok(Self::Uncounted),
            _ if digits => text.parse().ok().filter(|number| *number < INTEGER_MAX).map(Self::Counted).ok_or(BadStock),
            _ => Err(BadStock),
        }
    }
}

/// A way to get the goods.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Delivery {
    /// The buyer collects at a place.
    Pickup {
        /// Where.
        place: String,
    },
    /// The seller sends into a zone.
    Ship {
        /// Zone as the seller names it.
        zone: String,
        /// Price of sending one order.
        price: Money,
    },
    /// Sent as a file.
    Digital {},
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pickup { place } => write!(f, "pickup at {place}"),
            Self::Ship { zone, price } => write!(f, "ship to {zone} for {price}"),
            Self::Digital {} => f.write_str("digital"),
        }
    }
}

/// When a payment is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Timing {
    /// Before the seller fulfils.
    Before,
    /// When the goods change hands.
    OnDelivery,
    /// After delivery.
    After,
}

/// A way to pay.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Payment {
    /// Name of the method: `cash`, `transfer`, …
    pub method: String,
    /// When it is due.
    pub timing: Timing,
    /// What the payer has to know, such as an account.
    pub instructions: Option<String>,
}

impl fmt::Display for Payment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let timing = match self.timing {
            Timing::Before => "before delivery",
            Timing::OnDelivery => "on delivery",
            Timing::After => "after delivery",
        };
        write!(f, "{}, {timing}", self.method)?;
        self.instructions.as_ref().map_or(Ok(()), |text| write!(f, ": {text}"))
    }
}

/// Why a listing or a shop's terms are refused. Each names the field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListingError {
    /// The title is empty or too long, or not trimmed.
    #[error("title: 1 to {TITLE_MAX_CHARS} characters are allowed, without spaces around them")]
    Title,
    /// The description is too long.
    #[error("description: at most {DESCRIPTION_MAX_CHARS} characters are allowed")]
    Description,
    /// No variant, or too many.
    #[error("variants: 1 to {VARIANTS_MAX} are allowed")]
    Variants,
    /// Two variants have the same SKU or the same options, or an empty SKU among several.
    #[error("variants: {0:?} does not name one variant alone")]
    Ambiguous(String),
    /// A price is negative or in another currency than the listing.
    #[error("price: not below zero and in the listing's currency")]
    Price,
    /// A short field is too long or empty.
    #[error("{0}: 1 to {FIELD_MAX_CHARS} characters are allowed")]
    Field(&'static str),
    /// Too many choices of one sort.
    #[error("{0}: at most {CHOICES_MAX} are allowed")]
    Choices(&'static str),
    /// Return terms are mandatory.
    #[error("returns: a shop says what happens when the buyer sends something back")]
    Returns,
}

impl Listing {
    /// Checks the rules that hold for every version, whoever made it.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn check(&self) -> Result<(), ListingError> {
        let title_chars = self.title.chars().count();
        if self.title.trim() != self.title || title_chars == 0 || title_chars > TITLE_MAX_CHARS {
            return Err(ListingError::Title);
        }
        if self.description.chars().count() > DESCRIPTION_MAX_CHARS {
            return Err(ListingError::Description);
        }
        if self.variants.is_empty() || self.variants.len() > VARIANTS_MAX {
            return Err(ListingError::Variants);
        }
        for (i, variant) in self.variants.iter().enumerate() {
            variant.check(self.currency)?;
            let twin = self.variants[..i].iter().any(|v| v.sku == variant.sku || (!v.options.is_empty() && v.options == variant.options));
            if twin || (variant.sku.is_empty() && self.variants.len() > 1) {
                return Err(ListingError::Ambiguous(variant.sku.clone()));
            }
        }
        check_terms(&self.delivery, &self.payment, self.currency)?;
        if self.images.len() > CHOICES_MAX * 8 || self.tags.len() > CHOICES_MAX * 8 {
            return Err(ListingError::Choices("images and tags"));
        }
        match &self.returns {
            Some(text) => field("returns", text),
            None => Ok(()),
        }
    }

    /// The variant with this SKU; without one, the only variant.
    #[must_use]
    pub fn variant(&self, sku: Option<&str>) -> Option<&Variant> {
        match (sku, self.variants.as_slice()) {
            (Some(sku), all) => all.iter().find(|v| v.sku == sku),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }
}

impl Variant {
    fn check(&self, currency: Currency) -> Result<(), ListingError> {
        if self.price.minor < 0 || self.price.currency != currency || Money::new(self.price.minor, currency).is_none() {
            return Err(ListingError::Price);
        }
        if self.sku.chars().count() > FIELD_MAX_CHARS {
            return Err(ListingError::Field("sku"));
        }
        for (name, value) in &self.options {
            field("option name", name)?;
            field("option value", value)?;
        }
        Ok(())
    }
}

/// Checks delivery and payment choices of a listing or a shop.
///
/// # Errors
/// The first rule that is broken.
pub fn check_terms(delivery: &[Delivery], payment: &[Payment], currency: Currency) -> Result<(), ListingError> {
    if delivery.len() > CHOICES_MAX {
        return Err(ListingError::Choices("delivery"));
    }
    if payment.len() > CHOICES_MAX {
        return Err(ListingError::Choices("payment"));
    }
    for way in delivery {
        match way {
            Delivery::Pickup { place } => field("pickup place", place)?,
            Delivery::Ship { zone, price } => {
                field("shipping zone", zone)?;
                if price.minor < 0 || price.currency != currency {
                    return Err(ListingError::Price);
                }
            }
            Delivery::Digital {} => {}
        }
    }
    for way in payment {
        field("payment method", &way.method)?;
        if let Some(text) = &way.instructions {
            field("payment instructions", text)?;
        }
    }
    Ok(())
}

/// Ways to pay when a shop names none: cash when picked up, a transfer before shipping.
#[must_use]
pub fn default_payment(delivery: &[Delivery]) -> Vec<Payment> {
    let way = |method: &str, timing| Payment { method: method.to_owned(), timing, instructions: None };
    let pickup = delivery.iter().any(|d| matches!(d, Delivery::Pickup { .. }));
    let sent = delivery.iter().any(|d| !matches!(d, Delivery::Pickup { .. }));
    let mut ways = Vec::new();
    if pickup || !sent {
        ways.push(way("cash", Timing::OnDelivery));
    }
    if sent {
        ways.push(way("transfer", Timing::Before));
    }
    ways
}

/// A short text that is there and not too long.
pub(crate) fn field(name: &'static str, text: &str) -> Result<(), ListingError> {
    let chars = text.chars().count();
    if text.trim().is_empty() || chars > FIELD_MAX_CHARS { Err(ListingError::Field(name)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tea() -> Listing {
        let currency: Currency = "CNY".parse().expect("a currency");
        let variant = |sku: &str, size: &str, minor| Variant {
            sku: sku.into(),
            options: vec![("Size".into(), size.into())],
            price: Money { minor, currency },
            stock: Stock::Counted(3),
        };
        Listing {
            lineage: None,
            handle: Some("tea".into()),
            title: "Tea".into(),
            description: String::new(),
            currency,
            variants: vec![variant("A", "50 g", 450), variant("B", "100 g", 820)],
            delivery: vec![],
            payment: vec![],
            returns: None,
            images: vec![],
            tags: vec![],
            expires: None,
        }
    }

    #[test]
    fn each_rule_refuses_what_breaks_it() {
        assert_eq!(tea().check(), Ok(()));
        let broken = |change: fn(&mut Listing)| {
            let mut listing = tea();
            change(&mut listing);
            listing.check()
        };
        assert_eq!(broken(|l| l.title = " Tea".into()), Err(ListingError::Title));
        assert_eq!(broken(|l| l.title = "x".repeat(141)), Err(ListingError::Title));
        assert_eq!(broken(|l| l.title = "茶".repeat(140)), Ok(()));
        assert_eq!(broken(|l| l.variants.clear()), Err(ListingError::Variants));
        assert_eq!(broken(|l| l.variants[1].sku = "A".into()), Err(ListingError::Ambiguous("A".into())));
        assert_eq!(broken(|l| l.variants[1].price.minor = -1), Err(ListingError::Price));
        assert_eq!(broken(|l| l.variants[1].price.currency = "EUR".parse().expect("known")), Err(ListingError::Price));
        assert_eq!(broken(|l| l.delivery = vec![Delivery::Pickup { place: " ".into() }]), Err(ListingError::Field("pickup place")));
        assert!(broken(|l| l.description = "x".repeat(DESCRIPTION_MAX_CHARS + 1)).is_err());
    }

    #[test]
    fn not_counted_is_no_number() {
        let read = |text: &str| text.parse::<Stock>();
        assert_eq!(read("0"), Ok(Stock::Counted(0)));
        assert_eq!(read("uncounted"), Ok(Stock::Uncounted));
        for text in ["", "-1", "+1", "many", "1.0", "9007199254740992", "99999999999999999999", "５"] {
            assert_eq!(read(text), Err(BadStock), "{text:?}");
        }
        assert_eq!(read(&Stock::Uncounted.to_string()), Ok(Stock::Uncounted));
        assert!(Stock::Uncounted.covers(u64::MAX) && !Stock::Counted(0).covers(1) && Stock::Counted(2).covers(2));
        assert_eq!((Stock::Counted(2).less(3), Stock::Uncounted.less(3)), (Stock::Counted(0), Stock::Uncounted));
        let json = |stock: Stock| serde_json::to_string(&stock).expect("json");
        assert_eq!((json(Stock::Uncounted), json(Stock::Counted(0))), ("null".to_owned(), "0".to_owned()));
    }

    #[test]
    fn payment_defaults_follow_delivery() {
        let pickup = Delivery::Pickup { place: "Gate".into() };
        let ship = Delivery::Ship { zone: "CN".into(), price: Money { minor: 0, currency: "CNY".parse().expect("known") } };
        let methods = |d: &[Delivery]| default_payment(d).into_iter().map(|p| p.method).collect::<Vec<_>>();
        assert_eq!(methods(std::slice::from_ref(&pickup)), ["cash"]);
        assert_eq!(methods(std::slice::from_ref(&ship)), ["transfer"]);
        assert_eq!(methods(&[pickup, ship]), ["cash", "transfer"]);
    }
}
