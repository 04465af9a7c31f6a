//! What importing a reading would change, compared with what the shop has. It must never lose what the file does not speak of:
//! delivery, payment, return terms, expiry, and the fields the file has no column for.

use std::collections::BTreeMap;

use haat_protocol::codec;
use haat_protocol::id::EntryId;
use haat_protocol::limits::LISTING_MAX_BYTES;
use haat_protocol::listing::{Listing, Stock};
use haat_protocol::time::Millis;
use serde::Serialize;

use super::{Kept, Product, Reading, RefusedRow, Spoken, terms, write};

/// The steps of an import. Nothing in it is done yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// Listings that the shop does not have.
    pub create: Vec<Listing>,
    /// New versions, each with the listing it is a version of.
    pub update: Vec<(EntryId, Listing)>,
    /// What is kept beside each of those that are created, in their order.
    pub kept_new: Vec<Kept>,
    /// What the file has to keep beside listings that the shop has.
    pub kept: Vec<(EntryId, Kept)>,
    /// Listings that say already what the file says.
    pub unchanged: Vec<EntryId>,
    /// Every field that would change, for a preview.
    pub changes: Vec<FieldChange>,
    /// Products that do not fit what the shop's listing says elsewhere, such as shipping prices in another currency.
    pub refused: Vec<RefusedRow>,
}

/// One field of one listing before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// The listing; none when it would be created.
    pub listing: Option<EntryId>,
    /// Its title after the change.
    pub title: String,
    /// The field: `title`, `price GT-50`, `stock GT-50`, …
    pub field: String,
    /// What it says; empty when it is not there.
    pub before: String,
    /// What it would say; empty when it would go.
    pub after: String,
}

/// Compares a reading with the current listings of a shop, given as (lineage, version, listing), by handle.
#[must_use]
pub fn plan(reading: &Reading, existing: &[(EntryId, EntryId, Listing)]) -> Plan {
    let mut by_handle: BTreeMap<&str, (EntryId, &Listing)> = BTreeMap::new();
    for (lineage, _, listing) in existing {
        if let Some(handle) = &listing.handle {
            by_handle.entry(handle).or_insert((*lineage, listing));
        }
    }
    let mut plan = Plan::default();
    for product in &reading.products {
        let handle = product.listing.handle.as_deref().unwrap_or_default();
        let without = |(lineage, listing): &(EntryId, &Listing)| listing.handle.is_none() && write::lineage(handle) == Some(*lineage);
        let nameless = || existing.iter().map(|(lineage, _, listing)| (*lineage, listing)).find(without);
        match by_handle.get(handle).copied().or_else(|| write::lineage(handle).and_then(|_| nameless())) {
            None => plan.add(product),
            Some((lineage, before)) => plan.compare(product, reading.spoken, lineage, before),
        }
    }
    plan
}

/// What changes between two versions of a listing, field by field; a side that is none is not on the shelf.
#[must_use]
pub fn diff(listing: Option<EntryId>, before: Option<&Listing>, after: Option<&Listing>) -> Vec<FieldChange> {
    let mut plan = Plan::default();
    let title = after.or(before).map_or("", |side| side.title.as_str());
    plan.note(listing, title, &before.map(fields).unwrap_or_default(), &after.map(fields).unwrap_or_default());
    plan.changes
}

impl Plan {
    fn add(&mut self, product: &Product) {
        self.note(None, &product.listing.title, &[], &fields(&product.listing));
        self.create.push(product.listing.clone());
        self.kept_new.push(product.kept.clone());
    }

    fn compare(&mut self, product: &Product, spoken: Spoken, lineage: EntryId, before: &Listing) {
        self.kept.push((lineage, product.kept.clone()));
        let after = Listing { lineage: Some(lineage), ..merged(before, &product.listing, spoken) };
        if after == (Listing { lineage: Some(lineage), ..before.clone() }) {
            self.unchanged.push(lineage);
            return;
        }
        let size = codec::encode(&after).len();
        let fault = match after.check() {
            Err(fault) => Some(fault.to_string()),
            Ok(()) => (size > LISTING_MAX_BYTES).then(|| format!("it would take {size} bytes, at most {LISTING_MAX_BYTES} are allowed")),
        };
        if let Some(fault) = fault {
            let reason = format!("does not fit what the listing says already: {fault}");
            let value = super::text::cut(before.handle.as_deref().unwrap_or_default());
            self.refused.push(RefusedRow { row: *product.rows.start(), column: String::new(), value, reason });
            return;
        }
        self.note(Some(lineage), &after.title, &fields(before), &fields(&after));
        self.update.push((lineage, after));
    }

    fn note(&mut self, listing: Option<EntryId>, title: &str, before: &[(String, String)], after: &[(String, String)]) {
        let old: BTreeMap<&str, &str> = before.iter().map(|(field, value)| (field.as_str(), value.as_str())).collect();
        let new: BTreeMap<&str, &str> = after.iter().map(|(field, value)| (field.as_str(), value.as_str())).collect();
        let gone = before.iter().filter(|(field, _)| !new.contains_key(field.as_str()));
        for (field, _) in after.iter().chain(gone) {
            let [before, after] = [&old, &new].map(|side| side.get(field.as_str()).copied().unwrap_or_default().to_owned());
            if before != after {
                self.changes.push(FieldChange { listing, title: title.to_owned(), field: field.clone(), before, after });
            }
        }
    }
}

/// The existing listing with everything the file speaks of put in its place.
fn merged(before: &Listing, file: &Listing, spoken: Spoken) -> Listing {
    let mut after = before.clone();
    after.title.clone_from(&file.title);
    after.currency = file.currency;
    after.variants.clone_from(&file.variants);
    if let (false, [known], [variant]) = (spoken.skus, before.variants.as_slice(), after.variants.as_mut_slice()) {
        variant.sku.clone_from(&known.sku);
    }
    for variant in &mut after.variants {
        let known = before.variant(Some(&variant.sku));
        if !spoken.stock {
            variant.stock = known.map_or(Stock::Uncounted, |known| known.stock);
        }
        if let (false, Some(known)) = (spoken.options, known) {
            variant.options.clone_from(&known.options);
        }
    }
    if spoken.description {
        after.description.clone_from(&file.description);
    }
    if spoken.tags {
        after.tags.clone_from(&file.tags);
    }
    if spoken.images {
        after.images.clone_from(&file.images);
    }
    if spoken.terms {
        (after.delivery, after.payment) = (file.delivery.clone(), file.payment.clone());
        (after.returns, after.expires) = (file.returns.clone(), file.expires);
    }
    after
}

/// What a listing says, field by field, as people read it.
fn fields(listing: &Listing) -> Vec<(String, String)> {
    let mut fields = vec![
        ("title".to_owned(), listing.title.clone()),
        ("description".to_owned(), listing.description.clone()),
        ("currency".to_owned(), listing.currency.code().to_owned()),
        ("tags".to_owned(), listing.tags.join(", ")),
        ("images".to_owned(), listing.images.join("\n")),
        ("variants".to_owned(), listing.variants.iter().map(|v| v.sku.as_str()).collect::<Vec<_>>().join(", ")),
    ];
    for variant in &listing.variants {
        let named = |field: &str| format!("{field} {}", variant.sku).trim_end().to_owned();
        let options: Vec<String> = variant.options.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        fields.push((named("options"), options.join(", ")));
        fields.push((named("price"), variant.price.to_string()));
        fields.push((named("stock"), variant.stock.to_string()));
    }
    let ways: Vec<String> = listing.delivery.iter().map(ToString::to_string).collect();
    fields.push(("delivery".to_owned(), ways.join(", ")));
    let [_, payment, ..] = terms::cells(listing);
    fields.push(("payment".to_owned(), payment));
    fields.push(("returns".to_owned(), listing.returns.clone().unwrap_or_default()));
    fields.push(("expires".to_owned(), listing.expires.map(instant).unwrap_or_default()));
    fields
}

/// An instant as RFC 3339 writes it; milliseconds where no calendar reaches.
fn instant(at: Millis) -> String {
    let stamp = i64::try_from(at.0).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    stamp.map_or_else(|| at.0.to_string(), |stamp| stamp.to_string())
}
