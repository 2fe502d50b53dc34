//! Unwraps the data key of an object.

use zeroize::Zeroizing;

use super::kms_context::{check_context, check_unbound};
use super::metadata::{Content, ObjectMetadata};
use super::wrapping::Wrapping;
use crate::context::EncryptionContext;
use crate::crypto::{
    self, Aead, AesGcm, IV_LENGTH, RsaPadding, RsaPrivate, RsaPrivateKey, TAG_LENGTH, legacy,
};
use crate::error::{Code, Error, Result};
use crate::keyring::{Keyring, WrappingSecret};
use crate::materials::DataKey;

/// The length of every data key of V3, in bytes.
const DATA_KEY_LENGTH: usize = 32;

/// A data key that was unwrapped.
pub(super) struct Unwrapped {
    pub key: DataKey,
    /// Whether unwrapping succeeded. If RSA PKCS #1 v1.5 did not, `key` is random, and decryption fails
    /// later: so that the time does not tell why (RFC 8017, 7.2).
    pub is_right: bool,
}

/// Unwraps the data key of an object that must have the expected encryption context.
pub(super) async fn unwrap(
    object: &ObjectMetadata,
    keyring: &dyn Keyring,
    expected: &EncryptionContext,
) -> Result<Unwrapped> {
    let wrapping = object.wrapping();
    if wrapping.asks_kms() {
        let key = ask_kms(object, keyring, expected).await?;
        return Ok(Unwrapped { key: checked(object, key)?, is_right: true });
    }
    if !expected.is_empty() {
        return Err(Error::invalid(
            "an encryption context belongs to objects under KMS keys; this object is under an AES \
             or RSA key, which authenticates none",
        ));
    }
    let secret = keyring.wrapping_secret().ok_or_else(|| wrapping.wrong_keyring())?;
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
    expected: &EncryptionContext,
) -> Result<DataKey> {
    if keyring.wrapping_secret().is_some() {
        return Err(object.wrapping().wrong_keyring());
    }
    match object.wrapping() {
        Wrapping::KmsContext => check_context(object, expected)?,
        _ if expected.is_empty() => check_unbound(object)?,
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
    let key =
        keyring.data_key_unwrapper()?.decrypt_data_key(object.wrapped_key(), &context).await?;
    Ok(key.plaintext)
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
        (wrapping, _) => return Err(wrapping.wrong_keyring()),
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

/// Returns the data key from what RSA encrypted: its length in one byte, the key itself, and the name of
/// the content algorithm. `None` if the name is not `content`.
fn inner_key(inner: &[u8], content: &str) -> Option<Zeroizing<Vec<u8>>> {
    let (length, rest) = inner.split_first()?;
    let (key, name) = rest.split_at_checked(usize::from(*length))?;
    (name == content.as_bytes()).then(|| Zeroizing::new(key.to_vec()))
}

fn unwrap_v1_rsa(key: &impl RsaPrivate, wrapped: &[u8]) -> Result<Unwrapped> {
    let unwrapped = key.decrypt(RsaPadding::Pkcs1, wrapped).ok();
    let unwrapped = unwrapped.filter(|key| matches!(key.len(), 16 | 24 | 32));
    let is_right = unwrapped.is_some();
    let mut random_key = Zeroizing::new(vec![0; DATA_KEY_LENGTH]);
    crypto::random(&mut random_key)?;
    Ok(Unwrapped { key: DataKey::new(unwrapped.unwrap_or(random_key)), is_right })
}

/// Returns the data key, if it has a length that the content's algorithm takes.
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

#[cfg(test)]
mod tests;
