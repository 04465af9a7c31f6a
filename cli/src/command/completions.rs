//! `haat completions`: scripts by which a shell completes what is typed.

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use clap_complete::env::Shells;
use haat_protocol::local::{Problem, ProblemKind};
use serde_json::json;

use crate::args::Cli;
use crate::completion::VARIABLE;
use crate::context::Context;
use crate::error::Failure;

/// A script that makes your shell complete commands and options
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  haat completions bash > ~/.local/share/bash-completion/completions/haat
  haat completions fish > ~/.config/fish/completions/haat.fish
  source <(haat completions bash --names)      in ~/.bashrc

With --names, names of people, circles, shops, listings and orders are completed too: the script asks haat, which asks the
node of HAAT_HOME, or of the default home, and waits 50 ms at most. Such a script fits this version of haat only: make it anew
at each start of the shell.")]
pub(crate) struct Completions {
    /// For which shell
    shell: Shell,
    /// Complete names as well, by asking your node
    #[arg(long)]
    names: bool,
}

impl Completions {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        let mut script = Vec::new();
        if self.names {
            let shell = self.shell.to_string();
            let shells = Shells::builtins();
            let no = || Problem::usage("usage", "names are not completed in that shell", format!("{shell} is not known"));
            let completer = shells.completer(&shell).ok_or_else(no)?;
            completer
                .write_registration(VARIABLE, "haat", "haat", "haat", &mut script)
                .map_err(|fault| Problem::new(ProblemKind::Internal, "internal", "the script cannot be made", fault.to_string()))?;
        } else {
            clap_complete::generate(self.shell, &mut Cli::command(), "haat", &mut script);
        }
        let script = String::from_utf8_lossy(&script);
        cx.own(&json!({"shell": self.shell.to_string(), "script": script}), script.trim_end())
    }
}
