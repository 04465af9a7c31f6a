//! What the buyer of an order has to pay now, how, and with which reference. Asking changes nothing, and no money is moved.

use haat_protocol::id::OrderId;
use haat_protocol::local::{PaymentView, Problem};
use haat_protocol::order::{self, Deadline, Order, Role, State, Verb};

use super::Ask;
use crate::payment::{self, Payee};
use crate::view::order as orders;

impl Ask<'_, '_> {
    pub(super) fn payment(&self, id: &OrderId) -> Result<PaymentView, Problem> {
        let held = orders::row(self.tx, id).zip(orders::folded(self.tx, id));
        let (row, (_, order)) = held.ok_or_else(|| Problem::not_found("order", &id.to_string()))?;
        if row.mine != Role::Buyer {
            let problem =
                Problem::refused("not-the-buyer", "there is nothing for you to pay", "in this order you sell, the other side pays");
            return Err(problem.hint("`haat order show` tells what was paid"));
        }
        let due = order.money(due(&order));
        if due.minor == 0 || !order::next(&order, row.mine, self.facts.now).contains(&Verb::Pay) {
            return Err(Problem::refused("nothing-due", "there is nothing to pay now", why_not(&order)));
        }
        let terms = &order.terms;
        let reference = payment::reference(id);
        // Another program may have written the terms: what cannot be read gets no code, and is shown as it is.
        let payee = Payee::read(&terms.payment, due.currency).ok().flatten();
        Ok(PaymentView {
            order: *id,
            state: order.state.name().to_owned(),
            seller: self.people.author(&terms.seller.identity),
            due,
            method: terms.payment.method.clone(),
            timing: terms.payment.timing,
            instructions: terms.payment.instructions.clone(),
            qr: payee.and_then(|payee| payee.code(due, &reference)),
            reference,
            pay_by: order.deadlines.iter().find(|(name, _)| *name == Deadline::PayBy).map(|(_, at)| *at),
        })
    }
}

/// What the buyer has not claimed yet, in minor units; what was claimed in vain is due again.
fn due(order: &Order) -> i64 {
    match (order.waived, order.payment_denied) {
        (true, _) => 0,
        (false, true) => order.remainder(),
        (false, false) => (order.terms.total.minor - order.paid()).max(0),
    }
}

fn why_not(order: &Order) -> String {
    let total = order.terms.total;
    let is_over = order.state.is_terminal();
    match order.state {
        State::Negotiating => "you and the seller have not agreed yet".to_owned(),
        _ if total.minor == 0 => "this order costs nothing".to_owned(),
        _ if order.waived => "the seller asks for no more".to_owned(),
        _ if order.paid_confirmed >= total.minor => format!("the seller confirmed {total}, which is all"),
        _ if order.paid_claimed >= total.minor && !is_over => {
            format!("you said that you paid {total}, which is all; the seller has not confirmed it yet")
        }
        state => format!("the order is {}", state.name().replace('_', " ")),
    }
}
