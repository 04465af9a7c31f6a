//! Joining a circle: the newcomer's side and the side of the member who lets in.

use haat_protocol::body::{Body, MemberAdd, name};
use haat_protocol::circle::Roster;
use haat_protocol::crypto::seal;
use haat_protocol::epoch::EpochKeys;
use haat_protocol::id::{DeviceId, EntryId, IdentityId, KeyId, SpaceId};
use haat_protocol::identity::Identity;
use haat_protocol::invite::{self, Code, Contact};
use haat_protocol::limits::CIRCLE_MEMBERS_MAX;
use haat_protocol::local::Problem;
use haat_protocol::local::done::CircleEntered;
use haat_protocol::record::{Claim, Slot};
use haat_protocol::time::{Millis, SECOND_MS};
use haat_protocol::wire::{DirectRequest, DirectResponse, Item, JoinRequest, Welcome};
use serde_bytes::ByteBuf;
use serde_json::{Value, json};

use super::work::Work;
use super::{Effect, Ticket, What};
use crate::fact::Fact;
use crate::intake;
use crate::keyring::Keyring;
use crate::net::{Channel, NetCommand, peer_text};
use crate::store::Table;
use crate::view::{block, circle, known};

/// How long the command waits for the circle before it answers "requested".
const JOIN_WAIT_MS: u64 = 6 * SECOND_MS;
/// Pause before a join that got no answer is asked again.
const JOIN_AGAIN_MS: u64 = 5 * SECOND_MS;

/// A join that is under way in this process.
#[derive(Debug)]
pub(super) struct Joining {
    ticket: Option<Ticket>,
    until: Millis,
    ask_at: Millis,
    /// How often somebody was asked: the next time it is the next one's turn.
    asked: usize,
}

impl Work<'_, '_> {
    /// Asks to join. The answer waits for the circle a moment, then says "requested"; the request stays until it is answered.
    pub(super) fn circle_join(&mut self, ticket: Ticket, text: &str) -> Result<Option<Value>, Problem> {
        let code = Code::parse(text).map_err(|fault| {
            Problem::usage("bad-code", "this is no invite code", fault.to_string()).hint("copy the whole code again, or ask for a new one")
        })?;
        let roster = circle::roster(&self.tx, &code.space);
        if let Some(roster) = roster.filter(|roster| roster.has(&self.me.id())) {
            return Ok(Some(joined(&roster)));
        }
        if code.expires <= self.now {
            return Err(Problem::refused("invite-expired", "the invite cannot be used", "it has expired").hint("ask for a new invite"));
        }
        if !self.tx.has(Table::Join, &code.space.0) {
            self.room_for_a_circle()?;
        }
        intake::fact(&mut self.cx(), &Fact::JoinAsked { space: code.space, code: code.to_text() });
        let joining = Joining { ticket: Some(ticket), until: self.now.plus(JOIN_WAIT_MS), ask_at: self.now, asked: 0 };
        if let Some(Joining { ticket: Some(earlier), .. }) = self.passing.joins.insert(code.space, joining) {
            self.out.push(Effect::Answer(earlier, Ok(requested(&code))));
        }
        self.remember_seeds(&code.seeds);
        self.ask_to_join(&code);
        Ok(None)
    }

    /// Joins that wait: from an earlier start too. Asks again, and answers who has waited long enough.
    pub(super) fn tend_joins(&mut self) {
        for (key, row) in self.tx.prefix(Table::Join, &[]) {
            let Some(space) = SpaceId::from_slice(&key) else { continue };
            let Some(code) = self.tx.decoded::<String>(Table::Join, &row).and_then(|text| Code::parse(&text).ok()) else { continue };
            if code.expires <= self.now {
                intake::fact(&mut self.cx(), &Fact::JoinEnded { space, declined: Some("the invite has expired".into()) });
                continue;
            }
            let now = self.now;
            let joining = self.passing.joins.entry(space).or_insert(Joining { ticket: None, until: now, ask_at: now, asked: 0 });
            if joining.ask_at <= now {
                joining.ask_at = now.plus(JOIN_AGAIN_MS);
                self.ask_to_join(&code);
            }
        }
        self.answer_joins();
    }

    fn ask_to_join(&mut self, code: &Code) {
        let contacts = self.with_seeds(&code.space, &code.seeds, code.contacts());
        let is_connected = |contact: &Contact| self.passing.presence.connected.contains_key(&contact.device);
        let (here, away): (Vec<Contact>, Vec<Contact>) = contacts.into_iter().partition(is_connected);
        for contact in away {
            self.send(NetCommand::Dial { device: Some(contact.device), addresses: contact.addresses });
        }
        // One at a time: two who let in at once would spend the invite twice.
        let under_way = self.passing.requests.values().any(|asked| matches!(asked.what, What::Join(space) if space == code.space));
        let asked = self.passing.joins.get(&code.space).map_or(0, |joining| joining.asked);
        let prekey = self.tx.load(Table::Record, &[self.me.device().0.as_slice(), &[Slot::Prekey as u8]].concat());
        let (false, Some(prekey), false) = (under_way, prekey, here.is_empty()) else { return };
        let device = here[asked % here.len()].device;
        if let Some(joining) = self.passing.joins.get_mut(&code.space) {
            joining.asked += 1;
        }
        let request = JoinRequest {
            space: code.space,
            invite: code.pair().public(),
            proof: invite::prove(&code.pair(), code.space, self.me.id(), self.me.device()),
            chain: known::own_chain(&self.tx, self.me),
            prekey,
            name: self.me.name.clone(),
        };
        self.request(device, Channel::Direct, What::Join(code.space), DirectRequest::Join(Box::new(request)).to_bytes());
    }

    /// Somebody whom a code names is there now: whoever waits for that asks.
    pub(super) fn join_through(&mut self, device: &DeviceId) {
        for code in self.codes().into_iter().filter(|code| names(code, device) || self.is_host(&code.space, device)).collect::<Vec<_>>() {
            self.ask_to_join(&code);
        }
    }

    /// Whether a join waits for this device.
    pub(super) fn waits_for(&self, device: &DeviceId) -> bool {
        self.codes().iter().any(|code| names(code, device) || self.is_host(&code.space, device))
    }

    /// The codes of joins that wait.
    pub(super) fn codes(&self) -> Vec<Code> {
        let rows = self.tx.prefix(Table::Join, &[]);
        rows.iter().filter_map(|(_, row)| Code::parse(&self.tx.decoded::<String>(Table::Join, row)?).ok()).collect()
    }

    /// Answers commands whose circle is here, or whose patience is over.
    pub(super) fn answer_joins(&mut self) {
        let spaces: Vec<SpaceId> = self.passing.joins.keys().copied().collect();
        for space in spaces {
            let roster = circle::roster(&self.tx, &space).filter(|roster| roster.has(&self.me.id()));
            let Some(joining) = self.passing.joins.get(&space) else { continue };
            let is_late = joining.until <= self.now;
            let answer = match roster {
                Some(roster) => joined(&roster),
                None if is_late => entered(space, self.code_of(&space).map(|code| code.name), "requested"),
                None => continue,
            };
            let is_joined = answer["state"] == "joined";
            if let Some(ticket) = self.passing.joins.get_mut(&space).and_then(|joining| joining.ticket.take()) {
                self.out.push(Effect::Answer(ticket, Ok(answer)));
            }
            if is_joined {
                self.passing.joins.remove(&space);
            }
        }
    }

    fn code_of(&self, space: &SpaceId) -> Option<Code> {
        Code::parse(&self.tx.load::<String>(Table::Join, &space.0)?).ok()
    }

    /// The member's answer to a join request.
    pub(super) fn join_answered(&mut self, space: SpaceId, from: DeviceId, response: DirectResponse) {
        match response {
            DirectResponse::Welcome { sealed } => self.welcomed(space, from, &sealed),
            DirectResponse::Declined { code, .. } if code == "requested" => self.waits_for_approval(space),
            DirectResponse::Declined { code, reason } if code != "not-now" => {
                intake::fact(&mut self.cx(), &Fact::JoinEnded { space, declined: Some(reason.clone()) });
                self.happened("circle", space);
                if let Some(Joining { ticket: Some(ticket), .. }) = self.passing.joins.remove(&space) {
                    let problem =
                        Problem::refused(&format!("invite-{code}"), "the circle did not let you in", reason).hint("ask for a new invite");
                    self.out.push(Effect::Answer(ticket, Err(problem)));
                }
            }
            _ => {}
        }
    }

    /// The circle was asked and somebody has to approve: nothing is gained by letting the command wait.
    fn waits_for_approval(&mut self, space: SpaceId) {
        if let Some(joining) = self.passing.joins.get_mut(&space) {
            joining.until = self.now;
        }
        self.answer_joins();
    }

    fn welcomed(&mut self, space: SpaceId, from: DeviceId, sealed: &[u8]) {
        let mut opened = self.me.prekeys.iter().filter_map(|key| seal::open(&key.0, &welcome_info(space), sealed).ok());
        let Some(welcome) = opened.next().and_then(|plain| Welcome::from_bytes(&plain).ok()) else { return };
        if welcome.inception.id() != space {
            return;
        }
        // Who let me in is whom I know where to find, whatever happens before records of the others are here: where the code says, or
        // where it was reached, when the code has expired meanwhile.
        let contacts = self.code_of(&space).map(|code| code.contacts());
        let said =
            contacts.map(|contacts| contacts.into_iter().filter(|contact| contact.device == from).flat_map(|contact| contact.addresses));
        let met: Vec<String> = said.map_or_else(|| self.passing.reached.get(&from).cloned().into_iter().collect(), Iterator::collect);
        for address in met {
            let address = format!("{address}/p2p/{}", peer_text(&from));
            if !self.tx.has(Table::Peer, address.as_bytes()) {
                intake::fact(&mut self.cx(), &Fact::Peer { address });
            }
        }
        intake::fact(&mut self.cx(), &Fact::Space { inception: welcome.inception });
        self.take_items(space, welcome.items, None);
        for (key, keys) in welcome.epochs {
            intake::learn_epoch(&mut self.cx(), space, key, keys);
        }
        intake::fact(&mut self.cx(), &Fact::JoinEnded { space, declined: None });
        self.passing.is_stale = true;
        self.happened("circle", space);
        // The greeting of this connection may be older than the circle: a new one finds it, and compares it first of all.
        if self.passing.presence.connected.contains_key(&from) {
            self.greet(from);
        }
    }

    /// A newcomer asks to be let in.
    pub(super) fn join_request(&mut self, device: DeviceId, request: JoinRequest) -> DirectResponse {
        match self.admit_newcomer(device, &request) {
            Ok(sealed) => DirectResponse::Welcome { sealed: ByteBuf::from(sealed) },
            Err((code, reason)) => {
                let words = if code == "declined" { self.words_of_decline(&request) } else { None };
                DirectResponse::Declined { code: code.to_owned(), reason: words.unwrap_or_else(|| reason.to_owned()) }
            }
        }
    }

    /// What the steward said who declined this request.
    fn words_of_decline(&self, request: &JoinRequest) -> Option<String> {
        let roster = circle::roster(&self.tx, &request.space)?;
        let person = request.chain.clone().verify().ok()?.id();
        let (invite, _) = roster.invite_by_key(&request.invite)?;
        roster.declined.get(&(person, *invite))?.clone()
    }

    fn admit_newcomer(&mut self, device: DeviceId, request: &JoinRequest) -> Result<Vec<u8>, (&'static str, &'static str)> {
        let space = request.space;
        let roster = circle::roster(&self.tx, &space).filter(|roster| roster.has(&self.me.id()));
        let roster = roster.ok_or(("not-now", "this node is not a member of that circle"))?;
        let identity = request.chain.clone().verify().map_err(|_| ("malformed", "the identity does not hold"))?;
        let prekey = request.prekey.verify().map_err(|_| ("malformed", "the prekey does not hold"))?;
        let Claim::Prekey(key) = prekey.claim else { return Err(("malformed", "the prekey does not hold")) };
        if !identity.has(&device) || prekey.device != device || name(&request.name).is_err() {
            return Err(("malformed", "name, identity, device and prekey do not belong together"));
        }
        // A chain that is shown may be older than the one held: a device revoked since is nobody's.
        if known::identity(&self.tx, &identity.id()).is_some_and(|held| !held.has(&device) && held.head().0 >= identity.head().0) {
            return Err(("malformed", "the device was revoked"));
        }
        // Who is a member lost the welcome: whoever let in, and whatever became of the invite, any member hands it out again.
        let invite = if roster.has(&identity.id()) { None } else { Some(self.usable_invite(&roster, &identity, device, request)?) };
        if let Some(invite) = invite.filter(|_| roster.norms_now().approval) {
            return Err(self.note_request(
                &roster,
                MemberAdd { identity: identity.id(), device, name: request.name.clone(), invite, proof: request.proof },
            ));
        }
        intake::identity(&mut self.cx(), &identity);
        intake::record(&mut self.cx(), &prekey, &request.prekey);
        if let Some(invite) = invite {
            let body = MemberAdd { identity: identity.id(), device, name: request.name.clone(), invite, proof: request.proof };
            self.author(space, &Body::MemberAdd(body)).map_err(|_| ("not-now", "nobody can be admitted right now"))?;
            self.happened("circle", space);
        }
        self.welcome(space, &identity.id(), &key).ok_or(("not-now", "the keys of the circle are not here"))
    }

    /// The invite that a request holds, when it still lets this person in.
    fn usable_invite(
        &self,
        roster: &Roster,
        person: &Identity,
        device: DeviceId,
        request: &JoinRequest,
    ) -> Result<EntryId, (&'static str, &'static str)> {
        let (invite, state) = roster.invite_by_key(&request.invite).ok_or(("not-now", "this invite is not known here yet"))?;
        invite::check(&request.invite, roster.space, person.id(), device, &request.proof)
            .map_err(|_| ("malformed", "the proof does not hold"))?;
        // Somebody else may let them in; this node does not.
        if [person.id(), state.by].iter().any(|person| block::is_blocked(&self.tx, person)) {
            return Err(("not-now", "nobody can be admitted right now"));
        }
        if roster.declined.contains_key(&(person.id(), *invite)) {
            return Err(("declined", "the circle declined the request"));
        }
        if state.revoked {
            return Err(("revoked", "the invite was taken back"));
        }
        if state.expires <= self.now {
            return Err(("expired", "the invite has expired"));
        }
        if state.admitted.len() as u64 >= state.uses || state.admitted.contains(&person.id()) {
            return Err(("used", "the invite was used already"));
        }
        if roster.members.len() >= CIRCLE_MEMBERS_MAX {
            return Err(("full", "the circle is full"));
        }
        Ok(*invite)
    }

    /// The keys as far back as the history window of a member goes, sealed to one of the member's devices.
    pub(super) fn welcome(&mut self, space: SpaceId, person: &IdentityId, prekey: &[u8; 32]) -> Option<Vec<u8>> {
        let roster = circle::roster(&self.tx, &space)?;
        let since = roster.members.get(person)?.since.min(self.now);
        let welcome = Welcome {
            inception: known::inception(&self.tx, &space)?,
            name: roster.name.clone(),
            epochs: self.epochs_for(&roster, since),
            items: roster.members.keys().filter_map(|person| known::chain(&self.tx, person)).map(Item::Identity).collect(),
        };
        let fresh = self.entropy.fresh();
        seal::seal(prekey, &welcome_info(space), &welcome.to_bytes(), &fresh).ok()
    }

    /// The keys that may be handed to who is a member since then, as far back as the window went at that time. An epoch was in use until
    /// the next one followed it; what ended before the window stays closed.
    fn epochs_for(&self, roster: &Roster, since: Millis) -> Vec<(KeyId, EpochKeys)> {
        let ring = Keyring::of(&self.tx, self.me, roster);
        let leading = ring.leading().map(|(key, _)| key);
        let from = since.0.saturating_sub(roster.norms_now().history_window_ms);
        let narrowed = ring.to_hand_on().into_iter().map(|(key, mut keys)| {
            let is_leading = Some(key) == leading;
            if !is_leading && ring.followed_at(&key).is_some_and(|end| end.0 < from) {
                keys.content = None;
            }
            if !is_leading {
                keys.topic = None;
            }
            (key, keys)
        });
        narrowed.collect()
    }
}

/// What a welcome is bound to.
pub(super) fn welcome_info(space: SpaceId) -> Vec<u8> {
    [b"haat 0 welcome".as_slice(), &space.0].concat()
}

/// Whether a code names this device.
fn names(code: &Code, device: &DeviceId) -> bool {
    code.contacts().iter().any(|contact| contact.device == *device)
}

fn joined(roster: &Roster) -> Value {
    entered(roster.space, Some(roster.name.clone()), "joined")
}

fn requested(code: &Code) -> Value {
    entered(code.space, Some(code.name.clone()), "requested")
}

fn entered(circle: SpaceId, name: Option<String>, state: &str) -> Value {
    json!(CircleEntered { circle, name, state: state.to_owned() })
}
