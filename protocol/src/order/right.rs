//! The review right: proof that two people agreed on an order for a listing, and nothing else. It tells no price.
//!
//! Each signs one half with the offer or the acceptance; both halves together detach from the order and go into a review.

use serde::{Deserialize, Serialize};

use crate::codec::encode;
use crate::crypto::{BadSignature, Keypair, Label, Sig, verify};
use crate::id::{DeviceId, Digest, EntryId, IdentityId, OrderId};
use crate::order::terms::Terms;

/// What both sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Right {
    /// The order.
    pub order: OrderId,
    /// Who buys.
    pub buyer: IdentityId,
    /// Who sells.
    pub seller: IdentityId,
    /// The listing of the first line.
    pub listing: EntryId,
    /// The salt of the terms.
    pub salt: Digest,
}

impl Right {
    /// The right that belongs to an order under these terms.
    #[must_use]
    pub fn of(order: OrderId, terms: &Terms) -> Option<Self> {
        let listing = terms.lines.first()?.listing;
        Some(Self { order, buyer: terms.buyer.identity, seller: terms.seller.identity, listing, salt: terms.salt })
    }

    /// One half: a device's signature over the right.
    #[must_use]
    pub fn sign(&self, device: &Keypair) -> Sig {
        device.sign(Label::ReviewRight, &encode(self))
    }

    /// Checks one half.
    ///
    /// # Errors
    /// [`BadSignature`] when `sig` is not `device`'s over this right.
    pub fn check(&self, device: &DeviceId, sig: &Sig) -> Result<(), BadSignature> {
        verify(device, Label::ReviewRight, &encode(self), sig)
    }
}

/// Both halves. That the devices speak for the identities is for the reader to check against their chains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewRight {
    /// What was signed.
    pub right: Right,
    /// The buyer's device.
    pub buyer_device: DeviceId,
    /// The seller's device.
    pub seller_device: DeviceId,
    /// The buyer's half.
    pub buyer_sig: Sig,
    /// The seller's half.
    pub seller_sig: Sig,
}

impl ReviewRight {
    /// Checks both halves.
    ///
    /// # Errors
    /// [`BadSignature`] when one does not hold, or one person or device stands on both sides.
    pub fn verify(&self) -> Result<(), BadSignature> {
        if self.right.buyer == self.right.seller || self.buyer_device == self.seller_device {
            return Err(BadSignature);
        }
        self.right.check(&self.buyer_device, &self.buyer_sig)?;
        self.right.check(&self.seller_device, &self.seller_sig)
    }
}
