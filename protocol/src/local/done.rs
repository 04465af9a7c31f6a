//! What commands answer when they are done, and a few answers that are no rows. Field names are the contract of the JSON that people
//! script against.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rows::OrderRow;
use super::scope::Scope;
use crate::id::{DeviceId, EntryId, IdentityId, OrderId, SpaceId};
use crate::local::ImportChange;
use crate::money::Money;
use crate::norms::Role;
use crate::time::Millis;

/// Documents of an answer: each is what its fields say, and nothing else.
macro_rules! done {
    ($($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $field_doc:literal])+ $field:ident: $kind:ty,)+ })+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        pub struct $name {
            $($(#[doc = $field_doc])+ pub $field: $kind,)+
        }
    )+};
}

done! {
    /// An entry was signed, and nothing more is to be told.
    Signed {
        /// The entry.
        entry: EntryId,
    }
    /// Something was said.
    Posted {
        /// The entry.
        entry: EntryId,
        /// `sent` when another node has it, else `local`.
        state: String,
    }
    /// A circle was begun.
    CircleBegun {
        /// Which.
        circle: SpaceId,
        /// Its name.
        name: String,
    }
    /// How it stands with a circle that was to be joined.
    CircleEntered {
        /// Which.
        circle: SpaceId,
        /// Its name, as far as it is known.
        name: Option<String>,
        /// `joined` or `requested`.
        state: String,
    }
    /// A circle was left.
    CircleLeft {
        /// The entry that says so.
        entry: EntryId,
        /// Which circle.
        circle: SpaceId,
        /// Its name.
        name: String,
        /// `left`.
        state: String,
    }
    /// Norms or members of a circle changed.
    CircleChanged {
        /// The entry that says so.
        entry: EntryId,
        /// Which circle.
        circle: SpaceId,
    }
    /// Somebody has a role now.
    RoleGiven {
        /// The entry that says so.
        entry: EntryId,
        /// In which circle.
        circle: SpaceId,
        /// Who.
        identity: IdentityId,
        /// The role.
        role: Role,
    }
    /// Who asked to join was answered.
    RequestAnswered {
        /// The entry that says so.
        entry: EntryId,
        /// Which circle.
        circle: SpaceId,
        /// Who asked.
        identity: IdentityId,
        /// `joined` or `declined`.
        state: String,
    }
    /// An invite was made.
    InviteMade {
        /// The code to hand out.
        code: String,
        /// When it stops admitting.
        expires: Millis,
        /// How many people it admits.
        uses: u64,
    }
    /// An invite was taken back.
    InviteRevoked {
        /// The entry that says so.
        entry: EntryId,
        /// Which circle.
        circle: SpaceId,
        /// Which invite.
        invite: EntryId,
    }
    /// A person goes by a petname here, or by none.
    PetnameGiven {
        /// Who.
        identity: IdentityId,
        /// The petname.
        petname: Option<String>,
    }
    /// A person is blocked, or is not any more.
    BlockSet {
        /// Who.
        identity: IdentityId,
        /// Whether they are blocked.
        blocked: bool,
    }
    /// A person is muted, or is not any more.
    MuteSet {
        /// Who.
        identity: IdentityId,
        /// Whether they are muted.
        muted: bool,
    }
    /// A peer is remembered.
    PeerAdded {
        /// Its address.
        address: String,
    }
    /// A shop was opened.
    ShopOpened {
        /// Which.
        shop: SpaceId,
    }
    /// The terms of a shop are as was asked for.
    ShopEdited {
        /// Which.
        shop: SpaceId,
        /// What changed; empty when all was so before.
        changes: Vec<ImportChange>,
    }
    /// The stock of a shop is counted elsewhere now.
    DeskMoved {
        /// The entry that says so.
        entry: EntryId,
        /// The device that counts it.
        desk: DeviceId,
        /// Whether this device had counted it.
        counted: bool,
    }
    /// A listing was added.
    ListingAdded {
        /// Which.
        listing: EntryId,
        /// Its version.
        version: EntryId,
    }
    /// What was enclosed in an order is destroyed here.
    OrderPurged {
        /// Which order.
        order: OrderId,
        /// Whether there was anything; false when nothing was left.
        purged: bool,
    }
    /// A token was made.
    TokenMade {
        /// The token itself; it is told this once.
        token: String,
        /// Its name.
        name: String,
        /// How far it reaches.
        scope: Scope,
        /// When it stops being taken; none = when it is revoked.
        expires: Option<Millis>,
    }
    /// A token was taken back.
    TokenRevoked {
        /// Its name.
        name: String,
        /// Always true.
        revoked: bool,
    }
    /// The trust log is sound.
    LogSound {
        /// Always true: a log that is not sound is a problem.
        ok: bool,
        /// Items in it.
        entries: u64,
        /// The link of the newest item, in hex.
        head: String,
        /// Items whose payload is not here.
        holes: u64,
    }
    /// The catalogue of a shop.
    CatalogueText {
        /// Which shop.
        shop: SpaceId,
        /// In which layout.
        format: String,
        /// The file.
        text: String,
    }
    /// An address or a file that belongs to an order.
    EnclosedFile {
        /// Which order.
        order: OrderId,
        /// The file's name; none for an address.
        name: Option<String>,
        /// What is in it, in base64.
        data: String,
    }
    /// The evidence of an order.
    EvidenceFile {
        /// The file, in base64.
        data: String,
    }
    /// The node stops.
    Stopping {
        /// Always true.
        stopping: bool,
    }
}

/// A resolver's word about an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderDecided {
    /// The order as the evidence tells it.
    #[serde(flatten)]
    pub order: OrderRow,
    /// What goes back to the buyer.
    pub refund: Money,
    /// The signed word, in base64, for whom it does not reach by itself.
    pub word: String,
}
