//! The keys of a circle: what follows from an epoch's secret, how it is handed to each member's device, and which epoch serves.
//!
//! The id of an epoch is the hash of all that is fixed of it, commitments to its keys included: nobody can put other keys, parents
//! or a later generation under an id that others use.

mod boxes;
mod graph;
mod ring;

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::body::{Epoch, EpochBoxes, Manifest};
use crate::codec::encode;
use crate::crypto::seal::{self, SealError};
use crate::crypto::{Context, hash};
use crate::id::{DeviceId, Digest, KeyId, SpaceId};
use crate::kind::Secrecy;

pub use boxes::place_of;
pub use graph::{Graph, Node};
pub use ring::{Next, Ring, is_exposed, lot};

/// The keys of one epoch, as one member holds them. A newcomer lacks the content key of what lies before the window, and whoever
/// only followed the links back has the control key alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochKeys {
    /// Opens membership, norms, shares, vouches.
    pub control: ByteKey,
    /// Opens what people say.
    pub content: Option<ByteKey>,
    /// Names the gossip topic.
    pub topic: Option<ByteKey>,
}

impl std::fmt::Debug for EpochKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EpochKeys(…)")
    }
}

/// Thirty-two secret bytes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
pub struct ByteKey(#[serde(with = "serde_bytes")] pub [u8; 32]);

impl std::fmt::Debug for ByteKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ByteKey(…)")
    }
}

impl ByteKey {
    /// What a manifest says of a key without telling it.
    #[must_use]
    pub fn commitment(&self) -> Digest {
        Digest(hash(Context::EpochKey, &[&self.0]))
    }
}

/// Epoch secret and topic secret: what a box holds.
type Secrets = Zeroizing<[u8; 64]>;

impl EpochKeys {
    /// The keys that follow from both secrets; none when they are too few.
    fn from_secrets(secrets: &[u8]) -> Option<Self> {
        let (epoch, topic) = secrets.split_at_checked(32)?;
        Some(Self {
            control: ByteKey(hash(Context::ControlKey, &[epoch])),
            content: Some(ByteKey(hash(Context::ContentKey, &[epoch]))),
            topic: Some(ByteKey(topic.try_into().ok()?)),
        })
    }

    /// What is left when only the control key is to be handed on.
    #[must_use]
    pub fn control_alone(&self) -> Self {
        Self { control: self.control.clone(), content: None, topic: None }
    }

    /// The key for bodies of this secrecy; none when it is not held or not of this circle.
    #[must_use]
    pub fn key(&self, secrecy: Secrecy) -> Option<&[u8; 32]> {
        match secrecy {
            Secrecy::Control => Some(&self.control.0),
            Secrecy::Content => self.content.as_ref().map(|key| &key.0),
            Secrecy::Clear | Secrecy::Shop => None,
        }
    }

    /// What of these keys is what a manifest commits to; none when the control key is another.
    #[must_use]
    pub fn true_to(&self, manifest: &Manifest) -> Option<Self> {
        let held = |key: &Option<ByteKey>, digest: Digest| key.clone().filter(|key| key.commitment() == digest);
        (self.control.commitment() == manifest.control).then(|| Self {
            control: self.control.clone(),
            content: held(&self.content, manifest.content),
            topic: held(&self.topic, manifest.topic),
        })
    }
}

/// The id of an epoch of a circle.
#[must_use]
pub fn key_id(space: SpaceId, manifest: &Manifest) -> KeyId {
    KeyId(hash(Context::Epoch, &[&space.0, &encode(manifest)]))
}

/// What a new epoch is made of.
#[derive(Debug)]
pub struct Rotation<'a> {
    /// The circle.
    pub space: SpaceId,
    /// The epochs it follows, each with its generation and control key.
    pub parents: &'a [(KeyId, u64, ByteKey)],
    /// What it covers beyond its parents.
    pub covers: Vec<Digest>,
    /// Devices of those who may read on, and their prekeys.
    pub devices: &'a [(DeviceId, [u8; 32])],
    /// The topic secret to keep; none = a new one, as after a removal.
    pub topic: Option<[u8; 32]>,
}

/// A new epoch: what is published of it and what is kept.
#[derive(Debug)]
pub struct Rotated {
    /// Its id.
    pub key: KeyId,
    /// The body to publish.
    pub epoch: Epoch,
    /// More boxes, to publish right after it.
    pub more: Vec<EpochBoxes>,
    /// The keys to keep.
    pub keys: EpochKeys,
}

/// Makes a new epoch from 32 fresh random bytes.
///
/// # Panics
/// Never: 64 bytes are two secrets.
#[must_use]
pub fn rotate(rotation: &Rotation<'_>, fresh: &[u8; 32]) -> Rotated {
    let derived = |n: u8| hash(Context::Stream, &[fresh, &[n]]);
    let mut secrets: Secrets = Zeroizing::new([0; 64]);
    secrets[..32].copy_from_slice(&derived(0));
    secrets[32..].copy_from_slice(&rotation.topic.unwrap_or_else(|| derived(1)));
    let keys = EpochKeys::from_secrets(secrets.as_slice()).expect("64 bytes are two secrets");
    let mut manifest = Manifest {
        control: keys.control.commitment(),
        content: keys.content.as_ref().map_or(Digest([0; 32]), ByteKey::commitment),
        topic: keys.topic.as_ref().map_or(Digest([0; 32]), ByteKey::commitment),
        generation: rotation.parents.iter().map(|(_, generation, _)| generation.saturating_add(1)).max().unwrap_or(0),
        parents: Vec::new(),
        covers: rotation.covers.clone(),
        chunks: Vec::new(),
    };
    manifest.covers.sort();
    manifest.covers.dedup();
    let link = |index: u64, parent: &ByteKey| {
        let fresh = hash(Context::Stream, &[fresh, b"link", &index.to_be_bytes()]);
        ByteBuf::from(seal::encrypt(&keys.control.0, &manifest.control.0, &parent.0, &fresh))
    };
    let mut parents: Vec<(KeyId, ByteBuf)> = (0u64..).zip(rotation.parents).map(|(n, (id, _, control))| (*id, link(n, control))).collect();
    parents.sort_by_key(|(id, _)| *id);
    manifest.parents = parents;
    let mut chunks = boxes::chunks(rotation.space, &manifest, rotation.devices, &secrets, fresh).into_iter();
    manifest.chunks = chunks.as_slice().iter().map(|chunk| boxes::commitment(chunk)).collect();
    let key = key_id(rotation.space, &manifest);
    let first = chunks.next().unwrap_or_default();
    let more = (1u64..).zip(chunks).map(|(index, boxes)| EpochBoxes { key, index, boxes: ByteBuf::from(boxes) }).collect();
    Rotated { key, epoch: Epoch { manifest, boxes: ByteBuf::from(first) }, more, keys }
}

/// Opens the box for this device among these boxes with one of its prekey secrets.
///
/// # Errors
/// [`SealError`] when they are not the boxes that the manifest names at this index, when there is none for the device, or none of
/// the secrets opens it to the keys that the manifest commits to.
pub fn open(
    space: SpaceId,
    manifest: &Manifest,
    (index, chunk): (u64, &[u8]),
    device: &DeviceId,
    prekeys: &[[u8; 32]],
) -> Result<EpochKeys, SealError> {
    let named = usize::try_from(index).ok().and_then(|index| manifest.chunks.get(index));
    if named != Some(&boxes::commitment(chunk)) {
        return Err(SealError);
    }
    for sealed in boxes::of(manifest, chunk, device) {
        for prekey in prekeys {
            let keys = seal::open(prekey, &boxes::info(space, manifest), sealed).ok();
            let keys = keys.and_then(|plain| EpochKeys::from_secrets(&plain)).and_then(|keys| keys.true_to(manifest));
            if let Some(keys) = keys.filter(|keys| keys.content.is_some() && keys.topic.is_some()) {
                return Ok(keys);
            }
        }
    }
    Err(SealError)
}

/// The control keys of an epoch's parents, opened with its own.
#[must_use]
pub fn linked(manifest: &Manifest, keys: &EpochKeys) -> Vec<(KeyId, EpochKeys)> {
    let open = |(id, sealed): &(KeyId, ByteBuf)| {
        let plain = seal::decrypt(&keys.control.0, &manifest.control.0, sealed).ok()?;
        let control = ByteKey(plain.as_slice().try_into().ok()?);
        Some((*id, EpochKeys { control, content: None, topic: None }))
    };
    manifest.parents.iter().filter_map(open).collect()
}

/// The name of a circle's gossip topic: 22 characters.
#[must_use]
pub fn topic_name(topic_secret: &[u8; 32]) -> String {
    data_encoding::BASE64URL_NOPAD.encode(&hash(Context::Topic, &[topic_secret])[..16])
}

#[cfg(test)]
mod tests;
