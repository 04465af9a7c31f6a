//! Who may name whom. The tables on top are the architecture; the functions only compare the sources with them.

use super::source::{Source, below, tokens};
use super::tree::Tree;

/// Modules of `protocol`, lowest first: each may use modules on earlier lines, never its own line or later ones.
const STRATA: &[&[&str]] = &[
    &["id", "time"],
    &["limits"],
    &["codec", "money"],
    &["crypto"],
    &["identity", "listing", "record", "space"],
    &["entry", "invite", "kind", "meet"],
    &["fork", "norms", "order", "trust"],
    &["body"],
    &["circle", "epoch"],
    &["admit", "wire"],
    &["sync"],
    &["local"],
];

/// Words that `protocol` does not use outside its tests, and what to do instead.
const IMPURE_WORDS: &[(&[&str], &str)] = &[
    (&["SystemTime", "Instant", "UNIX_EPOCH"], "time is an argument: take a Millis"),
    (&["HashMap", "HashSet"], "order differs from run to run: use BTreeMap or BTreeSet"),
    (&["rand", "getrandom", "OsRng", "thread_rng"], "chance is an argument: take fresh bytes"),
    (&["tokio", "futures", "async", "await"], "protocol never waits: return an effect"),
];

/// Parts of `std` that `protocol` does not use.
const IMPURE_STD: &[&str] = &["env", "fs", "net", "os", "process", "thread"];

/// Modules of `protocol` that may compute with floating point.
const FLOATS: &[&str] = &["local/rows", "trust"];

/// A crate, the folder in which it is looked for (empty: everywhere), and the only places there that may name it.
/// A place `node/src/net` is the file `node/src/net.rs` and all below `node/src/net/`.
const HOMES: &[(&str, &str, &[&str])] = &[
    ("libp2p", "", &["node/src/net"]),
    ("redb", "", &["node/src/store"]),
    ("axum", "", &["node/src/api", "node/src/web"]),
    ("tokio", "node/", &["node/src/api", "node/src/daemon", "node/src/engine/runner", "node/src/hear", "node/src/net", "node/src/service"]),
    (
        "haat_node",
        "cli/",
        &[
            "cli/src/command/demo",
            "cli/src/command/doctor",
            "cli/src/command/log",
            "cli/src/command/seed",
            "cli/src/command/up",
            "cli/src/say",
        ],
    ),
    ("haat_tests", "", &["tests"]),
];

/// Pairs of modules of `node` that never name each other.
const STRANGERS: &[(&str, &str)] = &[("store", "net")];

/// Whether `path` belongs to `place`.
fn within(path: &str, place: &str) -> bool {
    path.strip_prefix(place).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

/// Modules of its own crate that a file names, by `crate::` or by enough `super::`.
fn siblings<'a>(source: &'a Source, package: &str) -> Vec<(usize, &'a str)> {
    let Some(depth) = source.module(package).map(|module| module.split('/').count()) else { return Vec::new() };
    let words = tokens(&source.code);
    let mut flat = Vec::with_capacity(words.len());
    let mut rest = words.as_slice();
    while let Some((head, tail)) = rest.split_first() {
        let climb = rest.chunks(3).take_while(|step| matches!(step, [(_, "super"), (_, ":"), (_, ":")])).count();
        if climb >= depth {
            flat.push((head.0, "crate"));
            rest = &rest[climb * 3 - 2..];
        } else {
            flat.push(*head);
            rest = tail;
        }
    }
    below(&flat, "crate")
}

fn stratum(module: &str) -> Option<usize> {
    STRATA.iter().position(|line| line.contains(&module))
}

/// Uses of a module on the same or a higher line, and modules that the table does not know.
pub(super) fn strata(tree: &Tree) -> Vec<String> {
    const UNKNOWN: &str = "add it to the strata table in tests/tests/tidy/layers.rs";
    let mut faults = Vec::new();
    for source in &tree.sources {
        let Some(top) = source.module("protocol").and_then(|module| module.split('/').next()) else { continue };
        if top == "lib" || source.is_test_set() {
            continue;
        }
        let Some(own) = stratum(top) else {
            faults.push(format!("{}:1: module `{top}` has no stratum - {UNKNOWN}", source.path));
            continue;
        };
        for (line, used) in siblings(source, "protocol") {
            match stratum(used) {
                None => faults
                    .push(format!("{}:{line}: `crate::{used}` has no stratum - name the module it lives in, or {UNKNOWN}", source.path)),
                Some(other) if other >= own && used != top => faults.push(format!(
                    "{}:{line}: `{top}` names `{used}`, which is not below it - move what is shared down, or join the two further up",
                    source.path
                )),
                Some(_) => {}
            }
        }
    }
    faults
}

/// Clock, chance, disk, network, threads, surroundings, unordered maps and stray floats in `protocol`.
pub(super) fn purity(tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    for source in tree.sources.iter().filter(|source| source.module("protocol").is_some() && !source.is_test_set()) {
        let words = tokens(&source.code);
        for (line, word) in &words {
            for (_, advice) in IMPURE_WORDS.iter().filter(|(banned, _)| banned.contains(word)) {
                faults.push(format!("{}:{line}: `{word}` - {advice}", source.path));
            }
            let floats = FLOATS.iter().any(|place| within(&source.path, &format!("protocol/src/{place}")));
            if matches!(*word, "f32" | "f64") && !floats {
                faults.push(format!("{}:{line}: `{word}` - count in whole units", source.path));
            }
        }
        for (line, part) in below(&words, "std").into_iter().filter(|(_, part)| IMPURE_STD.contains(part)) {
            faults.push(format!("{}:{line}: `std::{part}` - return an effect, the node performs it", source.path));
        }
    }
    faults
}

/// Crates named outside their home; unit tests may.
pub(super) fn homes(tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    for source in tree.sources.iter().filter(|source| !source.is_test_set()) {
        for (krate, scope, places) in HOMES {
            if !source.path.starts_with(scope) || places.iter().any(|place| within(&source.path, place)) {
                continue;
            }
            let names = |word: &str| word.strip_prefix(krate).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'));
            for (line, word) in tokens(&source.code).into_iter().filter(|(_, word)| names(word)) {
                faults.push(format!("{}:{line}: `{word}` - only {} may name it", source.path, places.join(", ")));
            }
        }
    }
    faults
}

/// Modules of `node` that name one they must not know.
pub(super) fn strangers(tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    for source in &tree.sources {
        for (one, other) in STRANGERS.iter().flat_map(|(one, other)| [(one, other), (other, one)]) {
            if !within(&source.path, &format!("node/src/{one}")) {
                continue;
            }
            for (line, _) in siblings(source, "node").into_iter().filter(|(_, used)| used == other) {
                faults.push(format!("{}:{line}: `{one}` names `{other}` - let engine or daemon carry it across", source.path));
            }
        }
    }
    faults
}

#[test]
fn looking_up_or_sideways_is_found() {
    let tree = Tree::of(&[
        ("protocol/src/lib.rs", "//! Root.\npub mod id;\npub use crate::wire::Frame;"),
        ("protocol/src/money.rs", "//! Money.\nuse crate::id::EntryId;\nuse crate::codec::encode;\n"),
        ("protocol/src/crypto/seal.rs", "//! Seal.\nuse super::stream;\nuse super::super::order;\nuse crate::crypto::hash;"),
        ("protocol/src/id.rs", "//! Ids.\n// crate::wire is far above\n#[cfg(test)]\nmod tests { use crate::wire::Frame; }\n"),
        ("protocol/src/gadget.rs", "//! New."),
        ("protocol/src/entry.rs", "//! Entry.\nuse crate::{Thing, id};"),
        ("protocol/src/entry/tests.rs", "//! Tests.\nuse crate::wire::Frame;"),
    ]);
    let faults = strata(&tree);
    let places: Vec<&str> = faults.iter().filter_map(|fault| fault.split(": ").next()).collect();
    assert_eq!(places, ["protocol/src/money.rs:3", "protocol/src/crypto/seal.rs:3", "protocol/src/gadget.rs:1", "protocol/src/entry.rs:2"]);
}

#[test]
fn impurity_is_found() {
    let text = "//! Says SystemTime.\nuse std::time::{Duration, SystemTime};\nuse std::{fmt, fs};\nlet x: f64 = 0.0;\nuse std::collections::HashMap;\n\
        use rand::rng;\nuse hpke::rand_core;\n#[cfg(test)]\nmod tests { use std::fs; }";
    let faults = purity(&Tree::of(&[("protocol/src/a.rs", text), ("protocol/src/trust/kin.rs", "//! Kin.\nfn f(x: f64) {}")]));
    let lines: Vec<&str> = faults.iter().filter_map(|fault| fault.split(": ").next()?.rsplit(':').next()).collect();
    assert_eq!(lines, ["2", "4", "5", "6", "3"], "{faults:?}");
    assert!(purity(&Tree::of(&[("node/src/a.rs", text)])).is_empty(), "the node may");
}

#[test]
fn a_crate_away_from_home_is_found() {
    let tree = Tree::of(&[
        ("node/src/net.rs", "//! Net.\nuse libp2p::Swarm;"),
        ("node/src/net/gossip.rs", "//! Gossip.\nuse libp2p_gossipsub::Topic;\nuse tokio::sync;"),
        ("node/src/network.rs", "//! Not net.\nuse libp2p::Swarm;"),
        ("node/src/engine.rs", "//! Engine.\nuse tokio_stream::Stream;\nfn f() { redb::open(\"tokio\") }"),
        ("node/src/engine/runner.rs", "//! Runner.\nuse tokio::sync;"),
        ("cli/src/command/post.rs", "//! Post.\nuse haat_node::Daemon;\nuse tokio::main;"),
        ("cli/src/command/up.rs", "//! Up.\nuse haat_node::Daemon;"),
        ("node/src/engine/tests.rs", "//! Tests.\nuse tokio::test;"),
    ]);
    let faults = homes(&tree);
    let places: Vec<&str> = faults.iter().filter_map(|fault| fault.split(": ").next()).collect();
    assert_eq!(places, ["node/src/network.rs:2", "node/src/engine.rs:3", "node/src/engine.rs:2", "cli/src/command/post.rs:2"]);
}

#[test]
fn strangers_that_meet_are_found() {
    let tree = Tree::of(&[
        ("node/src/store/write.rs", "//! Write.\nuse crate::net::Event;\nuse super::super::net;\nuse super::net;"),
        ("node/src/net.rs", "//! Net.\nuse super::store::Row;\nuse crate::engine::Input;"),
        ("node/src/daemon.rs", "//! Daemon.\nuse crate::{net, store};"),
    ]);
    assert_eq!(strangers(&tree).len(), 3, "{:?}", strangers(&tree));
}
