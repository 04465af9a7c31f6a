//! Header names to meanings. It must never pick one of two columns that mean the same.

use haat_protocol::limits::CATALOGUE_COLUMNS_MAX;

use super::{FileError, Spoken};

/// What a column means. A column without a meaning is kept for the seller and says nothing.
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
    Currency,
    /// The address of one picture.
    Image,
    /// Addresses with spaces or commas between them.
    Images,
    VariantImage,
    Delivery,
    Payment,
    Returns,
    Expires,
}

impl Column {
    /// Whether what stands there is kept as well: the listing says less than it.
    const fn is_kept(self) -> bool {
        matches!(self, Self::Tracker | Self::Policy | Self::VariantImage)
    }
}

/// Options a product can vary by.
pub(super) const AXES: usize = 3;

/// The names of a layout.
#[derive(Debug)]
pub(super) struct Names {
    /// Each meaning with its names; the first is the one a missing column is called by.
    pub(super) columns: &'static [(Column, &'static [&'static str])],
    /// Columns that are read where they are there, and never written.
    pub(super) also: &'static [(Column, &'static str)],
    /// Columns without which there is nothing to sell.
    pub(super) required: &'static [Column],
}

/// Both generations of Shopify's names.
pub(super) const SHOPIFY: Names = Names {
    columns: &[
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
    ],
    // Shopify's own file has one currency and does not say it; a table made by hand may, and then it holds.
    also: &[(Column::Currency, "Currency")],
    required: &[Column::Handle, Column::Title, Column::Price],
};

/// Our own names: everything that a listing says.
pub(super) const HAAT: Names = Names {
    columns: &[
        (Column::Handle, &["handle"]),
        (Column::Title, &["title"]),
        (Column::Description, &["description"]),
        (Column::Tags, &["tags"]),
        (Column::Images, &["images"]),
        (Column::Sku, &["sku"]),
        (Column::OptionName(0), &["option1_name"]),
        (Column::OptionValue(0), &["option1_value"]),
        (Column::OptionName(1), &["option2_name"]),
        (Column::OptionValue(1), &["option2_value"]),
        (Column::OptionName(2), &["option3_name"]),
        (Column::OptionValue(2), &["option3_value"]),
        (Column::Price, &["price"]),
        (Column::Currency, &["currency"]),
        (Column::Quantity, &["stock"]),
        (Column::Delivery, &["delivery"]),
        (Column::Payment, &["payment"]),
        (Column::Returns, &["returns"]),
        (Column::Expires, &["expires"]),
    ],
    also: &[],
    required: &[Column::Handle, Column::Title, Column::Price, Column::Currency, Column::Delivery, Column::Returns],
};

/// Where each meaning stands in the header of one file.
#[derive(Debug)]
pub(super) struct Columns {
    /// The names in the file, each with what it means.
    header: Vec<(Option<Column>, String)>,
}

impl Columns {
    /// Finds the columns of a header.
    pub(super) fn find(names: &Names, header: &[String], row: u64) -> Result<Self, FileError> {
        debug_assert!(header.len() <= CATALOGUE_COLUMNS_MAX);
        let mut found: Vec<(Option<Column>, String)> = Vec::new();
        for name in header {
            let meaning = names.meaning(name);
            let twin = meaning.and_then(|meaning| found.iter().find(|(earlier, _)| *earlier == Some(meaning)));
            if let Some((_, first)) = twin {
                return Err(FileError::SameColumn { first: first.clone(), second: name.clone() });
            }
            found.push((meaning, name.clone()));
        }
        let found = Self { header: found };
        let missing = names.missing(|column| found.has(column));
        if missing.is_empty() { Ok(found) } else { Err(FileError::MissingColumns { row, missing }) }
    }

    /// The columns of rows that were laid out anew.
    pub(super) const fn of(header: Vec<(Option<Column>, String)>) -> Self {
        Self { header }
    }

    /// Where a column stands.
    pub(super) fn place(&self, column: Column) -> Option<usize> {
        self.header.iter().position(|(known, _)| *known == Some(column))
    }

    /// Whether the file has the column.
    pub(super) fn has(&self, column: Column) -> bool {
        self.place(column).is_some()
    }

    /// The column's name in this file; its usual name when it is not there.
    pub(super) fn name(&self, column: Column) -> &str {
        let usual = || [&SHOPIFY, &HAAT].into_iter().find_map(|names| names.of(column)).map_or("", |names| names[0]);
        self.place(column).map_or_else(usual, |at| &self.header[at].1)
    }

    /// The name of the column at a place; the last one's beyond the end.
    pub(super) fn name_at(&self, place: usize) -> &str {
        self.header.get(place).or(self.header.last()).map_or("", |(_, name)| name.as_str())
    }

    /// Cells that a row should have.
    pub(super) fn width(&self) -> usize {
        self.header.len()
    }

    /// Every column that is read, with its place.
    pub(super) fn known(&self) -> impl Iterator<Item = (Column, usize)> + '_ {
        self.header.iter().enumerate().filter_map(|(at, (column, _))| column.map(|column| (column, at)))
    }

    /// Every column whose cells are kept as they are, with its place.
    pub(super) fn kept(&self) -> impl Iterator<Item = (&str, usize)> + '_ {
        let is_kept = |column: &Option<Column>| column.is_none_or(Column::is_kept);
        self.header
            .iter()
            .enumerate()
            .filter(move |(_, (column, name))| is_kept(column) && !name.is_empty())
            .map(|(at, (_, name))| (name.as_str(), at))
    }

    /// Which optional fields the file speaks of.
    pub(super) fn spoken(&self) -> Spoken {
        Spoken {
            description: self.has(Column::Description),
            tags: self.has(Column::Tags),
            images: [Column::Image, Column::Images, Column::VariantImage].into_iter().any(|column| self.has(column)),
            stock: self.has(Column::Quantity),
            skus: self.has(Column::Sku),
            options: (0..AXES).any(|axis| self.has(Column::OptionValue(axis))),
            terms: [Column::Delivery, Column::Payment, Column::Returns, Column::Expires].into_iter().all(|column| self.has(column)),
        }
    }
}

impl Names {
    /// The names of a meaning.
    pub(super) fn of(&self, column: Column) -> Option<&'static [&'static str]> {
        self.columns.iter().find(|(known, _)| *known == column).map(|(_, names)| *names)
    }

    /// Whether a name has a meaning.
    pub(super) fn has_name(&self, name: &str) -> bool {
        self.meaning(name).is_some()
    }

    /// What a column of this name means.
    fn meaning(&self, name: &str) -> Option<Column> {
        let written = self.columns.iter().find(|(_, known)| known.iter().any(|known| same(known, name))).map(|(column, _)| *column);
        written.or_else(|| self.also.iter().find(|(_, known)| same(known, name)).map(|(column, _)| *column))
    }

    /// What is required and not there, under each name it may have.
    fn missing(&self, has: impl Fn(Column) -> bool) -> Vec<String> {
        let lacking = self.required.iter().filter(|column| !has(**column));
        lacking.filter_map(|column| self.of(*column)).map(|names| names.join(" or ")).collect()
    }

    /// Whether a header has all that is required.
    pub(super) fn fit(&self, header: &[String]) -> bool {
        let has = |column| self.of(column).is_some_and(|names| names.iter().any(|known| has(header, known)));
        self.missing(has).is_empty()
    }
}

/// Whether a header has a column of this name.
pub(super) fn has(header: &[String], name: &str) -> bool {
    header.iter().any(|known| same(name, known))
}

/// Whether two header names are the same to a person: case and runs of spaces do not count.
pub(super) fn same(known: &str, name: &str) -> bool {
    known.split_whitespace().map(str::to_lowercase).eq(name.split_whitespace().map(str::to_lowercase))
}
