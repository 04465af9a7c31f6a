//! Expiring signed records: a device's prekey and its addresses. Replaced in place by the newest, never entries of a log.

use serde::{Deserialize, Serialize};

use crate::codec::{CodecError, decode, encode};
use crate::crypto::{Keypair, Label, Sig, verify};
use crate::id::DeviceId;
use crate::limits::{ADDRESSES_MAX, FIELD_MAX_CHARS, RECORD_MAX_BYTES};
use crate::time::Millis;

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// The X25519 key that secrets for this device are sealed to.
    Prekey(#[serde(with = "serde_bytes")] [u8; 32]),
    /// Where the device listens: multiaddresses.
    Addresses(Vec<String>),
}

/// The two slots a device has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slot {
    /// Of [`Claim::Prekey`].
    Prekey,
    /// Of [`Claim::Addresses`].
    Addresses,
}

/// A record, before signing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Whose.
    pub device: DeviceId,
    /// What it says.
    pub claim: Claim,
    /// The later one replaces the earlier one.
    pub issued: Millis,
    /// Not believed after this.
    pub expires: Millis,
}

/// A record as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedRecord {
    /// Canonical bytes of a [`Record`].
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
    /// The device's signature.
    pub sig: Sig,
}

/// Why a record is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Not well-formed.
    #[error("record: {0}")]
    Malformed(#[from] CodecError),
    /// The signature does not hold.
    #[error("record: the signature does not hold")]
    Signature,
    /// Too many or too long addresses.
    #[error("record: too many or too long addresses")]
    Addresses,
}

impl Record {
    /// The slot it fills.
    #[must_use]
    pub const fn slot(&self) -> Slot {
        match self.claim {
            Claim::Prekey(_) => Slot::Prekey,
            Claim::Addresses(_) => Slot::Addresses,
        }
    }

    /// Signs it with the device's key.
    #[must_use]
    pub fn sign(&self, pair: &Keypair) -> SignedRecord {
        let bytes = encode(self);
        SignedRecord { sig: pair.sign(Label::Record, &bytes), bytes }
    }
}

impl SignedRecord {
    /// Checks form and signature.
    ///
    /// # Errors
    /// [`RecordError`] names the fault. Expiry is the reader's matter.
    pub fn verify(&self) -> Result<Record, RecordError> {
        let record: Record = decode(&self.bytes, RECORD_MAX_BYTES)?;
        if let Claim::Addresses(list) = &record.claim
            && (list.len() > ADDRESSES_MAX || list.iter().any(|a| a.len() > FIELD_MAX_CHARS))
        {
            return Err(RecordError::Addresses);
        }
        verify(&record.device, Label::Record, &self.bytes, &self.sig).map_err(|_| RecordError::Signature)?;
        Ok(record)
    }

    /// What a record out of the own store says, which was verified before it was kept. Never for anything that comes from outside.
    ///
    /// # Errors
    /// [`RecordError`] when the kept bytes were changed.
    pub fn trusted(&self) -> Result<Record, RecordError> {
        Ok(decode(&self.bytes, RECORD_MAX_BYTES)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_device_itself_speaks() {
        let pair = Keypair::from_seed(&[1; 32]);
        let record = Record { device: pair.public(), claim: Claim::Prekey([2; 32]), issued: Millis(1), expires: Millis(2) };
        assert_eq!(record.sign(&pair).verify(), Ok(record.clone()));
        assert_eq!(record.sign(&pair).trusted(), Ok(record.clone()));
        assert_eq!(record.sign(&Keypair::from_seed(&[3; 32])).verify(), Err(RecordError::Signature));
        let many = Record { claim: Claim::Addresses(vec!["/ip4/127.0.0.1/tcp/1".into(); ADDRESSES_MAX + 1]), ..record };
        assert_eq!(many.sign(&pair).verify(), Err(RecordError::Addresses));
    }
}
