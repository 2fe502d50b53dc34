//! The AWS KMS keyring: a KMS key wraps the data key, and never leaves KMS.
//!
//! Source: `framework/aws-kms/aws-kms-keyring.md`.

use std::collections::HashMap;

use aws_sdk_kms::operation::RequestId;
use aws_sdk_kms::operation::decrypt::DecryptOutput;
use aws_sdk_kms::operation::generate_data_key::GenerateDataKeyOutput;
use aws_sdk_kms::primitives::Blob;
use zeroize::Zeroizing;

use super::aws_kms_client::KmsClient;
use super::aws_kms_error::{nonsense, refused};
use super::kms_key_id::{KmsKeyId, PROVIDER_ID, is_key_arn};
use super::{Answer, DecryptedDataKey, GeneratedDataKey, Keyring, no_usable_key};
use crate::context::EncryptionContext;
use crate::error::Result;
use crate::format::EncryptedDataKey;
use crate::materials::{DataKey, DecryptionMaterials, EncryptionMaterials};

pub use super::aws_kms_client::KmsOptions;

/// Wraps data keys under one KMS key: GenerateDataKey to encrypt, Decrypt to decrypt.
pub struct AwsKmsKeyring {
    key_id: KmsKeyId,
    client: KmsClient,
}

impl AwsKmsKeyring {
    /// A keyring for the KMS key with this id, ARN, alias or alias ARN. Nothing is called yet.
    ///
    /// # Errors
    /// `InvalidArgument` if it names no KMS key, or names one of another Region than the options.
    pub fn new(key_id: &str, options: KmsOptions) -> Result<Self> {
        let key_id = KmsKeyId::parse(key_id)?;
        let client = KmsClient::new(options, key_id.region())?;
        Ok(Self { key_id, client })
    }

    async fn generate(
        &self,
        length: usize,
        context: &EncryptionContext,
    ) -> Result<GeneratedDataKey> {
        let client = self.client.get().await?;
        let answer = client
            .kms
            .generate_data_key()
            .key_id(self.key_id.as_str())
            .number_of_bytes(i32::try_from(length).unwrap_or(i32::MAX))
            .set_encryption_context(pairs(context))
            .set_grant_tokens(self.client.grant_tokens())
            .send()
            .await
            .map_err(|error| refused("GenerateDataKey", self.key_id.as_str(), error))?;
        let request_id = answer.request_id().map(str::to_owned);
        let GenerateDataKeyOutput { key_id, plaintext, ciphertext_blob, key_material_id, .. } =
            answer;
        let wrong = || nonsense("GenerateDataKey", self.key_id.as_str());
        // "OnEncrypt": the answer names the key by its ARN, and has the length that was asked for.
        let key_id = key_id.filter(|id| is_key_arn(id)).ok_or_else(wrong)?;
        let plaintext = secret(plaintext).filter(|key| key.length() == length).ok_or_else(wrong)?;
        let ciphertext_blob = ciphertext_blob
            .map(Blob::into_inner)
            .filter(|blob| !blob.is_empty())
            .ok_or_else(wrong)?;
        Ok(GeneratedDataKey {
            ciphertext_blob,
            key: DecryptedDataKey { plaintext, key_id, key_material_id, request_id },
        })
    }

    async fn decrypt(
        &self,
        key_id: &str,
        ciphertext_blob: &[u8],
        context: &EncryptionContext,
    ) -> Result<DecryptedDataKey> {
        let client = self.client.get().await?;
        let answer = client
            .kms
            .decrypt()
            .key_id(key_id)
            .ciphertext_blob(Blob::new(ciphertext_blob))
            .set_encryption_context(pairs(context))
            .set_grant_tokens(self.client.grant_tokens())
            .send()
            .await
            .map_err(|error| refused("Decrypt", key_id, error))?;
        let request_id = answer.request_id().map(str::to_owned);
        let DecryptOutput { key_id: used, plaintext, key_material_id, .. } = answer;
        let wrong = || nonsense("Decrypt", key_id);
        Ok(DecryptedDataKey {
            plaintext: secret(plaintext).ok_or_else(wrong)?,
            key_id: used.filter(|id| is_key_arn(id)).ok_or_else(wrong)?,
            key_material_id,
            request_id,
        })
    }

    /// `None` if the data key cannot be this keyring's.
    async fn unwrap(
        &self,
        key: &EncryptedDataKey,
        materials: &DecryptionMaterials,
    ) -> Result<Option<DataKey>> {
        let Ok(arn) = std::str::from_utf8(&key.provider_info) else { return Ok(None) };
        let region = self.client.known_region();
        if key.provider_id != PROVIDER_ID || !self.key_id.may_be(arn, region.as_deref()) {
            return Ok(None);
        }
        let answer =
            self.decrypt(self.key_id.pin(arn), &key.ciphertext, &materials.context).await?;
        // "OnDecrypt": the key that KMS used is the one that the message names.
        if answer.key_id != arn || answer.plaintext.length() != materials.suite.data_key_length {
            return Err(nonsense("Decrypt", arn));
        }
        Ok(Some(answer.plaintext))
    }

    async fn add_data_key(&self, materials: &mut EncryptionMaterials) -> Result<()> {
        let GeneratedDataKey { ciphertext_blob, key } =
            self.generate(materials.suite.data_key_length, &materials.context).await?;
        materials.data_key = Some(key.plaintext);
        materials.encrypted_data_keys.push(EncryptedDataKey {
            provider_id: PROVIDER_ID.to_owned(),
            provider_info: key.key_id.into_bytes(),
            ciphertext: ciphertext_blob,
        });
        Ok(())
    }

    async fn find_data_key(
        &self,
        materials: &mut DecryptionMaterials,
        encrypted_data_keys: &[EncryptedDataKey],
    ) -> Result<()> {
        let mut failures = Vec::new();
        for key in encrypted_data_keys {
            match self.unwrap(key, materials).await {
                Ok(Some(data_key)) => {
                    materials.data_key = Some(data_key);
                    return Ok(());
                }
                Ok(None) => {}
                Err(error) => failures.push(error),
            }
        }
        let ours = format!("\"{PROVIDER_ID}\" key \"{}\"", self.key_id.as_str());
        Err(no_usable_key(&ours, encrypted_data_keys, failures))
    }
}

impl Keyring for AwsKmsKeyring {
    fn calls_service(&self) -> bool {
        true
    }

    fn on_encrypt<'a>(&'a self, materials: &'a mut EncryptionMaterials) -> Answer<'a, ()> {
        Box::pin(self.add_data_key(materials))
    }

    fn on_decrypt<'a>(
        &'a self,
        materials: &'a mut DecryptionMaterials,
        encrypted_data_keys: &'a [EncryptedDataKey],
    ) -> Answer<'a, ()> {
        Box::pin(self.find_data_key(materials, encrypted_data_keys))
    }

    fn generate_data_key<'a>(
        &'a self,
        length: usize,
        context: &'a EncryptionContext,
    ) -> Answer<'a, GeneratedDataKey> {
        Box::pin(self.generate(length, context))
    }

    fn decrypt_data_key<'a>(
        &'a self,
        ciphertext_blob: &'a [u8],
        context: &'a EncryptionContext,
    ) -> Answer<'a, DecryptedDataKey> {
        Box::pin(self.decrypt(self.key_id.as_str(), ciphertext_blob, context))
    }
}

/// The KMS encryption context is the message's.
fn pairs(context: &EncryptionContext) -> Option<HashMap<String, String>> {
    let pairs = || context.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    (!context.is_empty()).then(pairs)
}

/// Takes the bytes over, without a copy that nobody would wipe.
fn secret(blob: Option<Blob>) -> Option<DataKey> {
    blob.map(|blob| DataKey::new(Zeroizing::new(blob.into_inner())))
}
