//! Prices as an edit says them: an amount, or so much more or less than before. Shares are rounded half up to the minor unit.

use haat_protocol::local::Problem;
use haat_protocol::money::{Currency, Money};

use super::words::{amount, wrong};

/// Digits that a percentage may have before and behind its point.
const PERCENT_DIGITS_MAX: usize = 6;

/// A price that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Price {
    /// This one.
    Fixed(Money),
    /// More or less by an amount, in minor units.
    By(i64),
    /// So many parts of `of` of what it was.
    Share { parts: i128, of: i128 },
}

impl Price {
    /// Reads `39.00`, `+5%`, `-10%`, `+1.50` or `-0.50`.
    pub(super) fn read(text: &str, currency: Currency) -> Result<Self, Problem> {
        let text = text.trim();
        let (sign, rest) = match text.split_at_checked(1) {
            Some(("+", rest)) => (1, rest),
            Some(("-", rest)) => (-1, rest),
            _ if text.ends_with('%') => {
                return Err(wrong("--price", &format!("{text:?} does not say whether it is more or less: write +{text} or -{text}")));
            }
            _ => return amount("--price", text, currency).map(Self::Fixed),
        };
        let Some(percent) = rest.strip_suffix('%') else {
            return amount("--price", rest, currency).map(|by| Self::By(i64::from(sign) * by.minor));
        };
        let (whole, part) = percent.split_once('.').unwrap_or((percent, ""));
        let is_plain = |digits: &str| digits.len() <= PERCENT_DIGITS_MAX && digits.bytes().all(|b| b.is_ascii_digit());
        let number = format!("{whole}{part}").parse::<i128>();
        let (true, false, Ok(number)) = (is_plain(whole) && is_plain(part), whole.is_empty() || percent.ends_with('.'), number) else {
            return Err(wrong("--price", &format!("{text:?} is no percentage, as in +5% or -12.5%")));
        };
        let of = part.bytes().fold(100, |of, _| of * 10);
        Ok(Self::Share { parts: of + i128::from(sign) * number, of })
    }

    /// The price after it; none when it would be below zero, or beyond what Haat counts.
    pub(super) fn after(self, before: Money) -> Option<Money> {
        let minor = match self {
            Self::Fixed(price) => return Some(price),
            Self::By(minor) => before.minor.checked_add(minor)?,
            Self::Share { parts, of } => {
                let exact = i128::from(before.minor) * parts;
                // Of a share below zero nothing is rounded up to zero.
                if exact < 0 {
                    return None;
                }
                i64::try_from((2 * exact + of).div_euclid(2 * of)).ok()?
            }
        };
        Money::new(minor, before.currency).filter(|price| price.minor >= 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(before: &str, code: &str, wish: &str) -> Option<String> {
        let currency = code.parse().expect("a currency");
        let before = Money::parse(before, currency).expect("an amount");
        Price::read(wish, currency).expect("well said").after(before).map(|price| price.digits())
    }

    #[test]
    fn shares_are_rounded_half_up_to_the_minor_unit() {
        let cases = [
            ("4.50", "EUR", "+5%", "4.73"),
            ("0.05", "EUR", "-10%", "0.05"),
            ("0.15", "EUR", "-10%", "0.14"),
            ("10.00", "EUR", "-12.5%", "8.75"),
            ("150", "JPY", "+5%", "158"),
            ("149", "JPY", "+5%", "156"),
            ("10", "JPY", "-5%", "10"),
            ("9", "JPY", "-5%", "9"),
            ("1.230", "BHD", "+5%", "1.292"),
            ("1.235", "BHD", "-10%", "1.112"),
            ("0.005", "BHD", "+0.1%", "0.005"),
            ("7.00", "EUR", "-100%", "0.00"),
        ];
        for (before, code, wish, wanted) in cases {
            assert_eq!(after(before, code, wish).as_deref(), Some(wanted), "{before} {code} {wish}");
        }
    }

    #[test]
    fn amounts_are_added_and_nothing_is_below_zero() {
        assert_eq!(after("4.50", "EUR", "+1.50").as_deref(), Some("6.00"));
        assert_eq!(after("4.50", "EUR", "-4.50").as_deref(), Some("0.00"));
        assert_eq!(after("4.50", "EUR", "3").as_deref(), Some("3.00"));
        assert_eq!(after("0.300", "BHD", "-0.001").as_deref(), Some("0.299"));
        assert_eq!((after("0.30", "EUR", "-0.50"), after("1", "JPY", "-101%")), (None, None));
        assert_eq!(after("0", "JPY", "-101%").as_deref(), Some("0"), "of nothing there is no less");
        assert_eq!(after("9000000000000", "JPY", "+999999%"), None, "beyond what Haat counts");
    }

    #[test]
    fn nothing_is_guessed() {
        let currency = "JPY".parse().expect("a currency");
        for wish in [
            "5%",
            "+%",
            "-%",
            "+5 %",
            "+5.%",
            "+.5%",
            "++5%",
            "+-5",
            "+1,5%",
            "+",
            "-",
            "",
            "+0.5",
            "5.5",
            "+1e3%",
            "+1234567%",
            "%",
            "５%",
        ] {
            assert!(Price::read(wish, currency).is_err(), "{wish:?}");
        }
    }
}
