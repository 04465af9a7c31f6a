//! Whose turn it is, with many members connected. Never what is said in a comparison.

use std::collections::BTreeSet;

use haat_protocol::circle::{Member, Role, Roster};
use haat_protocol::crypto::Keypair;
use haat_protocol::id::{DeviceId, EntryId, SpaceId};
use haat_protocol::identity::Chain;
use haat_protocol::limits::{SYNC_EVERY_MS, SYNC_PARTNERS, SYNC_SETTLED, SYNC_TURN_MS};
use haat_protocol::sync::Effect as Step;
use haat_protocol::time::Millis;

use crate::engine::trade::tests::kit::Node;
use crate::intake;
use crate::store::Table;

/// Connected members beside this node.
const MANY: usize = 30;

/// A node in a circle of many, all of them connected and none of them asked yet.
fn crowded() -> (Node, SpaceId, Vec<DeviceId>) {
    let mut ana = Node::new(1);
    let answer = ana.work(|work| work.circle_create("Lane", None)).expect("begins");
    let space: SpaceId = answer["circle"].as_str().expect("an id").parse().expect("an id");
    let pairs = (0..MANY as u8).map(|seed| Keypair::from_seed(&[seed.wrapping_add(100); 32]));
    let chains: Vec<(Keypair, Chain)> = pairs.map(|pair| (pair.clone(), Chain::begin(&pair, &pair.public(), &pair, Millis(1)))).collect();
    let devices: Vec<DeviceId> = chains.iter().map(|(pair, _)| pair.public()).collect();
    ana.work(|work| {
        let mut roster: Roster = work.tx.load(Table::Roster, &space.0).expect("begun");
        for (pair, chain) in chains {
            let identity = chain.verify().expect("fresh");
            intake::identity(&mut work.cx(), &identity);
            let member = Member { role: Role::Member, by: EntryId([0; 32]), lamport: 1, since: Millis(1), name: "M".into() };
            roster.members.insert(identity.id(), member);
            work.passing.presence.connected.insert(pair.public(), String::new());
        }
        work.tx.save(Table::Roster, &space.0, &roster);
        work.passing.due.clear();
        work.passing.next_sync = work.now.plus(SYNC_EVERY_MS);
    });
    (ana, space, devices)
}

/// Lets time pass until nobody waits for a turn, at most as long as all of them need; `found` is told of everybody who had one.
fn turns(ana: &mut Node, space: SpaceId, mut found: impl FnMut(DeviceId) -> Option<Step>) -> BTreeSet<DeviceId> {
    let mut had = BTreeSet::new();
    for _ in 0..=MANY.div_ceil(SYNC_PARTNERS) {
        ana.now = ana.now.plus(SYNC_TURN_MS);
        ana.work(|work| work.compare_due());
        let asked: Vec<DeviceId> = ana.passing.rounds.get(&space).into_iter().flat_map(|round| round.asked.iter().copied()).collect();
        for device in asked.into_iter().filter(|device| had.insert(*device)).collect::<Vec<_>>() {
            if let Some(step) = found(device) {
                ana.work(|work| work.perform(device, vec![step]));
            }
        }
    }
    had
}

#[test]
fn news_goes_round_until_enough_in_succession_lack_nothing() {
    let (mut ana, space, _) = crowded();
    ana.work(|work| work.compare_soon(space, None));
    let had = turns(&mut ana, space, |_| Some(Step::Synced(space)));
    assert_eq!(had.len(), SYNC_SETTLED, "the rest is asked when all are");
    ana.work(|work| work.compare_soon(space, None));
    assert_eq!(turns(&mut ana, space, |_| Some(Step::Synced(space))).len(), SYNC_SETTLED, "news begins anew");
}

#[test]
fn who_lacks_something_makes_it_go_on() {
    let (mut ana, space, _) = crowded();
    ana.work(|work| work.compare_soon(space, None));
    let mut count = 0;
    for _ in 0..MANY {
        ana.now = ana.now.plus(SYNC_TURN_MS);
        ana.work(|work| work.compare_due());
        let asked: Vec<DeviceId> = ana.passing.rounds.get(&space).into_iter().flat_map(|round| round.asked.iter().copied()).collect();
        for device in asked {
            count += 1;
            ana.work(|work| {
                if count % (SYNC_SETTLED - 1) == 0 {
                    work.lacks(&device, &space);
                }
                work.perform(device, vec![Step::Synced(space)]);
            });
        }
    }
    assert_eq!(count, MANY, "nobody is left out while one in seven lacks it");
}

#[test]
fn when_all_are_due_all_have_their_turn() {
    let (mut ana, space, devices) = crowded();
    ana.work(|work| {
        work.passing.due.insert(space, super::Due { at: work.now, except: None, all: true });
        work.compare_due();
        work.compare_soon(space, None);
    });
    let had = turns(&mut ana, space, |_| Some(Step::Synced(space)));
    assert_eq!(had, devices.into_iter().collect(), "news in between shortens nothing");
}

#[test]
fn a_comparison_that_did_not_end_is_wanted_again_with_that_one_alone() {
    let (mut ana, space, devices) = crowded();
    ana.work(|work| work.perform(devices[3], vec![Step::Unfinished(space)]));
    assert!(ana.passing.due.is_empty(), "the others are not asked for that");
    let wanted: Vec<_> = ana.passing.wanted.keys().copied().collect();
    assert_eq!(wanted, [(devices[3], space)]);
    ana.work(|work| work.compare_due());
    assert_eq!(ana.passing.wanted.len(), 1, "not at once");
    ana.now = ana.now.plus(crate::engine::peer::COMPARE_AGAIN_MS);
    ana.work(|work| work.compare_due());
    assert!(ana.passing.wanted.is_empty(), "but soon");
}
