//! The invite code: one line of text that lets one person into one circle, and the proof made with it.
//!
//! Case-insensitive base32 with a checksum: a typing error is told before any network is touched.

use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Serialize};

use crate::codec::{decode, encode};
use crate::crypto::{BadSignature, Context, Keypair, Label, Sig, hash, verify};
use crate::id::{DeviceId, IdentityId, SpaceId};
use crate::limits::{
    INVITE_ADDRESSES_MAX, INVITE_CODE_MAX_BYTES, INVITE_OTHER_ADDRESSES_MAX, INVITE_OTHERS_MAX, INVITE_SEEDS_MAX, WIRE_VERSION,
};
use crate::time::Millis;

/// What a code holds.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// Wire version.
    pub version: u64,
    /// The circle.
    pub space: SpaceId,
    /// Seed of the invite's key pair.
    #[serde(with = "serde_bytes")]
    pub seed: [u8; 32],
    /// The device that wrote the invite.
    pub device: DeviceId,
    /// Where that device listens, loopback included; three at most.
    pub addresses: Vec<String>,
    /// Other members who were reachable when the code was made: any of them can let the newcomer in while the inviter sleeps.
    pub others: Vec<Contact>,
    /// Multiaddresses of seeds that the circle's members use.
    pub seeds: Vec<String>,
    /// Until when.
    pub expires: Millis,
    /// Name of the circle, as a hint for people.
    pub name: String,
}

/// A member's device and where it was reachable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The device.
    pub device: DeviceId,
    /// Where it listens; two at most.
    pub addresses: Vec<String>,
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Code(for {})", self.space.short())
    }
}

/// Why a text is no invite code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// A letter or digit that no code has.
    #[error("it contains a character that no invite code has")]
    Alphabet,
    /// The checksum does not fit: a character is wrong or missing.
    #[error("a character is wrong or missing")]
    Checksum,
    /// Made by a newer program.
    #[error("it was made by a newer program")]
    Version,
}

impl Code {
    /// The key pair that proves the invite.
    #[must_use]
    pub fn pair(&self) -> Keypair {
        Keypair::from_seed(&self.seed)
    }

    /// The code as text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut bytes = encode(self);
        let check = hash(Context::InviteCheck, &[&bytes]);
        bytes.extend_from_slice(&check[..5]);
        BASE32_NOPAD.encode(&bytes).to_ascii_lowercase()
    }

    /// Reads a code, in any case, with spaces and line breaks ignored.
    ///
    /// # Errors
    /// [`CodeError`] tells a typing error from a newer version.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let plain: String = text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
        let bytes = BASE32_NOPAD.decode(plain.as_bytes()).map_err(|fault| match fault.kind {
            data_encoding::DecodeKind::Symbol => CodeError::Alphabet,
            _ => CodeError::Checksum,
        })?;
        let at = bytes.len().checked_sub(5).ok_or(CodeError::Checksum)?;
        let (body, check) = bytes.split_at(at);
        if hash(Context::InviteCheck, &[body])[..5] != *check {
            return Err(CodeError::Checksum);
        }
        let code: Self = decode(body, INVITE_CODE_MAX_BYTES).map_err(|_| CodeError::Version)?;
        let is_small = code.addresses.len() <= INVITE_ADDRESSES_MAX
            && code.others.len() <= INVITE_OTHERS_MAX
            && code.others.iter().all(|other| other.addresses.len() <= INVITE_OTHER_ADDRESSES_MAX)
            && code.seeds.len() <= INVITE_SEEDS_MAX;
        if code.version != WIRE_VERSION || !is_small {
            return Err(CodeError::Version);
        }
        Ok(code)
    }

    /// Whom to ask, the inviter first.
    #[must_use]
    pub fn contacts(&self) -> Vec<Contact> {
        let inviter = Contact { device: self.device, addresses: self.addresses.clone() };
        std::iter::once(inviter).chain(self.others.iter().cloned()).collect()
    }
}

/// The newcomer's proof of holding the invite: by its key, over circle, identity and device.
#[must_use]
pub fn prove(pair: &Keypair, space: SpaceId, identity: IdentityId, device: DeviceId) -> Sig {
    pair.sign(Label::Invite, &claim(space, identity, device))
}

/// Checks a newcomer's proof.
///
/// # Errors
/// [`BadSignature`] when it was not made with this invite for this person and device.
pub fn check(key: &DeviceId, space: SpaceId, identity: IdentityId, device: DeviceId, proof: &Sig) -> Result<(), BadSignature> {
    verify(key, Label::Invite, &claim(space, identity, device), proof)
}

fn claim(space: SpaceId, identity: IdentityId, device: DeviceId) -> Vec<u8> {
    [space.0, identity.0, device.0].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code() -> Code {
        Code {
            version: WIRE_VERSION,
            space: SpaceId([1; 32]),
            seed: [2; 32],
            device: DeviceId([3; 32]),
            addresses: vec!["/ip4/127.0.0.1/tcp/4001".into()],
            others: vec![Contact { device: DeviceId([6; 32]), addresses: vec!["/ip4/192.0.2.7/tcp/4002".into()] }],
            seeds: vec!["/ip4/192.0.2.9/tcp/4003/p2p/12D3KooW".into()],
            expires: Millis(5),
            name: "弄堂 12".into(),
        }
    }

    #[test]
    fn a_code_survives_case_and_line_breaks() {
        let text = code().to_text();
        assert_eq!(Code::parse(&text), Ok(code()));
        let shouted = format!(" {}\n{} ", text[..20].to_uppercase(), &text[20..]);
        assert_eq!(Code::parse(&shouted), Ok(code()));
    }

    #[test]
    fn every_typing_error_is_told() {
        let text = code().to_text();
        for at in 0..text.len() {
            let mut wrong = text.clone().into_bytes();
            wrong[at] = if wrong[at] == b'a' { b'b' } else { b'a' };
            assert!(Code::parse(std::str::from_utf8(&wrong).expect("ascii")).is_err(), "character {at}");
        }
        for text in ["", "a", "hello", "0189", &text[1..], &text[..text.len() - 1], "日本"] {
            assert!(Code::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_code_names_few() {
        let mut many = code();
        many.others = vec![many.others[0].clone(); INVITE_OTHERS_MAX + 1];
        assert_eq!(Code::parse(&many.to_text()), Err(CodeError::Version));
        let mut many = code();
        many.others[0].addresses = vec![String::new(); INVITE_OTHER_ADDRESSES_MAX + 1];
        assert_eq!(Code::parse(&many.to_text()), Err(CodeError::Version));
        let mut many = code();
        many.seeds = vec![String::new(); INVITE_SEEDS_MAX + 1];
        assert_eq!(Code::parse(&many.to_text()), Err(CodeError::Version));
        assert_eq!(code().contacts().iter().map(|c| c.device.0[0]).collect::<Vec<_>>(), [3, 6], "the inviter is asked first");
    }

    #[test]
    fn a_proof_is_for_one_person_device_and_circle() {
        let pair = code().pair();
        let proof = prove(&pair, SpaceId([1; 32]), IdentityId([4; 32]), DeviceId([5; 32]));
        let holds = |space, identity, device| {
            check(&pair.public(), SpaceId([space; 32]), IdentityId([identity; 32]), DeviceId([device; 32]), &proof).is_ok()
        };
        assert!(holds(1, 4, 5));
        assert!(!holds(2, 4, 5) && !holds(1, 3, 5) && !holds(1, 4, 4));
    }
}
