//! Rows to products: the rows of one handle are one product, wherever they stand.
//!
//! It must never publish half a product: a fault in any of its rows keeps the whole of it back.

mod variant;

use std::collections::{BTreeMap, BTreeSet};

use haat_protocol::codec;
use haat_protocol::limits::{
    CATALOGUE_KEPT_MAX_BYTES, CHOICES_MAX, DESCRIPTION_MAX_CHARS, FIELD_MAX_CHARS, IMAGE_ADDRESS_MAX_CHARS, LISTING_MAX_BYTES,
    TITLE_MAX_CHARS,
};
use haat_protocol::listing::{Listing, ListingError};
use haat_protocol::money::Currency;

use super::columns::{Column, Columns};
use super::layout::Sheet;
use super::table::Row;
use super::{Kept, Product, Reading, RefusedRow, Warning, html, terms, text};

/// Addresses or tags of one listing.
const LIST_MAX: usize = CHOICES_MAX * 8;

/// The rows of one handle.
struct Group<'a> {
    handle: String,
    rows: Vec<&'a Row>,
    at_fault: bool,
}

/// What is found out on the way.
struct Reader<'a> {
    columns: &'a Columns,
    /// The currency of prices in rows that name none.
    currency: Currency,
    /// Whether descriptions may hold markup.
    has_markup: bool,
    refused: Vec<RefusedRow>,
    warnings: Vec<Warning>,
}

/// Reads all rows. Faults stand in the order of products, not yet of rows.
pub(super) fn read(sheet: Sheet, currency: Currency) -> Reading {
    let Sheet { columns, rows, refused, warnings, has_markup } = sheet;
    let mut reader = Reader { columns: &columns, currency, has_markup, refused, warnings };
    let groups = reader.group(&rows);
    let products = groups.iter().filter_map(|group| reader.product(group)).collect();
    Reading {
        products,
        refused: reader.refused,
        warnings: reader.warnings,
        spoken: columns.spoken(),
        kept: columns.kept().map(|(name, _)| name.to_owned()).collect(),
    }
}

impl<'a> Reader<'a> {
    /// The cell of a row, without spaces around it; empty when there is no such column or cell.
    fn cell<'r>(&self, row: &'r Row, column: Column) -> &'r str {
        row.cell(self.columns.place(column))
    }

    fn refuse(&mut self, row: u64, column: Column, value: &str, reason: impl ToString) {
        let column = self.columns.name(column).to_owned();
        self.refused.push(RefusedRow { row, column, value: text::cut(value), reason: reason.to_string() });
    }

    fn warn(&mut self, row: u64, column: Column, value: &str, reason: impl ToString) {
        let column = self.columns.name(column).to_owned();
        self.warnings.push(Warning { row, column, value: text::cut(value), reason: reason.to_string() });
    }

    /// Gathers the rows of each handle, in the order in which the handles first appear.
    fn group<'r>(&mut self, rows: &'r [Row]) -> Vec<Group<'r>> {
        let mut groups: Vec<Group<'r>> = Vec::new();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        let mut previous: Option<usize> = None;
        for row in rows {
            let faulty = !self.is_well_formed(row);
            let handle = text::line(self.cell(row, Column::Handle));
            if handle.is_empty() {
                if !faulty {
                    self.refuse(row.number, Column::Handle, "", "the handle is blank: it says which product the row belongs to");
                }
                // Without a title it can only continue the product above, which is not whole without it.
                if let (true, Some(at)) = (self.cell(row, Column::Title).is_empty(), previous) {
                    groups[at].at_fault = true;
                }
                continue;
            }
            let at = *places.entry(handle).or_insert_with_key(|handle| {
                groups.push(Group { handle: handle.clone(), rows: Vec::new(), at_fault: false });
                groups.len() - 1
            });
            groups[at].rows.push(row);
            groups[at].at_fault |= faulty;
            previous = Some(at);
        }
        groups
    }

    /// Whether a row has the cells of the header and no NUL in those that are read.
    fn is_well_formed(&mut self, row: &Row) -> bool {
        if let Some(fault) = &row.fault {
            self.refused.push(fault.clone());
            return false;
        }
        let (found, wanted) = (row.cells.len(), self.columns.width());
        if found != wanted {
            let column = self.columns.name_at(found.min(wanted)).to_owned();
            let value = text::cut(row.cells.get(wanted).unwrap_or_default());
            let reason = format!("the row has {found} cells, the header {wanted}: a separator or a quote is missing or too many");
            self.refused.push(RefusedRow { row: row.number, column, value, reason });
            return false;
        }
        let columns = self.columns;
        let nul = columns.known().find(|(_, at)| row.cells.get(*at).is_some_and(|cell| cell.contains('\0')));
        if let Some((column, at)) = nul {
            self.refuse(row.number, column, &row.cells[at], "the cell holds a NUL, which is no text");
        }
        nul.is_none()
    }

    /// One product; none when it is at fault or not for sale.
    fn product(&mut self, group: &Group<'_>) -> Option<Product> {
        let faults = self.refused.len();
        if !self.is_published(group) {
            return None;
        }
        let is_whole = |row: &&Row| row.fault.is_none() && row.cells.len() == self.columns.width();
        let well_formed: Vec<&Row> = group.rows.iter().copied().filter(is_whole).collect();
        let first = *well_formed.first()?;
        if group.handle.chars().count() > FIELD_MAX_CHARS {
            self.refuse(first.number, Column::Handle, &group.handle, format!("at most {FIELD_MAX_CHARS} characters are allowed"));
        }
        let title = self.title(&well_formed, first);
        let description = self.description(&well_formed);
        let tags = self.tags(&well_formed);
        let images = self.images(&well_formed);
        let currency = self.currency_of(&well_formed);
        let variants = self.variants(&well_formed, first, currency);
        let terms = self.terms(&well_formed, currency);
        if group.at_fault || self.refused.len() > faults {
            return None;
        }
        let listing = Listing {
            lineage: None,
            handle: Some(group.handle.clone()),
            title,
            description,
            currency,
            variants: variants.iter().map(|found| found.variant.clone()).collect(),
            delivery: terms.delivery,
            payment: terms.payment,
            returns: terms.returns,
            images,
            tags,
            expires: terms.expires,
        };
        if let Err(fault) = listing.check() {
            self.refuse(first.number, column_of(&fault, &listing), "", fault);
            return None;
        }
        let size = codec::encode(&listing).len();
        if size > LISTING_MAX_BYTES {
            let reason =
                format!("the product takes {size} bytes, more than {LISTING_MAX_BYTES}: shorten the description or split the product");
            self.refuse(first.number, Column::Handle, &group.handle, reason);
            return None;
        }
        let kept = self.kept(&well_formed, &variants);
        let numbers = || group.rows.iter().map(|row| row.number);
        Some(Product { listing, kept, rows: numbers().min()?..=numbers().max()? })
    }

    /// The currency that the product's rows name; without any the one the whole file is in.
    fn currency_of(&mut self, rows: &[&Row]) -> Currency {
        let mut named: Option<Currency> = None;
        for row in rows {
            let cell = self.cell(row, Column::Currency);
            if cell.is_empty() {
                continue;
            }
            match (cell.parse::<Currency>(), named) {
                (Ok(currency), Some(first)) if currency != first => {
                    self.refuse(row.number, Column::Currency, cell, format!("an earlier row of this product is in {}", first.code()));
                }
                (Ok(currency), _) => named = Some(currency),
                (Err(fault), _) => self.refuse(row.number, Column::Currency, cell, fault),
            }
        }
        named.unwrap_or(self.currency)
    }

    /// Delivery, payment, returns and expiry, each from the first row that says it.
    fn terms(&mut self, rows: &[&Row], currency: Currency) -> terms::Terms {
        let mut terms = terms::Terms::default();
        for column in [Column::Delivery, Column::Payment, Column::Returns, Column::Expires] {
            let Some(row) = rows.iter().find(|row| !self.cell(row, column).is_empty()) else { continue };
            let cell = self.cell(row, column);
            if let Err(fault) = terms.read(column, cell, currency) {
                self.refuse(row.number, column, cell, fault);
            }
        }
        terms
    }

    /// What else stands in the rows, by the code of the variant they say, or the picture they add.
    fn kept(&mut self, rows: &[&Row], variants: &[variant::Found<'_>]) -> Kept {
        let mut kept = Kept::default();
        let mut is_whole = true;
        for row in rows {
            let cells = self.columns.kept().filter_map(|(name, at)| Some((name, row.cells.get(at)?)));
            let cells: Vec<(String, String)> =
                cells.filter(|(_, cell)| !cell.is_empty()).map(|(name, cell)| (name.to_owned(), cell.to_owned())).collect();
            let variant = variants.iter().find(|found| std::ptr::eq(found.row, *row)).map(|found| found.variant.sku.as_str());
            let addresses = [Column::Image, Column::Images].map(|column| self.cell(row, column));
            let picture = addresses.into_iter().find(|cell| row.is_variant && !cell.is_empty());
            is_whole &= kept.add(variant, picture.unwrap_or_default(), cells);
        }
        if let Some(first) = variants.first() {
            kept.settle(&first.variant.sku);
        }
        if let (false, Some(row)) = (is_whole, rows.first()) {
            let reason = format!("of the columns that are only kept, no more than {CATALOGUE_KEPT_MAX_BYTES} bytes of a product are");
            self.warn(row.number, Column::Handle, self.cell(row, Column::Handle), reason);
        }
        kept
    }

    /// Whether a product may be for sale, by its first words about it. A value that is neither yes nor no is refused.
    fn is_published(&mut self, group: &Group<'_>) -> bool {
        let columns = [
            (Column::Published, &["true"][..], &["false"][..], "write TRUE or FALSE"),
            (Column::Status, &["active"][..], &["draft", "archived", "unlisted"][..], "write active, draft or archived"),
        ];
        for (column, yes, no, advice) in columns {
            let said = group.rows.iter().find(|row| !self.cell(row, column).is_empty());
            let Some((row, value)) = said.map(|row| (row.number, self.cell(row, column))) else { continue };
            let word = value.to_lowercase();
            if no.contains(&word.as_str()) {
                self.warn(row, column, value, "left out: not published in the file");
                return false;
            }
            if !yes.contains(&word.as_str()) {
                self.refuse(row, column, value, advice);
            }
        }
        true
    }

    fn title(&mut self, rows: &[&Row], first: &Row) -> String {
        let mut title = String::new();
        for row in rows {
            let found = text::line(self.cell(row, Column::Title));
            if found.is_empty() || found == title {
                continue;
            }
            if !title.is_empty() {
                self.warn(row.number, Column::Title, &found, "passed over: an earlier row of this handle has another title");
                continue;
            }
            if found.chars().count() > TITLE_MAX_CHARS {
                self.refuse(row.number, Column::Title, &found, format!("at most {TITLE_MAX_CHARS} characters are allowed"));
            }
            title = found;
        }
        if title.is_empty() {
            self.refuse(first.number, Column::Title, "", "no row of this handle has a title");
        }
        title
    }

    fn description(&mut self, rows: &[&Row]) -> String {
        let Some(row) = rows.iter().find(|row| !self.cell(row, Column::Description).is_empty()) else { return String::new() };
        let cell = self.cell(row, Column::Description);
        let plain = if self.has_markup { html::plain(cell) } else { Ok(text::lines(cell)) };
        match plain {
            Ok(plain) if plain.chars().count() > DESCRIPTION_MAX_CHARS => {
                let reason = format!("{} characters without markup, at most {DESCRIPTION_MAX_CHARS} are allowed", plain.chars().count());
                self.refuse(row.number, Column::Description, cell, reason);
            }
            Ok(plain) => return plain,
            Err(fault) => self.refuse(row.number, Column::Description, cell, fault),
        }
        String::new()
    }

    fn tags(&mut self, rows: &[&Row]) -> Vec<String> {
        let Some(row) = rows.iter().find(|row| !self.cell(row, Column::Tags).is_empty()) else { return Vec::new() };
        let cell = self.cell(row, Column::Tags);
        let mut seen = BTreeSet::new();
        let names = if self.has_markup { cell.split(',').map(str::to_owned).collect() } else { text::comma_separated(cell) };
        let tags: Vec<String> = names.iter().map(|tag| text::line(tag)).filter(|tag| !tag.is_empty() && seen.insert(tag.clone())).collect();
        if let Some(long) = tags.iter().find(|tag| tag.chars().count() > FIELD_MAX_CHARS) {
            self.refuse(row.number, Column::Tags, long, format!("a tag has at most {FIELD_MAX_CHARS} characters"));
        }
        if tags.len() > LIST_MAX {
            self.refuse(row.number, Column::Tags, cell, format!("{} tags, at most {LIST_MAX} are allowed", tags.len()));
        }
        tags
    }

    /// Addresses of pictures, each once. They stay text: nothing here or later asks for them.
    fn images(&mut self, rows: &[&Row]) -> Vec<String> {
        let mut images: Vec<String> = Vec::new();
        let mut seen = BTreeSet::new();
        let columns = [Column::Image, Column::Images, Column::VariantImage];
        let cells = rows.iter().flat_map(|row| columns.map(|column| (row, column)));
        let addresses = cells.flat_map(|(row, column)| {
            let cell = self.cell(row, column);
            let several = || cell.split_whitespace().map(|address| address.trim_end_matches(',').to_owned()).collect();
            let found: Vec<String> = if column == Column::Images { several() } else { vec![text::line(cell)] };
            found.into_iter().map(move |address| (row, column, address))
        });
        for (row, column, address) in addresses.collect::<Vec<_>>() {
            if address.is_empty() || seen.contains(&address) {
                continue;
            }
            let is_web = ["http://", "https://"].iter().any(|scheme| {
                address.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)) && address.len() > scheme.len()
            });
            if !is_web || address.chars().count() > IMAGE_ADDRESS_MAX_CHARS || address.contains(' ') {
                let reason =
                    format!("left out: an address begins with https://, has no spaces and at most {IMAGE_ADDRESS_MAX_CHARS} characters");
                self.warn(row.number, column, &address, reason);
                continue;
            }
            if images.len() == LIST_MAX {
                self.refuse(row.number, column, &address, format!("at most {LIST_MAX} pictures are allowed"));
                break;
            }
            seen.insert(address.clone());
            images.push(address);
        }
        images
    }
}

/// The column that a broken rule of listings speaks of.
fn column_of(fault: &ListingError, listing: &Listing) -> Column {
    match fault {
        ListingError::Title => Column::Title,
        ListingError::Description => Column::Description,
        ListingError::Ambiguous(_) | ListingError::Field("sku") => Column::Sku,
        ListingError::Price => Column::Price,
        ListingError::Field("option name") => Column::OptionName(0),
        ListingError::Field("option value") => Column::OptionValue(0),
        ListingError::Field("method" | "instructions") => Column::Payment,
        ListingError::Field("place" | "zone") => Column::Delivery,
        ListingError::Choices(_) if listing.tags.len() > LIST_MAX => Column::Tags,
        ListingError::Choices(_) => Column::Image,
        ListingError::Variants | ListingError::Field(_) | ListingError::Returns => Column::Handle,
    }
}
