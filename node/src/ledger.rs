//! The trust log: everything this node accepted, in the order it accepted it, chained.
//!
//! Link = BLAKE3(previous link, position, accepted at, sort, item id). Ids only: a payload can go and leave the chain whole.

pub mod audit;

use haat_protocol::crypto::{Context, hash};
use haat_protocol::id::Digest;
use haat_protocol::time::Millis;
use serde::{Deserialize, Serialize};

use crate::store::{Table, Tx, memo};

/// What sort of item stands at a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sort {
    /// An entry, opened as it came.
    Entry,
    /// An entry whose key was not here.
    Sealed,
    /// The opening of an earlier sealed entry.
    Opened,
    /// An identity chain up to an operation.
    Chain,
    /// An order event.
    OrderEvent,
    /// A receipt for an order event.
    Receipt,
    /// A local fact.
    Fact,
    /// The proof that a log is forked.
    Fork,
}

/// One position of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// When this node accepted it, by its own clock.
    pub at: Millis,
    /// What sort of item.
    pub sort: Sort,
    /// Its id.
    pub item: Digest,
    /// Hash over this position and all before.
    pub link: Digest,
}

/// The end of the log: how many positions, and the last link.
#[must_use]
pub fn end(tx: &Tx<'_>) -> (u64, Digest) {
    *tx.memo(memo::Sort::End, &[], || {
        let Some((key, row)) = tx.last(Table::Log, &[]) else { return (0, Digest([0; 32])) };
        let position = u64::from_be_bytes(key.try_into().unwrap_or_default());
        (position + 1, tx.decoded::<Link>(Table::Log, &row).map_or(Digest([0; 32]), |link| link.link))
    })
}

/// Appends one item.
pub fn append(tx: &mut Tx<'_>, at: Millis, sort: Sort, item: Digest) {
    let (position, previous) = end(tx);
    let link = link(&previous, position, at, sort, &item);
    tx.save(Table::Log, &position.to_be_bytes(), &Link { at, sort, item, link });
}

/// The link of one position.
#[must_use]
pub fn link(previous: &Digest, position: u64, at: Millis, sort: Sort, item: &Digest) -> Digest {
    let sort = [sort as u8];
    Digest(hash(Context::Link, &[&previous.0, &position.to_be_bytes(), &at.0.to_be_bytes(), &sort, &item.0]))
}
