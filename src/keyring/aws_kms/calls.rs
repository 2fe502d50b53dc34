//! The three operations of KMS that keyrings need, with their answers checked.

use std::collections::HashMap;

use aws_sdk_kms::operation::RequestId;
use aws_sdk_kms::operation::decrypt::DecryptOutput;
use aws_sdk_kms::operation::encrypt::EncryptOutput;
use aws_sdk_kms::operation::generate_data_key::GenerateDataKeyOutput;
use aws_sdk_kms::primitives::Blob;
use zeroize::Zeroizing;

use super::super::kms_arn::KmsArn;
use super::super::kms_key_id::PROVIDER_ID;
use super::super::{DecryptedDataKey, GeneratedDataKey};
use super::error::{nonsense, refused};
use crate::context::EncryptionContext;
use crate::error::Result;
use crate::format::EncryptedDataKey;
use crate::materials::DataKey;

/// KMS in one Region.
///
/// Each call takes `is_right`, which says whether the key that KMS names in its answer was meant: if
/// it was not, nothing of the answer is used.
pub(super) struct Kms {
    client: aws_sdk_kms::Client,
    grant_tokens: Option<Vec<String>>,
}

impl Kms {
    pub(super) fn new(client: aws_sdk_kms::Client, grant_tokens: &[String]) -> Self {
        let grant_tokens = (!grant_tokens.is_empty()).then(|| grant_tokens.to_vec());
        Self { client, grant_tokens }
    }

    /// GenerateDataKey, for a data key of `length` bytes.
    pub(super) async fn generate_data_key(
        &self,
        key_id: &str,
        length: usize,
        context: &EncryptionContext,
        is_right: impl Fn(&KmsArn) -> bool,
    ) -> Result<GeneratedDataKey> {
        let answer = self
            .client
            .generate_data_key()
            .key_id(key_id)
            .number_of_bytes(i32::try_from(length).unwrap_or(i32::MAX))
            .set_encryption_context(pairs(context))
            .set_grant_tokens(self.grant_tokens.clone())
            .send()
            .await
            .map_err(|error| refused("GenerateDataKey", Some(key_id), error))?;
        let request_id = answer.request_id().map(str::to_owned);
        let GenerateDataKeyOutput {
            key_id: used, plaintext, ciphertext_blob, key_material_id, ..
        } = answer;
        let wrong = || nonsense("GenerateDataKey", Some(key_id));
        let plaintext = secret(plaintext).filter(|key| key.length() == length).ok_or_else(wrong)?;
        Ok(GeneratedDataKey {
            ciphertext_blob: wrapped(ciphertext_blob).ok_or_else(wrong)?,
            key: DecryptedDataKey {
                plaintext,
                key_id: used.filter(|arn| names(arn, is_right)).ok_or_else(wrong)?,
                key_material_id,
                request_id,
            },
        })
    }

    /// Encrypt, for a data key that there is already.
    pub(super) async fn encrypt(
        &self,
        key_id: &str,
        data_key: &DataKey,
        context: &EncryptionContext,
        is_right: impl Fn(&KmsArn) -> bool,
    ) -> Result<EncryptedDataKey> {
        let answer = self
            .client
            .encrypt()
            .key_id(key_id)
            .plaintext(Blob::new(data_key.expose()))
            .set_encryption_context(pairs(context))
            .set_grant_tokens(self.grant_tokens.clone())
            .send()
            .await
            .map_err(|error| refused("Encrypt", Some(key_id), error))?;
        let EncryptOutput { key_id: used, ciphertext_blob, .. } = answer;
        let wrong = || nonsense("Encrypt", Some(key_id));
        let arn = used.filter(|arn| names(arn, is_right)).ok_or_else(wrong)?;
        Ok(encrypted_data_key(arn, wrapped(ciphertext_blob).ok_or_else(wrong)?))
    }

    /// Decrypt, under this key and no other; without `key_id`, under whichever KMS finds.
    pub(super) async fn decrypt(
        &self,
        key_id: Option<&str>,
        ciphertext_blob: &[u8],
        context: &EncryptionContext,
        is_right: impl Fn(&KmsArn) -> bool,
    ) -> Result<DecryptedDataKey> {
        let answer = self
            .client
            .decrypt()
            .set_key_id(key_id.map(str::to_owned))
            .ciphertext_blob(Blob::new(ciphertext_blob))
            .set_encryption_context(pairs(context))
            .set_grant_tokens(self.grant_tokens.clone())
            .send()
            .await
            .map_err(|error| refused("Decrypt", key_id, error))?;
        let request_id = answer.request_id().map(str::to_owned);
        let DecryptOutput { key_id: used, plaintext, key_material_id, .. } = answer;
        let wrong = || nonsense("Decrypt", key_id);
        Ok(DecryptedDataKey {
            plaintext: secret(plaintext).ok_or_else(wrong)?,
            key_id: used.filter(|arn| names(arn, is_right)).ok_or_else(wrong)?,
            key_material_id,
            request_id,
        })
    }
}

/// What a message says of a data key that this KMS key wraps ("OnEncrypt").
pub(super) fn encrypted_data_key(key_arn: String, ciphertext: Vec<u8>) -> EncryptedDataKey {
    let provider_info = key_arn.into_bytes();
    EncryptedDataKey { provider_id: PROVIDER_ID.to_owned(), provider_info, ciphertext }
}

/// The KMS encryption context is the message's.
fn pairs(context: &EncryptionContext) -> Option<HashMap<String, String>> {
    let pairs = || context.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    (!context.is_empty()).then(pairs)
}

/// Whether KMS named a key by its ARN, and the right one.
fn names(answer: &str, is_right: impl Fn(&KmsArn) -> bool) -> bool {
    KmsArn::of_key(answer).is_some_and(|arn| is_right(&arn))
}

/// Takes the bytes over, without a copy that nobody would wipe.
fn secret(blob: Option<Blob>) -> Option<DataKey> {
    blob.map(|blob| DataKey::new(Zeroizing::new(blob.into_inner())))
}

fn wrapped(blob: Option<Blob>) -> Option<Vec<u8>> {
    blob.map(Blob::into_inner).filter(|bytes| !bytes.is_empty())
}
