//! Catalogue files as people have them: all or nothing, every wrong row named, and the same file twice changes nothing.

use haat_tests::daemon::answer::document;
use haat_tests::daemon::{Node, Town, items};
use serde_json::Value;

const HEAD: &str = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Inventory Qty\n";
const GOOD: &str = "tea,Green tea,Weight,50 g,T-50,4.50,20\ntea,,,100 g,T-100,8.20,10\ncup,\"Cup, blue\",,,CUP,12.00,6\n";

/// "绿茶" and "茶杯" as older spreadsheets in China save them (GBK).
const GREEN_TEA_GBK: &[u8] = &[0xc2, 0xcc, 0xb2, 0xe8];
const CUP_GBK: &[u8] = &[0xb2, 0xe8, 0xb1, 0xad];

fn shop(town: &Town) -> Node {
    let mut node = town.node("chen");
    node.up(&[]);
    node.ok(&["shop", "create", "Hill", "--currency", "CNY", "--returns", "none", "--pickup", "North gate"]);
    node
}

fn count(report: &Value, key: &str) -> usize {
    report[key].as_array().unwrap_or_else(|| panic!("no {key}: {report}")).len()
}

fn counts(report: &Value) -> [usize; 4] {
    ["created", "updated", "unchanged", "refused"].map(|key| count(report, key))
}

fn listings(node: &Node) -> Vec<Value> {
    items(&node.ok(&["listing", "list", "--shop", "Hill"])).to_vec()
}

#[test]
fn wrong_rows_are_all_named_and_nothing_is_taken() {
    let town = Town::new();
    let mut node = shop(&town);
    let rows = [
        "tea,Green tea,,,T,4.50,20",
        "bad-price,Bad price,,,P,four,1",
        "bad-stock,Bad stock,,,S,1.00,many",
        "no-title,,,,N,1.00,1",
        "minus,Minus,,,M,-2.00,1",
        "three,Three digits,,,D,1.999,1",
        "cup,Cup,,,CUP,12.00,6",
    ];
    let file = town.file("wrong.csv", format!("{HEAD}{}\n", rows.join("\n")));
    let problem = node.no_in_words(&["listing", "import", &file, "--shop", "Hill"], &[3]).document;
    assert_eq!(problem["code"], "rows-refused");
    let refused = problem["refused"].as_array().expect("the refused rows");
    let named: Vec<_> = refused.iter().map(|row| (row["row"].as_u64().unwrap_or(0), row["column"].as_str().unwrap_or(""))).collect();
    let wanted = [(3, "Variant Price"), (4, "Variant Inventory Qty"), (5, "Title"), (6, "Variant Price"), (7, "Variant Price")];
    assert_eq!(named, wanted, "{problem}");
    assert!(refused.iter().all(|row| row["reason"].as_str().is_some_and(|why| !why.is_empty())), "{problem}");
    assert_eq!(refused[0]["value"], "four");
    assert!(listings(&node).is_empty(), "something was taken in");

    let report = node.ok(&["listing", "import", &file, "--shop", "Hill", "--partial"]);
    assert_eq!(counts(&report), [2, 0, 0, 5], "{report}");
    assert_eq!(listings(&node).len(), 2);
}

#[test]
fn the_same_file_again_changes_nothing() {
    let town = Town::new();
    let node = shop(&town);
    let text = format!("{HEAD}{GOOD}");
    let file = town.file("good.csv", &text);
    let dry = node.ok(&["listing", "import", &file, "--shop", "Hill", "--dry-run"]);
    assert!(count(&dry, "changes") > 0 && listings(&node).is_empty(), "a dry run takes nothing in: {dry}");
    assert_eq!(counts(&node.ok(&["listing", "import", &file, "--shop", "Hill"])), [2, 0, 0, 0]);
    let before = listings(&node);
    assert_eq!(counts(&node.ok(&["listing", "import", &file, "--shop", "Hill"])), [0, 0, 2, 0]);
    let piped = node.ok_reading(&["listing", "import", "-", "--shop", "Hill"], text.as_bytes());
    assert_eq!(counts(&piped), [0, 0, 2, 0]);
    for same in [text.replace('\n', "\r\n"), format!("\u{feff}{text}"), format!("{text}\n\n")] {
        let report = node.ok_reading(&["listing", "import", "-", "--shop", "Hill", "--format", "shopify"], same.as_bytes());
        assert_eq!(counts(&report), [0, 0, 2, 0], "{report}");
    }
    assert_eq!(listings(&node), before);

    let dearer = town.file("dearer.csv", text.replace("8.20", "9.00"));
    let dry = node.ok(&["listing", "import", &dearer, "--shop", "Hill", "--dry-run"]);
    let change = &dry["changes"][0];
    assert_eq!((&change["before"], &change["after"]), (&Value::from("8.20 CNY"), &Value::from("9.00 CNY")), "{dry}");
    assert_eq!(listings(&node), before, "a dry run changes nothing");
    assert_eq!(counts(&node.ok(&["listing", "import", &dearer, "--shop", "Hill"])), [0, 1, 1, 0]);
    let tea = node.ok(&["listing", "show", "Green tea"]);
    assert_eq!((tea["variants"][1]["price"]["minor"].as_u64(), tea["versions"].as_array().map(Vec::len)), (Some(900), Some(2)), "{tea}");
}

#[test]
fn separators_and_encodings() {
    let town = Town::new();
    let node = shop(&town);
    let semicolons = "Handle;Title;Variant Price\nsalt;Salt, coarse;3.00\n";
    let tabs = "Handle\tTitle\tVariant Price\nsoap\tSoap; hard\t5.00\n";
    let head = b"Handle,Title,Variant Price\ngreen,".to_vec();
    let gbk = [&head[..], GREEN_TEA_GBK, b",9.00\ncup,", CUP_GBK, b",19.00\n"].concat();
    let files = [("semicolons.csv", semicolons.as_bytes().to_vec(), 1), ("tabs.csv", tabs.as_bytes().to_vec(), 1), ("gbk.csv", gbk, 2)];
    for (name, bytes, created) in files {
        let output = node.run(&["listing", "import", &town.file(name, bytes), "--shop", "Hill"], None);
        assert_eq!(counts(&document(name, &output)), [created, 0, 0, 0], "{name}");
    }
    let titles: Vec<String> = listings(&node).iter().map(|row| row["title"].as_str().unwrap_or("").to_owned()).collect();
    for title in ["Salt, coarse", "Soap; hard", "绿茶", "茶杯"] {
        assert!(titles.iter().any(|there| there == title), "{title} is not among {titles:?}");
    }
}

#[test]
fn files_that_are_no_catalogue() {
    let town = Town::new();
    let mut node = shop(&town);
    let huge = format!("{HEAD}tea,{},,,T,1.00,1\n", "x".repeat(2_000_000));
    let many = format!("{}\n{}\n", vec!["Handle"; 2000].join(","), vec!["x"; 2000].join(","));
    let files: [(&str, Vec<u8>); 12] = [
        ("empty", Vec::new()),
        ("blank", b"\n\n  \n".to_vec()),
        ("head-only-text", b"hello".to_vec()),
        ("no-price", b"Handle,Title\ntea,Green tea\n".to_vec()),
        ("twice", b"Handle,Title,Variant Price,Variant Price\ntea,Tea,1.00,2.00\n".to_vec()),
        ("open-quote", format!("{HEAD}tea,\"Green tea,,,T,4.50,20\n").into_bytes()),
        ("short-row", format!("{HEAD}tea,Green tea\n").into_bytes()),
        ("zeros", vec![0; 4096]),
        ("noise", (0..=255).cycle().take(5000).collect()),
        ("huge-cell", huge.into_bytes()),
        ("columns", many.into_bytes()),
        ("json", br#"{"listings":[{"title":"Tea"}]}"#.to_vec()),
    ];
    for (name, bytes) in files {
        node.no_in_words(&["listing", "import", &town.file(name, bytes), "--shop", "Hill"], &[2, 3]);
    }
    let good = town.file("good.csv", format!("{HEAD}{GOOD}"));
    node.no(&["listing", "import", &format!("{good}.not-there"), "--shop", "Hill"], &[2, 4, 7]);
    node.no(&["listing", "import", node.home().to_str().expect("text").to_owned().as_str(), "--shop", "Hill"], &[2, 3, 7]);
    node.no(&["listing", "import", &good, "--shop", "Valley"], &[4]);
    node.no(&["listing", "import", &good, "--shop", "Hill", "--currency", "tea"], &[2, 3]);
    node.no(&["listing", "import", &good, "--shop", "Hill", "--format", "floppy"], &[2]);
    assert!(listings(&node).is_empty(), "something was taken in");
}

/// What goes beyond a page is on the next one, and a list says where that begins.
#[test]
fn long_lists_are_turned_page_by_page() {
    let town = Town::new();
    let mut node = shop(&town);
    let rows: String = (0..1_010).map(|number| format!("h{number},Cup {number:04},,,C{number},1.00,\n")).collect();
    node.ok(&["listing", "import", &town.file("many.csv", format!("{HEAD}{rows}")), "--shop", "Hill"]);
    let list = ["listing", "list", "--shop", "Hill"];
    let titles = |page: &Value| items(page).iter().map(|row| row["title"].as_str().unwrap_or("").to_owned()).collect::<Vec<_>>();
    let whole = node.ok(&list);
    let next = whole["next"].as_str().expect("a page holds a thousand").to_owned();
    let rest = node.ok(&[&list[..], &["--after", &next]].concat());
    assert_eq!(rest["next"], Value::Null);
    let told = [titles(&whole), titles(&rest)].concat();
    assert_eq!((titles(&rest).len(), &told), (10, &(0..1_010).map(|number| format!("Cup {number:04}")).collect::<Vec<_>>()));
    let some = node.ok(&[&list[..], &["--limit", "2", "--after", &next]].concat());
    assert_eq!(titles(&some), ["Cup 1000", "Cup 1001"]);
    for other in [&["people", "--after", &next][..], &["listing", "list", "--after", &next], &["notices", "--after", "x"]] {
        assert_eq!(node.no_in_words(other, &[2]).document["code"], "bad-cursor", "{other:?}");
    }
    for list in [&["order", "list"][..], &["people"], &["notices"], &["shop", "list"], &["peer", "list"]] {
        assert_eq!(node.ok(&[list, &["--limit", "1"]].concat())["next"], Value::Null, "{list:?}");
    }
}
