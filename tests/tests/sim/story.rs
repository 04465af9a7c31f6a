//! The stories: one drawn from a seed, and some written by hand.

use std::cell::RefCell;
use std::rc::Rc;

use haat_node::engine::Conduct;
use haat_node::store::memory::MemoryStore;
use haat_protocol::id::{EntryId, SpaceId};
use haat_protocol::local::{Command, ProblemKind};
use haat_protocol::time::{MINUTE_MS, SECOND_MS};
use haat_tests::actor::{Actor, Stage, cast, post, vouch};
use haat_tests::invariant;
use haat_tests::world::chance::Chance;
use haat_tests::world::store::{Keeping, SimStore};
use haat_tests::world::{Faults, World};

/// Commands of a drawn story.
const COMMANDS: u64 = 60;
/// Healed time until everything must have converged: two full rounds of sync and some.
const QUIET_MS: u64 = 6 * MINUTE_MS;
/// How a drawn story's world treats its messages.
const FAULTS: Faults = Faults { gossip_loss: 100, duplicates: 50, request_loss: 50 };
const NAMES: [&str; 6] = ["alice", "bob", "carol", "dora", "emil", "fritz"];

/// A written story: all that its people do.
pub(super) type Story = fn(&[Actor]) -> Vec<(usize, EntryId)>;

/// Whether the stories of shops and orders are told: they need a node that trades.
const TRADE: bool = true;
/// Written stories.
const STORIES: &[(&str, Story)] = &[("a removal", removal)];
/// Written stories of shops and orders.
const TRADE_STORIES: &[(&str, Story)] = &[("a trade", trade)];

/// The written stories that are told.
pub(super) fn written() -> impl Iterator<Item = &'static (&'static str, Story)> {
    STORIES.iter().chain(TRADE_STORIES.iter().filter(|_| TRADE))
}

/// How a story ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) trace: [u8; 32],
    pub(super) events: u64,
}

/// A story while it is told.
struct Drawn {
    stage: Stage,
    people: Vec<Actor>,
    chance: Chance,
    circles: Vec<SpaceId>,
    said: Vec<(usize, EntryId)>,
    removals: u64,
}

/// Tells the story of a seed, lets the world heal, and checks everything.
pub(super) fn tell(seed: u64, conduct: Conduct, keep: impl FnMut(usize) -> SimStore) -> Result<Told, String> {
    watch(seed, conduct, keep, |_| {})
}

/// Tells the story of a seed; `end` sees the healed world.
pub(super) fn watch(seed: u64, conduct: Conduct, keep: impl FnMut(usize) -> SimStore, end: impl FnOnce(&World)) -> Result<Told, String> {
    let mut chance = Chance::new(seed, 2);
    let size = 4 + chance.index(3);
    let stage = Rc::new(RefCell::new(World::new(seed, conduct, &NAMES[..size], keep)));
    let people = cast(&stage);
    let mut story = Drawn { stage, people, chance, circles: Vec::new(), said: Vec::new(), removals: 0 };
    story.gather();
    story.live()?;
    let Drawn { stage, said, .. } = story;
    settle(&stage, &said)?;
    let world = stage.borrow();
    end(&world);
    Ok(Told { trace: world.trace(), events: world.counts().0 })
}

/// Heals the world, waits, and checks.
fn settle(stage: &Stage, said: &[(usize, EntryId)]) -> Result<(), String> {
    let mut world = stage.borrow_mut();
    world.calm();
    world.run_for(QUIET_MS);
    invariant::all(&world, said)?;
    (0..world.size()).try_for_each(|who| invariant::rebuilds(&mut world, who))
}

/// Plays a written story in a calm world and checks.
pub(super) fn play(story: &Story) -> Result<(), String> {
    let store = |_| SimStore::new(Keeping::Memory(MemoryStore::default()));
    let stage: Stage = Rc::new(RefCell::new(World::new(7, Conduct { gossip: true }, &NAMES[..4], store)));
    let said = story(&cast(&stage));
    settle(&stage, &said)
}

impl Drawn {
    /// Everybody but perhaps one gets together, with messages lost from the start.
    fn gather(&mut self) {
        self.stage.borrow_mut().set_faults(FAULTS);
        let circle = self.people[0].creates_circle("Lane");
        self.circles.push(circle);
        let late = self.chance.index(2);
        for newcomer in 1..self.people.len() - late {
            let code = self.people[0].invites(&circle);
            self.people[newcomer].joins(&code);
        }
    }

    fn live(&mut self) -> Result<(), String> {
        let trouble: Vec<u64> = (0..6).map(|_| self.chance.between(4, COMMANDS)).collect();
        let mut cut_until = None;
        for turn in 0..COMMANDS {
            match trouble.iter().position(|at| *at == turn) {
                Some(0 | 1) => {
                    let apart: Vec<usize> = (0..self.people.len()).filter(|_| self.chance.permille(500)).collect();
                    self.stage.borrow_mut().partition(&apart);
                    cut_until = Some(turn + self.chance.between(4, 15));
                }
                Some(sort) => self.trouble(sort),
                None => {}
            }
            if cut_until == Some(turn) {
                self.stage.borrow_mut().heal();
            }
            self.turn()?;
            let pause = if self.chance.permille(100) { self.chance.between(2_000, 9_000) } else { self.chance.between(1, 900) };
            self.stage.borrow_mut().run_for(pause);
        }
        Ok(())
    }

    fn trouble(&mut self, sort: usize) {
        let who = self.chance.index(self.people.len());
        let mut world = self.stage.borrow_mut();
        match sort {
            2 => world.crash(who),
            3 | 4 => world.crash_between_effects(who, self.chance.between(0, 6)),
            _ => world.fail_commit(who),
        }
    }

    /// Somebody does something; a refusal is a refusal, a fault of the node is not.
    fn turn(&mut self) -> Result<(), String> {
        let who = self.chance.index(self.people.len());
        let other = self.chance.index(self.people.len());
        let circle = self.circles[self.chance.index(self.circles.len())];
        let command = match self.chance.between(0, 100) {
            0..5 => return self.newcomer(&circle, other),
            5..7 if self.circles.len() < 2 => Command::CircleCreate { name: format!("Circle {}", self.circles.len()) },
            7..11 => return self.removal(&circle, other),
            11..22 => vouch(&circle, &self.people[other]),
            22..26 => Command::Unvouch { person: self.people[other].id(), circle: circle.to_string() },
            26..34 if !self.said.is_empty() => {
                let (author, entry) = self.said[self.chance.index(self.said.len())];
                return self.attempt(author, Command::Retract { entry: entry.to_string() });
            }
            34..50 if !self.said.is_empty() => {
                let (_, entry) = self.said[self.chance.index(self.said.len())];
                post(&circle, "I think so too.", Some(&entry))
            }
            _ => post(&circle, &format!("word {}", self.chance.next()), None),
        };
        self.attempt(who, command)
    }

    /// An owner removes somebody, and may fall while telling the others.
    fn removal(&mut self, circle: &SpaceId, other: usize) -> Result<(), String> {
        let owner = invariant::owner_of(&self.stage.borrow(), circle);
        let Some(owner) = owner.filter(|owner| *owner != other && self.removals < 2) else { return Ok(()) };
        if !invariant::is_member(&self.stage.borrow(), owner, circle) || !self.stage.borrow().is_up(owner) {
            return Ok(());
        }
        self.removals += u64::from(invariant::is_member(&self.stage.borrow(), other, circle));
        if self.chance.permille(300) {
            self.stage.borrow_mut().crash_between_effects(owner, 0);
        }
        self.attempt(owner, Command::CircleRemove { circle: circle.to_string(), person: self.people[other].id() })
    }

    fn attempt(&mut self, who: usize, command: Command) -> Result<(), String> {
        let Some(reply) = self.people[who].tries(command.clone()) else { return Ok(()) };
        match reply {
            Ok(answer) => {
                self.said.extend(answer["entry"].as_str().and_then(|id| id.parse().ok()).map(|id| (who, id)));
                self.circles.extend(answer["name"].as_str().and_then(|_| answer["circle"].as_str()?.parse::<SpaceId>().ok()));
                Ok(())
            }
            Err(problem) if problem.kind == ProblemKind::Internal => Err(format!("{command:?} met a fault: {problem:?}")),
            Err(_) => Ok(()),
        }
    }

    /// Somebody who is in asks somebody to join; nobody waits for the outcome.
    fn newcomer(&mut self, circle: &SpaceId, other: usize) -> Result<(), String> {
        let host = self.chance.index(self.people.len());
        let was_removed = invariant::was_removed(&self.stage.borrow(), circle, other);
        if was_removed {
            return Ok(());
        }
        let invite = Command::CircleInvite { circle: circle.to_string(), uses: None, expires_ms: None };
        let Some(Ok(answer)) = self.people[host].tries(invite) else { return Ok(()) };
        let code = answer["code"].as_str().ok_or("an invite without code")?.to_owned();
        self.people[other].tries(Command::CircleJoin { code });
        Ok(())
    }
}

/// Carol is removed; the others go on.
fn removal(people: &[Actor]) -> Vec<(usize, EntryId)> {
    let [alice, bob, carol, dora] = people else { return Vec::new() };
    let lane = alice.creates_circle("Lane");
    for newcomer in [bob, carol, dora] {
        newcomer.joins(&alice.invites(&lane));
    }
    let mut said = vec![(bob.number(), bob.posts(&lane, "hello")), (carol.number(), carol.posts(&lane, "hello from carol"))];
    alice.waits(10 * SECOND_MS);
    said.push((alice.number(), alice.removes(&lane, carol)));
    alice.waits(10 * SECOND_MS);
    said.push((dora.number(), dora.posts(&lane, "without carol")));
    said
}

/// Bob's shop is shared into the circle, and carol buys there.
fn trade(people: &[Actor]) -> Vec<(usize, EntryId)> {
    let [alice, bob, carol, _] = people else { return Vec::new() };
    let lane = alice.creates_circle("Lane");
    for newcomer in [bob, carol] {
        newcomer.joins(&alice.invites(&lane));
    }
    let shop = bob.opens_shop("Bob's bread");
    let bread = bob.lists(&shop, "Rye bread", "4.50");
    bob.shares(&shop, &lane);
    bob.waits(30 * SECOND_MS);
    let order = carol.offers(&bread);
    carol.waits(20 * SECOND_MS);
    bob.acts(&order, "accept");
    bob.waits(20 * SECOND_MS);
    Vec::new()
}
