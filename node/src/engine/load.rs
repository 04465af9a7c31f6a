//! How much an engine holds beside its store: for whoever watches that nothing grows without bound. It counts and changes nothing.

use haat_protocol::sync;

use super::Engine;
use crate::store::Store;

/// Counts of what lives no longer than the process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Devices that are connected.
    pub connected: usize,
    /// Sessions of sync.
    pub sessions: usize,
    /// The most that one session remembers.
    pub session: sync::Load,
    /// Requests that were not answered yet.
    pub requests: usize,
    /// Commands that wait for a peer's word.
    pub waiting: usize,
    /// Joins under way.
    pub joins: usize,
    /// Circles to be compared, with everybody or with one device.
    pub comparisons: (usize, usize),
    /// Orders with something to be sent.
    pub outbox: usize,
    /// Peers of whom is counted what they were handed.
    pub handed: usize,
}

impl<S: Store> Engine<S> {
    /// How much is held right now.
    #[must_use]
    pub fn load(&self) -> Load {
        let passing = &self.passing;
        let sessions = passing.sessions.values().map(sync::Session::load);
        Load {
            connected: passing.presence.connected.len(),
            sessions: passing.sessions.len(),
            session: sessions.fold(sync::Load::default(), sync::Load::most),
            requests: passing.requests.len(),
            waiting: passing.guard.waiting(),
            joins: passing.joins.len(),
            comparisons: (passing.due.len(), passing.wanted.len()),
            outbox: passing.outbox.len(),
            handed: passing.handed.len(),
        }
    }
}
