//! Keeping shop: opening one, sharing it, and what stands on its shelves.
//!
//! Whatever is written is checked whole before the first entry is made: a group of inputs has one transaction, and nothing of a
//! command that is refused may stay in it.

mod batch;
mod count;
mod desk;
mod edit;
mod import;
mod key;
mod price;
mod terms;
mod undo;
mod words;

#[cfg(test)]
mod tests;

use haat_protocol::body::{Body, ListingWithdraw, ShopCreate};
use haat_protocol::codec::encode;
use haat_protocol::id::{EntryId, SpaceId};
use haat_protocol::limits::LISTING_MAX_BYTES;
use haat_protocol::listing::{Listing, Variant};
use haat_protocol::local::done::{ListingAdded, ShopOpened, Signed};
use haat_protocol::local::{NewListing, NewShop, Problem};
use haat_protocol::money::Currency;
use haat_protocol::space::{Inception, Sort};
use serde_json::{Value, json};

use super::work::Work;
use crate::fact::Fact;
use crate::store::Table;
use crate::view::shelf::{self, ShopRow};
use crate::view::{self, circle, known};
use crate::{intake, name, secret};

pub(in crate::engine) use count::variant;
pub(in crate::engine) use import::Import;
pub(in crate::engine) use words::{amount, timing};

impl Work<'_, '_> {
    /// Opens a shop.
    pub(in crate::engine) fn shop_create(&mut self, new: &NewShop) -> Result<Value, Problem> {
        let currency = words::currency(&new.currency)?;
        let delivery = words::ways(&new.pickup, &new.ship, new.digital, currency)?;
        let payment = new.pay.iter().map(|text| words::payment(text, currency)).collect::<Result<_, _>>()?;
        let rows = self.tx.prefix(Table::Shop, &[]);
        let mut own =
            rows.iter().filter_map(|(_, row)| self.tx.decoded::<ShopRow>(Table::Shop, row)).filter(|row| row.keeper == self.me.id());
        if own.any(|row| row.body.name.to_lowercase() == new.name.to_lowercase()) {
            return Err(Problem::refused("name-taken", "the shop is not opened", format!("you keep a shop called {:?} already", new.name)));
        }
        let fresh = self.entropy.fresh();
        let salt = std::array::from_fn(|i| fresh[i]);
        let inception = Inception { sort: Sort::Shop, creator: self.me.id(), device: self.me.device(), salt, created: self.now };
        let shop = inception.id();
        let (name, returns) = (new.name.clone(), new.returns.clone());
        let body = Body::ShopCreate(ShopCreate { inception: inception.clone(), name, currency, returns, delivery, payment });
        let bad = |why: String| Problem::usage("bad-shop", "the shop is not opened", why);
        body.check().map_err(|fault| bad(fault.to_string()))?;
        let size = body.encode().len();
        if size > LISTING_MAX_BYTES {
            return Err(bad(format!("its terms take {size} bytes, at most {LISTING_MAX_BYTES} are allowed")));
        }
        let read_key = self.entropy.fresh();
        intake::fact(&mut self.cx(), &Fact::Space { inception });
        secret::save_shop(&mut self.tx, self.me, &shop, 0, read_key);
        self.author(shop, &body)?;
        Ok(json!(ShopOpened { shop }))
    }

    /// Shares a shop into a circle: hands the circle its read key.
    pub(in crate::engine) fn shop_share(&mut self, shop: &str, circle: &str) -> Result<Value, Problem> {
        let (shop, _) = self.own_shop(shop)?;
        let circle = name::circle(&self.tx, self.me, circle)?;
        let roster = circle::roster(&self.tx, &circle).filter(|roster| roster.has(&self.me.id()));
        let Some(roster) = roster else {
            return Err(Problem::refused("not-a-member", "the shop is not shared", "you are not in this circle"));
        };
        if !self.may_sell(&roster) {
            let why = format!("the norms let nobody below {} sell", roster.norms_now().sell.text());
            return Err(Problem::refused("may-not-sell", "the shop is not shared", why)
                .hint("`haat circle norms` tells them; ask an owner of the circle for the role"));
        }
        if shelf::circles(&self.tx, &shop).contains(&circle) {
            return Err(Problem::refused("already-shared", "the shop is not shared again", "this circle has the shop already"));
        }
        let missing = || Problem::not_found("shop", &shop.to_string());
        let inception = known::inception(&self.tx, &shop).ok_or_else(missing)?;
        self.renew_shop(shop)?;
        let entry = self.hand_key(&inception, circle)?;
        Ok(json!(Signed { entry }))
    }

    /// Adds one listing.
    pub(in crate::engine) fn listing_add(&mut self, new: &NewListing) -> Result<Value, Problem> {
        let (shop, row) = self.own_shop(&new.shop)?;
        let listing = self.one_listing(new, row.body.currency)?;
        check_listing(&listing)?;
        self.counts_here(&shop, &listing)?;
        let entry = self.author(shop, &Body::Listing(listing))?;
        Ok(json!(ListingAdded { listing: entry, version: entry }))
    }

    fn one_listing(&self, new: &NewListing, currency: Currency) -> Result<Listing, Problem> {
        let price = amount("--price", &new.price, currency)?;
        let expires = new.expires.as_deref().map(|text| words::instant(text, self.now)).transpose()?;
        Ok(Listing {
            lineage: None,
            handle: None,
            title: new.title.trim().to_owned(),
            description: new.description.clone().unwrap_or_default(),
            currency,
            variants: vec![Variant { sku: new.sku.clone().unwrap_or_default(), options: Vec::new(), price, stock: new.stock }],
            delivery: words::ways(&new.pickup, &new.ship, new.digital, currency)?,
            payment: Vec::new(),
            returns: None,
            images: Vec::new(),
            tags: Vec::new(),
            expires,
        })
    }

    /// Takes a listing off the shelf.
    pub(in crate::engine) fn listing_withdraw(&mut self, listing: &str) -> Result<Value, Problem> {
        let lineage = name::listing(&self.tx, self.me, listing)?;
        let row = shelf::row(&self.tx, &lineage).ok_or_else(|| Problem::not_found("listing", listing))?;
        if shelf::shop(&self.tx, &row.shop).is_none_or(|shop| shop.keeper != self.me.id()) {
            return Err(not_yours("the listing"));
        }
        if row.is_withdrawn() {
            return Err(Problem::refused("already-withdrawn", "nothing is changed", "the listing is off the shelf already"));
        }
        let entry = self.author(row.shop, &Body::ListingWithdraw(ListingWithdraw { listing: lineage }))?;
        Ok(json!(Signed { entry }))
    }

    /// A shop that this person keeps.
    fn own_shop(&self, named: &str) -> Result<(SpaceId, ShopRow), Problem> {
        let shop = name::shop(&self.tx, self.me, named)?;
        let row = shelf::shop(&self.tx, &shop).ok_or_else(|| Problem::not_found("shop", named))?;
        if row.keeper == self.me.id() { Ok((shop, row)) } else { Err(not_yours("the shop")) }
    }

    /// What stands on a shop's shelves now: lineage, version, and what it says.
    fn on_shelf(&self, shop: &SpaceId) -> Vec<(EntryId, EntryId, Listing)> {
        let current = |lineage: EntryId| {
            let version = shelf::row(&self.tx, &lineage).filter(|row| !row.is_withdrawn())?.current()?;
            match view::body(&self.tx, &version)? {
                Body::Listing(listing) => Some((lineage, version, listing)),
                _ => None,
            }
        };
        shelf::listings(&self.tx, shop).into_iter().filter_map(current).collect()
    }
}

fn not_yours(what: &str) -> Problem {
    Problem::refused("not-yours", "nothing is changed", format!("{what} is somebody else's"))
}

/// Checks what an entry with this listing could be refused for.
fn check_listing(listing: &Listing) -> Result<(), Problem> {
    let wrong = |why: String| Problem::usage("bad-listing", "the listing cannot be so", why);
    listing.check().map_err(|fault| wrong(fault.to_string()))?;
    let size = encode(listing).len();
    if size > LISTING_MAX_BYTES { Err(wrong(format!("it takes {size} bytes, at most {LISTING_MAX_BYTES} are allowed"))) } else { Ok(()) }
}
