//! Payment codes: what a seller's instructions mean to a bank or a wallet, and the text that its program reads from a QR code.
//!
//! Words only. This place must never move money, ask a bank, or decide whether anything is due: that is the order's to say.

mod bitcoin;
mod epc;
mod upi;

#[cfg(test)]
mod tests;

use haat_protocol::id::OrderId;
use haat_protocol::listing::Payment;
use haat_protocol::local::PaymentCode;
use haat_protocol::money::{Currency, Money};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use bitcoin::Wallet;
use epc::Account;
use upi::Vpa;

/// What every payment reference begins with.
const REFERENCE_MARK: &str = "HAAT";
/// Digits of the order's id in a reference: few enough to type, and enough that no two orders of one shop share them.
const REFERENCE_DIGITS: usize = 12;
/// Characters that stay as they are in a link (RFC 3986, unreserved).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Who is paid, for a method whose instructions a program can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Payee {
    /// An account that takes SEPA credit transfers.
    Epc(Account),
    /// An address of the Unified Payments Interface.
    Upi(Vpa),
    /// A bitcoin address.
    Bitcoin(Wallet),
}

/// Why instructions of such a method are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PaymentFault {
    /// The instructions are missing or have another form.
    #[error("the instructions of {method} are {form}")]
    Form {
        /// The method.
        method: &'static str,
        /// What is expected.
        form: &'static str,
    },
    /// The method pays in one currency only.
    #[error("{method} pays in {wanted} only, and the prices are in {found}")]
    Currency {
        /// The method.
        method: &'static str,
        /// Its currency.
        wanted: &'static str,
        /// The currency of the prices.
        found: Currency,
    },
    /// No IBAN of a known country, or mistyped.
    #[error("{0:?} is not an IBAN: its country, its length or its check digits are wrong")]
    Iban(String),
    /// No BIC.
    #[error("{0:?} is not a BIC: 8 or 11 letters and digits, as in COBADEFF")]
    Bic(String),
    /// Outside the European Economic Area a transfer needs the BIC.
    #[error("an account in {0} is outside the European Economic Area: the BIC is needed too")]
    BicNeeded(String),
    /// The name of the payee does not fit.
    #[error("the name of the payee has 1 to 70 characters, too long ones fit no code, and no line ends")]
    Name,
    /// No address of UPI.
    #[error("{0:?} is not a UPI address, as in asha@okbank")]
    Vpa(String),
    /// No bitcoin address, or mistyped.
    #[error("{0:?} is not an address of the bitcoin main network: a letter is wrong or missing")]
    Address(String),
}

impl Payee {
    /// Reads the instructions of a payment; none when its method is an ordinary one, whose instructions are any text.
    ///
    /// # Errors
    /// The method is one of those below and its instructions are not what they have to be, or pay in another currency.
    pub(crate) fn read(payment: &Payment, currency: Currency) -> Result<Option<Self>, PaymentFault> {
        let text = payment.instructions.as_deref().unwrap_or_default();
        let only = |method, wanted| {
            let fits = currency.code() == wanted;
            if fits { Ok(()) } else { Err(PaymentFault::Currency { method, wanted, found: currency }) }
        };
        match payment.method.to_ascii_lowercase().as_str() {
            "epc" => only("epc", "EUR").and_then(|()| Account::read(text)).map(|account| Some(Self::Epc(account))),
            "upi" => only("upi", "INR").and_then(|()| Vpa::read(text)).map(|vpa| Some(Self::Upi(vpa))),
            "bitcoin" | "bip21" => Wallet::read(text).map(|wallet| Some(Self::Bitcoin(wallet))),
            _ => Ok(None),
        }
    }

    /// The text of the QR code that asks for this much; none when the standard knows no such amount.
    pub(crate) fn code(&self, due: Money, reference: &str) -> Option<PaymentCode> {
        let (kind, text) = match self {
            Self::Epc(account) => ("epc", account.payload(due, reference)?),
            Self::Upi(vpa) => ("upi", vpa.link(due, reference)),
            Self::Bitcoin(wallet) => ("bip21", wallet.link(reference)),
        };
        Some(PaymentCode { kind: kind.to_owned(), text })
    }
}

/// The reference that the payer gives: capital letters and digits, which every bank and wallet takes, from the order's id alone.
pub(crate) fn reference(order: &OrderId) -> String {
    let id = order.to_string();
    format!("{REFERENCE_MARK}{}", id[..REFERENCE_DIGITS].to_ascii_uppercase())
}

/// The beginning of an order's id that a reference tells; none when the text is no reference.
pub(crate) fn order_of(reference: &str) -> Option<&str> {
    let (mark, digits) = reference.trim().split_at_checked(REFERENCE_MARK.len())?;
    let fits = mark.eq_ignore_ascii_case(REFERENCE_MARK) && digits.len() == REFERENCE_DIGITS;
    (fits && digits.bytes().all(|b| b.is_ascii_hexdigit())).then_some(digits)
}

/// A text as a value in a link.
fn encoded(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

/// What stands before the first comma, and the name behind it.
fn named(text: &str) -> Result<(&str, Option<&str>), PaymentFault> {
    match text.split_once(',') {
        None => Ok((text.trim(), None)),
        Some((first, name)) => checked_name(name.trim()).map(|name| (first.trim(), Some(name))),
    }
}

/// A name that fits into all codes.
fn checked_name(name: &str) -> Result<&str, PaymentFault> {
    let fits = (1..=epc::NAME_MAX_CHARS).contains(&name.chars().count()) && !name.contains(char::is_control);
    if fits { Ok(name) } else { Err(PaymentFault::Name) }
}
