//! Who may read what: every order of {add, remove, leave, rotate, post, share, unshare} among up to five people, against an oracle.
//! In the sequential regime everything is delivered between two actions, in the other what chance lets through between two halves;
//! then all is delivered, and each reading of each entry is compared. Those who are out get every byte all the same.
//!
//! The ordinary run draws orders. `HAAT_ORDERS=n` draws so many, `HAAT_ORDERS=all` tries every one; `HAAT_SEED=n` runs one again.

mod judge;
mod model;
mod scene;

use judge::{Tally, judge};
use scene::{Act, Plan, Regime, Scene};

use crate::entropy::{Entropy as _, Seeded};

/// Drawn orders of the ordinary run, for each number of people and each regime.
const DRAWN: u64 = 30;
/// People at the beginning, at most.
const PEOPLE: usize = 5;

/// What a set of runs came to.
#[derive(Debug, Default)]
struct Sum {
    orders: u64,
    readings: Tally,
}

impl Sum {
    fn over(&mut self, mut scene: Scene) -> Result<(), String> {
        let judged = scene.end().and_then(|()| judge(&scene));
        let tally = judged.map_err(|fault| told(&scene, &fault))?;
        self.orders += 1;
        self.readings.must += tally.must;
        self.readings.must_not += tally.must_not;
        self.readings.either += tally.either;
        Ok(())
    }
}

fn told(scene: &Scene, fault: &str) -> String {
    format!("{fault}\n  {}", scene.tale.join("\n  "))
}

/// Every order of what is left; what several orders begin with is run once.
fn explore(scene: &Scene, left: &[Act], sum: &mut Sum) -> Result<(), String> {
    if left.is_empty() {
        return sum.over(scene.branch(0));
    }
    for act in left.iter().filter(|act| scene.is_due(**act, left)) {
        let rest: Vec<Act> = left.iter().copied().filter(|other| other != act).collect();
        explore(&step(scene, *act)?, &rest, sum)?;
    }
    Ok(())
}

/// One order, up to its end.
fn follow(plan: Plan, order: &[Act]) -> Result<Scene, String> {
    let mut scene = Scene::begin(plan);
    for act in order {
        scene = step(&scene, *act)?;
    }
    Ok(scene)
}

fn step(scene: &Scene, act: Act) -> Result<Scene, String> {
    let mut next = scene.branch(1 + act as u64);
    next.act(act).and_then(|()| next.deliver()).map_err(|fault| told(&next, &fault))?;
    Ok(next)
}

/// A drawn order, and how it begins: what is shared was not shared before, and the other way round.
fn drawn(seed: u64) -> (Vec<Act>, bool) {
    let mut fresh = Seeded::new(seed, 77);
    let mut order: Vec<([u8; 32], Act)> = Act::ALL.iter().map(|act| (fresh.fresh(), *act)).collect();
    order.sort_by_key(|(lot, _)| *lot);
    let order: Vec<Act> = order.into_iter().map(|(_, act)| act).collect();
    let place = |act: Act| order.iter().position(|other| *other == act);
    let shared = place(Act::Unshare) < place(Act::Share);
    (order, shared)
}

fn run(founders: usize, regime: Regime) -> Result<(), String> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let whole = std::env::var("HAAT_ORDERS").is_ok_and(|wish| wish == "all");
    let mut sum = Sum::default();
    if whole {
        for shared in [false, true] {
            explore(&Scene::begin(Plan { founders, regime, seed: 1, shared }), &Act::ALL, &mut sum)?;
        }
    } else {
        let last = number("HAAT_ORDERS").unwrap_or(DRAWN);
        for seed in number("HAAT_SEED").map_or(1..=last, |seed| seed..=seed) {
            let (order, shared) = drawn(seed);
            let run = follow(Plan { founders, regime, seed, shared }, &order).and_then(|scene| sum.over(scene));
            run.map_err(|fault| format!("again with HAAT_SEED={seed}: {order:?}: {fault}"))?;
        }
    }
    let sort = if whole { "all" } else { "drawn" };
    println!("{founders} people and a newcomer, {regime:?}: {sort} {} orders hold, {:?}", sum.orders, sum.readings);
    Ok(())
}

/// Both regimes, and every number of people; every failing set is told.
fn try_all(regime: Regime) {
    let faults: Vec<String> = (2..=PEOPLE).filter_map(|founders| run(founders, regime).err()).collect();
    assert!(faults.is_empty(), "{} of {} failed:\n{}", faults.len(), PEOPLE - 1, faults.join("\n"));
}

#[test]
fn all_is_delivered_at_once_and_read_as_it_should_be() {
    try_all(Regime::Sequential);
}

#[test]
fn what_two_halves_do_at_once_is_read_as_it_should_be() {
    try_all(Regime::Cut);
}

#[test]
fn an_oracle_that_is_cheated_says_so() {
    let order = [Act::Post, Act::Remove, Act::Rotate, Act::Add];
    let plan = Plan { founders: 3, regime: Regime::Sequential, seed: 1, shared: true };
    let ended = || {
        let mut scene = follow(plan, &order).expect("it goes well");
        scene.end().expect("it ends well");
        scene
    };
    let tally = judge(&ended()).expect("nobody cheats");
    assert!(tally.must > 0 && tally.must_not > 0, "{tally:?}");
    let mut leaky = ended();
    leaky.hands_every_key_to_who_is_out();
    assert!(judge(&leaky).expect_err("keys were told").starts_with("can be read"));
    let mut silent = ended();
    let by = silent.model.members(silent.everything())[0];
    silent.says(by).expect("it speaks");
    assert!(judge(&silent).expect_err("nobody was told").starts_with("cannot be read"));
}
