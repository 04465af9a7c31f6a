//! The documents that answers are made of. Field names are the contract of the JSON that people script against.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{DeviceId, EntryId, EventId, IdentityId, OrderId, SpaceId};
use crate::kind::Kind;
use crate::listing::{Delivery, Payment, Stock};
use crate::money::{Currency, Money};
use crate::norms::{Disclosure, Norms, PriceBand, Role};
use crate::order::{Adjustment, Outcome};
use crate::time::Millis;

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "{T}Page")]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page begins; none at the end.
    pub next: Option<String>,
}

/// Who I am.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Me {
    /// My identity.
    pub identity: IdentityId,
    /// This device.
    pub device: DeviceId,
    /// This device as a libp2p peer.
    pub peer: String,
    /// The name I go by.
    pub name: String,
}

/// How the node is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// My identity.
    pub identity: IdentityId,
    /// The name I go by.
    pub name: String,
    /// Peers connected now.
    pub peers_connected: usize,
    /// `local`, `lan`, `public` or, with a seed in between, `relayed`: as far as the addresses tell.
    pub reachability: String,
    /// Addresses listened on.
    pub listen: Vec<String>,
    /// Seeds that are connected.
    #[serde(default)]
    pub seeds: Vec<String>,
    /// My circles with the last sync of each.
    pub circles: Vec<CircleStatus>,
    /// Messages that wait for another node.
    pub outbox: usize,
    /// Bytes of the store's file.
    pub store_bytes: u64,
    /// Items in the trust log.
    pub log_entries: u64,
    /// Milliseconds since start.
    pub uptime_ms: u64,
    /// How it is as a seed; none for a person's node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<SeedStatus>,
}

/// What the clock shows, and what others claim about the time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClockView {
    /// What the node's clock shows.
    pub now: Millis,
    /// When the last item was accepted, by the same clock.
    pub accepted: Option<Millis>,
    /// The newest time that each connected device claimed.
    pub newest: Vec<Millis>,
    /// Orders of which another node takes nothing because they come from later than its clock shows.
    pub ahead: usize,
}

/// How a seed is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SeedStatus {
    /// Addresses to hand out, those that reach furthest first.
    pub hand_out: Vec<String>,
    /// Devices that want to be found here.
    pub registrations: usize,
    /// Places at which somebody is.
    pub places: usize,
    /// Peers that may be reached through it.
    pub reservations: usize,
    /// Circuits that stand now.
    pub circuits: usize,
}

/// A circle in the status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CircleStatus {
    /// Which.
    pub circle: SpaceId,
    /// Its name.
    pub name: String,
    /// When this node last compared it with another; none = not yet.
    pub last_sync: Option<Millis>,
    /// Entries that are missing here, as a node claims with which it is being compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behind: Option<u64>,
}

/// A peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PeerRow {
    /// Its libp2p name.
    pub peer: String,
    /// Its device id.
    pub device: DeviceId,
    /// Whose device, if known.
    pub identity: Option<IdentityId>,
    /// What I call them, if known.
    pub name: Option<String>,
    /// Whether it is connected now.
    pub connected: bool,
    /// Known addresses.
    pub addresses: Vec<String>,
}

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

/// An answer about trust.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrustView {
    /// Who is asked about.
    pub subject: IdentityId,
    /// `known`, `mixed` or `unknown`.
    pub word: String,
    /// Why.
    pub reasons: Vec<TrustReason>,
    /// How often I bought from them myself.
    pub own_purchases: u32,
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrustReason {
    /// A sentence.
    pub text: String,
    /// Names of the people it goes through.
    pub via: Vec<String>,
    /// Its part of the whole evidence, 0 to 1.
    pub share: f64,
    /// The entries that prove it.
    pub proofs: Vec<EntryId>,
}

/// A shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShopRow {
    /// Which.
    pub shop: SpaceId,
    /// Its name.
    pub name: String,
    /// Who sells.
    pub seller: Author,
    /// Its currency.
    pub currency: Currency,
    /// Its return terms.
    pub returns: String,
    /// Ways to get things.
    pub delivery: Vec<Delivery>,
    /// Ways to pay.
    pub payment: Vec<Payment>,
    /// Circles it is shared into, as far as I see.
    pub circles: Vec<SpaceId>,
    /// The device that holds the stock and answers orders.
    pub desk: DeviceId,
    /// Whether that is this one.
    pub here: bool,
    /// Listings on the shelf.
    pub listings: usize,
}

/// A person as author or seller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Author {
    /// Who.
    pub identity: IdentityId,
    /// What I call them.
    pub name: String,
}

/// A listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListingRow {
    /// Which, for ever.
    pub listing: EntryId,
    /// The current version.
    pub version: EntryId,
    /// Title.
    pub title: String,
    /// Plain text.
    pub description: String,
    /// Its shop.
    pub shop: SpaceId,
    /// Who sells.
    pub seller: Author,
    /// Currency of all prices.
    pub currency: Currency,
    /// What can be bought.
    pub variants: Vec<VariantRow>,
    /// Ways to get it.
    pub delivery: Vec<Delivery>,
    /// Ways to pay.
    pub payment: Vec<Payment>,
    /// Return terms.
    pub returns: String,
    /// `listed`, `withdrawn` or `expired`.
    pub state: String,
    /// All versions, oldest first.
    pub versions: Vec<EntryId>,
    /// Addresses of pictures, as text.
    pub images: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
}

/// A variant of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VariantRow {
    /// The seller's code.
    pub sku: String,
    /// Name and value of each option.
    pub options: Vec<(String, String)>,
    /// Price of one.
    pub price: Money,
    /// How many: on the seller's own node what is free now, elsewhere what was published last.
    pub stock: Stock,
}

/// One item of the feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FeedItem {
    /// Which.
    pub entry: EntryId,
    /// `post`, `reply`, `recommend`, `review`, `review_reply`, `share`, or `unknown` (from a newer version).
    pub kind: String,
    /// Who said it.
    pub author: Author,
    /// Where.
    pub circle: SpaceId,
    /// What.
    pub text: String,
    /// When, as claimed.
    pub at: Millis,
    /// The listing it points at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listing: Option<EntryId>,
    /// The version of the listing it points at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<EntryId>,
    /// Title of that listing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What the author gains, for recommendations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interest: Option<String>,
    /// Stars, for reviews.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<u8>,
    /// How the order stood by its author's word, for reviews.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The entry it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<EntryId>,
    /// Whether earlier entries of its author are still missing here: it is shown, and nothing is built on it yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pending: bool,
    /// Why to believe it.
    pub why: Vec<WhyReason>,
}

/// Why to believe an item of the feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WhyReason {
    /// A sentence.
    pub text: String,
    /// Names of the people it goes through.
    pub via: Vec<String>,
    /// The entries that prove it.
    pub proofs: Vec<EntryId>,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderRow {
    /// Which.
    pub order: OrderId,
    /// Its state.
    pub state: String,
    /// `buyer` or `seller` while they negotiate.
    pub turn: Option<String>,
    /// Goods and delivery.
    pub total: Money,
    /// Who buys.
    pub buyer: Author,
    /// Who sells.
    pub seller: Author,
    /// What is bought.
    pub lines: Vec<OrderLineRow>,
    /// Differences of the price: a bargain, a coupon, a tax.
    #[serde(default)]
    pub adjustments: Vec<Adjustment>,
    /// How it is delivered.
    pub delivery: Delivery,
    /// How it is paid.
    pub payment: Payment,
    /// The post or recommendation that led here.
    pub via: Option<EntryId>,
    /// Who has to act: `me`, `other`, or none when it is over.
    #[serde(default)]
    pub waits_for: Option<String>,
    /// Until when that is to be done; none when no deadline runs for it.
    #[serde(default)]
    pub deadline: Option<Millis>,
    /// `cancel` or `return`, while one side asked for that and was not answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
    /// How it was resolved: `settled`, `performed`, `unresolved`, `buyer defaulted` or `seller defaulted`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closing: Option<String>,
    /// The seller's, while goods wait to be collected: the code to tell the buyer at the hand-over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handover_code: Option<String>,
    /// What happened, oldest first.
    pub events: Vec<OrderEventRow>,
    /// What this node may do now.
    pub next: Vec<String>,
    /// Set while it goes on, when a device of one of the two signed two entries for one place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderLineRow {
    /// Which listing.
    pub listing: EntryId,
    /// The version that was seen.
    pub version: EntryId,
    /// Title.
    pub title: String,
    /// Which variant.
    pub sku: String,
    /// How many.
    pub qty: u64,
    /// List price of one.
    pub price: Money,
    /// How many were sent or handed over.
    #[serde(default)]
    pub shipped: u64,
}

/// An event of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderEventRow {
    /// Which.
    pub id: EventId,
    /// `offer`, `counter`, `accept`, …
    pub kind: String,
    /// `buyer` or `seller`.
    pub author: String,
    /// When, as claimed.
    pub at: Millis,
    /// `queued`, `mailbox` or `stored`.
    pub delivery: String,
    /// What its author said with it.
    #[serde(default)]
    pub words: EventWords,
    /// Why it has no effect, if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// What the author of an event said with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventWords {
    /// A word beside an offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The reference of a payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// How much, when it was not all that was left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// Who carries the goods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// The carrier's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking: Option<String>,
    /// What somebody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What somebody claims in a dispute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
    /// How much is to go back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund: Option<Money>,
    /// The name of a file that is the goods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// What an import did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportReport {
    /// New listings; with `dry_run` their titles, since there are no ids yet.
    pub created: Vec<String>,
    /// Listings with a new version.
    pub updated: Vec<String>,
    /// Listings that the file does not change.
    pub unchanged: Vec<String>,
    /// Rows that were refused.
    pub refused: Vec<ImportRow>,
    /// Rows that were taken but deserve a look.
    pub warnings: Vec<ImportRow>,
    /// What changes, field by field.
    pub changes: Vec<ImportChange>,
}

/// A row of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportRow {
    /// Number of the record, the header being 1.
    pub row: u64,
    /// Name of the column.
    pub column: String,
    /// What stood there.
    pub value: String,
    /// Why.
    pub reason: String,
}

/// A field that an import changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportChange {
    /// Title of the listing.
    pub title: String,
    /// Name of the field.
    pub field: String,
    /// What it was; empty for a new listing.
    pub before: String,
    /// What it is now.
    pub after: String,
}
