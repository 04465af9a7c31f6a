//! Orders as people read them.

use haat_protocol::local::{EventWords, OrderLineRow, OrderRow};

use crate::command::listing::{delivery_words, payment_words};
use crate::fold::fitted;
use crate::say::{say, word};
use crate::{output, table, text};

fn state_words(row: &OrderRow) -> String {
    let state = word(&row.state);
    row.turn.as_ref().map_or_else(|| state.clone(), |turn| say!("order-turn", state = &state, who = word(turn)))
}

fn line_words(line: &OrderLineRow) -> String {
    let sku = if line.sku.is_empty() { String::new() } else { format!(" ({})", line.sku) };
    let sent = if line.shipped > 0 && line.shipped < line.qty {
        format!(", {}", say!("order-line-sent", count = line.shipped))
    } else {
        String::new()
    };
    say!("order-line", qty = line.qty, title = &line.title, sku = sku, price = line.price.to_string()) + &sent
}

/// Who has to act, and until when in the zone of whoever reads.
fn waits_words(row: &OrderRow) -> String {
    let who = match row.waits_for.as_deref() {
        Some("me") => word("you"),
        Some(_) => word("the other"),
        None => return String::new(),
    };
    row.deadline.map_or_else(|| who.clone(), |at| say!("waits-until", who = &who, at = text::instant(at)))
}

/// A list of orders.
pub(super) fn listed(orders: Vec<OrderRow>) -> String {
    let rows = orders.into_iter().map(|o| {
        let (state, waits) = (state_words(&o), waits_words(&o));
        let first = o.lines.into_iter().next().map(|l| format!("{} x {}", l.qty, l.title)).unwrap_or_default();
        [o.order.short(), waits, state, first, o.total.to_string(), o.buyer.name, o.seller.name, o.warning.unwrap_or_default()]
    });
    table::table(["order", "waits for", "state", "goods", "total", "buyer", "seller", ""], rows.collect(), &say!("no-orders"))
}

/// One order.
pub(super) fn shown(row: &OrderRow) -> String {
    let mut rows: Vec<[String; 2]> = row.lines.iter().map(|line| [word("goods"), line_words(line)]).collect();
    rows.extend(row.adjustments.iter().map(|each| [text::one_line(&each.name), each.amount.to_string()]));
    rows.extend([
        [word("total"), row.total.to_string()],
        [word("buyer"), row.buyer.name.clone()],
        [word("seller"), row.seller.name.clone()],
        [word("delivery"), delivery_words(&row.delivery)],
        [word("payment"), payment_words(&row.payment)],
    ]);
    let beside = [
        ("asked for", row.asked.as_deref().map(word)),
        ("closed", row.closing.as_deref().map(word)),
        ("hand-over code", row.handover_code.clone()),
    ];
    rows.extend(beside.into_iter().filter_map(|(name, words)| Some([word(name), words?])));
    if row.waits_for.is_some() {
        rows.push([word("waits for"), waits_words(row)]);
    }
    rows.extend(row.warning.iter().map(|warning| [word("look out"), warning.clone()]));
    let events = row.events.iter().map(|e| {
        let refused = e.refused.as_ref().map(|why| say!("no-effect", why = why));
        let said = said(&e.words).into_iter().chain(refused).collect::<Vec<_>>().join("; ");
        [text::instant(e.at), e.author.clone(), word(&e.kind), word(&e.delivery), said]
    });
    let events = table::table(["when", "who", "what", "delivery", ""], events.collect(), "");
    let heading = fitted(&format!("{} {}", output::bold(&say!("order-heading", id = row.order.short())), state_words(row)));
    format!("{heading}\n{}\n\n{events}", table::pairs(rows))
}

/// What was said with an event, on one line.
fn said(words: &EventWords) -> Vec<String> {
    let amount = words.amount.map(|amount| amount.to_string());
    let carrier = words.carrier.as_ref().map(|carrier| say!("by-carrier", carrier = text::one_line(carrier)));
    let back = words.refund.map(|refund| say!("money-back", amount = refund.to_string()));
    let told = [&words.text, &words.claim, &words.name, &words.reference, &words.tracking, &words.reason, &words.note];
    let texts = told.map(|text| text.as_deref().map(text::one_line));
    amount.into_iter().chain(back).chain(carrier).chain(texts.into_iter().flatten()).collect()
}

/// Verbs that nobody is led to: they are for who has a reason of their own.
const NEVER_FIRST: [&str; 7] = ["cancel", "request-cancel", "dispute", "return", "withdraw", "say", "handover"];

/// What this node may do now, as a command to type: what moves the order on goes first.
pub(super) fn next(row: &OrderRow) -> Option<String> {
    let is_late_payment = |verb: &str| verb == "pay" && row.waits_for.as_deref() != Some("me");
    let mut verbs: Vec<&String> = row.next.iter().collect();
    verbs.sort_by_key(|verb| NEVER_FIRST.contains(&verb.as_str()) || is_late_payment(verb));
    let (first, others) = verbs.split_first()?;
    let others: Vec<&str> = others.iter().map(|verb| verb.as_str()).collect();
    let also = if others.is_empty() { String::new() } else { format!("   {}", say!("next-or", verbs = others.join(", "))) };
    let id = row.order.short();
    let line = match first.as_str() {
        "review" => format!("haat review {id} --rating 1..5 --text TEXT"),
        "counter" => format!("haat order counter {id} --price PRICE"),
        "ship" => format!("haat order ship {id} --carrier CARRIER --tracking CODE"),
        "refund" => format!("haat order refund {id} --reference REFERENCE"),
        "reject" | "deny-payment" | "return" | "refuse" => format!("haat order {first} {id} --reason REASON"),
        "say" => format!("haat order say {id} TEXT"),
        _ => format!("haat order {first} {id}"),
    };
    Some(line + &also)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> OrderRow {
        let id = "ab".repeat(32);
        let money = serde_json::json!({"minor": 1500, "currency": "CNY"});
        let row = serde_json::json!({
            "order": id, "state": "payment_claimed", "turn": null, "total": money,
            "buyer": {"identity": id, "name": "王"}, "seller": {"identity": id, "name": "chen"},
            "lines": [{"listing": id, "version": id, "title": "绿茶", "sku": "GT-100", "qty": 2, "price": {"minor": 820, "currency": "CNY"}}],
            "delivery": {"pickup": {"place": "North gate"}}, "payment": {"method": "cash", "timing": "on-delivery", "instructions": null},
            "via": null, "events": [
                {"id": id, "kind": "offer", "author": "buyer", "at": 0, "delivery": "stored", "words": {"note": "by\nMay"}},
                {"id": id, "kind": "pay_proof", "author": "buyer", "at": 0, "delivery": "stored",
                 "words": {"reference": "T-1", "amount": money}, "refused": "too much"}
            ],
            "adjustments": [{"name": "spring coupon", "amount": {"minor": -140, "currency": "CNY"}}],
            "next": ["cancel", "confirm-payment"]
        });
        serde_json::from_value(row).expect("an order")
    }

    #[test]
    fn an_order_is_told_with_money_people_and_the_next_step() {
        let told = anstream::adapter::strip_str(&shown(&order())).to_string();
        for words in [
            "order abababab payment claimed",
            "2 x 绿茶 (GT-100), listed at 8.20 CNY",
            "15.00 CNY",
            "spring coupon",
            "-1.40 CNY",
            "pickup at North gate",
            "cash, on delivery",
            "  by May",
            "15.00 CNY; T-1; no effect: too much",
        ] {
            assert!(told.contains(words), "{words}: {told}");
        }
        assert_eq!(next(&order()).as_deref(), Some("haat order confirm-payment abababab   (or cancel)"));
        for (verb, line) in
            [("review", "haat review abababab --rating 1..5 --text TEXT"), ("refund", "haat order refund abababab --reference REFERENCE")]
        {
            assert_eq!(next(&OrderRow { next: vec![verb.into()], ..order() }).as_deref(), Some(line));
        }
        assert_eq!(next(&OrderRow { next: vec![], ..order() }), None);
        let late = ["pay", "say", "review"].map(str::to_owned).to_vec();
        let late = OrderRow { next: late, state: "cancelled".into(), ..order() };
        let told = next(&late).expect("something");
        assert!(told.starts_with("haat review") && told.ends_with("(or pay, say)"), "nobody is led to pay for what is off: {told}");
        let forked = OrderRow { warning: Some("two different entries".into()), ..order() };
        assert!(shown(&forked).contains("two different entries") && listed(vec![forked]).contains("two different entries"));
    }

    #[test]
    fn a_list_says_whose_turn_it_is() {
        let told = listed(vec![OrderRow { state: "negotiating".into(), turn: Some("seller".into()), ..order() }]);
        assert!(told.contains("negotiating, the seller's turn") && told.contains("2 x 绿茶"), "{told}");
        let waits = |who: Option<&str>, at| listed(vec![OrderRow { waits_for: who.map(str::to_owned), deadline: at, ..order() }]);
        let at = Some(haat_protocol::time::Millis(1_800_000_000_000));
        assert!(waits(Some("me"), at).contains("you, until 2027-01-1") && waits(Some("other"), None).contains("the other"));
        assert!(!waits(None, None).contains("you"));
        assert_eq!(listed(vec![]), "No orders.");
    }
}
