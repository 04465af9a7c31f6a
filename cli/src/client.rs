//! The one way to a running node: JSON over its loopback API. Nothing here interprets an answer.

use std::io::{self, BufReader, Read};
use std::path::Path;
use std::time::{Duration, Instant};

use data_encoding::HEXLOWER;
use haat_protocol::limits::{ANSWER_MAX_BYTES, CALL_WAIT_MS, CATALOGUE_WAIT_MS, QUESTION_WORD_MAX_BYTES};
use haat_protocol::local::routes::{BASE, COMMANDS, EVENTS, QUESTIONS, Row};
use haat_protocol::local::{Command, Problem, ProblemKind, Question};
use serde::Serialize;
use serde_json::{Map, Value};
use ureq::http::Response;
use ureq::{Agent, Body};

use crate::home;

/// A node to talk to.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    agent: Agent,
    base: String,
    bearer: String,
    key: String,
}

impl Client {
    /// Finds the node of a home. `key` names the command, so that sending it twice does it once.
    ///
    /// # Errors
    /// [`ProblemKind::NotRunning`] when there is none.
    pub(crate) fn find(home: &Path, key: Option<&str>) -> Result<Self, Problem> {
        let node = home::running(home)?.ok_or_else(|| home::not_running(home))?;
        let agent = Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(5)))
            .user_agent(concat!("haat/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        let key = key.map_or_else(fresh_key, |k| Ok(k.to_owned()))?;
        Ok(Self { agent, base: format!("{}{BASE}", node.api), bearer: format!("Bearer {}", home::token(home)?), key })
    }

    /// Has the node carry out a command.
    ///
    /// # Errors
    /// The node's problem, or why there is no answer.
    pub(crate) fn call(&self, command: &Command) -> Result<Value, Problem> {
        let (path, fields) = routed(command, "command", COMMANDS);
        let is_large = matches!(command, Command::ListingImport { .. } | Command::ListingEdit(_) | Command::ShopUndo { .. });
        let wait_ms = if is_large { CATALOGUE_WAIT_MS } else { CALL_WAIT_MS };
        self.post(path, &Value::Object(fields), wait_ms)
    }

    /// Tells the node to do something that needs no words.
    ///
    /// # Errors
    /// The node's problem, or why there is no answer.
    pub(crate) fn tell(&self, path: &str) -> Result<Value, Problem> {
        self.post(path, &Value::Object(Map::new()), CATALOGUE_WAIT_MS)
    }

    fn post(&self, path: &str, body: &Value, wait_ms: u64) -> Result<Value, Problem> {
        let started = Instant::now();
        let sent = self
            .agent
            .post(format!("{}{path}", self.base))
            .header("Authorization", &self.bearer)
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", &self.key)
            .config()
            .timeout_global(Some(Duration::from_millis(wait_ms)))
            .build()
            .send(body.to_string());
        let unknown = |p: Problem| {
            if p.kind == ProblemKind::Unknown {
                p.hint(format!("to be sure that it is done once: the same command with --key {}", self.key))
            } else {
                p
            }
        };
        sent.map_err(|e| lost(&e)).and_then(|answer| read(path, answer, started)).map_err(unknown)
    }

    /// Asks the node a question.
    ///
    /// # Errors
    /// The node's problem, or why there is no answer.
    pub(crate) fn ask(&self, question: &Question) -> Result<Value, Problem> {
        let (path, fields) = routed(question, "question", QUESTIONS);
        let words = fields.into_iter().filter_map(|(name, value)| match value {
            Value::Null => None,
            Value::String(text) => Some((name, text)),
            other => Some((name, other.to_string())),
        });
        let words: Vec<(String, String)> = words.collect();
        if let Some((name, _)) = words.iter().find(|(_, word)| word.len() > QUESTION_WORD_MAX_BYTES) {
            return Err(Problem::usage(
                "too-large",
                "a word is too long",
                format!("{name}: at most {QUESTION_WORD_MAX_BYTES} bytes are asked for"),
            ));
        }
        let started = Instant::now();
        let request = self.agent.get(format!("{}{path}", self.base)).header("Authorization", &self.bearer);
        let sent = request.query_pairs(words).config().timeout_global(Some(Duration::from_millis(CALL_WAIT_MS))).build().call();
        sent.map_err(|e| lost(&e)).and_then(|answer| read(path, answer, started))
    }

    /// Opens the stream of events. It waits as long as the node lives.
    ///
    /// # Errors
    /// The node's problem, or why there is no answer.
    pub(crate) fn events(&self) -> Result<BufReader<impl Read + use<>>, Problem> {
        let request = self.agent.get(format!("{}{EVENTS}", self.base)).header("Authorization", &self.bearer);
        let answer = request.header("Accept", "text/event-stream").call().map_err(|e| lost(&e))?;
        if answer.status().is_success() {
            return Ok(BufReader::new(answer.into_body().into_with_config().limit(u64::MAX).reader()));
        }
        Err(read(EVENTS, answer, Instant::now()).err().unwrap_or_else(|| strange("it sends no events")))
    }
}

/// Where a command or question goes, and its fields without the tag.
fn routed(what: &impl Serialize, tag: &str, routes: &[Row]) -> (&'static str, Map<String, Value>) {
    let Ok(Value::Object(mut fields)) = serde_json::to_value(what) else { unreachable!("commands and questions are JSON objects") };
    let name = fields.remove(tag);
    let name = name.as_ref().and_then(Value::as_str).unwrap_or_default();
    let path = routes.iter().find(|(n, ..)| *n == name).map(|(_, path, _)| *path).expect("every command and question has a route");
    (path, fields)
}

fn fresh_key() -> Result<String, Problem> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|e| Problem::new(ProblemKind::Internal, "randomness", "the machine gives no random bytes", e.to_string()))?;
    Ok(HEXLOWER.encode(&bytes))
}

fn read(path: &str, mut answer: Response<Body>, started: Instant) -> Result<Value, Problem> {
    let status = answer.status().as_u16();
    let text = answer.body_mut().with_config().limit(ANSWER_MAX_BYTES).read_to_string().map_err(|e| lost(&e))?;
    tracing::info!(path, status, ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX), "answered");
    let document = if text.trim().is_empty() { Ok(Value::Object(Map::new())) } else { serde_json::from_str::<Value>(&text) };
    match (status, document) {
        (200..=299, Ok(value)) => Ok(value),
        (200..=299, Err(e)) => Err(strange(&e.to_string())),
        (_, Ok(value)) => Err(problem(status, value)),
        (_, Err(_)) => Err(strange(&format!("HTTP status {status} without a problem"))),
    }
}

/// Reads a problem; one without Haat's own keys gets its sort from the HTTP status.
fn problem(status: u16, mut value: Value) -> Problem {
    let kinds = [
        ProblemKind::Usage,
        ProblemKind::Refused,
        ProblemKind::NotFound,
        ProblemKind::Unknown,
        ProblemKind::Store,
        ProblemKind::Permission,
        ProblemKind::NotRunning,
    ];
    let kind = match status {
        401 | 421 => ProblemKind::Permission,
        413 | 415 | 422 => ProblemKind::Usage,
        _ => kinds.into_iter().find(|k| k.codes().1 == status).unwrap_or(ProblemKind::Internal),
    };
    if let Value::Object(fields) = &mut value {
        fields.entry("kind").or_insert_with(|| serde_json::to_value(kind).unwrap_or_default());
        fields.entry("code").or_insert_with(|| format!("http-{status}").into());
        fields.entry("title").or_insert_with(|| "the node refused".into());
        fields.entry("detail").or_insert_with(|| format!("HTTP status {status}").into());
    }
    serde_json::from_value(value).unwrap_or_else(|e| strange(&e.to_string()))
}

fn strange(detail: &str) -> Problem {
    Problem::new(ProblemKind::Internal, "strange-answer", "the node's answer makes no sense", detail)
        .hint("node and command line may be of different versions: haat down, then haat up")
}

/// Why there is no answer. Only a connection that was never made says for certain that nothing happened.
fn lost(e: &ureq::Error) -> Problem {
    let never = matches!(e, ureq::Error::ConnectionFailed | ureq::Error::Timeout(ureq::Timeout::Connect))
        || matches!(e, ureq::Error::Io(e) if e.kind() == io::ErrorKind::ConnectionRefused);
    if never {
        return Problem::new(ProblemKind::NotRunning, "not-running", "the node does not answer", e.to_string()).hint("haat up");
    }
    if matches!(e, ureq::Error::BodyExceedsLimit(_)) {
        return strange(&e.to_string());
    }
    Problem::new(ProblemKind::Unknown, "outcome-unknown", "no answer from the node", e.to_string()).hint("look with haat status")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_leaves_its_tag_behind() {
        let (path, fields) = routed(&Command::CircleCreate { name: "Lane 12".into(), norms: None }, "command", COMMANDS);
        assert_eq!((path, Value::Object(fields)), ("/circles", serde_json::json!({"name": "Lane 12"})));
        let (path, fields) = routed(&Question::LogVerify, "question", QUESTIONS);
        assert_eq!((path, fields.len()), ("/log/verify", 0));
    }

    #[test]
    fn problems_of_the_node_and_of_its_door_keep_their_exit_code() {
        let own = problem(409, serde_json::to_value(Problem::refused("own-listing", "no", "it is yours")).expect("JSON"));
        assert_eq!((own.kind.codes().0, own.code.as_str()), (3, "own-listing"));
        for (status, exit) in [(401, 7), (403, 7), (404, 4), (415, 2), (421, 7), (500, 1), (503, 8), (504, 5), (507, 6)] {
            let door = problem(status, serde_json::json!({"type": "about:blank", "title": "no", "status": status}));
            assert_eq!(door.kind.codes().0, exit, "{status}");
        }
    }
}
