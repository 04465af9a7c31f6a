//! The documents that answers are made of. Field names are the contract of the JSON that people script against.

mod circle;
mod order;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use circle::{CircleRow, CircleView, InviteRow, MemberRow, NormsRow, PersonRow, RequestRow};
pub use order::{EventWords, OrderEventRow, OrderLineRow, OrderRow};

use crate::id::{DeviceId, EntryId, IdentityId, SpaceId};
use crate::listing::{Delivery, Payment, Stock};
use crate::money::{Currency, Money};
use crate::order::Outcome;
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
