//! Epochs from their making to each device's keys, and how large a large circle's are.

use std::collections::BTreeMap;

use super::*;
use crate::body::Body;
use crate::crypto::Keypair;
use crate::entry::{Draft, Header, Unverified};
use crate::limits::PAYLOAD_MAX_BYTES;
use crate::time::Millis;

const SPACE: SpaceId = SpaceId([1; 32]);

fn rotated(parents: &[(KeyId, u64, ByteKey)], to: &[[u8; 32]], fresh: u8) -> Rotated {
    let devices: Vec<_> = to.iter().map(|secret| (DeviceId(*secret), seal::prekey_public(secret))).collect();
    rotate(&Rotation { space: SPACE, parents, covers: vec![Digest([4; 32])], devices: &devices, topic: None }, &[fresh; 32])
}

fn opened(space: SpaceId, epoch: &Epoch, device: u8, prekeys: &[[u8; 32]]) -> Result<EpochKeys, SealError> {
    open(space, &epoch.manifest, (0, &epoch.boxes), &DeviceId([device; 32]), prekeys)
}

#[test]
fn each_device_opens_its_box_and_nobody_else_does() {
    let made = rotated(&[], &[[7; 32], [8; 32]], 1);
    let (epoch, keys) = (&made.epoch, &made.keys);
    assert_eq!(opened(SPACE, epoch, 7, &[[9; 32], [7; 32]]).as_ref(), Ok(keys));
    assert_eq!(opened(SPACE, epoch, 8, &[[8; 32]]).as_ref(), Ok(keys));
    assert!(opened(SPACE, epoch, 8, &[[7; 32]]).is_err(), "another's box");
    assert!(opened(SPACE, epoch, 6, &[[6; 32]]).is_err(), "no box");
    assert!(opened(SpaceId([2; 32]), epoch, 7, &[[7; 32]]).is_err(), "another circle");
    let mut other = epoch.clone();
    other.boxes[20] ^= 1;
    assert!(opened(SPACE, &other, 7, &[[7; 32]]).is_err(), "other boxes than the epoch names");
}

#[test]
fn links_lead_to_earlier_control_keys_and_to_no_content() {
    let first = rotated(&[], &[[7; 32]], 1);
    let second = rotated(&[(first.key, 0, first.keys.control.clone())], &[[8; 32]], 2);
    assert_eq!(second.epoch.manifest.generation, 1);
    assert_eq!(linked(&second.epoch.manifest, &second.keys), [(first.key, first.keys.control_alone())]);
    assert!(linked(&second.epoch.manifest, &first.keys).is_empty(), "the old key opens nothing of the new epoch");
    assert_ne!(first.keys.topic, second.keys.topic);
    assert_ne!(second.keys.key(Secrecy::Content), second.keys.key(Secrecy::Control));
}

#[test]
fn an_id_means_exactly_one_epoch_and_its_keys() {
    let made = rotated(&[], &[[7; 32]], 1);
    let mut other = made.epoch.manifest.clone();
    other.generation = 1 << 40;
    assert_ne!(key_id(SPACE, &other), made.key);
    assert_ne!(key_id(SpaceId([2; 32]), &made.epoch.manifest), made.key);
    let manifest = &made.epoch.manifest;
    let lied = EpochKeys { content: Some(ByteKey([1; 32])), ..made.keys.clone() };
    assert_eq!(lied.true_to(manifest), Some(EpochKeys { content: None, ..made.keys.clone() }), "what is not true is let go");
    assert_eq!(EpochKeys { control: ByteKey([1; 32]), ..made.keys.clone() }.true_to(manifest), None);
}

fn entry(seq: u64, body: &Body) -> Unverified {
    let header = Header {
        device: DeviceId([0; 32]),
        space: SPACE,
        log: 0,
        seq,
        prev: (seq > 0).then_some(crate::id::EntryId([3; 32])),
        kind: body.kind().code(),
        flags: 0,
        lamport: (1 << 40) + seq,
        at: Millis(1 << 41),
        refs: (0..8).map(|n| crate::id::EntryId([n; 32])).collect(),
        key: None,
        payload_bytes: 0,
        payload_hash: None,
        extensions: BTreeMap::new(),
    };
    let pair = Keypair::from_seed(&[5; 32]);
    let header = Header { device: pair.public(), ..header };
    Draft { header, body: body.encode() }.sign(&pair, None, &[6; 32]).expect("fits a payload").raw().clone()
}

/// Five hundred members with two devices each, eight parents, all covers that fit: everything of one epoch as it travels.
#[test]
fn a_thousand_devices_take_at_most_150_kilobytes() {
    let secrets: Vec<[u8; 32]> = (0u64..1_000).map(|n| hash(Context::Stream, &[b"device", &n.to_be_bytes()])).collect();
    let devices: Vec<_> = secrets.iter().map(|secret| (DeviceId(*secret), seal::prekey_public(secret))).collect();
    let parents: Vec<(KeyId, u64, ByteKey)> = (0..8).map(|n| (KeyId([n; 32]), 1 << 40, ByteKey([n; 32]))).collect();
    let covers = (0..64).map(|n| Digest([n; 32])).collect();
    let made = rotate(&Rotation { space: SPACE, parents: &parents, covers, devices: &devices, topic: None }, &[1; 32]);
    let manifest = made.epoch.manifest.clone();
    assert_eq!(made.more.len(), 4);
    for (secret, (device, _)) in secrets.iter().zip(&devices) {
        let place = place_of(&manifest, device).expect("there is a box");
        let chunk = made.more.iter().find(|more| more.index == place).map_or(&made.epoch.boxes, |more| &more.boxes);
        assert_eq!(open(SPACE, &manifest, (place, chunk), device, &[*secret]).as_ref(), Ok(&made.keys));
    }
    let bodies = std::iter::once(Body::Epoch(made.epoch)).chain(made.more.into_iter().map(Body::EpochBoxes));
    let entries: Vec<Unverified> = (0..)
        .zip(bodies)
        .map(|(seq, body)| {
            body.check().expect("a body of its kind");
            entry(seq, &body)
        })
        .collect();
    for entry in &entries {
        let bytes = entry.payload.as_ref().map_or(0, |payload| payload.len());
        assert!(bytes <= PAYLOAD_MAX_BYTES - 4 * 1024, "{bytes} bytes of payload");
    }
    let whole: usize = entries.iter().map(|entry| encode(entry).len()).sum();
    println!("epoch for 1000 devices: {} entries, {whole} bytes as they travel", entries.len());
    assert!(whole <= 150_000, "{whole} bytes");
}

#[test]
fn who_does_not_fit_any_more_asks() {
    let one = seal::prekey_public(&[7; 32]);
    let devices: Vec<_> = (0u64..2_100).map(|n| (DeviceId(hash(Context::Stream, &[&n.to_be_bytes()])), one)).collect();
    let made = rotate(&Rotation { space: SPACE, parents: &[], covers: vec![], devices: &devices, topic: None }, &[1; 32]);
    Body::Epoch(made.epoch).check().expect("still an epoch");
    assert_eq!(made.more.len(), 9);
    let odd =
        rotate(&Rotation { space: SPACE, parents: &[], covers: vec![], devices: &[(DeviceId([1; 32]), [0; 32])], topic: None }, &[1; 32]);
    assert!(odd.epoch.boxes.is_empty() && odd.epoch.manifest.chunks.is_empty(), "a prekey that is no point keeps nobody from new keys");
}
