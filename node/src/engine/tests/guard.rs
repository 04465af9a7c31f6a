//! The guard against two entries for one place: crashes, old stores, copied homes, and the word that is waited for after a start.

use haat_protocol::limits::{LOG_NUMBERS_PER_DAY, START_WORD_MS};
use haat_protocol::local::Command;
use serde_json::Value;

use super::*;
use crate::engine::{Conduct, Engine, Input, guard};
use crate::entropy::Seeded;
use crate::store::memory::MemoryStore;
use crate::witness::{Recalled, Witness};

const NOW: Millis = Millis(1_900_000_000_000);

fn engine(store: &MemoryStore, witness: &Recalled, life: u64) -> Engine<MemoryStore> {
    let entropy = Box::new(Seeded::new(99, life));
    Engine::new(store.clone(), node(7).me, entropy, Conduct { gossip: false }).with_witness(Box::new(witness.clone()))
}

fn answers(engine: &mut Engine<MemoryStore>, now: Millis, command: Command) -> Vec<Result<Value, haat_protocol::local::Problem>> {
    let effects = engine.step(now, vec![Input::Command(1, command)]);
    effects.into_iter().filter_map(|effect| if let Effect::Answer(_, answer) = effect { Some(answer) } else { None }).collect()
}

fn says(engine: &mut Engine<MemoryStore>, text: &str) -> LogId {
    let command = Command::Post { circle: CIRCLE.into(), text: text.into(), listings: vec![], reply_to: None };
    let answer = answers(engine, NOW, command).remove(0).expect("nobody is locked out");
    let entry: EntryId = answer["entry"].as_str().expect("an entry").parse().expect("an id");
    let snapshot = engine.store().snapshot().expect("memory");
    known::entry(&crate::store::Tx::new(&*snapshot), &entry).expect("held").header().log_id()
}

fn begun() -> (Recalled, Engine<MemoryStore>) {
    let witness = Recalled::default();
    let mut first = engine(&MemoryStore::default(), &witness, 1);
    answers(&mut first, NOW, Command::CircleCreate { name: CIRCLE.into(), norms: None }).remove(0).expect("begins");
    says(&mut first, "one");
    (witness, first)
}

/// What stands where. A clone of a store in memory is a copy: the other goes on without it.
fn places(engine: &Engine<MemoryStore>) -> BTreeMap<Vec<u8>, Vec<u8>> {
    engine.store().snapshot_rows(Table::At).into_iter().collect()
}

fn agree(one: &Engine<MemoryStore>, other: &Engine<MemoryStore>) {
    let other = places(other);
    let differs = places(one).into_iter().find(|(place, id)| other.get(place).is_some_and(|held| held != id));
    assert_eq!(differs, None, "two entries at one place");
}

#[test]
fn after_a_restart_the_log_goes_on() {
    let (witness, first) = begun();
    assert_eq!(says(&mut engine(first.store(), &witness, 2), "two").number, 0);
}

#[test]
fn a_crash_between_witness_and_commit_loses_nothing_and_costs_no_log() {
    let (witness, mut first) = begun();
    let before = first.store().clone();
    says(&mut first, "written down, not committed");
    let mut again = engine(&before, &witness, 2);
    assert_eq!(says(&mut again, "three").number, 0);
    let (one, other) = (places(&first), places(&again));
    assert!(one.iter().all(|(place, id)| other.get(place) == Some(id)), "what was signed stands where it stood");
    assert_eq!(other.len(), one.len() + 1);
}

#[test]
fn an_old_store_is_not_gone_on_with() {
    let (witness, mut first) = begun();
    let before = first.store().clone();
    says(&mut first, "two");
    says(&mut first, "three");
    let mut again = engine(&before, &witness, 2);
    let log = says(&mut again, "another two");
    assert!(log.number > 0);
    assert_eq!(says(&mut again, "on").number, log.number, "one new log is enough");
    agree(&first, &again);
}

#[test]
fn a_copied_home_begins_new_logs_at_once() {
    let (witness, mut first) = begun();
    let mut twin = engine(first.store(), &witness.copy(), 2);
    let (one, other) = (says(&mut first, "here"), says(&mut twin, "there"));
    assert!(one.number == 0 && other.number > 0);
    agree(&first, &twin);
}

#[test]
fn what_is_not_written_down_is_not_committed() {
    let (witness, mut first) = begun();
    witness.fail_once();
    let command = Command::Post { circle: CIRCLE.into(), text: "lost".into(), listings: vec![], reply_to: None };
    let before = places(&first);
    assert!(answers(&mut first, NOW, command).remove(0).is_err());
    assert_eq!(places(&first), before);
    assert_eq!(says(&mut first, "two").number, 0, "and it costs no log");
}

#[test]
fn after_a_start_a_members_word_is_waited_for_and_then_a_new_log_begun() {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    let mut witness = Recalled::default();
    let lasts = ana.read(|tx| {
        let head = Known(tx).head(&LogId { space, device: ana.device(), number: 0 }).expect("held");
        vec![(LogId { space, device: ana.device(), number: 0 }, Some((head.seq, head.id)))]
    });
    witness.note(crate::witness::Note { lasts, orders: vec![], redo: None }).expect("memory");
    let post = Body::Post(Post { text: "again".into(), listings: vec![], reply_to: None });
    let says = |ana: &mut Node| {
        let said = ana.work(|work| work.author(space, &post).map_err(|problem| problem.code))?;
        Ok::<_, String>(ana.read(|tx| known::entry(tx, &said)).expect("held").header().log)
    };
    let restart = |ana: &mut Node| {
        let now = ana.now;
        ana.passing.guard = guard::recover(&mut ana.store, &witness, &ana.me, now).expect("memory");
    };
    restart(&mut ana);
    assert_eq!(says(&mut ana), Err("waits-for-word".into()));
    ana.work(|work| work.heard_of_own(space));
    assert_eq!(says(&mut ana), Ok(0), "bob knows of nothing more");
    restart(&mut ana);
    ana.now = ana.now.plus(START_WORD_MS);
    assert!(says(&mut ana).expect("not locked out") > 0, "nobody was there to ask");
}

#[test]
fn a_device_that_began_very_many_logs_goes_on_the_next_day() {
    let (mut ana, space) = founded();
    let mut bob = node(2);
    join(&mut ana, &mut bob, space);
    let begins = |number: u64, at: Millis| {
        crafted(&bob, space, post("again"), None, |header| {
            (header.log, header.seq, header.prev, header.lamport, header.at) = (number, 0, None, 1, at);
        })
    };
    let (today, tomorrow) = (ana.now, ana.now.plus(DAY_MS));
    assert_eq!(take(&mut ana, &begins(LOG_NUMBERS_PER_DAY - 1, today)), Taken::Kept);
    let early = begins(LOG_NUMBERS_PER_DAY, today);
    assert_eq!(take(&mut ana, &early), Taken::Refused(haat_protocol::admit::Refusal::LogNumber));
    ana.now = tomorrow;
    assert_eq!(take(&mut ana, &early), Taken::Refused(haat_protocol::admit::Refusal::LogNumber), "the day is its own");
    assert_eq!(take(&mut ana, &begins(LOG_NUMBERS_PER_DAY, tomorrow)), Taken::Kept);

    let mut witness = Recalled::default();
    let last = |number: u64| (LogId { space, device: ana.device(), number }, Some((0, EntryId([7; 32]))));
    witness.note(crate::witness::Note { lasts: vec![last(LOG_NUMBERS_PER_DAY - 1)], ..Default::default() }).expect("memory");
    let says = |ana: &mut Node, now: Millis| {
        ana.now = now;
        ana.passing.guard = guard::recover(&mut ana.store, &witness, &ana.me, now).expect("memory");
        ana.work(|work| {
            work.heard_of_own(space);
            work.author(space, &Body::Post(Post { text: "still here".into(), listings: vec![], reply_to: None }))
                .map_err(|problem| problem.code)
        })
    };
    assert_eq!(says(&mut ana, today), Err("too-many-logs".into()));
    let said = says(&mut ana, tomorrow).expect("nobody is locked out for good");
    let log = ana.read(|tx| known::entry(tx, &said)).expect("held").header().log;
    assert!((LOG_NUMBERS_PER_DAY..LOG_NUMBERS_PER_DAY + 65).contains(&log), "{log}");
}
