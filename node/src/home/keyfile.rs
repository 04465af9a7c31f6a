//! The file `identity`: this device's secrets, sealed under a passphrase. Must never print, log or keep a secret in clear.
//!
//! Layout: `"haat id\0"`, then memory in KiB, passes and lanes of argon2id (4 bytes each, big-endian), 16 bytes of salt, the
//! secrets as canonical CBOR under XChaCha20-Poly1305 (all before it bound), and 32 bytes of BLAKE3 over all of it. The
//! hash needs no key, so that a damaged file and a wrong passphrase are told apart.

use std::fmt;
use std::path::Path;

use argon2::{Algorithm, Argon2, Params, Version};
use bip39::Mnemonic;
use haat_protocol::codec;
use haat_protocol::crypto::{Context, hash, seal};
use haat_protocol::limits::{KEYFILE_LANES_MAX, KEYFILE_MAX_BYTES, KEYFILE_MEMORY_MAX_KIB, KEYFILE_PASSES_MAX};
use haat_protocol::local::{Problem, ProblemKind};
use haat_protocol::time::Millis;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use super::file;

/// What the file begins with.
const MAGIC: &[u8; 8] = b"haat id\0";
/// Bytes of the salt.
const SALT_BYTES: usize = 16;
/// Bytes before the sealed box.
const HEADER_BYTES: usize = MAGIC.len() + 3 * 4 + SALT_BYTES;
/// Bytes of the hash at the end.
const CHECK_BYTES: usize = 32;

/// Why a key file was not opened or written.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// There is none.
    #[error("there is no key file at this place")]
    NoFile,
    /// The file is whole, but does not open.
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    /// The file is not as it was written.
    #[error("the key file is damaged: {0}")]
    Damaged(&'static str),
    /// Opening it would take more memory or time than is allowed.
    #[error("the key file asks for more work than is allowed")]
    TooCostly,
    /// It cannot be read or written.
    #[error("{}: {}", .0.title, .0.detail)]
    File(Box<Problem>),
    /// Others could read it.
    #[error("{}: {}", .0.title, .0.detail)]
    TooWide(Box<Problem>),
    /// Not 24 words of the list, or one of them is wrong.
    #[error("these are not 24 recovery words")]
    BadWords,
    /// The system has no randomness.
    #[error("the system gave no random bytes")]
    NoRandomness,
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        let detail = error.to_string();
        match error {
            KeyError::File(problem) | KeyError::TooWide(problem) => *problem,
            KeyError::NoFile => {
                Self::new(ProblemKind::NotFound, "no-keys", "this home has no keys", detail).hint("make them with `haat up`")
            }
            KeyError::WrongPassphrase => Self::new(ProblemKind::Permission, "wrong-passphrase", "the keys were not opened", detail),
            KeyError::Damaged(_) => Self::new(ProblemKind::Store, "damaged-keys", "the keys cannot be read", detail)
                .hint("restore the file from a copy, or the identity from its 24 words"),
            KeyError::TooCostly => Self::new(ProblemKind::Store, "costly-keys", "the keys were not opened", detail),
            KeyError::BadWords => Self::usage("bad-words", "the recovery words cannot be used", detail),
            KeyError::NoRandomness => Self::new(ProblemKind::Internal, "no-randomness", "no keys were made", detail),
        }
    }
}

/// How much work a guess at the passphrase takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Cost {
    /// What homes are sealed with: 64 MiB, three passes.
    pub const HOME: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 };

    fn params(self) -> Result<Params, KeyError> {
        let bounded = self.memory_kib <= KEYFILE_MEMORY_MAX_KIB && self.passes <= KEYFILE_PASSES_MAX && self.lanes <= KEYFILE_LANES_MAX;
        if !bounded {
            return Err(KeyError::TooCostly);
        }
        Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).map_err(|_| KeyError::Damaged("no such cost"))
    }
}

/// Everything a device must keep to itself. Wiped from memory when dropped.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secrets {
    /// Entropy of the root key: the 24 recovery words.
    pub root_entropy: [u8; 32],
    /// Entropy of the root key that takes over when the root is rotated.
    pub next_root_entropy: [u8; 32],
    /// Seed of this device's signing key.
    pub device_seed: [u8; 32],
    /// Key of what the store keeps encrypted.
    pub storage_key: [u8; 32],
    /// When the identity began.
    pub created: Millis,
    /// The name its person goes by.
    pub name: String,
    /// Prekey secrets with the time each began, oldest first.
    pub prekeys: Vec<(Millis, [u8; 32])>,
}

impl Secrets {
    /// Fresh secrets for a new identity, with a first prekey.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub fn generate(now: Millis, name: &str) -> Result<Self, KeyError> {
        Ok(Self {
            root_entropy: random()?,
            next_root_entropy: random()?,
            device_seed: random()?,
            storage_key: random()?,
            created: now,
            name: name.to_owned(),
            prekeys: vec![(now, random()?)],
        })
    }

    /// Seed of the root key.
    #[must_use]
    pub fn root_seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(hash(Context::RootSeed, &[&self.root_entropy]))
    }

    /// Seed of the next root key.
    #[must_use]
    pub fn next_root_seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(hash(Context::RootSeed, &[&self.next_root_entropy]))
    }

    /// The 24 English words that bring the root key back.
    ///
    /// # Panics
    /// Never: 32 bytes make 24 words.
    #[must_use]
    pub fn recovery_words(&self) -> Zeroizing<String> {
        let words = Mnemonic::from_entropy(&self.root_entropy).expect("32 bytes make 24 words");
        Zeroizing::new(words.to_string())
    }

    /// Opens the key file at `path`.
    ///
    /// # Errors
    /// [`KeyError`] tells a missing, readable-by-others, damaged or costly file and a wrong passphrase apart.
    pub fn load(path: &Path, passphrase: &str) -> Result<Self, KeyError> {
        let bytes = file::read(path, KEYFILE_MAX_BYTES).map_err(|problem| match problem.code.as_str() {
            "too-wide" => KeyError::TooWide(Box::new(problem)),
            _ => KeyError::File(Box::new(problem)),
        })?;
        Self::unseal(&bytes.ok_or(KeyError::NoFile)?, passphrase)
    }

    /// Writes the key file at `path` anew, whole or not at all. An empty passphrase is allowed.
    ///
    /// # Errors
    /// [`KeyError::File`] when it cannot be written; the old file stays then.
    pub fn save(&self, path: &Path, passphrase: &str) -> Result<(), KeyError> {
        self.save_at(path, passphrase, Cost::HOME)
    }

    /// Like [`Secrets::save`], at another cost.
    ///
    /// # Errors
    /// Also [`KeyError::TooCostly`] for a cost that `load` would refuse.
    pub fn save_at(&self, path: &Path, passphrase: &str, cost: Cost) -> Result<(), KeyError> {
        let bytes = self.seal(passphrase, cost)?;
        file::write(path, &bytes).map_err(|fault| KeyError::File(Box::new(super::io_problem(path, &fault))))
    }

    fn seal(&self, passphrase: &str, cost: Cost) -> Result<Vec<u8>, KeyError> {
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt).map_err(|_| KeyError::NoRandomness)?;
        let mut bytes = MAGIC.to_vec();
        for number in [cost.memory_kib, cost.passes, cost.lanes] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        bytes.extend_from_slice(&salt);
        let key = derive(passphrase, &salt, cost)?;
        let plain = Zeroizing::new(codec::encode(self));
        let sealed = seal::encrypt(&key, &bytes, &plain, &random()?);
        bytes.extend_from_slice(&sealed);
        let check = blake3::hash(&bytes);
        bytes.extend_from_slice(check.as_bytes());
        Ok(bytes)
    }

    fn unseal(bytes: &[u8], passphrase: &str) -> Result<Self, KeyError> {
        if !bytes.starts_with(MAGIC) {
            return Err(KeyError::Damaged("it does not begin like one"));
        }
        let end = bytes.len().checked_sub(CHECK_BYTES).filter(|end| *end > HEADER_BYTES).ok_or(KeyError::Damaged("it is too short"))?;
        let (whole, check) = bytes.split_at(end);
        if blake3::hash(whole).as_bytes() != check {
            return Err(KeyError::Damaged("bytes of it have changed"));
        }
        let (header, sealed) = whole.split_at(HEADER_BYTES);
        let numbers: Vec<u32> =
            header[MAGIC.len()..].chunks_exact(4).map(|word| u32::from_be_bytes([word[0], word[1], word[2], word[3]])).collect();
        let cost = Cost { memory_kib: numbers[0], passes: numbers[1], lanes: numbers[2] };
        let key = derive(passphrase, &header[HEADER_BYTES - SALT_BYTES..], cost)?;
        let plain = seal::decrypt(&key, header, sealed).map_err(|_| KeyError::WrongPassphrase)?;
        codec::decode(&plain, plain.len()).map_err(|_| KeyError::Damaged("its contents are of another version"))
    }
}

/// The entropy that 24 recovery words stand for; case and spaces between them do not matter.
///
/// # Errors
/// [`KeyError::BadWords`] when a word or the checksum is wrong, or there are not 24.
pub fn entropy_of_words(words: &str) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    let plain = Zeroizing::new(words.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" "));
    let mnemonic = Mnemonic::parse(plain.as_str()).map_err(|_| KeyError::BadWords)?;
    let entropy = Zeroizing::new(mnemonic.to_entropy());
    entropy.as_slice().try_into().map(Zeroizing::new).map_err(|_| KeyError::BadWords)
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(..)")
    }
}

impl Drop for Secrets {
    fn drop(&mut self) {
        self.root_entropy.zeroize();
        self.next_root_entropy.zeroize();
        self.device_seed.zeroize();
        self.storage_key.zeroize();
        for (_, secret) in &mut self.prekeys {
            secret.zeroize();
        }
    }
}

fn derive(passphrase: &str, salt: &[u8], cost: Cost) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    let mut key = Zeroizing::new([0; 32]);
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, cost.params()?);
    argon.hash_password_into(passphrase.as_bytes(), salt, key.as_mut()).map_err(|_| KeyError::Damaged("no such cost"))?;
    Ok(key)
}

fn random() -> Result<[u8; 32], KeyError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| KeyError::NoRandomness)?;
    Ok(bytes)
}
