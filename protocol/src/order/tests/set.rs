//! The fold is a function of the set: arrival order, duplicates and gaps on the way change nothing in the end.

use proptest::prelude::*;

use super::*;

/// Events and receipts of a deal, with a receipt by the other side for each event.
fn mail(deal: &Deal) -> (Vec<SignedEvent>, Vec<SignedReceipt>) {
    let order = deal.order();
    let mut receipts = Vec::new();
    for event in deal.set.events() {
        let signer = order.terms.role(&event.body().author).expect("a party").other();
        let device = keys(signer);
        receipts.push(Receipt::new(order.id, event.id(), event.body().seen, device.public()).sign(&device));
    }
    (deal.set.events().map(|event| event.signed().clone()).collect(), receipts)
}

fn read(order: OrderId, events: &[SignedEvent]) -> OrderSet {
    let mut set = OrderSet::new(order);
    for signed in events {
        set.insert(Event::read(signed.clone()).expect("holds")).expect("fits");
        // Whatever is here so far folds without harm.
        assert!(fold(&set).is_ok() || set.event(&EventId(order.0)).is_none());
    }
    set
}

fn permutations(items: &[SignedEvent]) -> Vec<Vec<SignedEvent>> {
    if items.len() <= 1 {
        return vec![items.to_vec()];
    }
    let mut all = Vec::new();
    for i in 0..items.len() {
        let mut rest = items.to_vec();
        let first = rest.remove(i);
        for mut tail in permutations(&rest) {
            tail.insert(0, first.clone());
            all.push(tail);
        }
    }
    all
}

#[test]
fn every_arrival_order_of_a_short_history_gives_the_same_order() {
    let mut race = Deal::open(sent_paid_first());
    race.seller(counter(1500, START.plus(DAY_MS)));
    let withdraw = race.draft(Role::Seller, Act::Withdraw).expect("own offer");
    race.buyer(Act::Accept).buyer(pay(None)).set.insert(withdraw).expect("fits");
    let mut cash = agreed(pickup());
    cash.seller(Act::Start).seller(Act::Ready { code: None }).buyer(Act::Receive { code: None });
    for deal in [race, cash] {
        let (events, _) = mail(&deal);
        let all = permutations(&events);
        assert_eq!(all.len(), 120);
        for mut arrival in all {
            arrival.push(arrival[1].clone());
            assert_eq!(fold(&read(deal.set.order(), &arrival)), Ok(deal.order()));
        }
    }
}

#[test]
fn an_event_waits_for_what_is_missing() {
    let mut deal = agreed(pickup());
    deal.seller(Act::Start).seller(Act::Ready { code: None });
    let (events, _) = mail(&deal);
    let start = deal.set.events().find(|event| event.kind() == Kind::Start).expect("started").id();
    let kept: Vec<SignedEvent> = events.into_iter().filter(|signed| event::event_id(&signed.bytes) != start).collect();
    let set = read(deal.set.order(), &kept);
    let order = fold(&set).expect("begins");
    assert_eq!((order.state, order.pending.len(), order.refused.len()), (State::Agreed, 1, 0));
    assert_eq!(draft(&set, Role::Seller, Act::Cancel, deal.now), Err(Refusal::ChainUnknown), "one's own chain has a gap");
    assert_eq!(next(&order, Role::Seller, deal.now), [Verb::Review]);
    assert!(draft(&set, Role::Buyer, Act::Cancel, deal.now).is_ok());
    assert_eq!(fold(&OrderSet::new(deal.set.order())), Err(Refusal::NoOffer));
}

/// Takes in all that the other side has, and gives a receipt for each of its events that is new.
fn hear(set: &mut OrderSet, from: &OrderSet, me: Role) {
    let device = keys(me);
    for event in from.events() {
        if set.insert(event.clone()).expect("fits") {
            let own_head = fold(set).expect("begins").head(me);
            let receipt = Receipt::new(event.order(), event.id(), own_head, device.public()).sign(&device);
            set.receive(receipt).expect("holds");
        }
    }
    from.receipts().for_each(|(receipt, _)| assert!(set.receive(receipt.clone()).is_ok()));
}

/// Two nodes that act by chance and hear of each other by chance.
fn wander(steps: &[(bool, u8, u8)]) -> (OrderSet, Vec<Refusal>) {
    let first = Deal::open(if steps.len().is_multiple_of(2) { pickup() } else { sent_paid_first() });
    let mut copies = [first.clone(), first];
    for (who, choice, news) in steps {
        let (me, role) = if *who { (0, Role::Buyer) } else { (1, Role::Seller) };
        let late = u64::from(*choice) % 5 == 0;
        let now = copies[me].now.plus(if late { 3 * DAY_MS } else { HOUR_MS });
        copies.iter_mut().for_each(|copy| copy.now = now);
        let order = copies[me].order();
        let mut acts = life::acts(&order, role, now);
        if draft::is_stock_asked(&order) && role == Role::Seller {
            acts.push(if choice % 2 == 0 { Act::StockConfirm } else { Act::StockFail { reason: Reason::OutOfStock } });
        }
        if let Some(act) = acts.get(usize::from(*choice) % acts.len().max(1)) {
            let event = copies[me].draft(role, act.clone()).expect("next said so");
            copies[me].set.insert(event).expect("fits");
        }
        if news % 3 == 0 {
            let from = copies[me].set.clone();
            hear(&mut copies[1 - me].set, &from, role.other());
        }
    }
    let [mut one, two] = copies;
    hear(&mut one.set, &two.set, Role::Buyer);
    let why = one.order().refused.iter().map(|(_, why)| *why).collect();
    (one.set, why)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn shuffled_and_doubled_histories_fold_to_the_same(
        steps in proptest::collection::vec((any::<bool>(), any::<u8>(), any::<u8>()), 4..40),
        keys in proptest::collection::vec(any::<u64>(), 64),
    ) {
        let (set, _) = wander(&steps);
        let deal = Deal { set, now: START };
        let (events, mut receipts) = mail(&deal);
        receipts.extend(deal.set.receipts().map(|(signed, _)| signed.clone()));
        let mut with_receipts = deal.set.clone();
        receipts.iter().for_each(|receipt| assert!(with_receipts.receive(receipt.clone()).is_ok()));
        let mut mixed: Vec<(u64, SignedEvent)> = keys.iter().copied().zip(events.iter().chain(&events).cloned()).collect();
        mixed.sort_by_key(|(key, _)| *key);
        let mut shuffled = OrderSet::new(deal.set.order());
        for (i, (_, signed)) in mixed.into_iter().enumerate() {
            shuffled.insert(Event::read(signed).expect("holds")).expect("fits");
            let _ = receipts.get(i).map(|receipt| shuffled.receive(receipt.clone()));
        }
        events.iter().for_each(|signed| assert!(shuffled.insert(Event::read(signed.clone()).expect("holds")).is_ok()));
        receipts.iter().for_each(|receipt| assert!(shuffled.receive(receipt.clone()).is_ok()));
        prop_assert_eq!(fold(&shuffled), fold(&with_receipts));
    }

    #[test]
    fn what_honest_nodes_sign_is_refused_only_when_overtaken(
        steps in proptest::collection::vec((any::<bool>(), any::<u8>(), any::<u8>()), 4..60),
    ) {
        let (set, why) = wander(&steps);
        prop_assert!(why.iter().all(|why| *why == Refusal::Overtaken), "{why:?}");
        let order = fold(&set).expect("begins");
        prop_assert!(order.pending.is_empty() && order.contested.is_none());
        prop_assert!(order.paid_confirmed <= order.terms.total.minor && order.refunds <= order.paid());
    }
}
