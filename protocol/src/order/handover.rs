//! What passes from hand to hand: a chain from one device of a person to another, and the code that is told when goods are collected.

use crate::codec::encode;
use crate::crypto::{Context, Keypair, Label, Sig, hash, verify};
use crate::id::{DeviceId, Digest, EventId, OrderId};
use crate::identity::Inception;
use crate::order::event::EventBody;
use crate::order::step::Step;
use crate::order::{Order, Role};

/// What a root signs so that a device goes on with the chain of one that is lost: order, device, and the chain's last event.
fn takeover_words(order: &OrderId, device: &DeviceId, last: &EventId) -> Vec<u8> {
    encode(&(*order, *device, *last))
}

/// The root's word that a device goes on with a chain after this event.
#[must_use]
pub fn takeover(root: &Keypair, order: &OrderId, device: &DeviceId, last: &EventId) -> Sig {
    root.sign(Label::Takeover, &takeover_words(order, device, last))
}

/// Whether a takeover is signed by the root of this identity.
pub(crate) fn is_takeover_of(party: &crate::order::Party, order: &OrderId, body: &EventBody) -> bool {
    let (Step::Takeover { inception, sig }, Some(last)) = (&body.step, body.prev) else { return false };
    let Inception { root, .. } = inception;
    inception.id() == party.identity && verify(root, Label::Takeover, &takeover_words(order, &body.author, &last), sig).is_ok()
}

/// Whether a takeover stands in the chain of this side by right.
pub(crate) fn is_root_signed(order: &Order, role: Role, body: &EventBody) -> bool {
    is_takeover_of(order.terms.party(role), &order.id, body)
}

/// What stands in the chain instead of the code that is told at the hand-over.
#[must_use]
pub fn code_commitment(order: &OrderId, code: &str) -> Digest {
    Digest(hash(Context::HandoverCode, &[&order.0, code.as_bytes()]))
}
