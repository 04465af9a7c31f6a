//! The verbs of an order: which are open to whom now, by the same table that judges events.

use serde::{Deserialize, Serialize};

use crate::id::{DeviceId, Digest};
use crate::limits::CLOCK_SKEW_MS;
use crate::money::Money;
use crate::order::deadline::{Deadline, due};
use crate::order::draft::{Act, body, step};
use crate::order::judge::{Case, judge};
use crate::order::step::{Kind, Reason, Step};
use crate::order::table::{ROWS, Row, Who};
use crate::order::{Order, Role};
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
    /// Hand a file over.
    DeliverDigital "deliver-digital"
    /// Have them ready to be collected.
    Ready "ready"
    /// Have received them.
    Receive "receive"
    /// Say that all is well.
    Complete "complete"
    /// Say where the goods go.
    Address "address"
    /// Call it off.
    Cancel "cancel"
    /// Ask to call it off.
    RequestCancel "request-cancel"
    /// Ask to send the goods back.
    Return "return"
    /// Say that they are back.
    ReturnReceived "return-received"
    /// Say yes to what was asked.
    Agree "agree"
    /// Say no to it.
    Refuse "refuse"
    /// Pay back.
    Refund "refund"
    /// Say that the refund has come.
    ConfirmRefund "confirm-refund"
    /// Say that one does not agree.
    Dispute "dispute"
    /// Offer to settle it.
    Settle "settle"
    /// Decide it. The resolver's.
    Decide "decide"
    /// Say that what was decided is done.
    Perform "perform"
    /// Use the deadline right that is open.
    Expire "expire"
    /// Close what the other side left open.
    CloseDefaulted "close-defaulted"
    /// Say something.
    Say "say"
    /// Let another device of one's own go on.
    Handover "handover"
    /// Review the other side. Makes an entry, not an event.
    Review "review"
}

/// The verb by which a row is used; none for what is not a party's to do.
#[must_use]
pub fn verb(row: &Row) -> Option<Verb> {
    Some(match row.kind {
        Kind::CloseDefaulted => Verb::CloseDefaulted,
        _ if row.is_deadline_right() => Verb::Expire,
        Kind::Counter => Verb::Counter,
        Kind::Accept => Verb::Accept,
        Kind::Reject => Verb::Reject,
        Kind::Withdraw => Verb::Withdraw,
        Kind::PayProof => Verb::Pay,
        Kind::PayConfirm => Verb::ConfirmPayment,
        Kind::PayDeny => Verb::DenyPayment,
        Kind::Waive => Verb::Waive,
        Kind::Start => Verb::Start,
        Kind::Ship => Verb::Ship,
        Kind::DeliverDigital => Verb::DeliverDigital,
        Kind::Ready => Verb::Ready,
        Kind::Received => Verb::Receive,
        Kind::Complete => Verb::Complete,
        Kind::Address => Verb::Address,
        Kind::Cancel => Verb::Cancel,
        Kind::CancelRequest => Verb::RequestCancel,
        Kind::ReturnRequest => Verb::Return,
        Kind::ReturnReceived => Verb::ReturnReceived,
        Kind::CancelAgree | Kind::ReturnOk | Kind::SettleAccept => Verb::Agree,
        Kind::CancelRefuse | Kind::ReturnNo | Kind::SettleRefuse => Verb::Refuse,
        Kind::RefundSent => Verb::Refund,
        Kind::RefundConfirm => Verb::ConfirmRefund,
        Kind::Dispute => Verb::Dispute,
        Kind::SettleOffer => Verb::Settle,
        Kind::Performed => Verb::Perform,
        Kind::Say => Verb::Say,
        Kind::Handover => Verb::Handover,
        // An offer begins an order, stock is the seller's node's own word, and a decision is the resolver's; a root's word is got
        // outside the order. The rest are deadline rights.
        _ => return None,
    })
}

/// The verbs that `me` may use now, in the order of the table, each once.
#[must_use]
pub fn next(order: &Order, me: Role, now: Millis) -> Vec<Verb> {
    let mut verbs = Vec::new();
    if order.is_whole(me) {
        for row in ROWS.iter().filter(|row| row.from.contains(&order.state)) {
            let Some(verb) = verb(row) else { continue };
            if !verbs.contains(&verb) && is_open(order, me, row, now) {
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
    let before = next(order, me, now);
    let mut instants: Vec<Millis> =
        Deadline::ALL.iter().filter_map(|name| due(order, *name)).map(|at| at.plus(CLOCK_SKEW_MS + 1)).collect();
    instants.sort_unstable();
    instants.into_iter().find(|at| *at > now && next(order, me, *at).iter().any(|verb| !before.contains(verb)))
}

/// Whether an event by `me` would count by this row now.
pub(crate) fn is_open(order: &Order, me: Role, row: &Row, now: Millis) -> bool {
    let Some(step) = sample(order, me, row, now) else { return false };
    let body = body(order, me, step, now);
    let seen = order.chain(me.other()).len;
    judge(order, Case { role: me, body: &body, seen }).is_ok_and(|found| found == row)
}

/// An event of this row with the least it may say, to ask the table whether it is open.
fn sample(order: &Order, me: Role, row: &Row, now: Millis) -> Option<Step> {
    let nothing = String::new;
    let act = match row.kind {
        Kind::Counter => {
            let mut terms = order.terms.clone();
            terms.valid_until = now.plus(1);
            return Some(Step::Counter { replaces: order.last_offer, terms: Box::new(terms) });
        }
        Kind::Accept => Act::Accept,
        Kind::Reject => Act::Reject { reason: Reason::Other },
        Kind::Withdraw => Act::Withdraw,
        Kind::PayProof => Act::Pay { reference: nothing(), amount: None },
        Kind::PayConfirm => Act::ConfirmPayment { amount: None },
        Kind::PayDeny => Act::DenyPayment { reason: nothing() },
        Kind::Waive => Act::Waive,
        Kind::Start => Act::Start,
        Kind::Ship => Act::Ship { lines: Vec::new(), carrier: nothing(), tracking: nothing() },
        Kind::DeliverDigital => Act::DeliverDigital { name: nothing(), bytes: 0, content: Digest([0; 32]) },
        Kind::Ready => Act::Ready { code: None },
        Kind::Received => Act::Receive { code: None },
        Kind::Complete => Act::Complete,
        Kind::Address => Act::Address { personal: Digest([0; 32]) },
        Kind::Cancel => Act::Cancel,
        Kind::CancelRequest => Act::RequestCancel { reason: nothing() },
        Kind::CancelAgree if row.who == Who::Asker => return Some(Step::CancelAgree {}),
        Kind::CancelAgree | Kind::ReturnOk | Kind::SettleAccept => Act::Agree,
        Kind::CancelRefuse | Kind::ReturnNo | Kind::SettleRefuse => Act::Refuse { reason: nothing() },
        Kind::ReturnRequest => Act::Return { reason: nothing() },
        Kind::ReturnReceived => Act::ReturnReceived { restock: false },
        Kind::RefundSent => Act::Refund { reference: nothing(), amount: None },
        Kind::RefundConfirm => Act::ConfirmRefund,
        Kind::Dispute => Act::Dispute { claim: nothing() },
        Kind::SettleOffer => Act::Settle { refund: Money { minor: 0, currency: order.terms.currency() } },
        Kind::Performed => Act::Perform { reference: nothing() },
        Kind::Say => Act::Say { text: nothing() },
        Kind::Handover => Act::Handover { to: DeviceId([0; 32]) },
        Kind::CloseDefaulted => Act::CloseDefaulted,
        _ => return right_step(row.kind),
    };
    step(order, me, act, now).ok()
}

/// The step of a deadline right that no other verb has.
pub(crate) const fn right_step(kind: Kind) -> Option<Step> {
    Some(match kind {
        Kind::Expire => Step::Expire {},
        Kind::ExpireUnpaid => Step::ExpireUnpaid {},
        Kind::ExpireUncollected => Step::ExpireUncollected {},
        Kind::ExpireUnfulfilled => Step::ExpireUnfulfilled {},
        Kind::AutoReceived => Step::AutoReceived {},
        Kind::Complete => Step::Complete {},
        Kind::CancelAgree => Step::CancelAgree {},
        Kind::RefundConfirm => Step::RefundConfirm {},
        _ => return None,
    })
}
