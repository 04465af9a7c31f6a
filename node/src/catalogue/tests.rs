//! Catalogue files, good and bad. Nothing here may depend on anything but bytes.

mod layouts;
mod round;

use encoding_rs::{BIG5, GBK, WINDOWS_1252};
use haat_protocol::id::EntryId;
use haat_protocol::limits::{CATALOGUE_MAX_BYTES, DESCRIPTION_MAX_CHARS};
use haat_protocol::listing::{Delivery, Listing, Payment, Stock, Timing, Variant};
use haat_protocol::money::Money;
use haat_protocol::time::Millis;
use proptest::prelude::*;

use super::*;

const STREET: &[u8] = include_bytes!("samples/shopify-street.csv");
const NEW_HEADERS: &[u8] = include_bytes!("samples/shopify-new-headers.csv");

/// The columns of most files below.
const HEAD: &str = "Handle,Title,Body (HTML),Tags,Published,Status,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Price,Image Src\n";

fn cny() -> Currency {
    "CNY".parse().expect("a currency")
}

fn options() -> Options {
    Options { format: Format::Auto, currency: cny(), encoding: None }
}

fn read_text(text: &str) -> Reading {
    read(text.as_bytes(), &options()).expect("a catalogue")
}

fn with_head(rows: &str) -> Reading {
    read_text(&format!("{HEAD}{rows}"))
}

fn find<'a>(reading: &'a Reading, handle: &str) -> &'a Product {
    reading.products.iter().find(|p| p.listing.handle.as_deref() == Some(handle)).expect(handle)
}

fn handles(reading: &Reading) -> Vec<&str> {
    reading.products.iter().filter_map(|p| p.listing.handle.as_deref()).collect()
}

fn places(reading: &Reading) -> Vec<(u64, &str, &str)> {
    reading.refused.iter().map(|r| (r.row, r.column.as_str(), r.value.as_str())).collect()
}

fn skus(product: &Product) -> Vec<(&str, i64, Option<u64>)> {
    product.listing.variants.iter().map(|v| (v.sku.as_str(), v.price.minor, v.stock.number())).collect()
}

fn stored(reading: &Reading) -> Vec<(EntryId, EntryId, Listing)> {
    let numbered = reading.products.iter().zip(1_u8..);
    numbered.map(|(product, n)| (EntryId([n; 32]), EntryId([n + 100; 32]), product.listing.clone())).collect()
}

#[test]
fn a_street_of_shops_is_read() {
    let reading = read(STREET, &options()).expect("a catalogue");
    assert_eq!(reading.refused, []);
    assert_eq!(reading.products.len(), 11);
    let tea = find(&reading, "longjing-green-tea");
    assert_eq!(tea.rows, 2..=5);
    assert_eq!(tea.listing.title, "Longjing green tea 龙井绿茶");
    assert_eq!(
        tea.listing.description,
        "Picked before the Qingming rain, fired in the pan by hand.\n\n明前采摘，手工炒制。\nSpring 2025\nKeep cool and dry"
    );
    assert_eq!(skus(tea), [("LJ-50", 4800, Some(20)), ("LJ-100", 8800, Some(12)), ("LJ-250", 19800, Some(4))]);
    assert_eq!(tea.listing.variants[2].options, [("Size".to_owned(), "250 g".to_owned())]);
    assert_eq!(tea.listing.tags, ["tea", "green", "茶"]);
    assert_eq!(tea.listing.images, ["https://pictures.example/longjing.jpg", "https://pictures.example/longjing-leaf.jpg"]);
    let bread = find(&reading, "country-sourdough");
    assert_eq!(bread.rows, 6..=26, "its picture stands in the last row");
    assert_eq!(bread.listing.description, "Baked on Tuesdays and Fridays.\nOrder the evening before, please.\n\n周二、周五出炉。");
    assert_eq!((bread.listing.images.len(), bread.listing.variants[0].options.len()), (1, 0));
    assert_eq!(skus(find(&reading, "bicycle-repair")), [("", 8000, None)]);
    assert_eq!(skus(find(&reading, "wildflower-honey")), [("HONEY-500", 6800, Some(0))]);
    let hats: Vec<&str> = skus(find(&reading, "knitted-hat")).iter().map(|v| v.0).collect();
    assert_eq!(hats, ["Red 红/Child", "Red 红/Adult", "Blue 蓝/Adult"]);
    let warned: Vec<(u64, &str)> = reading.warnings.iter().map(|w| (w.row, w.column.as_str())).collect();
    assert_eq!(warned, [(17, "Variant Inventory Qty"), (18, "Variant SKU"), (19, "Variant SKU"), (20, "Variant SKU"), (24, "Status")]);
}

#[test]
fn newer_headers_say_the_same() {
    let (old, new) = (read(STREET, &options()).expect("old"), read(NEW_HEADERS, &options()).expect("new"));
    assert_eq!(new.refused, []);
    assert_eq!(handles(&new), ["longjing-green-tea", "country-sourdough", "bicycle-repair", "olive-soap", "stoneware-cup"]);
    for product in &new.products {
        let handle = product.listing.handle.as_deref().expect("a handle");
        assert_eq!(product.listing, find(&old, handle).listing);
    }
    assert_eq!(new.spoken, old.spoken);
}

/// Every bad row: what is refused, under which column, with which value.
#[test]
fn bad_rows_are_refused_by_row_and_column() {
    let cases: &[(&str, (u64, &str, &str))] = &[
        ("tea,Tea,,,,,,,A,shopify,1,,", (2, "Variant Price", "")),
        ("tea,Tea,,,,,,,A,shopify,1,\"1.234,50\",", (2, "Variant Price", "1.234,50")),
        ("tea,Tea,,,,,,,A,shopify,1,\"39,00\",", (2, "Variant Price", "39,00")),
        ("tea,Tea,,,,,,,A,shopify,1,¥39,", (2, "Variant Price", "¥39")),
        ("tea,Tea,,,,,,,A,shopify,1,1.500,", (2, "Variant Price", "1.500")),
        ("tea,Tea,,,,,,,A,shopify,1,-1,", (2, "Variant Price", "-1")),
        ("tea,Tea,,,,,,,A,shopify,1,39.00EUR,", (2, "Variant Price", "39.00EUR")),
        ("tea,Tea,,,,,,,A,shopify,1,3９,", (2, "Variant Price", "3９")),
        ("tea,Tea,,,,,,,A,shopify,many,1,", (2, "Variant Inventory Qty", "many")),
        ("tea,Tea,,,,,,,A,shopify,1.5,1,", (2, "Variant Inventory Qty", "1.5")),
        ("tea,Tea,,,,,,,A,shopify,-,1,", (2, "Variant Inventory Qty", "-")),
        ("tea,Tea,,,,,,,A,shopify,99999999999999999999,1,", (2, "Variant Inventory Qty", "99999999999999999999")),
        (",Tea,,,,,,,A,shopify,1,1,", (2, "Handle", "")),
        ("tea,,,,,,,,A,shopify,1,1,", (2, "Title", "")),
        ("tea, ,,,,,,,A,shopify,1,1,", (2, "Title", "")),
        ("tea,Tea,,,maybe,,,,A,shopify,1,1,", (2, "Published", "maybe")),
        ("tea,Tea,,,,gone,,,A,shopify,1,1,", (2, "Status", "gone")),
        ("tea,Tea,,,,,Size,S,A,,,1,\ntea,,,,,,,M,A,,,1,", (3, "Variant SKU", "A")),
        ("tea,Tea,,,,,Size,S,A,,,1,\ntea,,,,,,,S,B,,,1,", (3, "Option1 Value", "S")),
        ("tea,Tea,,,,,Size,S,A,,,1,\ntea,,,,,,,,B,,,1,", (3, "Option1 Value", "")),
        ("tea,Tea,,,,,Size,S,A,,,1,\ntea,,,,,,Colour,M,B,,,1,", (3, "Option1 Name", "Colour")),
        ("tea,Tea,,,,,,S,A,,,1,", (2, "Option1 Name", "S")),
        ("tea,Tea,,,,,,,A,,,1,\ntea,,,,,,,,,,,2,", (3, "Variant SKU", "")),
        ("tea,Tea,,,,,,,A,,,1", (2, "Image Src", "")),
        ("tea,Tea,,,,,,,A,,,1,,more", (2, "Image Src", "more")),
        ("tea,T\0ea,,,,,,,A,,,1,", (2, "Title", "Tea")),
        ("tea,\"Tea\n\nof\nthree lines\",,,,,,,A,,,1,\n\ncup,Cup,,,,,,,A,,,free,", (4, "Variant Price", "free")),
    ];
    for (rows, expected) in cases {
        let reading = with_head(rows);
        assert_eq!(places(&reading), [*expected], "{rows}");
        assert!(reading.refused[0].reason.len() > 10, "{rows}");
        assert!(!handles(&reading).contains(&if rows.contains("cup,") { "cup" } else { "tea" }), "{rows}");
    }
}

#[test]
fn long_texts_are_refused_and_the_limit_named() {
    let title = with_head(&format!("tea,{},,,,,,,A,,,1,", "茶".repeat(141)));
    assert_eq!((title.refused[0].row, title.refused[0].column.as_str()), (2, "Title"));
    assert_eq!(title.refused[0].value.chars().count(), 80);
    assert!(title.refused[0].reason.contains("140"));
    let description = with_head(&format!("tea,Tea,<p>{}</p>,,,,,,A,,,1,", "x".repeat(DESCRIPTION_MAX_CHARS + 1)));
    assert_eq!(description.refused[0].column, "Body (HTML)");
    assert!(description.refused[0].reason.contains("6000"));
    let deep = with_head(&format!("tea,Tea,{},,,,,,A,,,1,", "<div>".repeat(200)));
    assert_eq!(deep.refused[0].column, "Body (HTML)");
    let wide = with_head(&format!("tea,Tea,,,,,,,{},,,1,", "x".repeat(201)));
    assert_eq!(wide.refused[0].column, "Variant SKU");
    let many: String = (0..101).map(|n| format!("tea,Tea,,,,,Size,{n},S{n},,,1,\n")).collect();
    assert_eq!(places(&with_head(&many)), [(102, "Handle", "tea")]);
    let heavy = format!(
        "tea,Tea,{},\"{}\",,,,,A,,,1,",
        "茶".repeat(6000),
        (0..100).map(|n| format!("{n}{}", "茶".repeat(40))).collect::<Vec<_>>().join(",")
    );
    let heavy = with_head(&heavy);
    assert_eq!((heavy.refused[0].column.as_str(), heavy.products.len()), ("Handle", 0));
}

#[test]
fn all_faults_come_at_once_and_keep_back_only_their_product() {
    let reading = with_head(
        "tea,Tea,,,,,Size,S,A,,x,y,\ncup,Cup,,,,,,,C,,,12.00,\n,Nameless,,,,,,,N,,,1,\ntea,,,,,,,M,B,,,2,\npot,Pot,,,,,,,P,,,1\npot,,,,,,,,Q,,,2,",
    );
    assert_eq!(
        places(&reading),
        [(2, "Variant Inventory Qty", "x"), (2, "Variant Price", "y"), (4, "Handle", ""), (6, "Image Src", ""), (7, "Title", "")]
    );
    assert_eq!(handles(&reading), ["cup"]);
    let continued = with_head("tea,Tea,,,,,Size,S,A,,,1,\n,,,,,,,M,B,,,2,\n");
    assert_eq!((places(&continued), continued.products.len()), (vec![(3, "Handle", "")], 0), "the row was the tea's");
}

#[test]
fn stock_is_counted_only_when_said() {
    let reading = with_head("a,A,,,,,,,A,shopify,,1,\nb,B,,,,,,,B,,7,1,\nc,C,,,,,,,C,shopify,-3,1,\nd,D,,,,,,,D,shopify,0,1,\n");
    let stock: Vec<Stock> = reading.products.iter().map(|p| p.listing.variants[0].stock).collect();
    assert_eq!(stock, [Stock::Uncounted, Stock::Uncounted, Stock::Counted(0), Stock::Counted(0)]);
    let warned: Vec<(u64, &str)> = reading.warnings.iter().map(|w| (w.row, w.value.as_str())).collect();
    assert_eq!(warned, [(3, "7"), (4, "-3")]);
    let untracked = read_text("Handle,Title,Price,Inventory quantity\na,A,1,5\n");
    assert_eq!(untracked.products[0].listing.variants[0].stock, Stock::Counted(5), "no tracker column, so the number counts");
}

#[test]
fn rows_of_one_handle_are_one_product_wherever_they_stand() {
    let reading = with_head(
        "tea,Tea,,,,,Size,S,A,,,1,\ncup,Cup,,,,,Title,Default Title,C,,,3,https://x.example/c.jpg\ntea,,,,,,,M,B,,,2,\ncup,,,,,,,,,,,,https://x.example/d.jpg\ncup,,,,,,,,,,,,https://x.example/c.jpg\ncup,,,,,,,,,,,,javascript:alert(1)\ntea,Other,,,,,,L,D,,,3,\n",
    );
    assert_eq!(reading.refused, []);
    assert_eq!(handles(&reading), ["tea", "cup"]);
    assert_eq!(skus(&reading.products[0]), [("A", 100, None), ("B", 200, None), ("D", 300, None)]);
    assert_eq!(reading.products[0].rows, 2..=8);
    assert_eq!(reading.products[1].listing.images, ["https://x.example/c.jpg", "https://x.example/d.jpg"]);
    assert_eq!(reading.products[1].listing.variants[0].options, []);
    let warned: Vec<(u64, &str)> = reading.warnings.iter().map(|w| (w.row, w.column.as_str())).collect();
    assert_eq!(warned, [(7, "Image Src"), (8, "Title")]);
}

#[test]
fn what_is_not_published_is_left_out_with_a_warning() {
    let reading = with_head("a,A,,,FALSE,,,,A,,,nonsense,\nb,B,,,TRUE,draft,,,B,,,1,\nc,C,,,true,Active,,,C,,,1,\n");
    assert_eq!((handles(&reading), reading.refused.len()), (vec!["c"], 0));
    assert!(reading.warnings.iter().all(|w| w.reason.contains("not published in the file")));
    assert_eq!(reading.warnings.len(), 2);
}

#[test]
fn encodings_and_separators_give_the_same_products() {
    let text = "\u{feff}URL handle,Title,Price,Description\r\ntea,Tea 龙井茶,4.50,\"明前采摘，\r\n手工炒制。\"\r\n";
    let expected = read_text(text);
    assert_eq!(expected.warnings, []);
    assert_eq!(expected.products[0].listing.description, "明前采摘，\n手工炒制。");
    let bare = &text['\u{feff}'.len_utf8()..];
    for separator in [";", "\t"] {
        assert_eq!(read_text(&bare.replace(',', separator)), expected);
    }
    for end in ["\n", "\r"] {
        assert_eq!(read_text(&bare.replace("\r\n", end)).products, expected.products);
    }
    let units = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    assert_eq!(read(&units(u16::to_le_bytes), &options()), Ok(expected.clone()));
    assert_eq!(read(&units(u16::to_be_bytes), &options()), Ok(expected.clone()));
    let (gbk, _, lossy) = GBK.encode(bare);
    assert!(!lossy && std::str::from_utf8(&gbk).is_err());
    let read_gbk = read(&gbk, &options()).expect("GBK");
    assert_eq!(read_gbk.products, expected.products);
    assert!(read_gbk.warnings.len() == 1 && read_gbk.warnings[0].reason.contains("GBK"));
    let traditional = bare
        .replace("龙井茶", "龍井茶")
        .replace("明前采摘，\r\n手工炒制。", "明前採摘，手工炒製，每年春天只有三個星期。請放在陰涼乾燥的地方。");
    let (big5, _, lossy) = BIG5.encode(&traditional);
    assert!(!lossy);
    let read_big5 = read(&big5, &options()).expect("Big5");
    assert_eq!(read_big5.products, read_text(&traditional).products);
    assert!(read_big5.warnings[0].reason.contains("Big5"));
    let (western, _, _) = WINDOWS_1252.encode("Handle,Title,Price\ncafe,Café crème,3.50\n");
    let named = |name: &str| read(&western, &Options { encoding: Some(name.parse().expect("known")), ..options() });
    assert_eq!(named("windows-1252").expect("named").products[0].listing.title, "Café crème");
    assert_eq!(named("utf-8"), Err(FileError::NotText), "what is named is not guessed");
    assert!(matches!("latin-99".parse::<Encoding>(), Err(FileError::UnknownEncoding(_))));
}

#[test]
fn a_file_that_is_no_catalogue_says_what_to_do() {
    let fault = |bytes: &[u8]| read(bytes, &options()).expect_err("no catalogue");
    assert_eq!(fault(b""), FileError::Empty);
    assert_eq!(fault(b"\xef\xbb\xbf\n"), FileError::Empty);
    assert_eq!(fault(b"PK\x03\x04rest"), FileError::Workbook);
    assert_eq!(fault(b"\xff\xd8\xff\xe0\x00\x10JFIF\xff"), FileError::NotText);
    assert_eq!(fault(b"\xff\xfe\x00"), FileError::NotText, "half a UTF-16 unit");
    assert_eq!(fault(&vec![b'x'; CATALOGUE_MAX_BYTES + 1]), FileError::Oversize { size: CATALOGUE_MAX_BYTES + 1 });
    let missing = fault(b"Name,Cost\nTea,1\n").to_string();
    assert!(missing.contains("Handle or URL handle, Title, Variant Price or Price") && missing.contains("export"), "{missing}");
    assert_eq!(fault(b"handle, TITLE \ntea,Tea\n"), FileError::MissingColumns { row: 1, missing: vec!["Variant Price or Price".into()] });
    assert_eq!(
        fault(b"Handle,Title,Price,Variant Price\na,A,1,2\n"),
        FileError::SameColumn { first: "Price".into(), second: "Variant Price".into() }
    );
    assert_eq!(fault(b"Handle,Title,Price\na,A,1\nb,\"B,1\nc,C,1\n"), FileError::OpenQuote { row: 3, line: 3 });
    assert_eq!(read_text("handle,title,price\n").products, [], "a header alone is an empty catalogue");
}

#[test]
fn format_names() {
    assert_eq!(("Shopify".parse(), "auto".parse()), (Ok(Format::Shopify), Ok(Format::Auto)));
    for name in ["woocommerce", "etsy", "haat", "google", "schema"] {
        assert_eq!(name.parse::<Format>().map(|format| format.to_string()).as_deref(), Ok(name));
    }
    assert_eq!("JSONLD".parse(), Ok(Format::Schema));
    assert_eq!("excel".parse::<Format>(), Err(FileError::UnknownFormat("excel".into())));
}

#[test]
fn a_currency_that_a_table_names_holds() {
    let reading = read_text("Handle,Title,Price,Currency\ntea,Tea,4.50,EUR\ncup,Cup,450,jpy\npot,Pot,1.00,\npan,Pan,1.00,XQQ\n");
    let codes: Vec<&str> = reading.products.iter().map(|product| product.listing.currency.code()).collect();
    assert_eq!((codes, reading.kept.len()), (vec!["EUR", "JPY", "CNY"], 0));
    assert_eq!(places(&reading), [(5, "Currency", "XQQ")]);
}

#[test]
fn a_document_with_words_that_mean_nothing_is_refused() {
    let of = |text: &str| read(text.as_bytes(), &options()).map(|reading| reading.products.len());
    assert_eq!(of(r#"{"haat_catalogue": 0, "listings": []}"#), Ok(0));
    let unknown = of(r#"{"haat_catalogue": 0, "listings": [], "listing": []}"#).expect_err("a word too many");
    assert!(unknown.to_string().contains("\"listing\""), "{unknown}");
}

#[test]
fn names_lose_what_nobody_sees() {
    let reading = with_head("tea,\"T\u{202e}ea\u{7}\nhouse\",<p>a\u{2066}b</p>,\"x\u{200b}, ,x\",,,,,A,,,1,");
    let listing = &reading.products[0].listing;
    assert_eq!((listing.title.as_str(), listing.description.as_str()), ("Tea house", "ab"));
    assert_eq!(listing.tags, ["x\u{200b}", "x"]);
}

#[test]
fn the_same_file_twice_changes_nothing() {
    for file in [STREET, NEW_HEADERS] {
        let reading = read(file, &options()).expect("a catalogue");
        let first = plan(&reading, &[]);
        assert_eq!(first.create.len(), reading.products.len());
        assert!(first.changes.iter().all(|change| change.listing.is_none() && change.before.is_empty()));
        let second = plan(&reading, &stored(&reading));
        assert_eq!(second.unchanged.len(), reading.products.len());
        let nothing = Plan { unchanged: second.unchanged.clone(), kept: second.kept.clone(), ..Plan::default() };
        assert_eq!(second, nothing);
    }
}

#[test]
fn an_update_changes_what_the_file_says_and_keeps_the_rest() {
    let mut known = stored(&with_head("tea,Tea,old,green,,,Size,S,A,shopify,5,1,https://x.example/a.jpg\n"));
    let ship = |currency| Delivery::Ship { zone: "CN".into(), price: Money { minor: 800, currency } };
    let kept = &mut known[0].2;
    kept.lineage = Some(EntryId([1; 32]));
    kept.delivery = vec![Delivery::Pickup { place: "Gate".into() }, ship(cny())];
    kept.payment = vec![Payment { method: "cash".into(), timing: Timing::OnDelivery, instructions: None }];
    kept.returns = Some("14 days".into());
    kept.expires = Some(Millis(9));
    let before = known[0].2.clone();
    let changed = plan(&with_head("tea,Tea,,green,,,Size,S,A,shopify,5,1.20,https://x.example/a.jpg\ntea,,,,,,,M,B,,,2,\n"), &known);
    let (lineage, after) = &changed.update[0];
    assert_eq!((*lineage, after.lineage), (known[0].0, Some(known[0].0)));
    assert_eq!(
        (&after.delivery, &after.payment, &after.returns, after.expires),
        (&before.delivery, &before.payment, &before.returns, before.expires)
    );
    assert_eq!(after.description, "", "a blank cell of a column that is there erases");
    let fields: Vec<(&str, &str, &str)> = changed.changes.iter().map(|c| (c.field.as_str(), c.before.as_str(), c.after.as_str())).collect();
    assert_eq!(
        fields,
        [
            ("description", "old", ""),
            ("variants", "A", "A, B"),
            ("price A", "1.00 CNY", "1.20 CNY"),
            ("options B", "", "Size: M"),
            ("price B", "", "2.00 CNY"),
            ("stock B", "", "not counted"),
        ]
    );
    let narrow = read_text("Handle,Title,Price,SKU,Option1 name,Option1 value\ntea,Tea,1,A,Size,S\n");
    assert_eq!(plan(&narrow, &known).unchanged, [known[0].0], "columns that are not there say nothing");
    assert_eq!(plan(&read_text("Handle,Title,Price\ntea,Tea,1\n"), &known).unchanged, [known[0].0], "nor of SKU and options");
    let euro = read(
        b"Handle,Title,Price\ntea,Tea,1\n",
        &Options { format: Format::Shopify, currency: "EUR".parse().expect("known"), encoding: None },
    )
    .expect("read");
    let refused = plan(&euro, &known);
    assert_eq!((refused.refused[0].row, refused.update.len()), (2, 0), "shipping is priced in another currency");
    let gone = plan(&with_head(""), &known);
    assert_eq!(gone, Plan::default(), "a product that is not in the file stays");
}

#[test]
fn an_update_that_outgrows_one_entry_is_refused() {
    let mut known = stored(&with_head("tea,Tea,,,,,,,A,,,1,\n"));
    known[0].2.delivery = (0..32).map(|n| Delivery::Pickup { place: format!("{n}{}", "门".repeat(198)) }).collect();
    let long = with_head(&format!("tea,Tea,{},,,,,,A,,,1,\n", "茶".repeat(DESCRIPTION_MAX_CHARS)));
    assert_eq!(long.refused, []);
    let refused = plan(&long, &known);
    assert_eq!((refused.refused[0].row, refused.refused[0].value.as_str(), refused.update.len()), (2, "tea", 0));
}

fn word() -> impl Strategy<Value = String> {
    "[a-z茶é\",;]{1,3}[ \n]?[A-Z0-9碗]{1,8}"
}

fn variants() -> impl Strategy<Value = Vec<Variant>> {
    let parts = (0_i64..1_000_000, proptest::option::of(0_u64..10_000));
    proptest::collection::btree_map("[A-Z]{1,4}", parts, 1..5).prop_map(|found| {
        let one = |(sku, (minor, stock)): (String, (i64, Option<u64>))| Variant {
            options: vec![("Size".to_owned(), format!("no {sku}"))],
            sku,
            price: Money { minor, currency: cny() },
            stock: stock.into(),
        };
        found.into_iter().map(one).collect()
    })
}

/// A catalogue as a careful seller's program writes it: the csv crate's quoting, title on the first row only.
fn by_hand(products: &[(String, String, Vec<Variant>)], separator: u8) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().delimiter(separator).from_writer(Vec::new());
    let head = ["Handle", "Title", "Body (HTML)", "Option1 Name", "Option1 Value", "Variant SKU", "Variant Inventory Qty", "Variant Price"];
    writer.write_record(head).expect("in memory");
    for (at, (title, description, variants)) in products.iter().enumerate() {
        for (n, variant) in variants.iter().enumerate() {
            let first = |text: &str| if n == 0 { text.to_owned() } else { String::new() };
            let price = variant.price.to_string().replace(" CNY", "");
            let stock = variant.stock.number().map_or_else(String::new, |n| n.to_string());
            let option = variant.options[0].1.clone();
            let row = [format!("p-{at}"), first(title), first(description), first("Size"), option, variant.sku.clone(), stock, price];
            writer.write_record(row).expect("in memory");
        }
    }
    writer.into_inner().expect("in memory")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes, &options());
    }

    #[test]
    fn changed_files_never_panic(
        is_newer in any::<bool>(),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..12),
        end in any::<proptest::sample::Index>(),
    ) {
        let sample: &[u8] =
            if is_newer { include_bytes!("samples/shopify-new-headers.csv") } else { include_bytes!("samples/shopify-street.csv") };
        let mut bytes = sample.to_vec();
        for (at, byte) in changes {
            bytes[at.index(sample.len())] = byte;
        }
        for whole in [bytes.as_slice(), &bytes[..end.index(sample.len())]] {
            if let Ok(reading) = read(whole, &options()) {
                prop_assert!(reading.products.iter().all(|p| p.listing.check().is_ok()));
            }
        }
    }

    #[test]
    fn random_rows_never_panic(rows in "[a-b,;\"<>/&#0-9\n\r\t p茶\u{0}-]{0,300}") {
        let whole = read(format!("{HEAD}{rows}").as_bytes(), &options());
        if let Ok(reading) = whole {
            prop_assert!(reading.products.iter().all(|p| p.listing.check().is_ok()));
        }
        let markup = format!("Handle,Title,Price,Description\na,A,1,\"{}\"\n", rows.replace('"', "\"\""));
        prop_assert!(read(markup.as_bytes(), &options()).is_ok());
    }

    #[test]
    fn written_catalogues_read_back(
        products in proptest::collection::vec((word(), word(), variants()), 0..8),
        separator in proptest::sample::select(vec![b',', b';', b'\t']),
    ) {
        let reading = read(&by_hand(&products, separator), &options()).expect("a catalogue");
        prop_assert_eq!(&reading.refused, &[]);
        prop_assert_eq!(reading.products.len(), products.len());
        for (product, (title, description, variants)) in reading.products.iter().zip(&products) {
            prop_assert_eq!(&product.listing.title, &title.replace('\n', " "));
            prop_assert_eq!(&product.listing.description, description);
            prop_assert_eq!(&product.listing.variants, variants);
        }
    }
}
