//! Names of things: 32-byte identifiers, each its own type so that no two can be mixed up.
//!
//! In signed bytes an id is a byte string of 32; in JSON and on screens it is 64 lower-case hexadecimal digits.
//! This file must never hash or sign anything: it only carries results.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER_PERMISSIVE as HEX;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A text that is not 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id: 64 hexadecimal digits are expected")]
pub struct IdError;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// The raw bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] { &self.0 }

            /// The first eight hexadecimal digits, for people.
            #[must_use]
            pub fn short(&self) -> String { HEX.encode(&self.0[..4]) }

            /// Reads an id out of exactly 32 bytes.
            #[must_use]
            pub fn from_slice(bytes: &[u8]) -> Option<Self> { bytes.try_into().ok().map(Self) }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&HEX.encode(&self.0)) }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{}:{}", stringify!($name), self.short()) }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let bytes = HEX.decode(text.as_bytes()).map_err(|_| IdError)?;
                Self::from_slice(&bytes).ok_or(IdError)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> { stringify!($name).into() }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string", "pattern": "^[0-9a-f]{64}$"})
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                if out.is_human_readable() { out.collect_str(self) } else { out.serialize_bytes(&self.0) }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                if input.is_human_readable() {
                    String::deserialize(input)?.parse().map_err(de::Error::custom)
                } else {
                    let bytes = serde_bytes::ByteArray::<32>::deserialize(input)?;
                    Ok(Self(bytes.into_array()))
                }
            }
        }
    )*};
}

ids! {
    /// A person: the hash of an identity's inception.
    IdentityId
    /// A device: its Ed25519 public key, which is its libp2p peer too.
    DeviceId
    /// A circle or a shop: the hash of its inception.
    SpaceId
    /// An entry: the hash of its unsigned header.
    EntryId
    /// An operation in an identity's chain.
    OperationId
    /// A key that payloads are encrypted under: a circle's epoch or a generation of a shop's read key.
    KeyId
    /// An order: the id of its first event.
    OrderId
    /// One event in one party's chain of an order.
    EventId
    /// Any other hash that is only compared (payloads, terms, digests, links).
    Digest
}

impl From<EventId> for OrderId {
    fn from(first: EventId) -> Self {
        Self(first.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        let id = EntryId([0xab; 32]);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.short(), "abababab");
        assert_eq!("xyz".parse::<EntryId>(), Err(IdError));
        assert_eq!("ab".parse::<EntryId>(), Err(IdError));
    }
}
