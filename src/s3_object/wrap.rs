//! Makes the data key of a new object, and wraps data keys.

use zeroize::Zeroizing;

use super::kms_context::{bound_context, check_not_reserved};
use super::wrapping::Wrapping;
use crate::context::EncryptionContext;
use crate::crypto::{Aead, AesGcm, RsaPadding, RsaPublic, RsaPublicKey};
use crate::error::{Error, Result};
use crate::keyring::{DataKeyWrapper, Keyring, WrappingSecret};
use crate::materials::DataKey;

/// The length of a new data key, in bytes.
const DATA_KEY_LENGTH: usize = 32;

/// A fresh data key, and the same wrapped for a new object.
pub(super) struct NewKey {
    pub key: DataKey,
    pub wrapped: WrappedKey,
}

/// A data key, wrapped for an object.
pub(super) struct WrappedKey {
    pub wrapping: Wrapping,
    pub bytes: Vec<u8>,
    /// The pairs of the description: the encryption context of KMS, or nothing.
    pub context: EncryptionContext,
}

/// Makes and wraps a data key that is bound to this content algorithm.
pub(super) async fn new_key(
    keyring: &dyn Keyring,
    context: &EncryptionContext,
    content: &str,
) -> Result<NewKey> {
    check_not_reserved(context)?;
    if keyring.wrapping_secret().is_some() {
        let key = DataKey::generate(DATA_KEY_LENGTH)?;
        let wrapped = wrap_key(keyring, context, &key, content).await?;
        return Ok(NewKey { key, wrapped });
    }
    let wrapper = kms_wrapper(keyring).await?;
    let context = bound_context(context, content)?;
    let generated = wrapper.generate_data_key(DATA_KEY_LENGTH, &context).await?;
    let bytes = generated.ciphertext_blob;
    let wrapped = WrappedKey { wrapping: Wrapping::KmsContext, bytes, context };
    Ok(NewKey { key: generated.key.plaintext, wrapped })
}

/// Wraps a data key that there is already, and binds it to this content algorithm.
pub(super) async fn wrap_key(
    keyring: &dyn Keyring,
    context: &EncryptionContext,
    data_key: &DataKey,
    content: &str,
) -> Result<WrappedKey> {
    check_not_reserved(context)?;
    let Some(secret) = keyring.wrapping_secret() else {
        let wrapper = kms_wrapper(keyring).await?;
        let context = bound_context(context, content)?;
        let bytes = wrapper.wrap_data_key(data_key, &context).await?.ciphertext_blob;
        return Ok(WrappedKey { wrapping: Wrapping::KmsContext, bytes, context });
    };
    if !context.is_empty() {
        return Err(Error::invalid(
            "an encryption context needs a KMS key: nothing authenticates it under an AES or RSA key",
        ));
    }
    let (wrapping, bytes) = wrap_locally(secret, data_key, content)?;
    Ok(WrappedKey { wrapping, bytes, context: EncryptionContext::default() })
}

/// Returns what wraps data keys by KMS.
///
/// # Errors
/// `InvalidArgument` for another keyring: what it wraps would be called KMS's, and no client could read it.
pub(super) async fn kms_wrapper(keyring: &dyn Keyring) -> Result<&dyn DataKeyWrapper> {
    let wrapper = keyring.data_key_wrapper()?;
    if wrapper.kms_target().await?.is_some() {
        return Ok(wrapper);
    }
    Err(Error::invalid(
        "objects of the S3 Encryption Clients are written under an AwsKmsKeyring, a \
         RawAesKeyring, a RawRsaKeyring or a LocalKeyring, and no other",
    ))
}

fn wrap_locally(
    secret: WrappingSecret<'_>,
    data_key: &DataKey,
    content: &str,
) -> Result<(Wrapping, Vec<u8>)> {
    match secret {
        WrappingSecret::Aes(key) => {
            let mut ciphertext = vec![0; data_key.length()];
            let key = AesGcm::new(key)?;
            let (iv, tag) =
                key.seal_at_random(content.as_bytes(), data_key.expose(), &mut ciphertext)?;
            Ok((Wrapping::AesGcm, [iv.as_slice(), &ciphertext, &tag].concat()))
        }
        WrappingSecret::Rsa { public_key: Some(key), .. } => {
            let length = u8::try_from(data_key.length())
                .map_err(|_| Wrapping::RsaOaepSha1.wrong_keyring())?;
            let inner = Zeroizing::new([&[length], data_key.expose(), content.as_bytes()].concat());
            let key = RsaPublicKey::from_spki(key)?;
            Ok((Wrapping::RsaOaepSha1, key.encrypt(RsaPadding::OaepSha1, &inner)?))
        }
        WrappingSecret::Rsa { public_key: None, .. } => {
            Err(Error::invalid("the keyring's RSA key has no public key, which encrypting needs"))
        }
    }
}
