//! A seller's catalogue file: bytes in, products out, or every row that is at fault and why.
//!
//! It must never open a file, fetch an address, or guess: what is not plainly one thing is refused with its row and column.
//! A row's number is the one a spreadsheet shows: records are counted from 1, blank ones too, so a cell of many lines is one row.

mod columns;
mod decode;
mod html;
mod kept;
mod layout;
mod plan;
mod reader;
mod table;
mod terms;
mod text;
mod write;

#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use haat_protocol::limits::{CATALOGUE_COLUMNS_MAX, CATALOGUE_MAX_BYTES, CATALOGUE_ROWS_MAX};
use haat_protocol::listing::Listing;
use haat_protocol::money::Currency;
use serde::Serialize;

pub use decode::Encoding;
pub use kept::{Cells, Kept};
pub use plan::{FieldChange, Plan, diff, plan};
pub use write::{Export, ExportError, write};

/// Whose layout a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Found by the header.
    Auto,
    /// Our own, as a table or a document.
    Haat,
    /// Shopify's product export, older or newer column names.
    Shopify,
    /// WooCommerce's product export.
    Woocommerce,
    /// Etsy's listing export.
    Etsy,
    /// A feed for Google Merchant.
    Google,
    /// Products of schema.org in JSON-LD.
    Schema,
}

impl Format {
    /// All of them, by the names that people give them.
    const ALL: [(Self, &'static str); 7] = [
        (Self::Auto, "auto"),
        (Self::Haat, "haat"),
        (Self::Shopify, "shopify"),
        (Self::Woocommerce, "woocommerce"),
        (Self::Etsy, "etsy"),
        (Self::Google, "google"),
        (Self::Schema, "schema"),
    ];
}

/// What has to be known beside the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The layout.
    pub format: Format,
    /// The currency of the prices, where the file does not say it.
    pub currency: Currency,
    /// How the text is encoded; found out by its bytes unless given.
    pub encoding: Option<Encoding>,
}

/// What a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Whole products without a fault, in the order in which they begin in the file.
    pub products: Vec<Product>,
    /// Every fault, by row. A product with one is not in `products`.
    pub refused: Vec<RefusedRow>,
    /// What was read, or left out, in a way that the seller may not expect; by row.
    pub warnings: Vec<Warning>,
    /// Fields that the file has columns for. The others are unknown, not empty.
    pub spoken: Spoken,
    /// Columns whose cells are kept beside the listings.
    pub kept: Vec<String>,
}

/// Which optional fields a file has columns for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spoken {
    /// The description.
    pub description: bool,
    /// The tags.
    pub tags: bool,
    /// The addresses of pictures.
    pub images: bool,
    /// The number in stock.
    pub stock: bool,
    /// The codes of variants.
    pub skus: bool,
    /// The options of variants.
    pub options: bool,
    /// Delivery, payment, return terms and expiry.
    pub terms: bool,
}

/// One product of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// As it would be published: with the handle, without lineage; with delivery, payment, return terms and expiry if the file has them.
    pub listing: Listing,
    /// What else its rows say, for the seller alone.
    pub kept: Kept,
    /// Its first and its last row.
    pub rows: RangeInclusive<u64>,
}

/// A fault in a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RefusedRow {
    /// The row as a spreadsheet numbers it.
    pub row: u64,
    /// The column as the file names it.
    pub column: String,
    /// What stands there, at most 80 characters of it.
    pub value: String,
    /// Why it is refused, and what to write instead.
    pub reason: String,
}

/// Something in a row that the seller should know.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Warning {
    /// The row as a spreadsheet numbers it.
    pub row: u64,
    /// The column as the file names it; empty when it is about the whole file.
    pub column: String,
    /// What stands there, at most 80 characters of it.
    pub value: String,
    /// What became of it.
    pub reason: String,
}

/// Why a file is no catalogue at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// No bytes, or nothing but blank lines.
    #[error("the file is empty - export the products again and check that the file has rows")]
    Empty,
    /// More bytes than an import reads.
    #[error("the file has {size} bytes, more than the {CATALOGUE_MAX_BYTES} that are read - split it into several files")]
    Oversize {
        /// Bytes of the file.
        size: usize,
    },
    /// More rows than an import reads.
    #[error("the file has more than {CATALOGUE_ROWS_MAX} rows - split it into several files")]
    TooManyRows,
    /// More columns than any catalogue has.
    #[error("the header has more than {CATALOGUE_COLUMNS_MAX} columns - this is no catalogue")]
    TooManyColumns,
    /// A workbook rather than text.
    #[error("this is a workbook (.xlsx or .ods), not text - open it and save it as CSV UTF-8")]
    Workbook,
    /// Bytes that are text in none of the encodings that are read.
    #[error("the file is not text in UTF-8, UTF-16, GBK or Big5 - save it as CSV UTF-8, or name its encoding")]
    NotText,
    /// An encoding nobody knows.
    #[error("{0:?} is no known encoding - use a name such as utf-8, gbk, big5, shift_jis or windows-1252")]
    UnknownEncoding(String),
    /// A quoted cell that never ends.
    #[error(
        "row {row}, line {line}: a quoted cell begins here and never ends - close it with a quote (\"), or write \"\" for a quote inside it"
    )]
    OpenQuote {
        /// The row that the cell is in.
        row: u64,
        /// The line of the file on which the cell begins.
        line: u64,
    },
    /// Columns that a catalogue must have are not in the header.
    #[error("the header in row {row} lacks {} - export the products as CSV from Shopify, or give the columns these names", missing.join(", "))]
    MissingColumns {
        /// The row taken for the header.
        row: u64,
        /// What is not there, under each name it may have.
        missing: Vec<String>,
    },
    /// Two columns say the same thing.
    #[error("the columns {first:?} and {second:?} mean the same - remove one of them")]
    SameColumn {
        /// The name of the one.
        first: String,
        /// The name of the other.
        second: String,
    },
    /// A document that is no catalogue.
    #[error("the document cannot be read: {0}")]
    Json(String),
    /// A layout nobody knows.
    #[error("{0:?} is no known format - use auto, haat, shopify, woocommerce, etsy, google or schema")]
    UnknownFormat(String),
}

impl FromStr for Format {
    type Err = FileError;

    fn from_str(text: &str) -> Result<Self, FileError> {
        let asked = text.trim().to_ascii_lowercase();
        let known = Self::ALL.iter().find(|(_, name)| *name == asked || (asked == "jsonld" && *name == "schema"));
        known.map(|(format, _)| *format).ok_or_else(|| FileError::UnknownFormat(text::cut(text)))
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::ALL.iter().find(|(format, _)| format == self).map_or("", |(_, name)| name))
    }
}

/// Reads a catalogue file.
///
/// # Errors
/// What makes the whole file unreadable. A fault in a row is no error: it stands in [`Reading::refused`].
pub fn read(bytes: &[u8], options: &Options) -> Result<Reading, FileError> {
    let decoded = decode::decode(bytes, options.encoding)?;
    let mut reading = reader::read(layout::lay_out(&decoded.text, options.format)?, options.currency);
    if let Some(reason) = decoded.warning {
        reading.warnings.push(Warning { row: 1, column: String::new(), value: String::new(), reason: reason.to_owned() });
    }
    reading.refused.sort();
    reading.warnings.sort();
    Ok(reading)
}
