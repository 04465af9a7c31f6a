//! An import that takes a while: how far it is is told, and whatever cuts it short leaves the old shelf or the new one.

use std::process::{Child, Command, Stdio};

use haat_tests::daemon::node::{ended, signal, told};
use haat_tests::daemon::raw::events;
use haat_tests::daemon::story::assert_log_whole;
use haat_tests::daemon::terminal::{Terminal, plain};
use haat_tests::daemon::{Node, Town, answer};
use serde_json::Value;

/// Listings of a large shop.
const MANY: usize = 10_000;
/// Enough to be cut short in the middle.
const SOME: usize = 2_000;

fn keeper(town: &Town) -> Node {
    let mut node = town.node("chen");
    node.up(&[]);
    node.ok(&["shop", "create", "Hill", "--currency", "CNY", "--returns", "none", "--pickup", "North gate"]);
    node
}

fn file(town: &Town, count: usize, price: &str) -> String {
    let rows: String = (0..count).map(|number| format!("h{number},Cup {number:05},C{number},{price},5\n")).collect();
    town.file(&format!("{price}.csv"), format!("Handle,Title,Variant SKU,Variant Price,Variant Inventory Qty\n{rows}"))
}

fn token(node: &Node) -> String {
    std::fs::read_to_string(node.home().join("api-token")).expect("the owner may read it").trim().to_owned()
}

fn begun(node: &Node, file: &str) -> Child {
    let mut command = node.begin(true);
    command.args(["listing", "import", file, "--shop", "Hill"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("haat can be run")
}

/// Created, updated and unchanged, if the file were imported now.
fn would(node: &Node, file: &str) -> [usize; 3] {
    let report = node.ok(&["listing", "import", file, "--shop", "Hill", "--dry-run"]);
    ["created", "updated", "unchanged"].map(|key| report[key].as_array().map_or(usize::MAX, Vec::len))
}

#[test]
fn ctrl_c_in_the_middle_leaves_all_or_nothing() {
    let town = Town::new();
    let mut node = keeper(&town);
    let file = file(&town, MANY, "1.00");
    let mut stream = events(&node.api(), &token(&node));
    let child = begun(&node, &file);
    let line = stream.until(&["\"progress\""]);
    let progress: Value = serde_json::from_str(line.trim_start_matches("data:")).expect("a document");
    assert_eq!(told(&progress["more"]["of"]), MANY.to_string());
    assert!(told(&progress["more"]["done"]).parse::<usize>().is_ok_and(|done| done < MANY), "{progress}");
    assert!(node.ok(&["listing", "list", "--limit", "1"])["items"].as_array().is_some_and(Vec::is_empty), "none is there before all are");
    signal("INT", child.id());
    let problem = answer::problem("Ctrl-C", &ended(child, "Ctrl-C"), &[5]);
    assert_eq!(problem.code, "interrupted", "{}", problem.words());
    node.assert_unharmed("Ctrl-C");
    // The node had the file already and goes on; the next import waits until it is done.
    assert_eq!(would(&node, &file), [0, 0, MANY]);
    let again = node.ok(&["listing", "import", &file, "--shop", "Hill"]);
    assert_eq!(again["unchanged"].as_array().map(Vec::len), Some(MANY), "the same command again tells that all is there");
    assert_log_whole(&node);
}

/// Who stops before the node has the file has done nothing.
#[test]
fn ctrl_c_before_the_node_has_it_all_leaves_nothing() {
    let town = Town::new();
    let mut node = keeper(&town);
    // Ctrl-C as at a terminal: what runs these tests may have told its children to take no notice.
    node.live_in(["env", "--default-signal=INT"].map(str::to_owned).to_vec());
    let mut command = node.begin(false);
    command.args(["listing", "import", "-", "--shop", "Hill"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("haat can be run");
    let mut input = child.stdin.take().expect("it is piped");
    std::io::Write::write_all(&mut input, b"Handle,Title,Variant Price\ntea,Tea,1.00\n").expect("it reads");
    signal("INT", child.id());
    let output = ended(child, "Ctrl-C while reading");
    drop(input);
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    assert!(output.stderr.is_empty(), "Ctrl-C is clean: {output:?}");
    node.assert_unharmed("Ctrl-C while reading");
    assert!(node.ok(&["listing", "list"])["items"].as_array().is_some_and(Vec::is_empty));
}

#[test]
fn kill_9_in_the_middle_of_an_import_leaves_the_old_shelf_or_the_new() {
    let town = Town::new();
    let mut node = keeper(&town);
    let old = file(&town, SOME, "1.00");
    node.ok(&["listing", "import", &old, "--shop", "Hill"]);
    for (price, done) in [("2.00", String::new()), ("3.00", "1024".to_owned()), ("4.00", SOME.to_string())] {
        let new = file(&town, SOME, price);
        let mut stream = events(&node.api(), &token(&node));
        let child = begun(&node, &new);
        stream.until(&["\"progress\"", &format!("\"done\":\"{done}")]);
        node.kill9();
        let output = ended(child, "the node is gone");
        if !output.status.success() {
            let _ = answer::problem("the node is gone", &output, &[5]);
        }
        assert_log_whole(&node);
        node.up(&[]);
        let shelf = would(&node, &new);
        assert!([[0, SOME, 0], [0, 0, SOME]].contains(&shelf), "{price}: neither old nor new: {shelf:?}");
        node.ok(&["listing", "import", &new, "--shop", "Hill"]);
        assert_eq!(would(&node, &new), [0, 0, SOME], "{price}");
    }
    assert_log_whole(&node);
}

/// A person at a terminal sees how far it is; who reads through a pipe, or asks for JSON or quiet, sees the answer alone.
#[test]
fn how_far_it_is_is_shown_at_a_terminal_alone() {
    let town = Town::new();
    let node = keeper(&town);
    let import = |price: &str, more: &[&str]| {
        let file = file(&town, SOME, price);
        let mut command: Command = node.begin(false);
        command.args(["listing", "import", &file, "--shop", "Hill"]).args(more).stdin(Stdio::null());
        command
    };
    let shown = |mut command: Command| {
        let terminal = Terminal::wide(80);
        command.stderr(terminal.side()).stdout(Stdio::null());
        let (status, shown) = terminal.run(command).end();
        assert!(status.success(), "{shown}");
        shown
    };
    let at_terminal = plain(&shown(import("1.00", &[])));
    assert!(at_terminal.contains(&format!(" of {SOME}")), "how far it is: {at_terminal:?}");
    for more in ["--json", "--quiet"] {
        let shown = shown(import(if more == "--json" { "2.00" } else { "3.00" }, &[more]));
        assert!(shown.is_empty(), "{more}: {shown:?}");
    }
    let piped = haat_tests::daemon::node::finish(&mut import("4.00", &[]), None);
    let (out, aside) = (String::from_utf8_lossy(&piped.stdout), String::from_utf8_lossy(&piped.stderr));
    assert!(piped.status.success() && out.lines().count() == 1 && !aside.contains(" of "), "{out:?} {aside:?}");
}
