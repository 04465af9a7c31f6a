//! Places that a catalogue cannot be written to, and shops that have none: what lay there before lies there after.

use std::fs::File;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use haat_tests::daemon::node::{ended, finish};
use haat_tests::daemon::still::{Still, names_in};
use haat_tests::daemon::{Town, answer};

use super::{Case, keeper, try_all, words};

#[test]
fn places_that_take_nothing() {
    let town = Town::new();
    let mut node = keeper(&town);
    let (dir, file, round) = (town.path("dir"), town.file("there.csv", "precious"), town.path("round"));
    std::fs::create_dir(&dir).expect("made");
    std::os::unix::fs::symlink(&round, &round).expect("made");
    let path = |path: &Path| path.to_str().expect("text").to_owned();
    let export = |file: &str, more: &[&str]| words(&[&["listing", "export", "--shop", "Hill", "--file", file][..], more].concat());
    let shop = |shop: &str| words(&["listing", "export", "--shop", shop, "--file", &file]);
    let cases: Vec<Case<'_>> = vec![
        ("a directory", export(&path(&dir), &[]), 2, "output-file"),
        ("the root", export("/", &[]), 2, "output-file"),
        ("no name", export("", &[]), 2, "usage"),
        ("a directory that is not there", export(&path(&dir.join("no/such.csv")), &[]), 2, "output-file"),
        ("a file as a directory", export(&format!("{file}/such.csv"), &[]), 2, "output-file"),
        ("a name without end", export(&format!("{}/{}", path(&dir), "x".repeat(300)), &[]), 2, "output-file"),
        ("a way without end", export(&"x/".repeat(3_000), &[]), 2, "output-file"),
        ("a link to itself", export(&path(&round), &[]), 2, "output-file"),
        ("a full disk", export("/dev/full", &[]), 2, "output-file"),
        ("where nothing can be made", export("/proc/such.csv", &[]), 2, "output-file"),
        ("what cannot be written", export("/proc/version", &[]), 2, "output-file"),
        ("a layout that nobody knows", export(&file, &["--format", "floppy"]), 2, "usage"),
        ("a layout that is only read", export(&file, &["--format", "etsy"]), 2, "usage"),
        ("a layout of nothing", export(&file, &["--format", ""]), 2, "usage"),
        ("nobody's shop", shop("Dale"), 4, "not-found"),
        ("a shop of nothing", shop(""), 4, "not-found"),
        ("a shop without end", shop(&"x".repeat(100_000)), 2, "too-large"),
        ("a shop that is a listing", shop("Green tea"), 4, "not-found"),
        ("no shop", words(&["listing", "export", "--file", &file]), 2, "usage"),
        ("two places", export(&file, &["--file", "other"]), 2, "usage"),
        ("no home", words(&["--home", "/proc/none", "listing", "export", "--shop", "Hill", "--file", &file]), 8, "not-running"),
        ("evidence of nothing", words(&["order", "export", "0123", &file]), 4, "not-found"),
    ];
    try_all(&mut node, &cases);
    assert_eq!(std::fs::read(&file).expect("there"), b"precious");
    assert!(names_in(&dir).is_empty(), "something was left over");
    assert_eq!(names_in(&town.path("")).into_iter().filter(|name| name.starts_with(".tmp")).count(), 0, "something was left over");
}

/// Standard output that takes nothing is told, and one that nobody reads is no fault.
#[test]
fn an_answer_that_cannot_be_written() {
    let town = Town::new();
    let mut node = keeper(&town);
    let before = Still::of(&node);
    for words in [&["listing", "export", "--shop", "Hill"][..], &["listing", "list"], &["status"], &["config", "show"]] {
        for json in [true, false] {
            let mut command = node.begin(json);
            let full = File::options().write(true).open("/dev/full").expect("there");
            let child = command.args(words).stdout(full).stderr(std::process::Stdio::piped()).spawn().expect("haat can be run");
            let output = ended(child, "an export");
            answer::plainly_refused(&format!("{words:?} to a full disk"), &output, &[1]);
            if json {
                assert_eq!(answer::problem("a full disk", &output, &[1]).code, "output");
            }
        }
    }
    before.assert_same(&node, "a full disk");
    node.assert_unharmed("a full disk");
}

/// What is private stays so in a file that others could read before.
#[test]
fn a_file_that_was_open_to_all_is_not_any_more() {
    let town = Town::new();
    let node = keeper(&town);
    let file = town.file("open.csv", "old");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).expect("opened");
    let output = finish(node.begin(true).args(words(&["listing", "export", "--shop", "Hill", "--file", &file])), None);
    let _ = answer::document("export", &output);
    assert_eq!(std::fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
    assert!(std::fs::read_to_string(&file).expect("text").contains("Green tea"));
}
