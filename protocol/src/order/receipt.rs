//! A receipt says "stored", never "agreed"; a refusal says why something was not. Both are signed and stand beside the chains.
//!
//! A receipt names its signer's own head, so that later events of the signer count as having seen what was receipted.

use serde::{Deserialize, Serialize};

use crate::codec::{decode, encode};
use crate::crypto::{Keypair, Label, Sig, verify};
use crate::id::{DeviceId, EventId, OrderId};
use crate::limits::{HEADER_MAX_BYTES, NETWORK, WIRE_VERSION};
use crate::order::event::refuse_form;
use crate::order::refusal::Refusal;

/// What a receipt says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Receipt {
    /// Wire version.
    pub version: u64,
    /// The network the signature is bound to.
    pub network: String,
    /// The order.
    pub order: OrderId,
    /// The event that is stored.
    pub event: EventId,
    /// The signer's own last event at that moment.
    pub own_head: Option<EventId>,
    /// Who signs: the other party's device.
    pub device: DeviceId,
}

/// What a signed refusal says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Nack {
    /// Wire version.
    pub version: u64,
    /// The network the signature is bound to.
    pub network: String,
    /// The order.
    pub order: OrderId,
    /// The event that was refused.
    pub event: EventId,
    /// Why.
    pub reason: Refusal,
    /// Who signs.
    pub device: DeviceId,
}

macro_rules! signed {
    ($(#[$doc:meta])* $signed:ident $content:ident $label:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub struct $signed {
            /// The canonical bytes of the content.
            #[serde(with = "serde_bytes")]
            pub bytes: Vec<u8>,
            /// The signer's signature.
            pub sig: Sig,
        }

        impl $signed {
            /// Checks form and signature and hands out the content.
            ///
            /// # Errors
            /// The first rule that is broken.
            pub fn read(&self) -> Result<$content, Refusal> {
                let content: $content = decode(&self.bytes, HEADER_MAX_BYTES).map_err(|fault| refuse_form(&fault))?;
                if content.version != WIRE_VERSION {
                    return Err(Refusal::WrongVersion);
                }
                if content.network != NETWORK {
                    return Err(Refusal::WrongNetwork);
                }
                verify(&content.device, $label, &self.bytes, &self.sig).map_err(|_| Refusal::BadSignature)?;
                Ok(content)
            }
        }

        impl $content {
            /// Signs with the device's key, which becomes the signer.
            #[must_use]
            pub fn sign(mut self, device: &Keypair) -> $signed {
                self.device = device.public();
                let bytes = encode(&self);
                let sig = device.sign($label, &bytes);
                $signed { bytes, sig }
            }
        }
    };
}

pub(crate) use signed;

signed! {
    /// A receipt as it travels.
    SignedReceipt Receipt Label::Receipt
}
signed! {
    /// A refusal as it travels.
    SignedNack Nack Label::Nack
}

impl Receipt {
    /// A receipt of `device` for an event, with the device's own last event in the order.
    #[must_use]
    pub fn new(order: OrderId, event: EventId, own_head: Option<EventId>, device: DeviceId) -> Self {
        Self { version: WIRE_VERSION, network: NETWORK.to_owned(), order, event, own_head, device }
    }
}

impl Nack {
    /// A refusal of an event by `device`.
    #[must_use]
    pub fn new(order: OrderId, event: EventId, reason: Refusal, device: DeviceId) -> Self {
        Self { version: WIRE_VERSION, network: NETWORK.to_owned(), order, event, reason, device }
    }
}
