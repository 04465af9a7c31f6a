//! What belongs to an order and stands outside its chains: an address and a phone number, or a file that is the goods. The chains hold a
//! commitment, so it can be destroyed and still be shown by who kept it.

use serde::{Deserialize, Serialize};

use crate::crypto::{Context, hash};
use crate::id::Digest;
use crate::order::step::Step;

/// Data that an event commits to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enclosure {
    /// Chance, so that nobody finds the data by trying.
    pub salt: Digest,
    /// The data, as they were given.
    #[serde(with = "serde_bytes")]
    pub data: Vec<u8>,
}

impl Enclosure {
    /// What the chain holds instead.
    #[must_use]
    pub fn commitment(&self) -> Digest {
        Digest(hash(Context::Personal, &[&self.salt.0, &self.data]))
    }
}

impl Step {
    /// What the step commits to outside the chain.
    #[must_use]
    pub const fn enclosed(&self) -> Option<Digest> {
        match self {
            Self::Address { personal } => Some(*personal),
            Self::DeliverDigital { content, .. } => Some(*content),
            _ => None,
        }
    }
}
