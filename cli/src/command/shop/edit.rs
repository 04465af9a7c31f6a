//! `haat shop edit`: the terms of a shop said anew. Orders go on by the terms that were signed in them.

use clap::Args;
use haat_protocol::local::{Command, ImportChange, ShopEdit};
use serde::Deserialize;

use crate::context::Context;
use crate::diff;
use crate::error::Failure;
use crate::say::say;

/// Say the terms of a shop anew: what is not given stays as it is, and its name and currency stay for good
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  haat shop edit Hill --returns '14 days, unopened'
  haat shop edit Hill --pickup 'North gate' --ship CN=9.00

Listings that name terms of their own keep them, and so does every order. `haat shop undo` takes back what listings say, not terms.")]
pub(crate) struct Edit {
    /// Name or id of the shop
    shop: String,
    /// What happens when a buyer sends something back
    #[arg(long, value_name = "TEXT")]
    returns: Option<String>,
    /// A place where buyers may collect; all ways to get things are said anew
    #[arg(long, value_name = "PLACE")]
    pickup: Vec<String>,
    /// Where you send to, and for how much; all ways to get things are said anew
    #[arg(long, value_name = "ZONE=PRICE")]
    ship: Vec<String>,
    /// The goods are files
    #[arg(long)]
    digital: bool,
    /// How and when buyers pay; all ways to pay are said anew
    #[arg(long, value_name = "METHOD:TIMING[:INSTRUCTIONS]")]
    pay: Vec<String>,
}

/// What changed.
#[derive(Debug, Deserialize)]
struct Said {
    changes: Vec<ImportChange>,
}

impl Edit {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        let Self { shop, returns, pickup, ship, digital, pay } = self;
        let edit = ShopEdit { shop, returns, pickup, ship, digital, pay };
        cx.answer(cx.call(&Command::ShopEdit(edit))?, |said: Said| {
            let is_same = said.changes.is_empty();
            diff::under(if is_same { say!("shop-says-so") } else { say!("changed") }, said.changes)
        })
    }
}
