//! The engine at work in a node: a thread of its own, fed by a bounded channel, with a clock that ticks.
//!
//! Whatever waits in the channel when the thread is free is worked through as one group; the thread never waits for more.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::StreamExt as _;
use haat_protocol::limits::{GROUP_MAX_INPUTS, INPUTS_MAX, NEWS_KEPT, TICK_EVERY_MS};
use haat_protocol::local::{Command, Happening, Problem, ProblemKind, Question};
use haat_protocol::time::Millis;
use serde_json::Value;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::{Effect, Engine, Input, Telling, Ticket, sound_value, store_problem, unsound_problem};
use crate::ask::{self, NodeFacts};
use crate::hear::{self, Heard};
use crate::ledger::audit;
use crate::myself::Myself;
use crate::net::{NetCommand, NetEvent};
use crate::presence::Presence;
use crate::service::{Missed, Service};
use crate::store::Tx;
use crate::store::disk::DiskStore;
use crate::token::{self, Pass, TokenHash};

type Reply = oneshot::Sender<Result<Value, Problem>>;

/// What goes into the engine's channel.
#[derive(Debug)]
enum Message {
    Command(Box<Command>, Reply),
    Rebuild(Reply),
    Heard(Box<Heard>),
    Tick,
    Stop,
}

/// By how much this process's clock is ahead of the system's, in milliseconds: for tests.
static AHEAD_MS: OnceLock<u64> = OnceLock::new();

/// Sets this process's clock ahead of the system's, so that tests need not wait for days. Only the first call counts.
pub(crate) fn set_clock_ahead(ahead_ms: u64) {
    AHEAD_MS.get_or_init(|| ahead_ms);
}

/// The time by the system's clock.
#[must_use]
pub fn clock() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(u64::try_from(since.as_millis()).unwrap_or(0)).plus(AHEAD_MS.get().copied().unwrap_or(0))
}

/// The running node, for whoever wants something of it. Clones are the same node.
#[derive(Debug, Clone)]
pub struct Node {
    inputs: mpsc::Sender<Message>,
    store: DiskStore,
    me: Arc<Myself>,
    store_path: Arc<std::path::PathBuf>,
    started: Millis,
    presence: watch::Receiver<Presence>,
    news: broadcast::Sender<(u64, Happening)>,
    recent: watch::Receiver<Recent>,
    progress: watch::Receiver<Option<Happening>>,
    stop: watch::Sender<bool>,
}

#[derive(Debug, Clone, Default)]
struct Recent {
    first: u64,
    kept: VecDeque<(u64, Happening)>,
}

/// Shows what was told last; a step that ends takes it away.
#[derive(Debug)]
struct Shown(watch::Sender<Option<Happening>>);

impl Telling for Shown {
    fn tell(&mut self, progress: Happening) {
        self.0.send_replace(Some(progress));
    }
}

/// What the engine's thread holds besides the engine.
struct Loop {
    inputs: mpsc::Receiver<Message>,
    net: mpsc::Sender<NetCommand>,
    presence: watch::Sender<Presence>,
    news: broadcast::Sender<(u64, Happening)>,
    recent: watch::Sender<Recent>,
    progress: watch::Sender<Option<Happening>>,
    waiting: BTreeMap<Ticket, Reply>,
    next_ticket: Ticket,
    next_news: u64,
}

/// Starts the engine's thread, its clock, and the task that brings it what the network tells.
///
/// # Errors
/// [`std::io::Error`] when no thread can be started.
pub fn start(
    engine: Engine<DiskStore>,
    store_path: std::path::PathBuf,
    net: mpsc::Sender<NetCommand>,
    events: mpsc::Receiver<NetEvent>,
) -> std::io::Result<(Node, std::thread::JoinHandle<()>)> {
    let started = clock();
    let (inputs, receiver) = mpsc::channel(INPUTS_MAX);
    let (presence, presence_view) = watch::channel(Presence::default());
    let (news, _) = broadcast::channel(NEWS_KEPT);
    let (recent, recent_view) = watch::channel(Recent { first: started.0, kept: VecDeque::new() });
    let (stop, _) = watch::channel(false);
    let (progress, progress_view) = watch::channel(None);
    let engine = engine.with_telling(Box::new(Shown(progress.clone())));
    let node = Node {
        inputs: inputs.clone(),
        store: engine.store().clone(),
        me: Arc::new(engine.me().clone()),
        store_path: Arc::new(store_path),
        started,
        presence: presence_view,
        news: news.clone(),
        recent: recent_view,
        progress: progress_view,
        stop,
    };
    let (waiting, next_news) = (BTreeMap::new(), started.0);
    let work = Loop { inputs: receiver, net, presence, news, recent, progress, waiting, next_ticket: 0, next_news };
    let thread = std::thread::Builder::new().name("engine".into()).spawn(move || work.run(engine))?;
    let from_net = inputs.clone();
    tokio::spawn(async move {
        let mut heard = std::pin::pin!(hear::listen(events));
        while let Some(heard) = heard.next().await {
            if from_net.send(Message::Heard(Box::new(heard))).await.is_err() {
                break;
            }
        }
    });
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_millis(TICK_EVERY_MS));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            // A full channel means that the engine has enough to do; the next tick comes soon.
            if let Err(mpsc::error::TrySendError::Closed(_)) = inputs.try_send(Message::Tick) {
                break;
            }
        }
    });
    Ok((node, thread))
}

impl Loop {
    /// Works until it is told to stop; the group that tells so is finished.
    fn run(mut self, mut engine: Engine<DiskStore>) {
        let mut group = Vec::new();
        while self.inputs.blocking_recv_many(&mut group, GROUP_MAX_INPUTS) > 0 {
            let ends = group.iter().any(|message| matches!(message, Message::Stop));
            let inputs = group.drain(..).filter_map(|message| self.input(message)).collect();
            let effects = engine.step(clock(), inputs);
            if self.progress.borrow().is_some() {
                self.progress.send_replace(None);
            }
            if *self.presence.borrow() != *engine.presence() {
                self.presence.send_replace(engine.presence().clone());
            }
            for effect in effects {
                self.perform(effect);
            }
            if ends {
                break;
            }
        }
    }

    fn input(&mut self, message: Message) -> Option<Input> {
        match message {
            Message::Command(command, reply) => Some(Input::Command(self.ticket(reply), *command)),
            Message::Rebuild(reply) => Some(Input::Rebuild(self.ticket(reply))),
            Message::Heard(heard) => Some(Input::Heard(heard.event, heard.entries)),
            Message::Tick => Some(Input::Tick),
            Message::Stop => None,
        }
    }

    fn ticket(&mut self, reply: Reply) -> Ticket {
        self.next_ticket += 1;
        self.waiting.insert(self.next_ticket, reply);
        self.next_ticket
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Net(command) => {
                if self.net.blocking_send(command).is_err() {
                    tracing::debug!("the network has ended");
                }
            }
            Effect::Answer(ticket, answer) => {
                if let Some(reply) = self.waiting.remove(&ticket) {
                    // Whoever asked may have gone; what was done stays done.
                    let _ = reply.send(answer);
                }
            }
            Effect::Happened(happening) => {
                self.next_news += 1;
                let news = (self.next_news, happening);
                self.recent.send_modify(|recent| {
                    recent.kept.push_back(news.clone());
                    if recent.kept.len() > NEWS_KEPT {
                        recent.kept.pop_front();
                        recent.first = recent.kept.front().map_or(recent.first, |(number, _)| number - 1);
                    }
                });
                // Nobody may be listening.
                let _ = self.news.send(news);
            }
        }
    }
}

fn ended() -> Problem {
    Problem::new(ProblemKind::NotRunning, "stopping", "the node is stopping", "it takes no more commands").hint("start it again: haat up")
}

impl Node {
    /// Resolves once the node was asked to stop.
    pub async fn stopped(&self) {
        let mut stop = self.stop.subscribe();
        // The sender lives in this very node, so the channel cannot close before.
        let _ = stop.wait_for(|stop| *stop).await;
    }

    /// Tells the engine to finish what it has begun and end.
    pub async fn finish(&self) {
        // An engine that has ended already needs no telling.
        let _ = self.inputs.send(Message::Stop).await;
    }

    /// What may be looked at of the passing state, as it changes.
    #[must_use]
    pub fn presence(&self) -> watch::Receiver<Presence> {
        self.presence.clone()
    }

    async fn engine(&self, message: impl FnOnce(Reply) -> Message) -> Result<Value, Problem> {
        let (reply, answer) = oneshot::channel();
        self.inputs.send(message(reply)).await.map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?
    }

    fn read(&self, question: &Question) -> Result<Value, Problem> {
        let snapshot = self.store.read().map_err(|fault| store_problem(&fault))?;
        if matches!(question, Question::LogVerify) {
            return audit::verify(&snapshot, &self.me).map(|sound| sound_value(&sound)).map_err(|unsound| unsound_problem(&unsound));
        }
        let store_bytes = std::fs::metadata(&*self.store_path).map_or(0, |meta| meta.len());
        let presence = self.presence.borrow().clone();
        let facts = NodeFacts { presence: &presence, store_bytes, started: self.started, now: clock() };
        let tx = Tx::new(&snapshot);
        let answer = ask::answer(&tx, &self.me, &facts, question);
        match tx.fault() {
            Some(fault) => Err(store_problem(&fault)),
            None => answer,
        }
    }
}

impl Service for Node {
    async fn call(&self, command: Command) -> Result<Value, Problem> {
        self.engine(|reply| Message::Command(Box::new(command), reply)).await
    }

    async fn ask(&self, question: Question) -> Result<Value, Problem> {
        let node = self.clone();
        let read = tokio::task::spawn_blocking(move || node.read(&question)).await;
        read.unwrap_or_else(|_| {
            Err(Problem::new(ProblemKind::Internal, "internal", "an internal fault", "the question could not be answered"))
        })
    }

    async fn rebuild(&self) -> Result<Value, Problem> {
        self.engine(Message::Rebuild).await
    }

    fn watch(&self) -> broadcast::Receiver<(u64, Happening)> {
        self.news.subscribe()
    }

    fn progress(&self) -> watch::Receiver<Option<Happening>> {
        self.progress.clone()
    }

    fn since(&self, after: u64) -> Missed {
        let recent = self.recent.borrow();
        let news = recent.kept.iter().filter(|(number, _)| *number > after).cloned().collect();
        Missed { is_whole: after >= recent.first, news }
    }

    fn pass(&self, token: &TokenHash) -> Result<Option<Pass>, Problem> {
        let snapshot = self.store.read().map_err(|fault| store_problem(&fault))?;
        let tx = Tx::new(&snapshot);
        let pass = token::pass(&tx, token, clock());
        tx.fault().map_or(Ok(pass), |fault| Err(store_problem(&fault)))
    }

    fn stop(&self) {
        self.stop.send_replace(true);
    }

    fn is_ready(&self) -> bool {
        !*self.stop.borrow() && !self.presence.borrow().listen.is_empty()
    }
}
