//! Meeting at a seed: places that only those who share a secret can name, and what is asked and answered there.
//!
//! A seed keeps, per place, who wants to be found there and at which addresses. It is told hashes and nothing else: nothing
//! here may carry the name or id of a circle, and nobody is told of a place that they did not name.

mod board;

use serde::{Deserialize, Serialize};

use crate::codec::{CodecError, decode, encode};
use crate::crypto::{Context, hash};
use crate::id::DeviceId;
use crate::limits::{ADDRESS_MAX_BYTES, MEET_PLACES_MAX, REQUEST_MAX_BYTES, RESPONSE_MAX_BYTES};
use crate::record::SignedRecord;

pub use board::{Board, Tally};

/// A place at one seed: 16 bytes of a keyed hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Place(#[serde(with = "serde_bytes")] pub [u8; 16]);

impl Place {
    /// Where the members of a circle meet: follows from the circle's topic secret, so a removal moves it.
    #[must_use]
    pub fn of_circle(topic_secret: &[u8; 32], seed: &DeviceId) -> Self {
        Self::derived(topic_secret, seed, b'c')
    }

    /// Where a newcomer meets members: follows from the invite's public key, which only members and the newcomer know.
    #[must_use]
    pub fn of_invite(invite: &DeviceId, seed: &DeviceId) -> Self {
        Self::derived(&invite.0, seed, b'i')
    }

    /// The seed is hashed in, so that two seeds cannot tell that they hold the same circle.
    fn derived(secret: &[u8; 32], seed: &DeviceId, sort: u8) -> Self {
        let whole = hash(Context::Place, &[secret, &seed.0, &[sort]]);
        let mut place = [0; 16];
        place.copy_from_slice(&whole[..16]);
        Self(place)
    }
}

/// What a node asks a seed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeetRequest {
    /// I want to be found at exactly these places from here on; none of them takes me off the board.
    Post {
        /// Ascending, at most [`MEET_PLACES_MAX`].
        places: Vec<Place>,
        /// Where I can be reached, signed by the device that asks.
        record: SignedRecord,
    },
    /// Who wants to be found at these places?
    Look {
        /// Ascending, at most [`MEET_PLACES_MAX`].
        places: Vec<Place>,
    },
}

/// Who wants to be found at one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Where.
    pub place: Place,
    /// Their addresses, signed by each of them.
    pub records: Vec<SignedRecord>,
}

/// What a seed answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeetResponse {
    /// It is on the board, for so many milliseconds.
    Posted {
        /// How long it stays there.
        life_ms: u64,
    },
    /// Places at which somebody is.
    Found(Vec<Found>),
    /// Nothing was done.
    Refused {
        /// `malformed`, `full` or `busy`.
        code: String,
    },
}

impl MeetRequest {
    /// Canonical bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads a request.
    ///
    /// # Errors
    /// [`CodecError`] when it is too large, too long, or not in canonical form with ascending places.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        let request: Self = decode(bytes, REQUEST_MAX_BYTES)?;
        let (Self::Post { places, .. } | Self::Look { places }) = &request;
        if places.len() > MEET_PLACES_MAX {
            return Err(CodecError::Malformed(format!("{} places where at most {MEET_PLACES_MAX} are allowed", places.len())));
        }
        if !places.is_sorted_by(|a, b| a < b) {
            return Err(CodecError::NotCanonical);
        }
        Ok(request)
    }
}

impl MeetResponse {
    /// Canonical bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads an answer.
    ///
    /// # Errors
    /// [`CodecError`] when it is too large or not in canonical form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        decode(bytes, RESPONSE_MAX_BYTES)
    }
}

/// A node's address on the network with a seed in between: `SEED/p2p-circuit`, where `SEED` ends in `/p2p/…`. None when it would
/// be longer than any address may be.
#[must_use]
pub fn circuit(seed: &str) -> Option<String> {
    let address = format!("{seed}/p2p-circuit");
    (address.len() <= ADDRESS_MAX_BYTES).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Keypair;
    use crate::record::{Claim, Record};
    use crate::time::Millis;

    #[test]
    fn places_tell_secret_seed_and_sort_apart() {
        let (ana, ben) = (DeviceId([1; 32]), DeviceId([2; 32]));
        let here = Place::of_circle(&[7; 32], &ana);
        assert_eq!(here, Place::of_circle(&[7; 32], &ana));
        assert_ne!(here, Place::of_circle(&[7; 32], &ben), "two seeds see two places");
        assert_ne!(here, Place::of_circle(&[8; 32], &ana), "a removal moves the place");
        assert_ne!(here, Place::of_invite(&DeviceId([7; 32]), &ana), "an invite is no circle");
    }

    #[test]
    fn requests_are_read_strictly() {
        let pair = Keypair::from_seed(&[1; 32]);
        let claim = Claim::Addresses(vec!["/ip4/192.0.2.1/tcp/1".into()]);
        let record = Record { device: pair.public(), claim, issued: Millis(1), expires: Millis(2) }.sign(&pair);
        let (a, b) = (Place([1; 16]), Place([2; 16]));
        let post = |places| MeetRequest::Post { places, record: record.clone() };
        let read = |request: MeetRequest| MeetRequest::from_bytes(&request.to_bytes());
        assert_eq!(read(post(vec![a, b])), Ok(post(vec![a, b])));
        assert_eq!(read(post(vec![])), Ok(post(vec![])));
        assert_eq!(read(post(vec![b, a])), Err(CodecError::NotCanonical));
        assert_eq!(read(MeetRequest::Look { places: vec![a, a] }), Err(CodecError::NotCanonical));
        let many = (0..=MEET_PLACES_MAX).map(|n| Place((n as u128).to_be_bytes())).collect();
        assert!(matches!(read(MeetRequest::Look { places: many }), Err(CodecError::Malformed(_))));
        assert!(MeetRequest::from_bytes(b"").is_err() && MeetRequest::from_bytes(&[0xff; 40]).is_err());
    }

    #[test]
    fn a_full_request_fits() {
        let pair = Keypair::from_seed(&[1; 32]);
        let claim = Claim::Addresses(vec!["x".repeat(200); 8]);
        let record = Record { device: pair.public(), claim, issued: Millis(1), expires: Millis(2) }.sign(&pair);
        let places = (0..MEET_PLACES_MAX).map(|n| Place((n as u128).to_be_bytes())).collect();
        assert!(MeetRequest::Post { places, record }.to_bytes().len() < REQUEST_MAX_BYTES);
    }
}
