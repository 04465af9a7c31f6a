//! `haat listing edit`: a listing, or all of a shop that fit, say something anew; before many are changed at a terminal, it asks.

use clap::Args;
use haat_protocol::local::{Command, EditReport, ListingEdit};

use crate::context::{Context, parsed};
use crate::error::Failure;
use crate::say::say;
use crate::{ask, diff, text};

/// Change a listing, or all listings of a shop that fit: what is not given stays as it is
///
/// What was published before stays in your log for good; `haat shop undo` says again what stood before an edit.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  haat listing edit 'Green tea' --price 41.00 --stock 12
  haat listing edit 'Green tea' --sku GT-100 --price 8.50 --dry-run
  haat listing edit --shop Hill --match tea --price +5%
  haat listing edit --shop Hill --tag-is clay --price=-0.50 --yes")]
pub(crate) struct Edit {
    /// Title or id of the listing
    #[arg(required_unless_present = "shop", conflicts_with_all = ["shop", "matching", "tag_is"])]
    listing: Option<String>,
    /// All listings of this shop
    #[arg(long)]
    shop: Option<String>,
    /// With --shop: only those whose title contains this
    #[arg(long = "match", value_name = "TEXT", requires = "shop")]
    matching: Option<String>,
    /// With --shop: only those with this tag
    #[arg(long, value_name = "TAG", requires = "shop")]
    tag_is: Option<String>,
    /// Title, 1 to 140 characters
    #[arg(long, conflicts_with = "shop")]
    title: Option<String>,
    /// Plain text; empty takes it away
    #[arg(long)]
    description: Option<String>,
    /// Price of one, as in 39.00, or a change of it: +5%, -10%, +1.50, -0.50
    #[arg(long, allow_hyphen_values = true)]
    price: Option<String>,
    /// How many lie there, or the word uncounted
    #[arg(long, value_name = "N")]
    stock: Option<String>,
    /// Of which variant; needed when there are several, but for a change of all their prices
    #[arg(long)]
    sku: Option<String>,
    /// A place where buyers may collect; all ways to get it are said anew
    #[arg(long, value_name = "PLACE")]
    pickup: Vec<String>,
    /// Where you send to, and for how much; all ways to get it are said anew
    #[arg(long, value_name = "ZONE=PRICE")]
    ship: Vec<String>,
    /// It is a file
    #[arg(long)]
    digital: bool,
    /// What happens when a buyer sends it back; empty = as the shop says
    #[arg(long, value_name = "TEXT")]
    returns: Option<String>,
    /// After this nobody may order it: a date, an instant, a span such as 30d, or never
    #[arg(long, value_name = "WHEN")]
    expires: Option<String>,
    /// A tag; all tags are said anew, and an empty one takes them away
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Only tell what would change
    #[arg(long)]
    dry_run: bool,
    /// Do not ask before many are changed
    #[arg(long)]
    yes: bool,
}

impl Edit {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        let (is_dry, asks) = (self.dry_run, self.shop.is_some() && !self.yes && !self.dry_run && !cx.json);
        let edit = ListingEdit {
            listing: self.listing,
            shop: self.shop,
            matching: self.matching,
            tag_is: self.tag_is,
            title: self.title,
            description: self.description,
            price: self.price,
            stock: self.stock,
            sku: self.sku,
            pickup: self.pickup,
            ship: self.ship,
            digital: self.digital,
            returns: self.returns,
            expires: self.expires,
            tags: self.tag,
            dry_run: self.dry_run,
        };
        if asks && ask::is_possible() {
            let preview = cx.preview(&Command::ListingEdit(Box::new(ListingEdit { dry_run: true, ..edit.clone() })))?;
            let report: EditReport = parsed(preview.clone())?;
            cx.answer(preview, |report: EditReport| told(report, true))?;
            if report.changes.is_empty() || !ask::yes(&say!("ask-publish"))? {
                return Ok(());
            }
        }
        cx.answer(cx.call(&Command::ListingEdit(Box::new(edit)))?, |report| told(report, is_dry))
    }
}

fn told(report: EditReport, is_dry: bool) -> String {
    let sentence = match (&report.listings, &report.version) {
        (Some(listings), _) if listings.is_empty() => say!("all-say-so"),
        (None, _) if report.changes.is_empty() => say!("listing-says-so"),
        (Some(listings), _) if is_dry => say!("would-change-listings", count = listings.len()),
        (Some(listings), _) => say!("changed-listings", count = listings.len()),
        (None, _) if is_dry => say!("would-change"),
        (None, version) => say!("changed-version", id = text::short(version.as_deref().unwrap_or_default())),
    };
    diff::under(sentence, report.changes)
}
