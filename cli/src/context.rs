//! What every command has at hand: the home, the node, and the two ways of answering, for people and for programs.

use std::path::{Path, PathBuf};

use haat_protocol::local::{Command, Page, Problem, ProblemKind, Question};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing_subscriber::EnvFilter;

use crate::args::{Color, Globals};
use crate::client::Client;
use crate::error::Failure;
use crate::interrupt::{INTERRUPTED, Interrupt};
use crate::output::wait::Counter;
use crate::say::say;
use crate::stream::{Happenings, PROGRESS};
use crate::{home, output, text};

/// The surroundings of one command.
#[derive(Debug)]
pub(crate) struct Context {
    home: Option<PathBuf>,
    key: Option<String>,
    quiet: bool,
    /// When to use colours, if the command line says so.
    pub(crate) color: Option<&'static str>,
    /// Whether the answer is JSON.
    pub(crate) json: bool,
}

impl Context {
    /// Takes over the global options and sets up logging on standard error.
    #[allow(clippy::unnecessary_wraps)]
    pub(crate) fn new(globals: &Globals) -> Result<Self, Failure> {
        let filter = match (globals.quiet, globals.verbose) {
            (true, _) => "error",
            (false, 0) => "warn",
            (false, 1) => "warn,haat=info,haat_node=info",
            (false, 2) => "info,haat=debug,haat_node=debug",
            (false, _) => "debug",
        };
        let color = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
        tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(filter))
            .with_writer(std::io::stderr)
            .with_ansi(color)
            .log_internal_errors(false)
            .init();
        Ok(Self {
            home: globals.home.clone(),
            key: globals.key.clone(),
            quiet: globals.quiet,
            color: globals.color.map(Color::text),
            json: globals.json,
        })
    }

    /// The home directory.
    ///
    /// # Errors
    /// A usage problem when none is known.
    pub(crate) fn home(&self) -> Result<PathBuf, Failure> {
        Ok(self.home.clone().map_or_else(home::default_home, Ok)?)
    }

    /// The running node.
    ///
    /// # Errors
    /// The problem that none is running.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let home: &Path = &self.home()?;
        Ok(Client::find(home, self.key.as_deref())?)
    }

    /// Has the node carry out a command.
    ///
    /// # Errors
    /// The node's problem.
    pub(crate) fn call(&self, command: &Command) -> Result<Value, Failure> {
        let client = self.client()?;
        Ok(self.waiting(|| client.call(command))?)
    }

    /// Has the node publish many listings of a shop, and shows how far it is. Who ends the waiting is told how it stands.
    ///
    /// # Errors
    /// The node's problem; or that the outcome is unknown, as nobody waited for it.
    pub(crate) fn publish(&self, shop: &str, command: Command) -> Result<Value, Failure> {
        let (client, interrupt) = (self.client()?, Interrupt::watch()?);
        let (caller, watcher, shop) = (client.clone(), client, shop.to_owned());
        let act = || interrupt.unless(move || caller.call(&command));
        let answer = if self.quiet || self.json { act() } else { output::wait::watched(|counter| counted(watcher, shop, counter), act) };
        let cut_short = || {
            Problem::new(ProblemKind::Unknown, INTERRUPTED, "nobody waited for the outcome", "the node publishes all of it or nothing")
                .hint("the same command again tells which: what is published already is not published twice")
        };
        Ok(answer.unwrap_or_else(|| Err(cut_short()))?)
    }

    /// Has the node tell what a command would do; the name of this command is kept for doing it.
    ///
    /// # Errors
    /// The node's problem.
    pub(crate) fn preview(&self, command: &Command) -> Result<Value, Failure> {
        Ok(Client::find(&self.home()?, None)?.call(command)?)
    }

    /// Asks the node a question.
    ///
    /// # Errors
    /// The node's problem.
    pub(crate) fn ask(&self, question: &Question) -> Result<Value, Failure> {
        let client = self.client()?;
        Ok(self.waiting(|| client.ask(question))?)
    }

    /// Whoever waits at a terminal sees that something goes on.
    fn waiting<T>(&self, act: impl FnOnce() -> T) -> T {
        if self.quiet || self.json { act() } else { output::wait::during(act) }
    }

    /// Prints an answer: as it came for programs, cleaned and told in words for people.
    ///
    /// # Errors
    /// When it cannot be written, or the node answered something else than expected.
    pub(crate) fn answer<T: DeserializeOwned>(&self, mut value: Value, told: impl FnOnce(T) -> String) -> Result<(), Failure> {
        if self.json {
            return output::line(&value.to_string());
        }
        text::clean_all(&mut value);
        output::line(&told(parsed(value)?))
    }

    /// Prints a page of rows, and for people how to see the next one.
    ///
    /// # Errors
    /// As [`Context::answer`].
    pub(crate) fn page<T: DeserializeOwned>(&self, value: Value, told: impl FnOnce(Vec<T>) -> String) -> Result<(), Failure> {
        let next = value.get("next").and_then(Value::as_str).map(str::to_owned);
        self.answer(value, |page: Page<T>| told(page.items))?;
        if let Some(cursor) = next {
            self.next(&say!("next-page", cursor = cursor));
        }
        Ok(())
    }

    /// Prints a document that was made here.
    ///
    /// # Errors
    /// As [`Context::answer`].
    pub(crate) fn own<T: Serialize>(&self, document: &T, told: &str) -> Result<(), Failure> {
        if !self.json {
            return output::line(told);
        }
        let text = serde_json::to_string(document)
            .map_err(|e| Problem::new(ProblemKind::Internal, "json", "cannot write the answer", e.to_string()))?;
        output::line(&text)
    }

    /// Tells people what they may want to do next.
    pub(crate) fn next(&self, hint: &str) {
        if !self.quiet && !self.json {
            output::aside(&format!("{} {hint}", output::dim(&say!("next"))));
        }
    }
}

/// Counts what the node tells of a shop's listings, in a thread that ends with the process. Without the stream nothing is counted.
fn counted(client: Client, shop: String, counter: Counter) {
    std::thread::spawn(move || {
        let named = client.ask(&Question::Shop { shop }).ok()?;
        let mut happenings = Happenings::new(client.events().ok()?);
        while let Ok(Some(told)) = happenings.next() {
            if told.kind == PROGRESS && told.subject == field(&named, "shop") {
                let [done, of] = ["done", "of"].map(|name| told.more.get(name).and_then(|count| count.parse().ok()));
                counter.tell(done?, of?);
            }
        }
        Some(())
    });
}

/// Reads an answer as what it should be.
///
/// # Errors
/// An internal problem when node and command line do not speak the same language.
pub(crate) fn parsed<T: DeserializeOwned>(value: Value) -> Result<T, Failure> {
    serde_json::from_value(value).map_err(|e| {
        Problem::new(ProblemKind::Internal, "strange-answer", "the node's answer makes no sense", e.to_string())
            .hint("node and command line may be of different versions; --json shows the answer as it is")
            .into()
    })
}

/// A text of a small answer; empty when it is not there.
pub(crate) fn field<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
