//! What an engine provides.

#[cfg(any(test, feature = "aws-kms"))]
use zeroize::Zeroizing;

use super::ecdh::EcdhKey;
use super::ecdsa::{EcdsaKey, EcdsaSigner, EcdsaVerifier};
use super::key_pair::{KeyPair, KeyPairSpec};
use super::rsa::{RsaPrivate, RsaPublic};
use crate::error::Result;
use crate::suite::Hash;

/// The length of a nonce, in bytes (NIST SP 800-38D, 8.2.1).
pub(crate) const IV_LENGTH: usize = 12;
/// The length of an authentication tag, in bytes.
pub(crate) const TAG_LENGTH: usize = 16;

pub(crate) type Iv = [u8; IV_LENGTH];
pub(crate) type Tag = [u8; TAG_LENGTH];

/// What an engine provides.
pub(crate) trait CryptoEngine {
    type AesGcm: Aead;
    type SigningKey: EcdsaKey<Signer = Self::Signer>;
    type Signer: EcdsaSigner;
    type Verifier: EcdsaVerifier;
    type EcdhPrivateKey: EcdhKey;
    type RsaPublicKey: RsaPublic;
    type RsaPrivateKey: RsaPrivate;

    /// HKDF (RFC 5869): one extraction, then each `(info, output)` expanded.
    fn hkdf(
        hash: Hash,
        salt: &[u8],
        secret: &[u8],
        outputs: &mut [(&[u8], &mut [u8])],
    ) -> Result<()>;

    /// HMAC (RFC 2104), cut to the length of `output`.
    fn hmac(hash: HmacHash, key: &[u8], input: &[u8], output: &mut [u8]) -> Result<()>;

    /// SHA-256 (FIPS 180-4).
    fn sha256(data: &[u8]) -> [u8; 32];

    /// SHA-384 (FIPS 180-4).
    #[cfg(any(test, feature = "aws-kms"))]
    fn sha384(data: &[u8]) -> [u8; 48];

    /// The first 32 bytes of KDF in counter mode with HMAC-SHA-256 (NIST SP 800-108r1, 4.1), the counter of
    /// 32 bits before the fixed input.
    #[cfg(any(test, feature = "aws-kms"))]
    fn counter_mode_kdf(secret: &[u8], fixed_input: &[u8]) -> Result<Zeroizing<[u8; 32]>>;

    /// A fresh key pair.
    fn generate_key_pair(spec: KeyPairSpec) -> Result<KeyPair>;

    /// Bytes from the operating system's generator.
    fn random(bytes: &mut [u8]) -> Result<()>;
}

/// AES-GCM with 96-bit nonces and 128-bit tags (NIST SP 800-38D).
pub(crate) trait Aead: Sized + Send + Sync {
    /// Whether only `seal_at_random` draws nonces as the FIPS module counts them as approved.
    const DRAWS_NONCES: bool = false;

    /// A key of 16, 24 or 32 bytes.
    fn new(key: &[u8]) -> Result<Self>;

    /// Encrypts `plaintext` into `ciphertext`, of the same length, and returns the tag.
    fn seal(&self, iv: &Iv, aad: &[u8], plaintext: &[u8], ciphertext: &mut [u8]) -> Result<Tag>;

    /// As `seal`, under a nonce that is drawn at random, and returned, too. The FIPS module counts this as
    /// approved only where it draws the nonce itself.
    fn seal_at_random(
        &self,
        aad: &[u8],
        plaintext: &[u8],
        ciphertext: &mut [u8],
    ) -> Result<(Iv, Tag)>;

    /// Decrypts into `plaintext`, of the same length; wipes it if the tag does not verify.
    fn open(
        &self,
        iv: &Iv,
        aad: &[u8],
        ciphertext: &[u8],
        tag: &Tag,
        plaintext: &mut [u8],
    ) -> Result<()>;
}

/// The hash of an HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HmacHash {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl HmacHash {
    /// The length of the whole output, in bytes.
    pub(crate) fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}
