//! `haat man`: pages for `man`, made from the same grammar that reads the command line.

use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory};
use clap_mangen::Man;
use haat_protocol::local::{Problem, ProblemKind};
use serde_json::json;

use crate::args::Cli;
use crate::context::Context;
use crate::error::Failure;
use crate::say::say;

/// The page for man, or with --dir a page for every command
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  haat man | man -l -\n  haat man --dir ~/.local/share/man/man1")]
pub(crate) struct Manual {
    /// Write a page for every command into this directory
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Manual {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        let Some(dir) = self.dir else {
            let mut page = Vec::new();
            Man::new(Cli::command()).render(&mut page).map_err(|fault| unwritten(Path::new("-"), &fault))?;
            let page = String::from_utf8_lossy(&page);
            return cx.own(&json!({"page": page}), page.trim_end());
        };
        let written = std::fs::create_dir_all(&dir)
            .and_then(|()| clap_mangen::generate_to(Cli::command(), &dir))
            .and_then(|()| std::fs::read_dir(&dir));
        let pages = written.map_err(|fault| unwritten(&dir, &fault))?;
        let is_ours = |name: &str| name.starts_with("haat") && name.ends_with(".1");
        let count = pages.flatten().filter(|page| page.file_name().to_str().is_some_and(is_ours)).count();
        cx.own(&json!({"dir": dir, "pages": count}), &say!("man-pages", count = count, dir = dir.display().to_string()))
    }
}

fn unwritten(place: &Path, fault: &std::io::Error) -> Problem {
    Problem::new(ProblemKind::Store, "output-file", "the pages cannot be written", format!("{}: {fault}", place.display()))
        .hint("name a directory that you may write to with --dir DIR")
}
