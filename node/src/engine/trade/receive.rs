//! What the other side's device hands over: events are checked, kept once and receipted, whatever effect they have.
//!
//! Nothing of a stranger is kept: a first offer needs a circle in which both are and which has the shop.

use std::collections::BTreeMap;

use haat_protocol::body::Body;
use haat_protocol::codec::decode;
use haat_protocol::id::{DeviceId, EventId, IdentityId, OrderId, SpaceId};
use haat_protocol::identity::{Chain, Identity};
use haat_protocol::limits::{
    HEADER_MAX_BYTES, OPEN_OFFERS_PER_PERSON_MAX, ORDER_EVENT_MAX_BYTES, ORDER_MESSAGE_MAX_BYTES, ORDER_PARKED_MAX,
};
use haat_protocol::order::{self, Event, Line, OrderSet, Party, Receipt, Refusal, Role, SignedEvent, SignedReceipt, State, Step, Terms};
use haat_protocol::wire::{DirectResponse, OrderMessage};
use serde_bytes::ByteBuf;

use super::super::work::Work;
use super::choice::Choice;
use super::{AHEAD, MOVED, UNKNOWN_ORDER};
use crate::store::Table;
use crate::view::{self, circle, known, shelf};
use crate::{intake, view::order as orders};

/// Room for signatures around the signed bytes of an event or a receipt.
pub(super) const ENVELOPE_BYTES: usize = 512;

/// The device of the seller's that the terms name is not the desk of the shop, as far as this node has heard.
const NOT_THE_DESK: Code = "not-the-desk";

/// The other party is blocked by this person, who takes no new order of theirs.
const BLOCKED: Code = "blocked";

/// A stable code of a refusal.
pub(super) type Code = &'static str;

/// What became of a message.
#[derive(Default)]
pub(super) struct Took {
    /// The other side's events that are held now.
    pub(super) held: Vec<EventId>,
    /// A receipt for each.
    receipts: Vec<SignedReceipt>,
    /// Whether something came that was not here.
    pub(super) is_new: bool,
    /// The event by which another device's chain came to this one.
    came_after: Option<Event>,
    /// Whether something of this node's own chain came back that was not here.
    pub(super) is_given_back: bool,
}

impl Work<'_, '_> {
    /// Takes in what a device hands over of one order, and answers it.
    pub(in crate::engine) fn order_message(&mut self, device: DeviceId, message: OrderMessage) -> DirectResponse {
        match self.take_message(device, message) {
            Ok(took) => {
                if let Some(last) = &took.came_after {
                    self.passing.guard.chain_came(last);
                }
                DirectResponse::Stored { receipts: took.receipts.iter().map(haat_protocol::codec::encode).map(ByteBuf::from).collect() }
            }
            Err(code) => DirectResponse::Refused { code: code.to_owned() },
        }
    }

    pub(super) fn take_message(&mut self, device: DeviceId, message: OrderMessage) -> Result<Took, Code> {
        let OrderMessage { order: id, events, receipts, enclosed, chain } = message;
        let bytes: usize = events.iter().chain(&receipts).map(|item| item.len()).sum();
        if bytes > ORDER_MESSAGE_MAX_BYTES {
            return Err(Refusal::Oversize.code());
        }
        let claimed = chain.map(|chain| claimed(chain, &device)).transpose()?;
        let events = self.read_events(&id, &events)?;
        let (before, is_kin) = (orders::row(&self.tx, &id), self.is_kin(&device));
        match &before {
            // The device that goes on with it receipts what comes from now on.
            Some(row) if row.own != self.me.device() && !is_kin => return Err(MOVED),
            Some(_) => {}
            None => {
                let offer = events.iter().find(|event| event.id().0 == id.0).ok_or(UNKNOWN_ORDER)?;
                let is_back = events.iter().any(|event| event.body().author == self.me.device());
                match (is_kin, is_back) {
                    (true, _) => self.check_given(offer)?,
                    (false, true) => self.check_back(offer, &device)?,
                    (false, false) => self.check_offer(offer, claimed.as_ref())?,
                }
            }
        }
        let moved = self.check_devices((&device, is_kin), &id, &events, claimed.as_ref())?;
        if let Some(identity) = claimed {
            intake::identity(&mut self.cx(), &identity);
        }
        let mut news = !is_kin && self.take_receipts(&device, &id, &receipts);
        // Looked up once: a message that is said again and again costs little.
        let (receipted, own_head) = self.own_side(&id);
        let mut took = Took::default();
        for event in &events {
            let author = &event.body().author;
            let is_mine = *author == self.me.device();
            let is_own = moved.as_ref().map_or(is_mine, |order| self.is_own_side(order, author));
            match self.take_event(event) {
                Ok(is_new) => {
                    news |= is_new;
                    took.is_new |= is_new;
                    took.is_given_back |= is_new && is_mine;
                }
                // What came before it is held, and the other side shall know.
                Err(_) if !took.held.is_empty() => break,
                Err(code) => return Err(code),
            }
            if !is_own && !is_kin {
                took.held.push(event.id());
                let known = receipted.get(&event.id()).cloned();
                took.receipts.extend(known.or_else(|| self.make_receipt(&id, event.id(), own_head)));
            }
        }
        if is_kin {
            news |= self.take_given_receipts(&id, &receipts);
        }
        self.take_enclosed(&id, enclosed, is_kin);
        took.came_after = self.chain_moved(&id, before.as_ref());
        if news {
            self.tell_address(&id);
            self.answer_for_stock(&id);
            self.happened("order", id);
            self.send_order(id);
            self.look_at_dispute(id);
        }
        Ok(took)
    }

    /// Reads the events of a message: all are of this order, and not from the future.
    fn read_events(&self, id: &OrderId, events: &[ByteBuf]) -> Result<Vec<Event>, Code> {
        let mut read = Vec::new();
        for bytes in events {
            let signed: SignedEvent = decode(bytes, ORDER_EVENT_MAX_BYTES + ENVELOPE_BYTES).map_err(|_| Refusal::Malformed.code())?;
            let event = Event::read(signed).map_err(Refusal::code)?;
            if event.order() != *id {
                return Err(Refusal::OtherOrder.code());
            }
            if event.is_ahead(self.now) {
                return Err(AHEAD);
            }
            read.push(event);
        }
        // The first event goes first, whatever order they came in.
        read.sort_by_key(|event| event.body().seq);
        Ok(read)
    }

    fn take_event(&mut self, event: &Event) -> Result<bool, Code> {
        if self.tx.has(Table::OrderEvent, &event.id().0) {
            return Ok(false);
        }
        let follows = event.body().prev.is_none_or(|prev| self.tx.has(Table::OrderEvent, &prev.0));
        if !follows && orders::folded(&self.tx, &event.order()).is_some_and(|(_, order)| order.pending.len() >= ORDER_PARKED_MAX) {
            return Err(Refusal::TooMany.code());
        }
        intake::order::event(&mut self.cx(), event).map_err(Refusal::code)
    }

    /// Takes the other side's receipts for one's own events in, one for each; says whether there was news.
    pub(super) fn take_receipts(&mut self, device: &DeviceId, id: &OrderId, receipts: &[ByteBuf]) -> bool {
        let mut news = false;
        for bytes in receipts {
            let Ok(signed) = decode::<SignedReceipt>(bytes, HEADER_MAX_BYTES + ENVELOPE_BYTES) else { continue };
            let Ok(receipt) = signed.read() else { continue };
            let waits = self.tx.has(Table::Outbox, &[id.0, receipt.event.0].concat());
            if waits && receipt.device == *device && receipt.order == *id {
                news |= intake::order::receipt(&mut self.cx(), &signed).unwrap_or(false);
                self.chain_receipted(id, &receipt.event);
            }
        }
        news
    }

    /// This node's receipts in an order by event, and the end of its own chain: all that further receipts need.
    fn own_side(&self, id: &OrderId) -> (BTreeMap<EventId, SignedReceipt>, Option<EventId>) {
        let (Some(row), Some((set, order))) = (orders::row(&self.tx, id), orders::folded(&self.tx, id)) else {
            return (BTreeMap::new(), None);
        };
        let own = set.receipts().filter(|(_, receipt)| receipt.device == self.me.device());
        (own.map(|(signed, receipt)| (receipt.event, signed.clone())).collect(), order.head(row.mine))
    }

    /// A receipt for an event that was just taken in.
    fn make_receipt(&mut self, id: &OrderId, event: EventId, own_head: Option<EventId>) -> Option<SignedReceipt> {
        let signed = Receipt::new(*id, event, own_head, self.me.device()).sign(&self.me.pair);
        intake::order::receipt(&mut self.cx(), &signed).ok()?;
        Some(signed)
    }

    /// Whether an order that is not here, though this device signed in it, is one with the device that gives it back: nobody else can have
    /// made what this device signed, and it was looked at then.
    fn check_back(&self, offer: &Event, device: &DeviceId) -> Result<(), Code> {
        let mut alone = OrderSet::new(offer.order());
        alone.insert(offer.clone()).map_err(Refusal::code)?;
        let terms = order::fold(&alone).map_err(Refusal::code)?.terms;
        let is_ours = |mine: Role| (terms.party(mine).device, terms.party(mine.other()).device) == (self.me.device(), *device);
        if [Role::Buyer, Role::Seller].into_iter().any(is_ours) { Ok(()) } else { Err(Refusal::WrongSigner.code()) }
    }

    /// Whether a first offer may begin an order here.
    fn check_offer(&self, offer: &Event, claimed: Option<&Identity>) -> Result<(), Code> {
        let mut alone = OrderSet::new(offer.order());
        alone.insert(offer.clone()).map_err(Refusal::code)?;
        order::fold(&alone).map_err(Refusal::code)?;
        let Step::Offer { terms, .. } = &offer.body().step else { return Err(Refusal::NoOffer.code()) };
        let mine = [Role::Buyer, Role::Seller].into_iter().find(|role| {
            let party = terms.party(*role);
            (party.identity, party.device) == (self.me.id(), self.me.device())
        });
        let mine = mine.ok_or_else(|| Refusal::WrongSigner.code())?;
        let other = *terms.party(mine.other());
        if offer.body().author != other.device {
            return Err(Refusal::WrongSigner.code());
        }
        let known = known::identity(&self.tx, &other.identity);
        // A chain that does not stand against the known one could hide that a device was revoked.
        let newer = claimed.filter(|claimed| claimed.id() == other.identity && known.as_ref().is_none_or(|known| claimed.beats(known)));
        if !newer.or(known.as_deref()).is_some_and(|person| person.has(&other.device)) {
            return Err("stranger");
        }
        if view::block::is_blocked(&self.tx, &other.identity) {
            return Err(BLOCKED);
        }
        for line in &terms.lines {
            let shop = if mine == Role::Seller { self.check_line(line, terms)? } else { self.shop_of(line, &other)? };
            if !self.is_known_in(&shop, &other.identity) {
                return Err("stranger");
            }
            // An order that goes on stays where it is; a new one is the desk's.
            if shelf::desk(&self.tx, &shop) != Some(terms.seller.device) {
                return Err(NOT_THE_DESK);
            }
        }
        if mine == Role::Seller {
            self.check_choice(terms)?;
        }
        self.check_open_offers(&other.device)
    }

    /// The shop of what somebody offers: it is theirs.
    fn shop_of(&self, line: &Line, seller: &Party) -> Result<SpaceId, Code> {
        let shop = shelf::row(&self.tx, &line.listing).ok_or("stale-listing")?.shop;
        let begun = known::inception(&self.tx, &shop).ok_or("stale-listing")?;
        if begun.creator == seller.identity { Ok(shop) } else { Err(Refusal::WrongSigner.code()) }
    }

    /// Whether a person is, with this node, in a circle that has the shop.
    fn is_known_in(&self, shop: &SpaceId, person: &IdentityId) -> bool {
        let both =
            |circle: &SpaceId| circle::roster(&self.tx, circle).is_some_and(|roster| roster.has(person) && roster.has(&self.me.id()));
        shelf::circles(&self.tx, shop).iter().any(both)
    }

    /// Whether all lines say what one's own listings say, and the rest is chosen from what they offer.
    pub(super) fn check_terms(&self, terms: &Terms) -> Result<(), Code> {
        terms.lines.iter().try_for_each(|line| self.check_line(line, terms).map(|_| ()))?;
        self.check_choice(terms)
    }

    /// Whether one of the lines' listings offers this delivery, this payment and these returns: whoever writes other terms could name
    /// an account of its own, and have the seller sign that it was to be paid there.
    fn check_choice(&self, terms: &Terms) -> Result<(), Code> {
        let offers = |line: &Line| {
            let opening = shelf::row(&self.tx, &line.listing).and_then(|row| shelf::shop(&self.tx, &row.shop))?.body;
            let Body::Listing(listing) = view::body(&self.tx, &line.version)? else { return None };
            Some(Choice { listing: &listing, opening: &opening }.has(terms))
        };
        if terms.lines.iter().any(|line| offers(line) == Some(true)) { Ok(()) } else { Err("not-offered") }
    }

    /// Whether a line says what the pinned version of one's own listing says, and says it once; answers the shop.
    fn check_line(&self, line: &Line, terms: &Terms) -> Result<SpaceId, Code> {
        let row = shelf::row(&self.tx, &line.listing).ok_or("stale-listing")?;
        let begun = known::inception(&self.tx, &row.shop).ok_or("stale-listing")?;
        let is_mine = (begun.creator, terms.seller.device) == (self.me.id(), self.me.device());
        let is_version = row.versions.iter().any(|(_, version)| *version == line.version);
        let Some(Body::Listing(listing)) = view::body(&self.tx, &line.version) else { return Err("stale-listing") };
        let variant = listing.variant(Some(&line.sku));
        let says_so = variant.is_some_and(|variant| variant.price == line.unit_price && variant.options == line.options);
        if !is_mine || !is_version || listing.title != line.title || !says_so {
            return Err("stale-listing");
        }
        let times = terms.lines.iter().filter(|other| (other.listing, &other.sku) == (line.listing, &line.sku)).count();
        if times == 1 { Ok(row.shop) } else { Err(Refusal::BadTerms.code()) }
    }

    /// One person's offers that wait for an answer are bounded.
    fn check_open_offers(&self, other: &DeviceId) -> Result<(), Code> {
        let theirs = orders::all(&self.tx).into_iter().filter(|id| orders::row(&self.tx, id).is_some_and(|row| row.other == *other));
        let open = theirs.filter(|id| orders::folded(&self.tx, id).is_some_and(|(_, order)| order.state == State::Negotiating));
        if open.take(OPEN_OFFERS_PER_PERSON_MAX).count() < OPEN_OFFERS_PER_PERSON_MAX { Ok(()) } else { Err("too-many-offers") }
    }
}

/// The identity that a sender claims by its chain: it holds, and the sender's device is in it.
fn claimed(chain: Chain, device: &DeviceId) -> Result<Identity, Code> {
    let identity = chain.verify().map_err(|_| "wrong-chain")?;
    if identity.has(device) { Ok(identity) } else { Err("wrong-chain") }
}
