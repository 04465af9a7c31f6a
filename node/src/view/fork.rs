//! Forked and ended logs: what a proof of two entries at one place, a close and a revocation leave standing of a log.
//!
//! A contested log counts up to the fork, whichever branch is held here, so that all nodes agree. A close names the branch that
//! stands; who holds another lets it go and waits for the named one. Nothing here decides who is a member.

use haat_protocol::admit::{self, Head, View};
use haat_protocol::circle::{Roster, Standing};
use haat_protocol::entry::{Header, LogId};
use haat_protocol::fork::{Branch, Fork};
use haat_protocol::id::{DeviceId, Digest, EntryId, IdentityId, SpaceId};
use haat_protocol::identity::{Ending, Identity};
use serde::{Deserialize, Serialize};

use super::known::{self, Known};
use super::{Cx, circle, log_key, place_key, shelf, word};
use crate::store::{Table, Tx};

/// The lowest fork of a log that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForkRow {
    /// From here on the log is contested.
    pub seq: u64,
    /// The proof.
    pub proof: Digest,
}

/// The fork of a log, if one is known.
#[must_use]
pub fn forked(tx: &Tx<'_>, log: &LogId) -> Option<ForkRow> {
    tx.load(Table::Forked, &log_key(log))
}

/// Forks of a space's logs.
#[must_use]
pub fn all(tx: &Tx<'_>, space: &SpaceId) -> Vec<(LogId, ForkRow)> {
    let rows = tx.prefix(Table::Forked, &space.0);
    rows.iter().filter_map(|(key, row)| Some((log_of(key)?, tx.decoded(Table::Forked, row)?))).collect()
}

/// How a log stands by its device's chain and by forks, whatever the circle says.
#[must_use]
pub fn standing(tx: &Tx<'_>, person: &IdentityId, log: &LogId) -> Standing {
    Standing::of(ending(tx, person, log), forked(tx, log).map(|fork| fork.seq))
}

/// How a log of a person stands in a circle, by all that is known.
#[must_use]
pub fn in_circle(tx: &Tx<'_>, roster: &Roster, person: &IdentityId, log: &LogId) -> Standing {
    roster.standing(person, &log.device, log.number).and(standing(tx, person, log))
}

/// Whether what is said here about people may weigh: not from a fork on, also when the branch stands again. Who writes two branches
/// could choose between two words of theirs. A review weighs, since the other party signed its right.
#[must_use]
pub fn weighs(tx: &Tx<'_>, header: &Header) -> bool {
    forked(tx, &header.log_id()).is_none_or(|fork| header.seq < fork.seq)
}

/// The forked logs of a person in a space: of each, whether it is still contested.
#[must_use]
pub fn of_person(tx: &Tx<'_>, space: &SpaceId, person: &IdentityId) -> Vec<bool> {
    let is_theirs = |log: &LogId| known::person_of(tx, &log.device) == Some(*person);
    all(tx, space).iter().filter(|(log, _)| is_theirs(log)).map(|(log, _)| is_open(tx, person, log)).collect()
}

/// Whether nobody has said yet where a forked log ends.
#[must_use]
pub fn is_open(tx: &Tx<'_>, person: &IdentityId, log: &LogId) -> bool {
    ending(tx, person, log) == Ending::None
}

/// The branch that is waited for.
#[must_use]
pub fn pending(tx: &Tx<'_>, log: &LogId) -> Option<Branch> {
    let fork = forked(tx, log)?;
    Branch::named(ending(tx, &known::person_of(tx, &log.device)?, log), Some(fork.seq), |seq| Known(tx).at(log, seq))
}

fn ending(tx: &Tx<'_>, person: &IdentityId, log: &LogId) -> Ending {
    let identity = known::identity(tx, person);
    identity.map_or(Ending::None, |identity| identity.ending(&log.space, &log.device, log.number))
}

/// A proof was accepted: the log is contested from there.
pub fn note(cx: &mut Cx<'_, '_, '_>, fork: &Fork) {
    let log = *fork.log();
    cx.tx.save(Table::Forked, &log_key(&log), &ForkRow { seq: fork.seq(), proof: fork.id() });
    let Some(person) = known::person_of(cx.tx, &log.device) else { return };
    let_go(cx, &log);
    weigh_again(cx, &log.space, &person);
}

/// The chain of a person is another: devices, ends of logs.
pub(super) fn settle_person(cx: &mut Cx<'_, '_, '_>, person: &IdentityId) {
    let Some(identity) = known::identity(cx.tx, person).filter(|identity| identity.head().0 > 1) else { return };
    let spaces: Vec<SpaceId> = cx.tx.prefix(Table::Space, &[]).iter().filter_map(|(key, _)| SpaceId::from_slice(key)).collect();
    for space in spaces {
        let logs = logs(cx.tx, &space, &identity);
        for log in &logs {
            let_go(cx, log);
        }
        if !logs.is_empty() {
            weigh_again(cx, &space, person);
        }
    }
}

fn logs(tx: &Tx<'_>, space: &SpaceId, identity: &Identity) -> Vec<LogId> {
    let of = |device: DeviceId| tx.prefix(Table::Head, &[space.0, device.0].concat());
    identity.ever().flat_map(of).filter_map(|(key, _)| log_of(&key)).collect()
}

fn weigh_again(cx: &mut Cx<'_, '_, '_>, space: &SpaceId, person: &IdentityId) {
    if circle::roster(cx.tx, space).is_some() {
        circle::fold_again(cx, space);
        word::weigh_again(cx, space, person);
    } else {
        shelf::fill_again(cx, space);
    }
}

/// Lets a branch go that is not the named one: its entries have no place any more, and nothing that was derived from them stays.
fn let_go(cx: &mut Cx<'_, '_, '_>, log: &LogId) {
    let Some(pending) = pending(cx.tx, log) else { return };
    let from = place_key(log, pending.from);
    let rows: Vec<_> = cx.tx.prefix(Table::At, &log_key(log)).into_iter().filter(|(key, _)| *key >= from).collect();
    for (key, id) in rows.into_iter().rev() {
        if let Some(entry) = EntryId::from_slice(&id).and_then(|id| known::entry(cx.tx, &id)) {
            super::forget(cx, &entry);
        }
        cx.tx.remove(Table::At, &key);
        cx.tx.remove(Table::Hole, &key);
    }
    let mut head: Option<Head> = None;
    for (_, id) in cx.tx.prefix(Table::At, &log_key(log)) {
        if let Some(entry) = EntryId::from_slice(&id).and_then(|id| known::entry(cx.tx, &id)) {
            head = Some(admit::follow(head.as_ref(), &entry));
        }
    }
    match head {
        Some(head) => cx.tx.save(Table::Head, &log_key(log), &head),
        None => cx.tx.remove(Table::Head, &log_key(log)),
    }
}

/// The log that a key of [`Table::Head`] begins with.
#[must_use]
pub fn log_of(key: &[u8]) -> Option<LogId> {
    let number = u64::from_be_bytes(key.get(64..72)?.try_into().ok()?);
    Some(LogId { space: SpaceId::from_slice(&key[..32])?, device: DeviceId::from_slice(&key[32..64])?, number })
}
