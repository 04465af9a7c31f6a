//! What a person does in an order: the words of a verb become an act, the table says whether it is allowed now.

use haat_protocol::local::{OrderWords, Problem};
use haat_protocol::order::{self, Act, Order, Role, Step, Verb};
use serde_json::Value;

use super::super::work::Work;
use super::{decide, refused, words};
use crate::{name, view};

impl Work<'_, '_> {
    /// Does something in an order, and queues the event for the other side.
    pub(in crate::engine) fn order_act(&mut self, order: &str, verb: &str, said: &OrderWords) -> Result<Value, Problem> {
        let id = name::order(&self.tx, self.me, order)?;
        let missing = || Problem::not_found("order", order);
        let mine = view::order::row(&self.tx, &id).ok_or_else(missing)?.mine;
        let (set, held) = view::order::folded(&self.tx, &id).ok_or_else(missing)?;
        let verb = words::verb(verb)?;
        if held.device(mine) != self.me.device() {
            return Err(refused(order::Refusal::HandedOver).hint("go on where that device is"));
        }
        let act = match words::act(&held, verb, said)? {
            Some(act) => act,
            None => self.prepared(&held, mine, (verb, said))?,
        };
        let accepts = act == Act::Accept;
        let body = order::draft(&set, mine, act, self.now).map_err(|refusal| {
            let open: Vec<&str> = view::order::verbs(&self.tx, self.me, &held, self.now).iter().map(|verb| verb.name()).collect();
            let hint =
                if open.is_empty() { "there is nothing for you to do now".to_owned() } else { format!("you can: {}", open.join(", ")) };
            refused(refusal).hint(hint)
        })?;
        self.chain_goes_on(&body)?;
        // A counter-offer is kept whatever it says; what is agreed to speaks of one's own listings as they are.
        if accepts
            && mine == Role::Seller
            && let Err(code) = self.check_terms(&held.terms)
        {
            return Err(Problem::refused(
                code,
                "the offer is not accepted",
                "its lines, delivery, payment or returns are not what your shop offers",
            ));
        }
        if accepts && mine == Role::Seller && !self.make_room(&held.terms)? {
            return Err(Problem::refused(
                "out-of-stock",
                "the offer is not accepted",
                "there is not enough of it: what is set aside counts as gone",
            )
            .hint("reject it with --reason out_of_stock, or count the stock again"));
        }
        self.take_own(&body).map_err(refused)?;
        if let Step::Handover { to } = &body.step {
            self.hand_over(id, *to);
        }
        self.tell_address(&id);
        self.answer_for_stock(&id);
        self.told(id)
    }

    /// The act of a verb that needs more than words.
    fn prepared(&mut self, order: &Order, mine: Role, (verb, said): (Verb, &OrderWords)) -> Result<Act, Problem> {
        // These say better why they cannot be.
        let is_told = matches!(verb, Verb::Counter | Verb::Decide | Verb::Handover);
        if !is_told && !view::order::verbs(&self.tx, self.me, order, self.now).contains(&verb) {
            return Err(refused(order::Refusal::WrongState));
        }
        match verb {
            Verb::Counter => self.countered(order, mine, said),
            Verb::Ready => Ok(Act::Ready { code: Some(order::handover::code_commitment(&order.id, &self.me.handover_code(&order.id))) }),
            Verb::Address => self.address_given(&order.id, said),
            Verb::DeliverDigital => self.file_given(&order.id, said),
            Verb::Decide => decide::brought(said.data.as_deref()),
            Verb::Handover => self.heir(order, said.device.as_deref()),
            _ => Err(Problem::usage("unknown-verb", "there is no such verb", "this node cannot do that yet")),
        }
    }
}
