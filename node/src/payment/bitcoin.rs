//! The link of a payment in bitcoin, after BIP 21: `bitcoin:ADDRESS?…`.
//!
//! It names no amount: prices are in currencies of ISO 4217, bitcoin is none of them, and no rate is asked for here.

use bech32::{hrp, segwit};

use super::{PaymentFault, encoded, named};

/// First byte of an address that pays to a key, and of one that pays to a script, on the main network.
const VERSIONS: [u8; 2] = [0x00, 0x05];
/// Bytes of such an address: its version and a hash of 20.
const BYTES: usize = 21;

const FORM: PaymentFault = PaymentFault::Form { method: "bitcoin", form: "ADDRESS[, NAME]" };

/// An address of the main network, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wallet {
    address: String,
    name: Option<String>,
}

impl Wallet {
    /// Reads `ADDRESS[, NAME]`, with or without `bitcoin:` before it.
    pub(super) fn read(text: &str) -> Result<Self, PaymentFault> {
        let (address, name) = named(text)?;
        let (scheme, rest) = address.split_once(':').unwrap_or(("bitcoin", address));
        let rest = rest.trim();
        if rest.is_empty() {
            return Err(FORM);
        }
        if scheme.eq_ignore_ascii_case("bitcoin") && is_address(rest) {
            Ok(Self { address: rest.to_owned(), name: name.map(str::to_owned) })
        } else {
            Err(PaymentFault::Address(address.to_owned()))
        }
    }

    /// The link: whose address it is, and what the payment is for.
    pub(super) fn link(&self, reference: &str) -> String {
        let label = self.name.as_ref().map(|name| format!("label={}&", encoded(name))).unwrap_or_default();
        format!("bitcoin:{}?{label}message={reference}", self.address)
    }
}

/// Whether a text is an address of the main network, old (base58) or new (bech32), with the check digits that it carries.
fn is_address(text: &str) -> bool {
    let is_new = segwit::decode(text).is_ok_and(|(network, _, _)| network == hrp::BC);
    let is_old = || base58ck::decode_check(text).is_ok_and(|bytes| bytes.len() == BYTES && VERSIONS.contains(&bytes[0]));
    is_new || is_old()
}
