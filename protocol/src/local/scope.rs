//! How far a token of the local API reaches, and the tokens as their owner sees them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Command;
use crate::time::Millis;

/// How far a token reaches. Each scope holds all that the ones before it hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Asks and listens; changes nothing.
    Read,
    /// Keeps shops: listings, catalogues, the seller's side of orders, and words about what is sold.
    Sell,
    /// Everything.
    Admin,
}

impl Scope {
    /// All of them, the narrowest first.
    pub const ALL: [Self; 3] = [Self::Read, Self::Sell, Self::Admin];

    /// In a word.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Sell => "sell",
            Self::Admin => "admin",
        }
    }

    /// The scope of a word; none when there is no such scope.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.text() == word)
    }
}

/// A token that was made for another program. The token itself is nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenRow {
    /// What it is called.
    pub name: String,
    /// How far it reaches.
    pub scope: Scope,
    /// When it was made.
    pub created: Millis,
    /// Until when it is taken; none = until it is revoked.
    pub expires: Option<Millis>,
    /// `open` or `expired`.
    pub state: String,
}

/// The side of an order that a command is for, as far as its words decide what a token must be good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side<'a> {
    /// It is for either side, or for none.
    Any,
    /// Only who buys says that.
    Buyer,
    /// Whoever has this order, on the side that they have in it.
    Of(&'a str),
}

impl Command {
    /// On which side of an order its words put whoever says them.
    #[must_use]
    pub fn side(&self) -> Side<'_> {
        match self {
            Self::OrderOffer(offer) if offer.to.is_none() => Side::Buyer,
            Self::OrderAct { order, .. } => Side::Of(order),
            _ => Side::Any,
        }
    }

    /// The same about one order, named by its whole id.
    #[must_use]
    pub fn about(self, whole: String) -> Self {
        match self {
            Self::OrderAct { verb, words, .. } => Self::OrderAct { order: whole, verb, words },
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::NewOffer;

    #[test]
    fn wider_scopes_hold_narrower_ones() {
        assert!(Scope::Read < Scope::Sell && Scope::Sell < Scope::Admin);
        assert_eq!(Scope::ALL.map(|scope| Scope::of(scope.text())), Scope::ALL.map(Some));
        assert_eq!(Scope::of("root"), None);
    }

    #[test]
    fn words_tell_the_side() {
        let offer = |to: Option<&str>| Command::OrderOffer(NewOffer { to: to.map(str::to_owned), ..NewOffer::default() });
        assert_eq!((offer(None).side(), offer(Some("lin")).side()), (Side::Buyer, Side::Any));
        let act = Command::OrderAct { order: "ab".into(), verb: "ship".into(), words: Box::default() };
        assert_eq!(act.side(), Side::Of("ab"));
        assert_eq!(act.about("abcd".into()).side(), Side::Of("abcd"));
    }
}
