//! Whether and why to trust somebody: gathers what the computation follows from, and puts its answer into words.

use std::collections::BTreeMap;

use haat_protocol::id::{EntryId, IdentityId, OrderId};
use haat_protocol::local::{Problem, ProblemKind, TrustReason, TrustView};
use haat_protocol::order::{Role, State};
use haat_protocol::trust::{Answer, Evidence, Outcome, Purchase, Question, Reason, Side, Vouch, Word};

use super::Ask;
use crate::name;
use crate::store::Table;
use crate::view::word::{ReviewRow, VouchRow};
use crate::view::{known, order, shelf};

/// The rating from which on a deal went well.
const GOOD_RATING: u64 = 4;
/// The rating up to which a deal went badly.
const BAD_RATING: u64 = 2;

impl Ask<'_, '_> {
    /// The person who is asked about: by name, or as the seller of a listing.
    pub(super) fn subject(&self, text: &str) -> Result<IdentityId, Problem> {
        let by_name = name::person(self.tx, self.me, text);
        let Err(problem) = by_name else { return by_name };
        if problem.kind != ProblemKind::NotFound {
            return Err(problem);
        }
        let lineage = match name::listing(self.tx, self.me, text) {
            Ok(lineage) => lineage,
            Err(other) if other.kind != ProblemKind::NotFound => return Err(other),
            Err(_) => return Err(Problem { title: "no such person or listing".to_owned(), ..problem }),
        };
        self.seller(&lineage).ok_or_else(|| Problem::not_found("seller", text))
    }

    /// Who sells a listing.
    pub(super) fn seller(&self, lineage: &EntryId) -> Option<IdentityId> {
        Some(shelf::shop(self.tx, &shelf::row(self.tx, lineage)?.shop)?.keeper)
    }

    pub(super) fn trust(&self, subject: &IdentityId) -> TrustView {
        let answer = self.judged(subject, &self.vouches());
        let word = match answer.word {
            Word::Known => "known",
            Word::Mixed => "mixed",
            Word::Unknown => "unknown",
        };
        let reason = |reason: &Reason| TrustReason {
            text: self.sentence(reason, subject),
            via: self.names(&reason.via),
            share: reason.share,
            proofs: reason.proofs.clone(),
        };
        TrustView {
            subject: *subject,
            word: word.to_owned(),
            reasons: answer.reasons.iter().map(reason).collect(),
            own_purchases: answer.own_purchases,
        }
    }

    /// The computation over everything that I may read.
    pub(super) fn judged(&self, subject: &IdentityId, vouches: &[Vouch]) -> Answer {
        let (reviews, own) = (self.reviews(subject), self.purchases(subject));
        let question = Question {
            viewer: self.me.id(),
            subject: *subject,
            vouches,
            reviews: &reviews,
            own: &own,
            blocked: &self.blocked,
            now: self.facts.now,
        };
        question.answer()
    }

    pub(super) fn sentence(&self, reason: &Reason, subject: &IdentityId) -> String {
        reason.text(subject, &|person| self.people.call(person))
    }

    pub(super) fn names(&self, people: &[IdentityId]) -> Vec<String> {
        people.iter().map(|person| self.people.call(person)).collect()
    }

    fn stands(&self, entry: &EntryId) -> bool {
        known::entry(self.tx, entry).is_some_and(|entry| self.counts(entry.header()))
    }

    /// All vouches that stand, of members, in the circles that I am in.
    pub(super) fn vouches(&self) -> Vec<Vouch> {
        let mut all = Vec::new();
        for roster in self.joined() {
            for (key, row) in self.tx.prefix(Table::Vouch, &roster.space.0) {
                let (Some(from), Some(to)) = (IdentityId::from_slice(&key[32..64]), IdentityId::from_slice(&key[64..])) else { continue };
                let Some(VouchRow { entry, weight: Some(weight), .. }) = self.tx.decoded(Table::Vouch, &row) else { continue };
                if roster.has(&from) && self.stands(&entry) {
                    all.push(Vouch { from, to, weight, entry });
                }
            }
        }
        all
    }

    /// The last review of each order by each side, about this person, in the circles that I am in.
    fn reviews(&self, about: &IdentityId) -> Vec<Evidence> {
        let mut last: BTreeMap<(OrderId, IdentityId), (u64, EntryId, ReviewRow)> = BTreeMap::new();
        for (key, row) in self.tx.prefix(Table::Review, &about.0) {
            let Some(entry) = EntryId::from_slice(&key[32..]) else { continue };
            let Some(row) = self.tx.decoded::<ReviewRow>(Table::Review, &row) else { continue };
            let joined = self.rosters.get(&row.circle).is_some_and(|roster| roster.has(&self.me.id()));
            let place = (row.order, row.by);
            let later = last.get(&place).is_none_or(|(lamport, held, _)| (*lamport, *held) < (row.lamport, entry));
            if joined && later && self.stands(&entry) {
                last.insert(place, (row.lamport, entry, row));
            }
        }
        let evidence = |(_, entry, row): (u64, EntryId, ReviewRow)| Evidence {
            by: row.by,
            about: *about,
            side: if row.bought { Side::Bought } else { Side::Sold },
            outcome: outcome(row.rating),
            at: row.at,
            entry,
            order: row.order,
        };
        last.into_values().map(evidence).collect()
    }

    /// My own completed deals with this person. What I said of them stands among the reviews.
    fn purchases(&self, with: &IdentityId) -> Vec<Purchase> {
        let orders = order::all(self.tx).into_iter().filter_map(|id| Some((id, order::row(self.tx, &id)?)));
        let theirs = orders.filter(|(_, row)| known::person_of(self.tx, &row.other) == Some(*with));
        let deal = |(id, row): (OrderId, order::OrderRow)| {
            let (_, order) = order::folded(self.tx, &id)?;
            let side = if row.mine == Role::Buyer { Side::Bought } else { Side::Sold };
            let done = order.state == State::Completed && order.terms.party(row.mine.other()).identity == *with;
            done.then_some(Purchase { with: *with, side, outcome: Outcome::Good, at: order.since, entry: None, order: id })
        };
        theirs.filter_map(deal).collect()
    }
}

const fn outcome(rating: u64) -> Outcome {
    match rating {
        GOOD_RATING.. => Outcome::Good,
        ..=BAD_RATING => Outcome::Bad,
        _ => Outcome::Neutral,
    }
}
