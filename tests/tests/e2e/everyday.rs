//! Everyday commands: blocking and muting, the doctor, settings, completions, pages for man, and explanations.

use std::fs;
use std::process::Command;

use haat_tests::daemon::answer::{document, items, problem};
use haat_tests::daemon::node::{finish, told};
use haat_tests::daemon::story::{
    assert_log_whole, circle_of, in_feed, offer, post, tea_shop, until_in_feed, until_listed, until_may, until_order,
};
use haat_tests::daemon::{Node, Town, binary, text, until, until_so};
use serde_json::Value;

const CIRCLE: &str = "Lane 12";

/// A row of a list by one of its texts.
fn row<'a>(list: &'a Value, key: &str, value: &str) -> &'a Value {
    items(list).iter().find(|row| row[key] == value).unwrap_or_else(|| panic!("no {key} {value}: {list}"))
}

#[test]
fn who_is_blocked_is_hidden_and_sells_and_buys_no_more() {
    let town = Town::new();
    let [mut chen, mut wang] = circle_of(&town, ["chen", "wang"], CIRCLE, &[]);
    let tea = tea_shop(&chen, CIRCLE);
    until_listed(&wang, &tea);
    let said = post(&chen, CIRCLE, "fresh today");
    until_in_feed(&wang, &said);
    let first = offer(&wang, &chen, &tea, &[]);

    // The seller blocks the buyer: what is under way goes on, nothing new is taken.
    let blocked = chen.ok(&["block", "wang"]);
    assert_eq!((blocked["identity"].clone(), blocked["blocked"].clone()), (Value::from(wang.identity()), Value::Bool(true)));
    let second = told(&wang.ok(&["order", "offer", &tea])["order"]);
    let notice = until("the buyer is told", || {
        let notices = wang.see(&["notices"]);
        notices["items"].as_array()?.iter().find(|row| row["kind"] == "refused" && row["ref"] == second).cloned()
    });
    assert!(told(&notice["text"]).contains("blocked"), "{notice}");
    chen.no(&["order", "show", &second], &[4]);
    chen.ok(&["order", "accept", &first]);
    until_order(&wang, &first, "agreed");

    // The buyer blocks the seller: nothing of theirs is shown, and it stays so after a start and a rebuild.
    wang.ok(&["block", "chen"]);
    let hidden = |wang: &mut Node| {
        assert!(in_feed(wang, &said).is_none() && items(&wang.ok(&["listing", "list"])).is_empty());
        assert!(items(&wang.ok(&["shop", "list"])).is_empty());
        for words in [&["listing", "show", &tea][..], &["shop", "show", "Hill"], &["order", "offer", &tea]] {
            assert_eq!(wang.no(words, &[3]).code, "blocked");
        }
        assert_eq!(row(&wang.ok(&["people"]), "name", "chen")["blocked"], true);
    };
    hidden(&mut wang);
    wang.stop();
    let before = assert_log_whole(&wang);
    assert_eq!(wang.ok(&["log", "rebuild"])["head"], before["head"]);
    wang.up(&[]);
    hidden(&mut wang);
    until_may(&wang, &first, "say");

    // And back.
    assert_eq!(wang.ok(&["unblock", "chen"])["blocked"], false);
    until_in_feed(&wang, &said);
    until_listed(&wang, &tea);
    wang.ok(&["mute", "chen"]);
    assert!(in_feed(&wang, &said).is_none() && items(&wang.ok(&["listing", "list"])).len() == 1);
    wang.ok(&["unmute", "chen"]);
    until_in_feed(&wang, &said);
    chen.ok(&["unblock", "wang"]);
    until_order(&chen, &offer(&wang, &chen, &tea, &[]), "negotiating");
    assert_eq!(chen.no(&["block", "chen"], &[3]).code, "yourself");
    chen.no(&["mute", "chen"], &[3]);
    chen.no(&["block", "nobody"], &[4]);
    assert_log_whole(&chen);
    assert_log_whole(&wang);
}

#[test]
fn the_doctor_says_how_things_are_with_and_without_a_node() {
    let town = Town::new();
    let mut stranger = town.node("nobody");
    let state = |node: &Node, check: &str| told(&row(&node.ok(&["doctor"]), "check", check)["state"]);
    assert_eq!((state(&stranger, "node").as_str(), state(&stranger, "keys").as_str()), ("warn", "warn"), "there is no home yet");
    let [mut chen, _wang] = circle_of(&town, ["chen", "wang"], CIRCLE, &[]);
    // Right after a join connections may come and go.
    let found = until("chen's doctor finds wang", || {
        Some(chen.ok(&["doctor"])).filter(|found| row(found, "check", "reachability")["state"] == "ok")
    });
    for check in ["permissions", "config", "node", "clock", "ports", "reachability"] {
        assert_eq!(row(&found, "check", check)["state"], "ok", "{found}");
    }
    for check in ["keys", "backup"] {
        let warned = row(&found, "check", check);
        assert!(warned["state"] == "warn" && !told(&warned["advice"]).is_empty(), "{found}");
    }
    assert!(chen.run_plain(&["doctor"]).contains("no backup was made"));
    chen.stop();
    assert_eq!((state(&chen, "ports").as_str(), state(&chen, "clock").as_str()), ("warn", "ok"), "what needs a node says so");
    fs::write(chen.home().join("config.toml"), "nmae = \"x\"\n").expect("written");
    assert_eq!(state(&chen, "config"), "bad");
    stranger.up(&[]);
    assert_eq!(state(&stranger, "reachability"), "warn", "nobody is known");
}

#[test]
fn settings_come_from_flag_environment_file_and_default_in_this_order() {
    let town = Town::new();
    let mut friend = town.node("friend");
    friend.up(&[]);
    let mut node = town.node("chen");
    // Before the first start.
    node.ok(&["config", "set", "name", "Filed"]);
    node.ok(&["config", "set", "seed_peer", &friend.address()]);
    let shown = |env: &[(&str, &str)], more: &[&str]| {
        let mut command = Command::new(binary());
        command.args(["--json", "--home", &text(node.home()), "config", "show", "--origin"]).args(more).envs(env.iter().copied());
        document("config show", &finish(&mut command, None))
    };
    let of = |list: &Value, key: &str| (row(list, "key", key)["value"].clone(), told(&row(list, "key", key)["origin"]));
    let list = shown(&[], &[]);
    assert_eq!(of(&list, "name"), ("Filed".into(), "file".into()));
    assert_eq!(of(&list, "mdns"), (true.into(), "default".into()));
    let list = shown(&[("HAAT_NAME", "Env"), ("HAAT_MDNS", "false"), ("HAAT_COLOR", "always")], &["--color", "never"]);
    assert_eq!(of(&list, "name"), ("Env".into(), "HAAT_NAME".into()));
    assert_eq!(of(&list, "mdns"), (false.into(), "HAAT_MDNS".into()));
    assert_eq!(of(&list, "color"), ("never".into(), "flag".into()));

    node.up(&[]);
    assert_eq!(node.ok(&["id"])["name"], "chen", "--name comes before the file");
    until_so("the peer of the file is met", || node.see(&["status"])["peers_connected"] == 1);
    node.stop();
    let path = node.home().join("config.toml");
    assert_eq!(node.ok(&["config", "path"])["path"], text(&path));
    let kept = fs::read_to_string(&path).expect("the file");
    assert!(kept.contains("name = \"Filed\"") && kept.contains("# The name you go by"), "comments stay: {kept}");
    assert_eq!(node.ok(&["config", "get", "name"])["value"], "Filed");
    assert!(node.run_plain(&["config", "template"]).contains("#listen = "));
    node.no_in_words(&["config", "set", "mdns", "perhaps"], &[2]);
    node.no_in_words(&["config", "get", "nmae"], &[2]);

    fs::write(&path, format!("{kept}\nsed_peer = []\n")).expect("written");
    for words in [&["up"][..], &["config", "show"], &["config", "set", "mdns", "true"]] {
        let refused = problem("a key that is not known", &node.run(words, None), &[2]);
        assert_eq!((refused.code.as_str(), refused.document["hint"].as_str()), ("bad-key", Some("did you mean \"seed_peer\"?")));
    }
    friend.stop();
    let begun = fs::read_to_string(friend.home().join("config.toml")).expect("the first start writes the template");
    assert_eq!(begun, told(&friend.ok(&["config", "template"])["template"]));
}

#[test]
fn shells_complete_man_has_pages_and_codes_are_explained() {
    let town = Town::new();
    let mut node = town.node("chen");
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = told(&node.ok(&["completions", shell])["script"]);
        assert!(script.contains("haat") && script.contains("circle"), "{shell}");
        assert!(told(&node.ok(&["completions", shell, "--names"])["script"]).contains("HAAT_COMPLETE"), "{shell}");
    }
    node.no_in_words(&["completions", "tcl"], &[2]);
    let pages = town.path("man");
    assert!(node.ok(&["man", "--dir", &text(&pages)])["pages"].as_u64() > Some(40));
    assert!(fs::read_to_string(pages.join("haat-order-accept.1")).expect("a page").contains(".TH"));
    assert!(node.run_plain(&["man"]).contains("haat"));

    let row = node.ok(&["explain", "out-of-stock"]);
    assert!(!told(&row["advice"]).is_empty() && node.run_plain(&["explain", "out_of_turn"]).contains("turn"), "{row}");
    assert!(items(&node.ok(&["explain"])).len() > 150);
    let unknown = node.no_in_words(&["explain", "out-of-stok"], &[4]);
    assert_eq!(unknown.document["hint"], "did you mean \"out-of-stock\"?");

    // A running node gives names.
    node.up(&[]);
    node.ok(&["circle", "create", "Garden"]);
    until_so("the name is offered in time", || {
        let mut command = Command::new(binary());
        command.args(["--", "haat", "circle", "show", "Ga"]).env("HAAT_HOME", node.home()).env("HAAT_COMPLETE", "bash");
        command.env("_CLAP_COMPLETE_INDEX", "3").env("_CLAP_COMPLETE_COMP_TYPE", "9").env("_CLAP_IFS", "\n");
        String::from_utf8_lossy(&finish(&mut command, None).stdout).contains("Garden")
    });
}
