//! Stock: whether what an order wants is there, and the seller's node's own word about it.
//!
//! Only the desk of the shop has stock. What is published elsewhere is never taken for what is free.

use haat_protocol::id::{EntryId, OrderId};
use haat_protocol::listing::Stock;
use haat_protocol::local::Problem;
use haat_protocol::order::{self, Act, Line, Reason, Role, Terms};

use super::super::work::Work;
use crate::view::{self, shelf};

impl Work<'_, '_> {
    /// Whether all lines can be had, as far as they are counted. Whose time to pay is over makes room: the seller's node signs that
    /// the payment did not come, so that nothing is promised to two.
    ///
    /// # Errors
    /// Such an order cannot be ended now.
    pub(super) fn make_room(&mut self, terms: &Terms) -> Result<bool, Problem> {
        let wanted: Vec<(EntryId, String, u64)> = terms
            .lines
            .iter()
            .map(|line| {
                let same = terms.lines.iter().filter(|other| is_same(line, other)).map(|line| line.qty);
                (line.listing, line.sku.clone(), same.fold(0, u64::saturating_add))
            })
            .collect();
        let is_free = |(listing, sku, qty): &(EntryId, String, u64)| self.free_here(listing, sku).covers(*qty);
        if !wanted.iter().all(is_free) {
            return Ok(false);
        }
        for (listing, sku, qty) in &wanted {
            for late in view::stock::lapsed(&self.tx, listing, sku, self.now) {
                if view::stock::unheld(&self.tx, listing, sku).covers(*qty) {
                    break;
                }
                self.sign_act(&late, Role::Seller, Act::Expire)?;
                self.happened("order", late);
                self.send_order(late);
            }
        }
        Ok(true)
    }

    /// How many of a variant are free here. Where the shop was moved away from, nothing is left of what is counted.
    fn free_here(&self, listing: &EntryId, sku: &str) -> Stock {
        let free = view::stock::free(&self.tx, listing, sku, self.now);
        let is_desk = shelf::row(&self.tx, listing).is_some_and(|row| self.is_desk(&row.shop));
        if is_desk || free == Stock::Uncounted { free } else { Stock::Counted(0) }
    }

    /// The seller's node's word about the stock, when an acceptance waits for it.
    pub(in crate::engine) fn answer_for_stock(&mut self, id: &OrderId) {
        if view::order::row(&self.tx, id).is_none_or(|row| row.mine != Role::Seller || row.own != self.me.device()) {
            return;
        }
        let Some((_, order)) = view::order::folded(&self.tx, id) else { return };
        if !order::draft::is_stock_asked(&order) {
            return;
        }
        let failed = |reason| Act::StockFail { reason };
        let act = match self.check_terms(&order.terms) {
            Err(_) => Ok(failed(Reason::InvalidTerms)),
            Ok(()) => self.make_room(&order.terms).map(|is_free| if is_free { Act::StockConfirm } else { failed(Reason::OutOfStock) }),
        };
        if let Err(problem) = act.and_then(|act| self.sign_act(id, Role::Seller, act)) {
            // What is in doubt is answered for once the other side has told what it holds.
            self.passing.guard.stock_waits(*id);
            tracing::debug!(order = %id, code = problem.code, "the stock is not answered for yet");
        }
    }
}

fn is_same(one: &Line, other: &Line) -> bool {
    (one.listing, &one.sku) == (other.listing, &other.sku)
}
