//! A person: an inception that fixes the root key, and a hash-linked chain of operations that says which devices speak for them.
//!
//! Social edges follow the identity, never a key. Nothing here decides who is trusted or who is in a circle.

use serde::{Deserialize, Serialize};

use crate::codec::{CodecError, decode, encode};
use crate::crypto::{Context, Keypair, Label, Sig, hash, verify};
use crate::id::{DeviceId, Digest, IdentityId, OperationId};
use crate::limits::{OPERATION_MAX_BYTES, OPERATIONS_MAX};
use crate::time::Millis;

/// What an identity begins with. Its hash is the identity's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inception {
    /// The root public key; used rarely.
    pub root: DeviceId,
    /// Hash of the next root public key: a stolen live root cannot rotate to a key of the thief.
    pub next_root: Digest,
    /// When, as claimed.
    pub created: Millis,
}

impl Inception {
    /// The identity's id.
    #[must_use]
    pub fn id(&self) -> IdentityId {
        IdentityId(hash(Context::Identity, &[&encode(self)]))
    }
}

/// What an operation does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A device may speak for the identity from here on.
    AddDevice {
        /// Its key.
        device: DeviceId,
    },
    /// A device may no longer; entries above the cut are void.
    RevokeDevice {
        /// Its key.
        device: DeviceId,
    },
}

/// One operation of an identity's chain, before signing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Whose.
    pub identity: IdentityId,
    /// From 0, without gaps.
    pub seq: u64,
    /// The operation before; none at 0.
    pub prev: Option<OperationId>,
    /// When, as claimed.
    pub at: Millis,
    /// What it does.
    pub change: Change,
    /// The key that signs: the root.
    pub signer: DeviceId,
}

/// An operation as it travels: the exact bytes and their signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedOperation {
    /// Canonical bytes of an [`Operation`].
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
    /// The signer's signature.
    pub sig: Sig,
}

impl SignedOperation {
    /// The operation's id.
    #[must_use]
    pub fn id(&self) -> OperationId {
        OperationId(hash(Context::Operation, &[&self.bytes]))
    }
}

/// An identity as it travels: inception and all operations. Not yet checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// The beginning.
    pub inception: Inception,
    /// What followed.
    pub operations: Vec<SignedOperation>,
}

/// Why a chain is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// More operations than a chain may have.
    #[error("the identity chain is longer than {OPERATIONS_MAX} operations")]
    TooLong,
    /// An operation is not well-formed.
    #[error("operation {0} of the identity chain is not well-formed: {1}")]
    Malformed(u64, CodecError),
    /// An operation does not follow its predecessor, or belongs to another identity.
    #[error("operation {0} of the identity chain does not follow the one before")]
    Unlinked(u64),
    /// An operation is signed by a key that may not do it, or the signature does not hold.
    #[error("operation {0} of the identity chain is not signed by the root")]
    WrongSigner(u64),
}

/// An identity whose chain was checked. Only [`Chain::verify`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    id: IdentityId,
    chain: Chain,
    devices: Vec<DeviceId>,
    revoked: Vec<DeviceId>,
}

impl Chain {
    /// The chain of a new person: the root adds the first device.
    #[must_use]
    pub fn begin(root: &Keypair, next_root: &DeviceId, device: DeviceId, now: Millis) -> Self {
        let next_root = Digest(hash(Context::NextRoot, &[next_root.as_bytes()]));
        let inception = Inception { root: root.public(), next_root, created: now };
        let mut chain = Self { inception, operations: Vec::new() };
        chain.append(root, Change::AddDevice { device }, now);
        chain
    }

    /// Signs one more operation with the root and appends it.
    pub fn append(&mut self, root: &Keypair, change: Change, now: Millis) {
        let operation = Operation {
            identity: self.inception.id(),
            seq: self.operations.len() as u64,
            prev: self.operations.last().map(SignedOperation::id),
            at: now,
            change,
            signer: root.public(),
        };
        let bytes = encode(&operation);
        let sig = root.sign(Label::Operation, &bytes);
        self.operations.push(SignedOperation { bytes, sig });
    }

    /// Checks every operation: form, link, signer, signature.
    ///
    /// # Errors
    /// The first fault, with the position of the operation.
    pub fn verify(self) -> Result<Identity, ChainError> {
        if self.operations.len() > OPERATIONS_MAX {
            return Err(ChainError::TooLong);
        }
        let id = self.inception.id();
        let mut identity = Identity { id, devices: Vec::new(), revoked: Vec::new(), chain: self };
        let mut prev = None;
        for (seq, signed) in (0u64..).zip(&identity.chain.operations) {
            let operation: Operation = decode(&signed.bytes, OPERATION_MAX_BYTES).map_err(|e| ChainError::Malformed(seq, e))?;
            if operation.identity != id || operation.seq != seq || operation.prev != prev {
                return Err(ChainError::Unlinked(seq));
            }
            let by_root = operation.signer == identity.chain.inception.root;
            if !by_root || verify(&operation.signer, Label::Operation, &signed.bytes, &signed.sig).is_err() {
                return Err(ChainError::WrongSigner(seq));
            }
            match operation.change {
                Change::AddDevice { device } if !identity.revoked.contains(&device) => identity.devices.push(device),
                Change::AddDevice { .. } => {}
                Change::RevokeDevice { device } => {
                    identity.devices.retain(|d| *d != device);
                    identity.revoked.push(device);
                }
            }
            prev = Some(signed.id());
        }
        Ok(identity)
    }
}

impl Identity {
    /// The identity's id.
    #[must_use]
    pub const fn id(&self) -> IdentityId {
        self.id
    }

    /// The devices that speak for it now.
    #[must_use]
    pub fn devices(&self) -> &[DeviceId] {
        &self.devices
    }

    /// Whether this device speaks for it now.
    #[must_use]
    pub fn has(&self, device: &DeviceId) -> bool {
        self.devices.contains(device)
    }

    /// The checked chain, to be stored and sent.
    #[must_use]
    pub const fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Number of operations and the id of the last one: what two nodes compare.
    #[must_use]
    pub fn head(&self) -> (u64, Digest) {
        let last = self.chain.operations.last().map_or(self.id.0, |op| op.id().0);
        (self.chain.operations.len() as u64, Digest(last))
    }

    /// Whether `other` continues this chain (or equals it).
    #[must_use]
    pub fn is_continued_by(&self, other: &Self) -> bool {
        self.id == other.id && other.chain.operations.starts_with(&self.chain.operations)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person() -> (Keypair, Chain) {
        let root = Keypair::from_seed(&[1; 32]);
        let next = Keypair::from_seed(&[2; 32]);
        let device = Keypair::from_seed(&[3; 32]);
        let chain = Chain::begin(&root, &next.public(), device.public(), Millis(1000));
        (root, chain)
    }

    #[test]
    fn devices_come_and_go_by_the_root() {
        let (root, mut chain) = person();
        let first = Keypair::from_seed(&[3; 32]).public();
        let second = Keypair::from_seed(&[4; 32]).public();
        chain.append(&root, Change::AddDevice { device: second }, Millis(2000));
        chain.append(&root, Change::RevokeDevice { device: first }, Millis(3000));
        chain.append(&root, Change::AddDevice { device: first }, Millis(4000));
        let identity = chain.verify().expect("a good chain");
        assert_eq!(identity.devices(), [second], "a revoked device does not come back");
    }

    #[test]
    fn a_forged_reordered_or_foreign_operation_is_found() {
        let (root, mut chain) = person();
        chain.append(&root, Change::AddDevice { device: Keypair::from_seed(&[4; 32]).public() }, Millis(2000));
        let good = chain.clone();
        chain.operations.swap(0, 1);
        assert_eq!(chain.verify(), Err(ChainError::Unlinked(0)));
        let mut chain = good.clone();
        chain.append(&Keypair::from_seed(&[9; 32]), Change::RevokeDevice { device: root.public() }, Millis(3000));
        assert_eq!(chain.verify(), Err(ChainError::WrongSigner(2)));
        let mut chain = good.clone();
        chain.operations[1].bytes[20] ^= 1;
        assert!(chain.verify().is_err());
        let mut chain = good;
        chain.inception.created = Millis(1);
        assert_eq!(chain.verify(), Err(ChainError::Unlinked(0)), "another inception is another identity");
    }
}
