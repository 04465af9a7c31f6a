//! What a shop sells is changed by hand, taken back, and kept in step with a file: nothing half done, and friends see each of it.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use haat_tests::daemon::node::told;
use haat_tests::daemon::story::{assert_log_whole, circle_of, tea_shop, until_listed};
use haat_tests::daemon::{Node, PATIENCE, Town, binary, until_so};
use serde_json::{Value, json};

const FILE: &str = "Handle,Title,Variant SKU,Variant Price,Variant Inventory Qty,Tags
tea,Green tea,T,4.50,20,leaf
cup,Cup,C,12.00,6,clay
";

fn shop(town: &Town) -> Node {
    let mut node = town.node("chen");
    node.up(&[]);
    node.ok(&["shop", "create", "Hill", "--currency", "CNY", "--returns", "none", "--pickup", "North gate"]);
    node.ok(&["listing", "import", &town.file("products.csv", FILE), "--shop", "Hill"]);
    node
}

fn price(node: &Node, listing: &str) -> u64 {
    node.see(&["listing", "show", listing])["variants"][0]["price"]["minor"].as_u64().unwrap_or(0)
}

fn count(report: &Value, key: &str) -> usize {
    report[key].as_array().unwrap_or_else(|| panic!("no {key}: {report}")).len()
}

#[test]
fn one_listing_says_something_else() {
    let town = Town::new();
    let mut node = shop(&town);
    let edit = ["listing", "edit", "Green tea", "--price", "5.00", "--stock", "18"];
    let tries = [&edit[..], &["--dry-run"]].concat();
    let dry = node.ok(&tries);
    assert_eq!(price(&node, "Green tea"), 450, "a dry run changes nothing");
    let drawn = node.run_plain(&tries);
    let done = node.ok(&edit);
    let wanted = json!([
        {"title": "Green tea", "field": "price T", "before": "4.50 CNY", "after": "5.00 CNY"},
        {"title": "Green tea", "field": "stock T", "before": "20", "after": "18"},
    ]);
    assert_eq!((&done["changes"], &dry["changes"]), (&wanted, &wanted), "{done}");
    assert_eq!((&dry["listing"], dry["version"] == done["version"]), (&done["listing"], false));
    let shown = node.ok(&["listing", "show", "Green tea"]);
    assert_eq!((price(&node, "Green tea"), shown["variants"][0]["stock"].as_u64()), (500, Some(18)), "{shown}");
    let same = node.ok(&edit);
    assert_eq!((&same["version"], count(&same, "changes")), (&done["version"], 0), "nothing changed is no new version");
    assert!(node.run_plain(&edit).starts_with("Nothing changes"));

    // An import draws a difference in the same way.
    node.ok(&["shop", "undo", "Hill"]);
    let file = town.file("dearer.csv", FILE.replace("4.50,20", "5.00,18"));
    let imported = node.run_plain(&["listing", "import", &file, "--shop", "Hill", "--dry-run"]);
    let table = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!((table(&imported), table(&imported).len()), (table(&drawn), 3));

    let before = node.ok(&["listing", "list", "--shop", "Hill"]);
    for (words, exit) in [
        (&["listing", "edit"][..], 2),
        (&["listing", "edit", "Cup"], 2),
        (&["listing", "edit", "Cup", "--shop", "Hill", "--price", "1"], 2),
        (&["listing", "edit", "Cup", "--match", "u", "--price", "1"], 2),
        (&["listing", "edit", "Cup", "--price", "cheap"], 2),
        (&["listing", "edit", "Cup", "--price", "-12.01"], 3),
        (&["listing", "edit", "Cup", "--stock", "many"], 2),
        (&["listing", "edit", "Cup", "--title", ""], 2),
        (&["listing", "edit", "Cup", "--price", "1", "--sku", "D"], 2),
        (&["listing", "edit", "Kettle", "--price", "1"], 4),
        (&["listing", "edit", "--shop", "Hill", "--match", "kettle", "--price", "1"], 4),
        (&["listing", "edit", "--shop", "Hill", "--price", "-5.00"], 3),
        (&["listing", "edit", "--shop", "Valley", "--price", "+5%"], 4),
        (&["shop", "edit", "Hill"], 2),
        (&["shop", "edit", "Hill", "--pay", "epc:before:nonsense"], 2),
        (&["shop", "undo", "Valley"], 4),
    ] {
        node.no_in_words(words, &[exit]);
    }
    assert_eq!(node.ok(&["listing", "list", "--shop", "Hill"]), before, "nothing is lost");
}

#[test]
fn many_are_changed_at_once_and_taken_back_step_by_step() {
    let town = Town::new();
    let mut node = shop(&town);
    let dry = node.ok(&["listing", "edit", "--shop", "Hill", "--price", "+5%", "--dry-run"]);
    let done = node.ok(&["listing", "edit", "--shop", "Hill", "--price", "+5%"]);
    assert_eq!((&dry["listings"], count(&done, "listings"), count(&done, "changes")), (&done["listings"], 2, 2));
    assert_eq!((price(&node, "Green tea"), price(&node, "Cup")), (473, 1260));
    node.ok(&["listing", "edit", "--shop", "Hill", "--tag-is", "clay", "--price", "-0.50", "--yes"]);
    assert_eq!((price(&node, "Green tea"), price(&node, "Cup")), (473, 1210));

    // What can be taken back is kept with what was published.
    node.kill9();
    node.up(&[]);
    let first = node.ok(&["shop", "undo", "Hill"]);
    assert_eq!((&first["undone"], count(&first, "listings"), price(&node, "Cup")), (&json!("edit"), 1, 1260), "{first}");
    node.ok(&["listing", "stock", "Cup", "3"]);
    let second = node.ok(&["shop", "undo", "Hill"]);
    assert_eq!((count(&second, "listings"), count(&second, "kept"), price(&node, "Green tea")), (1, 1, 450), "{second}");
    assert_eq!(price(&node, "Cup"), 1260, "it was changed since");
    let third = node.ok(&["shop", "undo", "Hill"]);
    assert_eq!((&third["undone"], count(&third, "listings"), count(&third, "kept")), (&json!("import"), 1, 1), "{third}");
    assert_eq!(node.ok(&["listing", "show", "Green tea"])["state"], "withdrawn");
    assert_eq!(node.no_in_words(&["shop", "undo", "Hill"], &[3]).document["code"], "nothing-to-undo");
    assert_log_whole(&node);
}

#[test]
fn friends_see_what_was_edited_and_taken_back() {
    let town = Town::new();
    let [seller, reader] = circle_of(&town, ["chen", "lin"], "Courtyard", &[]);
    let tea = tea_shop(&seller, "Courtyard");
    until_listed(&reader, &tea);
    seller.ok(&["listing", "edit", &tea, "--price", "12.00"]);
    until_so("the new price is there", || price(&reader, &tea) == 1200);
    seller.ok(&["shop", "undo", "Hill"]);
    until_so("the old price is there again", || price(&reader, &tea) == 1000);
    let said = seller.ok(&["shop", "edit", "Hill", "--returns", "14 days", "--pickup", "South gate"]);
    let fields: Vec<String> = said["changes"].as_array().expect("changes").iter().map(|change| told(&change["field"])).collect();
    assert_eq!(fields, ["returns", "delivery"], "{said}");
    until_so("the new terms are there", || reader.see(&["shop", "show", "Hill"])["returns"] == "14 days");
    let shown = reader.ok(&["listing", "show", &tea]);
    assert_eq!((&shown["returns"], count(&shown, "delivery")), (&json!("14 days"), 1), "{shown}");
    for node in [&seller, &reader] {
        assert_log_whole(node);
    }
}

/// `haat shop watch`, running.
struct Watch {
    child: Child,
    types: ChildStdin,
    lines: Receiver<String>,
}

impl Watch {
    fn begin(node: &Node, words: &[&str]) -> Self {
        let mut command = Command::new(binary());
        command.arg("--home").arg(node.home()).args(["--json", "shop", "watch"]).args(words).env_remove("HAAT_HOME");
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.expect("haat can be run");
        let (tell, lines) = sync_channel(16);
        let out = BufReader::new(child.stdout.take().expect("it is piped"));
        thread::spawn(move || out.lines().map_while(Result::ok).all(|line| tell.send(line).is_ok()));
        let types = child.stdin.take().expect("it is piped");
        Self { child, types, lines }
    }

    fn tells(&self) -> Value {
        let line = self.lines.recv_timeout(PATIENCE).expect("a line");
        serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"))
    }

    fn types(&mut self, line: &str) {
        writeln!(self.types, "{line}").expect("it reads");
    }

    fn interrupted(mut self) -> ExitStatus {
        let sent = Command::new("kill").args(["-s", "INT", &self.child.id().to_string()]).status().expect("kill is there");
        assert!(sent.success());
        self.child.wait().expect("it ends")
    }
}

fn save(file: &str, text: &str) {
    std::fs::write(file, text).expect("written");
}

#[test]
fn a_file_is_watched_and_published_when_told_to() {
    let town = Town::new();
    let mut node = shop(&town);
    let file = town.file("products.csv", FILE);
    let mut watch = Watch::begin(&node, &[&file, "--shop", "Hill"]);
    assert_eq!(count(&watch.tells(), "unchanged"), 2, "it begins with a look");
    save(&file, &FILE.replace("4.50", "4.80"));
    let shown = watch.tells();
    assert_eq!((&shown["published"], &shown["changes"][0]["after"]), (&json!(false), &json!("4.80 CNY")), "{shown}");
    watch.types("n");
    save(&file, &FILE.replace("4.50", "not a price"));
    save(&file, &FILE.replace("4.50", "4.90"));
    let shown = watch.tells();
    assert_eq!((&shown["changes"][0]["after"], price(&node, "Green tea")), (&json!("4.90 CNY"), 450), "{shown}");
    watch.types("y");
    let done = watch.tells();
    assert_eq!((&done["published"], price(&node, "Green tea")), (&json!(true), 490), "{done}");
    assert!(watch.interrupted().success(), "Ctrl-C ends it well");

    let watch = Watch::begin(&node, &[&file, "--shop", "Hill", "--yes"]);
    watch.tells();
    save(&file, &FILE.replace("4.50", "5.10"));
    assert_eq!((&watch.tells()["published"], &watch.tells()["published"]), (&json!(false), &json!(true)));
    assert_eq!(price(&node, "Green tea"), 510);
    assert!(watch.interrupted().success());
    node.ok(&["shop", "undo", "Hill"]);
    assert_eq!(price(&node, "Green tea"), 490);

    node.no(&["shop", "watch", &format!("{file}.not-there"), "--shop", "Hill"], &[2]);
    node.no(&["shop", "watch", &file, "--shop", "Valley"], &[4]);
}
