//! Who may read what: every order of {add, remove, leave, rotate, post, share, unshare} among up to five people, against an oracle.
//! In the sequential regime everything is delivered between two actions, in the other what chance lets through between two halves;
//! then all is delivered, and each reading of each entry is compared. Those who are out get every byte all the same.
//!
//! The ordinary run draws orders; which others are asked for is told in `order`. As many threads run as the machine has, or
//! `HAAT_THREADS`. What fails is named so that it alone can be run again, and the other orders are tried all the same.

mod judge;
mod model;
mod order;
mod scene;

use std::io::Write as _;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use judge::{Tally, judge};
use order::{Act, Wish, name, orders, wish};
use scene::{Plan, Regime, Scene};

use crate::entropy::{Entropy as _, Seeded};

/// Drawn orders of the ordinary run, for each number of people and each regime.
const DRAWN: u64 = 30;
/// Orders that failed once and are tried in every ordinary run: people at the beginning, regime, number. In the first the newcomer did
/// not learn that somebody had left: that was said under an epoch of somebody already removed, which those who knew so forgot. In the
/// others a newcomer let in in vain was handed an epoch made after the removal of who let it in, and read on in its place.
const KEPT: [(usize, Regime, usize); 3] = [(3, Regime::Cut, 1_047), (3, Regime::Cut, 1_386), (5, Regime::Cut, 4_329)];
/// People at the beginning, at most.
const PEOPLE: usize = 5;

/// What a set of runs came to.
#[derive(Debug, Default)]
struct Sum {
    orders: usize,
    readings: Tally,
    faults: Vec<String>,
}

impl Sum {
    /// Ends a run and judges it.
    fn over(&mut self, mut scene: Scene) -> Result<(), String> {
        let judged = scene.end().and_then(|()| judge(&scene));
        self.readings.add(judged.map_err(|fault| told(&scene, &fault))?);
        self.orders += 1;
        Ok(())
    }

    /// Notes what failed, and tells it at once: a run of hours does not end before it is known.
    fn fails(&mut self, fault: String) {
        say(&fault);
        self.faults.push(fault);
    }

    fn add(&mut self, other: Self) {
        self.orders += other.orders;
        self.readings.add(other.readings);
        self.faults.extend(other.faults);
    }
}

/// A line on standard error, past what the test runner withholds.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn told(scene: &Scene, fault: &str) -> String {
    format!("{fault}\n  {}", scene.tale.join("\n  "))
}

/// Orders by their numbers, and the number of the first one that begins as what was done so far does.
struct Numbers {
    wanted: Range<usize>,
    first: usize,
}

/// Every wanted order of what is left; what several orders begin with is run once.
fn explore(scene: &Scene, left: &[Act], numbers: &Numbers, sum: &mut Sum) {
    let called = |first: usize| name(scene.plan.founders, scene.plan.regime, first);
    if left.is_empty() {
        if let Err(fault) = sum.over(scene.branch(0)) {
            sum.fails(format!("again with HAAT_ORDER={}: {fault}", called(numbers.first)));
        }
        return;
    }
    let span = orders(left.len() - 1);
    for (place, act) in left.iter().enumerate().filter(|(_, act)| scene.is_due(**act, left)) {
        let first = numbers.first + place * span;
        let wanted = numbers.wanted.start.max(first)..numbers.wanted.end.min(first + span);
        if wanted.is_empty() {
            continue;
        }
        match step(scene, *act) {
            Ok(next) => {
                let rest: Vec<Act> = left.iter().copied().filter(|other| other != act).collect();
                explore(&next, &rest, &Numbers { wanted, first }, sum);
            }
            Err(fault) => {
                let begins = called(wanted.start);
                sum.fails(format!("again with HAAT_ORDER={begins}, and {} more that begin so: {fault}", wanted.len() - 1));
            }
        }
    }
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

/// What one thread does at a time.
struct Task {
    founders: usize,
    regime: Regime,
    wish: Wish,
}

impl Task {
    /// What is asked for, in parts: as many orders as begin with one action, or a few drawn ones.
    fn all(regime: Regime) -> Vec<Self> {
        let part = orders(Act::ALL.len() - 1);
        let parts = |founders: usize| -> Vec<Wish> {
            match wish(founders, regime, DRAWN) {
                Wish::Drawn(seeds) => {
                    let of = (founders, regime);
                    let kept = KEPT.iter().filter(|(people, regime, _)| seeds.clone().count() > 1 && (*people, *regime) == of);
                    let kept: Vec<Wish> = kept.map(|(_, _, number)| Wish::Numbered(number - 1..*number)).collect();
                    seeds.map(|seed| Wish::Drawn(seed..seed + 1)).chain(kept).collect()
                }
                Wish::Numbered(wanted) => (0..Act::ALL.len())
                    .map(|first| wanted.start.max(first * part)..wanted.end.min((first + 1) * part))
                    .filter(|wanted| !wanted.is_empty())
                    .map(Wish::Numbered)
                    .collect(),
            }
        };
        let of = |founders: usize| parts(founders).into_iter().map(move |wish| Self { founders, regime, wish });
        (2..=PEOPLE).flat_map(of).collect()
    }

    fn run(&self) -> Sum {
        let mut sum = Sum::default();
        let (founders, regime) = (self.founders, self.regime);
        match &self.wish {
            Wish::Drawn(seeds) => {
                for seed in seeds.clone() {
                    let (order, shared) = drawn(seed);
                    let run = follow(Plan { founders, regime, seed, shared }, &order).and_then(|scene| sum.over(scene));
                    if let Err(fault) = run {
                        sum.fails(format!("again with HAAT_SEED={seed}: {order:?}: {fault}"));
                    }
                }
            }
            Wish::Numbered(wanted) => {
                for shared in [false, true] {
                    let begun = Scene::begin(Plan { founders, regime, seed: 1, shared });
                    explore(&begun, &Act::ALL, &Numbers { wanted: wanted.clone(), first: 0 }, &mut sum);
                }
                let (first, last) = (wanted.start + 1, wanted.end);
                say(&format!(
                    "{founders} people, {regime:?}: {} orders of {first} to {last} hold, {} faults",
                    sum.orders,
                    sum.faults.len()
                ));
            }
        }
        sum
    }
}

/// Both regimes, and every number of people; whatever fails is told.
fn try_all(regime: Regime) {
    let tasks = Task::all(regime);
    let threads = std::env::var("HAAT_THREADS").ok().and_then(|text| text.parse().ok());
    let threads = threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let (next, whole) = (AtomicUsize::new(0), Mutex::new(Sum::default()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let sum = task.run();
                    whole.lock().expect("no thread panics here").add(sum);
                }
            });
        }
    });
    let Sum { orders, readings, faults } = whole.into_inner().expect("all threads are over");
    println!("{regime:?}: {orders} orders hold, {readings:?}");
    assert!(faults.is_empty(), "{} failures:\n{}", faults.len(), faults.join("\n"));
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
