//! The codes against what their standards say, and instructions that are none.

use haat_protocol::listing::Timing;
use proptest::prelude::*;

use super::*;

/// The account of the samples in EPC069-12, and addresses of BIP 173 and BIP 350 beside two old ones (that of BIP 21 has wrong check digits).
const ACCOUNT: &str = "Franz Mustermänn, DE71110220330123456789, BHBLDEHHXXX";
const OLD: &str = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa";
const SCRIPT: &str = "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy";
const NEW: &str = "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4";
const NEWEST: &str = "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0";

fn payee(method: &str, instructions: &str, code: &str) -> Result<Option<Payee>, PaymentFault> {
    let instructions = (!instructions.is_empty()).then(|| instructions.to_owned());
    let payment = Payment { method: method.to_owned(), timing: Timing::Before, instructions };
    Payee::read(&payment, code.parse().expect("a currency"))
}

fn code(method: &str, instructions: &str, minor: i64, currency: &str) -> Option<(String, String)> {
    let due = Money { minor, currency: currency.parse().expect("a currency") };
    let payee = payee(method, instructions, currency).expect("good instructions").expect("a method with a code");
    payee.code(due, "HAAT0123456789AB").map(|code| (code.kind, code.text))
}

#[test]
fn epc_lines_are_those_of_the_standard() {
    let (kind, text) = code("epc", ACCOUNT, 1230, "EUR").expect("an amount that can be sent");
    assert_eq!(kind, "epc");
    let lines: Vec<&str> = text.split('\n').collect();
    let wanted = ["BCD", "002", "1", "SCT", "BHBLDEHHXXX", "Franz Mustermänn", "DE71110220330123456789", "EUR12.30", "", ""];
    assert_eq!(lines, [&wanted[..], &["HAAT0123456789AB"]].concat());
    assert!(text.len() <= 331, "{}", text.len());
    let amount = |minor| code("epc", ACCOUNT, minor, "EUR").map(|(_, text)| text.lines().nth(7).map(str::to_owned).unwrap_or_default());
    assert_eq!(amount(1).as_deref(), Some("EUR0.01"));
    assert_eq!(amount(99_999_999_999).as_deref(), Some("EUR999999999.99"));
    assert_eq!((amount(0), amount(100_000_000_000)), (None, None));
}

#[test]
fn accounts_as_people_write_them() {
    let iban = |text: &str| code("epc", text, 100, "EUR").expect("due").1.lines().nth(6).map(str::to_owned);
    for text in ["Chen, DE89 3704 0044 0532 0130 00", "Chen, IBAN: de89370400440532013000", "Chen, IBAN DE89370400440532013000, cobadeff"] {
        assert_eq!(iban(text).as_deref(), Some("DE89370400440532013000"), "{text}");
    }
    let (_, text) = code("EPC", "Müller, Söhne & Co., DE89370400440532013000", 100, "EUR").expect("due");
    assert_eq!(text.lines().nth(5), Some("Müller, Söhne & Co."));
    assert_eq!(text.lines().nth(4), Some(""), "within the area no BIC is needed");
    assert!(payee("epc", "Ann, GB82 WEST 1234 5698 7654 32, WESTGB2L", "EUR").is_ok());
}

#[test]
fn accounts_that_are_none() {
    let fault = |text: &str| payee("epc", text, "EUR").expect_err(text);
    let typo = "DE88 3704 0044 0532 0130 00";
    assert_eq!(fault(&format!("Chen, {typo}")), PaymentFault::Iban(typo.into()));
    assert!(matches!(fault("Chen, XX89370400440532013000"), PaymentFault::Iban(_)));
    assert!(matches!(fault("Chen, DE8937040044053201300"), PaymentFault::Iban(_)), "too short");
    assert_eq!(fault("Ann, GB82 WEST 1234 5698 7654 32"), PaymentFault::BicNeeded("GB".into()));
    assert_eq!(fault("Chen, DE89370400440532013000, COBADE"), PaymentFault::Bic("COBADE".into()));
    for text in ["", "DE89370400440532013000", "Chen", "Chen, 0532013000", "pay by bank"] {
        assert!(matches!(fault(text), PaymentFault::Form { .. }), "{text}");
    }
    for name in ["x".repeat(71), "茶\nEUR1".into(), "😀".repeat(70)] {
        assert_eq!(fault(&format!("{name}, DE89370400440532013000")), PaymentFault::Name, "{name}");
    }
    assert!(payee("epc", &format!("{}, DE89370400440532013000", "茶".repeat(70)), "EUR").is_ok(), "70 characters of three bytes fit");
    assert!(matches!(payee("epc", ACCOUNT, "CHF"), Err(PaymentFault::Currency { .. })));
}

#[test]
fn upi_links_are_those_of_the_specification() {
    let (kind, text) = code("upi", "nadeem@npci, nadeem chinna", 1000, "INR").expect("always");
    assert_eq!(kind, "upi");
    assert_eq!(text, "upi://pay?pa=nadeem@npci&pn=nadeem%20chinna&am=10.00&cu=INR&tr=HAAT0123456789AB&tn=HAAT0123456789AB");
    let (_, text) = code("UPI", "9876543210@ok-bank", 5, "INR").expect("always");
    assert!(text.contains("pa=9876543210@ok-bank&pn=9876543210%40ok-bank&am=0.05&"), "{text}");
    let (_, text) = code("upi", "asha@upi, चाय & co=1", 5, "INR").expect("always");
    assert!(text.contains("&pn=%E0%A4%9A%E0%A4%BE%E0%A4%AF%20%26%20co%3D1&"), "{text}");
    for text in ["asha", "@bank", "asha@", "as ha@bank", "asha@ok@bank", "asha@bank?am=1", "-asha@bank", "asha@bänk"] {
        assert_eq!(payee("upi", text, "INR"), Err(PaymentFault::Vpa(text.into())));
    }
    assert!(matches!(payee("upi", "", "INR"), Err(PaymentFault::Form { .. })));
    assert!(matches!(payee("upi", "asha@bank", "EUR"), Err(PaymentFault::Currency { .. })));
}

#[test]
fn bitcoin_links_are_those_of_bip_21() {
    let (kind, text) = code("bip21", &format!("{OLD}, Luke-Jr"), 5000, "EUR").expect("always");
    assert_eq!((kind.as_str(), text.as_str()), ("bip21", &*format!("bitcoin:{OLD}?label=Luke-Jr&message=HAAT0123456789AB")));
    for address in [OLD, SCRIPT, NEW, NEWEST] {
        let (_, text) = code("bitcoin", &format!("bitcoin:{address}"), 5000, "JPY").expect("always");
        assert_eq!(text, format!("bitcoin:{address}?message=HAAT0123456789AB"));
    }
    let (_, text) = code("bitcoin", &format!("{OLD}, Donation for project xyz"), 1, "EUR").expect("always");
    assert!(text.contains("?label=Donation%20for%20project%20xyz&"), "{text}");
}

#[test]
fn addresses_that_are_none() {
    let mixed = NEW.replacen("BC1Q", "bc1Q", 1);
    let (old_typo, new_typo) = (OLD.replace("1A1z", "1A1Z"), NEW.replace("T4", "T5"));
    let others = ["mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", "litecoin:LcHKb", "my wallet"];
    for text in [&mixed, &old_typo, &new_typo, &format!("{OLD}?amount=1")].into_iter().map(String::as_str).chain(others) {
        assert_eq!(payee("bitcoin", text, "EUR"), Err(PaymentFault::Address(text.into())));
    }
    assert!(matches!(payee("bitcoin", "bitcoin:", "EUR"), Err(PaymentFault::Form { .. })));
}

#[test]
fn ordinary_methods_take_any_words() {
    for (method, text) in [("cash", ""), ("transfer", "IBAN: 12:34"), ("epc2", "x"), ("UPI card", "bitcoin:1")] {
        assert_eq!(payee(method, text, "CNY"), Ok(None), "{method}");
    }
}

proptest! {
    /// Terms come from anybody: whatever the instructions are, reading them ends well, and a code keeps its form.
    #[test]
    fn any_words_are_read_or_refused(name in "[\\PC\n\r\t,]{0,90}", rest in "[\\PC\n,@:?&=]{0,40}", minor in any::<i64>()) {
        for (method, text) in [
            ("epc", format!("{name}, DE89370400440532013000")),
            ("epc", format!("{name}, DE89370400440532013000, COBADEFF")),
            ("epc", format!("{name},{rest}")),
            ("upi", format!("asha@okbank,{name}")),
            ("upi", rest.clone()),
            ("bitcoin", format!("{OLD},{name}")),
            ("bitcoin", rest.clone()),
        ] {
            let currency = if method == "upi" { "INR" } else { "EUR" };
            let Ok(Some(payee)) = payee(method, &text, currency) else { continue };
            let due = Money { minor, currency: currency.parse().expect("a currency") };
            let Some(code) = payee.code(due, "HAAT0123456789AB") else { continue };
            let is_whole = match method {
                "epc" => code.text.len() <= 331 && code.text.split('\n').count() == 11 && code.text.ends_with("\nHAAT0123456789AB"),
                _ => code.text.is_ascii() && !code.text.contains(char::is_whitespace) && code.text.matches('?').count() == 1,
            };
            prop_assert!(is_whole, "{}", code.text);
        }
    }
}

#[test]
fn a_reference_is_short_and_leads_back() {
    let order = OrderId([0xab; 32]);
    let told = reference(&order);
    assert_eq!(told, "HAATABABABABABAB");
    assert!(told.len() <= 35 && told.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()), "fits every bank's field");
    assert!(order.to_string().starts_with(&order_of(&told).expect("one of ours").to_ascii_lowercase()));
    assert_eq!(order_of(" haatabababababab "), Some("abababababab"));
    for text in ["abababab", "HAAT", "HAATABABABABABA", "HAATXBABABABABAB", "HÄATABABABABABAB"] {
        assert_eq!(order_of(text), None, "{text}");
    }
}
