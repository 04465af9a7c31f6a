//! Bodies: what an entry says, one type per kind, and the rules that hold for it wherever it appears.
//!
//! Nothing here knows who wrote it or what came before; that is the second stage of `admit`.

use serde::{Deserialize, Serialize};

use crate::codec::{CodecError, decode, encode};
use crate::crypto::{Context, Sig, hash};
use crate::id::{DeviceId, Digest, EntryId, IdentityId, KeyId, SpaceId};
use crate::kind::Kind;
use crate::limits::{EPOCH_CHUNKS_MAX, EPOCH_COVERS_MAX, EPOCH_PARENTS_MAX};
use crate::limits::{
    INTEGER_MAX, INVITE_USES_MAX, NAME_MAX_CHARS, PAYLOAD_MAX_BYTES, POST_LISTINGS_MAX, SHOP_KEYS_EARLIER_MAX, TEXT_MAX_CHARS,
};
use crate::listing::{Delivery, Listing, ListingError, Payment, check_terms, field};
use crate::money::Currency;
use crate::norms::{Norms, Role};
use crate::order::{Outcome, ReviewRight};
use crate::space::{Inception, Sort};
use crate::time::Millis;
use crate::trust::Weight;

/// Begins a circle. In the clear: who is handed it knows of the circle anyway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CircleCreate {
    /// Hashes to the space of the entry.
    pub inception: Inception,
    /// Name of the circle.
    pub name: String,
    /// Its rules.
    pub norms: Norms,
    /// The name its creator goes by.
    pub creator_name: String,
}

/// New keys. What is fixed of them names the epoch; the first boxes stand here, the others in entries of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Epoch {
    /// What the epoch's key id is the hash of.
    pub manifest: Manifest,
    /// The first chunk of boxes; empty when there are none.
    pub boxes: serde_bytes::ByteBuf,
}

/// What is fixed of an epoch: whoever names its key id means exactly this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Commitment to the control key.
    pub control: Digest,
    /// Commitment to the content key.
    pub content: Digest,
    /// Commitment to the topic secret.
    pub topic: Digest,
    /// One more than the greatest of the parents.
    pub generation: u64,
    /// The epochs it follows by ascending key id, each with its control key encrypted under this epoch's control key.
    pub parents: Vec<(KeyId, serde_bytes::ByteBuf)>,
    /// Ascending: entries of removals and leaves, operations of revocations that its maker knew and its parents do not cover.
    pub covers: Vec<Digest>,
    /// Per chunk of boxes its first tag and the hash of its bytes.
    pub chunks: Vec<(BoxTag, Digest)>,
}

/// Finds the box of a device among the boxes of an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BoxTag(#[serde(with = "serde_bytes")] pub [u8; 8]);

/// More boxes of an epoch, in the log of its maker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochBoxes {
    /// Of which epoch.
    pub key: KeyId,
    /// Which chunk, from 1: the first stands in the epoch itself.
    pub index: u64,
    /// The boxes.
    pub boxes: serde_bytes::ByteBuf,
}

/// An invite: whoever holds the private half may join.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// Public half of the one-use key.
    pub key: DeviceId,
    /// How many it admits.
    pub uses: u64,
    /// Until when.
    pub expires: Millis,
}

/// Admits a person who holds an invite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberAdd {
    /// Whom.
    pub identity: IdentityId,
    /// The newcomer's device that asked.
    pub device: DeviceId,
    /// The name the newcomer goes by.
    pub name: String,
    /// The invite's entry.
    pub invite: EntryId,
    /// By the invite's key, over space, identity and device.
    pub proof: Sig,
}

/// The last entry of one log that still counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// Whose log.
    pub device: DeviceId,
    /// Its number.
    pub log: u64,
    /// The last sequence that counts.
    pub seq: u64,
    /// The entry there.
    pub id: EntryId,
}

/// Removes a person. What lies beyond the cuts is void; a log without a cut is void from its beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRemove {
    /// Whom.
    pub identity: IdentityId,
    /// Per log, the last that counts.
    pub cuts: Vec<Cut>,
}

/// Leaves: the log this stands in counts up to here, the author's other logs as far as is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberLeave {
    /// Per other log of the author, the last that counts.
    pub cuts: Vec<Cut>,
}

/// Gives a member a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleChange {
    /// Whom.
    pub identity: IdentityId,
    /// Which.
    pub role: Role,
}

/// New norms, of a version one above those before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NormsChange {
    /// All of them.
    pub norms: Norms,
}

/// Declines a request to join; the same invite asks no more for that person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinDecline {
    /// Whose request.
    pub identity: IdentityId,
    /// Why, in words; may be left out.
    pub reason: Option<String>,
}

/// Takes an invite back: it admits nobody from here on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteRevoke {
    /// The invite's entry.
    pub invite: EntryId,
}

/// Shares a shop: hands the circle its read key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Hashes to the shop's space.
    pub inception: Inception,
    /// Which generation of the read key.
    pub generation: u64,
    /// The read key.
    #[serde(with = "serde_bytes")]
    pub secret: [u8; 32],
    /// Other generations and their read keys, newest first: what was listed under them is still to be read.
    pub earlier: Vec<(u64, serde_bytes::ByteArray<32>)>,
}

/// Takes a shop back: the circle gets no read keys any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unshare {
    /// Which shop.
    pub shop: SpaceId,
}

/// The name a person goes by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// A claim; nobody is named by it alone.
    pub name: String,
}

/// Vouches for a person, within this circle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vouch {
    /// For whom.
    pub identity: IdentityId,
    /// How well they know each other.
    pub weight: Weight,
    /// Why; may be empty.
    pub text: String,
}

/// Takes one's vouches for a person back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unvouch {
    /// For whom.
    pub identity: IdentityId,
}

/// A listing as it was seen: for ever, and in which version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListingRef {
    /// Its shop.
    pub shop: SpaceId,
    /// Its first version.
    pub listing: EntryId,
    /// The version that was seen.
    pub version: EntryId,
}

/// Something said, or an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// What.
    pub text: String,
    /// Listings it points at.
    pub listings: Vec<ListingRef>,
    /// The entry it answers; replies have one, posts have none.
    pub reply_to: Option<EntryId>,
}

/// What a recommender gains. There is no recommendation that does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interest {
    /// Nothing.
    None,
    /// Was given the thing.
    Gift,
    /// Earns when others buy.
    Commission,
    /// Sells it.
    Seller,
    /// Works for who sells it.
    Employee,
}

/// A recommendation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recommend {
    /// Of what.
    pub listing: ListingRef,
    /// Why.
    pub text: String,
    /// What the author gains.
    pub interest: Interest,
}

/// A review of the other party of an order, on the right that both signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Both halves.
    pub right: ReviewRight,
    /// 1 to 5.
    pub rating: u64,
    /// How the order stood, by its author's word.
    pub outcome: Outcome,
    /// What one has to say.
    pub text: String,
}

/// An answer by whom a review is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewReply {
    /// The review.
    pub review: EntryId,
    /// The answer.
    pub text: String,
}

/// A tombstone for an entry of one's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retract {
    /// Which.
    pub entry: EntryId,
}

/// Begins a shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopCreate {
    /// Hashes to the space of the entry.
    pub inception: Inception,
    /// Its name.
    pub name: String,
    /// Its currency.
    pub currency: Currency,
    /// Return terms. Mandatory.
    pub returns: String,
    /// Ways to get things, for listings that name none.
    pub delivery: Vec<Delivery>,
    /// Ways to pay, for listings that name none.
    pub payment: Vec<Payment>,
}

/// Takes a listing off the shelf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListingWithdraw {
    /// Which.
    pub listing: EntryId,
}

/// Moves the desk of a shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopDesk {
    /// The device of the keeper's that holds the stock and answers orders from now on.
    pub device: DeviceId,
}

/// Why a body is void, whoever wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Not well-formed for its kind.
    #[error("body: {0}")]
    Malformed(#[from] CodecError),
    /// A listing or shop breaks a rule.
    #[error("{0}")]
    Listing(#[from] ListingError),
    /// A name is empty or too long.
    #[error("name: 1 to {NAME_MAX_CHARS} characters are allowed, and no control characters")]
    Name,
    /// A text is empty or too long.
    #[error("text: 1 to {TEXT_MAX_CHARS} characters are allowed")]
    Text,
    /// A field that cannot be so.
    #[error("{0}")]
    Shape(&'static str),
}

macro_rules! bodies {
    ($($kind:ident($type:ty)),* $(,)?) => {
        /// The opened body of an entry of a known kind.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each variant is the kind of the same name")]
        pub enum Body { $($kind($type),)* }

        impl Body {
            /// Reads the body of an entry of this kind.
            ///
            /// # Errors
            /// [`BodyError::Malformed`] when the bytes are not one.
            pub fn decode(kind: Kind, bytes: &[u8]) -> Result<Self, BodyError> {
                Ok(match kind { $(Kind::$kind => Self::$kind(decode(bytes, PAYLOAD_MAX_BYTES)?),)* })
            }

            /// Its bytes.
            #[must_use]
            pub fn encode(&self) -> Vec<u8> {
                match self { $(Self::$kind(body) => encode(body),)* }
            }

            /// Its kind.
            #[must_use]
            pub const fn kind(&self) -> Kind {
                match self { $(Self::$kind(_) => Kind::$kind,)* }
            }
        }
    };
}

bodies! {
    CircleCreate(CircleCreate), Epoch(Epoch), EpochBoxes(EpochBoxes), Invite(Invite), MemberAdd(MemberAdd), MemberRemove(MemberRemove),
    MemberLeave(MemberLeave), Role(RoleChange), Norms(NormsChange), InviteRevoke(InviteRevoke), JoinRequest(MemberAdd),
    JoinDecline(JoinDecline), Share(Share), Unshare(Unshare),
    Profile(Profile), Vouch(Vouch), Unvouch(Unvouch), Post(Post), Reply(Post), Recommend(Recommend), Review(Review),
    ReviewReply(ReviewReply), Retract(Retract), ShopCreate(ShopCreate), Listing(Listing), ListingWithdraw(ListingWithdraw),
    ShopDesk(ShopDesk),
}

impl Body {
    /// Checks the rules that hold wherever this body appears.
    ///
    /// # Errors
    /// The rule that is broken; an entry with such a body is void.
    pub fn check(&self) -> Result<(), BodyError> {
        match self {
            Self::CircleCreate(b) => {
                name(&b.name)?;
                name(&b.creator_name)?;
                b.norms.check().map_err(BodyError::Shape)?;
                shape(b.norms.version == 0, "a circle begins with norms of version 0")?;
                shape(b.inception.sort == Sort::Circle, "the inception is not one of a circle")
            }
            Self::Epoch(b) => {
                manifest(&b.manifest)?;
                let named = b.manifest.chunks.first().map(|(_, digest)| *digest);
                let held = (!b.boxes.is_empty()).then(|| boxes_digest(&b.boxes));
                shape(named == held, "the first boxes are not those that are named")
            }
            Self::EpochBoxes(b) => shape((1..EPOCH_CHUNKS_MAX as u64).contains(&b.index), "index: an epoch has few chunks"),
            Self::Invite(b) => shape((1..=INVITE_USES_MAX).contains(&b.uses), "uses: 1 to 100 are allowed"),
            Self::MemberAdd(b) | Self::JoinRequest(b) => name(&b.name),
            Self::Norms(b) => b.norms.check().map_err(BodyError::Shape),
            Self::JoinDecline(b) => b.reason.as_deref().map_or(Ok(()), text),
            Self::Profile(b) => name(&b.name),
            Self::Share(b) => {
                let few = b.earlier.len() <= SHOP_KEYS_EARLIER_MAX && b.earlier.iter().all(|(generation, _)| *generation <= b.generation);
                shape(few && b.generation < INTEGER_MAX, "few earlier keys are handed over, of no later generation")?;
                shape(b.inception.sort == Sort::Shop, "the inception is not one of a shop")
            }
            Self::Vouch(b) => shape(b.text.chars().count() <= TEXT_MAX_CHARS, "text: too long"),
            Self::Post(b) => {
                shape(b.reply_to.is_none() && b.listings.len() <= POST_LISTINGS_MAX, "a post answers nothing and points at few listings")?;
                text(&b.text)
            }
            Self::Reply(b) => {
                shape(b.reply_to.is_some() && b.listings.len() <= POST_LISTINGS_MAX, "a reply answers something")?;
                text(&b.text)
            }
            Self::Recommend(b) => text(&b.text),
            Self::Review(b) => {
                shape((1..=5).contains(&b.rating), "rating: 1 to 5")?;
                shape(b.right.verify().is_ok(), "the review right does not hold")?;
                text(&b.text)
            }
            Self::ReviewReply(b) => text(&b.text),
            Self::ShopCreate(b) => {
                name(&b.name)?;
                shape(b.inception.sort == Sort::Shop, "the inception is not one of a shop")?;
                field("returns", &b.returns).map_err(|_| ListingError::Returns)?;
                Ok(check_terms(&b.delivery, &b.payment, b.currency)?)
            }
            Self::Listing(b) => Ok(b.check()?),
            Self::MemberRemove(_)
            | Self::MemberLeave(_)
            | Self::Role(_)
            | Self::InviteRevoke(_)
            | Self::Unshare(_)
            | Self::Unvouch(_)
            | Self::Retract(_)
            | Self::ListingWithdraw(_)
            | Self::ShopDesk(_) => Ok(()),
        }
    }
}

/// A name: 1 to 64 characters, trimmed, without control or direction-changing characters.
///
/// # Errors
/// [`BodyError::Name`].
pub fn name(text: &str) -> Result<(), BodyError> {
    let chars = text.chars().count();
    let odd =
        |c: char| c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    if text.trim() != text || chars == 0 || chars > NAME_MAX_CHARS || text.chars().any(odd) { Err(BodyError::Name) } else { Ok(()) }
}

/// The hash of some boxes, as a manifest names it.
#[must_use]
pub fn boxes_digest(boxes: &[u8]) -> Digest {
    Digest(hash(Context::EpochBoxes, &[boxes]))
}

fn manifest(m: &Manifest) -> Result<(), BodyError> {
    shape(m.generation < INTEGER_MAX, "the generation is too high")?;
    shape(m.parents.is_empty() == (m.generation == 0), "only the first epoch has no parent")?;
    shape(m.parents.len() <= EPOCH_PARENTS_MAX && m.parents.is_sorted_by(|a, b| a.0 < b.0), "few parents are named, in order")?;
    shape(m.covers.len() <= EPOCH_COVERS_MAX && m.covers.is_sorted_by(|a, b| a < b), "few removals are named, in order")?;
    shape(m.chunks.len() <= EPOCH_CHUNKS_MAX && m.chunks.is_sorted_by_key(|chunk| chunk.0), "few chunks are named, in order")
}

fn text(text: &str) -> Result<(), BodyError> {
    let chars = text.chars().count();
    if text.trim().is_empty() || chars > TEXT_MAX_CHARS || text.contains('\0') { Err(BodyError::Text) } else { Ok(()) }
}

fn shape(holds: bool, why: &'static str) -> Result<(), BodyError> {
    if holds { Ok(()) } else { Err(BodyError::Shape(why)) }
}
