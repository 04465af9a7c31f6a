//! Names of people, circles, shops, listings and orders while a line is being typed. Asks the running node, for a moment only.
//!
//! It must never hold a shell up: a node that does not answer at once gives no names.

use std::ffi::OsStr;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use clap::{Arg, Command, CommandFactory};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::CompleteEnv;
use haat_protocol::local::{Question, Window};
use serde_json::Value;

use crate::args::Cli;
use crate::client::Client;
use crate::context::field;
use crate::{home, text};

/// The variable by which a shell asks for completions.
pub(crate) const VARIABLE: &str = "HAAT_COMPLETE";
/// How long the node may take to answer.
const PATIENCE: Duration = Duration::from_millis(50);

/// What can be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Circle,
    Person,
    Shop,
    Listing,
    Order,
}

/// Answers a shell that asks for completions, and ends then; does nothing otherwise.
pub(crate) fn answer() {
    if std::env::var_os(VARIABLE).is_some() {
        CompleteEnv::with_factory(|| with_names(Cli::command())).var(VARIABLE).complete();
    }
}

/// The grammar with names at every argument that takes one.
fn with_names(command: Command) -> Command {
    let named = |arg: Arg| match what(arg.get_id().as_str()) {
        Some(what) => arg.add(ArgValueCompleter::new(move |begun: &OsStr| names(what, begun))),
        None => arg,
    };
    command.mut_args(named).mut_subcommands(with_names)
}

fn what(argument: &str) -> Option<What> {
    match argument {
        "circle" => Some(What::Circle),
        "person" => Some(What::Person),
        "shop" => Some(What::Shop),
        "listing" => Some(What::Listing),
        "order" => Some(What::Order),
        _ => None,
    }
}

/// Names that begin so; none when the node does not answer in time.
fn names(what: What, begun: &OsStr) -> Vec<CompletionCandidate> {
    let (tell, told) = sync_channel(1);
    std::thread::spawn(move || drop(tell.send(ask(what).unwrap_or_default())));
    let rows = told.recv_timeout(PATIENCE).unwrap_or_default();
    let begun = begun.to_string_lossy().to_lowercase();
    let fits = rows.iter().map(|row| offered(what, row)).filter(|(word, _)| word.to_lowercase().starts_with(&begun));
    fits.map(|(word, help)| CompletionCandidate::new(word).help(Some(help.into()))).collect()
}

fn ask(what: What) -> Option<Vec<Value>> {
    let home = std::env::var_os("HAAT_HOME").map_or_else(|| home::default_home().ok(), |home| Some(home.into()))?;
    let question = match what {
        What::Circle => Question::Circles,
        What::Person => Question::People { circle: None, window: Window::default() },
        What::Shop => Question::Shops(Window::default()),
        What::Listing => Question::Listings { circle: None, shop: None, window: Window::default() },
        What::Order => Question::Orders { state: None, role: None, window: Window::default() },
    };
    let mut page = Client::find(&home, None).ok()?.ask(&question).ok()?;
    text::clean_all(&mut page);
    page.get("items")?.as_array().cloned()
}

/// The word to put in, and what it stands for. A name that a shell would take apart is given by its id.
fn offered(what: What, row: &Value) -> (String, String) {
    let (id, name) = match what {
        What::Circle => (field(row, "circle"), field(row, "name")),
        What::Person => (field(row, "identity"), Some(field(row, "petname")).filter(|name| !name.is_empty()).unwrap_or(field(row, "name"))),
        What::Shop => (field(row, "shop"), field(row, "name")),
        What::Listing => (field(row, "listing"), field(row, "title")),
        What::Order => (field(row, "order"), ""),
    };
    let is_plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c));
    let help = if what == What::Order {
        field(row, "state")
    } else if is_plain {
        text::short(id)
    } else {
        name
    };
    (if is_plain { name } else { text::short(id) }.to_owned(), help.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_is_offered_by_its_id() {
        let id = "ab".repeat(32);
        let row = |name: &str| serde_json::json!({"circle": id, "name": name});
        assert_eq!(offered(What::Circle, &row("Hill")), ("Hill".to_owned(), text::short(&id).to_owned()));
        assert_eq!(offered(What::Circle, &row("Lane 12")), (text::short(&id).to_owned(), "Lane 12".to_owned()));
        let lin = serde_json::json!({"identity": id, "name": "Lin", "petname": "Aunt"});
        assert_eq!(offered(What::Person, &lin).0, "Aunt");
    }

    #[test]
    fn the_grammar_with_names_is_sound() {
        with_names(Cli::command()).debug_assert();
    }
}
