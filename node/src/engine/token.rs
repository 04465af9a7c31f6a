//! Making tokens for other programs, and taking them back. A token leaves this place once, in the answer to who made it.

use data_encoding::BASE64URL_NOPAD;
use haat_protocol::body;
use haat_protocol::limits::{API_TOKENS_MAX, SPAN_MAX_MS};
use haat_protocol::local::done::{TokenMade, TokenRevoked};
use haat_protocol::local::{Problem, Scope};
use serde_json::{Value, json};

use super::work::Work;
use crate::store::Table;
use crate::token::{self, Token};

impl Work<'_, '_> {
    /// Makes a token of a scope. Those whose time is over make room.
    pub(super) fn token_create(&mut self, name: &str, scope: &str, expires_ms: Option<u64>) -> Result<Value, Problem> {
        let name = name.trim();
        body::name(name).map_err(|fault| Problem::usage("bad-name", "the token cannot be named so", fault.to_string()))?;
        let scope = Scope::of(scope).ok_or_else(|| {
            Problem::usage("bad-scope", "no token reaches like that", format!("{scope:?} is no scope"))
                .hint(format!("one of: {}", Scope::ALL.map(Scope::text).join(", ")))
        })?;
        if expires_ms.is_some_and(|span| !(1..=SPAN_MAX_MS).contains(&span)) {
            return Err(Problem::usage(
                "bad-value",
                "the token cannot live so long",
                "it is a span of at most ten years, and not of nothing",
            ));
        }
        let (over, open): (Vec<_>, Vec<_>) = token::all(&self.tx).into_iter().partition(|(_, token)| token.is_over(self.now));
        if open.iter().any(|(taken, _)| taken == name) {
            return Err(Problem::refused("name-taken", "no token is made", format!("there is a token called {name:?}"))
                .hint(format!("choose another name, or first: haat token revoke {name}")));
        }
        if open.len() >= API_TOKENS_MAX {
            return Err(Problem::refused("too-many-tokens", "no token is made", format!("there are {API_TOKENS_MAX} already"))
                .hint("haat token list shows them; revoke one that nobody needs any more"));
        }
        for (old, _) in over {
            self.tx.remove(Table::Token, old.as_bytes());
        }
        let text = BASE64URL_NOPAD.encode(&self.entropy.fresh());
        let expires = expires_ms.map(|span| self.now.plus(span));
        let row = Token { hash: token::hash(&text), scope, created: self.now, expires };
        self.tx.save(Table::Token, name.as_bytes(), &row);
        self.happened("token", name);
        Ok(json!(TokenMade { token: text, name: name.to_owned(), scope, expires }))
    }

    /// Takes a token back.
    pub(super) fn token_revoke(&mut self, name: &str) -> Result<Value, Problem> {
        let name = name.trim();
        if !self.tx.has(Table::Token, name.as_bytes()) {
            return Err(Problem::not_found("token", name).hint("haat token list shows them"));
        }
        self.tx.remove(Table::Token, name.as_bytes());
        self.happened("token", name);
        Ok(json!(TokenRevoked { name: name.to_owned(), revoked: true }))
    }
}
