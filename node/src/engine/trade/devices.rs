//! An order goes over to another device of the same person: who may take a part in it, what the device that goes on is given, and what
//! the other side takes from whom.
//!
//! Nothing is given to a device that the person's chain does not name, and nothing is taken that the fold does not carry.

use haat_protocol::codec::{decode, encode};
use haat_protocol::id::{DeviceId, OrderId};
use haat_protocol::identity::Identity;
use haat_protocol::limits::{CONTENT_MAX_BYTES, HEADER_MAX_BYTES, ORDER_MESSAGE_MAX_BYTES};
use haat_protocol::local::Problem;
use haat_protocol::order::handover::code_commitment;
use haat_protocol::order::{self, Act, Enclosure, Event, Order, OrderSet, Refusal, Role, SignedReceipt, Step};
use haat_protocol::wire::{DirectRequest, DirectResponse, OrderMessage};
use serde_bytes::ByteBuf;

use super::super::What;
use super::super::work::Work;
use super::receive::{Code, ENVELOPE_BYTES};
use super::{AHEAD, Retry, refused};
use crate::net::Channel;
use crate::store::Table;
use crate::view::order::OrderRow;
use crate::view::{known, order as orders};
use crate::{intake, vault};

/// How the giving of an order to the device that goes on with it goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::engine) struct Giving {
    pub(super) retry: Retry,
    /// How many things the device has, of so many.
    has: (usize, usize),
    /// How many it has once it answers.
    carried: usize,
}

/// One thing that the next device is given.
enum Thing<'a> {
    Event(&'a Event),
    Receipt(&'a SignedReceipt),
    Enclosed(Enclosure),
}

impl Work<'_, '_> {
    /// Whether a device is another one of this person now.
    pub(in crate::engine) fn is_kin(&self, device: &DeviceId) -> bool {
        *device != self.me.device() && known::person(&self.tx, self.me).has(device)
    }

    /// Whether a device speaks or spoke for this person in an order.
    pub(super) fn is_own_side(&self, order: &Order, device: &DeviceId) -> bool {
        order.role(device).is_some() && order.role(device) == orders::side_of(&order.terms, self.me)
    }

    /// The device of one's own that goes on with an order: the one that is named, else the only other one.
    pub(super) fn heir(&self, order: &Order, named: Option<&str>) -> Result<Act, Problem> {
        let mine = orders::side_of(&order.terms, self.me);
        if mine.is_some_and(|mine| !orders::may_hand_over(order, mine)) {
            let why = "only the device of the shop can say whether the goods are there";
            return Err(Problem::refused("desk-answers", "the order is not handed over yet", why).hint("answer the offer first"));
        }
        let person = known::person(&self.tx, self.me);
        let others: Vec<DeviceId> = person.devices().iter().copied().filter(|device| *device != self.me.device()).collect();
        if others.is_empty() {
            return Err(Problem::refused("no-other-device", "nobody could go on", "you have no other device"));
        }
        let all = orders::heirs(&self.tx, self.me, order);
        let fits: Vec<DeviceId> = match named {
            Some(named) => others.into_iter().filter(|device| device.to_string().starts_with(named)).collect(),
            None => all.clone(),
        };
        match fits.as_slice() {
            [device] if all.contains(device) => Ok(Act::Handover { to: *device }),
            [] if named.is_some() => Err(Problem::refused("not-your-device", "that device cannot go on", "it is none of your devices")),
            [] | [_] => Err(refused(Refusal::OtherDevice).hint("a device that the terms name cannot be given the order back")),
            _ => Err(Problem::usage("ambiguous", "which device is not said", "you have several others").hint("--to DEVICE")),
        }
    }

    /// Whether an order that another device hands over is this person's.
    pub(super) fn check_given(&self, offer: &Event) -> Result<(), Code> {
        let mut alone = OrderSet::new(offer.order());
        alone.insert(offer.clone()).map_err(Refusal::code)?;
        let order = order::fold(&alone).map_err(Refusal::code)?;
        let mine = orders::side_of(&order.terms, self.me).ok_or_else(|| Refusal::WrongSigner.code())?;
        let device = order.terms.party(mine).device;
        if known::person(&self.tx, self.me).ever().any(|ever| ever == device) { Ok(()) } else { Err(Refusal::OtherDevice.code()) }
    }

    /// Whether these devices may say this: who sends speaks or spoke for the other side, or is another device of this person; and nothing
    /// new comes from a device whose chain has gone over to another one, or names one that is not the person's. Answers the order with all
    /// of it when a chain goes over, or went.
    pub(super) fn check_devices(
        &self,
        (from, is_kin): (&DeviceId, bool),
        id: &OrderId,
        events: &[Event],
        claimed: Option<&Identity>,
    ) -> Result<Option<Order>, Code> {
        let row = orders::row(&self.tx, id);
        let (own, other, moved) = row.map_or((self.me.device(), *from, false), |row| (row.own, row.other, row.moved));
        let is_plain = |event: &Event| [own, other].contains(&event.body().author) && !orders::is_hand_over(event);
        if !moved && *from == other && !is_kin && events.iter().all(is_plain) {
            return Ok(None);
        }
        let wrong = || Refusal::WrongSigner.code();
        // A stranger's message costs no more than that.
        if !moved && *from != other && !is_kin && !events.iter().any(orders::is_hand_over) {
            return Err(wrong());
        }
        let mut set = orders::set(&self.tx, id);
        for event in events {
            set.insert(event.clone()).map_err(Refusal::code)?;
        }
        let order = order::fold(&set).map_err(Refusal::code)?;
        let mine = orders::side_of(&order.terms, self.me).ok_or_else(wrong)?;
        if !is_kin && order.role(from) != Some(mine.other()) {
            return Err(wrong());
        }
        for event in events.iter().filter(|event| !self.tx.has(Table::OrderEvent, &event.id().0)) {
            if orders::is_late(&order, event) {
                return Err(Refusal::HandedOver.code());
            }
            let role = order.role(&event.body().author).ok_or_else(wrong)?;
            // Another device of this person looked at that when it took it.
            if !is_kin && !self.names_own_device(event, &order, role, claimed) {
                return Err(Refusal::OtherDevice.code());
            }
        }
        Ok(Some(order))
    }

    /// Whether the device to which an event gives a chain is or was one of the person.
    fn names_own_device(&self, event: &Event, order: &Order, role: Role, claimed: Option<&Identity>) -> bool {
        let device = match &event.body().step {
            Step::Handover { to } => *to,
            Step::Takeover { .. } => event.body().author,
            _ => return true,
        };
        let person = order.terms.party(role).identity;
        let had = |identity: &Identity| identity.id() == person && identity.ever().any(|ever| ever == device);
        claimed.is_some_and(had) || known::identity(&self.tx, &person).is_some_and(|identity| had(&identity))
    }

    /// Takes in the receipts that another device of this person hands over: those of either side.
    pub(super) fn take_given_receipts(&mut self, id: &OrderId, receipts: &[ByteBuf]) -> bool {
        let Some((_, order)) = orders::folded(&self.tx, id) else { return false };
        let mut news = false;
        for bytes in receipts {
            let Ok(signed) = decode::<SignedReceipt>(bytes, HEADER_MAX_BYTES + ENVELOPE_BYTES) else { continue };
            let Ok(receipt) = signed.read() else { continue };
            if receipt.order == *id && order.role(&receipt.device).is_some() {
                news |= intake::order::receipt(&mut self.cx(), &signed).unwrap_or(false);
            }
        }
        news
    }

    /// A message was taken in: if a chain went over by it, what waits is sent where it belongs now. Answers the event by which a chain
    /// came to this device.
    pub(super) fn chain_moved(&mut self, id: &OrderId, before: Option<&OrderRow>) -> Option<Event> {
        let row = orders::row(&self.tx, id).filter(|row| row.moved && before != Some(row))?;
        // What is under way goes to a device that has no say any more.
        self.passing.outbox.entry(*id).or_default().retry = Retry::default();
        let is_new_here = row.own == self.me.device() && before.is_none_or(|before| before.own != row.own);
        if is_new_here && self.passing.presence.connected.contains_key(&row.other) {
            self.compare_orders_with(row.other);
        }
        let (set, order) = orders::folded(&self.tx, id).filter(|_| is_new_here)?;
        set.event(&order.head(row.mine)?).filter(|last| last.body().author != self.me.device()).cloned()
    }

    /// Whether the device that goes on with an order has not said yet that it has all of it.
    pub(super) fn has_heir(&self, id: &OrderId) -> bool {
        !self.tx.prefix(Table::Heir, &id.0).is_empty()
    }

    /// Notes that a device is to be given an order, and gives it.
    pub(super) fn hand_over(&mut self, id: OrderId, to: DeviceId) {
        self.tx.put(Table::Heir, &[id.0, to.0].concat(), Vec::new());
        self.give_order(id, to);
    }

    /// Gives what is to be given and is due. Called on every tick.
    pub(in crate::engine) fn give_orders(&mut self) {
        for (key, _) in self.tx.prefix(Table::Heir, &[]) {
            if let Some((id, device)) = OrderId::from_slice(&key[..32]).zip(DeviceId::from_slice(&key[32..])) {
                self.give_order(id, device);
            }
        }
    }

    /// Gives a device the next part of an order; when it has all of it, nothing is noted any more.
    fn give_order(&mut self, id: OrderId, device: DeviceId) {
        let (now, place) = (self.now, (id, device));
        if !self.passing.giving.entry(place).or_default().retry.is_due(now) {
            return;
        }
        let has = self.passing.giving.get(&place).map_or((0, 0), |giving| giving.has);
        let next = self.parcel(&id, has).filter(|_| self.is_kin(&device));
        let Some((message, carried, all)) = next else {
            self.tx.remove(Table::Heir, &[id.0, device.0].concat());
            self.passing.giving.remove(&place);
            return;
        };
        if !self.passing.presence.connected.contains_key(&device) {
            self.dial(device);
            return;
        }
        if let Some(giving) = self.passing.giving.get_mut(&place) {
            giving.retry.under_way = true;
            (giving.carried, giving.has.1) = (carried, all);
        }
        self.request(device, Channel::Direct, What::Given(id), DirectRequest::Order(message).to_bytes());
    }

    /// The next part of an order for the device that goes on with it, how much it has then, and of how much; none when it has all.
    fn parcel(&self, id: &OrderId, (has, of): (usize, usize)) -> Option<(OrderMessage, usize, usize)> {
        let (set, order) = orders::folded(&self.tx, id)?;
        let things = self.things(&set, &order);
        let from = if things.len() == of { has } else { 0 };
        let mut message = OrderMessage {
            order: *id,
            events: Vec::new(),
            receipts: Vec::new(),
            enclosed: Vec::new(),
            chain: Some(known::own_chain(&self.tx, self.me)),
        };
        let (mut room, mut upto) = (ORDER_MESSAGE_MAX_BYTES, from);
        for thing in things.iter().skip(from) {
            let bytes = match thing {
                Thing::Event(event) => encode(event.signed()),
                Thing::Receipt(receipt) => encode(*receipt),
                // By itself, so that a message never grows beyond what a request may have.
                Thing::Enclosed(_) if upto > from => break,
                Thing::Enclosed(enclosure) => {
                    message.enclosed.push(enclosure.clone());
                    upto += 1;
                    break;
                }
            };
            let Some(left) = room.checked_sub(bytes.len()) else { break };
            room = left;
            let list = if matches!(thing, Thing::Event(_)) { &mut message.events } else { &mut message.receipts };
            list.push(ByteBuf::from(bytes));
            upto += 1;
        }
        (upto > from).then_some((message, upto, things.len()))
    }

    /// All that belongs to an order, in the order in which it is given: the events that make the chain the next device's come last, so
    /// that it never goes on without the rest.
    fn things<'a>(&self, set: &'a OrderSet, order: &Order) -> Vec<Thing<'a>> {
        let mut events: Vec<&Event> = [Role::Buyer, Role::Seller].iter().flat_map(|role| orders::chain(set, order, *role)).collect();
        events.sort_by_key(|event| (event.body().seq, event.id()));
        let given = events.iter().filter(|event| event.body().author == self.me.device() && orders::is_hand_over(event));
        let from = given.map(|event| event.body().seq).max();
        let is_last = |event: &&Event| self.is_own_side(order, &event.body().author) && from.is_some_and(|from| event.body().seq >= from);
        let (last, first): (Vec<&Event>, Vec<&Event>) = events.into_iter().partition(is_last);
        let mut enclosed = vault::all(&self.tx, self.me, &order.id);
        if let Some((code, salt)) = vault::code(&self.tx, self.me, order).zip(order.code) {
            enclosed.push(Enclosure { salt, data: code.into_bytes() });
        }
        let receipts = set.receipts().map(|(signed, _)| Thing::Receipt(signed));
        first
            .into_iter()
            .map(Thing::Event)
            .chain(receipts)
            .chain(enclosed.into_iter().map(Thing::Enclosed))
            .chain(last.into_iter().map(Thing::Event))
            .collect()
    }

    /// The answer of a device that is given an order; none when there was none.
    pub(in crate::engine) fn order_given(&mut self, id: OrderId, device: DeviceId, answer: Option<DirectResponse>) {
        let now = self.now;
        let Some(giving) = self.passing.giving.get_mut(&(id, device)) else { return };
        giving.retry.fail(now);
        match answer {
            Some(DirectResponse::Stored { .. }) => {
                giving.has.0 = giving.carried;
                giving.retry.reset();
                self.give_order(id, device);
            }
            Some(DirectResponse::Refused { code }) => {
                if code != AHEAD {
                    giving.retry.refuse(now);
                }
                tracing::debug!(order = %id, code, "the next device does not take the order");
            }
            _ => {}
        }
    }
}

/// Whether something in an order commits to what another device of this person hands over.
pub(super) fn is_committed(set: &OrderSet, order: &Order, enclosure: &Enclosure) -> bool {
    let commitment = Some(enclosure.commitment());
    let is_code = || std::str::from_utf8(&enclosure.data).is_ok_and(|code| order.code == Some(code_commitment(&order.id, code)));
    let mut steps = set.events().map(|event| &event.body().step);
    let commits = |step: &Step| match step {
        Step::Offer { terms, .. } | Step::Counter { terms, .. } => terms.personal == commitment,
        other => other.enclosed() == commitment,
    };
    enclosure.data.len() <= CONTENT_MAX_BYTES && (steps.any(commits) || is_code())
}
