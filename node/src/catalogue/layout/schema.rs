//! Products as web pages describe them to machines: schema.org in JSON-LD. Ratings are never read: reviews belong to who wrote them.

use csv::StringRecord;
use serde_json::Value;

use super::super::columns::Column;
use super::super::table::Row;
use super::super::{FileError, RefusedRow, text};
use super::{Anew, Sheet, fault};

/// What variants of a group differ by, and how a person calls it.
const VARIES: [(&str, &str); 4] = [("color", "Color"), ("size", "Size"), ("material", "Material"), ("pattern", "Pattern")];
/// Further fields that are kept.
const KEPT: [&str; 8] = ["brand", "mpn", "gtin", "gtin8", "gtin13", "gtin14", "category", "url"];

/// Lays the products out by variant; the row of each is its place among the products of the document, from 1.
pub(super) fn lay_out(document: &Value) -> Result<Sheet, FileError> {
    let mut products = Vec::new();
    gather(document, &mut products);
    if products.is_empty() {
        return Err(FileError::Json("no Product or ProductGroup of schema.org is in it".to_owned()));
    }
    let columns = [
        (Column::Handle, "sku"),
        (Column::Title, "name"),
        (Column::Description, "description"),
        (Column::Images, "image"),
        (Column::Sku, "sku"),
        (Column::Price, "offers.price"),
        (Column::Currency, "offers.priceCurrency"),
        (Column::Quantity, "offers.inventoryLevel"),
        (Column::OptionName(0), "variesBy"),
        (Column::OptionValue(0), "variesBy"),
        (Column::OptionName(1), "variesBy"),
        (Column::OptionValue(1), "variesBy"),
        (Column::OptionName(2), "variesBy"),
        (Column::OptionValue(2), "variesBy"),
    ];
    let names = KEPT.map(str::to_owned);
    let mut anew = Anew::begin(columns.map(|(column, name)| (column, name.to_owned())).into(), &names, &[]);
    for (number, product) in (1..).zip(products) {
        if let Err(fault) = group(number, product, &mut anew) {
            anew.push_fault(&handle(product), fault);
        }
        anew.check()?;
    }
    Ok(anew.sheet(true))
}

/// The products of a document, in their order: alone, in a list, in a graph, in an item list.
fn gather<'v>(value: &'v Value, products: &mut Vec<&'v Value>) {
    match value {
        Value::Array(all) => all.iter().for_each(|one| gather(one, products)),
        Value::Object(_) if is(value, "Product") || is(value, "ProductGroup") => products.push(value),
        Value::Object(fields) => {
            let inner = ["@graph", "itemListElement", "item", "mainEntity"];
            inner.iter().filter_map(|name| fields.get(*name)).for_each(|one| gather(one, products));
        }
        _ => {}
    }
}

fn is(value: &Value, sort: &str) -> bool {
    let named = |name: &Value| name.as_str().is_some_and(|name| name.rsplit(['/', '#', ':']).next() == Some(sort));
    match value.get("@type") {
        Some(Value::Array(all)) => all.iter().any(named),
        Some(one) => named(one),
        None => false,
    }
}

/// A field as text: a word, a number, or the name or value of a thing.
fn said(value: &Value, name: &str) -> String {
    fn plain(value: &Value) -> String {
        match value {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Array(all) => all.first().map(plain).unwrap_or_default(),
            Value::Object(fields) => {
                ["@value", "value", "name", "@id"].iter().find_map(|name| fields.get(*name)).map(plain).unwrap_or_default()
            }
            Value::Null | Value::Bool(_) => String::new(),
        }
    }
    value.get(name).map(plain).unwrap_or_default()
}

fn handle(product: &Value) -> String {
    let names = ["productGroupID", "sku", "@id", "name"];
    names.iter().map(|name| text::line(&said(product, name))).find(|text| !text.is_empty()).unwrap_or_default()
}

fn images(product: &Value) -> String {
    let address = |one: &Value| one.as_str().map(str::to_owned).unwrap_or_else(|| said(one, "url"));
    match product.get("image") {
        Some(Value::Array(all)) => all.iter().map(address).collect::<Vec<_>>().join(" "),
        Some(one) => address(one),
        None => String::new(),
    }
}

fn group(number: u64, product: &Value, anew: &mut Anew) -> Result<(), RefusedRow> {
    if product.get("aggregateRating").is_some() || product.get("review").is_some() {
        anew.warn(number, "aggregateRating", "", "passed over: ratings come from people who bought, not from files");
    }
    let about = vec![
        (Column::Handle, handle(product)),
        (Column::Title, said(product, "name")),
        (Column::Description, said(product, "description")),
        (Column::Images, images(product)),
    ];
    let variants: Vec<&Value> = match product.get("hasVariant") {
        Some(Value::Array(all)) => all.iter().collect(),
        Some(one) => vec![one],
        None => return variant(number, product, about, false, anew),
    };
    anew.push(number, &about, Some(&kept(number, product))).is_variant = false;
    for one in variants {
        let cells = vec![(Column::Handle, handle(product)), (Column::Images, images(one))];
        variant(number, one, cells, true, anew)?;
    }
    Ok(())
}

fn variant(number: u64, product: &Value, mut cells: Vec<(Column, String)>, varies: bool, anew: &mut Anew) -> Result<(), RefusedRow> {
    let offer = match product.get("offers") {
        Some(Value::Array(all)) if all.len() == 1 => &all[0],
        Some(Value::Array(all)) => {
            return Err(fault(number, "offers", "", format!("there are {} offers of it: one price is needed", all.len())));
        }
        Some(offer) if is(offer, "AggregateOffer") => {
            return Err(fault(number, "offers", "", "it has a range of prices: one price is needed"));
        }
        Some(offer) => offer,
        None => return Err(fault(number, "offers", "", "the offer with its price is missing")),
    };
    let priced = offer.get("priceSpecification").filter(|_| offer.get("price").is_none()).unwrap_or(offer);
    let availability = said(offer, "availability");
    let quantity = match availability.rsplit(['/', '#', ':']).next().unwrap_or_default() {
        "OutOfStock" | "SoldOut" | "Discontinued" => "0".to_owned(),
        "PreOrder" | "PreSale" | "BackOrder" => {
            anew.warn(number, "offers.availability", &availability, "left out: it is not to be had yet");
            return Ok(());
        }
        _ => said(offer, "inventoryLevel"),
    };
    cells.extend([
        (Column::Sku, said(product, "sku")),
        (Column::Price, said(priced, "price")),
        (Column::Currency, said(priced, "priceCurrency")),
        (Column::Quantity, quantity),
    ]);
    let axes = VARIES.iter().filter(|(name, _)| varies && !said(product, name).is_empty()).take(3);
    for (axis, (name, called)) in axes.enumerate() {
        cells.extend([(Column::OptionName(axis), (*called).to_owned()), (Column::OptionValue(axis), said(product, name))]);
    }
    anew.push(number, &cells, Some(&kept(number, product)));
    Ok(())
}

fn kept(number: u64, product: &Value) -> Row {
    Row::new(number, KEPT.iter().map(|name| said(product, name)).collect::<StringRecord>())
}
