//! Word of mouth: neighbours vouch, one recommends, and it travels along those vouches with its reasons.

use haat_protocol::local::{Command, FeedItem, Problem, Question, TrustView};

use crate::command::demo::cast::Who;
use crate::command::demo::day::{CIRCLE, Day, failed};
use crate::command::demo::street;
use crate::context::field;

fn vouch(day: &Day<'_>, from: Who, to: Who, weight: &str, text: &str) -> Result<String, Problem> {
    let word = Command::Vouch {
        person: day.identity(to)?,
        circle: day.recall(CIRCLE)?,
        weight: weight.to_owned(),
        text: Some(text.to_owned()).filter(|t| !t.is_empty()),
    };
    let entry = field(&day.does(from, &word)?, "entry").to_owned();
    let told = if text.is_empty() { ".".to_owned() } else { format!(": “{text}”") };
    day.teller.does(from.name(), &format!("vouches for {} ({weight}){told}", to.name()));
    Ok(entry)
}

/// Waits until the reader's node counts a vouch of another as a reason.
fn counts(day: &Day<'_>, reader: Who, about: Who, vouch: &str) -> Result<(), Problem> {
    let question = Question::Trust { subject: day.identity(about)? };
    let view: TrustView = day.until(reader, "the vouch as a reason", &question, |view: &TrustView| {
        view.reasons.iter().any(|r| r.proofs.iter().any(|p| p.to_string() == vouch))
    })?;
    let reason = view.reasons.iter().find(|r| r.proofs.iter().any(|p| p.to_string() == vouch)).map(|r| r.text.clone());
    day.teller.sees(reader.name(), &format!("asks about {}: “{}” so far; {}", about.name(), view.word, reason.unwrap_or_default()));
    Ok(())
}

/// Mei vouches for Uncle Chen; somebody who vouches for Mei can count on it.
pub(super) fn vouches_for_chen(day: &Day<'_>) -> Result<(), Problem> {
    let reader = day.first(&[Who::Rosa, Who::Wang, Who::Cheap]);
    let words = if reader == Who::Rosa { street::VOUCHES_MEI } else { "" };
    vouch(day, reader, Who::Mei, "close", words)?;
    let entry = vouch(day, Who::Mei, Who::Chen, "friend", street::VOUCHES_CHEN)?;
    counts(day, reader, Who::Chen, &entry)
}

/// Wang vouches for Rosa, Chen for Mei and Wang: now each has a way to everyone.
pub(super) fn vouches_among_friends(day: &Day<'_>) -> Result<(), Problem> {
    vouch(day, Who::Chen, Who::Mei, "close", street::CHEN_VOUCHES_MEI)?;
    vouch(day, Who::Chen, Who::Wang, "friend", "")?;
    let entry = vouch(day, Who::Wang, Who::Rosa, "friend", street::VOUCHES_ROSA)?;
    counts(day, Who::Chen, Who::Rosa, &entry)
}

/// Mei recommends the tea, and says that she gains nothing.
pub(super) fn recommends(day: &Day<'_>) -> Result<(), Problem> {
    let words = day.pick(street::RECOMMENDS);
    let entry = recommend(day, Who::Mei, words, "none")?;
    day.remember("recommendation", entry.clone());
    let reader = day.first(&[Who::Rosa, Who::Wang, Who::Cheap]);
    let item = reasoned(day, reader, &entry, |item| !item.why.is_empty())?;
    if item.text != words || item.interest.as_deref() != Some("none") {
        return Err(failed("the recommendation arrived changed", &item.text));
    }
    day.teller.sees(reader.name(), &format!("reads it; {}", because(&item)));
    Ok(())
}

/// Wang does not know Mei; he knows Rosa, who does. That is what his node says.
pub(super) fn spreads(day: &Day<'_>) -> Result<(), Problem> {
    let entry = day.recall("recommendation")?;
    let goes_through_rosa = |item: &FeedItem| item.why.iter().any(|why| why.via.iter().any(|name| name == Who::Rosa.name()));
    let item = reasoned(day, Who::Wang, &entry, goes_through_rosa)?;
    day.teller.sees(Who::Wang.name(), &format!("reads it two hops away; {}", because(&item)));
    day.teller.means("No score and no ranking: each reason names the people and the signed entries behind it.");
    Ok(())
}

/// Rosa tries it and passes it on, and says that she was given some.
pub(super) fn passes_on(day: &Day<'_>) -> Result<(), Problem> {
    let words = day.pick(street::PASSES_ON);
    let entry = recommend(day, Who::Rosa, words, "gift")?;
    let item = reasoned(day, Who::Wang, &entry, |item| item.interest.as_deref() == Some("gift") && !item.why.is_empty())?;
    day.teller.sees(Who::Wang.name(), &format!("reads it, and that Rosa got a gift; {}", because(&item)));
    day.teller.means("Whoever gains says so: the interest is part of what is signed.");
    Ok(())
}

fn recommend(day: &Day<'_>, who: Who, words: &str, interest: &str) -> Result<String, Problem> {
    let command = Command::Recommend {
        listing: day.recall("tea")?,
        circle: day.recall(CIRCLE)?,
        text: words.to_owned(),
        interest: interest.to_owned(),
    };
    let entry = field(&day.does(who, &command)?, "entry").to_owned();
    day.teller.does(who.name(), &format!("recommends {} (gains: {interest}): “{words}”", street::TEA));
    Ok(entry)
}

/// The item in a neighbour's feed, once it has such reasons.
fn reasoned(day: &Day<'_>, reader: Who, entry: &str, like: impl Fn(&FeedItem) -> bool) -> Result<FeedItem, Problem> {
    day.finds(reader, "the recommendation and its reasons", |item| item.entry.to_string() == entry && like(item))
}

fn because(item: &FeedItem) -> String {
    let why: Vec<&str> = item.why.iter().map(|why| why.text.as_str()).collect();
    format!("why: {}", why.join("; "))
}
