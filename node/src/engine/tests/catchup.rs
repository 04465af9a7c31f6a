//! Who was away for a month, and what came without its payload.

use haat_protocol::limits::SYNC_BATCH_BYTES;
use haat_protocol::local::{FeedItem, Page, Question};
use haat_protocol::sync::Places;
use haat_protocol::wire::Scope;

use super::*;
use crate::ask::{NodeFacts, answer};

const DAYS: u64 = 30;
const POSTS_A_DAY: u64 = 12;

fn feed(node: &Node) -> Vec<FeedItem> {
    let facts = NodeFacts { presence: &node.passing.presence, store_bytes: 0, started: node.now, now: node.now };
    let question = Question::Feed { circle: Some(CIRCLE.into()), limit: Some(200), after: None };
    let page = node.read(|tx| answer(tx, &node.me, &facts, &question)).expect("a page");
    serde_json::from_value::<Page<FeedItem>>(page).expect("a page").items
}

/// What a pull of everything from there on is answered with.
fn pull(node: &Node, space: SpaceId, log: LogId, from: u64, newest: bool) -> Vec<Item> {
    let wants = [Want { key: StreamKey::Log(log), from, count: None }];
    node.work_less(|held| held.batch(&space, &wants, newest, SYNC_BATCH_BYTES)).items
}

#[test]
fn who_comes_back_after_a_month_reads_the_newest_day_first() {
    let (mut ana, space) = founded();
    let (mut bob, mut mei) = (node(2), node(3));
    join(&mut ana, &mut bob, space);
    join(&mut ana, &mut mei, space);
    let begin = ana.now;
    for one in [&mut ana, &mut bob, &mut mei] {
        one.now = begin.plus(DAYS * DAY_MS);
    }
    let mut last: Option<Entry> = None;
    for n in 0..DAYS * POSTS_A_DAY {
        let (day, text) = (n / POSTS_A_DAY, format!("{n} {}", "x".repeat(700)));
        let entry = crafted(&bob, space, post(&text), last.as_ref(), |header| header.at = begin.plus(day * DAY_MS + n));
        assert_eq!(take(&mut ana, &entry), Taken::Kept);
        last = Some(entry);
    }
    let log = last.expect("said").header().log_id();
    let start = mei.read(|tx| Known(tx).head(&log)).map_or(0, |head| head.seq + 1);
    let items = pull(&ana, space, log, start, true);
    assert!((items.len() as u64) < DAYS * POSTS_A_DAY, "not all fits into one answer");
    mei.work(|work| work.take_items(space, items, None));
    let shown = feed(&mei);
    let newest: Vec<&FeedItem> = shown.iter().take(usize::try_from(POSTS_A_DAY).expect("few")).collect();
    assert!(newest.iter().all(|item| item.pending && item.at.0 >= begin.plus((DAYS - 1) * DAY_MS).0), "the whole newest day, marked");
    let waiting = mei.work_less(|held| held.waiting(&space, &Scope::Circle));
    assert_eq!(waiting[&log].len(), 1, "the end of the log without a gap");
    let before = waiting[&log][0].0;
    for _ in 0..20 {
        let from = mei.read(|tx| Known(tx).head(&log)).map_or(0, |head| head.seq + 1);
        let items = pull(&ana, space, log, from, false);
        mei.work(|work| work.take_items(space, items, None));
        if from >= before {
            break;
        }
    }
    assert_eq!(rows(&mei, Table::Parked), 0, "the chain is closed");
    assert!(feed(&mei).iter().all(|item| !item.pending) && feed(&mei) == feed(&ana));
    is_sound(&mei);
}

#[test]
fn what_came_without_its_payload_is_filled_by_another() {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    let said = crafted(&bob, space, post("here"), None, |_| {});
    let mut hollow = said.raw().clone();
    hollow.payload = None;
    assert_eq!(take(&mut ana, &hollow.verify().expect("a header is enough")), Taken::Kept);
    let holes = |node: &Node, asked: &Places| node.work_less(|held| held.holes(&space, &Scope::Circle, asked));
    let place = (said.header().log_id(), said.header().seq);
    assert_eq!(holes(&ana, &Places::new()), Places::from([place]));
    assert_eq!(holes(&ana, &Places::from([place])), Places::new(), "asked already");
    assert_eq!((take(&mut ana, &said), holes(&ana, &Places::new())), (Taken::Known, Places::new()));
    assert!(feed(&ana).iter().any(|item| item.entry == said.id() && item.text == "here"));
    is_sound(&ana);
}
