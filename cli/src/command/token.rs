//! `haat token`: keys to this node's API for other programs, each with how far it reaches.

use clap::{Subcommand, ValueEnum};
use haat_protocol::local::{Command, Question, Scope, TokenRow};
use serde_json::Value;

use crate::context::{Context, field};
use crate::error::Failure;
use crate::say::{say, word};
use crate::span::parse_span;
use crate::{table, text};

/// Tokens with which other programs of yours talk to this node
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  haat token create shelf --scope sell
  haat token create screen --scope read --expires 4w
  haat token list
  haat token revoke shelf")]
pub(crate) enum Token {
    /// Make a token; it is shown this once
    Create {
        /// What to call it
        name: String,
        /// How far it reaches
        #[arg(long, value_name = "SCOPE")]
        scope: Reach,
        /// How long it is taken (until it is revoked unless given)
        #[arg(long, value_name = "SPAN", value_parser = parse_span)]
        expires: Option<u64>,
    },
    /// The tokens that were made
    #[command(visible_alias = "ls")]
    List,
    /// Take a token back: it is refused from now on
    Revoke {
        /// Its name
        name: String,
    },
}

/// How far a token reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Reach {
    /// Asks and listens; changes nothing
    Read,
    /// Keeps shops as well: listings, the seller's side of orders
    Sell,
    /// Everything
    Admin,
}

impl Reach {
    const fn scope(self) -> Scope {
        match self {
            Self::Read => Scope::Read,
            Self::Sell => Scope::Sell,
            Self::Admin => Scope::Admin,
        }
    }
}

impl Token {
    pub(crate) fn run(self, cx: &Context) -> Result<(), Failure> {
        match self {
            Self::Create { name, scope, expires } => {
                let command = Command::TokenCreate { name, scope: scope.scope().text().to_owned(), expires_ms: expires };
                cx.answer(cx.call(&command)?, |made: Value| field(&made, "token").to_owned())?;
                cx.next(&say!("token-once"));
                Ok(())
            }
            Self::List => cx.page(cx.ask(&Question::Tokens)?, listed),
            Self::Revoke { name } => cx.answer(cx.call(&Command::TokenRevoke { name })?, |_: Value| say!("token-revoked")),
        }
    }
}

fn listed(tokens: Vec<TokenRow>) -> String {
    let rows = tokens.into_iter().map(|token| {
        let until = token.expires.map(text::instant).unwrap_or_default();
        [token.name, word(token.scope.text()), word(&token.state), text::instant(token.created), until]
    });
    table::table(["name", "scope", "state", "created", "until"], rows.collect(), &say!("no-tokens"))
}
