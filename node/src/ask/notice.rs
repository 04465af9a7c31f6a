//! Notices: everything that needs an answer from this person, and what they have to know to go on.
//!
//! Derived whenever it is asked for; answering is what takes a notice away.

use haat_protocol::circle::Roster;
use haat_protocol::id::{EntryId, OrderId};
use haat_protocol::local::{NoticeRow, Problem, Window};
use haat_protocol::norms::Role;
use haat_protocol::order::{self, Event, Step};
use haat_protocol::time::{DAY_MS, Millis};
use serde_json::Value;

use super::Ask;
use super::window::{self, falling};
use crate::store::Table;
use crate::view::{self, fork, known, order as orders};
use crate::{docket, duty};

/// How long news that nobody can answer stay, in milliseconds.
const NEWS_MS: u64 = 30 * DAY_MS;

impl Ask<'_, '_> {
    /// What needs an answer, the nearest deadline first, then the newest.
    pub(super) fn notices(&self, window: &Window) -> Result<Value, Problem> {
        let mut rows = self.orders_due();
        rows.extend(self.messages());
        rows.extend(self.orders_refused());
        rows.extend(self.cases());
        rows.extend(self.rosters.values().flat_map(|roster| self.of_circle(roster)));
        rows.extend(self.own_forks());
        let key = |row: &NoticeRow| {
            let by = row.deadline.map_or(u64::MAX, |by| by.0);
            [by.to_be_bytes().as_slice(), &falling(row.at.0), row.about.as_bytes(), &[0], row.kind.as_bytes()].concat()
        };
        window::page("notices", window, rows.into_iter().map(|row| (key(&row), row)).collect(), Some)
    }

    fn orders_due(&self) -> Vec<NoticeRow> {
        let due = orders::all(self.tx).into_iter().filter_map(|id| {
            let mine = self.side_here(&id)?;
            let (set, order) = orders::folded(self.tx, &id)?;
            let duty = duty::of(&set, &order, mine, self.facts.now)?;
            let other = self.people.call(&order.terms.party(mine.other()).identity);
            Some(NoticeRow {
                kind: duty.kind.to_owned(),
                text: duty.text(&order, &other),
                at: duty.since,
                about: id.to_string(),
                deadline: duty.by,
                urgent: duty.is_urgent(self.facts.now),
            })
        });
        due.collect()
    }

    /// What the other side wrote in an order since this person last did something there.
    fn messages(&self) -> Vec<NoticeRow> {
        let unanswered = orders::all(self.tx).into_iter().filter_map(|id| {
            let mine = self.side_here(&id)?;
            let (set, order) = orders::folded(self.tx, &id)?;
            let other = self.people.call(&order.terms.party(mine.other()).identity);
            let events = order.history.iter().rev().filter_map(|id| set.event(id)).map(Event::body);
            let mut theirs = events.take_while(|body| order.role(&body.author) == Some(mine.other()));
            theirs.find_map(|body| match &body.step {
                Step::Say { text } if self.facts.now.since(body.at) < NEWS_MS => {
                    Some(told("message", format!("{other} wrote: {text}"), body.at, &id))
                }
                _ => None,
            })
        });
        unanswered.collect()
    }

    /// One's own side of an order with which this device goes on: who has it elsewhere is told there.
    fn side_here(&self, id: &OrderId) -> Option<order::Role> {
        orders::row(self.tx, id).filter(|row| row.own == self.me.device()).map(|row| row.mine)
    }

    /// Orders of which the other side's node takes nothing.
    fn orders_refused(&self) -> Vec<NoticeRow> {
        let refused = self.facts.presence.refused.iter().filter_map(|(id, (at, code))| {
            let mine = orders::row(self.tx, id)?.mine;
            let (_, order) = orders::folded(self.tx, id)?;
            let other = self.people.call(&order.terms.party(mine.other()).identity);
            let text = format!("{other}'s node takes nothing of this order: {}", why(code));
            Some(told("refused", text, *at, id))
        });
        refused.collect()
    }

    /// Disputes of others that this person is to decide.
    fn cases(&self) -> Vec<NoticeRow> {
        let open = docket::all(self.tx).into_iter().filter(|(_, case)| case.word.is_none());
        let row = |(id, case): (OrderId, docket::Case)| {
            let (_, order) = case.order()?;
            let [buyer, seller] = [&order.terms.buyer, &order.terms.seller].map(|party| self.people.call(&party.identity));
            let text = format!("{buyer} and {seller} disagree about {}: decide what goes back", duty::goods(&order));
            Some(told("case", text, case.at, &id))
        };
        open.filter_map(row).collect()
    }

    /// Who asks to be let in; and that I am in no more.
    fn of_circle(&self, roster: &Roster) -> Vec<NoticeRow> {
        let (me, space) = (self.me.id(), roster.space);
        let name = crate::name::circle_name(self.tx, &space).unwrap_or_else(|| space.short());
        if let Some(mine) = roster.members.get(&me) {
            let waiting = roster.requests.values().filter(|_| mine.role >= Role::Steward);
            return waiting.map(|asked| told("request", format!("{} asks to join {name}", asked.add.name), asked.at, &space)).collect();
        }
        let is_news = |at: &Millis| self.facts.now.since(*at) < NEWS_MS;
        let removed = roster.removed.get(&me).filter(|removal| !removal.left && !self.tx.has(Table::Join, &space.0));
        let at = removed.and_then(|removal| known::entry(self.tx, &removal.by)).map(|entry| entry.header().at).filter(is_news);
        at.map(|at| told("removed", format!("you were removed from {name}"), at, &space)).into_iter().collect()
    }

    /// Logs of this person's devices with two entries for one place.
    fn own_forks(&self) -> Vec<NoticeRow> {
        let text = self.fork_warning(&self.me.id());
        let forks = self.joined().flat_map(|roster| fork::all(self.tx, &roster.space)).filter(|(log, _)| self.me.identity.has(&log.device));
        let row = |(log, fork): (haat_protocol::entry::LogId, fork::ForkRow)| {
            let entry = self.tx.get(Table::At, &view::place_key(&log, fork.seq)).and_then(|id| EntryId::from_slice(&id));
            let at = entry.and_then(|id| known::entry(self.tx, &id)).map_or(self.facts.started, |entry| entry.header().at);
            Some(told("fork", text.clone()?, at, &log.device))
        };
        forks.filter_map(row).collect()
    }
}

/// Why another node takes nothing, for people; the code itself when there is no better word.
const REFUSALS: &[(&str, &str)] = &[
    ("ahead", "it comes from later than the clock there shows"),
    ("blocked", "you are blocked there"),
    ("not-offered", "its delivery, payment or returns are not what the shop there offers"),
    ("not-the-desk", "another device of the seller's keeps that shop: make the offer again"),
    ("stale-listing", "its lines do not say what the listings there say"),
    ("stranger", "you share no circle any more that has the shop"),
    ("too-many-offers", "too many of your offers wait for an answer there"),
    ("unknown-order", "it does not know the order"),
    ("wrong-chain", "it knows your identity otherwise"),
];

fn why(code: &str) -> &str {
    REFUSALS.iter().find(|(known, _)| *known == code).map_or(code, |(_, words)| words)
}

/// A notice without a deadline.
fn told(kind: &str, text: String, at: Millis, about: &impl ToString) -> NoticeRow {
    NoticeRow { kind: kind.to_owned(), text, at, about: about.to_string(), deadline: None, urgent: false }
}
