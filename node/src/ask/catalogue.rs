//! A shop's listings as a file, with what is kept beside them for the seller.

use haat_protocol::body::Body;
use haat_protocol::id::{EntryId, SpaceId};
use haat_protocol::listing::Listing;
use haat_protocol::local::Problem;
use haat_protocol::local::done::CatalogueText;
use serde_json::{Value, json};

use super::Ask;
use crate::catalogue::{self, Export, Kept};
use crate::store::Table;
use crate::view::{self, shelf};

impl Ask<'_, '_> {
    /// The file of a shop of this person's.
    pub(super) fn catalogue(&self, shop: &SpaceId, format: &str) -> Result<Value, Problem> {
        let export = match format {
            "haat" => Export::Haat,
            "json" => Export::Json,
            "shopify" => Export::Shopify,
            _ => {
                let detail = format!("{format:?} is no layout that is written");
                return Err(Problem::usage("bad-format", "nothing is exported", detail).hint("haat, json or shopify"));
            }
        };
        let keeper = shelf::shop(self.tx, shop).map(|shop| shop.keeper);
        if keeper != Some(self.me.id()) {
            return Err(Problem::refused("not-yours", "nothing is exported", "the shop is somebody else's"));
        }
        let mut listings: Vec<(EntryId, Listing, Kept)> =
            shelf::listings(self.tx, shop).into_iter().filter_map(|lineage| self.exported(lineage)).collect();
        listings.sort_by(|(a_id, a, _), (b_id, b, _)| (&a.handle, &a.title, a_id).cmp(&(&b.handle, &b.title, b_id)));
        let text =
            catalogue::write(&listings, export).map_err(|fault| Problem::refused("no-room", "nothing is exported", fault.to_string()))?;
        Ok(json!(CatalogueText { shop: *shop, format: format.to_owned(), text }))
    }

    /// A listing that is on the shelf, as it was published.
    fn exported(&self, lineage: EntryId) -> Option<(EntryId, Listing, Kept)> {
        let version = shelf::row(self.tx, &lineage).filter(|row| !row.is_withdrawn())?.current()?;
        let Some(Body::Listing(listing)) = view::body(self.tx, &version) else { return None };
        Some((lineage, listing, self.tx.load(Table::Catalogue, &lineage.0).unwrap_or_default()))
    }
}
