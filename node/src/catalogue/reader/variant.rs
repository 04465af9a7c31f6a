//! The rows of one product to its variants. It must never guess at a price or a number: a text that could be read two ways is refused.

use std::collections::BTreeMap;

use haat_protocol::limits::{FIELD_MAX_CHARS, INTEGER_MAX, REPORTED_VALUE_MAX_CHARS, VARIANTS_MAX};
use haat_protocol::listing::{Stock, Variant};
use haat_protocol::money::{Currency, Money};

use super::super::columns::{AXES, Column};
use super::super::table::Row;
use super::super::text;
use super::Reader;

/// How Shopify writes that a product does not vary.
const NO_OPTION: (&str, &str) = ("title", "default title");

/// How people write that something is not counted.
const UNCOUNTED: &str = "uncounted";

/// A variant and the row it stands in.
pub(super) struct Found<'r> {
    pub(super) row: &'r Row,
    pub(super) variant: Variant,
}

impl Reader<'_> {
    /// The variants of a product's rows. Rows with nothing but a picture are none.
    pub(super) fn variants<'r>(&mut self, rows: &[&'r Row], first: &Row, currency: Currency) -> Vec<Found<'r>> {
        let names = self.option_names(rows);
        let mut found: Vec<Found<'r>> = Vec::new();
        for row in rows {
            if !row.is_variant || self.is_image_only(row, row.number == first.number) {
                continue;
            }
            if found.len() == VARIANTS_MAX {
                let handle = self.cell(row, Column::Handle);
                self.refuse(row.number, Column::Handle, handle, format!("a product has at most {VARIANTS_MAX} variants"));
                break;
            }
            if let Some(variant) = self.variant(row, &names, currency) {
                found.push(Found { row, variant });
            }
        }
        self.name_without_sku(&mut found);
        self.refuse_twins(&found);
        found
    }

    /// Whether a row only adds a picture to its product.
    fn is_image_only(&self, row: &Row, is_first: bool) -> bool {
        let blank = |column| self.cell(row, column).is_empty();
        let varies = (0..AXES).any(|axis| !blank(Column::OptionValue(axis)));
        let priced = [Column::Sku, Column::Price, Column::Quantity].into_iter().any(|column| !blank(column));
        let has_picture = !blank(Column::Image) || !blank(Column::Images);
        !varies && !priced && has_picture && (blank(Column::Title) || !is_first)
    }

    /// The option names of a product: written once, they hold for all its rows.
    fn option_names(&mut self, rows: &[&Row]) -> [String; AXES] {
        std::array::from_fn(|axis| {
            let column = Column::OptionName(axis);
            let mut name = String::new();
            for row in rows {
                let written = text::line(self.cell(row, column));
                if written.is_empty() || written == name {
                    continue;
                }
                if !name.is_empty() {
                    self.refuse(
                        row.number,
                        column,
                        &written,
                        format!("an earlier row of this handle calls the option {:?}", text::cut(&name)),
                    );
                } else if written.chars().count() > FIELD_MAX_CHARS {
                    self.refuse(row.number, column, &written, format!("at most {FIELD_MAX_CHARS} characters are allowed"));
                }
                if name.is_empty() {
                    name = written;
                }
            }
            name
        })
    }

    /// One row's variant; none when something in it is refused.
    fn variant(&mut self, row: &Row, names: &[String; AXES], currency: Currency) -> Option<Variant> {
        let sku = text::line(self.cell(row, Column::Sku));
        let short = sku.chars().count() <= FIELD_MAX_CHARS;
        if !short {
            self.refuse(row.number, Column::Sku, &sku, format!("at most {FIELD_MAX_CHARS} characters are allowed"));
        }
        let options = self.options(row, names);
        let price = self.price(row, currency);
        let stock = self.stock(row);
        let variant = Variant { sku, options: options?, price: price?, stock: stock? };
        short.then_some(variant)
    }

    fn options(&mut self, row: &Row, names: &[String; AXES]) -> Option<Vec<(String, String)>> {
        let mut options = Vec::new();
        let mut whole = true;
        for (axis, name) in names.iter().enumerate() {
            let value = text::line(self.cell(row, Column::OptionValue(axis)));
            let is_no_option = value.to_lowercase() == NO_OPTION.1 && (name.is_empty() || name.to_lowercase() == NO_OPTION.0);
            let fault = match (name.is_empty(), value.is_empty()) {
                (true, true) => continue,
                _ if is_no_option => continue,
                (true, false) => {
                    Some((Column::OptionName(axis), "the option has a value here but no row of this handle names it".to_owned()))
                }
                (false, true) if name.to_lowercase() == NO_OPTION.0 => continue,
                (false, true) => Some((Column::OptionValue(axis), format!("the value of the option {:?} is missing", text::cut(name)))),
                (false, false) if value.chars().count() > FIELD_MAX_CHARS => {
                    Some((Column::OptionValue(axis), format!("at most {FIELD_MAX_CHARS} characters are allowed")))
                }
                (false, false) => None,
            };
            match fault {
                Some((column, reason)) => {
                    self.refuse(row.number, column, &value, reason);
                    whole = false;
                }
                None => options.push((name.clone(), value)),
            }
        }
        whole.then_some(options)
    }

    fn price(&mut self, row: &Row, currency: Currency) -> Option<Money> {
        let cell = self.cell(row, Column::Price);
        let exponent = currency.exponent();
        let reason = if cell.is_empty() {
            "the price is missing: every variant has one".to_owned()
        } else if cell.len() > REPORTED_VALUE_MAX_CHARS {
            "this is not an amount: write it as 39.00".to_owned()
        } else if exponent < 3 && may_be_thousands(cell) {
            "this may mean thousands or decimals: write 1234.50 for one thousand two hundred thirty-four and a half".to_owned()
        } else {
            match Money::parse(cell, currency) {
                Ok(price) => return Some(price),
                Err(fault) if cell.contains(',') => format!("{fault}; commas are not read"),
                Err(fault) => fault.to_string(),
            }
        };
        self.refuse(row.number, Column::Price, cell, reason);
        None
    }

    /// How many there are; nothing at all when the cell is refused.
    fn stock(&mut self, row: &Row) -> Option<Stock> {
        let cell = self.cell(row, Column::Quantity);
        let counted = !self.columns.has(Column::Tracker) || !self.cell(row, Column::Tracker).is_empty();
        if cell.is_empty() || cell == UNCOUNTED {
            return Some(Stock::Uncounted);
        }
        let (negative, digits) = cell.strip_prefix('-').map_or((false, cell), |digits| (true, digits));
        let number = if digits.bytes().all(|b| b.is_ascii_digit()) { digits.parse().ok().filter(|n: &u64| *n < INTEGER_MAX) } else { None };
        let Some(number) = number else {
            self.refuse(
                row.number,
                Column::Quantity,
                cell,
                "not a number of things: write digits only, or leave the cell blank when not counted",
            );
            return None;
        };
        if !counted {
            if number > 0 {
                self.warn(row.number, Column::Quantity, cell, "not counted, since the inventory tracker is blank");
            }
            return Some(Stock::Uncounted);
        }
        if negative && number > 0 {
            self.warn(row.number, Column::Quantity, cell, "read as 0: more were sold than there were");
            return Some(Stock::Counted(0));
        }
        let policy = self.cell(row, Column::Policy);
        if ["continue", "true"].iter().any(|word| policy.eq_ignore_ascii_case(word)) {
            self.warn(
                row.number,
                Column::Policy,
                policy,
                "passed over: nobody can order more than is in stock; leave the stock blank to sell uncounted",
            );
        }
        Some(Stock::Counted(number))
    }

    /// Several variants need codes: without one, the values of the options name the variant.
    fn name_without_sku(&mut self, found: &mut [Found<'_>]) {
        if found.len() < 2 {
            return;
        }
        for Found { row, variant } in found.iter_mut().filter(|found| found.variant.sku.is_empty()) {
            let values: Vec<&str> = variant.options.iter().map(|(_, value)| value.as_str()).collect();
            let sku = values.join("/");
            if sku.is_empty() || sku.chars().count() > FIELD_MAX_CHARS {
                self.refuse(row.number, Column::Sku, "", "one of several variants needs a SKU, or short options to be named by");
            } else {
                self.warn(
                    row.number,
                    Column::Sku,
                    "",
                    format!("the variant has no SKU and is named {:?} after its options", text::cut(&sku)),
                );
            }
            variant.sku = sku;
        }
    }

    fn refuse_twins(&mut self, found: &[Found<'_>]) {
        let mut skus: BTreeMap<&str, u64> = BTreeMap::new();
        let mut options: BTreeMap<&[(String, String)], u64> = BTreeMap::new();
        for Found { row, variant } in found {
            if variant.sku.is_empty() {
                continue;
            }
            if let Some(earlier) = skus.insert(&variant.sku, row.number) {
                self.refuse(row.number, Column::Sku, &variant.sku, format!("row {earlier} has the same SKU in this product"));
            }
            if variant.options.is_empty() {
                continue;
            }
            if let Some(earlier) = options.insert(&variant.options, row.number) {
                let value = &variant.options[0].1;
                self.refuse(row.number, Column::OptionValue(0), value, format!("row {earlier} has the same options in this product"));
            }
        }
    }
}

/// Whether an amount has a point before exactly three digits, as thousands are written in many places.
fn may_be_thousands(text: &str) -> bool {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    digits.rsplit_once('.').is_some_and(|(_, part)| part.len() == 3)
}
