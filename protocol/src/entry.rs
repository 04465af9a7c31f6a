//! The entry: a signed header with a detached payload, the unit of everything that spreads.
//!
//! Types are proofs. A [`Draft`] is unsigned, [`Unverified`] is what came from somewhere, and only signing or verifying makes an
//! [`Entry`]. The exact header bytes are what is hashed, stored and forwarded; the decoded header is a projection of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::codec::{CodecError, decode, encode};
use crate::crypto::seal::{self, SealError};
use crate::crypto::{Context, Keypair, Label, Sig, hash, verify};
use crate::id::{DeviceId, Digest, EntryId, KeyId, SpaceId};
use crate::limits::{EXTENSIONS_MAX, HEADER_MAX_BYTES, INTEGER_MAX, LOG_NUMBERS_MAX, NETWORK, PAYLOAD_MAX_BYTES, REFS_MAX, WIRE_VERSION};
use crate::time::Millis;

/// Flag bit: who does not understand this kind must let nothing later of its log take effect.
pub const FLAG_CRITICAL: u64 = 1;
/// Bytes that encryption adds: nonce and tag.
const SEAL_BYTES: usize = 24 + 16;
/// Bytes before the body inside an encrypted payload: salt and length.
const PREFIX_BYTES: usize = 16 + 4;
/// The smallest padded payload.
const BUCKET_MIN_BYTES: usize = 256;

/// One device's chain in one space. The number rises when a new log replaces a closed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LogId {
    /// The space.
    pub space: SpaceId,
    /// The device that writes.
    pub device: DeviceId,
    /// From 0.
    pub number: u64,
}

/// The signed part of an entry. On the wire: an array of these sixteen, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The device that signs.
    pub device: DeviceId,
    /// The space it belongs to.
    pub space: SpaceId,
    /// Number of the device's log in that space.
    pub log: u64,
    /// From 0, without gaps.
    pub seq: u64,
    /// The entry before in this log; none at 0.
    pub prev: Option<EntryId>,
    /// What sort of body it has.
    pub kind: u64,
    /// Bits; see [`FLAG_CRITICAL`].
    pub flags: u64,
    /// One more than the greatest of what it follows.
    pub lamport: u64,
    /// When, as the device claims.
    pub at: Millis,
    /// Entries of other logs that it follows.
    pub refs: Vec<EntryId>,
    /// The key its payload is encrypted under; none = in the clear.
    pub key: Option<KeyId>,
    /// Bytes of the stored payload.
    pub payload_bytes: u64,
    /// Hash of the stored payload.
    pub payload_hash: Option<Digest>,
    /// Room to grow. A key that begins with `!` must be understood.
    pub extensions: BTreeMap<String, ByteBuf>,
}

/// The extension that cites a version of the norms.
pub const NORMS_EXTENSION: &str = "norms";

type Wire = (
    u64,
    String,
    DeviceId,
    SpaceId,
    u64,
    u64,
    Option<EntryId>,
    u64,
    u64,
    u64,
    Millis,
    Vec<EntryId>,
    Option<KeyId>,
    u64,
    Option<Digest>,
    BTreeMap<String, ByteBuf>,
);

/// Why bytes are no entry. All of these are provable from the bytes alone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// The header is not well-formed.
    #[error("header: {0}")]
    Header(#[from] CodecError),
    /// Another wire version.
    #[error("wire version {0} is not known here: a newer program is needed")]
    Version(u64),
    /// Another network.
    #[error("the entry belongs to another network")]
    Network,
    /// A count, number or link that no entry may have.
    #[error("header: {0}")]
    Shape(&'static str),
    /// The signature does not hold.
    #[error("the signature does not hold")]
    Signature,
    /// The payload is not the one that was signed.
    #[error("the payload is not the one that was signed")]
    Payload,
}

impl Header {
    /// The log this header belongs to.
    #[must_use]
    pub const fn log_id(&self) -> LogId {
        LogId { space: self.space, device: self.device, number: self.log }
    }

    fn encode(&self) -> Vec<u8> {
        encode(&(
            WIRE_VERSION,
            NETWORK,
            self.device,
            self.space,
            self.log,
            self.seq,
            self.prev,
            self.kind,
            self.flags,
            self.lamport,
            self.at,
            &self.refs,
            self.key,
            self.payload_bytes,
            self.payload_hash,
            &self.extensions,
        ))
    }

    fn decode(bytes: &[u8]) -> Result<Self, EntryError> {
        let wire: Wire = decode(bytes, HEADER_MAX_BYTES)?;
        let (version, network, device, space, log, seq, prev, kind, flags, lamport, at, refs, key, payload_bytes, payload_hash, extensions) =
            wire;
        if version != WIRE_VERSION {
            return Err(EntryError::Version(version));
        }
        if network != NETWORK {
            return Err(EntryError::Network);
        }
        let header = Self { device, space, log, seq, prev, kind, flags, lamport, at, refs, key, payload_bytes, payload_hash, extensions };
        header.check()?;
        Ok(header)
    }

    fn check(&self) -> Result<(), EntryError> {
        let numbers = [self.seq, self.kind, self.flags, self.lamport, self.at.0];
        if numbers.iter().any(|n| *n >= INTEGER_MAX) {
            return Err(EntryError::Shape("an integer is 2^53 or more"));
        }
        if self.log >= LOG_NUMBERS_MAX {
            return Err(EntryError::Shape("the log number is too high"));
        }
        if self.prev.is_none() != (self.seq == 0) {
            return Err(EntryError::Shape("only the first entry of a log has no predecessor"));
        }
        let sorted = self.refs.windows(2).all(|pair| pair[0] < pair[1]);
        if self.refs.len() > REFS_MAX || !sorted {
            return Err(EntryError::Shape("references are too many, double or unsorted"));
        }
        if self.extensions.len() > EXTENSIONS_MAX {
            return Err(EntryError::Shape("too many extensions"));
        }
        if self.payload_hash.is_none() || self.payload_bytes > PAYLOAD_MAX_BYTES as u64 {
            return Err(EntryError::Shape("the payload has no hash or is too large"));
        }
        Ok(())
    }

    /// What a payload is bound to: the header as it was before the payload's hash was known.
    fn bound(&self) -> Vec<u8> {
        Self { payload_hash: None, ..self.clone() }.encode()
    }

    /// The version of the norms that it cites: the extension `norms`, eight bytes, big-endian; version 0 when there is none. None
    /// when the extension is anything else.
    #[must_use]
    pub fn norms(&self) -> Option<u64> {
        let Some(bytes) = self.extensions.get(NORMS_EXTENSION) else { return Some(0) };
        let version = u64::from_be_bytes(bytes.as_slice().try_into().ok()?);
        (version > 0 && version < INTEGER_MAX).then_some(version)
    }

    /// Whether an extension must be understood that is not known here.
    #[must_use]
    pub fn has_unknown_critical_extension(&self) -> bool {
        self.extensions.keys().any(|key| key.starts_with('!'))
    }
}

/// An entry as it travels: not checked in any way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unverified {
    /// The exact header bytes.
    #[serde(with = "serde_bytes", rename = "h")]
    pub header: Vec<u8>,
    /// The signature over them.
    #[serde(rename = "s")]
    pub sig: Sig,
    /// The payload as stored; none when it is gone.
    #[serde(rename = "p")]
    pub payload: Option<ByteBuf>,
}

impl Unverified {
    /// Checks form, signature and payload hash.
    ///
    /// # Errors
    /// The first fault; each is provable from these bytes alone.
    pub fn verify(self) -> Result<Entry, EntryError> {
        let header = Header::decode(&self.header)?;
        if let Some(payload) = &self.payload {
            let same = payload.len() as u64 == header.payload_bytes && Some(payload_hash(payload)) == header.payload_hash;
            if !same {
                return Err(EntryError::Payload);
            }
        }
        verify(&header.device, Label::Entry, &self.header, &self.sig).map_err(|_| EntryError::Signature)?;
        Ok(Entry { id: entry_id(&self.header), header, raw: self })
    }
}

impl Unverified {
    /// The entry that these bytes are, for bytes that this node verified before and has kept since: the form is
    /// checked, signature and payload hash are not. Never for anything that comes from outside.
    ///
    /// # Errors
    /// The fault, when the kept bytes were changed.
    pub fn trusted(self) -> Result<Entry, EntryError> {
        let header = Header::decode(&self.header)?;
        Ok(Entry { id: entry_id(&self.header), header, raw: self })
    }
}

/// A verified entry. Below this type nobody asks whether the signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    id: EntryId,
    header: Header,
    raw: Unverified,
}

impl Entry {
    /// Its id.
    #[must_use]
    pub const fn id(&self) -> EntryId {
        self.id
    }

    /// Its header.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The bytes to store and to forward.
    #[must_use]
    pub const fn raw(&self) -> &Unverified {
        &self.raw
    }

    /// The body bytes: the payload itself when it is in the clear, else what opens under `key` of its space.
    ///
    /// # Errors
    /// [`SealError`] when the payload is gone, or does not open under this key.
    pub fn open(&self, key: Option<&[u8; 32]>) -> Result<Vec<u8>, SealError> {
        let payload = self.raw.payload.as_ref().ok_or(SealError)?;
        match (self.header.key, key) {
            (None, _) => Ok(payload.to_vec()),
            (Some(_), None) => Err(SealError),
            (Some(_), Some(key)) => {
                let plain = seal::decrypt(&entry_key(key, &self.header), &self.header.bound(), payload)?;
                unpad(&plain).map(<[u8]>::to_vec).ok_or(SealError)
            }
        }
    }
}

/// An entry to be signed.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The header; its payload fields are filled in by [`Draft::sign`].
    pub header: Header,
    /// The body bytes.
    pub body: Vec<u8>,
}

impl Draft {
    /// Encrypts the body under the space's key, when the header names one, and signs. `fresh` are 32 random bytes, used once.
    ///
    /// # Errors
    /// [`EntryError`] when the result would break a limit.
    pub fn sign(self, pair: &Keypair, key: Option<&[u8; 32]>, fresh: &[u8; 32]) -> Result<Entry, EntryError> {
        let Self { mut header, body } = self;
        header.payload_hash = None;
        let payload = match (header.key, key) {
            (Some(_), Some(key)) => {
                let padded = pad(&body, fresh).ok_or(EntryError::Shape("the payload is too large"))?;
                header.payload_bytes = (padded.len() + SEAL_BYTES) as u64;
                seal::encrypt(&entry_key(key, &header), &header.bound(), &padded, &hash(Context::Stream, &[fresh]))
            }
            (None, _) => {
                header.payload_bytes = body.len() as u64;
                body
            }
            (Some(_), None) => return Err(EntryError::Shape("the key of the payload is not here")),
        };
        header.payload_hash = Some(payload_hash(&payload));
        header.check()?;
        let bytes = header.encode();
        if bytes.len() > HEADER_MAX_BYTES {
            return Err(CodecError::Oversize { size: bytes.len(), max: HEADER_MAX_BYTES }.into());
        }
        let sig = pair.sign(Label::Entry, &bytes);
        Ok(Entry { id: entry_id(&bytes), header, raw: Unverified { header: bytes, sig, payload: Some(ByteBuf::from(payload)) } })
    }
}

/// The id of the entry with these unsigned header bytes.
#[must_use]
pub fn entry_id(header: &[u8]) -> EntryId {
    EntryId(hash(Context::Entry, &[header]))
}

fn payload_hash(payload: &[u8]) -> Digest {
    Digest(hash(Context::Payload, &[payload]))
}

fn entry_key(key: &[u8; 32], header: &Header) -> [u8; 32] {
    let place = [header.log.to_be_bytes(), header.seq.to_be_bytes()].concat();
    hash(Context::EntryKey, &[key, &header.space.0, &header.device.0, &place])
}

/// Salt, length, body, zeros: up to the next power of two, so that sizes tell little.
fn pad(body: &[u8], fresh: &[u8; 32]) -> Option<Vec<u8>> {
    let needed = PREFIX_BYTES + body.len() + SEAL_BYTES;
    let bucket = needed.next_power_of_two().max(BUCKET_MIN_BYTES);
    if bucket > PAYLOAD_MAX_BYTES {
        return None;
    }
    let mut plain = Vec::with_capacity(bucket - SEAL_BYTES);
    plain.extend_from_slice(&fresh[..16]);
    plain.extend_from_slice(&u32::try_from(body.len()).ok()?.to_be_bytes());
    plain.extend_from_slice(body);
    plain.resize(bucket - SEAL_BYTES, 0);
    Some(plain)
}

fn unpad(plain: &[u8]) -> Option<&[u8]> {
    let length = plain.get(16..PREFIX_BYTES)?;
    let length = u32::from_be_bytes(length.try_into().ok()?) as usize;
    let rest = plain.get(PREFIX_BYTES..)?;
    let body = rest.get(..length)?;
    rest[length..].iter().all(|byte| *byte == 0).then_some(body)
}

#[cfg(test)]
mod tests;
