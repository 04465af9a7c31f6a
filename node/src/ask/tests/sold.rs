//! Shops, listings, orders, and the trust that deals make.

use haat_protocol::body::{self, Body};
use haat_protocol::id::EntryId;
use haat_protocol::listing::{Delivery, Listing, Stock};
use haat_protocol::local::{ListingRow, OrderRow, Page, PaymentView, PersonRow, ProblemKind, Question, ShopRow, TrustView, Window};
use haat_protocol::order::evidence;

use super::town::{ANA, BEN, MEI, Town, ZED, cny, tea};
use crate::ledger::audit;
use crate::name;
use crate::store::Store;

fn trust(town: &Town, subject: &str) -> TrustView {
    town.ask(&Question::Trust { subject: subject.to_owned() })
}

fn listing(town: &Town, listing: &str) -> ListingRow {
    town.ask(&Question::Listing { listing: listing.to_owned() })
}

fn listings(town: &Town) -> Vec<EntryId> {
    let page: Page<ListingRow> =
        town.ask(&Question::Listings { circle: Some("Lane 12".into()), shop: Some("Mei's teas".into()), window: Window::default() });
    page.items.iter().map(|row| row.listing).collect()
}

#[test]
fn a_listing_takes_from_its_shop_what_it_does_not_say() {
    let mut town = Town::new();
    let green = town.list(&tea("Green tea", Some(3)));
    let row = listing(&town, "Green tea");
    assert_eq!((row.listing, row.version, row.state.as_str()), (green, green, "listed"));
    assert_eq!(row.delivery, [Delivery::Pickup { place: "Gate 2".into() }]);
    assert_eq!((row.payment[0].method.as_str(), row.returns.as_str()), ("cash", "within 14 days"));
    assert_eq!((row.seller.name.as_str(), row.variants[0].stock), ("Mei", Stock::Counted(3)));
    let ship = Delivery::Ship { zone: "CN".into(), price: cny(600) };
    let edit = Listing { lineage: Some(green), delivery: vec![ship.clone()], returns: Some("never".into()), ..tea("Green tea", Some(2)) };
    let newer = town.list(&edit);
    assert_eq!(listing(&town, &newer.to_string()).listing, green, "a version names its listing");
    let row = listing(&town, &newer.to_string()[..10]);
    assert_eq!((row.listing, row.version, row.versions), (green, newer, vec![green, newer]));
    assert_eq!((row.delivery, row.payment[0].method.as_str(), row.returns.as_str()), (vec![ship], "transfer", "never"));
}

#[test]
fn shelves_show_what_can_be_bought() {
    let mut town = Town::new();
    let green = town.list(&tea("Green tea", None));
    let soon = Listing { expires: Some(town.now.plus(5_000)), ..tea("Black tea", None) };
    let black = town.list(&soon);
    assert_eq!(listings(&town), [black, green], "by title");
    town.say(MEI, town.shop, &Body::ListingWithdraw(body::ListingWithdraw { listing: green }));
    town.wait();
    assert_eq!(listings(&town), [black]);
    assert_eq!(listing(&town, &green.to_string()).state, "withdrawn");
    assert_eq!(listing(&town, "Black tea").state, "expired");
    let again = town.list(&tea("Green tea", None));
    assert_eq!(listing(&town, "Green tea").listing, again, "what is on the shelf is meant");
    let shops: Page<ShopRow> = town.ask(&Question::Shops(Window::default()));
    assert_eq!((shops.items[0].listings, shops.items[0].circles.clone()), (2, vec![town.circle]));
    assert_eq!(shops.items[0].payment[0].method, "cash");
    let missing = town.try_ask::<ShopRow>(&Question::Shop { shop: "Mei's tea".into() }).expect_err("no such");
    assert_eq!((missing.kind, missing.hint.as_deref()), (ProblemKind::NotFound, Some("did you mean \"Mei's teas\"?")));
}

#[test]
fn trust_grows_from_reviews_by_people_on_two_sides() {
    let mut town = Town::new();
    let green = town.list(&tea("Green tea", None));
    for friend in [BEN, ZED] {
        town.vouch(ANA, friend);
    }
    assert_eq!(trust(&town, "Green tea").word, "unknown");
    for friend in [BEN, ZED] {
        for _ in 0..3 {
            let deal = town.deal(friend, green);
            town.review(friend, &deal, 5);
        }
    }
    let view = trust(&town, "Green tea");
    assert_eq!((view.subject, view.word.as_str(), view.own_purchases), (town.people[MEI].id(), "known", 0));
    assert!(view.reasons[0].text.contains("bought here 3 times"), "{}", view.reasons[0].text);
    assert_eq!(view.reasons.iter().map(|reason| reason.share).sum::<f64>(), 1.0);
    assert_eq!(view.reasons[0].proofs.len(), 4, "three reviews and a vouch");
    assert_eq!(trust(&town, "Ben").reasons[0].text, "You vouch for Ben (friend)");
    let unknown = town.try_ask::<TrustView>(&Question::Trust { subject: "Nobody".into() }).expect_err("no such");
    assert_eq!((unknown.kind, unknown.title.as_str()), (ProblemKind::NotFound, "no such person or listing"));
}

#[test]
fn of_two_reviews_of_one_deal_the_later_counts() {
    let mut town = Town::new();
    let green = town.list(&tea("Green tea", None));
    town.vouch(ANA, BEN);
    let deal = town.deal(BEN, green);
    town.review(BEN, &deal, 5);
    assert!(trust(&town, "Mei").reasons[0].text.ends_with("went well"));
    town.review(BEN, &deal, 1);
    let view = trust(&town, "Mei");
    assert!(view.reasons[0].text.ends_with("went badly"), "{}", view.reasons[0].text);
    assert_eq!(view.word, "mixed");
}

#[test]
fn an_order_of_my_own_is_shown_proven_and_trusted() {
    let mut town = Town::new();
    let green = town.list(&tea("Green tea", Some(3)));
    let deal = town.deal(ANA, green);
    let id = Town::order_of(&deal);
    let row: OrderRow = town.ask(&Question::Order { order: id.to_string()[..9].to_owned() });
    assert_eq!((row.state.as_str(), row.turn.as_deref(), row.total), ("completed", None, cny(3900)));
    assert_eq!((row.buyer.name.as_str(), row.seller.name.as_str(), row.lines[0].listing), ("Ana", "Mei", green));
    assert_eq!((row.events[0].kind.as_str(), row.events[0].author.as_str()), ("offer", "buyer"));
    assert_eq!((row.events[0].delivery.as_str(), row.events[1].delivery.as_str()), ("queued", "stored"));
    assert_eq!(row.next, ["return", "say", "review"]);
    let orders = |state: &str, role: &str| {
        let question = Question::Orders { state: Some(state.to_owned()), role: Some(role.to_owned()), window: Window::default() };
        town.try_ask::<Page<OrderRow>>(&question).map(|page| page.items.len()).map_err(|problem| problem.code)
    };
    assert_eq!(orders("completed", "buyer"), Ok(1));
    assert_eq!((orders("completed", "seller"), orders("agreed", "buyer")), (Ok(0), Ok(0)));
    assert_eq!((orders("done", "buyer"), orders("agreed", "thief")), (Err("bad-state".into()), Err("bad-role".into())));
    let paid = town.try_ask::<PaymentView>(&Question::Payment { order: id.to_string() }).expect_err("it is paid");
    assert_eq!((paid.code.as_str(), paid.detail.as_str()), ("nothing-due", "the seller confirmed 39.00 CNY, which is all"));
    let view = trust(&town, "Mei");
    assert_eq!(view.own_purchases, 1);
    assert!(view.reasons[0].text.starts_with("You bought here once"), "{}", view.reasons[0].text);
    let answer: serde_json::Value = town.ask(&Question::Evidence { order: id.to_string(), with: None });
    let file = data_encoding::BASE64.decode(answer["data"].as_str().expect("text").as_bytes()).expect("base64");
    let verdict = evidence::verify(&file);
    assert!(verdict.valid && verdict.order == Some(id), "{verdict:?}");
    let base = town.store.snapshot().expect("memory");
    audit::verify(&*base, &town.people[ANA]).expect("what was answered from can be derived again");
}

#[test]
fn what_is_bought_is_the_version_that_was_seen() {
    let mut town = Town::new();
    let green = town.list(&tea("Green tea", None));
    let via = town.recommend(BEN, (green, green), "try it");
    let newer = town.list(&Listing { lineage: Some(green), ..tea("Greener tea", None) });
    let offered = |text: &str| town.read(|tx, town| name::offered(tx, &town.people[ANA], text));
    assert_eq!(offered("Greener tea").expect("listed").version, newer);
    assert_eq!(offered(&via.to_string()).expect("seen").version, green);
    let strange = EntryId([9; 32]);
    let lost = town.recommend(BEN, (green, strange), "never came");
    let problem = town.read(|tx, town| name::offered(tx, &town.people[ANA], &lost.to_string())).expect_err("not here");
    assert_eq!(problem.kind, ProblemKind::NotFound);
    let post = town.post(BEN, "no goods");
    let problem = town.read(|tx, town| name::offered(tx, &town.people[ANA], &post.to_string())).expect_err("nothing");
    assert_eq!(problem.code, "no-listing");
}

#[test]
fn listings_come_page_by_page_and_none_is_lost_or_told_twice() {
    let mut town = Town::new();
    for number in 0..7 {
        town.list(&tea(&format!("Tea {}", 9 - number), None));
    }
    let ask = |town: &Town, limit: usize, after: Option<String>| -> Page<ListingRow> {
        let window = Window { limit: Some(limit), after };
        town.ask(&Question::Listings { circle: None, shop: Some("Mei's teas".into()), window })
    };
    let titles = |page: &Page<ListingRow>| page.items.iter().map(|row| row.title.clone()).collect::<Vec<_>>();
    let first = ask(&town, 3, None);
    assert_eq!(titles(&first), ["Tea 3", "Tea 4", "Tea 5"]);
    // What comes meanwhile before the place is for the next look from the beginning; what comes after it is on a later page.
    town.list(&tea("Tea 1", None));
    town.list(&tea("Tea 6 and 7", None));
    let second = ask(&town, 3, first.next.clone());
    assert_eq!(titles(&second), ["Tea 6", "Tea 6 and 7", "Tea 7"]);
    let last = ask(&town, 3, second.next);
    assert_eq!((titles(&last), last.next), (vec!["Tea 8".to_owned(), "Tea 9".to_owned()], None));
    let whole: Page<ListingRow> = town.ask(&Question::Listings { circle: None, shop: None, window: Window::default() });
    assert_eq!((whole.items.len(), whole.next), (9, None), "without a window all is told");
    for (question, after) in [
        (Question::Listings { circle: None, shop: None, window: Window { limit: None, after: first.next.clone() } }, "another shop's"),
        (Question::Shops(Window { limit: None, after: first.next.clone() }), "another list's"),
        (Question::Notices(Window { limit: None, after: Some("nonsense!".into()) }), "nobody's"),
        (Question::Feed { circle: None, limit: None, after: first.next }, "none of the feed"),
    ] {
        assert_eq!(town.try_ask::<serde_json::Value>(&question).expect_err(after).code, "bad-cursor", "{after}");
    }
}

#[test]
fn people_come_page_by_page() {
    let town = Town::new();
    let whole: Page<PersonRow> = town.ask(&Question::People { circle: None, window: Window::default() });
    let mut told = Vec::new();
    let mut after = None;
    loop {
        let window = Window { limit: Some(1), after };
        let page: Page<PersonRow> = town.ask(&Question::People { circle: None, window });
        assert_eq!(page.items.len(), 1);
        told.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert!(told.len() > 2 && told == whole.items, "{told:?}");
}
