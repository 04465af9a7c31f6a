//! My orders as their events say they stand, and the evidence of one.

use haat_protocol::id::{EventId, IdentityId, OrderId};
use haat_protocol::identity::Chain;
use haat_protocol::local::done::{EnclosedFile, EvidenceFile};
use haat_protocol::local::{EventWords, OrderEventRow, OrderLineRow, OrderRow, Problem, ProblemKind, Window};
use haat_protocol::order::{self, Closing, Order, OrderSet, Question, Role, State, Step, Verb};
use haat_protocol::time::Millis;
use serde_json::Value;

use super::Ask;
use super::window::{self, falling};
use crate::docket::{self, Case};
use crate::duty;
use crate::store::Table;
use crate::vault;
use crate::view::{known, order as orders};

impl Ask<'_, '_> {
    /// Orders: first those in which I have to act, the nearest deadline first, then those that wait for the other side, then the others,
    /// the newest first.
    pub(super) fn orders(&self, state: Option<&str>, role: Option<&str>, window: &Window) -> Result<Value, Problem> {
        if let Some(state) = state.filter(|state| State::ALL.iter().all(|known| known.name() != *state)) {
            let all: Vec<&str> = State::ALL.iter().map(|state| state.name()).collect();
            let problem = Problem::usage("bad-state", "no order can be in that state", format!("{state:?} is no state of an order"));
            return Err(problem.hint(format!("one of: {}", all.join(", "))));
        }
        if let Some(role) = role.filter(|role| !["buyer", "seller"].contains(role)) {
            return Err(Problem::usage("bad-role", "no such side of an order", format!("{role:?} is neither `buyer` nor `seller`")));
        }
        let rank = |row: &OrderRow| match row.waits_for.as_deref() {
            Some("me") => 0,
            Some(_) => 1,
            None => 2,
        };
        let mut keyed = Vec::new();
        for id in orders::all(self.tx) {
            let Some(index) = orders::row(self.tx, &id).filter(|row| role.is_none_or(|role| side(row.mine) == role)) else { continue };
            let Some((set, order)) = orders::folded(self.tx, &id) else { continue };
            if state.is_none_or(|state| order.state.name() == state) {
                let row = self.order_row(&set, &order, index.mine);
                let by = row.deadline.map_or(u64::MAX, |by| by.0);
                keyed.push(([&[rank(&row)], by.to_be_bytes().as_slice(), &falling(index.at.0), &id.0].concat(), row));
            }
        }
        window::page(&format!("orders {state:?} {role:?}"), window, keyed, Some)
    }

    pub(super) fn order(&self, id: &OrderId) -> Result<OrderRow, Problem> {
        let own =
            orders::row(self.tx, id).zip(orders::folded(self.tx, id)).map(|(row, (set, order))| self.order_row(&set, &order, row.mine));
        own.or_else(|| self.case_row(&docket::case(self.tx, id)?)).ok_or_else(|| Problem::not_found("order", &id.to_string()))
    }

    /// A dispute of others as who decides it sees it: on one party's evidence, and to decide is all that can be done.
    fn case_row(&self, case: &Case) -> Option<OrderRow> {
        let (set, order) = case.order()?;
        let is_open = case.word.is_none();
        let row = self.order_row(&set, &order, case.by);
        Some(OrderRow {
            waits_for: Some(if is_open { "me" } else { "other" }.to_owned()),
            deadline: None,
            handover_code: None,
            next: is_open.then(|| Verb::Decide.name().to_owned()).into_iter().collect(),
            ..row
        })
    }

    fn order_row(&self, set: &OrderSet, order: &Order, mine: Role) -> OrderRow {
        let terms = &order.terms;
        let line = |(at, line): (usize, &order::Line)| OrderLineRow {
            shipped: order.shipped.get(at).copied().unwrap_or(0),
            listing: line.listing,
            version: line.version,
            title: line.title.clone(),
            sku: line.sku.clone(),
            qty: line.qty,
            price: line.unit_price,
        };
        let (waits_for, deadline) = self.waits(set, order, mine);
        OrderRow {
            order: order.id,
            state: order.state.name().to_owned(),
            turn: order.turn.map(|role| side(role).to_owned()),
            total: terms.total,
            buyer: self.people.author(&terms.buyer.identity),
            seller: self.people.author(&terms.seller.identity),
            lines: terms.lines.iter().enumerate().map(line).collect(),
            adjustments: terms.adjustments.clone(),
            delivery: terms.delivery.clone(),
            payment: terms.payment.clone(),
            via: terms.via,
            waits_for: waits_for.map(str::to_owned),
            deadline,
            asked: order.asked.map(|asked| question(asked.what).to_owned()),
            closing: order.closing.map(|closing| closed(closing).to_owned()),
            handover_code: (mine == Role::Seller && order.state == State::Ready).then(|| vault::code(self.tx, self.me, order)).flatten(),
            events: self.events(set, order),
            next: orders::verbs(self.tx, self.me, order, self.facts.now).iter().map(|verb| verb.name().to_owned()).collect(),
            warning: self.order_warning(order, mine),
        }
    }

    /// Who has to act, and until when.
    fn waits(&self, set: &OrderSet, order: &Order, mine: Role) -> (Option<&'static str>, Option<Millis>) {
        let of = |role| duty::of(set, order, role, self.facts.now);
        let is_here = order.device(mine) == self.me.device();
        match of(mine).filter(|_| is_here) {
            Some(duty) => (Some("me"), duty.by),
            None if order.state.is_terminal() => (None, None),
            None => (Some("other"), of(mine.other()).and_then(|duty| duty.by)),
        }
    }

    /// What a fork means for an order that goes on, the other side's before one's own: both sides are told.
    fn order_warning(&self, order: &Order, mine: Role) -> Option<String> {
        let mut sides = [mine.other(), mine].into_iter().filter(|_| !order.state.is_terminal());
        sides.find_map(|side| self.fork_warning(&order.terms.party(side).identity))
    }

    /// Events that took effect, in their order; then those without effect, then those that wait for others.
    fn events(&self, set: &OrderSet, order: &Order) -> Vec<OrderEventRow> {
        let told = order.history.iter().map(|id| (id, None));
        let refused = order.refused.iter().map(|(id, why)| (id, Some(why.to_string())));
        let pending = order.pending.iter().map(|id| (id, Some("an event before it has not come yet".to_owned())));
        told.chain(refused).chain(pending).filter_map(|(id, why)| self.event(set, order, id, why)).collect()
    }

    fn event(&self, set: &OrderSet, order: &Order, id: &EventId, refused: Option<String>) -> Option<OrderEventRow> {
        let event = set.event(id)?;
        let is_queued = self.tx.has(Table::Outbox, &[order.id.0, id.0].concat());
        Some(OrderEventRow {
            id: *id,
            kind: event.kind().name().to_owned(),
            author: order.role(&event.body().author).map_or("stranger", side).to_owned(),
            at: event.body().at,
            delivery: if is_queued { "queued" } else { "stored" }.to_owned(),
            words: words(&event.body().step),
            refused,
        })
    }

    /// What is enclosed with an order: an address, or the file that is the goods.
    pub(super) fn enclosed(&self, id: &OrderId, what: &str) -> Result<Value, Problem> {
        let (set, order) = orders::folded(self.tx, id).ok_or_else(|| Problem::not_found("order", &id.to_string()))?;
        let (commitment, name) = match what {
            "address" => (order.personal, None),
            "file" => {
                let steps = order.history.iter().rev().filter_map(|id| Some(&set.event(id)?.body().step));
                let mut files = steps.filter_map(|step| match step {
                    Step::DeliverDigital { name, content, .. } => Some((*content, name.clone())),
                    _ => None,
                });
                files.next().map_or((None, None), |(content, name)| (Some(content), Some(name)))
            }
            _ => return Err(Problem::usage("bad-value", "nothing of that name is enclosed", "it is `address` or `file`")),
        };
        let found = commitment.and_then(|commitment| vault::open(self.tx, self.me, id, &commitment));
        let found = found.ok_or_else(|| {
            let why = if commitment.is_some() { "it has not come yet, or its time to be kept is over" } else { "nobody has given one" };
            Problem::new(ProblemKind::NotFound, "not-enclosed", "there is nothing of that here", why)
        })?;
        Ok(serde_json::json!(EnclosedFile { order: *id, name, data: data_encoding::BASE64.encode(&found.data) }))
    }

    /// The evidence file, as base64.
    pub(super) fn evidence(&self, id: &OrderId, with: Option<&str>) -> Result<Value, Problem> {
        Ok(serde_json::json!(EvidenceFile { data: data_encoding::BASE64.encode(&self.evidence_file(id, with)?) }))
    }

    /// The evidence file.
    pub(super) fn evidence_file(&self, id: &OrderId, with: Option<&str>) -> Result<Vec<u8>, Problem> {
        let (set, order) = orders::folded(self.tx, id).ok_or_else(|| Problem::not_found("order", &id.to_string()))?;
        let personal = match with {
            None => None,
            Some("personal") => order.personal.and_then(|personal| vault::open(self.tx, self.me, id, &personal)),
            Some(_) => return Err(Problem::usage("bad-value", "evidence cannot be so", "it is made with `personal` data, or without")),
        };
        let (buyer, seller) = (self.chain(&order.terms.buyer.identity)?, self.chain(&order.terms.seller.identity)?);
        order::evidence::export(&set, [&buyer, &seller], personal, &self.me.pair, self.facts.now)
            .map_err(|why| Problem::refused(why.code(), "the order cannot be exported", why.to_string()))
    }

    fn chain(&self, person: &IdentityId) -> Result<Chain, Problem> {
        if *person == self.me.id() {
            return Ok(known::own_chain(self.tx, self.me));
        }
        known::chain(self.tx, person).ok_or_else(|| {
            let what = format!("the identity chain of {} has not come yet", self.people.call(person));
            Problem::new(ProblemKind::NotFound, "no-chain", "the order cannot be exported yet", what)
                .hint("wait until the other side is online")
        })
    }
}

/// What the author of a step said with it: those of its fields that bear the names of words.
fn words(step: &Step) -> EventWords {
    if let Step::Decide { decision } = step {
        let decision = decision.read().ok();
        let (refund, reason) = decision.map(|decision| (decision.refund, decision.reason)).unzip();
        return EventWords { refund, reason, ..EventWords::default() };
    }
    let fields = serde_json::to_value(step).ok().and_then(|step| step.as_object()?.values().next().cloned());
    fields.and_then(|fields| serde_json::from_value(fields).ok()).unwrap_or_default()
}

const fn question(what: Question) -> &'static str {
    match what {
        Question::Cancel => "cancel",
        Question::Return => "return",
    }
}

const fn closed(closing: Closing) -> &'static str {
    match closing {
        Closing::Settled => "settled",
        Closing::Performed => "performed",
        Closing::Defaulted(Role::Buyer) => "buyer defaulted",
        Closing::Defaulted(Role::Seller) => "seller defaulted",
        Closing::Unresolved => "unresolved",
    }
}

/// A side of an order, in words.
const fn side(role: Role) -> &'static str {
    match role {
        Role::Buyer => "buyer",
        Role::Seller => "seller",
    }
}
