//! What a person at a terminal gets and a pipe does not: questions, colours, lines that fit. And pipes that nobody reads from.

use std::process::{Command, Stdio};

use haat_tests::daemon::node::{ended, finish, told};
use haat_tests::daemon::story::{circle_of, invite, offer, post, until_listed};
use haat_tests::daemon::terminal::{END, Session, Terminal, columns, plain};
use haat_tests::daemon::{Node, Town, items};

/// A name that takes more columns than it has letters.
const LANE: &str = "十二号弄堂的邻居们和他们的朋友";
/// As long as a title may be, with letters that take two columns.
const TITLE: &str = "明前龙井茶叶五十克装今年春天新采摘的西湖产区手工炒制限量供应";

/// A seller and a buyer with something in every list.
fn neighbours(town: &Town) -> [Node; 2] {
    let [mut seller, buyer] = circle_of(town, ["陈师傅茶叶店老板", "wang"], LANE, &[]);
    let pay = ["--pay", "cash:on-delivery", "--pay", "transfer:before:工商银行 6222 0000 0000 0000"];
    let shop =
        ["shop", "create", "山顶茶叶店", "--currency", "CNY", "--returns", "七天内可以退货", "--pickup", "北门", "--ship", "CN=8.00"];
    seller.ok(&[&shop[..], &pay].concat());
    let tea =
        told(&seller.ok(&["listing", "add", "--shop", "山顶茶叶店", "--title", TITLE, "--price", "10.00", "--stock", "50"])["listing"]);
    seller.ok(&["listing", "add", "--shop", "山顶茶叶店", "--title", "Cup, blue, hand-made, with a saucer", "--price", "1234567.89"]);
    seller.ok(&["shop", "share", "山顶茶叶店", "--circle", LANE]);
    seller.ok(&["token", "create", "货架同步程序", "--scope", "sell"]);
    let _ = invite(&seller, LANE, 3);
    until_listed(&buyer, &tea);
    let _ = offer(&buyer, &seller, &tea, &["--qty", "2"]);
    let _ = post(&seller, LANE, "今年的新茶到了，欢迎大家来店里品尝，第一泡免费，买二送一，数量有限，先到先得。Come and taste it.");
    seller.assert_unharmed("the story");
    [seller, buyer]
}

/// Every command that lists or shows something of a seller.
fn shows(seller: &Node) -> Vec<Vec<String>> {
    let order = told(&items(&seller.ok(&["order", "list"]))[0]["order"]);
    let all: [&[&str]; 33] = [
        &["status"],
        &["id"],
        &["peer", "list"],
        &["log", "verify"],
        &["circle", "list"],
        &["circle", "show", LANE],
        &["circle", "norms", LANE],
        &["circle", "requests", LANE],
        &["circle", "invites", LANE],
        &["people"],
        &["people", "--circle", LANE],
        &["trust", "wang"],
        &["shop", "list"],
        &["shop", "show", "山顶茶叶店"],
        &["listing", "list"],
        &["listing", "list", "--shop", "山顶茶叶店"],
        &["listing", "list", "--circle", LANE],
        &["listing", "show", TITLE],
        &["listing", "export", "--shop", "山顶茶叶店"],
        &["feed"],
        &["notices"],
        &["order", "list"],
        &["order", "list", "--role", "seller"],
        &["order", "show", &order],
        &["token", "list"],
        &["config", "show"],
        &["config", "get", "mdns"],
        &["config", "path"],
        &["config", "template"],
        &["explain"],
        &["doctor"],
        &["man"],
        &["completions", "bash"],
    ];
    all.iter().map(|words| words.iter().map(|word| (*word).to_owned()).collect()).collect()
}

/// A command at a terminal of this width, with all three streams.
fn at_terminal(mut command: Command, wide: u16) -> Session {
    let terminal = Terminal::wide(wide);
    command.stdin(terminal.side()).stdout(terminal.side()).stderr(terminal.side());
    terminal.run(command)
}

#[test]
fn a_pipe_that_nobody_reads_is_no_fault() {
    let town = Town::new();
    let [mut seller, _buyer] = neighbours(&town);
    let mut all = shows(&seller);
    all.extend(
        [&["--help"][..], &["order", "--help"], &["--version"], &["feed", "--follow"]]
            .map(|words| words.iter().map(|word| (*word).to_owned()).collect()),
    );
    for words in all {
        for json in [true, false] {
            let (reader, writer) = std::io::pipe().expect("a pipe");
            drop(reader);
            let mut command = seller.begin(json);
            let child = command.args(&words).stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped()).spawn().expect("haat can be run");
            let output = ended(child, "a pipe that nobody reads");
            let aside = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{words:?}: {}: {aside}", output.status);
            let is_told = json || ["error", "panicked", "ipe"].iter().any(|word| aside.contains(word));
            assert!(aside.is_empty() || !is_told, "{words:?}: {aside}");
        }
    }
    // A problem that nobody hears has its exit code all the same.
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let status = seller.begin(false).args(["shop", "show", "Dale"]).stderr(writer).status().expect("haat can be run");
    assert_eq!(status.code(), Some(4));
    seller.assert_unharmed("closed pipes");
}

#[test]
fn only_y_is_a_yes_and_only_a_person_is_asked() {
    let town = Town::new();
    let mut node = town.node("chen");
    node.up(&[]);
    node.ok(&["shop", "create", "Hill", "--currency", "CNY", "--returns", "none"]);
    node.ok(&["listing", "add", "--shop", "Hill", "--title", "Tea", "--price", "10.00"]);
    let price = |node: &Node| node.ok(&["listing", "show", "Tea"])["variants"][0]["price"]["minor"].as_u64();
    let edit = |node: &Node, price: &str| {
        let mut command = node.begin(false);
        command.args(["listing", "edit", "--shop", "Hill", "--price", price]);
        command
    };
    for typed in ["n\n", "\n", END, "no\n", "yesterday\n", " \n"] {
        let mut session = at_terminal(edit(&node, "+1.00"), 80);
        session.until("[y/N]");
        session.types(typed);
        let (status, shown) = session.end();
        assert!(status.success(), "{typed:?}: {shown}");
        assert_eq!(price(&node), Some(1_000), "{typed:?} is no yes: {shown}");
    }
    let mut want = 1_000;
    for typed in ["y\n", "Y\n", "yes\n"] {
        let mut session = at_terminal(edit(&node, "+1.00"), 80);
        session.until("[y/N]");
        session.types(typed);
        let (status, shown) = session.end();
        want += 100;
        assert!(status.success() && price(&node) == Some(want), "{typed:?} is a yes: {shown}");
    }
    // Whoever pipes something in or the words away is not asked, and what is piped is no answer.
    let terminal = Terminal::wide(80);
    let mut half = edit(&node, "+1.00");
    half.stdin(Stdio::null()).stdout(terminal.side()).stderr(terminal.side());
    let (status, shown) = terminal.run(half).end();
    assert!(status.success() && !shown.contains("[y/N]"), "{shown}");
    let piped = finish(&mut edit(&node, "+1.00"), Some(b"n\n"));
    let aside = String::from_utf8_lossy(&piped.stderr);
    assert!(piped.status.success() && !aside.contains("[y/N]"), "{aside}");
    assert_eq!(price(&node), Some(want + 200));
    node.assert_unharmed("questions");
}

#[test]
fn colours_are_for_terminals() {
    let town = Town::new();
    let [seller, _buyer] = neighbours(&town);
    let list = |more: &[&str]| {
        let mut command = seller.begin(false);
        command.args(["listing", "list"]).args(more).env("TERM", "xterm-256color");
        command
    };
    let shown = |command| {
        let (status, shown) = at_terminal(command, 80).end();
        assert!(status.success(), "{shown}");
        shown.contains("\u{1b}[")
    };
    assert!(shown(list(&[])), "a terminal has colours");
    assert!(!shown(list(&["--color", "never"])), "nobody wants them");
    let mut plainly = list(&[]);
    plainly.env("NO_COLOR", "1");
    assert!(!shown(plainly), "NO_COLOR");
    assert!(!shown(list(&["--json"])), "JSON has none");
    let piped = |more: &[&str]| finish(&mut list(more), None).stdout.contains(&0x1b);
    assert!(!piped(&[]), "a pipe has none");
    assert!(piped(&["--color", "always"]), "unless they are asked for");
}

#[test]
fn lists_fit_the_terminal() {
    let town = Town::new();
    let [seller, _buyer] = neighbours(&town);
    // Ids, addresses and files are copied whole; they and what is written for programs may be longer than a line.
    let whole = ["id", "status", "log", "config", "explain", "man", "completions", "doctor"];
    let mut too_wide = Vec::new();
    for words in
        shows(&seller).iter().filter(|words| !whole.contains(&words[0].as_str()) && words[1..].first().is_none_or(|verb| verb != "export"))
    {
        for (language, wide) in [("en", 80), ("en", 40), ("zh-Hans", 80), ("zh-Hans", 40)] {
            let mut command = seller.begin(false);
            command.args(["--quiet", "--color", "never"]).args(words).env("HAAT_LANGUAGE", language);
            let (status, shown) = at_terminal(command, wide).end();
            let shown = plain(&shown);
            assert!(status.success(), "{words:?}: {shown}");
            too_wide.extend(
                shown
                    .lines()
                    .filter(|line| columns(line) > usize::from(wide))
                    .map(|line| format!("{words:?} at {wide}: {} in {line:?}", columns(line))),
            );
        }
    }
    assert!(too_wide.is_empty(), "{} lines are too wide:\n{}", too_wide.len(), too_wide.join("\n"));
}
