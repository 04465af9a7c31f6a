//! The stable code of each refusal, as docs/protocol.md lists them.

use haat_protocol::body::BodyError;
use haat_protocol::codec::CodecError;
use haat_protocol::crypto::BadSignature;
use haat_protocol::crypto::seal::SealError;
use haat_protocol::entry::EntryError;
use haat_protocol::fork::ForkError;
use haat_protocol::identity::ChainError;
use haat_protocol::invite::CodeError;
use haat_protocol::listing::ListingError;
use haat_protocol::record::RecordError;

/// What a refusal is called outside this program.
pub(crate) trait Coded {
    /// The code.
    fn code(&self) -> String;
}

impl Coded for CodecError {
    fn code(&self) -> String {
        match self {
            Self::Oversize { .. } => "oversize",
            Self::Malformed(_) | Self::NotCanonical => "form",
        }
        .to_owned()
    }
}

impl Coded for BadSignature {
    fn code(&self) -> String {
        "signature".to_owned()
    }
}

impl Coded for SealError {
    fn code(&self) -> String {
        "unopened".to_owned()
    }
}

impl Coded for EntryError {
    fn code(&self) -> String {
        match self {
            Self::Header(fault) => return fault.code(),
            Self::Version(_) => "version",
            Self::Network => "network",
            Self::Signature => "signature",
            Self::Payload => "payload",
            Self::Shape("an integer is 2^53 or more") => "integer",
            Self::Shape("the log number is too high") => "log_number",
            Self::Shape("only the first entry of a log has no predecessor") => "prev",
            Self::Shape("references are too many, double or unsorted") => "refs",
            Self::Shape("too many extensions") => "extensions",
            Self::Shape("the payload has no hash or is too large") => "payload_size",
            Self::Shape(other) => other,
        }
        .to_owned()
    }
}

impl Coded for ListingError {
    fn code(&self) -> String {
        match self {
            Self::Title => "title",
            Self::Description => "description",
            Self::Variants => "variants",
            Self::Ambiguous(_) => "ambiguous",
            Self::Price => "price",
            Self::Field(_) => "field",
            Self::Choices(_) => "choices",
            Self::Returns => "returns",
        }
        .to_owned()
    }
}

impl Coded for BodyError {
    fn code(&self) -> String {
        match self {
            Self::Malformed(fault) => return fault.code(),
            Self::Listing(fault) => return fault.code(),
            Self::Name => "name",
            Self::Text | Self::Shape("text: too long") => "text",
            Self::Shape("the inception is not one of a circle" | "the inception is not one of a shop") => "inception_sort",
            Self::Shape("the generation is too high") => "generation",
            Self::Shape("only the first epoch has no parent" | "few parents are named, in order") => "parents",
            Self::Shape("few removals are named, in order") => "covers",
            Self::Shape("few chunks are named, in order") => "chunks",
            Self::Shape("the first boxes are not those that are named") => "boxes",
            Self::Shape("index: an epoch has few chunks") => "index",
            Self::Shape("few earlier keys are handed over, of no later generation") => "earlier",
            Self::Shape("uses: 1 to 100 are allowed") => "uses",
            Self::Shape("a post answers nothing and points at few listings") => "post",
            Self::Shape("a reply answers something") => "reply",
            Self::Shape("rating: 1 to 5") => "rating",
            Self::Shape("the review right does not hold") => "right",
            Self::Shape(
                "more entries a day than any norms may allow"
                | "a number is 2^53 or more"
                | "only what members say and offer can be denied, each kind once"
                | "one price band for each currency, from a least to a most"
                | "a circle begins with norms of version 0",
            ) => "norms",
            Self::Shape(other) => other,
        }
        .to_owned()
    }
}

impl Coded for ChainError {
    fn code(&self) -> String {
        match self {
            Self::TooLong => "too_long",
            Self::Malformed(_, fault) => return fault.code(),
            Self::Unlinked(_) => "unlinked",
            Self::WrongSigner(_) => "signer",
            Self::Unwilling(_) => "unwilling",
            Self::Idle(_) => "idle",
        }
        .to_owned()
    }
}

impl Coded for ForkError {
    fn code(&self) -> String {
        match self {
            Self::Header(fault) => fault.code(),
            Self::NoFork => "no_fork".to_owned(),
        }
    }
}

impl Coded for RecordError {
    fn code(&self) -> String {
        match self {
            Self::Malformed(fault) => return fault.code(),
            Self::Signature => "signature",
            Self::Addresses => "addresses",
        }
        .to_owned()
    }
}

impl Coded for CodeError {
    fn code(&self) -> String {
        match self {
            Self::Alphabet => "alphabet",
            Self::Checksum => "checksum",
            Self::Version => "version",
        }
        .to_owned()
    }
}
