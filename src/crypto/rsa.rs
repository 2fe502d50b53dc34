//! RSA encryption of short secrets (RFC 8017, 7).

use zeroize::Zeroizing;

use super::failures::engine_failed;
use crate::error::{Error, Result};

/// How a secret is padded before it is encrypted; the mask of OAEP uses the same hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RsaPadding {
    /// RSAES-PKCS1-v1_5; for old messages only.
    Pkcs1,
    /// RSAES-OAEP with SHA-1.
    OaepSha1,
    /// RSAES-OAEP with SHA-256.
    OaepSha256,
    /// RSAES-OAEP with SHA-384.
    OaepSha384,
    /// RSAES-OAEP with SHA-512.
    OaepSha512,
}

impl RsaPadding {
    /// The longest secret under a key of this length, both in bytes (RFC 8017, 7.1.1 and 7.2.1).
    pub(crate) fn max_secret(self, key_length: usize) -> usize {
        let overhead = match self {
            Self::Pkcs1 => 11,
            Self::OaepSha1 => 2 * 20 + 2,
            Self::OaepSha256 => 2 * 32 + 2,
            Self::OaepSha384 => 2 * 48 + 2,
            Self::OaepSha512 => 2 * 64 + 2,
        };
        key_length.saturating_sub(overhead)
    }
}

/// The shortest and the longest key, in bits: shorter ones are broken, longer ones only slow.
pub(super) const KEY_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

pub(crate) trait RsaPublic: Sized + Send + Sync {
    /// From a SubjectPublicKeyInfo (RFC 5280, 4.1) in DER.
    fn from_spki(der: &[u8]) -> Result<Self>;

    /// The length of the key, in bytes.
    fn length(&self) -> usize;

    fn encrypt(&self, padding: RsaPadding, secret: &[u8]) -> Result<Vec<u8>>;
}

pub(crate) trait RsaPrivate: Sized + Send + Sync {
    /// From a PKCS #8 PrivateKeyInfo (RFC 5208, 5) in DER.
    fn from_pkcs8(der: &[u8]) -> Result<Self>;

    /// Returns the secret, or one and the same error for anything wrong. With PKCS #1 v1.5 an engine may
    /// return a random secret instead (implicit rejection): what the secret decrypts must be authenticated.
    fn decrypt(&self, padding: RsaPadding, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>>;
}

pub(super) fn unusable_key(key_name: &str) -> Error {
    Error::invalid(format!(
        "the {key_name} cannot be used; give an RSA key of {} to {} bits",
        KEY_BITS.start(),
        KEY_BITS.end()
    ))
}

pub(super) fn rsa_failed() -> Error {
    engine_failed("RSA")
}
