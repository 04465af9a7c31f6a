//! Bounded memory: what a node holds beside its log, looked at after each of its steps against the bounds of the policy sheet and
//! against what there is in this world to hold. It must never change anything.

use haat_node::engine::load::Load;
use haat_node::store::{Table, Tx};
use haat_protocol::limits::{
    CIRCLES_MAX, COMMANDS_WAITING_MAX, PARKED_MAX, PARKED_PER_LOG_MAX, RESPONSE_MAX_BYTES, SYNC_HOLES_ASKED_MAX, SYNC_PULLS_MAX,
};
use haat_protocol::wire::Tag;

/// Requests of one node to one other that are under way at once, beside pulls and one for each circle: greeting, comparing orders, a board.
const OTHER_REQUESTS_MAX: usize = 8;
/// Length of the part of a key that names a log.
const LOG_BYTES: usize = 72;

/// What there is to hold, by the rows that are kept: looked at when they change.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Room {
    circles: usize,
    orders: usize,
}

impl Room {
    pub(super) fn of(tx: &Tx<'_>) -> Self {
        Self { circles: tx.prefix(Table::Space, &[]).len().max(1), orders: tx.prefix(Table::Order, &[]).len() }
    }
}

/// What a node holds more of than it may.
pub(super) fn exceeded(load: &Load, room: Room, others: usize) -> Option<String> {
    let Room { circles, orders } = room;
    let pulls = usize::try_from(SYNC_PULLS_MAX).unwrap_or(usize::MAX);
    let (due, wanted) = load.comparisons;
    let table = [
        ("connections", load.connected, others),
        ("sessions", load.sessions, others),
        // What happened in an order goes to its other side, one message at a time.
        ("requests", load.requests, others * (pulls + circles + OTHER_REQUESTS_MAX) + orders),
        ("commands that wait", load.waiting, COMMANDS_WAITING_MAX),
        ("joins", load.joins, CIRCLES_MAX),
        ("circles to compare", due, circles),
        ("comparisons that are wanted", wanted, others * circles),
        ("peers with a share", load.handed, others),
        ("orders to send", load.outbox, orders),
        ("circles a session waits with", load.session.queue, circles),
        ("tags a session keeps", load.session.tags, RESPONSE_MAX_BYTES / size_of::<Tag>()),
        ("payloads a session asked for", load.session.holes, SYNC_HOLES_ASKED_MAX),
    ];
    let over = table.into_iter().find(|(_, count, most)| count > most);
    over.map(|(what, count, most)| format!("holds {count} {what}, more than {most}"))
}

/// Entries that wait: no more than there is room for, in all and for each log, and the node's own count of them is right.
pub(super) fn parked(tx: &Tx<'_>) -> Option<String> {
    let rows = tx.prefix(Table::Parked, &[]);
    let counted: u64 = tx.load(Table::Meta, b"parked").unwrap_or(0);
    if counted != rows.len() as u64 || counted > PARKED_MAX {
        return Some(format!("{} entries wait, {counted} are counted, {PARKED_MAX} may", rows.len()));
    }
    let logs: Vec<&[u8]> = rows.iter().map(|(key, _)| &key[..LOG_BYTES.min(key.len())]).collect();
    let longest = logs.chunk_by(|a, b| a == b).map(<[_]>::len).max().unwrap_or(0);
    (longest > PARKED_PER_LOG_MAX).then(|| format!("{longest} entries of one log wait"))
}
