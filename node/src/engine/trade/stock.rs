//! Stock: whether what an order wants is there, and the seller's node's own word about it.
//!
//! Only the desk of the shop asks here. What is published elsewhere is never taken for what is free.

use haat_protocol::id::OrderId;
use haat_protocol::order::{self, Act, Line, Reason, Role, Terms};

use super::super::work::Work;
use crate::view;

impl Work<'_, '_> {
    /// Whether all lines are free, as far as they are counted.
    pub(super) fn is_in_stock(&self, terms: &Terms) -> bool {
        terms.lines.iter().all(|line| {
            let wanted = terms.lines.iter().filter(|other| is_same(line, other)).map(|line| line.qty).fold(0, u64::saturating_add);
            view::stock::free(&self.tx, &line.listing, &line.sku).covers(wanted)
        })
    }

    /// The seller's node's word about the stock, when an acceptance waits for it.
    pub(in crate::engine) fn answer_for_stock(&mut self, id: &OrderId) {
        if view::order::row(&self.tx, id).is_none_or(|row| row.mine != Role::Seller) {
            return;
        }
        let Some((_, order)) = view::order::folded(&self.tx, id) else { return };
        if !order::draft::is_stock_asked(&order) {
            return;
        }
        let act = if self.check_lines(&order.terms).is_ok() && self.is_in_stock(&order.terms) {
            Act::StockConfirm
        } else {
            Act::StockFail { reason: Reason::OutOfStock }
        };
        if let Err(problem) = self.sign_act(id, Role::Seller, act) {
            // What is in doubt is answered for once the other side has told what it holds.
            self.passing.guard.stock_waits(*id);
            tracing::debug!(order = %id, code = problem.code, "the stock is not answered for yet");
        }
    }
}

fn is_same(one: &Line, other: &Line) -> bool {
    (one.listing, &one.sku) == (other.listing, &other.sku)
}
