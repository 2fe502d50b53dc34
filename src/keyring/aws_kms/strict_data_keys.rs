//! Data keys outside messages, under a named KMS key.

use super::super::{
    Answer, DataKeyUnwrapper, DataKeyWrapper, DecryptedDataKey, GeneratedDataKey, GeneratedKeyPair,
    KmsTarget, WrappedDataKey,
};
use super::strict::AwsKmsKeyring;
use crate::context::EncryptionContext;
use crate::crypto::KeyPairSpec;
use crate::error::{Error, Result};
use crate::materials::DataKey;

impl DataKeyWrapper for AwsKmsKeyring {
    fn generate_data_key<'a>(
        &'a self,
        length: usize,
        context: &'a EncryptionContext,
    ) -> Answer<'a, GeneratedDataKey> {
        Box::pin(self.generate(length, context))
    }

    fn wrap_data_key<'a>(
        &'a self,
        data_key: &'a DataKey,
        context: &'a EncryptionContext,
    ) -> Answer<'a, WrappedDataKey> {
        Box::pin(self.wrap(data_key, context))
    }

    fn generate_data_key_without_plaintext<'a>(
        &'a self,
        length: usize,
        context: &'a EncryptionContext,
    ) -> Answer<'a, WrappedDataKey> {
        Box::pin(async move {
            let (kms, is_ours) = self.kms().await?;
            let key_id = self.key_id.as_str();
            kms.generate_data_key_without_plaintext(key_id, length, context, is_ours).await
        })
    }

    fn generate_data_key_pair<'a>(
        &'a self,
        spec: KeyPairSpec,
        with_private_key: bool,
        context: &'a EncryptionContext,
    ) -> Answer<'a, GeneratedKeyPair> {
        Box::pin(self.generate_pair(spec, with_private_key, context))
    }

    fn kms_target(&self) -> Answer<'_, Option<KmsTarget>> {
        Box::pin(async {
            let (key_id, region) =
                (self.key_id.as_str().to_owned(), self.region().await?.to_owned());
            Ok(Some(KmsTarget { key_id, region }))
        })
    }
}

impl DataKeyUnwrapper for AwsKmsKeyring {
    fn decrypt_data_key<'a>(
        &'a self,
        ciphertext_blob: &'a [u8],
        context: &'a EncryptionContext,
    ) -> Answer<'a, DecryptedDataKey> {
        Box::pin(self.decrypt(ciphertext_blob, context))
    }

    fn rewrap_data_key<'a>(
        &'a self,
        ciphertext_blob: &'a [u8],
        context: &'a EncryptionContext,
        to: &'a dyn DataKeyWrapper,
        new_context: &'a EncryptionContext,
    ) -> Answer<'a, WrappedDataKey> {
        Box::pin(self.rewrap(ciphertext_blob, context, to, new_context))
    }
}

impl AwsKmsKeyring {
    async fn decrypt(
        &self,
        ciphertext_blob: &[u8],
        context: &EncryptionContext,
    ) -> Result<DecryptedDataKey> {
        let (kms, is_ours) = self.kms().await?;
        kms.decrypt(Some(self.key_id.as_str()), ciphertext_blob, context, None, is_ours).await
    }

    async fn generate_pair(
        &self,
        spec: KeyPairSpec,
        with_private_key: bool,
        context: &EncryptionContext,
    ) -> Result<GeneratedKeyPair> {
        let (kms, is_ours) = self.kms().await?;
        let key_id = self.key_id.as_str();
        if with_private_key {
            kms.generate_data_key_pair(key_id, spec, context, is_ours).await
        } else {
            kms.generate_data_key_pair_without_plaintext(key_id, spec, context, is_ours).await
        }
    }

    /// Inside KMS: what KMS wrapped never leaves it.
    async fn rewrap(
        &self,
        ciphertext_blob: &[u8],
        context: &EncryptionContext,
        to: &dyn DataKeyWrapper,
        new_context: &EncryptionContext,
    ) -> Result<WrappedDataKey> {
        let region = self.region().await?;
        let target = to.kms_target().await?.filter(|target| target.region == region);
        let target = target.ok_or_else(|| {
            Error::invalid(format!(
                "KMS wraps a data key again only under a KMS key of the same Region, which is \
                 {region}; to another one, use decryptDataKey, and encryptDirect there"
            ))
        })?;
        let (kms, is_ours) = self.kms().await?;
        let key_id = self.key_id.as_str();
        kms.re_encrypt(key_id, ciphertext_blob, context, &target.key_id, new_context, is_ours).await
    }
}
