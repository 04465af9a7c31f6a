//! Orders that do not simply go well, told by two real nodes: parts, changed minds, goods sent back, disputes, and what each sees.

use haat_tests::daemon::node::told;
use haat_tests::daemon::story::{circle_of, may, offer, until_listed, until_may, until_order};
use haat_tests::daemon::{Node, Town, until, until_so};
use serde_json::{Value, json};

fn eur(minor: u64) -> Value {
    json!({"minor": minor, "currency": "EUR"})
}

/// A seller and a buyer in a lane, and two things in the seller's shop.
fn lane(town: &Town) -> ([Node; 2], [String; 2]) {
    let [seller, buyer] = circle_of(town, ["chen", "wang"], "Lane 12", &[]);
    let create = ["shop", "create", "Hill", "--currency", "EUR", "--returns", "14 days", "--pickup", "Gate", "--ship", "home=2.00"];
    seller.ok(&create);
    let add = |title, price| told(&seller.ok(&["listing", "add", "--shop", "Hill", "--title", title, "--price", price])["listing"]);
    let goods = [add("Tea", "5.00"), add("Cup", "3.00")];
    seller.ok(&["shop", "share", "Hill", "--circle", "Lane 12"]);
    goods.iter().for_each(|listing| drop(until_listed(&buyer, listing)));
    ([seller, buyer], goods)
}

/// Three of the tea and a cup, sent, paid first and confirmed.
fn paid(seller: &Node, buyer: &Node, goods: &[String; 2]) -> String {
    let cup = format!("{}=1", goods[1]);
    let more = ["--qty", "3", "--line", &cup, "--delivery", "ship", "--pay", "before", "--method", "transfer"];
    let order = offer(buyer, seller, &goods[0], &more);
    seller.ok(&["order", "accept", &order]);
    until_may(buyer, &order, "pay");
    buyer.ok(&["order", "pay", &order, "--reference", "T-1"]);
    until_may(seller, &order, "confirm-payment");
    seller.ok(&["order", "confirm-payment", &order]);
    until_order(buyer, &order, "fulfilling");
    order
}

/// What an event of a kind says, once the node has it.
fn said(node: &Node, order: &str, kind: &str) -> Value {
    until(&format!("{} sees {kind}", node.name()), || {
        let row = node.see(&["order", "show", order]);
        row["events"].as_array()?.iter().rev().find(|event| event["kind"] == kind).map(|event| event["words"].clone())
    })
}

/// The words that send some of an order.
fn send<'a>(order: &'a str, lines: &[&'a str]) -> Vec<&'a str> {
    [&["order", "ship", order, "--carrier", "bike", "--tracking", "B-1"][..], lines].concat()
}

fn shipped(row: &Value) -> Vec<u64> {
    row["lines"].as_array().expect("lines").iter().map(|line| line["shipped"].as_u64().expect("a number")).collect()
}

#[test]
fn several_lines_go_in_parts_and_come_back() {
    let town = Town::new();
    let ([mut seller, buyer], goods) = lane(&town);
    let order = paid(&seller, &buyer, &goods);
    assert_eq!(seller.see(&["order", "show", &order])["total"], eur(2000));
    assert_eq!(seller.no(&send(&order, &["--line", "1=4"]), &[3]).code, "bad_lines");
    assert_eq!(seller.no(&send(&order, &["--line", "0=1"]), &[2]).code, "bad-line");
    let part = seller.ok(&send(&order, &["--line", "1=2", "--line", "2=1"]));
    assert_eq!((&part["state"], shipped(&part)), (&json!("partly_shipped"), vec![2, 1]));
    until_order(&buyer, &order, "partly_shipped");
    buyer.ok(&["order", "say", &order, "is the third one on its way?"]);
    assert_eq!(said(&seller, &order, "say"), json!({"text": "is the third one on its way?"}));
    seller.ok(&send(&order, &[]));
    assert_eq!(shipped(&until_order(&buyer, &order, "shipped")), [3, 1]);
    buyer.ok(&["order", "receive", &order]);
    buyer.ok(&["order", "complete", &order]);
    until_order(&seller, &order, "completed");

    let asked = buyer.ok(&["order", "return", &order, "--reason", "too bitter"]);
    assert_eq!((&asked["state"], &asked["asked"]), (&json!("returning"), &json!("return")));
    until_may(&seller, &order, "agree");
    seller.ok(&["order", "agree", &order]);
    seller.ok(&["order", "return-received", &order]);
    until_order(&buyer, &order, "refund_due");
    seller.ok(&["order", "refund", &order, "--reference", "R-1", "--amount", "5.00"]);
    seller.ok(&["order", "refund", &order, "--reference", "R-2"]);
    until_so("the whole refund is told", || may(&buyer.see(&["order", "show", &order]), "confirm-refund"));
    buyer.ok(&["order", "confirm-refund", &order]);
    until_order(&seller, &order, "refunded");
}

#[test]
fn minds_are_changed_before_and_after_the_agreement() {
    let town = Town::new();
    let ([seller, mut buyer], goods) = lane(&town);
    let pickup = ["--qty", "1", "--delivery", "pickup", "--pay", "on-delivery", "--method", "cash"];
    let order = offer(&buyer, &seller, &goods[0], &pickup);
    let tax = ["order", "counter", &order, "--qty", "2", "--adjust", "spring coupon=-1.00", "--adjust", "VAT 7 %=0.63"];
    assert_eq!(seller.ok(&tax)["total"], eur(963), "two, less the coupon, and the tax");
    until_so("the counter-offer arrives", || buyer.see(&["order", "show", &order])["total"] == eur(963));
    assert_eq!(buyer.no(&["order", "counter", &order], &[2]).code, "word-needed");
    let file = town.file("address.txt", "Lane 12, gate 2");
    let sent = ["order", "counter", &order, "--delivery", "ship", "--address-file", &file];
    assert_eq!(buyer.ok(&sent)["total"], eur(1163), "the same goods, brought");
    until_so("the answer arrives", || seller.see(&["order", "show", &order])["total"] == eur(1163));
    seller.ok(&["order", "accept", &order]);
    until_so("the address is told", || seller.see(&["order", "address", &order])["address"] == "Lane 12, gate 2");
    seller.ok(&["order", "start", &order]);
    until_order(&buyer, &order, "fulfilling");
    assert_eq!(buyer.no(&["order", "cancel", &order], &[3]).code, "wrong_state");
    buyer.ok(&["order", "request-cancel", &order, "--reason", "we move house"]);
    assert_eq!(said(&seller, &order, "cancel_request"), json!({"reason": "we move house"}));
    seller.ok(&["order", "refuse", &order, "--reason", "it is packed"]);
    until_may(&buyer, &order, "request-cancel");
    buyer.ok(&["order", "request-cancel", &order]);
    until_may(&seller, &order, "agree");
    seller.ok(&["order", "agree", &order]);
    until_order(&buyer, &order, "cancelled");

    let code = {
        let order = offer(&buyer, &seller, &goods[1], &pickup);
        seller.ok(&["order", "accept", &order]);
        seller.ok(&["order", "start", &order]);
        let code = told(&seller.ok(&["order", "ready", &order])["handover_code"]);
        until_may(&buyer, &order, "receive");
        assert_eq!(buyer.see(&["order", "show", &order])["handover_code"], Value::Null, "it is told at the gate");
        assert_eq!(buyer.no(&["order", "receive", &order, "--code", "AAAAAAAA"], &[3]).code, "wrong_code");
        buyer.ok(&["order", "receive", &order, "--code", &code.to_lowercase()]);
        assert_eq!(until_order(&seller, &order, "delivered")["handover_code"], Value::Null);
        code
    };
    assert_eq!(code.len(), 8);
}

#[test]
fn two_who_disagree_settle_it_and_one_who_is_offered_to_buys() {
    let town = Town::new();
    let ([mut seller, mut buyer], goods) = lane(&town);
    let order = paid(&seller, &buyer, &goods);
    buyer.ok(&["order", "dispute", &order, "--claim", "it is not green"]);
    assert_eq!(said(&seller, &order, "dispute"), json!({"claim": "it is not green"}));
    assert_eq!(seller.no(&["order", "settle", &order, "--refund", "20.01"], &[3]).code, "too_much");
    seller.ok(&["order", "settle", &order, "--refund", "4.00"]);
    until_may(&buyer, &order, "agree");
    buyer.ok(&["order", "refuse", &order, "--reason", "half of it"]);
    buyer.ok(&["order", "settle", &order, "--refund", "10.00"]);
    until_may(&seller, &order, "agree");
    let end = seller.ok(&["order", "agree", &order]);
    assert_eq!((&end["state"], &end["closing"]), (&json!("resolved"), &json!("settled")));
    assert_eq!(until_order(&buyer, &order, "resolved")["closing"], "settled");

    assert_eq!(buyer.no(&["order", "offer", &goods[0], "--to", "chen"], &[3]).code, "not-yours");
    let private = seller.ok(&["order", "offer", &goods[0], "--to", "wang", "--price", "4.00", "--delivery", "pickup", "--note", "for you"]);
    let order = told(&private["order"]);
    assert_eq!(private["turn"], "buyer");
    until_may(&buyer, &order, "accept");
    buyer.ok(&["order", "accept", &order]);
    until_may(&seller, &order, "start");
    assert_eq!(seller.see(&["order", "show", &order])["total"], eur(400));
}

#[test]
fn a_resolver_decides_on_the_evidence_of_one() {
    let town = Town::new();
    let [seller, mut buyer, mut friend] = circle_of(&town, ["chen", "wang", "lin"], "Lane 12", &[]);
    seller.ok(&["shop", "create", "Hill", "--currency", "EUR", "--returns", "14 days", "--ship", "home=2.00"]);
    let tea = told(&seller.ok(&["listing", "add", "--shop", "Hill", "--title", "Tea", "--price", "5.00"])["listing"]);
    seller.ok(&["shop", "share", "Hill", "--circle", "Lane 12"]);
    until_listed(&buyer, &tea);
    let order = offer(&buyer, &seller, &tea, &["--pay", "before", "--method", "transfer", "--resolver", "lin"]);
    seller.ok(&["order", "accept", &order]);
    until_may(&buyer, &order, "pay");
    buyer.ok(&["order", "pay", &order, "--reference", "T-1"]);
    let file = town.path("proof.haat").display().to_string();
    let decide = ["order", "decide", &file, "--refund", "3.00", "--reason", "half of it was green"];
    buyer.ok(&["order", "export", &order, &file]);
    assert_eq!(friend.no(&decide, &[3]).code, "wrong-state", "they do not disagree yet");
    buyer.ok(&["order", "dispute", &order, "--claim", "it is not green"]);
    std::fs::remove_file(&file).expect("the first file");
    buyer.ok(&["order", "export", &order, &file]);
    assert_eq!(buyer.no(&decide, &[3]).code, "other-resolver");
    assert_eq!(friend.no(&["order", "decide", &file, "--refund", "7.01", "--reason", "x"], &[3]).code, "too-much");
    friend.ok(&decide);
    assert_eq!(buyer.no(&["order", "decide", &order, "--word", "AAAA"], &[2]).code, "bad-value");
    until_order(&buyer, &order, "decided");
    assert_eq!(until_order(&seller, &order, "decided")["events"].as_array().map(Vec::len), Some(5));
    assert_eq!(said(&seller, &order, "decide"), json!({"refund": eur(300), "reason": "half of it was green"}));
    seller.ok(&["order", "perform", &order, "--reference", "R-1"]);
    assert_eq!(until_order(&buyer, &order, "resolved")["closing"], "performed");
}

#[test]
fn a_dispute_finds_its_way_to_the_resolver_and_the_word_back() {
    let town = Town::new();
    let [mut seller, buyer, mut friend] = circle_of(&town, ["chen", "wang", "lin"], "Lane 12", &[]);
    seller.ok(&["shop", "create", "Hill", "--currency", "EUR", "--returns", "14 days", "--ship", "home=2.00"]);
    let tea = told(&seller.ok(&["listing", "add", "--shop", "Hill", "--title", "Tea", "--price", "5.00"])["listing"]);
    seller.ok(&["shop", "share", "Hill", "--circle", "Lane 12"]);
    until_listed(&buyer, &tea);
    let order = offer(&buyer, &seller, &tea, &["--pay", "before", "--method", "transfer", "--resolver", "lin"]);
    seller.ok(&["order", "accept", &order]);
    until_may(&buyer, &order, "pay");
    buyer.ok(&["order", "pay", &order, "--reference", "T-1"]);
    assert_eq!(friend.no(&["order", "show", &order], &[4]).code, "not-found", "nobody laid it before the friend");
    buyer.ok(&["order", "dispute", &order, "--claim", "it is not green"]);
    until("the friend is to decide", || {
        friend.see(&["notices"])["items"].as_array()?.iter().find(|row| row["kind"] == "case" && row["ref"] == order.as_str()).cloned()
    });
    until_may(&friend, &order, "decide");
    assert_eq!(said(&friend, &order, "dispute"), json!({"claim": "it is not green"}));
    assert_eq!(seller.no(&["order", "decide", &order, "--refund", "1.00", "--reason", "mine"], &[3]).code, "other-resolver");
    let given = friend.ok(&["order", "decide", &order[..12], "--refund", "3.00", "--reason", "half of it was green"]);
    assert_eq!((&given["order"], &given["refund"], &given["next"]), (&json!(order), &eur(300), &json!([])));
    for party in [&buyer, &seller] {
        until_order(party, &order, "decided");
        assert_eq!(said(party, &order, "decide"), json!({"refund": eur(300), "reason": "half of it was green"}));
    }
    assert_eq!(friend.no(&["order", "decide", &order, "--refund", "3.00", "--reason", "again"], &[3]).code, "wrong-state");
    seller.ok(&["order", "perform", &order, "--reference", "R-1"]);
    assert_eq!(until_order(&buyer, &order, "resolved")["closing"], "performed");
}
