//! The ways to wrap the data key of an object, and their names.

use crate::error::{Code, Error};

/// The ways to wrap a data key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrapping {
    /// V1: AES-ECB or RSA PKCS #1 v1.5, as the key that is given is an AES or an RSA key.
    UnnamedV1,
    /// KMS, the description being the encryption context: what SES and V1 write.
    Kms,
    /// AES key wrap (RFC 3394).
    AesKeyWrap,
    /// RSA-OAEP with SHA-256, its mask with SHA-1.
    RsaOaepSha256,
    /// KMS, bound to the content's algorithm by its encryption context.
    KmsContext,
    /// AES-GCM, bound to the content's algorithm by its additional data.
    AesGcm,
    /// RSA-OAEP with SHA-1 over the key and the name of the content's algorithm.
    RsaOaepSha1,
}

/// The name in V2, the name in V3.
const NAMES: [(Wrapping, &str, Option<&str>); 6] = [
    (Wrapping::Kms, "kms", None),
    (Wrapping::AesKeyWrap, "AESWrap", None),
    (Wrapping::RsaOaepSha256, "RSA/ECB/OAEPWithSHA-256AndMGF1Padding", None),
    (Wrapping::KmsContext, "kms+context", Some("12")),
    (Wrapping::AesGcm, "AES/GCM", Some("02")),
    (Wrapping::RsaOaepSha1, "RSA-OAEP-SHA1", Some("22")),
];

impl Wrapping {
    /// Returns the way that V2 calls by this name.
    pub(super) fn of_v2(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, v2, _)| *v2 == name).map(|(wrapping, ..)| *wrapping)
    }

    /// Returns the way that V3 calls by this name.
    pub(super) fn of_v3(name: &str) -> Option<Self> {
        NAMES.iter().find(|(.., v3)| *v3 == Some(name)).map(|(wrapping, ..)| *wrapping)
    }

    /// Its name in V2, for people and for metadata.
    pub(super) fn described(self) -> &'static str {
        NAMES
            .iter()
            .find(|(wrapping, ..)| *wrapping == self)
            .map_or("an unnamed algorithm of V1", |(_, v2, _)| v2)
    }

    /// Its name in V3; empty for what V3 does not have.
    pub(super) fn name_v3(self) -> &'static str {
        NAMES
            .iter()
            .find(|(wrapping, ..)| *wrapping == self)
            .and_then(|(.., v3)| *v3)
            .unwrap_or_default()
    }

    /// Whether nothing binds the data key to the content's algorithm.
    pub(super) fn is_legacy(self) -> bool {
        matches!(self, Self::UnnamedV1 | Self::Kms | Self::AesKeyWrap | Self::RsaOaepSha256)
    }

    /// Whether KMS unwraps.
    pub(super) fn asks_kms(self) -> bool {
        matches!(self, Self::Kms | Self::KmsContext)
    }

    /// The error of a keyring that is of another kind than this needs.
    pub(super) fn wrong_keyring(self) -> Error {
        let needed = match self {
            Self::Kms | Self::KmsContext => "an AwsKmsKeyring",
            Self::AesGcm | Self::AesKeyWrap => "a RawAesKeyring",
            Self::RsaOaepSha1 | Self::RsaOaepSha256 => "a RawRsaKeyring",
            Self::UnnamedV1 => "a RawAesKeyring or a RawRsaKeyring",
        };
        Error::new(
            Code::NoUsableKey,
            format!(
                "the object's data key is wrapped by {}; to read it, the keyring must be {needed}",
                self.described()
            ),
        )
    }
}
