//! Peers: what the network tells about them, and what they ask and answer.

use haat_protocol::id::{DeviceId, SpaceId};
use haat_protocol::limits::SYNC_EVERY_MS;
use haat_protocol::meet::MeetResponse;
use haat_protocol::record::{Claim, Record, SignedRecord, Slot};
use haat_protocol::sync::{Effect as Step, Session, Turn};
use haat_protocol::wire::{DirectRequest, DirectResponse, SyncRequest, SyncResponse, is_newer_request};

use super::held::Held;
use super::work::Work;
use super::{Asked, What};
use crate::net::{Channel, NetCommand, NetEvent, ResponseId, Scope, Severity, scope_of, without_peer};
use crate::store::Table;

/// Pause after a comparison that failed, in milliseconds.
pub(super) const COMPARE_AGAIN_MS: u64 = 5_000;

/// How many things an answer hands over; none when it hands over nothing.
fn handed_over(response: &SyncResponse) -> Option<usize> {
    match response {
        SyncResponse::Items { items } | SyncResponse::Removed { items } => Some(items.len()).filter(|things| *things > 0),
        SyncResponse::Heights(scopes) => (!scopes.is_empty()).then_some(0),
        _ => None,
    }
}

impl Work<'_, '_> {
    /// Something the network tells.
    pub(super) fn net(&mut self, event: NetEvent) {
        match event {
            NetEvent::Listening { address } => {
                self.passing.presence.listen.insert(address);
                self.passing.is_stale = true;
            }
            NetEvent::Unlistened { address } => {
                self.passing.presence.listen.remove(&address);
                self.passing.is_stale = true;
            }
            NetEvent::ListenFailed { address, .. } => self.listening_ended(&address),
            NetEvent::Connected { device, address, outgoing } => self.connected(device, address, outgoing),
            NetEvent::Disconnected { device } => self.disconnected(&device),
            NetEvent::Found { device, addresses } => {
                if self.is_fellow(&device) || self.waits_for(&device) {
                    self.send(NetCommand::Dial { device: Some(device), addresses });
                }
            }
            NetEvent::Gossip { id, device, data, .. } => self.gossip(id, device, &data),
            NetEvent::TopicPeer { topic, device } => self.topic_peer(&topic, device),
            NetEvent::Request { id, device, channel, data } => self.asked(id, device, channel, &data),
            NetEvent::Response { id, device, data } => self.answered(id, device, &data),
            NetEvent::Failed { id, device, .. } => self.failed(id, device),
        }
    }

    fn connected(&mut self, device: DeviceId, address: String, outgoing: bool) {
        if outgoing && scope_of(&address) != Scope::Circuit {
            self.passing.reached.insert(device, without_peer(&address));
        }
        self.passing.presence.connected.insert(device, address);
        self.seed_connected(device);
        self.greet(device);
        self.join_through(&device);
        self.order_reset(&device);
        self.compare_orders_with(device);
        self.happened("peer", device);
    }

    /// Opens the asking side of sync with a connected device.
    pub(super) fn greet(&mut self, device: DeviceId) {
        // What was asked over an earlier connection is over; its failure, told late, must not end a run of this one.
        self.passing.requests.retain(|_, asked| asked.device != device || !matches!(asked.what, What::Sync(_)));
        // The other side may have greeted already: what answers it must not be forgotten.
        let me = self.me.device();
        let mut session = self.passing.sessions.remove(&device).unwrap_or_else(|| Session::new(me, device));
        let steps = self.begin(&mut session);
        self.passing.sessions.insert(device, session);
        self.perform(device, steps);
    }

    /// Connected devices whose session was lost with a failed commit are greeted again.
    pub(super) fn greet_forgotten(&mut self) {
        // Whoever has a session is connected.
        if self.passing.sessions.len() == self.passing.presence.connected.len() {
            return;
        }
        let connected: Vec<DeviceId> = self.passing.presence.connected.keys().copied().collect();
        for device in connected.into_iter().filter(|device| !self.passing.sessions.contains_key(device)).collect::<Vec<_>>() {
            self.greet(device);
            self.compare_orders_with(device);
        }
    }

    fn disconnected(&mut self, device: &DeviceId) {
        self.passing.presence.connected.remove(device);
        self.passing.reached.remove(device);
        self.passing.sessions.remove(device);
        self.passing.comparing.remove(device);
        self.passing.wanted.retain(|(other, _), _| other != device);
        self.seed_disconnected(device);
        self.happened("peer", device);
    }

    /// Sends a request and remembers what it is about.
    pub(super) fn request(&mut self, device: DeviceId, channel: Channel, what: What, data: Vec<u8>) {
        self.passing.next_request += 1;
        let id = self.passing.next_request;
        self.passing.requests.insert(id, Asked { device, what });
        self.send(NetCommand::Request { id, device, channel, data });
    }

    /// The unexpired record of a device's addresses.
    pub(super) fn addresses(&self, device: &DeviceId) -> Option<Record> {
        let key = [device.0.as_slice(), &[Slot::Addresses as u8]].concat();
        let record = self.tx.load::<SignedRecord>(Table::Record, &key).and_then(|signed| signed.trusted().ok());
        record.filter(|record| record.expires > self.now)
    }

    /// Wants a connection with a device, where it was found and at the addresses its record tells.
    pub(super) fn dial(&mut self, device: DeviceId) {
        let said = match self.addresses(&device).map(|record| record.claim) {
            Some(Claim::Addresses(said)) => said,
            _ => Vec::new(),
        };
        let addresses = self.ways_to(&device, said);
        if !addresses.is_empty() && self.passing.dialled.get(&device) != Some(&addresses) {
            self.passing.dialled.insert(device, addresses.clone());
            self.send(NetCommand::Dial { device: Some(device), addresses });
        }
    }

    /// Compares a circle with one peer, now.
    pub(super) fn compare_now(&mut self, device: DeviceId, circle: SpaceId) {
        if let Some(mut session) = self.passing.sessions.remove(&device) {
            // A greeting that was lost is said again; all circles are compared after it.
            let steps = if session.is_greeted() || self.is_asking(&device) {
                session.compare(&self.held(), circle)
            } else {
                self.begin(&mut session)
            };
            self.passing.sessions.insert(device, session);
            self.perform(device, steps);
        }
    }

    /// The first word of a session: a fresh nonce.
    fn begin(&mut self, session: &mut Session) -> Vec<Step> {
        let mut nonce = [0; 16];
        nonce.copy_from_slice(&self.entropy.fresh()[..16]);
        session.begin(nonce)
    }

    fn is_asking(&self, device: &DeviceId) -> bool {
        self.passing.requests.values().any(|asked| asked.device == *device && matches!(asked.what, What::Sync(_)))
    }

    pub(super) fn held(&self) -> Held<'_, '_> {
        Held { tx: &self.tx, me: self.me, now: self.now, leaving: &self.passing.leaving, handed: &self.passing.handed }
    }

    /// Does what a session wishes for.
    pub(super) fn perform(&mut self, device: DeviceId, steps: Vec<Step>) {
        let mut steps: std::collections::VecDeque<Step> = steps.into();
        while let Some(step) = steps.pop_front() {
            match step {
                Step::Ask(turn, request) => {
                    let bytes = request.to_bytes();
                    if let SyncRequest::Push { items, .. } = &request {
                        self.passing.handed.note(device, items.len(), bytes.len(), self.now);
                        if let Some(circle) = self.passing.sessions.get(&device).and_then(Session::circle) {
                            self.lacks(&device, &circle);
                        }
                    }
                    self.request(device, Channel::Sync, What::Sync(turn), bytes);
                }
                // Answers are sent where the request came in.
                Step::Answer(_) | Step::Wanted(_) => {}
                Step::Behind(circle, entries) => {
                    self.passing.presence.behind.insert(circle, entries);
                }
                Step::Accept { circle, items } => {
                    self.take_items(circle, items, Some(device));
                    if let Some(mut session) = self.passing.sessions.remove(&device) {
                        steps.extend(session.proceed(&self.held()));
                        self.passing.sessions.insert(device, session);
                    }
                }
                Step::Synced(circle) => {
                    self.lacks_nothing(&device, &circle);
                    self.passing.presence.synced.insert(circle, self.now);
                    self.leave_told(&circle);
                    self.passing.presence.behind.remove(&circle);
                    self.heard_of_own(circle);
                }
                Step::Unfinished(circle) => {
                    if let Some(session) = self.passing.sessions.get_mut(&device) {
                        session.forget_greeting();
                    }
                    self.compare_again(device, circle, COMPARE_AGAIN_MS);
                }
                Step::PutOff(circle, after_ms) => self.put_off(device, circle, after_ms),
            }
        }
    }

    fn asked(&mut self, id: ResponseId, device: DeviceId, channel: Channel, data: &[u8]) {
        let answer = match channel {
            Channel::Sync => self.asked_sync(device, data),
            // A person's node is no seed.
            Channel::Meet => None,
            Channel::Direct => DirectRequest::from_bytes(data).ok().map(|request| self.asked_directly(device, request).to_bytes()),
        };
        // A person's node answers no questions to seeds, and what a newer version asks is no offence.
        let is_offence = answer.is_none()
            && match channel {
                Channel::Sync => SyncRequest::from_bytes(data).is_err() && !is_newer_request(SyncRequest::NAMES, data),
                Channel::Direct => !is_newer_request(DirectRequest::NAMES, data),
                Channel::Meet => false,
            };
        if is_offence {
            self.send(NetCommand::Misbehaved { device, severity: Severity::Misuse });
        }
        // What cannot be read gets an empty answer: the asker sees a failure, and this node owes nothing.
        self.send(NetCommand::Respond { id, data: answer.unwrap_or_default() });
    }

    fn asked_sync(&mut self, device: DeviceId, data: &[u8]) -> Option<Vec<u8>> {
        let request = SyncRequest::from_bytes(data).ok()?;
        let fresh = self.entropy.fresh();
        let me = self.me.device();
        let mut session = self.passing.sessions.remove(&device).unwrap_or_else(|| Session::new(me, device));
        let steps = session.asked(&self.held(), request, &fresh);
        // A session ends with its connection; a request that comes late must not leave one behind.
        if self.passing.presence.connected.contains_key(&device) {
            self.passing.sessions.insert(device, session);
        }
        let mut answer = None;
        for step in steps {
            match step {
                Step::Answer(response) => {
                    let bytes = response.to_bytes();
                    if let Some(things) = handed_over(&response) {
                        self.passing.handed.note(device, things, bytes.len(), self.now);
                    }
                    answer = Some(bytes);
                }
                Step::Accept { circle, items } => self.take_items(circle, items, Some(device)),
                Step::Wanted(circle) => {
                    self.passing.wanted.insert((device, circle), self.now);
                }
                Step::Ask(..) | Step::Behind(..) | Step::Synced(_) | Step::Unfinished(_) | Step::PutOff(..) => {}
            }
        }
        answer
    }

    fn asked_directly(&mut self, device: DeviceId, request: DirectRequest) -> DirectResponse {
        match request {
            DirectRequest::Join(request) => self.join_request(device, *request),
            DirectRequest::Keys { space, prekey } => self.keys_request(device, space, &prekey),
            DirectRequest::Order(message) => self.order_message(device, message),
            DirectRequest::OrderHeads { heads } => self.answer_order_heads(&device, &heads),
            DirectRequest::Case { order, evidence } => self.case_laid(&device, order, evidence.into_vec()),
            DirectRequest::Decision { order, decision } => self.decision_told(order, decision),
        }
    }

    fn answered(&mut self, id: u64, device: DeviceId, data: &[u8]) {
        let Some(asked) = self.passing.requests.remove(&id).filter(|asked| asked.device == device) else { return };
        if let What::Sync(turn) = asked.what {
            return self.sync_answered(device, turn, SyncResponse::from_bytes(data).ok());
        }
        if matches!(asked.what, What::Meet) {
            return self.met(device, MeetResponse::from_bytes(data).ok());
        }
        match (asked.what, DirectResponse::from_bytes(data).ok()) {
            (What::Join(space), Some(response)) => self.join_answered(space, device, response),
            (What::Keys(space), Some(response)) => self.keys_answered(space, &response),
            (What::Order(order), Some(response)) => self.order_stored(order, response),
            (What::Given(order), response) => self.order_given(order, device, response),
            (What::OrderHeads(asked), Some(DirectResponse::Orders(messages))) => self.take_orders(device, &asked, messages),
            (What::OrderHeads(_), _) => self.orders_not_compared(&device),
            (What::Case(order, heads), response) => self.case_answered(order, heads, response.as_ref()),
            (What::Decision(order, side), response) => self.decision_answered(order, side, response.as_ref()),
            (What::Order(order), None) => self.order_failed(order),
            _ => {}
        }
    }

    fn sync_answered(&mut self, device: DeviceId, turn: Turn, response: Option<SyncResponse>) {
        let Some(mut session) = self.passing.sessions.remove(&device) else { return };
        let is_farewell = matches!(response, Some(SyncResponse::Removed { .. }));
        let steps = match response {
            Some(response) => session.answered(&self.held(), turn, response),
            None => session.failed(&self.held(), turn),
        };
        if let Some(Step::Accept { circle, .. }) = steps.first().filter(|_| is_farewell) {
            self.leave_told(circle);
        }
        self.passing.sessions.insert(device, session);
        self.perform(device, steps);
    }

    /// A comparison ended before its end although the peer is there: another one with it follows soon, not only when all are due.
    fn compare_again(&mut self, device: DeviceId, circle: SpaceId, after_ms: u64) {
        let at = self.now.plus(after_ms);
        self.passing.wanted.entry((device, circle)).or_insert(at);
    }

    /// The peer hands over no more for a while: it is asked again then.
    pub(super) fn put_off(&mut self, device: DeviceId, circle: SpaceId, after_ms: u64) {
        self.compare_again(device, circle, after_ms.clamp(COMPARE_AGAIN_MS, SYNC_EVERY_MS));
    }

    fn failed(&mut self, id: u64, device: DeviceId) {
        let Some(asked) = self.passing.requests.remove(&id) else { return };
        match asked.what {
            What::Sync(turn) => self.sync_answered(device, turn, None),
            What::Order(order) => self.order_failed(order),
            What::Given(order) => self.order_given(order, device, None),
            What::Meet => self.met(device, None),
            What::OrderHeads(_) => self.orders_not_compared(&device),
            What::Case(order, heads) => self.case_answered(order, heads, None),
            What::Decision(order, side) => self.decision_answered(order, side, None),
            What::Join(_) | What::Keys(_) => {}
        }
    }

    fn topic_peer(&mut self, topic: &str, device: DeviceId) {
        let circle = self.passing.topics.iter().find(|(_, name)| *name == topic).map(|(circle, _)| *circle);
        if let Some(circle) = circle {
            self.compare_now(device, circle);
        }
    }
}
