//! A counter-offer: the same order on other terms. What its words leave open stays as it was.

use haat_protocol::body::Body;
use haat_protocol::limits::PERSONAL_MAX_BYTES;
use haat_protocol::local::{OrderWords, Problem};
use haat_protocol::money::Money;
use haat_protocol::order::{Act, BARGAIN, Order, Refusal, Role, Terms};

use super::super::shop::amount;
use super::super::work::Work;
use super::choice::{self, Choice};
use super::enclose::bytes;
use super::offer::{impossible, life};
use super::refused;
use super::words::{adjustments, lines};
use crate::view::{self, shelf};

impl Work<'_, '_> {
    /// The act that proposes other quantities, differences of the price, another total, another delivery or another address.
    pub(super) fn countered(&mut self, order: &Order, mine: Role, said: &OrderWords) -> Result<Act, Problem> {
        let prices = said.price.is_some() || said.qty.is_some() || !said.lines.is_empty() || !said.adjust.is_empty();
        if !prices && said.delivery.is_none() && said.data.is_none() {
            let detail = "--price is needed, or --qty, --line, --adjust, --delivery or --address-file";
            return Err(Problem::usage("word-needed", "a word is missing", detail));
        }
        let mut terms = order.terms.clone();
        if let Some(way) = &said.delivery {
            self.delivered(&mut terms, way)?;
        }
        let terms = if prices { priced(terms, said)? } else { as_priced(terms)? };
        let terms = Terms { valid_until: self.now.plus(life(said.valid_ms)?), ..terms };
        let terms = self.addressed(order, terms, mine, said.data.as_deref())?;
        terms.check().map_err(|fault| impossible(&fault))?;
        Ok(Act::CounterTerms(Box::new(terms)))
    }

    /// Another way to get it, of those that the listing or its shop offers; paid as before where the seller takes that then.
    fn delivered(&self, terms: &mut Terms, way: &str) -> Result<(), Problem> {
        let gone = || Problem::refused("not-for-sale", "the counter-offer is not made", "the listing is not on a shelf here any more");
        let line = terms.lines.first().ok_or_else(gone)?;
        let shop = shelf::row(&self.tx, &line.listing).ok_or_else(gone)?.shop;
        let opening = shelf::shop(&self.tx, &shop).ok_or_else(gone)?.body;
        let Some(Body::Listing(listing)) = view::body(&self.tx, &line.version) else { return Err(gone()) };
        let choice = Choice { listing: &listing, opening: &opening };
        terms.delivery = choice::delivery(choice, Some(way), "the counter-offer is not made")?;
        let payments = choice.payments(&terms.delivery);
        if !payments.contains(&terms.payment)
            && let Some(first) = payments.into_iter().next()
        {
            terms.payment = first;
        }
        Ok(())
    }

    /// The same terms with where the goods go: the buyer's to say, and told to the seller once there is an agreement.
    fn addressed(&mut self, order: &Order, terms: Terms, mine: Role, data: Option<&str>) -> Result<Terms, Problem> {
        let Some(data) = data.map(|text| bytes(text, PERSONAL_MAX_BYTES)).transpose()? else { return Ok(terms) };
        if mine != Role::Buyer {
            return Err(refused(Refusal::WrongSigner).hint("where the goods go is the buyer's to say"));
        }
        Ok(Terms { personal: Some(self.enclose(&order.id, data)), ..terms })
    }
}

fn priced(mut terms: Terms, said: &OrderWords) -> Result<Terms, Problem> {
    let currency = terms.currency();
    let mut changes = lines(&said.lines)?;
    if let Some(qty) = said.qty {
        if terms.lines.len() > 1 {
            return Err(Problem::usage("line-needed", "which line is not said", "the order has several lines").hint("--line N=QTY"));
        }
        changes.push((0, qty));
    }
    for (at, qty) in changes {
        let line = usize::try_from(at).ok().and_then(|at| terms.lines.get_mut(at));
        let missing = || Problem::usage("bad-line", "there is no such line", format!("the order has no line {}", at + 1));
        line.ok_or_else(missing)?.qty = qty;
    }
    let named = adjustments(&said.adjust, currency)?;
    let goods = said.price.as_deref().map(|text| amount("--price", text, currency)).transpose()?;
    terms.priced(named, goods).map_err(|fault| impossible(&fault))
}

/// The same prices, with the delivery as it is now.
fn as_priced(terms: Terms) -> Result<Terms, Problem> {
    let named = terms.adjustments.iter().filter(|adjustment| adjustment.name != BARGAIN).cloned().collect();
    let goods: Money = terms.goods;
    terms.priced(named, Some(goods)).map_err(|fault| impossible(&fault))
}
