//! QR codes drawn with characters, for a telephone to read off the screen. Nothing else is drawn here.

use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

/// The code of a text, light on dark as terminals mostly are; none when the text is too long for one.
pub(crate) fn drawn(text: &str, level: EcLevel) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, level).ok()?;
    Some(code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build())
}
