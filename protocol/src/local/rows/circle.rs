//! Circles, their rules, and the people in them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Author;
use crate::id::{EntryId, IdentityId, SpaceId};
use crate::kind::Kind;
use crate::norms::{Disclosure, Norms, PriceBand, Role};
use crate::time::Millis;
/// A circle in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CircleRow {
    /// Which.
    pub circle: SpaceId,
    /// Its name.
    pub name: String,
    /// My role: `owner`, `steward`, `member`; none when I am not in it.
    pub role: Option<String>,
    /// How many members.
    pub members: usize,
    /// `joined`, `requested`, `declined`, `left` or `removed`.
    pub state: String,
    /// Why nobody let me in, when they declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One circle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CircleView {
    /// Which.
    pub circle: SpaceId,
    /// Its name.
    pub name: String,
    /// My state in it.
    pub state: String,
    /// Who is in it.
    pub members: Vec<MemberRow>,
    /// Generation of the current keys.
    pub epoch: u64,
    /// Shops shared into it.
    pub shops: Vec<SpaceId>,
    /// Its rules; none as long as this node was not let in.
    pub norms: Option<NormsRow>,
}

/// The rules of a circle, as told to people and as read from a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NormsRow {
    /// Version, from 0.
    pub version: u64,
    /// Posts and replies one author may make in a day.
    pub posts_per_day: u64,
    /// Recommendations one author may make in a day.
    pub recommendations_per_day: u64,
    /// Vouches one author may make in a day.
    pub vouches_per_day: u64,
    /// Reviews and answers one author may make in a day.
    pub reviews_per_day: u64,
    /// Milliseconds of the past a newcomer reads.
    pub history_window_ms: u64,
    /// Whether an owner or steward approves of each newcomer.
    pub approval: bool,
    /// The least role that invites: `member`, `steward` or `owner`.
    pub invite: Role,
    /// The least role that shares a shop there: `member`, `steward` or `owner`.
    pub sell: Role,
    /// Kinds of entries that have no place there, by name.
    pub denied: Vec<String>,
    /// What listings that are recommended may cost, by currency.
    pub prices: Vec<PriceBand>,
    /// Who may recommend: `any` who says what they gain, or only who gains `none`.
    pub interest: Disclosure,
}

impl From<&Norms> for NormsRow {
    fn from(norms: &Norms) -> Self {
        let kind = |code: &u64| Kind::from_code(*code).map_or_else(|| code.to_string(), |kind| kind.text().to_owned());
        Self {
            version: norms.version,
            posts_per_day: norms.posts_per_day,
            recommendations_per_day: norms.recommendations_per_day,
            vouches_per_day: norms.vouches_per_day,
            reviews_per_day: norms.reviews_per_day,
            history_window_ms: norms.history_window_ms,
            approval: norms.approval,
            invite: norms.invite,
            sell: norms.sell,
            denied: norms.denied.iter().map(kind).collect(),
            prices: norms.prices.clone(),
            interest: norms.interest,
        }
    }
}

impl NormsRow {
    /// The norms it tells, with this version.
    ///
    /// # Errors
    /// A kind that cannot be denied, in words.
    pub fn norms(&self, version: u64) -> Result<Norms, String> {
        let deniable = || Norms::DENIABLE.iter().map(|kind| kind.text()).collect::<Vec<_>>().join(", ");
        let code = |name: &String| Norms::DENIABLE.iter().find(|kind| kind.text() == name).map(|kind| kind.code());
        let code = |name: &String| code(name).ok_or_else(|| format!("{name:?} cannot be denied; what can is {}", deniable()));
        let mut denied = self.denied.iter().map(code).collect::<Result<Vec<_>, _>>()?;
        denied.sort_unstable();
        let mut prices = self.prices.clone();
        prices.sort_by(|a, b| a.currency.code().cmp(b.currency.code()));
        Ok(Norms {
            version,
            posts_per_day: self.posts_per_day,
            recommendations_per_day: self.recommendations_per_day,
            vouches_per_day: self.vouches_per_day,
            reviews_per_day: self.reviews_per_day,
            history_window_ms: self.history_window_ms,
            approval: self.approval,
            invite: self.invite,
            sell: self.sell,
            denied,
            prices,
            interest: self.interest,
        })
    }
}

/// Somebody who waits for approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequestRow {
    /// Who.
    pub identity: IdentityId,
    /// The name that person goes by.
    pub name: String,
    /// When the circle was asked, as claimed.
    pub at: Millis,
    /// By which invite.
    pub invite: EntryId,
}

/// An invite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InviteRow {
    /// Its entry.
    pub invite: EntryId,
    /// Who made it.
    pub by: Author,
    /// How many it admits.
    pub uses: u64,
    /// How many came by it.
    pub used: u64,
    /// Until when.
    pub expires: Millis,
    /// `open`, `used`, `expired` or `revoked`.
    pub state: String,
}

/// A member of a circle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemberRow {
    /// Who.
    pub identity: IdentityId,
    /// The name they go by.
    pub name: String,
    /// `owner`, `steward` or `member`.
    pub role: String,
    /// Set when a device of theirs signed two entries for one place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PersonRow {
    /// Who.
    pub identity: IdentityId,
    /// The name they go by.
    pub name: String,
    /// The name I gave them.
    pub petname: Option<String>,
    /// Circles we share.
    pub circles: Vec<SpaceId>,
    /// Whether I blocked them.
    #[serde(default)]
    pub blocked: bool,
    /// Whether I muted them.
    #[serde(default)]
    pub muted: bool,
    /// Set when another person's name looks the same, or a device of theirs signed two entries for one place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}
