//! Header names to meanings, for both generations of Shopify's names. It must never pick one of two columns that mean the same.

use haat_protocol::limits::CATALOGUE_COLUMNS_MAX;

use super::{FileError, Spoken};

/// What a column means. Names stand in [`NAMES`]; a column without a meaning is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Handle,
    Title,
    Description,
    Tags,
    Published,
    Status,
    OptionName(usize),
    OptionValue(usize),
    Sku,
    Tracker,
    Quantity,
    Policy,
    Price,
    Image,
    VariantImage,
}

/// Options a product can vary by.
pub(super) const AXES: usize = 3;

/// Each meaning with its older and its newer names; the first is the one a missing column is called by.
const NAMES: &[(Column, &[&str])] = &[
    (Column::Handle, &["Handle", "URL handle"]),
    (Column::Title, &["Title"]),
    (Column::Description, &["Body (HTML)", "Body HTML", "Description"]),
    (Column::Tags, &["Tags"]),
    (Column::Published, &["Published", "Published on online store"]),
    (Column::Status, &["Status"]),
    (Column::OptionName(0), &["Option1 Name"]),
    (Column::OptionValue(0), &["Option1 Value"]),
    (Column::OptionName(1), &["Option2 Name"]),
    (Column::OptionValue(1), &["Option2 Value"]),
    (Column::OptionName(2), &["Option3 Name"]),
    (Column::OptionValue(2), &["Option3 Value"]),
    (Column::Sku, &["Variant SKU", "SKU"]),
    (Column::Tracker, &["Variant Inventory Tracker", "Inventory tracker"]),
    (Column::Quantity, &["Variant Inventory Qty", "Inventory quantity"]),
    (Column::Policy, &["Variant Inventory Policy", "Continue selling when out of stock"]),
    (Column::Price, &["Variant Price", "Price"]),
    (Column::Image, &["Image Src", "Product image URL", "Image source"]),
    (Column::VariantImage, &["Variant Image", "Variant image URL"]),
];

/// Columns without which there is nothing to sell.
const REQUIRED: [Column; 3] = [Column::Handle, Column::Title, Column::Price];

/// Names that give another layout away.
const FOREIGN: &[(&str, &[&str])] =
    &[("WooCommerce", &["Regular price", "Sale price"]), ("Etsy", &["CURRENCY_CODE", "QUANTITY", "MATERIALS"])];

/// Where each meaning stands in the header of one file.
#[derive(Debug)]
pub(super) struct Columns {
    places: [Option<usize>; NAMES.len()],
    header: Vec<String>,
}

impl Columns {
    /// Finds the columns of a header.
    pub(super) fn find(header: &[String], row: u64) -> Result<Self, FileError> {
        debug_assert!(header.len() <= CATALOGUE_COLUMNS_MAX);
        let mut places = [None; NAMES.len()];
        for (at, name) in header.iter().enumerate() {
            let meaning = NAMES.iter().position(|(_, names)| names.iter().any(|known| same(known, name)));
            let Some(place) = meaning.map(|meaning| &mut places[meaning]) else { continue };
            if let Some(earlier) = place.replace(at) {
                return Err(FileError::SameColumn { first: header[earlier].clone(), second: name.clone() });
            }
        }
        let found = Self { places, header: header.to_vec() };
        let missing: Vec<String> =
            REQUIRED.iter().filter(|column| !found.has(**column)).map(|column| names(*column).join(" or ")).collect();
        if missing.is_empty() {
            return Ok(found);
        }
        let foreign = FOREIGN.iter().find(|(_, marks)| marks.iter().all(|mark| header.iter().any(|name| same(mark, name))));
        Err(foreign.map_or(FileError::MissingColumns { row, missing }, |(format, _)| FileError::NotYet(format)))
    }

    /// Where a column stands.
    pub(super) fn place(&self, column: Column) -> Option<usize> {
        NAMES.iter().position(|(known, _)| *known == column).and_then(|at| self.places[at])
    }

    /// Whether the file has the column.
    pub(super) fn has(&self, column: Column) -> bool {
        self.place(column).is_some()
    }

    /// The column's name in this file; its usual name when it is not there.
    pub(super) fn name(&self, column: Column) -> &str {
        self.place(column).map_or_else(|| names(column)[0], |at| &self.header[at])
    }

    /// The name of the column at a place; the last one's beyond the end.
    pub(super) fn name_at(&self, place: usize) -> &str {
        self.header.get(place).or(self.header.last()).map_or("", String::as_str)
    }

    /// Cells that a row should have.
    pub(super) fn width(&self) -> usize {
        self.header.len()
    }

    /// Every column that is read, with its place.
    pub(super) fn known(&self) -> impl Iterator<Item = (Column, usize)> + '_ {
        NAMES.iter().zip(&self.places).filter_map(|((column, _), place)| place.map(|at| (*column, at)))
    }

    /// Which optional fields the file speaks of.
    pub(super) fn spoken(&self) -> Spoken {
        Spoken {
            description: self.has(Column::Description),
            tags: self.has(Column::Tags),
            images: self.has(Column::Image) || self.has(Column::VariantImage),
            stock: self.has(Column::Quantity),
            skus: self.has(Column::Sku),
            options: (0..AXES).any(|axis| self.has(Column::OptionValue(axis))),
        }
    }
}

fn names(column: Column) -> &'static [&'static str] {
    NAMES.iter().find(|(known, _)| *known == column).map(|(_, names)| *names).expect("every column has names")
}

/// Whether two header names are the same to a person: case and runs of spaces do not count.
fn same(known: &str, name: &str) -> bool {
    known.split_whitespace().map(str::to_lowercase).eq(name.split_whitespace().map(str::to_lowercase))
}
