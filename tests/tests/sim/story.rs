//! The stories: one drawn from a seed, and some written by hand.

use std::cell::RefCell;
use std::rc::Rc;

use haat_node::engine::Conduct;
use haat_node::store::memory::MemoryStore;
use haat_protocol::id::{EntryId, OrderId, SpaceId};
use haat_protocol::local::{Command, ProblemKind};
use haat_protocol::time::{MINUTE_MS, Millis, SECOND_MS};
use haat_tests::actor::{Actor, Stage, cast, post, vouch};
use haat_tests::fault::{Options, Weather, device};
use haat_tests::invariant;
use haat_tests::telling;
use haat_tests::world::chance::Chance;
use haat_tests::world::store::{Keeping, SimStore};
use haat_tests::world::{Faults, World};

use super::market::Market;

/// Healed time after that until everything must have converged.
const QUIET_MS: u64 = 3 * MINUTE_MS;
/// Healed time until everybody can speak again: two full rounds of sync and some.
const REST_MS: u64 = 5 * MINUTE_MS;
/// Healed time within which everybody knows of every fork.
const FLAGGED_WITHIN_MS: u64 = MINUTE_MS;
/// Healed time within which a word is read by everybody.
const HEARD_WITHIN_MS: u64 = MINUTE_MS;
/// How messages fare while people get together.
const GATHERING: Faults = Faults { gossip_loss: 100, duplicates: 50, request_loss: 50, clogged: 0 };
const NAMES: [&str; 6] = ["alice", "bob", "carol", "dora", "emil", "fritz"];

/// A written story: all that its people do.
pub(super) type Story = fn(&[Actor]) -> Vec<(usize, EntryId)>;

/// Whether the stories of shops and orders are told: they need a node that trades.
const TRADE: bool = true;
/// Written stories.
const STORIES: &[(&str, Story)] = &[("a removal", removal)];
/// Written stories of shops and orders.
const TRADE_STORIES: &[(&str, Story)] = &[("a trade", trade), ("a trade over a disk that goes back", forgotten_trade)];

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
    options: Options,
    weather: Weather,
    circles: Vec<SpaceId>,
    said: Vec<(usize, EntryId)>,
    removals: u64,
    market: Market,
    /// The node that is somebody's second device.
    second: Option<usize>,
}

/// Tells the story of a seed, lets the world heal, and checks everything.
pub(super) fn tell(seed: u64, conduct: Conduct, keep: impl FnMut(usize) -> SimStore) -> Result<Told, String> {
    watch(seed, conduct, keep, |_| {})
}

/// Tells the story of a seed; `end` sees the healed world.
pub(super) fn watch(seed: u64, conduct: Conduct, keep: impl FnMut(usize) -> SimStore, end: impl FnOnce(&World)) -> Result<Told, String> {
    let options = Options::draw(seed);
    let stage = Rc::new(RefCell::new(World::new(seed, conduct, &NAMES[..options.people], keep)));
    let (people, weather) = (cast(&stage), Weather::new(seed, options));
    let mut story = Drawn {
        stage,
        people,
        chance: Chance::new(seed, 2),
        options,
        weather,
        circles: Vec::new(),
        said: Vec::new(),
        removals: 0,
        market: Market::new(seed, options.trade),
        second: None,
    };
    story.gather();
    story.live()?;
    let Drawn { stage, said, weather, .. } = story;
    let settled = settle(&stage, &said, weather.latest());
    let world = stage.borrow();
    if let (Err(_), Some(_)) = (&settled, std::env::var_os("HAAT_TRACE")) {
        println!("{}", telling::everything(&world));
    }
    settled?;
    end(&world);
    Ok(Told { trace: world.trace(), events: world.counts().0 })
}

/// The faults stop, and with them the last node is back; what clocks that were wrong have claimed comes true; then everything must
/// have come together.
fn settle(stage: &Stage, said: &[(usize, EntryId)], latest: Millis) -> Result<(), String> {
    stage.borrow_mut().calm();
    stage.borrow_mut().run_until_all_are_up();
    stage.borrow_mut().run_for(FLAGGED_WITHIN_MS);
    invariant::forks_are_flagged(&stage.borrow())?;
    stage.borrow_mut().run_for(REST_MS - FLAGGED_WITHIN_MS);
    // A world that stands still because of a fault answers nobody: the fault is told, not what follows from it.
    stage.borrow().checked()?;
    let mut said = said.to_vec();
    said.extend(everybody_is_heard(stage)?);
    let mut world = stage.borrow_mut();
    let ahead_ms = latest.since(world.right_clock());
    world.sleep(ahead_ms);
    world.run_for(QUIET_MS);
    world.checked()?;
    invariant::all(&world, &said)?;
    (0..world.size()).try_for_each(|who| invariant::rebuilds(&mut world, who))
}

/// In the healed world whoever is in a circle says a word there, and soon everybody in it can read it: whatever clocks, disks and
/// cuts did before.
fn everybody_is_heard(stage: &Stage) -> Result<Vec<(usize, EntryId)>, String> {
    let circles = invariant::circles(&stage.borrow());
    let mut words = Vec::new();
    let hostile = stage.borrow().hostile();
    // A device that was taken back may go on as if nothing were: nobody is to hear it.
    for revoked in cast(stage).into_iter().filter(|actor| stage.borrow().is_revoked(actor.number())) {
        for circle in &circles {
            revoked.tries(post(circle, "I am still here.", None));
        }
    }
    let is_heard = |actor: &Actor| Some(actor.number()) != hostile && !stage.borrow().is_revoked(actor.number());
    for actor in cast(stage).into_iter().filter(is_heard) {
        for circle in circles.iter().filter(|circle| invariant::is_member(&stage.borrow(), actor.number(), circle)) {
            let reply = actor.tries(post(circle, "All is well again.", None));
            let word = reply.as_ref().and_then(|reply| reply.as_ref().ok()?["entry"].as_str()?.parse::<EntryId>().ok());
            let word = word.ok_or_else(|| format!("{} cannot speak in a healed world: {reply:?}", actor.name()))?;
            words.push((actor.number(), word, *circle));
        }
    }
    stage.borrow_mut().run_for(HEARD_WITHIN_MS);
    let world = stage.borrow();
    for (author, word, circle) in &words {
        invariant::can_be_read(&world, *author, word, circle)?;
    }
    Ok(words.into_iter().map(|(author, word, _)| (author, word)).collect())
}

/// Plays a written story in a calm world and checks.
pub(super) fn play(story: &Story) -> Result<(), String> {
    let store = |_| SimStore::new(Keeping::Memory(MemoryStore::default()));
    let stage: Stage = Rc::new(RefCell::new(World::new(7, Conduct { gossip: true }, &NAMES[..4], store)));
    let said = story(&cast(&stage));
    settle(&stage, &said, Millis(0))
}

impl Drawn {
    /// Everybody but perhaps one gets together, with messages lost from the start.
    fn gather(&mut self) {
        self.stage.borrow_mut().set_faults(GATHERING);
        let circle = self.people[0].creates_circle("Lane");
        self.circles.push(circle);
        for newcomer in 1..self.people.len() - self.options.late {
            let code = self.people[0].invites(&circle);
            self.people[newcomer].joins(&code);
        }
    }

    fn live(&mut self) -> Result<(), String> {
        self.weather.begin(&mut self.stage.borrow_mut());
        for turn in 0..self.options.commands {
            self.devices(turn);
            self.weather.turn(&mut self.stage.borrow_mut());
            self.turn()?;
            self.market.turn(&self.people, &self.circles[0])?;
            let pause = if self.chance.permille(100) { self.chance.between(2_000, 9_000) } else { self.chance.between(1, 900) };
            let mut world = self.stage.borrow_mut();
            world.run_for(pause);
            world.checked()?;
        }
        Ok(())
    }

    /// Somebody's second device comes, and goes.
    fn devices(&mut self, turn: u64) {
        let device::Style::Two { person, from, to } = self.options.device else { return };
        if turn == from {
            let store = SimStore::new(Keeping::Memory(MemoryStore::default()));
            let second = self.stage.borrow_mut().add_device(person, store);
            self.second = Some(second);
            self.people = cast(&self.stage);
            self.people[0].waits(10);
        }
        let Some(second) = self.second else { return };
        let is_in = invariant::is_member(&self.stage.borrow(), second, &self.circles[0]);
        if turn < to && !is_in && turn.is_multiple_of(3) {
            let invite = Command::CircleInvite { circle: self.circles[0].to_string(), uses: None, expires_ms: None };
            let code = self.people[0].tries(invite).and_then(Result::ok).and_then(|answer| answer["code"].as_str().map(ToOwned::to_owned));
            if let Some(code) = code {
                self.people[second].tries(Command::CircleJoin { code });
            }
        }
        if turn == to {
            self.stage.borrow_mut().revoke_device(person, second);
        }
    }

    /// Somebody does something; a refusal is a refusal, a fault of the node is not.
    fn turn(&mut self) -> Result<(), String> {
        let who = self.chance.index(self.people.len());
        let other = self.chance.index(self.people.len());
        let circle = self.circles[self.chance.index(self.circles.len())];
        let command = match self.chance.between(0, 100) {
            0..5 => return self.newcomer(&circle, other),
            5..7 if self.circles.len() < 2 => Command::CircleCreate { name: format!("Circle {}", self.circles.len()), norms: None },
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

/// Bob's shop is shared into the circle, and carol makes an offer there.
fn offered(alice: &Actor, bob: &Actor, carol: &Actor) -> OrderId {
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
    order
}

/// Carol buys of bob.
fn trade(people: &[Actor]) -> Vec<(usize, EntryId)> {
    let [alice, bob, carol, _] = people else { return Vec::new() };
    let order = offered(alice, bob, carol);
    bob.acts(&order, "accept");
    bob.waits(20 * SECOND_MS);
    Vec::new()
}

/// Carol buys of bob, whose disk forgets that he accepted; he goes on all the same.
fn forgotten_trade(people: &[Actor]) -> Vec<(usize, EntryId)> {
    let [alice, bob, carol, _] = people else { return Vec::new() };
    let order = offered(alice, bob, carol);
    bob.forgets_from_here();
    bob.acts(&order, "accept");
    bob.waits(20 * SECOND_MS);
    bob.is_set_back();
    bob.waits(MINUTE_MS);
    bob.acts(&order, "start");
    bob.waits(20 * SECOND_MS);
    Vec::new()
}
