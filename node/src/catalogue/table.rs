//! Text to rows of cells. It must never lose count of the rows, nor take half a file for one cell without saying so.
//!
//! The `csv` crate reads the cells. It passes over blank lines and takes an unclosed quote for the rest of the file, so a scan
//! with the same idea of a quote runs first: it numbers the records and finds the quote.

use csv::{ReaderBuilder, StringRecord};
use haat_protocol::limits::{CATALOGUE_COLUMNS_MAX, CATALOGUE_ROWS_MAX};

use super::{FileError, RefusedRow, text};

/// A file as cells.
#[derive(Debug)]
pub(super) struct Table {
    /// Cells of the header, trimmed.
    pub(super) header: Vec<String>,
    /// Where the header stands: 1, unless blank rows precede it.
    pub(super) header_row: u64,
    /// The rows below it that are not blank.
    pub(super) rows: Vec<Row>,
}

/// One row.
#[derive(Debug)]
pub(super) struct Row {
    /// As a spreadsheet numbers it.
    pub(super) number: u64,
    /// As many as the row has, which need not be as many as the header's.
    pub(super) cells: StringRecord,
    /// What whoever laid it out found wrong with it.
    pub(super) fault: Option<RefusedRow>,
    /// Whether it may be a variant; else it speaks of its product alone.
    pub(super) is_variant: bool,
}

impl Row {
    /// A row as it stands in a file.
    pub(super) const fn new(number: u64, cells: StringRecord) -> Self {
        Self { number, cells, fault: None, is_variant: true }
    }

    /// A cell without spaces around it; empty when there is none.
    pub(super) fn cell(&self, at: Option<usize>) -> &str {
        at.and_then(|at| self.cells.get(at)).map_or("", str::trim)
    }
}

/// Splits a text into rows of cells at `,`, `;` or tab, whichever the header has most of.
pub(super) fn split(text: &str) -> Result<Table, FileError> {
    let separator = separator(text);
    let numbers = number_records(text, separator)?;
    let mut reader = ReaderBuilder::new().delimiter(separator).has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut records = reader.records();
    let mut header: Option<(u64, Vec<String>)> = None;
    let mut rows = Vec::new();
    for number in numbers {
        // A text is valid UTF-8 and lengths are flexible: only the end of the text ends the records.
        let Some(Ok(cells)) = records.next() else { break };
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if header.is_some() {
            rows.push(Row::new(number, unguarded(cells)));
        } else if cells.len() > CATALOGUE_COLUMNS_MAX {
            return Err(FileError::TooManyColumns);
        } else {
            header = Some((number, cells.iter().map(text::line).collect()));
        }
    }
    let (header_row, header) = header.ok_or(FileError::Empty)?;
    Ok(Table { header, header_row, rows })
}

/// The cells as they were before a program made them safe from being taken for formulas.
fn unguarded(cells: StringRecord) -> StringRecord {
    if cells.iter().any(|cell| text::unguard(cell) != cell) { cells.iter().map(text::unguard).collect() } else { cells }
}

/// The separator that occurs most often, outside quotes, in the first line that has any; a comma when none does.
fn separator(text: &str) -> u8 {
    const SEPARATORS: [u8; 3] = *b",;\t";
    let mut counts = [0_usize; 3];
    let mut quoted = false;
    for byte in text.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\r' | b'\n' if !quoted && counts.iter().any(|count| *count > 0) => break,
            _ if quoted => {}
            _ => {
                if let Some(at) = SEPARATORS.iter().position(|s| *s == byte) {
                    counts[at] += 1;
                }
            }
        }
    }
    let mut best = 0;
    for at in 1..SEPARATORS.len() {
        if counts[at] > counts[best] {
            best = at;
        }
    }
    SEPARATORS[best]
}

/// Where a scan stands in a record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Record,
    Field,
    Plain,
    Quoted,
    QuoteInQuoted,
}

/// The row numbers of the records that are not blank lines, in order.
fn number_records(text: &str, separator: u8) -> Result<Vec<u64>, FileError> {
    let (mut numbers, mut at) = (Vec::new(), At::Record);
    let (mut row, mut line, mut quote_line, mut after_return) = (1_u64, 1_u64, 1_u64, false);
    for byte in text.bytes() {
        let is_break = byte == b'\r' || byte == b'\n';
        if byte == b'\n' && after_return {
            after_return = false;
            continue;
        }
        after_return = byte == b'\r';
        if at == At::Record && !is_break {
            numbers.push(row);
        }
        at = match (at, byte) {
            (At::Quoted, b'"') => At::QuoteInQuoted,
            (At::Quoted, _) => At::Quoted,
            (At::Record | At::Field, b'"') => {
                quote_line = line;
                At::Quoted
            }
            (At::QuoteInQuoted, b'"') => At::Quoted,
            _ if is_break => {
                row += 1;
                At::Record
            }
            _ if byte == separator => At::Field,
            _ => At::Plain,
        };
        line += u64::from(is_break);
        if row > CATALOGUE_ROWS_MAX + 1 {
            return Err(FileError::TooManyRows);
        }
    }
    if row > CATALOGUE_ROWS_MAX && at != At::Record {
        return Err(FileError::TooManyRows);
    }
    if at == At::Quoted { Err(FileError::OpenQuote { row, line: quote_line }) } else { Ok(numbers) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(u64, Vec<String>)> {
        let table = split(text).expect("a table");
        table.rows.iter().map(|row| (row.number, row.cells.iter().map(str::to_owned).collect())).collect()
    }

    #[test]
    fn rows_are_numbered_as_a_spreadsheet_does() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a,b", "\"1\n\n2\",x", "", "3,\"he said \"\"no\"\"\"", ",", "4,y"].join(end);
            let found: Vec<u64> = rows(&text).iter().map(|(number, _)| *number).collect();
            assert_eq!(found, [2, 4, 6], "{end:?}");
            assert_eq!(rows(&text)[1].1[1], "he said \"no\"");
        }
        assert_eq!(split("\n\na,b\n1,2").map(|t| (t.header_row, t.rows[0].number)), Ok((3, 4)));
    }

    #[test]
    fn the_separator_is_the_headers() {
        assert_eq!(rows("a;b;c\n1,5;2;3")[0].1, ["1,5", "2", "3"]);
        assert_eq!(rows("a\tb\n1;2\t3")[0].1, ["1;2", "3"]);
        assert_eq!(rows("\"x;y;z\",b\n1,2")[0].1, ["1", "2"], "quoted ones do not count");
    }

    #[test]
    fn an_open_quote_is_named_where_it_opens() {
        assert_eq!(split("a,b\n1,\"two\nlines\"\n2,\"open\n3,x\n").err(), Some(FileError::OpenQuote { row: 3, line: 4 }));
        assert_eq!(rows("a,b\n1,5\" pipe\n2,x").len(), 2, "a quote inside a plain cell is a letter");
    }

    #[test]
    fn nothing_is_empty_and_too_much_is_refused() {
        for text in ["", "\n\r\n", ",,\n,,", "\"\""] {
            assert_eq!(split(text).err(), Some(FileError::Empty), "{text:?}");
        }
        let full = "x\n".repeat(usize::try_from(CATALOGUE_ROWS_MAX).expect("small"));
        assert!(split(&full).is_ok());
        assert_eq!(split(&format!("{full}x")).err(), Some(FileError::TooManyRows));
        assert_eq!(split(&",".repeat(1_001).replace(',', "a,")).err(), Some(FileError::TooManyColumns));
    }
}
