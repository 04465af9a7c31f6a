//! Whose layout a file has, and its rows in the terms of one: a row for each variant, the rows of a product sharing a handle.
//!
//! A layout must never decide what a price or a number means: it moves cells to where the reader looks for them.

mod etsy;
mod google;
mod haat;
mod schema;
mod woocommerce;

use csv::StringRecord;
use haat_protocol::limits::{CATALOGUE_MAX_BYTES, CATALOGUE_ROWS_MAX};

use super::columns::{self, Column, Columns, has};
use super::table::{self, Row, Table};
use super::{FileError, Format, RefusedRow, Warning, text};

pub(super) use haat::document;

/// Rows as the reader takes them.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) columns: Columns,
    pub(super) rows: Vec<Row>,
    pub(super) refused: Vec<RefusedRow>,
    pub(super) warnings: Vec<Warning>,
    /// Whether descriptions may hold markup.
    pub(super) has_markup: bool,
}

/// The rows of a file in the terms of the reader.
pub(super) fn lay_out(file: &str, format: Format) -> Result<Sheet, FileError> {
    if file.trim_start().starts_with(['{', '[']) && matches!(format, Format::Auto | Format::Haat | Format::Schema) {
        let document: serde_json::Value = serde_json::from_str(file).map_err(|fault| FileError::Json(fault.to_string()))?;
        return match format {
            Format::Auto if haat::is_ours(&document) => haat::lay_out(&document),
            Format::Haat => haat::lay_out(&document),
            _ => schema::lay_out(&document),
        };
    }
    let table = table::split(file)?;
    match if format == Format::Auto { found(&table.header) } else { format } {
        Format::Haat => as_it_is(table, &columns::HAAT, false),
        Format::Woocommerce => woocommerce::lay_out(&table),
        Format::Etsy => etsy::lay_out(&table),
        Format::Google => google::lay_out(table),
        Format::Schema => Err(FileError::Json("a JSON-LD document begins with { or [".to_owned())),
        Format::Auto | Format::Shopify => as_it_is(table, &columns::SHOPIFY, true),
    }
}

/// The layout whose columns a header has; Shopify's when it has nobody's, so that what is missing is named.
fn found(header: &[String]) -> Format {
    let all = |names: &[&str]| names.iter().all(|name| has(header, name));
    if columns::HAAT.fit(header) {
        Format::Haat
    } else if columns::SHOPIFY.fit(header) {
        Format::Shopify
    } else if all(&woocommerce::REQUIRED) {
        Format::Woocommerce
    } else if all(&etsy::REQUIRED) {
        Format::Etsy
    } else if all(&google::REQUIRED) {
        Format::Google
    } else {
        Format::Shopify
    }
}

fn as_it_is(table: Table, names: &columns::Names, has_markup: bool) -> Result<Sheet, FileError> {
    let columns = Columns::find(names, &table.header, table.header_row)?;
    Ok(Sheet { columns, rows: table.rows, refused: Vec::new(), warnings: Vec::new(), has_markup })
}

/// A table that is laid out anew: columns by name, and rows that grow cell by cell.
#[derive(Debug)]
struct Anew {
    /// The new header: what each column means, and what the file calls it.
    header: Vec<(Option<Column>, String)>,
    /// For each column that is kept as it is, its place in the file.
    kept: Vec<usize>,
    rows: Vec<Row>,
    refused: Vec<RefusedRow>,
    warnings: Vec<Warning>,
}

impl Anew {
    /// Begins with these columns, each with its name in the file; what the file has beyond `read` is kept.
    fn begin(header: Vec<(Column, String)>, file: &[String], read: &[&str]) -> Self {
        let is_read = |name: &String| read.iter().any(|known| columns::same(known, name));
        let kept: Vec<usize> = (0..file.len()).filter(|at| !is_read(&file[*at])).collect();
        let mut header: Vec<(Option<Column>, String)> = header.into_iter().map(|(column, name)| (Some(column), name)).collect();
        header.extend(kept.iter().map(|at| (None, file[*at].clone())));
        Self { header, kept, rows: Vec::new(), refused: Vec::new(), warnings: Vec::new() }
    }

    /// Adds a row: what it says under the columns that are read, and what is kept of the file's row.
    fn push(&mut self, number: u64, cells: &[(Column, String)], from: Option<&Row>) -> &mut Row {
        let read = self.header.iter().filter_map(|(column, _)| *column);
        let said = |column: Column| cells.iter().find(|(known, _)| *known == column).map_or("", |(_, cell)| cell.as_str());
        let kept = self.kept.iter().map(|at| from.map_or("", |row| row.cell(Some(*at))));
        let record: StringRecord = read.map(said).chain(kept).collect();
        self.rows.push(Row::new(number, record));
        self.rows.last_mut().expect("it was just added")
    }

    /// Adds a row that is at fault, and so keeps its product back.
    fn push_fault(&mut self, handle: &str, fault: RefusedRow) {
        let number = fault.row;
        self.push(number, &[(Column::Handle, handle.to_owned())], None).fault = Some(fault);
    }

    /// Rows and cells that were laid out are bounded as those of a file are: a short text may stand for many.
    fn check(&self) -> Result<(), FileError> {
        if self.rows.len() as u64 > CATALOGUE_ROWS_MAX {
            return Err(FileError::TooManyRows);
        }
        let cells = self.rows.len().saturating_mul(self.header.len());
        if cells > CATALOGUE_MAX_BYTES { Err(FileError::TooManyColumns) } else { Ok(()) }
    }

    fn warn(&mut self, row: u64, column: &str, value: &str, reason: impl Into<String>) {
        self.warnings.push(Warning { row, column: column.to_owned(), value: text::cut(value), reason: reason.into() });
    }

    fn sheet(self, has_markup: bool) -> Sheet {
        let Self { header, rows, refused, warnings, .. } = self;
        Sheet { columns: Columns::of(header), rows, refused, warnings, has_markup }
    }
}

/// A fault of a row.
fn fault(row: u64, column: &str, value: &str, reason: impl Into<String>) -> RefusedRow {
    RefusedRow { row, column: column.to_owned(), value: text::cut(value), reason: reason.into() }
}

/// The cells of a foreign table by the names of their columns.
#[derive(Debug)]
struct Names<'a> {
    header: &'a [String],
}

impl<'a> Names<'a> {
    /// The names of a table in which no column that is read is there twice, and each that must be there is.
    fn of(table: &'a Table, read: &[&str], required: &[&str]) -> Result<Self, FileError> {
        for name in read {
            let mut found = table.header.iter().filter(|known| columns::same(name, known));
            if let (Some(first), Some(second)) = (found.next(), found.next()) {
                return Err(FileError::SameColumn { first: first.clone(), second: second.clone() });
            }
        }
        let missing: Vec<String> = required.iter().filter(|name| !has(&table.header, name)).map(|name| (*name).to_owned()).collect();
        if missing.is_empty() {
            Ok(Self { header: &table.header })
        } else {
            Err(FileError::MissingColumns { row: table.header_row, missing })
        }
    }

    fn cell<'r>(&self, row: &'r Row, name: &str) -> &'r str {
        row.cell(self.header.iter().position(|known| columns::same(name, known)))
    }

    /// The name as the file writes it.
    fn named(&self, name: &str) -> String {
        self.header.iter().find(|known| columns::same(name, known)).cloned().unwrap_or_else(|| name.to_owned())
    }

    /// What is wrong with the number of cells of a row, if anything.
    fn misfit(&self, row: &Row) -> Option<RefusedRow> {
        let (found, wanted) = (row.cells.len(), self.header.len());
        let reason = format!("the row has {found} cells, the header {wanted}: a separator or a quote is missing or too many");
        let last = self.header.get(found.min(wanted)).or(self.header.last()).map_or("", String::as_str);
        (found != wanted).then(|| fault(row.number, last, row.cells.get(wanted).unwrap_or_default(), reason))
    }
}
