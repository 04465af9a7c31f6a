//! QR codes drawn with characters, for a telephone to read off the screen. Nothing else is drawn here.

use qrcode::bits::Bits;
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode, Version};

/// The largest version of a code: 177 modules wide.
const VERSION_MAX: i16 = 40;

/// The code of a text, light on dark as terminals mostly are; none when the text is too long for one.
pub(crate) fn drawn(text: &str, level: EcLevel) -> Option<String> {
    let code = code(text, level)?;
    Some(code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build())
}

/// Left to itself the encoder packs bytes of UTF-8 that happen to look like Shift JIS as such, and readers show other letters. So all but
/// ASCII is written as bytes, in the smallest version that holds them.
fn code(text: &str, level: EcLevel) -> Option<QrCode> {
    if text.is_ascii() {
        return QrCode::with_error_correction_level(text, level).ok();
    }
    let of_version = |version| {
        let mut bits = Bits::new(Version::Normal(version));
        bits.push_byte_data(text.as_bytes()).and_then(|()| bits.push_terminator(level)).ok()?;
        QrCode::with_bits(bits, level).ok()
    };
    (1..=VERSION_MAX).find_map(of_version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_beyond_ascii_are_bytes_and_nothing_else() {
        let kana = "が".repeat(20);
        let packed = QrCode::with_error_correction_level(&kana, EcLevel::L).expect("short enough");
        assert_eq!(packed.version(), Version::Normal(3), "60 bytes are more than version 3 holds: the encoder took them for Shift JIS");
        assert_eq!(code(&kana, EcLevel::L).map(|code| code.version()), Some(Version::Normal(4)));
        assert!(drawn(&"が".repeat(984), EcLevel::L).is_some() && drawn(&"が".repeat(985), EcLevel::L).is_none(), "2953 bytes at most");
    }

    #[test]
    fn what_is_too_long_is_not_drawn() {
        assert!(drawn(&"x".repeat(2953), EcLevel::L).is_some() && drawn(&"x".repeat(2954), EcLevel::L).is_none());
    }
}
