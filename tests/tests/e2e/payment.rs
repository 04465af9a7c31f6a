//! Paying without anyone in the middle: what to pay, how, with which reference; and amounts in currencies with 0, 2 and 3 decimals.

use haat_tests::daemon::node::told;
use haat_tests::daemon::story::{circle_of, offer, until_listed, until_may, until_order};
use haat_tests::daemon::{Node, Town, until};
use haat_tests::qr;
use serde_json::{Value, json};

const IBAN: &str = "DE89370400440532013000";

/// Opens a shop that is paid one way before shipping, with one thing in it, and shares it.
fn shop_of(seller: &Node, name: &str, currency: &str, pay: &str, price: &str) -> String {
    let create = ["shop", "create", name, "--currency", currency, "--returns", "7 days", "--ship", "home=0", "--pay", pay];
    seller.ok(&create);
    let thing = seller.ok(&["listing", "add", "--shop", name, "--title", &format!("Tea of {name}"), "--price", price]);
    seller.ok(&["shop", "share", name, "--circle", "Lane 12"]);
    told(&thing["listing"])
}

/// An order that both agreed on.
fn agreed(buyer: &Node, seller: &Node, listing: &str, more: &[&str]) -> String {
    until_listed(buyer, listing);
    let order = offer(buyer, seller, listing, more);
    seller.ok(&["order", "accept", &order]);
    until_may(buyer, &order, "pay");
    order
}

/// The value of one field of a payment link.
fn field(link: &str, name: &str) -> String {
    let (_, query) = link.split_once('?').unwrap_or_else(|| panic!("no link: {link}"));
    let value = query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
    value.unwrap_or_else(|| panic!("no {name}: {link}")).to_owned()
}

/// What an event of a kind says, once it is seen.
fn said(node: &Node, order: &str, kind: &str) -> Value {
    until(&format!("{} sees {kind}", node.name()), || {
        let row = node.see(&["order", "show", order]);
        row["events"].as_array()?.iter().find(|event| event["kind"] == kind).map(|event| event["words"].clone())
    })
}

#[test]
fn a_transfer_is_asked_for_by_code_and_found_by_its_reference() {
    let town = Town::new();
    let [mut seller, mut buyer] = circle_of(&town, ["chen", "wang"], "Lane 12", &[]);
    let pay = format!("epc:before:がががが, Straße, IBAN: {IBAN}");
    let tea = shop_of(&seller, "Hill", "EUR", &pay, "12.30");
    let order = agreed(&buyer, &seller, &tea, &["--qty", "2"]);

    let view = buyer.ok(&["order", "pay", &order]);
    let reference = told(&view["reference"]);
    assert_eq!(
        (&view["order"], &view["state"], &view["due"]),
        (&json!(order), &json!("agreed"), &json!({"minor": 2460, "currency": "EUR"}))
    );
    assert_eq!((&view["method"], &view["timing"]), (&json!("epc"), &json!("before")), "{view}");
    assert_eq!(view["instructions"], format!("がががが, Straße, IBAN: {IBAN}"), "{view}");
    assert!(view["pay_by"].as_u64().is_some_and(|at| at > 1_700_000_000_000), "{view}");
    assert_eq!(view["qr"]["kind"], "epc");
    let text = told(&view["qr"]["text"]);
    let wanted = ["BCD", "002", "1", "SCT", "", "がががが, Straße", IBAN, "EUR24.60", "", "", &reference];
    assert_eq!(text.lines().collect::<Vec<_>>(), wanted, "{text:?}");
    assert_eq!(buyer.ok(&["order", "pay", &order]), view, "asking changes nothing");
    let page = buyer.run_plain(&["order", "pay", &order]);
    assert!(page.contains("24.60 EUR") && page.contains(&reference), "{page}");
    assert_eq!(qr::read(&page).as_deref(), Some(&*text), "a telephone reads the same off the screen:\n{page}");
    assert_eq!(buyer.ok(&["order", "show", &order])["state"], "agreed");
    assert_eq!(seller.no_in_words(&["order", "pay", &order], &[3]).document["code"], "not-the-buyer");

    buyer.ok(&["order", "pay", &order, "--reference", &reference, "--amount", "4.60"]);
    assert_eq!(buyer.ok(&["order", "pay", &order])["due"]["minor"], 2000, "what was claimed is not due again");
    buyer.ok(&["order", "pay", &order, "--reference", &reference]);
    assert_eq!(buyer.no_in_words(&["order", "pay", &order], &[3]).document["code"], "nothing-due");
    let words = said(&seller, &order, "pay_proof");
    assert_eq!(words, json!({"reference": reference, "amount": {"minor": 460, "currency": "EUR"}}));
    assert_eq!(seller.ok(&["order", "show", &reference])["order"], order, "the reference on a statement leads to the order");

    until_may(&seller, &order, "deny-payment");
    seller.ok(&["order", "deny-payment", &order, "--reason", "nothing on the account"]);
    assert_eq!(said(&buyer, &order, "pay_deny"), json!({"reason": "nothing on the account"}));
    assert_eq!(buyer.ok(&["order", "pay", &order])["due"]["minor"], 2460, "what was claimed in vain is due again");
}

#[test]
fn links_for_upi_and_bitcoin_and_plain_words() {
    let town = Town::new();
    let [seller, mut buyer] = circle_of(&town, ["asha", "ravi"], "Lane 12", &[]);
    let rice = shop_of(&seller, "Mill", "INR", "upi:before:asha@okbank, Asha & Co", "99.50");
    let order = agreed(&buyer, &seller, &rice, &[]);
    let view = buyer.ok(&["order", "pay", &order]);
    let link = told(&view["qr"]["text"]);
    assert!(view["qr"]["kind"] == "upi" && link.starts_with("upi://pay?pa=asha@okbank&"), "{view}");
    assert_eq!(
        (field(&link, "pn").as_str(), field(&link, "am").as_str(), field(&link, "cu").as_str()),
        ("Asha%20%26%20Co", "99.50", "INR")
    );
    assert_eq!((&json!(field(&link, "tr")), &json!(field(&link, "tn"))), (&view["reference"], &view["reference"]), "{link}");
    let page = buyer.run_plain(&["order", "pay", &order]);
    assert_eq!(qr::read(&page).as_ref(), Some(&link), "{page}");
    assert!(page.trim_end().ends_with(&link), "the link can be opened too");

    let address = "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0";
    let oil = shop_of(&seller, "Press", "CHF", &format!("bitcoin:after:bitcoin:{address}, Asha"), "8.00");
    let order = agreed(&buyer, &seller, &oil, &[]);
    let view = buyer.ok(&["order", "pay", &order]);
    let link = format!("bitcoin:{address}?label=Asha&message={}", told(&view["reference"]));
    assert_eq!((&view["qr"], &view["pay_by"]), (&json!({"kind": "bip21", "text": link}), &Value::Null), "{view}");
    assert_eq!(view["due"], json!({"minor": 800, "currency": "CHF"}));
    assert_eq!(qr::read(&buyer.run_plain(&["order", "pay", &order])).as_ref(), Some(&link));

    let salt = shop_of(&seller, "Pan", "CNY", "transfer:before:ICBC 62:22, at the counter", "3.00");
    let negotiating = {
        until_listed(&buyer, &salt);
        offer(&buyer, &seller, &salt, &[])
    };
    assert_eq!(buyer.no_in_words(&["order", "pay", &negotiating], &[3]).document["code"], "nothing-due");
    seller.ok(&["order", "accept", &negotiating]);
    until_may(&buyer, &negotiating, "pay");
    let view = buyer.ok(&["order", "pay", &negotiating]);
    assert_eq!((&view["instructions"], &view["qr"]), (&json!("ICBC 62:22, at the counter"), &Value::Null), "{view}");
    buyer.no(&["order", "pay", &negotiating, "--amount", "1.00"], &[2]);

    let cups = shop_of(&seller, "Kiln", "JPY", "cash:on-delivery", "1200");
    let order = agreed(&buyer, &seller, &cups, &[]);
    let view = buyer.ok(&["order", "pay", &order]);
    assert_eq!((&view["due"], &view["timing"]), (&json!({"minor": 1200, "currency": "JPY"}), &json!("on-delivery")), "{view}");
    assert_eq!((&view["instructions"], &view["pay_by"], &view["qr"]), (&Value::Null, &Value::Null, &Value::Null), "told before it is due");
}

#[test]
fn instructions_that_no_bank_could_read() {
    let town = Town::new();
    let mut seller = town.node("chen");
    seller.up(&[]);
    let wrong = [
        ("EUR", "epc:before:Chen, DE88370400440532013000", "check digits"),
        ("EUR", "epc:before:DE89370400440532013000", "NAME, IBAN"),
        ("EUR", "epc:before", "NAME, IBAN"),
        ("CNY", "epc:before:Chen, DE89370400440532013000", "EUR"),
        ("INR", "upi:before:asha", "UPI address"),
        ("USD", "upi:before:asha@okbank", "INR"),
        ("USD", "bitcoin:before:bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj1", "bitcoin"),
    ];
    for (currency, pay, why) in wrong {
        let create = ["shop", "create", "Hill", "--currency", currency, "--returns", "none", "--pay", pay];
        let problem = seller.no_in_words(&create, &[2]).document;
        assert!(told(&problem["detail"]).contains(why), "{pay}: {problem}");
    }
    assert_eq!(seller.ok(&["shop", "list"])["items"], json!([]), "nothing was opened");
    seller.ok(&["shop", "create", "Hill", "--currency", "CNY", "--returns", "none", "--pay", "my way:after:any: text, at all"]);
}

/// A whole sale in one currency: catalogue, offer, two claims, two confirmations.
fn sold_in(seller: &mut Node, buyer: &mut Node, sale: &Sale<'_>) {
    let Sale { currency, price, wrong, parts, minor } = *sale;
    let name = format!("Shop {currency}");
    seller.ok(&["shop", "create", &name, "--currency", currency, "--returns", "none", "--ship", "home=0", "--pay", "transfer:before:A 7"]);
    let rows = |price: &str| format!("Handle,Title,Variant SKU,Variant Price\nt-{currency},Tea in {currency},T,{price}\n");
    let import = ["listing", "import", "-", "--shop", &name];
    let refused = seller.run(&import, Some(rows(wrong).as_bytes()));
    assert_eq!(refused.status.code(), Some(3), "{currency} {wrong}");
    seller.no(&["listing", "add", "--shop", &name, "--title", "x", "--price", wrong], &[2]);
    let listing = told(&seller.ok_reading(&import, rows(price).as_bytes())["created"][0]);
    seller.ok(&["shop", "share", &name, "--circle", "Lane 12"]);

    let order = agreed(buyer, seller, &listing, &["--qty", "3"]);
    let money = |minor: u64| json!({"minor": minor, "currency": currency});
    let due = buyer.ok(&["order", "pay", &order]);
    assert_eq!((&due["due"], &due["qr"]), (&money(3 * minor[0]), &Value::Null), "{due}");
    buyer.no(&["order", "pay", &order, "--reference", "R", "--amount", wrong], &[2]);
    buyer.ok(&["order", "pay", &order, "--reference", "R-1", "--amount", parts[0]]);
    buyer.ok(&["order", "pay", &order, "--reference", "R-2", "--amount", parts[1]]);
    assert_eq!(said(seller, &order, "pay_proof")["amount"], money(minor[1]));
    until_may(seller, &order, "confirm-payment");
    seller.no(&["order", "confirm-payment", &order, "--amount", wrong], &[2]);
    seller.ok(&["order", "confirm-payment", &order, "--amount", parts[0]]);
    assert_eq!(until_order(seller, &order, "payment_claimed")["total"], money(3 * minor[0]));
    until(&format!("both claims in {currency} are here"), || {
        let row = seller.see(&["order", "show", &order]);
        (row["events"].as_array()?.iter().filter(|event| event["kind"] == "pay_proof").count() == 2).then_some(())
    });
    seller.ok(&["order", "confirm-payment", &order]);
    until_order(buyer, &order, "fulfilling");
    let shown = buyer.run_plain(&["order", "show", &order]);
    assert!(shown.contains(&format!("{} {currency}; R-1", parts[0])), "{shown}");
}

/// One currency: the price of one, a text with too many decimals, two parts of the price of three, and price and first part in minor units.
#[derive(Clone, Copy)]
struct Sale<'a> {
    currency: &'a str,
    price: &'a str,
    wrong: &'a str,
    parts: [&'a str; 2],
    minor: [u64; 2],
}

#[test]
fn money_with_0_2_and_3_decimals() {
    let town = Town::new();
    let [mut seller, mut buyer] = circle_of(&town, ["chen", "wang"], "Lane 12", &[]);
    let sales = [
        Sale { currency: "JPY", price: "500", wrong: "500.5", parts: ["400", "1100"], minor: [500, 400] },
        Sale { currency: "EUR", price: "12.30", wrong: "12.305", parts: ["10.05", "26.85"], minor: [1230, 1005] },
        Sale { currency: "KWD", price: "1.234", wrong: "1.2345", parts: ["0.005", "3.697"], minor: [1234, 5] },
    ];
    for sale in &sales {
        sold_in(&mut seller, &mut buyer, sale);
    }
}
