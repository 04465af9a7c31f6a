//! Circles: beginning one, inviting, removing, and the keys that change with the members.

use std::sync::Arc;

use haat_protocol::body::{Body, CircleCreate, Invite, MemberRemove, name};
use haat_protocol::circle::{Roster, may_remove};
use haat_protocol::crypto::Keypair;
use haat_protocol::id::{DeviceId, IdentityId};
use haat_protocol::invite::{Code, Contact};
use haat_protocol::limits::{
    CIRCLES_MAX, INVITE_ADDRESSES_MAX, INVITE_LIFE_MS, INVITE_OTHER_ADDRESSES_MAX, INVITE_OTHERS_MAX, INVITE_USES_MAX, WIRE_VERSION,
};
use haat_protocol::local::Problem;
use haat_protocol::local::done::{CircleBegun, CircleChanged, InviteMade, Signed};
use haat_protocol::norms::Norms;
use haat_protocol::record::Claim;
use haat_protocol::space::{Inception, Sort};
use haat_protocol::time::Millis;
use serde_json::{Value, json};

use super::held;
use super::work::Work;
use crate::fact::Fact;
use crate::intake;
use crate::name;
use crate::net::{handed_out, without_peer};
use crate::store::Table;
use crate::view::{circle, known};

impl Work<'_, '_> {
    /// Begins a circle with its creator as only member.
    pub(super) fn circle_create(&mut self, name: &str, norms: Option<&str>) -> Result<Value, Problem> {
        let name = name.trim();
        self::name(name).map_err(|fault| Problem::refused("bad-name", "the circle cannot be named so", fault.to_string()))?;
        let circles = circle::all(&self.tx);
        let taken = circles.iter().filter_map(|space| circle::roster(&self.tx, space)).any(|r| r.name == name && r.has(&self.me.id()));
        if taken {
            return Err(Problem::refused(
                "name-taken",
                "a circle of that name is there already",
                format!("you are in a circle called {name:?}"),
            )
            .hint("choose another name, so that commands can tell the two apart"));
        }
        self.room_for_a_circle()?;
        let norms = norms.map_or_else(|| Ok(Norms::default()), |text| super::norms::read(text, &Norms::default(), 0))?;
        let inception = self.inception(Sort::Circle);
        let space = inception.id();
        intake::fact(&mut self.cx(), &Fact::Space { inception: inception.clone() });
        let body = CircleCreate { inception, name: name.to_owned(), norms, creator_name: self.me.name.clone() };
        self.author(space, &Body::CircleCreate(body))?;
        self.rotate(space, None)?;
        Ok(json!(CircleBegun { circle: space, name: name.to_owned() }))
    }

    /// Whether one more circle fits, among those this node is in and those it asks to be let into.
    pub(super) fn room_for_a_circle(&self) -> Result<(), Problem> {
        let me = self.me.id();
        let within =
            circle::all(&self.tx).iter().filter_map(|space| circle::roster(&self.tx, space)).filter(|roster| roster.has(&me)).count();
        if within + self.tx.prefix(Table::Join, &[]).len() < CIRCLES_MAX {
            return Ok(());
        }
        let reason = format!("a node takes part in at most {CIRCLES_MAX} circles");
        Err(Problem::refused("too-many-circles", "no more circles fit", reason).hint("leave a circle with `haat circle leave` first"))
    }

    /// What a new space of this node begins with.
    pub(super) fn inception(&mut self, sort: Sort) -> Inception {
        let mut salt = [0; 16];
        salt.copy_from_slice(&self.entropy.fresh()[..16]);
        Inception { sort, creator: self.me.id(), device: self.me.device(), salt, created: self.now }
    }

    /// A circle this node is a member of, by what the person called it.
    pub(super) fn own_circle(&self, text: &str) -> Result<Arc<Roster>, Problem> {
        let space = name::circle(&self.tx, self.me, text)?;
        let roster = circle::roster(&self.tx, &space).filter(|roster| roster.has(&self.me.id()));
        roster.ok_or_else(|| {
            Problem::refused("not-a-member", "nothing can be done in that circle", "you are not a member of it (any more)")
                .hint("`haat circle list` shows where you are a member")
        })
    }

    /// Makes an invite code.
    pub(super) fn circle_invite(&mut self, circle: &str, uses: Option<u64>, expires_ms: Option<u64>) -> Result<Value, Problem> {
        let roster = self.own_circle(circle)?;
        if roster.members.get(&self.me.id()).is_some_and(|me| me.role < roster.norms_now().invite) {
            let least = roster.norms_now().invite.text();
            return Err(Problem::refused(
                "may-not-invite",
                "the invite cannot be made",
                format!("the norms let nobody below {least} invite"),
            )
            .hint("`haat circle norms` tells them; ask an owner or steward"));
        }
        let uses = uses.unwrap_or(1);
        if !(1..=INVITE_USES_MAX).contains(&uses) {
            return Err(Problem::usage("bad-uses", "the invite cannot be made", format!("--uses is a number from 1 to {INVITE_USES_MAX}")));
        }
        let life = expires_ms.unwrap_or(INVITE_LIFE_MS);
        if life == 0 || life > 53 * INVITE_LIFE_MS {
            return Err(Problem::usage("bad-expiry", "the invite cannot be made", "--expires is a span of up to a year, such as 7d"));
        }
        let seed = self.entropy.fresh();
        let expires = self.now.plus(life);
        self.author(roster.space, &Body::Invite(Invite { key: Keypair::from_seed(&seed).public(), uses, expires }))?;
        let code = Code {
            version: WIRE_VERSION,
            space: roster.space,
            seed,
            device: self.me.device(),
            addresses: handed_out(&self.passing.presence.listen, INVITE_ADDRESSES_MAX),
            others: self.reachable(&roster),
            seeds: self.seeds_to_name(),
            expires,
            name: roster.name.clone(),
        };
        Ok(json!(InviteMade { code: code.to_text(), expires, uses }))
    }

    /// Members who can let a newcomer in while this node sleeps: those connected now first, then those whose addresses are newest.
    fn reachable(&self, roster: &Roster) -> Vec<Contact> {
        let mut found: Vec<(bool, Millis, Contact)> = Vec::new();
        for device in circle::devices(&self.tx, roster).into_iter().filter(|device| *device != self.me.device()) {
            // A clock that is behind takes nobody's record; who was reached can be reached again.
            let reached = || Some((Millis(0), vec![self.passing.reached.get(&device)?.clone()]));
            let (issued, mut addresses) = match self.addresses(&device).map(|record| (record.issued, record.claim)) {
                Some((issued, Claim::Addresses(said))) => (issued, said),
                _ => match reached() {
                    Some(reached) => reached,
                    None => continue,
                },
            };
            let connected = self.passing.presence.connected.get(&device).map(|address| without_peer(address));
            // First where it was met, then what somebody on another machine can reach.
            addresses.sort_by_key(|address| (Some(without_peer(address)) != connected, address.starts_with("/ip4/127.")));
            let addresses = addresses.iter().take(INVITE_OTHER_ADDRESSES_MAX).map(|address| without_peer(address)).collect();
            found.push((connected.is_some(), issued, Contact { device, addresses }));
        }
        found.sort_by_key(|(is_connected, issued, contact)| (std::cmp::Reverse((*is_connected, *issued)), contact.device));
        found.into_iter().map(|(_, _, contact)| contact).take(INVITE_OTHERS_MAX).collect()
    }

    /// Removes a member; who remains gets new keys.
    pub(super) fn circle_remove(&mut self, circle: &str, person: &str) -> Result<Value, Problem> {
        let roster = self.own_circle(circle)?;
        let whom = name::person(&self.tx, self.me, person)?;
        if !roster.has(&whom) {
            return Err(Problem::refused("not-a-member", "nobody was removed", "that person is not a member of this circle"));
        }
        if !may_remove(&roster, &self.me.id(), &whom) {
            return Err(Problem::refused("may-not-remove", "nobody was removed", "owners remove others, stewards remove members")
                .hint("ask an owner of the circle; `haat circle show` tells the roles"));
        }
        let cuts = held::cuts(&self.tx, &roster, &whom);
        let entry = self.author(roster.space, &Body::MemberRemove(MemberRemove { identity: whom, cuts }))?;
        self.renew_keys(roster.space)?;
        Ok(json!(CircleChanged { entry, circle: roster.space }))
    }

    /// Vouching for a person, or taking it back.
    pub(super) fn word_about(&mut self, circle: &str, person: &str, body: impl FnOnce(IdentityId) -> Body) -> Result<Value, Problem> {
        let roster = self.own_circle(circle)?;
        let whom = name::person(&self.tx, self.me, person)?;
        if whom == self.me.id() {
            return Err(Problem::refused("own-vouch", "nothing was said", "nobody vouches for themselves"));
        }
        if !roster.has(&whom) {
            return Err(Problem::refused("not-a-member", "nothing was said", "that person is not a member of this circle")
                .hint("`haat people --circle …` shows who is"));
        }
        let entry = self.author(roster.space, &body(whom))?;
        Ok(json!(Signed { entry }))
    }

    /// Whether a device speaks for a member of any circle that this node is a member of.
    pub(super) fn is_fellow(&self, device: &DeviceId) -> bool {
        let Some(person) = known::speaks_for(&self.tx, device) else { return false };
        let circles = circle::all(&self.tx);
        circles.iter().filter_map(|space| circle::roster(&self.tx, space)).any(|roster| roster.has(&person) && roster.has(&self.me.id()))
    }
}
