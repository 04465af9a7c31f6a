//! Proof that a device signed two different entries for one place of a log.
//!
//! It stands for itself: two headers and their signatures are enough, and no payload is ever needed. Which branch stands is not
//! decided here: its person names it.

mod branch;

use serde::{Deserialize, Serialize};

use crate::codec::encode;
use crate::crypto::{Context, Sig, hash};
use crate::entry::{Entry, EntryError, LogId, Unverified};
use crate::id::{Digest, EntryId};

pub use branch::{Branch, Fit};

/// A header as it was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedHeader {
    /// The exact header bytes.
    #[serde(with = "serde_bytes", rename = "h")]
    pub header: Vec<u8>,
    /// The signature over them.
    #[serde(rename = "s")]
    pub sig: Sig,
}

impl SignedHeader {
    fn of(entry: &Entry) -> Self {
        Self { header: entry.raw().header.clone(), sig: entry.raw().sig }
    }

    fn verify(&self) -> Result<Entry, EntryError> {
        Unverified { header: self.header.clone(), sig: self.sig, payload: None }.verify()
    }
}

/// Two signed headers for one place, as they travel: not checked. The one with the smaller id stands first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForkProof {
    /// The one with the smaller id.
    pub one: SignedHeader,
    /// The other.
    pub other: SignedHeader,
}

/// Why a proof proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForkError {
    /// One of the headers does not hold.
    #[error("a header of the proof does not hold: {0}")]
    Header(#[from] EntryError),
    /// The headers are not two different ones for one place, the smaller id first.
    #[error("the proof does not show two entries at one place of a log, the smaller first")]
    NoFork,
}

/// A proof that was checked. Only [`ForkProof::verify`] and [`Fork::between`] make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fork {
    log: LogId,
    seq: u64,
    ids: [EntryId; 2],
    proof: ForkProof,
}

impl ForkProof {
    /// Checks both headers, and that they stand at one place.
    ///
    /// # Errors
    /// [`ForkError`]; provable from the bytes alone.
    pub fn verify(self) -> Result<Fork, ForkError> {
        let (one, other) = (self.one.verify()?, self.other.verify()?);
        if one.id() > other.id() {
            return Err(ForkError::NoFork);
        }
        Fork::between(&one, &other).ok_or(ForkError::NoFork)
    }
}

impl Fork {
    /// The fork that two entries make, if they do.
    #[must_use]
    pub fn between(a: &Entry, b: &Entry) -> Option<Self> {
        let (log, seq) = (a.header().log_id(), a.header().seq);
        if log != b.header().log_id() || seq != b.header().seq || a.id() == b.id() {
            return None;
        }
        let (one, other) = if a.id() < b.id() { (a, b) } else { (b, a) };
        let proof = ForkProof { one: SignedHeader::of(one), other: SignedHeader::of(other) };
        Some(Self { log, seq, ids: [one.id(), other.id()], proof })
    }

    /// The forked log.
    #[must_use]
    pub const fn log(&self) -> &LogId {
        &self.log
    }

    /// The first place known to have two entries: from here on the log is contested.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// The two entries, the smaller id first.
    #[must_use]
    pub const fn ids(&self) -> &[EntryId; 2] {
        &self.ids
    }

    /// The proof, to be stored and sent.
    #[must_use]
    pub const fn proof(&self) -> &ForkProof {
        &self.proof
    }

    /// Name of the proof where it is kept.
    #[must_use]
    pub fn id(&self) -> Digest {
        Digest(hash(Context::ForkProof, &[&encode(&self.proof)]))
    }

    /// Whether this proof takes the place of another of the same log: only a lower fork says more. Other pairs for the same place
    /// say nothing new, and a forger could make them without end.
    #[must_use]
    pub fn beats(&self, other: &Self) -> bool {
        self.log == other.log && self.seq < other.seq
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::codec::decode;
    use crate::crypto::Keypair;
    use crate::entry::{Draft, Header};
    use crate::id::SpaceId;
    use crate::time::Millis;

    fn entry(device: u8, log: u64, seq: u64, text: &str) -> Entry {
        let pair = Keypair::from_seed(&[device; 32]);
        let header = Header {
            device: pair.public(),
            space: SpaceId([2; 32]),
            log,
            seq,
            prev: (seq > 0).then_some(EntryId([1; 32])),
            kind: 32,
            flags: 0,
            lamport: 1,
            at: Millis(1),
            refs: vec![],
            key: None,
            payload_bytes: 0,
            payload_hash: None,
            extensions: BTreeMap::new(),
        };
        Draft { header, body: text.as_bytes().to_vec() }.sign(&pair, None, &[0; 32]).expect("signs")
    }

    #[test]
    fn two_entries_at_one_place_prove_a_fork_whoever_finds_it() {
        let (a, b) = (entry(1, 0, 3, "to the left"), entry(1, 0, 3, "to the right"));
        let fork = Fork::between(&a, &b).expect("a fork");
        assert_eq!(Some(&fork), Fork::between(&b, &a).as_ref());
        assert_eq!((fork.seq(), fork.log().number), (3, 0));
        assert_eq!(fork.proof().clone().verify(), Ok(fork.clone()), "it stands for itself");
        let turned = ForkProof { one: fork.proof().other.clone(), other: fork.proof().one.clone() };
        assert_eq!(turned.verify(), Err(ForkError::NoFork), "one fork has one proof");
    }

    #[test]
    fn what_is_no_fork_proves_nothing() {
        let a = entry(1, 0, 3, "a");
        for b in [a.clone(), entry(2, 0, 3, "b"), entry(1, 1, 3, "b"), entry(1, 0, 4, "b")] {
            assert_eq!(Fork::between(&a, &b), None);
            let mut pair = [&a, &b];
            pair.sort_by_key(|entry| entry.id());
            let proof = ForkProof { one: SignedHeader::of(pair[0]), other: SignedHeader::of(pair[1]) };
            assert_eq!(proof.verify(), Err(ForkError::NoFork));
        }
    }

    #[test]
    fn every_changed_byte_is_found() {
        let fork = Fork::between(&entry(1, 0, 3, "a"), &entry(1, 0, 3, "b")).expect("a fork");
        let bytes = encode(fork.proof());
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let found = decode::<ForkProof>(&changed, changed.len()).map_err(|_| ()).and_then(|proof| proof.verify().map_err(|_| ()));
            assert_eq!(found, Err(()), "byte {at}");
        }
    }

    proptest! {
        #[test]
        fn proofs_of_one_log_end_at_the_lowest_fork_in_whatever_order_they_come(seqs in prop::collection::vec(0u64..6, 1..8), turn in any::<usize>()) {
            let forks: Vec<Fork> = (0u8..).zip(&seqs).map(|(n, seq)| {
                Fork::between(&entry(1, 0, *seq, "a"), &entry(1, 0, *seq, &n.to_string())).expect("a fork")
            }).collect();
            let lowest = |forks: &[Fork]| forks.iter().fold(None, |held: Option<&Fork>, next| match held {
                Some(held) if !next.beats(held) => Some(held),
                _ => Some(next),
            }).map(Fork::seq);
            let mut turned = forks.clone();
            turned.rotate_left(turn % forks.len());
            prop_assert_eq!(lowest(&forks), seqs.iter().min().copied());
            prop_assert_eq!(lowest(&forks), lowest(&turned));
        }
    }
}
