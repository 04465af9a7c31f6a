//! `haat listing`: what is for sale, one by one or from a catalogue file.

mod edit;
mod export;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use data_encoding::BASE64;
use haat_protocol::limits::CATALOGUE_MAX_BYTES;
use haat_protocol::listing::{Delivery, Payment, Stock, Timing};
use haat_protocol::local::{Command, ImportReport, ListingRow, NewListing, Question, VariantRow};
use serde_json::Value;

use crate::context::{Context, field};
use crate::error::Failure;
use crate::fold::fitted;
use crate::say::{say, word};
use crate::window::Part;
use crate::{diff, input, output, table, text};

/// What is for sale
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  haat listing add --shop Hill --title 'Green tea' --price 39.00 --stock 12
  haat listing import products.csv --shop Hill --dry-run
  haat listing export --shop Hill > hill.csv
  haat listing list --circle 'Lane 12'
  haat listing edit 'Green tea' --price 41.00 --dry-run
  haat listing edit --shop Hill --tag-is spring --price -10%
  haat listing stock 'Green tea' 20
  haat listing withdraw 'Green tea'")]
pub(crate) enum Listing {
    Add(Add),
    Import(Import),
    Export(export::Export),
    /// Listings you can see
    #[command(visible_alias = "ls")]
    List {
        /// Only those shared into this circle
        #[arg(long)]
        circle: Option<String>,
        /// Only those of this shop
        #[arg(long)]
        shop: Option<String>,
        #[command(flatten)]
        part: Part,
    },
    /// One listing with its variants and terms
    #[command(after_help = "Example:\n  haat listing show 'Green tea'")]
    Show {
        /// Title or id of the listing
        listing: String,
    },
    Edit(Box<edit::Edit>),
    Stock(Count),
    /// Take a listing off the shelf
    Withdraw {
        /// Title or id of the listing
        listing: String,
    },
}

/// Add one listing
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// Into which shop
    #[arg(long)]
    shop: String,
    /// Title, 1 to 140 characters
    #[arg(long)]
    title: String,
    /// Price of one, as in 39.00
    #[arg(long)]
    price: String,
    /// Plain text
    #[arg(long)]
    description: Option<String>,
    /// How many there are; not counted unless given
    #[arg(long, value_name = "N", default_value = "uncounted", hide_default_value = true)]
    stock: Stock,
    /// Your own code for it
    #[arg(long)]
    sku: Option<String>,
    /// A place where buyers may collect; the shop's unless given
    #[arg(long, value_name = "PLACE")]
    pickup: Vec<String>,
    /// Where you send to, and for how much; the shop's unless given
    #[arg(long, value_name = "ZONE=PRICE")]
    ship: Vec<String>,
    /// It is a file
    #[arg(long)]
    digital: bool,
    /// After this nobody may order it: a date, an instant, or a span such as 30d
    #[arg(long, value_name = "WHEN")]
    expires: Option<String>,
}

/// Say how many there are now; what is set aside for orders counts as there
#[derive(Debug, Args)]
pub(crate) struct Count {
    /// Title or id of the listing
    listing: String,
    /// Which variant; needed when there are several
    #[arg(long)]
    sku: Option<String>,
    /// How many lie there, or the word uncounted
    #[arg(value_name = "N")]
    stock: Stock,
}

/// Take in a catalogue file; the same file again changes nothing
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The file; - for standard input
    file: PathBuf,
    /// Into which shop
    #[arg(long)]
    shop: String,
    /// How the file is written
    #[arg(long, default_value = "auto")]
    format: Format,
    /// Currency of the prices, where the file does not say it; the shop's unless given
    #[arg(long, value_name = "CUR")]
    currency: Option<String>,
    /// How its text is encoded, such as gbk, big5 or windows-1252; found out unless given
    #[arg(long, value_name = "NAME")]
    encoding: Option<String>,
    /// Only tell what would change
    #[arg(long)]
    dry_run: bool,
    /// Take the good rows although others are refused
    #[arg(long)]
    partial: bool,
}

/// How a catalogue file is written.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    Auto,
    Haat,
    Shopify,
    Woocommerce,
    Etsy,
    Google,
    /// Products of schema.org in JSON-LD
    #[value(alias = "jsonld")]
    Schema,
}

impl Format {
    /// The word for it in the local API.
    pub(crate) fn text(self) -> String {
        self.to_possible_value().map(|format| format.get_name().to_owned()).unwrap_or_default()
    }
}

impl Listing {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        match self {
            Self::Add(add) => add.run(cx),
            Self::Import(import) => import.run(cx),
            Self::Edit(edit) => edit.run(cx),
            Self::Export(export) => export.run(cx),
            Self::List { circle, shop, part } => cx.page(cx.ask(&Question::Listings { circle, shop, window: part.into() })?, listed),
            Self::Show { listing } => {
                let value = cx.ask(&Question::Listing { listing: listing.clone() })?;
                cx.answer(value, shown)?;
                cx.next(&format!("haat order offer {}", text::quoted(&listing)));
                Ok(())
            }
            Self::Stock(Count { listing, sku, stock }) => cx.answer(cx.call(&Command::ListingStock { listing, sku, stock })?, shown),
            Self::Withdraw { listing } => cx.answer(cx.call(&Command::ListingWithdraw { listing })?, |_: Value| say!("listing-withdrawn")),
        }
    }
}

impl Add {
    fn run(self, cx: &Context) -> Result<(), Failure> {
        let shop = self.shop.clone();
        let listing = NewListing {
            shop: self.shop,
            title: self.title,
            price: self.price,
            description: self.description,
            stock: self.stock,
            sku: self.sku,
            pickup: self.pickup,
            ship: self.ship,
            digital: self.digital,
            expires: self.expires,
        };
        cx.answer(cx.call(&Command::ListingAdd(listing))?, |v: Value| say!("listed", id = text::short(field(&v, "listing"))))?;
        cx.next(&format!("haat shop share {} --circle CIRCLE", text::quoted(&shop)));
        Ok(())
    }
}

impl Import {
    fn run(self, cx: &Context) -> Result<(), Failure> {
        let command = Command::ListingImport {
            shop: self.shop.clone(),
            data: BASE64.encode(&input::read(&self.file, CATALOGUE_MAX_BYTES)?),
            format: Some(self.format.text()),
            encoding: self.encoding,
            currency: self.currency,
            dry_run: self.dry_run,
            partial: self.partial,
        };
        cx.answer(cx.publish(&self.shop, command)?, |report| imported(report, self.dry_run))
    }
}

/// What an import did, or would do.
pub(crate) fn imported(report: ImportReport, is_dry: bool) -> String {
    let (created, updated, unchanged) = (report.created.len(), report.updated.len(), report.unchanged.len());
    let mut counts = vec![say!("import-done", created = created, updated = updated, unchanged = unchanged)];
    if !report.refused.is_empty() {
        counts.push(say!("import-refused", count = report.refused.len()));
    }
    let counts = counts.join(&say!("list-comma"));
    let mut parts = vec![if is_dry { say!("import-would", counts = counts) } else { say!("import-did", counts = counts) }];
    if is_dry && !report.changes.is_empty() {
        parts.push(diff::drawn(report.changes));
    }
    for (heading, rows) in [(say!("import-refused-rows"), report.refused), (say!("import-look-at"), report.warnings)] {
        if !rows.is_empty() {
            let rows = rows.into_iter().map(|r| [r.row.to_string(), r.column, text::shortened(&r.value, 40), r.reason]);
            parts.push(format!("{heading}\n{}", table::table(["row", "column", "value", "why"], rows.collect(), "")));
        }
    }
    parts.join("\n")
}

/// The price, or from the lowest price.
fn price_words(variants: &[VariantRow]) -> String {
    let lowest = variants.iter().map(|v| v.price).min();
    let is_one = variants.iter().all(|v| Some(v.price) == lowest);
    lowest.map_or_else(String::new, |price| if is_one { price.to_string() } else { say!("price-from", price = price.to_string()) })
}

fn listed(listings: Vec<ListingRow>) -> String {
    let rows = listings.into_iter().map(|l| {
        // Stocks are what a seller claims; their sum has to fit all the same.
        let stock = Stock::from(l.variants.iter().try_fold(0_u64, |sum, v| Some(sum.saturating_add(v.stock.number()?))));
        [l.title, price_words(&l.variants), stock.to_string(), l.seller.name, word(&l.state), l.listing.short()]
    });
    table::table(["title", "price", "stock", "seller", "state", "listing"], rows.collect(), &say!("nothing-for-sale"))
}

fn shown(l: ListingRow) -> String {
    let mut rows = vec![
        [word("listing"), l.listing.short()],
        [word("seller"), l.seller.name],
        [word("state"), word(&l.state)],
        [word("returns"), l.returns],
    ];
    rows.extend(l.delivery.iter().map(|d| [word("delivery"), delivery_words(d)]));
    rows.extend(l.payment.iter().map(|p| [word("payment"), payment_words(p)]));
    if !l.tags.is_empty() {
        rows.push([word("tags"), l.tags.join(", ")]);
    }
    let variants = l.variants.into_iter().map(|v| {
        let options: Vec<String> = v.options.into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
        [v.sku, options.join(", "), v.price.to_string(), v.stock.to_string()]
    });
    let variants = table::table(["sku", "options", "price", "stock"], variants.collect(), "");
    let description = if l.description.is_empty() { String::new() } else { format!("{}\n\n", fitted(&l.description)) };
    format!("{}\n{description}{}\n\n{variants}", output::bold(&fitted(&text::one_line(&l.title))), table::pairs(rows))
}

/// A way of delivery, in words.
pub(crate) fn delivery_words(delivery: &Delivery) -> String {
    match delivery {
        Delivery::Pickup { place } => say!("delivery-pickup", place = place),
        Delivery::Ship { zone, price } => say!("delivery-ship", zone = zone, price = price.to_string()),
        Delivery::Digital {} => say!("delivery-digital"),
    }
}

/// A way of payment, in words.
pub(crate) fn payment_words(payment: &Payment) -> String {
    let due = match payment.timing {
        Timing::Before => say!("pay-before", method = word(&payment.method)),
        Timing::OnDelivery => say!("pay-on-delivery", method = word(&payment.method)),
        Timing::After => say!("pay-after", method = word(&payment.method)),
    };
    payment.instructions.as_ref().map_or(due.clone(), |text| format!("{due}: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use haat_protocol::local::{ImportChange, ImportRow};
    use haat_protocol::money::Money;

    #[test]
    fn one_price_or_the_lowest() {
        let variant = |minor, code: &str| VariantRow {
            sku: String::new(),
            options: vec![],
            price: Money { minor, currency: code.parse().expect("a currency") },
            stock: Stock::Uncounted,
        };
        assert_eq!(price_words(&[variant(820, "CNY"), variant(450, "CNY")]), "from 4.50 CNY");
        assert_eq!(price_words(&[variant(820, "JPY"), variant(820, "JPY")]), "820 JPY");
        assert_eq!(price_words(&[]), "");
    }

    #[test]
    fn states_of_listings_are_words_of_every_language() {
        for state in ["listed", "expired"] {
            assert_ne!(crate::say::Language::Chinese.word(state), state);
        }
    }

    #[test]
    fn an_import_is_told_with_what_was_refused_and_what_would_change() {
        let row = ImportRow { row: 3, column: "Price".into(), value: "1,50".into(), reason: "not an amount".into() };
        let change = ImportChange { title: "茶".into(), field: "price".into(), before: "4.50 CNY".into(), after: "5.00 CNY".into() };
        let report =
            ImportReport { created: vec!["a".into(), "b".into()], refused: vec![row], changes: vec![change], ..ImportReport::default() };
        let wet = imported(report.clone(), false);
        assert!(
            wet.starts_with("2 created, 0 updated, 0 unchanged, 1 refused.") && wet.contains("not an amount") && !wet.contains("5.00"),
            "{wet}"
        );
        assert!(imported(report, true).contains("5.00 CNY"));
    }
}
