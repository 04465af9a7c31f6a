//! `haat doctor`: looks at clock, ports, reachability, disk, permissions, keys and backups, and says what to do.
//!
//! It changes nothing, and never opens the store. What needs a running node says so when there is none.

mod clock;

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use clap::Args;
use haat_node::home::Home;
use haat_node::home::keyfile::{KeyError, Secrets};
use haat_protocol::local::{ClockView, Page, PeerRow, Problem, ProblemKind, Question, Status, Window};
use haat_protocol::time::Millis;
use serde::Serialize;
use serde_json::json;

use crate::client::Client;
use crate::config::Config;
use crate::context::{Context, parsed};
use crate::error::Failure;
use crate::say::{say, word};
use crate::{table, text};

/// Free bytes below which it is time to make room.
const DISK_LOW_BYTES: u64 = 1 << 30;
/// Free bytes below which the store may fail any time.
const DISK_OUT_BYTES: u64 = 64 << 20;

/// Look for what keeps your node from working well, and what to do about it
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  haat doctor\n  haat doctor --json\n\nIt works with the node stopped too. It ends with 0 whatever it finds."
)]
pub(crate) struct Doctor {}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Ok,
    Warn,
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Row {
    check: &'static str,
    state: State,
    finding: String,
    /// What to do; none when nothing needs to be done.
    advice: Option<String>,
}

impl Row {
    fn ok(check: &'static str, finding: impl Into<String>) -> Self {
        Self { check, state: State::Ok, finding: finding.into(), advice: None }
    }

    fn warn(check: &'static str, finding: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, state: State::Warn, finding: finding.into(), advice: Some(advice.into()) }
    }

    fn bad(check: &'static str, finding: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { state: State::Bad, ..Self::warn(check, finding, advice) }
    }

    /// What a problem found.
    fn problem(check: &'static str, problem: Problem) -> Self {
        let advice = problem.hint.unwrap_or_else(|| format!("haat explain {}", problem.code));
        Self::bad(check, format!("{}: {}", problem.title, problem.detail), advice)
    }
}

impl Doctor {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        let home = cx.home()?;
        let mut rows = vec![permissions(&home), keys(&home), configuration(&home), disk(&home)];
        match cx.client() {
            Ok(client) => rows.extend(of_node(&client)?),
            Err(Failure::Problem(problem)) => rows.extend(without_node(&home, *problem)),
            Err(other) => return Err(other),
        }
        rows.push(Row::warn("backup", say!("doctor-no-backup"), say!("doctor-no-backup-do")));
        cx.own(&json!({"items": rows, "next": null}), &told(&rows))
    }
}

fn told(rows: &[Row]) -> String {
    let lines = rows.iter().map(|row| {
        let state = match row.state {
            State::Ok => word("ok"),
            State::Warn => word("warn"),
            State::Bad => word("bad"),
        };
        [state, word(row.check), row.finding.clone(), row.advice.clone().unwrap_or_default()]
    });
    table::table(["", "check", "finding", "what to do"], lines.collect(), "")
}

fn permissions(home: &Path) -> Row {
    match Home::open(home) {
        Ok(_) => Row::ok("permissions", say!("doctor-home-yours", home = home.display().to_string())),
        Err(problem) if problem.kind == ProblemKind::NotFound => {
            Row::warn("permissions", say!("doctor-home-none", home = home.display().to_string()), say!("doctor-home-none-do"))
        }
        Err(problem) => Row::problem("permissions", problem),
    }
}

/// Whether the keys open without a passphrase. One guess, the empty one.
fn keys(home: &Path) -> Row {
    match Secrets::load(&home.join("identity"), "") {
        Ok(_) => Row::warn("keys", say!("doctor-keys-open"), say!("doctor-keys-open-do")),
        Err(KeyError::WrongPassphrase) => Row::ok("keys", say!("doctor-keys-sealed")),
        Err(KeyError::NoFile) => Row::warn("keys", say!("doctor-keys-none"), say!("doctor-keys-none-do")),
        Err(fault) => Row::problem("keys", fault.into()),
    }
}

fn configuration(home: &Path) -> Row {
    match Config::load(home) {
        Ok(_) => Row::ok("config", say!("doctor-settings-known")),
        Err(problem) => Row::problem("config", problem),
    }
}

fn disk(home: &Path) -> Row {
    let Some(place) = home.ancestors().find(|place| place.exists()) else { return Row::ok("disk", say!("doctor-disk-nothing")) };
    match rustix::fs::statvfs(place) {
        Ok(about) => room(about.f_bavail.saturating_mul(about.f_frsize)),
        Err(fault) => Row::warn("disk", say!("doctor-disk-untold", why = fault.to_string()), say!("doctor-disk-untold-do")),
    }
}

fn room(free: u64) -> Row {
    let finding = say!("doctor-disk-free", size = text::bytes(free));
    match free {
        DISK_LOW_BYTES.. => Row::ok("disk", finding),
        DISK_OUT_BYTES.. => Row::warn("disk", finding, say!("doctor-disk-low-do")),
        _ => Row::bad("disk", finding, say!("doctor-disk-out-do")),
    }
}

fn of_node(client: &Client) -> Result<Vec<Row>, Failure> {
    let status: Status = parsed(client.ask(&Question::Status)?)?;
    let peers: Page<PeerRow> = parsed(client.ask(&Question::Peers(Window::default()))?)?;
    let clock = match client.ask(&Question::Clock) {
        Ok(view) => clock::row(&parsed::<ClockView>(view)?),
        // A seed keeps nothing to compare with.
        Err(problem) => Row::ok("clock", say!("doctor-clock-not-compared", why = &problem.detail)),
    };
    Ok(vec![
        Row::ok("node", say!("doctor-node-runs", span = text::span(status.uptime_ms))),
        clock,
        ports(&status),
        reachability(&status, &peers),
    ])
}

fn ports(status: &Status) -> Row {
    match status.listen.len() {
        0 => Row::bad("ports", say!("doctor-ports-none"), say!("doctor-ports-none-do")),
        1 => Row::ok("ports", say!("doctor-ports-one", address = &status.listen[0])),
        more => Row::ok("ports", say!("doctor-ports-more", count = more, address = &status.listen[0])),
    }
}

fn reachability(status: &Status, peers: &Page<PeerRow>) -> Row {
    let known = peers.items.iter().filter(|peer| !peer.addresses.is_empty()).count();
    let seeds = status.seeds.len();
    let finding =
        say!("doctor-reach", peers = status.peers_connected, known = known, seeds = seeds, reachable = word(&status.reachability));
    match (status.peers_connected, known) {
        (0, 0) => Row::warn("reachability", finding, say!("doctor-reach-alone-do")),
        (0, _) => Row::warn("reachability", finding, say!("doctor-reach-away-do")),
        _ => Row::ok("reachability", finding),
    }
}

fn without_node(home: &Path, problem: Problem) -> Vec<Row> {
    let node = match problem.kind {
        ProblemKind::NotRunning => Row::warn("node", say!("doctor-node-none"), say!("doctor-node-none-do")),
        _ => Row::problem("node", problem),
    };
    let unseen = |check| Row::warn(check, say!("doctor-unseen"), say!("doctor-unseen-do"));
    let written = fs::metadata(home.join("haat.redb")).and_then(|about| about.modified()).ok();
    let clock = clock::stopped(millis(SystemTime::now()), written.map(millis));
    vec![node, clock, unseen("ports"), unseen("reachability")]
}

fn millis(at: SystemTime) -> Millis {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_fills_is_told_in_time() {
        let states = [5 << 30, 1 << 30, (1 << 30) - 1, 64 << 20, 1 << 20, 0].map(|free| room(free).state);
        assert_eq!(states, [State::Ok, State::Ok, State::Warn, State::Warn, State::Bad, State::Bad]);
    }

    #[test]
    fn nothing_that_is_not_ok_goes_without_advice() {
        let home = tempfile::tempdir().expect("a directory");
        let place = home.path().join("nowhere");
        let mut rows = vec![permissions(&place), keys(&place), configuration(&place), disk(&place)];
        rows.extend(without_node(&place, crate::home::not_running(&place)));
        for row in &rows {
            assert_eq!(row.advice.is_none(), row.state == State::Ok, "{row:?}");
        }
        assert!(rows.iter().all(|row| row.state != State::Bad), "a home that is not there yet is no fault: {rows:?}");
        fs::create_dir(&place).expect("made");
        fs::write(place.join("config.toml"), "nmae = 1").expect("written");
        assert_eq!(configuration(&place).state, State::Bad);
        assert_eq!(permissions(&place).state, State::Bad, "it is not 0700");
    }
}
