//! A bargain: an offer, a counter-offer, a handshake, and cash when the tea is collected.

use haat_protocol::local::{Command, NewOffer, OrderRow, OrderWords, Problem, Question};

use crate::command::demo::cast::Who;
use crate::command::demo::day::{Day, ORDER, failed};
use crate::command::demo::street;
use crate::context::field;

/// What the buyer says first, in CNY; the list says 88.00.
const PRICES: &[&str] = &["70.00", "72.00", "75.00"];
/// What the seller says to that.
const COUNTER: &[&str] = &["80.00", "82.00"];

fn buyer(day: &Day<'_>) -> Who {
    day.first(&[Who::Wang, Who::Mei])
}

/// The buyer offers less than the list price, by way of the recommendation if somebody else wrote it.
pub(super) fn offers(day: &Day<'_>) -> Result<(), Problem> {
    let buyer = buyer(day);
    let (price, note) = (day.pick(PRICES), day.pick(street::BARGAIN_NOTE));
    let listing = if buyer == Who::Wang { day.recall("recommendation")? } else { day.recall("tea")? };
    let offer = NewOffer {
        listing,
        sku: Some("LJ-100".to_owned()),
        price: Some(price.to_owned()),
        delivery: Some("pickup".to_owned()),
        pay: Some("on-delivery".to_owned()),
        method: Some("cash".to_owned()),
        note: Some(note.to_owned()),
        ..NewOffer::default()
    };
    let made = day.does(buyer, &Command::OrderOffer(offer))?;
    let order = day.remember(ORDER, field(&made, "order"));
    day.teller.does(buyer.name(), &format!("offers {price} CNY for 100 g of {}, listed at 88.00: “{note}”", street::TEA));
    let seen: OrderRow = day.until(Who::Chen, "the offer", &Question::Order { order }, |row: &OrderRow| {
        row.state == "negotiating" && row.next.iter().any(|verb| verb == "counter")
    })?;
    if buyer == Who::Wang && seen.via.is_none() {
        return Err(failed("the order forgot the recommendation", "via is empty"));
    }
    day.teller.sees(Who::Chen.name(), &format!("has it on his node, {} in all, and it is his turn.", seen.total));
    Ok(())
}

/// Uncle Chen asks for a little more.
pub(super) fn counters(day: &Day<'_>) -> Result<(), Problem> {
    let price = day.pick(COUNTER);
    let words = OrderWords { price: Some(price.to_owned()), ..OrderWords::default() };
    day.teller.does(Who::Chen.name(), &format!("says {price}, “and I throw in some melon seeds. 送你一把瓜子。”"));
    let seen = day.steps(Who::Chen, "counter", words, (buyer(day), "negotiating"))?;
    day.teller.sees(buyer(day).name(), &format!("sees {} and that it is the {}'s turn.", seen.total, seen.turn.unwrap_or_default()));
    Ok(())
}

/// They agree; both nodes hold the same signed terms.
pub(super) fn accepts(day: &Day<'_>) -> Result<(), Problem> {
    day.teller.does(buyer(day).name(), "accepts. “成交！Done!”");
    let seen = day.steps(buyer(day), "accept", OrderWords::default(), (Who::Chen, "agreed"))?;
    day.teller.sees(Who::Chen.name(), &format!("has the agreement: {}.", seen.total));
    day.teller.means("One signed the terms, the other the acceptance of exactly those; the stock is set aside.");
    Ok(())
}

/// The tea is packed and waits.
pub(super) fn prepares(day: &Day<'_>) -> Result<(), Problem> {
    day.steps(Who::Chen, "start", OrderWords::default(), (buyer(day), "fulfilling"))?;
    day.steps(Who::Chen, "ready", OrderWords::default(), (buyer(day), "ready"))?;
    day.teller.does(Who::Chen.name(), "packs it and says that it is ready.");
    day.teller.sees(buyer(day).name(), "reads “ready” and walks over. 走两步就到。");
    Ok(())
}

/// The buyer collects.
pub(super) fn collects(day: &Day<'_>) -> Result<(), Problem> {
    day.steps(buyer(day), "receive", OrderWords::default(), (Who::Chen, "delivered"))?;
    day.teller.does(buyer(day).name(), "takes the tea, puts the notes on the table and signs that it was received.");
    Ok(())
}

/// The seller signs that the cash is there; the order is complete on both nodes.
pub(super) fn is_paid(day: &Day<'_>) -> Result<(), Problem> {
    let words = OrderWords::default();
    let theirs = day.steps(Who::Chen, "confirm-payment", words, (buyer(day), "completed"))?;
    let own: OrderRow = day.asks(Who::Chen, &Question::Order { order: day.recall(ORDER)? })?;
    if own.state != theirs.state || own.total != theirs.total {
        return Err(failed("the two nodes disagree", &format!("{} and {}", own.state, theirs.state)));
    }
    day.remember("bargain", day.recall(ORDER)?);
    day.teller.does(Who::Chen.name(), "counts the cash and confirms.");
    day.teller.means("Completed on both nodes. The core moved no money: it keeps who signed what.");
    Ok(())
}
