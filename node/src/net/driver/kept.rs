//! What outlives one life of the swarm: the two channels, what was wished for, and what others were told.
//!
//! When the swarm falls, its successor takes over from here: same topics, members, dial wishes and ports. Every connection is
//! told as lost and every request as failed, so whoever reads the events begins anew and nothing is waited for in vain.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant};

use haat_protocol::id::DeviceId;
use haat_protocol::limits;
use tokio::sync::mpsc;

use super::super::address;
use super::super::dialer::{Dialer, Target};
use super::super::quota::Quotas;
use super::super::reputation::Reputation;
use super::super::request::Requests;
use super::super::vocabulary::{NetCommand, NetEvent};

/// What is kept.
pub(in super::super) struct Kept {
    /// This device.
    pub(super) me: DeviceId,
    pub(super) commands: mpsc::Receiver<NetCommand>,
    pub(super) events: mpsc::Sender<NetEvent>,
    /// Facts that wait for room in `events`; while there are any, the network is not read.
    pub(super) backlog: VecDeque<NetEvent>,
    pub(super) requests: Requests,
    pub(super) dialer: Dialer,
    /// Topics we take part in.
    pub(super) topics: BTreeSet<String>,
    /// Who speaks gossip with us.
    pub(super) members: BTreeSet<DeviceId>,
    /// Who is connected, as far as was told.
    pub(super) connected: BTreeSet<DeviceId>,
    pub(super) reputation: Reputation,
    pub(super) quotas: Quotas,
    /// When each peer was last held to account for overrunning its quotas.
    pub(super) overrun: HashMap<DeviceId, Instant>,
    /// Addresses to listen on; a port of 0 becomes the one that was given.
    pub(super) listen: Vec<String>,
    /// Addresses that were asked for since, such as a seed's circuit; whoever asked asks again when it fails.
    pub(super) circuits: BTreeSet<String>,
    /// Where we are reached, as far as was told.
    listening: BTreeSet<String>,
    /// Whether a swarm fell before this one: its sockets may take a moment to close.
    pub(super) is_heir: bool,
}

impl Kept {
    pub(in super::super) fn new(
        me: DeviceId,
        listen: Vec<String>,
        commands: mpsc::Receiver<NetCommand>,
        events: mpsc::Sender<NetEvent>,
    ) -> Self {
        Self {
            me,
            commands,
            events,
            backlog: VecDeque::new(),
            requests: Requests::default(),
            dialer: Dialer::default(),
            topics: BTreeSet::new(),
            members: BTreeSet::new(),
            connected: BTreeSet::new(),
            reputation: Reputation::default(),
            quotas: Quotas::new(Instant::now()),
            overrun: HashMap::new(),
            listen,
            circuits: BTreeSet::new(),
            listening: BTreeSet::new(),
            is_heir: false,
        }
    }

    /// The swarm is gone with all it held.
    pub(in super::super) fn bereave(&mut self) {
        self.is_heir = true;
        for (id, device) in self.requests.interrupt() {
            self.backlog.push_back(NetEvent::Failed { id, device, reason: "the network was begun anew".to_owned() });
        }
        for address in std::mem::take(&mut self.listening) {
            self.backlog.push_back(NetEvent::Unlistened { address });
        }
        for address in std::mem::take(&mut self.circuits) {
            self.backlog.push_back(NetEvent::ListenFailed { address, reason: "the network was begun anew".to_owned() });
        }
        let lost = std::mem::take(&mut self.connected);
        self.backlog.extend(lost.into_iter().map(|device| NetEvent::Disconnected { device }));
        self.dialer.begin_anew(Instant::now());
    }

    pub(super) fn listened(&mut self, address: String) {
        self.listening.insert(address.clone());
        self.backlog.push_back(NetEvent::Listening { address });
    }

    pub(super) fn unlistened(&mut self, address: String) {
        self.listening.remove(&address);
        self.backlog.push_back(NetEvent::Unlistened { address });
    }

    /// Lets a pause pass without a swarm; wishes are heard meanwhile. False: nobody is left to talk to, or told to stop.
    pub(in super::super) async fn wait(&mut self, pause: Duration) -> bool {
        let end = tokio::time::sleep(pause);
        tokio::pin!(end);
        loop {
            let command = tokio::select! {
                () = &mut end => return true,
                () = self.events.closed() => return false,
                room = self.events.reserve(), if !self.backlog.is_empty() => {
                    let (Ok(room), Some(event)) = (room, self.backlog.pop_front()) else { return false };
                    room.send(event);
                    continue;
                }
                command = self.commands.recv(), if self.backlog.len() < limits::NET_BACKLOG_MAX => command,
            };
            match command {
                None | Some(NetCommand::Stop) => return false,
                Some(command) => self.note(command),
            }
        }
    }

    /// Remembers a wish that no swarm is there to fulfil.
    fn note(&mut self, command: NetCommand) {
        match command {
            NetCommand::Dial { device, addresses } => self.want(device, &addresses),
            NetCommand::Forget { device } => self.dialer.forget(&Target::Device(device)),
            NetCommand::Members { devices } => self.members = devices,
            NetCommand::Subscribe { topic } if self.topics.len() < limits::TOPICS_PER_PEER_MAX => {
                self.topics.insert(topic);
            }
            NetCommand::Unsubscribe { topic } => {
                self.topics.remove(&topic);
            }
            NetCommand::Listen { address } => {
                self.backlog.push_back(NetEvent::ListenFailed { address, reason: "the network is begun anew".to_owned() });
            }
            NetCommand::Request { id, device, .. } => {
                self.backlog.push_back(NetEvent::Failed { id, device, reason: "not connected".to_owned() });
            }
            _ => {}
        }
    }

    /// One wish per device that is asked for or named in an address, and one for each address that names nobody.
    pub(super) fn want(&mut self, device: Option<DeviceId>, addresses: &[String]) {
        let mut wishes: BTreeMap<Target, Vec<String>> = BTreeMap::new();
        for text in addresses {
            let (address, named) = match address::parse_remote(text) {
                Ok(read) => read,
                Err(fault) => {
                    tracing::warn!(reason = %fault, "not dialled");
                    continue;
                }
            };
            if named.is_some() && device.is_some() && named != device {
                tracing::warn!(address = %text, "not dialled: the address names another device than asked for");
                continue;
            }
            let target = device.or(named).map_or_else(|| Target::Address(address.clone()), Target::Device);
            wishes.entry(target).or_default().push(address);
        }
        for (target, addresses) in wishes {
            let connected = match &target {
                Target::Device(device) if self.me == *device => continue,
                Target::Device(device) => self.connected.contains(device),
                Target::Address(_) => false,
            };
            if !self.dialer.want(target, addresses, connected, Instant::now()) {
                tracing::warn!(max = limits::DIAL_WISHES_MAX, "not dialled: too many peers are being dialled already");
            }
        }
    }
}
