//! `haat shop undo`: the last import or edit of a shop's listings is taken back. Nothing is erased.

use clap::Args;
use haat_protocol::local::{Command, UndoReport};

use crate::context::Context;
use crate::error::Failure;
use crate::say::{say, word};
use crate::{diff, text};

/// Take back the last import or edit of a shop's listings; again, to go one step further back
///
/// Nothing is erased: what you signed stays in your log, and in the logs of all who have it. Taking back says anew what stood before, and
/// takes off the shelf what was new. What was sold stays sold, and a listing that was changed since in another way stays as it is. Only
/// what this device did can be taken back.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  haat shop undo Hill")]
pub(crate) struct Undo {
    /// Name or id of the shop
    shop: String,
}

impl Undo {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        cx.answer(cx.publish(&self.shop, Command::ShopUndo { shop: self.shop.clone() })?, told)
    }
}

fn told(report: UndoReport) -> String {
    let mut told = diff::under(say!("undone", what = word(&report.undone), count = report.listings.len()), report.changes);
    if !report.kept.is_empty() {
        let kept: Vec<&str> = report.kept.iter().map(|listing| text::short(listing)).collect();
        told.push_str(&format!("\n{}", say!("undo-kept", listings = kept.join(", "))));
    }
    told
}
