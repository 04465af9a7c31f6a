//! Cases: disputes in which the terms name this person as the one who decides, as a party laid them before this node. Not orders of
//! this person's own: nothing of them is in the trust log or in views.

use haat_protocol::id::OrderId;
use haat_protocol::limits::CASE_KEEP_MS;
use haat_protocol::order::{self, Order, OrderSet, Role, SignedDecision, evidence};
use haat_protocol::time::Millis;
use serde::{Deserialize, Serialize};

use crate::store::{Table, Tx};

/// A dispute as it was laid before this node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// One party's evidence. It was checked.
    #[serde(with = "serde_bytes")]
    pub evidence: Vec<u8>,
    /// Who gave it.
    pub by: Role,
    /// When it came.
    pub at: Millis,
    /// What this person decided.
    pub word: Option<SignedDecision>,
    /// Whether buyer and seller have the word, or had no use for it any more.
    pub told: [bool; 2],
}

impl Case {
    /// A case that nobody has decided.
    #[must_use]
    pub const fn open(evidence: Vec<u8>, by: Role, at: Millis) -> Self {
        Self { evidence, by, at, word: None, told: [false; 2] }
    }

    /// The order as the evidence shows it.
    #[must_use]
    pub fn order(&self) -> Option<(OrderSet, Order)> {
        let set = evidence::contents(&self.evidence)?;
        let order = order::fold(&set).ok()?;
        Some((set, order))
    }
}

/// Keeps a case, in place of what was known of it.
pub fn keep(tx: &mut Tx<'_>, order: &OrderId, case: &Case) {
    tx.save(Table::Case, &order.0, case);
}

/// A case, if it is here.
#[must_use]
pub fn case(tx: &Tx<'_>, order: &OrderId) -> Option<Case> {
    tx.load(Table::Case, &order.0)
}

/// All cases.
#[must_use]
pub fn all(tx: &Tx<'_>) -> Vec<(OrderId, Case)> {
    let rows = tx.prefix(Table::Case, &[]);
    rows.iter().filter_map(|(key, row)| Some((OrderId::from_slice(key)?, tx.decoded(Table::Case, row)?))).collect()
}

/// Forgets what was laid before this node long ago.
pub fn forget_old(tx: &mut Tx<'_>, now: Millis) {
    for (order, _) in all(tx).into_iter().filter(|(_, case)| now.since(case.at) > CASE_KEEP_MS) {
        tx.remove(Table::Case, &order.0);
    }
}
