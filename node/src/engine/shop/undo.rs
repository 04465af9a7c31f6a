//! Taking back the last import or edit of a shop's listings, as this device made it.
//!
//! Nothing is erased: what was signed stays in the log, and taking it back says anew what stood before. It must never undo what
//! somebody did since by another way, and never make sold things come back.

use haat_protocol::body::{Body, ListingWithdraw};
use haat_protocol::id::{EntryId, SpaceId};
use haat_protocol::limits::{UNDO_MAX_BYTES, UNDO_STEPS_MAX};
use haat_protocol::listing::Listing;
use haat_protocol::local::{Problem, UndoReport};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::work::Work;
use super::count::not_the_desk;
use super::import::change;
use crate::catalogue::{self, FieldChange};
use crate::fact::Fact;
use crate::intake;
use crate::store::Table;
use crate::view::{self, shelf, stock};

/// What a step was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum What {
    /// A catalogue file was taken in.
    Import,
    /// Listings were edited.
    Edit,
}

/// An import or an edit that can be taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Step {
    /// What it was.
    pub(super) what: What,
    /// What it changed.
    pub(super) listings: Vec<Touched>,
}

/// A listing that a step changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Touched {
    /// The listing.
    pub(super) listing: EntryId,
    /// Its version before; none when the step made it.
    pub(super) before: Option<EntryId>,
    /// Its version after.
    pub(super) after: EntryId,
}

/// The way back from a step. Nothing of it is done yet.
#[derive(Default)]
struct Back {
    /// What is said, and of which listing.
    said: Vec<(Touched, Body)>,
    /// Variants that are counted anew by what is said at this place.
    counted: Vec<(usize, String)>,
    changes: Vec<FieldChange>,
    kept: Vec<EntryId>,
}

impl Work<'_, '_> {
    /// Takes back the last step of a shop.
    pub(in crate::engine) fn shop_undo(&mut self, shop: &str) -> Result<Value, Problem> {
        let (shop, _) = self.own_shop(shop)?;
        let last = self.tx.last(Table::Undo, &shop.0).and_then(|(key, row)| Some((key, self.tx.decoded::<Step>(Table::Undo, &row)?)));
        let Some((key, step)) = last else {
            return Err(Problem::refused(
                "nothing-to-undo",
                "nothing is changed",
                "no import and no edit of this shop is left to take back",
            )
            .hint("only what this device did can be taken back, and not twice"));
        };
        let mut back = Back::default();
        for touched in &step.listings {
            self.find_way(touched, &mut back);
        }
        let listings: Vec<&Listing> =
            back.said.iter().filter_map(|(_, body)| if let Body::Listing(l) = body { Some(l) } else { None }).collect();
        if !back.counted.is_empty() && !self.is_desk(&shop) {
            return Err(not_the_desk());
        }
        self.check_room(&shop, &listings, back.said.len())?;
        let (touched, bodies): (Vec<Touched>, Vec<Body>) = back.said.into_iter().unzip();
        let made = self.publish(shop, &bodies)?;
        for (place, sku) in back.counted {
            intake::fact(&mut self.cx(), &Fact::Counted { version: made[place], sku });
        }
        self.tx.remove(Table::Undo, &key);
        self.mend_steps(&shop, touched.iter().zip(&made));
        Ok(json!(UndoReport {
            undone: if step.what == What::Import { "import" } else { "edit" }.to_owned(),
            listings: touched.iter().map(|touched| touched.listing.to_string()).collect(),
            changes: back.changes.iter().map(change).collect(),
            kept: back.kept.iter().map(ToString::to_string).collect(),
        }))
    }

    /// How one listing comes back to what it said before; it is kept when it is no longer as the step left it.
    fn find_way(&self, touched: &Touched, back: &mut Back) {
        let row = shelf::row(&self.tx, &touched.listing).filter(|row| !row.is_withdrawn() && row.current() == Some(touched.after));
        let said = |version: &EntryId| match view::body(&self.tx, version) {
            Some(Body::Listing(listing)) => Some(listing),
            _ => None,
        };
        let (Some(_), Some(now)) = (row, said(&touched.after)) else { return back.kept.push(touched.listing) };
        let Some(before) = touched.before else {
            back.changes.extend(catalogue::diff(Some(touched.listing), Some(&now), None));
            back.said.push((touched.clone(), Body::ListingWithdraw(ListingWithdraw { listing: touched.listing })));
            return;
        };
        let Some(mut again) = said(&before) else { return back.kept.push(touched.listing) };
        again.lineage = Some(touched.listing);
        for variant in &mut again.variants {
            let same = now.variant(Some(&variant.sku)).is_some_and(|now| now.stock == variant.stock);
            if same && !stock::is_counted(&self.tx, &touched.after, &variant.sku) {
                continue;
            }
            variant.stock = stock::lying(&self.tx, &touched.listing, &before, &variant.sku).unwrap_or(variant.stock);
            back.counted.push((back.said.len(), variant.sku.clone()));
        }
        back.changes.extend(catalogue::diff(Some(touched.listing), Some(&now), Some(&again)));
        back.said.push((touched.clone(), Body::Listing(again)));
    }

    /// Keeps a step in the transaction of its entries; what is too old or too much is forgotten.
    pub(super) fn keep_step(&mut self, shop: &SpaceId, step: &Step) {
        if step.listings.is_empty() {
            return;
        }
        let rows = self.tx.prefix(Table::Undo, &shop.0);
        let number = |key: &[u8]| key[32..].try_into().map_or(0, u64::from_be_bytes);
        let next = rows.last().map_or(0, |(key, _)| number(key) + 1);
        self.tx.save(Table::Undo, &[shop.0.as_slice(), &next.to_be_bytes()].concat(), step);
        let rows = self.tx.prefix(Table::Undo, &shop.0);
        let mut bytes = 0;
        for (at, (key, row)) in rows.iter().rev().enumerate() {
            bytes += row.len();
            if at > 0 && (at >= UNDO_STEPS_MAX || bytes > UNDO_MAX_BYTES) {
                self.tx.remove(Table::Undo, key);
            }
        }
    }

    /// What says again what an earlier step left stands for it from now on, so that this step can be taken back too.
    fn mend_steps<'a>(&mut self, shop: &SpaceId, made: impl Iterator<Item = (&'a Touched, &'a EntryId)>) {
        let again: std::collections::BTreeMap<EntryId, EntryId> =
            made.filter_map(|(touched, version)| Some((touched.before?, *version))).collect();
        for (key, row) in self.tx.prefix(Table::Undo, &shop.0) {
            let Some(mut step) = self.tx.decoded::<Step>(Table::Undo, &row) else { continue };
            let mut is_mended = false;
            for touched in &mut step.listings {
                if let Some(version) = again.get(&touched.after) {
                    touched.after = *version;
                    is_mended = true;
                }
            }
            if is_mended {
                self.tx.save(Table::Undo, &key, &step);
            }
        }
    }
}
