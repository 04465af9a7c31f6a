//! Counting: how many there are of a variant now. It must never make sold things come back.

use haat_protocol::body::Body;
use haat_protocol::listing::{Listing, Stock, Variant};
use haat_protocol::local::Problem;
use serde_json::{Value, json};

use super::super::work::Work;
use super::{check_listing, not_yours};
use crate::fact::Fact;
use crate::view::{self, shelf};
use crate::{ask, intake, name};

impl Work<'_, '_> {
    /// Publishes how many there are of a variant: a new version that is otherwise the same.
    pub(in crate::engine) fn listing_stock(&mut self, listing: &str, sku: Option<&str>, stock: Stock) -> Result<Value, Problem> {
        let lineage = name::listing(&self.tx, self.me, listing)?;
        let missing = || Problem::not_found("listing", listing);
        let row = shelf::row(&self.tx, &lineage).ok_or_else(missing)?;
        if shelf::shop(&self.tx, &row.shop).is_none_or(|shop| shop.keeper != self.me.id()) {
            return Err(not_yours("the listing"));
        }
        if row.is_withdrawn() {
            return Err(Problem::refused("withdrawn", "nothing is changed", "the listing was taken off the shelf"));
        }
        let Some(Body::Listing(mut body)) = row.current().and_then(|version| view::body(&self.tx, &version)) else { return Err(missing()) };
        let sku = variant(&body, sku)?.sku.clone();
        for variant in body.variants.iter_mut().filter(|variant| variant.sku == sku) {
            variant.stock = stock;
        }
        body.lineage = Some(lineage);
        check_listing(&body)?;
        let version = self.author(row.shop, &Body::Listing(body))?;
        intake::fact(&mut self.cx(), &Fact::Counted { version, sku });
        ask::listing_row(&self.tx, self.me, self.now, &lineage).map(|row| json!(row))
    }
}

/// The variant that is meant; the only one unless said.
///
/// # Errors
/// Which there are, when it is none of them or not clear.
pub(in crate::engine) fn variant<'a>(listing: &'a Listing, sku: Option<&str>) -> Result<&'a Variant, Problem> {
    listing.variant(sku).ok_or_else(|| {
        let skus: Vec<&str> = listing.variants.iter().map(|variant| variant.sku.as_str()).collect();
        let (code, title) = if sku.is_some() { ("no-such-sku", "no such variant") } else { ("sku-needed", "which variant is not said") };
        Problem::usage(code, title, format!("there are: {}", skus.join(", "))).hint("name one with --sku")
    })
}
