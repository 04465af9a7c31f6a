//! Faults: which families of them a run meets follows from its seed and is told in one line, so that a failing run says what it
//! was about. Each family has a file and acts between the commands of a story; none looks into a node.

pub mod churn;
pub mod clock;
pub mod cut;
pub mod device;
pub mod disk;
pub mod hostile;
pub mod past;
pub mod witness;

use std::fmt;

use haat_protocol::time::Millis;

use crate::world::chance::Chance;
use crate::world::{Faults, World};

/// What a run is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// People, each with a node.
    pub people: usize,
    /// How many of them are not invited before the faults begin.
    pub late: usize,
    /// Commands that are given.
    pub commands: u64,
    /// How messages fare.
    pub messages: Faults,
    /// How the network is cut.
    pub cut: cut::Style,
    /// How nodes come and go.
    pub churn: churn::Style,
    /// How clocks go wrong.
    pub clock: clock::Style,
    /// How disks fail.
    pub disk: disk::Style,
    /// Who is hostile, and how.
    pub hostile: hostile::Style,
    /// Whether notes beside the store are lost.
    pub witness: witness::Style,
    /// Who has two devices.
    pub device: device::Style,
    /// Whether disks go back.
    pub past: past::Style,
    /// Whether people trade.
    pub trade: bool,
}

impl Options {
    /// What a seed says.
    #[must_use]
    pub fn draw(seed: u64) -> Self {
        let mut chance = Chance::new(seed, 4);
        // What came to be drawn later has a source of its own, so that seeds keep what they meant.
        let mut later = Chance::new(seed, 6);
        let mut newest = Chance::new(seed, 8);
        let people = 4 + chance.index(3);
        let (late, commands) = (chance.index(2), chance.between(30, 61));
        let mut drawn = Self {
            people,
            late,
            commands,
            messages: Faults {
                gossip_loss: chance.between(0, 301),
                duplicates: chance.between(0, 201),
                request_loss: chance.between(0, 301),
                clogged: chance.between(0, 31),
            },
            cut: cut::Style::draw(&mut chance),
            churn: churn::Style::draw(&mut chance),
            clock: clock::Style::draw(&mut chance),
            disk: disk::Style::draw(&mut chance),
            hostile: hostile::draw(&mut chance, &mut later),
            witness: witness::Style::draw(&mut later),
            device: device::Style::draw(&mut later, people - late, commands),
            past: past::Style::draw(&mut newest),
            trade: newest.permille(300),
        };
        // What is expected of a hostile person's other device is another story.
        if drawn.hostile.is_some() {
            drawn.device = device::Style::One;
        }
        // Whoever has lost both, store and notes, knows nothing of what it signed: new numbers of logs are drawn, and may be old ones.
        if drawn.witness == witness::Style::Lost {
            drawn.past = past::Style::Kept;
        }
        drawn
    }
}

impl fmt::Display for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { people, late, commands, messages, cut, churn, clock, disk, hostile, witness, device, past, trade } = self;
        let Faults { gossip_loss, duplicates, request_loss, clogged } = messages;
        write!(f, "people={people} late={late} commands={commands} loss={gossip_loss}/{request_loss} doubled={duplicates} ")?;
        write!(
            f,
            "clogged={clogged} cut={cut:?} churn={churn:?} clock={clock:?} disk={disk:?} hostile={hostile:?} witness={witness:?} device={device:?} past={past:?} trade={trade}"
        )
    }
}

/// The faults of a run, while it runs.
#[derive(Debug)]
pub struct Weather {
    options: Options,
    chance: Chance,
    later: Chance,
    newest: Chance,
    cut: cut::Cut,
    past: past::Left,
    /// The latest time that any clock has shown.
    latest: Millis,
}

impl Weather {
    /// The faults that these options ask for.
    #[must_use]
    pub fn new(seed: u64, options: Options) -> Self {
        let [chance, later, newest] = [3, 7, 9].map(|source| Chance::new(seed, source));
        Self { options, chance, later, newest, cut: cut::Cut::default(), past: None, latest: Millis(0) }
    }

    /// The faults begin.
    pub fn begin(&mut self, world: &mut World) {
        world.set_faults(self.options.messages);
        clock::begin(self.options.clock, world, &mut self.chance);
        hostile::begin(self.options.hostile, world, &mut self.chance);
    }

    /// Something may go wrong between two commands.
    pub fn turn(&mut self, world: &mut World) {
        cut::turn(self.options.cut, &mut self.cut, world, &mut self.chance);
        churn::turn(self.options.churn, world, &mut self.chance);
        clock::turn(self.options.clock, world, &mut self.chance);
        disk::turn(self.options.disk, world, &mut self.chance);
        witness::turn(self.options.witness, world, &mut self.later);
        past::turn(self.options.past, &mut self.past, world, &mut self.newest);
        self.latest = (0..world.size()).map(|who| world.clock(who)).max().unwrap_or_default().max(self.latest);
    }

    /// The latest time that any clock has shown while the faults lasted.
    #[must_use]
    pub const fn latest(&self) -> Millis {
        self.latest
    }
}
