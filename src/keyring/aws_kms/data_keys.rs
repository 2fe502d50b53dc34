//! The operations of KMS on data keys, with their answers checked.

use aws_sdk_kms::operation::decrypt::DecryptOutput;
use aws_sdk_kms::operation::encrypt::EncryptOutput;
use aws_sdk_kms::operation::generate_data_key::GenerateDataKeyOutput;
use aws_sdk_kms::operation::generate_data_key_without_plaintext::GenerateDataKeyWithoutPlaintextOutput;
use aws_sdk_kms::primitives::Blob;

use super::super::kms_arn::KmsArn;
use super::super::{DecryptedDataKey, GeneratedDataKey, WrappedDataKey};
use super::calls::{Kms, byte_count, non_empty, pairs, send, to_data_key, used_key};
use super::error::unusable_answer;
use crate::context::EncryptionContext;
use crate::error::Result;
use crate::materials::DataKey;

impl Kms {
    /// GenerateDataKey, for a data key of `length` bytes.
    pub(super) async fn generate_data_key(
        &self,
        key_id: &str,
        length: usize,
        context: &EncryptionContext,
        is_key: impl Fn(&KmsArn) -> bool,
    ) -> Result<GeneratedDataKey> {
        self.call("GenerateDataKey", Some(key_id), async |log| {
            let request = self
                .client
                .generate_data_key()
                .key_id(key_id)
                .number_of_bytes(byte_count(length))
                .set_encryption_context(pairs(context))
                .set_grant_tokens(self.grant_tokens.clone());
            let answer = send!(log, request)?;
            let GenerateDataKeyOutput {
                key_id: used,
                plaintext,
                ciphertext_blob,
                key_material_id,
                ..
            } = answer;
            let wrong = || unusable_answer(&log);
            let plaintext =
                to_data_key(plaintext).filter(|key| key.length() == length).ok_or_else(wrong)?;
            Ok(GeneratedDataKey {
                ciphertext_blob: non_empty(ciphertext_blob).ok_or_else(wrong)?,
                key: DecryptedDataKey {
                    plaintext,
                    key_id: used_key(&log, used, is_key)?,
                    key_material_id,
                    request_id: log.request_id().map(str::to_owned),
                },
            })
        })
        .await
    }

    /// GenerateDataKeyWithoutPlaintext, for a data key of `length` bytes.
    pub(super) async fn generate_data_key_without_plaintext(
        &self,
        key_id: &str,
        length: usize,
        context: &EncryptionContext,
        is_key: impl Fn(&KmsArn) -> bool,
    ) -> Result<WrappedDataKey> {
        self.call("GenerateDataKeyWithoutPlaintext", Some(key_id), async |log| {
            let request = self
                .client
                .generate_data_key_without_plaintext()
                .key_id(key_id)
                .number_of_bytes(byte_count(length))
                .set_encryption_context(pairs(context))
                .set_grant_tokens(self.grant_tokens.clone());
            let answer = send!(log, request)?;
            let GenerateDataKeyWithoutPlaintextOutput {
                key_id: used,
                ciphertext_blob,
                key_material_id,
                ..
            } = answer;
            let wrong = || unusable_answer(&log);
            Ok(WrappedDataKey {
                ciphertext_blob: non_empty(ciphertext_blob).ok_or_else(wrong)?,
                key_id: used_key(&log, used, is_key)?,
                key_material_id,
                request_id: log.request_id().map(str::to_owned),
            })
        })
        .await
    }

    /// Encrypt, for a data key that there is already, or other bytes.
    pub(super) async fn encrypt(
        &self,
        key_id: &str,
        data_key: &DataKey,
        context: &EncryptionContext,
        is_key: impl Fn(&KmsArn) -> bool,
    ) -> Result<WrappedDataKey> {
        self.call("Encrypt", Some(key_id), async |log| {
            let request = self
                .client
                .encrypt()
                .key_id(key_id)
                .plaintext(Blob::new(data_key.expose()))
                .set_encryption_context(pairs(context))
                .set_grant_tokens(self.grant_tokens.clone());
            let answer = send!(log, request, data_key.expose())?;
            let EncryptOutput { key_id: used, ciphertext_blob, .. } = answer;
            let wrong = || unusable_answer(&log);
            Ok(WrappedDataKey {
                key_id: used_key(&log, used, is_key)?,
                ciphertext_blob: non_empty(ciphertext_blob).ok_or_else(wrong)?,
                key_material_id: None,
                request_id: log.request_id().map(str::to_owned),
            })
        })
        .await
    }

    /// Decrypt, under this key and no other; without `key_id`, under whichever KMS finds. The data
    /// key must have this length, where it is known.
    pub(super) async fn decrypt(
        &self,
        key_id: Option<&str>,
        ciphertext_blob: &[u8],
        context: &EncryptionContext,
        length: Option<usize>,
        is_key: impl Fn(&KmsArn) -> bool,
    ) -> Result<DecryptedDataKey> {
        self.call("Decrypt", key_id, async |log| {
            let request = self
                .client
                .decrypt()
                .set_key_id(key_id.map(str::to_owned))
                .ciphertext_blob(Blob::new(ciphertext_blob))
                .set_encryption_context(pairs(context))
                .set_grant_tokens(self.grant_tokens.clone());
            let answer = send!(log, request)?;
            let DecryptOutput { key_id: used, plaintext, key_material_id, .. } = answer;
            let wrong = || unusable_answer(&log);
            let fits = |key: &DataKey| length.is_none_or(|length| key.length() == length);
            Ok(DecryptedDataKey {
                plaintext: to_data_key(plaintext).filter(fits).ok_or_else(wrong)?,
                key_id: used_key(&log, used, is_key)?,
                key_material_id,
                request_id: log.request_id().map(str::to_owned),
            })
        })
        .await
    }
}
