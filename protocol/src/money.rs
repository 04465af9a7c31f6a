//! Money: whole minor units and an ISO 4217 currency. There is no floating point here, and no rounding: a text with more
//! decimals than the currency has is refused.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::limits::MONEY_MAX_MINOR;

/// An ISO 4217 currency, by its three letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// Why a text is not money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The three letters name no currency of ISO 4217.
    #[error("{0:?} is not an ISO 4217 currency code")]
    UnknownCurrency(String),
    /// Not digits with at most one decimal point.
    #[error("{0:?} is not an amount: digits and one decimal point are expected, as in 39.00")]
    NotAnAmount(String),
    /// More decimals than the currency has.
    #[error("{text:?} has more decimals than {currency} has ({exponent})")]
    TooManyDecimals {
        /// What was written.
        text: String,
        /// The currency.
        currency: Currency,
        /// Decimals the currency has.
        exponent: u8,
    },
    /// Beyond what Haat counts.
    #[error("the amount is too large")]
    TooLarge,
    /// An amount in another currency than the one that counts here.
    #[error("the amount is in {found}, but {wanted} is expected")]
    OtherCurrency {
        /// The currency of the text.
        found: Currency,
        /// The currency that counts.
        wanted: Currency,
    },
}

impl Currency {
    /// The code, three capital letters.
    ///
    /// # Panics
    /// Never: only ASCII letters get in.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).expect("three ASCII letters")
    }

    /// Decimals of the minor unit: 2 for CNY, 0 for JPY, 3 for KWD.
    #[must_use]
    pub fn exponent(&self) -> u8 {
        iso_currency::Currency::from_code(self.code())
            .and_then(iso_currency::Currency::exponent)
            .and_then(|e| u8::try_from(e).ok())
            .unwrap_or(0)
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let unknown = || MoneyError::UnknownCurrency(text.to_owned());
        let bytes: [u8; 3] = text.to_ascii_uppercase().as_bytes().try_into().map_err(|_| unknown())?;
        let code = std::str::from_utf8(&bytes).map_err(|_| unknown())?;
        iso_currency::Currency::from_code(code).map(|_| Self(bytes)).ok_or_else(unknown)
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;

    fn try_from(text: String) -> Result<Self, MoneyError> {
        let currency: Self = text.parse()?;
        if currency.code() == text { Ok(currency) } else { Err(MoneyError::UnknownCurrency(text)) }
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount of money. The same shape in signed bytes and in JSON: `{"minor": 3900, "currency": "CNY"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Money {
    /// Whole minor units (fen, cents, yen).
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
}

impl Money {
    /// An amount; none when it lies beyond what Haat counts.
    #[must_use]
    pub fn new(minor: i64, currency: Currency) -> Option<Self> {
        (minor.unsigned_abs() <= MONEY_MAX_MINOR.unsigned_abs()).then_some(Self { minor, currency })
    }

    /// Reads `39.00` in `currency`; `39.00CNY` must name the same one.
    ///
    /// # Errors
    /// [`MoneyError`] says what is wrong with the text. Negative amounts are refused.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let text = text.trim();
        let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
        let (digits, code) = (text[..split].trim_end(), &text[split..]);
        if !code.is_empty() {
            let found: Currency = code.parse()?;
            if found != currency {
                return Err(MoneyError::OtherCurrency { found, wanted: currency });
            }
        }
        let wrong = || MoneyError::NotAnAmount(text.to_owned());
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let plain = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !plain(whole) || !plain(part) || (part.is_empty() && digits.contains('.')) {
            return Err(wrong());
        }
        let exponent = usize::from(currency.exponent());
        let kept = part.trim_end_matches('0');
        if kept.len() > exponent {
            return Err(MoneyError::TooManyDecimals { text: text.to_owned(), currency, exponent: currency.exponent() });
        }
        let minor: i64 = format!("{whole}{kept:0<exponent$}").parse().map_err(|_| MoneyError::TooLarge)?;
        Self::new(minor, currency).ok_or(MoneyError::TooLarge)
    }

    /// The sum; none across currencies or beyond what Haat counts.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        (self.currency == other.currency)
            .then(|| self.minor.checked_add(other.minor))
            .flatten()
            .and_then(|minor| Self::new(minor, self.currency))
    }

    /// The difference; none across currencies or beyond what Haat counts. May be negative.
    #[must_use]
    pub fn minus(self, other: Self) -> Option<Self> {
        self.plus(Self { minor: other.minor.checked_neg()?, currency: other.currency })
    }

    /// This amount taken `count` times; none beyond what Haat counts.
    #[must_use]
    pub fn times(self, count: u64) -> Option<Self> {
        i64::try_from(count).ok().and_then(|count| self.minor.checked_mul(count)).and_then(|minor| Self::new(minor, self.currency))
    }

    /// `39.00`: the amount alone, with the currency's own decimals.
    #[must_use]
    pub fn digits(&self) -> String {
        let exponent = usize::from(self.currency.exponent());
        let sign = if self.minor < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", self.minor.unsigned_abs(), width = exponent + 1);
        let (whole, part) = digits.split_at(digits.len() - exponent);
        let point = if exponent == 0 { "" } else { "." };
        format!("{sign}{whole}{point}{part}")
    }
}

/// `39.00 CNY`: the amount with the currency's own decimals.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.digits(), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str, code: &str) -> Result<i64, MoneyError> {
        Money::parse(text, code.parse().expect("a currency")).map(|m| m.minor)
    }

    #[test]
    fn amounts_in_currencies_with_0_2_and_3_decimals() {
        assert_eq!(money("39.00", "CNY"), Ok(3900));
        assert_eq!(money("39", "CNY"), Ok(3900));
        assert_eq!(money("39.5CNY", "CNY"), Ok(3950));
        assert_eq!(money("500", "JPY"), Ok(500));
        assert_eq!(money("500.00", "JPY"), Ok(500), "zeros say nothing");
        assert_eq!(money("1.234", "KWD"), Ok(1234));
        assert_eq!((money("1200", "KRW"), money("0.005", "BHD"), money("2", "BHD")), (Ok(1200), Ok(5), Ok(2000)));
        for (text, code) in [("0.5", "KRW"), ("500.01", "JPY"), ("1.005", "EUR"), ("1.0005", "BHD"), ("1.2345", "KWD")] {
            assert!(matches!(money(text, code), Err(MoneyError::TooManyDecimals { .. })), "{text} {code}");
        }
        assert_eq!(Money { minor: 5, currency: "CNY".parse().expect("known") }.to_string(), "0.05 CNY");
        assert_eq!(Money { minor: -1234, currency: "KWD".parse().expect("known") }.to_string(), "-1.234 KWD");
        assert_eq!(Money { minor: 7, currency: "JPY".parse().expect("known") }.to_string(), "7 JPY");
    }

    #[test]
    fn nothing_is_guessed() {
        for text in ["", ".", "1.", "1,50", "-1", "+1", "1e3", "1 000", "٣", "1.2.3", "0x10", "CNY"] {
            assert!(money(text, "CNY").is_err(), "{text:?}");
        }
        assert!(matches!(money("1.005", "CNY"), Err(MoneyError::TooManyDecimals { .. })));
        assert!(matches!(money("1EUR", "CNY"), Err(MoneyError::OtherCurrency { .. })));
        assert!(matches!(money("99999999999999999999", "CNY"), Err(MoneyError::TooLarge)));
        assert!("XYZ1".parse::<Currency>().is_err() && "ZZZ".parse::<Currency>().is_err());
    }
}
