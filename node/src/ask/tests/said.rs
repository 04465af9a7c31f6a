//! Names, the feed, and who counts in it.

use haat_protocol::body::{self, Body};
use haat_protocol::id::IdentityId;
use haat_protocol::local::{CircleRow, CircleView, FeedItem, Page, PersonRow, ProblemKind, Question, Status, Window};

use super::town::{ANA, BEN, MEI, Town, ZED, tea};
use crate::fact::Fact;
use crate::intake;
use crate::ledger::audit;
use crate::name;
use crate::store::{Store, Table};
use crate::view::circle;

fn feed(town: &Town, circle: Option<&str>, limit: Option<usize>, after: Option<String>) -> Page<FeedItem> {
    town.ask(&Question::Feed { circle: circle.map(str::to_owned), limit, after })
}

fn texts(page: &Page<FeedItem>) -> Vec<&str> {
    page.items.iter().map(|item| item.text.as_str()).collect()
}

fn meant(town: &Town, text: &str) -> Result<IdentityId, String> {
    town.read(|tx, town| name::person(tx, &town.people[ANA], text)).map_err(|problem| problem.code)
}

fn petname(town: &mut Town, who: usize, name: &str) {
    let fact = Fact::Petname { person: town.people[who].id(), name: name.to_owned() };
    town.change(|cx| intake::fact(cx, &fact));
}

#[test]
fn people_are_found_by_petname_name_and_prefix() {
    let mut town = Town::new();
    let ids: Vec<IdentityId> = town.people.iter().map(crate::myself::Myself::id).collect();
    assert_eq!(meant(&town, "Ben"), Ok(ids[BEN]));
    assert_eq!(meant(&town, "Ana"), Ok(ids[ANA]), "myself");
    assert_eq!(meant(&town, &ids[MEI].to_string()), Ok(ids[MEI]));
    assert_eq!(meant(&town, &ids[MEI].to_string()[..6].to_uppercase()), Ok(ids[MEI]));
    assert_eq!(meant(&town, &ids[MEI].to_string()[..3]), Err("not-found".into()));
    assert_eq!(meant(&town, "Bem"), Err("not-found".into()));
    petname(&mut town, ZED, "Ben");
    assert_eq!(meant(&town, "Ben"), Ok(ids[ZED]), "my own word comes first");
    petname(&mut town, MEI, "Ben");
    assert_eq!(meant(&town, "Ben"), Err("ambiguous".into()));
    assert_eq!(town.read(|tx, town| name::display_name(tx, &town.people[ANA], &ids[MEI])), "Ben");
}

#[test]
fn names_that_look_the_same_are_told() {
    let mut town = Town::new();
    let people: Page<PersonRow> = town.ask(&Question::People { circle: Some("Lane 12".into()), window: Window::default() });
    let row = |who: usize| people.items.iter().find(|row| row.identity == town.people[who].id()).expect("a neighbour");
    assert_eq!(people.items.len(), 3, "everyone but me");
    assert!(row(BEN).warning.as_ref().is_some_and(|text| text.contains(&town.people[ZED].id().short())));
    assert!(row(ZED).warning.is_some());
    assert_eq!(row(MEI).warning, None);
    assert_eq!(row(MEI).circles, [town.circle]);
    petname(&mut town, ZED, "Mei");
    let people: Page<PersonRow> = town.ask(&Question::People { circle: None, window: Window::default() });
    let mei = people.items.iter().find(|row| row.name == "Mei").expect("a neighbour");
    assert!(mei.warning.is_some(), "goes by what I call somebody else");
}

#[test]
fn the_feed_is_newest_first_and_turns_its_pages() {
    let mut town = Town::new();
    for n in 0..5 {
        town.post(BEN, &format!("post {n}"));
    }
    for circle in [None, Some("Lane 12")] {
        let first = feed(&town, circle, Some(2), None);
        assert_eq!(texts(&first), ["post 4", "post 3"]);
        let second = feed(&town, circle, Some(2), first.next);
        assert_eq!(texts(&second), ["post 2", "post 1"]);
        let third = feed(&town, circle, Some(2), second.next);
        assert_eq!((texts(&third), third.next.clone()), (vec!["post 0"], None));
        assert_eq!(feed(&town, circle, Some(5), None).next, None, "an exact page is the last");
    }
    let strange = Question::Feed { circle: None, limit: None, after: Some("AAAA".into()) };
    assert_eq!(town.try_ask::<Page<FeedItem>>(&strange).expect_err("no key").kind, ProblemKind::Usage);
}

#[test]
fn what_was_taken_back_is_gone_and_what_is_new_is_told() {
    let mut town = Town::new();
    let entry = town.post(BEN, "a slip");
    town.post(MEI, "stays");
    town.say(BEN, town.circle, &Body::Retract(body::Retract { entry }));
    town.say_raw(MEI, town.circle, (120, vec![0xa0]));
    let page = feed(&town, None, None, None);
    assert_eq!(page.items.len(), 2);
    assert_eq!(page.items[0].kind, "unknown");
    assert!(page.items[0].text.contains("newer version"));
    assert_eq!(page.items[1].text, "stays");
    assert!(town.read(|tx, town| name::entry(tx, &town.people[ANA], &entry.to_string())).is_err());
}

#[test]
fn a_recommendation_says_why_it_is_believed() {
    let mut town = Town::new();
    let listing = town.list(&tea("Green tea", None));
    let via = town.recommend(BEN, (listing, listing), "try it");
    assert!(feed(&town, None, None, None).items[0].why.is_empty(), "nobody vouched");
    let vouch = town.vouch(ANA, BEN);
    let item = feed(&town, None, None, None).items.remove(0);
    assert_eq!((item.entry, item.kind.as_str(), item.author.name.as_str()), (via, "recommend", "Ben"));
    assert_eq!((item.listing, item.title.as_deref(), item.interest.as_deref()), (Some(listing), Some("Green tea"), Some("none")));
    assert_eq!(item.why[0].text, "You vouch for Ben (friend)");
    assert_eq!(item.why[0].proofs, [vouch]);
    town.vouch(BEN, MEI);
    let item = feed(&town, None, None, None).items.remove(0);
    assert_eq!(item.why[1].text, "Ben (friend), whom you vouch for, vouches for Mei", "the seller");
    assert_eq!(item.why[1].via, ["Ben"]);
    town.post(ANA, "mine");
    assert!(feed(&town, None, None, None).items[0].why.is_empty());
    let offered = town.read(|tx, town| name::offered(tx, &town.people[ANA], &via.to_string()[..12])).expect("points at tea");
    assert_eq!((offered.lineage, offered.version, offered.via, offered.circle), (listing, listing, Some(via), Some(town.circle)));
}

#[test]
fn beyond_a_removal_nothing_is_heard() {
    let mut town = Town::new();
    let kept = town.post(BEN, "before");
    let (head, seq) = town.read(|tx, town| {
        let log = haat_protocol::entry::LogId { space: town.circle, device: town.people[BEN].device(), number: 0 };
        let head: haat_protocol::admit::Head = tx.load(Table::Head, &crate::view::log_key(&log)).expect("wrote");
        (head.id, head.seq)
    });
    assert_eq!(head, kept);
    town.vouch(BEN, MEI);
    town.post(BEN, "after");
    assert_eq!(texts(&feed(&town, None, None, None)), ["after", "before"]);
    let cut = body::Cut { device: town.people[BEN].device(), log: 0, seq, id: kept };
    let remove = body::MemberRemove { identity: town.people[BEN].id(), cuts: vec![cut] };
    town.say(ANA, town.circle, &Body::MemberRemove(remove));
    assert!(town.read(|tx, town| !circle::roster(tx, &town.circle).expect("known").has(&town.people[BEN].id())));
    let page = feed(&town, None, None, None);
    assert_eq!(texts(&page), ["before"]);
    assert_eq!(page.items[0].author.name, "Ben", "the name is remembered");
    assert_eq!(meant(&town, "Ben"), Ok(town.people[BEN].id()));
    let people: Page<PersonRow> = town.ask(&Question::People { circle: None, window: Window::default() });
    assert!(people.items.iter().all(|row| row.name != "Ben"));
    let base = town.store.snapshot().expect("memory");
    audit::verify(&*base, &town.people[ANA]).expect("what was answered from can be derived again");
}

#[test]
fn circles_and_status_tell_how_things_are() {
    let mut town = Town::new();
    town.presence.listen.insert("/ip4/127.0.0.1/tcp/4001".into());
    town.presence.synced.insert(town.circle, town.now);
    let circles: Page<CircleRow> = town.ask(&Question::Circles);
    let row = &circles.items[0];
    assert_eq!((row.state.as_str(), row.role.as_deref(), row.members), ("joined", Some("owner"), 4));
    let shown: CircleView = town.ask(&Question::Circle { circle: town.circle.to_string()[..8].to_owned() });
    assert_eq!((shown.name.as_str(), shown.epoch, shown.shops), ("Lane 12", 0, vec![town.shop]));
    assert_eq!(shown.members.iter().filter(|member| member.role == "member").count(), 3);
    let status: Status = town.ask(&Question::Status);
    assert_eq!((status.reachability.as_str(), status.uptime_ms, status.store_bytes), ("local", 5, 7));
    assert_eq!(status.circles[0].last_sync, Some(town.now));
    assert!(status.log_entries > 10);
    assert_eq!(town.try_ask::<Status>(&Question::LogVerify).expect_err("not from views").kind, ProblemKind::Usage);
}
