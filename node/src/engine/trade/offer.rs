//! The buyer's offer: from a listing and a few words to whole terms. What the words leave open is the listing's first choice.

use haat_protocol::body::{Body, ShopCreate};
use haat_protocol::id::{Digest, EntryId, IdentityId, SpaceId};
use haat_protocol::limits::{CONFIRM_WITHIN_MS, DISPUTE_WITHIN_MS, FULFIL_WITHIN_MS, OFFER_LIFE_MS, PAY_WITHIN_MS, SPAN_MAX_MS};
use haat_protocol::listing::{Delivery, Listing, Payment, Timing};
use haat_protocol::local::{NewOffer, Problem};
use haat_protocol::money::Money;
use haat_protocol::order::{self, Line, Party, Terms, TermsError};
use serde_json::Value;

use super::super::shop::{amount, timing, variant};
use super::super::work::Work;
use super::choice::Choice;
use crate::name;
use crate::view::{self, circle, known, shelf};

/// What stands on the shelf, as it is now.
struct Goods {
    shop: SpaceId,
    lineage: EntryId,
    version: EntryId,
    listing: Listing,
    opening: ShopCreate,
    seller: Party,
}

impl Goods {
    const fn choice(&self) -> Choice<'_> {
        Choice { listing: &self.listing, opening: &self.opening }
    }
}

impl Work<'_, '_> {
    /// Makes an offer and queues it for the seller's desk.
    pub(in crate::engine) fn order_offer(&mut self, new: &NewOffer) -> Result<Value, Problem> {
        let offered = name::offered(&self.tx, self.me, &new.listing)?;
        let goods = self.goods(&offered.lineage, &new.listing)?;
        let circle = self.shared_circle(&goods.shop, &goods.seller.identity, offered.circle)?;
        let mut terms = self.terms(new, &goods)?;
        (terms.via, terms.circle) = (offered.via, Some(circle));
        let body = order::offer(terms, self.me.device(), new.note.clone(), self.now).map_err(|fault| impossible(&fault))?;
        let event = self.take_own(&body).map_err(|refusal| Problem::usage("bad-terms", "the offer cannot be made", refusal.to_string()))?;
        self.told(event.order())
    }

    fn goods(&self, lineage: &EntryId, named: &str) -> Result<Goods, Problem> {
        let missing = || Problem::not_found("listing", named);
        let gone = |why: &str| Problem::refused("not-for-sale", "there is nothing to buy", why);
        let row = shelf::row(&self.tx, lineage).ok_or_else(missing)?;
        let begun = known::inception(&self.tx, &row.shop).ok_or_else(missing)?;
        let opening = shelf::shop(&self.tx, &row.shop).ok_or_else(missing)?.body;
        if begun.creator == self.me.id() {
            return Err(Problem::refused("own-listing", "the offer is not made", "nobody buys from oneself"));
        }
        if row.is_withdrawn() {
            return Err(gone("the listing was taken off the shelf"));
        }
        let version = row.current().ok_or_else(missing)?;
        let Some(Body::Listing(listing)) = view::body(&self.tx, &version) else { return Err(missing()) };
        if listing.expires.is_some_and(|expires| expires <= self.now) {
            return Err(gone("the listing has run out"));
        }
        let seller = Party { identity: begun.creator, device: begun.device };
        Ok(Goods { shop: row.shop, lineage: *lineage, version, listing, opening, seller })
    }

    /// A circle that both are in and that has the shop; this one rather than another.
    fn shared_circle(&self, shop: &SpaceId, seller: &IdentityId, rather: Option<SpaceId>) -> Result<SpaceId, Problem> {
        let both =
            |circle: &SpaceId| circle::roster(&self.tx, circle).is_some_and(|roster| roster.has(&self.me.id()) && roster.has(seller));
        let circles: Vec<SpaceId> = shelf::circles(&self.tx, shop).into_iter().filter(both).collect();
        rather.filter(|circle| circles.contains(circle)).or_else(|| circles.first().copied()).ok_or_else(|| {
            Problem::refused("no-shared-circle", "the offer is not made", "you and the seller are in no circle together that has this shop")
        })
    }

    fn terms(&mut self, new: &NewOffer, goods: &Goods) -> Result<Terms, Problem> {
        let line = line(new, goods)?;
        let delivery = delivery(new, goods)?;
        let payment = payment(new, goods, &delivery)?;
        let currency = goods.listing.currency;
        let listed = line.unit_price.times(line.qty).ok_or_else(|| impossible(&TermsError::Price))?;
        let price = new.price.as_deref().map_or(Ok(listed), |text| amount("--price", text, currency))?;
        let nothing = Money { minor: 0, currency };
        let terms = Terms {
            buyer: Party { identity: self.me.id(), device: self.me.device() },
            seller: goods.seller,
            lines: vec![line],
            adjustments: Vec::new(),
            goods: nothing,
            delivery,
            total: nothing,
            payment,
            via: None,
            circle: None,
            personal: None,
            valid_until: self.now.plus(life(new.valid_ms)?),
            pay_within: PAY_WITHIN_MS,
            fulfil_within: FULFIL_WITHIN_MS,
            confirm_within: CONFIRM_WITHIN_MS,
            dispute_within: DISPUTE_WITHIN_MS,
            returns: goods.choice().returns().to_owned(),
            salt: Digest(self.entropy.fresh()),
        };
        terms.with_goods(price).map_err(|fault| impossible(&fault))
    }
}

/// How long an offer stands, in milliseconds.
pub(super) fn life(asked_ms: Option<u64>) -> Result<u64, Problem> {
    let life_ms = asked_ms.unwrap_or(OFFER_LIFE_MS);
    let fits = (1..=SPAN_MAX_MS).contains(&life_ms);
    if fits {
        Ok(life_ms)
    } else {
        Err(Problem::usage("bad-value", "--valid cannot be so", "an offer stands between a moment and ten years"))
    }
}

fn impossible(fault: &TermsError) -> Problem {
    Problem::usage("bad-terms", "the offer cannot be made", fault.to_string())
}

fn line(new: &NewOffer, goods: &Goods) -> Result<Line, Problem> {
    let listing = &goods.listing;
    let variant = variant(listing, new.sku.as_deref())?;
    let qty = new.qty.unwrap_or(1);
    if qty == 0 {
        return Err(impossible(&TermsError::Quantity));
    }
    if !variant.stock.covers(qty) {
        let detail = format!("more is wanted than is in stock: {qty} of {}", variant.stock);
        return Err(Problem::refused("out-of-stock", "the offer is not made", detail));
    }
    Ok(Line {
        listing: goods.lineage,
        version: goods.version,
        title: listing.title.clone(),
        sku: variant.sku.clone(),
        options: variant.options.clone(),
        qty,
        unit_price: variant.price,
    })
}

const fn word(way: &Delivery) -> &'static str {
    match way {
        Delivery::Pickup { .. } => "pickup",
        Delivery::Ship { .. } => "ship",
        Delivery::Digital {} => "digital",
    }
}

fn delivery(new: &NewOffer, goods: &Goods) -> Result<Delivery, Problem> {
    let ways = goods.choice().deliveries();
    let found = ways.iter().find(|way| new.delivery.as_deref().is_none_or(|asked| asked == word(way)));
    found.cloned().ok_or_else(|| {
        let offered: Vec<&str> = ways.iter().map(word).collect();
        Problem::refused("no-such-delivery", "the offer is not made", format!("the seller offers: {}", offered.join(", ")))
    })
}

const fn when(timing: Timing) -> &'static str {
    match timing {
        Timing::Before => "before",
        Timing::OnDelivery => "on-delivery",
        Timing::After => "after",
    }
}

fn payment(new: &NewOffer, goods: &Goods, delivery: &Delivery) -> Result<Payment, Problem> {
    let asked = new.pay.as_deref().map(timing).transpose()?;
    let choices = goods.choice().payments(delivery);
    let suits =
        |way: &&Payment| asked.is_none_or(|asked| way.timing == asked) && new.method.as_ref().is_none_or(|asked| way.method == *asked);
    choices.iter().find(suits).cloned().ok_or_else(|| {
        let offered: Vec<String> = choices.iter().map(|way| format!("{} {}", way.method, when(way.timing))).collect();
        Problem::refused("no-such-payment", "the offer is not made", format!("the seller takes: {}", offered.join(", ")))
    })
}
