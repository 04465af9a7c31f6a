//! What this program makes of the vectors about people's chains and about who is in a circle.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use haat_protocol::body::Body;
use haat_protocol::circle::{Operation, Removal, Roster, Standing, fold};
use haat_protocol::codec::decode_own;
use haat_protocol::entry::{Entry, Unverified};
use haat_protocol::id::{DeviceId, IdentityId, SpaceId};
use haat_protocol::identity::{Chain, Ending, Identity};
use haat_protocol::kind::Kind;

use crate::codes::Coded;
use crate::judge::{Found, array};

/// The check of this name; none when it is not one of these.
pub(crate) fn judge(check: &str, input: &[u8], context: &Value) -> Option<Found> {
    match check {
        "chains" => Some(chains(input)),
        "log_ends" => Some(log_ends(input, context)),
        "roster" => Some(roster(input, context)),
        _ => None,
    }
}

pub(crate) fn verified(chain: Chain) -> Result<Identity, String> {
    chain.verify().map_err(|fault| fault.code())
}

/// Chains of one identity in the order in which they come: which took the place of what was held, and what stands in the end.
fn chains(input: &[u8]) -> Found {
    let all: Vec<Chain> = decode_own(input).map_err(|fault| fault.code())?;
    let mut held: Option<Identity> = None;
    let mut taken = Vec::new();
    for chain in all {
        let next = verified(chain)?;
        let is_news = held.as_ref().is_none_or(|held| next.beats(held));
        taken.push(is_news);
        if is_news {
            held = Some(next);
        }
    }
    let held = held.expect("there is a chain at least");
    let (height, head) = held.head();
    Ok(json!({"taken": taken, "height": height, "head": head, "devices": held.devices()}))
}

/// Where the logs that the context names end, and what of them counts.
fn log_ends(input: &[u8], context: &Value) -> Found {
    let identity = verified(decode_own(input).map_err(|fault| fault.code())?)?;
    let mut ends = Vec::new();
    for log in context["logs"].as_array().expect("logs") {
        let (space, device) = (SpaceId(array(log, "space")), DeviceId(array(log, "device")));
        let ending = identity.ending(&space, &device, log["number"].as_u64().expect("a number"));
        let told = match ending {
            Ending::None => Value::Null,
            Ending::At(seq, id) => json!({"seq": seq, "id": id}),
            Ending::Nothing => "nothing".into(),
        };
        ends.push(json!({"end": told, "counts": counted(Standing::of(ending, log["fork"].as_u64()))}));
    }
    Ok(json!({"logs": ends}))
}

pub(crate) fn counted(standing: Standing) -> Value {
    match standing {
        Standing::Open => "all".into(),
        Standing::Until(last) => json!({"until": last}),
        Standing::Closed => "none".into(),
    }
}

/// A circle's entries as they came, with the chains of those who wrote them.
#[derive(Serialize, Deserialize)]
pub(crate) struct Pile {
    pub(crate) space: SpaceId,
    pub(crate) chains: Vec<Chain>,
    pub(crate) entries: Vec<Unverified>,
}

fn roster(input: &[u8], context: &Value) -> Found {
    let pile: Pile = decode_own(input).map_err(|fault| fault.code())?;
    let mut people: BTreeMap<DeviceId, IdentityId> = BTreeMap::new();
    for chain in pile.chains {
        let identity = verified(chain)?;
        people.extend(identity.ever().map(|device| (device, identity.id())));
    }
    let key: [u8; 32] = array(context, "key");
    let mut operations = Vec::new();
    for raw in pile.entries {
        let entry = raw.verify().map_err(|fault| fault.code())?;
        if let Some(author) = people.get(&entry.header().device) {
            operations.push(operation(&entry, *author, &key)?);
        }
    }
    let roster = fold(pile.space, &operations).ok_or_else(|| "no_roster".to_owned())?;
    Ok(shown(&roster, &operations))
}

fn operation(entry: &Entry, author: IdentityId, key: &[u8; 32]) -> Result<Operation, String> {
    let header = entry.header();
    let bytes = entry.open(Some(key)).map_err(|fault| fault.code())?;
    let body = Body::decode(Kind::from_code(header.kind).expect("a kind"), &bytes).map_err(|fault| fault.code())?;
    body.check().map_err(|fault| fault.code())?;
    let log = (header.device, header.log);
    Ok(Operation { id: entry.id(), lamport: header.lamport, at: header.at, log, seq: header.seq, author, body })
}

fn shown(roster: &Roster, operations: &[Operation]) -> Value {
    let members = roster.members.iter().map(|(identity, member)| {
        let (role, by) = (member.role.text(), member.by);
        json!({"identity": identity, "role": role, "name": member.name, "by": by, "since": member.since, "lamport": member.lamport})
    });
    let removed = roster.removed.iter().map(|(identity, removal)| removal_shown(identity, removal));
    let invites = roster.invites.iter().map(|(entry, invite)| {
        json!({"entry": entry, "by": invite.by, "uses": invite.uses, "admitted": invite.admitted, "revoked": invite.revoked})
    });
    let roles = roster.roles.iter().map(|(identity, roles)| {
        let roles = roles.iter().map(|(lamport, entry, role)| json!({"lamport": lamport, "entry": entry, "role": role.text()}));
        json!({"identity": identity, "roles": roles.collect::<Vec<_>>()})
    });
    let norms = roster.norms.iter().map(|(version, state)| json!({"version": version, "entry": state.entry, "at": state.at}));
    let requests = roster.requests.iter().map(|(identity, request)| json!({"identity": identity, "entry": request.entry}));
    let declined =
        roster.declined.iter().map(|((identity, invite), reason)| json!({"identity": identity, "invite": invite, "reason": reason}));
    let writers: BTreeMap<(DeviceId, u64), IdentityId> = operations.iter().map(|op| (op.log, op.author)).collect();
    let logs = writers.iter().map(|((device, number), author)| {
        json!({"device": device, "number": number, "counts": counted(roster.standing(author, device, *number))})
    });
    json!({
        "name": roster.name, "members": members.collect::<Vec<_>>(), "removed": removed.collect::<Vec<_>>(),
        "invites": invites.collect::<Vec<_>>(), "norms": norms.collect::<Vec<_>>(), "requests": requests.collect::<Vec<_>>(),
        "declined": declined.collect::<Vec<_>>(), "roles": roles.collect::<Vec<_>>(), "logs": logs.collect::<Vec<_>>(),
    })
}

fn removal_shown(identity: &IdentityId, removal: &Removal) -> Value {
    let mut cuts = removal.cuts.clone();
    cuts.sort_by_key(|cut| (cut.device, cut.log));
    json!({"identity": identity, "by": removal.by, "lamport": removal.lamport, "left": removal.left, "cuts": cuts})
}
