//! Market: a catalogue is taken in from a file, a second shop is filled by hand; both are seen from next door.

use data_encoding::BASE64;
use haat_protocol::listing::Stock;
use haat_protocol::local::{Command, ImportReport, ListingRow, NewListing, NewShop, Page, Problem, Question, Window};
use serde_json::Value;

use crate::command::demo::cast::Who;
use crate::command::demo::day::{CIRCLE, Day, failed, id};
use crate::command::demo::street::{self, BAKERY, BREAD, FLOWERS, TEA, TEA_SHOP};
use crate::context::field;

/// The catalogue file as a command.
fn import(shop: &str) -> Command {
    Command::ListingImport {
        shop: shop.to_owned(),
        data: BASE64.encode(street::CATALOGUE.as_bytes()),
        format: Some("shopify".to_owned()),
        encoding: None,
        currency: None,
        dry_run: false,
        partial: false,
    }
}

fn report(value: Value) -> Result<ImportReport, Problem> {
    serde_json::from_value(value).map_err(|e| failed("the import tells nothing", &e.to_string()))
}

/// All listings of a shop, once a neighbour's node has so many.
fn shelf(day: &Day<'_>, reader: Who, shop: &str, count: usize) -> Result<Vec<ListingRow>, Problem> {
    let question = Question::Listings { circle: None, shop: Some(shop.to_owned()), window: Window::default() };
    let page: Page<ListingRow> =
        day.until(reader, &format!("{count} listings"), &question, |page: &Page<ListingRow>| page.items.len() == count)?;
    Ok(page.items)
}

fn titled<'a>(shelf: &'a [ListingRow], title: &str) -> Result<&'a ListingRow, Problem> {
    shelf.iter().find(|row| row.title == title).ok_or_else(|| failed(&format!("nobody sells {title}"), "it is not on the shelf"))
}

/// Uncle Chen opens his shop with the file that his old shop exported.
pub(super) fn imports(day: &Day<'_>) -> Result<(), Problem> {
    let shop = day.does(
        Who::Chen,
        &Command::ShopCreate(NewShop {
            name: TEA_SHOP.to_owned(),
            currency: "CNY".to_owned(),
            returns: "Unopened bags within 7 days. 未开封七天内可退。".to_owned(),
            pickup: vec!["Chen's courtyard, No. 2 后巷二号".to_owned()],
            ship: vec!["CN=8.00".to_owned()],
            digital: false,
            pay: vec!["cash:on-delivery".to_owned(), "transfer:before:ICBC 6222 0202 0011 2345".to_owned()],
        }),
    )?;
    let shop = day.remember("tea shop", field(&shop, "shop"));
    let created = report(day.does(Who::Chen, &import(&shop))?)?.created.len();
    day.does(Who::Chen, &Command::ShopShare { shop: shop.clone(), circle: day.recall(CIRCLE)? })?;
    day.teller
        .does(Who::Chen.name(), &format!("opens “{TEA_SHOP}” with his old Shopify file ({created} things) and shows it to the lane."));
    let seen = shelf(day, Who::Mei, &shop, street::CATALOGUE_LISTINGS)?;
    let tea = titled(&seen, TEA)?;
    day.remember("tea", id(&tea.listing));
    day.remember("flowers", id(&titled(&seen, FLOWERS)?.listing));
    let sizes: Vec<String> = tea.variants.iter().map(|v| v.price.to_string()).collect();
    day.teller.sees(Who::Mei.name(), &format!("sees {} listings; {}: {}.", seen.len(), tea.title, sizes.join(", ")));
    for reader in day.all_but(&[Who::Chen, Who::Mei]) {
        shelf(day, reader, &shop, street::CATALOGUE_LISTINGS)?;
    }
    day.teller.means("Every neighbour now keeps the shelf: it stays open when Uncle Chen sleeps.");
    Ok(())
}

/// The same file again changes nothing, on his node or on others.
pub(super) fn imports_again(day: &Day<'_>) -> Result<(), Problem> {
    let shop = day.recall("tea shop")?;
    let again = report(day.does(Who::Chen, &import(&shop))?)?;
    if again.unchanged.len() != street::CATALOGUE_LISTINGS || !again.created.is_empty() || !again.updated.is_empty() {
        return Err(failed("the same file changed something", &format!("{} are unchanged", again.unchanged.len())));
    }
    if let Some(row) = shelf(day, Who::Mei, &shop, street::CATALOGUE_LISTINGS)?.iter().find(|row| row.versions.len() != 1) {
        return Err(failed("a listing has a second version", &row.title));
    }
    day.teller.does(Who::Chen.name(), "is not sure whether that worked and imports the file again: nothing changes.");
    Ok(())
}

/// Rosa fills her shop by hand.
pub(super) fn bakes(day: &Day<'_>) -> Result<(), Problem> {
    let shop = day.does(
        Who::Rosa,
        &Command::ShopCreate(NewShop {
            name: BAKERY.to_owned(),
            currency: "CNY".to_owned(),
            returns: "If it is not good, tell me and the next one is free. 不好吃，下一个免费。".to_owned(),
            pickup: vec!["The oven, No. 3 后巷三号".to_owned()],
            ship: vec!["CN=6.00".to_owned()],
            digital: false,
            pay: vec!["transfer:before:CMB 6214 8301 2345".to_owned(), "cash:on-delivery".to_owned()],
        }),
    )?;
    let shop = day.remember("bakery", field(&shop, "shop"));
    let bread = day.does(
        Who::Rosa,
        &Command::ListingAdd(NewListing {
            shop: shop.clone(),
            title: BREAD.to_owned(),
            price: "26.00".to_owned(),
            description: Some("Baked on Tuesdays and Fridays, 900 g. 周二、周五出炉。".to_owned()),
            stock: Stock::Counted(8),
            sku: Some("BREAD-900".to_owned()),
            ..NewListing::default()
        }),
    )?;
    day.remember("bread", field(&bread, "listing"));
    day.does(Who::Rosa, &Command::ShopShare { shop: shop.clone(), circle: day.recall(CIRCLE)? })?;
    day.teller.does(Who::Rosa.name(), &format!("opens “{BAKERY}” and puts {BREAD} on the shelf, 26.00 CNY."));
    for reader in day.all_but(&[Who::Rosa]) {
        titled(&shelf(day, reader, &shop, 1)?, BREAD)?;
    }
    day.teller.sees(Who::Wang.name(), "finds it on his own node, with the price and the way to pay.");
    Ok(())
}
