//! `haat status`: how the node is.

use clap::Args;
use haat_protocol::local::{Question, SeedStatus, Status as Row};

use crate::context::Context;
use crate::error::Failure;
use crate::say::{say, word};
use crate::{table, text};

/// How the node is: peers, circles, what waits to be sent
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  haat status\n  haat status --json")]
pub(crate) struct Status {}

impl Status {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        cx.answer(cx.ask(&Question::Status)?, |s: Row| {
            if let Some(seed) = s.seed {
                return seed_rows(s.uptime_ms, s.peers_connected, seed, s.listen);
            }
            let mut rows = vec![
                [word("name"), format!("{} ({})", s.name, s.identity.short())],
                [word("up for"), text::span(s.uptime_ms)],
                [word("peers"), say!("peers-connected", count = s.peers_connected)],
                [word("reachable"), word(&s.reachability)],
                [word("waiting"), say!("outbox-waiting", count = s.outbox)],
                [word("trust log"), say!("log-items", count = s.log_entries)],
                [word("store"), text::bytes(s.store_bytes)],
            ];
            rows.extend(s.listen.into_iter().map(|a| [word("listen"), a]));
            rows.extend(s.seeds.into_iter().map(|a| [word("seed"), a]));
            rows.extend(s.circles.into_iter().map(|c| {
                let synced = c.last_sync.map_or_else(|| say!("never-compared"), |at| say!("last-compared", at = text::instant(at)));
                let behind = c.behind.map(|entries| format!(", {}", say!("circle-behind", count = entries))).unwrap_or_default();
                [word("circle"), format!("{} ({}), {synced}{behind}", c.name, c.circle.short())]
            }));
            table::pairs(rows)
        })
    }
}

fn seed_rows(uptime_ms: u64, peers: usize, seed: SeedStatus, listen: Vec<String>) -> String {
    let mut rows = vec![
        [word("seed"), say!("up-for", span = text::span(uptime_ms))],
        [word("peers"), say!("peers-connected", count = peers)],
        [word("board"), say!("board-state", nodes = seed.registrations, places = seed.places)],
        [word("circuits"), say!("circuits-state", circuits = seed.circuits, nodes = seed.reservations)],
    ];
    rows.extend(listen.into_iter().map(|address| [word("listen"), address]));
    rows.extend(seed.hand_out.into_iter().map(|address| [word("hand out"), address]));
    table::pairs(rows)
}
