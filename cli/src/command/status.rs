//! `haat status`: how the node is.

use clap::Args;
use haat_protocol::local::{Question, SeedStatus, Status as Row};

use crate::context::Context;
use crate::error::Failure;
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
                ["name".to_owned(), format!("{} ({})", s.name, s.identity.short())],
                ["up for".to_owned(), text::span(s.uptime_ms)],
                ["peers".to_owned(), format!("{} connected", s.peers_connected)],
                ["reachable".to_owned(), s.reachability],
                ["waiting".to_owned(), format!("{} to be sent", s.outbox)],
                ["trust log".to_owned(), format!("{} items", s.log_entries)],
                ["store".to_owned(), text::bytes(s.store_bytes)],
            ];
            rows.extend(s.listen.into_iter().map(|a| ["listen".to_owned(), a]));
            rows.extend(s.seeds.into_iter().map(|a| ["seed".to_owned(), a]));
            rows.extend(s.circles.into_iter().map(|c| {
                let synced = c.last_sync.map_or_else(|| "not compared yet".to_owned(), |at| format!("last compared {}", text::instant(at)));
                let behind = c.behind.map(|entries| format!(", catching up: {entries} entries to go")).unwrap_or_default();
                ["circle".to_owned(), format!("{} ({}), {synced}{behind}", c.name, c.circle.short())]
            }));
            table::pairs(rows)
        })
    }
}

fn seed_rows(uptime_ms: u64, peers: usize, seed: SeedStatus, listen: Vec<String>) -> String {
    let mut rows = vec![
        ["seed".to_owned(), format!("up for {}", text::span(uptime_ms))],
        ["peers".to_owned(), format!("{peers} connected")],
        ["board".to_owned(), format!("{} nodes at {} places", seed.registrations, seed.places)],
        ["circuits".to_owned(), format!("{} stand, {} nodes may be reached", seed.circuits, seed.reservations)],
    ];
    rows.extend(listen.into_iter().map(|address| ["listen".to_owned(), address]));
    rows.extend(seed.hand_out.into_iter().map(|address| ["hand out".to_owned(), address]));
    table::pairs(rows)
}
