//! Something the user wants changed, and the words it takes.

use serde::{Deserialize, Serialize};

use super::edit::{ListingEdit, ShopEdit};
use crate::listing::Stock;

/// Something the user wants changed. Answered once it is durable here, whatever has been delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Begin a circle.
    CircleCreate {
        /// Its name.
        name: String,
        /// Its norms: a JSON document; what it does not name is as usual.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        norms: Option<String>,
    },
    /// Make an invite code for a circle.
    CircleInvite {
        /// Which circle.
        circle: String,
        /// How many people it admits; 1 unless given.
        uses: Option<u64>,
        /// How long it lives, in milliseconds; 7 days unless given.
        expires_ms: Option<u64>,
    },
    /// Join the circle of an invite code.
    CircleJoin {
        /// The code.
        code: String,
    },
    /// Remove a member; the circle's keys rotate.
    CircleRemove {
        /// Which circle.
        circle: String,
        /// Whom.
        person: String,
    },
    /// Leave a circle.
    CircleLeave {
        /// Which circle.
        circle: String,
    },
    /// Give a member a role.
    CircleRole {
        /// Which circle.
        circle: String,
        /// Whom.
        person: String,
        /// `owner`, `steward` or `member`.
        role: String,
    },
    /// Change the norms of a circle.
    CircleNorms {
        /// Which circle.
        circle: String,
        /// A JSON document; what it does not name stays as it is.
        norms: String,
    },
    /// Let in somebody who asked.
    CircleApprove {
        /// Which circle.
        circle: String,
        /// Whom.
        person: String,
    },
    /// Decline somebody who asked.
    CircleDecline {
        /// Which circle.
        circle: String,
        /// Whom.
        person: String,
        /// Why.
        reason: Option<String>,
    },
    /// Take an invite back.
    CircleRevokeInvite {
        /// Its code.
        code: String,
    },
    /// Give a person a name of one's own.
    Petname {
        /// Whom.
        person: String,
        /// The name; empty takes it away.
        name: String,
    },
    /// Hide everything of a person, and take no new order of theirs.
    Block {
        /// Whom.
        person: String,
    },
    /// End that.
    Unblock {
        /// Whom.
        person: String,
    },
    /// Hide what a person says from the feed.
    Mute {
        /// Whom.
        person: String,
    },
    /// End that.
    Unmute {
        /// Whom.
        person: String,
    },
    /// Vouch for a person in a circle.
    Vouch {
        /// Whom.
        person: String,
        /// Where it is said.
        circle: String,
        /// `acquaintance`, `friend` or `close`.
        weight: String,
        /// Why.
        text: Option<String>,
    },
    /// Take a vouch back.
    Unvouch {
        /// Whom.
        person: String,
        /// Where it was said.
        circle: String,
    },
    /// Open a shop.
    ShopCreate(NewShop),
    /// Share a shop into a circle.
    ShopShare {
        /// Which shop.
        shop: String,
        /// Into which circle.
        circle: String,
    },
    /// Let a device of one's own hold a shop's stock and answer its orders.
    ShopDesk {
        /// Which shop.
        shop: String,
        /// Which device, by its id or how that begins; this one unless given.
        device: Option<String>,
    },
    /// Say the terms of a shop anew.
    ShopEdit(ShopEdit),
    /// Take back the last import or edit of a shop's listings that this device made.
    ShopUndo {
        /// Which shop.
        shop: String,
    },
    /// Take a shop back from a circle.
    ShopUnshare {
        /// Which shop.
        shop: String,
        /// From which circle.
        circle: String,
    },
    /// Add one listing.
    ListingAdd(NewListing),
    /// Take in a catalogue file.
    ListingImport {
        /// Into which shop.
        shop: String,
        /// The file's bytes, base64.
        data: String,
        /// `auto`, `haat`, `shopify`, `woocommerce`, `etsy`, `google` or `schema`.
        format: Option<String>,
        /// How the text is encoded, when it is not for the node to find out: `gbk`, `big5`, `windows-1252`, …
        encoding: Option<String>,
        /// Currency of the prices; the shop's unless given.
        currency: Option<String>,
        /// Only tell what would change.
        dry_run: bool,
        /// Take the good rows although others are refused.
        partial: bool,
    },
    /// Change a listing, or all listings of a shop that fit.
    ListingEdit(Box<ListingEdit>),
    /// Say how many there are of a variant now.
    ListingStock {
        /// Of which listing.
        listing: String,
        /// Which variant; needed when there are several.
        sku: Option<String>,
        /// How many lie there, with those that are set aside; null = not counted.
        stock: Stock,
    },
    /// Take a listing off the shelf.
    ListingWithdraw {
        /// Which.
        listing: String,
    },
    /// Say something in a circle.
    Post {
        /// Where.
        circle: String,
        /// What.
        text: String,
        /// Listings it points at.
        listings: Vec<String>,
        /// The entry it answers.
        reply_to: Option<String>,
    },
    /// Recommend a listing in a circle.
    Recommend {
        /// What.
        listing: String,
        /// Where.
        circle: String,
        /// Why.
        text: String,
        /// `none`, `gift`, `commission`, `seller` or `employee`. Mandatory.
        interest: String,
    },
    /// Ask everyone to drop an entry of one's own.
    Retract {
        /// Which.
        entry: String,
    },
    /// Remember a peer's address and connect to it.
    PeerAdd {
        /// A multiaddr that ends in `/p2p/…`.
        address: String,
    },
    /// Offer to buy.
    OrderOffer(NewOffer),
    /// Decide a dispute in which the terms name this person, on one party's evidence.
    OrderDecide {
        /// Which order, of those that a party laid before this node.
        order: Option<String>,
        /// The evidence file, as base64, in place of that.
        data: Option<String>,
        /// How much goes back to the buyer.
        refund: String,
        /// Why.
        reason: String,
    },
    /// Destroy what is enclosed with an order that is over: addresses and files, before their time to be kept ends.
    OrderPurge {
        /// Which order.
        order: String,
    },
    /// Do something in an order.
    OrderAct {
        /// Which order.
        order: String,
        /// A verb of `next`: `counter`, `accept`, `reject`, …
        verb: String,
        /// What the verb needs.
        #[serde(flatten)]
        words: Box<OrderWords>,
    },
    /// Review the other party of an order.
    Review {
        /// Which order.
        order: String,
        /// 1 to 5.
        rating: u8,
        /// What one has to say.
        text: String,
        /// Where it is said; the circle of the order's recommendation unless given.
        circle: Option<String>,
    },
    /// Answer a review about oneself.
    ReviewReply {
        /// The review.
        entry: String,
        /// The answer.
        text: String,
    },
    /// Make a token for another program; the answer alone tells it.
    TokenCreate {
        /// What it is called here.
        name: String,
        /// `read`, `sell` or `admin`.
        scope: String,
        /// How long it is taken, in milliseconds; until it is revoked unless given.
        expires_ms: Option<u64>,
    },
    /// Take a token back: it is refused from then on.
    TokenRevoke {
        /// Which, by its name.
        name: String,
    },
}

/// A shop to open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewShop {
    /// Its name.
    pub name: String,
    /// ISO 4217 code.
    pub currency: String,
    /// Return terms. Mandatory.
    pub returns: String,
    /// Places where buyers may collect.
    #[serde(default)]
    pub pickup: Vec<String>,
    /// `ZONE=PRICE`, each.
    #[serde(default)]
    pub ship: Vec<String>,
    /// The goods are files.
    #[serde(default)]
    pub digital: bool,
    /// `METHOD:TIMING[:INSTRUCTIONS]`, each.
    #[serde(default)]
    pub pay: Vec<String>,
}

/// A listing to add.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewListing {
    /// Into which shop.
    pub shop: String,
    /// Title.
    pub title: String,
    /// Price of one, as text: `39.00`.
    pub price: String,
    /// Plain text.
    pub description: Option<String>,
    /// How many there are; null or absent = not counted.
    #[serde(default)]
    pub stock: Stock,
    /// The seller's own code.
    pub sku: Option<String>,
    /// Places where buyers may collect; none = the shop's.
    #[serde(default)]
    pub pickup: Vec<String>,
    /// `ZONE=PRICE`, each; none = the shop's.
    #[serde(default)]
    pub ship: Vec<String>,
    /// It is a file.
    #[serde(default)]
    pub digital: bool,
    /// RFC 3339 instant, date, or a span such as `30d`, after which nobody may order.
    pub expires: Option<String>,
}

/// An offer to make.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewOffer {
    /// A listing, or a post or recommendation that points at one.
    pub listing: String,
    /// Which variant; needed when there are several.
    pub sku: Option<String>,
    /// How many; 1 unless given.
    pub qty: Option<u64>,
    /// Proposed total of the goods, as text; the list price unless given.
    pub price: Option<String>,
    /// How long the offer stands, in milliseconds; 2 days unless given.
    pub valid_ms: Option<u64>,
    /// `pickup`, `ship` or `digital`; the first of the listing's ways unless given.
    pub delivery: Option<String>,
    /// `before`, `on-delivery` or `after`.
    pub pay: Option<String>,
    /// Payment method.
    pub method: Option<String>,
    /// A word to the other side.
    pub note: Option<String>,
    /// More lines of the same shop, each as `LISTING=QTY` or `LISTING@SKU=QTY`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
    /// Differences of the price, each as `NAME=AMOUNT`: a coupon, a tax.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adjust: Vec<String>,
    /// The seller's private offer: to whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Who decides when the two disagree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolver: Option<String>,
    /// Address, phone: what the seller is told after the agreement, as base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// The words an order verb may need.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderWords {
    /// `counter`: proposed total of the goods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
    /// `pay`, `confirm-payment`, `refund`: an amount; the remainder unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// `pay`, `refund`, `perform`: reference of the payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// `reject`, `deny-payment`, `request-cancel`, `return`, `refuse`, `decide`: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// `ship`: carrier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// `ship`: tracking code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking: Option<String>,
    /// `counter`: how long it stands, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_ms: Option<u64>,
    /// `counter`: how many of the only line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qty: Option<u64>,
    /// `ship`, `counter`: how many of which line, each as `N=QTY`, lines counted from 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
    /// `counter`: differences of the price, each as `NAME=AMOUNT`: a coupon, a tax.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adjust: Vec<String>,
    /// `receive`: the code that was told at the hand-over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// `return-received`: the goods cannot be sold again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub spoilt: bool,
    /// `say`, `dispute`: the words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// `settle`, `decide`: how much goes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund: Option<String>,
    /// `handover`: the device that goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// `deliver-digital`: the name of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// `counter`: another way to get it: pickup, ship or digital.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<String>,
    /// `decide`: the resolver's word. `deliver-digital`, `address`, `counter` (an address): what is in the file, as base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
}
