//! A dispute whose terms name a resolver: each party's node lays its evidence before the resolver's node, anew when something was
//! added, and brings the resolver's word into its chain.

use std::collections::BTreeMap;

use haat_protocol::id::{DeviceId, EventId, OrderId};
use haat_protocol::limits::REQUEST_MAX_BYTES;
use haat_protocol::order::{Act, Order, Refusal, Role, SignedDecision, State};
use haat_protocol::wire::{DirectRequest, DirectResponse};
use serde_bytes::ByteBuf;

use super::super::What;
use super::super::work::Work;
use super::Retry;
use crate::net::Channel;
use crate::{ask, view};

/// The last events of buyer and seller that count.
pub(in crate::engine) type Heads = [Option<EventId>; 2];

/// Room in a request for what is around the evidence.
const AROUND_BYTES: usize = 1024;

/// Disputes on their way: to resolvers, and back from one.
#[derive(Debug, Default)]
pub(in crate::engine) struct Cases {
    /// Whether the store was looked through since the start.
    is_looked_through: bool,
    /// This person's own disputes that a resolver can decide.
    laid: BTreeMap<OrderId, Laid>,
    /// Words of this person that a side is not known to have.
    pub(super) words: BTreeMap<(OrderId, Role), Retry>,
}

/// How laying one dispute before its resolver goes.
#[derive(Debug)]
struct Laid {
    resolver: DeviceId,
    retry: Retry,
    /// What the resolver has, by its ends.
    told: Option<Heads>,
}

impl Work<'_, '_> {
    /// Lays before resolvers what is due, and tells parties what was decided. Called on every tick.
    pub(in crate::engine) fn tend_cases(&mut self) {
        if !std::mem::replace(&mut self.passing.cases.is_looked_through, true) {
            for id in view::order::all(&self.tx) {
                self.look_at_dispute(id);
            }
            self.remember_words();
        }
        let now = self.now;
        let due: Vec<OrderId> = self.passing.cases.laid.iter().filter(|(_, laid)| laid.retry.is_due(now)).map(|(id, _)| *id).collect();
        for id in due {
            self.lay(id);
        }
        self.tell_words();
    }

    /// Something happened in an order: if it is one that a resolver can decide, the resolver is to know.
    pub(super) fn look_at_dispute(&mut self, id: OrderId) {
        let order = view::order::folded(&self.tx, &id).map(|(_, order)| order);
        let Some((order, resolver)) = order.and_then(|order| self.resolver_of(&order).map(|resolver| (order, resolver))) else {
            self.passing.cases.laid.remove(&id);
            return;
        };
        let laid = self.passing.cases.laid.entry(id).or_insert_with(|| Laid { resolver, retry: Retry::default(), told: None });
        if laid.told != Some(heads(&order)) {
            laid.retry.reset();
            self.lay(id);
        }
    }

    /// The resolver's device, while the two disagree and this device speaks for one of them.
    fn resolver_of(&self, order: &Order) -> Option<DeviceId> {
        let resolver = order.terms.resolver.filter(|_| order.state == State::Disputed)?;
        order.role(&self.me.device()).filter(|mine| order.device(*mine) == self.me.device())?;
        Some(resolver.device)
    }

    fn lay(&mut self, id: OrderId) {
        let (now, connected) = (self.now, &self.passing.presence.connected);
        let Some(laid) = self.passing.cases.laid.get_mut(&id).filter(|laid| laid.retry.is_due(now)) else { return };
        let resolver = laid.resolver;
        if !connected.contains_key(&resolver) {
            self.dial(resolver);
            return;
        }
        let Some((_, order)) = view::order::folded(&self.tx, &id) else { return };
        let heads = heads(&order);
        if laid.told == Some(heads) {
            laid.retry.refuse(now);
            return;
        }
        // Without the other's identity chain there is no evidence yet; what is too long goes as a file, from hand to hand.
        match ask::evidence(&self.tx, self.me, now, &id) {
            Ok(evidence) if evidence.len() + AROUND_BYTES <= REQUEST_MAX_BYTES => {
                laid.retry.under_way = true;
                let data = DirectRequest::Case { order: id, evidence: ByteBuf::from(evidence) }.to_bytes();
                self.request(resolver, Channel::Direct, What::Case(id, heads), data);
            }
            _ => laid.retry.refuse(now),
        }
    }

    /// The resolver's node has a case, or not.
    pub(in crate::engine) fn case_answered(&mut self, id: OrderId, heads: Heads, answer: Option<&DirectResponse>) {
        let now = self.now;
        let Some(laid) = self.passing.cases.laid.get_mut(&id) else { return };
        match answer {
            Some(DirectResponse::Stored { .. }) => {
                laid.told = Some(heads);
                laid.retry = Retry::default();
                self.look_at_dispute(id);
            }
            Some(DirectResponse::Refused { code }) => {
                tracing::info!(order = %id, code, "the resolver's node does not take the dispute");
                laid.retry.refuse(now);
            }
            _ => laid.retry.fail(now),
        }
    }

    /// A resolver's word about an order comes: it is brought into this side's chain, unless the other side was quicker.
    pub(in crate::engine) fn decision_told(&mut self, id: OrderId, decision: SignedDecision) -> DirectResponse {
        let refused = |code: &str| DirectResponse::Refused { code: code.to_owned() };
        let Some((row, (_, order))) = view::order::row(&self.tx, &id).zip(view::order::folded(&self.tx, &id)) else {
            return refused("unknown-order");
        };
        if order.device(row.mine) != self.me.device() {
            return refused(Refusal::HandedOver.code());
        }
        match self.sign_act(&id, row.mine, Act::Decide { decision }) {
            Ok(()) => {
                self.happened("order", id);
                self.send_order(id);
                self.look_at_dispute(id);
                DirectResponse::Stored { receipts: Vec::new() }
            }
            Err(problem) => refused(&problem.code),
        }
    }
}

fn heads(order: &Order) -> Heads {
    [order.head(Role::Buyer), order.head(Role::Seller)]
}
