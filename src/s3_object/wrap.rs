//! Makes the data key of a new object, and wraps it.

use zeroize::Zeroizing;

use super::kms_context::{bound_context, check_not_reserved};
use super::wrapping::Wrapping;
use crate::context::EncryptionContext;
use crate::crypto::{Aead, AesGcm, RsaPadding, RsaPublic, RsaPublicKey};
use crate::error::{Error, Result};
use crate::keyring::{Keyring, WrappingSecret};
use crate::materials::DataKey;

/// The length of a new data key, in bytes.
const DATA_KEY_LENGTH: usize = 32;

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
    context: &EncryptionContext,
    content: &str,
) -> Result<NewKey> {
    check_not_reserved(context)?;
    let Some(secret) = keyring.wrapping_secret() else {
        let wrapper = keyring.data_key_wrapper()?;
        // What another keyring wraps would be called KMS's, and no client could read it.
        if wrapper.kms_target().await?.is_none() {
            return Err(Error::invalid(
                "objects of the S3 Encryption Clients are written under an AwsKmsKeyring, a \
                 RawAesKeyring, a RawRsaKeyring or a LocalKeyring, and no other",
            ));
        }
        let context = bound_context(context, content)?;
        let generated = wrapper.generate_data_key(DATA_KEY_LENGTH, &context).await?;
        return Ok(NewKey {
            key: generated.key.plaintext,
            wrapping: Wrapping::KmsContext,
            wrapped: generated.ciphertext_blob,
            context,
        });
    };
    if !context.is_empty() {
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
