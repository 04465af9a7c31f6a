//! The next event of one's own chain: what a verb becomes, and the signature.
//!
//! A draft is judged by the same table as an event from outside; what would be refused there is never signed here.

use crate::codec::encode;
use crate::crypto::{Keypair, Label, Sig};
use crate::id::{DeviceId, Digest, EventId};
use crate::identity::Inception;
use crate::limits::{CLOCK_SKEW_MS, NETWORK, WIRE_VERSION};
use crate::money::Money;
use crate::order::decision::SignedDecision;
use crate::order::event::{Event, EventBody, SignedEvent, event_id};
use crate::order::fold::fold;
use crate::order::judge::{Case, judge};
use crate::order::refusal::Refusal;
use crate::order::right::Right;
use crate::order::set::OrderSet;
use crate::order::step::{Kind, Reason, Step};
use crate::order::table::ROWS;
use crate::order::terms::{Terms, TermsError};
use crate::order::verb::{Verb, is_open, right_step, verb};
use crate::order::{Order, Role, State, StockMark};
use crate::time::Millis;

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
    /// Ships these lines, as pairs of number and quantity; none = all that is left.
    Ship { lines: Vec<(u64, u64)>, carrier: String, tracking: String },
    /// Hands a file over.
    DeliverDigital { name: String, bytes: u64, content: Digest },
    /// Has everything ready to be collected.
    Ready { code: Option<Digest> },
    /// Has received everything.
    Receive { code: Option<String> },
    /// Says where the goods go.
    Address { personal: Digest },
    /// Completes.
    Complete,
    /// Cancels.
    Cancel,
    /// Asks to call it off.
    RequestCancel { reason: String },
    /// Asks to send the goods back.
    Return { reason: String },
    /// Has them back.
    ReturnReceived { restock: bool },
    /// Says yes to what the other side asked or offered last.
    Agree,
    /// Says no to it.
    Refuse { reason: String },
    /// Disagrees.
    Dispute { claim: String },
    /// Offers to settle a dispute.
    Settle { refund: Money },
    /// Brings the resolver's word in.
    Decide { decision: SignedDecision },
    /// Has done what was decided.
    Perform { reference: String },
    /// Says something.
    Say { text: String },
    /// Lets another device of the same person go on.
    Handover { to: DeviceId },
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

/// What an act says as an event.
pub(crate) fn step(order: &Order, me: Role, act: Act, now: Millis) -> Result<Step, Refusal> {
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
        Act::Ship { lines, carrier, tracking } => Step::Ship { lines, carrier, tracking },
        Act::DeliverDigital { name, bytes, content } => Step::DeliverDigital { name, bytes, content },
        Act::Ready { code } => Step::Ready { code },
        Act::Receive { code } => Step::Received { code },
        Act::Address { personal } => Step::Address { personal },
        Act::Complete => Step::Complete {},
        Act::Cancel => Step::Cancel {},
        Act::Refund { reference, amount } => Step::RefundSent { reference, amount },
        Act::ConfirmRefund => Step::RefundConfirm {},
        Act::CloseDefaulted => Step::CloseDefaulted {},
        Act::StockConfirm => Step::StockConfirm {},
        Act::StockFail { reason } => Step::StockFail { reason },
        Act::Expire => expired(order, me, now).ok_or(Refusal::TooEarly)?,
        other => trouble(order, me, other)?,
    })
}

/// What an act says when the two are not of one mind, and the words beside.
fn trouble(order: &Order, me: Role, act: Act) -> Result<Step, Refusal> {
    Ok(match act {
        Act::RequestCancel { reason } => Step::CancelRequest { reason },
        Act::Return { reason } => Step::ReturnRequest { reason },
        Act::ReturnReceived { restock } => Step::ReturnReceived { restock },
        Act::Agree => match order.state {
            State::Disputed => Step::SettleAccept { offer: offered(order, me)? },
            State::Returning => Step::ReturnOk {},
            _ => Step::CancelAgree {},
        },
        Act::Refuse { reason } => match order.state {
            State::Disputed => Step::SettleRefuse { offer: offered(order, me)?, reason },
            State::Returning => Step::ReturnNo { reason },
            _ => Step::CancelRefuse { reason },
        },
        Act::Dispute { claim } => Step::Dispute { claim },
        Act::Settle { refund } => Step::SettleOffer { refund },
        Act::Decide { decision } => Step::Decide { decision },
        Act::Perform { reference } => Step::Performed { reference },
        Act::Say { text } => Step::Say { text },
        Act::Handover { to } => Step::Handover { to },
        _ => return Err(Refusal::WrongState),
    })
}

/// The settlement that the other side offers.
fn offered(order: &Order, me: Role) -> Result<EventId, Refusal> {
    order.dispute.offer(me.other()).map(|offer| offer.event).ok_or(Refusal::NoSettlement)
}

/// The deadline right that is open, in the order of the table.
fn expired(order: &Order, me: Role, now: Millis) -> Option<Step> {
    let rights = ROWS.iter().filter(|row| row.from.contains(&order.state) && verb(row) == Some(Verb::Expire));
    rights.filter(|row| is_open(order, me, row, now)).find_map(|row| right_step(row.kind))
}

/// The body of an event by `me` at the end of its chain.
pub(crate) fn body(order: &Order, me: Role, step: Step, now: Millis) -> EventBody {
    let head = order.chain(me);
    let seen = order.chain(me.other()).last;
    let earliest = Millis(seen.map_or(0, |(_, at)| at.0.saturating_sub(CLOCK_SKEW_MS)));
    EventBody {
        version: WIRE_VERSION,
        network: NETWORK.to_owned(),
        order: Some(order.id),
        author: order.device(me),
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
/// Why the table refuses it. Also when one's own chain is not whole here, so that nothing is signed twice at one place. A deadline right
/// is used by [`Act::Expire`] alone, even where the other side would sign the same kind of event by a verb of its own. Where all was claimed, no more is.
pub fn draft(set: &OrderSet, me: Role, act: Act, now: Millis) -> Result<EventBody, Refusal> {
    let order = fold(set)?;
    if !order.is_whole(me) {
        return Err(Refusal::ChainUnknown);
    }
    let is_right = act == Act::Expire;
    let body = body(&order, me, step(&order, me, act, now)?, now);
    body.check()?;
    let row = judge(&order, Case { role: me, body: &body, seen: order.chain(me.other()).len })?;
    if !is_right && verb(row) == Some(Verb::Expire) {
        return Err(Refusal::WrongSigner);
    }
    if row.kind == Kind::PayProof && !is_open(&order, me, row, now) {
        return Err(Refusal::AlreadyPaid);
    }
    Ok(body)
}

/// The event by which a device of `me` goes on with a chain whose device is lost, by the word of the person's root
/// ([`crate::order::handover::takeover`]) over the last event that is here.
///
/// # Errors
/// The root is not that of the person, or the chain has no event that could be named.
pub fn take_over(set: &OrderSet, me: Role, device: DeviceId, root: (Inception, Sig), now: Millis) -> Result<EventBody, Refusal> {
    let order = fold(set)?;
    let (inception, sig) = root;
    let body = EventBody { author: device, ..body(&order, me, Step::Takeover { inception, sig }, now) };
    body.check()?;
    judge(&order, Case { role: me, body: &body, seen: order.chain(me.other()).len })?;
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
