//! Counting: how many there are of a variant now. It must never make sold things come back.

use haat_protocol::body::Body;
use haat_protocol::id::SpaceId;
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
        if !self.is_desk(&row.shop) {
            return Err(not_the_desk());
        }
        let version = self.author(row.shop, &Body::Listing(body))?;
        intake::fact(&mut self.cx(), &Fact::Counted { version, sku });
        ask::listing_row(&self.tx, self.me, self.now, &lineage).map(|row| json!(row))
    }

    /// Whether this device may publish such a version: only the desk counts, elsewhere a version says of each variant what is
    /// published already.
    pub(super) fn counts_here(&self, shop: &SpaceId, listing: &Listing) -> Result<(), Problem> {
        if self.is_desk(shop) {
            return Ok(());
        }
        let row = listing.lineage.and_then(|lineage| shelf::row(&self.tx, &lineage));
        let published = match row.and_then(|row| view::body(&self.tx, &row.current()?)) {
            Some(Body::Listing(published)) => Some(published),
            _ => None,
        };
        let counted = |sku: &str| published.as_ref().and_then(|published| published.variant(Some(sku))).map(|variant| variant.stock);
        if listing.variants.iter().all(|variant| variant.stock == counted(&variant.sku).unwrap_or(Stock::Uncounted)) {
            return Ok(());
        }
        Err(not_the_desk())
    }
}

pub(super) fn not_the_desk() -> Problem {
    Problem::refused("not-the-desk", "nothing is counted here", "another device of yours holds the stock of this shop")
        .hint("count there, or move the desk here with `haat shop desk SHOP`")
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
