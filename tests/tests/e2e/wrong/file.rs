//! Catalogue files that nobody should send: broken in their bytes, their cells, their rows, or no files at all.

use std::ffi::OsString;
use std::fs::File;
use std::process::Command;

use haat_tests::daemon::{Node, Town};

use super::{Case, keeper, try_all, words};

const HEAD: &str = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Inventory Qty\n";
const OWN: &str = "handle,title,sku,price,currency,stock\n";
/// One byte more than an import reads.
const TOO_LARGE: u64 = 64 * 1024 * 1024 + 1;
/// More than a cell may hold.
const CELL: usize = 1_500_000;
/// Far more columns than any catalogue has.
const COLUMNS: usize = 1_000_000;

/// Imports each into the shop; named as what is tried.
fn import<'a>(town: &Town, files: &[(&'a str, Vec<u8>, &'a str)]) -> Vec<Case<'a>> {
    let path = |at: usize| format!("wrong-{at}");
    let case = |(at, (what, bytes, code)): (usize, &(&'a str, Vec<u8>, &'a str))| {
        (*what, words(&["listing", "import", &town.file(&path(at), bytes), "--shop", "Hill"]), 3, *code)
    };
    files.iter().enumerate().map(case).collect()
}

#[test]
fn bytes_that_are_no_table() {
    let town = Town::new();
    let mut node = keeper(&town);
    let row = |rest: &[u8]| [HEAD.as_bytes(), b"tea,", rest, b",,,T,4.50,20\n"].concat();
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let files = [
        ("UTF-8 with a byte of nothing", row(b"Gr\xff\xffen"), "bad-file"),
        ("half a letter of GBK", row(b"\xc2\xcc\xb2,"), "bad-file"),
        ("a mark of UTF-8 and no UTF-8", [b"\xef\xbb\xbf", &row(b"\xc2\xcc\xb2\xe8")[..]].concat(), "bad-file"),
        ("a mark of UTF-16 and UTF-8", [b"\xff\xfe", &row(b"Tea")[..]].concat(), "bad-file"),
        ("the other mark of UTF-16", [&b"\xfe\xff"[..], &wide(HEAD)].concat(), "bad-file"),
        ("UTF-16 and half a letter", [&b"\xff\xfe"[..], &wide(HEAD), b"t"].concat(), "bad-file"),
        ("UTF-16 and half of a pair", [&b"\xff\xfe"[..], &wide(HEAD), b"\x00\xd8\x0a\x00"].concat(), "bad-file"),
        ("UTF-16 without a mark", wide(&format!("{HEAD}tea,Tea,,,T,4.50,20\n")), "rows-refused"),
        ("UTF-32", [&b"\xff\xfe\0\0"[..], b"H\0\0\0a\0\0\0"].concat(), "bad-file"),
        ("a mark alone", b"\xef\xbb\xbf".to_vec(), "bad-file"),
        ("a workbook", [&b"PK\x03\x04"[..], &[0; 100]].concat(), "bad-file"),
        ("a picture", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), "bad-file"),
        ("something packed", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xff\xff".to_vec(), "bad-file"),
        ("a page", b"<!doctype html><table><tr><td>Handle</td></tr></table>".to_vec(), "bad-file"),
        ("a quote that does not end", [HEAD, "tea,\"Tea,,,T,4.50,20\ncup,Cup,,,C,1.00,1\n"].concat().into_bytes(), "bad-file"),
        ("a quote in the header", format!("\"{HEAD}tea,Tea,,,T,4.50,20\n").into_bytes(), "bad-file"),
        ("a million columns", format!("{}\n", vec!["c"; COLUMNS].join(",")).into_bytes(), "bad-file"),
        ("a million columns in a row", format!("{HEAD}tea,Tea,,,T,1.00,{}\n", ",".repeat(COLUMNS)).into_bytes(), "rows-refused"),
        ("too many rows", format!("{HEAD}{}", "t,T,,,T,1.00,1\n".repeat(200_001)).into_bytes(), "bad-file"),
        ("a column twice", b"Handle,Title,Variant Price,TITLE\ntea,Tea,1.00,Tea\n".to_vec(), "bad-file"),
        ("another separator", HEAD.replace(',', "|").into_bytes(), "bad-file"),
    ];
    try_all(&mut node, &import(&town, &files));
}

#[test]
fn cells_that_mean_nothing() {
    let town = Town::new();
    let mut node = keeper(&town);
    let shopify = |row: &str| format!("{HEAD}cup,Cup,,,CUP,12.00,6\n{row}\n").into_bytes();
    let own = |row: &str| format!("{OWN}cup,Cup,CUP,12.00,CNY,6\n{row}\n").into_bytes();
    let price = |price: &str| shopify(&format!("tea,Tea,,,T,{price},20"));
    let long = "x".repeat(CELL);
    let files = [
        ("a price below nothing", price("-4.50")),
        ("a price with a sign", price("+4.50")),
        ("a price of nothing", price("")),
        ("a price that is none", price("NaN")),
        ("a price without end", price("Infinity")),
        ("a price as machines write it", price("1e3")),
        ("a price in hexadecimal", price("0x10")),
        ("a price in other digits", price("\u{ff14}.\u{ff15}\u{ff10}")),
        ("a price that turns around", price("\u{202e}05.4")),
        ("a price with a mark inside", price("4\u{200b}.50")),
        ("a price with a thousand sign", price("\"1,000\"")),
        ("a price of three places", price("1.999")),
        ("a price beyond all money", price("99999999999999999999999")),
        ("a price to be reckoned", price("=1+1")),
        ("a price that calls a program", price("\"=cmd|' /C calc'!A0\"")),
        ("a price with a zero byte", price("4\0.50")),
        ("a stock of a half", shopify("tea,Tea,,,T,4.50,0.5")),
        ("a stock beyond all numbers", shopify("tea,Tea,,,T,4.50,99999999999999999999")),
        ("no title", shopify("tea,,,,T,4.50,20")),
        ("a title of marks that nobody sees", shopify("tea,\u{202e}\u{feff}\0,,,T,4.50,20")),
        ("a title without end", shopify(&format!("tea,{long},,,T,4.50,20"))),
        ("a code without end", shopify(&format!("tea,Tea,,,{long},4.50,20"))),
        ("a handle without end", shopify(&format!("{long},Tea,,,T,4.50,20"))),
        ("a code twice", shopify("tea,Tea,Size,S,T,4.50,20\ntea,,Size,L,T,5.50,20")),
        ("the same variant twice", shopify("tea,Tea,Size,S,A,4.50,20\ntea,,Size,S,B,5.50,20")),
        ("a row too short", shopify("tea,Tea")),
        ("a row too long", shopify("tea,Tea,,,T,4.50,20,30")),
        ("a currency that is none", own("tea,Tea,T,4.50,XQQ,20")),
        ("two currencies of one product", own("tea,Tea,T,4.50,CNY,20\ntea,,U,4.50,EUR,20")),
        ("a sign for a currency", own("tea,Tea,T,4.50,\u{a5},20")),
        ("no currency has so few places", own("tea,Tea,T,4.50,JPY,20")),
    ]
    .map(|(what, bytes)| (what, bytes, "rows-refused"));
    try_all(&mut node, &import(&town, &files));
}

#[test]
fn documents_that_are_no_catalogue() {
    let town = Town::new();
    let mut node = keeper(&town);
    let ours = |listings: &str| format!(r#"{{"haat_catalogue": 0, "listings": {listings}}}"#).into_bytes();
    let one =
        |price: &str| ours(&format!(r#"[{{"handle":"t","title":"Tea","currency":"CNY","variants":[{{"price":{price},"stock":1}}]}}]"#));
    let product = |offers: &str| format!(r#"[{{"@type":"Product","sku":"C","name":"Cup","offers":{offers}}}]"#).into_bytes();
    let files = [
        ("half a document", br#"{"haat_catalogue": 0, "listings": ["#.to_vec(), "bad-file"),
        ("a very deep list", "[".repeat(100_000).into_bytes(), "bad-file"),
        ("a very deep object", r#"{"a":"#.repeat(100_000).into_bytes(), "bad-file"),
        ("a deep catalogue", ours(&format!("{}{}", "[".repeat(300), "]".repeat(300))), "bad-file"),
        ("two documents", [ours("[]"), ours("[]")].concat(), "bad-file"),
        ("no text", [ours("[]"), b"\xff".to_vec()].concat(), "bad-file"),
        ("a later version", br#"{"haat_catalogue": 9, "listings": []}"#.to_vec(), "bad-file"),
        ("a version of words", br#"{"haat_catalogue": "0", "listings": []}"#.to_vec(), "bad-file"),
        ("no listings", br#"{"haat_catalogue": 0}"#.to_vec(), "bad-file"),
        ("listings that are none", ours("7"), "bad-file"),
        ("an unknown key", br#"{"haat_catalogue": 0, "listings": [], "more": 1}"#.to_vec(), "bad-file"),
        ("a listing that is none", ours("[7]"), "rows-refused"),
        ("a price that is no text", one("4.5"), "rows-refused"),
        ("a price that is none", one(r#""four""#), "rows-refused"),
        ("a price below nothing", one(r#""-1.00""#), "rows-refused"),
        ("a number beyond all machines", one("1e999"), "bad-file"),
        ("no number at all", one("NaN"), "bad-file"),
        ("an object without products", br#"{"name": "Tea"}"#.to_vec(), "bad-file"),
        ("a list of nothing", b"[]".to_vec(), "bad-file"),
        ("a product without an offer", product("null"), "rows-refused"),
        ("a product for nothing known", product(r#"{"price":"2.00","priceCurrency":"XQQ"}"#), "rows-refused"),
        ("a product below nothing", product(r#"{"price":-2,"priceCurrency":"EUR"}"#), "rows-refused"),
    ];
    try_all(&mut node, &import(&town, &files));
}

/// What is named is no file, or nothing that can be read to its end; and options that contradict the file.
#[test]
fn files_that_are_none() {
    let town = Town::new();
    let mut node = keeper(&town);
    let large = town.path("large");
    File::create(&large).and_then(|file| file.set_len(TOO_LARGE)).expect("made, with holes");
    let (dangling, round) = (town.path("dangling"), town.path("round"));
    std::os::unix::fs::symlink("nowhere", &dangling).expect("made");
    std::os::unix::fs::symlink(&round, &round).expect("made");
    let good = town.file("good.csv", format!("{HEAD}tea,Tea,,,T,4.50,20\n"));
    let import = |file: &str, more: &[&str]| words(&[&["listing", "import", file, "--shop", "Hill"][..], more].concat());
    let path = |path: &std::path::Path| path.to_str().expect("text").to_owned();
    let cases: Vec<Case<'_>> = vec![
        ("nothing of that name", import("/proc/none", &[]), 2, "input-file"),
        ("no name", import("", &[]), 2, "usage"),
        ("a name without end", import(&"x".repeat(5_000), &[]), 2, "input-file"),
        ("a directory", import(&path(node.home()), &[]), 2, "input-file"),
        ("a file as a directory", import(&format!("{good}/tea"), &[]), 2, "input-file"),
        ("a link to nothing", import(&path(&dangling), &[]), 2, "input-file"),
        ("a link to itself", import(&path(&round), &[]), 2, "input-file"),
        ("what cannot be read", import("/proc/self/mem", &[]), 2, "input-file"),
        ("a device without end", import("/dev/zero", &[]), 2, "input-too-large"),
        ("a device without a beginning", import("/dev/null", &[]), 3, "bad-file"),
        ("nothing on standard input", import("-", &[]), 3, "bad-file"),
        ("a file that is too large", import(&path(&large), &[]), 2, "input-too-large"),
        ("a layout that nobody knows", import(&good, &["--format", "floppy"]), 2, "usage"),
        ("the layout of another", import(&good, &["--format", "etsy"]), 3, "bad-file"),
        ("a document that is a table", import(&good, &["--format", "schema"]), 3, "bad-file"),
        ("an encoding that nobody knows", import(&good, &["--encoding", "latin-99"]), 2, "bad-encoding"),
        ("a currency that is none", import(&good, &["--currency", "tea"]), 2, "bad-value"),
        ("a currency without these places", import(&good, &["--currency", "JPY"]), 3, "rows-refused"),
        ("nobody's shop", words(&["listing", "import", &good, "--shop", "Dale"]), 4, "not-found"),
        ("no shop", words(&["listing", "import", &good]), 2, "usage"),
        ("not at once wet and dry", import(&good, &["--dry-run", "--dry-run"]), 2, "usage"),
    ];
    try_all(&mut node, &cases);
    pipes(&town, &mut node, &import);
}

/// A pipe in the file system is read as what comes through it.
fn pipes(town: &Town, node: &mut Node, import: &impl Fn(&str, &[&str]) -> Vec<OsString>) {
    let pipe = town.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo is there").success());
    let before = haat_tests::daemon::still::Still::of(node);
    for (bytes, code) in [(&b""[..], "bad-file"), (b"tea\0", "bad-file"), (b"Handle,Title,Variant Price\nt,T,four\n", "rows-refused")] {
        let (to, bytes) = (pipe.clone(), bytes.to_vec());
        let writer = std::thread::spawn(move || std::fs::write(to, bytes).expect("somebody reads"));
        let output = haat_tests::daemon::node::finish(node.begin(true).args(import(pipe.to_str().expect("text"), &[])), None);
        writer.join().expect("it was written");
        assert_eq!(haat_tests::daemon::answer::problem("a pipe", &output, &[3]).code, code);
    }
    before.assert_same(node, "pipes");
    node.assert_unharmed("pipes");
}
