//! Evidence of an order: a whole file holds, and no other file does.

use haat_tests::daemon::answer::document;
use haat_tests::daemon::story::{circle_of, offer, tea_shop, until_listed, until_may};
use haat_tests::daemon::{Node, Town, text};

/// Places at which a byte is changed, the first and the last among them.
const FLIPS: usize = 60;

/// The file does not hold, and it is said why.
fn assert_invalid(nobody: &Node, file: &str, what: &str) {
    let output = nobody.run(&["order", "verify", file], None);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{what}: {told}");
    assert!(!told.contains("panicked") && told.contains("evidence-invalid"), "{what}: {told}");
    let verdict: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{what}: {e}"));
    assert_eq!(verdict["valid"], false, "{what}: {verdict}");
    assert!(verdict["first_fault"].as_str().is_some_and(|fault| !fault.is_empty()), "{what}: {verdict}");
}

#[test]
fn any_changed_byte_breaks_the_evidence() {
    let town = Town::new();
    let [seller, buyer] = circle_of(&town, ["chen", "wang"], "Lane 12", &[]);
    let tea = tea_shop(&seller, "Lane 12");
    until_listed(&buyer, &tea);
    let order = offer(&buyer, &seller, &tea, &["--qty", "2"]);
    seller.ok(&["order", "accept", &order]);
    until_may(&buyer, &order, "cancel");
    let proof = town.path("proof");
    seller.ok(&["order", "export", &order, &text(&proof)]);
    buyer.ok(&["order", "export", &order, &text(&town.path("copy"))]);

    let nobody = town.node("nobody");
    for file in [text(&proof), text(&town.path("copy"))] {
        let verdict = nobody.ok(&["order", "verify", &file]);
        assert_eq!((verdict["valid"].as_bool(), verdict["state"].as_str()), (Some(true), Some("agreed")), "{verdict}");
        assert!(verdict["agreed_terms"].is_object() && verdict["order"] == order.as_str(), "{verdict}");
        assert!(verdict.get("first_fault").is_none(), "{verdict}");
    }
    let bytes = std::fs::read(&proof).expect("the evidence");
    let piped = nobody.run(&["order", "verify", "-"], Some(&bytes));
    assert_eq!(document("verify -", &piped)["valid"], true);

    for flip in 0..FLIPS {
        let at = flip * (bytes.len() - 1) / (FLIPS - 1);
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (flip % 8);
        assert_invalid(&nobody, &town.file("changed", changed), &format!("byte {at} of {}", bytes.len()));
    }
    for cut in [0, 1, bytes.len() / 3, bytes.len() / 2, bytes.len() - 1] {
        assert_invalid(&nobody, &town.file("cut", &bytes[..cut]), &format!("the first {cut} bytes"));
    }
    let twice = [&bytes[..], &bytes[..]].concat();
    let longer = [&bytes[..], b"\0"].concat();
    for (what, garbage) in [("twice", twice), ("longer", longer), ("text", b"an order, truly".to_vec()), ("ones", vec![0xff; 4096])] {
        assert_invalid(&nobody, &town.file("garbage", garbage), what);
    }
}
