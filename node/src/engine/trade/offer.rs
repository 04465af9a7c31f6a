//! The buyer's offer: from a listing and a few words to whole terms. What the words leave open is the listing's first choice.

use haat_protocol::body::{Body, ShopCreate};
use haat_protocol::id::{DeviceId, Digest, EntryId, IdentityId, SpaceId};
use haat_protocol::limits::{
    CONFIRM_WITHIN_MS, DISPUTE_WITHIN_MS, FULFIL_WITHIN_MS, OFFER_LIFE_MS, PAY_WITHIN_MS, PERSONAL_MAX_BYTES, RETURN_WITHIN_MS, SPAN_MAX_MS,
};
use haat_protocol::listing::{Delivery, Listing, Payment, Timing};
use haat_protocol::local::{NewOffer, Problem};
use haat_protocol::money::Money;
use haat_protocol::order::{self, Enclosure, Line, Party, Terms, TermsError};
use serde_json::Value;

use super::super::shop::{amount, timing, variant};
use super::super::work::Work;
use super::choice::{self, Choice};
use super::enclose::bytes;
use super::words::adjustments;
use crate::view::{self, circle, known, shelf};
use crate::{name, vault};

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
    /// Makes an offer and queues it for the other side: the buyer's for the seller's desk, or the seller's for one person.
    pub(in crate::engine) fn order_offer(&mut self, new: &NewOffer) -> Result<Value, Problem> {
        let offered = name::offered(&self.tx, self.me, &new.listing)?;
        let goods = self.goods(&offered.lineage, &new.listing)?;
        let (buyer, other) = self.sides(new, &goods)?;
        if view::block::is_blocked(&self.tx, &other) {
            return Err(Problem::refused("blocked", "the offer is not made", "you blocked this person").hint("haat unblock PERSON"));
        }
        let circle = self.shared_circle(&goods.shop, &other, offered.circle)?;
        let mut terms = self.terms(new, &goods, buyer)?;
        (terms.via, terms.circle) = (offered.via, Some(circle));
        let address = new.address.as_deref().map(|text| bytes(text, PERSONAL_MAX_BYTES)).transpose()?;
        let address = address.map(|data| Enclosure { salt: Digest(self.entropy.fresh()), data });
        terms.personal = address.as_ref().map(Enclosure::commitment);
        let body = order::offer(terms, self.me.device(), new.note.clone(), self.now).map_err(|fault| impossible(&fault))?;
        let event = self.take_own(&body).map_err(|refusal| Problem::usage("bad-terms", "the offer cannot be made", refusal.to_string()))?;
        if let Some(address) = address {
            let fresh = self.entropy.fresh();
            vault::keep(&mut self.tx, self.me, &event.order(), &address, fresh);
        }
        self.told(event.order())
    }

    /// The buyer, and the person who is not this one.
    fn sides(&self, new: &NewOffer, goods: &Goods) -> Result<(Party, IdentityId), Problem> {
        let is_mine = goods.seller.identity == self.me.id();
        let refused = |code, why: &str| Problem::refused(code, "the offer is not made", why);
        let Some(named) = &new.to else {
            if is_mine {
                return Err(refused("own-listing", "nobody buys from oneself").hint("--to PERSON offers it to somebody"));
            }
            return Ok((Party { identity: self.me.id(), device: self.me.device() }, goods.seller.identity));
        };
        if !is_mine || goods.seller.device != self.me.device() {
            return Err(refused("not-yours", "only the desk of the shop offers what is in it"));
        }
        let person = name::person(&self.tx, self.me, named)?;
        if person == self.me.id() {
            return Err(refused("own-listing", "nobody buys from oneself"));
        }
        let known = known::identity(&self.tx, &person).ok_or_else(|| Problem::not_found("person", named))?;
        let is_here = |device: &&DeviceId| self.passing.presence.connected.contains_key(device);
        let device = known.devices().iter().find(is_here).or_else(|| known.devices().first()).copied();
        let device = device.ok_or_else(|| refused("no-device", "this person has no device any more"))?;
        Ok((Party { identity: person, device }, person))
    }

    fn goods(&self, lineage: &EntryId, named: &str) -> Result<Goods, Problem> {
        let missing = || Problem::not_found("listing", named);
        let gone = |why: &str| Problem::refused("not-for-sale", "there is nothing to buy", why);
        let row = shelf::row(&self.tx, lineage).ok_or_else(missing)?;
        let begun = known::inception(&self.tx, &row.shop).ok_or_else(missing)?;
        let desk = shelf::desk(&self.tx, &row.shop).ok_or_else(missing)?;
        let opening = shelf::shop(&self.tx, &row.shop).ok_or_else(missing)?.body;
        if row.is_withdrawn() {
            return Err(gone("the listing was taken off the shelf"));
        }
        let version = row.current().ok_or_else(missing)?;
        let Some(Body::Listing(listing)) = view::body(&self.tx, &version) else { return Err(missing()) };
        if listing.expires.is_some_and(|expires| expires <= self.now) {
            return Err(gone("the listing has run out"));
        }
        let seller = Party { identity: begun.creator, device: desk };
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

    fn terms(&mut self, new: &NewOffer, goods: &Goods, buyer: Party) -> Result<Terms, Problem> {
        let mut lines = vec![line(goods, new.sku.as_deref(), new.qty.unwrap_or(1))?];
        lines.extend(new.lines.iter().map(|word| self.further_line(goods, word)).collect::<Result<Vec<_>, Problem>>()?);
        let delivery = choice::delivery(goods.choice(), new.delivery.as_deref(), "the offer is not made")?;
        let payment = payment(new, goods, &delivery)?;
        let currency = goods.listing.currency;
        let price = new.price.as_deref().map(|text| amount("--price", text, currency)).transpose()?;
        let nothing = Money { minor: 0, currency };
        let terms = Terms {
            buyer,
            seller: goods.seller,
            lines,
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
            resolver: new.resolver.as_deref().map(|named| self.resolver(named)).transpose()?,
            returns: goods.choice().returns().to_owned(),
            return_within: RETURN_WITHIN_MS,
            salt: Digest(self.entropy.fresh()),
        };
        terms.priced(adjustments(&new.adjust, currency)?, price).map_err(|fault| impossible(&fault))
    }

    /// One more line, from `LISTING=QTY` or `LISTING@SKU=QTY`.
    fn further_line(&self, first: &Goods, word: &str) -> Result<Line, Problem> {
        let bad = || {
            let detail = format!("{word:?} is not LISTING=QTY or LISTING@SKU=QTY");
            Problem::usage("bad-line", "the line cannot be so", detail)
        };
        let (what, qty) = word.rsplit_once('=').ok_or_else(bad)?;
        let qty = qty.trim().parse().map_err(|_| bad())?;
        let (named, sku) = what.split_once('@').map_or((what, None), |(named, sku)| (named, Some(sku.trim())));
        let lineage = name::offered(&self.tx, self.me, named.trim())?.lineage;
        let goods = self.goods(&lineage, named)?;
        if goods.shop != first.shop {
            return Err(Problem::refused("other-shop", "the offer is not made", "all lines of an order are from one shop"));
        }
        line(&goods, sku, qty)
    }

    /// Who decides when the two disagree.
    fn resolver(&self, named: &str) -> Result<Party, Problem> {
        let identity = name::person(&self.tx, self.me, named)?;
        let device = known::identity(&self.tx, &identity).and_then(|known| known.devices().first().copied());
        device.map(|device| Party { identity, device }).ok_or_else(|| Problem::not_found("person", named))
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

pub(super) fn impossible(fault: &TermsError) -> Problem {
    Problem::usage("bad-terms", "the offer cannot be made", fault.to_string())
}

fn line(goods: &Goods, sku: Option<&str>, qty: u64) -> Result<Line, Problem> {
    let listing = &goods.listing;
    let variant = variant(listing, sku)?;
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
