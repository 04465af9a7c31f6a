//! Requests under way in both directions, under our own numbers.
//!
//! It only keeps the books; it must never decide what is asked or answered.

use std::collections::HashMap;

use haat_protocol::limits::REQUESTS_WAITING_MAX;
use libp2p::request_response::{OutboundFailure, OutboundRequestId, ResponseChannel};

use super::vocabulary::{Channel, ResponseId};

/// Both books.
#[derive(Debug, Default)]
pub(super) struct Requests {
    ours: HashMap<(Channel, OutboundRequestId), u64>,
    theirs: HashMap<ResponseId, (Channel, ResponseChannel<Vec<u8>>)>,
    last: u64,
}

impl Requests {
    /// Whether another request of ours may go out.
    pub(super) fn has_room(&self) -> bool {
        self.ours.len() < REQUESTS_WAITING_MAX
    }

    /// A request of ours went out.
    pub(super) fn sent(&mut self, channel: Channel, wire: OutboundRequestId, id: u64) {
        self.ours.insert((channel, wire), id);
    }

    /// A request of ours came to its end; which one it was.
    pub(super) fn ended(&mut self, channel: Channel, wire: OutboundRequestId) -> Option<u64> {
        self.ours.remove(&(channel, wire))
    }

    /// A request came in: the ticket for its answer. None when too many wait; the asker then sees a failure and may ask again.
    pub(super) fn received(&mut self, channel: Channel, reply: ResponseChannel<Vec<u8>>) -> Option<ResponseId> {
        if self.theirs.len() >= REQUESTS_WAITING_MAX {
            self.sweep();
        }
        if self.theirs.len() >= REQUESTS_WAITING_MAX {
            return None;
        }
        self.last += 1;
        let id = ResponseId(self.last);
        self.theirs.insert(id, (channel, reply));
        Some(id)
    }

    /// Takes the way back for an answer.
    pub(super) fn take(&mut self, id: ResponseId) -> Option<(Channel, ResponseChannel<Vec<u8>>)> {
        self.theirs.remove(&id)
    }

    /// Drops tickets whose asker is gone or has stopped waiting.
    pub(super) fn sweep(&mut self) {
        self.theirs.retain(|_, (_, reply)| reply.is_open());
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
