//! A shop's listings as a file: what is written is read back as it was. Cells that a spreadsheet would take for formulas are guarded.

use std::collections::BTreeSet;

use haat_protocol::id::EntryId;
use haat_protocol::listing::{Listing, Stock, Variant};

use super::columns::{AXES, Column, HAAT, Names, SHOPIFY, same};
use super::kept::{Cells, Kept};
use super::{html, layout, terms, text};

/// Whose layout is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Export {
    /// Our own table.
    Haat,
    /// Our own document.
    Json,
    /// Shopify's product export.
    Shopify,
}

/// Why listings cannot be written in a layout.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// The layout has one currency.
    #[error("Shopify's layout has one currency for all, and the listings have {0} and {1} - export as haat or json")]
    Currencies(String, String),
    /// The layout has room for fewer options.
    #[error("{0:?} varies by more than {AXES} options, which no layout has room for")]
    Options(String),
}

/// The file of some listings, given by lineage.
///
/// # Errors
/// What the layout has no room for.
pub fn write(listings: &[(EntryId, Listing, Kept)], export: Export) -> Result<String, ExportError> {
    let named: Vec<(String, &Listing, &Kept)> = listings.iter().map(|(id, listing, kept)| (handle(id, listing), listing, kept)).collect();
    if let Some((_, wide, _)) = named.iter().find(|(_, listing, _)| listing.variants.iter().any(|variant| variant.options.len() > AXES)) {
        return Err(ExportError::Options(wide.title.clone()));
    }
    match export {
        Export::Json => Ok(layout::document(&named)),
        Export::Haat => Ok(table(&HAAT, &named, ours)),
        Export::Shopify => {
            let mut currencies = named.iter().map(|(_, listing, _)| listing.currency.code());
            let first = currencies.next();
            if let (Some(first), Some(other)) = (first, currencies.find(|other| Some(*other) != first)) {
                return Err(ExportError::Currencies(first.to_owned(), other.to_owned()));
            }
            Ok(table(&SHOPIFY, &named, shopify))
        }
    }
}

/// By what a listing without a handle is found again.
const BY_LINEAGE: &str = "haat-";

fn handle(id: &EntryId, listing: &Listing) -> String {
    listing.handle.clone().unwrap_or_else(|| format!("{BY_LINEAGE}{id}"))
}

/// The listing that such a handle names.
pub(super) fn lineage(handle: &str) -> Option<EntryId> {
    handle.strip_prefix(BY_LINEAGE)?.parse().ok()
}

/// What one row says under the columns that mean something.
type Said = Vec<(Column, String)>;

/// The rows of one listing: what each says, and what is kept of it.
type Rows<'a> = fn(&str, &'a Listing, &'a Kept) -> Vec<(Said, Cells)>;

fn table<'a>(names: &Names, listings: &[(String, &'a Listing, &'a Kept)], rows: Rows<'a>) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut seen = BTreeSet::new();
    for name in listings.iter().flat_map(|(_, _, kept)| kept.columns()) {
        if !names.has_name(name) && seen.insert(name) {
            kept.push(name);
        }
    }
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    let mut record =
        |cells: Vec<String>| writer.write_record(cells.iter().map(|cell| text::guard(cell).into_owned())).expect("memory is there");
    record(names.columns.iter().map(|(_, known)| known[0].to_owned()).chain(kept.iter().map(|name| (*name).to_owned())).collect());
    for (handle, listing, beside) in listings {
        for (said, cells) in rows(handle, listing, beside) {
            let known =
                names.columns.iter().map(|(column, _)| said.iter().find(|(told, _)| told == column).map_or("", |(_, cell)| cell.as_str()));
            let more = kept.iter().map(|name| cells.iter().find(|(told, _)| told == name).map_or("", |(_, cell)| cell.as_str()));
            record(known.chain(more).map(str::to_owned).collect());
        }
    }
    String::from_utf8(writer.into_inner().expect("memory is there")).expect("cells are text")
}

/// What a row says of a variant.
fn variant(handle: &str, variant: &Variant) -> Said {
    let mut said = vec![(Column::Handle, handle.to_owned()), (Column::Sku, variant.sku.clone()), (Column::Price, variant.price.digits())];
    said.push((Column::Quantity, variant.stock.number().map(|count| count.to_string()).unwrap_or_default()));
    for (axis, (name, value)) in variant.options.iter().enumerate() {
        said.extend([(Column::OptionName(axis), name.clone()), (Column::OptionValue(axis), value.clone())]);
    }
    said
}

fn ours(handle: &str, listing: &Listing, kept: &Kept) -> Vec<(Said, Cells)> {
    let mut rows: Vec<(Said, Cells)> = Vec::new();
    for (at, one) in listing.variants.iter().enumerate() {
        let mut said = variant(handle, one);
        said.push((Column::Currency, listing.currency.code().to_owned()));
        if at == 0 {
            let [delivery, payment, returns, expires] = terms::cells(listing);
            let tags: Vec<String> = listing.tags.iter().map(|tag| text::comma_free(tag)).collect();
            said.extend([
                (Column::Title, listing.title.clone()),
                (Column::Description, listing.description.clone()),
                (Column::Tags, tags.join(", ")),
                (Column::Images, listing.images.join("\n")),
                (Column::Delivery, delivery),
                (Column::Payment, payment),
                (Column::Returns, returns),
                (Column::Expires, expires),
            ]);
        }
        rows.push((said, kept.variants.get(&one.sku).cloned().unwrap_or_default()));
    }
    let pictures = kept.pictures.iter().filter(|(address, _)| listing.images.contains(address));
    rows.extend(
        pictures.map(|(address, cells)| (vec![(Column::Handle, handle.to_owned()), (Column::Images, address.clone())], cells.clone())),
    );
    rows
}

fn shopify(handle: &str, listing: &Listing, kept: &Kept) -> Vec<(Said, Cells)> {
    let mut rows: Vec<(Said, Cells)> = Vec::new();
    for (at, one) in listing.variants.iter().enumerate() {
        let cells = kept.variants.get(&one.sku).cloned().unwrap_or_default();
        let as_kept = |column: Column, otherwise: &str| {
            let known = SHOPIFY.of(column).unwrap_or_default();
            let cell = cells.iter().find(|(name, _)| known.iter().any(|known| same(known, name)));
            (column, cell.map_or(otherwise, |(_, cell)| cell.as_str()).to_owned())
        };
        let mut said = variant(handle, one);
        if one.options.is_empty() {
            said.extend([(Column::OptionName(0), "Title".to_owned()), (Column::OptionValue(0), "Default Title".to_owned())]);
        }
        let is_counted = one.stock != Stock::Uncounted;
        said.extend([as_kept(Column::Tracker, if is_counted { "shopify" } else { "" }), as_kept(Column::Policy, "deny")]);
        said.push(as_kept(Column::VariantImage, ""));
        if at == 0 {
            said.extend([
                (Column::Title, listing.title.clone()),
                (Column::Description, html::markup(&listing.description)),
                (Column::Tags, listing.tags.join(", ")),
                (Column::Published, "TRUE".to_owned()),
                (Column::Status, "active".to_owned()),
            ]);
        }
        rows.push((said, cells));
    }
    // In a file pictures stand beside variants, or in rows of their own when more is said of them.
    let is_beside = |address: &&String| !listing.variants.iter().any(|one| said_of(kept.variants.get(&one.sku), address));
    for (at, address) in listing.images.iter().filter(is_beside).enumerate() {
        let cells = kept.pictures.get(address).cloned().unwrap_or_default();
        match rows.get_mut(at) {
            Some((said, _)) if cells.is_empty() && at < listing.variants.len() => said.push((Column::Image, address.clone())),
            _ => rows.push((vec![(Column::Handle, handle.to_owned()), (Column::Image, address.clone())], cells)),
        }
    }
    rows
}

/// Whether a variant's kept cells name a picture as its own.
fn said_of(cells: Option<&Cells>, address: &str) -> bool {
    let names = SHOPIFY.of(Column::VariantImage).unwrap_or_default();
    cells.into_iter().flatten().any(|(name, cell)| cell == address && names.iter().any(|known| same(known, name)))
}
