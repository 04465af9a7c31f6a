//! The stock of one's own listings: what was counted, what orders hold of it or took, and what is free.
//!
//! Only the seller's own node knows; what others publish is never counted on here. Nothing here decides who gets what.

use haat_protocol::body::Body;
use haat_protocol::id::{EntryId, OrderId};
use haat_protocol::limits::CLOCK_SKEW_MS;
use haat_protocol::listing::Stock;
use haat_protocol::order::{Deadline, Role, StockMark};
use haat_protocol::time::Millis;
use serde::{Deserialize, Serialize};

use super::{Cx, known, order, shelf};
use crate::store::{Table, Tx};

/// Stock that an order holds, or took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldRow {
    /// How many.
    pub qty: u64,
    /// When they went to the buyer; none while they are set aside.
    pub sold_at: Option<Millis>,
    /// Until when they are kept from others although nothing was paid; none = for as long as the order goes on.
    pub until: Option<Millis>,
}

impl HoldRow {
    /// Whether the order let its time to pay pass: others may have the goods.
    #[must_use]
    pub fn is_lapsed(&self, now: Millis) -> bool {
        self.sold_at.is_none() && self.until.is_some_and(|until| now > until)
    }
}

/// The seller's side of an order that something happened in: what it holds or took.
pub(super) fn hold(cx: &mut Cx<'_, '_, '_>, id: OrderId) {
    if order::row(cx.tx, &id).is_none_or(|row| row.mine != Role::Seller) {
        return;
    }
    let Some((_, order)) = order::folded(cx.tx, &id) else { return };
    // From here on the seller may sign that the payment did not come.
    let pay_by = order.deadlines.iter().find(|(name, _)| *name == Deadline::PayBy).filter(|_| order.paid() == 0);
    let until = pay_by.map(|(_, at)| at.plus(CLOCK_SKEW_MS));
    for line in &order.terms.lines {
        let key = [variant_key(&line.listing, &line.sku).as_slice(), &id.0].concat();
        let before: Option<HoldRow> = cx.tx.load(Table::Hold, &key);
        let sold_at = match order.stock {
            StockMark::Held => None,
            StockMark::Sold => before.and_then(|before| before.sold_at).or(Some(cx.at)),
            _ => {
                cx.tx.remove(Table::Hold, &key);
                continue;
            }
        };
        cx.tx.save(Table::Hold, &key, &HoldRow { qty: line.qty, sold_at, until });
    }
}

/// A variant was counted anew with this version of its listing, even if the number is the one of before.
pub(super) fn counted(cx: &mut Cx<'_, '_, '_>, version: &EntryId, sku: &str) {
    cx.tx.put(Table::Counted, &[version.0.as_slice(), sku.as_bytes()].concat(), Vec::new());
}

/// How many of a variant are free by the current version of its listing. What the seller no longer has is there no more; what an
/// order holds that let its time to pay pass is free again.
#[must_use]
pub fn free(tx: &Tx<'_>, lineage: &EntryId, sku: &str, now: Millis) -> Stock {
    left(tx, lineage, sku, |hold| !hold.is_lapsed(now))
}

/// How many of a variant nobody holds, in time or not.
#[must_use]
pub fn unheld(tx: &Tx<'_>, lineage: &EntryId, sku: &str) -> Stock {
    left(tx, lineage, sku, |_| true)
}

/// Orders that hold of a variant and let their time to pay pass, the longest ago first.
#[must_use]
pub fn lapsed(tx: &Tx<'_>, lineage: &EntryId, sku: &str, now: Millis) -> Vec<OrderId> {
    let mut late: Vec<(Option<Millis>, OrderId)> =
        holds(tx, lineage, sku).into_iter().filter(|(_, hold)| hold.is_lapsed(now)).map(|(order, hold)| (hold.until, order)).collect();
    late.sort();
    late.into_iter().map(|(_, order)| order).collect()
}

/// What is left of what was counted without those holds that count.
fn left(tx: &Tx<'_>, lineage: &EntryId, sku: &str, counts: impl Fn(&HoldRow) -> bool) -> Stock {
    let Some((stock, counted_at)) = count(tx, lineage, sku) else { return Stock::Counted(0) };
    // What was sold before the seller counted is no longer among what was counted; what is set aside still lies there.
    let is_gone = |hold: &HoldRow| hold.sold_at.is_none_or(|at| at >= counted_at) && counts(hold);
    let gone = holds(tx, lineage, sku).into_iter().filter(|(_, hold)| is_gone(hold)).map(|(_, hold)| hold.qty);
    stock.less(gone.fold(0, u64::saturating_add))
}

/// What orders hold of a variant, or took.
#[must_use]
pub fn holds(tx: &Tx<'_>, lineage: &EntryId, sku: &str) -> Vec<(OrderId, HoldRow)> {
    let prefix = variant_key(lineage, sku);
    let rows = tx.prefix(Table::Hold, &prefix).into_iter();
    rows.filter_map(|(key, row)| Some((OrderId::from_slice(&key[prefix.len()..])?, tx.decoded(Table::Hold, &row)?))).collect()
}

/// What the current version says of a variant, and when that was counted: with the first of the last versions that all say
/// the same, since whoever edits a title counts nothing.
fn count(tx: &Tx<'_>, lineage: &EntryId, sku: &str) -> Option<(Stock, Millis)> {
    let mut found: Option<(Stock, Millis)> = None;
    for (_, version) in shelf::row(tx, lineage)?.versions.iter().rev() {
        let said = match super::body(tx, version) {
            Some(Body::Listing(listing)) => listing.variant(Some(sku)).map(|variant| variant.stock),
            _ => None,
        };
        if said.is_none() || found.is_some_and(|(stock, _)| said != Some(stock)) {
            break;
        }
        found = said.zip(known::entry(tx, version).map(|entry| entry.header().at));
        if tx.has(Table::Counted, &[version.0.as_slice(), sku.as_bytes()].concat()) {
            break;
        }
    }
    found
}

fn variant_key(lineage: &EntryId, sku: &str) -> Vec<u8> {
    [lineage.0.as_slice(), sku.as_bytes(), &[0]].concat()
}
