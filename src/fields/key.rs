//! Keys of Tink's types: from their messages, and back.

use prost::Message;
use zeroize::Zeroizing;

use super::proto::{KeyValue2, KeyValue3, KeyWithParams, Params};
use crate::crypto::{self, AeadKind, HmacHash, SIV_KEY_LENGTH};
use crate::error::{Code, Error, Result};
use crate::secret_memory::SecretBytes;
use crate::suite::Hash;

const URL_PREFIX: &str = "type.googleapis.com/google.crypto.tink.";
/// The shortest HMAC and HKDF keys that Tink takes, in bytes.
const MIN_HMAC_KEY: usize = 16;
const MIN_HKDF_KEY: usize = 32;

/// A key, in locked memory, and what it is for.
pub(crate) struct KeyMaterial {
    pub(super) kind: Kind,
    pub(super) key: SecretBytes,
}

/// What a key is for, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Aead(AeadKind),
    AesSiv,
    HmacPrf(HmacHash),
    HkdfPrf { hash: Hash, salt: Vec<u8> },
    CmacPrf,
}

/// The types of new keys: those that every Tink reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyType {
    Aes128Gcm,
    Aes256Gcm,
    Aes256GcmSiv,
    Aes256Siv,
    HmacSha256Prf,
    HmacSha512Prf,
}

impl KeyType {
    pub(crate) const ALL: [Self; 6] = [
        Self::Aes128Gcm,
        Self::Aes256Gcm,
        Self::Aes256GcmSiv,
        Self::Aes256Siv,
        Self::HmacSha256Prf,
        Self::HmacSha512Prf,
    ];

    /// The name of Tink's template.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Aes128Gcm => "AES128_GCM",
            Self::Aes256Gcm => "AES256_GCM",
            Self::Aes256GcmSiv => "AES256_GCM_SIV",
            Self::Aes256Siv => "AES256_SIV",
            Self::HmacSha256Prf => "HMAC_SHA256_PRF",
            Self::HmacSha512Prf => "HMAC_SHA512_PRF",
        }
    }

    /// Whether ciphertexts of such keys begin with the key's id; outputs of a PRF never do.
    pub(super) fn has_prefix(self) -> bool {
        !matches!(self, Self::HmacSha256Prf | Self::HmacSha512Prf)
    }

    fn parts(self) -> (Kind, usize) {
        match self {
            Self::Aes128Gcm => (Kind::Aead(AeadKind::AesGcm), 16),
            Self::Aes256Gcm => (Kind::Aead(AeadKind::AesGcm), 32),
            Self::Aes256GcmSiv => (Kind::Aead(AeadKind::AesGcmSiv), 32),
            Self::Aes256Siv => (Kind::AesSiv, SIV_KEY_LENGTH),
            Self::HmacSha256Prf => (Kind::HmacPrf(HmacHash::Sha256), 32),
            Self::HmacSha512Prf => (Kind::HmacPrf(HmacHash::Sha512), 64),
        }
    }
}

impl KeyMaterial {
    /// A fresh key.
    pub(super) fn generate(key_type: KeyType) -> Result<Self> {
        let (kind, length) = key_type.parts();
        let mut key = Zeroizing::new(vec![0; length]);
        crypto::random(&mut key)?;
        Ok(Self { kind, key: SecretBytes::new(key) })
    }

    /// The key of a message of the type that the URL names.
    ///
    /// # Errors
    /// `MalformedKeyset` if it cannot be used.
    pub(super) fn parse(type_url: &str, value: &[u8]) -> Result<Self> {
        let name = type_url.strip_prefix(URL_PREFIX).unwrap_or_default();
        let (kind, key) = match name {
            "AesGcmKey" => (Kind::Aead(AeadKind::AesGcm), value3(value)?),
            "AesGcmSivKey" => (Kind::Aead(AeadKind::AesGcmSiv), value3(value)?),
            "XChaCha20Poly1305Key" => (Kind::Aead(AeadKind::XChaCha20Poly1305), value3(value)?),
            "ChaCha20Poly1305Key" => (Kind::Aead(AeadKind::ChaCha20Poly1305), value2(value)?),
            "AesSivKey" => (Kind::AesSiv, value2(value)?),
            "AesCmacPrfKey" => (Kind::CmacPrf, value2(value)?),
            "XAesGcmKey" | "HmacPrfKey" | "HkdfPrfKey" => with_params(name, value)?,
            _ => return Err(malformed("a key of it has a type that is not known here")),
        };
        if !kind.takes_key_of(key.len()) {
            return Err(malformed("a key of it has a length that its type does not take"));
        }
        Ok(Self { kind, key: SecretBytes::new(key) })
    }

    /// The type's URL, and the message.
    pub(super) fn serialize(&self) -> (String, Vec<u8>) {
        let key_value = self.key.expose().to_vec();
        let plain3 = |key_value| KeyValue3 { version: 0, key_value }.encode_to_vec();
        let plain2 = |key_value| KeyValue2 { version: 0, key_value }.encode_to_vec();
        let params = |number, salt: &[u8], key_value| {
            let params = Some(Params { number, salt: salt.to_vec() });
            KeyWithParams { version: 0, params, key_value }.encode_to_vec()
        };
        let (name, value) = match &self.kind {
            Kind::Aead(AeadKind::AesGcm) => ("AesGcmKey", plain3(key_value)),
            Kind::Aead(AeadKind::AesGcmSiv) => ("AesGcmSivKey", plain3(key_value)),
            Kind::Aead(AeadKind::XChaCha20Poly1305) => ("XChaCha20Poly1305Key", plain3(key_value)),
            Kind::Aead(AeadKind::ChaCha20Poly1305) => ("ChaCha20Poly1305Key", plain2(key_value)),
            Kind::Aead(AeadKind::XAesGcm { salt_length }) => {
                let length = u32::try_from(*salt_length).unwrap_or_default();
                ("XAesGcmKey", params(length, &[], key_value))
            }
            Kind::AesSiv => ("AesSivKey", plain2(key_value)),
            Kind::HmacPrf(hash) => ("HmacPrfKey", params(hmac_number(*hash), &[], key_value)),
            Kind::HkdfPrf { hash, salt } => {
                ("HkdfPrfKey", params(hkdf_number(*hash), salt, key_value))
            }
            Kind::CmacPrf => ("AesCmacPrfKey", plain2(key_value)),
        };
        (format!("{URL_PREFIX}{name}"), value)
    }
}

impl Kind {
    fn takes_key_of(&self, length: usize) -> bool {
        match self {
            Self::Aead(kind) => kind.takes_key_of(length),
            Self::AesSiv => length == SIV_KEY_LENGTH,
            Self::HmacPrf(_) => length >= MIN_HMAC_KEY,
            Self::HkdfPrf { .. } => length >= MIN_HKDF_KEY,
            Self::CmacPrf => length == 32,
        }
    }
}

/// The error of a keyset that cannot be used.
pub(super) fn malformed(why: &str) -> Error {
    Error::new(Code::MalformedKeyset, format!("the keyset cannot be used: {why}"))
}

fn with_params(name: &str, value: &[u8]) -> Result<(Kind, Zeroizing<Vec<u8>>)> {
    let read = KeyWithParams::decode(value).map_err(|_| not_a_key())?;
    let key = checked(read.version, read.key_value)?;
    let Params { number, salt } = read.params.unwrap_or_default();
    let kind = match name {
        "XAesGcmKey" => match usize::try_from(number) {
            Ok(salt_length @ 8..=12) => Kind::Aead(AeadKind::XAesGcm { salt_length }),
            _ => return Err(malformed("a key of it has a salt of a wrong length")),
        },
        "HmacPrfKey" => Kind::HmacPrf(match number {
            1 => HmacHash::Sha1,
            2 => HmacHash::Sha384,
            3 => HmacHash::Sha256,
            4 => HmacHash::Sha512,
            5 => HmacHash::Sha224,
            _ => return Err(unknown_hash()),
        }),
        _ => {
            let hash = match number {
                3 => Hash::Sha256,
                4 => Hash::Sha512,
                _ => return Err(unknown_hash()),
            };
            Kind::HkdfPrf { hash, salt }
        }
    };
    Ok((kind, key))
}

fn hmac_number(hash: HmacHash) -> u32 {
    match hash {
        HmacHash::Sha1 => 1,
        HmacHash::Sha384 => 2,
        HmacHash::Sha256 => 3,
        HmacHash::Sha512 => 4,
        HmacHash::Sha224 => 5,
    }
}

fn hkdf_number(hash: Hash) -> u32 {
    match hash {
        Hash::Sha384 => 2,
        Hash::Sha256 => 3,
        Hash::Sha512 => 4,
    }
}

fn value2(value: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let read = KeyValue2::decode(value).map_err(|_| not_a_key())?;
    checked(read.version, read.key_value)
}

fn value3(value: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let read = KeyValue3::decode(value).map_err(|_| not_a_key())?;
    checked(read.version, read.key_value)
}

fn checked(version: u32, key: Vec<u8>) -> Result<Zeroizing<Vec<u8>>> {
    let key = Zeroizing::new(key);
    if version == 0 { Ok(key) } else { Err(malformed("a key of it has a version above 0")) }
}

fn not_a_key() -> Error {
    malformed("the value of a key is not a message of its type")
}

fn unknown_hash() -> Error {
    malformed("a key of it names a hash that its type does not take")
}
