//! The link of a payment in India, after the UPI linking specification 1.6 of the NPCI: `upi://pay?…`.

use haat_protocol::money::Money;

use super::{PaymentFault, encoded, named};

const FORM: PaymentFault = PaymentFault::Form { method: "upi", form: "ADDRESS[, NAME], as in asha@okbank, Asha Tea" };

/// A virtual payment address, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Vpa {
    address: String,
    name: Option<String>,
}

impl Vpa {
    /// Reads `ADDRESS[, NAME]`.
    pub(super) fn read(text: &str) -> Result<Self, PaymentFault> {
        let (address, name) = named(text)?;
        if address.is_empty() {
            return Err(FORM);
        }
        let fits = address.split_once('@').is_some_and(|(user, handle)| is_part(user) && is_part(handle));
        if fits {
            Ok(Self { address: address.to_owned(), name: name.map(str::to_owned) })
        } else {
            Err(PaymentFault::Vpa(address.to_owned()))
        }
    }

    /// The link: payee's address and name, amount, currency, reference, and the same as the note that both of them see.
    pub(super) fn link(&self, due: Money, reference: &str) -> String {
        // A name is mandatory; the address is one that is always true. Apps want its @ as it is.
        let name = encoded(self.name.as_deref().unwrap_or(&self.address));
        let (address, amount) = (&self.address, due.digits());
        format!("upi://pay?pa={address}&pn={name}&am={amount}&cu=INR&tr={reference}&tn={reference}")
    }
}

/// Whether a side of an address has two letters or digits at least, with dots, hyphens and underscores only between them.
fn is_part(text: &str) -> bool {
    let is_sign = |b: u8| matches!(b, b'.' | b'-' | b'_');
    let ends = [text.bytes().next(), text.bytes().next_back()];
    text.len() > 1
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || is_sign(b))
        && ends.into_iter().flatten().all(|b| b.is_ascii_alphanumeric())
}
