//! `haat order pay`: what there is to pay and how, and the word that it was done. No money moves here.

use clap::Args;
use haat_protocol::listing::Payment;
use haat_protocol::local::{OrderWords, PaymentView, Question};
use qrcode::EcLevel;

use super::Which;
use crate::command::listing::payment_words;
use crate::context::Context;
use crate::error::Failure;
use crate::say::{say, word};
use crate::{output, qr, table, text};

/// What there is to pay and how; with --reference, say that you paid
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  haat order pay 3fa9                                 how much, to whom, with which reference
  haat order pay 3fa9 --reference HAAT3FA9C04E77B1    you paid all of it
  haat order pay 3fa9 --reference T-81 --amount 5.00  you paid a part

Haat moves no money: pay with your bank, your wallet or in cash, then say so.")]
pub(crate) struct Pay {
    #[command(flatten)]
    order: Which,
    /// Reference of the payment you made
    #[arg(long)]
    reference: Option<String>,
    /// How much you paid; what is left unless given
    #[arg(long, requires = "reference")]
    amount: Option<String>,
}

impl Pay {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        let Self { order, reference, amount } = self;
        if reference.is_some() {
            return super::act(cx, order, "pay", OrderWords { reference, amount, ..OrderWords::default() });
        }
        let mut next = String::new();
        cx.answer(cx.ask(&Question::Payment { order: order.order })?, |view: PaymentView| {
            next = say!("next-pay", id = view.order.short(), reference = &view.reference);
            shown(view)
        })?;
        cx.next(&next);
        Ok(())
    }
}

fn shown(view: PaymentView) -> String {
    let heading = say!("pay-heading", amount = view.due.to_string(), seller = text::one_line(&view.seller.name), id = view.order.short());
    let payment = Payment { method: view.method, timing: view.timing, instructions: view.instructions };
    let mut rows = vec![[word("how"), payment_words(&payment)], [word("reference"), view.reference]];
    rows.extend(view.pay_by.map(|at| [word("pay by"), text::instant(at)]));
    let mut told = format!("{}\n{}", output::bold(&heading), table::pairs(rows));
    if let Some(code) = view.qr {
        // Level M is what the standard of the banks asks for.
        told.extend(qr::drawn(&code.text, EcLevel::M).map(|drawing| format!("\n\n{drawing}")));
        // A link can be opened; the lines for banks tell nothing that is not told above.
        told.extend((!code.text.contains('\n')).then(|| format!("\n{}", code.text)));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(qr: serde_json::Value) -> PaymentView {
        let id = "ab".repeat(32);
        let view = serde_json::json!({
            "order": id, "state": "agreed", "seller": {"identity": id, "name": "asha\nx"}, "due": {"minor": 1250, "currency": "KWD"},
            "method": "upi", "timing": "before", "instructions": "asha@okbank", "reference": "HAATABABABABABAB", "pay_by": 0, "qr": qr
        });
        serde_json::from_value(view).expect("a payment")
    }

    #[test]
    fn what_to_pay_is_told_drawn_and_given_as_a_link() {
        let link = "upi://pay?pa=asha@okbank";
        let told = anstream::adapter::strip_str(&shown(view(serde_json::json!({"kind": "upi", "text": link})))).to_string();
        assert!(told.starts_with("pay 1.250 KWD to asha x for order abababab\n"), "{told}");
        for words in ["upi, before delivery: asha@okbank", "HAATABABABABABAB", "pay by"] {
            assert!(told.contains(words), "{words}: {told}");
        }
        assert!(told.contains('\u{2588}') && told.lines().last() == Some(link), "{told}");
        let bank = anstream::adapter::strip_str(&shown(view(serde_json::json!({"kind": "epc", "text": "BCD\n002"})))).to_string();
        assert!(bank.contains('\u{2588}') && !bank.contains("BCD"), "{bank}");
        let plain = shown(view(serde_json::Value::Null));
        assert!(!plain.contains('\u{2588}') && plain.contains("HAATABABABABABAB"), "{plain}");
    }
}
