//! Changing what a shop says: the words of an edit, and what an edit or taking one back did. Nothing here reads a price or a date.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ImportChange;

/// A change of one listing, or of all listings of a shop that fit. What is not given stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListingEdit {
    /// Which listing; none = those of `shop`.
    pub listing: Option<String>,
    /// All listings of which shop.
    pub shop: Option<String>,
    /// With `shop`: only those whose title contains this, whatever its case.
    pub matching: Option<String>,
    /// With `shop`: only those with this tag, whatever its case.
    pub tag_is: Option<String>,
    /// The title; of one listing alone.
    pub title: Option<String>,
    /// Plain text; empty takes it away.
    pub description: Option<String>,
    /// A price, `39.00`, or a change of it: `+5%`, `-10%`, `+1.50`, `-0.50`.
    pub price: Option<String>,
    /// How many lie there, with those that are set aside, or `uncounted`.
    pub stock: Option<String>,
    /// Of which variant price and stock are meant; needed when there are several.
    pub sku: Option<String>,
    /// Places where buyers may collect; with `ship` and `digital` in place of all ways of before.
    #[serde(default)]
    pub pickup: Vec<String>,
    /// `ZONE=PRICE`, each.
    #[serde(default)]
    pub ship: Vec<String>,
    /// It is a file.
    #[serde(default)]
    pub digital: bool,
    /// Return terms; empty = those of the shop.
    pub returns: Option<String>,
    /// RFC 3339 instant, date, or a span such as `30d`, after which nobody may order; `never` takes it away.
    pub expires: Option<String>,
    /// Tags in place of those of before; an empty one alone takes all away.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Only tell what would change.
    pub dry_run: bool,
}

/// New terms of a shop. What is not given stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopEdit {
    /// Which shop.
    pub shop: String,
    /// Return terms.
    pub returns: Option<String>,
    /// Places where buyers may collect; with `ship` and `digital` in place of all ways of before.
    #[serde(default)]
    pub pickup: Vec<String>,
    /// `ZONE=PRICE`, each.
    #[serde(default)]
    pub ship: Vec<String>,
    /// The goods are files.
    #[serde(default)]
    pub digital: bool,
    /// `METHOD:TIMING[:INSTRUCTIONS]`, each, in place of all of before.
    #[serde(default)]
    pub pay: Vec<String>,
}

/// What an edit did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EditReport {
    /// The listing, when one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listing: Option<String>,
    /// Its version now, when one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The listings that change, when a shop was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listings: Option<Vec<String>>,
    /// What changes, field by field.
    pub changes: Vec<ImportChange>,
}

/// What taking back the last import or edit of a shop did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UndoReport {
    /// What was taken back: `import` or `edit`.
    pub undone: String,
    /// Listings that say again what they said before, or are off the shelf since they were new.
    pub listings: Vec<String>,
    /// What changed, field by field.
    pub changes: Vec<ImportChange>,
    /// Listings that were changed since by something else, and stay as they are.
    pub kept: Vec<String>,
}
