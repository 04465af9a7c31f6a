//! Height sync: the delivery that is guaranteed. Two nodes compare each circle they share and hand over what the other lacks.
//!
//! A [`Session`] belongs to one connection and holds nothing that must survive it. It is told what was asked and answered, looks at
//! what is held through [`Holdings`], and returns wishes; it never waits and never stores.
//!
//! One run: a summary of each scope, heights where they differ, pulls of what is missing, several at once, then what the other
//! lacks. It ends there when all came as claimed; else it repeats while it makes progress. Rounds and questions of a run are
//! bounded, so that a peer who lies cannot make two honest ones loop.

mod answer;
mod compare;
mod holdings;
mod load;
mod pull;
mod tag;

use std::collections::{BTreeSet, VecDeque};

use crate::id::{DeviceId, SpaceId};
use crate::limits::{
    SYNC_ASKS_MAX, SYNC_HOLES_ASKED_MAX, SYNC_HOLES_MAX, SYNC_PULLS_MAX, SYNC_PUSH_BYTES, SYNC_PUSH_ENTRIES, SYNC_ROUNDS_MAX,
};
use crate::wire::{Heights, Item, Scope, SyncRequest, SyncResponse, Tag};

pub use compare::{Claim, claims, heights, summary, wanted};
use compare::{gaps, names};
pub use holdings::{Batch, Frontier, Holdings, Places, Relation, Runs, Stream, Want};
pub use load::Load;
use pull::{Place, Plan};
pub use tag::mark;
use tag::{Side, joint, tag};

/// Numbers the runs of a session, so that what comes late is not taken for an answer to something else.
pub type Turn = u64;

/// What a session wishes for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send this request; its answer goes to [`Session::answered`], with this turn.
    Ask(Turn, SyncRequest),
    /// Answer the request just handled.
    Answer(SyncResponse),
    /// Take these in, then call [`Session::proceed`].
    Accept {
        /// The circle they came under.
        circle: SpaceId,
        /// The things.
        items: Vec<Item>,
    },
    /// The other claims to hold so many entries of the circle that are missing here.
    Behind(SpaceId, u64),
    /// The other holds more than it hands over unasked: compare the circle with it.
    Wanted(SpaceId),
    /// The circle was compared and nothing is missing here any more, as far as this peer knows.
    Synced(SpaceId),
    /// The comparison of the circle ended before its end: another occasion is wanted.
    Unfinished(SpaceId),
    /// It ended because the other hands over no more now: another occasion is wanted after so many milliseconds.
    PutOff(SpaceId, u64),
}

#[derive(Debug)]
enum Step {
    Comparing,
    Pulling(Plan),
    Pushing { rest: Vec<Want> },
    Introducing,
    Filling,
    Bequeathing,
}

#[derive(Debug)]
struct Run {
    circle: SpaceId,
    tag: Tag,
    scopes: Vec<Scope>,
    rounds: u32,
    asks: u32,
    introduced: bool,
    /// Whether another round may bring more.
    again: bool,
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
    turn: Turn,
    /// Pulls that may be under way at once: fewer after an answer did not come in time.
    width: u32,
    /// Payloads that this peer was asked for: it is not asked again.
    holes: Places,
    /// Circles that this node is out of and of which it handed this peer what it knows.
    bequeathed: BTreeSet<SpaceId>,
}

impl Session {
    /// A session of this node with a peer.
    #[must_use]
    pub fn new(me: DeviceId, peer: DeviceId) -> Self {
        let (theirs, queue, holes, bequeathed) = (BTreeSet::new(), VecDeque::new(), Places::new(), BTreeSet::new());
        let (asking, answering, width) = (None, None, SYNC_PULLS_MAX);
        Self { me, peer, nonce: None, asking, answering, theirs, queue, run: None, turn: 0, width, holes, bequeathed }
    }

    /// Opens the asking side with sixteen fresh bytes.
    pub fn begin(&mut self, nonce: [u8; 16]) -> Vec<Effect> {
        self.nonce = Some(nonce);
        self.asking = None;
        self.run = None;
        self.turn += 1;
        vec![Effect::Ask(self.turn, SyncRequest::Greet { nonce })]
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

    /// Which circle is being compared.
    #[must_use]
    pub fn circle(&self) -> Option<SpaceId> {
        self.run.as_ref().map(|run| run.circle)
    }

    /// Asks for a circle to be compared, now or after the runs that are under way.
    pub fn compare(&mut self, holdings: &impl Holdings, circle: SpaceId) -> Vec<Effect> {
        if !self.queue.contains(&circle) {
            self.queue.push_back(circle);
        }
        self.next_run(holdings)
    }

    /// Handles the answer to what was asked in that turn.
    pub fn answered(&mut self, holdings: &impl Holdings, turn: Turn, response: SyncResponse) -> Vec<Effect> {
        if turn != self.turn {
            return Vec::new();
        }
        let Some(mut run) = self.run.take() else {
            return match response {
                SyncResponse::Greeting { nonce, tags } if self.asking.is_none() => self.greeted(holdings, nonce, tags),
                _ => self.failed(holdings, turn),
            };
        };
        let circle = run.circle;
        match (response, &mut run.step) {
            (SyncResponse::Heights(theirs), Step::Comparing) => self.compared(holdings, run, theirs),
            (SyncResponse::Items { items }, Step::Pulling(_) | Step::Filling) => {
                self.run = Some(run);
                vec![Effect::Accept { circle, items }]
            }
            (SyncResponse::Stale {}, Step::Pulling(plan)) => {
                plan.is_stale = true;
                self.run = Some(run);
                self.proceed(holdings)
            }
            (SyncResponse::Later { after_ms }, Step::Pulling(plan)) => {
                // What else is under way still counts.
                plan.put_off_ms = Some(after_ms.max(plan.put_off_ms.unwrap_or(0)));
                self.run = Some(run);
                self.proceed(holdings)
            }
            (SyncResponse::Later { after_ms }, _) => self.put_off(holdings, circle, after_ms),
            (SyncResponse::Stale {}, Step::Filling) => self.synced(holdings, circle),
            (SyncResponse::Stored {}, Step::Pushing { rest }) => {
                let rest = std::mem::take(rest);
                self.push(holdings, run, &rest)
            }
            (SyncResponse::Stored {}, Step::Introducing) => self.compare_again(holdings, run),
            // Who is out and a stranger to the other learns nothing from it; nor does the other need more than it was handed.
            (SyncResponse::Stranger {}, Step::Comparing) if holdings.is_out(&circle) => self.ended(holdings),
            (SyncResponse::Stored {}, Step::Bequeathing) => self.ended(holdings),
            (SyncResponse::Stranger {}, Step::Comparing) if !run.introduced => {
                run.introduced = true;
                run.step = Step::Introducing;
                let request = SyncRequest::Push { tag: run.tag, items: holdings.introduction(&circle) };
                self.ask(run, vec![request])
            }
            (SyncResponse::Removed { items }, _) => self.removed(holdings, run, items),
            _ => self.unfinished(holdings, circle),
        }
    }

    /// This node is out of the circle. It hands over once what the others may have heard of from nobody else, then the run ends.
    fn removed(&mut self, holdings: &impl Holdings, mut run: Run, items: Vec<Item>) -> Vec<Effect> {
        let circle = run.circle;
        let farewell = Effect::Accept { circle, items };
        let bequest = if self.bequeathed.insert(circle) { holdings.bequest(&circle) } else { Vec::new() };
        let next = if bequest.is_empty() {
            self.ended(holdings)
        } else {
            run.step = Step::Bequeathing;
            let request = SyncRequest::Push { tag: run.tag, items: bequest };
            self.ask(run, vec![request])
        };
        std::iter::once(farewell).chain(next).collect()
    }

    /// The request of that turn could not be answered: the run ends and another occasion will come.
    pub fn failed(&mut self, holdings: &impl Holdings, turn: Turn) -> Vec<Effect> {
        if turn != self.turn {
            return Vec::new();
        }
        if let Some(run) = self.run.take() {
            if matches!(run.step, Step::Pulling(_)) {
                self.width = 1;
            }
            return self.unfinished(holdings, run.circle);
        }
        if self.asking.is_some() {
            return Vec::new();
        }
        // The greeting itself was lost: whatever was wanted waits for another one.
        let queue: Vec<SpaceId> = self.queue.drain(..).collect();
        let unfinished = if queue.is_empty() { holdings.circles() } else { queue };
        unfinished.into_iter().map(Effect::Unfinished).collect()
    }

    /// Goes on after what was accepted has been taken in.
    pub fn proceed(&mut self, holdings: &impl Holdings) -> Vec<Effect> {
        let Some(mut run) = self.run.take() else { return Vec::new() };
        if matches!(run.step, Step::Filling) {
            return self.synced(holdings, run.circle);
        }
        let Step::Pulling(plan) = &mut run.step else {
            self.run = Some(run);
            return Vec::new();
        };
        plan.under_way = plan.under_way.saturating_sub(1);
        if plan.under_way > 0 {
            self.run = Some(run);
            return Vec::new();
        }
        if let Some(after_ms) = plan.put_off_ms {
            return self.put_off(holdings, run.circle, after_ms);
        }
        self.width = (self.width * 2).min(SYNC_PULLS_MAX);
        self.pull(holdings, run)
    }

    /// The next wave of pulls, or what comes after the last one.
    fn pull(&mut self, holdings: &impl Holdings, mut run: Run) -> Vec<Effect> {
        let joint = self.asking.unwrap_or_default();
        let Step::Pulling(plan) = &mut run.step else { return self.unfinished(holdings, run.circle) };
        let pulls = plan.wave(holdings, &Place { circle: run.circle, tag: run.tag, joint: &joint }, self.width);
        if !pulls.is_empty() {
            return self.ask(run, pulls);
        }
        run.again |= plan.is_stale || (plan.moved && plan.is_short);
        let (offers, offered) = plan.offers();
        if holdings.relation(&run.circle, &self.peer) != Relation::Member {
            return self.push(holdings, run, &[]);
        }
        if offered > SYNC_PUSH_ENTRIES {
            run.step = Step::Pushing { rest: Vec::new() };
            let request = SyncRequest::Push { tag: run.tag, items: Vec::new() };
            return self.ask(run, vec![request]);
        }
        self.push(holdings, run, &offers)
    }

    /// Hands over the next part of what the other lacks; the round ends when all is handed over.
    fn push(&mut self, holdings: &impl Holdings, mut run: Run, rest: &[Want]) -> Vec<Effect> {
        let batch = if rest.is_empty() { Batch::default() } else { holdings.batch(&run.circle, rest, false, SYNC_PUSH_BYTES) };
        if batch.items.is_empty() {
            return self.round(holdings, run);
        }
        run.step = Step::Pushing { rest: batch.rest };
        let request = SyncRequest::Push { tag: run.tag, items: batch.items };
        self.ask(run, vec![request])
    }

    /// The end of a round: another one when something is still amiss and things moved, else the end of the run.
    fn round(&mut self, holdings: &impl Holdings, mut run: Run) -> Vec<Effect> {
        run.rounds += 1;
        let has_new_scopes = holdings.scopes(&run.circle) != run.scopes;
        if run.again || has_new_scopes {
            let is_last = run.rounds >= SYNC_ROUNDS_MAX;
            return if is_last { self.unfinished(holdings, run.circle) } else { self.compare_again(holdings, run) };
        }
        self.fill(holdings, run)
    }

    /// Asks for payloads that are missing here, each once of each peer; then the run ends.
    fn fill(&mut self, holdings: &impl Holdings, mut run: Run) -> Vec<Effect> {
        let joint = self.asking.unwrap_or_default();
        let room = SYNC_HOLES_ASKED_MAX.saturating_sub(self.holes.len()).min(SYNC_HOLES_MAX);
        let mut wants = Vec::new();
        for scope in &run.scopes {
            let holes: Places = holdings.holes(&run.circle, scope, &self.holes).into_iter().take(room).collect();
            if wants.is_empty() && !holes.is_empty() {
                wants.push(gaps(*scope, &holdings.streams(&run.circle, scope), &holes, &joint));
                self.holes.extend(holes);
            }
        }
        if wants.is_empty() {
            return self.synced(holdings, run.circle);
        }
        run.step = Step::Filling;
        let request = SyncRequest::Pull { tag: run.tag, newest: false, wants };
        self.ask(run, vec![request])
    }

    fn synced(&mut self, holdings: &impl Holdings, circle: SpaceId) -> Vec<Effect> {
        self.turn += 1;
        [vec![Effect::Synced(circle)], self.next_run(holdings)].concat()
    }

    fn unfinished(&mut self, holdings: &impl Holdings, circle: SpaceId) -> Vec<Effect> {
        self.turn += 1;
        [vec![Effect::Unfinished(circle)], self.next_run(holdings)].concat()
    }

    /// The run ends without anything to tell.
    fn ended(&mut self, holdings: &impl Holdings) -> Vec<Effect> {
        self.turn += 1;
        self.next_run(holdings)
    }

    fn put_off(&mut self, holdings: &impl Holdings, circle: SpaceId, after_ms: u64) -> Vec<Effect> {
        self.turn += 1;
        [vec![Effect::PutOff(circle, after_ms)], self.next_run(holdings)].concat()
    }

    fn ask(&mut self, mut run: Run, requests: Vec<SyncRequest>) -> Vec<Effect> {
        run.asks += u32::try_from(requests.len()).unwrap_or(u32::MAX);
        if run.asks > SYNC_ASKS_MAX {
            self.turn += 1;
            return vec![Effect::Unfinished(run.circle)];
        }
        self.run = Some(run);
        requests.into_iter().map(|request| Effect::Ask(self.turn, request)).collect()
    }

    fn compare_again(&mut self, holdings: &impl Holdings, mut run: Run) -> Vec<Effect> {
        let joint = self.asking.unwrap_or_default();
        run.step = Step::Comparing;
        run.again = false;
        run.scopes = holdings.scopes(&run.circle);
        let scopes = run.scopes.iter().map(|scope| summary(*scope, &holdings.streams(&run.circle, scope), &joint)).collect();
        let request = SyncRequest::Compare { tag: run.tag, scopes };
        self.ask(run, vec![request])
    }

    fn compared(&mut self, holdings: &impl Holdings, mut run: Run, theirs: Vec<Heights>) -> Vec<Effect> {
        let joint = self.asking.unwrap_or_default();
        let mut plan = Plan::default();
        let mut open: BTreeSet<Scope> = run.scopes.iter().copied().collect();
        // A scope that was not asked about, or is told twice, is none of ours.
        for theirs in theirs.into_iter().filter(|theirs| open.remove(&theirs.scope)) {
            let mine = holdings.streams(&run.circle, &theirs.scope);
            let Some(claims) = claims(&theirs) else { return self.unfinished(holdings, run.circle) };
            let is_counted = theirs.named || (claims.len() == mine.len() && names(&mine, &joint) == theirs.names);
            if is_counted {
                plan.add(&theirs, &claims, &mine, &joint);
            } else {
                // The names changed here since they were compared.
                run.again = true;
            }
        }
        let missing = plan.missing(holdings, &Place { circle: run.circle, tag: run.tag, joint: &joint });
        let behind = (missing > 0).then_some(Effect::Behind(run.circle, missing));
        run.step = Step::Pulling(plan);
        let effects = self.pull(holdings, run);
        behind.into_iter().chain(effects).collect()
    }

    fn greeted(&mut self, holdings: &impl Holdings, theirs: [u8; 16], tags: Vec<Tag>) -> Vec<Effect> {
        let Some(mine) = self.nonce else { return Vec::new() };
        self.asking = Some(joint(&self.me, &self.peer, &mine, &theirs));
        self.theirs = tags.into_iter().collect();
        self.queue = holdings.circles().into();
        self.next_run(holdings)
    }

    fn next_run(&mut self, holdings: &impl Holdings) -> Vec<Effect> {
        let Some(joint) = self.asking.filter(|_| self.run.is_none()) else { return Vec::new() };
        loop {
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
            self.turn += 1;
            let (scopes, step) = (Vec::new(), Step::Comparing);
            let run = Run { circle, tag, scopes, rounds: 0, asks: 0, introduced: false, again: false, step };
            return self.compare_again(holdings, run);
        }
    }
}

#[cfg(test)]
mod tests;
