//! `haat id`: who I am.

use clap::Args;
use haat_protocol::local::{Me, Question};

use crate::context::Context;
use crate::error::Failure;
use crate::say::word;
use crate::table;

/// Who you are to others: identity, device, peer
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  haat id --json")]
pub(crate) struct Id {}

impl Id {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        cx.answer(cx.ask(&Question::Me)?, |me: Me| {
            table::pairs(vec![
                [word("name"), me.name],
                [word("identity"), me.identity.to_string()],
                [word("device"), me.device.to_string()],
                [word("peer"), me.peer],
            ])
        })
    }
}
