//! A shop as a file: what a real node writes it reads again without a change, and what was changed in between it takes.

use haat_tests::daemon::story::circle_of;
use haat_tests::daemon::{Node, Town, items};
use serde_json::Value;

/// Two products as Shopify writes them, with a column that Haat knows nothing of and a picture with words of its own.
const SHOPIFY: &str = "\
Handle,Title,Body (HTML),Vendor,Tags,Published,Option1 Name,Option1 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,Variant Inventory Qty,Variant Price,Image Src,Image Alt Text,Cost per item
tea,Green tea,<p>Fired &amp; dried</p>,Hill,\"tea, green\",TRUE,Weight,50 g,T-50,50,shopify,20,4.50,https://pictures.example/tea.jpg,,2.10
tea,,,,,,,100 g,T-100,100,shopify,10,8.20,,,4.00
tea,,,,,,,,,,,,,https://pictures.example/leaf.jpg,A leaf,
cup,'=Cup,,,,TRUE,Title,Default Title,CUP,300,,,12.00,,,
";

/// The same shelf in WooCommerce's words.
const WOO: &str = "\
ID,Type,SKU,Name,Published,In stock?,Stock,Regular price,Categories,Parent,Attribute 1 name,Attribute 1 value(s)
7,variable,SOAP,Olive soap,1,1,,,Bath,,Scent,\"Rose, Mint\"
8,variation,SOAP-R,,1,1,5,3.00,,id:7,Scent,Rose
9,variation,SOAP-M,,1,1,6,3.50,,id:7,Scent,Mint
";

fn shop(town: &Town) -> Node {
    let mut node = town.node("chen");
    node.up(&[]);
    node.ok(&["shop", "create", "Hill", "--currency", "CNY", "--returns", "none", "--pickup", "North gate"]);
    node
}

fn counts(report: &Value) -> [usize; 4] {
    ["created", "updated", "unchanged", "refused"].map(|key| report[key].as_array().map_or(usize::MAX, Vec::len))
}

#[test]
fn what_is_exported_is_imported_without_a_change() {
    let town = Town::new();
    let node = shop(&town);
    let import = |file: &str| node.ok(&["listing", "import", file, "--shop", "Hill"]);
    assert_eq!(counts(&import(&town.file("shopify.csv", SHOPIFY))), [2, 0, 0, 0]);
    assert_eq!(counts(&import(&town.file("woo.csv", WOO))), [1, 0, 0, 0]);
    let own = ["listing", "add", "--shop", "Hill", "--title", "By hand", "--price", "9.00", "--ship", "CN=6.00", "--expires", "30d"];
    node.ok(&own);
    let shelf = node.ok(&["listing", "list", "--shop", "Hill"]);
    for format in ["haat", "json", "shopify"] {
        let file = town.path(&format!("out.{format}")).display().to_string();
        node.ok(&["listing", "export", "--shop", "Hill", "--format", format, "--file", &file]);
        let text = std::fs::read_to_string(&file).expect("it was written");
        assert_eq!(node.run_plain(&["listing", "export", "--shop", "Hill", "--format", format]), text, "{format}: to standard output");
        assert_eq!(node.see(&["listing", "export", "--shop", "Hill", "--format", format])["text"], text.as_str());
        for kept in ["Cost per item", "2.10", "Image Alt Text", "A leaf", "Vendor", "Categories", "Bath"] {
            assert!(text.contains(kept), "{format} lost {kept:?}: {text}");
        }
        let again = import(&file);
        assert_eq!((counts(&again), &again["changes"]), ([0, 0, 4, 0], &Value::Array(vec![])), "{format}: {text}");
        assert_eq!(node.ok(&["listing", "list", "--shop", "Hill"]), shelf, "{format}");
    }
    let table = node.run_plain(&["listing", "export", "--shop", "Hill"]);
    assert!(table.contains(",'=Cup,"), "no spreadsheet takes a title for a formula: {table}");
    let changed = import(&town.file("dearer.csv", table.replace(",4.50,", ",4.80,")));
    assert_eq!(counts(&changed), [0, 1, 3, 0]);
    assert_eq!((&changed["changes"][0]["field"], &changed["changes"][0]["after"]), (&"price T-50".into(), &"4.80 CNY".into()));
}

#[test]
fn only_the_keeper_exports_and_only_into_what_has_room() {
    let town = Town::new();
    let [mut seller, mut buyer] = circle_of(&town, ["chen", "wang"], "Lane 12", &[]);
    seller.ok(&["shop", "create", "Hill", "--currency", "CNY", "--returns", "none"]);
    seller.ok(&["listing", "add", "--shop", "Hill", "--title", "Tea", "--price", "1.00"]);
    seller.ok(&["shop", "share", "Hill", "--circle", "Lane 12"]);
    haat_tests::daemon::until("the shop is seen", || items(&buyer.see(&["shop", "list"])).first().map(drop));
    assert_eq!(buyer.no(&["listing", "export", "--shop", "Hill"], &[3]).code, "not-yours");
    assert_eq!(seller.no(&["listing", "export", "--shop", "Dale"], &[4]).code, "not-found");
    let file =
        town.file("euro.json", r#"[{"@type": "Product", "sku": "C", "name": "Cup", "offers": {"price": "2.00", "priceCurrency": "EUR"}}]"#);
    seller.ok(&["listing", "import", &file, "--shop", "Hill"]);
    assert_eq!(seller.no(&["listing", "export", "--shop", "Hill", "--format", "shopify"], &[3]).code, "no-room");
    assert!(seller.run_plain(&["listing", "export", "--shop", "Hill", "--format", "json"]).contains("\"EUR\""));
    let nowhere = town.path("no/such/folder/out.csv").display().to_string();
    assert_eq!(seller.no(&["listing", "export", "--shop", "Hill", "--file", &nowhere], &[2]).code, "output-file");
    let latin = town.file("latin.csv", b"Handle,Title,Price\ncafe,Caf\xe9,3.50\n".as_slice());
    let named = |name| ["listing", "import", &latin, "--shop", "Hill", "--encoding", name].map(str::to_owned);
    let words = |name| named(name);
    let [wrong, right] = ["latin-99", "windows-1252"].map(words);
    assert_eq!(seller.no(&wrong.each_ref().map(String::as_str), &[2]).code, "bad-encoding");
    seller.ok(&right.each_ref().map(String::as_str));
    assert!(items(&seller.ok(&["listing", "list", "--shop", "Hill"])).iter().any(|row| row["title"] == "Café"));
}
