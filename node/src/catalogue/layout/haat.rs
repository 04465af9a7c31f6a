//! Our own JSON: everything that the listings of a shop say, and what is kept beside them. It is written as it is read.

use std::collections::{BTreeMap, BTreeSet};

use csv::StringRecord;
use haat_protocol::limits::{CATALOGUE_COLUMNS_MAX, CATALOGUE_ROWS_MAX};
use haat_protocol::listing::Listing;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::columns::{AXES, Column};
use super::super::kept::{Cells, Kept};
use super::super::table::Row;
use super::super::{FileError, terms, text};
use super::{Anew, Sheet, fault};

/// The key by which the document is known; its value is the version of the layout.
const KEY: &str = "haat_catalogue";
/// The version that is written and read.
const VERSION: u64 = 0;

/// A listing in the document.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct One {
    handle: String,
    title: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    images: Vec<String>,
    currency: String,
    variants: Vec<Variant>,
    #[serde(default)]
    delivery: Vec<String>,
    #[serde(default)]
    payment: Vec<String>,
    #[serde(default)]
    returns: Option<String>,
    #[serde(default)]
    expires: Option<String>,
    /// What is kept of rows that add a picture, by its address.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    kept: BTreeMap<String, Cells>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Variant {
    #[serde(default)]
    sku: String,
    #[serde(default)]
    options: Vec<(String, String)>,
    price: String,
    /// Null when it is not counted.
    stock: Option<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    kept: Cells,
}

/// Whether a document is one of ours.
pub(super) fn is_ours(document: &Value) -> bool {
    document.get(KEY).is_some()
}

/// The document of some listings, each with its handle.
pub(in crate::catalogue) fn document(listings: &[(String, &Listing, &Kept)]) -> String {
    let one = |(handle, listing, kept): &(String, &Listing, &Kept)| {
        let [delivery, payment, returns, expires] = terms::cells(listing);
        let lines = |cell: String| cell.lines().map(str::to_owned).collect();
        let said = |cell: String| Some(cell).filter(|cell| !cell.is_empty());
        One {
            handle: handle.clone(),
            title: listing.title.clone(),
            description: listing.description.clone(),
            tags: listing.tags.clone(),
            images: listing.images.clone(),
            currency: listing.currency.code().to_owned(),
            variants: listing.variants.iter().map(|variant| written(variant, kept)).collect(),
            delivery: lines(delivery),
            payment: lines(payment),
            returns: said(returns),
            expires: said(expires),
            kept: kept.pictures.clone(),
        }
    };
    let listings: Vec<One> = listings.iter().map(one).collect();
    let mut text = serde_json::to_string_pretty(&serde_json::json!({ KEY: VERSION, "listings": listings })).expect("plain data is JSON");
    text.push('\n');
    text
}

fn written(variant: &haat_protocol::listing::Variant, kept: &Kept) -> Variant {
    Variant {
        sku: variant.sku.clone(),
        options: variant.options.clone(),
        price: variant.price.digits(),
        stock: variant.stock.number(),
        kept: kept.variants.get(&variant.sku).cloned().unwrap_or_default(),
    }
}

/// Lays the listings out by variant; the row of each is its place in the document, from 1.
pub(super) fn lay_out(document: &Value) -> Result<Sheet, FileError> {
    let wrong = |why: &str| FileError::Json(why.to_owned());
    if document.get(KEY).and_then(Value::as_u64) != Some(VERSION) {
        return Err(FileError::Json(format!("a catalogue of ours has \"{KEY}\": {VERSION}")));
    }
    if let Some(key) = document.as_object().and_then(|keys| keys.keys().find(|key| ![KEY, "listings"].contains(&key.as_str()))) {
        return Err(FileError::Json(format!("it has {:?}, which means nothing here", text::cut(key))));
    }
    let listings = document.get("listings").and_then(Value::as_array).ok_or_else(|| wrong("it has no list of \"listings\""))?;
    if listings.len() as u64 > CATALOGUE_ROWS_MAX {
        return Err(FileError::TooManyRows);
    }
    let read: Vec<Result<One, String>> =
        listings.iter().map(|listing| One::deserialize(listing).map_err(|fault| fault.to_string())).collect();
    let (mut names, mut seen): (Vec<String>, BTreeSet<&str>) = (Vec::new(), BTreeSet::new());
    for one in read.iter().flatten() {
        for (name, _) in one.variants.iter().flat_map(|variant| &variant.kept).chain(one.kept.values().flatten()) {
            if seen.insert(name) {
                names.push(name.clone());
            }
            if names.len() > CATALOGUE_COLUMNS_MAX {
                return Err(FileError::TooManyColumns);
            }
        }
    }
    let mut anew = Anew::begin(header(), &names, &[]);
    for (number, one) in (1..).zip(read) {
        match one {
            Ok(one) => listing(number, &one, &names, &mut anew),
            Err(why) => anew.push_fault(&format!("listing {number}"), fault(number, "listings", "", why)),
        }
        anew.check()?;
    }
    Ok(anew.sheet(false))
}

fn header() -> Vec<(Column, String)> {
    let columns = [
        (Column::Handle, "handle"),
        (Column::Title, "title"),
        (Column::Description, "description"),
        (Column::Tags, "tags"),
        (Column::Images, "images"),
        (Column::Sku, "sku"),
        (Column::Price, "price"),
        (Column::Currency, "currency"),
        (Column::Quantity, "stock"),
        (Column::Delivery, "delivery"),
        (Column::Payment, "payment"),
        (Column::Returns, "returns"),
        (Column::Expires, "expires"),
    ];
    let options = (0..AXES).flat_map(|axis| [(Column::OptionName(axis), "options"), (Column::OptionValue(axis), "options")]);
    columns.into_iter().chain(options).map(|(column, name)| (column, name.to_owned())).collect()
}

fn listing(number: u64, one: &One, names: &[String], anew: &mut Anew) {
    if one.variants.iter().any(|variant| variant.options.len() > AXES) {
        return anew.push_fault(&one.handle, fault(number, "options", "", format!("a product varies by at most {AXES} options")));
    }
    let row = |cells: &Cells| {
        let cell = |name: &String| cells.iter().find(|(known, _)| known == name).map_or("", |(_, cell)| cell.as_str());
        Row::new(number, names.iter().map(cell).collect::<StringRecord>())
    };
    for (at, variant) in one.variants.iter().enumerate() {
        let mut cells = vec![
            (Column::Handle, one.handle.clone()),
            (Column::Sku, variant.sku.clone()),
            (Column::Price, variant.price.clone()),
            (Column::Currency, one.currency.clone()),
            (Column::Quantity, variant.stock.map(|count| count.to_string()).unwrap_or_default()),
        ];
        if at == 0 {
            let tags: Vec<String> = one.tags.iter().map(|tag| text::comma_free(tag)).collect();
            cells.extend([
                (Column::Title, one.title.clone()),
                (Column::Description, one.description.clone()),
                (Column::Tags, tags.join(", ")),
                (Column::Images, one.images.join(" ")),
                (Column::Delivery, one.delivery.join("\n")),
                (Column::Payment, one.payment.join("\n")),
                (Column::Returns, one.returns.clone().unwrap_or_default()),
                (Column::Expires, one.expires.clone().unwrap_or_default()),
            ]);
        }
        for (axis, (name, value)) in variant.options.iter().enumerate() {
            cells.extend([(Column::OptionName(axis), name.clone()), (Column::OptionValue(axis), value.clone())]);
        }
        anew.push(number, &cells, Some(&row(&variant.kept)));
    }
    for (address, kept) in &one.kept {
        let cells = [(Column::Handle, one.handle.clone()), (Column::Images, address.clone())];
        anew.push(number, &cells, Some(&row(kept)));
    }
}
