//! Bytes to text. It must never replace what it cannot read: such a file is refused.

use std::str::FromStr;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{BIG5, GB18030, UTF_8};
use haat_protocol::limits::CATALOGUE_MAX_BYTES;

use super::FileError;

/// How `.xlsx` and `.ods` begin: they are ZIP archives.
const ZIP: &[u8] = b"PK\x03\x04";

/// A file's text.
#[derive(Debug)]
pub(super) struct Decoded {
    /// Without a byte order mark.
    pub(super) text: String,
    /// What the seller should check, when the encoding was a conclusion.
    pub(super) warning: Option<&'static str>,
}

/// How a text is encoded, by a name of the WHATWG's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding(&'static encoding_rs::Encoding);

impl FromStr for Encoding {
    type Err = FileError;

    fn from_str(name: &str) -> Result<Self, FileError> {
        let known = encoding_rs::Encoding::for_label_no_replacement(name.trim().as_bytes());
        known.map(Self).ok_or_else(|| FileError::UnknownEncoding(super::text::cut(name)))
    }
}

/// Reads UTF-8 with or without a byte order mark, UTF-16 with one, GBK (as GB18030, which contains it) and Big5; or what is named.
pub(super) fn decode(bytes: &[u8], named: Option<Encoding>) -> Result<Decoded, FileError> {
    if bytes.len() > CATALOGUE_MAX_BYTES {
        return Err(FileError::Oversize { size: bytes.len() });
    }
    if bytes.starts_with(ZIP) {
        return Err(FileError::Workbook);
    }
    let marked = encoding_rs::Encoding::for_bom(bytes);
    let (encoding, mark) = marked.unwrap_or((named.map_or(UTF_8, |named| named.0), 0));
    let whole = |encoding: &'static encoding_rs::Encoding, bytes| {
        encoding.decode_without_bom_handling_and_without_replacement(bytes).map(std::borrow::Cow::into_owned)
    };
    if let Some(text) = whole(encoding, &bytes[mark..]) {
        return Ok(Decoded { text, warning: None });
    }
    if mark > 0 || named.is_some() {
        return Err(FileError::NotText);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let big5 = "the file is not UTF-8 and was read as Big5: check that the names look right, or name its encoding";
    let gbk = "the file is not UTF-8 and was read as GBK: check that the names look right, or name its encoding";
    let (encoding, warning) = if detector.guess(None, Utf8Detection::Deny) == BIG5 { (BIG5, big5) } else { (GB18030, gbk) };
    whole(encoding, bytes).map(|text| Decoded { text, warning: Some(warning) }).ok_or(FileError::NotText)
}
