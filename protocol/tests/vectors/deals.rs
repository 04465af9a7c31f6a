//! Two people and an order between them: scripts of verbs, and events as somebody might forge them.

use haat_protocol::crypto::Keypair;
use haat_protocol::id::{Digest, EntryId, EventId, OrderId};
use haat_protocol::limits::CLOCK_SKEW_MS;
use haat_protocol::listing::{Delivery, Payment, Timing};
use haat_protocol::order::{
    Act, Decision, Event, EventBody, Line, Order, OrderSet, Party, Receipt, Refusal, Role, SignedDecision, SignedReceipt, Step, Terms,
    draft, fold, offer, sign,
};
use haat_protocol::time::{DAY_MS, Millis};

use crate::kit::{START, cny, device, pair, person};

pub(crate) fn seed(role: Role) -> u8 {
    if role == Role::Buyer { 1 } else { 2 }
}

pub(crate) fn keys(role: Role) -> Keypair {
    pair(seed(role))
}

fn party(role: Role) -> Party {
    Party { identity: person(seed(role)), device: device(seed(role)) }
}

/// Who decides between the two.
pub(crate) fn resolver() -> Party {
    Party { identity: person(3), device: device(3) }
}

/// The resolver's word about an order.
pub(crate) fn decision(order: OrderId, minor: i64) -> SignedDecision {
    Decision::new(order, [Some(EventId([1; 32])), None], cny(minor), "as the pictures show".into(), device(3)).sign(&pair(3))
}

pub(crate) fn line() -> Line {
    let options = vec![("Size".into(), "100 g".into())];
    let (listing, version) = (EntryId([7; 32]), EntryId([8; 32]));
    Line { listing, version, title: "Green tea".into(), sku: "GT-100".into(), options, qty: 2, unit_price: cny(820) }
}

pub(crate) fn terms(delivery: Delivery, timing: Timing) -> Terms {
    let terms = Terms {
        buyer: party(Role::Buyer),
        seller: party(Role::Seller),
        lines: vec![line()],
        adjustments: vec![],
        goods: cny(0),
        delivery,
        total: cny(0),
        payment: Payment { method: "cash".into(), timing, instructions: None },
        via: None,
        circle: None,
        personal: None,
        valid_until: START.plus(2 * DAY_MS),
        pay_within: 3 * DAY_MS,
        fulfil_within: 14 * DAY_MS,
        confirm_within: 14 * DAY_MS,
        dispute_within: 30 * DAY_MS,
        resolver: Some(resolver()),
        returns: "within 14 days".into(),
        return_within: 14 * DAY_MS,
        salt: Digest([9; 32]),
    };
    terms.with_goods(cny(1640)).expect("it adds up")
}

pub(crate) fn pickup() -> Terms {
    terms(Delivery::Pickup { place: "Gate 2".into() }, Timing::OnDelivery)
}

pub(crate) fn sent_paid_first() -> Terms {
    terms(Delivery::Ship { zone: "CN".into(), price: cny(600) }, Timing::Before)
}

pub(crate) fn sent_paid_later() -> Terms {
    terms(Delivery::Ship { zone: "CN".into(), price: cny(600) }, Timing::After)
}

/// An order in the making: one set, one clock.
#[derive(Clone)]
pub(crate) struct Deal {
    pub(crate) set: OrderSet,
    pub(crate) now: Millis,
}

impl Deal {
    pub(crate) fn open(terms: Terms) -> Self {
        let body = offer(terms, device(1), Some("For Sunday".into()), START).expect("good terms");
        let event = sign(&body, &keys(Role::Buyer)).expect("the buyer's key");
        let mut set = OrderSet::new(event.order());
        set.insert(event).expect("the first");
        Self { set, now: START }
    }

    pub(crate) fn agreed(terms: Terms) -> Self {
        Self::open(terms).seller(Act::Accept)
    }

    pub(crate) fn order(&self) -> Order {
        fold(&self.set).expect("it begins with an offer")
    }

    pub(crate) fn draft(&self, role: Role, act: Act) -> Result<Event, Refusal> {
        draft(&self.set, role, act, self.now).and_then(|body| sign(&body, &keys(role)))
    }

    pub(crate) fn put(mut self, event: Event) -> Self {
        self.set.insert(event).expect("it belongs here");
        self
    }

    pub(crate) fn act(mut self, role: Role, act: Act) -> Self {
        self.now = self.now.plus(1_000);
        let event = self.draft(role, act.clone()).unwrap_or_else(|why| panic!("{role:?} {act:?}: {why:?}"));
        self.put(event)
    }

    pub(crate) fn buyer(self, act: Act) -> Self {
        self.act(Role::Buyer, act)
    }

    pub(crate) fn seller(self, act: Act) -> Self {
        self.act(Role::Seller, act)
    }

    pub(crate) fn wait(mut self, ms: u64) -> Self {
        self.now = self.now.plus(ms + CLOCK_SKEW_MS + 1);
        self
    }

    /// Both act without having seen the other.
    pub(crate) fn race(mut self, buyer: Act, seller: Act) -> Self {
        self.now = self.now.plus(1_000);
        let (one, two) = (self.draft(Role::Buyer, buyer).expect("buyer may"), self.draft(Role::Seller, seller).expect("seller may"));
        self.put(one).put(two)
    }

    /// What an event at the end of a party's chain would be, with no regard to the table.
    pub(crate) fn body(&self, role: Role, step: Step) -> EventBody {
        let mine = |event: &&Event| event.body().author == device(seed(role));
        let last = self.set.events().filter(mine).max_by_key(|event| event.body().seq);
        EventBody {
            version: 0,
            network: "haat".into(),
            order: Some(self.set.order()),
            author: device(seed(role)),
            seq: last.map_or(0, |event| event.body().seq + 1),
            prev: last.map(Event::id),
            seen: self.order().head(role.other()),
            at: self.now,
            step,
        }
    }

    pub(crate) fn forge(self, role: Role, step: Step) -> Self {
        let event = sign(&self.body(role, step), &keys(role)).expect("well-formed");
        self.put(event)
    }

    pub(crate) fn receipt(&self, role: Role, event: EventId, own_head: Option<EventId>) -> SignedReceipt {
        Receipt::new(self.set.order(), event, own_head, device(seed(role))).sign(&keys(role))
    }
}

pub(crate) fn counter(minor: i64) -> Act {
    Act::Counter { goods: cny(minor), valid_until: START.plus(2 * DAY_MS) }
}

pub(crate) fn pay(amount: Option<i64>) -> Act {
    Act::Pay { reference: "TX-1".into(), amount: amount.map(cny) }
}

pub(crate) fn confirm(amount: Option<i64>) -> Act {
    Act::ConfirmPayment { amount: amount.map(cny) }
}

pub(crate) fn refund(amount: Option<i64>) -> Act {
    Act::Refund { reference: "RX-1".into(), amount: amount.map(cny) }
}

pub(crate) fn ship() -> Act {
    Act::Ship { lines: vec![], carrier: "SF".into(), tracking: "123".into() }
}

/// Numbers that follow from a seed, for histories that nobody thought of.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % most.max(1)
    }
}

/// Everything that a party could try, open or not.
fn tries(order: &Order, role: Role, dice: &mut Dice) -> Vec<Act> {
    let amount = [None, Some(1), Some(500), Some(5_000)][dice.below(4)];
    let mut all = vec![
        counter(1_000 + i64::from(seed(role))),
        Act::Accept,
        pay(amount),
        pay(None),
        confirm(amount),
        confirm(None),
        Act::DenyPayment { reason: "not here".into() },
        Act::Start,
        ship(),
        Act::Ready { code: None },
        Act::Receive { code: None },
        Act::Complete,
        refund(amount),
        refund(None),
        Act::ConfirmRefund,
        Act::Expire,
        Act::CloseDefaulted,
        Act::StockConfirm,
        Act::Ship { lines: vec![(0, 1)], carrier: "SF".into(), tracking: "124".into() },
        Act::DeliverDigital { name: "recipe.txt".into(), bytes: 10, content: Digest([5; 32]) },
        Act::RequestCancel { reason: "changed my mind".into() },
        Act::Agree,
        Act::Refuse { reason: "no".into() },
        Act::Return { reason: "too bitter".into() },
        Act::ReturnReceived { restock: dice.below(2) == 0 },
        Act::Address { personal: Digest([4; 32]) },
        Act::Say { text: "hello".into() },
    ];
    if dice.below(3) == 0 || order.state == haat_protocol::order::State::Disputed {
        all.extend([
            Act::Dispute { claim: "it is not green".into() },
            Act::Settle { refund: cny(300) },
            Act::Decide { decision: decision(order.id, [0, 200][dice.below(2)]) },
        ]);
    }
    if order.state == haat_protocol::order::State::Decided {
        all.push(Act::Perform { reference: "RX-2".into() });
    }
    if dice.below(6) == 0 {
        all.extend([Act::Cancel, Act::Withdraw, Act::Waive]);
    }
    if order.state == haat_protocol::order::State::Negotiating {
        all.truncate(2);
    }
    all
}

/// Two nodes that act by chance and hear of each other by chance; in the end everything lies in one place.
pub(crate) fn wander(number: u64) -> Deal {
    let mut dice = Dice(number);
    let first = Deal::open([pickup(), sent_paid_first(), sent_paid_later()][dice.below(3)].clone());
    let mut copies = [first.clone(), first];
    for _ in 0..4 + dice.below(14) {
        let me = dice.below(2);
        let role = [Role::Buyer, Role::Seller][me];
        let later = if dice.below(7) == 0 { 5 * DAY_MS } else { 60_000 };
        copies.iter_mut().for_each(|copy| copy.now = copy.now.plus(later));
        let order = copies[me].order();
        let all = tries(&order, role, &mut dice);
        let open: Vec<Event> = all.into_iter().filter_map(|act| copies[me].draft(role, act).ok()).collect();
        if !open.is_empty() {
            let event = open[dice.below(open.len())].clone();
            copies[me].set.insert(event).expect("it belongs here");
        }
        if dice.below(2) == 0 {
            let from = copies[me].clone();
            hear(&mut copies[1 - me], &from, role.other());
        }
    }
    let [mut one, two] = copies;
    hear(&mut one, &two, Role::Buyer);
    one
}

/// Takes in what the other side has, with a receipt for what is new.
fn hear(to: &mut Deal, from: &Deal, me: Role) {
    for event in from.set.events() {
        if to.set.insert(event.clone()).expect("it belongs here") {
            let receipt = to.receipt(me, event.id(), to.order().head(me));
            to.set.receive(receipt).expect("it holds");
        }
    }
    for (receipt, _) in from.set.receipts() {
        to.set.receive(receipt.clone()).expect("it holds");
    }
}
