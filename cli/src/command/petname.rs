//! `haat petname`: a name of one's own for a person. Never leaves this node.

use clap::Args;
use haat_protocol::local::Command;
use serde_json::Value;

use crate::context::Context;
use crate::error::Failure;
use crate::say::say;

/// Give a person a name of your own; nobody else sees it
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  haat petname lin 'Aunt Lin'\n  haat petname 3fa9 ''      takes the petname away")]
pub(crate) struct Petname {
    /// Name or id of the person
    person: String,
    /// The name; empty takes it away
    name: String,
}

impl Petname {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        let told = if self.name.is_empty() { say!("petname-gone") } else { say!("petname-given", name = &self.name) };
        cx.answer(cx.call(&Command::Petname { person: self.person, name: self.name })?, |_: Value| told)
    }
}
