//! Key pairs for use outside messages, as KMS GenerateDataKeyPair names them.

use zeroize::Zeroizing;

use crate::error::{Code, Error};

/// The kind of a key pair (KMS API Reference, GenerateDataKeyPair, `KeyPairSpec`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyPairSpec {
    /// RSA of 2,048 bits.
    Rsa2048,
    /// RSA of 3,072 bits.
    Rsa3072,
    /// RSA of 4,096 bits.
    Rsa4096,
    /// NIST P-256.
    EccNistP256,
    /// NIST P-384.
    EccNistP384,
}

impl KeyPairSpec {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::Rsa2048, Self::Rsa3072, Self::Rsa4096, Self::EccNistP256, Self::EccNistP384];

    /// As KMS names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rsa2048 => "RSA_2048",
            Self::Rsa3072 => "RSA_3072",
            Self::Rsa4096 => "RSA_4096",
            Self::EccNistP256 => "ECC_NIST_P256",
            Self::EccNistP384 => "ECC_NIST_P384",
        }
    }
}

/// A key pair in DER.
pub(crate) struct KeyPair {
    /// PKCS #8 (RFC 5958).
    pub private_key: Zeroizing<Vec<u8>>,
    /// SubjectPublicKeyInfo (RFC 5280).
    pub public_key: Vec<u8>,
}

pub(super) fn generating_failed() -> Error {
    Error::new(Code::Internal, "a key pair could not be generated")
}
