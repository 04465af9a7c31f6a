//! The code of a SEPA credit transfer, after EPC069-12 of the European Payments Council: lines of text, version 002.

use haat_protocol::money::Money;
use iban::{Iban, IbanLike as _};

use super::{PaymentFault, checked_name};

/// Characters that the payee's name may have.
pub(super) const NAME_MAX_CHARS: usize = 70;
/// Bytes that a code may have: a QR code of version 13 at error level M holds so many.
const CODE_MAX_BYTES: usize = 331;
/// Smallest and largest amount of a transfer, in cents.
const AMOUNT_CENTS: std::ops::RangeInclusive<i64> = 1..=99_999_999_999;
/// The longest that amount and reference may become, for the check of what goes before them.
const LONGEST: (&str, &str) = ("999999999.99", "HAAT000000000000");

const FORM: PaymentFault = PaymentFault::Form { method: "epc", form: "NAME, IBAN[, BIC], as in Chen Tea, DE89 3704 0044 0532 0130 00" };

/// The countries of the European Economic Area, by the letters of their IBANs. Within it a transfer needs no BIC.
#[rustfmt::skip]
const AREA: &[&str] = &[
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT", "LU", "LV",
    "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// An account that takes SEPA credit transfers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    name: String,
    iban: String,
    bic: String,
}

impl Account {
    /// Reads `NAME, IBAN[, BIC]`; a name may have commas of its own.
    pub(super) fn read(text: &str) -> Result<Self, PaymentFault> {
        let parts: Vec<&str> = text.split(',').map(str::trim).collect();
        let (name, iban, bic) = match parts.as_slice() {
            [name @ .., iban] if is_like_iban(iban) => (name, iban, None),
            [name @ .., iban, bic] if is_like_iban(iban) => (name, iban, Some(bic)),
            _ => return Err(FORM),
        };
        if name.is_empty() {
            return Err(FORM);
        }
        let valid: Iban = plain(iban).parse().map_err(|_| PaymentFault::Iban((*iban).to_owned()))?;
        let bic = bic.map_or(Ok(String::new()), |bic| read_bic(bic))?;
        if bic.is_empty() && !AREA.contains(&valid.country_code()) {
            return Err(PaymentFault::BicNeeded(valid.country_code().to_owned()));
        }
        let name = checked_name(&name.join(", "))?.to_owned();
        let account = Self { name, iban: valid.electronic_str().to_owned(), bic };
        let (amount, reference) = LONGEST;
        if account.lines(amount, reference).len() > CODE_MAX_BYTES { Err(PaymentFault::Name) } else { Ok(account) }
    }

    /// The text of the code; none when a transfer cannot have this amount.
    pub(super) fn payload(&self, due: Money, reference: &str) -> Option<String> {
        AMOUNT_CENTS.contains(&due.minor).then(|| self.lines(&due.digits(), reference))
    }

    /// Service tag, version, character set (UTF-8), identification, BIC, name, IBAN, amount, purpose, and the remittance
    /// information: the structured one stays empty, the reference is the unstructured one.
    fn lines(&self, amount: &str, reference: &str) -> String {
        let amount = format!("EUR{amount}");
        ["BCD", "002", "1", "SCT", &self.bic, &self.name, &self.iban, &amount, "", "", reference].join("\n")
    }
}

/// An IBAN as machines write it.
fn plain(text: &str) -> String {
    let capitals = text.to_ascii_uppercase();
    let bare = capitals.strip_prefix("IBAN").map_or(capitals.as_str(), |rest| rest.trim_start_matches(':'));
    bare.split_whitespace().collect()
}

/// Whether a text begins as IBANs do: two letters and two digits.
fn is_like_iban(text: &str) -> bool {
    let plain = plain(text);
    matches!(plain.as_bytes(), [a, b, c, d, _, ..] if [a, b].iter().all(|b| b.is_ascii_alphabetic()) && [c, d].iter().all(|b| b.is_ascii_digit()))
}

fn read_bic(text: &str) -> Result<String, PaymentFault> {
    let bic = text.to_ascii_uppercase();
    let bare = bic.strip_prefix("BIC").filter(|rest| rest.starts_with([':', ' '])).unwrap_or(&bic).trim_start_matches([':', ' ']);
    let fits = matches!(bare.len(), 8 | 11)
        && bare.bytes().all(|b| b.is_ascii_alphanumeric())
        && bare.bytes().skip(4).take(2).all(|b| b.is_ascii_alphabetic());
    if fits { Ok(bare.to_owned()) } else { Err(PaymentFault::Bic(text.to_owned())) }
}
