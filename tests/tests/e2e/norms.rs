//! Norms: they change, they hold for everybody, and newcomers wait where they ask for approval.

use serde_json::Value;

use haat_tests::daemon::node::told;
use haat_tests::daemon::story::{circle_of, invite, member_names, post, state_in, until_in_feed, until_listed};
use haat_tests::daemon::{Node, Town, items, until_so};

fn version(node: &Node) -> Value {
    node.see(&["circle", "norms", "Lane 12"])["version"].clone()
}

fn waiting(node: &Node) -> Vec<String> {
    let rows = node.see(&["circle", "requests", "Lane 12"]);
    rows["items"].as_array().map_or_else(Vec::new, |rows| rows.iter().map(|row| told(&row["name"])).collect())
}

#[test]
fn newcomers_wait_for_approval() {
    let town = Town::new();
    let [mut owner, mut member] = circle_of(&town, ["chen", "lin"], "Lane 12", &[]);
    let norms = owner.ok_reading(&["circle", "norms", "Lane 12", "-"], br#"{"approval": true}"#);
    assert_eq!((&norms["approval"], &norms["version"]), (&Value::Bool(true), &Value::from(1)));
    until_so("the member knows the norms", || version(&member) == 1);
    // A member invites, and cannot approve.
    let code = invite(&member, "Lane 12", 2);
    let [mut welcome, mut other] = [town.node("wang"), town.node("mei")];
    for node in [&mut welcome, &mut other] {
        node.up(&[]);
        assert_eq!(node.ok(&["circle", "join", &code])["state"], "requested");
    }
    until_so("the owner sees who asks", || waiting(&owner).len() == 2);
    // Who waits does not know the rules, and is told none that are not so.
    assert_eq!(welcome.ok(&["circle", "show", "Lane 12"])["norms"], Value::Null);
    assert!(!welcome.run_plain(&["circle", "show", "Lane 12"]).contains("posts"));
    assert_eq!(welcome.no(&["circle", "norms", "Lane 12"], &[3]).code, "not-a-member");
    assert_eq!(member.no(&["circle", "approve", "Lane 12", "wang"], &[3]).code, "may-not-steer");
    assert_eq!(member_names(&owner, "Lane 12").len(), 2, "nobody came in yet");
    owner.no(&["circle", "approve", "Lane 12", "nobody"], &[4]);
    let told_of = |node: &Node| items(&node.see(&["notices"])).iter().filter(|row| row["kind"] == "request").cloned().collect::<Vec<_>>();
    assert!(told_of(&owner).iter().any(|row| row["text"] == "wang asks to join Lane 12"), "{:?}", told_of(&owner));
    assert!(told_of(&member).is_empty(), "who may not approve is not asked");
    owner.ok(&["circle", "role", "Lane 12", "lin", "steward"]);
    owner.ok(&["circle", "approve", "Lane 12", "wang"]);
    until_so("the newcomer is in", || state_in(&welcome, "Lane 12") == "joined");
    assert_eq!(welcome.ok(&["circle", "show", "Lane 12"])["norms"]["approval"], true);
    until_so("the member may decline now", || {
        member.run(&["circle", "decline", "Lane 12", "mei", "--reason", "Next year"], None).status.success()
    });
    until_so("nobody waits", || waiting(&owner).is_empty() && waiting(&member).is_empty());
    until_so("who was declined is told", || state_in(&other, "Lane 12") == "declined");
    let list = other.ok(&["circle", "list"]);
    assert_eq!(list["items"][0]["reason"], "Next year", "{list}");
    let problem = other.no(&["circle", "join", &code], &[3]);
    assert_eq!(problem.code, "invite-declined", "{}", problem.words());
    assert!(problem.words().contains("Next year"), "{}", problem.words());
    until_so("all see who is in", || member_names(&owner, "Lane 12").len() == 3 && member_names(&welcome, "Lane 12").len() == 3);
    until_in_feed(&owner, &post(&welcome, "Lane 12", "Good to be here"));
}

#[test]
fn what_the_norms_say_holds_for_everybody() {
    let town = Town::new();
    let [mut owner, mut member] = circle_of(&town, ["chen", "lin"], "Lane 12", &[]);
    let change = |node: &Node, text: &str| node.run(&["circle", "norms", "Lane 12", "-"], Some(text.as_bytes()));
    let file = town.node("papers").home().with_extension("json");
    let mut write = |text: &str| {
        std::fs::write(&file, text).expect("a file");
        owner.no(&["circle", "norms", "Lane 12", file.to_str().expect("a name")], &[2])
    };
    let problem = write(r#"{"post_per_day": 1}"#);
    assert!(problem.words().contains(r#"did you mean \"posts_per_day\""#), "{}", problem.words());
    for wrong in ["", "[]", "no", r#"{"posts_per_day": -1}"#, r#"{"posts_per_day": 10001}"#, r#"{"denied": ["member_remove"]}"#] {
        assert_eq!(write(wrong).code, "bad-norms", "{wrong}");
    }
    assert_eq!(version(&owner), 0, "nothing came of it");
    std::fs::write(&file, r#"{"approval": true}"#).expect("a file");
    assert_eq!(member.no(&["circle", "norms", "Lane 12", file.to_str().expect("a name")], &[3]).code, "may-not-steer");

    assert!(change(&owner, r#"{"posts_per_day": 1, "denied": ["vouch"]}"#).status.success());
    until_so("the member knows the norms", || version(&member) == 1);
    until_in_feed(&owner, &post(&member, "Lane 12", "Once a day"));
    for node in [&mut member, &mut owner] {
        let problem =
            node.no(&["vouch", if node.name() == "lin" { "chen" } else { "lin" }, "--circle", "Lane 12", "--weight", "friend"], &[3]);
        assert!(problem.words().contains("no place for it"), "{}", problem.words());
    }
    let problem = member.no(&["post", "Lane 12", "Twice"], &[3]);
    assert!(problem.words().contains("norms allow"), "{}", problem.words());
    // Norms are loosened again, and hold at once.
    assert!(change(&owner, r#"{"posts_per_day": 5, "denied": []}"#).status.success());
    until_so("the member knows", || version(&member) == 2);
    until_in_feed(&owner, &post(&member, "Lane 12", "Twice"));
    member.ok(&["vouch", "chen", "--circle", "Lane 12", "--weight", "friend"]);

    std::fs::write(&file, r#"{"invite": "steward", "history_window_ms": 0}"#).expect("a file");
    owner.ok(&["circle", "create", "Chess", "--norms", file.to_str().expect("a name")]);
    let norms = owner.ok(&["circle", "norms", "Chess"]);
    assert_eq!(
        (&norms["version"], &norms["invite"], &norms["history_window_ms"]),
        (&Value::from(0), &Value::from("steward"), &Value::from(0))
    );
}

#[test]
fn only_who_may_sell_shares_a_shop() {
    let town = Town::new();
    let [owner, mut member] = circle_of(&town, ["chen", "lin"], "Lane 12", &[]);
    let norms = owner.ok_reading(&["circle", "norms", "Lane 12", "-"], br#"{"sell": "steward"}"#);
    assert_eq!(norms["sell"], "steward");
    until_so("the member knows the norms", || version(&member) == 1);
    member.ok(&["shop", "create", "Hill", "--currency", "CNY", "--returns", "7 days", "--pickup", "North gate"]);
    let tea = told(&member.ok(&["listing", "add", "--shop", "Hill", "--title", "Green tea", "--price", "10.00"])["listing"]);
    let share = ["shop", "share", "Hill", "--circle", "Lane 12"];
    let problem = member.no(&share, &[3]);
    assert_eq!(problem.code, "may-not-sell");
    assert!(problem.words().contains("nobody below steward"), "{}", problem.words());
    owner.ok(&["circle", "role", "Lane 12", "lin", "steward"]);
    until_so("the member may sell now", || member.run(&share, None).status.success());
    until_listed(&owner, &tea);
    assert_eq!(owner.see(&["circle", "show", "Lane 12"])["norms"]["sell"], "steward");
}
