//! `haat up`: runs the node in the foreground. The only command that starts one.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use haat_node::daemon::{self, Ready, UpOptions};
use haat_protocol::local::routes::STOP;
use haat_protocol::local::{Problem, ProblemKind};

use crate::client::Client;
use crate::config::{self, Config, Value};
use crate::context::Context;
use crate::error::Failure;
use crate::say::{say, word};
use crate::span::parse_span;
use crate::{home, input, output, table, text};

/// Run your node; the first run creates the home and your identity
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  haat up --name Chen
  haat up --listen /ip4/0.0.0.0/tcp/0 --seed-peer /ip4/203.0.113.9/tcp/4001/p2p/12D3…

It runs until Ctrl-C or `haat down`. Keys are sealed with HAAT_PASSPHRASE or --passphrase-file, if either is given.
What is always so stands in the file that `haat config path` names; an option comes before it.")]
pub(crate) struct Up {
    /// The name you go by
    #[arg(long)]
    name: Option<String>,
    /// Where to listen; may be given several times
    #[arg(long, value_name = "MULTIADDR")]
    listen: Vec<String>,
    /// Where the local API listens; port 0 picks a free one
    #[arg(long, value_name = "ADDR:PORT", value_parser = parse_address)]
    api: Option<String>,
    /// A peer to begin with; remembered
    #[arg(long, value_name = "MULTIADDR")]
    seed_peer: Vec<String>,
    /// Do not look for peers on the home network
    #[arg(long)]
    no_mdns: bool,
    /// Do not gossip; for tests
    #[arg(long, hide = true)]
    no_gossip: bool,
    /// Run with a clock that is ahead of the machine's; for tests
    #[arg(long, hide = true, value_name = "SPAN", value_parser = parse_span)]
    clock_ahead: Option<u64>,
    /// Stop when standard input ends; ties the node to whoever started it
    #[arg(long, hide = true, conflicts_with = "passphrase_file")]
    until_eof: bool,
    /// File whose first line opens the keys; - for standard input
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

pub(super) fn parse_address(text: &str) -> Result<String, String> {
    text.parse::<SocketAddr>().map(|_| text.to_owned()).map_err(|_| "an address and a port are expected, as in 127.0.0.1:0".to_owned())
}

impl Up {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        let home = cx.home()?;
        let config = Config::load(&home)?;
        let text = |key: &str| config.said(key).map(Value::told);
        let texts = |key: &str| match config.said(key) {
            Some(Value::Texts(texts)) => texts.clone(),
            _ => Vec::new(),
        };
        let options = UpOptions {
            name: self.name.or_else(|| text("name")),
            listen: if self.listen.is_empty() { texts("listen") } else { self.listen },
            api: self.api.or_else(|| text("api")),
            seed_peers: if self.seed_peer.is_empty() { texts("seed_peer") } else { self.seed_peer },
            mdns: !self.no_mdns && config.said("mdns") != Some(&Value::Flag(false)),
            gossip: !self.no_gossip,
            passphrase: input::passphrase(self.passphrase_file.as_deref())?,
            clock_ahead_ms: self.clock_ahead.unwrap_or(0),
            home: home.clone(),
        };
        if self.until_eof {
            let home = options.home.clone();
            std::thread::spawn(move || stop_at_end_of_input(&home));
        }
        let json = cx.json;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|e| Problem::new(ProblemKind::Internal, "runtime", "cannot start the node's threads", e.to_string()))?;
        // A node whose ready line nobody reads runs on: whoever started it may look at the lock instead.
        let announce = Box::new(move |ready: Ready| {
            if let Err(problem) = config::begin(&home) {
                tracing::warn!("{}: {}", problem.title, problem.detail);
            }
            drop(announced(&ready, json));
        });
        Ok(runtime.block_on(daemon::run(options, announce))?)
    }
}

/// Waits until nobody holds the other end of standard input, then stops the node as `haat down` would.
fn stop_at_end_of_input(home: &Path) {
    let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
    if Client::find(home, None).and_then(|client| client.tell(STOP)).is_err() {
        // It never came up, or is on its way down already and gets the time for that.
        let _ = home::wait_until_free(home);
        std::process::exit(0);
    }
}

fn announced(ready: &Ready, json: bool) -> Result<(), Failure> {
    if json {
        let line = serde_json::to_string(ready)
            .map_err(|e| Problem::new(ProblemKind::Internal, "json", "cannot write the answer", e.to_string()))?;
        return output::line(&line);
    }
    let mut rows = vec![
        [word("identity"), text::short(&ready.identity).to_owned()],
        [word("peer"), ready.peer.clone()],
        [word("api"), ready.api.clone()],
    ];
    rows.extend(ready.ui.iter().map(|ui| [word("pages"), ui.clone()]));
    rows.extend(ready.listen.iter().map(|address| [word("listen"), address.clone()]));
    output::line(&format!("{}\n{}", output::bold(&say!("node-up")), table::pairs(rows)))?;
    output::aside(&format!("{}\n{} {}", say!("node-stop"), say!("next"), say!("next-first-circle")));
    Ok(())
}
