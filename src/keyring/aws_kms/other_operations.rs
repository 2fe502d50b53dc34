//! The other operations of KMS that applications need: ReEncrypt, and key pairs.

use aws_sdk_kms::operation::RequestId;
use aws_sdk_kms::operation::generate_data_key_pair::GenerateDataKeyPairOutput;
use aws_sdk_kms::operation::generate_data_key_pair_without_plaintext::GenerateDataKeyPairWithoutPlaintextOutput;
use aws_sdk_kms::operation::re_encrypt::ReEncryptOutput;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeyPairSpec;

use super::super::kms_arn::KmsArn;
use super::super::{GeneratedKeyPair, WrappedDataKey};
use super::calls::{Attempts, Kms, names, pairs, secret, wrapped};
use super::error::{nonsense, refused};
use crate::context::EncryptionContext;
use crate::crypto::KeyPairSpec;
use crate::error::Result;

impl Kms {
    /// ReEncrypt: from one key to another, inside KMS.
    pub(super) async fn re_encrypt(
        &self,
        key_id: &str,
        ciphertext_blob: &[u8],
        context: &EncryptionContext,
        new_key_id: &str,
        new_context: &EncryptionContext,
        is_right: impl Fn(&KmsArn) -> bool,
    ) -> Result<WrappedDataKey> {
        self.call("ReEncrypt", Some(key_id), async |log| {
            let answer = self
                .client
                .re_encrypt()
                .source_key_id(key_id)
                .ciphertext_blob(Blob::new(ciphertext_blob))
                .set_source_encryption_context(pairs(context))
                .destination_key_id(new_key_id)
                .set_destination_encryption_context(pairs(new_context))
                .set_grant_tokens(self.grant_tokens.clone())
                .customize()
                .interceptor(Attempts(log.clone()))
                .send()
                .await
                .map_err(|error| refused(log.call(), error))?;
            log.set_request_id(answer.request_id());
            let ReEncryptOutput {
                ciphertext_blob,
                source_key_id,
                key_id,
                destination_key_material_id,
                ..
            } = answer;
            let wrong = || nonsense(&log);
            source_key_id.filter(|arn| names(arn, is_right)).ok_or_else(wrong)?;
            Ok(WrappedDataKey {
                ciphertext_blob: wrapped(ciphertext_blob).ok_or_else(wrong)?,
                key_id: key_id.filter(|arn| names(arn, |_| true)).ok_or_else(wrong)?,
                key_material_id: destination_key_material_id,
                request_id: log.request_id().map(str::to_owned),
            })
        })
        .await
    }

    /// GenerateDataKeyPair.
    pub(super) async fn generate_data_key_pair(
        &self,
        key_id: &str,
        spec: KeyPairSpec,
        context: &EncryptionContext,
        is_right: impl Fn(&KmsArn) -> bool,
    ) -> Result<GeneratedKeyPair> {
        self.call("GenerateDataKeyPair", Some(key_id), async |log| {
            let answer = self
                .client
                .generate_data_key_pair()
                .key_id(key_id)
                .key_pair_spec(DataKeyPairSpec::from(spec.as_str()))
                .set_encryption_context(pairs(context))
                .set_grant_tokens(self.grant_tokens.clone())
                .customize()
                .interceptor(Attempts(log.clone()))
                .send()
                .await
                .map_err(|error| refused(log.call(), error))?;
            log.set_request_id(answer.request_id());
            let GenerateDataKeyPairOutput {
                private_key_ciphertext_blob,
                private_key_plaintext,
                public_key,
                key_id: used,
                key_pair_spec,
                key_material_id,
                ..
            } = answer;
            let wrong = || nonsense(&log);
            let private_key = secret(private_key_plaintext).ok_or_else(wrong)?;
            key_pair_spec.filter(|used| used.as_str() == spec.as_str()).ok_or_else(wrong)?;
            Ok(GeneratedKeyPair {
                public_key: wrapped(public_key).ok_or_else(wrong)?,
                private_key: Some(private_key),
                wrapped: WrappedDataKey {
                    ciphertext_blob: wrapped(private_key_ciphertext_blob).ok_or_else(wrong)?,
                    key_id: used.filter(|arn| names(arn, is_right)).ok_or_else(wrong)?,
                    key_material_id,
                    request_id: log.request_id().map(str::to_owned),
                },
            })
        })
        .await
    }

    /// GenerateDataKeyPairWithoutPlaintext.
    pub(super) async fn generate_data_key_pair_without_plaintext(
        &self,
        key_id: &str,
        spec: KeyPairSpec,
        context: &EncryptionContext,
        is_right: impl Fn(&KmsArn) -> bool,
    ) -> Result<GeneratedKeyPair> {
        self.call("GenerateDataKeyPairWithoutPlaintext", Some(key_id), async |log| {
            let answer = self
                .client
                .generate_data_key_pair_without_plaintext()
                .key_id(key_id)
                .key_pair_spec(DataKeyPairSpec::from(spec.as_str()))
                .set_encryption_context(pairs(context))
                .set_grant_tokens(self.grant_tokens.clone())
                .customize()
                .interceptor(Attempts(log.clone()))
                .send()
                .await
                .map_err(|error| refused(log.call(), error))?;
            log.set_request_id(answer.request_id());
            let GenerateDataKeyPairWithoutPlaintextOutput {
                private_key_ciphertext_blob,
                public_key,
                key_id: used,
                key_pair_spec,
                key_material_id,
                ..
            } = answer;
            let wrong = || nonsense(&log);
            key_pair_spec.filter(|used| used.as_str() == spec.as_str()).ok_or_else(wrong)?;
            Ok(GeneratedKeyPair {
                public_key: wrapped(public_key).ok_or_else(wrong)?,
                private_key: None,
                wrapped: WrappedDataKey {
                    ciphertext_blob: wrapped(private_key_ciphertext_blob).ok_or_else(wrong)?,
                    key_id: used.filter(|arn| names(arn, is_right)).ok_or_else(wrong)?,
                    key_material_id,
                    request_id: log.request_id().map(str::to_owned),
                },
            })
        })
        .await
    }
}
