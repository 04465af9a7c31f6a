//! A seller who edits listings, one or all that fit, and takes it back.

use haat_protocol::id::{EntryId, SpaceId};
use haat_protocol::limits::UNDO_STEPS_MAX;
use haat_protocol::listing::{Delivery, Stock};
use haat_protocol::local::{EditReport, ListingEdit, ListingRow, NewListing, NewOffer, NewShop, OrderWords, Problem, ShopEdit, UndoReport};

use super::super::super::trade::tests::kit::{Node, carry, circle, connect, id, wanted};
use super::{PLAIN, import};
use crate::ask;
use crate::store::Table;
use crate::view::shelf;

const TWO: &str = "Handle,Title,Variant SKU,Variant Price,Variant Inventory Qty,Tags
tea,Green tea,GT,39.00,10,\"leaf, spring\"
cup,Cup,C,12.50,4,clay
";

fn edit(node: &mut Node, edit: ListingEdit) -> Result<EditReport, Problem> {
    node.work(|work| {
        // As the table of commands does it: of what is refused nothing stays.
        let savepoint = work.tx.savepoint();
        work.listing_edit(&edit).inspect_err(|_| work.tx.roll_back(savepoint))
    })
    .map(|report| serde_json::from_value(report).expect("a report"))
}

fn undo(node: &mut Node, shop: SpaceId) -> Result<UndoReport, Problem> {
    node.work(|work| work.shop_undo(&shop.to_string())).map(|report| serde_json::from_value(report).expect("a report"))
}

fn of(listing: &str) -> ListingEdit {
    ListingEdit { listing: Some(listing.into()), ..ListingEdit::default() }
}

fn all(shop: SpaceId) -> ListingEdit {
    ListingEdit { shop: Some(shop.to_string()), ..ListingEdit::default() }
}

fn row(node: &Node, listing: &str) -> ListingRow {
    let lineage = node.read(|tx| crate::name::listing(tx, &node.me, listing)).expect("there");
    node.read(|tx| ask::listing_row(tx, &node.me, node.now, &lineage)).expect("a row")
}

fn prices(node: &Node, listing: &str) -> Vec<String> {
    row(node, listing).variants.iter().map(|variant| variant.price.to_string()).collect()
}

fn stock(node: &Node, listing: &str) -> Stock {
    row(node, listing).variants[0].stock
}

#[test]
fn an_edit_says_what_changes_and_nothing_else_does() {
    let mut ana = Node::new(1);
    let shop = ana.shop();
    import(&mut ana, shop, TWO, &PLAIN).expect("taken");
    let wish = ListingEdit {
        price: Some("41".into()),
        pickup: vec!["Gate 9".into()],
        ship: vec!["CN=7.00".into()],
        returns: Some("none".into()),
        expires: Some("30d".into()),
        tags: vec!["new".into()],
        ..of("Green tea")
    };
    let before = ana.everything();
    let dry = edit(&mut ana, ListingEdit { dry_run: true, ..wish.clone() }).expect("a preview");
    assert_eq!(ana.everything(), before, "a dry run writes nothing");
    let done = edit(&mut ana, wish.clone()).expect("edited");
    let fields: Vec<&str> = done.changes.iter().map(|change| change.field.as_str()).collect();
    assert_eq!(fields, ["tags", "price GT", "delivery", "returns", "expires"]);
    assert_eq!((done.changes[1].before.as_str(), done.changes[1].after.as_str()), ("39.00 CNY", "41.00 CNY"));
    assert_eq!(dry.changes[..4], done.changes[..4]);
    assert_ne!((dry.listing.clone(), dry.version), (done.listing, done.version.clone()), "a new version of the same listing");
    let tea = row(&ana, "Green tea");
    assert_eq!(
        (tea.versions.len(), tea.returns.as_str(), tea.tags, stock(&ana, "Green tea")),
        (2, "none", vec!["new".to_owned()], Stock::Counted(10))
    );
    assert_eq!(tea.delivery[0], Delivery::Pickup { place: "Gate 9".into() });
    assert_eq!(prices(&ana, "Cup"), ["12.50 CNY"]);

    let before = ana.everything();
    let same = edit(&mut ana, ListingEdit { expires: None, ..wish }).expect("nothing to do");
    assert!(same.changes.is_empty() && same.version == done.version && ana.everything() == before, "{same:?}");
    let back = ListingEdit { returns: Some(String::new()), expires: Some("never".into()), tags: vec![String::new()], ..of("Green tea") };
    let back = edit(&mut ana, back).expect("edited");
    assert_eq!(back.changes.iter().map(|change| change.after.as_str()).collect::<Vec<_>>(), ["", "", ""]);
}

#[test]
fn words_that_cannot_be_are_refused_and_nothing_is_lost() {
    let (mut ana, mut bob) = (Node::new(1), Node::new(2));
    let space = circle(&mut [&mut ana, &mut bob]);
    let shop = ana.shop();
    ana.work(|work| work.shop_share(&shop.to_string(), &space.to_string())).expect("shares");
    import(&mut ana, shop, TWO, &PLAIN).expect("taken");
    import(&mut ana, shop, "Handle,Title,Variant SKU,Variant Price\npot,Pot,P1,5\npot,,P2,6\n", &PLAIN).expect("taken");
    bob.follow(&ana);
    let price = |price: &str, edit: ListingEdit| ListingEdit { price: Some(price.into()), ..edit };
    let cases = [
        ("bad-edit", of("Cup")),
        ("bad-edit", ListingEdit { sku: Some("C".into()), title: Some("Mug".into()), ..of("Cup") }),
        ("bad-edit", ListingEdit { title: Some("Mug".into()), ..all(shop) }),
        ("bad-edit", price("1", ListingEdit { matching: Some("u".into()), ..of("Cup") })),
        ("bad-edit", price("1", ListingEdit { listing: Some("Cup".into()), ..all(shop) })),
        ("bad-edit", price("1", ListingEdit::default())),
        ("bad-value", price("cheap", of("Cup"))),
        ("bad-value", price("5%", of("Cup"))),
        ("bad-value", ListingEdit { stock: Some("-1".into()), ..of("Cup") }),
        ("bad-value", ListingEdit { expires: Some("yesterday".into()), ..of("Cup") }),
        ("bad-value", ListingEdit { ship: vec!["CN".into()], ..of("Cup") }),
        ("bad-listing", ListingEdit { title: Some(" ".into()), ..of("Cup") }),
        ("bad-price", price("-20.00", all(shop))),
        ("sku-needed", price("1.00", of("Pot"))),
        ("sku-needed", price("1.00", all(shop))),
        ("no-such-sku", price("1.00", ListingEdit { sku: Some("P3".into()), ..of("Pot") })),
        ("nothing-fits", price("+1", ListingEdit { matching: Some("kettle".into()), ..all(shop) })),
        ("nothing-fits", price("+1", ListingEdit { sku: Some("P3".into()), ..all(shop) })),
        ("not-found", price("+1", of("Kettle"))),
    ];
    let before = ana.everything();
    for (code, wish) in cases {
        assert_eq!(edit(&mut ana, wish.clone()).expect_err("refused").code, code, "{wish:?}");
        assert!(ana.everything() == before, "{wish:?} wrote something");
    }
    assert_eq!(edit(&mut bob, price("1", of("Cup"))).expect_err("ana's").code, "not-yours");
    assert_eq!(edit(&mut bob, price("1", all(shop))).expect_err("ana's").code, "not-yours");
    assert_eq!(undo(&mut bob, shop).expect_err("ana's").code, "not-yours");
    ana.work(|work| work.listing_withdraw("Cup")).expect("withdraws");
    assert_eq!(edit(&mut ana, price("1", of("Cup"))).expect_err("gone").code, "withdrawn");
}

#[test]
fn many_are_edited_at_once_in_whole_minor_units() {
    for (currency, listed, raised) in [
        ("JPY", ["150", "149"], ["158", "156"]),
        ("BHD", ["1.230", "0.005"], ["1.292", "0.005"]),
        ("EUR", ["4.50", "0.10"], ["4.73", "0.11"]),
    ] {
        let mut ana = Node::new(1);
        let new = NewShop { name: "Hof".into(), currency: currency.into(), returns: "none".into(), ..NewShop::default() };
        let shop: SpaceId = id(&ana.work(|work| work.shop_create(&new)).expect("opens"), "shop").parse().expect("an id");
        for (title, price) in ["Green tea", "Black tea"].into_iter().zip(listed) {
            let new = NewListing { shop: "Hof".into(), title: title.into(), price: price.into(), ..NewListing::default() };
            ana.work(|work| work.listing_add(&new)).expect("lists");
        }
        let done = edit(&mut ana, ListingEdit { price: Some("+5%".into()), ..all(shop) }).expect("raised");
        let now = ["Green tea", "Black tea"].map(|title| prices(&ana, title).remove(0));
        assert_eq!(now, raised.map(|price| format!("{price} {currency}")));
        assert_eq!(done.listings.map(|all| all.len()), Some(done.changes.len()), "what is the same is not published");
    }
}

#[test]
fn only_what_fits_is_edited() {
    let mut ana = Node::new(1);
    let shop = ana.shop();
    import(&mut ana, shop, TWO, &PLAIN).expect("taken");
    import(&mut ana, shop, "Handle,Title,Variant SKU,Variant Price\npot,Pot,P1,5\npot,,P2,6\n", &PLAIN).expect("taken");
    let dearer = |edit: ListingEdit| ListingEdit { price: Some("+1.50".into()), ..edit };
    edit(&mut ana, dearer(ListingEdit { matching: Some("TEA".into()), ..all(shop) })).expect("by title");
    edit(&mut ana, dearer(ListingEdit { tag_is: Some("Clay".into()), ..all(shop) })).expect("by tag");
    assert_eq!((prices(&ana, "Green tea"), prices(&ana, "Cup")), (vec!["40.50 CNY".to_owned()], vec!["14.00 CNY".to_owned()]));
    edit(&mut ana, dearer(ListingEdit { sku: Some("P2".into()), ..all(shop) })).expect("by code");
    assert_eq!(prices(&ana, "Pot"), ["5.00 CNY", "7.50 CNY"]);
    edit(&mut ana, ListingEdit { price: Some("-10%".into()), ..of("Pot") }).expect("all variants");
    assert_eq!(prices(&ana, "Pot"), ["4.50 CNY", "6.75 CNY"]);
    assert_eq!(prices(&ana, "Cup"), ["14.00 CNY"]);
}

#[test]
fn two_steps_back_are_two_undos() {
    let mut ana = Node::new(1);
    let shop = ana.shop();
    assert_eq!(undo(&mut ana, shop).expect_err("nothing yet").code, "nothing-to-undo");
    import(&mut ana, shop, TWO, &PLAIN).expect("taken");
    edit(&mut ana, ListingEdit { price: Some("+10%".into()), ..all(shop) }).expect("raised");
    edit(&mut ana, ListingEdit { title: Some("Tea".into()), stock: Some("7".into()), ..of("Green tea") }).expect("renamed");

    let first = undo(&mut ana, shop).expect("undone");
    assert_eq!((first.undone.as_str(), first.listings.len(), first.kept.len()), ("edit", 1, 0));
    assert_eq!((prices(&ana, "Green tea"), stock(&ana, "Green tea")), (vec!["42.90 CNY".to_owned()], Stock::Counted(10)));
    let second = undo(&mut ana, shop).expect("undone");
    assert_eq!((second.undone.as_str(), second.listings.len(), second.kept.len()), ("edit", 2, 0));
    assert_eq!((prices(&ana, "Green tea"), prices(&ana, "Cup")), (vec!["39.00 CNY".to_owned()], vec!["12.50 CNY".to_owned()]));
    let third = undo(&mut ana, shop).expect("undone");
    assert_eq!((third.undone.as_str(), third.listings.len(), third.kept.len()), ("import", 2, 0));
    assert!(third.changes.iter().all(|change| change.after.is_empty()), "what was new is off the shelf");
    let gone = |node: &Node| {
        let listings = node.read(|tx| shelf::listings(tx, &shop));
        listings.iter().all(|lineage| node.read(|tx| shelf::row(tx, lineage)).is_some_and(|row| row.is_withdrawn()))
    };
    assert!(gone(&ana));
    assert_eq!(undo(&mut ana, shop).expect_err("nothing more").code, "nothing-to-undo");
}

#[test]
fn what_was_changed_since_is_kept() {
    let mut ana = Node::new(1);
    let shop = ana.shop();
    import(&mut ana, shop, TWO, &PLAIN).expect("taken");
    edit(&mut ana, ListingEdit { price: Some("+1.00".into()), ..all(shop) }).expect("raised");
    ana.work(|work| work.listing_stock("Cup", None, Stock::Counted(9))).expect("counts");
    let done = undo(&mut ana, shop).expect("undone");
    let cup = row(&ana, "Cup").listing.to_string();
    assert_eq!((done.listings.len(), done.kept), (1, vec![cup.clone()]));
    assert_eq!((prices(&ana, "Cup"), stock(&ana, "Cup")), (vec!["13.50 CNY".to_owned()], Stock::Counted(9)));
    assert_eq!(prices(&ana, "Green tea"), ["39.00 CNY"]);
    ana.work(|work| work.listing_withdraw("Green tea")).expect("withdraws");
    let done = undo(&mut ana, shop).expect("the import, as far as it stands");
    assert_eq!((done.undone.as_str(), done.listings.len(), done.kept.len()), ("import", 0, 2));
    assert_eq!(undo(&mut ana, shop).expect_err("it is not asked again").code, "nothing-to-undo");
}

#[test]
fn what_was_sold_does_not_come_back() {
    let (mut ana, mut bob) = (Node::new(1), Node::new(2));
    let space = circle(&mut [&mut ana, &mut bob]).to_string();
    let shop = ana.shop();
    ana.work(|work| work.shop_share(&shop.to_string(), &space)).expect("shares");
    let tea: EntryId = ana.list(shop, Some(10));
    edit(&mut ana, ListingEdit { stock: Some("30".into()), ..of("Green tea") }).expect("counted");
    bob.follow(&ana);
    connect(&mut ana, &mut bob);
    let offer = NewOffer { qty: Some(4), ..wanted(tea) };
    let order = bob.offer(&offer).expect("offered").order;
    carry(&mut bob, &mut ana);
    let words = OrderWords::default();
    for verb in ["accept", "start", "ready"] {
        ana.act(order, verb, &words).expect(verb);
    }
    assert_eq!(stock(&ana, "Green tea"), Stock::Counted(26));
    let same = edit(&mut ana, ListingEdit { stock: Some("30".into()), dry_run: true, ..of("Green tea") }).expect("a preview");
    assert!(same.changes.is_empty(), "what is set aside lies there still");
    carry(&mut ana, &mut bob);
    bob.act(order, "receive", &words).expect("receives");
    carry(&mut bob, &mut ana);
    let again = edit(&mut ana, ListingEdit { stock: Some("30".into()), dry_run: true, ..of("Green tea") }).expect("a preview");
    assert_eq!((again.changes[0].before.as_str(), again.changes[0].after.as_str()), ("26", "30"), "what was sold is gone");
    let done = undo(&mut ana, shop).expect("undone");
    assert_eq!(
        (done.changes[0].after.as_str(), done.kept.len(), stock(&ana, "Green tea")),
        ("6", 0, Stock::Counted(6)),
        "4 of the 10 are gone"
    );
}

#[test]
fn history_is_bounded() {
    let mut ana = Node::new(1);
    let shop = ana.shop();
    ana.list(shop, None);
    for price in 1..=UNDO_STEPS_MAX + 3 {
        edit(&mut ana, ListingEdit { price: Some(price.to_string()), ..of("Green tea") }).expect("edited");
    }
    assert_eq!(ana.store.snapshot_rows(Table::Undo).len(), UNDO_STEPS_MAX);
    for price in (3..UNDO_STEPS_MAX + 3).rev() {
        undo(&mut ana, shop).expect("undone");
        assert_eq!(prices(&ana, "Green tea"), [format!("{price}.00 CNY")]);
    }
    assert_eq!(undo(&mut ana, shop).expect_err("forgotten").code, "nothing-to-undo");
}

#[test]
fn the_last_terms_of_a_shop_count_in_whatever_order_they_come() {
    let (mut ana, mut bob) = (Node::new(1), Node::new(2));
    let space = circle(&mut [&mut ana, &mut bob]).to_string();
    let shop = ana.shop();
    ana.work(|work| work.shop_share(&shop.to_string(), &space)).expect("shares");
    ana.list(shop, None);
    let terms = |returns: &str| ShopEdit { shop: "Hill".into(), returns: Some(returns.into()), ..ShopEdit::default() };
    let said = ana.work(|work| work.shop_edit(&terms("30 days"))).expect("said");
    assert_eq!((&said["changes"][0]["field"], &said["changes"][0]["after"]), (&"returns".into(), &"30 days".into()));
    let before = ana.everything();
    let same = ana.work(|work| work.shop_edit(&terms("30 days"))).expect("nothing to do");
    assert!(same["changes"].as_array().is_some_and(Vec::is_empty) && ana.everything() == before);
    assert_eq!(ana.work(|work| work.shop_edit(&terms(" "))).expect_err("no returns").code, "bad-shop");
    let silent = ShopEdit { shop: "Hill".into(), ..ShopEdit::default() };
    assert_eq!(ana.work(|work| work.shop_edit(&silent)).expect_err("says nothing").code, "bad-edit");
    assert!(ana.everything() == before, "a refusal writes nothing");
    bob.follow(&ana);
    assert_eq!(bob.work(|work| work.shop_edit(&terms("none"))).expect_err("ana's").code, "not-yours");
    for node in [&ana, &bob] {
        assert_eq!(row(node, "Green tea").returns, "30 days");
        assert_eq!(node.read(|tx| shelf::shop(tx, &shop)).expect("open").body.delivery.len(), 2, "the rest stays");
    }
}
