//! `haat circle`: circles of friends and the invites into them.

use clap::Subcommand;
use haat_protocol::local::{CircleRow, CircleView, Command, InviteRow, Question};
use haat_protocol::time::DAY_MS;
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use serde_json::Value;

use crate::context::{Context, field};
use crate::error::Failure;
use crate::span::parse_span;
use crate::{output, table, text};

/// Circles of friends: what is said and offered stays among their members
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  haat circle create 'Lane 12'
  haat circle invite 'Lane 12' --uses 3 --expires 2d
  haat circle join CODE
  haat circle show 'Lane 12'")]
pub(crate) enum Circle {
    /// Begin a circle
    Create {
        /// Its name
        name: String,
    },
    /// Your circles
    #[command(visible_alias = "ls")]
    List,
    /// One circle: members, shops, rules
    Show {
        /// Name or id of the circle
        #[arg(value_name = "CIRCLE")]
        circle: String,
    },
    /// Make a code that lets somebody in
    Invite {
        /// Name or id of the circle
        circle: String,
        /// How many people it lets in (1 unless given)
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
        uses: Option<u64>,
        /// How long it lives (7d unless given)
        #[arg(long, value_name = "SPAN", value_parser = parse_span)]
        expires: Option<u64>,
    },
    /// Join with a code somebody gave you
    Join {
        /// The code
        code: String,
    },
    /// The invites of a circle
    Invites {
        /// Name or id of the circle
        circle: String,
    },
    /// Take an invite back: it lets nobody in any more
    RevokeInvite {
        /// The code
        code: String,
    },
    /// Leave a circle; what you have stays here
    Leave {
        /// Name or id of the circle
        circle: String,
    },
    /// Make somebody an owner, a steward or a member
    Role {
        /// Name or id of the circle
        circle: String,
        /// Whom
        person: String,
        /// `owner`, `steward` or `member`
        #[arg(value_parser = ["owner", "steward", "member"])]
        role: String,
    },
    /// Remove a member; the circle's keys change
    Remove {
        /// Name or id of the circle
        circle: String,
        /// Whom
        person: String,
    },
}

impl Circle {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        match self {
            Self::Create { name } => {
                cx.answer(cx.call(&Command::CircleCreate { name: name.clone() })?, |v: Value| {
                    format!("Began the circle {} ({}).", field(&v, "name"), text::short(field(&v, "circle")))
                })?;
                cx.next(&format!("haat circle invite {}", text::quoted(&name)));
            }
            Self::List => cx.page(cx.ask(&Question::Circles)?, listed)?,
            Self::Show { circle } => cx.answer(cx.ask(&Question::Circle { circle })?, shown)?,
            Self::Invite { circle, uses, expires } => {
                cx.answer(cx.call(&Command::CircleInvite { circle, uses, expires_ms: expires })?, |v: Value| {
                    invited(field(&v, "code"), output::is_terminal())
                })?;
                cx.next("send the code to your friend: haat circle join CODE");
            }
            Self::Join { code } => {
                let value = cx.call(&Command::CircleJoin { code })?;
                let is_in = field(&value, "state") == "joined";
                cx.answer(value, |v: Value| joined(&v))?;
                cx.next(if is_in { "haat feed" } else { "haat circle list, until it says joined" });
            }
            Self::Invites { circle } => cx.page(cx.ask(&Question::Invites { circle })?, invites)?,
            Self::RevokeInvite { code } => {
                cx.answer(cx.call(&Command::CircleRevokeInvite { code })?, |_: Value| {
                    "Taken back; it lets nobody in any more.".to_owned()
                })?;
            }
            Self::Leave { circle } => {
                cx.answer(cx.call(&Command::CircleLeave { circle })?, |v: Value| {
                    format!("You left {}. What you have of it stays here.", field(&v, "name"))
                })?;
            }
            Self::Role { circle, person, role } => {
                cx.answer(cx.call(&Command::CircleRole { circle: circle.clone(), person: person.clone(), role })?, |v: Value| {
                    format!("{person} is {} now.", field(&v, "role"))
                })?;
                cx.next(&format!("haat circle show {}", text::quoted(&circle)));
            }
            Self::Remove { circle, person } => {
                cx.answer(cx.call(&Command::CircleRemove { circle, person })?, |_: Value| "Removed; the circle's keys change.".to_owned())?;
            }
        }
        Ok(())
    }
}

fn joined(v: &Value) -> String {
    match field(v, "state") {
        "joined" => format!("You are in {}.", field(v, "name")),
        state => format!("Asked to join {}: {state}.", field(v, "name")),
    }
}

fn invites(rows: Vec<InviteRow>) -> String {
    let rows =
        rows.into_iter().map(|i| [i.invite.short(), i.by.name, format!("{} of {}", i.used, i.uses), text::instant(i.expires), i.state]);
    table::table(["invite", "by", "used", "until", "state"], rows.collect(), "Nobody was invited yet.")
}

fn listed(circles: Vec<CircleRow>) -> String {
    let rows = circles.into_iter().map(|c| [c.name, c.circle.short(), c.role.unwrap_or_default(), c.members.to_string(), c.state]);
    table::table(["name", "circle", "role", "members", "state"], rows.collect(), "You are in no circle yet.")
}

fn shown(c: CircleView) -> String {
    let norms = &c.norms;
    let mut rows = vec![
        ["circle".to_owned(), c.circle.short()],
        ["state".to_owned(), c.state],
        ["epoch".to_owned(), c.epoch.to_string()],
        [
            "a day".to_owned(),
            format!(
                "{} posts, {} recommendations, {} vouches, {} reviews each",
                norms.posts_per_day, norms.recommendations_per_day, norms.vouches_per_day, norms.reviews_per_day
            ),
        ],
        ["newcomers".to_owned(), format!("read the last {} days", norms.history_window_ms / DAY_MS)],
    ];
    rows.extend(c.shops.iter().map(|s| ["shop".to_owned(), s.short()]));
    let members = c.members.into_iter().map(|m| [m.name, m.role, m.identity.short()]).collect();
    format!(
        "{}\n{}\n\n{}",
        output::bold(&c.name),
        table::pairs(rows),
        table::table(["member", "role", "identity"], members, "Nobody is in it.")
    )
}

/// The code, and for a terminal the same as a drawing that a telephone reads.
fn invited(code: &str, is_drawn: bool) -> String {
    let drawing = is_drawn.then(|| QrCode::with_error_correction_level(code, qrcode::EcLevel::L).ok()).flatten();
    drawing.map_or_else(
        || code.to_owned(),
        |qr| format!("{}\n{code}", qr.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_the_last_line_and_drawn_only_on_a_terminal() {
        assert_eq!(invited("haat1abc", false), "haat1abc");
        let drawn = invited("haat1abc", true);
        assert!(drawn.lines().count() > 10 && drawn.lines().last() == Some("haat1abc"), "{drawn}");
        assert_eq!(invited(&"x".repeat(4000), true).lines().count(), 1, "too long to draw");
    }
}
