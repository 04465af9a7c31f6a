//! The keys of a circle: what follows from an epoch's secret, and how the secret is handed to each member's device.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::body::Epoch;
use crate::codec::{decode, encode};
use crate::crypto::seal::{self, SealError};
use crate::crypto::{Context, hash};
use crate::id::{DeviceId, Digest, IdentityId, KeyId, SpaceId};
use crate::kind::Secrecy;

/// The secrets of one epoch, as one member holds them. A newcomer lacks the content key of what lies before the window, and whoever
/// only followed the links back has the control key alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct EpochKeys {
    /// Opens membership, norms, shares, vouches.
    #[serde(with = "serde_bytes")]
    pub control: [u8; 32],
    /// Opens what people say.
    pub content: Option<ByteKey>,
    /// Names the gossip topic.
    pub topic: Option<ByteKey>,
    /// Generation of the epoch.
    pub generation: u64,
}

impl std::fmt::Debug for EpochKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EpochKeys(generation {})", self.generation)
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

#[derive(Serialize, Deserialize)]
struct Secrets {
    #[serde(with = "serde_bytes")]
    epoch: [u8; 32],
    #[serde(with = "serde_bytes")]
    topic: [u8; 32],
}

impl EpochKeys {
    fn from_secrets(secrets: &Secrets, generation: u64) -> Self {
        Self {
            control: hash(Context::ControlKey, &[&secrets.epoch]),
            content: Some(ByteKey(hash(Context::ContentKey, &[&secrets.epoch]))),
            topic: Some(ByteKey(secrets.topic)),
            generation,
        }
    }

    /// The key for bodies of this secrecy; none when it is not held or not of this circle.
    #[must_use]
    pub fn key(&self, secrecy: Secrecy) -> Option<&[u8; 32]> {
        match secrecy {
            Secrecy::Control => Some(&self.control),
            Secrecy::Content => self.content.as_ref().map(|key| &key.0),
            Secrecy::Clear | Secrecy::Shop => None,
        }
    }
}

/// Id of the key that these secrets make: a commitment to both.
fn key_id(secrets: &Secrets) -> KeyId {
    KeyId(hash(Context::Epoch, &[&secrets.epoch, &secrets.topic]))
}

/// Hash over the members of an epoch.
#[must_use]
pub fn members_digest<'a>(members: impl Iterator<Item = &'a IdentityId>) -> Digest {
    let mut all: Vec<&IdentityId> = members.collect();
    all.sort();
    Digest(hash(Context::Epoch, &all.iter().map(|id| id.0.as_slice()).collect::<Vec<_>>()))
}

/// What a new epoch is made of.
#[derive(Debug)]
pub struct Rotation<'a> {
    /// The circle.
    pub space: SpaceId,
    /// The epochs it follows, with their keys.
    pub parents: &'a [(KeyId, EpochKeys)],
    /// Who may read on.
    pub members: &'a [IdentityId],
    /// Their devices and prekeys.
    pub devices: &'a [(DeviceId, [u8; 32])],
    /// The topic secret to keep; none = a new one, as after a removal.
    pub topic: Option<[u8; 32]>,
}

/// Makes a new epoch from 32 fresh random bytes: the body to publish and the keys to keep.
///
/// # Errors
/// [`SealError`] when a prekey is no usable point.
pub fn rotate(rotation: &Rotation<'_>, fresh: &[u8; 32]) -> Result<(Epoch, EpochKeys), SealError> {
    let derived = |n: u8| hash(Context::Stream, &[fresh, &[n]]);
    let secrets = Zeroizing::new([derived(0), rotation.topic.unwrap_or_else(|| derived(1))]);
    let secrets = Secrets { epoch: secrets[0], topic: secrets[1] };
    let generation = rotation.parents.iter().map(|(_, keys)| keys.generation.saturating_add(1)).max().unwrap_or(0);
    let keys = EpochKeys::from_secrets(&secrets, generation);
    let key = key_id(&secrets);
    let plain = Zeroizing::new(encode(&secrets));
    let mut boxes = Vec::with_capacity(rotation.devices.len());
    for (index, (device, prekey)) in (0u64..).zip(rotation.devices) {
        let fresh = hash(Context::Stream, &[fresh, b"box", &index.to_be_bytes()]);
        boxes.push((*device, ByteBuf::from(seal::seal(prekey, &box_info(rotation.space, key), &plain, &fresh)?)));
    }
    let link = |index: u64, parent: &EpochKeys| {
        let fresh = hash(Context::Stream, &[fresh, b"link", &index.to_be_bytes()]);
        ByteBuf::from(seal::encrypt(&keys.control, &key.0, &parent.control, &fresh))
    };
    let parents = (0u64..).zip(rotation.parents).map(|(index, (id, parent))| (*id, link(index, parent))).collect();
    let body = Epoch { key, generation, parents, members: members_digest(rotation.members.iter()), boxes };
    Ok((body, keys))
}

/// Opens the box for this device with one of its prekey secrets, and follows the links one step back.
///
/// # Errors
/// [`SealError`] when there is no box for the device, or none of the secrets opens it to the key that the epoch names.
pub fn open(space: SpaceId, epoch: &Epoch, device: &DeviceId, prekeys: &[[u8; 32]]) -> Result<EpochKeys, SealError> {
    let (_, sealed) = epoch.boxes.iter().find(|(to, _)| to == device).ok_or(SealError)?;
    for prekey in prekeys {
        if let Ok(plain) = seal::open(prekey, &box_info(space, epoch.key), sealed) {
            let secrets: Secrets = decode(&plain, 256).map_err(|_| SealError)?;
            if key_id(&secrets) != epoch.key {
                return Err(SealError);
            }
            return Ok(EpochKeys::from_secrets(&secrets, epoch.generation));
        }
    }
    Err(SealError)
}

/// The control keys of an epoch's parents, opened with its own.
#[must_use]
pub fn linked(epoch: &Epoch, keys: &EpochKeys) -> Vec<(KeyId, [u8; 32])> {
    let open = |(id, sealed): &(KeyId, ByteBuf)| {
        let plain = seal::decrypt(&keys.control, &epoch.key.0, sealed).ok()?;
        Some((*id, plain.as_slice().try_into().ok()?))
    };
    epoch.parents.iter().filter_map(open).collect()
}

/// The name of a circle's gossip topic: 22 characters.
#[must_use]
pub fn topic_name(topic_secret: &[u8; 32]) -> String {
    data_encoding::BASE64URL_NOPAD.encode(&hash(Context::Topic, &[topic_secret])[..16])
}

fn box_info(space: SpaceId, key: KeyId) -> Vec<u8> {
    [b"haat 0 epoch box".as_slice(), &space.0, &key.0].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rotated(parents: &[(KeyId, EpochKeys)], to: &[[u8; 32]], fresh: u8) -> (Epoch, EpochKeys) {
        let devices: Vec<_> = to.iter().map(|secret| (DeviceId(*secret), seal::prekey_public(secret))).collect();
        let rotation = Rotation { space: SpaceId([1; 32]), parents, members: &[IdentityId([1; 32])], devices: &devices, topic: None };
        rotate(&rotation, &[fresh; 32]).expect("good prekeys")
    }

    #[test]
    fn each_device_opens_its_box_and_nobody_else_does() {
        let (epoch, keys) = rotated(&[], &[[7; 32], [8; 32]], 1);
        let space = SpaceId([1; 32]);
        assert_eq!(open(space, &epoch, &DeviceId([7; 32]), &[[9; 32], [7; 32]]).expect("opens"), keys);
        assert_eq!(open(space, &epoch, &DeviceId([8; 32]), &[[8; 32]]).expect("opens"), keys);
        assert!(open(space, &epoch, &DeviceId([8; 32]), &[[7; 32]]).is_err(), "another's box");
        assert!(open(space, &epoch, &DeviceId([6; 32]), &[[6; 32]]).is_err(), "no box");
        assert!(open(SpaceId([2; 32]), &epoch, &DeviceId([7; 32]), &[[7; 32]]).is_err(), "another circle");
    }

    #[test]
    fn links_lead_to_earlier_control_keys_and_to_no_content() {
        let (first, first_keys) = rotated(&[], &[[7; 32]], 1);
        let (second, second_keys) = rotated(&[(first.key, first_keys.clone())], &[[8; 32]], 2);
        assert_eq!(second.generation, 1);
        assert_eq!(linked(&second, &second_keys), [(first.key, first_keys.control)]);
        assert!(linked(&second, &first_keys).is_empty(), "the old key opens nothing of the new epoch");
        assert_ne!(first_keys.topic, second_keys.topic);
        assert_ne!(second_keys.key(Secrecy::Content), second_keys.key(Secrecy::Control));
    }
}
