//! What goes with events beside the chains: the buyer's address for the seller, a file that is the goods for the buyer. It travels with the
//! event that commits to it, to the other side's device alone, is kept under a key of the order, and that key is destroyed in time.

use data_encoding::BASE64;
use haat_protocol::id::{Digest, OrderId};
use haat_protocol::limits::{CONTENT_MAX_BYTES, ENCLOSED_KEEP_CANCELLED_MS, ENCLOSED_KEEP_MS, PERSONAL_MAX_BYTES};
use haat_protocol::local::done::OrderPurged;
use haat_protocol::local::{OrderWords, Problem};
use haat_protocol::order::{Act, Enclosure, Event, Order, OrderSet, Role, State, Step};
use serde_json::{Value, json};

use super::super::work::Work;
use super::devices::is_committed;
use super::words::need;
use crate::{name, vault, view};

impl Work<'_, '_> {
    /// Where the goods go, from a file of the buyer's.
    pub(super) fn address_given(&mut self, id: &OrderId, said: &OrderWords) -> Result<Act, Problem> {
        let data = bytes(&need(said.data.as_ref(), "--file")?, PERSONAL_MAX_BYTES)?;
        Ok(Act::Address { personal: self.enclose(id, data) })
    }

    /// A file that is the goods.
    pub(in crate::engine) fn file_given(&mut self, id: &OrderId, said: &OrderWords) -> Result<Act, Problem> {
        let data = bytes(&need(said.data.as_ref(), "--file")?, CONTENT_MAX_BYTES)?;
        let (name, size) = (need(said.file_name.as_ref(), "--file")?, data.len() as u64);
        Ok(Act::DeliverDigital { name, bytes: size, content: self.enclose(id, data) })
    }

    /// Keeps something for an order; what it is committed to.
    pub(super) fn enclose(&mut self, id: &OrderId, data: Vec<u8>) -> Digest {
        let enclosure = Enclosure { salt: Digest(self.entropy.fresh()), data };
        let fresh = self.entropy.fresh();
        vault::keep(&mut self.tx, self.me, id, &enclosure, fresh);
        enclosure.commitment()
    }

    /// What these own events commit to, as far as it is here.
    pub(super) fn enclosed_with<'a>(&self, id: &OrderId, events: impl Iterator<Item = &'a Event>) -> Vec<Enclosure> {
        let mut own = events.filter(|event| event.body().step.enclosed().is_some()).peekable();
        let order = own.peek().and_then(|_| view::order::folded(&self.tx, id)).map(|(_, order)| order);
        let is_own = |event: &&Event| order.as_ref().is_some_and(|order| self.is_own_side(order, &event.body().author));
        let commitments = own.filter(is_own).filter_map(|event| event.body().step.enclosed());
        // One at a time, so that a message never grows beyond what a request may have; the last counts.
        commitments.filter_map(|commitment| vault::open(&self.tx, self.me, id, &commitment)).last().into_iter().collect()
    }

    /// Takes in what the other side enclosed: what one of its events commits to, and nothing else. Another device of this person hands
    /// over what either side's events commit to.
    pub(super) fn take_enclosed(&mut self, id: &OrderId, enclosed: Vec<Enclosure>, is_kin: bool) {
        if enclosed.is_empty() {
            return;
        }
        let Some((set, order)) = view::order::folded(&self.tx, id) else { return };
        if self.is_past_keeping(&order) {
            return;
        }
        for enclosure in enclosed {
            let is_wanted = if is_kin { is_committed(&set, &order, &enclosure) } else { self.is_theirs(&set, &order, &enclosure) };
            if is_wanted {
                let fresh = self.entropy.fresh();
                vault::keep(&mut self.tx, self.me, id, &enclosure, fresh);
            }
        }
    }

    /// Whether an event of the other side that counts commits to this.
    fn is_theirs(&self, set: &OrderSet, order: &Order, enclosure: &Enclosure) -> bool {
        let (commitment, size) = (enclosure.commitment(), enclosure.data.len());
        let mut bodies = order.history.iter().filter_map(|id| set.event(id)).map(Event::body);
        bodies.any(|body| {
            let fits = match &body.step {
                Step::Address { .. } => size <= PERSONAL_MAX_BYTES,
                Step::DeliverDigital { bytes, .. } => size as u64 == *bytes,
                _ => false,
            };
            fits && !self.is_own_side(order, &body.author) && body.step.enclosed() == Some(commitment)
        })
    }

    /// The seller is told the address that the buyer's offer committed to, once there is an agreement and not before.
    pub(super) fn tell_address(&mut self, id: &OrderId) {
        let is_here = |row: &view::order::OrderRow| row.mine == Role::Buyer && row.own == self.me.device();
        let Some(row) = view::order::row(&self.tx, id).filter(is_here) else { return };
        let Some((set, order)) = view::order::folded(&self.tx, id) else { return };
        let is_time = matches!(order.state, State::Agreed | State::PaymentClaimed | State::Fulfilling);
        let Some(personal) = order.terms.personal.filter(|_| is_time) else { return };
        let is_told = set.events().any(|event| event.body().step.enclosed().is_some() && self.is_own_side(&order, &event.body().author));
        if is_told || vault::open(&self.tx, self.me, id, &personal).is_none() {
            return;
        }
        if let Err(problem) = self.sign_act(id, row.mine, Act::Address { personal }) {
            tracing::debug!(order = %id, code = problem.code, "the address is not told yet");
        }
    }

    /// Destroys what was kept long enough, and tells what could not be told when there was an agreement: right after a start nothing is
    /// signed. Called with each round of comparing.
    pub(in crate::engine) fn tend_vault(&mut self) {
        for id in vault::orders(&self.tx) {
            if view::order::folded(&self.tx, &id).is_none_or(|(_, order)| self.is_past_keeping(&order)) && !self.has_heir(&id) {
                vault::destroy(&mut self.tx, &id);
            } else {
                self.tell_address(&id);
            }
        }
    }

    /// Destroys what is enclosed with an order before its time, on this person's word.
    pub(in crate::engine) fn order_purge(&mut self, order: &str) -> Result<Value, Problem> {
        let id = name::order(&self.tx, self.me, order)?;
        let (_, folded) = view::order::folded(&self.tx, &id).ok_or_else(|| Problem::not_found("order", order))?;
        if !folded.state.is_terminal() {
            return Err(Problem::refused(
                "wrong_state",
                "nothing is destroyed",
                "the order is not over, and address or file may still be needed",
            )
            .hint("end the order first: `haat order show` says how"));
        }
        let purged = vault::purge(&mut self.tx, &id);
        Ok(json!(OrderPurged { order: id, purged }))
    }

    /// Whether an order is over for so long that nothing enclosed is kept any more, or another device has it for so long. What is only
    /// said later does not lengthen that.
    fn is_past_keeping(&self, order: &Order) -> bool {
        let is_given = view::order::side_of(&order.terms, self.me).is_some_and(|mine| order.device(mine) != self.me.device());
        let (over, keep_ms) = match order.state {
            State::Completed | State::Refunded | State::Resolved => (order.since, ENCLOSED_KEEP_MS),
            State::Negotiating => (order.terms.valid_until, ENCLOSED_KEEP_CANCELLED_MS),
            state if state.is_terminal() => (order.since, ENCLOSED_KEEP_CANCELLED_MS),
            _ if is_given => (order.since, ENCLOSED_KEEP_MS),
            _ => return false,
        };
        self.now.since(over) > keep_ms
    }
}

/// Bytes from base64, up to a bound.
pub(super) fn bytes(text: &str, max: usize) -> Result<Vec<u8>, Problem> {
    let data = BASE64.decode(text.as_bytes()).map_err(|_| Problem::usage("bad-value", "the file cannot be read", "it is not base64"))?;
    if data.is_empty() || data.len() > max {
        let detail = format!("it has {} bytes; 1 to {max} are possible", data.len());
        return Err(Problem::usage("oversize", "the file cannot be sent", detail).hint("say where it can be had instead"));
    }
    Ok(data)
}
