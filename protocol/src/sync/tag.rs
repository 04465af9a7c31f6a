//! What is keyed with a connection's joint nonce: tags that name a circle only to who knows its secret, and marks that compare names,
//! heads and digests without telling them.

use crate::crypto::{Context, hash};
use crate::id::DeviceId;
use crate::wire::{Mark, Tag};

/// Who says a tag: the two sides never say the same one.
#[derive(Clone, Copy)]
pub(super) enum Side {
    /// Who asks.
    Asker,
    /// Who answers.
    Answerer,
}

/// The joint nonce of one direction of one connection.
pub(super) fn joint(asker: &DeviceId, answerer: &DeviceId, nonce: &[u8; 16], other: &[u8; 16]) -> [u8; 32] {
    hash(Context::SpaceTag, &[&asker.0, &answerer.0, nonce, other])
}

/// The tag of the circle with this topic secret.
pub(super) fn tag(topic_secret: &[u8; 32], joint: &[u8; 32], side: Side) -> Tag {
    let side: &[u8] = match side {
        Side::Asker => b"a",
        Side::Answerer => b"b",
    };
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash(Context::SpaceTag, &[topic_secret, joint, side])[..16]);
    Tag(bytes)
}

/// Random tags beside the real ones, so that their number tells little.
pub(super) fn padded(mut tags: Vec<Tag>, multiple: usize, fresh: &[u8; 32]) -> Vec<Tag> {
    let wanted = tags.len().next_multiple_of(multiple).max(multiple);
    for index in tags.len()..wanted {
        let random = hash(Context::Stream, &[fresh, b"tag", &(index as u64).to_be_bytes()]);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&random[..16]);
        tags.push(Tag(bytes));
    }
    tags.sort();
    tags
}

/// Eight bytes that stand for thirty-two on the connection with this joint nonce.
#[must_use]
pub fn mark(of: &[u8; 32], joint: &[u8; 32]) -> Mark {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash(Context::HeadTag, &[joint, of])[..8]);
    Mark(bytes)
}
