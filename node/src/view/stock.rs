//! The stock of one's own listings: what was counted, what orders hold of it or took, and what is free.
//!
//! Only the seller's own node knows; what others publish is never counted on here. Nothing here decides who gets what.

use haat_protocol::body::Body;
use haat_protocol::id::{EntryId, OrderId};
use haat_protocol::limits::CLOCK_SKEW_MS;
use haat_protocol::listing::Stock;
use haat_protocol::order::{Deadline, Role};
use haat_protocol::time::Millis;
use serde::{Deserialize, Serialize};

use super::{Cx, order, shelf};
use crate::store::{Table, Tx};

/// Stock that an order holds, or took.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldRow {
    /// How many are set aside.
    pub held: u64,
    /// Until when they are kept from others although nothing was paid; none = for as long as the order goes on.
    pub until: Option<Millis>,
    /// How many went to the buyer, by the version whose count they were taken from: a clock may be wrong, this is not.
    pub gone: Vec<(Option<EntryId>, u64)>,
}

impl HoldRow {
    /// Whether the order let its time to pay pass: others may have the goods.
    #[must_use]
    pub fn is_lapsed(&self, now: Millis) -> bool {
        self.held > 0 && self.until.is_some_and(|until| now > until)
    }

    /// How many went to the buyer.
    #[must_use]
    pub fn all_gone(&self) -> u64 {
        self.gone.iter().map(|(_, qty)| qty).sum()
    }

    /// How many of them were taken from what was counted with a version.
    fn gone_from(&self, count: EntryId) -> u64 {
        self.gone.iter().filter(|(from, _)| *from == Some(count)).map(|(_, qty)| qty).sum()
    }

    /// So many went to the buyer by now. What came back lies there again.
    fn goes(&mut self, sent: u64, count: Option<EntryId>) {
        if sent < self.all_gone() {
            self.gone.clear();
        }
        let more = sent.saturating_sub(self.all_gone());
        if more > 0 {
            self.gone.push((count, more));
        }
    }
}

/// The seller's side of an order that something happened in: what it holds or took.
pub(super) fn hold(cx: &mut Cx<'_, '_, '_>, id: OrderId) {
    if order::row(cx.tx, &id).is_none_or(|row| row.mine != Role::Seller) {
        return;
    }
    let Some((_, order)) = order::folded(cx.tx, &id) else { return };
    // From here on the seller may sign that the payment did not come: through this device, while it has the chain.
    let may_end = order.paid() == 0 && order.device(Role::Seller) == cx.me.device();
    let pay_by = order.deadlines.iter().find(|(name, _)| *name == Deadline::PayBy).filter(|_| may_end);
    let until = pay_by.map(|(_, at)| at.plus(CLOCK_SKEW_MS));
    for (at, line) in order.terms.lines.iter().enumerate() {
        let key = [variant_key(&line.listing, &line.sku).as_slice(), &id.0].concat();
        let mut row: HoldRow = cx.tx.load(Table::Hold, &key).unwrap_or_default();
        let (held, sent) = order.goods_of(at);
        (row.held, row.until) = (held, until);
        row.goes(sent, count(cx.tx, &line.listing, &line.sku).map(|(_, count)| count));
        if held + sent > 0 {
            cx.tx.save(Table::Hold, &key, &row);
        } else {
            cx.tx.remove(Table::Hold, &key);
        }
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
    left(tx, lineage, sku, |hold| if hold.is_lapsed(now) { 0 } else { hold.held })
}

/// How many of a variant nobody holds, in time or not.
#[must_use]
pub fn unheld(tx: &Tx<'_>, lineage: &EntryId, sku: &str) -> Stock {
    left(tx, lineage, sku, |hold| hold.held)
}

/// How many of a variant lie there by what a version of its listing says: without what was sold since that was counted, also where
/// a later count stands between. What is set aside still lies there.
#[must_use]
pub fn lying(tx: &Tx<'_>, lineage: &EntryId, version: &EntryId, sku: &str) -> Option<Stock> {
    let versions = shelf::row(tx, lineage)?.versions;
    let end = versions.iter().position(|(_, id)| id == version)? + 1;
    let (stock, count) = count_by(tx, &versions[..end], sku)?;
    let since = versions.iter().position(|(_, id)| *id == count)?;
    let gone = holds(tx, lineage, sku).into_iter().map(|(_, hold)| {
        let from = versions[since..].iter().map(|(_, count)| hold.gone_from(*count));
        from.fold(0, u64::saturating_add)
    });
    Some(stock.less(gone.fold(0, u64::saturating_add)))
}

/// Whether the seller counted a variant with a version.
#[must_use]
pub fn is_counted(tx: &Tx<'_>, version: &EntryId, sku: &str) -> bool {
    tx.has(Table::Counted, &[version.0.as_slice(), sku.as_bytes()].concat())
}

/// Orders that hold of a variant and let their time to pay pass, the longest ago first.
#[must_use]
pub fn lapsed(tx: &Tx<'_>, lineage: &EntryId, sku: &str, now: Millis) -> Vec<OrderId> {
    let mut late: Vec<(Option<Millis>, OrderId)> =
        holds(tx, lineage, sku).into_iter().filter(|(_, hold)| hold.is_lapsed(now)).map(|(order, hold)| (hold.until, order)).collect();
    late.sort();
    late.into_iter().map(|(_, order)| order).collect()
}

/// What is left of what was counted without so many of each hold.
fn left(tx: &Tx<'_>, lineage: &EntryId, sku: &str, kept: impl Fn(&HoldRow) -> u64) -> Stock {
    let Some((stock, count)) = count(tx, lineage, sku) else { return Stock::Counted(0) };
    // What was sold before the seller counted is no longer among what was counted; what is set aside still lies there.
    let gone = holds(tx, lineage, sku).into_iter().map(|(_, hold)| kept(&hold).saturating_add(hold.gone_from(count)));
    stock.less(gone.fold(0, u64::saturating_add))
}

/// What orders hold of a variant, or took.
#[must_use]
pub fn holds(tx: &Tx<'_>, lineage: &EntryId, sku: &str) -> Vec<(OrderId, HoldRow)> {
    let prefix = variant_key(lineage, sku);
    let rows = tx.prefix(Table::Hold, &prefix).into_iter();
    rows.filter_map(|(key, row)| Some((OrderId::from_slice(&key[prefix.len()..])?, tx.decoded(Table::Hold, &row)?))).collect()
}

/// What the current version says of a variant, and with which version that was counted: with the first of the last versions that all say
/// the same, since whoever edits a title counts nothing.
fn count(tx: &Tx<'_>, lineage: &EntryId, sku: &str) -> Option<(Stock, EntryId)> {
    count_by(tx, &shelf::row(tx, lineage)?.versions, sku)
}

/// The same by the last of some versions, oldest first.
fn count_by(tx: &Tx<'_>, versions: &[(u64, EntryId)], sku: &str) -> Option<(Stock, EntryId)> {
    let mut found: Option<(Stock, EntryId)> = None;
    for (_, version) in versions.iter().rev() {
        let said = match super::body(tx, version) {
            Some(Body::Listing(listing)) => listing.variant(Some(sku)).map(|variant| variant.stock),
            _ => None,
        };
        if said.is_none() || found.is_some_and(|(stock, _)| said != Some(stock)) {
            break;
        }
        found = said.map(|stock| (stock, *version));
        if is_counted(tx, version, sku) {
            break;
        }
    }
    found
}

fn variant_key(lineage: &EntryId, sku: &str) -> Vec<u8> {
    [lineage.0.as_slice(), sku.as_bytes(), &[0]].concat()
}
