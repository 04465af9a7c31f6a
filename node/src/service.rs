//! What the local API needs from the node, whoever provides it: commands, questions, and news.

use std::future::Future;

use haat_protocol::local::{Command, Happening, Problem, Question};
use serde_json::Value;
use tokio::sync::{broadcast, watch};

use crate::token::{Pass, TokenHash};

/// News that somebody has not heard.
#[derive(Debug)]
pub struct Missed {
    /// Whether nothing of them is forgotten.
    pub is_whole: bool,
    /// Those that are remembered, by number.
    pub news: Vec<(u64, Happening)>,
}

/// One service layer behind every door.
pub trait Service: Clone + Send + Sync + 'static {
    /// Carries out a command; answers once it is durable here.
    fn call(&self, command: Command) -> impl Future<Output = Result<Value, Problem>> + Send;
    /// Answers a question from a snapshot; changes nothing.
    fn ask(&self, question: Question) -> impl Future<Output = Result<Value, Problem>> + Send;
    /// Derives all views again.
    fn rebuild(&self) -> impl Future<Output = Result<Value, Problem>> + Send;
    /// News from here on, numbered without gaps.
    fn watch(&self) -> broadcast::Receiver<(u64, Happening)>;
    /// How far the command at hand has come, when it is a long one; only the last word counts.
    fn progress(&self) -> watch::Receiver<Option<Happening>>;
    /// What is still remembered of the news after number `after`.
    fn since(&self, after: u64) -> Missed;
    /// What a token of another program is good for now; none when there is no such token (any more).
    ///
    /// # Errors
    /// A store problem when nobody can say.
    fn pass(&self, token: &TokenHash) -> Result<Option<Pass>, Problem>;
    /// Asks the node to stop gracefully.
    fn stop(&self);
    /// Whether the node is ready: store open, listening.
    fn is_ready(&self) -> bool;
}
