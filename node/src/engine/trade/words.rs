//! The words of a verb: what a person wrote becomes an act of the order, or one clear fault.

use haat_protocol::local::{OrderWords, Problem};
use haat_protocol::money::{Currency, Money};
use haat_protocol::order::{Act, Adjustment, Order, Reason, Verb};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};

use super::super::shop::amount;

/// The verb of a name.
pub(super) fn verb(name: &str) -> Result<Verb, Problem> {
    read::<Verb>(name)
        .ok_or_else(|| Problem::usage("unknown-verb", "there is no such verb", format!("{name:?} is nothing that one does in an order")))
}

/// The act of a verb, with the words that it needs. None for verbs that need more than words.
pub(super) fn act(order: &Order, verb: Verb, words: &OrderWords) -> Result<Option<Act>, Problem> {
    let money = |flag: &str, text: &str| amount(flag, text, order.terms.currency());
    let part = || -> Result<Option<Money>, Problem> { words.amount.as_deref().map(|text| money("--amount", text)).transpose() };
    let why = || need(words.reason.as_ref(), "--reason");
    let reference = || need(words.reference.as_ref(), "--reference");
    let said = |flag: &str| need(words.text.as_ref(), flag);
    Ok(Some(match verb {
        Verb::Accept => Act::Accept,
        Verb::Reject => Act::Reject { reason: reason(&why()?) },
        Verb::Withdraw => Act::Withdraw,
        Verb::Pay => Act::Pay { reference: reference()?, amount: part()? },
        Verb::ConfirmPayment => Act::ConfirmPayment { amount: part()? },
        Verb::DenyPayment => Act::DenyPayment { reason: why()? },
        Verb::Waive => Act::Waive,
        Verb::Start => Act::Start,
        Verb::Ship => {
            let (carrier, tracking) = (need(words.carrier.as_ref(), "--carrier")?, need(words.tracking.as_ref(), "--tracking")?);
            Act::Ship { lines: lines(&words.lines)?, carrier, tracking }
        }
        Verb::Receive => Act::Receive { code: words.code.as_ref().map(|code| code.trim().to_uppercase()) },
        Verb::Complete => Act::Complete,
        Verb::Cancel => Act::Cancel,
        Verb::RequestCancel => Act::RequestCancel { reason: words.reason.clone().unwrap_or_default() },
        Verb::Return => Act::Return { reason: why()? },
        Verb::ReturnReceived => Act::ReturnReceived { restock: !words.spoilt },
        Verb::Agree => Act::Agree,
        Verb::Refuse => Act::Refuse { reason: why()? },
        Verb::Refund => Act::Refund { reference: reference()?, amount: part()? },
        Verb::ConfirmRefund => Act::ConfirmRefund,
        Verb::Dispute => Act::Dispute { claim: said("--claim")? },
        Verb::Settle => Act::Settle { refund: money("--refund", &need(words.refund.as_ref(), "--refund")?)? },
        Verb::Perform => Act::Perform { reference: words.reference.clone().unwrap_or_default() },
        Verb::Expire => Act::Expire,
        Verb::CloseDefaulted => Act::CloseDefaulted,
        Verb::Say => Act::Say { text: said("TEXT")? },
        Verb::Review => {
            return Err(Problem::usage("unknown-verb", "a review is no step of an order", "it is said in a circle").hint("haat review"));
        }
        Verb::Counter | Verb::Ready | Verb::DeliverDigital | Verb::Address | Verb::Handover | Verb::Decide => return Ok(None),
    }))
}

/// Pairs of line and quantity from `N=QTY`, lines counted from 1 by people and from 0 on the wire.
pub(super) fn lines(words: &[String]) -> Result<Vec<(u64, u64)>, Problem> {
    let bad = |word: &str| {
        Problem::usage("bad-line", "the line cannot be so", format!("{word:?} is not N=QTY, such as 1=2 for two of the first line"))
    };
    let pair = |word: &String| {
        let (line, qty) = word.split_once('=').ok_or_else(|| bad(word))?;
        let (line, qty): (u64, u64) = (line.trim().parse().map_err(|_| bad(word))?, qty.trim().parse().map_err(|_| bad(word))?);
        let line = line.checked_sub(1).filter(|_| qty > 0).ok_or_else(|| bad(word))?;
        Ok((line, qty))
    };
    let mut pairs = words.iter().map(pair).collect::<Result<Vec<_>, Problem>>()?;
    pairs.sort_unstable();
    match pairs.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        Some(pair) => Err(Problem::usage("bad-line", "a line is named twice", format!("line {} is named twice", pair[0].0 + 1))),
        None => Ok(pairs),
    }
}

/// Differences of the price from `NAME=AMOUNT`; a discount is negative.
pub(super) fn adjustments(words: &[String], currency: Currency) -> Result<Vec<Adjustment>, Problem> {
    let bad = |word: &str| {
        let detail = format!("{word:?} is not NAME=AMOUNT, such as \"spring coupon=-5.00\" or \"VAT 7 %=2.60\"");
        Problem::usage("bad-adjustment", "the difference of the price cannot be so", detail)
    };
    let one = |word: &String| {
        let (name, text) = word.split_once('=').ok_or_else(|| bad(word))?;
        let (name, text) = (name.trim(), text.trim());
        let (is_less, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let amount = amount("--adjust", text, currency)?;
        let amount = if is_less { Money { minor: -amount.minor, ..amount } } else { amount };
        if name.is_empty() || amount.minor == 0 { Err(bad(word)) } else { Ok(Adjustment { name: name.to_owned(), amount }) }
    };
    words.iter().map(one).collect()
}

pub(super) fn need(word: Option<&String>, flag: &str) -> Result<String, Problem> {
    word.filter(|text| !text.trim().is_empty())
        .cloned()
        .ok_or_else(|| Problem::usage("word-needed", "a word is missing", format!("{flag} is needed")))
}

/// The reason of the closed list that a word names; whatever else people write is another reason.
fn reason(text: &str) -> Reason {
    read(&text.trim().to_lowercase().replace([' ', '-'], "_")).unwrap_or(Reason::Other)
}

/// Reads a plain enum by the name it has in JSON.
fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
    let text: StrDeserializer<'a, Error> = text.into_deserializer();
    T::deserialize(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_and_verbs_by_name() {
        assert_eq!(reason("out of stock"), Reason::OutOfStock);
        assert_eq!(reason("no-shipping-there"), Reason::NoShippingThere);
        assert_eq!(reason("I do not like it"), Reason::Other);
        assert_eq!(read::<Verb>("confirm-payment"), Some(Verb::ConfirmPayment));
        assert_eq!(read::<Verb>("stock_confirm"), None);
    }

    #[test]
    fn lines_are_counted_from_one() {
        let read = |words: &[&str]| lines(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()).map_err(|why| why.code);
        assert_eq!(read(&["2=3", " 1 = 1"]), Ok(vec![(0, 1), (1, 3)]));
        for bad in [&["0=1"][..], &["1=0"], &["1"], &["a=1"], &["1=-1"], &["1=1", "1=2"]] {
            assert_eq!(read(bad), Err("bad-line".to_owned()), "{bad:?}");
        }
    }

    #[test]
    fn differences_of_the_price_have_a_name_and_a_sign() {
        let euro: Currency = "EUR".parse().expect("known");
        let read = |word: &str| adjustments(&[word.to_owned()], euro).map(|all| (all[0].name.clone(), all[0].amount.minor));
        assert_eq!(read("spring coupon=-5.00"), Ok(("spring coupon".to_owned(), -500)));
        assert_eq!(read("VAT 7 %=2.60"), Ok(("VAT 7 %".to_owned(), 260)));
        for bad in ["=5.00", "x", "x=0.00", "x=--1.00", "x=1.234"] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
