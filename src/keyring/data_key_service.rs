//! Data keys for use outside messages, as KMS serves them: made, wrapped and unwrapped on request.
//!
//! Source: the KMS API Reference; a keyring without KMS answers in the same way.

use super::data_key::generate_key_pair;
use super::{
    Answer, DecryptedDataKey, GeneratedDataKey, GeneratedKeyPair, KmsTarget, WrappedDataKey,
};
use crate::context::EncryptionContext;
use crate::crypto::KeyPairSpec;
use crate::materials::DataKey;

/// Makes data keys, and wraps them under its key.
pub trait DataKeyWrapper: Send + Sync {
    /// Makes a data key of `length` bytes, from 1 to 1024.
    fn generate_data_key<'a>(
        &'a self,
        length: usize,
        context: &'a EncryptionContext,
    ) -> Answer<'a, GeneratedDataKey>;

    /// Wraps a data key that there is already, or other bytes.
    fn wrap_data_key<'a>(
        &'a self,
        data_key: &'a DataKey,
        context: &'a EncryptionContext,
    ) -> Answer<'a, WrappedDataKey>;

    /// Makes a data key like `generate_data_key`, but does not return the plaintext key.
    fn generate_data_key_without_plaintext<'a>(
        &'a self,
        length: usize,
        context: &'a EncryptionContext,
    ) -> Answer<'a, WrappedDataKey> {
        Box::pin(async move {
            let generated = self.generate_data_key(length, context).await?;
            Ok(generated.without_plaintext())
        })
    }

    /// Makes a key pair whose private key is wrapped; without `with_private_key` nobody sees it.
    fn generate_data_key_pair<'a>(
        &'a self,
        spec: KeyPairSpec,
        with_private_key: bool,
        context: &'a EncryptionContext,
    ) -> Answer<'a, GeneratedKeyPair> {
        Box::pin(async move {
            let (private_key, public_key) = generate_key_pair(spec)?;
            let wrapped = self.wrap_data_key(&private_key, context).await?;
            let private_key = with_private_key.then_some(private_key);
            Ok(GeneratedKeyPair { public_key, private_key, wrapped })
        })
    }

    /// Returns the KMS key that wraps, if it is one.
    fn kms_target(&self) -> Answer<'_, Option<KmsTarget>> {
        Box::pin(async { Ok(None) })
    }
}

/// Unwraps what a [`DataKeyWrapper`] wrapped.
pub trait DataKeyUnwrapper: Send + Sync {
    /// Unwraps what `generate_data_key` or `wrap_data_key` wrapped.
    fn decrypt_data_key<'a>(
        &'a self,
        ciphertext_blob: &'a [u8],
        context: &'a EncryptionContext,
    ) -> Answer<'a, DecryptedDataKey>;

    /// Wraps again, by another wrapper, what this one can unwrap.
    fn rewrap_data_key<'a>(
        &'a self,
        ciphertext_blob: &'a [u8],
        context: &'a EncryptionContext,
        to: &'a dyn DataKeyWrapper,
        new_context: &'a EncryptionContext,
    ) -> Answer<'a, WrappedDataKey> {
        Box::pin(async move {
            let data_key = self.decrypt_data_key(ciphertext_blob, context).await?;
            to.wrap_data_key(&data_key.plaintext, new_context).await
        })
    }
}
