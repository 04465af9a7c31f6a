//! A crowd in one circle: many nodes, heavy loss and restarts, or two halves that do not hear of each other for ten minutes. What
//! is measured is how long after the end of the faults all of them hold the same.

use std::cell::RefCell;
use std::rc::Rc;

use haat_node::engine::Conduct;
use haat_protocol::id::SpaceId;
use haat_protocol::local::Command;
use haat_protocol::time::{MINUTE_MS, SECOND_MS};
use haat_tests::actor::{Actor, Stage, cast, post};
use haat_tests::invariant;
use haat_tests::world::chance::Chance;
use haat_tests::world::store::SimStore;
use haat_tests::world::{Faults, World};

/// How long the faults last.
const TROUBLE_MS: u64 = 10 * MINUTE_MS;
/// The seed whose people are the crowd: they get together once, not once per seed.
const BORN: u64 = u64::MAX;
/// How often it is looked whether all hold the same.
const LOOK_EVERY_MS: u64 = SECOND_MS;

/// One trust log in so many is verified to its last signature.
const AUDITED_ONE_IN: usize = 5;

/// How large a crowd is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) nodes: usize,
    pub(super) entries: u64,
}

/// What a crowd goes through: seed, size, how it began. Milliseconds from the end of the faults until all held the same.
pub(super) type Trial = fn(u64, Size, &Founded) -> Result<u64, String>;

/// A circle in which everybody is, to begin worlds with.
#[derive(Debug)]
pub(super) struct Founded {
    names: Vec<String>,
    circle: SpaceId,
    stores: Vec<SimStore>,
}

fn world(seed: u64, names: &[String], keep: impl FnMut(usize) -> SimStore) -> Stage {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Rc::new(RefCell::new(World::of(seed, Conduct { gossip: true }, BORN, &names, keep)))
}

/// Everybody gets together.
pub(super) fn found(nodes: usize, keep: impl FnMut(usize) -> SimStore) -> Founded {
    let names: Vec<String> = (0..nodes).map(|number| format!("n{number:02}")).collect();
    let stage = world(BORN, &names, keep);
    let people = cast(&stage);
    let circle = people[0].creates_circle("Crowd");
    let uses = Some(nodes as u64);
    let answer = people[0].does(Command::CircleInvite { circle: circle.to_string(), uses, expires_ms: None });
    let code = answer["code"].as_str().expect("an invite answers with its code").to_owned();
    for newcomer in &people[1..] {
        newcomer.joins(&code);
    }
    let after = until_equal(&stage, &circle, 5 * MINUTE_MS);
    assert!(after.is_some(), "the crowd is not together");
    let stores = (0..nodes).map(|who| stage.borrow().copy_of_store(who)).collect();
    Founded { names, circle, stores }
}

/// Milliseconds until all nodes hold the same of the circle; none when they do not within the time.
fn until_equal(stage: &Stage, circle: &SpaceId, within_ms: u64) -> Option<u64> {
    (0..=within_ms / LOOK_EVERY_MS)
        .find(|look| {
            if *look > 0 {
                stage.borrow_mut().run_for(LOOK_EVERY_MS);
            }
            let world = stage.borrow();
            let first = invariant::digest(&world, 0, circle);
            (1..world.size()).all(|who| world.is_up(who) && invariant::digest(&world, who, circle) == first)
        })
        .map(|looks| looks * LOOK_EVERY_MS)
}

/// Everybody writes for ten minutes while `trouble` goes on; then the faults stop, and all must hold the same within the time.
fn trial(
    seed: u64,
    size: Size,
    founded: &Founded,
    within_ms: u64,
    mut trouble: impl FnMut(u64, &Stage, &mut Chance),
) -> Result<u64, String> {
    let stage = world(seed, &founded.names, |who| founded.stores[who].copy());
    stage.borrow_mut().run_for(10 * SECOND_MS);
    let people: Vec<Actor> = cast(&stage);
    let mut chance = Chance::new(seed, 2);
    let mut said = Vec::new();
    for turn in 0..size.entries {
        trouble(turn, &stage, &mut chance);
        let up: Vec<&Actor> = people.iter().filter(|actor| stage.borrow().is_up(actor.number())).collect();
        let author = up[chance.index(up.len())];
        if let Some(Ok(answer)) = author.tries(post(&founded.circle, &format!("word {turn}"), None)) {
            let word = answer["entry"].as_str().and_then(|id| id.parse().ok());
            said.push((author.number(), word.ok_or("a post without an entry")?));
        }
        stage.borrow_mut().run_for(TROUBLE_MS / size.entries);
        stage.borrow().checked()?;
    }
    let in_first_half = said.iter().filter(|(author, _)| *author < size.nodes / 2).count();
    if in_first_half.min(said.len() - in_first_half) < said.len() / 4 {
        return Err(format!("of {} words {in_first_half} were said in the first half: one side hardly spoke", said.len()));
    }
    stage.borrow_mut().calm();
    let after = until_equal(&stage, &founded.circle, within_ms)
        .ok_or_else(|| format!("not all of {} nodes hold the same {} s after the faults stopped", size.nodes, within_ms / SECOND_MS))?;
    let world = stage.borrow();
    // All hold the same, so that the trust logs of some stand for those of the others.
    for who in (0..size.nodes).skip(chance.index(AUDITED_ONE_IN)).step_by(AUDITED_ONE_IN) {
        invariant::sound(&world, who)?;
    }
    invariant::equal(&world, &said)?;
    Ok(after)
}

/// Loss of 30 %, and a fifth of the nodes restarted per minute.
pub(super) fn storm(seed: u64, size: Size, founded: &Founded) -> Result<u64, String> {
    let every = (size.entries * MINUTE_MS * 5 / (TROUBLE_MS * size.nodes as u64)).max(1);
    trial(seed, size, founded, 120 * SECOND_MS, |turn, stage, chance| {
        if turn == 0 {
            stage.borrow_mut().set_faults(Faults { gossip_loss: 300, request_loss: 300, ..Faults::default() });
        }
        if turn % every == 0 {
            let who = chance.index(size.nodes);
            stage.borrow_mut().crash_for(who, chance.between(SECOND_MS, 10 * SECOND_MS));
        }
    })
}

/// Two halves that do not hear of each other.
pub(super) fn split(seed: u64, size: Size, founded: &Founded) -> Result<u64, String> {
    let half: Vec<usize> = (0..size.nodes / 2).collect();
    trial(seed, size, founded, 60 * SECOND_MS, |turn, stage, _| {
        if turn == 0 {
            stage.borrow_mut().partition(&half);
        }
        if turn + 1 == size.entries {
            let world = stage.borrow();
            let [one, other] = [0, size.nodes - 1].map(|who| invariant::digest(&world, who, &founded.circle));
            assert_ne!(one, other, "the halves heard of each other");
        }
    })
}
