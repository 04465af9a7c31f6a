//! Tokens of other programs: told once, kept as hashes, few, and good for as long as they are said to be.

use haat_protocol::limits::{API_TOKENS_MAX, SPAN_MAX_MS};
use haat_protocol::local::Scope;

use super::*;
use crate::token;

fn pass(node: &Node, shown: &str) -> Option<token::Pass> {
    node.read(|tx| token::pass(tx, &token::hash(shown), node.now))
}

fn create(node: &mut Node, name: &str, scope: &str, expires_ms: Option<u64>) -> Result<String, String> {
    let answer = node.work(|work| work.token_create(name, scope, expires_ms)).map_err(|problem| problem.code)?;
    Ok(answer["token"].as_str().expect("a token").to_owned())
}

#[test]
fn a_token_is_told_once_and_kept_as_a_hash() {
    let mut ana = node(1);
    let told = create(&mut ana, "shelf", "sell", None).expect("made");
    assert_eq!(data_encoding::BASE64URL_NOPAD.decode(told.as_bytes()).expect("plain text").len(), 32);
    assert_eq!(pass(&ana, &told), Some(token::Pass { scope: Scope::Sell, lives_ms: None }));
    assert_eq!(pass(&ana, &told.to_lowercase()).or(pass(&ana, "")), None);
    let other = create(&mut ana, "screen", "read", None).expect("made");
    assert_ne!(told, other);
    for table in Table::ALL {
        for (key, row) in ana.read(|tx| tx.prefix(*table, &[])) {
            let holds = |bytes: &[u8]| bytes.windows(told.len()).any(|window| window == told.as_bytes());
            assert!(!holds(&key) && !holds(&row), "{table:?} holds the token");
        }
    }
    let rows = ana.read(|tx| token::rows(tx, ana.now));
    let named: Vec<(&str, Scope, &str)> = rows.iter().map(|row| (row.name.as_str(), row.scope, row.state.as_str())).collect();
    assert_eq!(named, [("screen", Scope::Read, "open"), ("shelf", Scope::Sell, "open")]);

    ana.work(|work| work.token_revoke("shelf")).expect("taken back");
    assert_eq!((pass(&ana, &told), pass(&ana, &other).map(|pass| pass.scope)), (None, Some(Scope::Read)));
    assert_eq!(ana.work(|work| work.token_revoke("shelf")).expect_err("gone").code, "not-found");
}

#[test]
fn a_token_ends_by_the_clock_and_makes_room() {
    let mut ana = node(1);
    let told = create(&mut ana, "day", "read", Some(DAY_MS)).expect("made");
    assert_eq!(create(&mut ana, "day", "sell", None), Err("name-taken".to_owned()));
    let over = ana.read(|tx| token::rows(tx, ana.now))[0].expires.expect("it ends");
    ana.now = Millis(over.0 - 1);
    assert_eq!(pass(&ana, &told).and_then(|pass| pass.lives_ms), Some(1));
    ana.now = over;
    assert_eq!(pass(&ana, &told), None);
    assert_eq!(ana.read(|tx| token::rows(tx, ana.now))[0].state, "expired");
    let again = create(&mut ana, "day", "sell", None).expect("the name is free again");
    assert_eq!((pass(&ana, &told), pass(&ana, &again).map(|pass| pass.scope)), (None, Some(Scope::Sell)));
}

#[test]
fn tokens_are_few_and_well_named() {
    let mut ana = node(1);
    assert_eq!(create(&mut ana, "x", "root", None), Err("bad-scope".to_owned()));
    assert_eq!(create(&mut ana, "a\nb", "read", None), Err("bad-name".to_owned()));
    for span in [0, SPAN_MAX_MS + 1] {
        assert_eq!(create(&mut ana, "x", "read", Some(span)), Err("bad-value".to_owned()));
    }
    for number in 0..API_TOKENS_MAX {
        create(&mut ana, &format!("t{number}"), "read", (number == 0).then_some(DAY_MS)).expect("there is room");
    }
    assert_eq!(create(&mut ana, "one more", "read", None), Err("too-many-tokens".to_owned()));
    ana.now = ana.now.plus(DAY_MS);
    create(&mut ana, "one more", "read", None).expect("one is over");
}
