//! The rules of a circle that programs can check. Every receiver applies them; a sender's promise counts for nothing.

use serde::{Deserialize, Serialize};

use crate::kind::Quota;
use crate::limits::HISTORY_WINDOW_MS;

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Posts, invites.
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

/// A circle's rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Norms {
    /// From 0.
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
        }
    }
}

impl Norms {
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
}
