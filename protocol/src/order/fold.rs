//! The pure fold: a set of events and receipts becomes an order, the same in whatever order they arrived.
//!
//! Each chain is followed as far as it is whole. The two are merged by what each author had seen; where neither saw the other, the
//! line of races decides. Arrival order, duplicates and the clock of this node have no say here.

use std::collections::BTreeSet;

use crate::id::EventId;
use crate::limits::CLOCK_SKEW_MS;
use crate::order::apply::apply;
use crate::order::chain::{Chain, chain, sides};
use crate::order::deadline::running;
use crate::order::event::{Event, EventBody};
use crate::order::judge::{Case, judge};
use crate::order::refusal::Refusal;
use crate::order::set::OrderSet;
use crate::order::step::Step;
use crate::order::table::counts_first;
use crate::order::trouble::Dispute;
use crate::order::{Head, Order, Role, State, StockMark};

/// Says where the order stands.
///
/// # Errors
/// Without a first offer that may begin an order there is none.
pub fn fold(set: &OrderSet) -> Result<Order, Refusal> {
    let mut order = begun(set)?;
    let sides = sides(set, &order);
    let mut buyer = chain(set, &mut order, &sides, Role::Buyer);
    let mut seller = chain(set, &mut order, &sides, Role::Seller);
    buyer.note_receipts(set, &seller);
    seller.note_receipts(set, &buyer);
    // What follows an event that is not here may be anybody's.
    let waits = |event: &Event| event.body().prev.is_some_and(|prev| set.event(&prev).is_none());
    for event in set.events().filter(|event| !sides.contains_key(&event.id()) && !waits(event)) {
        order.refused.push((event.id(), Refusal::WrongSigner));
    }
    merge(&mut order, &buyer, &seller);
    let done: BTreeSet<EventId> = order.history.iter().copied().chain(order.refused.iter().map(|(id, _)| *id)).collect();
    order.pending = set.events().map(Event::id).filter(|id| !done.contains(id)).collect();
    for (role, chain) in [(Role::Buyer, &buyer), (Role::Seller, &seller)] {
        let is_gap = |id: &EventId| set.event(id).is_some_and(|event| chain.devices.contains(&event.body().author));
        let has_gap = order.pending.iter().any(is_gap);
        let head = order.chain_mut(role);
        (head.has_gap, head.devices) = (has_gap, chain.devices.clone());
    }
    Ok(order)
}

/// The order as its first event begins it.
fn begun(set: &OrderSet) -> Result<Order, Refusal> {
    let offer = set.event(&EventId(set.order().0)).ok_or(Refusal::NoOffer)?;
    let Step::Offer { terms, .. } = &offer.body().step else {
        return Err(Refusal::NoOffer);
    };
    let author = terms.role(&offer.body().author).ok_or(Refusal::WrongSigner)?;
    if offer.body().at >= terms.valid_until {
        return Err(Refusal::OfferOver);
    }
    let mut order = Order {
        id: set.order(),
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
        shipped: vec![0; terms.lines.len()],
        last_ship: None,
        delivered_at: None,
        code: None,
        personal: terms.personal,
        asked: None,
        returning: None,
        dispute: Dispute::default(),
        settled: None,
        closing: None,
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
    for role in [Role::Buyer, Role::Seller] {
        order.chain_mut(role).devices = vec![order.terms.party(role).device];
    }
    let head = order.chain_mut(author);
    (head.last, head.len) = (Some((offer.id(), offer.body().at)), 1);
    order.deadlines = running(&order);
    Ok(order)
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
        let had_seen = own.needs(order.chain(role).len, other, true).unwrap_or(0).max(order.chain(role).saw);
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
    let case = Case { role, body, seen: had_seen };
    let before = order.chain(role).last.map(|(_, at)| at);
    let other_len = order.chain(role.other()).len;
    let is_late = had_seen < other_len;
    if too_early || before.is_some_and(|at| body.at < at) {
        order.refused.push((event.id(), Refusal::TimeBackwards));
    } else {
        match judge(order, case) {
            Ok(row) => {
                apply(order, event.id(), case, row);
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
    head.saw = had_seen.min(other_len);
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
        order.deadlines = running(order);
    }
}
