//! Tokens of other programs, each with how far it reaches. Only their hashes are kept: a token is told once and never again.
//!
//! Settings of this node alone, beside the trust log. The token of the home, which reaches everything, is a file and not among them.

use haat_protocol::local::{Scope, TokenRow};
use haat_protocol::time::Millis;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::store::{Table, Tx};

/// The hash by which a token is known.
pub type TokenHash = [u8; 32];

/// A token as it is kept, under its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// The hash of its text.
    #[serde(with = "serde_bytes")]
    pub hash: TokenHash,
    /// How far it reaches.
    pub scope: Scope,
    /// When it was made.
    pub created: Millis,
    /// Until when it is taken.
    pub expires: Option<Millis>,
}

/// What a token that holds is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    /// How far it reaches.
    pub scope: Scope,
    /// For how long still, in milliseconds; none = until it is revoked.
    pub lives_ms: Option<u64>,
}

impl Token {
    /// Whether its time is over.
    #[must_use]
    pub fn is_over(&self, now: Millis) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

/// The hash of what a program shows.
#[must_use]
pub fn hash(shown: &str) -> TokenHash {
    *blake3::hash(shown.as_bytes()).as_bytes()
}

/// All tokens, by name.
#[must_use]
pub fn all(tx: &Tx<'_>) -> Vec<(String, Token)> {
    let named = |(key, row): (Vec<u8>, Vec<u8>)| Some((String::from_utf8(key).ok()?, tx.decoded(Table::Token, &row)?));
    tx.prefix(Table::Token, &[]).into_iter().filter_map(named).collect()
}

/// What the token with this hash is good for; none when there is none, or its time is over. All are looked
/// at whichever it is, each in a time that does not tell how much was right.
#[must_use]
pub fn pass(tx: &Tx<'_>, shown: &TokenHash, now: Millis) -> Option<Pass> {
    let mut found = None;
    for (_, token) in all(tx) {
        if bool::from(token.hash.ct_eq(shown)) {
            found = Some(token);
        }
    }
    let token = found.filter(|token| !token.is_over(now))?;
    Some(Pass { scope: token.scope, lives_ms: token.expires.map(|expires| expires.since(now)) })
}

/// The tokens as their owner sees them, by name.
#[must_use]
pub fn rows(tx: &Tx<'_>, now: Millis) -> Vec<TokenRow> {
    let row = |(name, token): (String, Token)| TokenRow {
        state: if token.is_over(now) { "expired" } else { "open" }.to_owned(),
        name,
        scope: token.scope,
        created: token.created,
        expires: token.expires,
    };
    all(tx).into_iter().map(row).collect()
}
