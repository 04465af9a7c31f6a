//! A seller with a store in memory: shops, listings, and imports that are taken whole or not at all.

mod edit;

use data_encoding::BASE64;
use haat_protocol::id::SpaceId;
use haat_protocol::listing::Stock;
use haat_protocol::local::{ImportReport, ListingRow, NewListing, NewShop, Problem};

use super::super::trade::tests::kit::{Node, circle};
use super::Import;
use crate::store::Table;
use crate::view::shelf;

const GOOD: &str = "Handle,Title,Variant SKU,Variant Price\ntea,Green tea,GT,39.00\ncup,Cup,C,12.50\n";
const DEARER: &str = "Handle,Title,Variant SKU,Variant Price\ntea,Green tea,GT,41.00\ncup,Cup,C,12.50\n";
const BAD: &str = "Handle,Title,Variant SKU,Variant Price\njar,Jar,J,5.00\npot,Pot,P,cheap\n";

struct How {
    dry_run: bool,
    partial: bool,
}

const PLAIN: How = How { dry_run: false, partial: false };

fn import(node: &mut Node, shop: SpaceId, file: &str, how: &How) -> Result<ImportReport, Problem> {
    let (shop, data) = (shop.to_string(), BASE64.encode(file.as_bytes()));
    let wish =
        Import { shop: &shop, data: &data, format: None, encoding: None, currency: None, dry_run: how.dry_run, partial: how.partial };
    node.work(|work| work.listing_import(&wish)).map(|report| serde_json::from_value(report).expect("a report"))
}

fn on_shelf(node: &Node, shop: SpaceId) -> usize {
    node.read(|tx| shelf::listings(tx, &shop)).len()
}

#[test]
fn an_import_again_changes_nothing() {
    let mut ana = Node::new(1);
    let shop = ana.shop();
    let dry = import(&mut ana, shop, GOOD, &How { dry_run: true, partial: false }).expect("a preview");
    assert_eq!((dry.created.len(), dry.changes.is_empty(), on_shelf(&ana, shop)), (2, false, 0));
    let first = import(&mut ana, shop, GOOD, &PLAIN).expect("taken");
    assert_eq!((first.created.len(), on_shelf(&ana, shop)), (2, 2));
    let before = ana.everything();
    let again = import(&mut ana, shop, GOOD, &PLAIN).expect("taken");
    assert_eq!((again.created.len(), again.updated.len(), again.unchanged.len()), (0, 0, 2));
    assert_eq!(ana.everything(), before);
    let dearer = import(&mut ana, shop, DEARER, &PLAIN).expect("taken");
    assert_eq!((dearer.updated.len(), dearer.unchanged.len(), on_shelf(&ana, shop)), (1, 1, 2));
    assert!(first.created.contains(&dearer.updated[0]), "the listing keeps its name");
}

#[test]
fn refused_rows_change_nothing_unless_the_good_ones_are_wanted() {
    let mut ana = Node::new(1);
    let shop = ana.shop();
    let before = ana.everything();
    let problem = import(&mut ana, shop, BAD, &PLAIN).expect_err("a price is no price");
    assert_eq!(problem.code, "rows-refused");
    let report = problem.import.expect("the rows");
    assert_eq!((report.refused[0].row, report.refused[0].value.as_str()), (3, "cheap"));
    assert_eq!(ana.everything(), before);
    let part = import(&mut ana, shop, BAD, &How { dry_run: false, partial: true }).expect("the good ones");
    assert_eq!((part.created.len(), part.refused.len(), on_shelf(&ana, shop)), (1, 1, 1));
    assert_eq!(import(&mut ana, shop, "", &PLAIN).expect_err("no file").code, "bad-file");
}

#[test]
fn a_large_import_is_not_told_of_entry_by_entry() {
    let (mut ana, mut bob) = (Node::new(1), Node::new(2));
    let space = circle(&mut [&mut ana, &mut bob]);
    let shop = ana.shop();
    ana.work(|work| work.shop_share(&shop.to_string(), &space.to_string())).expect("shares");
    ana.passing.due.clear();
    let rows: String = (0..100).map(|n| format!("h{n},Thing {n},S{n},1.00\n")).collect();
    let data = BASE64.encode(format!("Handle,Title,Variant SKU,Variant Price\n{rows}").as_bytes());
    let named = shop.to_string();
    let wish =
        Import { shop: &named, data: &data, format: Some("shopify"), encoding: None, currency: None, dry_run: false, partial: false };
    let told = ana.work(|work| {
        work.listing_import(&wish).expect("taken");
        work.notice_news();
        work.out.len()
    });
    assert_eq!((told, on_shelf(&ana, shop)), (1, 100));
    assert!(ana.passing.due.contains_key(&space), "but the circle is compared soon");
    bob.follow(&ana);
    assert_eq!(on_shelf(&bob, shop), 100);
}

#[test]
fn shops_are_kept_by_their_keepers() {
    let (mut ana, mut bob) = (Node::new(1), Node::new(2));
    let space = circle(&mut [&mut ana, &mut bob]).to_string();
    let shop = ana.shop();
    let named = shop.to_string();
    let twin = NewShop { name: "hill".into(), currency: "CNY".into(), returns: "none".into(), ..NewShop::default() };
    assert_eq!(ana.work(|work| work.shop_create(&twin)).expect_err("a twin").code, "name-taken");
    let rough = NewShop { name: "Rough".into(), currency: "CNY".into(), ..NewShop::default() };
    let before = ana.everything();
    assert_eq!(ana.work(|work| work.shop_create(&rough)).expect_err("no returns").code, "bad-shop");
    let pay = (0..32).map(|n| format!("{n}{}:before:{}", "茶".repeat(190), "茶".repeat(190))).collect();
    let long = NewShop { returns: "none".into(), pay, ..rough };
    assert_eq!(ana.work(|work| work.shop_create(&long)).expect_err("too much to say").code, "bad-shop");
    assert_eq!(ana.everything(), before, "nothing of it is kept");
    ana.work(|work| work.shop_share(&named, &space)).expect("shares");
    assert_eq!(ana.work(|work| work.shop_share(&named, &space)).expect_err("again").code, "already-shared");
    let listing = ana.list(shop, None);
    bob.follow(&ana);
    let new = NewListing { shop: named.clone(), title: "Mine".into(), price: "1".into(), ..NewListing::default() };
    assert_eq!(bob.work(|work| work.listing_add(&new)).expect_err("not bob's").code, "not-yours");
    assert_eq!(bob.work(|work| work.listing_withdraw(&listing.to_string())).expect_err("not bob's").code, "not-yours");
    ana.work(|work| work.listing_withdraw(&listing.to_string())).expect("withdraws");
    assert!(ana.read(|tx| shelf::row(tx, &listing)).expect("held").is_withdrawn());
    assert!(!ana.store.snapshot_rows(Table::Log).is_empty());
}

fn count(node: &mut Node, listing: &str, sku: Option<&str>, stock: Stock) -> Result<ListingRow, Problem> {
    node.work(|work| work.listing_stock(listing, sku, stock)).map(|row| serde_json::from_value(row).expect("a listing"))
}

const STOCKED: &str = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price\ntea,Green tea,Size,50 g,A,8,39.00\ntea,,,100 g,B,4,70.00\n";

#[test]
fn a_count_is_a_new_version_of_one_variant() {
    let mut ana = Node::new(1);
    let shop = ana.shop();
    let tea = import(&mut ana, shop, STOCKED, &PLAIN).expect("taken").created.remove(0);
    let stocks = |row: &ListingRow| row.variants.iter().map(|variant| variant.stock).collect::<Vec<_>>();
    let row = count(&mut ana, "Green tea", Some("B"), Stock::Counted(9)).expect("counted");
    assert_eq!((row.listing.to_string(), row.versions.len(), row.state.as_str()), (tea, 2, "listed"));
    assert_eq!(stocks(&row), [Stock::Counted(8), Stock::Counted(9)]);
    let row = count(&mut ana, "Green tea", Some("A"), Stock::Uncounted).expect("not counted");
    assert_eq!(stocks(&row), [Stock::Uncounted, Stock::Counted(9)]);

    let before = ana.everything();
    let problem = count(&mut ana, "Green tea", None, Stock::Counted(1)).expect_err("which?");
    assert_eq!((problem.code.as_str(), problem.detail.as_str()), ("sku-needed", "there are: A, B"));
    assert_eq!(count(&mut ana, "Green tea", Some("C"), Stock::Counted(1)).expect_err("none").code, "no-such-sku");
    assert_eq!(count(&mut ana, "Black tea", None, Stock::Counted(1)).expect_err("none").code, "not-found");
    assert_eq!(ana.everything(), before, "a refusal writes nothing");
    ana.work(|work| work.listing_withdraw("Green tea")).expect("withdraws");
    assert_eq!(count(&mut ana, "Green tea", Some("B"), Stock::Counted(1)).expect_err("gone").code, "withdrawn");
}
