//! Taking order events and receipts in: each once, in the order in which its predecessors allow.

use haat_protocol::crypto::{Context, hash};
use haat_protocol::id::Digest;
use haat_protocol::order::{Event, Refusal, SignedReceipt};

use crate::ledger::{self, Sort};
use crate::store::Table;
use crate::view::{Cx, order};

/// Takes an event in; says whether it was news.
///
/// # Errors
/// The rule by which it is not kept at all. What is kept without effect is told by the fold.
pub fn event(cx: &mut Cx<'_, '_, '_>, event: &Event) -> Result<bool, Refusal> {
    if cx.tx.has(Table::OrderEvent, &event.id().0) {
        return Ok(false);
    }
    order::set(cx.tx, &event.order()).insert(event.clone())?;
    cx.tx.save(Table::OrderEvent, &event.id().0, event.signed());
    ledger::append(cx.tx, cx.at, Sort::OrderEvent, Digest(event.id().0));
    order::event(cx, event);
    Ok(true)
}

/// Takes a receipt in; says whether it was news.
///
/// # Errors
/// The rule by which it is not kept.
pub fn receipt(cx: &mut Cx<'_, '_, '_>, signed: &SignedReceipt) -> Result<bool, Refusal> {
    let receipt = signed.read()?;
    let id = id(signed);
    if cx.tx.has(Table::Receipt, &id.0) {
        return Ok(false);
    }
    order::set(cx.tx, &receipt.order).receive(signed.clone())?;
    cx.tx.save(Table::Receipt, &id.0, signed);
    ledger::append(cx.tx, cx.at, Sort::Receipt, id);
    order::receipt(cx, &id, &receipt);
    Ok(true)
}

/// The id under which a receipt stands in the trust log: over its bytes and signature.
#[must_use]
pub fn id(signed: &SignedReceipt) -> Digest {
    Digest(hash(Context::Fact, &[&signed.sig.0, &signed.bytes]))
}
