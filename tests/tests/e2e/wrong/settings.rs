//! Settings as a careless hand writes them: told with the key, never passed over, and the file stays as it is.

use haat_tests::daemon::Town;
use haat_tests::daemon::still::names_in;
use haat_tests::daemon::{answer, node::finish};

use super::{Case, keeper, try_each, words};

/// Bytes of a file that no hand wrote.
const LARGE: usize = 2 * 1024 * 1024;

/// What the file says, in which words it is told, and the code.
fn files() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let text = |words: &str| words.as_bytes().to_vec();
    vec![
        ("no value", text("name = "), "config"),
        ("no key", text("= \"Chen\""), "config"),
        ("no sense", text("tea tea tea"), "config"),
        ("a text that does not end", text("name = \"Chen"), "config"),
        ("a list that does not end", text("listen = [\"/ip4/0.0.0.0/tcp/1\""), "config"),
        ("a key twice", text("mdns = true\nmdns = false\n"), "config"),
        ("no text", b"name = \"Ch\xffen\"".to_vec(), "config"),
        ("zeros", vec![0; 64], "config"),
        ("a mark and another encoding", [&b"\xff\xfe"[..], b"n\0a\0m\0e\0"].concat(), "config"),
        ("very deep", text(&format!("listen = {}", "[".repeat(100_000))), "config"),
        ("very long", vec![b'#'; LARGE], "config"),
        ("a key that nobody knows", text("nmae = \"Chen\""), "bad-key"),
        ("a table that nobody knows", text("[name]\nfirst = \"Chen\""), "bad-setting"),
        ("a key without end", text(&format!("{} = 1", "k".repeat(50_000))), "bad-key"),
        ("a number for a name", text("name = 7"), "bad-setting"),
        ("a name of nothing", text("name = \"\""), "bad-setting"),
        ("a name of two lines", text("name = \"Chen\\nLin\""), "bad-setting"),
        ("a name without end", text(&format!("name = \"{}\"", "x".repeat(50_000))), "bad-setting"),
        ("a text for a list", text("listen = \"/ip4/0.0.0.0/tcp/1\""), "bad-setting"),
        ("a number in a list", text("listen = [4001]"), "bad-setting"),
        ("an address of nothing", text("seed_peer = [\"next door\"]"), "bad-setting"),
        ("a word for yes", text("mdns = \"yes\""), "bad-setting"),
        ("a number for yes", text("mdns = 99999999999999999999"), "config"),
        ("a port beyond all", text("api = \"127.0.0.1:99999\""), "bad-setting"),
        ("a colour that is none", text("color = \"pink\""), "bad-setting"),
        ("a language that is none", text("language = \"xx\""), "bad-setting"),
    ]
}

#[test]
fn files_that_say_nothing_good() {
    let town = Town::new();
    let node = town.node("chen");
    std::fs::create_dir(node.home()).expect("made");
    std::fs::set_permissions(node.home(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).expect("closed");
    let file = node.home().join("config.toml");
    let mut otherwise = Vec::new();
    for (what, bytes, code) in files() {
        std::fs::write(&file, &bytes).expect("written");
        for words in [&["config", "show"][..], &["config", "set", "mdns", "true"], &["up", "--no-mdns", "--api", "127.0.0.1:0"]] {
            let run = |json| finish(node.begin(json).args(words), None);
            let problem = answer::problem(what, &run(true), &[2]);
            answer::plainly_refused(what, &run(false), &[2]);
            if problem.code != code {
                otherwise.push(format!("{what}: {words:?}: {}", problem.words()));
            }
            assert!(std::fs::read(&file).expect("there") == bytes, "{what}: {words:?} changed the file");
            assert_eq!(names_in(node.home()), ["config.toml"], "{what}: {words:?} left something");
        }
    }
    assert!(otherwise.is_empty(), "{} came out otherwise:\n{}", otherwise.len(), otherwise.join("\n"));
}

/// A node that runs does not read them again, and whoever asks it is not kept from it.
#[test]
fn surroundings_that_say_nothing_good() {
    let town = Town::new();
    let mut node = keeper(&town);
    let show = || words(&["config", "show"]);
    let cases: [Case<'_>; 7] = [
        ("HAAT_NAME=\n", show(), 2, "bad-setting"),
        ("HAAT_LISTEN=here", show(), 2, "bad-setting"),
        ("HAAT_API=80", show(), 2, "bad-setting"),
        ("HAAT_SEED_PEER=/ip4/127.0.0.1/tcp/1,next door", show(), 2, "bad-setting"),
        ("HAAT_MDNS=2", show(), 2, "bad-setting"),
        ("HAAT_COLOR=pink", show(), 2, "bad-setting"),
        ("HAAT_LANGUAGE=xx", show(), 2, "bad-setting"),
    ];
    try_each(&mut node, &cases, |what, command| {
        let (name, value) = what.split_once('=').expect("a name and a value");
        command.env(name, value);
    });
}
