//! Answers to questions, read from one snapshot. Nothing here changes anything.
//!
//! Whoever asks checks [`Tx::fault`] after an answer, before it is given to anybody.

mod catalogue;
mod circle;
mod clock;
mod feed;
mod notice;
mod order;
mod payment;
mod people;
mod shelf;
mod status;
mod trust;
mod window;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use haat_protocol::circle::Roster;
use haat_protocol::entry::Header;
use haat_protocol::id::{EntryId, IdentityId, OrderId, SpaceId};
use haat_protocol::local::{ListingRow, OrderRow, Page, Problem, ProblemKind, Question};
use haat_protocol::time::Millis;
use serde::Serialize;
use serde_json::Value;

use crate::myself::Myself;
use crate::name::{self, People};
use crate::presence::Presence;
use crate::store::Tx;
use crate::token;
use crate::view::{block, circle as circles, fork, known, shelf as shelves};

pub use status::reach;

/// What answers need that no store holds.
#[derive(Debug, Clone, Copy)]
pub struct NodeFacts<'a> {
    /// Who is connected, where this node listens.
    pub presence: &'a Presence,
    /// Bytes of the store's file.
    pub store_bytes: u64,
    /// When the node was started.
    pub started: Millis,
    /// The time of asking.
    pub now: Millis,
}

/// A question being answered.
#[derive(Debug)]
pub(crate) struct Ask<'a, 's> {
    tx: &'a Tx<'s>,
    me: &'a Myself,
    facts: &'a NodeFacts<'a>,
    people: People,
    /// Of all circles known here.
    rosters: BTreeMap<SpaceId, Arc<Roster>>,
    /// Of whom nothing is shown.
    blocked: BTreeSet<IdentityId>,
    /// Whose words are not shown in the feed.
    muted: BTreeSet<IdentityId>,
}

/// Answers a question.
///
/// # Errors
/// What is asked about is not here, or not clear.
pub fn answer(tx: &Tx<'_>, me: &Myself, facts: &NodeFacts<'_>, question: &Question) -> Result<Value, Problem> {
    let ask = Ask::new(tx, me, facts);
    match question {
        Question::Status => json(&ask.status()),
        Question::Clock => json(&ask.clock()),
        Question::Me => json(&ask.me()),
        Question::Peers(window) => ask.peers(window),
        Question::Circles => page(ask.circles()),
        Question::Circle { circle } => json(&ask.circle(&name::circle(tx, me, circle)?)),
        Question::Norms { circle } => {
            let outside = || Problem::refused("not-a-member", "nothing is known of the norms there", "you were not let in yet");
            json(&ask.norms(&name::circle(tx, me, circle)?).ok_or_else(outside)?)
        }
        Question::Requests { circle, window } => ask.requests(&name::circle(tx, me, circle)?, window),
        Question::Invites { circle, window } => ask.invites(&name::circle(tx, me, circle)?, window),
        Question::People { circle, window } => ask.neighbours(ask.in_circle(circle.as_deref())?, window),
        Question::Trust { subject } => json(&ask.trust(&ask.subject(subject)?)),
        Question::Shops(window) => ask.shops(window),
        Question::Shop { shop } => {
            let id = name::shop(tx, me, shop)?;
            ask.may_show(&id)?;
            json(&ask.shop(&id).ok_or_else(|| Problem::not_found("shop", shop))?)
        }
        Question::Listings { circle, shop, window } => {
            let shop = shop.as_deref().map(|shop| name::shop(tx, me, shop)).transpose()?;
            ask.listings(ask.in_circle(circle.as_deref())?, shop, window)
        }
        Question::Listing { listing } => {
            let lineage = name::listing(tx, me, listing)?;
            shelves::row(tx, &lineage).map_or(Ok(()), |row| ask.may_show(&row.shop))?;
            let row = ask.listing(&lineage);
            json(&row.ok_or_else(|| Problem::not_found("listing", listing))?)
        }
        Question::Feed { circle, limit, after } => json(&ask.feed(ask.in_circle(circle.as_deref())?, *limit, after.as_deref())?),
        Question::Orders { state, role, window } => ask.orders(state.as_deref(), role.as_deref(), window),
        Question::Order { order } => json(&ask.order(&name::order(tx, me, order)?)?),
        Question::Payment { order } => json(&ask.payment(&name::order(tx, me, order)?)?),
        Question::Notices(window) => ask.notices(window),
        Question::Evidence { order, with } => ask.evidence(&name::order(tx, me, order)?, with.as_deref()),
        Question::Catalogue { shop, format } => ask.catalogue(&name::shop(tx, me, shop)?, format),
        Question::Enclosed { order, what } => ask.enclosed(&name::order(tx, me, order)?, what),
        Question::Tokens => page(token::rows(tx, facts.now)),
        Question::LogVerify => {
            Err(Problem::usage("not-a-question", "this is not answered from views", "the trust log is checked as a whole"))
        }
    }
}

/// One order as its parties see it, for whoever has just done something in it.
///
/// # Errors
/// The order is not here.
pub fn order_row(tx: &Tx<'_>, me: &Myself, now: Millis, order: &OrderId) -> Result<OrderRow, Problem> {
    let facts = NodeFacts { presence: &Presence::default(), store_bytes: 0, started: now, now };
    Ask::new(tx, me, &facts).order(order)
}

/// The evidence of an order of this person's own, without personal data.
///
/// # Errors
/// The order is not here, or the other party's identity chain is not.
pub fn evidence(tx: &Tx<'_>, me: &Myself, now: Millis, order: &OrderId) -> Result<Vec<u8>, Problem> {
    let facts = NodeFacts { presence: &Presence::default(), store_bytes: 0, started: now, now };
    Ask::new(tx, me, &facts).evidence_file(order, None)
}

/// One listing as its seller sees it, for whoever has just changed it.
///
/// # Errors
/// The listing is not here.
pub fn listing_row(tx: &Tx<'_>, me: &Myself, now: Millis, lineage: &EntryId) -> Result<ListingRow, Problem> {
    let facts = NodeFacts { presence: &Presence::default(), store_bytes: 0, started: now, now };
    Ask::new(tx, me, &facts).listing(lineage).ok_or_else(|| Problem::not_found("listing", &lineage.to_string()))
}

impl<'a, 's> Ask<'a, 's> {
    fn new(tx: &'a Tx<'s>, me: &'a Myself, facts: &'a NodeFacts<'a>) -> Self {
        let rosters = circles::all(tx).into_iter().filter_map(|space| Some((space, circles::roster(tx, &space)?))).collect();
        let (blocked, muted) = (block::blocked(tx), block::muted(tx));
        Self { tx, me, facts, people: People::read(tx, me), rosters, blocked, muted }
    }

    /// Whether an entry counts, given the removals, revocations and forks known now.
    fn counts(&self, header: &Header) -> bool {
        let Some(roster) = self.rosters.get(&header.space) else { return known::counts(self.tx, header) };
        let person = known::author(self.tx, header);
        let standing =
            |person| roster.standing(&person, &header.device, header.log).and(fork::standing(self.tx, &person, &header.log_id()));
        person.is_some_and(|person| standing(person).counts(header.seq))
    }
}

impl Ask<'_, '_> {
    /// Whether a shop may be shown: nothing is of whom I blocked.
    fn may_show(&self, shop: &SpaceId) -> Result<(), Problem> {
        let keeper = known::inception(self.tx, shop).map(|begun| begun.creator);
        match keeper.filter(|keeper| self.blocked.contains(keeper)) {
            None => Ok(()),
            Some(keeper) => {
                let name = self.people.call(&keeper);
                Err(Problem::refused("blocked", "it is not shown", format!("you blocked {name}")).hint(format!("haat unblock {name}")))
            }
        }
    }

    fn in_circle(&self, circle: Option<&str>) -> Result<Option<SpaceId>, Problem> {
        circle.map(|circle| name::circle(self.tx, self.me, circle)).transpose()
    }
}

/// A list that is bounded otherwise, whole.
fn page<T: Serialize>(items: Vec<T>) -> Result<Value, Problem> {
    json(&Page { items, next: None })
}

fn json<T: Serialize>(row: &T) -> Result<Value, Problem> {
    let fault = |fault: serde_json::Error| Problem::new(ProblemKind::Internal, "internal", "an internal fault", fault.to_string());
    serde_json::to_value(row).map_err(fault)
}

#[cfg(test)]
mod tests;
