//! From a set of events and receipts to where the order stands: a pure function of the set.
//!
//! The two chains are merged along what each event had seen. Where neither of two events had seen the other, the table of
//! races decides. Arrival order, duplicates and the clock of this node have no say here.

use std::collections::{BTreeMap, BTreeSet};

use crate::id::{DeviceId, EventId, OrderId};
use crate::limits::{CLOCK_SKEW_MS, ORDER_EVENTS_MAX, ORDER_PARKED_MAX};
use crate::order::event::{Event, EventBody, Kind, Step};
use crate::order::judge::{apply, deadlines, judge};
use crate::order::receipt::{Receipt, SignedReceipt};
use crate::order::refusal::Refusal;
use crate::order::right::ReviewRight;
use crate::order::table::{ROWS, Who, counts_first};
use crate::order::{Head, Order, Role, State, StockMark};
use crate::time::Millis;

/// Everything that is known of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderSet {
    order: OrderId,
    events: BTreeMap<EventId, Event>,
    receipts: BTreeMap<SignedReceipt, Receipt>,
}

impl OrderSet {
    /// An empty set for one order.
    #[must_use]
    pub const fn new(order: OrderId) -> Self {
        Self { order, events: BTreeMap::new(), receipts: BTreeMap::new() }
    }

    /// The order.
    #[must_use]
    pub const fn order(&self) -> OrderId {
        self.order
    }

    /// Takes an event in; false when it was here already.
    ///
    /// # Errors
    /// It belongs to another order, or the order has all the events that one may have.
    pub fn insert(&mut self, event: Event) -> Result<bool, Refusal> {
        if event.order() != self.order {
            return Err(Refusal::OtherOrder);
        }
        if self.events.contains_key(&event.id()) {
            return Ok(false);
        }
        if self.events.len() >= 2 * ORDER_EVENTS_MAX + ORDER_PARKED_MAX {
            return Err(Refusal::TooMany);
        }
        self.events.insert(event.id(), event);
        Ok(true)
    }

    /// Takes a receipt in; false when it was here already.
    ///
    /// # Errors
    /// It does not hold, belongs to another order, or there are as many as one order may have.
    pub fn receive(&mut self, receipt: SignedReceipt) -> Result<bool, Refusal> {
        let content = receipt.read()?;
        if content.order != self.order {
            return Err(Refusal::OtherOrder);
        }
        if self.receipts.contains_key(&receipt) {
            return Ok(false);
        }
        if self.receipts.len() >= 4 * ORDER_EVENTS_MAX {
            return Err(Refusal::TooMany);
        }
        self.receipts.insert(receipt, content);
        Ok(true)
    }

    /// One event.
    #[must_use]
    pub fn event(&self, id: &EventId) -> Option<&Event> {
        self.events.get(id)
    }

    /// All events, by id.
    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.events.values()
    }

    /// All receipts with their content.
    pub fn receipts(&self) -> impl Iterator<Item = (&SignedReceipt, &Receipt)> {
        self.receipts.iter()
    }

    /// Both halves of the review right, once there is an agreement.
    #[must_use]
    pub fn review_right(&self, order: &Order) -> Option<ReviewRight> {
        order.agreed?;
        let halves = order.history.iter().filter_map(|id| self.events.get(id)).filter(|event| event.signed().right.is_some());
        let mut found: BTreeMap<DeviceId, &Event> = BTreeMap::new();
        for event in halves {
            found.insert(event.body().author, event);
        }
        let (buyer_device, seller_device) = (order.terms.buyer.device, order.terms.seller.device);
        let half = |device: &DeviceId| found.get(device).and_then(|event| event.signed().right);
        let right = found.get(&buyer_device).and_then(|event| event.right())?;
        let full = ReviewRight { right, buyer_device, seller_device, buyer_sig: half(&buyer_device)?, seller_sig: half(&seller_device)? };
        full.verify().is_ok().then_some(full)
    }

    fn offer(&self) -> Result<Order, Refusal> {
        let offer = self.events.get(&EventId(self.order.0)).ok_or(Refusal::NoOffer)?;
        let Step::Offer { terms, .. } = &offer.body().step else {
            return Err(Refusal::NoOffer);
        };
        let author = terms.role(&offer.body().author).ok_or(Refusal::WrongSigner)?;
        let open = ROWS.iter().any(|row| row.kind == Kind::Offer && matches_author(row.who, author));
        if !open {
            return Err(Refusal::WrongSigner);
        }
        if offer.body().at >= terms.valid_until {
            return Err(Refusal::OfferOver);
        }
        let mut order = Order {
            id: self.order,
            state: State::Negotiating,
            turn: Some(author.other()),
            terms: (**terms).clone(),
            last_offer: offer.id(),
            agreed: None,
            agreed_at: None,
            rounds: 0,
            paid_claimed: 0,
            paid_confirmed: 0,
            waived: false,
            payment_denied: false,
            refunds: 0,
            stock: StockMark::None,
            since: offer.body().at,
            contested: None,
            accepted: false,
            refused: Vec::new(),
            pending: Vec::new(),
            history: vec![offer.id()],
            deadlines: Vec::new(),
            buyer: Head::default(),
            seller: Head::default(),
        };
        *order.chain_mut(author) = Head { last: Some((offer.id(), offer.body().at)), len: 1, has_gap: false };
        order.deadlines = deadlines(&order);
        Ok(order)
    }
}

fn matches_author(who: Who, author: Role) -> bool {
    matches!((who, author), (Who::Buyer, Role::Buyer) | (Who::Seller, Role::Seller) | (Who::Either, _))
}

/// One party's chain, as far as it is whole.
#[derive(Default)]
struct Chain<'a> {
    events: Vec<&'a Event>,
    /// From this place on the author's events do not count: there are two at it, or the link is broken.
    dead: Option<u64>,
    /// Places in the chain of all events of the author.
    places: BTreeMap<EventId, u64>,
    /// What this author had receipted before its event at a place: place to number of the other's events.
    receipted: BTreeMap<u64, u64>,
}

/// Says where the order stands.
///
/// # Errors
/// Without a first offer that may begin an order there is none.
pub fn fold(set: &OrderSet) -> Result<Order, Refusal> {
    let mut order = set.offer()?;
    let mut buyer = chain(set, &mut order, Role::Buyer);
    let mut seller = chain(set, &mut order, Role::Seller);
    buyer.receipted = receipted(set, &order.terms.buyer.device, &buyer, &seller);
    seller.receipted = receipted(set, &order.terms.seller.device, &seller, &buyer);
    for event in set.events.values().filter(|event| order.terms.role(&event.body().author).is_none()) {
        order.refused.push((event.id(), Refusal::WrongSigner));
    }
    merge(&mut order, &buyer, &seller);
    let done: BTreeSet<EventId> = order.history.iter().copied().chain(order.refused.iter().map(|(id, _)| *id)).collect();
    order.pending = set.events.keys().filter(|id| !done.contains(id)).copied().collect();
    for role in [Role::Buyer, Role::Seller] {
        let waits = |id| set.events.get(id).is_some_and(|event: &Event| event.body().author == order.terms.party(role).device);
        let has_gap = order.pending.iter().any(waits);
        order.chain_mut(role).has_gap = has_gap;
    }
    Ok(order)
}

/// Follows one author's events from 0 as long as there is exactly one at each place, linked to the one before.
fn chain<'a>(set: &'a OrderSet, order: &mut Order, role: Role) -> Chain<'a> {
    let mut chain = Chain::default();
    let device = order.terms.party(role).device;
    let mut at_place: BTreeMap<u64, Vec<&Event>> = BTreeMap::new();
    for event in set.events.values().filter(|event| event.body().author == device) {
        at_place.entry(event.body().seq).or_default().push(event);
        chain.places.insert(event.id(), event.body().seq);
    }
    if let Some((place, _)) = at_place.iter().find(|(_, events)| events.len() > 1) {
        order.contested.get_or_insert(role);
        bury(&mut chain, order, &at_place, (*place, Refusal::Equivocation));
    }
    for (place, events) in &at_place {
        let is_dead = chain.dead.is_some_and(|dead| *place >= dead);
        if is_dead || *place != chain.events.len() as u64 {
            break;
        }
        let event = events[0];
        let prev = chain.events.last().map(|before| before.id());
        let cited = event.body().seen.and_then(|id| set.events.get(&id));
        let cites_other = cited.is_none_or(|cited| cited.body().author == order.terms.party(role.other()).device);
        if event.body().prev == prev && cites_other {
            chain.events.push(event);
        } else if cites_other && event.body().prev.is_some_and(|id| !set.events.contains_key(&id)) {
            break;
        } else {
            let already = chain.dead.unwrap_or(u64::MAX);
            let until_dead: BTreeMap<u64, Vec<&Event>> = at_place.range(*place..already).map(|(k, v)| (*k, v.clone())).collect();
            bury(&mut chain, order, &until_dead, (*place, Refusal::BrokenLink));
            break;
        }
    }
    chain
}

/// Marks a place from which on the author's events do not count.
fn bury(chain: &mut Chain<'_>, order: &mut Order, events: &BTreeMap<u64, Vec<&Event>>, (place, why): (u64, Refusal)) {
    chain.dead = Some(place);
    for event in events.range(place..).flat_map(|(_, events)| events) {
        order.refused.push((event.id(), why));
        // Whoever signed an acceptance twice still has to give money back that came in upon it.
        order.accepted |= event.kind() == Kind::Accept;
    }
}

/// How many of the other's events an author had receipted before each of its own.
fn receipted(set: &OrderSet, device: &DeviceId, own: &Chain<'_>, other: &Chain<'_>) -> BTreeMap<u64, u64> {
    let mut known = BTreeMap::new();
    for receipt in set.receipts.values().filter(|receipt| receipt.device == *device) {
        let head = receipt.own_head.map_or(Some(0), |id| own.places.get(&id).map(|place| place + 1));
        let (Some(next), Some(place)) = (head, other.places.get(&receipt.event)) else {
            continue;
        };
        let count: &mut u64 = known.entry(next).or_default();
        *count = (*count).max(place + 1);
    }
    known
}

impl<'a> Chain<'a> {
    /// How many of the other chain's events the author of the event at `place` had seen; none when what it cites is not here.
    /// The flag says whether receipts count.
    fn needs(&self, place: u64, other: &Chain<'_>, by_receipt: bool) -> Option<u64> {
        let event = self.events.get(usize::try_from(place).ok()?)?;
        let cited = match event.body().seen {
            None => 0,
            Some(id) => *other.places.get(&id)? + 1,
        };
        let stored = if by_receipt { self.receipted.range(..=place).map(|(_, count)| *count).max().unwrap_or(0) } else { 0 };
        Some(cited.max(stored).min(other.dead.unwrap_or(u64::MAX)))
    }

    fn time_of(&self, cited: Option<EventId>) -> Option<Millis> {
        let place = self.places.get(&cited?)?;
        self.events.get(usize::try_from(*place).ok()?).map(|event| event.body().at)
    }

    fn is_dead_at(&self, cited: Option<EventId>) -> bool {
        let place = cited.and_then(|id| self.places.get(&id));
        place.is_some_and(|place| self.dead.is_some_and(|dead| *place >= dead))
    }

    fn next(&self, done: u64, other: &Chain<'_>, other_done: u64, by_receipt: bool) -> Option<&'a Event> {
        let needs = self.needs(done, other, by_receipt)?;
        if needs <= other_done { self.events.get(usize::try_from(done).ok()?).copied() } else { None }
    }
}

/// Takes events in, one by one, each after all that it had seen.
fn merge(order: &mut Order, buyer: &Chain<'_>, seller: &Chain<'_>) {
    loop {
        let (b, s) = (order.buyer.len, order.seller.len);
        // Receipts that contradict the links would stop everything: then the links alone count.
        let pick = |by_receipt| (buyer.next(b, seller, s, by_receipt), seller.next(s, buyer, b, by_receipt));
        let ready = match pick(true) {
            (None, None) => pick(false),
            found => found,
        };
        let (role, event) = match ready {
            (None, None) => break,
            (Some(event), None) => (Role::Buyer, event),
            (None, Some(event)) => (Role::Seller, event),
            (Some(one), Some(two)) if counts_first((one.kind(), Role::Buyer), (two.kind(), Role::Seller)) => (Role::Buyer, one),
            (Some(_), Some(two)) => (Role::Seller, two),
        };
        let (own, other) = if role == Role::Buyer { (buyer, seller) } else { (seller, buyer) };
        if other.is_dead_at(event.body().seen) {
            expire_contested(order);
        }
        let had_seen = own.needs(order.chain(role).len, other, true).unwrap_or(0);
        let too_early = other.time_of(event.body().seen).is_some_and(|seen| seen.since(event.body().at) > CLOCK_SKEW_MS);
        take(order, role, event, (had_seen, too_early));
    }
    if buyer.dead.is_some() || seller.dead.is_some() {
        expire_contested(order);
    }
}

/// Judges one event and takes it in; either way its author's chain moves on. Given are how many of the other's events its
/// author had seen, and whether it claims to be well before the last of them.
fn take(order: &mut Order, role: Role, event: &Event, (had_seen, too_early): (u64, bool)) {
    let body = event.body();
    let before = order.chain(role).last.map(|(_, at)| at);
    let is_late = had_seen < order.chain(role.other()).len;
    if too_early || before.is_some_and(|at| body.at < at) {
        order.refused.push((event.id(), Refusal::TimeBackwards));
    } else {
        match judge(order, role, body) {
            Ok(row) => {
                apply(order, role, event.id(), body, row);
                order.history.push(event.id());
            }
            Err(why) => {
                order.accepted |= is_late && is_late_acceptance(order, body);
                order.refused.push((event.id(), if is_late { Refusal::Overtaken } else { why }));
            }
        }
    }
    let head = order.chain_mut(role);
    head.last = Some((event.id(), before.map_or(body.at, |at| at.max(body.at))));
    head.len = body.seq + 1;
}

/// Whether this is the acceptance of the last offer that lost to its withdrawal or end. Who paid upon it gets money back.
fn is_late_acceptance(order: &Order, body: &EventBody) -> bool {
    let over = matches!(order.state, State::Withdrawn | State::Expired);
    over && matches!(&body.step, Step::Accept { offer, terms, .. } if *offer == order.last_offer && *terms == order.terms.hash())
}

/// An author who signed two events at one place before there was an agreement has no more say, and the offer is off.
fn expire_contested(order: &mut Order) {
    if order.state == State::Negotiating {
        order.state = State::Expired;
        order.turn = None;
        order.deadlines = deadlines(order);
    }
}
