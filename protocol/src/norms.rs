//! The rules of a circle that programs can check. Every receiver applies them; a sender's promise counts for nothing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kind::{Kind, Quota};
use crate::limits::{HISTORY_WINDOW_MS, INTEGER_MAX, NORMS_LIST_MAX, NORMS_QUOTA_MAX};
use crate::money::{Currency, Money};

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Posts; invites and sells, where the norms let it.
    Member,
    /// Removes members too.
    Steward,
    /// Removes anyone, and says who has which role.
    Owner,
}

impl Role {
    /// Its name in JSON.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Steward => "steward",
            Self::Owner => "owner",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Member, Self::Steward, Self::Owner].into_iter().find(|role| role.text() == text)
    }

    /// Whether who has this role removes others who have that one.
    #[must_use]
    pub const fn removes(self, whom: Self) -> bool {
        matches!((self, whom), (Self::Owner, _) | (Self::Steward, Self::Member))
    }
}

/// What may be charged for what is recommended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceBand {
    /// Of which currency.
    pub currency: Currency,
    /// The least, in minor units.
    pub min: i64,
    /// The most, in minor units.
    pub max: i64,
}

/// Who may recommend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Disclosure {
    /// Anybody who says what they gain.
    Any,
    /// Only who gains nothing.
    None,
}

/// A circle's rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Norms {
    /// From 0; one more than that of the norms before.
    pub version: u64,
    /// Posts and replies of one log in one claimed day.
    pub posts_per_day: u64,
    /// Recommendations of one log in one claimed day.
    pub recommendations_per_day: u64,
    /// Vouches of one log in one claimed day.
    pub vouches_per_day: u64,
    /// Reviews and answers of one log in one claimed day.
    pub reviews_per_day: u64,
    /// How much of the past a newcomer reads, in milliseconds. Visible to all.
    pub history_window_ms: u64,
    /// Whether an owner or steward approves of each newcomer.
    pub approval: bool,
    /// The least role that invites.
    pub invite: Role,
    /// The least role that shares a shop into the circle.
    pub sell: Role,
    /// Numbers of the kinds that have no place here, ascending.
    pub denied: Vec<u64>,
    /// What listings that are recommended may cost, by currency ascending; a currency without a band is free.
    pub prices: Vec<PriceBand>,
    /// Who may recommend.
    pub interest: Disclosure,
}

impl Default for Norms {
    fn default() -> Self {
        Self {
            version: 0,
            posts_per_day: 200,
            recommendations_per_day: 20,
            vouches_per_day: 100,
            reviews_per_day: 50,
            history_window_ms: HISTORY_WINDOW_MS,
            approval: false,
            invite: Role::Member,
            sell: Role::Member,
            denied: Vec::new(),
            prices: Vec::new(),
            interest: Disclosure::Any,
        }
    }
}

impl Norms {
    /// Kinds that norms can deny: what members say and offer, never what the circle is run with.
    pub const DENIABLE: [Kind; 7] = [Kind::Share, Kind::Vouch, Kind::Post, Kind::Reply, Kind::Recommend, Kind::Review, Kind::ReviewReply];

    /// Whether norms judge this kind at all.
    #[must_use]
    pub fn judge(kind: Kind) -> bool {
        Self::DENIABLE.contains(&kind) || kind == Kind::Unvouch
    }

    /// Entries of one log in one claimed day that a quota allows.
    #[must_use]
    pub const fn allows(&self, quota: Quota) -> u64 {
        match quota {
            Quota::Posts => self.posts_per_day,
            Quota::Recommendations => self.recommendations_per_day,
            Quota::Vouches => self.vouches_per_day,
            Quota::Reviews => self.reviews_per_day,
            Quota::Free => u64::MAX,
        }
    }

    /// Whether a price lies in the band of its currency.
    #[must_use]
    pub fn allows_price(&self, price: &Money) -> bool {
        let band = self.prices.iter().find(|band| band.currency == price.currency);
        band.is_none_or(|band| (band.min..=band.max).contains(&price.minor))
    }

    /// Checks the rules that hold wherever norms appear.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn check(&self) -> Result<(), &'static str> {
        let quotas = [self.posts_per_day, self.recommendations_per_day, self.vouches_per_day, self.reviews_per_day];
        let deniable = |code: &u64| Kind::from_code(*code).is_some_and(|kind| Self::DENIABLE.contains(&kind));
        let bands_rise = self.prices.windows(2).all(|pair| pair[0].currency.code() < pair[1].currency.code());
        if quotas.iter().any(|quota| *quota > NORMS_QUOTA_MAX) {
            return Err("more entries a day than any norms may allow");
        }
        if self.history_window_ms >= INTEGER_MAX || self.version >= INTEGER_MAX {
            return Err("a number is 2^53 or more");
        }
        if !self.denied.windows(2).all(|pair| pair[0] < pair[1]) || !self.denied.iter().all(deniable) {
            return Err("only what members say and offer can be denied, each kind once");
        }
        if self.prices.len() > NORMS_LIST_MAX || !bands_rise || self.prices.iter().any(|band| band.min < 0 || band.min > band.max) {
            return Err("one price band for each currency, from a least to a most");
        }
        Ok(())
    }
}
