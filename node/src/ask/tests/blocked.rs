//! What blocking and muting hide, and what they leave.

use haat_protocol::local::{FeedItem, ListingRow, Page, PersonRow, Question, ShopRow, TrustView, Window};

use super::town::{ANA, BEN, MEI, Town, tea};
use crate::fact::Fact;
use crate::intake;
use crate::ledger::audit;
use crate::store::{Store, Table};

fn block(town: &mut Town, who: usize, blocked: bool) {
    let fact = Fact::Blocked { person: town.people[who].id(), blocked };
    town.change(|cx| intake::fact(cx, &fact));
}

fn mute(town: &mut Town, who: usize, muted: bool) {
    let fact = Fact::Muted { person: town.people[who].id(), muted };
    town.change(|cx| intake::fact(cx, &fact));
}

fn texts(town: &Town) -> Vec<String> {
    let page: Page<FeedItem> = town.ask(&Question::Feed { circle: None, limit: None, after: None });
    page.items.into_iter().map(|item| item.text).collect()
}

fn listings(town: &Town) -> usize {
    let page: Page<ListingRow> = town.ask(&Question::Listings { circle: None, shop: None, window: Window::default() });
    page.items.len()
}

fn trust(town: &Town, subject: &str) -> TrustView {
    town.ask(&Question::Trust { subject: subject.into() })
}

#[test]
fn nothing_of_a_blocked_person_is_shown_and_all_of_it_comes_back() {
    let mut town = Town::new();
    let listing = town.list(&tea("Green tea", None));
    town.recommend(BEN, (listing, listing), "try it");
    town.post(MEI, "fresh today");
    town.vouch(ANA, BEN);
    town.vouch(BEN, MEI);
    assert_eq!((texts(&town).len(), listings(&town), trust(&town, "Mei").reasons.len()), (2, 1, 1));
    block(&mut town, MEI, true);
    assert_eq!((texts(&town), listings(&town)), (vec!["try it".to_owned()], 0));
    let page: Page<FeedItem> = town.ask(&Question::Feed { circle: None, limit: None, after: None });
    assert_eq!(page.items[0].title, None, "a friend's words stand, the goods do not");
    assert!(town.ask::<Page<ShopRow>>(&Question::Shops(Window::default())).items.is_empty());
    for question in [Question::Listing { listing: listing.to_string() }, Question::Shop { shop: town.shop.to_string() }] {
        assert_eq!(town.try_ask::<serde_json::Value>(&question).expect_err("hidden").code, "blocked");
    }
    let view = trust(&town, "Mei");
    assert_eq!((view.word.as_str(), view.reasons.len()), ("unknown", 0));
    let people: Page<PersonRow> = town.ask(&Question::People { circle: None, window: Window::default() });
    let shown: Vec<(&str, bool, bool)> = people.items.iter().map(|row| (row.name.as_str(), row.blocked, row.muted)).collect();
    assert!(shown.contains(&("Mei", true, false)) && shown.contains(&("Ben", false, false)), "{shown:?}");
    block(&mut town, MEI, false);
    assert_eq!((texts(&town).len(), listings(&town), trust(&town, "Mei").reasons.len()), (2, 1, 1));
}

#[test]
fn who_is_blocked_makes_nobody_known() {
    let mut town = Town::new();
    town.vouch(ANA, BEN);
    town.vouch(BEN, MEI);
    assert_eq!(trust(&town, "Mei").reasons.len(), 1);
    block(&mut town, BEN, true);
    assert!(trust(&town, "Mei").reasons.is_empty());
}

#[test]
fn a_muted_person_is_gone_from_the_feed_alone() {
    let mut town = Town::new();
    let listing = town.list(&tea("Green tea", None));
    town.post(MEI, "fresh today");
    mute(&mut town, MEI, true);
    assert_eq!((texts(&town).len(), listings(&town)), (0, 1));
    assert!(town.try_ask::<ListingRow>(&Question::Listing { listing: listing.to_string() }).is_ok());
    mute(&mut town, MEI, false);
    assert_eq!(texts(&town), ["fresh today"]);
}

#[test]
fn blocks_follow_from_the_log_byte_for_byte() {
    let mut town = Town::new();
    for blocked in [true, false, true] {
        block(&mut town, MEI, blocked);
        mute(&mut town, BEN, blocked);
    }
    let snapshot = town.store.snapshot().expect("a snapshot");
    let sound = audit::verify(&*snapshot, &town.people[ANA]).expect("sound");
    let rows = [Table::Blocked, Table::Muted].map(|table| town.read(|tx, _| tx.prefix(table, &[])));
    let (again, batch) = audit::rebuild(&*snapshot, &town.people[ANA]).expect("derived again");
    drop(snapshot);
    town.store.commit(batch).expect("kept");
    assert_eq!(again, sound);
    assert_eq!(rows, [Table::Blocked, Table::Muted].map(|table| town.read(|tx, _| tx.prefix(table, &[]))));
    assert!(rows.iter().all(|rows| rows.len() == 1), "{rows:?}");
}
