//! The norms of a circle and who is let in by them: changing them, noting requests to join, approving and declining.

use haat_protocol::body::{Body, JoinDecline, MemberAdd, NormsChange};
use haat_protocol::circle::{Role, Roster};
use haat_protocol::id::{EntryId, IdentityId, SpaceId};
use haat_protocol::limits::JOIN_REQUESTS_MAX;
use haat_protocol::local::done::RequestAnswered;
use haat_protocol::local::{NormsRow, Problem};
use haat_protocol::norms::Norms;
use serde_json::{Map, Value, json};

use super::work::{Work, internal};
use crate::name;

impl Work<'_, '_> {
    /// Changes norms: what the document does not name stays as it is.
    pub(super) fn circle_norms(&mut self, circle: &str, text: &str) -> Result<Value, Problem> {
        let roster = self.own_circle(circle)?;
        self.steers(&roster, "the norms stay")?;
        let now = roster.norms_now();
        let norms = read(text, &now, now.version + 1)?;
        if (Norms { version: now.version, ..norms.clone() }) == now {
            return Err(Problem::refused("same-norms", "the norms stay", "the document says what holds already"));
        }
        self.author(roster.space, &Body::Norms(NormsChange { norms: norms.clone() }))?;
        self.happened("circle", roster.space);
        serde_json::to_value(NormsRow::from(&norms)).map_err(|fault| internal(&fault.to_string()))
    }

    fn steers(&self, roster: &Roster, title: &str) -> Result<(), Problem> {
        let steers = roster.members.get(&self.me.id()).is_some_and(|me| me.role >= Role::Steward);
        let no =
            || Problem::refused("may-not-steer", title, "only owners and stewards do this").hint("`haat circle show` tells who they are");
        if steers { Ok(()) } else { Err(no()) }
    }

    /// Notes that somebody asks to be let in; what the newcomer is told meanwhile.
    pub(super) fn note_request(&mut self, roster: &Roster, add: MemberAdd) -> (&'static str, &'static str) {
        if !roster.requests.contains_key(&add.identity) {
            if roster.requests.len() >= JOIN_REQUESTS_MAX || self.author(roster.space, &Body::JoinRequest(add)).is_err() {
                return ("not-now", "nobody can be admitted right now");
            }
            self.happened("circle", roster.space);
        }
        ("requested", "an owner or steward has to approve")
    }

    /// Lets in who asked.
    pub(super) fn circle_approve(&mut self, circle: &str, person: &str) -> Result<Value, Problem> {
        let roster = self.own_circle(circle)?;
        self.steers(&roster, "nobody was let in")?;
        let whom = name::requester(&roster, person)?;
        let request = roster.requests.get(&whom).ok_or_else(|| internal("a request without a row"))?;
        let entry = self.author(roster.space, &Body::MemberAdd(request.add.clone()))?;
        self.answered_request(roster.space, whom, "joined", entry)
    }

    /// Declines who asked; the same invite asks no more.
    pub(super) fn circle_decline(&mut self, circle: &str, person: &str, reason: Option<String>) -> Result<Value, Problem> {
        let roster = self.own_circle(circle)?;
        self.steers(&roster, "nobody was declined")?;
        let identity = name::requester(&roster, person)?;
        let entry = self.author(roster.space, &Body::JoinDecline(JoinDecline { identity, reason }))?;
        self.answered_request(roster.space, identity, "declined", entry)
    }

    fn answered_request(&mut self, circle: SpaceId, identity: IdentityId, state: &str, entry: EntryId) -> Result<Value, Problem> {
        self.happened("circle", circle);
        Ok(json!(RequestAnswered { entry, circle, identity, state: state.to_owned() }))
    }
}

/// Norms of a version from a document: a JSON object whose keys are those that `haat circle norms` prints.
pub(super) fn read(text: &str, base: &Norms, version: u64) -> Result<Norms, Problem> {
    let wrong = |why: String| Problem::usage("bad-norms", "the norms cannot be read", why);
    let given: Map<String, Value> = serde_json::from_str(text).map_err(|fault| wrong(format!("a JSON object is expected: {fault}")))?;
    let held = serde_json::to_value(NormsRow::from(base)).map_err(|fault| internal(&fault.to_string()))?;
    let Value::Object(mut document) = held else { return Err(internal("norms that are no document")) };
    for (key, value) in given {
        if !document.contains_key(&key) {
            let known: Vec<&str> = document.keys().map(String::as_str).collect();
            let problem = wrong(format!("there is no norm called {key:?}; there are {}", known.join(", ")));
            return Err(match name::nearest(&key, known) {
                Some(near) => problem.hint(format!("did you mean {near:?}?")),
                None => problem,
            });
        }
        document.insert(key, value);
    }
    if document.get("version").and_then(Value::as_u64) != Some(base.version) {
        let why = format!("the document is about another version; version {} holds", base.version);
        return Err(Problem::refused("norms-changed", "the norms stay", why).hint("read them again: haat circle norms CIRCLE"));
    }
    let row: NormsRow = serde_json::from_value(Value::Object(document)).map_err(|fault| wrong(fault.to_string()))?;
    let norms = row.norms(version).map_err(|why| wrong(why.clone()))?;
    norms.check().map_err(|why| wrong(why.to_owned()))?;
    Ok(norms)
}
