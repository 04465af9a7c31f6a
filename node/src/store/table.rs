//! Every table in one place, with the layout of its keys. Numbers in keys are big-endian, so that order of bytes is order of numbers.

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $sort:ident;)*) => {
        /// A table.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Table { $($(#[$doc])* $name,)* }

        impl Table {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name in the database.
            #[must_use]
            pub const fn text(self) -> &'static str { match self { $(Self::$name => $text,)* } }

            /// What sort of table it is.
            #[must_use]
            pub const fn sort(self) -> Sort { match self { $(Self::$name => Sort::$sort,)* } }
        }
    };
}

/// What would be lost with a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The trust log and what it lists: the truth.
    Truth,
    /// Secrets and what replaces itself in place: beside the log, never derived.
    Beside,
    /// Derived from the truth, in the same transaction; can be dropped and derived again, byte for byte.
    View,
}

tables! {
    /// position (8) -> link record: the trust log.
    Log = "log", Truth;
    /// entry id -> signed entry.
    Entry = "entry", Truth;
    /// operation id -> identity chain that ends there.
    Chain = "chain", Truth;
    /// event id -> signed order event.
    OrderEvent = "order_event", Truth;
    /// receipt id -> signed receipt.
    Receipt = "receipt", Truth;
    /// fact id -> local fact.
    Fact = "fact", Truth;
    /// proof id -> proof that a log is forked.
    Fork = "fork", Truth;

    /// space id, key id -> sealed keys.
    Secret = "secret", Beside;
    /// order id -> sealed key of what is enclosed; without it nobody reads that any more.
    OrderKey = "order_key", Beside;
    /// order id, commitment -> address or file, under the order's key.
    Enclosed = "enclosed", Beside;
    /// lineage -> what the seller's file says of a listing beyond it.
    Catalogue = "catalogue", Beside;
    /// order id -> dispute of others that this person is to decide.
    Case = "case", Beside;
    /// device id, slot -> signed record.
    Record = "record", Beside;
    /// space id, device id, log (8), seq (8) -> entry that waits for something.
    Parked = "parked", Beside;
    /// space id, device id, log (8), seq (8) -> nothing: came without its payload, which another holder may have.
    Hole = "hole", Beside;
    /// order id, deadline (8) -> nothing: this person was reminded of it.
    Reminded = "reminded", Beside;
    /// order id, device id -> nothing: the device that goes on with an order has not said yet that it has all of it.
    Heir = "heir", Beside;
    /// shop, number (8) -> import or edit of this device that can be taken back: its listings before and after.
    Undo = "undo", Beside;
    /// name -> token of another program: its hash, and how far it reaches.
    Token = "token", Beside;
    /// name -> value: format version and small things of this node.
    Meta = "meta", Beside;

    /// space id, device id, log (8) -> head of the log.
    Head = "view_head", View;
    /// space id, device id, log (8), seq (8) -> entry id.
    At = "view_at", View;
    /// entry id -> kind and opened body.
    Body = "view_body", View;
    /// entry id -> why it has no effect.
    Void = "view_void", View;
    /// space id, key id, entry id -> nothing: kept, but not opened yet.
    Sealed = "view_sealed", View;
    /// space id, device id, log (8) -> the lowest fork known, and the id of its proof.
    Forked = "view_forked", View;
    /// id of something that is missing, entry id -> head of the log at that entry: who names it is judged again when it comes.
    Awaited = "view_awaited", View;
    /// device id -> identity id.
    Device = "view_device", View;
    /// identity id -> length and last operation of the newest chain.
    Identity = "view_identity", View;
    /// space id -> inception.
    Space = "view_space", View;
    /// space id, lamport (8), entry id -> nothing: membership entries of a circle.
    Membership = "view_membership", View;
    /// space id -> roster of a circle.
    Roster = "view_roster", View;
    /// circle, key id, lamport, entry id -> a telling of the epoch.
    Epoch = "view_epoch", View;
    /// circle, lamport (8), claimed time (8), entry id -> nothing.
    FeedCircle = "view_feed_circle", View;
    /// claimed time (8), entry id -> circle.
    FeedAll = "view_feed_all", View;
    /// entry id, retracting entry id -> nothing. What is not held yet may be named by anyone; only its author's word counts.
    Retracted = "view_retracted", View;
    /// circle, from, to -> last word of one person about another.
    Vouch = "view_vouch", View;
    /// about whom, entry id -> review.
    Review = "view_review", View;
    /// review entry id, answer entry id -> nothing.
    ReviewReply = "view_review_reply", View;
    /// shop -> its opening.
    Shop = "view_shop", View;
    /// shop, lamport (8), entry id -> device: it was to be the desk from there on.
    ShopDesk = "view_shop_desk", View;
    /// shop, circle -> nothing: it was shared there at some time.
    ShopCircle = "view_shop_circle", View;
    /// circle, shop -> nothing: the same.
    CircleShop = "view_circle_shop", View;
    /// circle, shop, lamport (8), entry id -> sharing or taking back.
    ShopWord = "view_shop_word", View;
    /// lineage -> versions of a listing.
    Listing = "view_listing", View;
    /// shop, lineage -> nothing.
    ShopListing = "view_shop_listing", View;
    /// identity id -> petname.
    Petname = "view_petname", View;
    /// identity id -> nothing: blocked.
    Blocked = "view_blocked", View;
    /// identity id -> nothing: muted.
    Muted = "view_muted", View;
    /// circle -> a join that is under way.
    Join = "view_join", View;
    /// circle -> a join that came to nothing: the code's name of the circle, and why.
    Declined = "view_declined", View;
    /// address text -> nothing: peers added by hand.
    Peer = "view_peer", View;
    /// order id -> index of an order.
    Order = "view_order", View;
    /// accepted time (8), order id -> nothing.
    OrderTime = "view_order_time", View;
    /// order id, event id -> nothing.
    OrderSet = "view_order_set", View;
    /// order id, receipt id -> nothing.
    OrderReceipt = "view_order_receipt", View;
    /// order id, event id -> nothing: own events without the other's receipt.
    Outbox = "view_outbox", View;
    /// lineage, sku, 0, order id -> what an order holds or took of the seller's stock.
    Hold = "view_hold", View;
    /// version, sku -> nothing: the seller counted this variant with this version.
    Counted = "view_counted", View;
}
