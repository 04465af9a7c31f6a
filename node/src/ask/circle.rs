//! Circles: my state in each, and who else is there.

use haat_protocol::circle::{Request, Roster};
use haat_protocol::id::{IdentityId, SpaceId};
use haat_protocol::local::{CircleRow, CircleView, InviteRow, MemberRow, NormsRow, Problem, RequestRow, Window};
use serde_json::Value;

use super::Ask;
use super::window::{self, falling};
use crate::keyring;
use crate::name;
use crate::store::Table;
use crate::view::{self, shelf};

impl Ask<'_, '_> {
    pub(super) fn circles(&self) -> Vec<CircleRow> {
        name::circles(self.tx).iter().map(|space| self.circle_row(space)).collect()
    }

    fn circle_row(&self, space: &SpaceId) -> CircleRow {
        let roster = self.rosters.get(space);
        let mine = roster.and_then(|roster| roster.members.get(&self.me.id()));
        CircleRow {
            circle: *space,
            name: name::circle_name(self.tx, space).unwrap_or_else(|| space.short()),
            role: mine.map(|member| member.role.text().to_owned()),
            members: roster.map_or(0, |roster| roster.members.len()),
            state: self.state(space).to_owned(),
            reason: view::circle::declined(self.tx, space).filter(|_| self.state(space) == "declined").map(|declined| declined.reason),
        }
    }

    fn state(&self, space: &SpaceId) -> &'static str {
        let roster = self.rosters.get(space);
        let removal = roster.and_then(|roster| roster.removed.get(&self.me.id()));
        match () {
            () if roster.is_some_and(|roster| roster.has(&self.me.id())) => "joined",
            () if self.tx.has(Table::Join, &space.0) => "requested",
            () if self.tx.has(Table::Declined, &space.0) => "declined",
            () => removal.map_or("requested", |removal| if removal.left { "left" } else { "removed" }),
        }
    }

    /// The rules that hold in a circle; none as long as this node was not let in.
    pub(super) fn norms(&self, space: &SpaceId) -> Option<NormsRow> {
        let roster = self.rosters.get(space).filter(|_| !matches!(self.state(space), "requested" | "declined"))?;
        Some(NormsRow::from(&roster.norms_now()))
    }

    /// Who waits for approval, the oldest request first.
    pub(super) fn requests(&self, space: &SpaceId, window: &Window) -> Result<Value, Problem> {
        let requests = self.rosters.get(space).into_iter().flat_map(|roster| &roster.requests);
        let row = |(person, request): (&IdentityId, &Request)| RequestRow {
            identity: *person,
            name: request.add.name.clone(),
            at: request.at,
            invite: request.add.invite,
        };
        let key = |row: &RequestRow| [row.at.0.to_be_bytes().as_slice(), &row.identity.0].concat();
        let keyed = requests.map(row).map(|row| (key(&row), row)).collect();
        window::page(&format!("requests {space}"), window, keyed, Some)
    }

    /// The invites of a circle, newest expiry first.
    pub(super) fn invites(&self, space: &SpaceId, window: &Window) -> Result<Value, Problem> {
        let invites = self.rosters.get(space).into_iter().flat_map(|roster| &roster.invites);
        let key = |row: &InviteRow| [falling(row.expires.0).as_slice(), &row.invite.0].concat();
        let keyed = invites
            .map(|(invite, state)| InviteRow {
                invite: *invite,
                by: self.people.author(&state.by),
                uses: state.uses,
                used: state.admitted.len() as u64,
                expires: state.expires,
                state: match () {
                    () if state.revoked => "revoked",
                    () if state.admitted.len() as u64 >= state.uses => "used",
                    () if state.expires <= self.facts.now => "expired",
                    () => "open",
                }
                .to_owned(),
            })
            .map(|row| (key(&row), row))
            .collect();
        window::page(&format!("invites {space}"), window, keyed, Some)
    }

    /// The circles that I am in now.
    pub(super) fn joined(&self) -> impl Iterator<Item = &Roster> {
        self.rosters.values().map(|roster| &**roster).filter(|roster| roster.has(&self.me.id()))
    }

    pub(super) fn circle(&self, space: &SpaceId) -> CircleView {
        let roster = self.rosters.get(space);
        let members = roster.into_iter().flat_map(|roster| &roster.members);
        CircleView {
            circle: *space,
            name: name::circle_name(self.tx, space).unwrap_or_else(|| space.short()),
            state: self.state(space).to_owned(),
            members: members
                .map(|(person, member)| MemberRow {
                    identity: *person,
                    name: member.name.clone(),
                    role: member.role.text().to_owned(),
                    warning: self.fork_warning(person),
                })
                .collect(),
            epoch: roster.map_or(0, |roster| keyring::generation(self.tx, self.me, roster)),
            shops: shelf::shared_into(self.tx, space),
            norms: self.norms(space),
        }
    }
}
