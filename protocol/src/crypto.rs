//! Hashes and signatures, each bound to the kind of thing it covers.
//!
//! A hash has a derive-key context, a signature covers a type label: what was signed or hashed as one thing can never pass
//! for another. Seeds come from outside; this file has no source of chance.

pub mod seal;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::id::DeviceId;

/// The kinds of things that are hashed into an id, or keys derived; the text is the BLAKE3 derive-key context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// Identity inception to identity id.
    Identity,
    /// Identity operation to its id.
    Operation,
    /// A log to its name in an identity's chain, which tells nothing of its space.
    BlindLog,
    /// Space inception to space id.
    Space,
    /// Unsigned header to entry id.
    Entry,
    /// Stored payload bytes to payload hash.
    Payload,
    /// What is fixed of an epoch to its key id.
    Epoch,
    /// One key of an epoch to the commitment in its manifest.
    EpochKey,
    /// Some boxes of an epoch to the commitment in its manifest.
    EpochBoxes,
    /// Epoch and device to the tag that finds a box.
    BoxTag,
    /// Epoch secret to control key.
    ControlKey,
    /// Epoch secret to content key.
    ContentKey,
    /// Epoch and device to whose turn it is to begin the next epoch.
    Duty,
    /// Read secret of a shop to key id.
    ShopKey,
    /// Space key, log and sequence to the key of one entry.
    EntryKey,
    /// Topic secret to the name of a gossip topic.
    Topic,
    /// Topic secret or invite, and a seed, to the place at that seed where those who know it meet.
    Place,
    /// Topic secret, peers and nonces to the tag by which two members recognise a circle.
    SpaceTag,
    /// Fork proof to its local id.
    ForkProof,
    /// Stream heads to digest.
    SyncDigest,
    /// Joint nonce and 32 bytes to their mark.
    HeadTag,
    /// Root public key to the commitment in an inception.
    NextRoot,
    /// Entropy of the recovery words to the root's seed.
    RootSeed,
    /// Terms of an order to their hash.
    Terms,
    /// Order event to its id.
    OrderEvent,
    /// Personal data and salt to their commitment.
    Personal,
    /// Code of a hand-over to its commitment.
    HandoverCode,
    /// Trust-log position to link.
    Link,
    /// Local fact to its id.
    Fact,
    /// Invite code to checksum.
    InviteCheck,
    /// Seed to a stream of deterministic bytes.
    Stream,
}

impl Context {
    /// The derive-key context string. Frozen: a change makes every id another.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Identity => "haat 0 identity",
            Self::Operation => "haat 0 identity operation",
            Self::BlindLog => "haat 0 blind log",
            Self::Space => "haat 0 space",
            Self::Entry => "haat 0 entry",
            Self::Payload => "haat 0 payload",
            Self::Epoch => "haat 0 epoch",
            Self::EpochKey => "haat 0 epoch key",
            Self::EpochBoxes => "haat 0 epoch boxes",
            Self::BoxTag => "haat 0 epoch box tag",
            Self::ControlKey => "haat 0 epoch control key",
            Self::ContentKey => "haat 0 epoch content key",
            Self::Duty => "haat 0 epoch duty",
            Self::ShopKey => "haat 0 shop key",
            Self::EntryKey => "haat 0 entry key",
            Self::Topic => "haat 0 topic",
            Self::Place => "haat 0 meeting place",
            Self::SpaceTag => "haat 0 space tag",
            Self::ForkProof => "haat 0 fork proof",
            Self::SyncDigest => "haat 0 sync digest",
            Self::HeadTag => "haat 0 head tag",
            Self::NextRoot => "haat 0 next root",
            Self::RootSeed => "haat 0 root seed",
            Self::Terms => "haat 0 terms",
            Self::OrderEvent => "haat 0 order event",
            Self::Personal => "haat 0 personal data",
            Self::HandoverCode => "haat 0 hand-over code",
            Self::Link => "haat 0 trust log link",
            Self::Fact => "haat 0 local fact",
            Self::InviteCheck => "haat 0 invite check",
            Self::Stream => "haat 0 stream",
        }
    }
}

/// Hashes the parts, one after the other, under a context. Callers pass parts of fixed length, or one part.
#[must_use]
pub fn hash(context: Context, parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key(context.text());
    for part in parts {
        hasher.update(part);
    }
    *hasher.finalize().as_bytes()
}

/// Fills `out` with bytes that follow from `seed` alone.
pub fn stream(seed: &[u8; 32], out: &mut [u8]) {
    let mut hasher = blake3::Hasher::new_derive_key(Context::Stream.text());
    hasher.update(seed);
    hasher.finalize_xof().fill(out);
}

/// What a signature is for. The label is part of what is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// An entry's header.
    Entry,
    /// An identity operation.
    Operation,
    /// A device's word that it is one of an identity.
    Device,
    /// An expiring record: prekey or addresses.
    Record,
    /// A newcomer's use of an invite.
    Invite,
    /// An order event.
    OrderEvent,
    /// A receipt for an order event.
    Receipt,
    /// One half of a review right.
    ReviewRight,
    /// A refusal of an order message.
    Nack,
    /// A whole evidence file.
    Evidence,
    /// A resolver's word about an order.
    Decision,
    /// A root's word that a device goes on with an order.
    Takeover,
}

impl Label {
    const fn text(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Operation => "operation",
            Self::Device => "device",
            Self::Record => "record",
            Self::Invite => "invite",
            Self::OrderEvent => "order-event",
            Self::Receipt => "receipt",
            Self::ReviewRight => "review-right",
            Self::Nack => "nack",
            Self::Evidence => "evidence",
            Self::Decision => "decision",
            Self::Takeover => "takeover",
        }
    }
}

/// An Ed25519 signature: 64 bytes in signed bytes, hexadecimal in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sig(pub [u8; 64]);

impl Serialize for Sig {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Sig {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        Ok(Self(serde_bytes::ByteArray::<64>::deserialize(input)?.into_array()))
    }
}

/// A signature that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not hold")]
pub struct BadSignature;

/// An Ed25519 key pair. Never printed.
#[derive(Clone)]
pub struct Keypair(SigningKey);

impl std::fmt::Debug for Keypair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keypair({})", self.public().short())
    }
}

impl Keypair {
    /// The pair that follows from 32 secret bytes.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The secret bytes, wiped when dropped.
    #[must_use]
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// The public key. For devices it is the device id; roots and invites use the same 32-byte form.
    #[must_use]
    pub fn public(&self) -> DeviceId {
        DeviceId(self.0.verifying_key().to_bytes())
    }

    /// Signs `message` as a thing of kind `label`.
    #[must_use]
    pub fn sign(&self, label: Label, message: &[u8]) -> Sig {
        Sig(self.0.sign(&signing_input(label, message)).to_bytes())
    }
}

/// Checks one signature strictly (`verify_strict`, weak keys refused). No batch verdict decides acceptance, ever.
///
/// # Errors
/// [`BadSignature`] when the key is weak or no key, or the signature does not hold.
pub fn verify(key: &DeviceId, label: Label, message: &[u8], sig: &Sig) -> Result<(), BadSignature> {
    let key = VerifyingKey::from_bytes(&key.0).map_err(|_| BadSignature)?;
    if key.is_weak() {
        return Err(BadSignature);
    }
    key.verify_strict(&signing_input(label, message), &Signature::from_bytes(&sig.0)).map_err(|_| BadSignature)
}

/// `"haat 0 sig" 00 label 00 message`: frozen.
fn signing_input(label: Label, message: &[u8]) -> Vec<u8> {
    let mut input = Vec::with_capacity(24 + message.len());
    input.extend_from_slice(b"haat 0 sig\0");
    input.extend_from_slice(label.text().as_bytes());
    input.push(0);
    input.extend_from_slice(message);
    input
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_label_key_and_message_only() {
        let pair = Keypair::from_seed(&[7; 32]);
        let sig = pair.sign(Label::Receipt, b"stored");
        assert_eq!(verify(&pair.public(), Label::Receipt, b"stored", &sig), Ok(()));
        assert_eq!(verify(&pair.public(), Label::Entry, b"stored", &sig), Err(BadSignature));
        assert_eq!(verify(&pair.public(), Label::Receipt, b"Stored", &sig), Err(BadSignature));
        assert_eq!(verify(&Keypair::from_seed(&[8; 32]).public(), Label::Receipt, b"stored", &sig), Err(BadSignature));
    }

    #[test]
    fn weak_keys_are_refused() {
        let identity_point = DeviceId({
            let mut bytes = [0; 32];
            bytes[0] = 1;
            bytes
        });
        assert_eq!(verify(&identity_point, Label::Entry, b"", &Sig([0; 64])), Err(BadSignature));
    }
}
