//! The next event of one's own chain: which verbs are open, what a verb becomes, and the signature.
//!
//! A draft is judged by the same table as an event from outside; what would be refused there is never signed here.

use serde::{Deserialize, Serialize};

use crate::codec::encode;
use crate::crypto::{Keypair, Label};
use crate::id::DeviceId;
use crate::limits::{CLOCK_SKEW_MS, NETWORK, WIRE_VERSION};
use crate::money::Money;
use crate::order::event::{Event, EventBody, Kind, Reason, SignedEvent, Step, event_id};
use crate::order::fold::{OrderSet, fold};
use crate::order::judge::{due, judge};
use crate::order::refusal::Refusal;
use crate::order::right::Right;
use crate::order::table::{Guard, ROWS};
use crate::order::terms::{Terms, TermsError};
use crate::order::{Deadline, Order, Role, State, StockMark};
use crate::time::Millis;

macro_rules! verbs {
    ($($(#[$doc:meta])* $name:ident $text:literal)*) => {
        /// What a person can do with an order, by the names of the command line.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Verb { $($(#[$doc])* $name,)* }

        impl Verb {
            /// The name on the command line.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

verbs! {
    /// Propose another price.
    Counter "counter"
    /// Agree.
    Accept "accept"
    /// Decline.
    Reject "reject"
    /// Take one's offer back.
    Withdraw "withdraw"
    /// Say that a payment is on its way.
    Pay "pay"
    /// Say that it has come.
    ConfirmPayment "confirm-payment"
    /// Say that it has not.
    DenyPayment "deny-payment"
    /// Ask for no more money.
    Waive "waive"
    /// Begin to prepare the goods.
    Start "start"
    /// Send them.
    Ship "ship"
    /// Have them ready to be collected.
    Ready "ready"
    /// Have received them.
    Receive "receive"
    /// Say that all is well.
    Complete "complete"
    /// Call it off.
    Cancel "cancel"
    /// Pay back.
    Refund "refund"
    /// Say that the refund has come.
    ConfirmRefund "confirm-refund"
    /// Use the deadline right that is open.
    Expire "expire"
    /// Close what the other side left open.
    CloseDefaulted "close-defaulted"
    /// Review the other side. Makes an entry, not an event.
    Review "review"
}

/// A verb with what it needs, or what the seller's node says by itself about the stock.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the event that each verb becomes")]
pub enum Act {
    /// Proposes `goods` as the total of the goods; delivery is added.
    Counter { goods: Money, valid_until: Millis },
    /// Proposes other terms altogether.
    CounterTerms(Box<Terms>),
    /// Agrees to the last terms.
    Accept,
    /// Declines the last offer.
    Reject { reason: Reason },
    /// Takes the last offer back.
    Withdraw,
    /// Claims a payment.
    Pay { reference: String, amount: Option<Money> },
    /// Confirms a payment.
    ConfirmPayment { amount: Option<Money> },
    /// Denies a payment.
    DenyPayment { reason: String },
    /// Waives what is left.
    Waive,
    /// Starts to fulfil.
    Start,
    /// Ships everything.
    Ship { carrier: String, tracking: String },
    /// Has everything ready to be collected.
    Ready,
    /// Has received everything.
    Receive,
    /// Completes.
    Complete,
    /// Cancels.
    Cancel,
    /// Claims a refund.
    Refund { reference: String, amount: Option<Money> },
    /// Confirms a refund.
    ConfirmRefund,
    /// Uses whichever deadline right is open.
    Expire,
    /// Closes by default.
    CloseDefaulted,
    /// The seller's node holds the stock.
    StockConfirm,
    /// The seller's node has not enough.
    StockFail { reason: Reason },
}

/// The kinds that are deadline rights, tried in this order.
const RIGHTS: &[Kind] = &[
    Kind::Expire,
    Kind::ExpireUnpaid,
    Kind::ExpireUncollected,
    Kind::ExpireUnfulfilled,
    Kind::AutoReceived,
    Kind::Complete,
    Kind::RefundConfirm,
];

/// The verb by which a kind is signed by `role`; none for what is not a person's to do.
const fn verb(kind: Kind, guard: Guard) -> Option<Verb> {
    Some(match (kind, guard) {
        (Kind::Complete, Guard::DisputeOver) | (Kind::RefundConfirm, Guard::RefundOver) => Verb::Expire,
        (Kind::Expire | Kind::ExpireUnpaid | Kind::ExpireUncollected | Kind::ExpireUnfulfilled | Kind::AutoReceived, _) => Verb::Expire,
        // A late payment is taken down when somebody says so, never suggested.
        (Kind::PayProof, Guard::WasAccepted) | (Kind::Offer | Kind::StockConfirm | Kind::StockFail, _) => return None,
        (Kind::Counter, _) => Verb::Counter,
        (Kind::Accept, _) => Verb::Accept,
        (Kind::Reject, _) => Verb::Reject,
        (Kind::Withdraw, _) => Verb::Withdraw,
        (Kind::PayProof, _) => Verb::Pay,
        (Kind::PayConfirm, _) => Verb::ConfirmPayment,
        (Kind::PayDeny, _) => Verb::DenyPayment,
        (Kind::Waive, _) => Verb::Waive,
        (Kind::Start, _) => Verb::Start,
        (Kind::Ship, _) => Verb::Ship,
        (Kind::Ready, _) => Verb::Ready,
        (Kind::Received, _) => Verb::Receive,
        (Kind::Complete, _) => Verb::Complete,
        (Kind::Cancel, _) => Verb::Cancel,
        (Kind::RefundSent, _) => Verb::Refund,
        (Kind::RefundConfirm, _) => Verb::ConfirmRefund,
        (Kind::CloseDefaulted, _) => Verb::CloseDefaulted,
    })
}

/// The verbs that `me` may use now, in the order of the table, each once.
#[must_use]
pub fn next(order: &Order, me: Role, now: Millis) -> Vec<Verb> {
    let mut verbs = Vec::new();
    if order.is_whole(me) {
        for row in ROWS.iter().filter(|row| row.from.contains(&order.state)) {
            let Some(verb) = verb(row.kind, row.guard) else { continue };
            let Some(step) = sample(order, me, row.kind, now) else { continue };
            let open = judge(order, me, &body(order, me, step, now)).is_ok_and(|found| found == row);
            if open && !verbs.contains(&verb) {
                verbs.push(verb);
            }
        }
    }
    if order.agreed.is_some() {
        verbs.push(Verb::Review);
    }
    verbs
}

/// When the next deadline right of `me` opens, if one is running: when `next` is worth asking again.
#[must_use]
pub fn opens(order: &Order, me: Role, now: Millis) -> Option<Millis> {
    let names = [Deadline::ValidUntil, Deadline::PayBy, Deadline::FulfilBy, Deadline::ConfirmBy, Deadline::DisputeBy];
    let before = next(order, me, now);
    let mut instants: Vec<Millis> = names.into_iter().filter_map(|name| due(order, name)).map(|at| at.plus(CLOCK_SKEW_MS + 1)).collect();
    instants.sort_unstable();
    instants.into_iter().find(|at| *at > now && next(order, me, *at).iter().any(|verb| !before.contains(verb)))
}

/// An event of this kind with the least it may say, to ask the table whether it is open.
fn sample(order: &Order, me: Role, kind: Kind, now: Millis) -> Option<Step> {
    let act = match kind {
        Kind::Counter => {
            let mut terms = order.terms.clone();
            terms.valid_until = now.plus(1);
            return Some(Step::Counter { replaces: order.last_offer, terms: Box::new(terms) });
        }
        Kind::Accept => Act::Accept,
        Kind::Reject => Act::Reject { reason: Reason::Other },
        Kind::Withdraw => Act::Withdraw,
        Kind::PayProof => Act::Pay { reference: String::new(), amount: None },
        Kind::PayConfirm => Act::ConfirmPayment { amount: None },
        Kind::PayDeny => Act::DenyPayment { reason: String::new() },
        Kind::Waive => Act::Waive,
        Kind::Start => Act::Start,
        Kind::Ship => Act::Ship { carrier: String::new(), tracking: String::new() },
        Kind::Ready => Act::Ready,
        Kind::Received => Act::Receive,
        Kind::Complete => Act::Complete,
        Kind::Cancel => Act::Cancel,
        Kind::RefundSent => Act::Refund { reference: String::new(), amount: None },
        Kind::RefundConfirm => Act::ConfirmRefund,
        Kind::CloseDefaulted => Act::CloseDefaulted,
        Kind::Expire | Kind::ExpireUnpaid | Kind::ExpireUncollected | Kind::ExpireUnfulfilled | Kind::AutoReceived => {
            return Some(right_step(kind));
        }
        Kind::Offer | Kind::StockConfirm | Kind::StockFail => return None,
    };
    step(order, me, act, now).ok()
}

const fn right_step(kind: Kind) -> Step {
    match kind {
        Kind::ExpireUnpaid => Step::ExpireUnpaid {},
        Kind::ExpireUncollected => Step::ExpireUncollected {},
        Kind::ExpireUnfulfilled => Step::ExpireUnfulfilled {},
        Kind::AutoReceived => Step::AutoReceived {},
        Kind::Complete => Step::Complete {},
        Kind::RefundConfirm => Step::RefundConfirm {},
        _ => Step::Expire {},
    }
}

/// What an act says as an event.
fn step(order: &Order, me: Role, act: Act, now: Millis) -> Result<Step, Refusal> {
    Ok(match act {
        Act::Counter { goods, valid_until } => {
            let mut terms = order.terms.clone().with_goods(goods).map_err(|_| Refusal::BadTerms)?;
            terms.valid_until = valid_until;
            Step::Counter { replaces: order.last_offer, terms: Box::new(terms) }
        }
        Act::CounterTerms(terms) => Step::Counter { replaces: order.last_offer, terms },
        Act::Accept => {
            let right = Right::of(order.id, &order.terms).ok_or(Refusal::BadTerms)?;
            Step::Accept { offer: order.last_offer, terms: order.terms.hash(), right }
        }
        Act::Reject { reason } => Step::Reject { reason },
        Act::Withdraw => Step::Withdraw {},
        Act::Pay { reference, amount } => Step::PayProof { reference, amount },
        Act::ConfirmPayment { amount } => Step::PayConfirm { amount },
        Act::DenyPayment { reason } => Step::PayDeny { reason },
        Act::Waive => Step::Waive {},
        Act::Start => Step::Start {},
        Act::Ship { carrier, tracking } => Step::Ship { lines: Vec::new(), carrier, tracking },
        Act::Ready => Step::Ready {},
        Act::Receive => Step::Received {},
        Act::Complete => Step::Complete {},
        Act::Cancel => Step::Cancel {},
        Act::Refund { reference, amount } => Step::RefundSent { reference, amount },
        Act::ConfirmRefund => Step::RefundConfirm {},
        Act::CloseDefaulted => Step::CloseDefaulted {},
        Act::StockConfirm => Step::StockConfirm {},
        Act::StockFail { reason } => Step::StockFail { reason },
        Act::Expire => {
            let is_open = |kind: &Kind| {
                let found = judge(order, me, &body(order, me, right_step(*kind), now));
                found.is_ok_and(|row| verb(row.kind, row.guard) == Some(Verb::Expire))
            };
            right_step(*RIGHTS.iter().find(|kind| is_open(kind)).ok_or(Refusal::TooEarly)?)
        }
    })
}

fn body(order: &Order, me: Role, step: Step, now: Millis) -> EventBody {
    let head = order.chain(me);
    let seen = order.chain(me.other()).last;
    let earliest = Millis(seen.map_or(0, |(_, at)| at.0.saturating_sub(CLOCK_SKEW_MS)));
    EventBody {
        version: WIRE_VERSION,
        network: NETWORK.to_owned(),
        order: Some(order.id),
        author: order.terms.party(me).device,
        seq: head.len,
        prev: head.last.map(|(id, _)| id),
        seen: seen.map(|(id, _)| id),
        at: head.last.map_or(now, |(_, at)| at.max(now)).max(earliest),
        step,
    }
}

/// The first event: the buyer's offer.
///
/// # Errors
/// The rule that the terms break.
pub fn offer(terms: Terms, author: DeviceId, note: Option<String>, now: Millis) -> Result<EventBody, TermsError> {
    terms.check()?;
    if now >= terms.valid_until {
        return Err(TermsError::Deadline);
    }
    let step = Step::Offer { terms: Box::new(terms), note };
    let (version, network) = (WIRE_VERSION, NETWORK.to_owned());
    let body = EventBody { version, network, order: None, author, seq: 0, prev: None, seen: None, at: now, step };
    body.check().map_err(|_| TermsError::Field("note"))?;
    Ok(body)
}

/// The event by which `me` does something now, at the end of my chain, having seen all that is in the set.
///
/// # Errors
/// Why the table refuses it. Also when one's own chain is not whole here, so that nothing is signed twice at one place.
pub fn draft(set: &OrderSet, me: Role, act: Act, now: Millis) -> Result<EventBody, Refusal> {
    let order = fold(set)?;
    if !order.is_whole(me) {
        return Err(Refusal::ChainUnknown);
    }
    let body = body(&order, me, step(&order, me, act, now)?, now);
    body.check()?;
    judge(&order, me, &body)?;
    Ok(body)
}

/// Signs a body, and its half of the review right when it is an offer, a counter-offer or an acceptance.
///
/// # Errors
/// What [`Event::read`] would refuse, such as a key that is not the author's.
pub fn sign(body: &EventBody, device: &Keypair) -> Result<Event, Refusal> {
    let bytes = encode(body);
    let sig = device.sign(Label::OrderEvent, &bytes);
    let order = body.order.unwrap_or_else(|| event_id(&bytes).into());
    let right = match &body.step {
        Step::Offer { terms, .. } | Step::Counter { terms, .. } => Right::of(order, terms),
        Step::Accept { right, .. } => Some(*right),
        _ => None,
    };
    let right = right.map(|right| right.sign(device));
    Event::read(SignedEvent { bytes, sig, right })
}

/// Whether the seller's node has to answer about the stock now.
#[must_use]
pub fn is_stock_asked(order: &Order) -> bool {
    order.stock == StockMark::Asked && matches!(order.state, State::Agreed | State::PaymentClaimed)
}
