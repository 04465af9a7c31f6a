//! Height sync: the delivery that is guaranteed. Two nodes compare each circle they share and hand over what the other lacks.
//!
//! A [`Session`] belongs to one connection and holds nothing that must survive it. It is told what was asked and answered, looks at
//! what is held through [`Holdings`], and returns wishes; it never waits and never stores.
//!
//! One run: digest, then heights where digests differ, then ranges in causal order, then what the other lacks. Runs repeat while
//! they make progress, `SYNC_ROUNDS_MAX` times at most, so that a peer who lies cannot make two honest ones loop.

mod compare;

use std::collections::{BTreeSet, VecDeque};

use crate::crypto::{Context, hash};
use crate::id::{DeviceId, Digest, SpaceId};
use crate::limits::{SYNC_BATCH_BYTES, SYNC_PUSH_BYTES, SYNC_ROUNDS_MAX, SYNC_TAG_PADDING, SYNC_WANTS_MAX};
use crate::wire::{Height, Item, Scope, StreamKey, SyncRequest, SyncResponse, Tag, Want};

use compare::Differences;
pub use compare::{digest, heights};

/// How a peer's device stands in a circle, as far as is known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// In it.
    Member,
    /// Was removed from it.
    Removed,
    /// Neither.
    Unknown,
}

/// A stream as it is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stream {
    /// Which.
    pub key: StreamKey,
    /// How much of it is held.
    pub height: u64,
    /// What stands at its end.
    pub head: Digest,
}

/// Things to hand over, and what did not fit.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// In an order in which they can be taken in.
    pub items: Vec<Item>,
    /// Where to go on.
    pub rest: Vec<Want>,
}

/// What a session asks of whoever holds the entries.
pub trait Holdings {
    /// Circles this node is in, or was.
    fn circles(&self) -> Vec<SpaceId>;
    /// Retained topic secrets of a circle, newest first.
    fn topics(&self, circle: &SpaceId) -> Vec<[u8; 32]>;
    /// The circle itself and the shops shared into it.
    fn scopes(&self, circle: &SpaceId) -> Vec<Scope>;
    /// What is held of a scope, in order of keys.
    fn streams(&self, circle: &SpaceId, scope: &Scope) -> Vec<Stream>;
    /// Things that are wanted, as many as fit.
    fn batch(&self, circle: &SpaceId, wants: &[Want], max_bytes: usize) -> Batch;
    /// How a device stands in a circle.
    fn relation(&self, circle: &SpaceId, device: &DeviceId) -> Relation;
    /// What shows to another member that this node was admitted.
    fn introduction(&self, circle: &SpaceId) -> Vec<Item>;
    /// What shows to a removed device that it was removed, and nothing later.
    fn farewell(&self, circle: &SpaceId, device: &DeviceId) -> Vec<Item>;
}

/// What a session wishes for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send this request; its answer goes to [`Session::answered`].
    Ask(SyncRequest),
    /// Answer the request just handled.
    Answer(SyncResponse),
    /// Take these in, then call [`Session::proceed`].
    Accept {
        /// The circle they came under.
        circle: SpaceId,
        /// The things.
        items: Vec<Item>,
    },
    /// The circle was compared and nothing is missing here any more, as far as this peer knows.
    Synced(SpaceId),
    /// The comparison of the circle ended before its end: another occasion is wanted.
    Unfinished(SpaceId),
}

#[derive(Debug)]
enum Step {
    Comparing,
    Pulling { differences: Differences },
    Pushing { rest: Vec<Want> },
    Introducing,
}

#[derive(Debug)]
struct Run {
    circle: SpaceId,
    tag: Tag,
    rounds: u32,
    introduced: bool,
    moved: bool,
    step: Step,
}

/// The sync of one connection, both as asker and as answerer.
#[derive(Debug)]
pub struct Session {
    me: DeviceId,
    peer: DeviceId,
    nonce: Option<[u8; 16]>,
    asking: Option<[u8; 32]>,
    answering: Option<[u8; 32]>,
    theirs: BTreeSet<Tag>,
    queue: VecDeque<SpaceId>,
    run: Option<Run>,
}

impl Session {
    /// A session of this node with a peer.
    #[must_use]
    pub fn new(me: DeviceId, peer: DeviceId) -> Self {
        Self { me, peer, nonce: None, asking: None, answering: None, theirs: BTreeSet::new(), queue: VecDeque::new(), run: None }
    }

    /// Opens the asking side with sixteen fresh bytes.
    pub fn begin(&mut self, nonce: [u8; 16]) -> Vec<Effect> {
        self.nonce = Some(nonce);
        self.asking = None;
        self.run = None;
        vec![Effect::Ask(SyncRequest::Greet { nonce })]
    }

    /// Whether the asking side was greeted: before, nothing can be compared.
    #[must_use]
    pub const fn is_greeted(&self) -> bool {
        self.asking.is_some()
    }

    /// After a comparison that ended early the other side may have forgotten the greeting: another one is due, unless a run goes on.
    pub const fn forget_greeting(&mut self) {
        if self.run.is_none() {
            self.asking = None;
        }
    }

    /// Whether a run is under way.
    #[must_use]
    pub const fn is_busy(&self) -> bool {
        self.run.is_some()
    }

    /// Asks for a circle to be compared, now or after the runs that are under way.
    pub fn compare(&mut self, holdings: &impl Holdings, circle: SpaceId) -> Vec<Effect> {
        if !self.queue.contains(&circle) {
            self.queue.push_back(circle);
        }
        self.next_run(holdings)
    }

    /// Handles an answer.
    pub fn answered(&mut self, holdings: &impl Holdings, response: SyncResponse) -> Vec<Effect> {
        if let SyncResponse::Greeting { nonce, tags } = response {
            return self.greeted(holdings, nonce, tags);
        }
        let Some(mut run) = self.run.take() else { return Vec::new() };
        let effects = match (response, &run.step) {
            (SyncResponse::Heights(theirs), Step::Comparing) => self.compared(holdings, &mut run, theirs),
            (SyncResponse::Items { items, .. }, Step::Pulling { .. }) => Some(vec![Effect::Accept { circle: run.circle, items }]),
            (SyncResponse::Stored {}, Step::Pushing { rest }) => Some(push(holdings, run.circle, run.tag, rest.clone(), &mut run.step)),
            (SyncResponse::Stored {}, Step::Introducing) => {
                run.step = Step::Comparing;
                Some(vec![compare_request(holdings, &run)])
            }
            (SyncResponse::Stranger {}, Step::Comparing) if !run.introduced => {
                run.introduced = true;
                run.step = Step::Introducing;
                Some(vec![Effect::Ask(SyncRequest::Push { tag: run.tag, items: holdings.introduction(&run.circle) })])
            }
            (SyncResponse::Removed { items }, _) => {
                let circle = run.circle;
                return [vec![Effect::Accept { circle, items }], self.next_run(holdings)].concat();
            }
            _ => None,
        };
        match effects {
            Some(effects) if effects.is_empty() => {
                self.run = Some(run);
                self.round(holdings)
            }
            Some(effects) => {
                self.run = Some(run);
                effects
            }
            None => [vec![Effect::Unfinished(run.circle)], self.next_run(holdings)].concat(),
        }
    }

    /// The request could not be answered: the run ends and another occasion will come.
    pub fn failed(&mut self, holdings: &impl Holdings) -> Vec<Effect> {
        let mut unfinished: Vec<SpaceId> = self.run.take().map(|run| run.circle).into_iter().collect();
        if self.asking.is_none() {
            // The greeting itself was lost: whatever was wanted waits for another one.
            unfinished.extend(self.queue.drain(..));
            unfinished = if unfinished.is_empty() { holdings.circles() } else { unfinished };
        }
        let unfinished: Vec<Effect> = unfinished.into_iter().map(Effect::Unfinished).collect();
        [unfinished, self.next_run(holdings)].concat()
    }

    /// Goes on after what was accepted has been taken in.
    pub fn proceed(&mut self, holdings: &impl Holdings) -> Vec<Effect> {
        let Some(run) = &mut self.run else { return Vec::new() };
        let Step::Pulling { differences } = &mut run.step else { return Vec::new() };
        run.moved |= differences.update(holdings, &run.circle);
        if let Some((scope, wants)) = differences.next_pull() {
            return vec![Effect::Ask(SyncRequest::Pull { tag: run.tag, scope, wants })];
        }
        let rest = differences.offers();
        let effects = push(holdings, run.circle, run.tag, rest, &mut run.step);
        if effects.is_empty() { self.round(holdings) } else { effects }
    }

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
        let answer = match (relation, request) {
            (Relation::Removed, _) => SyncResponse::Removed { items: holdings.farewell(&circle, &self.peer) },
            (Relation::Unknown, SyncRequest::Push { items, .. }) | (Relation::Member, SyncRequest::Push { items, .. }) => {
                return vec![Effect::Accept { circle, items }, Effect::Answer(SyncResponse::Stored {})];
            }
            (Relation::Unknown, _) => SyncResponse::Stranger {},
            (Relation::Member, SyncRequest::Compare { digests, .. }) => {
                let differs = |scope: &Scope| {
                    let mine = digest(&holdings.streams(&circle, scope));
                    digests.iter().find(|(other, _)| other == scope).is_none_or(|(_, theirs)| *theirs != mine)
                };
                let scopes = holdings.scopes(&circle);
                let answer = |scope: &Scope| (*scope, heights(&holdings.streams(&circle, scope), &joint));
                SyncResponse::Heights(scopes.iter().filter(|scope| differs(scope)).map(answer).collect())
            }
            (Relation::Member, SyncRequest::Pull { wants, .. }) => {
                let batch = holdings.batch(&circle, &wants[..wants.len().min(SYNC_WANTS_MAX)], SYNC_BATCH_BYTES);
                SyncResponse::Items { items: batch.items, more: !batch.rest.is_empty() }
            }
            (Relation::Member, SyncRequest::Greet { .. }) => return Vec::new(),
        };
        vec![Effect::Answer(answer)]
    }

    fn greet(&mut self, holdings: &impl Holdings, theirs: [u8; 16], fresh: &[u8; 32]) -> SyncResponse {
        let mut nonce = [0; 16];
        nonce.copy_from_slice(&fresh[..16]);
        let joint = joint(&self.peer, &self.me, &theirs, &nonce);
        self.answering = Some(joint);
        let mut tags: Vec<Tag> = holdings
            .circles()
            .iter()
            .flat_map(|circle| holdings.topics(circle))
            .map(|secret| tag(&secret, &joint, Side::Answerer))
            .collect();
        let padded = tags.len().next_multiple_of(SYNC_TAG_PADDING).max(SYNC_TAG_PADDING);
        for index in tags.len()..padded {
            let random = hash(Context::Stream, &[fresh, b"tag", &(index as u64).to_be_bytes()]);
            let mut bytes = [0; 16];
            bytes.copy_from_slice(&random[..16]);
            tags.push(Tag(bytes));
        }
        tags.sort();
        SyncResponse::Greeting { nonce, tags }
    }

    fn greeted(&mut self, holdings: &impl Holdings, theirs: [u8; 16], tags: Vec<Tag>) -> Vec<Effect> {
        let Some(mine) = self.nonce else { return Vec::new() };
        self.asking = Some(joint(&self.me, &self.peer, &mine, &theirs));
        self.theirs = tags.into_iter().collect();
        self.queue = holdings.circles().into();
        self.next_run(holdings)
    }

    /// Which circle a tag of the asking peer means.
    fn circle_of(&self, holdings: &impl Holdings, wanted: Tag) -> Option<SpaceId> {
        let joint = self.answering?;
        let means = |circle: &SpaceId| holdings.topics(circle).iter().any(|secret| tag(secret, &joint, Side::Asker) == wanted);
        holdings.circles().into_iter().find(means)
    }

    fn next_run(&mut self, holdings: &impl Holdings) -> Vec<Effect> {
        let Some(joint) = self.asking.filter(|_| self.run.is_none()) else { return Vec::new() };
        while self.run.is_none() {
            let Some(circle) = self.queue.pop_front() else { return Vec::new() };
            let topics = holdings.topics(&circle);
            let known = topics.iter().find(|secret| self.theirs.contains(&tag(secret, &joint, Side::Answerer)));
            // A circle that the other joined after the greeting has no tag there yet. Nothing of a circle is said to anyone else.
            let relation = holdings.relation(&circle, &self.peer);
            let Some(secret) = known.or(topics.first().filter(|_| relation == Relation::Member)) else { continue };
            if relation == Relation::Removed {
                continue;
            }
            let tag = tag(secret, &joint, Side::Asker);
            self.run = Some(Run { circle, tag, rounds: 0, introduced: false, moved: false, step: Step::Comparing });
        }
        self.run.as_ref().map(|run| vec![compare_request(holdings, run)]).unwrap_or_default()
    }

    fn compared(&self, holdings: &impl Holdings, run: &mut Run, theirs: Vec<(Scope, Vec<Height>)>) -> Option<Vec<Effect>> {
        if theirs.is_empty() {
            run.moved = false;
            return Some(Vec::new());
        }
        let mut differences = Differences::new(holdings, &run.circle, theirs, &self.asking.unwrap_or_default());
        let pull = differences.next_pull();
        if let Some((scope, wants)) = pull {
            run.step = Step::Pulling { differences };
            return Some(vec![Effect::Ask(SyncRequest::Pull { tag: run.tag, scope, wants })]);
        }
        let rest = differences.offers();
        Some(push(holdings, run.circle, run.tag, rest, &mut run.step))
    }

    /// The end of a round: another one while things moved, else the end of the run.
    fn round(&mut self, holdings: &impl Holdings) -> Vec<Effect> {
        let Some(run) = &mut self.run else { return Vec::new() };
        run.rounds += 1;
        if run.moved && run.rounds < SYNC_ROUNDS_MAX {
            run.moved = false;
            run.step = Step::Comparing;
            return vec![compare_request(holdings, run)];
        }
        let circle = run.circle;
        self.run = None;
        [vec![Effect::Synced(circle)], self.next_run(holdings)].concat()
    }
}

fn compare_request(holdings: &impl Holdings, run: &Run) -> Effect {
    let scopes = holdings.scopes(&run.circle);
    let digests = scopes.iter().map(|scope| (*scope, digest(&holdings.streams(&run.circle, scope)))).collect();
    Effect::Ask(SyncRequest::Compare { tag: run.tag, digests })
}

/// Hands over the next part of what the other lacks; nothing when all is handed over.
fn push(holdings: &impl Holdings, circle: SpaceId, tag: Tag, rest: Vec<Want>, step: &mut Step) -> Vec<Effect> {
    if rest.is_empty() {
        return Vec::new();
    }
    let batch = holdings.batch(&circle, &rest, SYNC_PUSH_BYTES);
    *step = Step::Pushing { rest: batch.rest };
    if batch.items.is_empty() { Vec::new() } else { vec![Effect::Ask(SyncRequest::Push { tag, items: batch.items })] }
}

#[derive(Clone, Copy)]
enum Side {
    Asker,
    Answerer,
}

fn joint(asker: &DeviceId, answerer: &DeviceId, nonce: &[u8; 16], other: &[u8; 16]) -> [u8; 32] {
    hash(Context::SpaceTag, &[&asker.0, &answerer.0, nonce, other])
}

fn tag(topic_secret: &[u8; 32], joint: &[u8; 32], side: Side) -> Tag {
    let side: &[u8] = match side {
        Side::Asker => b"a",
        Side::Answerer => b"b",
    };
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash(Context::SpaceTag, &[topic_secret, joint, side])[..16]);
    Tag(bytes)
}

#[cfg(test)]
mod tests;
