//! What a shop offers for one of its listings: ways to get it, ways to pay, and what happens when it comes back.
//!
//! The buyer's node chooses from it, the seller's node holds terms against it. Nobody adds a way, an account or a promise of the other's.

use haat_protocol::body::ShopCreate;
use haat_protocol::listing::{Delivery, Listing, Payment, default_payment};
use haat_protocol::local::Problem;
use haat_protocol::order::Terms;

/// The choices of one version of a listing: its own, else those of its shop.
#[derive(Debug, Clone, Copy)]
pub(super) struct Choice<'a> {
    pub(super) listing: &'a Listing,
    pub(super) opening: &'a ShopCreate,
}

impl Choice<'_> {
    /// Ways to get it; what is sent for another currency is no way.
    pub(super) fn deliveries(&self) -> Vec<Delivery> {
        let own = if self.listing.delivery.is_empty() { &self.opening.delivery } else { &self.listing.delivery };
        let fits = |way: &&Delivery| !matches!(way, Delivery::Ship { price, .. } if price.currency != self.listing.currency);
        let ways: Vec<Delivery> = own.iter().filter(fits).cloned().collect();
        if own.is_empty() { vec![Delivery::Pickup { place: "by arrangement".to_owned() }] } else { ways }
    }

    /// Ways to pay for what is handed over so; without any of the seller's, what suits this delivery first, then what suits the others.
    pub(super) fn payments(&self, delivery: &Delivery) -> Vec<Payment> {
        let said = [&self.listing.payment, &self.opening.payment].into_iter().find(|own| !own.is_empty());
        said.cloned().unwrap_or_else(|| [default_payment(std::slice::from_ref(delivery)), default_payment(&self.deliveries())].concat())
    }

    /// What happens when it comes back.
    pub(super) fn returns(&self) -> &str {
        self.listing.returns.as_ref().unwrap_or(&self.opening.returns)
    }

    /// Whether terms choose from it and change nothing: neither a price of delivery nor the account that is paid.
    pub(super) fn has(&self, terms: &Terms) -> bool {
        self.deliveries().contains(&terms.delivery)
            && self.payments(&terms.delivery).contains(&terms.payment)
            && self.returns() == terms.returns
    }
}

/// The way of a choice that a word names, or its first.
///
/// # Errors
/// The seller offers none of that name.
pub(super) fn delivery(choice: Choice<'_>, asked: Option<&str>, what: &str) -> Result<Delivery, Problem> {
    let ways = choice.deliveries();
    let found = ways.iter().find(|way| asked.is_none_or(|asked| asked == word(way)));
    found.cloned().ok_or_else(|| {
        let offered: Vec<&str> = ways.iter().map(word).collect();
        Problem::refused("no-such-delivery", what, format!("the seller offers: {}", offered.join(", ")))
    })
}

const fn word(way: &Delivery) -> &'static str {
    match way {
        Delivery::Pickup { .. } => "pickup",
        Delivery::Ship { .. } => "ship",
        Delivery::Digital {} => "digital",
    }
}
