//! `haat peer`: the machines this node talks to.

use clap::Subcommand;
use haat_protocol::local::{Command, PeerRow, Question};
use serde_json::Value;

use crate::context::Context;
use crate::error::Failure;
use crate::say::{say, word};
use crate::table;
use crate::window::Part;

/// The machines your node talks to
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  haat peer list\n  haat peer add /ip4/203.0.113.9/tcp/4001/p2p/12D3…")]
pub(crate) enum Peer {
    /// Known peers and whether they are connected
    #[command(visible_alias = "ls")]
    List(Part),
    /// Remember a peer's address and connect to it
    Add {
        /// The address; it ends in /p2p/…
        #[arg(value_name = "MULTIADDR")]
        address: String,
    },
}

impl Peer {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        match self {
            Self::List(part) => cx.page(cx.ask(&Question::Peers(part.into()))?, listed),
            Self::Add { address } => cx.answer(cx.call(&Command::PeerAdd { address })?, |_: Value| say!("peer-remembered")),
        }
    }
}

fn listed(peers: Vec<PeerRow>) -> String {
    let rows = peers.into_iter().map(|p| {
        let state = word(if p.connected { "connected" } else { "away" });
        let address = p.addresses.into_iter().next().unwrap_or_default();
        [p.name.unwrap_or_else(|| format!("({})", p.device.short())), state, p.peer, address]
    });
    table::table(["name", "state", "peer", "address"], rows.collect(), &say!("no-peers"))
}
