//! `haat circle`: circles of friends and the invites into them.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use haat_protocol::local::{CircleRow, CircleView, Command, InviteRow, NormsRow, Problem, Question, RequestRow};
use haat_protocol::norms::{Disclosure, Role};
use haat_protocol::time::DAY_MS;
use qrcode::EcLevel;
use serde_json::Value;

use crate::context::{Context, field};
use crate::error::Failure;
use crate::say::{say, word};
use crate::span::parse_span;
use crate::window::Part;
use crate::{input, output, qr, table, text};

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
        /// Its norms: a JSON file, `-` for standard input
        #[arg(long, value_name = "FILE")]
        norms: Option<PathBuf>,
    },
    /// Your circles
    #[command(visible_alias = "ls")]
    #[command(after_help = "Example:\n  haat circle list")]
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
    /// The norms of a circle, or new ones from a file
    #[command(after_help = "Example:\n  haat circle norms 'Lane 12' norms.json")]
    Norms {
        /// Name or id of the circle
        circle: String,
        /// A JSON file with the norms to change, `-` for standard input
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Who asks to be let in and waits for approval
    #[command(after_help = "Example:\n  haat circle requests 'Lane 12'")]
    Requests {
        /// Name or id of the circle
        circle: String,
        #[command(flatten)]
        part: Part,
    },
    /// Let in somebody who asked
    #[command(after_help = "Example:\n  haat circle approve 'Lane 12' wang")]
    Approve {
        /// Name or id of the circle
        circle: String,
        /// Whom
        person: String,
    },
    /// Decline somebody who asked
    #[command(after_help = "Example:\n  haat circle decline 'Lane 12' mei --reason 'Come to tea first'")]
    Decline {
        /// Name or id of the circle
        circle: String,
        /// Whom
        person: String,
        /// Why, in words
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// The invites of a circle
    #[command(after_help = "Example:\n  haat circle invites 'Lane 12'")]
    Invites {
        /// Name or id of the circle
        circle: String,
        #[command(flatten)]
        part: Part,
    },
    /// Take an invite back: it lets nobody in any more
    #[command(after_help = "Example:\n  haat circle revoke-invite CODE")]
    RevokeInvite {
        /// The code
        code: String,
    },
    /// Leave a circle; what you have stays here
    #[command(after_help = "Example:\n  haat circle leave 'Lane 12'")]
    Leave {
        /// Name or id of the circle
        circle: String,
    },
    /// Make somebody an owner, a steward or a member
    #[command(after_help = "Example:\n  haat circle role 'Lane 12' lin steward")]
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
    #[command(after_help = "Example:\n  haat circle remove 'Lane 12' wang")]
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
            Self::Create { name, norms } => {
                let norms = norms.as_deref().map(document).transpose()?;
                cx.answer(cx.call(&Command::CircleCreate { name: name.clone(), norms })?, |v: Value| {
                    say!("circle-begun", name = field(&v, "name"), id = text::short(field(&v, "circle")))
                })?;
                cx.next(&format!("haat circle invite {}", text::quoted(&name)));
            }
            Self::List => cx.page(cx.ask(&Question::Circles)?, listed)?,
            Self::Show { circle } => cx.answer(cx.ask(&Question::Circle { circle })?, shown)?,
            Self::Invite { circle, uses, expires } => {
                cx.answer(cx.call(&Command::CircleInvite { circle, uses, expires_ms: expires })?, |v: Value| {
                    invited(field(&v, "code"), output::is_terminal())
                })?;
                cx.next(&say!("next-send-code"));
            }
            Self::Join { code } => {
                let value = cx.call(&Command::CircleJoin { code })?;
                let is_in = field(&value, "state") == "joined";
                cx.answer(value, |v: Value| joined(&v))?;
                cx.next(&if is_in { "haat feed".to_owned() } else { say!("next-until-joined") });
            }
            Self::Norms { circle, file: None } => cx.answer(cx.ask(&Question::Norms { circle })?, |row: NormsRow| norms(&row))?,
            Self::Norms { circle, file: Some(file) } => {
                let norms_text = document(&file)?;
                cx.answer(cx.call(&Command::CircleNorms { circle, norms: norms_text })?, |row: NormsRow| norms(&row))?;
            }
            Self::Requests { circle, part } => {
                cx.page(cx.ask(&Question::Requests { circle: circle.clone(), window: part.into() })?, requests)?;
                cx.next(&say!("next-approve", circle = text::quoted(&circle).into_owned()));
            }
            Self::Approve { circle, person } => {
                cx.answer(cx.call(&Command::CircleApprove { circle, person: person.clone() })?, |_: Value| {
                    say!("person-let-in", person = person)
                })?;
            }
            Self::Decline { circle, person, reason } => {
                let command = Command::CircleDecline { circle, person: person.clone(), reason };
                cx.answer(cx.call(&command)?, |_: Value| say!("person-declined", person = person))?;
            }
            Self::Invites { circle, part } => cx.page(cx.ask(&Question::Invites { circle, window: part.into() })?, invites)?,
            Self::RevokeInvite { code } => {
                cx.answer(cx.call(&Command::CircleRevokeInvite { code })?, |_: Value| say!("invite-revoked"))?;
            }
            Self::Leave { circle } => {
                cx.answer(cx.call(&Command::CircleLeave { circle })?, |v: Value| say!("circle-left", name = field(&v, "name")))?;
            }
            Self::Role { circle, person, role } => {
                cx.answer(cx.call(&Command::CircleRole { circle: circle.clone(), person: person.clone(), role })?, |v: Value| {
                    say!("role-given", person = person, role = word(field(&v, "role")))
                })?;
                cx.next(&format!("haat circle show {}", text::quoted(&circle)));
            }
            Self::Remove { circle, person } => {
                cx.answer(cx.call(&Command::CircleRemove { circle, person })?, |_: Value| say!("member-removed"))?;
            }
        }
        Ok(())
    }
}

fn joined(v: &Value) -> String {
    match field(v, "state") {
        "joined" => say!("circle-joined", name = field(v, "name")),
        state => say!("circle-asked", name = field(v, "name"), state = word(state)),
    }
}

/// A norms document; what it may say is for the node to judge.
fn document(path: &Path) -> Result<String, Problem> {
    /// Bytes of a norms file: what the node takes in one request.
    const NORMS_FILE_MAX_BYTES: usize = 32 * 1024;
    let fault = || Problem::usage("input-file", "the norms file is not text", "it has bytes that are not UTF-8");
    String::from_utf8(input::read(path, NORMS_FILE_MAX_BYTES)?).map_err(|_| fault())
}

fn norms(row: &NormsRow) -> String {
    let prices = row.prices.iter().map(|band| format!("{} {}..{}", band.currency.code(), band.min, band.max));
    let listed = |words: Vec<String>| if words.is_empty() { "-".to_owned() } else { words.join(", ") };
    table::pairs(vec![
        ["version".to_owned(), row.version.to_string()],
        ["posts_per_day".to_owned(), row.posts_per_day.to_string()],
        ["recommendations_per_day".to_owned(), row.recommendations_per_day.to_string()],
        ["vouches_per_day".to_owned(), row.vouches_per_day.to_string()],
        ["reviews_per_day".to_owned(), row.reviews_per_day.to_string()],
        ["history_window_ms".to_owned(), say!("span-days", ms = row.history_window_ms.to_string(), days = row.history_window_ms / DAY_MS)],
        [word("approval"), word(&row.approval.to_string())],
        ["invite".to_owned(), word(row.invite.text())],
        ["sell".to_owned(), word(row.sell.text())],
        ["denied".to_owned(), listed(row.denied.clone())],
        ["prices".to_owned(), listed(prices.collect())],
        ["interest".to_owned(), word(if row.interest == Disclosure::Any { "any" } else { "none" })],
    ])
}

fn requests(rows: Vec<RequestRow>) -> String {
    let rows = rows.into_iter().map(|r| [r.name, r.identity.short(), text::instant(r.at)]);
    table::table(["name", "identity", "asked"], rows.collect(), &say!("nobody-waits"))
}

fn invites(rows: Vec<InviteRow>) -> String {
    let rows = rows.into_iter().map(|i| {
        [i.invite.short(), i.by.name, say!("invite-used", used = i.used, uses = i.uses), text::instant(i.expires), word(&i.state)]
    });
    table::table(["invite", "by", "used", "until", "state"], rows.collect(), &say!("nobody-invited"))
}

fn listed(circles: Vec<CircleRow>) -> String {
    let state = |state: &str, reason: Option<String>| reason.map_or(word(state), |reason| format!("{}: {reason}", word(state)));
    let rows = circles.into_iter().map(|c| {
        [c.name, c.circle.short(), c.role.as_deref().map(word).unwrap_or_default(), c.members.to_string(), state(&c.state, c.reason)]
    });
    table::table(["name", "circle", "role", "members", "state"], rows.collect(), &say!("no-circle"))
}

fn shown(c: CircleView) -> String {
    let mut rows = vec![[word("circle"), c.circle.short()], [word("state"), word(&c.state)]];
    let name = output::bold(&c.name);
    // Who was not let in knows neither rules nor members.
    let Some(norms) = c.norms else { return format!("{name}\n{}", table::pairs(rows)) };
    rows.extend([
        [word("epoch"), c.epoch.to_string()],
        [
            word("a day"),
            say!(
                "circle-day",
                posts = norms.posts_per_day,
                recommendations = norms.recommendations_per_day,
                vouches = norms.vouches_per_day,
                reviews = norms.reviews_per_day,
            ),
        ],
        [
            word("sellers"),
            if norms.sell == Role::Member { say!("sellers-all") } else { say!("sellers-from", role = word(norms.sell.text())) },
        ],
        [word("newcomers"), say!("newcomers-read", days = norms.history_window_ms / DAY_MS)],
    ]);
    rows.extend(c.shops.iter().map(|s| [word("shop"), s.short()]));
    let members = c.members.into_iter().map(|m| [m.name, word(&m.role), m.identity.short(), m.warning.unwrap_or_default()]).collect();
    format!("{name}\n{}\n\n{}", table::pairs(rows), table::table(["member", "role", "identity", ""], members, &say!("nobody-in")))
}

/// The code, and for a terminal the same as a drawing that a telephone reads.
fn invited(code: &str, is_drawn: bool) -> String {
    let drawing = is_drawn.then(|| qr::drawn(code, EcLevel::L)).flatten();
    drawing.map_or_else(|| code.to_owned(), |drawing| format!("{drawing}\n{code}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_whose_log_is_forked_is_shown_as_such() {
        let id = "ab".repeat(32);
        let norms = serde_json::to_value(NormsRow::from(&haat_protocol::norms::Norms::default())).expect("plain");
        let view = serde_json::json!({
            "circle": id, "name": "Lane", "state": "joined", "epoch": 1, "shops": [], "norms": norms,
            "members": [{"identity": id, "name": "lin", "role": "member", "warning": "two different entries by a device of lin"}]
        });
        let told = shown(serde_json::from_value(view).expect("a circle"));
        assert!(told.contains("two different entries by a device of lin"), "{told}");
        assert!(told.contains("everybody"), "who sells: {told}");
    }

    #[test]
    fn the_code_is_the_last_line_and_drawn_only_on_a_terminal() {
        assert_eq!(invited("haat1abc", false), "haat1abc");
        let drawn = invited("haat1abc", true);
        assert!(drawn.lines().count() > 10 && drawn.lines().last() == Some("haat1abc"), "{drawn}");
        assert_eq!(invited(&"x".repeat(4000), true).lines().count(), 1, "too long to draw");
    }
}
