//! The words in which the node and its network speak: wishes in, facts out.
//!
//! Nothing here may name libp2p, and nothing here acts.

use std::collections::BTreeSet;
use std::fmt;

use haat_protocol::id::DeviceId;
use zeroize::Zeroizing;

/// What the network needs to know to start.
pub struct NetConfig {
    /// Secret seed of the device's Ed25519 key.
    pub device_seed: Zeroizing<[u8; 32]>,
    /// Multiaddresses to listen on; port 0 asks for any free one.
    pub listen: Vec<String>,
    /// Whether to look for neighbours on the local network.
    pub mdns: bool,
    /// Whether to gossip at all; without it everything still arrives by sync.
    pub gossip: bool,
}

impl fmt::Debug for NetConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { device_seed: _, listen, mdns, gossip } = self;
        f.debug_struct("NetConfig").field("listen", listen).field("mdns", mdns).field("gossip", gossip).finish_non_exhaustive()
    }
}

/// Which of the request protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// Logs and what is missing in them.
    Sync,
    /// Letters from one device to another: orders, introductions, join requests.
    Direct,
    /// Questions to a seed: who wants to be found where.
    Meet,
}

/// A gossip message as the network knows it: a hash of topic and data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GossipId(pub [u8; 20]);

/// Ticket under which a request of somebody else is answered, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResponseId(pub u64);

/// What is to become of a gossip message that came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GossipVerdict {
    /// Pass it on.
    Accept,
    /// Drop it without blame.
    Ignore,
    /// Drop it: provably bad for everybody, whatever they know.
    Reject,
}

/// How bad it is what a peer did. Only what is wrong for everybody, whatever they know, is an offence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// A signature that does not hold.
    Forged,
    /// Bytes that are provably not what they must be.
    Malformed,
    /// More than one message may have.
    Oversize,
    /// A protocol used otherwise than it is written.
    Misuse,
    /// More than its quota.
    Overrun,
    /// Keeping us waiting in the middle of a message.
    Slow,
}

/// A wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetCommand {
    /// Keep dialling until connected, and again whenever the connection is lost. Asking again replaces the addresses.
    Dial {
        /// Whom to expect; else whoever the address names or answers there.
        device: Option<DeviceId>,
        /// Where, as multiaddresses with or without `/p2p/…`; what cannot be dialled is left out and logged.
        addresses: Vec<String>,
    },
    /// Stop dialling this device. A connection that stands stays.
    Forget {
        /// Whom.
        device: DeviceId,
    },
    /// Close every connection with this device. A dial wish outlives it: say [`NetCommand::Forget`] first to stay apart.
    Disconnect {
        /// Whom.
        device: DeviceId,
    },
    /// Exactly these devices speak gossip with us. Whoever is connected and thereby treated wrongly, either way, is
    /// disconnected and met anew.
    Members {
        /// All of them.
        devices: BTreeSet<DeviceId>,
    },
    /// Take part in a topic.
    Subscribe {
        /// Which.
        topic: String,
    },
    /// Leave a topic.
    Unsubscribe {
        /// Which.
        topic: String,
    },
    /// Say something on a topic: a hint, without any promise.
    Publish {
        /// Where.
        topic: String,
        /// What, `limits::GOSSIP_MAX_BYTES` at most.
        data: Vec<u8>,
    },
    /// The answer that every [`NetEvent::Gossip`] needs within seconds, else it is not passed on.
    Verdict {
        /// Which message.
        id: GossipId,
        /// Who passed it to us.
        device: DeviceId,
        /// What is to become of it.
        verdict: GossipVerdict,
    },
    /// Ask a connected device. Exactly one `Response` or `Failed` with this `id` follows, unless the network stops.
    Request {
        /// Chosen by the asker, unique among what is under way.
        id: u64,
        /// Whom.
        device: DeviceId,
        /// On which protocol.
        channel: Channel,
        /// What, `limits::REQUEST_MAX_BYTES` at most.
        data: Vec<u8>,
    },
    /// Answer a request. An answer that comes too late or is too long is dropped and logged; the asker sees a failure.
    Respond {
        /// The ticket from [`NetEvent::Request`].
        id: ResponseId,
        /// What, `limits::RESPONSE_MAX_BYTES` at most.
        data: Vec<u8>,
    },
    /// Listen at one more address, such as a seed's `…/p2p-circuit`. Asking again for one that stands does nothing.
    Listen {
        /// Where.
        address: String,
    },
    /// Somebody did what nobody may do; enough of it ends the connection, and bars new ones for a while.
    Misbehaved {
        /// Who.
        device: DeviceId,
        /// What.
        severity: Severity,
    },
    /// Close everything and end the task.
    Stop,
    /// Panics in the swarm's own task.
    #[cfg(test)]
    Panic,
    /// Panics in a task of one connection.
    #[cfg(test)]
    PanicInTask,
}

/// A fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetEvent {
    /// We can be reached here.
    Listening {
        /// Multiaddress with our own `/p2p/…`.
        address: String,
    },
    /// We are not reached here any more.
    Unlistened {
        /// As it was told when it began.
        address: String,
    },
    /// We cannot be reached here (any more).
    ListenFailed {
        /// The address as configured.
        address: String,
        /// Why, for people.
        reason: String,
    },
    /// The first connection with a device stands.
    Connected {
        /// Who.
        device: DeviceId,
        /// Where they are, seen from here, without `/p2p/…`.
        address: String,
        /// Whether we dialled; only then can the address be dialled again.
        outgoing: bool,
    },
    /// The last connection with a device is gone.
    Disconnected {
        /// Who.
        device: DeviceId,
    },
    /// A neighbour on the local network said where it is. Not verified.
    Found {
        /// Who, as claimed.
        device: DeviceId,
        /// Where, without `/p2p/…`.
        addresses: Vec<String>,
    },
    /// Somebody passed us a gossip message; a [`NetCommand::Verdict`] must follow.
    Gossip {
        /// Which.
        id: GossipId,
        /// Who passed it on, which says nothing about who wrote it.
        device: DeviceId,
        /// Where.
        topic: String,
        /// What, `limits::GOSSIP_MAX_BYTES` at most.
        data: Vec<u8>,
    },
    /// Somebody asks; [`NetCommand::Respond`] answers.
    Request {
        /// Ticket for the answer.
        id: ResponseId,
        /// Who, authenticated.
        device: DeviceId,
        /// On which protocol.
        channel: Channel,
        /// What.
        data: Vec<u8>,
    },
    /// The answer to a request of ours.
    Response {
        /// As given with the request.
        id: u64,
        /// Who.
        device: DeviceId,
        /// What.
        data: Vec<u8>,
    },
    /// A request of ours got no answer. Whether it was acted on is unknown.
    Failed {
        /// As given with the request.
        id: u64,
        /// Who was asked.
        device: DeviceId,
        /// Why, for people.
        reason: String,
    },
    /// A peer takes part in a topic that we take part in too: what waits to be published there can go out.
    TopicPeer {
        /// Which topic.
        topic: String,
        /// Who.
        device: DeviceId,
    },
}
