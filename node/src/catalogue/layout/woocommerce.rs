//! WooCommerce's product export: a row for each product and each variation, variations naming their parent.

use std::collections::{BTreeMap, BTreeSet};

use super::super::columns::{AXES, Column};
use super::super::table::{Row, Table};
use super::super::{FileError, RefusedRow, text};
use super::{Anew, Names, Sheet, fault};

/// Columns by which the layout is known, and without which it cannot be read.
pub(super) const REQUIRED: [&str; 4] = ["Type", "SKU", "Name", "Regular price"];

/// Columns that are read; those of attributes are read for variations alone, and kept.
const READ: [&str; 14] = [
    "ID",
    "Type",
    "SKU",
    "Name",
    "Published",
    "Description",
    "In stock?",
    "Stock",
    "Backorders allowed?",
    "Sale price",
    "Regular price",
    "Tags",
    "Images",
    "Parent",
];

/// The file, and what its rows say of each other.
struct File<'a> {
    names: Names<'a>,
    /// Products by what a variation may call them.
    parents: BTreeMap<String, String>,
    /// Products that have variations.
    varied: BTreeSet<String>,
}

/// Lays the rows out by product.
pub(super) fn lay_out(table: &Table) -> Result<Sheet, FileError> {
    let read: Vec<String> = READ.iter().map(|name| (*name).to_owned()).chain((0..AXES).flat_map(attribute)).collect();
    let read: Vec<&str> = read.iter().map(String::as_str).collect();
    let names = Names::of(table, &read, &REQUIRED)?;
    let columns = [
        (Column::Handle, if super::has(&table.header, "ID") { "ID" } else { "SKU" }),
        (Column::Title, "Name"),
        (Column::Description, "Description"),
        (Column::Tags, "Tags"),
        (Column::Images, "Images"),
        (Column::Published, "Published"),
        (Column::Sku, "SKU"),
        (Column::Price, "Regular price"),
        (Column::Quantity, "Stock"),
        (Column::Policy, "Backorders allowed?"),
        (Column::Delivery, "Type"),
    ];
    let mut header: Vec<(Column, String)> = columns.map(|(column, name)| (column, names.named(name))).into();
    for axis in 0..AXES {
        let [name, value] = attribute(axis);
        header.extend([(Column::OptionName(axis), names.named(&name)), (Column::OptionValue(axis), names.named(&value))]);
    }
    let mut anew = Anew::begin(header, &table.header, &READ);
    let mut file = File { parents: BTreeMap::new(), varied: BTreeSet::new(), names };
    file.parents = file.parents(&table.rows);
    let variations = table.rows.iter().filter(|row| file.is(row, "variation"));
    file.varied = variations.filter_map(|row| file.parents.get(file.names.cell(row, "Parent")).cloned()).collect();
    for row in &table.rows {
        if let Err(fault) = file.product(row, &mut anew) {
            let parent = file.parents.get(file.names.cell(row, "Parent")).cloned();
            anew.push_fault(&parent.unwrap_or_else(|| file.handle(row)), fault);
        }
    }
    Ok(anew.sheet(true))
}

fn attribute(axis: usize) -> [String; 2] {
    [format!("Attribute {} name", axis + 1), format!("Attribute {} value(s)", axis + 1)]
}

impl File<'_> {
    /// Whether a row is of a kind; it may be of several.
    fn is(&self, row: &Row, kind: &str) -> bool {
        self.names.cell(row, "Type").split(',').any(|known| known.trim().eq_ignore_ascii_case(kind))
    }

    /// What a product is called: its number, else its code, else its name.
    fn handle(&self, row: &Row) -> String {
        let [id, sku, name] = ["ID", "SKU", "Name"].map(|column| text::line(self.names.cell(row, column)));
        if !id.is_empty() {
            return format!("woo-{id}");
        }
        if sku.is_empty() { name } else { sku }
    }

    /// Products by number and by code, as variations name them.
    fn parents(&self, rows: &[Row]) -> BTreeMap<String, String> {
        let mut parents = BTreeMap::new();
        for row in rows.iter().filter(|row| !self.is(row, "variation")) {
            let (id, sku) = (self.names.cell(row, "ID"), self.names.cell(row, "SKU"));
            for called in [format!("id:{id}"), sku.to_owned()].into_iter().filter(|called| !called.is_empty() && called != "id:") {
                parents.entry(called).or_insert_with(|| self.handle(row));
            }
        }
        parents
    }

    fn fault(&self, row: &Row, column: &str, reason: &str) -> RefusedRow {
        fault(row.number, &self.names.named(column), self.names.cell(row, column), reason)
    }

    fn product(&self, row: &Row, anew: &mut Anew) -> Result<(), RefusedRow> {
        if let Some(fault) = self.names.misfit(row) {
            return Err(fault);
        }
        if self.is(row, "grouped") || self.is(row, "external") {
            let kind = self.names.cell(row, "Type");
            anew.warn(row.number, &self.names.named("Type"), kind, "left out: it is not sold by itself here");
            return Ok(());
        }
        let (is_parent, is_variation) = (self.is(row, "variable"), self.is(row, "variation"));
        if !is_parent && !is_variation && !self.is(row, "simple") {
            return Err(self.fault(row, "Type", "not a kind of product that is read: simple, variable or variation"));
        }
        let mut cells: Vec<(Column, String)> = Vec::new();
        let said = |name: &str| self.names.cell(row, name).to_owned();
        if is_variation {
            let parent = self.parents.get(self.names.cell(row, "Parent"));
            cells.push((Column::Handle, parent.cloned().ok_or_else(|| self.fault(row, "Parent", "no row is the product that it is of"))?));
        } else {
            let handle = self.handle(row);
            if is_parent && !self.varied.contains(&handle) {
                return Err(self.fault(row, "Type", "no row is a variation of it"));
            }
            let description = said("Description").replace("\\n", "\n");
            cells.extend([(Column::Handle, handle), (Column::Title, said("Name"))]);
            cells.extend([(Column::Description, description), (Column::Tags, said("Tags"))]);
        }
        cells.extend([(Column::Images, said("Images")), (Column::Published, published(&said("Published")).to_owned())]);
        if !is_parent {
            self.variant(row, is_variation, &mut cells, anew);
        }
        if self.is(row, "downloadable") {
            cells.push((Column::Delivery, "digital".to_owned()));
        }
        anew.push(row.number, &cells, Some(row)).is_variant = !is_parent;
        Ok(())
    }

    fn variant(&self, row: &Row, is_variation: bool, cells: &mut Vec<(Column, String)>, anew: &mut Anew) {
        let said = |name: &str| self.names.cell(row, name);
        let (regular, sale) = (said("Regular price"), said("Sale price"));
        if !sale.is_empty() && sale != regular {
            anew.warn(row.number, &self.names.named("Sale price"), sale, "this is taken for the price, not the regular one");
        }
        cells.push((Column::Price, if sale.is_empty() { regular } else { sale }.to_owned()));
        cells.push((Column::Sku, said("SKU").to_owned()));
        let is_out = said("Stock").is_empty() && matches!(said("In stock?").to_lowercase().as_str(), "0" | "no" | "outofstock" | "false");
        cells.push((Column::Quantity, if is_out { "0" } else { said("Stock") }.to_owned()));
        if matches!(said("Backorders allowed?").to_lowercase().as_str(), "1" | "yes" | "notify") && !said("Stock").is_empty() {
            cells.push((Column::Policy, "continue".to_owned()));
        }
        for [name, value] in (0..AXES).map(attribute).filter(|_| is_variation) {
            let axis = cells.iter().filter(|(column, _)| matches!(column, Column::OptionName(_))).count();
            if !said(&value).is_empty() {
                cells.extend([(Column::OptionName(axis), said(&name).to_owned()), (Column::OptionValue(axis), said(&value).to_owned())]);
            }
        }
    }
}

/// Whether it is published, in the words that the reader knows.
fn published(cell: &str) -> &str {
    match cell {
        "1" => "true",
        "0" | "-1" => "false",
        other => other,
    }
}
