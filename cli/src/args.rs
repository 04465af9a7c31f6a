//! The command line's grammar: what holds for every command, and the list of commands.
//!
//! What a single command takes stands in the command's own file. Nothing here talks to a node.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::{Args, Parser, ValueEnum};

use crate::command::Noun;

/// A market among friends, without anyone in the middle
#[derive(Debug, Parser)]
#[command(
    name = "haat",
    version,
    subcommand_required = true,
    arg_required_else_help = false,
    max_term_width = 100,
    after_help = "Examples:
  haat up --name Chen                 run your node; leave it running
  haat circle create 'Lane 12'        begin a circle of friends
  haat circle invite 'Lane 12'        a code for the next neighbour
  haat listing import tea.csv --shop Hill
  haat order list --role seller

Exit codes: 0 done, 1 internal fault, 2 usage, 3 refused, 4 not found, 5 outcome unknown (safe to retry),
6 store problem, 7 permission, 8 node not running."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) noun: Noun,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// Where the node lives; by default `haat` in the user's data directory
    #[arg(long, global = true, env = "HAAT_HOME", value_name = "DIR", hide_env_values = true)]
    pub(crate) home: Option<PathBuf>,
    /// Answer with one JSON document; errors are one JSON object on standard error
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// No hints about what to do next
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Tell more on standard error; twice for still more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Name this command; the same name sent twice is done once
    #[arg(long, global = true, value_name = "KEY", value_parser = parse_key, hide_short_help = true)]
    pub(crate) key: Option<String>,
    /// When to use colours: auto unless the configuration says otherwise
    #[arg(long, global = true, value_name = "WHEN")]
    pub(crate) color: Option<Color>,
}

fn parse_key(text: &str) -> Result<String, String> {
    let is_plain = text.bytes().all(|b| b.is_ascii_graphic()) && (1..=64).contains(&text.len());
    if is_plain { Ok(text.to_owned()) } else { Err("1 to 64 letters, digits or signs".to_owned()) }
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Color {
    /// In a word.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Always => "always",
            Self::Never => "never",
        }
    }
}

/// What has to be known before the line is understood, so that errors of the line itself come out right.
#[derive(Debug, Clone)]
pub(crate) struct Early {
    /// Whether answers and errors are JSON.
    pub(crate) json: bool,
    /// When to use colours, if the line says so.
    pub(crate) color: Option<anstream::ColorChoice>,
    /// Where the node lives, if the line says so.
    pub(crate) home: Option<PathBuf>,
}

/// Looks for `--json`, `--color` and `--home` anywhere before a `--`.
pub(crate) fn early(raw: &[OsString]) -> Early {
    let words: Vec<&OsStr> = raw.iter().skip(1).map(OsString::as_os_str).take_while(|w| *w != "--").collect();
    let said = |name: &str| {
        let after = words.iter().position(|w| *w == name).and_then(|i| words.get(i + 1)).and_then(|w| w.to_str());
        after.or_else(|| words.iter().find_map(|w| w.to_str()?.strip_prefix(name)?.strip_prefix('=')))
    };
    let color = said("--color").map(|color| match color {
        "always" => anstream::ColorChoice::Always,
        "never" => anstream::ColorChoice::Never,
        _ => anstream::ColorChoice::Auto,
    });
    Early { json: words.iter().any(|w| *w == "--json"), color, home: said("--home").map(PathBuf::from) }
}

#[cfg(test)]
mod tests;
