//! What this program makes of the vectors about ends of logs and forks that are told late: which branch is let go, what waits (8.3).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use haat_protocol::admit::View;
use haat_protocol::codec::decode_own;
use haat_protocol::entry::{Entry, LogId};
use haat_protocol::fork::{Branch, Fit};
use haat_protocol::id::{DeviceId, IdentityId};
use haat_protocol::identity::Identity;
use haat_protocol::space::Inception;
use haat_protocol::time::Millis;
use haat_protocol::wire::Item;

use crate::codes::Coded;
use crate::house::{counted, verified};
use crate::judge::{Found, array};
use crate::reader::{Keys, Reader};

/// What comes to a reader: the space, then chains, entries and proofs of forks in this order.
#[derive(Serialize, Deserialize)]
pub(crate) struct Pile {
    pub(crate) inception: Inception,
    pub(crate) items: Vec<Item>,
}

/// The check of this name; none when it is not one of these.
pub(crate) fn judge(check: &str, input: &[u8], context: &Value) -> Option<Found> {
    (check == "branches").then(|| branches(input, context))
}

/// A reader, and what waits there: one entry for each place.
struct Late {
    reader: Reader,
    now: Millis,
    chains: BTreeMap<IdentityId, Identity>,
    parked: BTreeMap<(LogId, u64), Entry>,
}

fn place(entry: &Entry) -> (LogId, u64) {
    (entry.header().log_id(), entry.header().seq)
}

const fn waits(became: &str) -> bool {
    matches!(became.as_bytes(), b"time" | b"writer" | b"predecessor")
}

impl Late {
    fn come(&mut self, item: Item) -> Result<&'static str, String> {
        let became = match item {
            Item::Entry(raw) => self.entry(raw.verify().map_err(|fault| fault.code())?),
            Item::Identity(chain) => self.identity(verified(chain)?),
            Item::Fork(proof) => {
                let fork = proof.verify().map_err(|fault| fault.code())?;
                self.fork(*fork.log(), fork.seq())
            }
            Item::Record(_) => "known",
        };
        self.retry();
        Ok(became)
    }

    fn identity(&mut self, next: Identity) -> &'static str {
        if self.chains.get(&next.id()).is_some_and(|held| !next.beats(held)) {
            return "known";
        }
        self.chains.insert(next.id(), next);
        // A device that two identities name is held to be that of the smaller id.
        let devices = self.chains.values().rev().flat_map(|person| person.ever().map(|device| (device, person.clone())));
        let people: BTreeMap<DeviceId, Identity> = devices.collect();
        self.reader.people = people;
        self.let_go();
        "kept"
    }

    fn fork(&mut self, log: LogId, seq: u64) -> &'static str {
        if self.reader.standing(&log).is_none() {
            return "writer";
        }
        if self.reader.forks.get(&log).is_some_and(|held| *held <= seq) {
            return "known";
        }
        self.reader.forks.insert(log, seq);
        self.let_go();
        "kept"
    }

    fn named(&self, log: &LogId) -> Option<Branch> {
        let person = self.reader.people.get(&log.device)?;
        let ending = person.ending(&log.space, &log.device, log.number);
        Branch::named(ending, self.reader.forks.get(log).copied(), |seq| self.reader.at(log, seq))
    }

    fn entry(&mut self, entry: Entry) -> &'static str {
        let (log, seq) = place(&entry);
        if let Some(branch) = self.named(&log).filter(|branch| branch.has(seq)) {
            return self.fit(entry, &branch);
        }
        let became = self.reader.take(entry.clone(), self.now);
        if waits(became) {
            self.parked.entry((log, seq)).or_insert(entry);
        }
        self.let_go();
        became
    }

    fn fit(&mut self, entry: Entry, branch: &Branch) -> &'static str {
        let (log, seq) = place(&entry);
        let whole = match branch.fit(&entry, |seq| self.parked.get(&(log, seq)).cloned()) {
            Fit::Whole(whole) => whole,
            Fit::Other => return "unlinked",
            Fit::TooFar => return "predecessor",
            Fit::Waits => {
                self.parked.insert((log, seq), entry);
                return "predecessor";
            }
        };
        whole.iter().for_each(|entry| {
            self.parked.remove(&place(entry));
        });
        let before = branch.from.checked_sub(1).and_then(|seq| self.reader.at(&log, seq));
        if whole[0].header().prev != before {
            return "unlinked";
        }
        for entry in whole {
            self.reader.take(entry, self.now);
        }
        "kept"
    }

    fn let_go(&mut self) {
        let logs: BTreeSet<LogId> = self.reader.places.keys().map(|(log, _)| *log).collect();
        for log in logs {
            if let Some(branch) = self.named(&log) {
                self.reader.forget(&log, branch.from);
            }
        }
        self.reader.fold_again();
    }

    /// Tries what waits, until nothing changes.
    fn retry(&mut self) {
        let mut changed = true;
        while changed {
            changed = false;
            for place in self.parked.keys().copied().collect::<Vec<_>>() {
                let Some(entry) = self.parked.get(&place).cloned() else { continue };
                if !waits(self.entry(entry)) {
                    self.parked.remove(&place);
                    changed = true;
                }
            }
        }
    }

    fn shown(&self, came: &[&str]) -> Value {
        let reader = &self.reader;
        let logs: BTreeSet<LogId> = reader.places.keys().map(|(log, _)| *log).collect();
        let logs = logs.iter().map(|log| {
            let entries: Vec<_> = reader.places.iter().filter(|((one, _), _)| one == log).map(|(_, id)| id).collect();
            json!({"device": log.device, "number": log.number, "entries": entries, "counts": reader.standing(log).map(counted)})
        });
        let waits: BTreeSet<_> = self.parked.values().map(Entry::id).collect();
        let effects = reader.kept.iter().map(|(id, kept)| json!({"entry": id, "void": reader.effect(kept, true).err()}));
        json!({"came": came, "logs": logs.collect::<Vec<_>>(), "waits": waits, "effects": effects.collect::<Vec<_>>()})
    }
}

fn branches(input: &[u8], context: &Value) -> Found {
    let pile: Pile = decode_own(input).map_err(|fault| fault.code())?;
    let reader = Reader::new(pile.inception, Vec::new(), Keys::One(array(context, "key")))?;
    let now = Millis(context["now"].as_u64().expect("a time"));
    let mut late = Late { reader, now, chains: BTreeMap::new(), parked: BTreeMap::new() };
    let came: Result<Vec<&'static str>, String> = pile.items.into_iter().map(|item| late.come(item)).collect();
    Ok(late.shown(&came?))
}
