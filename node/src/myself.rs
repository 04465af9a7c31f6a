//! Who this node is: its identity, its device key, and the secrets that open what is meant for it. Never printed.

use haat_protocol::crypto::{Context, Keypair, hash};
use haat_protocol::id::{DeviceId, IdentityId, OrderId};
use haat_protocol::identity::Identity;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Thirty-two secret bytes, wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Key(pub [u8; 32]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

/// This node.
#[derive(Debug, Clone)]
pub struct Myself {
    /// The person.
    pub identity: Identity,
    /// The root's key pair, where it is at hand: the words may be kept elsewhere one day.
    pub root: Option<Keypair>,
    /// The device's key pair: signs entries, order events, records.
    pub pair: Keypair,
    /// Seals secrets in the store.
    pub storage: Key,
    /// Prekey secrets, newest first.
    pub prekeys: Vec<Key>,
    /// The name to go by.
    pub name: String,
}

impl Myself {
    /// My identity.
    #[must_use]
    pub const fn id(&self) -> IdentityId {
        self.identity.id()
    }

    /// The code that is told when the goods of an order are collected here: eight letters and digits that follow from this device's
    /// secret, so that it need not be kept.
    #[must_use]
    pub fn handover_code(&self, order: &OrderId) -> String {
        let digest = hash(Context::HandoverCode, &[&self.storage.0, &order.0]);
        data_encoding::BASE32_NOPAD.encode(&digest[..5])
    }

    /// This device.
    #[must_use]
    pub fn device(&self) -> DeviceId {
        self.pair.public()
    }
}
