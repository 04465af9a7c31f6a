//! The answering side of a session: it looks at what is held, and says of a circle nothing to anybody but its members.

use super::compare::{heights, names, wanted};
use super::holdings::{Holdings, Relation};
use super::tag::{Side, joint, padded, tag};
use super::{Effect, Session};
use crate::id::SpaceId;
use crate::limits::{SYNC_BATCH_BYTES, SYNC_TAG_PADDING, SYNC_WANTS_MAX};
use crate::wire::{Heights, Summary, SyncRequest, SyncResponse, Tag, Wants};

impl Session {
    /// Answers a request. `fresh` are 32 random bytes.
    pub fn asked(&mut self, holdings: &impl Holdings, request: SyncRequest, fresh: &[u8; 32]) -> Vec<Effect> {
        let answer = match request {
            SyncRequest::Greet { nonce } => self.greet(holdings, nonce, fresh),
            SyncRequest::Compare { tag, .. } | SyncRequest::Pull { tag, .. } | SyncRequest::Push { tag, .. } => {
                let Some(circle) = self.circle_of(holdings, tag) else { return vec![Effect::Answer(SyncResponse::Stranger {})] };
                return self.asked_about(holdings, circle, request);
            }
        };
        vec![Effect::Answer(answer)]
    }

    fn asked_about(&self, holdings: &impl Holdings, circle: SpaceId, request: SyncRequest) -> Vec<Effect> {
        let relation = holdings.relation(&circle, &self.peer);
        let joint = self.answering.unwrap_or_default();
        let pause = holdings.pause(&self.peer);
        let answer = match (relation, request) {
            // Only what admission lets through stays: what lies before the cut, and removals that its author made at the same time.
            (Relation::Removed, SyncRequest::Push { items, .. }) if !items.is_empty() => {
                let farewell = SyncResponse::Removed { items: holdings.farewell(&circle, &self.peer) };
                return vec![Effect::Accept { circle, items }, Effect::Answer(farewell)];
            }
            (Relation::Removed, _) => SyncResponse::Removed { items: holdings.farewell(&circle, &self.peer) },
            (Relation::Member, SyncRequest::Push { items, .. }) if items.is_empty() && pause.is_some() => SyncResponse::Stored {},
            (Relation::Member, SyncRequest::Push { items, .. }) if items.is_empty() => {
                return vec![Effect::Wanted(circle), Effect::Answer(SyncResponse::Stored {})];
            }
            // Only what the stranger hands over itself is spoken of.
            (Relation::Unknown, SyncRequest::Push { items, .. }) => {
                let shown = holdings.overturns(&circle, &self.peer, &items);
                let answer = if shown.is_empty() { SyncResponse::Stored {} } else { SyncResponse::Removed { items: shown } };
                return vec![Effect::Accept { circle, items }, Effect::Answer(answer)];
            }
            (Relation::Member, SyncRequest::Push { items, .. }) => {
                return vec![Effect::Accept { circle, items }, Effect::Answer(SyncResponse::Stored {})];
            }
            (Relation::Unknown, _) => SyncResponse::Stranger {},
            (Relation::Member, SyncRequest::Compare { .. } | SyncRequest::Pull { .. }) if pause.is_some() => {
                SyncResponse::Later { after_ms: pause.unwrap_or_default() }
            }
            (Relation::Member, SyncRequest::Compare { scopes, .. }) => SyncResponse::Heights(differing(holdings, &circle, &scopes, &joint)),
            (Relation::Member, SyncRequest::Pull { wants, newest, .. }) => pulled(holdings, &circle, &wants, newest, &joint),
            (Relation::Member, SyncRequest::Greet { .. }) => return Vec::new(),
        };
        vec![Effect::Answer(answer)]
    }

    fn greet(&mut self, holdings: &impl Holdings, theirs: [u8; 16], fresh: &[u8; 32]) -> SyncResponse {
        let mut nonce = [0; 16];
        nonce.copy_from_slice(&fresh[..16]);
        let joint = joint(&self.peer, &self.me, &theirs, &nonce);
        self.answering = Some(joint);
        let tags = holdings
            .circles()
            .iter()
            .flat_map(|circle| holdings.topics(circle))
            .map(|secret| tag(&secret, &joint, Side::Answerer))
            .collect();
        let tags = padded(tags, SYNC_TAG_PADDING, fresh);
        SyncResponse::Greeting { nonce, tags }
    }

    /// Which circle a tag of the asking peer means.
    fn circle_of(&self, holdings: &impl Holdings, wanted: Tag) -> Option<SpaceId> {
        let joint = self.answering?;
        let means = |circle: &SpaceId| holdings.topics(circle).iter().any(|secret| tag(secret, &joint, Side::Asker) == wanted);
        holdings.circles().into_iter().find(means)
    }
}

/// Heights of the scopes that differ and that both hold.
fn differing(holdings: &impl Holdings, circle: &SpaceId, theirs: &[Summary], joint: &[u8; 32]) -> Vec<Heights> {
    let scopes = holdings.scopes(circle);
    let shared = scopes.iter().filter_map(|scope| theirs.iter().find(|summary| summary.scope == *scope));
    shared.filter_map(|summary| heights(&holdings.streams(circle, &summary.scope), summary, joint)).collect()
}

fn pulled(holdings: &impl Holdings, circle: &SpaceId, asked: &[Wants], newest: bool, joint: &[u8; 32]) -> SyncResponse {
    let scopes = holdings.scopes(circle);
    let mut wants = Vec::new();
    for asked in asked.iter().filter(|asked| scopes.contains(&asked.scope)).take(scopes.len()) {
        let streams = holdings.streams(circle, &asked.scope);
        if names(&streams, joint) != asked.names {
            return SyncResponse::Stale {};
        }
        wants.extend(wanted(&asked.rows, &streams));
    }
    wants.truncate(SYNC_WANTS_MAX);
    SyncResponse::Items { items: holdings.batch(circle, &wants, newest, SYNC_BATCH_BYTES).items }
}
