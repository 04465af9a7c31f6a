//! The one encoding of everything that is signed or hashed: DAG-CBOR under a size cap.
//!
//! Decoding is strict: what does not encode back to the very same bytes is refused. The bytes that came in are what is
//! hashed, stored and forwarded; nothing encoded anew is ever verified or sent on.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

/// Why bytes were not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// More bytes than this object may have.
    #[error("{size} bytes where at most {max} are allowed")]
    Oversize {
        /// Bytes that came.
        size: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// Not DAG-CBOR of the expected shape.
    #[error("not well-formed: {0}")]
    Malformed(String),
    /// Another encoding of a value that has exactly one.
    #[error("not in canonical form")]
    NotCanonical,
}

/// Encodes a value canonically.
///
/// # Panics
/// Never for the types of this crate: they hold no floats and no maps with other keys than text, and memory is the only sink.
#[must_use]
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    serde_ipld_dagcbor::to_vec(value).expect("plain data encodes into memory")
}

/// Decodes bytes that must be the canonical encoding of a `T`, `max` bytes long at most.
///
/// # Errors
/// [`CodecError`] says whether the size, the shape or the form was wrong.
pub fn decode<T: Serialize + DeserializeOwned>(bytes: &[u8], max: usize) -> Result<T, CodecError> {
    if bytes.len() > max {
        return Err(CodecError::Oversize { size: bytes.len(), max });
    }
    let value: T = serde_ipld_dagcbor::from_slice(bytes).map_err(|fault| CodecError::Malformed(fault.to_string()))?;
    if encode(&value) == bytes { Ok(value) } else { Err(CodecError::NotCanonical) }
}

/// The one name of a well-formed enum, whatever it names: tells what a newer program made from what nobody made. None for all else.
#[must_use]
pub fn name_of(bytes: &[u8], max: usize) -> Option<String> {
    if bytes.len() > max {
        return None;
    }
    let named: BTreeMap<String, IgnoredAny> = serde_ipld_dagcbor::from_slice(bytes).ok()?;
    if named.len() == 1 { named.into_keys().next() } else { None }
}

/// Decodes bytes that this program wrote itself: no cap, no check of form. Never for anything that came from outside.
///
/// # Errors
/// [`CodecError::Malformed`] when they are damaged.
pub fn decode_own<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    serde_ipld_dagcbor::from_slice(bytes).map_err(|fault| CodecError::Malformed(fault.to_string()))
}

/// Maps whose keys are no text, as lists of pairs in order of keys.
pub mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Writes the pairs.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<K: Serialize, V: Serialize, S: Serializer>(map: &BTreeMap<K, V>, out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq(map)
    }

    /// Reads the pairs.
    ///
    /// # Errors
    /// Those of the deserializer.
    pub fn deserialize<'de, K, V, D>(input: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(input)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_form_only() {
        assert_eq!(decode::<u64>(&encode(&5u64), 8), Ok(5));
        assert!(decode::<u64>(&[0x18, 0x05], 8).is_err(), "a longer form of 5");
        assert!(decode::<u64>(&[0x05, 0x00], 8).is_err(), "trailing bytes");
        assert!(decode::<Vec<u64>>(&[0x9f, 0x05, 0xff], 8).is_err(), "indefinite length");
        assert_eq!(decode::<u64>(&[0; 9], 8), Err(CodecError::Oversize { size: 9, max: 8 }));
    }

    #[test]
    fn unknown_fields_are_refused() {
        #[derive(Debug, Serialize, serde::Deserialize, PartialEq)]
        struct One {
            a: u64,
        }
        // {"a": 1, "b": 2}
        assert_eq!(decode::<One>(&[0xa2, 0x61, 0x61, 0x01, 0x61, 0x62, 0x02], 16), Err(CodecError::NotCanonical));
    }

    #[test]
    fn a_name_is_told_of_what_has_one() {
        assert_eq!(name_of(&[0xa1, 0x61, 0x61, 0x82, 0x01, 0x02], 16).as_deref(), Some("a"));
        for wrong in
            [&[0xa2, 0x61, 0x61, 0x01, 0x61, 0x62, 0x02][..], &[0xa1, 0x61, 0x61], &[0xa1, 0x61, 0x61, 0x01, 0x00], &[0x61, 0x61], &[]]
        {
            assert_eq!(name_of(wrong, 16), None);
        }
        assert_eq!(name_of(&[0xa1, 0x61, 0x61, 0x01], 3), None, "over the cap");
        assert_eq!(name_of(&[[0xa1, 0x61, 0x61].as_slice(), &[0x81; 100_000]].concat(), 200_000), None, "nested without end");
    }

    #[test]
    fn deep_nesting_is_refused_without_recursion() {
        assert!(decode::<Vec<u64>>(&vec![0x81; 100_000], 200_000).is_err());
    }
}
