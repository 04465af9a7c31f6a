//! A person: an inception that fixes the root key, and a hash-linked chain of operations that says which devices speak for them.
//!
//! Social edges follow the identity, never a key. Nothing here decides who is trusted or who is in a circle. A chain is seen in every
//! circle of its person, so it names logs blindly: who is not in a log's space learns nothing of that space.

use serde::{Deserialize, Serialize};

use crate::codec::{CodecError, decode, encode};
use crate::crypto::{BadSignature, Context, Keypair, Label, Sig, hash, verify};
use crate::id::{DeviceId, Digest, EntryId, IdentityId, OperationId, SpaceId};
use crate::limits::{CUTS_MAX, OPERATION_MAX_BYTES, OPERATIONS_MAX};
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

/// The end of a log that an operation lets stand: what lies beyond has no effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEnd {
    /// Which log, blindly; see [`blind_log`].
    pub log: Digest,
    /// The last sequence that counts.
    pub seq: u64,
    /// The entry that stands there; it names the branch of a forked log.
    pub id: EntryId,
}

/// What an operation does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A device may speak for the identity from here on. By the root or a device of the identity.
    AddDevice {
        /// Its key.
        device: DeviceId,
        /// By that key, over identity and device: nobody takes a device over by naming it.
        consent: Sig,
    },
    /// A device may no longer, for ever. By the root, or by the device that added it.
    RevokeDevice {
        /// Its key.
        device: DeviceId,
        /// The ends of its logs that stand; a log without one, and without a close, has no effect at all.
        cuts: Vec<LogEnd>,
    },
    /// A log ends here. By the root or another device of the identity.
    CloseLog {
        /// The branch and the point that stand.
        end: LogEnd,
    },
}

impl Change {
    /// Whether it takes something away: that beats what gives, when both were signed at once.
    const fn takes_away(&self) -> bool {
        !matches!(self, Self::AddDevice { .. })
    }
}

/// How an identity lets a log stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It goes on.
    None,
    /// It ends with this entry.
    At(u64, EntryId),
    /// Nothing of it stands.
    Nothing,
}

/// The name of a log in an identity's chain.
#[must_use]
pub fn blind_log(space: &SpaceId, device: &DeviceId, number: u64) -> Digest {
    Digest(hash(Context::BlindLog, &[&space.0, &device.0, &number.to_be_bytes()]))
}

/// A device's word that it is one of this identity.
#[must_use]
pub fn consent(device: &Keypair, identity: IdentityId) -> Sig {
    device.sign(Label::Device, &[identity.0, device.public().0].concat())
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
    /// The key that signs: the root's or a device's.
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
    #[error("operation {0} of the identity chain is not signed by a key that may do it")]
    WrongSigner(u64),
    /// A device that is added did not agree to it.
    #[error("operation {0} of the identity chain adds a device that did not agree")]
    Unwilling(u64),
    /// An operation does nothing that can be done: a device is added twice, or one revoked that is none.
    #[error("operation {0} of the identity chain adds what is there, or takes away what is not")]
    Idle(u64),
}

/// An identity whose chain was checked. Only [`Chain::verify`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    id: IdentityId,
    chain: Chain,
    operations: Vec<Operation>,
    devices: Vec<DeviceId>,
    revocations: Vec<Revocation>,
    closes: Vec<Close>,
}

/// A device that speaks for the identity no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// The operation that revokes.
    pub by: OperationId,
    /// The device.
    pub device: DeviceId,
    /// What stands of its logs.
    pub cuts: Vec<LogEnd>,
}

/// How signatures are checked: key, label, message, signature.
type Verify = fn(&DeviceId, Label, &[u8], &Sig) -> Result<(), BadSignature>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Close {
    end: LogEnd,
    signer: DeviceId,
    by_root: bool,
}

impl Chain {
    /// The chain of a new person: the root adds the first device, which agrees.
    #[must_use]
    pub fn begin(root: &Keypair, next_root: &DeviceId, device: &Keypair, now: Millis) -> Self {
        let next_root = Digest(hash(Context::NextRoot, &[next_root.as_bytes()]));
        let inception = Inception { root: root.public(), next_root, created: now };
        let consent = consent(device, inception.id());
        let mut chain = Self { inception, operations: Vec::new() };
        chain.append(root, Change::AddDevice { device: device.public(), consent }, now);
        chain
    }

    /// Signs one more operation with the root's or a device's key and appends it.
    pub fn append(&mut self, signer: &Keypair, change: Change, now: Millis) {
        let operation = Operation {
            identity: self.inception.id(),
            seq: self.operations.len() as u64,
            prev: self.operations.last().map(SignedOperation::id),
            at: now,
            change,
            signer: signer.public(),
        };
        let bytes = encode(&operation);
        let sig = signer.sign(Label::Operation, &bytes);
        self.operations.push(SignedOperation { bytes, sig });
    }

    /// Checks every operation: form, link, signer, signature, consent.
    ///
    /// # Errors
    /// The first fault, with the position of the operation.
    pub fn verify(self) -> Result<Identity, ChainError> {
        self.read(verify)
    }

    /// The identity of a chain that this node verified before and has kept since: signatures are not checked again. Never for
    /// anything that comes from outside.
    ///
    /// # Errors
    /// The fault, when what was kept has changed.
    pub fn trusted(self) -> Result<Identity, ChainError> {
        self.read(|_, _, _, _| Ok(()))
    }

    fn read(self, verify: Verify) -> Result<Identity, ChainError> {
        if self.operations.len() > OPERATIONS_MAX {
            return Err(ChainError::TooLong);
        }
        let mut identity = Identity::of(self.inception.clone());
        for (seq, signed) in (0u64..).zip(self.operations) {
            let operation: Operation = decode(&signed.bytes, OPERATION_MAX_BYTES).map_err(|e| ChainError::Malformed(seq, e))?;
            let prev = identity.chain.operations.last().map(SignedOperation::id);
            if operation.identity != identity.id || operation.seq != seq || operation.prev != prev {
                return Err(ChainError::Unlinked(seq));
            }
            if !identity.may(&operation) || verify(&operation.signer, Label::Operation, &signed.bytes, &signed.sig).is_err() {
                return Err(ChainError::WrongSigner(seq));
            }
            identity.apply(&operation, signed.id(), verify)?;
            identity.operations.push(operation);
            identity.chain.operations.push(signed);
        }
        Ok(identity)
    }
}

impl Identity {
    fn of(inception: Inception) -> Self {
        let id = inception.id();
        let chain = Chain { inception, operations: Vec::new() };
        Self { id, chain, operations: Vec::new(), devices: Vec::new(), revocations: Vec::new(), closes: Vec::new() }
    }

    /// Whether the signer may do this at this point of the chain.
    fn may(&self, operation: &Operation) -> bool {
        if operation.signer == self.chain.inception.root {
            return true;
        }
        let added = |device: &DeviceId| {
            let added = self.operations.iter().find(|op| matches!(&op.change, Change::AddDevice { device: d, .. } if d == device));
            added.is_some_and(|op| op.signer == operation.signer)
        };
        let revokes_own = if let Change::RevokeDevice { device, .. } = &operation.change { added(device) } else { true };
        self.has(&operation.signer) && revokes_own
    }

    fn apply(&mut self, operation: &Operation, by: OperationId, verify: Verify) -> Result<(), ChainError> {
        match &operation.change {
            Change::AddDevice { device, consent } => {
                let agreed = [self.id.0, device.0].concat();
                verify(device, Label::Device, &agreed, consent).map_err(|_| ChainError::Unwilling(operation.seq))?;
                if self.ever().any(|known| known == *device) {
                    return Err(ChainError::Idle(operation.seq));
                }
                self.devices.push(*device);
            }
            Change::RevokeDevice { device, cuts } => {
                if !self.has(device) || cuts.len() > CUTS_MAX {
                    return Err(ChainError::Idle(operation.seq));
                }
                self.devices.retain(|d| d != device);
                self.revocations.push(Revocation { by, device: *device, cuts: cuts.clone() });
            }
            Change::CloseLog { end } => {
                self.closes.push(Close { end: *end, signer: operation.signer, by_root: operation.signer == self.chain.inception.root });
            }
        }
        Ok(())
    }

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

    /// All devices that spoke for it at any time.
    pub fn ever(&self) -> impl Iterator<Item = DeviceId> + '_ {
        self.devices.iter().copied().chain(self.revocations.iter().map(|revocation| revocation.device))
    }

    /// Devices that speak for it no more, in the order of the chain.
    #[must_use]
    pub fn revocations(&self) -> &[Revocation] {
        &self.revocations
    }

    /// How it lets a log of one of its devices stand. A revocation's cut beats a close, and the root's close one by a device; of two
    /// by keys of one rank the first stands. No device closes a log of its own.
    #[must_use]
    pub fn ending(&self, space: &SpaceId, device: &DeviceId, number: u64) -> Ending {
        if self.closes.is_empty() && self.has(device) {
            return Ending::None;
        }
        let log = blind_log(space, device, number);
        let revocation = self.revocations.iter().find(|revocation| revocation.device == *device);
        let cut = revocation.and_then(|revocation| revocation.cuts.iter().find(|cut| cut.log == log));
        let closes = || self.closes.iter().filter(|close| close.end.log == log && close.signer != *device);
        let close = closes().find(|close| close.by_root).or_else(|| closes().next()).map(|close| &close.end);
        let open = if revocation.is_some() { Ending::Nothing } else { Ending::None };
        cut.or(close).map_or(open, |end| Ending::At(end.seq, end.id))
    }

    /// Whether this chain takes the place of `other`, another of the same identity. Of two chains the one with more operations by the
    /// root stands, so that no device undoes what the root said. Of as many: the longer when it continues the other, else, where
    /// they part, the root's operation, then what takes away, then the smaller id. Every set of chains has one that
    /// stands against all others, so all nodes end with the same.
    #[must_use]
    pub fn beats(&self, other: &Self) -> bool {
        let by_root = |identity: &Self| identity.operations.iter().filter(|op| identity.is_roots(op)).count();
        let rank = |identity: &Self, at: usize| {
            let operation = identity.operations.get(at)?;
            // Greater is better: an id is better the smaller it is.
            let id = std::cmp::Reverse(identity.chain.operations[at].id());
            Some((identity.is_roots(operation), operation.change.takes_away(), id))
        };
        let (mine, theirs) = (&self.chain.operations, &other.chain.operations);
        let parts = mine.iter().zip(theirs).take_while(|(a, b)| a == b).count();
        self.id == other.id && (by_root(self), rank(self, parts)) > (by_root(other), rank(other, parts))
    }

    fn is_roots(&self, operation: &Operation) -> bool {
        operation.signer == self.chain.inception.root
    }
}

#[cfg(test)]
mod tests;
