//! What peers hand over, in answers, unasked or by gossip: each thing is checked, taken in and, when it is new, passed on.
//! What is kept and how it reads is for `intake` to say.

use haat_protocol::codec::decode;
use haat_protocol::entry::{Entry, Unverified, entry_id};
use haat_protocol::id::{DeviceId, SpaceId};
use haat_protocol::identity::Chain;
use haat_protocol::kind::Kind;
use haat_protocol::limits::GOSSIP_MAX_BYTES;
use haat_protocol::record::SignedRecord;
use haat_protocol::wire::{Item, is_newer_item};

use super::work::Work;
use crate::intake::{self, Taken};
use crate::net::{GossipId, GossipVerdict, NetCommand, Severity};
use crate::store::Table;
use crate::view::{known, shelf};

/// What became of a thing that somebody handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is new here.
    News,
    /// It was here, waits for something, or is not for now.
    Nothing,
    /// It is provably wrong, whoever looks at it.
    Wrong,
}

impl Work<'_, '_> {
    /// Takes things in that were handed over under a circle. What is new goes on to the other members soon.
    pub(super) fn take_items(&mut self, circle: SpaceId, items: Vec<Item>, from: Option<DeviceId>) {
        let shops = shelf::shared_into(&self.tx, &circle).len();
        let (mut news, mut forged) = (false, false);
        let mut later = Vec::new();
        for item in items {
            match item {
                // Chains of people whom nothing concerns would fill the trust log; the entry that admits them may follow.
                Item::Identity(chain) if from.is_some() && !self.concerns(&chain) => later.push(chain),
                item => {
                    let outcome = self.take(item);
                    news |= outcome == Outcome::News;
                    forged |= outcome == Outcome::Wrong;
                }
            }
        }
        if let (true, Some(device)) = (forged, from) {
            self.send(NetCommand::Misbehaved { device, severity: Severity::Forged });
        }
        for chain in later {
            news |= self.concerns(&chain) && self.take_chain(chain) == Outcome::News;
        }
        if news {
            // Whoever handed over that a shop is shared holds the shop as well, and could not offer it before.
            let is_shared = shelf::shared_into(&self.tx, &circle).len() > shops;
            self.compare_soon(circle, from.filter(|_| !is_shared));
        }
    }

    fn take(&mut self, item: Item) -> Outcome {
        match item {
            Item::Entry(raw) => self.take_entry(raw),
            Item::Identity(chain) => self.take_chain(chain),
            Item::Record(signed) => self.take_record(&signed),
            Item::Fork(proof) => self.take_fork(proof),
        }
    }

    fn take_entry(&mut self, raw: Unverified) -> Outcome {
        let id = entry_id(&raw.header);
        // What is here to the last byte was checked when it came first.
        if known::entry(&self.tx, &id).is_some_and(|held| *held.raw() == raw) {
            return Outcome::Nothing;
        }
        let checked = self.checked.remove(&id).filter(|entry| *entry.raw() == raw);
        let Some(entry) = checked.or_else(|| raw.verify().ok()) else { return Outcome::Wrong };
        match intake::entry(&mut self.cx(), &entry) {
            Taken::Kept => Outcome::News,
            Taken::Forked(fork) => {
                self.fork_found(&fork);
                Outcome::Nothing
            }
            Taken::Known | Taken::Parked(_) | Taken::Refused(_) => Outcome::Nothing,
        }
    }

    /// Whether a chain is that of somebody who is or was in a circle of this node.
    fn concerns(&self, chain: &Chain) -> bool {
        let person = chain.inception.id();
        let circles = crate::view::circle::all(&self.tx);
        let mut rosters = circles.iter().filter_map(|space| crate::view::circle::roster(&self.tx, space));
        rosters.any(|roster| roster.has(&person) || roster.removed.contains_key(&person))
    }

    fn take_chain(&mut self, chain: Chain) -> Outcome {
        let Ok(identity) = chain.verify() else { return Outcome::Wrong };
        let news = intake::identity(&mut self.cx(), &identity);
        if news {
            self.passing.is_stale = true;
            self.close_own_forks();
            let circles = crate::view::circle::all(&self.tx);
            for circle in circles {
                intake::retry(&mut self.cx(), &circle);
            }
        }
        if news { Outcome::News } else { Outcome::Nothing }
    }

    fn take_record(&mut self, signed: &SignedRecord) -> Outcome {
        let Ok(record) = signed.verify() else { return Outcome::Wrong };
        // A record of nobody's device would be kept for nobody.
        let is_ours = self.is_fellow(&record.device);
        if is_ours && intake::record(&mut self.cx(), &record, signed) {
            self.passing.is_stale = true;
            return Outcome::News;
        }
        Outcome::Nothing
    }

    pub(super) fn gossip(&mut self, id: GossipId, device: DeviceId, data: &[u8]) {
        let outcome = match decode::<Item>(data, GOSSIP_MAX_BYTES) {
            Ok(Item::Identity(chain)) if !self.concerns(&chain) => Outcome::Nothing,
            Ok(Item::Entry(raw)) => self.gossiped_entry(raw, device),
            Ok(item) => self.take(item),
            Err(_) if is_newer_item(data) => Outcome::Nothing,
            Err(_) => Outcome::Wrong,
        };
        let verdict = match outcome {
            Outcome::News => GossipVerdict::Accept,
            Outcome::Nothing => GossipVerdict::Ignore,
            Outcome::Wrong => GossipVerdict::Reject,
        };
        if outcome == Outcome::Nothing {
            // A gap or a stranger's entry: who passed it on may hold what is missing.
            self.compare_gaps(device);
        }
        self.send(NetCommand::Verdict { id, device, verdict });
    }

    /// Takes in an entry that was passed on. Gossip brings no more than the word that a shop is shared; whoever said it is asked for
    /// what is in the shop, for the same word is no news when it is handed over again.
    fn gossiped_entry(&mut self, raw: Unverified, device: DeviceId) -> Outcome {
        let id = entry_id(&raw.header);
        let outcome = self.take_entry(raw);
        let news = (outcome == Outcome::News).then(|| known::entry(&self.tx, &id)).flatten();
        if let Some(header) = news.as_ref().map(Entry::header).filter(|header| header.kind == Kind::Share.code()) {
            self.compare_now(device, header.space);
        }
        outcome
    }

    fn compare_gaps(&mut self, device: DeviceId) {
        let waiting = self.tx.scan(Table::Parked, crate::store::Range { from: &[], to: None, reverse: false, limit: 1 });
        for (key, _) in waiting {
            for circle in SpaceId::from_slice(&key[..32]).map(|space| self.circles_of(&space)).unwrap_or_default() {
                self.compare_now(device, circle);
            }
        }
    }
}
