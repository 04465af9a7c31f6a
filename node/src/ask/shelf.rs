//! Shops and listings, with the shop's terms where a listing names none.

use haat_protocol::body::Body;
use haat_protocol::id::{EntryId, SpaceId};
use haat_protocol::listing::{Delivery, Listing, Payment, default_payment};
use haat_protocol::local::{ListingRow, Problem, ShopRow, VariantRow, Window};
use serde_json::Value;

use super::{Ask, window};
use crate::name;
use crate::store::Table;
use crate::view::{self, shelf, stock};

impl Ask<'_, '_> {
    pub(super) fn shops(&self, window: &Window) -> Result<Value, Problem> {
        let rows = self.tx.prefix(Table::Shop, &[]);
        let shops = rows.iter().filter_map(|(key, _)| SpaceId::from_slice(key)).filter(|shop| self.may_show(shop).is_ok());
        let keyed = shops.map(|shop| (shop.0.to_vec(), shop)).collect();
        window::page("shops", window, keyed, |shop| self.shop(&shop))
    }

    pub(super) fn shop(&self, id: &SpaceId) -> Option<ShopRow> {
        let (shop, desk) = (shelf::shop(self.tx, id)?, shelf::desk(self.tx, id)?);
        let listed = |lineage: &EntryId| shelf::row(self.tx, lineage).is_some_and(|row| !row.is_withdrawn());
        let payment = payment(&[], &shop.body.payment, &shop.body.delivery);
        Some(ShopRow {
            shop: *id,
            name: shop.body.name,
            seller: self.people.author(&shop.keeper),
            currency: shop.body.currency,
            returns: shop.body.returns,
            delivery: shop.body.delivery,
            payment,
            circles: shelf::circles(self.tx, id),
            desk,
            here: desk == self.me.device(),
            listings: shelf::listings(self.tx, id).iter().filter(|lineage| listed(lineage)).count(),
        })
    }

    /// Listings on the shelf, by title: all that are known, or those of a circle, or of a shop, or of both.
    pub(super) fn listings(&self, circle: Option<SpaceId>, shop: Option<SpaceId>, window: &Window) -> Result<Value, Problem> {
        let mut shops: Vec<SpaceId> = match (circle, shop) {
            (None, Some(shop)) => vec![shop],
            (Some(circle), _) => shelf::shared_into(self.tx, &circle),
            (None, None) => self.tx.prefix(Table::Shop, &[]).iter().filter_map(|(key, _)| SpaceId::from_slice(key)).collect(),
        };
        shops.retain(|id| shop.is_none_or(|shop| shop == *id) && self.may_show(id).is_ok());
        let lineages = shops.iter().flat_map(|shop| shelf::listings(self.tx, shop));
        let titled = |lineage: EntryId| {
            let version = shelf::row(self.tx, &lineage).filter(|row| !row.is_withdrawn())?.current()?;
            let title = name::title(self.tx, &version)?;
            Some(([title.as_bytes(), &[0], &lineage.0].concat(), lineage))
        };
        let keyed = lineages.filter_map(titled).collect();
        window::page(&format!("listings {circle:?} {shop:?}"), window, keyed, |lineage| self.listing(&lineage))
    }

    pub(super) fn listing(&self, lineage: &EntryId) -> Option<ListingRow> {
        let row = shelf::row(self.tx, lineage)?;
        let version = row.current()?;
        let Some(Body::Listing(body)) = view::body(self.tx, &version) else { return None };
        let shop = shelf::shop(self.tx, &row.shop)?;
        let state = if row.is_withdrawn() { "withdrawn" } else { self.shelf_state(&body) };
        let variants = self.variants(lineage, &body, shelf::desk(self.tx, &row.shop) == Some(self.me.device()));
        let delivery = if body.delivery.is_empty() { shop.body.delivery } else { body.delivery };
        Some(ListingRow {
            listing: *lineage,
            version,
            title: body.title,
            description: body.description,
            shop: row.shop,
            seller: self.people.author(&shop.keeper),
            currency: body.currency,
            variants,
            payment: payment(&body.payment, &shop.body.payment, &delivery),
            delivery,
            returns: body.returns.unwrap_or(shop.body.returns),
            state: state.to_owned(),
            versions: row.versions.iter().map(|(_, version)| *version).collect(),
            images: body.images,
            tags: body.tags,
        })
    }

    fn shelf_state(&self, body: &Listing) -> &'static str {
        if body.expires.is_some_and(|expires| self.facts.now > expires) { "expired" } else { "listed" }
    }

    /// What can be bought. At the desk the stock is what is free now, elsewhere what was published.
    fn variants(&self, lineage: &EntryId, body: &Listing, is_desk: bool) -> Vec<VariantRow> {
        let row = |variant: &haat_protocol::listing::Variant| VariantRow {
            sku: variant.sku.clone(),
            options: variant.options.clone(),
            price: variant.price,
            stock: if is_desk { stock::free(self.tx, lineage, &variant.sku, self.facts.now) } else { variant.stock },
        };
        body.variants.iter().map(row).collect()
    }
}

/// Ways to pay: the listing's, else the shop's, else those that fit the delivery.
fn payment(own: &[Payment], shops: &[Payment], delivery: &[Delivery]) -> Vec<Payment> {
    match (own, shops) {
        ([], []) => default_payment(delivery),
        ([], shops) => shops.to_vec(),
        (own, _) => own.to_vec(),
    }
}
