//! The sealed list of an epoch: one box per device, found by a tag, cut into chunks that the epoch commits to.
//!
//! A box says nothing about whom it is for but to who knows the device. Nothing here decides who gets one.

use crate::body::{BoxTag, Manifest, boxes_digest};
use crate::crypto::{Context, hash, seal};
use crate::id::{DeviceId, Digest, SpaceId};
use crate::limits::{EPOCH_CHUNK_BOXES, EPOCH_CHUNKS_MAX};

use super::Secrets;

/// Bytes of the tag before each box.
const TAG_BYTES: usize = 8;
/// Bytes of one box: encapsulated key, two secrets, authentication tag.
const SEALED_BYTES: usize = 32 + 64 + 16;
const BOX_BYTES: usize = TAG_BYTES + SEALED_BYTES;

/// Seals the secrets to every device, sorted by tag and cut into chunks. A prekey that is no usable point gets no box, and what is
/// beyond the last chunk none either: whoever has none asks for the keys.
pub(super) fn chunks(
    space: SpaceId,
    manifest: &Manifest,
    devices: &[(DeviceId, [u8; 32])],
    secrets: &Secrets,
    fresh: &[u8; 32],
) -> Vec<Vec<u8>> {
    let info = info(space, manifest);
    let seal = |(index, (device, prekey)): (u64, &(DeviceId, [u8; 32]))| {
        let fresh = hash(Context::Stream, &[fresh, b"box", &index.to_be_bytes()]);
        let sealed = seal::seal(prekey, &info, secrets.as_slice(), &fresh).ok()?;
        Some([tag(manifest, device).0.as_slice(), &sealed].concat())
    };
    let mut boxes: Vec<Vec<u8>> = (0u64..).zip(devices).filter_map(seal).take(EPOCH_CHUNK_BOXES * EPOCH_CHUNKS_MAX).collect();
    boxes.sort();
    boxes.chunks(EPOCH_CHUNK_BOXES).map(<[Vec<u8>]>::concat).collect()
}

/// What a manifest says of a chunk: its first tag and the hash of its bytes.
pub(super) fn commitment(chunk: &[u8]) -> (BoxTag, Digest) {
    let mut first = [0; TAG_BYTES];
    if let Some(tag) = chunk.first_chunk::<TAG_BYTES>() {
        first = *tag;
    }
    (BoxTag(first), boxes_digest(chunk))
}

/// The boxes of a chunk that may be the device's.
pub(super) fn of<'a>(manifest: &Manifest, chunk: &'a [u8], device: &DeviceId) -> impl Iterator<Item = &'a [u8]> {
    let tag = tag(manifest, device);
    chunk.chunks_exact(BOX_BYTES).map(|boxed| boxed.split_at(TAG_BYTES)).filter(move |(of, _)| *of == tag.0).map(|(_, sealed)| sealed)
}

/// The index of the chunk that holds the box of a device, if there is one for it.
#[must_use]
pub fn place_of(manifest: &Manifest, device: &DeviceId) -> Option<u64> {
    let tag = tag(manifest, device);
    let before = manifest.chunks.iter().take_while(|(first, _)| *first <= tag).count();
    before.checked_sub(1).map(|index| index as u64)
}

/// What a box is bound to: circle and keys. The key id cannot be: it is a hash over the boxes too.
pub(super) fn info(space: SpaceId, manifest: &Manifest) -> Vec<u8> {
    [b"haat 0 epoch box".as_slice(), &space.0, &manifest.control.0, &manifest.content.0, &manifest.topic.0].concat()
}

fn tag(manifest: &Manifest, device: &DeviceId) -> BoxTag {
    let whole = hash(Context::BoxTag, &[&manifest.control.0, &device.0]);
    BoxTag(std::array::from_fn(|at| whole[at]))
}
