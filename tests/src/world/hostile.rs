//! A hostile member: its engine runs as everybody's, but what it says is bent on the way out. What others said before is kept to
//! be said again.

use haat_node::net::NetCommand;
use haat_node::store::Tx;

use super::World;
use super::chance::Chance;
use crate::forge::Forge;

/// Messages kept to be said again.
const KEPT_MAX: usize = 64;

/// What a hostile member does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malice {
    /// Messages with changed bytes, and bytes that are no messages.
    Junk,
    /// What was said long ago, by anybody, said again.
    Replays,
    /// Answers to other questions, answers cut short, empty answers.
    Lies,
    /// Entries in others' names and of strangers.
    WrongSigners,
    /// Two entries at one place.
    Forks,
}

/// The hostile member of a world.
#[derive(Debug)]
pub(super) struct Hostile {
    pub(super) who: usize,
    pub(super) malice: Malice,
    chance: Chance,
    said: Vec<Vec<u8>>,
    answers: Vec<Vec<u8>>,
}

impl Hostile {
    fn keep(kept: &mut Vec<Vec<u8>>, data: &[u8], chance: &mut Chance) {
        if kept.len() < KEPT_MAX {
            kept.push(data.to_vec());
        } else {
            let place = chance.index(KEPT_MAX);
            data.clone_into(&mut kept[place]);
        }
    }

    /// Some bytes changed, or the end cut off.
    fn bend(&mut self, mut data: Vec<u8>) -> Vec<u8> {
        if self.chance.permille(300) {
            data.truncate(self.chance.index(data.len()));
        }
        for _ in 0..self.chance.between(1, 4) {
            let (place, byte) = (self.chance.index(data.len()), self.chance.index(256));
            if let Some(at) = data.get_mut(place) {
                *at = u8::try_from(byte).unwrap_or_default();
            }
        }
        data
    }

    fn answer(&mut self, data: Vec<u8>) -> Vec<u8> {
        Self::keep(&mut self.answers, &data, &mut self.chance);
        if !self.chance.permille(400) {
            return data;
        }
        match self.malice {
            Malice::Junk => self.bend(data),
            Malice::Replays => self.answers[self.chance.index(self.answers.len())].clone(),
            Malice::Lies if self.chance.permille(200) => Vec::new(),
            Malice::Lies => self.answers[self.chance.index(self.answers.len())].clone(),
            Malice::WrongSigners | Malice::Forks => data,
        }
    }
}

impl World {
    /// Makes a member hostile.
    pub fn set_hostile(&mut self, who: usize, malice: Malice) {
        let chance = Chance::new(self.seed, 5);
        self.hostile = Some(Hostile { who, malice, chance, said: Vec::new(), answers: Vec::new() });
        self.guard.mistrust(self.nodes[who].device());
    }

    /// The hostile member, if there is one.
    #[must_use]
    pub fn hostile(&self) -> Option<usize> {
        self.hostile.as_ref().map(|hostile| hostile.who)
    }

    /// What a node says, bent when the node is hostile.
    pub(super) fn bent(&mut self, who: usize, command: NetCommand) -> Vec<NetCommand> {
        let Some(mut hostile) = self.hostile.take_if(|hostile| hostile.who == who) else { return vec![command] };
        let bent = match command {
            NetCommand::Publish { topic, data } => {
                let more = self.forged(&mut hostile, &data);
                let publish = |data| NetCommand::Publish { topic: topic.clone(), data };
                std::iter::once(data).chain(more).map(publish).collect()
            }
            NetCommand::Respond { id, data } => vec![NetCommand::Respond { id, data: hostile.answer(data) }],
            NetCommand::Request { id, device, channel, data } if hostile.malice == Malice::Junk && hostile.chance.permille(200) => {
                vec![NetCommand::Request { id, device, channel, data: hostile.bend(data) }]
            }
            other => vec![other],
        };
        self.hostile = Some(hostile);
        bent
    }

    /// What a hostile member says beside what it should.
    fn forged(&self, hostile: &mut Hostile, data: &[u8]) -> Option<Vec<u8>> {
        Hostile::keep(&mut hostile.said, data, &mut hostile.chance);
        let snapshot = self.kept(hostile.who);
        let tx = Tx::new(&*snapshot);
        let mut fresh = [0; 32];
        fresh[..8].copy_from_slice(&hostile.chance.next().to_be_bytes());
        let forge = Forge { tx: &tx, me: self.me(hostile.who), fresh };
        match hostile.malice {
            Malice::Junk => Some(hostile.bend(data.to_vec())),
            Malice::Replays => Some(hostile.said[hostile.chance.index(hostile.said.len())].clone()),
            Malice::Lies => None,
            Malice::WrongSigners if hostile.chance.permille(500) => forge.of_a_stranger(data),
            Malice::WrongSigners => {
                let other = (hostile.who + 1) % self.size();
                forge.in_the_name_of(self.me(other).device(), data)
            }
            Malice::Forks => forge.fork(data),
        }
    }
}
