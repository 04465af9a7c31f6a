//! Forks as this node meets them: a proof spreads at once, and a fork of its own it closes itself, where it holds the root.

use haat_protocol::admit::View;
use haat_protocol::codec::encode;
use haat_protocol::entry::LogId;
use haat_protocol::fork::{Fork, ForkProof};
use haat_protocol::id::{EntryId, SpaceId};
use haat_protocol::identity::{Change, LogEnd, blind_log};
use haat_protocol::limits::OPERATIONS_MAX;
use haat_protocol::wire::Item;

use super::taken::Outcome;
use super::work::Work;
use crate::intake;
use crate::net::NetCommand;
use crate::store::Table;
use crate::view::known::{self, Known};
use crate::view::{circle, fork};

impl Work<'_, '_> {
    /// A proof that somebody handed over.
    pub(super) fn take_fork(&mut self, proof: ForkProof) -> Outcome {
        let Ok(fork) = proof.verify() else { return Outcome::Wrong };
        if !intake::fork::take(&mut self.cx(), &fork) {
            return Outcome::Nothing;
        }
        self.fork_noted(&fork);
        Outcome::News
    }

    /// A fork that nobody told of: everybody hears of it once.
    pub(super) fn fork_found(&mut self, fork: &Fork) {
        let data = encode(&Item::Fork(fork.proof().clone()));
        for circle in self.circles_of(&fork.log().space) {
            if let Some(topic) = self.passing.topics.get(&circle).cloned().filter(|_| self.conduct.gossip) {
                self.send(NetCommand::Publish { topic, data: data.clone() });
            }
            self.compare_soon(circle, None);
        }
        self.fork_noted(fork);
    }

    fn fork_noted(&mut self, fork: &Fork) {
        self.passing.is_stale = true;
        self.happened("fork", fork.log().device);
        self.close_own_forks();
    }

    /// Forked logs of this device that nobody has closed yet: the root names this node's branch, and the person goes on in a new log.
    /// Half of the chain is left for a person's own hand.
    pub(super) fn close_own_forks(&mut self) {
        let Some(root) = self.me.root.clone() else { return };
        let ends: Vec<LogEnd> = self.own_forks().iter().map(|(log, seq)| self.end_of(log, *seq)).collect();
        let mut chain = known::own_chain(&self.tx, self.me);
        let room = (OPERATIONS_MAX / 2).saturating_sub(chain.operations.len());
        if ends.is_empty() || room == 0 {
            return;
        }
        for end in ends.into_iter().take(room) {
            chain.append(&root, Change::CloseLog { end }, self.now);
        }
        // What this node appends to its own chain holds.
        if let Ok(identity) = chain.verify() {
            intake::identity(&mut self.cx(), &identity);
            for circle in circle::all(&self.tx) {
                self.compare_soon(circle, None);
            }
        }
    }

    fn own_forks(&self) -> Vec<(LogId, u64)> {
        let spaces = self.tx.prefix(Table::Space, &[]);
        let forks = spaces.iter().filter_map(|(key, _)| SpaceId::from_slice(key)).flat_map(|space| fork::all(&self.tx, &space));
        let own = forks.filter(|(log, _)| log.device == self.me.device() && fork::is_open(&self.tx, &self.me.id(), log));
        own.map(|(log, fork)| (log, fork.seq)).collect()
    }

    /// The end of this node's branch; of a branch that is not here the entry where it begins.
    fn end_of(&self, log: &LogId, seq: u64) -> LogEnd {
        let head = Known(&self.tx).head(log).filter(|head| head.seq >= seq).map(|head| (head.seq, head.id));
        let (seq, id) = head.or_else(|| Some((seq, self.fork_of(log)?))).unwrap_or((seq, EntryId([0; 32])));
        LogEnd { log: blind_log(&log.space, &log.device, log.number), seq, id }
    }

    fn fork_of(&self, log: &LogId) -> Option<EntryId> {
        let proof: ForkProof = self.tx.load(Table::Fork, &fork::forked(&self.tx, log)?.proof.0)?;
        proof.verify().ok().map(|fork| fork.ids()[0])
    }
}
