//! Wrong input at every door, case by case: one clear problem with the code and the exit it should have, nothing changed, and a node
//! that answers as before.

mod export;
mod file;
mod line;
mod requests;
mod settings;

use std::ffi::{OsStr, OsString};
use std::process::Command;

use haat_tests::daemon::node::{clean, finish};
use haat_tests::daemon::still::Still;
use haat_tests::daemon::{Node, Town, answer, binary};

/// What is tried, its words, the exit it should have and the code.
type Case<'a> = (&'a str, Vec<OsString>, i32, &'a str);

/// Somebody with something to lose: a circle, what was said in it, and a shop with two listings.
fn keeper(town: &Town) -> Node {
    let mut node = town.node("chen");
    node.up(&[]);
    node.ok(&["circle", "create", "Lane 12"]);
    node.ok(&["circle", "invite", "Lane 12"]);
    node.ok(&["post", "Lane 12", "Tea tomorrow"]);
    node.ok(&["shop", "create", "Hill", "--currency", "CNY", "--returns", "none", "--pickup", "North gate"]);
    node.ok(&["listing", "add", "--shop", "Hill", "--title", "Green tea", "--price", "10.00", "--stock", "50"]);
    node.ok(&["listing", "add", "--shop", "Hill", "--title", "Cup", "--price", "4.00", "--sku", "CUP"]);
    node.ok(&["shop", "share", "Hill", "--circle", "Lane 12"]);
    node
}

/// Words of a command line.
fn words<T: AsRef<OsStr>>(all: &[T]) -> Vec<OsString> {
    all.iter().map(|word| word.as_ref().to_owned()).collect()
}

/// Tries every case for people and for programs; all that come out otherwise are told at once.
fn try_all(node: &mut Node, cases: &[Case<'_>]) {
    try_each(node, cases, |_, _| {});
}

/// The same with something done to each command before it is run, by the name of the case.
fn try_each(node: &mut Node, cases: &[Case<'_>], ready: impl Fn(&str, &mut Command)) {
    let mut before = Still::of(node);
    let mut otherwise = Vec::new();
    for (what, words, exit, code) in cases {
        let run = |json| {
            // Whoever names another home means that one.
            let mut command = if words.first().is_some_and(|word| word == "--home") { elsewhere(json) } else { node.begin(json) };
            ready(what, command.args(words));
            finish(&mut command, None)
        };
        let (plain, told) = (run(false), run(true));
        if plain.status.success() || told.status.success() {
            otherwise.push(format!("{what}: is not refused: {}", String::from_utf8_lossy(&told.stdout)));
            before = Still::of(node);
            continue;
        }
        let any: Vec<i32> = (1..=8).collect();
        let problem = answer::problem(what, &told, &any);
        let in_words = answer::plainly_refused(what, &plain, &any);
        assert!(plain.stdout.is_empty() && told.stdout.is_empty(), "{what}: there is an answer beside the problem");
        if (problem.exit, problem.code.as_str(), in_words) != (*exit, *code, *exit) {
            otherwise.push(format!("{what}: exits {} and {in_words}, code {}: {}", problem.exit, problem.code, problem.words()));
        }
        node.assert_unharmed(what);
        before.assert_same(node, what);
    }
    assert!(otherwise.is_empty(), "{} cases came out otherwise:\n{}", otherwise.len(), otherwise.join("\n"));
}

/// A command that is given outside of any home.
fn elsewhere(json: bool) -> Command {
    let mut command = Command::new(binary());
    clean(command.args(json.then_some("--json")));
    command
}
