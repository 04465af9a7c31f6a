//! What a person does in an order: the words of a verb become an act, the table says whether it is allowed now.

use haat_protocol::local::{OrderWords, Problem};
use haat_protocol::money::Money;
use haat_protocol::order::{self, Act, Order, Reason, Role, Verb};
use haat_protocol::time::Millis;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};
use serde_json::Value;

use super::super::shop::amount;
use super::super::work::Work;
use super::offer::life;
use super::refused;
use crate::{name, view};

impl Work<'_, '_> {
    /// Does something in an order, and queues the event for the other side.
    pub(in crate::engine) fn order_act(&mut self, order: &str, verb: &str, words: &OrderWords) -> Result<Value, Problem> {
        let id = name::order(&self.tx, self.me, order)?;
        let missing = || Problem::not_found("order", order);
        let mine = view::order::row(&self.tx, &id).ok_or_else(missing)?.mine;
        let (set, held) = view::order::folded(&self.tx, &id).ok_or_else(missing)?;
        let act = act(&held, verb, words, self.now)?;
        let accepts = act == Act::Accept;
        let body = order::draft(&set, mine, act, self.now).map_err(|refusal| {
            let open: Vec<&str> = order::next(&held, mine, self.now).iter().map(|verb| verb.name()).collect();
            let hint =
                if open.is_empty() { "there is nothing for you to do now".to_owned() } else { format!("you can: {}", open.join(", ")) };
            refused(refusal).hint(hint)
        })?;
        self.chain_goes_on(&body)?;
        // A counter-offer is kept whatever it says; what is agreed to speaks of one's own listings as they are.
        if accepts
            && mine == Role::Seller
            && let Err(code) = self.check_terms(&held.terms)
        {
            return Err(Problem::refused(
                code,
                "the offer is not accepted",
                "its lines, delivery, payment or returns are not what your shop offers",
            ));
        }
        if accepts && mine == Role::Seller && !self.make_room(&held.terms)? {
            return Err(Problem::refused(
                "out-of-stock",
                "the offer is not accepted",
                "there is not enough of it: what is set aside counts as gone",
            )
            .hint("reject it with --reason out_of_stock, or count the stock again"));
        }
        self.take_own(&body).map_err(refused)?;
        self.answer_for_stock(&id);
        self.told(id)
    }
}

/// The act of a verb, with the words that it needs.
fn act(order: &Order, verb: &str, words: &OrderWords, now: Millis) -> Result<Act, Problem> {
    let money = |flag: &str, text: &str| amount(flag, text, order.terms.currency());
    let part = || -> Result<Option<Money>, Problem> { words.amount.as_deref().map(|text| money("--amount", text)).transpose() };
    let Some(verb) = read::<Verb>(verb) else {
        return Err(Problem::usage("unknown-verb", "there is no such verb", format!("{verb:?} is nothing that one does in an order")));
    };
    Ok(match verb {
        Verb::Counter => {
            let goods = money("--price", &need(words.price.as_ref(), "--price")?)?;
            Act::Counter { goods, valid_until: now.plus(life(words.valid_ms)?) }
        }
        Verb::Accept => Act::Accept,
        Verb::Reject => Act::Reject { reason: reason(&need(words.reason.as_ref(), "--reason")?) },
        Verb::Withdraw => Act::Withdraw,
        Verb::Pay => Act::Pay { reference: need(words.reference.as_ref(), "--reference")?, amount: part()? },
        Verb::ConfirmPayment => Act::ConfirmPayment { amount: part()? },
        Verb::DenyPayment => Act::DenyPayment { reason: need(words.reason.as_ref(), "--reason")? },
        Verb::Waive => Act::Waive,
        Verb::Start => Act::Start,
        Verb::Ship => {
            Act::Ship { carrier: need(words.carrier.as_ref(), "--carrier")?, tracking: need(words.tracking.as_ref(), "--tracking")? }
        }
        Verb::Ready => Act::Ready,
        Verb::Receive => Act::Receive,
        Verb::Complete => Act::Complete,
        Verb::Cancel => Act::Cancel,
        Verb::Refund => Act::Refund { reference: need(words.reference.as_ref(), "--reference")?, amount: part()? },
        Verb::ConfirmRefund => Act::ConfirmRefund,
        Verb::Expire => Act::Expire,
        Verb::CloseDefaulted => Act::CloseDefaulted,
        Verb::Review => {
            return Err(Problem::usage("unknown-verb", "a review is no step of an order", "it is said in a circle").hint("haat review"));
        }
    })
}

fn need(word: Option<&String>, flag: &str) -> Result<String, Problem> {
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
}
