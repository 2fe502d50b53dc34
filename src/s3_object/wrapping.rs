//! How the data key of an object is wrapped: its names, and wrapping and unwrapping it.

use zeroize::Zeroizing;

use super::json::Pairs;
use super::metadata::{Content, ObjectMetadata};
use crate::context::EncryptionContext;
use crate::crypto::legacy;
use crate::crypto::{
    self, Aead, AesGcm, IV_LENGTH, Iv, RsaPadding, RsaPrivate, RsaPrivateKey, RsaPublic,
    RsaPublicKey, TAG_LENGTH, Tag,
};
use crate::error::{Code, Error, Result};
use crate::foreign_text::shown;
use crate::keyring::{Keyring, WrappingSecret};
use crate::materials::DataKey;

/// The pair of a KMS key's encryption context that binds the data key to the content's algorithm.
const RESERVED_PAIR: &str = "aws:x-amz-cek-alg";
/// A pair that V1 wrote, and that is nobody's in a comparison of contexts.
const KMS_KEY_PAIR: &str = "kms_cmk_id";
/// The length of a new data key, and of every data key of V3, in bytes.
pub(super) const DATA_KEY_LENGTH: usize = 32;

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
    /// The one that V2 calls so.
    pub(super) fn of_v2(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, v2, _)| *v2 == name).map(|(wrapping, ..)| *wrapping)
    }

    /// The one that V3 calls so.
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
}

/// A data key that was unwrapped.
pub(super) struct Unwrapped {
    pub key: DataKey,
    /// Whether it is the right one as far as unwrapping can tell; a random key stands in where RSA
    /// PKCS #1 v1.5 found none, so that nobody learns it from the time (RFC 8017, 7.2).
    pub is_right: bool,
}

/// Unwraps the data key of an object; `given` is the caller's encryption context.
pub(super) async fn unwrap(
    object: &ObjectMetadata,
    keyring: &dyn Keyring,
    given: &EncryptionContext,
) -> Result<Unwrapped> {
    let wrapping = object.wrapping();
    if wrapping.asks_kms() {
        let key = ask_kms(object, keyring, given).await?;
        return Ok(Unwrapped { key: checked(object, key)?, is_right: true });
    }
    if !given.is_empty() {
        return Err(Error::invalid(
            "an encryption context belongs to objects under KMS keys; this object is under an AES \
             or RSA key, which authenticates none",
        ));
    }
    let secret = keyring.wrapping_secret().ok_or_else(|| wrong_kind(wrapping))?;
    match (wrapping, secret) {
        (Wrapping::UnnamedV1, WrappingSecret::Rsa { private_key: Some(key), .. }) => {
            unwrap_v1_rsa(&RsaPrivateKey::from_pkcs8(key)?, object.wrapped_key())
        }
        (wrapping, secret) => {
            let bytes = unwrap_locally(object, wrapping, secret)?;
            Ok(Unwrapped { key: checked(object, DataKey::new(bytes))?, is_right: true })
        }
    }
}

async fn ask_kms(
    object: &ObjectMetadata,
    keyring: &dyn Keyring,
    given: &EncryptionContext,
) -> Result<DataKey> {
    if keyring.wrapping_secret().is_some() {
        return Err(wrong_kind(object.wrapping()));
    }
    match object.wrapping() {
        Wrapping::KmsContext => check_context(object, given)?,
        _ if given.is_empty() => {}
        // Else an object with a context could be renamed into one that has none.
        _ => {
            return Err(Error::new(
                Code::ContextMismatch,
                "the object's data key is wrapped by \"kms\", which takes no encryption context of \
                 the caller's; leave it out, if the object is meant to be one of that kind",
            ));
        }
    }
    let context = EncryptionContext::new(object.description().iter().cloned())?;
    let key = keyring.decrypt_data_key(object.wrapped_key(), &context).await?;
    Ok(key.plaintext)
}

/// The stored context binds the key to this content, and is else what the caller expects.
fn check_context(object: &ObjectMetadata, given: &EncryptionContext) -> Result<()> {
    let stored: &Pairs = object.pairs();
    let algorithm = stored.iter().find(|(key, _)| key == RESERVED_PAIR);
    if algorithm.is_none_or(|(_, name)| name != object.content().name()) {
        return Err(Error::new(
            Code::ContextMismatch,
            format!(
                "the object's encryption context does not bind its data key to {}; the data key \
                 was taken from an object of another format",
                object.content().name()
            ),
        ));
    }
    check_given(given)?;
    let mut rest: Vec<_> = stored
        .iter()
        .filter(|(key, _)| key != RESERVED_PAIR && key != KMS_KEY_PAIR)
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    rest.sort_unstable();
    let expected: Vec<_> = given.iter().collect();
    if rest == expected {
        return Ok(());
    }
    let differs = given.iter().find(|pair| !rest.contains(pair)).map(|(key, _)| key);
    let differs =
        differs.or_else(|| rest.iter().find(|pair| !expected.contains(pair)).map(|(key, _)| *key));
    Err(Error::new(
        Code::ContextMismatch,
        format!(
            "the given encryption context is not the object's; they differ in \"{}\"; give exactly \
             the pairs that the object was written with",
            shown(differs.unwrap_or_default())
        ),
    ))
}

/// The caller's pairs have none of the names that are the format's.
pub(super) fn check_given(given: &EncryptionContext) -> Result<()> {
    match [RESERVED_PAIR, KMS_KEY_PAIR].iter().find(|key| given.get(key).is_some()) {
        None => Ok(()),
        Some(key) => Err(Error::invalid(format!(
            "the encryption context key \"{key}\" belongs to the S3 Encryption Client's format; \
             leave it out"
        ))),
    }
}

/// The context that KMS is given for a new object.
pub(super) fn bound_context(given: &EncryptionContext, content: &str) -> Result<EncryptionContext> {
    let reserved = (RESERVED_PAIR.to_owned(), content.to_owned());
    let pairs = given.iter().map(|(key, value)| (key.to_owned(), value.to_owned()));
    EncryptionContext::new(pairs.chain([reserved]))
}

fn unwrap_locally(
    object: &ObjectMetadata,
    wrapping: Wrapping,
    secret: WrappingSecret<'_>,
) -> Result<Zeroizing<Vec<u8>>> {
    let wrapped = object.wrapped_key();
    let content = object.content().name();
    let unwrapped = match (wrapping, secret) {
        (Wrapping::AesGcm, WrappingSecret::Aes(key)) => unwrap_aes_gcm(key, wrapped, content),
        (Wrapping::AesKeyWrap, WrappingSecret::Aes(key)) => {
            legacy::aes_key_unwrap(key, wrapped).ok()
        }
        (Wrapping::UnnamedV1, WrappingSecret::Aes(key)) => legacy::ecb_decrypt(key, wrapped)?,
        (
            Wrapping::RsaOaepSha1 | Wrapping::RsaOaepSha256 | Wrapping::UnnamedV1,
            WrappingSecret::Rsa { private_key: None, .. },
        ) => {
            return Err(Error::new(
                Code::NoUsableKey,
                "the keyring's RSA key has no private key, which decrypting needs",
            ));
        }
        (Wrapping::RsaOaepSha1, WrappingSecret::Rsa { private_key: Some(key), .. }) => {
            let inner = RsaPrivateKey::from_pkcs8(key)?.decrypt(RsaPadding::OaepSha1, wrapped);
            inner.ok().and_then(|inner| inner_key(&inner, content))
        }
        (Wrapping::RsaOaepSha256, WrappingSecret::Rsa { private_key: Some(key), .. }) => {
            legacy::oaep_sha256_mgf1_sha1_decrypt(key, wrapped).ok()
        }
        (wrapping, _) => return Err(wrong_kind(wrapping)),
    };
    unwrapped.ok_or_else(|| {
        Error::new(
            Code::NoUsableKey,
            format!(
                "the object's data key does not unwrap ({}): it is under another key, or the \
                 object's metadata was changed",
                wrapping.described()
            ),
        )
    })
}

fn unwrap_aes_gcm(key: &[u8], wrapped: &[u8], content: &str) -> Option<Zeroizing<Vec<u8>>> {
    let (iv, rest) = wrapped.split_first_chunk::<IV_LENGTH>()?;
    let (ciphertext, tag) = rest.split_last_chunk::<TAG_LENGTH>()?;
    let mut plaintext = Zeroizing::new(vec![0; ciphertext.len()]);
    let key = AesGcm::new(key).ok()?;
    key.open(iv, content.as_bytes(), ciphertext, tag, &mut plaintext).ok()?;
    Some(plaintext)
}

/// The key inside what RSA encrypted: its length in one byte, itself, the content algorithm's name.
fn inner_key(inner: &[u8], content: &str) -> Option<Zeroizing<Vec<u8>>> {
    let (length, rest) = inner.split_first()?;
    let (key, name) = rest.split_at_checked(usize::from(*length))?;
    (name == content.as_bytes()).then(|| Zeroizing::new(key.to_vec()))
}

fn unwrap_v1_rsa(key: &impl RsaPrivate, wrapped: &[u8]) -> Result<Unwrapped> {
    let found = key.decrypt(RsaPadding::Pkcs1, wrapped).ok();
    let found = found.filter(|key| matches!(key.len(), 16 | 24 | 32));
    let is_right = found.is_some();
    let mut stand_in = Zeroizing::new(vec![0; DATA_KEY_LENGTH]);
    crypto::random(&mut stand_in)?;
    Ok(Unwrapped { key: DataKey::new(found.unwrap_or(stand_in)), is_right })
}

/// The data key, if it has a length that the format allows.
fn checked(object: &ObjectMetadata, key: DataKey) -> Result<DataKey> {
    let is_good = match object.content() {
        Content::CommittingGcm { .. } => key.length() == DATA_KEY_LENGTH,
        Content::Gcm { .. } | Content::Cbc { .. } => matches!(key.length(), 16 | 24 | 32),
    };
    if is_good {
        return Ok(key);
    }
    Err(Error::new(
        Code::NoUsableKey,
        format!(
            "the object's data key has {} bytes, which its algorithm does not take",
            key.length()
        ),
    ))
}

/// A fresh data key, wrapped for a new object.
pub(super) struct NewKey {
    pub key: DataKey,
    pub wrapping: Wrapping,
    pub wrapped: Vec<u8>,
    /// The pairs of the description: the encryption context of KMS, or nothing.
    pub context: EncryptionContext,
}

/// Makes and wraps a data key that is bound to this content algorithm.
pub(super) async fn new_key(
    keyring: &dyn Keyring,
    given: &EncryptionContext,
    content: &str,
) -> Result<NewKey> {
    check_given(given)?;
    let Some(secret) = keyring.wrapping_secret() else {
        let context = bound_context(given, content)?;
        let generated = keyring.generate_data_key(DATA_KEY_LENGTH, &context).await?;
        return Ok(NewKey {
            key: generated.key.plaintext,
            wrapping: Wrapping::KmsContext,
            wrapped: generated.ciphertext_blob,
            context,
        });
    };
    if !given.is_empty() {
        return Err(Error::invalid(
            "an encryption context needs a KMS key: nothing authenticates it under an AES or RSA key",
        ));
    }
    let key = DataKey::generate(DATA_KEY_LENGTH)?;
    let (wrapping, wrapped) = wrap_locally(secret, &key, content)?;
    Ok(NewKey { key, wrapping, wrapped, context: EncryptionContext::default() })
}

fn wrap_locally(
    secret: WrappingSecret<'_>,
    data_key: &DataKey,
    content: &str,
) -> Result<(Wrapping, Vec<u8>)> {
    match secret {
        WrappingSecret::Aes(key) => {
            let mut iv = Iv::default();
            crypto::random(&mut iv)?;
            let mut ciphertext = vec![0; data_key.length()];
            let key = AesGcm::new(key)?;
            let tag: Tag = key.seal(&iv, content.as_bytes(), data_key.expose(), &mut ciphertext)?;
            Ok((Wrapping::AesGcm, [iv.as_slice(), &ciphertext, &tag].concat()))
        }
        WrappingSecret::Rsa { public_key: Some(key), .. } => {
            let length =
                u8::try_from(data_key.length()).map_err(|_| wrong_kind(Wrapping::RsaOaepSha1))?;
            let inner = Zeroizing::new([&[length], data_key.expose(), content.as_bytes()].concat());
            let key = RsaPublicKey::from_spki(key)?;
            Ok((Wrapping::RsaOaepSha1, key.encrypt(RsaPadding::OaepSha1, &inner)?))
        }
        WrappingSecret::Rsa { public_key: None, .. } => {
            Err(Error::invalid("the keyring's RSA key has no public key, which encrypting needs"))
        }
    }
}

fn wrong_kind(wrapping: Wrapping) -> Error {
    let needed = match wrapping {
        Wrapping::Kms | Wrapping::KmsContext => "an AwsKmsKeyring",
        Wrapping::AesGcm | Wrapping::AesKeyWrap => "a RawAesKeyring",
        Wrapping::RsaOaepSha1 | Wrapping::RsaOaepSha256 => "a RawRsaKeyring",
        Wrapping::UnnamedV1 => "a RawAesKeyring or a RawRsaKeyring",
    };
    Error::new(
        Code::NoUsableKey,
        format!(
            "the object's data key is wrapped by {}; to read it, the keyring must be {needed}",
            wrapping.described()
        ),
    )
}
