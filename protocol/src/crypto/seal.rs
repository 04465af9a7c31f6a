//! Secrecy: sealing to a device's prekey (HPKE, RFC 9180) and encrypting under a shared key (XChaCha20-Poly1305).
//!
//! Randomness is an argument: 32 fresh bytes per call.

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::rand_core::{TryCryptoRng, TryRng};
use hpke::{Deserializable as _, Kem as _, OpModeR, OpModeS, Serializable as _};
use zeroize::Zeroizing;

use super::stream;

type Kem = X25519HkdfSha256;

/// A box that does not open: another key, another context, or changed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the box does not open")]
pub struct SealError;

/// The public key that belongs to a prekey secret.
///
/// # Panics
/// Never: 32 bytes are what the key type takes.
#[must_use]
pub fn prekey_public(secret: &[u8; 32]) -> [u8; 32] {
    let (_, public) = Kem::derive_keypair(secret);
    public.to_bytes().as_slice().try_into().expect("an X25519 public key has 32 bytes")
}

/// Seals `plain` to a prekey (base mode, X25519, HKDF-SHA256, ChaCha20-Poly1305): 32 bytes of encapsulated key, then the ciphertext.
///
/// # Errors
/// [`SealError`] when the public key is no usable point.
pub fn seal(to: &[u8; 32], info: &[u8], plain: &[u8], fresh: &[u8; 32]) -> Result<Vec<u8>, SealError> {
    let public = <Kem as hpke::Kem>::PublicKey::from_bytes(to).map_err(|_| SealError)?;
    let (key, text) = hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, Kem>(
        &OpModeS::Base,
        &public,
        info,
        plain,
        &[],
        &mut Fresh::new(fresh),
    )
    .map_err(|_| SealError)?;
    let mut sealed = key.to_bytes().to_vec();
    sealed.extend_from_slice(&text);
    Ok(sealed)
}

/// Opens what [`seal`] made with the public key of `secret` and the same `info`.
///
/// # Errors
/// [`SealError`] when it does not open.
pub fn open(secret: &[u8; 32], info: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let (key, text) = sealed.split_at_checked(32).ok_or(SealError)?;
    let key = <Kem as hpke::Kem>::EncappedKey::from_bytes(key).map_err(|_| SealError)?;
    let (private, _) = Kem::derive_keypair(secret);
    hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, Kem>(&OpModeR::Base, &private, &key, info, text, &[])
        .map(Zeroizing::new)
        .map_err(|_| SealError)
}

/// Encrypts under a 32-byte key: a nonce of 24 bytes, then the ciphertext with its tag.
///
/// # Panics
/// Never: encryption into memory cannot fail below 2^38 bytes.
#[must_use]
pub fn encrypt(key: &[u8; 32], bound: &[u8], plain: &[u8], fresh: &[u8; 32]) -> Vec<u8> {
    let mut nonce = [0; 24];
    stream(fresh, &mut nonce);
    let cipher = XChaCha20Poly1305::new(key.into());
    let text = cipher.encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: bound }).expect("a short message encrypts");
    [nonce.as_slice(), &text].concat()
}

/// Opens what [`encrypt`] made under the same key and the same bound bytes.
///
/// # Errors
/// [`SealError`] when it does not open.
pub fn decrypt(key: &[u8; 32], bound: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let (nonce, text) = sealed.split_at_checked(24).ok_or(SealError)?;
    let nonce: [u8; 24] = nonce.try_into().map_err(|_| SealError)?;
    XChaCha20Poly1305::new(key.into())
        .decrypt(&XNonce::from(nonce), Payload { msg: text, aad: bound })
        .map(Zeroizing::new)
        .map_err(|_| SealError)
}

/// The byte stream of a seed, as the generator that HPKE asks for.
struct Fresh {
    seed: [u8; 32],
    block: u64,
}

impl Fresh {
    fn new(seed: &[u8; 32]) -> Self {
        Self { seed: *seed, block: 0 }
    }
}

impl TryRng for Fresh {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut word = [0; 4];
        self.try_fill_bytes(&mut word)?;
        Ok(u32::from_le_bytes(word))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut word = [0; 8];
        self.try_fill_bytes(&mut word)?;
        Ok(u64::from_le_bytes(word))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        let block = super::hash(super::Context::Stream, &[&self.seed, &self.block.to_be_bytes()]);
        self.block += 1;
        stream(&block, out);
        Ok(())
    }
}

impl TryCryptoRng for Fresh {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_opens_for_its_key_and_context_only() {
        let secret = [3; 32];
        let sealed = seal(&prekey_public(&secret), b"epoch", b"hello", &[9; 32]).expect("a good key");
        assert_eq!(open(&secret, b"epoch", &sealed).expect("opens").as_slice(), b"hello");
        assert!(open(&[4; 32], b"epoch", &sealed).is_err());
        assert!(open(&secret, b"other", &sealed).is_err());
        assert!(open(&secret, b"epoch", &sealed[..20]).is_err());
    }

    #[test]
    fn encrypted_opens_for_its_key_and_bound_bytes_only() {
        let sealed = encrypt(&[1; 32], b"header", b"text", &[2; 32]);
        assert_eq!(decrypt(&[1; 32], b"header", &sealed).expect("opens").as_slice(), b"text");
        assert!(decrypt(&[2; 32], b"header", &sealed).is_err());
        assert!(decrypt(&[1; 32], b"headeR", &sealed).is_err());
        let mut changed = sealed;
        changed[30] ^= 1;
        assert!(decrypt(&[1; 32], b"header", &changed).is_err());
    }
}
