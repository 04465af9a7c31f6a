//! Seeded runs of whole worlds: the same engines as in the daemon, over a network that loses, doubles, overtakes, cuts and lets
//! nodes fall. A failing seed is printed, and replays identically: `HAAT_SEED=n`. `HAAT_SEEDS=n` runs more of them, up to `n`; with `HAAT_FIRST_SEED=m` those from
//! `m` to `n` alone.

mod crowd;
mod market;
mod story;
mod trade;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use haat_node::engine::Conduct;
use haat_node::store::disk::DiskStore;
use haat_node::store::memory::MemoryStore;
use haat_tests::fault::Options;
use haat_tests::invariant;
use haat_tests::world::World;
use haat_tests::world::store::{Keeping, SimStore};

use story::Told;

/// Seeds of the ordinary run.
const SEEDS: u64 = 200;
/// Seeds that once found a fault, beyond those.
const KEPT: [u64; 34] = [
    214, 235, 247, 263, 267, 276, 300, 305, 356, 453, 547, 581, 715, 743, 766, 785, 1028, 1030, 1640, 2131, 4215, 4433, 4569, 5404, 6498,
    6603, 6748, 8095, 8126, 8189, 8393, 8767, 9308, 9806,
];
/// Nodes of the crowd in the ordinary run.
const CROWD: u64 = 50;
/// Seeds of the crowd in the ordinary run: two cores run them in about three minutes.
const CROWD_SEEDS: u64 = 5;
/// Threads that share the seeds.
const THREADS: u64 = 2;
const GOSSIP: Conduct = Conduct { gossip: true };
const SILENT: Conduct = Conduct { gossip: false };

fn in_memory(_: usize) -> SimStore {
    SimStore::new(Keeping::Memory(MemoryStore::default()))
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn wanted() -> Vec<u64> {
    let last = number("HAAT_SEEDS").unwrap_or(SEEDS);
    let all = || match number("HAAT_FIRST_SEED") {
        Some(first) => (first..=last).collect(),
        None => (1..=last).chain(KEPT.into_iter().filter(|seed| *seed > last)).collect(),
    };
    number("HAAT_SEED").map_or_else(all, |seed| vec![seed])
}

/// Runs a seed to its end and checks everything.
fn run(seed: u64, conduct: Conduct) -> Result<Told, String> {
    println!("seed {seed}: {}", Options::draw(seed));
    let told = catch_unwind(AssertUnwindSafe(|| story::tell(seed, conduct, in_memory)));
    told.unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        Err(said.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_else(|| "a panic".into()))
    })
}

/// What to say of a seed that failed.
fn report(seed: u64, fault: &str, test: &str) -> String {
    let options = Options::draw(seed);
    let again = format!("HAAT_SEED={seed} cargo test -p haat-tests --test all {test} -- --nocapture");
    format!("seed {seed} ({options}) failed: {fault}; replay with {again}")
}

/// Runs seeds side by side; every failing one is named at once and at the end, with the way to run it again.
fn run_all(seeds: &[u64], conduct: Conduct, test: &str) {
    let failed = std::thread::scope(|scope| {
        let part = |first: u64| {
            let mine: Vec<u64> = seeds.iter().copied().filter(|seed| seed % THREADS == first).collect();
            let failure = move |seed: u64| {
                let line = run(seed, conduct).err().map(|fault| report(seed, &fault, test))?;
                println!("{line}");
                Some(line)
            };
            move || mine.into_iter().filter_map(failure).collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..THREADS).map(|first| scope.spawn(part(first))).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a run catches its own panics")).collect::<Vec<_>>()
    });
    assert!(failed.is_empty(), "{} of {} seeds failed:\n{}", failed.len(), seeds.len(), failed.join("\n"));
}

#[test]
fn seeds_converge() {
    run_all(&wanted(), GOSSIP, "sim::seeds_converge");
}

#[test]
fn seeds_converge_without_gossip() {
    let seeds: Vec<u64> = number("HAAT_SEED").map_or_else(|| (101..=104).collect(), |seed| vec![seed]);
    run_all(&seeds, SILENT, "sim::seeds_converge_without_gossip");
}

#[test]
fn a_seed_replays_identically() {
    let (one, again) = (run(3, GOSSIP), run(3, GOSSIP));
    let traces = [one, again].map(|told| told.map(|told| (told.trace, told.events)));
    assert_eq!(traces[0], traces[1], "the same seed went another way");
    assert_ne!(traces[0], run(4, GOSSIP).map(|told| (told.trace, told.events)), "seeds do not matter");
}

#[test]
fn disk_and_memory_hold_the_same() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let on_disk = |number: usize| {
        let store = DiskStore::open(&folder.path().join(format!("{number}.redb"))).expect("a fresh database opens");
        SimStore::new(Keeping::Disk(store))
    };
    let views = |world: &World| (0..world.size()).map(|who| invariant::views(&*world.kept(who))).collect::<Vec<_>>();
    let mut held = Vec::new();
    story::watch(5, GOSSIP, in_memory, |world| held.push(views(world))).expect("seed 5 holds in memory");
    story::watch(5, GOSSIP, on_disk, |world| held.push(views(world))).expect("seed 5 holds on disk");
    assert!(held[0] == held[1], "redb and memory ended with different views");
}

/// How large the crowd is: `HAAT_CROWD=n` nodes and twenty times as many entries.
fn crowd_size() -> crowd::Size {
    let nodes = number("HAAT_CROWD").unwrap_or(CROWD);
    crowd::Size { nodes: usize::try_from(nodes).unwrap_or(usize::MAX), entries: nodes * 20 }
}

#[test]
fn a_crowd_comes_together_after_storm_and_split() {
    let (size, seeds) = (crowd_size(), number("HAAT_CROWD_SEEDS").unwrap_or(CROWD_SEEDS));
    let founded = crowd::found(size.nodes, in_memory);
    let seeds = number("HAAT_SEED").map_or(1..seeds + 1, |seed| seed..seed + 1);
    let trials: [(&str, crowd::Trial); 2] = [("storm", crowd::storm), ("split", crowd::split)];
    let waiting = Mutex::new(seeds.flat_map(|seed| trials.map(|(name, trial)| (seed, name, trial))).collect::<VecDeque<_>>());
    let next = || waiting.lock().ok().and_then(|mut waiting| waiting.pop_front());
    let endure = || {
        let mut faults = Vec::new();
        while let Some((seed, name, trial)) = next() {
            match trial(seed, size, &founded) {
                Ok(after_ms) => println!("{name} of seed {seed} with {size:?}: equal {} s after the faults stopped", after_ms / 1_000),
                Err(fault) => faults.push(format!("{name} of seed {seed} with {size:?}: {fault}")),
            }
        }
        faults
    };
    let faults: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(endure)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a trial says what is wrong")).collect()
    });
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn stories_come_true() {
    for (name, story) in story::written() {
        story::play(story).unwrap_or_else(|fault| panic!("story {name:?}: {fault}"));
    }
}
