//! Exhaustive exploration of the machine: every reachable stand of an order, every move from it, and every pair of short stories that
//! the two tell without hearing of each other.
//!
//! Stands are told apart by all that the table looks at, with times only as passed or not passed. Bounds: one counter-offer, one
//! part of a payment, of a shipment and of a refund, one question of each kind refused, and each settlement offered once by each side.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::*;
use crate::order::deadline::due;

/// All that the rows look at in the present state, but for ids and instants.
type Stand = String;

fn stand(deal: &Deal) -> Stand {
    let order = deal.order();
    let over: Vec<bool> = looked_at(&order).iter().map(|at| deal.now > at.plus(CLOCK_SKEW_MS)).collect();
    let refused = deal.set.events().any(|event| is_refusal(event.kind()));
    let money = (order.paid_claimed, order.paid_confirmed, order.waived, order.payment_denied, order.refunds);
    let seen = match order.state {
        State::Negotiating => format!("{:?} {}", order.turn, order.rounds),
        State::Disputed | State::Decided => {
            let sides = [Role::Buyer, Role::Seller];
            let offers = sides.map(|role| order.dispute.offer(role).map(|offer| offer.minor));
            let spoken = sides.map(|role| (order.dispute.has_spoken(role), order.dispute.has_claimed(role)));
            format!("{offers:?} {spoken:?} {:?} {} {refused}", order.dispute.decided, order.refund_left())
        }
        State::RefundDue | State::RefundClaimed => format!("{money:?}"),
        state if state.is_terminal() && state != State::Completed => {
            format!("{:?} {} {}", order.closing, order.accepted, order.paid_claimed > 0)
        }
        _ => {
            let goods = (order.stock, &order.shipped, order.returning);
            format!("{money:?} {goods:?} {:?} {refused}", order.asked)
        }
    };
    let way = (order.terms.payment.timing, matches!(order.terms.delivery, Delivery::Digital {}));
    format!("{:?} {way:?} {over:?} {seen}", order.state)
}

/// The deadlines that some row looks at in the present state.
fn looked_at(order: &Order) -> Vec<Millis> {
    let mut all: Vec<Millis> = order.deadlines.iter().map(|(_, at)| *at).collect();
    if matches!(order.state, State::Delivered | State::Completed) {
        all.extend(due(order, Deadline::ReturnBy));
    }
    if order.asked.is_some() {
        all.extend(due(order, Deadline::FulfilBy));
    }
    all
}

const fn is_refusal(kind: Kind) -> bool {
    matches!(kind, Kind::CancelRefuse | Kind::ReturnNo | Kind::SettleRefuse)
}

/// The moves of one side from here, parts of sums and lines included.
fn moves(deal: &Deal, role: Role) -> Vec<Act> {
    let order = deal.order();
    let mut acts = life::acts(&order, role, deal.now);
    let half = order.terms.total.minor / 2;
    let was = |is: fn(Kind) -> bool| deal.set.events().any(|event| is(event.kind()));
    acts.retain(|act| match act {
        Act::Counter { .. } => order.rounds < 1,
        Act::DenyPayment { .. } => !order.payment_denied,
        Act::Refuse { .. } => !was(is_refusal),
        Act::Settle { .. } => order.dispute.offer(role).is_none(),
        // A claim after a denial adds nothing, and could be repeated for ever.
        Act::Pay { .. } => order.paid_claimed < order.terms.total.minor,
        _ => true,
    });
    let has = |verb: Verb| next(&order, role, deal.now).contains(&verb);
    if has(Verb::Pay) && order.paid_claimed == 0 {
        acts.push(pay(Some(half)));
    }
    if has(Verb::ConfirmPayment) && order.paid_confirmed == 0 {
        acts.push(confirm(Some(half)));
    }
    if has(Verb::Refund) && order.refunds == 0 && order.refund_left() > half {
        acts.push(refund(Some(half)));
    }
    if has(Verb::Ship) && order.shipped == [0] {
        acts.push(some_of_it());
    }
    if has(Verb::ReturnReceived) {
        acts.push(Act::ReturnReceived { restock: false });
    }
    if order.state == State::Disputed {
        for minor in [0, order.refund_left()] {
            acts.push(Act::Decide { decision: decision(&order, minor) });
        }
    }
    if draft::is_stock_asked(&order) && role == Role::Seller {
        acts.extend([Act::StockConfirm, Act::StockFail { reason: Reason::OutOfStock }]);
    }
    acts
}

/// The next instant at which something can be done that cannot be done now: just after a deadline.
fn next_instant(deal: &Deal) -> Option<Millis> {
    let all = looked_at(&deal.order()).into_iter().map(|at| at.plus(CLOCK_SKEW_MS + 1));
    all.filter(|at| *at > deal.now).min()
}

fn acted(deal: &Deal, role: Role, act: &Act) -> Deal {
    let mut then = deal.clone();
    then.now = then.now.plus(1);
    let event = then.draft(role, act.clone()).unwrap_or_else(|why| panic!("{role:?} {act:?} in {}: {why:?}", stand(deal)));
    then.set.insert(event).expect("fits");
    then
}

/// A stand that was reached: one deal that stands so, and where the moves of each side, and time, lead.
struct Node {
    deal: Deal,
    to: Vec<(Option<Role>, usize)>,
}

/// Every stand that can be reached from these beginnings.
fn reach(beginnings: Vec<Deal>) -> Vec<Node> {
    let mut known: BTreeMap<Stand, usize> = BTreeMap::new();
    let mut nodes: Vec<Node> = Vec::new();
    let mut open: VecDeque<usize> = VecDeque::new();
    let mut enter = |nodes: &mut Vec<Node>, open: &mut VecDeque<usize>, deal: Deal| {
        *known.entry(stand(&deal)).or_insert_with(|| {
            nodes.push(Node { deal, to: Vec::new() });
            open.push_back(nodes.len() - 1);
            nodes.len() - 1
        })
    };
    for deal in beginnings {
        enter(&mut nodes, &mut open, deal);
    }
    while let Some(at) = open.pop_front() {
        let deal = nodes[at].deal.clone();
        let mut to = Vec::new();
        for role in [Role::Buyer, Role::Seller] {
            for act in moves(&deal, role) {
                to.push((Some(role), enter(&mut nodes, &mut open, acted(&deal, role, &act))));
            }
        }
        if let Some(now) = next_instant(&deal) {
            to.push((None, enter(&mut nodes, &mut open, Deal { now, set: deal.set.clone() })));
        }
        nodes[at].to = to;
    }
    nodes
}

/// From which stands these moves and time lead to an end.
fn ends(nodes: &[Node], may: impl Fn(Role) -> bool) -> Vec<bool> {
    let mut ends: Vec<bool> = nodes.iter().map(|node| node.deal.state().is_terminal()).collect();
    loop {
        let mut grown = false;
        for at in 0..nodes.len() {
            let leads = |(who, to): &(Option<Role>, usize)| who.is_none_or(&may) && ends[*to];
            if !ends[at] && nodes[at].to.iter().any(leads) {
                (ends[at], grown) = (true, true);
            }
        }
        if !grown {
            return ends;
        }
    }
}

/// Orders of every delivery and timing; the buyer's and the seller's first offers.
fn beginnings() -> Vec<Deal> {
    let ship = || Delivery::Ship { zone: "CN".into(), price: cny(600) };
    let ways = [
        (ship(), Timing::Before),
        (ship(), Timing::After),
        (Delivery::Pickup { place: "Gate 2".into() }, Timing::OnDelivery),
        (Delivery::Digital {}, Timing::Before),
    ];
    ways.into_iter().map(|(delivery, timing)| Deal::open(terms(delivery, timing))).collect()
}

#[test]
fn no_reachable_stand_is_a_dead_end_and_nobody_is_trapped_by_silence() {
    let nodes = reach(beginnings());
    let states: BTreeSet<State> = nodes.iter().map(|node| node.deal.state()).collect();
    assert_eq!(states.len(), State::ALL.len(), "every state is reached");
    for role in [Role::Buyer, Role::Seller] {
        let ends = ends(&nodes, |who| who == role);
        let trapped: Vec<Stand> = nodes.iter().zip(&ends).filter(|(_, ends)| !**ends).map(|(node, _)| stand(&node.deal)).take(3).collect();
        assert!(trapped.is_empty(), "{role:?} alone finds no end: {trapped:#?}");
    }
    let moves: usize = nodes.iter().map(|node| node.to.len()).sum();
    println!("{} stands, {moves} moves, {} states", nodes.len(), states.len());
    assert!(nodes.len() > 1_000);
    nodes.iter().for_each(|node| conserved(&node.deal.order()));
}

/// Money and goods are not made and not lost.
fn conserved(order: &Order) {
    let total = order.terms.total.minor;
    assert!(order.paid_confirmed <= total && order.refunds <= order.paid(), "{:?}", order.state);
    assert!((0..=order.paid()).contains(&order.refund_left()));
    for (line, goods) in order.terms.lines.iter().enumerate() {
        let (held, sent) = order.goods_of(line);
        assert!(held + sent <= goods.qty, "{held} held and {sent} sent of {}", goods.qty);
    }
    let is_over = order.state.is_terminal() && order.state != State::Completed;
    assert!(!(is_over && order.stock == StockMark::Held), "an order that is over holds no goods: {:?}", order.state);
}

/// Every story of up to `steps` moves of one side that the other does not hear of.
fn alone(deal: &Deal, role: Role, steps: u32) -> Vec<Vec<Event>> {
    let mut all = vec![Vec::new()];
    if steps > 0 {
        for act in moves(deal, role) {
            let then = acted(deal, role, &act);
            let event = then.set.events().find(|event| deal.set.event(&event.id()).is_none()).expect("one more").clone();
            for mut rest in alone(&then, role, steps - 1) {
                rest.insert(0, event.clone());
                all.push(rest);
            }
        }
    }
    all
}

/// One of so many stands is tried: all of them take half a minute.
#[allow(clippy::disallowed_methods, reason = "a test reads its surroundings")]
fn every() -> usize {
    std::env::var("HAAT_EVERY").ok().and_then(|every| every.parse().ok()).unwrap_or(10)
}

#[test]
fn whatever_the_two_do_unheard_both_fold_to_one_order_and_can_go_on() {
    let nodes = reach(beginnings());
    let (mut merged, mut stands) = (0_u64, 0_u64);
    for node in nodes.iter().filter(|node| !node.deal.state().is_terminal()).step_by(every()) {
        let (buyer, seller) = (alone(&node.deal, Role::Buyer, 1), alone(&node.deal, Role::Seller, 2));
        stands += 1;
        for one in &buyer {
            for two in &seller {
                let mut deal = node.deal.clone();
                for event in one.iter().chain(two) {
                    deal.set.insert(event.clone()).expect("fits");
                }
                deal.now = deal.now.plus(5);
                let order = deal.order();
                merged += 1;
                assert!(order.refused.iter().all(|(_, why)| *why == Refusal::Overtaken), "{:?} in {}", deal.refused(), stand(&node.deal));
                assert!(order.pending.is_empty() && order.contested.is_none());
                conserved(&order);
                let mut other = OrderSet::new(order.id);
                let mut events: Vec<Event> = deal.set.events().cloned().collect();
                events.reverse();
                events.iter().for_each(|event| assert!(other.insert(event.clone()).is_ok()));
                assert_eq!(fold(&other), Ok(order));
            }
        }
    }
    println!("{merged} pairs of unheard stories from {stands} stands");
    assert!(merged > 1_000);
}
