//! Words of the command line: numbers that are none, names of nothing, files that are no files, bytes that are no text.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use haat_tests::daemon::Town;
use haat_tests::daemon::node::told;

use super::{Case, keeper, try_all, words};

/// More than an argument may have.
const LONG: usize = 100_000;

/// Options and names as nobody should write them.
#[test]
fn words_that_mean_nothing() {
    let town = Town::new();
    let mut node = keeper(&town);
    let not_text = OsStr::from_bytes(b"te\xffa");
    let long = "x".repeat(LONG);
    let cases: [Case<'_>; 34] = [
        ("an option that nobody knows", words(&["shop", "list", "--colour"]), 2, "usage"),
        ("a colour that is none", words(&["--color", "pink", "status"]), 2, "usage"),
        ("an option without its value", words(&["feed", "--limit"]), 2, "usage"),
        ("an option given twice", words(&["feed", "--limit", "1", "--limit", "2"]), 2, "usage"),
        ("a word too many", words(&["status", "now"]), 2, "usage"),
        ("a key with spaces", words(&["--key", "a b", "status"]), 2, "usage"),
        ("a key that is too long", words(&["--key", &long[..65], "status"]), 2, "usage"),
        ("a number below nothing", words(&["people", "--limit", "-1"]), 2, "usage"),
        ("a number beyond all machines", words(&["people", "--limit", "99999999999999999999"]), 2, "usage"),
        ("a number with a point", words(&["people", "--limit", "1.5"]), 2, "usage"),
        ("a cursor of another time", words(&["people", "--after", "AAAA"]), 2, "bad-cursor"),
        ("a cursor without end", words(&["people", "--after", &long]), 2, "too-large"),
        ("a cursor of nothing", words(&["notices", "--after", ""]), 2, "bad-cursor"),
        ("a circle of nothing", words(&["circle", "show", ""]), 4, "not-found"),
        ("a circle with a name without end", words(&["circle", "show", &long]), 2, "too-large"),
        ("an invite that is none", words(&["circle", "join", "haat1qqqq"]), 2, "bad-code"),
        ("an invite without end", words(&["circle", "join", &long]), 2, "bad-code"),
        ("an invite for no time", words(&["circle", "invite", "Lane 12", "--expires", "0s"]), 2, "usage"),
        ("an invite for ever", words(&["circle", "invite", "Lane 12", "--expires", "99999999999d"]), 2, "usage"),
        ("a role that is none", words(&["circle", "role", "Lane 12", "chen", "king"]), 2, "usage"),
        ("norms that are no file", words(&["circle", "norms", "Lane 12", "/proc/none"]), 2, "input-file"),
        ("a peer that is no address", words(&["peer", "add", "next door"]), 2, "bad-address"),
        ("a peer by the name of its house", words(&["peer", "add", "/dns4/haat.example/tcp/1"]), 2, "bad-address"),
        ("a token that reaches nowhere", words(&["token", "create", "shelf", "--scope", "all"]), 2, "usage"),
        ("a token without a name", words(&["token", "create", "", "--scope", "read"]), 2, "bad-name"),
        ("a token that nobody made", words(&["token", "revoke", "shelf"]), 4, "not-found"),
        ("a code that nobody explains", words(&["explain", "tea"]), 4, "not-found"),
        ("a shell that nobody knows", words(&["completions", "tcsh"]), 2, "usage"),
        ("a setting that is none", words(&["config", "set", "colour", "never"]), 2, "bad-key"),
        ("a setting of another kind", words(&["config", "set", "mdns", "perhaps"]), 2, "bad-setting"),
        ("a setting of nothing", words(&["config", "set", "api"]), 2, "usage"),
        ("evidence that is no file", words(&["order", "verify", "/proc/none"]), 2, "input-file"),
        ("a name that is no text", vec![OsString::from("post"), "Lane 12".into(), not_text.into()], 2, "usage"),
        ("a command that is no text", vec![not_text.into()], 2, "usage"),
    ];
    try_all(&mut node, &cases);
}

/// Homes and starts that cannot be, beside a node that runs.
#[test]
fn places_that_cannot_be() {
    let town = Town::new();
    let mut node = keeper(&town);
    let file = town.file("file", "not a home");
    let (open, home) = (town.path("open"), told(&node.ok(&["config", "path"])["path"]));
    std::fs::create_dir(&open).expect("made");
    std::fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("opened to all");
    let up = |more: &[&str]| words(&[&["up", "--no-mdns"][..], more].concat());
    let fresh = town.path("fresh").display().to_string();
    let at = |more: &[&str]| words(&[&["--home", &fresh, "up", "--no-mdns"][..], more].concat());
    let open = open.to_str().expect("text");
    let cases: [Case<'_>; 14] = [
        ("a home without a node", words(&["--home", "/proc/none", "status"]), 8, "not-running"),
        ("a home that is a file", words(&["--home", &file, "status"]), 2, "home-not-directory"),
        ("a home in a file", words(&["--home", &format!("{file}/home"), "status"]), 2, "home-not-directory"),
        ("a home that is a file, to live in", words(&["--home", &file, "up", "--no-mdns"]), 2, "no-directory"),
        ("a home that others may read", words(&["--home", open, "up", "--no-mdns"]), 7, "too-wide"),
        ("a home where nothing can be made", words(&["--home", "/proc/home", "up", "--no-mdns"]), 6, "home-unusable"),
        ("a home that is in use", up(&[]), 3, "in-use"),
        ("a seed in the home of a node", words(&["seed"]), 3, "in-use"),
        ("an address of no machine", at(&["--listen", "here"]), 2, "bad-listen"),
        ("a listener for everybody", at(&["--api", "0.0.0.0:0"]), 2, "not-loopback"),
        ("a port that is none", up(&["--api", "127.0.0.1:99999"]), 2, "usage"),
        ("a passphrase that is no file", up(&["--passphrase-file", "/proc/none"]), 2, "input-file"),
        ("a passphrase without end", up(&["--passphrase-file", "/dev/zero"]), 2, "input-too-large"),
        ("a town that is too small", words(&["demo", "--nodes", "1"]), 2, "usage"),
    ];
    try_all(&mut node, &cases);
    assert!(home.ends_with("config.toml"));
}
