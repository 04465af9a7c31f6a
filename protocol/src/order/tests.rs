//! Two neighbours, a shared set of events, and short scripts: what the order tests are written with.

mod evidence;
mod explore;
mod hands;
mod input;
mod life;
mod money;
mod paths;
mod races;
mod set;
mod table;
mod trouble;

use super::*;
use crate::crypto::Keypair;
use crate::id::{EntryId, IdentityId};
use crate::identity::Chain;
use crate::limits::CLOCK_SKEW_MS;
use crate::listing::{Delivery, Payment, Timing};
use crate::time::{DAY_MS, HOUR_MS};

/// When every story begins.
const START: Millis = Millis(1_800_000_000_000);

fn cny(minor: i64) -> Money {
    Money { minor, currency: "CNY".parse().expect("known") }
}

fn keys(role: Role) -> Keypair {
    Keypair::from_seed(&[if role == Role::Buyer { 1 } else { 2 }; 32])
}

fn chain(role: Role) -> Chain {
    let seed = if role == Role::Buyer { 11 } else { 12 };
    let (root, spare) = (Keypair::from_seed(&[seed; 32]), Keypair::from_seed(&[seed + 10; 32]));
    Chain::begin(&root, &spare.public(), &keys(role), Millis(1_000))
}

fn party(role: Role) -> Party {
    Party { identity: chain(role).inception.id(), device: keys(role).public() }
}

fn resolver_keys() -> Keypair {
    Keypair::from_seed(&[3; 32])
}

fn resolver() -> Party {
    Party { identity: IdentityId([33; 32]), device: resolver_keys().public() }
}

fn line() -> Line {
    let (listing, version) = (EntryId([7; 32]), EntryId([8; 32]));
    let options = vec![("Size".into(), "100 g".into())];
    Line { listing, version, title: "Green tea".into(), sku: "GT-100".into(), options, qty: 2, unit_price: cny(820) }
}

fn terms(delivery: Delivery, timing: Timing) -> Terms {
    Terms {
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
    }
    .with_goods(cny(1640))
    .expect("adds up")
}

fn pickup() -> Terms {
    terms(Delivery::Pickup { place: "Gate 2".into() }, Timing::OnDelivery)
}

fn sent_paid_first() -> Terms {
    terms(Delivery::Ship { zone: "CN".into(), price: cny(600) }, Timing::Before)
}

/// An order in the making: one set, one clock.
#[derive(Debug, Clone)]
struct Deal {
    set: OrderSet,
    now: Millis,
}

impl Deal {
    fn open(terms: Terms) -> Self {
        let body = offer(terms, keys(Role::Buyer).public(), None, START).expect("good terms");
        let event = sign(&body, &keys(Role::Buyer)).expect("own key");
        let mut set = OrderSet::new(event.order());
        set.insert(event).expect("first");
        Self { set, now: START }
    }

    fn order(&self) -> Order {
        fold(&self.set).expect("begins with an offer")
    }

    fn state(&self) -> State {
        self.order().state
    }

    fn draft(&self, role: Role, act: Act) -> Result<Event, Refusal> {
        draft(&self.set, role, act, self.now).and_then(|body| sign(&body, &keys(role)))
    }

    fn act(&mut self, role: Role, act: Act) -> &mut Self {
        self.now = self.now.plus(1_000);
        let event = self.draft(role, act.clone()).unwrap_or_else(|why| panic!("{role:?} {act:?}: {why:?}"));
        self.set.insert(event).expect("fits");
        self
    }

    fn buyer(&mut self, act: Act) -> &mut Self {
        self.act(Role::Buyer, act)
    }

    fn seller(&mut self, act: Act) -> &mut Self {
        self.act(Role::Seller, act)
    }

    fn wait(&mut self, ms: u64) -> &mut Self {
        self.now = self.now.plus(ms + CLOCK_SKEW_MS + 1);
        self
    }

    /// Both act without having seen the other.
    fn race(&mut self, buyer: Act, seller: Act) -> &mut Self {
        self.now = self.now.plus(1_000);
        let one = self.draft(Role::Buyer, buyer).expect("buyer may");
        let two = self.draft(Role::Seller, seller).expect("seller may");
        self.set.insert(one).expect("fits");
        self.set.insert(two).expect("fits");
        self
    }

    /// The verbs that are open, but for those that are open at all times.
    fn verbs(&self, role: Role) -> Vec<Verb> {
        let mut verbs = next(&self.order(), role, self.now);
        verbs.retain(|verb| ![Verb::Say, Verb::Handover].contains(verb));
        verbs
    }

    /// Whose words are refused, and why.
    fn refused(&self) -> Vec<(Kind, Refusal)> {
        let order = self.order();
        order.refused.iter().map(|(id, why)| (self.set.event(id).expect("kept").kind(), *why)).collect()
    }

    /// An event as `role` might forge it at the end of its chain, with no regard to the table.
    fn forge(&self, role: Role, step: Step, at: Millis) -> Event {
        let order = self.order();
        let head = order.chain(role);
        let body = EventBody {
            version: 0,
            network: "haat".into(),
            order: Some(order.id),
            author: order.terms.party(role).device,
            seq: head.len,
            prev: head.last.map(|(id, _)| id),
            seen: order.head(role.other()),
            at,
            step,
        };
        sign(&body, &keys(role)).expect("well-formed")
    }
}

fn counter(minor: i64, valid_until: Millis) -> Act {
    Act::Counter { goods: cny(minor), valid_until }
}

fn pay(amount: Option<i64>) -> Act {
    Act::Pay { reference: "TX-1".into(), amount: amount.map(cny) }
}

fn confirm(amount: Option<i64>) -> Act {
    Act::ConfirmPayment { amount: amount.map(cny) }
}

fn refund(amount: Option<i64>) -> Act {
    Act::Refund { reference: "RX-1".into(), amount: amount.map(cny) }
}

fn ship() -> Act {
    Act::Ship { lines: vec![], carrier: "SF".into(), tracking: "123".into() }
}

fn some_of_it() -> Act {
    Act::Ship { lines: vec![(0, 1)], carrier: "SF".into(), tracking: "124".into() }
}

fn file() -> Act {
    Act::DeliverDigital { name: "recipe.txt".into(), bytes: 10, content: Digest([5; 32]) }
}

fn why(text: &str) -> String {
    text.to_owned()
}

fn settle(minor: i64) -> Act {
    Act::Settle { refund: cny(minor) }
}

/// The resolver's word about an order.
fn decision(order: &Order, minor: i64) -> SignedDecision {
    let heads = [order.head(Role::Buyer), order.head(Role::Seller)];
    Decision::new(order.id, heads, cny(minor), "as the pictures show".into(), resolver_keys().public()).sign(&resolver_keys())
}

fn agreed(terms: Terms) -> Deal {
    let mut deal = Deal::open(terms);
    deal.seller(Act::Accept);
    deal
}

/// One order in every state that can be entered.
fn examples() -> Vec<Deal> {
    let later = || terms(Delivery::Ship { zone: "CN".into(), price: cny(600) }, Timing::After);
    let mut all = vec![Deal::open(pickup()), Deal::open(sent_paid_first())];
    let mut push = |mut deal: Deal, script: &[(Role, Act)]| {
        for (role, act) in script {
            deal.act(*role, act.clone());
        }
        all.push(deal);
    };
    let (b, s) = (Role::Buyer, Role::Seller);
    let long = START.plus(30 * DAY_MS);
    push(Deal::open(pickup()), &[(s, counter(1600, long))]);
    push(Deal::open(pickup()), &[(s, counter(1600, long)), (b, Act::Accept)]);
    push(Deal::open(pickup()), &[(s, Act::Reject { reason: Reason::Price })]);
    push(Deal::open(pickup()), &[(b, Act::Withdraw)]);
    for terms in [pickup(), sent_paid_first(), later()] {
        push(agreed(terms.clone()), &[]);
        push(agreed(terms), &[(b, Act::Cancel)]);
    }
    let paid = [(b, pay(None)), (s, confirm(None)), (s, ship()), (b, Act::Receive { code: None }), (b, Act::Complete)];
    (1..=paid.len()).for_each(|n| push(agreed(sent_paid_first()), &paid[..n]));
    push(agreed(sent_paid_first()), &[(b, pay(Some(100))), (s, confirm(Some(100)))]);
    let cash = [(s, Act::Start), (s, Act::Ready { code: None }), (b, Act::Receive { code: None }), (s, confirm(Some(40))), (b, pay(None))];
    (1..=cash.len()).for_each(|n| push(agreed(pickup()), &cash[..n]));
    push(agreed(pickup()), &[(s, Act::Start), (s, Act::Ready { code: None }), (s, confirm(None))]);
    push(agreed(pickup()), &[(s, Act::Start), (s, Act::Ready { code: None }), (b, pay(Some(10)))]);
    push(agreed(later()), &[(s, Act::Start), (s, ship())]);
    push(agreed(later()), &[(s, Act::Start), (s, ship()), (b, Act::Receive { code: None }), (s, Act::Waive)]);
    let back = [(b, Act::Cancel), (b, pay(None)), (s, refund(Some(100))), (s, refund(None)), (b, Act::ConfirmRefund)];
    (2..=back.len()).for_each(|n| push(agreed(pickup()), &back[..n]));
    let digital = || agreed(terms(Delivery::Digital {}, Timing::Before));
    push(digital(), &[(b, pay(None)), (s, confirm(None))]);
    push(digital(), &[(b, pay(None)), (s, confirm(None)), (s, file())]);
    let paid = || {
        let mut deal = agreed(sent_paid_first());
        deal.buyer(pay(None)).seller(confirm(None));
        deal
    };
    let ask = || Act::RequestCancel { reason: why("changed my mind") };
    push(paid(), &[(b, ask())]);
    push(paid(), &[(s, ask())]);
    push(paid(), &[(s, some_of_it())]);
    push(paid(), &[(s, some_of_it()), (b, ask())]);
    push(paid(), &[(s, some_of_it()), (s, ship())]);
    push(agreed(pickup()), &[(b, pay(Some(100)))]);
    push(agreed(pickup()), &[(b, pay(Some(100))), (b, ask())]);
    let back = || Act::Return { reason: why("too bitter") };
    let delivered = [(s, ship()), (b, Act::Receive { code: None })];
    push(paid(), &[&delivered[..], &[(b, back())]].concat());
    push(paid(), &[&delivered[..], &[(b, back()), (s, Act::Agree)]].concat());
    push(paid(), &[&delivered[..], &[(b, back()), (s, Act::Agree), (s, Act::ReturnReceived { restock: true })]].concat());
    let claim = || Act::Dispute { claim: why("it is not green") };
    push(paid(), &[(b, claim())]);
    push(paid(), &[(b, claim()), (s, settle(100))]);
    push(paid(), &[(b, claim()), (s, claim()), (b, settle(500)), (s, settle(100))]);
    push(paid(), &[(b, claim()), (s, settle(100)), (b, Act::Agree)]);
    for minor in [0, 700] {
        let mut decided = paid();
        decided.buyer(claim());
        let decision = decision(&decided.order(), minor);
        push(decided, &[(s, Act::Decide { decision })]);
    }
    let mut expired = Deal::open(pickup());
    expired.wait(2 * DAY_MS).seller(Act::Expire);
    all.push(expired);
    let mut resolved = agreed(pickup());
    resolved.buyer(Act::Cancel).buyer(pay(None)).wait(14 * DAY_MS).buyer(Act::CloseDefaulted);
    all.push(resolved);
    all
}
