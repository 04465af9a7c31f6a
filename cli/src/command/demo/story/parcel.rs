//! A parcel: paid before, shipped, received, reviewed, answered; what a third neighbour may know of it.

use haat_protocol::local::{Command, NewOffer, OrderWords, Problem, Question, TrustView};

use crate::command::demo::cast::Who;
use crate::command::demo::day::{CIRCLE, Day, ORDER};
use crate::command::demo::street;
use crate::context::field;

/// Stars that Mei gives.
const STARS: u8 = 5;

fn seller(day: &Day<'_>) -> Who {
    day.first(&[Who::Rosa, Who::Chen])
}

/// Somebody who neither bought nor sold.
fn third(day: &Day<'_>) -> Who {
    day.first(&[Who::Wang, Who::Cheap])
}

/// Mei orders from her desk.
pub(super) fn orders(day: &Day<'_>) -> Result<(), Problem> {
    let (listing, goods) = if seller(day) == Who::Rosa { ("bread", street::BREAD) } else { ("flowers", street::FLOWERS) };
    let note = day.pick(street::ORDER_NOTE);
    let offer = NewOffer {
        listing: day.recall(listing)?,
        qty: Some(2),
        delivery: Some("ship".to_owned()),
        pay: Some("before".to_owned()),
        method: Some("transfer".to_owned()),
        note: Some(note.to_owned()),
        ..NewOffer::default()
    };
    let made = day.does(Who::Mei, &Command::OrderOffer(offer))?;
    let order = day.remember(ORDER, field(&made, "order"));
    day.teller.does(Who::Mei.name(), &format!("orders 2 x {goods}, to be sent to the office: “{note}”"));
    let seen = day.until(seller(day), "the order", &Question::Order { order }, |row: &haat_protocol::local::OrderRow| {
        row.state == "negotiating" && row.lines.iter().any(|line| line.qty == 2)
    })?;
    day.teller.sees(seller(day).name(), &format!("reads it: {} with the delivery.", seen.total));
    Ok(())
}

/// The seller accepts.
pub(super) fn accepts(day: &Day<'_>) -> Result<(), Problem> {
    day.steps(seller(day), "accept", OrderWords::default(), (Who::Mei, "agreed"))?;
    day.teller.does(seller(day).name(), "accepts.");
    Ok(())
}

/// Mei transfers the money and says so.
pub(super) fn pays(day: &Day<'_>) -> Result<(), Problem> {
    let reference = day.pick(&["TR-20418", "TR-71903", "TR-55260"]);
    let words = OrderWords { reference: Some(reference.to_owned()), ..OrderWords::default() };
    day.steps(Who::Mei, "pay", words, (seller(day), "payment_claimed"))?;
    day.teller.does(Who::Mei.name(), &format!("pays by transfer, reference {reference}."));
    Ok(())
}

/// The seller finds it in the account.
pub(super) fn confirms(day: &Day<'_>) -> Result<(), Problem> {
    day.steps(seller(day), "confirm-payment", OrderWords::default(), (Who::Mei, "fulfilling"))?;
    day.teller.does(seller(day).name(), "finds the money and confirms it.");
    Ok(())
}

/// The parcel goes.
pub(super) fn ships(day: &Day<'_>) -> Result<(), Problem> {
    let tracking = day.pick(&["SF1404287716052", "SF1390045521187"]);
    let words = OrderWords { carrier: Some("SF Express 顺丰".to_owned()), tracking: Some(tracking.to_owned()), ..OrderWords::default() };
    day.steps(seller(day), "ship", words, (Who::Mei, "shipped"))?;
    day.teller.does(seller(day).name(), &format!("ships it: SF Express 顺丰, {tracking}."));
    Ok(())
}

/// The parcel comes.
pub(super) fn receives(day: &Day<'_>) -> Result<(), Problem> {
    day.steps(Who::Mei, "receive", OrderWords::default(), (seller(day), "delivered"))?;
    day.teller.does(Who::Mei.name(), "opens the parcel. “好香！”");
    Ok(())
}

/// All is well.
pub(super) fn completes(day: &Day<'_>) -> Result<(), Problem> {
    day.steps(Who::Mei, "complete", OrderWords::default(), (seller(day), "completed"))?;
    day.remember("parcel", day.recall(ORDER)?);
    day.teller.does(Who::Mei.name(), "says that all is well; the order is completed on both nodes.");
    Ok(())
}

/// Mei reviews the seller; a third neighbour reads it.
pub(super) fn reviews(day: &Day<'_>) -> Result<(), Problem> {
    let words = day.pick(street::REVIEW);
    let command =
        Command::Review { order: day.recall("parcel")?, rating: STARS, text: words.to_owned(), circle: Some(day.recall(CIRCLE)?) };
    let entry = day.remember("review", field(&day.does(Who::Mei, &command)?, "entry"));
    day.teller.does(Who::Mei.name(), &format!("gives {STARS} of 5: “{words}”"));
    let reader = third(day);
    day.finds(reader, "the review", |item| item.entry.to_string() == entry && item.text == words && item.rating == Some(STARS))?;
    day.teller.sees(reader.name(), &format!("reads {STARS}/5 on a node that had no part in the order."));
    day.teller.means("The review carries both halves of a review right: the two did agree once. No price is told.");
    Ok(())
}

/// The seller answers; the same third neighbour reads that too.
pub(super) fn answers(day: &Day<'_>) -> Result<(), Problem> {
    let review = day.recall("review")?;
    let words = day.pick(street::REVIEW_REPLY);
    let command = Command::ReviewReply { entry: review.clone(), text: words.to_owned() };
    let entry = field(&day.does(seller(day), &command)?, "entry").to_owned();
    day.teller.says(seller(day).name(), words);
    let reader = third(day);
    day.finds(reader, "the answer", |item| {
        item.entry.to_string() == entry && item.text == words && item.reply_to.is_some_and(|to| to.to_string() == review)
    })?;
    day.teller.sees(reader.name(), "reads the answer below the review.");
    Ok(())
}

/// The review is now a reason for whoever knows Mei.
pub(super) fn is_trusted(day: &Day<'_>) -> Result<(), Problem> {
    // Wang knows Mei through the seller only, and a seller's own word about customers counts for nothing.
    let reader = if seller(day) == Who::Rosa { Who::Chen } else { third(day) };
    let review = day.recall("review")?;
    let question = Question::Trust { subject: day.identity(seller(day))? };
    let proves = |view: &TrustView| view.reasons.iter().any(|r| r.proofs.iter().any(|p| p.to_string() == review));
    let view: TrustView = day.until(reader, "the review as a reason", &question, proves)?;
    let reasons: Vec<&str> = view.reasons.iter().map(|r| r.text.as_str()).collect();
    day.teller.sees(reader.name(), &format!("asks about {}: {} ({})", seller(day).name(), view.word, reasons.join("; ")));
    Ok(())
}
