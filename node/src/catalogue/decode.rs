//! Bytes to text. It must never replace what it cannot read: such a file is refused.

use encoding_rs::{Encoding, GB18030, UTF_8};
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

/// Reads UTF-8 with or without a byte order mark, UTF-16 with one, and GBK (as GB18030, which contains it).
pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, FileError> {
    if bytes.len() > CATALOGUE_MAX_BYTES {
        return Err(FileError::Oversize { size: bytes.len() });
    }
    if bytes.starts_with(ZIP) {
        return Err(FileError::Workbook);
    }
    let (encoding, mark) = Encoding::for_bom(bytes).unwrap_or((UTF_8, 0));
    let whole = |encoding: &'static Encoding, bytes| {
        encoding.decode_without_bom_handling_and_without_replacement(bytes).map(std::borrow::Cow::into_owned)
    };
    if let Some(text) = whole(encoding, &bytes[mark..]) {
        return Ok(Decoded { text, warning: None });
    }
    if mark > 0 {
        return Err(FileError::NotText);
    }
    let warning = Some("the file is not UTF-8 and was read as GBK: check that the names look right");
    whole(GB18030, bytes).map(|text| Decoded { text, warning }).ok_or(FileError::NotText)
}
