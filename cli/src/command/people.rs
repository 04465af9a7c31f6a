//! `haat people`: whom I share a circle with.

use clap::Args;
use haat_protocol::local::{PersonRow, Question};

use crate::command::feed::circle_names;
use crate::context::Context;
use crate::error::Failure;
use crate::say::say;
use crate::table;
use crate::window::Part;

/// People you share a circle with
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  haat people\n  haat people --circle 'Lane 12'")]
pub(crate) struct People {
    /// Only this circle
    #[arg(long, value_name = "CIRCLE")]
    circle: Option<String>,
    #[command(flatten)]
    part: Part,
}

impl People {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        let value = cx.ask(&Question::People { circle: self.circle, window: self.part.into() })?;
        let names = circle_names(cx)?;
        cx.page(value, |people: Vec<PersonRow>| {
            let rows = people.into_iter().map(|p| {
                let circles: Vec<String> = p.circles.iter().map(|c| names.get(c).cloned().unwrap_or_else(|| c.short())).collect();
                let shown = match (p.blocked, p.muted) {
                    (true, _) => "blocked",
                    (false, true) => "muted",
                    (false, false) => "",
                };
                [
                    p.petname.unwrap_or_default(),
                    p.name,
                    p.identity.short(),
                    circles.join(", "),
                    shown.to_owned(),
                    p.warning.unwrap_or_default(),
                ]
            });
            table::table(["petname", "name", "identity", "circles", "shown", ""], rows.collect(), &say!("nobody-known"))
        })
    }
}
