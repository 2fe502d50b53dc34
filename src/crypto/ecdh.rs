//! Elliptic-curve Diffie-Hellman over the NIST curves (SEC 1, 3.3.1): what an engine provides.

use zeroize::Zeroizing;

use super::failures::engine_failed;
use crate::error::{Error, Result};

/// A curve of key agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EcdhCurve {
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
    /// NIST P-521.
    P521,
}

impl EcdhCurve {
    /// Every curve.
    pub const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    /// As KMS and the AWS Encryption SDKs name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::P256 => "ECC_NIST_P256",
            Self::P384 => "ECC_NIST_P384",
            Self::P521 => "ECC_NIST_P521",
        }
    }

    /// The length of a coordinate, and of a shared secret, in bytes.
    pub(crate) fn coordinate_length(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

/// A private key of an engine; wiped when it is dropped.
pub(crate) trait EcdhKey: Sized + Send + Sync {
    fn generate(curve: EcdhCurve) -> Result<Self>;

    /// From a PKCS #8 PrivateKeyInfo (RFC 5958) in DER; a key of another curve is refused.
    fn from_pkcs8(curve: EcdhCurve, der: &[u8]) -> Result<Self>;

    /// The public key, as an uncompressed point (SEC 1, 2.3.3).
    fn public_point(&self) -> Result<Vec<u8>>;

    /// The shared secret with the owner of this point: a coordinate, whose length is always the curve's.
    fn agree(&self, point: &[u8]) -> Result<Zeroizing<Vec<u8>>>;

    /// The point, uncompressed; fails unless it is on the curve.
    fn uncompressed(curve: EcdhCurve, point: &[u8]) -> Result<Vec<u8>>;
}

pub(super) fn unusable_key(curve: EcdhCurve, key_name: &str) -> Error {
    Error::invalid(format!(
        "the {key_name} cannot be used; give one of the curve that `curveSpec` names, {}",
        curve.as_str()
    ))
}

pub(super) fn agreement_failed() -> Error {
    engine_failed("ECDH")
}
