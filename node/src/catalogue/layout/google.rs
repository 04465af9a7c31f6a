//! Google Merchant's product feed: a row for each variant, with the currency in the price and a group for what varies.

use std::collections::BTreeMap;

use super::super::columns::Column;
use super::super::table::{Row, Table};
use super::super::{FileError, RefusedRow, text};
use super::{Anew, Names, Sheet, fault};

/// Columns by which the layout is known, and without which it cannot be read. Names are written with spaces or underscores.
pub(super) const REQUIRED: [&str; 4] = ["id", "title", "price", "availability"];

/// Columns that are read.
const READ: [&str; 13] = [
    "id",
    "title",
    "description",
    "price",
    "sale price",
    "availability",
    "quantity",
    "image link",
    "additional image link",
    "item group id",
    "color",
    "size",
    "material",
];
/// What variants of a group differ by, and how a person calls it.
const VARIES: [(&str, &str); 3] = [("color", "Color"), ("size", "Size"), ("material", "Material")];

/// Lays the rows out by group.
pub(super) fn lay_out(mut table: Table) -> Result<Sheet, FileError> {
    for name in &mut table.header {
        *name = name.replace('_', " ");
    }
    let names = Names::of(&table, &READ, &REQUIRED)?;
    let columns = [
        (Column::Handle, "id"),
        (Column::Title, "title"),
        (Column::Description, "description"),
        (Column::Images, "image link"),
        (Column::Sku, "id"),
        (Column::Price, "price"),
        (Column::Currency, "price"),
        (Column::Quantity, "quantity"),
        (Column::OptionName(0), "color"),
        (Column::OptionValue(0), "color"),
        (Column::OptionName(1), "size"),
        (Column::OptionValue(1), "size"),
        (Column::OptionName(2), "material"),
        (Column::OptionValue(2), "material"),
    ];
    let mut anew = Anew::begin(columns.map(|(column, name)| (column, names.named(name))).into(), &table.header, &READ);
    let mut groups: BTreeMap<String, usize> = BTreeMap::new();
    for row in &table.rows {
        *groups.entry(handle(&names, row)).or_default() += 1;
    }
    for row in &table.rows {
        let handle = handle(&names, row);
        let varies = groups.get(&handle).is_some_and(|count| *count > 1);
        if let Err(fault) = item(&names, row, (&handle, varies), &mut anew) {
            anew.push_fault(&handle, fault);
        }
    }
    Ok(anew.sheet(true))
}

fn handle(names: &Names<'_>, row: &Row) -> String {
    let group = text::line(names.cell(row, "item group id"));
    if group.is_empty() { text::line(names.cell(row, "id")) } else { group }
}

fn item(names: &Names<'_>, row: &Row, (handle, varies): (&str, bool), anew: &mut Anew) -> Result<(), RefusedRow> {
    if let Some(fault) = names.misfit(row) {
        return Err(fault);
    }
    let said = |name: &str| names.cell(row, name).to_owned();
    let (mut price, mut column, sale) = (said("price"), "price", said("sale price"));
    if !sale.is_empty() && sale != price {
        anew.warn(row.number, &names.named("sale price"), &sale, "this is taken for the price, not the other one");
        (price, column) = (sale, "sale price");
    }
    let (amount, currency) =
        price.split_once(' ').ok_or_else(|| fault(row.number, &names.named(column), &price, "a price is written as 9.99 USD"))?;
    let availability = said("availability");
    let quantity = match availability.to_lowercase().replace(['_', '-'], " ").as_str() {
        "out of stock" => "0".to_owned(),
        "in stock" => said("quantity"),
        "preorder" | "backorder" => {
            anew.warn(row.number, &names.named("availability"), &availability, "left out: it is not to be had yet");
            return Ok(());
        }
        _ => {
            let reason = "write in_stock, out_of_stock, preorder or backorder";
            return Err(fault(row.number, &names.named("availability"), &availability, reason));
        }
    };
    let more: Vec<String> = said("additional image link").split(',').map(|address| address.trim().to_owned()).collect();
    let mut cells = vec![
        (Column::Handle, handle.to_owned()),
        (Column::Title, said("title")),
        (Column::Description, said("description")),
        (Column::Images, [vec![said("image link")], more].concat().join(" ")),
        (Column::Sku, said("id")),
        (Column::Price, amount.trim().to_owned()),
        (Column::Currency, currency.trim().to_owned()),
        (Column::Quantity, quantity),
    ];
    for (name, called) in VARIES.iter().filter(|(name, _)| varies && !names.cell(row, name).is_empty()) {
        let axis = cells.iter().filter(|(column, _)| matches!(column, Column::OptionName(_))).count();
        cells.extend([(Column::OptionName(axis), (*called).to_owned()), (Column::OptionValue(axis), said(name))]);
    }
    anew.push(row.number, &cells, Some(row));
    Ok(())
}
