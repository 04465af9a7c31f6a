//! The `haat` command: reads the command line, asks the node through its local API, prints the answer.
//!
//! It must never open a node's store while that node runs, and never print anything but the answer on standard output.

#![forbid(unsafe_code)]

mod args;
mod ask;
mod client;
mod command;
mod completion;
mod config;
mod context;
mod diff;
mod error;
mod fold;
mod help;
mod home;
mod input;
mod interrupt;
mod output;
mod qr;
mod say;
mod span;
mod stream;
mod table;
mod text;
mod window;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ColorChoice, CommandFactory, FromArgMatches};
use haat_protocol::local::ProblemKind;

use crate::args::Cli;
use crate::context::Context;
use crate::error::Failure;

fn main() -> ExitCode {
    completion::answer();
    let raw: Vec<OsString> = std::env::args_os().collect();
    let early = args::early(&raw);
    let home = || early.home.clone().or_else(|| std::env::var_os("HAAT_HOME").map(PathBuf::from));
    let color = early.color.or_else(|| config::color(home())).unwrap_or(anstream::ColorChoice::Auto);
    color.write_global();
    say::speak(if early.json { Some("en".to_owned()) } else { config::language(home()) }.as_deref());
    if raw.len() <= 1 {
        output::aside(help::spoken(Cli::command()).render_help().ansi().to_string().trim_end());
        return ExitCode::from(ProblemKind::Usage.codes().0);
    }
    let result = match parse(&raw, color) {
        Ok(cli) => Context::new(&cli.globals).and_then(|cx| cli.noun.run(&cx)),
        Err(e) if e.exit_code() == 0 => {
            // Help that nobody reads to its end is no error.
            let _ = e.print();
            return ExitCode::SUCCESS;
        }
        Err(e) => Err(Failure::from(error::from_clap(&e))),
    };
    match result {
        Ok(()) | Err(Failure::ClosedPipe) => ExitCode::SUCCESS,
        Err(Failure::Problem(problem)) => {
            error::tell(&problem, early.json);
            ExitCode::from(problem.kind.codes().0)
        }
    }
}

fn parse(raw: &[OsString], color: anstream::ColorChoice) -> Result<Cli, clap::Error> {
    let choice = match color {
        anstream::ColorChoice::Never => ColorChoice::Never,
        anstream::ColorChoice::Always | anstream::ColorChoice::AlwaysAnsi => ColorChoice::Always,
        anstream::ColorChoice::Auto => ColorChoice::Auto,
    };
    let matches = help::spoken(Cli::command()).color(choice).try_get_matches_from(raw)?;
    Cli::from_arg_matches(&matches)
}
