//! `haat seed`: runs a community's seed in the foreground.

use std::path::PathBuf;

use clap::Args;
use haat_node::daemon::seed::{self, SeedOptions, SeedReady};
use haat_protocol::local::{Problem, ProblemKind};

use crate::context::Context;
use crate::error::Failure;
use crate::say::{say, word};
use crate::{input, output, table};

/// Run a seed: where friends find each other who cannot reach each other
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  haat --home seed seed
  haat --home seed seed --listen /ip4/0.0.0.0/tcp/4001 --external-addr /ip4/203.0.113.9/tcp/4001

A seed belongs to no circle and keeps nothing. It needs a home of its own and an address that others can reach; it sees who asks, from
where and when, and never what is said.")]
pub(crate) struct Seed {
    /// Where to listen; may be given several times
    #[arg(long, value_name = "MULTIADDR")]
    listen: Vec<String>,
    /// Under which address others reach it; may be given several times
    #[arg(long, value_name = "MULTIADDR")]
    external_addr: Vec<String>,
    /// Where the local API listens; port 0 picks a free one
    #[arg(long, value_name = "ADDR:PORT", value_parser = super::up::parse_address)]
    api: Option<String>,
    /// File whose first line opens the keys; - for standard input
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Write down every byte that the seed can read; for tests
    #[arg(long, hide = true, value_name = "FILE")]
    tape: Option<PathBuf>,
}

impl Seed {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        let options = SeedOptions {
            home: cx.home()?,
            listen: self.listen,
            external: self.external_addr,
            api: self.api,
            passphrase: input::passphrase(self.passphrase_file.as_deref())?,
            tape: self.tape,
        };
        let json = cx.json;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|e| Problem::new(ProblemKind::Internal, "runtime", "cannot start the seed's threads", e.to_string()))?;
        // A seed whose ready line nobody reads runs on: whoever started it may look at the lock instead.
        let announce = Box::new(move |ready: SeedReady| drop(announced(&ready, json)));
        Ok(runtime.block_on(seed::run(options, announce))?)
    }
}

fn announced(up: &SeedReady, json: bool) -> Result<(), Failure> {
    if json {
        let line = serde_json::to_string(&up.ready)
            .map_err(|e| Problem::new(ProblemKind::Internal, "json", "cannot write the answer", e.to_string()))?;
        return output::line(&line);
    }
    let mut rows = vec![[word("peer"), up.ready.peer.clone()], [word("api"), up.ready.api.clone()]];
    rows.extend(up.ready.listen.iter().map(|address| [word("listen"), address.clone()]));
    output::line(&format!("{}\n{}", output::bold(&say!("seed-up")), table::pairs(rows)))?;
    if let Some(address) = up.hand_out.first() {
        output::line(&format!("\n  haat up --seed-peer {address}\n"))?;
    }
    if let Some(warning) = &up.warning {
        output::aside(warning);
    }
    output::aside(&say!("seed-stop"));
    Ok(())
}
