//! A hostile member: its engine runs as everybody's, but what it says is bent on the way out. What others said before is kept to
//! be said again.

use std::collections::BTreeSet;

use haat_node::net::{Channel, NetCommand};
use haat_node::store::Tx;
use haat_protocol::codec::decode;
use haat_protocol::entry::entry_id;
use haat_protocol::id::EntryId;
use haat_protocol::limits::GOSSIP_MAX_BYTES;
use haat_protocol::wire::{Item, Mark, SyncRequest, SyncResponse};

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
    /// Heights and names of logs that were made up.
    Heights,
}

/// The hostile member of a world.
#[derive(Debug)]
pub(super) struct Hostile {
    pub(super) who: usize,
    pub(super) malice: Malice,
    chance: Chance,
    said: Vec<Vec<u8>>,
    answers: Vec<Vec<u8>>,
    /// Entries that it said again to whoever happened to ask or listen: members may hand on what they hold, and no rule keeps a hostile
    /// one from it.
    passed: BTreeSet<EntryId>,
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
            Malice::Lies if self.chance.permille(200) => Vec::new(),
            Malice::Replays | Malice::Lies => {
                let other = self.answers[self.chance.index(self.answers.len())].clone();
                if let Ok(SyncResponse::Items { items, .. } | SyncResponse::Removed { items }) = SyncResponse::from_bytes(&other) {
                    self.passes(items);
                }
                other
            }
            Malice::Heights => heights(&mut self.chance, data),
            Malice::WrongSigners | Malice::Forks => data,
        }
    }

    fn passes(&mut self, items: Vec<Item>) {
        let id = |item| if let Item::Entry(raw) = item { Some(entry_id(&raw.header)) } else { None };
        self.passed.extend(items.into_iter().filter_map(id));
    }

    /// Something that was said before, by anybody.
    fn replay(&mut self) -> Vec<u8> {
        let said = self.said[self.chance.index(self.said.len())].clone();
        self.passes(decode::<Item>(&said, GOSSIP_MAX_BYTES).into_iter().collect());
        said
    }

    /// A comparison about what is not held, in words that the asker understands.
    fn question(&mut self, data: Vec<u8>) -> Vec<u8> {
        match SyncRequest::from_bytes(&data) {
            Ok(SyncRequest::Compare { tag, mut scopes }) if self.chance.permille(400) => {
                for summary in &mut scopes {
                    summary.state = mark(&mut self.chance);
                    if self.chance.permille(500) {
                        summary.names = mark(&mut self.chance);
                    }
                }
                SyncRequest::Compare { tag, scopes }.to_bytes()
            }
            _ => data,
        }
    }
}

fn mark(chance: &mut Chance) -> Mark {
    Mark(chance.next().to_be_bytes())
}

/// An answer with heights in which some are greater or smaller than they are, or logs have names that nobody knows.
fn heights(chance: &mut Chance, data: Vec<u8>) -> Vec<u8> {
    let Ok(SyncResponse::Heights(mut all)) = SyncResponse::from_bytes(&data) else { return data };
    for heights in &mut all {
        match chance.index(4) {
            // A row more: a name that nobody knows, a height of some thousands, a head that is none.
            0 if heights.named => {
                let (name, head) = (mark(chance), mark(chance));
                heights.rows.extend([name.0.as_slice(), &[0xff, 0x3f], &head.0].concat());
            }
            1 => heights.names = mark(chance),
            2 => {
                let (place, byte) = (chance.index(heights.rows.len()), chance.between(0, 128));
                if let Some(at) = heights.rows.get_mut(place) {
                    *at = u8::try_from(byte).unwrap_or_default();
                }
            }
            _ => {
                let kept = chance.index(heights.rows.len());
                heights.rows.truncate(kept);
            }
        }
    }
    SyncResponse::Heights(all).to_bytes()
}

impl World {
    /// Makes a member hostile.
    pub fn set_hostile(&mut self, who: usize, malice: Malice) {
        let chance = Chance::new(self.seed, 5);
        self.hostile = Some(Hostile { who, malice, chance, said: Vec::new(), answers: Vec::new(), passed: BTreeSet::new() });
        self.guard.mistrust(self.nodes[who].device());
    }

    /// The hostile member, if there is one.
    #[must_use]
    pub fn hostile(&self) -> Option<usize> {
        self.hostile.as_ref().map(|hostile| hostile.who)
    }

    /// Whether the hostile member handed an entry to whoever happened to ask or listen.
    #[must_use]
    pub fn is_passed_by_hostile(&self, id: &EntryId) -> bool {
        self.hostile.as_ref().is_some_and(|hostile| hostile.passed.contains(id))
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
            NetCommand::Request { id, device, channel: Channel::Sync, data } if hostile.malice == Malice::Heights => {
                vec![NetCommand::Request { id, device, channel: Channel::Sync, data: hostile.question(data) }]
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
            Malice::Replays => Some(hostile.replay()),
            Malice::Lies | Malice::Heights => None,
            Malice::WrongSigners if hostile.chance.permille(500) => forge.of_a_stranger(data),
            Malice::WrongSigners => {
                let other = (hostile.who + 1) % self.size();
                forge.in_the_name_of(self.me(other).device(), data)
            }
            Malice::Forks => forge.fork(data),
        }
    }
}
