//! Editing: a listing, or all listings of a shop that fit, say something anew. All of it is published, or nothing.

use haat_protocol::id::{EntryId, SpaceId};
use haat_protocol::listing::{Listing, Stock};
use haat_protocol::local::{EditReport, ListingEdit, Problem, ProblemKind};
use serde_json::{Value, json};

use super::super::work::Work;
use super::count::{not_the_desk, variant};
use super::import::change;
use super::price::Price;
use super::undo::{Touched, What};
use super::words::{instant, ways, wrong};
use super::{check_listing, not_yours};
use crate::catalogue::{self, FieldChange, Plan};
use crate::fact::Fact;
use crate::view::{self, shelf, stock};
use crate::{intake, name};

/// The word for no expiry.
const NEVER: &str = "never";

/// A listing as it would say it.
struct Edited {
    after: Listing,
    /// Variants that are counted anew.
    counted: Vec<String>,
    changes: Vec<FieldChange>,
    is_same: bool,
}

impl Work<'_, '_> {
    /// Edits a listing, or all of a shop that fit.
    pub(in crate::engine) fn listing_edit(&mut self, edit: &ListingEdit) -> Result<Value, Problem> {
        check_words(edit)?;
        match (&edit.listing, &edit.shop) {
            (Some(listing), None) => self.edit_one(listing, edit),
            (None, Some(shop)) => self.edit_many(shop, edit),
            _ => Err(bad_edit("either one listing is named, or a shop")),
        }
    }

    fn edit_one(&mut self, named: &str, edit: &ListingEdit) -> Result<Value, Problem> {
        let lineage = name::listing(&self.tx, self.me, named)?;
        let missing = || Problem::not_found("listing", named);
        let row = shelf::row(&self.tx, &lineage).ok_or_else(missing)?;
        if shelf::shop(&self.tx, &row.shop).is_none_or(|shop| shop.keeper != self.me.id()) {
            return Err(not_yours("the listing"));
        }
        if row.is_withdrawn() {
            return Err(Problem::refused("withdrawn", "nothing is changed", "the listing was taken off the shelf"));
        }
        let version = row.current().ok_or_else(missing)?;
        let Some(haat_protocol::body::Body::Listing(before)) = view::body(&self.tx, &version) else { return Err(missing()) };
        let edited = self.edited(&(lineage, version, before), edit)?;
        let (made, changes) = self.publish_edits(row.shop, vec![edited], edit.dry_run)?;
        let version = made.first().map_or(version, |touched| touched.after);
        let (listing, version) = (Some(lineage.to_string()), Some(version.to_string()));
        Ok(json!(EditReport { listing, version, listings: None, changes: changes.iter().map(change).collect() }))
    }

    fn edit_many(&mut self, named: &str, edit: &ListingEdit) -> Result<Value, Problem> {
        let (shop, _) = self.own_shop(named)?;
        let mut shelf = self.on_shelf(&shop);
        shelf.sort_by(|(one, _, first), (other, _, second)| (&first.title, one).cmp(&(&second.title, other)));
        let mut edits = Vec::new();
        for known in shelf.iter().filter(|(_, _, listing)| fits(listing, edit)) {
            edits.push(self.edited(known, edit)?);
        }
        if edits.is_empty() {
            let why = "no listing on the shelf of this shop fits the words";
            return Err(
                Problem::new(ProblemKind::NotFound, "nothing-fits", "nothing is changed", why).hint("`haat listing list --shop SHOP`")
            );
        }
        let touched = edits.iter().filter(|edited| !edited.is_same).filter_map(|edited| edited.after.lineage);
        let listings = Some(touched.map(|lineage| lineage.to_string()).collect());
        let (_, changes) = self.publish_edits(shop, edits, edit.dry_run)?;
        Ok(json!(EditReport { listing: None, version: None, listings, changes: changes.iter().map(change).collect() }))
    }

    /// Publishes what differs; answers what was touched, and the changes.
    fn publish_edits(&mut self, shop: SpaceId, mut edits: Vec<Edited>, dry_run: bool) -> Result<(Vec<Touched>, Vec<FieldChange>), Problem> {
        edits.retain(|edited| !edited.is_same);
        if edits.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        if edits.iter().any(|edited| !edited.counted.is_empty()) && !self.is_desk(&shop) {
            return Err(not_the_desk());
        }
        let wanted: Vec<&Listing> = edits.iter().map(|edited| &edited.after).collect();
        self.check_room(&shop, &wanted, wanted.len())?;
        let changes = edits.iter_mut().flat_map(|edited| std::mem::take(&mut edited.changes)).collect();
        if dry_run {
            return Ok((Vec::new(), changes));
        }
        let counted: Vec<Vec<String>> = edits.iter_mut().map(|edited| std::mem::take(&mut edited.counted)).collect();
        let update = edits.into_iter().filter_map(|edited| Some((edited.after.lineage?, edited.after))).collect();
        let step = self.list_all(shop, Plan { update, ..Plan::default() }, What::Edit)?;
        for (touched, skus) in step.listings.iter().zip(counted) {
            for sku in skus {
                intake::fact(&mut self.cx(), &Fact::Counted { version: touched.after, sku });
            }
        }
        Ok((step.listings, changes))
    }

    /// What a listing, given as (lineage, version, listing), would say after an edit.
    fn edited(&self, (lineage, version, before): &(EntryId, EntryId, Listing), edit: &ListingEdit) -> Result<Edited, Problem> {
        let mut after = Listing { lineage: Some(*lineage), ..before.clone() };
        self.say_terms(&mut after, edit)?;
        price(&mut after, edit)?;
        // What was sold since is not shown as if it lay there still.
        let (mut shown, mut counted) = (before.clone(), Vec::new());
        if let Some(text) = &edit.stock {
            let wanted: Stock =
                text.trim().parse().map_err(|fault: haat_protocol::listing::BadStock| wrong("--stock", &fault.to_string()))?;
            let sku = named(before, edit)?;
            let lying = stock::lying(&self.tx, lineage, version, &sku).filter(|lying| *lying != wanted);
            if let Some(lying) = lying {
                shown.variants.iter_mut().filter(|variant| variant.sku == sku).for_each(|variant| variant.stock = lying);
                after.variants.iter_mut().filter(|variant| variant.sku == sku).for_each(|variant| variant.stock = wanted);
                counted.push(sku);
            }
        }
        check_listing(&after).map_err(|problem| Problem { detail: format!("{}: {}", before.title, problem.detail), ..problem })?;
        let changes = catalogue::diff(Some(*lineage), Some(&shown), Some(&after));
        let is_same = counted.is_empty() && after == (Listing { lineage: Some(*lineage), ..before.clone() });
        Ok(Edited { after, counted, changes, is_same })
    }

    fn say_terms(&self, listing: &mut Listing, edit: &ListingEdit) -> Result<(), Problem> {
        if let Some(title) = &edit.title {
            title.trim().clone_into(&mut listing.title);
        }
        if let Some(description) = &edit.description {
            listing.description.clone_from(description);
        }
        let delivery = ways(&edit.pickup, &edit.ship, edit.digital, listing.currency)?;
        if !delivery.is_empty() {
            listing.delivery = delivery;
        }
        if let Some(returns) = &edit.returns {
            listing.returns = Some(returns.trim().to_owned()).filter(|text| !text.is_empty());
        }
        if let Some(text) = &edit.expires {
            listing.expires = if text.trim() == NEVER { None } else { Some(instant(text, self.now)?) };
        }
        if !edit.tags.is_empty() {
            listing.tags = edit.tags.iter().map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()).collect();
        }
        Ok(())
    }
}

/// Sets the price of the variant that is meant. Of a change by so much, that is every variant unless one is named.
fn price(listing: &mut Listing, edit: &ListingEdit) -> Result<(), Problem> {
    let Some(text) = &edit.price else { return Ok(()) };
    let price = Price::read(text, listing.currency)?;
    let one = match (price, &edit.sku) {
        (Price::By(_) | Price::Share { .. }, None) => None,
        _ => Some(named(listing, edit)?),
    };
    for variant in listing.variants.iter_mut().filter(|variant| one.as_ref().is_none_or(|sku| *sku == variant.sku)) {
        variant.price = price.after(variant.price).ok_or_else(|| {
            let what = format!("{} {}", listing.title, variant.sku);
            let why = format!("{}: {} and {text} is below zero, or more than Haat counts", what.trim_end(), variant.price);
            Problem::refused("bad-price", "nothing is changed", why)
        })?;
    }
    Ok(())
}

/// The code of the variant that is meant; the only one unless said.
fn named(listing: &Listing, edit: &ListingEdit) -> Result<String, Problem> {
    let found = variant(listing, edit.sku.as_deref()).map(|variant| variant.sku.clone());
    found.map_err(|problem| Problem { detail: format!("{}: {}", listing.title, problem.detail), ..problem })
}

/// Whether a listing is one of those that are meant.
fn fits(listing: &Listing, edit: &ListingEdit) -> bool {
    let titled = |text: &String| listing.title.to_lowercase().contains(&text.to_lowercase());
    let tagged = |tag: &String| listing.tags.iter().any(|own| own.to_lowercase() == tag.trim().to_lowercase());
    let coded = |sku: &String| listing.variant(Some(sku)).is_some();
    edit.matching.as_ref().is_none_or(titled) && edit.tag_is.as_ref().is_none_or(tagged) && edit.sku.as_ref().is_none_or(coded)
}

/// Whether the words of an edit make sense together.
fn check_words(edit: &ListingEdit) -> Result<(), Problem> {
    let prices = edit.price.is_some() || edit.stock.is_some();
    let texts = [&edit.title, &edit.description, &edit.returns, &edit.expires].iter().any(|text| text.is_some());
    let lists = [&edit.pickup, &edit.ship, &edit.tags].iter().any(|list| !list.is_empty());
    if !(prices || texts || lists || edit.digital) {
        return Err(bad_edit("it is not said what is to change").hint("such as --price 39.00, --stock 12 or --title 'Green tea'"));
    }
    if edit.sku.is_some() && !prices {
        return Err(bad_edit("a variant is named, but neither its price nor its stock"));
    }
    if edit.shop.is_none() && (edit.matching.is_some() || edit.tag_is.is_some()) {
        return Err(bad_edit("only the listings of a shop are looked through").hint("name it with --shop"));
    }
    if edit.shop.is_some() && edit.title.is_some() {
        return Err(bad_edit("many listings do not get one title"));
    }
    Ok(())
}

fn bad_edit(why: &str) -> Problem {
    Problem::usage("bad-edit", "nothing is changed", why)
}
