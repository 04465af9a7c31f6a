//! How a drawn trade has to end: both sides with the same, nothing that was answered lost, money and goods neither made nor lost, and
//! nobody trapped by a silent other.

use std::collections::BTreeMap;

use haat_node::store::Tx;
use haat_node::view::{order as orders, stock};
use haat_protocol::id::{EntryId, EventId, OrderId};
use haat_protocol::limits::RESEND_MAX_MS;
use haat_protocol::listing::Stock;
use haat_protocol::local::{Command, OrderWords, ProblemKind};
use haat_protocol::order::{Order, Refusal, Verb};
use haat_protocol::time::{DAY_MS, MINUTE_MS, SECOND_MS};
use haat_tests::invariant;
use haat_tests::world::World;

use super::{BUYER, NAMES, Room, SELLER, SHELF, found, held, next, words};

/// Healed time after which everything has been tried again that waits for no longer than minutes.
const REST_MS: u64 = 2 * MINUTE_MS;
/// Time for what is tried then.
const QUIET_MS: u64 = 30 * SECOND_MS;
/// Longer than any deadline of terms that these people make, with the allowed skew.
const ALL_DEADLINES_MS: u64 = 31 * DAY_MS;
/// Turns within which one side alone brings an order to an end.
const ALONE_TURNS: u64 = 8;
/// What somebody who is left alone tries, first what ends an order.
const ALONE: [Verb; 20] = [
    Verb::CloseDefaulted,
    Verb::Expire,
    Verb::Complete,
    Verb::Waive,
    Verb::Reject,
    Verb::Withdraw,
    Verb::Cancel,
    Verb::ConfirmRefund,
    Verb::Perform,
    Verb::ReturnReceived,
    Verb::Refund,
    Verb::Receive,
    Verb::ConfirmPayment,
    Verb::Start,
    Verb::DeliverDigital,
    Verb::Ready,
    Verb::Ship,
    Verb::RequestCancel,
    Verb::Dispute,
    // Who owes pays, and need not wait for the word that it came.
    Verb::Pay,
];

impl Room<'_> {
    /// The faults stop; both sides have to come to the same, and either alone to an end.
    pub(super) fn ends(&mut self) -> Result<(), String> {
        self.heals()?;
        self.is_sound()?;
        for at in 0..self.deals.len() {
            let id = self.deals[at].id;
            if let Some(order) = held(&self.stage.borrow(), SELLER, &id) {
                *self.tally.healed.entry(order.state.name()).or_default() += 1;
            }
        }
        self.one_is_silent()?;
        self.is_sound()?;
        self.counts();
        Ok(())
    }

    fn heals(&mut self) -> Result<(), String> {
        let mut world = self.stage.borrow_mut();
        world.calm();
        world.run_until_all_are_up();
        world.run_for(REST_MS);
        // What clocks that were wrong have claimed comes true.
        let ahead_ms = self.latest.max(self.weather.latest()).since(world.right_clock());
        world.sleep(ahead_ms);
        world.run_for(QUIET_MS);
        let is_late = !self.deals.iter().all(|deal| differs(&world, &deal.id).is_none());
        // Nothing waits longer than this for its next attempt.
        world.sleep(RESEND_MAX_MS);
        world.run_for(QUIET_MS);
        drop(world);
        self.tally.late += u64::from(is_late);
        self.hears()?;
        self.stage.borrow().checked()
    }

    /// All that must hold in a healed world.
    fn is_sound(&mut self) -> Result<(), String> {
        self.stage.borrow().checked()?;
        let world = self.stage.borrow();
        for deal in &self.deals {
            let name = deal.id.short();
            if let Some(what) = differs(&world, &deal.id) {
                return Err(format!("order {name}: {what}"));
            }
            let Some(order) = held(&world, SELLER, &deal.id) else { continue };
            for event in &deal.told {
                answered_for(&world, &order, event).map_err(|what| format!("order {name} in {:?}: {what}", order.state))?;
            }
            money_is_right(&order).map_err(|what| format!("order {name} in {:?}: {what}", order.state))?;
        }
        self.stock_is_right(&world)?;
        invariant::all(&world, &[])
    }

    /// What is free, held and gone of each listing is what was counted.
    fn stock_is_right(&self, world: &World) -> Result<(), String> {
        let snapshot = world.kept(SELLER);
        let tx = Tx::new(&*snapshot);
        let all: Vec<Order> = self.deals.iter().filter_map(|deal| held(world, SELLER, &deal.id)).collect();
        for ((title, counted, _), listing) in SHELF.iter().zip(&self.founded.listings) {
            let lineage: EntryId = listing.parse().map_err(|_| "a listing is no entry")?;
            let of = |order: &Order| {
                let lines = order.terms.lines.iter().enumerate().filter(|(_, line)| line.listing == lineage);
                lines.map(|(at, _)| order.goods_of(at)).map(|(held, gone)| held + gone).sum::<u64>()
            };
            let taken: u64 = all.iter().map(of).sum();
            let (free, said) = (stock::unheld(&tx, &lineage, ""), *counted);
            let is_right = match (said, free) {
                (Stock::Counted(counted), Stock::Counted(free)) => taken + free == counted,
                (said, free) => said == free,
            };
            if !is_right {
                return Err(format!("of {said:?} {title} {taken} are taken and {free:?} free"));
            }
        }
        Ok(())
    }

    /// One side is away from here on: the other one brings every order to an end with what `next` names, and time.
    fn one_is_silent(&mut self) -> Result<(), String> {
        let (silent, who) = if self.chance.permille(500) { (BUYER, SELLER) } else { (SELLER, BUYER) };
        self.stage.borrow_mut().crash_for(silent, MINUTE_MS);
        for turn in 0..=ALONE_TURNS {
            let open: Vec<OrderId> = self.deals.iter().map(|deal| deal.id).filter(|id| self.is_open(who, id)).collect();
            if open.is_empty() {
                break;
            }
            for id in open {
                if turn == ALONE_TURNS {
                    let order = held(&self.stage.borrow(), who, &id);
                    return Err(format!("{} alone brings order {} to no end: {order:?}", NAMES[who], id.short()));
                }
                // Several steps may be possible at once; what takes time is tried again after it.
                while self.is_open(who, &id) && self.alone(who, &id)? {}
            }
            let mut world = self.stage.borrow_mut();
            world.sleep(ALL_DEADLINES_MS);
            world.run_for(SECOND_MS);
        }
        let mut world = self.stage.borrow_mut();
        world.run_until_all_are_up();
        world.run_for(REST_MS);
        world.sleep(RESEND_MAX_MS);
        world.run_for(QUIET_MS);
        Ok(())
    }

    fn is_open(&self, who: usize, id: &OrderId) -> bool {
        held(&self.stage.borrow(), who, id).is_some_and(|order| !order.state.is_terminal())
    }

    /// One step of somebody whom nobody answers; says whether it was possible, and worth to look again.
    fn alone(&mut self, who: usize, id: &OrderId) -> Result<bool, String> {
        let Some(order) = held(&self.stage.borrow(), who, id) else { return Ok(false) };
        self.tally.saw(*id, order.state);
        let next = next(&self.stage.borrow(), who, &order);
        let Some(verb) = ALONE.into_iter().find(|verb| next.contains(verb)) else { return Ok(false) };
        let code = self.stage.borrow().me(SELLER).handover_code(id);
        let words = words::sensible(&mut self.chance, verb, &order, &code);
        let command = Command::OrderAct { order: id.to_string(), verb: verb.name().to_owned(), words: Box::new(words) };
        match self.gives(who, Some(verb), command)? {
            Some(Ok(_)) => {
                *self.tally.alone.entry(verb.name()).or_default() += 1;
                Ok(verb != Verb::Dispute && verb != Verb::RequestCancel)
            }
            Some(Err(problem)) if problem.kind == ProblemKind::Store => Ok(false),
            answer => Err(format!("{} alone cannot {} in {:?}: {answer:?}", NAMES[who], verb.name(), order.state)),
        }
    }

    /// What came of it all.
    fn counts(&mut self) {
        let world = self.stage.borrow();
        (self.tally.worlds, self.tally.crashes) = (1, world.counts().1);
        let snapshot = world.kept(SELLER);
        let tx = Tx::new(&*snapshot);
        for deal in &self.deals {
            let Some((set, order)) = orders::folded(&tx, &deal.id) else { continue };
            self.tally.orders += 1;
            self.tally.saw(deal.id, order.state);
            *self.tally.ended.entry(order.state.name()).or_default() += 1;
            for event in order.history.iter().filter_map(|id| set.event(id)) {
                *self.tally.kinds.entry(event.kind().name()).or_default() += 1;
            }
            for (_, why) in &order.refused {
                *self.tally.vain.entry(why.code()).or_default() += 1;
            }
        }
    }
}

/// What is different about an order at the two sides.
fn differs(world: &World, id: &OrderId) -> Option<String> {
    let events = |who: usize| {
        let snapshot = world.kept(who);
        let set = orders::set(&Tx::new(&*snapshot), id);
        set.events().map(|event| (event.id(), format!("{:?} {}", event.kind(), event.body().seq))).collect::<BTreeMap<_, _>>()
    };
    let (ours, theirs) = (events(SELLER), events(BUYER));
    if ours != theirs {
        let only = |one: &BTreeMap<EventId, String>, other: &BTreeMap<EventId, String>| {
            one.iter().filter(|(id, _)| !other.contains_key(*id)).map(|(_, kind)| kind.clone()).collect::<Vec<_>>()
        };
        return Some(format!("only the seller holds {:?}, only the buyer {:?}", only(&ours, &theirs), only(&theirs, &ours)));
    }
    let fold = |who: usize| held(world, who, id);
    let (ours, theirs) = (fold(SELLER), fold(BUYER));
    (ours != theirs).then(|| format!("the same events stand differently: {ours:?} and {theirs:?}"))
}

/// An event of which an answer told is there, and counts unless the other side's at the same time came first.
fn answered_for(world: &World, order: &Order, event: &EventId) -> Result<(), String> {
    if order.history.contains(event) {
        return Ok(());
    }
    match order.refused.iter().find(|(id, _)| id == event) {
        Some((_, Refusal::Overtaken)) => Ok(()),
        Some((_, why)) => Err(format!("an event that was answered for is refused: {why:?}")),
        None if world.is_gone_event(event) => Ok(()),
        None => Err(format!("event {event}, that was answered for, is not there")),
    }
}

/// Nothing is paid back that was not paid, and nothing counts as confirmed beyond the total.
fn money_is_right(order: &Order) -> Result<(), String> {
    let (total, paid) = (order.terms.total.minor, order.paid());
    let sums = [order.paid_claimed, order.paid_confirmed, order.refunds, order.remainder(), order.refund_left()];
    let is_right = sums.iter().all(|sum| *sum >= 0)
        && order.paid_confirmed <= total
        && order.refunds <= paid
        && order.refunds + order.refund_left() == paid
        && order.settled.is_none_or(|back| back <= paid)
        && (order.waived || order.paid_confirmed + order.remainder() == total);
    if is_right { Ok(()) } else { Err(format!("money does not add up: {sums:?} of {total}")) }
}

#[test]
fn a_write_that_failed_leaves_no_order_in_doubt() {
    let founded = found();
    let room = Room::new(7, &founded);
    let buyer = &room.people[BUYER];
    let order = buyer.offers(&founded.listings[0]);
    buyer.waits(10 * SECOND_MS);
    let says = || {
        let words = OrderWords { text: Some("hello".into()), ..Default::default() };
        Command::OrderAct { order: order.to_string(), verb: "say".into(), words: Box::new(words) }
    };
    room.stage.borrow_mut().fail_commit(BUYER);
    let failed = buyer.tries(says()).expect("answered at once").expect_err("its write failed");
    assert_eq!(failed.kind, ProblemKind::Store);
    // It starts anew, hears the seller's word, and goes on alone.
    room.stage.borrow_mut().crash_for(BUYER, SECOND_MS);
    buyer.waits(MINUTE_MS);
    room.stage.borrow_mut().crash_for(SELLER, 10 * MINUTE_MS);
    for _ in 0..3 {
        buyer.does(says());
        buyer.waits(SECOND_MS);
    }
}
