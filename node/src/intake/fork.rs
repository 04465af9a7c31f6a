//! Forks as they are met: two entries for one place, proofs of others, and the branch that a close has named.
//!
//! What is proven here is kept and spreads; what it sets aside is the business of the views.

use haat_protocol::admit::{self, Missing, Refusal, Verdict, View, Writer};
use haat_protocol::entry::{Entry, Unverified};
use haat_protocol::fork::Fork;
use haat_protocol::id::EntryId;

use super::{PARKED_COUNT, Taken, admitted, parked, parked_key, unpark};
use crate::ledger::{self, Sort};
use crate::store::Table;
use crate::view::fork::{self, Pending};
use crate::view::known::{self, Known};
use crate::view::{Cx, place_key};

/// Takes a proof in when it says more than what is known; says whether it was news. A proof about a log that nobody known writes is
/// not kept: it comes again by sync, once the writer is known.
pub fn take(cx: &mut Cx<'_, '_, '_>, fork: &Fork) -> bool {
    let is_known = matches!(Known(cx.tx).writer(fork.log()), Writer::Person(..));
    let news = is_known && fork::forked(cx.tx, fork.log()).is_none_or(|held| fork.seq() < held.seq);
    if news {
        cx.tx.save(Table::Fork, &fork.id().0, fork.proof());
        ledger::append(cx.tx, cx.at, Sort::Fork, fork.id());
        fork::note(cx, fork);
    }
    news
}

/// Another entry than the one held came for a place: a proof, if it is news.
pub(super) fn met(cx: &mut Cx<'_, '_, '_>, held: &EntryId, entry: &Entry) -> Option<Fork> {
    let held = known::entry(cx.tx, held)?;
    Fork::between(&held, entry).filter(|fork| take(cx, fork))
}

/// An entry of a branch that is waited for: the branch is taken when all of it is here, up to the named end, and links to what stands
/// before the fork. A wrong one is let go whole.
pub(super) fn branch(cx: &mut Cx<'_, '_, '_>, entry: &Entry, pending: &Pending) -> Taken {
    let log = entry.header().log_id();
    let key = parked_key(entry);
    if !cx.tx.has(Table::Parked, &key) {
        let count = parked(cx) + 1;
        cx.tx.save(Table::Meta, PARKED_COUNT, &count);
    }
    cx.tx.save(Table::Parked, &key, entry.raw());
    let mut branch = Vec::new();
    let mut wanted = Some(pending.id);
    for seq in (pending.from..=pending.to).rev() {
        let waiting = cx.tx.load::<Unverified>(Table::Parked, &place_key(&log, seq)).and_then(|raw| raw.trusted().ok());
        let Some(waiting) = waiting else { return Taken::Parked(Missing::Predecessor) };
        if Some(waiting.id()) != wanted {
            break;
        }
        wanted = waiting.header().prev;
        branch.push(waiting);
    }
    let is_whole = branch.len() as u64 == pending.to - pending.from + 1;
    let before = pending.from.checked_sub(1).and_then(|seq| Known(cx.tx).at(&log, seq));
    for seq in pending.from..=pending.to {
        unpark(cx, &place_key(&log, seq));
    }
    if !is_whole || wanted != before {
        return Taken::Refused(Refusal::Unlinked);
    }
    for entry in branch.iter().rev() {
        match admit::header(&Known(cx.tx), entry, cx.at) {
            Verdict::Admitted(head) => admitted(cx, entry, &head),
            Verdict::Waiting(missing) => return Taken::Parked(missing),
            Verdict::Refused(refusal) => return Taken::Refused(refusal),
            Verdict::Known => {}
        }
    }
    Taken::Kept
}
