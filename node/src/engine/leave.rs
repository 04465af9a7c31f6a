//! Going out of a circle, and who has which role in it.
//!
//! Who left tells one member and then says and asks nothing there any more.

use haat_protocol::body::{Body, InviteRevoke, MemberLeave, RoleChange, Unshare};
use haat_protocol::circle::{Role, may_revoke, may_set_role};
use haat_protocol::id::SpaceId;
use haat_protocol::invite::Code;
use haat_protocol::local::Problem;
use haat_protocol::local::done::{CircleLeft, InviteRevoked, RoleGiven};
use serde_json::{Value, json};

use super::held;
use super::work::Work;
use crate::name;
use crate::view::{circle, shelf};

impl Work<'_, '_> {
    /// Leaves a circle. Who remains changes the keys. Own shops are taken back: who comes again does not bring them unasked.
    pub(super) fn circle_leave(&mut self, circle: &str) -> Result<Value, Problem> {
        let roster = self.own_circle(circle)?;
        let mut shops = shelf::kept_by(&self.tx, &self.me.id());
        shops.retain(|shop| shelf::is_shared(&self.tx, &roster, shop));
        for shop in &shops {
            // Without the circle's keys nothing can be said, and who goes out is a keeper there no more anyway.
            let _ = self.author(roster.space, &Body::Unshare(Unshare { shop: *shop }));
        }
        let cuts = held::cuts(&self.tx, &roster, &self.me.id());
        let entry = self.author(roster.space, &Body::MemberLeave(MemberLeave { cuts }))?;
        for shop in shops {
            // The desk tries again what fails now.
            let _ = self.renew_shop(shop);
        }
        self.remember_leaving();
        self.passing.is_stale = true;
        self.happened("circle", roster.space);
        Ok(json!(CircleLeft { entry, circle: roster.space, name: roster.name.clone(), state: "left".to_owned() }))
    }

    /// Circles that this node left: one of the members has to be told, in this life of the process too.
    pub(super) fn remember_leaving(&mut self) {
        for space in circle::all(&self.tx) {
            let has_others = circle::roster(&self.tx, &space).is_some_and(|roster| !roster.members.is_empty());
            if has_others && circle::has_left(&self.tx, &space, &self.me.id()) {
                self.passing.leaving.insert(space);
            }
        }
    }

    /// A member knows that this node left.
    pub(super) fn leave_told(&mut self, circle: &SpaceId) {
        if self.passing.leaving.remove(circle) {
            self.passing.is_stale = true;
        }
    }

    /// Gives a member a role.
    pub(super) fn circle_role(&mut self, circle: &str, person: &str, role: &str) -> Result<Value, Problem> {
        let role = Role::parse(role)
            .ok_or_else(|| Problem::usage("bad-role", "no role was given", format!("{role:?} is none of owner, steward, member")))?;
        let roster = self.own_circle(circle)?;
        let whom = name::person(&self.tx, self.me, person)?;
        let Some(member) = roster.members.get(&whom) else {
            return Err(Problem::refused("not-a-member", "no role was given", "that person is not a member of this circle"));
        };
        let mine = roster.members.get(&self.me.id()).map(|me| me.role);
        if mine != Some(Role::Owner) {
            return Err(Problem::refused("may-not-set-role", "no role was given", "only owners say who has which role")
                .hint("ask an owner of the circle; `haat circle show` tells the roles"));
        }
        if !may_set_role(&roster, &self.me.id(), &whom) {
            return Err(Problem::refused("last-owner", "no role was given", "the only owner of a circle stays one")
                .hint("make somebody else an owner first: haat circle role CIRCLE PERSON owner"));
        }
        if member.role == role {
            return Err(Problem::refused("same-role", "no role was given", format!("that person is {} already", role.text())));
        }
        let entry = self.author(roster.space, &Body::Role(RoleChange { identity: whom, role }))?;
        self.happened("circle", roster.space);
        Ok(json!(RoleGiven { entry, circle: roster.space, identity: whom, role }))
    }

    /// Takes an invite back: it admits nobody any more.
    pub(super) fn revoke_invite(&mut self, text: &str) -> Result<Value, Problem> {
        let code = Code::parse(text)
            .map_err(|fault| Problem::usage("bad-code", "this is no invite code", fault.to_string()).hint("copy the whole code again"))?;
        let roster = self.own_circle(&code.space.to_string())?;
        let (invite, state) = roster
            .invite_by_key(&code.pair().public())
            .ok_or_else(|| Problem::not_found("invite", &code.name).hint("it may not have come here yet, or who made it is out"))?;
        if !may_revoke(&roster, &self.me.id(), state) {
            return Err(Problem::refused("may-not-revoke", "the invite stays", "who made it, stewards and owners take an invite back"));
        }
        if state.revoked {
            return Err(Problem::refused("invite-revoked", "nothing changed", "the invite was taken back already"));
        }
        if state.admitted.len() as u64 >= state.uses {
            return Err(Problem::refused("invite-used", "nothing changed", "the invite was used up: it lets nobody in any more")
                .hint("who came by it is a member; haat circle remove CIRCLE PERSON"));
        }
        let invite = *invite;
        let entry = self.author(roster.space, &Body::InviteRevoke(InviteRevoke { invite }))?;
        Ok(json!(InviteRevoked { entry, circle: roster.space, invite }))
    }
}
