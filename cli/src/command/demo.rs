//! `haat demo`: a small town of real nodes on this machine that lives through one day of trade.
//!
//! Everything goes through the public API of each neighbour's own process. Whatever happens, no process is left behind.

mod cast;
mod chance;
mod day;
mod neighbour;
mod story;
mod street;
mod teller;
mod town;

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use clap::builder::RangedU64ValueParser;
use haat_protocol::local::{Problem, ProblemKind};
use serde::Serialize;
use serde_json::json;

use crate::context::Context;
use crate::error::Failure;
use crate::interrupt::{INTERRUPTED, Interrupt};
use crate::{output, table, text};
use cast::{NEIGHBOURS_MAX, NEIGHBOURS_MIN, Who};
use day::Day;
use story::STORY;
use teller::Teller;
use town::Town;

/// A small town on this machine that lives through one day of trade
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  haat demo
  haat demo --nodes 8 --rng-seed 7
  haat demo --headless --json

Each neighbour is a node of its own, with its own home. A step counts only after another neighbour's node told it back.")]
pub(crate) struct Demo {
    /// How many neighbours, 3 to 12
    #[arg(long, value_name = "N", default_value_t = 5,
        value_parser = RangedU64ValueParser::<usize>::new().range(NEIGHBOURS_MIN as u64..=NEIGHBOURS_MAX as u64))]
    nodes: usize,
    /// Who says what, in which words; the same number tells the same story
    #[arg(long, value_name = "S", default_value_t = 1)]
    rng_seed: u64,
    /// Play the day, print a summary, end; fails if a step does not come true
    #[arg(long)]
    headless: bool,
    /// Build the town in this empty directory and keep the homes
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// How a step went.
#[derive(Debug, Clone, Serialize)]
struct Played {
    name: &'static str,
    ok: bool,
    ms: u64,
}

impl Demo {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        let interrupt = Interrupt::watch()?;
        let teller = Teller::new(self.headless || cx.json);
        let began = Instant::now();
        let cast = cast::cast(self.nodes);
        teller.plain(&output::bold(&format!("Starting {} nodes, one for each neighbour …", cast.len())));
        // A Ctrl-C reaches the nodes too: that one of them went away is then not what happened.
        let town = Town::start(&cast, self.keep.as_deref()).map_err(|problem| calm(&interrupt).err().unwrap_or(problem))?;
        teller.plain(&format!("{}\n{}", town.told(), output::dim(&format!("up after {}", seconds(began)))));
        let (played, outcome) = {
            let day = Day::new(&town, &teller, self.rng_seed, &interrupt);
            play(&day, &teller, self.headless)
        };
        let outcome = match (outcome, teller.take_broken()) {
            (_, Some(failure)) => Err(failure),
            (outcome, None) => outcome.map_err(Failure::from).and_then(|()| {
                self.tell(cx, &town, &played, began)?;
                if !self.headless {
                    interrupt.wait();
                }
                Ok(())
            }),
        };
        let kept = town.is_kept().then(|| town.place().display().to_string());
        town.stop();
        self.farewell(cx, &played, outcome, kept)
    }

    /// What is said when the day is over.
    fn tell(&self, cx: &Context, town: &Town, played: &[Played], began: Instant) -> Result<(), Failure> {
        if self.headless {
            return cx.own(&json!({"ok": true, "steps": played}), &format!("{}\n{}", listed(played), summary(played, began)));
        }
        if cx.json {
            return cx.own(&json!({"ok": true, "steps": played, "neighbours": town.document()}), "");
        }
        output::line(&format!("\n{}\n{}", output::bold(&summary(played, began)), visits(town)))?;
        output::line(&format!("\n{}", output::bold("The town runs. Press q and Enter, or Ctrl-C, to end it.")))
    }

    /// What is said when the town is gone.
    fn farewell(&self, cx: &Context, played: &[Played], outcome: Result<(), Failure>, kept: Option<String>) -> Result<(), Failure> {
        match outcome {
            Err(Failure::Problem(problem)) if problem.code == INTERRUPTED && !self.headless && !cx.json => {
                problem.hint.iter().for_each(|hint| cx.next(hint));
                Ok(())
            }
            Err(Failure::Problem(problem)) => {
                if cx.json && !played.is_empty() {
                    cx.own(&json!({"ok": false, "steps": played}), "")?;
                }
                Err(Failure::Problem(problem))
            }
            Err(closed) => Err(closed),
            Ok(()) => {
                if let (Some(place), false) = (kept, cx.json) {
                    output::aside(&format!("The homes are in {place}; `haat --home {}/chen up` wakes one.", text::quoted(&place)));
                }
                Ok(())
            }
        }
    }
}

/// Plays the day up to the first step that does not come true.
fn play(day: &Day<'_>, teller: &Teller, is_quiet: bool) -> (Vec<Played>, Result<(), Problem>) {
    let mut played = Vec::new();
    for chapter in STORY {
        let began = Instant::now();
        let before = played.len();
        teller.chapter(chapter.title);
        for step in chapter.steps.iter().filter(|step| step.cast.iter().all(|who| day.has(*who))) {
            let from = Instant::now();
            let result = (step.play)(day).map_err(|problem| day.calm().err().unwrap_or(problem));
            played.push(Played { name: step.name, ok: result.is_ok(), ms: millis(from) });
            if let Err(problem) = result {
                return (played, Err(in_step(step.name, problem, is_quiet)));
            }
        }
        teller.over(played.len() - before, millis(began));
    }
    (played, Ok(()))
}

/// A problem, and in which step it came up.
fn in_step(step: &str, problem: Problem, is_quiet: bool) -> Problem {
    if problem.code == INTERRUPTED {
        return problem;
    }
    let hint =
        if is_quiet { "--keep DIR keeps the homes and their logs" } else { "haat demo again; --keep DIR keeps the homes and their logs" };
    let detail = format!("{}; {}", problem.title, problem.detail);
    Problem::new(ProblemKind::Internal, "demo-step", &format!("the step {step} did not come true"), detail).hint(hint)
}

/// The steps with their times.
fn listed(played: &[Played]) -> String {
    table::table(["step", "ms"], played.iter().map(|p| [p.name.to_owned(), p.ms.to_string()]).collect(), "Nothing was played.")
}

fn summary(played: &[Played], began: Instant) -> String {
    format!("{} steps came true in {}.", played.len(), seconds(began))
}

/// What a visitor may try.
fn visits(town: &Town) -> String {
    let program = std::env::current_exe().map_or_else(|_| "haat".to_owned(), |path| text::quoted(&path.display().to_string()).into_owned());
    let home = |who: Who| town.neighbour(who).map(|n| text::quoted(&n.home.display().to_string()).into_owned());
    let lines = [
        home(Who::Mei).map(|home| format!("{program} --home {home} feed --limit 5")),
        home(Who::Wang).map(|home| format!("{program} --home {home} trust {}", text::quoted(Who::Chen.name()))),
        home(Who::Chen).map(|home| format!("{program} --home {home} order list --role seller")),
        home(Who::Cheap).map(|home| format!("{program} --home {home} circle list")),
        Some(format!("{program} order verify {}", text::quoted(&town.place().join(story::BARGAIN_EVIDENCE).display().to_string()))),
    ];
    let lines: Vec<String> = lines.into_iter().flatten().map(|line| format!("  {line}")).collect();
    format!("Visit them from another terminal:\n{}", lines.join("\n"))
}

fn millis(from: Instant) -> u64 {
    u64::try_from(from.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn seconds(from: Instant) -> String {
    let ms = millis(from);
    format!("{}.{} s", ms / 1000, ms % 1000 / 100)
}

/// Fails once somebody wants the town to end.
fn calm(interrupt: &Interrupt) -> Result<(), Problem> {
    if interrupt.came() {
        return Err(Problem::new(ProblemKind::Internal, INTERRUPTED, "the day was cut short", "somebody asked the town to end")
            .hint("haat demo, to see the whole day"));
    }
    Ok(())
}
