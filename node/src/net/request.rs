//! Requests under way in both directions, under our own numbers.
//!
//! It only keeps the books; it must never decide what is asked or answered.

use std::collections::{HashMap, VecDeque};

use haat_protocol::id::DeviceId;
use haat_protocol::limits::{REQUESTS_TO_ONE_MAX, REQUESTS_WAITING_MAX, REQUESTS_WAITING_MAX_BYTES};
use libp2p::request_response::{OutboundFailure, OutboundRequestId, ResponseChannel};

use super::vocabulary::{Channel, ResponseId};

/// A request of somebody else: the way back, and how many bytes it had.
#[derive(Debug)]
struct Waiting {
    channel: Channel,
    reply: ResponseChannel<Vec<u8>>,
    bytes: usize,
}

/// Where requests stand in one line: who is asked, on which channel.
type Line = (Channel, DeviceId);

/// Both books.
#[derive(Debug, Default)]
pub(super) struct Requests {
    ours: HashMap<(Channel, OutboundRequestId), (u64, DeviceId)>,
    /// Requests of ours that wait until an earlier one in the same line has ended.
    lines: HashMap<Line, VecDeque<(u64, Vec<u8>)>>,
    theirs: HashMap<ResponseId, Waiting>,
    last: u64,
}

impl Requests {
    /// Whether another request of ours may go out.
    pub(super) fn has_room(&self) -> bool {
        self.ours.len() + self.lines.values().map(VecDeque::len).sum::<usize>() < REQUESTS_WAITING_MAX
    }

    /// Whether the next request to that device must wait for an earlier one.
    pub(super) fn must_wait(&self, channel: Channel, device: &DeviceId) -> bool {
        self.ours.iter().filter(|((on, _), (_, to))| *on == channel && to == device).count() >= REQUESTS_TO_ONE_MAX
    }

    /// A request of ours waits for its turn.
    pub(super) fn queued(&mut self, channel: Channel, device: DeviceId, id: u64, data: Vec<u8>) {
        self.lines.entry((channel, device)).or_default().push_back((id, data));
    }

    /// Takes the request whose turn it is, after one to the same device on the same channel has ended.
    pub(super) fn next(&mut self, channel: Channel, device: DeviceId) -> Option<(u64, Vec<u8>)> {
        let line = self.lines.get_mut(&(channel, device))?;
        let first = line.pop_front();
        if line.is_empty() {
            self.lines.remove(&(channel, device));
        }
        first
    }

    /// A request of ours went out.
    pub(super) fn sent(&mut self, channel: Channel, wire: OutboundRequestId, asked: (u64, DeviceId)) {
        self.ours.insert((channel, wire), asked);
    }

    /// A request of ours came to its end; which one it was.
    pub(super) fn ended(&mut self, channel: Channel, wire: OutboundRequestId) -> Option<u64> {
        self.ours.remove(&(channel, wire)).map(|(id, _)| id)
    }

    /// A request came in: the ticket for its answer. None when too many wait; the asker then sees a failure and may ask again.
    pub(super) fn received(&mut self, channel: Channel, reply: ResponseChannel<Vec<u8>>, bytes: usize) -> Option<ResponseId> {
        if self.is_full(bytes) {
            self.sweep();
        }
        if self.is_full(bytes) {
            return None;
        }
        self.last += 1;
        let id = ResponseId(self.last);
        self.theirs.insert(id, Waiting { channel, reply, bytes });
        Some(id)
    }

    /// Takes the way back for an answer.
    pub(super) fn take(&mut self, id: ResponseId) -> Option<(Channel, ResponseChannel<Vec<u8>>)> {
        self.theirs.remove(&id).map(|waiting| (waiting.channel, waiting.reply))
    }

    /// Drops tickets whose asker is gone or has stopped waiting.
    pub(super) fn sweep(&mut self) {
        self.theirs.retain(|_, waiting| waiting.reply.is_open());
    }

    /// The connections are gone: forgets everything and says which requests of ours will never be answered.
    pub(super) fn interrupt(&mut self) -> Vec<(u64, DeviceId)> {
        self.theirs.clear();
        let waiting = self.lines.drain().flat_map(|((_, device), line)| line.into_iter().map(move |(id, _)| (id, device)));
        self.ours.drain().map(|(_, asked)| asked).chain(waiting).collect()
    }

    fn is_full(&self, bytes: usize) -> bool {
        let held: usize = self.theirs.values().map(|waiting| waiting.bytes).sum();
        self.theirs.len() >= REQUESTS_WAITING_MAX || held + bytes > REQUESTS_WAITING_MAX_BYTES
    }
}

/// A failed request in words for people.
pub(super) fn reason(failure: &OutboundFailure) -> String {
    match failure {
        OutboundFailure::DialFailure => "not connected".to_owned(),
        OutboundFailure::Timeout => "no answer in time".to_owned(),
        OutboundFailure::ConnectionClosed => "the connection closed before the answer came".to_owned(),
        OutboundFailure::UnsupportedProtocols => "the other side does not speak this protocol".to_owned(),
        OutboundFailure::Io(fault) => format!("the stream broke: {fault}"),
    }
}
