//! Forks as they are met: two entries for one place, proofs of others, and the branch that a close has named.
//!
//! What is proven here is kept and spreads; what it sets aside is the business of the views.

use haat_protocol::admit::{self, Missing, Refusal, Verdict, View, Writer};
use haat_protocol::entry::{Entry, Unverified};
use haat_protocol::fork::{Branch, Fit, Fork};
use haat_protocol::id::EntryId;
use haat_protocol::limits::PARKED_MAX;

use super::{PARKED_COUNT, Taken, admitted, parked, parked_key, unpark};
use crate::ledger::{self, Sort};
use crate::store::Table;
use crate::view::fork;
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

/// An entry at a place of a branch that is waited for: the branch is taken when all of it is here, up to the named end, and links to
/// what stands before the fork. What is known to be of another one does not wait.
pub(super) fn branch(cx: &mut Cx<'_, '_, '_>, entry: &Entry, pending: &Branch) -> Taken {
    let log = entry.header().log_id();
    let waiting = |seq| cx.tx.load::<Unverified>(Table::Parked, &place_key(&log, seq)).and_then(|raw| raw.trusted().ok());
    let branch = match pending.fit(entry, waiting) {
        Fit::Whole(branch) => branch,
        Fit::Other => return Taken::Refused(Refusal::Unlinked),
        Fit::TooFar => return Taken::Parked(Missing::Predecessor),
        Fit::Waits => {
            wait(cx, entry);
            return Taken::Parked(Missing::Predecessor);
        }
    };
    for entry in &branch {
        unpark(cx, &parked_key(entry));
    }
    let before = pending.from.checked_sub(1).and_then(|seq| Known(cx.tx).at(&log, seq));
    if branch.first().and_then(|first| first.header().prev) != before {
        return Taken::Refused(Refusal::Unlinked);
    }
    for entry in &branch {
        match admit::header(&Known(cx.tx), entry, cx.at) {
            Verdict::Admitted(head) => admitted(cx, entry, &head),
            Verdict::Waiting(missing) => return Taken::Parked(missing),
            Verdict::Refused(refusal) => return Taken::Refused(refusal),
            Verdict::Known => {}
        }
    }
    Taken::Kept
}

/// Keeps an entry for its branch, in the place of what waited there, when there is room.
fn wait(cx: &mut Cx<'_, '_, '_>, entry: &Entry) {
    let key = parked_key(entry);
    if !cx.tx.has(Table::Parked, &key) {
        let count = parked(cx) + 1;
        if count > PARKED_MAX {
            return;
        }
        cx.tx.save(Table::Meta, PARKED_COUNT, &count);
    }
    cx.tx.save(Table::Parked, &key, entry.raw());
}
