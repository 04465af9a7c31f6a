//! Duties: what an order waits for from which side, until when, and in which words. One table, a row for each.
//!
//! What is allowed is the protocol's to say: a row speaks only while one of its verbs is open. Nothing here signs or sends.

use haat_protocol::limits::REMIND_BEFORE_MS;
use haat_protocol::listing::Timing;
use haat_protocol::order::{self, Deadline, Event, Order, OrderSet, Role, State, StockMark};
use haat_protocol::time::Millis;

/// What else has to hold, beside state, side and verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Always,
    /// The buyer claims more than the seller confirmed, and the seller did not deny it.
    Claimed,
    /// The seller denied the last claim.
    Denied,
    /// All that was claimed is confirmed, and something is left.
    Left,
    /// Cash changes hands with the goods.
    OnDelivery,
    /// Not all was paid back.
    RefundShort,
}

/// A row of the table.
#[derive(Debug)]
struct Row {
    from: &'static [State],
    /// Whose duty it is; none = of whichever side may use a verb.
    who: Option<Role>,
    /// Verbs that do it.
    verbs: &'static [&'static str],
    when: When,
    /// The deadline to meet; it has to run.
    by: Option<Deadline>,
    kind: &'static str,
    /// `{other}` is the other side's name, `{goods}`, `{total}`, `{left}`, `{claim}` and `{refund}` say themselves.
    text: &'static str,
}

type By = Option<Deadline>;
type Words = (&'static str, &'static str);

const fn row(
    from: &'static [State],
    who: Option<Role>,
    verbs: &'static [&'static str],
    (when, by): (When, By),
    (kind, text): Words,
) -> Row {
    Row { from, who, verbs, when, by, kind, text }
}

const BUYER: Option<Role> = Some(Role::Buyer);
const SELLER: Option<Role> = Some(Role::Seller);
const SOME: Option<Role> = None;
const GOING: &[State] =
    &[State::Agreed, State::PaymentClaimed, State::Fulfilling, State::PartlyShipped, State::Shipped, State::Ready, State::Delivered];
const FULFIL: By = Some(Deadline::FulfilBy);
const CONFIRM: By = Some(Deadline::ConfirmBy);

/// Who has to do what, tried from the top; the first row that fits is the duty.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    row(&[State::Negotiating], SOME, &["accept"], (When::Always, Some(Deadline::ValidUntil)), ("offer", "{other} proposes {total} for {goods}: accept, counter or reject")),
    row(GOING, SOME, &["agree", "refuse"], (When::Always, FULFIL), ("question", "{other} asks to call off the order for {goods}: agree or refuse")),
    row(GOING, SOME, &["agree", "refuse"], (When::Always, CONFIRM), ("question", "{other} asks to call off the order for {goods}: agree or refuse")),
    row(GOING, SOME, &["agree", "refuse"], (When::Always, None), ("question", "{other} asks to call off the order for {goods}: agree or refuse")),
    row(&[State::Returning], SOME, &["agree", "refuse"], (When::Always, CONFIRM), ("return", "{other} wants to send {goods} back: agree or refuse")),
    row(&[State::Disputed], SOME, &["agree", "refuse"], (When::Always, CONFIRM), ("dispute", "{other} offers to settle the dispute about {goods}: agree or refuse")),
    row(&[State::Agreed], BUYER, &["pay"], (When::Always, Some(Deadline::PayBy)), ("pay", "pay {left} to {other} for {goods}, and say so")),
    row(&[State::Agreed], SELLER, &["start"], (When::Always, FULFIL), ("goods", "begin to prepare {goods} for {other}")),
    row(&[State::PaymentClaimed], SELLER, &["confirm-payment"], (When::Claimed, FULFIL), ("payment", "{other} says that {claim} were paid for {goods}: confirm the payment, or deny it")),
    row(&[State::PaymentClaimed], BUYER, &["pay"], (When::Denied, FULFIL), ("pay", "{other} says that the payment for {goods} has not come: prove it, or ask to call the order off")),
    row(&[State::PaymentClaimed], BUYER, &["pay"], (When::Left, FULFIL), ("pay", "{left} are left to pay to {other} for {goods}")),
    row(&[State::Fulfilling, State::PartlyShipped], SELLER, &["ship", "ready", "deliver-digital"], (When::Always, FULFIL), ("goods", "{goods} wait to be handed over to {other}")),
    row(&[State::Shipped], BUYER, &["receive"], (When::Always, CONFIRM), ("receive", "{goods} are on their way from {other}: say when they have come")),
    row(&[State::Ready], BUYER, &["receive"], (When::Always, CONFIRM), ("receive", "{goods} wait at {other}'s to be collected")),
    row(&[State::Delivered], SELLER, &["confirm-payment"], (When::Claimed, CONFIRM), ("payment", "{other} says that {claim} were paid for {goods}: confirm the payment, or waive it")),
    row(&[State::Delivered], SELLER, &["confirm-payment"], (When::OnDelivery, CONFIRM), ("payment", "{other} has {goods}: confirm that {left} came, or waive them")),
    row(&[State::Delivered], BUYER, &["pay"], (When::Denied, CONFIRM), ("pay", "{other} says that the payment for {goods} has not come: prove it")),
    row(&[State::Delivered], BUYER, &["pay"], (When::Left, CONFIRM), ("pay", "{left} are left to pay to {other} for {goods}")),
    row(&[State::Delivered], BUYER, &["complete"], (When::Always, Some(Deadline::DisputeBy)), ("complete", "{goods} from {other} are here and paid: say that all is well, or what is not")),
    row(&[State::Returning], SELLER, &["return-received"], (When::Always, CONFIRM), ("return", "{other} sends {goods} back: say when they have come")),
    row(&[State::RefundDue], SELLER, &["refund"], (When::Always, CONFIRM), ("refund", "{refund} are owed to {other} for {goods}: pay them back, and say so")),
    row(&[State::RefundClaimed], SELLER, &["refund"], (When::RefundShort, CONFIRM), ("refund", "{refund} are still owed to {other} for {goods}")),
    row(&[State::RefundClaimed], BUYER, &["confirm-refund"], (When::Always, CONFIRM), ("refund", "{other} says that the money for {goods} is on its way back: confirm when it has come")),
    row(&[State::Disputed], SOME, &["dispute"], (When::Always, CONFIRM), ("dispute", "{other} disputes the order for {goods}: say what you claim, or offer to settle")),
    row(&[State::Disputed], SOME, &["settle"], (When::Always, CONFIRM), ("dispute", "you and {other} disagree about {goods}: offer to settle, or bring a decision")),
    row(&[State::Decided], SOME, &["perform"], (When::Always, CONFIRM), ("decision", "a decision was made about {goods}: do what it says, and say so")),
];

/// Rights that a deadline opened, for whoever may use them.
const RIGHTS: &[(&str, &str)] = &[
    ("expire", "{other} let a deadline pass in the order for {goods}: you may end the wait with `expire`"),
    ("close-defaulted", "{other} did not do their part in the order for {goods}: you may close it with `close-defaulted`"),
];

/// What an order waits for from one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duty {
    /// What sort of thing it is, in one word.
    pub kind: &'static str,
    /// In words, with names in braces for [`Duty::text`].
    words: &'static str,
    /// Until when; none when no deadline runs for it.
    pub by: Option<Millis>,
    /// Since when.
    pub since: Millis,
}

impl Duty {
    /// Whether its deadline is near: less than a day away, or than a quarter of its time when it had less than four days.
    #[must_use]
    pub fn is_urgent(&self, now: Millis) -> bool {
        self.reminder().is_some_and(|at| at <= now)
    }

    /// When whoever has it is to be reminded; none without a deadline.
    #[must_use]
    pub fn reminder(&self) -> Option<Millis> {
        let by = self.by?;
        let ahead_ms = REMIND_BEFORE_MS.min(by.since(self.since) / 4);
        Some(Millis(by.0.saturating_sub(ahead_ms)))
    }

    /// What is to be done, for people.
    #[must_use]
    pub fn text(&self, order: &Order, other: &str) -> String {
        let claim = (order.paid_claimed - order.paid_confirmed).max(0);
        let words: [(&str, String); 6] = [
            ("{total}", order.terms.total.to_string()),
            ("{left}", order.money(order.remainder()).to_string()),
            ("{claim}", order.money(claim).to_string()),
            ("{refund}", order.money(order.refund_left()).to_string()),
            ("{other}", other.to_owned()),
            ("{goods}", goods(order)),
        ];
        // Only the table's own words are looked at for places to fill, never what people wrote.
        let said = self.words.split_inclusive('}').map(|part| {
            let (plain, name) = part.split_at(part.find('{').unwrap_or(part.len()));
            let said = words.iter().find(|(known, _)| *known == name).map_or(name, |(_, said)| said);
            format!("{plain}{said}")
        });
        said.collect()
    }
}

/// What an order waits for from `role`: a row of the table, else a right that a deadline opened; none when it waits for
/// somebody or nothing else.
#[must_use]
pub fn of(set: &OrderSet, order: &Order, role: Role, now: Millis) -> Option<Duty> {
    let verbs = order::next(order, role, now);
    let is_open = |name: &str| verbs.iter().any(|verb| verb.name() == name);
    let runs = |deadline: Deadline| order.deadlines.iter().find(|(name, _)| *name == deadline).map(|(_, at)| *at);
    let since = last_word(set, order, role.other()).unwrap_or(order.since);
    let found = ROWS.iter().find(|row| {
        row.from.contains(&order.state)
            && row.who.is_none_or(|who| who == role)
            && row.verbs.iter().any(|verb| is_open(verb))
            && row.by.is_none_or(|by| runs(by).is_some())
            && holds(order, row.when)
    });
    // While the seller's node has not answered for the stock, nobody shall pay.
    let found = found.filter(|row| !(row.verbs == ["pay"] && order.stock == StockMark::Asked));
    if let Some(row) = found {
        return Some(Duty { kind: row.kind, words: row.text, by: row.by.and_then(runs), since });
    }
    let (_, words) = RIGHTS.iter().filter(|_| !order.state.is_terminal()).find(|(verb, _)| is_open(verb))?;
    Some(Duty { kind: "right", words, by: None, since })
}

/// What an order is about, in words.
#[must_use]
pub fn goods(order: &Order) -> String {
    let lines: Vec<String> = order.terms.lines.iter().map(|line| format!("{} x {}", line.qty, line.title)).collect();
    lines.join(", ")
}

fn holds(order: &Order, when: When) -> bool {
    let open = order.paid_claimed > order.paid_confirmed;
    match when {
        When::Always => true,
        When::Claimed => open && !order.payment_denied,
        When::Denied => order.payment_denied,
        When::Left => !open && order.remainder() > 0,
        When::OnDelivery => order.terms.payment.timing == Timing::OnDelivery,
        When::RefundShort => order.refund_left() > 0,
    }
}

/// When a side last did something that took effect.
fn last_word(set: &OrderSet, order: &Order, role: Role) -> Option<Millis> {
    let theirs = |event: &&Event| order.role(&event.body().author) == Some(role);
    order.history.iter().rev().filter_map(|id| set.event(id)).find(theirs).map(|event| event.body().at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use haat_protocol::order::Verb;

    #[test]
    fn every_state_that_goes_on_has_a_row() {
        for state in State::ALL {
            let has_row = ROWS.iter().any(|row| row.from.contains(state));
            assert_eq!(has_row, !state.is_terminal(), "{}", state.name());
        }
    }

    #[test]
    fn every_verb_of_the_table_is_one() {
        for name in ROWS.iter().flat_map(|row| row.verbs).chain(RIGHTS.iter().map(|(verb, _)| verb)) {
            let verb: Result<Verb, _> = serde_json::from_value(serde_json::json!(name));
            assert!(verb.is_ok_and(|verb| verb.name() == *name), "{name}");
        }
    }

    #[test]
    fn reminders_come_a_day_ahead_or_a_quarter_of_a_short_time() {
        let duty = |by: u64, since: u64| Duty { kind: "pay", words: "", by: Some(Millis(by)), since: Millis(since) };
        let day = REMIND_BEFORE_MS;
        assert_eq!(duty(14 * day, 0).reminder(), Some(Millis(13 * day)));
        assert_eq!(duty(2 * day, 0).reminder(), Some(Millis(2 * day - day / 2)));
        assert!(duty(1000, 0).is_urgent(Millis(750)) && !duty(1000, 0).is_urgent(Millis(749)));
        assert!(!Duty { by: None, ..duty(0, 0) }.is_urgent(Millis(u64::MAX)));
    }
}
